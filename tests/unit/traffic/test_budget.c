/*
 * test_budget.c - how many retries may be under way; what an interval counts
 * was seen on a real Envoy.
 */
#include "traffic/budget.h"

#include "torture.h"
#include "world.h"

#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct mesh_live_registry *registry;
static struct mesh_destination *const a = &world.destinations[0];

static int set_up(void **state)
{
    (void)state;
    world = (struct world){ 0 };
    world_init(&world, 1);
    a->breakers.retry_budget = true;
    a->breakers.budget_percent = 100;
    assert_int_equal(mesh__live_registry_new(NULL, &registry), 0);
    return mesh__live_bind(registry, &world.snapshot, 1, 0);
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&world);
    mesh__live_registry_free(registry);
    return 0;
}

static const struct {
    const char *claim;
    uint64_t interval_ms;
    const char *script; /* '.' one begins, '>' a hundredth of a second passes,
                           '<' another thread's clock is so much behind,
                           '?' how many would be counted */
    const char *expect; /* the answers, in order */
} rows[] = {
    { "nobody yet", 100, "?", "0" },
    { "who began counts, ended or not", 100, ".?..?", "1 3" },
    { "for nine tenths of the interval at least", 100, "..>>>>>>>>>?", "2" },
    { "and is forgotten with the tenth", 100, "..>>>>>>>>>>?", "0" },
    { "each in its own time", 100, "..>...>>>>>>>>?>?>?", "5 3 0" },
    { "an interval later the same slot begins anew", 100, ".>>>>>>>>>>...?",
      "3" },
    { "after a long silence nobody is left", 100,
      "....>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>?", "0" },
    { "a clock that is a little behind loses nobody", 100, ".>.<?.?>?",
      "2 3 3" },
    { "a tenth is in whole milliseconds", 109, ".>>>>>>>>>?>?", "1 0" },
    { "and no shorter than one", 5, ".?>?", "1 0" },
    { "a long interval", 100000, "..>>>>>>>>>>>>>>>>>>>>>>>?", "2" },
};

/* The budget at 100 percent, at least 0, is what was counted. */
static void play(const char *script, char *out, size_t size)
{
    uint64_t now_ns = 77 * MESH__S;
    size_t len = 0;

    out[0] = '\0';
    for (; *script; script++) {
        if (*script == '.')
            mesh__budget_note(a, now_ns);
        else if (*script == '>')
            now_ns += 10 * MESH__MS;
        else if (*script == '<')
            now_ns -= 10 * MESH__MS;
        else
            len +=
                (size_t)snprintf(out + len, size - len, "%s%u", len ? " " : "",
                                 (unsigned)mesh__budget_most(a, now_ns));
    }
}

static void an_interval_counts_who_began_in_it(void **state)
{
    char found[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set_up(state);
        a->breakers.budget_interval_ns = rows[i].interval_ms * MESH__MS;
        play(rows[i].script, found, sizeof(found));
        if (strcmp(found, rows[i].expect) != 0)
            fail_msg("%s: %s\n  gave   %s\n  wanted %s", rows[i].claim,
                     rows[i].script, found, rows[i].expect);
        tear_down(state);
    }
}

/* Seen: sixty requests of six seconds, an interval of one: after three
 * seconds nobody counts. */
static void an_interval_counts_nobody_else(void **state)
{
    struct mesh_live_quotas *quotas = mesh__live(a)->quotas;

    (void)state;
    for (size_t i = 0; i < 60; i++) {
        mesh__quota_raise(&quotas->requests);
        mesh__quota_raise(&quotas->pending);
        mesh__budget_note(a, MESH__S);
    }
    assert_int_equal(mesh__budget_most(a, 4 * MESH__S), 120);
    a->breakers.budget_interval_ns = MESH__S;
    assert_int_equal(mesh__budget_most(a, MESH__S), 0); /* none was noted */
    for (size_t i = 0; i < 60; i++)
        mesh__budget_note(a, MESH__S);
    assert_int_equal(mesh__budget_most(a, MESH__S), 60);
    assert_int_equal(mesh__budget_most(a, 4 * MESH__S), 0);
    for (size_t i = 0; i < 60; i++) {
        mesh__quota_lower(&quotas->requests);
        mesh__quota_lower(&quotas->pending);
    }
}

static void shares_are_cut_and_bounded(void **state)
{
    (void)state;
    a->breakers.budget_interval_ns = MESH__S;
    a->breakers.budget_retries = 3;
    for (size_t i = 0; i < 29; i++)
        mesh__budget_note(a, MESH__S);
    a->breakers.budget_percent = 12.5;
    assert_int_equal(mesh__budget_most(a, MESH__S), 3); /* 3.625 */
    a->breakers.budget_percent = 20;
    assert_int_equal(mesh__budget_most(a, MESH__S), 5); /* 5.8 */
    a->breakers.budget_percent = 0;
    assert_int_equal(mesh__budget_most(a, MESH__S), 3);
    a->breakers.retry_budget = false;
    a->breakers.max_retries = 7;
    assert_int_equal(mesh__budget_most(a, MESH__S), 7);
}

/* A slot holds four thousand million, and no more. */
static void a_full_slot_stays_full(void **state)
{
    const uint64_t now_ns = MESH__S;

    (void)state;
    a->breakers.budget_interval_ns = MESH__S;
    mesh__budget_note(a, now_ns);
    for (size_t i = 0; i < MESH__LIVE_SLOTS; i++) {
        atomic_uint_fast64_t *slot = &mesh__live(a)->quotas->began.slots[i];

        atomic_store(slot, atomic_load(slot) | UINT32_MAX);
    }
    mesh__budget_note(a, now_ns);
    assert_int_equal(mesh__budget_most(a, now_ns), UINT32_MAX);
    mesh__budget_note(a, now_ns + 100 * MESH__MS);
    assert_int_equal(mesh__budget_most(a, now_ns + 100 * MESH__MS), UINT32_MAX);
    assert_int_equal(mesh__budget_most(a, now_ns + MESH__S), 1);
}

static void counting_takes_no_memory(void **state)
{
    (void)state;
    a->breakers.budget_interval_ns = MESH__S;
    fake_alloc_fail_from(0);
    for (uint64_t i = 0; i < 1000; i++) {
        mesh__budget_note(a, i * 10 * MESH__MS);
        assert_int_equal(mesh__budget_most(a, i * 10 * MESH__MS),
                         i < 100 ? i + 1 : 91 + i % 10);
    }
    assert_false(fake_alloc_tripped());
    fake_alloc_off();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_counts_who_began_in_it),
        CASE(an_interval_counts_nobody_else),
        CASE(shares_are_cut_and_bounded),
        CASE(a_full_slot_stays_full),
        CASE(counting_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
