/*
 * path.h - one canonical path, computed once, for policy, routing and handler
 * alike (Envoy: path_utility.cc as Istio configures it).
 */
#ifndef MESH_VALUE_PATH_H
#define MESH_VALUE_PATH_H

#include "base/arena.h"
#include "base/slice.h"

enum mesh_path_mode {                      /* MeshConfig pathNormalization */
                      MESH__PATH_BASE = 0, /* also DEFAULT */
                      MESH__PATH_NONE,
                      MESH__PATH_MERGE_SLASHES,
                      MESH__PATH_DECODE_AND_MERGE_SLASHES
};

enum mesh_path_verdict {
    MESH__PATH_OK = 0,
    MESH__PATH_BAD,       /* 400: %00, NUL, an escape that cannot be */
    MESH__PATH_NOT_FOUND, /* 404: empty, or not beginning with '/'   */
    MESH__PATH_NOMEM
};

/*
 * raw is the request target as sent, query included. *out gets the canonical
 * target (query kept, fragment cut) and points into raw where nothing
 * changed, else into arena. What comes out is a fixed point: normalizing it
 * again changes nothing.
 */
enum mesh_path_verdict mesh__path_normalize(enum mesh_path_mode mode,
                                            struct mesh_slice raw,
                                            struct mesh_arena *arena,
                                            struct mesh_slice *out);

/* The target without "?..." : what matchers compare. */
struct mesh_slice mesh__path_without_query(struct mesh_slice target);
/* What stands behind the first '?', empty when there is none. */
struct mesh_slice mesh__path_query(struct mesh_slice target);

/*
 * The raw value of the first parameter of that name; '&' separates, nothing
 * is decoded, a key without '=' has the empty value. False when absent.
 */
bool mesh__query_get(struct mesh_slice query, struct mesh_slice name,
                     struct mesh_slice *value);

/*
 * AuthorizationPolicy path templates: {*} is one non-empty segment, {**} any
 * rest, the empty one too, and the last operator: only literal text may follow
 * it (Envoy's uri_template). Both cover RFC 3986's pchar only. template_ was
 * checked by the schema.
 */
bool mesh__path_template_match(struct mesh_slice template_,
                               struct mesh_slice path);
bool mesh__path_is_template(struct mesh_slice text);

#endif
