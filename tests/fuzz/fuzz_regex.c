/*
 * fuzz_regex.c - expressions from a policy, texts from a peer.
 *
 * The first line is the expression, the rest the text. Matching twice gives
 * the same answer, and so does the expression inside a group of its own; a
 * text that is no UTF-8 fits nothing.
 */
#include "base/error.h"
#include "value/match.h"
#include "value/re2.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* The answer for "(?:expression)"; the limit where that cannot be had. */
static enum mesh_match_result match_grouped(struct mesh_slice expression,
                                            struct mesh_slice text)
{
    char grouped[MESH__REGEX_MAX + 8] = "(?:";
    enum mesh_match_result result;
    struct mesh_regex *regex;

    memcpy(grouped + 3, expression.at, expression.len);
    grouped[3 + expression.len] = ')';
    if (mesh__regex_new(mesh__slice(grouped, expression.len + 4), &regex) < 0)
        return MESH__MATCH_LIMIT;
    result = mesh__regex_match(regex, text);
    mesh__regex_unref(regex);
    return result;
}

static void try(const struct mesh_regex *regex, struct mesh_slice expression,
                struct mesh_slice text)
{
    enum mesh_match_result result = mesh__regex_match(regex, text);
    enum mesh_match_result grouped = MESH__MATCH_LIMIT;

    must(result == mesh__regex_match(regex, text));
    /* an open \Q would swallow the parenthesis */
    if (expression.len && expression.len <= MESH__REGEX_MAX - 4 &&
        !memchr(expression.at, '\\', expression.len))
        grouped = match_grouped(expression, text);
    must(result == grouped || result == MESH__MATCH_LIMIT ||
         grouped == MESH__MATCH_LIMIT);
    must(result != MESH__MATCH_YES || !text.len ||
         !memchr(text.at, 0xff, text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mesh_slice all = mesh__slice((const char *)data, size);
    const char *line = size ? memchr(all.at, '\n', size) : NULL;
    struct mesh_slice expression = all;
    struct mesh_slice text = { 0 };
    struct mesh_regex *regex;
    bool ours;
    size_t at;
    int rc;

    if (size > 16384)
        return 0;
    if (line) {
        expression.len = (size_t)(line - all.at);
        text = mesh__slice(line + 1, size - expression.len - 1);
    }
    rc = mesh__regex_new(expression, &regex);
    must((rc == 0) == (regex != NULL));
    if (rc < 0) {
        must(mesh__error_line()[0] != '\0');
        return 0;
    }
    must(!mesh__re2_check(expression, &at, &ours));
    try(regex, expression, text);
    mesh__regex_unref(regex);
    return 0;
}
