/*
 * alloc.c - the one door to memory.
 *
 * Knows how to take and give back bytes; declines to know what they hold.
 */
#include "base/alloc.h"

#include "base/error.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Written once before any other thread can be in the library (the contract of
 * mesh_set_memory), read-only after that.
 */
static void *(*give)(size_t) = malloc;
static void *(*resize)(void *, size_t) = realloc;
static void (*take)(void *) = free;
static atomic_int handed_out; /* 1 once memory left here: no change any more */

int mesh_set_memory(void *(*alloc)(size_t), void *(*resize_to)(void *, size_t),
                    void (*release)(void *))
{
    if (!alloc || !resize_to || !release)
        return MESH_ERR_INVALID;
    if (atomic_load_explicit(&handed_out, memory_order_relaxed))
        return MESH_ERR_STATE;
    give = alloc;
    resize = resize_to;
    take = release;
    return MESH_OK;
}

static void mark_handed_out(void)
{
    if (!atomic_load_explicit(&handed_out, memory_order_relaxed))
        atomic_store_explicit(&handed_out, 1, memory_order_relaxed);
}

void *mesh__malloc(size_t size)
{
    mark_handed_out();
    return give(size ? size : 1);
}

void *mesh__calloc(size_t count, size_t size)
{
    void *memory;

    if (size && count > (size_t)-1 / size)
        return NULL;
    memory = mesh__malloc(count * size);
    if (memory)
        memset(memory, 0, count * size);
    return memory;
}

void *mesh__realloc(void *memory, size_t size)
{
    mark_handed_out();
    return resize(memory, size ? size : 1);
}

void mesh__free(void *memory)
{
    if (memory)
        take(memory);
}

char *mesh__strndup(const char *text, size_t len)
{
    char *copy = len == (size_t)-1 ? NULL : mesh__malloc(len + 1);

    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *mesh__strdup(const char *text)
{
    return mesh__strndup(text, strlen(text));
}

int mesh__grow(void *items, size_t *capacity, size_t count, size_t ceiling,
               size_t size)
{
    void *old;
    void *grown;
    size_t room;

    if (count < *capacity)
        return 0;
    if (count >= ceiling)
        return mesh__fail(MESH_ERR_TOO_LARGE, "more than %zu items", ceiling);
    room = *capacity ? *capacity * 2 : 8;
    if (room > ceiling)
        room = ceiling;
    if (room > (size_t)-1 / size)
        return mesh__fail(MESH_ERR_NOMEM, "%zu items", room);
    memcpy(&old, items, sizeof(old));
    grown = mesh__realloc(old, room * size);
    if (!grown)
        return mesh__fail(MESH_ERR_NOMEM, "%zu items", room);
    memcpy(items, &grown, sizeof(grown));
    *capacity = room;
    return 0;
}

void mesh__wipe(void *memory, size_t size)
{
    if (size)
        explicit_bzero(memory, size);
}

void mesh__free_secret(void *memory, size_t size)
{
    if (memory)
        mesh__wipe(memory, size);
    mesh__free(memory);
}
