/*
 * credential.h - who we are: a chain, its key and the SPIFFE id in it.
 */
#ifndef MESH_IDENTITY_CREDENTIAL_H
#define MESH_IDENTITY_CREDENTIAL_H

#include "crypto/x509.h"
#include "value/spiffe.h"

#include <stdatomic.h>
#include <stdint.h>

/* Counted, immutable. */
struct mesh_credential {
    atomic_int refs;
    struct mesh_chain *chain;
    struct mesh_key *key;
    struct mesh_spiffe id; /* slices into id_text              */
    char *id_text;         /* owned                            */
    int64_t not_before_s;  /* the narrowest of the whole chain */
    int64_t not_after_s;
    uint8_t digest[MESH__DIGEST]; /* of the leaf's DER                */
};

/*
 * From the contents of cert-chain.pem and key.pem. Checks everything that a
 * peer would: exactly one URI SAN, a workload SPIFFE id, not a CA, key usage,
 * key and chain match, valid at now_s. 0, MESH_ERR_NOMEM, or
 * MESH_ERR_CERTIFICATE that names the file and what is wrong
 * ("cert-chain.pem: expired since ...", "no SPIFFE id", "two URI names").
 */
int mesh__credential_parse(const char *chain_name, struct mesh_slice chain_pem,
                           const char *key_name, struct mesh_slice key_pem,
                           int64_t now_s, struct mesh_credential **out);
struct mesh_credential *mesh__credential_ref(struct mesh_credential *c);
void mesh__credential_unref(struct mesh_credential *c);

#endif
