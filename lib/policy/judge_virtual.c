/*
 * judge_virtual.c - VirtualServices beside services, rules and gateways.
 *
 * What they refer to, and whether it is there. (Istio: analyzers/
 * virtualservice: destinationhosts.go, destinationrules.go, gateways.go.)
 */
#include "policy/judge.h"
#include "policy/snapshot.h"

#include "value/host.h"

#include <string.h>

/* --- subsets --- */

/*
 * Istio's analyzer knows a host by the name and namespace in it, whether it is
 * written short or in full; any other is the writer's namespace's own.
 */
static struct mesh_slice subset_key(struct mesh__judge *judge,
                                    struct mesh_slice host,
                                    struct mesh_slice namespace_,
                                    struct mesh_slice subset)
{
    static const char suffix[] = ".svc." MESH__DOMAIN;
    const size_t len = sizeof(suffix) - 1;
    size_t dot;

    if (mesh__slice_ends(host, mesh__slice(suffix, len))) {
        for (dot = host.len - len; dot > 0 && host.at[dot - 1] != '.'; dot--)
            ;
        if (dot > 1 && dot < host.len - len)
            return mesh__judge_key(judge, "%.*s/%.*s/%.*s",
                                   (int)(host.len - len - dot), host.at + dot,
                                   (int)(dot - 1), host.at, MESH__SHOW(subset));
    }
    return mesh__judge_key(judge, "%.*s/%.*s/%.*s", MESH__SHOW(namespace_),
                           MESH__SHOW(host), MESH__SHOW(subset));
}

/* "namespace/name/subset" of every DestinationRule, with the rule. */
static void list_subsets(struct mesh__judge *judge, struct mesh_map *subsets)
{
    const struct mesh__list *all = &judge->kinds[MESH__KIND_DESTINATION_RULE];

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_resource *resource = all->items[i];
        const struct mesh_destination_rule *spec = resource->spec;

        for (size_t j = 0; j < spec->subset_count; j++)
            if (mesh__map_put(subsets,
                              subset_key(judge, spec->host,
                                         mesh__namespace_of(resource),
                                         spec->subsets[j].name),
                              (void *)resource) < 0)
                mesh__judge_lost(judge);
    }
}

/* --- destinations --- */

/* A walk over one VirtualService. */
struct visit {
    struct mesh__judge *judge;
    const struct mesh_map *subsets;
    const struct mesh_resource *resource;
    const struct mesh_virtual_service *spec;
};

static void judge_port(const struct visit *visit, struct mesh__about about,
                       const struct mesh_destination_ref *ref,
                       struct mesh_slice host, const struct mesh__known *known)
{
    bool found = false;

    for (size_t i = 0; i < known->port_count; i++)
        found = found || known->ports[i].port == ref->port;
    if (ref->port && !found)
        mesh__judge_say(visit->judge, MESH__WARNING, MESH__CODE_NOT_FOUND,
                        about, "host:port not found: \"%.*s:%u\"",
                        MESH__SHOW(host), (unsigned)ref->port);
    if (!ref->port && known->port_count > 1)
        mesh__judge_say(visit->judge, MESH__WARNING, MESH__CODE_PORT_NEEDED,
                        about, "which of the %zu ports of \"%.*s\"?",
                        known->port_count, MESH__SHOW(host));
}

/* what: "", "mirror ". */
static void judge_destination(const struct visit *visit, const char *path,
                              const char *what,
                              const struct mesh_destination_ref *ref)
{
    struct mesh__judge *judge = visit->judge;
    struct mesh__about about = { visit->resource, ref->mark, path };
    struct mesh_slice owner = mesh__namespace_of(visit->resource);
    struct mesh_slice host = mesh__judge_qualify(judge, ref->host, owner);
    const struct mesh__known *known;

    if (ref->subset.len &&
        !mesh__map_find(visit->subsets,
                        subset_key(judge, ref->host, owner, ref->subset)))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NOT_FOUND, about,
                        "%shost+subset not found in a DestinationRule: "
                        "\"%.*s+%.*s\"",
                        what, MESH__SHOW(host), MESH__SHOW(ref->subset));
    if (!mesh__judge_has_services(judge))
        return;
    known =
        mesh__judge_service(judge, owner, &visit->spec->export_to, ref->host);
    if (known)
        judge_port(visit, about, ref, host, known);
    else
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NOT_FOUND, about,
                        "%shost not found: \"%.*s\"", what, MESH__SHOW(host));
}

static void judge_http(const struct visit *visit, size_t index)
{
    const struct mesh_http_route *route = &visit->spec->http[index];

    for (size_t i = 0; i < route->route_count; i++)
        judge_destination(
            visit,
            mesh__judge_path(visit->judge,
                             "spec.http[%zu].route[%zu].destination", index, i),
            "", &route->route[i].destination);
    if (route->has_mirror)
        judge_destination(
            visit,
            mesh__judge_path(visit->judge, "spec.http[%zu].mirror", index),
            "mirror ", &route->mirror);
    for (size_t i = 0; i < route->mirror_count; i++)
        judge_destination(
            visit,
            mesh__judge_path(visit->judge,
                             "spec.http[%zu].mirrors[%zu].destination", index,
                             i),
            "mirror ", &route->mirrors[i].destination);
}

/* What the percentage took the place of. */
static void judge_fault(const struct visit *visit, size_t index)
{
    const struct mesh_fault_spec *fault = &visit->spec->http[index].fault;
    struct mesh__about about = { visit->resource, fault->mark, "" };

    if (!fault->delay.set || fault->delay.percent <= 0)
        return;
    about.path = mesh__judge_path(visit->judge,
                                  "spec.http[%zu].fault.delay.percent", index);
    mesh__judge_say(visit->judge, MESH__WARNING, MESH__CODE_DEPRECATED_USE,
                    about, "on its way out: write percentage");
}

/* kind: "tcp", "tls". */
static void judge_streams(const struct visit *visit, const char *kind,
                          const struct mesh_stream_route *routes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < routes[i].route_count; j++)
            judge_destination(
                visit,
                mesh__judge_path(visit->judge,
                                 "spec.%s[%zu].route[%zu].destination", kind, i,
                                 j),
                "", &routes[i].route[j].destination);
}

/* --- gateways --- */

static struct mesh_slice gateway_key(const struct visit *visit,
                                     struct mesh_slice name)
{
    if (memchr(name.at, '/', name.len))
        return name;
    return mesh__judge_key(visit->judge, "%.*s/%.*s",
                           MESH__SHOW(mesh__namespace_of(visit->resource)),
                           MESH__SHOW(name));
}

static bool meet(void *user, const struct mesh__name *name)
{
    bool *met = user;

    (void)name;
    *met = true;
    return false;
}

/* Is some host offered to the VirtualService's namespace, or to all? */
static bool offers(const struct visit *visit, struct mesh_slice gateway)
{
    struct mesh__judge *judge = visit->judge;
    const struct mesh_slice clients[] = { MESH__SLICE("*"),
                                          mesh__namespace_of(visit->resource) };
    bool met = false;

    for (size_t i = 0; !met && i < 2; i++) {
        struct mesh_slice scope = mesh__judge_key(
            judge, "%.*s to %.*s", MESH__SHOW(gateway), MESH__SHOW(clients[i]));

        for (size_t j = 0; !met && j < visit->spec->hosts.count; j++)
            mesh__judge_names_meeting(judge, &judge->offers, scope,
                                      visit->spec->hosts.items[j], meet, &met);
    }
    return met || judge->comparisons == 0;
}

static bool is_internal(struct mesh_slice name)
{
    static const char mark[] = "~istio-autogenerated-k8s-gateway~";
    const size_t len = sizeof(mark) - 1;

    for (size_t i = 0; i + len <= name.len; i++)
        if (memcmp(name.at + i, mark, len) == 0)
            return true;
    return false;
}

static void judge_gateway(const struct visit *visit, size_t index)
{
    struct mesh_slice name = visit->spec->gateways.items[index];
    struct mesh__about about = {
        visit->resource, mesh__mark_of(&visit->spec->gateways, index),
        mesh__judge_path(visit->judge, "spec.gateways[%zu]", index)
    };
    struct mesh_slice key;

    if (is_internal(name)) {
        mesh__judge_say(visit->judge, MESH__WARNING,
                        MESH__CODE_INTERNAL_GATEWAY, about,
                        "\"%.*s\" is a Gateway that istiod makes for itself",
                        MESH__SHOW(name));
        return;
    }
    key = gateway_key(visit, name);
    if (!mesh__map_find(&visit->judge->gateways, key))
        mesh__judge_say(visit->judge, MESH__WARNING, MESH__CODE_NOT_FOUND,
                        about, "gateway not found: \"%.*s\"", MESH__SHOW(name));
    if (!offers(visit, key))
        mesh__judge_say(visit->judge, MESH__WARNING, MESH__CODE_NOT_OFFERED,
                        about, "none of the hosts is one of Gateway \"%.*s\"",
                        MESH__SHOW(name));
}

/* --- retries --- */

static size_t count_codes(struct mesh_slice list)
{
    size_t count = 0;

    while (list.len) {
        const char *comma = memchr(list.at, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.at) : list.len;
        unsigned long long code;

        count += mesh__slice_number(mesh__slice_trim(mesh__slice(list.at, len)),
                                    UINT32_MAX, &code);
        len += comma != NULL;
        list = mesh__slice(list.at + len, list.len - len);
    }
    return count;
}

static void judge_retries(const struct visit *visit, size_t index)
{
    const struct mesh_http_retry *retries = &visit->spec->http[index].retries;
    struct mesh__about about = { visit->resource, retries->mark, "" };

    if (count_codes(retries->retry_on) <= MESH__RETRY_CODES)
        return;
    about.path =
        mesh__judge_path(visit->judge, "spec.http[%zu].retries.retryOn", index);
    mesh__judge_say(visit->judge, MESH__REFUSED, MESH__CODE_TOO_MANY, about,
                    "at most %d status codes, %zu are given", MESH__RETRY_CODES,
                    count_codes(retries->retry_on));
}

/* --- the whole --- */

static void judge_virtual(const struct visit *visit)
{
    const struct mesh_virtual_service *spec = visit->spec;

    for (size_t i = 0; i < spec->gateways.count; i++)
        if (!mesh__slice_is(spec->gateways.items[i], "mesh") &&
            spec->gateways.items[i].len)
            judge_gateway(visit, i);
    judge_streams(visit, "tcp", spec->tcp, spec->tcp_count);
    judge_streams(visit, "tls", spec->tls, spec->tls_count);
    for (size_t i = 0; i < spec->http_count; i++) {
        judge_http(visit, i);
        judge_fault(visit, i);
        judge_retries(visit, i);
    }
}

void mesh__judge_virtual_services(struct mesh__judge *judge)
{
    const struct mesh__list *all = &judge->kinds[MESH__KIND_VIRTUAL_SERVICE];
    struct mesh_map subsets = { 0 };

    list_subsets(judge, &subsets);
    for (size_t i = 0; i < all->count; i++)
        judge_virtual(&(struct visit){ judge, &subsets, all->items[i],
                                       all->items[i]->spec });
    mesh__map_fini(&subsets);
}
