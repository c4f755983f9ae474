/*
 * test_request.c - what cannot be sent cannot be asked for.
 */
#include "torture.h"

#include <mesh/mesh.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *method;
    const char *url;
    int code;
} rows[] = {
    { "GET", "http://web", 0 },
    { "GET", "http://web/", 0 },
    { "GET", "http://web:8080/a?b=c", 0 },
    { "GET", "http://[::1]:80/", 0 },
    { "M-SEARCH", "http://web/", 0 },
    { "", "http://web/", MESH_ERR_INVALID },
    { "GE T", "http://web/", MESH_ERR_INVALID },
    { "GET\r\n", "http://web/", MESH_ERR_INVALID },
    { "GET", "", MESH_ERR_INVALID },
    { "GET", "web/", MESH_ERR_INVALID },
    { "GET", "https://web/", 0 },
    { "GET", "http://", MESH_ERR_INVALID },
    { "GET", "http:///", MESH_ERR_INVALID },
    { "GET", "http://:80/", MESH_ERR_INVALID },
    { "GET", "http://web:/", MESH_ERR_INVALID },
    { "GET", "http://web:65536/", MESH_ERR_INVALID },
    { "GET", "http://web:x/", MESH_ERR_INVALID },
    { "GET", "http://user@web/", MESH_ERR_INVALID },
    { "GET", "http://web?a", MESH_ERR_INVALID },
    { "GET", "http://we b/", MESH_ERR_INVALID },
    { "GET", "http://web/a b", MESH_ERR_INVALID },
    { "GET", "http://web/a\nb", MESH_ERR_INVALID },
    { "GET", "http://web/a\x7f", MESH_ERR_INVALID },
    { NULL, "http://web/", MESH_ERR_INVALID },
    { "GET", NULL, MESH_ERR_INVALID },
};

static void a_url_is_of_a_service_of_the_mesh(void **state)
{
    mesh_error *error = mesh_error_new();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mesh_request *request = (mesh_request *)error;
        int rc = mesh_request_new(rows[i].method, rows[i].url, &request, error);

        if (rc != rows[i].code)
            print_error("%s %s: %d\n", rows[i].method, rows[i].url, rc);
        assert_int_equal(rc, rows[i].code);
        assert_true((rc == 0) == (request != NULL));
        assert_true((rc == 0) == !mesh_error_message(error)[0]);
        mesh_request_free(request);
    }
    assert_int_equal(mesh_request_new("GET", "http://web/", NULL, error),
                     MESH_ERR_INVALID);
    mesh_error_free(error);
    mesh_request_free(NULL);
}

static const struct {
    const char *name;
    const char *value;
    int code;
} lines[] = {
    { "X-A", "b", 0 },
    { "x-a", "", 0 },
    { "x-a", "a\tb", 0 },
    { "host", "other", 0 },
    { "x-utf8", "\xc3\xa4", 0 },
    { "", "b", MESH_ERR_INVALID },
    { "x a", "b", MESH_ERR_INVALID },
    { "x:a", "b", MESH_ERR_INVALID },
    { ":authority", "b", MESH_ERR_INVALID },
    { "x-a", "b\r\nx: y", MESH_ERR_INVALID },
    { "x-a", "b\nc", MESH_ERR_INVALID },
    { "x-a", "b\x01", MESH_ERR_INVALID },
    { "host", "a b", MESH_ERR_INVALID },
    { "host", "", MESH_ERR_INVALID },
    { "Content-Length", "1", MESH_ERR_INVALID },
    { "transfer-encoding", "chunked", MESH_ERR_INVALID },
    { "Connection", "close", MESH_ERR_INVALID },
    { "upgrade", "h2c", MESH_ERR_INVALID },
    { NULL, "b", MESH_ERR_INVALID },
    { "x-a", NULL, MESH_ERR_INVALID },
};

static mesh_request *request_new(void)
{
    mesh_request *request;

    assert_int_equal(mesh_request_new("POST", "http://web/", &request, NULL),
                     0);
    return request;
}

static void a_header_is_a_token_and_a_text(void **state)
{
    mesh_request *request = request_new();
    mesh_error *error = mesh_error_new();

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        int rc = mesh_request_add_header(request, lines[i].name, lines[i].value,
                                         error);

        if (rc != lines[i].code)
            print_error("%s: %s: %d\n", lines[i].name, lines[i].value, rc);
        assert_int_equal(rc, lines[i].code);
        assert_true((rc == 0) == !mesh_error_message(error)[0]);
    }
    assert_int_equal(mesh_request_add_header(NULL, "a", "b", error),
                     MESH_ERR_INVALID);
    mesh_error_free(error);
    mesh_request_free(request);
}

static void headers_have_a_ceiling(void **state)
{
    mesh_request *request = request_new();
    int rc = 0;

    (void)state;
    for (int i = 0; rc == 0 && i < 100000; i++)
        rc = mesh_request_add_header(request, "x-a", "b", NULL);
    assert_int_equal(rc, MESH_ERR_TOO_LARGE);
    mesh_request_free(request);
}

static void numbers_have_ranges(void **state)
{
    mesh_request *request = request_new();

    (void)state;
    assert_int_equal(mesh_request_set_deadline_ms(request, 0, NULL), 0);
    assert_int_equal(mesh_request_set_deadline_ms(request, 5, NULL), 0);
    assert_int_equal(mesh_request_set_deadline_ms(request, -1, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_deadline_ms(NULL, 5, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_idempotent(request, 0, NULL), 0);
    assert_int_equal(mesh_request_set_idempotent(request, 1, NULL), 0);
    assert_int_equal(mesh_request_set_idempotent(request, 2, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_idempotent(NULL, 1, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_streamed(request, -1, NULL), 0);
    assert_int_equal(mesh_request_set_streamed(request, 0, NULL), 0);
    assert_int_equal(mesh_request_set_streamed(request, -2, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_streamed(NULL, 1, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_body(request, "abc", 3, NULL), 0);
    assert_int_equal(mesh_request_set_body(request, NULL, 0, NULL), 0);
    assert_int_equal(mesh_request_set_body(request, NULL, 1, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_body(NULL, "abc", 3, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_parent(request, NULL, NULL),
                     MESH_ERR_INVALID);
    mesh_request_set_tag(NULL, 1);
    mesh_request_free(request);
}

static int walk(void)
{
    mesh_request *request;
    int rc = mesh_request_new("POST", "http://web/a", &request, NULL);

    for (int i = 0; rc == 0 && i < 40; i++)
        rc = mesh_request_add_header(request, "x-a", "some text", NULL);
    if (rc == 0)
        rc = mesh_request_set_body(request, "abc", 3, NULL);
    mesh_request_free(request);
    return rc;
}

static void a_lost_allocation_is_told(void **state)
{
    bool tripped = true;

    (void)state;
    for (size_t n = 0; tripped; n++) {
        int rc;

        fake_alloc_fail_at(n);
        rc = walk();
        tripped = fake_alloc_tripped();
        assert_int_equal(fake_alloc_live(), 0);
        assert_int_equal(rc, tripped ? MESH_ERR_NOMEM : 0);
    }
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_of_a_service_of_the_mesh),
        cmocka_unit_test(a_header_is_a_token_and_a_text),
        cmocka_unit_test(headers_have_a_ceiling),
        cmocka_unit_test(numbers_have_ranges),
        cmocka_unit_test(a_lost_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
