/*
 * diagnostics.c - mesh_diagnostics: findings about policy files.
 */
#include "api/inside.h"

#include "base/alloc.h"

int mesh__text_out(struct mesh_buffer *buffer, char **out)
{
    int rc = mesh__buffer_append(buffer, "", 1);

    if (rc == 0) {
        *out = mesh__strndup(mesh__buffer_data(buffer), buffer->len - 1);
        if (!*out)
            rc = mesh__fail(MESH_ERR_NOMEM, "a text");
    }
    mesh__buffer_fini(buffer);
    return rc;
}

void mesh_text_free(char *text)
{
    mesh__free(text);
}

static int null_argument(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
}

static int analyze(const char *path, struct mesh_diagnostics *diagnostics)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_collection *collection;
    struct mesh_fingerprint print;
    int rc = mesh__policy_read(path, &limits, NULL, &collection, diagnostics,
                               &print);

    if (rc < 0)
        return rc;
    rc = mesh__policy_judge(collection, diagnostics);
    mesh__collection_unref(collection);
    mesh__diagnostics_sort(diagnostics);
    return rc < 0 ? rc : diagnostics->rc;
}

int mesh_analyze(const char *path, mesh_diagnostics **out, mesh_error *error)
{
    struct mesh_diagnostics *diagnostics;
    int rc;

    if (out)
        *out = NULL;
    if (!path || !out)
        return null_argument(error);
    diagnostics = mesh__calloc(1, sizeof(*diagnostics));
    if (!diagnostics)
        return mesh__error_out(error,
                               mesh__fail(MESH_ERR_NOMEM, "the findings"));
    mesh__diagnostics_init(diagnostics);
    rc = analyze(path, diagnostics);
    if (rc < 0)
        mesh_diagnostics_free(diagnostics);
    else
        *out = diagnostics;
    return mesh__error_out(error, rc);
}

/* --- coverage --- */

struct coverage {
    struct mesh_json json;
    struct mesh_policy_limits left;
};

static void each_field(void *user, const struct mesh_field_use *use)
{
    struct coverage *coverage = user;
    struct mesh_json *json = &coverage->json;

    mesh__json_open(json, NULL, '{');
    mesh__json_text(json, "resource", use->resource);
    mesh__json_text(json, "path", use->path);
    mesh__json_text(json, "status", mesh__field_status_name(use->status));
    mesh__json_text(json, "reason", use->reason);
    mesh__json_text(json, "file", use->file);
    mesh__json_number(json, "line", use->line);
    mesh__json_close(json, '}');
}

static int each_file(void *user, const char *name, struct mesh_slice text)
{
    struct coverage *coverage = user;

    return mesh__coverage(name, text, &coverage->left, each_field, coverage);
}

int mesh_coverage_json(const char *path, char **out, mesh_error *error)
{
    struct coverage coverage = { .left = mesh__policy_limits };
    struct mesh_buffer buffer;
    int rc;

    if (out)
        *out = NULL;
    if (!path || !out)
        return null_argument(error);
    mesh__buffer_init(&buffer, SIZE_MAX / 4);
    mesh__json_init(&coverage.json, &buffer);
    mesh__json_open(&coverage.json, NULL, '{');
    mesh__json_open(&coverage.json, "fields", '[');
    rc = mesh__policy_each(path, &mesh__policy_limits, each_file, &coverage);
    mesh__json_close(&coverage.json, ']');
    mesh__json_close(&coverage.json, '}');
    if (rc == 0)
        rc = coverage.json.rc;
    if (rc == 0)
        rc = mesh__text_out(&buffer, out);
    mesh__buffer_fini(&buffer);
    return mesh__error_out(error, rc);
}

/* --- findings, one by one --- */

void mesh_diagnostics_free(mesh_diagnostics *diagnostics)
{
    if (!diagnostics)
        return;
    mesh__diagnostics_fini(diagnostics);
    mesh__free(diagnostics);
}

size_t mesh_diagnostics_count(const mesh_diagnostics *diagnostics, int severity)
{
    if (!diagnostics || severity < 0 || severity > MESH_SEVERITY_INFO)
        return 0;
    return severity ? diagnostics->by_severity[severity] : diagnostics->count;
}

size_t mesh_diagnostics_documents(const mesh_diagnostics *diagnostics)
{
    return diagnostics ? diagnostics->documents : 0;
}

static const struct mesh_finding *finding(const mesh_diagnostics *diagnostics,
                                          size_t index)
{
    return diagnostics && index < diagnostics->count
               ? &diagnostics->findings[index]
               : NULL;
}

int mesh_diagnostics_severity(const mesh_diagnostics *diagnostics, size_t index)
{
    const struct mesh_finding *found = finding(diagnostics, index);

    return found ? (int)found->severity : 0;
}

int mesh_diagnostics_line(const mesh_diagnostics *diagnostics, size_t index)
{
    const struct mesh_finding *found = finding(diagnostics, index);

    return found ? (int)found->line : 0;
}

int mesh_diagnostics_column(const mesh_diagnostics *diagnostics, size_t index)
{
    const struct mesh_finding *found = finding(diagnostics, index);

    return found ? (int)found->column : 0;
}

static const char *whole(mesh_diagnostics *diagnostics,
                         const struct mesh_finding *found)
{
    char line[4096];
    char *copy;

    mesh__finding_print(found, line, sizeof(line));
    copy = mesh__arena_strdup(&diagnostics->arena, line);
    mesh__error_clear();
    return copy ? copy : found->message;
}

static const char *source(mesh_diagnostics *diagnostics,
                          const struct mesh_finding *found)
{
    char line[MESH__SOURCE_BYTES];
    const char *copy = mesh__rule_source(found->code, line);

    if (*copy)
        copy = mesh__arena_strdup(&diagnostics->arena, line);
    mesh__error_clear();
    return copy && *copy ? copy : "";
}

const char *mesh_diagnostics_text(mesh_diagnostics *diagnostics, size_t index,
                                  int field)
{
    const struct mesh_finding *found = finding(diagnostics, index);

    if (!found)
        return NULL;
    switch (field) {
    case MESH_FINDING_FILE:
        return found->file;
    case MESH_FINDING_CODE:
        return found->code;
    case MESH_FINDING_RESOURCE:
        return found->resource;
    case MESH_FINDING_PATH:
        return found->path;
    case MESH_FINDING_MESSAGE:
        return found->message;
    case MESH_FINDING_HINT:
        return found->hint;
    case MESH_FINDING_WHOLE:
        return whole(diagnostics, found);
    case MESH_FINDING_RULE:
        return mesh__rule_text(found->code);
    case MESH_FINDING_SOURCE:
        return source(diagnostics, found);
    default:
        return NULL;
    }
}

static void finding_json(struct mesh_json *json,
                         const struct mesh_finding *found)
{
    char source[MESH__SOURCE_BYTES];

    mesh__json_open(json, NULL, '{');
    mesh__json_text(json, "file", found->file);
    mesh__json_number(json, "line", found->line);
    mesh__json_number(json, "column", found->column);
    mesh__json_text(json, "severity", mesh__severity_name(found->severity));
    mesh__json_text(json, "code", found->code);
    mesh__json_text(json, "resource", found->resource);
    mesh__json_text(json, "path", found->path);
    mesh__json_text(json, "message", found->message);
    mesh__json_text(json, "hint", found->hint);
    mesh__json_text(json, "rule", mesh__rule_text(found->code));
    mesh__json_text(json, "source", mesh__rule_source(found->code, source));
    mesh__json_close(json, '}');
}

int mesh_diagnostics_json(const mesh_diagnostics *diagnostics, char **out,
                          mesh_error *error)
{
    struct mesh_buffer buffer;
    struct mesh_json json;
    int rc;

    if (out)
        *out = NULL;
    if (!diagnostics || !out)
        return null_argument(error);
    mesh__buffer_init(&buffer, SIZE_MAX / 4);
    mesh__json_init(&json, &buffer);
    mesh__json_open(&json, NULL, '{');
    mesh__json_number(&json, "documents", (int64_t)diagnostics->documents);
    mesh__json_number(&json, "errors",
                      (int64_t)diagnostics->by_severity[MESH__ERROR]);
    mesh__json_number(&json, "refused",
                      (int64_t)diagnostics->by_severity[MESH__REFUSED]);
    mesh__json_number(&json, "warnings",
                      (int64_t)diagnostics->by_severity[MESH__WARNING]);
    mesh__json_number(&json, "infos",
                      (int64_t)diagnostics->by_severity[MESH__INFO]);
    mesh__json_open(&json, "diagnostics", '[');
    for (size_t i = 0; i < diagnostics->count; i++)
        finding_json(&json, &diagnostics->findings[i]);
    mesh__json_close(&json, ']');
    mesh__json_close(&json, '}');
    rc = json.rc;
    if (rc == 0)
        rc = mesh__text_out(&buffer, out);
    mesh__buffer_fini(&buffer);
    return mesh__error_out(error, rc);
}
