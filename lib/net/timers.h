/*
 * timers.h - a loop's timers in a heap, the earliest first; for net/ alone.
 */
#ifndef MESH_NET_TIMERS_H
#define MESH_NET_TIMERS_H

#include "net/loop.h"
#include "value/duration.h"

struct mesh_timers {
    struct mesh_timer **heap;
    size_t count;
    size_t capacity;
};

void mesh__timers_fini(struct mesh_timers *timers);

/*
 * Set, move, or only keep a place for (MESH__NEVER). 0, or MESH_ERR_NOMEM or
 * _TOO_LARGE; never fails for one that has a place.
 */
int mesh__timers_put(struct mesh_timers *timers, struct mesh_timer *timer,
                     uint64_t due_ns);

/* Harmless for one that has no place. */
void mesh__timers_remove(struct mesh_timers *timers, struct mesh_timer *timer);

/* When the earliest is due; MESH__NEVER: none is. */
static inline uint64_t mesh__timers_next_ns(const struct mesh_timers *timers)
{
    return timers->count ? timers->heap[0]->due_ns : MESH__NEVER;
}

#endif
