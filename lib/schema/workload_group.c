/*
 * workload_group.c - WorkloadGroup: checked, and noted as a whole.
 */
#include "schema/table.h"

static void check_scheme(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    if (node->text.len && !mesh__slice_is(node->text, "HTTP") &&
        !mesh__slice_is(node->text, "HTTPS"))
        mesh__reject(reader, spot, node->mark,
                     "wanted HTTP or HTTPS, found \"%.40s\"", node->text.at);
}

static void check_header(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *name = mesh__get(node, "name");
    struct mesh_slice text = mesh__get_text(node, "name");
    bool fits = text.len > 0;

    (void)into;
    for (size_t i = 0; i < text.len; i++) {
        char c = mesh__lower(text.at[i]);

        fits = fits &&
               ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    }
    if (!fits)
        mesh__reject(reader, spot, name ? name->mark : node->mark,
                     "a header's name has letters, digits and \"-\"");
}

static void check_probe(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_pair *grpc = mesh__yaml_find(node, "grpc");

    (void)into;
    if (grpc)
        mesh__reject(reader, spot, grpc->mark,
                     "never made: Istio rejects it too");
    else if (!mesh__has(node, "httpGet") && !mesh__has(node, "tcpSocket") &&
             !mesh__has(node, "exec"))
        mesh__reject(reader, spot, node->mark,
                     "one of httpGet, tcpSocket and exec is required");
}

static const struct mesh_field group_metadata_fields[] = {
    { MESH__ROW("annotations", STRING, NOTED), .shape = MESH__MAP,
      .max_items = 256, .default_value = "none", .bounds = "max entries 256" },
    { MESH__ROW("labels", STRING, NOTED), .shape = MESH__MAP, .max_items = 256,
      .check = mesh__check_tags, .default_value = "none",
      .bounds = "max entries 256" },
};

static const struct mesh_message group_metadata_message = {
    .name = "group_metadata",
    MESH__FIELDS(group_metadata_fields),
};

static const struct mesh_field group_exec_fields[] = {
    { MESH__ROW("command", STRING, NOTED), .shape = MESH__LIST,
      .required = true, .min_items = 1, .min_len = 1,
      .bounds = "items not empty" },
};

static const struct mesh_message group_exec_message = {
    .name = "group_exec",
    MESH__FIELDS(group_exec_fields),
};

static const struct mesh_field group_header_fields[] = {
    { MESH__ROW("name", STRING, NOTED), .bounds = "^[-_A-Za-z0-9]+$" },
    { MESH__ROW("value", STRING, NOTED) },
};

static const struct mesh_message group_header_message = {
    .name = "group_header",
    MESH__FIELDS(group_header_fields),
    .check = check_header,
};

static const struct mesh_field group_http_get_fields[] = {
    { MESH__ROW("host", STRING, NOTED),
      .default_value = "address of the entry" },
    { MESH__ROW("httpHeaders", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &group_header_message, .default_value = "none" },
    { MESH__ROW("path", STRING, NOTED), .default_value = "/" },
    { MESH__ROW("port", UINT32, NOTED), .required = true, MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
    { MESH__ROW("scheme", STRING, NOTED), .check = check_scheme,
      .default_value = "HTTP", .bounds = "empty, HTTP or HTTPS" },
};

static const struct mesh_message group_http_get_message = {
    .name = "group_http_get",
    MESH__FIELDS(group_http_get_fields),
};

static const struct mesh_field probe_fields[] = {
    { MESH__ROW("exec", MESSAGE, NOTED), .oneof = "health_check_method",
      .message = &group_exec_message, .default_value = "none" },
    { MESH__ROW("failureThreshold", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "3", .bounds = ">= 0" },
    { MESH__ROW("grpc", MESSAGE, NOTED), .oneof = "health_check_method",
      .message = &mesh__grpc_probe_message, .default_value = "none" },
    { MESH__ROW("httpGet", MESSAGE, NOTED), .oneof = "health_check_method",
      .message = &group_http_get_message, .default_value = "none" },
    { MESH__ROW("initialDelaySeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "0", .bounds = ">= 0" },
    { MESH__ROW("periodSeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "10", .bounds = ">= 0" },
    { MESH__ROW("successThreshold", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "1", .bounds = ">= 0" },
    { MESH__ROW("tcpSocket", MESSAGE, NOTED), .oneof = "health_check_method",
      .message = &mesh__tcp_probe_message, .default_value = "none" },
    { MESH__ROW("timeoutSeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "1", .bounds = ">= 0" },
};

static const struct mesh_message probe_message = {
    .name = "probe",
    MESH__FIELDS(probe_fields),
    .check = check_probe,
};

static const struct mesh_field template_fields[] = {
    { MESH__ROW("address", STRING, NOTED), .max_len = 256,
      .bounds = "max length 256; unix:// must continue with / or @; unix:// "
                "path must not end with /" },
    { MESH__ROW("labels", STRING, NOTED), .shape = MESH__MAP, .max_items = 256,
      .default_value = "none", .bounds = "max entries 256" },
    { MESH__ROW("locality", STRING, NOTED), .max_len = 2048,
      .default_value = "none",
      .bounds = "max length 2048; region/zone/subzone" },
    { MESH__ROW("network", STRING, NOTED), .max_len = 2048,
      .default_value = "default network", .bounds = "max length 2048" },
    { MESH__ROW("ports", UINT32, NOTED), .shape = MESH__MAP, .max_items = 128,
      MESH__RANGE(1, 65535), .default_value = "service targetPort or number",
      .bounds = "max entries 128; keys: port names, 1-62 alphanumeric or - "
                "characters; values 1-65535" },
    { MESH__ROW("serviceAccount", STRING, NOTED), .max_len = 253,
      .default_value = "none", .bounds = "max length 253" },
    { MESH__ROW("weight", UINT32, NOTED),
      .default_value = "1 (0 counts as 1)" },
};

/* As a WorkloadEntry, but what is not known yet is not asked for. */
static const struct mesh_message template_message = {
    .name = "template",
    MESH__FIELDS(template_fields),
    .check = mesh__check_template,
};

static const struct mesh_field workload_group_fields[] = {
    { MESH__ROW("metadata", MESSAGE, NOTED), .message = &group_metadata_message,
      .default_value = "none" },
    { MESH__ROW("probe", MESSAGE, NOTED), .message = &probe_message,
      .default_value = "none",
      .bounds = "at most one of httpGet, tcpSocket, exec, grpc" },
    { MESH__ROW("template", MESSAGE, NOTED), .required = true,
      .message = &template_message,
      .bounds = "as WorkloadEntry spec; address may be missing; no ports with "
                "a unix:// address" },
};

const struct mesh_message mesh__workload_group_message = {
    .name = "workload_group",
    MESH__FIELDS(workload_group_fields),
};
