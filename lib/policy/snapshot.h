/*
 * snapshot.h - one workload's compiled view of the policy: immutable, counted,
 * made of counted parts (one per host, each with its own arena).
 *
 * Read by traffic/, authz/, client/, server/ and telemetry/ without a lock.
 * Every compiled rule keeps where it was written. Text is NUL-terminated and
 * lives as long as its part.
 */
#ifndef MESH_POLICY_SNAPSHOT_H
#define MESH_POLICY_SNAPSHOT_H

#include "base/arena.h"
#include "base/map.h"
#include "base/mark.h"
#include "policy/actions.h"
#include "policy/dns.h"
#include "schema/resources.h"
#include "value/address.h"
#include "value/head.h"
#include "value/keepalive.h"
#include "value/labels.h"
#include "value/maglev.h"
#include "value/match.h"
#include "value/path.h"
#include "value/ring.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { MESH__UNLIMITED = INT32_MAX }; /* a threshold that nobody set */

enum mesh_protocol {
    MESH__PROTO_AUTO, /* unnamed port: detected on the wire */
    MESH__PROTO_HTTP,
    MESH__PROTO_HTTP2, /* also grpc */
    MESH__PROTO_TCP,   /* also tls, https, mongo, redis, mysql */
};

/* One address of a destination. */
struct mesh_endpoint {
    struct mesh_address address;
    const char *text;     /* "127.0.1.1:18080"                        */
    const char *workload; /* WorkloadEntry's name, "" when unknown    */
    const char *namespace_;
    const char *spiffe; /* the id it must prove, NULL: not known    */
    struct mesh_labels labels;
    const char *locality; /* "region/zone/subzone", ""                */
    uint32_t weight;      /* at least 1                               */
    bool mesh_tls;        /* by tlsMode and PeerAuthentication: mTLS  */
    struct mesh_mark mark;
};

/* A run of endpoints that is chosen as one: a locality, or a whole priority. */
struct mesh_endpoint_group {
    size_t first;
    size_t count;    /* at least 1 */
    uint32_t weight; /* among the groups of its priority */
};

/* The endpoints that share load; those of the next come when these fail. */
struct mesh_priority {
    size_t first; /* of all endpoints */
    size_t count;
    size_t first_group;
    size_t group_count;
    struct mesh_ring ring; /* over all of them: MESH__RING_HASH */
    struct mesh_maglev table;
};

/* Of one destination; counted, swapped on its own. Endpoints stand by priority,
 * then by group. */
struct mesh_endpoint_set {
    atomic_int refs;
    struct mesh_arena arena;
    struct mesh_endpoint *endpoints;
    size_t count;
    uint32_t total_weight;
    bool equal_weights;
    bool by_locality; /* a group is chosen by weight before an endpoint is */
    struct mesh_priority *priorities; /* none: one of all endpoints */
    size_t priority_count;
    struct mesh_endpoint_group *groups;
    size_t group_count;
};
struct mesh_endpoint_set *mesh__endpoint_set_ref(struct mesh_endpoint_set *s);
void mesh__endpoint_set_unref(struct mesh_endpoint_set *set);

enum mesh_balancer {
    MESH__LEAST_REQUEST,
    MESH__ROUND_ROBIN,
    MESH__RANDOM,
    MESH__RING_HASH,
    MESH__MAGLEV
};

/* DestinationRule warmup: what an endpoint weighs while it is new. */
struct mesh_warmup_policy {
    uint64_t window_ns; /* 0: there is none            */
    double exponent;    /* 1 / aggression              */
    double least;       /* minimumPercent, as a share  */
};

enum mesh_hash_source {
    MESH__HASH_NOTHING, /* consistentHash without a key */
    MESH__HASH_HEADER,
    MESH__HASH_COOKIE,
    MESH__HASH_SOURCE_IP,
    MESH__HASH_QUERY
};

/* What of a request decides its endpoint (Envoy: a route's hash_policy). */
struct mesh_hash_policy {
    enum mesh_hash_source source;
    const char *name; /* of the header (lower case), cookie or parameter */
    enum mesh_header_id id;
    const char *tail; /* behind a generated cookie's value: "; Path=/;
                         HttpOnly". NULL: none is ever generated */
    struct mesh_mark mark;
};

/* DestinationRule connectionPool, Envoy's thresholds; nothing set: unlimited.
 */
struct mesh_breaker_policy {
    uint32_t max_connections;
    uint32_t max_pending;
    uint32_t max_requests;
    uint32_t max_retries;
    bool retry_budget;                    /* instead of max_retries: */
    double budget_percent;                /* of requests active and pending */
    uint64_t budget_interval_ns;          /* or of those begun in it; 0: not */
    uint32_t budget_retries;              /* at least so many */
    uint32_t max_requests_per_connection; /* 0: unlimited */
    uint64_t connect_timeout_ns;          /* TCP and TLS together */
    uint64_t idle_timeout_ns;             /* of a shelved stream; 0 never */
    uint64_t stream_idle_ns;              /* of a plain one; 0 never */
    uint64_t max_connection_ns;           /* 0: unlimited */
    uint64_t stream_most_ns;              /* of a plain one; 0: unlimited */
    struct mesh_keepalive keepalive;
    struct mesh_mark mark;
};

enum mesh_upstream_protocol {
    MESH__UPSTREAM_HTTP1,
    MESH__UPSTREAM_HTTP2,
    MESH__UPSTREAM_CALLERS /* what the caller speaks */
};

/*
 * What istiod would have a sidecar speak to a destination. Told, not obeyed:
 * HTTP/1.1 is spoken to all of them.
 */
struct mesh_upstream_policy {
    enum mesh_upstream_protocol protocol;
    uint32_t max_streams; /* of a connection of HTTP/2; MESH__UNLIMITED */
    uint64_t ping_ns;     /* http2KeepAlive; 0: off       */
    uint64_t ping_timeout_ns;
};

/* DestinationRule outlierDetection as istiod translates it for Envoy. */
struct mesh_outlier_policy {
    bool enabled;
    bool split_local_origin;
    uint32_t consecutive_5xx;          /* 0: never */
    uint32_t consecutive_gateway;      /* 0: never */
    uint32_t consecutive_local_origin; /* 0: never; split only */
    uint64_t interval_ns;
    uint64_t base_ejection_ns;
    uint64_t max_ejection_ns; /* max(300 s, base) */
    uint32_t max_ejection_percent;
    uint32_t min_health_percent; /* panic below; 0: never */
    struct mesh_mark mark;
};

enum mesh_tls_mode {
    MESH__TLS_AUTO, /* per endpoint: mesh TLS where it can */
    MESH__TLS_OFF,
    MESH__TLS_MESH,   /* ISTIO_MUTUAL                         */
    MESH__TLS_SIMPLE, /* to a server outside the mesh         */
    MESH__TLS_MUTUAL  /* the same, and a certificate is shown */
};

struct mesh_destination_tls {
    enum mesh_tls_mode mode;
    const char *sni;          /* "outbound_.80_.v1_.a.b.svc.cluster.local" */
    const char *const *names; /* SPIFFE ids, one of which must be proved;
                                 none: any of the trust domain            */
    size_t name_count;
    /* SIMPLE and MUTUAL: names are DNS names and the like; none, and no sni:
       the request's host. Files: "" where none is named. */
    const char *roots; /* none: the system's */
    const char *chain;
    const char *key;
    bool blind; /* insecureSkipVerify */
    struct mesh_mark mark;
};

/* host + subset + port: what a route points at (Envoy's cluster). */
struct mesh_destination {
    const char *name; /* "outbound|80|v1|a.b.svc.cluster.local"     */
    const char *host;
    const char *service; /* short name, for telemetry                  */
    const char *namespace_;
    const char *subset; /* "" when none */
    uint16_t port;
    enum mesh_protocol protocol;
    enum mesh_balancer balancer;
    struct mesh_warmup_policy warmup;
    uint64_t ring_least; /* MESH__RING_HASH: entries at least */
    /* By which a route's requests are hashed; [1]: the route names the port.
     * NULL: consistentHash does not speak for it. */
    const struct mesh_hash_policy *hash[2];
    struct mesh_breaker_policy breakers;
    struct mesh_upstream_policy upstream;
    struct mesh_outlier_policy outlier;
    struct mesh_destination_tls tls;
    struct mesh_endpoint_set *endpoints;
    bool original; /* goes to the caller's own address instead (NONE) */
    uint16_t original_port; /* at this port; 0: the caller's          */
    bool unresolved;        /* no endpoint yet: its names were not answered  */
    struct mesh_mark mark; /* the service; breakers, outlier, tls have theirs */
    struct mesh_mark rule; /* the DestinationRule; line 0: none               */
    /*
     * Live state, bound once by traffic/ before the snapshot is published and
     * opaque here; let go with the part.
     */
    void *live;
    void (*live_unref)(void *live);
};

/* One destination of a rule, with its share. */
struct mesh_arm {
    const struct mesh_destination *destination; /* NULL: not known (503 NC) */
    const char *missing; /* then: what was asked for, for the reason         */
    uint32_t weight;
    const struct mesh_head_edits *edits; /* NULL: none of its own            */
    struct mesh_mark mark;
};

enum { /* bits of mesh_retry_policy.on, one per token of semantics 4.4 */
       MESH__RETRY_5XX = 1 << 0,
       MESH__RETRY_GATEWAY_ERROR = 1 << 1,
       MESH__RETRY_RESET = 1 << 2,
       MESH__RETRY_RESET_BEFORE_REQUEST = 1 << 3,
       MESH__RETRY_CONNECT_FAILURE = 1 << 4,
       MESH__RETRY_REFUSED_STREAM = 1 << 5,
       MESH__RETRY_4XX = 1 << 6,
       MESH__RETRY_STATUS_CODES = 1 << 7,
       MESH__RETRY_RATELIMITED = 1 << 8,
       MESH__RETRY_GRPC_CANCELLED = 1 << 9,
       MESH__RETRY_GRPC_DEADLINE = 1 << 10,
       MESH__RETRY_GRPC_INTERNAL = 1 << 11,
       MESH__RETRY_GRPC_EXHAUSTED = 1 << 12,
       MESH__RETRY_GRPC_UNAVAILABLE = 1 << 13
};

enum { MESH__RETRY_TOKENS = 14, MESH__RETRY_CODES = 16 };

/* As retryOn names them. */
struct mesh_retry_token {
    const char *name;
    uint32_t bit;
};
extern const struct mesh_retry_token mesh__retry_tokens[MESH__RETRY_TOKENS];

struct mesh_retry_policy {
    uint32_t on;       /* 0: no retries */
    uint32_t attempts; /* retries after the first try */
    uint16_t codes[MESH__RETRY_CODES];
    size_t code_count;
    uint64_t per_try_ns;   /* 0: none */
    uint64_t base_ns;      /* 25 ms */
    uint64_t max_ns;       /* 10 x base */
    uint32_t host_picks;   /* re-picks when the host was tried: 5 */
    bool leave_priorities; /* retryRemoteLocalities */
    struct mesh_mark mark;
};

struct mesh_named_matcher {
    const char *name;
    enum mesh_header_id id;
    struct mesh_match match;
    bool invert;           /* withoutHeaders */
    bool missing_is_empty; /* withoutHeaders with a value */
};

/* One entry of a rule's match list: all fields must hold. */
struct mesh_match_entry {
    const char *name;
    bool has_uri, has_scheme, has_method, has_authority;
    struct mesh_match uri, scheme, method, authority;
    struct mesh_named_matcher *headers;
    size_t header_count;
    struct mesh_named_matcher *query;
    size_t query_count;
    struct mesh_mark mark;
};

/* One (route, match entry) pair of a VirtualService, in order; first hit wins.
 */
struct mesh_route_rule {
    const char *name; /* the route's name, "default" on a service's own */
    struct mesh_match_entry *entry; /* NULL: matches everything             */
    struct mesh_arm *arms;
    size_t arm_count;
    uint64_t total_weight;
    uint64_t timeout_ns; /* 0: none */
    struct mesh_retry_policy retry;
    const struct mesh_hash_policy **hashes; /* of all its arms, in order */
    size_t hash_count;
    const struct mesh_actions *actions; /* NULL: it only sends it on        */
    struct mesh_mark mark;
};

/* What was left out when a virtual host was compiled, for explaining. */
struct mesh_passed_over {
    const char *name;   /* of the route or the VirtualService    */
    const char *reason; /* a sentence                            */
    size_t before;      /* the rule in front of which it stood;
                           SIZE_MAX: a VirtualService as a whole */
    struct mesh_mark mark;
    struct mesh_passed_over *next;
};

/* What one port of one host does with requests. */
struct mesh_virtual_host {
    const char *name; /* "a.b.svc.cluster.local:80" */
    /*
     * The port is a VirtualService's alone, not the service's: it answers to
     * the host as it is registered, and to no other name.
     */
    bool only_own_name;
    struct mesh_route_rule *rules;
    size_t rule_count;
    struct mesh_passed_over *passed; /* in order */
    struct mesh_mark mark;           /* VirtualService, else the service */
};

/*
 * Where a stream to one port of a host may go. The longest subnet that has its
 * original destination comes first, then the closest server name, then the
 * order (Envoy's filter chains).
 */
struct mesh_stream_rule {
    const char *name;          /* "tcp[0]", "tls[1]", "default" */
    struct mesh_cidr *subnets; /* none: wherever it was meant to go */
    size_t subnet_count;
    const char *const *server_names; /* lower case, "*.x"; none: any */
    size_t server_name_count;
    struct mesh_arm *arms;
    size_t arm_count;
    uint64_t total_weight;
    struct mesh_mark mark;
};

struct mesh_stream_host {
    const char *name; /* "a.b.svc.cluster.local:80" */
    const char *host; /* as registered              */
    uint16_t port;
    bool tls; /* its clients speak TLS to the name that they ask for */
    struct mesh_address address; /* the service's own; family 0: none */
    struct mesh_stream_rule *rules;
    size_t rule_count;
    struct mesh_passed_over *passed; /* in order       */
    struct mesh_mark mark;           /* the service    */
};

/* A regex that dies with the part or snapshot whose matchers use it. */
struct mesh_regex_keep {
    struct mesh_regex *regex;
    struct mesh_replace *replace; /* or this */
    struct mesh_regex_keep *next;
};

/* Everything compiled for one host; counted, with its own arena. */
struct mesh_part {
    atomic_int refs;
    struct mesh_arena arena;
    const char *host;  /* FQDN as registered */
    uint8_t digest[8]; /* of all inputs: equal means reusable */
    struct mesh_destination **destinations;
    size_t destination_count;
    struct mesh_virtual_host *virtual_hosts; /* one per port */
    uint16_t *ports;
    size_t port_count;
    struct mesh_stream_host *streams; /* one per port that is seen */
    size_t stream_count;
    /*
     * Referred to by arms. Borrowed: two hosts may route to each other, and
     * every snapshot that holds this part holds those too (a part is reused
     * only together with its others).
     */
    struct mesh_part **others;
    size_t other_count;
    /* Hosts that arms asked for in vain: whoever has them changes this part. */
    const char **missing;
    size_t missing_count;
    struct mesh_regex_keep *regexes;
};

enum mesh_mtls_mode { /* PeerAuthentication */
                      MESH__MTLS_PERMISSIVE,
                      MESH__MTLS_STRICT,
                      MESH__MTLS_DISABLE
};

/* How this workload serves one of its ports. */
struct mesh_inbound {
    uint16_t port; /* the workload's port; 0: any other */
    enum mesh_protocol protocol;
    enum mesh_mtls_mode mtls;
    const char *service;      /* FQDN of the service on it, "" */
    const char *service_name; /* short */
    uint16_t service_port;
    struct mesh_mark mark; /* the PeerAuthentication that decided; 0 none */
};

/* --- AuthorizationPolicy --- */

enum mesh_authz_attribute {
    MESH__A_PRINCIPAL, /* without spiffe:// in policies            */
    MESH__A_NAMESPACE,
    MESH__A_SERVICE_ACCOUNT,
    MESH__A_SOURCE_IP,
    MESH__A_REMOTE_IP,
    MESH__A_HOST,
    MESH__A_METHOD,
    MESH__A_PATH,
    MESH__A_PORT,
    MESH__A_DESTINATION_IP,
    MESH__A_SNI,
    MESH__A_HEADER
};

/* One value of a list. */
struct mesh_authz_value {
    struct mesh_match match; /* texts                    */
    struct mesh_cidr cidr;   /* the IP attributes        */
    uint16_t port;           /* MESH__A_PORT             */
    bool is_template;        /* MESH__A_PATH with {*}    */
    const char *text;        /* as written, for reasons  */
};

/* attribute is one of values and none of not_values (an absent list holds). */
struct mesh_authz_condition {
    enum mesh_authz_attribute attribute;
    const char *header; /* MESH__A_HEADER: lower-case name */
    enum mesh_header_id header_id;
    bool http_only; /* has no meaning on plain TCP     */
    struct mesh_authz_value *values;
    size_t value_count;
    struct mesh_authz_value *not_values;
    size_t not_value_count;
    const char *path; /* "rules[0].to[0].operation.methods" */
    struct mesh_mark mark;
};

/* All conditions must hold. */
struct mesh_authz_group {
    struct mesh_authz_condition *conditions;
    size_t count;
    struct mesh_mark mark;
};

/* (some from) and (some to) and every when; an absent list holds. */
struct mesh_authz_rule {
    struct mesh_authz_group *from;
    size_t from_count;
    struct mesh_authz_group *to;
    size_t to_count;
    struct mesh_authz_group when;
    struct mesh_mark mark;
};

struct mesh_authz_policy {
    const char *name;
    const char *namespace_;
    bool dry_run;
    struct mesh_authz_rule *rules;
    size_t rule_count;
    struct mesh_mark mark;
};

/* What applies to this workload, in evaluation order. */
struct mesh_authz {
    struct mesh_authz_policy *deny;
    size_t deny_count;
    struct mesh_authz_policy *allow;
    size_t allow_count;
};

/* --- the rest --- */

struct mesh_telemetry_policy {
    bool tracing;              /* enableTracing                           */
    uint32_t sampling_per_10k; /* randomSampling x 100: 1000 is 10 %      */
    bool access_log;
    const char *access_log_file;   /* "/dev/stdout"                       */
    const char *access_log_format; /* NULL: Istio's default               */
    bool access_log_json;
};

/* Which workload this is; what selects policies. */
struct mesh_self {
    const char *namespace_;
    const char *service_account;
    const char *trust_domain;
    const char *name;    /* WorkloadEntry's, else service account */
    const char *address; /* "" when unknown */
    const char *locality;
    struct mesh_labels labels;
    bool labels_known; /* set, or found by a WorkloadEntry */
};

/* One more part that answers to a domain, on other ports. */
struct mesh_domain {
    const struct mesh_part *part;
    struct mesh_domain *next;
};

/* A block of addresses that a service has. */
struct mesh_block {
    struct mesh_cidr cidr;
    const struct mesh_part *part;
    struct mesh_block *next; /* no longer prefix */
};

struct mesh_snapshot {
    atomic_int refs;
    uint64_t generation;
    struct mesh_collection *collection; /* counted: marks lead into it */
    struct mesh_arena arena;            /* what belongs to no host      */
    struct mesh_self self;
    struct mesh_part **parts; /* counted */
    size_t part_count;
    struct mesh_map exact;        /* domain or wildcard -> struct
                                     mesh_part; lower case        */
    struct mesh_map shared;       /* domain -> struct mesh_domain:
                                     who else answers to it      */
    struct mesh_part **wildcards; /* longest first                */
    size_t wildcard_count;
    struct mesh_block *blocks;               /* longest prefix first         */
    uint64_t wildcard_lengths[4];            /* bit n: one of n bytes exists */
    bool registry_only;                      /* outboundTrafficPolicy        */
    struct mesh_mark outbound;               /* who says so; line 0: nobody  */
    struct mesh_mark sidecar;                /* in force; line 0: none       */
    struct mesh_part *outside;               /* ALLOW_ANY, else NULL; counted */
    const struct mesh_route_rule *allow_any; /* its only rule     */
    struct mesh_wanted_name *names;          /* that services stand on     */
    size_t name_count;
    uint64_t dns_refresh_ns; /* where an answer does not say     */
    enum mesh_path_mode path_mode;
    const char *trust_domain;
    const char *const *trust_domains; /* own and aliases              */
    size_t trust_domain_count;
    struct mesh_inbound *inbound; /* sorted by port; [0] is port 0 */
    size_t inbound_count;
    struct mesh_authz authz;
    struct mesh_telemetry_policy telemetry;
    struct mesh_regex_keep *regexes;
};

struct mesh_snapshot *mesh__snapshot_ref(struct mesh_snapshot *snapshot);
void mesh__snapshot_unref(struct mesh_snapshot *snapshot);

/*
 * The virtual host for an authority (port part ignored, any case) on a service
 * port: exact domain, then the longest wildcard. NULL when there is none. No
 * allocation; does not grow with the number of hosts.
 */
const struct mesh_virtual_host *mesh__snapshot_host(
    const struct mesh_snapshot *snapshot, struct mesh_slice authority,
    uint16_t port);

/*
 * The same for a stream to a service of that name; an address that is none is
 * looked for in the blocks of services.
 */
const struct mesh_stream_host *mesh__snapshot_stream(
    const struct mesh_snapshot *snapshot, struct mesh_slice name,
    uint16_t port);

/* The destination by its parts; NULL when not known. host is an FQDN. */
const struct mesh_destination *mesh__snapshot_destination(
    const struct mesh_snapshot *snapshot, struct mesh_slice host, uint16_t port,
    struct mesh_slice subset);

/* Never NULL: the port's own, else that of port 0. */
const struct mesh_inbound *mesh__snapshot_inbound(
    const struct mesh_snapshot *snapshot, uint16_t port);

/* "VirtualService production/api-gateway (api-gateway.yaml:12)"; cut at size.
 */
void mesh__mark_print(const struct mesh_snapshot *snapshot,
                      struct mesh_mark mark, char *out, size_t size);
/*
 * The parts of it (the line by mesh__line_of); false for a mark that says
 * nothing.
 */
bool mesh__mark_resource(const struct mesh_snapshot *snapshot,
                         struct mesh_mark mark,
                         const struct mesh_resource **resource,
                         const char **file);

#endif
