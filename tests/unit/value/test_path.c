/*
 * test_path.c - paths fold as Envoy folds them, and only once.
 */
#include "torture.h"

#include "value/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MODES = 4, CEILING = 1 << 20 };

static const enum mesh_path_mode modes[MODES] = {
    MESH__PATH_NONE, MESH__PATH_BASE, MESH__PATH_MERGE_SLASHES,
    MESH__PATH_DECODE_AND_MERGE_SLASHES
};

/* What real sidecars of each mode did with it; NULL: 400. */
static const struct {
    const char *raw;
    const char *expect[MODES];
} seen[] = {
    { "/admin", { "/admin", "/admin", "/admin", "/admin" } },
    { "//admin", { "//admin", "//admin", "/admin", "/admin" } },
    { "/x/../admin", { "/x/../admin", "/admin", "/admin", "/admin" } },
    { "/x/..//admin", { "/x/..//admin", "//admin", "/admin", "/admin" } },
    { "/./admin", { "/./admin", "/admin", "/admin", "/admin" } },
    { "/x\\..\\admin", { "/x\\..\\admin", "/admin", "/admin", "/admin" } },
    { "/%61dmin", { "/%61dmin", "/admin", "/admin", "/admin" } },
    { "/%2Fadmin", { "/%2Fadmin", "/%2Fadmin", "/%2Fadmin", "/admin" } },
    { "/x%2F..%2Fadmin",
      { "/x%2F..%2Fadmin", "/x%2F..%2Fadmin", "/x%2F..%2Fadmin", "/admin" } },
    { "/x/%2e%2E/admin", { "/x/%2e%2E/admin", "/admin", "/admin", "/admin" } },
    { "/%5Cadmin", { "/%5Cadmin", "/%5Cadmin", "/%5Cadmin", "/admin" } },
    { "/Admin", { "/Admin", "/Admin", "/Admin", "/Admin" } },
    { "/admin;x=1",
      { "/admin;x=1", "/admin;x=1", "/admin;x=1", "/admin;x=1" } },
    { "/x;/../admin", { "/x;/../admin", "/admin", "/admin", "/admin" } },
    { "/x/..;a=1/admin", { "/x/..;a=1/admin", "/admin", "/admin", "/admin" } },
    { "/a%00b", { "/a%00b", NULL, NULL, NULL } },
    { "/x#/../admin", { "/x", "/x", "/x", "/x" } },
    { "/a//b///c/?q=//x/../y%2Fz",
      { "/a//b///c/?q=//x/../y%2Fz", "/a//b///c/?q=//x/../y%2Fz",
        "/a/b/c/?q=//x/../y%2Fz", "/a/b/c/?q=//x/../y%2Fz" } },
    { "/a%7Eb%2Db%5F%c3%a9%20%22",
      { "/a%7Eb%2Db%5F%c3%a9%20%22", "/a~b-b_%c3%a9%20%22",
        "/a~b-b_%c3%a9%20%22", "/a~b-b_%c3%a9%20%22" } },
    { "/a{b}\"<>|^",
      { "/a{b}\"<>|^", "/a%7Bb%7D%22%3C%3E%7C%5E", "/a%7Bb%7D%22%3C%3E%7C%5E",
        "/a%7Bb%7D%22%3C%3E%7C%5E" } },
    { "/a/b/../../../c", { "/a/b/../../../c", "/c", "/c", "/c" } },
    { "/a/.", { "/a/.", "/a/", "/a/", "/a/" } },
    { "/a/..", { "/a/..", "/", "/", "/" } },
    { "/%2e%2e/a", { "/%2e%2e/a", "/a", "/a", "/a" } },
};

/* From the descriptions of Envoy's and Chromium's own tests. */
static const struct {
    enum mesh_path_mode mode;
    const char *raw;
    const char *expect; /* NULL: 400 */
} told[] = {
    { MESH__PATH_BASE, "/a/b/../c", "/a/c" },
    { MESH__PATH_BASE, "/a/b/./c", "/a/b/c" },
    { MESH__PATH_BASE, "/../a/b", "/a/b" },
    { MESH__PATH_BASE, "/./a/b", "/a/b" },
    { MESH__PATH_BASE, "/a/b/../../../../c", "/c" },
    { MESH__PATH_BASE, "/a/..\\c", "/c" },
    { MESH__PATH_BASE, "/a/b/%2E%2e/c", "/a/c" },
    { MESH__PATH_BASE, "/a/b/%2E./c", "/a/c" },
    { MESH__PATH_BASE, "/a/b/%2E/c", "/a/b/c" },
    { MESH__PATH_BASE, "/%c0%af", "/%c0%af" },
    { MESH__PATH_BASE, "/%5c%25", "/%5c%25" },
    { MESH__PATH_DECODE_AND_MERGE_SLASHES, "/%5c%25", "/%25" },
    { MESH__PATH_BASE, "/a/%2F%2f/c", "/a/%2F%2f/c" },
    { MESH__PATH_DECODE_AND_MERGE_SLASHES, "/a/%2F%2f/c", "/a/c" },
    { MESH__PATH_BASE, "/A/B", "/A/B" },
    { MESH__PATH_BASE, "//a//b///c/", "//a//b///c/" },
    { MESH__PATH_MERGE_SLASHES, "//a//b///c/", "/a/b/c/" },
    { MESH__PATH_MERGE_SLASHES, "/a//b?x=//y/../z", "/a/b?x=//y/../z" },
    { MESH__PATH_BASE, "/xyz/.%00../abc", NULL },
    { MESH__PATH_BASE, "/xyz/AAAAA%%0000/abc", NULL },
    { MESH__PATH_BASE, "/a#b", "/a" },
    { MESH__PATH_NONE, "/a?x#y", "/a?x" },
    { MESH__PATH_BASE, "/a/..;p=1/b", "/b" },
    { MESH__PATH_BASE, "/a/.;p=1/b", "/a/b" },
    { MESH__PATH_BASE, "/a/%2e.;p=1/b", "/b" },
    { MESH__PATH_BASE, "/a/...;p=1/b", "/a/...;p=1/b" },
    { MESH__PATH_BASE, "/a/..b/.c", "/a/..b/.c" },
    { MESH__PATH_BASE, "/a/..%3Bx", "/a/..%3Bx" },
    { MESH__PATH_BASE, "/..", "/" },
    { MESH__PATH_BASE, "//..", "/" },
    { MESH__PATH_BASE, "//a/../b", "//b" },
    { MESH__PATH_BASE, "/a b\x7f\xc3\xa9`", "/a%20b%7F%C3%A9%60" },
    { MESH__PATH_BASE, "/%", "/%" },
    { MESH__PATH_BASE, "/%4", "/%4" },
    { MESH__PATH_BASE, "/100%/a", "/100%/a" },
    { MESH__PATH_BASE, "/%zz", "/%zz" },
    /* what decoding would push together stays apart */
    { MESH__PATH_BASE, "/%%30%30", "/%2500" },
    { MESH__PATH_BASE, "/%2%46", "/%252F" },
    { MESH__PATH_BASE, "/%%32F", "/%252F" },
    { MESH__PATH_DECODE_AND_MERGE_SLASHES, "/%252Fadmin", "/%252Fadmin" },
    { MESH__PATH_DECODE_AND_MERGE_SLASHES, "/%%32Fadmin", "/%252Fadmin" },
    { MESH__PATH_BASE, "/a?%00", "/a?%00" },
};

static void one(enum mesh_path_mode mode, const char *raw, const char *expect)
{
    struct mesh_slice text = mesh__slice_of(raw);
    struct mesh_slice again = { 0 };
    struct mesh_slice out = { 0 };
    struct mesh_arena arena;

    mesh__arena_init(&arena, CEILING);
    if (mesh__path_normalize(mode, text, &arena, &out) !=
            (expect ? MESH__PATH_OK : MESH__PATH_BAD) ||
        (expect && !mesh__slice_is(out, expect)))
        fail_msg("mode %d, %s: expected %s, got %.*s", (int)mode, raw,
                 expect ? expect : "a refusal", (int)out.len, out.at);
    if (expect) {
        assert_int_equal(mesh__path_normalize(mode, out, &arena, &again),
                         MESH__PATH_OK);
        assert_ptr_equal(again.at, out.at); /* unchanged: not even copied */
        assert_int_equal(again.len, out.len);
    } else {
        assert_int_equal(out.len, 0);
    }
    mesh__arena_fini(&arena);
}

static void folds_as_sidecars_were_seen_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
        for (size_t m = 0; m < MODES; m++)
            one(modes[m], seen[i].raw, seen[i].expect[m]);
}

static void folds_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        one(told[i].mode, told[i].raw, told[i].expect);
}

static void refuses_what_is_no_path(void **state)
{
    static const char *const raws[] = { "",          "*",  "a",
                                        "?x=/exact", "#/", "http://a/" };
    struct mesh_slice out;
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, CEILING);
    for (size_t m = 0; m < MODES; m++) {
        for (size_t i = 0; i < sizeof(raws) / sizeof(raws[0]); i++)
            assert_int_equal(mesh__path_normalize(modes[m],
                                                  mesh__slice_of(raws[i]),
                                                  &arena, &out),
                             MESH__PATH_NOT_FOUND);
        assert_int_equal(mesh__path_normalize(modes[m], mesh__slice("/a\0b", 4),
                                              &arena, &out),
                         MESH__PATH_BAD);
    }
    mesh__arena_fini(&arena);
}

static void leaves_what_is_canonical_where_it_is(void **state)
{
    struct mesh_slice raw = MESH__SLICE("/api/v1/charge?x=../%41#frag");
    struct mesh_slice out;
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 0); /* nothing to be had */
    for (size_t m = 0; m < MODES; m++) {
        assert_int_equal(mesh__path_normalize(modes[m], raw, &arena, &out),
                         MESH__PATH_OK);
        assert_ptr_equal(out.at, raw.at);
        assert_true(mesh__slice_is(out, "/api/v1/charge?x=../%41"));
    }
    assert_int_equal(mesh__path_normalize(MESH__PATH_BASE, MESH__SLICE("/%41"),
                                          &arena, &out),
                     MESH__PATH_NOMEM);
    mesh__arena_fini(&arena);
}

static void survives_losing_any_allocation(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_arena arena;
        struct mesh_slice out;
        enum mesh_path_verdict verdict;

        mesh__arena_init(&arena, CEILING);
        fake_alloc_fail_at(n);
        verdict =
            mesh__path_normalize(MESH__PATH_DECODE_AND_MERGE_SLASHES,
                                 MESH__SLICE("/a%2F..%2fb"), &arena, &out);
        mesh__arena_fini(&arena);
        if (!fake_alloc_tripped()) {
            assert_int_equal(verdict, MESH__PATH_OK);
            break;
        }
        assert_int_equal(verdict, MESH__PATH_NOMEM);
        assert_int_equal(out.len, 0);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
}

static void splits_path_and_query(void **state)
{
    struct mesh_slice target = MESH__SLICE("/a?b=c?d");

    (void)state;
    assert_true(mesh__slice_is(mesh__path_without_query(target), "/a"));
    assert_true(mesh__slice_is(mesh__path_query(target), "b=c?d"));
    assert_int_equal(mesh__path_query(MESH__SLICE("/a")).len, 0);
    assert_int_equal(mesh__path_query(MESH__SLICE("/a?")).len, 0);
}

/* As seen of sidecars: the first of the name, nothing decoded. */
static void finds_query_parameters(void **state)
{
    static const struct {
        const char *query;
        const char *name;
        const char *value; /* NULL: absent */
    } rows[] = {
        { "e=one", "e", "one" },
        { "E=one", "e", NULL },
        { "e=two&e=one", "e", "two" },
        { "e=%6Fne", "e", "%6Fne" },
        { "%65=one", "e", NULL },
        { "s=a+b", "s", "a+b" },
        { "here", "here", "" },
        { "here=", "here", "" },
        { "x=1;e=one", "e", NULL },
        { "x=1;e=one", "x", "1;e=one" },
        { "", "e", NULL },
        { "&&e=1", "e", "1" },
        { "a=b=c", "a", "b=c" },
        { "=x", "", "x" },
        { "ee=1&e", "e", "" },
        { "&", "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_slice value = { 0 };
        bool found = mesh__query_get(mesh__slice_of(rows[i].query),
                                     mesh__slice_of(rows[i].name), &value);

        if (found != (rows[i].value != NULL) ||
            (found && !mesh__slice_is(value, rows[i].value)))
            fail_msg("%s in %s", rows[i].name, rows[i].query);
    }
}

static void matches_templates(void **state)
{
    static const struct {
        const char *pattern;
        const char *path;
        bool fits;
    } rows[] = {
        { "/t/{*}/end", "/t/a/end", true },
        { "/t/{*}/end", "/t/a/b/end", false },
        { "/t/{*}/end", "/t//end", false },
        { "/t/{*}/end", "/t/a/end/", false },
        { "/u/{**}", "/u/a/b/c", true },
        { "/u/{**}", "/u/", true },
        { "/u/{**}", "/u", false },
        { "/{**}/path/template", "/a/b/path/template", true },
        { "/{**}/path/template", "//path/template", true },
        { "/{**}/path/template", "/path/template", false },
        { "/{**}/end", "/a/end/b", false },
        { "/a/{*}", "/a/b", true },
        { "/a/{*}", "/a/", false },
        { "/a/{*}", "/a/b%20c", true },
        { "/a/{*}", "/a/b\"", false },
        { "/a/{**}", "/a/b\"", false },
        { "/{*}/{*}", "/a/b", true },
        { "/{*}/{*}", "/a", false },
        { "/plain", "/plain", true },
        { "/plain", "/plain2", false },
        { "/plain", "/plai", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (mesh__path_template_match(mesh__slice_of(rows[i].pattern),
                                      mesh__slice_of(rows[i].path)) !=
            rows[i].fits)
            fail_msg("%s and %s", rows[i].pattern, rows[i].path);
    assert_true(mesh__path_is_template(MESH__SLICE("/a/{*}")));
    assert_true(mesh__path_is_template(MESH__SLICE("/a/{**}/b")));
    assert_false(mesh__path_is_template(MESH__SLICE("/a/*")));
    assert_false(mesh__path_is_template(MESH__SLICE("/a/{b}")));
    assert_false(mesh__path_is_template(MESH__SLICE("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_as_sidecars_were_seen_to),
        cmocka_unit_test(folds_as_told),
        cmocka_unit_test(refuses_what_is_no_path),
        cmocka_unit_test(leaves_what_is_canonical_where_it_is),
        cmocka_unit_test(survives_losing_any_allocation),
        cmocka_unit_test(splits_path_and_query),
        cmocka_unit_test(finds_query_parameters),
        cmocka_unit_test(matches_templates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
