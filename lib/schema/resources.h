/*
 * resources.h - the typed form of every resource that policy/ reads.
 *
 * Filled by the generic decoder (schema.h) from the descriptor tables. Strings
 * are slices into the arena of the document's sheet, NUL-terminated besides.
 * has_ fields tell absent from zero where Istio does. Every mark's place is the
 * resource's own (mesh__collection_at), its line that within the document.
 *
 * What a table marks noted or refused has no place here, with one exception:
 * those who judge (policy/judge*.c) look at it too, since a finding about two
 * resources does not ask whether this version enforces them. Such values stand
 * in structures of noted kinds (Gateway, Telemetry, Pod ...), or in a member
 * called judged; whoever compiles reads neither.
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
    MESH__KIND_POD,        /* judged: who is there       */
    MESH__KIND_DEPLOYMENT, /* judged: istiod's settings  */
    MESH__KIND_COUNT
};

struct mesh_texts {
    struct mesh_slice *items;
    size_t count;
    struct mesh_mark *marks; /* of each; NULL: not read from a file */
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

/* Edits of one head; keys of set and add as written, in order. */
struct mesh_edits_spec {
    struct mesh_labels set;
    struct mesh_labels add;
    struct mesh_texts remove;
};

struct mesh_headers_spec {
    bool set;
    struct mesh_mark mark;
    struct mesh_edits_spec request, response;
};

struct mesh_http_destination {
    struct mesh_destination_ref destination;
    struct mesh_headers_spec headers;
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
    int64_t backoff_ns; /* 0: not given */
    bool has_ignore_previous;
    bool ignore_previous;
    bool remote_localities;
    struct mesh_mark mark;
};

struct mesh_regex_rewrite_spec {
    bool set;
    struct mesh_slice match;
    struct mesh_slice rewrite;
};

struct mesh_rewrite_spec {
    bool set;
    struct mesh_mark mark;
    struct mesh_slice uri; /* "": not given, here and below */
    struct mesh_slice authority;
    struct mesh_regex_rewrite_spec regex;
};

struct mesh_redirect_spec {
    bool set;
    struct mesh_mark mark;
    struct mesh_slice uri;
    struct mesh_slice prefix_rewrite;
    struct mesh_slice authority;
    struct mesh_slice scheme;
    struct mesh_slice derive_port;
    uint32_t port;
    uint32_t code; /* 0: not given */
};

struct mesh_direct_spec {
    bool set;
    struct mesh_mark mark;
    uint32_t status;
    struct mesh_slice text;
    struct mesh_slice base64;
};

struct mesh_percent_spec {
    bool set;
    double value;
};

struct mesh_delay_spec {
    bool set;
    int64_t fixed_ns;
    int32_t percent; /* of hundred; only without percentage */
    struct mesh_percent_spec percentage;
};

struct mesh_abort_spec {
    bool set;
    int32_t http_status; /* 0: not given */
    struct mesh_slice grpc_status;
    struct mesh_percent_spec percentage;
};

struct mesh_fault_spec {
    bool set;
    struct mesh_mark mark;
    struct mesh_delay_spec delay;
    struct mesh_abort_spec abort;
};

struct mesh_cors_spec {
    bool set;
    struct mesh_mark mark;
    struct mesh_string_match *origins;
    size_t origin_count;
    bool has_origins;
    struct mesh_texts old_origins; /* allowOrigin */
    struct mesh_texts methods, headers, expose;
    bool has_max_age;
    int64_t max_age_ns;
    bool credentials;
    struct mesh_slice unmatched;
};

struct mesh_mirror_spec {
    struct mesh_destination_ref destination;
    struct mesh_percent_spec percentage;
};

/* Another VirtualService, without hosts, whose routes stand here. */
struct mesh_delegate {
    bool set;
    struct mesh_slice name;
    struct mesh_slice namespace_; /* "": the root's */
    struct mesh_mark mark;
};

struct mesh_http_route {
    struct mesh_mark mark;
    struct mesh_slice name;
    struct mesh_delegate delegate;
    struct mesh_http_match *match;
    size_t match_count;
    struct mesh_http_destination *route;
    size_t route_count;
    int64_t timeout_ns;
    bool has_timeout;
    struct mesh_http_retry retries;
    struct mesh_headers_spec headers;
    struct mesh_rewrite_spec rewrite;
    struct mesh_redirect_spec redirect;
    struct mesh_direct_spec direct;
    struct mesh_fault_spec fault;
    struct mesh_cors_spec cors;
    bool has_mirror;
    struct mesh_destination_ref mirror;
    struct mesh_percent_spec mirror_percentage;
    bool has_mirror_percent;
    uint32_t mirror_percent;
    struct mesh_mirror_spec *mirrors;
    size_t mirror_count;
};

/* One entry of a tcp or tls route's match list; sni_hosts: tls only. */
struct mesh_stream_match {
    struct mesh_mark mark;
    struct mesh_texts sni_hosts;
    struct mesh_texts destination_subnets;
    uint32_t port; /* 0: any */
    struct mesh_labels source_labels;
    struct mesh_slice source_namespace;
    struct mesh_texts gateways;
};

struct mesh_stream_destination {
    struct mesh_destination_ref destination;
    int32_t weight;
    struct mesh_mark mark;
};

/* Of tcp or tls. */
struct mesh_stream_route {
    struct mesh_mark mark;
    struct mesh_stream_match *match;
    size_t match_count;
    struct mesh_stream_destination *route;
    size_t route_count;
};

struct mesh_virtual_service {
    struct mesh_texts hosts;
    struct mesh_texts gateways;
    struct mesh_texts export_to;
    struct mesh_http_route *http;
    size_t http_count;
    struct mesh_stream_route *tcp;
    size_t tcp_count;
    struct mesh_stream_route *tls;
    size_t tls_count;
};

struct mesh_tcp_keepalive {
    bool set;
    int64_t time_ns; /* 0: not given, as below */
    int64_t interval_ns;
    uint32_t probes;
};

/* Of HTTP/2: PING frames. */
struct mesh_http2_keepalive {
    int64_t interval_ns; /* 0: not given, as below */
    int64_t timeout_ns;
};

struct mesh_connection_pool {
    bool set;
    struct mesh_mark mark;
    int32_t max_connections; /* 0: not given, here and below */
    int64_t connect_timeout_ns;
    bool has_tcp_idle_timeout;
    int64_t tcp_idle_timeout_ns;
    int64_t max_connection_duration_ns;
    struct mesh_tcp_keepalive keepalive;
    int32_t http1_max_pending_requests;
    int32_t http2_max_requests;
    int32_t max_requests_per_connection;
    int32_t max_retries;
    int64_t http_idle_timeout_ns;
    struct mesh_slice h2_upgrade_policy;
    bool use_client_protocol;
    int32_t max_concurrent_streams;
    struct mesh_http2_keepalive http2_keepalive;
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

struct mesh_cookie_attribute {
    struct mesh_slice name;
    struct mesh_slice value;
};

/* One key (header, query, source address, cookie) and one algorithm. */
struct mesh_consistent_hash {
    bool set;
    struct mesh_mark mark;
    struct mesh_slice header; /* "" when absent */
    struct mesh_slice query;
    bool source_ip;
    bool has_cookie;
    struct mesh_slice cookie;
    struct mesh_slice cookie_path;
    bool has_cookie_ttl;
    int64_t cookie_ttl_ns;
    struct mesh_cookie_attribute *cookie_attributes;
    size_t cookie_attribute_count;
    bool has_maglev;
    uint64_t table_size; /* 0: not given, here and below */
    uint64_t ring_size;
    uint64_t minimum_ring_size; /* the deprecated one */
};

struct mesh_locality_share {
    struct mesh_slice locality; /* "r1/z1", its last part may be a star */
    uint32_t percent;
};

struct mesh_distribute {
    struct mesh_slice from;
    struct mesh_locality_share *to;
    size_t to_count;
};

struct mesh_failover {
    struct mesh_slice from;
    struct mesh_slice to;
};

/* localityLbSetting, and zoneAwareLbSetting, which has no distribute. */
struct mesh_locality_lb {
    bool set;
    struct mesh_mark mark;
    bool has_enabled;
    bool enabled;
    struct mesh_distribute *distribute;
    size_t distribute_count;
    struct mesh_failover *failover;
    size_t failover_count;
    struct mesh_texts failover_priority;
};

struct mesh_load_balancer {
    bool set;
    struct mesh_mark mark;
    struct mesh_slice simple; /* enum name, "" when absent */
    struct mesh_consistent_hash hash;
    struct mesh_locality_lb locality;
    struct mesh_locality_lb zone_aware;
    bool has_warmup;
    int64_t warmup_ns;
    bool has_aggression;
    double aggression;
    bool has_minimum_percent;
    double minimum_percent;
    int64_t warmup_duration_ns; /* the deprecated one */
};

struct mesh_retry_budget {
    bool set;
    struct mesh_mark mark;
    bool has_percent;
    double percent;
    int64_t budget_interval_ns;     /* 0: not given */
    uint32_t min_retry_concurrency; /* 0: not given */
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
    struct {
        struct mesh_slice credential_name;
    } judged;
};

struct mesh_port_policy;

struct mesh_traffic_policy {
    bool set;
    struct mesh_mark mark;
    struct mesh_load_balancer load_balancer;
    struct mesh_connection_pool connection_pool;
    struct mesh_outlier_detection outlier_detection;
    struct mesh_client_tls tls;
    struct mesh_retry_budget retry_budget;
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
    struct mesh_mark selector_mark;
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
    struct mesh_mark selector_mark;
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
    struct mesh_slice traffic_distribution;
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
    struct {
        bool allocated; /* status.addresses: istiod gave it some */
    } judged;
};

/* A port of a Sidecar's listener. */
struct mesh_sidecar_port {
    struct mesh_mark mark; /* line 0: there is none */
    uint32_t number;
    struct mesh_slice name;
    struct mesh_slice protocol;
};

struct mesh_egress {
    struct mesh_mark mark;
    struct mesh_sidecar_port port;
    struct mesh_slice bind;
    struct mesh_slice capture_mode;
    struct mesh_texts hosts; /* "namespace/name" */
};

struct mesh_ingress {
    struct mesh_mark mark;
    struct mesh_sidecar_port port;
    struct mesh_slice bind;
    struct mesh_slice capture_mode;
    struct mesh_slice default_endpoint;
    struct mesh_connection_pool connection_pool;
};

struct mesh_sidecar {
    bool has_selector;
    struct mesh_labels selector;
    struct mesh_mark selector_mark;
    bool has_egress;
    struct mesh_egress *egress;
    size_t egress_count;
    struct mesh_ingress *ingress;
    size_t ingress_count;
    bool has_outbound_policy;
    struct mesh_slice outbound_policy_mode; /* "": the enum's zero */
    struct mesh_mark outbound_policy_mark;
    struct mesh_connection_pool inbound_connection_pool;
    struct {
        bool egress_proxy;
    } judged;
};

/* One of extensionProviders. */
struct mesh_provider {
    struct mesh_slice name;
    bool lightstep;
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
    struct mesh_mark outbound_policy_mark;
    struct mesh_texts default_service_export_to;
    struct mesh_texts default_virtual_service_export_to;
    struct mesh_texts default_destination_rule_export_to;
    struct mesh_http_retry default_retry;
    struct mesh_traffic_policy default_policy; /* connectionPool and
                                                  outlierDetection only */
    int64_t connect_timeout_ns;
    struct mesh_tcp_keepalive keepalive;
    struct mesh_slice h2_upgrade_policy;
    int64_t dns_refresh_ns;
    struct mesh_slice path_normalization;
    struct mesh_locality_lb locality;
    struct mesh_locality_lb zone_aware;
    struct mesh_mark mark;
    struct {
        struct mesh_texts access_logging; /* defaultProviders */
        struct mesh_provider *providers;  /* extensionProviders */
        size_t provider_count;
        struct mesh_labels proxy_metadata; /* of defaultConfig */
    } judged;
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

/* --- kinds that are judged and not enforced --- */

struct mesh_request_authentication {
    bool has_selector;
    struct mesh_labels selector;
    struct mesh_mark selector_mark;
};

struct mesh_gateway_server {
    struct mesh_mark mark;
    uint32_t port;
    struct mesh_texts hosts;
    struct mesh_slice bind;
    bool has_tls;
    struct mesh_slice credential_name;
    struct mesh_slice server_certificate;
    struct mesh_slice private_key;
};

struct mesh_gateway {
    struct mesh_labels selector;
    struct mesh_mark selector_mark;
    struct mesh_gateway_server *servers;
    size_t server_count;
};

struct mesh_telemetry_logging {
    struct mesh_mark mark;
    bool disabled;
    struct mesh_texts providers;
};

struct mesh_telemetry_tracing {
    struct mesh_mark mark;
    struct mesh_texts providers;
};

struct mesh_telemetry {
    bool has_selector;
    struct mesh_labels selector;
    struct mesh_mark selector_mark;
    struct mesh_telemetry_logging *logging;
    size_t logging_count;
    struct mesh_telemetry_tracing *tracing;
    size_t tracing_count;
};

struct mesh_variable {
    struct mesh_slice name;
    struct mesh_slice value;
};

struct mesh_container {
    struct mesh_slice name;
    struct mesh_slice image;
    struct mesh_variable *env;
    size_t env_count;
};

struct mesh_pod {
    struct mesh_container *containers;
    size_t container_count;
    struct mesh_container *init_containers;
    size_t init_container_count;
};

/* Those of its template. */
struct mesh_deployment {
    struct mesh_container *containers;
    size_t container_count;
};

/* --- a resource, whatever its kind --- */
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
     * be half there. Others refer to them, so those who judge see them.
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
