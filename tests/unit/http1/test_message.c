/*
 * test_message.c - what header lines mean together: lengths, hops, repeats.
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
    const char *claim;
    const char *method; /* of the request that a response answers */
    const char *head;   /* start line and headers                 */
    const char *body;
    const char *expect;
};

static void run(const struct row *row, enum mesh_h1_role role, bool end)
{
    const struct play how = { .role = role, .method = row->method, .end = end };
    struct mesh_buffer text;

    mesh__buffer_init(&text, 4096);
    assert_int_equal(mesh__buffer_append(&text, row->head, strlen(row->head)),
                     0);
    assert_int_equal(mesh__buffer_append(&text, "\r\n\r\n", 4), 0);
    assert_int_equal(mesh__buffer_append(&text, row->body, strlen(row->body)),
                     0);
    play_expect(row->claim, &how, mesh__buffer_slice(&text), row->expect);
    mesh__buffer_fini(&text);
}

#define POST "POST / HTTP/1.1\r\nhost: h\r\n"
#define GET  "GET / HTTP/1.1\r\nhost: h\r\n"

static const struct row requests[] = {
    { "a length", "", POST "content-length: 3", "abc",
      "POST / @h {} length 3 keep \"abc\" ." },
    { "a length of 0 is said, not none", "", POST "content-length: 0", "",
      "POST / @h {} length 0 keep ." },
    { "leading zeros are digits", "", POST "content-length: 003", "abc",
      "POST / @h {} length 3 keep \"abc\" ." },
    { "neither length nor coding: no body", "", POST "a: b", "",
      "POST / @h {a=b} none keep ." },
    { "GET may have a body", "", GET "content-length: 1", "x",
      "GET / @h {} length 1 keep \"x\" ." },
    { "chunked", "", POST "transfer-encoding: Chunked", "3\r\nabc\r\n0\r\n\r\n",
      "POST / @h {} chunked keep \"abc\" ." },
    { "both", "", POST "content-length: 3\r\ntransfer-encoding: chunked", "abc",
      "!length_and_chunked" },
    { "both, the other way", "",
      POST "transfer-encoding: chunked\r\ncontent-length: 3", "abc",
      "!length_and_chunked" },
    { "two lengths", "", POST "content-length: 3\r\ncontent-length: 4", "abc",
      "!bad_length" },
    { "two equal lengths", "", POST "content-length: 3\r\nContent-Length: 3",
      "abc", "!bad_length" },
    { "a list of equal lengths", "", POST "content-length: 3, 3", "abc",
      "!bad_length" },
    { "an empty length", "", POST "content-length:", "", "!bad_length" },
    { "a negative length", "", POST "content-length: -1", "", "!bad_length" },
    { "a signed length", "", POST "content-length: +3", "abc", "!bad_length" },
    { "a hexadecimal length", "", POST "content-length: 0x3", "abc",
      "!bad_length" },
    { "a length with a fraction", "", POST "content-length: 3.0", "abc",
      "!bad_length" },
    { "2^63 is too long", "", POST "content-length: 9223372036854775808", "",
      "!bad_length" },
    { "2^64 is not 0", "", POST "content-length: 18446744073709551616", "",
      "!bad_length" },
    { "2^64 + 3 is not 3", "", POST "content-length: 18446744073709551619",
      "abc", "!bad_length" },
    { "2^63 - 1 is the most", "", POST "content-length: 9223372036854775807",
      "a", "POST / @h {} length 9223372036854775807 keep \"a\" ?" },
    { "two codings", "", POST "transfer-encoding: gzip, chunked", "",
      "!bad_transfer_coding" },
    { "chunked twice", "",
      POST "transfer-encoding: chunked\r\ntransfer-encoding: chunked", "",
      "!bad_transfer_coding" },
    { "identity", "", POST "transfer-encoding: identity", "",
      "!bad_transfer_coding" },
    { "almost chunked", "", POST "transfer-encoding: xchunked", "",
      "!bad_transfer_coding" },
    { "chunked with a parameter", "", POST "transfer-encoding: chunked;a=b", "",
      "!bad_transfer_coding" },
    { "an empty coding", "", POST "transfer-encoding:", "",
      "!bad_transfer_coding" },
    { "CONNECT with a length of 0", "",
      "CONNECT h:1 HTTP/1.1\r\ncontent-length: 0", "",
      "CONNECT  @h:1 {} none last ." },
    { "CONNECT with a body", "", "CONNECT h:1 HTTP/1.1\r\ncontent-length: 1",
      "x", "!bad_body" },
    { "CONNECT chunked", "",
      "CONNECT h:1 HTTP/1.1\r\ntransfer-encoding: chunked", "",
      "!bad_transfer_coding" },

    { "what belongs to the hop stays here", "",
      GET "connection: keep-alive\r\nkeep-alive: timeout=5\r\n"
          "proxy-connection: keep-alive\r\nupgrade: foo\r\nx-kept: 1",
      "", "GET / @h {x-kept=1} none keep ." },
    { "nominated lines go, before and behind", "",
      GET "x-a: 1\r\nconnection: x-a, X-B\r\nx-b: 2\r\nx-a: 3\r\nx-c: 4", "",
      "GET / @h {x-c=4} none keep ." },
    { "nominating what frames takes nothing away", "",
      POST "connection: content-length, host, transfer-encoding\r\n"
           "content-length: 3",
      "abc", "POST / @h {} length 3 keep \"abc\" ." },
    { "close", "", GET "connection: close", "", "GET / @h {} none last ." },
    { "close names no line", "", GET "close: 1\r\nconnection: close", "",
      "GET / @h {close=1} none last ." },
    { "close among others, in any case", "", GET "connection: x, , CLOSE", "",
      "GET / @h {} none last ." },
    { "proxy-connection: close", "", GET "proxy-connection: close", "",
      "GET / @h {} none last ." },
    { "h2c is not spoken", "",
      GET "connection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
          "http2-settings: AAMA",
      "", "GET / @h {} none keep ." },
    { "nine nominations", "", GET "connection: a,b,c,d,e,f,g,h,i", "",
      "GET / @h {} none keep ." },
    { "ten are too many", "", GET "connection: a,b,c,d,e,f,g,h,i,j", "",
      "!bad_connection" },
    { "over two lines as well", "",
      GET "connection: a,b,c,d,e\r\nconnection: f,g,h,i,j", "",
      "!bad_connection" },
    { "x-forwarded-for may not be lost", "",
      GET "connection: X-Forwarded-For\r\nx-forwarded-for: 1.2.3.4", "",
      "!bad_connection" },
    { "nor x-forwarded-host, if only named", "",
      GET "connection: x-forwarded-host", "", "!bad_connection" },
    { "nor x-forwarded-proto", "", GET "connection: x-forwarded-proto", "",
      "!bad_connection" },
    { "a pseudo-header cannot be nominated", "", GET "connection: :path", "",
      "!bad_connection" },
    { "an empty Connection", "", GET "connection: ,", "",
      "GET / @h {} none keep ." },
    { "te: trailers alone crosses", "", GET "te: trailers, gzip", "",
      "GET / @h {te=trailers} none keep ." },
    { "te: gzip does not", "", GET "te: gzip", "", "GET / @h {} none keep ." },
    { "te is said once", "", GET "te: trailers\r\nte: Trailers", "",
      "GET / @h {te=trailers} none keep ." },
    { "nominating te takes no trailers away", "",
      GET "connection: te\r\nte: trailers", "",
      "GET / @h {te=trailers} none keep ." },

    { "accept is joined in its first place", "",
      GET "accept: a\r\nx: 1\r\naccept: b\r\ny: 2\r\naccept: c", "",
      "GET / @h {accept=a,b,c x=1 y=2} none keep ." },
    { "lines that Envoy keeps once, empty ones left out", "",
      GET "via: \r\nx: 1\r\nvia: b\r\norigin: c\r\norigin: d", "",
      "GET / @h {via=b x=1 origin=c,d} none keep ." },
    { "others stay apart", "", GET "cookie: a\r\ncookie: b", "",
      "GET / @h {cookie=a cookie=b} none keep ." },
    { "others stay apart, in order", "",
      GET "x-a: 1\r\nx-a: 2\r\nx-a: 1\r\ncookie: a=1\r\ncookie: b=2", "",
      "GET / @h {x-a=1 x-a=2 x-a=1 cookie=a=1 cookie=b=2} none keep ." },
    { "expect is handed on", "",
      POST "expect: 100-continue\r\n"
           "content-length: 1",
      "x", "POST / @h {expect=100-continue} length 1 keep \"x\" ." },
};

static void request(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        run(&requests[i], MESH__H1_REQUESTS, false);
}

/* 256 bytes of te are too many, but only when it is nominated. */
static void long_te(void **state)
{
    static const char *const nominate[] = { "", "connection: te\r\n" };
    static const char *const expect[][2] = {
        { "GET / @h {} none keep .", "GET / @h {} none keep ." },
        { "GET / @h {} none keep .", "!bad_connection" },
    };
    char te[256];

    (void)state;
    memset(te, 'x', sizeof(te));
    for (size_t i = 0; i < 4; i++) {
        const struct play how = { .role = MESH__H1_REQUESTS };
        struct mesh_buffer text;

        mesh__buffer_init(&text, 4096);
        assert_int_equal(mesh__buffer_append(&text, GET, strlen(GET)), 0);
        assert_int_equal(mesh__buffer_append(&text, nominate[i / 2],
                                             strlen(nominate[i / 2])),
                         0);
        assert_int_equal(mesh__buffer_append(&text, "te: ", 4), 0);
        assert_int_equal(mesh__buffer_append(&text, te, 255 + i % 2), 0);
        assert_int_equal(mesh__buffer_append(&text, "\r\n\r\n", 4), 0);
        play_expect("te of 255 or 256 bytes", &how, mesh__buffer_slice(&text),
                    expect[i / 2][i % 2]);
        mesh__buffer_fini(&text);
    }
}

#define OK "HTTP/1.1 200 OK\r\n"

static const struct row responses[] = {
    { "a length", "GET", OK "content-length: 3", "abc",
      "200 {} length 3 keep \"abc\" . ?" },
    { "chunked", "GET", OK "transfer-encoding: chunked",
      "3\r\nabc\r\n0\r\n\r\n", "200 {} chunked keep \"abc\" . ?" },
    { "neither: until the stream ends", "GET", OK "a: b", "abc",
      "200 {a=b} close last \"abc\" ." },
    { "neither, and nothing comes", "GET", OK "a: b", "",
      "200 {a=b} close last ." },
    { "to HEAD, a length is only said", "HEAD", OK "content-length: 11", "",
      "200 {} length 11 keep . ?" },
    { "to HEAD, chunked is only said", "HEAD", OK "transfer-encoding: chunked",
      "", "200 {} chunked keep . ?" },
    { "to HEAD, nothing said", "HEAD", OK "a: b", "",
      "200 {a=b} none keep . ?" },
    { "204", "GET", "HTTP/1.1 204 No Content", "", "204 {} none keep . ?" },
    { "204 with a length of 0", "GET",
      "HTTP/1.1 204 No Content\r\ncontent-length: 0", "",
      "204 {} none keep . ?" },
    { "204 with a body", "GET", "HTTP/1.1 204 No Content\r\ncontent-length: 1",
      "x", "!bad_body" },
    { "204 chunked", "GET",
      "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked", "",
      "!bad_body" },
    { "304 may say a length", "GET",
      "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\netag: x", "",
      "304 {etag=x} none keep . ?" },
    { "2xx to CONNECT has no body, whatever it says", "CONNECT",
      OK "content-length: 5", "", "200 {} none keep . ?" },
    { "407 to CONNECT has one", "CONNECT",
      "HTTP/1.1 407 No\r\ncontent-length: 1", "x",
      "407 {} length 1 keep \"x\" . ?" },
    { "100, then the answer", "POST",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1", "x",
      "~100 {} 200 {} length 1 keep \"x\" . ?" },
    { "two interim heads", "GET",
      "HTTP/1.1 103 Early\r\nlink: a\r\n\r\nHTTP/1.1 102 P\r\n\r\n"
      "HTTP/1.1 204 None",
      "", "~103 {link=a} ~102 {} 204 {} none keep . ?" },
    { "100 with a body", "POST", "HTTP/1.1 100 C\r\ncontent-length: 1", "x",
      "!bad_body" },
    { "101", "GET", "HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: foo", "",
      "!bad_status" },
    { "both", "GET", OK "content-length: 1\r\ntransfer-encoding: chunked", "",
      "!length_and_chunked" },
    { "two lengths", "GET", OK "content-length: 1\r\ncontent-length: 1", "x",
      "!bad_length" },
    { "another coding", "GET", OK "transfer-encoding: gzip", "",
      "!bad_transfer_coding" },
    { "HTTP/1.0 cannot be chunked", "GET",
      "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked", "",
      "!bad_transfer_coding" },
    { "HTTP/1.0 closes", "GET", "HTTP/1.0 200 OK\r\ncontent-length: 1", "x",
      "200 {} length 1 last \"x\" . ?" },
    { "HTTP/1.0 with keep-alive does not", "GET",
      "HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: Keep-Alive", "x",
      "200 {} length 1 keep \"x\" . ?" },
    { "close", "GET", OK "content-length: 1\r\nconnection: close", "x",
      "200 {} length 1 last \"x\" . ?" },
    { "what belongs to the hop goes, what it nominates stays", "GET",
      OK "connection: x-r\r\nx-r: 1\r\nkeep-alive: timeout=5\r\n"
         "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nupgrade: foo\r\n"
         "transfer-encodings: x\r\ncontent-length: 0",
      "",
      "200 {x-r=1 set-cookie=a=1 set-cookie=b=2 transfer-encodings=x} "
      "length 0 keep . ?" },
    { "ten options are no matter", "GET",
      OK "connection: a,b,c,d,e,f,g,h,i,j,(k)\r\ncontent-length: 0", "",
      "200 {} length 0 keep . ?" },
    { "vary of a response is joined", "GET",
      OK "vary: a\r\nx: 1\r\nvary: b\r\ncontent-length: 0", "",
      "200 {vary=a,b x=1} length 0 keep . ?" },
    { "accept of a response stays apart", "GET",
      OK "accept: a\r\naccept: b\r\ncontent-length: 0", "",
      "200 {accept=a accept=b} length 0 keep . ?" },
    { "bytes behind the end are nobody's", "GET", OK "content-length: 1", "xy",
      "200 {} length 1 keep \"x\" . !unexpected" },
    { "a body to HEAD is nobody's", "HEAD", OK "content-length: 1", "x",
      "200 {} length 1 keep . !unexpected" },
};

static void response(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++)
        run(&responses[i], MESH__H1_RESPONSES, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request),
        cmocka_unit_test(long_te),
        cmocka_unit_test(response),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
