/*
 * origin.c - the original destination: given, or found by name.
 *
 * Knows how an address is come by. Declines to know whether the policy lets
 * anybody go there.
 */
#include "link/origin.h"

#include "base/error.h"
#include "link/stream.h"

const struct mesh_address *mesh__origin_choose(
    const struct mesh_address *addresses, size_t count,
    const struct mesh_address *from)
{
    for (size_t i = 0; i < count; i++)
        if (from->family == 0 || addresses[i].family == from->family)
            return &addresses[i];
    return count ? addresses : NULL;
}

/* The loop's own resolver, made by whoever needs it first. */
static int open_names(struct mesh_link *link)
{
    struct mesh_loop *loop = link->loop;
    struct mesh_port *port = mesh__loop_port(loop);

    if (link->names)
        return 0;
    if (!port->ops->names)
        return mesh__fail(MESH_ERR_RESOLVE, "no names are known here");
    return port->ops->names(port, loop, &link->names);
}

static int ask(struct mesh_origin *origin, struct mesh_link *link,
               struct mesh_slice host, struct mesh_arena *arena,
               void (*on_answer)(struct mesh_lookup *), void *user)
{
    struct mesh_origin_lookup *asked;
    int rc = open_names(link);

    if (rc < 0)
        return rc;
    asked = mesh__arena_alloc(arena, sizeof(*asked));
    if (!asked)
        return MESH_ERR_NOMEM;
    asked->user = user;
    mesh__lookup_init(&asked->lookup, on_answer);
    rc = mesh__names_ask(link->names, &asked->lookup, host);
    if (rc < 0)
        return rc;
    origin->lookup = &asked->lookup;
    return MESH_ERR_WOULD_BLOCK;
}

int mesh__origin_find(struct mesh_origin *origin, struct mesh_link *link,
                      const struct mesh_address *given,
                      const struct mesh_address *from, struct mesh_slice host,
                      uint16_t port, struct mesh_arena *arena,
                      void (*on_answer)(struct mesh_lookup *), void *user)
{
    struct mesh_lookup *lookup = origin->lookup;

    if (origin->address.family)
        return 0;
    if (given->family) {
        origin->address = *given;
    } else if (!mesh__address_parse_ip(host, &origin->address)) {
        if (!lookup)
            return ask(origin, link, host, arena, on_answer, user);
        if (lookup->names)
            return MESH_ERR_WOULD_BLOCK;
        if (lookup->code < 0)
            return mesh__fail(lookup->code, "%s", lookup->line);
        origin->address =
            *mesh__origin_choose(lookup->addresses, lookup->count, from);
    }
    if (origin->address.port == 0)
        origin->address.port = port;
    return 0;
}

void mesh__origin_drop(struct mesh_origin *origin)
{
    if (origin->lookup)
        mesh__lookup_cancel(origin->lookup);
    origin->lookup = NULL;
}
