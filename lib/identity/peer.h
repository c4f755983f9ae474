/*
 * peer.h - who the other end proved to be.
 *
 * X.509-SVID sections 4 and 5: exactly one URI SAN, a SPIFFE id with a path; a
 * leaf that is no CA and may not sign; digitalSignature; the extended usage of
 * its role if extended usages are named; a chain to the roots of that trust
 * domain and of no other; every certificate valid now. DNS names and the
 * subject are never looked at.
 */
#ifndef MESH_IDENTITY_PEER_H
#define MESH_IDENTITY_PEER_H

#include "identity/bundle.h"
#include "value/spiffe.h"

#include <stdbool.h>
#include <stdint.h>

enum mesh_peer_role { MESH__PEER_SERVER, MESH__PEER_CLIENT }; /* what it is */

/* Plain memory, copied freely; id is NUL-terminated text. */
struct mesh_peer {
    char id[512];                 /* longer ids are refused         */
    uint8_t digest[MESH__DIGEST]; /* SHA-256 of the leaf's DER      */
    int64_t not_after_s;          /* earliest end of the chain      */
    char subject[256];            /* RFC 2253, "" when empty        */
};

struct mesh_outside;

/*
 * Names one of which the peer must carry; none: any of a trusted domain. With
 * outside (outside.h) the peer is a server outside the mesh, proved by that and
 * by nothing else: ids are then DNS names, addresses and the like.
 */
struct mesh_expected {
    const char *const *ids; /* full "spiffe://..." texts */
    size_t count;
    const char *const *trust_domains; /* allowed ones; none: the bundle's */
    size_t trust_domain_count;
    struct mesh_outside *outside; /* NULL: SPIFFE */
};

/*
 * Judge a chain as it was presented, leaf first. 0 with *out filled,
 * MESH_ERR_NOMEM, or MESH_ERR_PEER_IDENTITY with the reason.
 */
int mesh__peer_judge(const struct mesh_chain *chain, enum mesh_peer_role role,
                     const struct mesh_bundle *bundle,
                     const struct mesh_expected *expected, int64_t now_s,
                     struct mesh_peer *out);

/*
 * Judge again what was judged before (a resumed session, an open connection
 * after a rotation): validity and expected names.
 */
int mesh__peer_rejudge(const struct mesh_peer *peer,
                       const struct mesh_bundle *bundle,
                       const struct mesh_expected *expected, int64_t now_s);

#endif
