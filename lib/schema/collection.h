/*
 * collection.h - how a collection is filled.
 *
 * Inside lib/schema only.
 */
#ifndef MESH_SCHEMA_COLLECTION_H
#define MESH_SCHEMA_COLLECTION_H

#include "schema/schema.h"

/* 0 or MESH_ERR_NOMEM; *out is the file's index. */
int mesh__collection_add_file(struct mesh_collection *c, const char *name,
                              struct mesh_slice text, uint32_t *out);

/* The index of "Kind/namespace/name", or c->count: where it would go. */
size_t mesh__collection_find(const struct mesh_collection *c, const char *name);

/*
 * Put a resource where mesh__collection_find says, in place of the one that
 * is there. name lives in the collection's arena. 0 or MESH_ERR_NOMEM.
 */
int mesh__collection_put(struct mesh_collection *c, const char *name,
                         const struct mesh_resource *resource);

/* Keep one for those who judge alone. 0 or MESH_ERR_NOMEM. */
int mesh__collection_set_aside(struct mesh_collection *c,
                               const struct mesh_resource *resource);

#endif
