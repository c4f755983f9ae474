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

#include "base/list.h"
#include "base/quota.h"
#include "policy/snapshot.h"

#include <stdatomic.h>

struct mesh_live_registry;
struct mesh_live_destination;
struct mesh_schedule;

enum { MESH__LIVE_KEY = 19 }; /* family, port and IP of an endpoint */

/* One endpoint's state; counted by its destination. Fields are private to
 * traffic/ but for active, which client/ raises and lowers per attempt. */
struct mesh_live_endpoint {
    struct mesh_quota active; /* attempts under way */
    struct mesh_address address;
    atomic_uint consecutive_5xx;
    atomic_uint consecutive_gateway;
    atomic_uint consecutive_local;
    atomic_bool ejected;      /* written under the destination's lock */
    atomic_bool hidden;       /* what the picker sees of ejected, same */
    bool told;                /* out: nobody heard that it is back */
    uint64_t ejected_at_ns;   /* this and below: under that lock */
    uint64_t admitted_at_ns;  /* MESH__NEVER: was never ejected */
    uint32_t backoff;         /* times ejected, decaying */
    uint64_t absent_since_ns; /* MESH__NEVER while present */
    struct mesh_live_endpoint *next;
    char key[MESH__LIVE_KEY];
    void *memory; /* what to free: the block, before alignment */
    void (*shelf_free)(void *shelf);
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
    struct mesh_live_destination *shared;  /* survives reloads */
    struct mesh_live_quotas *quotas;       /* inside shared    */
    struct mesh_live_endpoint **endpoints; /* parallel to the endpoint set */
    size_t count;
    /*
     * Below: private to traffic/. The indexes that the picker may choose from.
     * Written under shared's lock, read without: a reader in the middle of a
     * change sees some of the old and some of the new, each a valid index.
     */
    atomic_uint *admitted;
    atomic_uint admitted_count;
    struct mesh_schedule *schedule; /* NULL when all weights are equal */
    struct mesh_node binding;       /* in shared, under its lock */
    uint64_t serial;                /* of the registry's bindings */
};

/*
 * shelf_free (may be NULL) is called with what stands in an endpoint's shelf
 * when its state dies; with none of our locks held. The registry may be freed
 * before the snapshots that were bound with it. 0 or MESH_ERR_NOMEM.
 */
int mesh__live_registry_new(void (*shelf_free)(void *shelf),
                            struct mesh_live_registry **out);
void mesh__live_registry_free(struct mesh_live_registry *registry);

/*
 * Bind every destination of a snapshot to its live state, before the snapshot
 * is published. What a reused part brings stays bound. Endpoints and whole
 * destinations that this snapshot lacks are absent from now on; the state of
 * what is absent for grace_ns goes with the first bind after that. A
 * destination without outlier detection forgets its ejections. 0 or
 * MESH_ERR_NOMEM (the snapshot is then thrown away by the caller, and the live
 * state is as before).
 */
int mesh__live_bind(struct mesh_live_registry *registry,
                    struct mesh_snapshot *snapshot, uint64_t now_ns,
                    uint64_t grace_ns);

static inline struct mesh_live *mesh__live(
    const struct mesh_destination *destination)
{
    return (struct mesh_live *)destination->live;
}

/*
 * In a forked child: locks that a thread of the parent held are free again,
 * and schedules that it was filling are filled anew. Nobody else is here.
 */
void mesh__live_forked(struct mesh_live_registry *registry);

/*
 * One endpoint that is back after an ejection, each named once:
 * "outbound|80||a.b.svc.cluster.local: 10.0.0.1:8080". false: there is none.
 */
bool mesh__live_next_admitted(struct mesh_live_registry *registry, char *text,
                              size_t size);

/* Counters for statistics, summed over all destinations. */
struct mesh_live_totals {
    uint64_t ejections;
    uint64_t ejections_refused; /* by maxEjectionPercent */
    uint64_t ejected_now;
};
void mesh__live_totals(struct mesh_live_registry *registry,
                       struct mesh_live_totals *out);

#endif
