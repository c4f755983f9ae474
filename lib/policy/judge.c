/*
 * judge.c - findings that need more than one resource.
 *
 * Looks at all resources from nowhere in particular, where compile looks from
 * one workload: what is said here is true for everybody, or says for whom.
 */
#include "policy/judge.h"

#include "base/error.h"
#include "schema/schema.h"

#include <stdarg.h>
#include <stdio.h>

enum { JUDGE_BYTES = 1024 * 1024 * 1024, LINE_BYTES = 1024 };

void mesh__judge_lost(struct mesh__judge *judge)
{
    judge->diagnostics->rc = MESH_ERR_NOMEM;
}

const char *mesh__judge_path(struct mesh__judge *judge, const char *format, ...)
{
    char line[LINE_BYTES];
    const char *path;
    va_list list;

    va_start(list, format);
    (void)vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    path = mesh__arena_strdup(&judge->arena, line);
    if (!path)
        mesh__judge_lost(judge);
    return path ? path : "";
}

static const char *name_of(struct mesh__judge *judge,
                           const struct mesh_resource *resource)
{
    struct mesh_slice namespace_ = mesh__namespace_of(resource);

    return mesh__judge_path(
        judge, "%s/%.*s/%.*s", mesh__kind_name(resource->kind),
        (int)namespace_.len, namespace_.at, (int)resource->name.len,
        resource->name.len ? resource->name.at : "");
}

static const char *file_of(const struct mesh__judge *judge,
                           const struct mesh_resource *resource)
{
    const struct mesh_collection *all = judge->world.all;

    return resource->file < all->file_count ? all->files[resource->file].name
                                            : "";
}

void mesh__judge_say(struct mesh__judge *judge, enum mesh_severity severity,
                     const char *code, struct mesh__about about,
                     const char *format, ...)
{
    struct mesh_mark mark = about.mark.line ? about.mark : about.resource->mark;
    char line[LINE_BYTES]; /* longer ones are cut */
    struct mesh_finding finding = {
        .severity = severity,
        .file = file_of(judge, about.resource),
        .line = mesh__line_of(about.resource, mark),
        .column = mark.column,
        .code = code,
        .resource = name_of(judge, about.resource),
        .path = about.path,
        .message = line,
        .hint = "",
    };
    va_list list;

    va_start(list, format);
    (void)vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    mesh__diagnostics_add(judge->diagnostics, &finding);
}

static void judge_settings(struct mesh__judge *judge)
{
    const struct mesh_resource *before = NULL;

    for (size_t i = 0; i < judge->world.all->count; i++) {
        const struct mesh_resource *one = &judge->world.all->resources[i];

        if (!mesh__is_settings(one))
            continue;
        if (before)
            mesh__judge_say(judge, MESH__WARNING, MESH__CODE_SEVERAL_CONFIGS,
                            (struct mesh__about){ one, one->mark, "" },
                            "a MeshConfig came before, in %s:%u; the fields "
                            "of this one replace that one's",
                            file_of(judge, before),
                            mesh__line_of(before, before->mark));
        before = one;
    }
}

int mesh__policy_judge(const struct mesh_collection *collection,
                       struct mesh_diagnostics *diagnostics)
{
    struct mesh__judge judge = { .diagnostics = diagnostics };
    int rc;

    mesh__arena_init(&judge.arena, JUDGE_BYTES);
    rc = mesh__world_init(&judge.world, collection);
    if (rc == 0)
        rc = mesh__rules_init(&judge.rules, &judge.arena, &judge.world);
    if (rc == 0) {
        judge_settings(&judge);
        mesh__judge_virtual_services(&judge);
        mesh__judge_destination_rules(&judge);
        mesh__judge_workloads(&judge);
        rc = diagnostics->rc;
    }
    mesh__world_fini(&judge.world);
    mesh__arena_fini(&judge.arena);
    return rc;
}
