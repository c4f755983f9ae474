/*
 * judge_cover.c - whatever the later entry takes, an earlier one has taken.
 *
 * An earlier one is looked up by what it asks of the path: nothing, the same,
 * or a prefix of what the later one asks. The rest is compared piece by piece.
 */
#include "policy/judge.h"

#include <string.h>

static bool same_string(const struct mesh_string_match *a,
                        const struct mesh_string_match *b)
{
    return a->set == b->set && a->which == b->which &&
           mesh__slice_equal(a->text, b->text);
}

/* What the earlier one asks of a text, the later one asks as well. */
static bool asked(const struct mesh_string_match *earlier,
                  const struct mesh_string_match *later)
{
    return !earlier->set || same_string(earlier, later);
}

/* The same of named ones, which stand in any order. */
static bool all_asked(const struct mesh_named_match *earlier, size_t count,
                      const struct mesh_named_match *later, size_t later_count)
{
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;

        while (j < later_count &&
               !(mesh__slice_equal(earlier[i].name, later[j].name) &&
                 same_string(&earlier[i].match, &later[j].match)))
            j++;
        if (j == later_count)
            return false;
    }
    return true;
}

static bool same_texts(const struct mesh_texts *a, const struct mesh_texts *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++)
        if (!mesh__slice_equal(a->items[i], b->items[i]))
            return false;
    return a->count == b->count;
}

/* Who may ask, and where. */
static bool source_asked(const struct mesh_http_match *earlier,
                         const struct mesh_http_match *later)
{
    return (earlier->port == 0 || earlier->port == later->port) &&
           same_texts(&earlier->gateways, &later->gateways) &&
           (earlier->source_namespace.len == 0 ||
            mesh__slice_equal(earlier->source_namespace,
                              later->source_namespace)) &&
           mesh__labels_cover(&later->source_labels, &earlier->source_labels);
}

/* All but the path, which the lookup has settled. */
static bool covers(const struct mesh_http_match *earlier,
                   const struct mesh_http_match *later)
{
    return (!earlier->uri.set ||
            earlier->ignore_uri_case == later->ignore_uri_case) &&
           source_asked(earlier, later) &&
           asked(&earlier->scheme, &later->scheme) &&
           asked(&earlier->method, &later->method) &&
           asked(&earlier->authority, &later->authority) &&
           all_asked(earlier->headers, earlier->header_count, later->headers,
                     later->header_count) &&
           all_asked(earlier->without_headers, earlier->without_header_count,
                     later->without_headers, later->without_header_count) &&
           all_asked(earlier->query_params, earlier->query_param_count,
                     later->query_params, later->query_param_count);
}

/* "p/api": what an entry asks of the path; "-": nothing. */
static struct mesh_slice path_key(struct mesh__judge *judge,
                                  const struct mesh_http_match *match)
{
    const struct mesh_string_match *uri = &match->uri;

    if (!uri->set)
        return MESH__SLICE("-");
    return mesh__judge_key(judge, "%c%.*s", uri->which ? uri->which : '?',
                           MESH__SHOW(uri->text));
}

static const struct mesh__entry *find_covering(
    struct mesh__judge *judge, const struct mesh_map *paths,
    struct mesh_slice key, const struct mesh_http_match *match)
{
    const struct mesh__entry *entry = mesh__map_find(paths, key);

    for (; entry && mesh__judge_compares(judge); entry = entry->next)
        if (covers(entry->match, match))
            return entry;
    return NULL;
}

/* Among those whose prefix the path begins with, itself included. */
static const struct mesh__entry *find_shorter(
    struct mesh__judge *judge, const struct mesh_map *paths,
    const struct mesh_http_match *match)
{
    struct mesh_slice key =
        mesh__judge_key(judge, "p%.*s", MESH__SHOW(match->uri.text));
    const struct mesh__entry *entry = NULL;

    for (size_t len = 1; !entry && len <= key.len; len++)
        entry = find_covering(judge, paths, mesh__slice(key.at, len), match);
    return entry;
}

const struct mesh__entry *mesh__judge_cover(struct mesh__judge *judge,
                                            struct mesh_map *paths,
                                            const struct mesh_http_match *match,
                                            size_t route)
{
    struct mesh_slice key = path_key(judge, match);
    bool text = match->uri.which == 'p' || match->uri.which == 'e';
    struct mesh__entry *entry =
        mesh__arena_alloc(&judge->arena, sizeof(*entry));
    const struct mesh__entry *cover =
        find_covering(judge, paths, MESH__SLICE("-"), match);

    if (!cover && match->uri.set)
        cover = find_covering(judge, paths, key, match);
    if (!cover && text)
        cover = find_shorter(judge, paths, match);
    if (!entry) {
        mesh__judge_lost(judge);
        return NULL;
    }
    entry->match = match;
    entry->route = route;
    entry->next = mesh__map_find(paths, key);
    if (mesh__map_put(paths, key, entry) < 0)
        mesh__judge_lost(judge);
    return cover;
}
