/*
 * world.c - resources by kind and age, and the settings of the mesh.
 *
 * Knows how Istio orders and scopes resources; declines to know what any of
 * them does.
 */
#include "policy/world.h"

#include "base/error.h"
#include "value/host.h"

#include <stdlib.h>

enum { DEFAULT_CONNECT_TIMEOUT_S = 10, DEFAULT_DNS_REFRESH_S = 60 };

static const uint64_t second_ns = 1000000000u;

struct mesh_slice mesh__namespace_of(const struct mesh_resource *resource)
{
    return resource->namespace_.len ? resource->namespace_
                                    : MESH__SLICE("default");
}

int mesh__text_compare(struct mesh_slice a, struct mesh_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.at, b.at, len) : 0;

    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

static bool lists(const struct mesh_texts *list, struct mesh_slice text)
{
    for (size_t i = 0; i < list->count; i++)
        if (mesh__slice_equal(list->items[i], text))
            return true;
    return false;
}

bool mesh__texts_equal(const struct mesh_texts *a, const struct mesh_texts *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!lists(b, a->items[i]))
            return false;
    return a->count == b->count;
}

int mesh__position_compare(const struct mesh_resource *a,
                           const struct mesh_resource *b)
{
    unsigned left = mesh__line_of(a, a->mark);
    unsigned right = mesh__line_of(b, b->mark);

    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (left != right)
        return left < right ? -1 : 1;
    return (a->mark.column > b->mark.column) -
           (a->mark.column < b->mark.column);
}

int mesh__age_compare(const struct mesh_resource *a,
                      const struct mesh_resource *b)
{
    int order;

    if (a->created_s != b->created_s)
        return a->created_s < b->created_s ? -1 : 1;
    order = mesh__text_compare(a->name, b->name);
    if (order)
        return order;
    order = mesh__text_compare(mesh__namespace_of(a), mesh__namespace_of(b));
    return order ? order : mesh__position_compare(a, b);
}

bool mesh__visible(const struct mesh_texts *export_to, struct mesh_slice owner,
                   struct mesh_slice client)
{
    for (size_t i = 0; i < export_to->count; i++) {
        struct mesh_slice to = export_to->items[i];

        if (mesh__slice_is(to, "*") || mesh__slice_equal(to, client))
            return true;
        if (mesh__slice_is(to, ".") && mesh__slice_equal(owner, client))
            return true;
    }
    return export_to->count == 0;
}

const struct mesh_texts *mesh__virtual_export(
    const struct mesh__world *world, const struct mesh_virtual_service *spec)
{
    return spec->export_to.count
               ? &spec->export_to
               : &world->settings.config.default_virtual_service_export_to;
}

bool mesh__for_mesh(const struct mesh_texts *gateways)
{
    for (size_t i = 0; i < gateways->count; i++)
        if (mesh__slice_is(gateways->items[i], "mesh"))
            return true;
    return gateways->count == 0;
}

struct mesh_slice mesh__resolve(struct mesh_arena *arena,
                                struct mesh_slice host,
                                struct mesh_slice namespace_)
{
    return mesh__slice_of(
        mesh__host_resolve(arena, host, namespace_, MESH__SLICE(MESH__DOMAIN)));
}

/* --- by kind, oldest first --- */

bool mesh__is_settings(const struct mesh_resource *resource)
{
    return resource->spec && (resource->kind == MESH__KIND_MESH_CONFIG ||
                              resource->kind == MESH__KIND_ISTIO_OPERATOR ||
                              resource->kind == MESH__KIND_CONFIG_MAP);
}

static int compare_age(const void *a, const void *b)
{
    const struct mesh_resource *const *left = a;
    const struct mesh_resource *const *right = b;

    return mesh__age_compare(*left, *right);
}

void mesh__list_sort(struct mesh__list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare_age);
}

static int allot(struct mesh__world *world)
{
    for (size_t i = 0; i < world->all->count; i++)
        if (world->all->resources[i].kind < MESH__KIND_COUNT)
            world->kinds[world->all->resources[i].kind].count++;
    for (size_t i = 0; i < MESH__KIND_COUNT; i++) {
        struct mesh__list *list = &world->kinds[i];

        list->items =
            mesh__arena_array(&world->arena, list->count, sizeof(*list->items));
        list->count = 0;
        if (!list->items)
            return MESH_ERR_NOMEM;
    }
    return 0;
}

/* Of a kind, namespace and name there is one: the schema replaces. */
static void place(struct mesh__world *world)
{
    for (size_t i = 0; i < world->all->count; i++) {
        const struct mesh_resource *resource = &world->all->resources[i];
        struct mesh__list *list;

        if (!resource->spec || resource->kind >= MESH__KIND_COUNT ||
            mesh__is_settings(resource))
            continue;
        list = &world->kinds[resource->kind];
        list->items[list->count++] = resource;
    }
}

int mesh__world_sort(struct mesh__world *world)
{
    int rc = allot(world);

    if (rc < 0)
        return rc;
    place(world);
    for (size_t i = 0; i < MESH__KIND_COUNT; i++)
        mesh__list_sort(&world->kinds[i]);
    return 0;
}

/* --- by a key --- */

/* The list of a key, which is made when it is met first. */
static struct mesh__list *list_of(struct mesh_arena *arena,
                                  struct mesh_map *map, struct mesh_slice key)
{
    struct mesh__list *list = mesh__map_find(map, key);

    if (list)
        return list;
    list = mesh__arena_alloc(arena, sizeof(*list));
    if (!list || mesh__map_put(map, key, list) < 0)
        return NULL;
    return list;
}

int mesh__world_index(
    struct mesh__world *world, struct mesh_map *map,
    const struct mesh__list *list,
    struct mesh_slice (*key)(struct mesh_arena *arena,
                             const struct mesh_resource *resource))
{
    struct mesh_arena *arena = &world->arena;
    struct mesh__list **lists =
        mesh__arena_array(arena, list->count, sizeof(struct mesh__list *));

    if (!lists)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        struct mesh_slice name = key(arena, list->items[i]);

        lists[i] = name.at ? list_of(arena, map, name) : NULL;
        if (!lists[i])
            return MESH_ERR_NOMEM;
        lists[i]->count++;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct mesh__list *to = lists[i];

        if (!to->items) { /* count: how many there will be */
            to->items = mesh__arena_array(arena, to->count,
                                          sizeof(struct mesh_resource *));
            to->count = 0;
        }
        if (!to->items)
            return MESH_ERR_NOMEM;
        to->items[to->count++] = list->items[i];
    }
    return 0;
}

static struct mesh_slice namespace_key(struct mesh_arena *arena,
                                       const struct mesh_resource *resource)
{
    (void)arena;
    return mesh__namespace_of(resource);
}

/* --- settings --- */

static void lay_text(struct mesh_slice *under, struct mesh_slice over)
{
    if (over.len)
        *under = over;
}

static void lay_texts(struct mesh_texts *under, const struct mesh_texts *over)
{
    if (over->count)
        *under = *over;
}

static void lay_log(struct mesh_mesh_config *under,
                    const struct mesh_mesh_config *over)
{
    if (over->has_access_log_file) {
        under->has_access_log_file = true;
        under->access_log_file = over->access_log_file;
    }
    lay_text(&under->access_log_format, over->access_log_format);
    lay_text(&under->access_log_encoding, over->access_log_encoding);
    if (over->has_enable_tracing) {
        under->has_enable_tracing = true;
        under->enable_tracing = over->enable_tracing;
    }
    if (over->has_sampling) {
        under->has_sampling = true;
        under->sampling = over->sampling;
    }
}

/* A later document's top-level fields replace those of an earlier one. */
static void lay(struct mesh_mesh_config *under,
                const struct mesh_mesh_config *over)
{
    lay_log(under, over);
    if (over->has_enable_auto_mtls) {
        under->has_enable_auto_mtls = true;
        under->enable_auto_mtls = over->enable_auto_mtls;
    }
    if (over->has_outbound_policy) {
        under->has_outbound_policy = true;
        under->outbound_policy_mode = over->outbound_policy_mode;
        under->outbound_policy_mark = over->outbound_policy_mark;
    }
    lay_texts(&under->default_service_export_to,
              &over->default_service_export_to);
    lay_texts(&under->default_virtual_service_export_to,
              &over->default_virtual_service_export_to);
    lay_texts(&under->default_destination_rule_export_to,
              &over->default_destination_rule_export_to);
    if (over->default_retry.set)
        under->default_retry = over->default_retry;
    if (over->default_policy.set)
        under->default_policy = over->default_policy;
    if (over->trust_domain_aliases.count)
        under->trust_domain_aliases = over->trust_domain_aliases;
    if (over->connect_timeout_ns)
        under->connect_timeout_ns = over->connect_timeout_ns;
    if (over->keepalive.set)
        under->keepalive = over->keepalive;
    if (over->locality.set)
        under->locality = over->locality;
    if (over->zone_aware.set)
        under->zone_aware = over->zone_aware;
    if (over->dns_refresh_ns)
        under->dns_refresh_ns = over->dns_refresh_ns;
    lay_text(&under->trust_domain, over->trust_domain);
    lay_text(&under->root_namespace, over->root_namespace);
    lay_text(&under->path_normalization, over->path_normalization);
}

static enum mesh_path_mode path_mode_of(struct mesh_slice name)
{
    if (mesh__slice_is(name, "NONE"))
        return MESH__PATH_NONE;
    if (mesh__slice_is(name, "MERGE_SLASHES"))
        return MESH__PATH_MERGE_SLASHES;
    if (mesh__slice_is(name, "DECODE_AND_MERGE_SLASHES"))
        return MESH__PATH_DECODE_AND_MERGE_SLASHES;
    return MESH__PATH_BASE;
}

void mesh__world_settle(struct mesh__world *world)
{
    struct mesh__settings *settings = &world->settings;
    struct mesh_mesh_config *config = &settings->config;

    for (size_t i = 0; i < world->all->count; i++) {
        const struct mesh_resource *resource = &world->all->resources[i];

        if (!mesh__is_settings(resource))
            continue;
        lay(config, resource->spec);
    }
    settings->trust_domain = config->trust_domain;
    settings->root_namespace = config->root_namespace.len
                                   ? config->root_namespace
                                   : MESH__SLICE("istio-system");
    settings->connect_timeout_ns = config->connect_timeout_ns > 0
                                       ? (uint64_t)config->connect_timeout_ns
                                       : DEFAULT_CONNECT_TIMEOUT_S * second_ns;
    settings->dns_refresh_ns = config->dns_refresh_ns > 0
                                   ? (uint64_t)config->dns_refresh_ns
                                   : DEFAULT_DNS_REFRESH_S * second_ns;
    settings->auto_mtls =
        !config->has_enable_auto_mtls || config->enable_auto_mtls;
    /* An object without a mode is the enum's zero. */
    settings->registry_only =
        config->has_outbound_policy &&
        !mesh__slice_is(config->outbound_policy_mode, "ALLOW_ANY");
    settings->outbound_mark = config->outbound_policy_mark;
    settings->path_mode = path_mode_of(config->path_normalization);
}

/* --- the whole --- */

int mesh__world_init(struct mesh__world *world,
                     const struct mesh_collection *collection)
{
    int rc;

    *world = (struct mesh__world){ .all = collection };
    mesh__arena_init(&world->arena, MESH__WORLD_BYTES);
    rc = mesh__world_sort(world);
    if (rc < 0)
        return rc;
    mesh__world_settle(world);
    rc = mesh__world_index(world, &world->peers,
                           &world->kinds[MESH__KIND_PEER_AUTHENTICATION],
                           namespace_key);
    return rc < 0 ? rc : mesh__world_register(world);
}

void mesh__world_fini(struct mesh__world *world)
{
    mesh__map_fini(&world->hosts);
    mesh__map_fini(&world->peers);
    mesh__map_fini(&world->slices);
    mesh__map_fini(&world->by_label);
    mesh__arena_fini(&world->arena);
}
