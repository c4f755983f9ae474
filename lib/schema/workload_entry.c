/*
 * workload_entry.c - one workload outside of Kubernetes: WorkloadEntry.
 */
#include "schema/table.h"
#include "value/host.h"

static bool is_unix(struct mesh_slice address)
{
    return mesh__slice_starts(address, MESH__SLICE("unix://"));
}

static void check_unix(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *address)
{
    const char *path = address->text.at + 7;
    size_t len = address->text.len - 7;

    if (*path != '/' && *path != '@')
        mesh__reject(reader, spot, address->mark,
                     "wanted unix:///path or unix://@name, found \"%.80s\"",
                     address->text.at);
    else if (path[len - 1] == '/')
        mesh__reject(reader, spot, address->mark,
                     "a socket's path does not end in \"/\"");
}

static bool is_port_name(struct mesh_slice name)
{
    return name.len <= 62 && mesh__is_host_label(name);
}

/* What the schema asks of a WorkloadEntry, an endpoint and a template. */
static void check_place(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *address = mesh__get(node, "address");
    const struct mesh_yaml_node *ports = mesh__get(node, "ports");
    struct mesh_spot field = { .up = spot, .name = "address" };

    if (address && address->kind == MESH__YAML_SCALAR &&
        is_unix(address->text)) {
        check_unix(reader, &field, address);
        if (ports)
            mesh__reject_pair(reader, spot, node, "address", "ports",
                              "a unix socket has no ports");
    }
    for (size_t i = 0; ports && ports->pairs && i < ports->count; i++)
        if (!is_port_name(ports->pairs[i].key))
            mesh__reject(reader, spot, ports->pairs[i].mark,
                         "\"%.80s\" is no port name", ports->pairs[i].key.at);
}

void mesh__check_template(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    check_place(reader, spot, node);
}

void mesh__check_workload(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *address = mesh__get(node, "address");
    struct mesh_spot field = { .up = spot, .name = "address" };

    (void)into;
    check_place(reader, spot, node);
    if (mesh__get_text(node, "address").len) {
        if (!is_unix(address->text) && !mesh__is_ip(address->text) &&
            !mesh__host_valid(address->text, false))
            mesh__reject(reader, &field, address->mark,
                         "wanted an IP address, a name or unix://, found "
                         "\"%.80s\"",
                         address->text.at);
    } else if (mesh__get_text(node, "network").len == 0) {
        mesh__reject_pair(reader, spot, node, "address", "network",
                          "address or network is required");
    }
}

static const struct mesh_field workload_entry_fields[] = {
    { MESH__ROW("address", STRING, ENFORCED),
      MESH__PUT(struct mesh_workload_entry, address), .max_len = 256,
      .bounds = "max length 256; unix:// must continue with / or @; unix:// "
                "path must not end with /; IP, FQDN or unix path" },
    { MESH__ROW("labels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_workload_entry, labels), .max_items = 256,
      .check = mesh__check_tags, .default_value = "none",
      .bounds = "max entries 256; valid labels; metadata labels win" },
    { MESH__ROW("locality", STRING, ENFORCED),
      MESH__PUT(struct mesh_workload_entry, locality), .max_len = 2048,
      .default_value = "none",
      .bounds = "max length 2048; region/zone/subzone" },
    { MESH__ROW("network", STRING, NOTED), .max_len = 2048,
      .reason = "there are no gateways between networks yet: every endpoint "
                "is reached at its own address",
      .default_value = "default network", .bounds = "max length 2048" },
    { MESH__ROW("ports", UINT32, ENFORCED), .shape = MESH__MAP,
      MESH__PUT_MAP(struct mesh_workload_entry, ports, port_count,
                    struct mesh_port_number, name, number),
      .max_items = 128, MESH__RANGE(1, 65535),
      .default_value = "service targetPort or number",
      .bounds = "max entries 128; keys: port names, 1-62 alphanumeric or - "
                "characters; values 1-65535" },
    { MESH__ROW("serviceAccount", STRING, ENFORCED),
      MESH__PUT(struct mesh_workload_entry, service_account), .max_len = 253,
      .default_value = "none", .bounds = "max length 253" },
    { MESH__ROW("weight", UINT32, ENFORCED),
      MESH__PUT(struct mesh_workload_entry, weight),
      .default_value = "1 (0 counts as 1)" },
};

const struct mesh_message mesh__workload_entry_message = {
    .name = "workload_entry",
    MESH__FIELDS(workload_entry_fields),
    .mark = MESH__AT(struct mesh_workload_entry, mark),
    .check = mesh__check_workload,
};
