/*
 * maglev.h - a Maglev table: Envoy's maglev_lb.cc, slot for slot.
 *
 * As with a ring, filling is done where nobody waits, and a table may be found
 * in while it is filled anew.
 */
#ifndef MESH_VALUE_MAGLEV_H
#define MESH_VALUE_MAGLEV_H

#include "value/ring.h"

enum { MESH__MAGLEV_SLOTS = 65537 }; /* where nobody says another size */

/* Zeroed it is empty; slots is the caller's memory, size of them, a prime. */
struct mesh_maglev {
    atomic_uint *slots;
    size_t size;
    atomic_bool filled;
};

/*
 * Every slot gets an owner; with none the table is empty. 0, or MESH_ERR_NOMEM
 * with the table unchanged.
 */
int mesh__maglev_fill(struct mesh_maglev *table,
                      const struct mesh_owner *owners, size_t count);

/* The owner of a hash, another one perhaps for each attempt above 0. */
bool mesh__maglev_find(const struct mesh_maglev *table, uint64_t hash,
                       uint32_t attempt, uint32_t *index);

#endif
