/*
 * fetch.h - calls to addresses outside the mesh, by libcurl.
 *
 * libcurl lives in a module of its own (libmesh-fetch.so) that is opened when
 * a configured feature needs it. The module is handed a table of functions and
 * needs no hidden symbol of libmesh.so.
 */
#ifndef MESH_FETCH_FETCH_H
#define MESH_FETCH_FETCH_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MESH__FETCH_ABI = 1,          /* of the two tables below    */
    MESH__FETCH_BODY = 1024 * 1024 /* response bytes kept at most */
};

/* What the module gets from us. */
struct mesh_fetch_host {
    uint32_t abi;
    void *(*alloc)(size_t size);
    void *(*resize)(void *memory, size_t size);
    void (*release)(void *memory);
};

struct mesh_fetch_request {
    const char *method;       /* "POST", "GET" */
    const char *url;          /* http or https; nothing else is followed */
    const char *const *headers; /* "name: value", NULL at the end */
    const void *body;
    size_t body_bytes;
    uint32_t timeout_ms;      /* the whole */
};

struct mesh_fetch_response {
    long status;              /* 0: none came */
    char *body;               /* release() it; NUL-terminated */
    size_t body_bytes;
    char reason[160];         /* why it failed, "" when it did not */
};

/* What the module gives. Blocking; one call at a time per session. */
struct mesh_fetch_module {
    uint32_t abi;
    const char *version;      /* "libcurl/8.14.1" */
    int (*open)(void **session);
    /* 0, or a MESH_ERR code (TIMEOUT, CONNECT, RESOLVE, TLS, NOMEM ...). */
    int (*perform)(void *session, const struct mesh_fetch_request *request,
                   struct mesh_fetch_response *response);
    void (*close)(void *session);
};

/* The module's only symbol: NULL when the ABI does not fit. */
#define MESH__FETCH_ENTRY "mesh_fetch_module_1"
typedef const struct mesh_fetch_module *(*mesh_fetch_entry)(
    const struct mesh_fetch_host *host);

/* --- the side of libmesh.so --- */

struct mesh_fetch; /* the opened module and a session */

/*
 * Open libmesh-fetch.so: from directory (MESH_MODULES; NULL: $(pkglibdir)).
 * 0, MESH_ERR_NOMEM, or MESH_ERR_MODULE with the path that was tried and why.
 */
int mesh__fetch_open(const char *directory, struct mesh_fetch **out);
int mesh__fetch_perform(struct mesh_fetch *fetch,
                        const struct mesh_fetch_request *request,
                        struct mesh_fetch_response *response);
void mesh__fetch_close(struct mesh_fetch *fetch);

#endif
