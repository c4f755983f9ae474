/*
 * service_entry.c - services that no Service describes: ServiceEntry.
 */
#include "schema/table.h"
#include "value/address.h"

#include <mesh/base.h>

/* A number becomes the text that a Service has there. */
static void put_target_port(struct mesh_reader *reader,
                            const struct mesh_yaml_node *node,
                            struct mesh_service_port *port)
{
    struct mesh_slice text = mesh__get_text(node, "targetPort");
    char *copy;

    if (!port || text.len == 0)
        return;
    copy = mesh__arena_strndup(reader->arena, text.at, text.len);
    if (copy)
        port->target_port = mesh__slice(copy, text.len);
    else
        reader->rc = MESH_ERR_NOMEM;
}

static void check_service_port(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice protocol = mesh__get_text(node, "protocol");
    const struct mesh_yaml_node *name = mesh__get(node, "name");
    struct mesh_spot field = { .up = spot, .name = "name" };

    if (protocol.len && !mesh__is_protocol(protocol))
        mesh__reject(reader, spot, node->mark, "unknown protocol \"%.40s\"",
                     protocol.at);
    if (name && name->kind == MESH__YAML_SCALAR)
        mesh__check_dns_label(reader, &field, name);
    put_target_port(reader, node, into);
}

static void check_hosts(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *hosts)
{
    struct mesh_spot field = { .up = spot, .name = "hosts" };

    for (size_t i = 0; hosts && hosts->items && i < hosts->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        if (hosts->items[i]->kind != MESH__YAML_SCALAR)
            continue;
        if (mesh__slice_is(hosts->items[i]->text, "*"))
            mesh__reject(reader, &item, hosts->items[i]->mark,
                         "\"*\" alone is no host");
        else
            mesh__check_host(reader, &item, hosts->items[i]);
    }
}

static void check_ports(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *ports)
{
    if (!ports || !mesh__few(reader, spot, ports))
        return;
    for (size_t i = 0; ports->items && i < ports->count; i++)
        for (size_t j = 0; j < i; j++) {
            static const char *const keys[] = { "name", "number" };

            for (size_t k = 0; k < 2; k++) {
                struct mesh_slice a = mesh__get_text(ports->items[i], keys[k]);
                struct mesh_slice b = mesh__get_text(ports->items[j], keys[k]);

                if (a.len && mesh__slice_equal(a, b))
                    mesh__reject(reader, spot, ports->items[i]->mark,
                                 "a second port of %s %.60s", keys[k], a.at);
            }
        }
}

static void check_addresses(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *list, bool blocks)
{
    struct mesh_spot field = { .up = spot, .name = "addresses" };

    for (size_t i = 0; list && list->items && i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *address = list->items[i];
        struct mesh_cidr cidr;

        if (address->kind != MESH__YAML_SCALAR)
            continue;
        if (!mesh__cidr_parse(address->text, &cidr))
            mesh__reject(reader, &item, address->mark,
                         "wanted an IP address or a block, found \"%.60s\"",
                         address->text.at);
        else if (!blocks && strchr(address->text.at, '/'))
            mesh__reject(reader, &item, address->mark,
                         "blocks are for resolution NONE and STATIC");
    }
}

static bool port_known(const struct mesh_yaml_node *ports,
                       struct mesh_slice name)
{
    for (size_t i = 0; ports && ports->items && i < ports->count; i++)
        if (mesh__slice_equal(mesh__get_text(ports->items[i], "name"), name))
            return true;
    return false;
}

static void check_endpoint(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *endpoint,
                           const struct mesh_yaml_node *ports, bool fixed)
{
    struct mesh_slice address = mesh__get_text(endpoint, "address");
    const struct mesh_yaml_node *own = mesh__get(endpoint, "ports");
    struct mesh_address ip;

    if (fixed && address.len && !mesh__address_parse_ip(address, &ip) &&
        !mesh__slice_starts(address, MESH__SLICE("unix://")))
        mesh__reject(reader, spot, endpoint->mark,
                     "STATIC needs an IP address, found \"%.60s\"", address.at);
    for (size_t i = 0; own && own->pairs && i < own->count; i++)
        if (!port_known(ports, own->pairs[i].key))
            mesh__reject(reader, spot, own->pairs[i].mark,
                         "the service has no port \"%.60s\"",
                         own->pairs[i].key.at);
}

static void check_endpoints(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node, bool fixed)
{
    const struct mesh_yaml_node *list = mesh__get(node, "endpoints");
    struct mesh_spot field = { .up = spot, .name = "endpoints" };

    for (size_t i = 0; list && list->items && i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        check_endpoint(reader, &item, list->items[i], mesh__get(node, "ports"),
                       fixed);
    }
}

/* Names must be names where they are to be resolved. */
static void check_resolution(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node)
{
    struct mesh_slice resolution = mesh__get_text(node, "resolution");
    const struct mesh_yaml_node *endpoints = mesh__get(node, "endpoints");
    bool none = resolution.len == 0 || mesh__slice_is(resolution, "NONE");
    bool fixed = mesh__slice_is(resolution, "STATIC");
    bool any = endpoints && endpoints->count;

    if (none && any)
        mesh__reject(reader, spot, endpoints->mark,
                     "resolution NONE has no endpoints");
    if (mesh__slice_is(resolution, "DNS_ROUND_ROBIN") && any &&
        endpoints->count > 1)
        mesh__reject(reader, spot, endpoints->mark,
                     "DNS_ROUND_ROBIN takes one endpoint at most");
    check_addresses(reader, spot, mesh__get(node, "addresses"), none || fixed);
    check_endpoints(reader, spot, node, fixed);
}

static void check_service_entry(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");

    (void)into;
    if (!hosts || hosts->count == 0)
        mesh__reject(reader, spot, node->mark, "at least one host is required");
    check_hosts(reader, spot, hosts);
    check_ports(reader, spot, mesh__get(node, "ports"));
    check_resolution(reader, spot, node);
    if (mesh__has(node, "workloadSelector") && mesh__has(node, "endpoints"))
        mesh__reject(reader, spot, node->mark,
                     "endpoints and workloadSelector exclude each other");
    mesh__check_export_to(reader, spot, node, true);
}

static const struct mesh_field endpoint_fields[] = {
    { MESH__ROW("address", STRING, ENFORCED),
      MESH__PUT(struct mesh_workload_entry, address), .max_len = 256,
      .bounds = "max length 256; unix:// must continue with / or @; unix:// "
                "path must not end with /; validation: IP (STATIC), IP or FQDN "
                "(DNS), unix path (STATIC)" },
    { MESH__ROW("labels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_workload_entry, labels), .max_items = 256,
      .check = mesh__check_labels, .default_value = "none",
      .bounds = "max entries 256; valid labels" },
    { MESH__ROW("locality", STRING, ENFORCED),
      MESH__PUT(struct mesh_workload_entry, locality), .max_len = 2048,
      .default_value = "none",
      .bounds = "max length 2048; region/zone/subzone" },
    { MESH__ROW("network", STRING, NOTED), .max_len = 2048,
      .reason = "there are no gateways between networks yet: every endpoint "
                "is reached at its own address",
      .default_value = "same network as client", .bounds = "max length 2048" },
    { MESH__ROW("ports", UINT32, ENFORCED), .shape = MESH__MAP,
      MESH__PUT_MAP(struct mesh_workload_entry, ports, port_count,
                    struct mesh_port_number, name, number),
      .max_items = 128, MESH__RANGE(1, 65535),
      .default_value = "service targetPort or number",
      .bounds = "max entries 128; keys: port names, 1-62 alphanumeric or - "
                "characters; values 1-65535; validation: keys are service port "
                "names" },
    { MESH__ROW("serviceAccount", STRING, ENFORCED),
      MESH__PUT(struct mesh_workload_entry, service_account), .max_len = 253,
      .default_value = "none", .bounds = "max length 253" },
    { MESH__ROW("weight", UINT32, ENFORCED),
      MESH__PUT(struct mesh_workload_entry, weight),
      .default_value = "1 (0 counts as 1)" },
};

static const struct mesh_message endpoint_message = {
    .name = "endpoint",
    MESH__FIELDS(endpoint_fields),
    .mark = MESH__AT(struct mesh_workload_entry, mark),
    .check = mesh__check_workload,
};

static const struct mesh_field service_port_fields[] = {
    { MESH__ROW("name", STRING, ENFORCED), .required = true,
      MESH__PUT(struct mesh_service_port, name), .max_len = 256,
      .bounds = "max length 256; DNS label" },
    { MESH__ROW("number", UINT32, ENFORCED), .required = true,
      MESH__PUT(struct mesh_service_port, port), MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
    { MESH__ROW("protocol", STRING, ENFORCED),
      MESH__PUT(struct mesh_service_port, app_protocol), .max_len = 256,
      .default_value = "empty = detect",
      .bounds = "max length 256; HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, "
                "TCP, TLS and some others" },
    { MESH__ROW("targetPort", UINT32, ENFORCED), MESH__RANGE(1, 65535),
      .default_value = "port number", .bounds = "1-65535" },
};

static const struct mesh_message service_port_message = {
    .name = "service_port",
    MESH__FIELDS(service_port_fields),
    .mark = MESH__AT(struct mesh_service_port, mark),
    .check = check_service_port,
};

static const struct mesh_field entry_selector_fields[] = {
    { MESH__ROW("labels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT_INTO_SAME, .max_items = 256, .max_len = 63,
      .check = mesh__check_labels,
      .bounds = "max entries 256; element max length 63; label values without "
                "*; ANDed equality" },
};

static const struct mesh_message entry_selector_message = {
    .name = "entry_selector",
    MESH__FIELDS(entry_selector_fields),
};

static const struct mesh_value location_values[] = {
    MESH__VALUE("MESH_EXTERNAL"),
    MESH__VALUE("MESH_INTERNAL"),
    { 0 },
};

static const struct mesh_value resolution_values[] = {
    MESH__VALUE("NONE"),
    MESH__VALUE("STATIC"),
    MESH__VALUE("DNS"),
    MESH__VALUE("DNS_ROUND_ROBIN"),
    { "DYNAMIC_DNS", MESH__FIELD_REFUSED,
      "names that only a request tells are not resolved by this version" },
    { 0 },
};

static const struct mesh_field service_entry_fields[] = {
    { MESH__ROW("addresses", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_service_entry, addresses), .max_items = 256,
      .max_len = 64, .default_value = "auto-allocated or none",
      .bounds = "max items 256; element max length 64; IP or CIDR; CIDR only "
                "with NONE or STATIC" },
    { MESH__ROW("endpoints", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &endpoint_message,
      MESH__PUT_LIST(struct mesh_service_entry, endpoints, endpoint_count,
                     struct mesh_workload_entry),
      .max_items = 4096,
      .default_value = "from hosts (DNS) or original destination (NONE)",
      .bounds =
          "max items 4096; element: address or network must be set; element: "
          "no ports with a unix:// address; not with workloadSelector; none "
          "with NONE; at most one with DNS_ROUND_ROBIN" },
    { MESH__ROW("exportTo", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_service_entry, export_to),
      .default_value = "MeshConfig.defaultServiceExportTo ([\"*\"])",
      .bounds = ". or * or ~ or namespace; * and ~ alone" },
    { MESH__ROW("hosts", STRING, ENFORCED), .shape = MESH__LIST,
      .required = true, MESH__PUT(struct mesh_service_entry, hosts),
      .min_items = 1, .max_items = 256,
      .bounds = "min items 1; max items 256; element must not be bare *; "
                "wildcards need NONE or DYNAMIC_DNS in practice" },
    { MESH__ROW("location", ENUM, ENFORCED), .values = location_values,
      MESH__PUT(struct mesh_service_entry, location),
      .default_value = "MESH_EXTERNAL" },
    { MESH__ROW("ports", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &service_port_message,
      MESH__PUT_LIST(struct mesh_service_entry, ports, port_count,
                     struct mesh_service_port),
      .max_items = 256,
      .bounds = "max items 256; port numbers unique; unique by name" },
    { MESH__ROW("resolution", ENUM, ENFORCED), .values = resolution_values,
      MESH__PUT(struct mesh_service_entry, resolution),
      .default_value = "NONE" },
    { MESH__ROW("subjectAltNames", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_service_entry, subject_alt_names),
      .default_value = "none" },
    { MESH__ROW("workloadSelector", MESSAGE, ENFORCED),
      .message = &entry_selector_message,
      MESH__PUT_HAS(struct mesh_service_entry, selector, has_selector),
      .bounds = "not with endpoints" },
};

const struct mesh_message mesh__service_entry_message = {
    .name = "service_entry",
    MESH__FIELDS(service_entry_fields),
    .check = check_service_entry,
};
