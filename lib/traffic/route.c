/*
 * route.c - which rule and which destination.
 *
 * Path, virtual host, rules in order, one arm by weight. A function of
 * snapshot, head and draw: knows neither time nor endpoints.
 */
#include "traffic/route.h"

#include "traffic/entry.h"

enum { REASON = 256 }; /* bytes of a reason, the NUL included */

static enum mesh_route_outcome outcome_of(enum mesh_path_verdict verdict)
{
    switch (verdict) {
    case MESH__PATH_OK:
        return MESH__ROUTE_OK;
    case MESH__PATH_BAD:
        return MESH__ROUTE_BAD_PATH;
    case MESH__PATH_NOT_FOUND:
        return MESH__ROUTE_NO_PATH;
    case MESH__PATH_NOMEM:
        break;
    }
    return MESH__ROUTE_NOMEM;
}

static bool find_path(const struct mesh_snapshot *snapshot,
                      const struct mesh_head *head, struct mesh_arena *arena,
                      struct mesh_route *out, struct mesh__why *why)
{
    out->outcome = outcome_of(mesh__path_normalize(
        snapshot->path_mode, head->path, arena, &out->path));
    if (out->outcome == MESH__ROUTE_BAD_PATH ||
        out->outcome == MESH__ROUTE_NO_PATH)
        mesh__why_add(why, "path", "", false, (struct mesh_mark){ 0 }, "%s",
                      out->outcome == MESH__ROUTE_BAD_PATH
                          ? "the path cannot be normalized"
                          : "the path does not begin with a slash");
    return out->outcome == MESH__ROUTE_OK;
}

static void explain_host(const struct mesh_virtual_host *host,
                         struct mesh_slice authority, uint16_t port,
                         struct mesh__why *why)
{
    if (host)
        mesh__why_add(why, "host", host->name, true, host->mark,
                      "serves authority %.*s on port %u", (int)authority.len,
                      authority.at, (unsigned)port);
    else
        mesh__why_add(why, "host", "", false, (struct mesh_mark){ 0 },
                      "no service has authority %.*s on port %u",
                      (int)authority.len, authority.at, (unsigned)port);
}

static bool find_host(const struct mesh_snapshot *snapshot,
                      const struct mesh_head *head, uint16_t port,
                      struct mesh_route *out, struct mesh__why *why)
{
    out->host = mesh__snapshot_host(snapshot, head->authority, port);
    if (why)
        explain_host(out->host, head->authority, port, why);
    if (!out->host && !snapshot->outside)
        out->outcome = MESH__ROUTE_NO_HOST;
    return out->host || snapshot->outside;
}

static void explain_rule(const struct mesh_route_rule *rule,
                         enum mesh_match_result result,
                         const struct mesh_misfit *misfit,
                         struct mesh__why *why)
{
    const char *name = rule->name ? rule->name : "";
    char reason[REASON];

    mesh__misfit_print(misfit, reason, sizeof(reason));
    if (result == MESH__MATCH_YES)
        mesh__why_add(why, "route", name, true, rule->mark, "%s",
                      rule->entry ? "everything it asks for holds"
                                  : "it asks for nothing");
    else if (result == MESH__MATCH_LIMIT)
        mesh__why_add(why, "route", name, false, rule->mark,
                      "the regex takes too many steps: %s", reason);
    else
        mesh__why_add(why, "route", name, false, rule->mark, "%s", reason);
}

static bool find_rule(const struct mesh_head *head, struct mesh_route *out,
                      struct mesh__why *why)
{
    enum mesh_match_result result = MESH__MATCH_NO;
    struct mesh_subject subject;
    struct mesh_misfit misfit;

    mesh__subject_init(&subject, head, out->path);
    for (size_t i = 0; i < out->host->rule_count && result == MESH__MATCH_NO;
         i++) {
        out->rule = &out->host->rules[i];
        result =
            mesh__entry_match(out->rule->entry, &subject, why ? &misfit : NULL);
        if (why)
            explain_rule(out->rule, result, &misfit, why);
    }
    if (result == MESH__MATCH_YES)
        return true;
    out->rule = NULL;
    out->outcome =
        result == MESH__MATCH_LIMIT ? MESH__ROUTE_LIMIT : MESH__ROUTE_NO_RULE;
    return false;
}

/* ALLOW_ANY: to the caller's own address. */
static void let_through(const struct mesh_snapshot *snapshot,
                        struct mesh_route *out, struct mesh__why *why)
{
    out->rule = snapshot->allow_any;
    mesh__why_add(why, "route", out->rule->name, true, out->rule->mark,
                  "the outbound policy lets unknown hosts through");
}

const struct mesh_arm *mesh__split_pick(const struct mesh_route_rule *rule,
                                        uint64_t draw)
{
    uint64_t point;

    if (rule->arm_count == 1)
        return rule->arms; /* its weight does not matter */
    if (rule->total_weight == 0)
        return NULL;
    point = draw % rule->total_weight;
    for (size_t i = 0; i < rule->arm_count; i++) {
        if (point < rule->arms[i].weight)
            return &rule->arms[i];
        point -= rule->arms[i].weight;
    }
    return NULL; /* out of reach: total_weight is the sum of the weights */
}

static void explain_arm(const struct mesh_route *route, struct mesh__why *why)
{
    const struct mesh_arm *arm = route->arm;

    if (!arm)
        mesh__why_add(why, "destination", "", false, route->rule->mark,
                      "the rule has no destination with a weight");
    else if (!arm->destination)
        mesh__why_add(why, "destination", arm->missing ? arm->missing : "",
                      false, arm->mark, "there is no such destination");
    else if (route->rule->arm_count == 1)
        mesh__why_add(why, "destination", arm->destination->name, true,
                      arm->mark, "the only one of its rule");
    else
        mesh__why_add(why, "destination", arm->destination->name, true,
                      arm->mark, "drawn by weight, %u of %llu",
                      (unsigned)arm->weight,
                      (unsigned long long)route->rule->total_weight);
}

void mesh__route_find(const struct mesh_snapshot *snapshot,
                      const struct mesh_head *head, uint16_t port,
                      uint64_t draw, struct mesh_arena *arena,
                      struct mesh_route *out, struct mesh__why *why)
{
    *out = (struct mesh_route){ .outcome = MESH__ROUTE_OK };
    if (!find_path(snapshot, head, arena, out, why) ||
        !find_host(snapshot, head, port, out, why))
        return;
    if (!out->host)
        let_through(snapshot, out, why);
    else if (!find_rule(head, out, why))
        return;
    out->timeout_ns = out->rule->timeout_ns;
    out->arm = mesh__split_pick(out->rule, draw);
    out->destination = out->arm ? out->arm->destination : NULL;
    if (!out->destination)
        out->outcome = MESH__ROUTE_NO_DESTINATION;
    if (why)
        explain_arm(out, why);
}
