/*
 * proxy_config.c - ProxyConfig: checked, and noted as a whole.
 */
#include "schema/table.h"

static const struct mesh_field proxy_config_fields[] = {
    { MESH__ROW("concurrency", INT32, NOTED), .nullable = true,
      MESH__RANGE(0, 0), .default_value = "unset = from CPU limit or cores",
      .bounds = "min 0" },
    { MESH__ROW("environmentVariables", STRING, NOTED), .shape = MESH__MAP,
      .max_len = 2048, .default_value = "none",
      .bounds = "element max length 2048" },
    { MESH__ROW("image", MESSAGE, NOTED), .message = &mesh__image_message },
    { MESH__ROW("selector", MESSAGE, NOTED), .message = &mesh__selector_message,
      .default_value =
          "every workload of the namespace (whole mesh in root namespace)",
      .bounds = "validation warns when present without labels" },
};

const struct mesh_message mesh__proxy_config_message = {
    .name = "proxy_config",
    MESH__FIELDS(proxy_config_fields),
};
