/*
 * mesh/conn.h - plain streams in the mesh, for programs with a protocol of
 * their own: sockets with mutual TLS and SPIFFE identities.
 */
#ifndef MESH_CONN_H
#define MESH_CONN_H

#include <mesh/base.h>
#include <mesh/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mesh_conn mesh_conn;
typedef struct mesh_listener mesh_listener;

/**
 * mesh_connect - a stream to a service of the mesh.
 *
 * to is "service:port". TCP and TLS routes pick the destination, by its name
 * and the service's address; balancing, limits and outlier detection of the
 * destination apply. What no service of the policy is called goes, under
 * ALLOW_ANY, in plaintext to the address of that name.
 *
 * The stream keeps the bounds of its destination: connectionPool.tcp's
 * idleTimeout (one hour where nothing is said, 0s never) and
 * maxConnectionDuration of the host's own level. When one is over the stream
 * ends, whatever is under way: the peer sees an end in order, what has not left
 * is dropped, and reading and writing give MESH_ERR_CLOSED. That is when its
 * loop is stepped, or somebody reads or writes.
 *
 * Ownership: to is borrowed; workload and loop (NULL: one of its own) are kept
 *            alive. *out is the caller's, for mesh_conn_free().
 * Threads:   any. Blocks until connected and shaken, at most timeout_ms (-1:
 *            the policy's connectTimeout alone bounds it).
 * Returns:   0, or MESH_ERR_INVALID, MESH_ERR_STATE, MESH_ERR_FORKED,
 *            MESH_ERR_NO_ROUTE (no such service, or no route of it takes
 *            this), MESH_ERR_NO_ENDPOINT,
 *            MESH_ERR_RESOLVE (the name has no address),
 *            MESH_ERR_OVERFLOW, MESH_ERR_CONNECT, MESH_ERR_TIMEOUT,
 *            MESH_ERR_CLOSED (maxConnectionDuration came first),
 *            MESH_ERR_PEER_IDENTITY, MESH_ERR_TLS, MESH_ERR_RESET,
 *            MESH_ERR_FILES, MESH_ERR_SYSTEM, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_connect(mesh_workload *workload, mesh_loop *loop,
                             const char *to, int64_t timeout_ms,
                             mesh_conn **out, mesh_error *error);

/* Which end of a socket we are: mesh_wrap_fd(). */
enum { MESH_ROLE_CLIENT = 1, MESH_ROLE_SERVER = 2 };

/**
 * mesh_wrap_fd - mutual TLS over a connected stream socket of the host's.
 *
 * As a client the peer must prove peer_id (NULL: any id of a trusted domain);
 * as a server PeerAuthentication STRICT is meant, and AuthorizationPolicy of
 * policy_port decides.
 *
 * Ownership: fd is taken, also on failure; it is made non-blocking. *out is
 *            the caller's.
 * Threads:   any. Blocks for the handshake, at most timeout_ms (-1: the
 *            handshake bound).
 * Returns:   as mesh_connect(), and MESH_ERR_DENIED.
 */
MESH_EXTERN int mesh_wrap_fd(mesh_workload *workload, mesh_loop *loop, int fd,
                             int role, const char *peer_id, int policy_port,
                             int64_t timeout_ms, mesh_conn **out,
                             mesh_error *error);

/**
 * mesh_listen - accept plain streams.
 *
 * As mesh_server_new().
 *
 * Ownership: at is borrowed; workload and loop are kept alive. *out is the
 *            caller's, for mesh_listener_free().
 * Threads:   any.
 * Returns:   as mesh_server_new().
 */
MESH_EXTERN int mesh_listen(mesh_workload *workload, mesh_loop *loop,
                            const char *at, int policy_port,
                            mesh_listener **out, mesh_error *error);

/**
 * mesh_listener_address - where it listens.
 *
 * Ownership: the text lives as long as the listener.
 * Threads:   any.
 * Returns:   "127.0.0.1:8080"; "" for NULL.
 */
MESH_EXTERN const char *mesh_listener_address(const mesh_listener *listener);

/**
 * mesh_accept - the next stream that has passed mutual TLS and policy.
 *
 * It may be idle for one hour, as at a sidecar; then it ends as those of
 * mesh_connect() do.
 *
 * Ownership: listener is borrowed. *out is the caller's.
 * Threads:   any, many at once. Blocks for at most timeout_ms; -1 for as long
 *            as it takes.
 * Returns:   0, or MESH_ERR_TIMEOUT, MESH_ERR_CLOSED, MESH_ERR_INVALID,
 *            MESH_ERR_FORKED, MESH_ERR_SYSTEM.
 */
MESH_EXTERN int mesh_accept(mesh_listener *listener, int64_t timeout_ms,
                            mesh_conn **out, mesh_error *error);

/**
 * mesh_listener_free - stop accepting.
 *
 * Ownership: listener is taken; NULL is accepted. Accepted streams live on.
 * Threads:   any; nobody else may be in it.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_listener_free(mesh_listener *listener);

/**
 * mesh_conn_read - take bytes.
 *
 * Ownership: data gets at most size bytes, *got of them.
 * Threads:   the stream's: one at a time, any. Waits at most timeout_ms (0
 *            only looks, -1 for as long as it takes).
 * Returns:   0 (*got 0: the peer ended in order), or MESH_ERR_TIMEOUT,
 *            MESH_ERR_RESET (ended without saying so), MESH_ERR_TLS,
 *            MESH_ERR_CLOSED (it was idle or open for too long, the message
 *            names the bound; what had been read of it comes first),
 *            MESH_ERR_DENIED (an accepted one, whose peer a new policy or
 *            trust would refuse: it is ended MESH_LIMIT_DRAIN_MS later),
 *            MESH_ERR_INVALID, MESH_ERR_FORKED.
 */
MESH_EXTERN int mesh_conn_read(mesh_conn *conn, void *data, size_t size,
                               int64_t timeout_ms, size_t *got,
                               mesh_error *error);

/**
 * mesh_conn_write - give bytes.
 *
 * Ownership: data is borrowed; *written of it was taken.
 * Threads:   the stream's. Waits at most timeout_ms until all are taken.
 * Returns:   0, or MESH_ERR_TIMEOUT (*written may be above 0),
 *            MESH_ERR_RESET, MESH_ERR_CLOSED and MESH_ERR_DENIED (as for
 *            reading), MESH_ERR_STATE (after mesh_conn_end()),
 *            MESH_ERR_INVALID, MESH_ERR_FORKED, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_conn_write(mesh_conn *conn, const void *data, size_t size,
                                int64_t timeout_ms, size_t *written,
                                mesh_error *error);

/**
 * mesh_conn_end - we shall send no more (close_notify, then FIN).
 *
 * Ownership: conn is borrowed.
 * Threads:   the stream's.
 * Returns:   0, or MESH_ERR_RESET, MESH_ERR_INVALID, MESH_ERR_FORKED.
 */
MESH_EXTERN int mesh_conn_end(mesh_conn *conn, mesh_error *error);

enum { MESH_WANT_READ = 1, MESH_WANT_WRITE = 2 };

/**
 * mesh_conn_want - what the stream's loop should wait for, for hosts that poll
 * the socket themselves.
 *
 * Ownership: conn is borrowed.
 * Threads:   the stream's.
 * Returns:   MESH_WANT bits; 0 for NULL.
 */
MESH_EXTERN int mesh_conn_want(const mesh_conn *conn);

/**
 * mesh_conn_fd - the socket, for polling only.
 *
 * Ownership: it stays ours.
 * Threads:   the stream's.
 * Returns:   the descriptor, or -1.
 */
MESH_EXTERN int mesh_conn_fd(const mesh_conn *conn);

/**
 * mesh_conn_peer - who the other end proved to be.
 *
 * Ownership: the text lives as long as the stream.
 * Threads:   the stream's.
 * Returns:   "spiffe://...", "" in plaintext.
 */
MESH_EXTERN const char *mesh_conn_peer(const mesh_conn *conn);

/**
 * mesh_conn_address - the other end's address, "127.0.0.1:40000".
 *
 * Ownership: the text lives as long as the stream.
 * Threads:   the stream's.
 * Returns:   the text; "" for NULL.
 */
MESH_EXTERN const char *mesh_conn_address(const mesh_conn *conn);

/**
 * mesh_conn_free - close and return a stream.
 *
 * Ownership: conn is taken; NULL is accepted.
 * Threads:   any; nobody else may be in it.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_conn_free(mesh_conn *conn);

#ifdef __cplusplus
}
#endif
#endif
