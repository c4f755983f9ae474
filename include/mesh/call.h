/*
 * mesh/call.h - requests, calls and responses: the client's side of HTTP.
 */
#ifndef MESH_CALL_H
#define MESH_CALL_H

#include <mesh/base.h>
#include <mesh/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mesh_request mesh_request;
typedef struct mesh_response mesh_response;
typedef struct mesh_exchange mesh_exchange;

/* --- requests --- */

/**
 * mesh_request_new - start a request.
 *
 * url is "http://service[:port]/path?query". http:// is for services of the
 * mesh: mutual TLS is the policy's affair. https:// asks for TLS to that host,
 * proved by the system's roots, unless a DestinationRule or the mesh's own
 * mutual TLS says how.
 *
 * Ownership: texts are copied. *out is the caller's, for mesh_request_free().
 * Threads:   any; one handle belongs to one thread at a time.
 * Returns:   0, or MESH_ERR_INVALID (what cannot be encoded: a method that is
 *            no token, another scheme, no host, blanks or controls),
 *            MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_request_new(const char *method, const char *url,
                                 mesh_request **out, mesh_error *error);

/**
 * mesh_request_free - return a request.
 *
 * Calls made with it are not disturbed.
 *
 * Ownership: request is taken; NULL is accepted.
 * Threads:   the request's.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_request_free(mesh_request *request);

/**
 * mesh_request_add_header - add one header line.
 *
 * Names are sent in lower case; repeated names are kept in order. "host"
 * replaces the authority. Framing (content-length, transfer-encoding,
 * connection) is ours and refused.
 *
 * Ownership: texts are copied.
 * Threads:   the request's.
 * Returns:   0, or MESH_ERR_INVALID (RFC 9110 section 5: no token, CR, LF, NUL
 *            or another control in the value), MESH_ERR_TOO_LARGE,
 *            MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_request_add_header(mesh_request *request,
                                        const char *name, const char *value,
                                        mesh_error *error);

/**
 * mesh_request_set_body - the whole body, known now.
 *
 * Ownership: data is copied.
 * Threads:   the request's.
 * Returns:   0, or MESH_ERR_INVALID, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_request_set_body(mesh_request *request, const void *data,
                                      size_t size, mesh_error *error);

/**
 * mesh_request_set_streamed - the body will come through mesh_call_write().
 *
 * body_bytes is its length, or -1 when not known (sent chunked).
 *
 * Ownership: request is borrowed.
 * Threads:   the request's.
 * Returns:   0, or MESH_ERR_INVALID.
 */
MESH_EXTERN int mesh_request_set_streamed(mesh_request *request,
                                          int64_t body_bytes,
                                          mesh_error *error);

/**
 * mesh_request_set_deadline_ms - the caller's own bound on the whole call.
 *
 * From the call's start, back-off and retries included; 0 unsets. It cancels:
 * the endpoint is not blamed.
 *
 * Ownership: request is borrowed.
 * Threads:   the request's.
 * Returns:   0, or MESH_ERR_INVALID for a negative value.
 */
MESH_EXTERN int mesh_request_set_deadline_ms(mesh_request *request,
                                             int64_t deadline_ms,
                                             mesh_error *error);

/**
 * mesh_request_set_address - where it goes if the policy does not say.
 *
 * "192.0.2.7", or with a port, "192.0.2.7:8080" (default: the URL's). Used for
 * what a sidecar sends to the address that was dialled: hosts that the policy
 * does not know, under ALLOW_ANY; ServiceEntries with resolution NONE; the
 * balancer PASSTHROUGH. Unset, the URL's host is looked up by name.
 *
 * Ownership: address is copied; NULL unsets.
 * Threads:   the request's.
 * Returns:   0, or MESH_ERR_INVALID (no IP address), MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_request_set_address(mesh_request *request,
                                         const char *address,
                                         mesh_error *error);

/**
 * mesh_request_set_idempotent - may it be executed twice?
 *
 * 1: it is also sent again when a pooled connection turned out to be dead
 * before any answer, where the policy would not. 0: it is never sent again
 * once a byte of it left the process, whatever the policy says. Unset: the
 * policy decides, as in Envoy.
 *
 * Ownership: request is borrowed.
 * Threads:   the request's.
 * Returns:   0, or MESH_ERR_INVALID for anything but 0 and 1.
 */
MESH_EXTERN int mesh_request_set_idempotent(mesh_request *request,
                                            int idempotent, mesh_error *error);

/**
 * mesh_request_set_parent - on behalf of which inbound exchange.
 *
 * The trace goes on from it, and x-request-id is passed on.
 *
 * Ownership: exchange is borrowed: what is needed is copied.
 * Threads:   the request's; the exchange's too.
 * Returns:   0, or MESH_ERR_INVALID, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_request_set_parent(mesh_request *request,
                                        const mesh_exchange *exchange,
                                        mesh_error *error);

/**
 * mesh_request_set_tag - a number of the caller's, handed back by
 * mesh_call_tag().
 *
 * Ownership: request is borrowed.
 * Threads:   the request's.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_request_set_tag(mesh_request *request, int64_t tag);

/* --- calls --- */

/**
 * mesh_call_new - prepare a call.
 *
 * loop is where it will live; NULL gives it a loop of its own that moves only
 * inside mesh_call_start(), mesh_call_wait(), mesh_call_read() and
 * mesh_call_write() (blocking use).
 *
 * Ownership: workload and loop are kept alive; request is borrowed and
 *            unchanged, what is needed is shared. *out is the caller's, for
 *            mesh_call_free().
 * Threads:   any.
 * Returns:   0, or MESH_ERR_INVALID, MESH_ERR_STATE (closed or offline),
 *            MESH_ERR_FORKED, MESH_ERR_FILES, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_call_new(mesh_workload *workload, mesh_loop *loop,
                              const mesh_request *request, mesh_call **out,
                              mesh_error *error);

/**
 * mesh_call_start - begin.
 *
 * Ownership: call is borrowed.
 * Threads:   any, once. Does not block.
 * Returns:   0 (the outcome comes later), or MESH_ERR_INVALID, MESH_ERR_STATE
 *            (started already), MESH_ERR_FORKED.
 */
MESH_EXTERN int mesh_call_start(mesh_call *call, mesh_error *error);

/* What a call has to say. */
enum {
    MESH_CALL_NOTHING = 0,  /* wait, or step its loop                        */
    MESH_CALL_WRITABLE = 1, /* mesh_call_write() would take something        */
    MESH_CALL_HEAD = 2,     /* mesh_call_response() has status and headers   */
    MESH_CALL_BODY = 3,     /* mesh_call_read() would give something         */
    MESH_CALL_DONE = 4      /* the outcome is final                          */
};

/**
 * mesh_call_next - the next thing the call has to say.
 *
 * HEAD is said once; WRITABLE and BODY as long as they hold; DONE at the end
 * and from then on.
 *
 * Ownership: call is borrowed.
 * Threads:   any; one at a time.
 * Returns:   a MESH_CALL value, or MESH_ERR_INVALID, MESH_ERR_FORKED.
 */
MESH_EXTERN int mesh_call_next(mesh_call *call, mesh_error *error);

/**
 * mesh_call_wait - drive the call's own loop until it has news.
 *
 * On a host's loop this waits too: by stepping that loop, or, while another
 * thread drives it, for what that thread does.
 *
 * Ownership: call is borrowed.
 * Threads:   any; one at a time. Blocks for at most timeout_ms; -1 for as long
 *            as it takes.
 * Returns:   a MESH_CALL value other than NOTHING, or MESH_ERR_TIMEOUT (the
 *            call goes on), MESH_ERR_INVALID, MESH_ERR_STATE, MESH_ERR_FORKED,
 *            MESH_ERR_SYSTEM.
 */
MESH_EXTERN int mesh_call_wait(mesh_call *call, int64_t timeout_ms,
                               mesh_error *error);

/**
 * mesh_call_write - give a piece of a streamed body.
 *
 * *written of the bytes are taken, as many as the watermark allows.
 *
 * Ownership: data is borrowed.
 * Threads:   any; one at a time. Does not block.
 * Returns:   0, or MESH_ERR_WOULD_BLOCK (*written is 0), MESH_ERR_STATE (no
 *            streamed body, ended, or the call is done), MESH_ERR_TOO_LARGE
 *            (more than was announced), MESH_ERR_INVALID, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_call_write(mesh_call *call, const void *data, size_t size,
                                size_t *written, mesh_error *error);

/**
 * mesh_call_end - the streamed body is complete.
 *
 * Ownership: call is borrowed.
 * Threads:   any; one at a time. Does not block.
 * Returns:   0, or MESH_ERR_STATE, MESH_ERR_INVALID (fewer bytes than
 *            announced: the call fails).
 */
MESH_EXTERN int mesh_call_end(mesh_call *call, mesh_error *error);

/**
 * mesh_call_read - take a piece of the response body.
 *
 * Ownership: data gets at most size bytes, *got of them.
 * Threads:   any; one at a time. Does not block.
 * Returns:   0 (*got 0 is the end of the body), or MESH_ERR_WOULD_BLOCK,
 *            MESH_ERR_STATE (no head yet), MESH_ERR_INVALID, or the call's
 *            code when it failed in the middle of the body.
 */
MESH_EXTERN int mesh_call_read(mesh_call *call, void *data, size_t size,
                               size_t *got, mesh_error *error);

/**
 * mesh_call_cancel - give it up.
 *
 * The call ends at once with MESH_ERR_CANCELLED, if it had not ended; a
 * mesh_call_wait() of another thread returns.
 *
 * Ownership: call is borrowed.
 * Threads:   any, at any time before mesh_call_free().
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_call_cancel(mesh_call *call);

/**
 * mesh_call_free - return a call; cancels it if it is under way.
 *
 * Ownership: call is taken, its response with it; NULL is accepted.
 * Threads:   any; nobody else may be in it.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_call_free(mesh_call *call);

/* Was the request sent? mesh_call_sent(). */
enum {
    MESH_SENT_NEVER = 0, /* no byte of it left the process           */
    MESH_SENT_MAYBE = 1, /* some left; no answer came from a server  */
    MESH_SENT_YES = 2    /* a server answered                        */
};

/**
 * mesh_call_code - what happened to the call.
 *
 * Ownership: call is borrowed.
 * Threads:   any.
 * Returns:   MESH_ERR_WOULD_BLOCK before its end; MESH_OK when a server's
 *            whole response was received, whatever its status; else the reason
 *            (see mesh_send()).
 */
MESH_EXTERN int mesh_call_code(const mesh_call *call);

/**
 * mesh_call_message - the line to mesh_call_code().
 *
 * Ownership: the text lives as long as the call.
 * Threads:   any.
 * Returns:   never NULL.
 */
MESH_EXTERN const char *mesh_call_message(const mesh_call *call);

/**
 * mesh_call_sent - whether the request was sent.
 *
 * Ownership: call is borrowed.
 * Threads:   any.
 * Returns:   a MESH_SENT value.
 */
MESH_EXTERN int mesh_call_sent(const mesh_call *call);

/**
 * mesh_call_tag - the tag set on the request.
 *
 * Ownership: call is borrowed.
 * Threads:   any.
 * Returns:   the tag, 0 when none was set.
 */
MESH_EXTERN int64_t mesh_call_tag(const mesh_call *call);

/**
 * mesh_call_response - the response, from MESH_CALL_HEAD on.
 *
 * Ownership: borrowed from the call, which frees it.
 * Threads:   any.
 * Returns:   the response, or NULL when there is none (yet).
 */
MESH_EXTERN const mesh_response *mesh_call_response(const mesh_call *call);

/**
 * mesh_send - send one request and wait for its whole response.
 *
 * Routing, balancing, retries and timeouts follow the policy the workload holds
 * when the call begins; a policy loaded meanwhile waits for the next call. A
 * deadline set on the request bounds the whole, back-off included.
 *
 * Ownership: request is borrowed and unchanged. *out is the caller's, to be
 *            returned with mesh_response_free(). It is set whenever HTTP has
 *            something to say: where a sidecar would answer by itself (404,
 *            503, 504), *out is that local answer and the code says why.
 * Threads:   any, and many at once on one workload. Blocks.
 * Returns:   0, or
 *            MESH_ERR_INVALID         an argument, or a streamed body
 *            MESH_ERR_STATE           the workload is closed or offline
 *            MESH_ERR_FORKED          see mesh_workload_after_fork()
 *            MESH_ERR_CANCELLED       the workload was closed meanwhile
 *            MESH_ERR_TOO_LARGE       the body exceeds
 *                                     MESH_LIMIT_RESPONSE_BYTES
 *            MESH_ERR_NO_ROUTE        no rule matches this host and path
 *            MESH_ERR_NO_DESTINATION  the route points nowhere
 *            MESH_ERR_NO_ENDPOINT     every endpoint is ejected, or none known
 *            MESH_ERR_LOCAL_RESPONSE  the policy answers by itself
 *            MESH_ERR_TIMEOUT         the policy's timeout or the deadline
 *            MESH_ERR_CONNECT         no connection could be made
 *            MESH_ERR_RESET           it ended before the answer did
 *            MESH_ERR_OVERFLOW        a breaker is full
 *            MESH_ERR_PROTOCOL        the server broke HTTP
 *            MESH_ERR_PEER_IDENTITY   the peer proved to be someone else
 *            MESH_ERR_TLS             the handshake failed otherwise
 *            MESH_ERR_FILES           no descriptor left
 *            MESH_ERR_NOMEM           *out is NULL
 */
MESH_EXTERN int mesh_send(mesh_workload *workload, const mesh_request *request,
                          mesh_response **out, mesh_error *error);

/* --- responses --- */

/**
 * mesh_response_free - return a response.
 *
 * Ownership: response is taken; NULL is accepted.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_response_free(mesh_response *response);

/**
 * mesh_response_status - the HTTP status.
 *
 * Ownership: response is borrowed.
 * Threads:   any.
 * Returns:   100 to 599; 0 for NULL.
 */
MESH_EXTERN int mesh_response_status(const mesh_response *response);

/**
 * mesh_response_header - the first value of a header.
 *
 * Ownership: the text lives as long as the response.
 * Threads:   any.
 * Returns:   the value, or NULL when it is absent. name in any case.
 */
MESH_EXTERN const char *mesh_response_header(const mesh_response *response,
                                             const char *name);

/**
 * mesh_response_header_count - how many header lines there are.
 *
 * Ownership: response is borrowed.
 * Threads:   any.
 * Returns:   the number.
 */
MESH_EXTERN size_t mesh_response_header_count(const mesh_response *response);

/**
 * mesh_response_header_name - the name of header line index, lower case.
 *
 * Ownership: the text lives as long as the response.
 * Threads:   any.
 * Returns:   the name, or NULL beyond the last.
 */
MESH_EXTERN const char *mesh_response_header_name(const mesh_response *response,
                                                  size_t index);

/**
 * mesh_response_header_value - the value of header line index.
 *
 * Ownership: the text lives as long as the response.
 * Threads:   any.
 * Returns:   the value, or NULL beyond the last.
 */
MESH_EXTERN const char *
mesh_response_header_value(const mesh_response *response, size_t index);

/**
 * mesh_response_body - the body that mesh_send() kept.
 *
 * Ownership: the bytes live as long as the response; a NUL follows them.
 * Threads:   any.
 * Returns:   the bytes (*size of them), never NULL for a response.
 */
MESH_EXTERN const char *mesh_response_body(const mesh_response *response,
                                           size_t *size);

/* What mesh_response_text() answers. */
enum {
    MESH_RESPONSE_FLAGS = 1,    /* Envoy's response flags, "-" when none      */
    MESH_RESPONSE_DETAILS = 2,  /* Envoy's response code details              */
    MESH_RESPONSE_ENDPOINT = 3, /* "127.0.1.1:18080" of the last attempt, ""  */
    MESH_RESPONSE_WORKLOAD = 4, /* its WorkloadEntry, ""                      */
    MESH_RESPONSE_PRINCIPAL = 5, /* what it proved, "spiffe://...", ""        */
    MESH_RESPONSE_PROTOCOL = 6, /* "TLSv1.2", "TLSv1.3", ""                   */
    MESH_RESPONSE_CIPHER = 7,   /* ""                                         */
    MESH_RESPONSE_DESTINATION = 8, /* "outbound|80|v1|a.b.svc.cluster.local"  */
    MESH_RESPONSE_SUBSET = 9,   /* "v1", ""                                   */
    MESH_RESPONSE_TRACE_ID = 10, /* 32 hex digits, ""                         */
    MESH_RESPONSE_ROUTE = 11    /* the route's name, ""                       */
};

/**
 * mesh_response_text - what else is known about how it came.
 *
 * Ownership: the text lives as long as the response.
 * Threads:   any.
 * Returns:   the text, never NULL for a MESH_RESPONSE value; else NULL.
 */
MESH_EXTERN const char *mesh_response_text(const mesh_response *response,
                                           int what);

/**
 * mesh_response_attempts - how often it was tried.
 *
 * Ownership: response is borrowed.
 * Threads:   any.
 * Returns:   0 when nothing was tried (a local answer).
 */
MESH_EXTERN int mesh_response_attempts(const mesh_response *response);

/**
 * mesh_response_code - the code that mesh_send() returned with it.
 *
 * Ownership: response is borrowed.
 * Threads:   any.
 * Returns:   MESH_OK or a MESH_ERR code.
 */
MESH_EXTERN int mesh_response_code(const mesh_response *response);

#ifdef __cplusplus
}
#endif
#endif
