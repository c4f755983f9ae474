/*
 * pick.c - which endpoint gets the next attempt.
 *
 * The balancers of Envoy over those that the destination admits, or over all
 * of them in panic: a priority first, then a locality, then an endpoint. Knows
 * counts and weights; nothing of why an endpoint is not admitted, nor of what
 * will be sent.
 */
#include "traffic/pick.h"

#include "traffic/hashed.h"
#include "traffic/outlier.h"
#include "traffic/priority.h"
#include "traffic/schedule.h"
#include "traffic/state.h"
#include "value/duration.h"

#include <math.h>
#include <stdio.h>

/* One pick: among whom, and with what dice. */
struct choice {
    const struct mesh_destination *destination;
    const struct mesh_pick_ask *ask;
    struct mesh_live *live;          /* NULL: not bound, nobody is ejected */
    struct mesh_live_source *source; /* who takes turns; NULL with live */
    size_t priority;
    size_t first; /* of the candidates, in the set */
    size_t count; /* of candidates */
    bool panic;
    bool all; /* candidates are a whole run of the set, in its order */
};

static uint64_t draw(const struct choice *choice)
{
    return choice->ask->draws->next(choice->ask->draws->user);
}

/* The i-th candidate, as an index of the endpoint set. */
static size_t candidate(const struct choice *choice, size_t i)
{
    if (choice->all)
        return choice->first + i;
    return atomic_load_explicit(&choice->live->admitted[choice->first + i],
                                memory_order_relaxed);
}

static uint32_t active(const struct choice *choice, size_t index)
{
    return choice->live
               ? mesh__quota_used(&choice->live->endpoints[index]->active)
               : 0;
}

static bool is_hidden(const struct choice *choice, size_t index)
{
    return choice->live && choice->destination->outlier.enabled &&
           atomic_load_explicit(&choice->live->endpoints[index]->hidden,
                                memory_order_relaxed);
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

/* --- among whom --- */

static void among(struct choice *choice, struct mesh_live_source *source,
                  bool all)
{
    choice->source = source;
    choice->first = source->first;
    choice->count = source->count;
    choice->all = all;
    if (all)
        return;
    choice->count =
        atomic_load_explicit(&source->admitted, memory_order_acquire);
    choice->all = choice->count == source->count;
}

static void choose_priority(struct choice *choice, uint64_t point)
{
    const struct mesh_pick_ask *ask = choice->ask;
    const struct mesh_live *live = choice->live;

    choice->priority = ask->leave_priorities
                           ? mesh__priority_pick_other(live, point, ask->tried,
                                                       ask->tried_count)
                           : mesh__priority_pick(live, point);
}

static struct mesh_live_source *group_of(const struct choice *choice, size_t i)
{
    const struct mesh_live_priority *priority =
        &choice->live->priorities[choice->priority];

    return &choice->live->groups[priority->first_group + i];
}

static size_t group_itself(const void *user, size_t i)
{
    (void)user;
    return i;
}

static double group_weight(const void *user, size_t i)
{
    const struct choice *choice = user;
    const struct mesh_live_priority *priority =
        &choice->live->priorities[choice->priority];
    const struct mesh_endpoint_group *group =
        &choice->destination->endpoints->groups[priority->first_group + i];

    return group->weight * mesh__group_health(group_of(choice, i));
}

/* The locality whose turn it is, where they have shares. */
static struct mesh_live_source *choose_group(const struct choice *choice)
{
    const struct mesh_live_priority *priority =
        &choice->live->priorities[choice->priority];
    struct mesh_schedule_source source = {
        .count = priority->group_count,
        .candidate = group_itself,
        .weight = group_weight,
        .user = choice,
    };
    size_t index = 0;

    if (priority->localities) {
        source.seed = seed_of(choice);
        (void)mesh__schedule_pick(priority->localities, &source, &index);
    }
    return group_of(choice, index);
}

/* Priority, panic, locality: what stands before the choice of an endpoint. */
static void survey(struct choice *choice, uint64_t key)
{
    const struct mesh_endpoint_set *set = choice->destination->endpoints;
    struct mesh_live *live = choice->live;
    bool detects = choice->destination->outlier.enabled;

    choice->all = true;
    if (!live) {
        choice->count = set ? set->count : 0;
        if (set && set->priority_count)
            choice->count = set->priorities[0].count;
        return;
    }
    if (live->priority_count > 1)
        choose_priority(choice, mesh__key_balances(choice->destination)
                                    ? key
                                    : draw(choice));
    choice->panic = detects && atomic_load_explicit(
                                   &live->priorities[choice->priority].panic,
                                   memory_order_relaxed);
    if (choice->panic)
        among(choice, &live->priorities[choice->priority].everyone, true);
    else
        among(choice, choose_group(choice), !detects);
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
    turn = seed_of(choice) + atomic_fetch_add_explicit(&choice->source->cursor,
                                                       1, memory_order_relaxed);
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

static size_t turn_candidate(const void *user, size_t i)
{
    return candidate(user, i);
}

/* Whole milliseconds, as Envoy counts them. */
static uint64_t present_ms(const struct choice *choice, size_t index)
{
    uint64_t since_ns =
        atomic_load_explicit(&choice->live->endpoints[index]->present_since_ns,
                             memory_order_relaxed);
    uint64_t now_ns = choice->ask->now_ns;

    return now_ns > since_ns ? (now_ns - since_ns) / MESH__MS : 0;
}

/* What a new endpoint is worth while it warms up (Envoy: slow start). */
static double warmth(const struct choice *choice, size_t index)
{
    const struct mesh_warmup_policy *warmup = &choice->destination->warmup;
    uint64_t window_ms = warmup->window_ns / MESH__MS;
    uint64_t ms = present_ms(choice, index);
    double share;

    if (ms >= window_ms || is_hidden(choice, index))
        return 1.0;
    share = (double)(ms ? ms : 1) / (double)window_ms;
    if (warmup->exponent < 1.0 || warmup->exponent > 1.0)
        share = pow(share, warmup->exponent);
    return share > warmup->least ? share : warmup->least;
}

static double turn_weight(const void *user, size_t index)
{
    const struct choice *choice = user;
    double weight = choice->destination->endpoints->endpoints[index].weight;

    if (choice->destination->balancer == MESH__LEAST_REQUEST)
        weight /= active(choice, index) + 1.0;
    if (choice->destination->warmup.window_ns)
        weight *= warmth(choice, index);
    return weight;
}

/* Turns need no weights: all weigh the same, and nobody is new. */
static bool turns_are_even(const void *user)
{
    const struct choice *choice = user;
    const struct mesh_endpoint *all = choice->destination->endpoints->endpoints;
    uint64_t window_ms = choice->destination->warmup.window_ns / MESH__MS;

    for (size_t i = 0; i < choice->count; i++) {
        size_t index = candidate(choice, i);

        if (all[index].weight != all[candidate(choice, 0)].weight ||
            (window_ms && present_ms(choice, index) <= window_ms))
            return false;
    }
    return true;
}

static bool by_schedule(const struct choice *choice, size_t *index)
{
    struct mesh_schedule_source source = {
        .count = choice->count,
        .candidate = turn_candidate,
        .weight = turn_weight,
        .even = turns_are_even,
        .user = choice,
    };

    if (!choice->live || !choice->source->schedule)
        return false;
    source.seed = seed_of(choice);
    return mesh__schedule_pick(choice->source->schedule, &source, index);
}

/* --- by key --- */

static bool by_key(const struct choice *choice, uint64_t key, uint32_t attempt,
                   size_t *index)
{
    const struct mesh_priority *priority =
        &choice->destination->endpoints->priorities[0];
    bool everyone = choice->panic || !choice->destination->outlier.enabled;
    uint32_t found;

    if (choice->live)
        return choice->live->priorities[choice->priority].hashed &&
               mesh__hashed_find(choice->live, choice->priority, key, attempt,
                                 everyone, index);
    if (choice->destination->balancer == MESH__MAGLEV
            ? !mesh__maglev_find(&priority->table, key, attempt, &found)
            : !mesh__ring_find(&priority->ring, key, attempt, &found))
        return false;
    *index = found;
    return true;
}

/* --- one pick, and not the same again --- */

static bool choose(struct choice *choice, uint64_t key, uint32_t attempt,
                   size_t *index)
{
    if (attempt == 0 || !mesh__key_balances(choice->destination))
        survey(choice, key);
    if (choice->count == 0)
        return false;
    if (mesh__key_balances(choice->destination))
        return by_key(choice, key, attempt, index);
    if (choice->count == 1)
        *index = candidate(choice, 0);
    else if (!by_schedule(choice, index))
        *index = balancers[choice->destination->balancer](choice);
    return true;
}

static bool was_tried(const struct mesh_pick_ask *ask, size_t index)
{
    for (size_t i = 0; i < ask->tried_count; i++) {
        if (ask->tried[i] == index)
            return true;
    }
    return false;
}

/* --- saying so --- */

static void explain_endpoint(const struct choice *choice, size_t index,
                             const struct mesh_pick *picked,
                             struct mesh__why *why)
{
    const struct mesh_endpoint *endpoint =
        &choice->destination->endpoints->endpoints[index];
    bool hidden = is_hidden(choice, index);

    mesh__why_add(why, "endpoint", endpoint->text, endpoint == picked->endpoint,
                  endpoint->mark, "%s%s, %u active%s",
                  hidden ? "ejected" : "admitted",
                  hidden && choice->panic ? " but used in panic" : "",
                  (unsigned)active(choice, index),
                  endpoint == picked->endpoint ? ", picked" : "");
}

static void explain_priority(const struct choice *choice, size_t index,
                             struct mesh__why *why)
{
    const struct mesh_live_priority *priority =
        &choice->live->priorities[index];
    const struct mesh_endpoint *first =
        &choice->destination->endpoints->endpoints[priority->everyone.first];
    char name[24];

    (void)snprintf(name, sizeof(name), "%zu", index);
    mesh__why_add(why, "priority", name, index == choice->priority,
                  (struct mesh_mark){ 0 },
                  "%u %% of requests, %u endpoints from %s on%s",
                  (unsigned)atomic_load(&priority->load),
                  (unsigned)priority->everyone.count, first->text,
                  atomic_load(&priority->panic) ? ", in panic" : "");
}

static void explain(const struct choice *choice, const struct mesh_pick *picked,
                    struct mesh__why *why)
{
    const struct mesh_endpoint_set *set = choice->destination->endpoints;

    if (choice->live && choice->live->priority_count > 1)
        for (size_t i = 0; i < choice->live->priority_count; i++)
            explain_priority(choice, i, why);
    for (size_t i = 0; set && i < set->count; i++)
        explain_endpoint(choice, i, picked, why);
}

void mesh__pick(const struct mesh_destination *destination,
                const struct mesh_pick_ask *ask, struct mesh_pick *out,
                struct mesh__why *why)
{
    struct choice choice = {
        .destination = destination,
        .ask = ask,
        .live = mesh__live(destination),
    };
    uint64_t key = ask->key;
    uint32_t attempt = 0;
    size_t index;
    bool found;

    if (destination->outlier.enabled && choice.live)
        mesh__outlier_tick(destination, ask->now_ns);
    if (mesh__key_balances(destination) && !ask->has_key)
        key = draw(&choice);
    found = choose(&choice, key, attempt, &index);
    while (found && attempt < ask->re_picks && was_tried(ask, index))
        found = choose(&choice, key, ++attempt, &index);
    *out = (struct mesh_pick){ .panic = choice.panic };
    if (found) {
        out->index = index;
        out->endpoint = &destination->endpoints->endpoints[index];
        out->live = choice.live ? choice.live->endpoints[index] : NULL;
    }
    if (why)
        explain(&choice, out, why);
}
