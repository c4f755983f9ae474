/*
 * collection.c - typed resources, counted and kept together.
 */
#include "schema/collection.h"

#include "base/alloc.h"
#include "base/error.h"

#include <mesh/base.h>

enum {
    FILES_MAX = 1000000,
    RESOURCES_MAX = 10000000,
};
#define COLLECTION_BYTES ((size_t)2 << 30)

int mesh__collection_new(struct mesh_collection **out)
{
    struct mesh_collection *collection;

    *out = NULL;
    collection = mesh__calloc(1, sizeof(*collection));
    if (!collection)
        return mesh__fail(MESH_ERR_NOMEM, "policy");
    atomic_init(&collection->refs, 1);
    mesh__arena_init(&collection->arena, COLLECTION_BYTES);
    *out = collection;
    return 0;
}

struct mesh_collection *mesh__collection_ref(struct mesh_collection *c)
{
    if (c)
        atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void mesh__collection_unref(struct mesh_collection *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < c->file_count; i++)
        mesh__free(c->files[i].name);
    mesh__free(c->files);
    mesh__free(c->resources);
    mesh__free(c->aside);
    mesh__map_fini(&c->by_name);
    mesh__arena_fini(&c->arena);
    mesh__free(c);
}

int mesh__collection_add_file(struct mesh_collection *c, const char *name,
                              struct mesh_slice text, uint32_t *out)
{
    uint64_t digest = mesh__hash(0, text.at, text.len);
    struct mesh_file file = { 0 };
    int rc = mesh__grow(&c->files, &c->file_capacity, c->file_count, FILES_MAX,
                        sizeof(file));

    if (rc < 0)
        return rc;
    file.name = mesh__strdup(name);
    if (!file.name)
        return mesh__fail(MESH_ERR_NOMEM, "name of a file");
    memcpy(file.digest, &digest, sizeof(file.digest));
    *out = (uint32_t)c->file_count;
    c->files[c->file_count++] = file;
    return 0;
}

size_t mesh__collection_find(const struct mesh_collection *c, const char *name)
{
    const uint32_t *index = mesh__map_find(&c->by_name, mesh__slice_of(name));

    return index ? *index : c->count;
}

int mesh__collection_put(struct mesh_collection *c, const char *name,
                         const struct mesh_resource *resource)
{
    size_t index = mesh__collection_find(c, name);
    uint32_t *place;
    int rc;

    if (index < c->count) {
        c->resources[index] = *resource;
        return 0;
    }
    rc = mesh__grow(&c->resources, &c->capacity, c->count, RESOURCES_MAX,
                    sizeof(*resource));
    if (rc < 0)
        return rc;
    place = mesh__arena_alloc(&c->arena, sizeof(*place));
    if (!place)
        return MESH_ERR_NOMEM;
    *place = (uint32_t)c->count;
    rc = mesh__map_put(&c->by_name, mesh__slice_of(name), place);
    if (rc < 0)
        return rc;
    c->resources[c->count++] = *resource;
    return 0;
}

int mesh__collection_set_aside(struct mesh_collection *c,
                               const struct mesh_resource *resource)
{
    int rc = mesh__grow(&c->aside, &c->aside_capacity, c->aside_count,
                        RESOURCES_MAX, sizeof(*resource));

    if (rc == 0)
        c->aside[c->aside_count++] = *resource;
    return rc;
}
