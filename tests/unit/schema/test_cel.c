/*
 * test_cel.c - what is an expression of CEL, and what is not. google/cel-go
 * says the same of each.
 */
#include "schema/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void takes_expressions(void **state)
{
    static const char *const rows[] = {
        "a",
        " a // why\n",
        ".a.b.c",
        "a.`b-c`",
        "response.code >= 400 && connection.mtls == false",
        "a < b < c",
        "a in [1, 2,] || b in {\"x\": 1,}",
        "[,]",
        "a ? b : c ? d : e",
        "!!a && --b == - 1",
        "!-1",
        "a[b][0].c(d).e",
        "f()",
        "f(a, b.c)",
        "a.b.C{d: 1, `e-f`: 2}",
        "(a)",
        "has(a.b) && has((a.b))",
        "has(a, b)",
        "l.all(x, x > 1) || l.map(x, x > 1, f(x)) || l.all(1)",
        "0x1F + 2u + 1.5e3 - .5 * 9223372036854775807 % 0xFFu",
        "-9223372036854775808",
        "1.a",
        "'a' + \"b\" + r'\\d' + b'x' + br\"\\\" + '''c\nd''' + ''",
        "'\\n\\x41\\u00e9\\U0001F600\\101'",
        "\"\xc3\xa9\"",
        "a.if",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!mesh__is_cel(mesh__slice_of(rows[i])))
            fail_msg("%s", rows[i]);
}

static void takes_nothing_else(void **state)
{
    static const char *const rows[] = {
        "",
        " ",
        "a b",
        "a..b",
        "a.",
        "a.5",
        "a.in",
        "a == ",
        "a && || b",
        "a = b",
        "a & b",
        "a ? b",
        "(a",
        "a)",
        "[a",
        "{a}",
        "{1: 2",
        "f(a,)",
        "f(a",
        "a[]",
        "a[?b]",
        "a.?b",
        "!-a",
        "-!a",
        "if",
        "for(a)",
        "`a`",
        "a.`b",
        "has(a)",
        "l.all(x.y, true)",
        "l.map(1, x, y)",
        "9223372036854775808",
        "18446744073709551616u",
        "1e999",
        "1e",
        "0x",
        "a.b.C{1: 2}",
        "'a",
        "'a\nb'",
        "'\\q'",
        "'\\ud800'",
        "b'\\u0041'",
        "\xc3\xa9",
        "a@b",
        "a*",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (mesh__is_cel(mesh__slice_of(rows[i])))
            fail_msg("%s", rows[i]);
}

/* Nobody writes those, and a stack is a stack. */
static void takes_what_is_too_deep_unread(void **state)
{
    char deep[20001];

    (void)state;
    memset(deep, '(', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_true(mesh__is_cel(mesh__slice_of(deep)));
    memset(deep, '!', sizeof(deep) - 1);
    assert_false(mesh__is_cel(mesh__slice_of(deep)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_expressions),
        cmocka_unit_test(takes_nothing_else),
        cmocka_unit_test(takes_what_is_too_deep_unread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
