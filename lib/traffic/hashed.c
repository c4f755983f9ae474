/*
 * hashed.c - rings and tables that follow ejections.
 *
 * Knows who is hidden. Knows nothing of where a hash comes from.
 */
#include "traffic/hashed.h"

#include "base/alloc.h"
#include "base/error.h"
#include "policy/hashing.h"
#include "traffic/state.h"

enum { WHOLE = 2, SPARES = 2, STEPS = 64 };

struct mesh_hashed {
    const struct mesh_priority *priority;
    uint64_t ring_least;
    /* Changes of who is admitted, and the one that current stands for; both
     * under the destination's lock, like writing current. */
    uint64_t changes;
    uint64_t filled;
    atomic_uint current; /* a spare's index, or WHOLE: the set's own */
    struct mesh_ring rings[SPARES];
    struct mesh_maglev tables[SPARES];
};

int mesh__hashed_new(const struct mesh_priority *priority, uint64_t ring_least,
                     struct mesh_hashed **out)
{
    struct mesh_hashed *hashed = mesh__calloc(1, sizeof(*hashed));

    *out = hashed;
    if (!hashed)
        return mesh__fail(MESH_ERR_NOMEM, "a ring");
    hashed->priority = priority;
    hashed->ring_least = ring_least;
    atomic_init(&hashed->current, WHOLE);
    return 0;
}

void mesh__hashed_free(struct mesh_hashed *hashed)
{
    if (!hashed)
        return;
    for (size_t i = 0; i < SPARES; i++) {
        mesh__free(hashed->rings[i].points);
        mesh__free(hashed->tables[i].slots);
    }
    mesh__free(hashed);
}

void mesh__hashed_outdate(struct mesh_hashed *hashed, bool everyone)
{
    hashed->changes++;
    if (!everyone)
        return;
    hashed->filled = hashed->changes;
    atomic_store_explicit(&hashed->current, WHOLE, memory_order_release);
}

bool mesh__hashed_is_stale(const struct mesh_live *live)
{
    for (size_t i = 0; i < live->priority_count; i++) {
        const struct mesh_hashed *hashed = live->priorities[i].hashed;

        if (hashed && hashed->filled != hashed->changes)
            return true;
    }
    return false;
}

/* --- filling --- */

/* Spares are made when somebody is ejected for the first time, and kept. */
static int make_spare(struct mesh_hashed *hashed, unsigned at)
{
    const struct mesh_priority *whole = hashed->priority;
    struct mesh_ring *ring = &hashed->rings[at];
    struct mesh_maglev *table = &hashed->tables[at];

    if (whole->ring.room && !ring->points) {
        ring->points = mesh__calloc(whole->ring.room, sizeof(*ring->points));
        ring->room = ring->points ? whole->ring.room : 0;
    }
    if (whole->table.size && !table->slots) {
        table->slots = mesh__calloc(whole->table.size, sizeof(*table->slots));
        table->size = table->slots ? whole->table.size : 0;
    }
    return (whole->ring.room && !ring->points) ||
                   (whole->table.size && !table->slots)
               ? mesh__fail(MESH_ERR_NOMEM, "a ring")
               : 0;
}

static int fill_spare(struct mesh_hashed *hashed, unsigned at,
                      const struct mesh_owner *owners, size_t count)
{
    int rc = make_spare(hashed, at);

    if (rc == 0 && hashed->priority->ring.room)
        rc = mesh__ring_fill(&hashed->rings[at], owners, count,
                             hashed->ring_least);
    if (rc == 0 && hashed->priority->table.size)
        rc = mesh__maglev_fill(&hashed->tables[at], owners, count);
    return rc;
}

/* Who is admitted now. False: what stands there stands for that already. */
static bool look(struct mesh_live *live, const struct mesh_hashed *hashed,
                 bool *admitted, uint64_t *change)
{
    const struct mesh_priority *priority = hashed->priority;
    bool stale;

    pthread_mutex_lock(&live->shared->lock);
    *change = hashed->changes;
    stale = hashed->filled != hashed->changes;
    for (size_t i = priority->first; i < priority->first + priority->count; i++)
        admitted[i] = !atomic_load(&live->endpoints[i]->hidden);
    pthread_mutex_unlock(&live->shared->lock);
    return stale;
}

/* Unless there was another change meanwhile: the next refresh sees to it. */
static void use(struct mesh_live *live, struct mesh_hashed *hashed,
                unsigned spare, uint64_t change)
{
    pthread_mutex_lock(&live->shared->lock);
    if (hashed->changes == change) {
        hashed->filled = change;
        atomic_store_explicit(&hashed->current, spare, memory_order_release);
    }
    pthread_mutex_unlock(&live->shared->lock);
}

static int refresh(struct mesh_live *live, struct mesh_hashed *hashed,
                   bool *admitted, struct mesh_owner *owners)
{
    unsigned spare = atomic_load(&hashed->current) == 0;
    uint64_t change;
    size_t count;
    int rc;

    if (!look(live, hashed, admitted, &change))
        return 0;
    count = mesh__owners_of(live->set, hashed->priority, admitted, owners);
    rc = fill_spare(hashed, spare, owners, count);
    if (rc == 0)
        use(live, hashed, spare, change);
    return rc;
}

int mesh__hashed_refresh(struct mesh_live *live)
{
    bool *admitted = mesh__calloc(live->count + 1, sizeof(*admitted));
    struct mesh_owner *owners = mesh__calloc(live->count + 1, sizeof(*owners));
    int rc = admitted && owners ? 0 : mesh__fail(MESH_ERR_NOMEM, "a ring");

    for (size_t i = 0; rc == 0 && i < live->priority_count; i++)
        if (live->priorities[i].hashed)
            rc = refresh(live, live->priorities[i].hashed, admitted, owners);
    mesh__free(admitted);
    mesh__free(owners);
    return rc;
}

/* --- finding --- */

static bool find(const struct mesh_hashed *hashed, unsigned at, uint64_t hash,
                 uint32_t attempt, uint32_t *index)
{
    const struct mesh_priority *whole = hashed->priority;

    if (whole->table.size)
        return mesh__maglev_find(at == WHOLE ? &whole->table
                                             : &hashed->tables[at],
                                 hash, attempt, index);
    return mesh__ring_find(at == WHOLE ? &whole->ring : &hashed->rings[at],
                           hash, attempt, index);
}

static bool is_hidden(const struct mesh_live *live, size_t index)
{
    return atomic_load_explicit(&live->endpoints[index]->hidden,
                                memory_order_relaxed);
}

/* Nobody near on the ring is admitted: the first behind the key that is. */
static bool find_any(const struct mesh_live *live,
                     const struct mesh_priority *priority, uint64_t hash,
                     size_t *index)
{
    for (size_t i = 0; i < priority->count; i++) {
        *index = priority->first + (hash + i) % priority->count;
        if (!is_hidden(live, *index))
            return true;
    }
    return false;
}

bool mesh__hashed_find(const struct mesh_live *live, size_t priority,
                       uint64_t hash, uint32_t attempt, bool everyone,
                       size_t *index)
{
    const struct mesh_hashed *hashed = live->priorities[priority].hashed;
    unsigned at = WHOLE;
    uint32_t found;

    if (!everyone)
        at = atomic_load_explicit(&hashed->current, memory_order_acquire);
    for (uint32_t step = 0; step < STEPS; step++) {
        if (!find(hashed, at, hash, attempt + step, &found))
            break;
        *index = found;
        if (everyone || !is_hidden(live, found))
            return true;
    }
    return find_any(live, hashed->priority, hash, index);
}
