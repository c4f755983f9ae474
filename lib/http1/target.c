/*
 * target.c - the four forms of a request target (RFC 9112 section 3.2).
 *
 * Splits; compares and normalizes nothing.
 */
#include "http1/inside.h"

#include "value/address.h"

/* CONNECT host:port; the port must be there. */
static int read_authority_form(struct mesh_head *head, struct mesh_slice target)
{
    struct mesh_slice host;
    uint16_t port;

    if (!mesh__is_authority(target) ||
        !mesh__authority_split(target, &host, &port) || port == 0)
        return MESH__H1_BAD_TARGET;
    head->authority = target;
    head->has_authority = true;
    return MESH__H1_OK;
}

static bool is_alpha(char c)
{
    return mesh__lower(c) >= 'a' && mesh__lower(c) <= 'z';
}

/* The letters before "://"; empty when it is no URL. */
static struct mesh_slice scheme_of(struct mesh_slice target)
{
    size_t len = 0;

    while (len < target.len && is_alpha(target.at[len]))
        len++;
    if (!mesh__slice_starts(mesh__slice(target.at + len, target.len - len),
                            MESH__SLICE("://")))
        len = 0;
    return mesh__slice(target.at, len);
}

/* "" and "?a=b" are paths of a URL, but none of a request. */
static int read_url_path(struct mesh_head *head, struct mesh_arena *arena,
                         struct mesh_slice rest)
{
    char *path;

    if (rest.len == 0) {
        head->path = MESH__SLICE("/");
        return MESH__H1_OK;
    }
    if (rest.at[0] != '/') {
        path = mesh__arena_alloc(arena, rest.len + 1);
        if (!path)
            return MESH__H1_OUT_OF_MEMORY;
        path[0] = '/';
        memcpy(path + 1, rest.at, rest.len);
        rest = mesh__slice(path, rest.len + 1);
    }
    head->path = rest;
    return mesh__is_path(rest) ? MESH__H1_OK : MESH__H1_BAD_TARGET;
}

static int read_absolute_form(struct mesh_head *head, struct mesh_arena *arena,
                              struct mesh_slice target)
{
    struct mesh_slice scheme = scheme_of(target);
    struct mesh_slice rest;
    size_t len = 0;

    if (scheme.len == 0)
        return MESH__H1_BAD_TARGET;
    if (!mesh__slice_equal_nocase(scheme, MESH__SLICE("http")) &&
        !mesh__slice_equal_nocase(scheme, MESH__SLICE("https")))
        return MESH__H1_BAD_SCHEME;
    rest = mesh__slice(target.at + scheme.len + 3, target.len - scheme.len - 3);
    while (len < rest.len && !memchr("/?#", rest.at[len], 3))
        len++;
    head->authority = mesh__slice(rest.at, len);
    head->has_authority = true;
    /* RFC 9110 section 4.2.4: user information is a trap for readers. */
    if (len == 0 || memchr(rest.at, '@', len) ||
        !mesh__is_authority(head->authority))
        return MESH__H1_BAD_TARGET;
    return read_url_path(head, arena,
                         mesh__slice(rest.at + len, rest.len - len));
}

int mesh__h1_read_target(struct mesh_head *head, struct mesh_arena *arena,
                         struct mesh_slice target)
{
    if (mesh__slice_is(head->method, "CONNECT"))
        return read_authority_form(head, target);
    if (target.at[0] != '/' && target.at[0] != '*')
        return read_absolute_form(head, arena, target);
    if (target.at[0] == '*' &&
        (target.len > 1 || !mesh__slice_is(head->method, "OPTIONS")))
        return MESH__H1_BAD_TARGET;
    head->path = target;
    return mesh__is_path(target) ? MESH__H1_OK : MESH__H1_BAD_TARGET;
}
