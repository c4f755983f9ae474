/*
 * slice.h - bytes that belong to somebody else.
 */
#ifndef MESH_BASE_SLICE_H
#define MESH_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* len bytes at at; no NUL is promised. at may be NULL when len is 0. */
struct mesh_slice {
    const char *at;
    size_t len;
};

#define MESH__SLICE(literal)                                                   \
    ((struct mesh_slice){ literal, sizeof(literal) - 1 })

static inline struct mesh_slice mesh__slice(const char *at, size_t len)
{
    return (struct mesh_slice){ at, len };
}

static inline struct mesh_slice mesh__slice_of(const char *text)
{
    return (struct mesh_slice){ text, text ? strlen(text) : 0 };
}

static inline bool mesh__slice_equal(struct mesh_slice a, struct mesh_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool mesh__slice_is(struct mesh_slice a, const char *text)
{
    return mesh__slice_equal(a, mesh__slice_of(text));
}

/* ASCII only, whatever the locale. */
static inline char mesh__lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool mesh__slice_equal_nocase(struct mesh_slice a, struct mesh_slice b);
bool mesh__slice_starts(struct mesh_slice a, struct mesh_slice prefix);
bool mesh__slice_ends(struct mesh_slice a, struct mesh_slice suffix);

/* a without blanks and tabs at both ends (OWS of RFC 9110 section 5.6.3). */
struct mesh_slice mesh__slice_trim(struct mesh_slice a);

/*
 * Read a whole slice as a decimal number of at most max; digits only.
 * Returns false for anything else, *out unchanged.
 */
bool mesh__slice_number(struct mesh_slice a, unsigned long long max,
                        unsigned long long *out);

#endif
