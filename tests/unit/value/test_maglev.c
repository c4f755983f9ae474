/*
 * test_maglev.c - who owns a slot of a Maglev table.
 */
#include "seen_picks.h"
#include "torture.h"

#include "base/error.h"
#include "value/maglev.h"
#include "value/xxhash64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { OWNERS = 7, SMALL = 251 };

static char keys[OWNERS][32];
static struct mesh_owner owners[OWNERS];
static struct mesh_maglev table;

static void own(size_t count, const char *format, const unsigned *weights)
{
    unsigned sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += weights ? weights[i] : 1;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(keys[i], sizeof(keys[i]), format, (unsigned)i + 1);
        owners[i] = (struct mesh_owner){
            .key = mesh__slice_of(keys[i]),
            .weight = (double)(weights ? weights[i] : 1) / (double)sum,
            .index = (uint32_t)i,
        };
    }
}

static void make(size_t count, size_t size)
{
    table = (struct mesh_maglev){ .size = size };
    table.slots = calloc(size, sizeof(*table.slots));
    assert_non_null(table.slots);
    assert_int_equal(mesh__maglev_fill(&table, owners, count), 0);
}

static uint64_t key_hash(unsigned key)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "user%u", key);
    return mesh__xxhash64(mesh__slice_of(text), 0);
}

static void expect_seen(const char *seen)
{
    for (unsigned i = 0; i < SEEN_KEYS; i++) {
        uint32_t index = OWNERS;

        assert_true(mesh__maglev_find(&table, key_hash(i), 0, &index));
        if (index != (uint32_t)(seen[i] - '0'))
            fail_msg("user%u: %u, Envoy %c", i, (unsigned)index, seen[i]);
    }
}

static void a_thousand_keys_go_where_envoy_sends_them(void **state)
{
    (void)state;
    own(SEEN_EVEN, SEEN_EVEN_ADDRESS, NULL);
    make(SEEN_EVEN, MESH__MAGLEV_SLOTS);
    expect_seen(seen_maglev);
    free(table.slots);
    own(SEEN_ODD, SEEN_ODD_ADDRESS, seen_odd_weights);
    make(SEEN_ODD, SMALL);
    expect_seen(seen_maglev_weighted);
    free(table.slots);
}

/* Which of them is named first does not matter: keys are sorted. */
static void order_does_not_matter(void **state)
{
    struct mesh_owner kept;
    uint32_t before[100], after;

    (void)state;
    own(3, SEEN_EVEN_ADDRESS, NULL);
    make(3, SMALL);
    for (unsigned i = 0; i < 100; i++)
        assert_true(mesh__maglev_find(&table, key_hash(i), 0, &before[i]));
    kept = owners[0];
    owners[0] = owners[2];
    owners[2] = kept;
    assert_int_equal(mesh__maglev_fill(&table, owners, 3), 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(mesh__maglev_find(&table, key_hash(i), 0, &after));
        assert_int_equal(after, before[i]);
    }
    free(table.slots);
}

static void shares_follow_the_weights(void **state)
{
    unsigned counts[3] = { 0 };

    (void)state;
    own(3, SEEN_EVEN_ADDRESS, (const unsigned[]){ 1, 2, 4 });
    make(3, MESH__MAGLEV_SLOTS);
    for (size_t i = 0; i < table.size; i++)
        counts[atomic_load(&table.slots[i])]++;
    assert_in_range(counts[0], table.size / 7 - 2, table.size / 7 + 2);
    assert_in_range(counts[1], 2 * table.size / 7 - 2, 2 * table.size / 7 + 2);
    assert_in_range(counts[2], 4 * table.size / 7 - 2, 4 * table.size / 7 + 2);
    free(table.slots);
}

/* Another try changes the hash: all bits but the low ones of the count. */
static void another_try_is_another_hash(void **state)
{
    uint32_t index, wanted;
    uint64_t hash = key_hash(3);

    (void)state;
    own(3, SEEN_EVEN_ADDRESS, NULL);
    make(3, SMALL);
    for (uint32_t attempt = 1; attempt < 5; attempt++) {
        assert_true(mesh__maglev_find(&table, hash, attempt, &index));
        assert_true(mesh__maglev_find(&table, hash ^ (UINT64_MAX - attempt + 1),
                                      0, &wanted));
        assert_int_equal(index, wanted);
    }
    free(table.slots);
}

static void nobody_owns_an_empty_table(void **state)
{
    uint32_t index;

    (void)state;
    table = (struct mesh_maglev){ 0 };
    assert_false(mesh__maglev_find(&table, 1, 0, &index));
    own(3, SEEN_EVEN_ADDRESS, NULL);
    make(3, SMALL);
    assert_int_equal(mesh__maglev_fill(&table, owners, 0), 0);
    assert_false(mesh__maglev_find(&table, 1, 0, &index));
    free(table.slots);
}

static void losing_memory_changes_nothing(void **state)
{
    uint32_t before, after;

    (void)state;
    own(3, SEEN_EVEN_ADDRESS, NULL);
    make(3, SMALL);
    for (size_t n = 0;; n++) {
        assert_true(mesh__maglev_find(&table, key_hash(1), 0, &before));
        fake_alloc_fail_at(n);
        if (mesh__maglev_fill(&table, owners, 1) == 0)
            break;
        assert_true(fake_alloc_tripped());
        assert_int_equal(fake_alloc_live(), 0);
        assert_true(mesh__maglev_find(&table, key_hash(1), 0, &after));
        assert_int_equal(before, after);
    }
    fake_alloc_off();
    assert_true(mesh__maglev_find(&table, key_hash(1), 0, &after));
    assert_int_equal(after, 0);
    free(table.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_keys_go_where_envoy_sends_them),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(shares_follow_the_weights),
        cmocka_unit_test(another_try_is_another_hash),
        cmocka_unit_test(nobody_owns_an_empty_table),
        cmocka_unit_test(losing_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
