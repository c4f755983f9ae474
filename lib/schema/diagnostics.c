/*
 * diagnostics.c - findings, kept in one place and put in order.
 *
 * Knows what a finding looks like and nothing of what it is about.
 */
#include "schema/diagnostics.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <mesh/base.h>

#include <stdlib.h>

enum { TEXT_BYTES = 256 << 20 }; /* of all findings together */

void mesh__diagnostics_init(struct mesh_diagnostics *diagnostics)
{
    *diagnostics = (struct mesh_diagnostics){ 0 };
    mesh__arena_init(&diagnostics->arena, TEXT_BYTES);
}

void mesh__diagnostics_fini(struct mesh_diagnostics *diagnostics)
{
    mesh__arena_fini(&diagnostics->arena);
    mesh__free(diagnostics->findings);
    *diagnostics = (struct mesh_diagnostics){ 0 };
}

/*
 * Findings quote what was written, and are read on terminals: a control
 * character becomes '?', so that a finding is one line and nothing else.
 */
static const char *keep(struct mesh_arena *arena, const char *text)
{
    char *copy = text && *text ? mesh__arena_strdup(arena, text) : NULL;

    for (char *at = copy; at && *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    return text && *text ? copy : "";
}

/* Neighbours in one file share their name. */
static const char *keep_file(struct mesh_diagnostics *d, const char *file)
{
    const char *last = d->count ? d->findings[d->count - 1].file : NULL;

    return file && last && strcmp(last, file) == 0 ? last
                                                   : keep(&d->arena, file);
}

static int add(struct mesh_diagnostics *d, const struct mesh_finding *finding)
{
    struct mesh_finding copy = *finding;
    int rc = mesh__grow(&d->findings, &d->capacity, d->count,
                        MESH__FINDINGS_MAX, sizeof(copy));

    if (rc < 0)
        return rc;
    copy.file = keep_file(d, finding->file);
    copy.code = keep(&d->arena, finding->code);
    copy.resource = keep(&d->arena, finding->resource);
    copy.path = keep(&d->arena, finding->path);
    copy.message = keep(&d->arena, finding->message);
    copy.hint = keep(&d->arena, finding->hint);
    if (!copy.file || !copy.code || !copy.resource || !copy.path ||
        !copy.message || !copy.hint)
        return MESH_ERR_NOMEM;
    d->findings[d->count++] = copy;
    return 0;
}

void mesh__diagnostics_add(struct mesh_diagnostics *diagnostics,
                           const struct mesh_finding *finding)
{
    int rc = add(diagnostics, finding);

    diagnostics->by_severity[finding->severity]++;
    if (rc == MESH_ERR_NOMEM)
        diagnostics->rc = rc;
    else if (rc < 0 && diagnostics->rc == 0)
        diagnostics->rc = rc;
}

static int compare_numbers(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const struct mesh_finding *a = left;
    const struct mesh_finding *b = right;
    int order = strcmp(a->file, b->file);

    order = order ? order : compare_numbers(a->line, b->line);
    order = order ? order : compare_numbers(a->column, b->column);
    order = order ? order : compare_numbers(a->severity, b->severity);
    order = order ? order : strcmp(a->code, b->code);
    order = order ? order : strcmp(a->resource, b->resource);
    order = order ? order : strcmp(a->path, b->path);
    return order ? order : strcmp(a->message, b->message);
}

void mesh__diagnostics_sort(struct mesh_diagnostics *diagnostics)
{
    struct mesh_finding *findings = diagnostics->findings;
    size_t kept = 0;

    if (diagnostics->count == 0)
        return;
    qsort(findings, diagnostics->count, sizeof(*findings), compare);
    for (size_t i = 0; i < diagnostics->count; i++) {
        if (kept && compare(&findings[kept - 1], &findings[i]) == 0)
            diagnostics->by_severity[findings[i].severity]--;
        else
            findings[kept++] = findings[i];
    }
    diagnostics->count = kept;
}

const char *mesh__severity_name(enum mesh_severity severity)
{
    switch (severity) {
    case MESH__ERROR:
        return "error";
    case MESH__REFUSED:
        return "refused";
    case MESH__WARNING:
        return "warning";
    case MESH__INFO:
        return "info";
    }
    return "unknown";
}

void mesh__finding_print(const struct mesh_finding *finding, char *out,
                         size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    if (*finding->file)
        mesh__text_format(&text, "%s:", finding->file);
    if (finding->line)
        mesh__text_format(&text, "%u:%u:", finding->line, finding->column);
    mesh__text_format(&text, "%s%s: ", text.len ? " " : "",
                      mesh__severity_name(finding->severity));
    if (*finding->path)
        mesh__text_format(&text, "%s: ", finding->path);
    mesh__text_format(&text, "%s [%s]", finding->message, finding->code);
}
