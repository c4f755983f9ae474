/*
 * judge_workload.c - selectors beside the workloads they are meant for, and
 * workloads that nothing can be sent to.
 */
#include "policy/judge.h"

#include "value/address.h"
#include "value/host.h"

/* --- selectors --- */

static bool covers_somebody(const struct mesh__judge *judge,
                            const struct mesh_labels *selector,
                            struct mesh_slice namespace_, bool everywhere)
{
    const struct mesh__instances *all = &judge->world.workloads;

    for (size_t i = 0; i < all->count; i++)
        if ((everywhere ||
             mesh__slice_equal(all->items[i].namespace_, namespace_)) &&
            mesh__labels_cover(&all->items[i].labels, selector))
            return true;
    return false;
}

static const struct mesh_labels *selector_of(
    const struct mesh_resource *resource, const char **path)
{
    *path = "spec.selector.matchLabels";
    if (resource->kind == MESH__KIND_AUTHORIZATION_POLICY) {
        const struct mesh_authorization_policy *spec = resource->spec;

        return &spec->selector;
    }
    if (resource->kind == MESH__KIND_PEER_AUTHENTICATION) {
        const struct mesh_peer_authentication *spec = resource->spec;

        return &spec->selector;
    }
    if (resource->kind == MESH__KIND_SERVICE) {
        const struct mesh_service *spec = resource->spec;

        *path = "spec.selector";
        return &spec->selector;
    }
    return NULL;
}

static void judge_selector(struct mesh__judge *judge,
                           const struct mesh_resource *resource)
{
    struct mesh_slice namespace_ = mesh__namespace_of(resource);
    bool root =
        mesh__slice_equal(namespace_, judge->world.settings.root_namespace);
    struct mesh__about about = { resource, { 0 }, "" };
    const struct mesh_labels *selector = selector_of(resource, &about.path);

    if (!selector || selector->count == 0)
        return;
    if (root && resource->kind == MESH__KIND_PEER_AUTHENTICATION) {
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_IGNORED, about,
                        "a PeerAuthentication with a selector in the root "
                        "namespace is ignored");
        return;
    }
    if (judge->world.workloads.count &&
        !covers_somebody(judge, selector, namespace_,
                         root &&
                             resource->kind == MESH__KIND_AUTHORIZATION_POLICY))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_NO_WORKLOAD, about,
                        "the selector covers no workload of these files");
}

/* --- addresses --- */

static bool by_name(struct mesh_slice resolution)
{
    return mesh__slice_is(resolution, "DNS") ||
           mesh__slice_is(resolution, "DNS_ROUND_ROBIN");
}

static void judge_address(struct mesh__judge *judge, struct mesh__about about,
                          struct mesh_slice address, bool named)
{
    struct mesh_address ip;

    if (!mesh__address_parse_ip(address, &ip) &&
        !(named && mesh__host_valid(address, false)))
        mesh__judge_say(judge, MESH__WARNING, MESH__CODE_UNUSABLE_ADDRESS,
                        about,
                        "\"%.*s\" is no IP address: nothing is sent there",
                        (int)address.len, address.len ? address.at : "");
}

static void judge_endpoints(struct mesh__judge *judge,
                            const struct mesh_resource *resource)
{
    const struct mesh_service_entry *spec = resource->spec;

    for (size_t i = 0; i < spec->endpoint_count; i++) {
        struct mesh__about about = { resource, spec->endpoints[i].mark, "" };

        about.path = mesh__judge_path(judge, "spec.endpoints[%zu].address", i);
        judge_address(judge, about, spec->endpoints[i].address,
                      by_name(spec->resolution));
    }
}

/* --- the whole --- */

static void judge_kind(struct mesh__judge *judge, enum mesh_kind kind,
                       void (*each)(struct mesh__judge *judge,
                                    const struct mesh_resource *resource))
{
    const struct mesh__list *all = &judge->world.kinds[kind];

    for (size_t i = 0; i < all->count; i++)
        each(judge, all->items[i]);
}

/* Does a ServiceEntry of its namespace resolve the addresses it selects? */
static bool selected_by_name(const struct mesh__judge *judge,
                             const struct mesh_resource *resource)
{
    const struct mesh__list *all =
        &judge->world.kinds[MESH__KIND_SERVICE_ENTRY];

    for (size_t i = 0; i < all->count; i++) {
        const struct mesh_service_entry *spec = all->items[i]->spec;

        if (spec->has_selector && by_name(spec->resolution) &&
            mesh__slice_equal(mesh__namespace_of(all->items[i]),
                              mesh__namespace_of(resource)))
            return true;
    }
    return false;
}

static void judge_entry(struct mesh__judge *judge,
                        const struct mesh_resource *resource)
{
    const struct mesh_workload_entry *spec = resource->spec;
    struct mesh__about about = { resource, spec->mark, "spec.address" };

    judge_address(judge, about, spec->address,
                  selected_by_name(judge, resource));
}

void mesh__judge_workloads(struct mesh__judge *judge)
{
    judge_kind(judge, MESH__KIND_AUTHORIZATION_POLICY, judge_selector);
    judge_kind(judge, MESH__KIND_PEER_AUTHENTICATION, judge_selector);
    judge_kind(judge, MESH__KIND_SERVICE, judge_selector);
    judge_kind(judge, MESH__KIND_WORKLOAD_ENTRY, judge_entry);
    judge_kind(judge, MESH__KIND_SERVICE_ENTRY, judge_endpoints);
}
