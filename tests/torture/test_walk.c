/*
 * test_walk.c - a request's decisions take no memory and no lock that all
 * requests share, whatever the policy says.
 *
 * From policies as text: trace, route, split, key, every balancer, breakers,
 * budget, outlier detection, retries, faults and mirrors, in the order in which
 * client/ asks for them, with malloc failing from the first call on. Locks are
 * counted where the linker brings them by: a healthy request takes none, but
 * that of a schedule, where endpoints of its own destination weigh different.
 */
#include "torture.h"

#include "../unit/traffic/town.h"
#include "../unit/traffic/words.h"
#include "../unit/traffic/world.h"

#include "telemetry/telemetry.h"
#include "traffic/budget.h"
#include "traffic/fault.h"
#include "traffic/key.h"
#include "traffic/outlier.h"
#include "traffic/retry.h"
#include "traffic/route.h"
#include "value/duration.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { REQUESTS = 2000 };

/* --- locks, by the linker's --wrap --- */

static unsigned locks;

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    locks++;
    return __real_pthread_mutex_lock(mutex);
}

/* --- policies --- */

#define PEERS                                                                  \
    TOWN_PEER("a", "10.0.1.1", ", locality: r1/z1/s1")                         \
    TOWN_PEER("b", "10.0.1.2", ", locality: r1/z1/s1")                         \
    TOWN_PEER("c", "10.0.2.1", ", locality: r1/z2/s1")                         \
    TOWN_PEER("d", "10.0.3.1", ", locality: r2/z1/s1")
#define ODD                                                                    \
    TOWN_PEER("a", "10.0.1.1", ", weight: 1")                                  \
    TOWN_PEER("b", "10.0.1.2", ", weight: 5")
#define DETECT                                                                 \
    ", outlierDetection: {consecutive5xxErrors: 2, interval: 5s, "             \
    "baseEjectionTime: 5s, maxEjectionPercent: 50, minHealthPercent: 10}"
#define LB(block)   TOWN_RULE("loadBalancer: {" block "}" DETECT)
#define HASH(block) LB("consistentHash: {" block "}")
#define AGAIN                                                                  \
    TOWN_ROUTE("{match: [{uri: {regex: \"/[a-z]+x\"}}], route: "               \
               "[{destination: {host: web}}]}, {match: [{headers: {x-y: "      \
               "{prefix: a}}, queryParams: {c: {exact: d}}}], timeout: 1s, "   \
               "retries: {attempts: 2, retryOn: \"5xx,reset\", "               \
               "perTryTimeout: 1s, retryRemoteLocalities: true}, fault: "      \
               "{delay: {percentage: {value: 1}, fixedDelay: 1s}}, mirrors: "  \
               "[{destination: {host: web}, percentage: {value: 50}}], "       \
               "route: [{destination: {host: web}, weight: 70}, "              \
               "{destination: {host: web}, weight: 30}]}")

static const struct {
    const char *claim;
    const char *policy;
    bool locks; /* that of its schedule */
} rows[] = {
    { "least request", PEERS AGAIN LB("simple: LEAST_REQUEST"), false },
    { "round robin", PEERS AGAIN LB("simple: ROUND_ROBIN"), false },
    { "random", PEERS AGAIN LB("simple: RANDOM"), false },
    { "turns by weight", ODD AGAIN LB("simple: ROUND_ROBIN"), true },
    { "least request by weight", ODD AGAIN LB("simple: LEAST_REQUEST"), true },
    { "warm-up", PEERS AGAIN LB("warmup: {duration: 100s}"), true },
    { "a ring by header", PEERS AGAIN HASH("httpHeaderName: x-y"), false },
    { "a ring by cookie", PEERS AGAIN HASH("httpCookie: {name: z, ttl: 9s}"),
      false },
    { "Maglev by query",
      ODD AGAIN HASH("httpQueryParameterName: c, maglev: {tableSize: 251}"),
      false },
    { "localities by share",
      PEERS AGAIN LB("localityLbSetting: {distribute: [{from: r1/*, to: "
                     "{r1/z1/*: 80, r2/*: 20}}]}"),
      true },
    { "no fail-over", PEERS AGAIN LB("localityLbSetting: {enabled: false}"),
      false },
    { "limits",
      PEERS AGAIN TOWN_RULE("connectionPool: {tcp: {maxConnections: 9}, http: "
                            "{http2MaxRequests: 9, http1MaxPendingRequests: "
                            "9, maxRetries: 1}}" DETECT),
      false },
    { "a budget", PEERS AGAIN TOWN_RULE("retryBudget: {percent: 50}" DETECT),
      false },
    { "a budget of a while",
      PEERS AGAIN TOWN_RULE(
          "retryBudget: {percent: 50, budgetInterval: 10s}" DETECT),
      false },
    { "no rule, no route", PEERS, false },
};

static struct town town;
static struct words words;
static struct mesh_arena arena;
static uint64_t seed;
static unsigned attempts, picks, marks;

static uint64_t draw(void)
{
    struct mesh_draws draws = world_random(&seed);

    return draws.next(draws.user);
}

static void trace(const struct mesh_head *request)
{
    char id[MESH__REQUEST_ID + 1], text[MESH__TRACEPARENT_LEN + 1];
    uint64_t draws[4] = { draw(), draw(), draw(), draw() };
    struct mesh_trace parent, own;
    struct mesh_slice header;
    uint8_t parent_span[8];

    mesh__request_id(draw(), draw(), id);
    assert_true(mesh__head_get(request, MESH__H_TRACEPARENT, &header));
    assert_int_equal(mesh__trace_parse(header, &parent, NULL),
                     MESH__TRACE_CONTINUE);
    mesh__trace_begin(&parent, 10000, draws, &own, parent_span);
    mesh__trace_print(&own, text);
}

static void act(const struct mesh_route_rule *rule)
{
    const struct mesh_actions *actions = rule->actions;

    if (!actions)
        return;
    if (actions->fault)
        marks += mesh__share_drawn(actions->fault->delay_share, draw());
    for (size_t i = 0; i < actions->mirror_count; i++)
        marks += mesh__share_drawn(actions->mirrors[i].share, draw());
}

/* One attempt, from a pick to its report. */
static bool attempt(const struct mesh_route *route,
                    const struct mesh_pick_ask *ask,
                    const struct mesh_head *answer, size_t *index)
{
    const struct mesh_destination *to = route->destination;
    struct mesh_live_quotas *quotas = mesh__live(to)->quotas;
    struct mesh_ejection ejection;
    struct mesh_pick pick;

    mesh__pick(to, ask, &pick, NULL);
    if (!pick.endpoint ||
        !mesh__quota_has_room(&quotas->requests, to->breakers.max_requests))
        return false;
    mesh__quota_raise(&quotas->requests);
    mesh__quota_raise(&pick.live->active);
    mesh__budget_note(to, ask->now_ns);
    mesh__outlier_report(to, pick.index, MESH__RESULT_CONNECTED, 0, ask->now_ns,
                         &ejection);
    mesh__outlier_report(to, pick.index, MESH__RESULT_STATUS, answer->status,
                         ask->now_ns, &ejection);
    mesh__quota_lower(&quotas->requests);
    mesh__quota_lower(&pick.live->active);
    *index = pick.index;
    picks++;
    return true;
}

/* Attempts at one request until it is answered or given up. */
static void try(const struct mesh_route *route, const struct mesh_head *request,
                const struct mesh_head *answer)
{
    const struct mesh_attempt_end end = { .response = answer, .sent = true };
    const struct mesh_retry_policy *policy = &route->rule->retry;
    struct mesh_draws draws = world_random(&seed);
    struct mesh_retry retry = { 0 };
    struct mesh_key key = { 0 };
    size_t tried[MESH__TRIED_MAX];
    struct mesh_pick_ask ask = {
        .now_ns = town.now_ns,
        .draws = &draws,
        .tried = tried,
        .re_picks = policy->host_picks,
        .leave_priorities = policy->leave_priorities,
    };
    uint64_t wait_ns;

    do {
        if (mesh__key_balances(route->destination)) {
            mesh__key_find(route->rule->hashes, route->rule->hash_count,
                           request, &town.snapshot->self, &draws, &key, NULL);
            ask.has_key = key.known;
            ask.key = key.hash;
        }
        attempts++;
        if (!attempt(route, &ask, answer, &tried[ask.tried_count]))
            break;
        ask.tried_count++;
    } while (mesh__retry_decide(policy, route->destination, &retry, &end, -1,
                                town.now_ns, draw(), &wait_ns,
                                NULL) == MESH__RETRY_YES);
    mesh__retry_end(route->destination, &retry);
}

static void walk(const struct mesh_head *request,
                 const struct mesh_head *answer)
{
    struct mesh_route route;

    trace(request);
    mesh__route_find(town.snapshot, request, 80, draw(), &arena, &route, NULL);
    assert_int_equal(route.outcome, MESH__ROUTE_OK);
    act(route.rule);
    try(&route, request, answer);
    town.now_ns += MESH__S / 8;
}

static void whatever_the_policy_says(void **state)
{
    const struct mesh_head *request, *good, *bad;

    (void)state;
    words_init(&words);
    mesh__arena_init(&arena, 1 << 16);
    request = words_request(
        &words, "GET web /ab?c=d|x-y: abc|traceparent: "
                "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01");
    good = words_response(&words, "200");
    bad = words_response(&words, "503");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        town_open(&town, rows[i].policy);
        seed = 1 + i;
        attempts = picks = 0;
        walk(request, good); /* the schedule is filled */
        fake_alloc_fail_from(0);
        locks = 0;
        for (int n = 0; n < REQUESTS; n++)
            walk(request, good);
        if (!rows[i].locks && locks)
            fail_msg("%s: %u locks", rows[i].claim, locks);
        if (rows[i].locks && !locks) /* else they are not counted at all */
            fail_msg("%s: no lock", rows[i].claim);
        for (int n = 0; n < REQUESTS; n++)
            walk(request, draw() % 3 ? bad : good);
        if (fake_alloc_tripped())
            fail_msg("%s asked for memory", rows[i].claim);
        fake_alloc_off();
        assert_true(picks > 2 * REQUESTS && picks <= attempts);
        town_close(&town);
    }
    assert_true(marks > 0);
    mesh__arena_fini(&arena);
    words_fini(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_policy_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
