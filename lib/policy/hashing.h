/*
 * hashing.h - what endpoints weigh on a ring or in a table: policy/ fills the
 * first one, traffic/ another when somebody is ejected.
 */
#ifndef MESH_POLICY_HASHING_H
#define MESH_POLICY_HASHING_H

#include "policy/snapshot.h"

/*
 * The owners of one priority, weights summing up to 1 as Envoy sums them
 * (thread_aware_lb_impl.cc). admitted tells by index in the set who may own
 * something; NULL: everyone. out has room for the whole priority.
 */
size_t mesh__owners_of(const struct mesh_endpoint_set *set,
                       const struct mesh_priority *priority,
                       const bool *admitted, struct mesh_owner *out);

#endif
