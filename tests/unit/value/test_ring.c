/*
 * test_ring.c - who owns a hash on a ring.
 */
#include "seen_picks.h"
#include "torture.h"

#include "base/error.h"
#include "value/ring.h"
#include "value/xxhash64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { OWNERS = 8 };

static char keys[OWNERS][32];
static struct mesh_owner owners[OWNERS];
static struct mesh_ring ring;

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

static void make(size_t count, uint64_t least)
{
    ring = (struct mesh_ring){ .room = mesh__ring_room(owners, count, least) };
    ring.points = calloc(ring.room + 1, sizeof(*ring.points));
    assert_non_null(ring.points);
    assert_int_equal(mesh__ring_fill(&ring, owners, count, least), 0);
}

static uint64_t key_hash(unsigned key)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "user%u", key);
    return mesh__xxhash64(mesh__slice_of(text), 0);
}

static void hashes_as_the_paper_says(void **state)
{
    static const struct {
        const char *text;
        uint64_t seed, hash;
    } rows[] = {
        { "", 0, UINT64_C(0xef46db3751d8e999) },
        { "a", 0, UINT64_C(0xd24ec4f1a98c6e5b) },
        { "abc", 0, UINT64_C(0x44bc2cf5ad770999) },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(
            mesh__xxhash64(mesh__slice_of(rows[i].text), rows[i].seed),
            rows[i].hash);
    assert_int_equal(mesh__xxhash64((struct mesh_slice){ NULL, 0 }, 0),
                     rows[0].hash);
    assert_int_not_equal(mesh__xxhash64(MESH__SLICE("a"), 1), rows[1].hash);
}

static void expect_seen(const char *seen)
{
    for (unsigned i = 0; i < SEEN_KEYS; i++) {
        uint32_t index = OWNERS;

        assert_true(mesh__ring_find(&ring, key_hash(i), 0, &index));
        if (index != (uint32_t)(seen[i] - '0'))
            fail_msg("user%u: %u, Envoy %c", i, (unsigned)index, seen[i]);
    }
}

static void a_thousand_keys_go_where_envoy_sends_them(void **state)
{
    (void)state;
    own(SEEN_EVEN, SEEN_EVEN_ADDRESS, NULL);
    make(SEEN_EVEN, 1024);
    expect_seen(seen_ring);
    free(ring.points);
    own(SEEN_ODD, SEEN_ODD_ADDRESS, seen_odd_weights);
    make(SEEN_ODD, 64);
    expect_seen(seen_ring_weighted);
    free(ring.points);
}

static void every_owner_has_whole_places(void **state)
{
    unsigned counts[OWNERS] = { 0 };

    (void)state;
    own(4, SEEN_EVEN_ADDRESS, (const unsigned[]){ 1, 1, 2, 4 });
    make(4, 8);
    assert_int_equal(atomic_load(&ring.count), 8);
    for (size_t i = 0; i < 8; i++) {
        counts[atomic_load(&ring.points[i].owner)]++;
        if (i)
            assert_true(atomic_load(&ring.points[i - 1].hash) <
                        atomic_load(&ring.points[i].hash));
    }
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 2);
    assert_int_equal(counts[3], 4);
    free(ring.points);
}

static void behind_the_last_comes_the_first(void **state)
{
    uint32_t first, index;
    uint64_t last;

    (void)state;
    own(3, SEEN_EVEN_ADDRESS, NULL);
    make(3, 16);
    first = (uint32_t)atomic_load(&ring.points[0].owner);
    last = atomic_load(&ring.points[atomic_load(&ring.count) - 1].hash);
    assert_true(mesh__ring_find(&ring, 0, 0, &index));
    assert_int_equal(index, first);
    assert_true(mesh__ring_find(&ring, last + 1, 0, &index));
    assert_int_equal(index, first);
    assert_true(mesh__ring_find(&ring, last, 1, &index)); /* one further */
    assert_int_equal(index, first);
    assert_true(mesh__ring_find(&ring, last, 0, &index)); /* its very hash */
    assert_int_equal(
        index, atomic_load(&ring.points[atomic_load(&ring.count) - 1].owner));
    free(ring.points);
}

static void nobody_owns_an_empty_ring(void **state)
{
    uint32_t index;

    (void)state;
    ring = (struct mesh_ring){ 0 };
    assert_false(mesh__ring_find(&ring, 1, 0, &index));
    assert_int_equal(mesh__ring_room(owners, 0, 1024), 0);
    assert_int_equal(mesh__ring_fill(&ring, owners, 0, 1024), 0);
    assert_false(mesh__ring_find(&ring, 1, 0, &index));
}

/* Fewer owners never need more room than was asked for all of them. */
static void has_room_for_any_fewer(void **state)
{
    static const unsigned weights[] = { 7, 1, 128, 3, 90, 2, 2, 1 };

    (void)state;
    for (size_t count = 1; count <= OWNERS; count++) {
        size_t room;

        own(OWNERS, SEEN_EVEN_ADDRESS, weights);
        room = mesh__ring_room(owners, OWNERS, 100);
        own(count, SEEN_EVEN_ADDRESS, weights);
        make(count, 100);
        assert_true(atomic_load(&ring.count) >= 100);
        assert_true(atomic_load(&ring.count) <= room);
        free(ring.points);
    }
}

/* A size that nobody can mean is cut, as by Envoy's maximum. */
static void has_a_ceiling(void **state)
{
    (void)state;
    own(2, SEEN_EVEN_ADDRESS, NULL);
    assert_true(mesh__ring_room(owners, 2, UINT64_MAX) <= MESH__RING_MOST + 3);
}

static void losing_memory_changes_nothing(void **state)
{
    uint32_t before, after;

    (void)state;
    own(3, SEEN_EVEN_ADDRESS, NULL);
    make(3, 32);
    assert_true(mesh__ring_find(&ring, key_hash(1), 0, &before));
    fake_alloc_fail_at(0);
    assert_int_equal(mesh__ring_fill(&ring, owners, 1, 32), MESH_ERR_NOMEM);
    assert_true(fake_alloc_tripped());
    assert_true(mesh__ring_find(&ring, key_hash(1), 0, &after));
    assert_int_equal(before, after);
    free(ring.points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_the_paper_says),
        cmocka_unit_test(a_thousand_keys_go_where_envoy_sends_them),
        cmocka_unit_test(every_owner_has_whole_places),
        cmocka_unit_test(behind_the_last_comes_the_first),
        cmocka_unit_test(nobody_owns_an_empty_ring),
        cmocka_unit_test(has_room_for_any_fewer),
        cmocka_unit_test(has_a_ceiling),
        cmocka_unit_test(losing_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
