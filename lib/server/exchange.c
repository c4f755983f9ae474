/*
 * exchange.c - what a handler does with an exchange.
 *
 * Each function acts at once and lets the table of steps follow. Declines to
 * know how the exchange came to be.
 */
#include "server/inside.h"

#include "base/error.h"

/* --- the request's body --- */

static int over(const struct mesh_inbound_exchange *exchange)
{
    return mesh__fail(exchange->code ? exchange->code : MESH_ERR_RESET,
                      exchange->code ? "the peer is gone, or was refused"
                                     : "the exchange is over");
}

static size_t take(struct mesh_slice *from, void *data, size_t size)
{
    size_t len = from->len < size ? from->len : size;

    if (len)
        memcpy(data, from->at, len);
    from->at += len;
    from->len -= len;
    return len;
}

/* The peer waits to be asked for its body (RFC 9110 section 10.1.1). */
static int say_continue(struct mesh_inbound_exchange *exchange)
{
    static const struct mesh_slice line =
        MESH__SLICE("HTTP/1.1 100 Continue\r\n\r\n");

    if (!exchange->expects || exchange->begun)
        return 0;
    exchange->expects = false;
    return mesh__stream_send(mesh__serve_stream(exchange->connection), &line,
                             1);
}

static int read_piece(struct mesh_inbound_exchange *exchange, void *data,
                      size_t size, size_t *got)
{
    int rc = mesh__request_pull(exchange->connection);

    if (rc == MESH_ERR_WOULD_BLOCK)
        rc = say_continue(exchange) < 0 ? MESH_ERR_RESET : rc;
    if (rc == 0)
        *got = take(&exchange->piece, data, size);
    return rc;
}

/* Let the steps go on; the handler is told by what it called, not by news. */
static void go_on(struct mesh_inbound_exchange *exchange)
{
    exchange->inside = true;
    mesh__serve_run(exchange->connection);
    exchange->inside = false;
}

int mesh__exchange_read(struct mesh_inbound_exchange *exchange, void *data,
                        size_t size, size_t *got)
{
    int rc;

    *got = 0;
    if (!exchange->connection || exchange->finished)
        return over(exchange);
    rc = read_piece(exchange, data, size, got);
    if (rc == 0 && exchange->piece.len)
        return 0;
    go_on(exchange);
    if (rc < 0 && rc != MESH_ERR_WOULD_BLOCK)
        return over(exchange);
    return rc;
}

/* Bytes that came and were not looked at count: read will look. */
bool mesh__exchange_readable(const struct mesh_inbound_exchange *exchange)
{
    return !exchange->connection || exchange->finished ||
           exchange->piece.len > 0 || exchange->body_ended ||
           !mesh__serve_stream(exchange->connection)->drained;
}

/* --- the response --- */

/* Framing is the codec's. */
static bool is_framing(enum mesh_header_id id)
{
    return id == MESH__H_CONTENT_LENGTH || id == MESH__H_TRANSFER_ENCODING ||
           id == MESH__H_CONNECTION || id == MESH__H_KEEP_ALIVE ||
           id == MESH__H_PROXY_CONNECTION || id == MESH__H_UPGRADE;
}

static int check_line(struct mesh_slice name, struct mesh_slice value)
{
    const char *wrong = NULL;

    if (!mesh__is_token(name))
        wrong = "the header's name is no token";
    else if (!mesh__is_field_value(value))
        wrong = "the header's value has characters that cannot be sent";
    if (!wrong)
        return 0;
    return mesh__fail(MESH_ERR_INVALID, "%s: \"%.*s\"", wrong,
                      (int)(name.len > 128 ? 128 : name.len), name.at);
}

int mesh__exchange_add(struct mesh_inbound_exchange *exchange,
                       struct mesh_slice name, struct mesh_slice value)
{
    struct mesh_arena *arena = &exchange->arena;
    char *lower;
    char *copy;
    int rc;

    value = mesh__slice_trim(value);
    rc = check_line(name, value);
    if (rc < 0)
        return rc;
    if (exchange->begun)
        return mesh__fail(MESH_ERR_STATE, "the response's head is out");
    lower = mesh__arena_strndup(arena, name.at, name.len);
    copy = mesh__arena_strndup(arena, value.at, value.len);
    if (!lower || !copy)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = mesh__lower(lower[i]);
    name.at = lower;
    if (is_framing(mesh__header_id(name)))
        return mesh__fail(MESH_ERR_INVALID,
                          "this header is set by libmesh itself: \"%s\"",
                          lower);
    rc = mesh__head_add(&exchange->reply, arena, MESH__SERVER_HEADERS, name,
                        mesh__slice(copy, value.len));
    return rc < 0 ? rc : mesh__head_join(&exchange->reply, arena, true);
}

static int may_begin(const struct mesh_inbound_exchange *exchange,
                     unsigned status)
{
    if (status < 200 || status > 599)
        return mesh__fail(MESH_ERR_INVALID,
                          "the status must be 200 to 599, not %u", status);
    if (exchange->begun && exchange->code == MESH_OK)
        return mesh__fail(MESH_ERR_STATE, "answered already");
    return exchange->connection ? 0 : over(exchange);
}

/* The peer does not take what we send: as if it had left. */
static int lost(struct mesh_inbound_exchange *exchange)
{
    (void)mesh__stream_fail(mesh__serve_stream(exchange->connection),
                            MESH_ERR_RESET);
    go_on(exchange);
    return over(exchange);
}

int mesh__exchange_respond(struct mesh_inbound_exchange *exchange,
                           unsigned status, struct mesh_slice body)
{
    int rc = may_begin(exchange, status);

    if (rc < 0)
        return rc;
    rc = mesh__reply_begin(exchange->connection, status, (int64_t)body.len,
                           true, body);
    if (rc < 0)
        return exchange->begun ? lost(exchange) : rc;
    exchange->sent = exchange->bodiless ? 0 : body.len;
    exchange->finished = true;
    go_on(exchange);
    return 0;
}

int mesh__exchange_begin(struct mesh_inbound_exchange *exchange,
                         unsigned status, int64_t body_bytes)
{
    int rc = may_begin(exchange, status);

    if (rc < 0)
        return rc;
    rc = mesh__reply_begin(exchange->connection, status, body_bytes, false,
                           (struct mesh_slice){ 0 });
    if (rc < 0)
        return exchange->begun ? lost(exchange) : rc;
    go_on(exchange);
    return exchange->connection ? 0 : over(exchange);
}

static int send_piece(struct mesh_inbound_exchange *exchange,
                      struct mesh_slice piece)
{
    char line[MESH__H1_CHUNK_HEAD];
    struct mesh_slice slices[3];
    size_t count = 0;

    if (exchange->bodiless)
        return 0;
    if (exchange->chunked)
        slices[count++] =
            mesh__slice(line, mesh__h1_chunk_head(piece.len, line));
    slices[count++] = piece;
    if (exchange->chunked)
        slices[count++] = MESH__SLICE("\r\n");
    exchange->sent += piece.len;
    return mesh__stream_send(mesh__serve_stream(exchange->connection), slices,
                             count);
}

static int may_write(const struct mesh_inbound_exchange *exchange)
{
    if (!exchange->connection)
        return exchange->finished
                   ? mesh__fail(MESH_ERR_STATE, "the response has ended")
                   : over(exchange);
    if (!exchange->begun || exchange->finished)
        return mesh__fail(MESH_ERR_STATE, "the response is not under way");
    return 0;
}

size_t mesh__exchange_room(const struct mesh_inbound_exchange *exchange)
{
    return exchange->connection && exchange->begun && !exchange->finished
               ? mesh__reply_room(exchange->connection)
               : 0;
}

int mesh__exchange_write(struct mesh_inbound_exchange *exchange,
                         const void *data, size_t size, size_t *written)
{
    size_t room;
    int rc = may_write(exchange);

    *written = 0;
    if (rc < 0)
        return rc;
    if (!exchange->chunked && size > exchange->announced)
        return mesh__fail(MESH_ERR_TOO_LARGE,
                          "%zu bytes, of the announced body %llu are left",
                          size, (unsigned long long)exchange->announced);
    room = mesh__reply_room(exchange->connection);
    if (room == 0) {
        exchange->starved = true;
        return MESH_ERR_WOULD_BLOCK;
    }
    if (size > room)
        size = room;
    if (size == 0)
        return 0;
    if (send_piece(exchange, mesh__slice(data, size)) < 0)
        return lost(exchange);
    if (!exchange->chunked)
        exchange->announced -= size;
    *written = size;
    go_on(exchange);
    return 0;
}

int mesh__exchange_finish(struct mesh_inbound_exchange *exchange)
{
    static const struct mesh_slice end = MESH__SLICE("0\r\n\r\n");
    int rc = may_write(exchange);

    if (rc < 0)
        return rc;
    if (!exchange->chunked && exchange->announced && !exchange->bodiless) {
        (void)mesh__fail(MESH_ERR_INVALID, "%llu bytes less than announced",
                         (unsigned long long)exchange->announced);
        (void)mesh__serve_abandon(exchange);
        return mesh__fail(MESH_ERR_INVALID,
                          "the body is shorter than announced");
    }
    if (exchange->chunked && !exchange->bodiless &&
        mesh__stream_send(mesh__serve_stream(exchange->connection), &end, 1) <
            0)
        return lost(exchange);
    if (!mesh__request_droppable(exchange->connection))
        exchange->connection->last = true;
    exchange->finished = true;
    go_on(exchange);
    return 0;
}

void mesh__exchange_release(struct mesh_inbound_exchange *exchange)
{
    struct mesh_http_server *server = exchange->server;

    exchange->on_news = NULL;
    if (exchange->connection && !exchange->finished)
        mesh__serve_abandon(exchange);
    exchange->out = false;
    server->out--;
    if (!exchange->connection)
        mesh__exchange_discard(exchange);
    mesh__http_server_settle(server);
}
