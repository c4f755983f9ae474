/*
 * origin.h - the original destination: the address that a caller would have
 * dialled by itself, given or found by name.
 */
#ifndef MESH_LINK_ORIGIN_H
#define MESH_LINK_ORIGIN_H

#include "base/arena.h"
#include "net/names.h"

struct mesh_link;

struct mesh_origin {
    struct mesh_address address; /* family 0: not found yet          */
    struct mesh_lookup *lookup;  /* in the owner's arena, once asked */
};

/* The owner's, put before the lookup; on_answer finds its way back by user. */
struct mesh_origin_lookup {
    struct mesh_lookup lookup;
    void *user;
};

/*
 * Find it: given (family 0: not), else host as an IP address, else by name.
 * from (family 0: any) says which family is ours.
 * 0 (origin->address is set, with the port), MESH_ERR_WOULD_BLOCK (on_answer
 * will be called: ask again), MESH_ERR_RESOLVE and other codes of a lookup.
 */
int mesh__origin_find(struct mesh_origin *origin, struct mesh_link *link,
                      const struct mesh_address *given,
                      const struct mesh_address *from, struct mesh_slice host,
                      uint16_t port, struct mesh_arena *arena,
                      void (*on_answer)(struct mesh_lookup *), void *user);
/* Nobody waits for it any more. */
void mesh__origin_drop(struct mesh_origin *origin);

/* Of an answer, the address to dial: of our own family, if we have one. */
const struct mesh_address *mesh__origin_choose(
    const struct mesh_address *addresses, size_t count,
    const struct mesh_address *from);

#endif
