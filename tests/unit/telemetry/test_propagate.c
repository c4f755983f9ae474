/*
 * test_propagate.c - request ids and traces come from draws alone.
 */
#include "telemetry/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void request_ids_are_uuids_of_version_4(void **state)
{
    static const struct {
        uint64_t a;
        uint64_t b;
        const char *expect;
    } rows[] = {
        { 0, 0, "00000000-0000-4000-8000-000000000000" },
        { UINT64_MAX, UINT64_MAX, "ffffffff-ffff-4fff-bfff-ffffffffffff" },
        { 0x0123456789abcdef, 0x7edcba9876543210,
          "01234567-89ab-4def-bedc-ba9876543210" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[MESH__REQUEST_ID + 1];

        mesh__request_id(rows[i].a, rows[i].b, text);
        assert_string_equal(text, rows[i].expect);
    }
}

static void a_new_trace_is_sampled_by_the_draw(void **state)
{
    static const struct {
        uint32_t sampling_per_10k;
        uint64_t draw;
        bool expect;
    } rows[] = {
        { 0, 0, false },
        { 1, 0, true },
        { 1, 1, false },
        { 1000, 999, true },
        { 1000, 1000, false },
        { 1000, 20000, true },
        { 9999, 9999, false },
        { 10000, 9999, true },
        { 10000, UINT64_MAX, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const uint64_t draws[4] = { 1, 2, 3, rows[i].draw };
        static const uint8_t none[8];
        struct mesh_trace trace;
        uint8_t parent[8];

        mesh__trace_begin(NULL, rows[i].sampling_per_10k, draws, &trace,
                          parent);
        assert_int_equal(trace.sampled, rows[i].expect);
        assert_memory_equal(parent, none, sizeof(none));
    }
}

static void a_new_trace_has_the_drawn_ids(void **state)
{
    const uint64_t draws[4] = { 0x0102030405060708, 0x090a0b0c0d0e0f10,
                                0x1112131415161718, 0 };
    char text[MESH__TRACEPARENT_LEN + 1];
    struct mesh_trace trace;
    uint8_t parent[8];

    (void)state;
    mesh__trace_begin(NULL, 10000, draws, &trace, parent);
    mesh__trace_print(&trace, text);
    assert_string_equal(
        text, "00-0102030405060708090a0b0c0d0e0f10-1112131415161718-01");
}

static void a_parent_decides(void **state)
{
    static const uint64_t draws[4] = { 1, 2, 3, 4 };
    static const bool sampled[] = { true, false };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_trace above = { .trace_id = { 7 },
                                    .span_id = { 5, 6 },
                                    .sampled = sampled[i] };
        struct mesh_trace trace;
        uint8_t parent[8];

        mesh__trace_begin(&above, sampled[i] ? 0 : 10000, draws, &trace,
                          parent);
        assert_memory_equal(trace.trace_id, above.trace_id, 16);
        assert_memory_equal(parent, above.span_id, 8);
        assert_memory_not_equal(trace.span_id, above.span_id, 8);
        assert_int_equal(trace.sampled, sampled[i]);
    }
}

static void ids_are_never_zero(void **state)
{
    static const uint64_t draws[4];
    char text[MESH__TRACEPARENT_LEN + 1];
    struct mesh_trace trace;
    struct mesh_trace read;
    uint8_t parent[8];

    (void)state;
    mesh__trace_begin(NULL, 0, draws, &trace, parent);
    mesh__trace_print(&trace, text);
    assert_int_equal(mesh__trace_parse(mesh__slice_of(text), &read, NULL),
                     MESH__TRACE_CONTINUE);
}

static void parent_and_span_may_share_their_place(void **state)
{
    static const uint64_t draws[4] = { 1, 2, 3, 4 };
    struct mesh_trace trace = { .trace_id = { 7 }, .span_id = { 5, 6 } };
    uint8_t parent[8];

    (void)state;
    mesh__trace_begin(&trace, 0, draws, &trace, parent);
    assert_int_equal(parent[0], 5);
    assert_int_equal(trace.trace_id[0], 7);
    assert_int_equal(trace.span_id[7], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_ids_are_uuids_of_version_4),
        cmocka_unit_test(a_new_trace_is_sampled_by_the_draw),
        cmocka_unit_test(a_new_trace_has_the_drawn_ids),
        cmocka_unit_test(a_parent_decides),
        cmocka_unit_test(ids_are_never_zero),
        cmocka_unit_test(parent_and_span_may_share_their_place),
    };

    return cmocka_run_group_tests_name("telemetry/propagate", tests, NULL,
                                       NULL);
}
