/*
 * mesh/server.h - serving HTTP in the mesh: a server is pulled.
 */
#ifndef MESH_SERVER_H
#define MESH_SERVER_H

#include <mesh/base.h>
#include <mesh/call.h>
#include <mesh/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mesh_server mesh_server;

/**
 * mesh_server_new - listen for requests.
 *
 * at is "ADDRESS:PORT"; port 0 takes a free one (mesh_server_address()).
 * PeerAuthentication and AuthorizationPolicy are those of this port; policy_port
 * is the port the policies know (0: the one listened on). loop is where it
 * lives; NULL gives it a loop of its own, driven inside mesh_server_next().
 *
 * Ownership: at is borrowed; workload and loop are kept alive. *out is the
 *            caller's, for mesh_server_free().
 * Threads:   any.
 * Returns:   0, or MESH_ERR_INVALID, MESH_ERR_STATE (closed or offline),
 *            MESH_ERR_FORKED, MESH_ERR_ADDRESS (in use, not there, no
 *            permission), MESH_ERR_FILES, MESH_ERR_SYSTEM, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_server_new(mesh_workload *workload, mesh_loop *loop,
                                const char *at, int policy_port,
                                mesh_server **out, mesh_error *error);

/**
 * mesh_server_address - where it listens, "127.0.0.1:8080".
 *
 * Ownership: the text lives as long as the server.
 * Threads:   any.
 * Returns:   the text; "" for NULL.
 */
MESH_EXTERN const char *mesh_server_address(const mesh_server *server);

/**
 * mesh_server_next - the next exchange: the only dispatch.
 *
 * Every exchange that is handed out has passed mutual TLS and policy. Threads
 * in it take turns driving. With a host's loop, 0 takes what stepping it
 * brought.
 *
 * Ownership: server is borrowed. *out is the caller's, for
 *            mesh_exchange_free().
 * Threads:   any, many at once. Blocks for at most timeout_ms; -1 for as long
 *            as it takes.
 * Returns:   0, or MESH_ERR_TIMEOUT, MESH_ERR_CLOSED (closed, and all handed
 *            out), MESH_ERR_INVALID, MESH_ERR_FORKED, MESH_ERR_SYSTEM.
 */
MESH_EXTERN int mesh_server_next(mesh_server *server, int64_t timeout_ms,
                                 mesh_exchange **out, mesh_error *error);

/**
 * mesh_server_close - stop accepting; let exchanges end.
 *
 * Threads in mesh_server_next() return MESH_ERR_CLOSED once nothing is left to
 * hand out.
 *
 * Ownership: server is borrowed.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_server_close(mesh_server *server);

/**
 * mesh_server_free - return a server; connections without an exchange close.
 *
 * Ownership: server is taken; NULL is accepted. Exchanges that are out may be
 *            freed later.
 * Threads:   any; nobody else may be in it.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_server_free(mesh_server *server);

/* --- exchanges --- */

/* What mesh_exchange_text() answers. */
enum {
    MESH_EXCHANGE_METHOD = 1,
    MESH_EXCHANGE_PATH = 2,      /* canonical, with query: what was judged    */
    MESH_EXCHANGE_AUTHORITY = 3,
    MESH_EXCHANGE_PRINCIPAL = 4, /* "spiffe://...", "" in plaintext           */
    MESH_EXCHANGE_PEER = 5,      /* "127.0.0.1:40000"                         */
    MESH_EXCHANGE_TRACE_ID = 6,  /* 32 hex digits, "" when not traced         */
    MESH_EXCHANGE_PROTOCOL = 7,  /* "TLSv1.2", "TLSv1.3", "" in plaintext     */
    MESH_EXCHANGE_CIPHER = 8,
    MESH_EXCHANGE_REQUEST_ID = 9,
    MESH_EXCHANGE_SNI = 10
};

/**
 * mesh_exchange_text - one of the texts of the request.
 *
 * Ownership: the text lives as long as the exchange.
 * Threads:   the exchange's: one at a time, any.
 * Returns:   the text, never NULL for a MESH_EXCHANGE value; else NULL.
 */
MESH_EXTERN const char *mesh_exchange_text(const mesh_exchange *exchange,
                                           int what);

/**
 * mesh_exchange_header - the first value of a request header, name in any
 * case.
 *
 * Ownership: the text lives as long as the exchange.
 * Threads:   the exchange's.
 * Returns:   the value, or NULL when it is absent.
 */
MESH_EXTERN const char *mesh_exchange_header(const mesh_exchange *exchange,
                                             const char *name);

/**
 * mesh_exchange_header_count - how many request header lines there are.
 *
 * Ownership: exchange is borrowed.
 * Threads:   the exchange's.
 * Returns:   the number.
 */
MESH_EXTERN size_t mesh_exchange_header_count(const mesh_exchange *exchange);

/**
 * mesh_exchange_header_name - the name of request header line index.
 *
 * Ownership: the text lives as long as the exchange.
 * Threads:   the exchange's.
 * Returns:   the name in lower case, or NULL beyond the last.
 */
MESH_EXTERN const char *mesh_exchange_header_name(const mesh_exchange *exchange,
                                                  size_t index);

/**
 * mesh_exchange_header_value - the value of request header line index.
 *
 * Ownership: the text lives as long as the exchange.
 * Threads:   the exchange's.
 * Returns:   the value, or NULL beyond the last.
 */
MESH_EXTERN const char *
mesh_exchange_header_value(const mesh_exchange *exchange, size_t index);

/**
 * mesh_exchange_read - take a piece of the request body.
 *
 * Waits at most timeout_ms (-1 for as long as the bounds allow, 0 only looks).
 *
 * Ownership: data gets at most size bytes, *got of them.
 * Threads:   the exchange's.
 * Returns:   0 (*got 0 is the end of the body), or MESH_ERR_TIMEOUT,
 *            MESH_ERR_RESET (the peer left), MESH_ERR_PROTOCOL,
 *            MESH_ERR_INVALID, MESH_ERR_FORKED.
 */
MESH_EXTERN int mesh_exchange_read(mesh_exchange *exchange, void *data,
                                   size_t size, int64_t timeout_ms,
                                   size_t *got, mesh_error *error);

/**
 * mesh_exchange_add_header - add a line to the response head.
 *
 * Ownership: texts are copied.
 * Threads:   the exchange's; before the response begins.
 * Returns:   0, or MESH_ERR_INVALID (as in mesh_request_add_header()),
 *            MESH_ERR_STATE (the head is out), MESH_ERR_TOO_LARGE,
 *            MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_exchange_add_header(mesh_exchange *exchange,
                                         const char *name, const char *value,
                                         mesh_error *error);

/**
 * mesh_exchange_respond - answer with a whole body, and be done.
 *
 * Head and body go out in one piece.
 *
 * Ownership: body is borrowed (NULL with size 0 is none).
 * Threads:   the exchange's, any.
 * Returns:   0 (handed to the connection), or MESH_ERR_INVALID (status outside
 *            200 to 599), MESH_ERR_STATE (answered already), MESH_ERR_RESET
 *            (the peer left), MESH_ERR_FORKED, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_exchange_respond(mesh_exchange *exchange, int status,
                                      const void *body, size_t size,
                                      mesh_error *error);

/**
 * mesh_exchange_start - begin an answer whose body follows in pieces.
 *
 * body_bytes is its length, or -1 when not known (sent chunked).
 *
 * Ownership: exchange is borrowed.
 * Threads:   the exchange's, any.
 * Returns:   as mesh_exchange_respond().
 */
MESH_EXTERN int mesh_exchange_start(mesh_exchange *exchange, int status,
                                    int64_t body_bytes, mesh_error *error);

/**
 * mesh_exchange_write - the next piece of the body.
 *
 * Waits at most timeout_ms for room; *written of the bytes were taken.
 *
 * Ownership: data is borrowed.
 * Threads:   the exchange's, any.
 * Returns:   0, or MESH_ERR_TIMEOUT (*written may be above 0),
 *            MESH_ERR_STATE (not started, or ended), MESH_ERR_TOO_LARGE (more
 *            than announced), MESH_ERR_RESET, MESH_ERR_INVALID,
 *            MESH_ERR_FORKED, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_exchange_write(mesh_exchange *exchange, const void *data,
                                    size_t size, int64_t timeout_ms,
                                    size_t *written, mesh_error *error);

/**
 * mesh_exchange_end - the streamed answer is complete.
 *
 * Ownership: exchange is borrowed.
 * Threads:   the exchange's, any.
 * Returns:   0, or MESH_ERR_STATE, MESH_ERR_INVALID (fewer bytes than
 *            announced: the stream is reset), MESH_ERR_RESET, MESH_ERR_FORKED.
 */
MESH_EXTERN int mesh_exchange_end(mesh_exchange *exchange, mesh_error *error);

/**
 * mesh_exchange_free - return an exchange.
 *
 * One that was not answered gets the local 503 that a sidecar gives when its
 * application resets; one whose body was not ended is reset.
 *
 * Ownership: exchange is taken; NULL is accepted.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_exchange_free(mesh_exchange *exchange);

#ifdef __cplusplus
}
#endif
#endif
