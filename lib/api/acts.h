/*
 * acts.h - what a rule does beside sending, as a decision tells it; for api/
 * alone.
 */
#ifndef MESH_API_ACTS_H
#define MESH_API_ACTS_H

#include "base/text.h"
#include "traffic/cors.h"
#include "traffic/route.h"

/* What was drawn for one request, in the order of the steps. */
struct mesh_acts {
    bool delayed;
    bool aborted;
    struct mesh_cors_verdict cors;
    struct mesh_slice location; /* of an answer that names a place; "" */
};

/*
 * Throw the dice of a routed request (route->rule is there); draw is the
 * route's own. 0 or MESH_ERR_NOMEM.
 */
int mesh__acts_draw(const struct mesh_route *route,
                    const struct mesh_head *head, struct mesh_arena *arena,
                    uint64_t (*dice)(void *user), void *user,
                    struct mesh_acts *out);

/* "redirect", "fault_abort" ...; NULL: the request is sent on. */
const char *mesh__acts_verdict(const struct mesh_route *route,
                               const struct mesh_acts *acts);

/* The keys headers, rewrite, fault, cors, mirror, redirect, direct_response. */
void mesh__acts_json(const struct mesh_route *route,
                     const struct mesh_acts *acts, uint64_t draw,
                     struct mesh_json *json);

/* The same for people, a line each. 0 or MESH_ERR_NOMEM, MESH_ERR_TOO_LARGE. */
int mesh__acts_text(const struct mesh_route *route,
                    const struct mesh_acts *acts, uint64_t draw,
                    struct mesh_buffer *out);

#endif
