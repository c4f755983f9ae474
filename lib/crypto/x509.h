/*
 * x509.h - certificates, keys and chains over mbedTLS, without its clock.
 *
 * Parses strictly (a PEM file of which one block is broken is refused whole),
 * verifies a chain to given roots at a given time, and says what is in a
 * certificate. What a name means is identity/'s affair.
 */
#ifndef MESH_CRYPTO_X509_H
#define MESH_CRYPTO_X509_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESH__CHAIN_MAX = 9,         /* certificates of a chain, leaf included */
    MESH__ROOTS_MAX = 256,       /* certificates of a bundle               */
    MESH__PEM_MAX = 1024 * 1024, /* bytes of a PEM file                  */
    MESH__URIS_MAX = 8,          /* URI SANs looked at                     */
    MESH__DIGEST = 32            /* bytes of a SHA-256 digest              */
};

/* Certificates in order, leaf first; or a set of roots. Counted, immutable. */
struct mesh_chain;

/*
 * name is the file's name, for messages ("cert-chain.pem: ..."). At most max
 * certificates. 0, MESH_ERR_NOMEM, or MESH_ERR_CERTIFICATE with what is wrong
 * and at which block.
 */
int mesh__chain_parse_pem(const char *name, struct mesh_slice pem, size_t max,
                          struct mesh_chain **out);
/* One DER certificate after another, as a handshake carries them. */
int mesh__chain_parse_der(const struct mesh_slice *certificates, size_t count,
                          struct mesh_chain **out);
struct mesh_chain *mesh__chain_ref(struct mesh_chain *chain);
void mesh__chain_unref(struct mesh_chain *chain);
size_t mesh__chain_count(const struct mesh_chain *chain);

/* What one certificate says. Slices live as long as the chain. */
struct mesh_cert {
    struct mesh_slice der;
    struct mesh_slice uris[MESH__URIS_MAX]; /* by length: NULs are kept      */
    size_t uri_count;     /* all there are, beyond MESH__URIS_MAX too        */
    int64_t not_before_s; /* seconds since 1970, UTC                         */
    int64_t not_after_s;
    bool is_ca;
    bool has_key_usage;
    bool digital_signature; /* key usage bits */
    bool cert_sign;
    bool crl_sign;
    bool has_extended_usage;
    bool server_auth; /* extended key usage */
    bool client_auth;
};

/* index below mesh__chain_count. 0 or MESH_ERR_CERTIFICATE (broken SAN). */
int mesh__chain_cert(const struct mesh_chain *chain, size_t index,
                     struct mesh_cert *out);

/*
 * Is this one of the leaf's alternative names: a DNS name (whose first label
 * may be a star), an IP address, a URI or an e-mail address? The subject does
 * not count.
 */
bool mesh__chain_is_named(const struct mesh_chain *chain,
                          struct mesh_slice name);

/* The subject as RFC 2253 text, cut at size. */
void mesh__chain_subject(const struct mesh_chain *chain, size_t index,
                         char *out, size_t size);

/*
 * Does chain lead to one of roots, every certificate valid at now_s, with
 * RSA >= 2048, P-256, P-384 or P-521 and SHA-256 or better? 0, MESH_ERR_NOMEM,
 * or MESH_ERR_PEER_IDENTITY with the reason ("expired since 2026-01-02T...Z",
 * "not signed by a known root").
 */
int mesh__chain_verify(const struct mesh_chain *chain,
                       const struct mesh_chain *roots, int64_t now_s);

/* A private key; counted. Wiped when the last holder lets go. */
struct mesh_key;

int mesh__key_parse_pem(const char *name, struct mesh_slice pem,
                        struct mesh_key **out);
struct mesh_key *mesh__key_ref(struct mesh_key *key);
void mesh__key_unref(struct mesh_key *key);
/* 0, or MESH_ERR_CERTIFICATE "key does not match". */
int mesh__key_matches(const struct mesh_key *key,
                      const struct mesh_chain *chain);

/* SHA-256. Never fails in practice; 0 or MESH_ERR_INTERNAL. */
int mesh__sha256(const void *data, size_t len, uint8_t out[MESH__DIGEST]);

/* "2026-11-23T05:06:07Z"; out has room for 32. */
void mesh__time_print(int64_t seconds, char out[32]);

#endif
