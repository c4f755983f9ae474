/*
 * traffic_policy.c - balancing, limits, outlier detection and TLS of a
 * destination.
 */
#include "schema/table.h"
#include "value/address.h"
#include "value/duration.h"
#include "value/host.h"

static bool any_of(const struct mesh_yaml_node *node, const char *const *names,
                   size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mesh__has(node, names[i]))
            return true;
    return false;
}

static void reject_both(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, const char *one,
                        const char *other)
{
    const struct mesh_yaml_node *value = mesh__get(node, other);

    if (value && mesh__has(node, one))
        mesh__reject(reader, spot, value->mark, "%s and %s exclude each other",
                     one, other);
}

static const char *const policy_blocks[] = {
    "connectionPool", "loadBalancer",      "outlierDetection", "tls",
    "tunnel",         "portLevelSettings", "proxyProtocol",    "retryBudget",
};

static void check_traffic_policy(struct mesh_reader *reader,
                                 const struct mesh_spot *spot,
                                 const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!any_of(node, policy_blocks, 8))
        mesh__reject(reader, spot, node->mark, "may not be empty");
    reject_both(reader, spot, node, "tunnel", "proxyProtocol");
}

static void check_port_settings(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!any_of(node, policy_blocks, 4))
        mesh__reject(reader, spot, node->mark, "may not be empty");
    if (!mesh__has(mesh__get(node, "port"), "number"))
        mesh__reject(reader, spot, node->mark, "\"port.number\" is required");
}

static void check_connection_pool(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!mesh__has(node, "tcp") && !mesh__has(node, "http"))
        mesh__reject(reader, spot, node->mark, "tcp or http is required");
}

/* The structure has no word for "never". */
static void check_pool_tcp(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *idle = mesh__get(node, "idleTimeout");
    int64_t ns = 0;

    if (into && idle && idle->kind == MESH__YAML_SCALAR &&
        mesh__duration_parse(idle->text, &ns) && ns == 0)
        mesh__report(reader, spot, idle->mark, MESH__INFO, MESH__CODE_NOTED,
                     NULL,
                     "noted: idle connections are closed all the same, "
                     "after an hour");
}

static void check_pool_http(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *client = mesh__get(node, "useClientProtocol");
    bool own = false;

    (void)into;
    if (client && mesh__yaml_bool(client, &own) && own &&
        mesh__slice_is(mesh__get_text(node, "h2UpgradePolicy"), "UPGRADE"))
        mesh__reject(reader, spot, client->mark,
                     "useClientProtocol and h2UpgradePolicy UPGRADE exclude "
                     "each other");
}

static void check_keep_alive(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!mesh__has(node, "interval") || !mesh__has(node, "timeout"))
        mesh__reject(reader, spot, node->mark,
                     "interval and timeout are required");
}

static void check_outlier_detection(struct mesh_reader *reader,
                                    const struct mesh_spot *spot,
                                    const struct mesh_yaml_node *node,
                                    void *into)
{
    const struct mesh_yaml_node *split =
        mesh__get(node, "splitExternalLocalOriginErrors");
    const struct mesh_yaml_node *local =
        mesh__get(node, "consecutiveLocalOriginFailures");
    int64_t failures = 0;
    bool apart = false;

    (void)into;
    if (split)
        mesh__yaml_bool(split, &apart);
    if (local && !apart && mesh__yaml_int(local, &failures) && failures > 0)
        mesh__reject(reader, spot, local->mark,
                     "consecutiveLocalOriginFailures needs "
                     "splitExternalLocalOriginErrors: true");
}

/* --- balancing
 * ------------------------------------------------------------------ */

static void check_load_balancer(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    reject_both(reader, spot, node, "localityLbSetting", "zoneAwareLbSetting");
}

static void check_consistent_hash(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    reject_both(reader, spot, node, "minimumRingSize", "ringHash");
    reject_both(reader, spot, node, "minimumRingSize", "maglev");
}

static void check_http_cookie(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *list = mesh__get(node, "attributes");

    (void)into;
    if (mesh__has(node, "name") && mesh__get_text(node, "name").len == 0)
        mesh__reject(reader, spot, node->mark, "name may not be empty");
    if (list && !mesh__few(reader, spot, list))
        return;
    for (size_t i = 0; list && list->items && i < list->count; i++)
        for (size_t j = 0; j < i; j++)
            if (mesh__slice_equal(mesh__get_text(list->items[i], "name"),
                                  mesh__get_text(list->items[j], "name")))
                mesh__reject(reader, spot, list->items[i]->mark,
                             "a second attribute of this name");
}

static bool is_prime(int64_t number)
{
    if (number < 2)
        return false;
    for (int64_t i = 2; i * i <= number; i++)
        if (number % i == 0)
            return false;
    return true;
}

static void check_maglev(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *size = mesh__get(node, "tableSize");
    int64_t value = 0;

    (void)into;
    if (size && (!mesh__yaml_int(size, &value) || value > 5000010))
        return; /* said elsewhere */
    if (!is_prime(value))
        mesh__reject(reader, spot, size ? size->mark : node->mark,
                     "tableSize must be a prime number");
}

static void check_warmup(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *steep = mesh__get(node, "aggression");
    double value;

    (void)into;
    if (steep && mesh__yaml_float(steep, &value) && value == 0)
        mesh__reject(reader, spot, steep->mark, "aggression must be above 0");
}

static void check_share(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *to)
{
    int64_t total = 0;

    for (size_t i = 0; to && to->pairs && i < to->count; i++) {
        int64_t share = 0;

        if (mesh__yaml_int(to->pairs[i].value, &share) && share <= 100)
            total += share;
    }
    if (total != 100)
        mesh__reject(reader, spot, to ? to->mark : (struct mesh_mark){ 0 },
                     "the shares must add up to 100");
}

static void check_locality_lb(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *list = mesh__get(node, "distribute");
    struct mesh_spot field = { .up = spot, .name = "distribute" };

    (void)into;
    reject_both(reader, spot, node, "distribute", "failover");
    for (size_t i = 0; list && list->items && i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *to = mesh__get(list->items[i], "to");

        if (to)
            check_share(reader, &item, to);
    }
}

static void check_failover(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice from = mesh__get_text(node, "from");
    struct mesh_slice to = mesh__get_text(node, "to");

    (void)into;
    if (from.len && mesh__slice_equal(from, to))
        mesh__reject(reader, spot, node->mark, "from and to must differ");
    if ((from.len && strpbrk(from.at, "/*")) ||
        (to.len && strpbrk(to.at, "/*")))
        mesh__reject(reader, spot, node->mark,
                     "wanted plain regions, without \"/\" and \"*\"");
}

/* --- the connection itself
 * ------------------------------------------------------ */

static void check_tunnel(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice protocol = mesh__get_text(node, "protocol");
    const struct mesh_yaml_node *host = mesh__get(node, "targetHost");
    struct mesh_address address;

    (void)into;
    if (protocol.len && !mesh__slice_is(protocol, "CONNECT") &&
        !mesh__slice_is(protocol, "POST"))
        mesh__reject(reader, spot, node->mark,
                     "protocol: wanted CONNECT or POST, found \"%.40s\"",
                     protocol.at);
    if (host && !mesh__address_parse_ip(host->text, &address) &&
        !mesh__host_valid(host->text, false))
        mesh__reject(reader, spot, host->mark,
                     "targetHost: wanted a name or an IP address");
}

static void check_client_tls(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    static const char *const files[] = { "clientCertificate", "privateKey",
                                         "caCertificates", "caCrl" };
    const struct mesh_yaml_node *skip = mesh__get(node, "insecureSkipVerify");
    bool blind = false;

    (void)into;
    if (skip && mesh__yaml_bool(skip, &blind) && blind) {
        reject_both(reader, spot, node, "insecureSkipVerify", "caCertificates");
        reject_both(reader, spot, node, "insecureSkipVerify",
                    "subjectAltNames");
    }
    if (mesh__get_text(node, "credentialName").len) {
        for (size_t i = 0; i < 4; i++)
            reject_both(reader, spot, node, "credentialName", files[i]);
        return;
    }
    if (mesh__slice_is(mesh__get_text(node, "mode"), "MUTUAL") &&
        (mesh__get_text(node, files[0]).len == 0 ||
         mesh__get_text(node, files[1]).len == 0))
        mesh__reject(reader, spot, node->mark,
                     "MUTUAL needs clientCertificate and privateKey");
}

static const struct mesh_field http2_keep_alive_fields[] = {
    { MESH__ROW("interval", DURATION, NOTED), MESH__RANGE(1e6, 0),
      .bounds = "duration >= 1ms; required in the block" },
    { MESH__ROW("timeout", DURATION, NOTED), MESH__RANGE(1e6, 0),
      .bounds = "duration >= 1ms; required in the block" },
};

static const struct mesh_message http2_keep_alive_message = {
    .name = "http2_keep_alive",
    MESH__FIELDS(http2_keep_alive_fields),
    .check = check_keep_alive,
};

static const struct mesh_value h2_upgrade_policy_values[] = {
    MESH__VALUE("DEFAULT"),
    MESH__VALUE("DO_NOT_UPGRADE"),
    { "UPGRADE", MESH__FIELD_NOTED, "HTTP/1.1 is spoken for now" },
    { 0 },
};

static const struct mesh_field pool_http_fields[] = {
    { MESH__ROW("h2UpgradePolicy", ENUM, ENFORCED),
      .values = h2_upgrade_policy_values,
      MESH__PUT(struct mesh_connection_pool, h2_upgrade_policy),
      .default_value = "DEFAULT (MeshConfig.h2UpgradePolicy)",
      .bounds = "UPGRADE not with useClientProtocol" },
    { MESH__ROW("http1MaxPendingRequests", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, http1_max_pending_requests),
      MESH__RANGE(0, 0), .default_value = "4294967295",
      .bounds = ">=0; 0 = default" },
    { MESH__ROW("http2KeepAlive", MESSAGE, NOTED),
      .message = &http2_keep_alive_message, .default_value = "off",
      .bounds = "HTTP/2 destinations only",
      .reason = "HTTP/1.1 is spoken for now" },
    { MESH__ROW("http2MaxRequests", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, http2_max_requests),
      MESH__RANGE(0, 0), .default_value = "4294967295",
      .bounds = ">=0; 0 = default" },
    { MESH__ROW("idleTimeout", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, http_idle_timeout_ns),
      MESH__RANGE(1e6, 0), .default_value = "tcp.idleTimeout, else 1h (Envoy)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("maxConcurrentStreams", INT32, NOTED), MESH__RANGE(0, 0),
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
    { MESH__ROW("useClientProtocol", BOOL, NOTED), .harmless = "false",
      .default_value = "false", .reason = "HTTP/1.1 is spoken for now" },
};

static const struct mesh_message pool_http_message = {
    .name = "pool_http",
    MESH__FIELDS(pool_http_fields),
    .check = check_pool_http,
};

static const struct mesh_field tcp_keepalive_fields[] = {
    { MESH__ROW("interval", DURATION, NOTED), MESH__RANGE(1e6, 0),
      .default_value = "OS default (75s on Linux)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("probes", UINT32, NOTED),
      .default_value = "OS default (9 on Linux)" },
    { MESH__ROW("time", DURATION, NOTED), MESH__RANGE(1e6, 0),
      .default_value = "OS default (7200s on Linux)",
      .bounds = "duration >= 1ms" },
};

static const struct mesh_message tcp_keepalive_message = {
    .name = "tcp_keepalive",
    MESH__FIELDS(tcp_keepalive_fields),
};

static const struct mesh_field pool_tcp_fields[] = {
    { MESH__ROW("connectTimeout", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, connect_timeout_ns),
      MESH__RANGE(1e6, 0), .default_value = "MeshConfig.connectTimeout (10s)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("idleTimeout", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, tcp_idle_timeout_ns),
      .default_value = "1h (Envoy)", .bounds = "0s disables" },
    { MESH__ROW("maxConnectionDuration", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, max_connection_duration_ns),
      MESH__RANGE(1e6, 0), .default_value = "unlimited",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("maxConnections", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, max_connections),
      MESH__RANGE(0, 0), .default_value = "4294967295",
      .bounds = ">=0; 0 = default" },
    { MESH__ROW("tcpKeepalive", MESSAGE, NOTED),
      .message = &tcp_keepalive_message,
      .default_value = "MeshConfig.tcpKeepalive, else off",
      .reason = "the system's defaults hold" },
};

static const struct mesh_message pool_tcp_message = {
    .name = "pool_tcp",
    MESH__FIELDS(pool_tcp_fields),
    .check = check_pool_tcp,
};

static const struct mesh_field connection_pool_fields[] = {
    { MESH__ROW("http", MESSAGE, ENFORCED), .message = &pool_http_message,
      MESH__PUT_INTO_SAME },
    { MESH__ROW("tcp", MESSAGE, ENFORCED), .message = &pool_tcp_message,
      MESH__PUT_INTO_SAME },
};

const struct mesh_message mesh__connection_pool_message = {
    .name = "connection_pool",
    MESH__FIELDS(connection_pool_fields),
    .set = MESH__AT(struct mesh_connection_pool, set),
    .mark = MESH__AT(struct mesh_connection_pool, mark),
    .check = check_connection_pool,
};

static const struct mesh_field cookie_attribute_fields[] = {
    { MESH__ROW("name", STRING, NOTED), .required = true },
    { MESH__ROW("value", STRING, NOTED), .default_value = "empty" },
};

static const struct mesh_message cookie_attribute_message = {
    .name = "cookie_attribute",
    MESH__FIELDS(cookie_attribute_fields),
};

static const struct mesh_field http_cookie_fields[] = {
    { MESH__ROW("attributes", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &cookie_attribute_message, .bounds = "unique names" },
    { MESH__ROW("name", STRING, NOTED), .required = true, .min_len = 1,
      .bounds = "not empty" },
    { MESH__ROW("path", STRING, NOTED), .default_value = "none" },
    { MESH__ROW("ttl", DURATION, NOTED),
      .default_value = "none (cookie never generated)",
      .bounds = "0s makes a session cookie" },
};

static const struct mesh_message http_cookie_message = {
    .name = "http_cookie",
    MESH__FIELDS(http_cookie_fields),
    .check = check_http_cookie,
};

static const struct mesh_field maglev_fields[] = {
    { MESH__ROW("tableSize", UINT64, NOTED), MESH__RANGE(1, 5000010),
      .default_value = "Envoy default 65537",
      .bounds = "prime, 1-5000010; zero rejected by validation" },
};

static const struct mesh_message maglev_message = {
    .name = "maglev",
    MESH__FIELDS(maglev_fields),
    .check = check_maglev,
};

static const struct mesh_field ring_hash_fields[] = {
    { MESH__ROW("minimumRingSize", UINT64, NOTED),
      .default_value = "Envoy default 1024 when 0" },
};

static const struct mesh_message ring_hash_message = {
    .name = "ring_hash",
    MESH__FIELDS(ring_hash_fields),
};

static const struct mesh_field consistent_hash_fields[] = {
    { MESH__ROW("httpCookie", MESSAGE, NOTED), .message = &http_cookie_message,
      .oneof = "hash_key",
      .bounds =
          "oneof hash_key "
          "(httpHeaderName|httpCookie|useSourceIp|httpQueryParameterName)" },
    { MESH__ROW("httpHeaderName", STRING, NOTED), .oneof = "hash_key",
      .bounds =
          "oneof hash_key "
          "(httpHeaderName|httpCookie|useSourceIp|httpQueryParameterName)" },
    { MESH__ROW("httpQueryParameterName", STRING, NOTED), .oneof = "hash_key",
      .bounds =
          "oneof hash_key "
          "(httpHeaderName|httpCookie|useSourceIp|httpQueryParameterName)" },
    { MESH__ROW("maglev", MESSAGE, NOTED), .message = &maglev_message,
      .oneof = "hash_algorithm",
      .bounds = "oneof hash_algorithm (ringHash|maglev)" },
    { MESH__ROW("minimumRingSize", UINT64, NOTED), .default_value = "1024",
      .bounds = "deprecated; not with ringHash or maglev" },
    { MESH__ROW("ringHash", MESSAGE, NOTED), .message = &ring_hash_message,
      .oneof = "hash_algorithm",
      .default_value = "ring hash with 1024 minimum entries",
      .bounds = "oneof hash_algorithm (ringHash|maglev)" },
    { MESH__ROW("useSourceIp", BOOL, NOTED), .oneof = "hash_key",
      .bounds =
          "oneof hash_key "
          "(httpHeaderName|httpCookie|useSourceIp|httpQueryParameterName)" },
};

static const struct mesh_message consistent_hash_message = {
    .name = "consistent_hash",
    MESH__FIELDS(consistent_hash_fields),
    .check = check_consistent_hash,
};

static const struct mesh_field distribute_fields[] = {
    { MESH__ROW("from", STRING, NOTED),
      .bounds = "region/zone/subzone, trailing * allowed" },
    { MESH__ROW("to", UINT32, NOTED), .shape = MESH__MAP, MESH__RANGE(1, 100),
      .bounds = "each 1-100, sum 100" },
};

static const struct mesh_message distribute_message = {
    .name = "distribute",
    MESH__FIELDS(distribute_fields),
};

static const struct mesh_field failover_fields[] = {
    { MESH__ROW("from", STRING, NOTED),
      .bounds = "plain region, no slash or *" },
    { MESH__ROW("to", STRING, NOTED), .bounds = "differs from from" },
};

const struct mesh_message mesh__failover_message = {
    .name = "failover",
    MESH__FIELDS(failover_fields),
    .check = check_failover,
};

static const struct mesh_field locality_lb_fields[] = {
    { MESH__ROW("distribute", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &distribute_message, .bounds = "not with failover" },
    { MESH__ROW("enabled", BOOL, NOTED),
      .default_value = "true when block present" },
    { MESH__ROW("failover", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &mesh__failover_message,
      .bounds = "needs outlierDetection to take effect" },
    { MESH__ROW("failoverPriority", STRING, NOTED), .shape = MESH__LIST,
      .bounds = "needs outlierDetection; key or key=value" },
};

const struct mesh_message mesh__locality_lb_message = {
    .name = "locality_lb",
    MESH__FIELDS(locality_lb_fields),
    .check = check_locality_lb,
};

static const struct mesh_field warmup_fields[] = {
    { MESH__ROW("aggression", DOUBLE, NOTED), MESH__RANGE(0, 0),
      .default_value = "1.0 (linear)",
      .bounds = "min 0; validation: greater than 0" },
    { MESH__ROW("duration", DURATION, NOTED), .required = true,
      MESH__RANGE(1e6, 0), .bounds = "duration >= 1ms; required" },
    { MESH__ROW("minimumPercent", DOUBLE, NOTED), MESH__RANGE(0, 100),
      .default_value = "10", .bounds = "min 0; max 100" },
};

static const struct mesh_message warmup_message = {
    .name = "warmup",
    MESH__FIELDS(warmup_fields),
    .check = check_warmup,
};

static const struct mesh_field zone_aware_lb_fields[] = {
    { MESH__ROW("enabled", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("failover", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &mesh__failover_message, .bounds = "region names" },
    { MESH__ROW("failoverPriority", STRING, NOTED), .shape = MESH__LIST,
      .bounds = "no region/zone/subzone labels" },
    { MESH__ROW("minClusterSize", UINT64, NOTED), MESH__RANGE(1, 0),
      .default_value = "6", .bounds = "min 1" },
};

static const struct mesh_message zone_aware_lb_message = {
    .name = "zone_aware_lb",
    MESH__FIELDS(zone_aware_lb_fields),
};

static const struct mesh_value simple_values[] = {
    MESH__VALUE("UNSPECIFIED"),
    MESH__VALUE("LEAST_CONN"),
    MESH__VALUE("RANDOM"),
    { "PASSTHROUGH", MESH__FIELD_REFUSED,
      "traffic would go elsewhere than the policy says: not yet enforced by "
      "this version" },
    MESH__VALUE("ROUND_ROBIN"),
    MESH__VALUE("LEAST_REQUEST"),
    { 0 },
};

static const struct mesh_field load_balancer_fields[] = {
    { MESH__ROW("consistentHash", MESSAGE, NOTED),
      .message = &consistent_hash_message, .oneof = "lb_policy",
      .bounds = "oneof lb_policy (simple|consistentHash); one hash key; "
                "cookie, header, query or source IP",
      .reason = "only balancing: requests with one key may go to different "
                "endpoints" },
    { MESH__ROW("localityLbSetting", MESSAGE, NOTED),
      .message = &mesh__locality_lb_message,
      .default_value = "mesh-wide setting (enabled)",
      .bounds = "not with zoneAwareLbSetting",
      .reason =
          "only how load is spread, not who may be reached: not yet enforced" },
    { MESH__ROW("simple", ENUM, ENFORCED), .values = simple_values,
      MESH__PUT(struct mesh_load_balancer, simple), .oneof = "lb_policy",
      .default_value = "UNSPECIFIED (= LEAST_REQUEST)",
      .bounds = "oneof lb_policy (simple|consistentHash); LEAST_CONN "
                "deprecated alias" },
    { MESH__ROW("warmup", MESSAGE, NOTED), .message = &warmup_message,
      .default_value = "none",
      .reason =
          "only how load is spread, not who may be reached: not yet enforced" },
    { MESH__ROW("warmupDurationSecs", DURATION, NOTED), MESH__RANGE(1e6, 0),
      .default_value = "none", .bounds = "duration >= 1ms; deprecated",
      .reason =
          "only how load is spread, not who may be reached: not yet enforced" },
    { MESH__ROW("zoneAwareLbSetting", MESSAGE, NOTED),
      .message = &zone_aware_lb_message, .default_value = "disabled",
      .bounds = "not with localityLbSetting",
      .reason =
          "only how load is spread, not who may be reached: not yet enforced" },
};

static const struct mesh_message load_balancer_message = {
    .name = "load_balancer",
    MESH__FIELDS(load_balancer_fields),
    .set = MESH__AT(struct mesh_load_balancer, set),
    .mark = MESH__AT(struct mesh_load_balancer, mark),
    .check = check_load_balancer,
};

static const struct mesh_field outlier_detection_fields[] = {
    { MESH__ROW("baseEjectionTime", DURATION, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, base_ejection_ns),
      MESH__RANGE(1e6, 0), .default_value = "30s (Envoy)",
      .bounds = "duration >= 1ms" },
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
      MESH__RANGE(1e6, 0), .default_value = "10s (Envoy)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("maxEjectionPercent", INT32, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, max_ejection_percent),
      MESH__RANGE(0, 100), .default_value = "10 (Envoy)",
      .bounds = "0-100; 0 = default" },
    { MESH__ROW("minHealthPercent", INT32, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, min_health_percent),
      MESH__RANGE(0, 100), .default_value = "0", .bounds = "0-100" },
    { MESH__ROW("outlierDetectionHttpErrorCodes", UINT32, NOTED),
      .shape = MESH__LIST, MESH__RANGE(100, 599), .default_value = "5xx range",
      .bounds = "element min 100; element max 599",
      .reason = "5xx counts as an error for now" },
    { MESH__ROW("splitExternalLocalOriginErrors", BOOL, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, split_local_origin),
      .default_value = "false" },
};

static const struct mesh_message outlier_detection_message = {
    .name = "outlier_detection",
    MESH__FIELDS(outlier_detection_fields),
    .set = MESH__AT(struct mesh_outlier_detection, set),
    .mark = MESH__AT(struct mesh_outlier_detection, mark),
    .check = check_outlier_detection,
};

static const struct mesh_value mode_values[] = {
    MESH__VALUE("DISABLE"),
    { "SIMPLE", MESH__FIELD_REFUSED,
      "connections would be made without the TLS asked for" },
    { "MUTUAL", MESH__FIELD_REFUSED,
      "connections would be made without the TLS asked for" },
    MESH__VALUE("ISTIO_MUTUAL"),
    { 0 },
};

static const struct mesh_field client_tls_fields[] = {
    { MESH__ROW("caCertificates", STRING, REFUSED),
      MESH__PUT(struct mesh_client_tls, judged.ca_certificates), MESH__JUDGED,
      .default_value = "OS trust store",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("caCrl", STRING, REFUSED), .bounds = "not with credentialName",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("clientCertificate", STRING, REFUSED),
      .bounds = "MUTUAL only; required there without credentialName",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("credentialName", STRING, REFUSED),
      MESH__PUT(struct mesh_client_tls, judged.credential_name), MESH__JUDGED,
      .bounds = "not with the certificate file fields; gateways or rules with "
                "workloadSelector",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("insecureSkipVerify", BOOL, REFUSED), .harmless = "false",
      .default_value = "false", .bounds = "not with CA or SAN fields",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("mode", ENUM, ENFORCED), .values = mode_values,
      MESH__PUT(struct mesh_client_tls, mode), .default_value = "DISABLE" },
    { MESH__ROW("privateKey", STRING, REFUSED),
      .bounds = "MUTUAL only; required there without credentialName",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("sni", STRING, ENFORCED),
      MESH__PUT(struct mesh_client_tls, sni),
      .default_value = "outbound_.port_.subset_.host (ISTIO_MUTUAL); request "
                       "host otherwise" },
    { MESH__ROW("subjectAltNames", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_client_tls, subject_alt_names),
      .default_value = "SE subjectAltNames or service accounts (ISTIO_MUTUAL)",
      .bounds = "exact values" },
};

const struct mesh_message mesh__client_tls_message = {
    .name = "client_tls",
    MESH__FIELDS(client_tls_fields),
    .set = MESH__AT(struct mesh_client_tls, set),
    .mark = MESH__AT(struct mesh_client_tls, mark),
    .check = check_client_tls,
};

static const struct mesh_field port_settings_fields[] = {
    { MESH__ROW("connectionPool", MESSAGE, ENFORCED),
      .message = &mesh__connection_pool_message,
      MESH__PUT(struct mesh_port_policy, policy.connection_pool),
      .default_value = "MeshConfig.defaultTrafficPolicy, else unlimited",
      .bounds = "tcp or http needed" },
    { MESH__ROW("loadBalancer", MESSAGE, ENFORCED),
      .message = &load_balancer_message,
      MESH__PUT(struct mesh_port_policy, policy.load_balancer),
      .default_value = "LEAST_REQUEST" },
    { MESH__ROW("outlierDetection", MESSAGE, ENFORCED),
      .message = &outlier_detection_message,
      MESH__PUT(struct mesh_port_policy, policy.outlier_detection),
      .default_value = "MeshConfig.defaultTrafficPolicy, else off" },
    { MESH__ROW("port", MESSAGE, ENFORCED),
      .message = &mesh__port_selector_message,
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
    { MESH__ROW("budgetInterval", DURATION, NOTED),
      .default_value = "0 (only active requests)" },
    { MESH__ROW("minRetryConcurrency", UINT32, NOTED), .default_value = "3",
      .bounds = "0 = default" },
    { MESH__ROW("percent", DOUBLE, NOTED), MESH__RANGE(0, 100),
      .default_value = "20", .bounds = "min 0; max 100" },
};

static const struct mesh_message retry_budget_message = {
    .name = "retry_budget",
    MESH__FIELDS(retry_budget_fields),
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
      .message = &load_balancer_message,
      MESH__PUT(struct mesh_traffic_policy, load_balancer),
      .default_value = "LEAST_REQUEST" },
    { MESH__ROW("outlierDetection", MESSAGE, ENFORCED),
      .message = &outlier_detection_message,
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
    { MESH__ROW("retryBudget", MESSAGE, NOTED),
      .message = &retry_budget_message,
      .default_value = "none (maxRetries applies)",
      .reason = "retries are bounded by connectionPool.http.maxRetries only" },
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
