/*
 * Decode: what is refused before it is a request, and how long heads may take.
 */
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define DATE "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define GET  "GET / HTTP/1.1\r\nhost: a\r\n\r\n"

static const struct {
    const char *claim;
    const char *request;
    const char *heard;
    const char *record;
} rows[] = {
    { "an old version", "GET / HTTP/1.0\r\nhost: a\r\n\r\n",
      "HTTP/1.1 426 Upgrade Required\r\ncontent-type: text/plain\r\n" DATE
      "content-length: 16\r\nconnection: close\r\n\r\nUpgrade Required",
      "426 DPE low_version" },
    { "no host", "GET / HTTP/1.1\r\n\r\n",
      "HTTP/1.1 400 Bad Request\r\n" DATE
      "content-length: 0\r\nconnection: close\r\n\r\n",
      "400 - missing_host_header" },
    { "an unknown method", "FOO / HTTP/1.1\r\nhost: a\r\n\r\n",
      "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n" DATE
      "content-length: 11\r\nconnection: close\r\n\r\nBad Request",
      "400 DPE http1.codec_error" },
    { "bytes that are no request", "hello\r\n\r\n",
      "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n" DATE
      "content-length: 11\r\nconnection: close\r\n\r\nBad Request",
      "400 DPE http1.codec_error" },
    { "two lengths",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n"
      "transfer-encoding: chunked\r\n\r\n",
      "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n" DATE
      "content-length: 11\r\nconnection: close\r\n\r\nBad Request",
      "400 DPE http1.content_length_and_chunked_not_allowed" },
    { "a coding that nobody knows",
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n",
      "HTTP/1.1 501 Not Implemented\r\ncontent-type: text/plain\r\n" DATE
      "content-length: 15\r\nconnection: close\r\n\r\nNot Implemented",
      "501 DPE http1.invalid_transfer_encoding" },
};

/* The whole at once, and byte by byte: the same answer, then the end. */
static void refusals(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        size_t row = i / 2;

        mesh__world_set_segment(stage->world, i % 2);
        if (strcmp(stage_ask(stage, rows[row].request), rows[row].heard) != 0)
            fail_msg("%s", rows[row].claim);
        assert_int_equal(stage->record_count, i + 1);
        assert_string_equal(stage_last(stage), rows[row].record);
        assert_int_equal(stage->records[i].attempts, 0);
        assert_string_equal(stage->records[i].cluster, "");
        assert_int_equal(stage->ended, 'F');
    }
    assert_int_equal(stage->server_news, 0);
}

static void a_head_beyond_its_ceiling(void **state)
{
    static char request[80 * 1024];
    struct stage *stage = *state;

    memset(request, 'a', sizeof(request) - 1);
    memcpy(request, "GET / HTTP/1.1\r\nhost: a\r\nx-a: ", 30);
    assert_memory_equal(stage_ask(stage, request),
                        "HTTP/1.1 431 Request Header Fields Too Large\r\n", 46);
    assert_string_equal(stage_last(stage), "431 DPE http1.headers_too_large");
}

/* After a refusal nothing more is read as a request. */
static void what_follows_a_refusal(void **state)
{
    struct stage *stage = *state;

    (void)stage_ask(stage, "GET /\x01 HTTP/1.1\r\nhost: a\r\n\r\n" GET);
    stage_say(stage, GET);
    stage_pass(stage, 2 * MESH__S);
    assert_int_equal(stage->record_count, 1);
    assert_int_equal(stage->server_news, 0);
    assert_int_not_equal(stage->ended, '.');
}

/* --- time --- */

static void a_head_that_never_ends(void **state)
{
    struct stage *stage = *state;

    stage_connect(stage);
    stage_say(stage, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 29; i++) {
        stage_pass(stage, MESH__S);
        stage_say(stage, "x: y\r\n"); /* progress buys no time */
    }
    assert_string_equal(stage_hear(stage), "");
    stage_pass(stage, MESH__S);
    assert_string_equal(stage_hear(stage),
                        "HTTP/1.1 408 Request Timeout\r\n"
                        "content-type: text/plain\r\n"
                        "date: Sun, 06 Nov 1994 08:50:07 GMT\r\n"
                        "content-length: 22\r\nconnection: close\r\n\r\n"
                        "request header timeout");
    assert_string_equal(stage_last(stage), "408 - request_header_timeout");
    assert_int_equal(stage->ended, 'F');
}

static void a_head_that_is_left(void **state)
{
    struct stage *stage = *state;

    stage_connect(stage);
    stage_say(stage, "GET / HTTP/1.1\r\nhost");
    stage_pass(stage, MESH__MS);
    stage_hang_up(stage, false);
    stage_pass(stage, MESH__MS);
    assert_string_equal(stage_last(stage), "0 DC downstream_remote_disconnect");
    assert_int_equal(stage->record_count, 1);
}

static void a_connection_is_kept_for_an_hour(void **state)
{
    struct stage *stage = *state;

    stage_connect(stage);
    for (int i = 0; i < 3; i++) {
        stage_say(stage, GET);
        assert_memory_equal(stage_hear(stage), "HTTP/1.1 200 ", 13);
        stage_pass(stage, 3599 * MESH__S);
        assert_int_equal(stage->ended, '.');
    }
    stage_pass(stage, 2 * MESH__S);
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(stage->record_count, 3);
    assert_int_equal(mesh__world_connections(stage->world), 1);
}

static void a_rest_that_never_comes(void **state)
{
    struct stage *stage = *state;

    stage->handler = STAGE_GIVES_UP;
    (void)stage_ask(stage, "POST / HTTP/1.1\r\nhost: a\r\n"
                           "content-length: 9\r\n\r\nab");
    stage_pass(stage, 299 * MESH__S);
    assert_int_equal(stage->ended, '.');
    stage_pass(stage, 2 * MESH__S);
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(stage->record_count, 1);
}

/* Whoever asks and does not read is not read from either. */
static void a_pipeline_without_a_reader(void **state)
{
    struct stage *stage = *state;
    static char request[4096];

    memset(request, 'a', sizeof(request) - 1);
    memcpy(request, "GET / HTTP/1.1\r\nhost: a\r\nx-a: ", 30);
    memcpy(request + sizeof(request) - 5, "\r\n\r\n", 4);
    stage_connect(stage);
    stage->deaf = true;
    for (int i = 0; i < 1000; i++) {
        stage_say(stage, request);
        if (i % 50 == 0)
            stage_pass(stage, MESH__MS);
    }
    stage_pass(stage, MESH__S);
    assert_true(stage->record_count < 1000);
    stage->record_count = 0;
    stage_pass(stage, 298 * MESH__S);
    assert_int_equal(mesh__world_open(stage->world), 3);
    stage_pass(stage, 3 * MESH__S);
    assert_int_equal(mesh__world_open(stage->world), 2); /* it is closed */
    assert_int_equal(stage->record_count, 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refusals),
        TEST(a_head_beyond_its_ceiling),
        TEST(what_follows_a_refusal),
        TEST(a_head_that_never_ends),
        TEST(a_head_that_is_left),
        TEST(a_connection_is_kept_for_an_hour),
        TEST(a_rest_that_never_comes),
        TEST(a_pipeline_without_a_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
