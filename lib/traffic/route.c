/*
 * route.c - which rule and which destination.
 *
 * Path, virtual host, rules in order, one arm by weight. A function of
 * snapshot, head and draw: knows neither time nor endpoints.
 */
#include "traffic/route.h"

#include "traffic/entry.h"
#include "traffic/rewrite.h"
#include "value/duration.h"
#include "value/grpc.h"

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

/*
 * What stood in front of a rule and was left out when it was compiled; before
 * SIZE_MAX: VirtualServices as a whole.
 */
static void explain_passed(const struct mesh_virtual_host *host, size_t before,
                           struct mesh__why *why)
{
    for (const struct mesh_passed_over *one = host->passed; one;
         one = one->next)
        if (one->before == before)
            mesh__why_add(why, before == SIZE_MAX ? "host" : "route", one->name,
                          false, one->mark, "%s", one->reason);
}

void mesh__explain_scope(const struct mesh_snapshot *snapshot,
                         struct mesh__why *why)
{
    if (!why)
        return;
    if (snapshot->sidecar.line)
        mesh__why_add(why, "sidecar", "", false, snapshot->sidecar,
                      "nothing that it imports is called so");
    mesh__why_add(why, "outbound",
                  snapshot->registry_only ? "REGISTRY_ONLY" : "ALLOW_ANY",
                  !snapshot->registry_only, snapshot->outbound,
                  snapshot->registry_only ? "hosts that are not known are "
                                            "refused"
                                          : "hosts that are not known are let "
                                            "through");
}

static void explain_host(const struct mesh_snapshot *snapshot,
                         const struct mesh_virtual_host *host,
                         struct mesh_slice authority, uint16_t port,
                         struct mesh__why *why)
{
    if (host) {
        mesh__why_add(why, "host", host->name, true, host->mark,
                      "serves authority %.*s on port %u", (int)authority.len,
                      authority.at, (unsigned)port);
        explain_passed(host, SIZE_MAX, why);
        return;
    }
    mesh__why_add(why, "host", "", false, (struct mesh_mark){ 0 },
                  "no service has authority %.*s on port %u",
                  (int)authority.len, authority.at, (unsigned)port);
    mesh__explain_scope(snapshot, why);
}

static bool find_host(const struct mesh_snapshot *snapshot,
                      const struct mesh_head *head, uint16_t port,
                      struct mesh_route *out, struct mesh__why *why)
{
    out->host = mesh__snapshot_host(snapshot, head->authority, port);
    if (why)
        explain_host(snapshot, out->host, head->authority, port, why);
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
        if (why)
            explain_passed(out->host, i, why);
        result =
            mesh__entry_match(out->rule->entry, &subject, why ? &misfit : NULL);
        if (why)
            explain_rule(out->rule, result, &misfit, why);
    }
    if (result == MESH__MATCH_YES)
        return true;
    if (why && result == MESH__MATCH_NO)
        explain_passed(out->host, out->host->rule_count, why);
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

const struct mesh_arm *mesh__arms_pick(const struct mesh_arm *arms,
                                       size_t count, uint64_t total_weight,
                                       uint64_t draw)
{
    uint64_t point;

    if (count == 1)
        return arms; /* its weight does not matter */
    if (total_weight == 0)
        return NULL;
    point = draw % total_weight;
    for (size_t i = 0; i < count; i++) {
        if (point < arms[i].weight)
            return &arms[i];
        point -= arms[i].weight;
    }
    return NULL; /* out of reach: total_weight is the sum of the weights */
}

const struct mesh_arm *mesh__split_pick(const struct mesh_route_rule *rule,
                                        uint64_t draw)
{
    return mesh__arms_pick(rule->arms, rule->arm_count, rule->total_weight,
                           draw);
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
    if (arm && arm->destination && arm->destination->rule.line)
        mesh__why_add(why, "rule", "", true, arm->destination->rule,
                      "says how the destination is reached");
}

/* --- what the rule does beside --- */

static void explain_target(const struct mesh_route *route,
                           struct mesh__why *why)
{
    if (route->rewritten)
        mesh__why_add(why, "rewrite", "", true, route->rule->mark,
                      "the path becomes %.*s", (int)route->target.len,
                      route->target.at);
    if (route->authority.len)
        mesh__why_add(why, "rewrite", "", true, route->rule->mark,
                      "the host becomes %.*s", (int)route->authority.len,
                      route->authority.at);
}

/* A redirect's own path counts as well; a regex leaves its mark where it fits
 * nowhere, too, as in Envoy. */
static bool find_target(struct mesh_route *out, struct mesh_arena *arena)
{
    const struct mesh_actions *actions = out->rule->actions;
    const struct mesh_rewrite *rewrite =
        actions->redirect ? &actions->redirect->rewrite : &actions->rewrite;

    switch (mesh__rewrite_path(rewrite, out->path, arena, &out->target)) {
    case MESH__REPLACE_NONE:
    case MESH__REPLACE_DONE:
        break;
    case MESH__REPLACE_LIMIT:
        out->outcome = MESH__ROUTE_LIMIT;
        return false;
    case MESH__REPLACE_NOMEM:
        out->outcome = MESH__ROUTE_NOMEM;
        return false;
    }
    out->rewritten = rewrite->kind != MESH__REWRITE_NONE;
    if (!out->rewritten || actions->redirect ||
        (mesh__is_path(out->target) && out->target.at[0] == '/'))
        return true;
    out->outcome = MESH__ROUTE_BAD_TARGET;
    return false;
}

static bool find_actions(struct mesh_route *out, struct mesh_arena *arena,
                         struct mesh__why *why)
{
    const struct mesh_actions *actions = out->rule->actions;
    const struct mesh_head_edits *own = out->arm ? out->arm->edits : NULL;

    if (own)
        out->authority = own->authority;
    if (!actions)
        return true;
    if (actions->edits.authority.len)
        out->authority = actions->edits.authority;
    if (!find_target(out, arena))
        return false;
    if (why)
        explain_target(out, why);
    return true;
}

/* A rule that answers by itself has no destination. */
static bool find_answer(struct mesh_route *out, struct mesh__why *why)
{
    const struct mesh_actions *actions = out->rule->actions;

    if (!actions || (!actions->redirect && !actions->direct))
        return false;
    out->outcome =
        actions->redirect ? MESH__ROUTE_REDIRECT : MESH__ROUTE_DIRECT;
    if (why)
        mesh__why_add(why, "answer", "", true, out->rule->mark, "%s with %u",
                      actions->redirect ? "redirected" : "answered here",
                      actions->redirect ? actions->redirect->status
                                        : actions->direct->status);
    return true;
}

/* A gRPC caller says how long it waits; the rule says at most how long. */
static void find_timeout(const struct mesh_head *head, struct mesh_route *out)
{
    struct mesh_slice value;
    uint64_t ms;

    out->timeout_ns = out->rule->timeout_ns;
    out->grpc = mesh__head_get(head, MESH__H_CONTENT_TYPE, &value) &&
                mesh__grpc_is(value);
    if (!out->grpc || !mesh__head_get(head, MESH__H_GRPC_TIMEOUT, &value) ||
        !mesh__grpc_timeout(value, &ms) || ms == 0)
        return;
    if (out->timeout_ns == 0 || ms * MESH__MS < out->timeout_ns)
        out->timeout_ns = ms * MESH__MS;
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
    out->target = out->path;
    find_timeout(head, out);
    out->arm = mesh__split_pick(out->rule, draw);
    out->destination = out->arm ? out->arm->destination : NULL;
    if (!find_actions(out, arena, why) || find_answer(out, why))
        return;
    if (!out->destination)
        out->outcome = MESH__ROUTE_NO_DESTINATION;
    if (why)
        explain_arm(out, why);
}
