/*
 * schedule.h - endpoints or localities of unequal weight in a fair order:
 * earliest deadline first, as Envoy's EdfScheduler.
 *
 * Picking pops the earliest and puts it back 1/weight later; equal deadlines
 * keep the order of insertion. Filled again, in place, whenever who may be
 * chosen has changed.
 *
 * Threads: any; a lock of its own, a leaf.
 */
#ifndef MESH_TRAFFIC_SCHEDULE_H
#define MESH_TRAFFIC_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mesh_schedule;

/* Room for most candidates. 0 or NOMEM. */
int mesh__schedule_new(size_t most, struct mesh_schedule **out);
void mesh__schedule_free(struct mesh_schedule *schedule);

/* Who may be chosen has changed: fill again before the next pick. */
void mesh__schedule_outdate(struct mesh_schedule *schedule);

/* In a forked child: its lock is free, and it is filled again. */
void mesh__schedule_forked(struct mesh_schedule *schedule);

/* Who may be chosen, and what each is worth now. */
struct mesh_schedule_source {
    size_t count;
    size_t (*candidate)(const void *user, size_t i);
    double (*weight)(const void *user, size_t index); /* 0: has no turn */
    /* Asked when filled: may turns do without weights? NULL: never. */
    bool (*even)(const void *user);
    const void *user;
    uint64_t seed; /* where to begin: seed % count picks in */
};

/* false: turns are even, or nobody has one; pick otherwise. */
bool mesh__schedule_pick(struct mesh_schedule *schedule,
                         const struct mesh_schedule_source *source,
                         size_t *index);

#endif
