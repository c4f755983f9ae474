/*
 * sockaddr.h - addresses as the kernel takes and gives them.
 */
#ifndef MESH_NET_SOCKADDR_H
#define MESH_NET_SOCKADDR_H

#include "value/address.h"

#include <sys/socket.h>

/* The bytes of *out that count; 0 for an address of no family. */
socklen_t mesh__sockaddr_of(const struct mesh_address *address,
                            struct sockaddr_storage *out);

/* Of another family than IP, an address of none. An IPv4-mapped address is the
 * IPv4 one: policies speak of that. */
void mesh__sockaddr_read(const struct sockaddr_storage *in,
                         struct mesh_address *out);

#endif
