/*
 * rewrite.h - the path that is sent, and where a redirect leads.
 */
#ifndef MESH_TRAFFIC_REWRITE_H
#define MESH_TRAFFIC_REWRITE_H

#include "policy/actions.h"
#include "value/head.h"

/*
 * path is canonical, with its query. *out is path itself unless DONE; NONE
 * where the rule rewrites no path.
 */
enum mesh_replace_result mesh__rewrite_path(const struct mesh_rewrite *rewrite,
                                            struct mesh_slice path,
                                            struct mesh_arena *arena,
                                            struct mesh_slice *out);

/*
 * The location of a redirect (NULL: of an answer that names no other place),
 * for a request with this canonical path, rewritten already. As Envoy's
 * newUri (http/utility.cc). false: no memory.
 */
bool mesh__redirect_uri(const struct mesh_redirect *redirect,
                        const struct mesh_head *head, struct mesh_slice path,
                        struct mesh_arena *arena, struct mesh_slice *out);

#endif
