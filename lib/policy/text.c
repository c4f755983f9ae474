/*
 * text.c - words that a snapshot keeps for itself.
 */
#include "policy/compile.h"

bool mesh__copy(struct mesh_arena *arena, struct mesh_slice from,
                const char **out)
{
    *out = mesh__arena_strndup(arena, from.at, from.len);
    return *out != NULL;
}

static bool copy_slice(struct mesh_arena *arena, struct mesh_slice from,
                       struct mesh_slice *out)
{
    const char *copy;

    if (!mesh__copy(arena, from, &copy))
        return false;
    *out = mesh__slice(copy, from.len);
    return true;
}

bool mesh__copy_labels(struct mesh_arena *arena, const struct mesh_labels *from,
                       struct mesh_labels *out)
{
    out->count = from->count;
    out->items = mesh__arena_array(arena, from->count, sizeof(*out->items));
    if (!out->items)
        return false;
    for (size_t i = 0; i < from->count; i++)
        if (!copy_slice(arena, from->items[i].key, &out->items[i].key) ||
            !copy_slice(arena, from->items[i].value, &out->items[i].value))
            return false;
    return true;
}

const char *mesh__spiffe_of(struct mesh_arena *arena, const char *trust_domain,
                            struct mesh_slice namespace_,
                            struct mesh_slice service_account)
{
    return mesh__arena_format(arena, "spiffe://%s/ns/%.*s/sa/%.*s",
                              trust_domain, (int)namespace_.len, namespace_.at,
                              (int)service_account.len, service_account.at);
}
