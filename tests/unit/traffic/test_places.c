/*
 * test_places.c - localities and warm-up: whole policies, thousands of picks.
 *
 * Distributions are held against shares by chi-squared with fixed seeds; seen:
 * locality-failover, locality-distribute.
 */
#include "traffic/pick.h"

#include "chi2.h"
#include "torture.h"
#include "town.h"
#include "world.h"

#include "base/error.h"
#include "policy/policy.h"
#include "traffic/outlier.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 6, PICKS = 10000 };

#define NEAR   TOWN_PEER("near", "10.0.1.1", ", locality: r1/z1/s1")
#define NEAR2  TOWN_PEER("near2", "10.0.1.2", ", locality: r1/z1/s1")
#define REGION TOWN_PEER("region", "10.0.2.1", ", locality: r1/z2/s1")
#define FAR    TOWN_PEER("far", "10.0.3.1", ", locality: r2/z1/s1")
#define DETECT                                                                 \
    "outlierDetection: {consecutive5xxErrors: 1, interval: 600s, "             \
    "baseEjectionTime: 600s, maxEjectionPercent: 100}"
#define DISTRIBUTE                                                             \
    "loadBalancer: {localityLbSetting: {distribute: [{from: r1/*, to: "        \
    "{r1/z1/*: 80, r2/*: 20}}]}}"

static struct town town;
static uint64_t seed;

static struct mesh_pick pick(void)
{
    struct mesh_draws draws = world_random(&seed);
    const struct mesh_pick_ask ask = { .now_ns = town.now_ns, .draws = &draws };
    struct mesh_pick out;

    mesh__pick(town_web(&town), &ask, &out, NULL);
    return out;
}

static const struct {
    const char *claim;
    const char *policy;
    const char *ejected; /* names, blank between */
    const char *names[MOST];
    double shares[MOST];
} rows[] = {
    { "near has it all",
      NEAR REGION FAR TOWN_RULE(DETECT),
      "",
      { "near", "region", "far" },
      { 1, 0, 0 } },
    { "then the region",
      NEAR REGION FAR TOWN_RULE(DETECT),
      "near",
      { "near", "region", "far" },
      { 0, 1, 0 } },
    { "then the rest",
      NEAR REGION FAR TOWN_RULE(DETECT),
      "near region",
      { "near", "region", "far" },
      { 0, 0, 1 } },
    { "without detection places do not matter",
      NEAR REGION FAR TOWN_RULE("loadBalancer: {simple: RANDOM}"),
      "",
      { "near", "region", "far" },
      { 1, 1, 1 } },
    { "half of the near ones carry 70 %",
      NEAR NEAR2 REGION TOWN_RULE(
          "loadBalancer: {simple: ROUND_ROBIN}, " DETECT),
      "near2",
      { "near", "near2", "region" },
      { 70, 0, 30 } },
    { "shares as written, nothing to who is not listed",
      NEAR REGION FAR TOWN_RULE(DISTRIBUTE),
      "",
      { "near", "far" },
      { 80, 20 } },
    { "a locality's endpoints divide its share",
      NEAR NEAR2 FAR TOWN_RULE(DISTRIBUTE),
      "",
      { "near", "near2", "far" },
      { 40, 40, 20 } },
    { "half a locality is worth 70 % of its share",
      NEAR NEAR2 FAR TOWN_RULE(DISTRIBUTE ", " DETECT),
      "near2",
      { "near", "far" },
      { 56, 20 } },
    { "a locality that is out has no turn",
      NEAR NEAR2 FAR TOWN_RULE(DISTRIBUTE ", " DETECT),
      "near near2",
      { "near", "near2", "far" },
      { 0, 0, 1 } },
    { "shares of a ring",
      NEAR NEAR2 FAR TOWN_RULE("loadBalancer: {consistentHash: {useSourceIp: "
                               "false, maglev: {tableSize: "
                               "65537}}, localityLbSetting: {distribute: "
                               "[{from: r1/*, to: {r1/z1/*: "
                               "80, r2/*: 20}}]}}"),
      "",
      { "near", "near2", "far" },
      { 40, 40, 20 } },
    { "weights in turn",
      TOWN_PEER("a", "10.0.1.1", ", weight: 1")
          TOWN_PEER("b", "10.0.1.2", ", weight: 3")
              TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN}"),
      "",
      { "a", "b" },
      { 1, 3 } },
    { "random does not look at weights",
      TOWN_PEER("a", "10.0.1.1", ", weight: 1")
          TOWN_PEER("b", "10.0.1.2", ", weight: 3")
              TOWN_RULE("loadBalancer: {simple: RANDOM}"),
      "",
      { "a", "b" },
      { 1, 1 } },
};

static size_t count_names(const char *const *names)
{
    size_t count = 0;

    while (count < MOST && names[count])
        count++;
    return count;
}

static void eject_all(const char *names)
{
    char name[16];

    while (*names) {
        size_t len = strcspn(names, " ");

        assert_true(len < sizeof(name));
        memcpy(name, names, len);
        name[len] = '\0';
        town_eject(&town, name);
        names += len + strspn(names + len, " ");
    }
}

static void hold(const char *claim, const unsigned *counts,
                 const double *shares, size_t count)
{
    if (!chi2_fits(counts, shares, count))
        fail_msg("%s: chi-squared %f", claim, chi2_of(counts, shares, count));
}

static void picks_are_spread_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t count = count_names(rows[i].names);
        unsigned counts[MOST] = { 0 };
        unsigned others = 0;

        seed = 11 + i;
        town_open(&town, rows[i].policy);
        eject_all(rows[i].ejected);
        for (int n = 0; n < PICKS; n++) {
            struct mesh_pick one = pick();
            size_t at = 0;

            assert_non_null(one.endpoint);
            while (at < count &&
                   strcmp(one.endpoint->workload, rows[i].names[at]) != 0)
                at++;
            if (at < count)
                counts[at]++;
            else
                others++;
        }
        if (others)
            fail_msg("%s: %u picks of others", rows[i].claim, others);
        hold(rows[i].claim, counts, rows[i].shares, count);
        town_close(&town);
    }
}

/* --- two random choices, held against their law --- */

static void two_choices_prefer_the_idle(void **state)
{
    /* One of three is busy: it is picked only when drawn twice, 1 in 9. */
    const double law[3] = { 4, 4, 1 };
    unsigned counts[3] = { 0 };
    struct mesh_live *live;

    (void)state;
    seed = 5;
    town_open(&town,
              NEAR NEAR2 TOWN_PEER("busy", "10.0.1.3", ", locality: r1/z1/s1"));
    live = mesh__live(town_web(&town));
    mesh__quota_raise(&live->endpoints[town_peer(&town, "busy")]->active);
    for (int i = 0; i < PICKS; i++) {
        struct mesh_pick one = pick();

        counts[strcmp(one.endpoint->workload, "busy") == 0 ? 2
               : one.index == town_peer(&town, "near")     ? 0
                                                           : 1]++;
    }
    mesh__quota_lower(&live->endpoints[town_peer(&town, "busy")]->active);
    assert_true(chi2_fits(counts, law, 3));
    town_close(&town);
}

/* --- warm-up --- */

#define OLD TOWN_PEER("old", "10.0.1.1", "")
#define NEW TOWN_PEER("new", "10.0.1.2", "")

static const struct {
    const char *claim;
    const char *policy;
    uint64_t after_ms; /* it has come */
    double shares[2];  /* old, new */
} warm[] = {
    { "at first a tenth",
      TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN, warmupDurationSecs: "
                "100s}"),
      0,
      { 10, 1 } },
    { "half way a half",
      TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN, warmupDurationSecs: "
                "100s}"),
      50000,
      { 2, 1 } },
    { "then as all",
      TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN, "
                "warmupDurationSecs: 100s}"),
      100000,
      { 1, 1 } },
    { "aggression 2 takes the root",
      TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 100s, "
                "aggression: 2}}"),
      25000,
      { 2, 1 } },
    { "aggression 0.5 the square",
      TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 100s, "
                "aggression: 0.5}}"),
      50000,
      { 4, 1 } },
    { "minimumPercent is where it begins",
      TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 100s, "
                "minimumPercent: 50}}"),
      1,
      { 2, 1 } },
    { "least request, too",
      TOWN_RULE("loadBalancer: {warmup: {duration: 100s, minimumPercent: "
                "25}}"),
      1000,
      { 4, 1 } },
    { "random has no weights",
      TOWN_RULE("loadBalancer: {simple: RANDOM, warmup: {duration: 100s, "
                "minimumPercent: 1}}"),
      1,
      { 1, 1 } },
};

static void who_is_new_gets_less(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(warm) / sizeof(warm[0]); i++) {
        unsigned counts[2] = { 0, 0 };
        char both[2048];
        char one[2048];

        seed = 3 + i;
        (void)snprintf(one, sizeof(one), "%s%s", OLD, warm[i].policy);
        (void)snprintf(both, sizeof(both), "%s%s%s", OLD, NEW, warm[i].policy);
        town_open(&town, one);
        town.now_ns += 3600 * MESH__S;
        town_change(&town, both);
        town.now_ns += warm[i].after_ms * MESH__MS;
        for (int n = 0; n < PICKS; n++)
            counts[strcmp(pick().endpoint->workload, "new") == 0]++;
        hold(warm[i].claim, counts, warm[i].shares, 2);
        town_close(&town);
    }
}

static void who_returns_warms_up_again(void **state)
{
    static const char rule[] =
        TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: "
                  "100s}}");
    const double tenth[2] = { 10, 1 };
    unsigned counts[2] = { 0, 0 };
    char one[2048], both[2048];

    (void)state;
    seed = 1;
    (void)snprintf(one, sizeof(one), "%s%s", OLD, rule);
    (void)snprintf(both, sizeof(both), "%s%s%s", OLD, NEW, rule);
    town_open(&town, both);
    town.now_ns += 200 * MESH__S;
    town_change(&town, one);
    town.now_ns += 200 * MESH__S;
    town_change(&town, both);
    for (int n = 0; n < PICKS; n++)
        counts[strcmp(pick().endpoint->workload, "new") == 0]++;
    hold("who returns", counts, tenth, 2);
    town_close(&town);
}

/* All are new at the start: nobody is preferred. */
static void a_start_warms_nobody(void **state)
{
    const double even[2] = { 1, 1 };
    unsigned counts[2] = { 0, 0 };

    (void)state;
    seed = 1;
    town_open(&town, OLD NEW TOWN_RULE("loadBalancer: {warmup: {duration: "
                                       "100s}}"));
    for (int n = 0; n < PICKS; n++)
        counts[strcmp(pick().endpoint->workload, "new") == 0]++;
    hold("at the start", counts, even, 2);
    town_close(&town);
}

/* --- the rest --- */

static void turns_go_on_over_a_change(void **state)
{
    size_t last;

    (void)state;
    seed = 9;
    town_open(&town, OLD NEW TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN}"));
    last = pick().index;
    town_change(&town, OLD NEW TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN}, "
                                         "connectionPool: {tcp: "
                                         "{maxConnections: 5}}"));
    assert_int_equal(pick().index, !last);
    town_close(&town);
}

static void says_who_carries_the_load(void **state)
{
    struct mesh_draws draws = world_random(&seed);
    struct mesh_pick_ask ask = { .draws = &draws };
    struct mesh_pick out;
    struct mesh__why why;

    (void)state;
    seed = 2;
    town_open(&town, NEAR NEAR2 FAR TOWN_RULE(DETECT));
    town_eject(&town, "near2");
    ask.now_ns = town.now_ns;
    mesh__why_init(&why);
    mesh__pick(town_web(&town), &ask, &out, &why);
    assert_int_equal(why.count, 5);
    assert_string_equal(why.steps[0].what, "priority");
    assert_string_equal(why.steps[0].reason,
                        "70 % of requests, 2 endpoints from 10.0.1.1:8080 on");
    assert_string_equal(why.steps[1].reason,
                        "30 % of requests, 1 endpoints from 10.0.3.1:8080 on");
    mesh__why_fini(&why);
    town_close(&town);
}

static const char *const balancers[] = {
    NEAR NEAR2 REGION FAR TOWN_RULE(
        "loadBalancer: {simple: LEAST_REQUEST}, " DETECT),
    NEAR NEAR2 REGION FAR TOWN_RULE(
        "loadBalancer: {simple: ROUND_ROBIN}, " DETECT),
    NEAR NEAR2 REGION FAR TOWN_RULE("loadBalancer: {simple: RANDOM}, " DETECT),
    NEAR NEAR2 REGION FAR TOWN_RULE(
        "loadBalancer: {warmup: {duration: 100s}}, " DETECT),
    NEAR NEAR2 REGION FAR TOWN_RULE(
        "loadBalancer: {consistentHash: {useSourceIp: true}}, " DETECT),
    NEAR NEAR2 REGION FAR TOWN_RULE("loadBalancer: {consistentHash: "
                                    "{useSourceIp: true, maglev: {tableSize: "
                                    "251}}}, " DETECT),
    NEAR NEAR2 REGION FAR TOWN_RULE(DISTRIBUTE ", " DETECT),
    TOWN_PEER("near2", "10.0.1.1", ", weight: 1")
        TOWN_PEER("b", "10.0.1.2", ", weight: 3")
            TOWN_RULE("loadBalancer: {simple: ROUND_ROBIN}, " DETECT),
};

/* Nothing on the way of a decision asks for memory, ejections included. */
static void no_balancer_takes_memory(void **state)
{
    struct mesh_draws draws = world_random(&seed);

    (void)state;
    for (size_t i = 0; i < sizeof(balancers) / sizeof(balancers[0]); i++) {
        size_t tried[2] = { 0, 1 };

        seed = 1 + i;
        town_open(&town, balancers[i]);
        fake_alloc_fail_from(0);
        for (int n = 0; n < 100; n++) {
            struct mesh_pick_ask ask = { .now_ns = town.now_ns,
                                         .draws = &draws,
                                         .tried = tried,
                                         .tried_count = 2,
                                         .re_picks = 5,
                                         .leave_priorities = n % 2,
                                         .has_key = n % 3,
                                         .key = (uint64_t)n << 50 };
            struct mesh_pick out;

            if (n == 50)
                town_eject(&town, "near2");
            mesh__pick(town_web(&town), &ask, &out, NULL);
            assert_non_null(out.endpoint);
        }
        assert_false(fake_alloc_tripped());
        fake_alloc_off();
        town_close(&town);
    }
}

/* Compiled and bound, with every allocation missing in turn. */
static void making_it_survives_losing_any_allocation(void **state)
{
    const struct mesh_whoami me = { .namespace_ = MESH__SLICE("demo"),
                                    .trust_domain =
                                        MESH__SLICE("cluster.local"),
                                    .locality = MESH__SLICE("r1/z1/s1"),
                                    .labels_set = true };

    (void)state;
    for (size_t i = 3; i < sizeof(balancers) / sizeof(balancers[0]); i++) {
        town_open(&town, balancers[i]);
        for (size_t n = 0;; n++) {
            struct mesh_live_registry *registry = NULL;
            struct mesh_snapshot *snapshot = NULL;
            int rc;

            fake_alloc_fail_at(n);
            rc = mesh__policy_compile(town.all, &me, NULL, 1, &snapshot);
            if (rc == 0)
                rc = mesh__live_registry_new(NULL, &registry);
            if (rc == 0)
                rc = mesh__live_bind(registry, snapshot, MESH__S, 0);
            mesh__snapshot_unref(snapshot);
            mesh__live_registry_free(registry);
            if (!fake_alloc_tripped()) {
                assert_int_equal(rc, 0);
                break;
            }
            if (rc != 0) /* libc's sort asks for memory and can do without */
                assert_int_equal(rc, MESH_ERR_NOMEM);
            assert_int_equal(fake_alloc_live(), 0);
        }
        fake_alloc_off();
        town_close(&town);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks_are_spread_as_written),
        cmocka_unit_test(two_choices_prefer_the_idle),
        cmocka_unit_test(who_is_new_gets_less),
        cmocka_unit_test(who_returns_warms_up_again),
        cmocka_unit_test(a_start_warms_nobody),
        cmocka_unit_test(turns_go_on_over_a_change),
        cmocka_unit_test(says_who_carries_the_load),
        cmocka_unit_test(no_balancer_takes_memory),
        cmocka_unit_test(making_it_survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
