/*
 * bundle.h - whom we believe: roots per trust domain.
 */
#ifndef MESH_IDENTITY_BUNDLE_H
#define MESH_IDENTITY_BUNDLE_H

#include "crypto/x509.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { MESH__BUNDLE_DOMAINS = 64 };

struct mesh_bundle_domain {
    char *trust_domain;       /* owned */
    struct mesh_chain *roots; /* counted */
};

/* Counted, immutable. */
struct mesh_bundle {
    atomic_int refs;
    struct mesh_bundle_domain domains[MESH__BUNDLE_DOMAINS];
    size_t count;
    uint8_t digest[MESH__DIGEST]; /* of all roots, in order */
};

/*
 * One trust domain from the contents of root-cert.pem. 0, MESH_ERR_NOMEM, or
 * MESH_ERR_CERTIFICATE: the file's name and what is wrong (no certificate in
 * it, one that is no CA).
 */
int mesh__bundle_parse(const char *name, struct mesh_slice pem,
                       const char *trust_domain, struct mesh_bundle **out);
/*
 * A new bundle like base (may be NULL) with one more domain, or that domain's
 * roots replaced.
 */
int mesh__bundle_with(const struct mesh_bundle *base, const char *trust_domain,
                      struct mesh_chain *roots, struct mesh_bundle **out);
struct mesh_bundle *mesh__bundle_ref(struct mesh_bundle *bundle);
void mesh__bundle_unref(struct mesh_bundle *bundle);

/* NULL for a trust domain nobody vouches for. Compared whole, byte by byte. */
const struct mesh_chain *mesh__bundle_roots(const struct mesh_bundle *bundle,
                                            struct mesh_slice trust_domain);
bool mesh__bundle_knows(const struct mesh_bundle *bundle,
                        struct mesh_slice trust_domain);

#endif
