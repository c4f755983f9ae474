/*
 * http_reply.c - what a VirtualService answers without asking the service:
 * redirects, direct responses, faults and CORS.
 */
#include "schema/table.h"

static void check_redirect(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice scheme = mesh__get_text(node, "scheme");

    (void)into;
    mesh__reject_both(reader, spot, node, "uri", "prefixRewrite");
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

static const struct mesh_value unmatched_preflights_values[] = {
    MESH__VALUE("UNSPECIFIED"),
    MESH__VALUE("FORWARD"),
    MESH__VALUE("IGNORE"),
    { 0 },
};

static const struct mesh_field cors_policy_fields[] = {
    { MESH__ROW("allowCredentials", BOOL, ENFORCED),
      MESH__PUT(struct mesh_cors_spec, credentials), .default_value = "unset" },
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
      MESH__RANGE(1, 65535), .default_value = "port kept",
      .bounds = "oneof redirect_port (port|derivePort); 1-65535" },
    { MESH__ROW("prefixRewrite", STRING, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, prefix_rewrite),
      .bounds = "all uri matches of the route must be prefix" },
    { MESH__ROW("redirectCode", UINT32, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, code), MESH__RANGE(300, 399),
      .default_value = "301",
      .bounds = "validation 300-399; only 301,302,303,307,308 work" },
    { MESH__ROW("scheme", STRING, ENFORCED),
      MESH__PUT(struct mesh_redirect_spec, scheme),
      .default_value = "scheme kept", .bounds = "http or https" },
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
