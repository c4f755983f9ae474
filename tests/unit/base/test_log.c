/*
 * test_log.c - lines wait for the host; the oldest go when nobody comes.
 */
#include "torture.h"

#include "base/error.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct mesh_log_line line;

static void keeps_lines_in_order(void **state)
{
    struct mesh_log log;

    (void)state;
    assert_int_equal(mesh__log_init(&log), 0);
    assert_false(mesh__log_read(&log, &line));
    mesh__log_write(&log, 3, "one %d", 1);
    mesh__log_write(&log, 4, "two");
    assert_true(mesh__log_read(&log, &line));
    assert_int_equal(line.kind, 3);
    assert_string_equal(line.text, "one 1");
    assert_true(mesh__log_read(&log, &line));
    assert_string_equal(line.text, "two");
    assert_false(mesh__log_read(&log, &line));
    mesh__log_fini(&log);
}

static void loses_the_oldest_and_counts_it(void **state)
{
    struct mesh_log log;
    char want[16];

    (void)state;
    assert_int_equal(mesh__log_init(&log), 0);
    for (int i = 0; i < MESH__LOG_LINES + 10; i++)
        mesh__log_write(&log, 0, "%d", i);
    assert_int_equal(log.lost, 10);
    for (int i = 10; i < MESH__LOG_LINES + 10; i++) {
        (void)snprintf(want, sizeof(want), "%d", i);
        assert_true(mesh__log_read(&log, &line));
        assert_string_equal(line.text, want);
    }
    assert_false(mesh__log_read(&log, &line));
    mesh__log_fini(&log);
}

static void cuts_what_is_too_long(void **state)
{
    struct mesh_log log;

    (void)state;
    assert_int_equal(mesh__log_init(&log), 0);
    mesh__log_write(&log, 0, "%*d", 2 * MESH__LOG_LINE, 1);
    assert_true(mesh__log_read(&log, &line));
    assert_int_equal(strlen(line.text), MESH__LOG_LINE - 1);
    mesh__log_fini(&log);
}

static void takes_no_log_and_no_memory(void **state)
{
    struct mesh_log log;

    (void)state;
    mesh__log_write(NULL, 0, "nobody");
    fake_alloc_fail_at(0);
    assert_int_equal(mesh__log_init(&log), MESH_ERR_NOMEM);
    fake_alloc_off();
    mesh__log_write(&log, 0, "nowhere");
    mesh__log_fini(&log);
    mesh__log_fini(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_lines_in_order),
        cmocka_unit_test(loses_the_oldest_and_counts_it),
        cmocka_unit_test(cuts_what_is_too_long),
        cmocka_unit_test(takes_no_log_and_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
