/*
 * test_buffer.c - bytes go in behind and come out in front, up to a ceiling.
 */
#include "torture.h"

#include "base/buffer.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void keeps_bytes_in_order(void **state)
{
    struct mesh_buffer buffer;
    unsigned char next_in = 0;
    unsigned char next_out = 0;

    (void)state;
    mesh__buffer_init(&buffer, 5000);
    for (size_t round = 0; round < 2000; round++) {
        for (size_t i = 0; i < round % 7; i++, next_in++)
            assert_int_equal(mesh__buffer_append(&buffer, &next_in, 1), 0);
        for (size_t i = 0; buffer.len && i < round % 5; i++, next_out++) {
            assert_int_equal((unsigned char)mesh__buffer_data(&buffer)[0],
                             next_out);
            mesh__buffer_consume(&buffer, 1);
        }
    }
    for (size_t i = 0; i < buffer.len; i++, next_out++)
        assert_int_equal((unsigned char)mesh__buffer_data(&buffer)[i],
                         next_out);
    assert_int_equal(next_out, next_in);
    mesh__buffer_fini(&buffer);
}

static void stops_at_the_ceiling_and_loses_nothing(void **state)
{
    struct mesh_buffer buffer;
    char *room;

    (void)state;
    mesh__buffer_init(&buffer, 10);
    assert_int_equal(mesh__buffer_append(&buffer, "0123456789", 10), 0);
    assert_int_equal(mesh__buffer_append(&buffer, "a", 1), MESH_ERR_TOO_LARGE);
    assert_int_equal(mesh__buffer_append(&buffer, "a", 0), 0);
    assert_int_equal(mesh__buffer_reserve(&buffer, SIZE_MAX, &room),
                     MESH_ERR_TOO_LARGE);
    assert_true(mesh__slice_is(mesh__buffer_slice(&buffer), "0123456789"));
    mesh__buffer_consume(&buffer, 4);
    assert_int_equal(mesh__buffer_append(&buffer, "abcd", 4), 0);
    assert_true(mesh__slice_is(mesh__buffer_slice(&buffer), "456789abcd"));
    assert_true(buffer.capacity <= 10);
    mesh__buffer_fini(&buffer);
}

static void takes_what_was_written_into_its_room(void **state)
{
    struct mesh_buffer buffer;
    char *room;

    (void)state;
    mesh__buffer_init(&buffer, 100);
    assert_null(mesh__buffer_data(&buffer));
    assert_int_equal(mesh__buffer_reserve(&buffer, 0, &room), 0);
    assert_int_equal(mesh__buffer_reserve(&buffer, 50, &room), 0);
    memcpy(room, "abc", 3);
    mesh__buffer_commit(&buffer, 3);
    assert_true(mesh__slice_is(mesh__buffer_slice(&buffer), "abc"));
    mesh__buffer_clear(&buffer);
    assert_int_equal(buffer.len, 0);
    assert_true(buffer.capacity > 0);
    mesh__buffer_fini(&buffer);
    mesh__buffer_fini(&buffer);
    assert_int_equal(buffer.ceiling, 100);
}

static void gives_back_only_when_empty_and_large(void **state)
{
    struct mesh_buffer buffer;

    (void)state;
    mesh__buffer_init(&buffer, 10000);
    assert_int_equal(mesh__buffer_append(&buffer, "abc", 3), 0);
    mesh__buffer_shrink(&buffer, 0);
    assert_int_equal(buffer.len, 3);
    mesh__buffer_consume(&buffer, 3);
    mesh__buffer_shrink(&buffer, 10000);
    assert_true(buffer.capacity > 0);
    mesh__buffer_shrink(&buffer, 0);
    assert_int_equal(buffer.capacity, 0);
    mesh__buffer_fini(&buffer);
}

static void survives_losing_any_allocation(void **state)
{
    char block[1500] = { 0 };

    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_buffer buffer;
        size_t before = 0;
        int rc = 0;

        mesh__buffer_init(&buffer, 100000);
        fake_alloc_fail_at(n);
        for (int i = 0; rc == 0 && i < 20; i++) {
            before = buffer.len;
            rc = mesh__buffer_append(&buffer, block, sizeof(block));
        }
        if (rc < 0)
            assert_int_equal(buffer.len, before);
        mesh__buffer_fini(&buffer);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_bytes_in_order),
        cmocka_unit_test(stops_at_the_ceiling_and_loses_nothing),
        cmocka_unit_test(takes_what_was_written_into_its_room),
        cmocka_unit_test(gives_back_only_when_empty_and_large),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
