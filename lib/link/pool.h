/*
 * pool.h - the shelf of one endpoint: idle streams, and who waits for one.
 *
 * As Envoy's connection pool of one host, over the whole workload: idle
 * streams last in, first out; waiters first come, first served; a waiter's
 * loop is woken when a stream is released to it. A connect that fails fails
 * all waiters. While the first handshake with a peer is under way and there is
 * no session to resume yet, no second connection begins, so that a burst pays
 * for one full handshake. Permits are handed in; traffic/ is not known here.
 *
 * Threads: any. The lock is a leaf, held across no system call but the look at
 * a stream that may have ended: see MESH__POOL_LOOK_NS.
 */
#ifndef MESH_LINK_POOL_H
#define MESH_LINK_POOL_H

#include "base/quota.h"
#include "link/stream.h"

#include <pthread.h>

#define MESH__POOL_LOOK_NS                                                     \
    (50 * UINT64_C(1000000)) /* idle longer, or since before a stream of the   \
                                pool was ended by the peer: look first */

enum { MESH__POOL_NAMES = 64 }; /* beside one pool */

struct mesh_pool;
struct mesh_pools; /* all of a workload's */

/* What a waiter hears, on its own loop. */
enum mesh_turn {
    MESH__TURN_GRANTED, /* waiter->stream is attached to no loop yet         */
    MESH__TURN_CONNECT, /* open a connection for the pool, and go on waiting */
    MESH__TURN_FAILED   /* waiter->code and line                             */
};

struct mesh_waiter {
    struct mesh_note note;  /* how the turn reaches its loop               */
    struct mesh_node node;  /* in the pool's queue                         */
    struct mesh_link *link; /* where it waits                              */
    struct mesh_pool *pool; /* counted while queued or posted              */
    /* Under the pool's lock. */
    bool queued;
    bool posted;      /* the note is under way                       */
    bool told;        /* to connect, once                            */
    bool connect_due; /* the note says so                            */
    bool ended;       /* granted, failed or cancelled                */
    /* Read in on_turn. */
    struct mesh_stream *stream;
    int code;
    char line[MESH__STREAM_LINE];
    /* A connection under way whose loop is left; to go on with here. */
    struct mesh_stream *heir;
    /*
     * Called on the loop with the turn. After CONNECT the waiter is still
     * queued. A waiter that was cancelled while a turn was under way hears
     * GRANTED or FAILED once more (mesh__pool_cancel said so).
     */
    void (*on_turn)(struct mesh_waiter *waiter, enum mesh_turn turn);
};

/* The destination's thresholds and counts (Envoy: per cluster). */
struct mesh_permits {
    struct mesh_quota *connections;
    struct mesh_quota *pending;
    uint32_t max_connections;
    uint32_t max_pending;
    uint32_t max_requests_per_connection; /* 0: unlimited */
    uint64_t idle_timeout_ns;             /* 0: never     */
    uint64_t max_connection_ns;           /* 0: unlimited */
    uint64_t key[2]; /* what the TLS profile was made from */
};

enum mesh_pool_answer {
    MESH__POOL_STREAM,   /* *out is attached to the link                */
    MESH__POOL_CONNECT,  /* queued; and open a connection now           */
    MESH__POOL_WAIT,     /* queued                                      */
    MESH__POOL_OVERFLOW, /* max_pending is reached: UO                  */
    MESH__POOL_CLOSED,   /* the endpoint or the workload is gone        */
    MESH__POOL_CONFIGURE /* the key is new: mesh__pool_configure first  */
};

/* port closes what no loop holds; it must outlive the pools. */
int mesh__pools_new(struct mesh_port *port, struct mesh_pools **out);
/* Every stream is closed; loops must be gone or idle. */
void mesh__pools_free(struct mesh_pools *pools);

/* A pool for one address, with one reference for the caller. */
int mesh__pool_new(struct mesh_pools *pools, const struct mesh_address *address,
                   struct mesh_pool **out);
struct mesh_pool *mesh__pool_ref(struct mesh_pool *pool);
void mesh__pool_unref(struct mesh_pool *pool);
/*
 * The pool beside this one for connections that prove another name ("":
 * itself). It lives and ends with this one. NULL with a line: memory, or there
 * are MESH__POOL_NAMES already.
 */
struct mesh_pool *mesh__pool_named(struct mesh_pool *pool, const char *name);
/* No stream is shelved or granted any more; idle ones are closed. */
void mesh__pool_close(struct mesh_pool *pool);

/*
 * Set the TLS profile of this pool's connections (NULL: plaintext) and the key
 * it was made from. If its digest changed, streams of the old one are not used
 * again and the session to resume is forgotten. 0 or an error of the engine;
 * the pool is unchanged then.
 */
int mesh__pool_configure(struct mesh_pool *pool,
                         const struct mesh_tls_engine *engine,
                         const struct mesh_tls_profile *profile,
                         struct mesh_rng *rng, const uint64_t key[2]);

/*
 * Ask for a stream. The waiter must be initialised (mesh__waiter_init); it is
 * queued when the answer is CONNECT or WAIT. now and permits hold for this
 * question; permits' quotas must outlive the pool's last stream or its close.
 */
void mesh__waiter_init(struct mesh_waiter *waiter,
                       void (*on_turn)(struct mesh_waiter *, enum mesh_turn));
enum mesh_pool_answer mesh__pool_take(struct mesh_pool *pool,
                                      struct mesh_link *link,
                                      struct mesh_waiter *waiter,
                                      const struct mesh_permits *permits,
                                      uint64_t now_ns,
                                      void (*on_ready)(struct mesh_stream *),
                                      void *owner, struct mesh_stream **out);

/*
 * Open the connection that CONNECT asked for, on link. It reports to the pool
 * by itself. A failure at once is reported to the waiters like a later one.
 */
void mesh__pool_connect(struct mesh_pool *pool, struct mesh_link *link,
                        const struct mesh_dial *dial);

/*
 * Stop waiting. true: it is done with. false: a turn is already under way and
 * on_turn will be called once more; until then the waiter must live.
 */
bool mesh__pool_cancel(struct mesh_waiter *waiter);

/*
 * Give a stream back after an exchange, entered in its loop. Not reusable: it
 * is closed, and with reset the peer sees RST.
 */
void mesh__pool_release(struct mesh_stream *stream, bool reusable, bool reset);

/*
 * Look over all shelves: streams that were idle too long, ended or of an old
 * profile are closed. Called by the keeper. forget: also what is fresh.
 */
void mesh__pools_sweep(struct mesh_pools *pools, uint64_t now_ns, bool forget);
/*
 * Streams that are idle on this loop go to the shelf: before a loop is freed.
 * Connections under way go to who waits for one, as mesh__pools_hand_over.
 */
void mesh__pools_leave(struct mesh_pools *pools, struct mesh_link *link);
/*
 * Nobody will drive this loop for a while: connections under way on it go on
 * at waiters of their pool, on theirs; those that nobody waits for end. Else
 * waiters would wait for a connection that makes no progress.
 */
void mesh__pools_hand_over(struct mesh_link *link);

/* Open connections, idle ones included; and idle ones. */
void mesh__pools_counts(struct mesh_pools *pools, size_t *open, size_t *idle);

/* In a forked child: forget everything without touching a peer. */
void mesh__pools_forked(struct mesh_pools *pools);
/* In a forked child, before it: what was under way on this link. */
void mesh__pools_forget(struct mesh_pools *pools, struct mesh_link *link);
/* Another port closes from now on (the keeper's was made anew). */
void mesh__pools_set_port(struct mesh_pools *pools, struct mesh_port *port);

#endif
