/*
 * virtual_service.c - where requests go: VirtualService.
 */
#include "schema/table.h"
#include "value/address.h"
#include "value/host.h"

static bool is_list(const struct mesh_yaml_node *node)
{
    return node && node->kind == MESH__YAML_SEQUENCE;
}

/* Does the mesh itself use it: no gateways, or "mesh" among them? */
static bool binds_mesh(const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *gateways = mesh__get(node, "gateways");

    if (!is_list(gateways) || gateways->count == 0)
        return true;
    for (size_t i = 0; i < gateways->count; i++)
        if (mesh__slice_is(gateways->items[i]->text, "mesh"))
            return true;
    return false;
}

static void check_host(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *host, bool mesh)
{
    struct mesh_address address;

    if (mesh__slice_is(host->text, "*")) {
        if (mesh)
            mesh__reject(reader, spot, host->mark,
                         "\"*\" is for gateways, not for the mesh");
    } else if (!mesh__address_parse_ip(host->text, &address)) {
        mesh__check_host(reader, spot, host);
    }
}

static void check_hosts(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    struct mesh_spot field = { .up = spot, .name = "hosts" };
    bool mesh = binds_mesh(node);

    if (!is_list(hosts) || !mesh__few(reader, &field, hosts))
        return;
    for (size_t i = 0; i < hosts->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *host = hosts->items[i];

        if (host->kind != MESH__YAML_SCALAR)
            continue;
        check_host(reader, &item, host, mesh);
        for (size_t j = 0; j < i; j++)
            if (hosts->items[j]->kind == MESH__YAML_SCALAR &&
                mesh__host_overlaps(hosts->items[j]->text, host->text))
                mesh__reject(reader, &item, host->mark,
                             "\"%.80s\" overlaps \"%.80s\"", host->text.at,
                             hosts->items[j]->text.at);
    }
}

/* "mesh", "name", "namespace/name", "./name", or the older "name.namespace". */
static bool gateway_name_valid(struct mesh_slice name)
{
    const char *slash = name.len ? memchr(name.at, '/', name.len) : NULL;
    struct mesh_slice space = MESH__SLICE(".");

    if (!slash)
        return mesh__host_valid(name, false);
    space = mesh__slice(name.at, (size_t)(slash - name.at));
    name = mesh__slice(slash + 1, name.len - space.len - 1);
    return (mesh__slice_is(space, ".") || mesh__is_dns_label(space)) &&
           mesh__is_dns_label(name);
}

void mesh__check_gateways(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *gateways = mesh__get(node, "gateways");
    struct mesh_spot field = { .up = spot, .name = "gateways" };

    for (size_t i = 0; is_list(gateways) && i < gateways->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *name = gateways->items[i];

        if (name->kind == MESH__YAML_SCALAR && !gateway_name_valid(name->text))
            mesh__reject(reader, &item, name->mark,
                         "wanted \"mesh\", a gateway or \"namespace/gateway\", "
                         "found \"%.80s\"",
                         name->text.at);
    }
}

/* Without hosts it is a delegate: others point at it. */
static void check_delegate(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    static const char *const never[] = { "gateways", "tls", "tcp" };
    const struct mesh_yaml_node *value;

    for (size_t i = 0; i < 3; i++) {
        value = mesh__get(node, never[i]);
        if (value && value->count)
            mesh__reject(reader, spot, value->mark,
                         "without hosts it is a delegate, and those have no "
                         "%s",
                         never[i]);
    }
}

static void check_virtual_service(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    bool routes = false;

    (void)into;
    if (!is_list(hosts) || hosts->count == 0)
        check_delegate(reader, spot, node);
    check_hosts(reader, spot, node);
    mesh__check_gateways(reader, spot, node);
    mesh__check_export_to(reader, spot, node, false);
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = { "http", "tcp", "tls" };
        const struct mesh_yaml_node *list = mesh__get(node, names[i]);

        routes = routes || (list && list->count);
    }
    if (!routes)
        mesh__reject(reader, spot, node->mark,
                     "one of http, tcp and tls must have a route");
}

static const struct mesh_field virtual_service_fields[] = {
    { MESH__ROW("exportTo", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_virtual_service, export_to),
      .default_value = "MeshConfig.defaultVirtualServiceExportTo ([\"*\"])",
      .bounds = ". or * or namespace; * alone" },
    { MESH__ROW("gateways", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_virtual_service, gateways),
      .default_value = "[mesh]",
      .bounds = "namespace/name, name, or reserved word mesh" },
    { MESH__ROW("hosts", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_virtual_service, hosts),
      .default_value = "empty means delegate VirtualService",
      .bounds = "FQDN, short name, *.suffix or IP; \"*\" only with gateways; "
                "no overlaps" },
    { MESH__ROW("http", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &mesh__http_route_message,
      MESH__PUT_LIST(struct mesh_virtual_service, http, http_count,
                     struct mesh_http_route) },
    { MESH__ROW("tcp", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &mesh__tcp_route_message,
      .reason = "traffic would go elsewhere than the policy says: not yet "
                "enforced by this version" },
    { MESH__ROW("tls", MESSAGE, REFUSED), .shape = MESH__LIST,
      .message = &mesh__tls_route_message,
      .reason = "traffic would go elsewhere than the policy says: not yet "
                "enforced by this version" },
};

const struct mesh_message mesh__virtual_service_message = {
    .name = "virtual_service",
    MESH__FIELDS(virtual_service_fields),
    .check = check_virtual_service,
};
