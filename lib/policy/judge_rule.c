/*
 * judge_rule.c - DestinationRules beside the services they speak of, and
 * beside each other.
 *
 * (Istio: analyzers/destinationrule/subset.go.)
 */
#include "policy/judge.h"

#include "value/host.h"

#include <mesh/base.h>

enum { DEFAULT_EJECTION_PERCENT = 10, ALL_PERCENT = 100 };

/* How many of a service's addresses a subset (NULL: none asked) selects. */
static size_t count_endpoints(const struct mesh__behind *behind,
                              const struct mesh_subset *subset)
{
    size_t count = 0;

    for (size_t i = 0; i < behind->count; i++)
        count += !subset ||
                 mesh__labels_cover(&behind->items[i]->labels, &subset->labels);
    return count;
}

/* --- hosts --- */

static bool meet(void *user, const struct mesh__name *name)
{
    const struct mesh__name **met = user;

    *met = name;
    return false;
}

static bool covers_a_service(struct mesh__judge *judge, struct mesh_slice host,
                             struct mesh_slice namespace_)
{
    const struct mesh__name *met = NULL;

    if (!mesh__host_is_wildcard(host))
        return false;
    mesh__judge_names_meeting(judge, &judge->services, MESH__SLICE("*"), host,
                              meet, &met);
    if (!met)
        mesh__judge_names_meeting(judge, &judge->services, namespace_, host,
                                  meet, &met);
    return met != NULL || judge->comparisons == 0;
}

static void judge_host(struct mesh__judge *judge,
                       const struct mesh_resource *resource)
{
    const struct mesh_destination_rule *spec = resource->spec;
    struct mesh__about about = { resource, spec->host_mark, "spec.host" };

    struct mesh_slice owner = mesh__namespace_of(resource);

    if (!covers_a_service(judge, spec->host, owner))
        mesh__judge_say(
            judge, MESH__WARNING, MESH__CODE_UNKNOWN_HOST, about,
            "no service has the host \"%.*s\"",
            MESH__SHOW(mesh__judge_qualify(judge, spec->host, owner)));
}

/* --- subsets --- */

/* Labels that a node or a locality gives, not the workload itself. */
static bool by_place(const struct mesh_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        struct mesh_slice key = labels->items[i].key;

        if (mesh__slice_starts(key, MESH__SLICE("topology.")) ||
            mesh__slice_is(key, "kubernetes.io/hostname"))
            return true;
    }
    return false;
}

/* Any workload of the mesh, in whatever namespace: so does Istio ask. */
static bool selects_any(struct mesh__judge *judge,
                        const struct mesh__known *known,
                        const struct mesh_subset *subset)
{
    struct mesh_labels both = subset->labels;
    struct mesh__walk walk;

    if (known->selector &&
        mesh__unite_labels(&judge->arena, &both, known->selector,
                           &subset->labels) == MESH_ERR_NOMEM)
        mesh__judge_lost(judge);
    walk = mesh__crowd_walk(judge, &both, MESH__SLICE(""));
    return mesh__crowd_step(&walk) != NULL;
}

static void judge_subset(struct mesh__judge *judge, struct mesh__about about,
                         const struct mesh_subset *subset,
                         const struct mesh__known *known,
                         const struct mesh__service *service,
                         const struct mesh__behind *behind)
{
    if (by_place(&subset->labels) ||
        (behind->count && count_endpoints(behind, subset)))
        return;
    if (mesh__judge_has_crowd(judge) && !selects_any(judge, known, subset))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_EMPTY_SUBSET, about,
                        "subset %.*s selects no workload",
                        MESH__SHOW(subset->name));
    else if (behind->count)
        mesh__judge_say(
            judge, MESH__WARNING, MESH__CODE_SUBSET_ELSEWHERE, about,
            "subset %.*s selects none of the %zu endpoints of "
            "\"%.*s\"",
            MESH__SHOW(subset->name), behind->count, MESH__SHOW(service->host));
}

static void judge_subsets(struct mesh__judge *judge,
                          const struct mesh_resource *resource,
                          const struct mesh__known *known)
{
    const struct mesh_destination_rule *spec = resource->spec;
    struct mesh_slice owner = mesh__namespace_of(resource);
    const struct mesh__service *service = mesh__world_service(
        &judge->world, mesh__judge_qualify(judge, spec->host, owner), owner);
    struct mesh__behind behind = { 0 };

    if (service && spec->subset_count &&
        mesh__world_behind(&judge->world, service, &behind) < 0) {
        mesh__judge_lost(judge);
        return;
    }
    for (size_t i = 0; i < spec->subset_count; i++) {
        struct mesh__about about = {
            resource, spec->subsets[i].mark,
            mesh__judge_path(judge, "spec.subsets[%zu].labels", i)
        };

        judge_subset(judge, about, &spec->subsets[i], known, service, &behind);
    }
}

/* --- servers that nobody checks --- */

static bool is_blind(const struct mesh_destination_rule *spec,
                     const struct mesh_client_tls *tls)
{
    return (mesh__slice_is(tls->mode, "SIMPLE") ||
            mesh__slice_is(tls->mode, "MUTUAL")) &&
           tls->ca_certificates.len == 0 &&
           !(tls->judged.credential_name.len && spec->has_selector);
}

static void judge_tls(struct mesh__judge *judge,
                      const struct mesh_resource *resource)
{
    const struct mesh_destination_rule *spec = resource->spec;
    const struct mesh_client_tls *tls = &spec->policy.tls;

    if (is_blind(spec, tls))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_UNCHECKED_SERVER,
                        (struct mesh__about){ resource, tls->mark,
                                              "spec.trafficPolicy.tls" },
                        "TLS mode %.*s without caCertificates: any server of "
                        "the system's roots is taken for \"%.*s\"",
                        MESH__SHOW(tls->mode), MESH__SHOW(spec->host));
    for (size_t i = 0; i < spec->policy.port_count; i++) {
        const struct mesh_port_policy *port = &spec->policy.ports[i];

        tls = &port->policy.tls;
        if (!is_blind(spec, tls))
            continue;
        mesh__judge_say(
            judge, MESH__WARNING, MESH__CODE_UNCHECKED_PORT,
            (struct mesh__about){
                resource, tls->mark,
                mesh__judge_path(
                    judge, "spec.trafficPolicy.portLevelSettings[%zu].tls",
                    i) },
            "TLS mode %.*s without caCertificates: any server of the system's "
            "roots is taken for \"%.*s\", port %u",
            MESH__SHOW(tls->mode), MESH__SHOW(spec->host),
            (unsigned)port->port);
    }
}

static void judge_rule(struct mesh__judge *judge,
                       const struct mesh_resource *resource)
{
    const struct mesh_destination_rule *spec = resource->spec;
    const struct mesh__known *known = mesh__judge_service(
        judge, mesh__namespace_of(resource), &spec->export_to, spec->host);

    judge_tls(judge, resource);
    if (known)
        judge_subsets(judge, resource, known);
    else if (mesh__judge_has_services(judge))
        judge_host(judge, resource);
}

/* --- rules of one host --- */

static bool for_everybody(const struct mesh__rule *rule)
{
    return mesh__visible(&rule->spec->export_to,
                         mesh__namespace_of(rule->resource), MESH__SLICE("*"));
}

/* The rules of one host, at their levels for its clients. */
struct levels {
    const struct mesh__rule *service; /* of the service's namespace */
    const struct mesh__rule *client;  /* the first of any other     */
    size_t clients;
};

static bool in_namespace(const struct mesh__rule *rule,
                         struct mesh_slice namespace_)
{
    return mesh__slice_equal(mesh__namespace_of(rule->resource), namespace_);
}

static struct levels find_levels(const struct mesh__judge *judge,
                                 const struct mesh__rule *rules, size_t count,
                                 struct mesh_slice owner)
{
    struct mesh_slice root = judge->world.settings.root_namespace;
    struct levels levels = { 0 };

    for (size_t i = 0; i < count; i++) {
        if (rules[i].spec->has_selector)
            continue;
        if (in_namespace(&rules[i], owner)) {
            if (!levels.service && for_everybody(&rules[i]))
                levels.service = &rules[i];
        } else if (!in_namespace(&rules[i], root)) {
            levels.client = levels.client ? levels.client : &rules[i];
            levels.clients++;
        }
    }
    return levels;
}

static void tell_hidden(struct mesh__judge *judge,
                        const struct mesh__rule *rule,
                        const struct levels *levels)
{
    struct mesh__about about = { rule->resource, rule->spec->host_mark,
                                 "spec.host" };
    const struct mesh_resource *nearer;

    if (levels->service && rule != levels->service &&
        in_namespace(rule, judge->world.settings.root_namespace) &&
        !in_namespace(rule, mesh__namespace_of(levels->service->resource))) {
        nearer = levels->service->resource;
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_RULE_HIDDEN, about,
                        "no client takes anything from here: %.*s/%.*s of the "
                        "service's own namespace comes first",
                        MESH__SHOW(mesh__namespace_of(nearer)),
                        MESH__SHOW(nearer->name));
    } else if (levels->client && rule == levels->service) {
        nearer = levels->client->resource;
        mesh__judge_say(judge, MESH__INFO, MESH__CODE_RULE_HIDDEN, about,
                        "clients of %zu other namespace%s take nothing from "
                        "here: they have %s own, as %.*s/%.*s",
                        levels->clients, levels->clients == 1 ? "" : "s",
                        levels->clients == 1 ? "its" : "their",
                        MESH__SHOW(mesh__namespace_of(nearer)),
                        MESH__SHOW(nearer->name));
    }
}

static void judge_levels(struct mesh__judge *judge,
                         const struct mesh__rule *rules, size_t count)
{
    const struct mesh__service *service =
        mesh__map_find(&judge->world.hosts, rules->host);
    struct levels levels;

    if (count < 2 || !service)
        return;
    levels = find_levels(judge, rules, count, service->namespace_);
    for (size_t i = 0; i < count; i++)
        tell_hidden(judge, &rules[i], &levels);
}

static bool has_subset(const struct mesh_destination_rule *spec,
                       struct mesh_slice name)
{
    for (size_t i = 0; i < spec->subset_count; i++)
        if (mesh__slice_equal(spec->subsets[i].name, name))
            return true;
    return false;
}

/* The older one of two that are merged keeps what both have. */
static void tell_merged(struct mesh__judge *judge,
                        const struct mesh__rule *older,
                        const struct mesh__rule *rule)
{
    const struct mesh_resource *first = older->resource;
    struct mesh__about about = { rule->resource, rule->spec->policy.mark,
                                 "spec.trafficPolicy" };

    if (older->spec->policy.set && rule->spec->policy.set)
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_RULE_MERGED, about,
                        "not used: the trafficPolicy of %.*s/%.*s, which came "
                        "first, is the host's",
                        MESH__SHOW(mesh__namespace_of(first)),
                        MESH__SHOW(first->name));
    for (size_t i = 0; i < rule->spec->subset_count; i++) {
        const struct mesh_subset *subset = &rule->spec->subsets[i];

        if (!mesh__judge_compares(judge) ||
            !has_subset(older->spec, subset->name))
            continue;
        about.mark = subset->mark;
        about.path = mesh__judge_path(judge, "spec.subsets[%zu]", i);
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_RULE_MERGED, about,
                        "not used: %.*s/%.*s, which came first, has a subset "
                        "%.*s too",
                        MESH__SHOW(mesh__namespace_of(first)),
                        MESH__SHOW(first->name), MESH__SHOW(subset->name));
    }
}

/* The first of each namespace, in one walk over the rules of a host. */
static void judge_merges(struct mesh__judge *judge, struct mesh_map *firsts,
                         const struct mesh__rule *rule)
{
    struct mesh_slice key = mesh__judge_key(
        judge, "%.*s/%.*s", MESH__SHOW(mesh__namespace_of(rule->resource)),
        MESH__SHOW(rule->host));
    const struct mesh__rule *older = mesh__map_find(firsts, key);

    if (older && mesh__rules_merge(rule, older))
        tell_merged(judge, older, rule);
    else if (!older && mesh__map_put(firsts, key, (void *)rule) < 0)
        mesh__judge_lost(judge);
}

static void judge_rivals(struct mesh__judge *judge)
{
    const struct mesh__rules *rules = &judge->rules;
    struct mesh_map firsts = { 0 };
    size_t first = 0;

    for (size_t i = 0; i < rules->count; i++) {
        const struct mesh__rule *rule = &rules->items[i];

        judge_merges(judge, &firsts, rule);
        if (i + 1 < rules->count && mesh__slice_equal(rule[1].host, rule->host))
            continue;
        judge_levels(judge, &rules->items[first], i + 1 - first);
        first = i + 1;
    }
    mesh__map_fini(&firsts);
}

/* --- ejections --- */

static uint32_t ejection_percent(const struct mesh_outlier_detection *outlier)
{
    return outlier->max_ejection_percent > 0
               ? (uint32_t)outlier->max_ejection_percent
               : DEFAULT_EJECTION_PERCENT;
}

/* The first ejection already has to stay within the percentage. */
static void judge_ejection(struct mesh__judge *judge,
                           const struct mesh__rule *rule,
                           const struct mesh__service *service,
                           const struct mesh__behind *behind,
                           const struct mesh_subset *subset, uint32_t port)
{
    const struct mesh__merged one = { .policy = rule->spec->policy.set
                                                    ? &rule->spec->policy
                                                    : NULL };
    static const struct mesh_traffic_policy nothing;
    const struct mesh_outlier_detection *outlier =
        mesh__blocks_of(&one, subset, port, &nothing).outlier_detection;
    size_t count = outlier ? count_endpoints(behind, subset) : 0;
    struct mesh__about about = { rule->resource, { 0 }, "" };
    uint32_t percent;

    if (!outlier || count == 0)
        return;
    percent = ejection_percent(outlier);
    if (ALL_PERCENT <= percent * count)
        return;
    about.mark = outlier->mark;
    mesh__judge_say(judge, MESH__INFO, MESH__CODE_NEVER_EJECTS, about,
                    "outlierDetection never ejects from %s%.*s: 1 of %zu "
                    "endpoints is over maxEjectionPercent %u",
                    subset ? "subset " : "the whole of ",
                    (int)(subset ? subset->name.len : service->host.len),
                    subset ? subset->name.at : service->host.at, count,
                    (unsigned)percent);
}

/* The same words for another port are kept once by the diagnostics. */
static void judge_ejections(struct mesh__judge *judge,
                            const struct mesh__rule *rule,
                            const struct mesh__service *service,
                            const struct mesh__behind *behind)
{
    for (size_t i = 0; i < service->port_count; i++) {
        uint32_t port = service->ports[i].number;

        judge_ejection(judge, rule, service, behind, NULL, port);
        for (size_t j = 0; j < rule->spec->subset_count; j++)
            judge_ejection(judge, rule, service, behind,
                           &rule->spec->subsets[j], port);
    }
}

void mesh__judge_destination_rules(struct mesh__judge *judge)
{
    mesh__judge_each(judge, MESH__KIND_DESTINATION_RULE, judge_rule);
    judge_rivals(judge);
    for (size_t i = 0; i < judge->rules.count; i++) {
        const struct mesh__rule *rule = &judge->rules.items[i];
        const struct mesh__service *service = mesh__world_service(
            &judge->world, rule->host, mesh__namespace_of(rule->resource));
        struct mesh__behind behind;

        if (!service)
            continue;
        if (mesh__world_behind(&judge->world, service, &behind) < 0) {
            mesh__judge_lost(judge);
            return;
        }
        judge_ejections(judge, rule, service, &behind);
    }
}
