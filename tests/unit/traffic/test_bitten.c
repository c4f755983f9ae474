/*
 * test_bitten.c - what users of meshes were bitten by, as properties that hold
 * over random lives.
 *
 * Ejections: a lone endpoint ejected, the percentage overshot, everybody out,
 * panic that nobody sees, endpoints that never come back (envoy 2671, 3263,
 * 17504, 26877, 27066, 34796, 40697). Retries: storms when everything fails
 * (istio/api 2585, 3512).
 */
#include "traffic/outlier.h"
#include "traffic/pick.h"
#include "traffic/retry.h"

#include "world.h"

#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LIVES = 400, STEPS = 500, MOST = 20 };

static struct world world;
static struct mesh_live_registry *registry;
static struct mesh_destination *const web = &world.destinations[0];
static uint64_t seed;
static uint64_t now_ns;

/* What is known of one endpoint from outside. */
struct known {
    uint32_t failures; /* in a row */
    uint64_t out_since_ns;
};
static struct known known[MOST];

static uint64_t roll(uint64_t sides)
{
    struct mesh_draws draws = world_random(&seed);

    return draws.next(draws.user) % sides;
}

static void begin(uint64_t life)
{
    static const uint32_t percents[] = { 10, 33, 50, 66, 100 };
    struct mesh_outlier_policy *policy = &web->outlier;

    seed = life * 2 + 1;
    world = (struct world){ 0 };
    world_init(&world, 1 + roll(MOST));
    policy->consecutive_5xx = (uint32_t)(1 + roll(5));
    policy->max_ejection_percent = percents[roll(5)];
    policy->min_health_percent = (uint32_t)(roll(2) * 50);
    policy->interval_ns = (1 + roll(10)) * MESH__S;
    policy->base_ejection_ns = (1 + roll(400)) * MESH__S;
    policy->max_ejection_ns = policy->base_ejection_ns > 300 * MESH__S
                                  ? policy->base_ejection_ns
                                  : 300 * MESH__S;
    web->balancer = (enum mesh_balancer)roll(3);
    now_ns = MESH__S;
    for (size_t i = 0; i < MOST; i++)
        known[i] = (struct known){ .out_since_ns = MESH__NEVER };
    assert_int_equal(mesh__live_registry_new(NULL, &registry), 0);
    assert_int_equal(mesh__live_bind(registry, &world.snapshot, now_ns, 0), 0);
}

static void end(void)
{
    world_fini(&world);
    mesh__live_registry_free(registry);
}

static bool is_out(size_t index)
{
    return atomic_load(&mesh__live(web)->endpoints[index]->ejected);
}

static size_t count_out(void)
{
    size_t count = 0;

    for (size_t i = 0; i < world.sets[0].count; i++)
        count += is_out(i);
    return count;
}

/* Sweeps have been made: whoever came back begins anew. */
static void notice_returns(void)
{
    for (size_t i = 0; i < world.sets[0].count; i++) {
        if (is_out(i) || known[i].out_since_ns == MESH__NEVER)
            continue;
        known[i] = (struct known){ .out_since_ns = MESH__NEVER };
    }
}

static void report(size_t index, bool good)
{
    const struct mesh_outlier_policy *policy = &web->outlier;
    struct mesh_ejection ejection;
    bool was_out, due, room;

    (void)mesh__outlier_admits(web, index, now_ns); /* what is due is done */
    notice_returns();
    was_out = is_out(index);
    known[index].failures = good ? 0 : known[index].failures + 1;
    due = !was_out && !good && known[index].failures >= policy->consecutive_5xx;
    room = 100 * (count_out() + 1) <=
           policy->max_ejection_percent * world.sets[0].count;
    mesh__outlier_report(web, index, MESH__RESULT_STATUS, good ? 200 : 500,
                         now_ns, &ejection);
    /* Exactly when the count is reached and the share leaves room. */
    assert_int_equal(ejection.ejected, due && room);
    assert_int_equal(ejection.refused, due && !room);
    if (due)
        known[index].failures = 0;
    if (ejection.ejected)
        known[index].out_since_ns = now_ns;
}

static void check_shares(void)
{
    const struct mesh_outlier_policy *policy = &web->outlier;
    size_t total = world.sets[0].count;
    size_t out = count_out();

    assert_true(100 * out <= policy->max_ejection_percent * total);
    if (policy->max_ejection_percent < 100)
        assert_true(out < total); /* somebody is always left */
}

/* Nobody is out for longer than the longest stay, a sweep and the window. */
static void check_stays(void)
{
    const struct mesh_outlier_policy *policy = &web->outlier;
    uint64_t most_ns = policy->max_ejection_ns + policy->interval_ns + MESH__S;

    for (size_t i = 0; i < world.sets[0].count; i++)
        if (is_out(i))
            assert_true(now_ns - known[i].out_since_ns <= most_ns);
}

static void check_pick(void)
{
    struct mesh_draws draws = world_random(&seed);
    struct mesh_live *live = mesh__live(web);
    struct mesh_pick pick;
    size_t admitted = 0;

    world_pick(web, now_ns, &draws, NULL, 0, 0, &pick, NULL);
    for (size_t i = 0; i < world.sets[0].count; i++)
        admitted += !atomic_load(&live->endpoints[i]->hidden);
    /* Panic is said, and means less than minHealthPercent. */
    assert_int_equal(pick.panic,
                     100 * admitted <
                         web->outlier.min_health_percent * world.sets[0].count);
    if (admitted || pick.panic)
        assert_non_null(pick.endpoint);
    else
        assert_null(pick.endpoint);
    if (pick.endpoint && !pick.panic)
        assert_false(atomic_load(&live->endpoints[pick.index]->hidden));
}

static void ejections_keep_their_word(void **state)
{
    (void)state;
    for (uint64_t life = 0; life < LIVES; life++) {
        uint64_t badness;

        begin(life);
        badness = 1 + roll(9); /* of ten answers */
        for (int step = 0; step < STEPS; step++) {
            now_ns += roll(3000) * MESH__MS;
            report(roll(world.sets[0].count), roll(10) >= badness);
            check_shares();
            check_stays();
            check_pick();
        }
        end();
    }
}

static void who_behaves_comes_back_and_stays(void **state)
{
    (void)state;
    for (uint64_t life = 0; life < LIVES; life++) {
        begin(life);
        for (int step = 0; step < STEPS; step++) {
            now_ns += roll(1000) * MESH__MS;
            report(roll(world.sets[0].count), false);
        }
        now_ns += 2 * web->outlier.max_ejection_ns;
        for (size_t i = 0; i < world.sets[0].count; i++)
            report(i, true);
        now_ns += 2 * MESH__S;
        for (size_t i = 0; i < world.sets[0].count; i++)
            assert_true(mesh__outlier_admits(web, i, now_ns));
        assert_int_equal(count_out(), 0);
        end();
    }
}

/*
 * Everything fails, everyone retries: what is sent beside the first tries stays
 * within the budget, however many there are.
 */
static void a_budget_stops_a_storm(void **state)
{
    const struct mesh_retry_policy policy = { .on = MESH__RETRY_5XX,
                                              .attempts = 10 };
    const struct mesh_head bad = { .status = 503 };
    const struct mesh_attempt_end end_bad = { .response = &bad, .sent = true };
    enum { CALLS = 1000 };
    static struct mesh_retry calls[CALLS];

    (void)state;
    for (uint64_t life = 0; life < 20; life++) {
        struct mesh_live_quotas *quotas;
        size_t again = 0;

        begin(life);
        quotas = mesh__live(web)->quotas;
        web->breakers.retry_budget = true;
        web->breakers.budget_percent = (double)roll(40);
        web->breakers.budget_retries = (uint32_t)(1 + roll(5));
        for (size_t i = 0; i < CALLS; i++) {
            calls[i] = (struct mesh_retry){ 0 };
            mesh__quota_raise(&quotas->requests);
        }
        for (size_t round = 0; round < 5; round++)
            for (size_t i = 0; i < CALLS; i++) {
                uint64_t wait_ns;
                uint32_t most =
                    (uint32_t)(web->breakers.budget_percent / 100 * CALLS);

                again +=
                    mesh__retry_decide(&policy, web, &calls[i], &end_bad, -1, 1,
                                       0, &wait_ns, NULL) == MESH__RETRY_YES;
                if (most < web->breakers.budget_retries)
                    most = web->breakers.budget_retries;
                assert_true(mesh__quota_used(&quotas->retries) <= most);
            }
        assert_true(again > 0);
        for (size_t i = 0; i < CALLS; i++) {
            mesh__retry_end(web, &calls[i]);
            mesh__quota_lower(&quotas->requests);
        }
        assert_int_equal(mesh__quota_used(&quotas->retries), 0);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ejections_keep_their_word),
        cmocka_unit_test(who_behaves_comes_back_and_stays),
        cmocka_unit_test(a_budget_stops_a_storm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
