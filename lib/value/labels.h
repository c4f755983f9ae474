/*
 * labels.h - key/value labels, sorted by key, and 'is a superset of'.
 */
#ifndef MESH_VALUE_LABELS_H
#define MESH_VALUE_LABELS_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { MESH__LABELS_MAX = 256 };

struct mesh_label {
    struct mesh_slice key;
    struct mesh_slice value;
};

struct mesh_labels {
    struct mesh_label *items; /* sorted by key, keys unique */
    size_t count;
};

/*
 * Add one, keeping the order; a key that is there gets the new value. Copies
 * into arena. 0, MESH_ERR_NOMEM or MESH_ERR_TOO_LARGE.
 */
int mesh__labels_add(struct mesh_labels *labels, struct mesh_arena *arena,
                     struct mesh_slice key, struct mesh_slice value);

/*
 * "k=v,k2=v2"; blanks around pieces are dropped, an empty text has none.
 * MESH_ERR_INVALID says where, and labels is unchanged then.
 */
int mesh__labels_parse(struct mesh_labels *labels, struct mesh_arena *arena,
                       struct mesh_slice text);

/* NULL when absent. */
const struct mesh_slice *mesh__labels_get(const struct mesh_labels *labels,
                                          struct mesh_slice key);

/* Does having carry everything that selector asks? An empty one asks nothing.
 */
bool mesh__labels_cover(const struct mesh_labels *having,
                        const struct mesh_labels *selector);

bool mesh__labels_equal(const struct mesh_labels *a,
                        const struct mesh_labels *b);

#endif
