/*
 * rules.c - which DestinationRule speaks for a host.
 *
 * Three levels (the client's namespace, the service's, the root's), the first
 * that has the host supplies everything; inside it the most specific host.
 * Declines to know what the blocks mean.
 */
#include "policy/rules.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

enum level { LEVEL_CLIENT, LEVEL_SERVICE, LEVEL_ROOT, LEVELS };

static int compare_rules(const void *a, const void *b)
{
    const struct mesh__rule *left = a;
    const struct mesh__rule *right = b;
    int order = mesh__host_compare(left->host, right->host);

    if (order)
        return order;
    return mesh__age_compare(left->resource, right->resource);
}

int mesh__rules_init(struct mesh__rules *rules, struct mesh_arena *arena,
                     const struct mesh__world *world)
{
    const struct mesh__list *all = &world->kinds[MESH__KIND_DESTINATION_RULE];

    *rules = (struct mesh__rules){ 0 };
    rules->items = mesh__arena_array(arena, all->count, sizeof(*rules->items));
    if (!rules->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < all->count; i++) {
        struct mesh__rule *rule = &rules->items[i];

        rule->resource = all->items[i];
        rule->spec = all->items[i]->spec;
        rule->host = mesh__resolve(arena, rule->spec->host,
                                   mesh__namespace_of(rule->resource));
        if (!rule->host.at)
            return MESH_ERR_NOMEM;
        rules->exact_count += !mesh__host_is_wildcard(rule->host);
    }
    rules->count = all->count;
    if (rules->count > 1)
        qsort(rules->items, rules->count, sizeof(*rules->items), compare_rules);
    return 0;
}

static bool at_level(const struct mesh__rule *rule, enum level level,
                     const struct mesh__asker *asker,
                     struct mesh_slice service_namespace)
{
    struct mesh_slice owner = mesh__namespace_of(rule->resource);
    struct mesh_slice wanted = level == LEVEL_CLIENT    ? asker->namespace_
                               : level == LEVEL_SERVICE ? service_namespace
                                                        : asker->root_namespace;

    return mesh__slice_equal(owner, wanted) &&
           mesh__visible(&rule->spec->export_to, owner, asker->namespace_);
}

size_t mesh__rules_at(const struct mesh__rules *rules, struct mesh_slice host)
{
    size_t low = 0;
    size_t high = rules->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (mesh__host_compare(rules->items[middle].host, host) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Some rules of one host at one level, oldest first. */
struct group {
    const struct mesh__rule **items;
    size_t count;
};

/* The first rule at a level for the most specific host that has one there. */
static bool find_first(const struct mesh__rules *rules, enum level level,
                       const struct mesh__asker *asker, struct mesh_slice host,
                       struct mesh_slice service_namespace, size_t *first)
{
    for (size_t i = mesh__rules_at(rules, host); i < rules->count; i++) {
        if (!mesh__slice_equal(rules->items[i].host, host))
            break;
        *first = i;
        if (at_level(&rules->items[i], level, asker, service_namespace))
            return true;
    }
    for (size_t i = rules->exact_count; i < rules->count; i++) {
        *first = i;
        if (mesh__host_matches(rules->items[i].host, host) &&
            at_level(&rules->items[i], level, asker, service_namespace))
            return true;
    }
    return false;
}

/* That rule and the others of its host and level. */
static int collect(const struct mesh__rules *rules, size_t first,
                   enum level level, const struct mesh__asker *asker,
                   struct mesh_slice service_namespace,
                   struct mesh_arena *arena, struct group *out)
{
    struct mesh_slice host = rules->items[first].host;
    size_t end = first;

    while (end < rules->count &&
           mesh__slice_equal(rules->items[end].host, host))
        end++;
    out->items = mesh__arena_array(arena, end - first, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = first; i < end; i++)
        if (at_level(&rules->items[i], level, asker, service_namespace))
            out->items[out->count++] = &rules->items[i];
    return 0;
}

static bool holds(const struct mesh_texts *set, struct mesh_slice item)
{
    for (size_t i = 0; i < set->count; i++)
        if (mesh__slice_equal(set->items[i], item))
            return true;
    return set->count == 0 && mesh__slice_is(item, "*");
}

/* As sets; nothing written is "*". */
static bool same_export(const struct mesh_texts *a, const struct mesh_texts *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!holds(b, a->items[i]))
            return false;
    for (size_t i = 0; i < b->count; i++)
        if (!holds(a, b->items[i]))
            return false;
    return true;
}

static bool merges(const struct mesh_destination_rule *a,
                   const struct mesh_destination_rule *b)
{
    return a->has_selector == b->has_selector &&
           (!a->has_selector ||
            mesh__labels_equal(&a->selector, &b->selector)) &&
           same_export(&a->export_to, &b->export_to);
}

static bool selects(const struct mesh__rule *rule,
                    const struct mesh__asker *asker)
{
    return mesh__slice_equal(mesh__namespace_of(rule->resource),
                             asker->namespace_) &&
           asker->labels &&
           mesh__labels_cover(asker->labels, &rule->spec->selector);
}

/* Whether an older one of the group takes this one in. */
static bool is_taken_in(const struct group *group, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (merges(group->items[i]->spec, group->items[index]->spec))
            return true;
    return false;
}

/* The oldest whose selector covers the client, else the last without one. */
static const struct mesh__rule *choose(const struct group *group,
                                       const struct mesh__asker *asker)
{
    const struct mesh__rule *last = NULL;

    for (size_t i = 0; i < group->count; i++) {
        const struct mesh__rule *rule = group->items[i];

        if (!rule->spec->has_selector) {
            if (!is_taken_in(group, i))
                last = rule;
        } else if (selects(rule, asker)) {
            return rule;
        }
    }
    return last;
}

static bool has_subset(const struct mesh__merged *merged,
                       struct mesh_slice name)
{
    for (size_t i = 0; i < merged->subset_count; i++)
        if (mesh__slice_equal(merged->subsets[i]->name, name))
            return true;
    return false;
}

static int merge(const struct group *group, const struct mesh__rule *chosen,
                 struct mesh_arena *arena, struct mesh__merged *out)
{
    size_t most = 0;

    for (size_t i = 0; i < group->count; i++)
        most += group->items[i]->spec->subset_count;
    out->subsets = mesh__arena_array(arena, most, sizeof(*out->subsets));
    if (!out->subsets)
        return MESH_ERR_NOMEM;
    out->mark = chosen->resource->mark;
    for (size_t i = 0; i < group->count; i++) {
        const struct mesh_destination_rule *spec = group->items[i]->spec;

        if (!merges(spec, chosen->spec))
            continue;
        if (!out->policy && spec->policy.set)
            out->policy = &spec->policy;
        for (size_t j = 0; j < spec->subset_count; j++)
            if (!has_subset(out, spec->subsets[j].name))
                out->subsets[out->subset_count++] = &spec->subsets[j];
    }
    return 0;
}

int mesh__rules_find(const struct mesh__rules *rules, struct mesh_arena *arena,
                     const struct mesh__asker *asker, struct mesh_slice host,
                     struct mesh_slice service_namespace,
                     struct mesh__merged *out)
{
    const struct mesh__rule *chosen;
    struct group group = { 0 };
    int level = 0;
    size_t first;
    int rc;

    *out = (struct mesh__merged){ 0 };
    while (level < LEVELS && !find_first(rules, (enum level)level, asker, host,
                                         service_namespace, &first))
        level++;
    if (level == LEVELS)
        return 0;
    rc = collect(rules, first, (enum level)level, asker, service_namespace,
                 arena, &group);
    if (rc < 0)
        return rc;
    chosen = choose(&group, asker);
    return chosen ? merge(&group, chosen, arena, out) : 0;
}

/* --- levels inside a rule --- */

static struct mesh__blocks blocks_at(const struct mesh_traffic_policy *policy)
{
    return (struct mesh__blocks){
        policy->load_balancer.set ? &policy->load_balancer : NULL,
        policy->connection_pool.set ? &policy->connection_pool : NULL,
        policy->outlier_detection.set ? &policy->outlier_detection : NULL,
        policy->tls.set ? &policy->tls : NULL,
        policy->retry_budget.set ? &policy->retry_budget : NULL,
    };
}

/* portLevelSettings replace the four blocks as a whole, and have no budget. */
static const struct mesh_traffic_policy *port_level(
    const struct mesh_traffic_policy *policy, uint32_t port)
{
    for (size_t i = 0; i < policy->port_count; i++)
        if (policy->ports[i].port == port)
            return &policy->ports[i].policy;
    return NULL;
}

static struct mesh__blocks blocks_for(const struct mesh_traffic_policy *policy,
                                      uint32_t port)
{
    const struct mesh_traffic_policy *own;

    if (!policy)
        return (struct mesh__blocks){ 0 };
    own = port_level(policy, port);
    return blocks_at(own ? own : policy);
}

struct mesh__blocks mesh__blocks_of(const struct mesh__merged *rule,
                                    const struct mesh_subset *subset,
                                    uint32_t port)
{
    struct mesh__blocks blocks = blocks_for(rule->policy, port);
    const struct mesh_traffic_policy *own;
    struct mesh__blocks over;

    if (!subset || !subset->policy.set)
        return blocks;
    own = port_level(&subset->policy, port);
    over = blocks_at(own ? own : &subset->policy);
    if (own) {
        over.retry_budget = blocks.retry_budget;
        return over;
    }
    if (over.load_balancer)
        blocks.load_balancer = over.load_balancer;
    if (over.connection_pool)
        blocks.connection_pool = over.connection_pool;
    if (over.outlier_detection)
        blocks.outlier_detection = over.outlier_detection;
    if (over.tls)
        blocks.tls = over.tls;
    if (over.retry_budget)
        blocks.retry_budget = over.retry_budget;
    return blocks;
}
