/*
 * mesh_traffic.c - the mesh-wide defaults of destinations in MeshConfig: two
 * blocks of a DestinationRule's trafficPolicy, in the same words.
 */
#include "schema/table.h"

static const struct mesh_field default_policy_fields[] = {
    { MESH__ROW("connectionPool", MESSAGE, ENFORCED),
      .message = &mesh__connection_pool_message,
      MESH__PUT(struct mesh_traffic_policy, connection_pool),
      .default_value = "unlimited", .bounds = "tcp or http needed" },
    { MESH__ROW("outlierDetection", MESSAGE, ENFORCED),
      .message = &mesh__outlier_detection_message,
      MESH__PUT(struct mesh_traffic_policy, outlier_detection),
      .default_value = "off" },
};

const struct mesh_message mesh__default_policy_message = {
    .name = "default_policy",
    MESH__FIELDS(default_policy_fields),
    .set = MESH__AT(struct mesh_traffic_policy, set),
    .mark = MESH__AT(struct mesh_traffic_policy, mark),
};
