/*
 * workloads.c - Pod and Deployment: as much as others' findings ask about.
 *
 * Whose labels a selector covers, and whether a proxy stands beside it. All
 * else is the cluster's, and accepted without a look.
 */
#include "schema/table.h"

static const struct mesh_field variable_fields[] = {
    { MESH__ROW("name", STRING, NOTED), MESH__PUT(struct mesh_variable, name) },
    { MESH__ROW("value", INT_OR_STRING, NOTED),
      MESH__PUT(struct mesh_variable, value) },
};

static const struct mesh_message variable_message = {
    .name = "variable",
    MESH__FIELDS(variable_fields),
    .open = true,
};

static const struct mesh_field container_fields[] = {
    { MESH__ROW("name", STRING, NOTED),
      MESH__PUT(struct mesh_container, name) },
    { MESH__ROW("image", STRING, NOTED),
      MESH__PUT(struct mesh_container, image) },
    { MESH__ROW("env", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &variable_message,
      MESH__PUT_LIST(struct mesh_container, env, env_count,
                     struct mesh_variable) },
};

static const struct mesh_message container_message = {
    .name = "container",
    MESH__FIELDS(container_fields),
    .open = true,
};

/* --- Pod --- */

static const struct mesh_field pod_spec_fields[] = {
    { MESH__ROW("containers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &container_message,
      MESH__PUT_LIST(struct mesh_pod, containers, container_count,
                     struct mesh_container) },
    { MESH__ROW("initContainers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &container_message,
      MESH__PUT_LIST(struct mesh_pod, init_containers, init_container_count,
                     struct mesh_container) },
};

static const struct mesh_message pod_spec_message = {
    .name = "pod_spec",
    MESH__FIELDS(pod_spec_fields),
    .open = true,
};

static const struct mesh_field pod_fields[] = {
    { MESH__ROW("spec", MESSAGE, NOTED), .message = &pod_spec_message,
      MESH__PUT_INTO_SAME },
    { MESH__ROW("status", ANY, NOTED) },
};

const struct mesh_message mesh__pod_message = {
    .name = "pod",
    MESH__FIELDS(pod_fields),
};

/* --- Deployment --- */

static const struct mesh_field template_spec_fields[] = {
    { MESH__ROW("containers", MESSAGE, NOTED), .shape = MESH__LIST,
      .message = &container_message,
      MESH__PUT_LIST(struct mesh_deployment, containers, container_count,
                     struct mesh_container) },
};

static const struct mesh_message template_spec_message = {
    .name = "template_spec",
    MESH__FIELDS(template_spec_fields),
    .open = true,
};

static const struct mesh_field template_fields[] = {
    { MESH__ROW("spec", MESSAGE, NOTED), .message = &template_spec_message,
      MESH__PUT_INTO_SAME },
};

static const struct mesh_message template_message = {
    .name = "template",
    MESH__FIELDS(template_fields),
    .open = true,
};

static const struct mesh_field deployment_spec_fields[] = {
    { MESH__ROW("template", MESSAGE, NOTED), .message = &template_message,
      MESH__PUT_INTO_SAME },
};

static const struct mesh_message deployment_spec_message = {
    .name = "deployment_spec",
    MESH__FIELDS(deployment_spec_fields),
    .open = true,
};

static const struct mesh_field deployment_fields[] = {
    { MESH__ROW("spec", MESSAGE, NOTED), .message = &deployment_spec_message,
      MESH__PUT_INTO_SAME },
    { MESH__ROW("status", ANY, NOTED) },
};

const struct mesh_message mesh__deployment_message = {
    .name = "deployment",
    MESH__FIELDS(deployment_fields),
};
