/*
 * port_memory.c - descriptors, listeners and ports of a world in memory.
 *
 * Keeps the clock, the dice and who is connected to whom; what travels on a
 * connection is wire.c's. Declines to know loops; mesh__world_run is story.c's.
 */
#include "net/port_memory.h"

#include "base/alloc.h"
#include "base/error.h"
#include "net/names.h"
#include "net/wire.h"
#include "value/duration.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>

enum {
    FIRST_FD = 1 << 20, /* no number that the kernel gives by chance */
    FIRST_PORT = 40000  /* of those that are chosen for a caller     */
};

#define START_NS MESH__S

/* One descriptor: a listener, or a side of a wire. */
struct socket {
    int fd;
    struct memory_port *port; /* NULL: its port is gone */
    unsigned events;          /* what it is waited for  */
    void *tag;
    struct mesh_wire *wire; /* NULL: a listener */
    unsigned side;
    struct mesh_address address; /* a listener's */
    size_t backlog;
    size_t queued;
    struct mesh_node queue; /* wires that wait to be accepted */
};

struct refusal {
    struct mesh_address address;
    bool hang;
};

struct mesh_world {
    uint64_t now_ns;
    int64_t wall_offset_ns; /* wall = now + this */
    uint64_t dice;
    uint64_t least_delay_ns;
    uint64_t most_delay_ns;
    size_t segment_bytes; /* 0: no bound */
    uint16_t next_port;
    size_t connections;
    struct mesh_keepalive keepalive; /* last asked for */
    size_t ports;

    struct mesh_wire_fault fault;
    size_t fault_connection;      /* counted as connections is    */
    struct mesh_wire *fault_wire; /* NULL: not made yet, or freed */
    uint64_t moved[2];            /* of fault_wire once freed     */

    struct refusal refusals[MESH__WORLD_REFUSED];
    size_t refusal_count;

    struct mesh_name_script *names;
    struct mesh_node wires;
    struct socket **sockets; /* by fd - FIRST_FD; NULL: free */
    size_t socket_count;
    size_t socket_capacity;
};

struct memory_port {
    struct mesh_port port;
    struct mesh_world *world;
    struct mesh_address ip; /* port 0 */
    atomic_bool woken;
    size_t turn; /* where the search for ready sockets begins */
};

/* --- the world's own --- */

int mesh__world_new(uint64_t seed, struct mesh_world **out)
{
    struct mesh_world *world = mesh__calloc(1, sizeof(*world));

    *out = NULL;
    if (!world || mesh__name_script_new(&world->names) < 0) {
        mesh__free(world);
        return mesh__fail(MESH_ERR_NOMEM, "a world");
    }
    world->now_ns = START_NS;
    world->dice = seed;
    world->next_port = FIRST_PORT;
    mesh__list_init(&world->wires);
    *out = world;
    return 0;
}

static void free_wire(struct mesh_world *world, struct mesh_wire *wire)
{
    if (wire == world->fault_wire) {
        world->moved[0] = wire->flows[0].moved;
        world->moved[1] = wire->flows[1].moved;
        world->fault_wire = NULL;
    }
    mesh__list_remove(&wire->node);
    mesh__list_remove(&wire->waiting);
    mesh__wire_free(wire);
}

void mesh__world_free(struct mesh_world *world)
{
    if (!world)
        return;
    assert(world->ports == 0);
    while (!mesh__list_empty(&world->wires))
        free_wire(world, MESH__OF(world->wires.next, struct mesh_wire, node));
    for (size_t i = 0; i < world->socket_count; i++)
        mesh__free(world->sockets[i]);
    mesh__name_script_free(world->names);
    mesh__free(world->sockets);
    mesh__free(world);
}

struct mesh_name_script *mesh__world_names(struct mesh_world *world)
{
    return world->names;
}

uint64_t mesh__world_now_ns(const struct mesh_world *world)
{
    return world->now_ns;
}

void mesh__world_advance(struct mesh_world *world, uint64_t ns)
{
    world->now_ns = mesh__time_add(world->now_ns, ns);
}

void mesh__world_set_wall(struct mesh_world *world, int64_t wall_ns)
{
    world->wall_offset_ns = wall_ns - (int64_t)world->now_ns;
}

void mesh__world_set_delay(struct mesh_world *world, uint64_t least_ns,
                           uint64_t most_ns)
{
    assert(least_ns <= most_ns);
    world->least_delay_ns = least_ns;
    world->most_delay_ns = most_ns;
}

void mesh__world_set_segment(struct mesh_world *world, size_t bytes)
{
    world->segment_bytes = bytes;
}

void mesh__world_set_fault(struct mesh_world *world, enum mesh_fault_kind kind,
                           unsigned nth, bool to_server, uint64_t at)
{
    if (world->fault_wire)
        world->fault_wire->fault = (struct mesh_wire_fault){ 0 };
    world->fault_wire = NULL;
    world->moved[0] = 0;
    world->moved[1] = 0;
    world->fault.kind = kind;
    world->fault.to = to_server ? 1 : 0;
    world->fault.at = at;
    world->fault_connection = world->connections + nth;
}

uint64_t mesh__world_moved(const struct mesh_world *world, bool to_server)
{
    if (world->fault_wire)
        return world->fault_wire->flows[to_server].moved;
    return world->moved[to_server];
}

static struct refusal *find_refusal(struct mesh_world *world,
                                    const struct mesh_address *address)
{
    for (size_t i = 0; i < world->refusal_count; i++)
        if (mesh__address_equal(&world->refusals[i].address, address))
            return &world->refusals[i];
    return NULL;
}

void mesh__world_set_refused(struct mesh_world *world,
                             const struct mesh_address *address, bool refused,
                             bool hang)
{
    struct refusal *refusal = find_refusal(world, address);

    if (!refused) {
        if (refusal)
            *refusal = world->refusals[--world->refusal_count];
        return;
    }
    assert(refusal || world->refusal_count < MESH__WORLD_REFUSED);
    if (!refusal)
        refusal = &world->refusals[world->refusal_count++];
    *refusal = (struct refusal){ *address, hang };
}

size_t mesh__world_open(const struct mesh_world *world)
{
    size_t open = 0;

    for (size_t i = 0; i < world->socket_count; i++)
        open += world->sockets[i] != NULL;
    return open;
}

size_t mesh__world_connections(const struct mesh_world *world)
{
    return world->connections;
}

/* SplitMix64. */
static uint64_t draw(struct mesh_world *world)
{
    uint64_t x = world->dice += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t draw_delay(struct mesh_world *world)
{
    uint64_t span = world->most_delay_ns - world->least_delay_ns;

    return world->least_delay_ns + (span ? draw(world) % (span + 1) : 0);
}

/* --- what happens next --- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_of_wire(struct mesh_wire *wire, uint64_t now_ns)
{
    uint64_t next_ns = MESH__NEVER;

    for (unsigned side = 0; side < 2; side++)
        if (!wire->sides[side].closed)
            next_ns = earlier(
                next_ns, mesh__wire_next(wire, side, MESH__READABLE, now_ns));
    if (!mesh__list_empty(&wire->waiting) && wire->offered_ns > now_ns)
        next_ns = earlier(next_ns, wire->offered_ns);
    return next_ns;
}

uint64_t mesh__world_next_ns(const struct mesh_world *world)
{
    uint64_t next_ns = MESH__NEVER;

    for (struct mesh_node *node = world->wires.next; node != &world->wires;
         node = node->next)
        next_ns = earlier(next_ns,
                          next_of_wire(MESH__OF(node, struct mesh_wire, node),
                                       world->now_ns));
    return next_ns;
}

bool mesh__world_idle(const struct mesh_world *world)
{
    for (size_t i = 0; i < world->socket_count; i++)
        if (world->sockets[i] && !world->sockets[i]->wire &&
            !mesh__list_empty(&world->sockets[i]->queue))
            return false;
    return mesh__world_next_ns(world) == MESH__NEVER;
}

/* The first of the queue that has come by now; next_ns: when the next will. */
static struct mesh_wire *first_offered(struct socket *listener, uint64_t now_ns,
                                       uint64_t *next_ns)
{
    *next_ns = MESH__NEVER;
    for (struct mesh_node *node = listener->queue.next;
         node != &listener->queue; node = node->next) {
        struct mesh_wire *wire = MESH__OF(node, struct mesh_wire, waiting);

        if (wire->offered_ns <= now_ns)
            return wire;
        *next_ns = earlier(*next_ns, wire->offered_ns);
    }
    return NULL;
}

/* What a socket is waited for and is; next_ns: when that may change. */
static unsigned events_of(struct socket *socket, uint64_t now_ns,
                          uint64_t *next_ns)
{
    *next_ns = MESH__NEVER;
    if (!socket->events)
        return 0;
    if (!socket->wire)
        return first_offered(socket, now_ns, next_ns)
                   ? socket->events & MESH__READABLE
                   : 0;
    *next_ns =
        mesh__wire_next(socket->wire, socket->side, socket->events, now_ns);
    return mesh__wire_events(socket->wire, socket->side, now_ns) &
           (socket->events | MESH__HANGUP);
}

static int collect(struct memory_port *self, struct mesh_ready *ready, int size)
{
    struct mesh_world *world = self->world;
    uint64_t unused_ns;
    int count = 0;

    for (size_t i = 0; i < world->socket_count && count < size; i++) {
        size_t at = (self->turn + i) % world->socket_count;
        struct socket *socket = world->sockets[at];
        unsigned events;

        if (!socket || socket->port != self)
            continue;
        events = events_of(socket, world->now_ns, &unused_ns);
        if (events)
            ready[count++] = (struct mesh_ready){ socket->tag, events };
    }
    self->turn++;
    return count;
}

/* When a socket that is waited for at self (or elsewhere) has news. */
static uint64_t next_at(const struct memory_port *self, bool elsewhere)
{
    const struct mesh_world *world = self->world;
    uint64_t next_ns = MESH__NEVER;

    for (size_t i = 0; i < world->socket_count; i++) {
        struct socket *socket = world->sockets[i];
        uint64_t of_this_ns;

        if (!socket || (socket->port != self) != elsewhere)
            continue;
        if (events_of(socket, world->now_ns, &of_this_ns))
            return world->now_ns;
        next_ns = earlier(next_ns, of_this_ns);
    }
    return next_ns;
}

static struct memory_port *self_of(struct mesh_port *port)
{
    return (struct memory_port *)(void *)port;
}

static int memory_wait(struct mesh_port *port, uint64_t timeout_ns,
                       struct mesh_ready *ready, int size)
{
    struct memory_port *self = self_of(port);
    struct mesh_world *world = self->world;
    uint64_t until_ns = mesh__time_add(world->now_ns, timeout_ns);
    int count = collect(self, ready, size);

    if (atomic_exchange(&self->woken, false))
        return count;
    while (count == 0 && world->now_ns < until_ns) {
        uint64_t here_ns = earlier(next_at(self, false), until_ns);

        if (next_at(self, true) < here_ns || here_ns == MESH__NEVER)
            return 0;
        world->now_ns = here_ns;
        count = collect(self, ready, size);
    }
    return count;
}

static void memory_wake(struct mesh_port *port)
{
    atomic_store(&self_of(port)->woken, true);
}

/* --- descriptors --- */

static struct socket *find_socket(struct mesh_port *port, int fd)
{
    struct mesh_world *world = self_of(port)->world;

    if (fd < FIRST_FD || (size_t)(fd - FIRST_FD) >= world->socket_count)
        return NULL;
    return world->sockets[fd - FIRST_FD];
}

/* As the kernel does: the lowest number that is free. */
static int new_socket(struct memory_port *self, struct socket **out)
{
    struct mesh_world *world = self->world;
    struct socket *socket;
    size_t at = 0;

    while (at < world->socket_count && world->sockets[at])
        at++;
    if (at == MESH__WORLD_SOCKETS)
        return -EMFILE;
    socket = mesh__calloc(1, sizeof(*socket));
    if (!socket || mesh__grow(&world->sockets, &world->socket_capacity, at,
                              MESH__WORLD_SOCKETS, sizeof(socket)) < 0) {
        mesh__free(socket);
        return -ENOMEM;
    }
    socket->fd = FIRST_FD + (int)at;
    socket->port = self;
    mesh__list_init(&socket->queue);
    world->sockets[at] = socket;
    if (at == world->socket_count)
        world->socket_count++;
    *out = socket;
    return 0;
}

static void free_socket(struct mesh_world *world, struct socket *socket)
{
    world->sockets[socket->fd - FIRST_FD] = NULL;
    mesh__free(socket);
}

static struct socket *find_listener(const struct mesh_world *world,
                                    const struct mesh_address *address)
{
    for (size_t i = 0; i < world->socket_count; i++) {
        struct socket *socket = world->sockets[i];

        if (socket && !socket->wire &&
            mesh__address_equal(&socket->address, address))
            return socket;
    }
    return NULL;
}

static uint16_t choose_port(struct mesh_world *world)
{
    if (world->next_port < FIRST_PORT)
        world->next_port = FIRST_PORT;
    return world->next_port++;
}

static int memory_watch(struct mesh_port *port, int fd, unsigned events,
                        void *tag)
{
    struct socket *socket = find_socket(port, fd);

    if (!socket)
        return -EBADF;
    socket->port = self_of(port); /* streams move between loops */
    socket->events = events;
    socket->tag = tag;
    return 0;
}

/* --- calling --- */

/* Lay the wire to whoever listens, or let it know why not. */
static void dial(struct mesh_world *world, struct mesh_wire *wire,
                 const struct mesh_address *to)
{
    const struct refusal *refusal = find_refusal(world, to);
    struct socket *listener = find_listener(world, to);
    bool hang = refusal ? refusal->hang
                        : listener && listener->queued >= listener->backlog;

    wire->offered_ns = mesh__time_add(world->now_ns, draw_delay(world));
    wire->connected_ns =
        hang ? MESH__NEVER
             : mesh__time_add(wire->offered_ns, draw_delay(world));
    if (refusal || !listener || hang) {
        wire->failure = -ECONNREFUSED;
        wire->sides[1].closed = true;
        return;
    }
    mesh__list_push_back(&listener->queue, &wire->waiting);
    listener->queued++;
    if (world->connections++ == world->fault_connection) {
        wire->fault = world->fault;
        world->fault_wire = wire;
    }
}

static int memory_connect(struct mesh_port *port, const struct mesh_address *to,
                          const struct mesh_address *from)
{
    struct memory_port *self = self_of(port);
    struct socket *socket;
    struct mesh_wire *wire;
    int rc;

    if (to->family != 4 && to->family != 6)
        return -EAFNOSUPPORT;
    if (mesh__wire_new(&wire) < 0)
        return -ENOMEM;
    rc = new_socket(self, &socket);
    if (rc < 0) {
        mesh__wire_free(wire);
        return rc;
    }
    wire->sides[0].address = from && from->family ? *from : self->ip;
    if (!wire->sides[0].address.port)
        wire->sides[0].address.port = choose_port(self->world);
    wire->sides[1].address = *to;
    mesh__list_push_back(&self->world->wires, &wire->node);
    socket->wire = wire;
    dial(self->world, wire, to);
    return socket->fd;
}

static int memory_keepalive(struct mesh_port *port, int fd,
                            const struct mesh_keepalive *keepalive)
{
    struct socket *socket = find_socket(port, fd);

    if (!socket || !socket->wire)
        return -EBADF;
    self_of(port)->world->keepalive = *keepalive;
    return 0;
}

const struct mesh_keepalive *mesh__world_keepalive(
    const struct mesh_world *world)
{
    return &world->keepalive;
}

static int memory_connected(struct mesh_port *port, int fd)
{
    struct socket *socket = find_socket(port, fd);

    if (!socket || !socket->wire)
        return -EBADF;
    return mesh__wire_connected(socket->wire, socket->side,
                                self_of(port)->world->now_ns);
}

/* --- listening --- */

/* Where at says, "any" being the port's own ip; 0 or -errno. */
static int place_listener(struct memory_port *self,
                          const struct mesh_address *at,
                          struct mesh_address *out)
{
    struct mesh_address any = { .family = at->family };
    struct mesh_address ip = *at;

    ip.port = 0;
    if (!mesh__address_equal(&ip, &any) && !mesh__address_equal(&ip, &self->ip))
        return -EADDRNOTAVAIL;
    *out = self->ip;
    out->port = at->port ? at->port : choose_port(self->world);
    return find_listener(self->world, out) ? -EADDRINUSE : 0;
}

static int memory_listen(struct mesh_port *port, const struct mesh_address *at,
                         int backlog)
{
    struct memory_port *self = self_of(port);
    struct mesh_address address;
    struct socket *socket;
    int rc = place_listener(self, at, &address);

    if (rc == 0)
        rc = new_socket(self, &socket);
    if (rc < 0)
        return rc;
    socket->address = address;
    socket->backlog = backlog > 0 ? (size_t)backlog : 1;
    return socket->fd;
}

static int memory_accept(struct mesh_port *port, int listener,
                         struct mesh_address *peer)
{
    struct memory_port *self = self_of(port);
    struct socket *socket = find_socket(port, listener);
    struct socket *accepted;
    struct mesh_wire *wire;
    uint64_t unused_ns;
    int rc;

    *peer = (struct mesh_address){ 0 };
    if (!socket || socket->wire)
        return -EBADF;
    wire = first_offered(socket, self->world->now_ns, &unused_ns);
    if (!wire)
        return -EAGAIN;
    rc = new_socket(self, &accepted);
    if (rc < 0)
        return rc;
    mesh__list_remove(&wire->waiting);
    socket->queued--;
    accepted->wire = wire;
    accepted->side = 1;
    *peer = wire->sides[0].address;
    return accepted->fd;
}

static int memory_address(struct mesh_port *port, int fd, bool peer,
                          struct mesh_address *out)
{
    struct socket *socket = find_socket(port, fd);

    *out = (struct mesh_address){ 0 };
    if (!socket)
        return -EBADF;
    if (!socket->wire && peer)
        return -ENOTCONN;
    *out =
        socket->wire
            ? socket->wire->sides[peer ? !socket->side : socket->side].address
            : socket->address;
    return 0;
}

/* --- bytes --- */

static int64_t memory_recv(struct mesh_port *port, int fd, void *data,
                           size_t size)
{
    struct mesh_world *world = self_of(port)->world;
    struct socket *socket = find_socket(port, fd);

    if (!socket || !socket->wire)
        return -EBADF;
    return mesh__wire_recv(socket->wire, socket->side, data, size,
                           world->segment_bytes, world->now_ns);
}

static int memory_peek(struct mesh_port *port, int fd)
{
    struct socket *socket = find_socket(port, fd);

    if (!socket || !socket->wire)
        return -EBADF;
    return mesh__wire_peek(socket->wire, socket->side,
                           self_of(port)->world->now_ns);
}

static int64_t memory_send(struct mesh_port *port, int fd,
                           const struct mesh_slice *slices, size_t count)
{
    struct mesh_world *world = self_of(port)->world;
    struct socket *socket = find_socket(port, fd);

    if (!socket || !socket->wire)
        return -EBADF;
    if (count > MESH__SEND_SLICES)
        count = MESH__SEND_SLICES;
    return mesh__wire_send(socket->wire, socket->side, slices, count,
                           world->segment_bytes, world->now_ns,
                           draw_delay(world));
}

static int memory_shutdown(struct mesh_port *port, int fd)
{
    struct mesh_world *world = self_of(port)->world;
    struct socket *socket = find_socket(port, fd);

    if (!socket || !socket->wire)
        return -EBADF;
    return mesh__wire_shutdown(socket->wire, socket->side, world->now_ns,
                               draw_delay(world));
}

static void close_side(struct mesh_world *world, struct mesh_wire *wire,
                       unsigned side, bool reset)
{
    mesh__wire_close(wire, side, reset, world->now_ns, draw_delay(world));
    if (wire->sides[!side].closed)
        free_wire(world, wire);
}

static void close_listener(struct mesh_world *world, struct socket *listener)
{
    struct mesh_node *node;

    while ((node = mesh__list_pop(&listener->queue)))
        close_side(world, MESH__OF(node, struct mesh_wire, waiting), 1, true);
}

static void memory_close(struct mesh_port *port, int fd, bool reset)
{
    struct mesh_world *world = self_of(port)->world;
    struct socket *socket = find_socket(port, fd);

    assert(socket); /* closed twice, or never open */
    if (!socket)
        return;
    if (socket->wire)
        close_side(world, socket->wire, socket->side, reset);
    else
        close_listener(world, socket);
    free_socket(world, socket);
}

/* --- the port --- */

static uint64_t memory_now_ns(struct mesh_port *port)
{
    return self_of(port)->world->now_ns;
}

static int64_t memory_wall_ns(struct mesh_port *port)
{
    const struct mesh_world *world = self_of(port)->world;

    return world->wall_offset_ns + (int64_t)world->now_ns;
}

static uint64_t memory_random(struct mesh_port *port)
{
    return draw(self_of(port)->world);
}

static int memory_fd(struct mesh_port *port)
{
    (void)port;
    return -1;
}

/* Its sockets stay in the world, where mesh__world_open counts them. */
static void memory_free(struct mesh_port *port)
{
    struct memory_port *self = self_of(port);
    struct mesh_world *world = self->world;

    for (size_t i = 0; i < world->socket_count; i++)
        if (world->sockets[i] && world->sockets[i]->port == self)
            world->sockets[i]->port = NULL;
    world->ports--;
    mesh__free(self);
}

static int memory_names(struct mesh_port *port, struct mesh_loop *loop,
                        struct mesh_names **out)
{
    return mesh__names_memory_new(loop, self_of(port)->world->names, out);
}

static const struct mesh_port_ops memory_ops = {
    .free = memory_free,
    .now_ns = memory_now_ns,
    .wall_ns = memory_wall_ns,
    .random = memory_random,
    .connect = memory_connect,
    .keepalive = memory_keepalive,
    .connected = memory_connected,
    .listen = memory_listen,
    .accept = memory_accept,
    .address = memory_address,
    .recv = memory_recv,
    .peek = memory_peek,
    .send = memory_send,
    .shutdown = memory_shutdown,
    .close = memory_close,
    .watch = memory_watch,
    .wait = memory_wait,
    .wake = memory_wake,
    .fd = memory_fd,
    .names = memory_names,
};

int mesh__port_memory_new(struct mesh_world *world,
                          const struct mesh_address *ip, struct mesh_port **out)
{
    struct memory_port *self = mesh__calloc(1, sizeof(*self));

    *out = NULL;
    if (!self)
        return mesh__fail(MESH_ERR_NOMEM, "a port");
    self->port.ops = &memory_ops;
    self->world = world;
    self->ip = *ip;
    self->ip.port = 0;
    world->ports++;
    *out = &self->port;
    return 0;
}
