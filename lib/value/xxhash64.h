/*
 * xxhash64.h - the hash that Envoy's rings, tables and hash policies use.
 */
#ifndef MESH_VALUE_XXHASH64_H
#define MESH_VALUE_XXHASH64_H

#include "base/slice.h"

#include <stdint.h>

/* xxHash64 of the bytes. Not for maps whose keys a peer chooses. */
uint64_t mesh__xxhash64(struct mesh_slice bytes, uint64_t seed);

#endif
