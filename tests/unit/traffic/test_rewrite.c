/*
 * test_rewrite.c - paths and locations, as Envoy writes them (seen: Envoy 1.40,
 * recorded in tests/differential/cases/rewrite and redirect).
 */
#include "traffic/rewrite.h"

#include "torture.h"
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct words words;

static int set_up(void **state)
{
    (void)state;
    words_init(&words);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    words_fini(&words);
    return 0;
}

static const struct {
    const char *claim;
    enum mesh_rewrite_kind kind;
    size_t cut;
    const char *to;
    const char *path;
    const char *want;
} paths[] = {
    { "none", MESH__REWRITE_NONE, 0, "", "/a?b", "/a?b" },
    { "a prefix, the query stays", MESH__REWRITE_PREFIX, 5, "/new/",
      "/old/a?x=1", "/new/a?x=1" },
    { "a prefix without its slash leaves two", MESH__REWRITE_PREFIX, 6, "/",
      "/strip/a", "//a" },
    { "all that a prefix took", MESH__REWRITE_PREFIX, 6, "/", "/strip", "/" },
    { "no border of segments", MESH__REWRITE_PREFIX, 6, "/", "/stripped",
      "/ped" },
    { "the first slash", MESH__REWRITE_PREFIX, 1, "/any", "/a/b", "/anya/b" },
    { "the whole, but for the query", MESH__REWRITE_WHOLE, 1, "/is/new",
      "/exact?x=1", "/is/new?x=1" },
    { "the whole of a path without one", MESH__REWRITE_WHOLE, 1, "/is/new",
      "/exact", "/is/new" },
};

static void paths_are_rewritten(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct mesh_rewrite rewrite = {
            .kind = paths[i].kind,
            .cut = paths[i].cut,
            .to = mesh__slice_of(paths[i].to),
        };
        struct mesh_slice out;
        enum mesh_replace_result result = mesh__rewrite_path(
            &rewrite, mesh__slice_of(paths[i].path), &words.arena, &out);

        assert_int_equal(result, paths[i].kind == MESH__REWRITE_NONE
                                     ? MESH__REPLACE_NONE
                                     : MESH__REPLACE_DONE);
        if (!mesh__slice_is(out, paths[i].want))
            fail_msg("%s: %.*s", paths[i].claim, (int)out.len, out.at);
    }
}

static void a_regex_does_not_see_the_query(void **state)
{
    struct mesh_replace *replace;
    struct mesh_rewrite rewrite = { .kind = MESH__REWRITE_REGEX };
    struct mesh_slice out;

    (void)state;
    assert_int_equal(
        mesh__replace_new(MESH__SLICE("a"), MESH__SLICE("bb"), &replace), 0);
    rewrite.replace = replace;
    assert_int_equal(mesh__rewrite_path(&rewrite, MESH__SLICE("/many/a?a=a"),
                                        &words.arena, &out),
                     MESH__REPLACE_DONE);
    assert_true(mesh__slice_is(out, "/mbbny/bb?a=a"));
    assert_int_equal(
        mesh__rewrite_path(&rewrite, MESH__SLICE("/x?a"), &words.arena, &out),
        MESH__REPLACE_NONE);
    assert_true(mesh__slice_is(out, "/x?a"));
    mesh__replace_free(replace);
}

static const struct {
    const char *claim;
    const char *request;
    const char *scheme;
    const char *authority;
    uint16_t port;
    const char *path;
    const char *want;
} places[] = {
    { "a path keeps the query", "GET web /uri?keep=1", "", "", 0, "/new",
      "http://web/new?keep=1" },
    { "but for its own", "GET web /q?theirs=2", "", "", 0, "/new?mine=1",
      "http://web/new?mine=1" },
    { "another host", "GET web:80 /auth/x", "", "new.example", 0, "",
      "http://new.example/auth/x" },
    { "another scheme", "GET web /scheme", "https", "", 0, "",
      "https://web/scheme" },
    { "the old scheme's port goes", "GET web:80 /scheme", "https", "", 0, "",
      "https://web/scheme" },
    { "a port of its own stays", "GET web:81 /scheme", "https", "", 0, "",
      "https://web:81/scheme" },
    { "another port", "GET web /port", "", "", 8443, "",
      "http://web:8443/port" },
    { "instead of the old one", "GET web:80 /port", "", "", 8443, "",
      "http://web:8443/port" },
    { "the host's own port stays", "GET web:80 /derive", "", "", 0, "",
      "http://web:80/derive" },
    { "an address in brackets", "GET [::1]:80 /x", "https", "", 0, "",
      "https://[::1]/x" },
    { "without a port", "GET [::1] /x", "https", "", 444, "",
      "https://[::1]:444/x" },
    { "the scheme is as x-forwarded-proto has it",
      "GET web:443 /xfp|x-forwarded-proto: https", "", "", 0, "/x",
      "https://web:443/x" },
    { "and its port goes with it", "GET web:443 /|x-forwarded-proto: https",
      "http", "", 0, "", "http://web/" },
    { "capitals are another text than the scheme",
      "GET web:443 /|x-forwarded-proto: HTTPS", "https", "", 0, "",
      "https://web/" },
    { "nonsense there is no scheme", "GET web:80 /|x-forwarded-proto: gopher",
      "", "", 0, "/x", "http://web:80/x" },
    { "a path without a slash gets one", "GET web /abs?x", "", "", 0, "there",
      "http://web/there?x" },
};

static void redirects_lead_somewhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct mesh_head *head = words_request(&words, places[i].request);
        const struct mesh_redirect redirect = {
            .scheme = mesh__slice_of(places[i].scheme),
            .authority = mesh__slice_of(places[i].authority),
            .port = places[i].port,
            .path = mesh__slice_of(places[i].path),
        };
        struct mesh_slice out;

        assert_true(mesh__redirect_uri(&redirect, head, head->path,
                                       &words.arena, &out));
        if (!mesh__slice_is(out, places[i].want))
            fail_msg("%s: %.*s", places[i].claim, (int)out.len, out.at);
    }
}

static void an_answer_without_a_place_names_its_own(void **state)
{
    const struct mesh_head *head = words_request(&words, "GET web /d201?a=b");
    struct mesh_slice out;

    (void)state;
    assert_true(mesh__redirect_uri(NULL, head, head->path, &words.arena, &out));
    assert_true(mesh__slice_is(out, "http://web/d201?a=b"));
}

static void memory_that_is_out_is_told(void **state)
{
    const struct mesh_rewrite rewrite = { .kind = MESH__REWRITE_WHOLE,
                                          .to = MESH__SLICE("/x") };
    const struct mesh_head *head = words_request(&words, "GET web /a");
    struct mesh_arena arena;
    struct mesh_slice out;

    (void)state;
    mesh__arena_init(&arena, 4096);
    fake_alloc_fail_at(0);
    assert_int_equal(mesh__rewrite_path(&rewrite, head->path, &arena, &out),
                     MESH__REPLACE_NOMEM);
    assert_true(fake_alloc_tripped());
    fake_alloc_fail_at(0);
    assert_false(mesh__redirect_uri(NULL, head, head->path, &arena, &out));
    assert_true(fake_alloc_tripped());
    fake_alloc_off();
    mesh__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths_are_rewritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_regex_does_not_see_the_query, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(redirects_lead_somewhere, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_answer_without_a_place_names_its_own,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_is_out_is_told, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
