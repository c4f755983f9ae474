/*
 * reuse.c - parts of the snapshot before that may serve again.
 *
 * A part is what it is compiled from: the resources that it looks at (which
 * one, in which file, with which contents) and who asks. Their digest is
 * compared, never the outcome. Resources are told apart by their index, too,
 * because a part's marks are indexes.
 */
#include "policy/compile.h"
#include "policy/parts.h"

#include "base/error.h"
#include "value/host.h"

/* --- digests --- */

static uint64_t mix(uint64_t digest, const void *data, size_t len)
{
    return mesh__hash(digest, data, len);
}

static uint64_t mix_number(uint64_t digest, uint64_t number)
{
    return mix(digest, &number, sizeof(number));
}

static uint64_t mix_text(uint64_t digest, struct mesh_slice text)
{
    return mix(mix_number(digest, text.len), text.at, text.len);
}

static uint64_t mix_place(uint64_t digest, const struct mesh_collection *all,
                          uint32_t place)
{
    const struct mesh_file *file;

    digest = mix_number(digest, place);
    if (place >= all->count || all->resources[place].file >= all->file_count)
        return digest;
    file = &all->files[all->resources[place].file];
    digest = mix_text(digest, mesh__slice_of(file->name));
    return mix(digest, file->digest, sizeof(file->digest));
}

static uint64_t mix_resource(uint64_t digest, const struct mesh_collection *all,
                             const struct mesh_resource *resource)
{
    if (!resource)
        return mix_number(digest, UINT64_MAX);
    return mix_place(digest, all, (uint32_t)(resource - all->resources));
}

static uint64_t mix_labels(uint64_t digest, const struct mesh_labels *labels)
{
    if (!labels)
        return mix_number(digest, UINT64_MAX);
    digest = mix_number(digest, labels->count);
    for (size_t i = 0; i < labels->count; i++) {
        digest = mix_text(digest, labels->items[i].key);
        digest = mix_text(digest, labels->items[i].value);
    }
    return digest;
}

/* What every part looks at: who asks, the settings, all PeerAuthentications. */
static uint64_t digest_of_all(const struct mesh__compiler *compiler)
{
    const struct mesh_collection *all = compiler->world.all;
    const struct mesh_snapshot *snapshot = compiler->snapshot;
    const struct mesh__list *peers =
        &compiler->world.kinds[MESH__KIND_PEER_AUTHENTICATION];
    uint64_t digest = mix_text(0, compiler->asker.namespace_);

    digest = mix_labels(digest, compiler->asker.labels);
    for (size_t i = 0; i < snapshot->trust_domain_count; i++)
        digest = mix_text(digest, mesh__slice_of(snapshot->trust_domains[i]));
    for (size_t i = 0; i < all->count; i++)
        if (mesh__is_settings(&all->resources[i]))
            digest = mix_resource(digest, all, &all->resources[i]);
    for (size_t i = 0; i < peers->count; i++)
        digest = mix_resource(digest, all, peers->items[i]);
    return digest;
}

static uint64_t mix_service(uint64_t digest,
                            const struct mesh__compiler *compiler,
                            const struct mesh__service *service)
{
    const struct mesh_collection *all = compiler->world.all;

    digest = mix_resource(digest, all, service ? service->resource : NULL);
    for (; service; service = service->twin) {
        digest = mix_resource(digest, all, service->resource);
        for (size_t i = 0; i < service->instance_count; i++)
            digest = mix_place(digest, all, service->instances[i]->mark.place);
    }
    return digest;
}

/* More than the one that is chosen: whatever the choice is made from. */
static uint64_t mix_rules(uint64_t digest,
                          const struct mesh__compiler *compiler,
                          struct mesh_slice host)
{
    const struct mesh__rules *rules = &compiler->rules;

    for (size_t i = mesh__rules_at(rules, host); i < rules->exact_count; i++) {
        if (!mesh__slice_equal(rules->items[i].host, host))
            break;
        digest =
            mix_resource(digest, compiler->world.all, rules->items[i].resource);
    }
    for (size_t i = rules->exact_count; i < rules->count; i++)
        if (mesh__host_matches(rules->items[i].host, host))
            digest = mix_resource(digest, compiler->world.all,
                                  rules->items[i].resource);
    return digest;
}

/* Which services destinations name. */
static int mix_target(uint64_t *digest, struct mesh__compiler *compiler,
                      const struct mesh_destination_ref *ref)
{
    struct mesh_slice name = mesh__resolve_ref(compiler, ref);
    const struct mesh__host *to;

    if (!name.at)
        return MESH_ERR_NOMEM;
    to = mesh__map_find(&compiler->by_host, name);
    *digest = mix_resource(*digest, compiler->world.all,
                           to && to->service ? to->service->resource : NULL);
    return 0;
}

static int mix_route(uint64_t *digest, struct mesh__compiler *compiler,
                     const struct mesh_http_route *route)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < route->route_count; i++)
        rc = mix_target(digest, compiler, &route->route[i].destination);
    for (size_t i = 0; rc == 0 && i < route->mirror_count; i++)
        rc = mix_target(digest, compiler, &route->mirrors[i].destination);
    if (rc == 0 && route->has_mirror)
        rc = mix_target(digest, compiler, &route->mirror);
    return rc;
}

/* A VirtualService, those that it delegates to, and where they lead. */
static int mix_vs(uint64_t *digest, struct mesh__compiler *compiler,
                  const struct mesh__vs *vs)
{
    const struct mesh_collection *all = compiler->world.all;
    int rc = 0;

    *digest = mix_resource(*digest, all, vs->resource);
    for (size_t i = 0; i < vs->delegate_count; i++)
        *digest = mix_resource(*digest, all, vs->delegates[i]);
    for (size_t i = 0; rc == 0 && i < vs->spec->http_count; i++)
        rc = mix_route(digest, compiler, &vs->spec->http[i]);
    return rc;
}

/* The same of tcp and tls routes. */
static int mix_streams(uint64_t *digest, struct mesh__compiler *compiler,
                       const struct mesh_stream_route *routes, size_t count)
{
    int rc = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; rc == 0 && j < routes[i].route_count; j++)
            rc = mix_target(digest, compiler, &routes[i].route[j].destination);
    return rc;
}

static int mix_streamers(uint64_t *digest, struct mesh__compiler *compiler,
                         const struct mesh__listener *listener,
                         struct mesh_slice host)
{
    struct mesh__streamers list;
    int rc = mesh__streamers_find(compiler, listener, host, &list);

    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        const struct mesh_virtual_service *spec = list.items[i]->spec;

        *digest =
            mix_resource(*digest, compiler->world.all, list.items[i]->resource);
        rc = mix_streams(digest, compiler, spec->tcp, spec->tcp_count);
        if (rc == 0)
            rc = mix_streams(digest, compiler, spec->tls, spec->tls_count);
    }
    return rc;
}

static int mix_run(uint64_t *digest, struct mesh__compiler *compiler,
                   struct mesh__vs_run run)
{
    int rc = 0;

    *digest = mix_number(*digest, run.count);
    for (size_t i = 0; rc == 0 && i < run.count; i++)
        rc = mix_vs(digest, compiler, run.items[i].vs);
    return rc;
}

/* The ports that are seen, and who speaks for each. */
static int mix_ports(uint64_t *digest, struct mesh__compiler *compiler,
                     const struct mesh__host *host)
{
    const struct mesh__scope *scope = &compiler->scope;
    const struct mesh__service *service = host->service;
    const struct mesh__listener *last = NULL;
    int rc = 0;

    for (size_t i = 0; rc == 0 && service && i < service->port_count; i++) {
        const struct mesh__port *port = &service->ports[i];
        const struct mesh__listener *listener =
            mesh__host_listener(compiler, host, port->number);

        *digest = mix_number(*digest, port->number);
        *digest = mix_number(*digest, port->protocol);
        *digest = mix_number(*digest, listener != NULL);
        if (listener && listener != last)
            rc = mix_run(digest, compiler,
                         mesh__virtuals_for(&listener->virtuals, host->host));
        if (rc == 0 && listener && mesh__port_streams(port))
            rc = mix_streamers(digest, compiler, listener, host->host);
        last = listener;
    }
    for (size_t i = 0; rc == 0 && i < host->lent_count; i++) {
        *digest = mix_number(*digest, host->lent[i]);
        rc = mix_run(digest, compiler,
                     mesh__virtuals_of(
                         &mesh__scope_listener(scope, host->lent[i])->virtuals,
                         host->host));
    }
    return rc;
}

static int digest_host(struct mesh__compiler *compiler,
                       const struct mesh__host *host, uint64_t digest)
{
    int rc;

    digest = mix_text(digest, host->host);
    digest = mix_service(digest, compiler, host->whole);
    digest = mix_rules(digest, compiler, host->host);
    rc = mix_ports(&digest, compiler, host);
    memcpy(host->part->digest, &digest, sizeof(host->part->digest));
    return rc;
}

/* --- candidates --- */

/* Parts stand by host. */
static struct mesh_part *find_part(const struct mesh_snapshot *snapshot,
                                   struct mesh_slice host)
{
    size_t low = 0;
    size_t high = snapshot->part_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct mesh_part *part = snapshot->parts[middle];
        int order = mesh__host_compare(mesh__slice_of(part->host), host);

        if (order == 0)
            return part;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void nominate(const struct mesh_snapshot *previous,
                     struct mesh__host *host)
{
    struct mesh_part *old = find_part(previous, host->host);

    if (old &&
        memcmp(old->digest, host->part->digest, sizeof(old->digest)) == 0)
        host->old = old;
}

/* Its routes lead into parts that serve again as well. */
static bool others_stay(const struct mesh__compiler *compiler,
                        const struct mesh_part *part)
{
    for (size_t i = 0; i < part->other_count; i++) {
        const struct mesh__host *other = mesh__map_find(
            &compiler->by_host, mesh__slice_of(part->others[i]->host));

        if (!other || other->old != part->others[i])
            return false;
    }
    return true;
}

/* Until nobody falls who would take somebody along. */
static void drop_dependents(struct mesh__compiler *compiler)
{
    bool again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < compiler->host_count; i++) {
            struct mesh__host *host = &compiler->hosts[i];

            if (!host->old || others_stay(compiler, host->old))
                continue;
            host->old = NULL;
            again = true;
        }
    }
}

int mesh__reuse_parts(struct mesh__compiler *compiler)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    uint64_t digest = digest_of_all(compiler);

    for (size_t i = 0; i < compiler->host_count; i++) {
        struct mesh__host *host = &compiler->hosts[i];
        int rc = digest_host(compiler, host, digest);

        if (rc < 0)
            return rc;
        if (compiler->previous)
            nominate(compiler->previous, host);
    }
    drop_dependents(compiler);
    for (size_t i = 0; i < compiler->host_count; i++) {
        struct mesh__host *host = &compiler->hosts[i];

        if (!host->old)
            continue;
        mesh__part_unref(host->part);
        host->part = mesh__part_ref(host->old);
        snapshot->parts[i] = host->part;
    }
    return 0;
}
