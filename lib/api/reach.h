/*
 * reach.h - how a destination is reached, as a decision tells it; for api/
 * alone.
 */
#ifndef MESH_API_REACH_H
#define MESH_API_REACH_H

#include "base/text.h"
#include "policy/snapshot.h"

/* One that was routed to. */
struct mesh_reach {
    const struct mesh_snapshot *snapshot;
    const struct mesh_destination *destination; /* NULL: nowhere         */
    const struct mesh_endpoint *picked;         /* NULL: none of them    */
    bool is_stream;
};

/* The keys "file" and "line" of a mark. */
void mesh__reach_where(const struct mesh_snapshot *snapshot,
                       struct mesh_mark mark, struct mesh_json *json);

/* Into an open "destination": balancer, ring_size, warmup. */
void mesh__reach_balancing(const struct mesh_reach *reach,
                           struct mesh_json *json);

/* The key endpoints. */
void mesh__reach_endpoints(const struct mesh_reach *reach,
                           struct mesh_json *json);

/* The keys tls, connection_pool, outlier_detection. */
void mesh__reach_json(const struct mesh_reach *reach, struct mesh_json *json);

/* The endpoints for people, a line each. 0 or MESH_ERR_NOMEM,
 * MESH_ERR_TOO_LARGE, as the next. */
int mesh__reach_endpoints_text(const struct mesh_reach *reach,
                               struct mesh_buffer *out);
/* The rest, a line each, and where it is written. */
int mesh__reach_text(const struct mesh_reach *reach, struct mesh_buffer *out);

#endif
