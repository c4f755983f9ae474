/*
 * test_feed.c - chunks, ceilings, ends of streams, one message after another,
 * and memory that runs out.
 */
#include "play.h"

#include "base/alloc.h"

#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal)                                                         \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define GET     "GET / HTTP/1.1\r\nhost: h\r\n\r\n"
#define POST    "POST / HTTP/1.1\r\nhost: h\r\n"
#define CHUNKED POST "transfer-encoding: chunked\r\n\r\n"
#define OK      "HTTP/1.1 200 OK\r\n"

static const struct {
    const char *claim;
    struct mesh_slice body;
    const char *expect; /* behind the head */
} chunks[] = {
    { "one", BYTES("3\r\nabc\r\n0\r\n\r\n"), "\"abc\" ." },
    { "two", BYTES("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), "\"abc\" ." },
    { "none", BYTES("0\r\n\r\n"), "." },
    { "sixteen bytes, in either case",
      BYTES("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
      "\"01234567890123456789\" ." },
    { "leading zeros", BYTES("0003\r\nabc\r\n000\r\n\r\n"), "\"abc\" ." },
    { "CR and LF are bytes within", BYTES("4\r\n\r\n\r\n\r\n0\r\n\r\n"),
      "\"\r\n\r\n\" ." },
    { "an extension", BYTES("3;a=b\r\nabc\r\n0;c\r\n\r\n"), "\"abc\" ." },
    { "a quoted extension", BYTES("3;a=\"b c\"\r\nabc\r\n0\r\n\r\n"),
      "\"abc\" ." },
    { "trailers", BYTES("0\r\nX-T: 1\r\ny:  2 \r\n\r\n"), "+{x-t=1 y=2} ." },
    { "the head outlives the trailers", BYTES("1\r\nx\r\n0\r\na: b\r\n\r\n"),
      "\"x\" +{a=b} ." },
    { "more to come", BYTES("3\r\nab"), "\"ab\" ?" },
    { "the end to come", BYTES("3\r\nabc\r\n0\r\n"), "\"abc\" ?" },
    { "no size", BYTES("\r\n"), "!bad_chunk" },
    { "an extension of no size", BYTES(";a\r\n"), "!bad_chunk" },
    { "no digits", BYTES("zz\r\n"), "!bad_chunk" },
    { "0x", BYTES("0x3\r\nabc\r\n"), "!bad_chunk" },
    { "a sign", BYTES("-1\r\n"), "!bad_chunk" },
    { "another sign", BYTES("+3\r\nabc\r\n"), "!bad_chunk" },
    { "a blank before", BYTES(" 3\r\nabc\r\n"), "!bad_chunk" },
    { "a blank behind", BYTES("3 \r\nabc\r\n"), "!bad_chunk" },
    { "a blank before an extension", BYTES("3 ;a\r\nabc\r\n"), "!bad_chunk" },
    { "a bare LF behind the size", BYTES("3\nabc\r\n"), "!bad_chunk" },
    { "a bare CR behind the size", BYTES("3\rabc\r\n"), "!bad_chunk" },
    { "a bare LF in an extension", BYTES("3;a\nabc\r\n"), "!bad_chunk" },
    { "a bare CR in an extension", BYTES("3;a\rb\r\n"), "!bad_chunk" },
    { "a NUL in an extension", BYTES("3;\0\r\nabc\r\n"), "!bad_chunk" },
    { "a high byte in an extension", BYTES("3;\xe9\r\nabc\r\n"), "!bad_chunk" },
    { "a bare LF behind the bytes", BYTES("3\r\nabc\n0\r\n\r\n"),
      "\"abc\" !bad_chunk" },
    { "a bare CR behind the bytes", BYTES("3\r\nabc\rx"),
      "\"abc\" !bad_chunk" },
    { "more bytes than said", BYTES("3\r\nabcd\r\n"), "\"abc\" !bad_chunk" },
    { "fewer bytes than said", BYTES("3\r\nab\r\n0\r\n\r\n"),
      "\"ab\r\" !bad_chunk" },
    { "2^63 - 1 is the most", BYTES("7fffffffffffffff\r\nx"), "\"x\" ?" },
    { "2^63", BYTES("8000000000000000\r\nx"), "!bad_chunk" },
    { "2^64 is not 0", BYTES("10000000000000000\r\n\r\n"), "!bad_chunk" },
    { "2^64 + 1 is not 1", BYTES("10000000000000001\r\nx\r\n"), "!bad_chunk" },
    { "a trailer that frames", BYTES("0\r\nContent-Length: 1\r\n\r\n"),
      "!bad_header_name" },
    { "a trailer that codes", BYTES("0\r\ntransfer-encoding: chunked\r\n\r\n"),
      "!bad_header_name" },
    { "a trailer that routes", BYTES("0\r\nhost: evil\r\n\r\n"),
      "!bad_header_name" },
    { "a trailer of the hop", BYTES("0\r\nconnection: close\r\n\r\n"),
      "!bad_header_name" },
    { "a trailer without name", BYTES("0\r\n: b\r\n\r\n"), "!bad_header_name" },
    { "a trailer with a NUL", BYTES("0\r\na: \0\r\n\r\n"),
      "!bad_header_value" },
    { "a folded trailer", BYTES("0\r\na: b\r\n c\r\n\r\n"), "!folded" },
    { "a fold of no trailer", BYTES("0\r\n c\r\n\r\n"), "!folded" },
    { "a bare LF in trailers", BYTES("0\r\na: b\n\r\n"), "!bad_line_end" },
    { "a bare LF for the last line", BYTES("0\r\n\n"), "!bad_line_end" },
};

static void join(struct mesh_buffer *text, struct mesh_slice a,
                 struct mesh_slice b)
{
    mesh__buffer_init(text, PLAY_CEILING);
    assert_int_equal(mesh__buffer_append(text, a.at, a.len), 0);
    assert_int_equal(mesh__buffer_append(text, b.at, b.len), 0);
    assert_int_equal(mesh__buffer_append(text, "", 1), 0);
    text->len--;
}

static void chunk(void **state)
{
    static const struct play how = { .role = MESH__H1_REQUESTS };

    (void)state;
    for (size_t i = 0; i < COUNT(chunks); i++) {
        struct mesh_buffer text;
        struct mesh_buffer expect;

        join(&text, MESH__SLICE(CHUNKED), chunks[i].body);
        join(&expect, MESH__SLICE("POST / @h {} chunked keep "),
             mesh__slice_of(chunks[i].expect));
        play_expect(chunks[i].claim, &how, mesh__buffer_slice(&text),
                    mesh__buffer_data(&expect));
        mesh__buffer_fini(&text);
        mesh__buffer_fini(&expect);
    }
}

/* The line of a chunk ends within 256 bytes, CR included. */
static void chunk_line(void **state)
{
    static const struct play how = { .role = MESH__H1_REQUESTS };

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        char line[MESH__H1_CHUNK_LINE + 1];
        size_t len = MESH__H1_CHUNK_LINE + more;
        struct mesh_buffer text;

        memset(line, 'x', sizeof(line));
        line[0] = '0';
        line[1] = ';';
        line[len - 1] = '\r';
        join(&text, MESH__SLICE(CHUNKED), mesh__slice(line, len));
        assert_int_equal(mesh__buffer_append(&text, "\n\r\n", 3), 0);
        play_expect("a chunk line at its ceiling", &how,
                    mesh__buffer_slice(&text),
                    more ? "POST / @h {} chunked keep !bad_chunk"
                         : "POST / @h {} chunked keep .");
        mesh__buffer_fini(&text);
    }
}

static void follow(void **state)
{
    static const struct play how = { .role = MESH__H1_REQUESTS };

    (void)state;
    play_expect("requests follow each other", &how,
                MESH__SLICE(GET POST "content-length: 2\r\n\r\nab" CHUNKED
                                     "1\r\nc\r\n0\r\n\r\n" GET "GE"),
                "GET / @h {} none keep . POST / @h {} length 2 keep \"ab\" . "
                "POST / @h {} chunked keep \"c\" . GET / @h {} none keep . ?");
    play_expect("an empty line between is refused", &how,
                MESH__SLICE(GET "\r\n" GET),
                "GET / @h {} none keep . !bad_start_line");
    play_expect("nothing comes, nothing is said", &how, MESH__SLICE(""), "");
}

static const struct {
    const char *claim;
    enum mesh_h1_role role;
    const char *input;
    const char *expect;
} ends[] = {
    { "of nothing", MESH__H1_REQUESTS, "", "?" },
    { "between requests", MESH__H1_REQUESTS, GET, "GET / @h {} none keep . ?" },
    { "in a start line", MESH__H1_REQUESTS, "G", "!truncated" },
    { "in a head", MESH__H1_REQUESTS, "GET / HTTP/1.1\r\nhost: h\r\n",
      "!truncated" },
    { "in a body", MESH__H1_REQUESTS, POST "content-length: 2\r\n\r\na",
      "POST / @h {} length 2 keep \"a\" !truncated" },
    { "before a body", MESH__H1_REQUESTS, POST "content-length: 2\r\n\r\n",
      "POST / @h {} length 2 keep !truncated" },
    { "in a chunk", MESH__H1_REQUESTS, CHUNKED "3\r\nab",
      "POST / @h {} chunked keep \"ab\" !truncated" },
    { "before the last chunk", MESH__H1_REQUESTS, CHUNKED "3\r\nabc\r\n",
      "POST / @h {} chunked keep \"abc\" !truncated" },
    { "before the last line", MESH__H1_REQUESTS, CHUNKED "0\r\n",
      "POST / @h {} chunked keep !truncated" },
    { "in trailers", MESH__H1_REQUESTS, CHUNKED "0\r\na: b\r\n",
      "POST / @h {} chunked keep !truncated" },
    { "of no response", MESH__H1_RESPONSES, "", "?" },
    { "in a status line", MESH__H1_RESPONSES, "HTTP/1.1 2", "!truncated" },
    { "behind an interim head", MESH__H1_RESPONSES, "HTTP/1.1 100 C\r\n\r\n",
      "~100 {} ?" },
    { "that makes it whole", MESH__H1_RESPONSES, OK "\r\nabc",
      "200 {} close last \"abc\" ." },
    { "before its length", MESH__H1_RESPONSES,
      OK "content-length: 4\r\n\r\nabc",
      "200 {} length 4 keep \"abc\" !truncated" },
};

static void stream_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ends); i++) {
        const struct play how = { .role = ends[i].role,
                                  .method = "GET",
                                  .end = true };

        play_expect(ends[i].claim, &how, mesh__slice_of(ends[i].input),
                    ends[i].expect);
    }
}

/* GET has 27 bytes and one header. */
static const struct {
    const char *claim;
    struct mesh_h1_limits limits;
    const char *input;
    const char *expect;
} limits[] = {
    { "a head that just fits", { 27, 1 }, GET, "GET / @h {} none keep ." },
    { "one byte more", { 26, 1 }, GET, "!head_too_large" },
    { "a head without end",
      { 26, 1 },
      "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "!head_too_large" },
    { "one header more", { 100, 0 }, GET, "!too_many_headers" },
    { "trailers that just fit",
      { 57, 2 },
      CHUNKED "0\r\na: b\r\nc: 56789012345678901234567890123456789012345678"
              "\r\n\r\n",
      "POST / @h {} chunked keep "
      "+{a=b c=56789012345678901234567890123456789012345678} ." },
    { "trailers of one byte more",
      { 57, 2 },
      CHUNKED "0\r\na: b\r\nc: 567890123456789012345678901234567890123456789"
              "\r\n\r\n",
      "POST / @h {} chunked keep !head_too_large" },
    { "one trailer more",
      { 60, 2 },
      CHUNKED "0\r\na: b\r\na: b\r\na: b\r\n\r\n",
      "POST / @h {} chunked keep !too_many_headers" },
};

static void limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        const struct play how = { .role = MESH__H1_REQUESTS,
                                  .limits = &limits[i].limits };

        play_expect(limits[i].claim, &how, mesh__slice_of(limits[i].input),
                    limits[i].expect);
    }
}

/* A head of exactly bytes bytes and headers lines, host among them. */
static void large_head(struct mesh_buffer *text, size_t bytes, size_t headers)
{
    char filler[256];

    mesh__buffer_init(text, PLAY_CEILING);
    memset(filler, 'v', sizeof(filler));
    assert_int_equal(mesh__buffer_append(text, GET, 25), 0);
    for (size_t i = 1; i < headers; i++) {
        assert_int_equal(mesh__buffer_append(text, "n:", 2), 0);
        assert_int_equal(mesh__buffer_append(text, "v\r\n", 3), 0);
    }
    text->len -= 2;
    while (bytes && text->len < bytes - 4) {
        size_t more = bytes - 4 - text->len;

        if (more > sizeof(filler))
            more = sizeof(filler);
        assert_int_equal(mesh__buffer_append(text, filler, more), 0);
    }
    assert_int_equal(mesh__buffer_append(text, "\r\n\r\n", 4), 0);
}

static void expect_end(struct mesh_slice input, const char *end)
{
    static const struct play how = { .role = MESH__H1_REQUESTS };
    static const size_t sizes[] = { 0, 1 };

    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct mesh_buffer out;

        mesh__buffer_init(&out, PLAY_CEILING);
        play(&how, input, sizes[i], &out);
        assert_true(
            mesh__slice_ends(mesh__buffer_slice(&out), mesh__slice_of(end)));
        mesh__buffer_fini(&out);
    }
}

static void default_limits(void **state)
{
    static const struct {
        size_t bytes;
        size_t headers;
        const char *end;
    } sizes[] = {
        { MESH__H1_HEAD_BYTES, 2, "none keep ." },
        { MESH__H1_HEAD_BYTES + 1, 2, "!head_too_large" },
        { 0, MESH__H1_HEADERS, "none keep ." },
        { 0, MESH__H1_HEADERS + 1, "!too_many_headers" },
        { MESH__H1_HEAD_BYTES, MESH__H1_HEADERS, "none keep ." },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct mesh_buffer text;

        large_head(&text, sizes[i].bytes, sizes[i].headers);
        expect_end(mesh__buffer_slice(&text), sizes[i].end);
        mesh__buffer_fini(&text);
    }
}

/* Both heads and the joined lines at their largest: the arena suffices. */
static void largest_of_all(void **state)
{
    struct mesh_buffer text;

    (void)state;
    mesh__buffer_init(&text, PLAY_CEILING);
    assert_int_equal(
        mesh__buffer_append(&text, "GET http://u?", strlen("GET http://u?")),
        0);
    while (text.len < MESH__H1_HEAD_BYTES / 2)
        assert_int_equal(mesh__buffer_append(&text, "q", 1), 0);
    assert_int_equal(mesh__buffer_append(&text, " HTTP/1.1\r\n", 11), 0);
    for (size_t i = 1; i < MESH__H1_HEADERS; i++)
        assert_int_equal(mesh__buffer_append(&text, "accept:v\r\n", 10), 0);
    assert_int_equal(mesh__buffer_append(&text, "accept:", 7), 0);
    while (text.len < MESH__H1_HEAD_BYTES - 4)
        assert_int_equal(mesh__buffer_append(&text, "w", 1), 0);
    assert_int_equal(mesh__buffer_append(&text, "\r\n\r\n", 4), 0);
    expect_end(mesh__buffer_slice(&text), "w} none keep .");
    mesh__buffer_fini(&text);
}

static struct mesh_h1_event feed(struct mesh_h1_parser *parser,
                                 const char *text, size_t *consumed)
{
    return mesh__h1_feed(parser, mesh__slice_of(text), consumed);
}

static void knows_when_it_begins(void **state)
{
    struct mesh_h1_parser parser;
    size_t consumed;

    (void)state;
    mesh__h1_parser_init(&parser, MESH__H1_REQUESTS, NULL);
    assert_false(mesh__h1_begun(&parser));
    assert_int_equal(feed(&parser, "G", &consumed).kind, MESH__H1_NEED_MORE);
    assert_true(mesh__h1_begun(&parser));
    assert_int_equal(feed(&parser, &GET[1], &consumed).kind, MESH__H1_HEAD);
    assert_true(mesh__h1_begun(&parser));
    assert_int_equal(feed(&parser, "", &consumed).kind, MESH__H1_END);
    assert_false(mesh__h1_begun(&parser));
    mesh__h1_parser_begin(&parser, MESH__SLICE(""));
    assert_false(mesh__h1_begun(&parser));
    mesh__h1_parser_fini(&parser);
}

static void waits_for_begin(void **state)
{
    struct mesh_h1_parser parser;
    size_t consumed = 9;

    (void)state;
    mesh__h1_parser_init(&parser, MESH__H1_REQUESTS, NULL);
    assert_int_equal(feed(&parser, GET GET, &consumed).kind, MESH__H1_HEAD);
    assert_int_equal(consumed, strlen(GET));
    assert_int_equal(feed(&parser, GET, &consumed).kind, MESH__H1_END);
    assert_int_equal(consumed, 0);
    assert_int_equal(feed(&parser, GET, &consumed).kind, MESH__H1_NEED_MORE);
    assert_int_equal(consumed, 0);
    assert_true(mesh__slice_is(parser.head.path, "/"));
    mesh__h1_parser_fini(&parser);
}

static void no_answer_unasked(void **state)
{
    struct mesh_h1_parser parser;
    struct mesh_h1_event event;
    size_t consumed;

    (void)state;
    mesh__h1_parser_init(&parser, MESH__H1_RESPONSES, NULL);
    assert_int_equal(feed(&parser, "", &consumed).kind, MESH__H1_NEED_MORE);
    event = feed(&parser, OK, &consumed);
    assert_int_equal(event.kind, MESH__H1_ERROR);
    assert_int_equal(event.refusal, MESH__H1_UNEXPECTED);
    assert_int_equal(consumed, 0);
    mesh__h1_parser_fini(&parser);
}

/* A refusal is final, for feed and for the end of the stream. */
static void stays_refused(void **state)
{
    struct mesh_h1_parser parser;
    size_t consumed;

    (void)state;
    mesh__h1_parser_init(&parser, MESH__H1_REQUESTS, NULL);
    assert_int_equal(feed(&parser, "\r\n", &consumed).kind, MESH__H1_ERROR);
    assert_int_equal(feed(&parser, GET, &consumed).refusal,
                     MESH__H1_BAD_START_LINE);
    assert_int_equal(consumed, 0);
    assert_int_equal(mesh__h1_feed_end(&parser).refusal,
                     MESH__H1_BAD_START_LINE);
    mesh__h1_parser_fini(&parser);
}

/* The head stands although the buffers of both grew after it. */
static void head_outlives_body(void **state)
{
    struct mesh_h1_parser parser;
    struct mesh_h1_event event;
    struct mesh_slice input = MESH__SLICE(
        POST "x-a: 1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
             "t: 2\r\n\r\n");

    (void)state;
    mesh__h1_parser_init(&parser, MESH__H1_REQUESTS, NULL);
    do {
        size_t consumed;

        event = mesh__h1_feed(&parser, input, &consumed);
        input = mesh__slice(input.at + consumed, input.len - consumed);
    } while (event.kind != MESH__H1_END);
    assert_int_equal(parser.head.count, 1);
    assert_true(mesh__slice_is(parser.head.headers[0].value, "1"));
    assert_true(mesh__slice_is(parser.head.authority, "h"));
    assert_int_equal(parser.trailers.count, 1);
    assert_true(mesh__slice_is(parser.trailers.headers[0].value, "2"));
    mesh__h1_parser_fini(&parser);
}

/* Idle connections hold little, however large the last head was. */
static void gives_memory_back(void **state)
{
    struct mesh_h1_parser parser;
    struct mesh_buffer text;
    size_t consumed;

    (void)state;
    large_head(&text, MESH__H1_HEAD_BYTES, 2);
    mesh__h1_parser_init(&parser, MESH__H1_REQUESTS, NULL);
    assert_int_equal(
        mesh__h1_feed(&parser, mesh__buffer_slice(&text), &consumed).kind,
        MESH__H1_HEAD);
    mesh__h1_parser_begin(&parser, MESH__SLICE(""));
    assert_true(parser.line.capacity <= 4096);
    mesh__h1_parser_fini(&parser);
    mesh__buffer_fini(&text);
}

/* Whole and byte by byte; every allocation has its turn to fail. */
static void torture(size_t size)
{
    static const char input[] =
        "POST http://u?a HTTP/1.1\r\naccept: a\r\naccept: b\r\n"
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nt: 1\r\n\r\n";
    bool tripped;

    for (size_t n = 0;; n++) {
        struct mesh_slice rest = mesh__slice_of(input);
        struct mesh_h1_event event = { .kind = MESH__H1_NEED_MORE };
        struct mesh_h1_parser parser;

        fake_alloc_fail_at(n);
        mesh__h1_parser_init(&parser, MESH__H1_REQUESTS, NULL);
        while (event.kind != MESH__H1_END && event.kind != MESH__H1_NO_MEMORY) {
            size_t consumed;
            size_t len = size && size < rest.len ? size : rest.len;

            event =
                mesh__h1_feed(&parser, mesh__slice(rest.at, len), &consumed);
            assert_int_not_equal(event.kind, MESH__H1_ERROR);
            rest = mesh__slice(rest.at + consumed, rest.len - consumed);
        }
        tripped = fake_alloc_tripped();
        if (tripped) {
            assert_int_equal(event.kind, MESH__H1_NO_MEMORY);
            assert_int_equal(mesh__h1_feed_end(&parser).kind,
                             MESH__H1_NO_MEMORY);
        }
        mesh__h1_parser_fini(&parser);
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped)
            break;
        assert_true(n < 100);
    }
    fake_alloc_off();
}

static void survives_every_allocation(void **state)
{
    (void)state;
    torture(0);
    torture(1);
}

/* After NO_MEMORY, begin makes the parser whole again. */
static void recovers_from_no_memory(void **state)
{
    struct mesh_h1_parser parser;
    size_t consumed;

    (void)state;
    mesh__h1_parser_init(&parser, MESH__H1_REQUESTS, NULL);
    fake_alloc_fail_at(0);
    assert_int_equal(feed(&parser, GET, &consumed).kind, MESH__H1_NO_MEMORY);
    assert_true(fake_alloc_tripped());
    fake_alloc_off();
    mesh__h1_parser_begin(&parser, MESH__SLICE(""));
    assert_int_equal(feed(&parser, GET, &consumed).kind, MESH__H1_HEAD);
    mesh__h1_parser_fini(&parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunk),
        cmocka_unit_test(chunk_line),
        cmocka_unit_test(follow),
        cmocka_unit_test(stream_end),
        cmocka_unit_test(limit),
        cmocka_unit_test(default_limits),
        cmocka_unit_test(largest_of_all),
        cmocka_unit_test(knows_when_it_begins),
        cmocka_unit_test(waits_for_begin),
        cmocka_unit_test(no_answer_unasked),
        cmocka_unit_test(stays_refused),
        cmocka_unit_test(head_outlives_body),
        cmocka_unit_test(gives_memory_back),
        cmocka_unit_test(survives_every_allocation),
        cmocka_unit_test(recovers_from_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
