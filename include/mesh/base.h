/*
 * mesh/base.h - what every other header of libmesh rests on: visibility,
 * error codes, the error handle, memory, version.
 */
#ifndef MESH_BASE_H
#define MESH_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MESH_EXTERN __attribute__((visibility("default"))) extern
#else
#define MESH_EXTERN extern
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a function returns: 0 or one of these. The block says who can fix it.
 * Numbers are never reused.
 */
enum {
    MESH_OK = 0,

    /* -1xx: the caller */
    MESH_ERR_INVALID = -101,   /* an argument is out of its stated range      */
    MESH_ERR_STATE = -102,     /* not now: wrong order of calls, or closed    */
    MESH_ERR_NO_DRIVER = -103, /* needs the keeper, and nobody drives it      */
    MESH_ERR_FORKED = -104,    /* a child that has not called after_fork      */
    MESH_ERR_CANCELLED = -105, /* mesh_call_cancel, or the workload closed    */
    MESH_ERR_TOO_LARGE = -106, /* more than a ceiling that the host can raise */
    MESH_ERR_WOULD_BLOCK = -107, /* nothing yet; wait, step or poll, then again */

    /* -2xx: the author of the policy */
    MESH_ERR_NO_ROUTE = -201,       /* no rule matches this host and path     */
    MESH_ERR_NO_DESTINATION = -202, /* the route points at an unknown host,
                                       port or subset                         */
    MESH_ERR_NO_ENDPOINT = -203,    /* every endpoint is ejected, or none is
                                       known                                  */
    MESH_ERR_POLICY = -204,         /* the policy has errors or refusals      */
    MESH_ERR_NO_POLICY = -205,      /* no policy file was found               */
    MESH_ERR_DENIED = -206,         /* a policy forbids it                    */
    MESH_ERR_LOCAL_RESPONSE = -207, /* the policy itself answered (redirect,
                                       direct response, fault, block_all)     */

    /* -3xx: the network; another try may help */
    MESH_ERR_TIMEOUT = -301,  /* the deadline came first                      */
    MESH_ERR_CONNECT = -302,  /* refused, unreachable, or not in time         */
    MESH_ERR_RESET = -303,    /* the connection ended before the answer did   */
    MESH_ERR_OVERFLOW = -304, /* a breaker is full                            */
    MESH_ERR_PROTOCOL = -305, /* the peer broke the protocol                  */
    MESH_ERR_RESOLVE = -306,  /* the name has no address                      */
    MESH_ERR_CLOSED = -307,   /* closed in order: by the peer, or by a bound   */

    /* -4xx: the peer, or who issues names */
    MESH_ERR_PEER_IDENTITY = -401,     /* the peer proved to be someone else  */
    MESH_ERR_TLS = -402,               /* the handshake or a record failed    */
    MESH_ERR_CERTIFICATE = -403,       /* ours: unreadable, expired, no
                                          SPIFFE id, key does not match       */
    MESH_ERR_IDENTITY_MISMATCH = -404, /* a setting contradicts the
                                          certificate                         */

    /* -9xx: this process */
    MESH_ERR_NOMEM = -901,    /* out of memory                                */
    MESH_ERR_INTERNAL = -902, /* us; please report it                         */
    MESH_ERR_SYSTEM = -903,   /* a system call failed; the message names it   */
    MESH_ERR_FILES = -904,    /* no descriptor left (EMFILE, ENFILE)          */
    MESH_ERR_ADDRESS = -905,  /* the address is in use or not this machine's  */
    MESH_ERR_MODULE = -906,   /* libmesh-fetch.so is missing or unfit         */
    MESH_ERR_IO = -907        /* a file could not be read or written          */
};

/* What mesh_error_class() answers: who can mend it. */
enum {
    MESH_CLASS_NONE = 0,
    MESH_CLASS_CALLER = 1,
    MESH_CLASS_POLICY = 2,
    MESH_CLASS_NETWORK = 3,
    MESH_CLASS_IDENTITY = 4,
    MESH_CLASS_PROCESS = 9
};

/* Code and message of one failed call; opaque and reusable. */
typedef struct mesh_error mesh_error;

/**
 * mesh_error_new - make an error handle for use as a last argument.
 *
 * Ownership: the result is the caller's, to be returned with
 *            mesh_error_free(). It may be used for any number of calls.
 * Threads:   any; one handle belongs to one thread at a time.
 * Returns:   the handle, or NULL when memory is out.
 */
MESH_EXTERN mesh_error *mesh_error_new(void);

/**
 * mesh_error_free - return an error handle.
 *
 * Ownership: error is taken; NULL is accepted.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_error_free(mesh_error *error);

/**
 * mesh_error_code - the code of the last call that was given this handle.
 *
 * A call that succeeds sets it to MESH_OK.
 *
 * Ownership: error is borrowed; NULL gives MESH_OK.
 * Threads:   the handle's.
 * Returns:   MESH_OK or a MESH_ERR code.
 */
MESH_EXTERN int mesh_error_code(const mesh_error *error);

/**
 * mesh_error_message - one line: what was wanted and what was found.
 *
 * Ownership: the text belongs to the handle and lives until its next use.
 * Threads:   the handle's.
 * Returns:   never NULL; "" after a success and for NULL.
 */
MESH_EXTERN const char *mesh_error_message(const mesh_error *error);

/**
 * mesh_error_class - who can mend this.
 *
 * Threads:   any.
 * Returns:   a MESH_CLASS value; MESH_CLASS_NONE for MESH_OK and for numbers
 *            that are no code.
 */
MESH_EXTERN int mesh_error_class(int code);

/**
 * mesh_error_name - the constant's name, e.g. "MESH_ERR_TIMEOUT".
 *
 * Threads:   any.
 * Returns:   a static text; "unknown" for numbers that are no code.
 */
MESH_EXTERN const char *mesh_error_name(int code);

/**
 * mesh_strerror - a sentence for a code, when no message is at hand.
 *
 * Threads:   any.
 * Returns:   a static text; "unknown error" for numbers that are no code.
 */
MESH_EXTERN const char *mesh_strerror(int code);

/**
 * mesh_version - the version of the library at run time, e.g. "0.1.0".
 *
 * Threads:   any.
 * Returns:   a static text.
 */
MESH_EXTERN const char *mesh_version(void);

/**
 * mesh_engine - the TLS engine at run time, e.g. "mbedTLS 2.28.3".
 *
 * Threads:   any.
 * Returns:   a static text.
 */
MESH_EXTERN const char *mesh_engine(void);

/**
 * mesh_set_memory - replace the functions that give and take memory.
 *
 * Once, before the first handle of any kind is made. All three must be given.
 * They cover libmesh's own memory; libraries beneath it keep theirs, because
 * the host may use the same library. They are called from any thread.
 *
 * Ownership: the functions are kept for the life of the process.
 * Threads:   one, before any other call.
 * Returns:   0, or
 *            MESH_ERR_INVALID  a function is NULL
 *            MESH_ERR_STATE    memory was handed out already
 */
MESH_EXTERN int mesh_set_memory(void *(*alloc)(size_t size),
                                void *(*resize)(void *memory, size_t size),
                                void (*release)(void *memory));

#ifdef __cplusplus
}
#endif
#endif
