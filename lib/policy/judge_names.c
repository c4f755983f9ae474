/*
 * judge_names.c - hosts by scope, found by hash though they have stars.
 *
 * A host ends in few different texts, so the wildcards that cover it are
 * looked up one by one; only what a wildcard itself covers has to be walked.
 */
#include "policy/judge.h"

#include "value/host.h"

#include <stdio.h>

enum { KEY_BYTES = 1024 };

/* "scope/host", with or without a star: longer ones are in no valid file. */
static struct mesh_slice key_of(char *out, struct mesh_slice scope,
                                const char *star, struct mesh_slice host)
{
    int len = snprintf(out, KEY_BYTES, "%.*s/%s%.*s", MESH__SHOW(scope), star,
                       MESH__SHOW(host));

    return mesh__slice(out, len < KEY_BYTES ? (size_t)len : KEY_BYTES - 1);
}

static struct mesh_slice behind_star(struct mesh_slice host)
{
    return mesh__host_is_wildcard(host) ? mesh__slice(host.at + 1, host.len - 1)
                                        : host;
}

void mesh__judge_names_add(struct mesh__judge *judge, struct mesh__names *names,
                           struct mesh_slice scope, struct mesh_slice host,
                           void *value)
{
    struct mesh__name *one = mesh__arena_alloc(&judge->arena, sizeof(*one));
    char text[KEY_BYTES];
    struct mesh_slice key = key_of(text, scope, "", host);
    char *kept = mesh__arena_strndup(&judge->arena, key.at, key.len);

    if (!one || !kept) {
        mesh__judge_lost(judge);
        return;
    }
    one->scope = scope;
    one->host = host;
    one->value = value;
    one->next = mesh__map_find(&names->hosts, key);
    one->sibling = mesh__map_find(&names->scopes, scope);
    if (mesh__map_put(&names->hosts, mesh__slice(kept, key.len), one) < 0 ||
        mesh__map_put(&names->scopes, scope, one) < 0)
        mesh__judge_lost(judge);
}

const struct mesh__name *mesh__judge_names_find(const struct mesh__names *names,
                                                struct mesh_slice scope,
                                                struct mesh_slice host)
{
    char text[KEY_BYTES];

    return mesh__map_find(&names->hosts, key_of(text, scope, "", host));
}

/* The wildcard over host whose text begins at *at or later; moves *at. */
static const struct mesh__name *next_wild(const struct mesh__names *names,
                                          struct mesh_slice scope,
                                          struct mesh_slice host, size_t *at)
{
    char text[KEY_BYTES];

    while (*at <= host.len) {
        struct mesh_slice tail = mesh__slice(host.at + *at, host.len - *at);
        const struct mesh__name *name =
            mesh__map_find(&names->hosts, key_of(text, scope, "*", tail));

        (*at)++;
        if (name)
            return name;
    }
    return NULL;
}

const struct mesh__name *mesh__judge_names_wild(const struct mesh__names *names,
                                                struct mesh_slice scope,
                                                struct mesh_slice host)
{
    size_t at = 0;

    return host.len ? next_wild(names, scope, behind_star(host), &at) : NULL;
}

/* All of one host; false when each has seen enough. */
static bool each_of(const struct mesh__name *name,
                    bool (*each)(void *user, const struct mesh__name *name),
                    void *user)
{
    for (; name; name = name->next)
        if (!each(user, name))
            return false;
    return true;
}

/* What a wildcard covers: the longer ones of its scope, one by one. */
static void each_covered(
    struct mesh__judge *judge, const struct mesh__names *names,
    struct mesh_slice scope, struct mesh_slice host,
    bool (*each)(void *user, const struct mesh__name *name), void *user)
{
    const struct mesh__name *name = mesh__map_find(&names->scopes, scope);
    struct mesh_slice tail = behind_star(host);

    for (; name && mesh__judge_compares(judge); name = name->sibling) {
        struct mesh_slice other = behind_star(name->host);
        bool longer = mesh__host_is_wildcard(name->host)
                          ? other.len > tail.len
                          : other.len >= tail.len;

        if (longer && mesh__slice_ends(other, tail) && !each(user, name))
            return;
    }
}

void mesh__judge_names_meeting(
    struct mesh__judge *judge, const struct mesh__names *names,
    struct mesh_slice scope, struct mesh_slice host,
    bool (*each)(void *user, const struct mesh__name *name), void *user)
{
    bool wild = mesh__host_is_wildcard(host);
    struct mesh_slice tail = behind_star(host);
    const struct mesh__name *name;
    size_t at = 0;

    if (!host.len)
        return;
    if (!wild &&
        !each_of(mesh__judge_names_find(names, scope, host), each, user))
        return;
    while ((name = next_wild(names, scope, tail, &at)) != NULL)
        if (!each_of(name, each, user))
            return;
    if (wild)
        each_covered(judge, names, scope, host, each, user);
}

void mesh__judge_names_fini(struct mesh__names *names)
{
    mesh__map_fini(&names->hosts);
    mesh__map_fini(&names->scopes);
}
