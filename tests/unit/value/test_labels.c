/*
 * test_labels.c - labels are sorted, unique, and cover selectors.
 */
#include "torture.h"

#include "base/error.h"
#include "value/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void expect(const struct mesh_labels *labels, const char *want)
{
    char out[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < labels->count; i++)
        used += (size_t)snprintf(
            out + used, sizeof(out) - used, "%s%.*s=%.*s", i ? "," : "",
            (int)labels->items[i].key.len, labels->items[i].key.at,
            (int)labels->items[i].value.len, labels->items[i].value.at);
    assert_string_equal(out, want);
}

static void reads_pairs(void **state)
{
    static const struct {
        const char *text;
        const char *expect; /* NULL: refused */
    } rows[] = {
        { "", "" },
        { "  ", "" },
        { "app=web", "app=web" },
        { "b=2,a=1", "a=1,b=2" },
        { " b = 2 ,\ta= 1 ", "a=1,b=2" },
        { "a=1,a=2", "a=2" },
        { "a=", "a=" },
        { "a=b=c", "a=b=c" },
        { "a=1,aa=2,A=3", "A=3,a=1,aa=2" },
        { "e=,d=,c=,b=,a=,f=", "a=,b=,c=,d=,e=,f=" },
        { "a", NULL },
        { "=1", NULL },
        { "a=1,", NULL },
        { ",a=1", NULL },
        { "a=1,,b=2", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_labels labels = { 0 };
        struct mesh_arena arena;
        int rc;

        mesh__arena_init(&arena, 1 << 16);
        rc = mesh__labels_parse(&labels, &arena, mesh__slice_of(rows[i].text));
        assert_int_equal(rc, rows[i].expect ? 0 : MESH_ERR_INVALID);
        expect(&labels, rows[i].expect ? rows[i].expect : "");
        mesh__arena_fini(&arena);
    }
}

static void covers_what_is_asked(void **state)
{
    static const struct {
        const char *having;
        const char *selector;
        bool covers;
    } rows[] = {
        { "", "", true },
        { "a=1", "", true },
        { "", "a=1", false },
        { "a=1,b=2", "a=1", true },
        { "a=1,b=2", "b=2", true },
        { "a=1,b=2", "a=2", false },
        { "a=1", "a=1,b=2", false },
        { "a=", "a=", true },
    };
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_labels having = { 0 };
        struct mesh_labels selector = { 0 };

        assert_int_equal(
            mesh__labels_parse(&having, &arena, mesh__slice_of(rows[i].having)),
            0);
        assert_int_equal(mesh__labels_parse(&selector, &arena,
                                            mesh__slice_of(rows[i].selector)),
                         0);
        if (mesh__labels_cover(&having, &selector) != rows[i].covers)
            fail_msg("%s and %s", rows[i].having, rows[i].selector);
        assert_true(mesh__labels_equal(&having, &having));
        assert_int_equal(mesh__labels_equal(&having, &selector),
                         strcmp(rows[i].having, rows[i].selector) == 0);
    }
    mesh__arena_fini(&arena);
}

static void stops_at_the_ceiling(void **state)
{
    struct mesh_labels labels = { 0 };
    struct mesh_arena arena;
    char key[16];

    (void)state;
    mesh__arena_init(&arena, 1 << 20);
    for (int i = 0; i <= MESH__LABELS_MAX; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(mesh__labels_add(&labels, &arena, mesh__slice_of(key),
                                          MESH__SLICE("v")),
                         i < MESH__LABELS_MAX ? 0 : MESH_ERR_TOO_LARGE);
    }
    assert_int_equal(labels.count, MESH__LABELS_MAX);
    for (int i = 0; i < MESH__LABELS_MAX; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        assert_non_null(mesh__labels_get(&labels, mesh__slice_of(key)));
    }
    assert_null(mesh__labels_get(&labels, MESH__SLICE("k")));
    mesh__arena_fini(&arena);
}

static void survives_losing_any_allocation(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_labels labels = { 0 };
        struct mesh_arena arena;
        char value[3000] = { 0 };
        int rc = 0;

        mesh__arena_init(&arena, 1 << 20);
        memset(value, 'v', sizeof(value) - 1);
        fake_alloc_fail_at(n);
        for (char key = 'a'; rc == 0 && key <= 'i'; key++)
            rc = mesh__labels_add(&labels, &arena, mesh__slice(&key, 1),
                                  mesh__slice_of(value));
        mesh__arena_fini(&arena);
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
        cmocka_unit_test(reads_pairs),
        cmocka_unit_test(covers_what_is_asked),
        cmocka_unit_test(stops_at_the_ceiling),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
