/*
 * test_flags.c - response flags read in the order they were set, each once.
 */
#include "telemetry/facts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void print_as_envoy_does(void **state)
{
    static const struct {
        const char *claim;
        enum mesh_flag set[8];
        const char *expect;
    } rows[] = {
        { "none is a dash", { 0 }, "-" },
        { "one", { MESH__FLAG_NR }, "NR" },
        { "in the order they came",
          { MESH__FLAG_URX, MESH__FLAG_UF },
          "URX,UF" },
        { "each once",
          { MESH__FLAG_UF, MESH__FLAG_UF, MESH__FLAG_URX, MESH__FLAG_UF },
          "UF,URX" },
        { "no more than there is room for",
          { MESH__FLAG_UPE, MESH__FLAG_URX, MESH__FLAG_DPE, MESH__FLAG_UH,
            MESH__FLAG_UF, MESH__FLAG_UO, MESH__FLAG_NR },
          "UPE,URX,DPE,UH,UF,UO" },
        { "what is no flag is none",
          { MESH__FLAG_COUNT, MESH__FLAG_DC },
          "DC" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_flags flags = { 0 };
        char text[MESH__FLAGS_TEXT];

        for (size_t j = 0; j < 8; j++)
            mesh__flags_set(&flags, rows[i].set[j]);
        mesh__flags_print(&flags, text);
        if (strcmp(text, rows[i].expect) != 0)
            fail_msg("%s: %s, expected %s", rows[i].claim, text,
                     rows[i].expect);
    }
}

static void every_flag_has_a_name(void **state)
{
    (void)state;
    for (int flag = MESH__FLAG_NONE + 1; flag < MESH__FLAG_COUNT; flag++) {
        struct mesh_flags flags = { 0 };
        char text[MESH__FLAGS_TEXT];

        assert_false(mesh__flags_has(&flags, (enum mesh_flag)flag));
        mesh__flags_set(&flags, (enum mesh_flag)flag);
        assert_true(mesh__flags_has(&flags, (enum mesh_flag)flag));
        mesh__flags_print(&flags, text);
        assert_true(strlen(text) >= 2 && strlen(text) <= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(print_as_envoy_does),
        cmocka_unit_test(every_flag_has_a_name),
    };

    return cmocka_run_group_tests_name("telemetry/flags", tests, NULL, NULL);
}
