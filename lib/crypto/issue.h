/*
 * issue.h - make keys and sign certificates: the embedded development CA.
 */
#ifndef MESH_CRYPTO_ISSUE_H
#define MESH_CRYPTO_ISSUE_H

#include "base/buffer.h"
#include "crypto/rng.h"

#include <stdbool.h>
#include <stdint.h>

struct mesh_issue {
    const char *uri;         /* the one URI SAN; NULL for a CA without   */
    const char *common_name; /* subject CN, may be NULL: empty subject   */
    const char *ca_cert_pem; /* NULL: self-signed                        */
    const char *ca_key_pem;
    int64_t not_before_s;
    int64_t not_after_s;
    bool is_ca;
};

/*
 * A fresh P-256 key and its certificate, both as PEM appended to the buffers
 * (key_pem wiped by the caller). A leaf gets digitalSignature,
 * serverAuth+clientAuth, CA:false; a CA gets keyCertSign+cRLSign, CA:true; both
 * a random 16-byte serial and key identifiers. 0, MESH_ERR_NOMEM,
 * MESH_ERR_INVALID or MESH_ERR_CERTIFICATE.
 */
int mesh__issue(const struct mesh_issue *issue, struct mesh_rng *rng,
                struct mesh_buffer *cert_pem, struct mesh_buffer *key_pem);

#endif
