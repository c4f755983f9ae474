/*
 * edits.c - header edits of a VirtualService as a snapshot keeps them.
 *
 * Knows how Envoy writes operators inside a value. Declines to know when the
 * edits are made.
 */
#include "policy/edits.h"

#include "base/error.h"

/* --- names --- */

static bool is_authority(struct mesh_slice name)
{
    return mesh__slice_equal_nocase(name, MESH__SLICE(":authority")) ||
           mesh__slice_equal_nocase(name, MESH__SLICE("host"));
}

/* Pseudo-headers are no headers; the host is rewritten, not edited. */
static bool is_skipped(struct mesh_slice name)
{
    return (name.len && name.at[0] == ':') || is_authority(name);
}

/* What says where a message ends is the codec's alone. */
static bool is_framing(enum mesh_header_id id)
{
    return id == MESH__H_CONTENT_LENGTH || id == MESH__H_TRANSFER_ENCODING ||
           id == MESH__H_CONNECTION || id == MESH__H_KEEP_ALIVE ||
           id == MESH__H_PROXY_CONNECTION || id == MESH__H_UPGRADE ||
           id == MESH__H_TE || id == MESH__H_TRAILER;
}

static int lower_copy(struct mesh_arena *arena, struct mesh_slice from,
                      struct mesh_slice *out)
{
    char *copy = mesh__arena_strndup(arena, from.at, from.len);

    if (!copy)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < from.len; i++)
        copy[i] = mesh__lower(copy[i]);
    *out = mesh__slice(copy, from.len);
    return 0;
}

static int fill_name(struct mesh_arena *arena, struct mesh_slice name,
                     struct mesh_edit *edit)
{
    if (!mesh__is_token(name))
        return mesh__fail(MESH_ERR_INVALID, "\"%.*s\" is no header name",
                          (int)(name.len > 80 ? 80 : name.len),
                          name.len ? name.at : "");
    if (lower_copy(arena, name, &edit->name) < 0)
        return MESH_ERR_NOMEM;
    if (edit->kind != MESH__EDIT_REMOVE &&
        is_framing(mesh__header_id(edit->name)))
        return mesh__fail(MESH_ERR_INVALID,
                          "%s says where a message ends, and is set by libmesh "
                          "itself",
                          edit->name.at);
    return 0;
}

/* --- values --- */

static const struct {
    const char *name;
    enum mesh_piece_kind kind;
    bool takes_name;
} operators[] = {
    { "REQ", MESH__PIECE_REQUEST, true },
    { "RESP", MESH__PIECE_RESPONSE, true },
    { "PROTOCOL", MESH__PIECE_PROTOCOL, false },
    { "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", MESH__PIECE_REMOTE_IP, false },
    { "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", MESH__PIECE_DIRECT_IP,
      false },
    { "ROUTE_NAME", MESH__PIECE_ROUTE_NAME, false },
    { "UPSTREAM_CLUSTER_RAW", MESH__PIECE_CLUSTER, false },
};

enum { OPERATORS = sizeof(operators) / sizeof(operators[0]) };

static int bad_operator(struct mesh_slice text)
{
    return mesh__fail(MESH_ERR_INVALID,
                      "the operator %%%.*s%% of a header's value is not known "
                      "to libmesh",
                      (int)(text.len > 80 ? 80 : text.len), text.at);
}

/* "name" or "name?other", between the brackets. */
static int fill_names(struct mesh_arena *arena, struct mesh_slice names,
                      struct mesh_piece *piece)
{
    const char *mark = names.len ? memchr(names.at, '?', names.len) : NULL;
    struct mesh_slice first = names;
    struct mesh_slice other = { "", 0 };

    if (mark) {
        first.len = (size_t)(mark - names.at);
        other = mesh__slice(mark + 1, names.len - first.len - 1);
    }
    if (lower_copy(arena, first, &piece->text) < 0 ||
        lower_copy(arena, other, &piece->other) < 0)
        return MESH_ERR_NOMEM;
    return 0;
}

/* What stands between two percent signs. */
static int fill_operator(struct mesh_arena *arena, struct mesh_slice text,
                         struct mesh_piece *piece)
{
    for (size_t i = 0; i < OPERATORS; i++) {
        struct mesh_slice name = mesh__slice_of(operators[i].name);

        if (!mesh__slice_starts(text, name))
            continue;
        piece->kind = operators[i].kind;
        if (!operators[i].takes_name && text.len == name.len)
            return 0;
        if (operators[i].takes_name && text.len > name.len + 2 &&
            text.at[name.len] == '(' && text.at[text.len - 1] == ')')
            return fill_names(
                arena,
                mesh__slice(text.at + name.len + 1, text.len - name.len - 2),
                piece);
    }
    return bad_operator(text);
}

/* The next piece of a value, and how much of it that was. */
static int next_piece(struct mesh_arena *arena, struct mesh_slice value,
                      struct mesh_piece *piece, size_t *used)
{
    const char *end = memchr(value.at, '%', value.len);
    struct mesh_slice text = value;

    if (value.at[0] != '%') {
        text.len = end ? (size_t)(end - value.at) : value.len;
        *used = text.len;
    } else {
        text = mesh__slice(value.at + 1, value.len - 1);
        end = text.len ? memchr(text.at, '%', text.len) : NULL;
        if (!end)
            return mesh__fail(MESH_ERR_INVALID,
                              "a percent sign in a header's value wants "
                              "another: %%%%");
        text.len = (size_t)(end - text.at);
        *used = text.len + 2;
        if (text.len)
            return fill_operator(arena, text, piece);
        text = MESH__SLICE("%");
    }
    piece->kind = MESH__PIECE_TEXT;
    piece->text.at = mesh__arena_strndup(arena, text.at, text.len);
    piece->text.len = text.len;
    return piece->text.at ? 0 : MESH_ERR_NOMEM;
}

static size_t most_pieces(struct mesh_slice value)
{
    size_t count = 1;

    for (size_t i = 0; i < value.len; i++)
        count += value.at[i] == '%';
    return count;
}

static int fill_value(struct mesh_arena *arena, struct mesh_slice value,
                      struct mesh_edit *edit)
{
    value = mesh__slice_trim(value);
    if (!mesh__is_field_value(value))
        return mesh__fail(MESH_ERR_INVALID,
                          "%s: the value has characters that cannot be sent",
                          edit->name.at);
    edit->pieces =
        mesh__arena_array(arena, most_pieces(value), sizeof(*edit->pieces));
    if (!edit->pieces)
        return MESH_ERR_NOMEM;
    while (value.len) {
        size_t used = 0;
        int rc =
            next_piece(arena, value, &edit->pieces[edit->piece_count], &used);

        if (rc < 0)
            return rc;
        edit->piece_count++;
        value = mesh__slice(value.at + used, value.len - used);
    }
    return 0;
}

/* --- lists --- */

static int add_removals(struct mesh_arena *arena,
                        const struct mesh_texts *names, struct mesh_edits *out)
{
    for (size_t i = 0; i < names->count; i++) {
        struct mesh_edit *edit = &out->items[out->count];
        int rc;

        if (is_skipped(names->items[i]))
            continue;
        edit->kind = MESH__EDIT_REMOVE;
        rc = fill_name(arena, names->items[i], edit);
        if (rc < 0)
            return rc;
        out->count++;
    }
    return 0;
}

static int add_lines(struct mesh_arena *arena, const struct mesh_labels *lines,
                     enum mesh_edit_kind kind, struct mesh_edits *out)
{
    for (size_t i = 0; i < lines->count; i++) {
        struct mesh_edit *edit = &out->items[out->count];
        int rc;

        if (is_skipped(lines->items[i].key))
            continue;
        edit->kind = kind;
        rc = fill_name(arena, lines->items[i].key, edit);
        if (rc == 0)
            rc = fill_value(arena, lines->items[i].value, edit);
        if (rc < 0)
            return rc;
        out->count++;
    }
    return 0;
}

int mesh__edits_compile(struct mesh_arena *arena,
                        const struct mesh_edits_spec *const *places,
                        size_t count, struct mesh_edits *out)
{
    size_t most = 0;
    int rc = 0;

    *out = (struct mesh_edits){ 0 };
    for (size_t i = 0; i < count; i++)
        most += places[i]->remove.count + places[i]->set.count +
                places[i]->add.count;
    if (most == 0)
        return 0;
    out->items = mesh__arena_array(arena, most, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_removals(arena, &places[i]->remove, out);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_lines(arena, &places[i]->set, MESH__EDIT_SET, out);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_lines(arena, &places[i]->add, MESH__EDIT_ADD, out);
    return rc;
}

struct mesh_slice mesh__edits_authority(const struct mesh_edits_spec *spec)
{
    const struct mesh_labels *lists[] = { &spec->set, &spec->add };

    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            if (is_authority(lists[i]->items[j].key) &&
                lists[i]->items[j].value.len)
                return lists[i]->items[j].value;
    return (struct mesh_slice){ "", 0 };
}
