/*
 * connection_pool.c - how many connections and requests a destination may have.
 */
#include "schema/table.h"
#include "value/duration.h"

static void check_connection_pool(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!mesh__has(node, "tcp") && !mesh__has(node, "http"))
        mesh__reject(reader, spot, node->mark, "tcp or http is required");
}

/* The structure has no word for "never". */
enum { MS = 1000000, SECOND = 1000 * MS }; /* nanoseconds */

/* What Linux takes for a socket (MAX_TCP_KEEPIDLE, MAX_TCP_KEEPCNT). */
enum { MOST_KEEPALIVE_S = 32767, MOST_PROBES = 127 };

/* Less than a millisecond is "never"; what is more has whole ones. */
static void check_idle(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    int64_t ns;

    if (mesh__duration_parse(node->text, &ns) && ns / MS != 0 &&
        (ns < 0 || ns % MS != 0))
        mesh__reject(reader, spot, node->mark,
                     "wanted 0s or whole milliseconds, found \"%.60s\"",
                     node->text.at);
}

static void check_pool_tcp(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *idle = mesh__get(node, "idleTimeout");
    int64_t ns = 0;

    if (into && idle && idle->kind == MESH__YAML_SCALAR &&
        mesh__duration_parse(idle->text, &ns) && ns / MS == 0)
        mesh__report(reader, spot, idle->mark, MESH__INFO, MESH__CODE_NOTED,
                     NULL,
                     "noted: of streams only; idle connections for requests "
                     "are closed after an hour all the same");
}

/* Envoy is told whole seconds, and takes none of them for "no keep-alive". */
static void check_seconds(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    int64_t ns = 0;

    if (!node || node->kind != MESH__YAML_SCALAR ||
        !mesh__duration_parse(node->text, &ns))
        return;
    if (ns >= 0 && ns < SECOND)
        mesh__report(reader, spot, node->mark, MESH__WARNING,
                     MESH__CODE_WARNING, NULL,
                     "less than a second turns keep-alive off");
    if (ns / SECOND > MOST_KEEPALIVE_S)
        mesh__report(reader, spot, node->mark, MESH__WARNING,
                     MESH__CODE_WARNING, NULL,
                     "Linux takes no more than %ds: every connection fails",
                     MOST_KEEPALIVE_S);
}

void mesh__check_keepalive(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_tcp_keepalive *keepalive = into;
    const struct mesh_yaml_node *probes = mesh__get(node, "probes");

    if (!keepalive)
        return;
    check_seconds(reader, spot, mesh__get(node, "time"));
    check_seconds(reader, spot, mesh__get(node, "interval"));
    if (probes && keepalive->probes > MOST_PROBES)
        mesh__report(
            reader, spot, probes->mark, MESH__WARNING, MESH__CODE_WARNING, NULL,
            "Linux takes no more than %d: every connection fails", MOST_PROBES);
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
        mesh__reject_pair(reader, spot, node, "useClientProtocol",
                          "h2UpgradePolicy",
                          "useClientProtocol and h2UpgradePolicy UPGRADE "
                          "exclude each other");
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

static const struct mesh_field http2_keep_alive_fields[] = {
    { MESH__ROW("interval", DURATION, NOTED),
      MESH__PUT(struct mesh_http2_keepalive, interval_ns), MESH__RANGE(1e6, 0),
      .bounds = "duration >= 1ms; required in the block" },
    { MESH__ROW("timeout", DURATION, NOTED),
      MESH__PUT(struct mesh_http2_keepalive, timeout_ns), MESH__RANGE(1e6, 0),
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
      MESH__PUT(struct mesh_connection_pool, http2_keepalive), MESH__JUDGED,
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

static const struct mesh_message pool_http_message = {
    .name = "pool_http",
    MESH__FIELDS(pool_http_fields),
    .check = check_pool_http,
};

static const struct mesh_field tcp_keepalive_fields[] = {
    { MESH__ROW("interval", DURATION, ENFORCED),
      MESH__PUT(struct mesh_tcp_keepalive, interval_ns), MESH__RANGE(1e6, 0),
      .default_value = "OS default (75s on Linux)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("probes", UINT32, ENFORCED),
      MESH__PUT(struct mesh_tcp_keepalive, probes),
      .default_value = "OS default (9 on Linux)" },
    { MESH__ROW("time", DURATION, ENFORCED),
      MESH__PUT(struct mesh_tcp_keepalive, time_ns), MESH__RANGE(1e6, 0),
      .default_value = "OS default (7200s on Linux)",
      .bounds = "duration >= 1ms" },
};

static const struct mesh_message tcp_keepalive_message = {
    .name = "tcp_keepalive",
    MESH__FIELDS(tcp_keepalive_fields),
    .set = MESH__AT(struct mesh_tcp_keepalive, set),
    .check = mesh__check_keepalive,
};

static const struct mesh_field pool_tcp_fields[] = {
    { MESH__ROW("connectTimeout", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, connect_timeout_ns),
      MESH__RANGE(1e6, 0), .default_value = "MeshConfig.connectTimeout (10s)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("idleTimeout", DURATION, ENFORCED),
      MESH__PUT_HAS(struct mesh_connection_pool, tcp_idle_timeout_ns,
                    has_tcp_idle_timeout),
      .check = check_idle, .default_value = "1h (Envoy)",
      .bounds = "0s disables" },
    { MESH__ROW("maxConnectionDuration", DURATION, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, max_connection_duration_ns),
      MESH__RANGE(1e6, 0), .default_value = "unlimited",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("maxConnections", INT32, ENFORCED),
      MESH__PUT(struct mesh_connection_pool, max_connections),
      MESH__RANGE(0, 0), .default_value = "4294967295",
      .bounds = ">=0; 0 = default" },
    { MESH__ROW("tcpKeepalive", MESSAGE, ENFORCED),
      .message = &tcp_keepalive_message,
      MESH__PUT(struct mesh_connection_pool, keepalive),
      .default_value = "MeshConfig.tcpKeepalive, else off" },
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
