/*
 * table.h - how a kind is described: tables of fields, and what checks may do.
 *
 * A message is a table of fields; a field of message type points at another
 * table, as the protos do. A row says what a field is called, what it holds,
 * which values are allowed, where the decoder puts it, and whether it is
 * enforced, noted or refused. Checks that need more than one field stand
 * beside the tables as functions.
 *
 * Inside lib/schema only.
 */
#ifndef MESH_SCHEMA_TABLE_H
#define MESH_SCHEMA_TABLE_H

#include "base/arena.h"
#include "schema/codes.h"
#include "schema/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- the rows ------------------------------------------------------------ */

enum mesh_type {
    MESH__T_STRING,
    MESH__T_BOOL,
    MESH__T_INT32,
    MESH__T_INT64,
    MESH__T_UINT32,
    MESH__T_UINT64,
    MESH__T_DOUBLE,
    MESH__T_DURATION,      /* "1.5s"                                   */
    MESH__T_ENUM,          /* one of values                            */
    MESH__T_BYTES,         /* base64                                   */
    MESH__T_TIME,          /* RFC 3339                                 */
    MESH__T_INT_OR_STRING, /* Kubernetes: a number or a name           */
    MESH__T_ANY,           /* whatever YAML there is                   */
    MESH__T_MESSAGE        /* message                                  */
};

enum mesh_shape {
    MESH__ONE,
    MESH__LIST,
    MESH__MAP /* keys are strings */
};

/* A value of an enum; the last has no name. */
struct mesh_value {
    const char *name;
    enum mesh_field_status status; /* when the field itself is enforced */
    const char *reason;
};

struct mesh_reader;
struct mesh_spot;
struct mesh_message;

struct mesh_field {
    const char *name; /* camelCase, as the CRDs spell it */
    enum mesh_type type;
    enum mesh_field_status status;
    enum mesh_shape shape;
    bool required;
    bool firm;       /* of a mesh config: Istio asks for these bounds too    */
    bool camel_only; /* of a mesh config: has no other spelling            */
    bool nullable;   /* null is as good as nothing */
    const struct mesh_message *message; /* MESH__T_MESSAGE */
    const struct mesh_value *values;    /* MESH__T_ENUM    */
    const char *oneof;                  /* at most one field of this name */

    /* Bounds of a number, or of a duration in nanoseconds. */
    bool bounded;
    double min;
    double max; /* 0: none */
    /* Bounds of text: of the value, of each item, of each value of a map. */
    uint32_t min_len;
    uint32_t max_len;
    /* Bounds of a list or map. */
    uint32_t min_items;
    uint32_t max_items;

    /* For people: the default, the rule, and why it is not enforced. */
    const char *default_value;
    const char *bounds;
    const char *reason; /* NULL: that of the field above */
    /* A noted or refused field that says this says nothing: no finding. */
    const char *harmless;

    /*
     * Where the value goes, as offset + 1 into the structure of the message
     * (0: nowhere). A list or map of messages becomes an array of element
     * bytes each; the message lies at inside, a map's key at key.
     */
    uint16_t at;
    uint16_t has;   /* bool: the field was given           */
    uint16_t mark;  /* struct mesh_mark                    */
    uint16_t count; /* size_t: items of an array           */
    uint16_t key;
    bool key_is_number; /* uint32_t instead of a slice */
    /*
     * The value, and what is below it, goes there even though it is noted or
     * refused: for those who judge policies (resources.h), or tell what they
     * ask for. Of a kind that is noted as a whole, all that has a place does.
     */
    bool judged;
    uint16_t element;
    uint16_t inside;

    /* One value more closely: its text, or the message's node. */
    void (*check)(struct mesh_reader *reader, const struct mesh_spot *spot,
                  const struct mesh_yaml_node *node);
};

struct mesh_message {
    const char *name;
    const struct mesh_field *fields;
    size_t count;
    bool open;     /* unknown fields are allowed */
    uint16_t set;  /* bool + 1                   */
    uint16_t mark; /* struct mesh_mark + 1       */
    /*
     * The fields of one message together. into is the structure, or NULL
     * where the message is not enforced.
     */
    void (*check)(struct mesh_reader *reader, const struct mesh_spot *spot,
                  const struct mesh_yaml_node *node, void *into);
};

#define MESH__AT(structure, member)                                            \
    ((uint16_t)(offsetof(structure, member) + 1))

/* Where a row's value goes: a single one, one with has, an array, a map. */
#define MESH__PUT(structure, member) .at = MESH__AT(structure, member)
#define MESH__PUT_HAS(structure, member, had)                                  \
    .at = MESH__AT(structure, member), .has = MESH__AT(structure, had)
#define MESH__PUT_LIST(structure, items, number, type)                         \
    .at = MESH__AT(structure, items), .count = MESH__AT(structure, number),    \
    .element = sizeof(type)
#define MESH__PUT_MAP(structure, items, number, type, name, value)             \
    MESH__PUT_LIST(structure, items, number, type),                            \
        .key = MESH__AT(type, name), .inside = offsetof(type, value)

/* A message whose fields go into the structure of the message around it. */
#define MESH__PUT_INTO_SAME .at = 1
/* Beside one of these: kept for those who judge or tell. */
#define MESH__JUDGED .judged = true

/* A value of an enum that is like any other. */
#define MESH__VALUE(text)                                                      \
    {                                                                          \
        .name = (text)                                                         \
    }

/* Rows that read like the protos. */
#define MESH__ROW(text, kind, state)                                           \
    .name = (text), .type = MESH__T_##kind, .status = MESH__FIELD_##state
#define MESH__FIELDS(table)                                                    \
    .fields = (table), .count = sizeof(table) / sizeof((table)[0])
#define MESH__RANGE(low, high) .bounded = true, .min = (low), .max = (high)

/* --- kinds --------------------------------------------------------------- */

struct mesh_kind_info {
    enum mesh_kind kind; /* MESH__KIND_NONE: known by name only */
    const char *name;
    const char *group;       /* "" is core                               */
    const char *versions[4]; /* accepted, the best first                 */
    enum mesh_field_status status;
    const char *reason;
    const struct mesh_message *spec; /* NULL: the fields stand at the top */
    bool spec_required;
    const char *spec_default; /* for people, as in a row */
    const char *spec_bounds;
    const struct mesh_message *top; /* those fields, or NULL             */
    size_t size;                    /* of the structure; 0: none         */
    bool cluster_wide;              /* has no namespace                  */
};

/* All of them; the last has no name. */
extern const struct mesh_kind_info mesh__kinds[];
enum { MESH__KINDS_MAX = 48 };

/* "networking.istio.io/v1"; a version alone is of the group "". */
struct mesh_version {
    struct mesh_slice group;
    struct mesh_slice version;
};
struct mesh_version mesh__split_version(struct mesh_slice text);

/* NULL when there is none; of any group, when group is NULL. */
const struct mesh_kind_info *mesh__find_kind(struct mesh_slice name,
                                             const struct mesh_slice *group);
bool mesh__kind_has(const struct mesh_kind_info *info,
                    struct mesh_slice version);
/* "networking.istio.io/v1 or ..." */
void mesh__list_versions(const struct mesh_kind_info *info, char *out,
                         size_t size);
/* Names of the kinds of a group (of all, when NULL); MESH__KINDS_MAX at most.
 */
size_t mesh__kind_names(const struct mesh_slice *group, const char **names);
bool mesh__group_known(struct mesh_slice group);
bool mesh__is_istio(struct mesh_slice group);

extern const struct mesh_message mesh__authorization_policy_message;
extern const struct mesh_message mesh__client_tls_message;
extern const struct mesh_message mesh__config_map_message;
extern const struct mesh_message mesh__connection_pool_message;
extern const struct mesh_message mesh__cors_policy_message;
extern const struct mesh_message mesh__default_config_message;
extern const struct mesh_message mesh__default_policy_message;
extern const struct mesh_message mesh__deployment_message;
extern const struct mesh_message mesh__destination_message;
extern const struct mesh_message mesh__default_retry_message;
extern const struct mesh_message mesh__destination_rule_message;
extern const struct mesh_message mesh__direct_response_message;
extern const struct mesh_message mesh__empty_message;
extern const struct mesh_message mesh__endpoint_slice_message;
extern const struct mesh_message mesh__endpoints_message;
extern const struct mesh_message mesh__failover_message;
extern const struct mesh_message mesh__fault_message;
extern const struct mesh_message mesh__gateway_message;
extern const struct mesh_message mesh__grpc_probe_message;
extern const struct mesh_message mesh__header_edits_message;
extern const struct mesh_message mesh__http_match_message;
extern const struct mesh_message mesh__http_route_message;
extern const struct mesh_message mesh__image_message;
extern const struct mesh_message mesh__istio_operator_message;
extern const struct mesh_message mesh__load_balancer_message;
extern const struct mesh_message mesh__locality_lb_message;
extern const struct mesh_message mesh__mesh_config_message;
extern const struct mesh_message mesh__metadata_message;
extern const struct mesh_message mesh__outlier_detection_message;
extern const struct mesh_message mesh__peer_authentication_message;
extern const struct mesh_message mesh__pod_message;
extern const struct mesh_message mesh__percent_message;
extern const struct mesh_message mesh__port_selector_message;
extern const struct mesh_message mesh__provider_message;
extern const struct mesh_message mesh__proxy_config_message;
extern const struct mesh_message mesh__redirect_message;
extern const struct mesh_message mesh__request_authentication_message;
extern const struct mesh_message mesh__rewrite_message;
extern const struct mesh_message mesh__selector_message;
extern const struct mesh_message mesh__service_entry_message;
extern const struct mesh_message mesh__service_message;
extern const struct mesh_message mesh__settings_keepalive_message;
/* Of a tcpKeepalive: what Linux does not take, or turns it off. */
void mesh__check_keepalive(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, void *into);
extern const struct mesh_message mesh__settings_tls_message;
extern const struct mesh_message mesh__sidecar_message;
extern const struct mesh_message mesh__status_message;
extern const struct mesh_message mesh__string_match_message;
extern const struct mesh_message mesh__target_ref_message;
extern const struct mesh_message mesh__tcp_probe_message;
extern const struct mesh_message mesh__tcp_route_message;
extern const struct mesh_message mesh__telemetry_message;
extern const struct mesh_message mesh__tls_certificates_message;
extern const struct mesh_message mesh__tls_route_message;
extern const struct mesh_message mesh__traffic_policy_message;
extern const struct mesh_message mesh__virtual_service_message;
extern const struct mesh_message mesh__workload_entry_message;
extern const struct mesh_message mesh__workload_group_message;

/* --- reading ------------------------------------------------------------- */

/* Where in the resource we are: a chain on the stack, the root last. */
struct mesh_spot {
    const struct mesh_spot *up;
    const char *name;      /* a field; NULL: an item          */
    size_t index;          /* of a list, when key.at is NULL  */
    struct mesh_slice key; /* of a map                        */
};

enum { MESH__PATH_MAX = 512 };

/* One resource being read. */
struct mesh_reader {
    struct mesh_arena *arena; /* of the sheet */
    struct mesh_diagnostics *diagnostics;
    size_t told; /* findings that lie elsewhere */
    const char *file;
    unsigned above; /* lines of the file before this document; marks do not
                       count them */
    const char *resource; /* "Kind/namespace/name"                        */
    struct mesh_slice namespace_;
    struct mesh_mark namespace_mark; /* of the name, if there is one     */
    uint32_t place;   /* of the marks it leaves                           */
    bool proto;       /* proto3-JSON's leniencies: snake_case, "5" for 5  */
    bool crd;         /* null is a value, and most fields take none       */
    bool lax;         /* bounds are not Istio's: what they say is a warning */
    bool mild;        /* its errors are refusals: Istio would take it     */
    bool inner;       /* the text came out of a scalar ...                */
    bool inner_fixed; /* ... whose lines are not the file's               */
    struct mesh_mark inner_mark;
    size_t bad;     /* errors and refusals so far                       */
    size_t refused; /* refusals alone                               */
    int rc;         /* MESH_ERR_NOMEM: nothing read counts              */
    void (*each)(void *user, const struct mesh_field_use *use);
    void *user;
};

/* A finding at a spot. hint may be NULL. */
void mesh__report(struct mesh_reader *reader, const struct mesh_spot *spot,
                  struct mesh_mark mark, enum mesh_severity severity,
                  const char *code, const char *hint, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/*
 * An error that Istio has too. Of a mesh config it asks less than the tables
 * say: there it is a warning, but below a row that is firm.
 */
void mesh__reject(struct mesh_reader *reader, const struct mesh_spot *spot,
                  struct mesh_mark mark, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* mark with the resource as its place. */
struct mesh_mark mesh__mark_here(const struct mesh_reader *reader,
                                 struct mesh_mark mark);

/* "spec.http[0].timeout"; cut at size. */
void mesh__spot_print(const struct mesh_spot *spot, char *out, size_t size);

/* NULL when there is none. proto: snake_case is the same name. */
const struct mesh_field *mesh__find_field(const struct mesh_message *message,
                                          struct mesh_slice name, bool proto);

/* Read a mapping into a structure by its table. */
void mesh__decode(struct mesh_reader *reader,
                  const struct mesh_message *message,
                  const struct mesh_spot *spot,
                  const struct mesh_yaml_node *node, void *into,
                  enum mesh_field_status status, const char *reason);

/*
 * The metadata of a document. Errors are what Istio cannot read; what only an
 * API server would not take is refused.
 */
void mesh__read_metadata(struct mesh_reader *reader,
                         const struct mesh_yaml_node *document,
                         const struct mesh_kind_info *info, void *into);

/* "wanted X, found Y"-style description of a node: "a list", "the bool true" */
void mesh__describe(const struct mesh_yaml_node *node, char *out, size_t size);

/* --- for checks ---------------------------------------------------------- */

/* The value of a field that is there and not null, else NULL. */
const struct mesh_yaml_node *mesh__get(const struct mesh_yaml_node *node,
                                       const char *name);
bool mesh__has(const struct mesh_yaml_node *node, const char *name);
/* The first infinity or "not a number", or NULL: JSON has no word for it. */
const struct mesh_yaml_node *mesh__find_unreal(
    const struct mesh_yaml_node *node);
/* Text of a scalar field, else an empty slice. */
struct mesh_slice mesh__get_text(const struct mesh_yaml_node *node,
                                 const char *name);

/* Of one value. */
void mesh__check_dns_label(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node);
void mesh__check_host_label(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node);
void mesh__check_dns_name(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node);
void mesh__check_empty(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node);
/* A duration of a millisecond at least, and as fine as one likes. */
void mesh__check_least_ms(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node);
void mesh__check_retry_on(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node);
void mesh__check_regex(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node);
/* An IP address or a block. */
void mesh__check_ip_block(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node);
void mesh__check_host(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node);

void mesh__check_jwks(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node);

/*
 * Few enough items to compare each with each? A finding says so if not, and
 * the resource is not loaded.
 */
bool mesh__few(struct mesh_reader *reader, const struct mesh_spot *spot,
               const struct mesh_yaml_node *list);

/* Of a mapping of labels: as Kubernetes takes them, as Istio does. */
void mesh__check_labels(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node);
void mesh__check_tags(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *node);

/* Of each scalar in the list of this name. */
void mesh__check_items(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *name,
                       void (*check)(struct mesh_reader *reader,
                                     const struct mesh_spot *spot,
                                     const struct mesh_yaml_node *node));

/* Of a selector's labels: no "*" in them, and no empty name. */
void mesh__check_whole_labels(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node);

/* Of a message with "selector", "targetRef" and "targetRefs". */
void mesh__check_scope(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node);

/* Of a message with "gateways". */
void mesh__check_gateways(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node);

/*
 * Of a VirtualService's rules for TLS: hosts that it has. And is there any
 * such host? A name of a sidecar's own: "outbound_.80_.v1_.web.example.com".
 */
void mesh__check_tls_hosts(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node);
bool mesh__has_sni_hosts(const struct mesh_yaml_node *node);
bool mesh__is_outbound_sni(struct mesh_slice text);

/* The weights of the destinations that share a route. */
void mesh__check_weights(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *route);

/* Names and values of headers that are added, set and removed. */
void mesh__check_request_edits(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node, void *into);
void mesh__check_response_edits(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into);
/* An authority is set in one place of a rule at most. */
void mesh__check_authority(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *route);

/* Of two items of a list that may not have one name: a finding at each. */
void mesh__reject_twins(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *list, const char *name);

/* An item of failoverPriority where regions are ordered by failover. */
void mesh__check_no_topology(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *node);

/*
 * Two fields that do not go together, for whatever reason: whichever is the
 * slip, a finding stands at it. One that is not there stands for the mapping.
 */
void mesh__reject_pair(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *one,
                       const char *other, const char *why);

/* Values that do not go together: a finding at each that is not NULL. */
void mesh__reject_at(struct mesh_reader *reader, const struct mesh_spot *spot,
                     const struct mesh_yaml_node *const *nodes, size_t count,
                     const char *why);

/*
 * None of these fields holds what one of them must: a finding at the mapping
 * and at each that is there and empty.
 */
void mesh__reject_missing(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node,
                          const char *const *names, size_t count,
                          const char *why);

/* Of two fields of which at most one may be given: a finding at each. */
void mesh__reject_both(struct mesh_reader *reader, const struct mesh_spot *spot,
                       const struct mesh_yaml_node *node, const char *one,
                       const char *other);

/* Of a message with "exportTo"; nobody: "~" is allowed. */
void mesh__check_export_to(struct mesh_reader *reader,
                           const struct mesh_spot *spot,
                           const struct mesh_yaml_node *node, bool nobody);

/* Of a WorkloadEntry and an endpoint. */
void mesh__check_workload(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into);

/* Of a Gateway's server, a Sidecar and its listeners, and their TLS. */
void mesh__check_server(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, void *into);
void mesh__check_server_tls(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *node, void *into);
void mesh__check_sidecar(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into);
void mesh__check_ingress(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into);
void mesh__check_egress(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_node *node, void *into);
void mesh__check_sidecar_outbound(struct mesh_reader *reader,
                                  const struct mesh_spot *spot,
                                  const struct mesh_yaml_node *node,
                                  void *into);

/* Of a template: its address is not known yet. */
void mesh__check_template(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node, void *into);

/* The protocols that ports may name: "HTTP", "grpc" ... */
bool mesh__is_protocol(struct mesh_slice text);

/* An expression of CEL, as far as grammar goes. */
bool mesh__is_cel(struct mesh_slice text);
bool mesh__is_header_name(struct mesh_slice name);
/* "@request.auth.claims.x" or "...[x]": not a header, but what a token says. */
bool mesh__is_claim(struct mesh_slice name);

bool mesh__is_dns_label(struct mesh_slice text);
/* The same with capitals: what Istio takes for one label of a host. */
bool mesh__is_host_label(struct mesh_slice text);
/* Such labels with dots between: a mesh's name. */
bool mesh__is_trust_domain(struct mesh_slice text);
/* An IP address, an IPv6 one with a zone too. */
bool mesh__is_ip(struct mesh_slice text);
/* "host:port" and "[host]:port", as Go splits it; the port may be any int. */
bool mesh__split_address(struct mesh_slice text, struct mesh_slice *host,
                         int64_t *port);
/* The same as mesh__is_ip, or an address before "/" and its bits. */
bool mesh__is_ip_block(struct mesh_slice text);
bool mesh__is_label_key(struct mesh_slice text);
bool mesh__is_label_value(struct mesh_slice text);
/* An http or https URL that Go's net/url can read. */
bool mesh__is_http_url(struct mesh_slice text);
/* DNS labels with dots between. */
bool mesh__is_dns_name(struct mesh_slice text);

/*
 * The nearest of count names to text, if it is near enough to be a slip of
 * the pen: into out as `did you mean "x"?`; "" when none is.
 */
void mesh__spell(struct mesh_slice text, const char *const *names, size_t count,
                 char *out, size_t size);
/*
 * The same for a finding; "" when so much is wrong already that the search
 * would cost more than it tells.
 */
void mesh__hint(const struct mesh_reader *reader, struct mesh_slice text,
                const char *const *names, size_t count, char *out, size_t size);
size_t mesh__edit_distance(struct mesh_slice a, struct mesh_slice b,
                           size_t ceiling);

#endif
