/*
 * judge_selector.c - selectors beside the workloads they are meant for, and
 * beside others of their kind.
 *
 * (Istio: analyzers/authz, sidecar/selector.go, telemetry/selector.go and
 * default_selector.go, k8sgateway/workloadselector.go.)
 */
#include "policy/judge.h"

#include "schema/schema.h"

#include <mesh/base.h>

/* --- what a resource selects by --- */

struct selector {
    const struct mesh_labels *labels; /* NULL: of a kind without */
    bool given;
    struct mesh_mark mark;
    const char *path;
};

static struct selector match_labels(bool given,
                                    const struct mesh_labels *labels,
                                    struct mesh_mark mark)
{
    return (struct selector){ labels, given, mark,
                              "spec.selector.matchLabels" };
}

static struct selector selector_of(const struct mesh_resource *resource)
{
    const void *spec = resource->spec;

    switch (resource->kind) {
    case MESH__KIND_AUTHORIZATION_POLICY: {
        const struct mesh_authorization_policy *one = spec;

        return match_labels(one->has_selector, &one->selector,
                            one->selector_mark);
    }
    case MESH__KIND_PEER_AUTHENTICATION: {
        const struct mesh_peer_authentication *one = spec;

        return match_labels(one->has_selector, &one->selector,
                            one->selector_mark);
    }
    case MESH__KIND_REQUEST_AUTHENTICATION: {
        const struct mesh_request_authentication *one = spec;

        return match_labels(one->has_selector, &one->selector,
                            one->selector_mark);
    }
    case MESH__KIND_TELEMETRY: {
        const struct mesh_telemetry *one = spec;

        return match_labels(one->has_selector, &one->selector,
                            one->selector_mark);
    }
    case MESH__KIND_SIDECAR: {
        const struct mesh_sidecar *one = spec;

        return (struct selector){ &one->selector, one->has_selector,
                                  one->selector_mark,
                                  "spec.workloadSelector.labels" };
    }
    case MESH__KIND_SERVICE: {
        const struct mesh_service *one = spec;

        return (struct selector){ .labels = &one->selector,
                                  .given = one->has_selector,
                                  .path = "spec.selector" };
    }
    default:
        return (struct selector){ .labels = NULL };
    }
}

static struct mesh__about about_selector(const struct mesh_resource *resource,
                                         const struct selector *selector)
{
    return (struct mesh__about){ resource, selector->mark,
                                 selector->given ? selector->path : "spec" };
}

/* Is anybody covered, in the mesh if that is asked? */
static bool covers(const struct mesh__judge *judge,
                   const struct mesh_labels *labels,
                   struct mesh_slice namespace_, bool in_mesh)
{
    struct mesh__walk walk = mesh__crowd_walk(judge, labels, namespace_);
    const struct mesh__member *member;

    while ((member = mesh__crowd_step(&walk)) != NULL)
        if (!in_mesh || member->in_mesh)
            return true;
    return false;
}

static bool in_root(const struct mesh__judge *judge,
                    const struct mesh_resource *resource)
{
    return mesh__slice_equal(mesh__namespace_of(resource),
                             judge->world.settings.root_namespace);
}

/* --- nobody is covered --- */

static void judge_authorization(struct mesh__judge *judge,
                                const struct mesh_resource *resource)
{
    struct selector selector = selector_of(resource);
    struct mesh_slice where = mesh__namespace_of(resource);

    if (in_root(judge, resource)) {
        if (!selector.given)
            return;
        where = MESH__SLICE("");
    }
    if (covers(judge, selector.labels, where, true))
        return;
    mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NO_WORKLOAD,
                    about_selector(resource, &selector),
                    selector.given
                        ? "the selector covers no workload of these files"
                        : "there is no workload in this namespace");
}

static void judge_peers(struct mesh__judge *judge,
                        const struct mesh_resource *resource)
{
    struct selector selector = selector_of(resource);

    if (in_root(judge, resource) && selector.labels->count)
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_IGNORED,
                        about_selector(resource, &selector),
                        "a PeerAuthentication with a selector in the root "
                        "namespace is ignored");
}

/* Kinds whose selectors Istio's analyzers do not follow. */
static void judge_other(struct mesh__judge *judge,
                        const struct mesh_resource *resource)
{
    struct selector selector = selector_of(resource);
    bool everywhere = in_root(judge, resource);

    if (resource->kind == MESH__KIND_PEER_AUTHENTICATION && everywhere)
        return; /* ignored: told of already */
    everywhere &= resource->kind == MESH__KIND_REQUEST_AUTHENTICATION;
    if (selector.labels->count &&
        !covers(judge, selector.labels,
                everywhere ? MESH__SLICE("") : mesh__namespace_of(resource),
                false))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_COVERS_NOBODY,
                        about_selector(resource, &selector),
                        "the selector covers no workload of these files");
}

/* Sidecar and Telemetry: one that covers somebody notes whom. */
static void judge_one(struct mesh__judge *judge,
                      const struct mesh_resource *resource)
{
    struct selector selector = selector_of(resource);

    if (selector.labels->count &&
        !covers(judge, selector.labels, mesh__namespace_of(resource), false))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NOT_FOUND,
                        about_selector(resource, &selector),
                        "selector: it covers no workload of these files");
}

/* --- somebody is covered twice --- */

/* What was said about a resource of the kind under judgement. */
struct told {
    bool ambient;
    bool meets;
};

struct meetings {
    struct mesh__judge *judge;
    const struct mesh__list *all;
    const char *code;
    struct told *told; /* of each */
    size_t *chooser;   /* of each member: who chose it first, from 1 up */
};

static void tell_meets(struct meetings *meetings, size_t index, size_t other,
                       const struct mesh__member *member)
{
    const struct mesh_resource *resource = meetings->all->items[index];
    const struct mesh_resource *rival = meetings->all->items[other];
    struct selector selector = selector_of(resource);

    if (meetings->told[index].meets)
        return;
    meetings->told[index].meets = true;
    mesh__judge_say(meetings->judge, MESH__WARNING, meetings->code,
                    about_selector(resource, &selector),
                    "%s %.*s selects the workload %.*s too",
                    mesh__kind_name(rival->kind), MESH__SHOW(rival->name),
                    MESH__SHOW(member->name));
}

/* A Sidecar where a node's proxy speaks. */
static void tell_ambient(struct mesh__judge *judge,
                         const struct mesh_resource *resource, bool *told,
                         const char *who)
{
    struct selector selector = selector_of(resource);

    if (*told)
        return;
    *told = true;
    mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NO_SIDECARS,
                    about_selector(resource, &selector),
                    "%s is in ambient mode: there is no sidecar", who);
}

static void meet_member(struct meetings *meetings, size_t index,
                        const struct mesh__member *member)
{
    const struct mesh_resource *resource = meetings->all->items[index];
    size_t *chooser = &meetings->chooser[member - meetings->judge->crowd.items];

    if (resource->kind == MESH__KIND_SIDECAR && member->ambient) {
        tell_ambient(meetings->judge, resource, &meetings->told[index].ambient,
                     "the workload it selects");
        return;
    }
    if (*chooser) {
        tell_meets(meetings, index, *chooser - 1, member);
        tell_meets(meetings, *chooser - 1, index, member);
    } else {
        *chooser = index + 1;
    }
}

static void judge_meetings(struct mesh__judge *judge, enum mesh_kind kind,
                           const char *code)
{
    struct meetings meetings = { judge, &judge->kinds[kind], code, NULL, NULL };

    meetings.told = mesh__arena_array(&judge->arena, meetings.all->count,
                                      sizeof(*meetings.told));
    meetings.chooser = mesh__arena_array(&judge->arena, judge->crowd.count,
                                         sizeof(*meetings.chooser));
    if (!meetings.told || !meetings.chooser) {
        mesh__judge_lost(judge);
        return;
    }
    for (size_t i = 0; i < meetings.all->count; i++) {
        const struct mesh_resource *resource = meetings.all->items[i];
        struct selector selector = selector_of(resource);
        struct mesh__walk walk = mesh__crowd_walk(judge, selector.labels,
                                                  mesh__namespace_of(resource));
        const struct mesh__member *member;

        while (selector.labels->count &&
               (member = mesh__crowd_step(&walk)) != NULL)
            meet_member(&meetings, i, member);
    }
}

/* --- several without selector --- */

static bool is_ambient(const struct mesh__judge *judge,
                       struct mesh_slice namespace_)
{
    const struct mesh_resource *found =
        mesh__map_find(&judge->namespaces, namespace_);
    const struct mesh_labels *labels = found ? &found->labels : NULL;
    const struct mesh_slice *mode;
    const struct mesh_slice *injected;
    const struct mesh_slice *revision;

    if (!labels)
        return false;
    mode = mesh__labels_get(labels, MESH__SLICE("istio.io/dataplane-mode"));
    injected = mesh__labels_get(labels, MESH__SLICE("istio-injection"));
    revision = mesh__labels_get(labels, MESH__SLICE("istio.io/rev"));
    return mode && mesh__slice_is(*mode, "ambient") &&
           !(injected && mesh__slice_is(*injected, "enabled")) &&
           !(revision && revision->len);
}

/* No labels are no selector for a Sidecar; a Telemetry's may be empty. */
static bool is_whole(const struct mesh_resource *resource)
{
    struct selector selector = selector_of(resource);

    return resource->kind == MESH__KIND_SIDECAR ? selector.labels->count == 0
                                                : !selector.given;
}

static void tell_twice(struct mesh__judge *judge, const char *code,
                       const struct mesh_resource *resource,
                       const struct mesh_resource *rival)
{
    struct mesh__about about = { resource, { 0 }, "spec" };

    mesh__judge_say(judge, MESH__WARNING, code, about,
                    "%s %.*s is for the whole of this namespace too",
                    mesh__kind_name(rival->kind), MESH__SHOW(rival->name));
}

static void judge_whole(struct mesh__judge *judge, enum mesh_kind kind,
                        const char *code)
{
    const struct mesh__list *all = &judge->kinds[kind];
    struct mesh_map firsts = { 0 };
    struct mesh_map told = { 0 };

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_resource *one = all->items[i];
        struct mesh_slice where = mesh__namespace_of(one);
        const struct mesh_resource *first = mesh__map_find(&firsts, where);
        bool ambient = false;

        if (!is_whole(one))
            continue;
        if (kind == MESH__KIND_SIDECAR && is_ambient(judge, where)) {
            tell_ambient(judge, one, &ambient, "its namespace");
        } else if (!first) {
            if (mesh__map_put(&firsts, where, (void *)one) < 0)
                mesh__judge_lost(judge);
        } else {
            tell_twice(judge, code, one, first);
            if (!mesh__map_find(&told, where)) {
                tell_twice(judge, code, first, one);
                if (mesh__map_put(&told, where, (void *)one) < 0)
                    mesh__judge_lost(judge);
            }
        }
    }
    mesh__map_fini(&firsts);
    mesh__map_fini(&told);
}

/* --- Kubernetes Gateways --- */

static void judge_gateway_selected(struct mesh__judge *judge,
                                   const struct mesh_resource *resource)
{
    struct selector selector = selector_of(resource);
    struct mesh__walk walk =
        mesh__crowd_walk(judge, selector.labels, mesh__namespace_of(resource));
    const struct mesh__member *member;

    while (selector.given && (member = mesh__crowd_step(&walk)) != NULL) {
        if (!member->gateway)
            continue;
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_GATEWAY_SELECTED,
                        about_selector(resource, &selector),
                        "%.*s is a Kubernetes Gateway's: it is named by "
                        "targetRefs, a selector has no effect on it",
                        MESH__SHOW(member->name));
        return;
    }
}

/* --- the whole --- */

static void judge_crowd(struct mesh__judge *judge)
{
    static const enum mesh_kind others[] = { MESH__KIND_PEER_AUTHENTICATION,
                                             MESH__KIND_REQUEST_AUTHENTICATION,
                                             MESH__KIND_SERVICE };
    static const enum mesh_kind policies[] = {
        MESH__KIND_AUTHORIZATION_POLICY, MESH__KIND_REQUEST_AUTHENTICATION,
        MESH__KIND_TELEMETRY
    };

    mesh__judge_each(judge, MESH__KIND_AUTHORIZATION_POLICY,
                     judge_authorization);
    mesh__judge_each(judge, MESH__KIND_SIDECAR, judge_one);
    mesh__judge_each(judge, MESH__KIND_TELEMETRY, judge_one);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        mesh__judge_each(judge, others[i], judge_other);
    judge_meetings(judge, MESH__KIND_SIDECAR, MESH__CODE_SIDECARS_MEET);
    judge_meetings(judge, MESH__KIND_TELEMETRY, MESH__CODE_TELEMETRIES_MEET);
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
        mesh__judge_each(judge, policies[i], judge_gateway_selected);
}

static void judge_proxy(struct mesh__judge *judge,
                        const struct mesh_resource *resource)
{
    const struct mesh_sidecar *spec = resource->spec;
    struct mesh__about about = { resource, spec->outbound_policy_mark,
                                 "spec.outboundTrafficPolicy.egressProxy" };

    if (spec->judged.egress_proxy)
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_DEPRECATED_USE, about,
                        "Istio takes no notice of this any more");
}

void mesh__judge_selectors(struct mesh__judge *judge)
{
    mesh__judge_each(judge, MESH__KIND_SIDECAR, judge_proxy);
    mesh__judge_each(judge, MESH__KIND_PEER_AUTHENTICATION, judge_peers);
    judge_whole(judge, MESH__KIND_TELEMETRY, MESH__CODE_TELEMETRIES_TWICE);
    if (mesh__judge_has_crowd(judge) || judge->namespaces.count)
        judge_whole(judge, MESH__KIND_SIDECAR, MESH__CODE_SIDECARS_TWICE);
    if (mesh__judge_has_crowd(judge))
        judge_crowd(judge);
}
