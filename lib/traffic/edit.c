/*
 * edit.c - a policy's edits of a head.
 *
 * Knows the order and what the operators stand for. Declines to know which
 * edits apply, and who is edited.
 */
#include "traffic/edit.h"

#include "base/error.h"

/* A pseudo-header, or the first line of the name; false: absent. */
static bool header(const struct mesh_head *head, struct mesh_slice name,
                   struct mesh_slice *out)
{
    const struct mesh_slice scheme = mesh__head_scheme(head);
    const struct {
        const char *name;
        const struct mesh_slice *value;
    } pseudo[] = {
        { ":path", &head->path },     { ":method", &head->method },
        { ":scheme", &scheme },       { ":authority", &head->authority },
        { "host", &head->authority },
    };

    for (size_t i = 0; i < sizeof(pseudo) / sizeof(pseudo[0]); i++)
        if (mesh__slice_is(name, pseudo[i].name)) {
            *out = *pseudo[i].value;
            return out->len > 0;
        }
    return mesh__head_get_named(head, name, out);
}

static struct mesh_slice header_of(const struct mesh_head *head,
                                   const struct mesh_piece *piece)
{
    struct mesh_slice value = { "", 0 };

    if (head && !header(head, piece->text, &value) && piece->other.len)
        (void)header(head, piece->other, &value);
    return value;
}

static struct mesh_slice print_ip(const struct mesh_address *address,
                                  char ip[MESH__ADDRESS_TEXT])
{
    if (address->family == 0)
        return (struct mesh_slice){ "", 0 };
    mesh__address_print_ip(address, ip);
    return mesh__slice_of(ip);
}

/* ip is where a printed address goes. */
static struct mesh_slice read_piece(const struct mesh_piece *piece,
                                    const struct mesh_edit_facts *facts,
                                    char ip[MESH__ADDRESS_TEXT])
{
    switch (piece->kind) {
    case MESH__PIECE_TEXT:
        return piece->text;
    case MESH__PIECE_REQUEST:
        return header_of(facts->request, piece);
    case MESH__PIECE_RESPONSE:
        return header_of(facts->response, piece);
    case MESH__PIECE_PROTOCOL:
        return MESH__SLICE("HTTP/1.1");
    case MESH__PIECE_REMOTE_IP:
        return print_ip(&facts->remote, ip);
    case MESH__PIECE_DIRECT_IP:
        return print_ip(&facts->direct, ip);
    case MESH__PIECE_ROUTE_NAME:
        return mesh__slice_of(facts->route_name);
    case MESH__PIECE_CLUSTER:
        return mesh__slice_of(facts->cluster);
    }
    return (struct mesh_slice){ "", 0 };
}

static int read_value(const struct mesh_edit *edit,
                      const struct mesh_edit_facts *facts,
                      struct mesh_arena *arena, struct mesh_slice *out)
{
    char ip[MESH__ADDRESS_TEXT];
    size_t len = 0;
    char *text;

    if (edit->piece_count == 1 && edit->pieces->kind == MESH__PIECE_TEXT) {
        *out = edit->pieces->text;
        return 0;
    }
    for (size_t i = 0; i < edit->piece_count; i++)
        len += read_piece(&edit->pieces[i], facts, ip).len;
    text = mesh__arena_alloc(arena, len + 1);
    if (!text)
        return MESH_ERR_NOMEM;
    *out = mesh__slice(text, len);
    for (size_t i = 0; i < edit->piece_count; i++) {
        struct mesh_slice piece = read_piece(&edit->pieces[i], facts, ip);

        if (piece.len)
            memcpy(text, piece.at, piece.len);
        text += piece.len;
    }
    *out = mesh__slice_trim(*out);
    return 0;
}

int mesh__edits_apply(const struct mesh_edits *edits,
                      const struct mesh_edit_facts *facts,
                      struct mesh_arena *arena, struct mesh_head *head)
{
    struct mesh_slice *values;
    size_t first = 0;
    int rc = 0;

    while (first < edits->count &&
           edits->items[first].kind == MESH__EDIT_REMOVE)
        (void)mesh__head_edit(head, arena, MESH__EDIT_REMOVE,
                              edits->items[first++].name,
                              (struct mesh_slice){ 0 });
    if (first == edits->count)
        return 0;
    values = mesh__arena_array(arena, edits->count - first, sizeof(*values));
    if (!values)
        return MESH_ERR_NOMEM;
    for (size_t i = first; rc == 0 && i < edits->count; i++)
        rc = read_value(&edits->items[i], facts, arena, &values[i - first]);
    for (size_t i = first; rc == 0 && i < edits->count; i++)
        rc = mesh__head_edit(head, arena, edits->items[i].kind,
                             edits->items[i].name, values[i - first]);
    return rc;
}
