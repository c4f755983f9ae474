/*
 * streams.c - tcp and tls routes of VirtualServices, for streams to a port.
 *
 * Not one VirtualService speaks for a host, but all that name it, in their
 * order, until a route asks for no subnet (semantics 4.5; Istio: core/tls.go).
 * Declines to know what flows in the stream.
 */
#include "policy/compile.h"
#include "policy/parts.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

/* One port of a host while its streams are compiled. */
struct laying {
    struct mesh__compiler *compiler;
    const struct mesh__host *host;
    const struct mesh__port *port;
    struct mesh_stream_host *out;
    struct mesh_passed_over **passed; /* where the next one is hung */
};

/* --- who speaks for a host --- */

static bool has_streams(const struct mesh__vs *vs)
{
    return vs->spec->tcp_count || vs->spec->tls_count;
}

static void add_once(struct mesh__streamers *list, struct mesh__vs *vs)
{
    if (!has_streams(vs))
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == vs)
            return;
    list->items[list->count++] = vs;
}

static int compare_order(const void *a, const void *b)
{
    const struct mesh__vs *const *left = a;
    const struct mesh__vs *const *right = b;

    if ((*left)->tier != (*right)->tier)
        return (*left)->tier - (*right)->tier;
    return mesh__age_compare((*left)->resource, (*right)->resource);
}

/* Those of the very host, and all wildcards that meet it. */
static void gather(const struct mesh__virtuals *virtuals,
                   struct mesh_slice host, struct mesh__streamers *list)
{
    struct mesh__vs_run run = mesh__virtuals_of(virtuals, host);
    size_t from = virtuals->exact_count;

    for (size_t i = 0; i < run.count; i++)
        add_once(list, run.items[i].vs);
    if (mesh__host_is_wildcard(host))
        from = 0;
    for (size_t i = from; i < virtuals->count; i++)
        if (mesh__host_overlaps(virtuals->items[i].host, host))
            add_once(list, virtuals->items[i].vs);
}

int mesh__streamers_find(struct mesh__compiler *compiler,
                         const struct mesh__listener *listener,
                         struct mesh_slice host, struct mesh__streamers *out)
{
    size_t most = listener->virtuals.streaming;

    *out = (struct mesh__streamers){ 0 };
    if (most == 0)
        return 0;
    out->items = mesh__arena_array(&compiler->arena, most, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    gather(&listener->virtuals, host, out);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof(*out->items), compare_order);
    return 0;
}

/* --- one rule --- */

static int fill_subnets(const struct laying *laying,
                        const struct mesh_texts *texts,
                        struct mesh_stream_rule *rule)
{
    if (texts->count == 0)
        return 0;
    rule->subnets = mesh__arena_array(&laying->host->part->arena, texts->count,
                                      sizeof(*rule->subnets));
    if (!rule->subnets)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < texts->count; i++)
        if (mesh__cidr_parse(texts->items[i],
                             &rule->subnets[rule->subnet_count]))
            rule->subnet_count++;
    return 0;
}

static int fill_server_names(const struct laying *laying,
                             const struct mesh_texts *texts,
                             struct mesh_stream_rule *rule)
{
    struct mesh_arena *arena = &laying->host->part->arena;
    const char **names = mesh__arena_array(arena, texts->count, sizeof(*names));

    if (!names)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < texts->count; i++) {
        char *name =
            mesh__arena_strndup(arena, texts->items[i].at, texts->items[i].len);

        if (!name)
            return MESH_ERR_NOMEM;
        for (size_t j = 0; name[j]; j++)
            name[j] = mesh__lower(name[j]);
        names[rule->server_name_count++] = name;
    }
    rule->server_names = names;
    return 0;
}

/* Given, else the service's only port, else the one that was addressed. */
static uint16_t port_of(const struct laying *laying,
                        const struct mesh__host *to,
                        const struct mesh_destination_ref *ref)
{
    if (ref->port)
        return ref->port <= UINT16_MAX ? (uint16_t)ref->port : 0;
    return to && to->service && to->service->port_count == 1
               ? to->service->ports[0].number
               : laying->port->number;
}

static int fill_arm(const struct laying *laying,
                    const struct mesh_stream_destination *given,
                    struct mesh_arm *arm)
{
    struct mesh__compiler *compiler = laying->compiler;
    struct mesh_slice host = mesh__resolve_ref(compiler, &given->destination);
    const struct mesh__host *to;

    if (!host.at)
        return MESH_ERR_NOMEM;
    to = mesh__map_find(&compiler->by_host, host);
    arm->weight = given->weight > 0 ? (uint32_t)given->weight : 0;
    return mesh__arm_lead(compiler, laying->host, &given->destination, host,
                          port_of(laying, to, &given->destination), arm);
}

static int fill_arms(const struct laying *laying,
                     const struct mesh_stream_route *route,
                     struct mesh_stream_rule *rule)
{
    rule->arms = mesh__arena_array(&laying->host->part->arena,
                                   route->route_count, sizeof(*rule->arms));
    if (!rule->arms)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < route->route_count; i++) {
        int rc = fill_arm(laying, &route->route[i], &rule->arms[i]);

        if (rc < 0)
            return rc;
        if (route->route_count == 1)
            rule->arms[i].weight = 1; /* whatever is written */
        rule->total_weight += rule->arms[i].weight;
        rule->arm_count++;
    }
    return 0;
}

static const char *name_rule(const struct laying *laying, const char *kind,
                             size_t index)
{
    return mesh__arena_format(&laying->host->part->arena, "%s[%zu]", kind,
                              index);
}

static struct mesh_stream_rule *next_rule(const struct laying *laying,
                                          const struct mesh_stream_route *route,
                                          const char *kind, size_t index)
{
    struct mesh_stream_rule *rule =
        &laying->out->rules[laying->out->rule_count];

    rule->mark = route->mark;
    rule->name = name_rule(laying, kind, index);
    return rule->name ? rule : NULL;
}

/* --- who may take it --- */

/* Why not, or NULL. Unlike in HTTP routes all that is asked for must hold. */
static const char *misfit(const struct laying *laying,
                          const struct mesh_stream_match *match)
{
    const struct mesh__asker *asker = &laying->compiler->asker;

    if (match->port && match->port != laying->port->number)
        return "it is for another port";
    if (match->gateways.count && !mesh__for_mesh(&match->gateways))
        return "it is for gateways";
    if (match->source_namespace.len &&
        !mesh__slice_equal(match->source_namespace, asker->namespace_))
        return "it is for clients of another namespace";
    if (match->source_labels.count &&
        !(asker->labels &&
          mesh__labels_cover(asker->labels, &match->source_labels)))
        return "it is for clients with other labels";
    return NULL;
}

/* Left out, and told if somebody asks. */
static int pass_over(struct laying *laying, const char *kind, size_t index,
                     struct mesh_mark mark, const char *reason)
{
    struct mesh_passed_over *one =
        mesh__arena_alloc(&laying->host->part->arena, sizeof(*one));

    if (!one)
        return MESH_ERR_NOMEM;
    one->name = name_rule(laying, kind, index);
    if (!one->name)
        return MESH_ERR_NOMEM;
    one->reason = reason;
    one->before = laying->out->rule_count;
    one->mark = mark;
    *laying->passed = one;
    laying->passed = &one->next;
    return 0;
}

/* --- tcp --- */

/* The subnets of all entries together; *any: one of them asks for none. */
static int unite_subnets(struct laying *laying,
                         const struct mesh_stream_route *route, size_t index,
                         struct mesh_texts *out, bool *any)
{
    size_t most = 0;
    int rc = 0;

    *any = route->match_count == 0;
    for (size_t i = 0; i < route->match_count; i++)
        most += route->match[i].destination_subnets.count;
    out->count = 0;
    out->items =
        mesh__arena_array(&laying->compiler->arena, most, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && !*any && i < route->match_count; i++) {
        const struct mesh_texts *more = &route->match[i].destination_subnets;
        const char *why_not = misfit(laying, &route->match[i]);

        if (why_not) {
            rc = pass_over(laying, "tcp", index, route->match[i].mark, why_not);
            continue;
        }
        *any = more->count == 0;
        if (more->count)
            memcpy(out->items + out->count, more->items,
                   more->count * sizeof(*more->items));
        out->count += more->count;
    }
    return rc;
}

/* *end: nothing behind this one can be reached. */
static int add_tcp(struct laying *laying, const struct mesh_stream_route *route,
                   size_t index, bool *end)
{
    struct mesh_texts subnets;
    struct mesh_stream_rule *rule;
    int rc = unite_subnets(laying, route, index, &subnets, end);

    if (rc < 0 || (!*end && subnets.count == 0))
        return rc;
    rule = next_rule(laying, route, "tcp", index);
    if (!rule)
        return MESH_ERR_NOMEM;
    if (!*end)
        rc = fill_subnets(laying, &subnets, rule);
    if (rc == 0)
        rc = fill_arms(laying, route, rule);
    if (rc == 0)
        laying->out->rule_count++;
    return rc;
}

static int add_tcp_routes(struct laying *laying,
                          const struct mesh__streamers *list, bool *end)
{
    int rc = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct mesh_virtual_service *spec = list->items[i]->spec;

        for (size_t j = 0; rc == 0 && j < spec->tcp_count; j++)
            if (*end)
                rc = pass_over(laying, "tcp", j, spec->tcp[j].mark,
                               "a rule before it takes every stream");
            else if (spec->tcp[j].route_count)
                rc = add_tcp(laying, &spec->tcp[j], j, end);
    }
    return rc;
}

/* --- tls --- */

static int add_tls(const struct laying *laying,
                   const struct mesh_stream_route *route, size_t index,
                   const struct mesh_stream_match *match,
                   const struct mesh_texts *subnets)
{
    struct mesh_stream_rule *rule = next_rule(laying, route, "tls", index);
    int rc;

    if (!rule)
        return MESH_ERR_NOMEM;
    rc = fill_subnets(laying, subnets, rule);
    if (rc == 0)
        rc = fill_server_names(laying, &match->sni_hosts, rule);
    if (rc == 0)
        rc = fill_arms(laying, route, rule);
    if (rc == 0)
        laying->out->rule_count++;
    return rc;
}

/* An entry without subnets has those of the last one that had some: istiod. */
static int add_tls_route(struct laying *laying,
                         const struct mesh_stream_route *route, size_t index,
                         const struct mesh_texts **subnets)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && route->route_count && i < route->match_count;
         i++) {
        const struct mesh_stream_match *match = &route->match[i];
        const char *why_not = misfit(laying, match);

        if (why_not) {
            rc = pass_over(laying, "tls", index, match->mark, why_not);
            continue;
        }
        if (match->destination_subnets.count)
            *subnets = &match->destination_subnets;
        rc = add_tls(laying, route, index, match, *subnets);
    }
    return rc;
}

static int add_tls_routes(struct laying *laying,
                          const struct mesh__streamers *list)
{
    static const struct mesh_texts none;
    const struct mesh_texts *subnets = &none;
    int rc = 0;

    for (size_t i = 0; i < list->count; i++)
        for (size_t j = 0; rc == 0 && j < list->items[i]->spec->tls_count; j++)
            rc = add_tls_route(laying, &list->items[i]->spec->tls[j], j,
                               &subnets);
    return rc;
}

/* --- a port --- */

/* The service itself, for whatever no route takes. */
static int add_own(const struct laying *laying)
{
    struct mesh_part *part = laying->host->part;
    struct mesh_stream_rule *rule =
        &laying->out->rules[laying->out->rule_count];
    struct mesh_arm *arm = mesh__arena_alloc(&part->arena, sizeof(*arm));

    if (!arm)
        return MESH_ERR_NOMEM;
    arm->destination =
        mesh__part_destination(part, laying->port->number, MESH__SLICE(""));
    arm->weight = 1;
    arm->mark = laying->port->mark;
    rule->name = "default";
    rule->arms = arm;
    rule->arm_count = 1;
    rule->total_weight = 1;
    rule->mark = laying->host->service->resource->mark;
    laying->out->rule_count++;
    return 0;
}

static size_t count_rules(const struct mesh__streamers *list, bool tls)
{
    size_t count = 1; /* the service's own */

    for (size_t i = 0; i < list->count; i++) {
        const struct mesh_virtual_service *spec = list->items[i]->spec;

        for (size_t j = 0; tls && j < spec->tls_count; j++)
            count += spec->tls[j].match_count;
        count += tls ? 0 : spec->tcp_count;
    }
    return count;
}

static void find_address(const struct laying *laying)
{
    const struct mesh_texts *all = &laying->host->service->addresses;

    for (size_t i = 0; i < all->count; i++)
        if (mesh__address_parse_ip(all->items[i], &laying->out->address))
            return;
}

static int lay(struct laying *laying, const struct mesh__streamers *list)
{
    struct mesh_part *part = laying->host->part;
    struct mesh_stream_host *out = laying->out;
    bool tls = laying->port->tls;
    bool end = false;
    int rc;

    out->port = laying->port->number;
    out->tls = tls;
    out->host = part->host;
    out->mark = laying->host->service->resource->mark;
    out->name = mesh__arena_format(&part->arena, "%s:%u", part->host,
                                   (unsigned)laying->port->number);
    out->rules = mesh__arena_array(&part->arena, count_rules(list, tls),
                                   sizeof(*out->rules));
    if (!out->name || !out->rules)
        return MESH_ERR_NOMEM;
    find_address(laying);
    rc =
        tls ? add_tls_routes(laying, list) : add_tcp_routes(laying, list, &end);
    if (rc < 0 || end || (tls && out->rule_count))
        return rc;
    return add_own(laying);
}

size_t mesh__streamers_count(const struct mesh__streamers *list)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct mesh_virtual_service *spec = list->items[i]->spec;

        for (size_t j = 0; j < spec->tcp_count; j++)
            count += spec->tcp[j].route_count;
        for (size_t j = 0; j < spec->tls_count; j++)
            count += spec->tls[j].route_count;
    }
    return count;
}

int mesh__compile_streams(struct mesh__compiler *compiler,
                          const struct mesh__host *host)
{
    const struct mesh__service *service = host->service;
    struct mesh_part *part = host->part;
    struct laying laying = { .compiler = compiler, .host = host };

    part->streams = mesh__arena_array(&part->arena, service->port_count,
                                      sizeof(*part->streams));
    if (!part->streams)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < service->port_count; i++) {
        const struct mesh__listener *listener;
        struct mesh__streamers list = { 0 };
        int rc = 0;

        laying.port = &service->ports[i];
        listener = mesh__host_listener(compiler, host, laying.port->number);
        if (!listener)
            continue;
        if (mesh__port_streams(laying.port))
            rc = mesh__streamers_find(compiler, listener, host->host, &list);
        laying.out = &part->streams[part->stream_count++];
        laying.passed = &laying.out->passed;
        if (rc == 0)
            rc = lay(&laying, &list);
        if (rc < 0)
            return rc;
    }
    return 0;
}
