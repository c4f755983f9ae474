/*
 * live.h - what changes while running, kept per destination: cursors,
 * ejections, quotas. Survives reloads; an endpoint that stays absent beyond a
 * grace time loses its state.
 *
 * Threads: any. Counters are relaxed atomics; the table of a destination's
 * endpoints is swapped under its own lock and read through the binding of a
 * snapshot, which is immutable.
 */
#ifndef MESH_TRAFFIC_LIVE_H
#define MESH_TRAFFIC_LIVE_H

#include "base/quota.h"
#include "policy/snapshot.h"

#include <pthread.h>
#include <stdatomic.h>

struct mesh_live_registry;
struct mesh_live_destination;

/* One endpoint's state; counted by its destination. Fields are private to
 * traffic/ but for active, which client/ raises and lowers per attempt. */
struct mesh_live_endpoint {
    struct mesh_quota active;      /* attempts under way */
    struct mesh_address address;
    atomic_uint consecutive_5xx;
    atomic_uint consecutive_gateway;
    atomic_uint consecutive_local;
    atomic_bool ejected;
    uint64_t ejected_at_ns;        /* under the destination's lock */
    uint64_t admitted_at_ns;
    uint32_t backoff;              /* times ejected, decaying */
    uint64_t absent_since_ns;      /* MESH__NEVER while present */
    struct mesh_live_endpoint *next;
    atomic_int refs;
    /*
     * The shelf of streams to this endpoint: opaque here, installed once by
     * client/ (compare and swap from NULL), let go when the state dies.
     */
    _Atomic(void *) shelf;
};

/* Quotas of a destination: over the whole workload (Envoy: per cluster). */
struct mesh_live_quotas {
    struct mesh_quota connections;
    struct mesh_quota pending;
    struct mesh_quota requests;
    struct mesh_quota retries;
};

/* What destination->live points at: made for one snapshot's destination. */
struct mesh_live {
    struct mesh_live_destination *shared;   /* survives reloads */
    struct mesh_live_quotas *quotas;        /* inside shared    */
    struct mesh_live_endpoint **endpoints;  /* parallel to the endpoint set */
    size_t count;
};

/*
 * shelf_free (may be NULL) is called with what stands in an endpoint's shelf
 * when its state dies; with none of our locks held.
 */
int mesh__live_registry_new(void (*shelf_free)(void *shelf),
                            struct mesh_live_registry **out);
void mesh__live_registry_free(struct mesh_live_registry *registry);

/*
 * Bind every destination of a snapshot to its live state, before the snapshot
 * is published. grace_ns: how long an absent endpoint's state is kept. 0 or
 * MESH_ERR_NOMEM (the snapshot is then thrown away by the caller).
 */
int mesh__live_bind(struct mesh_live_registry *registry,
                    struct mesh_snapshot *snapshot, uint64_t now_ns,
                    uint64_t grace_ns);

static inline struct mesh_live *
mesh__live(const struct mesh_destination *destination)
{
    return (struct mesh_live *)destination->live;
}

/* Counters for statistics, summed over all destinations. */
struct mesh_live_totals {
    uint64_t ejections;
    uint64_t ejections_refused; /* by maxEjectionPercent */
    uint64_t ejected_now;
};
void mesh__live_totals(struct mesh_live_registry *registry,
                       struct mesh_live_totals *out);

#endif
