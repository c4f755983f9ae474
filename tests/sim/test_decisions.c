/*
 * test_decisions.c - one behaviour for each deciding call in the two tables of
 * steps, told by whole meshes: take the call out and its test fails. That it
 * does is scripts/mutate's to show.
 *
 * With an argument, the test of that name alone is run.
 */
#include "client/plain.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>

enum { HUGE = MESH__CLIENT_REPLAY + 1 };

static struct sim *sim;
static char *huge;

/* --- policies --- */

#define PEERS(mode)                                                            \
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"             \
    "metadata: {name: default, namespace: demo}\n"                             \
    "spec: {mtls: {mode: " mode "}}\n---\n"
#define ROUTE(rest)                                                            \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n  hosts: [web]\n  http:\n" rest "---\n"
#define TO_WEB "  - route: [{destination: {host: web}}]\n"
#define ONCE   "    retries: {attempts: 0}\n"
#define RULE(rest)                                                             \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n  host: web\n" rest "---\n"
#define POOL(tcp, http)                                                        \
    RULE("  trafficPolicy:\n    connectionPool:\n"                             \
         "      tcp: {" tcp "}\n      http: {" http "}\n")
#define SUBSETS                                                                \
    "  subsets:\n"                                                             \
    "  - {name: v1, labels: {version: v1}}\n"                                  \
    "  - {name: v2, labels: {version: v2}}\n"                                  \
    "  - {name: v9, labels: {version: v9}}\n"
#define GUARD(action, rules)                                                   \
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"            \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n  selector: {matchLabels: {app: web}}\n"                           \
    "  action: " action "\n  rules:\n" rules "---\n"

static const struct sim_ask get = { .path = "/echo" };

/* --- words --- */

static void begin(const char *policy, size_t servers)
{
    const struct sim_wish wish = {
        .policy = policy, .servers = servers, .seed = 5, .keeps_idle = true
    };

    sim_init(sim, &wish);
}

static struct sim_call ask(const struct sim_ask *what)
{
    struct sim_call call;

    sim_ask(sim, what, &call);
    return call;
}

static void expect(const struct sim_call *call, unsigned status,
                   const char *flags)
{
    if (call->status != status || strcmp(call->flags, flags) != 0)
        fail_msg("expected %u %s, got %u %s (%s)", status, flags, call->status,
                 call->flags, call->line);
}

static void expect_about(uint64_t took_ns, uint64_t expect_ns)
{
    if (took_ns < expect_ns || took_ns > expect_ns + 100 * MESH__MS)
        fail_msg("it took %u ms, not %u", (unsigned)(took_ns / MESH__MS),
                 (unsigned)(expect_ns / MESH__MS));
}

static void refuse_connections(bool hang)
{
    mesh__world_set_refused(sim->world, &sim->servers[0].address, true, hang);
}

/* --- client: route --- */

static void route_takes_the_rule_that_matches(void **state)
{
    struct sim_ask canary = { .header = "x-canary", .value = "true" };
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - match: [{headers: {x-canary: {exact: 'true'}}}]\n"
                "    route: [{destination: {host: web, subset: v2}}]\n"
                "  - route: [{destination: {host: web, subset: v1}}]\n")
              RULE(SUBSETS),
          2);
    call = ask(&canary);
    expect(&call, 200, "-");
    call = ask(&get);
    expect(&call, 200, "-");
    assert_int_equal(sim->servers[0].taken, 1);
    assert_int_equal(sim->servers[1].taken, 1);
    sim_fini(sim);
}

static void what_no_rule_matches_is_answered_here(void **state)
{
    struct sim_ask grpc = { .header = "content-type",
                            .value = "application/grpc" };
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - match: [{uri: {prefix: /other}}]\n"
                "    route: [{destination: {host: web}}]\n"),
          1);
    call = ask(&get);
    expect(&call, 404, "NR");
    call = ask(&grpc); /* a gRPC caller looks for its reason elsewhere */
    expect(&call, 200, "NR");
    assert_int_not_equal(call.code, 0);
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

static void weights_share_the_requests(void **state)
{
    (void)state;
    begin(ROUTE("  - route:\n"
                "    - {destination: {host: web, subset: v1}, weight: 80}\n"
                "    - {destination: {host: web, subset: v2}, weight: 20}\n")
              RULE(SUBSETS),
          2);
    for (int i = 0; i < 200; i++) {
        struct sim_call call = ask(&get);

        expect(&call, 200, "-");
    }
    assert_in_range(sim->servers[1].taken, 15, 70);
    sim_fini(sim);
}

/* --- client: pick --- */

static void pick_goes_round(void **state)
{
    (void)state;
    begin(RULE("  trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}\n"), 3);
    for (int i = 0; i < 9; i++) {
        struct sim_call call = ask(&get);

        expect(&call, 200, "-");
    }
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(sim->servers[i].taken, 3);
    sim_fini(sim);
}

static void a_retry_goes_elsewhere(void **state)
{
    size_t failed = 0;

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 1, retryOn: '5xx'}\n")
              RULE("  trafficPolicy: {loadBalancer: {simple: RANDOM}}\n"),
          2);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    for (int i = 0; i < 100; i++)
        failed += ask(&get).status != 200;
    assert_in_range(failed, 0, 8);
    sim_fini(sim);
}

#define BALANCE(block) RULE("  trafficPolicy: {loadBalancer: {" block "}}\n")

static void a_key_has_its_endpoint(void **state)
{
    struct sim_ask ann = { .header = "x-user", .value = "ann" };
    char endpoint[64];

    (void)state;
    begin(BALANCE("consistentHash: {httpHeaderName: x-user}"), 3);
    for (int i = 0; i < 30; i++) {
        struct sim_call call = ask(&ann);

        expect(&call, 200, "-");
        if (i > 0)
            assert_string_equal(call.endpoint, endpoint);
        memcpy(endpoint, call.endpoint, sizeof(endpoint));
    }
    sim_fini(sim);
}

static void a_cookie_brings_the_caller_back(void **state)
{
    struct sim_ask with = { .header = "cookie" };
    struct sim_call first, call;
    char pair[64];

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 2, retryOn: '5xx'}\n")
              BALANCE("consistentHash: {httpCookie: {name: user, ttl: 60s, "
                      "path: /p}}"),
          3);
    for (int i = 0; i < 10; i++) {
        first = ask(&get);
        expect(&first, 200, "-");
        assert_int_equal(first.cookies, 1);
        assert_non_null(
            strstr(first.cookie, "\"; Max-Age=60; Path=/p; HttpOnly"));
        (void)snprintf(pair, sizeof(pair), "%.23s", first.cookie);
        with.value = pair;
        call = ask(&with);
        assert_int_equal(call.cookies, 0);
        assert_string_equal(call.endpoint, first.endpoint);
    }
    for (size_t i = 0; i < 3; i++) {
        sim->servers[i].manner = SIM_REFUSES;
        sim->servers[i].status = 503;
    }
    first = ask(&get); /* seen: one for each attempt */
    expect(&first, 503, "URX");
    assert_int_equal(first.cookies, 3);
    sim_fini(sim);
}

/* A workload where nobody listens comes first; the second retry leaves it. */
static void a_retry_leaves_its_locality(void **state)
{
    const struct mesh_address gone = { 4, SIM_PORT, { 10, 0, 7, 7 } };

    (void)state;
    begin(
        ROUTE(TO_WEB "    retries: {attempts: 2, retryOn: connect-failure, "
                     "retryRemoteLocalities: true}\n")
            RULE(
                "  trafficPolicy:\n"
                "    outlierDetection: {interval: 600s}\n"
                "    loadBalancer: {localityLbSetting: {failoverPriority: "
                "[spot=first]}}\n") "apiVersion: networking.istio.io/v1\nkind: "
                                    "WorkloadEntry\n"
                                    "metadata: {name: gone, namespace: demo}\n"
                                    "spec: {address: 10.0.7.7, labels: {app: "
                                    "web, spot: first}, "
                                    "serviceAccount: web}\n---\n",
        2);
    mesh__world_set_refused(sim->world, &gone, true, false);
    for (int i = 0; i < 10; i++) {
        struct sim_call call = ask(&get);

        expect(&call, 200, "-");
        assert_int_equal(call.attempts, 3);
    }
    sim_fini(sim);
}

static void nobody_to_send_to_is_said(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - route: [{destination: {host: web, subset: v9}}]\n")
              RULE(SUBSETS),
          1);
    call = ask(&get);
    expect(&call, 503, "UH");
    assert_int_equal(sim->last_attempts, 1);
    sim_fini(sim);
}

/* As Envoy counts: whoever finds nobody has tried. */
static void nobody_left_is_one_attempt_more(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 3, retryOn: '5xx'}\n")
              RULE("  trafficPolicy:\n"
                   "    outlierDetection: {consecutive5xxErrors: 2,\n"
                   "      baseEjectionTime: 30s, maxEjectionPercent: 100}\n"),
          1);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    call = ask(&get);
    expect(&call, 503, "UH");
    assert_int_equal(call.attempts, 2);
    assert_int_equal(sim->last_attempts, 3);
    sim_fini(sim);
}

/* --- client: link --- */

static void begin_three(struct sim_call *calls)
{
    for (int i = 0; i < 3; i++)
        sim->servers[i % (int)sim->server_count].manner = SIM_STALLS;
    for (int i = 0; i < 3; i++) {
        assert_true(sim_begin(sim, &get, &calls[i]));
        sim_pass(sim, 100 * MESH__MS);
    }
}

static void end_three(struct sim_call *calls)
{
    for (int i = 0; i < 3; i++)
        sim_end(sim, &calls[i]);
}

static void connections_have_a_ceiling(void **state)
{
    struct sim_call calls[3];

    (void)state;
    begin(POOL("maxConnections: 1", "http1MaxPendingRequests: 10"), 1);
    begin_three(calls);
    assert_int_equal(mesh__world_connections(sim->world), 1);
    end_three(calls);
    sim_fini(sim);
}

static void those_who_wait_have_a_ceiling(void **state)
{
    struct sim_call calls[3];

    (void)state;
    begin(POOL("maxConnections: 1", "http1MaxPendingRequests: 1")
              ROUTE(TO_WEB ONCE),
          1);
    begin_three(calls);
    assert_false(calls[0].done || calls[1].done);
    assert_true(calls[2].done);
    expect(&calls[2], 503, "UO");
    end_three(calls);
    sim_fini(sim);
}

static void requests_have_a_ceiling(void **state)
{
    struct sim_call calls[3];

    (void)state;
    begin(POOL("maxConnections: 10", "http2MaxRequests: 2") ROUTE(TO_WEB ONCE),
          1);
    begin_three(calls);
    assert_false(calls[0].done || calls[1].done);
    assert_true(calls[2].done);
    expect(&calls[2], 503, "UO");
    end_three(calls);
    sim_fini(sim);
}

static void what_was_counted_is_given_back(void **state)
{
    (void)state;
    begin(POOL("maxConnections: 10", "http2MaxRequests: 1"), 1);
    for (int i = 0; i < 3; i++) {
        struct sim_call call = ask(&get);

        expect(&call, 200, "-");
    }
    sim_fini(sim);
}

static void a_connection_serves_as_often_as_it_may(void **state)
{
    (void)state;
    begin(POOL("maxConnections: 10", "maxRequestsPerConnection: 2"), 1);
    for (int i = 0; i < 4; i++)
        (void)ask(&get);
    assert_int_equal(mesh__world_connections(sim->world), 2);
    sim_fini(sim);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    begin(POOL("maxConnections: 10", "idleTimeout: 2s"), 1);
    (void)ask(&get);
    sim_pass(sim, MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 3);
    sim_pass(sim, 2 * MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 1);
    sim_fini(sim);
}

static void a_connection_is_looked_at_before_it_serves_again(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB ONCE), 1);
    sim->link.keeps_idle = false;
    sim->servers[0].env.keep_alive_ns = MESH__S;
    call = ask(&get);
    expect(&call, 200, "-");
    sim_pass(sim, 3 * MESH__S);
    call = ask(&get);
    expect(&call, 200, "-");
    sim_fini(sim);
}

static void who_answers_must_be_who_was_meant(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB ONCE), 1);
    sim_wear(sim, 0, "spiffe://cluster.local/ns/demo/sa/other");
    call = ask(&get);
    expect(&call, 503, "UF");
    assert_non_null(strstr(call.line, "sa/other"));
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

static void the_mesh_is_spoken_where_it_is_understood(void **state)
{
    struct sim_call call;

    (void)state;
    begin(PEERS("STRICT"), 1);
    call = ask(&get);
    expect(&call, 200, "-");
    assert_string_equal(call.principal,
                        "spiffe://cluster.local/ns/demo/sa/web");
    sim_fini(sim);
}

static void plaintext_is_spoken_where_the_mesh_is_not(void **state)
{
    struct sim_call call;

    (void)state;
    begin(PEERS("DISABLE"), 1);
    call = ask(&get);
    expect(&call, 200, "-");
    assert_string_equal(call.principal, "");
    sim_fini(sim);
}

static void a_connection_has_its_time_to_be_made(void **state)
{
    struct sim_call call;

    (void)state;
    begin(POOL("connectTimeout: 3s", "") ROUTE(TO_WEB ONCE), 1);
    refuse_connections(true);
    call = ask(&get);
    expect(&call, 503, "UF");
    expect_about(call.took_ns, 3 * MESH__S);
    sim_fini(sim);
}

/* --- client: how long --- */

static void a_request_has_its_time(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    timeout: 4s\n" ONCE), 1);
    sim->servers[0].manner = SIM_STALLS;
    call = ask(&get);
    expect(&call, 504, "UT");
    expect_about(call.took_ns, 4 * MESH__S);
    sim_fini(sim);
}

static void an_attempt_has_its_time(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    timeout: 9s\n"
                       "    retries: {attempts: 1, perTryTimeout: 2s,\n"
                       "              retryOn: '5xx'}\n"),
          1);
    sim->servers[0].manner = SIM_STALLS;
    call = ask(&get);
    expect(&call, 504, "URX,UT");
    assert_int_equal(call.attempts, 2);
    expect_about(call.took_ns, 4 * MESH__S);
    sim_fini(sim);
}

static void a_caller_has_its_own_time(void **state)
{
    struct sim_ask soon = get;
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    timeout: 9s\n"), 1);
    sim->servers[0].manner = SIM_STALLS;
    soon.deadline_ns = MESH__S;
    call = ask(&soon);
    assert_int_equal(call.code, MESH_ERR_TIMEOUT);
    expect_about(call.took_ns, MESH__S);
    sim_fini(sim);
}

static void an_answer_goes_on_or_ends(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB ONCE), 1);
    sim->servers[0].manner = SIM_HALVES;
    sim->env.body_idle_ns = 7 * MESH__S;
    call = ask(&get);
    assert_int_equal(call.code, MESH_ERR_TIMEOUT);
    assert_int_equal(call.got_len, 5);
    expect_about(call.took_ns, 7 * MESH__S);
    sim_fini(sim);
}

/* --- client: judge --- */

static void an_outcome_is_reported(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB ONCE)
              RULE("  trafficPolicy:\n"
                   "    outlierDetection: {consecutive5xxErrors: 3,\n"
                   "      baseEjectionTime: 30s, maxEjectionPercent: 100}\n"),
          1);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 503;
    for (int i = 0; i < 3; i++)
        (void)ask(&get);
    sim_pass(sim, 2 * MESH__S);
    call = ask(&get);
    expect(&call, 503, "UH");
    assert_int_equal(sim->servers[0].taken, 3);
    sim_fini(sim);
}

static void a_connection_is_reported(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB ONCE) RULE("  trafficPolicy:\n"
                                  "    outlierDetection:\n"
                                  "      splitExternalLocalOriginErrors: true\n"
                                  "      consecutiveLocalOriginFailures: 2\n"
                                  "      baseEjectionTime: 30s\n"
                                  "      maxEjectionPercent: 100\n"),
          1);
    for (int i = 0; i < 3; i++) {
        refuse_connections(false);
        call = ask(&get);
        expect(&call, 503, "UF");
        mesh__world_set_refused(sim->world, &sim->servers[0].address, false,
                                false);
        call = ask(&get);
        expect(&call, 200, "-");
        sim_hang_up(sim);
    }
    sim_fini(sim);
}

/* Seen: each attempt that has a connection counts as reached, on a used one
 * too, so that timeouts never add up where the two are told apart. */
static void a_connection_is_reported_each_time(void **state)
{
    struct sim_ask post = { .streamed = true, .body = huge, .body_len = 65536 };
    struct sim_call calls[2];
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB ONCE "    timeout: 1s\n")
              RULE("  trafficPolicy:\n"
                   "    outlierDetection:\n"
                   "      splitExternalLocalOriginErrors: true\n"
                   "      consecutiveLocalOriginFailures: 2\n"
                   "      maxEjectionPercent: 100\n"),
          1);
    for (int i = 0; i < 2; i++)
        assert_true(sim_begin(sim, &post, &calls[i]));
    assert_true(sim_await(sim, calls, 2, 10 * MESH__S));
    assert_int_equal(mesh__world_connections(sim->world), 2);
    sim->servers[0].manner = SIM_STALLS;
    for (int i = 0; i < 2; i++) {
        sim_end(sim, &calls[i]);
        call = ask(&get);
        expect(&call, 504, "UT");
    }
    assert_int_equal(mesh__world_connections(sim->world), 2);
    sim->servers[0].manner = SIM_ECHOES;
    call = ask(&get);
    expect(&call, 200, "-");
    sim_fini(sim);
}

static void what_may_be_tried_again_is(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 3, retryOn: '5xx'}\n"), 1);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    sim->servers[0].good_for = 2;
    call = ask(&get);
    expect(&call, 200, "-");
    assert_int_equal(call.attempts, 3);
    sim_fini(sim);
}

static void between_attempts_there_is_a_pause(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 3, retryOn: '5xx'}\n"), 1);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    call = ask(&get);
    expect(&call, 500, "URX");
    assert_in_range(call.took_ns, MESH__MS, 500 * MESH__MS);
    sim_fini(sim);
}

static void what_is_not_kept_is_not_sent_again(void **state)
{
    struct sim_ask big = { .body = huge, .body_len = HUGE };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 3, retryOn: '5xx'}\n"), 1);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    call = ask(&big);
    expect(&call, 500, "-");
    assert_int_equal(call.attempts, 1);
    sim_fini(sim);
}

static void what_must_not_happen_twice_does_not(void **state)
{
    struct sim_ask pay = { .path = "/echo", .idempotent = 2 };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 3, retryOn: '5xx'}\n"), 1);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    call = ask(&pay);
    expect(&call, 500, "-");
    assert_int_equal(sim->servers[0].taken, 1);
    assert_int_equal(call.sent, MESH__SENT_YES);
    sim_fini(sim);
}

/* A socket that takes nothing the first time it is asked, in plaintext. */
static struct mesh_port_ops stubborn;
static int64_t (*real_send)(struct mesh_port *, int, const struct mesh_slice *,
                            size_t);
static unsigned full_for;

static int64_t send_later(struct mesh_port *port, int fd,
                          const struct mesh_slice *slices, size_t count)
{
    if (full_for) {
        full_for--;
        return -EAGAIN;
    }
    return real_send(port, fd, slices, count);
}

static void be_stubborn(unsigned times)
{
    struct mesh_port *port = mesh__loop_port(sim->loops[0]);

    stubborn = *port->ops;
    real_send = stubborn.send;
    stubborn.send = send_later;
    port->ops = &stubborn;
    full_for = times;
}

/* istio 13851: what left the process late left it all the same. */
static void what_left_later_was_sent(void **state)
{
    struct sim_ask pay = { .path = "/echo", .idempotent = 2 };
    struct sim_call call;

    (void)state;
    begin(PEERS("DISABLE")
              ROUTE(TO_WEB "    retries: {attempts: 3, perTryTimeout: 1s,\n"
                           "              retryOn: '5xx'}\n"),
          1);
    be_stubborn(1);
    sim->servers[0].manner = SIM_STALLS;
    call = ask(&pay);
    expect(&call, 504, "UT");
    assert_int_equal(call.attempts, 1);
    assert_int_equal(call.sent, MESH__SENT_MAYBE);
    assert_int_equal(sim->servers[0].taken, 1);
    sim_fini(sim);
}

/* And what never left may be sent again, however often it was tried. */
static void what_never_left_was_not_sent(void **state)
{
    struct sim_ask pay = { .path = "/echo", .idempotent = 2 };
    struct sim_call call;

    (void)state;
    begin(PEERS("DISABLE")
              ROUTE(TO_WEB "    retries: {attempts: 2, perTryTimeout: 1s,\n"
                           "              retryOn: 'connect-failure'}\n"),
          1);
    refuse_connections(false);
    call = ask(&pay);
    expect(&call, 503, "URX,UF");
    assert_int_equal(call.attempts, 3);
    assert_int_equal(call.sent, MESH__SENT_NEVER);
    sim_fini(sim);
}

static void a_stream_that_died_on_the_shelf_is_nobodys_answer(void **state)
{
    struct sim_ask harmless = { .path = "/echo", .idempotent = 1 };
    struct sim_call call;
    uint64_t once;

    (void)state;
    begin(PEERS("DISABLE") ROUTE(TO_WEB ONCE), 1);
    (void)ask(&get);
    once = mesh__world_moved(sim->world, true);
    sim_hang_up(sim);
    mesh__world_set_fault(sim->world, MESH__FAULT_RESET, 0, true, once + 5);
    call = ask(&get);
    expect(&call, 200, "-");
    call = ask(&harmless);
    expect(&call, 200, "-");
    assert_int_equal(call.attempts, 2);
    sim_fini(sim);
}

/* No decision comes after that: the call is cancelled in its second try. */
static void a_retrys_slot_is_given_back(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 1, retryOn: '5xx'}\n"), 1);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    sim->servers[0].good_for = 1;
    sim->servers[0].then = SIM_STALLS;
    assert_true(sim_begin(sim, &get, &call));
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->servers[0].taken, 2);
    sim_end(sim, &call);
    sim_fini(sim); /* counts what is left */
}

/* --- server: who comes in --- */

#define RAW_GET(path)                                                          \
    "GET " path " HTTP/1.1\r\nhost: web\r\nx-id: 1\r\nx-length: 0\r\n\r\n"

static void plaintext_has_no_place_under_strict(void **state)
{
    (void)state;
    begin(PEERS("STRICT"), 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, RAW_GET("/echo/0"));
    assert_int_equal(sim->raw.ended, 'F');
    assert_int_equal(sim->raw.len, 0);
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

/* Refused by its ClientHello: nothing goes back. */
static void tls_of_others_has_no_place_under_permissive(void **state)
{
    static const char *const alpn[] = { "http/1.1" };
    struct mesh_tls_profile profile = {
        .role = MESH__TLS_CLIENT, .sni = "web", .alpn = alpn, .alpn_count = 1
    };
    struct mesh_tls_config *config;

    (void)state;
    begin(PEERS("PERMISSIVE"), 1);
    (void)mesh__identity_get(&sim->identity, &profile.credential,
                             &profile.bundle);
    assert_int_equal(
        sim->engine->config_new(sim->engine, &profile, NULL, &config), 0);
    sim_raw_open(sim, config);
    assert_int_equal(mesh__world_moved(sim->world, false), 0);
    assert_int_not_equal(sim->raw.ended, '.');
    sim->engine->config_unref(config);
    mesh__credential_unref(profile.credential);
    mesh__bundle_unref(profile.bundle);
    sim_fini(sim);
}

static void a_peer_of_another_trust_domain_is_refused(void **state)
{
    struct sim_call call;

    (void)state;
    begin(PEERS("STRICT") ROUTE(TO_WEB ONCE), 1);
    sim_dress(sim, "spiffe://elsewhere/ns/demo/sa/front", SIM_WALL_S + 1000);
    call = ask(&get);
    assert_int_equal(call.status, 503);
    assert_int_equal(atomic_load(&sim->servers[0].link.stats.handshakes_failed),
                     1);
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

static void a_policy_counts_that_came_during_the_handshake(void **state)
{
    struct sim_call call;

    (void)state;
    begin(PEERS("PERMISSIVE") ROUTE(TO_WEB ONCE), 1);
    mesh__world_set_delay(sim->world, 10 * MESH__MS, 10 * MESH__MS);
    assert_true(sim_begin(sim, &get, &call));
    sim_pass(sim, 35 * MESH__MS); /* the ClientHello is there */
    sim_obey(sim, PEERS("DISABLE"));
    assert_true(sim_await(sim, &call, 1, 60 * MESH__S));
    assert_int_equal(sim->servers[0].taken, 0);
    sim_end(sim, &call);
    sim_fini(sim);
}

static void open_connections_are_judged_again(void **state)
{
    (void)state;
    begin(PEERS("PERMISSIVE"), 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, RAW_GET("/echo/0"));
    assert_int_equal(sim->servers[0].taken, 1);
    sim_obey(sim, PEERS("PERMISSIVE"));
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->raw.ended, '.');
    sim_obey(sim, PEERS("STRICT"));
    sim_pass(sim, MESH__S);
    assert_int_not_equal(sim->raw.ended, '.');
    sim_fini(sim);
}

static void who_expired_is_judged_again(void **state)
{
    (void)state;
    begin(PEERS("STRICT"), 1);
    sim_dress(sim, "spiffe://cluster.local/ns/demo/sa/front", SIM_WALL_S + 100);
    (void)ask(&get);
    sim_pass(sim, 50 * MESH__S);
    sim_obey(sim, PEERS("STRICT"));
    sim_pass(sim, MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 3);
    sim_pass(sim, 100 * MESH__S);
    sim_obey(sim, PEERS("STRICT"));
    sim_pass(sim, MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 1);
    sim_fini(sim);
}

/* --- server: name and allow --- */

static void the_path_is_judged_in_one_form(void **state)
{
    (void)state;
    begin(GUARD("DENY", "  - to: [{operation: {paths: ['/admin*']}}]\n"), 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, RAW_GET("/x/../admin/0"));
    assert_memory_equal(sim->raw.heard, "HTTP/1.1 403 ", 13);
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

static void a_tunnel_is_not_served(void **state)
{
    (void)state;
    begin("", 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, "CONNECT web:80 HTTP/1.1\r\nhost: web:80\r\n\r\n");
    assert_memory_equal(sim->raw.heard, "HTTP/1.1 404 ", 13);
    assert_int_equal(sim->raw.ended, 'F');
    assert_string_equal(sim->servers[0].last_flags, "NR");
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

static void policy_is_asked(void **state)
{
    struct sim_ask post = { .path = "/echo", .body = "abc", .body_len = 3 };
    struct sim_call call;

    (void)state;
    begin(GUARD("ALLOW", "  - to: [{operation: {methods: [POST]}}]\n"), 1);
    call = ask(&post);
    expect(&call, 200, "-");
    call = ask(&get);
    assert_int_equal(call.status, 403);
    assert_string_equal(call.text, "RBAC: access denied");
    assert_int_equal(sim->servers[0].taken, 1);
    sim_fini(sim);
}

static void policy_is_told_who_asks(void **state)
{
    struct sim_call call;

    (void)state;
    begin(GUARD("ALLOW", "  - from: [{source: {principals:\n"
                         "      [cluster.local/ns/demo/sa/front]}}]\n"),
          1);
    call = ask(&get);
    expect(&call, 200, "-");
    sim_hang_up(sim);
    sim_dress(sim, "spiffe://cluster.local/ns/demo/sa/other",
              SIM_WALL_S + 1000);
    call = ask(&get);
    assert_int_equal(call.status, 403);
    assert_int_equal(sim->servers[0].taken, 1);
    sim_fini(sim);
}

static void nobody_says_for_itself_who_it_is(void **state)
{
    (void)state;
    begin("", 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, "GET /echo/0 HTTP/1.1\r\nhost: web\r\n"
                     "x-forwarded-client-cert: URI=spiffe://a/b\r\n\r\n");
    assert_memory_equal(sim->raw.heard, "HTTP/1.1 200 ", 13);
    assert_string_equal(sim->servers[0].last_cert, "");
    sim_fini(sim);
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    begin("", 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, "GET /echo/0 HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n");
    assert_memory_equal(sim->raw.heard, "HTTP/1.1 400 ", 13);
    assert_int_equal(sim->raw.ended, 'F');
    sim_fini(sim);
}

static void a_head_has_its_ceiling(void **state)
{
    char *head = mesh__malloc(100001);

    (void)state;
    assert_non_null(head);
    memset(head, 'a', 100000);
    head[100000] = '\0';
    memcpy(head, "GET /", 5);
    begin("", 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, head);
    assert_memory_equal(sim->raw.heard, "HTTP/1.1 431 ", 13);
    sim_fini(sim);
    mesh__free(head);
}

/* --- server: how long --- */

/* Where nothing comes: still there before, gone after. */
static void expect_end(uint64_t ns)
{
    sim_pass(sim, ns - MESH__S);
    assert_int_equal(sim->raw.ended, '.');
    sim_pass(sim, 2 * MESH__S);
    assert_int_not_equal(sim->raw.ended, '.');
}

static void first_bytes_come_in_time(void **state)
{
    (void)state;
    begin("", 1);
    sim_raw_open(sim, NULL);
    expect_end(15 * MESH__S);
    assert_int_equal(sim->raw.len, 0);
    sim_fini(sim);
}

static void a_handshake_ends_in_time(void **state)
{
    struct sim_call call;

    (void)state;
    begin(PEERS("STRICT") ROUTE(TO_WEB ONCE), 1);
    sim->servers[0].env.handshake_ns = 5 * MESH__S;
    mesh__world_set_fault(sim->world, MESH__FAULT_STALL, 0, false, 0);
    assert_true(sim_begin(sim, &get, &call));
    sim_pass(sim, 4 * MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 3);
    sim_pass(sim, 2 * MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 2);
    sim_end(sim, &call);
    sim_fini(sim);
}

static void a_head_comes_in_time(void **state)
{
    (void)state;
    begin("", 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, "GET /echo/0 HTTP/1.1\r\nhost: web\r\n");
    expect_end(30 * MESH__S);
    assert_memory_equal(sim->raw.heard, "HTTP/1.1 408 ", 13);
    sim_fini(sim);
}

static void a_body_goes_on_or_ends(void **state)
{
    (void)state;
    begin("", 1);
    sim->servers[0].env.body_idle_ns = 20 * MESH__S;
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, "POST /echo/0 HTTP/1.1\r\nhost: web\r\n"
                     "content-length: 9\r\n\r\nhalf");
    expect_end(20 * MESH__S);
    assert_memory_equal(sim->raw.heard, "HTTP/1.1 408 ", 13);
    sim_fini(sim);
}

static void an_idle_peer_is_let_go(void **state)
{
    (void)state;
    begin("", 1);
    sim->servers[0].env.keep_alive_ns = 40 * MESH__S;
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, RAW_GET("/echo/0"));
    expect_end(40 * MESH__S);
    sim_fini(sim);
}

static void who_does_not_read_is_let_go(void **state)
{
    char *request = mesh__malloc(SIM_BODY + 1);
    int head;

    (void)state;
    assert_non_null(request);
    memset(request, 'b', SIM_BODY);
    head = snprintf(request, SIM_BODY,
                    "POST /pieces/0 HTTP/1.1\r\nhost: web\r\n"
                    "content-length: 250000\r\n\r\n");
    request[head] = 'b';
    request[head + 250000] = '\0';
    begin("", 1);
    sim->servers[0].env.body_idle_ns = 20 * MESH__S;
    sim_raw_open(sim, NULL);
    sim->raw.deaf = true;
    sim_raw_say(sim, request);
    assert_int_equal(mesh__world_open(sim->world), 3);
    sim_pass(sim, 19 * MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 3);
    sim_pass(sim, 2 * MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 2);
    sim_fini(sim);
    mesh__free(request);
}

static void who_does_not_leave_is_left(void **state)
{
    (void)state;
    begin("", 1);
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, "no request\r\n\r\n");
    assert_int_equal(sim->raw.ended, 'F');
    sim_pass(sim, 3 * MESH__S);
    assert_int_equal(mesh__world_open(sim->world), 2);
    sim_fini(sim);
}

static void a_closing_server_waits_and_not_for_ever(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB ONCE), 1);
    sim->servers[0].manner = SIM_STALLS;
    assert_true(sim_begin(sim, &get, &call));
    sim_pass(sim, MESH__S);
    sim_close(sim, 0);
    sim_pass(sim, 4 * MESH__S);
    assert_false(call.done);
    sim_pass(sim, 2 * MESH__S);
    assert_true(call.done);
    expect(&call, 503, "UC");
    sim_end(sim, &call);
    sim_fini(sim);
}

/* --- the shorter tables: streams of a protocol of their own --- */

static struct mesh_stream_server *streams;
static struct mesh_server_env streams_env;
static size_t streams_taken;
static struct mesh_plain plains[3];
static char streams_logged[256]; /* the last record of each side */
static char streams_served[256];

/* "FLAGS CLUSTER ATTEMPTS TAKEN/GIVEN TERMINATION", then the server name */
static void print_stream(const struct mesh_facts *facts, char out[256])
{
    char flags[MESH__FLAGS_TEXT];

    mesh__flags_print(&facts->flags, flags);
    (void)snprintf(out, 256, "%s %s %u %llu/%llu %s%.*s", flags,
                   facts->upstream_cluster, facts->attempts,
                   (unsigned long long)facts->bytes_received,
                   (unsigned long long)facts->bytes_sent, facts->termination,
                   facts->inbound ? 0 : (int)facts->sni.len, facts->sni.at);
    assert_int_equal(facts->status, 0);
    assert_true(facts->start_wall_ns > 0);
    assert_true(facts->end_ns >= facts->start_ns);
}

static void on_stream_called(void *user, const struct mesh_facts *facts)
{
    (void)user;
    assert_false(facts->inbound);
    assert_int_equal(strlen(streams_logged), 0);
    print_stream(facts, streams_logged);
}

static void on_stream_served(void *user, const struct mesh_facts *facts)
{
    (void)user;
    assert_true(facts->inbound);
    assert_string_equal(facts->peer, "spiffe://cluster.local/ns/demo/sa/front");
    print_stream(facts, streams_served);
}

static void on_streams(struct mesh_stream_server *server)
{
    streams_taken += mesh__stream_server_waiting(server);
}

/* Nobody reads: what comes is not waited for. */
static void on_plain(struct mesh_plain *plain)
{
    (void)mesh__stream_want(plain->stream, false);
}

static void begin_streams(const char *policy)
{
    struct mesh_address at;

    begin(policy, 1);
    at = sim->servers[0].address;
    at.port = SIM_PLAIN_PORT;
    streams_env = sim->servers[0].env;
    streams_env.record = on_stream_served;
    sim->env.record = on_stream_called;
    streams_taken = 0;
    streams_logged[0] = streams_served[0] = '\0';
    mesh__loop_enter(sim->servers[0].loop);
    assert_int_equal(mesh__stream_server_new(&streams_env, &at, 0, on_streams,
                                             NULL, &streams),
                     0);
    mesh__loop_leave(sim->servers[0].loop);
}

static int connect_plain(struct mesh_plain *plain, const char *service)
{
    int rc;

    streams_logged[0] = '\0';
    mesh__loop_enter(sim->loops[0]);
    rc = mesh__plain_connect(plain, &sim->env, mesh__slice_of(service), 90,
                             on_plain, NULL);
    mesh__loop_leave(sim->loops[0]);
    mesh__error_clear();
    sim_pass(sim, MESH__S);
    return rc;
}

static void close_plain(struct mesh_plain *plain)
{
    mesh__loop_enter(sim->loops[0]);
    mesh__plain_close(plain, false);
    mesh__loop_leave(sim->loops[0]);
}

static void end_streams(void)
{
    mesh__loop_enter(sim->servers[0].loop);
    mesh__stream_server_free(streams);
    mesh__loop_leave(sim->servers[0].loop);
    sim_fini(sim);
}

static void a_stream_goes_where_it_was_meant_to(void **state)
{
    (void)state;
    begin_streams(PEERS("STRICT") "outboundTrafficPolicy: {mode: "
                                  "REGISTRY_ONLY}\n");
    assert_int_equal(connect_plain(&plains[0], "nobody"), MESH_ERR_NO_ROUTE);
    assert_string_equal(streams_logged, "UH BlackHoleCluster 0 0/0 ");
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_true(plains[0].ready);
    assert_int_equal(streams_taken, 1);
    plains[0].stream->given = 7; /* as its program would count */
    plains[0].stream->taken = 11;
    assert_string_equal(streams_logged, "");
    close_plain(&plains[0]);
    assert_string_equal(streams_logged,
                        "- outbound|90||web.demo.svc.cluster.local 1 7/11 ");
    assert_string_equal(streams_served, "");
    end_streams();
    assert_string_equal(streams_served, "- inbound|9090|| 1 0/0 ");
}

#define STREAMS(rest)                                                          \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: streams, namespace: demo}\n"                             \
    "spec:\n  hosts: [web]\n  tcp:\n" rest "---\n"

/* The same endpoints behind another name: a stream's destination tells. */
static void a_route_leads_a_stream_elsewhere(void **state)
{
    (void)state;
    begin_streams(STREAMS("  - route: [{destination: {host: web, subset: v1}}]"
                          "\n") RULE(SUBSETS));
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_true(plains[0].ready);
    assert_string_equal(plains[0].destination->subset, "v1");
    assert_int_equal(streams_taken, 1);
    close_plain(&plains[0]);
    assert_string_equal(streams_logged,
                        "- outbound|90|v1|web.demo.svc.cluster.local 1 0/0 ");
    end_streams();
}

static void a_streams_route_may_lead_nowhere(void **state)
{
    (void)state;
    begin_streams(STREAMS("  - match: [{destinationSubnets: [10.0.0.0/8]}]\n"
                          "    route: [{destination: {host: gone}}]\n"
                          "  - route: [{destination: {host: web, subset: v9}}]"
                          "\n"));
    assert_int_equal(connect_plain(&plains[0], "web"), MESH_ERR_NO_ROUTE);
    assert_string_equal(streams_logged, "NC  0 0/0 ");
    assert_int_equal(streams_taken, 0);
    end_streams();
}

/* Nobody looks at the bytes: the name that was asked for is the one in them. */
static void a_stream_of_tls_tells_its_server_name(void **state)
{
    (void)state;
    begin_streams(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
        "metadata: {name: tls, namespace: demo}\n"
        "spec: {hosts: [tls.example], resolution: STATIC,\n"
        "  ports: [{number: 90, name: tls, protocol: TLS, targetPort: 9090}],\n"
        "  endpoints: [{address: 10.0.0.1}]}\n");
    assert_int_equal(connect_plain(&plains[0], "tls.example"), 0);
    assert_true(plains[0].ready);
    close_plain(&plains[0]);
    assert_string_equal(streams_logged,
                        "- outbound|90||tls.example 1 0/0 tls.example");
    end_streams();
}

static void streams_have_a_ceiling(void **state)
{
    (void)state;
    begin_streams(POOL("maxConnections: 1", ""));
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_int_equal(connect_plain(&plains[1], "web"), MESH_ERR_OVERFLOW);
    assert_string_equal(streams_logged,
                        "UO outbound|90||web.demo.svc.cluster.local 0 0/0 ");
    streams_logged[0] = '\0';
    close_plain(&plains[0]);
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    close_plain(&plains[0]);
    end_streams();
}

#define TCP(bounds)   "connectionPool: {tcp: {" bounds "}}"
#define BOUND(bounds) RULE("  trafficPolicy: {" TCP(bounds) "}\n")

static const struct {
    const char *claim;
    const char *policy;
    unsigned over_s; /* 0: never */
    const char *line;
} stream_rows[] = {
    { "an hour where nothing is said", "", 3600,
      "idle for 3600000 ms: idleTimeout" },
    { "what the host says", BOUND("idleTimeout: 60s"), 60,
      "idle for 60000 ms: idleTimeout" },
    { "0s is never", BOUND("idleTimeout: 0s"), 0, NULL },
    { "less than a millisecond, too", BOUND("idleTimeout: 0.5ms"), 0, NULL },
    { "open for so long",
      BOUND("idleTimeout: 0s, maxConnectionDuration: 1000s"), 1000,
      "open for 1000000 ms: maxConnectionDuration" },
    { "whichever comes first",
      BOUND("idleTimeout: 60s, maxConnectionDuration: 50s"), 50,
      "open for 50000 ms: maxConnectionDuration" },
    { "http says nothing about streams",
      RULE("  trafficPolicy: {connectionPool: {tcp: {idleTimeout: 60s}, "
           "http: {idleTimeout: 30s}}}\n"),
      60, "idle for 60000 ms: idleTimeout" },
    { "a port says nothing",
      RULE("  trafficPolicy: {portLevelSettings: [{port: {number: 90}, " TCP(
          "idleTimeout: 60s, maxConnectionDuration: 50s") "}]}\n"),
      3600, "idle for 3600000 ms: idleTimeout" },
    { "a port hides nothing",
      RULE("  trafficPolicy: {" TCP(
          "idleTimeout: 60s") ", portLevelSettings: "
                              "[{port: {number: 90}, " TCP(
                                  "maxConnections: 9") "}]}\n"),
      60, "idle for 60000 ms: idleTimeout" },
    { "a subset says nothing",
      STREAMS("  - route: [{destination: {host: web, subset: v1}}]\n")
          RULE("  trafficPolicy: {" TCP(
              "idleTimeout: 60s") "}\n"
                                  "  subsets: [{name: v1, labels: {version: "
                                  "v1}, "
                                  "trafficPolicy: {" TCP(
                                      "idleTimeout: 30s, "
                                      "maxConnectionDuration: 20s") "}}]\n"),
      60, "idle for 60000 ms: idleTimeout" },
    { "nor do the mesh's defaults",
      "defaultTrafficPolicy: {" TCP("idleTimeout: 60s, "
                                    "maxConnectionDuration: 50s") "}\n",
      3600, "idle for 3600000 ms: idleTimeout" },
};

static void a_stream_stays_no_longer_than_it_may(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stream_rows) / sizeof(stream_rows[0]); i++) {
        uint64_t over_ns = stream_rows[i].over_s * MESH__S;
        struct mesh_stream *stream;

        begin_streams(stream_rows[i].policy);
        assert_int_equal(connect_plain(&plains[0], "web"), 0);
        assert_true(plains[0].ready);
        stream = plains[0].stream;
        sim_pass(sim, over_ns ? over_ns - 2 * MESH__S : 100000 * MESH__S);
        if (stream->state != MESH__STREAM_READY)
            fail_msg("%s: %s", stream_rows[i].claim, stream->line);
        sim_pass(sim, 2 * MESH__S);
        if (over_ns && stream->state != MESH__STREAM_FAILED)
            fail_msg("%s: still there", stream_rows[i].claim);
        if (over_ns) {
            assert_int_equal(stream->code, MESH_ERR_CLOSED);
            assert_string_equal(stream->line, stream_rows[i].line);
        }
        close_plain(&plains[0]);
        assert_int_equal(strncmp(streams_logged, "DT outbound|90|", 15) == 0,
                         over_ns &&
                             strncmp(stream_rows[i].line, "open", 4) == 0);
        end_streams();
    }
}

/* What the stream's own bound has ended says nothing about the endpoint. */
static void a_stream_that_is_over_blames_nobody(void **state)
{
    struct mesh_address at;

    (void)state;
    begin_streams(
        RULE("  trafficPolicy:\n"
             "    connectionPool: {tcp: {maxConnectionDuration: 500ms}}\n"
             "    outlierDetection: {consecutive5xxErrors: 1,\n"
             "      baseEjectionTime: 30s, maxEjectionPercent: 100}\n"));
    at = sim->servers[0].address;
    at.port = SIM_PLAIN_PORT;
    mesh__world_set_refused(sim->world, &at, true, true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(connect_plain(&plains[0], "web"), 0);
        assert_false(plains[0].ready);
        assert_int_equal(plains[0].code, MESH_ERR_CLOSED);
        close_plain(&plains[0]);
        assert_memory_equal(streams_logged, "DT outbound|90|", 15);
    }
    end_streams();
}

static void a_taken_stream_is_not_idle_for_ever(void **state)
{
    struct mesh_arrival *arrival;

    (void)state;
    begin_streams(BOUND("idleTimeout: 0s"));
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    mesh__loop_enter(sim->servers[0].loop);
    arrival = mesh__stream_server_take(streams);
    assert_non_null(arrival);
    mesh__loop_leave(sim->servers[0].loop);
    sim_pass(sim, 3598 * MESH__S);
    assert_int_equal(mesh__arrival_stream(arrival)->state, MESH__STREAM_READY);
    sim_pass(sim, 2 * MESH__S);
    assert_int_equal(mesh__arrival_stream(arrival)->state, MESH__STREAM_FAILED);
    assert_int_equal(mesh__arrival_stream(arrival)->code, MESH_ERR_CLOSED);
    mesh__loop_enter(sim->servers[0].loop);
    mesh__arrival_close(arrival, false);
    mesh__loop_leave(sim->servers[0].loop);
    close_plain(&plains[0]);
    end_streams();
}

static void a_streams_peer_must_be_who_was_meant(void **state)
{
    (void)state;
    begin_streams(PEERS("STRICT"));
    sim_wear(sim, 0, "spiffe://cluster.local/ns/demo/sa/other");
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_false(plains[0].ready);
    assert_int_equal(plains[0].code, MESH_ERR_PEER_IDENTITY);
    close_plain(&plains[0]);
    end_streams();
}

static void a_streams_outcome_is_reported(void **state)
{
    struct mesh_address at;

    (void)state;
    begin_streams(RULE("  trafficPolicy:\n"
                       "    outlierDetection: {consecutive5xxErrors: 2,\n"
                       "      baseEjectionTime: 30s,\n"
                       "      maxEjectionPercent: 100}\n"));
    at = sim->servers[0].address;
    at.port = SIM_PLAIN_PORT;
    mesh__world_set_refused(sim->world, &at, true, false);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(connect_plain(&plains[0], "web"), 0);
        assert_int_equal(plains[0].code, MESH_ERR_CONNECT);
        close_plain(&plains[0]);
        assert_string_equal(
            streams_logged,
            "UF,URX outbound|90||web.demo.svc.cluster.local 1 0/0 ");
    }
    sim_pass(sim, 2 * MESH__S);
    assert_int_equal(connect_plain(&plains[0], "web"), MESH_ERR_NO_ENDPOINT);
    assert_string_equal(streams_logged,
                        "UH outbound|90||web.demo.svc.cluster.local 0 0/0 ");
    end_streams();
}

/* How the last connection was to be kept alive. */
static void expect_alive(uint32_t idle_s, uint32_t interval_s, uint32_t probes)
{
    const struct mesh_keepalive *alive = mesh__world_keepalive(sim->world);

    assert_true(alive->on);
    assert_int_equal(alive->idle_s, idle_s);
    assert_int_equal(alive->interval_s, interval_s);
    assert_int_equal(alive->probes, probes);
}

#define ALIVE                                                                  \
    "tcpKeepalive: {interval: 7s}\n---\n" POOL(                                \
        "tcpKeepalive: {time: 100s, probes: 4}", "")

static void streams_and_requests_are_kept_alive(void **state)
{
    struct sim_call call;

    (void)state;
    begin("", 1);
    call = ask(&get);
    expect(&call, 200, "-");
    assert_false(mesh__world_keepalive(sim->world)->on);
    sim_fini(sim);
    begin(ALIVE, 1);
    call = ask(&get);
    expect(&call, 200, "-");
    expect_alive(100, 7, 4);
    sim_fini(sim);
    begin_streams(ALIVE);
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    expect_alive(100, 7, 4);
    close_plain(&plains[0]);
    end_streams();
}

static void policy_is_asked_about_streams(void **state)
{
    (void)state;
    begin_streams(GUARD("ALLOW", "  - from: [{source: {principals:\n"
                                 "      [cluster.local/ns/demo/sa/x]}}]\n"));
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_int_equal(streams_taken, 0);
    assert_int_equal(atomic_load(&streams_env.stats.denied), 1);
    assert_string_equal(
        streams_served,
        "- inbound|9090|| 1 0/0 rbac_access_denied_matched_policy[none]");
    close_plain(&plains[0]);
    end_streams();
}

/* --- */

static int set_up(void **state)
{
    (void)state;
    sim = mesh__malloc(sizeof(*sim));
    huge = mesh__calloc(1, HUGE);
    return sim && huge ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mesh__free(huge);
    mesh__free(sim);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(route_takes_the_rule_that_matches),
        cmocka_unit_test(what_no_rule_matches_is_answered_here),
        cmocka_unit_test(weights_share_the_requests),
        cmocka_unit_test(pick_goes_round),
        cmocka_unit_test(a_retry_goes_elsewhere),
        cmocka_unit_test(a_key_has_its_endpoint),
        cmocka_unit_test(a_cookie_brings_the_caller_back),
        cmocka_unit_test(a_retry_leaves_its_locality),
        cmocka_unit_test(nobody_to_send_to_is_said),
        cmocka_unit_test(nobody_left_is_one_attempt_more),
        cmocka_unit_test(connections_have_a_ceiling),
        cmocka_unit_test(those_who_wait_have_a_ceiling),
        cmocka_unit_test(requests_have_a_ceiling),
        cmocka_unit_test(what_was_counted_is_given_back),
        cmocka_unit_test(a_connection_serves_as_often_as_it_may),
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(a_connection_is_looked_at_before_it_serves_again),
        cmocka_unit_test(who_answers_must_be_who_was_meant),
        cmocka_unit_test(the_mesh_is_spoken_where_it_is_understood),
        cmocka_unit_test(plaintext_is_spoken_where_the_mesh_is_not),
        cmocka_unit_test(a_connection_has_its_time_to_be_made),
        cmocka_unit_test(a_request_has_its_time),
        cmocka_unit_test(an_attempt_has_its_time),
        cmocka_unit_test(a_caller_has_its_own_time),
        cmocka_unit_test(an_answer_goes_on_or_ends),
        cmocka_unit_test(an_outcome_is_reported),
        cmocka_unit_test(a_connection_is_reported),
        cmocka_unit_test(a_connection_is_reported_each_time),
        cmocka_unit_test(what_may_be_tried_again_is),
        cmocka_unit_test(between_attempts_there_is_a_pause),
        cmocka_unit_test(what_is_not_kept_is_not_sent_again),
        cmocka_unit_test(what_must_not_happen_twice_does_not),
        cmocka_unit_test(what_left_later_was_sent),
        cmocka_unit_test(what_never_left_was_not_sent),
        cmocka_unit_test(a_stream_that_died_on_the_shelf_is_nobodys_answer),
        cmocka_unit_test(a_retrys_slot_is_given_back),
        cmocka_unit_test(plaintext_has_no_place_under_strict),
        cmocka_unit_test(tls_of_others_has_no_place_under_permissive),
        cmocka_unit_test(a_peer_of_another_trust_domain_is_refused),
        cmocka_unit_test(a_policy_counts_that_came_during_the_handshake),
        cmocka_unit_test(open_connections_are_judged_again),
        cmocka_unit_test(who_expired_is_judged_again),
        cmocka_unit_test(the_path_is_judged_in_one_form),
        cmocka_unit_test(a_tunnel_is_not_served),
        cmocka_unit_test(policy_is_asked),
        cmocka_unit_test(policy_is_told_who_asks),
        cmocka_unit_test(nobody_says_for_itself_who_it_is),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(a_head_has_its_ceiling),
        cmocka_unit_test(first_bytes_come_in_time),
        cmocka_unit_test(a_handshake_ends_in_time),
        cmocka_unit_test(a_head_comes_in_time),
        cmocka_unit_test(a_body_goes_on_or_ends),
        cmocka_unit_test(an_idle_peer_is_let_go),
        cmocka_unit_test(who_does_not_read_is_let_go),
        cmocka_unit_test(who_does_not_leave_is_left),
        cmocka_unit_test(a_closing_server_waits_and_not_for_ever),
        cmocka_unit_test(a_stream_goes_where_it_was_meant_to),
        cmocka_unit_test(a_route_leads_a_stream_elsewhere),
        cmocka_unit_test(a_streams_route_may_lead_nowhere),
        cmocka_unit_test(a_stream_of_tls_tells_its_server_name),
        cmocka_unit_test(streams_have_a_ceiling),
        cmocka_unit_test(a_stream_stays_no_longer_than_it_may),
        cmocka_unit_test(a_stream_that_is_over_blames_nobody),
        cmocka_unit_test(a_taken_stream_is_not_idle_for_ever),
        cmocka_unit_test(a_streams_peer_must_be_who_was_meant),
        cmocka_unit_test(a_streams_outcome_is_reported),
        cmocka_unit_test(streams_and_requests_are_kept_alive),
        cmocka_unit_test(policy_is_asked_about_streams),
    };

    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
