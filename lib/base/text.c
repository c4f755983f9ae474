/*
 * text.c - building text in a fixed place, and JSON in a buffer.
 */
#include "base/text.h"

#include "base/error.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

void mesh__text_init(struct mesh_text *text, char *at, size_t size)
{
    *text = (struct mesh_text){ .at = at, .size = size };
    if (size)
        at[0] = '\0';
}

void mesh__text_add(struct mesh_text *text, struct mesh_slice piece)
{
    size_t room = text->size - text->len;

    if (room == 0 || piece.len >= room) {
        text->cut = true;
        piece.len = room ? room - 1 : 0;
    }
    if (piece.len)
        memcpy(text->at + text->len, piece.at, piece.len);
    text->len += piece.len;
    if (room)
        text->at[text->len] = '\0';
}

void mesh__text_puts(struct mesh_text *text, const char *piece)
{
    mesh__text_add(text, mesh__slice_of(piece));
}

void mesh__text_format(struct mesh_text *text, const char *format, ...)
{
    size_t room = text->size - text->len;
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(room ? text->at + text->len : NULL, room, format, list);
    va_end(list);
    if (len < 0 || (size_t)len >= room) {
        text->cut = true;
        len = room ? (int)(room - 1) : 0;
    }
    text->len += (size_t)len;
}

int mesh__buffer_format(struct mesh_buffer *buffer, const char *format, ...)
{
    va_list list;
    char *room;
    int len;
    int rc;

    va_start(list, format);
    len = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (len < 0)
        return mesh__fail(MESH_ERR_INTERNAL, "format %s", format);
    rc = mesh__buffer_reserve(buffer, (size_t)len + 1, &room);
    if (rc < 0)
        return rc;
    va_start(list, format);
    (void)vsnprintf(room, (size_t)len + 1, format, list);
    va_end(list);
    mesh__buffer_commit(buffer, (size_t)len);
    return 0;
}

void mesh__json_init(struct mesh_json *json, struct mesh_buffer *out)
{
    *json = (struct mesh_json){ .out = out };
}

static void raw(struct mesh_json *json, const char *data, size_t len)
{
    if (json->rc == 0)
        json->rc = mesh__buffer_append(json->out, data, len);
}

/* Bytes of the UTF-8 sequence at s, 0 if it is none (RFC 3629). */
static size_t utf8_len(const unsigned char *s, size_t left)
{
    size_t len = s[0] < 0x80                    ? 1
                 : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
                 : (s[0] & 0xf0) == 0xe0        ? 3
                 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                : 0;

    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if (len == 3 &&
        ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)))
        return 0;
    if (len == 4 &&
        ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)))
        return 0;
    return len;
}

static void escape(struct mesh_json *json, unsigned char c)
{
    char text[8];
    int len;

    if (c == '"' || c == '\\')
        len = snprintf(text, sizeof(text), "\\%c", c);
    else if (c == '\n')
        len = snprintf(text, sizeof(text), "\\n");
    else
        len = snprintf(text, sizeof(text), "\\u%04x", c);
    raw(json, text, (size_t)len);
}

static void quoted(struct mesh_json *json, struct mesh_slice value)
{
    const unsigned char *s = (const unsigned char *)value.at;
    size_t from = 0;
    size_t i = 0;

    raw(json, "\"", 1);
    while (i < value.len) {
        size_t len = utf8_len(s + i, value.len - i);

        if (len == 0 || s[i] < 0x20 || s[i] == '"' || s[i] == '\\' ||
            s[i] == 0x7f) {
            raw(json, value.at + from, i - from);
            escape(json, s[i]);
            from = i + 1;
            len = 1;
        }
        i += len;
    }
    raw(json, value.at + from, value.len - from);
    raw(json, "\"", 1);
}

static void lead(struct mesh_json *json, const char *key)
{
    if (json->comma)
        raw(json, ", ", 2);
    json->comma = true;
    if (key) {
        quoted(json, mesh__slice_of(key));
        raw(json, ": ", 2);
    }
}

void mesh__json_open(struct mesh_json *json, const char *key, char bracket)
{
    lead(json, key);
    raw(json, &bracket, 1);
    json->comma = false;
}

void mesh__json_close(struct mesh_json *json, char bracket)
{
    raw(json, &bracket, 1);
    json->comma = true;
}

void mesh__json_string(struct mesh_json *json, const char *key,
                       struct mesh_slice value)
{
    lead(json, key);
    quoted(json, value);
}

void mesh__json_text(struct mesh_json *json, const char *key, const char *value)
{
    if (value)
        mesh__json_string(json, key, mesh__slice_of(value));
    else
        mesh__json_null(json, key);
}

void mesh__json_number(struct mesh_json *json, const char *key, int64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%" PRId64, value);

    lead(json, key);
    raw(json, text, (size_t)len);
}

void mesh__json_real(struct mesh_json *json, const char *key, double value)
{
    char text[40];
    int len = isfinite(value) ? snprintf(text, sizeof(text), "%.6g", value)
                              : snprintf(text, sizeof(text), "null");

    lead(json, key);
    raw(json, text, (size_t)len);
}

void mesh__json_bool(struct mesh_json *json, const char *key, bool value)
{
    lead(json, key);
    raw(json, value ? "true" : "false", value ? 4 : 5);
}

void mesh__json_null(struct mesh_json *json, const char *key)
{
    lead(json, key);
    raw(json, "null", 4);
}

void mesh__hex(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

int mesh__hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}
