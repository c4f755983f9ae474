/*
 * test_match.c - texts fit as Envoy lets them fit, at a bounded cost.
 */
#include "torture.h"

#include "base/error.h"
#include "value/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void compares_texts(void **state)
{
    static const struct {
        enum mesh_match_kind kind;
        bool ignore_case;
        const char *text;
        const char *against;
        bool fits;
    } rows[] = {
        { MESH__MATCH_EXACT, false, "/exact", "/exact", true },
        { MESH__MATCH_EXACT, false, "/exact", "/exact/", false },
        { MESH__MATCH_EXACT, false, "/exact", "/Exact", false },
        { MESH__MATCH_EXACT, true, "/Exact", "/eXACT", true },
        { MESH__MATCH_EXACT, false, "", "", true },
        { MESH__MATCH_PREFIX, false, "/pre", "/prefix", true },
        { MESH__MATCH_PREFIX, false, "/pre", "/pr", false },
        { MESH__MATCH_PREFIX, false, "/pre", "/Pre", false },
        { MESH__MATCH_PREFIX, true, "/Pre", "/preFIX", true },
        { MESH__MATCH_PREFIX, false, "", "", true },
        { MESH__MATCH_SUFFIX, false, "fix", "suffix", true },
        { MESH__MATCH_SUFFIX, false, "suffix", "fix", false },
        { MESH__MATCH_PRESENT, false, "", "", true },
        { MESH__MATCH_PRESENT, false, "", "x", true },
        { MESH__MATCH_NONEMPTY, false, "", "", false },
        { MESH__MATCH_NONEMPTY, false, "", "x", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_match match = { .kind = rows[i].kind,
                                    .ignore_case = rows[i].ignore_case,
                                    .text = mesh__slice_of(rows[i].text) };

        if (mesh__match(&match, mesh__slice_of(rows[i].against)) !=
            (enum mesh_match_result)rows[i].fits)
            fail_msg("row %zu: %s and %s", i, rows[i].text, rows[i].against);
    }
}

static enum mesh_match_result try(const char *expression,
                                  struct mesh_slice text)
{
    struct mesh_slice slice = mesh__slice_of(expression);
    struct mesh_match match = { .kind = MESH__MATCH_REGEX, .text = slice };
    enum mesh_match_result result;

    if (mesh__regex_new(slice, &match.regex) < 0)
        fail_msg("%s: %s", expression, mesh__error_line());
    result = mesh__match(&match, text);
    mesh__regex_unref(match.regex);
    return result;
}

static void fits_whole_texts_to_expressions(void **state)
{
    static const struct {
        const char *expression;
        const char *text;
        enum mesh_match_result result;
    } rows[] = {
        { "^/api/v[0-9]+/[a-z]+$", "/api/v1/charge", MESH__MATCH_YES },
        { "/re[0-9]+", "/re12", MESH__MATCH_YES },
        { "/re[0-9]+", "/re12/", MESH__MATCH_NO },
        { "/re[0-9]+", "/x/re12", MESH__MATCH_NO },
        { "/Re.*", "/re1", MESH__MATCH_NO },
        { "(?i)/Re.*", "/re1", MESH__MATCH_YES },
        { "a|ab", "ab", MESH__MATCH_YES },
        { "a|b|", "", MESH__MATCH_YES },
        { "", "", MESH__MATCH_YES },
        { "", "x", MESH__MATCH_NO },
        { ".*", "", MESH__MATCH_YES },
        { ".+", "", MESH__MATCH_NO },
        { "a$", "a\n", MESH__MATCH_NO },
        { "a.b", "a\nb", MESH__MATCH_NO },
        { "(?s)a.b", "a\nb", MESH__MATCH_YES },
        { "a.b", "a\rb", MESH__MATCH_YES },
        { "a.b",
          "a\xc3\xa9"
          "b",
          MESH__MATCH_YES },
        { "[^/]", "\xc3\xa9", MESH__MATCH_YES },
        { ".*", "\xff", MESH__MATCH_NO },
        { ".*", "ok\xc3", MESH__MATCH_NO },
        { "\\w", "\xc3\xa9", MESH__MATCH_NO },
        { "\\pL", "\xc3\xa9", MESH__MATCH_YES },
        { "\\p{Greek}+", "\xce\xb1\xce\xb2", MESH__MATCH_YES },
        { "\\d+", "\xd9\xa1", MESH__MATCH_NO },
        { "\\Qa.b\\E+", "a.bb", MESH__MATCH_YES },
        { "\\Qa.b\\E", "axb", MESH__MATCH_NO },
        { "[]a]+", "]a", MESH__MATCH_YES },
        { "[[:alpha:]]+", "abc", MESH__MATCH_YES },
        { "[[:^alpha:]]+", "123", MESH__MATCH_YES },
        { "x{foo}", "x{foo}", MESH__MATCH_YES },
        { "(?P<n>x)(?<m>y)", "xy", MESH__MATCH_YES },
        { "\\x41\\x{42}", "AB", MESH__MATCH_YES },
        { "spiffe://.+/ns/a/sa/b", "spiffe://x/ns/a/sa/b", MESH__MATCH_YES },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (try(rows[i].expression, mesh__slice_of(rows[i].text)) !=
            rows[i].result)
            fail_msg("%s and \"%s\"", rows[i].expression, rows[i].text);
}

static void compares_behind_a_nul(void **state)
{
    (void)state;
    assert_int_equal(try("a", mesh__slice("a\0b", 3)), MESH__MATCH_NO);
    assert_int_equal(try("a\\x00b", mesh__slice("a\0b", 3)), MESH__MATCH_YES);
}

/* Of the header's kinds of cost: steps are refused, frames are found. */
static void bounds_the_cost(void **state)
{
    enum { LEN = 60000 };
    static char text[LEN];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(try(".*foo.*", mesh__slice(text, 500)), MESH__MATCH_NO);
    assert_int_equal(try("(a+)+b?c?", MESH__SLICE("aaaaaaaaaaaaaaaaaaaaaaaad")),
                     MESH__MATCH_LIMIT);
    assert_int_equal(try(".*foo.*", mesh__slice(text, LEN)), MESH__MATCH_LIMIT);
    assert_int_equal(try("(?:a|b)*", mesh__slice(text, LEN)), MESH__MATCH_YES);
    assert_int_equal(try("(?:a|b)*c", mesh__slice(text, LEN)), MESH__MATCH_NO);
    text[LEN - 1] = 'c';
    assert_int_equal(try("(?:a|b)*c", mesh__slice(text, LEN)), MESH__MATCH_YES);
    assert_int_equal(try("(?P<n>(?P<m>a)|b)*c", mesh__slice(text, LEN)),
                     MESH__MATCH_YES);
    for (size_t i = 0; i < LEN; i++)
        text[i] = "/a"[i % 2];
    assert_int_equal(try("(/[a-z]+)*", mesh__slice(text, LEN)),
                     MESH__MATCH_YES);
    assert_int_equal(try("(/[a-z]+)*/", mesh__slice(text, LEN)),
                     MESH__MATCH_NO);
}

static void gives_up_alike_on_too_many_states(void **state)
{
    static char text[4000];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(
        try("(?:(?:a?){50}(?:a?b?){50})*x", mesh__slice(text, sizeof(text))),
        MESH__MATCH_NO); /* x is nowhere: no step is needed */
    text[sizeof(text) - 2] = 'x';
    assert_int_equal(
        try("(?:(?:a?){50}(?:a?b?){50})*x", mesh__slice(text, sizeof(text))),
        MESH__MATCH_LIMIT);
}

static void touches_no_heap_when_matching(void **state)
{
    static char text[4000];
    struct mesh_regex *regex;

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(mesh__regex_new(MESH__SLICE("(?:a|b)*c?"), &regex), 0);
    fake_alloc_reset();
    assert_int_equal(mesh__regex_match(regex, mesh__slice(text, 10)),
                     MESH__MATCH_YES);
    assert_int_equal(mesh__regex_match(regex, mesh__slice(text, sizeof(text))),
                     MESH__MATCH_YES);
    assert_int_equal(fake_alloc_count(), 0);
    fake_alloc_off();
    mesh__regex_unref(regex);
}

static void survives_losing_any_allocation(void **state)
{
    struct mesh_regex *regex;
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__regex_new(
            MESH__SLICE("^/(?P<name>[a-z]+|(?:x{2,9}|\\pL)*)/.*$"), &regex);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(regex);
        assert_int_equal(fake_alloc_live(), 0);
    }
    assert_int_equal(rc, 0);
    mesh__regex_unref(regex);
    assert_int_equal(fake_alloc_live(), 0);
    fake_alloc_off();
}

static void counts_its_holders(void **state)
{
    struct mesh_regex *regex;

    (void)state;
    assert_int_equal(mesh__regex_new(MESH__SLICE("a"), &regex), 0);
    assert_ptr_equal(mesh__regex_ref(regex), regex);
    mesh__regex_unref(regex);
    assert_int_equal(mesh__regex_match(regex, MESH__SLICE("a")),
                     MESH__MATCH_YES);
    mesh__regex_unref(regex);
    mesh__regex_unref(NULL);
    assert_null(mesh__regex_ref(NULL));
}

static void refuses_with_a_reason(void **state)
{
    char longest[MESH__REGEX_MAX + 1];
    struct mesh_regex *regex;

    (void)state;
    assert_int_equal(mesh__regex_new(MESH__SLICE("a(?=b)"), &regex),
                     MESH_ERR_INVALID);
    assert_null(regex);
    assert_non_null(strstr(mesh__error_line(), "look-around"));
    assert_int_equal(mesh__regex_new(MESH__SLICE("[b-a]"), &regex),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh__regex_new(MESH__SLICE("\xff"), &regex),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh__regex_new(MESH__SLICE("(?:(?:abcdefghij){30}a){33}"
                                                 "(?:(?:abcdefghij){30}a){33}"
                                                 "(?:(?:abcdefghij){30}a){33}"),
                                     &regex),
                     MESH_ERR_INVALID); /* small to read, large to compile */
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(
        mesh__regex_new(mesh__slice(longest, MESH__REGEX_MAX), &regex), 0);
    mesh__regex_unref(regex);
    assert_int_equal(
        mesh__regex_new(mesh__slice(longest, MESH__REGEX_MAX + 1), &regex),
        MESH_ERR_INVALID);
    assert_null(regex);
}

static void prints_what_it_wants(void **state)
{
    struct mesh_match match = { .kind = MESH__MATCH_EXACT,
                                .text = MESH__SLICE("true") };
    char out[32];

    (void)state;
    mesh__match_print(&match, out, sizeof(out));
    assert_string_equal(out, "exact:true");
    match.ignore_case = true;
    mesh__match_print(&match, out, sizeof(out));
    assert_string_equal(out, "exact:true (any case)");
    mesh__match_print(&match, out, 8);
    assert_string_equal(out, "exact:t");
    match = (struct mesh_match){ .kind = MESH__MATCH_PRESENT };
    mesh__match_print(&match, out, sizeof(out));
    assert_string_equal(out, "present");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_texts),
        cmocka_unit_test(fits_whole_texts_to_expressions),
        cmocka_unit_test(compares_behind_a_nul),
        cmocka_unit_test(bounds_the_cost),
        cmocka_unit_test(gives_up_alike_on_too_many_states),
        cmocka_unit_test(touches_no_heap_when_matching),
        cmocka_unit_test(survives_losing_any_allocation),
        cmocka_unit_test(counts_its_holders),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(prints_what_it_wants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
