/*
 * judge_rule.c - DestinationRules beside the services they speak of.
 */
#include "policy/judge.h"

#include "value/host.h"

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

static bool covers_a_service(const struct mesh__judge *judge,
                             const struct mesh__rule *rule)
{
    if (!mesh__host_is_wildcard(rule->host))
        return mesh__map_find(&judge->world.hosts, rule->host) != NULL;
    for (size_t i = 0; i < judge->world.service_count; i++)
        if (mesh__host_matches(rule->host, judge->world.services[i].host))
            return true;
    return false;
}

static void judge_host(struct mesh__judge *judge, const struct mesh__rule *rule)
{
    struct mesh__about about = { rule->resource, rule->spec->host_mark,
                                 "spec.host" };

    if (judge->world.service_count && !covers_a_service(judge, rule))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_UNKNOWN_HOST, about,
                        "no service has the host \"%.*s\"", (int)rule->host.len,
                        rule->host.at);
}

/* --- subsets --- */

static void judge_subsets(struct mesh__judge *judge,
                          const struct mesh__rule *rule,
                          const struct mesh__service *service,
                          const struct mesh__behind *behind)
{
    for (size_t i = 0; i < rule->spec->subset_count; i++) {
        const struct mesh_subset *subset = &rule->spec->subsets[i];
        struct mesh__about about = { rule->resource, subset->mark, "" };

        if (behind->count == 0 || count_endpoints(behind, subset))
            continue;
        about.path = mesh__judge_path(judge, "spec.subsets[%zu].labels", i);
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_EMPTY_SUBSET, about,
                        "subset %.*s selects none of the %zu endpoints of "
                        "\"%.*s\"",
                        (int)subset->name.len, subset->name.at, behind->count,
                        (int)service->host.len, service->host.at);
    }
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
    const struct mesh_outlier_detection *outlier =
        mesh__blocks_of(&one, subset, port).outlier_detection;
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
    for (size_t i = 0; i < judge->rules.count; i++) {
        const struct mesh__rule *rule = &judge->rules.items[i];
        const struct mesh__service *service = mesh__world_service(
            &judge->world, rule->host, mesh__namespace_of(rule->resource));
        struct mesh__behind behind;

        judge_host(judge, rule);
        if (!service)
            continue;
        if (mesh__world_behind(&judge->world, service, &behind) < 0) {
            mesh__judge_lost(judge);
            return;
        }
        judge_subsets(judge, rule, service, &behind);
        judge_ejections(judge, rule, service, &behind);
    }
}
