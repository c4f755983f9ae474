/*
 * gateway.c - Gateway: checked and judged, and noted as a whole.
 */
#include "schema/table.h"

static const struct mesh_yaml_node *port_name(const struct mesh_yaml_node *node)
{
    return mesh__get(mesh__get(node, "port"), "name");
}

static void check_twins(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *one,
                        const struct mesh_yaml_node *other)
{
    if (one && other && one->text.len &&
        mesh__slice_equal(one->text, other->text))
        mesh__reject_at(reader, spot,
                        (const struct mesh_yaml_node *[]){ one, other }, 2,
                        "two ports have this name");
}

static void check_gateway(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *servers = mesh__get(node, "servers");

    (void)into;
    if (!servers || servers->count == 0)
        mesh__reject_missing(reader, spot, node, (const char *[]){ "servers" },
                             1, "at least one server is required");
    if (servers && !mesh__few(reader, spot, servers))
        return;
    for (size_t i = 0; servers && servers->items && i < servers->count; i++)
        for (size_t j = 0; j < i; j++)
            check_twins(reader, spot, port_name(servers->items[j]),
                        port_name(servers->items[i]));
}

static const struct mesh_field server_port_fields[] = {
    { MESH__ROW("name", STRING, NOTED), .required = true,
      .bounds = "DNS label, unique where required" },
    { MESH__ROW("number", UINT32, NOTED),
      MESH__PUT(struct mesh_gateway_server, port), .required = true,
      MESH__RANGE(0, 65535), .bounds = "1-65535 (0 only with unix bind)" },
    { MESH__ROW("protocol", STRING, NOTED), .required = true,
      .default_value = "empty = detect (not on Gateway)",
      .bounds = "known protocol name" },
    { MESH__ROW("targetPort", UINT32, NOTED),
      .bounds = "rejected by validation here" },
};

static const struct mesh_message server_port_message = {
    .name = "server_port",
    MESH__FIELDS(server_port_fields),
};

static const struct mesh_field tls_certificates_fields[] = {
    { MESH__ROW("caCertificates", STRING, REFUSED) },
    { MESH__ROW("privateKey", STRING, REFUSED) },
    { MESH__ROW("serverCertificate", STRING, REFUSED) },
};

const struct mesh_message mesh__tls_certificates_message = {
    .name = "tls_certificates",
    MESH__FIELDS(tls_certificates_fields),
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

static const struct mesh_field server_tls_fields[] = {
    { MESH__ROW("caCertCredentialName", STRING, NOTED) },
    { MESH__ROW("caCertificates", STRING, NOTED),
      .bounds = "needed for MUTUAL/OPTIONAL_MUTUAL without credentials" },
    { MESH__ROW("caCrl", STRING, NOTED),
      .bounds = "not with SIMPLE or credentialName" },
    { MESH__ROW("cipherSuites", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "built-in list",
      .bounds = "unknown or repeated names warn and are ignored" },
    { MESH__ROW("credentialName", STRING, NOTED),
      MESH__PUT(struct mesh_gateway_server, credential_name),
      .bounds = "one certificate source only" },
    { MESH__ROW("credentialNames", STRING, NOTED), .shape = MESH__LIST,
      .min_items = 1, .max_items = 2,
      .bounds = "min items 1; max items 2; one certificate source only" },
    { MESH__ROW("httpsRedirect", BOOL, NOTED), .default_value = "false",
      .bounds = "HTTP servers only; not for Sidecar" },
    { MESH__ROW("insecureSkipVerify", BOOL, NOTED), .nullable = true,
      .default_value = "false" },
    { MESH__ROW("maxProtocolVersion", ENUM, NOTED),
      .values = max_protocol_version_values,
      .default_value = "TLS_AUTO (1.3)" },
    { MESH__ROW("minProtocolVersion", ENUM, NOTED),
      .values = max_protocol_version_values, .default_value = "TLS_AUTO (1.2)",
      .bounds = "1.0/1.1 need explicit ciphers (warning)" },
    { MESH__ROW("mode", ENUM, NOTED), .values = mode_values,
      .default_value = "PASSTHROUGH" },
    { MESH__ROW("privateKey", STRING, NOTED),
      MESH__PUT(struct mesh_gateway_server, private_key),
      .bounds = "needed for SIMPLE/MUTUAL without credentials" },
    { MESH__ROW("serverCertificate", STRING, NOTED),
      MESH__PUT(struct mesh_gateway_server, server_certificate),
      .bounds = "needed for SIMPLE/MUTUAL without credentials" },
    { MESH__ROW("subjectAltNames", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "any client certificate" },
    { MESH__ROW("tlsCertificates", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &mesh__tls_certificates_message, .min_items = 1,
      .max_items = 2,
      .bounds = "min items 1; max items 2; one certificate source only" },
    { MESH__ROW("verifyCertificateHash", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "hex SHA-256" },
    { MESH__ROW("verifyCertificateSpki", STRING, NOTED), .shape = MESH__LIST,
      .default_value = "none", .bounds = "base64 SHA-256" },
};

static const struct mesh_message server_tls_message = {
    .name = "server_tls",
    MESH__FIELDS(server_tls_fields),
    .check = mesh__check_server_tls,
};

static const struct mesh_field server_fields[] = {
    { MESH__ROW("bind", STRING, NOTED),
      MESH__PUT(struct mesh_gateway_server, bind),
      .default_value = "all addresses", .bounds = "IP or unix path" },
    { MESH__ROW("defaultEndpoint", STRING, NOTED) },
    { MESH__ROW("hosts", STRING, NOTED),
      MESH__PUT(struct mesh_gateway_server, hosts), .shape = MESH__LIST,
      .required = true,
      .bounds = "namespace/dnsName or dnsName; *.suffix or *" },
    { MESH__ROW("name", STRING, NOTED) },
    { MESH__ROW("port", MESSAGE, NOTED), MESH__PUT_INTO_SAME, .required = true,
      .message = &server_port_message },
    { MESH__ROW("tls", MESSAGE, NOTED), MESH__PUT_INTO_SAME,
      .has = MESH__AT(struct mesh_gateway_server, has_tls),
      .message = &server_tls_message,
      .bounds =
          "credentialNames excludes tlsCertificates; credentialName excludes "
          "credentialNames; required for HTTPS/TLS; only redirect for HTTP" },
};

static const struct mesh_message server_message = {
    .name = "server",
    MESH__FIELDS(server_fields),
    .mark = MESH__AT(struct mesh_gateway_server, mark),
    .check = mesh__check_server,
};

static const struct mesh_field gateway_fields[] = {
    { MESH__ROW("selector", STRING, NOTED),
      MESH__PUT(struct mesh_gateway, selector),
      .mark = MESH__AT(struct mesh_gateway, selector_mark), .shape = MESH__MAP,
      .default_value = "every gateway workload", .bounds = "exact labels" },
    { MESH__ROW("servers", MESSAGE, NOTED),
      MESH__PUT_LIST(struct mesh_gateway, servers, server_count,
                     struct mesh_gateway_server),
      .shape = MESH__LIST, .message = &server_message,
      .bounds = "unique port names" },
};

const struct mesh_message mesh__gateway_message = {
    .name = "gateway",
    MESH__FIELDS(gateway_fields),
    .check = check_gateway,
};
