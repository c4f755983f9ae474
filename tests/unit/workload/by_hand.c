/*
 * by_hand.c - a workload's keeper, stepped by hand.
 */
#include "by_hand.h"

#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

void by_hand_step(mesh_workload *workload)
{
    while (mesh_loop_step(workload->keeper->loop, 0, NULL) == 1)
        continue;
}

bool by_hand_is_set(mesh_workload *workload, const struct mesh_timer *timer)
{
    bool set;

    mesh__loop_enter(workload->keeper->loop);
    set = timer->place != 0 && timer->due_ns != MESH__NEVER;
    mesh__loop_leave(workload->keeper->loop);
    return set;
}

bool by_hand_run(mesh_workload *workload, struct mesh_timer *timer)
{
    struct mesh_loop *loop = workload->keeper->loop;
    bool set = by_hand_is_set(workload, timer);

    if (!set)
        return false;
    mesh__loop_enter(loop);
    assert_int_equal(mesh__loop_set_timer(loop, timer, mesh__loop_now(loop)),
                     0);
    mesh__loop_leave(loop);
    by_hand_step(workload);
    return true;
}
