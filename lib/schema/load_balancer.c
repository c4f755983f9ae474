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
    (void)into;
    mesh__reject_both(reader, spot, node, "minimumRingSize", "ringHash");
    mesh__reject_both(reader, spot, node, "minimumRingSize", "maglev");
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
    mesh__reject_both(reader, spot, node, "distribute", "failover");
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
    { MESH__ROW("enabled", BOOL, NOTED), .nullable = true,
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
    { MESH__ROW("aggression", DOUBLE, NOTED), .nullable = true,
      MESH__RANGE(0, 0), .default_value = "1.0 (linear)",
      .bounds = "min 0; validation: greater than 0" },
    { MESH__ROW("duration", DURATION, NOTED), .required = true,
      MESH__RANGE(1e6, 0), .bounds = "duration >= 1ms; required" },
    { MESH__ROW("minimumPercent", DOUBLE, NOTED), .nullable = true,
      MESH__RANGE(0, 100), .default_value = "10", .bounds = "min 0; max 100" },
};

static const struct mesh_message warmup_message = {
    .name = "warmup",
    MESH__FIELDS(warmup_fields),
    .check = check_warmup,
};

static const struct mesh_field zone_aware_lb_fields[] = {
    { MESH__ROW("enabled", BOOL, NOTED), .nullable = true,
      .default_value = "false" },
    { MESH__ROW("failover", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &mesh__failover_message, .bounds = "region names" },
    { MESH__ROW("failoverPriority", STRING, NOTED), .shape = MESH__LIST,
      .bounds = "no region/zone/subzone labels" },
    { MESH__ROW("minClusterSize", UINT64, NOTED), .nullable = true,
      MESH__RANGE(1, 0), .default_value = "6", .bounds = "min 1" },
};

static const struct mesh_message zone_aware_lb_message = {
    .name = "zone_aware_lb",
    MESH__FIELDS(zone_aware_lb_fields),
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

const struct mesh_message mesh__load_balancer_message = {
    .name = "load_balancer",
    MESH__FIELDS(load_balancer_fields),
    .set = MESH__AT(struct mesh_load_balancer, set),
    .mark = MESH__AT(struct mesh_load_balancer, mark),
    .check = check_load_balancer,
};
