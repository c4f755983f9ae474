/*
 * rewrite.c - the path that is sent, and where a redirect leads.
 *
 * Text in, text out. Declines to know which rule asked for it.
 */
#include "traffic/rewrite.h"

#include "traffic/entry.h"

#include <stdio.h>

/* first and second as one text. */
static enum mesh_replace_result join(struct mesh_slice first,
                                     struct mesh_slice second,
                                     struct mesh_arena *arena,
                                     struct mesh_slice *out)
{
    char *text = mesh__arena_alloc(arena, first.len + second.len + 1);

    if (!text)
        return MESH__REPLACE_NOMEM;
    if (first.len)
        memcpy(text, first.at, first.len);
    if (second.len)
        memcpy(text + first.len, second.at, second.len);
    *out = mesh__slice(text, first.len + second.len);
    return MESH__REPLACE_DONE;
}

static struct mesh_slice from(struct mesh_slice text, size_t at)
{
    if (at > text.len)
        at = text.len;
    return mesh__slice(text.at + at, text.len - at);
}

enum mesh_replace_result mesh__rewrite_path(const struct mesh_rewrite *rewrite,
                                            struct mesh_slice path,
                                            struct mesh_arena *arena,
                                            struct mesh_slice *out)
{
    struct mesh_slice plain = mesh__path_without_query(path);
    enum mesh_replace_result result;
    struct mesh_slice done;

    *out = path;
    switch (rewrite->kind) {
    case MESH__REWRITE_NONE:
        break;
    case MESH__REWRITE_PREFIX:
        return join(rewrite->to, from(path, rewrite->cut), arena, out);
    case MESH__REWRITE_WHOLE:
        return join(rewrite->to, from(path, plain.len), arena, out);
    case MESH__REWRITE_REGEX:
        result = mesh__replace(rewrite->replace, plain, arena, &done);
        return result == MESH__REPLACE_DONE
                   ? join(done, from(path, plain.len), arena, out)
                   : result;
    }
    return MESH__REPLACE_NONE;
}

/* --- redirects --- */

/* The authority up to its port; all of it where it has none. */
static size_t host_len(struct mesh_slice authority)
{
    size_t at = authority.len;

    while (at > 0 && authority.at[at - 1] != ':')
        at--;
    if (at == 0 || (authority.at[0] == '[' && authority.at[at - 2] != ']'))
        return authority.len;
    return at - 1;
}

/* The request's own: a port goes where another is given, and where it is the
 * default of the scheme that is left. */
static struct mesh_slice own_host(const struct mesh_head *head,
                                  struct mesh_slice scheme, bool has_port)
{
    struct mesh_slice host = head->authority;
    struct mesh_slice proto = MESH__SLICE("http");
    size_t len = host_len(host);
    struct mesh_slice port = from(host, len);

    (void)mesh__head_get(head, MESH__H_X_FORWARDED_PROTO, &proto);
    if (has_port || (!mesh__slice_equal(scheme, proto) &&
                     ((mesh__slice_equal_nocase(proto, MESH__SLICE("https")) &&
                       mesh__slice_is(port, ":443")) ||
                      (mesh__slice_equal_nocase(proto, MESH__SLICE("http")) &&
                       mesh__slice_is(port, ":80")))))
        host.len = len;
    return host;
}

/* A path of its own keeps the request's query, unless it has one. */
static struct mesh_slice own_query(const struct mesh_redirect *redirect,
                                   struct mesh_slice path)
{
    if (memchr(redirect->path.at, '?', redirect->path.len))
        return (struct mesh_slice){ "", 0 };
    return from(path, mesh__path_without_query(path).len);
}

bool mesh__redirect_uri(const struct mesh_redirect *redirect,
                        const struct mesh_head *head, struct mesh_slice path,
                        struct mesh_arena *arena, struct mesh_slice *out)
{
    static const struct mesh_redirect nowhere;
    struct mesh_subject subject;
    struct mesh_slice scheme;
    struct mesh_slice host;
    struct mesh_slice query = { "", 0 };
    char port[8] = "";
    char *text;

    if (!redirect)
        redirect = &nowhere;
    mesh__subject_init(&subject, head, path);
    scheme = redirect->scheme.len ? redirect->scheme : subject.scheme;
    host = redirect->authority.len
               ? redirect->authority
               : own_host(head, scheme, redirect->port != 0);
    if (redirect->path.len) {
        query = own_query(redirect, path);
        path = redirect->path;
    }
    if (redirect->port)
        (void)snprintf(port, sizeof(port), ":%u", (unsigned)redirect->port);
    text = mesh__arena_format(arena, "%.*s://%.*s%s%s%.*s%.*s", (int)scheme.len,
                              scheme.at, (int)host.len, host.at, port,
                              path.len && path.at[0] == '/' ? "" : "/",
                              (int)path.len, path.at, (int)query.len, query.at);
    *out = mesh__slice_of(text);
    return text != NULL;
}
