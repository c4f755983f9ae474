/*
 * mtls.c - PeerAuthentication: workload over namespace over mesh, one policy
 * each, the oldest (semantics 6; Istio: model/authentication.go,
 * security/authn/policy_applier.go).
 */
#include "policy/mtls.h"

enum scope { SCOPE_WORKLOAD, SCOPE_NAMESPACE, SCOPE_MESH, SCOPES };

static bool has_selector(const struct mesh_peer_authentication *spec)
{
    return spec->has_selector && spec->selector.count > 0;
}

/* One with a selector in the root namespace is in no scope: it is ignored. */
static bool in_scope(const struct mesh__world *world,
                     const struct mesh_resource *resource, enum scope scope,
                     struct mesh_slice namespace_,
                     const struct mesh_labels *labels)
{
    const struct mesh_peer_authentication *spec = resource->spec;
    struct mesh_slice owner = mesh__namespace_of(resource);
    bool root = mesh__slice_equal(owner, world->settings.root_namespace);

    if (scope == SCOPE_MESH)
        return root && !has_selector(spec);
    if (!mesh__slice_equal(owner, namespace_))
        return false;
    if (scope == SCOPE_NAMESPACE)
        return !has_selector(spec);
    return !root && has_selector(spec) && labels &&
           mesh__labels_cover(labels, &spec->selector);
}

const struct mesh__list *mesh__mtls_policies(const struct mesh__world *world,
                                             struct mesh_slice namespace_)
{
    return mesh__map_find(&world->peers, namespace_);
}

static const struct mesh_resource *oldest(const struct mesh__world *world,
                                          enum scope scope,
                                          struct mesh_slice namespace_,
                                          const struct mesh_labels *labels)
{
    const struct mesh__list *all = mesh__mtls_policies(
        world,
        scope == SCOPE_MESH ? world->settings.root_namespace : namespace_);

    for (size_t i = 0; all && i < all->count; i++)
        if (in_scope(world, all->items[i], scope, namespace_, labels))
            return all->items[i];
    return NULL;
}

/* False for UNSET: somebody above decides. */
static bool read_mode(struct mesh_slice name, enum mesh_mtls_mode *out)
{
    if (mesh__slice_is(name, "STRICT"))
        *out = MESH__MTLS_STRICT;
    else if (mesh__slice_is(name, "PERMISSIVE"))
        *out = MESH__MTLS_PERMISSIVE;
    else if (mesh__slice_is(name, "DISABLE"))
        *out = MESH__MTLS_DISABLE;
    else
        return false;
    return true;
}

static struct mesh_mark known(struct mesh_mark mark, struct mesh_mark otherwise)
{
    return mark.line ? mark : otherwise;
}

/* portLevelMtls counts only beside a selector. */
static bool decides(const struct mesh_resource *resource, enum scope scope,
                    uint16_t port, enum mesh_mtls_mode *mode,
                    struct mesh_mark *mark)
{
    const struct mesh_peer_authentication *spec = resource->spec;

    for (size_t i = 0; scope == SCOPE_WORKLOAD && i < spec->port_count; i++) {
        if (spec->ports[i].port != port ||
            !read_mode(spec->ports[i].mode, mode))
            continue;
        *mark = known(spec->ports[i].mark, resource->mark);
        return true;
    }
    if (!spec->has_mode || !read_mode(spec->mode, mode))
        return false;
    *mark = known(spec->mode_mark, resource->mark);
    return true;
}

enum mesh_mtls_mode mesh__mtls_for(const struct mesh__world *world,
                                   struct mesh_slice namespace_,
                                   const struct mesh_labels *labels,
                                   uint16_t port, struct mesh_mark *mark)
{
    enum mesh_mtls_mode mode;

    *mark = (struct mesh_mark){ 0 };
    for (int scope = 0; scope < SCOPES; scope++) {
        const struct mesh_resource *resource =
            oldest(world, (enum scope)scope, namespace_, labels);

        if (resource && decides(resource, (enum scope)scope, port, &mode, mark))
            return mode;
    }
    return MESH__MTLS_PERMISSIVE;
}

const struct mesh_peer_authentication *mesh__mtls_workload_policy(
    const struct mesh__world *world, struct mesh_slice namespace_,
    const struct mesh_labels *labels)
{
    const struct mesh_resource *resource =
        oldest(world, SCOPE_WORKLOAD, namespace_, labels);

    return resource ? resource->spec : NULL;
}
