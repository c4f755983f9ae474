/*
 * Life: how servers close, what a new policy does to open connections, and
 * what a lack of descriptors or memory does to the door.
 */
#include "stage.h"

#include "base/error.h"
#include "server/inside.h"
#include "torture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define GET "GET / HTTP/1.1\r\nhost: a\r\n\r\n"

static void let_go(struct stage *stage, struct mesh_inbound_exchange *exchange)
{
    stage_enter(stage);
    mesh__exchange_release(exchange);
    stage_leave(stage);
}

static void respond(struct stage *stage, struct mesh_inbound_exchange *exchange)
{
    stage_enter(stage);
    assert_int_equal(mesh__exchange_respond(exchange, 200, MESH__SLICE("done")),
                     0);
    mesh__exchange_release(exchange);
    stage_leave(stage);
}

static void close_server(struct stage *stage)
{
    stage_enter(stage);
    mesh__http_server_close(stage->server);
    stage_leave(stage);
}

static bool is_empty(struct stage *stage)
{
    bool empty;

    stage_enter(stage);
    empty = mesh__http_server_closed_empty(stage->server);
    stage_leave(stage);
    return empty;
}

/* --- closing --- */

static void an_idle_server_closes_at_once(void **state)
{
    struct stage *stage = *state;

    assert_memory_equal(stage_ask(stage, GET), "HTTP/1.1 200 ", 13);
    assert_false(is_empty(stage));
    stage->server_news = 0;
    close_server(stage);
    assert_true(is_empty(stage));
    assert_int_equal(stage->server_news, 1);
    (void)stage_hear(stage);
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(mesh__world_open(stage->world), 1); /* the peer's */
}

static void what_is_under_way_is_finished(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange;

    stage->handler = STAGE_KEEPS;
    stage_connect(stage);
    stage_say(stage, GET);
    stage_pass(stage, MESH__MS);
    close_server(stage);
    assert_false(is_empty(stage)); /* one waits to be taken */
    exchange = stage_take(stage);
    assert_non_null(exchange);
    assert_true(is_empty(stage));
    stage_pass(stage, 4 * MESH__S);
    respond(stage, exchange);
    assert_non_null(strstr(stage_hear(stage), "connection: close\r\n"));
    assert_int_equal(stage->ended, 'F');
    assert_string_equal(stage_last(stage), "200 - via_upstream");
}

static void a_request_that_has_begun_may_come(void **state)
{
    struct stage *stage = *state;

    stage_connect(stage);
    stage_say_n(stage, GET, 10);
    stage_pass(stage, MESH__MS);
    close_server(stage);
    assert_false(is_empty(stage));
    stage_say(stage, &GET[10]);
    assert_memory_equal(stage_hear(stage), "HTTP/1.1 200 ", 13);
    assert_true(is_empty(stage));
    assert_int_equal(stage->ended, 'F');
}

static void the_drain_has_an_end(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange;

    stage->handler = STAGE_KEEPS;
    stage_connect(stage);
    stage_say(stage, GET);
    exchange = stage_take(stage);
    close_server(stage);
    stage_pass(stage, 4 * MESH__S);
    assert_int_equal(stage->ended, '.');
    assert_int_equal(exchange->code, 0);
    stage_pass(stage, 2 * MESH__S);
    assert_int_equal(stage->ended, 'R');
    assert_int_equal(exchange->code, MESH_ERR_RESET);
    assert_int_equal(stage->record_count, 1);
    let_go(stage, exchange);
}

static void freeing_with_an_exchange_out(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange;

    stage->handler = STAGE_KEEPS;
    stage_connect(stage);
    stage_say(stage, GET GET);
    exchange = stage_take(stage);
    stage_enter(stage);
    mesh__http_server_free(stage->server);
    stage->server = NULL;
    assert_int_equal(exchange->code, MESH_ERR_RESET);
    assert_string_equal(stage_last(stage), "0 DC downstream_remote_disconnect");
    /* What it says is still there; only then memory goes. */
    assert_true(mesh__slice_is(exchange->head.method, "GET"));
    mesh__exchange_release(exchange);
    stage_leave(stage);
    assert_int_equal(stage->hold.uses, 0);
}

/* --- a new policy, a new trust --- */

static void change(struct stage *stage)
{
    stage_enter(stage);
    mesh__http_server_changed(stage->server);
    stage_leave(stage);
    stage_pass(stage, 10 * MESH__MS);
}

static void plaintext_ends_when_it_is_no_longer_admitted(void **state)
{
    struct stage *stage = *state;

    (void)stage_ask(stage, GET);
    change(stage);
    assert_int_equal(stage->ended, '.'); /* nothing has changed for it */
    stage_mode(stage, MESH__MTLS_STRICT);
    change(stage);
    assert_int_equal(stage->ended, 'F');
}

static void a_head_that_came_under_the_old_policy_is_not_served(void **state)
{
    struct stage *stage = *state;

    stage_connect(stage);
    stage_say_n(stage, GET, 10);
    stage_pass(stage, MESH__MS);
    stage_mode(stage, MESH__MTLS_STRICT);
    change(stage);
    assert_int_equal(stage->ended, 'R');
    assert_string_equal(stage_last(stage), "0 DC downstream_remote_disconnect");
}

static void an_exchange_ends_on_the_policy_it_began_with(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange;

    stage->handler = STAGE_KEEPS;
    stage_connect(stage);
    stage_say(stage, GET);
    exchange = stage_take(stage);
    stage_mode(stage, MESH__MTLS_STRICT);
    change(stage);
    assert_int_equal(stage->ended, '.');
    respond(stage, exchange);
    assert_non_null(strstr(stage_hear(stage), "connection: close\r\n"));
    assert_int_equal(stage->ended, 'F');
}

static void mesh_tls_stays_under_strict(void **state)
{
    struct stage *stage = *state;

    stage_identify(stage, "front", "istio");
    (void)stage_ask(stage, GET);
    stage_mode(stage, MESH__MTLS_STRICT);
    change(stage);
    assert_int_equal(stage->ended, '.');
    /* But not when its trust domain is believed in no more. */
    stage->snapshot.trust_domain_count = 0;
    {
        struct mesh_credential *credential = fake_credential(
            "spiffe://elsewhere.org/ns/a/sa/b", INT64_C(784200000));
        struct mesh_bundle *bundle = fake_bundle("elsewhere.org");

        mesh__identity_set(&stage->identity, credential, bundle);
        mesh__credential_unref(credential);
        mesh__bundle_unref(bundle);
    }
    change(stage);
    assert_int_equal(stage->ended, 'F');
}

static void a_certificate_that_ran_out(void **state)
{
    struct stage *stage = *state;

    stage_identify(stage, "front", "istio"); /* ends in 1,000 seconds */
    (void)stage_ask(stage, GET);
    stage_pass(stage, 999 * MESH__S);
    change(stage);
    assert_int_equal(stage->ended, '.');
    stage_pass(stage, 2 * MESH__S);
    change(stage);
    assert_int_equal(stage->ended, 'F');
}

/* --- the door --- */

static void an_address_that_is_taken(void **state)
{
    struct stage *stage = *state;
    struct mesh_http_server *other;
    struct mesh_address at = *mesh__http_server_address(stage->server);

    stage_enter(stage);
    assert_int_equal(
        mesh__http_server_new(&stage->env, &at, 0, NULL, NULL, &other),
        MESH_ERR_ADDRESS);
    assert_null(other);
    assert_non_null(strstr(mesh__error_line(), "10.0.0.1:18080"));
    at.port = 0; /* any that is free */
    assert_int_equal(
        mesh__http_server_new(&stage->env, &at, 7777, NULL, NULL, &other), 0);
    assert_int_not_equal(mesh__http_server_address(other)->port, 0);
    mesh__http_server_free(other);
    stage_leave(stage);
}

/* The server's port with some calls of its own; one test at a time. */
static struct {
    struct mesh_port_ops ops;
    const struct mesh_port_ops *real;
    unsigned accepts;
    unsigned failures; /* of accept, still to come */
    int error;
    unsigned closes;
    int first; /* that was closed */
} wilful;

static int wilful_accept(struct mesh_port *port, int listener,
                         struct mesh_address *peer)
{
    wilful.accepts++;
    if (wilful.failures == 0)
        return wilful.real->accept(port, listener, peer);
    wilful.failures--;
    return -wilful.error;
}

static void wilful_close(struct mesh_port *port, int fd, bool reset)
{
    (void)port;
    assert_false(reset);
    if (wilful.closes++ == 0)
        wilful.first = fd;
}

static void become_wilful(struct stage *stage, unsigned failures, int error)
{
    struct mesh_port *port = mesh__loop_port(stage->loops[0]);

    wilful.real = port->ops;
    wilful.ops = *port->ops;
    wilful.ops.accept = wilful_accept;
    wilful.accepts = wilful.closes = 0;
    wilful.failures = failures;
    wilful.error = error;
    port->ops = &wilful.ops;
}

static void without_descriptors_the_door_rests(void **state)
{
    struct stage *stage = *state;
    struct mesh_log_line line;
    size_t lines = 0;

    become_wilful(stage, 10, EMFILE);
    stage_connect(stage);
    stage_say(stage, GET);
    stage_pass(stage, 900 * MESH__MS);
    assert_string_equal(stage->heard, "");
    assert_in_range(wilful.accepts, 5, 10); /* ten a second, no more */
    while (mesh__log_read(&stage->log, &line)) {
        lines++;
        assert_int_equal(line.kind, 11);
    }
    assert_int_equal(lines, 1);
    stage_pass(stage, 300 * MESH__MS);
    assert_memory_equal(stage_hear(stage), "HTTP/1.1 200 ", 13);
}

/* The rest needs no memory, else the door would be ready all the time. */
static void without_memory_the_door_rests_too(void **state)
{
    struct stage *stage = *state;

    become_wilful(stage, 10, ENOMEM);
    stage_connect(stage);
    stage_say(stage, GET);
    fake_alloc_fail_from(0);
    stage_pass(stage, 900 * MESH__MS);
    fake_alloc_off();
    assert_in_range(wilful.accepts, 5, 10);
    stage_pass(stage, 300 * MESH__MS);
    assert_memory_equal(stage_hear(stage), "HTTP/1.1 200 ", 13);
}

static void a_connection_that_fails_to_come_is_no_matter(void **state)
{
    struct stage *stage = *state;

    become_wilful(stage, 3, ECONNABORTED);
    assert_memory_equal(stage_ask(stage, GET), "HTTP/1.1 200 ", 13);
    assert_string_equal(stage_logged(stage, 11), "");
}

/* In a child every descriptor is closed, and nothing is said. */
static void a_forked_child_closes_its_copies(void **state)
{
    struct stage *stage = *state;
    struct mesh_port *port = mesh__loop_port(stage->loops[0]);

    stage->handler = STAGE_KEEPS;
    (void)stage_ask(stage, GET);
    become_wilful(stage, 0, 0);
    wilful.ops.close = wilful_close;
    stage_enter(stage);
    mesh__http_server_forked(stage->server);
    stage_leave(stage);
    assert_int_equal(wilful.closes, 2); /* the listener, a connection */
    assert_string_equal(stage_hear(stage), "");
    assert_int_equal(stage->record_count, 0);
    port->ops = wilful.real;
    stage->server->door.fd = wilful.first; /* it was closed in words only */
}

/* --- torture --- */

/* One whole conversation. */
static void converse(struct stage *stage)
{
    (void)stage_ask(stage, "POST /a/../b HTTP/1.1\r\nhost: a\r\n"
                           "content-length: 2\r\nx-forwarded-for: 1.1.1.1\r\n"
                           "\r\nhi" GET);
    stage_hang_up(stage, true);
    stage_pass(stage, MESH__S);
}

/* Nothing stays behind, whichever allocation fails; the next is served. */
static void any_allocation_may_fail(void **state)
{
    struct stage *stage = *state;

    stage->env.tracing = true;
    converse(stage); /* loops and lenders are warm */
    for (int tls = 0; tls < 2; tls++) {
        bool tripped = true;

        if (tls)
            stage_identify(stage, "front", "istio");
        for (size_t n = 0; tripped; n++) {
            stage->record_count = 0;
            fake_alloc_fail_at(n);
            converse(stage);
            tripped = fake_alloc_tripped();
            assert_int_equal(mesh__world_open(stage->world), 1);
            assert_in_range(stage->record_count, tripped ? 0 : 2, 2);
            assert_int_equal(stage->hold.uses, 0);
        }
        fake_alloc_off();
    }
}

static void a_server_that_cannot_be_made(void **state)
{
    struct stage *stage = *state;
    struct mesh_address at = *mesh__http_server_address(stage->server);
    struct mesh_http_server *server;

    at.port = 0;
    stage_enter(stage);
    for (size_t n = 0;; n++) {
        int rc;

        fake_alloc_fail_at(n);
        rc = mesh__http_server_new(&stage->env, &at, 0, NULL, NULL, &server);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(server);
        mesh__error_clear();
    }
    fake_alloc_off();
    assert_non_null(server);
    mesh__http_server_free(server);
    stage_leave(stage);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_idle_server_closes_at_once),
        TEST(what_is_under_way_is_finished),
        TEST(a_request_that_has_begun_may_come),
        TEST(the_drain_has_an_end),
        TEST(freeing_with_an_exchange_out),
        TEST(plaintext_ends_when_it_is_no_longer_admitted),
        TEST(a_head_that_came_under_the_old_policy_is_not_served),
        TEST(an_exchange_ends_on_the_policy_it_began_with),
        TEST(mesh_tls_stays_under_strict),
        TEST(a_certificate_that_ran_out),
        TEST(an_address_that_is_taken),
        TEST(without_descriptors_the_door_rests),
        TEST(without_memory_the_door_rests_too),
        TEST(a_connection_that_fails_to_come_is_no_matter),
        TEST(a_forked_child_closes_its_copies),
        TEST(any_allocation_may_fail),
        TEST(a_server_that_cannot_be_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
