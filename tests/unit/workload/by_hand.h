/*
 * by_hand.h - a workload's keeper, stepped by hand: timers are made due,
 * nothing waits.
 */
#ifndef MESH_TEST_BY_HAND_H
#define MESH_TEST_BY_HAND_H

#include "workload/workload.h"

/* All that is ready now, and what comes of it. */
void by_hand_step(mesh_workload *workload);

bool by_hand_is_set(mesh_workload *workload, const struct mesh_timer *timer);

/* One of the keeper's timers runs now; false: it was not set. */
bool by_hand_run(mesh_workload *workload, struct mesh_timer *timer);

#endif
