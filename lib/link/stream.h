/*
 * stream.h - one connection: socket, TLS and HTTP/1 codec composed.
 *
 * A stream belongs to nobody in particular: a loop gives it a place to wait
 * (attach), a shelf keeps it in between (detach). It asks no policy; it is
 * told an address, a TLS configuration and how long things may take.
 *
 * All functions run with the loop entered that the stream is attached to; a
 * detached stream is used under its shelf's lock only.
 */
#ifndef MESH_LINK_STREAM_H
#define MESH_LINK_STREAM_H

#include "base/buffer.h"
#include "base/list.h"
#include "http1/http1.h"
#include "net/loop.h"
#include "tls/tls.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__STREAM_IN = 64 * 1024,      /* bytes of one recv                   */
    MESH__STREAM_PLAIN = 128 * 1024,  /* decrypted bytes not yet looked at   */
    MESH__STREAM_BACKLOG = 64 * 1024, /* unsent bytes above which to wait    */
    MESH__STREAM_LINE = 192
};

/* Written by one loop at a time, read by any: summed when asked for. */
struct mesh_link_stats {
    atomic_uint_fast64_t opened;
    atomic_uint_fast64_t accepted;
    atomic_uint_fast64_t closed;
    atomic_uint_fast64_t handshakes_full;
    atomic_uint_fast64_t handshakes_resumed;
    atomic_uint_fast64_t handshakes_failed;
};

static inline void mesh__count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* What all streams of one loop share. */
struct mesh_link {
    struct mesh_loop *loop;   /* borrowed                        */
    struct mesh_names *names; /* NULL until the first is asked for */
    const struct mesh_tls_engine *engine;
    struct mesh_h1_limits limits;
    struct mesh_link_stats stats;
    bool keeps_idle; /* a host's loop, a server's, the keeper         */
    struct mesh_node connecting; /* streams under way for a pool            */
    struct mesh_buffer in; /* lent to the stream that reads just now        */
    struct mesh_buffer plain;
    struct mesh_buffer out;
};

void mesh__link_init(struct mesh_link *link, struct mesh_loop *loop,
                     const struct mesh_tls_engine *engine,
                     const struct mesh_h1_limits *limits, bool keeps_idle);
void mesh__link_fini(struct mesh_link *link);

enum mesh_stream_state {
    MESH__STREAM_CONNECTING,
    MESH__STREAM_SHAKING,
    MESH__STREAM_READY,
    MESH__STREAM_FAILED /* code and line say why; only close is left */
};

struct mesh_stream {
    struct mesh_node node;  /* its owner's, its link's or its shelf's  */
    struct mesh_link *link; /* NULL: detached                          */
    struct mesh_pool *pool; /* counted; NULL for accepted ones         */
    struct mesh_watch watch;
    struct mesh_timer timer; /* connect and handshake; then the owner's */
    enum mesh_stream_state state;
    bool server;
    bool wants_read;     /* the owner would take more               */
    bool drained;        /* the last recv came short: wait first    */
    bool read_ended;     /* FIN, or close_notify                    */
    bool ended_in_order; /* close_notify, or FIN in plaintext       */
    int fd;
    struct mesh_tls *tls; /* NULL: plaintext                         */
    struct mesh_tls_config *config;
    struct mesh_tls_info info; /* of a handshake that is over           */
    struct mesh_buffer in;     /* ciphertext not yet decrypted            */
    struct mesh_buffer plain;
    struct mesh_buffer out; /* ciphertext (or plain bytes) not yet sent */
    size_t eaten;           /* of plain, by the event last given       */
    struct mesh_h1_parser parser;
    struct mesh_address peer_address;
    struct mesh_address local_address;
    uint64_t opened_ns;
    uint64_t until_ns;          /* connected and shaken by then           */
    uint64_t moved_ns;          /* when a byte last came or left          */
    struct mesh_bounds *bounds; /* its owner's (bounds.h), or NULL        */
    uint64_t idle_since_ns;
    uint64_t serial; /* of the pool's TLS profile               */
    unsigned used;   /* exchanges begun on it                   */
    bool written;    /* bytes left since the last mark          */
    uint64_t given;  /* of the owner's bytes, where no codec counts */
    uint64_t taken;
    int code;
    char line[MESH__STREAM_LINE];
    /* Something changed: ask. Called on the loop; owner is the owner's. */
    void (*on_ready)(struct mesh_stream *stream);
    void *owner;
};

/* How a connection is made. */
struct mesh_dial {
    const struct mesh_address *from; /* to leave from; NULL: any      */
    uint64_t timeout_ns;             /* of connect and handshake both */
    struct mesh_keepalive keepalive;
};

/*
 * Open a stream to an address: connect, and a handshake when config is given
 * (counted up), as dial says. session (may be empty) is tried for resumption.
 * on_ready comes once READY or FAILED. 0, or MESH_ERR_NOMEM, MESH_ERR_FILES,
 * MESH_ERR_CONNECT at once.
 */
int mesh__stream_open(struct mesh_link *link, const struct mesh_address *to,
                      const struct mesh_dial *dial,
                      struct mesh_tls_config *config, struct mesh_slice session,
                      void (*on_ready)(struct mesh_stream *), void *owner,
                      struct mesh_stream **out);

/*
 * Take an accepted descriptor (closed on failure too). READY as plaintext;
 * mesh__stream_fill then gives its first bytes, and mesh__stream_shake begins
 * TLS with them.
 */
int mesh__stream_accepted(struct mesh_link *link, int fd,
                          const struct mesh_address *peer,
                          void (*on_ready)(struct mesh_stream *), void *owner,
                          struct mesh_stream **out);

/*
 * Begin the handshake over what fill has gathered, as client or server by
 * config. On return the stream may be READY or FAILED already; else on_ready
 * comes once it is. 0, or why it failed.
 */
int mesh__stream_shake(struct mesh_stream *stream,
                       struct mesh_tls_config *config,
                       struct mesh_slice session, uint64_t timeout_ns);

/*
 * Read once and decrypt into plain. 0 when plain may have grown,
 * MESH_ERR_WOULD_BLOCK, MESH_ERR_CLOSED (the peer ended in order),
 * MESH_ERR_RESET (ended otherwise), MESH_ERR_TLS, MESH_ERR_NOMEM.
 */
int mesh__stream_fill(struct mesh_stream *stream);

/*
 * The codec's next event, reading as needed. 0 with *event,
 * MESH_ERR_WOULD_BLOCK, or an error as fill gives. A BODY slice lives until
 * the next call. The end of the stream is told to the codec first.
 */
int mesh__stream_event(struct mesh_stream *stream, struct mesh_h1_event *event);

/*
 * Send slices, head and body together in one record and one send; what the
 * socket does not take stays in the backlog and follows by itself. 0, or
 * MESH_ERR_RESET, MESH_ERR_TLS, MESH_ERR_NOMEM, MESH_ERR_TOO_LARGE.
 */
int mesh__stream_send(struct mesh_stream *stream,
                      const struct mesh_slice *slices, size_t count);
static inline size_t mesh__stream_backlog(const struct mesh_stream *stream)
{
    return stream->out.len;
}
/* close_notify and FIN after the backlog; errors are nobody's concern. */
void mesh__stream_end(struct mesh_stream *stream);

/* Wait for readability or not; writability follows the backlog. */
int mesh__stream_want(struct mesh_stream *stream, bool read);

/* Give lent buffers back to the loop when they are empty. */
void mesh__stream_settle(struct mesh_stream *stream);

/* Take the stream off its loop; nothing may be under way on it. */
void mesh__stream_detach(struct mesh_stream *stream);
int mesh__stream_attach(struct mesh_stream *stream, struct mesh_link *link,
                        void (*on_ready)(struct mesh_stream *), void *owner);

/*
 * Take a stream of mesh__stream_open that is neither READY nor FAILED off its
 * loop, and go on with it on another, within the time it was given at first.
 * resume fails as open does; the stream is FAILED then, and on_ready does not
 * come.
 */
void mesh__stream_suspend(struct mesh_stream *stream);
int mesh__stream_resume(struct mesh_stream *stream, struct mesh_link *link,
                        void (*on_ready)(struct mesh_stream *), void *owner);

/*
 * Is an idle stream still good: nothing to read, not ended? Looks once, reads
 * nothing.
 */
bool mesh__stream_fresh(struct mesh_stream *stream, struct mesh_port *port);

/*
 * Close and free. With reset the peer sees RST, else close_notify (best
 * effort) and FIN. port closes a detached stream's descriptor; the loop's own
 * does it for an attached one (port may be NULL then).
 */
void mesh__stream_close(struct mesh_stream *stream, struct mesh_port *port,
                        bool reset);
/* In a forked child: close our copy of the descriptor, send nothing. */
void mesh__stream_forked(struct mesh_stream *stream, struct mesh_port *port);

/* Note why it cannot go on. */
int mesh__stream_fail(struct mesh_stream *stream, int code);

/* NULL in plaintext. */
const struct mesh_peer *mesh__stream_peer(const struct mesh_stream *stream);
void mesh__stream_info(const struct mesh_stream *stream,
                       struct mesh_tls_info *out);

#endif
