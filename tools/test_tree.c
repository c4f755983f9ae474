/*
 * test_tree.c - the trees that test files and answers of the engine become.
 *
 * Knows what a scalar looks like and nothing of what it means.
 */
#include "test.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* --- memory --- */

#define BLOCK_BYTES ((size_t)16 * 1024)

struct test_block {
    struct test_block *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) char data[];
};

void *test_alloc(struct test_arena *arena, size_t size)
{
    struct test_block *block = arena->blocks;
    void *out;

    size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

        block = calloc(1, sizeof(*block) + room);
        if (!block)
            return NULL;
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    out = block->data + block->used;
    block->used += size;
    return out;
}

char *test_copy(struct test_arena *arena, const char *data, size_t size)
{
    char *text = test_alloc(arena, size + 1);

    if (text)
        memcpy(text, data, size); /* its NUL is there already */
    return text;
}

char *test_format(struct test_arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    int length;
    char *text;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    text = length < 0 ? NULL : test_alloc(arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void test_arena_fini(struct test_arena *arena)
{
    while (arena->blocks) {
        struct test_block *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
}

/* --- nodes --- */

struct test_node *test_node_new(struct test_arena *arena, enum test_type type)
{
    struct test_node *node = test_alloc(arena, sizeof(*node));

    if (node) {
        node->type = type;
        node->text = "";
        node->whole = 1;
    }
    return node;
}

static int grow(struct test_arena *arena, struct test_node *node)
{
    size_t room = node->room ? node->room * 2 : 8;
    struct test_node **items =
        test_alloc(arena, room * sizeof(struct test_node *));
    struct test_node **keys =
        test_alloc(arena, room * sizeof(struct test_node *));

    if (!items || !keys)
        return -1;
    if (node->count) {
        memcpy(items, node->items, node->count * sizeof(struct test_node *));
        memcpy(keys, node->keys, node->count * sizeof(struct test_node *));
    }
    node->items = items;
    node->keys = keys;
    node->room = room;
    return 0;
}

int test_node_add(struct test_arena *arena, struct test_node *node,
                  struct test_node *key, struct test_node *item)
{
    if (node->count == node->room && grow(arena, node))
        return -1;
    node->keys[node->count] = key;
    node->items[node->count++] = item;
    node->whole += item->whole + (key != NULL);
    return 0;
}

const struct test_node *test_node_find(const struct test_node *node,
                                       const char *key)
{
    if (!node || node->type != TEST_MAP)
        return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (!strcmp(node->keys[i]->text, key))
            return node->items[i];
    return NULL;
}

const char *test_node_text(const struct test_node *node, const char *key)
{
    const struct test_node *found = test_node_find(node, key);

    return found ? found->text : "";
}

int64_t test_node_whole(const struct test_node *node)
{
    return node ? strtoll(node->text, NULL, 10) : 0;
}

double test_node_real(const struct test_node *node)
{
    return node ? strtod(node->text, NULL) : 0;
}

int test_node_true(const struct test_node *node)
{
    return node && node->type == TEST_BOOL && node->text[0] == 't';
}

const char *test_type_name(enum test_type type)
{
    static const char *const names[] = {
        [TEST_NULL] = "null",       [TEST_BOOL] = "true or false",
        [TEST_NUMBER] = "a number", [TEST_STRING] = "a text",
        [TEST_LIST] = "a list",     [TEST_MAP] = "a map",
    };

    return names[type];
}

/* --- words --- */

static void print(FILE *out, const struct test_node *node)
{
    int is_map = node->type == TEST_MAP;

    switch (node->type) {
    case TEST_NULL:
        fputs("none", out);
        return;
    case TEST_STRING:
        lmesh_json_string(out, node->text);
        return;
    case TEST_BOOL:
    case TEST_NUMBER:
        fputs(node->text, out);
        return;
    case TEST_LIST:
    case TEST_MAP:
        break;
    }
    fputc(is_map ? '{' : '[', out);
    for (size_t i = 0; i < node->count; i++) {
        if (i)
            fputs(", ", out);
        if (is_map)
            fprintf(out, "%s: ", node->keys[i]->text);
        print(out, node->items[i]);
    }
    fputc(is_map ? '}' : ']', out);
}

char *test_node_print(struct test_arena *arena, const struct test_node *node)
{
    char *data = NULL;
    size_t size = 0;
    FILE *out;
    char *text = NULL;

    if (!node)
        return test_copy(arena, "none", 4);
    out = open_memstream(&data, &size);
    if (!out)
        return NULL;
    print(out, node);
    if (!fclose(out))
        text = test_copy(arena, data, size);
    free(data);
    return text;
}

const char *test_address(struct test_arena *arena,
                         const struct test_node *endpoint)
{
    const char *ip = test_node_text(endpoint, "address");

    return test_format(arena, strchr(ip, ':') ? "[%s]:%s" : "%s:%s", ip,
                       test_node_text(endpoint, "port"));
}

size_t test_path_add(struct test_path *path, const char *format, ...)
{
    size_t before = path->length;
    size_t room = sizeof(path->text) - before;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(path->text + before, room, format, args);
    va_end(args);
    if (length > 0)
        path->length += (size_t)length < room ? (size_t)length : room - 1;
    return before;
}

void test_path_cut(struct test_path *path, size_t length)
{
    path->length = length;
    path->text[length] = '\0';
}
