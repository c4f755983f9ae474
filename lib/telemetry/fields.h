/*
 * fields.h - the values of an access log line: Envoy's operators over facts.
 */
#ifndef MESH_TELEMETRY_FIELDS_H
#define MESH_TELEMETRY_FIELDS_H

#include "telemetry/facts.h"

enum { MESH__FIELD_SCRATCH = 272 }; /* a marked server name */

struct mesh_field {
    const char *key;  /* in Istio's JSON; NULL: only by name          */
    const char *name; /* "RESPONSE_CODE", without percent signs       */
    int source;       /* fields.c's: where the value comes from       */
    size_t at;        /* in struct mesh_facts                         */
};

/* Filled in by mesh__field_read; text lives as long as facts and this do. */
struct mesh_field_value {
    bool present;
    bool is_number;
    bool blanks; /* stand as they are in a text line */
    uint64_t number;
    struct mesh_slice text;
    char scratch[MESH__FIELD_SCRATCH];
};

/* NULL for a name that is no operator of Istio's default. */
const struct mesh_field *mesh__field_find(struct mesh_slice name);

/* The n-th of Istio's JSON, by key in the alphabet; NULL behind the last. */
const struct mesh_field *mesh__field_of_json(size_t n);

void mesh__field_read(const struct mesh_facts *facts,
                      const struct mesh_field *field,
                      struct mesh_field_value *value);

#endif
