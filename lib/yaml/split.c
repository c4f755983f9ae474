/*
 * split.c - a text to its documents, before anybody reads them.
 *
 * A line that begins with "---" begins a document, whatever stands before it:
 * YAML allows it nowhere else in the first column. So documents can be told
 * apart, compared and read one by one. Where that would not be true to the
 * letter (directives, "...", odd line breaks) the text stays whole.
 */
#include "yaml/yaml.h"

#include "base/alloc.h"

#include <string.h>

/* Rare things that libyaml takes for line breaks, or that need the rest. */
static bool is_plain(struct mesh_slice text)
{
    const char *end = text.at + text.len;

    for (const char *at = text.at; (at = memchr(at, '\r', (size_t)(end - at)));
         at++)
        if (at + 1 == end || at[1] != '\n')
            return false;
    for (const char *at = text.at; (at = memchr(at, 0xC2, (size_t)(end - at)));
         at++)
        if (end - at > 1 && (unsigned char)at[1] == 0x85) /* NEL */
            return false;
    for (const char *at = text.at; (at = memchr(at, 0xE2, (size_t)(end - at)));
         at++)
        if (end - at > 2 && (unsigned char)at[1] == 0x80 &&
            ((unsigned char)at[2] & 0xFE) == 0xA8) /* LS, PS */
            return false;
    return text.len > 0;
}

enum line { LINE_ANY, LINE_BEGINS, LINE_NEEDS_REST };

static enum line line_at(const char *at, const char *end)
{
    size_t left = (size_t)(end - at);

    if (left == 0)
        return LINE_ANY;
    if (*at == '%' || (left >= 3 && memcmp(at, "...", 3) == 0))
        return LINE_NEEDS_REST;
    if (left < 3 || memcmp(at, "---", 3) != 0)
        return LINE_ANY;
    return left == 3 || memchr(" \t\r\n", at[3], 4) ? LINE_BEGINS : LINE_ANY;
}

static int add(struct mesh_yaml_pieces *pieces, struct mesh_slice text,
               size_t above)
{
    int rc = mesh__grow(&pieces->items, &pieces->capacity, pieces->count,
                        SIZE_MAX / 2, sizeof(*pieces->items));

    if (rc == 0)
        pieces->items[pieces->count++] =
            (struct mesh_yaml_piece){ text, above };
    return rc;
}

/* A marker alone on its line says nothing: what is said begins below. */
static size_t bare_marker(const char *at, const char *end)
{
    const char *next = at + 3;

    while (next < end && (*next == ' ' || *next == '\t' || *next == '\r'))
        next++;
    if (next < end && *next == '\n')
        return (size_t)(next - at) + 1;
    return next == end ? (size_t)(next - at) : 0;
}

/* The piece that a marker begins. */
static const char *begin_at(const char *at, const char *end, size_t line,
                            size_t *above)
{
    size_t skip = bare_marker(at, end);

    *above = line + (skip > 0);
    return at + skip;
}

static int whole(struct mesh_yaml_pieces *pieces, struct mesh_slice text)
{
    pieces->count = 0;
    return add(pieces, text, 0);
}

int mesh__yaml_split(struct mesh_slice text, struct mesh_yaml_pieces *pieces)
{
    const char *end = text.at + text.len;
    const char *begin = text.at;
    size_t line = 0;
    size_t above = 0;
    int rc = 0;

    *pieces = (struct mesh_yaml_pieces){ 0 };
    if (!is_plain(text))
        return whole(pieces, text);
    for (const char *at = begin; rc == 0; at++, line++) {
        enum line what = line_at(at, end);

        if (what == LINE_NEEDS_REST)
            return whole(pieces, text);
        if (what == LINE_BEGINS && at > text.at)
            rc = add(pieces, mesh__slice(begin, (size_t)(at - begin)), above);
        if (what == LINE_BEGINS)
            begin = begin_at(at, end, line, &above);
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            break;
    }
    if (rc == 0)
        rc = add(pieces, mesh__slice(begin, (size_t)(end - begin)), above);
    return rc;
}

void mesh__yaml_pieces_fini(struct mesh_yaml_pieces *pieces)
{
    mesh__free(pieces->items);
    *pieces = (struct mesh_yaml_pieces){ 0 };
}
