/*
 * test_original.c - addresses that callers bring along: found again, counted,
 * and forgotten.
 */
#include "traffic/original.h"

#include "torture.h"
#include "world.h"

#include "base/error.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct mesh_live_registry *registry;
static struct mesh_arena arena;
static struct world world;
static unsigned shelves_freed;
static const struct mesh_destination *target;

static void shelf_free(void *shelf)
{
    assert_non_null(shelf);
    shelves_freed++;
}

static int set_up(void **state)
{
    (void)state;
    world = (struct world){ 0 };
    world_init(&world, 1);
    world.destinations[0].original = true;
    target = &world.destinations[0];
    shelves_freed = 0;
    mesh__arena_init(&arena, 64 * 1024 * 1024);
    if (mesh__live_registry_new(shelf_free, &registry) < 0)
        return -1;
    return mesh__live_bind(registry, &world.snapshot, 0, MESH__S);
}

static int tear_down(void **state)
{
    (void)state;
    world_fini(&world);
    mesh__live_registry_free(registry);
    mesh__arena_fini(&arena);
    return 0;
}

static struct mesh_address address(unsigned n)
{
    return (struct mesh_address){ 4,
                                  80,
                                  { 192, 0, (uint8_t)(n >> 8), (uint8_t)n } };
}

static void pick(unsigned n, uint64_t seconds, struct mesh_pick *out)
{
    struct mesh_address to = address(n);

    assert_int_equal(
        mesh__original_pick(target, &to, seconds * MESH__S, &arena, out), 0);
}

static void done(struct mesh_pick *picked, uint64_t seconds)
{
    mesh__original_done(target, picked, seconds * MESH__S);
    assert_null(picked->live);
}

static void an_address_has_one_state(void **state)
{
    struct mesh_pick a, b, c;

    (void)state;
    pick(1, 0, &a);
    pick(1, 0, &b);
    pick(2, 0, &c);
    assert_ptr_equal(a.live, b.live);
    assert_ptr_not_equal(a.live, c.live);
    assert_string_equal(a.endpoint->text, "192.0.0.1:80");
    assert_int_equal(a.index, SIZE_MAX); /* of no set */
    done(&a, 1);
    done(&b, 1);
    done(&c, 1);
    done(&c, 1); /* once more is nothing */
}

static void the_destination_may_change_the_port(void **state)
{
    struct mesh_pick picked;

    (void)state;
    world.destinations[0].original_port = 8080;
    pick(1, 0, &picked);
    assert_string_equal(picked.endpoint->text, "192.0.0.1:8080");
    assert_int_equal(picked.live->address.port, 8080);
    done(&picked, 0);
}

static void what_nobody_uses_is_forgotten(void **state)
{
    struct mesh_pick a, b;
    int shelf;

    (void)state;
    pick(1, 0, &a);
    atomic_store(&a.live->shelf, &shelf);
    pick(2, 100, &b); /* in use: it stays */
    done(&b, 100);
    assert_int_equal(shelves_freed, 0);
    done(&a, 100);
    pick(3, 159, &b); /* not yet */
    done(&b, 159);
    assert_int_equal(shelves_freed, 0);
    pick(1, 159, &a); /* used again: the time begins anew */
    done(&a, 159);
    pick(3, 218, &b);
    done(&b, 218);
    assert_int_equal(shelves_freed, 0);
    pick(3, 224, &b);
    done(&b, 224);
    assert_int_equal(shelves_freed, 1);
}

static void there_are_only_so_many(void **state)
{
    static struct mesh_pick picks[MESH__ORIGINALS];
    struct mesh_address one_more = address(MESH__ORIGINALS);
    struct mesh_pick picked;

    (void)state;
    for (unsigned i = 0; i < MESH__ORIGINALS; i++)
        pick(i, 0, &picks[i]);
    assert_int_equal(mesh__original_pick(target, &one_more, 0, &arena, &picked),
                     MESH_ERR_OVERFLOW);
    assert_null(picked.endpoint);
    assert_null(picked.live);
    done(&picks[7], 0); /* makes room at once */
    pick(MESH__ORIGINALS, 0, &picked);
    done(&picked, 0);
    for (unsigned i = 0; i < MESH__ORIGINALS; i++)
        if (picks[i].live)
            done(&picks[i], 0);
}

static void losing_any_allocation_is_survived(void **state)
{
    struct mesh_address to = address(1);
    struct mesh_pick picked;
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__original_pick(target, &to, 0, &arena, &picked);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(picked.live);
    }
    fake_alloc_off();
    assert_int_equal(rc, 0);
    done(&picked, 0);
}

/* What is known of it without a name server. */
static void an_address_is_said_or_stands_behind_the_service(void **state)
{
    static const struct mesh_address said = { 4, 81, { 192, 0, 2, 1 } };
    static const struct mesh_address nothing;
    struct mesh_endpoint_set none = { .count = 0 };
    struct mesh_destination bare = { .endpoints = &none };
    struct world three = { 0 };
    const struct mesh_endpoint_set *set;
    struct mesh_address got;

    (void)state;
    world_init(&three, 3);
    set = three.destinations[0].endpoints;
    got = mesh__original_given(&three.destinations[0], &said,
                               MESH__SLICE("10.9.9.9"), 1);
    assert_memory_equal(&got, &said, sizeof(got));
    got = mesh__original_given(&three.destinations[0], &nothing,
                               MESH__SLICE("10.9.9.9"), 1);
    assert_int_equal(got.ip[3], 9);
    for (uint64_t draw = 0; draw < 7; draw++) {
        got = mesh__original_given(&three.destinations[0], &nothing,
                                   MESH__SLICE("web"), draw);
        assert_memory_equal(&got, &set->endpoints[draw % 3].address,
                            sizeof(got));
    }
    got = mesh__original_given(&bare, &nothing, MESH__SLICE("web"), 5);
    assert_int_equal(got.family, 0);
    world_fini(&three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_said_or_stands_behind_the_service),
        cmocka_unit_test_setup_teardown(an_address_has_one_state, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_destination_may_change_the_port,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_uses_is_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(there_are_only_so_many, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(losing_any_allocation_is_survived,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
