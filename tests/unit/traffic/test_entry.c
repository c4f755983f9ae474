/*
 * test_entry.c - which requests fit an entry; rows were seen on a real Envoy.
 */
#include "traffic/entry.h"

#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    const char *claim;
    const char *entry;
    const char *request;
    int fits;
} rows[] = {
    { "an entry that asks for nothing", "", "GET web /x", 1 },

    { "exact path", "path exact:/exact", "GET web /exact", 1 },
    { "exact path, slash behind", "path exact:/exact", "GET web /exact/", 0 },
    { "exact path, other case", "path exact:/exact", "GET web /Exact", 0 },
    { "the query is not path", "path exact:/exact", "GET web /exact?q=1", 1 },
    { "a prefix ends anywhere", "path prefix:/pre", "GET web /prefix", 1 },
    { "a prefix of another case", "path prefix:/pre", "GET web /Pre", 0 },
    { "too short for the prefix", "path prefix:/pre", "GET web /pr", 0 },
    { "a directory is not its name", "path prefix:/dir/", "GET web /dir", 0 },
    { "a directory", "path prefix:/dir/", "GET web /dir/", 1 },
    { "regex of the whole path", "path regex:/re[0-9]+", "GET web /re12", 1 },
    { "regex, query aside", "path regex:/re[0-9]+", "GET web /re12?x=1", 1 },
    { "regex, more behind", "path regex:/re[0-9]+", "GET web /re12/", 0 },
    { "regex, more before", "path regex:/re[0-9]+", "GET web /x/re12", 0 },
    { "exact in any case", "path~ exact:/Exact", "GET web /EXACT", 1 },
    { "prefix in any case", "path~ prefix:/Pre", "GET web /preFIX", 1 },

    { "exact header", "header x-exact exact:One", "GET web /|x-exact: One", 1 },
    { "case of a value", "header x-exact exact:One", "GET web /|x-exact: one",
      0 },
    { "the same line twice", "header x-exact exact:One",
      "GET web /|x-exact: One|x-exact: One", 1 },
    { "header prefix", "header x-p prefix:ab", "GET web /|x-p: abc", 1 },
    { "header prefix, first of two", "header x-p prefix:ab",
      "GET web /|x-p: abc|x-p: zz", 1 },
    { "header regex", "header x-r regex:[a-z]+", "GET web /|x-r: abc", 1 },
    { "header regex, not whole", "header x-r regex:[a-z]+",
      "GET web /|x-r: abc1", 0 },
    { "header present though empty", "header x-h present",
      "GET web /|x-h:", 1 },
    { "header not there", "header x-h present", "GET web /", 0 },
    { "a value of an absent header", "header x-h exact:a", "GET web /", 0 },
    { "a known name", "header user-agent prefix:curl",
      "GET web /|user-agent: curl/8", 1 },
    { "empty equals empty", "header x-e exact:", "GET web /|x-e:", 1 },
    { "absent is not empty", "header x-e exact:", "GET web /", 0 },
    { "each line on its own", "header x-l exact:b", "GET web /|x-l: a|x-l: b",
      1 },
    { "never joined", "header x-l exact:a,b", "GET web /|x-l: a|x-l: b", 0 },
    { "a list in one line", "header x-l exact:a,b", "GET web /|x-l: a,b", 1 },
    { "one of a list in one line", "header x-l exact:b", "GET web /|x-l: a,b",
      0 },
    { "second line by prefix", "header x-l prefix:b", "GET web /|x-l: a|x-l: b",
      1 },
    { "second line by regex", "header x-l regex:b+", "GET web /|x-l: a|x-l: b",
      1 },
    { "no regex over two lines", "header x-l regex:a,b",
      "GET web /|x-l: a|x-l: b", 0 },
    { "a pseudo-header by name", "header :method exact:PUT", "PUT web /", 1 },
    { "host is the authority", "header host exact:web", "GET web /", 1 },

    { "without, absent", "without x-a exact:one", "GET web /", 1 },
    { "without, same", "without x-a exact:one", "GET web /|x-a: one", 0 },
    { "without, other", "without x-a exact:one", "GET web /|x-a: two", 1 },
    { "without presence, absent", "without x-a present", "GET web /", 1 },
    { "without presence, empty", "without x-a present", "GET web /|x-a:", 0 },
    { "without presence, there", "without x-a present", "GET web /|x-a: x", 0 },
    { "absent counts as empty: .*", "without x-a regex:.*", "GET web /", 0 },
    { "absent counts as empty: .+", "without x-a regex:.+", "GET web /", 1 },
    { "without regex, there", "without x-a regex:.+", "GET web /|x-a: x", 0 },
    { "without prefix, absent", "without x-a prefix:on", "GET web /", 1 },
    { "without prefix, fits", "without x-a prefix:on", "GET web /|x-a: one",
      0 },
    { "any hit fails it", "without x-l exact:b", "GET web /|x-l: a|x-l: b", 0 },
    { "no joined hit", "without x-l exact:a,b", "GET web /|x-l: a|x-l: b", 1 },

    { "method", "method exact:DELETE", "DELETE web /", 1 },
    { "method, other", "method exact:DELETE", "GET web /", 0 },
    { "authority with its port", "authority exact:web:80", "GET web:80 /", 1 },
    { "authority without", "authority exact:web:80", "GET web /", 0 },
    { "authority as sent", "authority prefix:WEB", "GET WEB /", 1 },
    { "authority's case", "authority prefix:WEB", "GET web /", 0 },
    { "scheme", "scheme exact:http", "GET web /", 1 },
    { "scheme as the caller says", "scheme exact:https",
      "GET web /|x-forwarded-proto: https", 1 },
    { "scheme in capitals", "scheme exact:https",
      "GET web /|x-forwarded-proto: HTTPS", 1 },
    { "nonsense is no scheme", "scheme exact:http",
      "GET web /|x-forwarded-proto: gopher", 1 },

    { "parameter", "query e exact:one", "GET web /?e=one", 1 },
    { "parameter's case", "query e exact:one", "GET web /?E=one", 0 },
    { "parameter's value's case", "query e exact:one", "GET web /?e=One", 0 },
    { "the first of two counts", "query e exact:one", "GET web /?e=one&e=two",
      1 },
    { "the second does not", "query e exact:one", "GET web /?e=two&e=one", 0 },
    { "values are not decoded", "query e exact:one", "GET web /?e=%6Fne", 0 },
    { "names are not decoded", "query e exact:one", "GET web /?%65=one", 0 },
    { "parameter prefix", "query p prefix:ab", "GET web /?p=abc", 1 },
    { "parameter regex", "query r regex:[0-9]+", "GET web /?r=12", 1 },
    { "parameter regex, more", "query r regex:[0-9]+", "GET web /?r=12a", 0 },
    { "raw escapes", "query s exact:a%20b", "GET web /?s=a%20b", 1 },
    { "plus is plus", "query s exact:a b", "GET web /?s=a+b", 0 },
    { "key alone is present", "query h present", "GET web /?h", 1 },
    { "key with nothing is present", "query h present", "GET web /?h=", 1 },
    { "key alone is empty", "query h exact:", "GET web /?h", 1 },
    { "semicolons do not separate", "query e exact:one", "GET web /?x=1;e=one",
      0 },
    { "no parameter", "query h present", "GET web /?", 0 },

    { "all must hold", "path exact:/a & header x-a exact:1", "GET web /a", 0 },
    { "and do", "path exact:/a & header x-a exact:1 & query q exact:2",
      "GET web /a?q=2|x-a: 1", 1 },
};

static void fits_as_seen(void **state)
{
    struct mesh_subject subject;
    struct mesh_misfit misfit;
    struct words words;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct mesh_head *head;

        words_init(&words);
        head = words_request(&words, rows[i].request);
        mesh__subject_init(&subject, head, head->path);
        if ((int)mesh__entry_match(words_entry(&words, rows[i].entry), &subject,
                                   &misfit) != rows[i].fits)
            fail_msg("%s: %s against %s", rows[i].claim, rows[i].request,
                     rows[i].entry);
        assert_true(rows[i].fits == !misfit.what);
        words_fini(&words);
    }
}

static const struct {
    const char *entry;
    const char *request;
    const char *reason;
} reasons[] = {
    { "header x-canary exact:true", "GET web /",
      "header x-canary is absent, wanted exact \"true\"" },
    { "header x-canary exact:true", "GET web /|x-canary: True",
      "header x-canary is \"True\", wanted exact \"true\"" },
    { "without x-a present", "GET web /|x-a: 1",
      "header x-a is \"1\", wanted not any value" },
    { "path~ prefix:/Api", "GET web /x?y",
      "path is \"/x\", wanted prefix \"/Api\" in any case" },
    { "query v regex:[0-9]", "GET web /x?v=a",
      "query parameter v is \"a\", wanted regex \"[0-9]\"" },
    { "method exact:PUT & header x exact:1", "GET web /",
      "method is \"GET\", wanted exact \"PUT\"" },
    { "header x exact:1",
      "GET web /|x: "
      "0123456789012345678901234567890123456789012345678901234567890123456789",
      "header x is "
      "\"0123456789012345678901234567890123456789012345678901234567890123...\""
      ", wanted exact \"1\"" },
};

static void says_what_did_not_fit(void **state)
{
    struct mesh_subject subject;
    struct mesh_misfit misfit;
    struct words words;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        const struct mesh_head *head;

        words_init(&words);
        head = words_request(&words, reasons[i].request);
        mesh__subject_init(&subject, head, head->path);
        assert_int_equal(
            mesh__entry_match(words_entry(&words, reasons[i].entry), &subject,
                              &misfit),
            MESH__MATCH_NO);
        mesh__misfit_print(&misfit, text, sizeof(text));
        assert_string_equal(text, reasons[i].reason);
        words_fini(&words);
    }
}

static void a_regex_that_gives_up_is_neither(void **state)
{
    char request[] = "GET web /|x: aaaaaaaaaaaaaaaaaaaaaaaad";
    struct mesh_subject subject;
    struct mesh_misfit misfit;
    struct words words;

    (void)state;
    words_init(&words);
    mesh__subject_init(&subject, words_request(&words, request),
                       MESH__SLICE("/"));
    assert_int_equal(
        mesh__entry_match(words_entry(&words, "header x regex:(a+)+b?c?"),
                          &subject, &misfit),
        MESH__MATCH_LIMIT);
    assert_int_equal(
        mesh__entry_match(words_entry(&words, "without x regex:(a+)+b?c?"),
                          &subject, &misfit),
        MESH__MATCH_LIMIT);
    words_fini(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_as_seen),
        cmocka_unit_test(says_what_did_not_fit),
        cmocka_unit_test(a_regex_that_gives_up_is_neither),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
