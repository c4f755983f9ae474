/*
 * words.c - requests and match entries from one line of text.
 */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LINES = 8 };

void words_init(struct words *words)
{
    *words = (struct words){ 0 };
    mesh__arena_init(&words->arena, 1 << 20);
}

void words_fini(struct words *words)
{
    for (size_t i = 0; i < words->regex_count; i++)
        mesh__regex_unref(words->regexes[i]);
    mesh__arena_fini(&words->arena);
}

/* Up to the separator, which is dropped; the rest moves behind it. */
static struct mesh_slice take(struct mesh_slice *rest, const char *separator)
{
    struct mesh_slice piece = *rest;
    size_t len = strlen(separator);

    for (size_t i = 0; i + len <= rest->len; i++) {
        if (memcmp(rest->at + i, separator, len) == 0) {
            piece.len = i;
            *rest = mesh__slice(rest->at + i + len, rest->len - i - len);
            return piece;
        }
    }
    *rest = mesh__slice(rest->at + rest->len, 0);
    return piece;
}

static struct mesh_match read_match(struct words *words, struct mesh_slice text)
{
    static const struct {
        const char *word;
        enum mesh_match_kind kind;
    } kinds[] = {
        { "exact", MESH__MATCH_EXACT },
        { "prefix", MESH__MATCH_PREFIX },
        { "suffix", MESH__MATCH_SUFFIX },
        { "regex", MESH__MATCH_REGEX },
        { "present", MESH__MATCH_PRESENT },
        { "nonempty", MESH__MATCH_NONEMPTY },
    };
    struct mesh_match match = { 0 };
    struct mesh_slice word = take(&text, ":");
    size_t i = 0;

    while (!mesh__slice_is(word, kinds[i].word))
        assert_true(++i < sizeof(kinds) / sizeof(kinds[0]));
    match.kind = kinds[i].kind;
    match.text = text;
    if (match.kind == MESH__MATCH_REGEX) {
        assert_true(words->regex_count < WORDS_REGEXES);
        assert_int_equal(mesh__regex_new(text, &match.regex), 0);
        words->regexes[words->regex_count++] = match.regex;
    }
    return match;
}

struct mesh_match words_match(struct words *words, const char *text)
{
    return read_match(words, mesh__slice_of(text));
}

static void read_lines(struct words *words, struct mesh_head *head,
                       struct mesh_slice rest)
{
    while (rest.len) {
        struct mesh_slice value = take(&rest, "|"), name = take(&value, ":");

        assert_int_equal(mesh__head_add(head, &words->arena, LINES, name,
                                        mesh__slice_trim(value)),
                         0);
    }
}

static struct mesh_head *new_head(struct words *words)
{
    struct mesh_head *head = mesh__arena_alloc(&words->arena, sizeof(*head));

    assert_non_null(head);
    assert_int_equal(mesh__head_init(head, &words->arena, LINES), 0);
    return head;
}

const struct mesh_head *words_request(struct words *words, const char *text)
{
    struct mesh_slice rest = mesh__slice_of(text);
    struct mesh_slice line = take(&rest, "|");
    struct mesh_head *head = new_head(words);

    head->method = take(&line, " ");
    head->authority = take(&line, " ");
    head->has_authority = true;
    head->path = line;
    head->scheme = MESH__SLICE("http");
    read_lines(words, head, rest);
    return head;
}

const struct mesh_head *words_response(struct words *words, const char *text)
{
    struct mesh_slice rest = mesh__slice_of(text);
    struct mesh_slice status = take(&rest, "|");
    struct mesh_head *head = new_head(words);
    unsigned long long code;

    assert_true(mesh__slice_number(status, 999, &code));
    head->status = (unsigned)code;
    read_lines(words, head, rest);
    return head;
}

static void read_named(struct words *words, struct mesh_slice text,
                       struct mesh_named_matcher **list, size_t *count,
                       bool invert)
{
    struct mesh_named_matcher *one;
    struct mesh_slice name = take(&text, " ");

    if (!*list)
        *list = mesh__arena_array(&words->arena, LINES, sizeof(*one));
    assert_true(*list && *count < LINES);
    one = &(*list)[(*count)++];
    one->name = mesh__arena_strndup(&words->arena, name.at, name.len);
    one->id = mesh__header_id(name);
    one->match = read_match(words, text);
    one->invert = invert;
    one->missing_is_empty = invert && one->match.kind != MESH__MATCH_PRESENT;
}

static void read_item(struct words *words, struct mesh_match_entry *entry,
                      struct mesh_slice item)
{
    struct mesh_slice word = take(&item, " ");

    if (mesh__slice_is(word, "path") || mesh__slice_is(word, "path~")) {
        entry->has_uri = true;
        entry->uri = read_match(words, item);
        entry->uri.ignore_case = word.len == 5;
    } else if (mesh__slice_is(word, "scheme")) {
        entry->has_scheme = true;
        entry->scheme = read_match(words, item);
    } else if (mesh__slice_is(word, "method")) {
        entry->has_method = true;
        entry->method = read_match(words, item);
    } else if (mesh__slice_is(word, "authority")) {
        entry->has_authority = true;
        entry->authority = read_match(words, item);
    } else if (mesh__slice_is(word, "query")) {
        read_named(words, item, &entry->query, &entry->query_count, false);
    } else {
        assert_true(mesh__slice_is(word, "header") ||
                    mesh__slice_is(word, "without"));
        read_named(words, item, &entry->headers, &entry->header_count,
                   mesh__slice_is(word, "without"));
    }
}

struct mesh_match_entry *words_entry(struct words *words, const char *text)
{
    struct mesh_slice rest = mesh__slice_of(text);
    struct mesh_match_entry *entry;

    if (!rest.len)
        return NULL;
    entry = mesh__arena_alloc(&words->arena, sizeof(*entry));
    assert_non_null(entry);
    while (rest.len)
        read_item(words, entry, take(&rest, " & "));
    return entry;
}
