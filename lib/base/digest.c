/*
 * digest.c - 128 bits of a text, eight bytes at a time.
 *
 * Four lanes, each of which takes every fourth word; a word that differs makes
 * its lane differ, because a step can be undone. Two mixtures of the lanes and
 * the length are the digest.
 */
#include "base/digest.h"

#include <string.h>

enum { LANES = 4, WORD = 8, STRIDE = LANES * WORD };

#define PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME_3 UINT64_C(0x165667b19e3779f9)

static uint64_t turn(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static uint64_t step(uint64_t lane, uint64_t word)
{
    return turn(lane + word * PRIME_2, 31) * PRIME_1;
}

static void take(uint64_t lanes[LANES], const unsigned char *bytes)
{
    uint64_t words[LANES];

    memcpy(words, bytes, STRIDE);
    lanes[0] = step(lanes[0], words[0]);
    lanes[1] = step(lanes[1], words[1]);
    lanes[2] = step(lanes[2], words[2]);
    lanes[3] = step(lanes[3], words[3]);
}

/* Every bit of the outcome hangs on every bit of the word. */
static uint64_t finish(uint64_t word)
{
    word = (word ^ word >> 33) * PRIME_2;
    word = (word ^ word >> 29) * PRIME_3;
    return word ^ word >> 32;
}

static struct mesh_digest mix(const uint64_t lanes[LANES], uint64_t len)
{
    struct mesh_digest out = { { len * PRIME_1, len ^ PRIME_3 } };

    for (int i = 0; i < LANES; i++) {
        out.word[0] = (out.word[0] ^ finish(lanes[i])) * PRIME_1 + PRIME_2;
        out.word[1] =
            (turn(out.word[1], 27) ^ finish(lanes[i] * PRIME_3)) * PRIME_2;
    }
    out.word[0] = finish(out.word[0]);
    out.word[1] = finish(out.word[1]);
    return out;
}

struct mesh_digest mesh__digest(const void *data, size_t len)
{
    uint64_t lanes[LANES] = { PRIME_1, PRIME_2, PRIME_3, PRIME_1 ^ PRIME_2 };
    unsigned char rest[STRIDE] = { 0 };
    const unsigned char *bytes = data;
    size_t left = len;

    for (; left >= STRIDE; left -= STRIDE, bytes += STRIDE)
        take(lanes, bytes);
    if (left) {
        memcpy(rest, bytes, left);
        take(lanes, rest);
    }
    return mix(lanes, len);
}

struct mesh_digest mesh__digest_fold(struct mesh_digest before,
                                     struct mesh_digest more)
{
    const struct mesh_digest both[2] = { before, more };

    return mesh__digest(both, sizeof(both));
}
