/*
 * traffic_policy.c - balancing, limits, outlier detection and TLS of a
 * destination.
 */
#include "schema/table.h"
#include "value/host.h"

static bool any_of(const struct mesh_yaml_node *node, const char *const *names,
                   size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mesh__has(node, names[i]))
            return true;
    return false;
}

static const char *const policy_blocks[] = {
    "connectionPool", "loadBalancer",  "outlierDetection", "tls",
    "tunnel",         "proxyProtocol", "retryBudget",
};

static void check_traffic_policy(struct mesh_reader *reader,
                                 const struct mesh_spot *spot,
                                 const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *ports = mesh__get(node, "portLevelSettings");

    (void)into;
    if (!any_of(node, policy_blocks, 7) &&
        !(ports && (ports->kind != MESH__YAML_SEQUENCE || ports->count)))
        mesh__reject(reader, spot, node->mark, "may not be empty");
    mesh__reject_both(reader, spot, node, "tunnel", "proxyProtocol");
}

static void check_port_settings(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!any_of(node, policy_blocks, 4))
        mesh__reject(reader, spot, node->mark, "may not be empty");
    if (!mesh__has(node, "port"))
        mesh__reject(reader, spot, node->mark, "\"port\" is required");
}

/* Istio takes any number for a port here. */
static void check_port(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    double port = 0;

    if (mesh__yaml_float(node, &port) && (port < 1 || port > 65535))
        mesh__report(reader, spot, node->mark, MESH__REFUSED,
                     MESH__CODE_REFUSED, NULL, "no port has the number %.40s",
                     node->text.at);
}

static void check_tunnel(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice protocol = mesh__get_text(node, "protocol");
    const struct mesh_yaml_node *host = mesh__get(node, "targetHost");

    (void)into;
    if (protocol.len && !mesh__slice_is(protocol, "CONNECT") &&
        !mesh__slice_is(protocol, "POST"))
        mesh__reject(reader, spot, mesh__get(node, "protocol")->mark,
                     "protocol: wanted CONNECT or POST, found \"%.40s\"",
                     protocol.at);
    if (host && host->kind == MESH__YAML_SCALAR && !mesh__is_ip(host->text) &&
        !mesh__host_valid(host->text, false))
        mesh__reject(reader, spot, host->mark,
                     "targetHost: wanted a name or an IP address");
}

static const struct mesh_field policy_port_fields[] = {
    { MESH__ROW("number", UINT32, ENFORCED), MESH__PUT_INTO_SAME,
      .check = check_port, .bounds = "1-65535" },
};

static const struct mesh_message policy_port_message = {
    .name = "policy_port",
    MESH__FIELDS(policy_port_fields),
};

static const struct mesh_field port_settings_fields[] = {
    { MESH__ROW("connectionPool", MESSAGE, ENFORCED),
      .message = &mesh__connection_pool_message,
      MESH__PUT(struct mesh_port_policy, policy.connection_pool),
      .default_value = "MeshConfig.defaultTrafficPolicy, else unlimited",
      .bounds = "tcp or http needed" },
    { MESH__ROW("loadBalancer", MESSAGE, ENFORCED),
      .message = &mesh__load_balancer_message,
      MESH__PUT(struct mesh_port_policy, policy.load_balancer),
      .default_value = "LEAST_REQUEST" },
    { MESH__ROW("outlierDetection", MESSAGE, ENFORCED),
      .message = &mesh__outlier_detection_message,
      MESH__PUT(struct mesh_port_policy, policy.outlier_detection),
      .default_value = "MeshConfig.defaultTrafficPolicy, else off" },
    { MESH__ROW("port", MESSAGE, ENFORCED), .message = &policy_port_message,
      MESH__PUT(struct mesh_port_policy, port),
      .bounds = "required by validation" },
    { MESH__ROW("tls", MESSAGE, ENFORCED), .message = &mesh__client_tls_message,
      MESH__PUT(struct mesh_port_policy, policy.tls),
      .default_value = "auto mTLS decision",
      .bounds = "DISABLE when block is present without mode" },
};

static const struct mesh_message port_settings_message = {
    .name = "port_settings",
    MESH__FIELDS(port_settings_fields),
    .set = MESH__AT(struct mesh_port_policy, policy.set),
    .mark = MESH__AT(struct mesh_port_policy, policy.mark),
    .check = check_port_settings,
};

static const struct mesh_value version_values[] = {
    MESH__VALUE("V1"),
    MESH__VALUE("V2"),
    { 0 },
};

static const struct mesh_field proxy_protocol_fields[] = {
    { MESH__ROW("version", ENUM, REFUSED), .values = version_values,
      .default_value = "V1" },
};

static const struct mesh_message proxy_protocol_message = {
    .name = "proxy_protocol",
    MESH__FIELDS(proxy_protocol_fields),
};

static const struct mesh_field retry_budget_fields[] = {
    { MESH__ROW("budgetInterval", DURATION, ENFORCED),
      MESH__PUT(struct mesh_retry_budget, budget_interval_ns),
      .default_value = "0 (only active requests)" },
    { MESH__ROW("minRetryConcurrency", UINT32, ENFORCED),
      MESH__PUT(struct mesh_retry_budget, min_retry_concurrency),
      .default_value = "3", .bounds = "0 = default" },
    { MESH__ROW("percent", DOUBLE, ENFORCED), .nullable = true,
      MESH__PUT_HAS(struct mesh_retry_budget, percent, has_percent),
      MESH__RANGE(0, 100), .default_value = "20", .bounds = "min 0; max 100" },
};

static const struct mesh_message retry_budget_message = {
    .name = "retry_budget",
    MESH__FIELDS(retry_budget_fields),
    .set = MESH__AT(struct mesh_retry_budget, set),
    .mark = MESH__AT(struct mesh_retry_budget, mark),
};

static const struct mesh_field tunnel_fields[] = {
    { MESH__ROW("protocol", STRING, REFUSED), .default_value = "CONNECT",
      .bounds = "CONNECT or POST" },
    { MESH__ROW("targetHost", STRING, REFUSED), .required = true,
      .bounds = "FQDN or IP" },
    { MESH__ROW("targetPort", UINT32, REFUSED), .required = true,
      MESH__RANGE(1, 65535), .bounds = "1-65535" },
};

static const struct mesh_message tunnel_message = {
    .name = "tunnel",
    MESH__FIELDS(tunnel_fields),
    .check = check_tunnel,
};

static const struct mesh_field traffic_policy_fields[] = {
    { MESH__ROW("connectionPool", MESSAGE, ENFORCED),
      .message = &mesh__connection_pool_message,
      MESH__PUT(struct mesh_traffic_policy, connection_pool),
      .default_value = "MeshConfig.defaultTrafficPolicy, else unlimited",
      .bounds = "tcp or http needed" },
    { MESH__ROW("loadBalancer", MESSAGE, ENFORCED),
      .message = &mesh__load_balancer_message,
      MESH__PUT(struct mesh_traffic_policy, load_balancer),
      .default_value = "LEAST_REQUEST" },
    { MESH__ROW("outlierDetection", MESSAGE, ENFORCED),
      .message = &mesh__outlier_detection_message,
      MESH__PUT(struct mesh_traffic_policy, outlier_detection),
      .default_value = "MeshConfig.defaultTrafficPolicy, else off" },
    { MESH__ROW("portLevelSettings", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &port_settings_message,
      MESH__PUT_LIST(struct mesh_traffic_policy, ports, port_count,
                     struct mesh_port_policy),
      .max_items = 4096, .default_value = "none", .bounds = "max items 4096" },
    { MESH__ROW("proxyProtocol", MESSAGE, REFUSED),
      .message = &proxy_protocol_message, .default_value = "none",
      .bounds = "not with tunnel",
      .reason = "the service would not see the header it waits for: not yet "
                "enforced by this version" },
    { MESH__ROW("retryBudget", MESSAGE, ENFORCED),
      .message = &retry_budget_message,
      MESH__PUT(struct mesh_traffic_policy, retry_budget),
      .default_value = "none (maxRetries applies)" },
    { MESH__ROW("tls", MESSAGE, ENFORCED), .message = &mesh__client_tls_message,
      MESH__PUT(struct mesh_traffic_policy, tls),
      .default_value = "auto mTLS decision",
      .bounds = "DISABLE when block is present without mode" },
    { MESH__ROW("tunnel", MESSAGE, REFUSED), .message = &tunnel_message,
      .default_value = "none", .bounds = "not with proxyProtocol",
      .reason = "traffic would go elsewhere than the policy says: not yet "
                "enforced by this version" },
};

const struct mesh_message mesh__traffic_policy_message = {
    .name = "traffic_policy",
    MESH__FIELDS(traffic_policy_fields),
    .set = MESH__AT(struct mesh_traffic_policy, set),
    .mark = MESH__AT(struct mesh_traffic_policy, mark),
    .check = check_traffic_policy,
};
