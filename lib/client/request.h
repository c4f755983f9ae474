/*
 * request.h - what a caller asks for: counted, shared by all calls made of it.
 *
 * Changed only while nobody else holds it (mesh__request_own makes a copy
 * otherwise), so a call never copies head or body.
 */
#ifndef MESH_CLIENT_REQUEST_H
#define MESH_CLIENT_REQUEST_H

#include "base/arena.h"
#include "value/address.h"
#include "value/head.h"
#include "value/trace.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__REQUEST_ARENA = 1024 * 1024, /* bytes of head, ids and the like */
    MESH__REQUEST_HEADERS = 1000
};

struct mesh_client_request {
    atomic_int refs;
    struct mesh_arena arena;
    struct mesh_head head;       /* body kind set by the body functions   */
    uint16_t port;               /* service port of the URL               */
    bool secure;                 /* https: TLS whatever the policy */
    struct mesh_slice host;      /* of the URL, whatever Host says later  */
    struct mesh_address address; /* dialled where the policy lets it; family
                                    0: the URL's host by name        */
    char *body;                  /* owned; MESH__BODY_LENGTH, not streamed */
    size_t body_bytes;
    bool streamed;
    uint64_t deadline_ns; /* 0: none; from the start               */
    int idempotent;       /* -1 unset                              */
    int64_t tag;
    bool has_parent;
    struct mesh_trace parent; /* trace_id zero: the parent was not traced */
    struct mesh_slice parent_line; /* then: its traceparent as it came */
    struct mesh_slice parent_state;
    struct mesh_slice request_id; /* passed on; empty: make one          */
    /* A copy of another call's: goes there as it is, once, told to nobody. */
    bool is_copy;
    const char *to_host; /* in arena, as the next */
    const char *to_subset;
    uint16_t to_port;
    uint64_t timeout_ns;
};

/* method and url ("http://host[:port]/path"). As mesh_request_new. */
int mesh__request_new(struct mesh_slice method, struct mesh_slice url,
                      struct mesh_client_request **out);
struct mesh_client_request *mesh__request_ref(
    const struct mesh_client_request *request);
void mesh__request_unref(struct mesh_client_request *request);

/*
 * The head as a hop routes it: the caller's, with x-forwarded-proto and
 * x-request-id where that has none and content-length where it is known; a
 * parent's id takes the place of its own. An overlay in arena that refers to
 * request and id. 0 or MESH_ERR_NOMEM.
 */
int mesh__request_head(const struct mesh_client_request *request,
                       struct mesh_slice id, struct mesh_arena *arena,
                       struct mesh_head *out);

/* A request with this head and body, both copied. 0 or MESH_ERR_NOMEM. */
int mesh__request_copy(const struct mesh_head *head, struct mesh_slice body,
                       struct mesh_client_request **out);

/* *request for me alone: itself, or a copy that replaces it. */
int mesh__request_own(struct mesh_client_request **request);

int mesh__request_add(struct mesh_client_request *request,
                      struct mesh_slice name, struct mesh_slice value);
int mesh__request_body(struct mesh_client_request *request, const void *data,
                       size_t size);
int mesh__request_parent(struct mesh_client_request *request,
                         const struct mesh_trace *trace,
                         struct mesh_slice traceparent,
                         struct mesh_slice tracestate,
                         struct mesh_slice request_id);

#endif
