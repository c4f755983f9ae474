/*
 * test_text.c - text in a fixed place is cut, JSON is always JSON.
 */
#include "torture.h"

#include "base/error.h"
#include "base/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void cuts_at_its_end(void **state)
{
    struct mesh_text text;
    char out[8];

    (void)state;
    mesh__text_init(&text, out, sizeof(out));
    assert_string_equal(out, "");
    mesh__text_puts(&text, "abc");
    mesh__text_format(&text, "%d", 1234);
    assert_string_equal(out, "abc1234");
    assert_false(text.cut);
    mesh__text_puts(&text, "");
    mesh__text_puts(&text, "x");
    assert_string_equal(out, "abc1234");
    assert_true(text.cut);
    mesh__text_init(&text, out, 4);
    mesh__text_format(&text, "%s", "abcdef");
    assert_string_equal(out, "abc");
    assert_true(text.cut);
    mesh__text_init(&text, out, 4);
    mesh__text_puts(&text, "abcdef");
    assert_string_equal(out, "abc");
    mesh__text_init(&text, NULL, 0);
    mesh__text_puts(&text, "a");
    mesh__text_format(&text, "a");
    assert_true(text.cut);
    assert_int_equal(text.len, 0);
}

static void formats_into_a_buffer(void **state)
{
    struct mesh_buffer buffer;

    (void)state;
    mesh__buffer_init(&buffer, 16);
    assert_int_equal(mesh__buffer_format(&buffer, "%s-%d", "a", 1), 0);
    assert_true(mesh__slice_is(mesh__buffer_slice(&buffer), "a-1"));
    assert_int_equal(mesh__buffer_format(&buffer, "%20d", 1),
                     MESH_ERR_TOO_LARGE);
    assert_true(mesh__slice_is(mesh__buffer_slice(&buffer), "a-1"));
    mesh__buffer_fini(&buffer);
}

static void write_json(struct mesh_json *json, struct mesh_buffer *out)
{
    mesh__json_init(json, out);
    mesh__json_open(json, NULL, '{');
    mesh__json_text(json, "text", "a\"b\\c\nd\x01\x7f");
    mesh__json_text(json, "none", NULL);
    mesh__json_string(json, "bytes",
                      MESH__SLICE("\xc3\xa9\xff\xc3|\xed\xa0\x80|\xc0\xaf"));
    mesh__json_number(json, "number", INT64_MIN);
    mesh__json_real(json, "real", 0.5);
    mesh__json_real(json, "nan", NAN);
    mesh__json_bool(json, "yes", true);
    mesh__json_open(json, "list", '[');
    mesh__json_bool(json, NULL, false);
    mesh__json_null(json, NULL);
    mesh__json_open(json, NULL, '{');
    mesh__json_close(json, '}');
    mesh__json_close(json, ']');
    mesh__json_close(json, '}');
}

static void writes_json(void **state)
{
    struct mesh_buffer buffer;
    struct mesh_json json;

    (void)state;
    mesh__buffer_init(&buffer, 10000);
    write_json(&json, &buffer);
    assert_int_equal(json.rc, 0);
    assert_int_equal(mesh__buffer_append(&buffer, "", 1), 0);
    assert_string_equal(
        mesh__buffer_data(&buffer),
        "{\"text\": \"a\\\"b\\\\c\\nd\\u0001\\u007f\", \"none\": null, "
        "\"bytes\": \"\xc3\xa9\\u00ff\\u00c3|\\u00ed\\u00a0\\u0080|"
        "\\u00c0\\u00af\", "
        "\"number\": -9223372036854775808, \"real\": 0.5, \"nan\": null, "
        "\"yes\": true, \"list\": [false, null, {}]}");
    mesh__buffer_fini(&buffer);
}

static void remembers_the_first_failure(void **state)
{
    struct mesh_buffer buffer;
    struct mesh_json json;

    (void)state;
    mesh__buffer_init(&buffer, 5);
    write_json(&json, &buffer);
    assert_int_equal(json.rc, MESH_ERR_TOO_LARGE);
    assert_true(buffer.len <= 5);
    mesh__buffer_fini(&buffer);
    for (size_t n = 0;; n++) {
        mesh__buffer_init(&buffer, 10000);
        fake_alloc_fail_at(n);
        write_json(&json, &buffer);
        mesh__buffer_fini(&buffer);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(json.rc, MESH_ERR_NOMEM);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    assert_int_equal(json.rc, 0);
}

static void knows_hex(void **state)
{
    char out[7];

    (void)state;
    mesh__hex("\x00\xfa\x10", 3, out);
    assert_string_equal(out, "00fa10");
    mesh__hex("", 0, out);
    assert_string_equal(out, "");
    assert_int_equal(mesh__hex_digit('0'), 0);
    assert_int_equal(mesh__hex_digit('f'), 15);
    assert_int_equal(mesh__hex_digit('F'), 15);
    assert_int_equal(mesh__hex_digit('g'), -1);
    assert_int_equal(mesh__hex_digit('\0'), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_at_its_end),
        cmocka_unit_test(formats_into_a_buffer),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(remembers_the_first_failure),
        cmocka_unit_test(knows_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
