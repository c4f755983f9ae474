/*
 * buffer.h - a run of bytes with a ceiling: appended behind, consumed in front.
 *
 * In debug builds the bytes move whenever the buffer grows, so that a stale
 * pointer fails today.
 */
#ifndef MESH_BASE_BUFFER_H
#define MESH_BASE_BUFFER_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Zeroed is empty with ceiling 0; call init first. */
struct mesh_buffer {
    char *memory;    /* owned                                    */
    size_t start;    /* first byte not consumed                  */
    size_t len;      /* bytes from start on                      */
    size_t capacity; /* bytes at memory                          */
    size_t ceiling;  /* capacity never goes beyond               */
};

void mesh__buffer_init(struct mesh_buffer *buffer, size_t ceiling);
void mesh__buffer_fini(struct mesh_buffer *buffer);

static inline char *mesh__buffer_data(const struct mesh_buffer *buffer)
{
    return buffer->memory ? buffer->memory + buffer->start : NULL;
}

static inline struct mesh_slice mesh__buffer_slice(
    const struct mesh_buffer *buffer)
{
    return mesh__slice(mesh__buffer_data(buffer), buffer->len);
}

/*
 * Room for more bytes behind what is there; *room is where to write them, and
 * mesh__buffer_commit says how many were. Pointers into the buffer die here.
 * Returns 0, MESH_ERR_NOMEM, or MESH_ERR_TOO_LARGE at the ceiling; nothing is
 * lost then.
 */
int mesh__buffer_reserve(struct mesh_buffer *buffer, size_t more, char **room);
void mesh__buffer_commit(struct mesh_buffer *buffer, size_t len);

/* Append where room must be made first. */
int mesh__buffer_append_more(struct mesh_buffer *buffer, const void *data,
                             size_t len);

/* Append; errors as mesh__buffer_reserve. */
static inline int mesh__buffer_append(struct mesh_buffer *buffer,
                                      const void *data, size_t len)
{
    char *end;

    if (!buffer->memory || len > buffer->ceiling - buffer->len ||
        len > buffer->capacity - buffer->start - buffer->len)
        return mesh__buffer_append_more(buffer, data, len);
    end = buffer->memory + buffer->start + buffer->len;
    if (len)
        memcpy(end, data, len);
    buffer->len += len;
    return 0;
}

/* Drop len bytes in front; len may not exceed what is there. */
void mesh__buffer_consume(struct mesh_buffer *buffer, size_t len);

/* Forget the bytes and keep the memory. */
void mesh__buffer_clear(struct mesh_buffer *buffer);

/* Give the memory back when the buffer is empty and above keep bytes. */
void mesh__buffer_shrink(struct mesh_buffer *buffer, size_t keep);

#endif
