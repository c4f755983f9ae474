/*
 * test_time.c - timeouts compose (istio/api 34, envoy 7358, istio 57931).
 *
 * Random rules, callers and servers; whichever of a rule's timeout, its timeout
 * per try, its attempts and the caller's own deadline comes first ends the
 * call, then, in its own words, and nothing is sent any more. A deadline is a
 * point in time: neither a retry nor its pause moves it.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <stdio.h>

enum {
    WORLDS = 60,
    RULES = 8,
    CALLS = 40,               /* of each world */
    PAUSES_MS = 25 + 50 + 100 /* of three retries, at most */
};

/* A rule, in milliseconds; 0: not given. */
struct rule {
    unsigned timeout_ms;
    unsigned per_try_ms;
    unsigned retries;
};

static struct sim *sim;
static struct rule rules[RULES];
static uint64_t dice;

static unsigned roll(unsigned sides)
{
    dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)((dice >> 33) % sides);
}

static void write_rule(struct mesh_text *text, unsigned i)
{
    struct rule *rule = &rules[i];

    rule->timeout_ms = roll(3) ? 500 + roll(8000) : 0;
    rule->per_try_ms = roll(3) ? 200 + roll(4000) : 0;
    rule->retries = roll(4);
    mesh__text_format(text,
                      "  - match: [{uri: {prefix: /r%u/}}]\n"
                      "    route: [{destination: {host: web}}]\n",
                      i);
    if (rule->timeout_ms)
        mesh__text_format(text, "    timeout: %ums\n", rule->timeout_ms);
    mesh__text_format(text, "    retries: {attempts: %u", rule->retries);
    if (!rule->retries)
        rule->per_try_ms = 0; /* Istio: it has no meaning then */
    else
        mesh__text_puts(text, ", retryOn: 5xx");
    if (rule->per_try_ms)
        mesh__text_format(text, ", perTryTimeout: %ums", rule->per_try_ms);
    mesh__text_puts(text, "}\n");
}

static void write_policy(char *out, size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    mesh__text_puts(&text, "apiVersion: networking.istio.io/v1\n"
                           "kind: VirtualService\n"
                           "metadata: {name: web, namespace: demo}\n"
                           "spec:\n  hosts: [web]\n  http:\n");
    for (unsigned i = 0; i < RULES; i++)
        write_rule(&text, i);
    assert_false(text.cut);
}

/* When each bound would end a call to a server that never answers. */
struct bounds {
    unsigned least_ms;
    unsigned most_ms; /* with every pause at its longest */
};

static struct bounds all_tries(const struct rule *rule)
{
    unsigned ms = (1 + rule->retries) * rule->per_try_ms;

    /* Envoy: a timeout per try that is no less than the whole is none. */
    if (!rule->per_try_ms ||
        (rule->timeout_ms && rule->per_try_ms >= rule->timeout_ms))
        return (struct bounds){ 3600000, 3600000 };
    return (struct bounds){ ms, ms + PAUSES_MS };
}

static unsigned or_never(unsigned ms)
{
    return ms ? ms : 3600000;
}

static void expect_end(const struct sim_call *call, const char *flags)
{
    if (call->code != MESH_ERR_TIMEOUT && call->status != 504)
        fail_msg("%u %s: %s", call->status, call->flags, call->line);
    if (strcmp(call->flags, flags) != 0)
        fail_msg("flags %s, not %s", call->flags, flags);
}

/* The server stalls: the first of three bounds ends it. */
static void check_stalled(const struct sim_call *call, const struct rule *rule,
                          unsigned deadline_ms)
{
    const unsigned slack_ms = 60; /* connecting, and shaking hands */
    struct bounds tries = all_tries(rule);
    unsigned timeout_ms = or_never(rule->timeout_ms);
    unsigned first_ms = or_never(deadline_ms);
    unsigned took_ms = (unsigned)(call->took_ns / MESH__MS);
    bool per_try = tries.least_ms < 3600000;

    if (timeout_ms < first_ms)
        first_ms = timeout_ms;
    assert_true(took_ms <= first_ms + 1);
    assert_true(took_ms <= tries.most_ms + slack_ms * call->attempts);
    assert_true(call->attempts <= 1 + rule->retries);
    if (!per_try)
        assert_int_equal(call->attempts, 1);
    else /* none is cut short but by the whole */
        assert_true((call->attempts - 1) * rule->per_try_ms <= took_ms);
    if (deadline_ms && deadline_ms < timeout_ms &&
        deadline_ms < tries.least_ms) {
        assert_int_equal(call->code, MESH_ERR_TIMEOUT);
        assert_true(took_ms >= deadline_ms);
        assert_string_equal(call->flags, "DC");
    } else if (timeout_ms < or_never(deadline_ms) &&
               timeout_ms < tries.least_ms) {
        expect_end(call, "UT");
        assert_true(took_ms >= timeout_ms);
    } else if (tries.most_ms + slack_ms * 4 < first_ms) {
        expect_end(call, rule->retries ? "URX,UT" : "UT");
        assert_int_equal(call->attempts, 1 + rule->retries);
        assert_true(took_ms >= tries.least_ms);
    }
}

/* It refuses at once: only the attempts, and the bounds, count. */
static void check_refused(const struct sim_call *call, const struct rule *rule)
{
    assert_int_equal(call->status, 503);
    assert_int_equal(call->attempts, 1 + rule->retries);
    assert_string_equal(call->flags, rule->retries ? "URX" : "-");
    assert_true(call->took_ns < (PAUSES_MS + 300) * MESH__MS);
}

static bool never_ends(const struct rule *rule, unsigned deadline_ms)
{
    return !rule->timeout_ms && !deadline_ms &&
           all_tries(rule).least_ms == 3600000;
}

static void one_call(void)
{
    static const enum sim_manner manners[] = { SIM_STALLS, SIM_STALLS,
                                               SIM_REFUSES, SIM_ECHOES };
    const struct rule *rule;
    unsigned which = roll(RULES), deadline_ms = roll(2) ? 300 + roll(9000) : 0;
    struct sim_ask ask = { .deadline_ns = deadline_ms * MESH__MS,
                           .idempotent = roll(3) == 0 };
    enum sim_manner manner = manners[roll(4)];
    struct sim_call call;
    char path[8];
    size_t taken;

    rule = &rules[which];
    (void)snprintf(path, sizeof(path), "/r%u", which);
    ask.path = path;
    if (manner == SIM_STALLS && never_ends(rule, deadline_ms))
        manner = SIM_ECHOES;
    sim->servers[0].manner = manner;
    sim->servers[0].status = 503;
    sim_ask(sim, &ask, &call);
    if (manner == SIM_STALLS) {
        check_stalled(&call, rule, deadline_ms);
    } else if (manner == SIM_REFUSES) {
        check_refused(&call, rule);
    } else {
        assert_int_equal(call.status, 200);
        assert_int_equal(call.attempts, 1);
    }
    /* What has ended stays so: no retry comes after. */
    sim_pass(sim, MESH__S);
    taken = sim->servers[0].taken;
    sim_pass(sim, 20 * MESH__S);
    assert_int_equal(sim->servers[0].taken, taken);
}

static void whatever_comes_first_ends_it(void **state)
{
    char policy[4096];

    (void)state;
    for (unsigned i = 0; i < WORLDS; i++) {
        struct sim_wish wish = { .policy = policy,
                                 .seed = i + 1,
                                 .keeps_idle = i % 2 };

        dice = i * 2 + 1;
        write_policy(policy, sizeof(policy));
        sim_init(sim, &wish);
        mesh__world_set_delay(sim->world, 0, (1 + i % 5) * MESH__MS);
        for (int n = 0; n < CALLS; n++)
            one_call();
        sim_fini(sim);
    }
}

static int set_up(void **state)
{
    (void)state;
    sim = mesh__malloc(sizeof(*sim));
    return sim ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mesh__free(sim);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_comes_first_ends_it),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
