/*
 * kubernetes.c - the kinds of Kubernetes, as far as a data plane reads them.
 *
 * What only a cluster's own machinery reads is accepted without a word: it
 * says nothing about traffic inside the mesh.
 */
#include "schema/table.h"

#include <mesh/base.h>

#define CLUSTER_ONLY "of the cluster's own machinery"

/* --- Service ----------------------------------------------------------------
 */

static const struct mesh_value port_protocol_values[] = {
    MESH__VALUE("TCP"),
    { "UDP", MESH__FIELD_NOTED, "only TCP is spoken" },
    { "SCTP", MESH__FIELD_NOTED, "only TCP is spoken" },
    { 0 },
};

static const struct mesh_field service_port_fields[] = {
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_service_port, name) },
    { MESH__ROW("port", UINT32, ENFORCED), .required = true,
      MESH__PUT(struct mesh_service_port, port), MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
    { MESH__ROW("targetPort", INT_OR_STRING, ENFORCED),
      MESH__PUT(struct mesh_service_port, target_port),
      .default_value = "port" },
    { MESH__ROW("protocol", ENUM, ENFORCED), .values = port_protocol_values,
      MESH__PUT(struct mesh_service_port, protocol), .default_value = "TCP" },
    { MESH__ROW("appProtocol", STRING, ENFORCED),
      MESH__PUT(struct mesh_service_port, app_protocol) },
    { MESH__ROW("nodePort", UINT32, NOTED), .reason = CLUSTER_ONLY,
      .harmless = "0" },
};

static const struct mesh_message service_port_message = {
    .name = "service_port",
    MESH__FIELDS(service_port_fields),
    .mark = MESH__AT(struct mesh_service_port, mark),
};

static const struct mesh_value service_type_values[] = {
    MESH__VALUE("ClusterIP"),
    MESH__VALUE("NodePort"),
    MESH__VALUE("LoadBalancer"),
    { "ExternalName", MESH__FIELD_REFUSED, "names are not yet resolved" },
    { 0 },
};

#define CLUSTER_ROW(text, kind)                                                \
    MESH__ROW(text, kind, NOTED), .reason = CLUSTER_ONLY

static const struct mesh_field service_fields[] = {
    { MESH__ROW("selector", STRING, ENFORCED), .shape = MESH__MAP,
      MESH__PUT_HAS(struct mesh_service, selector, has_selector),
      .check = mesh__check_labels },
    { MESH__ROW("clusterIP", STRING, ENFORCED),
      MESH__PUT(struct mesh_service, cluster_ip) },
    { MESH__ROW("type", ENUM, ENFORCED), .values = service_type_values,
      MESH__PUT(struct mesh_service, type), .default_value = "ClusterIP" },
    { MESH__ROW("ports", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &service_port_message,
      MESH__PUT_LIST(struct mesh_service, ports, port_count,
                     struct mesh_service_port) },
    { MESH__ROW("clusterIPs", STRING, NOTED), .shape = MESH__LIST,
      .reason = "clusterIP is the one that counts" },
    { MESH__ROW("externalName", STRING, REFUSED),
      .reason = "names are not yet resolved" },
    { CLUSTER_ROW("externalIPs", STRING), .shape = MESH__LIST },
    { CLUSTER_ROW("sessionAffinity", STRING), .harmless = "None" },
    { CLUSTER_ROW("sessionAffinityConfig", ANY) },
    { CLUSTER_ROW("loadBalancerIP", STRING) },
    { CLUSTER_ROW("loadBalancerClass", STRING) },
    { CLUSTER_ROW("loadBalancerSourceRanges", STRING), .shape = MESH__LIST },
    { CLUSTER_ROW("externalTrafficPolicy", STRING), .harmless = "Cluster" },
    { CLUSTER_ROW("internalTrafficPolicy", STRING), .harmless = "Cluster" },
    { MESH__ROW("trafficDistribution", STRING, ENFORCED),
      MESH__PUT(struct mesh_service, traffic_distribution),
      .default_value = "any endpoint",
      .bounds = "PreferClose, PreferSameZone, PreferSameNode" },
    { CLUSTER_ROW("healthCheckNodePort", INT32), .harmless = "0" },
    { CLUSTER_ROW("publishNotReadyAddresses", BOOL), .harmless = "false" },
    { CLUSTER_ROW("ipFamilies", STRING), .shape = MESH__LIST,
      .harmless = "IPv4" },
    { CLUSTER_ROW("ipFamilyPolicy", STRING), .harmless = "SingleStack" },
    { CLUSTER_ROW("allocateLoadBalancerNodePorts", BOOL) },
};

/* Several ports need names to tell them apart. */
static void check_service(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *ports = mesh__get(node, "ports");

    (void)into;
    if (ports && !mesh__few(reader, spot, ports))
        return;
    for (size_t i = 0; ports && ports->items && i < ports->count; i++) {
        struct mesh_slice name = mesh__get_text(ports->items[i], "name");

        if (name.len == 0 && ports->count > 1)
            mesh__reject(reader, spot, ports->items[i]->mark,
                         "several ports must have names");
        for (size_t j = 0; j < i && name.len; j++)
            if (mesh__slice_equal(mesh__get_text(ports->items[j], "name"),
                                  name))
                mesh__reject(reader, spot, ports->items[i]->mark,
                             "a second port \"%.60s\"", name.at);
    }
}

const struct mesh_message mesh__service_message = {
    .name = "service",
    MESH__FIELDS(service_fields),
    .check = check_service,
};

/* --- EndpointSlice
 * ------------------------------------------------------------ */

static const struct mesh_field conditions_fields[] = {
    { MESH__ROW("ready", BOOL, ENFORCED),
      MESH__PUT(struct mesh_slice_endpoint, ready), .default_value = "true" },
    { CLUSTER_ROW("serving", BOOL), .harmless = "true" },
    { CLUSTER_ROW("terminating", BOOL), .harmless = "false" },
};

static const struct mesh_message conditions_message = {
    .name = "conditions",
    MESH__FIELDS(conditions_fields),
};

static const struct mesh_field slice_endpoint_fields[] = {
    { MESH__ROW("addresses", STRING, ENFORCED), .shape = MESH__LIST,
      .required = true, .min_items = 1, .max_items = 100,
      MESH__PUT(struct mesh_slice_endpoint, addresses) },
    { MESH__ROW("conditions", MESSAGE, ENFORCED),
      .message = &conditions_message, MESH__PUT_INTO_SAME },
    { CLUSTER_ROW("hostname", STRING) },
    { CLUSTER_ROW("targetRef", ANY) },
    { CLUSTER_ROW("nodeName", STRING) },
    { CLUSTER_ROW("zone", STRING) },
    { CLUSTER_ROW("hints", ANY) },
    { CLUSTER_ROW("deprecatedTopology", ANY) },
    { CLUSTER_ROW("topology", ANY) },
};

/* Ready unless it says that it is not. */
static void check_slice_endpoint(struct mesh_reader *reader,
                                 const struct mesh_spot *spot,
                                 const struct mesh_yaml_node *node, void *into)
{
    struct mesh_slice_endpoint *endpoint = into;

    (void)reader;
    (void)spot;
    if (endpoint && !mesh__has(mesh__get(node, "conditions"), "ready"))
        endpoint->ready = true;
}

static const struct mesh_message slice_endpoint_message = {
    .name = "slice_endpoint",
    MESH__FIELDS(slice_endpoint_fields),
    .mark = MESH__AT(struct mesh_slice_endpoint, mark),
    .check = check_slice_endpoint,
};

static const struct mesh_field slice_port_fields[] = {
    { MESH__ROW("name", STRING, ENFORCED),
      MESH__PUT(struct mesh_service_port, name) },
    { MESH__ROW("port", UINT32, ENFORCED),
      MESH__PUT(struct mesh_service_port, port), MESH__RANGE(1, 65535),
      .bounds = "1-65535" },
    { MESH__ROW("protocol", ENUM, ENFORCED), .values = port_protocol_values,
      MESH__PUT(struct mesh_service_port, protocol), .default_value = "TCP" },
    { MESH__ROW("appProtocol", STRING, ENFORCED),
      MESH__PUT(struct mesh_service_port, app_protocol) },
};

static const struct mesh_message slice_port_message = {
    .name = "slice_port",
    MESH__FIELDS(slice_port_fields),
    .mark = MESH__AT(struct mesh_service_port, mark),
};

static const struct mesh_value address_type_values[] = {
    MESH__VALUE("IPv4"),
    MESH__VALUE("IPv6"),
    { "FQDN", MESH__FIELD_REFUSED, "names are not yet resolved" },
    { 0 },
};

/* .service comes from the label kubernetes.io/service-name: see load.c. */
static const struct mesh_field endpoint_slice_fields[] = {
    { MESH__ROW("addressType", ENUM, ENFORCED), .values = address_type_values,
      .required = true },
    { MESH__ROW("endpoints", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &slice_endpoint_message, .max_items = 1000,
      MESH__PUT_LIST(struct mesh_endpoint_slice, endpoints, endpoint_count,
                     struct mesh_slice_endpoint) },
    { MESH__ROW("ports", MESSAGE, ENFORCED), .shape = MESH__LIST,
      .message = &slice_port_message, .max_items = 100,
      MESH__PUT_LIST(struct mesh_endpoint_slice, ports, port_count,
                     struct mesh_service_port) },
};

const struct mesh_message mesh__endpoint_slice_message = {
    .name = "endpoint_slice",
    MESH__FIELDS(endpoint_slice_fields),
};

/* --- Endpoints and ConfigMap
 * ----------------------------------------------------- */

static const struct mesh_field endpoints_fields[] = {
    { MESH__ROW("subsets", ANY, NOTED) },
};

const struct mesh_message mesh__endpoints_message = {
    .name = "endpoints",
    MESH__FIELDS(endpoints_fields),
};

/* data.mesh is read by load.c. */
static const struct mesh_field config_map_fields[] = {
    { MESH__ROW("data", STRING, ENFORCED), .shape = MESH__MAP },
    { MESH__ROW("binaryData", BYTES, NOTED), .shape = MESH__MAP,
      .reason = "only data is read" },
    { MESH__ROW("immutable", BOOL, NOTED), .reason = CLUSTER_ONLY },
};

const struct mesh_message mesh__config_map_message = {
    .name = "config_map",
    MESH__FIELDS(config_map_fields),
};
