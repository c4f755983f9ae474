/*
 * judge_crowd.c - the workloads of these files, found by their labels.
 *
 * A WorkloadEntry is a program with the library; a Pod is in the mesh when a
 * proxy stands beside it, or will. (Istio: analyzers/util/in_mesh.go.)
 */
#include "policy/judge.h"

#include <mesh/base.h>
#include <stdio.h>

struct mesh__link {
    struct mesh__member *member;
    const struct mesh__link *next;
};

/* All with one label, or of one namespace. */
struct group {
    const struct mesh__link *first;
    size_t count;
};

/* --- who is in the mesh --- */

static bool has_proxy(const struct mesh_container *containers, size_t count,
                      bool *found)
{
    for (size_t i = 0; i < count; i++) {
        if (!mesh__slice_is(containers[i].name, "istio-proxy"))
            continue;
        *found = true;
        return containers[i].image.len > 0;
    }
    return false;
}

static bool pod_has_proxy(const struct mesh_pod *pod)
{
    bool found = false;

    return has_proxy(pod->containers, pod->container_count, &found) ||
           (!found &&
            has_proxy(pod->init_containers, pod->init_container_count, &found));
}

static bool label_is(const struct mesh_labels *labels, struct mesh_slice key,
                     const char *value)
{
    const struct mesh_slice *found = mesh__labels_get(labels, key);

    return found && mesh__slice_is(*found, value);
}

static bool pod_in_mesh(const struct mesh__judge *judge,
                        const struct mesh_resource *resource)
{
    const struct mesh_slice inject = MESH__SLICE("sidecar.istio.io/inject");
    const struct mesh_resource *namespace_ =
        mesh__map_find(&judge->namespaces, mesh__namespace_of(resource));

    if (pod_has_proxy(resource->spec))
        return true;
    if (mesh__labels_get(&resource->labels, inject))
        return label_is(&resource->labels, inject, "true");
    if (mesh__labels_get(&resource->annotations, inject))
        return label_is(&resource->annotations, inject, "true");
    return namespace_ && label_is(&namespace_->labels,
                                  MESH__SLICE("istio-injection"), "enabled");
}

/* --- the members --- */

static struct mesh__member *add_member(struct mesh__judge *judge,
                                       const struct mesh_resource *resource)
{
    struct mesh__member *member = &judge->crowd.items[judge->crowd.count++];

    member->name = resource->name;
    member->namespace_ = mesh__namespace_of(resource);
    member->labels = &resource->labels;
    member->gateway =
        mesh__labels_get(&resource->labels,
                         MESH__SLICE("gateway.networking.k8s.io/gateway-name"));
    return member;
}

static void add_pod(struct mesh__judge *judge,
                    const struct mesh_resource *resource)
{
    struct mesh__member *member = add_member(judge, resource);

    member->ambient =
        label_is(&resource->annotations,
                 MESH__SLICE("ambient.istio.io/redirection"), "enabled");
    member->in_mesh = member->ambient || pod_in_mesh(judge, resource);
}

static void add_entry(struct mesh__judge *judge,
                      const struct mesh_resource *resource)
{
    const struct mesh_workload_entry *spec = resource->spec;
    struct mesh__member *member = add_member(judge, resource);
    struct mesh_labels *labels =
        mesh__arena_alloc(&judge->arena, sizeof(*labels));

    member->in_mesh = true;
    if (!labels || mesh__unite_labels(&judge->arena, labels, &spec->labels,
                                      &resource->labels) == MESH_ERR_NOMEM)
        mesh__judge_lost(judge);
    else
        member->labels = labels;
}

/* --- the groups --- */

static void join(struct mesh__judge *judge, struct mesh_slice key,
                 struct mesh__member *member)
{
    struct group *group = mesh__map_find(&judge->crowd.groups, key);
    struct mesh__link *link = mesh__arena_alloc(&judge->arena, sizeof(*link));

    if (!group) {
        group = mesh__arena_alloc(&judge->arena, sizeof(*group));
        if (!group || mesh__map_put(&judge->crowd.groups, key, group) < 0)
            group = NULL;
    }
    if (!group || !link) {
        mesh__judge_lost(judge);
        return;
    }
    link->member = member;
    link->next = group->first;
    group->first = link;
    group->count++;
}

static void join_all(struct mesh__judge *judge, struct mesh__member *member)
{
    struct mesh_slice owner = member->namespace_;

    join(judge, MESH__SLICE("/"), member);
    join(judge, mesh__judge_key(judge, "%.*s/", MESH__SHOW(owner)), member);
    for (size_t i = 0; i < member->labels->count; i++) {
        const struct mesh_label *label = &member->labels->items[i];
        struct mesh_slice key =
            mesh__judge_key(judge, "%.*s/%.*s=%.*s", MESH__SHOW(owner),
                            MESH__SHOW(label->key), MESH__SHOW(label->value));

        join(judge, key, member);
        if (key.len > owner.len) /* the same for all namespaces */
            join(judge, mesh__slice(key.at + owner.len, key.len - owner.len),
                 member);
    }
}

void mesh__judge_list_crowd(struct mesh__judge *judge)
{
    size_t most = judge->kinds[MESH__KIND_POD].count +
                  judge->kinds[MESH__KIND_WORKLOAD_ENTRY].count;

    judge->crowd.items =
        mesh__arena_array(&judge->arena, most, sizeof(*judge->crowd.items));
    if (!judge->crowd.items) {
        mesh__judge_lost(judge);
        return;
    }
    mesh__judge_each(judge, MESH__KIND_POD, add_pod);
    mesh__judge_each(judge, MESH__KIND_WORKLOAD_ENTRY, add_entry);
    /* A group has its newest member first: the oldest joins last. */
    for (size_t i = judge->crowd.count; i-- > 0;)
        join_all(judge, &judge->crowd.items[i]);
}

bool mesh__judge_has_crowd(const struct mesh__judge *judge)
{
    return judge->crowd.count > 0;
}

/* --- walking --- */

static const struct group *find_group(const struct mesh__judge *judge,
                                      struct mesh_slice namespace_,
                                      const struct mesh_label *label)
{
    char text[1024];
    int len = snprintf(text, sizeof(text), "%.*s/%.*s%s%.*s",
                       MESH__SHOW(namespace_), label ? (int)label->key.len : 0,
                       label && label->key.len ? label->key.at : "",
                       label ? "=" : "", label ? (int)label->value.len : 0,
                       label && label->value.len ? label->value.at : "");

    if (len < 0 || (size_t)len >= sizeof(text))
        return NULL; /* no label is that long */
    return mesh__map_find(&judge->crowd.groups, mesh__slice(text, (size_t)len));
}

struct mesh__walk mesh__crowd_walk(const struct mesh__judge *judge,
                                   const struct mesh_labels *selector,
                                   struct mesh_slice namespace_)
{
    const struct group *least = find_group(judge, namespace_, NULL);

    for (size_t i = 0; least && i < selector->count; i++) {
        const struct group *group =
            find_group(judge, namespace_, &selector->items[i]);

        if (!group || group->count < least->count)
            least = group;
    }
    return (struct mesh__walk){ selector, least ? least->first : NULL };
}

struct mesh__member *mesh__crowd_step(struct mesh__walk *walk)
{
    while (walk->at) {
        struct mesh__member *member = walk->at->member;

        walk->at = walk->at->next;
        if (mesh__labels_cover(member->labels, walk->selector))
            return member;
    }
    return NULL;
}
