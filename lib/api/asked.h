/*
 * asked.h - what an outbound decision is about: a request, or a bag of
 * attributes, made one thing; for api/ alone.
 */
#ifndef MESH_API_ASKED_H
#define MESH_API_ASKED_H

#include "client/client.h"
#include "traffic/stream.h"

#include <mesh/decision.h>

/* Points into what it was made of, which its user keeps; does not move. */
struct mesh_asked {
    bool is_stream; /* no attribute of a request            */
    bool secure;    /* the caller asks for TLS              */
    /* NULL: a bag, or a stream */
    const struct mesh_client_request *request;
    struct mesh_head head;     /* of a request                         */
    struct mesh_stream_ask to; /* name, port, address; of a stream the rest */
    const char *source;        /* NULL: this workload's own address    */
    char source_text[MESH__ADDRESS_TEXT];
    char authority[MESH__ADDRESS_TEXT + 2]; /* where an address has to do */
};

void mesh__asked_of_request(const struct mesh_client_request *request,
                            struct mesh_asked *out);
/* 0, or MESH_ERR_INVALID: nothing says where to. */
int mesh__asked_of_attributes(const struct mesh_attributes *attributes,
                              struct mesh_asked *out);

/*
 * As mesh__route_find and mesh__stream_choose: the route of either kind; of a
 * stream no more than outcome, arm and destination. Of a request the head is
 * from here on the one that a hop routes, in arena.
 */
void mesh__asked_route(struct mesh_asked *asked,
                       const struct mesh_snapshot *snapshot, uint64_t draw,
                       struct mesh_arena *arena, struct mesh_route *out,
                       struct mesh_stream_choice *stream,
                       struct mesh__why *why);

/* What decides the endpoint, where a key does; else key stays as it is. */
void mesh__asked_key(const struct mesh_asked *asked,
                     const struct mesh_snapshot *snapshot,
                     const struct mesh_route *route,
                     const struct mesh_draws *draws, struct mesh_key *key,
                     struct mesh__why *why);

#endif
