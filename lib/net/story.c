/*
 * story.c - several loops in one world of the memory port, told to their end:
 * each a turn in order, and when none has anything to do, the clock moves on.
 */
#include "net/loop.h"
#include "net/port_memory.h"

#include "base/error.h"
#include "value/duration.h"

/* Each loop one turn; 1 if anything ran, 0, or what a step failed with. */
static int step_all(struct mesh_loop *const *loops, size_t count)
{
    int ran = 0;

    for (size_t i = 0; i < count; i++) {
        int rc = mesh__loop_step(loops[i], 0, NULL, NULL);

        if (rc < 0)
            return rc;
        ran |= rc;
    }
    return ran;
}

static uint64_t next_of_all(const struct mesh_world *world,
                            struct mesh_loop *const *loops, size_t count)
{
    uint64_t now_ns = mesh__world_now_ns(world);
    uint64_t next_ns = mesh__world_next_ns(world);

    for (size_t i = 0; i < count; i++) {
        uint64_t wanted_ns =
            mesh__time_add(now_ns, mesh__loop_wanted_ns(loops[i]));

        next_ns = wanted_ns < next_ns ? wanted_ns : next_ns;
    }
    return next_ns;
}

static void move_to(struct mesh_world *world, uint64_t until_ns)
{
    uint64_t now_ns = mesh__world_now_ns(world);

    if (until_ns > now_ns)
        mesh__world_advance(world, until_ns - now_ns);
}

int mesh__world_run(struct mesh_world *world, struct mesh_loop *const *loops,
                    size_t count, uint64_t until_ns, bool (*done)(void *user),
                    void *user)
{
    unsigned turns = 0;

    while (!done || !done(user)) {
        int rc = step_all(loops, count);
        uint64_t next_ns;

        if (rc < 0)
            return rc;
        if (++turns > MESH__WORLD_TURNS)
            return mesh__fail(MESH_ERR_STATE, "a story that stands still");
        if (rc > 0)
            continue;
        next_ns = next_of_all(world, loops, count);
        if (next_ns > mesh__world_now_ns(world))
            turns = 0;
        if (next_ns > until_ns || next_ns == MESH__NEVER) {
            if (until_ns != MESH__NEVER)
                move_to(world, until_ns);
            return 0;
        }
        move_to(world, next_ns);
    }
    return 1;
}
