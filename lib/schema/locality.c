/*
 * locality.c - how load prefers what is near: shares of localities, and where
 * to go when a region fails.
 */
#include "schema/proto.h"

enum { PARTS = 3 };

/* "region/zone/subzone"; absent parts have no text. */
struct place {
    struct mesh_slice parts[PARTS];
    size_t count;
};

static bool read_place(struct mesh_slice text, struct place *out)
{
    size_t start = 0;

    *out = (struct place){ 0 };
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && (text.at[i] != '/' || out->count == PARTS - 1))
            continue;
        out->parts[out->count++] = mesh__slice(text.at + start, i - start);
        if (i == start)
            return false;
        start = i + 1;
    }
    return true;
}

/* Would what stands earlier leave nothing for what stands later? */
static bool covers(const struct place *earlier, const struct place *later)
{
    size_t same = 0;

    while (same < earlier->count && same < later->count &&
           mesh__slice_equal(earlier->parts[same], later->parts[same]))
        same++;
    if (same == earlier->count || same == later->count)
        return true; /* one is inside the other */
    return same == earlier->count - 1 &&
           mesh__slice_is(earlier->parts[same], "*");
}

static bool star_fits(struct mesh_slice text)
{
    const char *star = text.len ? memchr(text.at, '*', text.len) : NULL;

    return !star || star == text.at + text.len - 1;
}

static void check_place(struct mesh_reader *reader,
                        const struct mesh_spot *spot, struct mesh_mark mark,
                        struct mesh_slice text)
{
    struct place place;

    if (!star_fits(text))
        mesh__reject(reader, spot, mark, "a \"*\" stands at the end, once");
    else if (!read_place(text, &place))
        mesh__reject(reader, spot, mark,
                     "wanted region, region/zone or region/zone/subzone, "
                     "found \"%.80s\"",
                     text.len ? text.at : "");
}

static void check_overlap(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_mark marks[2],
                          struct mesh_slice one, struct mesh_slice other)
{
    struct place a;
    struct place b;

    if (!read_place(one, &a) || !read_place(other, &b) || !covers(&a, &b))
        return;
    for (size_t i = 0; i < 2; i++)
        mesh__reject(reader, spot, marks[i], "\"%.80s\" and \"%.80s\" overlap",
                     one.at, other.at);
}

/* --- shares ----------------------------------------------------------------
 */

static void check_sum(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *item,
                      const struct mesh_yaml_node *to)
{
    const struct mesh_yaml_pair *pair = mesh__yaml_find(item, "to");
    double total = 0;

    for (size_t i = 0; to && to->pairs && i < to->count; i++) {
        double share = 0;

        if (mesh__proto_double(to->pairs[i].value, &share))
            total += share;
    }
    if (total == 100)
        return;
    if (!to || to->count == 0)
        mesh__reject(reader, spot, pair ? pair->mark : item->mark,
                     "the shares must add up to 100");
    for (size_t i = 0; to && to->pairs && i < to->count; i++)
        mesh__reject(reader, spot, to->pairs[i].mark,
                     "the shares must add up to 100, not %.15g", total);
}

/* Istio walks the shares in no order: a star beside what it covers has luck. */
static void check_shares(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *item)
{
    const struct mesh_yaml_node *to = mesh__get(item, "to");
    struct mesh_spot field = { .up = spot, .name = "to" };

    if (to && to->kind != MESH__YAML_MAPPING)
        return;
    check_sum(reader, &field, item, to);
    if (!to || !mesh__few(reader, &field, to))
        return;
    for (size_t i = 0; i < to->count; i++) {
        check_place(reader, &field, to->pairs[i].mark, to->pairs[i].key);
        for (size_t j = 0; j < i; j++)
            check_overlap(reader, &field,
                          (const struct mesh_mark[]){ to->pairs[j].mark,
                                                      to->pairs[i].mark },
                          to->pairs[j].key, to->pairs[i].key);
    }
}

static struct mesh_mark from_mark(const struct mesh_yaml_node *item)
{
    const struct mesh_yaml_node *from = mesh__get(item, "from");

    return from ? from->mark : item->mark;
}

/* An empty entry, in a mesh config. */
static bool is_null(const struct mesh_yaml_node *node)
{
    return node->kind == MESH__YAML_SCALAR &&
           mesh__yaml_type(node) == MESH__YAML_NULL;
}

static void check_distribute(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *list)
{
    struct mesh_spot field = { .up = spot, .name = "distribute" };

    if (!list || list->kind != MESH__YAML_SEQUENCE ||
        !mesh__few(reader, &field, list))
        return;
    for (size_t i = 0; i < list->count; i++) {
        struct mesh_spot item = { .up = &field, .index = i };
        const struct mesh_yaml_node *node = list->items[i];

        if (node->kind != MESH__YAML_MAPPING && !is_null(node))
            continue;
        check_shares(reader, &item, node);
        check_place(reader, &item, from_mark(node),
                    mesh__get_text(node, "from"));
        for (size_t j = 0; j < i; j++)
            check_overlap(reader, &item,
                          (const struct mesh_mark[]){ from_mark(list->items[j]),
                                                      from_mark(node) },
                          mesh__get_text(list->items[j], "from"),
                          mesh__get_text(node, "from"));
    }
}

/* --- failover ---------------------------------------------------------------
 */

static bool is_topology(struct mesh_slice text)
{
    static const char *const names[] = { "topology.kubernetes.io/region",
                                         "topology.kubernetes.io/zone",
                                         "topology.istio.io/subzone" };

    for (size_t i = 0; i < 3; i++)
        if (mesh__slice_is(text, names[i]))
            return true;
    return false;
}

void mesh__check_no_topology(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node)
{
    if (is_topology(node->text))
        mesh__reject(reader, spot, node->mark,
                     "%s is what the regions of failover order already",
                     node->text.at);
}

static bool has_items(const struct mesh_yaml_node *node, const char *name)
{
    const struct mesh_yaml_node *list = mesh__get(node, name);

    return list && list->count;
}

static void check_priority(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *list = mesh__get(node, "failoverPriority");
    const struct mesh_yaml_pair *failover = mesh__yaml_find(node, "failover");

    for (size_t i = 0; list && list->items && i < list->count; i++)
        if (list->items[i]->kind == MESH__YAML_SCALAR &&
            is_topology(list->items[i]->text))
            mesh__reject(reader, spot, failover->mark,
                         "failover and the priority %s exclude each other",
                         list->items[i]->text.at);
    mesh__check_items(reader, spot, node, "failoverPriority",
                      mesh__check_no_topology);
}

static void check_locality_lb(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node, void *into)
{
    (void)into;
    if (has_items(node, "distribute") && has_items(node, "failover")) {
        mesh__reject_both(reader, spot, node, "distribute", "failover");
        return;
    }
    check_distribute(reader, spot, mesh__get(node, "distribute"));
    if (has_items(node, "failover") && has_items(node, "failoverPriority"))
        check_priority(reader, spot, node);
}

static void check_region(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    if (node->text.len && strpbrk(node->text.at, "/*"))
        mesh__reject(reader, spot, node->mark,
                     "wanted a region, without \"/\" and \"*\", found "
                     "\"%.80s\"",
                     node->text.at);
}

static void check_failover(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    static const char *const names[] = { "from", "to" };

    (void)into;
    if (!mesh__slice_equal(mesh__get_text(node, "from"),
                           mesh__get_text(node, "to")))
        return;
    if (!mesh__has(node, "from") && !mesh__has(node, "to"))
        mesh__reject(reader, spot, node->mark, "from and to must differ");
    for (size_t i = 0; i < 2; i++) {
        const struct mesh_yaml_node *value = mesh__get(node, names[i]);

        if (value)
            mesh__reject(reader, spot, value->mark, "from and to must differ");
    }
}

static const struct mesh_field distribute_fields[] = {
    { MESH__ROW("from", STRING, ENFORCED),
      MESH__PUT(struct mesh_distribute, from),
      .bounds = "region/zone/subzone, trailing * allowed" },
    { MESH__ROW("to", UINT32, ENFORCED), .shape = MESH__MAP,
      MESH__PUT_MAP(struct mesh_distribute, to, to_count,
                    struct mesh_locality_share, locality, percent),
      MESH__RANGE(1, 100), .bounds = "each 1-100, sum 100" },
};

static const struct mesh_message distribute_message = {
    .name = "distribute",
    MESH__FIELDS(distribute_fields),
};

static const struct mesh_field failover_fields[] = {
    { MESH__ROW("from", STRING, ENFORCED),
      MESH__PUT(struct mesh_failover, from), .check = check_region,
      .bounds = "plain region, no slash or *" },
    { MESH__ROW("to", STRING, ENFORCED), MESH__PUT(struct mesh_failover, to),
      .check = check_region, .bounds = "differs from from" },
};

const struct mesh_message mesh__failover_message = {
    .name = "failover",
    MESH__FIELDS(failover_fields),
    .check = check_failover,
};

static const struct mesh_field locality_lb_fields[] = {
    { MESH__ROW("distribute", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &distribute_message,
      MESH__PUT_LIST(struct mesh_locality_lb, distribute, distribute_count,
                     struct mesh_distribute),
      .bounds = "not with failover" },
    { MESH__ROW("enabled", BOOL, ENFORCED), .nullable = true,
      MESH__PUT_HAS(struct mesh_locality_lb, enabled, has_enabled),
      .default_value = "true when block present" },
    { MESH__ROW("failover", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &mesh__failover_message,
      MESH__PUT_LIST(struct mesh_locality_lb, failover, failover_count,
                     struct mesh_failover),
      .bounds = "needs outlierDetection to take effect" },
    { MESH__ROW("failoverPriority", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_locality_lb, failover_priority),
      .bounds = "needs outlierDetection; key or key=value" },
};

const struct mesh_message mesh__locality_lb_message = {
    .name = "locality_lb",
    MESH__FIELDS(locality_lb_fields),
    .set = MESH__AT(struct mesh_locality_lb, set),
    .mark = MESH__AT(struct mesh_locality_lb, mark),
    .check = check_locality_lb,
};
