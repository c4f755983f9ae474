/*
 * virtual.c - which VirtualService speaks for a host.
 *
 * Two for one host are not merged: the first one wins (semantics 4.1). Declines
 * to know its routes, but for those that a delegate stands in for.
 */
#include "policy/virtual.h"

#include "policy/compile.h"
#include "policy/delegate.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

enum { TIER_PRIVATE, TIER_EXPORTED, TIER_PUBLIC };
enum { PORTS_AT_FIRST = 4 };

static int tier_of(const struct mesh_texts *export_to, struct mesh_slice owner,
                   struct mesh_slice client)
{
    int tier = export_to->count ? TIER_EXPORTED : TIER_PUBLIC;

    for (size_t i = 0; i < export_to->count; i++) {
        struct mesh_slice to = export_to->items[i];

        if (mesh__slice_is(to, "*"))
            return TIER_PUBLIC;
        if ((mesh__slice_is(to, ".") || mesh__slice_equal(to, owner)) &&
            mesh__slice_equal(owner, client))
            tier = TIER_PRIVATE;
    }
    return tier;
}

/* --- those that are visible --- */

static bool counts(const struct mesh__compiler *compiler,
                   const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;
    const struct mesh_texts *export_to =
        mesh__virtual_export(&compiler->world, spec);

    return spec->hosts.count > 0 && mesh__for_mesh(&spec->gateways) &&
           mesh__visible(export_to, mesh__namespace_of(resource),
                         compiler->asker.namespace_);
}

/* As a service spells it, else in lower case: names are compared so. */
static struct mesh_slice resolve_host(struct mesh__compiler *compiler,
                                      struct mesh_slice host,
                                      struct mesh_slice owner)
{
    struct mesh_slice name = mesh__resolve(&compiler->arena, host, owner);
    char *text = (char *)(uintptr_t)name.at; /* ours: it was copied */

    if (!text || mesh__map_find(&compiler->world.hosts, name))
        return name;
    for (size_t i = 0; i < name.len; i++)
        text[i] = mesh__lower(text[i]);
    return name;
}

static int fill_vs(struct mesh__compiler *compiler, struct mesh__vs *out,
                   const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;
    struct mesh_slice owner = mesh__namespace_of(resource);
    int rc;

    out->resource = resource;
    out->tier = tier_of(mesh__virtual_export(&compiler->world, spec), owner,
                        compiler->asker.namespace_);
    out->hosts = mesh__arena_array(&compiler->arena, spec->hosts.count,
                                   sizeof(*out->hosts));
    if (!out->hosts)
        return MESH_ERR_NOMEM;
    rc = mesh__delegates_lay(compiler, resource, out);
    for (size_t i = 0; rc == 0 && i < spec->hosts.count; i++) {
        out->hosts[i] = resolve_host(compiler, spec->hosts.items[i], owner);
        if (!out->hosts[i].at)
            rc = MESH_ERR_NOMEM;
    }
    return rc;
}

static int list_all(struct mesh__compiler *compiler)
{
    const struct mesh__list *all =
        &compiler->world.kinds[MESH__KIND_VIRTUAL_SERVICE];
    struct mesh__vs_list *out = &compiler->virtual_services;
    int rc = 0;

    out->items =
        mesh__arena_array(&compiler->arena, all->count, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < all->count; i++)
        if (counts(compiler, all->items[i]))
            rc = fill_vs(compiler, &out->items[out->count++], all->items[i]);
    return rc;
}

/* --- by host --- */

int mesh__vs_compare(const struct mesh__vs *a, const struct mesh__vs *b)
{
    if (a->tier != b->tier)
        return a->tier - b->tier;
    return mesh__age_compare(a->resource, b->resource);
}

static int compare_virtuals(const void *a, const void *b)
{
    const struct mesh__virtual *left = a;
    const struct mesh__virtual *right = b;
    int order = mesh__host_compare(left->host, right->host);

    return order ? order : mesh__vs_compare(left->vs, right->vs);
}

static void enter(struct mesh__virtuals *out, struct mesh__vs *vs)
{
    for (size_t i = 0; i < vs->spec->hosts.count; i++) {
        out->items[out->count++] = (struct mesh__virtual){ vs->hosts[i], vs };
        out->exact_count += !mesh__host_is_wildcard(vs->hosts[i]);
        out->streaming += vs->spec->tcp_count || vs->spec->tls_count;
    }
}

static int index_for(struct mesh__compiler *compiler,
                     struct mesh__listener *listener)
{
    struct mesh__vs_list *all = &compiler->virtual_services;
    struct mesh__virtuals *out = &listener->virtuals;
    size_t most = 0;

    for (size_t i = 0; i < all->count; i++)
        most += all->items[i].spec->hosts.count;
    out->items = mesh__arena_array(&compiler->arena, most, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < all->count; i++)
        if (mesh__listener_takes_virtual(listener, &all->items[i]))
            enter(out, &all->items[i]);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof(*out->items), compare_virtuals);
    return 0;
}

int mesh__virtuals_init(struct mesh__compiler *compiler)
{
    int rc = list_all(compiler);

    for (size_t i = 0; rc == 0 && i < compiler->scope.count; i++)
        rc = index_for(compiler, &compiler->scope.listeners[i]);
    return rc;
}

struct mesh__vs_run mesh__virtuals_of(const struct mesh__virtuals *virtuals,
                                      struct mesh_slice host)
{
    struct mesh__vs_run run = { 0 };
    size_t low = 0;
    size_t high = virtuals->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (mesh__host_compare(virtuals->items[middle].host, host) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    run.items = virtuals->items + low;
    while (low + run.count < virtuals->count &&
           mesh__slice_equal(run.items[run.count].host, host))
        run.count++;
    return run;
}

struct mesh__vs_run mesh__virtuals_for(const struct mesh__virtuals *virtuals,
                                       struct mesh_slice host)
{
    struct mesh__vs_run run = mesh__virtuals_of(virtuals, host);

    if (run.count && !mesh__host_is_wildcard(host))
        return run;
    for (size_t i = virtuals->exact_count; i < virtuals->count; i++)
        if (mesh__host_matches(virtuals->items[i].host, host))
            return (struct mesh__vs_run){ &virtuals->items[i], 1 };
    return (struct mesh__vs_run){ 0 };
}

/* --- ports --- */

bool mesh__vs_has_port(const struct mesh__vs *vs, uint16_t port)
{
    for (size_t i = 0; i < vs->port_count; i++)
        if (vs->ports[i] == port)
            return true;
    return false;
}

int mesh__vs_add_port(struct mesh__vs *vs, struct mesh_arena *arena,
                      uint16_t port)
{
    uint16_t *ports = vs->ports;

    if (mesh__vs_has_port(vs, port))
        return 0;
    if (vs->port_count == vs->port_capacity) {
        size_t capacity =
            vs->port_capacity ? vs->port_capacity * 2 : PORTS_AT_FIRST;

        ports = mesh__arena_array(arena, capacity, sizeof(*ports));
        if (!ports)
            return MESH_ERR_NOMEM;
        if (vs->port_count)
            memcpy(ports, vs->ports, vs->port_count * sizeof(*ports));
        vs->ports = ports;
        vs->port_capacity = capacity;
    }
    ports[vs->port_count++] = port;
    return 0;
}
