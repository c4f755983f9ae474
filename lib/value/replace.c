/*
 * replace.c - every place of a text where an expression fits, written anew.
 *
 * PCRE2 finds the places one by one; declines to know what the text is.
 */
#include "value/replace.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/error.h"
#include "value/pcre.h"

enum { GROUPS = 10 }; /* \0 to \9 */

struct mesh_replace {
    pcre2_code *code;
    pcre2_match_context *limits; /* read only once made */
    pcre2_general_context *general;
    char *substitution;
    size_t len;
    bool never; /* it names a group that is not there: RE2 gives up, too */
};

static int no_memory(void)
{
    return mesh__fail(MESH_ERR_NOMEM, "a regular expression");
}

/* --- making --- */

/* Each backslash has a digit behind it, or another. */
static int check_substitution(struct mesh_replace *replace)
{
    uint32_t groups = 0;

    (void)pcre2_pattern_info(replace->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    for (size_t i = 0; i < replace->len; i++) {
        char next;

        if (replace->substitution[i] != '\\')
            continue;
        next = replace->substitution[++i]; /* NUL at the end */
        if (next == '\\')
            continue;
        if (next < '0' || next > '9')
            return mesh__fail(MESH_ERR_INVALID,
                              "substitution, byte %zu: a backslash wants a "
                              "digit or a backslash behind it",
                              i);
        if ((uint32_t)(next - '0') > groups)
            replace->never = true;
    }
    return 0;
}

static int fill(struct mesh_replace *replace, struct mesh_slice expression,
                struct mesh_slice substitution)
{
    int rc;

    replace->general = mesh__pcre_general();
    replace->substitution = mesh__strndup(
        substitution.len ? substitution.at : "", substitution.len);
    replace->len = substitution.len;
    if (!replace->general || !replace->substitution)
        return no_memory();
    rc = mesh__pcre_compile(expression, 0, replace->general, &replace->code);
    if (rc < 0)
        return rc;
    replace->limits = mesh__pcre_limits(replace->general, MESH__REPLACE_STEPS,
                                        MESH__REPLACE_KIB);
    return replace->limits ? check_substitution(replace) : MESH_ERR_NOMEM;
}

int mesh__replace_new(struct mesh_slice expression,
                      struct mesh_slice substitution, struct mesh_replace **out)
{
    struct mesh_replace *replace;
    int rc;

    *out = NULL;
    rc = mesh__pcre_check(expression);
    if (rc < 0)
        return rc;
    replace = mesh__calloc(1, sizeof(*replace));
    if (!replace)
        return no_memory();
    rc = fill(replace, expression, substitution);
    if (rc < 0)
        mesh__replace_free(replace);
    else
        *out = replace;
    return rc;
}

void mesh__replace_free(struct mesh_replace *replace)
{
    if (!replace)
        return;
    pcre2_match_context_free(replace->limits);
    pcre2_code_free(replace->code);
    pcre2_general_context_free(replace->general);
    mesh__free(replace->substitution);
    mesh__free(replace);
}

/* --- replacing --- */

static int add_group(struct mesh_buffer *out, struct mesh_slice text,
                     const PCRE2_SIZE *groups, size_t count, size_t group)
{
    if (group >= count || groups[2 * group] == PCRE2_UNSET)
        return 0; /* it took no part */
    return mesh__buffer_append(out, text.at + groups[2 * group],
                               groups[2 * group + 1] - groups[2 * group]);
}

static int add_substitution(const struct mesh_replace *replace,
                            struct mesh_buffer *out, struct mesh_slice text,
                            const PCRE2_SIZE *groups, size_t count)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < replace->len; i++) {
        const char *at = &replace->substitution[i];

        if (*at == '\\' && at[1] != '\\')
            rc = add_group(out, text, groups, count, (size_t)(at[1] - '0'));
        else
            rc = mesh__buffer_append(out, at, 1);
        i += *at == '\\';
    }
    return rc;
}

/* Bytes of the character at a place; the text is UTF-8 by now. */
static size_t step(struct mesh_slice text, size_t at)
{
    size_t len = 1;

    while (at + len < text.len && (text.at[at + len] & 0xc0) == 0x80)
        len++;
    return len;
}

static enum mesh_replace_result failed(int rc)
{
    if (rc == PCRE2_ERROR_NOMEMORY || rc == MESH_ERR_NOMEM)
        return MESH__REPLACE_NOMEM;
    if (rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21)
        return MESH__REPLACE_NONE;
    return MESH__REPLACE_LIMIT;
}

/* The walk of RE2's GlobalReplace: an empty fit right behind the last one does
 * not count, and nothing is found twice. */
static enum mesh_replace_result walk(const struct mesh_replace *replace,
                                     struct mesh_slice text,
                                     pcre2_match_data *data,
                                     struct mesh_buffer *out)
{
    const PCRE2_SIZE *groups = pcre2_get_ovector_pointer(data);
    size_t last = SIZE_MAX;
    size_t at = 0;
    bool found = false;
    int rc = 0;

    while (at <= text.len) {
        int count = pcre2_match(replace->code, (PCRE2_SPTR)text.at, text.len,
                                at, PCRE2_NO_JIT, data, replace->limits);

        if (count == PCRE2_ERROR_NOMATCH)
            break;
        if (count < 0)
            return failed(count);
        rc = mesh__buffer_append(out, text.at + at, groups[0] - at);
        if (rc == 0 && groups[0] == last && groups[1] == last) {
            size_t len = at < text.len ? step(text, at) : 1;

            if (at < text.len)
                rc = mesh__buffer_append(out, text.at + at, len);
            at += len;
        } else if (rc == 0) {
            rc = add_substitution(replace, out, text, groups, (size_t)count);
            at = last = groups[1];
            found = true;
        }
        if (rc < 0)
            return failed(rc);
    }
    if (at < text.len)
        rc = mesh__buffer_append(out, text.at + at, text.len - at);
    if (rc < 0)
        return failed(rc);
    return found ? MESH__REPLACE_DONE : MESH__REPLACE_NONE;
}

enum mesh_replace_result mesh__replace(const struct mesh_replace *replace,
                                       struct mesh_slice text,
                                       struct mesh_arena *arena,
                                       struct mesh_slice *out)
{
    pcre2_match_data *data;
    enum mesh_replace_result result;
    struct mesh_buffer buffer;
    char *copy;

    *out = text;
    if (replace->never)
        return MESH__REPLACE_NONE;
    data = pcre2_match_data_create(GROUPS, replace->general);
    if (!data)
        return MESH__REPLACE_NOMEM;
    if (text.len == 0)
        text = MESH__SLICE("");
    mesh__buffer_init(&buffer, MESH__REPLACE_MAX);
    result = walk(replace, text, data, &buffer);
    if (result == MESH__REPLACE_DONE) {
        copy =
            mesh__arena_strndup(arena, mesh__buffer_data(&buffer), buffer.len);
        if (copy)
            *out = mesh__slice(copy, buffer.len);
        else
            result = MESH__REPLACE_NOMEM;
    }
    mesh__buffer_fini(&buffer);
    pcre2_match_data_free(data);
    mesh__error_clear();
    return result;
}
