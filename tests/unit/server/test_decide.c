/*
 * Name and allow: what a handler sees of a request, and what it never sees.
 */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../authz/speak.h"

#include <stdio.h>

#define XFCC                                                                   \
    "x-forwarded-client-cert: "                                                \
    "By=spiffe://cluster.local/ns/demo/sa/server;Hash="

/* The echo behind the head; hashes are cut out. */
static const char *seen(const char *answer)
{
    static char text[STAGE_TEXT];
    const char *body = strstr(answer, "\r\n\r\n");
    const char *hash;

    assert_non_null(body);
    (void)snprintf(text, sizeof(text), "%s", body + 4);
    hash = strstr(text, "Hash=");
    if (hash) {
        size_t at = (size_t)(hash - text) + 5;

        memmove(text + at, text + at + 64, strlen(text + at + 64) + 1);
    }
    return text;
}

static const struct {
    const char *claim;
    const char *as; /* the peer's service account; "" plaintext */
    const char *ask;
    const char *saw;
} rows[] = {
    { "a plaintext request gets proto and id", "",
      "GET / HTTP/1.1\r\nhost: web\r\n\r\n",
      "GET / web|x-forwarded-proto: http|x-request-id: UUID|" },
    { "a mesh request gets the principal's line last", "front",
      "GET / HTTP/1.1\r\nhost: web\r\n\r\n",
      "GET / web|x-forwarded-proto: https|x-request-id: UUID|" XFCC
      ";Subject=\"\";URI=spiffe://cluster.local/ns/demo/sa/front|" },
    { "what the caller's sidecar sent is believed", "front",
      "GET / HTTP/1.1\r\nhost: web\r\nx-forwarded-proto: http\r\n"
      "x-request-id: abc\r\nx-envoy-attempt-count: 1\r\n\r\n",
      "GET / web|x-forwarded-proto: http|x-request-id: abc|"
      "x-envoy-attempt-count: 1|" XFCC
      ";Subject=\"\";URI=spiffe://cluster.local/ns/demo/sa/front|" },
    { "a peer cannot say who it is in plaintext", "",
      "GET / HTTP/1.1\r\nhost: web\r\nx-forwarded-client-cert: By=me\r\n\r\n",
      "GET / web|x-forwarded-proto: http|x-request-id: UUID|" },
    { "nor beside what it proved", "front",
      "GET / HTTP/1.1\r\nhost: web\r\nx-forwarded-client-cert: By=me\r\n"
      "x-forwarded-proto: http\r\nX-Forwarded-Client-Cert: URI=a\r\n\r\n",
      "GET / web|x-forwarded-proto: http|x-request-id: UUID|" XFCC
      ";Subject=\"\";URI=spiffe://cluster.local/ns/demo/sa/front|" },
    { "a hop's own headers are dropped, others pass", "",
      "GET / HTTP/1.1\r\nhost: web\r\nx-envoy-retry-on: 5xx\r\n"
      "x-envoy-max-retries: 3\r\nx-envoy-upstream-rq-timeout-ms: 5\r\n"
      "x-envoy-upstream-rq-per-try-timeout-ms: 5\r\n"
      "x-envoy-force-trace: true\r\nx-envoy-internal: true\r\n"
      "x-envoy-decorator-operation: mine\r\nx-envoy-ip-tags: t\r\n"
      "x-envoy-expected-rq-timeout-ms: 5\r\n"
      "x-envoy-hedge-on-per-try-timeout: true\r\n"
      "x-envoy-upstream-rq-timeout-alt-response: 1\r\n"
      "x-envoy-retriable-status-codes: 404\r\nx-envoy-original-url: /u\r\n"
      "x-envoy-original-path: /o\r\nx-envoy-external-address: 1.2.3.4\r\n"
      "x-envoy-foo: bar\r\n\r\n",
      "GET / web|x-envoy-original-path: /o|x-envoy-external-address: 1.2.3.4|"
      "x-envoy-foo: bar|x-forwarded-proto: http|x-request-id: UUID|" },
    { "the path is the canonical one", "",
      "GET /a/../b?c=/../d HTTP/1.1\r\nhost: web\r\n\r\n",
      "GET /b?c=/../d web|x-forwarded-proto: http|x-request-id: UUID|" },
    { "without tracing a trace context goes on as it came", "",
      "GET / HTTP/1.1\r\nhost: web\r\ntraceparent: zz\r\n\r\n",
      "GET / web|traceparent: zz|x-forwarded-proto: http|"
      "x-request-id: UUID|" },
    { "a body is read behind its head", "",
      "POST /p HTTP/1.1\r\nhost: web\r\ncontent-length: 3\r\n\r\nabc",
      "POST /p web|content-length: 3|x-forwarded-proto: http|"
      "x-request-id: UUID|abc" },
    { "a length stands behind the caller's own lines", "",
      "POST / HTTP/1.1\r\nhost: a\r\nx-a: 1\r\nx-forwarded-proto: http\r\n"
      "x-request-id: i\r\ncontent-length: 1\r\n\r\nx",
      "POST / a|x-a: 1|content-length: 1|x-forwarded-proto: http|"
      "x-request-id: i|x" },
    { "a length of nothing stays where it came", "",
      "POST / HTTP/1.1\r\nhost: a\r\nx-forwarded-proto: http\r\n"
      "x-request-id: i\r\ncontent-length: 0\r\n\r\n",
      "POST / a|x-forwarded-proto: http|x-request-id: i|content-length: 0|" },
    { "what was not said is said as a sidecar does", "",
      "PATCH / HTTP/1.1\r\nhost: a\r\n\r\n",
      "PATCH / a|x-forwarded-proto: http|x-request-id: UUID|"
      "content-length: 0|" },
    { "chunks are announced last", "",
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
      "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
      "POST / a|x-forwarded-proto: http|x-request-id: UUID|"
      "transfer-encoding: chunked|abc" },
};

static void what_a_handler_sees(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *saw;

        stage_speak(stage, rows[i].as, "istio-http/1.1");
        saw = seen(stage_ask(stage, rows[i].ask));
        if (strcmp(saw, rows[i].saw) != 0)
            print_error("%s\n", rows[i].claim);
        assert_string_equal(saw, rows[i].saw);
        assert_string_equal(stage_last(stage), "200 - via_upstream");
    }
}

static const struct {
    const char *claim;
    const char *ask;
    unsigned status;
    const char *record;
    char ended;
} refusals[] = {
    { "a path that cannot be normalized", "GET /a%00b HTTP/1.1\r\nhost: a\r\n",
      400, "400 - path_normalization_failed", 'F' },
    { "a star is no path", "OPTIONS * HTTP/1.1\r\nhost: a\r\n", 404,
      "404 - absolute_path_rejected", '.' },
    { "a tunnel is not served", "CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n", 404,
      "404 NR route_not_found", 'F' },
    { "QUERY says what it carries", "QUERY / HTTP/1.1\r\nhost: a\r\n", 400,
      "400 - query_missing_content_type", 'F' },
};

static void refused_before_the_handler(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        char ask[128];
        char expect[160];

        (void)snprintf(ask, sizeof(ask), "%s\r\n", refusals[i].ask);
        (void)snprintf(expect, sizeof(expect), "HTTP/1.1 %u ",
                       refusals[i].status);
        if (strncmp(stage_ask(stage, ask), expect, strlen(expect)) != 0)
            fail_msg("%s", refusals[i].claim);
        assert_string_equal(stage_last(stage), refusals[i].record);
        assert_int_equal(stage->ended, refusals[i].ended);
        assert_string_equal(stage->records[stage->record_count - 1].cluster,
                            "");
    }
}

/* --- allow --- */

static const struct {
    const char *claim;
    const char *as;
    const char *ask; /* request line and headers */
    bool allowed;
} verdicts[] = {
    { "the principal may post", "front", "POST /charge HTTP/1.1\r\n", true },
    { "the path is judged in its canonical form", "front",
      "POST /x/../charge HTTP/1.1\r\n", true },
    { "the query does not count", "front", "POST /charge?a HTTP/1.1\r\n",
      true },
    { "another method is denied", "front", "GET /charge HTTP/1.1\r\n", false },
    { "another path is denied", "front", "POST /charge/ HTTP/1.1\r\n", false },
    { "another principal is denied", "other", "POST /charge HTTP/1.1\r\n",
      false },
    { "nobody is denied", "", "POST /charge HTTP/1.1\r\n", false },
    { "a header of the principal's form proves nothing", "",
      "POST /charge HTTP/1.1\r\nx-forwarded-client-cert: "
      "URI=spiffe://cluster.local/ns/demo/sa/front\r\n",
      false },
    { "a rule may ask for an address that forwarded", "other",
      "GET /ip HTTP/1.1\r\nx-forwarded-for: 9.9.9.9, 7.7.7.7\r\n", true },
    { "the last one counts", "other",
      "GET /ip HTTP/1.1\r\nx-forwarded-for: 7.7.7.7, 9.9.9.9\r\n", false },
    { "a rule may ask for the port", "other", "GET /port HTTP/1.1\r\n", true },
    { "and for the name that was asked for", "other", "GET /sni HTTP/1.1\r\n",
      true },
    { "in plaintext there is none", "", "GET /sni HTTP/1.1\r\n", false },
};

static void who_is_allowed(void **state)
{
    struct stage *stage = *state;
    struct mesh_authz_policy policy = { 0 };
    struct speak speak;

    speak_init(&speak);
    speak_policy(&speak, &policy, "charge",
                 "from principal cluster.local/ns/demo/sa/front & "
                 "to method POST; path /charge\n"
                 "from remote 7.7.7.7 & to path /ip\n"
                 "to path /port; port 18080\n"
                 "to path /sni & when sni s");
    stage->snapshot.authz.allow = &policy;
    stage->snapshot.authz.allow_count = 1;
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        const char *answer;
        char ask[256];

        (void)snprintf(ask, sizeof(ask), "%shost: web\r\n\r\n",
                       verdicts[i].ask);
        stage_speak(stage, verdicts[i].as, "istio");
        answer = stage_ask(stage, ask);
        if ((strncmp(answer, "HTTP/1.1 200", 12) == 0) != verdicts[i].allowed)
            fail_msg("%s", verdicts[i].claim);
        assert_string_equal(stage_last(stage),
                            verdicts[i].allowed
                                ? "200 - via_upstream"
                                : "403 - rbac_access_denied_matched_policy"
                                  "[none]");
    }
    stage_close(stage);
    speak_fini(&speak);
}

static void a_denial(void **state)
{
    struct stage *stage = *state;
    struct mesh_authz_policy policy = { 0 };
    struct speak speak;

    speak_init(&speak);
    speak_policy(&speak, &policy, "posts", "to method POST");
    stage->snapshot.authz.allow = &policy;
    stage->snapshot.authz.allow_count = 1;
    stage_identify(stage, "front", "istio-http/1.1");

    /* Envoy's words, on a connection that stays. */
    assert_string_equal(stage_ask(stage, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
                        "HTTP/1.1 403 Forbidden\r\n"
                        "content-type: text/plain\r\n"
                        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        "content-length: 19\r\n\r\n"
                        "RBAC: access denied");
    assert_int_equal(stage->ended, '.');
    assert_int_equal(stage->records[0].attempts, 0);
    assert_string_equal(stage->records[0].cluster, "inbound|18080||");
    assert_int_equal(atomic_load(&stage->env.stats.denied), 1);
    assert_non_null(strstr(stage_logged(stage, 8), "denied"));

    /* To a gRPC caller, in gRPC's. */
    assert_string_equal(stage_ask(stage,
                                  "GET / HTTP/1.1\r\nhost: a\r\n"
                                  "content-type: application/grpc\r\n\r\n"),
                        "HTTP/1.1 200 OK\r\n"
                        "content-type: application/grpc\r\n"
                        "grpc-status: 7\r\n"
                        "grpc-message: RBAC: access denied\r\n"
                        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                        "content-length: 0\r\n\r\n");

    /* A denied body is dropped, and the next request is judged anew. */
    stage_say(stage,
              "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nab");
    assert_non_null(strstr(stage_hear(stage), "HTTP/1.1 403 "));
    stage_say(stage, "cPOST / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_non_null(strstr(stage_hear(stage), "HTTP/1.1 200 "));
    assert_int_equal(stage->record_count, 4);
    stage_close(stage);
    speak_fini(&speak);
}

static void denials_are_not_logged_without_end(void **state)
{
    struct stage *stage = *state;
    struct mesh_authz_policy policy = { .name = "none", .namespace_ = "demo" };
    struct mesh_log_line line;
    size_t lines = 0;

    stage->snapshot.authz.allow = &policy;
    stage->snapshot.authz.allow_count = 1;
    stage_connect(stage);
    for (size_t i = 0; i < 3 * MESH__SERVER_LOG_LINES; i++)
        stage_say(stage, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    (void)stage_hear(stage);
    assert_int_equal(stage->record_count, 3 * MESH__SERVER_LOG_LINES);
    while (mesh__log_read(&stage->log, &line))
        lines++;
    assert_int_equal(lines, MESH__SERVER_LOG_LINES);
}

/* --- tracing --- */

static void a_trace_goes_on(void **state)
{
    static const uint8_t caller[8] = { 0xb7, 0xad, 0x6b, 0x71,
                                       0x69, 0x20, 0x33, 0x31 };
    struct stage *stage = *state;
    const char *saw;
    char expect[64];
    char parent[MESH__TRACEPARENT_LEN + 1];

    stage->env.tracing = true;
    stage->snapshot.telemetry.sampling_per_10k = 0;
    saw = seen(stage_ask(
        stage, "GET / HTTP/1.1\r\nhost: a\r\ntracestate: a=b\r\n"
               "traceparent: "
               "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
               "\r\n"));
    assert_memory_equal(stage->records[0].parent_span, caller, 8);
    assert_true(stage->records[0].trace.sampled);
    mesh__trace_print(&stage->records[0].trace, parent);
    assert_memory_equal(parent, "00-0af7651916cd43dd8448eb211c80319c-", 36);
    /* The handler sees our span, where a sidecar puts it. */
    (void)snprintf(expect, sizeof(expect), "UUID|traceparent: %.40s", parent);
    assert_non_null(strstr(saw, expect));
    assert_non_null(strstr(saw, "|tracestate: a=b|"));
}

static void a_trace_begins(void **state)
{
    static const uint8_t none[8] = { 0 };
    static const char *const asks[] = {
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\ntraceparent: zz\r\ntracestate: "
        "a=b\r\n\r\n",
    };
    struct stage *stage = *state;

    stage->env.tracing = true;
    stage->snapshot.telemetry.sampling_per_10k = 10000;
    for (size_t i = 0; i < 2; i++) {
        const char *saw = seen(stage_ask(stage, asks[i]));

        assert_memory_equal(stage->records[i].parent_span, none, 8);
        assert_true(stage->records[i].trace.sampled);
        assert_non_null(strstr(saw, "|traceparent: 00-"));
        assert_non_null(strstr(saw, "-01|tracestate: |"));
        assert_null(strstr(saw, "zz"));
    }
}

static void who_asked_is_told_by_the_last_proxy(void **state)
{
    struct stage *stage = *state;

    (void)stage_ask(stage, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_string_equal(stage->records[0].remote, "10.0.0.2");
    (void)stage_ask(stage, "GET / HTTP/1.1\r\nhost: a\r\n"
                           "x-forwarded-for: 1.2.3.4, 5.6.7.8\r\n\r\n");
    assert_string_equal(stage->records[1].remote, "5.6.7.8");
    (void)stage_ask(stage, "GET / HTTP/1.1\r\nhost: a\r\n"
                           "x-forwarded-for: 1.2.3.4, somebody\r\n\r\n");
    assert_string_equal(stage->records[2].remote, "10.0.0.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_handler_sees, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(refused_before_the_handler, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(who_is_allowed, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(a_denial, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(denials_are_not_logged_without_end,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(a_trace_goes_on, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(a_trace_begins, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(who_asked_is_told_by_the_last_proxy,
                                        stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
