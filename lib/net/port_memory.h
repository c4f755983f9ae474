/*
 * port_memory.h - a world in memory: virtual clock, seeded dice, faults.
 *
 * A world holds any number of ports (one per loop) that reach each other by
 * address. Single-threaded: waiting on a port moves the clock to what happens
 * next there, unless something happens earlier at another port of the world
 * (or lies ready there now): then wait gives 0 at once, for the driver to step
 * the others. With nothing to come at all it gives 0 too, so that no story
 * hangs. The same seed and the same calls give the same story. Tests only;
 * nothing here is compiled into libmesh.so's exported surface, but the file
 * lives beside the loop because both obey port.h.
 */
#ifndef MESH_NET_PORT_MEMORY_H
#define MESH_NET_PORT_MEMORY_H

#include "net/port.h"

struct mesh_loop;
struct mesh_name_script;
struct mesh_world;

enum {
    MESH__WORLD_SOCKETS = 1 << 16, /* open at once; then -EMFILE            */
    MESH__WORLD_REFUSED = 64,      /* addresses refused at once             */
    MESH__WORLD_TURNS = 1 << 20    /* of a run without the clock moving     */
};

/* 0 or MESH_ERR_NOMEM. */
int mesh__world_new(uint64_t seed, struct mesh_world **out);
/* Every port of the world must be freed before. */
void mesh__world_free(struct mesh_world *world);

/*
 * A port at address ip (its ports are free to choose); 0 or MESH_ERR_NOMEM.
 * Several may share one ip, as the loops of one workload do. Its calls can
 * give -ENOMEM from connect and accept, and nowhere else.
 */
int mesh__port_memory_new(struct mesh_world *world,
                          const struct mesh_address *ip,
                          struct mesh_port **out);

uint64_t mesh__world_now_ns(const struct mesh_world *world);
/* Move the clock on by itself (nothing else happens). */
void mesh__world_advance(struct mesh_world *world, uint64_t ns);
/* What the machine believes the date is, from now on. */
void mesh__world_set_wall(struct mesh_world *world, int64_t wall_ns);
/* Nanoseconds from a send to its arrival; uniform in [least, most]. */
void mesh__world_set_delay(struct mesh_world *world, uint64_t least_ns,
                           uint64_t most_ns);

/* Every send and recv moves at most this many bytes; 0 is no bound. */
void mesh__world_set_segment(struct mesh_world *world, size_t bytes);

enum mesh_fault_kind {
    MESH__FAULT_NONE,
    MESH__FAULT_SPLIT, /* a recv ends before the byte; the rest of that send
                          comes a millisecond later                           */
    MESH__FAULT_RESET, /* both ends see ECONNRESET once the byte is due       */
    MESH__FAULT_END,   /* the receiver sees the end of the stream there       */
    MESH__FAULT_STALL, /* nothing more arrives, ever                          */
    MESH__FAULT_FLIP   /* the byte's lowest bit is turned                     */
};

/*
 * Do this to the nth connection made from now on (0 is the next), in the
 * direction to the accepting side (to_server) or back, at byte offset at.
 * One fault at a time; setting replaces. Bytes moved so far in each direction
 * of that connection: mesh__world_moved.
 */
void mesh__world_set_fault(struct mesh_world *world, enum mesh_fault_kind kind,
                           unsigned nth, bool to_server, uint64_t at);
uint64_t mesh__world_moved(const struct mesh_world *world, bool to_server);

/* Connections to this address are refused, or (hang) never answered. */
void mesh__world_set_refused(struct mesh_world *world,
                             const struct mesh_address *address, bool refused,
                             bool hang);

/* What names are answered with at every port of the world (names.h). */
struct mesh_name_script *mesh__world_names(struct mesh_world *world);

/* Sockets that nobody closed; 0 at the end of a clean story. */
size_t mesh__world_open(const struct mesh_world *world);
/* Connections made since the world began. */
size_t mesh__world_connections(const struct mesh_world *world);
/* How a caller last asked to keep its connection alive; off: nobody did. */
const struct mesh_keepalive *mesh__world_keepalive(
    const struct mesh_world *world);
/* True when no byte is in flight and no listener has someone waiting. */
bool mesh__world_idle(const struct mesh_world *world);
/* When the next byte arrives; MESH__NEVER when none is in flight. */
uint64_t mesh__world_next_ns(const struct mesh_world *world);

/*
 * Drive loops, each on a port of this world, in turn and without waiting;
 * when none has anything to do, the clock moves to what happens next: a byte,
 * a timer. Returns 1 once done (asked between turns, outside of all loops;
 * NULL is never) says so; 0 when the clock would pass until_ns (it then stands
 * there) or nothing can happen any more; or what a step failed with, or
 * MESH_ERR_STATE after MESH__WORLD_TURNS turns at one moment: a loop spins.
 */
int mesh__world_run(struct mesh_world *world, struct mesh_loop *const *loops,
                    size_t count, uint64_t until_ns, bool (*done)(void *user),
                    void *user);

#endif
