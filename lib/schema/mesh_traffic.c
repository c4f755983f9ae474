/*
 * mesh_traffic.c - the mesh-wide defaults of routes and destinations in
 * MeshConfig: blocks of other kinds, judged as MeshConfigs are.
 */
#include "schema/proto.h"
#include "value/duration.h"

static const struct mesh_field default_retry_fields[] = {
    { MESH__ROW("attempts", INT32, ENFORCED),
      MESH__PUT(struct mesh_http_retry, attempts), MESH__RANGE(0, 0),
      .default_value = "0 when block present (disables retries)",
      .bounds = ">=0" },
    { MESH__ROW("backoff", DURATION, ENFORCED),
      MESH__PUT(struct mesh_http_retry, backoff_ns),
      .default_value = "25ms base in Envoy" },
    { MESH__ROW("perTryTimeout", DURATION, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_retry, per_try_timeout_ns,
                    has_per_try_timeout),
      .default_value = "none" },
    { MESH__ROW("retryIgnorePreviousHosts", BOOL, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_retry, ignore_previous,
                    has_ignore_previous),
      .default_value = "true" },
    { MESH__ROW("retryOn", STRING, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_retry, retry_on, has_retry_on),
      .default_value = "connect-failure,refused-stream,unavailable,cancelled,"
                       "retriable-status-codes",
      .bounds = "comma list without spaces; unknown words have no effect" },
    { MESH__ROW("retryRemoteLocalities", BOOL, ENFORCED),
      MESH__PUT(struct mesh_http_retry, remote_localities),
      .default_value = "false" },
};

const struct mesh_message mesh__default_retry_message = {
    .name = "default_retry",
    MESH__FIELDS(default_retry_fields),
    .set = MESH__AT(struct mesh_http_retry, set),
    .mark = MESH__AT(struct mesh_http_retry, mark),
};

static const struct mesh_field default_keep_alive_fields[] = {
    { MESH__ROW("interval", DURATION, NOTED),
      MESH__PUT(struct mesh_http2_keepalive, interval_ns),
      .bounds = "required in the block" },
    { MESH__ROW("timeout", DURATION, NOTED),
      MESH__PUT(struct mesh_http2_keepalive, timeout_ns),
      .bounds = "required in the block" },
};

static const struct mesh_message default_keep_alive_message = {
    .name = "default_keep_alive",
    MESH__FIELDS(default_keep_alive_fields),
};

/* None at all, or a good one. */
static void check_idle_timeout(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node)
{
    int64_t ns = 0;

    if (mesh__duration_parse(node->text, &ns) && ns / 1000000 != 0 &&
        (ns < 0 || ns % 1000000 != 0))
        mesh__reject(reader, spot, node->mark,
                     "wanted 0s or whole milliseconds, found \"%.60s\"",
                     node->text.at);
}

static const struct mesh_value h2_upgrade_policy_values[] = {
    MESH__VALUE("DEFAULT"),
    MESH__VALUE("DO_NOT_UPGRADE"),
    { "UPGRADE", MESH__FIELD_NOTED, "HTTP/1.1 is spoken for now" },
    { 0 },
};

static const struct mesh_field default_pool_http_fields[] = {
    { MESH__ROW("h2UpgradePolicy", ENUM, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, h2_upgrade_policy),
      .values = h2_upgrade_policy_values,
      .default_value = "DEFAULT (MeshConfig.h2UpgradePolicy)",
      .bounds = "UPGRADE not with useClientProtocol" },
    { MESH__ROW("http1MaxPendingRequests", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, http1_max_pending_requests),
      MESH__RANGE(0, 0), .default_value = "4294967295",
      .bounds = ">=0; 0 = default" },
    { MESH__ROW("http2KeepAlive", MESSAGE, NOTED),
      MESH__PUT(struct mesh_connection_pool, http2_keepalive), MESH__JUDGED,
      .message = &default_keep_alive_message, .default_value = "off",
      .bounds = "HTTP/2 destinations only",
      .reason = "HTTP/1.1 is spoken for now" },
    { MESH__ROW("http2MaxRequests", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, http2_max_requests),
      MESH__RANGE(0, 0), .default_value = "4294967295",
      .bounds = ">=0; 0 = default" },
    { MESH__ROW("idleTimeout", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, http_idle_timeout_ns),
      MESH__RANGE(1e6, 0),
      .default_value = "tcp.idleTimeout, else 1h (Envoy)" },
    { MESH__ROW("maxConcurrentStreams", INT32, NOTED),
      MESH__PUT(struct mesh_connection_pool, max_concurrent_streams),
      MESH__JUDGED, MESH__RANGE(0, 0),
      .default_value = "Envoy default (2147483647)",
      .bounds = ">=0; HTTP/2 destinations only",
      .reason = "HTTP/1.1 is spoken for now" },
    { MESH__ROW("maxRequestsPerConnection", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, max_requests_per_connection),
      MESH__RANGE(0, 0), .default_value = "unlimited",
      .bounds = ">=0; 0 = unlimited" },
    { MESH__ROW("maxRetries", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, max_retries), MESH__RANGE(0, 0),
      .default_value = "4294967295", .bounds = ">=0; 0 = default" },
    { MESH__ROW("useClientProtocol", BOOL, NOTED),
      MESH__PUT(struct mesh_connection_pool, use_client_protocol), MESH__JUDGED,
      .harmless = "false", .default_value = "false",
      .reason = "HTTP/1.1 is spoken for now" },
};

static bool is_true(const struct mesh_yaml_node *node)
{
    bool truth;

    return node && mesh__yaml_bool(node, &truth) && truth;
}

static void check_default_pool_http(struct mesh_reader *reader,
                                    const struct mesh_spot *spot,
                                    const struct mesh_yaml_node *node,
                                    void *into)
{
    const struct mesh_yaml_node *policy = mesh__get(node, "h2UpgradePolicy");
    const struct mesh_value *value =
        policy ? mesh__find_value(h2_upgrade_policy_values, policy, true)
               : NULL;

    (void)into;
    if (value && strcmp(value->name, "UPGRADE") == 0 &&
        is_true(mesh__get(node, "useClientProtocol")))
        mesh__reject(reader, spot, policy->mark,
                     "UPGRADE and useClientProtocol exclude each other");
}

static const struct mesh_message default_pool_http_message = {
    .name = "default_pool_http",
    MESH__FIELDS(default_pool_http_fields),
    .check = check_default_pool_http,
};

static const struct mesh_field default_pool_tcp_fields[] = {
    { MESH__ROW("connectTimeout", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, connect_timeout_ns),
      MESH__RANGE(1e6, 0), .default_value = "MeshConfig.connectTimeout (10s)" },
    { MESH__ROW("idleTimeout", DURATION, ENFORCED),
      MESH__PUT_HAS(struct mesh_connection_pool, tcp_idle_timeout_ns,
                    has_tcp_idle_timeout),
      .check = check_idle_timeout, .default_value = "1h (Envoy)",
      .bounds = "0s disables" },
    { MESH__ROW("maxConnectionDuration", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, max_connection_duration_ns),
      MESH__RANGE(1e6, 0), .default_value = "unlimited" },
    { MESH__ROW("maxConnections", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, max_connections),
      MESH__RANGE(0, 0), .default_value = "4294967295",
      .bounds = ">=0; 0 = default" },
    { MESH__ROW("tcpKeepalive", MESSAGE, ENFORCED),
      .message = &mesh__settings_keepalive_message,
      MESH__PUT(struct mesh_connection_pool, keepalive),
      .default_value = "MeshConfig.tcpKeepalive, else off" },
};

static const struct mesh_message default_pool_tcp_message = {
    .name = "default_pool_tcp",
    MESH__FIELDS(default_pool_tcp_fields),
};

static const struct mesh_field default_pool_fields[] = {
    { MESH__ROW("http", MESSAGE, ENFORCED), MESH__PUT_INTO_SAME,
      .message = &default_pool_http_message },
    { MESH__ROW("tcp", MESSAGE, ENFORCED), MESH__PUT_INTO_SAME,
      .message = &default_pool_tcp_message },
};

static void check_default_pool(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!mesh__has(node, "http") && !mesh__has(node, "tcp"))
        mesh__reject(reader, spot, node->mark, "http or tcp is required");
}

static const struct mesh_message default_pool_message = {
    .name = "default_pool",
    MESH__FIELDS(default_pool_fields),
    .set = MESH__AT(struct mesh_connection_pool, set),
    .mark = MESH__AT(struct mesh_connection_pool, mark),
    .check = check_default_pool,
};

static const struct mesh_field default_outlier_fields[] = {
    { MESH__ROW("baseEjectionTime", DURATION, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, base_ejection_ns),
      MESH__RANGE(1e6, 0), .default_value = "30s (Envoy)" },
    { MESH__ROW("consecutive5xxErrors", UINT32, ENFORCED),
      MESH__PUT_HAS(struct mesh_outlier_detection, consecutive_5xx,
                    has_consecutive_5xx),
      .default_value = "5", .bounds = "0 disables" },
    { MESH__ROW("consecutiveErrors", INT32, NOTED),
      .bounds = "deprecated; ignored with a warning",
      .reason = "Istio ignores it too: write consecutive5xxErrors" },
    { MESH__ROW("consecutiveGatewayErrors", UINT32, ENFORCED),
      MESH__PUT_HAS(struct mesh_outlier_detection, consecutive_gateway,
                    has_consecutive_gateway),
      .default_value = "not enforced", .bounds = "0 disables" },
    { MESH__ROW("consecutiveLocalOriginFailures", UINT32, ENFORCED),
      MESH__PUT_HAS(struct mesh_outlier_detection, consecutive_local_origin,
                    has_consecutive_local_origin),
      .default_value = "5 (Envoy) when split is true",
      .bounds = "needs splitExternalLocalOriginErrors" },
    { MESH__ROW("interval", DURATION, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, interval_ns),
      MESH__RANGE(1e6, 0), .default_value = "10s (Envoy)" },
    { MESH__ROW("maxEjectionPercent", INT32, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, max_ejection_percent),
      MESH__RANGE(0, 100), .default_value = "10 (Envoy)",
      .bounds = "0-100; 0 = default" },
    { MESH__ROW("minHealthPercent", INT32, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, min_health_percent),
      MESH__RANGE(0, 100), .default_value = "0", .bounds = "0-100" },
    { MESH__ROW("outlierDetectionHttpErrorCodes", UINT32, NOTED),
      .shape = MESH__LIST, .default_value = "5xx range",
      .reason = "5xx counts as an error for now" },
    { MESH__ROW("splitExternalLocalOriginErrors", BOOL, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, split_local_origin),
      .default_value = "false" },
};

static void check_default_outlier(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *failures =
        mesh__get(node, "consecutiveLocalOriginFailures");
    const struct mesh_yaml_node *split =
        mesh__get(node, "splitExternalLocalOriginErrors");
    int64_t count;

    (void)into;
    if (!failures || !mesh__proto_whole(failures, MESH__T_UINT32, &count) ||
        count == 0 || is_true(split))
        return;
    mesh__reject_pair(reader, spot, node, "consecutiveLocalOriginFailures",
                      "splitExternalLocalOriginErrors",
                      "consecutiveLocalOriginFailures needs "
                      "splitExternalLocalOriginErrors: true");
}

static const struct mesh_message default_outlier_message = {
    .name = "default_outlier",
    MESH__FIELDS(default_outlier_fields),
    .set = MESH__AT(struct mesh_outlier_detection, set),
    .mark = MESH__AT(struct mesh_outlier_detection, mark),
    .check = check_default_outlier,
};

static const struct mesh_field default_policy_fields[] = {
    { MESH__ROW("connectionPool", MESSAGE, ENFORCED),
      .message = &default_pool_message,
      MESH__PUT(struct mesh_traffic_policy, connection_pool),
      .default_value = "unlimited", .bounds = "tcp or http needed" },
    { MESH__ROW("outlierDetection", MESSAGE, ENFORCED),
      .message = &default_outlier_message,
      MESH__PUT(struct mesh_traffic_policy, outlier_detection),
      .default_value = "off" },
};

const struct mesh_message mesh__default_policy_message = {
    .name = "default_policy",
    MESH__FIELDS(default_policy_fields),
    .set = MESH__AT(struct mesh_traffic_policy, set),
    .mark = MESH__AT(struct mesh_traffic_policy, mark),
};
