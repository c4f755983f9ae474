/*
 * wire.c - one connection in memory, and what can go wrong on it.
 *
 * Nothing happens by itself: what a side sees is worked out from the time it
 * asks at. Declines to know descriptors, ports and who waits for what.
 */
#include "net/wire.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <errno.h>

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

int mesh__wire_new(struct mesh_wire **out)
{
    struct mesh_wire *wire = mesh__calloc(1, sizeof(*wire));
    char *rings = mesh__malloc(2 * (size_t)MESH__WIRE_WINDOW);

    *out = NULL;
    if (!wire || !rings) {
        mesh__free(wire);
        mesh__free(rings);
        return mesh__fail(MESH_ERR_NOMEM, "a connection");
    }
    mesh__list_init(&wire->node);
    mesh__list_init(&wire->waiting);
    for (unsigned i = 0; i < 2; i++) {
        wire->sides[i].reset_ns = MESH__NEVER;
        wire->flows[i].end_ns = MESH__NEVER;
        wire->flows[i].ring = rings + i * (size_t)MESH__WIRE_WINDOW;
    }
    *out = wire;
    return 0;
}

void mesh__wire_free(struct mesh_wire *wire)
{
    if (!wire)
        return;
    mesh__free(wire->flows[0].ring);
    mesh__free(wire);
}

/* --- what has arrived by now --- */

/* A reset stops what would come after it. */
static void settle(struct mesh_wire *wire, unsigned side, uint64_t now_ns)
{
    struct mesh_wire_flow *flow = &wire->flows[side];
    uint64_t limit_ns = least(now_ns, wire->sides[side].reset_ns);

    while (flow->count && flow->marks[flow->first].at_ns <= limit_ns) {
        flow->arrived = flow->marks[flow->first].upto;
        flow->first = (flow->first + 1) % MESH__WIRE_MARKS;
        flow->count--;
    }
}

static bool is_reset(const struct mesh_wire *wire, unsigned side,
                     uint64_t now_ns)
{
    return now_ns >= wire->sides[side].reset_ns;
}

/* The end has arrived, bytes before it perhaps not taken yet. */
static bool is_ended(const struct mesh_wire *wire, unsigned side,
                     uint64_t now_ns)
{
    return now_ns >= wire->flows[side].end_ns;
}

static bool is_readable(const struct mesh_wire *wire, unsigned side,
                        uint64_t now_ns)
{
    return wire->flows[side].arrived > wire->flows[side].taken ||
           is_ended(wire, side, now_ns);
}

/* Bytes a sender may give at once; a split needs a mark more. */
static size_t room_of(const struct mesh_wire_flow *flow)
{
    if (flow->count + 2 > MESH__WIRE_MARKS)
        return 0;
    return (size_t)(MESH__WIRE_WINDOW - (flow->moved - flow->taken));
}

int mesh__wire_connected(const struct mesh_wire *wire, unsigned side,
                         uint64_t now_ns)
{
    if (side == 0 && now_ns < wire->connected_ns)
        return -EINPROGRESS;
    if (side == 0 && wire->failure)
        return wire->failure;
    return is_reset(wire, side, now_ns) ? -ECONNRESET : 0;
}

unsigned mesh__wire_events(struct mesh_wire *wire, unsigned side,
                           uint64_t now_ns)
{
    const struct mesh_wire_flow *out = &wire->flows[!side];
    int rc = mesh__wire_connected(wire, side, now_ns);
    unsigned events = 0;

    if (rc == -EINPROGRESS)
        return 0;
    if (rc < 0)
        return MESH__READABLE | MESH__WRITABLE | MESH__HANGUP;
    settle(wire, side, now_ns);
    settle(wire, !side, now_ns);
    if (is_readable(wire, side, now_ns))
        events |= MESH__READABLE;
    if (out->shut || room_of(out))
        events |= MESH__WRITABLE;
    if (out->shut && is_ended(wire, side, now_ns))
        events |= MESH__HANGUP;
    return events;
}

uint64_t mesh__wire_next(struct mesh_wire *wire, unsigned side, unsigned events,
                         uint64_t now_ns)
{
    const struct mesh_wire_flow *in = &wire->flows[side];
    uint64_t next_ns = MESH__NEVER;

    if (side == 0 && now_ns < wire->connected_ns)
        return wire->connected_ns;
    if (is_reset(wire, side, now_ns))
        return MESH__NEVER;
    settle(wire, side, now_ns);
    if (events & MESH__READABLE && in->count)
        next_ns = in->marks[in->first].at_ns;
    if (in->end_ns > now_ns)
        next_ns = least(next_ns, in->end_ns);
    if (wire->sides[side].reset_ns > now_ns)
        next_ns = least(next_ns, wire->sides[side].reset_ns);
    return next_ns;
}

/* --- sending, and the fault --- */

/* Does the fault lie in this direction? */
static bool is_struck(const struct mesh_wire *wire, unsigned to,
                      enum mesh_fault_kind kind)
{
    return wire->fault.kind == kind && wire->fault.to == to;
}

/* Has a stall eaten everything that would come now? */
static bool is_stalled(const struct mesh_wire *wire, unsigned to)
{
    return is_struck(wire, to, MESH__FAULT_STALL) &&
           wire->flows[to].moved >= wire->fault.at;
}

static void reset_side(struct mesh_wire *wire, unsigned side, uint64_t at_ns)
{
    if (!is_stalled(wire, side))
        wire->sides[side].reset_ns = least(wire->sides[side].reset_ns, at_ns);
}

static void mark_arrival(struct mesh_wire_flow *flow, uint64_t at_ns)
{
    size_t last = (flow->first + flow->count - 1) % MESH__WIRE_MARKS;

    if (!flow->count || flow->marks[last].at_ns != at_ns) {
        last = (flow->first + flow->count++) % MESH__WIRE_MARKS;
        flow->marks[last].at_ns = at_ns;
    }
    flow->marks[last].upto = flow->sent;
    flow->last_ns = at_ns;
}

static void store(struct mesh_wire_flow *flow, const char *data, size_t len,
                  uint64_t at_ns)
{
    size_t at = (size_t)(flow->sent % MESH__WIRE_WINDOW);
    size_t straight = (size_t)least(len, MESH__WIRE_WINDOW - at);

    if (!len)
        return;
    memcpy(flow->ring + at, data, straight);
    memcpy(flow->ring, data + straight, len - straight);
    flow->sent += len;
    mark_arrival(flow, at_ns);
}

/* What befalls the bytes from the fault's place on; the place is in there. */
static void strike(struct mesh_wire *wire, unsigned to, const char *rest,
                   size_t len, uint64_t at_ns)
{
    struct mesh_wire_flow *flow = &wire->flows[to];

    flow->last_ns = at_ns; /* not even the end overtakes what is lost */
    switch (wire->fault.kind) {
    case MESH__FAULT_NONE:
    case MESH__FAULT_STALL:
        break;
    case MESH__FAULT_SPLIT:
        store(flow, rest, len, mesh__time_add(at_ns, MESH__MS));
        break;
    case MESH__FAULT_FLIP:
        store(flow, rest, len, at_ns);
        flow->ring[wire->fault.at % MESH__WIRE_WINDOW] ^= 1;
        break;
    case MESH__FAULT_RESET:
        reset_side(wire, 0, at_ns);
        reset_side(wire, 1, at_ns);
        break;
    case MESH__FAULT_END:
        flow->end_ns = at_ns;
        break;
    }
}

/* Do bytes behind the fault's place still come through? */
static bool is_passable(const struct mesh_wire *wire)
{
    return wire->fault.kind == MESH__FAULT_SPLIT ||
           wire->fault.kind == MESH__FAULT_FLIP;
}

static void push(struct mesh_wire *wire, unsigned to, const char *data,
                 size_t len, uint64_t at_ns)
{
    struct mesh_wire_flow *flow = &wire->flows[to];
    uint64_t offset = flow->moved;
    uint64_t at = wire->fault.at;

    flow->moved += len;
    if (!is_struck(wire, to, wire->fault.kind) || !wire->fault.kind ||
        at >= offset + len) {
        store(flow, data, len, at_ns);
    } else if (at >= offset) {
        size_t before = (size_t)(at - offset);

        store(flow, data, before, at_ns);
        strike(wire, to, data + before, len - before, at_ns);
    } else if (is_passable(wire)) {
        store(flow, data, len, at_ns);
    }
}

/* May this side send now? 0 or -errno. */
static int may_send(const struct mesh_wire *wire, unsigned side,
                    uint64_t now_ns)
{
    int rc = mesh__wire_connected(wire, side, now_ns);

    if (rc == -EINPROGRESS)
        return -EAGAIN;
    if (rc == 0 && wire->flows[!side].shut)
        return -EPIPE;
    return rc;
}

/* Nobody is there to take it: what comes back is a reset. */
static int64_t send_to_nobody(struct mesh_wire *wire, unsigned side, size_t len,
                              uint64_t now_ns, uint64_t delay_ns)
{
    struct mesh_wire_flow *flow = &wire->flows[!side];

    flow->moved += len;
    flow->taken += len;
    flow->sent += len;
    reset_side(wire, side,
               mesh__time_add(now_ns, mesh__time_add(delay_ns, delay_ns)));
    return (int64_t)len;
}

int64_t mesh__wire_send(struct mesh_wire *wire, unsigned side,
                        const struct mesh_slice *slices, size_t count,
                        size_t most, uint64_t now_ns, uint64_t delay_ns)
{
    struct mesh_wire_flow *flow = &wire->flows[!side];
    int rc = may_send(wire, side, now_ns);
    size_t room;
    size_t sent = 0;

    if (rc < 0)
        return rc;
    settle(wire, !side, now_ns);
    room = room_of(flow);
    if (most && room > most)
        room = most;
    if (!room)
        return -EAGAIN;
    for (size_t i = 0; i < count && sent < room; i++) {
        size_t len = (size_t)least(slices[i].len, room - sent);
        uint64_t at_ns =
            most_of(mesh__time_add(now_ns, delay_ns), flow->last_ns);

        if (!wire->sides[!side].closed)
            push(wire, !side, slices[i].at, len, at_ns);
        sent += len;
    }
    if (wire->sides[!side].closed)
        return send_to_nobody(wire, side, sent, now_ns, delay_ns);
    return (int64_t)sent;
}

/* --- receiving --- */

static void copy_out(const struct mesh_wire_flow *flow, char *data, size_t len)
{
    size_t at = (size_t)(flow->taken % MESH__WIRE_WINDOW);
    size_t straight = (size_t)least(len, MESH__WIRE_WINDOW - at);

    memcpy(data, flow->ring + at, straight);
    memcpy(data + straight, flow->ring, len - straight);
}

/* Bytes that one receive may take: never across a split. */
static size_t takeable(const struct mesh_wire *wire, unsigned side)
{
    const struct mesh_wire_flow *flow = &wire->flows[side];
    uint64_t upto = flow->arrived;

    if (is_struck(wire, side, MESH__FAULT_SPLIT) &&
        flow->taken < wire->fault.at)
        upto = least(upto, wire->fault.at);
    return (size_t)(upto - flow->taken);
}

int64_t mesh__wire_recv(struct mesh_wire *wire, unsigned side, void *data,
                        size_t size, size_t most, uint64_t now_ns)
{
    int rc = mesh__wire_connected(wire, side, now_ns);
    size_t len;

    if (rc < 0 && rc != -ECONNRESET)
        return rc == -EINPROGRESS ? -EAGAIN : rc;
    settle(wire, side, now_ns);
    len = (size_t)least(takeable(wire, side), size);
    if (most && len > most)
        len = most;
    if (len) {
        copy_out(&wire->flows[side], data, len);
        wire->flows[side].taken += len;
        return (int64_t)len;
    }
    if (rc < 0)
        return rc;
    return is_readable(wire, side, now_ns) ? 0 : -EAGAIN;
}

int mesh__wire_peek(struct mesh_wire *wire, unsigned side, uint64_t now_ns)
{
    int rc = mesh__wire_connected(wire, side, now_ns);

    if (rc < 0 && rc != -ECONNRESET)
        return rc == -EINPROGRESS ? 0 : rc;
    settle(wire, side, now_ns);
    if (wire->flows[side].arrived > wire->flows[side].taken)
        return 1;
    if (rc < 0)
        return rc;
    return is_ended(wire, side, now_ns);
}

/* --- the end --- */

static void send_end(struct mesh_wire *wire, unsigned to, uint64_t now_ns,
                     uint64_t delay_ns)
{
    struct mesh_wire_flow *flow = &wire->flows[to];

    if (flow->shut)
        return;
    flow->shut = true;
    if (flow->end_ns != MESH__NEVER || is_stalled(wire, to))
        return;
    flow->end_ns = most_of(mesh__time_add(now_ns, delay_ns), flow->last_ns);
}

int mesh__wire_shutdown(struct mesh_wire *wire, unsigned side, uint64_t now_ns,
                        uint64_t delay_ns)
{
    int rc = mesh__wire_connected(wire, side, now_ns);

    if (rc < 0)
        return -ENOTCONN;
    send_end(wire, !side, now_ns, delay_ns);
    return 0;
}

void mesh__wire_close(struct mesh_wire *wire, unsigned side, bool reset,
                      uint64_t now_ns, uint64_t delay_ns)
{
    struct mesh_wire_flow *in = &wire->flows[side];
    uint64_t at_ns =
        most_of(mesh__time_add(now_ns, delay_ns), wire->flows[!side].last_ns);

    settle(wire, side, now_ns);
    wire->sides[side].closed = true;
    if (reset || in->arrived > in->taken) {
        reset_side(wire, !side, at_ns);
        return;
    }
    send_end(wire, !side, now_ns, delay_ns);
    if (in->count) /* bytes under way will meet nobody */
        reset_side(wire, !side,
                   mesh__time_add(in->marks[in->first].at_ns, delay_ns));
}
