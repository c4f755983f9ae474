/*
 * test_span.c - facts become a span with Envoy's name and Envoy's cuts.
 */
#include "facts.h"

#include "telemetry/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_call_is_told_whole(void **state)
{
    const struct mesh_facts facts = good_facts();
    struct mesh_span span;

    (void)state;
    mesh__span_of(&facts, &span);
    assert_false(span.server);
    assert_memory_equal(&span.trace, &facts.trace, sizeof(span.trace));
    assert_memory_equal(span.parent_span, facts.parent_span, 8);
    assert_true(span.start_wall_ns == facts.start_wall_ns);
    assert_true(span.end_wall_ns == facts.start_wall_ns + 12999999);
    assert_string_equal(span.name, "pay.production.svc.cluster.local:80/*");
    assert_string_equal(span.method, "POST");
    assert_string_equal(span.url, "http://payment-service/api/v1/charge");
    assert_string_equal(span.protocol, "HTTP/1.1");
    assert_string_equal(span.user_agent, "a test/1");
    assert_string_equal(span.request_id,
                        "0b5d0b5d-1111-4222-8333-444455556666");
    assert_string_equal(span.peer_address, "127.0.1.1:18080");
    assert_string_equal(span.upstream_cluster,
                        "outbound|80||pay.production.svc.cluster.local");
    assert_string_equal(span.flags, "-");
    assert_string_equal(span.details, "via_upstream");
    assert_int_equal(span.status, 200);
    assert_int_equal(span.attempts, 1);
    assert_int_equal(span.request_size, 7);
    assert_true(span.response_size == 1234567890123);
}

static void a_server_names_its_caller(void **state)
{
    struct mesh_facts facts = good_facts();
    struct mesh_span span;

    (void)state;
    facts.inbound = true;
    mesh__span_of(&facts, &span);
    assert_true(span.server);
    assert_string_equal(span.peer_address, "127.0.1.8");
}

static void a_span_without_a_service_has_a_name(void **state)
{
    struct mesh_facts facts = good_facts();
    struct mesh_span span;

    (void)state;
    facts.destination = NULL;
    mesh__span_of(&facts, &span);
    assert_string_equal(span.name, "egress payment-service");
    facts.destination = "";
    facts.inbound = true;
    mesh__span_of(&facts, &span);
    assert_string_equal(span.name, "ingress");
}

static void nothing_known_is_empty(void **state)
{
    const struct mesh_facts facts = { .start_ns = 9, .end_ns = 3 };
    struct mesh_span span;

    (void)state;
    mesh__span_of(&facts, &span);
    assert_string_equal(span.url, "");
    assert_string_equal(span.peer_address, "");
    assert_true(span.end_wall_ns == span.start_wall_ns);
}

static void long_texts_are_cut(void **state)
{
    static char longer[4096];
    struct mesh_facts facts = good_facts();
    struct mesh_span span;

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    facts.path = facts.user_agent = facts.request_id = facts.method =
        mesh__slice_of(longer);
    facts.destination = facts.upstream_host = facts.upstream_cluster =
        facts.details = facts.protocol = longer;
    mesh__span_of(&facts, &span);
    assert_int_equal(strlen(span.url), sizeof(span.url) - 1);
    assert_int_equal(strlen(span.user_agent), sizeof(span.user_agent) - 1);
    assert_int_equal(strlen(span.request_id), sizeof(span.request_id) - 1);
    assert_int_equal(strlen(span.method), sizeof(span.method) - 1);
    assert_int_equal(strlen(span.name), sizeof(span.name) - 1);
    assert_int_equal(strlen(span.peer_address), sizeof(span.peer_address) - 1);
    assert_int_equal(strlen(span.details), sizeof(span.details) - 1);
    assert_int_equal(strlen(span.protocol), sizeof(span.protocol) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_told_whole),
        cmocka_unit_test(a_server_names_its_caller),
        cmocka_unit_test(a_span_without_a_service_has_a_name),
        cmocka_unit_test(nothing_known_is_empty),
        cmocka_unit_test(long_texts_are_cut),
    };

    return cmocka_run_group_tests_name("telemetry/span", tests, NULL, NULL);
}
