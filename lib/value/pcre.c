/*
 * pcre.c - regular expressions checked as RE2's and compiled by PCRE2.
 */
#include "value/pcre.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/match.h"
#include "value/re2.h"

#include <mesh/base.h>

static int no_memory(void)
{
    return mesh__fail(MESH_ERR_NOMEM, "a regular expression");
}

int mesh__pcre_check(struct mesh_slice expression)
{
    const char *why;
    bool ours;
    size_t at;

    if (expression.len > MESH__REGEX_MAX)
        return mesh__fail(MESH_ERR_INVALID,
                          "a regular expression of %zu bytes, at most %d are "
                          "taken",
                          expression.len, MESH__REGEX_MAX);
    why = mesh__re2_check(expression, &at, &ours);
    if (why)
        return mesh__fail(ours ? MESH_ERR_POLICY : MESH_ERR_INVALID,
                          "regular expression, byte %zu: %s", at, why);
    return 0;
}

static void *heap_take(size_t size, void *user)
{
    (void)user;
    return mesh__malloc(size);
}

static void heap_leave(void *memory, void *user)
{
    (void)user;
    mesh__free(memory);
}

pcre2_general_context *mesh__pcre_general(void)
{
    pcre2_general_context *general =
        pcre2_general_context_create(heap_take, heap_leave, NULL);

    if (!general)
        (void)no_memory();
    return general;
}

static int compile_failed(int code, PCRE2_SIZE at)
{
    PCRE2_UCHAR text[128];

    if (code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAP_FAILED)
        return no_memory();
    if (pcre2_get_error_message(code, text, sizeof(text)) < 0)
        text[0] = '\0';
    return mesh__fail(MESH_ERR_INVALID, "regular expression, byte %zu: %s", at,
                      (const char *)text);
}

int mesh__pcre_compile(struct mesh_slice expression, uint32_t options,
                       pcre2_general_context *general, pcre2_code **out)
{
    const uint32_t always = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY |
                            PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UCP;
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    PCRE2_SIZE at = 0;
    int code = 0;

    *out = NULL;
    if (!context)
        return no_memory();
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    (void)pcre2_set_parens_nest_limit(context, MESH__RE2_DEPTH + 1);
    *out = pcre2_compile((PCRE2_SPTR)(expression.len ? expression.at : ""),
                         expression.len, always | options, &code, &at, context);
    pcre2_compile_context_free(context);
    return *out ? 0 : compile_failed(code, at);
}

pcre2_match_context *mesh__pcre_limits(pcre2_general_context *general,
                                       uint32_t steps, uint32_t kib)
{
    pcre2_match_context *limits = pcre2_match_context_create(general);

    if (!limits) {
        (void)no_memory();
        return NULL;
    }
    (void)pcre2_set_match_limit(limits, steps);
    (void)pcre2_set_depth_limit(limits, steps);
    (void)pcre2_set_heap_limit(limits, kib);
    return limits;
}
