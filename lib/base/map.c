/*
 * map.c - text to pointer, by hash.
 */
#include "base/map.h"

#include "base/alloc.h"
#include "base/error.h"

uint64_t mesh__hash(uint64_t seed, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    uint64_t hash = seed ^ 0xcbf29ce484222325u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ (hash >> 32);
}

void mesh__map_fini(struct mesh_map *map)
{
    mesh__free(map->entries);
    *map = (struct mesh_map){ .seed = map->seed };
}

/* The entry with this key, or the free one where it would go. */
static struct mesh_map_entry *place_of(const struct mesh_map *map,
                                       struct mesh_slice key, uint64_t hash)
{
    size_t mask = map->capacity - 1;

    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct mesh_map_entry *entry = &map->entries[i];

        if (!entry->value)
            return entry;
        if (entry->hash == hash && mesh__slice_equal(entry->key, key))
            return entry;
    }
}

void *mesh__map_find(const struct mesh_map *map, struct mesh_slice key)
{
    if (map->count == 0)
        return NULL;
    return place_of(map, key, mesh__hash(map->seed, key.at, key.len))->value;
}

static int grow(struct mesh_map *map)
{
    struct mesh_map bigger = *map;

    bigger.capacity = map->capacity ? map->capacity * 2 : 16;
    bigger.entries = mesh__calloc(bigger.capacity, sizeof(*bigger.entries));
    if (!bigger.entries)
        return mesh__fail(MESH_ERR_NOMEM, "a map of %zu", bigger.capacity);
    for (size_t i = 0; i < map->capacity; i++) {
        const struct mesh_map_entry *entry = &map->entries[i];

        if (entry->value)
            *place_of(&bigger, entry->key, entry->hash) = *entry;
    }
    mesh__free(map->entries);
    *map = bigger;
    return 0;
}

int mesh__map_put(struct mesh_map *map, struct mesh_slice key, void *value)
{
    uint64_t hash = mesh__hash(map->seed, key.at, key.len);
    struct mesh_map_entry *entry;
    int rc;

    if ((map->count + 1) * 4 > map->capacity * 3) {
        rc = grow(map);
        if (rc < 0)
            return rc;
    }
    entry = place_of(map, key, hash);
    if (!entry->value)
        map->count++;
    *entry =
        (struct mesh_map_entry){ .key = key, .hash = hash, .value = value };
    return 0;
}

/* Close the gap: move back every later entry that could not sit at home. */
static void close_gap(struct mesh_map *map, size_t gap)
{
    size_t mask = map->capacity - 1;

    for (size_t i = (gap + 1) & mask; map->entries[i].value;
         i = (i + 1) & mask) {
        size_t home = (size_t)map->entries[i].hash & mask;

        if (((i - home) & mask) >= ((i - gap) & mask)) {
            map->entries[gap] = map->entries[i];
            gap = i;
        }
    }
    map->entries[gap] = (struct mesh_map_entry){ 0 };
}

void *mesh__map_remove(struct mesh_map *map, struct mesh_slice key)
{
    struct mesh_map_entry *entry;
    void *value;

    if (map->count == 0)
        return NULL;
    entry = place_of(map, key, mesh__hash(map->seed, key.at, key.len));
    value = entry->value;
    if (value) {
        map->count--;
        close_gap(map, (size_t)(entry - map->entries));
    }
    return value;
}

struct mesh_map_entry *mesh__map_next(const struct mesh_map *map, size_t *at)
{
    while (*at < map->capacity) {
        struct mesh_map_entry *entry = &map->entries[(*at)++];

        if (entry->value)
            return entry;
    }
    return NULL;
}
