/*
 * reuse.c - what the collection before lends to the one that is filled.
 *
 * Files are known by name and contents, documents by their text alone: one
 * that moved, within its file or to another, is the same. A sheet is lent
 * once, because its resources have one place each.
 */
#include "schema/collection.h"

#include "base/alloc.h"
#include "base/error.h"

#include <mesh/base.h>

#include <string.h>

struct mesh_reuse {
    struct mesh_collection *previous; /* counted */
    bool *lent;                       /* as previous->sheets */
    size_t file;                      /* where the next one is likely found */
    struct mesh_map by_digest; /* text -> a struct mesh_sheet_use of previous,
                                  made when a file has changed */
};

int mesh__reuse_new(struct mesh_collection *previous, struct mesh_reuse **out)
{
    struct mesh_reuse *reuse = mesh__calloc(1, sizeof(*reuse));

    *out = NULL;
    if (reuse)
        reuse->lent = mesh__calloc(previous->sheet_count + 1, sizeof(bool));
    if (!reuse || !reuse->lent) {
        mesh__free(reuse);
        return mesh__fail(MESH_ERR_NOMEM, "policy");
    }
    reuse->previous = mesh__collection_ref(previous);
    *out = reuse;
    return 0;
}

void mesh__reuse_free(struct mesh_reuse *reuse)
{
    if (!reuse)
        return;
    mesh__map_fini(&reuse->by_digest);
    mesh__collection_unref(reuse->previous);
    mesh__free(reuse->lent);
    mesh__free(reuse);
}

/* --- what it takes of the limits --- */

static bool fits(const struct mesh_policy_limits *limits,
                 const struct mesh_sheet *sheet)
{
    return !sheet->limited && sheet->documents <= limits->documents &&
           sheet->nodes <= limits->nodes && sheet->aliases <= limits->aliases;
}

static void spend(struct mesh_policy_limits *limits,
                  const struct mesh_sheet *sheet)
{
    limits->documents -= sheet->documents;
    limits->nodes -= sheet->nodes;
    limits->aliases -= sheet->aliases;
}

static struct mesh_sheet *lend(struct mesh_reuse *reuse, size_t index)
{
    struct mesh_sheet *sheet = reuse->previous->sheets[index].sheet;

    reuse->lent[index] = true;
    atomic_fetch_add_explicit(&sheet->refs, 1, memory_order_relaxed);
    return sheet;
}

/* --- files --- */

/* Files come in order of name, as they did before. */
static const struct mesh_file *find_file(struct mesh_reuse *reuse,
                                         const struct mesh_file *file)
{
    const struct mesh_collection *previous = reuse->previous;

    for (size_t i = 0; i < previous->file_count; i++) {
        size_t index = (reuse->file + i) % previous->file_count;
        const struct mesh_file *old = &previous->files[index];

        if (strcmp(old->name, file->name) != 0)
            continue;
        reuse->file = index + 1;
        return mesh__digest_equal(old->digest, file->digest) ? old : NULL;
    }
    return NULL;
}

/* All of a file or nothing: a part would be in the way of the rest. */
static bool may_lend(const struct mesh_reuse *reuse,
                     const struct mesh_file *file,
                     const struct mesh_policy_limits *limits)
{
    struct mesh_policy_limits left = *limits;

    for (size_t i = 0; i < file->sheet_count; i++) {
        size_t index = file->first_sheet + i;
        const struct mesh_sheet *sheet = reuse->previous->sheets[index].sheet;

        if (reuse->lent[index] || !fits(&left, sheet))
            return false;
        spend(&left, sheet);
    }
    return true;
}

bool mesh__reuse_file(struct mesh_collection *c,
                      struct mesh_policy_limits *limits,
                      struct mesh_diagnostics *diagnostics, int *rc)
{
    const struct mesh_file *old;

    *rc = 0;
    if (!c->reuse)
        return false;
    old = find_file(c->reuse, &c->files[c->file_count - 1]);
    if (!old || !may_lend(c->reuse, old, limits))
        return false;
    for (size_t i = 0; *rc == 0 && i < old->sheet_count; i++) {
        size_t index = old->first_sheet + i;
        struct mesh_sheet *sheet = lend(c->reuse, index);

        spend(limits, sheet);
        *rc = mesh__collection_lay(
            c, sheet, c->reuse->previous->sheets[index].above, diagnostics);
    }
    return true;
}

/* --- documents --- */

static struct mesh_slice key_of(const struct mesh_digest *digest)
{
    return mesh__slice((const char *)digest, sizeof(*digest));
}

static int index_sheets(struct mesh_reuse *reuse)
{
    struct mesh_collection *previous = reuse->previous;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < previous->sheet_count; i++)
        rc = mesh__map_put(&reuse->by_digest,
                           key_of(&previous->sheets[i].sheet->digest),
                           &previous->sheets[i]);
    return rc;
}

int mesh__reuse_sheet(struct mesh_collection *c, struct mesh_digest digest,
                      struct mesh_policy_limits *limits,
                      struct mesh_sheet **out)
{
    struct mesh_reuse *reuse = c->reuse;
    const struct mesh_sheet_use *found;
    size_t index;
    int rc = 0;

    *out = NULL;
    if (!reuse)
        return 0;
    if (reuse->by_digest.count == 0)
        rc = index_sheets(reuse);
    if (rc < 0)
        return rc;
    found = mesh__map_find(&reuse->by_digest, key_of(&digest));
    if (!found || !fits(limits, found->sheet))
        return 0;
    index = (size_t)(found - reuse->previous->sheets);
    if (reuse->lent[index])
        return 0;
    spend(limits, found->sheet);
    *out = lend(reuse, index);
    return 0;
}
