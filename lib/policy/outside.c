/*
 * outside.c - where hosts go that no service of the policy has.
 *
 * Under ALLOW_ANY one route, "allow_any", to one destination that has the
 * caller's own address for an endpoint; plaintext, without retries, as istiod
 * makes it (Istio: core/httproute.go, core/cluster.go).
 */
#include "policy/compile.h"
#include "policy/parts.h"

#include "base/error.h"

/*
 * The mesh's own pool bounds it, too, but for what would be an option of the
 * protocol: istiod leaves those out here (core/cluster_builder.go).
 */
static void fill_breakers(const struct mesh__compiler *compiler,
                          struct mesh_breaker_policy *out)
{
    const struct mesh_traffic_policy *mesh =
        &compiler->world.settings.config.default_policy;
    struct mesh_connection_pool pool = mesh->connection_pool;

    pool.http_idle_timeout_ns = pool.tcp_idle_timeout_ns = 0;
    pool.max_connection_duration_ns = 0;
    pool.max_requests_per_connection = 0;
    mesh__compile_breakers(out, pool.set ? &pool : NULL,
                           &compiler->world.settings);
    mesh__compile_stream_bounds(out, NULL);
}

static int fill(struct mesh__compiler *compiler, struct mesh_part *part,
                struct mesh_destination *out)
{
    fill_breakers(compiler, &out->breakers);
    out->host = out->name = part->host;
    out->service = out->namespace_ = out->subset = "";
    out->tls.mode = MESH__TLS_OFF;
    out->tls.sni = "";
    out->original = true;
    out->endpoints = mesh__endpoint_set_new();
    return out->endpoints ? 0 : MESH_ERR_NOMEM;
}

static int fill_rule(struct mesh_part *part, struct mesh_route_rule *rule)
{
    struct mesh_arm *arm = mesh__arena_alloc(&part->arena, sizeof(*arm));

    if (!arm)
        return MESH_ERR_NOMEM;
    arm->destination = part->destinations[0];
    arm->weight = 1;
    rule->name = "allow_any";
    rule->arms = arm;
    rule->arm_count = 1;
    rule->total_weight = 1;
    return 0;
}

int mesh__compile_outside(struct mesh__compiler *compiler)
{
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh_destination *destination;
    struct mesh_route_rule *rule;
    struct mesh_part *part;
    int rc;

    if (snapshot->registry_only)
        return 0;
    part = mesh__part_new(MESH__SLICE("PassthroughCluster"));
    if (!part)
        return MESH_ERR_NOMEM;
    snapshot->outside = part;
    destination = mesh__arena_alloc(&part->arena, sizeof(*destination));
    part->destinations =
        mesh__arena_array(&part->arena, 1, sizeof(*part->destinations));
    rule = mesh__arena_alloc(&part->arena, sizeof(*rule));
    if (!destination || !part->destinations || !rule)
        return MESH_ERR_NOMEM;
    part->destinations[part->destination_count++] = destination;
    rc = fill(compiler, part, destination);
    if (rc == 0)
        rc = fill_rule(part, rule);
    snapshot->allow_any = rule;
    return rc;
}
