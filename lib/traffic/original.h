/*
 * original.h - endpoints that the caller brings along: the live state of the
 * addresses that a destination without endpoints of its own was sent to
 * (Envoy's ORIGINAL_DST). What nobody used for a while is forgotten.
 */
#ifndef MESH_TRAFFIC_ORIGINAL_H
#define MESH_TRAFFIC_ORIGINAL_H

#include "traffic/pick.h"

enum { MESH__ORIGINALS = 4096 }; /* addresses of a destination at once */

/*
 * The pick of a destination whose original is set: the caller's address, as an
 * endpoint in arena. index is none of a set, so that outlier detection hears
 * nothing of it. 0, MESH_ERR_NOMEM, or MESH_ERR_OVERFLOW. Give it back with
 * mesh__original_done, once for each.
 */
int mesh__original_pick(const struct mesh_destination *destination,
                        const struct mesh_address *address, uint64_t now_ns,
                        struct mesh_arena *arena, struct mesh_pick *out);
/* Nothing for a pick of any other kind, and for an empty one. */
void mesh__original_done(const struct mesh_destination *destination,
                         struct mesh_pick *pick, uint64_t now_ns);

#endif
