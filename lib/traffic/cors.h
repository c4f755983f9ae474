/*
 * cors.h - what a CORS policy says to a request (Envoy: cors_filter.cc).
 */
#ifndef MESH_TRAFFIC_CORS_H
#define MESH_TRAFFIC_CORS_H

#include "policy/actions.h"
#include "value/head.h"

struct mesh_cors_verdict {
    bool allowed;             /* the origin is one of the policy's        */
    bool answered;            /* a preflight: we answer, nobody is asked  */
    struct mesh_slice origin; /* of the request; "": it is no such one    */
};

/* An origin whose regex takes too many steps is not allowed. */
void mesh__cors_check(const struct mesh_cors *cors,
                      const struct mesh_head *request,
                      struct mesh_cors_verdict *out);

/* What the answer to a preflight says. 0 or MESH_ERR_NOMEM. */
int mesh__cors_answer(const struct mesh_cors *cors,
                      const struct mesh_cors_verdict *verdict,
                      const struct mesh_head *request, struct mesh_arena *arena,
                      struct mesh_head *response);

/* What any other answer to an allowed origin says beside; instead of what the
 * server said. 0 or MESH_ERR_NOMEM. */
int mesh__cors_mark(const struct mesh_cors *cors,
                    const struct mesh_cors_verdict *verdict,
                    struct mesh_arena *arena, struct mesh_head *response);

#endif
