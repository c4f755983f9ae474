/*
 * error.c - one line about what went wrong, and the names of the codes.
 *
 * Knows codes and text; declines to know who failed or why.
 */
#include "base/error.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char line[MESH_ERROR_LINE];

int mesh__fail(int code, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    return code;
}

int mesh__fail_errno(int code, int errnum, const char *format, ...)
{
    char reason[96];
    va_list list;
    size_t used;

    va_start(list, format);
    (void)vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    used = strlen(line);
    (void)snprintf(line + used, sizeof(line) - used, ": %s",
                   strerror_r(errnum, reason, sizeof(reason)));
    return code;
}

const char *mesh__error_line(void)
{
    return line;
}

void mesh__error_clear(void)
{
    line[0] = '\0';
}

int mesh__error_out(struct mesh_error *error, int code)
{
    if (error) {
        error->code = code;
        if (code == MESH_OK)
            error->line[0] = '\0';
        else if (line[0])
            memcpy(error->line, line, sizeof(line));
        else
            (void)snprintf(error->line, sizeof(error->line), "%s",
                           mesh_strerror(code));
    }
    mesh__error_clear();
    return code;
}

mesh_error *mesh_error_new(void)
{
    return mesh__calloc(1, sizeof(struct mesh_error));
}

void mesh_error_free(mesh_error *error)
{
    mesh__free(error);
}

int mesh_error_code(const mesh_error *error)
{
    return error ? error->code : MESH_OK;
}

const char *mesh_error_message(const mesh_error *error)
{
    return error ? error->line : "";
}

int mesh_error_class(int code)
{
    if (!strcmp(mesh_error_name(code), "unknown"))
        return MESH_CLASS_NONE;
    return -code / 100;
}

/* The codes as the compiler sees them: a missing one is a warning. */
typedef __typeof__(MESH_OK) code_t;

#define CODES(X)                                                               \
    X(MESH_OK, "no error")                                                     \
    X(MESH_ERR_INVALID, "an argument is not valid")                            \
    X(MESH_ERR_STATE, "not possible now")                                      \
    X(MESH_ERR_NO_DRIVER, "nobody drives the keeper")                          \
    X(MESH_ERR_FORKED, "a forked child must call mesh_workload_after_fork")    \
    X(MESH_ERR_CANCELLED, "cancelled")                                         \
    X(MESH_ERR_TOO_LARGE, "larger than its ceiling")                           \
    X(MESH_ERR_WOULD_BLOCK, "nothing yet")                                     \
    X(MESH_ERR_NO_ROUTE, "no route matches")                                   \
    X(MESH_ERR_NO_DESTINATION, "the route's destination is not known")         \
    X(MESH_ERR_NO_ENDPOINT, "no endpoint is available")                        \
    X(MESH_ERR_POLICY, "the policy has errors")                                \
    X(MESH_ERR_NO_POLICY, "there is no policy")                                \
    X(MESH_ERR_DENIED, "the policy forbids it")                                \
    X(MESH_ERR_LOCAL_RESPONSE, "the policy itself answered")                   \
    X(MESH_ERR_TIMEOUT, "the deadline came first")                             \
    X(MESH_ERR_CONNECT, "no connection could be made")                         \
    X(MESH_ERR_RESET, "the connection was reset")                              \
    X(MESH_ERR_OVERFLOW, "a circuit breaker is full")                          \
    X(MESH_ERR_PROTOCOL, "the peer broke the protocol")                        \
    X(MESH_ERR_RESOLVE, "the name has no address")                             \
    X(MESH_ERR_CLOSED, "the connection is closed")                             \
    X(MESH_ERR_PEER_IDENTITY, "the peer has another identity")                 \
    X(MESH_ERR_TLS, "TLS failed")                                              \
    X(MESH_ERR_CERTIFICATE, "our certificate or key is not usable")            \
    X(MESH_ERR_IDENTITY_MISMATCH, "a setting contradicts the certificate")     \
    X(MESH_ERR_NOMEM, "out of memory")                                         \
    X(MESH_ERR_INTERNAL, "an error inside libmesh")                            \
    X(MESH_ERR_SYSTEM, "a system call failed")                                 \
    X(MESH_ERR_FILES, "no file descriptor is left")                            \
    X(MESH_ERR_ADDRESS, "the address cannot be used")                          \
    X(MESH_ERR_MODULE, "a module could not be opened")                         \
    X(MESH_ERR_IO, "a file could not be read or written")

const char *mesh_error_name(int code)
{
#define X(name, text)                                                          \
    case name:                                                                 \
        return #name;
    switch ((code_t)code) {
        CODES(X)
    }
#undef X
    return "unknown";
}

const char *mesh_strerror(int code)
{
#define X(name, text)                                                          \
    case name:                                                                 \
        return text;
    switch ((code_t)code) {
        CODES(X)
    }
#undef X
    return "unknown error";
}
