/*
 * judge_entry.c - ServiceEntries and WorkloadEntries: addresses and protocols.
 *
 * (Istio: analyzers/serviceentry.)
 */
#include "policy/judge.h"

#include "value/address.h"
#include "value/host.h"

/* --- addresses --- */

static bool by_name(struct mesh_slice resolution)
{
    return mesh__slice_is(resolution, "DNS") ||
           mesh__slice_is(resolution, "DNS_ROUND_ROBIN");
}

static void judge_address(struct mesh__judge *judge, struct mesh__about about,
                          struct mesh_slice address, bool named)
{
    struct mesh_address ip;

    if (!mesh__address_parse_ip(address, &ip) &&
        !(named && mesh__host_valid(address, false)))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_UNUSABLE_ADDRESS,
                        about,
                        "\"%.*s\" is no IP address: nothing is sent there",
                        MESH__SHOW(address));
}

static void judge_endpoints(struct mesh__judge *judge,
                            const struct mesh_resource *resource)
{
    const struct mesh_service_entry *spec = resource->spec;

    for (size_t i = 0; i < spec->endpoint_count; i++) {
        struct mesh__about about = { resource, spec->endpoints[i].mark, "" };

        about.path = mesh__judge_path(judge, "spec.endpoints[%zu].address", i);
        judge_address(judge, about, spec->endpoints[i].address,
                      by_name(spec->resolution));
    }
}

/* The namespaces where a ServiceEntry resolves the addresses it selects. */
static void find_named(struct mesh__judge *judge, struct mesh_map *named)
{
    const struct mesh__list *all = &judge->kinds[MESH__KIND_SERVICE_ENTRY];

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_service_entry *spec = all->items[i]->spec;

        if (spec->has_selector && by_name(spec->resolution) &&
            mesh__map_put(named, mesh__namespace_of(all->items[i]),
                          (void *)all->items[i]) < 0)
            mesh__judge_lost(judge);
    }
}

static void judge_workloads(struct mesh__judge *judge)
{
    const struct mesh__list *all = &judge->kinds[MESH__KIND_WORKLOAD_ENTRY];
    struct mesh_map named = { 0 };

    find_named(judge, &named);
    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_workload_entry *spec = all->items[i]->spec;
        struct mesh__about about = { all->items[i], spec->mark,
                                     "spec.address" };

        judge_address(
            judge, about, spec->address,
            mesh__map_find(&named, mesh__namespace_of(all->items[i])) != NULL);
    }
    mesh__map_fini(&named);
}

/* --- TCP without addresses --- */

static bool is_true(const struct mesh_labels *metadata, struct mesh_slice key)
{
    const struct mesh_slice *value = mesh__labels_get(metadata, key);

    return value && mesh__slice_is(*value, "true");
}

/* Proxies that answer names themselves give each service an address. */
static bool allocates(const struct mesh__judge *judge)
{
    const struct mesh_collection *all = judge->world.all;

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_mesh_config *config = all->resources[i].spec;
        const struct mesh_labels *metadata;

        if (!mesh__is_settings(&all->resources[i]))
            continue;
        metadata = &config->judged.proxy_metadata;
        if (is_true(metadata, MESH__SLICE("ISTIO_META_DNS_CAPTURE")) &&
            (is_true(metadata, MESH__SLICE("ISTIO_META_DNS_AUTO_ALLOCATE")) ||
             is_true(metadata, MESH__SLICE("PILOT_ENABLE_IP_AUTOALLOCATE"))))
            return true;
    }
    return false;
}

static void judge_ports(struct mesh__judge *judge,
                        const struct mesh_resource *resource)
{
    const struct mesh_service_entry *spec = resource->spec;

    if (spec->addresses.count || spec->judged.allocated)
        return;
    for (size_t i = 0; i < spec->port_count; i++) {
        struct mesh_slice protocol = spec->ports[i].app_protocol;
        struct mesh__about about = { resource, spec->ports[i].mark, "" };

        if (protocol.len &&
            !mesh__slice_equal_nocase(protocol, MESH__SLICE("TCP")))
            continue;
        about.path = mesh__judge_path(judge, "spec.ports[%zu]", i);
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NO_ADDRESSES, about,
                        "without spec.addresses, a TCP port cannot be told "
                        "from another service's");
    }
}

/* --- one host and port, several protocols --- */

/* What one ServiceEntry says about a host and port. */
struct speech {
    const struct mesh_resource *resource;
    const struct mesh_service_port *port;
    bool *told; /* of the resource */
};

struct speeches {
    struct mesh__judge *judge;
    struct mesh__names names; /* scope: exportTo and port */
};

static struct mesh_slice scope_of(struct mesh__judge *judge,
                                  struct mesh_slice export_to, uint32_t port)
{
    return mesh__judge_key(judge, "%.*s:%u", MESH__SHOW(export_to),
                           (unsigned)port);
}

static void add_speech(struct speeches *speeches,
                       const struct mesh_resource *resource, bool *told,
                       struct mesh_slice export_to)
{
    const struct mesh_service_entry *spec = resource->spec;

    for (size_t i = 0; i < spec->port_count; i++) {
        struct speech *speech =
            mesh__arena_alloc(&speeches->judge->arena, sizeof(*speech));

        if (!speech) {
            mesh__judge_lost(speeches->judge);
            return;
        }
        *speech = (struct speech){ resource, &spec->ports[i], told };
        for (size_t j = 0; j < spec->hosts.count; j++)
            mesh__judge_names_add(
                speeches->judge, &speeches->names,
                scope_of(speeches->judge, export_to, spec->ports[i].port),
                spec->hosts.items[j], speech);
    }
}

static void add_speeches(struct speeches *speeches,
                         const struct mesh_resource *resource, bool *told)
{
    const struct mesh_service_entry *spec = resource->spec;
    bool all = spec->export_to.count == 0;

    for (size_t i = 0; i < spec->export_to.count; i++)
        all = all || mesh__slice_is(spec->export_to.items[i], "*");
    if (all)
        add_speech(speeches, resource, told, MESH__SLICE("*"));
    for (size_t i = 0; !all && i < spec->export_to.count; i++) {
        struct mesh_slice to = spec->export_to.items[i];

        add_speech(speeches, resource, told,
                   mesh__slice_is(to, ".") ? mesh__namespace_of(resource) : to);
    }
}

static const struct speech *speech_of(const struct mesh__name *name)
{
    return name->value;
}

static const struct mesh__name *find_other(const struct mesh__name *names,
                                           struct mesh_slice protocol)
{
    for (; names; names = names->next)
        if (!mesh__slice_equal_nocase(speech_of(names)->port->app_protocol,
                                      protocol))
            return names;
    return NULL;
}

static void tell_speech(struct mesh__judge *judge, const struct speech *speech,
                        struct mesh_slice host, const struct speech *other)
{
    struct mesh__about about = { speech->resource, speech->port->mark,
                                 "spec.ports" };

    if (*speech->told)
        return;
    *speech->told = true;
    mesh__judge_say(judge, MESH__WARNING, MESH__CODE_PROTOCOLS_DIFFER, about,
                    "port %u of %.*s: %.*s/%.*s says %.*s, others differ",
                    (unsigned)speech->port->port, MESH__SHOW(host),
                    MESH__SHOW(mesh__namespace_of(other->resource)),
                    MESH__SHOW(other->resource->name),
                    MESH__SHOW(other->port->app_protocol));
}

/* All who speak of one host and port to one namespace, "*" included. */
static void judge_speeches(struct speeches *speeches,
                           const struct mesh__name *own)
{
    struct mesh__judge *judge = speeches->judge;
    struct mesh_slice protocol = speech_of(own)->port->app_protocol;
    struct mesh_slice everybody =
        scope_of(judge, MESH__SLICE("*"), speech_of(own)->port->port);
    const struct mesh__name *shared =
        mesh__slice_equal(own->scope, everybody)
            ? NULL
            : mesh__judge_names_find(&speeches->names, everybody, own->host);
    const struct mesh__name *other = find_other(own, protocol);

    if (!other)
        other = find_other(shared, protocol);
    if (!other)
        return;
    for (const struct mesh__name *name = own; name; name = name->next)
        tell_speech(judge, speech_of(name), own->host, speech_of(other));
    for (; shared; shared = shared->next)
        tell_speech(judge, speech_of(shared), own->host, speech_of(own));
}

static void judge_protocols(struct mesh__judge *judge)
{
    const struct mesh__list *all = &judge->kinds[MESH__KIND_SERVICE_ENTRY];
    struct speeches speeches = { .judge = judge };
    bool *told = mesh__arena_array(&judge->arena, all->count, sizeof(*told));
    const struct mesh_map_entry *entry;
    size_t at = 0;

    if (!told) {
        mesh__judge_lost(judge);
        return;
    }
    for (size_t i = 0; i < all->count; i++)
        add_speeches(&speeches, all->items[i], &told[i]);
    while ((entry = mesh__map_next(&speeches.names.hosts, &at)) != NULL)
        judge_speeches(&speeches, entry->value);
    mesh__judge_names_fini(&speeches.names);
}

void mesh__judge_entries(struct mesh__judge *judge)
{
    judge_workloads(judge);
    mesh__judge_each(judge, MESH__KIND_SERVICE_ENTRY, judge_endpoints);
    if (!allocates(judge))
        mesh__judge_each(judge, MESH__KIND_SERVICE_ENTRY, judge_ports);
    judge_protocols(judge);
}
