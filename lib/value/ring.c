/*
 * ring.c - places on a ring by hash, and who owns the next one.
 *
 * The sums are Envoy's, in floating point and in its order, because a request
 * must meet the same endpoint through either. Knows keys and weights; nothing
 * of endpoints or why one is left out.
 */
#include "value/ring.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/xxhash64.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 128 }; /* "[v6]:port_number" and NUL */

struct place {
    uint64_t hash;
    uint32_t owner;
};

/* How many places the whole ring has, so that the lightest gets whole ones. */
static double scale_of(double lightest, uint64_t least)
{
    double scale = ceil(lightest * (double)least) / lightest;

    return scale < MESH__RING_MOST ? scale : MESH__RING_MOST;
}

static double lightest_of(const struct mesh_owner *owners, size_t count)
{
    double lightest = 1.0;

    for (size_t i = 0; i < count; i++)
        if (owners[i].weight < lightest)
            lightest = owners[i].weight;
    return lightest;
}

size_t mesh__ring_room(const struct mesh_owner *owners, size_t count,
                       uint64_t least)
{
    double most;

    if (count == 0)
        return 0;
    /* ceil(w * least) / w is below least + 1 / w, and w only grows. */
    most = (double)least + 1.0 / lightest_of(owners, count);
    if (most > MESH__RING_MOST)
        most = MESH__RING_MOST;
    return (size_t)most + count + 1;
}

/* The places of one owner, from "key_0" on, while the sum is not reached. */
static size_t place(struct place *places, size_t at, size_t room,
                    const struct mesh_owner *owner, double *have, double wanted)
{
    char key[KEY];

    for (unsigned i = 0; *have < wanted && at < room; i++) {
        int len = snprintf(key, sizeof(key), "%.*s_%u", (int)owner->key.len,
                           owner->key.at, i);

        places[at++] = (struct place){
            .hash = mesh__xxhash64(mesh__slice(key, (size_t)len), 0),
            .owner = owner->index,
        };
        *have += 1.0;
    }
    return at;
}

static int by_hash(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;

    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return left->owner < right->owner ? -1 : left->owner > right->owner;
}

static void put(struct mesh_ring *ring, const struct place *places,
                size_t count)
{
    for (size_t i = 0; i < count; i++) {
        atomic_store_explicit(&ring->points[i].hash, places[i].hash,
                              memory_order_relaxed);
        atomic_store_explicit(&ring->points[i].owner, places[i].owner,
                              memory_order_relaxed);
    }
    atomic_store_explicit(&ring->count, count, memory_order_release);
}

int mesh__ring_fill(struct mesh_ring *ring, const struct mesh_owner *owners,
                    size_t count, uint64_t least)
{
    double scale = scale_of(lightest_of(owners, count), least);
    double have = 0.0, wanted = 0.0;
    struct place *places;
    size_t at = 0;

    places = mesh__calloc(ring->room ? ring->room : 1, sizeof(*places));
    if (!places)
        return mesh__fail(MESH_ERR_NOMEM, "a ring of %zu places", ring->room);
    for (size_t i = 0; i < count; i++) {
        wanted += scale * owners[i].weight;
        at = place(places, at, ring->room, &owners[i], &have, wanted);
    }
    if (at > 1)
        qsort(places, at, sizeof(*places), by_hash);
    put(ring, places, at);
    mesh__free(places);
    return 0;
}

static uint64_t hash_at(const struct mesh_ring *ring, size_t at)
{
    return atomic_load_explicit(&ring->points[at].hash, memory_order_relaxed);
}

bool mesh__ring_find(const struct mesh_ring *ring, uint64_t hash,
                     uint32_t attempt, uint32_t *index)
{
    size_t count = atomic_load_explicit(&ring->count, memory_order_acquire);
    size_t low = 0;
    size_t high = count;

    if (count == 0)
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (hash_at(ring, middle) < hash)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count)
        low = 0; /* behind the last one comes the first */
    if (attempt)
        low = (low + attempt) % count;
    *index =
        atomic_load_explicit(&ring->points[low].owner, memory_order_relaxed);
    return true;
}
