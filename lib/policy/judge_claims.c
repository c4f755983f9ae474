/*
 * judge_claims.c - one host in several VirtualServices of the mesh.
 *
 * They are not merged: of those that a client sees, the nearest and oldest
 * counts. Istio tells of all that meet (analyzers/virtualservice/
 * conflictingmeshgatewayhosts.go); here the losers hear who won, too.
 */
#include "policy/judge.h"

/* One VirtualService, and what was said about it. */
struct contender {
    const struct mesh_resource *resource;
    bool told;
};

/* --- who claims what --- */

static bool exported_to_all(const struct mesh_texts *export_to)
{
    for (size_t i = 0; i < export_to->count; i++)
        if (mesh__slice_is(export_to->items[i], "*"))
            return true;
    return export_to->count == 0;
}

static void claim(struct mesh__judge *judge, struct mesh__names *names,
                  struct contender *contender, struct mesh_slice scope)
{
    const struct mesh_virtual_service *spec = contender->resource->spec;
    struct mesh_slice owner = mesh__namespace_of(contender->resource);

    for (size_t i = 0; i < spec->hosts.count; i++)
        mesh__judge_names_add(
            judge, names, scope,
            mesh__judge_qualify(judge, spec->hosts.items[i], owner), contender);
}

/* "." and the namespace's own name are one scope. */
static struct mesh_slice scope_at(const struct mesh_texts *export_to,
                                  size_t index, struct mesh_slice owner)
{
    struct mesh_slice scope = export_to->items[index];

    return mesh__slice_is(scope, ".") ? owner : scope;
}

static bool named_before(const struct mesh_texts *export_to, size_t index,
                         struct mesh_slice owner)
{
    struct mesh_slice scope = scope_at(export_to, index, owner);

    for (size_t i = 0; i < index; i++)
        if (mesh__slice_equal(scope, scope_at(export_to, i, owner)))
            return true;
    return false;
}

static void claim_all(struct mesh__judge *judge, struct mesh__names *names,
                      struct contender *contender)
{
    const struct mesh_virtual_service *spec = contender->resource->spec;
    struct mesh_slice owner = mesh__namespace_of(contender->resource);

    if (!mesh__for_mesh(&spec->gateways))
        return;
    if (exported_to_all(&spec->export_to)) {
        claim(judge, names, contender, MESH__SLICE("*"));
        return;
    }
    for (size_t i = 0; i < spec->export_to.count; i++)
        if (!named_before(&spec->export_to, i, owner))
            claim(judge, names, contender,
                  scope_at(&spec->export_to, i, owner));
}

/* --- who meets whom --- */

/* The mark of the host that this claim is about. */
static struct mesh__about about_claim(struct mesh__judge *judge,
                                      const struct mesh_resource *resource,
                                      struct mesh_slice host)
{
    const struct mesh_virtual_service *spec = resource->spec;
    struct mesh_slice owner = mesh__namespace_of(resource);
    size_t i = 0;

    while (i + 1 < spec->hosts.count &&
           !mesh__slice_equal(
               host, mesh__judge_qualify(judge, spec->hosts.items[i], owner)))
        i++;
    return (
        struct mesh__about){ resource, mesh__mark_of(&spec->hosts, i),
                             mesh__judge_path(judge, "spec.hosts[%zu]", i) };
}

static void tell_meeting(struct mesh__judge *judge,
                         const struct mesh__name *name,
                         const struct mesh_resource *rival)
{
    struct contender *contender = name->value;

    if (contender->told)
        return;
    contender->told = true;
    mesh__judge_say(judge, MESH__WARNING, MESH__CODE_SAME_HOST,
                    about_claim(judge, contender->resource, name->host),
                    "%.*s/%.*s defines the host %.*s for the mesh too; they "
                    "are not merged",
                    MESH__SHOW(mesh__namespace_of(rival)),
                    MESH__SHOW(rival->name), MESH__SHOW(name->host));
}

/* As mesh__virtuals_init() chooses for clients to whom both are exported. */
static void tell_loser(struct mesh__judge *judge, const struct mesh__name *name,
                       const struct mesh_resource *winner)
{
    const struct contender *contender = name->value;
    const struct mesh_resource *loser = contender->resource;
    const char *why = winner->created_s != loser->created_s
                          ? "it is older"
                          : "its name comes first, and neither is older";

    mesh__judge_say(judge, MESH__WARNING, MESH__CODE_HOST_TAKEN,
                    about_claim(judge, loser, name->host),
                    "requests for %.*s take the routes of %.*s/%.*s, not "
                    "these: %s",
                    MESH__SHOW(name->host),
                    MESH__SHOW(mesh__namespace_of(winner)),
                    MESH__SHOW(winner->name), why);
}

static const struct mesh_resource *resource_of(const struct mesh__name *name)
{
    const struct contender *contender = name->value;

    return contender->resource;
}

/* All claims of one scope and host. */
static void judge_alike(struct mesh__judge *judge,
                        const struct mesh__name *first)
{
    const struct mesh_resource *winner = resource_of(first);
    const struct mesh_resource *other;

    for (const struct mesh__name *name = first; name; name = name->next)
        if (mesh__age_compare(resource_of(name), winner) < 0)
            winner = resource_of(name);
    other = resource_of(resource_of(first) == winner ? first->next : first);
    for (const struct mesh__name *name = first; name; name = name->next) {
        bool won = resource_of(name) == winner;

        if (!won)
            tell_loser(judge, name, winner);
        tell_meeting(judge, name, won ? other : winner);
    }
}

struct meeting {
    struct mesh__judge *judge;
    const struct mesh__name *first; /* of the narrower scope */
};

static bool meet_public(void *user, const struct mesh__name *name)
{
    struct meeting *meeting = user;

    tell_meeting(meeting->judge, name, resource_of(meeting->first));
    for (const struct mesh__name *own = meeting->first; own; own = own->next)
        tell_meeting(meeting->judge, own, resource_of(name));
    return true;
}

static void judge_claims(struct mesh__judge *judge,
                         const struct mesh__names *names)
{
    const struct mesh_map_entry *entry;
    size_t at = 0;

    while ((entry = mesh__map_next(&names->hosts, &at)) != NULL) {
        const struct mesh__name *first = entry->value;
        struct meeting meeting = { judge, first };

        if (first->next)
            judge_alike(judge, first);
        if (!mesh__slice_is(first->scope, "*"))
            mesh__judge_names_meeting(judge, names, MESH__SLICE("*"),
                                      first->host, meet_public, &meeting);
    }
}

void mesh__judge_claims(struct mesh__judge *judge)
{
    const struct mesh__list *all = &judge->kinds[MESH__KIND_VIRTUAL_SERVICE];
    struct contender *contenders =
        mesh__arena_array(&judge->arena, all->count, sizeof(*contenders));
    struct mesh__names names = { 0 };

    if (!contenders) {
        mesh__judge_lost(judge);
        return;
    }
    for (size_t i = 0; i < all->count; i++) {
        contenders[i].resource = all->items[i];
        claim_all(judge, &names, &contenders[i]);
    }
    judge_claims(judge, &names);
    mesh__judge_names_fini(&names);
}
