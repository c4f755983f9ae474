/*
 * judge.c - what we make of YAML documents, as `ask` says what Istio does.
 *
 * Standard input has the documents, each ended by a NUL byte; standard output
 * one line for each: "valid" or "invalid", a tab, the lines of the errors with
 * commas between, a tab, and the first error. What is refused, warned of or
 * noted is valid.
 */
#include "base/buffer.h"
#include "schema/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 1 << 16, ALL = 1 << 28 };

static int read_all(struct mesh_buffer *out)
{
    size_t got;
    char *room;

    do {
        if (mesh__buffer_reserve(out, STEP, &room) < 0)
            return -1;
        got = fread(room, 1, STEP, stdin);
        mesh__buffer_commit(out, got);
    } while (got > 0);
    return ferror(stdin) ? -1 : 0;
}

static void print(const struct mesh_diagnostics *diagnostics)
{
    const struct mesh_finding *first = NULL;
    char text[512] = "-";

    fputs(diagnostics->by_severity[MESH__ERROR] ? "invalid\t" : "valid\t",
          stdout);
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct mesh_finding *finding = &diagnostics->findings[i];

        if (finding->severity != MESH__ERROR)
            continue;
        fprintf(stdout, "%s%u", first ? "," : "", finding->line);
        if (!first)
            first = finding;
    }
    if (first)
        mesh__finding_print(first, text, sizeof(text));
    fprintf(stdout, "%s\t%s\n", first ? "" : "-", text);
}

static int judge(struct mesh_slice document)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_collection *collection;
    struct mesh_diagnostics diagnostics;
    int rc;

    mesh__diagnostics_init(&diagnostics);
    rc = mesh__collection_new(&collection);
    if (rc == 0) {
        rc = mesh__collection_add(collection, "", document, &limits,
                                  &diagnostics);
        mesh__diagnostics_sort(&diagnostics);
        print(&diagnostics);
        mesh__collection_unref(collection);
    }
    mesh__diagnostics_fini(&diagnostics);
    return rc;
}

int main(void)
{
    struct mesh_buffer all;
    struct mesh_slice rest;
    int rc;

    mesh__buffer_init(&all, ALL);
    rc = read_all(&all);
    rest = mesh__buffer_slice(&all);
    while (rc == 0 && rest.len > 0) {
        const char *end = memchr(rest.at, '\0', rest.len);
        size_t len = end ? (size_t)(end - rest.at) : rest.len;

        rc = judge(mesh__slice(rest.at, len));
        len += end ? 1 : 0;
        rest = mesh__slice(rest.at + len, rest.len - len);
    }
    mesh__buffer_fini(&all);
    return rc == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
