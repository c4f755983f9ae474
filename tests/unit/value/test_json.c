/*
 * test_json.c - what is JSON and what is not, and what its pieces are.
 */
#include "value/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { TEXT_BYTES = 256 };

static void knows_a_value(void **state)
{
    static const struct {
        const char *claim;
        const char *text;
        const char *value; /* NULL: there is none */
    } rows[] = {
        { "an object", "{\"a\": [1, null]}", "{\"a\": [1, null]}" },
        { "an empty one", " {} ", "{}" },
        { "what follows is left alone", "[] and more", "[]" },
        { "numbers", "-0.5e+3,", "-0.5e+3" },
        { "a number ends with its digits", "01", "0" },
        { "words", "true", "true" },
        { "all of the grammar's space", "\t\r\n 5", "5" },
        { "nothing", "", NULL },
        { "no word of its own", "nil", NULL },
        { "a point wants digits", "1.", NULL },
        { "an exponent as well", "1e", NULL },
        { "a plus is no sign", "+1", NULL },
        { "a comma stands between", "[1,]", NULL },
        { "an object has names", "{1: 2}", NULL },
        { "and values", "{\"a\"}", NULL },
        { "brackets close", "[1", NULL },
        { "each by its own", "[1}", NULL },
        { "a string ends", "\"a", NULL },
        { "a string has no control characters", "\"a\tb\"", NULL },
        { "escapes are known", "\"\\x\"", NULL },
        { "four digits of a code", "\"\\u00e\"", NULL },
        { "other quotes are none", "'a'", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_slice value;
        bool found = mesh__json_first(mesh__slice_of(rows[i].text), &value);

        if (found != (rows[i].value != NULL) ||
            (found && !mesh__slice_is(value, rows[i].value)))
            fail_msg("%s: %s", rows[i].claim, rows[i].text);
    }
}

static void walks_through_a_value(void **state)
{
    struct mesh_slice rest =
        MESH__SLICE("{ \"a\" : 1 , \"b\": [2, {\"c\": 3}], \"a\": \"x\" }");
    struct mesh_slice key, value, item;

    (void)state;
    assert_true(mesh__json_is_object(rest));
    assert_true(mesh__json_member(&rest, &key, &value));
    assert_true(mesh__slice_is(key, "\"a\""));
    assert_true(mesh__slice_is(value, "1"));
    assert_true(mesh__json_member(&rest, &key, &value));
    assert_true(mesh__json_is_array(value));
    assert_true(mesh__json_item(&value, &item));
    assert_true(mesh__slice_is(item, "2"));
    assert_true(mesh__json_item(&value, &item));
    assert_true(mesh__slice_is(item, "{\"c\": 3}"));
    assert_false(mesh__json_item(&value, &item));
    assert_true(mesh__json_member(&rest, &key, &value));
    assert_true(mesh__json_is_string(value));
    assert_false(mesh__json_member(&rest, &key, &value));
    rest = MESH__SLICE("{}");
    assert_false(mesh__json_member(&rest, &key, &value));
    rest = MESH__SLICE("[]");
    assert_false(mesh__json_item(&rest, &value));
}

static void reads_a_string(void **state)
{
    static const struct {
        const char *claim;
        const char *string;
        const char *text;
    } rows[] = {
        { "as it stands", "\"a/b\"", "a/b" },
        { "nothing", "\"\"", "" },
        { "escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "a code", "\"\\u0041\\u00e9\\u20ac\"", "A\xc3\xa9\xe2\x82\xac" },
        { "a pair", "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80" },
        { "half a pair", "\"\\ud83dx\"", "\xef\xbf\xbdx" },
        { "the other half", "\"\\ude00\"", "\xef\xbf\xbd" },
        { "two first halves", "\"\\ud83d\\ud83d\"",
          "\xef\xbf\xbd\xef\xbf\xbd" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[TEXT_BYTES];
        struct mesh_slice text =
            mesh__json_unescape(mesh__slice_of(rows[i].string), out);

        if (!mesh__slice_is(text, rows[i].text))
            fail_msg("%s: %s", rows[i].claim, rows[i].string);
    }
}

static void goes_no_deeper_than_it_may(void **state)
{
    char text[2 * MESH__JSON_DEPTH + 8];
    struct mesh_slice value;

    (void)state;
    for (size_t depth = MESH__JSON_DEPTH; depth <= MESH__JSON_DEPTH + 2;
         depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(mesh__json_first(mesh__slice(text, 2 * depth), &value),
                         depth <= MESH__JSON_DEPTH + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_value),
        cmocka_unit_test(walks_through_a_value),
        cmocka_unit_test(reads_a_string),
        cmocka_unit_test(goes_no_deeper_than_it_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
