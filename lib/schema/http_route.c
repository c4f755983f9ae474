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
        mesh__check_host_label(reader, &subset_spot, subset);
    if (port && port->kind == MESH__YAML_MAPPING && !mesh__has(port, "number"))
        mesh__reject(reader, &port_spot, port->mark, "\"number\" is required");
}

static void check_retries(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    static const char *const idle[] = { "perTryTimeout", "retryOn",
                                        "retryRemoteLocalities" };
    const struct mesh_yaml_node *attempts = mesh__get(node, "attempts");
    double count;

    (void)into;
    if (attempts && (!mesh__yaml_float(attempts, &count) || count != 0))
        return;
    for (size_t i = 0; i < 3; i++) {
        const struct mesh_yaml_node *value = mesh__get(node, idle[i]);

        if (value && value->text.len)
            mesh__reject_pair(
                reader, spot, node, "attempts", idle[i],
                "perTryTimeout, retryOn and retryRemoteLocalities "
                "have no meaning with 0 attempts");
    }
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

static void check_pairs(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node,
                        const struct clash *clashes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mesh__reject_both(reader, spot, node, clashes[i].one, clashes[i].other);
}

/* What a rule does with a request: one thing. */
static void check_action(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    static const struct clash clashes[] = {
        { "redirect", "fault" },          { "redirect", "rewrite" },
        { "directResponse", "fault" },    { "directResponse", "rewrite" },
        { "directResponse", "redirect" },
    };
    static const struct clash routes[] = { { "route", "redirect" },
                                           { "route", "directResponse" } };
    static const struct clash mirrors[] = { { "mirror", "mirrors" } };

    check_pairs(reader, spot, node, clashes, 5);
    if (has_items(node, "route"))
        check_pairs(reader, spot, node, routes, 2);
    else if (!mesh__has(node, "redirect") && !mesh__has(node, "directResponse"))
        mesh__reject_missing(
            reader, spot, node, (const char *[]){ "route" }, 1,
            "one of route, redirect and directResponse is required");
    if (has_items(node, "mirrors"))
        check_pairs(reader, spot, node, mirrors, 1);
}

/* A prefix can be replaced only where one was matched. */
static void check_prefix_rewrite(struct mesh_reader *reader,
                                 const struct mesh_spot *spot,
                                 const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *rewrite =
        mesh__get(mesh__get(node, "redirect"), "prefixRewrite");
    const struct mesh_yaml_node *list = mesh__get(node, "match");

    if (!rewrite || rewrite->text.len == 0)
        return;
    for (size_t i = 0; is_list(list) && i < list->count; i++) {
        const struct mesh_yaml_node *uri = mesh__get(list->items[i], "uri");

        if (!uri || mesh__has(uri, "prefix"))
            continue;
        mesh__reject(reader, spot, rewrite->mark,
                     "prefixRewrite needs a uri that is matched by prefix");
        mesh__reject(reader, spot, uri->mark,
                     "a uri must be matched by prefix for prefixRewrite");
    }
}

static void check_http_route(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    static const struct clash clashes[] = { { "delegate", "redirect" },
                                            { "delegate", "route" } };

    (void)into;
    if (mesh__has(node, "delegate"))
        check_pairs(reader, spot, node, clashes,
                    has_items(node, "route") ? 2 : 1);
    else
        check_action(reader, spot, node);
    check_prefix_rewrite(reader, spot, node);
    mesh__check_authority(reader, spot, node);
    mesh__check_weights(reader, spot, mesh__get(node, "route"));
}

static const struct mesh_field delegate_fields[] = {
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_delegate, name) },
    { MESH__ROW("namespace", STRING, ENFORCED),
      MESH__PUT(struct mesh_delegate, namespace_),
      .default_value = "namespace of the root" },
};

static const struct mesh_message delegate_message = {
    .name = "delegate",
    MESH__FIELDS(delegate_fields),
    .set = MESH__AT(struct mesh_delegate, set),
    .mark = MESH__AT(struct mesh_delegate, mark),
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
    { MESH__ROW("destination", MESSAGE, ENFORCED), .required = true,
      .message = &mesh__destination_message,
      MESH__PUT(struct mesh_mirror_spec, destination) },
    { MESH__ROW("percentage", MESSAGE, ENFORCED),
      .message = &mesh__percent_message,
      MESH__PUT(struct mesh_mirror_spec, percentage), .default_value = "100" },
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
    { MESH__ROW("backoff", DURATION, ENFORCED),
      MESH__PUT(struct mesh_http_retry, backoff_ns), MESH__RANGE(1e6, 0),
      .default_value = "25ms base in Envoy, maximum ten times base",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("perTryTimeout", DURATION, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_retry, per_try_timeout_ns,
                    has_per_try_timeout),
      MESH__RANGE(1e6, 0), .default_value = "none (the route timeout only)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("retryIgnorePreviousHosts", BOOL, ENFORCED), .nullable = true,
      MESH__PUT_HAS(struct mesh_http_retry, ignore_previous,
                    has_ignore_previous),
      .default_value = "true" },
    { MESH__ROW("retryOn", STRING, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_retry, retry_on, has_retry_on),
      .check = mesh__check_retry_on,
      .default_value = "connect-failure,refused-stream,unavailable,cancelled,"
                       "retriable-status-codes",
      .bounds =
          "comma list without spaces; known tokens or HTTP status codes" },
    { MESH__ROW("retryRemoteLocalities", BOOL, ENFORCED), .nullable = true,
      MESH__PUT(struct mesh_http_retry, remote_localities),
      .default_value = "false" },
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
    { MESH__ROW("headers", MESSAGE, ENFORCED),
      .message = &mesh__header_edits_message,
      MESH__PUT(struct mesh_http_destination, headers) },
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
    { MESH__ROW("corsPolicy", MESSAGE, ENFORCED),
      .message = &mesh__cors_policy_message,
      MESH__PUT(struct mesh_http_route, cors), .default_value = "none" },
    { MESH__ROW("delegate", MESSAGE, ENFORCED), .message = &delegate_message,
      MESH__PUT(struct mesh_http_route, delegate),
      .bounds = "only in a VirtualService with hosts" },
    { MESH__ROW("directResponse", MESSAGE, ENFORCED),
      .message = &mesh__direct_response_message,
      MESH__PUT(struct mesh_http_route, direct),
      .bounds = "not with route, redirect, fault, rewrite" },
    { MESH__ROW("fault", MESSAGE, ENFORCED), .message = &mesh__fault_message,
      MESH__PUT(struct mesh_http_route, fault),
      .bounds = "abort or delay needed; not with redirect/directResponse" },
    { MESH__ROW("headers", MESSAGE, ENFORCED),
      .message = &mesh__header_edits_message,
      MESH__PUT(struct mesh_http_route, headers) },
    { MESH__ROW("match", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &mesh__http_match_message,
      MESH__PUT_LIST(struct mesh_http_route, match, match_count,
                     struct mesh_http_match),
      .default_value = "match everything" },
    { MESH__ROW("mirror", MESSAGE, ENFORCED),
      .message = &mesh__destination_message,
      MESH__PUT_HAS(struct mesh_http_route, mirror, has_mirror),
      .bounds = "not with mirrors" },
    { MESH__ROW("mirrorPercent", UINT32, ENFORCED), MESH__RANGE(0, 100),
      MESH__PUT_HAS(struct mesh_http_route, mirror_percent, has_mirror_percent),
      .default_value = "100", .bounds = "0-100; deprecated, warns",
      .nullable = true },
    { MESH__ROW("mirrorPercentage", MESSAGE, ENFORCED),
      .message = &mesh__percent_message,
      MESH__PUT(struct mesh_http_route, mirror_percentage),
      .default_value = "100", .bounds = "0-100" },
    { MESH__ROW("mirror_percent", UINT32, ENFORCED), MESH__RANGE(0, 100),
      MESH__PUT_HAS(struct mesh_http_route, mirror_percent, has_mirror_percent),
      .default_value = "100", .bounds = "0-100; deprecated", .nullable = true },
    { MESH__ROW("mirrors", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &mirror_message,
      MESH__PUT_LIST(struct mesh_http_route, mirrors, mirror_count,
                     struct mesh_mirror_spec),
      .bounds = "not with mirror" },
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_http_route, name) },
    { MESH__ROW("redirect", MESSAGE, ENFORCED),
      .message = &mesh__redirect_message,
      MESH__PUT(struct mesh_http_route, redirect),
      .bounds = "not with route, directResponse, fault, rewrite; something "
                "must be set" },
    { MESH__ROW("retries", MESSAGE, ENFORCED), .message = &retries_message,
      MESH__PUT(struct mesh_http_route, retries),
      .default_value =
          "MeshConfig.defaultHttpRetryPolicy, else built-in 2 attempts",
      .bounds =
          "attempts 0 excludes perTryTimeout, retryOn, retryRemoteLocalities" },
    { MESH__ROW("rewrite", MESSAGE, ENFORCED),
      .message = &mesh__rewrite_message,
      MESH__PUT(struct mesh_http_route, rewrite),
      .bounds = "not with redirect or directResponse" },
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
