/*
 * re2.h - which regular expressions RE2 would take.
 *
 * Istio and Envoy match with RE2; libmesh matches with PCRE2, whose language
 * is larger. What passes here means the same to both.
 */
#ifndef MESH_VALUE_RE2_H
#define MESH_VALUE_RE2_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    MESH__RE2_REPEATS = 1000, /* of one item, nested counts multiplied (RE2) */
    MESH__RE2_DEPTH = 100     /* groups inside groups                        */
};

/*
 * NULL for an expression of RE2's syntax, else a static text that says what
 * it has that RE2 (or, in a few rare spellings, libmesh) does not take; *at
 * is the byte where. Brackets that do not pair are left to PCRE2.
 * (github.com/google/re2: doc/syntax.txt, re2/parse.cc.)
 *
 * Refused although RE2 takes them (*ours is true), because PCRE2 reads them in
 * another way: octal escapes other than \0.., "[.", "[=" and "[:" as members of
 * a class, a literal '{' in front of a digit, a blank or a comma (write \{),
 * and groups deeper than MESH__RE2_DEPTH. \C is what Go's RE2 has not either.
 */
const char *mesh__re2_check(struct mesh_slice expression, size_t *at,
                            bool *ours);

#endif
