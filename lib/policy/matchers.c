/*
 * matchers.c - texts of a policy as matchers.
 *
 * Declines to know what is matched; only how Istio writes it down.
 */
#include "policy/matchers.h"

#include "base/error.h"
#include "policy/parts.h"

#include <stdlib.h>

/* --- routes --- */

static bool copy(struct mesh_arena *arena, struct mesh_slice from,
                 struct mesh_slice *out)
{
    out->at = mesh__arena_strndup(arena, from.at, from.len);
    out->len = from.len;
    return out->at != NULL;
}

static int compile_string(struct mesh_arena *arena,
                          struct mesh_regex_keep **keeps,
                          const struct mesh_string_match *given,
                          bool ignore_case, struct mesh_match *out)
{
    if (!copy(arena, given->text, &out->text))
        return MESH_ERR_NOMEM;
    out->kind = MESH__MATCH_PRESENT;
    if (given->which == 'e')
        out->kind = MESH__MATCH_EXACT;
    if (given->which == 'p')
        out->kind = MESH__MATCH_PREFIX;
    if (given->which != 'r') {
        out->ignore_case = ignore_case;
        return 0;
    }
    out->kind = MESH__MATCH_REGEX;
    return mesh__regex_keep(keeps, arena, out->text, &out->regex);
}

/* Istio also writes presence as the regex "*". */
static bool is_presence(const struct mesh_string_match *given)
{
    return given->which == 0 ||
           (given->which == 'r' && mesh__slice_is(given->text, "*"));
}

static int compile_named(struct mesh_arena *arena,
                         struct mesh_regex_keep **keeps,
                         const struct mesh_named_match *given,
                         struct mesh_named_matcher *out)
{
    struct mesh_string_match match = given->match;

    if (is_presence(&match))
        match = (struct mesh_string_match){ .set = true };
    out->name = mesh__arena_strndup(arena, given->name.at, given->name.len);
    if (!out->name)
        return MESH_ERR_NOMEM;
    return compile_string(arena, keeps, &match, false, &out->match);
}

/* Header names are compared in lower case. */
static int compile_header(struct mesh_arena *arena,
                          struct mesh_regex_keep **keeps,
                          const struct mesh_named_match *given, bool invert,
                          struct mesh_named_matcher *out)
{
    int rc = compile_named(arena, keeps, given, out);
    char *name = (char *)(uintptr_t)out->name;

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < given->name.len; i++)
        name[i] = mesh__lower(name[i]);
    out->id = mesh__header_id(mesh__slice(name, given->name.len));
    out->invert = invert;
    out->missing_is_empty = invert && !is_presence(&given->match);
    return 0;
}

static int compile_headers(struct mesh_arena *arena,
                           struct mesh_regex_keep **keeps,
                           const struct mesh_http_match *given,
                           struct mesh_match_entry *out)
{
    size_t count = given->header_count + given->without_header_count;
    int rc = 0;

    out->headers = mesh__arena_array(arena, count, sizeof(*out->headers));
    if (!out->headers)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < given->header_count; i++)
        rc = compile_header(arena, keeps, &given->headers[i], false,
                            &out->headers[out->header_count++]);
    for (size_t i = 0; rc == 0 && i < given->without_header_count; i++)
        rc = compile_header(arena, keeps, &given->without_headers[i], true,
                            &out->headers[out->header_count++]);
    return rc;
}

static int compile_query(struct mesh_arena *arena,
                         struct mesh_regex_keep **keeps,
                         const struct mesh_http_match *given,
                         struct mesh_match_entry *out)
{
    int rc = 0;

    out->query =
        mesh__arena_array(arena, given->query_param_count, sizeof(*out->query));
    if (!out->query)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; rc == 0 && i < given->query_param_count; i++)
        rc = compile_named(arena, keeps, &given->query_params[i],
                           &out->query[out->query_count++]);
    return rc;
}

static int compile_parts(struct mesh_arena *arena,
                         struct mesh_regex_keep **keeps,
                         const struct mesh_http_match *given,
                         struct mesh_match_entry *out)
{
    const struct {
        const struct mesh_string_match *given;
        bool ignore_case;
        bool *has;
        struct mesh_match *out;
    } rows[] = {
        { &given->uri, given->ignore_uri_case, &out->has_uri, &out->uri },
        { &given->scheme, false, &out->has_scheme, &out->scheme },
        { &given->method, false, &out->has_method, &out->method },
        { &given->authority, false, &out->has_authority, &out->authority },
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(rows) / sizeof(*rows); i++) {
        if (!rows[i].given->set)
            continue;
        *rows[i].has = true;
        rc = compile_string(arena, keeps, rows[i].given, rows[i].ignore_case,
                            rows[i].out);
    }
    return rc;
}

int mesh__match_entry_compile(struct mesh_arena *arena,
                              struct mesh_regex_keep **keeps,
                              const struct mesh_http_match *given,
                              struct mesh_match_entry **out)
{
    struct mesh_match_entry *entry = mesh__arena_alloc(arena, sizeof(*entry));
    int rc;

    *out = NULL;
    if (!entry)
        return MESH_ERR_NOMEM;
    entry->mark = given->mark;
    entry->name = mesh__arena_strndup(arena, given->name.at, given->name.len);
    if (!entry->name)
        return MESH_ERR_NOMEM;
    rc = compile_parts(arena, keeps, given, entry);
    if (rc == 0)
        rc = compile_headers(arena, keeps, given, entry);
    if (rc == 0)
        rc = compile_query(arena, keeps, given, entry);
    if (rc == 0)
        *out = entry;
    return rc;
}

static bool takes_every_path(const struct mesh_match *uri)
{
    return (uri->kind == MESH__MATCH_PREFIX &&
            mesh__slice_is(uri->text, "/")) ||
           (uri->kind == MESH__MATCH_REGEX && mesh__slice_is(uri->text, ".*"));
}

bool mesh__match_entry_is_catch_all(const struct mesh_match_entry *entry)
{
    return (!entry->has_uri || takes_every_path(&entry->uri)) &&
           !entry->has_scheme && !entry->has_method && !entry->has_authority &&
           entry->header_count == 0 && entry->query_count == 0;
}

/* --- AuthorizationPolicy --- */

int mesh__match_value(struct mesh_arena *arena, struct mesh_slice value,
                      enum mesh_match_kind present, struct mesh_match *out)
{
    struct mesh_slice text = value;

    out->kind = MESH__MATCH_EXACT;
    if (mesh__slice_is(value, "*")) {
        out->kind = present;
        text.len = 0;
    } else if (value.len && value.at[0] == '*') {
        out->kind = MESH__MATCH_SUFFIX;
        text = mesh__slice(value.at + 1, value.len - 1);
    } else if (value.len && value.at[value.len - 1] == '*') {
        out->kind = MESH__MATCH_PREFIX;
        text.len--;
    }
    return copy(arena, text, &out->text) ? 0 : MESH_ERR_NOMEM;
}

static bool is_plain(char c)
{
    char lower = mesh__lower(c);

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

int mesh__match_glob(struct mesh_arena *arena, struct mesh_regex_keep **keeps,
                     struct mesh_slice value, struct mesh_match *out)
{
    char *text = mesh__arena_alloc(arena, 2 * value.len + 1);
    size_t len = 0;

    if (!text)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] == '*')
            text[len++] = '.';
        else if (!is_plain(value.at[i]))
            text[len++] = '\\';
        text[len++] = value.at[i];
    }
    out->kind = MESH__MATCH_REGEX;
    out->text = mesh__slice(text, len);
    return mesh__regex_keep(keeps, arena, out->text, &out->regex);
}
