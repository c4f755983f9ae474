/*
 * arena.h - what dies together is allocated together.
 *
 * One arena per part of a snapshot, one per exchange. Freed as a whole; reset
 * keeps the first block for the next user.
 */
#ifndef MESH_BASE_ARENA_H
#define MESH_BASE_ARENA_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mesh_arena_block;

/* Zeroed with a ceiling is ready to use. */
struct mesh_arena {
    struct mesh_arena_block *blocks; /* newest first, owned          */
    size_t used;                     /* bytes handed out             */
    bool small;                      /* begins with little memory    */
    size_t ceiling;                  /* bytes handed out at most     */
};

void mesh__arena_init(struct mesh_arena *arena, size_t ceiling);
/* For one of many that will mostly hold little: its blocks grow with it. */
void mesh__arena_init_small(struct mesh_arena *arena, size_t ceiling);
void mesh__arena_fini(struct mesh_arena *arena);

/* Forget everything handed out; keep the oldest block's memory. */
void mesh__arena_reset(struct mesh_arena *arena);

/*
 * size zeroed bytes, aligned for any type; NULL (with mesh__fail's line) when
 * memory is out or the ceiling is met.
 */
void *mesh__arena_alloc(struct mesh_arena *arena, size_t size);
void *mesh__arena_array(struct mesh_arena *arena, size_t count, size_t size);

/* A copy with a NUL behind it. */
char *mesh__arena_strndup(struct mesh_arena *arena, const char *text,
                          size_t len);
char *mesh__arena_strdup(struct mesh_arena *arena, const char *text);

/* Text by format, as long as it needs to be. */
char *mesh__arena_format(struct mesh_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A number as decimal text. */
char *mesh__arena_number(struct mesh_arena *arena, uint64_t number);

#endif
