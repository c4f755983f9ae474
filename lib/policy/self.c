/*
 * self.c - which workload is compiled for: its trust domains, its
 * WorkloadEntry, its labels; and a refusal where a selector would have to be
 * guessed.
 */
#include "policy/compile.h"

#include "base/error.h"

static struct mesh_slice first_of(struct mesh_slice a, struct mesh_slice b,
                                  struct mesh_slice c)
{
    if (a.len)
        return a;
    return b.len ? b : c;
}

/* --- trust domains --- */

static bool listed(const char *const *list, size_t count,
                   struct mesh_slice text)
{
    for (size_t i = 0; i < count; i++)
        if (mesh__slice_is(text, list[i]))
            return true;
    return false;
}

static int list_trust_domains(struct mesh_snapshot *snapshot,
                              struct mesh_slice own,
                              const struct mesh_texts *aliases)
{
    const char **list =
        mesh__arena_array(&snapshot->arena, aliases->count + 1, sizeof(*list));
    size_t count = 0;

    if (!list || !mesh__copy(&snapshot->arena, own, &list[count++]))
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < aliases->count; i++)
        if (!listed(list, count, aliases->items[i]) &&
            !mesh__copy(&snapshot->arena, aliases->items[i], &list[count++]))
            return MESH_ERR_NOMEM;
    snapshot->trust_domain = list[0];
    snapshot->trust_domains = list;
    snapshot->trust_domain_count = count;
    return 0;
}

/* The policy's trust domain, else the workload's own, else cluster.local. */
static int compile_trust(struct mesh__compiler *compiler)
{
    const struct mesh__settings *settings = &compiler->world.settings;
    struct mesh_snapshot *snapshot = compiler->snapshot;
    struct mesh_slice mine = compiler->whoami->trust_domain;
    struct mesh_slice own =
        first_of(settings->trust_domain, mine, MESH__SLICE(MESH__DOMAIN));
    int rc = list_trust_domains(snapshot, own,
                                &settings->config.trust_domain_aliases);

    if (rc < 0)
        return rc;
    if (mine.len &&
        !listed(snapshot->trust_domains, snapshot->trust_domain_count, mine))
        return mesh__fail(
            MESH_ERR_IDENTITY_MISMATCH,
            "the policy's trust domain is %s, the workload's is %.*s",
            snapshot->trust_domain, (int)mine.len, mine.at);
    return mesh__copy(&snapshot->arena, mine.len ? mine : own,
                      &snapshot->self.trust_domain)
               ? 0
               : MESH_ERR_NOMEM;
}

/* --- its WorkloadEntry --- */

static bool is_me(const struct mesh__instance *instance,
                  const struct mesh_address *address,
                  struct mesh_slice service_account)
{
    return mesh__address_equal(&instance->ip, address) &&
           (service_account.len == 0 ||
            mesh__slice_equal(instance->service_account, service_account));
}

/* Several are fine as long as they have the same labels. */
static const struct mesh__instance *find_me(
    const struct mesh__compiler *compiler, bool *ambiguous)
{
    const struct mesh__instance *found = NULL;
    struct mesh_address address;
    size_t count;
    const struct mesh__instance *all = mesh__world_workloads(
        &compiler->world, compiler->asker.namespace_, &count);

    *ambiguous = false;
    if (!mesh__address_parse_ip(compiler->whoami->address, &address))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (!is_me(&all[i], &address, compiler->whoami->service_account))
            continue;
        if (found && !mesh__labels_equal(&found->labels, &all[i].labels))
            *ambiguous = true;
        if (!found)
            found = &all[i];
    }
    return found;
}

/* --- selectors --- */

static bool selector_in_scope(const struct mesh__compiler *compiler,
                              const struct mesh_resource *resource)
{
    struct mesh_slice owner = mesh__namespace_of(resource);
    const struct mesh__asker *asker = &compiler->asker;
    bool own = mesh__slice_equal(owner, asker->namespace_);
    bool root = mesh__slice_equal(owner, asker->root_namespace);
    const struct mesh_authorization_policy *authz = resource->spec;
    const struct mesh_peer_authentication *peer = resource->spec;
    const struct mesh_destination_rule *rule = resource->spec;
    const struct mesh_sidecar *sidecar = resource->spec;

    switch ((int)resource->kind) {
    case MESH__KIND_AUTHORIZATION_POLICY:
        return (own || root) && authz->selector.count > 0;
    case MESH__KIND_PEER_AUTHENTICATION:
        return own && !root && peer->selector.count > 0;
    case MESH__KIND_DESTINATION_RULE:
        return own && rule->selector.count > 0;
    case MESH__KIND_SIDECAR:
        return own && sidecar->selector.count > 0;
    default:
        return false;
    }
}

/* sourceLabels count only in entries that list no gateways. */
static bool source_labels_in_scope(const struct mesh__compiler *compiler,
                                   const struct mesh_resource *resource)
{
    const struct mesh_virtual_service *spec = resource->spec;

    if (!mesh__visible(mesh__virtual_export(&compiler->world, spec),
                       mesh__namespace_of(resource),
                       compiler->asker.namespace_))
        return false;
    for (size_t i = 0; i < spec->http_count; i++)
        for (size_t j = 0; j < spec->http[i].match_count; j++)
            if (spec->http[i].match[j].source_labels.count &&
                spec->http[i].match[j].gateways.count == 0)
                return true;
    return false;
}

static const struct mesh_resource *find_selector(
    const struct mesh__compiler *compiler)
{
    for (size_t kind = 0; kind < MESH__KIND_COUNT; kind++) {
        const struct mesh__list *list = &compiler->world.kinds[kind];

        for (size_t i = 0; i < list->count; i++)
            if (kind == MESH__KIND_VIRTUAL_SERVICE
                    ? source_labels_in_scope(compiler, list->items[i])
                    : selector_in_scope(compiler, list->items[i]))
                return list->items[i];
    }
    return NULL;
}

static int check_selectors(const struct mesh__compiler *compiler,
                           bool ambiguous)
{
    const struct mesh_resource *resource = find_selector(compiler);
    char where[256];

    if (compiler->snapshot->self.labels_known || !resource)
        return 0;
    mesh__mark_print(compiler->snapshot, resource->mark, where, sizeof(where));
    return mesh__fail(MESH_ERR_POLICY,
                      "%s selects by labels, and this workload's are %s", where,
                      ambiguous ? "not clear: WorkloadEntries with its address "
                                  "and service account differ"
                                : "not known: set them, or the address of "
                                  "its WorkloadEntry");
}

/* --- the whole --- */

static bool fill_self(struct mesh__compiler *compiler)
{
    const struct mesh__instance *me = compiler->me;
    const struct mesh_whoami *whoami = compiler->whoami;
    struct mesh_self *self = &compiler->snapshot->self;
    struct mesh_arena *arena = &compiler->snapshot->arena;
    struct mesh_slice none = { 0 };
    struct mesh_slice account = first_of(whoami->service_account,
                                         me ? me->service_account : none, none);

    return mesh__copy(arena, compiler->asker.namespace_, &self->namespace_) &&
           mesh__copy(arena, account, &self->service_account) &&
           mesh__copy(arena, me ? me->name : account, &self->name) &&
           mesh__copy(arena, whoami->address, &self->address) &&
           mesh__copy(
               arena,
               first_of(whoami->locality, me ? me->locality : none, none),
               &self->locality);
}

int mesh__compile_self(struct mesh__compiler *compiler)
{
    const struct mesh_whoami *whoami = compiler->whoami;
    struct mesh_snapshot *snapshot = compiler->snapshot;
    const struct mesh_labels *labels = NULL;
    const struct mesh__instance *me;
    bool ambiguous;
    int rc;

    compiler->asker.namespace_ =
        whoami->namespace_.len ? whoami->namespace_ : MESH__SLICE("default");
    compiler->asker.root_namespace = compiler->world.settings.root_namespace;
    rc = compile_trust(compiler);
    if (rc < 0)
        return rc;
    me = find_me(compiler, &ambiguous);
    compiler->me = ambiguous ? NULL : me;
    if (whoami->labels_set)
        labels = &whoami->labels;
    else if (compiler->me)
        labels = &me->labels;
    if (!fill_self(compiler))
        return MESH_ERR_NOMEM;
    if (labels &&
        !mesh__copy_labels(&snapshot->arena, labels, &snapshot->self.labels))
        return MESH_ERR_NOMEM;
    snapshot->self.labels_known = labels != NULL;
    compiler->asker.labels = labels ? &snapshot->self.labels : NULL;
    return check_selectors(compiler, ambiguous);
}
