/*
 * destination_rule.c - how a destination is reached: DestinationRule.
 */
#include "schema/table.h"

static void check_subset(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *name = mesh__get(node, "name");
    struct mesh_spot field = { .up = spot, .name = "name" };

    (void)into;
    if (name && name->kind == MESH__YAML_SCALAR)
        mesh__check_host_label(reader, &field, name);
}

static void reject_export(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node,
                          const struct mesh_yaml_node *item)
{
    static const char why[] =
        "with a workloadSelector, exportTo may only be \".\"";

    mesh__reject(reader, spot, item->mark, why);
    mesh__reject(reader, spot, mesh__yaml_find(node, "workloadSelector")->mark,
                 why);
}

/* A rule for some workloads of a namespace is for that namespace only. */
static void check_selector_export(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node)
{
    const struct mesh_yaml_node *list = mesh__get(node, "exportTo");

    if (!mesh__has(node, "workloadSelector") || !list ||
        list->kind != MESH__YAML_SEQUENCE)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (!mesh__slice_is(list->items[i]->text, ".") &&
            !mesh__slice_equal(list->items[i]->text, reader->namespace_))
            reject_export(reader, spot, node, list->items[i]);
}

static void check_destination_rule(struct mesh_reader *reader,
                                   const struct mesh_spot *spot,
                                   const struct mesh_yaml_node *node,
                                   void *into)
{
    struct mesh_spot subsets = { .up = spot, .name = "subsets" };

    (void)into;
    mesh__reject_twins(reader, &subsets, mesh__get(node, "subsets"), "name");
    mesh__check_export_to(reader, spot, node, false);
    check_selector_export(reader, spot, node);
}

static const struct mesh_field subset_fields[] = {
    { MESH__ROW("labels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_subset, labels), .check = mesh__check_tags,
      .default_value = "all endpoints", .bounds = "valid labels" },
    { MESH__ROW("name", STRING, ENFORCED), .required = true,
      MESH__PUT(struct mesh_subset, name),
      .bounds = "DNS label, required by validation" },
    { MESH__ROW("trafficPolicy", MESSAGE, ENFORCED),
      .message = &mesh__traffic_policy_message,
      MESH__PUT(struct mesh_subset, policy), .default_value = "none",
      .bounds = "at least one block when present" },
};

static const struct mesh_message subset_message = {
    .name = "subset",
    MESH__FIELDS(subset_fields),
    .mark = MESH__AT(struct mesh_subset, mark),
    .check = check_subset,
};

static const struct mesh_field destination_rule_fields[] = {
    { MESH__ROW("exportTo", STRING, ENFORCED), .shape = MESH__LIST,
      MESH__PUT(struct mesh_destination_rule, export_to),
      .default_value = "MeshConfig.defaultDestinationRuleExportTo ([\"*\"])",
      .bounds = ". or * or namespace; * alone" },
    { MESH__ROW("host", STRING, ENFORCED), .required = true,
      MESH__PUT(struct mesh_destination_rule, host),
      .mark = MESH__AT(struct mesh_destination_rule, host_mark),
      .check = mesh__check_host, .bounds = "FQDN, short name or *.suffix" },
    { MESH__ROW("subsets", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &subset_message,
      MESH__PUT_LIST(struct mesh_destination_rule, subsets, subset_count,
                     struct mesh_subset),
      .bounds = "unique names" },
    { MESH__ROW("trafficPolicy", MESSAGE, ENFORCED),
      .message = &mesh__traffic_policy_message,
      MESH__PUT(struct mesh_destination_rule, policy), .default_value = "none",
      .bounds = "at least one block when present" },
    { MESH__ROW("workloadSelector", MESSAGE, ENFORCED),
      .message = &mesh__selector_message,
      MESH__PUT_HAS(struct mesh_destination_rule, selector, has_selector),
      .default_value = "all clients of visible namespaces",
      .bounds = "exportTo only own namespace" },
};

const struct mesh_message mesh__destination_rule_message = {
    .name = "destination_rule",
    MESH__FIELDS(destination_rule_fields),
    .check = check_destination_rule,
};
