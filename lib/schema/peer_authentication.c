/*
 * peer_authentication.c - which connections are taken: PeerAuthentication.
 */
#include "schema/table.h"

static void check_peer_authentication(struct mesh_reader *reader,
                                      const struct mesh_spot *spot,
                                      const struct mesh_yaml_node *node,
                                      void *into)
{
    const struct mesh_yaml_node *ports = mesh__get(node, "portLevelMtls");
    const struct mesh_yaml_node *labels =
        mesh__get(mesh__get(node, "selector"), "matchLabels");
    static const char why[] = "portLevelMtls needs a selector with labels";

    (void)into;
    if (!ports)
        return;
    if (!labels || labels->count == 0) {
        mesh__reject_pair(reader, spot, node, "portLevelMtls", "selector", why);
        mesh__reject_at(reader, spot,
                        (const struct mesh_yaml_node *[]){
                            mesh__get(node, "selector"), labels },
                        2, why);
    }
    if (ports->count == 0)
        mesh__reject(reader, spot, ports->mark,
                     "portLevelMtls may not be empty");
}

static const struct mesh_value mode_values[] = {
    MESH__VALUE("UNSET"),
    MESH__VALUE("DISABLE"),
    MESH__VALUE("PERMISSIVE"),
    MESH__VALUE("STRICT"),
    { 0 },
};

static const struct mesh_field mutual_tls_fields[] = {
    { MESH__ROW("mode", ENUM, ENFORCED), .values = mode_values,
      MESH__PUT_HAS(struct mesh_peer_authentication, mode, has_mode),
      .mark = MESH__AT(struct mesh_peer_authentication, mode_mark),
      .default_value =
          "UNSET (inherit; PERMISSIVE when no parent sets a mode)" },
};

static const struct mesh_message mutual_tls_message = {
    .name = "mutual_tls",
    MESH__FIELDS(mutual_tls_fields),
};

static const struct mesh_field port_mtls_fields[] = {
    { MESH__ROW("mode", ENUM, ENFORCED), .values = mode_values,
      MESH__PUT(struct mesh_port_mtls, mode),
      .default_value = "UNSET (the workload-level mode)" },
};

static const struct mesh_message port_mtls_message = {
    .name = "port_mtls",
    MESH__FIELDS(port_mtls_fields),
    .mark = MESH__AT(struct mesh_port_mtls, mark),
};

static const struct mesh_field peer_authentication_fields[] = {
    { MESH__ROW("mtls", MESSAGE, ENFORCED), .message = &mutual_tls_message,
      MESH__PUT_INTO_SAME, .default_value = "inherit" },
    { MESH__ROW("portLevelMtls", MESSAGE, ENFORCED), .shape = MESH__MAP,
      .message = &port_mtls_message,
      MESH__PUT_LIST(struct mesh_peer_authentication, ports, port_count,
                     struct mesh_port_mtls),
      .key = MESH__AT(struct mesh_port_mtls, port), .key_is_number = true,
      .bounds = "keys 1-65535; validation: non-empty map, only together with "
                "non-empty selector" },
    { MESH__ROW("selector", MESSAGE, ENFORCED),
      .message = &mesh__selector_message,
      MESH__PUT_HAS(struct mesh_peer_authentication, selector, has_selector),
      .default_value =
          "every workload of the namespace (whole mesh in root namespace)",
      .bounds = "validation warns when present without labels; policy ignored "
                "when used in root namespace" },
};

const struct mesh_message mesh__peer_authentication_message = {
    .name = "peer_authentication",
    MESH__FIELDS(peer_authentication_fields),
    .check = check_peer_authentication,
};
