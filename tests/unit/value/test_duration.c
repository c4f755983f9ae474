/*
 * test_duration.c - durations read as istiod reads them.
 */
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void reads_spans(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        { "0", 0 },
        { "0s", 0 },
        { "-0", 0 },
        { "1ns", 1 },
        { "1us", 1000 },
        { "1\xc2\xb5s", 1000 },
        { "1\xce\xbcs", 1000 },
        { "250ms", 250 * INT64_C(1000000) },
        { "1.5s", INT64_C(1500000000) },
        { "+1.5s", INT64_C(1500000000) },
        { "-1.5s", -INT64_C(1500000000) },
        { ".5s", INT64_C(500000000) },
        { "1.s", INT64_C(1000000000) },
        { "1h2m3.5s", INT64_C(3723500000000) },
        { "1s1s", INT64_C(2000000000) },
        { "0.0000000019s", 1 },
        { "0.9999999999999999999999999999h", INT64_C(3599999999999) },
        { "00001s", INT64_C(1000000000) },
        { "9223372036854775807ns", INT64_MAX },
        { "-9223372036854775807ns", -INT64_MAX },
        { "9223372036.854775807s", INT64_MAX },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ns = 42;

        if (!mesh__duration_parse(mesh__slice_of(rows[i].text), &ns) ||
            ns != rows[i].ns)
            fail_msg("%s became %lld", rows[i].text, (long long)ns);
    }
}

static void refuses_what_is_no_span(void **state)
{
    static const char *const rows[] = {
        "",
        "1",
        "s",
        ".s",
        ".",
        "-",
        "+",
        "--1s",
        "1 s",
        " 1s",
        "1s ",
        "1d",
        "1S",
        "1,5s",
        "1.5.5s",
        "1e3s",
        "0x1s",
        "1s-1s",
        "00",
        "9223372036854775808ns",
        "9223372036.854775808s",
        "2562048h",
        "99999999999999999999s",
        "2562047h60m",
        "315576000000s",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ns = 42;

        if (mesh__duration_parse(mesh__slice_of(rows[i]), &ns))
            fail_msg("%s was taken as %lld", rows[i], (long long)ns);
        assert_int_equal(ns, 42);
    }
    assert_false(mesh__duration_parse(mesh__slice("1s\0", 3), &(int64_t){ 0 }));
}

static void prints_for_people(void **state)
{
    char out[32];

    (void)state;
    mesh__duration_print(INT64_C(1500000000), out);
    assert_string_equal(out, "1.500s");
    mesh__duration_print(-INT64_C(1500000), out);
    assert_string_equal(out, "-0.001s");
    mesh__duration_print(INT64_MIN, out);
    assert_string_equal(out, "-9223372036.854s");
    mesh__duration_print(0, out);
    assert_string_equal(out, "0.000s");
}

static void never_wraps(void **state)
{
    (void)state;
    assert_true(mesh__time_add(1, 2) == 3);
    assert_true(mesh__time_add(MESH__NEVER, 1) == MESH__NEVER);
    assert_true(mesh__time_add(1, MESH__NEVER) == MESH__NEVER);
    assert_true(mesh__time_add(MESH__NEVER - 1, 1) == MESH__NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_spans),
        cmocka_unit_test(refuses_what_is_no_span),
        cmocka_unit_test(prints_for_people),
        cmocka_unit_test(never_wraps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
