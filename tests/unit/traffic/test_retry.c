/*
 * test_retry.c - which ends are tried again; rows were seen on a real Envoy.
 */
#include "traffic/retry.h"

#include "torture.h"
#include "words.h"
#include "world.h"

#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COLUMNS = 19 };

/* One column for each way an attempt ends. */
static const struct {
    const char *response; /* or */
    enum mesh_failure failure;
    bool sent;
} columns[COLUMNS] = {
    { "200", MESH__FAILURE_NONE, true },
    { "409", MESH__FAILURE_NONE, true },
    { "418", MESH__FAILURE_NONE, true },
    { "500", MESH__FAILURE_NONE, true },
    { "502", MESH__FAILURE_NONE, true },
    { "504", MESH__FAILURE_NONE, true },
    { "505", MESH__FAILURE_NONE, true },
    { "200|x-envoy-ratelimited: true", MESH__FAILURE_NONE, true },
    { "503|x-envoy-ratelimited: true", MESH__FAILURE_NONE, true },
    { "200|grpc-status: 14", MESH__FAILURE_NONE, true },
    { "200|grpc-status: 4", MESH__FAILURE_NONE, true },
    { NULL, MESH__FAILURE_CONNECT, false },
    { NULL, MESH__FAILURE_CONNECT_TIMEOUT, false },
    { NULL, MESH__FAILURE_RESET, true },
    { NULL, MESH__FAILURE_PROTOCOL, true },
    { NULL, MESH__FAILURE_PER_TRY_TIMEOUT, true },
    { NULL, MESH__FAILURE_PER_TRY_TIMEOUT, false },
    { NULL, MESH__FAILURE_TIMEOUT, true },
    { NULL, MESH__FAILURE_OVERFLOW, false },
};

static const struct {
    const char *claim;
    uint32_t on;
    const char *again; /* 'y' for each column that is tried again */
} rows[] = {
    { "none", 0, "..................." },
    { "5xx", MESH__RETRY_5XX, "...yyyy....yyyyyy.." },
    { "gateway-error", MESH__RETRY_GATEWAY_ERROR, "....yy.....yyyyyy.." },
    { "reset", MESH__RETRY_RESET, "...........yyyyyy.." },
    { "reset-before-request", MESH__RETRY_RESET_BEFORE_REQUEST,
      "...........yy...y.." },
    { "connect-failure", MESH__RETRY_CONNECT_FAILURE, "...........yy......" },
    { "refused-stream", MESH__RETRY_REFUSED_STREAM, "..................." },
    { "retriable-4xx", MESH__RETRY_4XX, ".y................." },
    { "a listed 418 and 504", MESH__RETRY_STATUS_CODES, "..y..y............." },
    { "envoy-ratelimited", MESH__RETRY_RATELIMITED, ".......yy.........." },
    { "unavailable", MESH__RETRY_GRPC_UNAVAILABLE, ".........y........." },
    { "deadline-exceeded", MESH__RETRY_GRPC_DEADLINE, "..........y........" },
    { "istio's own",
      MESH__RETRY_CONNECT_FAILURE | MESH__RETRY_REFUSED_STREAM |
          MESH__RETRY_GRPC_UNAVAILABLE | MESH__RETRY_GRPC_CANCELLED,
      ".........y.yy......" },
};

static void conditions(void **state)
{
    char again[COLUMNS + 1] = "";
    struct words words;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_retry_policy policy = { .on = rows[i].on,
                                            .codes = { 418, 504 },
                                            .code_count = 2 };

        words_init(&words);
        for (size_t c = 0; c < COLUMNS; c++) {
            struct mesh_attempt_end end = {
                .failure = columns[c].failure,
                .sent = columns[c].sent,
            };

            if (columns[c].response)
                end.response = words_response(&words, columns[c].response);
            again[c] = mesh__retry_wanted(&policy, &end) ? 'y' : '.';
        }
        words_fini(&words);
        if (strcmp(again, rows[i].again) != 0)
            fail_msg("%s:\n  gave   %s\n  wanted %s", rows[i].claim, again,
                     rows[i].again);
    }
}

/* --- the state of one exchange --- */

static struct world world;
static struct mesh_live_registry *registry;
static struct mesh_destination *const a = &world.destinations[0];
static struct mesh_retry retry;
static struct mesh_retry_policy policy;
static uint64_t wait_ns;

static int set_up(void **state)
{
    (void)state;
    world = (struct world){ 0 };
    world_init(&world, 1);
    retry = (struct mesh_retry){ 0 };
    policy = (struct mesh_retry_policy){
        .on = MESH__RETRY_CONNECT_FAILURE,
        .attempts = 2,
        .base_ns = 25 * MESH__MS,
        .max_ns = 250 * MESH__MS,
    };
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

static enum mesh_retry_answer after(enum mesh_failure failure, bool sent,
                                    int idempotent)
{
    struct mesh_attempt_end end = { .failure = failure, .sent = sent };

    return mesh__retry_decide(&policy, a, &retry, &end, idempotent, 1,
                              UINT64_MAX, &wait_ns, NULL);
}

static uint32_t slots(void)
{
    return mesh__quota_used(&mesh__live(a)->quotas->retries);
}

static void attempts_are_retries_after_the_first_try(void **state)
{
    (void)state;
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1), MESH__RETRY_YES);
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1), MESH__RETRY_YES);
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1),
                     MESH__RETRY_LIMIT);
    assert_int_equal(after(MESH__FAILURE_RESET, true, -1), MESH__RETRY_NO);
}

static void a_slot_is_held_to_the_next_decision(void **state)
{
    (void)state;
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1), MESH__RETRY_YES);
    assert_int_equal(slots(), 1);
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1), MESH__RETRY_YES);
    assert_int_equal(slots(), 1);
    mesh__retry_end(a, &retry);
    assert_int_equal(slots(), 0);
    mesh__retry_end(a, &retry);
    assert_int_equal(slots(), 0);
}

static void a_full_breaker_ends_it(void **state)
{
    (void)state;
    a->breakers.max_retries = 1;
    mesh__quota_raise(&mesh__live(a)->quotas->retries);
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1),
                     MESH__RETRY_OVERFLOW);
    assert_int_equal(retry.used, 1); /* counted before the breaker is asked */
    mesh__quota_lower(&mesh__live(a)->quotas->retries);
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1), MESH__RETRY_YES);
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1),
                     MESH__RETRY_LIMIT);
}

static void pauses_double_to_ten_times_the_base(void **state)
{
    /* UINT64_MAX % 25 is 15, % 50 is 15, % 100 is 15, % 200 is 15, % 250 115 */
    static const uint64_t bounds[] = { 25, 50, 100, 200, 250, 250 };

    (void)state;
    policy.attempts = 6;
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1),
                         MESH__RETRY_YES);
        assert_int_equal(wait_ns, UINT64_MAX % bounds[i] * MESH__MS);
    }
    policy.base_ns = MESH__MS;
    retry = (struct mesh_retry){ 0 };
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1), MESH__RETRY_YES);
    assert_int_equal(wait_ns, 0);
}

static void what_was_sent_is_not_sent_twice_if_marked(void **state)
{
    (void)state;
    policy.on = MESH__RETRY_RESET;
    policy.attempts = 9;
    assert_int_equal(after(MESH__FAILURE_RESET, true, 0), MESH__RETRY_NO);
    retry = (struct mesh_retry){ 0 };
    assert_int_equal(after(MESH__FAILURE_RESET, true, 1), MESH__RETRY_YES);
    retry = (struct mesh_retry){ 0 };
    assert_int_equal(after(MESH__FAILURE_RESET, true, -1), MESH__RETRY_YES);
    retry = (struct mesh_retry){ 0 };
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, 0), MESH__RETRY_YES);
    retry.sent = true; /* by an earlier attempt */
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, 0), MESH__RETRY_NO);
}

static void a_response_means_it_was_sent(void **state)
{
    struct mesh_attempt_end end = { .failure = MESH__FAILURE_NONE };
    struct words words;

    (void)state;
    words_init(&words);
    policy.on = MESH__RETRY_5XX;
    end.response = words_response(&words, "503");
    assert_int_equal(
        mesh__retry_decide(&policy, a, &retry, &end, 0, 1, 0, &wait_ns, NULL),
        MESH__RETRY_NO);
    words_fini(&words);
}

static void before_request_means_before_any(void **state)
{
    (void)state;
    policy.on = MESH__RETRY_RESET_BEFORE_REQUEST | MESH__RETRY_STATUS_CODES;
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1), MESH__RETRY_YES);
    assert_int_equal(after(MESH__FAILURE_RESET, true, -1), MESH__RETRY_NO);
    assert_int_equal(after(MESH__FAILURE_CONNECT, false, -1), MESH__RETRY_NO);
}

static const struct {
    const char *claim;
    struct mesh_attempt_end end;
    int idempotent;
    enum mesh_retry_answer answer;
} stale[] = {
    { "a stale stream, idempotent",
      { MESH__FAILURE_RESET, NULL, true, true },
      1,
      MESH__RETRY_YES },
    { "not marked",
      { MESH__FAILURE_RESET, NULL, true, true },
      -1,
      MESH__RETRY_NO },
    { "marked not idempotent",
      { MESH__FAILURE_RESET, NULL, true, true },
      0,
      MESH__RETRY_NO },
    { "a fresh stream",
      { MESH__FAILURE_RESET, NULL, true, false },
      1,
      MESH__RETRY_NO },
    { "a timeout",
      { MESH__FAILURE_TIMEOUT, NULL, true, true },
      1,
      MESH__RETRY_NO },
};

static void a_stale_stream_is_forgiven_once(void **state)
{
    (void)state;
    policy.on = 0;
    policy.attempts = 0;
    for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++) {
        retry = (struct mesh_retry){ 0 };
        if (mesh__retry_decide(&policy, a, &retry, &stale[i].end,
                               stale[i].idempotent, 1, 99, &wait_ns,
                               NULL) != stale[i].answer)
            fail_msg("%s", stale[i].claim);
        assert_int_equal(wait_ns, 0);
        assert_int_equal(slots(), 0);
    }
    retry = (struct mesh_retry){ .replayed = true };
    assert_int_equal(mesh__retry_decide(&policy, a, &retry, &stale[0].end, 1, 1,
                                        0, &wait_ns, NULL),
                     MESH__RETRY_NO);
}

static void says_why(void **state)
{
    struct mesh_attempt_end end = { .failure = MESH__FAILURE_PER_TRY_TIMEOUT };
    struct mesh__why why;

    (void)state;
    mesh__why_init(&why);
    (void)mesh__retry_decide(&policy, a, &retry, &end, -1, 1, 0, &wait_ns,
                             &why);
    assert_string_equal(why.steps[0].name, "the timeout per try");
    assert_string_equal(why.steps[0].reason,
                        "no condition of the policy asks for it");
    mesh__why_fini(&why);
}

static void prints_its_conditions(void **state)
{
    char text[64], little[8];

    (void)state;
    policy.on |= MESH__RETRY_STATUS_CODES | MESH__RETRY_GRPC_INTERNAL;
    policy.codes[0] = 418;
    policy.code_count = 1;
    mesh__retry_print(&policy, text, sizeof(text));
    assert_string_equal(text,
                        "connect-failure,retriable-status-codes,internal,418");
    mesh__retry_print(&policy, little, sizeof(little));
    assert_string_equal(little, "connect");
    policy = (struct mesh_retry_policy){ 0 };
    mesh__retry_print(&policy, text, sizeof(text));
    assert_string_equal(text, "");
}

static void deciding_takes_no_memory(void **state)
{
    (void)state;
    fake_alloc_fail_from(0);
    (void)after(MESH__FAILURE_CONNECT, false, -1);
    (void)after(MESH__FAILURE_RESET, true, 1);
    mesh__retry_end(a, &retry);
    assert_false(fake_alloc_tripped());
    fake_alloc_off();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct {
    const char *claim;
    double percent;
    uint32_t least;
    unsigned active, pending, retries; /* now */
    bool allowed;
} budgets[] = {
    { "the least number, when nobody is there", 20, 3, 0, 0, 2, true },
    { "and not one more", 20, 3, 0, 0, 3, false },
    { "a fifth of twenty is four", 20, 3, 20, 0, 3, true },
    { "and not five", 20, 3, 20, 0, 4, false },
    { "who waits for a connection counts", 20, 3, 5, 15, 3, true },
    { "a part of a request is none", 20, 1, 14, 0, 2, false },
    { "percents may have parts", 12.5, 1, 16, 0, 1, true },
    { "nothing but the least at no percent", 0, 1, 100, 100, 1, false },
    { "everyone may at a hundred", 100, 1, 6, 0, 5, true },
};

/* Envoy: retries < max(trunc(percent / 100 * (active + pending)), least). */
static void a_budget_follows_the_load(void **state)
{
    const struct mesh_attempt_end end = { .failure = MESH__FAILURE_CONNECT };

    for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
        struct mesh_live_quotas *quotas;
        enum mesh_retry_answer answer;

        set_up(state);
        a->breakers.retry_budget = true;
        a->breakers.max_retries = 1; /* has no say then */
        a->breakers.budget_percent = budgets[i].percent;
        a->breakers.budget_retries = budgets[i].least;
        quotas = mesh__live(a)->quotas;
        for (unsigned n = 0; n < budgets[i].active; n++)
            mesh__quota_raise(&quotas->requests);
        for (unsigned n = 0; n < budgets[i].pending; n++)
            mesh__quota_raise(&quotas->pending);
        for (unsigned n = 0; n < budgets[i].retries; n++)
            mesh__quota_raise(&quotas->retries);
        answer = mesh__retry_decide(&policy, a, &retry, &end, -1, 1, 0,
                                    &wait_ns, NULL);
        if (answer !=
            (budgets[i].allowed ? MESH__RETRY_YES : MESH__RETRY_OVERFLOW))
            fail_msg("%s", budgets[i].claim);
        assert_int_equal(mesh__quota_used(&quotas->retries),
                         budgets[i].retries + budgets[i].allowed);
        mesh__retry_end(a, &retry);
        assert_int_equal(mesh__quota_used(&quotas->retries),
                         budgets[i].retries);
        tear_down(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions),
        cmocka_unit_test(a_budget_follows_the_load),
        CASE(attempts_are_retries_after_the_first_try),
        CASE(a_slot_is_held_to_the_next_decision),
        CASE(a_full_breaker_ends_it),
        CASE(pauses_double_to_ten_times_the_base),
        CASE(what_was_sent_is_not_sent_twice_if_marked),
        CASE(a_response_means_it_was_sent),
        CASE(before_request_means_before_any),
        CASE(a_stale_stream_is_forgiven_once),
        CASE(says_why),
        CASE(prints_its_conditions),
        CASE(deciding_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
