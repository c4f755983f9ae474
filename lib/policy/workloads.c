/*
 * workloads.c - WorkloadEntries as instances, and who of them a selector
 * covers.
 *
 * A selector is answered from the rarest of its labels, so that it costs what
 * it covers and not what there is. Declines to know what asks.
 */
#include "policy/world.h"

#include "base/error.h"

#include <stdlib.h>

/* --- one instance --- */

/* spec.labels and metadata.labels together; those of metadata win. */
int mesh__unite_labels(struct mesh_arena *arena, struct mesh_labels *out,
                       const struct mesh_labels *spec,
                       const struct mesh_labels *metadata)
{
    int rc = 0;

    *out = *spec;
    if (metadata->count == 0)
        return 0;
    *out = (struct mesh_labels){ 0 };
    for (size_t i = 0; rc == 0 && i < spec->count; i++)
        rc = mesh__labels_add(out, arena, spec->items[i].key,
                              spec->items[i].value);
    for (size_t i = 0; rc == 0 && i < metadata->count; i++)
        rc = mesh__labels_add(out, arena, metadata->items[i].key,
                              metadata->items[i].value);
    return rc;
}

bool mesh__speaks_mesh_tls(const struct mesh_labels *labels,
                           struct mesh_slice service_account)
{
    const struct mesh_slice *mode =
        mesh__labels_get(labels, MESH__SLICE("security.istio.io/tlsMode"));

    return mode ? mesh__slice_is(*mode, "istio") : service_account.len > 0;
}

/* In a label, where slashes cannot be: "region.zone". */
bool mesh__locality_read(struct mesh_arena *arena,
                         const struct mesh_labels *labels,
                         struct mesh_slice *out)
{
    const struct mesh_slice *label =
        mesh__labels_get(labels, MESH__SLICE("topology.istio.io/locality"));
    char *text;

    if (!label)
        label = mesh__labels_get(labels, MESH__SLICE("istio-locality"));
    if (out->len || !label || label->len == 0)
        return true;
    *out = *label;
    if (memchr(label->at, '/', label->len))
        return true;
    text = mesh__arena_strndup(arena, label->at, label->len);
    if (!text)
        return false;
    for (size_t i = 0; i < label->len; i++)
        if (text[i] == '.')
            text[i] = '/';
    *out = mesh__slice(text, label->len);
    return true;
}

bool mesh__instance_fill(struct mesh__instance *out,
                         const struct mesh_workload_entry *entry,
                         struct mesh_slice name, struct mesh_slice namespace_,
                         struct mesh_mark mark)
{
    if (mesh__slice_starts(entry->address, MESH__SLICE("unix://")))
        return false;
    if (!mesh__address_parse_ip(entry->address, &out->ip))
        out->dns = entry->address;
    out->name = name;
    out->namespace_ = namespace_;
    out->service_account = entry->service_account;
    out->locality = entry->locality;
    out->weight = entry->weight ? entry->weight : 1;
    out->ports = entry->ports;
    out->port_count = entry->port_count;
    out->mark = mark;
    return true;
}

static int add_workload(struct mesh__world *world,
                        const struct mesh_resource *resource)
{
    const struct mesh_workload_entry *entry = resource->spec;
    struct mesh__instance *out =
        &world->workloads.items[world->workloads.count];
    int rc;

    if (!mesh__instance_fill(out, entry, resource->name,
                             mesh__namespace_of(resource), resource->mark))
        return 0;
    rc = mesh__unite_labels(&world->arena, &out->labels, &entry->labels,
                            &resource->labels);
    if (rc < 0)
        return rc;
    if (!mesh__locality_read(&world->arena, &out->labels, &out->locality))
        return MESH_ERR_NOMEM;
    out->tls = mesh__speaks_mesh_tls(&out->labels, entry->service_account);
    out->resource = resource;
    world->workloads.count++;
    return 0;
}

/* Those of one namespace in the order of the files. */
static int compare_workloads(const void *a, const void *b)
{
    const struct mesh__instance *left = a;
    const struct mesh__instance *right = b;
    int order = mesh__text_compare(left->namespace_, right->namespace_);

    if (order)
        return order;
    return mesh__position_compare(left->resource, right->resource);
}

/* --- by label --- */

struct mesh_slice mesh__key_of(struct mesh_arena *arena, struct mesh_slice a,
                               struct mesh_slice b)
{
    size_t len = a.len + 1 + b.len;
    char *text = mesh__arena_alloc(arena, len);

    if (!text)
        return mesh__slice(NULL, 0);
    if (a.len)
        memcpy(text, a.at, a.len);
    if (b.len)
        memcpy(text + a.len + 1, b.at, b.len);
    return mesh__slice(text, len);
}

static struct mesh_slice label_key(struct mesh_arena *arena,
                                   struct mesh_slice namespace_,
                                   const struct mesh_label *label)
{
    struct mesh_slice key = mesh__key_of(arena, namespace_, label->key);

    return key.at ? mesh__key_of(arena, key, label->value) : key;
}

/* Make room for one more: arrays in the arena double and move. */
static bool make_room(struct mesh_arena *arena, struct mesh__behind *list)
{
    const struct mesh__instance **items;

    if (list->count & (list->count - 1)) /* full at powers of two, and at 0 */
        return true;
    items = mesh__arena_array(arena, list->count ? 2 * list->count : 1,
                              sizeof(*items));
    if (!items)
        return false;
    if (list->count)
        memcpy(items, list->items, list->count * sizeof(*items));
    list->items = items;
    return true;
}

static int index_label(struct mesh__world *world,
                       const struct mesh__instance *instance,
                       const struct mesh_label *label)
{
    struct mesh_slice key =
        label_key(&world->arena, instance->namespace_, label);
    struct mesh__behind *list;
    int rc;

    if (!key.at)
        return MESH_ERR_NOMEM;
    list = mesh__map_find(&world->by_label, key);
    if (!list) {
        list = mesh__arena_alloc(&world->arena, sizeof(*list));
        rc = list ? mesh__map_put(&world->by_label, key, list) : MESH_ERR_NOMEM;
        if (rc < 0)
            return rc;
    }
    if (!make_room(&world->arena, list))
        return MESH_ERR_NOMEM;
    list->items[list->count++] = instance;
    return 0;
}

static int index_labels(struct mesh__world *world)
{
    const struct mesh__instances *all = &world->workloads;
    int rc = 0;

    for (size_t i = 0; i < all->count; i++)
        for (size_t j = 0; rc == 0 && j < all->items[i].labels.count; j++)
            rc = index_label(world, &all->items[i],
                             &all->items[i].labels.items[j]);
    return rc;
}

int mesh__world_list_workloads(struct mesh__world *world)
{
    const struct mesh__list *entries = &world->kinds[MESH__KIND_WORKLOAD_ENTRY];
    struct mesh__instances *workloads = &world->workloads;

    workloads->items = mesh__arena_array(&world->arena, entries->count,
                                         sizeof(*workloads->items));
    if (!workloads->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < entries->count; i++) {
        int rc = add_workload(world, entries->items[i]);

        if (rc < 0)
            return rc;
    }
    if (workloads->count > 1)
        qsort(workloads->items, workloads->count, sizeof(*workloads->items),
              compare_workloads);
    return index_labels(world);
}

/* --- asking --- */

const struct mesh__instance *mesh__world_workloads(
    const struct mesh__world *world, struct mesh_slice namespace_,
    size_t *count)
{
    const struct mesh__instances *all = &world->workloads;
    size_t low = 0;
    size_t high = all->count;
    size_t end;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (mesh__text_compare(all->items[middle].namespace_, namespace_) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < all->count; end++)
        if (!mesh__slice_equal(all->items[end].namespace_, namespace_))
            break;
    *count = end - low;
    return all->items + low;
}

/* An empty selector covers them all. */
static int select_all(struct mesh__world *world, struct mesh_slice namespace_,
                      struct mesh__behind *out)
{
    size_t count;
    const struct mesh__instance *all =
        mesh__world_workloads(world, namespace_, &count);

    out->items = mesh__arena_array(&world->arena, count, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        out->items[out->count++] = &all[i];
    return 0;
}

/* The fewest that have one of the labels; none: nobody is covered. */
static int find_rarest(struct mesh__world *world, struct mesh_slice namespace_,
                       const struct mesh_labels *selector,
                       const struct mesh__behind **out)
{
    *out = NULL;
    for (size_t i = 0; i < selector->count; i++) {
        struct mesh_slice key =
            label_key(&world->arena, namespace_, &selector->items[i]);
        const struct mesh__behind *list;

        if (!key.at)
            return MESH_ERR_NOMEM;
        list = mesh__map_find(&world->by_label, key);
        if (!list) {
            *out = NULL;
            return 0;
        }
        if (!*out || list->count < (*out)->count)
            *out = list;
    }
    return 0;
}

int mesh__world_select(struct mesh__world *world, struct mesh_slice namespace_,
                       const struct mesh_labels *selector,
                       struct mesh__behind *out)
{
    const struct mesh__behind *from;
    int rc;

    *out = (struct mesh__behind){ 0 };
    if (selector->count == 0)
        return select_all(world, namespace_, out);
    rc = find_rarest(world, namespace_, selector, &from);
    if (rc < 0 || !from)
        return rc;
    out->items =
        mesh__arena_array(&world->arena, from->count, sizeof(*out->items));
    if (!out->items)
        return MESH_ERR_NOMEM;
    for (size_t i = 0; i < from->count; i++)
        if (mesh__labels_cover(&from->items[i]->labels, selector))
            out->items[out->count++] = from->items[i];
    return 0;
}
