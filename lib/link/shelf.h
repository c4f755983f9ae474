/*
 * shelf.h - a pool from the inside: what pool.c, waiter.c and pools.c share.
 */
#ifndef MESH_LINK_SHELF_H
#define MESH_LINK_SHELF_H

#include "link/pool.h"

struct mesh_pool {
    atomic_int refs;
    struct mesh_pools *pools;
    struct mesh_node node; /* in pools, under its lock */
    struct mesh_address address;

    /* The next that proves another name, in a chain that only grows. */
    _Atomic(struct mesh_pool *) next;
    char *name; /* of the server; NULL in the first */

    pthread_mutex_t lock; /* over everything below */
    bool closed;
    bool shaking;             /* the first handshake, no session yet     */
    struct mesh_node idle;    /* most recently used first                */
    struct mesh_node waiting; /* struct mesh_waiter.node, first come     */
    size_t waiters;
    size_t open;       /* connections, connecting ones included   */
    size_t connecting; /* under way or told to a waiter           */
    size_t idle_count;
    uint64_t doubt_ns; /* a stream ended under us: look at older ones   */
    struct mesh_permits permits; /* of the last question                */
    const struct mesh_tls_engine *engine;
    struct mesh_tls_config *config; /* NULL: plaintext                    */
    bool configured;
    uint64_t serial;
    uint64_t key[2];
    uint8_t digest[MESH__DIGEST];
    struct mesh_buffer session; /* to resume, empty when there is none */
};

struct mesh_pools {
    struct mesh_port *port;
    pthread_mutex_t lock;
    struct mesh_node all;
};

static inline void mesh__pool_lock(struct mesh_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
}

static inline void mesh__pool_unlock(struct mesh_pool *pool)
{
    (void)pthread_mutex_unlock(&pool->lock);
}

/* --- pool.c; all but the last two under the lock --- */

/* Counting connections: one begins, succeeds or fails, and is gone. */
void mesh__pool_connection_begins(struct mesh_pool *pool);
void mesh__pool_connection_decided(struct mesh_pool *pool);
void mesh__pool_connection_gone(struct mesh_pool *pool);
/* May one more begin? */
bool mesh__pool_may_connect(const struct mesh_pool *pool);

/* May a stream carry one more exchange? Was it idle for too long? */
bool mesh__pool_usable(const struct mesh_pool *pool,
                       const struct mesh_stream *stream, uint64_t now_ns);
bool mesh__pool_overdue(const struct mesh_pool *pool,
                        const struct mesh_stream *stream, uint64_t now_ns);

/* A suspended connection goes on at a waiter, or ends when there is none. */
void mesh__pool_pass_under_way(struct mesh_pool *pool,
                               struct mesh_stream *stream);
void mesh__pool_go_on(struct mesh_stream *stream, struct mesh_link *link);

/* --- waiter.c, under the lock --- */

void mesh__pool_enqueue(struct mesh_pool *pool, struct mesh_link *link,
                        struct mesh_waiter *waiter);
/* Waiters are told to connect, as many as may. */
void mesh__pool_tell_connects(struct mesh_pool *pool);
/* A stream in hand: to the first waiter. False when nobody waits. */
bool mesh__pool_grant(struct mesh_pool *pool, struct mesh_stream *stream);
/* A suspended connection: to a waiter. False when none has room for it. */
bool mesh__pool_bequeath(struct mesh_pool *pool, struct mesh_stream *stream);
void mesh__pool_fail_waiters(struct mesh_pool *pool, int code,
                             const char *line);

/* --- pools.c, without the lock --- */

/* Streams of this pool that are in no list any more, with its references. */
void mesh__pool_close_all(struct mesh_pool *pool, struct mesh_node *victims);

#endif
