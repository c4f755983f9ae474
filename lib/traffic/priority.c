/*
 * priority.c - load by priority, in whole percents as Envoy reckons.
 *
 * Knows how many of each priority's endpoints are admitted. Knows nothing of
 * who they are, nor of the endpoint that is chosen in the end.
 */
#include "traffic/priority.h"

enum { OVERPROVISIONED = 140, EVERY_SECOND = 2, MASK_BITS = 64 };

/* --- sharing --- */

static uint32_t admitted_of(const struct mesh_live *live,
                            const struct mesh_live_priority *priority)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < priority->group_count; i++)
        count += atomic_load_explicit(
            &live->groups[priority->first_group + i].admitted,
            memory_order_relaxed);
    return count;
}

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

static uint32_t get(const atomic_uint *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static void set(atomic_uint *number, uint32_t value)
{
    atomic_store_explicit(number, value, memory_order_relaxed);
}

/* Healths; what all can carry together, at most 100. */
static uint32_t measure(struct mesh_live *live)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < live->priority_count; i++) {
        struct mesh_live_priority *one = &live->priorities[i];
        uint32_t total = one->everyone.count;
        uint64_t in = admitted_of(live, one);

        set(&one->health, total ? least(100, OVERPROVISIONED * in / total) : 0);
        sum += get(&one->health);
    }
    return least(100, sum);
}

/* Is every priority in panic? */
static bool find_panic(struct mesh_live *live, uint32_t carried)
{
    uint32_t percent = live->destination->outlier.min_health_percent;
    bool all = true;

    for (size_t i = 0; i < live->priority_count; i++) {
        struct mesh_live_priority *one = &live->priorities[i];
        uint64_t in = admitted_of(live, one);
        bool panic =
            carried < 100 && 100 * in < (uint64_t)percent * one->everyone.count;

        atomic_store_explicit(&one->panic, panic, memory_order_relaxed);
        all = all && panic;
    }
    return all;
}

/* What rounding left over goes to the first that has something to give. */
static void share_by_health(struct mesh_live *live, uint32_t carried)
{
    struct mesh_live_priority *first = NULL;
    uint32_t left = 100;

    for (size_t i = 0; i < live->priority_count; i++) {
        struct mesh_live_priority *one = &live->priorities[i];
        uint32_t load = least(left, get(&one->health) * 100 / carried);

        if (!first && get(&one->health))
            first = one;
        set(&one->load, load);
        left -= load;
    }
    if (first)
        set(&first->load, get(&first->load) + left);
}

/* All in panic: by how many there are, whatever their health. */
static void share_by_count(struct mesh_live *live)
{
    struct mesh_live_priority *first = NULL;
    uint32_t left = 100;

    for (size_t i = 0; i < live->priority_count; i++) {
        struct mesh_live_priority *one = &live->priorities[i];
        uint32_t load =
            (uint32_t)((uint64_t)100 * one->everyone.count / live->count);

        if (!first && one->everyone.count)
            first = one;
        set(&one->load, load);
        left -= load;
    }
    if (first)
        set(&first->load, get(&first->load) + left);
}

void mesh__priorities_share(struct mesh_live *live)
{
    uint32_t carried = measure(live);
    bool panic = find_panic(live, carried);

    if (panic && live->count) {
        share_by_count(live);
    } else if (carried) {
        share_by_health(live, carried);
    } else {
        for (size_t i = 0; i < live->priority_count; i++)
            set(&live->priorities[i].load, i == 0 ? 100 : 0);
    }
}

/* --- picking --- */

size_t mesh__priority_pick(const struct mesh_live *live, uint64_t draw)
{
    uint64_t point = draw % 100 + 1;
    uint64_t sum = 0;

    for (size_t i = 0; i < live->priority_count; i++) {
        sum += get(&live->priorities[i].load);
        if (point <= sum)
            return i;
    }
    return 0; /* in the middle of a change */
}

static size_t priority_at(const struct mesh_live *live, size_t endpoint)
{
    size_t i = live->priority_count - 1;

    while (i > 0 && endpoint < live->priorities[i].everyone.first)
        i--;
    return i;
}

static bool is_out(uint64_t excluded, size_t priority)
{
    return priority < MASK_BITS && excluded >> priority & 1;
}

/* What those that are not excluded can carry, at most 100. */
static uint32_t carried_by(const struct mesh_live *live, uint64_t excluded)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < live->priority_count; i++)
        if (!is_out(excluded, i))
            sum += get(&live->priorities[i].health);
    return least(100, sum);
}

/* The priorities left behind after all these attempts. */
static uint64_t excluded_by(const struct mesh_live *live, const size_t *tried,
                            size_t count)
{
    uint64_t excluded = 0;
    size_t from = 0;

    for (size_t i = 0; i < count; i++) {
        if ((i + 1 - from) % EVERY_SECOND)
            continue;
        for (size_t j = from; j <= i; j++) {
            size_t priority = priority_at(live, tried[j]);

            if (priority < MASK_BITS)
                excluded |= UINT64_C(1) << priority;
        }
        if (carried_by(live, excluded))
            continue;
        excluded = 0; /* nobody is left: begin anew */
        from = i + 1;
    }
    return excluded;
}

size_t mesh__priority_pick_other(const struct mesh_live *live, uint64_t draw,
                                 const size_t *tried, size_t tried_count)
{
    uint64_t excluded = excluded_by(live, tried, tried_count);
    uint32_t carried = carried_by(live, excluded);
    uint64_t point = draw % 100 + 1;
    uint64_t sum = 0;

    if (!excluded || !carried)
        return mesh__priority_pick(live, draw);
    while (sum < 100) {
        uint64_t before = sum;

        for (size_t i = 0; i < live->priority_count; i++) {
            if (is_out(excluded, i))
                continue;
            sum += get(&live->priorities[i].health) * 100 / carried;
            if (point <= sum)
                return i;
        }
        if (sum == before)
            break; /* in the middle of a change */
    }
    return mesh__priority_pick(live, draw);
}

double mesh__group_health(const struct mesh_live_source *group)
{
    double share =
        group->count ? (double)get(&group->admitted) / group->count : 0;

    share *= OVERPROVISIONED / 100.0;
    return share < 1.0 ? share : 1.0;
}
