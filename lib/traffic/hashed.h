/*
 * hashed.h - who owns a key among those that are admitted; for traffic/ alone.
 *
 * The ring or table of all endpoints came with the endpoint set. While
 * somebody is ejected, one of two spare ones stands in for it, filled by the
 * keeper: a finder that still reads the other one is not disturbed.
 */
#ifndef MESH_TRAFFIC_HASHED_H
#define MESH_TRAFFIC_HASHED_H

#include "traffic/live.h"

struct mesh_hashed;

/* For one priority, which must outlive it, and rings of at least ring_least
 * entries. 0 or NOMEM. */
int mesh__hashed_new(const struct mesh_priority *priority, uint64_t ring_least,
                     struct mesh_hashed **out);
void mesh__hashed_free(struct mesh_hashed *hashed);

/* Who is admitted has changed; where everyone is, the set's own ring serves at
 * once. Both under the destination's lock. */
void mesh__hashed_outdate(struct mesh_hashed *hashed, bool everyone);
bool mesh__hashed_is_stale(const struct mesh_live *live);

/* Fill what is stale; one thread at a time. 0 or NOMEM. */
int mesh__hashed_refresh(struct mesh_live *live);

/*
 * The index of the endpoint that owns hash, at the attempt-th try; who is
 * hidden is passed over unless everyone counts. False: there is nobody.
 */
bool mesh__hashed_find(const struct mesh_live *live, size_t priority,
                       uint64_t hash, uint32_t attempt, bool everyone,
                       size_t *index);

#endif
