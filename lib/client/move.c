/*
 * move.c - the moving steps of a call: link, send, await and deliver.
 *
 * Asks the shelf for a stream and moves the message over it. Declines to
 * decide whether a failure is tried again.
 */
#include "client/inside.h"

#include "base/alloc.h"
#include "base/error.h"
#include "traffic/budget.h"
#include "value/duration.h"

#include <stdio.h>

static struct mesh_loop *loop_of(const struct mesh_client *client)
{
    return client->env->link->loop;
}

static void on_stream(struct mesh_stream *stream)
{
    mesh__client_run(stream->owner);
}

/* --- link --- */

static bool is_secure(const struct mesh_client *client)
{
    return mesh__secure_wanted(client->route.destination, client->pick.endpoint,
                               client->request->secure);
}

/* What names the server outside the mesh, without its port: whom the caller
 * asked for in TLS of its own, else, as in Envoy, the host that is sent. */
static struct mesh_slice host_of(const struct mesh_client *client)
{
    struct mesh_slice authority =
        mesh__secure_by_rule(client->route.destination)
            ? mesh__client_authority(client)
            : client->request->head.authority;
    struct mesh_slice host;
    uint16_t port;

    return mesh__authority_split(authority, &host, &port) ? host : authority;
}

/* Servers outside the mesh are told apart by their name, too; NULL: memory. */
static const char *name_of(struct mesh_client *client)
{
    struct mesh_slice host = host_of(client);
    char *name;

    if (!is_secure(client))
        return "";
    name = mesh__arena_strndup(&client->arena, host.at, host.len);
    for (size_t i = 0; name && name[i]; i++)
        name[i] = mesh__lower(name[i]);
    return name;
}

/* The endpoint's shelf: made by whoever needs it first. */
static struct mesh_pool *shelf_of(struct mesh_client *client)
{
    struct mesh_live_endpoint *live = client->pick.live;
    const char *name = name_of(client);
    void *shelf = atomic_load_explicit(&live->shelf, memory_order_acquire);
    struct mesh_pool *pool;
    void *none = NULL;

    if (!name)
        return NULL;
    if (shelf)
        return mesh__pool_named(shelf, name);
    if (mesh__pool_new(client->env->pools, &client->pick.endpoint->address,
                       &pool) < 0)
        return NULL;
    if (atomic_compare_exchange_strong_explicit(&live->shelf, &none, pool,
                                                memory_order_acq_rel,
                                                memory_order_acquire))
        return mesh__pool_named(pool, name);
    mesh__pool_unref(pool);
    return mesh__pool_named(none, name);
}

/* As istiod fills the ALPN of an HTTP/1.1 request to a mesh endpoint. */
static const char *const http_alpn[] = { "istio-http/1.1", "istio",
                                         "http/1.1" };

static int configure_secure(struct mesh_client *client, struct mesh_pool *pool,
                            const uint64_t key[2])
{
    struct mesh_tls_profile profile;
    struct mesh_secure secure;
    int rc = mesh__secure_profile(client->route.destination, host_of(client),
                                  client->env->outsides, &secure, &profile);

    if (rc == 0) {
        rc = mesh__pool_configure(pool, client->env->link->engine, &profile,
                                  client->env->rng, key);
        mesh__outside_unref(profile.expected.outside);
    }
    return rc;
}

static int configure(struct mesh_client *client, struct mesh_pool *pool,
                     const uint64_t key[2])
{
    const struct mesh_destination_tls *tls = &client->route.destination->tls;
    struct mesh_tls_profile profile = {
        .role = MESH__TLS_CLIENT,
        .sni = tls->sni,
        .alpn = http_alpn,
        .alpn_count = sizeof(http_alpn) / sizeof(http_alpn[0]),
        .expected = { .ids = tls->names,
                      .count = tls->name_count,
                      .trust_domains = client->hold->snapshot->trust_domains,
                      .trust_domain_count =
                          client->hold->snapshot->trust_domain_count },
    };
    int rc;

    if (is_secure(client))
        return configure_secure(client, pool, key);
    if (!mesh__mesh_tls_wanted(client->route.destination,
                               client->pick.endpoint))
        return mesh__pool_configure(pool, client->env->link->engine, NULL,
                                    client->env->rng, key);
    profile.generation = mesh__identity_get(
        client->env->identity, &profile.credential, &profile.bundle);
    if (!profile.credential)
        rc = mesh__fail(MESH_ERR_CERTIFICATE,
                        "%s wants mutual TLS and we have no certificate",
                        client->route.destination->name);
    else
        rc = mesh__pool_configure(pool, client->env->link->engine, &profile,
                                  client->env->rng, key);
    mesh__credential_unref(profile.credential);
    mesh__bundle_unref(profile.bundle);
    return rc;
}

/* Both only grow, so that a sum that came before never comes again. */
static uint64_t outsides_generation(const struct mesh_client *client)
{
    return client->env->outsides
               ? mesh__outsides_generation(client->env->outsides)
               : 0;
}

/* A rule's files that cannot be read are a connection that cannot be made. */
static enum mesh_failure unfit(const struct mesh_client *client, int rc)
{
    return is_secure(client) && rc != MESH_ERR_NOMEM ? MESH__FAILURE_CONNECT
                                                     : MESH__FAILURE_LOCAL;
}

static struct mesh_permits permits_of(const struct mesh_client *client)
{
    const struct mesh_breaker_policy *breakers =
        &client->route.destination->breakers;
    struct mesh_live_quotas *quotas =
        mesh__live(client->route.destination)->quotas;

    return (struct mesh_permits){
        .connections = &quotas->connections,
        .pending = &quotas->pending,
        .max_connections = breakers->max_connections,
        .max_pending = breakers->max_pending,
        .max_requests_per_connection = breakers->max_requests_per_connection,
        .idle_timeout_ns = breakers->idle_timeout_ns,
        .max_connection_ns = breakers->max_connection_ns,
        .key = { mesh__identity_generation(client->env->identity) +
                     outsides_generation(client),
                 client->hold->snapshot->generation },
    };
}

static enum mesh_answer overflow(struct mesh_client *client, const char *what)
{
    (void)mesh__fail(MESH_ERR_OVERFLOW, "%s: %s",
                     client->route.destination->name, what);
    return mesh__attempt_failed(client, MESH__FAILURE_OVERFLOW,
                                MESH_ERR_OVERFLOW);
}

static void note_peer(struct mesh_client *client)
{
    const struct mesh_peer *peer = mesh__stream_peer(client->stream);
    struct mesh_tls_info info;
    char *copy;

    client->upstream_local = client->stream->local_address;
    if (!peer)
        return;
    mesh__stream_info(client->stream, &info);
    copy = mesh__arena_strdup(&client->arena, peer->id);
    client->outcome.principal = copy ? copy : "";
    client->outcome.protocol = info.protocol;
    copy = mesh__arena_strdup(&client->arena, info.cipher);
    client->outcome.cipher = copy ? copy : "";
    mesh__error_clear();
}

/* A stream in hand: ours for one exchange, if the breaker has room. */
static enum mesh_answer linked(struct mesh_client *client)
{
    const struct mesh_destination *destination = client->route.destination;
    struct mesh_live *live = mesh__live(destination);
    uint64_t now_ns = mesh__loop_now(loop_of(client));
    struct mesh_ejection ejection;

    if (client->stream->state != MESH__STREAM_READY)
        return mesh__attempt_failed(client, MESH__FAILURE_CONNECT,
                                    client->stream->code);
    if (!mesh__quota_has_room(&live->quotas->requests,
                              destination->breakers.max_requests)) {
        mesh__pool_release(client->stream, true, false);
        client->stream = NULL;
        return overflow(client, "http2MaxRequests is reached");
    }
    mesh__quota_raise(&live->quotas->requests);
    mesh__budget_note(destination, now_ns);
    mesh__quota_raise(&client->pick.live->active);
    client->counted_active = true;
    client->reused = client->stream->used > 0;
    client->stream->written = false;
    mesh__outlier_report(destination, client->pick.index,
                         MESH__RESULT_CONNECTED, 0, now_ns, &ejection);
    note_peer(client);
    return MESH__NEXT;
}

struct mesh_dial mesh__client_dial(const struct mesh_client_env *env,
                                   const struct mesh_destination *destination,
                                   const struct mesh_endpoint *endpoint)
{
    bool same = env->from.family == endpoint->address.family;

    return (struct mesh_dial){
        .from = same ? &env->from : NULL,
        .timeout_ns = destination->breakers.connect_timeout_ns,
        .keepalive = destination->breakers.keepalive,
    };
}

static void connect_now(struct mesh_client *client, struct mesh_pool *pool)
{
    const struct mesh_dial dial = mesh__client_dial(
        client->env, client->route.destination, client->pick.endpoint);

    mesh__pool_connect(pool, client->env->link, &dial);
}

static enum mesh_answer link_now(struct mesh_client *client)
{
    struct mesh_permits permits;
    struct mesh_pool *pool;
    int rc;

    if (client->stream)
        return linked(client);
    if (client->waiter.pool)
        return MESH__WAIT;
    pool = shelf_of(client);
    if (!pool)
        return mesh__attempt_failed(client, MESH__FAILURE_LOCAL,
                                    MESH_ERR_NOMEM);
    permits = permits_of(client);
    for (;;) {
        switch (mesh__pool_take(pool, client->env->link, &client->waiter,
                                &permits, mesh__loop_now(loop_of(client)),
                                on_stream, client, &client->stream)) {
        case MESH__POOL_STREAM:
            return linked(client);
        case MESH__POOL_CONNECT:
            connect_now(client, pool);
            return MESH__WAIT;
        case MESH__POOL_WAIT:
            return MESH__WAIT;
        case MESH__POOL_OVERFLOW:
            return overflow(client, "http1MaxPendingRequests is reached");
        case MESH__POOL_CLOSED:
            (void)mesh__fail(MESH_ERR_NO_ENDPOINT, "the endpoint is gone");
            return mesh__attempt_failed(client, MESH__FAILURE_NO_ENDPOINT,
                                        MESH_ERR_NO_ENDPOINT);
        case MESH__POOL_CONFIGURE:
            rc = configure(client, pool, permits.key);
            if (rc < 0)
                return mesh__attempt_failed(client, unfit(client, rc), rc);
            break;
        }
    }
}

/* Envoy copies what did not fail at once. */
enum mesh_answer mesh__step_link(struct mesh_client *client)
{
    enum mesh_answer answer = link_now(client);

    if (answer == MESH__JUDGE)
        client->mirrored = true;
    else
        mesh__mirror(client);
    return answer;
}

/* How a connection that could not be made is called. */
static enum mesh_failure failure_of(int code)
{
    switch (code) {
    case MESH_ERR_TIMEOUT:
        return MESH__FAILURE_CONNECT_TIMEOUT;
    case MESH_ERR_NOMEM:
    case MESH_ERR_FILES:
        return MESH__FAILURE_LOCAL;
    case MESH_ERR_NO_ENDPOINT:
        return MESH__FAILURE_NO_ENDPOINT;
    default:
        return MESH__FAILURE_CONNECT;
    }
}

/* A turn for an exchange that is over: nobody needs the stream. */
static void late_turn(struct mesh_client *client, enum mesh_turn turn)
{
    struct mesh_stream *stream = client->waiter.stream;

    client->turn_pending = false;
    if (turn == MESH__TURN_GRANTED) {
        bool attached = mesh__stream_attach(stream, client->env->link,
                                            on_stream, NULL) == 0;

        mesh__pool_release(stream, attached, false);
    }
    if (client->released)
        mesh__client_free(client);
}

void mesh__client_turn(struct mesh_waiter *waiter, enum mesh_turn turn)
{
    struct mesh_client *client = MESH__OF(waiter, struct mesh_client, waiter);

    if (client->turn_pending) {
        late_turn(client, turn);
        return;
    }
    switch (turn) {
    case MESH__TURN_CONNECT:
        connect_now(client, waiter->pool);
        return;
    case MESH__TURN_GRANTED:
        client->stream = waiter->stream;
        if (mesh__stream_attach(client->stream, client->env->link, on_stream,
                                client) < 0)
            (void)mesh__stream_fail(client->stream, MESH_ERR_SYSTEM);
        break;
    case MESH__TURN_FAILED:
        (void)mesh__fail(waiter->code, "%s", waiter->line);
        (void)mesh__attempt_failed(client, failure_of(waiter->code),
                                   waiter->code);
        client->step = MESH__STEP_JUDGE;
        break;
    }
    mesh__client_run(client);
}

void mesh__note_sent(struct mesh_client *client)
{
    if (client->counted_active && client->stream->written &&
        client->outcome.sent == MESH__SENT_NEVER)
        client->outcome.sent = MESH__SENT_MAYBE;
}

void mesh__attempt_end(struct mesh_client *client, bool reusable)
{
    mesh__note_sent(client);
    mesh__loop_cancel_timer(loop_of(client), &client->per_try);
    if (client->waiter.pool && !mesh__pool_cancel(&client->waiter))
        client->turn_pending = true;
    if (client->counted_active) {
        struct mesh_live *live = mesh__live(client->route.destination);

        mesh__quota_lower(&live->quotas->requests);
        mesh__quota_lower(&client->pick.live->active);
        client->counted_active = false;
    }
    client->piece = (struct mesh_slice){ 0 };
    if (client->stream) {
        mesh__pool_release(client->stream, reusable, !reusable);
        client->stream = NULL;
    }
    client->sent_body = 0;
    client->head_sent = client->request_sent = client->answered = false;
}

/* --- send --- */

static int encode_head(struct mesh_client *client)
{
    struct mesh_head head;
    int rc = mesh__edit_request(client, &head);

    if (rc < 0)
        return rc;
    mesh__buffer_clear(&client->env->head);
    return mesh__h1_encode_request(&head, false, &client->env->head);
}

/* What of the body this attempt has not sent yet and is there to be sent. */
static struct mesh_slice unsent(const struct mesh_client *client)
{
    uint64_t skip;

    if (!client->request->streamed)
        return mesh__slice(client->request->body + client->sent_body,
                           client->request->body_bytes -
                               (size_t)client->sent_body);
    skip = client->sent_body - client->given_from;
    return mesh__slice(mesh__buffer_data(&client->given) + skip,
                       client->given.len - (size_t)skip);
}

size_t mesh__client_unsent(const struct mesh_client *client)
{
    return client->request->streamed
               ? (size_t)(client->given_total - client->sent_body)
               : 0;
}

/* Streamed bytes that no further attempt will need are dropped. */
static void drop_given(struct mesh_client *client)
{
    size_t sent;

    if (!client->request->streamed)
        return;
    if (client->replayable && client->given_total > MESH__CLIENT_REPLAY)
        client->replayable = false;
    if (client->replayable)
        return;
    sent = (size_t)(client->sent_body - client->given_from);
    mesh__buffer_consume(&client->given, sent);
    client->given_from = client->sent_body;
}

/* The route's timeout begins when the request was given whole. */
static int request_given(struct mesh_client *client)
{
    uint64_t now_ns = mesh__loop_now(loop_of(client));

    if (client->complete_ns || !client->given_all)
        return 0;
    client->complete_ns = now_ns;
    mesh__mirror(client);
    if (client->route.timeout_ns == 0)
        return 0;
    return mesh__loop_set_timer(
        loop_of(client), &client->timeout,
        mesh__time_add(now_ns, client->route.timeout_ns));
}

/* Per-try begins when the attempt has a connection and all of the request. */
static int request_sent(struct mesh_client *client)
{
    const struct mesh_retry_policy *retry = &client->route.rule->retry;
    uint64_t now_ns = mesh__loop_now(loop_of(client));

    client->request_sent = true;
    if (retry->per_try_ns == 0 || client->answered ||
        (client->route.timeout_ns &&
         retry->per_try_ns >= client->route.timeout_ns))
        return 0;
    return mesh__loop_set_timer(loop_of(client), &client->per_try,
                                mesh__time_add(now_ns, retry->per_try_ns));
}

/* One send: the head if it is still to go, and a piece of the body. */
static int send_piece(struct mesh_client *client, struct mesh_slice piece,
                      bool last)
{
    bool chunked = client->request->head.body == MESH__BODY_CHUNKED;
    char line[MESH__H1_CHUNK_HEAD];
    struct mesh_slice slices[5];
    size_t count = 0;
    int rc;

    if (!client->head_sent)
        slices[count++] = mesh__buffer_slice(&client->env->head);
    if (chunked && piece.len) {
        slices[count++] =
            mesh__slice(line, mesh__h1_chunk_head(piece.len, line));
        slices[count++] = piece;
        slices[count++] = MESH__SLICE("\r\n");
    } else if (piece.len) {
        slices[count++] = piece;
    }
    if (chunked && last)
        slices[count++] = MESH__SLICE("0\r\n\r\n");
    if (count == 0)
        return 0;
    rc = mesh__stream_send(client->stream, slices, count);
    mesh__note_sent(client);
    if (rc < 0)
        return rc;
    client->head_sent = true;
    client->sent_body += piece.len;
    return 0;
}

int mesh__pump_body(struct mesh_client *client)
{
    int rc = request_given(client);

    while (rc == 0 && client->stream && !client->request_sent &&
           mesh__stream_backlog(client->stream) < MESH__STREAM_BACKLOG) {
        struct mesh_slice piece = unsent(client);
        bool last;

        if (piece.len > MESH__STREAM_BACKLOG)
            piece.len = MESH__STREAM_BACKLOG;
        if (client->head_sent && piece.len == 0 && !client->given_all)
            break;
        last = client->given_all && piece.len == unsent(client).len;
        rc = send_piece(client, piece, last);
        if (rc == 0 && last)
            rc = request_sent(client);
        drop_given(client);
    }
    return rc;
}

enum mesh_answer mesh__step_send(struct mesh_client *client)
{
    int rc = encode_head(client);

    if (rc < 0)
        return mesh__attempt_failed(client, MESH__FAILURE_LOCAL, rc);
    client->stream->used++;
    mesh__h1_parser_begin(&client->stream->parser,
                          client->request->head.method);
    rc = mesh__pump_body(client);
    if (rc == MESH_ERR_NOMEM)
        return mesh__attempt_failed(client, MESH__FAILURE_LOCAL, rc);
    /* A peer that stopped reading may have answered: await will tell. */
    mesh__error_clear();
    return MESH__NEXT;
}

/* --- await --- */

static enum mesh_answer protocol_error(struct mesh_client *client,
                                       enum mesh_h1_refusal refusal)
{
    (void)mesh__fail(MESH_ERR_PROTOCOL, "%s: %s", client->outcome.endpoint,
                     mesh__h1_refusals[refusal].text);
    return mesh__attempt_failed(client, MESH__FAILURE_PROTOCOL,
                                MESH_ERR_PROTOCOL);
}

static enum mesh_answer take_head(struct mesh_client *client)
{
    int rc = mesh__head_copy(&client->outcome.response,
                             &client->stream->parser.head, &client->arena);

    if (rc < 0)
        return mesh__attempt_failed(client, MESH__FAILURE_LOCAL, rc);
    mesh__loop_cancel_timer(loop_of(client), &client->per_try);
    client->answered = true;
    client->failure = MESH__FAILURE_NONE;
    client->head_ns = mesh__loop_now(loop_of(client));
    client->outcome.status = client->outcome.response.status;
    client->outcome.sent = MESH__SENT_YES;
    return MESH__NEXT;
}

enum mesh_answer mesh__step_await(struct mesh_client *client)
{
    struct mesh_h1_event event;
    int rc;

    if (client->stream->state == MESH__STREAM_FAILED) {
        (void)mesh__fail(client->stream->code, "%s: %s",
                         client->outcome.endpoint, client->stream->line);
        return mesh__attempt_failed(client, MESH__FAILURE_RESET,
                                    MESH_ERR_RESET);
    }
    if (mesh__pump_body(client) == MESH_ERR_NOMEM)
        return mesh__attempt_failed(client, MESH__FAILURE_LOCAL,
                                    MESH_ERR_NOMEM);
    for (;;) {
        rc = mesh__stream_event(client->stream, &event);
        if (rc == MESH_ERR_WOULD_BLOCK) {
            mesh__stream_settle(client->stream);
            return MESH__WAIT;
        }
        if (rc == MESH_ERR_NOMEM)
            return mesh__attempt_failed(client, MESH__FAILURE_LOCAL, rc);
        if (rc < 0)
            return mesh__attempt_failed(client, MESH__FAILURE_RESET,
                                        MESH_ERR_RESET);
        if (event.kind == MESH__H1_HEAD)
            return take_head(client);
        if (event.kind == MESH__H1_ERROR)
            return protocol_error(client, event.refusal);
    }
}

/* --- deliver --- */

/* The answer is cut: its head is out, so the code alone can say it. */
static enum mesh_answer cut(struct mesh_client *client, int code)
{
    char line[MESH__STREAM_LINE];

    (void)snprintf(line, sizeof(line), "%.*s", (int)sizeof(line) - 1,
                   mesh__error_line());
    mesh__attempt_end(client, false);
    mesh__flags_set(&client->outcome.flags, MESH__FLAG_UPE);
    client->outcome.details =
        "upstream_reset_after_response_started{protocol_error}";
    mesh__outcome_only(client, code, line);
    return MESH__NEXT;
}

static enum mesh_answer complete(struct mesh_client *client)
{
    bool reusable = client->request_sent &&
                    client->stream->parser.head.keep_alive &&
                    mesh__stream_backlog(client->stream) == 0;

    client->body_ended = true;
    client->outcome.code = MESH_OK;
    /* What lies behind this answer was never asked for. */
    if (client->stream->plain.len > client->stream->eaten)
        reusable = false;
    mesh__stream_settle(client->stream);
    mesh__attempt_end(client, reusable);
    return MESH__NEXT;
}

static enum mesh_answer wait_for_body(struct mesh_client *client)
{
    uint64_t now_ns = mesh__loop_now(loop_of(client));

    if (mesh__stream_want(client->stream, client->piece.len == 0) < 0 ||
        mesh__loop_set_timer(
            loop_of(client), &client->per_try,
            mesh__time_add(now_ns, client->env->body_idle_ns)) < 0)
        return cut(client, MESH_ERR_NOMEM);
    return MESH__WAIT;
}

enum mesh_answer mesh__step_deliver(struct mesh_client *client)
{
    struct mesh_h1_event event;
    int rc;

    if (client->stream->state == MESH__STREAM_FAILED)
        return cut(client, MESH_ERR_RESET);
    if (mesh__pump_body(client) < 0)
        mesh__error_clear();
    while (client->piece.len == 0) {
        rc = mesh__stream_event(client->stream, &event);
        if (rc == MESH_ERR_WOULD_BLOCK)
            break;
        if (rc < 0)
            return cut(client, rc == MESH_ERR_CLOSED ? MESH_ERR_RESET : rc);
        if (event.kind == MESH__H1_END)
            return complete(client);
        if (event.kind == MESH__H1_ERROR) {
            (void)mesh__fail(MESH_ERR_PROTOCOL, "%s",
                             mesh__h1_refusals[event.refusal].text);
            return cut(client, MESH_ERR_PROTOCOL);
        }
        if (event.kind == MESH__H1_BODY) {
            client->piece = event.data;
            client->received += event.data.len;
        }
    }
    return wait_for_body(client);
}
