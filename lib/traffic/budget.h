/*
 * budget.h - how many retries of a destination may be under way at once
 * (Envoy: resource_manager_impl.h).
 */
#ifndef MESH_TRAFFIC_BUDGET_H
#define MESH_TRAFFIC_BUDGET_H

#include "policy/snapshot.h"

#include <stdint.h>

/* An attempt, a retry's too, begins on a stream: what a budget with an interval
 * counts. Nothing to do without one. */
void mesh__budget_note(const struct mesh_destination *destination,
                       uint64_t now_ns);

/* maxRetries, or what the budget comes to now. For a bound destination. */
uint32_t mesh__budget_most(const struct mesh_destination *destination,
                           uint64_t now_ns);

#endif
