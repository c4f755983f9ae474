/*
 * keep.c - a collection in which something is bad, made good again: what was
 * there before stays as it was, what nobody is protected by is left out.
 *
 * A bad resource that guards something is never simply missing. It has an
 * earlier version that stays, or the collection as a whole is refused.
 */
#include "schema/collection.h"

#include "base/alloc.h"
#include "base/error.h"

#include <mesh/base.h>

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 4096 };
#define EARLIER " (earlier)" /* behind the name of a file */

struct keeping {
    struct mesh_collection *c;
    const struct mesh_collection *previous; /* or NULL */
    struct mesh_diagnostics *diagnostics;
    struct mesh_map held; /* by the address of a sheet's place */
    uint32_t first_held;  /* file in which something held stands */
    struct mesh_kept *out;
};

/* --- holding on --- */

/* What is held stands in files of its own, named after those it came from. */
static int open_file(struct keeping *keeping, const char *name)
{
    struct mesh_collection *c = keeping->c;
    char line[NAME_BYTES];
    uint32_t file;

    if (mesh__slice_ends(mesh__slice_of(name), MESH__SLICE(EARLIER)))
        (void)snprintf(line, sizeof(line), "%s", name);
    else
        (void)snprintf(line, sizeof(line), "%s%s", name, EARLIER);
    if (c->file_count && strcmp(c->files[c->file_count - 1].name, line) == 0)
        return 0;
    return mesh__collection_add_file(c, line, MESH__SLICE(""), &file);
}

static int hold_sheet(struct keeping *keeping,
                      const struct mesh_resource *resource)
{
    struct mesh_sheet *sheet = resource->sheet;
    struct mesh_slice key =
        mesh__slice((const char *)&sheet->place, sizeof(sheet->place));
    int rc;

    if (mesh__map_find(&keeping->held, key))
        return 0;
    rc = mesh__map_put(&keeping->held, key, sheet);
    if (rc < 0)
        return rc;
    atomic_fetch_add_explicit(&sheet->refs, 1, memory_order_relaxed);
    return mesh__collection_hold(keeping->c, sheet, resource->above);
}

static int hold(struct keeping *keeping, const struct mesh_resource *earlier)
{
    struct mesh_resource resource = *earlier;
    int rc;

    /* Only where places began again, which takes billions of changes. */
    if (mesh__collection_at(keeping->c, earlier->mark.place))
        return mesh__fail(MESH_ERR_POLICY, "%s: its place is another's",
                          earlier->full_name);
    rc = open_file(keeping, keeping->previous->files[earlier->file].name);

    if (rc == 0)
        rc = hold_sheet(keeping, earlier);
    if (rc < 0)
        return rc;
    resource.file = (uint32_t)(keeping->c->file_count - 1);
    keeping->out->held++;
    return mesh__collection_put(keeping->c, &resource, keeping->diagnostics);
}

static const struct mesh_resource *find(const struct mesh_collection *c,
                                        const char *full_name)
{
    const uint32_t *index =
        c ? mesh__map_find(&c->by_name, mesh__slice_of(full_name)) : NULL;

    return index ? &c->resources[*index] : NULL;
}

/* --- bad resources --- */

/*
 * A good one of the same name stands for it, as it would in a cluster that took
 * the one and rejected the other; but nobody knows which of two was to guard.
 */
static int keep_resource(struct keeping *keeping,
                         const struct mesh_resource *bad)
{
    const struct mesh_resource *stands = find(keeping->c, bad->full_name);
    const struct mesh_resource *earlier =
        find(keeping->previous, bad->full_name);

    if (stands && stands->file >= keeping->first_held)
        return 0; /* two bad ones, one earlier */
    if (earlier && !stands)
        return hold(keeping, earlier);
    if (bad->guards)
        return mesh__fail(MESH_ERR_POLICY,
                          "%s (%s:%u) may not be left out, and %s",
                          bad->full_name, keeping->c->files[bad->file].name,
                          mesh__line_of(bad, bad->mark),
                          stands ? "another of its name is no earlier version "
                                   "of it"
                                 : "there is no earlier version of it");
    keeping->out->left_out++;
    return 0;
}

/* --- documents of which nothing is known --- */

static bool is_lost(const struct mesh_collection *c,
                    const struct mesh_file *file)
{
    for (size_t i = 0; i < file->sheet_count; i++)
        if (c->sheets[file->first_sheet + i].sheet->lost)
            return true;
    return file->lost;
}

/* The file itself, or what was held from it. */
static bool came_from(const struct mesh_file *earlier, const char *name)
{
    size_t len = strlen(name);

    return strncmp(earlier->name, name, len) == 0 &&
           (earlier->name[len] == '\0' ||
            strcmp(earlier->name + len, EARLIER) == 0);
}

static bool was_there(const struct mesh_collection *previous, const char *name)
{
    for (size_t i = 0; previous && i < previous->file_count; i++)
        if (came_from(&previous->files[i], name))
            return true;
    return false;
}

/* Whatever the file had and is nowhere now may be what cannot be read. */
static int keep_file(struct keeping *keeping, const char *name)
{
    const struct mesh_collection *previous = keeping->previous;
    int rc = 0;

    if (!was_there(previous, name))
        return mesh__fail(MESH_ERR_POLICY,
                          "%s: what cannot be read may not be left out, and "
                          "there is no earlier version of the file",
                          name);
    for (size_t i = 0; rc == 0 && i < previous->count; i++) {
        const struct mesh_resource *earlier = &previous->resources[i];

        if (came_from(&previous->files[earlier->file], name) &&
            !find(keeping->c, earlier->full_name))
            rc = hold(keeping, earlier);
    }
    return rc;
}

static int keep_all(struct keeping *keeping)
{
    struct mesh_collection *c = keeping->c;
    size_t files = c->file_count; /* more come */
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->aside_count; i++)
        rc = keep_resource(keeping, &c->aside[i]);
    for (size_t i = 0; rc == 0 && i < files; i++)
        if (is_lost(c, &c->files[i])) {
            char name[NAME_BYTES]; /* the array may move */

            (void)snprintf(name, sizeof(name), "%s", c->files[i].name);
            rc = keep_file(keeping, name);
        }
    return rc;
}

int mesh__collection_keep_good(struct mesh_collection *collection,
                               const struct mesh_collection *previous,
                               struct mesh_diagnostics *diagnostics,
                               struct mesh_kept *out)
{
    struct keeping keeping = { .c = collection,
                               .previous = previous,
                               .diagnostics = diagnostics,
                               .first_held = (uint32_t)collection->file_count,
                               .out = out };
    int rc;

    *out = (struct mesh_kept){ 0 };
    rc = keep_all(&keeping);
    mesh__map_fini(&keeping.held);
    if (rc == MESH_ERR_TOO_LARGE)
        rc = MESH_ERR_NOMEM;
    return rc < 0 ? rc : mesh__collection_seal(collection);
}
