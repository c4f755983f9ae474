/*
 * timers.c - moments in a binary heap.
 *
 * Declines to know what time it is and what a timer is for.
 */
#include "net/timers.h"

#include "base/alloc.h"

void mesh__timers_fini(struct mesh_timers *timers)
{
    mesh__free(timers->heap);
    *timers = (struct mesh_timers){ 0 };
}

void mesh__timer_init(struct mesh_timer *timer,
                      void (*on_due)(struct mesh_timer *))
{
    *timer = (struct mesh_timer){ .on_due = on_due, .due_ns = MESH__NEVER };
}

static void put_at(struct mesh_timers *timers, size_t i,
                   struct mesh_timer *timer)
{
    timers->heap[i] = timer;
    timer->place = i + 1;
}

static size_t sift_up(struct mesh_timers *timers, size_t i)
{
    struct mesh_timer *timer = timers->heap[i];

    while (i && timers->heap[(i - 1) / 2]->due_ns > timer->due_ns) {
        put_at(timers, i, timers->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put_at(timers, i, timer);
    return i;
}

static void sift_down(struct mesh_timers *timers, size_t i)
{
    struct mesh_timer *timer = timers->heap[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < timers->count &&
            timers->heap[child + 1]->due_ns < timers->heap[child]->due_ns)
            child++;
        if (child >= timers->count ||
            timers->heap[child]->due_ns >= timer->due_ns)
            break;
        put_at(timers, i, timers->heap[child]);
        i = child;
    }
    put_at(timers, i, timer);
}

int mesh__timers_put(struct mesh_timers *timers, struct mesh_timer *timer,
                     uint64_t due_ns)
{
    if (!timer->place) {
        int rc = mesh__grow(&timers->heap, &timers->capacity, timers->count,
                            MESH__LOOP_TIMERS, sizeof(*timers->heap));

        if (rc < 0)
            return rc;
        put_at(timers, timers->count++, timer);
    }
    timer->due_ns = due_ns;
    sift_down(timers, sift_up(timers, timer->place - 1));
    return 0;
}

void mesh__timers_remove(struct mesh_timers *timers, struct mesh_timer *timer)
{
    size_t i = timer->place - 1;

    timer->due_ns = MESH__NEVER;
    if (!timer->place)
        return;
    timer->place = 0;
    timers->count--;
    if (i < timers->count) {
        put_at(timers, i, timers->heap[timers->count]);
        sift_down(timers, sift_up(timers, i));
    }
}
