/*
 * registry.c - which services there are, and the addresses behind each.
 *
 * Service over WorkloadEntries by selector, Service with EndpointSlices,
 * ServiceEntry with endpoints or a selector. Declines to know policies and who
 * is asking (Istio: pilot/pkg/serviceregistry, pkg/config/kube/conversion.go).
 */
#include "policy/world.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

/* --- protocols --- */

static const struct {
    const char *name;
    enum mesh_protocol protocol;
} protocols[] = {
    { "grpc-web", MESH__PROTO_HTTP },
    { "grpc", MESH__PROTO_HTTP2 },
    { "http2", MESH__PROTO_HTTP2 },
    { "http", MESH__PROTO_HTTP },
    { "http_proxy", MESH__PROTO_TCP },
    { "https", MESH__PROTO_TCP },
    { "tls", MESH__PROTO_TCP },
    { "tcp", MESH__PROTO_TCP },
    { "mongo", MESH__PROTO_TCP },
    { "redis", MESH__PROTO_TCP },
    { "mysql", MESH__PROTO_TCP },
    { "udp", MESH__PROTO_TCP },
    { "kubernetes.io/h2c", MESH__PROTO_HTTP2 },
    { "kubernetes.io/ws", MESH__PROTO_HTTP },
    { "kubernetes.io/wss", MESH__PROTO_TCP },
};

static bool find_protocol(struct mesh_slice name, enum mesh_protocol *out)
{
    for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
        if (!mesh__slice_equal_nocase(name, mesh__slice_of(protocols[i].name)))
            continue;
        *out = protocols[i].protocol;
        return true;
    }
    return false;
}

bool mesh__protocol_is_tls(struct mesh_slice app_protocol,
                           struct mesh_slice name)
{
    static const char *const all[] = { "https", "tls" };
    struct mesh_slice word = app_protocol.len ? app_protocol : name;
    const char *dash = word.len ? memchr(word.at, '-', word.len) : NULL;

    if (mesh__slice_equal_nocase(app_protocol,
                                 MESH__SLICE("kubernetes.io/wss")))
        return true;
    if (!app_protocol.len && dash)
        word = mesh__slice(word.at, (size_t)(dash - word.at));
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (mesh__slice_equal_nocase(word, mesh__slice_of(all[i])))
            return true;
    return false;
}

/* Ports whose peers wait for the server to speak: never detected. */
static bool server_speaks_first(uint32_t port)
{
    return port == 25 || port == 53 || port == 3306 || port == 27017;
}

enum mesh_protocol mesh__protocol_of(struct mesh_slice app_protocol,
                                     struct mesh_slice name, uint32_t port)
{
    static const char grpc_web[] = "grpc-web";
    struct mesh_slice word = app_protocol.len ? app_protocol : name;
    enum mesh_protocol found;
    const char *dash;

    if (find_protocol(word, &found))
        return found;
    if (!app_protocol.len && word.len >= sizeof(grpc_web) - 1 &&
        mesh__slice_equal_nocase(mesh__slice(word.at, sizeof(grpc_web) - 1),
                                 MESH__SLICE("grpc-web")))
        return MESH__PROTO_HTTP;
    dash = word.len ? memchr(word.at, '-', word.len) : NULL;
    if (!app_protocol.len && dash &&
        find_protocol(mesh__slice(word.at, (size_t)(dash - word.at)), &found))
        return found;
    return server_speaks_first(port) ? MESH__PROTO_TCP : MESH__PROTO_AUTO;
}

/* --- instances --- */

static bool named_port(const struct mesh__instance *instance,
                       struct mesh_slice name, uint16_t *out)
{
    for (size_t i = 0; i < instance->port_count; i++) {
        if (!mesh__slice_equal(instance->ports[i].name, name))
            continue;
        *out = (uint16_t)instance->ports[i].number;
        return true;
    }
    return false;
}

uint16_t mesh__instance_port(const struct mesh__instance *instance,
                             const struct mesh__port *port)
{
    unsigned long long number;
    uint16_t found;

    if (named_port(instance, port->name, &found))
        return found;
    if (instance->strict_ports)
        return 0;
    if (port->target.len == 0)
        return port->number;
    if (mesh__slice_number(port->target, UINT16_MAX, &number))
        return (uint16_t)number;
    return named_port(instance, port->target, &found) ? found : port->number;
}

/* --- services --- */

const struct mesh__port *mesh__service_port(const struct mesh__service *service,
                                            uint32_t number)
{
    for (size_t i = 0; i < service->port_count; i++)
        if (service->ports[i].number == number)
            return &service->ports[i];
    return NULL;
}

bool mesh__port_streams(const struct mesh__port *port)
{
    return port->protocol == MESH__PROTO_TCP ||
           port->protocol == MESH__PROTO_AUTO;
}

static int fill_ports(struct mesh_arena *arena, struct mesh__service *out,
                      const struct mesh_service_port *ports, size_t count)
{
    out->ports = mesh__arena_array(arena, count, sizeof(*out->ports));
    if (!out->ports)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if (ports[i].port == 0 || ports[i].port > UINT16_MAX ||
            mesh__service_port(out, ports[i].port))
            continue;
        out->ports[out->port_count++] = (struct mesh__port){
            .name = ports[i].name,
            .target = ports[i].target_port,
            .number = (uint16_t)ports[i].port,
            .protocol = mesh__protocol_of(ports[i].app_protocol, ports[i].name,
                                          ports[i].port),
            .tls = mesh__protocol_is_tls(ports[i].app_protocol, ports[i].name),
            .mark = ports[i].mark,
        };
    }
    out->own_count = out->port_count;
    return 0;
}

static int slice_ports(struct mesh_arena *arena,
                       const struct mesh_endpoint_slice *slice,
                       struct mesh_port_number **out)
{
    struct mesh_port_number *ports =
        mesh__arena_array(arena, slice->port_count, sizeof(*ports));

    *out = ports;
    if (!ports)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < slice->port_count; i++)
        ports[i] = (struct mesh_port_number){ slice->ports[i].name,
                                              slice->ports[i].port };
    return 0;
}

/* The first address of each ready endpoint, as Kubernetes means it. */
static int add_slice(struct mesh__world *world,
                     const struct mesh__service *service,
                     const struct mesh_endpoint_slice *slice,
                     struct mesh__behind *behind)
{
    struct mesh_port_number *ports;
    int rc = slice_ports(&world->arena, slice, &ports);

    for (size_t i = 0; rc == 0 && i < slice->endpoint_count; i++) {
        const struct mesh_slice_endpoint *endpoint = &slice->endpoints[i];
        struct mesh__instance *instance;

        if (!endpoint->ready || endpoint->addresses.count == 0)
            continue;
        instance = mesh__arena_alloc(&world->arena, sizeof(*instance));
        if (!instance)
            return MESH_ERR_NOMEM;
        if (!mesh__address_parse_ip(endpoint->addresses.items[0],
                                    &instance->ip))
            continue;
        instance->namespace_ = service->namespace_;
        instance->weight = 1;
        instance->strict_ports = true;
        instance->ports = ports;
        instance->port_count = slice->port_count;
        instance->mark = endpoint->mark;
        behind->items[behind->count++] = instance;
    }
    return rc;
}

/* --- what stands behind --- */

static size_t count_behind(const struct mesh__service *service)
{
    size_t count = service->workloads.count;

    for (size_t i = 0; i < service->slices.count; i++) {
        const struct mesh_endpoint_slice *slice =
            service->slices.items[i]->spec;

        count += slice->endpoint_count;
    }
    if (!service->kubernetes) {
        const struct mesh_service_entry *spec = service->resource->spec;

        count += spec->endpoint_count + 1; /* or its own host */
    }
    return count;
}

/* The endpoints written into a ServiceEntry. */
static int add_inline(struct mesh__world *world,
                      const struct mesh__service *service,
                      struct mesh__behind *behind)
{
    const struct mesh_service_entry *spec = service->resource->spec;

    if (service->resolution == MESH__RESOLVE_NOTHING)
        return 0;
    for (size_t i = 0; i < spec->endpoint_count; i++) {
        const struct mesh_workload_entry *entry = &spec->endpoints[i];
        struct mesh__instance *instance =
            mesh__arena_alloc(&world->arena, sizeof(*instance));

        if (!instance)
            return MESH_ERR_NOMEM;
        if (!mesh__instance_fill(instance, entry, service->resource->name,
                                 service->namespace_, entry->mark))
            continue;
        instance->labels = entry->labels;
        if (!mesh__locality_read(&world->arena, &entry->labels,
                                 &instance->locality))
            return MESH_ERR_NOMEM;
        instance->tls =
            mesh__speaks_mesh_tls(&entry->labels, entry->service_account);
        behind->items[behind->count++] = instance;
    }
    return 0;
}

static bool by_name(const struct mesh__service *service)
{
    return service->resolution == MESH__RESOLVE_ALL ||
           service->resolution == MESH__RESOLVE_ONE;
}

/* Without endpoints its own host is the name; a wildcard is none. */
static int add_host(struct mesh__world *world,
                    const struct mesh__service *service,
                    struct mesh__behind *behind)
{
    struct mesh__instance *instance;

    if (behind->count || !by_name(service) ||
        mesh__host_is_wildcard(service->host))
        return 0;
    instance = mesh__arena_alloc(&world->arena, sizeof(*instance));
    if (!instance)
        return MESH_ERR_NOMEM;
    instance->dns = service->host;
    instance->name = service->resource->name;
    instance->namespace_ = service->namespace_;
    instance->weight = 1;
    instance->mark = service->resource->mark;
    behind->items[behind->count++] = instance;
    return 0;
}

static int fill_behind(struct mesh__world *world,
                       const struct mesh__service *service,
                       struct mesh__behind *behind)
{
    int rc = 0;

    for (size_t i = 0; i < service->workloads.count; i++)
        behind->items[behind->count++] = service->workloads.items[i];
    for (size_t i = 0; rc == 0 && i < service->slices.count; i++)
        rc = add_slice(world, service, service->slices.items[i]->spec, behind);
    if (rc == 0 && !service->kubernetes)
        rc = add_inline(world, service, behind);
    if (rc == 0 && !service->kubernetes)
        rc = add_host(world, service, behind);
    return rc;
}

int mesh__world_behind(struct mesh__world *world,
                       const struct mesh__service *service,
                       struct mesh__behind *out)
{
    struct mesh__service *own = &world->services[service - world->services];
    struct mesh__behind *behind = own->behind;
    int rc;

    if (!behind) {
        behind = mesh__arena_alloc(&world->arena, sizeof(*behind));
        if (!behind)
            return MESH_ERR_NOMEM;
        behind->items = mesh__arena_array(&world->arena, count_behind(service),
                                          sizeof(*behind->items));
        if (!behind->items)
            return MESH_ERR_NOMEM;
        rc = fill_behind(world, service, behind);
        if (rc < 0)
            return rc;
        own->behind = behind;
    }
    *out = *behind;
    return 0;
}

/* --- services of both kinds --- */

/* The annotation is a list, "a, b", of what exportTo holds elsewhere. */
static int read_export(struct mesh_arena *arena,
                       const struct mesh_resource *resource,
                       struct mesh_texts *out)
{
    const struct mesh_slice *annotation = mesh__labels_get(
        &resource->annotations, MESH__SLICE("networking.istio.io/exportTo"));
    struct mesh_slice rest;
    size_t commas = 0;

    if (!annotation || annotation->len == 0)
        return 0; /* the mesh's default stays */
    rest = *annotation;
    for (size_t i = 0; i < rest.len; i++)
        commas += rest.at[i] == ',';
    out->count = 0;
    out->items = mesh__arena_array(arena, commas + 1, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i <= commas; i++) {
        const char *comma = rest.len ? memchr(rest.at, ',', rest.len) : NULL;
        size_t len = comma ? (size_t)(comma - rest.at) : rest.len;

        out->items[out->count++] = mesh__slice_trim(mesh__slice(rest.at, len));
        if (comma)
            rest = mesh__slice(comma + 1, rest.len - len - 1);
    }
    return 0;
}

static int vip_of(struct mesh_arena *arena, struct mesh_slice cluster_ip,
                  struct mesh_texts *out)
{
    struct mesh_address ip;

    if (!mesh__address_parse_ip(cluster_ip, &ip))
        return 0; /* "None", or nothing */
    out->items = mesh__arena_alloc(arena, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    out->items[out->count++] = cluster_ip;
    return 0;
}

static struct mesh_slice slice_key(struct mesh_arena *arena,
                                   const struct mesh_resource *resource)
{
    const struct mesh_endpoint_slice *slice = resource->spec;

    return mesh__key_of(arena, mesh__namespace_of(resource), slice->service);
}

static int find_slices(struct mesh__world *world, struct mesh__service *service)
{
    struct mesh_slice key =
        mesh__key_of(&world->arena, service->namespace_, service->name);
    const struct mesh__list *found;

    if (!key.at)
        return MESH_ERR_NOMEM;
    found = mesh__map_find(&world->slices, key);
    if (found)
        service->slices = *found;
    return 0;
}

static int add_service(struct mesh__world *world,
                       const struct mesh_resource *resource)
{
    const struct mesh_service *spec = resource->spec;
    struct mesh__service *out = &world->services[world->service_count];
    struct mesh_arena *arena = &world->arena;
    bool selects = spec->has_selector && spec->selector.count;
    int rc;

    out->resource = resource;
    out->kubernetes = true;
    out->export_to = world->settings.config.default_service_export_to;
    if (mesh__slice_is(spec->cluster_ip, "None")) /* headless */
        out->resolution = MESH__RESOLVE_NOTHING;
    out->name = resource->name;
    out->namespace_ = mesh__namespace_of(resource);
    out->host = mesh__resolve(arena, out->name, out->namespace_);
    if (!out->host.at)
        return MESH_ERR_NOMEM;
    rc = fill_ports(arena, out, spec->ports, spec->port_count);
    if (rc == 0)
        rc = read_export(arena, resource, &out->export_to);
    if (rc == 0)
        rc = vip_of(arena, spec->cluster_ip, &out->addresses);
    if (rc == 0 && selects)
        rc = mesh__world_select(world, out->namespace_, &spec->selector,
                                &out->workloads);
    if (rc == 0)
        rc = find_slices(world, out);
    if (rc == 0)
        world->service_count++;
    return rc;
}

static enum mesh__resolution resolution_of(
    const struct mesh_service_entry *spec)
{
    if (mesh__slice_is(spec->resolution, "STATIC"))
        return MESH__RESOLVE_LISTED;
    if (mesh__slice_is(spec->resolution, "DNS"))
        return MESH__RESOLVE_ALL;
    if (mesh__slice_is(spec->resolution, "DNS_ROUND_ROBIN"))
        return MESH__RESOLVE_ONE;
    return MESH__RESOLVE_NOTHING;
}

static int add_entry_host(struct mesh__world *world,
                          const struct mesh_resource *resource,
                          struct mesh_slice host)
{
    const struct mesh_service_entry *spec = resource->spec;
    struct mesh__service *out = &world->services[world->service_count];
    int rc;

    out->resource = resource;
    out->host = host;
    out->name = host;
    out->namespace_ = mesh__namespace_of(resource);
    out->resolution = resolution_of(spec);
    out->external = !mesh__slice_is(spec->location, "MESH_INTERNAL");
    out->export_to = spec->export_to.count
                         ? spec->export_to
                         : world->settings.config.default_service_export_to;
    out->addresses = spec->addresses;
    out->alt_names = spec->subject_alt_names;
    rc = fill_ports(&world->arena, out, spec->ports, spec->port_count);
    if (rc == 0 && spec->has_selector &&
        out->resolution != MESH__RESOLVE_NOTHING)
        rc = mesh__world_select(world, out->namespace_, &spec->selector,
                                &out->workloads);
    if (rc == 0)
        world->service_count++;
    return rc;
}

static int add_entry(struct mesh__world *world,
                     const struct mesh_resource *resource)
{
    const struct mesh_service_entry *spec = resource->spec;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < spec->hosts.count; i++)
        rc = add_entry_host(world, resource, spec->hosts.items[i]);
    return rc;
}

static size_t count_hosts(const struct mesh__list *entries)
{
    size_t count = 0;

    for (size_t i = 0; i < entries->count; i++) {
        const struct mesh_service_entry *spec = entries->items[i]->spec;

        count += spec->hosts.count;
    }
    return count;
}

/* Do two ServiceEntries of a host and namespace make one service? */
static bool unites(const struct mesh__service *a, const struct mesh__service *b)
{
    const struct mesh_service_entry *left = a->resource->spec;
    const struct mesh_service_entry *right = b->resource->spec;

    return mesh__slice_equal(left->resolution, right->resolution) &&
           mesh__labels_equal(&left->selector, &right->selector) &&
           mesh__labels_equal(&a->resource->labels, &b->resource->labels) &&
           mesh__texts_equal(&a->export_to, &b->export_to);
}

/* The ports of a younger one behind those of the first. */
static int unite_ports(struct mesh_arena *arena, struct mesh__service *first,
                       const struct mesh__service *more)
{
    struct mesh__port *ports = mesh__arena_array(
        arena, first->port_count + more->port_count, sizeof(*ports));

    if (!ports)
        return MESH_ERR_NOMEM;
    if (first->port_count)
        memcpy(ports, first->ports, first->port_count * sizeof(*ports));
    first->ports = ports;
    for (size_t i = 0; i < more->port_count; i++)
        if (!mesh__service_port(first, more->ports[i].number))
            ports[first->port_count++] = more->ports[i];
    return 0;
}

/*
 * Does this one share endpoints with the eldest of its host and namespace? A
 * Service takes listed ones only. (Istio: they lie under host and namespace.)
 */
static bool shares(const struct mesh__service *eldest,
                   const struct mesh__service *service)
{
    return !eldest->kubernetes || service->resolution == MESH__RESOLVE_LISTED;
}

/* Endpoints stay with the ports that their own entry gives them. */
static void add_twin(struct mesh__service *eldest, struct mesh__service *twin)
{
    struct mesh__service *last = eldest;

    while (last->twin)
        last = last->twin;
    last->twin = twin;
    twin->eldest = eldest;
}

/* Behind those of the same host: Kubernetes' first, then by age. */
static int enter_host(struct mesh__world *world, struct mesh__service *service)
{
    struct mesh__service *first = mesh__map_find(&world->hosts, service->host);
    struct mesh__service *last = NULL;

    service->eldest = service;
    if (!first)
        return mesh__map_put(&world->hosts, service->host, service);
    for (; first; last = first, first = first->next) {
        if (!mesh__slice_equal(first->namespace_, service->namespace_))
            continue;
        if (service->eldest == service && shares(first->eldest, service))
            add_twin(first->eldest, service);
        if (!first->kubernetes && unites(first, service))
            return unite_ports(&world->arena, first, service);
    }
    last->next = service;
    return 0;
}

int mesh__world_register(struct mesh__world *world)
{
    const struct mesh__list *services = &world->kinds[MESH__KIND_SERVICE];
    const struct mesh__list *entries = &world->kinds[MESH__KIND_SERVICE_ENTRY];
    int rc = mesh__world_list_workloads(world);

    if (rc == 0)
        rc = mesh__world_index(world, &world->slices,
                               &world->kinds[MESH__KIND_ENDPOINT_SLICE],
                               slice_key);
    world->services =
        mesh__arena_array(&world->arena, services->count + count_hosts(entries),
                          sizeof(*world->services));
    if (!world->services)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < services->count; i++)
        rc = add_service(world, services->items[i]);
    for (size_t i = 0; rc == 0 && i < entries->count; i++)
        rc = add_entry(world, entries->items[i]);
    for (size_t i = 0; rc == 0 && i < world->service_count; i++)
        rc = enter_host(world, &world->services[i]);
    return rc;
}

const struct mesh__service *mesh__world_service(const struct mesh__world *world,
                                                struct mesh_slice host,
                                                struct mesh_slice namespace_)
{
    const struct mesh__service *service = mesh__map_find(&world->hosts, host);
    const struct mesh__service *first = NULL;

    for (; service; service = service->next) {
        if (!mesh__visible(&service->export_to, service->namespace_,
                           namespace_))
            continue;
        if (mesh__slice_equal(service->namespace_, namespace_))
            return service;
        if (!first)
            first = service;
    }
    return first;
}
