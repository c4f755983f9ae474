/*
 * stage.h - a server on the memory port, a peer beside it, and a handler that
 * does what its script says.
 */
#ifndef MESH_TESTS_STAGE_H
#define MESH_TESTS_STAGE_H

#include "fake_tls.h"
#include "net/port_memory.h"
#include "server/server.h"
#include "value/duration.h"

enum {
    STAGE_TEXT = 16 * 1024,
    STAGE_RECORDS = 1024,
    STAGE_EXCHANGES = 8,
    STAGE_PORT = 18080
};

/* What one exchange left behind, in words: "200 - via_upstream". */
struct stage_record {
    char text[256];
    uint64_t received;
    uint64_t sent;
    char cluster[32];
    char peer[128];
    char path[64];
    char remote[MESH__ADDRESS_TEXT];
    unsigned attempts;
    struct mesh_trace trace;
    uint8_t parent_span[8];
};

enum stage_handler {
    STAGE_KEEPS,  /* the test takes and answers                   */
    STAGE_ECHOES, /* 200 and what it saw, body included           */
    STAGE_GIVES_UP
};

struct stage {
    struct mesh_world *world;
    struct mesh_loop *loops[2]; /* the server's, the peer's       */
    struct mesh_link links[2];
    struct fake_tls fake;
    struct mesh_identity identity; /* the server's                */
    struct mesh_log log;
    struct mesh_snapshot snapshot; /* by hand: change it at will  */
    struct mesh_inbound inbound;
    struct mesh_hold hold;
    struct mesh_server_env env;
    struct mesh_http_server *server;
    size_t server_news;

    enum stage_handler handler;
    struct mesh_inbound_exchange *taken[STAGE_EXCHANGES];
    size_t taken_count;
    size_t news; /* of exchanges */

    struct stage_record records[STAGE_RECORDS];
    size_t record_count;

    /* The peer. */
    struct mesh_stream *peer;
    int64_t peer_ends_s;           /* its certificate                       */
    const struct mesh_address *at; /* where it connects to   */
    struct mesh_tls_config *peer_config; /* NULL: plaintext       */
    bool deaf;                           /* the peer reads nothing */
    char heard[STAGE_TEXT];
    size_t heard_len;
    uint64_t heard_bytes;
    char ended; /* '.' still there, 'F' in order, 'R' reset       */
};

/* Begins PERMISSIVE, without policy; the server's id is sa/server. */
int stage_setup(void **state);
int stage_setup_seed(void **state, uint64_t seed);
int stage_teardown(void **state);

void stage_mode(struct stage *stage, enum mesh_mtls_mode mode);
/* Take the server down and all that was of it; checks for left-overs. */
void stage_close(struct stage *stage);

/* The peer speaks TLS as sa/NAME from now on; alpn "" offers none. */
void stage_identify(struct stage *stage, const char *name, const char *alpn);
/* The same; plaintext for the name "". */
void stage_speak(struct stage *stage, const char *name, const char *alpn);
/* False when memory was out for the peer itself. */
bool stage_connect(struct stage *stage);
void stage_hang_up(struct stage *stage, bool reset);
/* Bytes to the server; NUL-terminated, or as many as there are. */
void stage_say(struct stage *stage, const char *text);
void stage_say_n(struct stage *stage, const char *bytes, size_t size);
/* Let time pass, and what happens meanwhile. */
void stage_pass(struct stage *stage, uint64_t ns);
/* What was heard since the last time, ten milliseconds from now. */
const char *stage_hear(struct stage *stage);
/* Connect, say, hear: the whole story of one connection. */
const char *stage_ask(struct stage *stage, const char *text);

/* Answer 200 with what was seen, once the body is whole. Entered. */
void stage_echo(struct mesh_inbound_exchange *exchange);
/* The next exchange of a handler that keeps, after a moment. */
struct mesh_inbound_exchange *stage_take(struct stage *stage);
/* The last record's text; "" when there is none. */
const char *stage_last(const struct stage *stage);
/* The newest line of the log of this kind, "" when there is none. */
const char *stage_logged(struct stage *stage, int kind);

/* Loop's lock around what tests do to the server. */
void stage_enter(struct stage *stage);
void stage_leave(struct stage *stage);

#endif
