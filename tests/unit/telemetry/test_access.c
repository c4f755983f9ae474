/*
 * test_access.c - one line per exchange, as Istio writes it, and no peer can
 * bend it.
 */
#include "facts.h"
#include "torture.h"

#include "telemetry/telemetry.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CEILING = 16 * 1024 };

static const struct mesh_telemetry_policy text_policy = { .access_log = true };
static const struct mesh_telemetry_policy json_policy = { .access_log = true,
                                                          .access_log_json =
                                                              true };

static void expect_line(const struct mesh_facts *facts,
                        const struct mesh_telemetry_policy *policy,
                        const char *claim, const char *expect)
{
    struct mesh_buffer out;

    mesh__buffer_init(&out, CEILING);
    assert_int_equal(mesh__access_line(facts, policy, &out), 0);
    if (!mesh__slice_is(mesh__buffer_slice(&out), expect))
        fail_msg("%s:\n%.*s%s", claim, (int)out.len, mesh__buffer_data(&out),
                 expect);
    mesh__buffer_fini(&out);
}

static void a_good_exchange_reads_as_in_istio(void **state)
{
    const struct mesh_facts facts = good_facts();

    (void)state;
    expect_line(
        &facts, &text_policy, "text",
        "[2016-04-15T20:17:00.310Z] \"POST /api/v1/charge HTTP/1.1\" 200 - "
        "via_upstream - \"-\" 7 1234567890123 12 9 \"10.0.0.1, 10.0.0.2\" "
        "\"a test/1\" \"0b5d0b5d-1111-4222-8333-444455556666\" "
        "\"payment-service\" \"127.0.1.1:18080\" "
        "outbound|80||pay.production.svc.cluster.local 127.0.1.9:40000 "
        "[::1]:80 127.0.1.8:50000 - default\n");
    expect_line(&facts, &json_policy, "json",
                "{\"authority\": \"payment-service\", \"bytes_received\": 7, "
                "\"bytes_sent\": 1234567890123, "
                "\"connection_termination_details\": null, "
                "\"downstream_local_address\": \"[::1]:80\", "
                "\"downstream_remote_address\": \"127.0.1.8:50000\", "
                "\"duration\": 12, \"method\": \"POST\", "
                "\"path\": \"/api/v1/charge\", \"protocol\": \"HTTP/1.1\", "
                "\"request_id\": \"0b5d0b5d-1111-4222-8333-444455556666\", "
                "\"requested_server_name\": null, \"response_code\": 200, "
                "\"response_code_details\": \"via_upstream\", "
                "\"response_flags\": \"-\", \"route_name\": \"default\", "
                "\"start_time\": \"2016-04-15T20:17:00.310Z\", "
                "\"upstream_cluster\": "
                "\"outbound|80||pay.production.svc.cluster.local\", "
                "\"upstream_host\": \"127.0.1.1:18080\", "
                "\"upstream_local_address\": \"127.0.1.9:40000\", "
                "\"upstream_service_time\": \"9\", "
                "\"upstream_transport_failure_reason\": null, "
                "\"user_agent\": \"a test/1\", "
                "\"x_forwarded_for\": \"10.0.0.1, 10.0.0.2\"}\n");
}

static void nothing_known_is_dashes(void **state)
{
    const struct mesh_facts facts = { .start_ns = 1 };

    (void)state;
    expect_line(&facts, &text_policy, "an exchange that never was",
                "[1970-01-01T00:00:00.000Z] \"- - -\" 0 - - - \"-\" 0 0 - - "
                "\"-\" \"-\" \"-\" \"-\" \"-\" - - - - - -\n");
}

static void the_calendar_is_right(void **state)
{
    static const struct {
        int64_t seconds;
        const char *expect;
    } rows[] = {
        { 0, "1970-01-01T00:00:00.000Z\n" },
        { 68169599, "1972-02-28T23:59:59.000Z\n" },
        { 68169600, "1972-02-29T00:00:00.000Z\n" },
        { 951782400, "2000-02-29T00:00:00.000Z\n" },
        { 951868800, "2000-03-01T00:00:00.000Z\n" },
        { 1735689599, "2024-12-31T23:59:59.000Z\n" },
        { 1735689600, "2025-01-01T00:00:00.000Z\n" },
        { 4107542400, "2100-03-01T00:00:00.000Z\n" },
        { -1, "1970-01-01T00:00:00.000Z\n" },
    };
    static const struct mesh_telemetry_policy policy = { .access_log_format =
                                                             "%START_TIME%" };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_facts facts = { .start_wall_ns =
                                        rows[i].seconds * 1000000000 };

        expect_line(&facts, &policy, rows[i].expect, rows[i].expect);
    }
}

static void a_peer_cannot_bend_the_line(void **state)
{
    static const struct {
        const char *claim;
        struct mesh_slice sent;
        const char *text; /* as %REQ(USER-AGENT)%|%REQUESTED_SERVER_NAME% */
        const char *json; /* the user agent in JSON                       */
    } rows[] = {
        { "a quote", MESH__SLICE("a\"b"), "a\\x22b|a\\x22b\n", "\"a\\\"b\"" },
        { "a backslash", MESH__SLICE("a\\b"), "a\\x5cb|a\\x5cb\n",
          "\"a\\\\b\"" },
        { "a new line", MESH__SLICE("\n[forged]"),
          "\\x0a[forged]|"
          "\\x0a[forged]\n",
          "\"\\n[forged]\"" },
        { "a NUL", MESH__SLICE("a\0b"), "a\\x00b|a\\x00b\n", "\"a\\u0000b\"" },
        { "an escape of terminals", MESH__SLICE("\x1b[2J"),
          "\\x1b[2J|\\x1b[2J\n", "\"\\u001b[2J\"" },
        { "bytes that are no UTF-8", MESH__SLICE("\xff\xc0"),
          "\\xff\\xc0|\\xff\\xc0\n", "\"\\u00ff\\u00c0\"" },
        { "UTF-8 is escaped in text alone", MESH__SLICE("\xc3\xa9"),
          "\\xc3\\xa9|\\xc3\\xa9\n", "\"\xc3\xa9\"" },
        { "DEL", MESH__SLICE("\x7f"), "\\x7f|\\x7f\n", "\"\\u007f\"" },
        { "a blank stands between quotes only", MESH__SLICE("a b"),
          "a b|a\\x20b\n", "\"a b\"" },
        { "a percent sign is no operator", MESH__SLICE("%PROTOCOL%"),
          "%PROTOCOL%|%PROTOCOL%\n", "\"%PROTOCOL%\"" },
    };
    static const struct mesh_telemetry_policy policy = {
        .access_log_format = "%REQ(USER-AGENT)%|%REQ(X-REQUEST-ID)%"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_facts facts = { .user_agent = rows[i].sent,
                                    .request_id = rows[i].sent };
        struct mesh_buffer out;

        expect_line(&facts, &policy, rows[i].claim, rows[i].text);
        mesh__buffer_init(&out, CEILING);
        assert_int_equal(mesh__access_line(&facts, &json_policy, &out), 0);
        assert_int_equal(mesh__buffer_append(&out, "", 1), 0);
        if (!strstr(mesh__buffer_data(&out), rows[i].json))
            fail_msg("%s: %s", rows[i].claim, mesh__buffer_data(&out));
        assert_null(memchr(mesh__buffer_data(&out), '\n', out.len - 2));
        mesh__buffer_fini(&out);
    }
}

static void a_server_name_that_is_none_is_marked(void **state)
{
    static const struct mesh_telemetry_policy policy = {
        .access_log_format = "%REQUESTED_SERVER_NAME%"
    };
    static const struct {
        const char *claim;
        struct mesh_slice sent;
        const char *text;
    } rows[] = {
        { "none", MESH__SLICE(""), "-\n" },
        { "a name", MESH__SLICE("outbound_.80_._.a-b.C.example"),
          "outbound_.80_._.a-b.C.example\n" },
        { "a wildcard", MESH__SLICE("outbound_.80_._.*.example"),
          "invalid:outbound_.80_._._.example\n" },
        { "a forged line", MESH__SLICE("a\n\"b\""), "invalid:a__b_\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_facts facts = { .sni = rows[i].sent };

        expect_line(&facts, &policy, rows[i].claim, rows[i].text);
    }
}

static void a_format_of_ones_own(void **state)
{
    static const struct {
        const char *claim;
        const char *format;
        const char *expect;
    } rows[] = {
        { "an operator", "%RESPONSE_CODE%", "503\n" },
        { "its new line is not doubled", "%RESPONSE_CODE%\n", "503\n" },
        { "text around", "<%REQ(:METHOD)% %REQ(:PATH)%>", "<GET />\n" },
        { "two percent signs are one", "100%% %PROTOCOL%", "100% HTTP/1.1\n" },
        { "one alone stands", "100%", "100%\n" },
        { "what we do not know stands", "%HOSTNAME% %UPSTREAM_CLUSTER%",
          "%HOSTNAME% outbound|80||a\n" },
        { "flags and reasons",
          "%RESPONSE_FLAGS% %UPSTREAM_TRANSPORT_FAILURE_REASON%",
          "URX,UF not_in_time\n" },
        { "who asks a server, and what it took a caller",
          "%DOWNSTREAM_PEER_URI_SAN% %UPSTREAM_REQUEST_ATTEMPT_COUNT%",
          "- 4\n" },
    };
    struct mesh_facts facts = { .status = 503,
                                .method = MESH__SLICE("GET"),
                                .path = MESH__SLICE("/"),
                                .protocol = "HTTP/1.1",
                                .peer = "spiffe://td/ns/a/sa/b",
                                .attempts = 4,
                                .transport_failure = "not in time",
                                .upstream_cluster = "outbound|80||a" };

    (void)state;
    mesh__flags_set(&facts.flags, MESH__FLAG_URX);
    mesh__flags_set(&facts.flags, MESH__FLAG_UF);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_telemetry_policy policy = { .access_log_format =
                                                    rows[i].format };

        expect_line(&facts, &policy, rows[i].claim, rows[i].expect);
    }
}

static void an_object_of_ones_own(void **state)
{
    static const struct {
        const char *claim;
        const char *format;
        const char *expect;
    } rows[] = {
        { "one operator keeps its type",
          "{\"code\": \"%RESPONSE_CODE%\", \"m\": \"%REQ(:METHOD)%\"}",
          "{\"code\": 503, \"m\": \"G\\\"T\"}\n" },
        { "what is absent is null", "{\"a\":\"%ROUTE_NAME%\"}",
          "{\"a\": null}\n" },
        { "several make a text",
          "{\"a\":\"<%REQ(:METHOD)% %RESPONSE_CODE% %ROUTE_NAME%>\"}",
          "{\"a\": \"<G\\\"T 503 ->\"}\n" },
        { "percent signs",
          "{\"a\":\"100%% 5% \",\"b\":\"%\",\"c\":\"%%\",\"d\":\"\"}",
          "{\"a\": \"100% 5% \", \"b\": \"%\", \"c\": \"%\", "
          "\"d\": \"\"}\n" },
        { "what we do not know stands", "{\"%PROTOCOL%\":\"%HOSTNAME%\"}",
          "{\"%PROTOCOL%\": \"%HOSTNAME%\"}\n" },
        { "who asks a server",
          "{\"a\":\"%DOWNSTREAM_PEER_URI_SAN%\","
          "\"b\":\"%UPSTREAM_REQUEST_ATTEMPT_COUNT%\"}",
          "{\"a\": \"spiffe://td/ns/a/sa/b\", \"b\": 1}\n" },
        { "values of every kind",
          " {\n\"a\": [1, -2.5e+3, true ,false,null, {} , [ ]],\n"
          "\"b\": {\"c\": \"\\u0041\\n\"}\n}\n",
          "{\"a\": [1, -2.5e+3, true, false, null, {}, []], "
          "\"b\": {\"c\": \"\\u0041\\n\"}}\n" },
    };
    const struct mesh_facts facts = { .inbound = true,
                                      .status = 503,
                                      .peer = "spiffe://td/ns/a/sa/b",
                                      .attempts = 1,
                                      .method = MESH__SLICE("G\"T") };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_telemetry_policy policy = { .access_log_json = true,
                                                .access_log_format =
                                                    rows[i].format };

        expect_line(&facts, &policy, rows[i].claim, rows[i].expect);
    }
}

static void what_is_no_object_is_no_format(void **state)
{
    static const char *const rows[] = {
        "",
        "%PROTOCOL%",
        "[]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":[1,]}",
        "{\"a\":1]",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":-}",
        "{\"a\":yes}",
        "{\"a\":\"b}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\n\"}",
        "{a:1}",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":[[[[[[[[1]]]]]]]]}",
    };
    const struct mesh_facts facts = good_facts();
    struct mesh_buffer normal;

    (void)state;
    mesh__buffer_init(&normal, CEILING);
    assert_int_equal(mesh__access_line(&facts, &json_policy, &normal), 0);
    assert_int_equal(mesh__buffer_append(&normal, "", 1), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_telemetry_policy policy = { .access_log_json = true,
                                                .access_log_format = rows[i] };

        expect_line(&facts, &policy, rows[i], mesh__buffer_data(&normal));
    }
    mesh__buffer_fini(&normal);
}

static void a_line_that_does_not_fit_is_none(void **state)
{
    const struct mesh_facts facts = good_facts();
    const struct mesh_telemetry_policy *const policies[] = { &text_policy,
                                                             &json_policy };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_buffer out;

        mesh__buffer_init(&out, 300);
        assert_int_equal(mesh__buffer_append(&out, "before", 6), 0);
        assert_int_equal(mesh__access_line(&facts, policies[i], &out),
                         MESH_ERR_TOO_LARGE);
        assert_true(mesh__slice_is(mesh__buffer_slice(&out), "before"));
        mesh__buffer_fini(&out);
    }
}

static void no_allocation_is_vital(void **state)
{
    static const struct mesh_telemetry_policy own = {
        .access_log_json = true,
        .access_log_format = "{\"a\": \"%REQ(USER-AGENT)% %PROTOCOL%\"}"
    };
    const struct mesh_telemetry_policy *const policies[] = { &text_policy,
                                                             &json_policy,
                                                             &own };
    const struct mesh_facts facts = good_facts();

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 0;; n++) {
            struct mesh_buffer out;
            int rc;

            mesh__buffer_init(&out, CEILING);
            fake_alloc_fail_at(n);
            rc = mesh__access_line(&facts, policies[i], &out);
            if (!fake_alloc_tripped()) {
                assert_int_equal(rc, 0);
                mesh__buffer_fini(&out);
                break;
            }
            assert_int_equal(rc, MESH_ERR_NOMEM);
            assert_int_equal(out.len, 0);
            mesh__buffer_fini(&out);
            assert_int_equal(fake_alloc_live(), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_exchange_reads_as_in_istio),
        cmocka_unit_test(nothing_known_is_dashes),
        cmocka_unit_test(the_calendar_is_right),
        cmocka_unit_test(a_peer_cannot_bend_the_line),
        cmocka_unit_test(a_server_name_that_is_none_is_marked),
        cmocka_unit_test(a_format_of_ones_own),
        cmocka_unit_test(an_object_of_ones_own),
        cmocka_unit_test(what_is_no_object_is_no_format),
        cmocka_unit_test(a_line_that_does_not_fit_is_none),
        cmocka_unit_test(no_allocation_is_vital),
    };

    return cmocka_run_group_tests_name("telemetry/access", tests, NULL, NULL);
}
