/*
 * common.c - what several kinds have inside them.
 */
#include "base/text.h"
#include "schema/table.h"

const struct mesh_message mesh__empty_message = { .name = "empty" };

/* metadata, as far as any kind reads it; the rest is Kubernetes' own. */
static const struct mesh_field metadata_fields[] = {
    { MESH__ROW("name", STRING, ENFORCED), .required = true,
      MESH__PUT(struct mesh_resource, name), .check = mesh__check_dns_name },
    { MESH__ROW("namespace", STRING, ENFORCED),
      MESH__PUT(struct mesh_resource, namespace_),
      .check = mesh__check_dns_label },
    { MESH__ROW("labels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_resource, labels), .check = mesh__check_labels },
    { MESH__ROW("annotations", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT(struct mesh_resource, annotations) },
    { MESH__ROW("creationTimestamp", TIME, ENFORCED),
      MESH__PUT(struct mesh_resource, created_s) },
    { MESH__ROW("generateName", STRING, ENFORCED) },
    { MESH__ROW("selfLink", STRING, ENFORCED) },
    { MESH__ROW("uid", STRING, ENFORCED) },
    { MESH__ROW("resourceVersion", STRING, ENFORCED) },
    { MESH__ROW("generation", INT64, ENFORCED) },
    { MESH__ROW("deletionTimestamp", TIME, ENFORCED) },
    { MESH__ROW("deletionGracePeriodSeconds", INT64, ENFORCED) },
    { MESH__ROW("ownerReferences", ANY, ENFORCED) },
    { MESH__ROW("finalizers", STRING, ENFORCED), .shape = MESH__LIST },
    { MESH__ROW("managedFields", ANY, ENFORCED) },
};

const struct mesh_message mesh__metadata_message = {
    .name = "metadata",
    MESH__FIELDS(metadata_fields),
};

static void check_selector(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *labels = mesh__get(node, "matchLabels");

    (void)into;
    if (!labels || labels->count == 0)
        mesh__report(reader, spot, node->mark, MESH__WARNING,
                     MESH__CODE_WARNING, NULL,
                     "a selector without labels selects everything");
    if (labels)
        mesh__check_whole_labels(reader, spot, labels);
}

static void check_target_ref(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node, void *into)
{
    static const struct {
        const char *group;
        const char *kind;
    } known[] = { { "", "Service" },
                  { "networking.istio.io", "ServiceEntry" },
                  { "gateway.networking.k8s.io", "Gateway" },
                  { "gateway.networking.k8s.io", "GatewayClass" } };
    struct mesh_slice group = mesh__get_text(node, "group");
    struct mesh_slice kind = mesh__get_text(node, "kind");
    struct mesh_text text;
    char why[256];

    (void)into;
    if (mesh__slice_is(group, "core"))
        group = MESH__SLICE("");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (mesh__slice_is(group, known[i].group) &&
            mesh__slice_is(kind, known[i].kind))
            return;
    if (kind.len == 0)
        return;
    mesh__text_init(&text, why, sizeof(why));
    mesh__text_format(&text,
                      "wanted a Service, ServiceEntry, Gateway or GatewayClass "
                      "of its own group, found \"%.60s\" of \"%.60s\"",
                      kind.at, group.at);
    mesh__reject_pair(reader, spot, node, "kind", "group", why);
}

static const struct mesh_field selector_fields[] = {
    { MESH__ROW("matchLabels", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT_INTO_SAME, .max_items = 4096, .max_len = 63,
      .bounds =
          "max entries 4096; label keys without *; label keys not empty; "
          "element max length 63; label values without *; ANDed equality" },
};

const struct mesh_message mesh__selector_message = {
    .name = "selector",
    MESH__FIELDS(selector_fields),
    .check = check_selector,
};

static const struct mesh_field target_ref_fields[] = {
    { MESH__ROW("group", STRING, REFUSED), .max_len = 253,
      .default_value = "core group",
      .bounds = "max length 253; pattern "
                "^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-"
                "9])?)*$; must fit an allowed group/kind pair" },
    { MESH__ROW("kind", STRING, REFUSED), .required = true, .min_len = 1,
      .max_len = 63,
      .bounds = "min length 1; max length 63; pattern "
                "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$; Service, ServiceEntry, "
                "Gateway or GatewayClass" },
    { MESH__ROW("name", STRING, REFUSED), .required = true, .min_len = 1,
      .max_len = 253, .bounds = "min length 1; max length 253" },
    { MESH__ROW("namespace", STRING, REFUSED), .check = mesh__check_empty,
      .default_value = "same namespace", .bounds = "must be empty" },
};

const struct mesh_message mesh__target_ref_message = {
    .name = "target_ref",
    MESH__FIELDS(target_ref_fields),
    .check = check_target_ref,
};

static const struct mesh_field condition_fields[] = {
    { MESH__ROW("lastProbeTime", TIME, NOTED) },
    { MESH__ROW("lastTransitionTime", TIME, NOTED) },
    { MESH__ROW("message", STRING, NOTED) },
    { MESH__ROW("observedGeneration", INT_OR_STRING, NOTED) },
    { MESH__ROW("reason", STRING, NOTED) },
    { MESH__ROW("status", STRING, NOTED) },
    { MESH__ROW("type", STRING, NOTED) },
};

static const struct mesh_message condition_message = {
    .name = "condition",
    MESH__FIELDS(condition_fields),
};

static const struct mesh_field validation_type_fields[] = {
    { MESH__ROW("code", STRING, NOTED) },
    { MESH__ROW("name", STRING, NOTED) },
};

static const struct mesh_message validation_type_message = {
    .name = "validation_type",
    MESH__FIELDS(validation_type_fields),
};

static const struct mesh_value level_values[] = {
    MESH__VALUE("UNKNOWN"),
    MESH__VALUE("ERROR"),
    MESH__VALUE("WARNING"),
    MESH__VALUE("INFO"),
    { 0 },
};

static const struct mesh_field validation_message_fields[] = {
    { MESH__ROW("documentationUrl", STRING, NOTED) },
    { MESH__ROW("level", ENUM, NOTED), .values = level_values },
    { MESH__ROW("type", MESSAGE, NOTED), .message = &validation_type_message },
};

static const struct mesh_message validation_message_message = {
    .name = "validation_message",
    MESH__FIELDS(validation_message_fields),
};

static const struct mesh_field status_fields[] = {
    { MESH__ROW("conditions", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &condition_message },
    { MESH__ROW("observedGeneration", INT_OR_STRING, NOTED) },
    { MESH__ROW("validationMessages", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &validation_message_message },
};

const struct mesh_message mesh__status_message = {
    .name = "status",
    MESH__FIELDS(status_fields),
    .open = true,
};

static const struct mesh_field port_selector_fields[] = {
    { MESH__ROW("number", UINT32, ENFORCED), MESH__PUT_INTO_SAME,
      MESH__RANGE(1, 65535), .bounds = "1-65535" },
};

const struct mesh_message mesh__port_selector_message = {
    .name = "port_selector",
    MESH__FIELDS(port_selector_fields),
};

static const struct mesh_field image_fields[] = {
    { MESH__ROW("imageType", STRING, NOTED), .default_value = "default" },
};

const struct mesh_message mesh__image_message = {
    .name = "image",
    MESH__FIELDS(image_fields),
};

static const struct mesh_field grpc_probe_fields[] = {
    { MESH__ROW("port", UINT32, NOTED), MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
    { MESH__ROW("service", STRING, NOTED), .default_value = "\"\"" },
};

const struct mesh_message mesh__grpc_probe_message = {
    .name = "grpc_probe",
    MESH__FIELDS(grpc_probe_fields),
};

static const struct mesh_field tcp_probe_fields[] = {
    { MESH__ROW("host", STRING, NOTED), .default_value = "workload address" },
    { MESH__ROW("port", UINT32, NOTED), .required = true, MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
};

const struct mesh_message mesh__tcp_probe_message = {
    .name = "tcp_probe",
    MESH__FIELDS(tcp_probe_fields),
};
