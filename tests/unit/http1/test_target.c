/*
 * test_target.c - the forms of a request target, and who is addressed.
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *claim;
    const char *request;
    const char *expect;
} rows[] = {
    { "origin-form, query and all", "GET /a?b=c HTTP/1.1\r\nhost: h",
      "GET /a?b=c @h {} none keep ." },
    { "a fragment is for the path's reader", "GET /a#b HTTP/1.1\r\nhost: h",
      "GET /a#b @h {} none keep ." },
    { "two slashes are a path, no authority",
      "GET //evil/a HTTP/1.1\r\nhost: h", "GET //evil/a @h {} none keep ." },
    { "nothing is normalized", "GET /a/../%2e HTTP/1.1\r\nhost: h",
      "GET /a/../%2e @h {} none keep ." },
    { "a path without slash", "GET abc HTTP/1.1\r\nhost: h", "!bad_target" },
    { "a colon makes no URL", "GET h:80 HTTP/1.1\r\nhost: h", "!bad_target" },

    { "absolute-form", "GET http://u/x?y HTTP/1.1\r\nhost: u",
      "GET /x?y @u {} none keep ." },
    { "https over whatever transport", "GET https://u/x HTTP/1.1\r\nhost: u",
      "GET /x @u {} none keep ." },
    { "a scheme in mixed case", "GET hTTp://u/x HTTP/1.1\r\nhost: u",
      "GET /x @u {} none keep ." },
    { "the URL overrules Host", "GET http://u:81/x HTTP/1.1\r\nhost: h",
      "GET /x @u:81 {} none keep ." },
    { "the URL stands in for Host", "GET http://u/x HTTP/1.1\r\na: b",
      "GET /x @u {a=b} none keep ." },
    { "an empty path is /", "GET http://u HTTP/1.1\r\nhost: u",
      "GET / @u {} none keep ." },
    { "a query without path", "GET http://u?a=b HTTP/1.1\r\nhost: u",
      "GET /?a=b @u {} none keep ." },
    { "a fragment without path", "GET http://u#f HTTP/1.1\r\nhost: u",
      "GET /#f @u {} none keep ." },
    { "an IPv6 address", "GET http://[::1]:8080/ HTTP/1.1\r\nhost: u",
      "GET / @[::1]:8080 {} none keep ." },
    { "another scheme", "GET ftp://u/x HTTP/1.1\r\nhost: u", "!bad_scheme" },
    { "almost http", "GET httpx://u/x HTTP/1.1\r\nhost: u", "!bad_scheme" },
    { "no scheme", "GET ://u/x HTTP/1.1\r\nhost: u", "!bad_target" },
    { "one slash", "GET http:/u/x HTTP/1.1\r\nhost: u", "!bad_target" },
    { "no authority", "GET http:///x HTTP/1.1\r\nhost: u", "!bad_target" },
    { "user information", "GET http://a@u/x HTTP/1.1\r\nhost: u",
      "!bad_target" },
    { "a bad authority", "GET http://a\"u/x HTTP/1.1\r\nhost: u",
      "!bad_target" },
    { "a good URL does not excuse two Hosts",
      "GET http://u/x HTTP/1.1\r\nhost: u\r\nhost: u", "!two_hosts" },
    { "nor a bad one", "GET http://u/x HTTP/1.1\r\nhost: a b", "!bad_host" },

    { "* for OPTIONS", "OPTIONS * HTTP/1.1\r\nhost: h",
      "OPTIONS * @h {} none keep ." },
    { "* for nothing else", "GET * HTTP/1.1\r\nhost: h", "!bad_target" },
    { "* and more", "OPTIONS *x HTTP/1.1\r\nhost: h", "!bad_target" },

    { "authority-form", "CONNECT h:80 HTTP/1.1\r\nhost: h:80",
      "CONNECT  @h:80 {} none last ." },
    { "CONNECT without Host", "CONNECT h:80 HTTP/1.1\r\na: b",
      "CONNECT  @h:80 {a=b} none last ." },
    { "CONNECT without port", "CONNECT h HTTP/1.1\r\nhost: h", "!bad_target" },
    { "CONNECT to port 0", "CONNECT h:0 HTTP/1.1\r\nhost: h", "!bad_target" },
    { "CONNECT to a path", "CONNECT /x HTTP/1.1\r\nhost: h", "!bad_target" },
    { "CONNECT to a URL", "CONNECT http://h:80/ HTTP/1.1\r\nhost: h",
      "!bad_target" },
    { "CONNECT to a far port", "CONNECT h:65536 HTTP/1.1\r\nhost: h",
      "!bad_target" },

    { "no Host", "GET / HTTP/1.1\r\na: b", "!no_host" },
    { "an empty Host", "GET / HTTP/1.1\r\nhost:", "GET / @ {} none keep ." },
    { "two Hosts", "GET / HTTP/1.1\r\nhost: a\r\nhost: b", "!two_hosts" },
    { "two equal Hosts", "GET / HTTP/1.1\r\nhost: a\r\nHost: a", "!two_hosts" },
    { "two Hosts, one empty", "GET / HTTP/1.1\r\nhost:\r\nhost: a",
      "!two_hosts" },
    { "a Host with a blank", "GET / HTTP/1.1\r\nhost: a b", "!bad_host" },
    { "a Host with a slash", "GET / HTTP/1.1\r\nhost: a/b", "!bad_host" },
    { "a Host with a user", "GET / HTTP/1.1\r\nhost: a@b", "!bad_host" },
};

static void target(void **state)
{
    static const struct play how = { .role = MESH__H1_REQUESTS };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_buffer text;

        mesh__buffer_init(&text, 4096);
        assert_int_equal(mesh__buffer_append(&text, rows[i].request,
                                             strlen(rows[i].request)),
                         0);
        assert_int_equal(mesh__buffer_append(&text, "\r\n\r\n", 4), 0);
        play_expect(rows[i].claim, &how, mesh__buffer_slice(&text),
                    rows[i].expect);
        mesh__buffer_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(target) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
