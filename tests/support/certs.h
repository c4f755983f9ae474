/*
 * certs.h - certificates for tests, the bad ones above all: what no issuer of
 * ours would sign.
 */
#ifndef MESH_TEST_CERTS_H
#define MESH_TEST_CERTS_H

#include "base/slice.h"
#include "crypto/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CERT_NOW = 1800000000, /* 2027-01-15, whatever the clock says */
    CERT_DAY = 24 * 3600,
    /* key usage bits, as X.509 numbers them in one byte */
    CERT_SIGN_DATA = 0x80,
    CERT_ENCIPHER = 0x20,
    CERT_SIGN_CERTS = 0x04,
    CERT_SIGN_CRLS = 0x02,
    CERT_NO_USAGE = -1
};

enum cert_curve { CERT_P256, CERT_P384, CERT_P192 };

/* Zeroed is a certificate without names that begins and ends at 1970. */
struct cert_wish {
    const char *name;          /* subject CN; NULL: an empty subject */
    struct mesh_slice uris[3]; /* by length: may hold NULs           */
    size_t uri_count;
    const char *dns;      /* a DNS name beside them, or NULL    */
    struct mesh_slice ip; /* bytes of an address, or nothing  */
    bool is_ca;
    int usage;            /* bits, or CERT_NO_USAGE             */
    const char *extended; /* of 's' server, 'c' client, 'x' code
                             signing; NULL: no such extension   */
    int64_t from_s;
    int64_t to_s;
    enum cert_curve curve; /* of the new key                     */
    bool sha1;             /* signed with it                     */
};

/* Certificate and key as text; who signs is one of these too. */
struct cert_made {
    char cert[8192];
    char key[2048];
};

/* A wish that a peer accepts: this id, one day around CERT_NOW. */
struct cert_wish cert_wish(const char *id);
struct cert_wish cert_wish_root(const char *name);

/* signer NULL: self-signed. Fails the running test when it cannot. */
void cert_make(const struct cert_wish *wish, const struct cert_made *signer,
               struct mesh_rng *rng, struct cert_made *out);

#endif
