/*
 * judge_match.c - routes that no request reaches, matches that none can meet.
 *
 * First as Istio's validation counts (pkg/config/validation: equal entries,
 * longer prefixes behind shorter ones, routes behind one that takes all), under
 * its codes; then what it does not see, under ours.
 */
#include "policy/judge.h"

#include <string.h>

/* The HTTP routes of one VirtualService. */
struct study {
    struct mesh__judge *judge;
    const struct mesh_resource *resource;
    const struct mesh_virtual_service *spec;
    struct mesh_map equal;    /* an entry's text to its route, from 1 up   */
    struct mesh_map prefixes; /* a prefix to its entries, the latest first */
    struct mesh_map paths;    /* for mesh__judge_cover()                   */
};

static struct mesh__about about_match(const struct study *study, size_t route,
                                      size_t match)
{
    return (struct mesh__about){ study->resource,
                                 study->spec->http[route].match[match].mark,
                                 mesh__judge_path(study->judge,
                                                  "spec.http[%zu].match[%zu]",
                                                  route, match) };
}

/* --- what Istio's validation takes for covered --- */

/* "", or exact or prefix with a text: what Istio compares. */
static struct mesh_slice asked_text(const struct mesh_string_match *match)
{
    return match->which == 'e' || match->which == 'p' ? match->text
                                                      : MESH__SLICE("");
}

static bool text_covers(uint8_t a_which, struct mesh_slice a, uint8_t b_which,
                        struct mesh_slice b)
{
    if (b.len == 0)
        return true;
    return a.len > 0 && a_which == b_which && mesh__slice_starts(a, b);
}

static bool string_covers(const struct mesh_string_match *a,
                          const struct mesh_string_match *b)
{
    return text_covers(a->which, asked_text(a), b->which, asked_text(b));
}

/* No method is GET. */
static bool method_covers(const struct mesh_string_match *a,
                          const struct mesh_string_match *b)
{
    struct mesh_slice left = asked_text(a);
    struct mesh_slice right = asked_text(b);
    bool a_get = left.len == 0;
    bool b_get = right.len == 0;

    return text_covers(
        a_get ? 'e' : a->which, a_get ? MESH__SLICE("GET") : left,
        b_get ? 'e' : b->which, b_get ? MESH__SLICE("GET") : right);
}

static bool named_covers(const struct mesh_named_match *a, size_t a_count,
                         const struct mesh_named_match *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++) {
        size_t j = 0;

        while (j < b_count && !mesh__slice_equal(a[i].name, b[j].name))
            j++;
        if (j == b_count || !string_covers(&a[i].match, &b[j].match))
            return false;
    }
    return true;
}

/* a's prefix is a shorter one of b's. */
static bool prefix_covers(const struct mesh_http_match *a,
                          const struct mesh_http_match *b)
{
    return a->port == b->port && method_covers(&a->method, &b->method) &&
           string_covers(&a->authority, &b->authority) &&
           named_covers(a->headers, a->header_count, b->headers,
                        b->header_count) &&
           named_covers(a->query_params, a->query_param_count, b->query_params,
                        b->query_param_count) &&
           named_covers(a->without_headers, a->without_header_count,
                        b->without_headers, b->without_header_count);
}

static bool has_prefix(const struct mesh_http_match *match)
{
    return match->uri.which == 'p' && match->uri.text.len > 0;
}

/* An earlier entry with a shorter prefix that covers this one, or NULL. */
static const struct mesh__entry *find_prefix(
    const struct study *study, const struct mesh_http_match *match)
{
    struct mesh_slice text = match->uri.text;

    for (size_t len = 1; has_prefix(match) && len < text.len; len++) {
        const struct mesh__entry *entry =
            mesh__map_find(&study->prefixes, mesh__slice(text.at, len));

        for (; entry && mesh__judge_compares(study->judge); entry = entry->next)
            if (prefix_covers(entry->match, match))
                return entry;
    }
    return NULL;
}

static void add_prefix(struct study *study, const struct mesh_http_match *match,
                       size_t route)
{
    struct mesh__entry *entry;

    if (!has_prefix(match))
        return;
    entry = mesh__arena_alloc(&study->judge->arena, sizeof(*entry));
    if (!entry) {
        mesh__judge_lost(study->judge);
        return;
    }
    entry->match = match;
    entry->route = route;
    entry->next = mesh__map_find(&study->prefixes, match->uri.text);
    if (mesh__map_put(&study->prefixes, match->uri.text, entry) < 0)
        mesh__judge_lost(study->judge);
}

/* --- one entry --- */

/* The route, from 1 up, of an entry like this one before it; 0: none. */
static size_t find_equal(struct study *study,
                         const struct mesh_http_match *match, size_t route)
{
    struct mesh_slice key = mesh__judge_http_key(study->judge, match);
    const struct mesh_http_route *first = mesh__map_find(&study->equal, key);

    if (first)
        return (size_t)(first - study->spec->http) + 1;
    if (key.at && mesh__map_put(&study->equal, key,
                                (void *)&study->spec->http[route]) < 0)
        mesh__judge_lost(study->judge);
    return 0;
}

static void tell_covered(const struct study *study, size_t route, size_t match,
                         const char *code, size_t by, const char *how)
{
    mesh__judge_say(study->judge, MESH__INFO, code,
                    about_match(study, route, match),
                    "this match is not used: a match of http[%zu] %s", by, how);
}

enum cover { NOT_COVERED, COVERED, COVERED_UNSEEN };

/* COVERED as Istio counts equal entries; COVERED_UNSEEN: by our own count. */
static enum cover judge_entry(struct study *study, size_t route, size_t index)
{
    const struct mesh_http_match *match =
        &study->spec->http[route].match[index];
    size_t equal = find_equal(study, match, route);
    const struct mesh__entry *shorter;
    const struct mesh__entry *cover;

    if (equal) {
        tell_covered(study, route, index, MESH__CODE_COVERED, equal - 1,
                     "is the same");
        return COVERED;
    }
    shorter = find_prefix(study, match);
    add_prefix(study, match, route);
    cover = mesh__judge_cover(study->judge, &study->paths, match, route);
    if (shorter)
        tell_covered(study, route, index, MESH__CODE_COVERED, shorter->route,
                     cover ? "takes all that it could"
                           : "has a shorter prefix, so Istio takes it for "
                             "covered, though not all of its requests are");
    else if (cover)
        tell_covered(study, route, index, MESH__CODE_MATCH_TAKEN, cover->route,
                     "takes all that it could");
    return cover ? COVERED_UNSEEN : NOT_COVERED;
}

/* --- impossible ones --- */

static bool no_path(const struct mesh_string_match *uri)
{
    return (uri->which == 'e' || uri->which == 'p') && uri->text.len > 0 &&
           uri->text.at[0] != '/' && !mesh__slice_is(uri->text, "*");
}

static bool has_lower(const struct mesh_string_match *method)
{
    if (method->which != 'e' && method->which != 'p')
        return false;
    for (size_t i = 0; i < method->text.len; i++)
        if (method->text.at[i] >= 'a' && method->text.at[i] <= 'z')
            return true;
    return false;
}

/* A header that must be there, and must not. */
static const struct mesh_named_match *find_torn(
    const struct mesh_http_match *match)
{
    for (size_t i = 0; i < match->header_count; i++)
        for (size_t j = 0; j < match->without_header_count; j++) {
            const struct mesh_named_match *with = &match->headers[i];
            const struct mesh_named_match *without = &match->without_headers[j];

            if (mesh__slice_equal_nocase(with->name, without->name) &&
                (without->match.which == 0 ||
                 (with->match.which == without->match.which &&
                  mesh__slice_equal(with->match.text, without->match.text))))
                return with;
        }
    return NULL;
}

static bool holds(const struct mesh_texts *set, struct mesh_slice item)
{
    for (size_t i = 0; i < set->count; i++)
        if (mesh__slice_equal(set->items[i], item))
            return true;
    return false;
}

/* Gateways that the VirtualService itself is not for. */
static bool elsewhere(const struct study *study,
                      const struct mesh_texts *gateways)
{
    for (size_t i = 0; i < gateways->count; i++)
        if (holds(&study->spec->gateways, gateways->items[i]) ||
            (study->spec->gateways.count == 0 &&
             mesh__slice_is(gateways->items[i], "mesh")))
            return false;
    return gateways->count > 0;
}

static void judge_possible(const struct study *study, size_t route,
                           size_t index)
{
    const struct mesh_http_match *match =
        &study->spec->http[route].match[index];
    const struct mesh_named_match *torn = find_torn(match);
    struct mesh__about about = about_match(study, route, index);
    const char *why = NULL;

    if (no_path(&match->uri))
        why = "a path begins with \"/\"";
    else if (has_lower(&match->method))
        why = "methods are written in capitals";
    else if (torn)
        why = "a header must be there and must not";
    else if (elsewhere(study, &match->gateways))
        why = "its gateways are none of this VirtualService's";
    if (why)
        mesh__judge_say(study->judge, MESH__WARNING,
                        MESH__CODE_IMPOSSIBLE_MATCH, about,
                        "no request can meet this: %s", why);
}

/* --- routes --- */

static void tell_unreached(const struct study *study, const char *kind,
                           size_t index, struct mesh_mark mark,
                           const char *code, const char *why)
{
    struct mesh__about about = { study->resource, mark,
                                 mesh__judge_path(study->judge, "spec.%s[%zu]",
                                                  kind, index) };

    mesh__judge_say(study->judge, MESH__WARNING, code, about,
                    "no request reaches this route: %s", why);
}

static void judge_http_route(struct study *study, size_t index, bool taken)
{
    const struct mesh_http_route *route = &study->spec->http[index];
    size_t equal = 0;
    size_t covered = 0;

    for (size_t i = 0; i < route->match_count; i++) {
        enum cover cover = taken ? NOT_COVERED : judge_entry(study, index, i);

        judge_possible(study, index, i);
        equal += cover == COVERED;
        covered += cover != NOT_COVERED;
    }
    if (taken)
        tell_unreached(study, "http", index, route->mark,
                       MESH__CODE_UNREACHABLE,
                       "one before it has no match and takes them all");
    else if (equal && equal == route->match_count)
        tell_unreached(study, "http", index, route->mark,
                       MESH__CODE_UNREACHABLE,
                       "earlier routes have all of its matches");
    else if (covered && covered == route->match_count)
        tell_unreached(study, "http", index, route->mark,
                       MESH__CODE_ROUTE_TAKEN,
                       "earlier routes take all that its matches could");
}

static void judge_http_routes(struct study *study)
{
    bool taken = false;

    for (size_t i = 0; i < study->spec->http_count; i++) {
        judge_http_route(study, i, taken);
        taken = taken || study->spec->http[i].match_count == 0;
    }
}

/* --- streams: equal entries alone --- */

static bool stream_seen(const struct study *study, struct mesh_map *seen,
                        const struct mesh_stream_match *match)
{
    struct mesh_slice key = mesh__judge_stream_key(study->judge, match);

    if (mesh__map_find(seen, key))
        return true;
    if (key.at && mesh__map_put(seen, key, (void *)match) < 0)
        mesh__judge_lost(study->judge);
    return false;
}

static void judge_stream_route(const struct study *study, const char *kind,
                               const struct mesh_stream_route *route,
                               size_t index, struct mesh_map *seen, bool taken)
{
    size_t equal = 0;

    for (size_t i = 0; !taken && i < route->match_count; i++) {
        struct mesh__about about = { study->resource, route->match[i].mark,
                                     "" };

        if (!stream_seen(study, seen, &route->match[i]))
            continue;
        equal++;
        about.path = mesh__judge_path(study->judge, "spec.%s[%zu].match[%zu]",
                                      kind, index, i);
        mesh__judge_say(study->judge, MESH__INFO, MESH__CODE_COVERED, about,
                        "this match is not used: an earlier one is the same");
    }
    if (taken)
        tell_unreached(study, kind, index, route->mark, MESH__CODE_UNREACHABLE,
                       "one before it has no match and takes them all");
    else if (equal && equal == route->match_count)
        tell_unreached(study, kind, index, route->mark, MESH__CODE_UNREACHABLE,
                       "earlier routes have all of its matches");
}

static void judge_streams(const struct study *study, const char *kind,
                          const struct mesh_stream_route *routes, size_t count)
{
    struct mesh_map seen = { 0 };
    bool taken = false;

    for (size_t i = 0; i < count; i++) {
        judge_stream_route(study, kind, &routes[i], i, &seen, taken);
        taken = taken || routes[i].match_count == 0;
    }
    mesh__map_fini(&seen);
}

static void judge_routes(struct mesh__judge *judge,
                         const struct mesh_resource *resource)
{
    struct study study = { .judge = judge,
                           .resource = resource,
                           .spec = resource->spec };

    judge_http_routes(&study);
    judge_streams(&study, "tcp", study.spec->tcp, study.spec->tcp_count);
    judge_streams(&study, "tls", study.spec->tls, study.spec->tls_count);
    mesh__map_fini(&study.equal);
    mesh__map_fini(&study.prefixes);
    mesh__map_fini(&study.paths);
}

void mesh__judge_routes(struct mesh__judge *judge)
{
    mesh__judge_each(judge, MESH__KIND_VIRTUAL_SERVICE, judge_routes);
}
