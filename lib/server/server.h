/*
 * server.h - the life of one inbound connection and its exchanges: a table of
 * steps: accept, shake, decode, name, allow, handle, encode, record.
 *
 * A server lives on one loop; all functions run with that loop entered. It is
 * pulled: exchanges that have passed mutual TLS and policy are queued, and
 * mesh__server_take hands them out.
 */
#ifndef MESH_SERVER_SERVER_H
#define MESH_SERVER_SERVER_H

#include "authz/authz.h"
#include "base/log.h"
#include "identity/store.h"
#include "link/stream.h"
#include "policy/hold.h"
#include "telemetry/telemetry.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__SERVER_ARENA = 512 * 1024, /* heads and texts of an exchange     */
    MESH__SERVER_BACKLOG = 1024,     /* of listen(2)                       */
    MESH__SERVER_ACCEPTS = 64,       /* in one turn                        */
    MESH__SERVER_SPARE = 64,         /* exchanges kept for reuse           */
    MESH__SERVER_HEADERS = 1000,     /* response lines a handler may add   */
    MESH__SERVER_WATERMARK = 128 * 1024, /* unsent response bytes; sealed
                                            they fit MESH__TLS_BUFFER        */
    MESH__SERVER_DROP = 64 * 1024,       /* of a body nobody read, to keep the
                                            connection                         */
    MESH__SERVER_LINGER = 1024 * 1024, /* read and dropped while leaving     */
    MESH__SERVER_LOG_LINES = 20        /* of refusals and denials a second   */
};

struct mesh_server_stats {
    atomic_uint_fast64_t exchanges;
    atomic_uint_fast64_t denied;  /* 403 by policy                        */
    atomic_uint_fast64_t refused; /* closed before a request              */
};

/* What a workload hands down, one per server; outlives it. */
struct mesh_server_env {
    struct mesh_link *link;
    struct mesh_identity *identity;
    struct mesh_rng *rng;
    struct mesh_log *log; /* events; may be NULL                  */
    int denied_event;     /* MESH_EVENT values                    */
    int refused_event;
    int files_event;
    struct mesh_hold *hold; /* the newest snapshot                  */
    bool tracing;
    uint64_t handshake_ns; /* the bounds of design section 12      */
    uint64_t first_bytes_ns;
    uint64_t head_ns;
    uint64_t body_idle_ns;
    uint64_t keep_alive_ns;
    uint64_t drain_ns;
    struct mesh_server_stats stats;
    void (*record)(void *user, const struct mesh_facts *facts);
    void *user;
};

struct mesh_http_server; /* listener, connections, queue */
struct mesh_connection;  /* private to server/           */

/*
 * One inbound exchange; fields are read-only outside server/, but on_news and
 * owner. on_news comes on the loop, never from inside a function of this
 * header that was given the exchange: there is body to read, or room to write,
 * or code says that it is over. It may use and release the exchange, and may
 * not free the server.
 */
struct mesh_inbound_exchange {
    struct mesh_node node;
    struct mesh_arena arena; /* head, texts: live until release      */
    struct mesh_hold *hold;
    struct mesh_http_server *server; /* counted */
    struct mesh_head head;           /* as the handler sees it               */
    struct mesh_slice path;          /* canonical, with query                */
    const char *principal;           /* "" in plaintext                      */
    const char *peer;                /* "ip:port"                            */
    const char *protocol;            /* "TLSv1.2"; ""                        */
    const char *cipher;
    const char *sni;
    struct mesh_trace trace; /* ours; zeros when not traced          */
    bool traced;
    struct mesh_slice tracestate;
    struct mesh_slice request_id;
    int code;        /* MESH_ERR_RESET once the peer is gone */
    bool body_ended; /* the request's                        */
    bool begun;      /* the response's head is out           */
    bool finished;   /* the response is complete             */
    void (*on_news)(struct mesh_inbound_exchange *exchange);
    void *owner;

    /* --- server/'s own --- */
    struct mesh_connection *connection; /* NULL: recorded, nothing to come   */
    bool out;      /* taken and not released               */
    bool inside;   /* one of its functions is under way    */
    bool routed;   /* it was judged by policy              */
    bool handled;  /* it was queued for the handler        */
    bool expects;  /* 100-continue, not said yet           */
    bool starved;  /* a write found no room                */
    bool bodiless; /* HEAD, 204, 304: no body goes out     */
    bool chunked;
    struct mesh_slice piece; /* of the body, in the stream's buffer  */
    struct mesh_head reply;  /* the response's                       */
    const char *grpc;        /* grpc-status of an answer in the handler's
                                place; NULL: by its status             */
    uint64_t announced;      /* body bytes of the reply still owed   */
    uint64_t received;       /* request body bytes                   */
    uint64_t heard;          /* of them when their bound began       */
    uint64_t sent;           /* response body bytes                  */
    uint64_t taken;          /* of sent, when the peer's bound began;
                                framing makes it inexact             */
    uint64_t start_ns;
    int64_t start_wall_ns;
    uint64_t complete_ns; /* the request was whole; 0: not yet    */
    uint64_t reply_ns;    /* the response's head went out         */
    struct mesh_flags flags;
    const char *details;
    struct mesh_address remote; /* after x-forwarded-for                */
    struct mesh_address from;   /* the direct peer                      */
    struct mesh_address to;     /* our end                              */
    uint8_t parent_span[8];
};

/*
 * Listen. policy_port is what policies know (0: the port listened on).
 * on_news: an exchange is queued, or the server is closed and empty. 0, or
 * MESH_ERR_ADDRESS, MESH_ERR_FILES, MESH_ERR_SYSTEM, MESH_ERR_NOMEM.
 */
int mesh__http_server_new(struct mesh_server_env *env,
                          const struct mesh_address *at, uint16_t policy_port,
                          void (*on_news)(struct mesh_http_server *server),
                          void *owner, struct mesh_http_server **out);
void *mesh__http_server_owner(const struct mesh_http_server *server);
const struct mesh_address *mesh__http_server_address(
    const struct mesh_http_server *server);

/* The next exchange, or NULL. It is the caller's until mesh__exchange_release.
 */
struct mesh_inbound_exchange *mesh__http_server_take(
    struct mesh_http_server *server);

/*
 * Stop accepting; idle connections close, others after their exchange, all
 * after drain_ns. closed_empty: nothing is left to hand out or to wait for.
 */
void mesh__http_server_close(struct mesh_http_server *server);
bool mesh__http_server_closed_empty(const struct mesh_http_server *server);
/* Would take give one? */
bool mesh__http_server_waiting(const struct mesh_http_server *server);
/* Exchanges handed out and not released. */
size_t mesh__http_server_out(const struct mesh_http_server *server);

/*
 * Close everything now; memory goes with the last exchange that is out. The
 * environment may be freed once this returned and no exchange is out.
 */
void mesh__http_server_free(struct mesh_http_server *server);

/*
 * A new snapshot or identity is in force: open connections are judged again.
 * Those that would now be refused (plaintext under STRICT, an expired or no
 * longer trusted peer) take no new exchange and close within drain_ns.
 */
void mesh__http_server_changed(struct mesh_http_server *server);

/*
 * In a forked child: close our copies of the descriptors, without a byte. The
 * memory stays as the fork found it; nothing else may be called.
 */
void mesh__http_server_forked(struct mesh_http_server *server);

/*
 * A piece of the request body: 0 with *got (0 bytes: the end),
 * MESH_ERR_WOULD_BLOCK, MESH_ERR_RESET, MESH_ERR_PROTOCOL. An Expect:
 * 100-continue is answered at the first read.
 */
int mesh__exchange_read(struct mesh_inbound_exchange *exchange, void *data,
                        size_t size, size_t *got);

/* Would read answer anything but MESH_ERR_WOULD_BLOCK? Reads nothing. */
bool mesh__exchange_readable(const struct mesh_inbound_exchange *exchange);

/* Response headers before begin; as mesh_exchange_add_header. */
int mesh__exchange_add(struct mesh_inbound_exchange *exchange,
                       struct mesh_slice name, struct mesh_slice value);
/* Whole answer: head and body in one record and one send. */
int mesh__exchange_respond(struct mesh_inbound_exchange *exchange,
                           unsigned status, struct mesh_slice body);
/* body_bytes -1: chunked. */
int mesh__exchange_begin(struct mesh_inbound_exchange *exchange,
                         unsigned status, int64_t body_bytes);
/* *written as the watermark allows; MESH_ERR_WOULD_BLOCK when nothing. */
int mesh__exchange_write(struct mesh_inbound_exchange *exchange,
                         const void *data, size_t size, size_t *written);
/* Bytes that write would take now. */
size_t mesh__exchange_room(const struct mesh_inbound_exchange *exchange);
int mesh__exchange_finish(struct mesh_inbound_exchange *exchange);

/*
 * The handler is done with it. Not begun: the local 503 of a sidecar whose
 * application reset. Begun and not finished: the stream is reset.
 */
void mesh__exchange_release(struct mesh_inbound_exchange *exchange);

/* --- plain streams share the first steps: accept, shake, name, allow --- */

struct mesh_stream_server;

/* As the functions of the same names above. */
int mesh__stream_server_new(struct mesh_server_env *env,
                            const struct mesh_address *at, uint16_t policy_port,
                            void (*on_news)(struct mesh_stream_server *),
                            void *owner, struct mesh_stream_server **out);
void *mesh__stream_server_owner(const struct mesh_stream_server *server);
const struct mesh_address *mesh__stream_server_address(
    const struct mesh_stream_server *server);
bool mesh__stream_server_waiting(const struct mesh_stream_server *server);
/*
 * The next one; NULL when there is none. Its stream is the caller's to use
 * until mesh__arrival_close, its owner and on_ready the caller's to set. It
 * stays on the server's books, so that policy and trust reach it.
 */
struct mesh_arrival;
struct mesh_arrival *mesh__stream_server_take(
    struct mesh_stream_server *server);
struct mesh_stream *mesh__arrival_stream(const struct mesh_arrival *arrival);
/* Close the stream, and off the books. The server must still be there. */
void mesh__arrival_close(struct mesh_arrival *arrival, bool reset);
/* Stop accepting; what passed before is still handed out. */
void mesh__stream_server_close(struct mesh_stream_server *server);
bool mesh__stream_server_closed_empty(const struct mesh_stream_server *server);
/*
 * All are judged again, policy included. Those that wait to be taken go at
 * once; those that were taken and would now be refused end and fail with
 * MESH_ERR_DENIED after drain_ns, and their on_ready is called.
 */
void mesh__stream_server_changed(struct mesh_stream_server *server);
/* Stop accepting, and close what was not taken. */
void mesh__stream_server_shut(struct mesh_stream_server *server);
void mesh__stream_server_forked(struct mesh_stream_server *server);
/* None that was taken may be open any more. */
void mesh__stream_server_free(struct mesh_stream_server *server);

#endif
