/*
 * virtual_service.c - where requests go: VirtualService.
 */
#include "schema/table.h"
#include "value/address.h"
#include "value/host.h"

static bool is_list(const struct mesh_yaml_node *node)
{
    return node && node->kind == MESH__YAML_SEQUENCE;
}

/* --- the whole --------------------------------------------------------------
 */

/* Does the mesh itself use it: no gateways, or "mesh" among them? */
static bool binds_mesh(const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *gateways = mesh__get(node, "gateways");

    if (!is_list(gateways) || gateways->count == 0)
        return true;
    for (size_t i = 0; i < gateways->count; i++)
        if (mesh__slice_is(gateways->items[i]->text, "mesh"))
            return true;
    return false;
}

static void check_host(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *host, bool mesh)
{
    struct mesh_address address;

    if (mesh__slice_is(host->text, "*")) {
        if (mesh)
            mesh__reject(reader, spot, host->mark,
                         "\"*\" is for gateways, not for the mesh");
    } else if (!mesh__address_parse_ip(host->text, &address)) {
        mesh__check_host(reader, spot, host);
    }
}

static void check_hosts(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    struct mesh_spot field = { .up = spot, .name = "hosts" };
    bool mesh = binds_mesh(node);

    if (!is_list(hosts) || !mesh__few(reader, &field, hosts))
        return;
    for (size_t i = 0; i < hosts->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *host = hosts->items[i];

        if (host->kind != MESH__YAML_SCALAR)
            continue;
        check_host(reader, &item, host, mesh);
        for (size_t j = 0; j < i; j++)
            if (hosts->items[j]->kind == MESH__YAML_SCALAR &&
                mesh__host_overlaps(hosts->items[j]->text, host->text))
                mesh__reject(reader, &item, host->mark,
                             "\"%.80s\" overlaps \"%.80s\"", host->text.at,
                             hosts->items[j]->text.at);
    }
}

/* "mesh", "name", "namespace/name", "./name", or the older "name.namespace". */
static bool gateway_name_valid(struct mesh_slice name)
{
    const char *slash = name.len ? memchr(name.at, '/', name.len) : NULL;
    struct mesh_slice space = MESH__SLICE(".");

    if (!slash)
        return mesh__host_valid(name, false);
    space = mesh__slice(name.at, (size_t)(slash - name.at));
    name = mesh__slice(slash + 1, name.len - space.len - 1);
    return (mesh__slice_is(space, ".") || mesh__is_dns_label(space)) &&
           mesh__is_dns_label(name);
}

static void check_gateways(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *gateways = mesh__get(node, "gateways");
    struct mesh_spot field = { .up = spot, .name = "gateways" };

    for (size_t i = 0; is_list(gateways) && i < gateways->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *name = gateways->items[i];

        if (name->kind == MESH__YAML_SCALAR && !gateway_name_valid(name->text))
            mesh__reject(reader, &item, name->mark,
                         "wanted \"mesh\", a gateway or \"namespace/gateway\", "
                         "found \"%.80s\"",
                         name->text.at);
    }
}

/* Without hosts it is a delegate: others point at it. */
static void check_delegate(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    static const char *const never[] = { "gateways", "tls", "tcp" };
    const struct mesh_yaml_node *value;

    for (size_t i = 0; i < 3; i++) {
        value = mesh__get(node, never[i]);
        if (value && value->count)
            mesh__reject(reader, spot, value->mark,
                         "without hosts it is a delegate, and those have no "
                         "%s",
                         never[i]);
    }
}

static void check_virtual_service(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    bool routes = false;

    (void)into;
    if (!is_list(hosts) || hosts->count == 0)
        check_delegate(reader, spot, node);
    check_hosts(reader, spot, node);
    check_gateways(reader, spot, node);
    mesh__check_export_to(reader, spot, node, false);
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = { "http", "tcp", "tls" };
        const struct mesh_yaml_node *list = mesh__get(node, names[i]);

        routes = routes || (list && list->count);
    }
    if (!routes)
        mesh__reject(reader, spot, node->mark,
                     "one of http, tcp and tls must have a route");
}

/* --- matches
 * ------------------------------------------------------------------ */

static void check_string_match(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *prefix = mesh__get(node, "prefix");
    const struct mesh_yaml_node *regex = mesh__get(node, "regex");
    struct mesh_string_match *match = into;
    bool absent = spot->up && spot->up->name &&
                  strcmp(spot->up->name, "withoutHeaders") == 0;

    if (match)
        match->which = regex                      ? 'r'
                       : prefix                   ? 'p'
                       : mesh__has(node, "exact") ? 'e'
                                                  : 0;
    if (prefix && prefix->text.len == 0 &&
        !(spot->name && strcmp(spot->name, "uri") == 0))
        mesh__reject(reader, spot, prefix->mark, "prefix may not be empty");
    if (!regex || regex->kind != MESH__YAML_SCALAR)
        return;
    if (absent && mesh__slice_is(regex->text, "*"))
        return; /* "must be absent", an older spelling of {} */
    mesh__check_regex(reader, spot, regex);
}

static bool is_header_name(struct mesh_slice name)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    if (name.len > 1 && name.at[0] == ':') /* a pseudo-header */
        name = mesh__slice(name.at + 1, name.len - 1);
    for (size_t i = 0; i < name.len; i++) {
        char c = mesh__lower(name.at[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || !strchr(marks, c)))
            return false;
    }
    return name.len > 0;
}

static void check_header_names(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node,
                               const char *name)
{
    const struct mesh_yaml_node *headers = mesh__get(node, name);
    struct mesh_spot field = { .up = spot, .name = name };

    for (size_t i = 0; headers && headers->pairs && i < headers->count; i++) {
        struct mesh_slice key = headers->pairs[i].key;
        struct mesh_spot item = { .up = &field, .key = key };

        if (mesh__slice_starts(key, MESH__SLICE("@request.auth.claims")))
            mesh__reject(reader, &item, headers->pairs[i].mark,
                         "claims of a token are for gateways only");
        else if (!is_header_name(key))
            mesh__reject(reader, &item, headers->pairs[i].mark,
                         "\"%.80s\" is no header name", key.at);
    }
}

static void check_http_match(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    check_header_names(reader, spot, node, "headers");
    check_header_names(reader, spot, node, "withoutHeaders");
    check_gateways(reader, spot, node);
}

static void check_namespace(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node)
{
    if (node->text.len)
        mesh__check_dns_label(reader, spot, node);
}

/* --- actions
 * -------------------------------------------------------------------- */

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

static void check_clashes(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node,
                          const struct clash *clashes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mesh_yaml_node *other = mesh__get(node, clashes[i].other);

        if (other && mesh__has(node, clashes[i].one))
            mesh__reject(reader, spot, other->mark,
                         "%s and %s exclude each other", clashes[i].one,
                         clashes[i].other);
    }
}

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
    check_clashes(reader, spot, node, clashes,
                  sizeof(clashes) / sizeof(clashes[0]));
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

static void check_rewrite(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    static const struct clash clashes[] = { { "uri", "uriRegexRewrite" } };

    (void)into;
    check_clashes(reader, spot, node, clashes, 1);
    if (mesh__get_text(node, "uri").len == 0 &&
        mesh__get_text(node, "authority").len == 0 &&
        !mesh__has(node, "uriRegexRewrite"))
        mesh__reject(reader, spot, node->mark, "rewrites nothing");
}

static void check_redirect(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    static const struct clash clashes[] = { { "uri", "prefixRewrite" } };
    struct mesh_slice scheme = mesh__get_text(node, "scheme");

    (void)into;
    check_clashes(reader, spot, node, clashes, 1);
    if (scheme.len && !mesh__slice_is(scheme, "http") &&
        !mesh__slice_is(scheme, "https"))
        mesh__reject(reader, spot, node->mark,
                     "scheme: wanted http or https, found \"%.40s\"",
                     scheme.at);
    if (node->count == 0)
        mesh__reject(reader, spot, node->mark, "redirects to nowhere else");
}

static void check_fault(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!mesh__has(node, "abort") && !mesh__has(node, "delay"))
        mesh__reject(reader, spot, node->mark, "abort or delay is required");
}

/* Two ways of a fault are in the protos, and were never made. */
static void check_unmade(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    mesh__reject(reader, spot, node->mark, "never made: Istio rejects it too");
}

static const struct mesh_field string_match_fields[] = {
    { MESH__ROW("exact", STRING, ENFORCED),
      MESH__PUT(struct mesh_string_match, text), .oneof = "match_type",
      .bounds = "oneof match_type (exact|prefix|regex); case-sensitive" },
    { MESH__ROW("prefix", STRING, ENFORCED),
      MESH__PUT(struct mesh_string_match, text), .oneof = "match_type",
      .bounds = "oneof match_type (exact|prefix|regex); case-sensitive; not "
                "empty (except uri)" },
    { MESH__ROW("regex", STRING, ENFORCED),
      MESH__PUT(struct mesh_string_match, text), .oneof = "match_type",
      .bounds = "oneof match_type (exact|prefix|regex); RE2, length 1-1024, "
                "matches whole value" },
};

static const struct mesh_message string_match_message = {
    .name = "string_match",
    MESH__FIELDS(string_match_fields),
    .set = MESH__AT(struct mesh_string_match, set),
    .mark = MESH__AT(struct mesh_string_match, mark),
    .check = check_string_match,
};

static const struct mesh_value unmatched_preflights_values[] = {
    MESH__VALUE("UNSPECIFIED"),
    MESH__VALUE("FORWARD"),
    MESH__VALUE("IGNORE"),
    { 0 },
};

static const struct mesh_field cors_policy_fields[] = {
    { MESH__ROW("allowCredentials", BOOL, REFUSED), .default_value = "unset" },
    { MESH__ROW("allowHeaders", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "header names or *" },
    { MESH__ROW("allowMethods", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "standard HTTP methods or *" },
    { MESH__ROW("allowOrigin", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "deprecated" },
    { MESH__ROW("allowOrigins", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &string_match_message, .bounds = "each non-empty" },
    { MESH__ROW("exposeHeaders", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "header names or *" },
    { MESH__ROW("maxAge", DURATION, REFUSED), MESH__RANGE(1e6, 0),
      .bounds = "duration >= 1ms; whole seconds" },
    { MESH__ROW("unmatchedPreflights", ENUM, REFUSED),
      .values = unmatched_preflights_values,
      .default_value = "UNSPECIFIED (forward)" },
};

static const struct mesh_message cors_policy_message = {
    .name = "cors_policy",
    MESH__FIELDS(cors_policy_fields),
};

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

static const struct mesh_field response_body_fields[] = {
    { MESH__ROW("bytes", BYTES, REFUSED), .oneof = "specifier",
      .bounds = "oneof specifier (string|bytes); base64 in YAML" },
    { MESH__ROW("string", STRING, REFUSED), .oneof = "specifier",
      .bounds = "oneof specifier (string|bytes)" },
};

static const struct mesh_message response_body_message = {
    .name = "response_body",
    MESH__FIELDS(response_body_fields),
};

static const struct mesh_field direct_response_fields[] = {
    { MESH__ROW("body", MESSAGE, REFUSED), .message = &response_body_message,
      .default_value = "empty",
      .bounds = "at most 1 MB; warning above 100 KB" },
    { MESH__ROW("status", UINT32, REFUSED), .required = true,
      MESH__RANGE(200, 600), .bounds = "200-600 accepted by validation" },
};

static const struct mesh_message direct_response_message = {
    .name = "direct_response",
    MESH__FIELDS(direct_response_fields),
};

static const struct mesh_field percent_fields[] = {
    { MESH__ROW("value", DOUBLE, REFUSED), MESH__RANGE(0, 100),
      .default_value = "0", .bounds = "0.0-100.0" },
};

static const struct mesh_message percent_message = {
    .name = "percent",
    MESH__FIELDS(percent_fields),
};

static const struct mesh_field fault_abort_fields[] = {
    { MESH__ROW("grpcStatus", STRING, REFUSED), .oneof = "error_type",
      .bounds = "oneof error_type (httpStatus|grpcStatus|http2Error); "
                "canonical gRPC name in upper snake case" },
    { MESH__ROW("http2Error", STRING, REFUSED), .oneof = "error_type",
      .check = check_unmade,
      .bounds = "oneof error_type (httpStatus|grpcStatus|http2Error); "
                "rejected: not implemented" },
    { MESH__ROW("httpStatus", INT32, REFUSED), .oneof = "error_type",
      MESH__RANGE(200, 600),
      .bounds = "oneof error_type (httpStatus|grpcStatus|http2Error); 200-600 "
                "accepted by validation" },
    { MESH__ROW("percentage", MESSAGE, REFUSED), .message = &percent_message,
      .default_value = "0 when absent (no abort)",
      .bounds = "0 or at least 0.0001, at most 100" },
};

static const struct mesh_message fault_abort_message = {
    .name = "fault_abort",
    MESH__FIELDS(fault_abort_fields),
};

static const struct mesh_field fault_delay_fields[] = {
    { MESH__ROW("exponentialDelay", DURATION, REFUSED), MESH__RANGE(1e6, 0),
      .oneof = "http_delay_type", .check = check_unmade,
      .bounds = "duration >= 1ms; oneof http_delay_type "
                "(fixedDelay|exponentialDelay); rejected: not implemented" },
    { MESH__ROW("fixedDelay", DURATION, REFUSED), MESH__RANGE(1e6, 0),
      .oneof = "http_delay_type",
      .bounds = "duration >= 1ms; oneof http_delay_type "
                "(fixedDelay|exponentialDelay)" },
    { MESH__ROW("percent", INT32, REFUSED), .bounds = "deprecated" },
    { MESH__ROW("percentage", MESSAGE, REFUSED), .message = &percent_message,
      .default_value = "0 when absent (no delay)",
      .bounds = "0 or at least 0.0001, at most 100" },
};

static const struct mesh_message fault_delay_message = {
    .name = "fault_delay",
    MESH__FIELDS(fault_delay_fields),
};

static const struct mesh_field fault_fields[] = {
    { MESH__ROW("abort", MESSAGE, REFUSED), .message = &fault_abort_message },
    { MESH__ROW("delay", MESSAGE, REFUSED), .message = &fault_delay_message },
};

static const struct mesh_message fault_message = {
    .name = "fault",
    MESH__FIELDS(fault_fields),
    .check = check_fault,
};

static const struct mesh_field request_edits_fields[] = {
    { MESH__ROW("add", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "no pseudo-headers except :authority/host" },
    { MESH__ROW("remove", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("set", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "no pseudo-headers except :authority/host" },
};

static const struct mesh_message request_edits_message = {
    .name = "request_edits",
    MESH__FIELDS(request_edits_fields),
};

static const struct mesh_field response_edits_fields[] = {
    { MESH__ROW("add", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("remove", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "no pseudo-headers or host" },
    { MESH__ROW("set", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "no pseudo-headers or host" },
};

static const struct mesh_message response_edits_message = {
    .name = "response_edits",
    MESH__FIELDS(response_edits_fields),
};

static const struct mesh_field header_edits_fields[] = {
    { MESH__ROW("request", MESSAGE, REFUSED),
      .message = &request_edits_message },
    { MESH__ROW("response", MESSAGE, REFUSED),
      .message = &response_edits_message },
};

static const struct mesh_message header_edits_message = {
    .name = "header_edits",
    MESH__FIELDS(header_edits_fields),
};

static const struct mesh_field http_match_fields[] = {
    { MESH__ROW("authority", MESSAGE, ENFORCED),
      .message = &string_match_message,
      MESH__PUT(struct mesh_http_match, authority), .default_value = "any",
      .bounds = "prefix and regex not empty" },
    { MESH__ROW("gateways", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_http_match, gateways),
      .default_value = "the VirtualService's gateways" },
    { MESH__ROW("headers", MESSAGE, ENFORCED), .shape = MESH__MAP,
      .message = &string_match_message,
      MESH__PUT_MAP(struct mesh_http_match, headers, header_count,
                    struct mesh_named_match, name, match),
      .bounds = "name valid; uri/scheme/method/authority keys have dedicated "
                "fields" },
    { MESH__ROW("ignoreUriCase", BOOL, ENFORCED),
      MESH__PUT(struct mesh_http_match, ignore_uri_case),
      .default_value = "false", .bounds = "exact and prefix only" },
    { MESH__ROW("method", MESSAGE, ENFORCED), .message = &string_match_message,
      MESH__PUT(struct mesh_http_match, method), .default_value = "any",
      .bounds = "prefix and regex not empty" },
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_http_match, name) },
    { MESH__ROW("port", UINT32, ENFORCED),
      MESH__PUT(struct mesh_http_match, port), MESH__RANGE(1, 65535),
      .default_value = "any", .bounds = "1-65535" },
    { MESH__ROW("queryParams", MESSAGE, ENFORCED), .shape = MESH__MAP,
      .message = &string_match_message,
      MESH__PUT_MAP(struct mesh_http_match, query_params, query_param_count,
                    struct mesh_named_match, name, match) },
    { MESH__ROW("scheme", MESSAGE, ENFORCED), .message = &string_match_message,
      MESH__PUT(struct mesh_http_match, scheme), .default_value = "any",
      .bounds = "prefix and regex not empty" },
    { MESH__ROW("sourceLabels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_http_match, source_labels),
      .check = mesh__check_labels, .default_value = "any workload",
      .bounds = "valid label keys and values" },
    { MESH__ROW("sourceNamespace", STRING, ENFORCED),
      MESH__PUT(struct mesh_http_match, source_namespace),
      .check = check_namespace, .default_value = "any", .bounds = "DNS label" },
    { MESH__ROW("statPrefix", STRING, NOTED), .default_value = "none",
      .reason = "it names statistics of Envoy's, and there are none" },
    { MESH__ROW("uri", MESSAGE, ENFORCED), .message = &string_match_message,
      MESH__PUT(struct mesh_http_match, uri), .default_value = "any path",
      .bounds = "prefix may be empty" },
    { MESH__ROW("withoutHeaders", MESSAGE, ENFORCED), .shape = MESH__MAP,
      .message = &string_match_message,
      MESH__PUT_MAP(struct mesh_http_match, without_headers,
                    without_header_count, struct mesh_named_match, name,
                    match) },
};

static const struct mesh_message http_match_message = {
    .name = "http_match",
    MESH__FIELDS(http_match_fields),
    .mark = MESH__AT(struct mesh_http_match, mark),
    .check = check_http_match,
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

static const struct mesh_message destination_message = {
    .name = "destination",
    MESH__FIELDS(destination_fields),
    .mark = MESH__AT(struct mesh_destination_ref, mark),
    .check = check_destination,
};

static const struct mesh_field mirror_fields[] = {
    { MESH__ROW("destination", MESSAGE, REFUSED), .required = true,
      .message = &destination_message },
    { MESH__ROW("percentage", MESSAGE, REFUSED), .message = &percent_message,
      .default_value = "100" },
};

static const struct mesh_message mirror_message = {
    .name = "mirror",
    MESH__FIELDS(mirror_fields),
};

static const struct mesh_value derive_port_values[] = {
    MESH__VALUE("FROM_PROTOCOL_DEFAULT"),
    MESH__VALUE("FROM_REQUEST_PORT"),
    { 0 },
};

static const struct mesh_field redirect_fields[] = {
    { MESH__ROW("authority", STRING, REFUSED),
      .default_value = "authority kept" },
    { MESH__ROW("derivePort", ENUM, REFUSED), .values = derive_port_values,
      .oneof = "redirect_port",
      .bounds = "oneof redirect_port (port|derivePort)" },
    { MESH__ROW("port", UINT32, REFUSED), .oneof = "redirect_port",
      MESH__RANGE(1, 65535), .default_value = "port kept",
      .bounds = "oneof redirect_port (port|derivePort); 1-65535" },
    { MESH__ROW("prefixRewrite", STRING, REFUSED),
      .bounds = "all uri matches of the route must be prefix" },
    { MESH__ROW("redirectCode", UINT32, REFUSED), MESH__RANGE(300, 399),
      .default_value = "301",
      .bounds = "validation 300-399; only 301,302,303,307,308 work" },
    { MESH__ROW("scheme", STRING, REFUSED), .default_value = "scheme kept",
      .bounds = "http or https" },
    { MESH__ROW("uri", STRING, REFUSED), .default_value = "path kept",
      .bounds = "not with prefixRewrite" },
};

static const struct mesh_message redirect_message = {
    .name = "redirect",
    MESH__FIELDS(redirect_fields),
    .check = check_redirect,
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
    { MESH__ROW("retryIgnorePreviousHosts", BOOL, NOTED), .harmless = "true",
      .default_value = "true",
      .reason = "endpoints already tried are always avoided" },
    { MESH__ROW("retryOn", STRING, ENFORCED),
      MESH__PUT_HAS(struct mesh_http_retry, retry_on, has_retry_on),
      .check = mesh__check_retry_on,
      .default_value = "connect-failure,refused-stream,unavailable,cancelled,"
                       "retriable-status-codes",
      .bounds =
          "comma list without spaces; known tokens or HTTP status codes" },
    { MESH__ROW("retryRemoteLocalities", BOOL, NOTED), .harmless = "false",
      .default_value = "false", .reason = "there are no localities yet" },
};

static const struct mesh_message retries_message = {
    .name = "retries",
    MESH__FIELDS(retries_fields),
    .set = MESH__AT(struct mesh_http_retry, set),
    .mark = MESH__AT(struct mesh_http_retry, mark),
    .check = check_retries,
};

static const struct mesh_field uri_regex_rewrite_fields[] = {
    { MESH__ROW("match", STRING, REFUSED),
      .bounds = "RE2, at most 1024 chars" },
    { MESH__ROW("rewrite", STRING, REFUSED), .bounds = "may use \\N groups" },
};

static const struct mesh_message uri_regex_rewrite_message = {
    .name = "uri_regex_rewrite",
    MESH__FIELDS(uri_regex_rewrite_fields),
};

static const struct mesh_field rewrite_fields[] = {
    { MESH__ROW("authority", STRING, REFUSED), .default_value = "kept",
      .bounds = "not together with host header set/add" },
    { MESH__ROW("uri", STRING, REFUSED), .bounds = "not with uriRegexRewrite" },
    { MESH__ROW("uriRegexRewrite", MESSAGE, REFUSED),
      .message = &uri_regex_rewrite_message,
      .bounds = "not with uri; both fields needed" },
};

static const struct mesh_message rewrite_message = {
    .name = "rewrite",
    MESH__FIELDS(rewrite_fields),
    .check = check_rewrite,
};

static const struct mesh_field http_destination_fields[] = {
    { MESH__ROW("destination", MESSAGE, ENFORCED), .required = true,
      .message = &destination_message,
      MESH__PUT(struct mesh_http_destination, destination) },
    { MESH__ROW("headers", MESSAGE, REFUSED), .message = &header_edits_message,
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
      .message = &cors_policy_message, .default_value = "none",
      .reason = "requests would be answered otherwise than the policy says: "
                "not yet enforced by this version" },
    { MESH__ROW("delegate", MESSAGE, ENFORCED), .message = &delegate_message,
      MESH__PUT(struct mesh_http_route, delegate),
      .bounds = "only in a VirtualService with hosts" },
    { MESH__ROW("directResponse", MESSAGE, REFUSED),
      .message = &direct_response_message,
      .bounds = "not with route, redirect, fault, rewrite",
      .reason = "requests would be answered otherwise than the policy says: "
                "not yet enforced by this version" },
    { MESH__ROW("fault", MESSAGE, REFUSED), .message = &fault_message,
      .bounds = "abort or delay needed; not with redirect/directResponse",
      .reason = "requests would be answered otherwise than the policy says: "
                "not yet enforced by this version" },
    { MESH__ROW("headers", MESSAGE, REFUSED), .message = &header_edits_message,
      .reason = "services would see headers other than the policy says: not "
                "yet enforced by this version" },
    { MESH__ROW("match", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &http_match_message,
      MESH__PUT_LIST(struct mesh_http_route, match, match_count,
                     struct mesh_http_match),
      .default_value = "match everything" },
    { MESH__ROW("mirror", MESSAGE, REFUSED),
      .message = &mirror_destination_message, .bounds = "not with mirrors",
      .reason = "copies would not be sent: not yet enforced by this version" },
    { MESH__ROW("mirrorPercent", UINT32, NOTED), MESH__RANGE(0, 100),
      .default_value = "100", .bounds = "0-100; deprecated, warns",
      .reason = "the share of a mirror, and mirrors are not yet enforced" },
    { MESH__ROW("mirrorPercentage", MESSAGE, NOTED),
      .message = &percent_message, .default_value = "100", .bounds = "0-100",
      .reason = "the share of a mirror, and mirrors are not yet enforced" },
    { MESH__ROW("mirror_percent", UINT32, NOTED), MESH__RANGE(0, 100),
      .default_value = "100", .bounds = "0-100; deprecated",
      .reason = "the share of a mirror, and mirrors are not yet enforced" },
    { MESH__ROW("mirrors", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &mirror_message, .bounds = "not with mirror",
      .reason = "copies would not be sent: not yet enforced by this version" },
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_http_route, name) },
    { MESH__ROW("redirect", MESSAGE, REFUSED), .message = &redirect_message,
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
    { MESH__ROW("rewrite", MESSAGE, REFUSED), .message = &rewrite_message,
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

static const struct mesh_message http_route_message = {
    .name = "http_route",
    MESH__FIELDS(http_route_fields),
    .mark = MESH__AT(struct mesh_http_route, mark),
    .check = check_http_route,
};

static const struct mesh_field tcp_match_fields[] = {
    { MESH__ROW("destinationSubnets", STRING, REFUSED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, destination_subnets),
      .default_value = "any", .bounds = "IP or CIDR" },
    { MESH__ROW("gateways", STRING, REFUSED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, gateways),
      .default_value = "the VirtualService's gateways" },
    { MESH__ROW("port", UINT32, REFUSED),
      MESH__PUT(struct mesh_stream_match, port), MESH__RANGE(1, 65535),
      .default_value = "any", .bounds = "1-65535" },
    { MESH__ROW("sourceLabels", STRING, REFUSED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_stream_match, source_labels),
      .default_value = "any", .bounds = "valid labels" },
    { MESH__ROW("sourceNamespace", STRING, REFUSED),
      MESH__PUT(struct mesh_stream_match, source_namespace),
      .default_value = "any" },
    { MESH__ROW("sourceSubnet", STRING, REFUSED) },
};

static const struct mesh_message tcp_match_message = {
    .name = "tcp_match",
    MESH__FIELDS(tcp_match_fields),
    .mark = MESH__AT(struct mesh_stream_match, mark),
};

static const struct mesh_field tcp_destination_fields[] = {
    { MESH__ROW("destination", MESSAGE, REFUSED), .required = true,
      .message = &destination_message,
      MESH__PUT(struct mesh_stream_destination, destination) },
    { MESH__ROW("weight", INT32, REFUSED),
      MESH__PUT(struct mesh_stream_destination, weight), MESH__RANGE(0, 0),
      .default_value = "0 (single destination gets all)",
      .bounds = ">=0; sum >0 when several" },
};

static const struct mesh_message tcp_destination_message = {
    .name = "tcp_destination",
    MESH__FIELDS(tcp_destination_fields),
    .mark = MESH__AT(struct mesh_stream_destination, mark),
};

static const struct mesh_field tcp_route_fields[] = {
    { MESH__ROW("match", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &tcp_match_message,
      MESH__PUT_LIST(struct mesh_stream_route, match, match_count,
                     struct mesh_stream_match),
      .default_value = "match everything" },
    { MESH__ROW("route", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &tcp_destination_message,
      MESH__PUT_LIST(struct mesh_stream_route, route, route_count,
                     struct mesh_stream_destination),
      .bounds = "validation: required" },
};

static const struct mesh_message tcp_route_message = {
    .name = "tcp_route",
    MESH__FIELDS(tcp_route_fields),
    .mark = MESH__AT(struct mesh_stream_route, mark),
};

static const struct mesh_field tls_match_fields[] = {
    { MESH__ROW("destinationSubnets", STRING, REFUSED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, destination_subnets),
      .default_value = "any", .bounds = "IP or CIDR" },
    { MESH__ROW("gateways", STRING, REFUSED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, gateways),
      .default_value = "the VirtualService's gateways" },
    { MESH__ROW("port", UINT32, REFUSED),
      MESH__PUT(struct mesh_stream_match, port), MESH__RANGE(1, 65535),
      .default_value = "any", .bounds = "1-65535" },
    { MESH__ROW("sniHosts", STRING, REFUSED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, sni_hosts), .required = true,
      .bounds = "subset of the VirtualService hosts; *.suffix allowed" },
    { MESH__ROW("sourceLabels", STRING, REFUSED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_stream_match, source_labels),
      .default_value = "any", .bounds = "valid labels" },
    { MESH__ROW("sourceNamespace", STRING, REFUSED),
      MESH__PUT(struct mesh_stream_match, source_namespace),
      .default_value = "any" },
};

static const struct mesh_message tls_match_message = {
    .name = "tls_match",
    MESH__FIELDS(tls_match_fields),
    .mark = MESH__AT(struct mesh_stream_match, mark),
};

static const struct mesh_field tls_route_fields[] = {
    { MESH__ROW("match", MESSAGE, REFUSED), .shape = MESH__LIST,
      .required = true, .message = &tls_match_message,
      MESH__PUT_LIST(struct mesh_stream_route, match, match_count,
                     struct mesh_stream_match),
      .bounds = "validation: at least one entry" },
    { MESH__ROW("route", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &tcp_destination_message,
      MESH__PUT_LIST(struct mesh_stream_route, route, route_count,
                     struct mesh_stream_destination),
      .bounds = "validation: required" },
};

static const struct mesh_message tls_route_message = {
    .name = "tls_route",
    MESH__FIELDS(tls_route_fields),
    .mark = MESH__AT(struct mesh_stream_route, mark),
};

static const struct mesh_field virtual_service_fields[] = {
    { MESH__ROW("exportTo", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_virtual_service, export_to),
      .default_value = "MeshConfig.defaultVirtualServiceExportTo ([\"*\"])",
      .bounds = ". or * or namespace; * alone" },
    { MESH__ROW("gateways", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_virtual_service, gateways),
      .default_value = "[mesh]",
      .bounds = "namespace/name, name, or reserved word mesh" },
    { MESH__ROW("hosts", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_virtual_service, hosts),
      .default_value = "empty means delegate VirtualService",
      .bounds = "FQDN, short name, *.suffix or IP; \"*\" only with gateways; "
                "no overlaps" },
    { MESH__ROW("http", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &http_route_message,
      MESH__PUT_LIST(struct mesh_virtual_service, http, http_count,
                     struct mesh_http_route) },
    { MESH__ROW("tcp", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &tcp_route_message,
      MESH__PUT_LIST(struct mesh_virtual_service, tcp, tcp_count,
                     struct mesh_stream_route),
      .reason = "traffic would go elsewhere than the policy says: not yet "
                "enforced by this version" },
    { MESH__ROW("tls", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &tls_route_message,
      MESH__PUT_LIST(struct mesh_virtual_service, tls, tls_count,
                     struct mesh_stream_route),
      .reason = "traffic would go elsewhere than the policy says: not yet "
                "enforced by this version" },
};

const struct mesh_message mesh__virtual_service_message = {
    .name = "virtual_service",
    MESH__FIELDS(virtual_service_fields),
    .check = check_virtual_service,
};
