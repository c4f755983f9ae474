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
#include <string.h>

enum { JUDGE_BYTES = 1024 * 1024 * 1024, LINE_BYTES = 1024 };

void mesh__judge_lost(struct mesh__judge *judge)
{
    judge->diagnostics->rc = MESH_ERR_NOMEM;
}

bool mesh__judge_compares(struct mesh__judge *judge)
{
    if (judge->comparisons == 0)
        return false;
    judge->comparisons--;
    return true;
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

struct mesh_slice mesh__judge_key(struct mesh__judge *judge, const char *format,
                                  ...)
{
    char *key = NULL;
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (len >= 0)
        key = mesh__arena_alloc(&judge->arena, (size_t)len + 1);
    if (!key) {
        mesh__judge_lost(judge);
        return MESH__SLICE("");
    }
    va_start(list, format);
    (void)vsnprintf(key, (size_t)len + 1, format, list);
    va_end(list);
    return mesh__slice(key, (size_t)len);
}

struct mesh_mark mesh__mark_of(const struct mesh_texts *texts, size_t index)
{
    return texts->marks && index < texts->count ? texts->marks[index]
                                                : (struct mesh_mark){ 0 };
}

void mesh__judge_each(struct mesh__judge *judge, enum mesh_kind kind,
                      void (*each)(struct mesh__judge *judge,
                                   const struct mesh_resource *resource))
{
    const struct mesh__list *all = &judge->kinds[kind];

    for (size_t i = 0; i < all->count; i++)
        each(judge, all->items[i]);
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

/* --- what is looked at --- */

/* Of the cluster's own: nobody's policy (Istio: pkg/kube/inject). */
static bool is_ignored(struct mesh_slice namespace_)
{
    static const char *const names[] = { "kube-system", "kube-public",
                                         "kube-node-lease",
                                         "local-path-storage" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (mesh__slice_is(namespace_, names[i]))
            return true;
    return false;
}

static void list_one(struct mesh__judge *judge,
                     const struct mesh_resource *resource)
{
    struct mesh__list *list = &judge->kinds[resource->kind];
    bool cluster_wide = resource->kind == MESH__KIND_NAMESPACE;

    if ((resource->spec || cluster_wide) &&
        !is_ignored(cluster_wide ? resource->name
                                 : mesh__namespace_of(resource)))
        list->items[list->count++] = resource;
}

static int list_kinds(struct mesh__judge *judge)
{
    const struct mesh_collection *all = judge->world.all;
    size_t counts[MESH__KIND_COUNT] = { 0 };

    for (size_t i = 0; i < all->count; i++)
        counts[all->resources[i].kind]++;
    for (size_t i = 0; i < all->aside_count; i++)
        counts[all->aside[i].kind]++;
    for (size_t i = 0; i < MESH__KIND_COUNT; i++) {
        struct mesh__list *list = &judge->kinds[i];

        list->items =
            mesh__arena_array(&judge->arena, counts[i], sizeof(*list->items));
        if (!list->items)
            return MESH_ERR_NOMEM;
    }
    for (size_t i = 0; i < all->count; i++)
        list_one(judge, &all->resources[i]);
    for (size_t i = 0; i < all->aside_count; i++)
        list_one(judge, &all->aside[i]);
    for (size_t i = 0; i < MESH__KIND_COUNT; i++)
        mesh__list_sort(&judge->kinds[i]);
    return 0;
}

/* A server's "client/host": "*" and none are all, "." is its own namespace. */
static void list_offer(struct mesh__judge *judge, struct mesh_slice gateway,
                       struct mesh_slice owner, struct mesh_slice host)
{
    const char *slash = host.len ? memchr(host.at, '/', host.len) : NULL;
    struct mesh_slice client = MESH__SLICE("*");

    if (slash) {
        client = mesh__slice(host.at, (size_t)(slash - host.at));
        host = mesh__slice(slash + 1, host.len - client.len - 1);
        if (mesh__slice_is(client, "."))
            client = owner;
    }
    mesh__judge_names_add(judge, &judge->offers,
                          mesh__judge_key(judge, "%.*s to %.*s",
                                          MESH__SHOW(gateway),
                                          MESH__SHOW(client)),
                          host, judge);
}

static void list_gateway(struct mesh__judge *judge,
                         const struct mesh_resource *resource)
{
    const struct mesh_gateway *spec = resource->spec;
    struct mesh_slice owner = mesh__namespace_of(resource);
    struct mesh_slice key = mesh__judge_key(
        judge, "%.*s/%.*s", MESH__SHOW(owner), MESH__SHOW(resource->name));

    for (size_t i = 0; i < spec->server_count; i++)
        for (size_t j = 0; j < spec->servers[i].hosts.count; j++)
            list_offer(judge, key, owner, spec->servers[i].hosts.items[j]);
    if (mesh__map_put(&judge->gateways, key, (void *)resource) < 0)
        mesh__judge_lost(judge);
}

static void list_namespace(struct mesh__judge *judge,
                           const struct mesh_resource *resource)
{
    if (resource->name.len &&
        mesh__map_put(&judge->namespaces, resource->name, (void *)resource) < 0)
        mesh__judge_lost(judge);
}

static int look(struct mesh__judge *judge)
{
    int rc = list_kinds(judge);

    if (rc < 0)
        return rc;
    mesh__judge_each(judge, MESH__KIND_NAMESPACE, list_namespace);
    mesh__judge_each(judge, MESH__KIND_GATEWAY, list_gateway);
    mesh__judge_list_services(judge);
    mesh__judge_list_crowd(judge);
    return judge->diagnostics->rc;
}

static void judge_all(struct mesh__judge *judge)
{
    judge_settings(judge);
    mesh__judge_virtual_services(judge);
    mesh__judge_claims(judge);
    mesh__judge_routes(judge);
    mesh__judge_actions(judge);
    mesh__judge_destination_rules(judge);
    mesh__judge_gateways(judge);
    mesh__judge_services(judge);
    mesh__judge_entries(judge);
    mesh__judge_selectors(judge);
    mesh__judge_telemetry(judge);
    mesh__judge_authorization(judge);
    mesh__judge_tokens(judge);
}

int mesh__policy_judge(const struct mesh_collection *collection,
                       struct mesh_diagnostics *diagnostics)
{
    struct mesh__judge judge = { .diagnostics = diagnostics,
                                 .comparisons = MESH__COMPARISONS };
    int rc;

    mesh__arena_init(&judge.arena, JUDGE_BYTES);
    rc = mesh__world_init(&judge.world, collection);
    if (rc == 0)
        rc = mesh__rules_init(&judge.rules, &judge.arena, &judge.world);
    if (rc == 0)
        rc = look(&judge);
    if (rc == 0) {
        judge_all(&judge);
        rc = diagnostics->rc;
    }
    mesh__map_fini(&judge.crowd.groups);
    mesh__map_fini(&judge.namespaces);
    mesh__map_fini(&judge.gateways);
    mesh__judge_names_fini(&judge.offers);
    mesh__judge_names_fini(&judge.services);
    mesh__world_fini(&judge.world);
    mesh__arena_fini(&judge.arena);
    return rc;
}
