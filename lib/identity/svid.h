/*
 * svid.h - what makes a certificate an X.509-SVID of a workload (X.509-SVID
 * standard, sections 2 to 4), whoever it belongs to.
 */
#ifndef MESH_IDENTITY_SVID_H
#define MESH_IDENTITY_SVID_H

#include "crypto/x509.h"
#include "value/spiffe.h"

/*
 * The id in a leaf: exactly one URI name, a SPIFFE id with a path; no CA, no
 * right to sign, digitalSignature. 0 with slices into the chain, or code with
 * the reason.
 */
int mesh__svid_read(const struct mesh_cert *leaf, int code,
                    struct mesh_spiffe *id);

/* The narrowest validity of a whole chain. 0 or MESH_ERR_CERTIFICATE. */
int mesh__svid_validity(const struct mesh_chain *chain, int64_t *not_before_s,
                        int64_t *not_after_s);

#endif
