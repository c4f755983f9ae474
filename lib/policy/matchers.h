/*
 * matchers.h - texts of a policy as matchers; for policy/ alone.
 */
#ifndef MESH_POLICY_MATCHERS_H
#define MESH_POLICY_MATCHERS_H

#include "policy/snapshot.h"

/*
 * One entry of an HTTP route's match list, all in arena, its regexes kept.
 * 0, MESH_ERR_NOMEM or MESH_ERR_INVALID (a regex that RE2 would not take).
 */
int mesh__match_entry_compile(struct mesh_arena *arena,
                              struct mesh_regex_keep **keeps,
                              const struct mesh_http_match *given,
                              struct mesh_match_entry **out);

/* Takes every request, so that nothing behind it is reached. */
bool mesh__match_entry_is_catch_all(const struct mesh_match_entry *entry);

/*
 * A value of an AuthorizationPolicy: "a", "a*", "*a", "*". present is what "*"
 * asks for. 0 or MESH_ERR_NOMEM.
 */
int mesh__match_value(struct mesh_arena *arena, struct mesh_slice value,
                      enum mesh_match_kind present, struct mesh_match *out);

/* A value with stars anywhere, each for any run of bytes. */
int mesh__match_glob(struct mesh_arena *arena, struct mesh_regex_keep **keeps,
                     struct mesh_slice value, struct mesh_match *out);

#endif
