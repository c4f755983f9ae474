/*
 * file.c - the text of one file to sheets, one for each document.
 *
 * Looks into a document only when no earlier collection has one of the same
 * text to lend. It does not know what a document says.
 */
#include "base/error.h"
#include "base/text.h"
#include "schema/codes.h"
#include "schema/collection.h"

#include <mesh/base.h>

const struct mesh_policy_limits mesh__policy_limits = {
    .total_bytes = (size_t)64 << 20,
    .file_bytes = (size_t)16 << 20,
    .documents = 100000,
    .nodes = 4000000,
    .aliases = 1000,
    .depth = 64,
};

enum { LINE_BYTES = 128 };
#define TREE_BYTES ((size_t)1 << 30)

struct filling {
    struct mesh_collection *collection;
    struct mesh_diagnostics *diagnostics;
    struct mesh_reading reading;
};

static void tell_limit(struct filling *filling, const char *message,
                       size_t line)
{
    const struct mesh_finding finding = {
        .severity = MESH__ERROR,
        .file = filling->reading.name,
        .line = (unsigned)line,
        .column = line > 0,
        .code = MESH__CODE_LIMIT,
        .resource = "",
        .path = "",
        .message = message,
        .hint = "",
    };

    mesh__diagnostics_add(filling->diagnostics, &finding);
}

static void lose_file(struct filling *filling)
{
    struct mesh_collection *c = filling->collection;

    c->files[c->file_count - 1].lost = true;
    c->lost++;
}

/* What is left of the whole policy's bytes; a file has its bound, too. */
static bool bytes_fit(struct filling *filling, struct mesh_slice text)
{
    struct mesh_policy_limits *limits = filling->reading.limits;
    char line[LINE_BYTES];
    struct mesh_text message;

    if (text.len <= limits->total_bytes && text.len <= limits->file_bytes) {
        limits->total_bytes -= text.len;
        return true;
    }
    mesh__text_init(&message, line, sizeof(line));
    if (text.len > limits->file_bytes)
        mesh__text_format(&message, "more than %zu bytes", limits->file_bytes);
    else
        mesh__text_format(&message,
                          "the policy is too large: %zu bytes of it are left, "
                          "this file has %zu",
                          limits->total_bytes, text.len);
    tell_limit(filling, line, 0);
    lose_file(filling);
    return false;
}

static int read_sheet(struct filling *filling, struct mesh_digest digest,
                      struct mesh_slice text, struct mesh_sheet **out)
{
    struct mesh_collection *c = filling->collection;
    int rc = mesh__sheet_new(digest, c->next_place, out);

    if (rc < 0)
        return rc;
    filling->reading.told = filling->diagnostics->count;
    rc = mesh__sheet_read(*out, &filling->reading, text);
    mesh__arena_reset(filling->reading.tree);
    c->next_place += (uint32_t)(*out)->count;
    c->sheets_read++;
    if (rc == MESH_ERR_NOMEM) {
        mesh__sheet_unref(*out);
        *out = NULL;
    }
    return rc;
}

static int read_piece(struct filling *filling,
                      const struct mesh_yaml_piece *piece)
{
    struct mesh_digest digest = mesh__digest(piece->text.at, piece->text.len);
    struct mesh_sheet *sheet;
    int bad = 0;
    int rc = mesh__reuse_sheet(filling->collection, digest,
                               filling->reading.limits, &sheet);

    if (rc < 0)
        return rc;
    filling->reading.above = (unsigned)piece->above;
    if (!sheet)
        bad = read_sheet(filling, digest, piece->text, &sheet);
    if (bad == MESH_ERR_NOMEM)
        return bad;
    rc = mesh__collection_lay(filling->collection, sheet,
                              filling->reading.above, filling->diagnostics);
    return rc < 0 ? rc : bad;
}

/* Blank documents are none, but many of them are too many. */
static void count_pieces(struct filling *filling,
                         struct mesh_yaml_pieces *pieces)
{
    size_t limit = filling->reading.limits->documents;
    char line[LINE_BYTES];
    struct mesh_text message;

    if (pieces->count <= limit)
        return;
    mesh__text_init(&message, line, sizeof(line));
    mesh__text_format(&message, "more than %zu documents", limit);
    tell_limit(filling, line, pieces->items[limit].above + 1);
    lose_file(filling);
    pieces->count = limit;
}

/* The first document that is no YAML decides what is returned. */
static int read_pieces(struct filling *filling, struct mesh_slice text)
{
    struct mesh_yaml_pieces pieces;
    struct mesh_arena tree;
    int rc = mesh__yaml_split(text, &pieces);
    int bad = 0;

    if (rc == 0)
        count_pieces(filling, &pieces);
    mesh__arena_init(&tree, TREE_BYTES);
    filling->reading.tree = &tree;
    for (size_t i = 0; rc == 0 && i < pieces.count; i++) {
        rc = read_piece(filling, &pieces.items[i]);
        if (rc == MESH_ERR_POLICY) {
            bad = rc;
            rc = 0;
        }
    }
    mesh__arena_fini(&tree);
    mesh__yaml_pieces_fini(&pieces);
    return rc < 0 ? rc : bad;
}

static int read_file(struct filling *filling, struct mesh_slice text)
{
    struct mesh_collection *c = filling->collection;
    uint32_t file;
    int rc = mesh__collection_add_file(c, filling->reading.name, text, &file);

    if (rc < 0)
        return rc;
    if (!bytes_fit(filling, text))
        return 0;
    if (mesh__reuse_file(c, filling->reading.limits, filling->diagnostics, &rc))
        return rc;
    return read_pieces(filling, text);
}

int mesh__collection_add(struct mesh_collection *collection, const char *name,
                         struct mesh_slice text,
                         struct mesh_policy_limits *limits,
                         struct mesh_diagnostics *diagnostics)
{
    struct filling filling = { .collection = collection,
                               .diagnostics = diagnostics,
                               .reading = { .name = name, .limits = limits } };
    int rc = read_file(&filling, text);

    if (rc == MESH_ERR_NOMEM)
        return mesh__fail(rc, "policy file %s", name);
    mesh__error_clear(); /* what is wrong with it stands in diagnostics */
    return 0;
}

int mesh__coverage(const char *name, struct mesh_slice text,
                   struct mesh_policy_limits *limits,
                   void (*each)(void *user, const struct mesh_field_use *use),
                   void *user)
{
    struct mesh_diagnostics diagnostics;
    struct filling filling = {
        .diagnostics = &diagnostics,
        .reading = { .name = name,
                     .limits = limits,
                     .each = each,
                     .user = user },
    };
    int rc = mesh__collection_new(&filling.collection);

    if (rc < 0)
        return rc;
    mesh__diagnostics_init(&diagnostics);
    rc = read_file(&filling, text);
    mesh__diagnostics_fini(&diagnostics);
    mesh__collection_unref(filling.collection);
    return rc;
}
