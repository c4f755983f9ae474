/*
 * port.h - the one place that touches the world: the clock, the dice, sockets.
 *
 * Non-blocking and errno-shaped: a call gives its result or a negative errno
 * (-EAGAIN, -EINTR, -ECONNRESET ...). Partial reads and writes are normal. Two
 * ports exist: the kernel's (port_kernel.h) and one in memory with a virtual
 * clock, seeded dice and faults at any byte (port_memory.h). The loop is
 * shared by both and is the only caller of watch, wait and wake.
 */
#ifndef MESH_NET_PORT_H
#define MESH_NET_PORT_H

#include "base/slice.h"
#include "value/address.h"
#include "value/keepalive.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mesh_loop;
struct mesh_names;
struct mesh_port;

/* Bits of readiness. */
enum {
    MESH__READABLE = 1,
    MESH__WRITABLE = 2,
    MESH__HANGUP = 4 /* error or hang-up; always reported, never asked for */
};

struct mesh_ready {
    void *tag;
    unsigned events;
};

enum { MESH__SEND_SLICES = 16 };

struct mesh_port_ops {
    void (*free)(struct mesh_port *port);

    /* Nanoseconds that only go forward; from any start. */
    uint64_t (*now_ns)(struct mesh_port *port);
    /* Nanoseconds since 1970, as the machine believes. */
    int64_t (*wall_ns)(struct mesh_port *port);
    /* Uniform over all of uint64_t; not for keys. */
    uint64_t (*random)(struct mesh_port *port);

    /*
     * A non-blocking, close-on-exec stream socket that is connecting or
     * connected; the descriptor or -errno. from may be NULL.
     */
    int (*connect)(struct mesh_port *port, const struct mesh_address *to,
                   const struct mesh_address *from);
    /* Keep a connection of connect alive; 0 or -errno. */
    int (*keepalive)(struct mesh_port *port, int fd,
                     const struct mesh_keepalive *keepalive);
    /* 0 once connected, -EINPROGRESS, or why it failed. */
    int (*connected)(struct mesh_port *port, int fd);
    /* "::" is IPv6 only, whatever the machine's default. */
    int (*listen)(struct mesh_port *port, const struct mesh_address *at,
                  int backlog);
    int (*accept)(struct mesh_port *port, int listener,
                  struct mesh_address *peer);
    /* Either end's address, none for a socket without IP; 0 or -errno. */
    int (*address)(struct mesh_port *port, int fd, bool peer,
                   struct mesh_address *out);

    /* Bytes (0 is the end of the stream) or -errno. */
    int64_t (*recv)(struct mesh_port *port, int fd, void *data, size_t size);
    /* Is anything to be read, the end included? 1, 0 or -errno. */
    int (*peek)(struct mesh_port *port, int fd);
    /* At most MESH__SEND_SLICES slices in one call; never raises SIGPIPE. */
    int64_t (*send)(struct mesh_port *port, int fd,
                    const struct mesh_slice *slices, size_t count);
    int (*shutdown)(struct mesh_port *port, int fd); /* our direction only */
    /* With reset, the peer sees RST where the system can (SO_LINGER 0). */
    void (*close)(struct mesh_port *port, int fd, bool reset);

    /*
     * Set what fd is waited for; 0 stops. tag comes back in mesh_ready. Level
     * triggered. 0 or -errno.
     */
    int (*watch)(struct mesh_port *port, int fd, unsigned events, void *tag);
    /*
     * Wait until something is ready, woken, or timeout_ns is over (0 looks
     * only, MESH__NEVER waits for ever). The number put into ready, 0 on
     * timeout or wake, or -errno (-EINTR included).
     */
    int (*wait)(struct mesh_port *port, uint64_t timeout_ns,
                struct mesh_ready *ready, int size);
    /* From any thread: the wait under way, or the next one, ends at once. */
    void (*wake)(struct mesh_port *port);
    /* The one pollable descriptor that is readable when wait has news; -1. */
    int (*fd)(struct mesh_port *port);
    /*
     * In a forked child, before anything else: let go of what the port itself
     * opened without a trace in the parent. Then only close and free work, and
     * close never resets; the rest gives -EBADF. May be NULL.
     */
    void (*forked)(struct mesh_port *port);

    /*
     * How names become addresses here (names.h), on this loop, which stands on
     * the port and outlives it. 0 or an error code. NULL: not at all.
     */
    int (*names)(struct mesh_port *port, struct mesh_loop *loop,
                 struct mesh_names **out);
};

/* The head of every port. */
struct mesh_port {
    const struct mesh_port_ops *ops;
};

#endif
