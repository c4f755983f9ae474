/*
 * Exchanges: what a handler may do with one, and what the peer gets of it.
 */
#include "stage.h"

#include "base/alloc.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define DATE "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define GET  "GET / HTTP/1.1\r\nhost: a\r\n\r\n"
#define POST "POST / HTTP/1.1\r\nhost: a\r\n"

static struct mesh_inbound_exchange *begin(struct stage *stage,
                                           const char *request)
{
    struct mesh_inbound_exchange *exchange;

    stage->handler = STAGE_KEEPS;
    if (!stage->peer || stage->ended != '.')
        stage_connect(stage);
    stage_say(stage, request);
    exchange = stage_take(stage);
    assert_non_null(exchange);
    return exchange;
}

static void let_go(struct stage *stage, struct mesh_inbound_exchange *exchange)
{
    stage_enter(stage);
    mesh__exchange_release(exchange);
    stage_leave(stage);
}

static int add(struct mesh_inbound_exchange *exchange, const char *name,
               const char *value)
{
    int rc = mesh__exchange_add(exchange, mesh__slice_of(name),
                                mesh__slice_of(value));

    mesh__error_clear();
    return rc;
}

static int respond(struct mesh_inbound_exchange *exchange, unsigned status,
                   const char *body)
{
    int rc = mesh__exchange_respond(exchange, status, mesh__slice_of(body));

    mesh__error_clear();
    return rc;
}

static int put(struct mesh_inbound_exchange *exchange, const char *text,
               size_t *written)
{
    return mesh__exchange_write(exchange, text, strlen(text), written);
}

/* --- whole answers --- */

static const struct {
    const char *claim;
    const char *request;
    unsigned status;
    const char *body;
    const char *heard;
} answers[] = {
    { "a body and its length", GET, 200, "hi",
      "HTTP/1.1 200 OK\r\n" DATE "content-length: 2\r\n\r\nhi" },
    { "no body is announced", GET, 200, "",
      "HTTP/1.1 200 OK\r\n" DATE "content-length: 0\r\n\r\n" },
    { "HEAD hears what GET would get", "HEAD / HTTP/1.1\r\nhost: a\r\n\r\n",
      200, "hi", "HTTP/1.1 200 OK\r\n" DATE "content-length: 2\r\n\r\n" },
    { "204 has nothing to say", GET, 204, "",
      "HTTP/1.1 204 No Content\r\n" DATE "\r\n" },
    { "304 neither", GET, 304, "hi",
      "HTTP/1.1 304 Not Modified\r\n" DATE "\r\n" },
    { "whoever says close gets close",
      "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 200, "",
      "HTTP/1.1 200 OK\r\n" DATE
      "content-length: 0\r\nconnection: close\r\n\r\n" },
};

static void whole_answers(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct mesh_inbound_exchange *exchange =
            begin(stage, answers[i].request);

        stage_enter(stage);
        assert_int_equal(respond(exchange, answers[i].status, answers[i].body),
                         0);
        assert_true(exchange->begun);
        assert_true(exchange->finished);
        assert_int_equal(respond(exchange, 200, ""), MESH_ERR_STATE);
        stage_leave(stage);
        let_go(stage, exchange);
        if (strcmp(stage_hear(stage), answers[i].heard) != 0)
            fail_msg("%s", answers[i].claim);
        assert_string_equal(stage->records[i].cluster, "inbound|18080||");
        assert_int_equal(stage->records[i].attempts, 1);
    }
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(stage->record_count, sizeof(answers) / sizeof(answers[0]));
    assert_int_equal(atomic_load(&stage->env.stats.exchanges),
                     stage->record_count);
}

static void headers_of_a_handler(void **state)
{
    static const char *const framing[] = {
        "Content-Length", "transfer-encoding", "connection",
        "keep-alive",     "proxy-connection",  "upgrade"
    };
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);

    stage_enter(stage);
    for (size_t i = 0; i < sizeof(framing) / sizeof(framing[0]); i++)
        assert_int_equal(add(exchange, framing[i], "1"), MESH_ERR_INVALID);
    assert_int_equal(add(exchange, "a b", "1"), MESH_ERR_INVALID);
    assert_int_equal(add(exchange, "", "1"), MESH_ERR_INVALID);
    assert_int_equal(add(exchange, "x-a", "1\r\nx-b: 2"), MESH_ERR_INVALID);
    assert_int_equal(add(exchange, "Set-Cookie", " a=1 "), 0);
    assert_int_equal(add(exchange, "set-cookie", "b=2"), 0);
    assert_int_equal(add(exchange, "date", "today"), 0);
    assert_int_equal(respond(exchange, 600, ""), MESH_ERR_INVALID);
    assert_int_equal(respond(exchange, 199, ""), MESH_ERR_INVALID);
    assert_int_equal(respond(exchange, 204, "body"), MESH_ERR_INVALID);
    assert_false(exchange->begun);
    assert_int_equal(respond(exchange, 200, ""), 0);
    assert_int_equal(add(exchange, "x-late", "1"), MESH_ERR_STATE);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_string_equal(stage_hear(stage),
                        "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\n"
                        "set-cookie: b=2\r\ndate: today\r\n"
                        "content-length: 0\r\n\r\n");
}

static void headers_have_a_ceiling(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);

    stage_enter(stage);
    for (size_t i = 0; i < MESH__SERVER_HEADERS; i++)
        assert_int_equal(add(exchange, "x-a", "1"), 0);
    assert_int_equal(add(exchange, "x-a", "1"), MESH_ERR_TOO_LARGE);
    stage_leave(stage);
    let_go(stage, exchange);
}

/* --- answers in pieces --- */

static void an_answer_in_chunks(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);
    size_t written;

    stage_enter(stage);
    assert_int_equal(put(exchange, "early", &written), MESH_ERR_STATE);
    assert_int_equal(mesh__exchange_begin(exchange, 200, -1), 0);
    assert_int_equal(put(exchange, "hello", &written), 0);
    assert_int_equal(put(exchange, "", &written), 0);
    assert_int_equal(put(exchange, "!", &written), 0);
    assert_int_equal(mesh__exchange_finish(exchange), 0);
    assert_int_equal(put(exchange, "late", &written), MESH_ERR_STATE);
    assert_int_equal(mesh__exchange_finish(exchange), MESH_ERR_STATE);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_string_equal(stage_hear(stage), "HTTP/1.1 200 OK\r\n" DATE
                                           "transfer-encoding: chunked\r\n\r\n"
                                           "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n");
    assert_int_equal(stage->records[0].sent, 6);
}

static void an_answer_of_a_length(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);
    size_t written;

    stage_enter(stage);
    assert_int_equal(mesh__exchange_begin(exchange, 201, 4), 0);
    assert_int_equal(put(exchange, "abc", &written), 0);
    assert_int_equal(put(exchange, "de", &written), MESH_ERR_TOO_LARGE);
    assert_int_equal(put(exchange, "d", &written), 0);
    assert_int_equal(mesh__exchange_finish(exchange), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_string_equal(stage_hear(stage), "HTTP/1.1 201 Created\r\n" DATE
                                           "content-length: 4\r\n\r\nabcd");
    assert_int_equal(stage->ended, '.');
}

static void an_answer_shorter_than_announced(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);
    size_t written;

    stage_enter(stage);
    assert_int_equal(mesh__exchange_begin(exchange, 200, 4), 0);
    assert_int_equal(put(exchange, "abc", &written), 0);
    assert_int_equal(mesh__exchange_finish(exchange), MESH_ERR_INVALID);
    mesh__error_clear();
    stage_leave(stage);
    let_go(stage, exchange);
    (void)stage_hear(stage);
    assert_int_equal(stage->ended, 'R');
    assert_string_equal(stage_last(stage),
                        "200 UC upstream_reset_after_response_started{"
                        "connection_termination}");
}

static void head_is_never_followed_by_a_body(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange =
        begin(stage, "HEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
    size_t written;

    stage_enter(stage);
    assert_int_equal(mesh__exchange_begin(exchange, 404, -1), 0);
    assert_int_equal(put(exchange, "abc", &written), 0);
    assert_int_equal(mesh__exchange_finish(exchange), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_string_equal(stage_hear(stage),
                        "HTTP/1.1 404 Not Found\r\n" DATE
                        "transfer-encoding: chunked\r\n\r\n");
    assert_int_equal(stage->records[0].sent, 0);
    let_go(stage, begin(stage, GET)); /* the connection serves on */
}

/* --- room --- */

static void a_peer_that_does_not_read(void **state)
{
    static const char piece[4096];
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);
    uint64_t total = 0;
    size_t written;
    int rc = 0;

    stage->deaf = true;
    stage_enter(stage);
    assert_int_equal(mesh__exchange_begin(exchange, 200, -1), 0);
    stage_leave(stage);
    while (rc == 0) {
        stage_pass(stage, MESH__MS);
        stage_enter(stage);
        rc = mesh__exchange_write(exchange, piece, sizeof(piece), &written);
        stage_leave(stage);
        total += written;
        assert_true(total < 8 * 1024 * 1024);
    }
    assert_int_equal(rc, MESH_ERR_WOULD_BLOCK);
    stage->news = 0;
    stage->deaf = false;
    mesh__loop_enter(stage->loops[1]);
    assert_int_equal(mesh__stream_want(stage->peer, true), 0);
    mesh__loop_leave(stage->loops[1]);
    stage_pass(stage, MESH__S);
    assert_true(stage->news > 0);
    stage_enter(stage);
    assert_true(mesh__exchange_room(exchange) > 0);
    assert_int_equal(mesh__exchange_finish(exchange), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    stage_pass(stage, MESH__S);
    assert_true(stage->heard_bytes > total);
    assert_int_equal(stage->records[0].sent, total);
}

/* A whole answer far beyond every buffer still arrives, and once. */
static void an_answer_of_a_megabyte(void **state)
{
    enum { SIZE = 1024 * 1024 };
    struct stage *stage = *state;
    char *body = mesh__calloc(1, SIZE);

    for (int tls = 0; tls < 2; tls++) {
        struct mesh_inbound_exchange *exchange;

        if (tls)
            stage_identify(stage, "front", "istio");
        stage_hang_up(stage, false);
        stage->ended = 'F';
        exchange = begin(stage, GET);
        stage_enter(stage);
        assert_int_equal(
            mesh__exchange_respond(exchange, 200, mesh__slice(body, SIZE)), 0);
        stage_leave(stage);
        let_go(stage, exchange); /* before it is out */
        stage_pass(stage, 10 * MESH__S);
        assert_int_equal(stage->heard_bytes, SIZE + 81);
        assert_int_equal(stage->records[tls].sent, SIZE);
    }
    mesh__free(body);
}

static void a_peer_that_never_reads_again(void **state)
{
    enum { SIZE = 2 * 1024 * 1024 };
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);
    char *body = mesh__calloc(1, SIZE);

    stage->deaf = true;
    stage_enter(stage);
    assert_int_equal(
        mesh__exchange_respond(exchange, 200, mesh__slice(body, SIZE)), 0);
    stage_leave(stage);
    mesh__free(body);
    let_go(stage, exchange);
    stage_pass(stage, 299 * MESH__S);
    assert_int_equal(stage->record_count, 0);
    stage_pass(stage, 2 * MESH__S);
    assert_string_equal(stage_last(stage), "200 SI stream_idle_timeout");
}

/* --- bodies --- */

static size_t read_all(struct mesh_inbound_exchange *exchange, int *rc)
{
    char piece[1000];
    size_t total = 0;
    size_t got;

    while ((*rc = mesh__exchange_read(exchange, piece, sizeof(piece), &got)) ==
               0 &&
           got)
        total += got;
    mesh__error_clear();
    return total;
}

static void a_body_is_pulled(void **state)
{
    enum { SIZE = 600 * 1000 };
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange =
        begin(stage, POST "content-length: 600000\r\n\r\n");
    char *body = mesh__calloc(1, SIZE);
    uint64_t moved;
    size_t total;
    int rc;

    stage_enter(stage);
    assert_int_equal(read_all(exchange, &rc), 0);
    assert_int_equal(rc, MESH_ERR_WOULD_BLOCK);
    assert_false(mesh__exchange_readable(exchange));
    stage_leave(stage);
    /* The peer sends on its own pace; nobody reads here for a while. */
    mesh__loop_enter(stage->loops[1]);
    for (size_t at = 0; at < SIZE; at += SIZE / 10) {
        struct mesh_slice piece = mesh__slice(body + at, SIZE / 10);

        if (mesh__stream_send(stage->peer, &piece, 1) < 0)
            fail_msg("the peer's own backlog is full");
        mesh__loop_leave(stage->loops[1]);
        stage_pass(stage, MESH__MS);
        mesh__loop_enter(stage->loops[1]);
        if (at == 0) {
            assert_int_equal(stage->news, 1);
            assert_true(mesh__exchange_readable(exchange));
            stage_enter(stage);
            total = read_all(exchange, &rc);
            stage_leave(stage);
            assert_int_equal(total, SIZE / 10);
        } else {
            stage_enter(stage);
            total += read_all(exchange, &rc);
            stage_leave(stage);
        }
    }
    mesh__loop_leave(stage->loops[1]);
    assert_int_equal(total, SIZE);
    assert_int_equal(rc, 0);
    assert_true(exchange->body_ended);
    stage_enter(stage);
    assert_int_equal(respond(exchange, 200, ""), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    moved = stage->records[0].received;
    assert_int_equal(moved, SIZE);
    mesh__free(body);
}

static void who_asks_to_be_asked_is_asked(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange =
        begin(stage, POST "expect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    int rc;

    assert_string_equal(stage_hear(stage), "");
    stage_enter(stage);
    assert_int_equal(read_all(exchange, &rc), 0);
    assert_int_equal(rc, MESH_ERR_WOULD_BLOCK);
    assert_int_equal(read_all(exchange, &rc), 0);
    stage_leave(stage);
    assert_string_equal(stage_hear(stage), "HTTP/1.1 100 Continue\r\n\r\n");
    stage_say(stage, "ab");
    stage_pass(stage, MESH__MS);
    stage_enter(stage);
    assert_int_equal(read_all(exchange, &rc), 2);
    assert_int_equal(rc, 0);
    assert_int_equal(respond(exchange, 200, ""), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_int_equal(stage->ended, '.');
}

/* It may never send what it announced: what comes next is not the body. */
static void who_was_not_asked_is_not_trusted(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange =
        begin(stage, POST "expect: 100-continue\r\ncontent-length: 2\r\n\r\n");

    stage_enter(stage);
    assert_int_equal(respond(exchange, 413, ""), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_non_null(strstr(stage_hear(stage), "connection: close\r\n"));
    stage_say(stage, GET);
    stage_pass(stage, 2 * MESH__S);
    assert_null(stage_take(stage));
    assert_int_not_equal(stage->ended, '.');
}

static const struct {
    const char *claim;
    const char *request;
    const char *later; /* of the body, after the answer */
    bool kept;
} rests[] = {
    { "a body that is there is dropped", POST "content-length: 2\r\n\r\nab", "",
      true },
    { "so is one in chunks",
      POST "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "", true },
    { "and what is small and still comes", POST "content-length: 4\r\n\r\nab",
      "cd", true },
    { "what is large is not waited for", POST "content-length: 70000\r\n\r\nab",
      "cd", false },
    { "nor what has no length",
      POST "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n", "0\r\n\r\n",
      false },
};

static void the_rest_of_a_request(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
        struct mesh_inbound_exchange *exchange;
        const char *heard;

        stage->ended = 'F';
        exchange = begin(stage, rests[i].request);
        stage_enter(stage);
        assert_int_equal(respond(exchange, 200, "x"), 0);
        stage_leave(stage);
        let_go(stage, exchange);
        heard = stage_hear(stage);
        if ((strstr(heard, "connection: close") == NULL) != rests[i].kept)
            fail_msg("%s: %s", rests[i].claim, heard);
        stage_say(stage, rests[i].later);
        stage_say(stage, GET);
        exchange = stage_take(stage);
        if ((exchange != NULL) != rests[i].kept)
            fail_msg("%s", rests[i].claim);
        if (exchange)
            let_go(stage, exchange);
        stage_pass(stage, 2 * MESH__S);
        stage_hang_up(stage, false);
        stage_pass(stage, MESH__MS);
    }
}

/* --- ends --- */

static void the_peer_leaves(void **state)
{
    struct stage *stage = *state;

    for (int reset = 0; reset < 2; reset++) {
        struct mesh_inbound_exchange *exchange = begin(stage, GET);
        char byte;
        size_t got;

        stage->news = 0;
        stage_hang_up(stage, reset);
        stage_pass(stage, 10 * MESH__MS);
        assert_int_equal(exchange->code, MESH_ERR_RESET);
        assert_int_equal(stage->news, 1);
        assert_string_equal(stage_last(stage),
                            "0 DC downstream_remote_disconnect");
        stage_enter(stage);
        assert_int_equal(mesh__exchange_read(exchange, &byte, 1, &got),
                         MESH_ERR_RESET);
        assert_int_equal(respond(exchange, 200, ""), MESH_ERR_RESET);
        stage_leave(stage);
        let_go(stage, exchange);
        assert_int_equal(stage->record_count, (size_t)reset + 1);
    }
}

static void the_peer_leaves_inside_a_body(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange =
        begin(stage, POST "content-length: 5\r\n\r\nab");
    int rc;

    stage_hang_up(stage, false);
    stage_pass(stage, 10 * MESH__MS);
    stage_enter(stage);
    assert_int_equal(read_all(exchange, &rc), 2);
    stage_leave(stage);
    stage_pass(stage, 10 * MESH__MS);
    stage_enter(stage);
    assert_int_equal(read_all(exchange, &rc), 0); /* half a body is none */
    stage_leave(stage);
    assert_int_equal(rc, MESH_ERR_RESET);
    let_go(stage, exchange);
    assert_string_equal(stage_last(stage), "0 DC downstream_remote_disconnect");
    assert_int_equal(stage->record_count, 1);
}

static void an_exchange_nobody_took(void **state)
{
    struct stage *stage = *state;

    stage->handler = STAGE_KEEPS;
    (void)stage_ask(stage, GET);
    assert_int_equal(stage->server_news, 1);
    stage_hang_up(stage, true);
    assert_null(stage_take(stage));
    assert_string_equal(stage_last(stage), "0 DC downstream_remote_disconnect");
}

static void a_handler_that_gives_up(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);
    size_t written;

    stage_enter(stage);
    assert_int_equal(add(exchange, "x-mine", "1"), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_string_equal(
        stage_hear(stage),
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\n" DATE
        "content-length: 95\r\n\r\n"
        "upstream connect error or disconnect/reset before headers. reset "
        "reason: connection termination");
    assert_string_equal(stage_last(stage),
                        "503 UC upstream_reset_before_response_started{"
                        "connection_termination}");
    assert_int_equal(stage->ended, '.');

    exchange = begin(stage, GET);
    stage_enter(stage);
    assert_int_equal(mesh__exchange_begin(exchange, 200, -1), 0);
    assert_int_equal(put(exchange, "half", &written), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    (void)stage_hear(stage);
    assert_int_equal(stage->ended, 'R');
    assert_string_equal(stage_last(stage),
                        "200 UC upstream_reset_after_response_started{"
                        "connection_termination}");
}

static void a_body_that_turns_bad(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange =
        begin(stage, POST "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n");
    int rc;

    stage_enter(stage);
    assert_int_equal(read_all(exchange, &rc), 2);
    stage_leave(stage);
    stage_say(stage, "nonsense\r\n");
    assert_memory_equal(stage_hear(stage), "HTTP/1.1 400 Bad Request", 24);
    assert_int_equal(exchange->code, MESH_ERR_PROTOCOL);
    stage_enter(stage);
    (void)read_all(exchange, &rc);
    assert_int_equal(rc, MESH_ERR_PROTOCOL);
    assert_int_equal(respond(exchange, 200, ""), MESH_ERR_PROTOCOL);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_string_equal(stage_last(stage), "400 DPE http1.codec_error");
    assert_int_equal(stage->record_count, 1);
}

static void a_body_that_never_comes(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange =
        begin(stage, POST "content-length: 2\r\n\r\na");
    int rc;

    stage_enter(stage);
    assert_int_equal(read_all(exchange, &rc), 1);
    stage_leave(stage);
    stage_pass(stage, 299 * MESH__S);
    assert_int_equal(exchange->code, 0);
    stage_pass(stage, 2 * MESH__S);
    assert_int_equal(exchange->code, MESH_ERR_TIMEOUT);
    assert_string_equal(stage_last(stage), "408 SI stream_idle_timeout");
    assert_non_null(strstr(stage_hear(stage), "stream timeout"));
    let_go(stage, exchange);
}

/* A handler may take its time; only what a peer owes is bounded. */
static void a_handler_has_no_deadline(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET);

    stage_pass(stage, 24 * 3600 * MESH__S);
    assert_int_equal(exchange->code, 0);
    stage_enter(stage);
    assert_int_equal(respond(exchange, 200, ""), 0);
    stage_leave(stage);
    let_go(stage, exchange);
    assert_memory_equal(stage_hear(stage), "HTTP/1.1 200 ", 13);
}

static void one_at_a_time(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *exchange = begin(stage, GET GET GET);

    for (size_t i = 0; i < 3; i++) {
        assert_null(stage_take(stage));
        assert_int_equal(stage->record_count, i);
        stage_enter(stage);
        assert_int_equal(respond(exchange, 200, ""), 0);
        stage_leave(stage);
        let_go(stage, exchange);
        exchange = stage_take(stage);
        assert_true((exchange == NULL) == (i == 2));
    }
}

/* Once warm, a request takes no memory of its own. */
static void exchanges_are_used_again(void **state)
{
    struct stage *stage = *state;
    struct mesh_inbound_exchange *first = begin(stage, GET);

    let_go(stage, first);
    for (size_t i = 0; i < 5; i++) {
        struct mesh_inbound_exchange *exchange = begin(stage, GET);

        assert_ptr_equal(exchange, first);
        assert_null(exchange->reply.headers);
        let_go(stage, exchange);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whole_answers),
        TEST(headers_of_a_handler),
        TEST(headers_have_a_ceiling),
        TEST(an_answer_in_chunks),
        TEST(an_answer_of_a_length),
        TEST(an_answer_shorter_than_announced),
        TEST(head_is_never_followed_by_a_body),
        TEST(a_peer_that_does_not_read),
        TEST(an_answer_of_a_megabyte),
        TEST(a_peer_that_never_reads_again),
        TEST(a_body_is_pulled),
        TEST(who_asks_to_be_asked_is_asked),
        TEST(who_was_not_asked_is_not_trusted),
        TEST(the_rest_of_a_request),
        TEST(the_peer_leaves),
        TEST(the_peer_leaves_inside_a_body),
        TEST(an_exchange_nobody_took),
        TEST(a_handler_that_gives_up),
        TEST(a_body_that_turns_bad),
        TEST(a_body_that_never_comes),
        TEST(a_handler_has_no_deadline),
        TEST(one_at_a_time),
        TEST(exchanges_are_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
