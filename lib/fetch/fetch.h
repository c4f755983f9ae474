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
    MESH__FETCH_ABI = 1,           /* of the two tables below    */
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
    const char *method;         /* "POST" or "GET" */
    const char *url;            /* http or https; redirects are not followed */
    const char *const *headers; /* "name: value", NULL at the end */
    const void *body;
    size_t body_bytes;
    uint32_t timeout_ms; /* the whole; at least 1 */
};

struct mesh_fetch_response {
    long status; /* 0: none came */
    char *body;  /* release() it; NUL-terminated; may be NULL */
    size_t body_bytes;
    char reason[160]; /* why it failed, "" when it did not */
};

/* What the module gives. Blocking; one call at a time per session. */
struct mesh_fetch_module {
    uint32_t abi;
    const char *version; /* "libcurl/8.14.1" */
    /* 0 or MESH_ERR_NOMEM; host outlives the session. */
    int (*open)(const struct mesh_fetch_host *host, void **session);
    /* 0, or a MESH_ERR code (TIMEOUT, CONNECT, RESOLVE, TLS, NOMEM ...). */
    int (*perform)(void *session, const struct mesh_fetch_request *request,
                   struct mesh_fetch_response *response);
    void (*close)(void *session);
    /*
     * In a forked child: part with the parent's connections without a byte on
     * them; the session goes on with new ones. 0 or MESH_ERR_NOMEM.
     */
    int (*forked)(void *session);
};

/* The module's only symbol: NULL when the ABI does not fit. */
#define MESH__FETCH_ENTRY "mesh_fetch_module_1"
typedef const struct mesh_fetch_module *(*mesh_fetch_entry)(
    const struct mesh_fetch_host *host);
__attribute__((visibility("default"))) const struct mesh_fetch_module *
mesh_fetch_module_1(const struct mesh_fetch_host *host);

/* --- the side of libmesh.so --- */

struct mesh_fetch; /* the opened module and a session */

/*
 * Open libmesh-fetch.so: from directory (MESH_MODULES; NULL: $(pkglibdir)).
 * It stays in the process once it was opened, because libraries beneath
 * libcurl leave destructors behind. In a build without shared libraries it is
 * linked in and directory is not looked at. 0, MESH_ERR_NOMEM, or
 * MESH_ERR_MODULE with the path that was tried and why.
 */
int mesh__fetch_open(const char *directory, struct mesh_fetch **out);

/* The same with a module that is at hand (borrowed): a stand-in in tests. */
int mesh__fetch_adopt(const struct mesh_fetch_module *module,
                      struct mesh_fetch **out);

/*
 * One call, blocking, at most request->timeout_ms; one at a time on a fetch.
 * 0 whenever a response came, whatever its status; its body is the caller's,
 * mesh__free() it (NULL when empty). Else a MESH_ERR code with its line, no
 * body, and status 0.
 */
int mesh__fetch_perform(struct mesh_fetch *fetch,
                        const struct mesh_fetch_request *request,
                        struct mesh_fetch_response *response);
void mesh__fetch_close(struct mesh_fetch *fetch);

/* In a forked child, before anything else; fetch may be NULL. */
int mesh__fetch_forked(struct mesh_fetch *fetch);

#endif
