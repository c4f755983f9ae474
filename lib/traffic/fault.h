/*
 * fault.h - is a share drawn (Envoy: fractional percentages).
 */
#ifndef MESH_TRAFFIC_FAULT_H
#define MESH_TRAFFIC_FAULT_H

#include "policy/actions.h"

#include <stdbool.h>
#include <stdint.h>

/* share of a million; draw is uniform over all of uint64_t. */
static inline bool mesh__share_drawn(uint32_t share, uint64_t draw)
{
    return draw % MESH__SHARE_ALL < share;
}

#endif
