/*
 * test_grpc.c - failures in gRPC's words, as Envoy says them.
 */
#include "torture.h"

#include "base/error.h"
#include "value/grpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void knows_its_callers(void **state)
{
    static const struct {
        const char *claim;
        const char *type;
        bool is;
    } rows[] = {
        { "the type itself", "application/grpc", true },
        { "with a message format", "application/grpc+proto", true },
        { "gRPC-Web is another", "application/grpc-web", false },
        { "a parameter is too much for Envoy", "application/grpc; q=1", false },
        { "letters are what they are", "Application/gRPC", false },
        { "a beginning is not enough", "application/grp", false },
        { "none", "", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (mesh__grpc_is(mesh__slice_of(rows[i].type)) != rows[i].is)
            fail_msg("%s: \"%s\"", rows[i].claim, rows[i].type);
}

static void maps_statuses(void **state)
{
    static const struct {
        unsigned http;
        const char *grpc;
    } rows[] = { { 400, "13" }, { 401, "16" }, { 403, "7" },  { 404, "12" },
                 { 429, "14" }, { 502, "14" }, { 503, "14" }, { 504, "14" },
                 { 500, "2" },  { 431, "2" },  { 302, "2" } };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(mesh__grpc_status(rows[i].http), rows[i].grpc);
}

static void escapes_messages(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        { "", "" },
        { "RBAC: access denied", "RBAC: access denied" },
        { "100%", "100%25" },
        { "a\r\nb\x7f\xc3\xa9~", "a%0D%0Ab%7F%C3%A9~" },
    };
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 4096);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(
            mesh__grpc_message(&arena, mesh__slice_of(rows[i].text)),
            rows[i].want);
    mesh__arena_fini(&arena);
}

static void knows_statuses_by_name(void **state)
{
    (void)state;
    assert_string_equal(mesh__grpc_number(MESH__SLICE("OK")), "0");
    assert_string_equal(mesh__grpc_number(MESH__SLICE("UNAVAILABLE")), "14");
    assert_string_equal(mesh__grpc_number(MESH__SLICE("UNAUTHENTICATED")),
                        "16");
    assert_null(mesh__grpc_number(MESH__SLICE("unavailable")));
    assert_null(mesh__grpc_number(MESH__SLICE("14")));
    assert_null(mesh__grpc_number(MESH__SLICE("")));
}

static void reads_timeouts(void **state)
{
    static const struct {
        const char *claim;
        const char *text;
        int64_t ms; /* -1: it is none */
    } rows[] = {
        { "milliseconds", "300m", 300 },
        { "seconds", "10S", 10000 },
        { "minutes", "2M", 120000 },
        { "hours", "1H", 3600000 },
        { "eight digits of hours", "99999999H", 359999996400000 },
        { "microseconds, rounded up", "1001u", 2 },
        { "nanoseconds, rounded up", "1n", 1 },
        { "nothing at all", "0m", 0 },
        { "nine digits", "100000000m", -1 },
        { "no unit", "300", -1 },
        { "no number", "m", -1 },
        { "an unknown unit", "1s", -1 },
        { "a sign", "-1m", -1 },
        { "a fraction", "1.5S", -1 },
        { "none", "", -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t ms = 0;
        bool is = mesh__grpc_timeout(mesh__slice_of(rows[i].text), &ms);

        if (is != (rows[i].ms >= 0) || (is && ms != (uint64_t)rows[i].ms))
            fail_msg("%s: %llu", rows[i].claim, (unsigned long long)ms);
    }
}

static void writes_timeouts(void **state)
{
    static const struct {
        uint64_t ms;
        const char *want;
    } rows[] = { { 1, "1m" },
                 { 2000, "2000m" },
                 { 99999999, "99999999m" },
                 { 100000000, "100000S" },
                 { UINT64_C(99999999000) + 1000, "1666666M" },
                 { UINT64_MAX, "99999999H" } };
    struct mesh_arena arena;

    (void)state;
    mesh__arena_init(&arena, 4096);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(mesh__grpc_timeout_print(&arena, rows[i].ms),
                            rows[i].want);
    mesh__arena_fini(&arena);
}

static void survives_losing_any_allocation(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_arena arena;
        char *text;

        mesh__arena_init(&arena, 4096);
        fake_alloc_fail_at(n);
        text = mesh__grpc_message(&arena, MESH__SLICE("50%"));
        if (!fake_alloc_tripped()) {
            assert_string_equal(text, "50%25");
            mesh__arena_fini(&arena);
            break;
        }
        assert_null(text);
        mesh__arena_fini(&arena);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    mesh__error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_callers),
        cmocka_unit_test(maps_statuses),
        cmocka_unit_test(escapes_messages),
        cmocka_unit_test(knows_statuses_by_name),
        cmocka_unit_test(reads_timeouts),
        cmocka_unit_test(writes_timeouts),
        cmocka_unit_test(survives_losing_any_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
