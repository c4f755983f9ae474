/*
 * act.h - what a route of a VirtualService does beside sending, compiled; for
 * policy/ alone.
 */
#ifndef MESH_POLICY_ACT_H
#define MESH_POLICY_ACT_H

#include "policy/actions.h"
#include "policy/snapshot.h"
#include "schema/resources.h"

/*
 * For one rule: route with one of its match entries (NULL: none), on a service
 * port. *out is NULL where the route only sends; mirrors are left to the
 * caller. 0, MESH_ERR_NOMEM, or MESH_ERR_INVALID with a line.
 */
int mesh__actions_compile(struct mesh_arena *arena,
                          struct mesh_regex_keep **keeps,
                          const struct mesh_http_route *route,
                          const struct mesh_http_match *match, uint16_t port,
                          struct mesh_actions **out);

/* Of one of several destinations; *out is NULL where it edits nothing. */
int mesh__arm_edits_compile(struct mesh_arena *arena,
                            const struct mesh_headers_spec *spec,
                            const struct mesh_head_edits **out);

/* The share of a mirror: nothing said is all. */
uint32_t mesh__mirror_share(const struct mesh_percent_spec *percentage,
                            bool has_percent, uint32_t percent);

#endif
