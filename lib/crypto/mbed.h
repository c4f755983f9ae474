/*
 * mbed.h - what crypto/ and tls/ need of each other's mbedTLS objects.
 *
 * The only header of ours that shows mbedTLS types; nobody above tls/ can
 * include it.
 */
#ifndef MESH_CRYPTO_MBED_H
#define MESH_CRYPTO_MBED_H

#include "crypto/rng.h"
#include "crypto/x509.h"

#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#include <stdbool.h>

/* 2.28 has no private fields; 3.x hides them behind this name. */
#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

/* Does this mbedTLS code say that memory was out? */
bool mesh__mbed_nomem(int rc);

/*
 * mesh__fail with mbedTLS's own words for rc behind the line; code becomes
 * MESH_ERR_NOMEM when that is the reason.
 */
int mesh__mbed_fail(int code, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For f_rng, p_rng: rng is a struct mesh_rng. */
int mesh__mbed_draw(void *rng, unsigned char *out, size_t len);

/*
 * The objects inside, for calls of mbedTLS that read them and lack const.
 * They live as long as the chain or the key.
 */
mbedtls_x509_crt *mesh__mbed_chain(const struct mesh_chain *chain);
mbedtls_pk_context *mesh__mbed_key(const struct mesh_key *key);

/* RSA >= 2048, P-256, P-384, P-521; SHA-256, SHA-384, SHA-512. */
const mbedtls_x509_crt_profile *mesh__mbed_profile(void);

/* What a certificate of mbedTLS says; as mesh__chain_cert. */
int mesh__mbed_cert(const mbedtls_x509_crt *crt, struct mesh_cert *out);

/* 64-bit seconds of a date in a certificate. */
int64_t mesh__mbed_seconds(const mbedtls_x509_time *time);

/*
 * mbedTLS 2.28 makes a group's table of multiples at its first use, inside the
 * key: two threads that use one key for the first time would race. Made here,
 * before anybody else sees the key. 0 or mbedTLS's code.
 */
int mesh__mbed_warm(mbedtls_pk_context *pk);

#endif
