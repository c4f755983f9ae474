/*
 * telemetry.c - Telemetry: checked, and noted as a whole.
 */
#include "schema/table.h"

static void check_telemetry(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    mesh__check_scope(reader, spot, node);
}

static void check_tag_override(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice operation = mesh__get_text(node, "operation");
    bool has_value = mesh__get_text(node, "value").len > 0;

    (void)into;
    if (mesh__slice_is(operation, "REMOVE") && has_value)
        mesh__reject(reader, spot, node->mark, "REMOVE takes no value");
    if (mesh__slice_is(operation, "UPSERT") && !has_value)
        mesh__reject(reader, spot, node->mark, "UPSERT needs a value");
}

static const struct mesh_field log_filter_fields[] = {
    { MESH__ROW("expression", STRING, NOTED), .bounds = "valid CEL" },
};

static const struct mesh_message log_filter_message = {
    .name = "log_filter",
    MESH__FIELDS(log_filter_fields),
};

static const struct mesh_value mode_values[] = {
    MESH__VALUE("CLIENT_AND_SERVER"),
    MESH__VALUE("CLIENT"),
    MESH__VALUE("SERVER"),
    { 0 },
};

static const struct mesh_field mode_match_fields[] = {
    { MESH__ROW("mode", ENUM, NOTED), .values = mode_values,
      .default_value = "CLIENT_AND_SERVER" },
};

static const struct mesh_message mode_match_message = {
    .name = "mode_match",
    MESH__FIELDS(mode_match_fields),
};

static const struct mesh_field provider_ref_fields[] = {
    { MESH__ROW("name", STRING, NOTED), .required = true, .min_len = 1,
      .bounds = "min length 1; must be in MeshConfig.extensionProviders" },
};

static const struct mesh_message provider_ref_message = {
    .name = "provider_ref",
    MESH__FIELDS(provider_ref_fields),
};

static const struct mesh_field access_logging_fields[] = {
    { MESH__ROW("disabled", BOOL, NOTED), .nullable = true,
      .default_value = "false" },
    { MESH__ROW("filter", MESSAGE, NOTED), .message = &log_filter_message,
      .default_value = "log everything" },
    { MESH__ROW("match", MESSAGE, NOTED), .message = &mode_match_message,
      .default_value = "CLIENT_AND_SERVER" },
    { MESH__ROW("providers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &provider_ref_message,
      .default_value =
          "inherited, else MeshConfig.defaultProviders.accessLogging" },
};

static const struct mesh_message access_logging_message = {
    .name = "access_logging",
    MESH__FIELDS(access_logging_fields),
};

static const struct mesh_value metric_values[] = {
    MESH__VALUE("ALL_METRICS"),
    MESH__VALUE("REQUEST_COUNT"),
    MESH__VALUE("REQUEST_DURATION"),
    MESH__VALUE("REQUEST_SIZE"),
    MESH__VALUE("RESPONSE_SIZE"),
    MESH__VALUE("TCP_OPENED_CONNECTIONS"),
    MESH__VALUE("TCP_CLOSED_CONNECTIONS"),
    MESH__VALUE("TCP_SENT_BYTES"),
    MESH__VALUE("TCP_RECEIVED_BYTES"),
    MESH__VALUE("GRPC_REQUEST_MESSAGES"),
    MESH__VALUE("GRPC_RESPONSE_MESSAGES"),
    { 0 },
};

static const struct mesh_field metric_match_fields[] = {
    { MESH__ROW("customMetric", STRING, NOTED), .min_len = 1,
      .oneof = "metric_match",
      .bounds = "min length 1; oneof metric_match (metric|customMetric)" },
    { MESH__ROW("metric", ENUM, NOTED), .values = metric_values,
      .oneof = "metric_match", .default_value = "ALL_METRICS",
      .bounds = "oneof metric_match (metric|customMetric)" },
    { MESH__ROW("mode", ENUM, NOTED), .values = mode_values,
      .default_value = "CLIENT_AND_SERVER" },
};

static const struct mesh_message metric_match_message = {
    .name = "metric_match",
    MESH__FIELDS(metric_match_fields),
};

static const struct mesh_value operation_values[] = {
    MESH__VALUE("UPSERT"),
    MESH__VALUE("REMOVE"),
    { 0 },
};

static const struct mesh_field tag_override_fields[] = {
    { MESH__ROW("operation", ENUM, NOTED), .values = operation_values,
      .default_value = "UPSERT" },
    { MESH__ROW("value", STRING, NOTED),
      .bounds = "required with UPSERT, forbidden with REMOVE" },
};

static const struct mesh_message tag_override_message = {
    .name = "tag_override",
    MESH__FIELDS(tag_override_fields),
    .check = check_tag_override,
};

static const struct mesh_field metric_override_fields[] = {
    { MESH__ROW("disabled", BOOL, NOTED), .nullable = true,
      .default_value = "inherited (false)" },
    { MESH__ROW("match", MESSAGE, NOTED), .message = &metric_match_message,
      .default_value = "all metrics, both roles" },
    { MESH__ROW("tagOverrides", MESSAGE, NOTED), .shape = MESH__MAP,
      .message = &tag_override_message,
      .bounds = "value required with UPSERT; value forbidden with REMOVE; "
                "keyed by tag name" },
};

static const struct mesh_message metric_override_message = {
    .name = "metric_override",
    MESH__FIELDS(metric_override_fields),
};

static const struct mesh_field metrics_fields[] = {
    { MESH__ROW("overrides", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &metric_override_message },
    { MESH__ROW("providers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &provider_ref_message,
      .default_value = "inherited, else MeshConfig.defaultProviders.metrics" },
    { MESH__ROW("reportingInterval", DURATION, NOTED), MESH__RANGE(1e6, 0),
      .default_value = "5s", .bounds = "duration >= 1ms" },
};

static const struct mesh_message metrics_message = {
    .name = "metrics",
    MESH__FIELDS(metrics_fields),
};

static const struct mesh_field telemetry_tag_source_fields[] = {
    { MESH__ROW("defaultValue", STRING, NOTED),
      .default_value = "tag omitted" },
    { MESH__ROW("name", STRING, NOTED), .required = true, .min_len = 1,
      .bounds = "min length 1" },
};

static const struct mesh_message telemetry_tag_source_message = {
    .name = "telemetry_tag_source",
    MESH__FIELDS(telemetry_tag_source_fields),
};

static const struct mesh_field telemetry_tag_text_fields[] = {
    { MESH__ROW("value", STRING, NOTED), .required = true, .min_len = 1,
      .bounds = "min length 1" },
};

static const struct mesh_message telemetry_tag_text_message = {
    .name = "telemetry_tag_text",
    MESH__FIELDS(telemetry_tag_text_fields),
};

static const struct mesh_field telemetry_tag_fields[] = {
    { MESH__ROW("environment", MESSAGE, NOTED),
      .message = &telemetry_tag_source_message, .oneof = "type",
      .bounds = "oneof type (literal|environment|header|formatter)" },
    { MESH__ROW("formatter", MESSAGE, NOTED),
      .message = &telemetry_tag_text_message, .oneof = "type",
      .bounds = "oneof type (literal|environment|header|formatter)" },
    { MESH__ROW("header", MESSAGE, NOTED),
      .message = &telemetry_tag_source_message, .oneof = "type",
      .bounds = "oneof type (literal|environment|header|formatter)" },
    { MESH__ROW("literal", MESSAGE, NOTED),
      .message = &telemetry_tag_text_message, .oneof = "type",
      .bounds = "oneof type (literal|environment|header|formatter)" },
};

static const struct mesh_message telemetry_tag_message = {
    .name = "telemetry_tag",
    MESH__FIELDS(telemetry_tag_fields),
};

static const struct mesh_field telemetry_tracing_fields[] = {
    { MESH__ROW("customTags", MESSAGE, NOTED), .shape = MESH__MAP,
      .message = &telemetry_tag_message, .default_value = "inherited",
      .bounds = "replaces the parent map whole" },
    { MESH__ROW("disableContextPropagation", BOOL, NOTED), .nullable = true,
      .default_value = "false" },
    { MESH__ROW("disableSpanReporting", BOOL, NOTED), .nullable = true,
      .default_value = "false" },
    { MESH__ROW("enableIstioTags", BOOL, NOTED), .nullable = true,
      .default_value = "true" },
    { MESH__ROW("match", MESSAGE, NOTED), .message = &mode_match_message,
      .default_value = "CLIENT_AND_SERVER" },
    { MESH__ROW("providers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &provider_ref_message,
      .default_value = "inherited, else MeshConfig.defaultProviders.tracing",
      .bounds = "only the first is used" },
    { MESH__ROW("randomSamplingPercentage", DOUBLE, NOTED), .nullable = true,
      MESH__RANGE(0, 100),
      .default_value = "inherited, else defaultConfig.tracing.sampling, else 1",
      .bounds = "min 0; max 100" },
    { MESH__ROW("useRequestIdForTraceSampling", BOOL, NOTED), .nullable = true,
      .default_value = "true" },
};

static const struct mesh_message telemetry_tracing_message = {
    .name = "telemetry_tracing",
    MESH__FIELDS(telemetry_tracing_fields),
};

static const struct mesh_field telemetry_fields[] = {
    { MESH__ROW("accessLogging", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &access_logging_message },
    { MESH__ROW("metrics", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &metrics_message },
    { MESH__ROW("selector", MESSAGE, NOTED), .message = &mesh__selector_message,
      .default_value =
          "every workload of the namespace (whole mesh in root namespace)",
      .bounds = "validation warns when present without labels" },
    { MESH__ROW("targetRef", MESSAGE, NOTED),
      .message = &mesh__target_ref_message,
      .bounds = "mutually exclusive with selector and targetRefs" },
    { MESH__ROW("targetRefs", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &mesh__target_ref_message, .max_items = 16,
      .bounds = "max items 16; mutually exclusive with selector and targetRef; "
                "kinds Service/ServiceEntry/Gateway/GatewayClass only" },
    { MESH__ROW("tracing", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &telemetry_tracing_message,
      .bounds = "more than one entry warns" },
};

const struct mesh_message mesh__telemetry_message = {
    .name = "telemetry",
    MESH__FIELDS(telemetry_fields),
    .check = check_telemetry,
};
