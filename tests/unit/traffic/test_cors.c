/*
 * test_cors.c - which origins, and what is said to them (seen: Envoy 1.40,
 * recorded in tests/differential/cases/cors).
 */
#include "traffic/cors.h"

#include "traffic/fault.h"
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

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
    const char *origin; /* of the policy */
    bool ignore;
    const char *request;
    const char *want; /* 'a' allowed, 'p' answered here, '-' neither */
} rows[] = {
    { "no origin, no CORS", "present", false, "GET web /", "-" },
    { "an empty one is none", "present", false, "GET web /|origin: ", "-" },
    { "the origin", "exact:https://a", false, "GET web /|origin: https://a",
      "a" },
    { "another", "exact:https://a", false, "GET web /|origin: https://b", "-" },
    { "its letters count", "exact:https://a", false,
      "GET web /|origin: https://A", "-" },
    { "a prefix", "prefix:https://a", false, "GET web /|origin: https://ab",
      "a" },
    { "a regex fits the whole", "regex:https://r[0-9]+", false,
      "GET web /|origin: https://r12.b", "-" },
    { "a star is anybody", "exact:*", false, "GET web /|origin: null", "a" },
    { "only an exact one", "prefix:*", false, "GET web /|origin: a", "-" },
    { "a preflight", "exact:a", false,
      "OPTIONS web /|origin: a|access-control-request-method: GET", "ap" },
    { "another method is none", "exact:a", false,
      "GET web /|origin: a|access-control-request-method: GET", "a" },
    { "nor without the method asked for", "exact:a", false,
      "OPTIONS web /|origin: a", "a" },
    { "nor with an empty one", "exact:a", false,
      "OPTIONS web /|origin: a|access-control-request-method: ", "a" },
    { "of another origin it goes on", "exact:a", false,
      "OPTIONS web /|origin: b|access-control-request-method: GET", "-" },
    { "unless it is to be kept", "exact:a", true,
      "OPTIONS web /|origin: b|access-control-request-method: GET", "p" },
    { "what is no preflight goes on all the same", "exact:a", true,
      "OPTIONS web /|origin: b", "-" },
    { "a regex that gives up allows nobody", "regex:(a+)+b?c?", false,
      "GET web /|origin: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad", "-" },
};

static void origins_are_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_match origin = words_match(&words, rows[i].origin);
        const struct mesh_cors cors = { .origins = &origin,
                                        .origin_count = 1,
                                        .keeps_unmatched = rows[i].ignore };
        struct mesh_cors_verdict verdict;
        const char *found;

        mesh__cors_check(&cors, words_request(&words, rows[i].request),
                         &verdict);
        found = verdict.allowed    ? verdict.answered ? "ap" : "a"
                : verdict.answered ? "p"
                                   : "-";
        if (strcmp(found, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].claim, found);
    }
}

static void print_head(const struct mesh_head *head, char *out, size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    for (size_t i = 0; i < head->count; i++)
        mesh__text_format(
            &text, "%s%.*s: %.*s", i ? "|" : "",
            (int)(head->headers[i].name.len - strlen("access-control-")),
            head->headers[i].name.at + strlen("access-control-"),
            (int)head->headers[i].value.len, head->headers[i].value.at);
}

static void answers_say_what_the_policy_says(void **state)
{
    struct mesh_match origin = words_match(&words, "exact:a");
    struct mesh_cors cors = { .origins = &origin,
                              .origin_count = 1,
                              .methods = MESH__SLICE("GET,POST"),
                              .headers = MESH__SLICE("x-one"),
                              .expose = MESH__SLICE("x-exp"),
                              .max_age = MESH__SLICE("86400"),
                              .credentials = true };
    const struct mesh_head *request = words_request(
        &words, "OPTIONS web /|origin: a|access-control-request-method: PUT");
    struct mesh_cors_verdict verdict;
    struct mesh_head head;
    char found[256];

    (void)state;
    mesh__cors_check(&cors, request, &verdict);
    assert_int_equal(mesh__head_init(&head, &words.arena, 4), 0);
    assert_int_equal(
        mesh__cors_answer(&cors, &verdict, request, &words.arena, &head), 0);
    print_head(&head, found, sizeof(found));
    assert_string_equal(found, "allow-origin: a|allow-credentials: true|"
                               "allow-methods: GET,POST|allow-headers: x-one|"
                               "max-age: 86400|expose-headers: x-exp");
    /* Of an origin that is kept without being allowed. */
    verdict.allowed = false;
    cors.credentials = false;
    cors.max_age = cors.expose = cors.headers = (struct mesh_slice){ "", 0 };
    assert_int_equal(mesh__head_init(&head, &words.arena, 4), 0);
    assert_int_equal(
        mesh__cors_answer(&cors, &verdict, request, &words.arena, &head), 0);
    print_head(&head, found, sizeof(found));
    assert_string_equal(found, "allow-methods: GET,POST");
}

static void a_star_echoes(void **state)
{
    struct mesh_match origin = words_match(&words, "exact:*");
    const struct mesh_cors cors = { .origins = &origin,
                                    .origin_count = 1,
                                    .methods = MESH__SLICE("*"),
                                    .headers = MESH__SLICE("*"),
                                    .expose = MESH__SLICE("*") };
    static const char *const requests[] = {
        "OPTIONS web /|origin: a|access-control-request-method: PUT|"
        "access-control-request-headers: x-h",
        "OPTIONS web /|origin: a|access-control-request-method: PUT",
    };
    static const char *const want[] = {
        "allow-origin: a|allow-methods: PUT|allow-headers: x-h|"
        "expose-headers: *",
        "allow-origin: a|allow-methods: PUT|allow-headers: |"
        "expose-headers: *", /* Envoy says the empty one, too */
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct mesh_head *request = words_request(&words, requests[i]);
        struct mesh_cors_verdict verdict;
        struct mesh_head head;
        char found[256];

        mesh__cors_check(&cors, request, &verdict);
        assert_int_equal(mesh__head_init(&head, &words.arena, 4), 0);
        assert_int_equal(
            mesh__cors_answer(&cors, &verdict, request, &words.arena, &head),
            0);
        print_head(&head, found, sizeof(found));
        assert_string_equal(found, want[i]);
    }
}

static void other_answers_are_marked(void **state)
{
    struct mesh_match origin = words_match(&words, "exact:a");
    const struct mesh_cors cors = { .origins = &origin,
                                    .origin_count = 1,
                                    .methods = MESH__SLICE("GET"),
                                    .expose = MESH__SLICE("x-exp") };
    struct mesh_cors_verdict verdict;
    struct mesh_head head;
    char found[256];

    (void)state;
    mesh__cors_check(&cors, words_request(&words, "GET web /|origin: a"),
                     &verdict);
    assert_int_equal(
        mesh__head_overlay(
            &head, words_response(&words, "200|access-control-allow-origin: *"),
            &words.arena),
        0);
    assert_int_equal(mesh__cors_mark(&cors, &verdict, &words.arena, &head), 0);
    print_head(&head, found, sizeof(found));
    assert_string_equal(found, "allow-origin: a|expose-headers: x-exp");
}

static void shares_are_drawn(void **state)
{
    (void)state;
    assert_false(mesh__share_drawn(0, 0));
    assert_true(mesh__share_drawn(1, 0));
    assert_false(mesh__share_drawn(1, 1));
    assert_true(mesh__share_drawn(500000, 499999));
    assert_false(mesh__share_drawn(500000, 500000));
    assert_true(mesh__share_drawn(MESH__SHARE_ALL, UINT64_MAX));
    assert_true(mesh__share_drawn(MESH__SHARE_ALL, 999999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(origins_are_compared, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(answers_say_what_the_policy_says,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_star_echoes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_answers_are_marked, set_up,
                                        tear_down),
        cmocka_unit_test(shares_are_drawn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
