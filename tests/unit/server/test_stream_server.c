/*
 * Plain streams: accept, shake, name, allow, and out of our hands.
 */
#include "stage.h"

#include "base/error.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../authz/speak.h"

enum { PORT = 19000 };

static struct mesh_stream_server *server;
static struct mesh_arrival *arrival; /* the last one taken */
static size_t news;

static void on_news(struct mesh_stream_server *told)
{
    assert_ptr_equal(told, server);
    assert_ptr_equal(mesh__stream_server_owner(told), &news);
    news++;
}

static int setup(void **state)
{
    struct mesh_address at = { .family = 4,
                               .port = PORT,
                               .ip = { 10, 0, 0, 1 } };
    struct stage *stage;

    (void)stage_setup(state);
    stage = *state;
    news = 0;
    stage_enter(stage);
    assert_int_equal(
        mesh__stream_server_new(&stage->env, &at, 0, on_news, &news, &server),
        0);
    stage_leave(stage);
    stage->at = mesh__stream_server_address(server);
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;

    stage_enter(stage);
    mesh__stream_server_free(server);
    server = NULL;
    stage_leave(stage);
    return stage_teardown(state);
}

static struct mesh_stream *take(struct stage *stage)
{
    stage_pass(stage, 10 * MESH__MS);
    stage_enter(stage);
    arrival = mesh__stream_server_take(server);
    stage_leave(stage);
    return arrival ? mesh__arrival_stream(arrival) : NULL;
}

static void give_up(struct stage *stage, struct mesh_stream *stream)
{
    assert_ptr_equal(mesh__arrival_stream(arrival), stream);
    stage_enter(stage);
    mesh__arrival_close(arrival, true);
    stage_leave(stage);
}

/* As a program would. */
static void read_some(struct mesh_stream *stream)
{
    (void)mesh__stream_fill(stream);
    mesh__error_clear();
}

static const struct {
    const char *claim;
    enum mesh_mtls_mode mode;
    const char *alpn; /* NULL: plaintext */
    bool taken;
    bool proven;
} rows[] = {
    { "STRICT closes plaintext", MESH__MTLS_STRICT, NULL, false, false },
    { "STRICT takes mesh TLS", MESH__MTLS_STRICT, "istio", true, true },
    { "STRICT takes TLS without ALPN", MESH__MTLS_STRICT, "", true, true },
    { "PERMISSIVE takes plaintext", MESH__MTLS_PERMISSIVE, NULL, true, false },
    { "PERMISSIVE takes mesh TLS", MESH__MTLS_PERMISSIVE, "istio-peer-exchange",
      true, true },
    { "DISABLE takes plaintext", MESH__MTLS_DISABLE, NULL, true, false },
};

static void who_is_admitted(void **state)
{
    struct stage *stage = *state;
    size_t told = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_stream *stream;

        stage_mode(stage, rows[i].mode);
        stage_speak(stage, rows[i].alpn ? "front" : "",
                    rows[i].alpn ? rows[i].alpn : "");
        stage_connect(stage);
        stage_say(stage, "ping");
        stream = take(stage);
        if (stream)
            stream->on_ready = read_some;
        if ((stream != NULL) != rows[i].taken)
            fail_msg("%s", rows[i].claim);
        if (!stream) {
            assert_int_equal(stage->ended, 'F');
            assert_int_equal(stage->heard_bytes, 0);
            assert_int_equal(stage->record_count, told);
            continue;
        }
        stage_enter(stage);
        (void)mesh__stream_want(stream, true);
        stage_leave(stage);
        stage_pass(stage, MESH__MS);
        assert_true((mesh__stream_peer(stream) != NULL) == rows[i].proven);
        if (!mesh__slice_is(mesh__buffer_slice(&stream->plain), "ping"))
            fail_msg("%s: %zu", rows[i].claim, stream->plain.len);
        stream->taken = 4; /* as its program would count */
        give_up(stage, stream);
        assert_int_equal(stage->record_count, ++told);
        assert_string_equal(stage_last(stage), "0 - ");
        assert_int_equal(stage->records[told - 1].received, 4);
    }
}

/* TLS that is not the mesh's passes as it is: the program may speak it. */
static void others_tls_is_bytes(void **state)
{
    struct stage *stage = *state;
    struct mesh_stream *stream;

    stage_speak(stage, "front", "h2");
    stage_connect(stage);
    stream = take(stage);
    assert_non_null(stream);
    assert_null(stream->tls);
    assert_int_equal(mesh__buffer_data(&stream->plain)[0], 22);
    give_up(stage, stream);
}

/* A server that speaks first must not wait for its client. */
static void without_mutual_tls_nobody_is_waited_for(void **state)
{
    struct stage *stage = *state;
    struct mesh_stream *stream;

    stage_mode(stage, MESH__MTLS_DISABLE);
    stage_connect(stage);
    stream = take(stage);
    assert_non_null(stream);
    assert_int_equal(news, 1);
    give_up(stage, stream);
}

static void who_is_allowed(void **state)
{
    struct stage *stage = *state;
    struct mesh_authz_policy policy = { 0 };
    struct mesh_stream *stream;
    struct speak speak;

    speak_init(&speak);
    speak_policy(&speak, &policy, "front",
                 "from principal cluster.local/ns/demo/sa/front & "
                 "to port 19000\n"
                 "to method GET");
    stage->snapshot.authz.allow = &policy;
    stage->snapshot.authz.allow_count = 1;
    stage_speak(stage, "front", "istio");
    stage_connect(stage);
    stream = take(stage);
    assert_non_null(stream);
    give_up(stage, stream);
    stage_speak(stage, "other", "istio");
    stage_connect(stage);
    assert_null(take(stage));
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(stage->heard_bytes, 0);
    assert_int_equal(atomic_load(&stage->env.stats.denied), 1);
    assert_non_null(strstr(stage_logged(stage, 8), "sa/other) denied"));
    assert_int_equal(stage->record_count, 2);
    assert_string_equal(stage->records[1].cluster, "inbound|19000||");
    assert_string_equal(stage->records[1].peer,
                        "spiffe://cluster.local/ns/demo/sa/other");
    stage->snapshot.authz.allow_count = 0;
    speak_fini(&speak);
}

static void those_that_wait_are_judged_again(void **state)
{
    struct stage *stage = *state;

    stage_connect(stage);
    stage_say(stage, "x");
    stage_pass(stage, MESH__MS);
    stage_enter(stage);
    mesh__stream_server_changed(server);
    assert_true(mesh__stream_server_waiting(server));
    stage_mode(stage, MESH__MTLS_STRICT);
    mesh__stream_server_changed(server);
    assert_false(mesh__stream_server_waiting(server));
    stage_leave(stage);
    assert_null(take(stage));
    assert_int_equal(stage->ended, 'F');
}

static void change(struct stage *stage, enum mesh_mtls_mode mode)
{
    stage_enter(stage);
    stage_mode(stage, mode);
    mesh__stream_server_changed(server);
    stage_leave(stage);
}

static void hear_of_it(struct mesh_stream *stream)
{
    (*(size_t *)stream->owner)++;
}

/* A program has it: it is told, and the peer hears the end. */
static void those_that_were_taken_end_within_the_bound(void **state)
{
    struct stage *stage = *state;
    struct mesh_stream *stream;
    size_t told = 0;

    stage_connect(stage);
    stage_say(stage, "x");
    stream = take(stage);
    assert_non_null(stream);
    stream->on_ready = hear_of_it;
    stream->owner = &told;
    change(stage, MESH__MTLS_PERMISSIVE);
    stage_pass(stage, 2 * stage->env.drain_ns);
    assert_int_equal(stream->state, MESH__STREAM_READY);
    change(stage, MESH__MTLS_STRICT);
    stage_pass(stage, stage->env.drain_ns - MESH__MS);
    assert_int_equal(stream->state, MESH__STREAM_READY);
    assert_int_equal(told, 0);
    stage_pass(stage, 2 * MESH__MS);
    assert_int_equal(stream->state, MESH__STREAM_FAILED);
    assert_int_equal(stream->code, MESH_ERR_DENIED);
    assert_int_equal(told, 1);
    assert_int_equal(stage->ended, 'F');
    change(stage, MESH__MTLS_STRICT); /* once is enough */
    stage_pass(stage, 2 * stage->env.drain_ns);
    assert_int_equal(told, 1);
    give_up(stage, stream);
}

static void a_policy_that_takes_it_back_lets_them_stay(void **state)
{
    struct stage *stage = *state;
    struct mesh_stream *stream;

    stage_connect(stage);
    stage_say(stage, "x");
    stream = take(stage);
    assert_non_null(stream);
    change(stage, MESH__MTLS_STRICT);
    stage_pass(stage, stage->env.drain_ns / 2);
    change(stage, MESH__MTLS_PERMISSIVE);
    stage_pass(stage, 2 * stage->env.drain_ns);
    assert_int_equal(stream->state, MESH__STREAM_READY);
    give_up(stage, stream);
}

/* Nobody takes it and the peer leaves: no turn is spent on it. */
static void what_waits_costs_nothing(void **state)
{
    struct stage *stage = *state;
    struct mesh_stream *stream;

    for (int reset = 0; reset < 2; reset++) {
        stage_connect(stage);
        stage_say(stage, "x");
        stage_pass(stage, MESH__MS);
        stage_hang_up(stage, reset);
        stage_pass(stage, MESH__S);
        stream = take(stage);
        assert_non_null(stream);
        give_up(stage, stream);
    }
}

static void closing(void **state)
{
    struct stage *stage = *state;
    struct mesh_stream *stream;

    stage_connect(stage);
    stage_say(stage, "x");
    stage_pass(stage, MESH__MS);
    stage_enter(stage);
    assert_false(mesh__stream_server_closed_empty(server));
    mesh__stream_server_close(server);
    mesh__stream_server_close(server);
    assert_int_equal(news, 2);
    assert_false(mesh__stream_server_closed_empty(server));
    stage_leave(stage);
    stream = take(stage);
    assert_non_null(stream);
    stage_enter(stage);
    assert_true(mesh__stream_server_closed_empty(server));
    stage_leave(stage);
    give_up(stage, stream);
}

static void who_says_nothing_is_not_waited_for_for_ever(void **state)
{
    struct stage *stage = *state;

    stage_connect(stage);
    stage_pass(stage, 16 * MESH__S);
    assert_int_equal(stage->ended, 'F');
    assert_non_null(strstr(stage_logged(stage, 9), "no first bytes in time"));
}

static void a_server_that_cannot_be_made(void **state)
{
    struct stage *stage = *state;
    struct mesh_address at = { .family = 4, .ip = { 10, 0, 0, 1 } };
    struct mesh_stream_server *other;

    stage_enter(stage);
    for (size_t n = 0;; n++) {
        int rc;

        fake_alloc_fail_at(n);
        rc =
            mesh__stream_server_new(&stage->env, &at, 0, on_news, NULL, &other);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(other);
        mesh__error_clear();
    }
    fake_alloc_off();
    mesh__stream_server_free(other);
    stage_leave(stage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_admitted),
        TEST(others_tls_is_bytes),
        TEST(without_mutual_tls_nobody_is_waited_for),
        TEST(who_is_allowed),
        TEST(those_that_wait_are_judged_again),
        TEST(those_that_were_taken_end_within_the_bound),
        TEST(a_policy_that_takes_it_back_lets_them_stay),
        TEST(what_waits_costs_nothing),
        TEST(closing),
        TEST(who_says_nothing_is_not_waited_for_for_ever),
        TEST(a_server_that_cannot_be_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
