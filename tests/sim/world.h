/*
 * world.h - a mesh in one thread: a client and servers on loops of their own
 * in one memory world, under one policy of YAML text. No socket, no clock.
 *
 * A server's handler checks what it was given and answers as its manner says;
 * a call checks what it was answered. What a story must never show - an answer
 * to another request, part of a body as a whole, an exchange recorded twice or
 * never, a request that arrives though it was never sent, or twice though it is
 * not idempotent, a count that stays up - fails the running test at once or at
 * the end.
 */
#ifndef MESH_TESTS_SIM_WORLD_H
#define MESH_TESTS_SIM_WORLD_H

#include "client/client.h"
#include "fake_tls.h"
#include "net/port_memory.h"
#include "policy/policy.h"
#include "server/server.h"
#include "value/duration.h"

enum {
    SIM_SERVERS = 3,
    SIM_PORT = 8080,
    SIM_PLAIN_PORT = 9090, /* nobody listens, but a test may  */
    SIM_CALLS = 256,       /* ids given out in a world             */
    SIM_SERVING = 16,
    SIM_BODY = 256 * 1024,
    SIM_HEARD = 16 * 1024,
    SIM_LINES = 1024
};

#define SIM_WALL_S INT64_C(1800000000) /* as CERT_NOW of certs.h */

enum sim_manner {
    SIM_ECHOES,  /* 200 and the body; in pieces where the path says so  */
    SIM_REFUSES, /* with its status, the body unread                    */
    SIM_STALLS,  /* takes the request and never answers                 */
    SIM_HALVES   /* begins an answer of ten bytes, gives five, stays    */
};

struct sim;
struct sim_server;

/* One exchange in a handler's hands. */
struct sim_serving {
    struct sim_server *server;
    struct mesh_inbound_exchange *exchange; /* NULL: free */
    char body[SIM_BODY];
    size_t len;
    size_t written;
    bool whole;
    bool answering;
};

struct sim_server {
    struct sim *sim;
    struct mesh_address address;
    struct mesh_loop *loop;
    struct mesh_link link;
    struct mesh_identity identity;
    struct mesh_hold hold;
    struct mesh_server_env env;
    struct mesh_http_server *http;
    bool closed;
    enum sim_manner manner;
    unsigned status;      /* of SIM_REFUSES                            */
    enum sim_manner then; /* after SIM_REFUSES                       */
    unsigned good_for;    /* of those; 0: for ever */
    size_t taken;         /* by the handler                            */
    size_t records;       /* told of exchanges that had a head         */
    size_t handled;       /* of these, those that a handler had        */
    char last_flags[MESH__FLAGS_TEXT];
    unsigned last_status;
    char last_principal[128];
    char last_id[64];           /* x-request-id, as told                     */
    char last_path[64];         /* as the handler saw it                   */
    char last_cert[256];        /* x-forwarded-client-cert, "" none        */
    char last_host[64];         /* authority                               */
    char last_lines[SIM_LINES]; /* "name: value|..."                */
    struct sim_serving serving[SIM_SERVING];
};

/* A call, and what came of it. */
struct sim_call {
    struct sim *sim;
    struct mesh_client_request *request;
    struct mesh_client *client;
    size_t id;
    const char *body;
    size_t body_len;
    size_t given;
    bool news;
    bool inside;
    bool done;
    char *got; /* SIM_BODY bytes */
    size_t got_len;
    /* Of the outcome, once done. */
    int code;
    unsigned status;
    bool local;
    unsigned attempts;
    enum mesh_sent sent;
    char flags[MESH__FLAGS_TEXT];
    char text[32];         /* how the answer begins */
    char lines[SIM_LINES]; /* of its head, "name: value|..." */
    char line[MESH__STREAM_LINE];
    char endpoint[64];
    char principal[128];
    char cookie[128]; /* the last set-cookie */
    unsigned cookies;
    uint64_t took_ns;
    uint64_t began_ns;
};

/* What to ask for; zeroed is a GET without a body. */
struct sim_ask {
    const char *method; /* NULL: GET, or POST with a body           */
    const char *path;   /* "/echo"; the call's id is put behind it  */
    const char *header; /* name and value of one more, or NULL      */
    const char *value;
    const char *body;
    size_t body_len;
    bool streamed; /* given bit by bit, of announced length    */
    bool chunked;  /* the same, length unknown                 */
    uint64_t deadline_ns;
    int idempotent; /* 0: not said; 1; 2: not idempotent        */
};

/* Bytes by hand, to server 0. */
struct sim_raw {
    struct mesh_stream *stream;
    char heard[SIM_HEARD];
    size_t len;
    bool deaf;
    char ended; /* '.' still there, 'F' in order, 'R' reset */
};

/* How a world is made; zeroed but for policy will do. */
struct sim_wish {
    const char *policy; /* YAML beside services and workloads       */
    size_t servers;     /* 0: one                                   */
    uint64_t seed;
    bool keeps_idle; /* as a host's loop does                    */
    /* What the sides show; NULL: a fake credential of their account. */
    const struct mesh_tls_engine *engine; /* NULL: the fake one */
    struct mesh_rng *rng;
    struct mesh_credential *client_credential;
    struct mesh_credential *server_credential;
    struct mesh_bundle *bundle;
};

struct sim {
    struct mesh_world *world;
    struct fake_tls fake;
    const struct mesh_tls_engine *engine;
    struct mesh_log log;
    struct mesh_loop *loops[SIM_SERVERS + 1]; /* [0] is the client's */
    size_t loop_count;
    struct sim_server servers[SIM_SERVERS];
    size_t server_count;
    /* The client. */
    struct mesh_link link;
    struct mesh_identity identity;
    struct mesh_live_registry *live;
    struct mesh_pools *pools;
    struct mesh_hold hold;
    struct mesh_client_env env;
    size_t calls;
    unsigned records[SIM_CALLS]; /* told of each call */
    unsigned taken[SIM_CALLS];   /* by handlers, copies included */
    bool unsent[SIM_CALLS];      /* it is said that nothing of it left */
    char last_id[64];            /* x-request-id, as told */
    char last_details[128];      /* as told */
    unsigned last_attempts;      /* as told */
    char last_logged[64];        /* the path, as told */
    size_t copies;               /* given to be sent for nobody */
    size_t copies_ended;
    bool tolerant; /* memory may be out: handlers give up */
    struct sim_raw raw;
};

/* The real engine, with certificates of one root. rng stays the caller's. */
void sim_prove(struct sim_wish *wish, struct mesh_rng *rng);
/* Let them go. */
void sim_prove_no_more(struct sim_wish *wish);

void sim_init(struct sim *sim, const struct sim_wish *wish);
/* Everything down; checks that nothing is left over. */
void sim_fini(struct sim *sim);

/* Server i is who it is not, from now on. */
void sim_wear(struct sim *sim, size_t server, const char *id);
/* The client likewise, until then. */
void sim_dress(struct sim *sim, const char *id, int64_t not_after_s);
/* Every server obeys this policy from now on, and is told so. */
void sim_obey(struct sim *sim, const char *policy);

/* False when there was no memory for it. */
bool sim_begin(struct sim *sim, const struct sim_ask *ask,
               struct sim_call *call);
/* Until each of these is done, or this much time is over: were they? */
bool sim_await(struct sim *sim, struct sim_call *calls, size_t count,
               uint64_t ns);
/* Let time go by. */
void sim_pass(struct sim *sim, uint64_t ns);
/* Let it go; a call that is not done is cancelled. Checks its records. */
void sim_end(struct sim *sim, struct sim_call *call);
/* Begin, await ten minutes at most (must do), end. */
void sim_ask(struct sim *sim, const struct sim_ask *ask, struct sim_call *call);

/* Server i takes nobody in any more. */
void sim_close(struct sim *sim, size_t server);
/* The client closes what is idle, and all servers see it. */
void sim_hang_up(struct sim *sim);

/* config NULL: plaintext. */
void sim_raw_open(struct sim *sim, struct mesh_tls_config *config);
void sim_raw_say(struct sim *sim, const char *text);
void sim_raw_close(struct sim *sim);

#endif
