/*
 * compile.h - one compilation under way, and its steps; for policy/ alone.
 */
#ifndef MESH_POLICY_COMPILE_H
#define MESH_POLICY_COMPILE_H

#include "policy/policy.h"
#include "policy/rules.h"
#include "policy/world.h"

/* A host of a VirtualService as the compiling client sees it. */
struct mesh__virtual {
    struct mesh_slice host; /* resolved */
    const struct mesh_resource *resource;
    int tier; /* own and private, exported to the namespace, public */
};

/* By host (exact first, then the longest), then by tier and age. */
struct mesh__virtuals {
    struct mesh__virtual *items;
    size_t count;
    size_t exact_count;
};

/* What a part is compiled from. */
struct mesh__host {
    struct mesh_slice host;
    const struct mesh__service *service; /* NULL: only a VirtualService's */
    struct mesh_part *part;              /* the snapshot's                */
    struct mesh_part *old;               /* serves again, else NULL       */
    uint64_t answers; /* digest of those to its names             */
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
    struct mesh__virtuals virtuals;
    struct mesh__host *hosts;
    size_t host_count;
    struct mesh_map by_host; /* host -> struct mesh__host */
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
/* connectionPool, or NULL, as thresholds. */
void mesh__compile_breakers(struct mesh_breaker_policy *out,
                            const struct mesh_connection_pool *pool,
                            uint64_t connect_timeout_ns);

/* virtual.c: which VirtualService speaks for a host. */
int mesh__virtuals_init(struct mesh__compiler *compiler);
const struct mesh_resource *mesh__virtuals_find(
    const struct mesh__virtuals *virtuals, struct mesh_slice host);

/* routes.c: the virtual hosts of a part. */
int mesh__compile_virtual_hosts(struct mesh__compiler *compiler,
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
