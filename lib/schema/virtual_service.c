/*
 * virtual_service.c - where requests go: VirtualService.
 */
#include "schema/table.h"
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

/* Where it stands, and at the gateways: either may be the slip. */
static void reject_in_mesh(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node,
                           struct mesh_mark mark, const char *why)
{
    const struct mesh_yaml_node *gateways = mesh__get(node, "gateways");
    const struct mesh_spot root = { .name = "spec" };
    const struct mesh_spot field = { .up = &root, .name = "gateways" };

    mesh__reject(reader, spot, mark, "%s", why);
    if (!is_list(gateways) || gateways->count == 0)
        mesh__reject_missing(reader, &root, node,
                             (const char *[]){ "gateways" }, 1, why);
    for (size_t i = 0; is_list(gateways) && i < gateways->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        if (mesh__slice_is(gateways->items[i]->text, "mesh"))
            mesh__reject(reader, &item, gateways->items[i]->mark, "%s", why);
    }
}

static void check_host(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node,
                       const struct mesh_yaml_node *host, bool mesh, bool sni)
{
    if (mesh__slice_is(host->text, "*")) {
        if (mesh)
            reject_in_mesh(reader, spot, node, host->mark,
                           "\"*\" is for gateways, not for the mesh");
    } else if (!mesh__is_ip(host->text) &&
               !(sni && !mesh && mesh__is_outbound_sni(host->text))) {
        mesh__check_host(reader, spot, host);
    }
}

static void reject_overlap(struct mesh_reader *reader,
                           const struct mesh_spot *field,
                           const struct mesh_yaml_node *hosts,
                           const size_t at[2])
{
    for (size_t i = 0; i < 2; i++) {
        struct mesh_spot item = { .up = field, .index = at[i] };

        mesh__reject(reader, &item, hosts->items[at[i]]->mark,
                     "\"%.80s\" overlaps \"%.80s\"",
                     hosts->items[at[i]]->text.at,
                     hosts->items[at[1 - i]]->text.at);
    }
}

static void check_hosts(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    struct mesh_spot field = { .up = spot, .name = "hosts" };
    bool mesh = binds_mesh(node);
    bool sni = mesh__has_sni_hosts(node);

    if (!is_list(hosts) || !mesh__few(reader, &field, hosts))
        return;
    for (size_t i = 0; i < hosts->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *host = hosts->items[i];

        if (host->kind != MESH__YAML_SCALAR)
            continue;
        check_host(reader, &item, node, host, mesh, sni);
        for (size_t j = 0; j < i; j++)
            if (hosts->items[j]->kind == MESH__YAML_SCALAR &&
                mesh__host_overlaps(hosts->items[j]->text, host->text))
                reject_overlap(reader, &field, hosts, (const size_t[]){ j, i });
    }
}

static bool gateway_name_valid(struct mesh_slice name)
{
    const char *slash = name.len ? memchr(name.at, '/', name.len) : NULL;
    struct mesh_slice space;

    if (!slash) /* "mesh", "name", or the older "name.namespace" */
        return mesh__host_valid(name, false);
    space = mesh__slice(name.at, (size_t)(slash - name.at));
    name = mesh__slice(slash + 1, name.len - space.len - 1);
    return mesh__is_host_label(space) && mesh__is_host_label(name);
}

/* Istio looks no further than the first name without a namespace. */
void mesh__check_gateways(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *gateways = mesh__get(node, "gateways");
    struct mesh_spot field = { .up = spot, .name = "gateways" };
    enum mesh_severity severity = MESH__ERROR;

    for (size_t i = 0; is_list(gateways) && i < gateways->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *name = gateways->items[i];

        if (name->kind != MESH__YAML_SCALAR)
            continue;
        if (!gateway_name_valid(name->text))
            mesh__report(reader, &item, name->mark, severity,
                         severity == MESH__ERROR ? MESH__CODE_INVALID
                                                 : MESH__CODE_WARNING,
                         NULL,
                         "wanted \"mesh\", a gateway or "
                         "\"namespace/gateway\", found \"%.80s\"",
                         name->text.at);
        if (!name->text.len || !memchr(name->text.at, '/', name->text.len))
            severity = MESH__WARNING;
    }
}

/* Only gateways know what tokens say. */
static void check_claims(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node,
                         const struct mesh_yaml_node *match, const char *name)
{
    const struct mesh_yaml_node *headers = mesh__get(match, name);
    struct mesh_spot field = { .up = spot, .name = name };

    for (size_t i = 0; headers && headers->pairs && i < headers->count; i++) {
        struct mesh_spot item = { .up = &field, .key = headers->pairs[i].key };

        if (mesh__is_claim(headers->pairs[i].key))
            reject_in_mesh(reader, &item, node, headers->pairs[i].mark,
                           "claims of a token are for gateways only");
    }
}

static void check_route_claims(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *http = mesh__get(node, "http");
    struct mesh_spot http_spot = { .up = spot, .name = "http" };

    for (size_t i = 0; is_list(http) && i < http->count; i++) {
        const struct mesh_yaml_node *list = mesh__get(http->items[i], "match");
        struct mesh_spot route = { .up = &http_spot, .index = i };
        struct mesh_spot match_spot = { .up = &route, .name = "match" };

        for (size_t j = 0; is_list(list) && j < list->count; j++) {
            struct mesh_spot match = { .up = &match_spot, .index = j };

            check_claims(reader, &match, node, list->items[j], "headers");
            check_claims(reader, &match, node, list->items[j],
                         "withoutHeaders");
        }
    }
}

/* Without hosts it is a delegate: others point at it. */
static void check_delegate(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    static const char *const never[] = { "gateways", "tls", "tcp" };
    static const char deeper[] = "a delegate, which has no hosts, does not "
                                 "delegate";
    const struct mesh_yaml_node *http = mesh__get(node, "http");
    struct mesh_spot field = { .up = spot, .name = "http" };

    for (size_t i = 0; i < 3; i++) {
        const struct mesh_yaml_node *list = mesh__get(node, never[i]);

        if (list && list->count)
            mesh__reject_pair(reader, spot, node, "hosts", never[i],
                              "without hosts it is a delegate, and those have "
                              "no gateways, tls and tcp");
    }
    for (size_t i = 0; is_list(http) && i < http->count; i++) {
        const struct mesh_yaml_node *delegate =
            mesh__get(http->items[i], "delegate");
        struct mesh_spot item = { .up = &field, .index = i };

        if (!delegate)
            continue;
        mesh__reject(reader, &item, delegate->mark, "%s", deeper);
        mesh__reject_missing(reader, spot, node, (const char *[]){ "hosts" }, 1,
                             deeper);
    }
}

static void check_virtual_service(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node, void *into)
{
    static const char *const names[] = { "http", "tcp", "tls" };
    const struct mesh_yaml_node *hosts = mesh__get(node, "hosts");
    bool routes = false;

    (void)into;
    if (!is_list(hosts) || hosts->count == 0)
        check_delegate(reader, spot, node);
    check_hosts(reader, spot, node);
    mesh__check_gateways(reader, spot, node);
    if (binds_mesh(node))
        check_route_claims(reader, spot, node);
    mesh__check_tls_hosts(reader, spot, node);
    mesh__check_export_to(reader, spot, node, false);
    for (size_t i = 0; i < 3; i++) {
        const struct mesh_yaml_node *list = mesh__get(node, names[i]);

        routes = routes || (list && list->count);
    }
    if (!routes)
        mesh__reject_missing(reader, spot, node, names, 3,
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
