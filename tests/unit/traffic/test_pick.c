/*
 * test_pick.c - who is chosen, by which dice.
 */
#include "traffic/pick.h"

#include "torture.h"
#include "world.h"

#include "traffic/outlier.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct world world;
static struct mesh_live_registry *registry;
static struct mesh_destination *const a = &world.destinations[0];
static uint64_t now_ns;

static void start(size_t endpoints)
{
    world = (struct world){ 0 };
    world_init(&world, endpoints);
    now_ns = MESH__S;
}

static void bind(void)
{
    assert_int_equal(mesh__live_registry_new(NULL, &registry), 0);
    assert_int_equal(mesh__live_bind(registry, &world.snapshot, now_ns, 0), 0);
}

static void stop(void)
{
    world_fini(&world);
    mesh__live_registry_free(registry);
    registry = NULL;
}

/* The indexes picked with these dice, none tried before. */
static void expect_picks(const uint64_t *values, size_t value_count,
                         const size_t *wanted, size_t count)
{
    struct dice dice = { values, value_count, 0 };
    struct mesh_draws draws = world_draws(&dice);
    struct mesh_pick pick;

    for (size_t i = 0; i < count; i++) {
        world_pick(a, now_ns, &draws, NULL, 0, 0, &pick, NULL);
        assert_non_null(pick.endpoint);
        assert_int_equal(pick.index, wanted[i]);
        assert_ptr_equal(pick.endpoint, &world.endpoints[0][wanted[i]]);
    }
}

static void active(size_t index, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        mesh__quota_raise(&mesh__live(a)->endpoints[index]->active);
}

static void two_choices_and_the_less_busy(void **state)
{
    (void)state;
    start(4);
    bind();
    active(1, 2);
    active(2, 1);
    /* pairs: a tie keeps the first, fewer wins, with replacement */
    expect_picks((const uint64_t[]){ 0, 3, 3, 0, 1, 2, 2, 1, 1, 1, 9, 2 }, 12,
                 (const size_t[]){ 0, 3, 2, 2, 1, 2 }, 6);
    stop();
}

static void in_turn_from_a_seed(void **state)
{
    (void)state;
    start(3);
    a->balancer = MESH__ROUND_ROBIN;
    bind();
    expect_picks((const uint64_t[]){ 4 }, 1, /* 4 | 1 is 5 */
                 (const size_t[]){ 2, 0, 1, 2, 0 }, 5);
    stop();
}

static void by_the_dice_alone(void **state)
{
    (void)state;
    start(3);
    a->balancer = MESH__RANDOM;
    world.sets[0].equal_weights = false; /* Envoy does not look at them */
    world.endpoints[0][0].weight = 1000;
    bind();
    active(2, 9);
    expect_picks((const uint64_t[]){ 2, 1, 3, 5 }, 4,
                 (const size_t[]){ 2, 1, 0, 2 }, 4);
    stop();
}

static void weights_make_a_schedule(void **state)
{
    (void)state;
    start(2);
    a->balancer = MESH__ROUND_ROBIN;
    world.sets[0].equal_weights = false;
    world.endpoints[0][1].weight = 2;
    bind();
    expect_picks((const uint64_t[]){ 1 }, 1, /* one turn in */
                 (const size_t[]){ 0, 1, 1, 0, 1, 1, 0, 1 }, 8);
    stop();
}

static void busy_ones_weigh_less(void **state)
{
    unsigned counts[2] = { 0, 0 };
    uint64_t seed = 1;
    struct mesh_draws draws = world_random(&seed);
    struct mesh_pick pick;

    (void)state;
    start(2);
    world.sets[0].equal_weights = false;
    world.endpoints[0][1].weight = 3;
    bind();
    active(1, 5); /* worth 3 / 6 against 1 */
    for (int i = 0; i < 300; i++) {
        world_pick(a, now_ns, &draws, NULL, 0, 0, &pick, NULL);
        counts[pick.index]++;
    }
    assert_in_range(counts[0], 199, 201);
    stop();
}

static void not_again_while_picks_last(void **state)
{
    size_t tried[] = { 0 };
    uint64_t zeros[] = { 0, 0, 0, 0, 0, 0, 1, 1 };
    struct dice dice = { zeros, 8, 0 };
    struct mesh_draws draws = world_draws(&dice);
    struct mesh_pick pick;

    (void)state;
    start(2);
    bind();
    world_pick(a, now_ns, &draws, tried, 1, 5, &pick, NULL);
    assert_int_equal(pick.index, 1);
    dice.at = 0;
    world_pick(a, now_ns, &draws, tried, 1, 2, &pick, NULL);
    assert_int_equal(pick.index, 0); /* the last pick counts even if tried */
    assert_int_equal(dice.at, 6);
    stop();
}

/* Seen: of two equal endpoints about one retry in 64 hits the same again. */
static void one_in_sixty_four_is_hit_again(void **state)
{
    size_t tried[] = { 0 };
    uint64_t seed = 42;
    struct mesh_draws draws = world_random(&seed);
    struct mesh_pick pick;
    unsigned again = 0;

    (void)state;
    start(2);
    bind();
    for (int i = 0; i < 64000; i++) {
        world_pick(a, now_ns, &draws, tried, 1, 5, &pick, NULL);
        again += pick.index == 0;
    }
    assert_in_range(again, 850, 1150);
    stop();
}

static void eject(size_t index)
{
    struct mesh_ejection ejection;

    a->outlier.consecutive_5xx = 1;
    mesh__outlier_report(a, index, MESH__RESULT_STATUS, 500, now_ns, &ejection);
    assert_true(ejection.ejected);
    now_ns += 2 * MESH__S; /* past the merge window */
}

static void the_ejected_are_not_chosen(void **state)
{
    uint64_t seed = 7;
    struct mesh_draws draws = world_random(&seed);
    struct mesh_pick pick;

    (void)state;
    start(3);
    bind();
    eject(1);
    for (int i = 0; i < 200; i++) {
        world_pick(a, now_ns, &draws, NULL, 0, 0, &pick, NULL);
        assert_int_not_equal(pick.index, 1);
    }
    eject(0);
    world_pick(a, now_ns, &draws, NULL, 0, 0, &pick, NULL);
    assert_int_equal(pick.index, 2);
    eject(2);
    world_pick(a, now_ns, &draws, NULL, 0, 5, &pick, NULL);
    assert_null(pick.endpoint);
    assert_null(pick.live);
    assert_false(pick.panic);
    a->outlier.enabled = false; /* a reload took the detection away */
    world_pick(a, now_ns, &draws, NULL, 0, 0, &pick, NULL);
    assert_non_null(pick.endpoint);
    stop();
}

static void the_ejected_have_no_turn(void **state)
{
    (void)state;
    start(3);
    a->balancer = MESH__ROUND_ROBIN;
    world.sets[0].equal_weights = false;
    world.endpoints[0][2].weight = 5;
    bind();
    expect_picks((const uint64_t[]){ 2 }, 1, (const size_t[]){ 2 }, 1);
    eject(2); /* the rest weigh the same: in turn, from seed 3 */
    expect_picks((const uint64_t[]){ 2 }, 1, (const size_t[]){ 1, 0, 1 }, 3);
    stop();
}

static const struct {
    const char *claim;
    size_t endpoints, ejected;
    uint32_t min_percent;
    bool panic;
} panics[] = {
    { "0 never", 4, 4, 0, false },
    { "half is not below 50", 4, 2, 50, false },
    { "a quarter is", 4, 3, 50, true },
    { "none is", 4, 4, 1, true },
    { "three quarters carry the load", 4, 1, 100, false },
    { "two thirds do not", 3, 1, 100, true },
    { "two thirds are above 50", 3, 1, 50, false },
};

static void panic_uses_everyone(void **state)
{
    uint64_t seed = 9;
    struct mesh_draws draws = world_random(&seed);
    struct mesh_pick pick;

    (void)state;
    for (size_t i = 0; i < sizeof(panics) / sizeof(panics[0]); i++) {
        bool hit = false;

        start(panics[i].endpoints);
        bind();
        a->outlier.min_health_percent = panics[i].min_percent;
        for (size_t e = 0; e < panics[i].ejected; e++)
            eject(e);
        for (int n = 0; n < 100; n++) {
            world_pick(a, now_ns, &draws, NULL, 0, 0, &pick, NULL);
            hit = hit || (pick.endpoint && pick.index < panics[i].ejected);
            if (pick.panic != panics[i].panic)
                fail_msg("%s", panics[i].claim);
        }
        assert_int_equal(hit, panics[i].panic);
        stop();
    }
}

static void nobody_is_nobody(void **state)
{
    struct mesh_draws draws = { 0 };
    struct mesh_pick pick;

    (void)state;
    start(0);
    bind();
    world_pick(a, now_ns, &draws, NULL, 0, 0, &pick, NULL);
    assert_null(pick.endpoint);
    stop();
}

static void without_live_state_all_are_admitted(void **state)
{
    (void)state;
    start(4);
    expect_picks((const uint64_t[]){ 3, 1 }, 2, (const size_t[]){ 3 }, 1);
    a->balancer = MESH__ROUND_ROBIN;
    expect_picks((const uint64_t[]){ 6 }, 1, (const size_t[]){ 2 }, 1);
    assert_true(mesh__outlier_admits(a, 0, now_ns));
    world_fini(&world);
}

static void says_who_was_there(void **state)
{
    uint64_t draw = 0;
    struct dice dice = { &draw, 1, 0 };
    struct mesh_draws draws = world_draws(&dice);
    struct mesh__why why;
    struct mesh_pick pick;

    (void)state;
    start(3);
    bind();
    eject(1);
    active(2, 3);
    mesh__why_init(&why);
    world_pick(a, now_ns, &draws, NULL, 0, 0, &pick, &why);
    assert_int_equal(why.count, 3);
    assert_string_equal(why.steps[0].reason, "admitted, 0 active, picked");
    assert_true(why.steps[0].matched);
    assert_string_equal(why.steps[1].reason, "ejected, 0 active");
    assert_string_equal(why.steps[2].reason, "admitted, 3 active");
    mesh__why_fini(&why);
    stop();
}

static void picking_takes_no_memory(void **state)
{
    uint64_t seed = 3;
    struct mesh_draws draws = world_random(&seed);
    struct mesh_pick pick;

    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        start(8);
        world.sets[0].equal_weights = !weighted;
        world.endpoints[0][3].weight = weighted ? 4 : 1;
        bind();
        fake_alloc_fail_from(0);
        for (size_t i = 0; i < 4; i++) {
            eject(i);
            world_pick(a, now_ns, &draws, &i, 1, 5, &pick, NULL);
            assert_non_null(pick.endpoint);
        }
        assert_false(fake_alloc_tripped());
        fake_alloc_off();
        stop();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_choices_and_the_less_busy),
        cmocka_unit_test(in_turn_from_a_seed),
        cmocka_unit_test(by_the_dice_alone),
        cmocka_unit_test(weights_make_a_schedule),
        cmocka_unit_test(busy_ones_weigh_less),
        cmocka_unit_test(not_again_while_picks_last),
        cmocka_unit_test(one_in_sixty_four_is_hit_again),
        cmocka_unit_test(the_ejected_are_not_chosen),
        cmocka_unit_test(the_ejected_have_no_turn),
        cmocka_unit_test(panic_uses_everyone),
        cmocka_unit_test(nobody_is_nobody),
        cmocka_unit_test(without_live_state_all_are_admitted),
        cmocka_unit_test(says_who_was_there),
        cmocka_unit_test(picking_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
