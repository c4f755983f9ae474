/*
 * rng.c - randomness fit for keys, and what must happen once per process.
 *
 * CTR_DRBG over mbedTLS's entropy pool. Knows nothing of what is drawn for.
 */
#include "crypto/rng.h"

#include "base/alloc.h"
#include "base/error.h"
#include "crypto/mbed.h"

#include <mbedtls/aes.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/version.h>
#include <psa/crypto.h>

#include <pthread.h>
#include <stdatomic.h>

struct mesh_rng {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg; /* draws under a lock of its own */
};

static const unsigned char personal[] = "libmesh";

static int seed(struct mesh_rng *rng)
{
    int rc;

    mbedtls_entropy_init(&rng->entropy);
    mbedtls_ctr_drbg_init(&rng->drbg);
    rc = mbedtls_ctr_drbg_seed(&rng->drbg, mbedtls_entropy_func, &rng->entropy,
                               personal, sizeof(personal) - 1);
    if (rc != 0)
        return mesh__mbed_fail(MESH_ERR_SYSTEM, rc, "no entropy");
    return 0;
}

int mesh__rng_new(struct mesh_rng **out)
{
    struct mesh_rng *rng;
    int rc;

    *out = NULL;
    rc = mesh__crypto_init();
    if (rc < 0)
        return rc;
    rng = mesh__calloc(1, sizeof(*rng));
    if (!rng)
        return mesh__fail(MESH_ERR_NOMEM, "random generator");
    rc = seed(rng);
    if (rc < 0) {
        mesh__rng_free(rng);
        return rc;
    }
    *out = rng;
    return 0;
}

void mesh__rng_free(struct mesh_rng *rng)
{
    if (!rng)
        return;
    mbedtls_ctr_drbg_free(&rng->drbg);
    mbedtls_entropy_free(&rng->entropy);
    mesh__free_secret(rng, sizeof(*rng));
}

int mesh__mbed_draw(void *rng, unsigned char *out, size_t len)
{
    struct mesh_rng *from = rng;
    size_t most = MBEDTLS_CTR_DRBG_MAX_REQUEST;
    int rc;

    while (len > 0) {
        size_t part = len < most ? len : most;

        rc = mbedtls_ctr_drbg_random(&from->drbg, out, part);
        if (rc != 0)
            return rc;
        out += part;
        len -= part;
    }
    return 0;
}

int mesh__rng_draw(struct mesh_rng *rng, void *out, size_t len)
{
    int rc = mesh__mbed_draw(rng, out, len);

    if (rc != 0)
        return mesh__mbed_fail(MESH_ERR_SYSTEM, rc, "no random bytes");
    return 0;
}

/*
 * The PSA generator that TLS 1.3 draws from is mbedTLS's own and was copied by
 * fork too. From 3.6.6 on it notices; before, nothing can be done about it
 * (CVE-2026-25835), so a child must not go on.
 */
static int reseed_library(void)
{
    unsigned int version = mbedtls_version_get_number();

    if (version >= 0x03000000 && version < 0x03060600)
        return mesh__fail(MESH_ERR_STATE,
                          "%s cannot be used after fork: its generator would "
                          "repeat the parent's",
                          mesh__crypto_version());
    return 0;
}

/*
 * Begun anew instead of reseeded: another thread of the parent may have held
 * the generator's lock when this child was made. Neither owns heap memory.
 */
int mesh__rng_reseed(struct mesh_rng *rng)
{
    int rc = reseed_library();

    if (rc < 0)
        return rc;
    mesh__wipe(rng, sizeof(*rng));
    return seed(rng);
}

/* --- once per process ----------------------------------------------------- */

/* Not pthread_once: what failed for want of memory may succeed later. */
static pthread_mutex_t ready_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool ready; /* written under the lock */

/*
 * One AES operation before there are threads: the library finds out about the
 * processor on first use and writes it down without a lock (CVE-2025-52496).
 */
static int warm_aes(void)
{
    static const unsigned char key[16];
    unsigned char block[16] = { 0 };
    mbedtls_aes_context aes;
    int rc;

    mbedtls_aes_init(&aes);
    rc = mbedtls_aes_setkey_enc(&aes, key, 128);
    if (rc == 0)
        rc = mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, block, block);
    mbedtls_aes_free(&aes);
    return rc;
}

int mesh__crypto_init(void)
{
    int rc = 0;

    if (atomic_load_explicit(&ready, memory_order_acquire))
        return 0;
    pthread_mutex_lock(&ready_lock);
    if (!atomic_load_explicit(&ready, memory_order_relaxed)) {
        rc = psa_crypto_init() == PSA_SUCCESS ? warm_aes() : -1;
        atomic_store_explicit(&ready, rc == 0, memory_order_release);
    }
    pthread_mutex_unlock(&ready_lock);
    if (rc != 0)
        return mesh__fail(MESH_ERR_SYSTEM, "%s did not start",
                          mesh__crypto_version());
    return 0;
}

/* --- version -------------------------------------------------------------- */

static pthread_once_t version_once = PTHREAD_ONCE_INIT;
static char version[32]; /* written inside version_once, read after it */

static void write_version(void)
{
    static const char name[] = "mbedTLS ";
    char number[16]; /* mbedTLS wants room for 9 */

    mbedtls_version_get_string(number);
    memcpy(version, name, sizeof(name) - 1);
    memcpy(version + sizeof(name) - 1, number, sizeof(number));
}

const char *mesh__crypto_version(void)
{
    if (pthread_once(&version_once, write_version) != 0)
        return "mbedTLS";
    return version;
}
