/*
 * tcp_route.c - rules of a VirtualService for what is not HTTP: TCP and TLS.
 */
#include "schema/table.h"
#include "value/host.h"

static bool is_list(const struct mesh_yaml_node *node)
{
    return node && node->kind == MESH__YAML_SEQUENCE;
}

static void reject_weights(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *route)
{
    for (size_t i = 0; i < route->count; i++) {
        const struct mesh_yaml_node *weight =
            mesh__get(route->items[i], "weight");
        struct mesh_spot item = { .up = spot, .index = i };

        mesh__reject(reader, &item,
                     weight ? weight->mark : route->items[i]->mark,
                     "the weights add up to 0");
    }
}

/*
 * Several destinations share by weight: somebody must get something. A weight
 * that is no number has a finding of its own.
 */
void mesh__check_weights(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *route)
{
    struct mesh_spot field = { .up = spot, .name = "route" };
    int64_t total = 0;

    if (!is_list(route) || route->count < 2)
        return;
    for (size_t i = 0; i < route->count; i++) {
        const struct mesh_yaml_node *weight =
            mesh__get(route->items[i], "weight");
        double value = 0;

        if (weight && !mesh__yaml_float(weight, &value))
            return;
        if (value > 0 && value <= INT32_MAX)
            total += (int64_t)value;
    }
    if (total == 0)
        reject_weights(reader, &field, route);
    else if (total > UINT32_MAX)
        mesh__report(reader, &field, route->mark, MESH__REFUSED,
                     MESH__CODE_REFUSED, NULL,
                     "the weights add up to more than 4294967295");
}

/* --- names that TLS asks for ------------------------------------------------
 */

bool mesh__has_sni_hosts(const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *tls = mesh__get(node, "tls");

    for (size_t i = 0; is_list(tls) && i < tls->count; i++) {
        const struct mesh_yaml_node *list = mesh__get(tls->items[i], "match");

        for (size_t j = 0; is_list(list) && j < list->count; j++) {
            const struct mesh_yaml_node *hosts =
                mesh__get(list->items[j], "sniHosts");

            if (hosts && hosts->count)
                return true;
        }
    }
    return false;
}

static bool has_any(struct mesh_slice text, bool digit)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = mesh__lower(text.at[i]);

        if (digit ? c >= '0' && c <= '9' : c >= 'a' && c <= 'z')
            return true;
    }
    return false;
}

/* "outbound", ".80", ".v1", ".web.example.com" and more, "_" between. */
bool mesh__is_outbound_sni(struct mesh_slice text)
{
    struct mesh_slice parts[4] = { 0 };
    size_t count = 0;
    size_t start = 0;

    if (text.len > MESH__HOST_MAX ||
        !mesh__slice_starts(text, MESH__SLICE("outbound_")))
        return false;
    for (size_t i = 0; i <= text.len && count < 4; i++) {
        if (i < text.len && text.at[i] != '_')
            continue;
        parts[count++] = mesh__slice(text.at + start, i - start);
        start = i + 1;
    }
    return count == 4 && has_any(parts[1], true) && has_any(parts[3], false);
}

static bool among_hosts(const struct mesh_yaml_node *hosts,
                        struct mesh_slice name)
{
    for (size_t i = 0; is_list(hosts) && i < hosts->count; i++)
        if (hosts->items[i]->kind == MESH__YAML_SCALAR &&
            mesh__host_matches(hosts->items[i]->text, name))
            return true;
    return false;
}

struct tls_hosts {
    const struct mesh_yaml_node *hosts; /* of the VirtualService */
    const struct mesh_spot *spot;
    struct mesh_mark mark; /* of their key          */
    bool gateway;          /* not for the mesh      */
};

/* At the name, and at the hosts: either may be the slip. */
static void reject_sni(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *name,
                       const struct tls_hosts *own)
{
    const struct mesh_yaml_node *hosts = own->hosts;

    mesh__reject(reader, spot, name->mark,
                 "\"%.80s\" is none of the hosts of this VirtualService",
                 name->text.at);
    mesh__reject(reader, own->spot, own->mark,
                 "these hosts have no \"%.80s\", which TLS is to ask for",
                 name->text.at);
    for (size_t i = 0; is_list(hosts) && i < hosts->count; i++)
        mesh__reject(reader, &(struct mesh_spot){ .up = own->spot, .index = i },
                     hosts->items[i]->mark,
                     "this is not \"%.80s\", which TLS is to ask for",
                     name->text.at);
}

static void check_sni(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *name,
                      const struct tls_hosts *own)
{
    if (!mesh__host_valid(name->text, true) &&
        !(own->gateway && mesh__is_outbound_sni(name->text))) {
        if (!mesh__is_ip(name->text))
            mesh__check_host(reader, spot, name);
    } else if (!among_hosts(own->hosts, name->text)) {
        reject_sni(reader, spot, name, own);
    }
}

static void check_sni_hosts(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *list,
                            const struct tls_hosts *own)
{
    struct mesh_spot field = { .up = spot, .name = "sniHosts" };

    for (size_t i = 0; is_list(list) && i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };

        if (list->items[i]->kind == MESH__YAML_SCALAR)
            check_sni(reader, &item, list->items[i], own);
    }
}

static bool names_mesh(const struct mesh_yaml_node *gateways)
{
    for (size_t i = 0; is_list(gateways) && i < gateways->count; i++)
        if (mesh__slice_is(gateways->items[i]->text, "mesh"))
            return true;
    return false;
}

void mesh__check_tls_hosts(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *tls = mesh__get(node, "tls");
    const struct mesh_yaml_pair *hosts = mesh__yaml_find(node, "hosts");
    const struct mesh_spot hosts_spot = { .up = spot, .name = "hosts" };
    struct tls_hosts own = {
        .spot = &hosts_spot,
        .hosts = mesh__get(node, "hosts"),
        .mark = hosts ? hosts->mark : node->mark,
        .gateway = !names_mesh(mesh__get(node, "gateways")),
    };
    struct mesh_spot field = { .up = spot, .name = "tls" };

    for (size_t i = 0; is_list(tls) && i < tls->count; i++) {
        const struct mesh_yaml_node *list = mesh__get(tls->items[i], "match");
        struct mesh_spot route = { .up = &field, .index = i };
        struct mesh_spot matches = { .up = &route, .name = "match" };

        for (size_t j = 0; is_list(list) && j < list->count; j++) {
            struct mesh_spot match = { .up = &matches, .index = j };

            check_sni_hosts(reader, &match,
                            mesh__get(list->items[j], "sniHosts"), &own);
        }
    }
}

/* --- rules ------------------------------------------------------------------
 */

static void check_stream_match(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    mesh__check_items(reader, spot, node, "destinationSubnets",
                      mesh__check_ip_block);
    mesh__check_gateways(reader, spot, node);
}

static void check_stream_route(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *route = mesh__get(node, "route");

    (void)into;
    if (!route || (is_list(route) && route->count == 0))
        mesh__reject_missing(reader, spot, node, (const char *[]){ "route" }, 1,
                             "\"route\" is required");
    mesh__check_weights(reader, spot, route);
}

static const struct mesh_field tcp_match_fields[] = {
    { MESH__ROW("destinationSubnets", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, destination_subnets),
      .default_value = "any", .bounds = "IP or CIDR" },
    { MESH__ROW("gateways", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, gateways),
      .default_value = "the VirtualService's gateways" },
    { MESH__ROW("port", UINT32, ENFORCED),
      MESH__PUT(struct mesh_stream_match, port), MESH__RANGE(0, 65535),
      .default_value = "any", .bounds = "0-65535; 0 is any" },
    { MESH__ROW("sourceLabels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_stream_match, source_labels),
      .check = mesh__check_tags, .default_value = "any",
      .bounds = "valid labels" },
    { MESH__ROW("sourceNamespace", STRING, ENFORCED),
      MESH__PUT(struct mesh_stream_match, source_namespace),
      .default_value = "any" },
    { MESH__ROW("sourceSubnet", STRING, NOTED),
      .reason = "Istio does not look at it either" },
};

static const struct mesh_message tcp_match_message = {
    .name = "tcp_match",
    MESH__FIELDS(tcp_match_fields),
    .mark = MESH__AT(struct mesh_stream_match, mark),
    .check = check_stream_match,
};

static const struct mesh_field tcp_destination_fields[] = {
    { MESH__ROW("destination", MESSAGE, ENFORCED), .required = true,
      .message = &mesh__destination_message,
      MESH__PUT(struct mesh_stream_destination, destination) },
    { MESH__ROW("weight", INT32, ENFORCED),
      MESH__PUT(struct mesh_stream_destination, weight), MESH__RANGE(0, 0),
      .default_value = "0 (single destination gets all)",
      .bounds = ">=0; sum >0 when several" },
};

static const struct mesh_message tcp_destination_message = {
    .name = "tcp_destination",
    MESH__FIELDS(tcp_destination_fields),
    .mark = MESH__AT(struct mesh_stream_destination, mark),
};

static const struct mesh_field tcp_route_fields[] = {
    { MESH__ROW("match", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &tcp_match_message,
      MESH__PUT_LIST(struct mesh_stream_route, match, match_count,
                     struct mesh_stream_match),
      .default_value = "match everything" },
    { MESH__ROW("route", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &tcp_destination_message,
      MESH__PUT_LIST(struct mesh_stream_route, route, route_count,
                     struct mesh_stream_destination),
      .bounds = "validation: required" },
};

const struct mesh_message mesh__tcp_route_message = {
    .name = "tcp_route",
    MESH__FIELDS(tcp_route_fields),
    .mark = MESH__AT(struct mesh_stream_route, mark),
    .check = check_stream_route,
};

static const struct mesh_field tls_match_fields[] = {
    { MESH__ROW("destinationSubnets", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, destination_subnets),
      .default_value = "any", .bounds = "IP or CIDR" },
    { MESH__ROW("gateways", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, gateways),
      .default_value = "the VirtualService's gateways" },
    { MESH__ROW("port", UINT32, ENFORCED),
      MESH__PUT(struct mesh_stream_match, port), MESH__RANGE(0, 65535),
      .default_value = "any", .bounds = "0-65535; 0 is any" },
    { MESH__ROW("sniHosts", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_stream_match, sni_hosts), .required = true,
      .min_items = 1,
      .bounds = "subset of the VirtualService hosts; *.suffix allowed" },
    { MESH__ROW("sourceLabels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_stream_match, source_labels),
      .check = mesh__check_tags, .default_value = "any",
      .bounds = "valid labels" },
    { MESH__ROW("sourceNamespace", STRING, ENFORCED),
      MESH__PUT(struct mesh_stream_match, source_namespace),
      .default_value = "any" },
};

static const struct mesh_message tls_match_message = {
    .name = "tls_match",
    MESH__FIELDS(tls_match_fields),
    .mark = MESH__AT(struct mesh_stream_match, mark),
    .check = check_stream_match,
};

static const struct mesh_field tls_route_fields[] = {
    { MESH__ROW("match", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .required = true, .min_items = 1, .message = &tls_match_message,
      MESH__PUT_LIST(struct mesh_stream_route, match, match_count,
                     struct mesh_stream_match),
      .bounds = "validation: at least one entry" },
    { MESH__ROW("route", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &tcp_destination_message,
      MESH__PUT_LIST(struct mesh_stream_route, route, route_count,
                     struct mesh_stream_destination),
      .bounds = "validation: required" },
};

const struct mesh_message mesh__tls_route_message = {
    .name = "tls_route",
    MESH__FIELDS(tls_route_fields),
    .mark = MESH__AT(struct mesh_stream_route, mark),
    .check = check_stream_route,
};
