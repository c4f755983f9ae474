/*
 * mesh_proxy.c - defaultConfig of MeshConfig: the proxy's own settings.
 */
#include "schema/proto.h"

static const struct mesh_value mode_values[] = {
    MESH__VALUE("DISABLE"),
    MESH__VALUE("SIMPLE"),
    MESH__VALUE("MUTUAL"),
    MESH__VALUE("ISTIO_MUTUAL"),
    { 0 },
};

static const struct mesh_field settings_tls_fields[] = {
    { MESH__ROW("caCertificates", STRING, NOTED),
      .default_value = "OS trust store" },
    { MESH__ROW("caCrl", STRING, NOTED) },
    { MESH__ROW("clientCertificate", STRING, NOTED), .bounds = "MUTUAL only" },
    { MESH__ROW("credentialName", STRING, NOTED) },
    { MESH__ROW("insecureSkipVerify", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("mode", ENUM, NOTED), .values = mode_values,
      .default_value = "DISABLE" },
    { MESH__ROW("privateKey", STRING, NOTED), .bounds = "MUTUAL only" },
    { MESH__ROW("sni", STRING, NOTED), .default_value = "none" },
    { MESH__ROW("subjectAltNames", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "exact values" },
};

const struct mesh_message mesh__settings_tls_message = {
    .name = "settings_tls",
    MESH__FIELDS(settings_tls_fields),
};

static const struct mesh_value http_headers_with_underscores_action_values[] = {
    MESH__VALUE("HEADERS_WITH_UNDERSCORES_UNSPECIFIED"),
    MESH__VALUE("HEADERS_WITH_UNDERSCORES_ALLOW"),
    MESH__VALUE("HEADERS_WITH_UNDERSCORES_REJECT_REQUEST"),
    MESH__VALUE("HEADERS_WITH_UNDERSCORES_DROP_HEADER"),
    { 0 },
};

static const struct mesh_value
    http_path_with_escaped_slashes_action_values[] = {
        MESH__VALUE("PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED"),
        MESH__VALUE("KEEP_UNCHANGED"),
        MESH__VALUE("REJECT_REQUEST"),
        MESH__VALUE("UNESCAPE_AND_REDIRECT"),
        MESH__VALUE("UNESCAPE_AND_FORWARD"),
        { 0 },
    };

static const struct mesh_value profile_values[] = {
    MESH__VALUE("SIDECAR"),
    MESH__VALUE("EDGE"),
    { 0 },
};

static const struct mesh_field connection_settings_fields[] = {
    { MESH__ROW("clusterPerConnectionBufferLimitBytes", INT32, NOTED),
      MESH__RANGE(0, 0), .firm = true,
      .default_value = "Envoy 1 MiB; EDGE 32768" },
    { MESH__ROW("globalDownstreamConnectionLimit", INT32, NOTED),
      MESH__RANGE(1, 0), .firm = true, .default_value = "unlimited" },
    { MESH__ROW("http2InitialConnectionWindowSize", INT32, NOTED),
      MESH__RANGE(65535, 2147483647), .firm = true,
      .default_value = "Envoy default; EDGE 1048576",
      .bounds = "65535-2147483647" },
    { MESH__ROW("http2InitialStreamWindowSize", INT32, NOTED),
      MESH__RANGE(65535, 2147483647), .firm = true,
      .default_value = "Envoy default; EDGE 65536",
      .bounds = "65535-2147483647" },
    { MESH__ROW("httpDrainTimeout", DURATION, NOTED),
      .check = mesh__check_not_negative, .firm = true,
      .default_value = "5s (Envoy)" },
    { MESH__ROW("httpHeadersWithUnderscoresAction", ENUM, NOTED),
      .values = http_headers_with_underscores_action_values,
      .default_value = "ALLOW; EDGE REJECT_REQUEST" },
    { MESH__ROW("httpIdleTimeout", DURATION, NOTED),
      .check = mesh__check_not_negative, .firm = true,
      .default_value = "1h (Envoy); EDGE 1h" },
    { MESH__ROW("httpMaxConcurrentStreams", INT32, NOTED), MESH__RANGE(1, 0),
      .firm = true, .default_value = "Envoy default; EDGE 100" },
    { MESH__ROW("httpMaxConnectionDuration", DURATION, NOTED),
      .check = mesh__check_not_negative, .firm = true,
      .default_value = "unlimited" },
    { MESH__ROW("httpMaxStreamDuration", DURATION, NOTED),
      .check = mesh__check_not_negative, .firm = true,
      .default_value = "unlimited" },
    { MESH__ROW("httpMergeSlashes", BOOL, NOTED),
      .default_value = "pathNormalization decides; EDGE true" },
    { MESH__ROW("httpPathWithEscapedSlashesAction", ENUM, NOTED),
      .values = http_path_with_escaped_slashes_action_values,
      .default_value =
          "pathNormalization decides; EDGE UNESCAPE_AND_REDIRECT" },
    { MESH__ROW("httpRequestHeadersTimeout", DURATION, NOTED),
      .check = mesh__check_not_negative, .firm = true, .default_value = "off" },
    { MESH__ROW("httpRequestTimeout", DURATION, NOTED),
      .check = mesh__check_not_negative, .firm = true,
      .default_value = "off; EDGE 5m" },
    { MESH__ROW("httpStreamIdleTimeout", DURATION, NOTED),
      .check = mesh__check_not_negative, .firm = true,
      .default_value = "0s (off); EDGE 5m" },
    { MESH__ROW("listenerConnectionLimit", INT32, NOTED), MESH__RANGE(1, 0),
      .firm = true, .default_value = "unlimited" },
    { MESH__ROW("listenerPerConnectionBufferLimitBytes", INT32, NOTED),
      MESH__RANGE(0, 0), .firm = true,
      .default_value = "Envoy 1 MiB; EDGE 32768" },
    { MESH__ROW("profile", ENUM, NOTED), .values = profile_values,
      .default_value = "SIDECAR" },
};

static const struct mesh_message connection_settings_message = {
    .name = "connection_settings",
    MESH__FIELDS(connection_settings_fields),
};

static const struct mesh_field settings_keepalive_fields[] = {
    { MESH__ROW("interval", DURATION, ENFORCED),
      MESH__PUT(struct mesh_tcp_keepalive, interval_ns), MESH__RANGE(1e6, 0),
      .default_value = "OS default (75s on Linux)" },
    { MESH__ROW("probes", UINT32, ENFORCED),
      MESH__PUT(struct mesh_tcp_keepalive, probes),
      .default_value = "OS default (9 on Linux)" },
    { MESH__ROW("time", DURATION, ENFORCED),
      MESH__PUT(struct mesh_tcp_keepalive, time_ns), MESH__RANGE(1e6, 0),
      .default_value = "OS default (7200s on Linux)" },
};

const struct mesh_message mesh__settings_keepalive_message = {
    .name = "settings_keepalive",
    MESH__FIELDS(settings_keepalive_fields),
    .set = MESH__AT(struct mesh_tcp_keepalive, set),
    .check = mesh__check_keepalive,
};

static const struct mesh_field remote_service_fields[] = {
    { MESH__ROW("address", STRING, NOTED), .check = mesh__check_some_address,
      .firm = true, .bounds = "host:port" },
    { MESH__ROW("tcpKeepalive", MESSAGE, NOTED),
      .message = &mesh__settings_keepalive_message, .default_value = "off" },
    { MESH__ROW("tlsSettings", MESSAGE, NOTED),
      .message = &mesh__settings_tls_message, .default_value = "DISABLE" },
};

static const struct mesh_message remote_service_message = {
    .name = "remote_service",
    MESH__FIELDS(remote_service_fields),
};

static const struct mesh_value forward_client_cert_details_values[] = {
    MESH__VALUE("UNDEFINED"),
    MESH__VALUE("SANITIZE"),
    MESH__VALUE("FORWARD_ONLY"),
    MESH__VALUE("APPEND_FORWARD"),
    MESH__VALUE("SANITIZE_SET"),
    MESH__VALUE("ALWAYS_FORWARD_ONLY"),
    { 0 },
};

static const struct mesh_field gateway_topology_fields[] = {
    { MESH__ROW("forwardClientCertDetails", ENUM, NOTED),
      .values = forward_client_cert_details_values,
      .default_value = "UNDEFINED (SANITIZE_SET at gateways)" },
    { MESH__ROW("numTrustedProxies", UINT32, NOTED), .default_value = "0" },
    { MESH__ROW("proxyProtocol", MESSAGE, NOTED),
      .message = &mesh__empty_message, .default_value = "off" },
};

static const struct mesh_message gateway_topology_message = {
    .name = "gateway_topology",
    MESH__FIELDS(gateway_topology_fields),
};

static const struct mesh_field key_provider_fields[] = {
    { MESH__ROW("fallback", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("pollDelay", DURATION, NOTED), .bounds = "required, >=1ms" },
};

static const struct mesh_message key_provider_message = {
    .name = "key_provider",
    MESH__FIELDS(key_provider_fields),
};

static const struct mesh_field private_key_provider_fields[] = {
    { MESH__ROW("cryptomb", MESSAGE, NOTED), .message = &key_provider_message,
      .oneof = "provider", .bounds = "oneof provider (cryptomb|qat)" },
    { MESH__ROW("qat", MESSAGE, NOTED), .message = &key_provider_message,
      .oneof = "provider", .bounds = "oneof provider (cryptomb|qat)" },
};

static const struct mesh_message private_key_provider_message = {
    .name = "private_key_provider",
    MESH__FIELDS(private_key_provider_fields),
    .check = mesh__check_key_provider,
};

static const struct mesh_field disabled_header_fields[] = {
    { MESH__ROW("disabled", BOOL, NOTED), .default_value = "false" },
};

static const struct mesh_message disabled_header_message = {
    .name = "disabled_header",
    MESH__FIELDS(disabled_header_fields),
};

static const struct mesh_value mode2_values[] = {
    MESH__VALUE("UNDEFINED"),
    MESH__VALUE("IN_MESH"),
    { 0 },
};

static const struct mesh_field exchange_headers_fields[] = {
    { MESH__ROW("mode", ENUM, NOTED), .values = mode2_values,
      .default_value = "UNDEFINED (always sent)" },
};

static const struct mesh_message exchange_headers_message = {
    .name = "exchange_headers",
    MESH__FIELDS(exchange_headers_fields),
};

static const struct mesh_field server_header_fields[] = {
    { MESH__ROW("disabled", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("value", STRING, NOTED), .default_value = "istio-envoy",
      .bounds = "disabled wins" },
};

static const struct mesh_message server_header_message = {
    .name = "server_header",
    MESH__FIELDS(server_header_fields),
};

static const struct mesh_field cert_details_fields[] = {
    { MESH__ROW("cert", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("chain", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("dns", BOOL, NOTED), .default_value = "true" },
    { MESH__ROW("subject", BOOL, NOTED), .default_value = "true" },
    { MESH__ROW("uri", BOOL, NOTED), .default_value = "true" },
};

static const struct mesh_message cert_details_message = {
    .name = "cert_details",
    MESH__FIELDS(cert_details_fields),
};

static const struct mesh_field enabled_header_fields[] = {
    { MESH__ROW("enabled", BOOL, NOTED), .default_value = "false" },
};

static const struct mesh_message enabled_header_message = {
    .name = "enabled_header",
    MESH__FIELDS(enabled_header_fields),
};

static const struct mesh_field proxy_headers_fields[] = {
    { MESH__ROW("attemptCount", MESSAGE, NOTED),
      .message = &disabled_header_message, .default_value = "on" },
    { MESH__ROW("envoyDebugHeaders", MESSAGE, NOTED),
      .message = &disabled_header_message, .default_value = "on" },
    { MESH__ROW("forwardedClientCert", ENUM, NOTED),
      .values = forward_client_cert_details_values,
      .default_value =
          "UNDEFINED (APPEND_FORWARD sidecar, SANITIZE_SET gateway)" },
    { MESH__ROW("metadataExchangeHeaders", MESSAGE, NOTED),
      .message = &exchange_headers_message, .default_value = "always" },
    { MESH__ROW("preserveHttp1HeaderCase", BOOL, NOTED),
      .default_value = "false" },
    { MESH__ROW("requestId", MESSAGE, NOTED),
      .message = &disabled_header_message, .default_value = "on" },
    { MESH__ROW("server", MESSAGE, NOTED), .message = &server_header_message,
      .default_value = "istio-envoy" },
    { MESH__ROW("setCurrentClientCertDetails", MESSAGE, NOTED),
      .message = &cert_details_message,
      .default_value = "subject, dns and uri on" },
    { MESH__ROW("xForwardedHost", MESSAGE, NOTED),
      .message = &enabled_header_message, .default_value = "off" },
    { MESH__ROW("xForwardedPort", MESSAGE, NOTED),
      .message = &enabled_header_message, .default_value = "off" },
};

static const struct mesh_message proxy_headers_message = {
    .name = "proxy_headers",
    MESH__FIELDS(proxy_headers_fields),
};

static const struct mesh_field proxy_stats_matcher_fields[] = {
    { MESH__ROW("inclusionPrefixes", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none" },
    { MESH__ROW("inclusionRegexps", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "RE2" },
    { MESH__ROW("inclusionSuffixes", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none" },
};

static const struct mesh_message proxy_stats_matcher_message = {
    .name = "proxy_stats_matcher",
    MESH__FIELDS(proxy_stats_matcher_fields),
};

static const struct mesh_field exec_probe_fields[] = {
    { MESH__ROW("command", STRING, NOTED), .shape = MESH__LIST,
      .required = true, .min_len = 1, .bounds = "not empty" },
};

static const struct mesh_message exec_probe_message = {
    .name = "exec_probe",
    MESH__FIELDS(exec_probe_fields),
};

static const struct mesh_field probe_header_fields[] = {
    { MESH__ROW("name", STRING, NOTED), .bounds = "header name" },
    { MESH__ROW("value", STRING, NOTED) },
};

static const struct mesh_message probe_header_message = {
    .name = "probe_header",
    MESH__FIELDS(probe_header_fields),
};

static const struct mesh_field http_probe_fields[] = {
    { MESH__ROW("host", STRING, NOTED), .default_value = "workload address" },
    { MESH__ROW("httpHeaders", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &probe_header_message, .default_value = "none" },
    { MESH__ROW("path", STRING, NOTED), .default_value = "/" },
    { MESH__ROW("port", UINT32, NOTED), .required = true, MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
    { MESH__ROW("scheme", STRING, NOTED), .default_value = "HTTP",
      .bounds = "http or https" },
};

static const struct mesh_message http_probe_message = {
    .name = "http_probe",
    MESH__FIELDS(http_probe_fields),
};

static const struct mesh_field readiness_probe_fields[] = {
    { MESH__ROW("exec", MESSAGE, NOTED), .message = &exec_probe_message,
      .oneof = "health_check_method",
      .bounds = "oneof health_check_method (httpGet|tcpSocket|exec|grpc)" },
    { MESH__ROW("failureThreshold", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "1 in agent code (documented as 3)", .bounds = ">=0" },
    { MESH__ROW("grpc", MESSAGE, NOTED), .message = &mesh__grpc_probe_message,
      .oneof = "health_check_method",
      .bounds = "oneof health_check_method (httpGet|tcpSocket|exec|grpc)" },
    { MESH__ROW("httpGet", MESSAGE, NOTED), .message = &http_probe_message,
      .oneof = "health_check_method",
      .bounds = "oneof health_check_method (httpGet|tcpSocket|exec|grpc)" },
    { MESH__ROW("initialDelaySeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "0", .bounds = ">=0" },
    { MESH__ROW("periodSeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "10", .bounds = ">=0" },
    { MESH__ROW("successThreshold", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "1", .bounds = ">=0" },
    { MESH__ROW("tcpSocket", MESSAGE, NOTED),
      .message = &mesh__tcp_probe_message, .oneof = "health_check_method",
      .bounds = "oneof health_check_method (httpGet|tcpSocket|exec|grpc)" },
    { MESH__ROW("timeoutSeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "1", .bounds = ">=0" },
};

static const struct mesh_message readiness_probe_message = {
    .name = "readiness_probe",
    MESH__FIELDS(readiness_probe_fields),
};

static const struct mesh_field sds_fields[] = {
    { MESH__ROW("enabled", BOOL, NOTED), .bounds = "deprecated" },
    { MESH__ROW("k8sSaJwtPath", STRING, NOTED), .bounds = "deprecated" },
};

static const struct mesh_message sds_message = {
    .name = "sds",
    MESH__FIELDS(sds_fields),
};

static const struct mesh_field tag_source_fields[] = {
    { MESH__ROW("defaultValue", STRING, NOTED),
      .default_value = "tag omitted" },
    { MESH__ROW("name", STRING, NOTED), .min_len = 1, .bounds = "not empty" },
};

static const struct mesh_message tag_source_message = {
    .name = "tag_source",
    MESH__FIELDS(tag_source_fields),
};

static const struct mesh_field tag_literal_fields[] = {
    { MESH__ROW("value", STRING, NOTED), .min_len = 1, .bounds = "not empty" },
};

static const struct mesh_message tag_literal_message = {
    .name = "tag_literal",
    MESH__FIELDS(tag_literal_fields),
};

static const struct mesh_field tracing_tag_fields[] = {
    { MESH__ROW("environment", MESSAGE, NOTED), .message = &tag_source_message,
      .oneof = "type", .bounds = "oneof type (literal|environment|header)" },
    { MESH__ROW("header", MESSAGE, NOTED), .message = &tag_source_message,
      .oneof = "type", .bounds = "oneof type (literal|environment|header)" },
    { MESH__ROW("literal", MESSAGE, NOTED), .message = &tag_literal_message,
      .oneof = "type", .bounds = "oneof type (literal|environment|header)" },
};

static const struct mesh_message tracing_tag_message = {
    .name = "tracing_tag",
    MESH__FIELDS(tracing_tag_fields),
};

static const struct mesh_field tracer_fields[] = {
    { MESH__ROW("address", STRING, NOTED), .bounds = "host:port" },
};

static const struct mesh_message tracer_message = {
    .name = "tracer",
    MESH__FIELDS(tracer_fields),
};

static const struct mesh_field lightstep_tracer_fields[] = {
    { MESH__ROW("accessToken", STRING, NOTED),
      .bounds = "required with lightstep" },
    { MESH__ROW("address", STRING, NOTED), .bounds = "host:port" },
};

static const struct mesh_message lightstep_tracer_message = {
    .name = "lightstep_tracer",
    MESH__FIELDS(lightstep_tracer_fields),
};

static const struct mesh_value context_values[] = {
    MESH__VALUE("UNSPECIFIED"), MESH__VALUE("W3C_TRACE_CONTEXT"),
    MESH__VALUE("GRPC_BIN"),    MESH__VALUE("CLOUD_TRACE_CONTEXT"),
    MESH__VALUE("B3"),          { 0 },
};

static const struct mesh_field opencensus_tracer_fields[] = {
    { MESH__ROW("address", STRING, NOTED) },
    { MESH__ROW("context", ENUM, NOTED), .shape = MESH__LIST,
      .values = context_values, .default_value = "[W3C_TRACE_CONTEXT]" },
};

static const struct mesh_message opencensus_tracer_message = {
    .name = "opencensus_tracer",
    MESH__FIELDS(opencensus_tracer_fields),
};

/* What is in defaultConfig is written as JSON once more, by way of a double. */
#define THROUGH_DOUBLE                                                         \
    MESH__RANGE(-9223372036854774784.0, 9223372036854774784.0), .firm = true

static const struct mesh_field stackdriver_tracer_fields[] = {
    { MESH__ROW("debug", BOOL, NOTED), .default_value = "false" },
    { MESH__ROW("maxNumberOfAnnotations", INT64, NOTED), THROUGH_DOUBLE,
      .default_value = "200" },
    { MESH__ROW("maxNumberOfAttributes", INT64, NOTED), THROUGH_DOUBLE,
      .default_value = "200" },
    { MESH__ROW("maxNumberOfMessageEvents", INT64, NOTED), THROUGH_DOUBLE,
      .default_value = "200" },
};

static const struct mesh_message stackdriver_tracer_message = {
    .name = "stackdriver_tracer",
    MESH__FIELDS(stackdriver_tracer_fields),
};

static const struct mesh_field tracing_fields[] = {
    { MESH__ROW("customTags", MESSAGE, NOTED), .shape = MESH__MAP,
      .message = &tracing_tag_message, .default_value = "none",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
    { MESH__ROW("datadog", MESSAGE, NOTED), .message = &tracer_message,
      .oneof = "tracer", .bounds = "oneof tracer (one backend per entry)",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
    { MESH__ROW("enableIstioTags", BOOL, NOTED), .default_value = "true",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
    { MESH__ROW("lightstep", MESSAGE, NOTED),
      .message = &lightstep_tracer_message, .oneof = "tracer",
      .bounds = "oneof tracer (one backend per entry); deprecated backend",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
    { MESH__ROW("maxPathTagLength", UINT32, NOTED), .default_value = "256",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
    { MESH__ROW("openCensusAgent", MESSAGE, NOTED),
      .message = &opencensus_tracer_message, .oneof = "tracer",
      .bounds = "oneof tracer (one backend per entry)",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
    { MESH__ROW("sampling", DOUBLE, ENFORCED),
      MESH__PUT_HAS(struct mesh_mesh_config, sampling, has_sampling),
      MESH__RANGE(0, 100),
      .default_value = "1.0 (percent); 0 counts as unset, >100 as 1.0",
      .bounds = "0-100" },
    { MESH__ROW("stackdriver", MESSAGE, NOTED),
      .message = &stackdriver_tracer_message, .oneof = "tracer",
      .bounds = "oneof tracer (one backend per entry)",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
    { MESH__ROW("tlsSettings", MESSAGE, NOTED),
      .message = &mesh__settings_tls_message, .default_value = "DISABLE",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
    { MESH__ROW("zipkin", MESSAGE, NOTED), .message = &tracer_message,
      .oneof = "tracer", .bounds = "oneof tracer (one backend per entry)",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT" },
};

static const struct mesh_message tracing_message = {
    .name = "tracing",
    MESH__FIELDS(tracing_fields),
    .check = mesh__check_tracing,
};

static const struct mesh_value control_plane_auth_policy_values[] = {
    MESH__VALUE("NONE"),
    MESH__VALUE("MUTUAL_TLS"),
    MESH__VALUE("INHERIT"),
    { 0 },
};

static const struct mesh_value interception_mode_values[] = {
    MESH__VALUE("REDIRECT"),
    MESH__VALUE("TPROXY"),
    MESH__VALUE("NONE"),
    { 0 },
};

static const struct mesh_value tracing_service_name_values[] = {
    MESH__VALUE("APP_LABEL_AND_NAMESPACE"),
    MESH__VALUE("CANONICAL_NAME_ONLY"),
    MESH__VALUE("CANONICAL_NAME_AND_NAMESPACE"),
    { 0 },
};

static const struct mesh_field default_config_fields[] = {
    { MESH__ROW("availabilityZone", STRING, NOTED), .default_value = "\"\"",
      .bounds = "deprecated",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("binaryPath", STRING, NOTED), .min_len = 1, .firm = true,
      .default_value = "/usr/local/bin/envoy", .bounds = "not empty",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("caCertificatesPem", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "PEM",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("concurrency", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "unset = from CPU limit or cores",
      .bounds = ">=0; 0 = all cores",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("configPath", STRING, NOTED), .min_len = 1, .firm = true,
      .default_value = "./etc/istio/proxy", .bounds = "not empty",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("connectionSettings", MESSAGE, NOTED),
      .message = &connection_settings_message,
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("controlPlaneAuthPolicy", ENUM, NOTED),
      .values = control_plane_auth_policy_values, .default_value = "MUTUAL_TLS",
      .bounds = "NONE or MUTUAL_TLS",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("customConfigFile", STRING, NOTED), .default_value = "\"\"",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("discoveryAddress", STRING, NOTED),
      .check = mesh__check_address, .firm = true,
      .default_value = "istiod.istio-system.svc:15012", .bounds = "host:port",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("discoveryRefreshDelay", DURATION, NOTED),
      .default_value = "unset", .bounds = "deprecated",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("drainDuration", DURATION, NOTED),
      .check = mesh__check_whole_seconds, .firm = true, .default_value = "45s",
      .bounds = "whole seconds, >=1s",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("envoyAccessLogService", MESSAGE, NOTED),
      .message = &remote_service_message, .default_value = "off",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("envoyMetricsService", MESSAGE, NOTED),
      .message = &remote_service_message, .default_value = "off",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("envoyMetricsServiceAddress", STRING, NOTED),
      .check = mesh__check_some_address, .firm = true, .default_value = "\"\"",
      .bounds = "deprecated",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("extraStatTags", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "deprecated",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("fileFlushInterval", DURATION, NOTED), .default_value = "1s",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("fileFlushMinSizeKb", UINT32, NOTED), .default_value = "64",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("gatewayTopology", MESSAGE, NOTED),
      .message = &gateway_topology_message,
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("holdApplicationUntilProxyStarts", BOOL, NOTED),
      .default_value = "false",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("image", MESSAGE, NOTED), .message = &mesh__image_message,
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("interceptionMode", ENUM, NOTED),
      .values = interception_mode_values, .default_value = "REDIRECT",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("meshId", STRING, NOTED),
      .default_value = "trust domain name when unset",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("privateKeyProvider", MESSAGE, NOTED),
      .message = &private_key_provider_message, .default_value = "none",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("proxyAdminPort", INT32, NOTED), MESH__RANGE(1, 65535),
      .firm = true, .default_value = "15000", .bounds = "1-65535",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("proxyBootstrapTemplatePath", STRING, NOTED),
      .default_value = "\"\"",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("proxyHeaders", MESSAGE, NOTED),
      .message = &proxy_headers_message,
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("proxyMetadata", STRING, NOTED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_mesh_config, judged.proxy_metadata), MESH__JUDGED,
      .default_value = "none", .bounds = "merged key by key",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("proxyStatsMatcher", MESSAGE, NOTED),
      .message = &proxy_stats_matcher_message,
      .default_value = "small built-in set",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("readinessProbe", MESSAGE, NOTED),
      .message = &readiness_probe_message, .default_value = "none",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("runtimeValues", STRING, NOTED), .shape = MESH__MAP,
      .default_value = "none",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("sds", MESSAGE, NOTED), .message = &sds_message,
      .bounds = "deprecated",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("serviceCluster", STRING, NOTED), .oneof = "cluster_name",
      .min_len = 1, .firm = true, .default_value = "istio-proxy",
      .bounds =
          "oneof cluster_name (serviceCluster|tracingServiceName); not empty",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("statNameLength", INT32, NOTED), .default_value = "189",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("statsCompression", BOOL, NOTED), .default_value = "true",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("statsdUdpAddress", STRING, NOTED),
      .check = mesh__check_some_address, .firm = true, .default_value = "\"\"",
      .bounds = "host:port",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("statusPort", INT32, NOTED), MESH__RANGE(1, 65535),
      .firm = true, .default_value = "15020",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("terminationDrainDuration", DURATION, NOTED),
      .default_value = "5s",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("tracing", MESSAGE, ENFORCED), .message = &tracing_message,
      MESH__PUT_INTO_SAME,
      .default_value =
          "none (chart adds one when global.proxy.tracer is set)" },
    { MESH__ROW("tracingServiceName", ENUM, NOTED),
      .values = tracing_service_name_values, .oneof = "cluster_name",
      .default_value = "APP_LABEL_AND_NAMESPACE",
      .bounds = "oneof cluster_name (serviceCluster|tracingServiceName)",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("zipkinAddress", STRING, NOTED), .default_value = "\"\"",
      .bounds = "deprecated",
      .reason = "of the proxy process, and there is none" },
};

const struct mesh_message mesh__default_config_message = {
    .name = "default_config",
    MESH__FIELDS(default_config_fields),
    .check = mesh__check_default_config,
};
