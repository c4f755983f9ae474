/*
 * load_balancer.c - how requests are spread over the endpoints of a
 * destination.
 */
#include "schema/table.h"

static void check_load_balancer(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    mesh__reject_both(reader, spot, node, "localityLbSetting",
                      "zoneAwareLbSetting");
}

static void check_consistent_hash(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *size = mesh__get(node, "minimumRingSize");
    double value = 0;

    (void)into;
    if (!size || (mesh__yaml_float(size, &value) && value == 0))
        return;
    mesh__reject_both(reader, spot, node, "minimumRingSize", "ringHash");
    mesh__reject_both(reader, spot, node, "minimumRingSize", "maglev");
}

static void check_name(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *name = mesh__get(node, "name");

    if (name && name->kind == MESH__YAML_SCALAR && name->text.len == 0)
        mesh__reject(reader, spot, name->mark, "name may not be empty");
}

static void check_http_cookie(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *list = mesh__get(node, "attributes");
    struct mesh_spot field = { .up = spot, .name = "attributes" };

    (void)into;
    check_name(reader, spot, node);
    for (size_t i = 0; list && list->items && i < list->count; i++)
        check_name(reader, spot, list->items[i]);
    mesh__reject_twins(reader, &field, list, "name");
}

/* As Envoy has it, to whom 1 is one too. */
static bool is_prime(int64_t number)
{
    if (number < 1)
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
    double value = 0;

    (void)into;
    if (size && (!mesh__yaml_float(size, &value) || value > 5000010 ||
                 (double)(int64_t)value != value))
        return; /* said elsewhere */
    if (!is_prime((int64_t)value))
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

static void check_zone_aware(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    mesh__check_items(reader, spot, node, "failoverPriority",
                      mesh__check_no_topology);
}

static const struct mesh_field cookie_attribute_fields[] = {
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_cookie_attribute, name), .required = true },
    { MESH__ROW("value", STRING, ENFORCED),
      MESH__PUT(struct mesh_cookie_attribute, value),
      .default_value = "empty" },
};

static const struct mesh_message cookie_attribute_message = {
    .name = "cookie_attribute",
    MESH__FIELDS(cookie_attribute_fields),
};

static const struct mesh_field http_cookie_fields[] = {
    { MESH__ROW("attributes", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &cookie_attribute_message,
      MESH__PUT_LIST(struct mesh_consistent_hash, cookie_attributes,
                     cookie_attribute_count, struct mesh_cookie_attribute),
      .bounds = "unique names" },
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_consistent_hash, cookie), .required = true,
      .min_len = 1, .bounds = "not empty" },
    { MESH__ROW("path", STRING, ENFORCED),
      MESH__PUT(struct mesh_consistent_hash, cookie_path),
      .default_value = "none" },
    { MESH__ROW("ttl", DURATION, ENFORCED),
      MESH__PUT_HAS(struct mesh_consistent_hash, cookie_ttl_ns, has_cookie_ttl),
      .default_value = "none (cookie never generated)",
      .bounds = "0s makes a session cookie" },
};

static const struct mesh_message http_cookie_message = {
    .name = "http_cookie",
    MESH__FIELDS(http_cookie_fields),
    .set = MESH__AT(struct mesh_consistent_hash, has_cookie),
    .check = check_http_cookie,
};

static const struct mesh_field maglev_fields[] = {
    { MESH__ROW("tableSize", UINT64, ENFORCED),
      MESH__PUT(struct mesh_consistent_hash, table_size),
      MESH__RANGE(1, 5000010), .default_value = "Envoy default 65537",
      .bounds = "prime, 1-5000010; zero rejected by validation" },
};

static const struct mesh_message maglev_message = {
    .name = "maglev",
    MESH__FIELDS(maglev_fields),
    .set = MESH__AT(struct mesh_consistent_hash, has_maglev),
    .check = check_maglev,
};

static const struct mesh_field ring_hash_fields[] = {
    { MESH__ROW("minimumRingSize", UINT64, ENFORCED),
      MESH__PUT(struct mesh_consistent_hash, ring_size),
      .default_value = "Envoy default 1024 when 0",
      .bounds = "more than 8388608 counts as that" },
};

static const struct mesh_message ring_hash_message = {
    .name = "ring_hash",
    MESH__FIELDS(ring_hash_fields),
};

static const struct mesh_field consistent_hash_fields[] = {
    { MESH__ROW("httpCookie", MESSAGE, ENFORCED),
      .message = &http_cookie_message, MESH__PUT_INTO_SAME, .oneof = "hash_key",
      .bounds =
          "oneof hash_key "
          "(httpHeaderName|httpCookie|useSourceIp|httpQueryParameterName)" },
    { MESH__ROW("httpHeaderName", STRING, ENFORCED),
      MESH__PUT(struct mesh_consistent_hash, header), .oneof = "hash_key",
      .bounds =
          "oneof hash_key "
          "(httpHeaderName|httpCookie|useSourceIp|httpQueryParameterName)" },
    { MESH__ROW("httpQueryParameterName", STRING, ENFORCED),
      MESH__PUT(struct mesh_consistent_hash, query), .oneof = "hash_key",
      .bounds =
          "oneof hash_key "
          "(httpHeaderName|httpCookie|useSourceIp|httpQueryParameterName)" },
    { MESH__ROW("maglev", MESSAGE, ENFORCED), .message = &maglev_message,
      MESH__PUT_INTO_SAME, .oneof = "hash_algorithm",
      .bounds = "oneof hash_algorithm (ringHash|maglev)" },
    { MESH__ROW("minimumRingSize", UINT64, ENFORCED),
      MESH__PUT(struct mesh_consistent_hash, minimum_ring_size),
      .default_value = "1024",
      .bounds = "deprecated; not with ringHash or maglev" },
    { MESH__ROW("ringHash", MESSAGE, ENFORCED), .message = &ring_hash_message,
      MESH__PUT_INTO_SAME, .oneof = "hash_algorithm",
      .default_value = "ring hash with 1024 minimum entries",
      .bounds = "oneof hash_algorithm (ringHash|maglev)" },
    { MESH__ROW("useSourceIp", BOOL, ENFORCED),
      MESH__PUT(struct mesh_consistent_hash, source_ip), .oneof = "hash_key",
      .bounds =
          "oneof hash_key "
          "(httpHeaderName|httpCookie|useSourceIp|httpQueryParameterName)" },
};

static const struct mesh_message consistent_hash_message = {
    .name = "consistent_hash",
    MESH__FIELDS(consistent_hash_fields),
    .set = MESH__AT(struct mesh_consistent_hash, set),
    .mark = MESH__AT(struct mesh_consistent_hash, mark),
    .check = check_consistent_hash,
};

static const struct mesh_field warmup_fields[] = {
    { MESH__ROW("aggression", DOUBLE, ENFORCED), .nullable = true,
      MESH__PUT_HAS(struct mesh_load_balancer, aggression, has_aggression),
      MESH__RANGE(0, 0), .default_value = "1.0 (linear)",
      .bounds = "min 0; validation: greater than 0" },
    { MESH__ROW("duration", DURATION, ENFORCED), .required = true,
      MESH__PUT(struct mesh_load_balancer, warmup_ns), MESH__RANGE(1e6, 0),
      .bounds = "duration >= 1ms; required" },
    { MESH__ROW("minimumPercent", DOUBLE, ENFORCED), .nullable = true,
      MESH__PUT_HAS(struct mesh_load_balancer, minimum_percent,
                    has_minimum_percent),
      MESH__RANGE(0, 100), .default_value = "10", .bounds = "min 0; max 100" },
};

static const struct mesh_message warmup_message = {
    .name = "warmup",
    MESH__FIELDS(warmup_fields),
    .set = MESH__AT(struct mesh_load_balancer, has_warmup),
    .check = check_warmup,
};

static const struct mesh_field zone_aware_lb_fields[] = {
    { MESH__ROW("enabled", BOOL, ENFORCED), .nullable = true,
      MESH__PUT_HAS(struct mesh_locality_lb, enabled, has_enabled),
      .default_value = "true when block present" },
    { MESH__ROW("failover", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &mesh__failover_message,
      MESH__PUT_LIST(struct mesh_locality_lb, failover, failover_count,
                     struct mesh_failover),
      .bounds = "region names" },
    { MESH__ROW("failoverPriority", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_locality_lb, failover_priority),
      .bounds = "no region/zone/subzone labels" },
    { MESH__ROW("minClusterSize", UINT64, NOTED), .nullable = true,
      MESH__RANGE(1, 4294967295), .default_value = "6",
      .bounds = "1-4294967295",
      .reason = "regions are kept apart; zones of a region share evenly, as in "
                "a sidecar that does not discover its own peers" },
};

static const struct mesh_message zone_aware_lb_message = {
    .name = "zone_aware_lb",
    MESH__FIELDS(zone_aware_lb_fields),
    .set = MESH__AT(struct mesh_locality_lb, set),
    .mark = MESH__AT(struct mesh_locality_lb, mark),
    .check = check_zone_aware,
};

static const struct mesh_value simple_values[] = {
    MESH__VALUE("UNSPECIFIED"),
    MESH__VALUE("LEAST_CONN"),
    MESH__VALUE("RANDOM"),
    MESH__VALUE("PASSTHROUGH"),
    MESH__VALUE("ROUND_ROBIN"),
    MESH__VALUE("LEAST_REQUEST"),
    { 0 },
};

static const struct mesh_field load_balancer_fields[] = {
    { MESH__ROW("consistentHash", MESSAGE, ENFORCED),
      .message = &consistent_hash_message,
      MESH__PUT(struct mesh_load_balancer, hash), .oneof = "lb_policy",
      .bounds = "oneof lb_policy (simple|consistentHash); one hash key; "
                "cookie, header, query or source IP" },
    { MESH__ROW("localityLbSetting", MESSAGE, ENFORCED),
      .message = &mesh__locality_lb_message,
      MESH__PUT(struct mesh_load_balancer, locality),
      .default_value = "mesh-wide setting (enabled)",
      .bounds = "not with zoneAwareLbSetting" },
    { MESH__ROW("simple", ENUM, ENFORCED), .values = simple_values,
      MESH__PUT(struct mesh_load_balancer, simple), .oneof = "lb_policy",
      .default_value = "UNSPECIFIED (= LEAST_REQUEST)",
      .bounds = "oneof lb_policy (simple|consistentHash); LEAST_CONN "
                "deprecated alias" },
    { MESH__ROW("warmup", MESSAGE, ENFORCED), .message = &warmup_message,
      MESH__PUT_INTO_SAME, .default_value = "none",
      .bounds = "ROUND_ROBIN and LEAST_REQUEST only" },
    { MESH__ROW("warmupDurationSecs", DURATION, ENFORCED),
      MESH__PUT(struct mesh_load_balancer, warmup_duration_ns),
      .check = mesh__check_least_ms, .default_value = "none",
      .bounds = "duration >= 1ms; deprecated" },
    { MESH__ROW("zoneAwareLbSetting", MESSAGE, ENFORCED),
      .message = &zone_aware_lb_message,
      MESH__PUT(struct mesh_load_balancer, zone_aware),
      .default_value = "disabled", .bounds = "not with localityLbSetting" },
};

const struct mesh_message mesh__load_balancer_message = {
    .name = "load_balancer",
    MESH__FIELDS(load_balancer_fields),
    .set = MESH__AT(struct mesh_load_balancer, set),
    .mark = MESH__AT(struct mesh_load_balancer, mark),
    .check = check_load_balancer,
};
