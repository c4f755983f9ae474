/*
 * compile.h - one compilation under way, and its steps; for policy/ alone.
 */
#ifndef MESH_POLICY_COMPILE_H
#define MESH_POLICY_COMPILE_H

#include "policy/policy.h"
#include "policy/rules.h"
#include "policy/scope.h"
#include "policy/virtual.h"
#include "policy/world.h"

/* What a part is compiled from. */
struct mesh__host {
    struct mesh_slice host;
    const struct mesh__service *service; /* NULL: only a VirtualService's;
                                            with the ports that are seen  */
    const struct mesh__service *whole;   /* as it is registered           */
    bool *seen;     /* of whole's ports; NULL: all                */
    uint16_t *lent; /* ports that VirtualServices alone give it   */
    size_t lent_count;
    struct mesh_part *part; /* the snapshot's                             */
    struct mesh_part *old;  /* serves again, else NULL                    */
    uint64_t answers;       /* digest of those to its names               */
};

/* Of those whose endpoints are the host's, the first; NULL: no service. */
static inline const struct mesh__service *mesh__host_eldest(
    const struct mesh__host *host)
{
    return host->whole ? host->whole->eldest : NULL;
}

enum {
    MESH__PORT_BITS = 65536 / 64,
    MESH__VIRTUAL_PORT = 80 /* where hosts work that no registry knows */
};

struct mesh__compiler {
    struct mesh__world world;
    struct mesh_arena arena; /* dies with the compilation */
    const struct mesh_whoami *whoami;
    const struct mesh_snapshot *previous; /* or NULL */
    struct mesh_snapshot *snapshot;
    struct mesh__asker asker;
    const struct mesh__instance *me; /* its WorkloadEntry, or NULL */
    struct mesh__rules rules;
    struct mesh__scope scope;
    struct mesh_map delegates; /* "namespace/name" of those without hosts */
    struct mesh__vs_list virtual_services;
    struct mesh__host *hosts;
    size_t host_count;
    struct mesh_map by_host; /* host -> struct mesh__host */
    /* Bit n: some host speaks HTTP on port n, so that others may, too. */
    uint64_t http_ports[MESH__PORT_BITS];
};

/* self.c: who this is; trust domains. */
int mesh__compile_self(struct mesh__compiler *compiler);

/* names.c: the names that services want, and what is behind them by now. */
int mesh__compile_names(struct mesh__compiler *compiler);
int mesh__expand_names(struct mesh__compiler *compiler,
                       const struct mesh__service *service,
                       struct mesh__behind *behind, bool *waits);

/* outside.c: where hosts go that the policy does not know. */
int mesh__compile_outside(struct mesh__compiler *compiler);

/* reuse.c: give hosts the parts of before that may serve again. */
int mesh__reuse_parts(struct mesh__compiler *compiler);

/* destination.c: the destinations of a service, into its part. */
int mesh__compile_destinations(struct mesh__compiler *compiler,
                               const struct mesh__host *host);
/* connectionPool, or NULL, over the settings, as thresholds. */
/* upstream.c: what is spoken to a port under this pool (NULL: none). */
void mesh__compile_upstream(struct mesh_upstream_policy *out,
                            const struct mesh__port *port,
                            const struct mesh_connection_pool *pool,
                            const struct mesh__settings *settings);
void mesh__compile_breakers(struct mesh_breaker_policy *out,
                            const struct mesh_connection_pool *pool,
                            const struct mesh__settings *settings);
/* How long plain streams may stay; policy is the host's level, or NULL. */
void mesh__compile_stream_bounds(struct mesh_breaker_policy *out,
                                 const struct mesh_traffic_policy *policy);

/* virtual.c: VirtualServices, for each listener those that it imports. */
int mesh__virtuals_init(struct mesh__compiler *compiler);

/* hosts.c: what is seen, each host with its part. */
int mesh__list_hosts(struct mesh__compiler *compiler);
/* The listener that lets a port of this host be seen; NULL: none does. */
struct mesh__listener *mesh__host_listener(
    const struct mesh__compiler *compiler, const struct mesh__host *host,
    uint16_t port);

/* names.c: the domains of all parts. */
int mesh__name_parts(struct mesh__compiler *compiler);

/* A name in a VirtualService, as the namespace it was written in means it. */
struct mesh_slice mesh__resolve_ref(struct mesh__compiler *compiler,
                                    const struct mesh_destination_ref *ref);

/* routes.c: the virtual hosts of a part. */
int mesh__compile_virtual_hosts(struct mesh__compiler *compiler,
                                const struct mesh__host *host);
/* Let an arm of from lead to a destination of host, known or not. */
int mesh__arm_lead(struct mesh__compiler *compiler,
                   const struct mesh__host *from,
                   const struct mesh_destination_ref *ref,
                   struct mesh_slice host, uint16_t port, struct mesh_arm *arm);

/* streams.c: the VirtualServices whose tcp and tls routes a host has. */
struct mesh__streamers {
    struct mesh__vs **items; /* in the order in which they are asked */
    size_t count;
};
int mesh__streamers_find(struct mesh__compiler *compiler,
                         const struct mesh__listener *listener,
                         struct mesh_slice host, struct mesh__streamers *out);
/* Destinations that their routes name. */
size_t mesh__streamers_count(const struct mesh__streamers *list);
/* The streams of a service's part; behind its virtual hosts. */
int mesh__compile_streams(struct mesh__compiler *compiler,
                          const struct mesh__host *host);

/* inbound.c: the ports of this workload. */
int mesh__compile_inbound(struct mesh__compiler *compiler);

/* rbac.c: AuthorizationPolicies in force here. */
int mesh__compile_authz(struct mesh__compiler *compiler);

/* text.c: copies into an arena; false when memory is out. */
bool mesh__copy(struct mesh_arena *arena, struct mesh_slice from,
                const char **out);
bool mesh__copy_labels(struct mesh_arena *arena, const struct mesh_labels *from,
                       struct mesh_labels *out);
/* "spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT", NULL when memory is out. */
const char *mesh__spiffe_of(struct mesh_arena *arena, const char *trust_domain,
                            struct mesh_slice namespace_,
                            struct mesh_slice service_account);

#endif
