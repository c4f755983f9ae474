/*
 * test_scalar.c - what plain words mean in the YAML 1.1 that Istio reads.
 */
#include "yaml/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    enum mesh_yaml_type type;
} types[] = {
    { "", MESH__YAML_NULL },
    { "~", MESH__YAML_NULL },
    { "null", MESH__YAML_NULL },
    { "nUll", MESH__YAML_STRING },
    { "true", MESH__YAML_BOOL },
    { "y", MESH__YAML_BOOL },
    { "Off", MESH__YAML_BOOL },
    { "oFF", MESH__YAML_STRING },
    { "1", MESH__YAML_INT },
    { "-0", MESH__YAML_INT },
    { "+12", MESH__YAML_INT },
    { "0x1F", MESH__YAML_INT },
    { "0b101", MESH__YAML_INT },
    { "0o17", MESH__YAML_INT },
    { "017", MESH__YAML_INT },
    { "1_000", MESH__YAML_INT },
    { "08", MESH__YAML_FLOAT },
    { "1.5", MESH__YAML_FLOAT },
    { ".5", MESH__YAML_FLOAT },
    { "5.", MESH__YAML_FLOAT },
    { "1e3", MESH__YAML_FLOAT },
    { "-1.5e-3", MESH__YAML_FLOAT },
    { ".inf", MESH__YAML_FLOAT },
    { ".nan", MESH__YAML_FLOAT },
    { "1.2.3", MESH__YAML_STRING },
    { "10.0.0.1", MESH__YAML_STRING },
    { "10s", MESH__YAML_STRING },
    { "1e", MESH__YAML_STRING },
    { ".", MESH__YAML_STRING },
    { "-", MESH__YAML_STRING },
    { "0x", MESH__YAML_STRING },
    { "2001-01-01", MESH__YAML_STRING },
    { "99999999999999999999", MESH__YAML_INT },
    { "v1", MESH__YAML_STRING },
    { "_1", MESH__YAML_STRING },
};

static struct mesh_yaml_node plain(const char *text)
{
    return (struct mesh_yaml_node){ .kind = MESH__YAML_SCALAR,
                                    .plain = true,
                                    .text = mesh__slice_of(text) };
}

static void knows_the_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct mesh_yaml_node node = plain(types[i].text);

        if (mesh__yaml_type(&node) != types[i].type)
            fail_msg("\"%s\" is %d, wanted %d", types[i].text,
                     (int)mesh__yaml_type(&node), (int)types[i].type);
        node.plain = false;
        assert_int_equal(mesh__yaml_type(&node), MESH__YAML_STRING);
    }
}

static void reads_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {
        { "0", 0 },
        { "42", 42 },
        { "-42", -42 },
        { "0x1f", 31 },
        { "-0b11", -3 },
        { "010", 8 },
        { "1_0", 10 },
        { "9223372036854775807", INT64_MAX },
        { "-9223372036854775808", INT64_MIN },
    };
    int64_t value = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_yaml_node node = plain(rows[i].text);

        assert_true(mesh__yaml_int(&node, &value));
        assert_int_equal(value, rows[i].value);
    }
}

static void refuses_what_is_no_such_number(void **state)
{
    static const char *const rows[] = { "9223372036854775808", "1.0", "true",
                                        "x", "" };
    int64_t whole;
    double real;
    bool truth;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_yaml_node node = plain(rows[i]);

        assert_false(mesh__yaml_int(&node, &whole));
    }
    for (size_t i = 0; i < 3; i++) {
        static const char *const odd[] = { ".nan", "x", "true" };
        struct mesh_yaml_node node = plain(odd[i]);

        assert_false(mesh__yaml_float(&node, &real));
    }
    {
        struct mesh_yaml_node node = plain("1");

        assert_false(mesh__yaml_bool(&node, &truth));
    }
}

static void reads_reals_and_bools(void **state)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = { { "10.0", 10 },   { "5", 5 },     { ".25", 0.25 },
                 { "-1.5", -1.5 }, { "1e2", 100 }, { "125e-2", 1.25 } };
    struct mesh_yaml_node yes = plain("Yes");
    struct mesh_yaml_node no = plain("off");
    double value = 0;
    bool truth = false;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_yaml_node node = plain(rows[i].text);

        assert_true(mesh__yaml_float(&node, &value));
        assert_true(value > rows[i].value - 1e-9 &&
                    value < rows[i].value + 1e-9);
    }
    assert_true(mesh__yaml_bool(&yes, &truth) && truth);
    assert_true(mesh__yaml_bool(&no, &truth) && !truth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_types),
        cmocka_unit_test(reads_integers),
        cmocka_unit_test(refuses_what_is_no_such_number),
        cmocka_unit_test(reads_reals_and_bools),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
