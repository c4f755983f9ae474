/*
 * schedule.c - earliest deadline first, in a heap that never grows.
 *
 * Knows weights and order. Knows nothing of why somebody may be chosen.
 */
#include "traffic/schedule.h"

#include "base/alloc.h"
#include "base/error.h"

#include <pthread.h>
#include <stdatomic.h>

static const double NEVER = 1e18;

struct turn {
    double deadline;
    uint64_t order; /* among equal deadlines the older goes first */
    size_t index;
};

struct mesh_schedule {
    pthread_mutex_t lock;
    atomic_bool outdated; /* set by anyone; all else under the lock */
    bool even;  /* the candidates of the last filling need no weights */
    double now; /* deadline of the last pick */
    uint64_t order;
    struct turn *turns; /* a heap */
    size_t most;
    size_t count;
};

int mesh__schedule_new(size_t most, struct mesh_schedule **out)
{
    struct mesh_schedule *schedule;

    *out = NULL;
    schedule = mesh__calloc(1, sizeof(*schedule));
    if (!schedule)
        return mesh__fail(MESH_ERR_NOMEM, "a schedule");
    schedule->turns = mesh__calloc(most ? most : 1, sizeof(*schedule->turns));
    if (!schedule->turns || pthread_mutex_init(&schedule->lock, NULL) != 0) {
        mesh__free(schedule->turns);
        mesh__free(schedule);
        return mesh__fail(MESH_ERR_NOMEM, "a schedule of %zu", most);
    }
    schedule->most = most;
    atomic_init(&schedule->outdated, true);
    *out = schedule;
    return 0;
}

void mesh__schedule_free(struct mesh_schedule *schedule)
{
    if (!schedule)
        return;
    pthread_mutex_destroy(&schedule->lock);
    mesh__free(schedule->turns);
    mesh__free(schedule);
}

void mesh__schedule_outdate(struct mesh_schedule *schedule)
{
    atomic_store(&schedule->outdated, true);
}

void mesh__schedule_forked(struct mesh_schedule *schedule)
{
    (void)pthread_mutex_init(&schedule->lock, NULL);
    mesh__schedule_outdate(schedule);
}

/* --- the heap --- */

static bool before(const struct turn *a, const struct turn *b)
{
    return a->deadline < b->deadline ||
           (a->deadline <= b->deadline && a->order < b->order);
}

static void swap(struct turn *a, struct turn *b)
{
    struct turn kept = *a;

    *a = *b;
    *b = kept;
}

static void sift_up(struct turn *turns, size_t at)
{
    for (; at > 0; at = (at - 1) / 2) {
        if (!before(&turns[at], &turns[(at - 1) / 2]))
            return;
        swap(&turns[at], &turns[(at - 1) / 2]);
    }
}

static void sift_down(struct turn *turns, size_t count)
{
    size_t at = 0, child;

    for (child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(&turns[child + 1], &turns[child]))
            child++;
        if (!before(&turns[child], &turns[at]))
            return;
        swap(&turns[child], &turns[at]);
        at = child;
    }
}

static void push(struct mesh_schedule *schedule, size_t index, double weight)
{
    schedule->turns[schedule->count] = (struct turn){
        .deadline = schedule->now + 1.0 / weight,
        .order = schedule->order++,
        .index = index,
    };
    sift_up(schedule->turns, schedule->count++);
}

/* The earliest, put back at once with the deadline of its next turn. */
static size_t turn_over(struct mesh_schedule *schedule,
                        const struct mesh_schedule_source *source)
{
    struct turn *first = &schedule->turns[0];
    size_t index = first->index;
    double weight = source->weight(source->user, index);

    schedule->now = first->deadline;
    /* A weight that vanished since the filling: it will be filled again. */
    first->deadline += weight > 0 ? 1.0 / weight : NEVER;
    first->order = schedule->order++;
    sift_down(schedule->turns, schedule->count);
    return index;
}

/* --- filling and picking --- */

static void fill(struct mesh_schedule *schedule,
                 const struct mesh_schedule_source *source)
{
    schedule->count = 0;
    schedule->now = 0;
    schedule->order = 0;
    schedule->even = source->even && source->even(source->user);
    if (schedule->even)
        return;
    for (size_t i = 0; i < source->count && i < schedule->most; i++) {
        size_t index = source->candidate(source->user, i);
        double weight = source->weight(source->user, index);

        if (weight > 0)
            push(schedule, index, weight);
    }
    for (uint64_t n = schedule->count ? source->seed % schedule->count : 0;
         n > 0; n--)
        turn_over(schedule, source);
}

bool mesh__schedule_pick(struct mesh_schedule *schedule,
                         const struct mesh_schedule_source *source,
                         size_t *index)
{
    bool picked = false;

    pthread_mutex_lock(&schedule->lock);
    if (atomic_exchange(&schedule->outdated, false))
        fill(schedule, source);
    if (!schedule->even && schedule->count) {
        *index = turn_over(schedule, source);
        picked = true;
    }
    pthread_mutex_unlock(&schedule->lock);
    return picked;
}
