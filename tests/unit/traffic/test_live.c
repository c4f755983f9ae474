/*
 * test_live.c - what a reload keeps, and what it lets go.
 */
#include "traffic/live.h"

#include "torture.h"
#include "world.h"

#include "base/error.h"
#include "traffic/outlier.h"
#include "traffic/state.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { GRACE_S = 300 };

static struct mesh_live_registry *registry;
static struct world before, after;
static unsigned shelves_freed;

static void shelf_free(void *shelf)
{
    assert_non_null(shelf);
    shelves_freed++;
}

static int bind_at(struct world *world, uint64_t seconds)
{
    return mesh__live_bind(registry, &world->snapshot, seconds * MESH__S,
                           GRACE_S * MESH__S);
}

static int set_up(void **state)
{
    (void)state;
    before = (struct world){ 0 };
    after = (struct world){ 0 };
    world_init(&before, 3);
    world_init(&after, 3);
    shelves_freed = 0;
    return mesh__live_registry_new(shelf_free, &registry);
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&before);
    world_fini(&after);
    mesh__live_registry_free(registry);
    return 0;
}

static struct mesh_live *live(struct world *world)
{
    return mesh__live(&world->destinations[0]);
}

static void eject(struct world *world, size_t index, uint64_t seconds)
{
    struct mesh_ejection ejection = { 0 };

    for (int i = 0; i < 5 && !ejection.ejected; i++)
        mesh__outlier_report(&world->destinations[0], index,
                             MESH__RESULT_STATUS, 500, seconds * MESH__S,
                             &ejection);
    assert_true(ejection.ejected);
}

static bool admits(struct world *world, size_t index, uint64_t seconds)
{
    return mesh__outlier_admits(&world->destinations[0], index,
                                seconds * MESH__S);
}

static void state_outlives_a_snapshot(void **state)
{
    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    mesh__quota_raise(&live(&before)->endpoints[2]->active);
    mesh__quota_raise(&live(&before)->quotas->connections);
    eject(&before, 1, 2);
    assert_int_equal(bind_at(&after, 3), 0);
    assert_ptr_equal(live(&after)->endpoints[1], live(&before)->endpoints[1]);
    assert_false(admits(&after, 1, 3));
    assert_false(admits(&before, 1, 3));
    world_fini(&before);
    assert_int_equal(mesh__quota_used(&live(&after)->endpoints[2]->active), 1);
    assert_int_equal(mesh__quota_used(&live(&after)->quotas->connections), 1);
    assert_false(admits(&after, 1, 4));
    assert_true(admits(&after, 1, 40));
}

static void endpoints_are_known_by_address(void **state)
{
    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    world_address(&after, 0, 0, 2); /* the third is the first now */
    world_address(&after, 0, 1, 9);
    after.sets[0].count = 2;
    assert_int_equal(bind_at(&after, 2), 0);
    assert_ptr_equal(live(&after)->endpoints[0], live(&before)->endpoints[2]);
    assert_int_equal(live(&after)->count, 2);
}

static void destinations_do_not_share(void **state)
{
    (void)state;
    world_address(&before, 1, 0, 0);
    before.endpoints[1][0].address = before.endpoints[0][0].address;
    assert_int_equal(bind_at(&before, 1), 0);
    assert_ptr_not_equal(live(&before)->endpoints[0],
                         mesh__live(&before.destinations[1])->endpoints[0]);
}

static void a_reused_part_stays_bound(void **state)
{
    struct mesh_live *bound;

    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    bound = live(&before);
    assert_int_equal(bind_at(&before, 2), 0);
    assert_ptr_equal(live(&before), bound);
    eject(&before, 0, 3);
    assert_false(admits(&before, 0, 3));
    assert_int_equal(bind_at(&before, 1000), 0); /* is not absent */
    assert_ptr_equal(live(&before), bound);
    assert_int_equal(shelves_freed, 0);
}

static void the_absent_are_kept_for_a_time(void **state)
{
    struct mesh_live_endpoint *third;

    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    third = live(&before)->endpoints[2];
    atomic_store(&third->shelf, &before);
    after.sets[0].count = 2;
    assert_int_equal(bind_at(&after, 10), 0);
    world_fini(&before);
    world_fini(&after);
    assert_int_equal(shelves_freed, 0);

    world_init(&before, 3); /* back within the grace time */
    assert_int_equal(bind_at(&before, 10 + GRACE_S - 1), 0);
    assert_ptr_equal(live(&before)->endpoints[2], third);

    world_init(&after, 2); /* and gone again, for good */
    assert_int_equal(bind_at(&after, 1000), 0);
    assert_int_equal(bind_at(&after, 1000 + GRACE_S - 1), 0);
    world_fini(&before);
    assert_int_equal(shelves_freed, 0);
    assert_int_equal(bind_at(&after, 1000 + GRACE_S), 0);
    assert_int_equal(shelves_freed, 1);
}

/* However often the same part was bound before. */
static void the_absent_are_so_since_they_went(void **state)
{
    (void)state;
    for (uint64_t second = 1; second < 1000; second += 100)
        assert_int_equal(bind_at(&before, second), 0);
    atomic_store(&live(&before)->endpoints[2]->shelf, &before);
    after.sets[0].count = 2;
    assert_int_equal(bind_at(&after, 1000), 0);
    assert_int_equal(bind_at(&before, 1001), 0); /* the old one once more */
    assert_int_equal(bind_at(&before, 1001 + GRACE_S), 0);
    assert_int_equal(shelves_freed, 0);
    assert_int_equal(bind_at(&after, 2000), 0);
    world_fini(&before);
    assert_int_equal(bind_at(&after, 2000 + GRACE_S - 1), 0);
    assert_int_equal(shelves_freed, 0);
    assert_int_equal(bind_at(&after, 2000 + GRACE_S), 0);
    assert_int_equal(shelves_freed, 1);
}

static void a_snapshot_in_use_keeps_what_it_is_bound_to(void **state)
{
    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    atomic_store(&live(&before)->endpoints[2]->shelf, &before);
    after.sets[0].count = 2;
    assert_int_equal(bind_at(&after, 10), 0);
    assert_int_equal(bind_at(&after, 10 + GRACE_S), 0);
    assert_int_equal(shelves_freed, 0);
    world_fini(&before);
    assert_int_equal(shelves_freed, 1);
}

static void a_destination_goes_as_a_whole(void **state)
{
    struct mesh_live_totals totals;

    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    atomic_store(&live(&before)->endpoints[0]->shelf, &before);
    eject(&before, 0, 2);
    after.part.destinations++; /* without "a" */
    after.part.destination_count--;
    assert_int_equal(bind_at(&after, 10), 0);
    world_fini(&before);
    assert_int_equal(bind_at(&after, 10 + GRACE_S - 1), 0);
    assert_int_equal(shelves_freed, 0);
    assert_int_equal(bind_at(&after, 10 + GRACE_S), 0);
    assert_int_equal(shelves_freed, 1);
    mesh__live_totals(registry, &totals);
    assert_int_equal(totals.ejections, 1);
    assert_int_equal(totals.ejected_now, 0);
}

static void the_absent_do_not_count(void **state)
{
    struct mesh_ejection ejection;

    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    eject(&before, 2, 2);
    after.sets[0].count = 2;
    after.destinations[0].outlier.max_ejection_percent = 50;
    after.destinations[0].outlier.consecutive_5xx = 1;
    assert_int_equal(bind_at(&after, 10), 0);
    eject(&after, 0, 11); /* 1 of 2, the third is not there */
    mesh__outlier_report(&after.destinations[0], 1, MESH__RESULT_STATUS, 500,
                         11 * MESH__S, &ejection);
    assert_true(ejection.refused);
    mesh__outlier_report(&before.destinations[0], 2, MESH__RESULT_STATUS, 500,
                         11 * MESH__S, &ejection);
    assert_false(ejection.ejected || ejection.refused);
}

static void detection_taken_away_admits_all(void **state)
{
    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    eject(&before, 0, 2);
    after.destinations[0].outlier.enabled = false;
    assert_int_equal(bind_at(&after, 3), 0);
    assert_true(admits(&before, 0, 3));
    assert_true(admits(&after, 0, 3));
}

static void a_registry_may_go_first(void **state)
{
    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    atomic_store(&live(&before)->endpoints[0]->shelf, &before);
    mesh__live_registry_free(registry);
    registry = NULL;
    assert_int_equal(shelves_freed, 0);
    eject(&before, 1, 2);
    world_fini(&before);
    assert_int_equal(shelves_freed, 1);
    mesh__live_registry_free(NULL);
}

static void survives_losing_any_allocation(void **state)
{
    int rc;

    (void)state;
    mesh__live_registry_free(registry);
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__live_registry_new(NULL, &registry);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(registry);
        assert_int_equal(fake_alloc_live(), 0);
    }
    assert_int_equal(rc, 0);
    before.sets[1].equal_weights = false;
    for (size_t n = 0;; n++) {
        struct mesh_live_registry *fresh = NULL;

        assert_int_equal(mesh__live_registry_new(NULL, &fresh), 0);
        fake_alloc_fail_at(n);
        rc = mesh__live_bind(fresh, &before.snapshot, 1, 0);
        if (!fake_alloc_tripped()) {
            mesh__live_registry_free(fresh);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        world_fini(&before);
        mesh__live_registry_free(fresh);
        assert_true(fake_alloc_live() <= 0);
        assert_int_equal(mesh__map_put(&before.snapshot.exact,
                                       MESH__SLICE("web"), &before.part),
                         0);
    }
    assert_int_equal(rc, 0);
}

static void a_failed_bind_leaves_the_rest_alone(void **state)
{
    (void)state;
    assert_int_equal(bind_at(&before, 1), 0);
    eject(&before, 0, 2);
    fake_alloc_fail_at(3);
    assert_int_equal(bind_at(&after, 3), MESH_ERR_NOMEM);
    assert_true(fake_alloc_tripped());
    fake_alloc_off();
    world_fini(&after);
    assert_false(admits(&before, 0, 3));
    assert_int_equal(bind_at(&before, 1000), 0);
}

/*
 * Whoever held them did not come along. (The thread sanitizer would go on
 * believing in the holder; the other builds run this.)
 */
#ifndef __SANITIZE_THREAD__
static void a_forked_child_finds_the_locks_free(void **state)
{
    struct mesh_live_totals totals;

    (void)state;
    assert_int_equal(bind_at(&before, 0), 0);
    eject(&before, 1, 1);
    pthread_mutex_lock(&live(&before)->shared->lock);
    mesh__live_forked(registry);
    assert_int_equal(pthread_mutex_trylock(&live(&before)->shared->lock), 0);
    pthread_mutex_unlock(&live(&before)->shared->lock);
    mesh__live_totals(registry, &totals);
    assert_int_equal(totals.ejected_now, 1);
    assert_false(admits(&before, 1, 2));
}
#endif

static void who_is_back_is_named_once(void **state)
{
    char text[128];

    (void)state;
    assert_int_equal(bind_at(&before, 0), 0);
    assert_false(mesh__live_next_admitted(registry, text, sizeof(text)));
    eject(&before, 1, 1);
    assert_false(mesh__live_next_admitted(registry, text, sizeof(text)));
    assert_true(admits(&before, 1, 100));
    assert_true(mesh__live_next_admitted(registry, text, sizeof(text)));
    assert_non_null(strstr(text, ": "));
    assert_false(mesh__live_next_admitted(registry, text, sizeof(text)));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(state_outlives_a_snapshot),
        CASE(endpoints_are_known_by_address),
        CASE(destinations_do_not_share),
        CASE(a_reused_part_stays_bound),
        CASE(the_absent_are_kept_for_a_time),
        CASE(the_absent_are_so_since_they_went),
        CASE(a_snapshot_in_use_keeps_what_it_is_bound_to),
        CASE(a_destination_goes_as_a_whole),
        CASE(the_absent_do_not_count),
        CASE(detection_taken_away_admits_all),
        CASE(a_registry_may_go_first),
        CASE(who_is_back_is_named_once),
#ifndef __SANITIZE_THREAD__
        CASE(a_forked_child_finds_the_locks_free),
#endif
        CASE(survives_losing_any_allocation),
        CASE(a_failed_bind_leaves_the_rest_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
