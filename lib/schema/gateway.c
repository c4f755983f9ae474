/*
 * gateway.c - Gateway: checked, and noted as a whole.
 */
#include "schema/table.h"

static void check_gateway(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *servers = mesh__get(node, "servers");

    (void)into;
    if (!servers || servers->count == 0)
        mesh__reject(reader, spot, node->mark,
                     "at least one server is required");
    if (servers && !mesh__few(reader, spot, servers))
        return;
    for (size_t i = 0; servers && servers->items && i < servers->count; i++) {
        struct mesh_slice name =
            mesh__get_text(mesh__get(servers->items[i], "port"), "name");

        for (size_t j = 0; j < i && name.len; j++)
            if (mesh__slice_equal(
                    name, mesh__get_text(mesh__get(servers->items[j], "port"),
                                         "name")))
                mesh__reject(reader, spot, servers->items[i]->mark,
                             "a second port \"%.60s\"", name.at);
    }
}

/* The modes that show a certificate need one from somewhere. */
static void check_server_tls(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice mode = mesh__get_text(node, "mode");

    (void)into;
    if (mesh__get_text(node, "credentialName").len ||
        mesh__has(node, "credentialNames") ||
        mesh__has(node, "tlsCertificates"))
        return;
    if ((mesh__slice_is(mode, "SIMPLE") || mesh__slice_is(mode, "MUTUAL") ||
         mesh__slice_is(mode, "OPTIONAL_MUTUAL")) &&
        (mesh__get_text(node, "serverCertificate").len == 0 ||
         mesh__get_text(node, "privateKey").len == 0))
        mesh__reject(reader, spot, node->mark,
                     "%s needs a server certificate and its key", mode.at);
}

static const struct mesh_field server_port_fields[] = {
    { MESH__ROW("name", STRING, NOTED), .required = true,
      .bounds = "DNS label, unique where required" },
    { MESH__ROW("number", UINT32, NOTED), .required = true,
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
      .bounds = "needed for SIMPLE/MUTUAL without credentials" },
    { MESH__ROW("serverCertificate", STRING, NOTED),
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
    .check = check_server_tls,
};

static const struct mesh_field server_fields[] = {
    { MESH__ROW("bind", STRING, NOTED), .default_value = "all addresses",
      .bounds = "IP or unix path" },
    { MESH__ROW("defaultEndpoint", STRING, NOTED) },
    { MESH__ROW("hosts", STRING, NOTED), .shape = MESH__LIST, .required = true,
      .bounds = "namespace/dnsName or dnsName; *.suffix or *" },
    { MESH__ROW("name", STRING, NOTED) },
    { MESH__ROW("port", MESSAGE, NOTED), .required = true,
      .message = &server_port_message },
    { MESH__ROW("tls", MESSAGE, NOTED), .message = &server_tls_message,
      .bounds =
          "credentialNames excludes tlsCertificates; credentialName excludes "
          "credentialNames; required for HTTPS/TLS; only redirect for HTTP" },
};

static const struct mesh_message server_message = {
    .name = "server",
    MESH__FIELDS(server_fields),
};

static const struct mesh_field gateway_fields[] = {
    { MESH__ROW("selector", STRING, NOTED), .shape = MESH__MAP,
      .default_value = "every gateway workload", .bounds = "exact labels" },
    { MESH__ROW("servers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &server_message, .bounds = "unique port names" },
};

const struct mesh_message mesh__gateway_message = {
    .name = "gateway",
    MESH__FIELDS(gateway_fields),
    .check = check_gateway,
};
