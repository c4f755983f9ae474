/*
 * test_protobuf.c - bytes as protobuf.dev writes them.
 */
#include "telemetry/protobuf.h"

#include "base/text.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CEILING = 64 * 1024 };

static void expect_hex(const struct mesh_proto *proto, const char *expect)
{
    char text[256];

    assert_int_equal(proto->rc, 0);
    assert_true(proto->out->len < sizeof(text) / 2);
    mesh__hex(mesh__buffer_data(proto->out), proto->out->len, text);
    assert_string_equal(text, expect);
}

static void numbers(void **state)
{
    static const struct {
        uint64_t value;
        const char *expect;
    } rows[] = {
        { 0, "0800" },     { 1, "0801" },
        { 127, "087f" },   { 128, "088001" },
        { 150, "089601" }, { UINT64_MAX, "08ffffffffffffffffff01" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_buffer out;
        struct mesh_proto proto;

        mesh__buffer_init(&out, CEILING);
        mesh__proto_init(&proto, &out);
        mesh__proto_varint(&proto, 1, rows[i].value);
        expect_hex(&proto, rows[i].expect);
        mesh__buffer_fini(&out);
    }
}

static void the_other_kinds(void **state)
{
    struct mesh_buffer out;
    struct mesh_proto proto;

    (void)state;
    mesh__buffer_init(&out, CEILING);
    mesh__proto_init(&proto, &out);
    mesh__proto_fixed64(&proto, 7, 0x0102030405060708);
    mesh__proto_fixed32(&proto, 16, 0x01020304);
    mesh__proto_bytes(&proto, 2, MESH__SLICE("testing"));
    mesh__proto_text(&proto, 3, NULL);
    mesh__proto_text(&proto, 3, "a\xff\n~");
    expect_hex(&proto, "390807060504030201"
                       "850104030201"
                       "120774657374696e67"
                       "1a00"
                       "1a04613f3f7e");
    mesh__buffer_fini(&out);
}

static void messages_nest(void **state)
{
    struct mesh_buffer out;
    struct mesh_proto proto;
    size_t outer;
    size_t inner;

    (void)state;
    mesh__buffer_init(&out, CEILING);
    mesh__proto_init(&proto, &out);
    outer = mesh__proto_open(&proto, 1);
    inner = mesh__proto_open(&proto, 2);
    mesh__proto_close(&proto, inner);
    inner = mesh__proto_open(&proto, 3);
    mesh__proto_varint(&proto, 1, 150);
    mesh__proto_close(&proto, inner);
    mesh__proto_close(&proto, outer);
    expect_hex(&proto, "0a07"
                       "1200"
                       "1a03089601");
    mesh__buffer_fini(&out);
}

/* The length that opens a message takes one, two or three bytes. */
static void lengths_are_written_the_short_way(void **state)
{
    static const struct {
        size_t inside;
        size_t head;
    } rows[] = { { 127, 2 }, { 128, 3 }, { 16383, 3 }, { 16384, 4 } };
    static const char filling[16384] = { [0] = 'a', [16383] = 'z' };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t header = rows[i].inside > 130 ? 3 : 2;
        struct mesh_buffer out;
        struct mesh_proto proto;
        size_t mark;

        mesh__buffer_init(&out, CEILING);
        mesh__proto_init(&proto, &out);
        mark = mesh__proto_open(&proto, 1);
        mesh__proto_bytes(&proto, 1,
                          mesh__slice(filling, rows[i].inside - header));
        mesh__proto_close(&proto, mark);
        assert_int_equal(proto.rc, 0);
        assert_int_equal(out.len, rows[i].head + rows[i].inside);
        assert_int_equal(mesh__buffer_data(&out)[rows[i].head], 0x0a);
        assert_int_equal(mesh__buffer_data(&out)[rows[i].head + header], 'a');
        mesh__buffer_fini(&out);
    }
}

static void the_first_failure_sticks(void **state)
{
    (void)state;
    for (size_t ceiling = 0; ceiling < 11; ceiling++) {
        struct mesh_buffer out;
        struct mesh_proto proto;
        size_t mark;

        mesh__buffer_init(&out, ceiling);
        mesh__proto_init(&proto, &out);
        mark = mesh__proto_open(&proto, 1);
        mesh__proto_text(&proto, 2, "abcdefg");
        mesh__proto_close(&proto, mark);
        mesh__proto_varint(&proto, 1, 1);
        assert_int_equal(proto.rc, MESH_ERR_TOO_LARGE);
        mesh__buffer_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(the_other_kinds),
        cmocka_unit_test(messages_nest),
        cmocka_unit_test(lengths_are_written_the_short_way),
        cmocka_unit_test(the_first_failure_sticks),
    };

    return cmocka_run_group_tests_name("telemetry/protobuf", tests, NULL, NULL);
}
