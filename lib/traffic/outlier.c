/*
 * outlier.c - passive health: when to stop sending to an endpoint.
 *
 * Counts the outcomes it is told about, ejects at a threshold if the share of
 * ejected endpoints allows, and takes back at the ticks of a sweep. Knows
 * nothing of requests or sockets, nor who is chosen.
 */
#include "traffic/outlier.h"

#include "traffic/state.h"

enum { GATEWAY_BAD = 502, GATEWAY_UNAVAILABLE = 503, GATEWAY_TIMEOUT = 504 };

/* --- ejecting --- */

static uint64_t times(uint64_t ns, uint32_t count)
{
    return count && ns > MESH__NEVER / count ? MESH__NEVER : ns * count;
}

/* Would one more ejected endpoint stay within maxEjectionPercent? */
static bool share_allows(uint64_t ejected, uint64_t total, uint32_t percent)
{
    return 100 * (ejected + 1) <= (uint64_t)percent * total;
}

static bool room_for_one(const struct mesh_live_destination *shared,
                         uint32_t percent)
{
    uint64_t total = 0, ejected = 0;

    for (struct mesh_live_endpoint *e = shared->endpoints; e; e = e->next) {
        if (e->absent_since_ns != MESH__NEVER)
            continue;
        total++;
        ejected += atomic_load_explicit(&e->ejected, memory_order_relaxed);
    }
    return share_allows(ejected, total, percent);
}

/* Under the lock. */
static void eject(struct mesh_live_destination *shared,
                  struct mesh_live_endpoint *endpoint,
                  const struct mesh_outlier_policy *policy, uint64_t now_ns)
{
    atomic_store_explicit(&endpoint->ejected, true, memory_order_relaxed);
    endpoint->told = true;
    endpoint->ejected_at_ns = now_ns;
    if (times(policy->base_ejection_ns, endpoint->backoff) <
        mesh__time_add(policy->max_ejection_ns, policy->base_ejection_ns))
        endpoint->backoff++;
    atomic_fetch_add(&shared->ejections, 1);
    mesh__live_publish_soon(shared, now_ns);
}

/* What one report is about. */
struct report {
    struct mesh_live_destination *shared;
    struct mesh_live_endpoint *endpoint;
    const struct mesh_outlier_policy *policy;
    uint64_t now_ns;
    struct mesh_ejection *out;
};

/* Under the lock: another thread may have been here for the same count. */
static void judge(const struct report *report, atomic_uint *counter,
                  uint32_t threshold, const char *cause)
{
    struct mesh_live_endpoint *endpoint = report->endpoint;
    uint32_t count = atomic_load_explicit(counter, memory_order_relaxed);

    if (count < threshold || atomic_load(&endpoint->ejected) ||
        endpoint->absent_since_ns != MESH__NEVER)
        return;
    report->out->for_count = count;
    report->out->cause = cause;
    if (room_for_one(report->shared, report->policy->max_ejection_percent)) {
        eject(report->shared, endpoint, report->policy, report->now_ns);
        report->out->ejected = true;
    } else {
        atomic_fetch_add(&report->shared->ejections_refused, 1);
        report->out->refused = true;
    }
    atomic_store_explicit(counter, 0, memory_order_relaxed);
}

static void count_against(const struct report *report, atomic_uint *counter,
                          uint32_t threshold, const char *cause)
{
    uint32_t count =
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed) + 1;

    if (threshold == 0 || count < threshold ||
        atomic_load_explicit(&report->endpoint->ejected, memory_order_relaxed))
        return;
    pthread_mutex_lock(&report->shared->lock);
    judge(report, counter, threshold, cause);
    pthread_mutex_unlock(&report->shared->lock);
}

/* A success writes only where there is something to forget. */
static void forget(atomic_uint *counter)
{
    if (atomic_load_explicit(counter, memory_order_relaxed))
        atomic_store_explicit(counter, 0, memory_order_relaxed);
}

static void on_status(const struct report *report, unsigned status)
{
    struct mesh_live_endpoint *endpoint = report->endpoint;

    if (status < 500 || status > 599) {
        forget(&endpoint->consecutive_5xx);
        forget(&endpoint->consecutive_gateway);
        return;
    }
    if (status >= GATEWAY_BAD && status <= GATEWAY_TIMEOUT)
        count_against(report, &endpoint->consecutive_gateway,
                      report->policy->consecutive_gateway,
                      "consecutive_gateway_failure");
    else
        forget(&endpoint->consecutive_gateway);
    count_against(report, &endpoint->consecutive_5xx,
                  report->policy->consecutive_5xx, "consecutive_5xx");
}

/* One row for each result: what it is worth, in either mode. */
static const struct {
    unsigned status; /* not split: counts as this; 0 as nothing */
    bool local_ok;   /* split: reached the endpoint */
    bool local_bad;  /* split: did not */
} worth[] = {
    [MESH__RESULT_STATUS] = { 0, false, false },
    [MESH__RESULT_CONNECTED] = { 0, true, false },
    [MESH__RESULT_CONNECT_FAILED] = { GATEWAY_UNAVAILABLE, false, true },
    [MESH__RESULT_TIMEOUT] = { GATEWAY_TIMEOUT, false, true },
    [MESH__RESULT_CONNECTED_TCP] = { 200, true, false },
};

static void on_result(const struct report *report, enum mesh_result result)
{
    struct mesh_live_endpoint *endpoint = report->endpoint;

    if (!report->policy->split_local_origin) {
        if (worth[result].status)
            on_status(report, worth[result].status);
    } else if (worth[result].local_ok) {
        forget(&endpoint->consecutive_local);
    } else if (worth[result].local_bad) {
        count_against(report, &endpoint->consecutive_local,
                      report->policy->consecutive_local_origin,
                      "consecutive_local_origin_failure");
    }
}

void mesh__outlier_report(const struct mesh_destination *destination,
                          size_t index, enum mesh_result result,
                          unsigned status, uint64_t now_ns,
                          struct mesh_ejection *out)
{
    struct mesh_live *live = mesh__live(destination);
    struct report report;

    *out = (struct mesh_ejection){ 0 };
    if (!destination->outlier.enabled || !live || index >= live->count)
        return;
    mesh__outlier_tick(destination, now_ns);
    report = (struct report){
        .shared = live->shared,
        .endpoint = live->endpoints[index],
        .policy = &destination->outlier,
        .now_ns = now_ns,
        .out = out,
    };
    if (result == MESH__RESULT_STATUS)
        on_status(&report, status);
    else
        on_result(&report, result);
}

/* --- sweeping --- */

/* The ticks that have come: first, first + interval, ... last. */
struct ticks {
    uint64_t first_ns;
    uint64_t last_ns;
    uint64_t interval_ns;
};

/* The first tick at or after a time; beyond last when none has come yet. */
static uint64_t tick_from(const struct ticks *ticks, uint64_t ns)
{
    uint64_t past;

    if (ns <= ticks->first_ns)
        return ticks->first_ns;
    if (ns > ticks->last_ns)
        return MESH__NEVER;
    past = ns - ticks->first_ns;
    past = (past + ticks->interval_ns - 1) / ticks->interval_ns;
    return ticks->first_ns + past * ticks->interval_ns;
}

static uint64_t back_at(const struct mesh_live_endpoint *endpoint,
                        const struct mesh_outlier_policy *policy)
{
    uint64_t stay_ns = times(policy->base_ejection_ns, endpoint->backoff);

    if (stay_ns > policy->max_ejection_ns)
        stay_ns = policy->max_ejection_ns;
    return mesh__time_add(endpoint->ejected_at_ns, stay_ns);
}

static void admit(struct mesh_live_endpoint *endpoint, uint64_t at_ns)
{
    atomic_store_explicit(&endpoint->ejected, false, memory_order_relaxed);
    atomic_store_explicit(&endpoint->consecutive_5xx, 0, memory_order_relaxed);
    atomic_store_explicit(&endpoint->consecutive_gateway, 0,
                          memory_order_relaxed);
    atomic_store_explicit(&endpoint->consecutive_local, 0,
                          memory_order_relaxed);
    endpoint->admitted_at_ns = at_ns;
}

/* One step less for each tick from an interval after the admission on. */
static void decay(struct mesh_live_endpoint *endpoint,
                  const struct ticks *ticks)
{
    uint64_t from_ns, count;

    if (endpoint->backoff == 0 || endpoint->admitted_at_ns == MESH__NEVER)
        return;
    from_ns = tick_from(
        ticks, mesh__time_add(endpoint->admitted_at_ns, ticks->interval_ns));
    if (from_ns == MESH__NEVER)
        return;
    count = (ticks->last_ns - from_ns) / ticks->interval_ns + 1;
    endpoint->backoff -=
        count < endpoint->backoff ? (uint32_t)count : endpoint->backoff;
}

/* All ticks at once, as if each had been on time. True: somebody is back. */
static bool sweep_endpoint(struct mesh_live_endpoint *endpoint,
                           const struct mesh_outlier_policy *policy,
                           const struct ticks *ticks)
{
    bool back = false;

    if (atomic_load_explicit(&endpoint->ejected, memory_order_relaxed)) {
        uint64_t at_ns = tick_from(ticks, back_at(endpoint, policy));

        if (at_ns == MESH__NEVER)
            return false;
        admit(endpoint, at_ns);
        back = true;
    }
    decay(endpoint, ticks);
    return back;
}

/* Under the lock. */
static void sweep(struct mesh_live_destination *shared,
                  const struct mesh_outlier_policy *policy, uint64_t now_ns)
{
    uint64_t first_ns = atomic_load(&shared->sweep_at_ns);
    uint64_t interval_ns = policy->interval_ns ? policy->interval_ns : 1;
    struct ticks ticks = { first_ns, first_ns, interval_ns };
    bool back = false;

    if (first_ns == 0 || now_ns < first_ns)
        return;
    ticks.last_ns += (now_ns - first_ns) / interval_ns * interval_ns;
    for (struct mesh_live_endpoint *e = shared->endpoints; e; e = e->next)
        back = sweep_endpoint(e, policy, &ticks) || back;
    atomic_store(&shared->sweep_at_ns,
                 mesh__time_add(ticks.last_ns, interval_ns));
    if (back)
        mesh__live_publish_soon(shared, now_ns);
}

void mesh__outlier_tick(const struct mesh_destination *destination,
                        uint64_t now_ns)
{
    struct mesh_live_destination *shared = mesh__live(destination)->shared;
    uint_fast64_t sweep_at_ns =
        atomic_load_explicit(&shared->sweep_at_ns, memory_order_relaxed);

    if (sweep_at_ns == 0) {
        atomic_compare_exchange_strong(
            &shared->sweep_at_ns, &sweep_at_ns,
            mesh__time_add(now_ns, destination->outlier.interval_ns));
        return;
    }
    if (now_ns < sweep_at_ns &&
        now_ns <
            atomic_load_explicit(&shared->publish_at_ns, memory_order_relaxed))
        return;
    if (pthread_mutex_trylock(&shared->lock) != 0)
        return; /* whoever holds it is doing this, or the next call will */
    sweep(shared, &destination->outlier, now_ns);
    if (now_ns >= atomic_load(&shared->publish_at_ns)) {
        mesh__live_publish(shared);
        shared->published_at_ns = now_ns;
    }
    pthread_mutex_unlock(&shared->lock);
}

void mesh__outlier_forget(struct mesh_live_destination *shared)
{
    for (struct mesh_live_endpoint *e = shared->endpoints; e; e = e->next) {
        admit(e, MESH__NEVER);
        e->backoff = 0;
    }
}

/* --- asking --- */

bool mesh__outlier_admits(const struct mesh_destination *destination,
                          size_t index, uint64_t now_ns)
{
    struct mesh_live *live = mesh__live(destination);

    if (!destination->outlier.enabled || !live || index >= live->count)
        return true;
    mesh__outlier_tick(destination, now_ns);
    return !atomic_load_explicit(&live->endpoints[index]->hidden,
                                 memory_order_relaxed);
}

bool mesh__outlier_can_eject(const struct mesh_outlier_policy *policy,
                             size_t count)
{
    bool counts =
        policy->consecutive_5xx || policy->consecutive_gateway ||
        (policy->split_local_origin && policy->consecutive_local_origin);

    return policy->enabled && counts &&
           share_allows(0, count, policy->max_ejection_percent);
}

uint64_t mesh__outlier_next_ns(const struct mesh_destination *destination)
{
    struct mesh_live *live = mesh__live(destination);
    uint64_t next_ns, sweep_at_ns;

    if (!destination->outlier.enabled || !live)
        return MESH__NEVER;
    pthread_mutex_lock(&live->shared->lock);
    next_ns = atomic_load(&live->shared->publish_at_ns);
    sweep_at_ns = atomic_load(&live->shared->sweep_at_ns);
    for (struct mesh_live_endpoint *e = live->shared->endpoints; e;
         e = e->next) {
        if ((e->backoff || atomic_load(&e->ejected)) && sweep_at_ns &&
            sweep_at_ns < next_ns)
            next_ns = sweep_at_ns;
    }
    pthread_mutex_unlock(&live->shared->lock);
    return next_ns;
}
