/*
 * text.h - building text in a fixed place, and JSON in a buffer.
 */
#ifndef MESH_BASE_TEXT_H
#define MESH_BASE_TEXT_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A fixed place for text; cut at its end, always NUL-terminated. */
struct mesh_text {
    char *at;
    size_t size; /* bytes at at, the NUL included */
    size_t len;
    bool cut; /* something did not fit */
};

void mesh__text_init(struct mesh_text *text, char *at, size_t size);
void mesh__text_add(struct mesh_text *text, struct mesh_slice piece);
void mesh__text_puts(struct mesh_text *text, const char *piece);
void mesh__text_format(struct mesh_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append text by format to a buffer; errors as mesh__buffer_reserve. */
int mesh__buffer_format(struct mesh_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * JSON into a buffer, one value after the other: the writer puts the commas.
 * The first failure sticks in rc and silences the rest; look once at the end.
 * key may be NULL inside arrays and at the top. Bytes that are not UTF-8 and
 * controls are escaped, so that the output is always valid JSON.
 */
struct mesh_json {
    struct mesh_buffer *out;
    int rc;
    bool comma;
};

void mesh__json_init(struct mesh_json *json, struct mesh_buffer *out);
void mesh__json_open(struct mesh_json *json, const char *key, char bracket);
void mesh__json_close(struct mesh_json *json, char bracket);
void mesh__json_string(struct mesh_json *json, const char *key,
                       struct mesh_slice value);
/* NULL becomes null. */
void mesh__json_text(struct mesh_json *json, const char *key,
                     const char *value);
void mesh__json_number(struct mesh_json *json, const char *key, int64_t value);
void mesh__json_real(struct mesh_json *json, const char *key, double value);
void mesh__json_bool(struct mesh_json *json, const char *key, bool value);
void mesh__json_null(struct mesh_json *json, const char *key);

/* Lower-case hex of len bytes; out has room for 2 * len + 1. */
void mesh__hex(const void *data, size_t len, char *out);

/* -1 for a character that is no hex digit of either case. */
int mesh__hex_digit(char c);

#endif
