/*
 * routes.c - a VirtualService's routes as rules in order.
 *
 * Each pair of route and match entry is one rule; what depends on the client
 * and the port alone is settled here, so that a request only meets what can
 * still match it (semantics 4.2, 4.3; Istio: core/route/route.go).
 */
#include "policy/compile.h"
#include "policy/matchers.h"
#include "policy/parts.h"
#include "policy/retries.h"

#include "base/error.h"

enum { VIRTUAL_PORT = 80 }; /* of hosts that no registry knows */

/* The virtual host that is being filled. */
struct building {
    struct mesh__compiler *compiler;
    const struct mesh__host *host;
    uint16_t port;
    const struct mesh_resource *resource; /* VirtualService, or NULL */
    struct mesh_virtual_host *out;
};

/* --- destinations --- */

/* Given, else the service's only port, else the one that was addressed. */
static uint16_t port_of(const struct building *building,
                        const struct mesh_destination_ref *ref,
                        const struct mesh__service *service)
{
    if (ref->port)
        return ref->port <= UINT16_MAX ? (uint16_t)ref->port : 0;
    return service->port_count == 1 ? service->ports[0].number : building->port;
}

static void refer(struct mesh_part *from, struct mesh_part *to)
{
    if (from == to)
        return;
    for (size_t i = 0; i < from->other_count; i++)
        if (from->others[i] == to)
            return;
    from->others[from->other_count++] = to;
}

/* Neither text nor array may be had: false. */
static bool refer_missing(struct mesh_part *from, struct mesh_slice host)
{
    for (size_t i = 0; i < from->missing_count; i++)
        if (mesh__slice_is(host, from->missing[i]))
            return true;
    return mesh__copy(&from->arena, host,
                      &from->missing[from->missing_count++]);
}

static bool say_missing(const struct building *building,
                        const struct mesh_destination_ref *ref,
                        struct mesh_slice host, struct mesh_arm *arm)
{
    struct mesh_arena *arena = &building->host->part->arena;
    const char *port = "";

    if (ref->port) {
        port = mesh__arena_format(arena, " port %u", (unsigned)ref->port);
        if (!port)
            return false;
    }
    arm->missing = mesh__arena_format(
        arena, "%.*s%s%.*s%s", (int)host.len, host.at,
        ref->subset.len ? " subset " : "", (int)ref->subset.len,
        ref->subset.len ? ref->subset.at : "", port);
    return arm->missing != NULL;
}

static int fill_arm(const struct building *building,
                    const struct mesh_http_destination *given,
                    struct mesh_arm *arm)
{
    const struct mesh_destination_ref *ref = &given->destination;
    struct mesh__compiler *compiler = building->compiler;
    struct mesh_slice host = mesh__resolve(
        &compiler->arena, ref->host, mesh__namespace_of(building->resource));
    const struct mesh__host *to;

    if (!host.at)
        return MESH_ERR_NOMEM;
    to = mesh__map_find(&compiler->by_host, host);
    arm->mark = ref->mark;
    arm->weight = given->weight > 0 ? (uint32_t)given->weight : 0;
    if (to && to->service) {
        refer(building->host->part, to->part);
        arm->destination = mesh__part_destination(
            to->part, port_of(building, ref, to->service), ref->subset);
    } else if (!refer_missing(building->host->part, host)) {
        return MESH_ERR_NOMEM;
    }
    if (!arm->destination && !say_missing(building, ref, host, arm))
        return MESH_ERR_NOMEM;
    return 0;
}

static int fill_arms(const struct building *building,
                     const struct mesh_http_route *route,
                     struct mesh_route_rule *rule)
{
    rule->arms = mesh__arena_array(&building->host->part->arena,
                                   route->route_count, sizeof(*rule->arms));
    if (!rule->arms)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < route->route_count; i++) {
        int rc = fill_arm(building, &route->route[i], &rule->arms[i]);

        if (rc < 0)
            return rc;
        if (route->route_count == 1)
            rule->arms[i].weight = 1; /* whatever is written */
        rule->total_weight += rule->arms[i].weight;
        rule->arm_count++;
    }
    return 0;
}

/* --- one rule --- */

/* Where an entry lists gateways, only they decide. */
static bool survives(const struct building *building,
                     const struct mesh_http_match *match)
{
    const struct mesh__asker *asker = &building->compiler->asker;

    if (match->port && match->port != building->port)
        return false;
    if (match->gateways.count)
        return mesh__for_mesh(&match->gateways);
    if (match->source_namespace.len &&
        !mesh__slice_equal(match->source_namespace, asker->namespace_))
        return false;
    return match->source_labels.count == 0 ||
           (asker->labels &&
            mesh__labels_cover(asker->labels, &match->source_labels));
}

static bool fill_name(const struct building *building,
                      const struct mesh_http_route *route,
                      const struct mesh_http_match *match,
                      struct mesh_route_rule *rule)
{
    struct mesh_arena *arena = &building->host->part->arena;

    if (!match || match->name.len == 0)
        return mesh__copy(arena, route->name, &rule->name);
    rule->name = mesh__arena_format(arena, "%.*s.%.*s", (int)route->name.len,
                                    route->name.len ? route->name.at : "",
                                    (int)match->name.len, match->name.at);
    return rule->name != NULL;
}

static int fill_rule(const struct building *building,
                     const struct mesh_http_route *route,
                     const struct mesh_http_match *match,
                     struct mesh_route_rule *rule)
{
    struct mesh_part *part = building->host->part;
    int rc;

    rule->mark = route->mark;
    if (!fill_name(building, route, match, rule))
        return MESH_ERR_NOMEM;
    if (route->has_timeout && route->timeout_ns > 0)
        rule->timeout_ns = (uint64_t)route->timeout_ns;
    rc = mesh__retries_compile(&route->retries, &rule->retry);
    if (rc == 0)
        rc = fill_arms(building, route, rule);
    if (rc == 0 && match)
        rc = mesh__match_entry_compile(&part->arena, &part->regexes, match,
                                       &rule->entry);
    return rc;
}

/* --- rules in order --- */

/* *end: this one takes everything, nothing behind it can be reached. */
static int add_rule(const struct building *building,
                    const struct mesh_http_route *route,
                    const struct mesh_http_match *match, bool *end)
{
    struct mesh_virtual_host *out = building->out;
    struct mesh_route_rule *rule = &out->rules[out->rule_count];
    int rc = fill_rule(building, route, match, rule);

    if (rc < 0)
        return rc;
    out->rule_count++;
    *end = !rule->entry || mesh__match_entry_is_catch_all(rule->entry);
    return 0;
}

static int add_route(const struct building *building,
                     const struct mesh_http_route *route, bool *end)
{
    int rc = 0;

    if (route->match_count == 0)
        return add_rule(building, route, NULL, end);
    for (size_t i = 0; rc == 0 && !*end && i < route->match_count; i++)
        if (survives(building, &route->match[i]))
            rc = add_rule(building, route, &route->match[i], end);
    return rc;
}

static size_t count_rules(const struct mesh_virtual_service *spec)
{
    size_t count = 1; /* the service's own, where none survives */

    for (size_t i = 0; i < spec->http_count; i++)
        count += spec->http[i].match_count ? spec->http[i].match_count : 1;
    return count;
}

static int add_virtual_service(const struct building *building)
{
    const struct mesh_virtual_service *spec = building->resource->spec;
    bool end = false;
    int rc = 0;

    building->out->rules =
        mesh__arena_array(&building->host->part->arena, count_rules(spec),
                          sizeof(*building->out->rules));
    if (!building->out->rules)
        return MESH_ERR_NOMEM;
    building->out->mark = building->resource->mark;
    for (size_t i = 0; rc == 0 && !end && i < spec->http_count; i++)
        rc = add_route(building, &spec->http[i], &end);
    return rc;
}

/* A service's own route: everything, to the whole of it. */
static int add_own(const struct building *building,
                   const struct mesh__port *port)
{
    struct mesh_part *part = building->host->part;
    struct mesh_virtual_host *out = building->out;
    struct mesh_route_rule *rule =
        mesh__arena_alloc(&part->arena, sizeof(*rule));
    struct mesh_arm *arm = mesh__arena_alloc(&part->arena, sizeof(*arm));

    if (!rule || !arm)
        return MESH_ERR_NOMEM;
    arm->destination =
        mesh__part_destination(part, port->number, MESH__SLICE(""));
    arm->weight = 1;
    arm->mark = port->mark;
    rule->name = "default";
    rule->arms = arm;
    rule->arm_count = 1;
    rule->total_weight = 1;
    rule->mark = building->host->service->resource->mark;
    if (port->protocol != MESH__PROTO_TCP)
        mesh__retries_default(&rule->retry);
    out->rules = rule;
    out->rule_count = 1;
    out->mark = rule->mark;
    return 0;
}

/* --- a part --- */

static int build(struct building *building, const struct mesh__port *port)
{
    struct mesh_part *part = building->host->part;
    int rc = 0;

    building->out = &part->virtual_hosts[part->port_count];
    building->out->name = mesh__arena_format(&part->arena, "%s:%u", part->host,
                                             (unsigned)building->port);
    if (!building->out->name)
        return MESH_ERR_NOMEM;
    if (building->resource && (!port || port->protocol != MESH__PROTO_TCP))
        rc = add_virtual_service(building);
    if (rc == 0 && building->out->rule_count == 0 && port)
        rc = add_own(building, port);
    if (rc < 0)
        return rc;
    part->ports[part->port_count++] = building->port;
    return 0;
}

static size_t count_references(const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource ? resource->spec : NULL;
    size_t count = 0;

    for (size_t i = 0; spec && i < spec->http_count; i++)
        count += spec->http[i].route_count;
    return count;
}

int mesh__compile_virtual_hosts(struct mesh__compiler *compiler,
                                const struct mesh__host *host)
{
    const struct mesh__service *service = host->service;
    struct building building = { .compiler = compiler, .host = host };
    struct mesh_part *part = host->part;
    size_t count = service ? service->port_count : 1;
    size_t references;
    int rc = 0;

    building.resource = mesh__virtuals_find(&compiler->virtuals, host->host);
    part->virtual_hosts =
        mesh__arena_array(&part->arena, count, sizeof(*part->virtual_hosts));
    part->ports = mesh__arena_array(&part->arena, count, sizeof(*part->ports));
    references = count_references(building.resource);
    part->others =
        mesh__arena_array(&part->arena, references, sizeof(*part->others));
    part->missing =
        mesh__arena_array(&part->arena, references, sizeof(*part->missing));
    if (!part->virtual_hosts || !part->ports || !part->others || !part->missing)
        return MESH_ERR_NOMEM;
    if (!service) {
        building.port = VIRTUAL_PORT;
        return build(&building, NULL);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        building.port = service->ports[i].number;
        rc = build(&building, &service->ports[i]);
    }
    return rc;
}
