/*
 * test_torture.c - the fake malloc keeps its header's word.
 */
#include "torture.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void fails_the_one_it_is_told(void **state)
{
    void *blocks[4];

    (void)state;
    for (size_t n = 0; n < 4; n++) {
        fake_alloc_fail_at(n);
        for (size_t i = 0; i < 4; i++)
            blocks[i] = mesh__malloc(8);
        assert_true(fake_alloc_tripped());
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(blocks[i] == NULL, i == n);
            mesh__free(blocks[i]);
        }
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
}

static void fails_all_from_there_on(void **state)
{
    void *first;

    (void)state;
    fake_alloc_fail_from(1);
    first = mesh__malloc(8);
    assert_non_null(first);
    assert_null(mesh__calloc(2, 8));
    assert_null(mesh__realloc(first, 1000));
    assert_null(mesh__strdup("text"));
    assert_true(fake_alloc_tripped());
    assert_int_equal(fake_alloc_live(), 1);
    mesh__free(first);
    assert_int_equal(fake_alloc_live(), 0);
    fake_alloc_off();
}

static void is_disarmed_by_the_question(void **state)
{
    void *block;

    (void)state;
    fake_alloc_fail_at(0);
    assert_false(fake_alloc_tripped());
    block = mesh__malloc(8);
    assert_non_null(block);
    mesh__free(block);
    fake_alloc_off();
}

static void does_not_count_what_was_there_before(void **state)
{
    void *old = mesh__malloc(8);
    void *older = mesh__malloc(8);

    (void)state;
    fake_alloc_reset();
    old = mesh__realloc(old, 5000);
    assert_int_equal(fake_alloc_live(), 0);
    mesh__free(old);
    mesh__free(older);
    assert_int_equal(fake_alloc_live(), 0);
    assert_int_equal(fake_alloc_count(), 1);
    fake_alloc_off();
}

static void remembers_many(void **state)
{
    enum { MANY = 20000 };
    static void *blocks[MANY];

    (void)state;
    fake_alloc_reset();
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < MANY; i++)
            blocks[i] = mesh__malloc(1 + i % 64);
        assert_int_equal(fake_alloc_live(), MANY);
        for (size_t i = 0; i < MANY; i++)
            mesh__free(blocks[i]);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
}

/* What a library calls is found only where malloc itself is faked. */
static void reaches_into_libc(void **state)
{
    char *volatile text;
    void *aligned = NULL;

    (void)state;
    if (!fake_alloc_total())
        skip();
    fake_alloc_fail_at(0);
    text = strdup("text");
    assert_true(fake_alloc_tripped());
    assert_null(text);
    fake_alloc_fail_at(0);
    assert_int_not_equal(posix_memalign(&aligned, 64, 64), 0);
    assert_true(fake_alloc_tripped());
    fake_alloc_reset();
    assert_int_equal(posix_memalign(&aligned, 64, 64), 0);
    assert_int_equal((uintptr_t)aligned % 64, 0);
    assert_int_equal(fake_alloc_live(), 1);
    free(aligned);
    assert_int_equal(fake_alloc_live(), 0);
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_the_one_it_is_told),
        cmocka_unit_test(fails_all_from_there_on),
        cmocka_unit_test(is_disarmed_by_the_question),
        cmocka_unit_test(does_not_count_what_was_there_before),
        cmocka_unit_test(remembers_many),
        cmocka_unit_test(reaches_into_libc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
