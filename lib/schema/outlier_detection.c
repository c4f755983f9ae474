/*
 * outlier_detection.c - when an endpoint of a destination is left alone.
 */
#include "schema/table.h"

static void check_outlier_detection(struct mesh_reader *reader,
                                    const struct mesh_spot *spot,
                                    const struct mesh_yaml_node *node,
                                    void *into)
{
    const struct mesh_yaml_node *split =
        mesh__get(node, "splitExternalLocalOriginErrors");
    const struct mesh_yaml_node *local =
        mesh__get(node, "consecutiveLocalOriginFailures");
    int64_t failures = 0;
    bool apart = false;

    (void)into;
    if (split)
        mesh__yaml_bool(split, &apart);
    if (local && !apart && mesh__yaml_int(local, &failures) && failures > 0)
        mesh__reject(reader, spot, local->mark,
                     "consecutiveLocalOriginFailures needs "
                     "splitExternalLocalOriginErrors: true");
}

static const struct mesh_field outlier_detection_fields[] = {
    { MESH__ROW("baseEjectionTime", DURATION, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, base_ejection_ns),
      MESH__RANGE(1e6, 0), .default_value = "30s (Envoy)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("consecutive5xxErrors", UINT32, ENFORCED), .nullable = true,
      MESH__PUT_HAS(struct mesh_outlier_detection, consecutive_5xx,
                    has_consecutive_5xx),
      .default_value = "5", .bounds = "0 disables" },
    { MESH__ROW("consecutiveErrors", INT32, NOTED),
      .bounds = "deprecated; ignored with a warning",
      .reason = "Istio ignores it too: write consecutive5xxErrors" },
    { MESH__ROW("consecutiveGatewayErrors", UINT32, ENFORCED), .nullable = true,
      MESH__PUT_HAS(struct mesh_outlier_detection, consecutive_gateway,
                    has_consecutive_gateway),
      .default_value = "not enforced", .bounds = "0 disables" },
    { MESH__ROW("consecutiveLocalOriginFailures", UINT32, ENFORCED),
      .nullable = true,
      MESH__PUT_HAS(struct mesh_outlier_detection, consecutive_local_origin,
                    has_consecutive_local_origin),
      .default_value = "5 (Envoy) when split is true",
      .bounds = "needs splitExternalLocalOriginErrors" },
    { MESH__ROW("interval", DURATION, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, interval_ns),
      MESH__RANGE(1e6, 0), .default_value = "10s (Envoy)",
      .bounds = "duration >= 1ms" },
    { MESH__ROW("maxEjectionPercent", INT32, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, max_ejection_percent),
      MESH__RANGE(0, 100), .default_value = "10 (Envoy)",
      .bounds = "0-100; 0 = default" },
    { MESH__ROW("minHealthPercent", INT32, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, min_health_percent),
      MESH__RANGE(0, 100), .default_value = "0", .bounds = "0-100" },
    { MESH__ROW("outlierDetectionHttpErrorCodes", UINT32, NOTED),
      .shape = MESH__LIST, MESH__RANGE(100, 599), .default_value = "5xx range",
      .bounds = "element min 100; element max 599",
      .reason = "5xx counts as an error for now" },
    { MESH__ROW("splitExternalLocalOriginErrors", BOOL, ENFORCED),
      MESH__PUT(struct mesh_outlier_detection, split_local_origin),
      .default_value = "false" },
};

const struct mesh_message mesh__outlier_detection_message = {
    .name = "outlier_detection",
    MESH__FIELDS(outlier_detection_fields),
    .set = MESH__AT(struct mesh_outlier_detection, set),
    .mark = MESH__AT(struct mesh_outlier_detection, mark),
    .check = check_outlier_detection,
};
