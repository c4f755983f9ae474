/*
 * virtual.h - VirtualServices as the compiling client meets them; for policy/
 * alone. (Semantics 4.1; Istio: model/virtualservice.go, core/httproute.go.)
 */
#ifndef MESH_POLICY_VIRTUAL_H
#define MESH_POLICY_VIRTUAL_H

#include "policy/world.h"

/* One that is visible and meant for the mesh. */
struct mesh__vs {
    const struct mesh_resource *resource;
    const struct mesh_virtual_service *spec; /* delegates laid into it      */
    struct mesh_slice *hosts;                /* resolved, as many as spec's */
    int tier;        /* own and private, exported to the namespace, public  */
    uint16_t *ports; /* where a service that it speaks for speaks HTTP      */
    size_t port_count;
    size_t port_capacity;
    const struct mesh_resource **delegates; /* laid in, NULL where missing */
    size_t delegate_count;
};

struct mesh__vs_list {
    struct mesh__vs *items;
    size_t count;
};

struct mesh__virtual {
    struct mesh_slice host;
    struct mesh__vs *vs;
};

/* By host (exact first, then the longest), then by tier and age. */
struct mesh__virtuals {
    struct mesh__virtual *items;
    size_t count;
    size_t exact_count;
    size_t streaming; /* how many have tcp or tls routes */
};

/* Those that speak for one host, the first to be asked first. */
struct mesh__vs_run {
    const struct mesh__virtual *items;
    size_t count;
};

/* Which one is asked first: by tier, then by age. */
int mesh__vs_compare(const struct mesh__vs *a, const struct mesh__vs *b);

/* The ones of this very host; may be none. */
struct mesh__vs_run mesh__virtuals_of(const struct mesh__virtuals *virtuals,
                                      struct mesh_slice host);

/*
 * Those for a service: all of its very host, else the first of the most
 * specific wildcard that covers it.
 */
struct mesh__vs_run mesh__virtuals_for(const struct mesh__virtuals *virtuals,
                                       struct mesh_slice host);

/* Note that a service it speaks for speaks HTTP on port. */
int mesh__vs_add_port(struct mesh__vs *vs, struct mesh_arena *arena,
                      uint16_t port);
bool mesh__vs_has_port(const struct mesh__vs *vs, uint16_t port);

#endif
