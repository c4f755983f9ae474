/*
 * world.c - a snapshot without a policy.
 */
#include "world.h"

#include "policy/hashing.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const names[WORLD_DESTINATIONS] = { "a", "b", "c" };

void world_address(struct world *world, size_t destination, size_t i, uint8_t n)
{
    world->endpoints[destination][i].address = (struct mesh_address){
        .family = 4,
        .port = 8080,
        .ip = { 10, 0, (uint8_t)destination, n },
    };
}

static void init_destination(struct world *world, size_t d, size_t count)
{
    assert_true(count <= WORLD_ENDPOINTS);
    for (size_t i = 0; i < count; i++) {
        world_address(world, d, i, (uint8_t)i);
        world->endpoints[d][i].text = "10.0.0.0:8080";
        world->endpoints[d][i].weight = 1;
    }
    world->sets[d] = (struct mesh_endpoint_set){
        .refs = 1, /* ours, never given up */
        .endpoints = world->endpoints[d],
        .count = count,
        .total_weight = (uint32_t)count,
        .equal_weights = true,
    };
    world->destinations[d] = (struct mesh_destination){
        .name = names[d],
        .host = "web",
        .subset = "",
        .port = WORLD_PORT,
        .breakers = { .max_retries = MESH__UNLIMITED },
        .outlier = { .enabled = true,
                     .consecutive_5xx = 5,
                     .interval_ns = 10 * MESH__S,
                     .base_ejection_ns = 30 * MESH__S,
                     .max_ejection_ns = 300 * MESH__S,
                     .max_ejection_percent = 100 },
        .endpoints = &world->sets[d],
    };
    world->listed[d] = &world->destinations[d];
}

void world_init(struct world *world, size_t count)
{
    for (size_t d = 0; d < WORLD_DESTINATIONS; d++)
        init_destination(world, d, count);
    world->host.name = "web:80";
    world->host.rules = world->rules;
    world->ports[0] = WORLD_PORT;
    world->part.host = "web";
    world->part.destinations = world->listed;
    world->part.destination_count = WORLD_DESTINATIONS;
    world->part.virtual_hosts = &world->host;
    world->part.ports = world->ports;
    world->part.port_count = 1;
    world->parts[0] = &world->part;
    world->snapshot.parts = world->parts;
    world->snapshot.part_count = 1;
    assert_int_equal(
        mesh__map_put(&world->snapshot.exact, MESH__SLICE("web"), &world->part),
        0);
}

void world_ring(struct world *world, size_t destination)
{
    struct mesh_endpoint_set *set = &world->sets[destination];
    struct mesh_owner owners[WORLD_ENDPOINTS];
    size_t count = set->count;

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(world->texts[i], sizeof(world->texts[i]),
                       "10.0.%zu.%zu:8080", destination, i);
        set->endpoints[i].text = world->texts[i];
    }
    world->group = (struct mesh_endpoint_group){ .count = count, .weight = 1 };
    world->priority = (struct mesh_priority){
        .count = count,
        .group_count = 1,
        .ring = { .points = world->points, .room = WORLD_RING },
    };
    set->groups = &world->group;
    set->priorities = &world->priority;
    set->group_count = set->priority_count = 1;
    world->destinations[destination].balancer = MESH__RING_HASH;
    world->destinations[destination].ring_least = WORLD_RING / 2;
    assert_int_equal(mesh__owners_of(set, &world->priority, NULL, owners),
                     count);
    assert_int_equal(
        mesh__ring_fill(&world->priority.ring, owners, count, WORLD_RING / 2),
        0);
}

void world_fini(struct world *world)
{
    for (size_t d = 0; d < WORLD_DESTINATIONS; d++) {
        struct mesh_destination *destination = &world->destinations[d];

        if (destination->live_unref)
            destination->live_unref(destination->live);
        destination->live = NULL;
        destination->live_unref = NULL;
    }
    mesh__map_fini(&world->snapshot.exact);
}

void world_pick(const struct mesh_destination *destination, uint64_t now_ns,
                const struct mesh_draws *draws, const size_t *tried,
                size_t tried_count, uint32_t re_picks, struct mesh_pick *out,
                struct mesh__why *why)
{
    const struct mesh_pick_ask ask = {
        .now_ns = now_ns,
        .draws = draws,
        .tried = tried,
        .tried_count = tried_count,
        .re_picks = re_picks,
    };

    mesh__pick(destination, &ask, out, why);
}

static uint64_t next_die(void *user)
{
    struct dice *dice = user;

    return dice->values[dice->at++ % dice->count];
}

struct mesh_draws world_draws(struct dice *dice)
{
    return (struct mesh_draws){ next_die, dice };
}

static uint64_t next_random(void *user)
{
    uint64_t *state = user;

    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

struct mesh_draws world_random(uint64_t *state)
{
    return (struct mesh_draws){ next_random, state };
}
