/*
 * client_tls.c - the TLS that a client speaks with a destination.
 */
#include "schema/table.h"

/* A blind client looks at no name and no authority. */
static void check_blind(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, bool simple)
{
    const struct mesh_yaml_node *names = mesh__get(node, "subjectAltNames");

    if (mesh__get_text(node, "caCertificates").len)
        mesh__reject_both(reader, spot, node, "insecureSkipVerify",
                          "caCertificates");
    if (simple && mesh__get_text(node, "credentialName").len)
        mesh__reject_both(reader, spot, node, "insecureSkipVerify",
                          "credentialName");
    if (names && names->count)
        mesh__reject_both(reader, spot, node, "insecureSkipVerify",
                          "subjectAltNames");
}

static void check_modes(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, bool mutual)
{
    static const char *const files[] = { "clientCertificate", "privateKey",
                                         "caCertificates", "caCrl" };
    const struct mesh_yaml_node *skip = mesh__get(node, "insecureSkipVerify");
    bool blind = false;

    if (skip && mesh__yaml_bool(skip, &blind) && blind)
        check_blind(reader, spot, node, !mutual);
    if (mesh__get_text(node, "credentialName").len == 0) {
        for (size_t i = 0; mutual && i < 2; i++)
            if (mesh__get_text(node, files[i]).len == 0)
                mesh__reject_pair(
                    reader, spot, node, "mode", files[i],
                    "MUTUAL needs clientCertificate and privateKey");
        return;
    }
    for (size_t i = 0; i < 4; i++)
        if (mesh__get_text(node, files[i]).len)
            mesh__reject_both(reader, spot, node, "credentialName", files[i]);
}

/* "configmap://namespace/name": of the same namespace. */
static void check_config_map(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node)
{
    static const char prefix[] = "configmap://";
    struct mesh_slice rest;
    struct mesh_slice space;
    const char *slash;

    if (!mesh__slice_starts(node->text, mesh__slice_of(prefix)))
        return;
    rest = mesh__slice(node->text.at + sizeof(prefix) - 1,
                       node->text.len - (sizeof(prefix) - 1));
    slash = rest.len ? memchr(rest.at, '/', rest.len) : NULL;
    space = mesh__slice(rest.at, slash ? (size_t)(slash - rest.at) : 0);
    if (space.len == 0 || slash[1] == '\0' || slash[1] == '/' ||
        !mesh__slice_equal(space, reader->namespace_))
        mesh__reject(reader, spot, node->mark,
                     "wanted %s%.*s/NAME, of this namespace, found \"%.80s\"",
                     prefix, (int)reader->namespace_.len,
                     reader->namespace_.len ? reader->namespace_.at : "",
                     node->text.at);
}

static void check_client_tls(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice mode = mesh__get_text(node, "mode");
    bool mutual = mesh__slice_is(mode, "MUTUAL");

    (void)into;
    if (mutual || mesh__slice_is(mode, "SIMPLE"))
        check_modes(reader, spot, node, mutual);
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
      MESH__PUT(struct mesh_client_tls, judged.credential_name), MESH__JUDGED,
      .check = check_config_map,
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
