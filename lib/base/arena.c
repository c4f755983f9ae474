/*
 * arena.c - what dies together is allocated together.
 */
#include "base/arena.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum { BLOCK_BYTES = 4096 - 64, SMALL_BYTES = 512 - 64 };

struct mesh_arena_block {
    struct mesh_arena_block *older;
    size_t size;
    size_t used;
    _Alignas(max_align_t) char bytes[];
};

void mesh__arena_init(struct mesh_arena *arena, size_t ceiling)
{
    *arena = (struct mesh_arena){ .ceiling = ceiling };
}

void mesh__arena_init_small(struct mesh_arena *arena, size_t ceiling)
{
    *arena = (struct mesh_arena){ .ceiling = ceiling, .small = true };
}

static void free_newer_than(struct mesh_arena *arena,
                            const struct mesh_arena_block *last)
{
    while (arena->blocks && arena->blocks != last) {
        struct mesh_arena_block *block = arena->blocks;

        arena->blocks = block->older;
        mesh__free(block);
    }
}

void mesh__arena_fini(struct mesh_arena *arena)
{
    free_newer_than(arena, NULL);
    arena->used = 0;
}

void mesh__arena_reset(struct mesh_arena *arena)
{
    struct mesh_arena_block *oldest = arena->blocks;

    while (oldest && oldest->older)
        oldest = oldest->older;
    free_newer_than(arena, oldest);
    if (oldest)
        oldest->used = 0;
    arena->used = 0;
}

/* A small arena's next block is as large as all before it. */
static size_t block_bytes(const struct mesh_arena *arena)
{
    if (!arena->small || arena->used > BLOCK_BYTES)
        return BLOCK_BYTES;
    return arena->used > SMALL_BYTES ? arena->used : SMALL_BYTES;
}

static struct mesh_arena_block *add_block(struct mesh_arena *arena, size_t size)
{
    size_t least = block_bytes(arena);
    size_t bytes = size > least ? size : least;
    struct mesh_arena_block *block = mesh__malloc(sizeof(*block) + bytes);

    if (!block)
        return NULL;
    block->size = bytes;
    block->used = 0;
    block->older = arena->blocks;
    arena->blocks = block;
    return block;
}

void *mesh__arena_alloc(struct mesh_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct mesh_arena_block *block = arena->blocks;
    char *memory;

    if (size > SIZE_MAX / 2 || arena->used > arena->ceiling ||
        size > arena->ceiling - arena->used) {
        (void)mesh__fail(MESH_ERR_TOO_LARGE, "an arena of %zu bytes is full",
                         arena->ceiling);
        return NULL;
    }
    size = (size + align - 1) & ~(align - 1);
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    if (!block) {
        (void)mesh__fail(MESH_ERR_NOMEM, "%zu bytes in an arena", size);
        return NULL;
    }
    memory = block->bytes + block->used;
    block->used += size;
    arena->used += size;
    memset(memory, 0, size);
    return memory;
}

void *mesh__arena_array(struct mesh_arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        (void)mesh__fail(MESH_ERR_TOO_LARGE, "%zu items in an arena", count);
        return NULL;
    }
    return mesh__arena_alloc(arena, count * size);
}

char *mesh__arena_strndup(struct mesh_arena *arena, const char *text,
                          size_t len)
{
    char *copy = len == SIZE_MAX ? NULL : mesh__arena_alloc(arena, len + 1);

    if (copy && len)
        memcpy(copy, text, len);
    return copy;
}

char *mesh__arena_strdup(struct mesh_arena *arena, const char *text)
{
    return mesh__arena_strndup(arena, text, strlen(text));
}

char *mesh__arena_format(struct mesh_arena *arena, const char *format, ...)
{
    va_list list;
    char *text;
    int len;

    va_start(list, format);
    len = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (len < 0)
        return NULL;
    text = mesh__arena_alloc(arena, (size_t)len + 1);
    if (!text)
        return NULL;
    va_start(list, format);
    (void)vsnprintf(text, (size_t)len + 1, format, list);
    va_end(list);
    return text;
}

char *mesh__arena_number(struct mesh_arena *arena, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return mesh__arena_strndup(arena, digits + at, sizeof(digits) - at);
}
