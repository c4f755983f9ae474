/*
 * json.c - JSON out, and just enough of it in to show a flat object to a
 * person.
 *
 * What it reads was written by libmesh in this process; it is no parser for
 * strangers' text.
 */
#include "lmesh.h"

#include <ctype.h>
#include <string.h>

/* --- out --- */

size_t lmesh_utf8_length(const unsigned char *data, size_t size)
{
    size_t length = data[0] < 0x80                      ? 1
                    : data[0] >= 0xc2 && data[0] < 0xe0 ? 2
                    : data[0] >= 0xe0 && data[0] < 0xf0 ? 3
                    : data[0] >= 0xf0 && data[0] < 0xf5 ? 4
                                                        : 0;

    if (length > size)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((data[i] & 0xc0) != 0x80)
            return 0;
    /* overlong forms, surrogates, and what lies beyond U+10FFFF */
    if ((data[0] == 0xe0 && data[1] < 0xa0) ||
        (data[0] == 0xed && data[1] > 0x9f) ||
        (data[0] == 0xf0 && data[1] < 0x90) ||
        (data[0] == 0xf4 && data[1] > 0x8f))
        return 0;
    return length;
}

static void put_ascii(FILE *out, int byte)
{
    static const char from[] = "\"\\\n\r\t";
    static const char to[] = "\"\\nrt";
    const char *found = byte ? strchr(from, byte) : NULL;

    if (found)
        fprintf(out, "\\%c", to[found - from]);
    else if (byte < 0x20 || byte == 0x7f)
        fprintf(out, "\\u%04x", (unsigned)byte);
    else
        fputc(byte, out);
}

void lmesh_json_bytes(FILE *out, const char *data, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;

    fputc('"', out);
    while (size) {
        size_t length = lmesh_utf8_length(bytes, size);

        if (length == 1)
            put_ascii(out, bytes[0]);
        else if (length)
            fwrite(bytes, 1, length, out);
        else
            fputs("\\ufffd", out);
        length = length ? length : 1;
        bytes += length;
        size -= length;
    }
    fputc('"', out);
}

void lmesh_json_string(FILE *out, const char *text)
{
    lmesh_json_bytes(out, text, strlen(text));
}

void lmesh_json_member(FILE *out, const char *name, const char *text, int first)
{
    fprintf(out, "%s\"%s\": ", first ? "" : ", ", name);
    lmesh_json_string(out, text ? text : "");
}

/* --- in --- */

static char *skip_blanks(char *at)
{
    return at + strspn(at, " \t\r\n");
}

static unsigned hex_value(const char *digits)
{
    unsigned value = 0;

    for (int i = 0; i < 4 && isxdigit((unsigned char)digits[i]); i++) {
        int digit = tolower((unsigned char)digits[i]);

        value = value * 16 +
                (unsigned)(isdigit(digit) ? digit - '0' : digit - 'a' + 10);
    }
    return value;
}

/* libmesh escapes controls only, so what \u says fits in one byte. */
static char decode_escape(char **at)
{
    static const char from[] = "nrtbf";
    static const char to[] = "\n\r\t\b\f";
    char letter = *(*at)++;
    const char *found = letter ? strchr(from, letter) : NULL;
    unsigned value;

    if (found)
        return to[found - from];
    if (letter != 'u' || strlen(*at) < 4)
        return letter;
    value = hex_value(*at);
    *at += 4;
    return value < 0x80 ? (char)value : '?';
}

/* A string literal, decoded in place; NULL when there is none. */
static char *read_string(char **text)
{
    char *at = skip_blanks(*text);
    char *start;
    char *to;

    if (*at++ != '"')
        return NULL;
    start = to = at;
    while (*at && *at != '"') {
        char byte = *at++;

        *to++ = byte == '\\' && *at ? decode_escape(&at) : byte;
    }
    if (!*at)
        return NULL;
    *text = at + 1;
    *to = '\0';
    return start;
}

/* Anything else: up to what ends it. *end gets the byte that was there. */
static char *read_word(char **text, char *end)
{
    char *at = skip_blanks(*text);
    char *start = at;

    at += strcspn(at, ",}] \t\r\n");
    *end = *at;
    if (!*at || at == start)
        return NULL;
    *at = '\0';
    *text = at;
    return strcmp(start, "null") ? start : at;
}

int lmesh_object_read(char **text, struct lmesh_object *out)
{
    char *at = skip_blanks(*text);
    char last = ',';

    out->count = 0;
    if (*at++ != '{')
        return -1;
    while (last == ',' && out->count < LMESH_MEMBERS_MOST) {
        char **value = &out->values[out->count];

        out->names[out->count] = read_string(&at);
        if (!out->names[out->count])
            return -1;
        at = skip_blanks(at);
        if (*at++ != ':')
            return -1;
        at = skip_blanks(at);
        last = '\0';
        *value = *at == '"' ? read_string(&at) : read_word(&at, &last);
        if (!*value)
            return -1;
        out->count++;
        /* a word was ended by writing over what followed it */
        if (!last || isspace((unsigned char)last)) {
            at = skip_blanks(at + (last != '\0'));
            last = *at;
        }
        at++;
    }
    *text = at;
    return last == '}' ? 0 : -1;
}

const char *lmesh_object_get(const struct lmesh_object *object,
                             const char *name)
{
    for (size_t i = 0; i < object->count; i++)
        if (!strcmp(object->names[i], name))
            return object->values[i];
    return "";
}

void lmesh_object_print(FILE *out, const struct lmesh_object *object)
{
    for (size_t i = 0; i < object->count; i++)
        if (*object->values[i])
            fprintf(out, "%-16s %s\n", object->names[i], object->values[i]);
}
