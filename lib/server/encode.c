/*
 * encode.c - the response's side of a connection: handle, encode and leave.
 *
 * Moves what a handler gives, as fast as the peer takes it. Declines to know
 * who wrote it.
 */
#include "server/inside.h"

#include "base/error.h"
#include "value/duration.h"

enum { LINGER_MS = 1000 }; /* as Envoy's delayed close */

/* --- handle --- */

/* The exchange waits to be taken; from then on the handler acts on it. */
static void queue(struct mesh_connection *connection)
{
    struct mesh_http_server *server = connection->server;
    struct mesh_inbound_exchange *exchange = connection->exchange;

    exchange->handled = true;
    mesh__list_push_back(&server->queue, &exchange->node);
    server->news = true;
}

/*
 * The handler reads, and the peer owes it bytes: for so long and no longer. A
 * handler that asks again and again is no progress; bytes are.
 */
static int wait_for_body(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;

    if (exchange->body_ended || exchange->piece.len)
        return mesh__serve_await(connection, MESH__AWAITS_NOTHING, 0);
    if (connection->awaits == MESH__AWAITS_BODY &&
        exchange->heard == exchange->received)
        return 0;
    exchange->heard = exchange->received;
    return mesh__serve_await_anew(connection, MESH__AWAITS_BODY,
                                  connection->server->env->body_idle_ns);
}

enum mesh_answer mesh__serve_handle(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    int rc = 0;

    if (!exchange->handled) {
        rc = mesh__serve_bound(connection);
        queue(connection);
    }
    if (exchange->begun)
        return MESH__NEXT;
    if (rc == 0)
        rc = mesh__request_tend(connection);
    if (rc == 0)
        rc = wait_for_body(connection);
    return rc < 0 ? mesh__serve_failed(connection, rc) : MESH__WAIT;
}

/* --- encode: the head --- */

static int add(struct mesh_inbound_exchange *exchange, enum mesh_header_id id,
               struct mesh_slice value)
{
    return mesh__head_add(&exchange->reply, &exchange->arena, SIZE_MAX,
                          mesh__header_name(id), value);
}

/* The text of a second serves all answers given in it. */
static struct mesh_slice date_of(struct mesh_http_server *server)
{
    int64_t now_s = mesh__loop_wall(server->env->link->loop) / (int64_t)MESH__S;

    if (now_s != server->date_s)
        mesh__date_print(now_s > 0 ? now_s : 0, server->date);
    server->date_s = now_s;
    return mesh__slice(server->date, MESH__DATE);
}

static bool goes_without_body(const struct mesh_inbound_exchange *exchange,
                              unsigned status)
{
    return status == 204 || status == 304 ||
           mesh__slice_is(exchange->head.method, "HEAD");
}

static int encode_head(struct mesh_connection *connection, unsigned status,
                       int64_t size, bool whole)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    struct mesh_buffer *out = &connection->server->head;
    struct mesh_head *reply = &exchange->reply;
    struct mesh_slice date;
    int rc = 0;

    if (!mesh__head_get(reply, MESH__H_DATE, &date))
        rc = add(exchange, MESH__H_DATE, date_of(connection->server));
    if (rc < 0)
        return rc;
    reply->status = status;
    reply->body_bytes = size > 0 ? (uint64_t)size : 0;
    reply->body = size < 0    ? MESH__BODY_CHUNKED
                  : size == 0 ? MESH__BODY_NONE
                              : MESH__BODY_LENGTH;
    if (whole && !mesh__request_droppable(connection))
        connection->last = true;
    mesh__buffer_clear(out);
    return mesh__h1_encode_response(reply, connection->last,
                                    exchange->head.method, out);
}

/* --- encode: the body --- */

size_t mesh__reply_room(const struct mesh_connection *connection)
{
    size_t backlog = mesh__stream_backlog(mesh__serve_stream(connection));

    if (connection->unsent.len || backlog >= MESH__SERVER_WATERMARK)
        return 0;
    return MESH__SERVER_WATERMARK - backlog;
}

/* What is kept of a whole answer goes out as there is room. */
static int send_unsent(struct mesh_connection *connection)
{
    struct mesh_stream *stream = mesh__serve_stream(connection);

    while (connection->unsent.len) {
        struct mesh_slice piece = mesh__buffer_slice(&connection->unsent);
        size_t backlog = mesh__stream_backlog(stream);
        int rc;

        if (backlog >= MESH__SERVER_WATERMARK)
            return 0;
        if (piece.len > MESH__SERVER_WATERMARK - backlog)
            piece.len = MESH__SERVER_WATERMARK - backlog;
        rc = mesh__stream_send(stream, &piece, 1);
        if (rc < 0)
            return rc;
        mesh__buffer_consume(&connection->unsent, piece.len);
    }
    mesh__buffer_fini(&connection->unsent);
    return 0;
}

/* The caller's bytes are its own again soon: what stays behind is copied. */
static int keep_unsent(struct mesh_connection *connection,
                       struct mesh_slice body)
{
    size_t later;

    if (body.len <= MESH__SERVER_WATERMARK)
        return 0;
    later = body.len - MESH__SERVER_WATERMARK;
    mesh__buffer_init(&connection->unsent, later);
    return mesh__buffer_append(&connection->unsent,
                               body.at + MESH__SERVER_WATERMARK, later);
}

/* Head and body in one send. */
static int send_first(struct mesh_connection *connection,
                      struct mesh_slice body)
{
    struct mesh_slice slices[2] = {
        mesh__buffer_slice(&connection->server->head), body
    };
    int rc;

    if (body.len > MESH__SERVER_WATERMARK)
        slices[1].len = MESH__SERVER_WATERMARK;
    rc = mesh__stream_send(mesh__serve_stream(connection), slices,
                           body.len ? 2 : 1);
    return rc < 0 ? rc : send_unsent(connection);
}

int mesh__reply_begin(struct mesh_connection *connection, unsigned status,
                      int64_t size, bool whole, struct mesh_slice body)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    bool bodiless = goes_without_body(exchange, status);
    int rc;

    /* Where there never is a body, none is announced either. */
    if (size < 0 && (status == 204 || status == 304))
        size = 0;
    if (bodiless)
        body = (struct mesh_slice){ 0 };
    rc = keep_unsent(connection, body);
    if (rc == 0)
        rc = encode_head(connection, status, size, whole);
    if (rc < 0) {
        mesh__buffer_fini(&connection->unsent);
        return rc;
    }
    exchange->begun = true;
    exchange->bodiless = bodiless;
    exchange->chunked = size < 0;
    exchange->announced = exchange->reply.body_bytes;
    exchange->reply_ns = mesh__loop_now(mesh__serve_loop(connection));
    return send_first(connection, body);
}

/* As there: a handler that would write more is no progress. */
static int wait_for_room(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    size_t backlog = mesh__stream_backlog(mesh__serve_stream(connection));
    uint64_t taken = exchange->sent - backlog - connection->unsent.len;

    if (backlog == 0)
        return wait_for_body(connection);
    if (connection->awaits == MESH__AWAITS_ROOM && exchange->taken == taken)
        return 0;
    exchange->taken = taken;
    return mesh__serve_await_anew(connection, MESH__AWAITS_ROOM,
                                  connection->server->env->body_idle_ns);
}

enum mesh_answer mesh__serve_encode(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    int rc = send_unsent(connection);

    if (rc == 0 && exchange->finished && connection->unsent.len == 0)
        return MESH__NEXT;
    if (rc == 0)
        rc = mesh__request_tend(connection);
    if (rc == 0)
        rc = wait_for_room(connection);
    if (rc < 0)
        return mesh__serve_failed(connection, rc);
    if (exchange->starved &&
        mesh__reply_room(connection) >= MESH__SERVER_WATERMARK / 2) {
        exchange->starved = false;
        connection->news = true;
    }
    return MESH__WAIT;
}

/* --- leave --- */

/* Read what still comes, so that our last answer is not lost to a reset. */
static enum mesh_answer linger(struct mesh_connection *connection)
{
    struct mesh_stream *stream = mesh__serve_stream(connection);
    int rc;

    while ((rc = mesh__stream_fill(stream)) == 0) {
        connection->dropped += stream->plain.len;
        mesh__buffer_clear(&stream->plain);
        stream->eaten = 0;
        if (connection->dropped > MESH__SERVER_LINGER)
            return MESH__CLOSE;
    }
    mesh__error_clear();
    if (rc != MESH_ERR_WOULD_BLOCK)
        return MESH__CLOSE;
    mesh__stream_settle(stream);
    return mesh__stream_want(stream, true) < 0 ? MESH__CLOSE : MESH__WAIT;
}

enum mesh_answer mesh__serve_leave(struct mesh_connection *connection)
{
    struct mesh_stream *stream = mesh__serve_stream(connection);
    const struct mesh_server_env *env = connection->server->env;

    if (stream->state != MESH__STREAM_READY)
        return MESH__CLOSE;
    if (mesh__stream_backlog(stream) > 0 && !connection->ended) {
        if (mesh__stream_want(stream, false) < 0 ||
            mesh__serve_await_anew(connection, MESH__AWAITS_ROOM,
                                   env->body_idle_ns) < 0)
            return MESH__CLOSE;
        return MESH__WAIT;
    }
    if (!connection->ended) {
        mesh__stream_end(stream);
        connection->ended = true;
        mesh__buffer_clear(&stream->plain);
        stream->eaten = 0;
        if (connection->silent ||
            mesh__serve_await_anew(connection, MESH__AWAITS_LEAVING,
                                   LINGER_MS * MESH__MS) < 0)
            return MESH__CLOSE;
    }
    return linger(connection);
}
