/*
 * resources.h - the typed form of every resource that policy/ reads.
 *
 * Filled by the generic decoder (schema.h) from the descriptor tables; what a
 * table marks noted or refused has no place here. Strings are slices into the
 * arena of the document's sheet, NUL-terminated besides. has_ fields tell
 * absent from zero where Istio does. Every mark's place is the resource's own
 * (mesh__collection_at), its line that within the document.
 */
#ifndef MESH_SCHEMA_RESOURCES_H
#define MESH_SCHEMA_RESOURCES_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/map.h"
#include "base/mark.h"
#include "base/slice.h"
#include "value/labels.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mesh_kind {
    MESH__KIND_NONE = 0,
    MESH__KIND_VIRTUAL_SERVICE,
    MESH__KIND_DESTINATION_RULE,
    MESH__KIND_PEER_AUTHENTICATION,
    MESH__KIND_AUTHORIZATION_POLICY,
    MESH__KIND_REQUEST_AUTHENTICATION,
    MESH__KIND_SERVICE_ENTRY,
    MESH__KIND_WORKLOAD_ENTRY,
    MESH__KIND_WORKLOAD_GROUP,
    MESH__KIND_GATEWAY,
    MESH__KIND_SIDECAR,
    MESH__KIND_TELEMETRY,
    MESH__KIND_PROXY_CONFIG,
    MESH__KIND_MESH_CONFIG, /* bare, or inside one of the next two */
    MESH__KIND_ISTIO_OPERATOR,
    MESH__KIND_CONFIG_MAP,
    MESH__KIND_SERVICE, /* Kubernetes core/v1 ... */
    MESH__KIND_ENDPOINTS,
    MESH__KIND_ENDPOINT_SLICE,
    MESH__KIND_NAMESPACE,
    MESH__KIND_COUNT
};

struct mesh_texts {
    struct mesh_slice *items;
    size_t count;
};

/* exact / prefix / regex of networking v1 StringMatch; {} is presence. */
struct mesh_string_match {
    bool set;
    uint8_t which; /* 0 none: {}; 'e' exact, 'p' prefix, 'r' regex */
    struct mesh_slice text;
    struct mesh_mark mark;
};

struct mesh_named_match {
    struct mesh_slice name;
    struct mesh_string_match match;
};

struct mesh_destination_ref {
    struct mesh_slice host;
    struct mesh_slice subset;
    uint32_t port; /* 0: not given */
    struct mesh_mark mark;
};

struct mesh_http_destination {
    struct mesh_destination_ref destination;
    int32_t weight;
    bool has_weight;
    struct mesh_mark mark;
};

struct mesh_http_match {
    struct mesh_mark mark;
    struct mesh_slice name;
    struct mesh_string_match uri, scheme, method, authority;
    struct mesh_named_match *headers;
    size_t header_count;
    struct mesh_named_match *without_headers;
    size_t without_header_count;
    struct mesh_named_match *query_params;
    size_t query_param_count;
    uint32_t port;
    bool ignore_uri_case;
    struct mesh_labels source_labels;
    struct mesh_slice source_namespace;
    struct mesh_texts gateways;
};

struct mesh_http_retry {
    bool set;
    int32_t attempts;
    int64_t per_try_timeout_ns;
    bool has_per_try_timeout;
    struct mesh_slice retry_on;
    bool has_retry_on;
    struct mesh_mark mark;
};

struct mesh_http_route {
    struct mesh_mark mark;
    struct mesh_slice name;
    struct mesh_http_match *match;
    size_t match_count;
    struct mesh_http_destination *route;
    size_t route_count;
    int64_t timeout_ns;
    bool has_timeout;
    struct mesh_http_retry retries;
};

struct mesh_virtual_service {
    struct mesh_texts hosts;
    struct mesh_texts gateways;
    struct mesh_texts export_to;
    struct mesh_http_route *http;
    size_t http_count;
};

struct mesh_connection_pool {
    bool set;
    struct mesh_mark mark;
    int32_t max_connections; /* 0: not given, here and below */
    int64_t connect_timeout_ns;
    int64_t tcp_idle_timeout_ns;
    int64_t max_connection_duration_ns;
    int32_t http1_max_pending_requests;
    int32_t http2_max_requests;
    int32_t max_requests_per_connection;
    int32_t max_retries;
    int64_t http_idle_timeout_ns;
    struct mesh_slice h2_upgrade_policy;
};

struct mesh_outlier_detection {
    bool set;
    struct mesh_mark mark;
    bool has_consecutive_5xx;
    uint32_t consecutive_5xx;
    bool has_consecutive_gateway;
    uint32_t consecutive_gateway;
    bool split_local_origin;
    bool has_consecutive_local_origin;
    uint32_t consecutive_local_origin;
    int64_t interval_ns;
    int64_t base_ejection_ns;
    int32_t max_ejection_percent;
    int32_t min_health_percent;
};

struct mesh_load_balancer {
    bool set;
    struct mesh_mark mark;
    struct mesh_slice simple; /* enum name, "" when absent */
};

struct mesh_client_tls {
    bool set;
    struct mesh_mark mark;
    struct mesh_slice mode;
    struct mesh_slice sni;
    struct mesh_texts subject_alt_names;
    struct mesh_slice ca_certificates;
    struct mesh_slice client_certificate;
    struct mesh_slice private_key;
    bool skip_verify;
};

struct mesh_port_policy;

struct mesh_traffic_policy {
    bool set;
    struct mesh_mark mark;
    struct mesh_load_balancer load_balancer;
    struct mesh_connection_pool connection_pool;
    struct mesh_outlier_detection outlier_detection;
    struct mesh_client_tls tls;
    struct mesh_port_policy *ports;
    size_t port_count;
};

struct mesh_port_policy {
    uint32_t port;
    struct mesh_traffic_policy policy;
};

struct mesh_subset {
    struct mesh_slice name;
    struct mesh_labels labels;
    struct mesh_traffic_policy policy;
    struct mesh_mark mark;
};

struct mesh_destination_rule {
    struct mesh_slice host;
    struct mesh_mark host_mark;
    struct mesh_traffic_policy policy;
    struct mesh_subset *subsets;
    size_t subset_count;
    struct mesh_texts export_to;
    bool has_selector;
    struct mesh_labels selector;
};

struct mesh_port_mtls {
    uint32_t port;
    struct mesh_slice mode;
    struct mesh_mark mark;
};

struct mesh_peer_authentication {
    bool has_selector;
    struct mesh_labels selector;
    bool has_mode;
    struct mesh_slice mode; /* UNSET DISABLE PERMISSIVE STRICT */
    struct mesh_mark mode_mark;
    struct mesh_port_mtls *ports;
    size_t port_count;
};

struct mesh_authz_source {
    struct mesh_mark mark;
    struct mesh_texts principals, not_principals;
    struct mesh_texts request_principals, not_request_principals;
    struct mesh_texts namespaces, not_namespaces;
    struct mesh_texts service_accounts, not_service_accounts;
    struct mesh_texts ip_blocks, not_ip_blocks;
    struct mesh_texts remote_ip_blocks, not_remote_ip_blocks;
};

struct mesh_authz_operation {
    struct mesh_mark mark;
    struct mesh_texts hosts, not_hosts;
    struct mesh_texts ports, not_ports;
    struct mesh_texts methods, not_methods;
    struct mesh_texts paths, not_paths;
};

struct mesh_authz_when {
    struct mesh_mark mark;
    struct mesh_slice key;
    struct mesh_texts values, not_values;
};

struct mesh_authz_rule_spec {
    struct mesh_mark mark;
    struct mesh_authz_source *from;
    size_t from_count;
    struct mesh_authz_operation *to;
    size_t to_count;
    struct mesh_authz_when *when;
    size_t when_count;
};

struct mesh_authorization_policy {
    bool has_selector;
    struct mesh_labels selector;
    struct mesh_slice action; /* "" is ALLOW */
    struct mesh_authz_rule_spec *rules;
    size_t rule_count;
};

struct mesh_service_port {
    struct mesh_slice name;
    struct mesh_slice protocol;
    struct mesh_slice app_protocol;
    uint32_t port;
    struct mesh_slice target_port; /* number or name, "" when absent */
    struct mesh_mark mark;
};

/* Kubernetes Service. */
struct mesh_service {
    struct mesh_labels selector;
    bool has_selector;
    struct mesh_slice cluster_ip;
    struct mesh_slice type;
    struct mesh_service_port *ports;
    size_t port_count;
};

struct mesh_port_number {
    struct mesh_slice name;
    uint32_t number;
};

struct mesh_workload_entry {
    struct mesh_slice address;
    struct mesh_port_number *ports;
    size_t port_count;
    struct mesh_labels labels;
    struct mesh_slice locality;
    uint32_t weight;
    struct mesh_slice service_account;
    struct mesh_mark mark;
};

struct mesh_service_entry {
    struct mesh_texts hosts;
    struct mesh_texts addresses;
    struct mesh_service_port *ports; /* app_protocol holds .protocol */
    size_t port_count;
    struct mesh_slice location;
    struct mesh_slice resolution;
    struct mesh_workload_entry *endpoints;
    size_t endpoint_count;
    bool has_selector;
    struct mesh_labels selector;
    struct mesh_texts export_to;
    struct mesh_texts subject_alt_names;
};

struct mesh_mesh_config {
    bool has_access_log_file;
    struct mesh_slice access_log_file;
    struct mesh_slice access_log_format;
    struct mesh_slice access_log_encoding;
    bool has_enable_tracing;
    bool enable_tracing;
    bool has_sampling;
    double sampling; /* percent, defaultConfig.tracing.sampling */
    bool has_enable_auto_mtls;
    bool enable_auto_mtls;
    struct mesh_slice trust_domain;
    struct mesh_texts trust_domain_aliases;
    struct mesh_slice root_namespace;
    bool has_outbound_policy;
    struct mesh_slice outbound_policy_mode;
    int64_t connect_timeout_ns;
    int64_t dns_refresh_ns;
    struct mesh_slice path_normalization;
    struct mesh_mark mark;
};

/* An EndpointSlice (v1) as far as a data plane reads it. */
struct mesh_slice_endpoint {
    struct mesh_texts addresses;
    bool ready;
    struct mesh_mark mark;
};
struct mesh_endpoint_slice {
    struct mesh_slice service; /* label kubernetes.io/service-name */
    struct mesh_slice_endpoint *endpoints;
    size_t endpoint_count;
    struct mesh_service_port *ports; /* name, port */
    size_t port_count;
};

struct mesh_sheet; /* what one document became: schema/collection.h */

struct mesh_resource {
    enum mesh_kind kind;
    struct mesh_slice name;
    struct mesh_slice namespace_;
    struct mesh_labels labels;
    struct mesh_labels annotations;
    int64_t created_s;     /* metadata.creationTimestamp; 0 when absent    */
    const char *full_name; /* "VirtualService/production/web"         */
    struct mesh_digest digest; /* of the document that it stands in       */
    bool bad;                  /* has errors or refusals: set aside       */
    bool guards; /* a bad one: without it something might be let through */
    struct mesh_sheet *sheet; /* lives as long as the collection          */
    uint32_t file;
    unsigned above;        /* lines of the file before that document     */
    struct mesh_mark mark; /* place is the resource's own, which it keeps for
                              as long as its document stays the same     */
    void *spec;            /* the structure of its kind above; NULL where
                              only name and labels are read              */
};

struct mesh_file {
    char *name;                /* as the host named it */
    struct mesh_digest digest; /* of its contents      */
    size_t first_sheet;
    size_t sheet_count;
    bool lost; /* not looked into: it is too large */
};

/* A sheet as it lies in a collection. */
struct mesh_sheet_use {
    struct mesh_sheet *sheet; /* counted */
    unsigned above;           /* lines of the file before it */
};

struct mesh_reuse;

/*
 * Typed resources: counted, shared by all that compile from it, immutable once
 * it is filled. Made of sheets, which later collections share as long as
 * their documents stay the same.
 */
struct mesh_collection {
    atomic_int refs;
    struct mesh_arena arena;
    struct mesh_file *files;
    size_t file_count;
    size_t file_capacity;
    struct mesh_sheet_use *sheets; /* file by file */
    size_t sheet_count;
    size_t sheet_capacity;
    struct mesh_resource *resources; /* in the order of the files */
    size_t count;
    size_t capacity;
    struct mesh_map by_name; /* "Kind/namespace/name" to its index */
    /*
     * Those with an error or a refusal: never compiled, and what they say may
     * be half there.
     */
    struct mesh_resource *aside;
    size_t aside_count;
    size_t aside_capacity;
    size_t lost;        /* documents, or files, of which nothing is known */
    uint32_t *by_place; /* indexes, once it is sealed                     */
    size_t by_place_count;
    uint32_t next_place;
    size_t sheets_read;       /* parsed and decoded for this collection */
    struct mesh_reuse *reuse; /* while it is filled; schema/'s own      */
};

struct mesh_collection *mesh__collection_ref(struct mesh_collection *c);
void mesh__collection_unref(struct mesh_collection *c);

/* The resource of this place; NULL when there is none. */
const struct mesh_resource *mesh__collection_at(const struct mesh_collection *c,
                                                uint32_t place);

/* The line of the file that a mark of this resource means. */
static inline unsigned mesh__line_of(const struct mesh_resource *resource,
                                     struct mesh_mark mark)
{
    return mark.line ? resource->above + mark.line : 0;
}

#endif
