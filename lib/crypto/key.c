/*
 * key.c - private keys: parsed, matched, wiped.
 *
 * Knows nothing of who the key belongs to.
 */
#include "crypto/x509.h"

#include "base/alloc.h"
#include "base/error.h"
#include "crypto/mbed.h"
#include "crypto/pem.h"

#include <stdatomic.h>

struct mesh_key {
    atomic_int refs;
    mbedtls_pk_context pk;
};

struct mesh_key *mesh__key_ref(struct mesh_key *key)
{
    if (key)
        atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

void mesh__key_unref(struct mesh_key *key)
{
    if (!key ||
        atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) != 1)
        return;
    mbedtls_pk_free(&key->pk); /* wipes what was secret */
    mesh__free_secret(key, sizeof(*key));
}

mbedtls_pk_context *mesh__mbed_key(const struct mesh_key *key)
{
    return (mbedtls_pk_context *)(uintptr_t)&key->pk;
}

/* The one block that is a key; parameters of a curve may stand before it. */
static int find_block(struct mesh_pem *found, const char *name,
                      struct mesh_slice text)
{
    struct mesh_pem pem;
    int rc = mesh__pem_init(&pem, name, text);

    found->number = 0;
    if (rc < 0)
        return rc;
    while ((rc = mesh__pem_next(&pem)) > 0) {
        if (mesh__slice_is(pem.label, "EC PARAMETERS"))
            continue;
        if (!mesh__slice_ends(pem.label, MESH__SLICE("PRIVATE KEY")))
            return mesh__fail(MESH_ERR_CERTIFICATE,
                              "%s: block %zu is not a private key", name,
                              pem.number);
        if (found->number)
            return mesh__fail(MESH_ERR_CERTIFICATE, "%s: two private keys",
                              name);
        *found = pem;
    }
    if (rc == 0 && !found->number)
        return mesh__fail(MESH_ERR_CERTIFICATE, "%s: no private key in it",
                          name);
    return rc;
}

static bool is_encrypted(const struct mesh_pem *pem)
{
    return mesh__slice_is(pem->label, "ENCRYPTED PRIVATE KEY") ||
           memmem(pem->body.at, pem->body.len, "ENCRYPTED", 9) != NULL;
}

/* mbedTLS's code. rng blinds what 3.x computes on the way. */
static int parse_der(mbedtls_pk_context *pk, const uint8_t *der, size_t len,
                     struct mesh_rng *rng)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    (void)rng;
    return mbedtls_pk_parse_key(pk, der, len, NULL, 0);
#else
    return mbedtls_pk_parse_key(pk, der, len, NULL, 0, mesh__mbed_draw, rng);
#endif
}

/* Keys that peers accept: mesh__mbed_profile's. */
static bool strong_enough(const mbedtls_pk_context *pk)
{
    const mbedtls_x509_crt_profile *profile = mesh__mbed_profile();
    mbedtls_ecp_group_id curve;

    if (mbedtls_pk_can_do(pk, MBEDTLS_PK_RSA))
        return mbedtls_pk_get_bitlen(pk) >= profile->rsa_min_bitlen;
    if (!mbedtls_pk_can_do(pk, MBEDTLS_PK_ECKEY))
        return false;
    curve = mbedtls_pk_ec(*pk)->MBEDTLS_PRIVATE(grp).id;
    return (profile->allowed_curves & MBEDTLS_X509_ID_FLAG(curve)) != 0;
}

static int parse_into(struct mesh_key *key, const struct mesh_pem *pem)
{
    struct mesh_rng *rng;
    uint8_t *der = NULL;
    size_t len = 0;
    int rc = mesh__rng_new(&rng);

    if (rc < 0)
        return rc;
    rc = mesh__pem_decode(pem, &der, &len);
    if (rc < 0)
        goto done;
    rc = parse_der(&key->pk, der, len, rng);
    if (rc == 0)
        rc = mesh__mbed_warm(&key->pk);
    if (rc != 0)
        rc = mesh__mbed_fail(MESH_ERR_CERTIFICATE, rc, "%s: block %zu",
                             pem->name, pem->number);
    else if (!strong_enough(&key->pk))
        rc = mesh__fail(MESH_ERR_CERTIFICATE,
                        "%s: expected P-256, P-384, P-521 or RSA of 2048 bits",
                        pem->name);
done:
    mesh__free_secret(der, len);
    mesh__rng_free(rng);
    return rc;
}

int mesh__key_parse_pem(const char *name, struct mesh_slice text,
                        struct mesh_key **out)
{
    struct mesh_pem pem;
    struct mesh_key *key;
    int rc = find_block(&pem, name, text);

    *out = NULL;
    if (rc < 0)
        return rc;
    if (is_encrypted(&pem))
        return mesh__fail(MESH_ERR_CERTIFICATE, "%s: the key is encrypted",
                          name);
    key = mesh__calloc(1, sizeof(*key));
    if (!key)
        return mesh__fail(MESH_ERR_NOMEM, "%s", name);
    atomic_init(&key->refs, 1);
    mbedtls_pk_init(&key->pk);
    rc = parse_into(key, &pem);
    if (rc < 0) {
        mesh__key_unref(key);
        return rc;
    }
    *out = key;
    return 0;
}

static int check_pair(mbedtls_pk_context *public, mbedtls_pk_context *private,
                      struct mesh_rng *rng)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    (void)rng;
    return mbedtls_pk_check_pair(public, private);
#else
    return mbedtls_pk_check_pair(public, private, mesh__mbed_draw, rng);
#endif
}

int mesh__key_matches(const struct mesh_key *key,
                      const struct mesh_chain *chain)
{
    struct mesh_rng *rng;
    int rc = mesh__rng_new(&rng);

    if (rc < 0)
        return rc;
    rc = check_pair(&mesh__mbed_chain(chain)->pk, mesh__mbed_key(key), rng);
    mesh__rng_free(rng);
    if (rc == 0)
        return 0;
    return mesh__fail(mesh__mbed_nomem(rc) ? MESH_ERR_NOMEM
                                           : MESH_ERR_CERTIFICATE,
                      "key does not match");
}
