/*
 * key.h - what of a request decides its endpoint, where a DestinationRule says
 * consistentHash (Envoy: hash_policy.cc).
 */
#ifndef MESH_TRAFFIC_KEY_H
#define MESH_TRAFFIC_KEY_H

#include "policy/snapshot.h"
#include "policy/why.h"
#include "traffic/pick.h"
#include "value/head.h"

enum {
    MESH__COOKIE_VALUE = 16, /* hex digits of one that is made here */
    MESH__COOKIES = 64       /* of a route's hashes may make cookies */
};

/* Zeroed before the first attempt of an exchange, and kept for the next. */
struct mesh_key {
    bool known; /* there is something to hash; else the dice decide */
    uint64_t hash;
    uint64_t made; /* a bit for each of the hashes whose cookie is to be set */
    char value[MESH__COOKIE_VALUE + 1]; /* of all of them */
};

/*
 * The key of a request under hashes, in order, sent by self. Cookies that the
 * policies want and the request does not bring are made from one draw per
 * struct. Allocates nothing.
 */
void mesh__key_find(const struct mesh_hash_policy *const *hashes, size_t count,
                    const struct mesh_head *head, const struct mesh_self *self,
                    const struct mesh_draws *draws, struct mesh_key *key,
                    struct mesh__why *why);

/* The same for a stream of bytes, which has nothing but its source. */
void mesh__key_find_plain(const struct mesh_destination *destination,
                          const struct mesh_self *self, struct mesh_key *key,
                          struct mesh__why *why);

/* Did the hash at this index make a cookie? */
bool mesh__key_made(const struct mesh_key *key, size_t index);

/* "user=\"0123456789abcdef\"; Max-Age=60; HttpOnly": a set-cookie for the
 * caller, of one that was made; NULL when memory is out. */
const char *mesh__key_cookie(const struct mesh_key *key,
                             const struct mesh_hash_policy *policy,
                             struct mesh_arena *arena);

#endif
