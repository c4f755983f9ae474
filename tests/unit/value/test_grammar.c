/*
 * test_grammar.c - every byte is where HTTP allows it, and nowhere else.
 */
#include "value/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static bool listed(const char *list, int c)
{
    return c != 0 && strchr(list, c) != NULL;
}

static bool is_alnum(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

static void knows_each_byte(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char one[1] = { (char)c };
        char three[3] = { 'a', (char)c, 'a' };
        char path[2] = { '/', (char)c };
        bool visible = c > 0x20 && c < 0x7f;

        assert_int_equal(mesh__is_token(mesh__slice(one, 1)),
                         is_alnum(c) || listed("!#$%&'*+-.^_`|~", c));
        assert_int_equal(mesh__is_authority(mesh__slice(one, 1)),
                         is_alnum(c) || listed("-._~%!$&'()[]*+,;=:", c));
        assert_int_equal(mesh__is_field_value(mesh__slice(three, 3)),
                         visible || c == ' ' || c == '\t' || c >= 0x80);
        assert_int_equal(mesh__is_field_value(mesh__slice(one, 1)),
                         visible || c >= 0x80);
        assert_int_equal(mesh__is_path(mesh__slice(path, 2)), visible);
    }
}

static void knows_the_edges(void **state)
{
    (void)state;
    assert_false(mesh__is_token(MESH__SLICE("")));
    assert_true(mesh__is_authority(MESH__SLICE("")));
    assert_true(mesh__is_field_value(MESH__SLICE("")));
    assert_false(mesh__is_field_value(MESH__SLICE("a ")));
    assert_false(mesh__is_field_value(MESH__SLICE("\ta")));
    assert_false(mesh__is_path(MESH__SLICE("")));
    assert_true(mesh__is_path(MESH__SLICE("/")));
    assert_true(mesh__is_path(MESH__SLICE("*")));
    assert_false(mesh__is_path(MESH__SLICE("**")));
    assert_false(mesh__is_path(MESH__SLICE("a")));
    assert_false(mesh__is_path(MESH__SLICE("?a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_each_byte),
        cmocka_unit_test(knows_the_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
