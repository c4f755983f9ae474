/*
 * bounds.h - how long a plain stream may be idle, and open.
 *
 * Kept by whoever owns the stream, where nobody knows when an exchange ends.
 * The timer looks when it is due: bytes that move only leave their time.
 */
#ifndef MESH_LINK_BOUNDS_H
#define MESH_LINK_BOUNDS_H

#include "link/stream.h"

enum mesh_bound {
    MESH__BOUND_NONE,
    MESH__BOUND_IDLE, /* no byte moved, either way      */
    MESH__BOUND_OPEN  /* open for long enough, busy or not */
};

struct mesh_bounds {
    struct mesh_timer timer;
    struct mesh_stream *stream; /* NULL: it has none             */
    uint64_t idle_ns;           /* 0: never                      */
    uint64_t open_ns;           /* since it was opened; 0: never */
    uint64_t since_ns;          /* idle since then at the earliest */
    uint64_t unread_ns;         /* when bytes were found that nobody took */
    enum mesh_bound over;       /* what ended the stream         */
};

/*
 * Bound a stream, on its loop: READY, or still connecting, which is not idle.
 * When a bound is over, the stream ends as a sidecar ends it: what has not
 * left yet is dropped, and the peer sees close_notify and FIN. It is FAILED
 * then with MESH_ERR_CLOSED and on_ready comes. 0, MESH_ERR_NOMEM or
 * _TOO_LARGE.
 */
int mesh__bounds_begin(struct mesh_bounds *bounds, struct mesh_stream *stream,
                       uint64_t idle_ns, uint64_t open_ns);
/* Before the stream is closed; zeroed ones too. */
void mesh__bounds_end(struct mesh_bounds *bounds, struct mesh_loop *loop);

/*
 * For who uses a stream before its loop has had a turn: end it now if a bound
 * is over. on_ready does not come.
 */
void mesh__bounds_look(struct mesh_stream *stream);

#endif
