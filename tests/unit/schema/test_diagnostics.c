/*
 * test_diagnostics.c - findings are kept, ordered, told once, and printed.
 */
#include "torture.h"

#include "schema/diagnostics.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct mesh_finding findings[] = {
    { MESH__INFO, "b.yaml", 1, 1, "LM0003", "", "", "later file", "" },
    { MESH__WARNING, "a.yaml", 9, 2, "LM0008", "", "spec.x", "later line", "" },
    { MESH__INFO, "a.yaml", 3, 5, "LM0003", "", "", "milder", "" },
    { MESH__ERROR, "a.yaml", 3, 5, "IST0106", "K/n/x", "spec.http[0].timeout",
      "wanted a duration", "quote it" },
    { MESH__ERROR, "a.yaml", 3, 2, "LM0002", "", "", "earlier column", "" },
    { MESH__ERROR, "a.yaml", 3, 2, "LM0002", "", "", "earlier column", "" },
};
enum { COUNT = sizeof(findings) / sizeof(findings[0]) };

static void puts_them_in_order_once(void **state)
{
    static const char *const order[] = { "earlier column", "wanted a duration",
                                         "milder", "later line", "later file" };
    struct mesh_diagnostics diagnostics;

    (void)state;
    mesh__diagnostics_init(&diagnostics);
    for (size_t i = 0; i < COUNT; i++)
        mesh__diagnostics_add(&diagnostics, &findings[i]);
    assert_int_equal(diagnostics.by_severity[MESH__ERROR], 3);
    mesh__diagnostics_sort(&diagnostics);
    assert_int_equal(diagnostics.count, 5);
    assert_int_equal(diagnostics.by_severity[MESH__ERROR], 2);
    assert_int_equal(diagnostics.by_severity[MESH__WARNING], 1);
    assert_int_equal(diagnostics.by_severity[MESH__INFO], 2);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(diagnostics.findings[i].message, order[i]);
    mesh__diagnostics_fini(&diagnostics);
}

static void prints_one_line(void **state)
{
    char line[256];
    char narrow[12];

    (void)state;
    mesh__finding_print(&findings[3], line, sizeof(line));
    assert_string_equal(line, "a.yaml:3:5: error: spec.http[0].timeout: wanted "
                              "a duration [IST0106]");
    mesh__finding_print(&findings[0], line, sizeof(line));
    assert_string_equal(line, "b.yaml:1:1: info: later file [LM0003]");
    mesh__finding_print(&(struct mesh_finding){ .severity = MESH__REFUSED,
                                                .file = "",
                                                .code = "LM0004",
                                                .path = "",
                                                .message = "no place" },
                        line, sizeof(line));
    assert_string_equal(line, "refused: no place [LM0004]");
    mesh__finding_print(&findings[0], narrow, sizeof(narrow));
    assert_string_equal(narrow, "b.yaml:1:1:");
}

static void a_finding_is_one_line(void **state)
{
    struct mesh_diagnostics diagnostics;

    (void)state;
    mesh__diagnostics_init(&diagnostics);
    mesh__diagnostics_add(&diagnostics,
                          &(struct mesh_finding){ .severity = MESH__ERROR,
                                                  .message = "a\x1b[2J\nb\x7f",
                                                  .hint = "\xC3\xA9" });
    assert_string_equal(diagnostics.findings[0].message, "a?[2J?b?");
    assert_string_equal(diagnostics.findings[0].hint, "\xC3\xA9");
    assert_string_equal(diagnostics.findings[0].file, "");
    mesh__diagnostics_fini(&diagnostics);
}

static void says_that_one_was_lost(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_diagnostics diagnostics;
        bool tripped;

        mesh__diagnostics_init(&diagnostics);
        fake_alloc_fail_at(n);
        for (size_t i = 0; i < COUNT; i++)
            mesh__diagnostics_add(&diagnostics, &findings[i]);
        tripped = fake_alloc_tripped();
        assert_int_equal(diagnostics.rc, tripped ? MESH_ERR_NOMEM : 0);
        mesh__diagnostics_fini(&diagnostics);
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_them_in_order_once),
        cmocka_unit_test(prints_one_line),
        cmocka_unit_test(a_finding_is_one_line),
        cmocka_unit_test(says_that_one_was_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
