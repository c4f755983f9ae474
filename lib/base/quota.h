/*
 * quota.h - a count that many threads raise and lower, and a ceiling asked
 * before raising it.
 *
 * Relaxed, as Envoy's resource manager: between the question and the raise
 * other threads may pass too, and the brief overshoot is accepted. A cache
 * line each, so that two destinations never share one.
 */
#ifndef MESH_BASE_QUOTA_H
#define MESH_BASE_QUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct mesh_quota {
    _Alignas(64) atomic_uint_fast32_t used;
    char pad[64 - sizeof(atomic_uint_fast32_t)];
};

static inline uint32_t mesh__quota_used(const struct mesh_quota *quota)
{
    return (uint32_t)atomic_load_explicit(&quota->used, memory_order_relaxed);
}

static inline bool mesh__quota_has_room(const struct mesh_quota *quota,
                                        uint32_t ceiling)
{
    return mesh__quota_used(quota) < ceiling;
}

static inline void mesh__quota_raise(struct mesh_quota *quota)
{
    atomic_fetch_add_explicit(&quota->used, 1, memory_order_relaxed);
}

static inline void mesh__quota_lower(struct mesh_quota *quota)
{
    atomic_fetch_sub_explicit(&quota->used, 1, memory_order_relaxed);
}

#endif
