/*
 * held.c - snapshots for calls that have no loop: a decision holds one without
 * a lock or a count that all threads share.
 *
 * Each stripe of threads has a holder of its own, made by whoever comes first
 * after a swap. Declines to know what is decided.
 */
#include "workload/workload.h"

#include "base/error.h"

void mesh__holders_init(struct mesh_workload *workload)
{
    for (size_t i = 0; i < MESH__LANE_STRIPES; i++)
        (void)pthread_mutex_init(&workload->holders[i].lock, NULL);
}

/* Nobody holds anything: each would hold the workload, too. */
void mesh__holders_fini(struct mesh_workload *workload)
{
    for (size_t i = 0; i < MESH__LANE_STRIPES; i++) {
        mesh__hold_retire(workload->holders[i].hold);
        (void)pthread_mutex_destroy(&workload->holders[i].lock);
    }
}

/* The newest; nothing where memory is out. */
static struct mesh_hold *make(struct mesh_workload *workload)
{
    struct mesh_snapshot *snapshot = mesh__workload_snapshot(workload);
    struct mesh_hold *hold = mesh__hold_new(snapshot);

    if (!hold)
        mesh__snapshot_unref(snapshot);
    return hold;
}

/*
 * A swap that comes while a holder is made waits at its lock, and takes it away
 * again: nobody is late.
 */
int mesh__held_take(struct mesh_workload *workload, struct mesh_held *out)
{
    struct mesh_holder *holder = &workload->holders[mesh__stripe_of_thread()];

    *out = (struct mesh_held){ .holder = holder };
    (void)pthread_mutex_lock(&holder->lock);
    if (!holder->hold)
        holder->hold = make(workload);
    if (holder->hold)
        out->hold = mesh__hold_use(holder->hold);
    (void)pthread_mutex_unlock(&holder->lock);
    return out->hold ? 0 : mesh__fail(MESH_ERR_NOMEM, "a snapshot's holder");
}

void mesh__held_done(struct mesh_held *held)
{
    struct mesh_hold *hold = held->hold;
    bool settles;

    if (!hold)
        return;
    (void)pthread_mutex_lock(&held->holder->lock);
    hold->uses--;
    settles = hold->retired && hold->uses == 0;
    (void)pthread_mutex_unlock(&held->holder->lock);
    if (settles)
        mesh__hold_settle(hold);
    held->hold = NULL;
}

void mesh__holders_renewed(struct mesh_workload *workload)
{
    for (size_t i = 0; i < MESH__LANE_STRIPES; i++) {
        struct mesh_holder *holder = &workload->holders[i];
        struct mesh_hold *old;
        bool settles = false;

        (void)pthread_mutex_lock(&holder->lock);
        old = holder->hold;
        if (old) {
            old->retired = true;
            settles = old->uses == 0;
        }
        holder->hold = NULL;
        (void)pthread_mutex_unlock(&holder->lock);
        if (settles)
            mesh__hold_settle(old);
    }
}
