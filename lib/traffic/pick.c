/*
 * pick.c - which endpoint gets the next attempt.
 *
 * The balancers of Envoy over those that the destination admits, or over all
 * of them in panic. Knows counts and weights; nothing of why an endpoint is
 * not admitted, nor of what will be sent.
 */
#include "traffic/pick.h"

#include "traffic/outlier.h"
#include "traffic/schedule.h"
#include "traffic/state.h"

/* From this share on there is no panic: Envoy's overprovisioning of 1.4. */
enum { OVERPROVISIONED = 140 };

/* One pick: among whom, and with what dice. */
struct choice {
    const struct mesh_destination *destination;
    const struct mesh_live *live; /* NULL: not bound, nobody is ejected */
    const struct mesh_draws *draws;
    size_t count; /* of candidates */
    bool panic;
    bool all; /* candidates are the whole set, in its order */
};

static uint64_t draw(const struct choice *choice)
{
    return choice->draws->next(choice->draws->user);
}

/* The i-th candidate, as an index of the endpoint set. */
static size_t candidate(const struct choice *choice, size_t i)
{
    if (choice->all)
        return i;
    return atomic_load_explicit(&choice->live->admitted[i],
                                memory_order_relaxed);
}

static uint32_t active(const struct choice *choice, size_t index)
{
    return choice->live
               ? mesh__quota_used(&choice->live->endpoints[index]->active)
               : 0;
}

/* Envoy: below the threshold, and too few to carry the load otherwise. */
static bool in_panic(size_t admitted, size_t total, uint32_t min_percent)
{
    return (uint64_t)admitted * OVERPROVISIONED < (uint64_t)total * 100 &&
           (uint64_t)admitted * 100 < (uint64_t)min_percent * total;
}

static void survey(struct choice *choice)
{
    const struct mesh_destination *destination = choice->destination;
    size_t total = destination->endpoints ? destination->endpoints->count : 0;

    choice->all = true;
    choice->count = total;
    if (!destination->outlier.enabled || !choice->live)
        return;
    choice->count = atomic_load_explicit(&choice->live->admitted_count,
                                         memory_order_acquire);
    choice->panic =
        in_panic(choice->count, total, destination->outlier.min_health_percent);
    choice->all = choice->panic || choice->count == total;
    if (choice->panic)
        choice->count = total;
}

/* Where a destination's turns begin; drawn once, kept across reloads. */
static uint64_t seed_of(const struct choice *choice)
{
    atomic_uint_fast64_t *place = &choice->live->shared->seed;
    uint_fast64_t seed = atomic_load_explicit(place, memory_order_relaxed);

    if (seed)
        return seed;
    if (atomic_compare_exchange_strong(place, &seed, draw(choice) | 1))
        seed = atomic_load_explicit(place, memory_order_relaxed);
    return seed;
}

/* --- the balancers, for equal weights --- */

static size_t least_request(const struct choice *choice)
{
    size_t a, b;

    a = candidate(choice, draw(choice) % choice->count);
    b = candidate(choice, draw(choice) % choice->count);
    return active(choice, b) < active(choice, a) ? b : a;
}

static size_t round_robin(const struct choice *choice)
{
    uint64_t turn;

    if (!choice->live)
        return candidate(choice, draw(choice) % choice->count);
    turn = seed_of(choice) +
           atomic_fetch_add_explicit(&choice->live->shared->cursor, 1,
                                     memory_order_relaxed);
    return candidate(choice, turn % choice->count);
}

static size_t any(const struct choice *choice)
{
    return candidate(choice, draw(choice) % choice->count);
}

static size_t (*const balancers[])(const struct choice *choice) = {
    [MESH__LEAST_REQUEST] = least_request,
    [MESH__ROUND_ROBIN] = round_robin,
    [MESH__RANDOM] = any,
};

/* --- unequal weights --- */

static size_t source_candidate(const void *user, size_t i)
{
    return candidate(user, i);
}

static double source_weight(const void *user, size_t index)
{
    const struct choice *choice = user;
    double weight = choice->destination->endpoints->endpoints[index].weight;

    if (choice->destination->balancer == MESH__LEAST_REQUEST)
        weight /= active(choice, index) + 1.0;
    return weight;
}

static bool by_schedule(const struct choice *choice, size_t *index)
{
    struct mesh_schedule_source source = {
        .count = choice->count,
        .candidate = source_candidate,
        .weight = source_weight,
        .user = choice,
        .everyone = choice->all,
    };

    if (!choice->live || !choice->live->schedule ||
        choice->destination->balancer == MESH__RANDOM)
        return false;
    source.seed = seed_of(choice);
    return mesh__schedule_pick(choice->live->schedule, &source, index);
}

/* --- one pick, and not the same again --- */

static size_t choose(const struct choice *choice)
{
    size_t index;

    if (choice->count == 1)
        return candidate(choice, 0);
    if (by_schedule(choice, &index))
        return index;
    return balancers[choice->destination->balancer](choice);
}

static bool was_tried(const size_t *tried, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (tried[i] == index)
            return true;
    }
    return false;
}

static void explain_endpoint(const struct choice *choice, size_t index,
                             const struct mesh_pick *picked,
                             struct mesh__why *why)
{
    const struct mesh_endpoint *endpoint =
        &choice->destination->endpoints->endpoints[index];
    bool hidden = choice->destination->outlier.enabled && choice->live &&
                  atomic_load_explicit(&choice->live->endpoints[index]->hidden,
                                       memory_order_relaxed);

    mesh__why_add(why, "endpoint", endpoint->text, endpoint == picked->endpoint,
                  endpoint->mark, "%s%s, %u active%s",
                  hidden ? "ejected" : "admitted",
                  hidden && choice->panic ? " but used in panic" : "",
                  (unsigned)active(choice, index),
                  endpoint == picked->endpoint ? ", picked" : "");
}

static void explain(const struct choice *choice, const struct mesh_pick *picked,
                    struct mesh__why *why)
{
    const struct mesh_endpoint_set *set = choice->destination->endpoints;

    for (size_t i = 0; set && i < set->count; i++)
        explain_endpoint(choice, i, picked, why);
}

void mesh__pick(const struct mesh_destination *destination, uint64_t now_ns,
                const struct mesh_draws *draws, const size_t *tried,
                size_t tried_count, uint32_t re_picks, struct mesh_pick *out,
                struct mesh__why *why)
{
    struct choice choice = {
        .destination = destination,
        .live = mesh__live(destination),
        .draws = draws,
    };
    size_t index;

    if (destination->outlier.enabled && choice.live)
        mesh__outlier_tick(destination, now_ns);
    survey(&choice);
    *out = (struct mesh_pick){ .panic = choice.panic };
    if (choice.count) {
        index = choose(&choice);
        while (re_picks-- > 0 && was_tried(tried, tried_count, index))
            index = choose(&choice);
        out->index = index;
        out->endpoint = &destination->endpoints->endpoints[index];
        out->live = choice.live ? choice.live->endpoints[index] : NULL;
    }
    if (why)
        explain(&choice, out, why);
}
