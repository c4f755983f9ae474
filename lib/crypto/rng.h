/*
 * rng.h - randomness fit for keys: mbedTLS's CTR_DRBG over its entropy pool.
 */
#ifndef MESH_CRYPTO_RNG_H
#define MESH_CRYPTO_RNG_H

#include <stddef.h>

/* Any thread may draw: mbedTLS locks it. Not shared across fork. */
struct mesh_rng;

/* 0, MESH_ERR_NOMEM, or MESH_ERR_SYSTEM when no entropy is to be had. */
int mesh__rng_new(struct mesh_rng **out);
void mesh__rng_free(struct mesh_rng *rng);
int mesh__rng_draw(struct mesh_rng *rng, void *out, size_t len);
/* In a forked child, before anything is drawn. */
int mesh__rng_reseed(struct mesh_rng *rng);

/* psa_crypto_init and one AES operation, once per process, any thread. */
int mesh__crypto_init(void);

/* "mbedTLS 2.28.3" of the library at run time. */
const char *mesh__crypto_version(void);

#endif
