/*
 * edits.h - header edits of a VirtualService as a snapshot keeps them; for
 * policy/ alone.
 */
#ifndef MESH_POLICY_EDITS_H
#define MESH_POLICY_EDITS_H

#include "policy/actions.h"
#include "schema/resources.h"

/*
 * Those of count places as one list: all removals, then all sets, then all
 * adds, each in the places' order. 0, MESH_ERR_NOMEM, or MESH_ERR_INVALID with
 * a line: an operator, a name or a value that cannot be had.
 */
int mesh__edits_compile(struct mesh_arena *arena,
                        const struct mesh_edits_spec *const *places,
                        size_t count, struct mesh_edits *out);

/* What the edits of a request make of its host; "" when nothing. */
struct mesh_slice mesh__edits_authority(const struct mesh_edits_spec *spec);

#endif
