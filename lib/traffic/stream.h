/*
 * stream.h - where a stream to a service goes: over a snapshot, nothing else.
 *
 * A sidecar knows a stream by the address that was dialled and by the server
 * name in its first bytes. Here it is known by the name that was asked for:
 * that, and the service's full name, are its server name; its original
 * destination is the address that was asked for, else the service's own. A
 * caller that knows better says so.
 */
#ifndef MESH_TRAFFIC_STREAM_H
#define MESH_TRAFFIC_STREAM_H

#include "traffic/route.h"

/* What is known of a stream before it is made. */
struct mesh_stream_ask {
    struct mesh_slice name; /* as clients write it; "": its address alone  */
    uint16_t port;
    struct mesh_address address; /* dialled; family 0: as name says        */
    bool has_sni;                /* its first bytes are known:             */
    struct mesh_slice sni;       /* their server name, "" without one      */
};

/* Points into the snapshot, which the caller holds. */
struct mesh_stream_choice {
    enum mesh_route_outcome outcome; /* OK, NO_HOST, NO_RULE, NO_DESTINATION */
    const struct mesh_stream_host *host; /* NULL: none, or let through      */
    const struct mesh_stream_rule *rule; /* NULL: let through (allow_any)   */
    const struct mesh_arm *arm;
    const struct mesh_destination *destination;
};

/*
 * Decide for one stream: the service of that name, else the one whose address
 * it is, else the outbound policy. draw is uniform over all of uint64_t and
 * settles the weighted destination.
 */
void mesh__stream_choose(const struct mesh_snapshot *snapshot,
                         const struct mesh_stream_ask *ask, uint64_t draw,
                         struct mesh_stream_choice *out, struct mesh__why *why);

#endif
