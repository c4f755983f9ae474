/*
 * collection.c - typed resources, counted and kept together.
 */
#include "schema/collection.h"

#include "base/alloc.h"
#include "base/error.h"
#include "schema/codes.h"

#include <mesh/base.h>

#include <stdio.h>
#include <stdlib.h>

enum {
    FILES_MAX = 1000000,
    RESOURCES_MAX = 10000000,
    LINE_BYTES = 512,
};
#define COLLECTION_BYTES ((size_t)2 << 30)

/* --- sheets --- */

int mesh__sheet_new(struct mesh_digest digest, uint32_t place,
                    struct mesh_sheet **out)
{
    struct mesh_sheet *sheet = mesh__calloc(1, sizeof(*sheet));

    *out = sheet;
    if (!sheet)
        return mesh__fail(MESH_ERR_NOMEM, "a document of the policy");
    atomic_init(&sheet->refs, 1);
    mesh__arena_init_small(&sheet->arena, COLLECTION_BYTES);
    mesh__diagnostics_init(&sheet->diagnostics);
    sheet->digest = digest;
    sheet->place = place;
    return 0;
}

void mesh__sheet_unref(struct mesh_sheet *sheet)
{
    if (!sheet ||
        atomic_fetch_sub_explicit(&sheet->refs, 1, memory_order_acq_rel) != 1)
        return;
    mesh__diagnostics_fini(&sheet->diagnostics);
    mesh__free(sheet->resources);
    mesh__arena_fini(&sheet->arena);
    mesh__free(sheet);
}

int mesh__sheet_add(struct mesh_sheet *sheet,
                    const struct mesh_resource *resource)
{
    int rc = mesh__grow(&sheet->resources, &sheet->capacity, sheet->count,
                        RESOURCES_MAX, sizeof(*resource));

    if (rc < 0)
        return rc;
    sheet->resources[sheet->count] = *resource;
    sheet->resources[sheet->count++].digest = sheet->digest;
    return 0;
}

/* --- the collection --- */

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

int mesh__collection_new_after(struct mesh_collection *previous,
                               struct mesh_collection **out)
{
    int rc = mesh__collection_new(out);

    /* Long before places run out they are given out anew. */
    if (rc < 0 || !previous || previous->next_place > UINT32_MAX / 2)
        return rc;
    rc = mesh__reuse_new(previous, &(*out)->reuse);
    if (rc < 0) {
        mesh__collection_unref(*out);
        *out = NULL;
        return rc;
    }
    (*out)->next_place = previous->next_place;
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
    mesh__reuse_free(c->reuse);
    for (size_t i = 0; i < c->file_count; i++)
        mesh__free(c->files[i].name);
    for (size_t i = 0; i < c->sheet_count; i++)
        mesh__sheet_unref(c->sheets[i].sheet);
    mesh__free(c->files);
    mesh__free(c->sheets);
    mesh__free(c->resources);
    mesh__free(c->aside);
    mesh__free(c->by_place);
    mesh__map_fini(&c->by_name);
    mesh__arena_fini(&c->arena);
    mesh__free(c);
}

int mesh__collection_add_file(struct mesh_collection *c, const char *name,
                              struct mesh_slice text, uint32_t *out)
{
    struct mesh_file file = { .digest = mesh__digest(text.at, text.len),
                              .first_sheet = c->sheet_count };
    int rc = mesh__grow(&c->files, &c->file_capacity, c->file_count, FILES_MAX,
                        sizeof(file));

    if (rc < 0)
        return rc;
    file.name = mesh__strdup(name);
    if (!file.name)
        return mesh__fail(MESH_ERR_NOMEM, "name of a file");
    *out = (uint32_t)c->file_count;
    c->files[c->file_count++] = file;
    return 0;
}

/* --- laying sheets --- */

/* A finding of a document as one of the file. */
static void tell(const struct mesh_finding *finding, const char *file,
                 unsigned above, struct mesh_diagnostics *diagnostics)
{
    struct mesh_finding placed = *finding;

    placed.file = file;
    if (placed.line)
        placed.line += above;
    mesh__diagnostics_add(diagnostics, &placed);
}

static void tell_replaced(const struct mesh_collection *c,
                          const struct mesh_resource *earlier,
                          const struct mesh_resource *later,
                          struct mesh_diagnostics *diagnostics)
{
    char line[LINE_BYTES];
    const struct mesh_finding finding = {
        .severity = MESH__WARNING,
        .file = c->files[later->file].name,
        .line = mesh__line_of(later, later->mark),
        .column = later->mark.column,
        .code = MESH__CODE_REPLACED,
        .resource = later->full_name,
        .path = "",
        .message = line,
        .hint = "",
    };

    (void)snprintf(
        line, sizeof(line), "replaces the one of the same name in %s, line %u",
        c->files[earlier->file].name, mesh__line_of(earlier, earlier->mark));
    mesh__diagnostics_add(diagnostics, &finding);
}

static int put_new(struct mesh_collection *c,
                   const struct mesh_resource *resource)
{
    int rc = mesh__grow(&c->resources, &c->capacity, c->count, RESOURCES_MAX,
                        sizeof(*resource));
    uint32_t *index;

    if (rc < 0)
        return rc;
    index = mesh__arena_alloc(&c->arena, sizeof(*index));
    if (!index)
        return MESH_ERR_NOMEM;
    *index = (uint32_t)c->count;
    rc = mesh__map_put(&c->by_name, mesh__slice_of(resource->full_name), index);
    if (rc == 0)
        c->resources[c->count++] = *resource;
    return rc;
}

static int set_aside(struct mesh_collection *c,
                     const struct mesh_resource *resource)
{
    int rc = mesh__grow(&c->aside, &c->aside_capacity, c->aside_count,
                        RESOURCES_MAX, sizeof(*resource));

    if (rc == 0)
        c->aside[c->aside_count++] = *resource;
    return rc;
}

/* The name in the map is the first one's: its sheet lies here for good. */
int mesh__collection_put(struct mesh_collection *c,
                         const struct mesh_resource *resource,
                         struct mesh_diagnostics *diagnostics)
{
    const uint32_t *index;

    if (resource->bad)
        return set_aside(c, resource);
    index = mesh__map_find(&c->by_name, mesh__slice_of(resource->full_name));
    if (!index)
        return put_new(c, resource);
    tell_replaced(c, &c->resources[*index], resource, diagnostics);
    c->resources[*index] = *resource;
    return 0;
}

int mesh__collection_hold(struct mesh_collection *c, struct mesh_sheet *sheet,
                          unsigned above)
{
    int rc = mesh__grow(&c->sheets, &c->sheet_capacity, c->sheet_count,
                        RESOURCES_MAX, sizeof(*c->sheets));

    if (rc < 0) {
        mesh__sheet_unref(sheet);
        return rc;
    }
    c->sheets[c->sheet_count++] = (struct mesh_sheet_use){ sheet, above };
    c->files[c->file_count - 1].sheet_count++;
    return 0;
}

int mesh__collection_lay(struct mesh_collection *c, struct mesh_sheet *sheet,
                         unsigned above, struct mesh_diagnostics *diagnostics)
{
    const struct mesh_diagnostics *own = &sheet->diagnostics;
    uint32_t file = (uint32_t)(c->file_count - 1);
    int rc = mesh__collection_hold(c, sheet, above);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < own->count; i++)
        tell(&own->findings[i], c->files[file].name, above, diagnostics);
    diagnostics->documents += own->documents;
    c->lost += sheet->lost;
    if (own->rc < 0)
        diagnostics->rc = own->rc;
    for (size_t i = 0; rc == 0 && i < sheet->count; i++) {
        struct mesh_resource resource = sheet->resources[i];

        resource.sheet = sheet;
        resource.file = file;
        resource.above = above;
        rc = mesh__collection_put(c, &resource, diagnostics);
    }
    return rc == MESH_ERR_TOO_LARGE ? MESH_ERR_NOMEM : rc;
}

/* --- places --- */

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

int mesh__collection_seal(struct mesh_collection *collection)
{
    size_t count = collection->count;
    uint64_t *both = mesh__calloc(count + 1, sizeof(*both));

    mesh__reuse_free(collection->reuse);
    collection->reuse = NULL;
    mesh__free(collection->by_place); /* of an earlier seal */
    collection->by_place = mesh__calloc(count + 1, sizeof(uint32_t));
    if (!both || !collection->by_place) {
        mesh__free(both);
        return mesh__fail(MESH_ERR_NOMEM, "places of the policy");
    }
    for (size_t i = 0; i < count; i++)
        both[i] = (uint64_t)collection->resources[i].mark.place << 32 | i;
    qsort(both, count, sizeof(*both), compare_numbers);
    for (size_t i = 0; i < count; i++)
        collection->by_place[i] = (uint32_t)both[i];
    collection->by_place_count = count;
    mesh__free(both);
    return 0;
}

static const struct mesh_resource *find_sealed(const struct mesh_collection *c,
                                               uint32_t place)
{
    size_t low = 0;
    size_t high = c->by_place_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mesh_resource *resource =
            &c->resources[c->by_place[middle]];

        if (resource->mark.place == place)
            return resource;
        if (resource->mark.place < place)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct mesh_resource *mesh__collection_at(const struct mesh_collection *c,
                                                uint32_t place)
{
    if (c->by_place)
        return find_sealed(c, place);
    if (place < c->count && c->resources[place].mark.place == place)
        return &c->resources[place];
    for (size_t i = 0; i < c->count; i++)
        if (c->resources[i].mark.place == place)
            return &c->resources[i];
    return NULL;
}
