/*
 * judge_virtual.c - VirtualServices beside services, rules and each other.
 */
#include "policy/act.h"
#include "policy/judge.h"
#include "policy/parts.h"
#include "policy/snapshot.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

/* --- destinations --- */

/* Any rule of the host will do: which one a client meets is its own affair. */
static bool subset_exists(const struct mesh__judge *judge,
                          struct mesh_slice host, struct mesh_slice subset)
{
    for (size_t i = 0; i < judge->rules.count; i++) {
        const struct mesh__rule *rule = &judge->rules.items[i];

        if (!mesh__host_matches(rule->host, host))
            continue;
        for (size_t j = 0; j < rule->spec->subset_count; j++)
            if (mesh__slice_equal(rule->spec->subsets[j].name, subset))
                return true;
    }
    return false;
}

static void judge_destination(struct mesh__judge *judge,
                              struct mesh__about about,
                              const struct mesh_destination_ref *ref)
{
    struct mesh_slice namespace_ = mesh__namespace_of(about.resource);
    struct mesh_slice host =
        mesh__resolve(&judge->arena, ref->host, namespace_);
    const struct mesh__service *service;

    if (!host.at) {
        mesh__judge_lost(judge);
        return;
    }
    service = mesh__world_service(&judge->world, host, namespace_);
    if (!service && judge->world.service_count)
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NOT_FOUND, about,
                        "host not found: \"%.*s\"", (int)host.len, host.at);
    if (service && ref->port && !mesh__service_port(service, ref->port))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NOT_FOUND, about,
                        "host:port not found: \"%.*s:%u\"", (int)host.len,
                        host.at, (unsigned)ref->port);
    if (ref->subset.len && !subset_exists(judge, host, ref->subset))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NOT_FOUND, about,
                        "host+subset not found in a DestinationRule: "
                        "\"%.*s+%.*s\"",
                        (int)host.len, host.at, (int)ref->subset.len,
                        ref->subset.at);
}

static void judge_destinations(struct mesh__judge *judge,
                               const struct mesh_resource *resource,
                               const struct mesh_http_route *route,
                               size_t index)
{
    for (size_t i = 0; i < route->route_count; i++) {
        const struct mesh_destination_ref *ref = &route->route[i].destination;
        struct mesh__about about = { resource, ref->mark, "" };

        about.path = mesh__judge_path(
            judge, "spec.http[%zu].route[%zu].destination", index, i);
        judge_destination(judge, about, ref);
    }
    for (size_t i = 0; i < route->mirror_count; i++) {
        const struct mesh_destination_ref *ref = &route->mirrors[i].destination;
        struct mesh__about about = { resource, ref->mark, "" };

        about.path = mesh__judge_path(
            judge, "spec.http[%zu].mirrors[%zu].destination", index, i);
        judge_destination(judge, about, ref);
    }
    if (route->has_mirror) {
        struct mesh__about about = { resource, route->mirror.mark, "" };

        about.path = mesh__judge_path(judge, "spec.http[%zu].mirror", index);
        judge_destination(judge, about, &route->mirror);
    }
}

/* --- actions --- */

/* Compiled as a snapshot would: what cannot be had is refused now. */
static int try_actions(struct mesh__judge *judge,
                       const struct mesh_http_route *route)
{
    const struct mesh_http_match *match =
        route->match_count ? route->match : NULL;
    struct mesh_regex_keep *keeps = NULL;
    struct mesh_arena arena;
    struct mesh_actions *actions;
    const struct mesh_head_edits *edits;
    int rc;

    mesh__arena_init(&arena, MESH__PART_BYTES);
    rc = mesh__actions_compile(&arena, &keeps, route, match, 80, &actions);
    for (size_t i = 0; rc == 0 && i < route->route_count; i++)
        rc = mesh__arm_edits_compile(&arena, &route->route[i].headers, &edits);
    mesh__regexes_drop(keeps);
    mesh__arena_fini(&arena);
    if (rc == MESH_ERR_NOMEM)
        mesh__judge_lost(judge);
    return rc;
}

static void judge_actions(struct mesh__judge *judge,
                          const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;

    for (size_t i = 0; i < spec->http_count; i++) {
        struct mesh__about about = { resource, spec->http[i].mark, "" };

        int rc = try_actions(judge, &spec->http[i]);

        if (rc == 0 || rc == MESH_ERR_NOMEM)
            continue;
        about.path = mesh__judge_path(judge, "spec.http[%zu]", i);
        mesh__judge_say(judge, MESH__REFUSED, MESH__CODE_CANNOT, about, "%s",
                        mesh__error_line());
        mesh__error_clear();
    }
}

/* --- matches --- */

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

/* A prefix takes what is longer, too. */
static bool uri_asked(const struct mesh_http_match *earlier,
                      const struct mesh_http_match *later)
{
    if (!earlier->uri.set)
        return true;
    if (earlier->ignore_uri_case != later->ignore_uri_case)
        return false;
    if (same_string(&earlier->uri, &later->uri))
        return true;
    return earlier->uri.which == 'p' &&
           (later->uri.which == 'p' || later->uri.which == 'e') &&
           mesh__slice_starts(later->uri.text, earlier->uri.text);
}

/* Whatever the later one takes, the earlier one has taken. */
static bool covers(const struct mesh_http_match *earlier,
                   const struct mesh_http_match *later)
{
    return uri_asked(earlier, later) && source_asked(earlier, later) &&
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

/* The route, up to and with this one, that has an entry in front of it. */
static bool find_cover(const struct mesh_virtual_service *spec, size_t route,
                       size_t entry, size_t *by)
{
    const struct mesh_http_match *later = &spec->http[route].match[entry];

    for (*by = 0; *by <= route; (*by)++) {
        const struct mesh_http_route *earlier = &spec->http[*by];
        size_t end = *by == route ? entry : earlier->match_count;

        for (size_t i = 0; i < end; i++)
            if (covers(&earlier->match[i], later))
                return true;
    }
    return false;
}

/* How many entries of a route are covered. */
static size_t judge_matches(struct mesh__judge *judge,
                            const struct mesh_resource *resource, size_t index)
{
    const struct mesh_virtual_service *spec = resource->spec;
    const struct mesh_http_route *route = &spec->http[index];
    size_t covered = 0;
    size_t by;

    for (size_t i = 0; i < route->match_count; i++) {
        struct mesh__about about = { resource, route->match[i].mark, "" };

        if (!find_cover(spec, index, i, &by))
            continue;
        covered++;
        about.path =
            mesh__judge_path(judge, "spec.http[%zu].match[%zu]", index, i);
        mesh__judge_say(judge, MESH__INFO, MESH__CODE_COVERED, about,
                        "this match is not used: a match of http[%zu] takes "
                        "all that it could",
                        by);
    }
    return covered;
}

static void judge_routes(struct mesh__judge *judge,
                         const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;
    const struct mesh_http_route *taker = NULL;

    for (size_t i = 0; i < spec->http_count; i++) {
        const struct mesh_http_route *route = &spec->http[i];
        struct mesh__about about = { resource, route->mark, "" };
        size_t covered = judge_matches(judge, resource, i);

        judge_destinations(judge, resource, route, i);
        about.path = mesh__judge_path(judge, "spec.http[%zu]", i);
        if (taker)
            mesh__judge_say(judge, MESH__WARNING, MESH__CODE_UNREACHABLE, about,
                            "no request reaches this route: http[%zu] has no "
                            "match and takes them all",
                            (size_t)(taker - spec->http));
        else if (covered && covered == route->match_count)
            mesh__judge_say(judge, MESH__WARNING, MESH__CODE_UNREACHABLE, about,
                            "no request reaches this route: earlier routes "
                            "take all that its matches could");
        if (route->match_count == 0 && !taker)
            taker = route;
    }
}

/* --- retries --- */

static size_t count_codes(struct mesh_slice list)
{
    size_t count = 0;

    while (list.len) {
        const char *comma = memchr(list.at, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.at) : list.len;
        unsigned long long code;

        count += mesh__slice_number(mesh__slice_trim(mesh__slice(list.at, len)),
                                    UINT32_MAX, &code);
        len += comma != NULL;
        list = mesh__slice(list.at + len, list.len - len);
    }
    return count;
}

static void judge_retries(struct mesh__judge *judge,
                          const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;

    for (size_t i = 0; i < spec->http_count; i++) {
        const struct mesh_http_retry *retries = &spec->http[i].retries;
        struct mesh__about about = { resource, retries->mark, "" };

        if (count_codes(retries->retry_on) <= MESH__RETRY_CODES)
            continue;
        about.path =
            mesh__judge_path(judge, "spec.http[%zu].retries.retryOn", i);
        mesh__judge_say(judge, MESH__REFUSED, MESH__CODE_TOO_MANY, about,
                        "at most %d status codes, %zu are given",
                        MESH__RETRY_CODES, count_codes(retries->retry_on));
    }
}

/* --- one host twice --- */

struct claim {
    struct mesh_slice host;
    const struct mesh_resource *resource;
};

static int compare_claims(const void *a, const void *b)
{
    const struct claim *left = a;
    const struct claim *right = b;
    int order = mesh__host_compare(left->host, right->host);

    return order ? order : mesh__age_compare(left->resource, right->resource);
}

/* Is there a namespace that sees both? */
static bool overlap(const struct mesh_resource *a,
                    const struct mesh_resource *b)
{
    const struct mesh_virtual_service *left = a->spec;
    const struct mesh_virtual_service *right = b->spec;
    struct mesh_slice a_owner = mesh__namespace_of(a);
    struct mesh_slice b_owner = mesh__namespace_of(b);

    if (mesh__visible(&left->export_to, a_owner, MESH__SLICE("*")) ||
        mesh__visible(&right->export_to, b_owner, MESH__SLICE("*")))
        return true;
    for (size_t i = 0; i < left->export_to.count; i++) {
        struct mesh_slice who = left->export_to.items[i];

        if (mesh__slice_is(who, "."))
            who = a_owner;
        if (mesh__visible(&right->export_to, b_owner, who))
            return true;
    }
    return false;
}

static const struct mesh_resource *find_rival(const struct claim *claims,
                                              size_t count, size_t index)
{
    struct mesh_slice host = claims[index].host;
    size_t first = index;

    while (first > 0 && mesh__slice_equal(claims[first - 1].host, host))
        first--;
    for (size_t i = first; i < count && mesh__slice_equal(claims[i].host, host);
         i++)
        if (claims[i].resource != claims[index].resource &&
            overlap(claims[i].resource, claims[index].resource))
            return claims[i].resource;
    return NULL;
}

static void judge_claims(struct mesh__judge *judge, const struct claim *claims,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mesh_resource *rival = find_rival(claims, count, i);
        struct mesh__about about = { claims[i].resource, { 0 }, "spec.hosts" };
        struct mesh_slice owner;

        if (!rival)
            continue;
        owner = mesh__namespace_of(rival);
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_SAME_HOST, about,
                        "%.*s/%.*s defines the host %.*s for the mesh too; "
                        "they are not merged, the older one is used",
                        (int)owner.len, owner.at, (int)rival->name.len,
                        rival->name.len ? rival->name.at : "",
                        (int)claims[i].host.len, claims[i].host.at);
    }
}

static size_t count_hosts(const struct mesh__list *all)
{
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_virtual_service *spec = all->items[i]->spec;

        count += spec->hosts.count;
    }
    return count;
}

static size_t collect_claims(struct mesh__judge *judge,
                             const struct mesh__list *all, struct claim *claims)
{
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_virtual_service *spec = all->items[i]->spec;

        for (size_t j = 0;
             mesh__for_mesh(&spec->gateways) && j < spec->hosts.count; j++) {
            claims[count].resource = all->items[i];
            claims[count].host =
                mesh__resolve(&judge->arena, spec->hosts.items[j],
                              mesh__namespace_of(all->items[i]));
            if (claims[count].host.at)
                count++;
            else
                mesh__judge_lost(judge);
        }
    }
    return count;
}

void mesh__judge_virtual_services(struct mesh__judge *judge)
{
    const struct mesh__list *all =
        &judge->world.kinds[MESH__KIND_VIRTUAL_SERVICE];
    struct claim *claims =
        mesh__arena_array(&judge->arena, count_hosts(all), sizeof(*claims));
    size_t count;

    if (!claims) {
        mesh__judge_lost(judge);
        return;
    }
    for (size_t i = 0; i < all->count; i++) {
        judge_routes(judge, all->items[i]);
        judge_retries(judge, all->items[i]);
        judge_actions(judge, all->items[i]);
    }
    count = collect_claims(judge, all, claims);
    if (count > 1)
        qsort(claims, count, sizeof(*claims), compare_claims);
    judge_claims(judge, claims, count);
}
