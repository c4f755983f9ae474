/*
 * test_error.c - one line per failure, one name per code.
 */
#include "torture.h"

#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void carries_code_and_line_to_the_handle(void **state)
{
    mesh_error *error = mesh_error_new();

    (void)state;
    assert_int_equal(mesh_error_code(error), MESH_OK);
    assert_string_equal(mesh_error_message(error), "");
    assert_int_equal(
        mesh__error_out(error, mesh__fail(MESH_ERR_TIMEOUT, "after %d ms", 5)),
        MESH_ERR_TIMEOUT);
    assert_int_equal(mesh_error_code(error), MESH_ERR_TIMEOUT);
    assert_string_equal(mesh_error_message(error), "after 5 ms");
    assert_string_equal(mesh__error_line(), "");
    assert_int_equal(mesh__error_out(error, MESH_OK), MESH_OK);
    assert_string_equal(mesh_error_message(error), "");
    mesh_error_free(error);
}

static void has_a_sentence_when_there_is_no_line(void **state)
{
    mesh_error *error = mesh_error_new();

    (void)state;
    mesh__error_clear();
    (void)mesh__error_out(error, MESH_ERR_NOMEM);
    assert_string_equal(mesh_error_message(error),
                        mesh_strerror(MESH_ERR_NOMEM));
    mesh_error_free(error);
}

static void takes_no_handle(void **state)
{
    (void)state;
    assert_int_equal(mesh__error_out(NULL, mesh__fail(MESH_ERR_IO, "x")),
                     MESH_ERR_IO);
    assert_string_equal(mesh__error_line(), "");
    assert_int_equal(mesh_error_code(NULL), MESH_OK);
    assert_string_equal(mesh_error_message(NULL), "");
    mesh_error_free(NULL);
}

static void cuts_what_is_too_long(void **state)
{
    char text[2 * MESH_ERROR_LINE];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)mesh__fail(MESH_ERR_IO, "%s", text);
    assert_int_equal(strlen(mesh__error_line()), MESH_ERROR_LINE - 1);
    (void)mesh__fail_errno(MESH_ERR_IO, ENOENT, "%s", text);
    assert_int_equal(strlen(mesh__error_line()), MESH_ERROR_LINE - 1);
    mesh__error_clear();
}

static void adds_the_systems_reason(void **state)
{
    (void)state;
    assert_int_equal(mesh__fail_errno(MESH_ERR_IO, ENOENT, "open %s", "x"),
                     MESH_ERR_IO);
    assert_string_equal(mesh__error_line(),
                        "open x: No such file or directory");
    mesh__error_clear();
}

static void *other_thread(void *user)
{
    *(int *)user = mesh__error_line()[0] == '\0';
    (void)mesh__fail(MESH_ERR_IO, "other");
    return NULL;
}

static void is_a_threads_own(void **state)
{
    pthread_t thread;
    int was_empty = 0;

    (void)state;
    (void)mesh__fail(MESH_ERR_IO, "mine");
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &was_empty),
                     0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(was_empty);
    assert_string_equal(mesh__error_line(), "mine");
    mesh__error_clear();
}

static void fails_without_allocating(void **state)
{
    (void)state;
    fake_alloc_reset();
    (void)mesh__fail(MESH_ERR_IO, "%s %d", "text", 5);
    assert_int_equal(fake_alloc_count(), 0);
    fake_alloc_off();
    fake_alloc_fail_at(0);
    assert_null(mesh_error_new());
    fake_alloc_off();
    mesh__error_clear();
}

static void names_every_code_and_its_class(void **state)
{
    static const struct {
        int code;
        const char *name;
        int class_;
    } rows[] = {
        { MESH_OK, "MESH_OK", MESH_CLASS_NONE },
        { MESH_ERR_INVALID, "MESH_ERR_INVALID", MESH_CLASS_CALLER },
        { MESH_ERR_DENIED, "MESH_ERR_DENIED", MESH_CLASS_POLICY },
        { MESH_ERR_TIMEOUT, "MESH_ERR_TIMEOUT", MESH_CLASS_NETWORK },
        { MESH_ERR_TLS, "MESH_ERR_TLS", MESH_CLASS_IDENTITY },
        { MESH_ERR_NOMEM, "MESH_ERR_NOMEM", MESH_CLASS_PROCESS },
        { -999, "unknown", MESH_CLASS_NONE },
        { 1, "unknown", MESH_CLASS_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(mesh_error_name(rows[i].code), rows[i].name);
        assert_int_equal(mesh_error_class(rows[i].code), rows[i].class_);
        assert_true(mesh_strerror(rows[i].code)[0] != '\0');
    }
    assert_string_equal(mesh_strerror(-999), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_code_and_line_to_the_handle),
        cmocka_unit_test(has_a_sentence_when_there_is_no_line),
        cmocka_unit_test(takes_no_handle),
        cmocka_unit_test(cuts_what_is_too_long),
        cmocka_unit_test(adds_the_systems_reason),
        cmocka_unit_test(is_a_threads_own),
        cmocka_unit_test(fails_without_allocating),
        cmocka_unit_test(names_every_code_and_its_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
