/*
 * wire.h - one connection in memory: two directions, delays, one fault.
 *
 * What TCP promises and what it does not: bytes in order, any cut, a window
 * that fills, an end that waits its turn, a reset that does not. The time is
 * an argument, and so is each delay. Side 0 called, side 1 accepts. Single-
 * threaded; used by the memory port.
 */
#ifndef MESH_NET_WIRE_H
#define MESH_NET_WIRE_H

#include "base/list.h"
#include "base/slice.h"
#include "net/port_memory.h"
#include "value/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESH__WIRE_WINDOW = 64 * 1024, /* bytes sent and not received, a side  */
    MESH__WIRE_MARKS = 256         /* moments of arrival waiting, a side   */
};

/* Bytes of the direction before upto arrive at at_ns. */
struct mesh_wire_mark {
    uint64_t upto;
    uint64_t at_ns;
};

/* One direction; offsets count from its beginning. */
struct mesh_wire_flow {
    char *ring;       /* MESH__WIRE_WINDOW bytes, the wire's              */
    uint64_t moved;   /* bytes the sender gave, those a fault ate too     */
    uint64_t sent;    /* bytes that are in the ring or went through it    */
    uint64_t arrived; /* bytes the receiver may take                      */
    uint64_t taken;   /* bytes it took                                    */
    uint64_t last_ns; /* the latest arrival so far: nothing overtakes     */
    uint64_t end_ns;  /* when the end arrives; MESH__NEVER                */
    bool shut;        /* the sender said the end                          */
    size_t first;     /* of marks, going round                            */
    size_t count;
    struct mesh_wire_mark marks[MESH__WIRE_MARKS];
};

struct mesh_wire_side {
    struct mesh_address address;
    uint64_t reset_ns; /* when this side sees the reset; MESH__NEVER */
    bool closed;
};

struct mesh_wire_fault {
    enum mesh_fault_kind kind;
    unsigned to; /* the side that receives */
    uint64_t at; /* byte of the direction  */
};

struct mesh_wire {
    struct mesh_node node;    /* in the world's list; the port's to use  */
    struct mesh_node waiting; /* in a listener's queue; the port's       */
    struct mesh_wire_side sides[2];
    struct mesh_wire_flow flows[2]; /* [i] goes to side i */
    struct mesh_wire_fault fault;
    uint64_t connected_ns; /* when the caller learns how it went         */
    uint64_t offered_ns;   /* when the listener sees it                  */
    int failure;           /* what the caller learns: 0 or -errno        */
};

/* Connected at once, without fault. 0 or MESH_ERR_NOMEM. */
int mesh__wire_new(struct mesh_wire **out);
/* NULL is accepted. */
void mesh__wire_free(struct mesh_wire *wire);

/* Bits of readiness of a side. */
unsigned mesh__wire_events(struct mesh_wire *wire, unsigned side,
                           uint64_t now_ns);
/*
 * When, later than now, something reaches side by itself that changes events
 * of these; MESH__NEVER. HANGUP counts always.
 */
uint64_t mesh__wire_next(struct mesh_wire *wire, unsigned side, unsigned events,
                         uint64_t now_ns);

/* 0, -EINPROGRESS, or why not. */
int mesh__wire_connected(const struct mesh_wire *wire, unsigned side,
                         uint64_t now_ns);

/* As the port's calls; at most most bytes are moved (0: no bound). */
int64_t mesh__wire_send(struct mesh_wire *wire, unsigned side,
                        const struct mesh_slice *slices, size_t count,
                        size_t most, uint64_t now_ns, uint64_t delay_ns);
int64_t mesh__wire_recv(struct mesh_wire *wire, unsigned side, void *data,
                        size_t size, size_t most, uint64_t now_ns);
int mesh__wire_peek(struct mesh_wire *wire, unsigned side, uint64_t now_ns);
int mesh__wire_shutdown(struct mesh_wire *wire, unsigned side, uint64_t now_ns,
                        uint64_t delay_ns);

/*
 * The side goes away. As with the kernel's, the peer sees a reset when it was
 * asked for, when bytes lie unread and when it goes on sending; else the end.
 */
void mesh__wire_close(struct mesh_wire *wire, unsigned side, bool reset,
                      uint64_t now_ns, uint64_t delay_ns);

#endif
