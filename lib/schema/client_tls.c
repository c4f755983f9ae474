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
    MESH__VALUE("SIMPLE"),
    MESH__VALUE("MUTUAL"),
    MESH__VALUE("ISTIO_MUTUAL"),
    { 0 },
};

static const struct mesh_field client_tls_fields[] = {
    { MESH__ROW("caCertificates", STRING, ENFORCED),
      MESH__PUT(struct mesh_client_tls, ca_certificates),
      .default_value = "OS trust store" },
    { MESH__ROW("caCrl", STRING, REFUSED), .bounds = "not with credentialName",
      .reason = "revocation lists are not read, so a revoked certificate would "
                "be taken" },
    { MESH__ROW("clientCertificate", STRING, ENFORCED),
      MESH__PUT(struct mesh_client_tls, client_certificate),
      .bounds = "MUTUAL only; required there without credentialName" },
    { MESH__ROW("credentialName", STRING, REFUSED),
      .bounds = "not with the certificate file fields; gateways or rules with "
                "workloadSelector",
      .reason = "there is no store of secrets by name, so the certificate "
                "asked for would not be shown" },
    { MESH__ROW("insecureSkipVerify", BOOL, ENFORCED), .nullable = true,
      MESH__PUT(struct mesh_client_tls, skip_verify), .default_value = "false",
      .bounds = "not with CA or SAN fields" },
    { MESH__ROW("mode", ENUM, ENFORCED), .values = mode_values,
      MESH__PUT(struct mesh_client_tls, mode), .default_value = "DISABLE" },
    { MESH__ROW("privateKey", STRING, ENFORCED),
      MESH__PUT(struct mesh_client_tls, private_key),
      .bounds = "MUTUAL only; required there without credentialName" },
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
