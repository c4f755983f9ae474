/*
 * reuse.c - parts of the snapshot before that may serve again.
 *
 * A part is what it is compiled from: the resources that it looks at (which
 * one, in which file, with which contents) and who asks. Their digest is
 * compared, never the outcome. Resources are told apart by their places, too,
 * because a part's marks lead there.
 */
#include "policy/compile.h"
#include "policy/mtls.h"
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

/* Which one it is, and what its document says. */
static uint64_t mix_resource(uint64_t digest,
                             const struct mesh_resource *resource)
{
    if (!resource)
        return mix_number(digest, UINT64_MAX);
    digest = mix_number(digest, resource->mark.place);
    digest = mix_number(digest, resource->digest.word[0]);
    return mix_number(digest, resource->digest.word[1]);
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

/* What every part looks at: who asks, the settings, and whether the
 * mesh is without mTLS (nothing else of its mode shows in a part). */
static uint64_t digest_of_all(const struct mesh__compiler *compiler)
{
    const struct mesh_collection *all = compiler->world.all;
    const struct mesh_snapshot *snapshot = compiler->snapshot;
    uint64_t digest = mix_text(0, compiler->asker.namespace_);
    struct mesh_mark mark;

    digest = mix_labels(digest, compiler->asker.labels);
    digest = mix_text(digest, mesh__slice_of(snapshot->self.locality));
    for (size_t i = 0; i < snapshot->trust_domain_count; i++)
        digest = mix_text(digest, mesh__slice_of(snapshot->trust_domains[i]));
    for (size_t i = 0; i < all->count; i++)
        if (mesh__is_settings(&all->resources[i]))
            digest = mix_resource(digest, &all->resources[i]);
    return mix_number(digest,
                      mesh__mtls_for(&compiler->world, MESH__SLICE(""), NULL, 0,
                                     &mark) == MESH__MTLS_DISABLE);
}

static uint64_t mix_list(uint64_t digest, const struct mesh__list *list)
{
    for (size_t i = 0; list && i < list->count; i++)
        digest = mix_resource(digest, list->items[i]);
    return digest;
}

/* All that stands behind it stands in these, its PeerAuthentications too. */
static uint64_t mix_service(uint64_t digest,
                            const struct mesh__compiler *compiler,
                            const struct mesh__service *service)
{
    digest = mix_resource(digest, service ? service->resource : NULL);
    if (service)
        digest = mix_list(
            digest, mesh__mtls_policies(&compiler->world, service->namespace_));
    for (service = service ? service->eldest : NULL; service;
         service = service->twin) {
        digest = mix_resource(digest, service->resource);
        for (size_t i = 0; i < service->workloads.count; i++)
            digest =
                mix_resource(digest, service->workloads.items[i]->resource);
        digest = mix_list(digest, &service->slices);
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
        digest = mix_resource(digest, rules->items[i].resource);
    }
    for (size_t i = rules->exact_count; i < rules->count; i++)
        if (mesh__host_matches(rules->items[i].host, host))
            digest = mix_resource(digest, rules->items[i].resource);
    return digest;
}

/*
 * VirtualServices and those that they delegate to. Where their routes lead is
 * asked of the part itself: others, missing.
 */
static uint64_t mix_vs(uint64_t digest, const struct mesh__vs *vs)
{
    digest = mix_resource(digest, vs->resource);
    for (size_t i = 0; i < vs->delegate_count; i++)
        digest = mix_resource(digest, vs->delegates[i]);
    return digest;
}

static uint64_t mix_run(uint64_t digest, struct mesh__vs_run run)
{
    digest = mix_number(digest, run.count);
    for (size_t i = 0; i < run.count; i++)
        digest = mix_vs(digest, run.items[i].vs);
    return digest;
}

static int mix_streamers(uint64_t *digest, struct mesh__compiler *compiler,
                         const struct mesh__listener *listener,
                         struct mesh_slice host)
{
    struct mesh__streamers list;
    int rc = mesh__streamers_find(compiler, listener, host, &list);

    *digest = mix_number(*digest, list.count);
    for (size_t i = 0; rc == 0 && i < list.count; i++)
        *digest = mix_resource(*digest, list.items[i]->resource);
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
            *digest = mix_run(
                *digest, mesh__virtuals_for(&listener->virtuals, host->host));
        if (listener && mesh__port_streams(port))
            rc = mix_streamers(digest, compiler, listener, host->host);
        last = listener;
    }
    for (size_t i = 0; i < host->lent_count; i++) {
        *digest = mix_number(*digest, host->lent[i]);
        *digest = mix_run(
            *digest, mesh__virtuals_of(
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
    digest = mix_number(digest, host->answers);
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

/* --- who falls with whom --- */

static const uint32_t nobody = UINT32_MAX;

/* Of each host those whose routes lead to it, as chains through an array. */
struct dependents {
    uint32_t *first; /* by host; nobody: none    */
    uint32_t *next;  /* by entry; nobody: no more */
    uint32_t *host;  /* by entry                  */
    uint32_t count;
    uint32_t *fallen; /* hosts to be looked at      */
    uint32_t fallen_count;
};

static int dependents_init(struct dependents *all,
                           struct mesh__compiler *compiler)
{
    struct mesh_arena *arena = &compiler->arena;
    size_t hosts = compiler->host_count;
    size_t edges = 0;

    for (size_t i = 0; i < hosts; i++)
        if (compiler->hosts[i].old)
            edges += compiler->hosts[i].old->other_count;
    *all = (struct dependents){
        .first = mesh__arena_array(arena, hosts, sizeof(uint32_t)),
        .next = mesh__arena_array(arena, edges, sizeof(uint32_t)),
        .host = mesh__arena_array(arena, edges, sizeof(uint32_t)),
        .fallen = mesh__arena_array(arena, hosts, sizeof(uint32_t)),
    };
    if (!all->first || !all->next || !all->host || !all->fallen)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < hosts; i++)
        all->first[i] = nobody;
    return 0;
}

static void fall(struct mesh__compiler *compiler, struct dependents *all,
                 uint32_t index)
{
    compiler->hosts[index].old = NULL;
    all->fallen[all->fallen_count++] = index;
}

/* Its routes lead to hosts that there are, and nowhere as before. */
static bool leads_on(const struct mesh__compiler *compiler,
                     const struct mesh_part *part)
{
    for (size_t i = 0; i < part->other_count; i++)
        if (!mesh__map_find(&compiler->by_host,
                            mesh__slice_of(part->others[i]->host)))
            return false;
    for (size_t i = 0; i < part->missing_count; i++) {
        const struct mesh__host *other = mesh__map_find(
            &compiler->by_host, mesh__slice_of(part->missing[i]));

        if (other && other->service)
            return false;
    }
    return true;
}

static void depend(const struct mesh__compiler *compiler,
                   struct dependents *all, uint32_t index)
{
    const struct mesh_part *part = compiler->hosts[index].old;

    for (size_t i = 0; i < part->other_count; i++) {
        const struct mesh__host *other = mesh__map_find(
            &compiler->by_host, mesh__slice_of(part->others[i]->host));
        size_t to = (size_t)(other - compiler->hosts);

        all->host[all->count] = index;
        all->next[all->count] = all->first[to];
        all->first[to] = all->count++;
    }
}

/* Whoever falls takes along those whose routes lead to it. */
static int drop_dependents(struct mesh__compiler *compiler)
{
    struct dependents all;
    int rc = dependents_init(&all, compiler);

    for (uint32_t i = 0; rc == 0 && i < compiler->host_count; i++) {
        const struct mesh_part *old = compiler->hosts[i].old;

        if (!old || !leads_on(compiler, old))
            fall(compiler, &all, i);
        else
            depend(compiler, &all, i);
    }
    for (uint32_t i = 0; rc == 0 && i < all.fallen_count; i++)
        for (uint32_t at = all.first[all.fallen[i]]; at != nobody;
             at = all.next[at])
            if (compiler->hosts[all.host[at]].old)
                fall(compiler, &all, all.host[at]);
    return rc;
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
    if (drop_dependents(compiler) < 0)
        return MESH_ERR_NOMEM;
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
