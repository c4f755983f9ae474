/*
 * test_live.c - eight threads report and pick while the policy is bound again
 * and again under them. Made for TSan; no thread asserts, all count.
 */
#include "traffic/live.h"

#include "../unit/traffic/world.h"

#include "traffic/budget.h"
#include "traffic/outlier.h"
#include "traffic/retry.h"
#include "value/duration.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8, ROUNDS = 1000, TURN = 50, PICKS = 40000 };

/* A world that is in use by somebody. */
struct held {
    struct world world;
    int refs;
    struct held *next; /* when buried */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct held *current; /* under lock, as this: */
static struct held *buried;
static atomic_bool done;
static atomic_uint_fast64_t now_ns;
static atomic_ulong picks, wrong, ejections;
static atomic_long shelves;

static struct held *hold(void)
{
    struct held *held;

    pthread_mutex_lock(&lock);
    held = current;
    held->refs++;
    pthread_mutex_unlock(&lock);
    return held;
}

static bool in_use(const struct held *held)
{
    for (size_t d = 0; d < WORLD_DESTINATIONS; d++)
        if (atomic_load(&held->world.sets[d].refs) > 1)
            return true;
    return false;
}

static void bury(struct held *held)
{
    pthread_mutex_lock(&lock);
    held->next = buried;
    buried = held;
    pthread_mutex_unlock(&lock);
}

static void let_go(struct held *held)
{
    bool last;

    pthread_mutex_lock(&lock);
    last = --held->refs == 0;
    pthread_mutex_unlock(&lock);
    if (!last)
        return;
    world_fini(&held->world);
    /* Whoever still fills a ring has its endpoints, and nothing else. */
    memset(held->world.destinations, 0xff, sizeof(held->world.destinations));
    if (in_use(held))
        bury(held);
    else
        free(held);
}

/* A shelf is a number here; whoever installs one counts it. */
static void install_shelf(struct mesh_live_endpoint *endpoint)
{
    void *none = NULL;

    if (!atomic_load(&endpoint->shelf) &&
        atomic_compare_exchange_strong(&endpoint->shelf, &none, &shelves))
        atomic_fetch_add(&shelves, 1);
}

static void shelf_free(void *shelf)
{
    (void)shelf;
    atomic_fetch_sub(&shelves, 1);
}

static void retry_once(const struct mesh_destination *destination,
                       uint64_t dice)
{
    const struct mesh_retry_policy policy = { .on = MESH__RETRY_RESET,
                                              .attempts = 1,
                                              .base_ns = MESH__MS,
                                              .max_ns = MESH__MS };
    const struct mesh_attempt_end end = { .failure = MESH__FAILURE_RESET };
    struct mesh_retry retry = { 0 };
    uint64_t wait_ns;

    if (mesh__retry_decide(&policy, destination, &retry, &end, -1, 1, dice,
                           &wait_ns, NULL) != MESH__RETRY_YES)
        atomic_fetch_add(&wrong, 1);
    mesh__retry_end(destination, &retry);
}

static void one_attempt(const struct mesh_destination *destination,
                        const struct mesh_draws *draws)
{
    uint64_t now = atomic_fetch_add(&now_ns, MESH__MS), dice;
    struct mesh_ejection ejection;
    struct mesh_pick pick;

    world_pick(destination, now, draws, NULL, 0, 0, &pick, NULL);
    if (!pick.endpoint)
        return;
    if (pick.index >= destination->endpoints->count ||
        pick.endpoint != &destination->endpoints->endpoints[pick.index])
        atomic_fetch_add(&wrong, 1);
    mesh__quota_raise(&pick.live->active);
    install_shelf(pick.live);
    dice = draws->next(draws->user);
    mesh__outlier_report(destination, pick.index, MESH__RESULT_STATUS,
                         dice % 3 ? 503 : 200, now, &ejection);
    if (dice % 7 == 0)
        retry_once(destination, dice);
    mesh__quota_lower(&pick.live->active);
    atomic_fetch_add(&picks, 1);
    atomic_fetch_add(&ejections, ejection.ejected);
}

static void *work(void *argument)
{
    uint64_t seed = (uint64_t)(uintptr_t)argument;
    struct mesh_draws draws = world_random(&seed);

    while (!atomic_load(&done)) {
        struct held *held = hold();

        for (int i = 0; i < TURN; i++)
            one_attempt(&held->world.destinations[i % WORLD_DESTINATIONS],
                        &draws);
        let_go(held);
    }
    return NULL;
}

/* Each round another number of endpoints, weights and detection. */
static struct held *make(unsigned round)
{
    struct held *held = calloc(1, sizeof(*held));

    assert_non_null(held);
    held->refs = 1;
    world_init(&held->world, 4 + round % 5);
    held->world.sets[1].equal_weights = false;
    held->world.endpoints[1][0].weight = 1 + round % 3;
    held->world.destinations[2].balancer = MESH__ROUND_ROBIN;
    world_ring(&held->world, 0);
    held->world.destinations[2].outlier.enabled = round % 4 != 0;
    for (size_t d = 0; d < WORLD_DESTINATIONS; d++) {
        held->world.destinations[d].outlier.max_ejection_percent = 60;
        held->world.destinations[d].outlier.consecutive_5xx = 2;
        held->world.destinations[d].outlier.interval_ns = 50 * MESH__MS;
        held->world.destinations[d].outlier.base_ejection_ns = 50 * MESH__MS;
    }
    return held;
}

static void publish(struct mesh_live_registry *registry, unsigned round)
{
    struct held *fresh = make(round), *old;

    assert_int_equal(mesh__live_bind(registry, &fresh->world.snapshot,
                                     atomic_load(&now_ns), MESH__S),
                     0);
    pthread_mutex_lock(&lock);
    old = current;
    current = fresh;
    pthread_mutex_unlock(&lock);
    if (old)
        let_go(old);
}

static void reports_and_picks_while_bound_again(void **state)
{
    struct mesh_live_registry *registry;
    struct mesh_live_totals totals;
    pthread_t threads[THREADS];

    (void)state;
    atomic_store(&now_ns, MESH__S);
    assert_int_equal(mesh__live_registry_new(shelf_free, &registry), 0);
    publish(registry, 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work,
                                        (void *)(i + 1)), /* its seed */
                         0);
    for (unsigned round = 1; round < ROUNDS; round++) {
        publish(registry, round);
        mesh__live_totals(registry, &totals);
        assert_int_equal(mesh__live_refresh(registry), 0);
    }
    while (atomic_load(&picks) < PICKS) {
        mesh__live_totals(registry, &totals);
        assert_int_equal(mesh__live_refresh(registry), 0);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    mesh__live_totals(registry, &totals);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(totals.ejections, atomic_load(&ejections));
    assert_true(totals.ejections > 0);
    for (size_t d = 0; d < WORLD_DESTINATIONS; d++) {
        struct mesh_live *live = mesh__live(&current->world.destinations[d]);

        assert_int_equal(mesh__quota_used(&live->quotas->retries), 0);
        for (size_t i = 0; i < live->count; i++)
            assert_int_equal(mesh__quota_used(&live->endpoints[i]->active), 0);
    }
    let_go(current);
    while (buried) {
        current = buried->next;
        assert_false(in_use(buried));
        free(buried);
        buried = current;
    }
    mesh__live_registry_free(registry);
    assert_int_equal(atomic_load(&shelves), 0);
}

/* --- what began is counted, whoever counts beside --- */

enum { BEGINNINGS = 20000 };

static void *begin_many(void *argument)
{
    const struct mesh_destination *destination = argument;

    for (uint64_t i = 0; i < BEGINNINGS; i++) /* over five slots */
        mesh__budget_note(destination, MESH__S + i % 5 * MESH__S);
    return NULL;
}

static void no_beginning_is_lost(void **state)
{
    static struct world world;
    struct mesh_destination *a = &world.destinations[0];
    struct mesh_live_registry *registry;
    pthread_t threads[THREADS];

    (void)state;
    world_init(&world, 1);
    a->breakers.retry_budget = true;
    a->breakers.budget_percent = 100;
    a->breakers.budget_interval_ns = 10 * MESH__S;
    assert_int_equal(mesh__live_registry_new(NULL, &registry), 0);
    assert_int_equal(mesh__live_bind(registry, &world.snapshot, 1, 0), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, begin_many, a), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(mesh__budget_most(a, 5 * MESH__S), THREADS * BEGINNINGS);
    world_fini(&world);
    mesh__live_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_and_picks_while_bound_again),
        cmocka_unit_test(no_beginning_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
