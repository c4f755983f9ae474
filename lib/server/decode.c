/*
 * decode.c - the request's side of a connection: heads, and bodies by pieces.
 *
 * Pulls from the stream what is asked for and no more. Declines to know what a
 * request means.
 */
#include "server/inside.h"

#include "base/error.h"

/* Bytes that came and were not looked at: the next request's. */
static size_t left_over(const struct mesh_stream *stream)
{
    return stream->plain.len - stream->eaten;
}

static int open_exchange(struct mesh_connection *connection)
{
    if (connection->exchange || mesh__exchange_new(connection))
        return 0;
    return mesh__fail(MESH_ERR_NOMEM, "an exchange");
}

/* --- the head --- */

static bool wants_continue(const struct mesh_head *head)
{
    struct mesh_slice value;

    return mesh__head_get(head, MESH__H_EXPECT, &value) &&
           mesh__slice_equal_nocase(value, MESH__SLICE("100-continue"));
}

static enum mesh_answer take_head(struct mesh_connection *connection)
{
    const struct mesh_head *head = &mesh__serve_stream(connection)->parser.head;
    struct mesh_inbound_exchange *exchange;
    int rc = open_exchange(connection);

    if (rc == 0)
        rc = mesh__serve_await(connection, MESH__AWAITS_NOTHING, 0);
    if (rc < 0)
        return mesh__serve_failed(connection, rc);
    exchange = connection->exchange;
    exchange->hold = mesh__hold_use(connection->server->env->hold);
    rc = mesh__head_copy(&exchange->head, head, &exchange->arena);
    if (rc < 0)
        return mesh__serve_failed(connection, rc);
    mesh__count(&connection->server->env->stats.exchanges);
    mesh__serve_stream(connection)->used++;
    if (!head->keep_alive)
        connection->last = true;
    /* The end of a message without a body needs no more bytes. */
    if (head->body == MESH__BODY_NONE ||
        (head->body == MESH__BODY_LENGTH && head->body_bytes == 0)) {
        rc = mesh__request_pull(connection);
        return rc < 0 ? mesh__serve_failed(connection, rc) : MESH__NEXT;
    }
    exchange->expects = wants_continue(head);
    return MESH__NEXT;
}

/* What of an answered request still comes is dropped. */
static void drop_rest(struct mesh_connection *connection,
                      const struct mesh_h1_event *event)
{
    if (event->kind != MESH__H1_END)
        return;
    connection->rest = false;
    mesh__h1_parser_begin(&mesh__serve_stream(connection)->parser,
                          (struct mesh_slice){ 0 });
}

/* The first byte of a request opens its exchange and sets the head's bound. */
static enum mesh_answer wait_for_head(struct mesh_connection *connection)
{
    const struct mesh_server_env *env = connection->server->env;
    struct mesh_stream *stream = mesh__serve_stream(connection);
    int rc = 0;

    mesh__stream_settle(stream);
    if (connection->rest)
        rc =
            mesh__serve_await(connection, MESH__AWAITS_BODY, env->body_idle_ns);
    else if (mesh__h1_begun(&stream->parser)) {
        rc = open_exchange(connection);
        if (rc == 0)
            rc = mesh__serve_await(connection, MESH__AWAITS_HEAD, env->head_ns);
    } else if (stream->used)
        rc = mesh__serve_await(connection, MESH__AWAITS_REQUEST,
                               env->keep_alive_ns);
    else
        rc = mesh__serve_await(connection, MESH__AWAITS_FIRST,
                               env->first_bytes_ns);
    if (rc == 0)
        rc = mesh__stream_want(stream, true);
    return rc < 0 ? mesh__serve_failed(connection, rc) : MESH__WAIT;
}

/* The last answer is not out yet: who does not read is not read from. */
static enum mesh_answer wait_for_room(struct mesh_connection *connection)
{
    int rc = mesh__stream_want(mesh__serve_stream(connection), false);

    if (rc == 0)
        rc = mesh__serve_await_anew(connection, MESH__AWAITS_ROOM,
                                    connection->server->env->body_idle_ns);
    return rc < 0 ? mesh__serve_failed(connection, rc) : MESH__WAIT;
}

enum mesh_answer mesh__serve_decode(struct mesh_connection *connection)
{
    struct mesh_stream *stream = mesh__serve_stream(connection);
    struct mesh_h1_event event;
    int rc;

    if (mesh__stream_backlog(stream) > 0 && stream->state == MESH__STREAM_READY)
        return wait_for_room(connection);
    for (;;) {
        rc = mesh__stream_event(stream, &event);
        if (rc == MESH_ERR_WOULD_BLOCK)
            return wait_for_head(connection);
        if (rc < 0)
            return mesh__serve_failed(connection, rc);
        if (event.kind == MESH__H1_HEAD)
            return take_head(connection);
        if (event.kind == MESH__H1_ERROR && connection->rest)
            return MESH__CLOSE; /* it was answered already */
        if (event.kind == MESH__H1_ERROR) {
            rc = open_exchange(connection);
            return rc < 0 ? mesh__serve_failed(connection, rc)
                          : mesh__serve_refuse(connection, event.refusal);
        }
        drop_rest(connection, &event);
    }
}

/* --- the body --- */

int mesh__request_pull(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    struct mesh_h1_event event;
    int rc;

    while (!exchange->body_ended && exchange->piece.len == 0) {
        rc = mesh__stream_event(mesh__serve_stream(connection), &event);
        if (rc < 0)
            return rc;
        if (event.kind == MESH__H1_ERROR) {
            connection->refusal = event.refusal;
            return mesh__fail(MESH_ERR_PROTOCOL, "%s",
                              mesh__h1_refusals[event.refusal].text);
        }
        if (event.kind == MESH__H1_BODY) {
            exchange->expects = false;
            exchange->piece = event.data;
            exchange->received += event.data.len;
        }
        if (event.kind == MESH__H1_END) {
            exchange->body_ended = true;
            exchange->complete_ns =
                mesh__loop_now(mesh__serve_loop(connection));
        }
    }
    return 0;
}

/* The request is whole: what comes now is the peer's leaving, or another. */
static int watch_leaving(struct mesh_stream *stream)
{
    int rc;

    if (left_over(stream) > 0)
        return 0;
    mesh__stream_settle(stream);
    rc = mesh__stream_fill(stream);
    if (rc == MESH_ERR_WOULD_BLOCK)
        mesh__stream_settle(stream);
    return rc;
}

int mesh__request_tend(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    struct mesh_stream *stream = mesh__serve_stream(connection);
    bool had_news = exchange->piece.len > 0 || exchange->body_ended;
    int rc;

    if (stream->state == MESH__STREAM_FAILED)
        return mesh__fail(stream->code, "%s", stream->line);
    rc = mesh__request_pull(connection);
    if (rc == MESH_ERR_WOULD_BLOCK)
        mesh__stream_settle(stream);
    if (rc == 0 && exchange->body_ended && exchange->piece.len == 0)
        rc = watch_leaving(stream);
    if (rc < 0 && rc != MESH_ERR_WOULD_BLOCK)
        return rc;
    if (!had_news && (exchange->piece.len > 0 || exchange->body_ended))
        connection->news = true;
    return mesh__stream_want(
        stream, exchange->piece.len == 0 &&
                    (!exchange->body_ended || left_over(stream) == 0));
}

bool mesh__request_droppable(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    const struct mesh_head *head = &exchange->head;
    uint64_t from = exchange->received;

    /* What has arrived already is no reason to close. */
    while (!exchange->body_ended &&
           exchange->received - from <= MESH__SERVER_DROP) {
        exchange->piece = (struct mesh_slice){ 0 };
        if (mesh__request_pull(connection) < 0)
            break;
    }
    exchange->piece = (struct mesh_slice){ 0 };
    mesh__error_clear();
    if (exchange->body_ended)
        return true;
    /* Whoever waits for 100 may never send the body it announced. */
    return head->body == MESH__BODY_LENGTH && !exchange->expects &&
           head->body_bytes - exchange->received <= MESH__SERVER_DROP;
}
