/*
 * test_encode.c - heads to bytes, and what is not let out.
 */
#include "http1/http1.h"

#include "torture.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

enum { NO_AUTHORITY = 1, CLOSE = 2 };

struct line {
    struct mesh_slice name;
    struct mesh_slice value;
};

struct row {
    const char *claim;
    const char *method; /* of a request, or that a response answers */
    const char *path;
    const char *authority;
    unsigned status;
    struct line line; /* one, unless its name is empty */
    enum mesh_body_kind body;
    uint64_t body_bytes;
    int flags;
    const char *expect; /* NULL: MESH_ERR_INVALID */
};

static int encode(const struct row *row, struct mesh_buffer *out)
{
    struct mesh_header header = { row->line.name, row->line.value, 0 };
    struct mesh_head head = { .path = mesh__slice_of(row->path),
                              .authority = mesh__slice_of(row->authority),
                              .has_authority = !(row->flags & NO_AUTHORITY),
                              .status = row->status,
                              .body = row->body,
                              .body_bytes = row->body_bytes,
                              .headers = &header,
                              .count = row->line.name.at ? 1 : 0 };
    bool close = row->flags & CLOSE;

    if (row->status)
        return mesh__h1_encode_response(&head, close,
                                        mesh__slice_of(row->method), out);
    head.method = mesh__slice_of(row->method);
    return mesh__h1_encode_request(&head, close, out);
}

static void run(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mesh_buffer out;
        int rc;

        mesh__buffer_init(&out, 4096);
        assert_int_equal(mesh__buffer_append(&out, "", 1), 0);
        rc = encode(&rows[i], &out);
        if (rc != (rows[i].expect ? 0 : MESH_ERR_INVALID))
            fail_msg("%s: returned %d", rows[i].claim, rc);
        assert_int_equal(mesh__buffer_append(&out, "", 1), 0);
        if (strcmp(mesh__buffer_data(&out) + 1,
                   rows[i].expect ? rows[i].expect : "") != 0)
            fail_msg("%s\n  wanted: %s\n  found:  %s", rows[i].claim,
                     rows[i].expect ? rows[i].expect : "nothing",
                     mesh__buffer_data(&out) + 1);
        mesh__buffer_fini(&out);
    }
}

#define NONE    MESH__BODY_NONE
#define LENGTH  MESH__BODY_LENGTH
#define CHUNKED MESH__BODY_CHUNKED
#define BY_END  MESH__BODY_CLOSE
#define NO_LINE                                                                \
    {                                                                          \
        { NULL, 0 },                                                           \
        {                                                                      \
            NULL, 0                                                            \
        }                                                                      \
    }
#define LINE(name, value)                                                      \
    {                                                                          \
        S(name), S(value)                                                      \
    }

/* clang-format off */
static const struct row requests[] = {
    { "GET says no length", "GET", "/a?b", "h:80", 0, NO_LINE, NONE, 0, 0,
      "GET /a?b HTTP/1.1\r\nhost: h:80\r\n\r\n" },
    { "headers follow Host", "GET", "/", "h", 0, LINE("x-a", "b c"), NONE, 0, 0,
      "GET / HTTP/1.1\r\nhost: h\r\nx-a: b c\r\n\r\n" },
    { "an empty Host is said", "GET", "/", "", 0, NO_LINE, NONE, 0, 0,
      "GET / HTTP/1.1\r\nhost: \r\n\r\n" },
    { "POST without body says so", "POST", "/", "h", 0, NO_LINE, NONE, 0, 0,
      "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n" },
    { "so does PROPFIND", "PROPFIND", "/", "h", 0, NO_LINE, NONE, 0, 0,
      "PROPFIND / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n" },
    { "DELETE does not", "DELETE", "/", "h", 0, NO_LINE, NONE, 0, 0,
      "DELETE / HTTP/1.1\r\nhost: h\r\n\r\n" },
    { "nor HEAD", "HEAD", "/", "h", 0, NO_LINE, NONE, 0, 0,
      "HEAD / HTTP/1.1\r\nhost: h\r\n\r\n" },
    { "nor TRACE", "TRACE", "/", "h", 0, NO_LINE, NONE, 0, 0,
      "TRACE / HTTP/1.1\r\nhost: h\r\n\r\n" },
    { "GET says a length of 0 that it has", "GET", "/", "h", 0, NO_LINE,
      LENGTH, 0, 0,
      "GET / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n" },
    { "a length", "POST", "/", "h", 0, NO_LINE, LENGTH, INT64_MAX, 0,
      "POST / HTTP/1.1\r\nhost: h\r\n"
      "content-length: 9223372036854775807\r\n\r\n" },
    { "chunked, and close", "POST", "/", "h", 0, NO_LINE, CHUNKED, 0, CLOSE,
      "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n"
      "connection: close\r\n\r\n" },
    { "OPTIONS *", "OPTIONS", "*", "h", 0, NO_LINE, NONE, 0, 0,
      "OPTIONS * HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n" },
    { "CONNECT", "CONNECT", "", "h:80", 0, NO_LINE, NONE, 0, 0,
      "CONNECT h:80 HTTP/1.1\r\nhost: h:80\r\n\r\n" },

    { "an unknown method", "FOO", "/", "h", 0, NO_LINE, NONE, 0, 0, NULL },
    { "no method", "", "/", "h", 0, NO_LINE, NONE, 0, 0, NULL },
    { "a method of two lines", "GET / HTTP/1.1\r\n", "/", "h", 0, NO_LINE,
      NONE, 0, 0, NULL },
    { "no path", "GET", "", "h", 0, NO_LINE, NONE, 0, 0, NULL },
    { "a path without slash", "GET", "a", "h", 0, NO_LINE, NONE, 0, 0, NULL },
    { "a URL for a path", "GET", "http://h/", "h", 0, NO_LINE, NONE, 0, 0,
      NULL },
    { "a path with a blank", "GET", "/a b", "h", 0, NO_LINE, NONE, 0, 0, NULL },
    { "a path of two lines", "GET", "/ HTTP/1.1\r\nx: ", "h", 0, NO_LINE, NONE,
      0, 0, NULL },
    { "GET *", "GET", "*", "h", 0, NO_LINE, NONE, 0, 0, NULL },
    { "no authority", "GET", "/", "", 0, NO_LINE, NONE, 0, NO_AUTHORITY, NULL },
    { "an authority of two lines", "GET", "/", "h\r\nx: ", 0, NO_LINE, NONE, 0,
      0, NULL },
    { "CONNECT without port", "CONNECT", "", "h", 0, NO_LINE, NONE, 0, 0,
      NULL },
    { "CONNECT with a body", "CONNECT", "", "h:1", 0, NO_LINE, LENGTH, 1, 0,
      NULL },
    { "a body until the end", "POST", "/", "h", 0, NO_LINE, BY_END, 0, 0,
      NULL },
    { "a body without measure", "POST", "/", "h", 0, NO_LINE, LENGTH,
      UINT64_MAX, 0, NULL },
    { "an empty name", "GET", "/", "h", 0, LINE("", "b"), NONE, 0, 0, NULL },
    { "a name with a colon", "GET", "/", "h", 0, LINE("a:", "b"), NONE, 0, 0,
      NULL },
    { "a pseudo-header", "GET", "/", "h", 0, LINE(":path", "/"), NONE, 0, 0,
      NULL },
    { "a name of two lines", "GET", "/", "h", 0, LINE("a\r\nb", "c"), NONE, 0,
      0, NULL },
    { "a value of two lines", "GET", "/", "h", 0, LINE("a", "b\r\nc: d"), NONE,
      0, 0, NULL },
    { "a value with LF", "GET", "/", "h", 0, LINE("a", "b\nc"), NONE, 0, 0,
      NULL },
    { "a value with CR", "GET", "/", "h", 0, LINE("a", "b\rc"), NONE, 0, 0,
      NULL },
    { "a value with NUL", "GET", "/", "h", 0, LINE("a", "b\0c"), NONE, 0, 0,
      NULL },
    { "a value with a blank around", "GET", "/", "h", 0, LINE("a", "b "), NONE,
      0, 0, NULL },
    { "a Host of one's own", "GET", "/", "h", 0, LINE("host", "x"), NONE, 0, 0,
      NULL },
    { "a length of one's own", "POST", "/", "h", 0, LINE("content-length", "3"),
      NONE, 0, 0, NULL },
    { "in any case", "POST", "/", "h", 0, LINE("Content-Length", "3"), NONE, 0,
      0, NULL },
    { "a coding of one's own", "POST", "/", "h", 0,
      LINE("Transfer-Encoding", "chunked"), NONE, 0, 0, NULL },
    { "connection", "GET", "/", "h", 0, LINE("connection", "close"), NONE, 0,
      0, NULL },
    { "keep-alive", "GET", "/", "h", 0, LINE("keep-alive", "1"), NONE, 0, 0,
      NULL },
    { "proxy-connection", "GET", "/", "h", 0, LINE("proxy-connection", "close"),
      NONE, 0, 0, NULL },
};

static const struct row responses[] = {
    { "a length", "GET", "", "", 200, LINE("a", "b"), LENGTH, 11, 0,
      "HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 11\r\n\r\n" },
    { "a response may name a host", "GET", "", "", 200, LINE("host", "b"),
      LENGTH, 1, 0,
      "HTTP/1.1 200 OK\r\nhost: b\r\ncontent-length: 1\r\n\r\n" },
    { "no body is said", "GET", "", "", 404, NO_LINE, NONE, 0, 0,
      "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n" },
    { "no reason, but its blank", "GET", "", "", 299, NO_LINE, NONE, 0, 0,
      "HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n" },
    { "chunked, and close", "GET", "", "", 200, NO_LINE, CHUNKED, 0, CLOSE,
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
      "connection: close\r\n\r\n" },
    { "until the end closes", "GET", "", "", 200, NO_LINE, BY_END, 0, 0,
      "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" },
    { "to HEAD: nothing known, nothing said", "HEAD", "", "", 200, NO_LINE,
      NONE, 0, 0, "HTTP/1.1 200 OK\r\n\r\n" },
    { "to HEAD: GET's length", "HEAD", "", "", 200, NO_LINE, LENGTH, 11, 0,
      "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" },
    { "to HEAD: GET's coding", "HEAD", "", "", 200, NO_LINE, CHUNKED, 0, 0,
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" },
    { "204", "GET", "", "", 204, NO_LINE, NONE, 0, 0,
      "HTTP/1.1 204 No Content\r\n\r\n" },
    { "304", "GET", "", "", 304, NO_LINE, LENGTH, 5, 0,
      "HTTP/1.1 304 Not Modified\r\n\r\n" },
    { "100", "POST", "", "", 100, NO_LINE, NONE, 0, 0,
      "HTTP/1.1 100 Continue\r\n\r\n" },
    { "2xx to CONNECT", "CONNECT", "", "", 200, NO_LINE, NONE, 0, 0,
      "HTTP/1.1 200 OK\r\n\r\n" },
    { "4xx to CONNECT", "CONNECT", "", "", 404, NO_LINE, NONE, 0, CLOSE,
      "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n"
      "connection: close\r\n\r\n" },

    { "101", "GET", "", "", 101, NO_LINE, NONE, 0, 0, NULL },
    { "a status of two digits", "GET", "", "", 99, NO_LINE, NONE, 0, 0, NULL },
    { "a status of four", "GET", "", "", 1000, NO_LINE, NONE, 0, 0, NULL },
    { "204 with a body", "GET", "", "", 204, NO_LINE, LENGTH, 1, 0, NULL },
    { "204 chunked", "GET", "", "", 204, NO_LINE, CHUNKED, 0, 0, NULL },
    { "100 with a body", "GET", "", "", 100, NO_LINE, LENGTH, 1, 0, NULL },
    { "2xx to CONNECT with a body", "CONNECT", "", "", 200, NO_LINE, LENGTH, 1,
      0, NULL },
    { "a body without measure", "GET", "", "", 200, NO_LINE, LENGTH,
      UINT64_MAX, 0, NULL },
    { "a split response", "GET", "", "", 200,
      LINE("location", "/\r\n\r\nHTTP/1.1 200 OK"), NONE, 0, 0, NULL },
    { "a length of one's own", "GET", "", "", 200, LINE("content-length", "1"),
      NONE, 0, 0, NULL },
    { "connection", "GET", "", "", 200, LINE("Connection", "close"), NONE, 0,
      0, NULL },
};
/* clang-format on */

static void request(void **state)
{
    (void)state;
    run(requests, COUNT(requests));
}

static void response(void **state)
{
    (void)state;
    run(responses, COUNT(responses));
}

/* What went out comes in again; what was refused would have been refused. */
static void is_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(requests) + COUNT(responses); i++) {
        const struct row *row = i < COUNT(requests)
                                    ? &requests[i]
                                    : &responses[i - COUNT(requests)];
        struct mesh_h1_parser parser;
        struct mesh_buffer out;
        struct mesh_h1_event event;
        size_t consumed;

        mesh__buffer_init(&out, 4096);
        if (encode(row, &out) == 0) {
            mesh__h1_parser_init(
                &parser, row->status ? MESH__H1_RESPONSES : MESH__H1_REQUESTS,
                NULL);
            mesh__h1_parser_begin(&parser, mesh__slice_of(row->method));
            event = mesh__h1_feed(&parser, mesh__buffer_slice(&out), &consumed);
            assert_int_equal(event.kind, row->status && row->status < 200
                                             ? MESH__H1_INTERIM
                                             : MESH__H1_HEAD);
            assert_int_equal(consumed, out.len);
            assert_int_equal(parser.head.status, row->status);
            mesh__h1_parser_fini(&parser);
        }
        mesh__buffer_fini(&out);
    }
}

static void chunk_head(void **state)
{
    static const struct {
        uint64_t size;
        const char *expect;
    } rows[] = {
        { 1, "1\r\n" },
        { 15, "f\r\n" },
        { 16, "10\r\n" },
        { 500, "1f4\r\n" },
        { UINT64_C(1) << 32, "100000000\r\n" },
        { INT64_MAX, "7fffffffffffffff\r\n" },
        { UINT64_MAX, "ffffffffffffffff\r\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[MESH__H1_CHUNK_HEAD];
        size_t len = mesh__h1_chunk_head(rows[i].size, text);

        assert_true(mesh__slice_is(mesh__slice(text, len), rows[i].expect));
    }
}

static void end(void **state)
{
    static const struct {
        struct line line;
        const char *expect; /* NULL: refused */
    } rows[] = {
        { LINE("grpc-status", "0"), "0\r\ngrpc-status: 0\r\n\r\n" },
        { LINE("a", "b\r\n"), NULL },
        { LINE("a b", "c"), NULL },
        { LINE("content-length", "1"), NULL },
        { LINE("Transfer-Encoding", "chunked"), NULL },
        { LINE("HOST", "h"), NULL },
        { LINE("te", "trailers"), NULL },
        { LINE("trailer", "a"), NULL },
        { LINE("upgrade", "a"), NULL },
    };
    struct mesh_buffer out;

    (void)state;
    mesh__buffer_init(&out, 100);
    assert_int_equal(mesh__h1_encode_end(NULL, &out), 0);
    assert_true(mesh__slice_is(mesh__buffer_slice(&out), "0\r\n\r\n"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mesh_header header = { rows[i].line.name, rows[i].line.value,
                                      0 };
        struct mesh_head head = { .headers = &header, .count = 1 };

        mesh__buffer_clear(&out);
        assert_int_equal(mesh__h1_encode_end(&head, &out),
                         rows[i].expect ? 0 : MESH_ERR_INVALID);
        assert_true(mesh__slice_is(mesh__buffer_slice(&out),
                                   rows[i].expect ? rows[i].expect : ""));
    }
    mesh__buffer_fini(&out);
}

/* At every ceiling: whole, or not at all. */
static void ceiling(void **state)
{
    const size_t whole = strlen(requests[1].expect);

    (void)state;
    for (size_t room = 0; room <= whole; room++) {
        struct mesh_buffer out;

        mesh__buffer_init(&out, room + 1);
        assert_int_equal(mesh__buffer_append(&out, "x", 1), 0);
        assert_int_equal(encode(&requests[1], &out),
                         room < whole ? MESH_ERR_TOO_LARGE : 0);
        assert_int_equal(out.len, room < whole ? 1 : 1 + whole);
        mesh__buffer_fini(&out);
    }
}

static void survives_every_allocation(void **state)
{
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_buffer out;
        bool tripped;

        mesh__buffer_init(&out, 4096);
        fake_alloc_fail_at(n);
        rc = encode(&requests[1], &out);
        tripped = fake_alloc_tripped();
        if (tripped) {
            assert_int_equal(rc, MESH_ERR_NOMEM);
            assert_int_equal(out.len, 0);
        }
        mesh__buffer_fini(&out);
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped)
            break;
    }
    fake_alloc_off();
    assert_int_equal(rc, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request),
        cmocka_unit_test(response),
        cmocka_unit_test(is_read_back),
        cmocka_unit_test(chunk_head),
        cmocka_unit_test(end),
        cmocka_unit_test(ceiling),
        cmocka_unit_test(survives_every_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
