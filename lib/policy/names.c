/*
 * names.c - what the hosts of a snapshot are called: fully qualified, with a
 * dot behind, shorter, by address.
 *
 * Two parts may claim one domain for different ports; the first comes first.
 * Declines to know what lies behind a name.
 */
#include "policy/compile.h"
#include "policy/parts.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

/* Behind those that have the domain already. */
static int add_another(struct mesh_snapshot *snapshot, struct mesh_part *part,
                       struct mesh_slice domain)
{
    struct mesh_domain *others = mesh__map_find(&snapshot->shared, domain);
    struct mesh_domain *one;

    for (; others; others = others->next) {
        if (others->part == part)
            return 0;
        if (!others->next)
            break;
    }
    one = mesh__arena_alloc(&snapshot->arena, sizeof(*one));
    if (!one)
        return MESH_ERR_NOMEM;
    one->part = part;
    if (!others)
        return mesh__map_put(&snapshot->shared, domain, one);
    others->next = one;
    return 0;
}

/* Lower case; whoever has a domain keeps it. */
static int add_domain(struct mesh_snapshot *snapshot, struct mesh_part *part,
                      const char *domain)
{
    const struct mesh_part *first;
    char *lower;
    size_t len;

    if (!domain)
        return MESH_ERR_NOMEM;
    len = strlen(domain);
    lower = mesh__arena_strndup(&snapshot->arena, domain, len);
    if (!lower)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < len; i++)
        lower[i] = mesh__lower(lower[i]);
    first = mesh__map_find(&snapshot->exact, mesh__slice(lower, len));
    if (first)
        return first == part
                   ? 0
                   : add_another(snapshot, part, mesh__slice(lower, len));
    return mesh__map_put(&snapshot->exact, mesh__slice(lower, len), part);
}

static void note_length(struct mesh_snapshot *snapshot, size_t len)
{
    if (len <= MESH__HOST_MAX)
        snapshot->wildcard_lengths[len / 64] |= UINT64_C(1) << (len % 64);
}

/* Its length, and that with a dot behind it. */
static int add_wildcard(struct mesh_snapshot *snapshot, struct mesh_part *part)
{
    size_t len = strlen(part->host);

    snapshot->wildcards[snapshot->wildcard_count++] = part;
    note_length(snapshot, len);
    note_length(snapshot, len + 1);
    return add_domain(snapshot, part, part->host);
}

/* The host itself; a service's with a dot behind it, too. */
static int add_own_names(struct mesh__compiler *compiler,
                         const struct mesh__host *host)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    int rc = mesh__host_is_wildcard(host->host)
                 ? add_wildcard(snapshot, host->part)
                 : add_domain(snapshot, host->part, host->part->host);

    if (rc < 0 || !host->service)
        return rc;
    return add_domain(
        snapshot, host->part,
        mesh__arena_format(&compiler->arena, "%s.", host->part->host));
}

/* What stands in front of the mesh's own suffix; empty where that is missing.
 */
static struct mesh_slice inside_mesh(struct mesh_slice host)
{
    static const char suffix[] = ".svc." MESH__DOMAIN;
    size_t len = sizeof(suffix) - 1;

    if (mesh__host_is_wildcard(host) ||
        !mesh__slice_ends(host, MESH__SLICE(".svc." MESH__DOMAIN)))
        return MESH__SLICE("");
    return mesh__slice(host.at, host.len - len);
}

/*
 * a.ns.svc, a.ns, and a for those in the same namespace: of every host that is
 * called like a service of the mesh, whoever registered it.
 */
static int add_short_names(struct mesh__compiler *compiler,
                           const struct mesh__host *host)
{
    struct mesh_arena *arena = &compiler->arena;
    struct mesh_slice both = inside_mesh(host->host);
    const char *dot = both.len ? memchr(both.at, '.', both.len) : NULL;
    size_t first = dot ? (size_t)(dot - both.at) : 0;
    int rc;

    if (!dot)
        return 0;
    rc = add_domain(
        compiler->snapshot, host->part,
        mesh__arena_format(arena, "%.*s.svc", (int)both.len, both.at));
    if (rc == 0)
        rc = add_domain(compiler->snapshot, host->part,
                        mesh__arena_strndup(arena, both.at, both.len));
    if (rc < 0 || !mesh__slice_equal(mesh__slice(dot + 1, both.len - first - 1),
                                     compiler->asker.namespace_))
        return rc;
    return add_domain(compiler->snapshot, host->part,
                      mesh__arena_strndup(arena, both.at, first));
}

/* Streams are dialled at any address of a block; requests name none of them. */
static int add_block(struct mesh_snapshot *snapshot,
                     const struct mesh_part *part, struct mesh_slice text)
{
    struct mesh_block **at = &snapshot->blocks;
    struct mesh_block *block;
    struct mesh_cidr cidr;

    if (!mesh__cidr_parse(text, &cidr))
        return 0;
    block = mesh__arena_alloc(&snapshot->arena, sizeof(*block));
    if (!block)
        return MESH_ERR_NOMEM;
    while (*at && (*at)->cidr.prefix_bits >= cidr.prefix_bits)
        at = &(*at)->next;
    *block = (struct mesh_block){ cidr, part, *at };
    *at = block;
    return 0;
}

static int add_addresses(struct mesh__compiler *compiler,
                         const struct mesh__host *host)
{
    const struct mesh_texts *addresses = &host->service->addresses;
    char text[MESH__ADDRESS_TEXT];
    struct mesh_address ip;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < addresses->count; i++) {
        if (!mesh__address_parse_ip(addresses->items[i], &ip)) {
            rc = add_block(compiler->snapshot, host->part, addresses->items[i]);
            continue;
        }
        mesh__address_print_ip(&ip, text);
        rc = add_domain(compiler->snapshot, host->part, text);
    }
    return rc;
}

static int compare_parts(const void *a, const void *b)
{
    const struct mesh_part *const *left = a;
    const struct mesh_part *const *right = b;

    return mesh__host_compare(mesh__slice_of((*left)->host),
                              mesh__slice_of((*right)->host));
}

/* --- who comes first --- */

/* A host, and the VirtualService that makes it one; NULL: none does. */
struct claim {
    const struct mesh__host *host;
    const struct mesh__vs *vs;
};

/*
 * Names are handed out as istiod makes virtual hosts: by VirtualService, of
 * each the hosts that are no service first, and last the services that none
 * speaks for.
 */
static int compare_claims(const void *a, const void *b)
{
    const struct claim *left = a;
    const struct claim *right = b;
    int order = 0;

    if (left->vs && right->vs)
        order = mesh__vs_compare(left->vs, right->vs);
    else if (left->vs || right->vs)
        return left->vs ? -1 : 1;
    if (order == 0)
        order = (left->host->service != NULL) - (right->host->service != NULL);
    if (order)
        return order;
    return (left->host > right->host) - (left->host < right->host);
}

/* The one in a run, or NULL. */
static const struct mesh__vs *find_vs(struct mesh__vs_run run,
                                      const struct mesh_resource *resource)
{
    for (size_t i = 0; i < run.count; i++)
        if (run.items[i].vs->resource == resource)
            return run.items[i].vs;
    return NULL;
}

/* Whose rules a port of the host has: one without rules for us has no say. */
static const struct mesh__vs *speaker_on(const struct mesh__compiler *compiler,
                                         const struct mesh__host *host,
                                         const struct mesh_virtual_host *port)
{
    const struct mesh_resource *resource =
        mesh__collection_at(compiler->world.all, port->mark.place);
    const struct mesh__vs *found = NULL;

    for (size_t i = 0; port->rule_count && !found && i < compiler->scope.count;
         i++)
        found = find_vs(mesh__virtuals_for(
                            &compiler->scope.listeners[i].virtuals, host->host),
                        resource);
    return found;
}

static const struct mesh__vs *speaker_of(const struct mesh__compiler *compiler,
                                         const struct mesh__host *host)
{
    const struct mesh__vs *first = NULL;

    for (size_t i = 0; i < host->part->port_count; i++) {
        const struct mesh__vs *one =
            speaker_on(compiler, host, &host->part->virtual_hosts[i]);

        if (one && (!first || mesh__vs_compare(one, first) < 0))
            first = one;
    }
    return first;
}

static int name_in_turn(struct mesh__compiler *compiler)
{
    struct claim *claims = mesh__arena_array(
        &compiler->arena, compiler->host_count, sizeof(*claims));
    int rc = 0;

    if (!claims)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < compiler->host_count; i++)
        claims[i] = (struct claim){ &compiler->hosts[i],
                                    speaker_of(compiler, &compiler->hosts[i]) };
    if (compiler->host_count > 1)
        qsort(claims, compiler->host_count, sizeof(*claims), compare_claims);
    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++) {
        const struct mesh__host *host = claims[i].host;

        rc = host->service ? add_short_names(compiler, host)
                           : add_own_names(compiler, host);
        if (rc == 0 && host->service)
            rc = add_addresses(compiler, host);
    }
    return rc;
}

/* --- the whole --- */

int mesh__name_parts(struct mesh__compiler *compiler)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    int rc = 0;

    snapshot->wildcards = mesh__arena_array(
        &snapshot->arena, compiler->host_count, sizeof(*snapshot->wildcards));
    if (!snapshot->wildcards)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        if (compiler->hosts[i].service)
            rc = add_own_names(compiler, &compiler->hosts[i]);
    if (rc == 0)
        rc = name_in_turn(compiler);
    if (snapshot->wildcard_count > 1)
        qsort(snapshot->wildcards, snapshot->wildcard_count,
              sizeof(*snapshot->wildcards), compare_parts);
    if (snapshot->part_count > 1)
        qsort(snapshot->parts, snapshot->part_count, sizeof(*snapshot->parts),
              compare_parts);
    return rc;
}
