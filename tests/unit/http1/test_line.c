/*
 * test_line.c - start lines and header lines, each in a smallest message.
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
    const char *claim;
    struct mesh_slice line;
    const char *expect;
};

#define BYTES(literal)                                                         \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

static void run(const struct row *rows, size_t count, const struct play *how,
                struct mesh_slice before, struct mesh_slice after)
{
    for (size_t i = 0; i < count; i++) {
        struct mesh_buffer text;

        mesh__buffer_init(&text, 4096);
        assert_int_equal(mesh__buffer_append(&text, before.at, before.len), 0);
        assert_int_equal(
            mesh__buffer_append(&text, rows[i].line.at, rows[i].line.len), 0);
        assert_int_equal(mesh__buffer_append(&text, after.at, after.len), 0);
        play_expect(rows[i].claim, how, mesh__buffer_slice(&text),
                    rows[i].expect);
        mesh__buffer_fini(&text);
    }
}

#define RUN(rows, how, before, after)                                          \
    run(rows, sizeof(rows) / sizeof((rows)[0]), how, MESH__SLICE(before),      \
        MESH__SLICE(after))

static const struct row request_lines[] = {
    { "a plain one", BYTES("GET / HTTP/1.1\r\n"), "GET / @h {} none keep ." },
    { "a later minor version is read as 1.1", BYTES("GET / HTTP/1.2\r\n"),
      "GET / @h {} none keep ." },
    { "WebDAV is known", BYTES("PROPFIND / HTTP/1.1\r\n"),
      "PROPFIND / @h {} none keep ." },
    { "PURGE is known", BYTES("PURGE / HTTP/1.1\r\n"),
      "PURGE / @h {} none keep ." },
    { "FOO is not", BYTES("FOO / HTTP/1.1\r\n"), "!bad_method" },
    { "case counts", BYTES("get / HTTP/1.1\r\n"), "!bad_method" },
    { "nothing before the blank", BYTES(" / HTTP/1.1\r\n"), "!bad_method" },
    { "HTTP/2's preface is none of ours", BYTES("PRI * HTTP/2.0\r\n"),
      "!bad_method" },
    { "an empty line before it", BYTES("\r\nGET / HTTP/1.1\r\n"),
      "!bad_start_line" },
    { "one word", BYTES("hello\r\n"), "!bad_start_line" },
    { "no target", BYTES("GET HTTP/1.1\r\n"), "!bad_start_line" },
    { "an empty target", BYTES("GET  HTTP/1.1\r\n"), "!bad_start_line" },
    { "two blanks", BYTES("GET  / HTTP/1.1\r\n"), "!bad_start_line" },
    { "a blank in the target", BYTES("GET /a b HTTP/1.1\r\n"),
      "!bad_start_line" },
    { "a blank behind", BYTES("GET / HTTP/1.1 \r\n"), "!bad_start_line" },
    { "a tab between", BYTES("GET\t/ HTTP/1.1\r\n"), "!bad_start_line" },
    { "a tab in the target", BYTES("GET /\t HTTP/1.1\r\n"), "!bad_target" },
    { "a high byte in the target", BYTES("GET /\xe9 HTTP/1.1\r\n"),
      "!bad_target" },
    { "a NUL in the target", BYTES("GET /\0 HTTP/1.1\r\n"), "!bad_target" },
    { "DEL in the target", BYTES("GET /\x7f HTTP/1.1\r\n"), "!bad_target" },
    { "a CR in the target", BYTES("GET /\r HTTP/1.1\r\n"), "!bad_line_end" },
    { "a CR in the method", BYTES("GE\rT / HTTP/1.1\r\n"), "!bad_line_end" },
    { "a bare LF", BYTES("GET / HTTP/1.1\n"), "!bad_line_end" },
    { "nothing but LF", BYTES("\n"), "!bad_line_end" },
    { "HTTP/1.0", BYTES("GET / HTTP/1.0\r\n"), "!old_version" },
    { "HTTP/0.9 said", BYTES("GET / HTTP/0.9\r\n"), "!old_version" },
    { "HTTP/0.9 spoken", BYTES("GET /\r\n"), "!old_version" },
    { "HTTP/2.0", BYTES("GET / HTTP/2.0\r\n"), "!bad_version" },
    { "two digits", BYTES("GET / HTTP/1.10\r\n"), "!bad_version" },
    { "a lower-case version", BYTES("GET / http/1.1\r\n"), "!bad_version" },
    { "another protocol", BYTES("GET / RTSP/1.1\r\n"), "!bad_version" },
    { "no version", BYTES("GET / \r\n"), "!bad_version" },
};

static void request_line(void **state)
{
    static const struct play how = { .role = MESH__H1_REQUESTS };

    (void)state;
    RUN(request_lines, &how, "", "host: h\r\n\r\n");
}

static const struct row status_lines[] = {
    { "a plain one", BYTES("HTTP/1.1 200 OK\r\n"), "200 {} length 0 keep ." },
    { "no reason", BYTES("HTTP/1.1 200 \r\n"), "200 {} length 0 keep ." },
    { "no reason, no blank", BYTES("HTTP/1.1 200\r\n"),
      "200 {} length 0 keep ." },
    { "a strange reason", BYTES("HTTP/1.1 200 \xe9 (x)  y \r\n"),
      "200 {} length 0 keep ." },
    { "HTTP/1.0", BYTES("HTTP/1.0 200 OK\r\n"), "200 {} length 0 last ." },
    { "600 passes, as in Envoy", BYTES("HTTP/1.1 600 x\r\n"),
      "600 {} length 0 keep ." },
    { "HTTP/2.0", BYTES("HTTP/2.0 200 OK\r\n"), "!bad_version" },
    { "another protocol", BYTES("ICY/1.1x 200 OK\r\n"), "!bad_version" },
    { "no HTTP", BYTES("hello\r\n"), "!bad_start_line" },
    { "empty", BYTES("\r\n"), "!bad_start_line" },
    { "a status of two digits", BYTES("HTTP/1.1 20 OK\r\n"), "!bad_status" },
    { "a status of four digits", BYTES("HTTP/1.1 2000 OK\r\n"),
      "!bad_start_line" },
    { "a status below 100", BYTES("HTTP/1.1 099 OK\r\n"), "!bad_status" },
    { "no number", BYTES("HTTP/1.1 abc OK\r\n"), "!bad_status" },
    { "an unasked 101", BYTES("HTTP/1.1 101 Switching\r\n"), "!bad_status" },
    { "a NUL in the reason", BYTES("HTTP/1.1 200 O\0K\r\n"),
      "!bad_start_line" },
    { "a CR in the reason", BYTES("HTTP/1.1 200 O\rK\r\n"), "!bad_line_end" },
    { "a bare LF", BYTES("HTTP/1.1 200 OK\n"), "!bad_line_end" },
};

static void status_line(void **state)
{
    static const struct play how = { .role = MESH__H1_RESPONSES,
                                     .method = "GET" };

    (void)state;
    RUN(status_lines, &how, "", "content-length: 0\r\n\r\n");
}

static const struct row header_lines[] = {
    { "a plain one", BYTES("a: b\r\n"), "GET / @h {a=b} none keep ." },
    { "names become lower case, values do not", BYTES("X-MiXeD: AbC\r\n"),
      "GET / @h {x-mixed=AbC} none keep ." },
    { "blanks around a value go", BYTES("a: \t b c \t\r\n"),
      "GET / @h {a=b c} none keep ." },
    { "an empty value", BYTES("a:\r\n"), "GET / @h {a=} none keep ." },
    { "a value of blanks", BYTES("a:  \t\r\n"), "GET / @h {a=} none keep ." },
    { "colons in a value", BYTES("a:b:c\r\n"), "GET / @h {a=b:c} none keep ." },
    { "high bytes in a value", BYTES("a: \xe9\xff\r\n"),
      "GET / @h {a=\xe9\xff} none keep ." },
    { "an underscore in a name", BYTES("x_a: 1\r\n"),
      "GET / @h {x_a=1} none keep ." },
    { "every token byte", BYTES("!#$%&'*+-.^_`|~0aZ: 1\r\n"),
      "GET / @h {!#$%&'*+-.^_`|~0az=1} none keep ." },
    { "no colon", BYTES("nonsense\r\n"), "!bad_header_name" },
    { "an empty name", BYTES(": b\r\n"), "!bad_header_name" },
    { "a blank before the colon", BYTES("a : b\r\n"), "!bad_header_name" },
    { "a tab before the colon", BYTES("a\t: b\r\n"), "!bad_header_name" },
    { "a blank in a name", BYTES("a b: c\r\n"), "!bad_header_name" },
    { "a high byte in a name", BYTES("\xe9: c\r\n"), "!bad_header_name" },
    { "a NUL in a name", BYTES("a\0b: c\r\n"), "!bad_header_name" },
    { "a pseudo-header", BYTES(":path: /x\r\n"), "!bad_header_name" },
    { "a NUL in a value", BYTES("a: b\0c\r\n"), "!bad_header_value" },
    { "DEL in a value", BYTES("a: \x7f\r\n"), "!bad_header_value" },
    { "a control in a value", BYTES("a: \x01\r\n"), "!bad_header_value" },
    { "a CR in a value", BYTES("a: b\rc\r\n"), "!bad_line_end" },
    { "two CR at the end", BYTES("a: b\r\r\n"), "!bad_line_end" },
    { "a CR in a name", BYTES("a\r: b\r\n"), "!bad_line_end" },
    { "a bare LF", BYTES("a: b\n"), "!bad_line_end" },
    { "a bare LF for the empty line", BYTES("a: b\r\n\n"), "!bad_line_end" },
    { "a fold", BYTES("a: b\r\n c\r\n"), "!folded" },
    { "a fold by tab", BYTES("a: b\r\n\tc\r\n"), "!folded" },
    { "a fold of blanks only", BYTES("a: b\r\n \r\n"), "!folded" },
};

static void header_line(void **state)
{
    static const struct play how = { .role = MESH__H1_REQUESTS };

    (void)state;
    RUN(header_lines, &how, "GET / HTTP/1.1\r\nhost: h\r\n", "\r\n");
}

/* Behind the start line at once, no header is there to go on from. */
static void fold_of_nothing(void **state)
{
    static const struct play how = { .role = MESH__H1_REQUESTS };

    (void)state;
    play_expect("a fold of the start line", &how,
                MESH__SLICE("GET / HTTP/1.1\r\n host: h\r\n\r\n"), "!folded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_line),
        cmocka_unit_test(status_line),
        cmocka_unit_test(header_line),
        cmocka_unit_test(fold_of_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
