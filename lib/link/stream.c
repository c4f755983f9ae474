/*
 * stream.c - one connection: socket, TLS and HTTP/1 codec composed.
 *
 * Knows how bytes get from the socket through the engine to the codec and
 * back. Declines to know why the stream was asked for and what the messages
 * mean.
 */
#include "link/stream.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <errno.h>
#include <stdio.h>

enum { KEPT = 1024 }; /* bytes of a buffer that a stream keeps, empty */

static void on_watch(struct mesh_watch *watch, unsigned events);
static void on_timer(struct mesh_timer *timer);

/* --- buffers lent by the loop --- */

static void borrow(struct mesh_buffer *buffer, struct mesh_buffer *lender)
{
    size_t ceiling = buffer->ceiling;

    if (buffer->memory || !lender->memory)
        return;
    *buffer = *lender;
    buffer->ceiling = ceiling;
    lender->memory = NULL;
    lender->capacity = 0;
}

static void give_back(struct mesh_buffer *buffer, struct mesh_buffer *lender)
{
    if (buffer->len || !buffer->memory)
        return;
    if (lender->memory) {
        buffer->start = 0;
        mesh__buffer_shrink(buffer, KEPT); /* many wait at once: keep little */
        return;
    }
    lender->memory = buffer->memory;
    lender->capacity = buffer->capacity;
    lender->start = 0;
    buffer->memory = NULL;
    buffer->capacity = 0;
    buffer->start = 0;
}

void mesh__link_init(struct mesh_link *link, struct mesh_loop *loop,
                     const struct mesh_tls_engine *engine,
                     const struct mesh_h1_limits *limits, bool keeps_idle)
{
    *link = (struct mesh_link){
        .loop = loop,
        .engine = engine,
        .limits = *limits,
        .keeps_idle = keeps_idle,
    };
    mesh__list_init(&link->connecting);
    mesh__buffer_init(&link->in, MESH__TLS_BUFFER);
    mesh__buffer_init(&link->plain, MESH__STREAM_PLAIN);
    mesh__buffer_init(&link->out, MESH__TLS_BUFFER);
}

void mesh__link_fini(struct mesh_link *link)
{
    mesh__buffer_fini(&link->in);
    mesh__buffer_fini(&link->plain);
    mesh__buffer_fini(&link->out);
}

void mesh__stream_settle(struct mesh_stream *stream)
{
    if (!stream->link)
        return;
    if (stream->eaten == stream->plain.len && stream->eaten) {
        mesh__buffer_consume(&stream->plain, stream->eaten);
        stream->eaten = 0;
    }
    give_back(&stream->in, &stream->link->in);
    give_back(&stream->plain, &stream->link->plain);
    give_back(&stream->out, &stream->link->out);
}

/* --- waiting --- */

static struct mesh_port *port_of(const struct mesh_stream *stream)
{
    return mesh__loop_port(stream->link->loop);
}

static int set_interest(struct mesh_stream *stream)
{
    unsigned wanted = (stream->wants_read ? MESH__READABLE : 0u) |
                      (stream->out.len ? MESH__WRITABLE : 0u);

    if (stream->state == MESH__STREAM_CONNECTING)
        wanted = MESH__WRITABLE;
    return mesh__loop_watch(stream->link->loop, &stream->watch, wanted);
}

int mesh__stream_want(struct mesh_stream *stream, bool read)
{
    stream->wants_read = read;
    return set_interest(stream);
}

int mesh__stream_fail(struct mesh_stream *stream, int code)
{
    stream->state = MESH__STREAM_FAILED;
    stream->code = code;
    (void)snprintf(stream->line, sizeof(stream->line), "%.*s",
                   (int)sizeof(stream->line) - 1, mesh__error_line());
    if (stream->link)
        mesh__loop_unwatch(stream->link->loop, &stream->watch);
    return code;
}

/* --- sending --- */

static int send_error(int errnum)
{
    return mesh__fail_errno(
        errnum == ENOMEM || errnum == ENOBUFS ? MESH_ERR_NOMEM : MESH_ERR_RESET,
        errnum, "send");
}

static void note_sent(struct mesh_stream *stream)
{
    stream->written = true;
    stream->moved_ns = mesh__loop_now(stream->link->loop);
}

/* Send what the backlog holds, as far as the socket takes it. */
static int flush(struct mesh_stream *stream)
{
    struct mesh_port *port = port_of(stream);

    while (stream->out.len) {
        struct mesh_slice slice = mesh__buffer_slice(&stream->out);
        int64_t sent = port->ops->send(port, stream->fd, &slice, 1);

        if (sent == -EINTR)
            continue;
        if (sent == -EAGAIN)
            break;
        if (sent < 0)
            return send_error((int)-sent);
        note_sent(stream);
        mesh__buffer_consume(&stream->out, (size_t)sent);
    }
    give_back(&stream->out, &stream->link->out);
    return set_interest(stream);
}

static size_t total_of(const struct mesh_slice *slices, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += slices[i].len;
    return total;
}

/* Plaintext: straight from the slices; what is left over is copied. */
static int send_plain(struct mesh_stream *stream,
                      const struct mesh_slice *slices, size_t count)
{
    struct mesh_port *port = port_of(stream);
    size_t skip = 0;
    int rc;

    if (stream->out.len == 0 && total_of(slices, count)) {
        int64_t sent = port->ops->send(port, stream->fd, slices, count);

        if (sent < 0 && sent != -EAGAIN && sent != -EINTR)
            return send_error((int)-sent);
        skip = sent > 0 ? (size_t)sent : 0;
        if (skip)
            note_sent(stream);
    }
    borrow(&stream->out, &stream->link->out);
    for (size_t i = 0; i < count; i++) {
        size_t gone = skip < slices[i].len ? skip : slices[i].len;

        skip -= gone;
        rc = mesh__buffer_append(&stream->out, slices[i].at + gone,
                                 slices[i].len - gone);
        if (rc < 0)
            return rc;
    }
    return set_interest(stream);
}

int mesh__stream_send(struct mesh_stream *stream,
                      const struct mesh_slice *slices, size_t count)
{
    int rc;

    if (stream->state != MESH__STREAM_READY)
        return mesh__fail(MESH_ERR_RESET, "the stream is closed");
    if (!stream->tls)
        return send_plain(stream, slices, count);
    borrow(&stream->out, &stream->link->out);
    rc = stream->link->engine->seal(stream->tls, slices, count, &stream->out);
    return rc < 0 ? rc : flush(stream);
}

void mesh__stream_end(struct mesh_stream *stream)
{
    struct mesh_port *port = port_of(stream);

    if (stream->state != MESH__STREAM_READY)
        return;
    if (stream->tls) {
        borrow(&stream->out, &stream->link->out);
        (void)stream->link->engine->close_notify(stream->tls, &stream->out);
        (void)flush(stream);
    }
    if (stream->out.len == 0)
        (void)port->ops->shutdown(port, stream->fd);
    mesh__error_clear();
}

/* --- receiving --- */

/* One recv; 0, MESH_ERR_WOULD_BLOCK, MESH_ERR_CLOSED at FIN, or an error. */
static int receive(struct mesh_stream *stream, struct mesh_buffer *into)
{
    struct mesh_port *port = port_of(stream);
    size_t size = into->ceiling - into->len;
    int64_t got;
    char *room;
    int rc;

    if (stream->drained)
        return MESH_ERR_WOULD_BLOCK;
    if (size > MESH__STREAM_IN)
        size = MESH__STREAM_IN;
    if (size == 0)
        return MESH_ERR_WOULD_BLOCK;
    rc = mesh__buffer_reserve(into, size, &room);
    if (rc < 0)
        return rc;
    do
        got = port->ops->recv(port, stream->fd, room, size);
    while (got == -EINTR);
    if (got == -EAGAIN) {
        stream->drained = true;
        return MESH_ERR_WOULD_BLOCK;
    }
    if (got < 0)
        return mesh__fail_errno(MESH_ERR_RESET, (int)-got, "recv");
    if (got == 0)
        return mesh__fail(MESH_ERR_CLOSED, "the peer closed the connection");
    stream->drained = (size_t)got < size;
    stream->moved_ns = mesh__loop_now(stream->link->loop);
    mesh__buffer_commit(into, (size_t)got);
    return 0;
}

static int fill_plain(struct mesh_stream *stream)
{
    int rc;

    borrow(&stream->plain, &stream->link->plain);
    rc = receive(stream, &stream->plain);
    if (rc == MESH_ERR_CLOSED) {
        stream->read_ended = true;
        stream->ended_in_order = true;
    }
    return rc;
}

/* Decrypt what has come: 0, or MESH_ERR_CLOSED after close_notify, or why. */
static int open_records(struct mesh_stream *stream)
{
    int rc;

    borrow(&stream->plain, &stream->link->plain);
    borrow(&stream->out, &stream->link->out);
    rc = stream->link->engine->open(stream->tls, &stream->in, &stream->plain,
                                    &stream->out);
    if (stream->out.len && flush(stream) < 0 && rc >= 0)
        rc = MESH_ERR_RESET;
    /* Others read before this one's plaintext is taken. */
    give_back(&stream->in, &stream->link->in);
    give_back(&stream->out, &stream->link->out);
    if (rc == MESH__TLS_CLOSED) {
        stream->read_ended = true;
        stream->ended_in_order = true;
        return mesh__fail(MESH_ERR_CLOSED, "the peer said close_notify");
    }
    return rc;
}

static int fill_tls(struct mesh_stream *stream)
{
    size_t before = stream->plain.len;
    int rc;

    if (stream->in.len || stream->link->engine->pending(stream->tls)) {
        rc = open_records(stream);
        if (rc != 0 || stream->plain.len > before)
            return stream->plain.len > before ? 0 : rc;
    }
    borrow(&stream->in, &stream->link->in);
    rc = receive(stream, &stream->in);
    if (rc == MESH_ERR_CLOSED) {
        stream->read_ended = true;
        return mesh__fail(MESH_ERR_RESET,
                          "the peer closed without close_notify");
    }
    if (rc < 0)
        return rc;
    rc = open_records(stream);
    if (stream->plain.len > before)
        return 0;
    return rc < 0 ? rc : 0;
}

int mesh__stream_fill(struct mesh_stream *stream)
{
    if (stream->state != MESH__STREAM_READY)
        return mesh__fail(MESH_ERR_RESET, "the stream is closed");
    if (stream->read_ended)
        return stream->ended_in_order
                   ? mesh__fail(MESH_ERR_CLOSED, "the peer closed")
                   : mesh__fail(MESH_ERR_RESET, "the peer closed");
    return stream->tls ? fill_tls(stream) : fill_plain(stream);
}

/* The end of the stream, as the codec sees it. */
static int event_at_end(struct mesh_stream *stream, int rc,
                        struct mesh_h1_event *event)
{
    if (rc != MESH_ERR_CLOSED)
        return rc;
    *event = mesh__h1_feed_end(&stream->parser);
    if (event->kind == MESH__H1_END)
        return 0;
    if (event->kind == MESH__H1_NEED_MORE)
        return mesh__fail(MESH_ERR_CLOSED, "the peer closed the connection");
    return mesh__fail(MESH_ERR_RESET,
                      "the peer closed in the middle of a message");
}

int mesh__stream_event(struct mesh_stream *stream, struct mesh_h1_event *event)
{
    for (;;) {
        size_t taken = 0;
        int rc;

        mesh__buffer_consume(&stream->plain, stream->eaten);
        stream->eaten = 0;
        *event = mesh__h1_feed(&stream->parser,
                               mesh__buffer_slice(&stream->plain), &taken);
        if (event->kind != MESH__H1_NEED_MORE) {
            stream->eaten = taken;
            return event->kind == MESH__H1_NO_MEMORY ? MESH_ERR_NOMEM : 0;
        }
        mesh__buffer_consume(&stream->plain, taken);
        rc = mesh__stream_fill(stream);
        if (rc < 0)
            return event_at_end(stream, rc, event);
    }
}

/* --- connecting and shaking hands --- */

static void become_ready(struct mesh_stream *stream)
{
    mesh__loop_cancel_timer(stream->link->loop, &stream->timer);
    stream->state = MESH__STREAM_READY;
    stream->moved_ns = mesh__loop_now(stream->link->loop);
    if (stream->tls) {
        stream->link->engine->info(stream->tls, &stream->info);
        mesh__count(stream->info.resumed
                        ? &stream->link->stats.handshakes_resumed
                        : &stream->link->stats.handshakes_full);
    }
    stream->drained = stream->in.len == 0 && stream->drained;
    if (mesh__stream_want(stream, true) < 0)
        (void)mesh__stream_fail(stream, MESH_ERR_SYSTEM);
    mesh__stream_settle(stream);
}

/* Read for the handshake: 0, MESH_ERR_WOULD_BLOCK or why not. */
static int shake_read(struct mesh_stream *stream)
{
    int rc;

    borrow(&stream->in, &stream->link->in);
    rc = receive(stream, &stream->in);
    if (rc == MESH_ERR_CLOSED)
        return mesh__fail(MESH_ERR_RESET,
                          "the peer closed during the TLS handshake");
    return rc;
}

static int shake_failed(struct mesh_stream *stream, int code)
{
    char line[MESH__STREAM_LINE];

    (void)snprintf(line, sizeof(line), "%.*s", (int)sizeof(line) - 1,
                   mesh__error_line());
    (void)flush(stream); /* the alert, if one lies there */
    mesh__count(&stream->link->stats.handshakes_failed);
    return mesh__stream_fail(stream, mesh__fail(code, "%s", line));
}

/* Go on until something must be waited for. Ends READY, FAILED or waiting. */
static void shake(struct mesh_stream *stream)
{
    const struct mesh_tls_engine *engine = stream->link->engine;

    while (stream->state == MESH__STREAM_SHAKING) {
        int64_t now_s = mesh__loop_wall(stream->link->loop) / (int64_t)MESH__S;
        int code = MESH_ERR_TLS;
        int rc = 0;

        borrow(&stream->out, &stream->link->out);
        switch (engine->step(stream->tls, &stream->in, &stream->out, now_s,
                             &code)) {
        case MESH__TLS_DONE:
            rc = flush(stream);
            if (rc == 0)
                become_ready(stream);
            break;
        case MESH__TLS_CPU:
            engine->work(stream->tls);
            break;
        case MESH__TLS_WRITE:
            rc = flush(stream);
            if (rc == 0 && stream->out.len)
                return;
            break;
        case MESH__TLS_READ:
            rc = flush(stream);
            if (rc == 0)
                rc = shake_read(stream);
            break;
        case MESH__TLS_FAILED:
            rc = code;
            break;
        }
        if (rc == MESH_ERR_WOULD_BLOCK)
            break;
        if (rc < 0)
            (void)shake_failed(stream, rc);
    }
    if (stream->state == MESH__STREAM_SHAKING)
        mesh__stream_settle(stream);
}

static int start_tls(struct mesh_stream *stream, struct mesh_slice session)
{
    const struct mesh_tls_engine *engine = stream->link->engine;
    int64_t now_s = mesh__loop_wall(stream->link->loop) / (int64_t)MESH__S;
    int rc = engine->session_new(stream->config, &stream->tls);

    if (rc < 0)
        return rc;
    if (session.len) {
        rc = engine->session_import(stream->tls, session, now_s);
        if (rc < 0 && rc != MESH_ERR_STATE)
            return rc;
        mesh__error_clear();
    }
    stream->state = MESH__STREAM_SHAKING;
    return mesh__stream_want(stream, true);
}

/* What was given to open waits here until connected. */
static void on_connected(struct mesh_stream *stream)
{
    struct mesh_port *port = port_of(stream);
    int rc = port->ops->connected(port, stream->fd);

    if (rc == -EINPROGRESS)
        return;
    if (rc < 0) {
        char text[MESH__ADDRESS_TEXT];

        mesh__address_print(&stream->peer_address, text);
        (void)mesh__stream_fail(
            stream,
            mesh__fail_errno(MESH_ERR_CONNECT, -rc, "connect to %s", text));
        return;
    }
    (void)port->ops->address(port, stream->fd, false, &stream->local_address);
    if (!stream->config) {
        become_ready(stream);
        return;
    }
    rc = start_tls(stream, mesh__buffer_slice(&stream->plain));
    mesh__buffer_clear(&stream->plain);
    if (rc < 0)
        (void)mesh__stream_fail(stream, rc);
    else
        shake(stream);
}

static void on_watch(struct mesh_watch *watch, unsigned events)
{
    struct mesh_stream *stream = MESH__OF(watch, struct mesh_stream, watch);

    if (events & (MESH__READABLE | MESH__HANGUP))
        stream->drained = false;
    if (stream->state == MESH__STREAM_CONNECTING)
        on_connected(stream);
    else if (stream->state == MESH__STREAM_SHAKING)
        shake(stream);
    else if (stream->out.len && flush(stream) < 0)
        (void)mesh__stream_fail(stream, MESH_ERR_RESET);
    if (stream->state == MESH__STREAM_READY ||
        stream->state == MESH__STREAM_FAILED)
        stream->on_ready(stream);
}

static void on_timer(struct mesh_timer *timer)
{
    struct mesh_stream *stream = MESH__OF(timer, struct mesh_stream, timer);
    bool connecting = stream->state == MESH__STREAM_CONNECTING;

    if (!connecting)
        mesh__count(&stream->link->stats.handshakes_failed);
    (void)mesh__stream_fail(
        stream,
        mesh__fail(MESH_ERR_TIMEOUT, connecting ? "connect timed out"
                                                : "TLS handshake timed out"));
    stream->on_ready(stream);
}

/* --- life --- */

static struct mesh_stream *stream_new(struct mesh_link *link, int fd,
                                      void (*on_ready)(struct mesh_stream *),
                                      void *owner)
{
    struct mesh_stream *stream = mesh__calloc(1, sizeof(*stream));

    if (!stream) {
        (void)mesh__fail(MESH_ERR_NOMEM, "a stream");
        return NULL;
    }
    mesh__list_init(&stream->node);
    stream->link = link;
    stream->fd = fd;
    stream->drained = true;
    stream->on_ready = on_ready;
    stream->owner = owner;
    stream->info = (struct mesh_tls_info){
        .protocol = "", .cipher = "", .alpn = "", .sni = ""
    };
    stream->opened_ns = mesh__loop_now(link->loop);
    mesh__watch_init(&stream->watch, fd, on_watch);
    mesh__timer_init(&stream->timer, on_timer);
    mesh__buffer_init(&stream->in, MESH__TLS_BUFFER);
    mesh__buffer_init(&stream->plain, MESH__STREAM_PLAIN);
    mesh__buffer_init(&stream->out, MESH__TLS_BUFFER);
    return stream;
}

static int connect_error(int errnum, const struct mesh_address *to)
{
    char text[MESH__ADDRESS_TEXT];
    int code = errnum == EMFILE || errnum == ENFILE    ? MESH_ERR_FILES
               : errnum == ENOMEM || errnum == ENOBUFS ? MESH_ERR_NOMEM
                                                       : MESH_ERR_CONNECT;

    mesh__address_print(to, text);
    return mesh__fail_errno(code, errnum, "connect to %s", text);
}

/* A socket that is connecting, kept alive where that is wanted, or -errno. */
static int dial_to(struct mesh_port *port, const struct mesh_address *to,
                   const struct mesh_dial *dial)
{
    int fd = port->ops->connect(port, to, dial->from);
    int rc;

    if (fd < 0 || !dial->keepalive.on)
        return fd;
    rc = port->ops->keepalive(port, fd, &dial->keepalive);
    if (rc < 0) {
        port->ops->close(port, fd, false);
        return rc;
    }
    return fd;
}

int mesh__stream_open(struct mesh_link *link, const struct mesh_address *to,
                      const struct mesh_dial *dial,
                      struct mesh_tls_config *config, struct mesh_slice session,
                      void (*on_ready)(struct mesh_stream *), void *owner,
                      struct mesh_stream **out)
{
    struct mesh_port *port = mesh__loop_port(link->loop);
    struct mesh_stream *stream;
    int fd = dial_to(port, to, dial);
    int rc;

    *out = NULL;
    if (fd < 0)
        return connect_error(-fd, to);
    stream = stream_new(link, fd, on_ready, owner);
    if (!stream) {
        port->ops->close(port, fd, false);
        return MESH_ERR_NOMEM;
    }
    mesh__h1_parser_init(&stream->parser, MESH__H1_RESPONSES, &link->limits);
    stream->state = MESH__STREAM_CONNECTING;
    stream->peer_address = *to;
    if (config)
        stream->config = link->engine->config_ref(config);
    /* The session waits in plain, which nobody needs before READY. */
    rc = mesh__buffer_append(&stream->plain, session.at, session.len);
    stream->until_ns = mesh__time_add(stream->opened_ns, dial->timeout_ns);
    if (rc == 0)
        rc = mesh__loop_set_timer(link->loop, &stream->timer, stream->until_ns);
    if (rc == 0)
        rc = set_interest(stream);
    if (rc < 0) {
        mesh__stream_close(stream, NULL, true);
        return rc;
    }
    mesh__count(&link->stats.opened);
    *out = stream;
    return 0;
}

int mesh__stream_accepted(struct mesh_link *link, int fd,
                          const struct mesh_address *peer,
                          void (*on_ready)(struct mesh_stream *), void *owner,
                          struct mesh_stream **out)
{
    struct mesh_port *port = mesh__loop_port(link->loop);
    struct mesh_stream *stream = stream_new(link, fd, on_ready, owner);
    int rc;

    *out = NULL;
    if (!stream) {
        port->ops->close(port, fd, true);
        return MESH_ERR_NOMEM;
    }
    mesh__h1_parser_init(&stream->parser, MESH__H1_REQUESTS, &link->limits);
    stream->server = true;
    stream->state = MESH__STREAM_READY;
    stream->peer_address = *peer;
    (void)port->ops->address(port, fd, false, &stream->local_address);
    rc = mesh__stream_want(stream, true);
    if (rc < 0) {
        mesh__stream_close(stream, NULL, true);
        return rc;
    }
    mesh__count(&link->stats.accepted);
    *out = stream;
    return 0;
}

int mesh__stream_shake(struct mesh_stream *stream,
                       struct mesh_tls_config *config,
                       struct mesh_slice session, uint64_t timeout_ns)
{
    int rc;

    stream->config = stream->link->engine->config_ref(config);
    /* What fill took for plaintext is the beginning of the handshake. */
    rc = mesh__buffer_append(&stream->in, mesh__buffer_data(&stream->plain),
                             stream->plain.len);
    if (rc < 0)
        return rc;
    mesh__buffer_clear(&stream->plain);
    rc = start_tls(stream, session);
    if (rc == 0)
        rc = mesh__loop_set_timer(
            stream->link->loop, &stream->timer,
            mesh__time_add(mesh__loop_now(stream->link->loop), timeout_ns));
    if (rc < 0)
        return rc;
    shake(stream);
    if (stream->state == MESH__STREAM_FAILED)
        return stream->code;
    return 0;
}

void mesh__stream_detach(struct mesh_stream *stream)
{
    mesh__loop_cancel_timer(stream->link->loop, &stream->timer);
    mesh__stream_settle(stream);
    mesh__loop_unwatch(stream->link->loop, &stream->watch);
    mesh__buffer_shrink(&stream->in, 0);
    mesh__buffer_shrink(&stream->plain, 0);
    mesh__buffer_shrink(&stream->out, 0);
    stream->link = NULL;
}

int mesh__stream_attach(struct mesh_stream *stream, struct mesh_link *link,
                        void (*on_ready)(struct mesh_stream *), void *owner)
{
    stream->link = link;
    stream->on_ready = on_ready;
    stream->owner = owner;
    stream->drained = true;
    mesh__watch_init(&stream->watch, stream->fd, on_watch);
    mesh__timer_init(&stream->timer, on_timer);
    return mesh__stream_want(stream, true);
}

void mesh__stream_suspend(struct mesh_stream *stream)
{
    mesh__loop_cancel_timer(stream->link->loop, &stream->timer);
    mesh__stream_settle(stream);
    mesh__loop_unwatch(stream->link->loop, &stream->watch);
    stream->link = NULL;
}

int mesh__stream_resume(struct mesh_stream *stream, struct mesh_link *link,
                        void (*on_ready)(struct mesh_stream *), void *owner)
{
    int rc;

    stream->link = link;
    stream->on_ready = on_ready;
    stream->owner = owner;
    stream->drained = true;
    mesh__watch_init(&stream->watch, stream->fd, on_watch);
    mesh__timer_init(&stream->timer, on_timer);
    rc = mesh__loop_set_timer(link->loop, &stream->timer, stream->until_ns);
    if (rc == 0)
        rc = set_interest(stream);
    return rc < 0 ? mesh__stream_fail(stream, rc) : 0;
}

bool mesh__stream_fresh(struct mesh_stream *stream, struct mesh_port *port)
{
    return stream->state == MESH__STREAM_READY && !stream->read_ended &&
           stream->in.len == 0 && stream->plain.len == 0 &&
           port->ops->peek(port, stream->fd) == 0;
}

static void stream_free(struct mesh_stream *stream)
{
    if (stream->tls)
        stream->tls->engine->session_free(stream->tls);
    if (stream->config)
        stream->config->engine->config_unref(stream->config);
    mesh__h1_parser_fini(&stream->parser);
    mesh__buffer_fini(&stream->in);
    mesh__buffer_fini(&stream->plain);
    mesh__buffer_fini(&stream->out);
    mesh__free(stream);
}

void mesh__stream_close(struct mesh_stream *stream, struct mesh_port *port,
                        bool reset)
{
    struct mesh_link *link = stream->link;

    if (link) {
        port = port_of(stream);
        if (!reset && stream->state == MESH__STREAM_READY && stream->tls)
            mesh__stream_end(stream);
        mesh__loop_cancel_timer(link->loop, &stream->timer);
        mesh__loop_unwatch(link->loop, &stream->watch);
        mesh__count(&link->stats.closed);
        mesh__buffer_clear(&stream->in);
        mesh__buffer_clear(&stream->plain);
        mesh__buffer_clear(&stream->out);
        stream->eaten = 0;
        mesh__stream_settle(stream);
    }
    port->ops->close(port, stream->fd, reset);
    stream_free(stream);
}

void mesh__stream_forked(struct mesh_stream *stream, struct mesh_port *port)
{
    port->ops->close(port, stream->fd, false);
    stream_free(stream);
}

const struct mesh_peer *mesh__stream_peer(const struct mesh_stream *stream)
{
    return stream->tls && stream->state == MESH__STREAM_READY
               ? stream->tls->engine->peer(stream->tls)
               : NULL;
}

void mesh__stream_info(const struct mesh_stream *stream,
                       struct mesh_tls_info *out)
{
    *out = stream->info;
}
