/*
 * reply.c - what we say in a handler's place, and the facts of the end.
 *
 * Knows Envoy's local replies (semantics: local replies). Declines to decide
 * when they are due.
 */
#include "server/inside.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "value/duration.h"
#include "value/grpc.h"

#include <stdio.h>

/* --- local replies --- */

enum mesh_answer mesh__serve_break(struct mesh_connection *connection, int code,
                                   enum mesh_flag flag, const char *details)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;

    exchange->code = code;
    exchange->details = details;
    if (flag != MESH__FLAG_NONE)
        mesh__flags_set(&exchange->flags, flag);
    connection->last = connection->broken = true;
    mesh__error_clear();
    return MESH__DONE;
}

static int add_line(struct mesh_inbound_exchange *exchange,
                    enum mesh_header_id id, struct mesh_slice value)
{
    return mesh__head_add(&exchange->reply, &exchange->arena, SIZE_MAX,
                          mesh__header_name(id), value);
}

static bool is_grpc(const struct mesh_inbound_exchange *exchange)
{
    struct mesh_slice type;

    return mesh__head_get(&exchange->head, MESH__H_CONTENT_TYPE, &type) &&
           mesh__grpc_is(type);
}

/* To a gRPC caller: a head that says it all. */
static int begin_in_grpc(struct mesh_connection *connection, unsigned status,
                         struct mesh_slice body)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    char *message = mesh__grpc_message(&exchange->arena, body);
    int rc = message ? 0 : MESH_ERR_NOMEM;

    if (rc == 0)
        rc = add_line(exchange, MESH__H_CONTENT_TYPE,
                      MESH__SLICE("application/grpc"));
    if (rc == 0)
        rc = add_line(exchange, MESH__H_GRPC_STATUS,
                      mesh__slice_of(exchange->grpc
                                         ? exchange->grpc
                                         : mesh__grpc_status(status)));
    if (rc == 0 && body.len)
        rc = add_line(exchange, MESH__H_GRPC_MESSAGE, mesh__slice_of(message));
    if (rc == 0)
        rc = mesh__reply_begin(connection, 200, 0, true,
                               (struct mesh_slice){ 0 });
    return rc;
}

/* What handlers put into the head so far is not for this answer. */
static int begin_locally(struct mesh_connection *connection, unsigned status,
                         struct mesh_slice body)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    int rc = mesh__head_init(&exchange->reply, &exchange->arena, 4);

    if (rc < 0)
        return rc;
    if (is_grpc(exchange))
        return begin_in_grpc(connection, status, body);
    if (body.len)
        rc =
            add_line(exchange, MESH__H_CONTENT_TYPE, MESH__SLICE("text/plain"));
    if (rc == 0)
        rc = mesh__reply_begin(connection, status, (int64_t)body.len, true,
                               body);
    return rc;
}

enum mesh_answer mesh__serve_reply(struct mesh_connection *connection,
                                   unsigned status, const char *details,
                                   const char *body)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    struct mesh_slice text = mesh__slice_of(body);

    exchange->details = details;
    if (begin_locally(connection, status, text) < 0)
        return mesh__serve_break(
            connection, exchange->code ? exchange->code : MESH_ERR_RESET,
            MESH__FLAG_DC, "downstream_remote_disconnect");
    exchange->sent = exchange->bodiless ? 0 : exchange->announced;
    exchange->finished = true;
    return MESH__DONE;
}

enum mesh_answer mesh__serve_refuse(struct mesh_connection *connection,
                                    enum mesh_h1_refusal refusal)
{
    const struct mesh_h1_refusal_row *row = &mesh__h1_refusals[refusal];

    connection->last = true;
    /* Envoy's own checks of a well-formed message set no flag. */
    if (row->has_body)
        mesh__flags_set(&connection->exchange->flags, MESH__FLAG_DPE);
    return mesh__serve_reply(connection, row->status, row->detail,
                             row->has_body ? mesh__h1_reason(row->status) : "");
}

enum mesh_answer mesh__serve_failed(struct mesh_connection *connection,
                                    int code)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;

    if (!exchange) {
        mesh__error_clear();
        return MESH__CLOSE;
    }
    if (code == MESH_ERR_NOMEM)
        return mesh__serve_break(connection, code, MESH__FLAG_LR,
                                 "local_reset");
    if (code != MESH_ERR_PROTOCOL)
        return mesh__serve_break(connection, MESH_ERR_RESET, MESH__FLAG_DC,
                                 "downstream_remote_disconnect");
    if (exchange->begun)
        return mesh__serve_break(connection, code, MESH__FLAG_DPE,
                                 mesh__h1_refusals[connection->refusal].detail);
    exchange->code = code;
    return mesh__serve_refuse(connection, connection->refusal);
}

void mesh__serve_abandon(struct mesh_inbound_exchange *exchange)
{
    struct mesh_connection *connection = exchange->connection;
    enum mesh_answer answer;

    mesh__flags_set(&exchange->flags, MESH__FLAG_UC);
    if (exchange->begun)
        answer = mesh__serve_break(connection, MESH_ERR_RESET, MESH__FLAG_NONE,
                                   "upstream_reset_after_response_started{"
                                   "connection_termination}");
    else
        answer = mesh__serve_reply(
            connection, 503,
            "upstream_reset_before_response_started{connection_termination}",
            "upstream connect error or disconnect/reset before headers. reset "
            "reason: connection termination");
    connection->step =
        answer == MESH__CLOSE ? MESH__SERVE_END : MESH__SERVE_RECORD;
    exchange->inside = true;
    mesh__serve_run(connection);
    exchange->inside = false;
}

/* --- x-forwarded-client-cert --- */

enum { CLIENT_CERT = 2048 };

char *mesh__client_cert(const struct mesh_greeting *greeting)
{
    const struct mesh_peer *peer = mesh__stream_peer(greeting->stream);
    char hash[2 * MESH__DIGEST + 1];
    char line[CLIENT_CERT];
    struct mesh_text text;

    mesh__hex(peer->digest, sizeof(peer->digest), hash);
    mesh__text_init(&text, line, sizeof(line));
    mesh__text_format(&text, "By=%s;Hash=%s;Subject=\"",
                      greeting->door->credential->id_text, hash);
    for (const char *at = peer->subject; *at; at++)
        mesh__text_add(&text, (unsigned char)*at < ' ' || *at == 127
                                  ? MESH__SLICE("?")
                                  : mesh__slice(at, 1));
    mesh__text_format(&text, "\";URI=%s", peer->id);
    return mesh__strdup(line);
}

/* --- record --- */

static void place(const struct mesh_connection *connection,
                  struct mesh_facts *facts)
{
    const struct mesh_inbound_exchange *exchange = connection->exchange;
    const struct mesh_inbound *inbound =
        mesh__door_inbound(&connection->server->door);

    facts->destination = inbound->service;
    facts->destination_port = inbound->service_port;
    if (!exchange->routed)
        return;
    facts->route_name = "default";
    facts->upstream_cluster = connection->server->cluster;
}

static void time_of(const struct mesh_inbound_exchange *exchange,
                    struct mesh_facts *facts)
{
    if (!exchange->handled || !exchange->complete_ns ||
        exchange->reply_ns < exchange->complete_ns)
        return;
    facts->upstream_ms =
        (exchange->reply_ns - exchange->complete_ns) / MESH__MS;
    facts->has_upstream_ms = true;
}

static struct mesh_facts facts_of(const struct mesh_connection *connection)
{
    const struct mesh_inbound_exchange *exchange = connection->exchange;
    const struct mesh_head *head = &exchange->head;
    struct mesh_facts facts = {
        .inbound = true,
        .start_wall_ns = exchange->start_wall_ns,
        .start_ns = exchange->start_ns,
        .end_ns = mesh__loop_now(mesh__serve_loop(connection)),
        .method = head->method,
        .scheme = head->scheme,
        .path = head->path,
        .authority = head->authority,
        .request_id = exchange->request_id,
        .protocol = "HTTP/1.1",
        .status = exchange->begun ? exchange->reply.status : 0,
        .flags = exchange->flags,
        .details = exchange->details[0] ? exchange->details : "via_upstream",
        .termination = "",
        .transport_failure = "",
        .bytes_received = exchange->received,
        .bytes_sent = exchange->sent,
        .attempts = exchange->handled ? 1 : 0,
        .upstream_host = "",
        .upstream_cluster = "",
        .downstream_local = exchange->to,
        .downstream_remote = exchange->remote,
        .sni = mesh__slice_of(exchange->sni),
        .route_name = "",
        .peer = exchange->principal,
        .trace = exchange->trace,
        .traced = exchange->traced,
    };

    (void)mesh__head_get(head, MESH__H_X_ENVOY_ORIGINAL_PATH, &facts.path);
    (void)mesh__head_get(head, MESH__H_USER_AGENT, &facts.user_agent);
    (void)mesh__head_get(head, MESH__H_X_FORWARDED_FOR, &facts.forwarded_for);
    memcpy(facts.parent_span, exchange->parent_span, sizeof(facts.parent_span));
    place(connection, &facts);
    time_of(exchange, &facts);
    return facts;
}

static void tell_telemetry(const struct mesh_connection *connection)
{
    const struct mesh_inbound_exchange *exchange = connection->exchange;
    const struct mesh_server_env *env = connection->server->env;
    struct mesh_facts facts;

    if (!env->record)
        return;
    facts = facts_of(connection);
    if (exchange->handled)
        facts.upstream_host = connection->local;
    env->record(env->user, &facts);
}

/*
 * The connection is free for another request. What lies there already waits
 * for a turn of its own, so that a pipeline neither starves others nor nests
 * one handler in another.
 */
static enum mesh_answer next_request(struct mesh_connection *connection)
{
    struct mesh_stream *stream = mesh__serve_stream(connection);
    bool waiting = connection->rest || stream->plain.len > stream->eaten ||
                   stream->in.len > 0;

    if (!connection->rest)
        mesh__h1_parser_begin(&stream->parser, (struct mesh_slice){ 0 });
    if (waiting)
        mesh__loop_defer(mesh__serve_loop(connection), &connection->task);
    mesh__stream_settle(stream);
    if (mesh__stream_want(stream, !waiting) < 0 ||
        mesh__serve_await(connection, MESH__AWAITS_REQUEST,
                          connection->server->env->keep_alive_ns) < 0)
        return MESH__NEXT;
    return MESH__AGAIN;
}

enum mesh_answer mesh__serve_record(struct mesh_connection *connection)
{
    const struct mesh_inbound_exchange *exchange = connection->exchange;

    tell_telemetry(connection);
    connection->rest = !exchange->body_ended;
    connection->silent = exchange->body_ended && !exchange->head.keep_alive;
    mesh__list_remove(&connection->exchange->node);
    mesh__exchange_part(connection);
    if (connection->broken)
        return MESH__CLOSE;
    return connection->last ? MESH__NEXT : next_request(connection);
}
