/*
 * store.h - the credential and the bundle in force, and their generation.
 *
 * Any thread. Readers take references under a leaf lock; a rotation swaps both
 * at once and raises the generation, which streams compare with their own.
 */
#ifndef MESH_IDENTITY_STORE_H
#define MESH_IDENTITY_STORE_H

#include "identity/bundle.h"
#include "identity/credential.h"

#include <pthread.h>
#include <stdatomic.h>

struct mesh_identity {
    pthread_mutex_t lock;
    struct mesh_credential *credential; /* NULL: none yet */
    struct mesh_bundle *bundle;
    atomic_uint_fast64_t generation; /* 0: nothing yet */
};

int mesh__identity_init(struct mesh_identity *identity);
void mesh__identity_fini(struct mesh_identity *identity);

/* Both are referenced anew; the old ones are let go. */
void mesh__identity_set(struct mesh_identity *identity,
                        struct mesh_credential *credential,
                        struct mesh_bundle *bundle);

/* References for the caller (NULL when there is none) and the generation. */
uint64_t mesh__identity_get(struct mesh_identity *identity,
                            struct mesh_credential **credential,
                            struct mesh_bundle **bundle);

static inline uint64_t mesh__identity_generation(
    const struct mesh_identity *identity)
{
    return atomic_load_explicit(&identity->generation, memory_order_acquire);
}

#endif
