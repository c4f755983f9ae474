/*
 * host.h - service names: fully qualified, short, wildcard.
 * (Istio: pkg/config/host/name.go, pilot/pkg/model/config.go.)
 */
#ifndef MESH_VALUE_HOST_H
#define MESH_VALUE_HOST_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { MESH__HOST_MAX = 255 }; /* bytes of a name, NUL not counted */

/* First character is '*'. */
bool mesh__host_is_wildcard(struct mesh_slice host);

/* A valid FQDN, short name or wildcard ("*", "*.a.b"), RFC 1123 labels. */
bool mesh__host_valid(struct mesh_slice host, bool wildcard_allowed);

/* Does pattern (exact, or a suffix test behind its star) cover host? */
bool mesh__host_matches(struct mesh_slice pattern, struct mesh_slice host);
/* Could some host match both? */
bool mesh__host_overlaps(struct mesh_slice a, struct mesh_slice b);

/* Order by specificity: exact first, longer wildcards next, then A to Z. */
int mesh__host_compare(struct mesh_slice a, struct mesh_slice b);

/*
 * The name a policy means: one without a dot (and not "*" or an IP) becomes
 * name.namespace.svc.domain; everything else stays as written. NULL when
 * memory is out.
 */
const char *mesh__host_resolve(struct mesh_arena *arena, struct mesh_slice host,
                               struct mesh_slice namespace_,
                               struct mesh_slice domain);

#endif
