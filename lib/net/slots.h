/*
 * slots.h - under which number the port knows a watch; for net/ alone.
 *
 * A watch is known to the port by its slot, not by its address: between a wait
 * and its handlers another thread may unwatch and free it. A slot given back
 * rests until the next wait begins, so an old event never finds a new watch.
 */
#ifndef MESH_NET_SLOTS_H
#define MESH_NET_SLOTS_H

#include "net/loop.h"

struct mesh_slot {
    struct mesh_watch *watch; /* NULL: free or resting                  */
    size_t next;              /* 1 + index in its list of slots, 0: end */
};

struct mesh_slots {
    struct mesh_slot *items;
    size_t count;
    size_t capacity;
    size_t free; /* list heads: 1 + index, 0: empty */
    size_t resting;
};

void mesh__slots_fini(struct mesh_slots *slots);

/* watch->slot is the number from now on. 0, MESH_ERR_NOMEM or _TOO_LARGE. */
int mesh__slots_take(struct mesh_slots *slots, struct mesh_watch *watch);
void mesh__slots_give(struct mesh_slots *slots, struct mesh_watch *watch);

/* No event of an earlier wait is left: those that rested are free. */
void mesh__slots_wake(struct mesh_slots *slots);

/* NULL: unwatched since the port saw it. */
static inline struct mesh_watch *mesh__slots_watch(
    const struct mesh_slots *slots, size_t slot)
{
    return slots->items[slot - 1].watch;
}

#endif
