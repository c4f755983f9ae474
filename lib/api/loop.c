/*
 * loop.c - mesh_loop: the host's own loop drives a lane.
 */
#include "api/inside.h"

#include "value/duration.h"

int64_t mesh__deadline_of(int64_t timeout_ms)
{
    if (timeout_ms < 0 || timeout_ms > INT64_MAX / (int64_t)MESH__S)
        return INT64_MAX;
    return (int64_t)mesh__kernel_now_ns() + timeout_ms * (int64_t)MESH__MS;
}

uint64_t mesh__left_ns(int64_t deadline_ns)
{
    int64_t now_ns;

    if (deadline_ns == INT64_MAX)
        return MESH__NEVER;
    now_ns = (int64_t)mesh__kernel_now_ns();
    return now_ns < deadline_ns ? (uint64_t)(deadline_ns - now_ns) : 0;
}

int mesh_loop_new(mesh_workload *workload, mesh_loop **out, mesh_error *error)
{
    struct mesh_lane *lane;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !out)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
    rc = mesh__workload_check_open(workload);
    if (rc == 0)
        rc = mesh__lane_new(workload, MESH__LANE_HOST, &lane);
    if (rc == 0)
        *out = lane->loop;
    return mesh__error_out(error, rc);
}

void mesh_loop_free(mesh_loop *loop)
{
    if (!loop || mesh__lane_of(loop)->kind == MESH__LANE_KEEPER)
        return;
    if (mesh__workload_check(mesh__lane_of(loop)->workload) == 0)
        mesh__lane_unref(mesh__lane_of(loop));
    mesh__error_clear();
}

int mesh_loop_fd(const mesh_loop *loop)
{
    struct mesh_port *port;

    if (!loop)
        return -1;
    port = mesh__loop_port(loop);
    return port->ops->fd(port);
}

int64_t mesh_loop_timeout_ms(mesh_loop *loop)
{
    uint64_t wanted_ns;

    if (!loop)
        return -1;
    wanted_ns = mesh__loop_wanted_ns(loop);
    if (wanted_ns == MESH__NEVER)
        return -1;
    return (int64_t)(wanted_ns / MESH__MS + (wanted_ns % MESH__MS != 0));
}

int mesh_loop_step(mesh_loop *loop, int64_t timeout_ms, mesh_error *error)
{
    int rc;

    if (!loop)
        return mesh__error_out(error,
                               mesh__fail(MESH_ERR_INVALID, "loop is NULL"));
    rc = mesh__workload_check(mesh__lane_of(loop)->workload);
    if (rc == 0)
        rc = mesh__loop_step(loop,
                             timeout_ms < 0 ? MESH__NEVER
                                            : (uint64_t)timeout_ms * MESH__MS,
                             NULL, NULL);
    if (rc < 0)
        return mesh__error_out(error, rc);
    (void)mesh__error_out(error, 0);
    return rc;
}

mesh_call *mesh_loop_next_call(mesh_loop *loop)
{
    struct mesh_node *node;

    if (!loop)
        return NULL;
    mesh__loop_visit(loop);
    node = mesh__list_pop(&mesh__lane_of(loop)->news);
    mesh__loop_leave(loop);
    return node ? MESH__OF(node, struct mesh_call, news) : NULL;
}

#define HELP_NS (10 * MESH__MS) /* of the keeper's, at once */

uint64_t mesh__help_keeper(struct mesh_lane *lane, uint64_t left_ns)
{
    struct mesh_loop *keeper = lane->workload->keeper->loop;
    uint64_t slice_ns = left_ns < HELP_NS ? left_ns : HELP_NS;
    bool driven;

    if (lane->loop == keeper)
        return left_ns;
    driven = mesh__loop_step(keeper, slice_ns, NULL, NULL) < 0;
    mesh__error_clear();
    return driven ? slice_ns : 0;
}
