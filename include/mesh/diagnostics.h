/*
 * mesh/diagnostics.h - findings about policy files: all of them.
 */
#ifndef MESH_DIAGNOSTICS_H
#define MESH_DIAGNOSTICS_H

#include <mesh/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mesh_diagnostics mesh_diagnostics;

/* Severities. */
enum {
    MESH_SEVERITY_ERROR = 1,   /* Istio rejects it too                         */
    MESH_SEVERITY_REFUSED = 2, /* valid for Istio, but this version cannot
                                  honour it safely: loading fails              */
    MESH_SEVERITY_WARNING = 3,
    MESH_SEVERITY_INFO = 4     /* noted: it has no effect                      */
};

/**
 * mesh_analyze - load and judge policy files without a workload.
 *
 * path is a directory or one file, as in mesh_config_set_policy().
 *
 * Ownership: path is borrowed. *out is the caller's, for
 *            mesh_diagnostics_free(); set whenever the files could be read.
 * Threads:   any.
 * Returns:   0 whatever the findings are, or MESH_ERR_INVALID,
 *            MESH_ERR_NO_POLICY, MESH_ERR_IO, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_analyze(const char *path, mesh_diagnostics **out,
                             mesh_error *error);

/**
 * mesh_coverage_json - every field that the files use, with its status.
 *
 * {"fields": [{"resource", "path", "status", "reason", "file", "line"}]}
 *
 * Ownership: path is borrowed. *out is the caller's, for mesh_text_free().
 * Threads:   any.
 * Returns:   0, or MESH_ERR_INVALID, MESH_ERR_NO_POLICY, MESH_ERR_IO,
 *            MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_coverage_json(const char *path, char **out,
                                   mesh_error *error);

/**
 * mesh_text_free - return a text that libmesh gave away.
 *
 * Ownership: text is taken; NULL is accepted.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_text_free(char *text);

/**
 * mesh_diagnostics_free - return findings.
 *
 * Ownership: diagnostics is taken; NULL is accepted.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_diagnostics_free(mesh_diagnostics *diagnostics);

/**
 * mesh_diagnostics_count - how many findings of a severity there are.
 *
 * severity 0 counts all.
 *
 * Ownership: diagnostics is borrowed.
 * Threads:   the handle's.
 * Returns:   the number; 0 for NULL.
 */
MESH_EXTERN size_t mesh_diagnostics_count(const mesh_diagnostics *diagnostics,
                                          int severity);

/**
 * mesh_diagnostics_documents - how many documents were looked at.
 *
 * Ownership: diagnostics is borrowed.
 * Threads:   the handle's.
 * Returns:   the number; 0 for NULL.
 */
MESH_EXTERN size_t
mesh_diagnostics_documents(const mesh_diagnostics *diagnostics);

/**
 * mesh_diagnostics_severity - the severity of finding index.
 *
 * Ownership: diagnostics is borrowed.
 * Threads:   the handle's.
 * Returns:   a MESH_SEVERITY value, or 0 beyond the last.
 */
MESH_EXTERN int
mesh_diagnostics_severity(const mesh_diagnostics *diagnostics, size_t index);

/**
 * mesh_diagnostics_line - the line of finding index, from 1.
 *
 * Ownership: diagnostics is borrowed.
 * Threads:   the handle's.
 * Returns:   the line, or 0 when unknown or beyond the last.
 */
MESH_EXTERN int mesh_diagnostics_line(const mesh_diagnostics *diagnostics,
                                      size_t index);

/**
 * mesh_diagnostics_column - the column of finding index, from 1.
 *
 * Ownership: diagnostics is borrowed.
 * Threads:   the handle's.
 * Returns:   the column, or 0 when unknown or beyond the last.
 */
MESH_EXTERN int mesh_diagnostics_column(const mesh_diagnostics *diagnostics,
                                        size_t index);

/* What mesh_diagnostics_text() answers. */
enum {
    MESH_FINDING_FILE = 1,
    MESH_FINDING_CODE = 2,     /* "IST0101", "LM0002"                   */
    MESH_FINDING_RESOURCE = 3, /* "VirtualService/production/web"       */
    MESH_FINDING_PATH = 4,     /* "spec.http[0].timeout"                */
    MESH_FINDING_MESSAGE = 5,
    MESH_FINDING_HINT = 6,     /* "did you mean ...?"                   */
    MESH_FINDING_WHOLE = 7,    /* FILE:LINE:COL: severity: path: message [CODE] */
    MESH_FINDING_RULE = 8,     /* what the code means, a sentence       */
    MESH_FINDING_SOURCE = 9    /* where Istio tells of the rule, a URL  */
};

/**
 * mesh_diagnostics_text - one of the texts of finding index.
 *
 * Ownership: the text lives as long as diagnostics.
 * Threads:   the handle's.
 * Returns:   the text, "" where it has none, NULL beyond the last or for an
 *            unknown field.
 */
MESH_EXTERN const char *
mesh_diagnostics_text(mesh_diagnostics *diagnostics, size_t index, int field);

/**
 * mesh_diagnostics_json - all findings as JSON.
 *
 * {"documents", "errors", "refused", "warnings", "infos", "diagnostics":
 * [{"file", "line", "column", "severity", "code", "resource", "path",
 * "message", "hint", "rule", "source"}]}
 *
 * Ownership: *out is the caller's, for mesh_text_free().
 * Threads:   the handle's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_diagnostics_json(const mesh_diagnostics *diagnostics,
                                      char **out, mesh_error *error);

/**
 * mesh_diagnostics_sarif - all findings for tools that review code.
 *
 * A log of SARIF 2.1.0 with one run: a rule for each code, a result for each
 * finding. Errors and refusals have the level "error", infos "note".
 *
 * Ownership: *out is the caller's, for mesh_text_free().
 * Threads:   the handle's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_diagnostics_sarif(const mesh_diagnostics *diagnostics,
                                       char **out, mesh_error *error);

#ifdef __cplusplus
}
#endif
#endif
