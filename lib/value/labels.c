/*
 * labels.c - key/value labels, sorted by key.
 *
 * Holds and compares; declines to know whose labels they are.
 */
#include "value/labels.h"

#include "base/error.h"

static int compare_keys(struct mesh_slice a, struct mesh_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.at, b.at, len) : 0;

    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

/* Where key is, or where it would go. */
static size_t place_of(const struct mesh_labels *labels, struct mesh_slice key)
{
    size_t low = 0;
    size_t high = labels->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_keys(labels->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct mesh_labels *labels, size_t place,
                  struct mesh_slice key)
{
    return place < labels->count &&
           mesh__slice_equal(labels->items[place].key, key);
}

/* The array is full at 0 and at every power of two from 4 on. */
static int make_room(struct mesh_labels *labels, struct mesh_arena *arena)
{
    size_t count = labels->count;
    struct mesh_label *items;

    if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
        return 0;
    if (count >= MESH__LABELS_MAX)
        return mesh__fail(MESH_ERR_TOO_LARGE, "more than %d labels",
                          MESH__LABELS_MAX);
    items = mesh__arena_array(arena, count ? count * 2 : 4, sizeof(*items));
    if (!items)
        return MESH_ERR_NOMEM;
    if (count)
        memcpy(items, labels->items, count * sizeof(*items));
    labels->items = items;
    return 0;
}

static int copy_text(struct mesh_arena *arena, struct mesh_slice from,
                     struct mesh_slice *out)
{
    const char *copy = mesh__arena_strndup(arena, from.at, from.len);

    if (!copy)
        return MESH_ERR_NOMEM;
    *out = mesh__slice(copy, from.len);
    return 0;
}

int mesh__labels_add(struct mesh_labels *labels, struct mesh_arena *arena,
                     struct mesh_slice key, struct mesh_slice value)
{
    size_t place = place_of(labels, key);
    struct mesh_label label;
    int rc;

    rc = copy_text(arena, value, &label.value);
    if (rc < 0)
        return rc;
    if (is_at(labels, place, key)) {
        labels->items[place].value = label.value;
        return 0;
    }
    rc = copy_text(arena, key, &label.key);
    if (rc < 0)
        return rc;
    rc = make_room(labels, arena);
    if (rc < 0)
        return rc;
    memmove(labels->items + place + 1, labels->items + place,
            (labels->count - place) * sizeof(label));
    labels->items[place] = label;
    labels->count++;
    return 0;
}

/* Take "k=v" off the front of *text; the comma behind it goes too. */
static struct mesh_slice take_piece(struct mesh_slice *text)
{
    const char *comma = text->len ? memchr(text->at, ',', text->len) : NULL;
    struct mesh_slice piece = *text;

    if (comma) {
        piece.len = (size_t)(comma - text->at);
        *text = mesh__slice(comma + 1, text->len - piece.len - 1);
    } else {
        *text = (struct mesh_slice){ 0 };
    }
    return mesh__slice_trim(piece);
}

static int split_piece(struct mesh_slice piece, struct mesh_label *out)
{
    const char *equals = piece.len ? memchr(piece.at, '=', piece.len) : NULL;
    size_t key_bytes = equals ? (size_t)(equals - piece.at) : 0;

    if (!equals)
        return mesh__fail(
            MESH_ERR_INVALID, "expected key=value in labels, found \"%.*s\"",
            (int)(piece.len < 64 ? piece.len : 64), piece.len ? piece.at : "");
    out->key = mesh__slice_trim(mesh__slice(piece.at, key_bytes));
    out->value =
        mesh__slice_trim(mesh__slice(equals + 1, piece.len - key_bytes - 1));
    if (out->key.len == 0)
        return mesh__fail(MESH_ERR_INVALID,
                          "a label needs a key, found \"%.*s\"",
                          (int)(piece.len < 64 ? piece.len : 64), piece.at);
    return 0;
}

/* Once to look (arena NULL: nothing changes), once to add. */
static int walk(struct mesh_labels *labels, struct mesh_arena *arena,
                struct mesh_slice text)
{
    bool more = mesh__slice_trim(text).len > 0;

    while (more) {
        struct mesh_label label;
        int rc;

        more = memchr(text.at, ',', text.len) != NULL;
        rc = split_piece(take_piece(&text), &label);
        if (rc == 0 && arena)
            rc = mesh__labels_add(labels, arena, label.key, label.value);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int mesh__labels_parse(struct mesh_labels *labels, struct mesh_arena *arena,
                       struct mesh_slice text)
{
    int rc = walk(labels, NULL, text);

    return rc < 0 ? rc : walk(labels, arena, text);
}

const struct mesh_slice *mesh__labels_get(const struct mesh_labels *labels,
                                          struct mesh_slice key)
{
    size_t place = place_of(labels, key);

    return is_at(labels, place, key) ? &labels->items[place].value : NULL;
}

bool mesh__labels_cover(const struct mesh_labels *having,
                        const struct mesh_labels *selector)
{
    for (size_t i = 0; i < selector->count; i++) {
        const struct mesh_slice *value =
            mesh__labels_get(having, selector->items[i].key);

        if (!value || !mesh__slice_equal(*value, selector->items[i].value))
            return false;
    }
    return true;
}

bool mesh__labels_equal(const struct mesh_labels *a,
                        const struct mesh_labels *b)
{
    return a->count == b->count && mesh__labels_cover(a, b);
}
