/*
 * binding.c - live state as one destination of one snapshot sees it: its
 * endpoints in the order of the set, and who of them may be picked.
 *
 * Everything that picking needs is made here, so that picking takes no memory.
 */
#include "traffic/hashed.h"
#include "traffic/priority.h"
#include "traffic/schedule.h"
#include "traffic/state.h"

#include "base/alloc.h"
#include "base/error.h"

/* --- making --- */

/* Do members of this set ever weigh different? */
static bool needs_weights(const struct mesh_destination *destination)
{
    return (destination->balancer == MESH__LEAST_REQUEST ||
            destination->balancer == MESH__ROUND_ROBIN) &&
           (!destination->endpoints->equal_weights ||
            destination->warmup.window_ns);
}

static int source_init(struct mesh_live_source *source, bool weights,
                       size_t first, size_t count)
{
    source->first = (uint32_t)first;
    source->count = (uint32_t)count;
    return weights ? mesh__schedule_new(count, &source->schedule) : 0;
}

static int fill_groups(struct mesh_live *live,
                       const struct mesh_endpoint_set *set, bool weights)
{
    size_t count = set && set->group_count ? set->group_count : 1;
    int rc = 0;

    live->groups =
        mesh__new_aligned(count * sizeof(*live->groups), &live->groups_memory);
    if (!live->groups)
        return MESH_ERR_NOMEM;
    live->group_count = count;
    if (!set || !set->group_count)
        return source_init(&live->groups[0], weights, 0, live->count);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = source_init(&live->groups[i], weights, set->groups[i].first,
                         set->groups[i].count);
    return rc;
}

static int priority_init(struct mesh_live *live, size_t index,
                         const struct mesh_priority *from, bool weights)
{
    struct mesh_live_priority *out = &live->priorities[index];
    const struct mesh_destination *destination = live->destination;
    int rc;

    out->first_group = (uint32_t)from->first_group;
    out->group_count = (uint32_t)from->group_count;
    rc = source_init(&out->everyone, weights, from->first, from->count);
    if (rc == 0 && destination->endpoints->by_locality && from->group_count > 1)
        rc = mesh__schedule_new(from->group_count, &out->localities);
    if (rc == 0 && (from->ring.room || from->table.size))
        rc = mesh__hashed_new(from, destination->ring_least, &out->hashed);
    return rc;
}

static int fill_priorities(struct mesh_live *live,
                           const struct mesh_endpoint_set *set, bool weights)
{
    const struct mesh_priority all = { .count = live->count, .group_count = 1 };
    size_t count = set && set->priority_count ? set->priority_count : 1;
    int rc = 0;

    live->priorities = mesh__new_aligned(count * sizeof(*live->priorities),
                                         &live->priorities_memory);
    if (!live->priorities)
        return MESH_ERR_NOMEM;
    live->priority_count = count;
    if (!set || !set->priority_count)
        return priority_init(live, 0, &all, weights);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = priority_init(live, i, &set->priorities[i], weights);
    return rc;
}

/* The arrays; every endpoint that is there holds a reference. */
static int fill(struct mesh_live *live, uint64_t now_ns)
{
    const struct mesh_endpoint_set *set = live->destination->endpoints;
    size_t room = set && set->count ? set->count : 1;
    bool weights = set && needs_weights(live->destination);
    int rc;

    live->endpoints = mesh__calloc(room, sizeof(struct mesh_live_endpoint *));
    live->admitted = mesh__calloc(room, sizeof(*live->admitted));
    if (!live->endpoints || !live->admitted)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; set && i < set->count; i++) {
        live->endpoints[i] = mesh__live_endpoint_for(
            live->shared, &set->endpoints[i].address, now_ns);
        if (!live->endpoints[i])
            return MESH_ERR_NOMEM;
        atomic_fetch_add(&live->endpoints[i]->refs, 1);
        live->count++;
    }
    rc = fill_groups(live, set, weights);
    return rc < 0 ? rc : fill_priorities(live, set, weights);
}

int mesh__binding_new(struct mesh_live_destination *shared,
                      const struct mesh_destination *destination,
                      uint64_t now_ns, struct mesh_live **out)
{
    struct mesh_live *live = mesh__calloc(1, sizeof(*live));

    *out = NULL;
    if (!live)
        return MESH_ERR_NOMEM;
    mesh__list_init(&live->binding);
    atomic_init(&live->refs, 1);
    atomic_fetch_add(&shared->refs, 1);
    live->shared = shared;
    live->quotas = &shared->quotas;
    live->destination = destination;
    if (destination->endpoints)
        live->set = mesh__endpoint_set_ref(destination->endpoints);
    if (fill(live, now_ns) < 0) {
        mesh__binding_unref(live);
        return MESH_ERR_NOMEM;
    }
    *out = live;
    return 0;
}

/* --- letting go --- */

bool mesh__binding_ref(struct mesh_live *live)
{
    int refs = atomic_load(&live->refs);

    while (refs > 0)
        if (atomic_compare_exchange_weak(&live->refs, &refs, refs + 1))
            return true;
    return false;
}

void mesh__binding_unref(struct mesh_live *live)
{
    if (atomic_fetch_sub(&live->refs, 1) != 1)
        return;
    for (size_t i = 0; i < live->count; i++)
        mesh__live_endpoint_unref(live->endpoints[i]);
    for (size_t i = 0; i < live->group_count; i++)
        mesh__schedule_free(live->groups[i].schedule);
    for (size_t i = 0; i < live->priority_count; i++) {
        mesh__schedule_free(live->priorities[i].everyone.schedule);
        mesh__schedule_free(live->priorities[i].localities);
        mesh__hashed_free(live->priorities[i].hashed);
    }
    mesh__live_destination_unref(live->shared);
    mesh__endpoint_set_unref(live->set);
    mesh__free(live->groups_memory);
    mesh__free(live->priorities_memory);
    mesh__free(live->endpoints);
    mesh__free(live->admitted);
    mesh__free(live);
}

void mesh__binding_end(struct mesh_live *live)
{
    if (!live)
        return;
    pthread_mutex_lock(&live->shared->lock);
    mesh__list_remove(&live->binding);
    pthread_mutex_unlock(&live->shared->lock);
    mesh__binding_unref(live);
}

/* --- listing and showing --- */

static void go_on_from(struct mesh_live *live, const struct mesh_live *last)
{
    for (size_t i = 0; i < live->group_count && i < last->group_count; i++)
        atomic_store(&live->groups[i].cursor,
                     atomic_load(&last->groups[i].cursor));
}

void mesh__binding_list(struct mesh_live *live)
{
    struct mesh_node *all = &live->shared->bindings;

    if (!mesh__list_empty(&live->binding))
        return;
    if (!mesh__list_empty(all))
        go_on_from(live, MESH__OF(all->prev, struct mesh_live, binding));
    mesh__list_push_back(all, &live->binding);
}

static void outdate(struct mesh_live_source *source)
{
    if (source->schedule)
        mesh__schedule_outdate(source->schedule);
}

static void show_group(struct mesh_live *live, struct mesh_live_source *group)
{
    unsigned count = 0;

    for (uint32_t i = group->first; i < group->first + group->count; i++)
        if (!atomic_load_explicit(&live->endpoints[i]->hidden,
                                  memory_order_relaxed))
            atomic_store_explicit(&live->admitted[group->first + count++], i,
                                  memory_order_relaxed);
    atomic_store_explicit(&group->admitted, count, memory_order_release);
    outdate(group);
}

static bool all_in(const struct mesh_live *live,
                   const struct mesh_live_priority *priority)
{
    for (uint32_t i = 0; i < priority->group_count; i++) {
        const struct mesh_live_source *group =
            &live->groups[priority->first_group + i];

        if (atomic_load(&group->admitted) != group->count)
            return false;
    }
    return true;
}

void mesh__binding_show(struct mesh_live *live)
{
    for (size_t i = 0; i < live->group_count; i++)
        show_group(live, &live->groups[i]);
    for (size_t i = 0; i < live->priority_count; i++) {
        struct mesh_live_priority *priority = &live->priorities[i];

        outdate(&priority->everyone);
        if (priority->localities)
            mesh__schedule_outdate(priority->localities);
        if (priority->hashed)
            mesh__hashed_outdate(priority->hashed, all_in(live, priority));
    }
    mesh__priorities_share(live);
}

static void forked(struct mesh_schedule *schedule)
{
    if (schedule)
        mesh__schedule_forked(schedule);
}

void mesh__binding_forked(struct mesh_live *live)
{
    for (size_t i = 0; i < live->group_count; i++)
        forked(live->groups[i].schedule);
    for (size_t i = 0; i < live->priority_count; i++) {
        forked(live->priorities[i].everyone.schedule);
        forked(live->priorities[i].localities);
    }
}
