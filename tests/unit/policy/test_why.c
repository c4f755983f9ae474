/*
 * test_why.c - are reasons kept in order, and is one that is lost admitted?
 */
#include "policy/why.h"

#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void steps_are_kept_in_order(void **state)
{
    struct mesh_mark mark = { .place = 1, .line = 2, .column = 3 };
    struct mesh__why why;

    (void)state;
    mesh__why_init(&why);
    mesh__why_add(&why, "route", "first", false, mark, "x-canary is %s", "no");
    mesh__why_add(&why, "route", NULL, true, mark, "takes everything");
    assert_int_equal(why.count, 2);
    assert_false(why.cut);
    assert_string_equal(why.steps[0].what, "route");
    assert_string_equal(why.steps[0].name, "first");
    assert_string_equal(why.steps[0].reason, "x-canary is no");
    assert_false(why.steps[0].matched);
    assert_string_equal(why.steps[1].name, "");
    assert_true(why.steps[1].matched);
    assert_int_equal(why.steps[1].mark.line, 2);
    mesh__why_fini(&why);
    assert_int_equal(why.count, 0);
}

static void nobody_asked(void **state)
{
    (void)state;
    mesh__why_add(NULL, "route", "x", true, (struct mesh_mark){ 0 }, "y");
}

static void long_reasons_are_cut(void **state)
{
    char reason[4000];
    struct mesh__why why;

    (void)state;
    memset(reason, 'r', sizeof(reason));
    reason[sizeof(reason) - 1] = '\0';
    mesh__why_init(&why);
    mesh__why_add(&why, "rule", "x", true, (struct mesh_mark){ 0 }, "%s",
                  reason);
    assert_int_equal(why.count, 1);
    assert_in_range(strlen(why.steps[0].reason), 1000, 1100);
    mesh__why_fini(&why);
}

static void there_is_a_ceiling(void **state)
{
    struct mesh__why why;

    (void)state;
    mesh__why_init(&why);
    for (size_t i = 0; i < MESH__WHY_MAX + 5; i++)
        mesh__why_add(&why, "rule", "x", true, (struct mesh_mark){ 0 }, "y");
    assert_int_equal(why.count, MESH__WHY_MAX);
    assert_true(why.cut);
    mesh__why_fini(&why);
}

static void a_lost_step_is_admitted(void **state)
{
    struct mesh__why why;
    bool tripped;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        mesh__why_init(&why);
        mesh__why_add(&why, "rule", "x", true, (struct mesh_mark){ 0 }, "y");
        tripped = fake_alloc_tripped();
        assert_int_equal(why.cut, tripped);
        assert_int_equal(why.count, !tripped);
        mesh__why_fini(&why);
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped)
            break;
    }
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_kept_in_order),
        cmocka_unit_test(nobody_asked),
        cmocka_unit_test(long_reasons_are_cut),
        cmocka_unit_test(there_is_a_ceiling),
        cmocka_unit_test(a_lost_step_is_admitted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
