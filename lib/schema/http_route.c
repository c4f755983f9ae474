/*
 * http_route.c - a rule of a VirtualService for HTTP: where its requests go.
 */
#include "schema/table.h"

static bool is_list(const struct mesh_yaml_node *node)
{
    return node && node->kind == MESH__YAML_SEQUENCE;
}

static void check_destination(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *host = mesh__get(node, "host");
    const struct mesh_yaml_node *subset = mesh__get(node, "subset");
    const struct mesh_yaml_node *port = mesh__get(node, "port");
    struct mesh_spot host_spot = { .up = spot, .name = "host" };
    struct mesh_spot subset_spot = { .up = spot, .name = "subset" };
    struct mesh_spot port_spot = { .up = spot, .name = "port" };

    (void)into;
    if (host && host->kind == MESH__YAML_SCALAR) {
        if (mesh__slice_is(host->text, "*"))
            mesh__reject(reader, &host_spot, host->mark,
                         "\"*\" is no destination");
        else
            mesh__check_host(reader, &host_spot, host);
    }
    if (subset && subset->kind == MESH__YAML_SCALAR && subset->text.len)
        mesh__check_dns_label(reader, &subset_spot, subset);
    if (port && !mesh__has(port, "number"))
        mesh__reject(reader, &port_spot, port->mark, "\"number\" is required");
}

static void check_retries(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    static const char *const idle[] = { "perTryTimeout", "retryOn",
                                        "retryRemoteLocalities" };
    const struct mesh_yaml_node *attempts = mesh__get(node, "attempts");
    int64_t count = 0;

    (void)into;
    if (attempts && (!mesh__yaml_int(attempts, &count) || count != 0))
        return;
    for (size_t i = 0; i < 3; i++) {
        const struct mesh_yaml_node *value = mesh__get(node, idle[i]);

        if (value && value->text.len)
            mesh__reject(reader, spot, value->mark,
                         "%s has no meaning with 0 attempts", idle[i]);
    }
}

/* Several destinations share by weight: somebody must get something. */
static void check_weights(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *route)
{
    int64_t total = 0;

    if (!is_list(route) || route->count < 2)
        return;
    for (size_t i = 0; i < route->count; i++) {
        const struct mesh_yaml_node *weight =
            mesh__get(route->items[i], "weight");
        int64_t value = 0;

        if (weight && mesh__yaml_int(weight, &value) && value > 0 &&
            value <= INT32_MAX)
            total += value;
    }
    if (total == 0)
        mesh__reject(reader, spot, route->mark, "the weights add up to 0");
    else if (total > UINT32_MAX)
        mesh__reject(reader, spot, route->mark,
                     "the weights add up to more than 4294967295");
}

struct clash {
    const char *one;
    const char *other;
};

static bool has_items(const struct mesh_yaml_node *node, const char *name)
{
    const struct mesh_yaml_node *list = mesh__get(node, name);

    return list && list->count;
}

static void check_http_route(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    static const struct clash clashes[] = {
        { "redirect", "fault" },          { "redirect", "rewrite" },
        { "directResponse", "fault" },    { "directResponse", "rewrite" },
        { "directResponse", "redirect" }, { "mirror", "mirrors" },
    };
    bool route = has_items(node, "route");
    bool local =
        mesh__has(node, "redirect") || mesh__has(node, "directResponse");

    (void)into;
    for (size_t i = 0; i < sizeof(clashes) / sizeof(clashes[0]); i++)
        mesh__reject_both(reader, spot, node, clashes[i].one, clashes[i].other);
    if (mesh__has(node, "delegate")) {
        if (route || local)
            mesh__reject(reader, spot, node->mark,
                         "a route with a delegate has no action of its own");
    } else if (route && local) {
        mesh__reject(reader, spot, node->mark,
                     "route excludes redirect and directResponse");
    } else if (!route && !local) {
        mesh__reject(reader, spot, node->mark,
                     "one of route, redirect and directResponse is required");
    }
    check_weights(reader, spot, mesh__get(node, "route"));
}

static const struct mesh_field delegate_fields[] = {
    { MESH__ROW("name", STRING, REFUSED) },
    { MESH__ROW("namespace", STRING, REFUSED),
      .default_value = "namespace of the root" },
};

static const struct mesh_message delegate_message = {
    .name = "delegate",
    MESH__FIELDS(delegate_fields),
};

static const struct mesh_field mirror_destination_fields[] = {
    { MESH__ROW("host", STRING, REFUSED), .required = true,
      .bounds = "no bare *" },
    { MESH__ROW("port", MESSAGE, REFUSED),
      .message = &mesh__port_selector_message,
      .default_value = "only service port" },
    { MESH__ROW("subset", STRING, REFUSED), .default_value = "whole service",
      .bounds = "DNS label" },
};

static const struct mesh_message mirror_destination_message = {
    .name = "mirror_destination",
    MESH__FIELDS(mirror_destination_fields),
    .check = check_destination,
};

static const struct mesh_field destination_fields[] = {
    { MESH__ROW("host", STRING, ENFORCED), .required = true,
      MESH__PUT(struct mesh_destination_ref, host), .bounds = "no bare *" },
    { MESH__ROW("port", MESSAGE, ENFORCED),
      .message = &mesh__port_selector_message,
      MESH__PUT(struct mesh_destination_ref, port),
      .default_value =
          "only service port, else the port addressed by the client" },
    { MESH__ROW("subset", STRING, ENFORCED),
      MESH__PUT(struct mesh_destination_ref, subset),
      .default_value = "whole service",
      .bounds = "DNS label; must exist in the DestinationRule" },
};

const struct mesh_message mesh__destination_message = {
    .name = "destination",
    MESH__FIELDS(destination_fields),
    .mark = MESH__AT(struct mesh_destination_ref, mark),
    .check = check_destination,
};

static const struct mesh_field mirror_fields[] = {
    { MESH__ROW("destination", MESSAGE, REFUSED), .required = true,
      .message = &mesh__destination_message },
    { MESH__ROW("percentage", MESSAGE, REFUSED),
      .message = &mesh__percent_message, .default_value = "100" },
};

static const struct mesh_message mirror_message = {
    .name = "mirror",
    MESH__FIELDS(mirror_fields),
};

static const struct mesh_field retries_fields[] = {
    { MESH__ROW("attempts", INT32, ENFORCED),
      MESH__PUT(struct mesh_http_retry, attempts), MESH__RANGE(0, 0),
      .default_value = "0 when block present (disables retries)",
      .bounds = ">=0" },
    { MESH__ROW("backoff", DURATION, NOTED), MESH__RANGE(1e6, 0),
      .default_value = "25ms base in Envoy, maximum ten times base",
      .bounds = "duration >= 1ms",
      .reason = "retries wait as Istio's default has it, from 25 ms up" },
    { MESH__ROW("perTryTimeout", DURATION, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_retry, per_try_timeout_ns,
                    has_per_try_timeout),
      MESH__RANGE(1e6, 0), .default_value = "none (the route timeout only)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("retryIgnorePreviousHosts", BOOL, NOTED), .nullable = true,
      .harmless = "true", .default_value = "true",
      .reason = "endpoints already tried are always avoided" },
    { MESH__ROW("retryOn", STRING, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_retry, retry_on, has_retry_on),
      .check = mesh__check_retry_on,
      .default_value = "connect-failure,refused-stream,unavailable,cancelled,"
                       "retriable-status-codes",
      .bounds =
          "comma list without spaces; known tokens or HTTP status codes" },
    { MESH__ROW("retryRemoteLocalities", BOOL, NOTED), .nullable = true,
      .harmless = "false", .default_value = "false",
      .reason = "there are no localities yet" },
};

static const struct mesh_message retries_message = {
    .name = "retries",
    MESH__FIELDS(retries_fields),
    .set = MESH__AT(struct mesh_http_retry, set),
    .mark = MESH__AT(struct mesh_http_retry, mark),
    .check = check_retries,
};

static const struct mesh_field http_destination_fields[] = {
    { MESH__ROW("destination", MESSAGE, ENFORCED), .required = true,
      .message = &mesh__destination_message,
      MESH__PUT(struct mesh_http_destination, destination) },
    { MESH__ROW("headers", MESSAGE, REFUSED),
      .message = &mesh__header_edits_message,
      .reason = "services would see headers other than the policy says: not "
                "yet enforced by this version" },
    { MESH__ROW("weight", INT32, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_destination, weight, has_weight),
      MESH__RANGE(0, 0), .default_value = "0 (single destination gets all)",
      .bounds = ">=0; sum >0 when several" },
};

static const struct mesh_message http_destination_message = {
    .name = "http_destination",
    MESH__FIELDS(http_destination_fields),
    .mark = MESH__AT(struct mesh_http_destination, mark),
};

static const struct mesh_field http_route_fields[] = {
    { MESH__ROW("corsPolicy", MESSAGE, REFUSED),
      .message = &mesh__cors_policy_message, .default_value = "none",
      .reason = "requests would be answered otherwise than the policy says: "
                "not yet enforced by this version" },
    { MESH__ROW("delegate", MESSAGE, REFUSED), .message = &delegate_message,
      .bounds = "only in a VirtualService with hosts",
      .reason = "traffic would go elsewhere than the policy says: not yet "
                "enforced by this version" },
    { MESH__ROW("directResponse", MESSAGE, REFUSED),
      .message = &mesh__direct_response_message,
      .bounds = "not with route, redirect, fault, rewrite",
      .reason = "requests would be answered otherwise than the policy says: "
                "not yet enforced by this version" },
    { MESH__ROW("fault", MESSAGE, REFUSED), .message = &mesh__fault_message,
      .bounds = "abort or delay needed; not with redirect/directResponse",
      .reason = "requests would be answered otherwise than the policy says: "
                "not yet enforced by this version" },
    { MESH__ROW("headers", MESSAGE, REFUSED),
      .message = &mesh__header_edits_message,
      .reason = "services would see headers other than the policy says: not "
                "yet enforced by this version" },
    { MESH__ROW("match", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &mesh__http_match_message,
      MESH__PUT_LIST(struct mesh_http_route, match, match_count,
                     struct mesh_http_match),
      .default_value = "match everything" },
    { MESH__ROW("mirror", MESSAGE, REFUSED),
      .message = &mirror_destination_message, .bounds = "not with mirrors",
      .reason = "copies would not be sent: not yet enforced by this version" },
    { MESH__ROW("mirrorPercent", UINT32, NOTED), .nullable = true,
      MESH__RANGE(0, 100), .default_value = "100",
      .bounds = "0-100; deprecated, warns",
      .reason = "the share of a mirror, and mirrors are not yet enforced" },
    { MESH__ROW("mirrorPercentage", MESSAGE, NOTED),
      .message = &mesh__percent_message, .default_value = "100",
      .bounds = "0-100",
      .reason = "the share of a mirror, and mirrors are not yet enforced" },
    { MESH__ROW("mirror_percent", UINT32, NOTED), .nullable = true,
      MESH__RANGE(0, 100), .default_value = "100",
      .bounds = "0-100; deprecated",
      .reason = "the share of a mirror, and mirrors are not yet enforced" },
    { MESH__ROW("mirrors", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &mirror_message, .bounds = "not with mirror",
      .reason = "copies would not be sent: not yet enforced by this version" },
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_http_route, name) },
    { MESH__ROW("redirect", MESSAGE, REFUSED),
      .message = &mesh__redirect_message,
      .bounds = "not with route, directResponse, fault, rewrite; something "
                "must be set",
      .reason = "requests would be answered otherwise than the policy says: "
                "not yet enforced by this version" },
    { MESH__ROW("retries", MESSAGE, ENFORCED), .message = &retries_message,
      MESH__PUT(struct mesh_http_route, retries),
      .default_value =
          "MeshConfig.defaultHttpRetryPolicy, else built-in 2 attempts",
      .bounds =
          "attempts 0 excludes perTryTimeout, retryOn, retryRemoteLocalities" },
    { MESH__ROW("rewrite", MESSAGE, REFUSED), .message = &mesh__rewrite_message,
      .bounds = "not with redirect or directResponse",
      .reason = "services would see a path or host other than the policy says: "
                "not yet enforced by this version" },
    { MESH__ROW("route", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &http_destination_message,
      MESH__PUT_LIST(struct mesh_http_route, route, route_count,
                     struct mesh_http_destination),
      .bounds =
          "exactly one of route, redirect, directResponse (delegate aside)" },
    { MESH__ROW("timeout", DURATION, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_route, timeout_ns, has_timeout),
      MESH__RANGE(1e6, 0), .default_value = "none (disabled)",
      .bounds = "duration >= 1ms; 0s is rejected" },
};

const struct mesh_message mesh__http_route_message = {
    .name = "http_route",
    MESH__FIELDS(http_route_fields),
    .mark = MESH__AT(struct mesh_http_route, mark),
    .check = check_http_route,
};
