/*
 * mtls.h - PeerAuthentication: which mode a workload's port is in. Asked for
 * this workload's own ports, and for those of every endpoint, because the
 * client side follows the same answer. For policy/ alone.
 */
#ifndef MESH_POLICY_MTLS_H
#define MESH_POLICY_MTLS_H

#include "policy/world.h"

/*
 * labels NULL: no selector covers them. *mark is what decided; zeroed when
 * nobody did, and PERMISSIVE is the answer.
 */
enum mesh_mtls_mode mesh__mtls_for(const struct mesh__world *world,
                                   struct mesh_slice namespace_,
                                   const struct mesh_labels *labels,
                                   uint16_t port, struct mesh_mark *mark);

/* The policies of a namespace, oldest first; NULL: it has none. */
const struct mesh__list *mesh__mtls_policies(const struct mesh__world *world,
                                             struct mesh_slice namespace_);

/* The one with a selector that covers labels; NULL when there is none. */
const struct mesh_peer_authentication *mesh__mtls_workload_policy(
    const struct mesh__world *world, struct mesh_slice namespace_,
    const struct mesh_labels *labels);

#endif
