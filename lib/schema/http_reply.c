/*
 * http_reply.c - what a VirtualService answers without asking the service:
 * redirects, direct responses, faults and CORS.
 */
#include "schema/table.h"
#include "value/duration.h"

static void check_redirect_code(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node)
{
    double code;

    if (mesh__yaml_float(node, &code) && code != 0 &&
        (code < 300 || code > 399))
        mesh__reject(reader, spot, node->mark,
                     "wanted a code from 300 to 399, found %.40s",
                     node->text.at);
}

static void check_scheme(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    if (node->text.len && !mesh__slice_is(node->text, "http") &&
        !mesh__slice_is(node->text, "https"))
        mesh__reject(reader, spot, node->mark,
                     "wanted http or https, found \"%.40s\"", node->text.at);
}

static void check_redirect(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    static const char *const texts[] = { "uri", "prefixRewrite", "authority",
                                         "scheme" };
    bool somewhere = mesh__has(node, "port") || mesh__has(node, "derivePort");

    (void)into;
    if (mesh__get_text(node, "uri").len &&
        mesh__get_text(node, "prefixRewrite").len)
        mesh__reject_both(reader, spot, node, "uri", "prefixRewrite");
    for (size_t i = 0; i < 4; i++)
        somewhere = somewhere || mesh__get_text(node, texts[i]).len > 0;
    if (!somewhere)
        mesh__reject(reader, spot, node->mark, "redirects to nowhere else");
}

/* --- CORS ------------------------------------------------------------------
 */

static void check_method(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    static const char *const names[] = { "GET",     "HEAD",    "POST",
                                         "PUT",     "PATCH",   "DELETE",
                                         "CONNECT", "OPTIONS", "TRACE" };
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    char hint[96];

    if (mesh__slice_is(node->text, "*"))
        return;
    for (size_t i = 0; i < COUNT; i++)
        if (mesh__slice_is(node->text, names[i]))
            return;
    mesh__hint(reader, node->text, names, COUNT, hint, sizeof(hint));
    mesh__report(reader, spot, node->mark, MESH__ERROR, MESH__CODE_INVALID,
                 hint, "wanted a method of HTTP or \"*\", found \"%.40s\"",
                 node->text.at);
}

static void check_header(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    if (!mesh__slice_is(node->text, "*") && !mesh__is_header_name(node->text))
        mesh__reject(reader, spot, node->mark, "\"%.80s\" is no header name",
                     node->text.at);
}

static void check_origins(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *list)
{
    struct mesh_spot field = { .up = spot, .name = "allowOrigins" };

    for (size_t i = 0; list && list->items && i < list->count; i++) {
        const struct mesh_yaml_node *origin = list->items[i];
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *exact = mesh__get(origin, "exact");

        if (origin->kind != MESH__YAML_MAPPING)
            continue;
        if (exact ? exact->text.len == 0
                  : !mesh__has(origin, "prefix") && !mesh__has(origin, "regex"))
            mesh__reject(reader, &item, exact ? exact->mark : origin->mark,
                         "an origin may not be empty");
    }
}

static void check_cors(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *age = mesh__get(node, "maxAge");
    struct mesh_spot field = { .up = spot, .name = "maxAge" };
    int64_t ns = 0;

    (void)into;
    mesh__check_items(reader, spot, node, "allowMethods", check_method);
    mesh__check_items(reader, spot, node, "allowHeaders", check_header);
    mesh__check_items(reader, spot, node, "exposeHeaders", check_header);
    check_origins(reader, spot, mesh__get(node, "allowOrigins"));
    if (age && age->kind == MESH__YAML_SCALAR &&
        mesh__duration_parse(age->text, &ns) && ns > 0 && ns % 1000000000 != 0)
        mesh__reject(reader, &field, age->mark,
                     "wanted whole seconds, found \"%.60s\"", age->text.at);
}

/* --- faults ----------------------------------------------------------------
 */

/* Envoy counts in parts of a million: less than one would be none. */
static void check_share(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *value =
        mesh__get(mesh__get(node, "percentage"), "value");
    double percent;

    (void)into;
    if (value && mesh__yaml_float(value, &percent) && percent > 0 &&
        percent < 0.0001)
        mesh__reject(reader, spot, value->mark,
                     "wanted 0 or at least 0.0001, found %.40s",
                     value->text.at);
}

static void check_grpc_status(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node)
{
    static const char *const names[] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    char hint[96];

    for (size_t i = 0; i < COUNT; i++)
        if (mesh__slice_is(node->text, names[i]))
            return;
    mesh__hint(reader, node->text, names, COUNT, hint, sizeof(hint));
    mesh__report(reader, spot, node->mark, MESH__ERROR, MESH__CODE_INVALID,
                 hint,
                 "wanted a status of gRPC such as NOT_FOUND, found "
                 "\"%.40s\"",
                 node->text.at);
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

enum { BODY_MAX = 1 << 20 };

/* What base64 stands for, its padding aside. */
static size_t decoded_len(struct mesh_slice text)
{
    while (text.len && text.at[text.len - 1] == '=')
        text.len--;
    return text.len / 4 * 3 + text.len % 4 * 3 / 4;
}

static void check_body(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice bytes = mesh__get_text(node, "bytes");
    size_t len = mesh__get_text(node, "string").len + decoded_len(bytes);

    (void)into;
    if (len > BODY_MAX)
        mesh__reject(reader, spot, node->mark,
                     "wanted 1 MB at most, found %zu bytes", len);
}

static const struct mesh_value unmatched_preflights_values[] = {
    MESH__VALUE("UNSPECIFIED"),
    MESH__VALUE("FORWARD"),
    MESH__VALUE("IGNORE"),
    { 0 },
};

static const struct mesh_field cors_policy_fields[] = {
    { MESH__ROW("allowCredentials", BOOL, ENFORCED),
      MESH__PUT(struct mesh_cors_spec, credentials), .default_value = "unset",
      .nullable = true },
    { MESH__ROW("allowHeaders", STRING, ENFORCED),
      MESH__PUT(struct mesh_cors_spec, headers), .shape = MESH__LIST,
      .bounds = "header names or *" },
    { MESH__ROW("allowMethods", STRING, ENFORCED),
      MESH__PUT(struct mesh_cors_spec, methods), .shape = MESH__LIST,
      .bounds = "standard HTTP methods or *" },
    { MESH__ROW("allowOrigin", STRING, ENFORCED),
      MESH__PUT(struct mesh_cors_spec, old_origins), .shape = MESH__LIST,
      .bounds = "deprecated" },
    { MESH__ROW("allowOrigins", MESSAGE, ENFORCED),
      MESH__PUT_LIST(struct mesh_cors_spec, origins, origin_count,
                     struct mesh_string_match),
      .has = MESH__AT(struct mesh_cors_spec, has_origins), .shape = MESH__LIST,
      .message = &mesh__string_match_message, .bounds = "each non-empty" },
    { MESH__ROW("exposeHeaders", STRING, ENFORCED),
      MESH__PUT(struct mesh_cors_spec, expose), .shape = MESH__LIST,
      .bounds = "header names or *" },
    { MESH__ROW("maxAge", DURATION, ENFORCED),
      MESH__PUT_HAS(struct mesh_cors_spec, max_age_ns, has_max_age),
      MESH__RANGE(1e6, 0), .bounds = "duration >= 1ms; whole seconds" },
    { MESH__ROW("unmatchedPreflights", ENUM, ENFORCED),
      MESH__PUT(struct mesh_cors_spec, unmatched),
      .values = unmatched_preflights_values,
      .default_value = "UNSPECIFIED (forward)" },
};

const struct mesh_message mesh__cors_policy_message = {
    .name = "cors_policy",
    MESH__FIELDS(cors_policy_fields),
    .set = MESH__AT(struct mesh_cors_spec, set),
    .mark = MESH__AT(struct mesh_cors_spec, mark),
    .check = check_cors,
};

static const struct mesh_field response_body_fields[] = {
    { MESH__ROW("bytes", BYTES, ENFORCED),
      MESH__PUT(struct mesh_direct_spec, base64), .oneof = "specifier",
      .bounds = "oneof specifier (string|bytes); base64 in YAML" },
    { MESH__ROW("string", STRING, ENFORCED),
      MESH__PUT(struct mesh_direct_spec, text), .oneof = "specifier",
      .bounds = "oneof specifier (string|bytes)" },
};

static const struct mesh_message response_body_message = {
    .name = "response_body",
    MESH__FIELDS(response_body_fields),
    .check = check_body,
};

static const struct mesh_field direct_response_fields[] = {
    { MESH__ROW("body", MESSAGE, ENFORCED), MESH__PUT_INTO_SAME,
      .message = &response_body_message, .default_value = "empty",
      .bounds = "at most 1 MB; warning above 100 KB" },
    { MESH__ROW("status", UINT32, ENFORCED),
      MESH__PUT(struct mesh_direct_spec, status), .required = true,
      MESH__RANGE(200, 600), .bounds = "200-600 accepted by validation" },
};

const struct mesh_message mesh__direct_response_message = {
    .name = "direct_response",
    MESH__FIELDS(direct_response_fields),
    .set = MESH__AT(struct mesh_direct_spec, set),
    .mark = MESH__AT(struct mesh_direct_spec, mark),
};

static const struct mesh_field percent_fields[] = {
    { MESH__ROW("value", DOUBLE, ENFORCED),
      MESH__PUT(struct mesh_percent_spec, value), MESH__RANGE(0, 100),
      .default_value = "0", .bounds = "0.0-100.0" },
};

const struct mesh_message mesh__percent_message = {
    .name = "percent",
    MESH__FIELDS(percent_fields),
    .set = MESH__AT(struct mesh_percent_spec, set),
};

static const struct mesh_field fault_abort_fields[] = {
    { MESH__ROW("grpcStatus", STRING, ENFORCED),
      MESH__PUT(struct mesh_abort_spec, grpc_status), .oneof = "error_type",
      .check = check_grpc_status,
      .bounds = "oneof error_type (httpStatus|grpcStatus|http2Error); "
                "canonical gRPC name in upper snake case" },
    { MESH__ROW("http2Error", STRING, REFUSED), .oneof = "error_type",
      .check = check_unmade,
      .bounds = "oneof error_type (httpStatus|grpcStatus|http2Error); "
                "rejected: not implemented",
      .reason = "never made: Istio rejects it too" },
    { MESH__ROW("httpStatus", INT32, ENFORCED),
      MESH__PUT(struct mesh_abort_spec, http_status), .oneof = "error_type",
      MESH__RANGE(200, 600),
      .bounds = "oneof error_type (httpStatus|grpcStatus|http2Error); 200-600 "
                "accepted by validation" },
    { MESH__ROW("percentage", MESSAGE, ENFORCED),
      MESH__PUT(struct mesh_abort_spec, percentage),
      .message = &mesh__percent_message,
      .default_value = "0 when absent (no abort)",
      .bounds = "0 or at least 0.0001, at most 100" },
};

static const struct mesh_message fault_abort_message = {
    .name = "fault_abort",
    MESH__FIELDS(fault_abort_fields),
    .set = MESH__AT(struct mesh_abort_spec, set),
    .check = check_share,
};

static const struct mesh_field fault_delay_fields[] = {
    { MESH__ROW("exponentialDelay", DURATION, REFUSED), MESH__RANGE(1e6, 0),
      .oneof = "http_delay_type", .check = check_unmade,
      .bounds = "duration >= 1ms; oneof http_delay_type "
                "(fixedDelay|exponentialDelay); rejected: not implemented",
      .reason = "never made: Istio rejects it too" },
    { MESH__ROW("fixedDelay", DURATION, ENFORCED),
      MESH__PUT(struct mesh_delay_spec, fixed_ns), MESH__RANGE(1e6, 0),
      .oneof = "http_delay_type",
      .bounds = "duration >= 1ms; oneof http_delay_type "
                "(fixedDelay|exponentialDelay)" },
    { MESH__ROW("percent", INT32, ENFORCED),
      MESH__PUT(struct mesh_delay_spec, percent), .bounds = "deprecated" },
    { MESH__ROW("percentage", MESSAGE, ENFORCED),
      MESH__PUT(struct mesh_delay_spec, percentage),
      .message = &mesh__percent_message,
      .default_value = "0 when absent (no delay)",
      .bounds = "0 or at least 0.0001, at most 100" },
};

static const struct mesh_message fault_delay_message = {
    .name = "fault_delay",
    MESH__FIELDS(fault_delay_fields),
    .set = MESH__AT(struct mesh_delay_spec, set),
    .check = check_share,
};

static const struct mesh_field fault_fields[] = {
    { MESH__ROW("abort", MESSAGE, ENFORCED),
      MESH__PUT(struct mesh_fault_spec, abort),
      .message = &fault_abort_message },
    { MESH__ROW("delay", MESSAGE, ENFORCED),
      MESH__PUT(struct mesh_fault_spec, delay),
      .message = &fault_delay_message },
};

const struct mesh_message mesh__fault_message = {
    .name = "fault",
    MESH__FIELDS(fault_fields),
    .set = MESH__AT(struct mesh_fault_spec, set),
    .mark = MESH__AT(struct mesh_fault_spec, mark),
    .check = check_fault,
};

static const struct mesh_value derive_port_values[] = {
    MESH__VALUE("FROM_PROTOCOL_DEFAULT"),
    MESH__VALUE("FROM_REQUEST_PORT"),
    { 0 },
};

static const struct mesh_field redirect_fields[] = {
    { MESH__ROW("authority", STRING, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, authority),
      .default_value = "authority kept" },
    { MESH__ROW("derivePort", ENUM, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, derive_port),
      .values = derive_port_values, .oneof = "redirect_port",
      .bounds = "oneof redirect_port (port|derivePort)" },
    { MESH__ROW("port", UINT32, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, port), .oneof = "redirect_port",
      MESH__RANGE(0, 65535), .default_value = "port kept",
      .bounds = "oneof redirect_port (port|derivePort); 0-65535" },
    { MESH__ROW("prefixRewrite", STRING, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, prefix_rewrite),
      .bounds = "all uri matches of the route must be prefix" },
    { MESH__ROW("redirectCode", UINT32, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, code), .default_value = "301",
      .bounds = "validation 300-399; only 301,302,303,307,308 work",
      .check = check_redirect_code },
    { MESH__ROW("scheme", STRING, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, scheme),
      .default_value = "scheme kept", .bounds = "http or https",
      .check = check_scheme },
    { MESH__ROW("uri", STRING, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, uri), .default_value = "path kept",
      .bounds = "not with prefixRewrite" },
};

const struct mesh_message mesh__redirect_message = {
    .name = "redirect",
    MESH__FIELDS(redirect_fields),
    .set = MESH__AT(struct mesh_redirect_spec, set),
    .mark = MESH__AT(struct mesh_redirect_spec, mark),
    .check = check_redirect,
};
