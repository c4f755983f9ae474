/*
 * shake.c - from the first byte of a connection to a proven principal.
 *
 * Knows what PeerAuthentication admits (semantics: inbound chain selection).
 * Declines to know what is said afterwards.
 */
#include "server/inside.h"

#include "base/error.h"
#include "value/duration.h"

static struct mesh_loop *loop_of(const struct mesh_door *door)
{
    return door->env->link->loop;
}

static int64_t wall_s(const struct mesh_door *door)
{
    return mesh__loop_wall(loop_of(door)) / (int64_t)MESH__S;
}

const struct mesh_inbound *mesh__door_inbound(const struct mesh_door *door)
{
    return mesh__snapshot_inbound(door->env->hold->snapshot, door->policy_port);
}

/* --- the configuration of now --- */

/* Istio's markers choose the chain; they are not spoken on HTTP chains. */
static const char *const http_alpn[] = { "http/1.1" };
static const char *const stream_alpn[] = { "istio-peer-exchange", "istio" };

static struct mesh_expected expected_of(const struct mesh_snapshot *snapshot)
{
    return (struct mesh_expected){
        .trust_domains = snapshot->trust_domains,
        .trust_domain_count = snapshot->trust_domain_count,
    };
}

static int make_config(struct mesh_door *door,
                       struct mesh_credential *credential,
                       struct mesh_bundle *bundle, uint64_t generation)
{
    const struct mesh_snapshot *snapshot = door->env->hold->snapshot;
    const struct mesh_tls_engine *engine = door->env->link->engine;
    const struct mesh_tls_profile profile = {
        .role = MESH__TLS_SERVER,
        .alpn = door->http ? http_alpn : stream_alpn,
        .alpn_count = door->http ? sizeof(http_alpn) / sizeof(http_alpn[0])
                                 : sizeof(stream_alpn) / sizeof(stream_alpn[0]),
        .expected = expected_of(snapshot),
        .credential = credential,
        .bundle = bundle,
        .generation = generation,
    };
    struct mesh_tls_config *config;
    int rc = engine->config_new(engine, &profile, door->env->rng, &config);

    if (rc < 0)
        return rc;
    if (door->config)
        engine->config_unref(door->config);
    mesh__credential_unref(door->credential);
    door->config = config;
    door->credential = mesh__credential_ref(credential);
    door->identity_generation = generation;
    door->snapshot_generation = snapshot->generation;
    return 0;
}

/* Made anew when identity or policy moved on. */
static int renew_config(struct mesh_door *door)
{
    struct mesh_identity *identity = door->env->identity;
    struct mesh_credential *credential;
    struct mesh_bundle *bundle;
    uint64_t generation;
    int rc;

    if (door->config &&
        door->identity_generation == mesh__identity_generation(identity) &&
        door->snapshot_generation == door->env->hold->snapshot->generation)
        return 0;
    generation = mesh__identity_get(identity, &credential, &bundle);
    if (credential && bundle)
        rc = make_config(door, credential, bundle, generation);
    else
        rc = mesh__fail(MESH_ERR_CERTIFICATE, "we have no certificate");
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
    return rc;
}

/* --- who is admitted --- */

enum claim { PLAIN, TLS_OF_ISTIO, TLS_OF_OTHERS, CLAIMS };
enum admission { SHAKE, PASS, REFUSE };

/* One row per mode; the last column differs for plain streams. */
static const struct {
    enum admission http[CLAIMS];
    enum admission stream[CLAIMS];
} admissions[] = {
    [MESH__MTLS_STRICT] = { { REFUSE, SHAKE, SHAKE },
                            { REFUSE, SHAKE, SHAKE } },
    [MESH__MTLS_PERMISSIVE] = { { PASS, SHAKE, REFUSE },
                                { PASS, SHAKE, PASS } },
    [MESH__MTLS_DISABLE] = { { PASS, PASS, PASS }, { PASS, PASS, PASS } },
};

static enum admission admission_of(const struct mesh_door *door,
                                   enum claim claim)
{
    enum mesh_mtls_mode mode = mesh__door_inbound(door)->mtls;

    return door->http ? admissions[mode].http[claim]
                      : admissions[mode].stream[claim];
}

/* No connection under STRICT, TLS of others under PERMISSIVE: in words. */
static int not_admitted(const struct mesh_door *door, enum claim claim)
{
    const struct mesh_inbound *inbound = mesh__door_inbound(door);
    char mark[160];

    mesh__mark_print(door->env->hold->snapshot, inbound->mark, mark,
                     sizeof(mark));
    return mesh__fail(MESH_ERR_DENIED, "%s%s%s%s",
                      claim == PLAIN ? "plaintext where mutual TLS is required"
                                     : "TLS that is not the mesh's",
                      mark[0] ? " (" : "", mark, mark[0] ? ")" : "");
}

/* A proven peer: in time, and of a trust domain that is still believed in. */
static int rejudge(const struct mesh_door *door, const struct mesh_peer *peer)
{
    struct mesh_expected expected = expected_of(door->env->hold->snapshot);
    struct mesh_credential *credential;
    struct mesh_bundle *bundle;
    int rc;

    (void)mesh__identity_get(door->env->identity, &credential, &bundle);
    rc = mesh__peer_rejudge(peer, bundle, &expected, wall_s(door));
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
    return rc;
}

bool mesh__greeting_holds(const struct mesh_greeting *greeting)
{
    const struct mesh_door *door = greeting->door;
    const struct mesh_peer *peer = mesh__stream_peer(greeting->stream);
    enum claim claim = !peer                  ? PLAIN
                       : greeting->istio_alpn ? TLS_OF_ISTIO
                                              : TLS_OF_OTHERS;

    if (admission_of(door, claim) != (peer ? SHAKE : PASS)) {
        (void)not_admitted(door, claim);
        return false;
    }
    return !peer || rejudge(door, peer) == 0;
}

/* --- the first bytes --- */

/* The line says why; nothing is sent, unless the engine left an alert. */
static enum mesh_answer refuse(struct mesh_greeting *greeting)
{
    struct mesh_server_env *env = greeting->door->env;
    uint64_t now_ns = mesh__loop_now(loop_of(greeting->door));
    char text[MESH__ADDRESS_TEXT];

    mesh__count(&env->stats.refused);
    if (mesh__rate_passes(&greeting->door->refused, now_ns)) {
        mesh__address_print(&greeting->stream->peer_address, text);
        mesh__log_write(env->log, env->refused_event, "%s refused: %s", text,
                        mesh__error_line());
    }
    mesh__error_clear();
    return MESH__CLOSE;
}

/* It left by itself: nobody's concern. */
static enum mesh_answer gone(void)
{
    mesh__error_clear();
    return MESH__CLOSE;
}

static enum mesh_answer shaken(struct mesh_greeting *greeting)
{
    struct mesh_stream *stream = greeting->stream;

    if (stream->state == MESH__STREAM_SHAKING)
        return MESH__WAIT;
    if (stream->state == MESH__STREAM_FAILED) {
        (void)mesh__fail(stream->code, "%s", stream->line);
        return refuse(greeting);
    }
    /* Policy or trust may have changed while we shook hands. */
    return mesh__greeting_holds(greeting) ? MESH__NEXT : refuse(greeting);
}

static enum mesh_answer begin_shake(struct mesh_greeting *greeting)
{
    struct mesh_door *door = greeting->door;
    int rc = renew_config(door);

    mesh__loop_cancel_timer(loop_of(door), &greeting->timer);
    if (rc == 0)
        rc = mesh__stream_shake(greeting->stream, door->config,
                                (struct mesh_slice){ 0 },
                                door->env->handshake_ns);
    return rc < 0 ? refuse(greeting) : shaken(greeting);
}

static enum mesh_answer judge(struct mesh_greeting *greeting, enum claim claim)
{
    switch (admission_of(greeting->door, claim)) {
    case SHAKE:
        greeting->tls = true;
        return begin_shake(greeting);
    case PASS:
        mesh__loop_cancel_timer(loop_of(greeting->door), &greeting->timer);
        return MESH__NEXT;
    case REFUSE:
        break;
    }
    (void)not_admitted(greeting->door, claim);
    return refuse(greeting);
}

static enum mesh_answer look(struct mesh_greeting *greeting)
{
    struct mesh_hello hello;

    switch (mesh__hello_parse(mesh__buffer_slice(&greeting->stream->plain),
                              &hello)) {
    case MESH__HELLO_MORE:
        return MESH__WAIT;
    case MESH__HELLO_NOT_TLS:
        return judge(greeting, PLAIN);
    case MESH__HELLO_TLS:
        greeting->istio_alpn = hello.istio_alpn;
        return judge(greeting, hello.istio_alpn ? TLS_OF_ISTIO : TLS_OF_OTHERS);
    case MESH__HELLO_BROKEN:
        break;
    }
    (void)mesh__fail(MESH_ERR_PROTOCOL,
                     "the first bytes begin as TLS and are no ClientHello");
    return refuse(greeting);
}

enum mesh_answer mesh__greet(struct mesh_greeting *greeting)
{
    struct mesh_stream *stream = greeting->stream;
    enum mesh_answer answer = MESH__WAIT;

    if (greeting->tls)
        return shaken(greeting);
    if (greeting->late) {
        (void)mesh__fail(MESH_ERR_TIMEOUT, "no first bytes in time");
        return refuse(greeting);
    }
    if (mesh__door_inbound(greeting->door)->mtls == MESH__MTLS_DISABLE)
        return judge(greeting, PLAIN); /* nobody looks whether it is TLS */
    while (answer == MESH__WAIT) {
        int rc = mesh__stream_fill(stream);

        if (rc == MESH_ERR_WOULD_BLOCK) {
            mesh__stream_settle(stream);
            return MESH__WAIT;
        }
        if (rc < 0)
            return gone();
        answer = look(greeting);
        if (greeting->tls)
            break;
    }
    return answer;
}

static void on_late(struct mesh_timer *timer)
{
    struct mesh_greeting *greeting =
        MESH__OF(timer, struct mesh_greeting, timer);

    greeting->late = true;
    greeting->stream->on_ready(greeting->stream);
}

int mesh__greeting_init(struct mesh_greeting *greeting, struct mesh_door *door,
                        int fd, const struct mesh_address *peer,
                        void (*on_ready)(struct mesh_stream *), void *owner)
{
    struct mesh_loop *loop = loop_of(door);
    int rc;

    greeting->door = door;
    mesh__timer_init(&greeting->timer, on_late);
    rc = mesh__stream_accepted(door->env->link, fd, peer, on_ready, owner,
                               &greeting->stream);
    if (rc == 0)
        rc = mesh__loop_set_timer(
            loop, &greeting->timer,
            mesh__time_add(mesh__loop_now(loop), door->env->first_bytes_ns));
    return rc;
}

void mesh__greeting_fini(struct mesh_greeting *greeting, bool reset)
{
    mesh__loop_cancel_timer(loop_of(greeting->door), &greeting->timer);
    if (greeting->stream)
        mesh__stream_close(greeting->stream, NULL, reset);
    greeting->stream = NULL;
}
