/*
 * say.h - what the loader says about a text, as lines to compare.
 */
#ifndef MESH_TEST_SAY_H
#define MESH_TEST_SAY_H

#include "base/text.h"
#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SAY_BYTES = 8192 };

/* A claim, a text, and every finding that it must bring, in order. */
struct say_row {
    const char *claim;
    const char *text;
    const char *expect; /* "LINE:COL severity path: message [CODE] (hint)\n" */
};

/* Those at least as severe as worst. */
static inline void say_severe(struct mesh_diagnostics *diagnostics, char *out,
                              enum mesh_severity worst)
{
    struct mesh_text text;

    mesh__text_init(&text, out, SAY_BYTES);
    mesh__diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct mesh_finding *f = &diagnostics->findings[i];

        if (f->severity > worst)
            continue;
        mesh__text_format(&text, "%u:%u %s %s%s%s [%s]%s%s%s\n", f->line,
                          f->column, mesh__severity_name(f->severity), f->path,
                          *f->path ? ": " : "", f->message, f->code,
                          *f->hint ? " (" : "", f->hint, *f->hint ? ")" : "");
    }
}

static inline void say_findings(struct mesh_diagnostics *diagnostics, char *out)
{
    say_severe(diagnostics, out, MESH__INFO);
}

/* Load a text; the collection is the caller's to give back. */
static inline struct mesh_collection *say_load_severe(const char *text,
                                                      char *out,
                                                      enum mesh_severity worst)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;

    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new(&collection), 0);
    assert_int_equal(mesh__collection_add(collection, "test.yaml",
                                          mesh__slice_of(text), &limits,
                                          &diagnostics),
                     0);
    say_severe(&diagnostics, out, worst);
    mesh__diagnostics_fini(&diagnostics);
    return collection;
}

static inline struct mesh_collection *say_load(const char *text, char *out)
{
    return say_load_severe(text, out, MESH__INFO);
}

static inline void say_check(const struct say_row *rows, size_t count,
                             enum mesh_severity worst)
{
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        char found[SAY_BYTES];

        mesh__collection_unref(say_load_severe(rows[i].text, found, worst));
        if (strcmp(found, rows[i].expect) != 0) {
            print_error("%s:\n-- found\n%s-- wanted\n%s", rows[i].claim, found,
                        rows[i].expect);
            wrong++;
        }
    }
    if (wrong)
        fail_msg("%zu rows differ", wrong);
}

#define SAY_CHECK(rows)                                                        \
    say_check(rows, sizeof(rows) / sizeof((rows)[0]), MESH__INFO)
/* Errors alone: those are what Istio says too. */
#define SAY_ERRORS(rows)                                                       \
    say_check(rows, sizeof(rows) / sizeof((rows)[0]), MESH__ERROR)

/* The spec of the one resource in text, which must be without findings. */
static inline const void *say_spec(const char *text,
                                   struct mesh_collection **collection)
{
    char found[SAY_BYTES];

    *collection = say_load(text, found);
    assert_string_equal(found, "");
    assert_int_equal((*collection)->count, 1);
    return (*collection)->resources[0].spec;
}

#endif
