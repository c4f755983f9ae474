/*
 * diagnostics.h - findings about policies: all of them, in order.
 */
#ifndef MESH_SCHEMA_DIAGNOSTICS_H
#define MESH_SCHEMA_DIAGNOSTICS_H

#include "base/arena.h"
#include "base/mark.h"

#include <stddef.h>

/* The numbers of <mesh/diagnostics.h>. */
enum mesh_severity {
    MESH__ERROR = 1,   /* Istio rejects it too                           */
    MESH__REFUSED = 2, /* valid for Istio; this version cannot honour it */
    MESH__WARNING = 3,
    MESH__INFO = 4 /* noted: has no effect                           */
};

enum { MESH__FINDINGS_MAX = 100000 };

struct mesh_finding {
    enum mesh_severity severity;
    const char *file; /* as the host named it, "" when none          */
    unsigned line;    /* from 1; 0 unknown                           */
    unsigned column;
    const char *code;     /* "IST0101", "LM0003"                         */
    const char *resource; /* "VirtualService/production/api-gateway", "" */
    const char *path;     /* "spec.http[0].timeout", ""                  */
    const char *message;  /* what was wanted, what was found             */
    const char *hint;     /* "did you mean \"consecutive5xxErrors\"?", "" */
};

/* Zeroed after init; strings live in the arena. The public mesh_diagnostics. */
struct mesh_diagnostics {
    struct mesh_arena arena;
    struct mesh_finding *findings;
    size_t count;
    size_t capacity;
    size_t by_severity[5];
    size_t documents; /* looked at so far                                  */
    int rc;           /* MESH_ERR_NOMEM once a finding could not be kept   */
};

void mesh__diagnostics_init(struct mesh_diagnostics *diagnostics);
void mesh__diagnostics_fini(struct mesh_diagnostics *diagnostics);

/*
 * Keep a finding (strings copied, control characters replaced by '?'). Never
 * fails loudly: a lost finding sets rc, and a load that lost one fails as a
 * whole.
 */
void mesh__diagnostics_add(struct mesh_diagnostics *diagnostics,
                           const struct mesh_finding *finding);

/* By file, line, column, severity, code; equal ones kept once. */
void mesh__diagnostics_sort(struct mesh_diagnostics *diagnostics);

/* "FILE:LINE:COL: severity: path: message [CODE]", cut at size. */
void mesh__finding_print(const struct mesh_finding *finding, char *out,
                         size_t size);
const char *mesh__severity_name(enum mesh_severity severity);

#endif
