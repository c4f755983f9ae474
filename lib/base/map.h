/*
 * map.h - text to pointer, by hash; open addressing, keys not copied.
 */
#ifndef MESH_BASE_MAP_H
#define MESH_BASE_MAP_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct mesh_map_entry {
    struct mesh_slice
        key; /* borrowed: must outlive the entry; at NULL = free */
    uint64_t hash;
    void *value;
};

/* Zeroed is empty. Readers may share it while nobody writes. */
struct mesh_map {
    struct mesh_map_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    uint64_t seed; /* from the host's dice where keys come from outside */
};

void mesh__map_fini(struct mesh_map *map);

/* NULL when there is none. */
void *mesh__map_find(const struct mesh_map *map, struct mesh_slice key);

/* Put or replace; value may not be NULL. 0 or MESH_ERR_NOMEM (unchanged). */
int mesh__map_put(struct mesh_map *map, struct mesh_slice key, void *value);

/* The value taken out, or NULL. */
void *mesh__map_remove(struct mesh_map *map, struct mesh_slice key);

/* Walk: start with *at = 0; NULL at the end. Do not write meanwhile. */
struct mesh_map_entry *mesh__map_next(const struct mesh_map *map, size_t *at);

/* The hash the map uses (FNV-1a with a final mix); not for secrets. */
uint64_t mesh__hash(uint64_t seed, const void *data, size_t len);

#endif
