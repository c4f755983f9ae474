/*
 * parts.h - making the pieces of a snapshot; for policy/ alone.
 */
#ifndef MESH_POLICY_PARTS_H
#define MESH_POLICY_PARTS_H

#include "policy/snapshot.h"

enum {
    MESH__PART_BYTES = 256 * 1024 * 1024,    /* ceiling of one host's arena  */
    MESH__ENDPOINTS_BYTES = 64 * 1024 * 1024 /* and of one set of endpoints */
};

/* Empty, with one reference; NULL with a line when memory is out. */
struct mesh_part *mesh__part_new(struct mesh_slice host);
struct mesh_part *mesh__part_ref(struct mesh_part *part);
void mesh__part_unref(struct mesh_part *part);

struct mesh_endpoint_set *mesh__endpoint_set_new(void);

/* Empty, with one reference, holding collection. */
struct mesh_snapshot *mesh__snapshot_new(struct mesh_collection *collection,
                                         uint64_t generation);

/*
 * Compile an expression that lives as long as keeps and arena do; *out is
 * borrowed from keeps. 0, MESH_ERR_NOMEM or MESH_ERR_INVALID.
 */
int mesh__regex_keep(struct mesh_regex_keep **keeps, struct mesh_arena *arena,
                     struct mesh_slice expression, struct mesh_regex **out);
/* The same of an expression and what is to stand where it fits. */
int mesh__replace_keep(struct mesh_regex_keep **keeps, struct mesh_arena *arena,
                       struct mesh_slice expression,
                       struct mesh_slice substitution,
                       const struct mesh_replace **out);
/* Let all of them go. */
void mesh__regexes_drop(struct mesh_regex_keep *keeps);

/* The virtual host of a part on a port, the destination in it; or NULL. */
const struct mesh_virtual_host *mesh__part_virtual_host(
    const struct mesh_part *part, uint16_t port);
struct mesh_destination *mesh__part_destination(const struct mesh_part *part,
                                                uint16_t port,
                                                struct mesh_slice subset);

#endif
