/*
 * hosts.c - which hosts are seen, and which of their ports.
 *
 * First what the listeners import by name, then what the routes of imported
 * VirtualServices lead to, then hosts that only VirtualServices name. Declines
 * to know what becomes of them.
 */
#include "policy/compile.h"
#include "policy/parts.h"

#include "base/error.h"
#include "value/host.h"

/* --- hosts --- */

static int add_host(struct mesh__compiler *compiler, struct mesh_slice name,
                    const struct mesh__service *service,
                    struct mesh__host **out)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh__host *host = &compiler->hosts[compiler->host_count];
    struct mesh_part *part = mesh__part_new(name);

    if (!part)
        return MESH_ERR_NOMEM;
    snapshot->parts[snapshot->part_count++] = part;
    *host = (struct mesh__host){
        .host = name, .service = service, .whole = service, .part = part
    };
    *out = host;
    compiler->host_count++;
    return mesh__map_put(&compiler->by_host, name, host);
}

static int make_room(struct mesh__compiler *compiler)
{
    size_t most = compiler->world.hosts.count;

    for (size_t i = 0; i < compiler->scope.count; i++)
        most += compiler->scope.listeners[i].virtuals.count;
    compiler->hosts =
        mesh__arena_array(&compiler->arena, most, sizeof(*compiler->hosts));
    compiler->snapshot->parts = mesh__arena_array(
        &compiler->snapshot->arena, most, sizeof(*compiler->snapshot->parts));
    return compiler->hosts && compiler->snapshot->parts ? 0 : MESH_ERR_NOMEM;
}

/* --- services --- */

/* Which ports are asked for; 0: all of them. */
struct wanted {
    const uint32_t *ports;
    size_t count;
    bool all;
};

static bool wants(const struct wanted *wanted, uint16_t port)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (wanted->ports[i] == port)
            return true;
    return wanted->all;
}

static bool has_wanted(const struct mesh__service *service,
                       const struct wanted *wanted)
{
    for (size_t i = 0; i < service->port_count; i++)
        if (wants(wanted, service->ports[i].number))
            return true;
    return wanted->all;
}

static void see(struct mesh__host *host, const struct wanted *wanted)
{
    for (size_t i = 0; host->seen && i < host->whole->port_count; i++)
        if (wants(wanted, host->whole->ports[i].number))
            host->seen[i] = true;
}

/* The host is this service's from now on. */
static int give(struct mesh__compiler *compiler, struct mesh__host *host,
                const struct mesh__service *service,
                const struct wanted *wanted)
{
    host->service = service;
    host->whole = service;
    host->seen = NULL;
    if (wanted->all)
        return 0;
    host->seen = mesh__arena_array(&compiler->arena, service->port_count,
                                   sizeof(*host->seen));
    if (!host->seen)
        return MESH_ERR_NOMEM;
    see(host, wanted);
    return 0;
}

/* Who comes first keeps the host, but for a Kubernetes Service. */
static int add_service(struct mesh__compiler *compiler,
                       const struct mesh__service *service,
                       const struct wanted *wanted)
{
    struct mesh__host *host = mesh__map_find(&compiler->by_host, service->host);
    int rc = 0;

    if (!has_wanted(service, wanted))
        return 0;
    if (host && host->whole == service) {
        if (wanted->all)
            host->seen = NULL;
        see(host, wanted);
        return 0;
    }
    if (host && (host->whole->kubernetes || !service->kubernetes))
        return 0;
    if (!host)
        rc = add_host(compiler, service->host, service, &host);
    return rc < 0 ? rc : give(compiler, host, service, wanted);
}

static int add_imported(struct mesh__compiler *compiler,
                        const struct mesh__listener *listener)
{
    const struct mesh__world *world = &compiler->world;
    const uint32_t port = listener->port;
    const struct wanted wanted = { &port, port != 0, port == 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < world->service_count; i++) {
        const struct mesh__service *service = &world->services[i];

        if (mesh__listener_service(listener, world, service->host,
                                   compiler->asker.namespace_) == service)
            rc = add_service(compiler, service, &wanted);
    }
    return rc;
}

/* --- where routes lead --- */

/* One's own namespace's, whoever may see it; else the best that is visible.
 * Of each namespace the first speaks. */
static const struct mesh__service *find_service(
    const struct mesh__compiler *compiler, struct mesh_slice host)
{
    const struct mesh__service *all =
        mesh__map_find(&compiler->world.hosts, host);

    for (const struct mesh__service *own = all; own; own = own->next)
        if (mesh__slice_equal(own->namespace_, compiler->asker.namespace_))
            return own;
    for (; all; all = all->next)
        if (all->eldest == all &&
            mesh__visible(&all->export_to, all->namespace_,
                          compiler->asker.namespace_))
            return all;
    return NULL;
}

static int add_target(struct mesh__compiler *compiler,
                      const struct mesh__listener *listener,
                      const struct mesh_destination_ref *ref)
{
    struct mesh_slice host = mesh__resolve_ref(compiler, ref);
    uint32_t port = listener->port ? listener->port : ref->port;
    const struct wanted wanted = { &port, port != 0, port == 0 };
    const struct mesh__service *service;

    if (!host.at)
        return MESH_ERR_NOMEM;
    service = find_service(compiler, host);
    return service ? add_service(compiler, service, &wanted) : 0;
}

/* Not one that all its entries keep for clients of other namespaces. */
static bool concerns(const struct mesh__compiler *compiler,
                     const struct mesh_http_route *route)
{
    bool matched = true;

    for (size_t i = 0; i < route->match_count; i++) {
        struct mesh_slice from = route->match[i].source_namespace;

        if (from.len == 0)
            continue;
        if (mesh__slice_equal(from, compiler->asker.namespace_))
            return true;
        matched = false;
    }
    return matched;
}

static int add_stream_targets(struct mesh__compiler *compiler,
                              const struct mesh__listener *listener,
                              const struct mesh_stream_route *routes,
                              size_t count)
{
    int rc = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; rc == 0 && j < routes[i].route_count; j++)
            rc =
                add_target(compiler, listener, &routes[i].route[j].destination);
    return rc;
}

static int add_targets(struct mesh__compiler *compiler,
                       const struct mesh__listener *listener,
                       const struct mesh_virtual_service *spec)
{
    int rc = 0;

    for (size_t i = 0; i < spec->http_count; i++) {
        const struct mesh_http_route *route = &spec->http[i];

        if (!concerns(compiler, route))
            continue;
        for (size_t j = 0; rc == 0 && j < route->route_count; j++)
            rc = add_target(compiler, listener, &route->route[j].destination);
    }
    if (rc == 0)
        rc = add_stream_targets(compiler, listener, spec->tcp, spec->tcp_count);
    if (rc == 0)
        rc = add_stream_targets(compiler, listener, spec->tls, spec->tls_count);
    return rc;
}

static int add_all_targets(struct mesh__compiler *compiler,
                           const struct mesh__listener *listener)
{
    const struct mesh__vs_list *all = &compiler->virtual_services;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < all->count; i++)
        if (mesh__listener_takes_virtual(listener, &all->items[i]))
            rc = add_targets(compiler, listener, all->items[i].spec);
    return rc;
}

struct mesh_slice mesh__resolve_ref(struct mesh__compiler *compiler,
                                    const struct mesh_destination_ref *ref)
{
    const struct mesh_resource *resource =
        mesh__collection_at(compiler->world.all, ref->mark.place);
    struct mesh_slice owner = compiler->asker.namespace_;

    if (resource)
        owner = mesh__namespace_of(resource);
    return mesh__resolve(&compiler->arena, ref->host, owner);
}

/* --- ports --- */

/* A copy of the service with the ports that are seen. */
static int settle(struct mesh__compiler *compiler, struct mesh__host *host)
{
    const struct mesh__service *whole = host->whole;
    struct mesh__service *out =
        mesh__arena_alloc(&compiler->arena, sizeof(*out));

    if (!out)
        return MESH_ERR_NOMEM;
    *out = *whole;
    out->port_count = 0;
    out->ports = mesh__arena_array(&compiler->arena, whole->port_count,
                                   sizeof(*out->ports));
    if (!out->ports)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < whole->port_count; i++) {
        const struct mesh__listener *listener =
            mesh__scope_listener(&compiler->scope, whole->ports[i].number);

        if (host->seen && !host->seen[i])
            continue;
        out->ports[out->port_count] = whole->ports[i];
        if (listener && listener->port && listener->tcp)
            out->ports[out->port_count].protocol = MESH__PROTO_TCP;
        out->port_count++;
    }
    host->service = out;
    return 0;
}

static bool any_tcp(const struct mesh__scope *scope)
{
    for (size_t i = 0; i < scope->count; i++)
        if (scope->listeners[i].tcp)
            return true;
    return false;
}

static int settle_all(struct mesh__compiler *compiler)
{
    bool tcp = any_tcp(&compiler->scope);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        if (compiler->hosts[i].seen || tcp)
            rc = settle(compiler, &compiler->hosts[i]);
    return rc;
}

/*
 * A port for bytes is dialled by the service's own address, which any listener
 * may open; for one of HTTP only the port's own listener has routes.
 */
struct mesh__listener *mesh__host_listener(
    const struct mesh__compiler *compiler, const struct mesh__host *host,
    uint16_t number)
{
    const struct mesh__scope *scope = &compiler->scope;
    const struct mesh__port *port =
        host->service ? mesh__service_port(host->service, number) : NULL;

    for (size_t i = 0; port && i < scope->count; i++) {
        struct mesh__listener *listener = &scope->listeners[i];

        if (listener->port && listener->port != number)
            continue;
        if (mesh__listener_service(listener, &compiler->world, host->host,
                                   compiler->asker.namespace_))
            return listener;
        if (port->protocol != MESH__PROTO_TCP)
            break;
    }
    return NULL;
}

static void mark_port(struct mesh__compiler *compiler, uint16_t port)
{
    compiler->http_ports[port / 64] |= UINT64_C(1) << (port % 64);
}

/* Whoever speaks for a service lends its other hosts the service's ports. */
static int lend_port(struct mesh__compiler *compiler,
                     const struct mesh__host *host,
                     const struct mesh__port *port)
{
    struct mesh__listener *listener =
        mesh__host_listener(compiler, host, port->number);
    struct mesh__vs_run run;
    int rc = 0;

    if (port->protocol == MESH__PROTO_TCP || !listener)
        return 0;
    if (port->protocol != MESH__PROTO_AUTO)
        mark_port(compiler, port->number);
    run = mesh__virtuals_for(&listener->virtuals, host->host);
    for (size_t i = 0; rc == 0 && i < run.count; i++)
        rc = mesh__vs_add_port(run.items[i].vs, &compiler->arena, port->number);
    return rc;
}

static int lend_ports(struct mesh__compiler *compiler)
{
    int rc = 0;

    for (size_t i = 0; i < compiler->scope.count; i++)
        if (compiler->scope.listeners[i].port &&
            compiler->scope.listeners[i].http)
            mark_port(compiler, compiler->scope.listeners[i].port);
    for (size_t i = 0; i < compiler->host_count; i++) {
        const struct mesh__host *host = &compiler->hosts[i];

        for (size_t j = 0; rc == 0 && j < host->service->port_count; j++)
            rc = lend_port(compiler, host, &host->service->ports[j]);
    }
    return rc;
}

/* --- hosts that VirtualServices name --- */

static int add_virtual_hosts(struct mesh__compiler *compiler,
                             const struct mesh__virtuals *virtuals)
{
    struct mesh__host *host;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < virtuals->count; i++)
        if (!mesh__map_find(&compiler->by_host, virtuals->items[i].host))
            rc = add_host(compiler, virtuals->items[i].host, NULL, &host);
    return rc;
}

/* A service under a wildcard on that port: then the wildcard is no host. */
static bool is_covered(const struct mesh__compiler *compiler,
                       struct mesh_slice wildcard, uint16_t port)
{
    for (size_t i = 0; i < compiler->host_count; i++)
        if (mesh__host_overlaps(compiler->hosts[i].host, wildcard) &&
            mesh__host_listener(compiler, &compiler->hosts[i], port))
            return true;
    return false;
}

static bool may_lend(const struct mesh__compiler *compiler,
                     const struct mesh__listener *listener,
                     const struct mesh__host *host, uint16_t port)
{
    if (!((compiler->http_ports[port / 64] >> (port % 64)) & 1) ||
        mesh__scope_listener(&compiler->scope, port) != listener)
        return false;
    for (size_t i = 0; i < host->lent_count; i++)
        if (host->lent[i] == port)
            return false;
    return mesh__host_is_wildcard(host->host)
               ? !is_covered(compiler, host->host, port)
               : !mesh__host_listener(compiler, host, port);
}

/* Port 80, and those where the VirtualService speaks for a service. */
static int borrow(struct mesh__compiler *compiler,
                  const struct mesh__listener *listener,
                  struct mesh__host *host, const struct mesh__vs_run *run)
{
    size_t most = host->lent_count + 1;
    uint16_t *lent;

    for (size_t i = 0; i < run->count; i++)
        most += run->items[i].vs->port_count;
    lent = mesh__arena_array(&compiler->arena, most, sizeof(*lent));
    if (!lent)
        return MESH_ERR_NOMEM;
    if (host->lent_count)
        memcpy(lent, host->lent, host->lent_count * sizeof(*lent));
    host->lent = lent;
    if (may_lend(compiler, listener, host, MESH__VIRTUAL_PORT))
        lent[host->lent_count++] = MESH__VIRTUAL_PORT;
    for (size_t i = 0; i < run->count; i++)
        for (size_t j = 0; j < run->items[i].vs->port_count; j++) {
            uint16_t port = run->items[i].vs->ports[j];

            if (may_lend(compiler, listener, host, port))
                lent[host->lent_count++] = port;
        }
    return 0;
}

static int borrow_ports(struct mesh__compiler *compiler)
{
    int rc = 0;

    for (size_t i = 0; i < compiler->host_count; i++) {
        struct mesh__host *host = &compiler->hosts[i];

        for (size_t j = 0; rc == 0 && j < compiler->scope.count; j++) {
            const struct mesh__listener *listener =
                &compiler->scope.listeners[j];
            struct mesh__vs_run run =
                mesh__virtuals_of(&listener->virtuals, host->host);

            if (run.count)
                rc = borrow(compiler, listener, host, &run);
        }
    }
    return rc;
}

/* --- the whole --- */

/* Without a Sidecar routes lead to nothing new, but to what hides from all. */
static bool routes_matter(const struct mesh__compiler *compiler)
{
    const struct mesh__world *world = &compiler->world;
    struct mesh_slice own = compiler->asker.namespace_;

    for (size_t i = 0; !compiler->scope.sidecar && i < world->service_count;
         i++) {
        const struct mesh__service *service = &world->services[i];

        if (mesh__slice_equal(service->namespace_, own) &&
            !mesh__visible(&service->export_to, own, own))
            return true;
    }
    return compiler->scope.sidecar != NULL;
}

int mesh__list_hosts(struct mesh__compiler *compiler)
{
    const struct mesh__scope *scope = &compiler->scope;
    bool routes = routes_matter(compiler);
    int rc = make_room(compiler);

    for (size_t i = 0; i < scope->count; i++) {
        if (rc == 0)
            rc = add_imported(compiler, &scope->listeners[i]);
        if (rc == 0 && routes)
            rc = add_all_targets(compiler, &scope->listeners[i]);
    }
    if (rc == 0)
        rc = settle_all(compiler);
    if (rc == 0)
        rc = lend_ports(compiler);
    for (size_t i = 0; rc == 0 && i < scope->count; i++)
        rc = add_virtual_hosts(compiler, &scope->listeners[i].virtuals);
    return rc < 0 ? rc : borrow_ports(compiler);
}
