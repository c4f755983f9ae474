/*
 * budget.c - how many retries may be under way: a number, or a share of the
 * requests.
 *
 * Of those that are active or wait for a connection; with an interval, of those
 * that began within it, ended or not, and then of no others. As in Envoy a
 * window of ten slots moves on by one at a time, so that a request is forgotten
 * when between nine and ten tenths of the interval are over. Knows nothing of
 * which requests those are.
 */
#include "traffic/budget.h"

#include "traffic/live.h"
#include "value/duration.h"

/* A tenth of the interval in whole milliseconds, as in Envoy. */
static uint64_t slot_ns(const struct mesh_breaker_policy *breakers)
{
    uint64_t slot_ms =
        breakers->budget_interval_ns / MESH__MS / MESH__LIVE_SLOTS;

    return (slot_ms ? slot_ms : 1) * MESH__MS;
}

/* A slot is one word, so that no reader sees one half of it: in the upper half
 * when it was, counted in slots; in the lower how many began then. */
static uint32_t when_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static uint32_t count_of(uint64_t word)
{
    return (uint32_t)word;
}

void mesh__budget_note(const struct mesh_destination *destination,
                       uint64_t now_ns)
{
    const struct mesh_breaker_policy *breakers = &destination->breakers;
    uint32_t when;
    atomic_uint_fast64_t *slot;
    uint64_t seen, next;

    if (!breakers->budget_interval_ns)
        return;
    when = (uint32_t)(now_ns / slot_ns(breakers));
    slot =
        &mesh__live(destination)->quotas->began.slots[when % MESH__LIVE_SLOTS];
    seen = atomic_load_explicit(slot, memory_order_relaxed);
    do {
        uint32_t count = when_of(seen) == when ? count_of(seen) : 0;

        next = (uint64_t)when << 32 | (count < UINT32_MAX ? count + 1 : count);
    } while (!atomic_compare_exchange_weak_explicit(
        slot, &seen, next, memory_order_relaxed, memory_order_relaxed));
}

/* How many began in the slots that count at this time. */
static uint64_t began(const struct mesh_destination *destination,
                      uint64_t now_ns)
{
    const struct mesh_live_window *window =
        &mesh__live(destination)->quotas->began;
    uint32_t now = (uint32_t)(now_ns / slot_ns(&destination->breakers));
    uint64_t sum = 0;

    for (uint32_t i = 0; i < MESH__LIVE_SLOTS; i++) {
        uint64_t word =
            atomic_load_explicit(&window->slots[i], memory_order_relaxed);

        /* Another thread's clock may be in the next slot already. */
        if (now + 1 - when_of(word) <= MESH__LIVE_SLOTS)
            sum += count_of(word);
    }
    return sum;
}

uint32_t mesh__budget_most(const struct mesh_destination *destination,
                           uint64_t now_ns)
{
    const struct mesh_breaker_policy *breakers = &destination->breakers;
    const struct mesh_live_quotas *quotas = mesh__live(destination)->quotas;
    uint64_t requests;
    double share;

    if (!breakers->retry_budget)
        return breakers->max_retries;
    if (breakers->budget_interval_ns)
        requests = began(destination, now_ns);
    else
        requests = (uint64_t)mesh__quota_used(&quotas->requests) +
                   mesh__quota_used(&quotas->pending);
    share = breakers->budget_percent / 100.0 * (double)requests;
    if (share >= (double)UINT32_MAX)
        return UINT32_MAX;
    return share > breakers->budget_retries ? (uint32_t)share
                                            : breakers->budget_retries;
}
