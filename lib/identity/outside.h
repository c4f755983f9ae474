/*
 * outside.h - servers outside the mesh: whose word is taken for them, and what
 * we show them. Their names are DNS names, addresses and URIs; no SPIFFE id is
 * looked for, and none is given.
 */
#ifndef MESH_IDENTITY_OUTSIDE_H
#define MESH_IDENTITY_OUTSIDE_H

#include "identity/credential.h"
#include "identity/peer.h"

/* Counted, immutable. */
struct mesh_outside {
    atomic_int refs;
    struct mesh_chain *roots;           /* NULL: blind             */
    struct mesh_credential *credential; /* NULL: nothing is shown  */
    bool blind;                         /* whoever answers will do */
    uint8_t digest[MESH__DIGEST];       /* of all of it            */
};

/* roots may be NULL only where blind. 0, MESH_ERR_NOMEM, MESH_ERR_INVALID. */
int mesh__outside_new(struct mesh_chain *roots,
                      struct mesh_credential *credential, bool blind,
                      struct mesh_outside **out);
struct mesh_outside *mesh__outside_ref(struct mesh_outside *outside);
void mesh__outside_unref(struct mesh_outside *outside);

/*
 * A chain and key without a SPIFFE id: id_text is "". As
 * mesh__credential_parse, but for what makes an SVID.
 */
int mesh__outside_credential(const char *chain_name,
                             struct mesh_slice chain_pem, const char *key_name,
                             struct mesh_slice key_pem, int64_t now_s,
                             struct mesh_credential **out);

/*
 * As mesh__peer_judge, for expected->outside: a chain to its roots, a leaf that
 * may be a server, one of the expected names (none: any). id is "".
 */
int mesh__outside_judge(const struct mesh_chain *chain,
                        const struct mesh_expected *expected, int64_t now_s,
                        struct mesh_peer *out);
int mesh__outside_rejudge(const struct mesh_peer *peer,
                          const struct mesh_expected *expected, int64_t now_s);

#endif
