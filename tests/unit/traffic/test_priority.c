/*
 * test_priority.c - who carries the load when some of the near ones are out
 * (Envoy: load_balancer_impl.cc, previous_priorities.cc; semantics 5).
 */
#include "traffic/priority.h"

#include "world.h"

#include "traffic/state.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 4 };

static struct world world;
static struct mesh_live_registry *registry;
static struct mesh_priority priorities[MOST];
static struct mesh_endpoint_group groups[MOST];

/* "2/4 1/1": two of four in, one of one; a priority each. */
static void build(const char *text, uint32_t min_percent)
{
    struct mesh_endpoint_set *set = &world.sets[0];
    unsigned in[MOST], of[MOST];
    size_t count = 0, total = 0, at = 0;
    int used;

    while (sscanf(text, " %u/%u%n", &in[count], &of[count], &used) == 2) {
        priorities[count] = (struct mesh_priority){ .first = total,
                                                    .count = of[count],
                                                    .first_group = count,
                                                    .group_count = 1 };
        groups[count] = (struct mesh_endpoint_group){ .first = total,
                                                      .count = of[count],
                                                      .weight = of[count] };
        total += of[count++];
        text += used;
    }
    world = (struct world){ 0 };
    world_init(&world, total);
    world.destinations[0].outlier.min_health_percent = min_percent;
    set->priorities = priorities;
    set->groups = groups;
    set->priority_count = set->group_count = count;
    assert_int_equal(mesh__live_registry_new(NULL, &registry), 0);
    assert_int_equal(mesh__live_bind(registry, &world.snapshot, MESH__S, 0), 0);
    for (size_t p = 0; p < count; p++)
        for (unsigned e = 0; e < of[p]; e++, at++)
            atomic_store(
                &mesh__live(&world.destinations[0])->endpoints[at]->hidden,
                e >= in[p]);
    mesh__binding_show(mesh__live(&world.destinations[0]));
}

static void tear_down(void)
{
    world_fini(&world);
    mesh__live_registry_free(registry);
}

static const struct {
    const char *claim;
    const char *in;
    uint32_t min_percent;
    const char *loads; /* percents; '!' behind one in panic */
} rows[] = {
    { "all well: the first has it all", "2/2 2/2", 0, "100 0" },
    { "half of it carries 70 %", "2/4 2/2", 0, "70 30" },
    { "five of seven carry it all", "5/7 2/2", 0, "100 0" },
    { "four of seven do not", "4/7 2/2", 0, "80 20" },
    { "none of the first: the second", "0/2 2/2", 0, "0 100" },
    { "and the third behind it", "0/2 1/4 1/1", 0, "0 35 65" },
    { "what all can carry is spread over all, the rest to the first",
      "1/10 1/10", 0, "50 50" },
    { "in proportion", "1/10 2/10", 0, "34 66" },
    { "nobody is left: the first, in vain", "0/2 0/2", 0, "100 0" },
    { "one priority has it all", "1/4", 0, "100" },
    { "empty ones do not exist for it", "0/1 1/2 1/2", 0, "0 70 30" },
    { "panic of one where too few can carry", "1/4 1/4", 30, "50! 50!" },
    { "not where all together can", "1/4 3/4", 30, "35 65" },
    { "all in panic: by how many there are", "0/3 0/1", 50, "75! 25!" },
    { "some in panic: by what they can carry", "0/3 3/8", 30, "0! 100" },
    { "strictly below the threshold", "1/4 1/4", 25, "50 50" },
};

static void load_goes_where_it_can(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct mesh_live *live;
        char loads[64] = "";
        size_t used = 0;

        build(rows[i].in, rows[i].min_percent);
        live = mesh__live(&world.destinations[0]);
        for (size_t p = 0; p < live->priority_count; p++)
            used += (size_t)snprintf(
                loads + used, sizeof(loads) - used, "%s%u%s", p ? " " : "",
                (unsigned)atomic_load(&live->priorities[p].load),
                atomic_load(&live->priorities[p].panic) ? "!" : "");
        if (strcmp(loads, rows[i].loads) != 0)
            fail_msg("%s: %s, wanted %s", rows[i].claim, loads, rows[i].loads);
        tear_down();
    }
}

static void a_draw_falls_into_its_share(void **state)
{
    unsigned counts[2] = { 0, 0 };

    (void)state;
    build("2/4 2/2", 0);
    for (uint64_t draw = 0; draw < 1000; draw++)
        counts[mesh__priority_pick(mesh__live(&world.destinations[0]), draw)]++;
    assert_int_equal(counts[0], 700);
    assert_int_equal(counts[1], 300);
    tear_down();
}

static const struct {
    const char *claim;
    const char *in;
    size_t tried[6]; /* endpoints, in order */
    size_t count;
    const char *shares; /* percents of the next attempt */
} leaving[] = {
    { "one attempt leaves nothing", "2/2 2/2 2/2", { 0 }, 1, "100 0 0" },
    { "the second attempt leaves the first two's priority",
      "2/2 2/2 2/2",
      { 0, 1 },
      2,
      "0 100 0" },
    { "a third attempt changes nothing",
      "2/2 2/2 2/2",
      { 0, 1, 2 },
      3,
      "0 100 0" },
    { "a fourth leaves both", "2/2 2/2 2/2", { 0, 1, 2, 3 }, 4, "0 0 100" },
    { "two priorities may go at once", "1/1 1/1 1/1", { 0, 1 }, 2, "0 0 100" },
    { "when none is left all count again", "1/1 1/1", { 0, 1 }, 2, "100 0" },
    { "from there on", "1/1 1/1", { 0, 1, 0 }, 3, "100 0" },
    { "and are left again", "1/1 1/1 1/1", { 0, 1, 0, 0, 2 }, 5, "0 0 100" },
    { "who is left shares by health", "1/1 1/4 1/4", { 0, 0 }, 2, "0 50 50" },
};

/* retryRemoteLocalities: updated after every second attempt. */
static void retries_leave_what_they_tried(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++) {
        unsigned counts[MOST] = { 0 };
        const struct mesh_live *live;
        char shares[64] = "";
        size_t used = 0;

        build(leaving[i].in, 0);
        live = mesh__live(&world.destinations[0]);
        for (uint64_t draw = 0; draw < 100; draw++)
            counts[mesh__priority_pick_other(live, draw, leaving[i].tried,
                                             leaving[i].count)]++;
        for (size_t p = 0; p < live->priority_count; p++)
            used += (size_t)snprintf(shares + used, sizeof(shares) - used,
                                     "%s%u", p ? " " : "", counts[p]);
        if (strcmp(shares, leaving[i].shares) != 0)
            fail_msg("%s: %s, wanted %s", leaving[i].claim, shares,
                     leaving[i].shares);
        tear_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_goes_where_it_can),
        cmocka_unit_test(a_draw_falls_into_its_share),
        cmocka_unit_test(retries_leave_what_they_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
