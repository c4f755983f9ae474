/*
 * state.h - what one destination keeps across reloads; for traffic/ alone.
 *
 * Locks: the registry's before a destination's; a schedule's is a leaf. None
 * is held while anything outside of traffic/ is called.
 */
#ifndef MESH_TRAFFIC_STATE_H
#define MESH_TRAFFIC_STATE_H

#include "traffic/live.h"
#include "value/duration.h"

#include <pthread.h>

/* Ejections reach the picker at most once in this time (Envoy's merge window
 * of the cluster manager). */
#define MESH__MERGE_WINDOW_NS MESH__S

struct mesh_live_destination {
    struct mesh_live_quotas quotas;         /* first: aligned to cache lines */
    _Alignas(64) atomic_uint_fast64_t seed; /* 0 until the first draw */
    atomic_uint_fast64_t sweep_at_ns;       /* 0 until the first use */
    atomic_uint_fast64_t publish_at_ns;     /* MESH__NEVER: nothing waits */
    atomic_uint_fast64_t ejections;
    atomic_uint_fast64_t ejections_refused;
    pthread_mutex_t lock;
    struct mesh_live_endpoint *endpoints; /* under lock, as these: */
    struct mesh_node bindings;
    uint64_t published_at_ns;   /* the last time; MESH__NEVER: never yet */
    struct mesh_map originals;  /* that callers brought along, by address */
    uint64_t looked_at_ns;      /* when the idle of those were looked for */
    struct mesh_map by_address; /* under the registry's lock, as these: */
    uint64_t epoch;             /* the last bind that named it */
    uint64_t named_by;          /* which binding did, its serial */
    bool has_absent;            /* some of its endpoints may be */
    uint64_t absent_since_ns;
    struct mesh_live_destination *next_gone;
    char *name;
    void *memory; /* what to free: the block, before alignment */
    void (*shelf_free)(void *shelf);
    atomic_int refs;
};

/* Zeroed and aligned to a cache line; *memory is what to free. */
void *mesh__new_aligned(size_t size, void **memory);

/*
 * The state of an endpoint, made where there is none; under the registry's
 * lock. NULL when memory is out.
 */
struct mesh_live_endpoint *mesh__live_endpoint_for(
    struct mesh_live_destination *shared, const struct mesh_address *address,
    uint64_t now_ns);
void mesh__live_destination_unref(struct mesh_live_destination *shared);

/* binding.c: a binding of its own, not yet listed. 0 or NOMEM. */
int mesh__binding_new(struct mesh_live_destination *shared,
                      const struct mesh_destination *destination,
                      uint64_t now_ns, struct mesh_live **out);
/* One more holder; false when the last one is just letting go. A holder has
 * the endpoints and their set, not the destination. */
bool mesh__binding_ref(struct mesh_live *live);
void mesh__binding_unref(struct mesh_live *live);
/* The destination goes: not listed any more, and one holder less. */
void mesh__binding_end(struct mesh_live *live);
/* List it: the cursors go on from where the last one's are. Under the lock. */
void mesh__binding_list(struct mesh_live *live);
/* Who may be picked has changed. Under the lock. */
void mesh__binding_show(struct mesh_live *live);
/* In a forked child. */
void mesh__binding_forked(struct mesh_live *live);
/* The key of by_address and originals. */
void mesh__live_key(const struct mesh_address *address,
                    char key[MESH__LIVE_KEY]);
/* In no table yet, with one reference; NULL when memory is out. */
struct mesh_live_endpoint *mesh__live_endpoint_new(
    struct mesh_live_destination *shared, const struct mesh_address *address);
/* With none of our locks held: a shelf may go with it. */
void mesh__live_endpoint_unref(struct mesh_live_endpoint *endpoint);
/* All of a chain by next; NULL is accepted. */
void mesh__live_endpoints_unref(struct mesh_live_endpoint *endpoint);

/* Show the picker, through every binding, who is ejected. Under the lock. */
void mesh__live_publish(struct mesh_live_destination *shared);

/* The same at most once in the merge window, else later. Under the lock. */
void mesh__live_publish_soon(struct mesh_live_destination *shared,
                             uint64_t now_ns);

/* Do what is due: sweeps, and ejections that waited. Gives up when another
 * thread is at it. */
void mesh__outlier_tick(const struct mesh_destination *destination,
                        uint64_t now_ns);

/* Admit everyone and forget all counts; under the lock. */
void mesh__outlier_forget(struct mesh_live_destination *shared);

#endif
