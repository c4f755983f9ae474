/*
 * workload.h - this program's place in the mesh: it owns the rest.
 *
 * The current snapshot and identity, live state, pools, lanes (loops and what
 * hangs on them), the keeper and its helper, the access log and the spans on
 * their way out; readiness, reload, fork, close. Knows nothing of any one
 * request.
 */
#ifndef MESH_WORKLOAD_WORKLOAD_H
#define MESH_WORKLOAD_WORKLOAD_H

#include "base/log.h"
#include "client/client.h"
#include "crypto/rng.h"
#include "export/spans.h"
#include "fetch/fetch.h"
#include "identity/store.h"
#include "link/pool.h"
#include "net/loop.h"
#include "net/port_kernel.h"
#include "policy/policy.h"
#include "server/server.h"
#include "source/files.h"
#include "source/outside.h"
#include "source/watch.h"
#include "traffic/live.h"
#include "workload/names.h"
#include "workload/settings.h"

#include <mesh/workload.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__LANE_STRIPES = 16,       /* stripes of loops that can be borrowed   */
    MESH__KEEPER_SWEEP_MS = 1000,  /* idle shelves                            */
    MESH__KEEPER_LOOK_MS = 5000,   /* the slow check of file contents         */
    MESH__KEEPER_SETTLE_MS = 100,  /* after a change, until it is read        */
    MESH__KEEPER_FLUSH_MS = 250,   /* access log and spans                    */
    MESH__KEEPER_JUDGE_SHARE = 20, /* judging takes one part in so many      */
    MESH__EXPIRY_WARN_S = 3600,    /* an identity that ends sooner is told    */
    MESH__EXPIRY_AGAIN_S = 300,    /* and told again after                    */
    MESH__ACCESS_BUFFER = 256 * 1024,     /* lines waiting to be written   */
    MESH__MIRRORS = 256,                  /* copies waiting or under way   */
    MESH__MIRROR_BYTES = 16 * 1024 * 1024 /* of their heads and bodies     */
};

struct mesh_workload;

enum mesh_lane_kind {
    MESH__LANE_KEEPER,
    MESH__LANE_HOST,    /* a host's loop                  */
    MESH__LANE_SERVER,  /* a server's own                 */
    MESH__LANE_BORROWED /* for one blocking call at a time */
};

/* A loop and all that hangs on it. The loop's owner is its lane. */
struct mesh_lane {
    struct mesh_node node;   /* in the workload's list of lanes      */
    struct mesh_node stripe; /* among those that can be borrowed     */
    atomic_int refs;
    struct mesh_workload *workload; /* counted, but for the keeper's        */
    enum mesh_lane_kind kind;
    uint64_t epoch;         /* the workload's when it was made      */
    struct mesh_loop *loop; /* owned */
    struct mesh_link link;
    struct mesh_client_env client;
    struct mesh_hold *hold;
    uint64_t generation; /* of hold                              */
    uint64_t identity_generation;
    struct mesh_node servers; /* struct mesh_seat.node                */
    struct mesh_node news;    /* calls with news, for mesh_loop_next_call */
};

/* A server on a lane: what reloads and closing must reach. */
struct mesh_seat {
    struct mesh_node node; /* in lane->servers, entered            */
    struct mesh_server_env env;
    void (*on_changed)(struct mesh_seat *seat);
    void (*on_close)(struct mesh_seat *seat);
    void (*on_forked)(
        struct mesh_seat *seat); /* in the child: close, no byte */
};

/* One stripe's reference to a snapshot, for calls without a loop. */
struct mesh_holder {
    pthread_mutex_t lock;
    struct mesh_hold *hold; /* under lock; NULL: nobody asked since a swap */
    char apart[64];         /* from the next stripe's cache line           */
};

/* What one such call holds; zeroed: nothing. */
struct mesh_held {
    struct mesh_hold *hold;
    struct mesh_holder *holder;
};

struct mesh_workload {
    atomic_int refs;
    struct mesh_config settings; /* resolved, constant                   */
    struct mesh_log log;
    struct mesh_rng *rng;
    const struct mesh_tls_engine *engine;
    struct mesh_identity identity;
    struct mesh_outsides outsides;
    struct mesh_live_registry *live;
    struct mesh_port *port; /* closes what no loop holds            */
    struct mesh_pools *pools;
    struct mesh_lane *keeper;

    /* Under lock. */
    pthread_mutex_t lock;
    struct mesh_snapshot *snapshot; /* counted */
    struct mesh_fingerprint policy_print;
    struct mesh_fingerprint identity_print;
    char id_text[MESH__SPIFFE_MAX + 1];
    bool policy_refused;     /* the files differ from what is in force */
    size_t policy_held;      /* resources that stay as they were */
    size_t policy_left_out;  /* that are bad, and missing        */
    uint64_t stale_since_ns; /* 0: what is in force is what the files say */
    bool identity_refused;
    uint64_t loaded_ns;
    struct mesh_node lanes;
    size_t lane_count;

    pthread_mutex_t reload_lock;     /* one reload at a time                 */
    uint64_t judged_generation;      /* the last; under reload_lock */
    atomic_uint_fast64_t generation; /* of snapshot; raised after the swap   */

    struct mesh_holder holders[MESH__LANE_STRIPES];
    pthread_mutex_t stripe_locks[MESH__LANE_STRIPES];
    struct mesh_node stripes[MESH__LANE_STRIPES];

    struct mesh_file_watch policy_watch;
    struct mesh_file_watch identity_watch;
    struct mesh_name_table names;
    struct mesh_timer sweep_timer;
    int64_t expiry_told_s; /* the keeper's: when it was said last */
    struct mesh_timer look_timer;
    struct mesh_timer flush_timer;
    struct mesh_timer settle_timer;
    struct mesh_timer judge_timer;
    uint64_t judge_not_before_ns; /* the keeper's: judging is no hurry */

    bool has_helper;
    pthread_t helper;
    atomic_bool helper_stops;

    struct mesh_fetch *fetch; /* NULL: nothing is exported            */
    struct mesh_spans *spans;

    pthread_mutex_t access_lock;
    int access_fd; /* -1: no access log                    */
    struct mesh_buffer access;
    uint64_t access_lost;

    /* Copies of calls, on their way to the keeper and on it. */
    atomic_size_t mirrors;
    atomic_size_t mirror_bytes;
    atomic_uint_fast64_t mirrors_dropped;
    atomic_bool mirrors_end; /* none is begun any more */

    atomic_bool closing;
    atomic_bool closed;
    unsigned char *fork_page; /* 1; wiped to 0 in a child             */
    int64_t pid;              /* where the page cannot be had         */
    uint64_t epoch;           /* raised by after_fork                 */
    atomic_uint_fast64_t reloads;
    atomic_uint_fast64_t reloads_refused;
    atomic_uint_fast64_t rotations;
    /* What lanes that are gone have counted. */
    struct mesh_link_stats link_stats;
    struct mesh_client_stats client_stats;
    struct mesh_server_stats server_stats;
};

/* As mesh_workload_new. config is a resolved one and taken (also on failure).
 */
int mesh__workload_new(struct mesh_config *config, struct mesh_workload **out);
struct mesh_workload *mesh__workload_ref(struct mesh_workload *workload);
void mesh__workload_unref(struct mesh_workload *workload);

/* 0, or MESH_ERR_FORKED. The first thing every public function asks. */
int mesh__workload_check(const struct mesh_workload *workload);
/* 0, or MESH_ERR_FORKED, or MESH_ERR_STATE (closed, offline). */
int mesh__workload_check_open(const struct mesh_workload *workload);

/* --- policy and identity: reload.c --- */

enum mesh_load_how {
    MESH__LOAD_FIRST,  /* nothing is in force yet                        */
    MESH__LOAD_ASKED,  /* the host waits, and wants all findings first   */
    MESH__LOAD_CHANGED /* files changed: findings of judging come later  */
};

/*
 * Read, compile, bind and swap. diagnostics (may be NULL) gets the findings.
 * As mesh_workload_reload.
 */
int mesh__workload_load_policy(struct mesh_workload *workload,
                               enum mesh_load_how how,
                               struct mesh_diagnostics *diagnostics);

/*
 * Judge what is in force, if nobody has yet, and tell of it by an event; false:
 * somebody has.
 */
bool mesh__workload_judge(struct mesh_workload *workload);
int mesh__workload_load_identity(struct mesh_workload *workload, bool first);
/* Compile what was read last again: names have other addresses. */
int mesh__workload_renew(struct mesh_workload *workload);
/* The snapshot in force, counted. */
struct mesh_snapshot *mesh__workload_snapshot(struct mesh_workload *workload);

/* --- snapshots without a loop: held.c --- */

void mesh__holders_init(struct mesh_workload *workload);
void mesh__holders_fini(struct mesh_workload *workload);
/* After a swap: what is not in use is let go of at once. */
void mesh__holders_renewed(struct mesh_workload *workload);

/*
 * The newest snapshot (out->hold->snapshot), for a caller that keeps the
 * workload alive until it is done. 0 or MESH_ERR_NOMEM.
 */
int mesh__held_take(struct mesh_workload *workload, struct mesh_held *out);
/* From any thread; harmless twice. */
void mesh__held_done(struct mesh_held *held);

/* --- lanes: lane.c --- */

/* With one reference. 0, MESH_ERR_NOMEM, MESH_ERR_FILES, MESH_ERR_SYSTEM. */
int mesh__lane_new(struct mesh_workload *workload, enum mesh_lane_kind kind,
                   struct mesh_lane **out);
struct mesh_lane *mesh__lane_ref(struct mesh_lane *lane);
void mesh__lane_unref(struct mesh_lane *lane);
static inline struct mesh_lane *mesh__lane_of(struct mesh_loop *loop)
{
    return (struct mesh_lane *)mesh__loop_owner(loop);
}

/* Which of MESH__LANE_STRIPES the calling thread's is. */
size_t mesh__stripe_of_thread(void);

/* A lane for one blocking call; give it back empty. */
int mesh__lane_borrow(struct mesh_workload *workload, struct mesh_lane **out);
void mesh__lane_give_back(struct mesh_lane *lane);

/* Put a server on a lane, or take it off; entered. */
void mesh__lane_seat(struct mesh_lane *lane, struct mesh_seat *seat);
void mesh__lane_unseat(struct mesh_lane *lane, struct mesh_seat *seat);

/* Ask every lane to look at the newest generation. */
void mesh__lanes_wake(struct mesh_workload *workload);

/* --- the keeper: keeper.c --- */

int mesh__keeper_start(struct mesh_workload *workload);
void mesh__keeper_stop(struct mesh_workload *workload);
/* The helper thread alone: made, and ended and joined. */
int mesh__helper_start(struct mesh_workload *workload);
void mesh__helper_stop(struct mesh_workload *workload);
int64_t mesh__keeper_overdue_ms(struct mesh_workload *workload);

/* --- copies of calls: mirror.c; user is the lane of the call --- */

void mesh__workload_mirror(void *user, struct mesh_client_request *copy);
/* End those under way, and drop those that still wait. */
void mesh__mirrors_stop(struct mesh_workload *workload);

/* --- facts on their way out: record.c; user is the lane --- */

void mesh__workload_record(void *user, const struct mesh_facts *facts);
/* Open what the settings and the policy ask for. */
int mesh__record_open(struct mesh_workload *workload);
void mesh__record_flush(struct mesh_workload *workload, uint32_t timeout_ms);
void mesh__record_close(struct mesh_workload *workload);

/* --- fork, close, numbers: life.c --- */

int mesh__workload_after_fork(struct mesh_workload *workload);
/* As mesh_workload_close. */
int mesh__workload_close(struct mesh_workload *workload, int64_t deadline_ms);
int mesh__workload_statistic(struct mesh_workload *workload, const char *name,
                             int64_t *out);

#endif
