/*
 * buffer.c - a run of bytes with a ceiling.
 */
#include "base/buffer.h"

#include "base/alloc.h"
#include "base/error.h"

#include <assert.h>

enum { FIRST_CAPACITY = 512 };

void mesh__buffer_init(struct mesh_buffer *buffer, size_t ceiling)
{
    *buffer = (struct mesh_buffer){ .ceiling = ceiling };
}

void mesh__buffer_fini(struct mesh_buffer *buffer)
{
    mesh__free(buffer->memory);
    *buffer = (struct mesh_buffer){ .ceiling = buffer->ceiling };
}

static void move_to_front(struct mesh_buffer *buffer)
{
    if (buffer->start && buffer->len)
        memmove(buffer->memory, buffer->memory + buffer->start, buffer->len);
    buffer->start = 0;
}

static size_t next_capacity(const struct mesh_buffer *buffer, size_t need)
{
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;

    while (capacity < need)
        capacity =
            capacity > buffer->ceiling / 2 ? buffer->ceiling : capacity * 2;
    return capacity > buffer->ceiling ? buffer->ceiling : capacity;
}

static int grow(struct mesh_buffer *buffer, size_t need)
{
    size_t capacity = next_capacity(buffer, need);
    char *memory = mesh__malloc(capacity);

    if (!memory)
        return mesh__fail(MESH_ERR_NOMEM, "a buffer of %zu bytes", capacity);
    if (buffer->len)
        memcpy(memory, buffer->memory + buffer->start, buffer->len);
    mesh__free(buffer->memory);
    buffer->memory = memory;
    buffer->start = 0;
    buffer->capacity = capacity;
    return 0;
}

int mesh__buffer_reserve(struct mesh_buffer *buffer, size_t more, char **room)
{
    size_t need = buffer->len + more;
    int rc;

    if (need < more || need > buffer->ceiling)
        return mesh__fail(MESH_ERR_TOO_LARGE, "%zu bytes, the ceiling is %zu",
                          need, buffer->ceiling);
    if (need > buffer->capacity - (buffer->memory ? buffer->start : 0)) {
        if (need <= buffer->capacity) {
            move_to_front(buffer);
        } else {
            rc = grow(buffer, need);
            if (rc < 0)
                return rc;
        }
    }
    *room =
        buffer->memory ? buffer->memory + buffer->start + buffer->len : NULL;
    return 0;
}

void mesh__buffer_commit(struct mesh_buffer *buffer, size_t len)
{
    assert(buffer->start + buffer->len + len <= buffer->capacity);
    buffer->len += len;
}

int mesh__buffer_append_more(struct mesh_buffer *buffer, const void *data,
                             size_t len)
{
    char *room;
    int rc;

    if (len == 0)
        return 0;
    rc = mesh__buffer_reserve(buffer, len, &room);
    if (rc < 0)
        return rc;
    memcpy(room, data, len);
    mesh__buffer_commit(buffer, len);
    return 0;
}

void mesh__buffer_consume(struct mesh_buffer *buffer, size_t len)
{
    assert(len <= buffer->len);
    buffer->len -= len;
    buffer->start = buffer->len ? buffer->start + len : 0;
}

void mesh__buffer_clear(struct mesh_buffer *buffer)
{
    buffer->start = 0;
    buffer->len = 0;
}

void mesh__buffer_shrink(struct mesh_buffer *buffer, size_t keep)
{
    if (buffer->len == 0 && buffer->capacity > keep)
        mesh__buffer_fini(buffer);
}
