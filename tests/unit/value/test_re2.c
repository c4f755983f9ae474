/*
 * test_re2.c - what RE2 would not take is refused before PCRE2 sees it.
 */
#include "value/re2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void takes_what_re2_takes(void **state)
{
    static const char *const taken[] = {
        "",
        "abc",
        "a|b|",
        "(a)(b)",
        "(?:a)",
        "(?i)a",
        "(?i-s)a",
        "(?-i:a)",
        "(?imsU:a)",
        "(?P<name_1>a)",
        "(?<name>a)",
        "a*",
        "a+?",
        "a??",
        "a{2}",
        "a{2,}?",
        "a{2,1000}",
        "(a{10}){100}",
        "((a*)*)*",
        "[abc]",
        "[^]a]",
        "[]]",
        "[a-z\\d\\-]",
        "[[:alnum:][:^space:]]",
        "[a[b]",
        "\\a\\f\\t\\n\\r\\v\\.\\*\\/",
        "\\d\\D\\s\\S\\w\\W\\A\\b\\B\\z",
        "\\pN\\PL\\p{Greek}\\p{^Lu}",
        "\\x4f\\x{10ffff}",
        "\\0\\012",
        "\\Q(?=[\\E",
        "\\Qabc",
        "{foo}",
        "a{b",
        "^a$",
        "a#b c",
        "a\\_b",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        size_t at;
        bool ours;
        const char *why = mesh__re2_check(mesh__slice_of(taken[i]), &at, &ours);

        if (why)
            fail_msg("%s, byte %zu: %s", taken[i], at, why);
    }
}

static void refuses_what_only_pcre2_takes(void **state)
{
    static const struct {
        const char *expression;
        size_t at;
    } rows[] = {
        { "a(?=b)", 3 },
        { "(?!a)", 2 },
        { "(?<=a)", 2 },
        { "(?<!a)", 2 },
        { "(?>a)", 2 },
        { "(?|a)", 2 },
        { "(?#a)", 2 },
        { "(?R)", 2 },
        { "(?1)", 2 },
        { "(?&n)", 2 },
        { "(?P=n)", 2 },
        { "(?P>n)", 2 },
        { "(?(1)a)", 2 },
        { "(?C)", 2 },
        { "(?'n'a)", 2 },
        { "(?^)a", 2 },
        { "(?x)a", 2 },
        { "(?J)a", 2 },
        { "(?n)a", 2 },
        { "(?i-)", 4 },
        { "(?--i)", 3 },
        { "(?", 2 },
        { "(?P<>a)", 4 },
        { "(?P<a-b>c)", 4 },
        { "(?P<a", 4 },
        { "(*UTF8)a", 0 },
        { "(*COMMIT)", 0 },
        { "(*atomic:a)", 0 },
        { "a++", 2 },
        { "a*+", 2 },
        { "a?+", 2 },
        { "a{2}+", 4 },
        { "a**", 2 },
        { "a{2}{3}", 4 },
        { "a{2}?{3}", 5 },
        { "*a", 0 },
        { "+", 0 },
        { "a|*", 2 },
        { "(*)", 0 },
        { "(+)", 1 },
        { "{2}", 0 },
        { "(?i)*", 4 },
        { "a{1001}", 1 },
        { "a{1,1001}", 1 },
        { "a{99999999999}", 1 },
        { "(a{10}){101}", 7 },
        { "((a{10}){10}){11}", 13 },

        { "\\1", 0 },
        { "(a)\\1", 3 },
        { "\\g1", 0 },
        { "\\g{1}", 0 },
        { "\\k<n>", 0 },
        { "\\C", 0 },
        { "\\K", 0 },
        { "\\R", 0 },
        { "\\X", 0 },
        { "\\G", 0 },
        { "\\Z", 0 },
        { "\\h", 0 },
        { "\\H", 0 },
        { "\\V", 0 },
        { "\\N", 0 },
        { "\\e", 0 },
        { "\\cA", 0 },
        { "\\o{1}", 0 },
        { "\\u0041", 0 },
        { "\\L", 0 },
        { "\\E", 0 },
        { "\\\xc3\xa9", 0 },
        { "\\", 0 },
        { "\\x4", 2 },
        { "\\x{}", 3 },
        { "\\x{1234567}", 3 },
        { "\\p", 2 },
        { "\\p{Xan}", 3 },
        { "\\p{L&}", 4 },
        { "\\p{Greek", 8 },
        { "[\\b]", 1 },
        { "[\\Qa\\E]", 1 },
        { "[\\B]", 1 },

        { "[a", 2 },
        { "[]", 2 },
        { "(a", 2 },
        { "a)", 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t at = 0;
        bool ours = true;
        const char *why =
            mesh__re2_check(mesh__slice_of(rows[i].expression), &at, &ours);

        if (!why)
            fail_msg("%s was taken", rows[i].expression);
        if (at != rows[i].at)
            fail_msg("%s: byte %zu, expected %zu (%s)", rows[i].expression, at,
                     rows[i].at, why);
        if (ours)
            fail_msg("%s: RE2 would not take it either", rows[i].expression);
    }
}

static void refuses_what_pcre2_would_read_otherwise(void **state)
{
    static const struct {
        const char *expression;
        size_t at;
    } rows[] = {
        { "(?)", 2 },        { "a{,5}", 1 },     { "a{ 1 }", 1 },
        { "a{1, 2}", 1 },    { "a{1", 1 },       { "\\12", 0 },
        { "a\\123b", 1 },    { "[[.a.]]", 1 },   { "[[=a=]]", 1 },
        { "[[:alpha]]", 1 }, { "[:alpha:]", 0 }, { "\\p{greek}", 3 },
        { "^*", 1 },         { "a$?", 2 },       { "\\b+", 2 },
        { "a(?i)*", 5 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t at = 0;
        bool ours = false;
        const char *why =
            mesh__re2_check(mesh__slice_of(rows[i].expression), &at, &ours);

        if (!why || !ours)
            fail_msg("%s: %s", rows[i].expression, why ? why : "taken");
        assert_int_equal(at, rows[i].at);
    }
}

/* ... and reads on: what RE2 would not take is still that. */
static void reads_on_behind_such_a_one(void **state)
{
    static const char *const rows[] = {
        "a{1(", "\\12\\R", "[[.a", "[[:a(?=b)", "(?)(?=a)", "^*+", "\\12**",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t at;
        bool ours = true;

        assert_non_null(mesh__re2_check(mesh__slice_of(rows[i]), &at, &ours));
        if (ours)
            fail_msg("%s", rows[i]);
    }
}

static void refuses_nul_and_depth(void **state)
{
    char deep[2 * MESH__RE2_DEPTH + 2];
    bool ours;
    size_t at;

    (void)state;
    assert_non_null(mesh__re2_check(mesh__slice("a\0b", 3), &at, &ours));
    memset(deep, '(', MESH__RE2_DEPTH);
    memset(deep + MESH__RE2_DEPTH, ')', MESH__RE2_DEPTH);
    assert_null(
        mesh__re2_check(mesh__slice(deep, 2 * MESH__RE2_DEPTH), &at, &ours));
    memset(deep, '(', MESH__RE2_DEPTH + 1);
    memset(deep + MESH__RE2_DEPTH + 1, ')', MESH__RE2_DEPTH + 1);
    assert_non_null(
        mesh__re2_check(mesh__slice(deep, sizeof(deep)), &at, &ours));
    assert_true(ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_re2_takes),
        cmocka_unit_test(refuses_what_only_pcre2_takes),
        cmocka_unit_test(refuses_what_pcre2_would_read_otherwise),
        cmocka_unit_test(reads_on_behind_such_a_one),
        cmocka_unit_test(refuses_nul_and_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
