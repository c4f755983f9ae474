/*
 * sarif.c - findings for code review tools: SARIF 2.1.0.
 *
 * One run, its rules those that found something, a result for each finding.
 * Declines to know what any of them means.
 */
#include "api/inside.h"

#include <stdio.h>
#include <string.h>

enum { RULES_MAX = 512, URI_BYTES = 3 * 4096 + 16 };

struct sarif {
    struct mesh_json json;
    const mesh_diagnostics *diagnostics;
    const struct mesh_finding *rules[RULES_MAX]; /* the first of each code */
    size_t rule_count;
};

/* Nothing may be lost to who looks at errors only: refused is one. */
static const char *level_of(enum mesh_severity severity)
{
    switch (severity) {
    case MESH__ERROR:
    case MESH__REFUSED:
        return "error";
    case MESH__WARNING:
        return "warning";
    case MESH__INFO:
        return "note";
    }
    return "none";
}

/* --- rules --- */

static size_t find_rule(const struct sarif *sarif, const char *code)
{
    size_t i = 0;

    while (i < sarif->rule_count && strcmp(sarif->rules[i]->code, code) != 0)
        i++;
    return i;
}

static void list_rules(struct sarif *sarif)
{
    const mesh_diagnostics *diagnostics = sarif->diagnostics;

    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct mesh_finding *finding = &diagnostics->findings[i];

        if (find_rule(sarif, finding->code) == sarif->rule_count &&
            sarif->rule_count < RULES_MAX)
            sarif->rules[sarif->rule_count++] = finding;
    }
}

static void put_text(struct mesh_json *json, const char *key, const char *text)
{
    mesh__json_open(json, key, '{');
    mesh__json_text(json, "text", text);
    mesh__json_close(json, '}');
}

static void put_rule(struct mesh_json *json, const struct mesh_finding *finding)
{
    char source[MESH__SOURCE_BYTES];
    const char *text = mesh__rule_text(finding->code);

    mesh__json_open(json, NULL, '{');
    mesh__json_text(json, "id", finding->code);
    put_text(json, "shortDescription", *text ? text : finding->code);
    if (*mesh__rule_source(finding->code, source))
        mesh__json_text(json, "helpUri", source);
    mesh__json_open(json, "defaultConfiguration", '{');
    mesh__json_text(json, "level", level_of(finding->severity));
    mesh__json_close(json, '}');
    mesh__json_close(json, '}');
}

static void put_tool(struct sarif *sarif)
{
    struct mesh_json *json = &sarif->json;

    mesh__json_open(json, "tool", '{');
    mesh__json_open(json, "driver", '{');
    mesh__json_text(json, "name", "libmesh");
    mesh__json_text(json, "semanticVersion", mesh_version());
    mesh__json_open(json, "rules", '[');
    for (size_t i = 0; i < sarif->rule_count; i++)
        put_rule(json, sarif->rules[i]);
    mesh__json_close(json, ']');
    mesh__json_close(json, '}');
    mesh__json_close(json, '}');
}

/* --- results --- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("-._~/", c));
}

/* A path as RFC 3986 writes it; one that is cut names nothing, but is one. */
static void uri_of(const char *file, char out[URI_BYTES])
{
    size_t at = 0;

    if (*file == '/')
        at = (size_t)snprintf(out, URI_BYTES, "file://");
    for (; *file && at + 4 < URI_BYTES; file++) {
        if (is_plain(*file))
            out[at++] = *file;
        else
            at += (size_t)snprintf(out + at, 4, "%%%02X",
                                   (unsigned)(unsigned char)*file);
    }
    out[at] = '\0';
}

static void put_place(struct mesh_json *json,
                      const struct mesh_finding *finding)
{
    char uri[URI_BYTES];

    uri_of(finding->file, uri);
    mesh__json_open(json, "physicalLocation", '{');
    mesh__json_open(json, "artifactLocation", '{');
    mesh__json_text(json, "uri", uri);
    mesh__json_close(json, '}');
    if (finding->line) {
        mesh__json_open(json, "region", '{');
        mesh__json_number(json, "startLine", finding->line);
        if (finding->column)
            mesh__json_number(json, "startColumn", finding->column);
        mesh__json_close(json, '}');
    }
    mesh__json_close(json, '}');
}

static void put_name(struct mesh_json *json, const struct mesh_finding *finding)
{
    char name[1024];

    if (!*finding->resource)
        return;
    (void)snprintf(name, sizeof(name), "%s%s%s", finding->resource,
                   *finding->path ? "#" : "", finding->path);
    mesh__json_open(json, "logicalLocations", '[');
    mesh__json_open(json, NULL, '{');
    mesh__json_text(json, "fullyQualifiedName", name);
    mesh__json_text(json, "kind", "resource");
    mesh__json_close(json, '}');
    mesh__json_close(json, ']');
}

static void put_message(struct mesh_json *json,
                        const struct mesh_finding *finding)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), "%s%s%s%s%s", finding->path,
                   *finding->path ? ": " : "", finding->message,
                   *finding->hint ? "; " : "", finding->hint);
    put_text(json, "message", text);
}

static void put_result(struct sarif *sarif, const struct mesh_finding *finding)
{
    struct mesh_json *json = &sarif->json;
    size_t rule = find_rule(sarif, finding->code);

    mesh__json_open(json, NULL, '{');
    mesh__json_text(json, "ruleId", finding->code);
    if (rule < sarif->rule_count)
        mesh__json_number(json, "ruleIndex", (int64_t)rule);
    mesh__json_text(json, "level", level_of(finding->severity));
    put_message(json, finding);
    if (*finding->file) {
        mesh__json_open(json, "locations", '[');
        mesh__json_open(json, NULL, '{');
        put_place(json, finding);
        put_name(json, finding);
        mesh__json_close(json, '}');
        mesh__json_close(json, ']');
    }
    mesh__json_open(json, "properties", '{');
    mesh__json_text(json, "severity", mesh__severity_name(finding->severity));
    mesh__json_close(json, '}');
    mesh__json_close(json, '}');
}

static void put_run(struct sarif *sarif)
{
    struct mesh_json *json = &sarif->json;
    const mesh_diagnostics *diagnostics = sarif->diagnostics;

    mesh__json_open(json, NULL, '{');
    put_tool(sarif);
    mesh__json_text(json, "columnKind", "unicodeCodePoints");
    mesh__json_open(json, "results", '[');
    for (size_t i = 0; i < diagnostics->count; i++)
        put_result(sarif, &diagnostics->findings[i]);
    mesh__json_close(json, ']');
    mesh__json_close(json, '}');
}

int mesh_diagnostics_sarif(const mesh_diagnostics *diagnostics, char **out,
                           mesh_error *error)
{
    struct sarif sarif = { .diagnostics = diagnostics };
    struct mesh_buffer buffer;
    int rc;

    if (out)
        *out = NULL;
    if (!diagnostics || !out)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
    mesh__buffer_init(&buffer, SIZE_MAX / 4);
    mesh__json_init(&sarif.json, &buffer);
    list_rules(&sarif);
    mesh__json_open(&sarif.json, NULL, '{');
    mesh__json_text(&sarif.json, "$schema",
                    "https://json.schemastore.org/sarif-2.1.0.json");
    mesh__json_text(&sarif.json, "version", "2.1.0");
    mesh__json_open(&sarif.json, "runs", '[');
    put_run(&sarif);
    mesh__json_close(&sarif.json, ']');
    mesh__json_close(&sarif.json, '}');
    rc = sarif.json.rc;
    if (rc == 0)
        rc = mesh__text_out(&buffer, out);
    mesh__buffer_fini(&buffer);
    return mesh__error_out(error, rc);
}
