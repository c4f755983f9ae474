/*
 * test_alloc.c - the one door to memory: sizes, growth, and its lock.
 */
#include "torture.h"

#include "base/alloc.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void refuses_sizes_that_overflow(void **state)
{
    (void)state;
    assert_null(mesh__calloc(SIZE_MAX / 2, 3));
    assert_null(mesh__calloc(3, SIZE_MAX / 2));
    assert_null(mesh__strndup("a", SIZE_MAX));
}

static void gives_memory_for_nothing_too(void **state)
{
    void *memory = mesh__malloc(0);

    (void)state;
    assert_non_null(memory);
    memory = mesh__realloc(memory, 0);
    assert_non_null(memory);
    mesh__free(memory);
    mesh__free(NULL);
    memory = mesh__calloc(0, 8);
    assert_non_null(memory);
    mesh__free(memory);
}

static void copies_text(void **state)
{
    char *copy = mesh__strndup("abc", 2);

    (void)state;
    assert_string_equal(copy, "ab");
    mesh__free(copy);
    copy = mesh__strndup(NULL, 0);
    assert_string_equal(copy, "");
    mesh__free(copy);
    copy = mesh__strdup("abc");
    assert_string_equal(copy, "abc");
    mesh__free(copy);
}

static void grows_to_the_ceiling_and_no_further(void **state)
{
    enum { CEILING = 20 };
    size_t capacity = 0;
    int *items = NULL;

    (void)state;
    for (int i = 0; i < CEILING; i++) {
        assert_int_equal(
            mesh__grow(&items, &capacity, (size_t)i, CEILING, sizeof(*items)),
            0);
        assert_true(capacity > (size_t)i && capacity <= CEILING);
        items[i] = i;
    }
    assert_int_equal(
        mesh__grow(&items, &capacity, CEILING, CEILING, sizeof(*items)),
        MESH_ERR_TOO_LARGE);
    for (int i = 0; i < CEILING; i++)
        assert_int_equal(items[i], i);
    mesh__free(items);
}

static void growth_that_fails_changes_nothing(void **state)
{
    size_t capacity = 0;
    int *items = NULL;

    (void)state;
    assert_int_equal(mesh__grow(&items, &capacity, 0, 100, sizeof(*items)), 0);
    items[0] = 42;
    fake_alloc_fail_at(0);
    assert_int_equal(mesh__grow(&items, &capacity, 8, 100, sizeof(*items)),
                     MESH_ERR_NOMEM);
    fake_alloc_off();
    assert_int_equal(capacity, 8);
    assert_int_equal(items[0], 42);
    assert_int_equal(mesh__grow(&items, &capacity, 8, SIZE_MAX, SIZE_MAX / 8),
                     MESH_ERR_NOMEM);
    mesh__free(items);
}

static void wipes(void **state)
{
    char secret[8] = "secret!";
    static const char zeros[8];

    (void)state;
    mesh__wipe(secret, sizeof(secret));
    assert_memory_equal(secret, zeros, sizeof(secret));
    mesh__wipe(secret, 0);
    mesh__free_secret(mesh__strdup("key"), 4);
    mesh__free_secret(NULL, 4);
}

static void cannot_be_replaced_once_in_use(void **state)
{
    (void)state;
    assert_int_equal(mesh_set_memory(malloc, realloc, NULL), MESH_ERR_INVALID);
    assert_int_equal(mesh_set_memory(NULL, realloc, free), MESH_ERR_INVALID);
    assert_int_equal(mesh_set_memory(malloc, NULL, free), MESH_ERR_INVALID);
    mesh__free(mesh__malloc(1));
    assert_int_equal(mesh_set_memory(malloc, realloc, free), MESH_ERR_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_sizes_that_overflow),
        cmocka_unit_test(gives_memory_for_nothing_too),
        cmocka_unit_test(copies_text),
        cmocka_unit_test(grows_to_the_ceiling_and_no_further),
        cmocka_unit_test(growth_that_fails_changes_nothing),
        cmocka_unit_test(wipes),
        cmocka_unit_test(cannot_be_replaced_once_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
