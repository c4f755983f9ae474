/*
 * words.c - lines of escaped words, read and written.
 *
 * Knows nothing of what they mean.
 */
#include "words.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;

static const char digits[] = "0123456789ABCDEF";

/* --- reading --- */

static int digit(char c)
{
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : 0;
}

/* In place: what is unescaped is never longer. */
static size_t unescape(char *at, size_t size)
{
    size_t to = 0;

    for (size_t i = 0; i < size; i++) {
        char c = at[i];

        if (c == '%' && i + 2 < size) {
            c = (char)(digit(at[i + 1]) * 16 + digit(at[i + 2]));
            i += 2;
        }
        at[to++] = c;
    }
    at[to] = '\0';
    return to;
}

/* The escaped bytes of the next word. */
static int take(char **line, struct word *out)
{
    char *at = *line;
    char *end;

    if (!at || !*at)
        return 0;
    end = strchr(at, ' ');
    *line = end ? end + 1 : NULL;
    out->at = at;
    out->size = end ? (size_t)(end - at) : strlen(at);
    at[out->size] = '\0';
    return 1;
}

int words_next(char **line, struct word *out)
{
    if (!take(line, out))
        return 0;
    out->size = unescape(out->at, out->size);
    return 1;
}

int words_pair(char **line, struct pair *out)
{
    struct word word;
    char *equals;

    if (!take(line, &word))
        return 0;
    equals = strchr(word.at, '=');
    out->key = word.at;
    out->value.at = equals ? equals + 1 : word.at + word.size;
    if (equals)
        *equals = '\0';
    out->value.size = unescape(out->value.at, strlen(out->value.at));
    return 1;
}

char *words_cut(struct word *word)
{
    char *colon = strchr(word->at, ':');

    if (!colon)
        return NULL;
    *colon = '\0';
    return colon + 1;
}

/* --- writing --- */

static int is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || (c && strchr("-._~:/", c));
}

static char *make_room(struct line *line, size_t more)
{
    char *text = line->failed ? NULL : realloc(line->text, line->size + more);

    if (!text) {
        line->failed = 1;
        return NULL;
    }
    line->text = text;
    return text + line->size;
}

static void put(struct line *line, const char *bytes, size_t size)
{
    char *at = make_room(line, size + 1);

    if (!at)
        return;
    memcpy(at, bytes, size);
    line->size += size;
}

static void put_escaped(struct line *line, const unsigned char *bytes,
                        size_t size)
{
    char *at = make_room(line, 3 * size + 1);

    for (size_t i = 0; at && i < size; i++) {
        if (is_plain(bytes[i])) {
            at[0] = (char)bytes[i];
            at++;
        } else {
            at[0] = '%';
            at[1] = digits[bytes[i] >> 4];
            at[2] = digits[bytes[i] & 15];
            at += 3;
        }
    }
    if (at)
        line->size = (size_t)(at - line->text);
}

void line_begin(struct line *line, const char *kind)
{
    *line = (struct line){ 0 };
    put(line, kind, strlen(kind));
}

static void put_key(struct line *line, const char *key)
{
    put(line, " ", 1);
    put(line, key, strlen(key));
    put(line, "=", 1);
}

void line_add_n(struct line *line, const char *key, const void *value,
                size_t size)
{
    put_key(line, key);
    put_escaped(line, value, size);
}

void line_add(struct line *line, const char *key, const char *value)
{
    line_add_n(line, key, value ? value : "", value ? strlen(value) : 0);
}

void line_add_number(struct line *line, const char *key, long value)
{
    char text[24];
    int size = snprintf(text, sizeof(text), "%ld", value);

    line_add_n(line, key, text, size > 0 ? (size_t)size : 0);
}

void line_add_header(struct line *line, const char *name, const char *value)
{
    put_key(line, "header");
    put_escaped(line, (const unsigned char *)name, strlen(name));
    put(line, ":", 1);
    put_escaped(line, (const unsigned char *)value, strlen(value));
}

void line_say(struct line *line)
{
    put(line, "\n", 1);
    pthread_mutex_lock(&out_lock);
    if (line->failed)
        fputs("trouble text=memory\n", stdout);
    else
        fwrite(line->text, 1, line->size, stdout);
    fflush(stdout);
    pthread_mutex_unlock(&out_lock);
    free(line->text);
}
