/*
 * ca.h - the development CA: a root and the leaves under it, as text.
 *
 * For a first start without any server, and for tests. No file is touched
 * here. A production mesh brings its own issuer.
 */
#ifndef MESH_IDENTITY_CA_H
#define MESH_IDENTITY_CA_H

#include "base/buffer.h"
#include "crypto/rng.h"

#include <stdint.h>

enum {
    MESH__CA_YEARS = 10,               /* of the root                     */
    MESH__CA_TTL_MAX = 365 * 24 * 3600 /* seconds of a leaf at most       */
};

/*
 * A root for a trust domain: self-signed, CN "libmesh development CA", URI
 * spiffe://trust_domain, from a day before now_s until ten years after.
 * Certificate and key are appended as PEM; the caller wipes the key. 0,
 * MESH_ERR_NOMEM, MESH_ERR_SYSTEM or MESH_ERR_INVALID (no trust domain).
 */
int mesh__ca_make_root(const char *trust_domain, int64_t now_s,
                       struct mesh_rng *rng, struct mesh_buffer *cert_pem,
                       struct mesh_buffer *key_pem);

/*
 * A leaf spiffe://trust_domain/ns/NS/sa/SA under a root made above (texts
 * end in NUL). Valid from a minute before now_s, so that clocks may differ a
 * little, for ttl_s, and never longer than the root. The trust domain is the
 * root's. 0, MESH_ERR_NOMEM, MESH_ERR_SYSTEM, MESH_ERR_INVALID (a name that
 * does not fit into an id, ttl_s out of range) or MESH_ERR_CERTIFICATE (the
 * root is unreadable, expired, or says no trust domain).
 */
int mesh__ca_issue(const char *root_cert_pem, const char *root_key_pem,
                   const char *namespace_, const char *service_account,
                   int64_t now_s, int64_t ttl_s, struct mesh_rng *rng,
                   struct mesh_buffer *cert_pem, struct mesh_buffer *key_pem);

#endif
