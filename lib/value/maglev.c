/*
 * maglev.c - slots of a table, taken in turn by each owner's own permutation
 * (Eisenbud et al., NSDI 2016, listing 1, with Envoy's weights).
 */
#include "value/maglev.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/xxhash64.h"

#include <stdlib.h>
#include <string.h>

/* One owner while the table is filled. */
struct taker {
    const struct mesh_owner *owner;
    uint64_t offset;
    uint64_t skip;
    uint64_t next;
    double target;
};

/* As texts compare: the order in which they take. */
static int by_key(const void *a, const void *b)
{
    struct mesh_slice left = ((const struct taker *)a)->owner->key;
    struct mesh_slice right = ((const struct taker *)b)->owner->key;
    size_t len = left.len < right.len ? left.len : right.len;
    int order = len ? memcmp(left.at, right.at, len) : 0;

    if (order)
        return order;
    return left.len < right.len ? -1 : left.len > right.len;
}

static void line_up(struct taker *takers, const struct mesh_owner *owners,
                    size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++)
        takers[i] = (struct taker){
            .owner = &owners[i],
            .offset = mesh__xxhash64(owners[i].key, 0) % size,
            .skip = mesh__xxhash64(owners[i].key, 1) % (size - 1) + 1,
        };
    if (count > 1)
        qsort(takers, count, sizeof(*takers), by_key);
}

/* The next slot of its permutation that is free; there is one. */
static uint64_t free_slot(struct taker *taker, const bool *taken, size_t size)
{
    uint64_t slot;

    do
        slot = (taker->offset + taker->skip * taker->next++) % size;
    while (taken[slot]);
    return slot;
}

static void deal(struct mesh_maglev *table, struct taker *takers, size_t count,
                 double heaviest, bool *taken)
{
    size_t left = table->size;

    for (uint64_t round = 1; left > 0; round++)
        for (size_t i = 0; i < count && left > 0; i++) {
            struct taker *taker = &takers[i];
            uint64_t slot;

            /* The heaviest takes in every round, one of half its weight in
             * every second. */
            if ((double)round * taker->owner->weight < taker->target)
                continue;
            taker->target += heaviest;
            slot = free_slot(taker, taken, table->size);
            taken[slot] = true;
            atomic_store_explicit(&table->slots[slot], taker->owner->index,
                                  memory_order_relaxed);
            left--;
        }
}

int mesh__maglev_fill(struct mesh_maglev *table,
                      const struct mesh_owner *owners, size_t count)
{
    double heaviest = 0.0;
    struct taker *takers = NULL;
    bool *taken = NULL;

    if (count == 0 || table->size < 2) {
        atomic_store(&table->filled, false);
        return 0;
    }
    takers = mesh__calloc(count, sizeof(*takers));
    taken = mesh__calloc(table->size, sizeof(*taken));
    if (takers && taken) {
        for (size_t i = 0; i < count; i++)
            if (owners[i].weight > heaviest)
                heaviest = owners[i].weight;
        line_up(takers, owners, count, table->size);
        deal(table, takers, count, heaviest, taken);
        atomic_store_explicit(&table->filled, true, memory_order_release);
    }
    mesh__free(takers);
    mesh__free(taken);
    return takers && taken ? 0
                           : mesh__fail(MESH_ERR_NOMEM, "a table of %zu slots",
                                        table->size);
}

bool mesh__maglev_find(const struct mesh_maglev *table, uint64_t hash,
                       uint32_t attempt, uint32_t *index)
{
    if (!atomic_load_explicit(&table->filled, memory_order_acquire))
        return false;
    if (attempt > 0)
        hash ^= ~UINT64_C(0) - attempt + 1;
    *index = atomic_load_explicit(&table->slots[hash % table->size],
                                  memory_order_relaxed);
    return true;
}
