/*
 * ring.h - a consistent-hash ring: Envoy's ring_hash_lb.cc, entry for entry.
 *
 * Filling takes memory and time and is done where nobody waits; finding takes
 * neither. A ring may be found in while it is filled anew: the finder then
 * meets some old and some new entries, each the owner of something.
 */
#ifndef MESH_VALUE_RING_H
#define MESH_VALUE_RING_H

#include "base/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who may own places on a ring or in a table. */
struct mesh_owner {
    struct mesh_slice key; /* "10.0.0.1:8080", hashed            */
    double weight;         /* above 0; those of all sum up to 1  */
    uint32_t index;        /* what finding answers               */
};

enum { MESH__RING_MOST = 8 * 1024 * 1024 }; /* Envoy's maximum_ring_size */

struct mesh_ring_point {
    atomic_uint_fast64_t hash;
    atomic_uint owner;
};

/* Zeroed it is empty; points is the caller's memory. */
struct mesh_ring {
    struct mesh_ring_point *points; /* ascending by hash */
    size_t room;
    atomic_size_t count;
};

/*
 * The points that a ring of at least least entries needs, for these owners or
 * any fewer of them whose weights were made to sum up to 1 again.
 */
size_t mesh__ring_room(const struct mesh_owner *owners, size_t count,
                       uint64_t least);

/*
 * Each owner's share of the ring, in the order given. Beyond ring->room points
 * nothing is placed. 0, or MESH_ERR_NOMEM with the ring unchanged.
 */
int mesh__ring_fill(struct mesh_ring *ring, const struct mesh_owner *owners,
                    size_t count, uint64_t least);

/*
 * The owner of a hash, or with attempt above 0 that of the attempt-th point
 * behind it. False when the ring is empty.
 */
bool mesh__ring_find(const struct mesh_ring *ring, uint64_t hash,
                     uint32_t attempt, uint32_t *index);

#endif
