/*
 * test_json.c - an answer of the engine as a tree.
 *
 * What it reads was written by libmesh in this process: it trusts that it is
 * JSON, and still never reads behind its end.
 */
#include "test.h"

#include <ctype.h>
#include <string.h>

/* Deeper than any answer of libmesh. */
#define DEPTH_MOST 32

struct reader {
    struct test_arena *arena;
    const char *at;
};

static struct test_node *read_value(struct reader *reader, unsigned depth);

static void skip(struct reader *reader, const char *bytes)
{
    reader->at += strspn(reader->at, bytes);
}

static unsigned hex_digit(char digit)
{
    int lower = tolower((unsigned char)digit);

    return (unsigned)(isdigit(lower) ? lower - '0' : lower - 'a' + 10);
}

/* libmesh escapes controls only, so what \u says fits in one byte. */
static char escaped(const char **at)
{
    static const char from[] = "nrtbf";
    static const char to[] = "\n\r\t\b\f";
    char letter = *(*at)++;
    const char *found = strchr(from, letter);
    unsigned value = 0;

    if (found)
        return to[found - from];
    if (letter != 'u')
        return letter;
    for (int i = 0; i < 4 && isxdigit((unsigned char)**at); i++)
        value = value * 16 + hex_digit(*(*at)++);
    return value && value < 0x80 ? (char)value : '?';
}

static struct test_node *read_string(struct reader *reader)
{
    const char *at = reader->at + 1;
    const char *end = at;
    struct test_node *node = test_node_new(reader->arena, TEST_STRING);
    char *text;
    char *to;

    while (*end && *end != '"')
        end += end[0] == '\\' && end[1] ? 2 : 1;
    to = text = test_alloc(reader->arena, (size_t)(end - at) + 1);
    if (!node || !text)
        return NULL;
    while (at < end) {
        char byte = *at++;

        *to++ = byte == '\\' && at < end ? escaped(&at) : byte;
    }
    node->text = text;
    reader->at = end + (*end == '"');
    return node;
}

static struct test_node *read_word(struct reader *reader)
{
    size_t length = strcspn(reader->at, ",]} \t\r\n");
    char first = *reader->at;
    struct test_node *node = test_node_new(
        reader->arena, first == 'n'                   ? TEST_NULL
                       : first == 't' || first == 'f' ? TEST_BOOL
                                                      : TEST_NUMBER);

    if (!node)
        return NULL;
    if (node->type != TEST_NULL)
        node->text = test_copy(reader->arena, reader->at, length);
    reader->at += length;
    return node->text ? node : NULL;
}

static struct test_node *read_many(struct reader *reader, unsigned depth)
{
    int is_map = *reader->at == '{';
    char end = is_map ? '}' : ']';
    struct test_node *node =
        test_node_new(reader->arena, is_map ? TEST_MAP : TEST_LIST);

    reader->at++;
    skip(reader, " \t\r\n");
    while (node && *reader->at && *reader->at != end) {
        struct test_node *key = is_map ? read_string(reader) : NULL;
        struct test_node *item;

        skip(reader, ": \t\r\n");
        item = is_map && !key ? NULL : read_value(reader, depth + 1);
        if (!item || test_node_add(reader->arena, node, key, item))
            return NULL;
        skip(reader, ", \t\r\n");
    }
    reader->at += *reader->at == end;
    return node;
}

static struct test_node *read_value(struct reader *reader, unsigned depth)
{
    skip(reader, " \t\r\n");
    if (*reader->at == '"')
        return read_string(reader);
    if ((*reader->at == '{' || *reader->at == '[') && depth < DEPTH_MOST)
        return read_many(reader, depth);
    return *reader->at ? read_word(reader) : NULL;
}

struct test_node *test_json(struct test_arena *arena, const char *text)
{
    struct reader reader = { arena, text };

    return read_value(&reader, 0);
}
