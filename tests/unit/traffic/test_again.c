/*
 * test_again.c - what users of meshes were bitten by when a call is sent again,
 * as properties that hold over random lives.
 *
 * A POST executed twice (istio 13851, 17145, 27340, 50506; aspire 4631), a
 * stream that died on the shelf (istio 13848, 45802, 55138), more retries than
 * a breaker or a budget lets (istio/api 2585, 3512; envoy 43022), pauses that
 * do not grow (envoy: backoff_strategy.cc).
 */
#include "traffic/budget.h"
#include "traffic/retry.h"

#include "world.h"

#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    LIVES = 6000,
    STEPS = 12,
    MOST_ATTEMPTS = 5,
    ALL_TOKENS = (1 << MESH__RETRY_TOKENS) - 1
};

static struct world world;
static struct mesh_live_registry *registry;
static struct mesh_destination *const web = &world.destinations[0];
static uint64_t seed;

static uint64_t draw(void)
{
    struct mesh_draws draws = world_random(&seed);

    return draws.next(draws.user);
}

static uint64_t roll(uint64_t sides)
{
    return draw() % sides;
}

static int set_up(void **state)
{
    (void)state;
    world = (struct world){ 0 };
    world_init(&world, 1);
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

/* --- a life: what became of each attempt, were there always another --- */

static const struct mesh_head answers[] = {
    { .status = 200 }, { .status = 409 }, { .status = 500 },
    { .status = 503 }, { .status = 504 },
};

struct life {
    struct mesh_retry_policy policy;
    struct mesh_attempt_end ends[STEPS];
    uint64_t draws[STEPS];
};

static struct mesh_attempt_end any_end(void)
{
    struct mesh_attempt_end end = {
        .failure = roll(2) ? MESH__FAILURE_NONE
                           : (enum mesh_failure)roll(MESH__FAILURE_LOCAL + 1),
        .sent = roll(2),
        .reused = roll(2),
    };

    if (end.failure == MESH__FAILURE_NONE) {
        end.response = &answers[roll(sizeof(answers) / sizeof(answers[0]))];
        end.sent = true;
    } else if (end.failure == MESH__FAILURE_CONNECT ||
               end.failure == MESH__FAILURE_CONNECT_TIMEOUT) {
        end.sent = end.reused = false; /* there was no connection */
    }
    return end;
}

static void any_life(struct life *life, uint64_t with)
{
    seed = with * 2 + 1;
    *life = (struct life){
        .policy = { .on = (uint32_t)(draw() & draw() & ALL_TOKENS),
                    .attempts = (uint32_t)roll(MOST_ATTEMPTS + 1),
                    .base_ns = (1 + roll(100)) * MESH__MS,
                    .codes = { 409 },
                    .code_count = 1 },
    };
    life->policy.max_ns = 10 * life->policy.base_ns;
    for (size_t i = 0; i < STEPS; i++) {
        life->ends[i] = any_end();
        life->draws[i] = draw();
    }
}

/* What came of a life for a caller that marked its call so. */
struct told {
    enum mesh_retry_answer answers[STEPS];
    uint64_t waits_ns[STEPS];
    bool replays[STEPS];
    size_t attempts;
};

static void live(const struct life *life, int idempotent, struct told *told)
{
    struct mesh_retry retry = { 0 };
    bool again = true;

    *told = (struct told){ .attempts = 1 };
    for (size_t i = 0; again && i < STEPS; i++, told->attempts++) {
        bool replayed = retry.replayed;

        told->answers[i] = mesh__retry_decide(
            &life->policy, web, &retry, &life->ends[i], idempotent, MESH__S,
            life->draws[i], &told->waits_ns[i], NULL);
        told->replays[i] = retry.replayed && !replayed;
        again = told->answers[i] == MESH__RETRY_YES;
        assert_int_equal(mesh__quota_used(&mesh__live(web)->quotas->retries),
                         again && !told->replays[i]);
    }
    told->attempts--;
    mesh__retry_end(web, &retry);
    assert_int_equal(mesh__quota_used(&mesh__live(web)->quotas->retries), 0);
}

/*
 * Row by row as Envoy decides, which knows no marks: what the policy asks for,
 * as long as attempts last. The sum of all that was sent counts for
 * reset-before-request.
 */
static enum mesh_retry_answer envoy(const struct life *life, size_t at)
{
    struct mesh_attempt_end end = life->ends[at];

    for (size_t i = 0; i < at; i++)
        end.sent = end.sent || life->ends[i].sent;
    if (!mesh__retry_wanted(&life->policy, &end))
        return MESH__RETRY_NO;
    return at < life->policy.attempts ? MESH__RETRY_YES : MESH__RETRY_LIMIT;
}

static void unmarked_calls_are_sent_again_as_in_envoy(void **state)
{
    size_t again = 0;

    (void)state;
    for (uint64_t i = 0; i < LIVES; i++) {
        struct life life;
        struct told told;

        any_life(&life, i);
        live(&life, -1, &told);
        for (size_t at = 0; at < told.attempts; at++)
            assert_int_equal(told.answers[at], envoy(&life, at));
        assert_true(told.attempts <= 1 + life.policy.attempts);
        again += told.attempts > 1;
    }
    assert_in_range(again, LIVES / 8, LIVES - LIVES / 8);
}

static void what_must_not_happen_twice_is_sent_once(void **state)
{
    size_t held = 0, again = 0;

    (void)state;
    for (uint64_t i = 0; i < LIVES; i++) {
        struct life life;
        struct told told, free;
        bool sent = false;

        any_life(&life, i);
        live(&life, 0, &told);
        live(&life, -1, &free);
        for (size_t at = 0; at < told.attempts; at++) {
            /* An attempt began: nothing of the earlier ones had left. */
            assert_false(sent);
            sent = life.ends[at].sent;
            /* The mark holds back and changes nothing else. */
            if (!sent)
                assert_int_equal(told.answers[at], free.answers[at]);
            assert_false(told.replays[at]);
        }
        assert_true(told.attempts <= free.attempts);
        held += told.attempts < free.attempts;
        again += told.attempts > 1;
    }
    assert_true(held > LIVES / 20 && again > LIVES / 20); /* both do happen */
}

static void a_dead_stream_is_forgiven_once_and_at_once(void **state)
{
    size_t replayed = 0;

    (void)state;
    for (uint64_t i = 0; i < LIVES; i++) {
        struct life life;
        struct told told;
        size_t replays = 0;

        any_life(&life, i);
        live(&life, 1, &told);
        for (size_t at = 0; at < told.attempts; at++) {
            const struct mesh_attempt_end *end = &life.ends[at];
            struct mesh_attempt_end whole = *end;

            whole.sent = true;
            if (!told.replays[at])
                continue;
            /* Only what the policy would have let be, and only of a stream
             * from the shelf that was reset under it. */
            assert_int_equal(end->failure, MESH__FAILURE_RESET);
            assert_true(end->reused);
            assert_false(mesh__retry_wanted(&life.policy, &whole));
            assert_int_equal(told.answers[at], MESH__RETRY_YES);
            assert_int_equal(told.waits_ns[at], 0);
            replays++;
        }
        assert_true(replays <= 1);
        assert_true(told.attempts <= 1 + life.policy.attempts + replays);
        replayed += replays;
    }
    assert_true(replayed > LIVES / 100);
}

static void pauses_stay_below_their_bound(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < LIVES; i++) {
        struct life life;
        struct told told;
        uint64_t bound_ns;

        any_life(&life, i);
        live(&life, -1, &told);
        bound_ns = life.policy.base_ns;
        for (size_t at = 0; at < told.attempts; at++) {
            if (told.answers[at] != MESH__RETRY_YES) {
                assert_int_equal(told.waits_ns[at], 0);
                continue;
            }
            assert_true(told.waits_ns[at] < bound_ns);
            bound_ns = bound_ns * 2 < life.policy.max_ns ? bound_ns * 2
                                                         : life.policy.max_ns;
        }
    }
}

/* --- many calls at once, and never too many of them again --- */

enum { CALLS = 24, TURNS = 400, BEGAN = 1 << 12 };

static uint64_t began_ns[BEGAN];
static size_t began_count;

/* What a budget comes to, from all that ever began. */
static uint32_t most_by_hand(uint64_t now_ns)
{
    const struct mesh_breaker_policy *breakers = &web->breakers;
    uint64_t slot_ns = breakers->budget_interval_ns / 10;
    const struct mesh_live_quotas *quotas = mesh__live(web)->quotas;
    uint64_t requests = 0;
    uint32_t share;

    if (!breakers->retry_budget)
        return breakers->max_retries;
    for (size_t i = 0; slot_ns && i < began_count; i++)
        requests += now_ns / slot_ns - began_ns[i] / slot_ns < 10;
    if (!slot_ns)
        requests = mesh__quota_used(&quotas->requests);
    share = (uint32_t)(breakers->budget_percent / 100 * (double)requests);
    return share > breakers->budget_retries ? share : breakers->budget_retries;
}

static void any_breaker(void)
{
    struct mesh_breaker_policy *breakers = &web->breakers;

    breakers->retry_budget = roll(4) != 0;
    breakers->max_retries = (uint32_t)roll(6);
    breakers->budget_percent = (double)roll(60);
    breakers->budget_retries = (uint32_t)(1 + roll(3));
    breakers->budget_interval_ns = roll(2) * (10 + roll(500) * 10) * MESH__MS;
}

static void attempt_begins(uint64_t now_ns)
{
    mesh__quota_raise(&mesh__live(web)->quotas->requests);
    mesh__budget_note(web, now_ns);
    assert_true(began_count < BEGAN);
    began_ns[began_count++] = now_ns;
}

static void retries_never_outgrow_their_bound(void **state)
{
    static const struct mesh_retry_policy policy = { .on = MESH__RETRY_5XX,
                                                     .attempts = 1000000 };
    static const struct mesh_attempt_end bad = { .response = &answers[3],
                                                 .sent = true };
    size_t let = 0, stopped = 0;

    for (uint64_t life = 0; life < LIVES / 40; life++) {
        struct mesh_retry calls[CALLS] = { { 0 } };
        struct mesh_quota *retries, *requests;
        uint64_t now_ns = MESH__S;

        set_up(state);
        seed = life * 2 + 1;
        any_breaker();
        retries = &mesh__live(web)->quotas->retries;
        requests = &mesh__live(web)->quotas->requests;
        began_count = 0;
        for (size_t i = 0; i < CALLS; i++)
            attempt_begins(now_ns);
        for (int turn = 0; turn < TURNS; turn++) {
            struct mesh_retry *call = &calls[roll(CALLS)];
            uint32_t most, others;
            uint64_t wait_ns;
            bool yes;

            now_ns += roll(8) ? roll(20) * MESH__MS : roll(6) * MESH__S;
            most = most_by_hand(now_ns);
            assert_int_equal(mesh__budget_most(web, now_ns), most);
            others = mesh__quota_used(retries) - call->holds_slot;
            yes = mesh__retry_decide(&policy, web, call, &bad, -1, now_ns,
                                     draw(), &wait_ns, NULL) == MESH__RETRY_YES;
            assert_int_equal(yes, others < most);
            mesh__quota_lower(requests);
            if (!yes) { /* it is over, and another call begins */
                mesh__retry_end(web, call);
                *call = (struct mesh_retry){ 0 };
            }
            attempt_begins(now_ns);
            let += yes;
            stopped += !yes;
        }
        for (size_t i = 0; i < CALLS; i++)
            mesh__retry_end(web, &calls[i]);
        assert_int_equal(mesh__quota_used(retries), 0);
        tear_down(state);
    }
    assert_true(let > 1000 && stopped > 1000);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(unmarked_calls_are_sent_again_as_in_envoy),
        CASE(what_must_not_happen_twice_is_sent_once),
        CASE(a_dead_stream_is_forgiven_once_and_at_once),
        CASE(pauses_stay_below_their_bound),
        cmocka_unit_test(retries_never_outgrow_their_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
