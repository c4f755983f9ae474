/*
 * test_check.c - does what was written fit its table?
 *
 * Complains of everything at once: unknown keys, what is missing, values of
 * another kind. Knows nothing of what the engine will say.
 */
#include "test.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- did you mean --- */

#define WORD_MOST 32

/* In small letters, without dashes and the like. */
static size_t fold(const char *text, size_t length, char out[WORD_MOST])
{
    size_t count = 0;

    for (size_t i = 0; i < length && count < WORD_MOST; i++)
        if (text[i] != '-' && text[i] != '_')
            out[count++] = (char)tolower((unsigned char)text[i]);
    return count;
}

/* How many letters to add, leave out or replace. */
static size_t distance(const char *a, size_t a_length, const char *b,
                       size_t b_length)
{
    char from[WORD_MOST];
    char to[WORD_MOST];
    size_t row[WORD_MOST + 1];
    size_t n = fold(a, a_length, from);
    size_t m = fold(b, b_length, to);

    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t above = row[j];
            size_t least = above < row[j - 1] ? above + 1 : row[j - 1] + 1;

            corner += from[i - 1] != to[j - 1];
            row[j] = corner < least ? corner : least;
            corner = above;
        }
    }
    return row[m];
}

/* Keeps the nearer of two words in best; far ones are none. */
static void nearer(const char *text, const char *word, size_t length,
                   size_t *least, char best[WORD_MOST + 1])
{
    size_t far = distance(text, strlen(text), word, length);

    if (far >= *least || far > length / 3 + 1 || length > WORD_MOST)
        return;
    *least = far;
    memcpy(best, word, length);
    best[length] = '\0';
}

static const char *nearest_key(const char *text, const struct test_key *keys,
                               char best[WORD_MOST + 1])
{
    size_t least = SIZE_MAX;

    for (; keys->name; keys++)
        nearer(text, keys->name, strlen(keys->name), &least, best);
    return least < SIZE_MAX ? best : NULL;
}

static const char *nearest_word(const char *text, const char *words,
                                char best[WORD_MOST + 1])
{
    size_t least = SIZE_MAX;

    while (*words) {
        size_t length = strcspn(words, " ");

        nearer(text, words, length, &least, best);
        words += length + (words[length] == ' ');
    }
    return least < SIZE_MAX ? best : NULL;
}

/* --- scalars --- */

int test_duration(const char *text, int64_t *out_ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = { { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 } };
    double total = 0;
    size_t unit;

    do {
        char *end;
        double count = isdigit((unsigned char)*text) ? strtod(text, &end) : -1;

        if (count < 0)
            return -1;
        text = end;
        for (unit = 0; unit < 4; unit++)
            if (!strncmp(text, units[unit].name, strlen(units[unit].name)))
                break;
        if (unit == 4)
            return -1;
        total += count * units[unit].ms;
        text += strlen(units[unit].name);
    } while (*text);
    if (total > 1e15 || fabs(total - round(total)) > 1e-6)
        return -1;
    *out_ms = (int64_t)round(total);
    return 0;
}

static int is_percent(const struct test_node *node)
{
    char *end;
    double value = strtod(node->text, &end);

    if (end == node->text || !(value >= 0 && value <= 1e6))
        return 0;
    end += strspn(end, " ");
    return !*end || (end[0] == '%' && !end[1]);
}

static int is_word(const char *text, const char *words)
{
    size_t length = strlen(text);

    for (const char *at = words; *at;) {
        size_t size = strcspn(at, " ");

        if (size == length && !strncasecmp(at, text, size))
            return 1;
        at += size + (at[size] == ' ');
    }
    return 0;
}

/* Complains of another type, and how to write it; -1. */
static int wants(struct test_file *file, const struct test_node *node,
                 const struct test_path *path, const char *what)
{
    const char *found = test_type_name(node->type);
    int is_bare = node->type == TEST_BOOL || node->type == TEST_NUMBER;

    if (is_bare && !strncmp(what, "a text", 6))
        test_complain(file, node, path, NULL,
                      "wants %s: \"%s\", in quotes, is one", what, node->text);
    else
        test_complain(file, node, path, NULL, "wants %s, not %s", what,
                      *node->text ? node->text : found);
    return -1;
}

static int check_word(struct test_file *file, const struct test_node *node,
                      const struct test_key *key, const struct test_path *path)
{
    char best[WORD_MOST + 1];

    if (node->type == TEST_STRING && is_word(node->text, key->words))
        return 0;
    if (node->type != TEST_STRING)
        return wants(file, node, path, "a word");
    test_complain(file, node, path, nearest_word(node->text, key->words, best),
                  "\"%s\" is none of: %s", node->text, key->words);
    return -1;
}

static int check_whole(struct test_file *file, const struct test_node *node,
                       const struct test_path *path)
{
    int64_t number;

    if (node->type == TEST_NUMBER &&
        !lmesh_number(node->text, 0, INT64_MAX, &number))
        return 0;
    return wants(file, node, path, "a whole number");
}

static int check_duration(struct test_file *file, const struct test_node *node,
                          const struct test_path *path)
{
    int64_t ms;

    if (node->type == TEST_STRING && !test_duration(node->text, &ms))
        return 0;
    return wants(file, node, path,
                 "a duration of whole milliseconds, such as 1.5s");
}

static int check_percent(struct test_file *file, const struct test_node *node,
                         const struct test_path *path)
{
    if ((node->type == TEST_NUMBER || node->type == TEST_STRING) &&
        is_percent(node))
        return 0;
    return wants(file, node, path, "a percentage, such as 2.5 or 2.5%");
}

/* --- many --- */

static int check_texts(struct test_file *file, const struct test_node *node,
                       struct test_path *path)
{
    int rc = 0;

    if (node->type == TEST_STRING)
        return 0;
    if (node->type != TEST_LIST)
        return wants(file, node, path, "a list of texts");
    for (size_t i = 0; i < node->count; i++) {
        size_t before = test_path_add(path, "[%zu]", i);

        if (node->items[i]->type != TEST_STRING)
            rc = wants(file, node->items[i], path, "a text");
        test_path_cut(path, before);
    }
    return rc;
}

/* Of any names: each item as check says. */
static int check_fields(struct test_file *file, const struct test_node *node,
                        const struct test_key *key, struct test_path *path)
{
    int rc = 0;

    if (node->type != TEST_MAP)
        return wants(file, node, path, "a map of names to texts");
    for (size_t i = 0; i < node->count; i++) {
        const struct test_node *item = node->items[i];
        size_t before = test_path_add(path, ".%s", node->keys[i]->text);

        if (item->type == TEST_LIST && (key->flags & TEST_MANY))
            rc = check_texts(file, item, path) ? -1 : rc;
        else if (item->type != TEST_STRING && item->type != TEST_NULL)
            rc = wants(file, item, path, "a text");
        test_path_cut(path, before);
    }
    return rc;
}

static int check_shares(struct test_file *file, const struct test_node *node,
                        struct test_path *path)
{
    double total = 0;
    int rc = 0;

    if (node->type != TEST_MAP)
        return wants(file, node, path, "a map of names to percentages");
    for (size_t i = 0; i < node->count; i++) {
        size_t before = test_path_add(path, ".%s", node->keys[i]->text);

        if (check_percent(file, node->items[i], path))
            rc = -1;
        total += test_node_real(node->items[i]);
        test_path_cut(path, before);
    }
    if (rc == 0 && fabs(total - 100) > 0.01) {
        test_complain(file, node, path, NULL, "is %g %% together, not 100 %%",
                      total);
        rc = -1;
    }
    return rc;
}

static int check_match(struct test_file *file, const struct test_node *node,
                       struct test_path *path)
{
    static const struct test_key how[] = {
        { .name = "exact", .kind = TEST_TEXT },
        { .name = "prefix", .kind = TEST_TEXT },
        { .name = "suffix", .kind = TEST_TEXT },
        { .name = "contains", .kind = TEST_TEXT },
        { .name = NULL },
    };
    static const struct test_key match = { .kind = TEST_OBJECT, .inside = how };

    if (node->type == TEST_STRING)
        return 0;
    if (node->type != TEST_MAP)
        return wants(file, node, path,
                     "a text, or one of exact, prefix, suffix, contains");
    if (test_check(file, node, &match, path))
        return -1;
    if (node->count == 1)
        return 0;
    test_complain(file, node, path, NULL,
                  "wants one of exact, prefix, suffix, contains");
    return -1;
}

const struct test_key *test_key_find(const struct test_key *keys,
                                     const char *name)
{
    for (; keys->name; keys++)
        if (!strcmp(keys->name, name))
            return keys;
    return NULL;
}

static int check_object(struct test_file *file, const struct test_node *node,
                        const struct test_key *key, struct test_path *path)
{
    char best[WORD_MOST + 1];
    int rc = 0;

    if (node->type != TEST_MAP)
        return wants(file, node, path, "a map");
    for (size_t i = 0; i < node->count; i++) {
        const struct test_node *name = node->keys[i];
        const struct test_key *inside = test_key_find(key->inside, name->text);
        size_t before;

        if (!inside) {
            test_complain(file, name, path,
                          nearest_key(name->text, key->inside, best),
                          "unknown key \"%s\"", name->text);
            rc = -1;
            continue;
        }
        before =
            test_path_add(path, "%s%s", path->length ? "." : "", name->text);
        if (test_check(file, node->items[i], inside, path))
            rc = -1;
        test_path_cut(path, before);
    }
    for (const struct test_key *inside = key->inside; inside->name; inside++) {
        if (!(inside->flags & TEST_NEEDED) ||
            test_node_find(node, inside->name))
            continue;
        test_complain(file, node, path, NULL, "%s is missing", inside->name);
        rc = -1;
    }
    return rc;
}

static int check_items(struct test_file *file, const struct test_node *node,
                       const struct test_key *key, struct test_path *path)
{
    struct test_key item = { .kind = TEST_OBJECT,
                             .flags = key->flags & TEST_SHORT,
                             .inside = key->inside };
    int rc = 0;

    if (node->type != TEST_LIST)
        return wants(file, node, path, "a list");
    for (size_t i = 0; i < node->count; i++) {
        size_t before = test_path_add(path, "[%zu]", i);

        if (test_check(file, node->items[i], &item, path))
            rc = -1;
        test_path_cut(path, before);
    }
    return rc;
}

static int check_kind(struct test_file *file, const struct test_node *node,
                      const struct test_key *key, struct test_path *path)
{
    switch (key->kind) {
    case TEST_ANY:
        return 0;
    case TEST_TEXT:
        return node->type == TEST_STRING ? 0
                                         : wants(file, node, path, "a text");
    case TEST_MATCH:
        return check_match(file, node, path);
    case TEST_WORD:
        return check_word(file, node, key, path);
    case TEST_WHOLE:
        return check_whole(file, node, path);
    case TEST_PERCENT:
        return check_percent(file, node, path);
    case TEST_TRUTH:
        return node->type == TEST_BOOL
                   ? 0
                   : wants(file, node, path, "true or false");
    case TEST_DURATION:
        return check_duration(file, node, path);
    case TEST_TEXTS:
        return check_texts(file, node, path);
    case TEST_FIELDS:
        return check_fields(file, node, key, path);
    case TEST_SHARES:
        return check_shares(file, node, path);
    case TEST_EDITS:
    case TEST_OBJECT:
        return check_object(file, node, key, path);
    case TEST_ITEMS:
        return check_items(file, node, key, path);
    }
    return 0;
}

int test_check(struct test_file *file, const struct test_node *node,
               const struct test_key *key, struct test_path *path)
{
    /* what asks for nothing would always hold */
    int is_idle = node->type == TEST_MAP ? file->asserting : 0;

    if (node->type == TEST_NULL && (key->flags & TEST_OR_NULL))
        return 0;
    if (node->type == TEST_STRING && (key->flags & TEST_SHORT))
        return 0;
    if (check_kind(file, node, key, path))
        return -1;
    if (node->type == TEST_LIST)
        is_idle = (key->flags & TEST_NOT_EMPTY) != 0;
    if (!is_idle || node->count)
        return 0;
    test_complain(file, node, path, NULL, "is empty: it asks for nothing");
    return -1;
}
