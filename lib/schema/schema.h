/*
 * schema.h - nodes to Istio kinds: one descriptor table per kind.
 *
 * A table row names a field, its type, bounds, whether it is required, its
 * oneof and its status (enforced, noted, refused) with the reason. The decoder,
 * `lmesh coverage` and the manual read the same rows. Knows one resource at a
 * time; what resources mean together is policy/'s.
 */
#ifndef MESH_SCHEMA_SCHEMA_H
#define MESH_SCHEMA_SCHEMA_H

#include "schema/diagnostics.h"
#include "schema/resources.h"
#include "yaml/yaml.h"

enum mesh_field_status {
    MESH__FIELD_ENFORCED,
    MESH__FIELD_NOTED,  /* has no effect; the loader says so          */
    MESH__FIELD_REFUSED /* leaving it out could let something through */
};

struct mesh_policy_limits {
    size_t total_bytes; /* of all files */
    size_t file_bytes;
    size_t documents;
    size_t nodes;
    size_t aliases;
    unsigned depth;
};
extern const struct mesh_policy_limits mesh__policy_limits;

/* Empty, with one reference. 0 or MESH_ERR_NOMEM. */
int mesh__collection_new(struct mesh_collection **out);

/*
 * The same, to be filled with what previous (may be NULL) was filled with, or
 * nearly so: a file whose contents are the same is not looked into, a document
 * whose text is the same not parsed again. What comes of it is the same but
 * for the places of resources, which stay with those that stay.
 */
int mesh__collection_new_after(struct mesh_collection *previous,
                               struct mesh_collection **out);

/* It is filled: nothing can be added or reused. 0 or MESH_ERR_NOMEM. */
int mesh__collection_seal(struct mesh_collection *collection);

/*
 * Add all documents of one file's contents. name is what diagnostics call it.
 * Problems go to diagnostics, every one; what is valid is added. limits count
 * down over the files of one load. Returns 0 or MESH_ERR_NOMEM.
 */
int mesh__collection_add(struct mesh_collection *collection, const char *name,
                         struct mesh_slice text,
                         struct mesh_policy_limits *limits,
                         struct mesh_diagnostics *diagnostics);

/* What became of the bad ones. */
struct mesh_kept {
    size_t held;     /* resources that stay as they were     */
    size_t left_out; /* without an earlier version, and no guards */
};
/*
 * Make a collection in which something is bad one that can be in force: of a
 * bad resource the version that previous (in force, or NULL) has stays; where
 * there is none it is left out, unless without it something might be let
 * through that it forbids. Of a file with a document that cannot be read all
 * stays that is not found elsewhere now. Returns 0, MESH_ERR_NOMEM, or
 * MESH_ERR_POLICY with a line that names what can neither stay nor go.
 */
int mesh__collection_keep_good(struct mesh_collection *collection,
                               const struct mesh_collection *previous,
                               struct mesh_diagnostics *diagnostics,
                               struct mesh_kept *out);

/* A field that a resource uses, for coverage. */
struct mesh_field_use {
    const char *resource;
    const char *path;
    enum mesh_field_status status;
    const char *reason;
    const char *file;
    unsigned line;
};
/*
 * Called for each field in every document of text, in order, whether or not
 * it is valid; what use points at lives until the call returns. Returns 0,
 * MESH_ERR_NOMEM, or MESH_ERR_POLICY when the text is no YAML (the documents
 * before that are told of).
 */
int mesh__coverage(const char *name, struct mesh_slice text,
                   struct mesh_policy_limits *limits,
                   void (*each)(void *user, const struct mesh_field_use *use),
                   void *user);

/* "enforced", "noted", "refused". */
const char *mesh__field_status_name(enum mesh_field_status status);

/* Every row of every table, for the manual: kind, path, type, status, reason.
 */
struct mesh_field_row {
    const char *kind;
    const char *path;
    const char *type; /* "list<string>", "enum{A|B}"                     */
    bool required;
    const char *default_value;
    const char *bounds;
    enum mesh_field_status status;
    const char *reason; /* "" for an enforced one */
};
/*
 * Called for each, kind by kind; texts live until the call returns. A value
 * of an enum with a status of its own is a row too: "spec.action=CUSTOM".
 */
void mesh__schema_rows(void (*each)(void *user,
                                    const struct mesh_field_row *row),
                       void *user);

/* "VirtualService"; "" for MESH__KIND_NONE. */
const char *mesh__kind_name(enum mesh_kind kind);

#endif
