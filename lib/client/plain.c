/*
 * plain.c - a stream of the host's own protocol to a destination.
 *
 * Knows the deciding steps and the link. Declines to look at the bytes.
 */
#include "client/plain.h"

#include "base/error.h"
#include "traffic/key.h"
#include "traffic/stream.h"
#include "value/host.h"

#include <stdio.h>

static struct mesh_loop *loop_of(const struct mesh_plain *plain)
{
    return plain->env->link->loop;
}

static uint64_t draw(void *user)
{
    return mesh__loop_random(loop_of(user));
}

/* As istiod fills the ALPN of a TCP destination under mutual TLS. */
static const char *const stream_alpn[] = { "istio-peer-exchange", "istio" };

/* What a stream is told that no destination takes. */
static int refuse(const struct mesh_stream_choice *choice,
                  struct mesh_slice service, uint16_t port)
{
    if (choice->outcome == MESH__ROUTE_NO_HOST)
        return mesh__fail(MESH_ERR_NO_ROUTE,
                          "no service of the policy is called %.*s:%u",
                          (int)service.len, service.at, (unsigned)port);
    if (choice->outcome == MESH__ROUTE_NO_RULE)
        return mesh__fail(MESH_ERR_NO_ROUTE,
                          "no route of %s takes a stream to %.*s",
                          choice->host->name, (int)service.len, service.at);
    return mesh__fail(
        MESH_ERR_NO_ROUTE, "the destination that %s leads to is not known: %s",
        choice->host->name,
        choice->arm && choice->arm->missing ? choice->arm->missing
                                            : "none has a weight");
}

static int make_config(struct mesh_plain *plain)
{
    const struct mesh_destination_tls *tls = &plain->destination->tls;
    const struct mesh_snapshot *snapshot = plain->hold->snapshot;
    struct mesh_tls_profile profile = {
        .role = MESH__TLS_CLIENT,
        .sni = tls->sni,
        .alpn = stream_alpn,
        .alpn_count = sizeof(stream_alpn) / sizeof(stream_alpn[0]),
        .expected = { .ids = tls->names,
                      .count = tls->name_count,
                      .trust_domains = snapshot->trust_domains,
                      .trust_domain_count = snapshot->trust_domain_count },
    };
    int rc;

    if (tls->mode == MESH__TLS_OFF ||
        (tls->mode == MESH__TLS_AUTO && !plain->pick.endpoint->mesh_tls))
        return 0;
    profile.generation = mesh__identity_get(
        plain->env->identity, &profile.credential, &profile.bundle);
    rc = profile.credential
             ? plain->env->link->engine->config_new(plain->env->link->engine,
                                                    &profile, plain->env->rng,
                                                    &plain->config)
             : mesh__fail(MESH_ERR_CERTIFICATE,
                          "%s wants mutual TLS and we have no certificate",
                          plain->destination->name);
    mesh__credential_unref(profile.credential);
    mesh__bundle_unref(profile.bundle);
    return rc;
}

static void report(struct mesh_plain *plain, enum mesh_result result)
{
    struct mesh_ejection ejection = { 0 };

    mesh__outlier_report(plain->destination, plain->pick.index, result, 0,
                         mesh__loop_now(loop_of(plain)), &ejection);
    if (ejection.ejected)
        mesh__log_write(plain->env->log, plain->env->ejected_event,
                        "%s: %s ejected: %s %u", plain->destination->name,
                        plain->pick.endpoint->text, ejection.cause,
                        (unsigned)ejection.for_count);
}

static void on_stream(struct mesh_stream *stream)
{
    struct mesh_plain *plain = stream->owner;

    if (!plain->ready && stream->state == MESH__STREAM_READY) {
        plain->ready = true;
        report(plain, MESH__RESULT_CONNECTED_TCP);
    } else if (!plain->ready) {
        plain->code =
            stream->code == MESH_ERR_TIMEOUT ? MESH_ERR_CONNECT : stream->code;
        (void)snprintf(plain->line, sizeof(plain->line), "%s", stream->line);
        report(plain, stream->code == MESH_ERR_TIMEOUT
                          ? MESH__RESULT_TIMEOUT
                          : MESH__RESULT_CONNECT_FAILED);
    }
    plain->on_ready(plain);
}

static int open_stream(struct mesh_plain *plain)
{
    const struct mesh_breaker_policy *breakers = &plain->destination->breakers;
    struct mesh_live_quotas *quotas = mesh__live(plain->destination)->quotas;
    const struct mesh_slice none = { NULL, 0 };
    int rc;

    if (!mesh__quota_has_room(&quotas->connections, breakers->max_connections))
        return mesh__fail(MESH_ERR_OVERFLOW, "%s: maxConnections is reached",
                          plain->destination->name);
    rc = make_config(plain);
    if (rc < 0)
        return rc;
    mesh__quota_raise(&quotas->connections);
    mesh__quota_raise(&plain->pick.live->active);
    plain->counted = true;
    return mesh__stream_open(plain->env->link, &plain->pick.endpoint->address,
                             plain->env->from.family ==
                                     plain->pick.endpoint->address.family
                                 ? &plain->env->from
                                 : NULL,
                             plain->config, none, breakers->connect_timeout_ns,
                             on_stream, plain, &plain->stream);
}

static void pick(struct mesh_plain *plain)
{
    const struct mesh_draws draws = { draw, plain };
    struct mesh_pick_ask ask = { .now_ns = mesh__loop_now(loop_of(plain)),
                                 .draws = &draws };
    struct mesh_key key = { 0 };

    mesh__key_find_plain(plain->destination, &plain->hold->snapshot->self,
                         &key);
    ask.has_key = key.known;
    ask.key = key.hash;
    mesh__pick(plain->destination, &ask, &plain->pick, NULL);
}

int mesh__plain_connect(struct mesh_plain *plain, struct mesh_client_env *env,
                        struct mesh_slice service, uint16_t port,
                        void (*on_ready)(struct mesh_plain *), void *owner)
{
    struct mesh_stream_choice choice;
    int rc;

    *plain =
        (struct mesh_plain){ .env = env, .on_ready = on_ready, .owner = owner };
    plain->hold = mesh__hold_use(env->hold);
    mesh__stream_choose(plain->hold->snapshot, service, port, draw(plain),
                        &choice, NULL);
    plain->destination = choice.destination;
    if (!plain->destination) {
        rc = refuse(&choice, service, port);
    } else {
        pick(plain);
        rc = plain->pick.endpoint
                 ? open_stream(plain)
                 : mesh__fail(MESH_ERR_NO_ENDPOINT,
                              "%s has no endpoint that may be used",
                              plain->destination->name);
    }
    if (rc < 0)
        mesh__plain_close(plain, true);
    return rc;
}

void mesh__plain_close(struct mesh_plain *plain, bool reset)
{
    if (plain->stream)
        mesh__stream_close(plain->stream, NULL, reset);
    plain->stream = NULL;
    if (plain->config)
        plain->config->engine->config_unref(plain->config);
    plain->config = NULL;
    if (plain->counted) {
        mesh__quota_lower(&mesh__live(plain->destination)->quotas->connections);
        mesh__quota_lower(&plain->pick.live->active);
        plain->counted = false;
    }
    mesh__hold_done(plain->hold);
    plain->hold = NULL;
}
