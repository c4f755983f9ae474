/*
 * mesh_config.c - what holds for the whole mesh: MeshConfig.
 */
#include "schema/proto.h"

static void check_trust_domain(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node)
{
    struct mesh_slice name = node->text;

    if (name.len > 1 && name.at[name.len - 1] == '.')
        name.len--;
    if (!mesh__is_trust_domain(name))
        mesh__reject(reader, spot, node->mark,
                     "wanted a trust domain such as \"cluster.local\", found "
                     "\"%.80s\"",
                     node->text.at);
}

static void check_mesh_mtls(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *curves = mesh__get(node, "ecdhCurves");

    (void)into;
    if (curves && curves->count)
        mesh__reject(reader, spot, curves->mark,
                     "curves cannot be chosen for the mesh's own TLS");
}

static const struct mesh_field ca_fields[] = {
    { MESH__ROW("address", STRING, NOTED) },
    { MESH__ROW("istiodSide", BOOL, NOTED), .default_value = "true" },
    { MESH__ROW("requestTimeout", DURATION, NOTED), .default_value = "10s" },
    { MESH__ROW("tlsSettings", MESSAGE, NOTED),
      .message = &mesh__settings_tls_message, .default_value = "DISABLE" },
};

static const struct mesh_message ca_message = {
    .name = "ca",
    MESH__FIELDS(ca_fields),
};

static const struct mesh_field ca_certificate_fields[] = {
    { MESH__ROW("certSigners", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none" },
    { MESH__ROW("pem", STRING, NOTED), .oneof = "certificate_data",
      .bounds = "oneof certificate_data (pem|spiffeBundleUrl); PEM" },
    { MESH__ROW("spiffeBundleUrl", STRING, NOTED), .oneof = "certificate_data",
      .bounds = "oneof certificate_data (pem|spiffeBundleUrl)" },
    { MESH__ROW("trustDomains", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "mesh trust domain" },
};

static const struct mesh_message ca_certificate_message = {
    .name = "ca_certificate",
    MESH__FIELDS(ca_certificate_fields),
};

static const struct mesh_field certificate_fields[] = {
    { MESH__ROW("dnsNames", STRING, NOTED), .shape = MESH__LIST,
      .bounds = "deprecated" },
    { MESH__ROW("secretName", STRING, NOTED), .bounds = "deprecated" },
};

static const struct mesh_message certificate_message = {
    .name = "certificate",
    MESH__FIELDS(certificate_fields),
};

static const struct mesh_value subscribed_resources_values[] = {
    MESH__VALUE("SERVICE_REGISTRY"),
    { 0 },
};

static const struct mesh_field config_source_fields[] = {
    { MESH__ROW("address", STRING, NOTED),
      .bounds = "xds://, k8s:// or fs:///path" },
    { MESH__ROW("subscribedResources", ENUM, NOTED), .shape = MESH__LIST,
      .values = subscribed_resources_values, .default_value = "all" },
    { MESH__ROW("tlsSettings", MESSAGE, NOTED),
      .message = &mesh__settings_tls_message, .default_value = "DISABLE" },
};

static const struct mesh_message config_source_message = {
    .name = "config_source",
    MESH__FIELDS(config_source_fields),
};

static const struct mesh_field default_providers_fields[] = {
    { MESH__ROW("accessLogging", STRING, NOTED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_mesh_config, judged.access_logging),
      .default_value = "[]", .bounds = "names of extensionProviders" },
    { MESH__ROW("metrics", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "[] (chart: [prometheus])",
      .bounds = "names of extensionProviders" },
    { MESH__ROW("tracing", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "[]", .bounds = "names of extensionProviders" },
};

static const struct mesh_message default_providers_message = {
    .name = "default_providers",
    MESH__FIELDS(default_providers_fields),
};

static const struct mesh_field match_expression_fields[] = {
    { MESH__ROW("key", STRING, REFUSED) },
    { MESH__ROW("operator", STRING, REFUSED),
      .bounds = "In, NotIn, Exists, DoesNotExist" },
    { MESH__ROW("values", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "for In and NotIn" },
};

static const struct mesh_message match_expression_message = {
    .name = "match_expression",
    MESH__FIELDS(match_expression_fields),
};

static const struct mesh_field label_selector_fields[] = {
    { MESH__ROW("matchExpressions", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &match_expression_message, .bounds = "ANDed" },
    { MESH__ROW("matchLabels", STRING, REFUSED), .shape = MESH__MAP,
      .bounds = "ANDed" },
};

static const struct mesh_message label_selector_message = {
    .name = "label_selector",
    MESH__FIELDS(label_selector_fields),
};

static const struct mesh_value mode_values[] = {
    MESH__VALUE("PASSTHROUGH"),
    MESH__VALUE("LOCALHOST"),
    { 0 },
};

static const struct mesh_field inbound_policy_fields[] = {
    { MESH__ROW("mode", ENUM, NOTED), .values = mode_values,
      .default_value = "PASSTHROUGH" },
};

static const struct mesh_message inbound_policy_message = {
    .name = "inbound_policy",
    MESH__FIELDS(inbound_policy_fields),
};

static const struct mesh_value min_protocol_version_values[] = {
    MESH__VALUE("TLS_AUTO"),
    MESH__VALUE("TLSV1_2"),
    { "TLSV1_3", MESH__FIELD_REFUSED,
      "TLS 1.2 would be accepted all the same" },
    { 0 },
};

static const struct mesh_field mesh_mtls_fields[] = {
    { MESH__ROW("cipherSuites", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "built-in list", .bounds = "known names",
      .reason = "other cipher suites would be accepted all the same" },
    { MESH__ROW("ecdhCurves", STRING, ENFORCED), .shape = MESH__LIST,
      .bounds = "rejected by validation" },
    { MESH__ROW("minProtocolVersion", ENUM, ENFORCED),
      .values = min_protocol_version_values,
      .default_value = "TLS_AUTO (1.2)" },
};

static const struct mesh_message mesh_mtls_message = {
    .name = "mesh_mtls",
    MESH__FIELDS(mesh_mtls_fields),
    .check = check_mesh_mtls,
};

static const struct mesh_value mode2_values[] = {
    MESH__VALUE("REGISTRY_ONLY"),
    MESH__VALUE("ALLOW_ANY"),
    { "ALLOW_ANY_DYNAMIC_DNS", MESH__FIELD_REFUSED,
      "traffic would go elsewhere than the policy says: not yet enforced by "
      "this version" },
    { 0 },
};

static const struct mesh_field outbound_policy_fields[] = {
    { MESH__ROW("mode", ENUM, ENFORCED), .values = mode2_values,
      MESH__PUT(struct mesh_mesh_config, outbound_policy_mode),
      .default_value =
          "ALLOW_ANY when block absent; REGISTRY_ONLY when block lacks mode" },
    { MESH__ROW("tls", MESSAGE, REFUSED), .message = &mesh__client_tls_message,
      .default_value = "none", .bounds = "ALLOW_ANY_DYNAMIC_DNS only",
      .reason = "connections would be made without the TLS asked for" },
};

static const struct mesh_message outbound_policy_message = {
    .name = "outbound_policy",
    MESH__FIELDS(outbound_policy_fields),
};

static const struct mesh_value normalization_values[] = {
    MESH__VALUE("DEFAULT"),
    MESH__VALUE("NONE"),
    MESH__VALUE("BASE"),
    MESH__VALUE("MERGE_SLASHES"),
    MESH__VALUE("DECODE_AND_MERGE_SLASHES"),
    { 0 },
};

static const struct mesh_field path_normalization_fields[] = {
    { MESH__ROW("normalization", ENUM, ENFORCED),
      .values = normalization_values,
      MESH__PUT(struct mesh_mesh_config, path_normalization),
      .default_value = "DEFAULT (= BASE)" },
};

static const struct mesh_message path_normalization_message = {
    .name = "path_normalization",
    MESH__FIELDS(path_normalization_fields),
};

static const struct mesh_field visibility_rule_fields[] = {
    { MESH__ROW("namespaceSelector", MESSAGE, REFUSED),
      .message = &label_selector_message, .oneof = "matcher",
      .bounds = "oneof matcher (namespaceSelector)" },
};

static const struct mesh_message visibility_rule_message = {
    .name = "visibility_rule",
    MESH__FIELDS(visibility_rule_fields),
};

static const struct mesh_value visibility_values[] = {
    MESH__VALUE("VISIBILITY_UNSPECIFIED"),
    MESH__VALUE("NONE"),
    MESH__VALUE("NAMESPACE"),
    MESH__VALUE("PUBLIC"),
    { 0 },
};

static const struct mesh_field visibility_policy_fields[] = {
    { MESH__ROW("matchingRules", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &visibility_rule_message, .bounds = "all must match" },
    { MESH__ROW("visibility", ENUM, REFUSED), .values = visibility_values,
      .default_value = "PUBLIC" },
};

static const struct mesh_message visibility_policy_message = {
    .name = "visibility_policy",
    MESH__FIELDS(visibility_policy_fields),
};

static const struct mesh_field service_entry_visibility_fields[] = {
    { MESH__ROW("applyToSidecars", BOOL, REFUSED), .default_value = "false" },
    { MESH__ROW("defaultVisibility", ENUM, REFUSED),
      .values = visibility_values, .default_value = "PUBLIC" },
    { MESH__ROW("policies", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &visibility_policy_message,
      .bounds = "first full match wins" },
};

static const struct mesh_message service_entry_visibility_message = {
    .name = "service_entry_visibility",
    MESH__FIELDS(service_entry_visibility_fields),
};

static const struct mesh_value scope_values[] = {
    MESH__VALUE("LOCAL"),
    MESH__VALUE("GLOBAL"),
    { 0 },
};

static const struct mesh_field scope_config_fields[] = {
    { MESH__ROW("namespaceSelector", MESSAGE, NOTED),
      .message = &label_selector_message, .default_value = "all" },
    { MESH__ROW("scope", ENUM, NOTED), .values = scope_values,
      .default_value = "LOCAL" },
    { MESH__ROW("servicesSelector", MESSAGE, NOTED),
      .message = &label_selector_message, .default_value = "all" },
};

static const struct mesh_message scope_config_message = {
    .name = "scope_config",
    MESH__FIELDS(scope_config_fields),
};

/* As everywhere; a name of digits is one as well. */
static void check_service_host(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node)
{
    if (!mesh__is_host_label(node->text))
        mesh__check_host(reader, spot, node);
}

static const struct mesh_field service_settings_fields[] = {
    { MESH__ROW("clusterLocal", BOOL, NOTED), .default_value = "false" },
};

static const struct mesh_message service_settings_message = {
    .name = "service_settings",
    MESH__FIELDS(service_settings_fields),
};

static const struct mesh_field service_setting_fields[] = {
    { MESH__ROW("hosts", STRING, NOTED), .shape = MESH__LIST,
      .check = check_service_host, .firm = true,
      .bounds = "wildcard hosts allowed" },
    { MESH__ROW("settings", MESSAGE, NOTED),
      .message = &service_settings_message },
};

static const struct mesh_message service_setting_message = {
    .name = "service_setting",
    MESH__FIELDS(service_setting_fields),
};

static const struct mesh_value min_protocol_version2_values[] = {
    MESH__VALUE("TLS_AUTO"),
    MESH__VALUE("TLSV1_2"),
    MESH__VALUE("TLSV1_3"),
    { 0 },
};

static const struct mesh_field tls_defaults_fields[] = {
    { MESH__ROW("cipherSuites", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "built-in list", .bounds = "known names" },
    { MESH__ROW("ecdhCurves", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "Envoy defaults", .bounds = "unknown names warn" },
    { MESH__ROW("minProtocolVersion", ENUM, NOTED),
      .values = min_protocol_version2_values,
      .default_value = "TLS_AUTO (1.2)" },
};

static const struct mesh_message tls_defaults_message = {
    .name = "tls_defaults",
    MESH__FIELDS(tls_defaults_fields),
};

static const struct mesh_field mesh_zone_aware_lb_fields[] = {
    { MESH__ROW("enabled", BOOL, ENFORCED),
      MESH__PUT_HAS(struct mesh_locality_lb, enabled, has_enabled),
      .default_value = "true when block present" },
    { MESH__ROW("failover", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &mesh__failover_message,
      MESH__PUT_LIST(struct mesh_locality_lb, failover, failover_count,
                     struct mesh_failover),
      .bounds = "region names" },
    { MESH__ROW("failoverPriority", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_locality_lb, failover_priority),
      .check = mesh__check_no_topology,
      .bounds = "no region/zone/subzone labels" },
    { MESH__ROW("minClusterSize", UINT64, NOTED), MESH__RANGE(0, UINT32_MAX),
      .default_value = "6",
      .reason = "regions are kept apart; zones of a region share evenly, as in "
                "a sidecar that does not discover its own peers" },
};

static const struct mesh_message mesh_zone_aware_lb_message = {
    .name = "mesh_zone_aware_lb",
    MESH__FIELDS(mesh_zone_aware_lb_fields),
    .set = MESH__AT(struct mesh_locality_lb, set),
    .mark = MESH__AT(struct mesh_locality_lb, mark),
};

static const struct mesh_value access_log_encoding_values[] = {
    MESH__VALUE("TEXT"),
    MESH__VALUE("JSON"),
    { 0 },
};

static const struct mesh_value h2_upgrade_policy_values[] = {
    MESH__VALUE("DO_NOT_UPGRADE"),
    MESH__VALUE("UPGRADE"),
    { 0 },
};

static const struct mesh_value ingress_controller_mode_values[] = {
    MESH__VALUE("UNSPECIFIED"),
    MESH__VALUE("OFF"),
    MESH__VALUE("DEFAULT"),
    MESH__VALUE("STRICT"),
    { 0 },
};

static const struct mesh_field mesh_config_fields[] = {
    { MESH__ROW("accessLogEncoding", ENUM, ENFORCED),
      .values = access_log_encoding_values,
      MESH__PUT(struct mesh_mesh_config, access_log_encoding),
      .default_value = "TEXT" },
    { MESH__ROW("accessLogFile", STRING, ENFORCED),
      MESH__PUT_HAS(struct mesh_mesh_config, access_log_file,
                    has_access_log_file),
      .default_value = "\"\" (off)" },
    { MESH__ROW("accessLogFormat", STRING, ENFORCED),
      MESH__PUT(struct mesh_mesh_config, access_log_format),
      .default_value = "\"\" (built-in format)",
      .bounds = "text, or JSON object string with JSON encoding" },
    { MESH__ROW("ca", MESSAGE, NOTED), .message = &ca_message,
      .default_value = "none",
      .reason = "of the control plane, and there is none" },
    { MESH__ROW("caCertificates", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &ca_certificate_message, .default_value = "none",
      .reason = "roots come from the identity directory only" },
    { MESH__ROW("certificates", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &certificate_message, .default_value = "none",
      .bounds = "deprecated", .reason = "Istio ignores it too" },
    { MESH__ROW("configSources", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &config_source_message, .default_value = "none",
      .reason = "of the control plane, and there is none" },
    { MESH__ROW("connectTimeout", DURATION, ENFORCED),
      MESH__PUT(struct mesh_mesh_config, connect_timeout_ns),
      MESH__RANGE(1e6, 3600e9), .firm = true, .default_value = "10s",
      .bounds = "1ms to 1h" },
    { MESH__ROW("defaultConfig", MESSAGE, ENFORCED), .camel_only = true,
      .message = &mesh__default_config_message, MESH__PUT_INTO_SAME,
      .default_value = "see its fields",
      .bounds = "merged per field with built-in defaults" },
    { MESH__ROW("defaultDestinationRuleExportTo", STRING, ENFORCED),
      .shape = MESH__LIST,
      MESH__PUT(struct mesh_mesh_config, default_destination_rule_export_to),
      .default_value = "[\"*\"]", .bounds = ". or * or namespace" },
    { MESH__ROW("defaultHttpRetryPolicy", MESSAGE, ENFORCED),
      .message = &mesh__default_retry_message,
      MESH__PUT(struct mesh_mesh_config, default_retry),
      .default_value = "built-in: 2 attempts",
      .bounds = "same rules as VirtualService retries" },
    { MESH__ROW("defaultProviders", MESSAGE, NOTED), MESH__PUT_INTO_SAME,
      MESH__JUDGED, .camel_only = true, .message = &default_providers_message,
      .default_value = "chart: metrics [prometheus]",
      .bounds = "merged per field",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT, logs where "
                "accessLogFile says" },
    { MESH__ROW("defaultServiceExportTo", STRING, ENFORCED),
      .shape = MESH__LIST,
      MESH__PUT(struct mesh_mesh_config, default_service_export_to),
      .default_value = "[\"*\"]", .bounds = ". or * or ~ or namespace" },
    { MESH__ROW("defaultTrafficPolicy", MESSAGE, ENFORCED),
      .message = &mesh__default_policy_message, .firm = true,
      MESH__PUT(struct mesh_mesh_config, default_policy),
      .default_value = "none" },
    { MESH__ROW("defaultVirtualServiceExportTo", STRING, ENFORCED),
      .shape = MESH__LIST,
      MESH__PUT(struct mesh_mesh_config, default_virtual_service_export_to),
      .default_value = "[\"*\"]", .bounds = ". or * or namespace" },
    { MESH__ROW("disableEnvoyListenerLog", BOOL, NOTED),
      .default_value = "false",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("discoverySelectors", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &label_selector_message, .default_value = "all namespaces",
      .bounds = "ORed",
      .reason = "namespaces that it leaves out would be seen" },
    { MESH__ROW("dnsRefreshRate", DURATION, ENFORCED),
      MESH__PUT(struct mesh_mesh_config, dns_refresh_ns),
      .default_value = "60s" },
    { MESH__ROW("enableAutoMtls", BOOL, ENFORCED),
      MESH__PUT_HAS(struct mesh_mesh_config, enable_auto_mtls,
                    has_enable_auto_mtls),
      .default_value = "true" },
    { MESH__ROW("enableEnvoyAccessLogService", BOOL, NOTED),
      .default_value = "false",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("enablePrometheusMerge", BOOL, NOTED), .default_value = "true",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("enableTracing", BOOL, ENFORCED),
      MESH__PUT_HAS(struct mesh_mesh_config, enable_tracing,
                    has_enable_tracing),
      .default_value = "true" },
    { MESH__ROW("extensionProviders", MESSAGE, NOTED), .shape = MESH__LIST,
      MESH__PUT_LIST(struct mesh_mesh_config, judged.providers,
                     judged.provider_count, struct mesh_provider),
      MESH__JUDGED, .message = &mesh__provider_message,
      .default_value = "prometheus, stackdriver, envoy",
      .bounds = "merged by name",
      .reason = "spans go to OTEL_EXPORTER_OTLP_ENDPOINT, logs where "
                "accessLogFile says" },
    { MESH__ROW("h2UpgradePolicy", ENUM, NOTED),
      MESH__PUT(struct mesh_mesh_config, h2_upgrade_policy), MESH__JUDGED,
      .values = h2_upgrade_policy_values, .harmless = "DO_NOT_UPGRADE",
      .default_value = "DO_NOT_UPGRADE",
      .reason = "HTTP/1.1 is spoken for now" },
    { MESH__ROW("hboneIdleTimeout", DURATION, NOTED), .default_value = "1h",
      .reason = "of ambient mode" },
    { MESH__ROW("inboundClusterStatName", STRING, NOTED),
      .default_value = "built-in pattern",
      .bounds = "%SERVICE% style variables",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("inboundTrafficPolicy", MESSAGE, NOTED),
      .message = &inbound_policy_message, .default_value = "PASSTHROUGH",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("ingressClass", STRING, NOTED), .default_value = "istio",
      .reason = "of the control plane, and there is none" },
    { MESH__ROW("ingressControllerMode", ENUM, NOTED),
      .values = ingress_controller_mode_values, .default_value = "STRICT",
      .reason = "of the control plane, and there is none" },
    { MESH__ROW("ingressSelector", STRING, NOTED),
      .default_value = "ingressgateway (from ingressService default)",
      .reason = "of the control plane, and there is none" },
    { MESH__ROW("ingressService", STRING, NOTED),
      .default_value = "istio-ingressgateway",
      .reason = "of the control plane, and there is none" },
    { MESH__ROW("localityLbSetting", MESSAGE, ENFORCED), .firm = true,
      .message = &mesh__locality_lb_message,
      MESH__PUT(struct mesh_mesh_config, locality),
      .default_value = "enabled" },
    { MESH__ROW("meshMTLS", MESSAGE, ENFORCED), .firm = true,
      .message = &mesh_mtls_message, .default_value = "TLS 1.2 minimum" },
    { MESH__ROW("outboundClusterStatName", STRING, NOTED),
      .default_value = "built-in pattern",
      .bounds = "%SERVICE% style variables",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("outboundTrafficPolicy", MESSAGE, ENFORCED),
      .message = &outbound_policy_message, MESH__PUT_INTO_SAME,
      .has = MESH__AT(struct mesh_mesh_config, has_outbound_policy),
      .mark = MESH__AT(struct mesh_mesh_config, outbound_policy_mark),
      .default_value = "ALLOW_ANY", .bounds = "whole object replaced" },
    { MESH__ROW("pathNormalization", MESSAGE, ENFORCED),
      .message = &path_normalization_message, MESH__PUT_INTO_SAME,
      .default_value = "DEFAULT" },
    { MESH__ROW("protocolDetectionTimeout", DURATION, NOTED),
      .check = mesh__check_whole_ms, .firm = true,
      .default_value = "0s (wait forever)", .bounds = "0s or >=1ms",
      .reason = "the first bytes are awaited as the host's settings say" },
    { MESH__ROW("proxyHttpPort", INT32, NOTED), .default_value = "0 (off)",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("proxyInboundListenPort", INT32, NOTED),
      .default_value = "15006",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("proxyListenPort", INT32, NOTED), MESH__RANGE(1, 65535),
      .firm = true, .default_value = "15001", .bounds = "1-65535",
      .reason = "of the proxy process, and there is none" },
    { MESH__ROW("rootNamespace", STRING, ENFORCED),
      MESH__PUT(struct mesh_mesh_config, root_namespace),
      .default_value = "istio-system" },
    { MESH__ROW("serviceEntryVisibility", MESSAGE, REFUSED),
      .message = &service_entry_visibility_message,
      .default_value = "all PUBLIC",
      .reason = "resources would be visible farther than this says" },
    { MESH__ROW("serviceScopeConfigs", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &scope_config_message, .default_value = "local",
      .reason = "of the control plane, and there is none" },
    { MESH__ROW("serviceSettings", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &service_setting_message, .default_value = "none",
      .reason = "of the control plane, and there is none" },
    { MESH__ROW("tcpKeepalive", MESSAGE, ENFORCED),
      .message = &mesh__settings_keepalive_message,
      MESH__PUT(struct mesh_mesh_config, keepalive), .default_value = "off" },
    { MESH__ROW("tlsDefaults", MESSAGE, NOTED),
      .message = &tls_defaults_message, .default_value = "TLS 1.2 minimum",
      .reason = "of TLS outside the mesh, which this version does not speak" },
    { MESH__ROW("trustDomain", STRING, ENFORCED),
      MESH__PUT(struct mesh_mesh_config, trust_domain),
      .check = check_trust_domain, .firm = true,
      .default_value = "cluster.local",
      .bounds = "dotted DNS labels, trailing dot allowed" },
    { MESH__ROW("trustDomainAliases", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_mesh_config, trust_domain_aliases),
      .check = check_trust_domain, .firm = true, .default_value = "[]",
      .bounds = "same as trustDomain; merged as a union" },
    { MESH__ROW("verifyCertificateAtClient", BOOL, NOTED),
      .bounds = "deprecated", .reason = "Istio ignores it too" },
    { MESH__ROW("zoneAwareLbSetting", MESSAGE, ENFORCED), .firm = true,
      .message = &mesh_zone_aware_lb_message,
      MESH__PUT(struct mesh_mesh_config, zone_aware),
      .default_value = "disabled", .bounds = "wins over localityLbSetting" },
};

const struct mesh_message mesh__mesh_config_message = {
    .name = "mesh_config",
    MESH__FIELDS(mesh_config_fields),
    .mark = MESH__AT(struct mesh_mesh_config, mark),
};
