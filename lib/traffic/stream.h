/*
 * stream.h - where a stream to a service goes: over a snapshot, nothing else.
 *
 * A sidecar knows a stream by the address that was dialled and by the server
 * name in its first bytes. Here it is known by the name that was asked for:
 * that, and the service's full name, are its server name; its original
 * destination is the address that was asked for, else the service's own.
 */
#ifndef MESH_TRAFFIC_STREAM_H
#define MESH_TRAFFIC_STREAM_H

#include "traffic/route.h"

/* Points into the snapshot, which the caller holds. */
struct mesh_stream_choice {
    enum mesh_route_outcome outcome; /* OK, NO_HOST, NO_RULE, NO_DESTINATION */
    const struct mesh_stream_host *host;
    const struct mesh_stream_rule *rule;
    const struct mesh_arm *arm;
    const struct mesh_destination *destination;
};

/*
 * Decide for a stream to name:port, as clients write services' names. draw is
 * uniform over all of uint64_t and settles the weighted destination.
 */
void mesh__stream_choose(const struct mesh_snapshot *snapshot,
                         struct mesh_slice name, uint16_t port, uint64_t draw,
                         struct mesh_stream_choice *out, struct mesh__why *why);

#endif
