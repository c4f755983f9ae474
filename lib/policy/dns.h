/*
 * dns.h - names that services stand on, and what is known of them.
 *
 * Answers are an input of the compiler like any other: the same resources and
 * the same answers give the same snapshot. Who asks, and when again, is not
 * known here.
 */
#ifndef MESH_POLICY_DNS_H
#define MESH_POLICY_DNS_H

#include "base/slice.h"
#include "value/address.h"

#include <stdbool.h>
#include <stddef.h>

/* A name that was answered; with no address where it has none. */
struct mesh_known_name {
    struct mesh_slice name;
    const struct mesh_address *addresses; /* without port */
    size_t count;
};

/* Sorted by name as memory compares; a name without an answer is not there. */
struct mesh_known_names {
    const struct mesh_known_name *items;
    size_t count;
};

/* names may be NULL; NULL: not answered yet. */
const struct mesh_known_name *mesh__known_name(
    const struct mesh_known_names *names, struct mesh_slice name);

/* What a snapshot wants to be told. */
struct mesh_wanted_name {
    const char *name;
    /* DNS_ROUND_ROBIN: addresses stay when the name is said to have none. */
    bool sticky;
};

#endif
