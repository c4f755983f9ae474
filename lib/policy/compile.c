/*
 * compile.c - resources to a snapshot: the order of the steps.
 *
 * Every host that this workload can see becomes a part; then routes are laid
 * between the parts, and names are given to them. Pure: the same resources and
 * the same whoami give the same snapshot.
 */
#include "policy/compile.h"
#include "policy/parts.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

enum {
    COMPILE_BYTES = 1024 * 1024 * 1024, /* scratch, at most */
    PER_PERCENT = 100                   /* 10,000 is all    */
};

/* --- hosts --- */

static int add_host(struct mesh__compiler *compiler, struct mesh_slice name,
                    const struct mesh__service *service)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh__host *host = &compiler->hosts[compiler->host_count];
    struct mesh_part *part = mesh__part_new(name);

    if (!part)
        return MESH_ERR_NOMEM;
    snapshot->parts[snapshot->part_count++] = part;
    *host =
        (struct mesh__host){ .host = name, .service = service, .part = part };
    compiler->host_count++;
    return mesh__map_put(&compiler->by_host, name, host);
}

/* Services first, so that a VirtualService's host is a service where it can. */
static int list_hosts(struct mesh__compiler *compiler)
{
    const struct mesh__world *world = &compiler->world;
    struct mesh__virtuals *virtuals = &compiler->virtuals;
    size_t most = world->hosts.count + virtuals->count;
    int rc = 0;

    compiler->hosts =
        mesh__arena_array(&compiler->arena, most, sizeof(*compiler->hosts));
    compiler->snapshot->parts = mesh__arena_array(
        &compiler->snapshot->arena, most, sizeof(*compiler->snapshot->parts));
    if (!compiler->hosts || !compiler->snapshot->parts)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < world->service_count; i++) {
        const struct mesh__service *service = &world->services[i];

        if (mesh__world_service(world, service->host,
                                compiler->asker.namespace_) == service)
            rc = add_host(compiler, service->host, service);
    }
    for (size_t i = 0; rc == 0 && i < virtuals->count; i++)
        if (!mesh__map_find(&compiler->by_host, virtuals->items[i].host))
            rc = add_host(compiler, virtuals->items[i].host, NULL);
    return rc;
}

static int fill_parts(struct mesh__compiler *compiler)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        if (compiler->hosts[i].service && !compiler->hosts[i].old)
            rc = mesh__compile_destinations(compiler, &compiler->hosts[i]);
    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        if (!compiler->hosts[i].old)
            rc = mesh__compile_virtual_hosts(compiler, &compiler->hosts[i]);
    return rc;
}

/* --- names --- */

/* Lower case; whoever has a domain keeps it. */
static int add_domain(struct mesh_snapshot *snapshot, struct mesh_part *part,
                      const char *domain)
{
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
    if (mesh__map_find(&snapshot->exact, mesh__slice(lower, len)))
        return 0;
    return mesh__map_put(&snapshot->exact, mesh__slice(lower, len), part);
}

static int add_wildcard(struct mesh_snapshot *snapshot, struct mesh_part *part)
{
    size_t len = strlen(part->host);

    snapshot->wildcards[snapshot->wildcard_count++] = part;
    if (len <= MESH__HOST_MAX)
        snapshot->wildcard_lengths[len / 64] |= UINT64_C(1) << (len % 64);
    return add_domain(snapshot, part, part->host);
}

/* The host itself; and with a dot behind it. */
static int add_own_names(struct mesh__compiler *compiler,
                         const struct mesh__host *host)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    int rc;

    if (mesh__host_is_wildcard(host->host))
        return add_wildcard(snapshot, host->part);
    rc = add_domain(snapshot, host->part, host->part->host);
    if (rc < 0 || !host->service)
        return rc;
    return add_domain(
        snapshot, host->part,
        mesh__arena_format(&compiler->arena, "%s.", host->part->host));
}

/* a.ns.svc, a.ns, and a for those in the same namespace. */
static int add_short_names(struct mesh__compiler *compiler,
                           const struct mesh__host *host)
{
    const struct mesh__service *service = host->service;
    struct mesh_arena *arena = &compiler->arena;
    struct mesh_slice name = service->name;
    struct mesh_slice owner = service->namespace_;
    const char *text;
    int rc;

    text = mesh__arena_format(arena, "%.*s.%.*s.svc", (int)name.len, name.at,
                              (int)owner.len, owner.at);
    rc = add_domain(compiler->snapshot, host->part, text);
    if (rc < 0)
        return rc;
    text = mesh__arena_format(arena, "%.*s.%.*s", (int)name.len, name.at,
                              (int)owner.len, owner.at);
    rc = add_domain(compiler->snapshot, host->part, text);
    if (rc < 0 || !mesh__slice_equal(owner, compiler->asker.namespace_))
        return rc;
    return add_domain(compiler->snapshot, host->part,
                      mesh__arena_strndup(arena, name.at, name.len));
}

static int add_addresses(struct mesh__compiler *compiler,
                         const struct mesh__host *host)
{
    const struct mesh_texts *addresses = &host->service->addresses;
    char text[MESH__ADDRESS_TEXT];
    struct mesh_address ip;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < addresses->count; i++) {
        if (!mesh__address_parse_ip(addresses->items[i], &ip))
            continue;
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

static int name_parts(struct mesh__compiler *compiler)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    int rc = 0;

    snapshot->wildcards = mesh__arena_array(
        &snapshot->arena, compiler->host_count, sizeof(*snapshot->wildcards));
    if (!snapshot->wildcards)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        rc = add_own_names(compiler, &compiler->hosts[i]);
    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++) {
        const struct mesh__host *host = &compiler->hosts[i];

        if (host->service && host->service->kubernetes)
            rc = add_short_names(compiler, host);
        if (rc == 0 && host->service)
            rc = add_addresses(compiler, host);
    }
    if (snapshot->wildcard_count > 1)
        qsort(snapshot->wildcards, snapshot->wildcard_count,
              sizeof(*snapshot->wildcards), compare_parts);
    if (snapshot->part_count > 1)
        qsort(snapshot->parts, snapshot->part_count, sizeof(*snapshot->parts),
              compare_parts);
    return rc;
}

/* --- telemetry --- */

static int compile_telemetry(struct mesh__compiler *compiler)
{
    const struct mesh_mesh_config *config = &compiler->world.settings.config;
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh_telemetry_policy *out = &snapshot->telemetry;
    double percent = config->has_sampling ? config->sampling : 0;

    if (!(percent > 0 && percent <= 100))
        percent = 1; /* 0 is unset, as Istio reads it */
    out->tracing = !config->has_enable_tracing || config->enable_tracing;
    out->sampling_per_10k = (uint32_t)(percent * PER_PERCENT + 0.5);
    out->access_log = config->access_log_file.len > 0;
    out->access_log_json = mesh__slice_is(config->access_log_encoding, "JSON");
    if (!mesh__copy(&snapshot->arena, config->access_log_file,
                    &out->access_log_file))
        return MESH_ERR_NOMEM;
    if (config->access_log_format.len &&
        !mesh__copy(&snapshot->arena, config->access_log_format,
                    &out->access_log_format))
        return MESH_ERR_NOMEM;
    return 0;
}

/* --- the whole --- */

static int run(struct mesh__compiler *compiler)
{
    static int (*const steps[])(struct mesh__compiler *) = {
        mesh__compile_self,    mesh__virtuals_init, list_hosts,
        mesh__compile_names,   mesh__reuse_parts,   fill_parts,
        mesh__compile_outside, name_parts,          mesh__compile_inbound,
        mesh__compile_authz,   compile_telemetry,
    };
    struct mesh_snapshot *snapshot = compiler->snapshot;
    int rc = mesh__world_init(&compiler->world, snapshot->collection);

    if (rc == 0)
        rc = mesh__rules_init(&compiler->rules, &compiler->arena,
                              &compiler->world);
    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(*steps); i++)
        rc = steps[i](compiler);
    snapshot->path_mode = compiler->world.settings.path_mode;
    return rc;
}

int mesh__policy_compile(struct mesh_collection *collection,
                         const struct mesh_whoami *whoami,
                         const struct mesh_snapshot *previous,
                         uint64_t generation, struct mesh_snapshot **out)
{
    struct mesh__compiler compiler = { .whoami = whoami, .previous = previous };
    int rc;

    *out = NULL;
    compiler.snapshot = mesh__snapshot_new(collection, generation);
    if (!compiler.snapshot)
        return MESH_ERR_NOMEM;
    mesh__arena_init(&compiler.arena, COMPILE_BYTES);
    rc = run(&compiler);
    if (rc == 0) {
        *out = compiler.snapshot;
        compiler.snapshot = NULL;
    }
    mesh__snapshot_unref(compiler.snapshot);
    mesh__map_fini(&compiler.by_host);
    mesh__world_fini(&compiler.world);
    mesh__arena_fini(&compiler.arena);
    return rc;
}
