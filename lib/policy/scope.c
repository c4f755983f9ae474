/*
 * scope.c - what the compiling client sees.
 *
 * One Sidecar at most is in force; several are never merged. Each of its egress
 * listeners imports services and VirtualServices by namespace and host, and
 * speaks for its port alone. Declines to know what is done with what is seen.
 */
#include "policy/scope.h"

#include "base/error.h"
#include "value/host.h"

/* --- which Sidecar --- */

static bool covers(const struct mesh_sidecar *spec,
                   const struct mesh__asker *asker)
{
    return spec->selector.count == 0 ||
           (asker->labels &&
            mesh__labels_cover(asker->labels, &spec->selector));
}

/* The oldest of a namespace, with a selector that covers us or without one. */
static const struct mesh_resource *oldest(const struct mesh__list *all,
                                          struct mesh_slice namespace_,
                                          const struct mesh__asker *asker,
                                          bool with_selector)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_sidecar *spec = all->items[i]->spec;

        if (spec->has_selector == with_selector &&
            mesh__slice_equal(mesh__namespace_of(all->items[i]), namespace_) &&
            covers(spec, asker))
            return all->items[i];
    }
    return NULL;
}

static const struct mesh_resource *choose(const struct mesh__world *world,
                                          const struct mesh__asker *asker)
{
    const struct mesh__list *all = &world->kinds[MESH__KIND_SIDECAR];
    const struct mesh_resource *found =
        oldest(all, asker->namespace_, asker, true);

    if (!found)
        found = oldest(all, asker->namespace_, asker, false);
    if (!found)
        found = oldest(all, asker->root_namespace, asker, false);
    return found;
}

/* --- its listeners --- */

/* "~" alone is every namespace, "~name" that one: both are left out. */
static bool split(struct mesh_slice text, struct mesh_slice own,
                  struct mesh__import *out, bool *excluded)
{
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    struct mesh_slice space;

    if (!slash)
        return false;
    space = mesh__slice(text.at, (size_t)(slash - text.at));
    out->host = mesh__slice(slash + 1, text.len - space.len - 1);
    *excluded = space.len > 0 && space.at[0] == '~';
    if (*excluded)
        space = mesh__slice(space.at + 1, space.len - 1);
    if (*excluded && space.len == 0)
        space = MESH__SLICE("*");
    out->namespace_ = mesh__slice_is(space, ".") ? own : space;
    return true;
}

static int read_hosts(struct mesh__listener *out, struct mesh_arena *arena,
                      const struct mesh_texts *hosts, struct mesh_slice own)
{
    out->taken.items =
        mesh__arena_array(arena, hosts->count, sizeof(*out->taken.items));
    out->left.items =
        mesh__arena_array(arena, hosts->count, sizeof(*out->left.items));
    if (!out->taken.items || !out->left.items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < hosts->count; i++) {
        struct mesh__import import;
        bool excluded;

        if (!split(hosts->items[i], own, &import, &excluded))
            continue;
        if (excluded)
            out->left.items[out->left.count++] = import;
        else
            out->taken.items[out->taken.count++] = import;
    }
    return 0;
}

static void read_port(struct mesh__listener *out,
                      const struct mesh_sidecar_port *port)
{
    enum mesh_protocol protocol;

    if (port->number == 0 || port->number > UINT16_MAX)
        return;
    out->port = (uint16_t)port->number;
    if (port->protocol.len == 0)
        return;
    protocol = mesh__protocol_of(port->protocol, MESH__SLICE(""), port->number);
    out->tcp = protocol == MESH__PROTO_TCP;
    out->http = protocol == MESH__PROTO_HTTP || protocol == MESH__PROTO_HTTP2;
}

static int read_all(struct mesh__scope *scope, struct mesh_arena *arena)
{
    static struct mesh_slice every[] = { { "*/*", 3 } };
    static const struct mesh_texts all = { .items = every, .count = 1 };

    scope->listeners = mesh__arena_alloc(arena, sizeof(*scope->listeners));
    if (!scope->listeners)
        return MESH_ERR_NOMEM;
    scope->count = 1;
    return read_hosts(scope->listeners, arena, &all, MESH__SLICE(""));
}

int mesh__scope_init(struct mesh__scope *scope, struct mesh_arena *arena,
                     const struct mesh__world *world,
                     const struct mesh__asker *asker)
{
    const struct mesh_sidecar *spec;
    int rc = 0;

    *scope = (struct mesh__scope){ .sidecar = choose(world, asker) };
    spec = scope->sidecar ? scope->sidecar->spec : NULL;
    if (!spec || spec->egress_count == 0)
        return read_all(scope, arena);
    scope->listeners =
        mesh__arena_array(arena, spec->egress_count, sizeof(*scope->listeners));
    if (!scope->listeners)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < spec->egress_count; i++) {
        struct mesh__listener *listener = &scope->listeners[scope->count++];

        read_port(listener, &spec->egress[i].port);
        rc = read_hosts(listener, arena, &spec->egress[i].hosts,
                        asker->namespace_);
    }
    return rc;
}

struct mesh__listener *mesh__scope_listener(const struct mesh__scope *scope,
                                            uint16_t port)
{
    for (size_t i = 0; i < scope->count; i++)
        if (scope->listeners[i].port == port || scope->listeners[i].port == 0)
            return &scope->listeners[i];
    return NULL;
}

/* --- what a listener imports --- */

static bool of_namespace(const struct mesh__import *import,
                         struct mesh_slice namespace_)
{
    return mesh__slice_is(import->namespace_, "*") ||
           mesh__slice_equal(import->namespace_, namespace_);
}

static bool is_left(const struct mesh__listener *listener,
                    struct mesh_slice namespace_, struct mesh_slice host)
{
    for (size_t i = 0; i < listener->left.count; i++)
        if (of_namespace(&listener->left.items[i], namespace_) &&
            mesh__host_matches(listener->left.items[i].host, host))
            return true;
    return false;
}

bool mesh__listener_takes(const struct mesh__listener *listener,
                          struct mesh_slice namespace_, struct mesh_slice host)
{
    for (size_t i = 0; i < listener->taken.count; i++)
        if (of_namespace(&listener->taken.items[i], namespace_) &&
            mesh__host_matches(listener->taken.items[i].host, host))
            return !is_left(listener, namespace_, host);
    return false;
}

/* Wider than for services: "*.com" in a VirtualService meets "a.com" here. */
static bool meets(const struct mesh__listener *listener,
                  struct mesh_slice namespace_, struct mesh_slice host)
{
    for (size_t i = 0; i < listener->taken.count; i++)
        if (of_namespace(&listener->taken.items[i], namespace_) &&
            mesh__host_overlaps(listener->taken.items[i].host, host))
            return !is_left(listener, namespace_, host);
    return false;
}

bool mesh__listener_takes_virtual(const struct mesh__listener *listener,
                                  const struct mesh__vs *vs)
{
    struct mesh_slice owner = mesh__namespace_of(vs->resource);

    for (size_t i = 0; i < vs->spec->hosts.count; i++)
        if (meets(listener, owner, vs->hosts[i]))
            return true;
    return false;
}

/* Before those that are exported to everybody. */
static bool is_public(const struct mesh__service *service)
{
    for (size_t i = 0; i < service->export_to.count; i++)
        if (mesh__slice_is(service->export_to.items[i], "*"))
            return true;
    return service->export_to.count == 0;
}

static bool comes_before(const struct mesh__service *service,
                         const struct mesh__service *found)
{
    if (service->kubernetes != found->kubernetes)
        return service->kubernetes;
    return is_public(found) && !is_public(service);
}

const struct mesh__service *mesh__listener_service(
    const struct mesh__listener *listener, const struct mesh__world *world,
    struct mesh_slice host, struct mesh_slice asker)
{
    const struct mesh__service *service = mesh__map_find(&world->hosts, host);
    const struct mesh__service *found = NULL;

    for (; service; service = service->next) {
        if (!mesh__visible(&service->export_to, service->namespace_, asker) ||
            !mesh__listener_takes(listener, service->namespace_,
                                  service->host) ||
            (listener->port && !mesh__service_port(service, listener->port)))
            continue;
        if (mesh__slice_equal(service->namespace_, asker))
            return service;
        if (!found || comes_before(service, found))
            found = service;
    }
    return found;
}
