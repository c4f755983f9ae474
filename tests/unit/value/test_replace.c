/*
 * test_replace.c - what fits is written anew, as RE2 would write it.
 */
#include "torture.h"

#include "base/error.h"
#include "value/match.h"
#include "value/replace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum mesh_replace_result play(const char *expression,
                                     const char *substitution,
                                     struct mesh_slice text,
                                     struct mesh_arena *arena,
                                     struct mesh_slice *out)
{
    enum mesh_replace_result result;
    struct mesh_replace *replace;

    assert_int_equal(mesh__replace_new(mesh__slice_of(expression),
                                       mesh__slice_of(substitution), &replace),
                     0);
    result = mesh__replace(replace, text, arena, out);
    mesh__replace_free(replace);
    return result;
}

static void writes_as_re2_does(void **state)
{
    static const struct {
        const char *claim;
        const char *expression;
        const char *substitution;
        const char *text;
        const char *want; /* NULL: it fits nowhere */
    } rows[] = {
        { "groups by number", "/cap/([^/]+)/(.*)", "/c/\\2/\\1",
          "/cap/one/two/three", "/c/two/three/one" },
        { "every place", "a", "bb", "/many/a/a", "/mbbny/bb/bb" },
        { "\\0 is all of it", "b+", "<\\0>", "abbc", "a<bb>c" },
        { "a backslash is written twice", "b", "\\\\", "abc", "a\\c" },
        { "nowhere", "zzz", "y", "/abc", NULL },
        { "an empty fit between any two (seen: Envoy 1.40)", "x*", "-",
          "/rxstar/xax", "-/-r-s-t-a-r-/-a-" },
        { "the beginning alone", "^/a", "/b", "/a/a", "/b/a" },
        { "the end alone", "a$", "b", "aa", "ab" },
        { "the end is the very end", "a$", "b", "a\n", NULL },
        { "a group that took no part is empty", "a(b)?", "[\\1]", "aab",
          "[][b]" },
        { "a group that is not there: never", ".*", "\\1", "abc", NULL },
        { "all of it goes", ".+", "", "abc", "" },
        { "leftmost, and then the first that fits", "a|ab", "x", "ab", "xb" },
        { "characters are not cut", "z*", "-", "\xc3\xa9", "-\xc3\xa9-" },
        { "what is no UTF-8 fits nowhere", ".", "x", "a\xff", NULL },
        { "an empty text", "^$", "x", "", "x" },
    };
    struct mesh_arena arena;
    struct mesh_slice out;

    (void)state;
    mesh__arena_init(&arena, 64 * 1024);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_slice text = mesh__slice_of(rows[i].text);
        enum mesh_replace_result result =
            play(rows[i].expression, rows[i].substitution, text, &arena, &out);

        if (result != (rows[i].want ? MESH__REPLACE_DONE : MESH__REPLACE_NONE))
            fail_msg("%s: %d", rows[i].claim, (int)result);
        if (!mesh__slice_is(out, rows[i].want ? rows[i].want : rows[i].text))
            fail_msg("%s: %.*s", rows[i].claim, (int)out.len, out.at);
    }
    mesh__arena_fini(&arena);
}

static void refuses_what_re2_would(void **state)
{
    static const struct {
        const char *claim;
        const char *expression;
        const char *substitution;
    } rows[] = {
        { "look-ahead", "a(?=b)", "x" },
        { "brackets that do not pair", "a(b", "x" },
        { "a backslash with nothing behind", "a", "x\\" },
        { "a backslash before a letter", "a", "\\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_replace *replace;
        int rc =
            mesh__replace_new(mesh__slice_of(rows[i].expression),
                              mesh__slice_of(rows[i].substitution), &replace);

        if (rc != MESH_ERR_INVALID || replace)
            fail_msg("%s: %d", rows[i].claim, rc);
        assert_true(mesh__error_line()[0] != '\0');
        mesh__error_clear();
    }
}

static void an_expression_has_a_length(void **state)
{
    char text[MESH__REGEX_MAX + 1];
    struct mesh_replace *replace;

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(mesh__replace_new(mesh__slice(text, sizeof(text)),
                                       MESH__SLICE("x"), &replace),
                     MESH_ERR_INVALID);
    assert_null(replace);
    assert_int_equal(mesh__replace_new(mesh__slice(text, sizeof(text) - 1),
                                       MESH__SLICE("x"), &replace),
                     0);
    mesh__replace_free(replace);
    mesh__error_clear();
}

/* Steps and length are bounded: then it is neither done nor not. */
static void costs_are_bounded(void **state)
{
    static char text[4096];
    struct mesh_arena arena;
    struct mesh_slice out;

    (void)state;
    memset(text, 'a', sizeof(text));
    mesh__arena_init(&arena, 256 * 1024);
    assert_int_equal(
        play("(a+)+[bc]", "x", mesh__slice(text, 64), &arena, &out),
        MESH__REPLACE_LIMIT);
    assert_int_equal(play("a",
                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                          mesh__slice(text, sizeof(text)), &arena, &out),
                     MESH__REPLACE_LIMIT);
    assert_ptr_equal(out.at, text);
    mesh__arena_fini(&arena);
}

static void survives_losing_any_allocation(void **state)
{
    enum mesh_replace_result result = MESH__REPLACE_NOMEM;

    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_replace *replace;
        struct mesh_arena arena;
        struct mesh_slice out = { NULL, 0 };
        int rc;

        mesh__arena_init(&arena, 4096);
        fake_alloc_fail_at(n);
        rc = mesh__replace_new(MESH__SLICE("(b)"), MESH__SLICE("<\\1>"),
                               &replace);
        if (rc == 0)
            result = mesh__replace(replace, MESH__SLICE("abc"), &arena, &out);
        if (!fake_alloc_tripped()) {
            assert_int_equal(result, MESH__REPLACE_DONE);
            assert_true(mesh__slice_is(out, "a<b>c"));
            mesh__replace_free(replace);
            mesh__arena_fini(&arena);
            break;
        }
        if (rc == 0)
            assert_int_equal(result, MESH__REPLACE_NOMEM);
        else
            assert_int_equal(rc, MESH_ERR_NOMEM);
        mesh__replace_free(replace);
        mesh__arena_fini(&arena);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    mesh__error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_as_re2_does),
        cmocka_unit_test(refuses_what_re2_would),
        cmocka_unit_test(an_expression_has_a_length),
        cmocka_unit_test(costs_are_bounded),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
