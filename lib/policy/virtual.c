/*
 * virtual.c - which VirtualService speaks for a host.
 *
 * Two for one host are not merged: the first one wins (semantics 4.1; Istio:
 * model/virtualservice.go, core/httproute.go). Declines to know its routes.
 */
#include "policy/compile.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

enum { TIER_PRIVATE, TIER_EXPORTED, TIER_PUBLIC };

static int tier_of(const struct mesh_texts *export_to, struct mesh_slice owner,
                   struct mesh_slice client)
{
    int tier = export_to->count ? TIER_EXPORTED : TIER_PUBLIC;

    for (size_t i = 0; i < export_to->count; i++) {
        if (mesh__slice_is(export_to->items[i], "*"))
            return TIER_PUBLIC;
        if (mesh__slice_is(export_to->items[i], ".") &&
            mesh__slice_equal(owner, client))
            tier = TIER_PRIVATE;
    }
    return tier;
}

static int compare_virtuals(const void *a, const void *b)
{
    const struct mesh__virtual *left = a;
    const struct mesh__virtual *right = b;
    int order = mesh__host_compare(left->host, right->host);

    if (order)
        return order;
    if (left->tier != right->tier)
        return left->tier - right->tier;
    return mesh__age_compare(left->resource, right->resource);
}

static bool counts(const struct mesh__compiler *compiler,
                   const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;

    return spec->http_count > 0 && mesh__for_mesh(&spec->gateways) &&
           mesh__visible(&spec->export_to, mesh__namespace_of(resource),
                         compiler->asker.namespace_);
}

static int add_hosts(struct mesh__compiler *compiler,
                     const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;
    struct mesh__virtuals *virtuals = &compiler->virtuals;
    struct mesh_slice owner = mesh__namespace_of(resource);

    for (size_t i = 0; i < spec->hosts.count; i++) {
        struct mesh__virtual *one = &virtuals->items[virtuals->count];

        one->host =
            mesh__resolve(&compiler->arena, spec->hosts.items[i], owner);
        if (!one->host.at)
            return MESH_ERR_NOMEM;
        one->resource = resource;
        one->tier =
            tier_of(&spec->export_to, owner, compiler->asker.namespace_);
        virtuals->exact_count += !mesh__host_is_wildcard(one->host);
        virtuals->count++;
    }
    return 0;
}

static size_t count_hosts(const struct mesh__list *all)
{
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_virtual_service *spec = all->items[i]->spec;

        count += spec->hosts.count;
    }
    return count;
}

int mesh__virtuals_init(struct mesh__compiler *compiler)
{
    const struct mesh__list *all =
        &compiler->world.kinds[MESH__KIND_VIRTUAL_SERVICE];
    struct mesh__virtuals *virtuals = &compiler->virtuals;
    int rc = 0;

    virtuals->items = mesh__arena_array(&compiler->arena, count_hosts(all),
                                        sizeof(*virtuals->items));
    if (!virtuals->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < all->count; i++)
        if (counts(compiler, all->items[i]))
            rc = add_hosts(compiler, all->items[i]);
    if (virtuals->count > 1)
        qsort(virtuals->items, virtuals->count, sizeof(*virtuals->items),
              compare_virtuals);
    return rc;
}

const struct mesh_resource *mesh__virtuals_find(
    const struct mesh__virtuals *virtuals, struct mesh_slice host)
{
    size_t low = 0;
    size_t high = virtuals->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (mesh__host_compare(virtuals->items[middle].host, host) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < virtuals->count &&
        mesh__slice_equal(virtuals->items[low].host, host))
        return virtuals->items[low].resource;
    for (size_t i = virtuals->exact_count; i < virtuals->count; i++)
        if (mesh__host_matches(virtuals->items[i].host, host))
            return virtuals->items[i].resource;
    return NULL;
}
