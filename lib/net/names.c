/*
 * names.c - what all resolvers share: a question's life and its answer.
 */
#include "net/names.h"

#include "base/error.h"

#include <assert.h>
#include <string.h>

void mesh__lookup_init(struct mesh_lookup *lookup,
                       void (*on_answer)(struct mesh_lookup *))
{
    lookup->on_answer = on_answer;
    lookup->names = NULL;
    lookup->state = NULL;
    lookup->name[0] = '\0';
    lookup->code = 0;
    lookup->line[0] = '\0';
    lookup->count = 0;
    lookup->ttl_s = 0;
    mesh__list_init(&lookup->node);
}

void mesh__names_free(struct mesh_names *names)
{
    if (names)
        names->ops->free(names);
}

int mesh__names_ask(struct mesh_names *names, struct mesh_lookup *lookup,
                    struct mesh_slice name)
{
    assert(!lookup->names);
    if (name.len == 0 || name.len > MESH__NAME_MAX)
        return mesh__fail(MESH_ERR_RESOLVE, "a name of %zu bytes", name.len);
    mesh__lookup_init(lookup, lookup->on_answer);
    memcpy(lookup->name, name.at, name.len);
    lookup->name[name.len] = '\0';
    lookup->names = names;
    names->ops->ask(names, lookup);
    return 0;
}

void mesh__lookup_cancel(struct mesh_lookup *lookup)
{
    struct mesh_names *names = lookup->names;

    if (!names)
        return;
    lookup->names = NULL;
    names->ops->cancel(names, lookup);
    mesh__list_remove(&lookup->node);
}

void mesh__lookup_add(struct mesh_lookup *lookup,
                      const struct mesh_address *address)
{
    size_t at = lookup->count;

    for (size_t i = 0; i < lookup->count; i++)
        if (mesh__address_equal(&lookup->addresses[i], address))
            return;
    if (lookup->count == MESH__NAME_ADDRESSES)
        return;
    while (address->family == 4 && at > 0 &&
           lookup->addresses[at - 1].family == 6) {
        lookup->addresses[at] = lookup->addresses[at - 1];
        at--;
    }
    lookup->addresses[at] = *address;
    lookup->count++;
}
