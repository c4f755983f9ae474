/*
 * compile.c - resources to a snapshot: the order of the steps.
 *
 * Every host that this workload can see becomes a part; then routes are laid
 * between the parts, and names are given to them. Pure: the same resources and
 * the same whoami give the same snapshot.
 */
#include "policy/compile.h"
#include "policy/delegate.h"
#include "policy/parts.h"

#include "base/error.h"

enum {
    COMPILE_BYTES = 1024 * 1024 * 1024, /* scratch, at most */
    PER_PERCENT = 100                   /* 10,000 is all    */
};

/* --- what is seen --- */

/* A Sidecar's outboundTrafficPolicy replaces the mesh's as a whole. */
static int compile_scope(struct mesh__compiler *compiler)
{
    const struct mesh__settings *settings = &compiler->world.settings;
    struct mesh_snapshot *snapshot = compiler->snapshot;
    const struct mesh_resource *sidecar;
    const struct mesh_sidecar *spec;
    int rc = mesh__scope_init(&compiler->scope, &compiler->arena,
                              &compiler->world, &compiler->asker);

    sidecar = compiler->scope.sidecar;
    spec = sidecar ? sidecar->spec : NULL;
    if (sidecar)
        snapshot->sidecar = sidecar->mark;
    snapshot->registry_only = settings->registry_only;
    snapshot->outbound = settings->outbound_mark;
    if (spec && spec->has_outbound_policy) {
        snapshot->registry_only =
            !mesh__slice_is(spec->outbound_policy_mode, "ALLOW_ANY");
        snapshot->outbound = spec->outbound_policy_mark;
    }
    return rc;
}

/* --- parts --- */

static int fill_parts(struct mesh__compiler *compiler)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        if (compiler->hosts[i].service && !compiler->hosts[i].old)
            rc = mesh__compile_destinations(compiler, &compiler->hosts[i]);
    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        if (!compiler->hosts[i].old)
            rc = mesh__compile_virtual_hosts(compiler, &compiler->hosts[i]);
    for (size_t i = 0; rc == 0 && i < compiler->host_count; i++)
        if (compiler->hosts[i].service && !compiler->hosts[i].old)
            rc = mesh__compile_streams(compiler, &compiler->hosts[i]);
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
        mesh__compile_self,    mesh__delegates_init,
        compile_scope,         mesh__virtuals_init,
        mesh__list_hosts,      mesh__compile_names,
        mesh__reuse_parts,     fill_parts,
        mesh__compile_outside, mesh__name_parts,
        mesh__compile_inbound, mesh__compile_authz,
        compile_telemetry,
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
    mesh__map_fini(&compiler.delegates);
    mesh__world_fini(&compiler.world);
    mesh__arena_fini(&compiler.arena);
    return rc;
}
