/*
 * world.h - all resources of a collection, sorted and brought together: the
 * settings of the mesh, its services, and the addresses behind them. What
 * compile and judge both stand on; for policy/ alone.
 *
 * Seen from nowhere: who may see a service is asked with a namespace. Slices
 * and marks point into the collection, the rest lives in the world's arena.
 */
#ifndef MESH_POLICY_WORLD_H
#define MESH_POLICY_WORLD_H

#include "base/arena.h"
#include "base/map.h"
#include "policy/snapshot.h"
#include "schema/resources.h"

enum { MESH__WORLD_BYTES = 1024 * 1024 * 1024 }; /* scratch, at most */

#define MESH__DOMAIN "cluster.local" /* behind name.namespace.svc */

struct mesh__list {
    const struct mesh_resource **items;
    size_t count;
};

/* An address that stands behind services. */
struct mesh__instance {
    struct mesh_address ip; /* port 0 */
    struct mesh_slice dns;  /* a name instead, to be resolved */
    struct mesh_slice name;
    struct mesh_slice namespace_;
    struct mesh_slice service_account;
    struct mesh_slice locality;
    struct mesh_labels labels;
    uint32_t weight;
    bool tls;          /* label tlsMode, or a service account: speaks mTLS    */
    bool strict_ports; /* serves no port but those it names (EndpointSlice)   */
    const struct mesh_port_number *ports;
    size_t port_count;
    struct mesh_mark mark;
    const struct mesh_resource *resource; /* a WorkloadEntry, else NULL */
};

/* What stands behind a service, in order. */
struct mesh__behind {
    const struct mesh__instance **items;
    size_t count;
};

struct mesh__instances {
    struct mesh__instance *items;
    size_t count;
};

struct mesh__port {
    struct mesh_slice name;
    struct mesh_slice target; /* a number, a name, or nothing */
    uint16_t number;
    enum mesh_protocol protocol;
    bool tls; /* TLS or HTTPS: told apart by server names */
    struct mesh_mark mark;
};

/* What a ServiceEntry's resolution asks for; a Service's is as listed. */
enum mesh__resolution {
    MESH__RESOLVE_LISTED, /* STATIC                                        */
    MESH__RESOLVE_ALL,    /* DNS: every address of every name              */
    MESH__RESOLVE_ONE,    /* DNS_ROUND_ROBIN: the first address            */
    MESH__RESOLVE_NOTHING /* NONE: goes where the caller says              */
};

/* One host of the registry. */
struct mesh__service {
    struct mesh_slice host;
    struct mesh_slice name; /* short */
    struct mesh_slice namespace_;
    const struct mesh_resource *resource;
    bool kubernetes; /* a Service, not a ServiceEntry      */
    bool external;   /* MESH_EXTERNAL: never automatic mTLS */
    enum mesh__resolution resolution;
    struct mesh_texts export_to;
    struct mesh_texts addresses; /* VIPs */
    struct mesh_texts alt_names;
    struct mesh__port *ports;
    size_t port_count;
    size_t own_count;              /* of them: not those of a twin */
    struct mesh__behind workloads; /* by its selector */
    struct mesh__list slices;      /* EndpointSlices  */
    struct mesh__behind *behind;   /* NULL: not asked for yet */
    struct mesh__service *next;    /* of the same host, in another namespace */
    struct mesh__service *twin;    /* another ServiceEntry of the same host and
                                      namespace: its endpoints are ours, too   */
};

/* MeshConfig with its defaults filled in. */
struct mesh__settings {
    struct mesh_mesh_config config;
    struct mesh_slice trust_domain; /* "" when the policy does not say */
    struct mesh_slice root_namespace;
    uint64_t connect_timeout_ns;
    uint64_t dns_refresh_ns;
    bool auto_mtls;
    bool registry_only;
    struct mesh_mark outbound_mark; /* who says so; line 0: nobody */
    enum mesh_path_mode path_mode;
};

struct mesh__world {
    struct mesh_arena arena;
    const struct mesh_collection *all;
    struct mesh__list kinds[MESH__KIND_COUNT]; /* oldest first */
    struct mesh__settings settings;
    struct mesh__instances workloads; /* WorkloadEntries, by namespace */
    struct mesh_map by_label; /* "namespace\0key\0value" -> mesh__behind */
    struct mesh_map slices;   /* "namespace\0service" -> mesh__list       */
    struct mesh_map peers;    /* namespace -> mesh__list, oldest first    */
    struct mesh__service *services;
    size_t service_count;
    struct mesh_map hosts; /* host -> its first struct mesh__service */
};

/* 0 or MESH_ERR_NOMEM; fini is needed either way. */
int mesh__world_init(struct mesh__world *world,
                     const struct mesh_collection *collection);
void mesh__world_fini(struct mesh__world *world);

/* The parts of it, in this order. */
int mesh__world_sort(struct mesh__world *world);
void mesh__world_settle(struct mesh__world *world);
int mesh__world_register(struct mesh__world *world);

/*
 * The service of this host as clients in namespace_ see it: their own
 * namespace's, else Kubernetes', else the oldest. NULL when there is none.
 */
const struct mesh__service *mesh__world_service(const struct mesh__world *world,
                                                struct mesh_slice host,
                                                struct mesh_slice namespace_);

/*
 * All that stands behind a service: its workloads, the endpoints of its slices
 * and those written into it. Found out when somebody asks: most services of a
 * large mesh are as they were, and nobody does. 0 or MESH_ERR_NOMEM.
 */
int mesh__world_behind(struct mesh__world *world,
                       const struct mesh__service *service,
                       struct mesh__behind *out);

/* --- workloads.c --- */

/* Of the WorkloadEntries; 0 or MESH_ERR_NOMEM. */
int mesh__world_list_workloads(struct mesh__world *world);

/*
 * The workloads of a namespace that a selector covers, in order. Does not grow
 * with those that have none of its labels. 0 or MESH_ERR_NOMEM.
 */
int mesh__world_select(struct mesh__world *world, struct mesh_slice namespace_,
                       const struct mesh_labels *selector,
                       struct mesh__behind *out);

bool mesh__speaks_mesh_tls(const struct mesh_labels *labels,
                           struct mesh_slice service_account);
/* Where the field is empty, a label may tell; false when memory is out. */
bool mesh__locality_read(struct mesh_arena *arena,
                         const struct mesh_labels *labels,
                         struct mesh_slice *out);
/* A name is kept as one: only DNS can use it. False for a socket. */
bool mesh__instance_fill(struct mesh__instance *out,
                         const struct mesh_workload_entry *entry,
                         struct mesh_slice name, struct mesh_slice namespace_,
                         struct mesh_mark mark);

/* Lists of resources by a key, in the order of the list they come from. */
int mesh__world_index(
    struct mesh__world *world, struct mesh_map *map,
    const struct mesh__list *list,
    struct mesh_slice (*key)(struct mesh_arena *arena,
                             const struct mesh_resource *resource));

/* "a\0b" in arena; at NULL: memory. */
struct mesh_slice mesh__key_of(struct mesh_arena *arena, struct mesh_slice a,
                               struct mesh_slice b);

/* The workloads of one namespace: *count from the returned one on. */
const struct mesh__instance *mesh__world_workloads(
    const struct mesh__world *world, struct mesh_slice namespace_,
    size_t *count);

/*
 * A WorkloadEntry's spec.labels and metadata.labels together; those of
 * metadata win. 0, MESH_ERR_NOMEM or MESH_ERR_TOO_LARGE.
 */
int mesh__unite_labels(struct mesh_arena *arena, struct mesh_labels *out,
                       const struct mesh_labels *spec,
                       const struct mesh_labels *metadata);

/* Where an instance serves this port of a service; 0: it does not. */
uint16_t mesh__instance_port(const struct mesh__instance *instance,
                             const struct mesh__port *port);

const struct mesh__port *mesh__service_port(const struct mesh__service *service,
                                            uint32_t number);

/* May it carry what tcp and tls routes are about? */
bool mesh__port_streams(const struct mesh__port *port);

/* exportTo of a resource in owner, as somebody in client reads it. */
bool mesh__visible(const struct mesh_texts *export_to, struct mesh_slice owner,
                   struct mesh_slice client);

/* Whom a VirtualService is for: its own word, else the mesh's. */
const struct mesh_texts *mesh__virtual_export(
    const struct mesh__world *world, const struct mesh_virtual_service *spec);

/* As sets of texts that are each there once. */
bool mesh__texts_equal(const struct mesh_texts *a, const struct mesh_texts *b);

/* As memory compares; a text comes before those that it begins. */
int mesh__text_compare(struct mesh_slice a, struct mesh_slice b);

/* A resource's namespace; "default" where it names none. */
struct mesh_slice mesh__namespace_of(const struct mesh_resource *resource);

/* By file, then by line: no two are equal. */
int mesh__position_compare(const struct mesh_resource *a,
                           const struct mesh_resource *b);
/*
 * Oldest first, then by name, then by namespace (Istio: model/config.go).
 * Those that are not in force may share all three: by position then.
 */
int mesh__age_compare(const struct mesh_resource *a,
                      const struct mesh_resource *b);
void mesh__list_sort(struct mesh__list *list);

/* Its spec is a struct mesh_mesh_config. */
bool mesh__is_settings(const struct mesh_resource *resource);

/* "http-web" and the like (Istio: pkg/config/kube/conversion.go). */
enum mesh_protocol mesh__protocol_of(struct mesh_slice app_protocol,
                                     struct mesh_slice name, uint32_t port);

/* Of the same names: TLS or HTTPS. */
bool mesh__protocol_is_tls(struct mesh_slice app_protocol,
                           struct mesh_slice name);

/* A VirtualService that speaks to programs in the mesh, not to gateways. */
bool mesh__for_mesh(const struct mesh_texts *gateways);

/* A copy in arena of host as policies in namespace_ mean it; at NULL: memory */
struct mesh_slice mesh__resolve(struct mesh_arena *arena,
                                struct mesh_slice host,
                                struct mesh_slice namespace_);

#endif
