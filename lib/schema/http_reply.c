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
    { MESH__ROW("allowCredentials", BOOL, REFUSED), .nullable = true,
      .default_value = "unset" },
    { MESH__ROW("allowHeaders", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "header names or *" },
    { MESH__ROW("allowMethods", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "standard HTTP methods or *" },
    { MESH__ROW("allowOrigin", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "deprecated" },
    { MESH__ROW("allowOrigins", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &mesh__string_match_message, .bounds = "each non-empty" },
    { MESH__ROW("exposeHeaders", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "header names or *" },
    { MESH__ROW("maxAge", DURATION, REFUSED), MESH__RANGE(1e6, 0),
      .bounds = "duration >= 1ms; whole seconds" },
    { MESH__ROW("unmatchedPreflights", ENUM, REFUSED),
      .values = unmatched_preflights_values,
      .default_value = "UNSPECIFIED (forward)" },
};

const struct mesh_message mesh__cors_policy_message = {
    .name = "cors_policy",
    MESH__FIELDS(cors_policy_fields),
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

const struct mesh_message mesh__direct_response_message = {
    .name = "direct_response",
    MESH__FIELDS(direct_response_fields),
};

static const struct mesh_field percent_fields[] = {
    { MESH__ROW("value", DOUBLE, REFUSED), MESH__RANGE(0, 100),
      .default_value = "0", .bounds = "0.0-100.0" },
};

const struct mesh_message mesh__percent_message = {
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
    { MESH__ROW("percentage", MESSAGE, REFUSED),
      .message = &mesh__percent_message,
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
    { MESH__ROW("percentage", MESSAGE, REFUSED),
      .message = &mesh__percent_message,
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

const struct mesh_message mesh__fault_message = {
    .name = "fault",
    MESH__FIELDS(fault_fields),
    .check = check_fault,
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

const struct mesh_message mesh__redirect_message = {
    .name = "redirect",
    MESH__FIELDS(redirect_fields),
    .check = check_redirect,
};
