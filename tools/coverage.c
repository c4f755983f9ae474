/*
 * coverage.c - `lmesh coverage`: every field that policy files use, and what
 * the library makes of it.
 */
#include "lmesh.h"

#include <string.h>

static const char usage[] =
    "usage: lmesh coverage [-o json] PATH...\n"
    "\n"
    "Lists every field that the policy files use, with its status:\n"
    "  enforced  it does what it does in Istio\n"
    "  noted     it has no effect here, and why\n"
    "  refused   a workload does not start with it, and why\n"
    "Ends with 1 when anything is refused.\n";

static const struct option longs[] = { LMESH_OPTIONS_END };

/* The rows of {"fields": [...]}, from the bracket on; NULL when there is none.
 */
static char *rows_of(char *json)
{
    char *at = strchr(json, '[');

    return at ? at + 1 : NULL;
}

/* One row for people; whether it is refused. */
static int print_row(const struct lmesh_object *row)
{
    const char *status = lmesh_object_get(row, "status");
    const char *reason = lmesh_object_get(row, "reason");

    printf("%s:%s: %s: %s: %s%s%s\n", lmesh_object_get(row, "file"),
           lmesh_object_get(row, "line"), status,
           lmesh_object_get(row, "resource"), lmesh_object_get(row, "path"),
           *reason ? ": " : "", reason);
    return !strcmp(status, "refused");
}

/* Splices the rows of one answer into the array being written. */
static int splice_rows(const char *rows, int *first)
{
    const char *end = strrchr(rows, ']');
    size_t blanks = strspn(rows, " \t\r\n");

    if (!end || rows + blanks == end)
        return 0;
    printf("%s%.*s", *first ? "" : ",", (int)(end - rows), rows);
    *first = 0;
    return strstr(rows, "\"refused\"") != NULL;
}

static int print_rows(char *rows)
{
    struct lmesh_object row;
    int refused = 0;

    while (!lmesh_object_read(&rows, &row)) {
        refused |= print_row(&row);
        rows += strspn(rows, ", \t\r\n");
    }
    return refused;
}

static int cover(const char *path, int json, int *first)
{
    mesh_error *error = mesh_error_new();
    char *text = NULL;
    int rc = mesh_coverage_json(path, &text, error);
    int status = rc < 0 ? lmesh_failed("coverage", rc, error) : 0;
    char *rows = text ? rows_of(text) : NULL;

    if (rows && (json ? splice_rows(rows, first) : print_rows(rows)))
        status = status ? status : LMESH_FINDINGS;
    mesh_text_free(text);
    mesh_error_free(error);
    return status;
}

static int run(int argc, char **argv)
{
    struct lmesh_options options = {
        .argc = argc, .argv = argv, .shorts = "o:", .longs = longs
    };
    int status = 0;
    int first = 1;

    lmesh_option_next(&options);
    if (options.failed)
        return options.failed;
    if (optind == argc)
        return lmesh_misuse(argv[0], "which PATH?");
    if (options.json)
        fputs("{\"fields\": [", stdout);
    for (int i = optind; i < argc; i++) {
        int worse = cover(argv[i], options.json, &first);

        status = worse > status ? worse : status;
    }
    if (options.json)
        fputs("]}\n", stdout);
    return status;
}

const struct lmesh_verb lmesh_coverage = {
    "coverage", "every field used: enforced, noted or refused", usage, run
};
