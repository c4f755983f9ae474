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
};

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

/* reuse.c: give hosts the parts of before that may serve again. */
int mesh__reuse_parts(struct mesh__compiler *compiler);

/* destination.c: the destinations of a service, into its part. */
int mesh__compile_destinations(struct mesh__compiler *compiler,
                               const struct mesh__host *host);

/* virtual.c: VirtualServices, for each listener those that it imports. */
int mesh__virtuals_init(struct mesh__compiler *compiler);

/* hosts.c: what is seen, each host with its part. */
int mesh__list_hosts(struct mesh__compiler *compiler);
/* Does the listener of a port import this host's service? */
bool mesh__host_is_shown(const struct mesh__compiler *compiler,
                         const struct mesh__host *host, uint16_t port);

/* names.c: the domains of all parts. */
int mesh__name_parts(struct mesh__compiler *compiler);

/* A name in a VirtualService, as the namespace it was written in means it. */
struct mesh_slice mesh__resolve_ref(struct mesh__compiler *compiler,
                                    const struct mesh_destination_ref *ref);

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
