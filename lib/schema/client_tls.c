/*
 * client_tls.c - the TLS that a client speaks with a destination.
 */
#include "schema/table.h"

static void check_client_tls(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    static const char *const files[] = { "clientCertificate", "privateKey",
                                         "caCertificates", "caCrl" };
    const struct mesh_yaml_node *skip = mesh__get(node, "insecureSkipVerify");
    bool blind = false;

    (void)into;
    if (skip && mesh__yaml_bool(skip, &blind) && blind) {
        mesh__reject_both(reader, spot, node, "insecureSkipVerify",
                          "caCertificates");
        mesh__reject_both(reader, spot, node, "insecureSkipVerify",
                          "subjectAltNames");
    }
    if (mesh__get_text(node, "credentialName").len) {
        for (size_t i = 0; i < 4; i++)
            mesh__reject_both(reader, spot, node, "credentialName", files[i]);
        return;
    }
    if (mesh__slice_is(mesh__get_text(node, "mode"), "MUTUAL") &&
        (mesh__get_text(node, files[0]).len == 0 ||
         mesh__get_text(node, files[1]).len == 0))
        mesh__reject(reader, spot, node->mark,
                     "MUTUAL needs clientCertificate and privateKey");
}

static const struct mesh_value mode_values[] = {
    MESH__VALUE("DISABLE"),
    { "SIMPLE", MESH__FIELD_REFUSED,
      "connections would be made without the TLS asked for" },
    { "MUTUAL", MESH__FIELD_REFUSED,
      "connections would be made without the TLS asked for" },
    MESH__VALUE("ISTIO_MUTUAL"),
    { 0 },
};

static const struct mesh_field client_tls_fields[] = {
    { MESH__ROW("caCertificates", STRING, REFUSED),
      .default_value = "OS trust store",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("caCrl", STRING, REFUSED), .bounds = "not with credentialName",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("clientCertificate", STRING, REFUSED),
      .bounds = "MUTUAL only; required there without credentialName",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("credentialName", STRING, REFUSED),
      .bounds = "not with the certificate file fields; gateways or rules with "
                "workloadSelector",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("insecureSkipVerify", BOOL, REFUSED), .nullable = true,
      .harmless = "false", .default_value = "false",
      .bounds = "not with CA or SAN fields",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("mode", ENUM, ENFORCED), .values = mode_values,
      MESH__PUT(struct mesh_client_tls, mode), .default_value = "DISABLE" },
    { MESH__ROW("privateKey", STRING, REFUSED),
      .bounds = "MUTUAL only; required there without credentialName",
      .reason = "certificates and keys of DestinationRules are not yet used, "
                "so the connection would be another than the one asked for" },
    { MESH__ROW("sni", STRING, ENFORCED),
      MESH__PUT(struct mesh_client_tls, sni),
      .default_value = "outbound_.port_.subset_.host (ISTIO_MUTUAL); request "
                       "host otherwise" },
    { MESH__ROW("subjectAltNames", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_client_tls, subject_alt_names),
      .default_value = "SE subjectAltNames or service accounts (ISTIO_MUTUAL)",
      .bounds = "exact values" },
};

const struct mesh_message mesh__client_tls_message = {
    .name = "client_tls",
    MESH__FIELDS(client_tls_fields),
    .set = MESH__AT(struct mesh_client_tls, set),
    .mark = MESH__AT(struct mesh_client_tls, mark),
    .check = check_client_tls,
};
