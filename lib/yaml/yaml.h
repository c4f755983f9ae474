/*
 * yaml.h - text to a tree of nodes, every node with file, line and column.
 *
 * Over libyaml's event parser. Bounded in bytes, depth, nodes, aliases and
 * documents; duplicate keys, tabs in indentation, NULs, invalid UTF-8, merge
 * keys ("<<") and non-scalar keys are errors. Knows nothing of Istio.
 */
#ifndef MESH_YAML_YAML_H
#define MESH_YAML_YAML_H

#include "base/arena.h"
#include "base/mark.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mesh_yaml_limits {
    size_t bytes;     /* of one text          */
    size_t documents; /* of one text          */
    size_t nodes;     /* over all its trees   */
    size_t aliases;   /* expansions           */
    unsigned depth;   /* at most MESH__YAML_DEPTH_MAX */
};
enum { MESH__YAML_DEPTH_MAX = 100 };
extern const struct mesh_yaml_limits mesh__yaml_limits; /* design section 12 */

enum mesh_yaml_kind {
    MESH__YAML_SCALAR,
    MESH__YAML_SEQUENCE,
    MESH__YAML_MAPPING
};

struct mesh_yaml_pair;

struct mesh_yaml_node {
    enum mesh_yaml_kind kind;
    bool plain; /* a scalar without quotes: null, true, 1 ...   */
    struct mesh_mark mark;
    unsigned block_indent;  /* columns before the text of a literal block
                               ("|"), which begins a line below mark; 0:
                               not a literal block                          */
    struct mesh_slice text; /* MESH__YAML_SCALAR; NUL-terminated besides    */
    size_t count;           /* items or pairs                               */
    struct mesh_yaml_node **items;
    struct mesh_yaml_pair *pairs; /* in the order written, keys unique       */
};

struct mesh_yaml_pair {
    struct mesh_slice key;
    struct mesh_mark mark; /* of the key */
    struct mesh_yaml_node *value;
};

struct mesh_yaml_document {
    struct mesh_yaml_node *root; /* NULL: blank */
    struct mesh_mark mark;
};

/* What went wrong, once per text: libyaml stops at the first syntax error. */
struct mesh_yaml_problem {
    struct mesh_mark mark;
    bool limit;     /* a bound of mesh_yaml_limits, not the syntax */
    char text[256]; /* "" when all went well */
};

/*
 * Parse a whole text into arena. limits counts down by what was used, so that
 * it can bound many texts together. A subtree that an alias repeats is shared,
 * not copied, but counts against nodes and depth each time. file becomes every
 * mark's place. Returns 0, MESH_ERR_NOMEM, or MESH_ERR_POLICY with *problem
 * filled; the documents before the problem are in *documents and count either
 * way.
 */
int mesh__yaml_parse(struct mesh_slice text, uint32_t file,
                     struct mesh_yaml_limits *limits, struct mesh_arena *arena,
                     struct mesh_yaml_document **documents, size_t *count,
                     struct mesh_yaml_problem *problem);

/*
 * A piece of a text that holds one document, without the line that only says
 * "---", and how many lines precede it.
 */
struct mesh_yaml_piece {
    struct mesh_slice text;
    size_t above;
};
struct mesh_yaml_pieces {
    struct mesh_yaml_piece *items;
    size_t count;
    size_t capacity;
};
/*
 * Cut a text where its documents begin. Parsed one by one the pieces give what
 * the whole gives, but that an error in one ends only that one. A text that
 * cannot be cut that simply is one piece. 0 or MESH_ERR_NOMEM; fini is needed
 * either way.
 */
int mesh__yaml_split(struct mesh_slice text, struct mesh_yaml_pieces *pieces);
void mesh__yaml_pieces_fini(struct mesh_yaml_pieces *pieces);

/* NULL when node is NULL, no mapping, or has no such key. */
const struct mesh_yaml_pair *mesh__yaml_find(const struct mesh_yaml_node *node,
                                             const char *key);

/*
 * YAML 1.1 as sigs.k8s.io/yaml reads it: plain scalars only, all others are
 * strings. The three readers below are false for a scalar of another type and
 * for a number that does not fit; mesh__yaml_float reads integers too.
 */
enum mesh_yaml_type {
    MESH__YAML_NULL,
    MESH__YAML_BOOL,
    MESH__YAML_INT,
    MESH__YAML_FLOAT,
    MESH__YAML_STRING
};
enum mesh_yaml_type mesh__yaml_type(const struct mesh_yaml_node *scalar);
bool mesh__yaml_bool(const struct mesh_yaml_node *scalar, bool *out);
bool mesh__yaml_int(const struct mesh_yaml_node *scalar, int64_t *out);
bool mesh__yaml_float(const struct mesh_yaml_node *scalar, double *out);

#endif
