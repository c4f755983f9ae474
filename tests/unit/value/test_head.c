/*
 * test_head.c - a head keeps its lines in order, and edits touch a copy only.
 */
#include "torture.h"

#include "base/error.h"
#include "value/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { LINES = 100 };

/* "a: 1, a: 2" as lines; the texts are literals and stay. */
static void build(struct mesh_head *head, struct mesh_arena *arena)
{
    mesh__arena_init(arena, 1 << 20);
    assert_int_equal(mesh__head_init(head, arena, 2), 0);
    head->method = MESH__SLICE("GET");
    head->path = MESH__SLICE("/a");
    assert_int_equal(mesh__head_add(head, arena, LINES, MESH__SLICE("x-a"),
                                    MESH__SLICE("1")),
                     0);
    assert_int_equal(mesh__head_add(head, arena, LINES, MESH__SLICE("te"),
                                    MESH__SLICE("trailers")),
                     0);
    assert_int_equal(mesh__head_add(head, arena, LINES, MESH__SLICE("x-a"),
                                    MESH__SLICE("2")),
                     0);
}

static void expect(const struct mesh_head *head, const char *lines)
{
    char out[256] = "";
    size_t used = 0;

    for (size_t i = 0; i < head->count; i++)
        used += (size_t)snprintf(
            out + used, sizeof(out) - used, "%s%.*s: %.*s", i ? ", " : "",
            (int)head->headers[i].name.len, head->headers[i].name.at,
            (int)head->headers[i].value.len, head->headers[i].value.at);
    assert_string_equal(out, lines);
}

static void knows_its_names_by_number(void **state)
{
    (void)state;
    for (int id = 1; id < MESH__H_COUNT; id++) {
        struct mesh_slice name = mesh__header_name((enum mesh_header_id)id);

        assert_true(name.len > 0);
        assert_int_equal(mesh__header_id(name), id);
        assert_int_equal(mesh__header_id(mesh__slice(name.at, name.len - 1)),
                         MESH__H_OTHER);
    }
    assert_int_equal(mesh__header_id(MESH__SLICE("")), MESH__H_OTHER);
    assert_int_equal(mesh__header_id(MESH__SLICE("Host")), MESH__H_OTHER);
    assert_int_equal(mesh__header_id(MESH__SLICE("x-other")), MESH__H_OTHER);
}

static void keeps_lines_in_order(void **state)
{
    struct mesh_arena arena;
    struct mesh_head head;
    struct mesh_slice value;

    (void)state;
    build(&head, &arena);
    expect(&head, "x-a: 1, te: trailers, x-a: 2");
    assert_true(mesh__head_get_named(&head, MESH__SLICE("x-a"), &value));
    assert_true(mesh__slice_is(value, "1"));
    assert_true(mesh__head_get(&head, MESH__H_TE, &value));
    assert_true(mesh__slice_is(value, "trailers"));
    assert_false(mesh__head_get(&head, MESH__H_VIA, &value));
    assert_false(mesh__head_get_named(&head, MESH__SLICE("x-b"), &value));
    mesh__arena_fini(&arena);
}

static void stops_at_the_ceiling(void **state)
{
    struct mesh_arena arena;
    struct mesh_head head;

    (void)state;
    mesh__arena_init(&arena, 1 << 20);
    assert_int_equal(mesh__head_init(&head, &arena, 0), 0);
    for (size_t i = 0; i < LINES; i++)
        assert_int_equal(mesh__head_add(&head, &arena, LINES, MESH__SLICE("a"),
                                        MESH__SLICE("")),
                         0);
    assert_int_equal(
        mesh__head_add(&head, &arena, LINES, MESH__SLICE("a"), MESH__SLICE("")),
        MESH_ERR_TOO_LARGE);
    assert_int_equal(head.count, LINES);
    mesh__arena_fini(&arena);
}

static void edits_an_overlay_and_not_the_head(void **state)
{
    static const struct {
        const char *claim;
        enum mesh_edit_kind kind;
        const char *name;
        const char *value;
        const char *expect;
    } rows[] = {
        { "set takes all away and comes last", MESH__EDIT_SET, "x-a", "3",
          "te: trailers, x-a: 3" },
        { "set of a new name comes last", MESH__EDIT_SET, "x-b", "3",
          "x-a: 1, te: trailers, x-a: 2, x-b: 3" },
        { "add puts one more", MESH__EDIT_ADD, "x-a", "3",
          "x-a: 1, te: trailers, x-a: 2, x-a: 3" },
        { "remove takes all away", MESH__EDIT_REMOVE, "x-a", "",
          "te: trailers" },
        { "remove of nothing does nothing", MESH__EDIT_REMOVE, "x-b", "",
          "x-a: 1, te: trailers, x-a: 2" },
        { "an empty set does nothing", MESH__EDIT_SET, "x-a", "",
          "x-a: 1, te: trailers, x-a: 2" },
        { "an empty add does nothing", MESH__EDIT_ADD, "x-a", "",
          "x-a: 1, te: trailers, x-a: 2" },
    };
    struct mesh_arena arena;
    struct mesh_head head;

    (void)state;
    build(&head, &arena);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_head overlay;

        assert_int_equal(mesh__head_overlay(&overlay, &head, &arena), 0);
        assert_int_equal(mesh__head_edit(&overlay, &arena, rows[i].kind,
                                         mesh__slice_of(rows[i].name),
                                         mesh__slice_of(rows[i].value)),
                         0);
        expect(&overlay, rows[i].expect);
        expect(&head, "x-a: 1, te: trailers, x-a: 2");
        assert_true(mesh__slice_is(overlay.path, "/a"));
    }
    mesh__arena_fini(&arena);
}

static void copies_whole(void **state)
{
    char name[] = "x-name";
    char value[] = "value";
    char path[] = "/path";
    struct mesh_arena arena;
    struct mesh_head head;
    struct mesh_head copy;

    (void)state;
    mesh__arena_init(&arena, 1 << 20);
    assert_int_equal(mesh__head_init(&head, &arena, 1), 0);
    head.path = mesh__slice_of(path);
    head.status = 200;
    assert_int_equal(mesh__head_add(&head, &arena, LINES, mesh__slice_of(name),
                                    mesh__slice_of(value)),
                     0);
    assert_int_equal(mesh__head_copy(&copy, &head, &arena), 0);
    memset(name, '?', sizeof(name) - 1);
    memset(value, '?', sizeof(value) - 1);
    memset(path, '?', sizeof(path) - 1);
    expect(&copy, "x-name: value");
    assert_true(mesh__slice_is(copy.path, "/path"));
    assert_int_equal(copy.status, 200);
    mesh__arena_fini(&arena);
}

/* Everything that takes memory, in one story. */
static int story(struct mesh_arena *arena)
{
    struct mesh_head head;
    struct mesh_head copy;
    struct mesh_head overlay;
    int rc = mesh__head_init(&head, arena, 1);

    for (size_t i = 0; rc == 0 && i < LINES; i++)
        rc = mesh__head_add(&head, arena, LINES, MESH__SLICE("some-name"),
                            MESH__SLICE("some value that takes room"));
    if (rc == 0)
        rc = mesh__head_copy(&copy, &head, arena);
    if (rc == 0)
        rc = mesh__head_overlay(&overlay, &copy, arena);
    for (size_t i = 0; rc == 0 && i < LINES; i++)
        rc = mesh__head_edit(&overlay, arena, MESH__EDIT_ADD,
                             MESH__SLICE("some-name"), MESH__SLICE("value"));
    return rc;
}

static void survives_losing_any_allocation(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_arena arena;
        int rc;

        mesh__arena_init(&arena, 1 << 20);
        fake_alloc_fail_at(n);
        rc = story(&arena);
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

static void the_last_of_a_list_is_of_the_last_line(void **state)
{
    static const struct {
        const char *claim;
        const char *lines[2];
        const char *want;
    } rows[] = {
        { "absent", { NULL, NULL }, "" },
        { "one", { "1.2.3.4", NULL }, "1.2.3.4" },
        { "of two", { "1.2.3.4, 5.6.7.8 ", NULL }, "5.6.7.8" },
        { "of two lines", { "1.2.3.4, 5.6.7.8", "9.9.9.9" }, "9.9.9.9" },
        { "an empty one", { "1.2.3.4,", NULL }, "" },
    };
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 4096);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_head head;
        struct mesh_slice name = mesh__header_name(MESH__H_X_FORWARDED_FOR);

        assert_int_equal(mesh__head_init(&head, &arena, 2), 0);
        for (size_t j = 0; j < 2 && rows[i].lines[j]; j++)
            assert_int_equal(mesh__head_add(&head, &arena, 2, name,
                                            mesh__slice_of(rows[i].lines[j])),
                             0);
        if (!mesh__slice_is(mesh__head_last(&head, MESH__H_X_FORWARDED_FOR),
                            rows[i].want))
            fail_msg("%s", rows[i].claim);
    }
    mesh__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_a_list_is_of_the_last_line),
        cmocka_unit_test(knows_its_names_by_number),
        cmocka_unit_test(keeps_lines_in_order),
        cmocka_unit_test(stops_at_the_ceiling),
        cmocka_unit_test(edits_an_overlay_and_not_the_head),
        cmocka_unit_test(copies_whole),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
