/*
 * test_outlier.c - who is ejected, when he is back, and when that is seen.
 */
#include "traffic/outlier.h"

#include "torture.h"
#include "world.h"

#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HOUR_S = 3600 };

static struct world world;
static struct mesh_live_registry *registry;
static uint64_t now_ns;

static struct mesh_outlier_policy *policy(void)
{
    return &world.destinations[0].outlier;
}

static void start(size_t endpoints)
{
    world = (struct world){ 0 };
    world_init(&world, endpoints);
    now_ns = HOUR_S * MESH__S;
    assert_int_equal(mesh__live_registry_new(NULL, &registry), 0);
    assert_int_equal(
        mesh__live_bind(registry, &world.snapshot, now_ns, 300 * MESH__S), 0);
}

static void stop(void)
{
    world_fini(&world);
    mesh__live_registry_free(registry);
}

static struct mesh_ejection report(size_t index, enum mesh_result result,
                                   unsigned status)
{
    struct mesh_ejection ejection;

    mesh__outlier_report(&world.destinations[0], index, result, status, now_ns,
                         &ejection);
    return ejection;
}

static bool admits(size_t index)
{
    return mesh__outlier_admits(&world.destinations[0], index, now_ns);
}

/* '.' 200, 'x' 500, 'g' 503, 'c' no connection, 't' timeout, 'k' connected,
 * 'p' a plain stream connected, '4' 404, '>' ten seconds, '+' one. */
static void act(char what)
{
    switch (what) {
    case '.':
        (void)report(0, MESH__RESULT_STATUS, 200);
        break;
    case '4':
        (void)report(0, MESH__RESULT_STATUS, 404);
        break;
    case 'x':
        (void)report(0, MESH__RESULT_STATUS, 500);
        break;
    case 'g':
        (void)report(0, MESH__RESULT_STATUS, 503);
        break;
    case 'c':
        (void)report(0, MESH__RESULT_CONNECT_FAILED, 0);
        break;
    case 't':
        (void)report(0, MESH__RESULT_TIMEOUT, 0);
        break;
    case 'k':
        (void)report(0, MESH__RESULT_CONNECTED, 0);
        break;
    case 'p':
        (void)report(0, MESH__RESULT_CONNECTED_TCP, 0);
        break;
    case '>':
        now_ns += 10 * MESH__S;
        break;
    default:
        assert_int_equal(what, '+');
        now_ns += MESH__S;
    }
}

static const struct {
    const char *claim;
    uint32_t fives, gateway, local; /* thresholds */
    bool split;
    const char *script;
    const char *expect; /* after each: 'a' admitted, 'E' ejected */
} rows[] = {
    { "four in a row are forgiven", 5, 0, 0, false, "xxxx", "aaaa" },
    { "a success starts the count anew", 5, 0, 0, false, "xxxx.xxxx",
      "aaaaaaaaa" },
    { "a 404 is a success", 5, 0, 0, false, "xxxx4xxxx", "aaaaaaaaa" },
    { "the fifth ejects", 5, 0, 0, false, "xxxxx", "aaaaE" },
    { "back at the third sweep", 5, 0, 0, false, "xxxxx>>>", "aaaaEEEa" },
    { "never before a sweep", 5, 0, 0, false, "+xxxxx>>>>", "aaaaaEEEEa" },
    { "the second stay is twice as long", 5, 0, 0, false,
      "xxxxx>>>++xxxxx>>>>>>>", "aaaaEEEaaaaaaaEEEEEEEa" },
    { "good time makes stays short again", 5, 0, 0, false, "xxxxx>>>>>xxxxx>>>",
      "aaaaEEEaaaaaaaEEEa" },
    { "an old count is not kept", 5, 0, 0, false, "xxxxxxxxx>>>x",
      "aaaaEEEEEEEaa" },
    { "gateway errors are errors too", 5, 0, 0, false, "gxgxg", "aaaaE" },
    { "gateway errors alone", 0, 3, 0, false, "xxxxxggg", "aaaaaaaE" },
    { "another error starts them anew", 0, 3, 0, false, "ggxgg", "aaaaa" },
    { "gateway first", 5, 3, 0, false, "xxggg", "aaaaE" },
    { "nothing counts at 0", 0, 0, 0, false, "xxxxxxxxgggggggg",
      "aaaaaaaaaaaaaaaa" },
    { "no connection is a 503", 0, 2, 0, false, "cc", "aE" },
    { "a timeout is a 504", 0, 2, 0, false, "tt", "aE" },
    { "a connection says nothing", 2, 0, 0, false, "ckc", "aaE" },
    { "a plain stream's does", 2, 0, 0, false, "cpc", "aaa" },
    { "split: failures to reach apart", 2, 0, 3, true, "cxc", "aaa" },
    { "split: three of them", 9, 0, 3, true, "ctc", "aaE" },
    { "split: reached in between", 9, 0, 3, true, "cckcc", "aaaaa" },
    { "split: a status is not reaching", 9, 0, 3, true, "cc.c", "aaaE" },
    { "split: the status still counts", 2, 0, 3, true, "xx", "aE" },
};

static void stories(void **state)
{
    char story[64];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = 0;

        start(1);
        policy()->consecutive_5xx = rows[i].fives;
        policy()->consecutive_gateway = rows[i].gateway;
        policy()->consecutive_local_origin = rows[i].local;
        policy()->split_local_origin = rows[i].split;
        (void)admits(0); /* the first use: sweeps are counted from here */
        for (const char *at = rows[i].script; *at; at++) {
            act(*at);
            story[n++] = admits(0) ? 'a' : 'E';
        }
        story[n] = '\0';
        if (strcmp(story, rows[i].expect) != 0)
            fail_msg("%s:\n  did    %s\n  gave   %s\n  wanted %s",
                     rows[i].claim, rows[i].script, story, rows[i].expect);
        stop();
    }
}

/* Ejected two seconds after a sweep, and back at the one after the stay. */
static void be_out_for(uint64_t seconds)
{
    now_ns += 2 * MESH__S;
    for (int i = 0; i < 5; i++)
        act('x');
    assert_false(admits(0));
    now_ns += seconds * MESH__S;
    assert_false(admits(0));
    now_ns += 8 * MESH__S;
    assert_true(admits(0));
}

static void a_long_silence_counts_as_many_sweeps(void **state)
{
    (void)state;
    start(1);
    (void)admits(0);
    for (uint64_t round = 1; round <= 4; round++)
        be_out_for(30 * round);
    now_ns += 40 * MESH__S; /* four sweeps: back to where it began */
    be_out_for(30);
    now_ns += 24 * HOUR_S * MESH__S;
    assert_true(admits(0));
    be_out_for(30);
    stop();
}

static void stays_end_at_the_longest(void **state)
{
    (void)state;
    start(1);
    policy()->max_ejection_ns = 60 * MESH__S;
    (void)admits(0);
    be_out_for(30);
    for (int round = 0; round < 6; round++)
        be_out_for(60);
    stop();
}

static const struct {
    size_t endpoints;
    uint32_t percent;
    unsigned ejected; /* when all of them fail */
} shares[] = { { 1, 10, 0 },  { 1, 50, 0 },   { 1, 99, 0 },  { 1, 100, 1 },
               { 2, 10, 0 },  { 2, 49, 0 },   { 2, 50, 1 },  { 2, 99, 1 },
               { 2, 100, 2 }, { 3, 33, 0 },   { 3, 34, 1 },  { 3, 66, 1 },
               { 3, 67, 2 },  { 9, 10, 0 },   { 10, 10, 1 }, { 19, 10, 1 },
               { 20, 10, 2 }, { 20, 100, 20 } };

static void the_share_is_asked_after_the_ejection(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        struct mesh_live_totals totals;
        unsigned refused = 0, ejected = 0;

        start(shares[i].endpoints);
        policy()->max_ejection_percent = shares[i].percent;
        policy()->consecutive_5xx = 1;
        assert_int_equal(mesh__outlier_can_eject(policy(), shares[i].endpoints),
                         shares[i].ejected > 0);
        for (size_t e = 0; e < shares[i].endpoints; e++) {
            struct mesh_ejection ejection = report(e, MESH__RESULT_STATUS, 503);

            assert_int_equal(ejection.for_count, 1);
            assert_string_equal(ejection.cause, "consecutive_5xx");
            assert_int_not_equal(ejection.ejected, ejection.refused);
            refused += ejection.refused;
            ejected += ejection.ejected;
        }
        assert_int_equal(ejected, shares[i].ejected);
        mesh__live_totals(registry, &totals);
        assert_int_equal(totals.ejected_now, ejected);
        assert_int_equal(totals.ejections, ejected);
        assert_int_equal(totals.ejections_refused, refused);
        stop();
    }
}

static void an_ejection_within_a_second_waits(void **state)
{
    (void)state;
    start(3);
    policy()->consecutive_5xx = 1;
    (void)report(0, MESH__RESULT_STATUS, 500);
    assert_false(admits(0));
    now_ns += 300 * MESH__MS;
    assert_true(report(1, MESH__RESULT_STATUS, 500).ejected);
    assert_true(admits(1)); /* goes on being chosen */
    assert_false(report(1, MESH__RESULT_STATUS, 500).ejected); /* he is */
    assert_int_equal(mesh__outlier_next_ns(&world.destinations[0]),
                     now_ns + MESH__S);
    now_ns += 800 * MESH__MS;
    assert_true(admits(1));
    now_ns += 200 * MESH__MS;
    assert_false(admits(1));
    now_ns += 1001 * MESH__MS;
    (void)report(2, MESH__RESULT_STATUS, 500);
    assert_false(admits(2)); /* the window was over */
    stop();
}

static void what_will_happen_by_itself_is_known(void **state)
{
    (void)state;
    start(1);
    assert_int_equal(mesh__outlier_next_ns(&world.destinations[0]),
                     MESH__NEVER);
    policy()->consecutive_5xx = 1;
    act('.');
    act('x');
    assert_int_equal(mesh__outlier_next_ns(&world.destinations[0]),
                     now_ns + 10 * MESH__S);
    stop();
}

static void without_detection_nobody_is_out(void **state)
{
    (void)state;
    start(1);
    policy()->enabled = false;
    for (int i = 0; i < 20; i++)
        act('x');
    assert_true(admits(0));
    assert_false(mesh__outlier_can_eject(policy(), 10));
    stop();
}

static void reporting_takes_no_memory(void **state)
{
    (void)state;
    start(4);
    fake_alloc_fail_from(0);
    for (const char *at = "xxxxxg.>>>>xxxxx+ctk"; *at; at++) {
        act(*at);
        (void)admits(0);
    }
    assert_false(fake_alloc_tripped());
    fake_alloc_off();
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories),
        cmocka_unit_test(a_long_silence_counts_as_many_sweeps),
        cmocka_unit_test(stays_end_at_the_longest),
        cmocka_unit_test(the_share_is_asked_after_the_ejection),
        cmocka_unit_test(an_ejection_within_a_second_waits),
        cmocka_unit_test(what_will_happen_by_itself_is_known),
        cmocka_unit_test(without_detection_nobody_is_out),
        cmocka_unit_test(reporting_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
