/*
 * accept.c - the listener: connections in, as many as there are descriptors.
 *
 * Declines to know what a connection carries and who is at its other end.
 */
#include "server/inside.h"

#include "base/error.h"
#include "value/duration.h"

#include <errno.h>

enum { REST_MS = 100 }; /* when there is no descriptor left */

static struct mesh_port *port_of(const struct mesh_door *door)
{
    return mesh__loop_port(door->env->link->loop);
}

bool mesh__rate_passes(struct mesh_rate *rate, uint64_t now_ns)
{
    uint64_t second = now_ns / MESH__S;

    if (rate->second != second)
        *rate = (struct mesh_rate){ .second = second };
    return rate->lines++ < MESH__SERVER_LOG_LINES;
}

/* Nothing is accepted for a while: the listener would be ready all the time. */
static void rest(struct mesh_door *door, int errnum)
{
    struct mesh_loop *loop = door->env->link->loop;
    char text[MESH__ADDRESS_TEXT];

    if (!door->starved) {
        mesh__address_print(&door->address, text);
        mesh__log_write(door->env->log, door->env->files_event,
                        "%s accepts nothing for now: %s", text,
                        errnum == EMFILE || errnum == ENFILE
                            ? "no descriptor is left"
                            : "the system has no room for a connection");
        door->starved = true;
    }
    /* Its place is kept, so this works without memory, too. */
    (void)mesh__loop_set_timer(
        loop, &door->rest,
        mesh__time_add(mesh__loop_now(loop), REST_MS * MESH__MS));
    (void)mesh__loop_watch(loop, &door->watch, 0);
}

static void on_rested(struct mesh_timer *timer)
{
    struct mesh_door *door = MESH__OF(timer, struct mesh_door, rest);
    struct mesh_loop *loop = door->env->link->loop;

    (void)mesh__loop_keep_timer(loop, timer);
    if (mesh__loop_watch(loop, &door->watch, MESH__READABLE) < 0) {
        mesh__error_clear();
        rest(door, ENOMEM);
    }
}

/* What concerns one connection and not the next. */
static bool is_passing(int errnum)
{
    return errnum == EINTR || errnum == ECONNABORTED || errnum == EPROTO;
}

static void on_listener(struct mesh_watch *watch, unsigned events)
{
    struct mesh_door *door = MESH__OF(watch, struct mesh_door, watch);
    struct mesh_port *port = port_of(door);
    struct mesh_address peer;

    (void)events;
    for (int i = 0; i < MESH__SERVER_ACCEPTS && door->fd >= 0; i++) {
        int fd = port->ops->accept(port, door->fd, &peer);

        if (fd == -EAGAIN)
            return;
        if (fd >= 0) {
            door->starved = false;
            door->on_guest(door, fd, &peer);
        } else if (!is_passing(-fd)) {
            rest(door, -fd);
            return;
        }
    }
}

static int listen_error(int errnum, const struct mesh_address *at)
{
    char text[MESH__ADDRESS_TEXT];
    int code;

    switch (errnum) {
    case EADDRINUSE:
    case EADDRNOTAVAIL:
    case EACCES:
        code = MESH_ERR_ADDRESS;
        break;
    case EMFILE:
    case ENFILE:
        code = MESH_ERR_FILES;
        break;
    case ENOMEM:
    case ENOBUFS:
        code = MESH_ERR_NOMEM;
        break;
    default:
        code = MESH_ERR_SYSTEM;
        break;
    }
    mesh__address_print(at, text);
    return mesh__fail_errno(code, errnum, "listen on %s", text);
}

int mesh__door_open(struct mesh_door *door, struct mesh_server_env *env,
                    const struct mesh_address *at, uint16_t policy_port)
{
    struct mesh_port *port = mesh__loop_port(env->link->loop);
    int rc;

    door->env = env;
    door->address = *at;
    mesh__timer_init(&door->rest, on_rested);
    door->fd = port->ops->listen(port, at, MESH__SERVER_BACKLOG);
    mesh__watch_init(&door->watch, door->fd, on_listener);
    if (door->fd < 0)
        return listen_error(-door->fd, at);
    rc = port->ops->address(port, door->fd, false, &door->address);
    if (rc < 0)
        return mesh__fail_errno(MESH_ERR_SYSTEM, -rc, "a listener's address");
    door->policy_port = policy_port ? policy_port : door->address.port;
    rc = mesh__loop_keep_timer(env->link->loop, &door->rest);
    if (rc < 0)
        return rc;
    return mesh__loop_watch(env->link->loop, &door->watch, MESH__READABLE);
}

void mesh__door_shut(struct mesh_door *door)
{
    struct mesh_loop *loop;

    if (door->fd < 0)
        return;
    loop = door->env->link->loop;
    mesh__loop_cancel_timer(loop, &door->rest);
    mesh__loop_unwatch(loop, &door->watch);
    port_of(door)->ops->close(port_of(door), door->fd, false);
    door->fd = -1;
}

void mesh__door_forked(struct mesh_door *door)
{
    if (door->fd >= 0)
        port_of(door)->ops->close(port_of(door), door->fd, false);
    door->fd = -1;
}

void mesh__door_fini(struct mesh_door *door)
{
    mesh__door_shut(door);
    if (door->config)
        door->env->link->engine->config_unref(door->config);
    mesh__credential_unref(door->credential);
    door->config = NULL;
    door->credential = NULL;
}
