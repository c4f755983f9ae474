/*
 * rules.h - which DestinationRule speaks for a host, and what it says for a
 * port and a subset; for policy/ alone. (Semantics 5.1, 5.2; Istio:
 * model/push_context.go, model/destination_rule.go, model/sidecar.go.)
 */
#ifndef MESH_POLICY_RULES_H
#define MESH_POLICY_RULES_H

#include "policy/world.h"

struct mesh__rule {
    struct mesh_slice host; /* resolved */
    const struct mesh_resource *resource;
    const struct mesh_destination_rule *spec;
};

/*
 * All of them: by host (exact ones first, then the longest), those with a
 * selector first, then by age.
 */
struct mesh__rules {
    struct mesh__rule *items;
    size_t count;
    size_t exact_count;
    bool kept; /* without a word they are for their own namespace */
};

int mesh__rules_init(struct mesh__rules *rules, struct mesh_arena *arena,
                     const struct mesh__world *world);

/* The first rule of this very host, or where it would stand. */
size_t mesh__rules_at(const struct mesh__rules *rules, struct mesh_slice host);

/* Does a rule become part of an older one of its host and level? */
bool mesh__rules_merge(const struct mesh__rule *rule,
                       const struct mesh__rule *older);

/* Several DestinationRules of one host as one; zeroed where there is none. */
struct mesh__merged {
    const struct mesh_traffic_policy *policy; /* or NULL */
    const struct mesh_subset **subsets;
    size_t subset_count;
    struct mesh_mark mark;
};

/* Who asks. */
struct mesh__asker {
    struct mesh_slice namespace_;
    struct mesh_slice root_namespace;
    const struct mesh_labels *labels; /* NULL: covers no selector */
};

/* What applies to host for asker; 0 or MESH_ERR_NOMEM. */
int mesh__rules_find(const struct mesh__rules *rules, struct mesh_arena *arena,
                     const struct mesh__asker *asker, struct mesh_slice host,
                     struct mesh_slice service_namespace,
                     struct mesh__merged *out);

/* The blocks in force; NULL where nobody set one. */
struct mesh__blocks {
    const struct mesh_load_balancer *load_balancer;
    const struct mesh_connection_pool *connection_pool;
    const struct mesh_outlier_detection *outlier_detection;
    const struct mesh_client_tls *tls;
    const struct mesh_retry_budget *retry_budget;
};

/* subset may be NULL; otherwise fills what the host's level leaves unset. */
struct mesh__blocks mesh__blocks_of(
    const struct mesh__merged *rule, const struct mesh_subset *subset,
    uint32_t port, const struct mesh_traffic_policy *otherwise);

/*
 * What endpoints go by where no tls is in force, so that mTLS is automatic: one
 * that a level without tls has hidden still tells them; NULL where nobody
 * spoke. (Istio: pilot/pkg/xds/endpoints/mtls_checker.go)
 */
const struct mesh_client_tls *mesh__tls_hidden(const struct mesh__merged *rule,
                                               const struct mesh_subset *subset,
                                               uint32_t port);

#endif
