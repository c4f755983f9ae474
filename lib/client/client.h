/*
 * client.h - the life of one outbound request: a table of steps.
 *
 * route, act, pick, link, send, await, judge, deliver, record. Each reads what
 * earlier ones left in the exchange, adds its part, and answers next, wait or
 * done. Only judge goes back, and only to pick.
 *
 * An exchange lives on one loop; all functions run with that loop entered.
 */
#ifndef MESH_CLIENT_CLIENT_H
#define MESH_CLIENT_CLIENT_H

#include "base/log.h"
#include "client/request.h"
#include "client/secure.h"
#include "identity/store.h"
#include "link/origin.h"
#include "link/pool.h"
#include "policy/hold.h"
#include "telemetry/telemetry.h"
#include "traffic/cors.h"
#include "traffic/key.h"
#include "traffic/outlier.h"
#include "traffic/pick.h"
#include "traffic/retry.h"
#include "traffic/route.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__CLIENT_ARENA = 512 * 1024,   /* head, response head, texts          */
    MESH__CLIENT_REPLAY = 1024 * 1024, /* body kept for another attempt      */
    MESH__CLIENT_WATERMARK = 64 * 1024, /* streamed body waiting to be sent  */
    MESH__CLIENT_SPARE = 64             /* exchanges kept for reuse per loop  */
};

struct mesh_client_stats {
    atomic_uint_fast64_t calls;
    atomic_uint_fast64_t failed;
    atomic_uint_fast64_t attempts;
    atomic_uint_fast64_t retries;
    atomic_uint_fast64_t mirrors; /* copies that were begun */
};

/* What a workload hands down, one per loop; outlives its exchanges. */
struct mesh_client_env {
    struct mesh_link *link;
    struct mesh_pools *pools;
    struct mesh_identity *identity;
    struct mesh_outsides *outsides; /* may be NULL: nobody is trusted */
    struct mesh_rng *rng;
    struct mesh_log *log;     /* events; may be NULL                     */
    struct mesh_hold *hold;   /* the newest snapshot; renewed by the turn */
    struct mesh_address from; /* to leave from; family 0: any            */
    struct mesh_node plains;  /* struct mesh_plain that wait for names   */
    struct mesh_task renewed; /* a newer hold: who waits for names goes on */
    bool tracing;             /* spans are wanted                        */
    uint64_t body_idle_ns;
    uint64_t handshake_ns; /* bound where no policy says less         */
    int ejected_event;     /* MESH_EVENT value for the log            */
    struct mesh_client_stats stats;
    /* Told once per exchange. */
    void (*record)(void *user, const struct mesh_facts *facts);
    /*
     * Send this copy of a call somewhere else, for nobody: taken, whatever
     * becomes of it (mesh__copy_start, later: not from inside). NULL: there
     * are no copies.
     */
    void (*mirror)(void *user, struct mesh_client_request *copy);
    void *user;
    struct mesh_buffer head; /* encoding in progress                    */
    struct mesh_node spare;  /* ended exchanges for reuse               */
    size_t spare_count;
    size_t active;              /* exchanges not ended                     */
    struct mesh_node exchanges; /* those                                   */
};

void mesh__client_env_init(struct mesh_client_env *env, struct mesh_link *link);
/* How an endpoint is connected to. */
struct mesh_dial mesh__client_dial(const struct mesh_client_env *env,
                                   const struct mesh_destination *destination,
                                   const struct mesh_endpoint *endpoint);
/* No exchange may be left; not entered. */
void mesh__client_env_fini(struct mesh_client_env *env);
/* A newer snapshot is in hold: entered, from a turn's beginning. */
void mesh__client_env_renewed(struct mesh_client_env *env);

enum mesh_sent { MESH__SENT_NEVER, MESH__SENT_MAYBE, MESH__SENT_YES };

/* What became of it; texts live in the exchange's arena or the snapshot. */
struct mesh_client_outcome {
    int code; /* MESH_ERR_WOULD_BLOCK before the end      */
    char line[MESH__STREAM_LINE];
    unsigned status;           /* 0: none                                  */
    struct mesh_head response; /* of the server, or local                  */
    bool local;                /* we answered in its place                 */
    struct mesh_slice body;    /* of a local answer                        */
    unsigned attempts;
    enum mesh_sent sent;
    struct mesh_flags flags;
    const char *details;
    const char *endpoint; /* text, "" when none                       */
    const char *workload;
    const char *principal;
    const char *protocol;
    const char *cipher;
    const char *destination;
    const char *subset;
    const char *route;
    struct mesh_trace trace;
    bool traced;
};

enum mesh_client_step {
    MESH__STEP_ROUTE,
    MESH__STEP_ACT,
    MESH__STEP_PICK,
    MESH__STEP_LINK,
    MESH__STEP_SEND,
    MESH__STEP_AWAIT,
    MESH__STEP_JUDGE,
    MESH__STEP_DELIVER,
    MESH__STEP_RECORD,
    MESH__STEP_END
};

struct mesh_client {
    struct mesh_node node;
    struct mesh_client_env *env;
    struct mesh_hold *hold;
    struct mesh_arena arena;
    struct mesh_client_request *request;         /* counted */
    void (*on_news)(struct mesh_client *client); /* head, body, room, done   */
    void *owner;

    enum mesh_client_step step;
    bool begun;      /* start was called                              */
    bool running;    /* inside run(); news wait until it returns       */
    bool released;   /* the owner let go: free at the end              */
    bool head_ready; /* outcome.status and response may be read        */
    bool ended;
    bool turn_pending; /* cancelled, but the pool's turn is under way    */

    uint64_t start_ns;
    int64_t start_wall_ns;
    uint64_t complete_ns; /* the request was given whole; 0: not yet        */
    uint64_t attempt_ns;  /* the latest attempt began                       */
    uint64_t head_ns;     /* the response head came                         */
    struct mesh_timer deadline; /* the caller's                             */
    struct mesh_timer timeout;  /* the route's                              */
    struct mesh_timer per_try;  /* the attempt's; between bodies: idle      */
    struct mesh_timer backoff;  /* between attempts; a fault's delay        */
    bool timed_out;

    struct mesh_head head; /* the request's, as it is routed                */
    uint64_t draw; /* of this request, for all that its policy shares out   */
    struct mesh_route route;
    bool delayed;                  /* the fault's delay was drawn            */
    bool picked;                   /* an endpoint was asked for              */
    bool mirrored;                 /* copies were made, or not               */
    struct mesh_cors_verdict cors; /* of the rule's policy, if it has one    */
    const struct mesh_head *sent;  /* by the latest attempt, where edited    */
    struct mesh_pick pick;
    struct mesh_key key;
    size_t tried[MESH__TRIED_MAX];
    size_t tried_count;
    struct mesh_origin origin; /* where no endpoint is the policy's      */
    bool awaits_names;         /* for the first answer to the destination's */
    uint64_t awaited_ns;       /* since when; 0: it did not begin         */
    struct mesh_retry retry;
    bool counted_active; /* in the endpoint's and destination's counts     */

    struct mesh_waiter waiter;
    struct mesh_stream *stream;
    bool reused; /* the stream served before                       */
    enum mesh_failure failure;
    int failure_code;
    bool answered; /* this attempt has a response head               */

    /* The request body: what was given, and how far this attempt sent it. */
    struct mesh_buffer given; /* streamed bytes not dropped yet           */
    uint64_t given_from;      /* offset of given's first byte             */
    uint64_t given_total;
    uint64_t sent_body; /* by this attempt                          */
    bool given_all;
    bool replayable;
    bool head_sent;
    bool request_sent; /* this attempt sent everything             */

    struct mesh_slice piece; /* of the response body, not yet taken      */
    bool body_ended;
    bool stream_reusable;
    uint64_t received; /* response body bytes                      */

    char request_id[MESH__REQUEST_ID + 1];
    struct mesh_trace trace;
    uint8_t parent_span[8];
    bool traced;
    struct mesh_address upstream_local;
    struct mesh_client_outcome outcome;
};

/* 0 or MESH_ERR_NOMEM. on_news runs on the loop, never from inside start. */
int mesh__client_new(struct mesh_client_env *env,
                     const struct mesh_client_request *request,
                     void (*on_news)(struct mesh_client *), void *owner,
                     struct mesh_client **out);
/* Begin; the first steps run here. */
void mesh__client_start(struct mesh_client *client);

/* Streamed bodies: room now, give, end. As mesh_call_write and mesh_call_end.
 */
size_t mesh__client_room(const struct mesh_client *client);
int mesh__client_write(struct mesh_client *client, const void *data,
                       size_t size, size_t *written);
int mesh__client_end(struct mesh_client *client);

/* As mesh_call_read. */
int mesh__client_read(struct mesh_client *client, void *data, size_t size,
                      size_t *got);
/* The whole piece was taken by looking at client->piece. */
void mesh__client_taken(struct mesh_client *client);
/* Would read give something (the end included)? */
bool mesh__client_readable(const struct mesh_client *client);

/* End it now with this code and line, if it has not ended. */
void mesh__client_cancel(struct mesh_client *client, int code,
                         const char *line);

/*
 * The owner lets go; cancels what has not ended. Memory may outlive this call
 * until a turn under way has come (env->active counts it).
 */
void mesh__client_free(struct mesh_client *client);

/*
 * Send a copy (taken, whatever becomes of it) on this loop, and throw away what
 * comes back; on_end comes once, later, if 0 is returned. 0 or MESH_ERR_NOMEM.
 */
int mesh__copy_start(struct mesh_client_env *env,
                     struct mesh_client_request *copy,
                     void (*on_end)(void *user), void *user);
/* End all copies of this loop now; their on_end comes from inside. */
void mesh__copies_end(struct mesh_client_env *env);

/*
 * In a forked child: close our copy of its descriptor without a byte and give
 * up its counts; nothing else may be done with it.
 */
void mesh__client_forked(struct mesh_client *client);

#endif
