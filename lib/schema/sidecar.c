/*
 * sidecar.c - Sidecar: checked, and refused as a whole.
 */
#include "schema/table.h"

static void check_sidecar(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (!mesh__has(node, "ingress") && !mesh__has(node, "egress") &&
        !mesh__has(node, "outboundTrafficPolicy") &&
        !mesh__has(node, "inboundConnectionPool"))
        mesh__reject(reader, spot, node->mark, "may not be empty");
}

static const struct mesh_field egress_port_fields[] = {
    { MESH__ROW("name", STRING, REFUSED),
      .bounds = "DNS label, unique where required" },
    { MESH__ROW("number", UINT32, REFUSED), MESH__RANGE(1, 65535),
      .bounds = "1-65535; 0 needs unix bind" },
    { MESH__ROW("protocol", STRING, REFUSED),
      .default_value = "empty = detect (not on Gateway)",
      .bounds = "known protocol name" },
    { MESH__ROW("targetPort", UINT32, REFUSED),
      .bounds = "rejected by validation here" },
};

static const struct mesh_message egress_port_message = {
    .name = "egress_port",
    MESH__FIELDS(egress_port_fields),
};

static const struct mesh_value capture_mode_values[] = {
    MESH__VALUE("DEFAULT"),
    MESH__VALUE("IPTABLES"),
    MESH__VALUE("NONE"),
    { 0 },
};

static const struct mesh_field egress_fields[] = {
    { MESH__ROW("bind", STRING, REFUSED),
      .default_value = "derived from services", .bounds = "IP or unix path" },
    { MESH__ROW("captureMode", ENUM, REFUSED), .values = capture_mode_values,
      .default_value = "DEFAULT", .bounds = "DEFAULT/NONE for unix" },
    { MESH__ROW("hosts", STRING, REFUSED), .shape = MESH__LIST,
      .required = true,
      .bounds = "namespace/dnsName; namespace *, ., ~, or ~name" },
    { MESH__ROW("port", MESSAGE, REFUSED), .message = &egress_port_message,
      .default_value = "all ports", .bounds = "unique numbers" },
};

static const struct mesh_message egress_message = {
    .name = "egress",
    MESH__FIELDS(egress_fields),
};

static const struct mesh_field ingress_port_fields[] = {
    { MESH__ROW("name", STRING, REFUSED),
      .bounds = "DNS label, unique where required" },
    { MESH__ROW("number", UINT32, REFUSED), MESH__RANGE(0, 65535),
      .bounds = "1-65535 (0 only with unix bind)" },
    { MESH__ROW("protocol", STRING, REFUSED),
      .default_value = "empty = detect (not on Gateway)",
      .bounds = "known protocol name" },
    { MESH__ROW("targetPort", UINT32, REFUSED),
      .bounds = "rejected by validation here" },
};

static const struct mesh_message ingress_port_message = {
    .name = "ingress_port",
    MESH__FIELDS(ingress_port_fields),
};

static const struct mesh_value max_protocol_version_values[] = {
    MESH__VALUE("TLS_AUTO"), MESH__VALUE("TLSV1_0"), MESH__VALUE("TLSV1_1"),
    MESH__VALUE("TLSV1_2"),  MESH__VALUE("TLSV1_3"), { 0 },
};

static const struct mesh_value mode_values[] = {
    MESH__VALUE("PASSTHROUGH"),
    MESH__VALUE("SIMPLE"),
    MESH__VALUE("MUTUAL"),
    MESH__VALUE("AUTO_PASSTHROUGH"),
    MESH__VALUE("ISTIO_MUTUAL"),
    MESH__VALUE("OPTIONAL_MUTUAL"),
    { 0 },
};

static const struct mesh_field ingress_tls_fields[] = {
    { MESH__ROW("caCertCredentialName", STRING, REFUSED) },
    { MESH__ROW("caCertificates", STRING, REFUSED),
      .bounds = "needed for MUTUAL/OPTIONAL_MUTUAL" },
    { MESH__ROW("caCrl", STRING, REFUSED), .bounds = "not with SIMPLE" },
    { MESH__ROW("cipherSuites", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "built-in list",
      .bounds = "unknown or repeated names warn and are ignored" },
    { MESH__ROW("credentialName", STRING, REFUSED),
      .bounds = "rejected for Sidecar" },
    { MESH__ROW("credentialNames", STRING, REFUSED), .shape = MESH__LIST,
      .min_items = 1, .max_items = 2,
      .bounds = "min items 1; max items 2; rejected for Sidecar" },
    { MESH__ROW("httpsRedirect", BOOL, REFUSED), .default_value = "false",
      .bounds = "HTTP servers only; not for Sidecar" },
    { MESH__ROW("insecureSkipVerify", BOOL, REFUSED), .nullable = true,
      .default_value = "false" },
    { MESH__ROW("maxProtocolVersion", ENUM, REFUSED),
      .values = max_protocol_version_values,
      .default_value = "TLS_AUTO (1.3)" },
    { MESH__ROW("minProtocolVersion", ENUM, REFUSED),
      .values = max_protocol_version_values, .default_value = "TLS_AUTO (1.2)",
      .bounds = "1.0/1.1 need explicit ciphers (warning)" },
    { MESH__ROW("mode", ENUM, REFUSED), .values = mode_values,
      .default_value = "PASSTHROUGH",
      .bounds = "not ISTIO_MUTUAL, AUTO_PASSTHROUGH" },
    { MESH__ROW("privateKey", STRING, REFUSED),
      .bounds = "needed for SIMPLE/MUTUAL" },
    { MESH__ROW("serverCertificate", STRING, REFUSED),
      .bounds = "needed for SIMPLE/MUTUAL without credentials" },
    { MESH__ROW("subjectAltNames", STRING, REFUSED), .shape = MESH__LIST,
      .bounds = "rejected for Sidecar" },
    { MESH__ROW("tlsCertificates", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &mesh__tls_certificates_message, .min_items = 1,
      .max_items = 2,
      .bounds = "min items 1; max items 2; rejected for Sidecar" },
    { MESH__ROW("verifyCertificateHash", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "hex SHA-256" },
    { MESH__ROW("verifyCertificateSpki", STRING, REFUSED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "base64 SHA-256" },
};

static const struct mesh_message ingress_tls_message = {
    .name = "ingress_tls",
    MESH__FIELDS(ingress_tls_fields),
};

static const struct mesh_field ingress_fields[] = {
    { MESH__ROW("bind", STRING, REFUSED), .default_value = "workload addresses",
      .bounds = "IP" },
    { MESH__ROW("captureMode", ENUM, REFUSED), .values = capture_mode_values,
      .default_value = "DEFAULT" },
    { MESH__ROW("connectionPool", MESSAGE, REFUSED),
      .message = &mesh__connection_pool_message,
      .default_value = "inboundConnectionPool", .bounds = "tcp or http" },
    { MESH__ROW("defaultEndpoint", STRING, REFUSED),
      .default_value = "instance address at the listener port",
      .bounds =
          "127.0.0.1:port, [::1]:port, 0.0.0.0:port, [::]:port, unix://path" },
    { MESH__ROW("port", MESSAGE, REFUSED), .required = true,
      .message = &ingress_port_message, .bounds = "unique; required" },
    { MESH__ROW("tls", MESSAGE, REFUSED), .message = &ingress_tls_message,
      .bounds = "credentialNames excludes tlsCertificates; credentialName "
                "excludes credentialNames; TLS protocols only; not "
                "ISTIO_MUTUAL or AUTO_PASSTHROUGH" },
};

static const struct mesh_message ingress_message = {
    .name = "ingress",
    MESH__FIELDS(ingress_fields),
};

static const struct mesh_field egress_proxy_fields[] = {
    { MESH__ROW("host", STRING, REFUSED), .required = true, .bounds = "FQDN" },
    { MESH__ROW("port", MESSAGE, REFUSED),
      .message = &mesh__port_selector_message, .bounds = "required" },
    { MESH__ROW("subset", STRING, REFUSED), .default_value = "whole service",
      .bounds = "DNS label" },
};

static const struct mesh_message egress_proxy_message = {
    .name = "egress_proxy",
    MESH__FIELDS(egress_proxy_fields),
};

static const struct mesh_value mode2_values[] = {
    MESH__VALUE("REGISTRY_ONLY"),
    MESH__VALUE("ALLOW_ANY"),
    { 0 },
};

static const struct mesh_field sidecar_outbound_fields[] = {
    { MESH__ROW("egressProxy", MESSAGE, REFUSED),
      .message = &egress_proxy_message,
      .bounds = "ALLOW_ANY only; port required" },
    { MESH__ROW("mode", ENUM, REFUSED), .values = mode2_values,
      .default_value = "REGISTRY_ONLY when block present" },
};

static const struct mesh_message sidecar_outbound_message = {
    .name = "sidecar_outbound",
    MESH__FIELDS(sidecar_outbound_fields),
};

static const struct mesh_field sidecar_selector_fields[] = {
    { MESH__ROW("labels", STRING, REFUSED), .shape = MESH__MAP,
      .max_items = 256, .max_len = 63,
      .bounds = "max entries 256; element max length 63; label values without "
                "*; ANDed equality; warning when empty" },
};

static const struct mesh_message sidecar_selector_message = {
    .name = "sidecar_selector",
    MESH__FIELDS(sidecar_selector_fields),
};

static const struct mesh_field sidecar_fields[] = {
    { MESH__ROW("egress", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &egress_message, .default_value = "*/* (everything visible)",
      .bounds = "portless entry only once and last" },
    { MESH__ROW("inboundConnectionPool", MESSAGE, REFUSED),
      .message = &mesh__connection_pool_message,
      .default_value = "DestinationRule/mesh defaults",
      .bounds = "tcp or http" },
    { MESH__ROW("ingress", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &ingress_message, .default_value = "listeners from services" },
    { MESH__ROW("outboundTrafficPolicy", MESSAGE, REFUSED),
      .message = &sidecar_outbound_message,
      .default_value = "MeshConfig.outboundTrafficPolicy",
      .bounds = "replaces the mesh object whole" },
    { MESH__ROW("workloadSelector", MESSAGE, REFUSED),
      .message = &sidecar_selector_message,
      .default_value = "whole namespace" },
};

const struct mesh_message mesh__sidecar_message = {
    .name = "sidecar",
    MESH__FIELDS(sidecar_fields),
    .check = check_sidecar,
};
