/*
 * test_slice.c - bytes of somebody else compare by length, never by NUL.
 */
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void compares(void **state)
{
    (void)state;
    assert_true(mesh__slice_equal(mesh__slice(NULL, 0), MESH__SLICE("")));
    assert_true(mesh__slice_is(mesh__slice_of(NULL), ""));
    assert_false(
        mesh__slice_equal(mesh__slice("a\0b", 3), mesh__slice("a\0c", 3)));
    assert_false(mesh__slice_is(mesh__slice("a\0", 2), "a"));
    assert_true(
        mesh__slice_equal_nocase(MESH__SLICE("aBZ@["), MESH__SLICE("AbZ@[")));
    assert_false(mesh__slice_equal_nocase(MESH__SLICE("@"), MESH__SLICE("`")));
    assert_false(mesh__slice_equal_nocase(MESH__SLICE("a"), MESH__SLICE("ab")));
    assert_true(mesh__slice_starts(MESH__SLICE("ab"), MESH__SLICE("a")));
    assert_true(mesh__slice_starts(MESH__SLICE("ab"), MESH__SLICE("")));
    assert_false(mesh__slice_starts(MESH__SLICE("a"), MESH__SLICE("ab")));
    assert_true(mesh__slice_ends(MESH__SLICE("ab"), MESH__SLICE("b")));
    assert_true(mesh__slice_ends(mesh__slice(NULL, 0), mesh__slice(NULL, 0)));
    assert_false(mesh__slice_ends(MESH__SLICE("b"), MESH__SLICE("ab")));
}

static void trims(void **state)
{
    (void)state;
    assert_true(
        mesh__slice_is(mesh__slice_trim(MESH__SLICE(" \ta b\t ")), "a b"));
    assert_int_equal(mesh__slice_trim(MESH__SLICE(" \t")).len, 0);
    assert_int_equal(mesh__slice_trim(mesh__slice(NULL, 0)).len, 0);
    assert_true(mesh__slice_is(mesh__slice_trim(MESH__SLICE("\na")), "\na"));
}

static void reads_numbers(void **state)
{
    static const struct {
        const char *text;
        unsigned long long max;
        long long value; /* -1: refused */
    } rows[] = {
        { "0", 0, 0 },          { "1", 0, -1 },
        { "5", 3, -1 },         { "65535", 65535, 65535 },
        { "65536", 65535, -1 }, { "007", 9, 7 },
        { "", 9, -1 },          { "-1", 9, -1 },
        { "+1", 9, -1 },        { "1 ", 9, -1 },
        { "1a", 99, -1 },       { "99999999999999999999", UINT64_MAX, -1 },
    };
    unsigned long long out = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        out = 4711;
        if (mesh__slice_number(mesh__slice_of(rows[i].text), rows[i].max,
                               &out) != (rows[i].value >= 0))
            fail_msg("%s", rows[i].text);
        assert_true(
            out ==
            (rows[i].value >= 0 ? (unsigned long long)rows[i].value : 4711));
    }
    assert_true(mesh__slice_number(MESH__SLICE("18446744073709551615"),
                                   UINT64_MAX, &out));
    assert_true(out == UINT64_MAX);
    assert_false(mesh__slice_number(MESH__SLICE("18446744073709551616"),
                                    UINT64_MAX, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(trims),
        cmocka_unit_test(reads_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
