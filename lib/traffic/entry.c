/*
 * entry.c - one match entry against one request.
 *
 * Compares field by field and remembers the first that does not fit. Knows
 * nothing of the order of rules or of what a hit leads to.
 */
#include "traffic/entry.h"

#include "base/text.h"

enum { SHOWN = 64 }; /* bytes of a value that a reason quotes */

void mesh__subject_init(struct mesh_subject *subject,
                        const struct mesh_head *head, struct mesh_slice target)
{
    *subject = (struct mesh_subject){
        .head = head,
        .path = mesh__path_without_query(target),
        .query = mesh__path_query(target),
        .scheme = mesh__head_scheme(head),
    };
    if (subject->scheme.len == 0)
        subject->scheme = MESH__SLICE("http");
}

/* --- one field --- */

/* result; misfit, if asked for, is filled unless it is a hit. */
static enum mesh_match_result tell(enum mesh_match_result result,
                                   struct mesh_misfit *misfit, const char *what,
                                   const struct mesh_match *wanted,
                                   struct mesh_slice value)
{
    if (result != MESH__MATCH_YES && misfit)
        *misfit = (struct mesh_misfit){
            .what = what,
            .wanted = wanted,
            .value = value,
        };
    return result;
}

/* The same for what has a name, behind tell(). */
static enum mesh_match_result tell_named(
    enum mesh_match_result result, struct mesh_misfit *misfit,
    const struct mesh_named_matcher *matcher, bool is_absent)
{
    if (result != MESH__MATCH_YES && misfit) {
        misfit->name = matcher->name;
        misfit->invert = matcher->invert;
        misfit->absent = is_absent;
    }
    return result;
}

static enum mesh_match_result field(bool asked, const struct mesh_match *wanted,
                                    const char *what, struct mesh_slice value,
                                    struct mesh_misfit *misfit)
{
    if (!asked)
        return MESH__MATCH_YES;
    return tell(value.at ? mesh__match(wanted, value) : MESH__MATCH_NO, misfit,
                what, wanted, value);
}

/* --- headers --- */

/* A name that stands for a pseudo-header; NULL for an ordinary one. */
static const struct mesh_slice *pseudo(const struct mesh_subject *subject,
                                       const char *name)
{
    if (name[0] != ':')
        return strcmp(name, "host") == 0 ? &subject->head->authority : NULL;
    if (strcmp(name, ":method") == 0)
        return &subject->head->method;
    if (strcmp(name, ":authority") == 0)
        return &subject->head->authority;
    if (strcmp(name, ":scheme") == 0)
        return &subject->scheme;
    if (strcmp(name, ":path") == 0)
        return &subject->head->path;
    return NULL;
}

static bool is_named(const struct mesh_header *header,
                     const struct mesh_named_matcher *matcher)
{
    if (matcher->id != MESH__H_OTHER)
        return header->id == matcher->id;
    return header->id == MESH__H_OTHER &&
           mesh__slice_is(header->name, matcher->name);
}

/* The first value that fits or meets the bound; *value is the last compared,
 * with at NULL when the header is absent. */
static enum mesh_match_result any_value(
    const struct mesh_named_matcher *matcher,
    const struct mesh_subject *subject, struct mesh_slice *value)
{
    enum mesh_match_result result = MESH__MATCH_NO;
    const struct mesh_slice *known = pseudo(subject, matcher->name);
    const struct mesh_head *head = subject->head;

    *value = mesh__slice(NULL, 0);
    if (known) {
        *value = *known;
        return mesh__match(&matcher->match, *known);
    }
    for (size_t i = 0; i < head->count && result == MESH__MATCH_NO; i++) {
        if (!is_named(&head->headers[i], matcher))
            continue;
        *value = head->headers[i].value;
        if (!value->at)
            value->at = "";
        result = mesh__match(&matcher->match, *value);
    }
    return result;
}

static enum mesh_match_result absent(const struct mesh_named_matcher *matcher)
{
    if (matcher->match.kind == MESH__MATCH_PRESENT)
        return matcher->invert ? MESH__MATCH_YES : MESH__MATCH_NO;
    if (!matcher->missing_is_empty)
        return MESH__MATCH_NO;
    return mesh__match(&matcher->match, MESH__SLICE(""));
}

static enum mesh_match_result header(const struct mesh_named_matcher *matcher,
                                     const struct mesh_subject *subject,
                                     struct mesh_misfit *misfit)
{
    struct mesh_slice value;
    enum mesh_match_result result = any_value(matcher, subject, &value);
    bool turn = matcher->invert && (value.at || matcher->missing_is_empty);

    if (!value.at) {
        result = absent(matcher);
        turn = turn && matcher->match.kind != MESH__MATCH_PRESENT;
    }
    if (turn && result != MESH__MATCH_LIMIT)
        result = result == MESH__MATCH_YES ? MESH__MATCH_NO : MESH__MATCH_YES;
    tell(result, misfit, "header", &matcher->match, value);
    return tell_named(result, misfit, matcher, !value.at);
}

static enum mesh_match_result parameter(
    const struct mesh_named_matcher *matcher,
    const struct mesh_subject *subject, struct mesh_misfit *misfit)
{
    struct mesh_slice value = { NULL, 0 };
    enum mesh_match_result result = MESH__MATCH_NO;
    bool there =
        mesh__query_get(subject->query, mesh__slice_of(matcher->name), &value);

    if (there)
        result = mesh__match(&matcher->match, value);
    tell(result, misfit, "query parameter", &matcher->match, value);
    return tell_named(result, misfit, matcher, !there);
}

/* --- all of them --- */

static enum mesh_match_result fields(const struct mesh_match_entry *entry,
                                     const struct mesh_subject *subject,
                                     struct mesh_misfit *misfit)
{
    const struct mesh_head *head = subject->head;
    enum mesh_match_result result;

    result = field(entry->has_uri, &entry->uri, "path", subject->path, misfit);
    if (result != MESH__MATCH_YES)
        return result;
    result = field(entry->has_scheme, &entry->scheme, "scheme", subject->scheme,
                   misfit);
    if (result != MESH__MATCH_YES)
        return result;
    result = field(entry->has_method, &entry->method, "method", head->method,
                   misfit);
    if (result != MESH__MATCH_YES)
        return result;
    return field(entry->has_authority, &entry->authority, "authority",
                 head->authority, misfit);
}

enum mesh_match_result mesh__entry_match(const struct mesh_match_entry *entry,
                                         const struct mesh_subject *subject,
                                         struct mesh_misfit *misfit)
{
    enum mesh_match_result result;

    if (misfit)
        misfit->what = NULL;
    if (!entry)
        return MESH__MATCH_YES;
    result = fields(entry, subject, misfit);
    if (result != MESH__MATCH_YES)
        return result;
    for (size_t i = 0; i < entry->header_count && result == MESH__MATCH_YES;
         i++)
        result = header(&entry->headers[i], subject, misfit);
    for (size_t i = 0; i < entry->query_count && result == MESH__MATCH_YES; i++)
        result = parameter(&entry->query[i], subject, misfit);
    return result;
}

/* --- saying so --- */

static void print_wanted(struct mesh_text *text, const struct mesh_match *match)
{
    static const char *const words[] = {
        [MESH__MATCH_EXACT] = "exact",
        [MESH__MATCH_PREFIX] = "prefix",
        [MESH__MATCH_SUFFIX] = "suffix",
        [MESH__MATCH_PRESENT] = "any value",
        [MESH__MATCH_NONEMPTY] = "any value but the empty one",
        [MESH__MATCH_REGEX] = "regex",
    };

    mesh__text_puts(text, words[match->kind]);
    if (match->kind == MESH__MATCH_PRESENT ||
        match->kind == MESH__MATCH_NONEMPTY)
        return;
    mesh__text_puts(text, " \"");
    mesh__text_add(text, match->text);
    mesh__text_puts(text, match->ignore_case ? "\" in any case" : "\"");
}

static void print_value(struct mesh_text *text, struct mesh_slice value)
{
    bool cut = value.len > SHOWN;

    mesh__text_puts(text, "\"");
    mesh__text_add(text, mesh__slice(value.at, cut ? SHOWN : value.len));
    mesh__text_puts(text, cut ? "...\"" : "\"");
}

void mesh__misfit_print(const struct mesh_misfit *misfit, char *out,
                        size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    if (!misfit->what)
        return;
    mesh__text_format(&text, "%s%s%s is ", misfit->what,
                      misfit->name ? " " : "",
                      misfit->name ? misfit->name : "");
    if (misfit->absent)
        mesh__text_puts(&text, "absent");
    else
        print_value(&text, misfit->value);
    mesh__text_puts(&text, misfit->invert ? ", wanted not " : ", wanted ");
    print_wanted(&text, misfit->wanted);
}
