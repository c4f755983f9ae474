/*
 * analyze.c - `lmesh analyze`: what the library finds in policy files.
 *
 * All paths together are judged as one policy.
 */
#include "lmesh.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lmesh analyze [--strict] [-o json|sarif] PATH...\n"
    "\n"
    "Loads each PATH, a directory or a file, as a workload would, and prints\n"
    "  FILE:LINE:COL: severity: path: message [CODE]\n"
    "for everything found. Several PATHs are judged together, as one policy.\n"
    "\n"
    "  error    Istio rejects it too\n"
    "  refused  valid for Istio; this version cannot honour it safely\n"
    "  warning  probably not what was meant\n"
    "  info     noted: it has no effect here\n"
    "\n"
    "  --strict  end with 1 for infos and warnings too\n"
    "  -o sarif  for tools that review code (SARIF 2.1.0); takes one PATH\n"
    "\n"
    "On a terminal severities have colours, unless NO_COLOR is set.\n";

enum { STRICT = LMESH_OWN };

static const struct option longs[] = { { "strict", no_argument, NULL, STRICT },
                                       LMESH_OPTIONS_END };

/* What all paths together have. */
struct totals {
    size_t documents;
    size_t severity[MESH_SEVERITY_INFO + 1];
    int first; /* JSON: no finding was written yet */
};

static const char *const severities[] = {
    [MESH_SEVERITY_ERROR] = "error",
    [MESH_SEVERITY_REFUSED] = "refused",
    [MESH_SEVERITY_WARNING] = "warning",
    [MESH_SEVERITY_INFO] = "info",
};

static void print_json(mesh_diagnostics *found, size_t index, int first)
{
    static const struct {
        const char *name;
        int field;
    } texts[] = {
        { "code", MESH_FINDING_CODE },
        { "resource", MESH_FINDING_RESOURCE },
        { "path", MESH_FINDING_PATH },
        { "message", MESH_FINDING_MESSAGE },
        { "hint", MESH_FINDING_HINT },
        { "rule", MESH_FINDING_RULE },
        { "source", MESH_FINDING_SOURCE },
    };

    fputs(first ? "\n  {" : ",\n  {", stdout);
    lmesh_json_member(stdout, "file",
                      mesh_diagnostics_text(found, index, MESH_FINDING_FILE),
                      1);
    printf(", \"line\": %d, \"column\": %d",
           mesh_diagnostics_line(found, index),
           mesh_diagnostics_column(found, index));
    lmesh_json_member(stdout, "severity",
                      severities[mesh_diagnostics_severity(found, index)], 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        lmesh_json_member(stdout, texts[i].name,
                          mesh_diagnostics_text(found, index, texts[i].field),
                          0);
    fputc('}', stdout);
}

/* The severity stands behind the place and in front of the path. */
static void print_line(const char *line, int severity)
{
    static const char *const colours[] = {
        [MESH_SEVERITY_ERROR] = "31",   /* red     */
        [MESH_SEVERITY_REFUSED] = "35", /* magenta */
        [MESH_SEVERITY_WARNING] = "33", /* yellow  */
        [MESH_SEVERITY_INFO] = "36",    /* cyan    */
    };
    char word[16];
    const char *at;
    int len = snprintf(word, sizeof(word), "%s: ", severities[severity]);

    at = lmesh_has_colours() ? strstr(line, word) : NULL;
    if (at)
        printf("%.*s\033[1;%sm%.*s\033[0m%s\n", (int)(at - line), line,
               colours[severity], len - 2, at, at + len - 2);
    else
        puts(line);
}

static void print_text(mesh_diagnostics *found, size_t index)
{
    const char *hint = mesh_diagnostics_text(found, index, MESH_FINDING_HINT);

    print_line(mesh_diagnostics_text(found, index, MESH_FINDING_WHOLE),
               mesh_diagnostics_severity(found, index));
    if (*hint)
        printf("%s:%d:%d: note: %s\n",
               mesh_diagnostics_text(found, index, MESH_FINDING_FILE),
               mesh_diagnostics_line(found, index),
               mesh_diagnostics_column(found, index), hint);
}

static int print_sarif(mesh_diagnostics *found)
{
    mesh_error *error = mesh_error_new();
    char *text = NULL;
    int rc = mesh_diagnostics_sarif(found, &text, error);
    int status = rc < 0 ? lmesh_failed("analyze", rc, error) : 0;

    if (text)
        puts(text);
    mesh_text_free(text);
    mesh_error_free(error);
    return status;
}

static void take(mesh_diagnostics *found, struct totals *totals,
                 const struct lmesh_options *options)
{
    size_t count = options->form ? 0 : mesh_diagnostics_count(found, 0);

    totals->documents += mesh_diagnostics_documents(found);
    for (int severity = 1; severity <= MESH_SEVERITY_INFO; severity++)
        totals->severity[severity] += mesh_diagnostics_count(found, severity);
    for (size_t i = 0; i < count; i++) {
        if (options->json)
            print_json(found, i, totals->first);
        else
            print_text(found, i);
        totals->first = 0;
    }
}

static int analyze(const char *paths, struct totals *totals,
                   const struct lmesh_options *options)
{
    mesh_error *error = mesh_error_new();
    mesh_diagnostics *found = NULL;
    int rc = mesh_analyze_all(paths, &found, error);
    int status = rc < 0 ? lmesh_failed("analyze", rc, error) : 0;

    take(found, totals, options);
    if (found && options->form && !status)
        status = print_sarif(found);
    mesh_diagnostics_free(found);
    mesh_error_free(error);
    return status;
}

static void print_summary(const struct totals *totals, int json)
{
    const size_t *severity = totals->severity;

    if (json)
        printf("],\n \"documents\": %zu, \"errors\": %zu, \"refused\": %zu, "
               "\"warnings\": %zu, \"infos\": %zu}\n",
               totals->documents, severity[MESH_SEVERITY_ERROR],
               severity[MESH_SEVERITY_REFUSED], severity[MESH_SEVERITY_WARNING],
               severity[MESH_SEVERITY_INFO]);
    else
        printf("%zu documents: %zu errors, %zu refused, %zu warnings, "
               "%zu infos\n",
               totals->documents, severity[MESH_SEVERITY_ERROR],
               severity[MESH_SEVERITY_REFUSED], severity[MESH_SEVERITY_WARNING],
               severity[MESH_SEVERITY_INFO]);
}

static int is_clean(const struct totals *totals, int strict)
{
    if (totals->severity[MESH_SEVERITY_ERROR] ||
        totals->severity[MESH_SEVERITY_REFUSED])
        return 0;
    return !strict || (!totals->severity[MESH_SEVERITY_WARNING] &&
                       !totals->severity[MESH_SEVERITY_INFO]);
}

/* One a line; NULL when memory is out. */
static char *join(char **paths)
{
    size_t size = 1;
    char *text;

    for (size_t i = 0; paths[i]; i++)
        size += strlen(paths[i]) + 1;
    text = malloc(size);
    for (size_t i = 0, at = 0; text && paths[i]; i++)
        at += (size_t)snprintf(text + at, size - at, "%s\n", paths[i]);
    return text;
}

static int run(int argc, char **argv)
{
    struct lmesh_options options = {
        .argc = argc,
        .argv = argv,
        .shorts = "o:",
        .longs = longs,
        .forms = "sarif",
    };
    struct totals totals = { .first = 1 };
    int strict = 0;
    char *paths;
    int status;

    while (lmesh_option_next(&options) >= 0)
        strict = 1; /* the only one of our own */
    if (options.failed)
        return options.failed;
    if (optind == argc)
        return lmesh_misuse(argv[0], "which PATH?");
    paths = join(argv + optind);
    if (!paths)
        return lmesh_failed("analyze", MESH_ERR_NOMEM, NULL);
    if (options.json)
        fputs("{\"diagnostics\": [", stdout);
    status = analyze(paths, &totals, &options);
    free(paths);
    if (!options.form)
        print_summary(&totals, options.json);
    if (status)
        return status;
    return is_clean(&totals, strict) ? LMESH_FINE : LMESH_FINDINGS;
}

const struct lmesh_verb lmesh_analyze = {
    "analyze", "load and judge policy files: every finding", usage, run
};
