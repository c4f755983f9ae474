/*
 * balancing.h - who of a destination's endpoints comes first, and by what; for
 * policy/ alone. (Semantics 5.3; Istio: core/cluster_traffic_policy.go,
 * loadbalancer/loadbalancer.go, core/route/route.go.)
 */
#ifndef MESH_POLICY_BALANCING_H
#define MESH_POLICY_BALANCING_H

#include "policy/rules.h"
#include "policy/snapshot.h"

/* What balancing is made from. */
struct mesh__balance {
    const struct mesh_load_balancer *block; /* in force; NULL: none */
    bool detects; /* outlierDetection is there: failover may happen */
    const struct mesh_mesh_config *mesh;
    const struct mesh__service *service;
    const struct mesh_self *self;
    struct mesh_arena *arena; /* scratch */
};

/*
 * Balancer, warm-up and hashing of a destination; its endpoints, already in
 * out->endpoints, are put in order, into priorities and groups, and on a ring
 * or into a table. 0 or MESH_ERR_NOMEM.
 */
int mesh__balance(const struct mesh__balance *from,
                  struct mesh_destination *out);

/* locality.c: the order, priorities and groups alone. */
int mesh__localize(const struct mesh__balance *from,
                   struct mesh_endpoint_set *set);

/*
 * The key that a rule wants requests hashed by, for a route to subset (or
 * NULL) on port (0: the route names none). *out is NULL where no
 * consistentHash speaks. 0 or MESH_ERR_NOMEM.
 */
int mesh__hash_policy(const struct mesh__merged *rule,
                      const struct mesh_subset *subset, uint32_t port,
                      struct mesh_arena *arena,
                      const struct mesh_hash_policy **out);

/*
 * The hashes of all arms of a rule, whose route may be NULL: a service's own.
 * Where one destination is hashed for, retries do not look for another
 * endpoint unless they are told to. 0 or MESH_ERR_NOMEM.
 */
int mesh__hashes_gather(const struct mesh_http_route *route,
                        struct mesh_arena *arena, struct mesh_route_rule *rule);

#endif
