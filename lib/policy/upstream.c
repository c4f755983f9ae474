/*
 * upstream.c - HTTP/1.1, HTTP/2, or what the caller speaks: by the name of the
 * port, the pool's h2UpgradePolicy and useClientProtocol, and the mesh's
 * h2UpgradePolicy.
 *
 * As istiod makes clusters (core/cluster_builder.go, cluster_traffic_policy.go;
 * each row of the test was asked). Declines to know who speaks what.
 */
#include "policy/compile.h"

static enum mesh_upstream_protocol protocol_of(
    const struct mesh__port *port, const struct mesh_connection_pool *pool,
    const struct mesh__settings *settings)
{
    struct mesh_slice policy = pool->h2_upgrade_policy;

    if (pool->use_client_protocol || port->protocol == MESH__PROTO_AUTO)
        return MESH__UPSTREAM_CALLERS;
    if (port->protocol == MESH__PROTO_HTTP2 ||
        mesh__slice_is(policy, "UPGRADE"))
        return MESH__UPSTREAM_HTTP2;
    if (port->protocol == MESH__PROTO_TCP ||
        mesh__slice_is(policy, "DO_NOT_UPGRADE"))
        return MESH__UPSTREAM_HTTP1;
    return mesh__slice_is(settings->config.h2_upgrade_policy, "UPGRADE")
               ? MESH__UPSTREAM_HTTP2
               : MESH__UPSTREAM_HTTP1;
}

void mesh__compile_upstream(struct mesh_upstream_policy *out,
                            const struct mesh__port *port,
                            const struct mesh_connection_pool *pool,
                            const struct mesh__settings *settings)
{
    static const struct mesh_connection_pool nothing;

    if (!pool)
        pool = &nothing;
    *out = (struct mesh_upstream_policy){
        .protocol = protocol_of(port, pool, settings),
        .max_streams = (uint32_t)MESH__UNLIMITED,
    };
    if (out->protocol != MESH__UPSTREAM_HTTP2)
        return;
    if (pool->max_concurrent_streams > 0)
        out->max_streams = (uint32_t)pool->max_concurrent_streams;
    out->ping_ns = (uint64_t)pool->http2_keepalive.interval_ns;
    out->ping_timeout_ns = (uint64_t)pool->http2_keepalive.timeout_ns;
}
