/*
 * test_module.c - libcurl's module as it is built: what it refuses without
 * calling anybody. What it does when it calls is in tests/interop.
 */
#include "base/error.h"
#include "fetch/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int open_module(void **state)
{
    struct mesh_fetch *fetch;

    if (mesh__fetch_open(getenv("MESH_MODULES"), &fetch) < 0) {
        print_error("%s\n", mesh__error_line());
        return -1;
    }
    *state = fetch;
    return 0;
}

static int close_module(void **state)
{
    mesh__fetch_close(*state);
    return 0;
}

static void refuses_before_it_calls(void **state)
{
    static const struct {
        const char *claim;
        struct mesh_fetch_request request;
        int expect;
    } rows[] = {
        { "a method of its own",
          { .method = "PUT", .url = "http://127.0.0.1", .timeout_ms = 1000 },
          MESH_ERR_INVALID },
        { "no timeout",
          { .method = "GET", .url = "http://127.0.0.1" },
          MESH_ERR_INVALID },
        { "files",
          { .method = "GET", .url = "file:///etc/passwd", .timeout_ms = 1000 },
          MESH_ERR_INVALID },
        { "other protocols",
          { .method = "GET", .url = "ftp://127.0.0.1", .timeout_ms = 1000 },
          MESH_ERR_INVALID },
        { "no protocol that there is",
          { .method = "GET", .url = "what://127.0.0.1", .timeout_ms = 1000 },
          MESH_ERR_INVALID },
        { "no URL at all",
          { .method = "GET", .url = "http://[", .timeout_ms = 1000 },
          MESH_ERR_INVALID },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_fetch_response response;
        int rc = mesh__fetch_perform(*state, &rows[i].request, &response);

        if (rc != rows[i].expect)
            fail_msg("%s: %d %s", rows[i].claim, rc, mesh__error_line());
        assert_null(response.body);
        assert_int_equal(response.status, 0);
        assert_true(mesh__error_line()[0] != '\0');
    }
}

static void goes_on_after_a_fork_was_told(void **state)
{
    const struct mesh_fetch_request request = { .method = "GET",
                                                .url = "file:///",
                                                .timeout_ms = 1000 };
    struct mesh_fetch_response response;

    assert_int_equal(mesh__fetch_forked(*state), 0);
    assert_int_equal(mesh__fetch_perform(*state, &request, &response),
                     MESH_ERR_INVALID);
}

static void two_sessions_share_the_module(void **state)
{
    struct mesh_fetch *second;

    (void)state;
    assert_int_equal(mesh__fetch_open(getenv("MESH_MODULES"), &second), 0);
    mesh__fetch_close(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_before_it_calls),
        cmocka_unit_test(two_sessions_share_the_module),
        cmocka_unit_test(goes_on_after_a_fork_was_told),
    };

    return cmocka_run_group_tests_name("fetch/module", tests, open_module,
                                       close_module);
}
