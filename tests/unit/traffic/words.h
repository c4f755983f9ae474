/*
 * words.h - requests and match entries written as one line, for tables.
 */
#ifndef MESH_TESTS_WORDS_H
#define MESH_TESTS_WORDS_H

#include "policy/snapshot.h"
#include "value/head.h"

enum { WORDS_REGEXES = 16 };

/* Everything that was read lives here until words_fini. */
struct words {
    struct mesh_arena arena;
    struct mesh_regex *regexes[WORDS_REGEXES];
    size_t regex_count;
};

void words_init(struct words *words);
void words_fini(struct words *words);

/* "exact:a", "prefix:/a", "suffix:.b", "regex:a+", "present", "nonempty" */
struct mesh_match words_match(struct words *words, const char *text);

/* "GET web /path?q|x-a: one|x-a: two" */
const struct mesh_head *words_request(struct words *words, const char *text);

/* "503|grpc-status: 14" */
const struct mesh_head *words_response(struct words *words, const char *text);

/*
 * Items joined by " & ": "path exact:/a", "path~ prefix:/a" (any case),
 * "scheme M", "method M", "authority M", "header NAME M", "without NAME M",
 * "query NAME M". NULL for "" (everything).
 */
struct mesh_match_entry *words_entry(struct words *words, const char *text);

#endif
