/*
 * world.h - a snapshot built by hand: one host "web" on port 80, with
 * destinations of numbered endpoints; live state beside it.
 */
#ifndef MESH_TESTS_WORLD_H
#define MESH_TESTS_WORLD_H

#include "policy/snapshot.h"
#include "traffic/live.h"
#include "traffic/pick.h"

enum {
    WORLD_DESTINATIONS = 3,
    WORLD_ENDPOINTS = 32,
    WORLD_RULES = 16,
    WORLD_PORT = 80,
    WORLD_RING = 256
};

/* Does not move: its pieces point at each other. Zeroed before world_init. */
struct world {
    struct mesh_snapshot snapshot;
    struct mesh_part part;
    struct mesh_part *parts[1];
    struct mesh_virtual_host host;
    struct mesh_route_rule rules[WORLD_RULES];
    uint16_t ports[1];
    struct mesh_destination destinations[WORLD_DESTINATIONS];
    struct mesh_destination *listed[WORLD_DESTINATIONS];
    struct mesh_endpoint_set sets[WORLD_DESTINATIONS];
    struct mesh_endpoint endpoints[WORLD_DESTINATIONS][WORLD_ENDPOINTS];
    char texts[WORLD_ENDPOINTS][64]; /* of the one on a ring */
    struct mesh_priority priority;   /* its only one */
    struct mesh_endpoint_group group;
    struct mesh_ring_point points[WORLD_RING];
};

/* Destinations "a", "b", "c" of count endpoints each, weight 1, with
 * outlier detection of 5 in a row, 10 s, 30 s, 100 %. */
void world_init(struct world *world, size_t count);
/* Lets go of live state as a part does. */
void world_fini(struct world *world);

/* Endpoint i of a destination gets the address 10.0.d.n. */
void world_address(struct world *world, size_t destination, size_t i,
                   uint8_t n);

/* One of the destinations is balanced by ring hash, before it is bound. */
void world_ring(struct world *world, size_t destination);

/* Dice that were thrown before; after the last they begin anew. */
struct dice {
    const uint64_t *values;
    size_t count;
    size_t at;
};
struct mesh_draws world_draws(struct dice *dice);

/* mesh__pick without a key, in one line. */
void world_pick(const struct mesh_destination *destination, uint64_t now_ns,
                const struct mesh_draws *draws, const size_t *tried,
                size_t tried_count, uint32_t re_picks, struct mesh_pick *out,
                struct mesh__why *why);

/* xorshift64*: dice without a list. */
struct mesh_draws world_random(uint64_t *state);

#endif
