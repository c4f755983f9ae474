/*
 * test_fetch.c - the module is opened, refused with a reason, and survived.
 */
#include "torture.h"

#include "base/alloc.h"
#include "base/error.h"
#include "fetch/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- a module at hand ----------------------------------------------------- */

static int last_forked;

static int open_at_hand(const struct mesh_fetch_host *host, void **session)
{
    *session = host->alloc(1);
    return *session ? 0 : MESH_ERR_NOMEM;
}

static int perform_at_hand(void *session,
                           const struct mesh_fetch_request *request,
                           struct mesh_fetch_response *response)
{
    (void)session;
    if (strcmp(request->url, "http://fails") != 0) {
        response->status = 204;
        return 0;
    }
    response->status = 200;
    response->body = mesh__strdup("half a bo");
    response->body_bytes = 9;
    (void)snprintf(response->reason, sizeof(response->reason), "cut");
    return MESH_ERR_RESET;
}

static void close_at_hand(void *session)
{
    mesh__free(session);
}

static int forked_at_hand(void *session)
{
    (void)session;
    return last_forked;
}

static struct mesh_fetch_module at_hand(void)
{
    return (struct mesh_fetch_module){ .abi = MESH__FETCH_ABI,
                                       .version = "at hand",
                                       .open = open_at_hand,
                                       .perform = perform_at_hand,
                                       .close = close_at_hand,
                                       .forked = forked_at_hand };
}

static void an_adopted_module_is_called(void **state)
{
    const struct mesh_fetch_module module = at_hand();
    struct mesh_fetch_request request = { .method = "GET", .url = "http://a" };
    struct mesh_fetch_response response;
    struct mesh_fetch *fetch;

    (void)state;
    assert_int_equal(mesh__fetch_adopt(&module, &fetch), 0);
    assert_int_equal(mesh__fetch_perform(fetch, &request, &response), 0);
    assert_int_equal(response.status, 204);
    assert_null(response.body);
    last_forked = 0;
    assert_int_equal(mesh__fetch_forked(fetch), 0);
    last_forked = MESH_ERR_NOMEM;
    assert_int_equal(mesh__fetch_forked(fetch), MESH_ERR_NOMEM);
    mesh__fetch_close(fetch);
    mesh__fetch_close(NULL);
    assert_int_equal(mesh__fetch_forked(NULL), 0);
}

static void a_failure_leaves_nothing_but_its_reason(void **state)
{
    const struct mesh_fetch_module module = at_hand();
    struct mesh_fetch_request request = { .method = "GET",
                                          .url = "http://fails" };
    struct mesh_fetch_response response;
    struct mesh_fetch *fetch;

    (void)state;
    assert_int_equal(mesh__fetch_adopt(&module, &fetch), 0);
    assert_int_equal(mesh__fetch_perform(fetch, &request, &response),
                     MESH_ERR_RESET);
    assert_string_equal(mesh__error_line(), "cut");
    assert_null(response.body);
    assert_int_equal(response.body_bytes, 0);
    assert_int_equal(response.status, 0);
    mesh__fetch_close(fetch);
}

static void a_module_that_does_not_fit_is_refused(void **state)
{
    struct mesh_fetch_module module = at_hand();
    struct mesh_fetch *fetch = (struct mesh_fetch *)&module;

    (void)state;
    module.abi++;
    assert_int_equal(mesh__fetch_adopt(&module, &fetch), MESH_ERR_MODULE);
    assert_null(fetch);
    assert_int_equal(mesh__fetch_adopt(NULL, &fetch), MESH_ERR_MODULE);
}

static void no_allocation_is_vital_at_hand(void **state)
{
    const struct mesh_fetch_module module = at_hand();
    struct mesh_fetch *fetch;

    (void)state;
    for (size_t n = 0;; n++) {
        int rc;

        fake_alloc_fail_at(n);
        rc = mesh__fetch_adopt(&module, &fetch);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(fetch);
        assert_int_equal(fake_alloc_live(), 0);
    }
    mesh__fetch_close(fetch);
}

/* --- a module in a file --------------------------------------------------- */

#ifndef MESH_STATIC_FETCH

static const char *folder(const char *name)
{
    static char path[4096];
    const char *top = getenv("top_builddir");

    assert_true((size_t)snprintf(path, sizeof(path),
                                 "%s/tests/unit/fetch/%s/.libs",
                                 top ? top : ".", name) < sizeof(path));
    return path;
}

static void a_module_is_opened_and_called(void **state)
{
    struct mesh_fetch_request request = { .method = "GET", .url = "http://a" };
    struct mesh_fetch_response response;
    struct mesh_fetch *fetch;

    (void)state;
    for (int round = 0; round < 2; round++) {
        if (mesh__fetch_open(folder("standin"), &fetch) < 0)
            fail_msg("%s", mesh__error_line());
        for (int call = 0; call < 2; call++) {
            request.method = "GET";
            assert_int_equal(mesh__fetch_perform(fetch, &request, &response),
                             0);
            assert_int_equal(response.status, 200 + call);
            assert_string_equal(response.body, "http://a");
            mesh__free(response.body);
        }
        request.method = "PUT";
        assert_int_equal(mesh__fetch_perform(fetch, &request, &response),
                         MESH_ERR_INVALID);
        assert_string_equal(mesh__error_line(), "GET is wanted, not PUT");
        mesh__fetch_close(fetch);
    }
}

static void a_missing_module_is_named(void **state)
{
    struct mesh_fetch *fetch;

    (void)state;
    assert_int_equal(mesh__fetch_open("/nowhere", &fetch), MESH_ERR_MODULE);
    assert_null(fetch);
    assert_non_null(strstr(mesh__error_line(), "/nowhere/libmesh-fetch.so"));
}

static void a_library_without_the_entry_is_refused(void **state)
{
    struct mesh_fetch *fetch;

    (void)state;
    assert_int_equal(mesh__fetch_open(folder("unfit"), &fetch),
                     MESH_ERR_MODULE);
    assert_null(fetch);
    if (!strstr(mesh__error_line(), "has no mesh_fetch_module_1"))
        fail_msg("%s", mesh__error_line());
}

static void a_path_that_does_not_fit_is_refused(void **state)
{
    static char longer[8192];
    struct mesh_fetch *fetch;

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    assert_int_equal(mesh__fetch_open(longer, &fetch), MESH_ERR_MODULE);
    assert_null(fetch);
}

/* The loader's own want of memory is a module that could not be opened. */
static void no_allocation_is_vital_to_opening(void **state)
{
    struct mesh_fetch *fetch;

    (void)state;
    assert_int_equal(mesh__fetch_open(folder("standin"), &fetch), 0);
    mesh__fetch_close(fetch);
    for (size_t n = 0;; n++) {
        const char *directory = folder("standin");
        int rc;

        fake_alloc_fail_at(n);
        rc = mesh__fetch_open(directory, &fetch);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_true(rc == MESH_ERR_NOMEM || rc == MESH_ERR_MODULE);
        assert_null(fetch);
        fake_alloc_off();
    }
    mesh__fetch_close(fetch);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adopted_module_is_called),
        cmocka_unit_test(a_failure_leaves_nothing_but_its_reason),
        cmocka_unit_test(a_module_that_does_not_fit_is_refused),
        cmocka_unit_test(no_allocation_is_vital_at_hand),
#ifndef MESH_STATIC_FETCH
        cmocka_unit_test(a_module_is_opened_and_called),
        cmocka_unit_test(a_missing_module_is_named),
        cmocka_unit_test(a_library_without_the_entry_is_refused),
        cmocka_unit_test(a_path_that_does_not_fit_is_refused),
        cmocka_unit_test(no_allocation_is_vital_to_opening),
#endif
    };

    return cmocka_run_group_tests_name("fetch/fetch", tests, NULL, NULL);
}
