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

struct mesh_hashed;
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
    /* Since when it is one of the endpoints without a break: what warm-up
     * counts from. Written at a bind. */
    atomic_uint_fast64_t present_since_ns;
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

enum { MESH__LIVE_SLOTS = 10 }; /* of a budget's interval, as in Envoy */

/* How many attempts began lately; private to budget.c. */
struct mesh_live_window {
    _Alignas(64) atomic_uint_fast64_t slots[MESH__LIVE_SLOTS];
};

/* Quotas of a destination: over the whole workload (Envoy: per cluster). */
struct mesh_live_quotas {
    struct mesh_quota connections;
    struct mesh_quota pending;
    struct mesh_quota requests;
    struct mesh_quota retries;
    struct mesh_live_window began; /* written where a budget has an interval */
};

/* A run of the endpoint set whose members take turns: a group, or in panic a
 * whole priority. Private to traffic/, as the next. */
struct mesh_live_source {
    _Alignas(64) atomic_uint_fast64_t cursor; /* ROUND_ROBIN */
    atomic_uint admitted; /* how many of mesh_live.admitted, from first on */
    uint32_t first;
    uint32_t count;
    struct mesh_schedule *schedule; /* NULL: nobody weighs more than another */
};

/* What is known of one priority of the endpoint set. */
struct mesh_live_priority {
    struct mesh_live_source everyone; /* in panic */
    atomic_uint load;                 /* percent of the requests it gets */
    atomic_uint health;               /* 0 to 100: what it could carry */
    atomic_bool panic;
    uint32_t first_group;
    uint32_t group_count;
    struct mesh_schedule *localities; /* NULL: groups have no shares */
    struct mesh_hashed *hashed;       /* NULL: not a hashing balancer */
};

/* What destination->live points at: made for one snapshot's destination. */
struct mesh_live {
    struct mesh_live_destination *shared;  /* survives reloads */
    struct mesh_live_quotas *quotas;       /* inside shared    */
    struct mesh_live_endpoint **endpoints; /* parallel to the endpoint set */
    size_t count;
    /*
     * Below: private to traffic/. The indexes that the picker may choose from,
     * each source's at its own place. Written under shared's lock, read
     * without: a reader in the middle of a change sees some of the old and
     * some of the new, each a valid index.
     */
    const struct mesh_destination *destination; /* while listed */
    struct mesh_endpoint_set *set;              /* counted, NULL */
    atomic_uint *admitted;
    struct mesh_live_source *groups;
    size_t group_count;
    struct mesh_live_priority *priorities; /* at least one */
    size_t priority_count;
    void *groups_memory;
    void *priorities_memory;
    struct mesh_node binding; /* in shared, under its lock */
    atomic_int refs;
    uint64_t serial; /* of the registry's bindings */
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
 * Fill the rings and tables of hashing balancers anew where somebody was
 * ejected or admitted; until then a key whose endpoint is out goes to the next
 * one. Takes memory and time: called by the keeper, never for a request; what
 * changed meanwhile waits for the next call, and so does what another thread
 * is at. 0 or MESH_ERR_NOMEM (what could not be done is done the next time).
 */
int mesh__live_refresh(struct mesh_live_registry *registry);

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
