/*
 * scalar.h - single values: judged by type and bounds, then stored.
 *
 * Inside lib/schema only.
 */
#ifndef MESH_SCHEMA_SCALAR_H
#define MESH_SCHEMA_SCALAR_H

#include "schema/table.h"

union mesh_scalar {
    struct mesh_slice text; /* of the node: copied when stored            */
    int64_t whole;          /* whole numbers, nanoseconds, seconds        */
    double real;
    bool truth;
};

/* False when it does not fit; a finding says why. */
bool mesh__read_scalar(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_field *field,
                       const struct mesh_yaml_node *node,
                       union mesh_scalar *out);

/* at is the member that the row's type says. */
void mesh__store_scalar(struct mesh_reader *reader,
                        const struct mesh_field *field,
                        const union mesh_scalar *value, void *at);

/*
 * "2024-01-31T12:00:00Z" to seconds since 1970; fractions are dropped. What
 * the format date-time of a CRD takes: a leap second is none.
 */
bool mesh__read_rfc3339(struct mesh_slice text, int64_t *out_s);

#endif
