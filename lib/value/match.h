/*
 * match.h - does a text fit: exact, prefix, suffix, presence, regex.
 *
 * Regexes take the RE2 syntax only and cost a bounded number of steps; a
 * match that meets the bound is MESH__MATCH_LIMIT, never yes or no: routes
 * answer a local 500, DENY rules count it as matched, ALLOW rules not.
 *
 * As Envoy's RE2 does by default, a regex reads UTF-8: "." is one character
 * but a newline, classes like \d \w \b are ASCII, and a text that is not
 * UTF-8 fits no regex. One match takes about 50 KiB of the caller's stack.
 */
#ifndef MESH_VALUE_MATCH_H
#define MESH_VALUE_MATCH_H

#include "base/slice.h"

#include <stdbool.h>

enum {
    MESH__REGEX_MAX = 1024,   /* bytes of an expression (Istio's bound)  */
    MESH__REGEX_STEPS = 10000 /* PCRE2 match limit                       */
};

enum mesh_match_kind {
    MESH__MATCH_EXACT,
    MESH__MATCH_PREFIX,
    MESH__MATCH_SUFFIX,
    MESH__MATCH_PRESENT,  /* any value, the empty one too  */
    MESH__MATCH_NONEMPTY, /* any value but the empty one   */
    MESH__MATCH_REGEX     /* the whole text fits           */
};

enum mesh_match_result {
    MESH__MATCH_NO = 0,
    MESH__MATCH_YES = 1,
    MESH__MATCH_LIMIT = -1
};

struct mesh_regex;

/* Immutable; text is borrowed (lives in the snapshot), regex is owned. */
struct mesh_match {
    enum mesh_match_kind kind;
    bool ignore_case; /* ASCII; exact and prefix only */
    struct mesh_slice text;
    struct mesh_regex *regex; /* counted; only MESH__MATCH_REGEX */
};

enum mesh_match_result mesh__match(const struct mesh_match *match,
                                   struct mesh_slice text);

/*
 * Compile. Returns 0, MESH_ERR_NOMEM, MESH_ERR_POLICY for what RE2 would take
 * and this library does not, or MESH_ERR_INVALID with a line that says what RE2
 * would not take (look-around, back-references, possessive and atomic groups,
 * \C, conditionals, recursion, more than MESH__REGEX_MAX bytes); value/re2.h
 * has the list.
 */
int mesh__regex_new(struct mesh_slice expression, struct mesh_regex **out);
struct mesh_regex *mesh__regex_ref(struct mesh_regex *regex);
void mesh__regex_unref(struct mesh_regex *regex);
/* Anchored at both ends. Any thread; uses no shared state and no heap. */
enum mesh_match_result mesh__regex_match(const struct mesh_regex *regex,
                                         struct mesh_slice text);

/* "exact:true", "prefix:/api", "regex:..." for reasons; cut at size. */
void mesh__match_print(const struct mesh_match *match, char *out, size_t size);

#endif
