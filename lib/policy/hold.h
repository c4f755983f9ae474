/*
 * hold.h - one loop's reference to a snapshot.
 *
 * A loop holds one reference per generation; exchanges count against their
 * loop's holder with plain arithmetic, so that no count is shared between
 * threads. A holder lives until it is retired and its last exchange ended.
 * All calls with the loop entered.
 */
#ifndef MESH_POLICY_HOLD_H
#define MESH_POLICY_HOLD_H

#include "base/alloc.h"
#include "policy/snapshot.h"

struct mesh_hold {
    struct mesh_snapshot *snapshot; /* counted */
    size_t uses;
    bool retired;
};

/* Takes the reference to snapshot; NULL when memory is out (it is kept). */
static inline struct mesh_hold *mesh__hold_new(struct mesh_snapshot *snapshot)
{
    struct mesh_hold *hold = mesh__calloc(1, sizeof(*hold));

    if (hold)
        hold->snapshot = snapshot;
    return hold;
}

static inline void mesh__hold_settle(struct mesh_hold *hold)
{
    if (hold && hold->retired && hold->uses == 0) {
        mesh__snapshot_unref(hold->snapshot);
        mesh__free(hold);
    }
}

static inline struct mesh_hold *mesh__hold_use(struct mesh_hold *hold)
{
    hold->uses++;
    return hold;
}

static inline void mesh__hold_done(struct mesh_hold *hold)
{
    if (hold) {
        hold->uses--;
        mesh__hold_settle(hold);
    }
}

/* The loop has a newer one, or ends. */
static inline void mesh__hold_retire(struct mesh_hold *hold)
{
    if (hold) {
        hold->retired = true;
        mesh__hold_settle(hold);
    }
}

#endif
