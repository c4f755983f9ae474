/*
 * keepalive.h - keep-alive of a kernel socket.
 */
#ifndef MESH_NET_KEEPALIVE_H
#define MESH_NET_KEEPALIVE_H

#include "value/keepalive.h"

/* Nothing when it is off. 0, or -errno: -EINVAL for what Linux does not take,
 * more than 32767 seconds or 127 probes. */
int mesh__keepalive_set(int fd, const struct mesh_keepalive *keepalive);

#endif
