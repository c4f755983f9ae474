/*
 * test_date.c - dates as HTTP writes them.
 */
#include "value/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    int64_t seconds;
    const char *text;
} rows[] = {
    { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
    { 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" }, /* RFC 9110, 5.6.7 */
    { 951782399, "Mon, 28 Feb 2000 23:59:59 GMT" },
    { 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
    { 4107542399, "Sun, 28 Feb 2100 23:59:59 GMT" },
    { 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT" }, /* no leap year */
    { 253402300799, "Fri, 31 Dec 9999 23:59:59 GMT" },
    { INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT" },
    { -1, "Thu, 01 Jan 1970 00:00:00 GMT" },
};

static void dates_are_written(void **state)
{
    char text[MESH__DATE + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mesh__date_print(rows[i].seconds, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
