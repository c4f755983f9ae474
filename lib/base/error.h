/*
 * error.h - one line about what went wrong, beside the code that is returned.
 *
 * The lowest function that knows the facts calls mesh__fail; everyone above
 * passes the code on untouched; api/ copies the line into the caller's
 * mesh_error before it returns. The line is per thread and fixed: failing
 * never allocates.
 */
#ifndef MESH_BASE_ERROR_H
#define MESH_BASE_ERROR_H

#include <mesh/base.h>

enum { MESH_ERROR_LINE = 512 }; /* bytes, the NUL included; longer is cut */

/* What stands behind a public mesh_error: code and line of one call. */
struct mesh_error {
    int code;
    char line[MESH_ERROR_LINE];
};

/* Note the line and give the code back: `return mesh__fail(code, ...)`. */
int mesh__fail(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, with ": <reason of errnum>" behind the line. */
int mesh__fail_errno(int code, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* This thread's line; "" when nothing failed since mesh__error_clear. */
const char *mesh__error_line(void);

/* Whoever handles a failure clears it. */
void mesh__error_clear(void);

/*
 * Fill error (may be NULL) from code and this thread's line, or empty it for
 * MESH_OK; clears the line. Gives code back: the last line of every public
 * function is `return mesh__error_out(error, rc)`.
 */
int mesh__error_out(struct mesh_error *error, int code);

#endif
