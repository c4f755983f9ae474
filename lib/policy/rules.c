/*
 * rules.c - which DestinationRule speaks for a host.
 *
 * Three pools (the client's namespace, the service's, the root's), the first
 * that has the host supplies everything; inside it the most specific host.
 * Declines to know what the blocks mean.
 */
#include "policy/rules.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

/*
 * Where rules are looked for, and how far they must reach: a client's own
 * namespace has all that it may see itself, but that of the root, where only
 * what is kept there comes first (semantics 5.1).
 */
struct pool {
    struct mesh_slice owner;
    bool own;      /* those that the owner itself may see         */
    bool kept;     /* those that nobody else may see              */
    bool exported; /* those that somebody else may see, at least  */
};

enum { POOLS = 3 };

static int compare_rules(const void *a, const void *b)
{
    const struct mesh__rule *left = a;
    const struct mesh__rule *right = b;
    int order = mesh__host_compare(left->host, right->host);

    if (order)
        return order;
    if (left->spec->has_selector != right->spec->has_selector)
        return left->spec->has_selector ? -1 : 1;
    return mesh__age_compare(left->resource, right->resource);
}

static bool lists(const struct mesh_texts *list, struct mesh_slice item)
{
    for (size_t i = 0; i < list->count; i++)
        if (mesh__slice_equal(list->items[i], item))
            return true;
    return false;
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
    rules->kept =
        lists(&world->settings.config.default_destination_rule_export_to,
              MESH__SLICE("."));
    rules->count = all->count;
    if (rules->count > 1)
        qsort(rules->items, rules->count, sizeof(*rules->items), compare_rules);
    return 0;
}

/* A rule with a selector is for its own namespace, whatever it says. */
static const struct mesh_texts *export_of(const struct mesh__rule *rule)
{
    static struct mesh_slice own[] = { { ".", 1 } };
    static const struct mesh_texts kept = { .items = own, .count = 1 };

    return rule->spec->has_selector ? &kept : &rule->spec->export_to;
}

static bool is_kept(const struct mesh__rules *rules,
                    const struct mesh__rule *rule)
{
    const struct mesh_texts *to = export_of(rule);

    if (to->count == 0)
        return rules->kept;
    return to->count == 1 &&
           (mesh__slice_is(to->items[0], ".") ||
            mesh__slice_equal(to->items[0],
                              mesh__namespace_of(rule->resource)));
}

static bool is_in(const struct mesh__rules *rules,
                  const struct mesh__rule *rule, const struct pool *pool)
{
    const struct mesh_texts *to = export_of(rule);

    if (!mesh__slice_equal(mesh__namespace_of(rule->resource), pool->owner))
        return false;
    if (pool->own)
        return mesh__visible(to, pool->owner, pool->owner);
    return is_kept(rules, rule) == pool->kept;
}

/* Of those that are exported: to this client, too? */
static bool reaches(const struct mesh__rule *rule, struct mesh_slice client)
{
    const struct mesh_texts *to = export_of(rule);

    return to->count == 0 || lists(to, MESH__SLICE("*")) || lists(to, client);
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

/* Some rules of one host, in their order. */
struct group {
    const struct mesh__rule **items;
    size_t count;
};

/* The first rule of a pool for the most specific host that has one there. */
static bool find_first(const struct mesh__rules *rules, const struct pool *pool,
                       struct mesh_slice host, size_t *first)
{
    for (size_t i = mesh__rules_at(rules, host); i < rules->count; i++) {
        if (!mesh__slice_equal(rules->items[i].host, host))
            break;
        *first = i;
        if (is_in(rules, &rules->items[i], pool))
            return true;
    }
    for (size_t i = rules->exact_count; i < rules->count; i++) {
        *first = i;
        if (mesh__host_matches(rules->items[i].host, host) &&
            is_in(rules, &rules->items[i], pool))
            return true;
    }
    return false;
}

/* That rule and the others of its host and pool. */
static int collect(const struct mesh__rules *rules, size_t first,
                   const struct pool *pool, struct mesh_arena *arena,
                   struct group *out)
{
    struct mesh_slice host = rules->items[first].host;
    size_t end = first;

    while (end < rules->count &&
           mesh__slice_equal(rules->items[end].host, host))
        end++;
    out->count = 0;
    out->items = mesh__arena_array(arena, end - first, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = first; i < end; i++)
        if (is_in(rules, &rules->items[i], pool))
            out->items[out->count++] = &rules->items[i];
    return 0;
}

/* --- which rules become one --- */

/* Everything that is in b is in a. */
static bool holds_all(const struct mesh_texts *a, const struct mesh_texts *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (!lists(a, b->items[i]))
            return false;
    return true;
}

static bool same_export(const struct mesh__rule *a, const struct mesh__rule *b)
{
    return export_of(a)->count == export_of(b)->count &&
           holds_all(export_of(a), export_of(b));
}

/* A younger rule goes into an older one that reaches as far, or less far. */
static bool goes_into(const struct mesh__rule *rule,
                      const struct mesh__rule *older)
{
    if (!same_export(rule, older) &&
        (export_of(older)->count == 0 ||
         !holds_all(export_of(rule), export_of(older))))
        return false;
    return !rule->spec->has_selector || !older->spec->has_selector ||
           mesh__labels_equal(&rule->spec->selector, &older->spec->selector);
}

bool mesh__rules_merge(const struct mesh__rule *rule,
                       const struct mesh__rule *older)
{
    return goes_into(rule, older) &&
           (rule->spec->has_selector == older->spec->has_selector ||
            same_export(rule, older));
}

/*
 * Does a rule stand by itself beside those before it? The last of them that it
 * was held against decides, as in istiod.
 */
static bool stands_alone(const struct mesh__rule *rule,
                         const struct group *before)
{
    bool alone = true;

    for (size_t i = 0; i < before->count; i++) {
        const struct mesh__rule *older = before->items[i];

        alone = !mesh__rules_merge(rule, older);
    }
    return alone;
}

static void keep_those_alone(struct group *group, struct group *out)
{
    out->count = 0;
    for (size_t i = 0; i < group->count; i++)
        if (stands_alone(group->items[i], out))
            out->items[out->count++] = group->items[i];
}

/* --- which one of them --- */

static bool selects(const struct mesh__rule *rule,
                    const struct mesh__asker *asker)
{
    return mesh__slice_equal(mesh__namespace_of(rule->resource),
                             asker->namespace_) &&
           (rule->spec->selector.count == 0 ||
            (asker->labels &&
             mesh__labels_cover(asker->labels, &rule->spec->selector)));
}

/* The first whose selector covers the client, else the last without one. */
static const struct mesh__rule *choose(const struct group *group,
                                       const struct mesh__asker *asker)
{
    const struct mesh__rule *last = NULL;

    for (size_t i = 0; i < group->count; i++) {
        const struct mesh__rule *rule = group->items[i];

        if (!rule->spec->has_selector)
            last = rule;
        else if (selects(rule, asker))
            return rule;
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

/* What a rule and those that went into it say together. */
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
        const struct mesh__rule *rule = group->items[i];
        const struct mesh_destination_rule *spec = rule->spec;

        if (rule != chosen && (rule < chosen || !goes_into(rule, chosen)))
            continue;
        if (!out->policy && spec->policy.set)
            out->policy = &spec->policy;
        for (size_t j = 0; j < spec->subset_count; j++)
            if (!has_subset(out, spec->subsets[j].name))
                out->subsets[out->subset_count++] = &spec->subsets[j];
    }
    return 0;
}

/* In a pool; *found: some rule is there, whether or not it speaks for us. */
static int find_in(const struct mesh__rules *rules, const struct pool *pool,
                   struct mesh_arena *arena, const struct mesh__asker *asker,
                   struct mesh_slice host, struct mesh__merged *out,
                   bool *found)
{
    const struct mesh__rule *chosen;
    struct group group = { 0 };
    struct group alone = { 0 };
    size_t first;
    size_t kept = 0;
    int rc;

    *found = find_first(rules, pool, host, &first);
    if (!*found)
        return 0;
    rc = collect(rules, first, pool, arena, &group);
    if (rc == 0)
        rc = collect(rules, first, pool, arena, &alone);
    if (rc < 0)
        return rc;
    keep_those_alone(&group, &alone);
    for (size_t i = 0; i < alone.count; i++)
        if (!pool->exported || reaches(alone.items[i], asker->namespace_))
            alone.items[kept++] = alone.items[i];
    alone.count = kept;
    *found = kept > 0;
    chosen = choose(&alone, asker);
    return chosen ? merge(&group, chosen, arena, out) : 0;
}

int mesh__rules_find(const struct mesh__rules *rules, struct mesh_arena *arena,
                     const struct mesh__asker *asker, struct mesh_slice host,
                     struct mesh_slice service_namespace,
                     struct mesh__merged *out)
{
    bool root = mesh__slice_equal(asker->namespace_, asker->root_namespace);
    const struct pool pools[POOLS] = {
        { .owner = asker->namespace_, .own = !root, .kept = root },
        { .owner = service_namespace, .exported = true },
        { .owner = asker->root_namespace, .exported = true },
    };
    bool found = false;
    int rc = 0;

    *out = (struct mesh__merged){ 0 };
    for (size_t i = 0; rc == 0 && !found && i < POOLS; i++)
        rc = find_in(rules, &pools[i], arena, asker, host, out, &found);
    return rc;
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
                                    uint32_t port,
                                    const struct mesh_traffic_policy *otherwise)
{
    struct mesh__blocks blocks = blocks_for(rule->policy, port);
    const struct mesh_traffic_policy *own;
    struct mesh__blocks over;

    if (!blocks.connection_pool && otherwise->connection_pool.set)
        blocks.connection_pool = &otherwise->connection_pool;
    if (!blocks.outlier_detection && otherwise->outlier_detection.set)
        blocks.outlier_detection = &otherwise->outlier_detection;
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

static const struct mesh_client_tls *tls_at(
    const struct mesh_traffic_policy *policy, uint32_t port)
{
    const struct mesh_traffic_policy *own = port_level(policy, port);

    if (own && own->tls.set)
        return &own->tls;
    return policy->tls.set ? &policy->tls : NULL;
}

const struct mesh_client_tls *mesh__tls_hidden(const struct mesh__merged *rule,
                                               const struct mesh_subset *subset,
                                               uint32_t port)
{
    const struct mesh_client_tls *tls =
        subset ? tls_at(&subset->policy, port) : NULL;

    return tls || !rule->policy ? tls : tls_at(rule->policy, port);
}
