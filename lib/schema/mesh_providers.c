/*
 * mesh_providers.c - extensionProviders of MeshConfig: backends by name.
 */
#include "schema/table.h"

static const struct mesh_field datadog_provider_fields[] = {
    { MESH__ROW("maxTagLength", UINT32, NOTED), .default_value = "256" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message datadog_provider_message = {
    .name = "datadog_provider",
    MESH__FIELDS(datadog_provider_fields),
};

static const struct mesh_field ext_authz_body_fields[] = {
    { MESH__ROW("allowPartialMessage", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("maxRequestBytes", UINT32, NOTED), .bounds = ">0" },
    { MESH__ROW("packAsBytes", BOOL, NOTED), .default_value = "false",
      .bounds = "gRPC only" },
};

static const struct mesh_message ext_authz_body_message = {
    .name = "ext_authz_body",
    MESH__FIELDS(ext_authz_body_fields),
};

static const struct mesh_field ext_authz_grpc_fields[] = {
    { MESH__ROW("clearRouteCache", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("failOpen", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("includeRequestBodyInCheck", MESSAGE, NOTED),
      .message = &ext_authz_body_message, .default_value = "body not sent" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
    { MESH__ROW("statusOnError", STRING, NOTED), .default_value = "403",
      .bounds = "HTTP status code" },
    { MESH__ROW("timeout", DURATION, NOTED), .default_value = "600s" },
};

static const struct mesh_message ext_authz_grpc_message = {
    .name = "ext_authz_grpc",
    MESH__FIELDS(ext_authz_grpc_fields),
};

static const struct mesh_field ext_authz_http_fields[] = {
    { MESH__ROW("clearRouteCache", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("failOpen", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("headersToDownstreamOnAllow", STRING, NOTED),
      .shape = MESH__LIST, .default_value = "none",
      .bounds = "exact, prefix*, *suffix" },
    { MESH__ROW("headersToDownstreamOnDeny", STRING, NOTED),
      .shape = MESH__LIST, .default_value = "all authorizer headers",
      .bounds = "exact, prefix*, *suffix" },
    { MESH__ROW("headersToUpstreamOnAllow", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "exact, prefix*, *suffix" },
    { MESH__ROW("includeAdditionalHeadersInCheck", STRING, NOTED),
      .shape = MESH__MAP, .default_value = "none" },
    { MESH__ROW("includeHeadersInCheck", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "deprecated" },
    { MESH__ROW("includeRequestBodyInCheck", MESSAGE, NOTED),
      .message = &ext_authz_body_message, .default_value = "body not sent" },
    { MESH__ROW("includeRequestHeadersInCheck", STRING, NOTED),
      .shape = MESH__LIST,
      .default_value = "Host, method, path, content length",
      .bounds = "exact, prefix*, *suffix" },
    { MESH__ROW("pathPrefix", STRING, NOTED), .default_value = "\"\"",
      .bounds = "starts with /" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
    { MESH__ROW("statusOnError", STRING, NOTED), .default_value = "403",
      .bounds = "HTTP status code" },
    { MESH__ROW("timeout", DURATION, NOTED), .default_value = "600s" },
};

static const struct mesh_message ext_authz_http_message = {
    .name = "ext_authz_http",
    MESH__FIELDS(ext_authz_http_fields),
};

/* Whatever there is, as long as it has names. */
static void check_struct(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    char found[96];

    if (node->kind == MESH__YAML_MAPPING)
        return;
    mesh__describe(node, found, sizeof(found));
    mesh__report(reader, spot, node->mark, MESH__ERROR, MESH__CODE_INVALID,
                 NULL, "wanted a mapping, found %s", found);
}

static const struct mesh_field file_log_format_fields[] = {
    { MESH__ROW("labels", ANY, NOTED), .oneof = "log_format",
      .check = check_struct, .default_value = "default JSON format when {}",
      .bounds = "oneof log_format (text|labels)" },
    { MESH__ROW("text", STRING, NOTED), .oneof = "log_format",
      .default_value = "default text format",
      .bounds = "oneof log_format (text|labels); newline appended if missing" },
};

static const struct mesh_message file_log_format_message = {
    .name = "file_log_format",
    MESH__FIELDS(file_log_format_fields),
};

static const struct mesh_field file_log_fields[] = {
    { MESH__ROW("logFormat", MESSAGE, NOTED),
      .message = &file_log_format_message,
      .default_value = "default text format", .bounds = "text or labels" },
    { MESH__ROW("omitEmptyValues", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("path", STRING, NOTED), .default_value = "/dev/stdout" },
};

static const struct mesh_message file_log_message = {
    .name = "file_log",
    MESH__FIELDS(file_log_fields),
};

static const struct mesh_field http_als_fields[] = {
    { MESH__ROW("additionalRequestHeadersToLog", STRING, NOTED),
      .shape = MESH__LIST, .default_value = "none" },
    { MESH__ROW("additionalResponseHeadersToLog", STRING, NOTED),
      .shape = MESH__LIST, .default_value = "none" },
    { MESH__ROW("additionalResponseTrailersToLog", STRING, NOTED),
      .shape = MESH__LIST, .default_value = "none" },
    { MESH__ROW("filterStateObjectsToLog", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "built-in peer metadata keys" },
    { MESH__ROW("logName", STRING, NOTED),
      .default_value = "http_envoy_accesslog" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message http_als_message = {
    .name = "http_als",
    MESH__FIELDS(http_als_fields),
};

static const struct mesh_field otel_log_format_fields[] = {
    { MESH__ROW("labels", ANY, NOTED), .check = check_struct,
      .default_value = "none" },
    { MESH__ROW("text", STRING, NOTED),
      .default_value = "default text format" },
};

static const struct mesh_message otel_log_format_message = {
    .name = "otel_log_format",
    MESH__FIELDS(otel_log_format_fields),
};

static const struct mesh_field otel_als_fields[] = {
    { MESH__ROW("logFormat", MESSAGE, NOTED),
      .message = &otel_log_format_message,
      .default_value = "default text format" },
    { MESH__ROW("logName", STRING, NOTED),
      .default_value = "otel_envoy_accesslog" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message otel_als_message = {
    .name = "otel_als",
    MESH__FIELDS(otel_als_fields),
};

static const struct mesh_field tcp_als_fields[] = {
    { MESH__ROW("filterStateObjectsToLog", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "built-in peer metadata keys" },
    { MESH__ROW("logName", STRING, NOTED),
      .default_value = "tcp_envoy_accesslog" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message tcp_als_message = {
    .name = "tcp_als",
    MESH__FIELDS(tcp_als_fields),
};

static const struct mesh_field lightstep_provider_fields[] = {
    { MESH__ROW("accessToken", STRING, NOTED),
      .bounds = "required with lightstep" },
    { MESH__ROW("maxTagLength", UINT32, NOTED), .default_value = "256" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message lightstep_provider_message = {
    .name = "lightstep_provider",
    MESH__FIELDS(lightstep_provider_fields),
};

static const struct mesh_value context_values[] = {
    MESH__VALUE("UNSPECIFIED"), MESH__VALUE("W3C_TRACE_CONTEXT"),
    MESH__VALUE("GRPC_BIN"),    MESH__VALUE("CLOUD_TRACE_CONTEXT"),
    MESH__VALUE("B3"),          { 0 },
};

static const struct mesh_field opencensus_provider_fields[] = {
    { MESH__ROW("context", ENUM, NOTED), .shape = MESH__LIST,
      .values = context_values, .default_value = "[W3C_TRACE_CONTEXT]" },
    { MESH__ROW("maxTagLength", UINT32, NOTED), .default_value = "256" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message opencensus_provider_message = {
    .name = "opencensus_provider",
    MESH__FIELDS(opencensus_provider_fields),
};

static const struct mesh_field export_header_fields[] = {
    { MESH__ROW("envName", STRING, NOTED), .oneof = "header_value",
      .bounds = "oneof header_value (value|envName)" },
    { MESH__ROW("name", STRING, NOTED), .bounds = "required" },
    { MESH__ROW("value", STRING, NOTED), .oneof = "header_value",
      .bounds = "oneof header_value (value|envName)" },
};

static const struct mesh_message export_header_message = {
    .name = "export_header",
    MESH__FIELDS(export_header_fields),
};

static const struct mesh_field http_exporter_fields[] = {
    { MESH__ROW("headers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &export_header_message, .default_value = "none" },
    { MESH__ROW("path", STRING, NOTED), .bounds = "required" },
    { MESH__ROW("timeout", DURATION, NOTED), .default_value = "3s" },
};

static const struct mesh_message http_exporter_message = {
    .name = "http_exporter",
    MESH__FIELDS(http_exporter_fields),
};

static const struct mesh_field dynatrace_http_fields[] = {
    { MESH__ROW("http", MESSAGE, NOTED), .message = &http_exporter_message,
      .bounds = "required" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message dynatrace_http_message = {
    .name = "dynatrace_http",
    MESH__FIELDS(dynatrace_http_fields),
};

static const struct mesh_field dynatrace_sampler_fields[] = {
    { MESH__ROW("clusterId", INT32, NOTED), .bounds = "required" },
    { MESH__ROW("httpService", MESSAGE, NOTED),
      .message = &dynatrace_http_message,
      .default_value = "exporter settings" },
    { MESH__ROW("rootSpansPerMinute", UINT32, NOTED), .default_value = "1000" },
    { MESH__ROW("tenant", STRING, NOTED), .bounds = "required" },
};

static const struct mesh_message dynatrace_sampler_message = {
    .name = "dynatrace_sampler",
    MESH__FIELDS(dynatrace_sampler_fields),
};

static const struct mesh_field grpc_exporter_fields[] = {
    { MESH__ROW("initialMetadata", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &export_header_message, .default_value = "none" },
    { MESH__ROW("timeout", DURATION, NOTED), .default_value = "none" },
};

static const struct mesh_message grpc_exporter_message = {
    .name = "grpc_exporter",
    MESH__FIELDS(grpc_exporter_fields),
};

static const struct mesh_field resource_detectors_fields[] = {
    { MESH__ROW("dynatrace", MESSAGE, NOTED), .message = &mesh__empty_message,
      .default_value = "off" },
    { MESH__ROW("environment", MESSAGE, NOTED), .message = &mesh__empty_message,
      .default_value = "off" },
};

static const struct mesh_message resource_detectors_message = {
    .name = "resource_detectors",
    MESH__FIELDS(resource_detectors_fields),
};

static const struct mesh_value service_attribute_enrichment_values[] = {
    MESH__VALUE("ISTIO_CANONICAL"),
    MESH__VALUE("OTEL_SEMANTIC_CONVENTIONS"),
    { 0 },
};

static const struct mesh_field otel_provider_fields[] = {
    { MESH__ROW("dynatraceSampler", MESSAGE, NOTED),
      .message = &dynatrace_sampler_message, .oneof = "sampling",
      .default_value = "none", .bounds = "oneof sampling (dynatraceSampler)" },
    { MESH__ROW("grpc", MESSAGE, NOTED), .message = &grpc_exporter_message },
    { MESH__ROW("http", MESSAGE, NOTED), .message = &http_exporter_message,
      .default_value = "unset = gRPC export" },
    { MESH__ROW("maxTagLength", UINT32, NOTED), .default_value = "256" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("resourceDetectors", MESSAGE, NOTED),
      .message = &resource_detectors_message, .default_value = "none" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
    { MESH__ROW("serviceAttributeEnrichment", ENUM, NOTED),
      .values = service_attribute_enrichment_values,
      .default_value = "ISTIO_CANONICAL" },
};

static const struct mesh_message otel_provider_message = {
    .name = "otel_provider",
    MESH__FIELDS(otel_provider_fields),
};

static const struct mesh_field sds_provider_fields[] = {
    { MESH__ROW("name", STRING, NOTED), .bounds = "required" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message sds_provider_message = {
    .name = "sds_provider",
    MESH__FIELDS(sds_provider_fields),
};

static const struct mesh_field skywalking_provider_fields[] = {
    { MESH__ROW("accessToken", STRING, NOTED) },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
};

static const struct mesh_message skywalking_provider_message = {
    .name = "skywalking_provider",
    MESH__FIELDS(skywalking_provider_fields),
};

static const struct mesh_field stackdriver_logging_fields[] = {
    { MESH__ROW("labels", STRING, NOTED), .shape = MESH__MAP,
      .default_value = "none", .bounds = "CEL expressions" },
};

static const struct mesh_message stackdriver_logging_message = {
    .name = "stackdriver_logging",
    MESH__FIELDS(stackdriver_logging_fields),
};

static const struct mesh_field stackdriver_provider_fields[] = {
    { MESH__ROW("debug", BOOL, NOTED), .default_value = "false",
      .bounds = "deprecated" },
    { MESH__ROW("logging", MESSAGE, NOTED),
      .message = &stackdriver_logging_message },
    { MESH__ROW("maxNumberOfAnnotations", INT64, NOTED), .default_value = "200",
      .bounds = "deprecated" },
    { MESH__ROW("maxNumberOfAttributes", INT64, NOTED), .default_value = "200",
      .bounds = "deprecated" },
    { MESH__ROW("maxNumberOfMessageEvents", INT64, NOTED),
      .default_value = "200", .bounds = "deprecated" },
    { MESH__ROW("maxTagLength", UINT32, NOTED), .default_value = "256" },
};

static const struct mesh_message stackdriver_provider_message = {
    .name = "stackdriver_provider",
    MESH__FIELDS(stackdriver_provider_fields),
};

static const struct mesh_value trace_context_option_values[] = {
    MESH__VALUE("USE_B3"),
    MESH__VALUE("USE_B3_WITH_W3C_PROPAGATION"),
    { 0 },
};

static const struct mesh_field zipkin_provider_fields[] = {
    { MESH__ROW("enable64bitTraceId", BOOL, NOTED),
      .default_value = "false (128-bit)" },
    { MESH__ROW("headers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &export_header_message, .default_value = "none" },
    { MESH__ROW("maxTagLength", UINT32, NOTED), .default_value = "256" },
    { MESH__ROW("path", STRING, NOTED), .default_value = "/api/v2/spans" },
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535, required" },
    { MESH__ROW("service", STRING, NOTED),
      .bounds = "[namespace/]hostname, required" },
    { MESH__ROW("timeout", DURATION, NOTED), .default_value = "5s (Envoy)" },
    { MESH__ROW("traceContextOption", ENUM, NOTED),
      .values = trace_context_option_values, .default_value = "USE_B3" },
};

static const struct mesh_message zipkin_provider_message = {
    .name = "zipkin_provider",
    MESH__FIELDS(zipkin_provider_fields),
};

static const struct mesh_field provider_fields[] = {
    { MESH__ROW("datadog", MESSAGE, NOTED),
      .message = &datadog_provider_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("envoyExtAuthzGrpc", MESSAGE, NOTED),
      .message = &ext_authz_grpc_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("envoyExtAuthzHttp", MESSAGE, NOTED),
      .message = &ext_authz_http_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("envoyFileAccessLog", MESSAGE, NOTED),
      .message = &file_log_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("envoyHttpAls", MESSAGE, NOTED), .message = &http_als_message,
      .oneof = "provider", .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("envoyOtelAls", MESSAGE, NOTED), .message = &otel_als_message,
      .oneof = "provider", .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("envoyTcpAls", MESSAGE, NOTED), .message = &tcp_als_message,
      .oneof = "provider", .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("lightstep", MESSAGE, NOTED),
      .message = &lightstep_provider_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry); deprecated" },
    { MESH__ROW("name", STRING, NOTED), .bounds = "unique, required" },
    { MESH__ROW("opencensus", MESSAGE, NOTED),
      .message = &opencensus_provider_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry); deprecated" },
    { MESH__ROW("opentelemetry", MESSAGE, NOTED),
      .message = &otel_provider_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry); http and grpc exclude "
                "each other" },
    { MESH__ROW("prometheus", MESSAGE, NOTED), .message = &mesh__empty_message,
      .oneof = "provider", .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("sds", MESSAGE, NOTED), .message = &sds_provider_message,
      .oneof = "provider", .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("skywalking", MESSAGE, NOTED),
      .message = &skywalking_provider_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("stackdriver", MESSAGE, NOTED),
      .message = &stackdriver_provider_message, .oneof = "provider",
      .bounds = "oneof provider (one backend per entry)" },
    { MESH__ROW("zipkin", MESSAGE, NOTED), .message = &zipkin_provider_message,
      .oneof = "provider", .bounds = "oneof provider (one backend per entry)" },
};

const struct mesh_message mesh__provider_message = {
    .name = "provider",
    MESH__FIELDS(provider_fields),
};
