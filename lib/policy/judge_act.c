/*
 * judge_act.c - what routes do beside sending: can it be done as it is written?
 *
 * Each route's actions are compiled as a snapshot would, into a scratch. Where
 * that fails, the policy is refused, and the line says why.
 */
#include "policy/act.h"
#include "policy/judge.h"
#include "policy/parts.h"

#include "base/error.h"

enum { ANY_PORT = 80 };

static int try_actions(const struct mesh_http_route *route)
{
    const struct mesh_http_match *match =
        route->match_count ? route->match : NULL;
    struct mesh_regex_keep *keeps = NULL;
    const struct mesh_head_edits *edits;
    struct mesh_actions *actions;
    struct mesh_arena arena;
    int rc;

    mesh__arena_init(&arena, MESH__PART_BYTES);
    rc =
        mesh__actions_compile(&arena, &keeps, route, match, ANY_PORT, &actions);
    for (size_t i = 0; rc == 0 && i < route->route_count; i++)
        rc = mesh__arm_edits_compile(&arena, &route->route[i].headers, &edits);
    mesh__regexes_drop(keeps);
    mesh__arena_fini(&arena);
    return rc;
}

static void judge_virtual(struct mesh__judge *judge,
                          const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;

    for (size_t i = 0; i < spec->http_count; i++) {
        struct mesh__about about = { resource, spec->http[i].mark, "" };
        int rc = try_actions(&spec->http[i]);

        if (rc == MESH_ERR_NOMEM)
            mesh__judge_lost(judge);
        if (rc == 0 || rc == MESH_ERR_NOMEM)
            continue;
        about.path = mesh__judge_path(judge, "spec.http[%zu]", i);
        mesh__judge_say(judge, MESH__REFUSED, MESH__CODE_CANNOT, about, "%s",
                        mesh__error_line());
        mesh__error_clear();
    }
}

void mesh__judge_actions(struct mesh__judge *judge)
{
    mesh__judge_each(judge, MESH__KIND_VIRTUAL_SERVICE, judge_virtual);
}
