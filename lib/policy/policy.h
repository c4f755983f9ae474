/*
 * policy.h - resources together: scoping, visibility, merging, precedence,
 * findings across resources, then compilation to a snapshot.
 *
 * Pure: no clock, no file, no socket, no live state.
 */
#ifndef MESH_POLICY_POLICY_H
#define MESH_POLICY_POLICY_H

#include "policy/dns.h"
#include "policy/snapshot.h"
#include "schema/diagnostics.h"
#include "schema/resources.h"

/* Who compiles; slices are borrowed. at NULL: not set. */
struct mesh_whoami {
    struct mesh_slice namespace_;
    struct mesh_slice service_account;
    struct mesh_slice trust_domain;
    struct mesh_slice address; /* finds the workload's own WorkloadEntry */
    struct mesh_slice locality;
    struct mesh_labels labels;
    bool labels_set;                      /* an empty set counts as set */
    const struct mesh_known_names *names; /* answers so far, or NULL */
};

/*
 * Findings that need more than one resource: unknown hosts and subsets, two
 * VirtualServices for one host, unreachable rules, policies that apply to
 * nothing. Istio's own codes where the meaning is the same (policy/codes.h).
 * Where no service or no workload is written down at all, nothing is said about
 * missing ones: they are written elsewhere. 0 or MESH_ERR_NOMEM.
 */
int mesh__policy_judge(const struct mesh_collection *collection,
                       struct mesh_diagnostics *diagnostics);

/*
 * Compile. previous (may be NULL) lends parts whose inputs did not change;
 * generation is the new snapshot's number. Returns 0, MESH_ERR_NOMEM, or
 * MESH_ERR_IDENTITY_MISMATCH / MESH_ERR_POLICY with a line (a policy in scope
 * has a selector and the workload's labels are not known).
 */
int mesh__policy_compile(struct mesh_collection *collection,
                         const struct mesh_whoami *whoami,
                         const struct mesh_snapshot *previous,
                         uint64_t generation, struct mesh_snapshot **out);

#endif
