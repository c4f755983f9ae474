/*
 * route.h - which rule and which destination: over a snapshot, nothing else.
 */
#ifndef MESH_TRAFFIC_ROUTE_H
#define MESH_TRAFFIC_ROUTE_H

#include "policy/snapshot.h"
#include "policy/why.h"
#include "value/head.h"

#include <stdint.h>

enum mesh_route_outcome {
    MESH__ROUTE_OK,
    MESH__ROUTE_REDIRECT,       /* answered here, as the rule says          */
    MESH__ROUTE_DIRECT,         /* answered here, as the rule says          */
    MESH__ROUTE_NO_HOST,        /* no virtual host: REGISTRY_ONLY, block_all */
    MESH__ROUTE_NO_RULE,        /* 404, NR, route_not_found                 */
    MESH__ROUTE_NO_DESTINATION, /* 503, NC, cluster_not_found               */
    MESH__ROUTE_BAD_PATH,       /* 400, path_normalization_failed           */
    MESH__ROUTE_NO_PATH,        /* 404, missing_path_rejected               */
    MESH__ROUTE_LIMIT,          /* 500: a regex met its step limit          */
    MESH__ROUTE_BAD_TARGET,     /* 400: rewritten to what cannot be sent    */
    MESH__ROUTE_NOMEM
};

/* Points into the snapshot, which the caller holds. */
struct mesh_route {
    enum mesh_route_outcome outcome;
    const struct mesh_virtual_host *host; /* NULL: let through (allow_any) */
    const struct mesh_route_rule *rule;
    const struct mesh_arm *arm;
    const struct mesh_destination *destination;
    struct mesh_slice path;   /* canonical, query included              */
    struct mesh_slice target; /* what is sent: path, as the rule rewrites it */
    bool rewritten;           /* the rule had a say in target            */
    struct mesh_slice authority; /* what is sent instead; "": the request's */
    uint64_t timeout_ns;         /* 0: none; of gRPC, as the caller asks too */
    bool grpc;                   /* a gRPC caller                        */
};

/*
 * Decide for a request head addressed to service port. draw is uniform over
 * all of uint64_t and settles the weighted destination. Allocates (from arena)
 * only when the path is not canonical already, or is rewritten.
 */
void mesh__route_find(const struct mesh_snapshot *snapshot,
                      const struct mesh_head *head, uint16_t port,
                      uint64_t draw, struct mesh_arena *arena,
                      struct mesh_route *out, struct mesh__why *why);

/* Whom the client sees, and what becomes of the rest: why a host is unknown. */
void mesh__explain_scope(const struct mesh_snapshot *snapshot,
                         struct mesh__why *why);

/*
 * One arm by weight: draw % total, as Envoy walks weighted clusters. NULL
 * where none has a weight.
 */
const struct mesh_arm *mesh__arms_pick(const struct mesh_arm *arms,
                                       size_t count, uint64_t total_weight,
                                       uint64_t draw);
/* The same of a rule. */
const struct mesh_arm *mesh__split_pick(const struct mesh_route_rule *rule,
                                        uint64_t draw);

#endif
