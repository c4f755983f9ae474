/*
 * plain.c - a stream of the host's own protocol to a destination.
 *
 * Knows the deciding steps and the link. Declines to look at the bytes.
 */
#include "client/plain.h"

#include "base/error.h"
#include "traffic/key.h"
#include "traffic/original.h"
#include "traffic/stream.h"
#include "value/duration.h"
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

/* --- record --- */

/* Where no service is, REGISTRY_ONLY's own cluster takes the stream. */
static const char *cluster_of(const struct mesh_plain *plain)
{
    if (plain->destination)
        return plain->destination->name;
    return plain->homeless ? "BlackHoleCluster" : "";
}

static struct mesh_facts facts_of(const struct mesh_plain *plain)
{
    const struct mesh_destination *destination = plain->destination;
    const struct mesh_endpoint *endpoint = plain->pick.endpoint;
    const struct mesh_stream *stream = plain->stream;
    struct mesh_facts facts = {
        .start_wall_ns = plain->start_wall_ns,
        .start_ns = plain->start_ns,
        .end_ns = mesh__loop_now(loop_of(plain)),
        .protocol = "",
        .flags = plain->flags,
        .details = "",
        .termination = "",
        .transport_failure =
            mesh__flags_has(&plain->flags, MESH__FLAG_UF) ? plain->line : "",
        .bytes_received = stream ? stream->given : 0,
        .bytes_sent = stream ? stream->taken : 0,
        .attempts = plain->dialled ? 1 : 0,
        .upstream_host = endpoint ? endpoint->text : "",
        .upstream_cluster = cluster_of(plain),
        .downstream_remote = plain->env->from,
        .route_name = "",
        .peer = "",
        .destination = destination ? destination->host : "",
        .destination_port = destination ? destination->port : 0,
    };

    if (plain->bounds.over == MESH__BOUND_OPEN)
        mesh__flags_set(&facts.flags, MESH__FLAG_DT);
    if (plain->tls)
        facts.sni = plain->service;
    if (endpoint)
        facts.downstream_local = endpoint->address;
    if (stream)
        facts.upstream_local = stream->local_address;
    return facts;
}

static void record(const struct mesh_plain *plain)
{
    struct mesh_facts facts;

    if (!plain->env->record)
        return;
    facts = facts_of(plain);
    plain->env->record(plain->env->user, &facts);
}

/* --- link --- */

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

static int make_secure(struct mesh_plain *plain)
{
    struct mesh_tls_profile profile;
    struct mesh_secure secure;
    int rc = mesh__secure_profile(plain->destination, plain->service,
                                  plain->env->outsides, &secure, &profile);

    if (rc == 0) {
        rc = plain->env->link->engine->config_new(plain->env->link->engine,
                                                  &profile, plain->env->rng,
                                                  &plain->config);
        mesh__outside_unref(profile.expected.outside);
    }
    return rc;
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

    if (mesh__secure_wanted(plain->destination, plain->pick.endpoint, false))
        return make_secure(plain);
    if (!mesh__mesh_tls_wanted(plain->destination, plain->pick.endpoint))
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

/* It could not be made. */
static void blame(struct mesh_plain *plain, const struct mesh_stream *stream)
{
    mesh__flags_set(&plain->flags, MESH__FLAG_UF);
    mesh__flags_set(&plain->flags, MESH__FLAG_URX);
    report(plain, stream->code == MESH_ERR_TIMEOUT
                      ? MESH__RESULT_TIMEOUT
                      : MESH__RESULT_CONNECT_FAILED);
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
        if (!plain->bounds.over)
            blame(plain, stream);
    }
    plain->on_ready(plain);
}

static int open_stream(struct mesh_plain *plain)
{
    const struct mesh_breaker_policy *breakers = &plain->destination->breakers;
    struct mesh_live_quotas *quotas = mesh__live(plain->destination)->quotas;
    const struct mesh_slice none = { NULL, 0 };
    const struct mesh_dial dial =
        mesh__client_dial(plain->env, plain->destination, plain->pick.endpoint);
    int rc;

    if (!mesh__quota_has_room(&quotas->connections,
                              breakers->max_connections)) {
        mesh__flags_set(&plain->flags, MESH__FLAG_UO);
        return mesh__fail(MESH_ERR_OVERFLOW, "%s: maxConnections is reached",
                          plain->destination->name);
    }
    plain->dialled = true;
    rc = make_config(plain);
    if (rc < 0)
        return rc;
    mesh__quota_raise(&quotas->connections);
    mesh__quota_raise(&plain->pick.live->active);
    plain->counted = true;
    rc = mesh__stream_open(plain->env->link, &plain->pick.endpoint->address,
                           &dial, plain->config, none, on_stream, plain,
                           &plain->stream);
    if (rc == 0)
        rc = mesh__bounds_begin(&plain->bounds, plain->stream,
                                breakers->stream_idle_ns,
                                breakers->stream_most_ns);
    return rc;
}

/* --- where to --- */

/* By name, as they may be waited for; false when the time is over. */
static bool wait_on(struct mesh_plain *plain)
{
    uint64_t now_ns = mesh__loop_now(loop_of(plain));
    uint64_t until_ns;

    if (plain->waited_ns == 0)
        plain->waited_ns = now_ns;
    until_ns = mesh__time_add(plain->waited_ns,
                              plain->destination->breakers.connect_timeout_ns);
    if (now_ns < until_ns &&
        mesh__loop_set_timer(loop_of(plain), &plain->wait, until_ns) == 0)
        return true;
    mesh__error_clear();
    return false;
}

static void stop_waiting(struct mesh_plain *plain)
{
    plain->awaits_names = false;
    mesh__list_remove(&plain->node);
    mesh__loop_cancel_timer(loop_of(plain), &plain->wait);
}

static void go_on_later(struct mesh_plain *plain);

static void on_answer(struct mesh_lookup *lookup)
{
    go_on_later(MESH__OF(lookup, struct mesh_origin_lookup, lookup)->user);
}

static void on_wait(struct mesh_timer *timer)
{
    go_on_later(MESH__OF(timer, struct mesh_plain, wait));
}

/* 0, MESH_ERR_WOULD_BLOCK while it waits, or why not. */
static int pick_original(struct mesh_plain *plain)
{
    static const struct mesh_address nowhere;
    const struct mesh_address given =
        mesh__original_given(plain->destination, &nowhere, plain->service,
                             plain->origin.address.family ? 0 : draw(plain));
    int rc = mesh__origin_find(&plain->origin, plain->env->link, &given,
                               &plain->env->from, plain->service, plain->port,
                               &plain->arena, on_answer, plain);

    if (rc == MESH_ERR_WOULD_BLOCK) {
        if (wait_on(plain))
            return rc;
        rc = mesh__fail(MESH_ERR_RESOLVE, "%.*s: no answer for this name",
                        (int)plain->service.len, plain->service.at);
    }
    stop_waiting(plain);
    if (rc < 0) {
        mesh__flags_set(&plain->flags, MESH__FLAG_DF);
        return rc;
    }
    return mesh__original_pick(plain->destination, &plain->origin.address,
                               mesh__loop_now(loop_of(plain)), &plain->arena,
                               &plain->pick);
}

static int pick(struct mesh_plain *plain)
{
    const struct mesh_draws draws = { draw, plain };
    struct mesh_pick_ask ask = { .now_ns = mesh__loop_now(loop_of(plain)),
                                 .draws = &draws };
    struct mesh_key key = { 0 };

    if (plain->destination->unresolved && wait_on(plain)) {
        if (!plain->awaits_names)
            mesh__list_push_back(&plain->env->plains, &plain->node);
        plain->awaits_names = true;
        return MESH_ERR_WOULD_BLOCK;
    }
    stop_waiting(plain);
    mesh__key_find_plain(plain->destination, &plain->hold->snapshot->self, &key,
                         NULL);
    ask.has_key = key.known;
    ask.key = key.hash;
    mesh__pick(plain->destination, &ask, &plain->pick, NULL);
    if (plain->pick.endpoint)
        return 0;
    mesh__flags_set(&plain->flags, MESH__FLAG_UH);
    return mesh__fail(MESH_ERR_NO_ENDPOINT,
                      "%s has no endpoint that may be used",
                      plain->destination->name);
}

/* As the filter chains of a sidecar tell: no service, no chain, no cluster. */
static enum mesh_flag flag_of(enum mesh_route_outcome outcome)
{
    switch (outcome) {
    case MESH__ROUTE_NO_HOST:
        return MESH__FLAG_UH;
    case MESH__ROUTE_NO_RULE:
        return MESH__FLAG_NR;
    default:
        return MESH__FLAG_NC;
    }
}

static int choose(struct mesh_plain *plain)
{
    const struct mesh_stream_ask ask = { .name = plain->service,
                                         .port = plain->port };
    struct mesh_stream_choice choice;

    mesh__stream_choose(plain->hold->snapshot, &ask, draw(plain), &choice,
                        NULL);
    plain->destination = choice.destination;
    plain->tls = choice.host && choice.host->tls;
    if (plain->destination)
        return 0;
    plain->homeless = choice.outcome == MESH__ROUTE_NO_HOST;
    mesh__flags_set(&plain->flags, flag_of(choice.outcome));
    return refuse(&choice, plain->service, plain->port);
}

static int go_on(struct mesh_plain *plain)
{
    int rc = plain->destination ? 0 : choose(plain);

    if (rc == 0)
        rc = plain->destination->original ? pick_original(plain) : pick(plain);
    return rc < 0 ? rc : open_stream(plain);
}

static void go_on_later(struct mesh_plain *plain)
{
    int rc = go_on(plain);

    if (rc == 0 || rc == MESH_ERR_WOULD_BLOCK)
        return;
    plain->code = rc;
    (void)snprintf(plain->line, sizeof(plain->line), "%.*s",
                   (int)sizeof(plain->line) - 1, mesh__error_line());
    mesh__error_clear();
    plain->on_ready(plain);
}

void mesh__plain_renewed(struct mesh_client_env *env)
{
    struct mesh_node waiting;
    struct mesh_node *node;

    mesh__list_init(&waiting);
    while ((node = mesh__list_pop(&env->plains)))
        mesh__list_push_back(&waiting, node);
    while ((node = mesh__list_pop(&waiting))) {
        struct mesh_plain *plain = MESH__OF(node, struct mesh_plain, node);

        mesh__hold_done(plain->hold);
        plain->hold = mesh__hold_use(env->hold);
        plain->destination = NULL;
        plain->awaits_names = false;
        go_on_later(plain);
    }
}

int mesh__plain_connect(struct mesh_plain *plain, struct mesh_client_env *env,
                        struct mesh_slice service, uint16_t port,
                        void (*on_ready)(struct mesh_plain *), void *owner)
{
    char *copy;
    int rc = MESH_ERR_NOMEM;

    *plain =
        (struct mesh_plain){ .env = env, .on_ready = on_ready, .owner = owner };
    mesh__list_init(&plain->node);
    mesh__arena_init(&plain->arena, MESH__CLIENT_ARENA);
    mesh__timer_init(&plain->wait, on_wait);
    plain->hold = mesh__hold_use(env->hold);
    plain->port = port;
    plain->start_wall_ns = mesh__loop_wall(env->link->loop);
    plain->start_ns = mesh__loop_now(env->link->loop);
    copy = mesh__arena_strndup(&plain->arena, service.at, service.len);
    if (copy) {
        plain->service = mesh__slice(copy, service.len);
        rc = go_on(plain);
    }
    if (rc == MESH_ERR_WOULD_BLOCK)
        return 0;
    if (rc < 0)
        mesh__plain_close(plain, true);
    return rc;
}

void mesh__plain_close(struct mesh_plain *plain, bool reset)
{
    if (plain->hold)
        record(plain);
    stop_waiting(plain);
    mesh__origin_drop(&plain->origin);
    mesh__bounds_end(&plain->bounds, loop_of(plain));
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
    if (plain->destination)
        mesh__original_done(plain->destination, &plain->pick,
                            mesh__loop_now(loop_of(plain)));
    plain->destination = NULL;
    mesh__hold_done(plain->hold);
    plain->hold = NULL;
    mesh__arena_fini(&plain->arena);
}
