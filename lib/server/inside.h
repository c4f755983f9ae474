/*
 * inside.h - what the files of server/ share, and nobody else sees.
 */
#ifndef MESH_SERVER_INSIDE_H
#define MESH_SERVER_INSIDE_H

#include "server/server.h"
#include "tls/hello.h"
#include "value/date.h"

enum mesh_answer {
    MESH__NEXT,  /* to the next step                               */
    MESH__WAIT,  /* something will call mesh__serve_run            */
    MESH__DONE,  /* the exchange is settled: record                */
    MESH__AGAIN, /* to decode, for another exchange; only record may */
    MESH__CLOSE  /* at once, without another byte                  */
};

/* --- accept.c: the listener --- */

/* How often something was logged in this second. */
struct mesh_rate {
    uint64_t second;
    unsigned lines;
};

struct mesh_door {
    struct mesh_server_env *env;
    struct mesh_watch watch;
    struct mesh_timer rest; /* until descriptors may be had again       */
    int fd;                 /* -1: shut                                 */
    bool http;              /* what is served: HTTP, or plain streams   */
    bool starved;           /* it was said that no descriptor is left   */
    struct mesh_address address;
    uint16_t policy_port;
    struct mesh_rate refused;
    struct mesh_rate denied;
    /* The TLS configuration of these generations; NULL: none made yet. */
    struct mesh_tls_config *config;
    struct mesh_credential *credential; /* in it; counted */
    uint64_t identity_generation;
    uint64_t snapshot_generation;
    /* Takes the descriptor. */
    void (*on_guest)(struct mesh_door *door, int fd,
                     const struct mesh_address *peer);
};

int mesh__door_open(struct mesh_door *door, struct mesh_server_env *env,
                    const struct mesh_address *at, uint16_t policy_port);
/* Stop listening; harmless when it is shut. */
void mesh__door_shut(struct mesh_door *door);
/* In a forked child: close our copy of the descriptor. */
void mesh__door_forked(struct mesh_door *door);
void mesh__door_fini(struct mesh_door *door);
/* May another line be logged in this second? */
bool mesh__rate_passes(struct mesh_rate *rate, uint64_t now_ns);

/* --- shake.c: from the first byte to a proven principal --- */

struct mesh_greeting {
    struct mesh_door *door;
    struct mesh_stream *stream; /* owned until its owner takes it away   */
    struct mesh_timer timer;    /* of the first bytes                    */
    bool tls;                   /* the peer spoke TLS, and not through us */
    bool istio_alpn;
    bool late; /* the first bytes did not come in time  */
};

/* Takes fd, on failure too. 0 or MESH_ERR_NOMEM, _TOO_LARGE, _SYSTEM. */
int mesh__greeting_init(struct mesh_greeting *greeting, struct mesh_door *door,
                        int fd, const struct mesh_address *peer,
                        void (*on_ready)(struct mesh_stream *), void *owner);
/* Closes the stream if it is still here. */
void mesh__greeting_fini(struct mesh_greeting *greeting, bool reset);
/* NEXT: admitted. CLOSE: refused and said so in the log, or gone. */
enum mesh_answer mesh__greet(struct mesh_greeting *greeting);
/* Would this peer be admitted now? If not, the line says why. */
bool mesh__greeting_holds(const struct mesh_greeting *greeting);
/* How this port is served by the newest policy. */
const struct mesh_inbound *mesh__door_inbound(const struct mesh_door *door);

/* --- the HTTP server --- */

struct mesh_http_server {
    struct mesh_server_env *env;
    struct mesh_door door;
    void (*on_news)(struct mesh_http_server *server);
    void *owner;
    struct mesh_node connections;
    struct mesh_node queue; /* exchanges to be taken                    */
    struct mesh_node spare; /* ended exchanges for reuse                */
    size_t spare_count;
    size_t out;              /* exchanges taken and not released         */
    struct mesh_buffer head; /* encoding in progress                     */
    bool news;               /* the owner is to be told                  */
    bool closing;
    bool closed_told;
    bool freed;       /* only exchanges that are out keep it      */
    char cluster[24]; /* "inbound|8080||"                         */
    int64_t date_s;   /* of date                                  */
    char date[MESH__DATE + 1];
};

enum mesh_serve_step {
    MESH__SERVE_SHAKE,
    MESH__SERVE_DECODE,
    MESH__SERVE_NAME,
    MESH__SERVE_ALLOW,
    MESH__SERVE_HANDLE,
    MESH__SERVE_ENCODE,
    MESH__SERVE_RECORD,
    MESH__SERVE_LEAVE,
    MESH__SERVE_END
};

/* What the connection's timer is set for. */
enum mesh_serve_wait {
    MESH__AWAITS_NOTHING,
    MESH__AWAITS_FIRST,   /* byte of a first request                     */
    MESH__AWAITS_REQUEST, /* another one: keep-alive                     */
    MESH__AWAITS_HEAD,    /* the rest of a head                          */
    MESH__AWAITS_BODY,    /* of the request                              */
    MESH__AWAITS_ROOM,    /* for the response                            */
    MESH__AWAITS_LEAVING  /* the peer's end of the stream                */
};

struct mesh_connection {
    struct mesh_node node;
    struct mesh_http_server *server;
    struct mesh_greeting greeting;
    enum mesh_serve_step step;
    struct mesh_inbound_exchange *exchange; /* NULL between two           */
    struct mesh_timer timer;
    enum mesh_serve_wait awaits;
    struct mesh_timer last_call; /* when a doomed one is cut              */
    struct mesh_timer patience;  /* the exchange's bound, as its caller says */
    struct mesh_task task;       /* goes on where an answer left off      */
    struct mesh_buffer unsent;   /* of a whole answer's body              */
    char *client_cert;           /* x-forwarded-client-cert; NULL: none   */
    char peer[MESH__ADDRESS_TEXT]; /* its address and ours, as text */
    char local[MESH__ADDRESS_TEXT];
    bool running;     /* inside run; news wait until it returns              */
    bool rest;        /* of an answered request, to be dropped before decode */
    bool last;        /* it closes after this exchange                       */
    bool doomed;      /* it may not take another exchange                    */
    bool silent;      /* the peer said that it will ask no more              */
    bool broken;      /* the peer shall see a reset                          */
    bool ended;       /* we said that no more will be sent                   */
    bool news;        /* the exchange's owner is to be told                  */
    uint64_t dropped; /* bytes, while leaving                             */
    enum mesh_h1_refusal refusal; /* of a body that came to be no good    */
};

static inline struct mesh_loop *mesh__serve_loop(
    const struct mesh_connection *connection)
{
    return connection->server->env->link->loop;
}

static inline struct mesh_stream *mesh__serve_stream(
    const struct mesh_connection *connection)
{
    return connection->greeting.stream;
}

/* life.c */
void mesh__serve_run(struct mesh_connection *connection);
/* 0, or MESH_ERR_NOMEM. A moment that is set already stays. */
int mesh__serve_await(struct mesh_connection *connection,
                      enum mesh_serve_wait what, uint64_t ns);
/* The same, from now on anew. */
int mesh__serve_await_anew(struct mesh_connection *connection,
                           enum mesh_serve_wait what, uint64_t ns);
/*
 * Bound the exchange by its caller's grpc-timeout, whatever it speaks (Envoy:
 * max_stream_duration, as istiod sets it up). 0 or MESH_ERR_NOMEM.
 */
int mesh__serve_bound(struct mesh_connection *connection);
/* A blank exchange for this connection; NULL when memory is out. */
struct mesh_inbound_exchange *mesh__exchange_new(
    struct mesh_connection *connection);
/* Part the two; frees the exchange unless it is out. */
void mesh__exchange_part(struct mesh_connection *connection);
/* Nobody needs it any more: keep it for reuse. */
void mesh__exchange_discard(struct mesh_inbound_exchange *exchange);
/* Free the server's memory if this was the last to need it. */
void mesh__http_server_settle(struct mesh_http_server *server);

/* decode.c */
enum mesh_answer mesh__serve_decode(struct mesh_connection *connection);
/* The next piece of the body, or its end: 0, WOULD_BLOCK or why not. */
int mesh__request_pull(struct mesh_connection *connection);
/* Look after the request while its answer is made: 0 or why it is over. */
int mesh__request_tend(struct mesh_connection *connection);
/* May what is left of the request be dropped, so that another can follow? */
bool mesh__request_droppable(struct mesh_connection *connection);

/* decide.c */
enum mesh_answer mesh__serve_name(struct mesh_connection *connection);
enum mesh_answer mesh__serve_allow(struct mesh_connection *connection);

/* encode.c */
enum mesh_answer mesh__serve_handle(struct mesh_connection *connection);
enum mesh_answer mesh__serve_encode(struct mesh_connection *connection);
enum mesh_answer mesh__serve_leave(struct mesh_connection *connection);
/*
 * Encode the head of the reply and send it with body in one piece; what the
 * stream cannot take is kept. size: the announced body, -1 for chunked; whole:
 * body is all of it. Nothing has happened after an error unless
 * exchange->begun says so; the stream is of no use then.
 */
int mesh__reply_begin(struct mesh_connection *connection, unsigned status,
                      int64_t size, bool whole, struct mesh_slice body);
/* Body bytes that may be given to the stream now. */
size_t mesh__reply_room(const struct mesh_connection *connection);

/* reply.c */
enum mesh_answer mesh__serve_record(struct mesh_connection *connection);
/* We answer in the handler's place. Texts are static or in the arena. */
enum mesh_answer mesh__serve_reply(struct mesh_connection *connection,
                                   unsigned status, const char *details,
                                   const char *body);
/* The answer to bytes that are no request. */
enum mesh_answer mesh__serve_refuse(struct mesh_connection *connection,
                                    enum mesh_h1_refusal refusal);
/* The peer or the handler broke it off: close once it is recorded. */
enum mesh_answer mesh__serve_break(struct mesh_connection *connection, int code,
                                   enum mesh_flag flag, const char *details);
/* What a failure of the request's side means: gone, or refused. */
enum mesh_answer mesh__serve_failed(struct mesh_connection *connection,
                                    int code);
/* The handler gives up: a 503 in its place, or a reset answer. */
void mesh__serve_abandon(struct mesh_inbound_exchange *exchange);
/* The x-forwarded-client-cert line of a proven peer; NULL: no memory. */
char *mesh__client_cert(const struct mesh_greeting *greeting);

#endif
