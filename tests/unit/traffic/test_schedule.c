/*
 * test_schedule.c - turns by weight, earliest deadline first.
 */
#include "traffic/schedule.h"

#include "torture.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4 };

static double weights_now[MOST];
static size_t candidates[MOST];
static bool all_even;

static size_t candidate(const void *user, size_t i)
{
    (void)user;
    return candidates[i];
}

static double weight(const void *user, size_t index)
{
    (void)user;
    return weights_now[index];
}

static bool even(const void *user)
{
    (void)user;
    return all_even;
}

static void weigh(const uint32_t *weights, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        weights_now[i] = weights[i];
        candidates[i] = i;
    }
}

static const struct {
    const char *claim;
    uint32_t weights[MOST];
    size_t count;
    uint64_t seed;
    const char *picks;
} rows[] = {
    { "one in three", { 1, 2 }, 2, 0, "babbabbab" },
    { "from further in", { 1, 2 }, 2, 1, "abbabbab" },
    { "the heavy one most", { 1, 1, 4 }, 3, 0, "cccabccccabc" },
};

static void turns_by_weight(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_schedule_source source = {
            .count = rows[i].count,
            .candidate = candidate,
            .weight = weight,
            .seed = rows[i].seed,
        };
        struct mesh_schedule *schedule;
        char picks[16] = "";
        size_t index;

        weigh(rows[i].weights, rows[i].count);
        assert_int_equal(mesh__schedule_new(MOST, &schedule), 0);
        for (size_t n = 0; rows[i].picks[n]; n++) {
            assert_true(mesh__schedule_pick(schedule, &source, &index));
            picks[n] = (char)('a' + index);
        }
        if (strcmp(picks, rows[i].picks) != 0)
            fail_msg("%s: %s, wanted %s", rows[i].claim, picks, rows[i].picks);
        mesh__schedule_free(schedule);
    }
}

static void shares_are_exact_over_a_round(void **state)
{
    struct mesh_schedule_source source = { .count = MOST,
                                           .candidate = candidate,
                                           .weight = weight };
    struct mesh_schedule *schedule;
    unsigned counts[MOST] = { 0 };
    size_t index;

    (void)state;
    weigh((const uint32_t[]){ 1, 2, 3, 4 }, MOST);
    assert_int_equal(mesh__schedule_new(MOST, &schedule), 0);
    for (int i = 0; i < 1000; i++) {
        assert_true(mesh__schedule_pick(schedule, &source, &index));
        counts[index]++;
    }
    for (unsigned i = 0; i < MOST; i++)
        assert_in_range(counts[i], 100 * (i + 1) - 1, 100 * (i + 1) + 1);
    mesh__schedule_free(schedule);
}

static void a_change_fills_it_again(void **state)
{
    struct mesh_schedule_source source = {
        .count = 3, .candidate = candidate, .weight = weight, .even = even
    };
    struct mesh_schedule *schedule;
    size_t index;

    (void)state;
    weigh((const uint32_t[]){ 1, 1, 9 }, 3);
    assert_int_equal(mesh__schedule_new(MOST, &schedule), 0);
    assert_true(mesh__schedule_pick(schedule, &source, &index));
    assert_int_equal(index, 2);
    source.count = 2; /* the heavy one is out; the rest weigh the same */
    all_even = true;
    mesh__schedule_outdate(schedule);
    assert_false(mesh__schedule_pick(schedule, &source, &index));
    all_even = false; /* a change that nobody told of */
    assert_false(mesh__schedule_pick(schedule, &source, &index));
    mesh__schedule_outdate(schedule);
    source.count = 3;
    assert_true(mesh__schedule_pick(schedule, &source, &index));
    assert_int_equal(index, 2);
    mesh__schedule_free(schedule);
}

static void without_weight_no_turn(void **state)
{
    struct mesh_schedule_source source = {
        .count = 3, .candidate = candidate, .weight = weight, .seed = 5
    };
    struct mesh_schedule *schedule;
    size_t index;

    (void)state;
    weigh((const uint32_t[]){ 0, 2, 0 }, 3);
    assert_int_equal(mesh__schedule_new(MOST, &schedule), 0);
    for (int i = 0; i < 5; i++) {
        assert_true(mesh__schedule_pick(schedule, &source, &index));
        assert_int_equal(index, 1);
    }
    weigh((const uint32_t[]){ 0, 0, 0 }, 3);
    mesh__schedule_outdate(schedule);
    assert_false(mesh__schedule_pick(schedule, &source, &index));
    source.count = 0;
    mesh__schedule_outdate(schedule);
    assert_false(mesh__schedule_pick(schedule, &source, &index));
    mesh__schedule_free(schedule);
}

static void survives_losing_any_allocation(void **state)
{
    struct mesh_schedule *schedule;
    int rc;

    (void)state;
    weigh((const uint32_t[]){ 1, 2 }, 2);
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__schedule_new(MOST, &schedule);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(schedule);
        assert_int_equal(fake_alloc_live(), 0);
    }
    assert_int_equal(rc, 0);
    mesh__schedule_free(schedule);
    mesh__schedule_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_by_weight),
        cmocka_unit_test(shares_are_exact_over_a_round),
        cmocka_unit_test(a_change_fills_it_again),
        cmocka_unit_test(without_weight_no_turn),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
