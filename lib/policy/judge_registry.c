/*
 * judge_registry.c - which hosts there are, as Istio's analyzers know them.
 *
 * They ask by name and export alone, where the registry (registry.c) knows
 * endpoints and who asks. A host that is invisible is not there, and services
 * that cannot be loaded are. (Istio: analyzers/util/service_lookup.go.)
 */
#include "policy/judge.h"

#include "value/host.h"

#include <string.h>

struct mesh_slice mesh__judge_qualify(struct mesh__judge *judge,
                                      struct mesh_slice host,
                                      struct mesh_slice namespace_)
{
    if (host.len == 0 || mesh__host_is_wildcard(host) ||
        memchr(host.at, '.', host.len))
        return host;
    return mesh__judge_key(judge, "%.*s.%.*s.svc." MESH__DOMAIN,
                           MESH__SHOW(host), MESH__SHOW(namespace_));
}

bool mesh__judge_has_services(const struct mesh__judge *judge)
{
    return judge->services.hosts.count > 0;
}

static void add_host(struct mesh__judge *judge,
                     const struct mesh_resource *resource,
                     struct mesh_slice host, struct mesh_slice scope,
                     struct mesh__known *known)
{
    struct mesh_slice owner = mesh__namespace_of(resource);

    mesh__judge_names_add(judge, &judge->services,
                          mesh__slice_is(scope, ".") ? owner : scope,
                          mesh__judge_qualify(judge, host, owner), known);
}

static void add_entry(struct mesh__judge *judge,
                      const struct mesh_resource *resource)
{
    const struct mesh_service_entry *spec = resource->spec;
    struct mesh__known *known =
        mesh__arena_alloc(&judge->arena, sizeof(*known));

    if (!known) {
        mesh__judge_lost(judge);
        return;
    }
    known->ports = spec->ports;
    known->port_count = spec->port_count;
    known->selector = spec->has_selector ? &spec->selector : NULL;
    for (size_t i = 0; i < spec->hosts.count; i++) {
        struct mesh_slice host = spec->hosts.items[i];

        if (spec->export_to.count == 0)
            add_host(judge, resource, host, MESH__SLICE("*"), known);
        for (size_t j = 0; j < spec->export_to.count; j++)
            add_host(judge, resource, host, spec->export_to.items[j], known);
    }
}

/* The annotation says "ns1, ns2". */
static void add_service(struct mesh__judge *judge,
                        const struct mesh_resource *resource)
{
    const struct mesh_service *spec = resource->spec;
    const struct mesh_slice *annotation = mesh__labels_get(
        &resource->annotations, MESH__SLICE("networking.istio.io/exportTo"));
    struct mesh_slice rest = MESH__SLICE("*");
    struct mesh__known *known =
        mesh__arena_alloc(&judge->arena, sizeof(*known));

    if (!known) {
        mesh__judge_lost(judge);
        return;
    }
    known->ports = spec->ports;
    known->port_count = spec->port_count;
    if (annotation && annotation->len)
        rest = *annotation;
    while (rest.len) {
        const char *comma = memchr(rest.at, ',', rest.len);
        size_t len = comma ? (size_t)(comma - rest.at) : rest.len;

        add_host(judge, resource, resource->name,
                 mesh__slice_trim(mesh__slice(rest.at, len)), known);
        len += comma != NULL;
        rest = mesh__slice(rest.at + len, rest.len - len);
    }
}

void mesh__judge_list_services(struct mesh__judge *judge)
{
    mesh__judge_each(judge, MESH__KIND_SERVICE_ENTRY, add_entry);
    mesh__judge_each(judge, MESH__KIND_SERVICE, add_service);
}

static const struct mesh__name *find_exported(
    struct mesh__judge *judge, struct mesh_slice namespace_,
    const struct mesh_texts *export_to, struct mesh_slice host)
{
    const struct mesh__names *services = &judge->services;
    const struct mesh__name *name = NULL;

    if (export_to->count == 0)
        return mesh__judge_names_find(services, namespace_, host);
    for (size_t i = 0; !name && i < export_to->count; i++) {
        struct mesh_slice to = export_to->items[i];

        if (mesh__slice_is(to, "."))
            to = namespace_;
        name = mesh__judge_names_find(services, to, host);
    }
    return name;
}

const struct mesh__known *mesh__judge_service(
    struct mesh__judge *judge, struct mesh_slice namespace_,
    const struct mesh_texts *export_to, struct mesh_slice host)
{
    const struct mesh__names *services = &judge->services;
    struct mesh_slice whole = mesh__judge_qualify(judge, host, namespace_);
    const struct mesh__name *name =
        mesh__judge_names_find(services, MESH__SLICE("*"), whole);

    if (!name)
        name = find_exported(judge, namespace_, export_to, whole);
    if (!name) /* a wildcard is asked with the host as it is written */
        name = mesh__judge_names_wild(services, MESH__SLICE("*"), host);
    if (!name)
        name = mesh__judge_names_wild(services, namespace_, host);
    return name ? name->value : NULL;
}
