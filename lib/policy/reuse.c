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
    if (!service)
        return digest;
    for (size_t i = 0; i < service->workloads.count; i++)
        digest = mix_resource(digest, service->workloads.items[i]->resource);
    digest = mix_list(digest, &service->slices);
    return mix_list(digest,
                    mesh__mtls_policies(&compiler->world, service->namespace_));
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

/* Where the routes lead is asked of the part itself: others, missing. */
static void digest_host(struct mesh__compiler *compiler,
                        const struct mesh__host *host, uint64_t digest)
{
    digest = mix_text(digest, host->host);
    digest = mix_service(digest, compiler, host->service);
    digest = mix_number(digest, host->answers);
    digest = mix_rules(digest, compiler, host->host);
    digest = mix_resource(digest,
                          mesh__virtuals_find(&compiler->virtuals, host->host));
    memcpy(host->part->digest, &digest, sizeof(host->part->digest));
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

/* Its routes lead into parts that serve again as well, or nowhere as before. */
static bool others_stay(const struct mesh__compiler *compiler,
                        const struct mesh_part *part)
{
    for (size_t i = 0; i < part->other_count; i++) {
        const struct mesh__host *other = mesh__map_find(
            &compiler->by_host, mesh__slice_of(part->others[i]->host));

        if (!other || other->old != part->others[i])
            return false;
    }
    for (size_t i = 0; i < part->missing_count; i++) {
        const struct mesh__host *other = mesh__map_find(
            &compiler->by_host, mesh__slice_of(part->missing[i]));

        if (other && other->service)
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

        digest_host(compiler, host, digest);
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
