/*
 * bounds.c - how long a plain stream may be idle, and open.
 *
 * Knows Envoy's tcp_proxy: idle_timeout and max_downstream_connection_duration.
 * Declines to know which policy asks for them.
 */
#include "link/bounds.h"

#include "base/error.h"
#include "value/duration.h"

static uint64_t idle_until(const struct mesh_bounds *bounds)
{
    const struct mesh_stream *stream = bounds->stream;
    uint64_t since_ns = bounds->since_ns > stream->moved_ns ? bounds->since_ns
                                                            : stream->moved_ns;

    return bounds->idle_ns ? mesh__time_add(since_ns, bounds->idle_ns)
                           : MESH__NEVER;
}

static uint64_t open_until(const struct mesh_bounds *bounds)
{
    return bounds->open_ns
               ? mesh__time_add(bounds->stream->opened_ns, bounds->open_ns)
               : MESH__NEVER;
}

static uint64_t due_ns(const struct mesh_bounds *bounds)
{
    uint64_t idle_ns = idle_until(bounds);
    uint64_t open_ns = open_until(bounds);

    return idle_ns < open_ns ? idle_ns : open_ns;
}

/*
 * Bytes that the owner has not taken from the socket did move; when, nobody
 * can tell. They count once, as those that a sidecar cannot get rid of.
 */
static bool has_news(struct mesh_bounds *bounds, uint64_t now_ns)
{
    struct mesh_stream *stream = bounds->stream;
    struct mesh_port *port = mesh__loop_port(stream->link->loop);

    if (stream->read_ended ||
        (bounds->unread_ns && bounds->unread_ns > stream->moved_ns) ||
        port->ops->peek(port, stream->fd) != 1)
        return false;
    bounds->since_ns = bounds->unread_ns = now_ns;
    return true;
}

/* Which bound is over by now. */
static enum mesh_bound over_by(struct mesh_bounds *bounds, uint64_t now_ns)
{
    if (now_ns >= open_until(bounds))
        return MESH__BOUND_OPEN;
    if (now_ns < idle_until(bounds))
        return MESH__BOUND_NONE;
    if (bounds->stream->state != MESH__STREAM_READY) {
        bounds->since_ns = now_ns;
        return MESH__BOUND_NONE;
    }
    return has_news(bounds, now_ns) ? MESH__BOUND_NONE : MESH__BOUND_IDLE;
}

static void say_goodbye(struct mesh_stream *stream)
{
    struct mesh_port *port = mesh__loop_port(stream->link->loop);

    if (mesh__stream_backlog(stream) == 0) {
        mesh__stream_end(stream);
        return;
    }
    mesh__buffer_clear(&stream->out); /* perhaps in the midst of a record */
    (void)port->ops->shutdown(port, stream->fd);
}

static void end_by(struct mesh_bounds *bounds, enum mesh_bound over)
{
    struct mesh_stream *stream = bounds->stream;
    uint64_t ns = over == MESH__BOUND_IDLE ? bounds->idle_ns : bounds->open_ns;

    if (stream->state == MESH__STREAM_READY)
        say_goodbye(stream);
    bounds->over = over;
    mesh__loop_cancel_timer(stream->link->loop, &bounds->timer);
    (void)mesh__stream_fail(
        stream, mesh__fail(MESH_ERR_CLOSED, "%s %llu ms: %s",
                           over == MESH__BOUND_IDLE ? "idle for" : "open for",
                           (unsigned long long)(ns / MESH__MS),
                           over == MESH__BOUND_IDLE ? "idleTimeout"
                                                    : "maxConnectionDuration"));
    mesh__stream_settle(stream);
    mesh__error_clear();
}

/* Is it over now? */
static bool look(struct mesh_bounds *bounds)
{
    struct mesh_loop *loop = bounds->stream->link->loop;
    enum mesh_bound over;

    if (bounds->stream->state == MESH__STREAM_FAILED)
        return false;
    over = over_by(bounds, mesh__loop_now(loop));
    if (over)
        end_by(bounds, over);
    return over != MESH__BOUND_NONE;
}

static void on_due(struct mesh_timer *timer)
{
    struct mesh_bounds *bounds = MESH__OF(timer, struct mesh_bounds, timer);
    struct mesh_stream *stream = bounds->stream;

    if (look(bounds))
        stream->on_ready(stream);
    else if (stream->state != MESH__STREAM_FAILED)
        (void)mesh__loop_set_timer(stream->link->loop, timer, due_ns(bounds));
}

void mesh__bounds_look(struct mesh_stream *stream)
{
    if (stream->bounds)
        (void)look(stream->bounds);
}

int mesh__bounds_begin(struct mesh_bounds *bounds, struct mesh_stream *stream,
                       uint64_t idle_ns, uint64_t open_ns)
{
    struct mesh_loop *loop = stream->link->loop;

    *bounds = (struct mesh_bounds){ .stream = stream,
                                    .idle_ns = idle_ns,
                                    .open_ns = open_ns,
                                    .since_ns = mesh__loop_now(loop) };
    mesh__timer_init(&bounds->timer, on_due);
    stream->bounds = bounds;
    return mesh__loop_set_timer(loop, &bounds->timer, due_ns(bounds));
}

void mesh__bounds_end(struct mesh_bounds *bounds, struct mesh_loop *loop)
{
    if (!bounds->stream)
        return;
    mesh__loop_cancel_timer(loop, &bounds->timer);
    bounds->stream->bounds = NULL;
    bounds->stream = NULL;
}
