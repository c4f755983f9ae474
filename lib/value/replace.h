/*
 * replace.h - every place of a text where an expression fits, written anew.
 *
 * The rules are those of RE2's GlobalReplace: leftmost first, "\0" is what
 * fitted, "\1" to "\9" are its groups, "\\" is a backslash. The same
 * expressions are taken as by match.h, and read in the same way.
 */
#ifndef MESH_VALUE_REPLACE_H
#define MESH_VALUE_REPLACE_H

#include "base/arena.h"
#include "base/slice.h"

enum {
    MESH__REPLACE_STEPS = 100000,  /* PCRE2 match limit of one search */
    MESH__REPLACE_MAX = 64 * 1024, /* bytes of what comes out         */
    MESH__REPLACE_KIB = 512        /* of frames, for one search       */
};

enum mesh_replace_result {
    MESH__REPLACE_NONE, /* it fits nowhere, or the text is no UTF-8 */
    MESH__REPLACE_DONE,
    MESH__REPLACE_LIMIT, /* too dear to say, or too long             */
    MESH__REPLACE_NOMEM
};

/* Immutable; ended by mesh__replace_free. */
struct mesh_replace;

/*
 * Compile both. 0, MESH_ERR_NOMEM, or MESH_ERR_INVALID with a line: what RE2
 * would not take. A substitution with a group that is not there never happens.
 */
int mesh__replace_new(struct mesh_slice expression,
                      struct mesh_slice substitution,
                      struct mesh_replace **out);
void mesh__replace_free(struct mesh_replace *replace);

/* *out is text itself unless DONE, then in arena. Any thread. */
enum mesh_replace_result mesh__replace(const struct mesh_replace *replace,
                                       struct mesh_slice text,
                                       struct mesh_arena *arena,
                                       struct mesh_slice *out);

#endif
