/*
 * routes.c - a VirtualService's routes as rules in order.
 *
 * Each pair of route and match entry is one rule; what depends on the client
 * and the port alone is settled here, so that a request only meets what can
 * still match it (semantics 4.2, 4.3; Istio: core/route/route.go).
 */
#include "policy/act.h"
#include "policy/balancing.h"
#include "policy/compile.h"
#include "policy/matchers.h"
#include "policy/parts.h"
#include "policy/retries.h"

#include "base/error.h"

/* The virtual host that is being filled. */
struct building {
    struct mesh__compiler *compiler;
    const struct mesh__host *host;
    uint16_t port;
    const struct mesh__vs *vs; /* whose rules they are to be, or NULL */
    struct mesh_virtual_host *out;
    struct mesh_passed_over **passed; /* where the next one is hung */
};

/* --- destinations --- */

/* Given, else the one that was addressed. */
static uint16_t port_of(const struct building *building,
                        const struct mesh_destination_ref *ref)
{
    if (ref->port)
        return ref->port <= UINT16_MAX ? (uint16_t)ref->port : 0;
    return building->port;
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

static const char *say_missing(const struct mesh__host *from,
                               const struct mesh_destination_ref *ref,
                               struct mesh_slice host, uint16_t port)
{
    return mesh__arena_format(
        &from->part->arena, "%.*s%s%.*s port %u", (int)host.len, host.at,
        ref->subset.len ? " subset " : "", (int)ref->subset.len,
        ref->subset.len ? ref->subset.at : "", (unsigned)port);
}

int mesh__arm_lead(struct mesh__compiler *compiler,
                   const struct mesh__host *from,
                   const struct mesh_destination_ref *ref,
                   struct mesh_slice host, uint16_t port, struct mesh_arm *arm)
{
    const struct mesh__host *to = mesh__map_find(&compiler->by_host, host);

    arm->mark = ref->mark;
    if (to && to->service) {
        refer(from->part, to->part);
        arm->destination = mesh__part_destination(to->part, port, ref->subset);
    } else if (!refer_missing(from->part, host)) {
        return MESH_ERR_NOMEM;
    }
    if (!arm->destination)
        arm->missing = say_missing(from, ref, host, port);
    return arm->destination || arm->missing ? 0 : MESH_ERR_NOMEM;
}

/* From this route on to the host that ref means. */
static int lead(const struct building *building,
                const struct mesh_destination_ref *ref, struct mesh_arm *arm)
{
    struct mesh_slice host = mesh__resolve_ref(building->compiler, ref);

    if (!host.at)
        return MESH_ERR_NOMEM;
    return mesh__arm_lead(building->compiler, building->host, ref, host,
                          port_of(building, ref), arm);
}

static int fill_arm(const struct building *building,
                    const struct mesh_http_destination *given,
                    struct mesh_arm *arm)
{
    arm->weight = given->weight > 0 ? (uint32_t)given->weight : 0;
    return lead(building, &given->destination, arm);
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

        if (rc == 0 && route->route_count > 1) /* else they are the route's */
            rc = mesh__arm_edits_compile(&building->host->part->arena,
                                         &route->route[i].headers,
                                         &rule->arms[i].edits);
        if (rc < 0)
            return rc;
        if (route->route_count == 1)
            rule->arms[i].weight = 1; /* whatever is written */
        rule->total_weight += rule->arms[i].weight;
        rule->arm_count++;
    }
    return 0;
}

/* --- copies --- */

static int add_mirror(const struct building *building,
                      const struct mesh_destination_ref *ref, uint32_t share,
                      struct mesh_actions *actions)
{
    struct mesh_mirror *mirror = &actions->mirrors[actions->mirror_count];
    struct mesh_arm arm = { 0 };
    int rc;

    if (share == 0)
        return 0; /* said in so many words: none */
    rc = lead(building, ref, &arm);
    mirror->share = share;
    mirror->mark = ref->mark;
    mirror->destination = arm.destination;
    mirror->missing = arm.missing;
    actions->mirror_count++;
    return rc;
}

static int fill_mirrors(const struct building *building,
                        const struct mesh_http_route *route,
                        struct mesh_actions *actions)
{
    size_t count = route->mirror_count + route->has_mirror;
    int rc = 0;

    if (count == 0)
        return 0;
    actions->mirrors = mesh__arena_array(&building->host->part->arena, count,
                                         sizeof(*actions->mirrors));
    if (!actions->mirrors)
        return MESH_ERR_NOMEM;
    if (route->has_mirror)
        rc = add_mirror(building, &route->mirror,
                        mesh__mirror_share(&route->mirror_percentage,
                                           route->has_mirror_percent,
                                           route->mirror_percent),
                        actions);
    for (size_t i = 0; rc == 0 && i < route->mirror_count; i++)
        rc = add_mirror(
            building, &route->mirrors[i].destination,
            mesh__mirror_share(&route->mirrors[i].percentage, false, 0),
            actions);
    return rc;
}

/* --- one rule --- */

/* Why not, or NULL. Where an entry lists gateways, only they decide. */
static const char *misfit(const struct building *building,
                          const struct mesh_http_match *match)
{
    const struct mesh__asker *asker = &building->compiler->asker;

    if (match->port && match->port != building->port)
        return "it is for another port";
    if (match->gateways.count)
        return mesh__for_mesh(&match->gateways) ? NULL : "it is for gateways";
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
static int pass_over(struct building *building, struct mesh_slice name,
                     struct mesh_mark mark, size_t before, const char *reason)
{
    struct mesh_arena *arena = &building->host->part->arena;
    struct mesh_passed_over *one = mesh__arena_alloc(arena, sizeof(*one));

    if (!one || !mesh__copy(arena, name, &one->name))
        return MESH_ERR_NOMEM;
    one->reason = reason;
    one->before = before;
    one->mark = mark;
    *building->passed = one;
    building->passed = &one->next;
    return 0;
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

static int fill_actions(const struct building *building,
                        const struct mesh_http_route *route,
                        const struct mesh_http_match *match,
                        struct mesh_route_rule *rule)
{
    struct mesh_part *part = building->host->part;
    struct mesh_actions *actions;
    int rc = mesh__actions_compile(&part->arena, &part->regexes, route, match,
                                   building->port, &actions);

    if (rc == 0 && actions && !actions->redirect && !actions->direct)
        rc = fill_mirrors(building, route, actions);
    rule->actions = actions;
    return rc;
}

/* The mesh's, which may be nothing either. */
static const struct mesh_http_retry *default_retry(
    const struct building *building)
{
    return &building->compiler->world.settings.config.default_retry;
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
    rc = mesh__retries_compile(route->retries.set ? &route->retries
                                                  : default_retry(building),
                               &rule->retry);
    if (rc == 0)
        rc = fill_arms(building, route, rule);
    if (rc == 0)
        rc = mesh__hashes_gather(route, &part->arena, rule);
    if (rc == 0)
        rc = fill_actions(building, route, match, rule);
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

static int add_route(struct building *building,
                     const struct mesh_http_route *route, bool *end)
{
    int rc = 0;

    if (route->match_count == 0)
        return add_rule(building, route, NULL, end);
    for (size_t i = 0; rc == 0 && !*end && i < route->match_count; i++) {
        const struct mesh_http_match *match = &route->match[i];
        const char *why_not = misfit(building, match);

        rc = why_not ? pass_over(building, route->name, match->mark,
                                 building->out->rule_count, why_not)
                     : add_rule(building, route, match, end);
    }
    return rc;
}

static size_t count_rules(const struct mesh_virtual_service *spec)
{
    size_t count = 1; /* the service's own, where none survives */

    for (size_t i = 0; i < spec->http_count; i++)
        count += spec->http[i].match_count ? spec->http[i].match_count : 1;
    return count;
}

static int add_virtual_service(struct building *building)
{
    const struct mesh_virtual_service *spec = building->vs->spec;
    bool end = false;
    int rc = 0;

    building->out->rules =
        mesh__arena_array(&building->host->part->arena, count_rules(spec),
                          sizeof(*building->out->rules));
    if (!building->out->rules)
        return MESH_ERR_NOMEM;
    building->out->mark = building->vs->resource->mark;
    for (size_t i = 0; rc == 0 && !end && i < spec->http_count; i++)
        rc = add_route(building, &spec->http[i], &end);
    return rc;
}

/* The first of several of which anything survives. */
static int add_first(struct building *building, struct mesh__vs_run run,
                     bool lent)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < run.count; i++) {
        const struct mesh_resource *resource = run.items[i].vs->resource;

        building->vs = run.items[i].vs;
        if (building->out->rule_count)
            rc = pass_over(building, resource->name, resource->mark, SIZE_MAX,
                           "another VirtualService for the host comes first");
        else if (!lent || building->port == MESH__VIRTUAL_PORT ||
                 mesh__vs_has_port(building->vs, building->port))
            rc = add_virtual_service(building);
    }
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
    int rc;

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
    out->rules = rule;
    out->rule_count = 1;
    out->mark = rule->mark;
    rc = mesh__hashes_gather(NULL, &part->arena, rule);
    if (rc == 0 && port->protocol != MESH__PROTO_TCP)
        rc = mesh__retries_compile(default_retry(building), &rule->retry);
    return rc;
}

/* --- a part --- */

static int begin(struct building *building, uint16_t port)
{
    struct mesh_part *part = building->host->part;

    building->port = port;
    building->out = &part->virtual_hosts[part->port_count];
    *building->out = (struct mesh_virtual_host){ 0 };
    building->passed = &building->out->passed;
    building->out->name =
        mesh__arena_format(&part->arena, "%s:%u", part->host, (unsigned)port);
    return building->out->name ? 0 : MESH_ERR_NOMEM;
}

static void end(const struct building *building)
{
    struct mesh_part *part = building->host->part;

    part->ports[part->port_count++] = building->port;
}

/* A port of the service, where its listener lets it be seen. */
static int build(struct building *building, const struct mesh__port *port)
{
    const struct mesh__listener *listener =
        mesh__host_listener(building->compiler, building->host, port->number);
    int rc;

    if (!listener)
        return 0;
    rc = begin(building, port->number);
    if (rc == 0 && port->protocol != MESH__PROTO_TCP)
        rc = add_first(
            building,
            mesh__virtuals_for(&listener->virtuals, building->host->host),
            false);
    if (rc == 0 && building->out->rule_count == 0)
        rc = add_own(building, port);
    if (rc == 0)
        end(building);
    return rc;
}

/* A port that only a VirtualService gives to the host. */
static int build_lent(struct building *building, uint16_t port)
{
    const struct mesh__listener *listener =
        mesh__scope_listener(&building->compiler->scope, port);
    int rc = begin(building, port);

    building->out->only_own_name = building->host->service != NULL;
    if (rc == 0)
        rc = add_first(
            building,
            mesh__virtuals_of(&listener->virtuals, building->host->host), true);
    if (rc == 0 && building->out->rule_count)
        end(building);
    return rc;
}

static size_t count_targets(const struct mesh__vs_run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->count; i++) {
        const struct mesh_virtual_service *spec = run->items[i].vs->spec;

        for (size_t j = 0; j < spec->http_count; j++)
            count += spec->http[j].route_count + spec->http[j].mirror_count +
                     spec->http[j].has_mirror;
    }
    return count;
}

static int count_streams(struct mesh__compiler *compiler,
                         const struct mesh__host *host,
                         const struct mesh__listener *listener, size_t *count)
{
    struct mesh__streamers list;
    int rc = mesh__streamers_find(compiler, listener, host->host, &list);

    *count += rc == 0 ? mesh__streamers_count(&list) : 0;
    return rc;
}

/* Arms of all who might speak for it. */
static int count_references(struct mesh__compiler *compiler,
                            const struct mesh__host *host, size_t *count)
{
    int rc = 0;

    *count = 0;
    for (size_t i = 0; rc == 0 && i < compiler->scope.count; i++) {
        const struct mesh__listener *listener = &compiler->scope.listeners[i];
        struct mesh__vs_run all =
            mesh__virtuals_of(&listener->virtuals, host->host);
        struct mesh__vs_run best =
            mesh__virtuals_for(&listener->virtuals, host->host);

        *count += count_targets(&all);
        if (all.count == 0 || best.items != all.items)
            *count += count_targets(&best);
        if (host->service)
            rc = count_streams(compiler, host, listener, count);
    }
    return rc;
}

int mesh__compile_virtual_hosts(struct mesh__compiler *compiler,
                                const struct mesh__host *host)
{
    const struct mesh__service *service = host->service;
    struct building building = { .compiler = compiler, .host = host };
    struct mesh_part *part = host->part;
    size_t own = service ? service->port_count : 0;
    size_t count = own + host->lent_count;
    size_t references;
    int rc = count_references(compiler, host, &references);

    if (rc < 0)
        return rc;
    part->virtual_hosts =
        mesh__arena_array(&part->arena, count, sizeof(*part->virtual_hosts));
    part->ports = mesh__arena_array(&part->arena, count, sizeof(*part->ports));
    part->others =
        mesh__arena_array(&part->arena, references, sizeof(*part->others));
    part->missing =
        mesh__arena_array(&part->arena, references, sizeof(*part->missing));
    if (!part->virtual_hosts || !part->ports || !part->others || !part->missing)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < own; i++)
        rc = build(&building, &service->ports[i]);
    for (size_t i = 0; rc == 0 && i < host->lent_count; i++)
        rc = build_lent(&building, host->lent[i]);
    return rc;
}
