/*
 * duration.h - spans of time as policies write them.
 */
#ifndef MESH_VALUE_DURATION_H
#define MESH_VALUE_DURATION_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define MESH__MS    UINT64_C(1000000)
#define MESH__S     UINT64_C(1000000000)
#define MESH__NEVER UINT64_MAX /* a time that does not come */

/*
 * Read "1h2m3.5s", "250ms", "1.5s" (Go's and proto3-JSON's spelling as istiod
 * accepts it: units ns us µs ms s m h). Whole slice. Bounded, as istiod's
 * reader (Go's time.ParseDuration), by what an int64_t of nanoseconds holds:
 * some 292 years. May be negative. Returns false otherwise.
 */
bool mesh__duration_parse(struct mesh_slice text, int64_t *out_ns);

/* "1.500s" style for people; out has room for 32 bytes. */
void mesh__duration_print(int64_t ns, char out[32]);

/* a + b, or MESH__NEVER where that would wrap. */
static inline uint64_t mesh__time_add(uint64_t a, uint64_t b)
{
    return a > MESH__NEVER - b ? MESH__NEVER : a + b;
}

#endif
