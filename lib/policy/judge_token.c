/*
 * judge_token.c - tokens that routes trust and nobody checks, keys that are
 * fetched from anywhere.
 *
 * (Istio: analyzers/virtualservice/jwtclaimroute.go, authn/blockedcidrs.go.)
 */
#include "policy/judge.h"

#include <string.h>

/* --- routes by claim --- */

/* "@request.auth.claims.group", "@request.auth.claims[group]". */
static bool is_claim(struct mesh_slice header)
{
    static const char prefix[] = "@request.auth.claims";
    const size_t len = sizeof(prefix) - 1;

    return header.len > len + 1 &&
           mesh__slice_equal_nocase(mesh__slice(header.at, len),
                                    mesh__slice(prefix, len)) &&
           (header.at[len] == '.' ||
            (header.at[len] == '[' && header.len > len + 2 &&
             header.at[header.len - 1] == ']'));
}

static const struct mesh_named_match *find_claim(
    const struct mesh_named_match *named, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_claim(named[i].name))
            return &named[i];
    return NULL;
}

/* The first match that asks for a claim, and its path. */
static const struct mesh_named_match *find_claim_route(
    struct mesh__judge *judge, const struct mesh_virtual_service *spec,
    const char **path)
{
    for (size_t i = 0; i < spec->http_count; i++)
        for (size_t j = 0; j < spec->http[i].match_count; j++) {
            const struct mesh_http_match *match = &spec->http[i].match[j];
            const struct mesh_named_match *claim =
                find_claim(match->headers, match->header_count);

            if (!claim)
                claim = find_claim(match->without_headers,
                                   match->without_header_count);
            if (!claim)
                continue;
            *path = mesh__judge_path(judge, "spec.http[%zu].match[%zu]", i, j);
            return claim;
        }
    return NULL;
}

/* Whether some RequestAuthentication is for this workload. */
static bool is_checked(const struct mesh__judge *judge,
                       const struct mesh__member *member)
{
    const struct mesh__list *all =
        &judge->kinds[MESH__KIND_REQUEST_AUTHENTICATION];

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_request_authentication *spec = all->items[i]->spec;
        struct mesh_slice owner = mesh__namespace_of(all->items[i]);

        if ((mesh__slice_is(owner, "istio-system") ||
             mesh__slice_equal(owner, member->namespace_)) &&
            mesh__labels_cover(member->labels, &spec->selector))
            return true;
    }
    return false;
}

/* A workload of the gateway at which nobody checks tokens, or NULL. */
static const struct mesh__member *find_unchecked(
    struct mesh__judge *judge, const struct mesh_resource *gateway)
{
    const struct mesh_gateway *spec = gateway->spec;
    struct mesh__walk walk =
        mesh__crowd_walk(judge, &spec->selector, MESH__SLICE(""));
    const struct mesh__member *member;

    while ((member = mesh__crowd_step(&walk)) != NULL)
        if (mesh__judge_compares(judge) && !is_checked(judge, member))
            return member;
    return NULL;
}

static const struct mesh_resource *find_gateway(
    struct mesh__judge *judge, const struct mesh_resource *resource,
    struct mesh_slice name)
{
    if (name.len == 0 || mesh__slice_is(name, "mesh"))
        return NULL;
    if (!memchr(name.at, '/', name.len))
        name = mesh__judge_key(judge, "%.*s/%.*s",
                               MESH__SHOW(mesh__namespace_of(resource)),
                               MESH__SHOW(name));
    return mesh__map_find(&judge->gateways, name);
}

static void judge_claims(struct mesh__judge *judge,
                         const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;
    struct mesh__about about = { resource, { 0 }, "" };
    const struct mesh_named_match *claim =
        find_claim_route(judge, spec, &about.path);

    for (size_t i = 0; claim && i < spec->gateways.count; i++) {
        const struct mesh_resource *gateway =
            find_gateway(judge, resource, spec->gateways.items[i]);
        const struct mesh__member *member =
            gateway ? find_unchecked(judge, gateway) : NULL;

        if (!member)
            continue;
        about.mark = claim->match.mark;
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_UNCHECKED_CLAIM, about,
                        "%.*s: no RequestAuthentication is for %.*s/%.*s of "
                        "Gateway %.*s, so nobody checks the claim",
                        MESH__SHOW(claim->name), MESH__SHOW(member->namespace_),
                        MESH__SHOW(member->name), MESH__SHOW(gateway->name));
    }
}

/* --- keys from anywhere --- */

static bool is_restricted(const struct mesh_deployment *spec)
{
    for (size_t i = 0; i < spec->container_count; i++)
        for (size_t j = 0; j < spec->containers[i].env_count; j++)
            if (mesh__slice_is(spec->containers[i].env[j].name,
                               "BLOCKED_CIDRS_IN_JWKS_URIS") &&
                spec->containers[i].env[j].value.len)
                return true;
    return false;
}

static void judge_istiod(struct mesh__judge *judge,
                         const struct mesh_resource *resource)
{
    const struct mesh_slice *app =
        mesh__labels_get(&resource->labels, MESH__SLICE("app"));
    struct mesh__about about = { resource, { 0 }, "spec.template.spec" };

    if (app && mesh__slice_is(*app, "istiod") && !is_restricted(resource->spec))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_FETCHES_ANYWHERE,
                        about,
                        "it fetches keys from wherever the %zu "
                        "RequestAuthentications say: "
                        "BLOCKED_CIDRS_IN_JWKS_URIS is not set",
                        judge->kinds[MESH__KIND_REQUEST_AUTHENTICATION].count);
}

void mesh__judge_tokens(struct mesh__judge *judge)
{
    if (judge->kinds[MESH__KIND_REQUEST_AUTHENTICATION].count)
        mesh__judge_each(judge, MESH__KIND_DEPLOYMENT, judge_istiod);
    if (mesh__judge_has_crowd(judge))
        mesh__judge_each(judge, MESH__KIND_VIRTUAL_SERVICE, judge_claims);
}
