/*
 * test_decisions.c - one behaviour for each deciding call in the table of
 * steps of a request, told by whole meshes: take the call out and its test
 * fails. That it does is scripts/mutate's to show; so of test_serving.c and
 * test_streams.c.
 *
 * With an argument, the test of that name alone is run.
 */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>

enum { HUGE = MESH__CLIENT_REPLAY + 1 };

static char *huge;

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

/* --- */

static int set_up(void **state)
{
    huge = mesh__calloc(1, HUGE);
    return huge ? words_set_up(state) : -1;
}

static int tear_down(void **state)
{
    mesh__free(huge);
    return words_tear_down(state);
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
    };

    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
