/*
 * test_actions.c - what a rule does beside sending, by whole meshes: edits and
 * rewrites arrive, answers come from nowhere, faults wait and fail, copies go
 * their own way.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>

enum { HUGE = MESH__CLIENT_REPLAY + 1 };

static struct sim *sim;
static char *huge;

#define ROUTE(rest)                                                            \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n  hosts: [web]\n  http:\n" rest "---\n"
#define TO_WEB "  - route: [{destination: {host: web}}]\n"
#define TO(subset)                                                             \
    "  - route: [{destination: {host: web, subset: " subset "}}]\n"
#define ONCE "    retries: {attempts: 0}\n"
#define SUBSETS                                                                \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n  host: web\n  subsets:\n"                                         \
    "  - {name: v1, labels: {version: v1}}\n"                                  \
    "  - {name: v2, labels: {version: v2}}\n"                                  \
    "  - {name: v9, labels: {version: v9}}\n---\n"
#define ALWAYS "percentage: {value: 100}"

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

static void expect_line(const char *lines, const char *line)
{
    if (!strstr(lines, line))
        fail_msg("no \"%s\" in \"%s\"", line, lines);
}

static void expect_no_line(const char *lines, const char *line)
{
    if (strstr(lines, line))
        fail_msg("\"%s\" is in \"%s\"", line, lines);
}

static void expect_about(uint64_t took_ns, uint64_t expect_ns)
{
    if (took_ns < expect_ns || took_ns > expect_ns + 100 * MESH__MS)
        fail_msg("it took %u ms, not %u", (unsigned)(took_ns / MESH__MS),
                 (unsigned)(expect_ns / MESH__MS));
}

/* --- edits --- */

static void edits_arrive_on_both_sides(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    headers: {request: {set: {x-new: '%REQ(x-id)%'},\n"
                       "      remove: [x-length]},\n"
                       "      response: {set: {x-path: '%REQ(:path)%'}}}\n"),
          1);
    call = ask(&get);
    expect(&call, 200, "-");
    expect_line(sim->servers[0].last_lines, "x-new: 0");
    expect_no_line(sim->servers[0].last_lines, "x-length");
    expect_line(call.lines, "x-path: /echo/0");
    sim_fini(sim);
}

/* An add is one line, however often it is tried; the count goes on. */
static void each_attempt_starts_from_the_original(void **state)
{
    const char *lines;
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    headers: {request: {add: {x-new: a},\n"
                       "      set: {x-envoy-attempt-count: '7'}},\n"
                       "      response: {add: {x-back: b}}}\n"
                       "    retries: {attempts: 3, retryOn: '5xx'}\n"),
          1);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    sim->servers[0].good_for = 2;
    call = ask(&get);
    expect(&call, 200, "-");
    assert_int_equal(call.attempts, 3);
    lines = sim->servers[0].last_lines;
    expect_line(lines, "x-new: a");
    expect_no_line(strstr(lines, "x-new: a") + 1, "x-new: a");
    expect_line(lines, "x-envoy-attempt-count: 3");
    expect_line(call.lines, "x-back: b");
    expect_no_line(strstr(call.lines, "x-back: b") + 1, "x-back: b");
    sim_fini(sim);
}

static void a_destinations_edits_come_first(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - route:\n"
                "    - destination: {host: web, subset: v1}\n"
                "      weight: 100\n"
                "      headers: {request: {set: {x-new: own, host: own.h},\n"
                "        add: {x-own: a}}}\n"
                "    - {destination: {host: web, subset: v2}, weight: 0}\n"
                "    headers: {request: {set: {x-new: rule}}}\n") SUBSETS,
          1);
    call = ask(&get);
    expect(&call, 200, "-");
    expect_line(sim->servers[0].last_lines, "x-new: rule");
    expect_no_line(sim->servers[0].last_lines, "x-new: own");
    expect_line(sim->servers[0].last_lines, "x-own: a");
    assert_string_equal(sim->servers[0].last_host, "own.h");
    expect_no_line(sim->servers[0].last_lines, "x-envoy-original-host");
    sim_fini(sim);
}

static void answers_of_our_own_are_edited_as_well(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO("v9") "    headers: {response: {set: {x-set: a},\n"
                         "      remove: [content-type]}}\n") SUBSETS,
          1);
    call = ask(&get);
    expect(&call, 503, "UH");
    expect_line(call.lines, "x-set: a");
    expect_line(call.lines, "content-type: text/plain"); /* added later */
    sim_fini(sim);
}

/* --- rewrites --- */

/* W3C Trace Context section 3.3.1.1; as in Envoy. */
static void a_trace_that_begins_here_has_no_state_of_others(void **state)
{
    static const struct sim_ask alone = { .header = "tracestate",
                                          .value = "a=b" };
    static const struct sim_ask both = {
        .header = "traceparent",
        .value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    };

    (void)state;
    begin("", 1);
    (void)ask(&alone);
    expect_line(sim->servers[0].last_lines, "tracestate: a=b");
    expect_no_line(sim->servers[0].last_lines, "traceparent: ");
    sim->env.tracing = true;
    (void)ask(&alone);
    expect_no_line(sim->servers[0].last_lines, "tracestate: a=b");
    expect_line(sim->servers[0].last_lines, "traceparent: 00-");
    (void)ask(&both);
    expect_line(sim->servers[0].last_lines,
                "traceparent: 00-0af7651916cd43dd8448eb211c80319c-");
    sim_fini(sim);
}

static void another_path_and_host_are_sent(void **state)
{
    struct sim_ask old = { .path = "/old" };
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - match: [{uri: {prefix: /old/}}]\n"
                "    rewrite: {uri: /new/, authority: new.example}\n"
                "    route: [{destination: {host: web}}]\n"),
          1);
    call = ask(&old);
    expect(&call, 200, "-");
    assert_string_equal(sim->servers[0].last_path, "/new/0");
    assert_string_equal(sim->servers[0].last_host, "new.example");
    expect_line(sim->servers[0].last_lines, "x-envoy-original-path: /old/0");
    expect_line(sim->servers[0].last_lines, "x-envoy-original-host: web");
    assert_string_equal(sim->last_logged, "/old/0");
    sim_fini(sim);
}

static void what_cannot_be_sent_is_answered_here(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    rewrite: {uri: ' '}\n"), 1);
    call = ask(&get);
    expect(&call, 400, "-");
    assert_int_equal(call.code, MESH_ERR_INVALID);
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

/* --- answers --- */

static void a_redirect_asks_nobody(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - redirect: {uri: /new, redirectCode: 308}\n"
                "    headers: {response: {set: {x-set: a}}}\n"),
          1);
    call = ask(&get);
    expect(&call, 308, "-");
    assert_int_equal(call.code, MESH_ERR_LOCAL_RESPONSE);
    assert_true(call.local);
    expect_line(call.lines, "location: http://web/new");
    expect_line(call.lines, "x-set: a");
    assert_string_equal(sim->last_details, "direct_response");
    assert_int_equal(call.attempts, 0);
    assert_int_equal(mesh__world_connections(sim->world), 0);
    sim_fini(sim);
}

static void a_rule_answers_by_itself(void **state)
{
    struct sim_ask head = { .method = "HEAD", .path = "/echo" };
    struct sim_ask post = { .path = "/echo", .body = "abc", .body_len = 3 };
    struct sim_ask slow = {
        .path = "/echo", .body = "abc", .body_len = 3, .streamed = true
    };
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - directResponse: {status: 418, body: {string: teapot}}\n"
                "    headers: {response: {set: {content-type: a/b}}}\n"),
          1);
    call = ask(&get);
    expect(&call, 418, "-");
    assert_string_equal(call.text, "teapot");
    expect_line(call.lines, "content-type: a/b");
    expect_line(call.lines, "content-length: 6");
    call = ask(&head);
    expect(&call, 418, "-");
    assert_int_equal(call.got_len, 0);
    expect_line(call.lines, "content-length: 6");
    call = ask(&post);
    expect(&call, 418, "-");
    call = ask(&slow);
    expect(&call, 418, "-");
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

static void no_body_where_there_can_be_none(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - directResponse: {status: 204, body: {string: x}}\n"), 1);
    call = ask(&get);
    expect(&call, 204, "-");
    assert_int_equal(call.got_len, 0);
    sim_fini(sim);
}

/* --- faults --- */

static void a_fault_waits_and_the_timeout_does_not_count(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    timeout: 1s\n"
                       "    fault: {delay: {fixedDelay: 3s, " ALWAYS "}}\n"),
          1);
    call = ask(&get);
    expect(&call, 200, "DI");
    expect_about(call.took_ns, 3 * MESH__S);
    sim->servers[0].manner = SIM_STALLS;
    call = ask(&get);
    expect(&call, 504, "DI,UT");
    expect_about(call.took_ns, 4 * MESH__S);
    sim_fini(sim);
}

static void a_body_is_held_while_a_fault_waits(void **state)
{
    struct sim_ask slow = {
        .path = "/echo", .body = huge, .body_len = 100000, .streamed = true
    };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    fault: {delay: {fixedDelay: 3s, " ALWAYS "}}\n"),
          1);
    assert_true(sim_begin(sim, &slow, &call));
    sim_pass(sim, 2 * MESH__S);
    assert_true(call.given <= MESH__CLIENT_WATERMARK);
    assert_int_equal(sim->servers[0].taken, 0);
    assert_true(sim_await(sim, &call, 1, 10 * MESH__S));
    expect(&call, 200, "DI");
    assert_int_equal(call.got_len, 100000);
    sim_end(sim, &call);
    sim_fini(sim);
    /* Nor does what is given hurry what comes after. */
    begin(ROUTE(TO_WEB "    fault: {delay: {fixedDelay: 3s, " ALWAYS "},\n"
                       "      abort: {httpStatus: 503, " ALWAYS "}}\n"),
          1);
    call = ask(&slow);
    expect(&call, 503, "DI,FI");
    expect_about(call.took_ns, 3 * MESH__S);
    sim_fini(sim);
}

static void a_caller_may_leave_while_a_fault_waits(void **state)
{
    struct sim_ask soon = { .path = "/echo", .deadline_ns = MESH__S };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    fault: {delay: {fixedDelay: 3s, " ALWAYS "}}\n"),
          1);
    call = ask(&soon);
    assert_int_equal(call.code, MESH_ERR_TIMEOUT);
    assert_string_equal(call.flags, "DI,DC");
    expect_about(call.took_ns, MESH__S);
    assert_true(sim_begin(sim, &get, &call));
    sim_pass(sim, MESH__S);
    sim_end(sim, &call); /* cancelled: not done */
    sim_pass(sim, 5 * MESH__S);
    assert_int_equal(sim->servers[0].taken, 0);
    sim_fini(sim);
}

static void a_fault_fails_and_nothing_is_tried_again(void **state)
{
    struct sim_ask grpc = { .path = "/echo",
                            .header = "content-type",
                            .value = "application/grpc" };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    retries: {attempts: 3, retryOn: '5xx'}\n"
                       "    fault: {delay: {fixedDelay: 2s, " ALWAYS "},\n"
                       "      abort: {httpStatus: 503, " ALWAYS "}}\n"),
          1);
    call = ask(&get);
    expect(&call, 503, "DI,FI");
    expect_about(call.took_ns, 2 * MESH__S);
    assert_string_equal(call.text, "fault filter abort");
    assert_string_equal(sim->last_details, "fault_filter_abort");
    assert_int_equal(call.code, MESH_ERR_LOCAL_RESPONSE);
    call = ask(&grpc);
    expect(&call, 200, "DI,FI");
    expect_line(call.lines, "grpc-status: 14");
    assert_int_equal(sim->servers[0].taken, 0);
    assert_int_equal(mesh__world_connections(sim->world), 0);
    sim_fini(sim);
}

static void a_fault_fails_in_grpcs_words(void **state)
{
    struct sim_ask grpc = { .path = "/echo",
                            .header = "content-type",
                            .value = "application/grpc" };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    fault: {abort: {grpcStatus: NOT_FOUND, " ALWAYS
                       "}}\n"),
          1);
    call = ask(&grpc);
    expect(&call, 200, "FI");
    expect_line(call.lines, "grpc-status: 5");
    assert_int_equal(call.got_len, 0);
    call = ask(&get); /* who speaks no gRPC gets the text */
    expect(&call, 200, "FI");
    assert_string_equal(call.text, "fault filter abort");
    expect_no_line(call.lines, "grpc-status");
    sim_fini(sim);
}

static void a_fault_comes_before_a_missing_destination(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE("  - route: [{destination: {host: nowhere.example}}]\n"
                "    fault: {abort: {httpStatus: 418, " ALWAYS "}}\n"),
          1);
    call = ask(&get);
    expect(&call, 418, "FI");
    sim_fini(sim);
}

static void faults_have_their_share(void **state)
{
    unsigned failed = 0;

    (void)state;
    begin(ROUTE(TO_WEB "    fault: {abort: {httpStatus: 500,\n"
                       "      percentage: {value: 30}}}\n"),
          1);
    for (int i = 0; i < 200; i++)
        failed += ask(&get).status == 500;
    assert_in_range(failed, 35, 90);
    assert_int_equal(sim->servers[0].taken, 200 - failed);
    sim_fini(sim);
}

/* --- CORS --- */

static void preflights_are_answered_here(void **state)
{
    struct sim_ask origin = { .path = "/echo",
                              .header = "origin",
                              .value = "https://a" };
    struct sim_ask other = { .path = "/echo",
                             .header = "origin",
                             .value = "https://b" };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    corsPolicy: {allowOrigins: [{exact: 'https://a'}],"
                       "      allowMethods: [GET], exposeHeaders: [x-a]}\n"),
          1);
    call = ask(&origin);
    expect(&call, 200, "-");
    expect_line(call.lines, "access-control-allow-origin: https://a");
    expect_line(call.lines, "access-control-expose-headers: x-a");
    call = ask(&other);
    expect_no_line(call.lines, "access-control");
    assert_int_equal(sim->servers[0].taken, 2);
    sim_fini(sim);
}

/* --- copies --- */

#define MIRRORED ROUTE(TO("v1") "    mirror: {host: web, subset: v2}\n") SUBSETS

static void a_copy_goes_its_own_way(void **state)
{
    struct sim_ask post = { .path = "/echo",
                            .body = "abc",
                            .body_len = 3,
                            .header = "x-forwarded-for",
                            .value = "1.2.3.4" };
    struct sim_call call;

    (void)state;
    begin(MIRRORED, 2);
    call = ask(&post);
    expect(&call, 200, "-");
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->servers[0].taken, 1);
    assert_int_equal(sim->servers[1].taken, 1);
    assert_int_equal(sim->copies_ended, 1);
    assert_string_equal(sim->servers[1].last_path, "/echo/0");
    assert_string_equal(sim->servers[1].last_host, "web");
    expect_line(sim->servers[1].last_lines, "x-length: 3"); /* and was whole */
    expect_line(sim->servers[1].last_lines,
                "x-forwarded-for: 1.2.3.4,10.0.0.9");
    expect_line(sim->servers[0].last_lines, "x-forwarded-for: 1.2.3.4|");
    sim_fini(sim);
}

static void a_copy_is_what_was_sent(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO("v1") "    mirror: {host: web, subset: v2}\n"
                         "    rewrite: {uri: /, authority: new.example}\n"
                         "    headers: {request: {set: {x-new: a}}}\n") SUBSETS,
          2);
    call = ask(&get);
    expect(&call, 200, "-");
    sim_pass(sim, MESH__S);
    assert_string_equal(sim->servers[1].last_path, sim->servers[0].last_path);
    assert_string_equal(sim->servers[1].last_host, "new.example");
    expect_line(sim->servers[1].last_lines, "x-new: a");
    expect_line(sim->servers[1].last_lines, "x-envoy-original-path: /echo/0");
    expect_line(sim->servers[1].last_lines, "x-envoy-attempt-count: 1");
    sim_fini(sim);
}

static void what_becomes_of_a_copy_does_not_matter(void **state)
{
    static const enum sim_manner manners[] = { SIM_REFUSES, SIM_STALLS,
                                               SIM_HALVES };

    (void)state;
    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        struct sim_call call;

        begin(MIRRORED, 2);
        sim->servers[1].manner = manners[i];
        sim->servers[1].status = 500;
        call = ask(&get);
        expect(&call, 200, "-");
        expect_about(call.took_ns, 0);
        sim_pass(sim, 10 * MESH__S);
        assert_int_equal(sim->servers[1].taken, 1); /* tried once */
        sim_fini(sim);
    }
}

static void a_copy_nobody_takes_does_not_matter(void **state)
{
    struct sim_call call;

    (void)state;
    begin(MIRRORED, 2);
    mesh__world_set_refused(sim->world, &sim->servers[1].address, true, false);
    call = ask(&get);
    expect(&call, 200, "-");
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->copies_ended, 1);
    sim_fini(sim);
}

static void a_copy_has_the_rules_time(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO("v1") "    mirror: {host: web, subset: v2}\n"
                         "    timeout: 4s\n") SUBSETS,
          2);
    sim->servers[1].manner = SIM_STALLS;
    call = ask(&get);
    expect(&call, 200, "-");
    sim_pass(sim, 3 * MESH__S);
    assert_int_equal(sim->copies_ended, 0);
    sim_pass(sim, 2 * MESH__S);
    assert_int_equal(sim->copies_ended, 1);
    sim_fini(sim);
}

static void a_call_that_is_tried_again_is_copied_once(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO("v1") "    mirror: {host: web, subset: v2}\n"
                         "    retries: {attempts: 3, retryOn: '5xx'}\n")
              SUBSETS,
          2);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 500;
    sim->servers[0].good_for = 2;
    call = ask(&get);
    expect(&call, 200, "-");
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->servers[0].taken, 3);
    assert_int_equal(sim->servers[1].taken, 1);
    sim_fini(sim);
}

static void what_goes_nowhere_is_not_copied(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO("v9") "    mirror: {host: web, subset: v2}\n") SUBSETS, 2);
    call = ask(&get);
    expect(&call, 503, "UH");
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->copies, 0);
    sim_fini(sim);
}

static void a_fault_is_not_copied(void **state)
{
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO("v1") "    mirror: {host: web, subset: v2}\n"
                         "    fault: {abort: {httpStatus: 503, " ALWAYS "}}\n")
              SUBSETS,
          2);
    call = ask(&get);
    expect(&call, 503, "FI");
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->copies, 0);
    sim_fini(sim);
}

/* The length of a streamed body is known by then. */
static void a_streamed_body_is_copied_when_it_is_whole(void **state)
{
    struct sim_ask slow = {
        .path = "/echo", .body = huge, .body_len = 200000, .chunked = true
    };
    struct sim_call call;

    (void)state;
    begin(MIRRORED, 2);
    call = ask(&slow);
    expect(&call, 200, "-");
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->servers[1].taken, 1);
    expect_line(sim->servers[1].last_lines, "x-length: 200000");
    sim_fini(sim);
}

static void what_is_too_long_to_keep_is_not_copied(void **state)
{
    struct sim_ask big = { .path = "/none", .body = huge, .body_len = HUGE };
    struct sim_call call;

    (void)state;
    begin(MIRRORED, 2);
    sim->servers[0].manner = SIM_REFUSES;
    sim->servers[0].status = 413;
    call = ask(&big);
    assert_int_equal(call.status, 413);
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->copies, 0);
    sim_fini(sim);
}

static void mirrors_have_their_share(void **state)
{
    (void)state;
    begin(ROUTE(TO("v1") "    mirrors:\n"
                         "    - destination: {host: web, subset: v2}\n"
                         "      percentage: {value: 30}\n"
                         "    - destination: {host: nowhere.example}\n")
              SUBSETS,
          2);
    for (int i = 0; i < 200; i++)
        (void)ask(&get);
    sim_pass(sim, MESH__S);
    assert_in_range(sim->servers[1].taken, 35, 90);
    assert_int_equal(sim->servers[0].taken, 200);
    sim_fini(sim);
}

/* A close does not wait for it: it is ended, and nothing stays. */
static void a_copy_under_way_can_be_ended(void **state)
{
    struct sim_call call;

    (void)state;
    begin(MIRRORED, 2);
    sim->servers[1].manner = SIM_STALLS;
    call = ask(&get);
    expect(&call, 200, "-");
    sim_pass(sim, MESH__S);
    assert_int_equal(sim->servers[1].taken, 1);
    assert_int_equal(sim->copies_ended, 0);
    sim_fini(sim); /* ends it, and looks for what is left */
}

static void a_copy_that_still_connects_can_be_ended(void **state)
{
    struct sim_call call;

    (void)state;
    begin(MIRRORED, 2);
    mesh__world_set_refused(sim->world, &sim->servers[1].address, true, true);
    call = ask(&get);
    expect(&call, 200, "-");
    assert_int_equal(sim->copies_ended, 0);
    sim_fini(sim);
}

/* --- gRPC --- */

static void a_grpc_caller_is_heard(void **state)
{
    struct sim_ask grpc = { .path = "/echo",
                            .header = "content-type",
                            .value = "application/grpc" };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    timeout: 9s\n"
                       "    retries: {attempts: 1, perTryTimeout: 2s,\n"
                       "              retryOn: '5xx'}\n"),
          1);
    sim->servers[0].manner = SIM_STALLS;
    call = ask(&grpc);
    expect(&call, 200, "URX,UT");
    expect_line(call.lines, "grpc-status: 14");
    expect_line(sim->servers[0].last_lines, "grpc-timeout: 2000m");
    sim_fini(sim);
}

/* So that the caller's own timeout comes before the server's. */
static void connecting_does_not_shorten_what_a_server_is_told(void **state)
{
    struct sim_ask grpc = { .path = "/echo",
                            .header = "content-type",
                            .value = "application/grpc" };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB "    timeout: 2s\n" ONCE), 1);
    mesh__world_set_delay(sim->world, 10 * MESH__MS, 10 * MESH__MS);
    sim->servers[0].manner = SIM_STALLS;
    call = ask(&grpc);
    expect(&call, 200, "UT");
    expect_about(call.took_ns, 2 * MESH__S);
    expect_line(call.lines, "grpc-status: 14");
    expect_line(sim->servers[0].last_lines, "grpc-timeout: 2000m");
    sim_fini(sim);
}

/* The other side hears any caller. */
static void a_server_answers_in_its_callers_time(void **state)
{
    struct sim_ask soon = { .path = "/echo",
                            .header = "grpc-timeout",
                            .value = "2000m" };
    struct sim_call call;

    (void)state;
    begin(ROUTE(TO_WEB ONCE), 1);
    call = ask(&soon);
    expect(&call, 200, "-"); /* in time */
    sim->servers[0].manner = SIM_STALLS;
    call = ask(&soon);
    expect(&call, 504, "-");
    expect_about(call.took_ns, 2 * MESH__S);
    assert_string_equal(call.text, "downstream duration timeout");
    assert_int_equal(sim->servers[0].last_status, 504);
    assert_string_equal(sim->servers[0].last_flags, "-");
    sim->servers[0].manner = SIM_HALVES; /* what has begun is cut */
    call = ask(&soon);
    assert_int_equal(call.code, MESH_ERR_RESET);
    expect_about(call.took_ns, 2 * MESH__S);
    sim_fini(sim);
}

static void and_a_grpc_caller_in_its_words(void **state)
{
    (void)state;
    begin(ROUTE(TO_WEB ONCE), 1);
    sim->servers[0].manner = SIM_STALLS;
    sim_raw_open(sim, NULL);
    sim_raw_say(sim, "POST /echo HTTP/1.1\r\nhost: web\r\n"
                     "content-type: application/grpc\r\n"
                     "grpc-timeout: 300m\r\ncontent-length: 0\r\n\r\n");
    sim_pass(sim, 200 * MESH__MS);
    assert_int_equal(sim->raw.len, 0);
    sim_pass(sim, 200 * MESH__MS);
    expect_line(sim->raw.heard, "HTTP/1.1 200 ");
    expect_line(sim->raw.heard, "grpc-status: 4\r\n");
    sim_fini(sim);
}

static int set_up(void **state)
{
    (void)state;
    sim = mesh__malloc(sizeof(*sim));
    huge = mesh__malloc(HUGE);
    if (!sim || !huge)
        return -1;
    memset(huge, 'h', HUGE);
    return 0;
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
        cmocka_unit_test(edits_arrive_on_both_sides),
        cmocka_unit_test(each_attempt_starts_from_the_original),
        cmocka_unit_test(a_destinations_edits_come_first),
        cmocka_unit_test(answers_of_our_own_are_edited_as_well),
        cmocka_unit_test(a_trace_that_begins_here_has_no_state_of_others),
        cmocka_unit_test(another_path_and_host_are_sent),
        cmocka_unit_test(what_cannot_be_sent_is_answered_here),
        cmocka_unit_test(a_redirect_asks_nobody),
        cmocka_unit_test(a_rule_answers_by_itself),
        cmocka_unit_test(no_body_where_there_can_be_none),
        cmocka_unit_test(a_fault_waits_and_the_timeout_does_not_count),
        cmocka_unit_test(a_body_is_held_while_a_fault_waits),
        cmocka_unit_test(a_caller_may_leave_while_a_fault_waits),
        cmocka_unit_test(a_fault_fails_and_nothing_is_tried_again),
        cmocka_unit_test(a_fault_fails_in_grpcs_words),
        cmocka_unit_test(a_fault_comes_before_a_missing_destination),
        cmocka_unit_test(faults_have_their_share),
        cmocka_unit_test(preflights_are_answered_here),
        cmocka_unit_test(a_copy_goes_its_own_way),
        cmocka_unit_test(a_copy_is_what_was_sent),
        cmocka_unit_test(what_becomes_of_a_copy_does_not_matter),
        cmocka_unit_test(a_copy_nobody_takes_does_not_matter),
        cmocka_unit_test(a_copy_has_the_rules_time),
        cmocka_unit_test(a_call_that_is_tried_again_is_copied_once),
        cmocka_unit_test(what_goes_nowhere_is_not_copied),
        cmocka_unit_test(a_fault_is_not_copied),
        cmocka_unit_test(a_streamed_body_is_copied_when_it_is_whole),
        cmocka_unit_test(what_is_too_long_to_keep_is_not_copied),
        cmocka_unit_test(mirrors_have_their_share),
        cmocka_unit_test(a_copy_under_way_can_be_ended),
        cmocka_unit_test(a_copy_that_still_connects_can_be_ended),
        cmocka_unit_test(a_grpc_caller_is_heard),
        cmocka_unit_test(connecting_does_not_shorten_what_a_server_is_told),
        cmocka_unit_test(a_server_answers_in_its_callers_time),
        cmocka_unit_test(and_a_grpc_caller_in_its_words),
    };

    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
