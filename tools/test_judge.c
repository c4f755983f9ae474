/*
 * test_judge.c - does the answer say what was expected?
 *
 * Maps are compared by the keys that were written, lists as a whole. What does
 * not hold is a miss, with both sides in words and where the policy decided it.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of what was found as much as a person reads. */
#define FOUND_MOST 400

struct judge {
    struct test_file *file;
    struct test_case *test;
    const struct test_node *answer;
    struct test_path path;
    const char *step; /* of the expectation at the top                 */
    int quiet;        /* only count: is this the item that is meant?   */
    int misses;
    int rc; /* -1: memory is out                                       */
};

static void judge_key(struct judge *judge, const struct test_node *want,
                      const struct test_key *key,
                      const struct test_node *holder);

/* --- misses --- */

/* What says by itself where it is written knows better than the steps. */
static const char *decided_at(const struct judge *judge,
                              const struct test_node *found,
                              const struct test_node *holder)
{
    if (*test_node_text(found, "file"))
        return test_place_of(judge->file, found);
    if (holder != judge->answer && *test_node_text(holder, "file"))
        return test_place_of(judge->file, holder);
    return test_where(judge->file, judge->answer, judge->step);
}

static void miss_words(struct judge *judge, const struct test_node *want,
                       const char *wanted, const char *found, const char *where)
{
    judge->misses++;
    if (judge->quiet)
        return;
    if (test_miss(judge->file, judge->test, want, &judge->path, wanted, found,
                  where))
        judge->rc = -1;
}

/* Of a number of milliseconds what a person would have written. */
static char *print_duration(struct test_arena *arena,
                            const struct test_node *found)
{
    int64_t ms = test_node_whole(found);

    return ms < 1000 ? test_format(arena, "%lldms", (long long)ms)
                     : test_format(arena, "%gs", (double)ms / 1000);
}

static void miss(struct judge *judge, const struct test_node *want,
                 const struct test_key *key, const struct test_node *found,
                 const struct test_node *holder)
{
    struct test_arena *arena = &judge->file->arena;
    int is_time = key && key->kind == TEST_DURATION;
    char *text;

    if (judge->quiet) {
        judge->misses++;
        return;
    }
    text = is_time && found && found->type == TEST_NUMBER
               ? print_duration(arena, found)
               : test_node_print(arena, found);
    if (text && strlen(text) > FOUND_MOST)
        text = test_format(arena, "%.*s...", FOUND_MOST, text);
    miss_words(judge, want,
               is_time && want->type == TEST_STRING
                   ? want->text
                   : test_node_print(arena, want),
               text, decided_at(judge, found, holder));
}

/* --- scalars --- */

static int is_none(const struct test_node *found)
{
    return !found || found->type == TEST_NULL ||
           (found->type == TEST_STRING && !*found->text) ||
           (found->type == TEST_LIST && !found->count);
}

static int ends_in(const char *text, const char *tail)
{
    size_t length = strlen(text);
    size_t size = strlen(tail);

    return length >= size && !strcmp(text + length - size, tail);
}

static int is_match(const struct test_node *want, const char *text)
{
    const char *how = "exact";

    if (want->type == TEST_MAP) {
        how = want->keys[0]->text;
        want = want->items[0];
    }
    if (!strcmp(how, "prefix"))
        return !strncmp(text, want->text, strlen(want->text));
    if (!strcmp(how, "suffix"))
        return ends_in(text, want->text);
    if (!strcmp(how, "contains"))
        return strstr(text, want->text) != NULL;
    return !strcmp(text, want->text);
}

/* "VirtualService a/b (file:line)" without its end. */
static int is_resource(struct judge *judge, const struct test_node *want,
                       const char *text)
{
    const char *end = strstr(text, " (");
    const char *name = test_copy(&judge->file->arena, text,
                                 end ? (size_t)(end - text) : strlen(text));

    return name && is_match(want, name);
}

static int is_duration(const struct test_node *want,
                       const struct test_node *found)
{
    int64_t ms;

    return !test_duration(want->text, &ms) && ms == test_node_whole(found);
}

/* Whether text is the word number index, from zero. */
static int is_word_at(const char *words, int64_t index, const char *text)
{
    size_t length = strlen(text);

    while (*words && index-- > 0) {
        words += strcspn(words, " ");
        words += *words == ' ';
    }
    return length == strcspn(words, " ") && !strncasecmp(words, text, length);
}

/* Whether a scalar holds; found is not none. */
static int holds(struct judge *judge, const struct test_node *want,
                 const struct test_key *key, const struct test_node *found)
{
    switch (key->kind) {
    case TEST_TEXT:
        return !strcmp(want->text, found->text);
    case TEST_MATCH:
        return key->flags & TEST_RESOURCE
                   ? is_resource(judge, want, found->text)
                   : is_match(want, found->text);
    case TEST_WORD:
        return key->flags & TEST_INDEX
                   ? is_word_at(key->words, test_node_whole(found), want->text)
                   : !strcasecmp(want->text, found->text);
    case TEST_WHOLE:
        return found->type == TEST_NUMBER &&
               test_node_whole(want) == test_node_whole(found);
    case TEST_PERCENT:
        return found->type == TEST_NUMBER &&
               fabs(test_node_real(want) - test_node_real(found)) < 1e-4;
    case TEST_TRUTH:
        return found->type == TEST_BOOL &&
               test_node_true(want) == test_node_true(found);
    case TEST_DURATION:
        return found->type == TEST_NUMBER && is_duration(want, found);
    case TEST_ANY:
    case TEST_TEXTS:
    case TEST_FIELDS:
    case TEST_SHARES:
    case TEST_EDITS:
    case TEST_OBJECT:
    case TEST_ITEMS:
        break;
    }
    return 0;
}

/* --- many --- */

/* A list, or the pieces of a text between its commas; NULL: memory is out. */
static const struct test_node *pieces(struct judge *judge,
                                      const struct test_node *node)
{
    struct test_arena *arena = &judge->file->arena;
    const char *at = node->text;
    struct test_node *list;

    if (node->type == TEST_LIST)
        return node;
    list = test_node_new(arena, TEST_LIST);
    for (at += strspn(at, ", "); list && *at; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ", ");
        struct test_node *piece = test_node_new(arena, TEST_STRING);

        if (!piece || test_node_add(arena, list, NULL, piece))
            return NULL;
        piece->text = test_copy(arena, at, length);
        if (!piece->text)
            return NULL;
        at += length;
    }
    return list;
}

static int has_all(const struct test_node *list, const struct test_node *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        size_t j = 0;

        while (j < list->count &&
               strcmp(list->items[j]->text, texts->items[i]->text) != 0)
            j++;
        if (j == list->count)
            return 0;
    }
    return 1;
}

static void judge_texts(struct judge *judge, const struct test_node *want,
                        const struct test_node *found,
                        const struct test_node *holder)
{
    const struct test_node *wanted = pieces(judge, want);
    const struct test_node *list = found ? pieces(judge, found) : NULL;

    if (!wanted || (found && !list))
        judge->rc = -1;
    else if (list ? !has_all(wanted, list) || !has_all(list, wanted)
                  : wanted->count != 0)
        miss(judge, want, NULL, found, holder);
}

static void judge_fields(struct judge *judge, const struct test_node *want,
                         const struct test_node *found)
{
    for (size_t i = 0; i < want->count; i++) {
        const char *name = want->keys[i]->text;
        const struct test_node *item = want->items[i];
        const struct test_node *value = test_node_find(found, name);
        size_t before = test_path_add(&judge->path, ".%s", name);

        if (item->type == TEST_NULL ? value != NULL
                                    : !value || strcmp(item->text, value->text))
            miss(judge, item, NULL, value, judge->answer);
        test_path_cut(&judge->path, before);
    }
}

/* The edit of this kind and name; NULL when there is none. */
static const struct test_node *find_edit(const struct test_node *edits,
                                         const char *kind, const char *name)
{
    for (size_t i = 0; edits && i < edits->count; i++)
        if (!strcmp(test_node_text(edits->items[i], "edit"), kind) &&
            !strcasecmp(test_node_text(edits->items[i], "name"), name))
            return edits->items[i];
    return NULL;
}

/* remove: exactly these names. */
static void judge_removed(struct judge *judge, const struct test_node *want,
                          const struct test_node *edits)
{
    struct test_arena *arena = &judge->file->arena;
    struct test_node *names = test_node_new(arena, TEST_LIST);

    for (size_t i = 0; names && edits && i < edits->count; i++) {
        struct test_node *name = test_node_new(arena, TEST_STRING);

        if (strcmp(test_node_text(edits->items[i], "edit"), "remove") != 0)
            continue;
        if (!name || test_node_add(arena, names, NULL, name)) {
            judge->rc = -1;
            return;
        }
        name->text = test_node_text(edits->items[i], "name");
    }
    if (names)
        judge_texts(judge, want, names, judge->answer);
    else
        judge->rc = -1;
}

static void judge_edits(struct judge *judge, const struct test_node *want,
                        const struct test_node *edits)
{
    for (size_t i = 0; i < want->count; i++) {
        const char *kind = want->keys[i]->text;
        const struct test_node *fields = want->items[i];
        size_t before = test_path_add(&judge->path, ".%s", kind);

        if (!strcmp(kind, "remove"))
            judge_removed(judge, fields, edits);
        for (size_t j = 0; fields->type == TEST_MAP && j < fields->count; j++) {
            const struct test_node *item = fields->items[j];
            const char *name = fields->keys[j]->text;
            const struct test_node *edit = find_edit(edits, kind, name);
            const struct test_node *value = test_node_find(edit, "value");
            size_t inner = test_path_add(&judge->path, ".%s", name);

            if (item->type == TEST_NULL
                    ? edit != NULL
                    : !value || strcmp(item->text, value->text))
                miss(judge, item, NULL, value, judge->answer);
            test_path_cut(&judge->path, inner);
        }
        test_path_cut(&judge->path, before);
    }
}

/* "outbound|PORT|SUBSET|HOST" as a map of its parts. */
static const struct test_node *split_name(struct judge *judge,
                                          const struct test_node *name)
{
    static const struct {
        const char *key;
        enum test_type type;
    } parts[] = { { "way", TEST_STRING },
                  { "port", TEST_NUMBER },
                  { "subset", TEST_STRING },
                  { "host", TEST_STRING } };
    struct test_arena *arena = &judge->file->arena;
    struct test_node *map = test_node_new(arena, TEST_MAP);
    const char *at = name->text;

    for (size_t i = 0; map && i < 4; i++) {
        size_t length = i < 3 ? strcspn(at, "|") : strlen(at);
        struct test_node *key = test_node_new(arena, TEST_STRING);
        struct test_node *part = test_node_new(arena, parts[i].type);

        if (!key || !part || test_node_add(arena, map, key, part))
            return NULL;
        key->text = parts[i].key;
        part->text = test_copy(arena, at, length);
        if (!part->text)
            return NULL;
        at += length + (at[length] == '|');
    }
    return map;
}

static void judge_object(struct judge *judge, const struct test_node *want,
                         const struct test_key *key,
                         const struct test_node *found)
{
    if (key->flags & TEST_NAMED && found->type == TEST_STRING)
        found = split_name(judge, found);
    if (!found) {
        judge->rc = -1;
        return;
    }
    if (want->type == TEST_STRING) {
        judge_key(judge, want, &key->inside[0], found);
        return;
    }
    for (size_t i = 0; i < want->count; i++) {
        const char *name = want->keys[i]->text;
        size_t before = test_path_add(&judge->path, ".%s", name);

        judge_key(judge, want->items[i], test_key_find(key->inside, name),
                  found);
        test_path_cut(&judge->path, before);
    }
}

/* --- lists of objects --- */

static int is_address(struct judge *judge, const struct test_node *endpoint,
                      const char *text)
{
    const char *address = test_address(&judge->file->arena, endpoint);

    if (!address)
        judge->rc = -1;
    return address && !strcmp(address, text);
}

/* Whether this is the item that is meant. */
static int is_item(struct judge *judge, const struct test_node *want,
                   const struct test_key *key, const struct test_node *found)
{
    struct judge quiet = *judge;
    struct test_key item = *key;

    if (key->flags & TEST_ADDRESSED && want->type == TEST_STRING)
        return is_address(judge, found, want->text);
    quiet.quiet = 1;
    quiet.misses = 0;
    item.kind = TEST_OBJECT;
    judge_object(&quiet, want, &item, found);
    if (quiet.rc)
        judge->rc = -1;
    return quiet.misses == 0;
}

/* Endpoints by address, all else as it is. */
static const char *print_items(struct judge *judge, const struct test_key *key,
                               const struct test_node *found)
{
    struct test_arena *arena = &judge->file->arena;
    const char *text = "";

    if (key->flags & TEST_SOME)
        return "no such step";
    if (!(key->flags & TEST_ADDRESSED))
        return test_node_print(arena, found);
    for (size_t i = 0; text && i < found->count && i < 16; i++) {
        const char *address = test_address(arena, found->items[i]);

        text = address
                   ? test_format(arena, "%s%s%s", text, i ? ", " : "", address)
                   : NULL;
    }
    return text && found->count > 16
               ? test_format(arena, "%s, and %zu more", text, found->count - 16)
               : text;
}

/* The first of found that is meant and not taken; found->count for none. */
static size_t find_item(struct judge *judge, const struct test_node *want,
                        const struct test_key *key,
                        const struct test_node *found, const char *taken)
{
    size_t i = 0;

    while (i < found->count &&
           (taken[i] || !is_item(judge, want, key, found->items[i])))
        i++;
    return i;
}

static void judge_items(struct judge *judge, const struct test_node *want,
                        const struct test_key *key,
                        const struct test_node *found)
{
    struct test_arena *arena = &judge->file->arena;
    char *taken = test_alloc(arena, found->count + 1);
    int before_all = judge->misses;

    if (!taken) {
        judge->rc = -1;
        return;
    }
    for (size_t i = 0; i < want->count; i++) {
        const struct test_node *item = want->items[i];
        size_t before = test_path_add(&judge->path, "[%zu]", i);
        size_t at = find_item(judge, item, key, found, taken);

        if (at < found->count)
            taken[at] = 1;
        else
            miss_words(judge, item, test_node_print(arena, item),
                       print_items(judge, key, found),
                       decided_at(judge, NULL, judge->answer));
        test_path_cut(&judge->path, before);
    }
    if (key->flags & TEST_SOME || judge->misses != before_all ||
        want->count == found->count)
        return;
    miss_words(judge, want, test_format(arena, "%zu of them", want->count),
               test_format(arena, "%zu: %s", found->count,
                           print_items(judge, key, found)),
               decided_at(judge, NULL, judge->answer));
}

/* --- all of it --- */

static int is_zero(const struct test_node *want, const struct test_key *key)
{
    int64_t ms;

    return key->kind == TEST_DURATION && !test_duration(want->text, &ms) &&
           ms == 0;
}

static void judge_key(struct judge *judge, const struct test_node *want,
                      const struct test_key *key,
                      const struct test_node *holder)
{
    const struct test_node *found =
        key->member ? test_node_find(holder, key->member) : holder;
    const char *step = judge->step;

    if (key->step)
        judge->step = key->step;
    if (want->type == TEST_NULL) {
        if (!is_none(found))
            miss(judge, want, key, found, holder);
    } else if (key->kind == TEST_TEXTS) {
        judge_texts(judge, want, found, holder);
    } else if (key->kind == TEST_EDITS) {
        judge_edits(judge, want, found);
    } else if (key->kind == TEST_ITEMS && found) {
        judge_items(judge, want, key, found);
    } else if (!found || found->type == TEST_NULL) {
        if (!is_zero(want, key))
            miss(judge, want, key, found, holder);
    } else if (key->kind == TEST_OBJECT) {
        judge_object(judge, want, key, found);
    } else if (key->kind == TEST_FIELDS) {
        judge_fields(judge, want, found);
    } else if (!holds(judge, want, key, found)) {
        miss(judge, want, key, found, holder);
    }
    judge->step = step;
}

/* Where it goes is no matter when it does not go: 1 when that was a miss. */
static int misses_verdict(struct judge *judge, const struct test_node *want,
                          const struct test_key *key)
{
    struct test_arena *arena = &judge->file->arena;
    const char *verdict = test_node_text(judge->answer, "verdict");
    const char *words = key->verdict;

    if (!words || want->type == TEST_NULL ||
        (want->type == TEST_LIST && !want->count))
        return 0;
    while (*words) {
        size_t length = strcspn(words, " ");

        if (!strncmp(words, verdict, length) && !verdict[length])
            return 0;
        words += length + (words[length] == ' ');
    }
    miss_words(judge, want,
               test_format(arena, "%.*s, and so the verdict %.*s",
                           (int)FOUND_MOST, test_node_print(arena, want),
                           (int)strcspn(key->verdict, " "), key->verdict),
               test_format(arena, "the verdict %s", verdict),
               test_where(judge->file, judge->answer, judge->step));
    return 1;
}

int test_judge(struct test_file *file, struct test_case *test,
               const struct test_node *answer)
{
    struct judge judge = { .file = file, .test = test, .answer = answer };
    int has_verdict = test_node_find(test->expect, "verdict") != NULL;

    test_path_add(&judge.path, "expect");
    for (size_t i = 0; i < test->expect->count; i++) {
        const char *name = test->expect->keys[i]->text;
        const struct test_node *want = test->expect->items[i];
        const struct test_key *key =
            test_key_find(test->sort->expect->inside, name);
        size_t before = test_path_add(&judge.path, ".%s", name);

        judge.step = key->step;
        if (has_verdict || !misses_verdict(&judge, want, key))
            judge_key(&judge, want, key, answer);
        test_path_cut(&judge.path, before);
    }
    if (judge.rc == 0 && judge.misses)
        judge.rc = test_keep_steps(file, test, answer);
    return judge.rc;
}
