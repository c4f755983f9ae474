/*
 * collection.h - how a collection is filled.
 *
 * Inside lib/schema only.
 */
#ifndef MESH_SCHEMA_COLLECTION_H
#define MESH_SCHEMA_COLLECTION_H

#include "schema/schema.h"

#include <stdatomic.h>

/*
 * What one document of a file became: its resources and what was found out
 * about them, at lines that count from the document's first. Counted, and
 * immutable once it lies in a collection.
 */
struct mesh_sheet {
    atomic_int refs;
    struct mesh_arena arena;
    struct mesh_digest digest; /* of the text */
    struct mesh_resource *resources;
    size_t count;
    size_t capacity;
    struct mesh_diagnostics diagnostics; /* without file names */
    uint32_t place;                      /* of its first resource */
    size_t nodes;                        /* what it took of the limits ... */
    size_t aliases;
    size_t documents;
    bool limited; /* ... and whether they cut it short */
    size_t lost;  /* errors that belong to no resource */
};

/* Empty, with one reference. 0 or MESH_ERR_NOMEM. */
int mesh__sheet_new(struct mesh_digest digest, uint32_t place,
                    struct mesh_sheet **out);
void mesh__sheet_unref(struct mesh_sheet *sheet);

/*
 * Add a resource, good or bad: its place is the next one. 0 or MESH_ERR_NOMEM.
 */
int mesh__sheet_add(struct mesh_sheet *sheet,
                    const struct mesh_resource *resource);

/* What is the same for all documents of a file. */
struct mesh_reading {
    const char *name; /* of the file */
    unsigned above;   /* lines of it before this document  */
    struct mesh_policy_limits *limits;
    struct mesh_arena *tree; /* nodes: gone when the sheet is read */
    size_t told;             /* findings of others so far          */
    void (*each)(void *user, const struct mesh_field_use *use);
    void *user;
};

/*
 * load.c: what the text says, into an empty sheet. 0, MESH_ERR_NOMEM, or with
 * each MESH_ERR_POLICY when it is no YAML.
 */
int mesh__sheet_read(struct mesh_sheet *sheet,
                     const struct mesh_reading *reading,
                     struct mesh_slice text);

/* 0 or MESH_ERR_NOMEM; *out is the file's index. */
int mesh__collection_add_file(struct mesh_collection *c, const char *name,
                              struct mesh_slice text, uint32_t *out);

/*
 * Lay a sheet (taken, also on failure) behind the others of the last file, and
 * its findings into diagnostics. A resource replaces the earlier one of the
 * same name. 0 or MESH_ERR_NOMEM.
 */
int mesh__collection_lay(struct mesh_collection *c, struct mesh_sheet *sheet,
                         unsigned above, struct mesh_diagnostics *diagnostics);

/* Put one that lies in a sheet of the collection. 0 or MESH_ERR_NOMEM. */
int mesh__collection_put(struct mesh_collection *c,
                         const struct mesh_resource *resource,
                         struct mesh_diagnostics *diagnostics);

/* Hold a sheet (taken, also on failure), its resources not yet put. */
int mesh__collection_hold(struct mesh_collection *c, struct mesh_sheet *sheet,
                          unsigned above);

/* --- reuse.c: what the collection before lends --- */

/*
 * All sheets of the last file, if it was there before with these contents;
 * false: it has to be looked into.
 */
bool mesh__reuse_file(struct mesh_collection *c,
                      struct mesh_policy_limits *limits,
                      struct mesh_diagnostics *diagnostics, int *rc);

/* *out is the sheet of this text, counted, or NULL. 0 or MESH_ERR_NOMEM. */
int mesh__reuse_sheet(struct mesh_collection *c, struct mesh_digest digest,
                      struct mesh_policy_limits *limits,
                      struct mesh_sheet **out);

int mesh__reuse_new(struct mesh_collection *previous, struct mesh_reuse **out);
void mesh__reuse_free(struct mesh_reuse *reuse);

#endif
