/*
 * spiffe.c - SPIFFE ids, read strictly.
 *
 * Knows the form of a name; declines to know whether it was proven.
 */
#include "value/spiffe.h"

#define SCHEME "spiffe://"

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_mark(char c)
{
    return c == '.' || c == '-' || c == '_';
}

/* SPIFFE-ID section 2.1. */
bool mesh__trust_domain_valid(struct mesh_slice text)
{
    if (text.len == 0 || text.len > MESH__TRUST_DOMAIN_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_lower_or_digit(text.at[i]) && !is_mark(text.at[i]))
            return false;
    return true;
}

/* SPIFFE-ID section 2.2. */
static const char *refuse_segment(struct mesh_slice segment)
{
    if (segment.len == 0)
        return "the path has an empty segment or a trailing slash";
    if (mesh__slice_is(segment, ".") || mesh__slice_is(segment, ".."))
        return "the path has a dot segment";
    for (size_t i = 0; i < segment.len; i++)
        if (!is_lower_or_digit(mesh__lower(segment.at[i])) &&
            !is_mark(segment.at[i]))
            return "the path has a character outside [A-Za-z0-9._-]";
    return NULL;
}

/* Take "/segment" off the front of *path. */
static struct mesh_slice take_segment(struct mesh_slice *path)
{
    struct mesh_slice rest = mesh__slice(path->at + 1, path->len - 1);
    const char *slash = rest.len ? memchr(rest.at, '/', rest.len) : NULL;
    size_t len = slash ? (size_t)(slash - rest.at) : rest.len;

    *path = mesh__slice(rest.at + len, rest.len - len);
    return mesh__slice(rest.at, len);
}

/* Istio's /ns/NS/sa/SA, nothing before, between or behind. */
static void read_workload(struct mesh_spiffe *id)
{
    struct mesh_slice segments[4];
    struct mesh_slice path = id->path;
    size_t count = 0;

    while (path.len && count < 4)
        segments[count++] = take_segment(&path);
    if (count < 4 || path.len || !mesh__slice_is(segments[0], "ns") ||
        !mesh__slice_is(segments[2], "sa"))
        return;
    id->namespace_ = segments[1];
    id->service_account = segments[3];
}

static const char *refuse(struct mesh_slice text, bool path_needed,
                          struct mesh_spiffe *id)
{
    struct mesh_slice rest;
    const char *slash;

    if (text.len > MESH__SPIFFE_MAX)
        return "longer than 2048 bytes";
    if (!mesh__slice_starts(text, MESH__SLICE(SCHEME)))
        return "does not begin with \"spiffe://\"";
    rest = mesh__slice(text.at + sizeof(SCHEME) - 1,
                       text.len - (sizeof(SCHEME) - 1));
    slash = rest.len ? memchr(rest.at, '/', rest.len) : NULL;
    id->text = text;
    id->trust_domain =
        mesh__slice(rest.at, slash ? (size_t)(slash - rest.at) : rest.len);
    id->path = mesh__slice(rest.at + id->trust_domain.len,
                           rest.len - id->trust_domain.len);
    if (id->trust_domain.len == 0)
        return "the trust domain is empty";
    if (id->trust_domain.len > MESH__TRUST_DOMAIN_MAX)
        return "the trust domain is longer than 255 bytes";
    if (!mesh__trust_domain_valid(id->trust_domain))
        return "the trust domain has a character outside [a-z0-9._-]";
    if (id->path.len == 0)
        return path_needed ? "names a trust domain, not a workload" : NULL;
    for (rest = id->path; rest.len;) {
        const char *why = refuse_segment(take_segment(&rest));

        if (why)
            return why;
    }
    return NULL;
}

bool mesh__spiffe_parse(struct mesh_slice text, bool path_needed,
                        struct mesh_spiffe *out, const char **reason)
{
    struct mesh_spiffe id = { 0 };
    const char *why = refuse(text, path_needed, &id);

    *out = (struct mesh_spiffe){ 0 };
    if (reason)
        *reason = why;
    if (why)
        return false;
    read_workload(&id);
    *out = id;
    return true;
}
