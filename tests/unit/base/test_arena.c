/*
 * test_arena.c - what is allocated together dies together.
 */
#include "torture.h"

#include "base/arena.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void gives_zeroed_aligned_memory(void **state)
{
    static const char zeros[100];
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 1 << 20);
    for (size_t size = 0; size <= sizeof(zeros); size++) {
        char *memory = mesh__arena_alloc(&arena, size);

        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        assert_memory_equal(memory, zeros, size);
        memset(memory, 0xff, size);
    }
    mesh__arena_reset(&arena);
    assert_memory_equal(mesh__arena_alloc(&arena, 100), zeros, 100);
    mesh__arena_fini(&arena);
}

static void gives_blocks_larger_than_its_own(void **state)
{
    struct mesh_arena arena;
    char *large;

    (void)state;
    mesh__arena_init(&arena, 1 << 20);
    assert_non_null(mesh__arena_alloc(&arena, 10));
    large = mesh__arena_alloc(&arena, 100000);
    assert_non_null(large);
    memset(large, 1, 100000);
    assert_non_null(mesh__arena_alloc(&arena, 10));
    mesh__arena_fini(&arena);
}

static void stops_at_the_ceiling(void **state)
{
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 1000);
    assert_null(mesh__arena_alloc(&arena, 1001));
    assert_non_null(strstr(mesh__error_line(), "full"));
    assert_non_null(mesh__arena_alloc(&arena, 992));
    assert_null(mesh__arena_alloc(&arena, 16));
    assert_null(mesh__arena_alloc(&arena, SIZE_MAX));
    assert_null(mesh__arena_array(&arena, SIZE_MAX / 2, 4));
    assert_null(mesh__arena_strndup(&arena, "a", SIZE_MAX));
    mesh__arena_reset(&arena);
    assert_non_null(mesh__arena_alloc(&arena, 992));
    mesh__arena_fini(&arena);
}

static void keeps_one_block_over_a_reset(void **state)
{
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 1 << 20);
    assert_non_null(mesh__arena_alloc(&arena, 10));
    for (int i = 0; i < 10; i++)
        assert_non_null(mesh__arena_alloc(&arena, 4000));
    mesh__arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    fake_alloc_reset();
    assert_non_null(mesh__arena_alloc(&arena, 1000));
    assert_int_equal(fake_alloc_count(), 0);
    fake_alloc_off();
    mesh__arena_fini(&arena);
    mesh__arena_reset(&arena);
    mesh__arena_fini(&arena);
}

static void copies_and_formats_text(void **state)
{
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 1 << 20);
    assert_string_equal(mesh__arena_strndup(&arena, "abc", 2), "ab");
    assert_string_equal(mesh__arena_strndup(&arena, NULL, 0), "");
    assert_string_equal(mesh__arena_strdup(&arena, "abc"), "abc");
    assert_string_equal(mesh__arena_format(&arena, "%s-%d", "a", 7), "a-7");
    assert_int_equal(strlen(mesh__arena_format(&arena, "%9000d", 1)), 9000);
    mesh__arena_fini(&arena);
}

static void writes_numbers(void **state)
{
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 1 << 20);
    assert_string_equal(mesh__arena_number(&arena, 0), "0");
    assert_string_equal(mesh__arena_number(&arena, 1090), "1090");
    assert_string_equal(mesh__arena_number(&arena, UINT64_MAX),
                        "18446744073709551615");
    mesh__arena_fini(&arena);
}

static void survives_losing_any_allocation(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_arena arena;
        bool got = true;

        mesh__arena_init(&arena, 1 << 20);
        fake_alloc_fail_at(n);
        for (int i = 0; got && i < 5; i++)
            got = mesh__arena_alloc(&arena, 3000) &&
                  mesh__arena_format(&arena, "%2000d", i);
        mesh__arena_fini(&arena);
        if (!fake_alloc_tripped()) {
            assert_true(got);
            break;
        }
        assert_false(got);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_memory),
        cmocka_unit_test(gives_blocks_larger_than_its_own),
        cmocka_unit_test(stops_at_the_ceiling),
        cmocka_unit_test(keeps_one_block_over_a_reset),
        cmocka_unit_test(copies_and_formats_text),
        cmocka_unit_test(writes_numbers),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
