/*
 * test_spread.c - what dice decide comes out in the shares that were asked for.
 *
 * Each row is thrown some thousands of times with fixed dice and held against
 * its law by chi-squared at 0.1 %; that a wrong law would be found out is a
 * test, too. Localities, warm-up and weighted turns have theirs in
 * test_places.c, from whole policies.
 */
#include "chi2.h"
#include "town.h"
#include "world.h"

#include "traffic/fault.h"
#include "traffic/hashed.h"
#include "traffic/priority.h"
#include "traffic/retry.h"
#include "traffic/route.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { THROWS = 20000, KINDS = 25 };

static uint64_t seed;
static unsigned counts[KINDS];

static uint64_t draw(void)
{
    struct mesh_draws draws = world_random(&seed);

    return draws.next(draws.user);
}

static void begin(uint64_t with)
{
    seed = with * 2 + 1;
    for (size_t i = 0; i < KINDS; i++)
        counts[i] = 0;
}

static void expect_fit(const char *claim, const double *shares, size_t count)
{
    if (chi2_fits(counts, shares, count))
        return;
    for (size_t i = 0; i < count; i++)
        print_error("%zu: %u, share %g\n", i, counts[i], shares[i]);
    fail_msg("%s", claim);
}

/* --- the arms of a route --- */

static const struct {
    const char *claim;
    uint64_t weights[5];
    double shares[5];
    bool fits;
} splits[] = {
    { "nine to one", { 90, 10 }, { 9, 1 }, true },
    { "is not eight to two", { 90, 10 }, { 8, 2 }, false },
    { "nor ninety-two to eight", { 90, 10 }, { 92, 8 }, false },
    { "one in a hundred", { 99, 1 }, { 99, 1 }, true },
    { "nobody for nothing", { 3, 0, 2, 5 }, { 3, 0, 2, 5 }, true },
    { "somebody for nothing", { 3, 1, 2, 5 }, { 3, 0, 2, 5 }, false },
    { "weights need not be percents",
      { 1, 2, 4, 8, 16 },
      { 1, 2, 4, 8, 16 },
      true },
    { "nor small", { 4000000000, 2000000000, 2000000000 }, { 2, 1, 1 }, true },
};

static void arms_get_their_weight(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
        struct mesh_arm arms[5] = { { 0 } };
        uint64_t total = 0;

        begin(i);
        for (size_t a = 0; a < 5; a++) {
            arms[a].weight = (uint32_t)splits[i].weights[a];
            total += splits[i].weights[a];
        }
        for (int n = 0; n < THROWS; n++)
            counts[mesh__arms_pick(arms, 5, total, draw()) - arms]++;
        if (splits[i].fits)
            expect_fit(splits[i].claim, splits[i].shares, 5);
        else
            assert_false(chi2_fits(counts, splits[i].shares, 5));
    }
}

/* --- percentages: faults, mirrors --- */

static const struct {
    const char *claim;
    uint32_t share;   /* of a million */
    double shares[2]; /* drawn, not drawn */
} percents[] = {
    { "none", 0, { 0, 1 } },
    { "a tenth of a percent", 1000, { 1, 999 } },
    { "a third, as near as it gets", 333333, { 333333, 666667 } },
    { "half", 500000, { 1, 1 } },
    { "all but one in a million", 999999, { 999999, 1 } },
    { "all", 1000000, { 1, 0 } },
};

static void a_share_is_drawn_as_often(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
        begin(i);
        for (int n = 0; n < THROWS; n++)
            counts[mesh__share_drawn(percents[i].share, draw()) ? 0 : 1]++;
        expect_fit(percents[i].claim, percents[i].shares, 2);
    }
}

/* --- balancers over endpoints of one weight --- */

static const struct {
    const char *claim;
    enum mesh_balancer balancer;
    size_t endpoints;
    unsigned active[8];
    double shares[8];
} balancers[] = {
    { "least request, nobody busy",
      MESH__LEAST_REQUEST,
      8,
      { 0 },
      { 1, 1, 1, 1, 1, 1, 1, 1 } },
    { "all equally busy", MESH__LEAST_REQUEST, 3, { 4, 4, 4 }, { 1, 1, 1 } },
    /* Of two drawn with replacement the less busy: of n in order of load the
     * one in place i (from 0) has (2 (n - i) - 1) of n^2. */
    { "each a little busier",
      MESH__LEAST_REQUEST,
      4,
      { 0, 1, 2, 3 },
      { 7, 5, 3, 1 } },
    { "one busier than four", /* ties share what they win */
      MESH__LEAST_REQUEST,
      5,
      { 0, 0, 9, 0, 0 },
      { 6, 6, 1, 6, 6 } },
    { "half of them busy",
      MESH__LEAST_REQUEST,
      4,
      { 1, 1, 0, 0 },
      { 1, 1, 3, 3 } },
    { "random does not care who is busy",
      MESH__RANDOM,
      8,
      { 9, 0, 0, 5, 0, 0, 0, 1 },
      { 1, 1, 1, 1, 1, 1, 1, 1 } },
    { "nor does it who is next",
      MESH__ROUND_ROBIN,
      7,
      { 9, 0, 0, 5, 0, 0, 0 },
      { 1, 1, 1, 1, 1, 1, 1 } },
};

static void equals_are_picked_by_load_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(balancers) / sizeof(balancers[0]); i++) {
        static struct world world;
        struct mesh_destination *a = &world.destinations[0];
        struct mesh_live_registry *registry;
        struct mesh_draws draws = world_random(&seed);
        struct mesh_pick pick;

        begin(i + 7);
        world = (struct world){ 0 };
        world_init(&world, balancers[i].endpoints);
        a->balancer = balancers[i].balancer;
        assert_int_equal(mesh__live_registry_new(NULL, &registry), 0);
        assert_int_equal(mesh__live_bind(registry, &world.snapshot, MESH__S, 0),
                         0);
        for (size_t e = 0; e < 8; e++)
            for (unsigned n = 0; n < balancers[i].active[e]; n++)
                mesh__quota_raise(&mesh__live(a)->endpoints[e]->active);
        for (int n = 0; n < THROWS; n++) {
            world_pick(a, MESH__S, &draws, NULL, 0, 0, &pick, NULL);
            counts[pick.index]++;
        }
        expect_fit(balancers[i].claim, balancers[i].shares,
                   balancers[i].endpoints);
        world_fini(&world);
        mesh__live_registry_free(registry);
    }
}

/* --- keys over endpoints of several weights --- */

enum { PEERS = 5 };

#define ODD                                                                    \
    TOWN_PEER("p1", "10.0.2.1", ", weight: 1")                                 \
    TOWN_PEER("p2", "10.0.2.2", ", weight: 2")                                 \
    TOWN_PEER("p3", "10.0.2.3", ", weight: 5")                                 \
    TOWN_PEER("p4", "10.0.2.4", ", weight: 3")                                 \
    TOWN_PEER("p5", "10.0.2.5", ", weight: 11")
#define BY(algorithm)                                                          \
    TOWN_RULE("loadBalancer: {consistentHash: {useSourceIp: true" algorithm    \
              "}}")

static const double odd[PEERS] = { 1, 2, 5, 3, 11 };

static void throw_keys(struct town *town)
{
    struct mesh_draws draws = world_random(&seed);

    for (int n = 0; n < THROWS; n++) {
        const struct mesh_pick_ask ask = { .now_ns = town->now_ns,
                                           .draws = &draws,
                                           .has_key = true,
                                           .key = draw() };
        struct mesh_pick pick;

        mesh__pick(town_web(town), &ask, &pick, NULL);
        counts[pick.endpoint->workload[1] - '1']++;
    }
}

static void a_table_has_slots_by_weight(void **state)
{
    const double even[PEERS] = { 1, 1, 1, 1, 1 };
    struct town town;

    (void)state;
    begin(1);
    town_open(&town, ODD BY(", maglev: {tableSize: 65537}"));
    throw_keys(&town);
    expect_fit("maglev", odd, PEERS);
    assert_false(chi2_fits(counts, even, PEERS));
    town_close(&town);
}

/* Points go by weight exactly; keys by the arcs before the points, whose
 * lengths are the hash's affair. */
static void a_ring_has_points_by_weight(void **state)
{
    enum { WHOLE = 22 * 50 }; /* the weights' sum, some times */
    double arcs[PEERS] = { 0 };
    unsigned points[PEERS] = { 0 };
    const struct mesh_ring *ring;
    struct town town;
    size_t count;

    (void)state;
    begin(2);
    town_open(&town, ODD BY(", ringHash: {minimumRingSize: 1100}"));
    ring = &town_web(&town)->endpoints->priorities[0].ring;
    count = atomic_load(&ring->count);
    assert_int_equal(count, WHOLE);
    for (size_t i = 0; i < count; i++) {
        size_t before = i ? i - 1 : count - 1;
        uint64_t arc = atomic_load(&ring->points[i].hash) -
                       atomic_load(&ring->points[before].hash);
        uint32_t owner = atomic_load(&ring->points[i].owner);
        const char *name =
            town_web(&town)->endpoints->endpoints[owner].workload;

        points[name[1] - '1']++;
        arcs[name[1] - '1'] += (double)arc;
    }
    for (size_t i = 0; i < PEERS; i++)
        assert_int_equal(points[i], WHOLE / 22 * odd[i]);
    throw_keys(&town);
    expect_fit("ring hash", arcs, PEERS);
    town_close(&town);
}

/* --- what a priority cannot carry --- */

#define AT(name, ip, place) TOWN_PEER(name, ip, ", locality: " place)

static void load_spills_to_the_next_priority(void **state)
{
    /* Half of the near ones carry 70 %, and the next the rest; without that
     * one it is the far one's. */
    const double spilled[3] = { 70, 30, 0 }, over[3] = { 70, 0, 30 };
    struct town town;

    (void)state;
    town_open(
        &town,
        AT("n1", "10.0.1.1", "r1/z1/s1") AT("n2", "10.0.1.2", "r1/z1/s1")
            AT("m1", "10.0.2.1", "r1/z2/s1") AT("f1", "10.0.3.1", "r2/z1/s1")
                TOWN_RULE("outlierDetection: {consecutive5xxErrors: 1, "
                          "interval: 600s, baseEjectionTime: 600s, "
                          "maxEjectionPercent: 100}"));
    town_eject(&town, "n2");
    for (int far = 0; far < 2; far++) {
        begin((uint64_t)far);
        for (int n = 0; n < THROWS; n++)
            counts[mesh__priority_pick(mesh__live(town_web(&town)), draw())]++;
        expect_fit("spill-over", far ? over : spilled, 3);
        assert_false(chi2_fits(counts, far ? spilled : over, 3));
        if (!far)
            town_eject(&town, "m1");
    }
    town_close(&town);
}

/* --- back-off --- */

/* Every whole millisecond below the bound is as likely as any other. */
static void a_pause_is_any_below_its_bound(void **state)
{
    const struct mesh_retry_policy policy = { .on = MESH__RETRY_RESET,
                                              .attempts = 1,
                                              .base_ns = KINDS * MESH__MS,
                                              .max_ns = 250 * MESH__MS };
    const struct mesh_attempt_end end = { .failure = MESH__FAILURE_RESET };
    struct mesh_destination nowhere = { .name = "nowhere" };
    double even[KINDS];

    (void)state;
    begin(4);
    for (int n = 0; n < THROWS; n++) {
        struct mesh_retry retry = { 0 };
        uint64_t wait_ns;

        assert_int_equal(mesh__retry_decide(&policy, &nowhere, &retry, &end, -1,
                                            MESH__S, draw(), &wait_ns, NULL),
                         MESH__RETRY_YES);
        assert_int_equal(wait_ns % MESH__MS, 0);
        assert_true(wait_ns / MESH__MS < KINDS);
        counts[wait_ns / MESH__MS]++;
    }
    for (size_t i = 0; i < KINDS; i++)
        even[i] = 1;
    expect_fit("pauses", even, KINDS);
    even[KINDS - 1] = 1.3;
    assert_false(chi2_fits(counts, even, KINDS));
}

/* --- the test itself --- */

static void a_wrong_law_is_found_out(void **state)
{
    static const struct {
        unsigned counts[3];
        double shares[3];
        double chi2;
        bool fits;
    } rows[] = {
        { { 10, 10, 10 }, { 1, 1, 1 }, 0, true },
        { { 20, 10, 30 }, { 1, 1, 1 }, 10, true },
        { { 16, 4, 40 }, { 1, 1, 1 }, 33.6, false },
        { { 50, 30, 20 }, { 50, 30, 20 }, 0, true },
        { { 5000, 3000, 2000 }, { 52, 30, 18 }, 29.914529914529915, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double chi2 = chi2_of(rows[i].counts, rows[i].shares, 3);

        assert_true(chi2 - rows[i].chi2 < 1e-9 && rows[i].chi2 - chi2 < 1e-9);
        assert_int_equal(chi2_fits(rows[i].counts, rows[i].shares, 3),
                         rows[i].fits);
    }
    assert_false(chi2_fits((const unsigned[]){ 1, 9 }, /* not a share */
                           (const double[]){ 0, 1 }, 2));
    assert_true(
        chi2_fits((const unsigned[]){ 0, 9 }, (const double[]){ 0, 1 }, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_get_their_weight),
        cmocka_unit_test(a_share_is_drawn_as_often),
        cmocka_unit_test(equals_are_picked_by_load_alone),
        cmocka_unit_test(a_table_has_slots_by_weight),
        cmocka_unit_test(a_ring_has_points_by_weight),
        cmocka_unit_test(load_spills_to_the_next_priority),
        cmocka_unit_test(a_pause_is_any_below_its_bound),
        cmocka_unit_test(a_wrong_law_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
