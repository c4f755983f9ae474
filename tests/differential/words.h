/*
 * words.h - what player and workload say to each other: a line of words.
 *
 * Words are parted by one blank; in them every byte that is not plain is
 * written %XX, so that any bytes fit.
 */
#ifndef TESTS_DIFFERENTIAL_WORDS_H
#define TESTS_DIFFERENTIAL_WORDS_H

#include <stddef.h>

/* Bytes with a NUL behind them. */
struct word {
    char *at;
    size_t size;
};

/* "key=value": cut at the '='; without one the value is empty. */
struct pair {
    const char *key;
    struct word value;
};

/* Takes the next word off *line, which is cut up; 0 when there is none. */
int words_next(char **line, struct word *out);
int words_pair(char **line, struct pair *out);

/* "name:value": cut at the first ':'; NULL when there is none. */
char *words_cut(struct word *word);

/* A line on its way to standard output; never half a line of two threads. */
struct line {
    char *text;
    size_t size;
    int failed; /* no memory: the line is not said */
};

void line_begin(struct line *line, const char *kind);
void line_add(struct line *line, const char *key, const char *value);
void line_add_n(struct line *line, const char *key, const void *value,
                size_t size);
void line_add_number(struct line *line, const char *key, long value);
/* "header=name:value" */
void line_add_header(struct line *line, const char *name, const char *value);
void line_say(struct line *line);

#endif
