/*
 * port_kernel.h - the port over Linux.
 *
 * MESH__PORT_EPOLL registers descriptors with epoll once and has one pollable
 * descriptor: for host loops, servers and the keeper. MESH__PORT_POLL keeps a
 * short table and waits with poll(2): for a thread that borrows a loop for one
 * call, so that a warm blocking call is a send, a wait and a receive.
 *
 * Threads: now, wall, random, recv, send, close, address, wake: any. watch and
 * wait: one thread at a time may be in wait; watch may be called meanwhile
 * from another (an epoll port sees it at once; a poll port is woken and its
 * wait gives -EINTR). One thread at a time may be in watch. Only wait gives
 * -EINTR; the other calls try again by themselves.
 */
#ifndef MESH_NET_PORT_KERNEL_H
#define MESH_NET_PORT_KERNEL_H

#include "net/port.h"

enum { MESH__PORT_EPOLL, MESH__PORT_POLL };

/*
 * 0, MESH_ERR_NOMEM, or MESH_ERR_FILES / MESH_ERR_SYSTEM with the call's name.
 * Random numbers: a keyed counter, seeded per port from getrandom(2).
 */
int mesh__port_kernel_new(int kind, struct mesh_port **out);

/*
 * Whom names asks, "192.0.2.1,[2001:db8::1]:5353"; NULL, as at birth: whom
 * the machine's settings name. 0 or MESH_ERR_NOMEM.
 */
int mesh__port_kernel_set_nameservers(struct mesh_port *port,
                                      const char *nameservers);

/*
 * After fork in the child (port.h, forked): closes what the port opened,
 * touches no peer. The port is to be freed as ever.
 */
void mesh__port_kernel_forked(struct mesh_port *port);

/* Seed and clock for code that runs before any loop exists. */
uint64_t mesh__kernel_now_ns(void);
int64_t mesh__kernel_wall_ns(void);
/* len bytes fit for keys (getrandom); 0 or MESH_ERR_SYSTEM. */
int mesh__kernel_random(void *out, size_t len);

#endif
