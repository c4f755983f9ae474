/*
 * pcre.h - PCRE2 as this floor uses it: expressions of RE2's language, on our
 * own memory; for value/ alone.
 */
#ifndef MESH_VALUE_PCRE_H
#define MESH_VALUE_PCRE_H

#include "base/slice.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/*
 * MESH_ERR_INVALID for an expression that is too long or not RE2's,
 * MESH_ERR_POLICY for one that only libmesh does not take.
 */
int mesh__pcre_check(struct mesh_slice expression);

/* PCRE2's allocations through base/alloc; NULL, with the error's line set. */
pcre2_general_context *mesh__pcre_general(void);

/*
 * What makes PCRE2 read as RE2 does: UTF-8 in which a byte that is none fits
 * nothing, "." stops at a newline, "$" is the very end, \d \w \s \b are
 * ASCII. options come on top. 0, MESH_ERR_NOMEM or MESH_ERR_INVALID.
 */
int mesh__pcre_compile(struct mesh_slice expression, uint32_t options,
                       pcre2_general_context *general, pcre2_code **out);

/* Bounds for a match: steps, also as depth, and memory. NULL as above. */
pcre2_match_context *mesh__pcre_limits(pcre2_general_context *general,
                                       uint32_t steps, uint32_t kib);

#endif
