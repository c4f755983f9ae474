/*
 * test_host.c - names mean what they mean in Istio.
 */
#include "torture.h"

#include "value/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void knows_valid_names(void **state)
{
    static const struct {
        const char *host;
        bool plain;
        bool wildcard; /* valid where wildcards are allowed */
    } rows[] = {
        { "a", true, true },
        { "reviews.prod.svc.cluster.local", true, true },
        { "istio.io.", true, true },
        { "Istio-1.IO", true, true },
        { "1.a", true, true },
        { "*", false, true },
        { "*.a.b", false, true },
        { "*-a.b", false, true },
        { "*a.b", false, true },
        { "", false, false },
        { ".", false, false },
        { ".a", false, false },
        { "a..b", false, false },
        { "a.b..", false, false },
        { "-a", false, false },
        { "a-", false, false },
        { "a_b", false, false },
        { "a b", false, false },
        { "a.1", false, false },
        { "123", false, true }, /* Istio's wildcard check lets it pass */
        { "*.1", false, false },
        { "a.99999999999999999999", true, true }, /* no int64, no number */
        { "*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          false, true },
        { "*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          false, false },
        { "1.2.3.4", false, false },
        { "a.*", false, false },
        { "*.*", false, false },
        { "**", false, false },
        { "*-.b", false, false },
        { "a.b:80", false, false },
        { "\xc3\xa9", false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_slice host = mesh__slice_of(rows[i].host);

        if (mesh__host_valid(host, false) != rows[i].plain ||
            mesh__host_valid(host, true) != rows[i].wildcard)
            fail_msg("%s", rows[i].host);
    }
}

static void knows_how_long_a_name_may_be(void **state)
{
    char name[MESH__HOST_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 64 == 63 ? '.' : 'a';
    assert_true(mesh__host_valid(mesh__slice(name, MESH__HOST_MAX), false));
    assert_false(mesh__host_valid(mesh__slice(name, sizeof(name)), false));
    assert_true(mesh__host_valid(mesh__slice(name, 63), false));
    name[63] = 'a';
    assert_false(mesh__host_valid(mesh__slice(name, 64), false));
}

static void covers_and_overlaps(void **state)
{
    static const struct {
        const char *pattern;
        const char *host;
        bool covers;
        bool overlaps;
    } rows[] = {
        { "a.b", "a.b", true, true },
        { "a.b", "a.c", false, false },
        { "*.foo.com", "a.foo.com", true, true },
        { "*.foo.com", "a.b.foo.com", true, true },
        { "*.foo.com", "foo.com", false, false },
        { "*", "foo.com", true, true },
        { "*", "*", true, true },
        { "*", "*.foo.com", true, true },
        { "*.com", "*.foo.com", true, true },
        { "*.foo.com", "*.com", false, true },
        { "foo.com", "*.com", false, true },
        { "*.foo.com", "*.bar.com", false, false },
        { "A.b", "a.b", false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_slice pattern = mesh__slice_of(rows[i].pattern);
        struct mesh_slice host = mesh__slice_of(rows[i].host);

        if (mesh__host_matches(pattern, host) != rows[i].covers ||
            mesh__host_overlaps(pattern, host) != rows[i].overlaps ||
            mesh__host_overlaps(host, pattern) != rows[i].overlaps)
            fail_msg("%s and %s", rows[i].pattern, rows[i].host);
    }
}

static int compare(const void *a, const void *b)
{
    return mesh__host_compare(mesh__slice_of(*(const char *const *)a),
                              mesh__slice_of(*(const char *const *)b));
}

static void orders_by_how_much_they_say(void **state)
{
    const char *hosts[] = { "*",          "b.com",   "*.com", "*.b.com",
                            "a.long.com", "*.a.com", "b" };
    static const char *const sorted[] = { "a.long.com", "b",       "b.com",
                                          "*.a.com",    "*.b.com", "*.com",
                                          "*" };

    (void)state;
    qsort(hosts, 7, sizeof(hosts[0]), compare);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(hosts[i], sorted[i]);
    assert_int_equal(mesh__host_compare(MESH__SLICE("a"), MESH__SLICE("a")), 0);
}

static void resolves_short_names(void **state)
{
    static const struct {
        const char *host;
        const char *namespace_;
        const char *domain;
        const char *expect;
    } rows[] = {
        { "reviews", "prod", "cluster.local",
          "reviews.prod.svc.cluster.local" },
        { "reviews.prod", "x", "cluster.local", "reviews.prod" },
        { "*", "prod", "cluster.local", "*" },
        { "*.a", "prod", "cluster.local", "*.a" },
        { "1.2.3.4", "prod", "cluster.local", "1.2.3.4" },
        { "::1", "prod", "cluster.local", "::1" },
        { "", "prod", "cluster.local", "" },
        { "a", "", "cluster.local", "a.svc.cluster.local" },
        { "a", "prod", "", "a.prod" },
    };
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 10000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(
            mesh__host_resolve(&arena, mesh__slice_of(rows[i].host),
                               mesh__slice_of(rows[i].namespace_),
                               mesh__slice_of(rows[i].domain)),
            rows[i].expect);
    mesh__arena_fini(&arena);
}

static void resolves_nothing_without_memory(void **state)
{
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 10000);
    fake_alloc_fail_at(0);
    assert_null(mesh__host_resolve(&arena, MESH__SLICE("a"), MESH__SLICE("b"),
                                   MESH__SLICE("c")));
    fake_alloc_off();
    mesh__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_valid_names),
        cmocka_unit_test(knows_how_long_a_name_may_be),
        cmocka_unit_test(covers_and_overlaps),
        cmocka_unit_test(orders_by_how_much_they_say),
        cmocka_unit_test(resolves_short_names),
        cmocka_unit_test(resolves_nothing_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
