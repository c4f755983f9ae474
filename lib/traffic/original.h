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
 * Where the caller goes, as far as no name has to be asked for: what it said
 * (family 0: nothing), else host as an IP address, else an endpoint of those
 * behind the service, drawn: what its name would be answered with. Family 0:
 * there is none.
 */
struct mesh_address mesh__original_given(
    const struct mesh_destination *destination, const struct mesh_address *said,
    struct mesh_slice host, uint64_t draw);

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
