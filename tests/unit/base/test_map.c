/*
 * test_map.c - text to pointer: found, replaced, removed, walked.
 */
#include "torture.h"

#include "base/error.h"
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MANY = 500 };

static char keys[MANY][8];

static struct mesh_slice key_of(size_t i)
{
    (void)snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
    return mesh__slice_of(keys[i]);
}

static void finds_what_was_put(void **state)
{
    struct mesh_map map = { .seed = 42 };

    (void)state;
    assert_null(mesh__map_find(&map, MESH__SLICE("a")));
    assert_null(mesh__map_remove(&map, MESH__SLICE("a")));
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(mesh__map_put(&map, key_of(i), keys[i]), 0);
    assert_int_equal(map.count, MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(mesh__map_find(&map, key_of(i)), keys[i]);
    assert_int_equal(mesh__map_put(&map, key_of(7), keys[8]), 0);
    assert_int_equal(map.count, MANY);
    assert_ptr_equal(mesh__map_find(&map, key_of(7)), keys[8]);
    assert_null(mesh__map_find(&map, MESH__SLICE("k")));
    mesh__map_fini(&map);
    assert_int_equal(map.seed, 42);
}

/* Removing in the middle of a probe chain loses none behind it. */
static void closes_gaps(void **state)
{
    struct mesh_map map = { 0 };

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(mesh__map_put(&map, key_of(i), keys[i]), 0);
    for (size_t gone = 0; gone < MANY; gone += 3)
        assert_ptr_equal(mesh__map_remove(&map, key_of(gone)), keys[gone]);
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(mesh__map_find(&map, key_of(i)),
                         i % 3 ? keys[i] : NULL);
    mesh__map_fini(&map);
}

static void walks_every_entry_once(void **state)
{
    struct mesh_map map = { 0 };
    bool met[MANY] = { false };
    struct mesh_map_entry *entry;
    size_t at = 0;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(mesh__map_put(&map, key_of(i), keys[i]), 0);
    while ((entry = mesh__map_next(&map, &at)) != NULL) {
        size_t i = (size_t)((char(*)[8])entry->value - keys);

        assert_false(met[i]);
        met[i] = true;
        count++;
    }
    assert_int_equal(count, MANY);
    mesh__map_fini(&map);
}

static void takes_the_empty_key(void **state)
{
    struct mesh_map map = { 0 };
    int value = 0;

    (void)state;
    assert_int_equal(mesh__map_put(&map, mesh__slice(NULL, 0), &value), 0);
    assert_ptr_equal(mesh__map_find(&map, MESH__SLICE("")), &value);
    mesh__map_fini(&map);
}

static void survives_losing_any_allocation(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_map map = { 0 };
        size_t put = 0;
        int rc = 0;

        fake_alloc_fail_at(n);
        for (; put < MANY; put++) {
            rc = mesh__map_put(&map, key_of(put), keys[put]);
            if (rc < 0)
                break;
        }
        assert_int_equal(map.count, put);
        for (size_t i = 0; i < put; i++)
            assert_ptr_equal(mesh__map_find(&map, key_of(i)), keys[i]);
        mesh__map_fini(&map);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
}

static void hashes_by_seed(void **state)
{
    (void)state;
    assert_true(mesh__hash(1, "a", 1) == mesh__hash(1, "a", 1));
    assert_true(mesh__hash(1, "a", 1) != mesh__hash(2, "a", 1));
    assert_true(mesh__hash(1, "a", 1) != mesh__hash(1, "a\0", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put),
        cmocka_unit_test(closes_gaps),
        cmocka_unit_test(walks_every_entry_once),
        cmocka_unit_test(takes_the_empty_key),
        cmocka_unit_test(survives_losing_any_allocation),
        cmocka_unit_test(hashes_by_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
