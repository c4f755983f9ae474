/*
 * service_entry.c - services that no Service describes: ServiceEntry.
 */
#include "schema/table.h"
#include "value/host.h"

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

static void check_protocol(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    if (node->text.len && !mesh__is_protocol(node->text))
        mesh__reject(reader, spot, node->mark, "unknown protocol \"%.40s\"",
                     node->text.at);
}

static void check_service_port(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    (void)spot;
    put_target_port(reader, node, into);
}

static void check_host(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node)
{
    if (mesh__slice_is(node->text, "*"))
        mesh__reject(reader, spot, node->mark, "\"*\" alone is no host");
    else
        mesh__check_host(reader, spot, node);
}

/* --- what each way of resolution asks ---------------------------------------
 */

enum resolution { NONE, STATIC, DNS, ROUND_ROBIN, DYNAMIC, OTHER };

static enum resolution resolution_of(const struct mesh_yaml_node *node)
{
    static const char *const names[] = { "NONE", "STATIC", "DNS",
                                         "DNS_ROUND_ROBIN", "DYNAMIC_DNS" };
    const struct mesh_yaml_node *value = mesh__get(node, "resolution");
    enum resolution found = NONE;

    while (value && found < OTHER && !mesh__slice_is(value->text, names[found]))
        found++;
    return found;
}

static const char resolution_key[] = "resolution";
static const struct mesh_spot spec_spot = { .name = "spec" };
static const struct mesh_spot ports_spot = { .up = &spec_spot,
                                             .name = "ports" };
static const struct mesh_spot resolution_spot = { .up = &spec_spot,
                                                  .name = resolution_key };

static bool port_known(const struct mesh_yaml_node *ports,
                       struct mesh_slice name)
{
    for (size_t i = 0; ports && ports->items && i < ports->count; i++)
        if (mesh__slice_equal(mesh__get_text(ports->items[i], "name"), name))
            return true;
    return false;
}

/* The endpoint's name for it, or the service's: which is the slip? */
static void reject_port(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node,
                        const struct mesh_yaml_node *own,
                        const struct mesh_yaml_pair *unknown)
{
    const struct mesh_yaml_pair *ports = mesh__yaml_find(node, "ports");

    mesh__reject(reader, spot, unknown->mark,
                 "the service has no port \"%.60s\"", unknown->key.at);
    mesh__reject(reader, &ports_spot, ports ? ports->mark : node->mark,
                 "an endpoint has a port \"%.60s\", which is none of these",
                 unknown->key.at);
    for (size_t i = 0; ports && ports->value->items && i < ports->value->count;
         i++) {
        const struct mesh_yaml_node *name =
            mesh__get(ports->value->items[i], "name");

        if (name && !mesh__yaml_find(own, name->text.at))
            mesh__reject(reader, &ports_spot, name->mark,
                         "an endpoint has a port \"%.60s\" instead",
                         unknown->key.at);
    }
}

static void check_own_ports(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node,
                            const struct mesh_yaml_node *endpoint)
{
    const struct mesh_yaml_node *own = mesh__get(endpoint, "ports");

    for (size_t i = 0; own && own->pairs && i < own->count; i++)
        if (!port_known(mesh__get(node, "ports"), own->pairs[i].key))
            reject_port(reader, spot, node, own, &own->pairs[i]);
}

static bool is_unix(struct mesh_slice address)
{
    return mesh__slice_starts(address, MESH__SLICE("unix://"));
}

/* An address, or the resolution that it does not fit: which is the slip? */
static void reject_address(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node,
                           const struct mesh_yaml_node *endpoint,
                           const char *why)
{
    const struct mesh_yaml_node *address = mesh__get(endpoint, "address");
    const struct mesh_yaml_pair *resolution =
        mesh__yaml_find(node, resolution_key);

    mesh__reject(reader, spot, address ? address->mark : endpoint->mark, "%s",
                 why);
    if (resolution)
        mesh__reject(reader, &resolution_spot, resolution->mark, "%s", why);
}

static void reject_socket(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node,
                          const struct mesh_yaml_node *endpoint)
{
    static const char why[] = "a unix socket is for a service of one port";
    const struct mesh_yaml_node *ports = mesh__get(node, "ports");

    reject_address(reader, spot, node, endpoint, why);
    mesh__reject_missing(reader, &spec_spot, node, (const char *[]){ "ports" },
                         1, why);
    for (size_t i = 0; ports && ports->items && i < ports->count; i++)
        mesh__reject(reader, &ports_spot, ports->items[i]->mark, "%s", why);
}

static void check_endpoint(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node,
                           const struct mesh_yaml_node *endpoint, bool fixed)
{
    struct mesh_slice address = mesh__get_text(endpoint, "address");
    const struct mesh_yaml_node *ports = mesh__get(node, "ports");
    bool one = ports && ports->count == 1;

    check_own_ports(reader, spot, node, endpoint);
    if (!fixed && !mesh__is_ip(address) && !mesh__host_valid(address, false))
        reject_address(reader, spot, node, endpoint,
                       "what is resolved needs a name or an IP address");
    else if (fixed && is_unix(address) && !one)
        reject_socket(reader, spot, node, endpoint);
    else if (fixed && address.len && !is_unix(address) && !mesh__is_ip(address))
        reject_address(reader, spot, node, endpoint,
                       "STATIC needs an IP address");
}

static void check_endpoints(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node, bool fixed)
{
    const struct mesh_yaml_node *list = mesh__get(node, "endpoints");
    struct mesh_spot field = { .up = spot, .name = "endpoints" };

    for (size_t i = 0; list && list->items && i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        if (list->items[i]->kind == MESH__YAML_MAPPING)
            check_endpoint(reader, &item, node, list->items[i], fixed);
    }
}

static bool has_items(const struct mesh_yaml_node *node, const char *name)
{
    const struct mesh_yaml_node *list = mesh__get(node, name);

    return list && list->count;
}

/* A host that does not fit how hosts are resolved. */
static void reject_host(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node,
                        const struct mesh_yaml_node *host, const char *why)
{
    const struct mesh_yaml_pair *resolution =
        mesh__yaml_find(node, resolution_key);

    mesh__reject(reader, spot, host->mark, "%s", why);
    if (resolution)
        mesh__reject(reader, &resolution_spot, resolution->mark, "%s", why);
}

/* Without endpoints the hosts themselves are looked up. */
static void check_looked_up(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    struct mesh_spot field = { .up = spot, .name = "hosts" };

    if (has_items(node, "endpoints"))
        return;
    for (size_t i = 0; hosts && hosts->items && i < hosts->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        if (hosts->items[i]->kind == MESH__YAML_SCALAR &&
            !mesh__host_valid(hosts->items[i]->text, false))
            reject_host(reader, &item, node, hosts->items[i],
                        "without endpoints, a host that is resolved must be "
                        "a whole name");
    }
}

static void check_dns(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node, bool one)
{
    const struct mesh_yaml_node *endpoints = mesh__get(node, "endpoints");

    check_looked_up(reader, spot, node);
    check_endpoints(reader, spot, node, false);
    if (!one || !endpoints || endpoints->count < 2)
        return;
    mesh__reject_pair(reader, spot, node, resolution_key, "endpoints",
                      "DNS_ROUND_ROBIN takes one endpoint at most");
    for (size_t i = 0; endpoints->items && i < endpoints->count; i++)
        mesh__reject(reader, spot, endpoints->items[i]->mark,
                     "DNS_ROUND_ROBIN takes one endpoint at most");
}

static bool protocol_among(const struct mesh_yaml_node *port,
                           const char *const *names, size_t count)
{
    struct mesh_slice protocol = mesh__get_text(port, "protocol");

    for (size_t i = 0; i < count; i++)
        if (mesh__slice_equal_nocase(protocol, mesh__slice_of(names[i])))
            return true;
    return false;
}

/* Ports of other protocols than these do not go with the field other. */
static void check_protocols(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node,
                            const char *const *names, size_t count,
                            const char *other, const char *why)
{
    const struct mesh_yaml_node *ports = mesh__get(node, "ports");
    const struct mesh_yaml_pair *rule = mesh__yaml_find(node, other);
    struct mesh_spot field = { .up = spot, .name = "ports" };

    for (size_t i = 0; ports && ports->items && i < ports->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *port = ports->items[i];
        const struct mesh_yaml_node *protocol = mesh__get(port, "protocol");

        if (port->kind != MESH__YAML_MAPPING ||
            protocol_among(port, names, count))
            continue;
        mesh__reject(reader, &item, protocol ? protocol->mark : port->mark,
                     "%s", why);
        if (rule)
            mesh__reject(reader, spot, rule->mark, "%s", why);
    }
}

static void check_wildcards(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    struct mesh_spot field = { .up = spot, .name = "hosts" };

    for (size_t i = 0; hosts && hosts->items && i < hosts->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        if (hosts->items[i]->kind == MESH__YAML_SCALAR &&
            !mesh__host_is_wildcard(hosts->items[i]->text))
            reject_host(reader, &item, node, hosts->items[i],
                        "DYNAMIC_DNS is for hosts with a \"*\"");
    }
}

static void check_dynamic(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    static const char *const protocols[] = { "HTTP", "HTTP2", "GRPC", "TLS" };
    static const char *const never[] = { "addresses", "endpoints" };

    check_wildcards(reader, spot, node);
    for (size_t i = 0; i < 2; i++)
        if (has_items(node, never[i]))
            mesh__reject_pair(reader, spot, node, resolution_key, never[i],
                              "DYNAMIC_DNS has no addresses and endpoints");
    check_protocols(reader, spot, node, protocols, 4, resolution_key,
                    "DYNAMIC_DNS is for HTTP, HTTP2, GRPC and TLS");
}

/* Several hosts of one address are told apart by what HTTP and TLS say. */
static void check_shared_ports(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node)
{
    static const char *const protocols[] = { "HTTP", "HTTP2",    "HTTP_PROXY",
                                             "GRPC", "GRPC-WEB", "HTTPS",
                                             "TLS" };
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    size_t bad = reader->bad;
    static const char why[] = "several hosts are for HTTP and TLS only";

    if (!hosts || hosts->count < 2)
        return;
    check_protocols(reader, spot, node, protocols, 7, resolution_key, why);
    for (size_t i = 0; reader->bad > bad && hosts->items && i < hosts->count;
         i++)
        mesh__reject(reader, spot, hosts->items[i]->mark, "%s", why);
}

static void check_blocks(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *list = mesh__get(node, "addresses");
    const struct mesh_yaml_pair *resolution =
        mesh__yaml_find(node, resolution_key);
    static const char why[] = "blocks are for resolution NONE and STATIC";
    struct mesh_spot field = { .up = spot, .name = "addresses" };

    for (size_t i = 0; list && list->items && i < list->count; i++) {
        const struct mesh_yaml_node *item = list->items[i];

        if (item->kind != MESH__YAML_SCALAR || item->text.len == 0 ||
            !memchr(item->text.at, '/', item->text.len))
            continue;
        mesh__reject(reader, &(struct mesh_spot){ .up = &field, .index = i },
                     item->mark, "%s", why);
        if (resolution)
            mesh__reject(reader, &resolution_spot, resolution->mark, "%s", why);
    }
}

static void check_resolution(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node)
{
    enum resolution resolution = resolution_of(node);

    if (resolution == OTHER)
        return; /* said already */
    if (resolution == NONE && mesh__has(node, "endpoints"))
        mesh__reject_pair(reader, spot, node, resolution_key, "endpoints",
                          "resolution NONE has no endpoints");
    else if (resolution == STATIC)
        check_endpoints(reader, spot, node, true);
    else if (resolution == DNS || resolution == ROUND_ROBIN)
        check_dns(reader, spot, node, resolution == ROUND_ROBIN);
    else if (resolution == DYNAMIC)
        check_dynamic(reader, spot, node);
    if (resolution > STATIC)
        check_blocks(reader, spot, node);
    if (resolution != NONE)
        check_shared_ports(reader, spot, node);
}

static void check_service_entry(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *ports = mesh__get(node, "ports");
    struct mesh_spot field = { .up = spot, .name = "ports" };

    (void)into;
    mesh__check_items(reader, spot, node, "hosts", check_host);
    mesh__check_items(reader, spot, node, "addresses", mesh__check_ip_block);
    mesh__reject_twins(reader, &field, ports, "name");
    mesh__reject_twins(reader, &field, ports, "number");
    check_resolution(reader, spot, node);
    mesh__reject_both(reader, spot, node, "endpoints", "workloadSelector");
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
      .check = mesh__check_tags, .default_value = "none",
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
      .check = mesh__check_host_label, .bounds = "max length 256; DNS label" },
    { MESH__ROW("number", UINT32, ENFORCED), .required = true,
      MESH__PUT(struct mesh_service_port, port), MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
    { MESH__ROW("protocol", STRING, ENFORCED),
      MESH__PUT(struct mesh_service_port, app_protocol), .max_len = 256,
      .check = check_protocol, .default_value = "empty = detect",
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
      .check = mesh__check_whole_labels,
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
