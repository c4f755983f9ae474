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

enum { MESH__COOKIE_VALUE = 16 }; /* hex digits of one that is made here */

/* Zeroed before the first attempt of an exchange, and kept for the next. */
struct mesh_key {
    bool known; /* there is something to hash; else the dice decide */
    uint64_t hash;
    const struct mesh_hash_policy *made; /* a cookie to be set, or NULL */
    char value[MESH__COOKIE_VALUE + 1];  /* its value */
};

/*
 * The key of a request under hashes, in order, sent by self. A cookie that the
 * policy wants and the request does not bring is made from a draw, once per
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

/* "user=\"0123456789abcdef\"; Max-Age=60; HttpOnly": a set-cookie for the
 * caller; NULL when memory is out. */
const char *mesh__key_cookie(const struct mesh_key *key,
                             struct mesh_arena *arena);

#endif
