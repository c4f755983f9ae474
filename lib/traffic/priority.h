/*
 * priority.h - which priority of a destination gets the next attempt; for
 * traffic/ alone (Envoy: load_balancer_impl.cc, previous_priorities.cc).
 */
#ifndef MESH_TRAFFIC_PRIORITY_H
#define MESH_TRAFFIC_PRIORITY_H

#include "traffic/live.h"

/*
 * Divide the load anew: a priority carries 1.4 times the share of its
 * endpoints that are admitted, what it cannot carry goes to the next. Panic is
 * found out here, too. Under the destination's lock, after the groups' counts.
 */
void mesh__priorities_share(struct mesh_live *live);

/* The one that a draw falls into, by load. */
size_t mesh__priority_pick(const struct mesh_live *live, uint64_t draw);

/*
 * The same for a retry that is to leave priorities (retryRemoteLocalities):
 * after every second attempt those that were tried carry nothing, until none
 * is left and all count again. tried are indexes of endpoints.
 */
size_t mesh__priority_pick_other(const struct mesh_live *live, uint64_t draw,
                                 const size_t *tried, size_t tried_count);

/* How much of its weight a group is worth now: 1, or less than 5/7 are in. */
double mesh__group_health(const struct mesh_live_source *group);

#endif
