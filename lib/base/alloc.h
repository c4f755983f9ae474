/*
 * alloc.h - the one door to memory.
 *
 * Everything libmesh owns is taken and given back here, so that the host may
 * replace it once (mesh_set_memory) and tests may make it fail.
 */
#ifndef MESH_BASE_ALLOC_H
#define MESH_BASE_ALLOC_H

#include <stddef.h>

/* NULL when memory is out, and for a size whose product overflows. */
void *mesh__malloc(size_t size);
void *mesh__calloc(size_t count, size_t size);
void *mesh__realloc(void *memory, size_t size);
void mesh__free(void *memory);

/* A copy with a NUL behind it; text need not end in one. */
char *mesh__strndup(const char *text, size_t len);
char *mesh__strdup(const char *text);

/*
 * Make room for one item more in a growing array: *items has *capacity items
 * of size bytes and count are used. Doubles up to ceiling items.
 * Returns 0, or MESH_ERR_NOMEM, or MESH_ERR_TOO_LARGE at the ceiling; the
 * array is then unchanged.
 */
int mesh__grow(void *items, size_t *capacity, size_t count, size_t ceiling,
               size_t size);

/* Overwrite a secret so that no compiler leaves it out. */
void mesh__wipe(void *memory, size_t size);

/* Wipe and free. */
void mesh__free_secret(void *memory, size_t size);

#endif
