/*
 * pick.h - which endpoint: the balancer over those that are admitted.
 */
#ifndef MESH_TRAFFIC_PICK_H
#define MESH_TRAFFIC_PICK_H

#include "policy/why.h"
#include "traffic/live.h"

#include <stdint.h>

enum { MESH__TRIED_MAX = 32 }; /* endpoints remembered per exchange */

/* Draws that one decision may need, uniform over uint64_t. */
struct mesh_draws {
    uint64_t (*next)(void *user);
    void *user;
};

/* For what an endpoint is wanted. */
struct mesh_pick_ask {
    uint64_t now_ns;
    const struct mesh_draws *draws;
    const size_t *tried; /* indexes of earlier attempts, in order */
    size_t tried_count;
    uint32_t re_picks;     /* further picks to avoid those */
    bool leave_priorities; /* a retry is to go to other priorities */
    bool has_key;          /* hashing balancers; else the dice decide */
    uint64_t key;
};

struct mesh_pick {
    const struct mesh_endpoint *endpoint; /* NULL: none is available (UH) */
    struct mesh_live_endpoint *live;
    size_t index;
    bool panic;
};

/* Does a key decide here? */
static inline bool mesh__key_balances(
    const struct mesh_destination *destination)
{
    return destination->balancer == MESH__RING_HASH ||
           destination->balancer == MESH__MAGLEV;
}

/*
 * Pick for one attempt. tried are avoided with at most re_picks further picks;
 * the last pick counts even if tried, as in Envoy. Ejections reach the picker
 * at most once a second (seen: outlier-merge-window); sweeps whose time has
 * come are done here. No allocation; no lock but a try-lock for a due sweep,
 * and that of the schedule where endpoints or localities of this destination
 * weigh different.
 */
void mesh__pick(const struct mesh_destination *destination,
                const struct mesh_pick_ask *ask, struct mesh_pick *out,
                struct mesh__why *why);

#endif
