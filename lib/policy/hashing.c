/*
 * hashing.c - the weights of owners, summed as Envoy sums them.
 */
#include "policy/hashing.h"

static bool is_in(const bool *admitted, size_t index)
{
    return !admitted || admitted[index];
}

/* Owners of one run of endpoints, which together weigh share. */
static size_t weigh(const struct mesh_endpoint_set *set, size_t first,
                    size_t count, double share, const bool *admitted,
                    struct mesh_owner *out)
{
    uint64_t sum = 0;
    size_t used = 0;

    for (size_t i = first; i < first + count; i++)
        sum += is_in(admitted, i) ? set->endpoints[i].weight : 0;
    for (size_t i = first; i < first + count; i++)
        if (is_in(admitted, i))
            out[used++] = (struct mesh_owner){
                .key = mesh__slice_of(set->endpoints[i].text),
                .weight =
                    (double)set->endpoints[i].weight * share / (double)sum,
                .index = (uint32_t)i,
            };
    return used;
}

size_t mesh__owners_of(const struct mesh_endpoint_set *set,
                       const struct mesh_priority *priority,
                       const bool *admitted, struct mesh_owner *out)
{
    const struct mesh_endpoint_group *groups =
        set->groups + priority->first_group;
    uint64_t sum = 0;
    size_t used = 0;

    if (!set->by_locality)
        return weigh(set, priority->first, priority->count, 1.0, admitted, out);
    for (size_t i = 0; i < priority->group_count; i++)
        sum += groups[i].weight;
    for (size_t i = 0; sum && i < priority->group_count; i++)
        if (groups[i].weight)
            used += weigh(set, groups[i].first, groups[i].count,
                          (double)groups[i].weight / (double)sum, admitted,
                          out + used);
    return used;
}
