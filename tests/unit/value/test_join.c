/*
 * test_join.c - which lines of a head become one (seen: Envoy 1.40, recorded
 * in tests/differential/cases/headers-joined*).
 */
#include "torture.h"

#include "base/error.h"
#include "base/text.h"
#include "value/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { LINES = 100 };

/* "a: 1|b: 2" as lines; the texts are literals and stay. */
static int build(struct mesh_head *head, struct mesh_arena *arena,
                 const char *script)
{
    int rc = mesh__head_init(head, arena, 2);

    while (rc == 0 && *script) {
        size_t len = strcspn(script, "|");
        size_t name = strcspn(script, ":");

        rc = mesh__head_add(
            head, arena, LINES, mesh__slice(script, name),
            mesh__slice_trim(mesh__slice(script + name + 1, len - name - 1)));
        script += len + strspn(script + len, "|");
    }
    return rc;
}

static void print(const struct mesh_head *head, char *out, size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    for (size_t i = 0; i < head->count; i++)
        mesh__text_format(
            &text, "%s%.*s: %.*s", i ? "|" : "", (int)head->headers[i].name.len,
            head->headers[i].name.at, (int)head->headers[i].value.len,
            head->headers[i].value.at);
}

static const struct {
    const char *claim;
    bool response;
    const char *lines;
    const char *want;
} rows[] = {
    { "no lines", false, "", "" },
    { "one line stays as it is", false, "accept: a, b", "accept: a, b" },
    { "two become one", false, "accept: a|accept: b", "accept: a,b" },
    { "in the place of the first", false,
      "x-a: 1|accept: a|x-b: 2|accept: b|x-c: 3|accept: c",
      "x-a: 1|accept: a,b,c|x-b: 2|x-c: 3" },
    { "each name for itself", false, "accept: a|via: b|accept: c|via: d",
      "accept: a,c|via: b,d" },
    { "an empty value in front leaves no comma", false, "via: |via: a",
      "via: a" },
    { "nor one behind", false, "via: a|via: |via: b|via: ", "via: a,b" },
    { "all empty", false, "via: |via: ", "via: " },
    { "equal values are two", false, "via: a|via: a", "via: a,a" },
    { "other names stay apart", false, "cookie: a|x-a: 1|cookie: b|x-a: 2",
      "cookie: a|x-a: 1|cookie: b|x-a: 2" },
    { "a name of answers stays apart in a request", false, "vary: a|vary: b",
      "vary: a|vary: b" },
    { "and becomes one in an answer", true, "vary: a|vary: b", "vary: a,b" },
    { "a name of requests stays apart in an answer", true,
      "user-agent: a|user-agent: b", "user-agent: a|user-agent: b" },
    { "one of both, in an answer", true, "content-type: a|content-type: b",
      "content-type: a,b" },
};

static void lines_of_some_names_become_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_arena arena;
        struct mesh_head head;
        char found[256];

        mesh__arena_init(&arena, 1 << 16);
        assert_int_equal(build(&head, &arena, rows[i].lines), 0);
        assert_int_equal(mesh__head_join(&head, &arena, rows[i].response), 0);
        print(&head, found, sizeof(found));
        if (strcmp(found, rows[i].want) != 0)
            fail_msg("%s: \"%s\", wanted \"%s\"", rows[i].claim, found,
                     rows[i].want);
        mesh__arena_fini(&arena);
    }
}

static void what_is_added_is_joined(void **state)
{
    struct mesh_arena arena;
    struct mesh_head head;
    char found[256];

    (void)state;
    mesh__arena_init(&arena, 1 << 16);
    assert_int_equal(build(&head, &arena, "via: a|vary: a|x-a: 1"), 0);
    for (const char *const *name =
             (const char *const[]){ "via", "vary", "x-a", NULL };
         *name; name++)
        assert_int_equal(mesh__head_edit(&head, &arena, MESH__EDIT_ADD,
                                         mesh__slice_of(*name),
                                         MESH__SLICE("b")),
                         0);
    print(&head, found, sizeof(found));
    assert_string_equal(found, "via: a,b|vary: a|x-a: 1|vary: b|x-a: b");

    head.status = 200; /* the same lines as an answer's */
    assert_int_equal(mesh__head_edit(&head, &arena, MESH__EDIT_ADD,
                                     MESH__SLICE("vary"), MESH__SLICE("c")),
                     0);
    print(&head, found, sizeof(found));
    assert_string_equal(found, "via: a,b|vary: a,b,c|x-a: 1|x-a: b");
    mesh__arena_fini(&arena);
}

static void survives_losing_any_allocation(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_arena arena;
        struct mesh_head head;
        int rc;

        mesh__arena_init(&arena, 1 << 16);
        fake_alloc_fail_at(n);
        rc = build(&head, &arena, "via: a|accept: a|accept: b|via: b");
        if (rc == 0)
            rc = mesh__head_join(&head, &arena, false);
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
        cmocka_unit_test(lines_of_some_names_become_one),
        cmocka_unit_test(what_is_added_is_joined),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
