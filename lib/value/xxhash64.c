/*
 * xxhash64.c - the one room that knows libxxhash.
 */
#include "value/xxhash64.h"

#include <xxhash.h>

uint64_t mesh__xxhash64(struct mesh_slice bytes, uint64_t seed)
{
    return XXH64(bytes.len ? bytes.at : "", bytes.len, seed);
}
