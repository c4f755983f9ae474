/*
 * workload_group.c - WorkloadGroup: checked, and noted as a whole.
 */
#include "schema/table.h"

static const struct mesh_field group_metadata_fields[] = {
    { MESH__ROW("annotations", STRING, NOTED), .shape = MESH__MAP,
      .max_items = 256, .default_value = "none", .bounds = "max entries 256" },
    { MESH__ROW("labels", STRING, NOTED), .shape = MESH__MAP, .max_items = 256,
      .default_value = "none", .bounds = "max entries 256" },
};

static const struct mesh_message group_metadata_message = {
    .name = "group_metadata",
    MESH__FIELDS(group_metadata_fields),
};

static const struct mesh_field group_exec_fields[] = {
    { MESH__ROW("command", STRING, NOTED), .shape = MESH__LIST,
      .required = true, .min_len = 1, .bounds = "items not empty" },
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
};

static const struct mesh_field group_http_get_fields[] = {
    { MESH__ROW("host", STRING, NOTED),
      .default_value = "address of the entry" },
    { MESH__ROW("httpHeaders", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &group_header_message, .default_value = "none" },
    { MESH__ROW("path", STRING, NOTED), .default_value = "/" },
    { MESH__ROW("port", UINT32, NOTED), .required = true, MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
    { MESH__ROW("scheme", STRING, NOTED), .default_value = "HTTP",
      .bounds = "empty, HTTP or HTTPS" },
};

static const struct mesh_message group_http_get_message = {
    .name = "group_http_get",
    MESH__FIELDS(group_http_get_fields),
};

static const struct mesh_field probe_fields[] = {
    { MESH__ROW("exec", MESSAGE, NOTED), .message = &group_exec_message,
      .default_value = "none" },
    { MESH__ROW("failureThreshold", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "3", .bounds = ">= 0" },
    { MESH__ROW("grpc", MESSAGE, NOTED), .message = &mesh__grpc_probe_message,
      .default_value = "none" },
    { MESH__ROW("httpGet", MESSAGE, NOTED), .message = &group_http_get_message,
      .default_value = "none" },
    { MESH__ROW("initialDelaySeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "0", .bounds = ">= 0" },
    { MESH__ROW("periodSeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "10", .bounds = ">= 0" },
    { MESH__ROW("successThreshold", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "1", .bounds = ">= 0" },
    { MESH__ROW("tcpSocket", MESSAGE, NOTED),
      .message = &mesh__tcp_probe_message, .default_value = "none" },
    { MESH__ROW("timeoutSeconds", INT32, NOTED), MESH__RANGE(0, 0),
      .default_value = "1", .bounds = ">= 0" },
};

static const struct mesh_message probe_message = {
    .name = "probe",
    MESH__FIELDS(probe_fields),
};

static const struct mesh_field workload_group_fields[] = {
    { MESH__ROW("metadata", MESSAGE, NOTED), .message = &group_metadata_message,
      .default_value = "none" },
    { MESH__ROW("probe", MESSAGE, NOTED), .message = &probe_message,
      .default_value = "none",
      .bounds = "at most one of httpGet, tcpSocket, exec, grpc" },
    { MESH__ROW("template", MESSAGE, NOTED), .required = true,
      .message = &mesh__workload_entry_message,
      .bounds = "as WorkloadEntry spec; address may be missing; no ports with "
                "a unix:// address" },
};

const struct mesh_message mesh__workload_group_message = {
    .name = "workload_group",
    MESH__FIELDS(workload_group_fields),
};
