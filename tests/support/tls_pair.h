/*
 * tls_pair.h - a client and a server session of one engine, with two wires
 * between them that pass on as much as they are told to.
 */
#ifndef MESH_TLS_PAIR_H
#define MESH_TLS_PAIR_H

#include "base/error.h"
#include "tls/tls.h"

enum { PAIR_CLIENT, PAIR_SERVER };

struct tls_end {
    struct mesh_tls *tls;
    struct mesh_buffer in;    /* arrived                              */
    struct mesh_buffer out;   /* on the wire to the other end         */
    struct mesh_buffer plain; /* opened                               */
    enum mesh_tls_step step;  /* the last one                         */
    int code;                 /* with FAILED, and after open          */
    char line[MESH_ERROR_LINE];
    size_t cpu;  /* how often CPU was answered           */
    size_t sent; /* bytes that went onto the wire        */
};

struct tls_pair {
    const struct mesh_tls_engine *engine;
    struct tls_end end[2];
    int64_t now_s;
    size_t chunk;    /* bytes passed on at a time; 0: all           */
    size_t flip_end; /* whose wire has a bit flipped ...            */
    size_t flip_at;  /* ... in this byte, from 1; 0: nowhere        */
};

/* Zeroed first. 0 or the code of session_new; end with tls_pair_fini. */
int tls_pair_init(struct tls_pair *pair, struct mesh_tls_config *client,
                  struct mesh_tls_config *server, int64_t now_s);
void tls_pair_fini(struct tls_pair *pair);

/* Until both are DONE or FAILED, or nothing moves. True: both are DONE. */
bool tls_pair_shake(struct tls_pair *pair);

/* Pass on and open until nothing moves; code is what open said last. */
void tls_pair_settle(struct tls_pair *pair);

#endif
