/*
 * test_serving.c - one behaviour for each deciding call in the table of
 * steps of a server.
 *
 * With an argument, the test of that name alone is run.
 */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"

#include <stdio.h>

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

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
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
    };

    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, words_set_up, words_tear_down);
}
