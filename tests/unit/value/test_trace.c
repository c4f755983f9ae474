/*
 * test_trace.c - trace context is continued, restarted or absent.
 */
#include "value/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"

static void continues_what_is_well_formed(void **state)
{
    static const struct {
        const char *text;
        bool sampled;
    } rows[] = {
        { "00-" TRACE "-" SPAN "-01", true },
        { "00-" TRACE "-" SPAN "-00", false },
        { "00-" TRACE "-" SPAN "-ff", true },
        { "00-" TRACE "-" SPAN "-02", false },
        { "01-" TRACE "-" SPAN "-01", true },
        { "fe-" TRACE "-" SPAN "-01-more", true },
        { "01-" TRACE "-" SPAN "-01-", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_trace trace;
        const char *reason = "";
        char out[MESH__TRACEPARENT_LEN + 1];

        if (mesh__trace_parse(mesh__slice_of(rows[i].text), &trace, &reason) !=
            MESH__TRACE_CONTINUE)
            fail_msg("%s: %s", rows[i].text, reason);
        assert_null(reason);
        mesh__trace_print(&trace, out);
        assert_string_equal(out, rows[i].sampled ? "00-" TRACE "-" SPAN "-01"
                                                 : "00-" TRACE "-" SPAN "-00");
    }
}

static void restarts_on_what_is_malformed(void **state)
{
    static const char *const rows[] = {
        "x",
        "00-" TRACE "-" SPAN "-0",
        "00-" TRACE "-" SPAN "-01-",
        "00-" TRACE "-" SPAN "-01 ",
        "00-" TRACE "-" SPAN "-011",
        "01-" TRACE "-" SPAN "-011",
        "01-" TRACE "-" SPAN "-01.x",
        "ff-" TRACE "-" SPAN "-01",
        "FE-" TRACE "-" SPAN "-01",
        "0g-" TRACE "-" SPAN "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-" TRACE "-00F067AA0BA902B7-01",
        "00-" TRACE "-" SPAN "-0A",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00_" TRACE "-" SPAN "-01",
        "00-" TRACE "_" SPAN "-01",
        "00-" TRACE "-" SPAN "_01",
        "00-" TRACE "-" SPAN "-0x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct mesh_trace none = { 0 };
        struct mesh_trace trace;
        const char *reason = NULL;

        if (mesh__trace_parse(mesh__slice_of(rows[i]), &trace, &reason) !=
            MESH__TRACE_RESTART)
            fail_msg("%s was taken", rows[i]);
        assert_non_null(reason);
        assert_memory_equal(trace.trace_id, none.trace_id, 16);
        assert_memory_equal(trace.span_id, none.span_id, 8);
        assert_false(trace.sampled);
    }
}

static void sees_that_there_is_none(void **state)
{
    struct mesh_trace trace;
    const char *reason = "";

    (void)state;
    assert_int_equal(mesh__trace_parse(MESH__SLICE(""), &trace, &reason),
                     MESH__TRACE_NONE);
    assert_null(reason);
    assert_int_equal(mesh__trace_parse(mesh__slice(NULL, 0), &trace, NULL),
                     MESH__TRACE_NONE);
}

static void judges_tracestate(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        { "", true },
        { "a=1", true },
        { "a=1,b=2", true },
        { "a=1 ,\tb=2", true },
        { "a=1,,b=2,", true },
        { "0a=1", true },
        { "a_b-c*d/e=1", true },
        { "fw529a3039@dt=FfAGuw:4/5 6", true },
        { "a=1 2", true },
        { "a", false },
        { "=1", false },
        { "a=", false },
        { "A=1", false },
        { "_a=1", false },
        { "a b=1", false },
        { "a =1", false },
        { "a=1=2", false },
        { "a=\xc3\xa9", false },
        { "a=\x7f", false },
        { "a=1;\x01", false },
        { "a@=1", false },
        { "@a=1", false },
        { "a@b@c=1", false },
        { "a@bcdefghijklmnop=1", false },
        { "a@bcdefghijklmno=1", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (mesh__tracestate_valid(mesh__slice_of(rows[i].text)) !=
            rows[i].valid)
            fail_msg("%s", rows[i].text);
}

static void knows_how_much_tracestate_may_be(void **state)
{
    char text[MESH__TRACESTATE_MAX + 1];
    size_t used = 0;

    (void)state;
    for (int i = 0; i < 33; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "k%d=v,", i);
    assert_false(mesh__tracestate_valid(mesh__slice(text, used)));
    used -= sizeof("k32=v,") - 1;
    assert_true(mesh__tracestate_valid(mesh__slice(text, used)));
    memset(text, 'v', sizeof(text));
    memcpy(text, "a=", 2);
    assert_true(mesh__tracestate_valid(mesh__slice(text, 2 + 256)));
    assert_false(mesh__tracestate_valid(mesh__slice(text, 2 + 257)));
    memset(text, ',', sizeof(text));
    assert_true(mesh__tracestate_valid(mesh__slice(text, sizeof(text) - 1)));
    assert_false(mesh__tracestate_valid(mesh__slice(text, sizeof(text))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(continues_what_is_well_formed),
        cmocka_unit_test(restarts_on_what_is_malformed),
        cmocka_unit_test(sees_that_there_is_none),
        cmocka_unit_test(judges_tracestate),
        cmocka_unit_test(knows_how_much_tracestate_may_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
