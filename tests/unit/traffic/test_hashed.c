/*
 * test_hashed.c - one key, one endpoint, whoever else comes or goes.
 */
#include "traffic/hashed.h"

#include "chi2.h"
#include "seen_picks.h"
#include "torture.h"
#include "town.h"
#include "world.h"

#include "base/error.h"
#include "value/duration.h"
#include "value/xxhash64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EVEN                                                                   \
    TOWN_PEER("p1", "127.0.31.1", "")                                          \
    TOWN_PEER("p2", "127.0.31.2", "")                                          \
    TOWN_PEER("p3", "127.0.31.3", "")                                          \
    TOWN_PEER("p4", "127.0.31.4", "")                                          \
    TOWN_PEER("p5", "127.0.31.5", "")                                          \
    TOWN_PEER("p6", "127.0.31.6", "")                                          \
    TOWN_PEER("p7", "127.0.31.7", "")
#define ODD                                                                    \
    TOWN_PEER("p1", "127.0.32.1", ", weight: 1")                               \
    TOWN_PEER("p2", "127.0.32.2", ", weight: 2")                               \
    TOWN_PEER("p3", "127.0.32.3", ", weight: 5")                               \
    TOWN_PEER("p4", "127.0.32.4", ", weight: 3")                               \
    TOWN_PEER("p5", "127.0.32.5", ", weight: 11")
#define DETECT                                                                 \
    ", outlierDetection: {consecutive5xxErrors: 1, interval: 600s, "           \
    "baseEjectionTime: 600s, maxEjectionPercent: 100}"
#define BY(algorithm)                                                          \
    "loadBalancer: {consistentHash: {httpHeaderName: x-user" algorithm "}}"
#define MAGLEV(size) ", maglev: {tableSize: " size "}"

static struct town town;
static uint64_t seed = 7;

static uint64_t user(unsigned n)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "user%u", n);
    return mesh__xxhash64(mesh__slice_of(text), 0);
}

/* The index among p1, p2 ...; -1 for nobody. */
static int pick_for(uint64_t key, const size_t *tried, size_t count,
                    uint32_t re_picks, bool *panic)
{
    struct mesh_draws draws = world_random(&seed);
    const struct mesh_pick_ask ask = {
        .now_ns = town.now_ns,
        .draws = &draws,
        .tried = tried,
        .tried_count = count,
        .re_picks = re_picks,
        .has_key = true,
        .key = key,
    };
    struct mesh_pick pick;

    mesh__pick(town_web(&town), &ask, &pick, NULL);
    if (panic)
        *panic = pick.panic;
    return pick.endpoint ? pick.endpoint->workload[1] - '1' : -1;
}

static int pick(unsigned n)
{
    return pick_for(user(n), NULL, 0, 0, NULL);
}

static const struct {
    const char *claim;
    const char *policy;
    const char *ejected; /* or NULL */
    const char *seen;
    unsigned count;
} rows[] = {
    { "ring hash", EVEN TOWN_RULE(BY("")), NULL, seen_ring, SEEN_KEYS },
    { "maglev", EVEN TOWN_RULE(BY(MAGLEV("65537"))), NULL, seen_maglev,
      SEEN_KEYS },
    { "ring hash by weight",
      ODD TOWN_RULE(BY(", ringHash: {minimumRingSize: 64}")), NULL,
      seen_ring_weighted, SEEN_KEYS },
    { "maglev by weight", ODD TOWN_RULE(BY(MAGLEV("251"))), NULL,
      seen_maglev_weighted, SEEN_KEYS },
    { "ring hash while the first is out", EVEN TOWN_RULE(BY("") DETECT), "p1",
      seen_ring_rest, SEEN_REST },
    { "maglev while the last is out", EVEN TOWN_RULE(BY(MAGLEV("251")) DETECT),
      "p7", seen_maglev_rest, SEEN_REST },
};

static void keys_meet_whom_envoy_chose(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        town_open(&town, rows[i].policy);
        if (rows[i].ejected)
            town_eject(&town, rows[i].ejected);
        town_refresh(&town);
        for (unsigned n = 0; n < rows[i].count; n++)
            if (pick(n) != rows[i].seen[n] - '0')
                fail_msg("%s: user%u met %d, with Envoy %c", rows[i].claim, n,
                         pick(n), rows[i].seen[n]);
        town_close(&town);
    }
}

/* Before the keeper comes round, the others keep their keys. */
static void an_ejection_moves_only_its_own_keys(void **state)
{
    (void)state;
    town_open(&town, EVEN TOWN_RULE(BY("") DETECT));
    town_eject(&town, "p1");
    for (unsigned n = 0; n < SEEN_KEYS; n++) {
        int index = pick(n);

        assert_int_not_equal(index, 0);
        if (seen_ring[n] != '0')
            assert_int_equal(index, seen_ring[n] - '0');
    }
    town_close(&town);
}

static void who_is_back_has_its_keys_again(void **state)
{
    (void)state;
    town_open(&town, EVEN TOWN_RULE(BY("") DETECT));
    for (int round = 0; round < 3; round++) {
        town_eject(&town, "p3");
        town_refresh(&town);
        for (unsigned n = 0; n < 100; n++)
            assert_int_not_equal(pick(n), 2);
        town.now_ns += 3600 * MESH__S;
        assert_true(mesh__live(town_web(&town)) != NULL);
        (void)pick(0); /* the sweep */
        town.now_ns += 2 * MESH__S;
        (void)pick(0);
        town_refresh(&town);
        for (unsigned n = 0; n < 100; n++)
            assert_int_equal(pick(n), seen_ring[n] - '0');
    }
    town_close(&town);
}

static void a_new_endpoint_takes_few_keys_and_no_state(void **state)
{
    unsigned moved = 0;
    size_t out;

    (void)state;
    town_open(&town, EVEN TOWN_RULE(BY("") DETECT));
    town_eject(&town, "p2");
    mesh__quota_raise(&mesh__live(town_web(&town))
                           ->endpoints[town_peer(&town, "p5")]
                           ->active);
    town_change(&town, EVEN TOWN_PEER("p8", "127.0.31.8", "")
                           TOWN_RULE(BY("") DETECT));
    out = town_peer(&town, "p2");
    assert_true(
        atomic_load(&mesh__live(town_web(&town))->endpoints[out]->hidden));
    assert_int_equal(mesh__quota_used(&mesh__live(town_web(&town))
                                           ->endpoints[town_peer(&town, "p5")]
                                           ->active),
                     1);
    for (unsigned n = 0; n < SEEN_KEYS; n++)
        moved += seen_ring[n] != '1' && pick(n) != seen_ring[n] - '0';
    /* An eighth, and what the smaller share of each place costs. */
    assert_in_range(moved, 60, 260);
    mesh__quota_lower(&mesh__live(town_web(&town))
                           ->endpoints[town_peer(&town, "p5")]
                           ->active);
    town_close(&town);
}

/* Seen: a retry that may not hit an endpoint again goes on along the ring. */
static void retries_go_on_along_the_ring(void **state)
{
    (void)state;
    town_open(&town, EVEN TOWN_RULE(BY("")));
    for (unsigned n = 0; n < sizeof(seen_others) / sizeof(*seen_others); n++) {
        size_t tried[3];

        for (size_t i = 0; i < 3; i++) {
            int index = pick_for(user(n), tried, i, 5, NULL);

            tried[i] = (size_t)index;
            if (!strchr(seen_others[n], '0' + index))
                fail_msg("user%u: attempt %zu met %d, Envoy met %s", n, i + 1,
                         index, seen_others[n]);
        }
    }
    town_close(&town);
}

/* Seen: the keys of all arms of a route count for whichever is drawn. */
static void two_arms_mix_their_keys(void **state)
{
    static const char policy[] = EVEN TOWN_RULE(BY(
        "")) "---\n"
             "apiVersion: v1\n"
             "kind: Service\n"
             "metadata: {name: other, namespace: demo}\n"
             "spec: {selector: {app: web}, ports: [{name: http, port: 80, "
             "targetPort: 8080}]}\n"
             "---\n"
             "apiVersion: networking.istio.io/v1\n"
             "kind: DestinationRule\n"
             "metadata: {name: other, namespace: demo}\n"
             "spec: {host: other, trafficPolicy: {loadBalancer: "
             "{consistentHash: "
             "{httpHeaderName: x-b, maglev: {tableSize: 251}}}}}\n" TOWN_ROUTE(
                 "{route: [{destination: {host: web}, weight: 50}, "
                 "{destination: "
                 "{host: other}, weight: 50}]}");
    const struct mesh_route_rule *rule;
    struct mesh_draws draws = world_random(&seed);

    (void)state;
    town_open(&town, policy);
    rule = town_rule(&town);
    assert_int_equal(rule->hash_count, 2);
    for (unsigned n = 0; n < sizeof(seen_two) / sizeof(*seen_two); n++) {
        uint64_t key = (user(n) << 1 | user(n) >> 63) ^ user(n + 7);
        const struct mesh_pick_ask ask = {
            .now_ns = town.now_ns, .draws = &draws, .has_key = true, .key = key
        };
        char met[3] = "";

        for (size_t arm = 0; arm < 2; arm++) {
            struct mesh_pick out;

            mesh__pick(rule->arms[arm].destination, &ask, &out, NULL);
            met[arm] = (char)(out.endpoint->workload[1] - 1);
        }
        if (!strchr(seen_two[n], met[0]) || !strchr(seen_two[n], met[1]) ||
            (met[0] != met[1]) != (strlen(seen_two[n]) == 2))
            fail_msg("user%u: %s, with Envoy %s", n, met, seen_two[n]);
    }
    town_close(&town);
}

static void retries_stay_where_nothing_else_is_said(void **state)
{
    size_t tried[1];

    (void)state;
    town_open(&town, EVEN TOWN_RULE(BY("")));
    for (unsigned n = 0; n < 20; n++) {
        tried[0] = (size_t)pick(n);
        assert_int_equal(pick_for(user(n), tried, 1, 0, NULL), tried[0]);
    }
    town_close(&town);
}

static void all_out_is_nobody_and_panic_is_everyone(void **state)
{
    static const char *const names[] = { "p1", "p2", "p3", "p4",
                                         "p5", "p6", "p7" };
    bool panic;

    (void)state;
    for (int maglev = 0; maglev < 2; maglev++) {
        town_open(&town, maglev ? EVEN TOWN_RULE(BY(MAGLEV("251")) DETECT)
                                : EVEN TOWN_RULE(BY("") DETECT));
        for (size_t i = 0; i < 7; i++) {
            town_eject(&town, names[i]);
            if (i % 2)
                town_refresh(&town);
        }
        assert_int_equal(pick(1), -1);
        town_refresh(&town);
        assert_int_equal(pick(1), -1);
        town_close(&town);
    }
    town_open(&town,
              EVEN TOWN_RULE(BY("") ", outlierDetection: "
                                    "{consecutive5xxErrors: 1, interval: 600s, "
                                    "maxEjectionPercent: 100, "
                                    "minHealthPercent: 30}"));
    for (size_t i = 0; i < 5; i++)
        town_eject(&town, names[i]);
    town_refresh(&town);
    for (unsigned n = 0; n < 100; n++) {
        assert_int_equal(pick_for(user(n), NULL, 0, 0, &panic),
                         seen_ring[n] - '0');
        assert_true(panic);
    }
    town_close(&town);
}

static void a_service_without_endpoints_has_nobody(void **state)
{
    (void)state;
    town_open(&town, TOWN_RULE(BY("") DETECT));
    town_refresh(&town);
    assert_int_equal(pick(1), -1);
    town_change(&town, EVEN TOWN_RULE(BY("") DETECT));
    assert_int_equal(pick(1), seen_ring[1] - '0');
    town_close(&town);
}

static void without_a_key_the_dice_decide(void **state)
{
    const double even[7] = { 1, 1, 1, 1, 1, 1, 1 };
    struct mesh_draws draws = world_random(&seed);
    const struct mesh_pick_ask ask = { .now_ns = MESH__S, .draws = &draws };
    unsigned counts[7] = { 0 };
    struct mesh_pick out;

    (void)state;
    town_open(&town, EVEN TOWN_RULE(BY(MAGLEV("65537"))));
    for (int i = 0; i < 7000; i++) {
        mesh__pick(town_web(&town), &ask, &out, NULL);
        counts[out.index]++;
    }
    assert_true(chi2_fits(counts, even, 7));
    town_close(&town);
}

static void a_pick_takes_no_memory(void **state)
{
    (void)state;
    for (int maglev = 0; maglev < 2; maglev++) {
        town_open(&town, maglev ? EVEN TOWN_RULE(BY(MAGLEV("251")) DETECT)
                                : EVEN TOWN_RULE(BY("") DETECT));
        fake_alloc_fail_from(0);
        assert_int_not_equal(pick(5), -1);
        town_eject(&town, "p4");
        for (unsigned n = 0; n < 100; n++)
            assert_int_not_equal(pick(n), 3);
        assert_false(fake_alloc_tripped());
        fake_alloc_off();
        town_close(&town);
    }
}

/* What the keeper could not do is done the next time. */
static void a_refresh_survives_losing_any_allocation(void **state)
{
    (void)state;
    town_open(&town, EVEN TOWN_RULE(BY("") DETECT));
    town_eject(&town, "p1");
    for (size_t n = 0;; n++) {
        int rc;

        fake_alloc_fail_at(n);
        rc = mesh__live_refresh(town.registry);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_int_not_equal(pick(0), 0);
    }
    for (unsigned n = 0; n < SEEN_REST; n++)
        assert_int_equal(pick(n), seen_ring_rest[n] - '0');
    town_close(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_meet_whom_envoy_chose),
        cmocka_unit_test(an_ejection_moves_only_its_own_keys),
        cmocka_unit_test(who_is_back_has_its_keys_again),
        cmocka_unit_test(a_new_endpoint_takes_few_keys_and_no_state),
        cmocka_unit_test(retries_go_on_along_the_ring),
        cmocka_unit_test(two_arms_mix_their_keys),
        cmocka_unit_test(retries_stay_where_nothing_else_is_said),
        cmocka_unit_test(all_out_is_nobody_and_panic_is_everyone),
        cmocka_unit_test(a_service_without_endpoints_has_nobody),
        cmocka_unit_test(without_a_key_the_dice_decide),
        cmocka_unit_test(a_pick_takes_no_memory),
        cmocka_unit_test(a_refresh_survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
