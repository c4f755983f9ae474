/*
 * secure.h - TLS to servers outside the mesh: whether, to whom, and proved by
 * what.
 */
#ifndef MESH_CLIENT_SECURE_H
#define MESH_CLIENT_SECURE_H

#include "identity/outsides.h"
#include "link/stream.h"
#include "policy/snapshot.h"

/*
 * Does a connection to an endpoint speak it? By the rule (SIMPLE, MUTUAL), or,
 * asked for by the caller (https), wherever the policy does not ask for the
 * mesh's own.
 */
bool mesh__secure_wanted(const struct mesh_destination *destination,
                         const struct mesh_endpoint *endpoint, bool asked);
/* By the rule, whatever the caller asked for. */
bool mesh__secure_by_rule(const struct mesh_destination *destination);
/* The mesh's own, by mode and endpoint. */
bool mesh__mesh_tls_wanted(const struct mesh_destination *destination,
                           const struct mesh_endpoint *endpoint);

/* What a profile points to, beside the snapshot. */
struct mesh_secure {
    char host[256]; /* as SNI and as name; NUL-terminated */
    const char *names[1];
};

/*
 * A profile for host (without port, small letters or not), as istiod and Envoy
 * fill it. profile->expected.outside is the caller's to unref. 0, or what
 * reading the rule's files failed with.
 */
int mesh__secure_profile(const struct mesh_destination *destination,
                         struct mesh_slice host, struct mesh_outsides *outsides,
                         struct mesh_secure *secure,
                         struct mesh_tls_profile *profile);

#endif
