/*
 * digest.h - is this text the one that was here before?
 *
 * Fast, 128 bits, and good against chance; not against somebody who wants two
 * texts to look the same. Whoever may write a policy gains nothing by that.
 */
#ifndef MESH_BASE_DIGEST_H
#define MESH_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mesh_digest {
    uint64_t word[2];
};

struct mesh_digest mesh__digest(const void *data, size_t len);

/* Of what was digested before and one thing more, in this order. */
struct mesh_digest mesh__digest_fold(struct mesh_digest before,
                                     struct mesh_digest more);

static inline bool mesh__digest_equal(struct mesh_digest a,
                                      struct mesh_digest b)
{
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

#endif
