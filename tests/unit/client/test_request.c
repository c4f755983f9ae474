/*
 * test_request.c - what a caller may ask for, and what stays as it was.
 */
#include "client/request.h"

#include "base/error.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct mesh_slice get = { "GET", 3 };

static int make(const char *url, struct mesh_client_request **out)
{
    return mesh__request_new(get, mesh__slice_of(url), out);
}

static const struct {
    const char *claim;
    const char *url;
    int rc;
    uint16_t port;
    const char *authority;
    const char *path;
} urls[] = {
    { "a host alone", "http://web", 0, 80, "web", "/" },
    { "a port", "http://web:8080/x", 0, 8080, "web:8080", "/x" },
    { "a query", "http://web/x?a=b", 0, 80, "web", "/x?a=b" },
    { "brackets", "http://[::1]:81/", 0, 81, "[::1]:81", "/" },
    { "no scheme", "web/x", MESH_ERR_INVALID, 0, "", "" },
    { "https has a port of its own", "https://web/", 0, 443, "web", "/" },
    { "or what is said", "https://web:80/", 0, 80, "web:80", "/" },
    { "another scheme", "ftp://web/", MESH_ERR_INVALID, 0, "", "" },
    { "a scheme in another case", "HTTP://web/", MESH_ERR_INVALID, 0, "", "" },
    { "no host", "http:///x", MESH_ERR_INVALID, 0, "", "" },
    { "a query without a path", "http://web?a", MESH_ERR_INVALID, 0, "", "" },
    { "a port that is none", "http://web:0x1/", MESH_ERR_INVALID, 0, "", "" },
    { "a port beyond the last", "http://web:65536/", MESH_ERR_INVALID, 0, "",
      "" },
    { "a blank in the path", "http://web/a b", MESH_ERR_INVALID, 0, "", "" },
    { "a line end in the path", "http://web/a\r\nx: y", MESH_ERR_INVALID, 0, "",
      "" },
    { "a line end in the host", "http://web\r\n/", MESH_ERR_INVALID, 0, "",
      "" },
};

static void urls_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct mesh_client_request *request;
        int rc = make(urls[i].url, &request);

        if (rc != urls[i].rc)
            fail_msg("%s: %d", urls[i].claim, rc);
        if (rc < 0) {
            assert_null(request);
            assert_true(mesh__error_line()[0] != '\0');
            continue;
        }
        assert_int_equal(request->port, urls[i].port);
        assert_true(mesh__slice_is(request->head.authority, urls[i].authority));
        assert_true(mesh__slice_is(request->head.path, urls[i].path));
        mesh__request_unref(request);
    }
}

static const struct {
    const char *claim;
    const char *name;
    const char *value;
    int rc;
} lines[] = {
    { "a line", "X-A", " b ", 0 },
    { "an empty value", "x-a", "", 0 },
    { "a name with a blank", "x a", "b", MESH_ERR_INVALID },
    { "no name", "", "b", MESH_ERR_INVALID },
    { "a line end in a value", "x-a", "b\r\nx-c: d", MESH_ERR_INVALID },
    { "a length is ours", "Content-Length", "1", MESH_ERR_INVALID },
    { "so is the framing", "transfer-encoding", "chunked", MESH_ERR_INVALID },
    { "and the connection", "connection", "close", MESH_ERR_INVALID },
    { "a host that is none", "host", "a b", MESH_ERR_INVALID },
};

static void lines_that_cannot_be_sent_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct mesh_client_request *request;
        int rc;

        assert_int_equal(make("http://web/", &request), 0);
        rc = mesh__request_add(request, mesh__slice_of(lines[i].name),
                               mesh__slice_of(lines[i].value));
        if (rc != lines[i].rc)
            fail_msg("%s: %d", lines[i].claim, rc);
        assert_int_equal(request->head.count, rc == 0 ? 1 : 0);
        if (rc == 0)
            assert_true(mesh__slice_is(request->head.headers[0].name, "x-a"));
        mesh__request_unref(request);
    }
}

static void what_only_sidecars_say_is_dropped(void **state)
{
    static const char *const names[] = {
        "x-envoy-retry-on", "X-Envoy-Max-Retries",
        "x-envoy-upstream-rq-timeout-alt-response", "x-forwarded-client-cert"
    };
    struct mesh_client_request *request;

    (void)state;
    assert_int_equal(make("http://web/", &request), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(mesh__request_add(request, mesh__slice_of(names[i]),
                                           MESH__SLICE("1")),
                         0);
    assert_int_equal(request->head.count, 0);
    assert_int_equal(mesh__request_add(request,
                                       MESH__SLICE("x-envoy-original-path"),
                                       MESH__SLICE("/o")),
                     0);
    assert_int_equal(request->head.count, 1);
    mesh__request_unref(request);
}

static void repeated_lines_of_some_names_become_one(void **state)
{
    struct mesh_client_request *request;

    (void)state;
    assert_int_equal(make("http://web/", &request), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            mesh__request_add(request, MESH__SLICE("Via"),
                              i ? MESH__SLICE("b") : MESH__SLICE("a")),
            0);
        assert_int_equal(mesh__request_add(request, MESH__SLICE("cookie"),
                                           MESH__SLICE("a=b")),
                         0);
    }
    assert_int_equal(request->head.count, 3);
    assert_true(mesh__slice_is(request->head.headers[0].value, "a,b"));
    mesh__request_unref(request);
}

/* What a hop says of itself, unless its caller did. */
static void the_head_that_is_routed_has_the_hops_lines(void **state)
{
    struct mesh_client_request *request;
    struct mesh_arena arena;
    struct mesh_slice value;
    struct mesh_head head;

    (void)state;
    mesh__arena_init(&arena, 1 << 16);
    assert_int_equal(make("http://web/", &request), 0);
    assert_int_equal(
        mesh__request_head(request, MESH__SLICE("id"), &arena, &head), 0);
    assert_int_equal(request->head.count, 0);
    assert_int_equal(head.count, 2);
    assert_true(mesh__head_get(&head, MESH__H_X_FORWARDED_PROTO, &value));
    assert_true(mesh__slice_is(value, "http"));
    assert_true(mesh__head_get(&head, MESH__H_X_REQUEST_ID, &value));
    assert_true(mesh__slice_is(value, "id"));

    assert_int_equal(mesh__request_add(request, MESH__SLICE("x-request-id"),
                                       MESH__SLICE("mine")),
                     0);
    assert_int_equal(mesh__request_add(request,
                                       MESH__SLICE("x-forwarded-proto"),
                                       MESH__SLICE("https")),
                     0);
    assert_int_equal(
        mesh__request_head(request, MESH__SLICE("id"), &arena, &head), 0);
    assert_int_equal(head.count, 2);
    assert_true(mesh__slice_is(head.headers[0].value, "mine"));
    assert_true(mesh__slice_is(head.headers[1].value, "https"));

    assert_int_equal(mesh__request_body(request, "hello", 5), 0);
    assert_int_equal(
        mesh__request_head(request, MESH__SLICE("id"), &arena, &head), 0);
    assert_true(mesh__head_get(&head, MESH__H_CONTENT_LENGTH, &value));
    assert_true(mesh__slice_is(value, "5"));
    assert_false(
        mesh__head_get(&request->head, MESH__H_CONTENT_LENGTH, &value));
    mesh__request_unref(request);
    mesh__arena_fini(&arena);
}

static void a_host_line_is_the_authority(void **state)
{
    struct mesh_client_request *request;

    (void)state;
    assert_int_equal(make("http://web:81/", &request), 0);
    assert_int_equal(mesh__request_add(request, MESH__SLICE("Host"),
                                       MESH__SLICE("other:82")),
                     0);
    assert_true(mesh__slice_is(request->head.authority, "other:82"));
    assert_int_equal(request->head.count, 0);
    assert_int_equal(request->port, 81);
    mesh__request_unref(request);
}

/* A call holds what it was made of; the caller goes on with a copy. */
static void who_holds_it_sees_no_change(void **state)
{
    struct mesh_client_request *request;
    struct mesh_client_request *held;

    (void)state;
    assert_int_equal(make("http://web/", &request), 0);
    assert_int_equal(mesh__request_body(request, "abc", 3), 0);
    held = mesh__request_ref(request);
    assert_int_equal(mesh__request_own(&request), 0);
    assert_ptr_not_equal(request, held);
    assert_int_equal(mesh__request_body(request, "longer", 6), 0);
    assert_int_equal(
        mesh__request_add(request, MESH__SLICE("x-a"), MESH__SLICE("b")), 0);
    assert_int_equal(held->body_bytes, 3);
    assert_memory_equal(held->body, "abc", 3);
    assert_int_equal(held->head.count, 0);
    held->idempotent = 1;
    assert_int_equal(request->idempotent, -1);
    mesh__request_unref(held);
    held = request;
    assert_int_equal(mesh__request_own(&request), 0);
    assert_ptr_equal(request, held);
    mesh__request_unref(request);
}

static int build(void)
{
    static const struct mesh_trace trace = { .trace_id = { 1 } };
    struct mesh_client_request *request;
    struct mesh_client_request *held;
    int rc = make("http://web/x", &request);

    if (rc < 0)
        return rc;
    rc = mesh__request_add(request, MESH__SLICE("x-a"), MESH__SLICE("b"));
    if (rc == 0)
        rc = mesh__request_body(request, "abc", 3);
    if (rc == 0)
        rc = mesh__request_parent(request, &trace, MESH__SLICE("line"),
                                  MESH__SLICE("a=b"), MESH__SLICE("id"));
    held = mesh__request_ref(request);
    if (rc == 0)
        rc = mesh__request_own(&request);
    mesh__request_unref(held);
    mesh__request_unref(request);
    return rc;
}

static void survives_losing_any_allocation(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        int rc;

        fake_alloc_fail_at(n);
        rc = build();
        assert_int_equal(fake_alloc_live(), 0);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
    }
    fake_alloc_off();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read_strictly),
        cmocka_unit_test(lines_that_cannot_be_sent_are_refused),
        cmocka_unit_test(what_only_sidecars_say_is_dropped),
        cmocka_unit_test(repeated_lines_of_some_names_become_one),
        cmocka_unit_test(the_head_that_is_routed_has_the_hops_lines),
        cmocka_unit_test(a_host_line_is_the_authority),
        cmocka_unit_test(who_holds_it_sees_no_change),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
