/*
 * store.c - the credential and the bundle in force, and their generation.
 *
 * Knows when they changed; declines to know why.
 */
#include "identity/store.h"

#include "base/error.h"

int mesh__identity_init(struct mesh_identity *identity)
{
    int rc;

    identity->credential = NULL;
    identity->bundle = NULL;
    atomic_init(&identity->generation, 0);
    rc = pthread_mutex_init(&identity->lock, NULL);
    if (rc != 0)
        return mesh__fail_errno(MESH_ERR_SYSTEM, rc, "lock of the identity");
    return 0;
}

void mesh__identity_fini(struct mesh_identity *identity)
{
    mesh__credential_unref(identity->credential);
    mesh__bundle_unref(identity->bundle);
    identity->credential = NULL;
    identity->bundle = NULL;
    (void)pthread_mutex_destroy(&identity->lock);
}

void mesh__identity_set(struct mesh_identity *identity,
                        struct mesh_credential *credential,
                        struct mesh_bundle *bundle)
{
    struct mesh_credential *old_credential;
    struct mesh_bundle *old_bundle;

    mesh__credential_ref(credential);
    mesh__bundle_ref(bundle);
    pthread_mutex_lock(&identity->lock);
    old_credential = identity->credential;
    old_bundle = identity->bundle;
    identity->credential = credential;
    identity->bundle = bundle;
    atomic_fetch_add_explicit(&identity->generation, 1, memory_order_release);
    pthread_mutex_unlock(&identity->lock);
    mesh__credential_unref(old_credential); /* freed outside the lock */
    mesh__bundle_unref(old_bundle);
}

uint64_t mesh__identity_get(struct mesh_identity *identity,
                            struct mesh_credential **credential,
                            struct mesh_bundle **bundle)
{
    uint64_t generation;

    pthread_mutex_lock(&identity->lock);
    *credential = mesh__credential_ref(identity->credential);
    *bundle = mesh__bundle_ref(identity->bundle);
    generation = mesh__identity_generation(identity);
    pthread_mutex_unlock(&identity->lock);
    return generation;
}
