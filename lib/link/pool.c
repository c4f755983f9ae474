/*
 * pool.c - the shelf of one endpoint: idle streams, and who waits for one.
 *
 * Knows who comes first and what must not be used again. Declines to know why
 * an endpoint was picked and what is sent on a stream.
 */
#include "link/pool.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <stdio.h>

struct mesh_pool {
    atomic_int refs;
    struct mesh_pools *pools;
    struct mesh_node node; /* in pools, under its lock */
    struct mesh_address address;

    /* The next that proves another name, in a chain that only grows. */
    _Atomic(struct mesh_pool *) next;
    char *name; /* of the server; NULL in the first */

    pthread_mutex_t lock; /* over everything below */
    bool closed;
    bool shaking;             /* the first handshake, no session yet     */
    struct mesh_node idle;    /* most recently used first                */
    struct mesh_node waiting; /* struct mesh_waiter.node, first come     */
    size_t waiters;
    size_t open;       /* connections, connecting ones included   */
    size_t connecting; /* under way or told to a waiter           */
    size_t idle_count;
    uint64_t doubt_ns; /* a stream ended under us: look at older ones   */
    struct mesh_permits permits; /* of the last question                */
    const struct mesh_tls_engine *engine;
    struct mesh_tls_config *config; /* NULL: plaintext                    */
    bool configured;
    uint64_t serial;
    uint64_t key[2];
    uint8_t digest[MESH__DIGEST];
    struct mesh_buffer session; /* to resume, empty when there is none */
};

struct mesh_pools {
    struct mesh_port *port;
    pthread_mutex_t lock;
    struct mesh_node all;
};

static void lock(struct mesh_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
}

static void unlock(struct mesh_pool *pool)
{
    (void)pthread_mutex_unlock(&pool->lock);
}

/* --- life --- */

int mesh__pools_new(struct mesh_port *port, struct mesh_pools **out)
{
    struct mesh_pools *pools = mesh__calloc(1, sizeof(*pools));

    *out = pools;
    if (!pools)
        return mesh__fail(MESH_ERR_NOMEM, "the pools");
    pools->port = port;
    (void)pthread_mutex_init(&pools->lock, NULL);
    mesh__list_init(&pools->all);
    return 0;
}

void mesh__pools_free(struct mesh_pools *pools)
{
    if (!pools)
        return;
    (void)pthread_mutex_destroy(&pools->lock);
    mesh__free(pools);
}

int mesh__pool_new(struct mesh_pools *pools, const struct mesh_address *address,
                   struct mesh_pool **out)
{
    struct mesh_pool *pool = mesh__calloc(1, sizeof(*pool));

    *out = pool;
    if (!pool)
        return mesh__fail(MESH_ERR_NOMEM, "a pool");
    atomic_init(&pool->refs, 1);
    pool->pools = pools;
    pool->address = *address;
    (void)pthread_mutex_init(&pool->lock, NULL);
    mesh__list_init(&pool->idle);
    mesh__list_init(&pool->waiting);
    mesh__buffer_init(&pool->session, MESH__TLS_SESSION_MAX);
    (void)pthread_mutex_lock(&pools->lock);
    mesh__list_push_back(&pools->all, &pool->node);
    (void)pthread_mutex_unlock(&pools->lock);
    return 0;
}

struct mesh_pool *mesh__pool_ref(struct mesh_pool *pool)
{
    atomic_fetch_add_explicit(&pool->refs, 1, memory_order_relaxed);
    return pool;
}

static void free_pool(struct mesh_pool *pool)
{
    mesh__free(pool->name);
    if (pool->config)
        pool->config->engine->config_unref(pool->config);
    if (pool->session.memory)
        mesh__wipe(pool->session.memory, pool->session.capacity);
    mesh__buffer_fini(&pool->session);
    (void)pthread_mutex_destroy(&pool->lock);
    mesh__free(pool);
}

void mesh__pool_unref(struct mesh_pool *pool)
{
    struct mesh_pools *pools;

    if (!pool ||
        atomic_fetch_sub_explicit(&pool->refs, 1, memory_order_acq_rel) != 1)
        return;
    pools = pool->pools;
    (void)pthread_mutex_lock(&pools->lock);
    mesh__list_remove(&pool->node);
    (void)pthread_mutex_unlock(&pools->lock);
    mesh__pool_unref(atomic_load(&pool->next));
    free_pool(pool);
}

/* Behind the last of the chain; false when somebody else was first. */
static bool append(struct mesh_pool *last, struct mesh_pool *pool)
{
    struct mesh_pool *none = NULL;

    return atomic_compare_exchange_strong(&last->next, &none, pool);
}

struct mesh_pool *mesh__pool_named(struct mesh_pool *pool, const char *name)
{
    struct mesh_pool *last = pool;
    struct mesh_pool *named = NULL;
    unsigned count = 0;

    while (name[0]) {
        struct mesh_pool *next = atomic_load(&last->next);

        if (next && strcmp(next->name, name) == 0)
            break;
        if (next) {
            last = next;
            count++;
            continue;
        }
        if (count == MESH__POOL_NAMES) {
            (void)mesh__fail(MESH_ERR_OVERFLOW, "more than %d names of servers",
                             MESH__POOL_NAMES);
            mesh__pool_unref(named);
            return NULL;
        }
        if (!named) {
            if (mesh__pool_new(pool->pools, &pool->address, &named) < 0)
                return NULL;
            named->name = mesh__strdup(name);
            if (!named->name) {
                mesh__pool_unref(named);
                (void)mesh__fail(MESH_ERR_NOMEM, "a pool");
                return NULL;
            }
        }
        if (append(last, named))
            return named; /* the chain's reference */
    }
    mesh__pool_unref(named); /* another thread's is there */
    return name[0] ? atomic_load(&last->next) : pool;
}

/* --- counting, all under the lock --- */

static void connection_begins(struct mesh_pool *pool)
{
    pool->open++;
    pool->connecting++;
    pool->shaking = pool->shaking || (pool->config && !pool->session.len);
    if (pool->permits.connections)
        mesh__quota_raise(pool->permits.connections);
}

static void connection_gone(struct mesh_pool *pool)
{
    pool->open--;
    if (pool->permits.connections)
        mesh__quota_lower(pool->permits.connections);
}

static void connection_decided(struct mesh_pool *pool)
{
    pool->connecting--;
    pool->shaking = false;
}

/*
 * May one more connection begin? Every waiter may have one, within
 * max_connections; an endpoint none of whose connections is in use or on its
 * way may always have one (Envoy: a host pool with zero connections), because
 * idle ones may be kept by loops that are not ours to empty.
 */
static bool may_connect(const struct mesh_pool *pool)
{
    if (pool->closed || pool->waiters <= pool->connecting)
        return false;
    if (pool->shaking && pool->connecting)
        return false;
    return pool->open == pool->idle_count || !pool->permits.connections ||
           mesh__quota_has_room(pool->permits.connections,
                                pool->permits.max_connections);
}

/* When maxConnectionDuration is over. */
static uint64_t grown_old_ns(const struct mesh_pool *pool,
                             const struct mesh_stream *stream)
{
    uint64_t most_ns = pool->permits.max_connection_ns;

    return most_ns ? mesh__time_add(stream->opened_ns, most_ns) : MESH__NEVER;
}

static bool usable(const struct mesh_pool *pool,
                   const struct mesh_stream *stream, uint64_t now_ns)
{
    const struct mesh_permits *permits = &pool->permits;

    return !pool->closed && stream->state == MESH__STREAM_READY &&
           !stream->read_ended && stream->serial == pool->serial &&
           (permits->max_requests_per_connection == 0 ||
            stream->used < permits->max_requests_per_connection) &&
           now_ns < grown_old_ns(pool, stream);
}

static void close_all(struct mesh_pool *pool, struct mesh_node *victims)
{
    struct mesh_node *node;

    while ((node = mesh__list_pop(victims))) {
        struct mesh_stream *stream = MESH__OF(node, struct mesh_stream, node);

        mesh__stream_close(stream, pool->pools->port, false);
        mesh__pool_unref(pool);
    }
}

/* --- waiters --- */

static void run_turn(struct mesh_note *note);

void mesh__waiter_init(struct mesh_waiter *waiter,
                       void (*on_turn)(struct mesh_waiter *, enum mesh_turn))
{
    *waiter = (struct mesh_waiter){ .on_turn = on_turn };
    mesh__list_init(&waiter->node);
    mesh__list_init(&waiter->note.node);
    waiter->note.run = run_turn;
}

static void enqueue(struct mesh_pool *pool, struct mesh_link *link,
                    struct mesh_waiter *waiter)
{
    waiter->link = link;
    waiter->pool = mesh__pool_ref(pool);
    waiter->queued = true;
    waiter->told = waiter->connect_due = waiter->ended = false;
    waiter->stream = waiter->heir = NULL;
    waiter->code = 0;
    waiter->line[0] = '\0';
    mesh__list_push_back(&pool->waiting, &waiter->node);
    pool->waiters++;
    if (pool->permits.pending)
        mesh__quota_raise(pool->permits.pending);
}

static void dequeue(struct mesh_pool *pool, struct mesh_waiter *waiter)
{
    mesh__list_remove(&waiter->node);
    waiter->queued = false;
    waiter->ended = true;
    pool->waiters--;
    if (pool->permits.pending)
        mesh__quota_lower(pool->permits.pending);
}

/* Under the lock: posting is a leaf below it. */
static void post(struct mesh_waiter *waiter)
{
    if (waiter->posted)
        return;
    waiter->posted = true;
    mesh__loop_post(waiter->link->loop, &waiter->note);
}

/* Tell waiters to connect, as many as may: again, those who did before. */
static void tell_some(struct mesh_pool *pool, bool again)
{
    for (struct mesh_node *node = pool->waiting.next;
         node != &pool->waiting && may_connect(pool); node = node->next) {
        struct mesh_waiter *waiter = MESH__OF(node, struct mesh_waiter, node);

        if (waiter->told != again || waiter->connect_due)
            continue;
        connection_begins(pool);
        waiter->told = true;
        waiter->connect_due = true;
        post(waiter);
    }
}

/*
 * Whose connection went to somebody else connects again, if nobody is left who
 * did not yet: one waits for each that may begin.
 */
static void tell_connects(struct mesh_pool *pool)
{
    tell_some(pool, false);
    tell_some(pool, true);
}

/* A stream in hand: to the first waiter. False when nobody waits. */
static bool grant(struct mesh_pool *pool, struct mesh_stream *stream)
{
    struct mesh_waiter *waiter;

    if (mesh__list_empty(&pool->waiting))
        return false;
    waiter = MESH__OF(pool->waiting.next, struct mesh_waiter, node);
    dequeue(pool, waiter);
    waiter->stream = stream;
    post(waiter);
    return true;
}

static void fail_waiters(struct mesh_pool *pool, int code, const char *line)
{
    while (!mesh__list_empty(&pool->waiting)) {
        struct mesh_waiter *waiter =
            MESH__OF(pool->waiting.next, struct mesh_waiter, node);

        dequeue(pool, waiter);
        waiter->code = code;
        (void)snprintf(waiter->line, sizeof(waiter->line), "%s", line);
        post(waiter);
    }
}

/* A suspended connection: to a waiter. False when none has room for it. */
static bool bequeath(struct mesh_pool *pool, struct mesh_stream *stream)
{
    for (struct mesh_node *node = pool->waiting.next; node != &pool->waiting;
         node = node->next) {
        struct mesh_waiter *waiter = MESH__OF(node, struct mesh_waiter, node);

        if (waiter->heir)
            continue;
        waiter->heir = stream;
        post(waiter);
        return true;
    }
    return false;
}

/* The duty to connect of a waiter that no longer waits goes to another. */
static void give_up_connect(struct mesh_pool *pool)
{
    connection_decided(pool);
    connection_gone(pool);
    tell_connects(pool);
}

static void pass_under_way(struct mesh_pool *pool, struct mesh_stream *stream);
static void go_on(struct mesh_stream *stream, struct mesh_link *link);

static void run_turn(struct mesh_note *note)
{
    struct mesh_waiter *waiter = MESH__OF(note, struct mesh_waiter, note);
    struct mesh_pool *pool = waiter->pool;
    struct mesh_stream *heir;
    bool connect;
    bool ended;

    lock(pool);
    waiter->posted = false;
    heir = waiter->heir;
    waiter->heir = NULL;
    connect = waiter->connect_due;
    waiter->connect_due = false;
    ended = waiter->ended;
    if (connect && ended) {
        give_up_connect(pool);
        connect = false;
    }
    unlock(pool);
    if (heir && ended)
        pass_under_way(pool, heir);
    else if (heir)
        go_on(heir, waiter->link);
    if (ended) {
        waiter->pool = NULL;
        if (!waiter->stream && !waiter->code)
            waiter->code = MESH_ERR_CANCELLED;
        waiter->on_turn(waiter, waiter->stream ? MESH__TURN_GRANTED
                                               : MESH__TURN_FAILED);
        mesh__pool_unref(pool);
    } else if (connect) {
        waiter->on_turn(waiter, MESH__TURN_CONNECT);
    }
}

bool mesh__pool_cancel(struct mesh_waiter *waiter)
{
    struct mesh_pool *pool = waiter->pool;
    bool done;

    if (!pool)
        return true;
    lock(pool);
    if (waiter->queued)
        dequeue(pool, waiter);
    done = !waiter->posted;
    unlock(pool);
    if (done) {
        waiter->pool = NULL;
        mesh__pool_unref(pool);
    }
    return done;
}

/* --- taking --- */

static void on_idle(struct mesh_stream *stream);

/*
 * May it be used unseen? A peer that ended one stream may have ended all that
 * were idle then.
 */
static bool trusted(const struct mesh_pool *pool,
                    const struct mesh_stream *stream, uint64_t now_ns)
{
    return stream->idle_since_ns > pool->doubt_ns &&
           now_ns < mesh__time_add(stream->idle_since_ns, MESH__POOL_LOOK_NS);
}

/* Was it idle for too long? Clocks of two loops may differ by a turn. */
static bool overdue(const struct mesh_pool *pool,
                    const struct mesh_stream *stream, uint64_t now_ns)
{
    return pool->permits.idle_timeout_ns &&
           now_ns >= mesh__time_add(stream->idle_since_ns,
                                    pool->permits.idle_timeout_ns);
}

/*
 * The most recently used idle stream that this link may have: its own, or one
 * on the shelf. What is found to be spent goes to victims.
 */
static struct mesh_stream *take_idle(struct mesh_pool *pool,
                                     struct mesh_link *link, uint64_t now_ns,
                                     struct mesh_node *victims)
{
    struct mesh_node *node = pool->idle.next;

    while (node != &pool->idle) {
        struct mesh_stream *stream = MESH__OF(node, struct mesh_stream, node);

        node = node->next;
        if (stream->link && stream->link != link)
            continue;
        mesh__list_remove(&stream->node);
        pool->idle_count--;
        if (usable(pool, stream, now_ns) && !overdue(pool, stream, now_ns) &&
            (trusted(pool, stream, now_ns) ||
             mesh__stream_fresh(stream, mesh__loop_port(link->loop))))
            return stream;
        connection_gone(pool);
        mesh__list_push_back(victims, &stream->node);
    }
    return NULL;
}

static enum mesh_pool_answer queue_up(struct mesh_pool *pool,
                                      struct mesh_link *link,
                                      struct mesh_waiter *waiter)
{
    if (pool->permits.pending &&
        !mesh__quota_has_room(pool->permits.pending, pool->permits.max_pending))
        return MESH__POOL_OVERFLOW;
    enqueue(pool, link, waiter);
    if (!may_connect(pool))
        return MESH__POOL_WAIT;
    connection_begins(pool);
    waiter->told = true;
    return MESH__POOL_CONNECT;
}

enum mesh_pool_answer mesh__pool_take(struct mesh_pool *pool,
                                      struct mesh_link *link,
                                      struct mesh_waiter *waiter,
                                      const struct mesh_permits *permits,
                                      uint64_t now_ns,
                                      void (*on_ready)(struct mesh_stream *),
                                      void *owner, struct mesh_stream **out)
{
    enum mesh_pool_answer answer = MESH__POOL_STREAM;
    struct mesh_node victims;

    *out = NULL;
    mesh__list_init(&victims);
    lock(pool);
    if (pool->closed) {
        answer = MESH__POOL_CLOSED;
    } else if (!pool->configured || pool->key[0] != permits->key[0] ||
               pool->key[1] != permits->key[1]) {
        answer = MESH__POOL_CONFIGURE;
    } else {
        pool->permits = *permits;
        *out = take_idle(pool, link, now_ns, &victims);
        if (!*out)
            answer = queue_up(pool, link, waiter);
    }
    unlock(pool);
    close_all(pool, &victims);
    if (!*out)
        return answer;
    (*out)->on_ready = on_ready;
    (*out)->owner = owner;
    if ((*out)->link)
        mesh__loop_cancel_timer(link->loop, &(*out)->timer);
    else if (mesh__stream_attach(*out, link, on_ready, owner) < 0)
        (void)mesh__stream_fail(*out, MESH_ERR_SYSTEM);
    return MESH__POOL_STREAM;
}

/* --- connecting --- */

/*
 * Is this the profile already? Under the lock; then it has the new key too.
 * Threads that find a pool unconfigured at once all come here, and the first
 * one's connection must stay good.
 */
static bool has_profile(struct mesh_pool *pool,
                        const uint8_t digest[MESH__DIGEST],
                        const uint64_t key[2])
{
    if (!pool->configured || memcmp(pool->digest, digest, MESH__DIGEST))
        return false;
    memcpy(pool->key, key, sizeof(pool->key));
    return true;
}

int mesh__pool_configure(struct mesh_pool *pool,
                         const struct mesh_tls_engine *engine,
                         const struct mesh_tls_profile *profile,
                         struct mesh_rng *rng, const uint64_t key[2])
{
    uint8_t digest[MESH__DIGEST] = { 0 };
    struct mesh_tls_config *config = NULL;
    bool same;
    int rc = 0;

    if (profile)
        rc = mesh__tls_profile_digest(profile, digest);
    if (rc < 0)
        return rc;
    lock(pool);
    same = has_profile(pool, digest, key);
    unlock(pool);
    if (same)
        return 0;
    if (profile)
        rc = engine->config_new(engine, profile, rng, &config);
    if (rc < 0)
        return rc;
    lock(pool);
    if (!has_profile(pool, digest, key)) {
        struct mesh_tls_config *old = pool->config;

        pool->config = config;
        pool->engine = engine;
        pool->configured = true;
        pool->serial++;
        memcpy(pool->digest, digest, sizeof(digest));
        memcpy(pool->key, key, sizeof(pool->key));
        mesh__buffer_clear(&pool->session);
        config = old;
    }
    unlock(pool);
    if (config)
        config->engine->config_unref(config);
    return 0;
}

/* Keep what lets the next handshake resume. */
static void keep_session(struct mesh_pool *pool, struct mesh_stream *stream)
{
    struct mesh_buffer session;
    struct mesh_buffer old;

    if (!stream->tls)
        return;
    mesh__buffer_init(&session, MESH__TLS_SESSION_MAX);
    if (stream->link->engine->session_export(stream->tls, &session) < 0) {
        mesh__error_clear();
        mesh__buffer_fini(&session);
        return;
    }
    lock(pool);
    old = session;
    if (stream->serial == pool->serial) {
        old = pool->session;
        pool->session = session;
    }
    unlock(pool);
    if (old.memory)
        mesh__wipe(old.memory, old.capacity);
    mesh__buffer_fini(&old);
}

/* Until when an idle stream may stay. Under the lock. */
static uint64_t stays_until_ns(const struct mesh_pool *pool,
                               const struct mesh_stream *stream)
{
    uint64_t idle_ns = pool->permits.idle_timeout_ns;
    uint64_t old_ns = grown_old_ns(pool, stream);

    if (idle_ns == 0 || old_ns < mesh__time_add(stream->idle_since_ns, idle_ns))
        return old_ns;
    return mesh__time_add(stream->idle_since_ns, idle_ns);
}

/* A stream in hand that nobody waits for: keep it here or on the shelf. */
static void shelve(struct mesh_stream *stream, uint64_t until_ns)
{
    struct mesh_link *link = stream->link;
    bool keep = link->keeps_idle;

    if (keep) {
        stream->on_ready = on_idle;
        stream->owner = NULL;
        mesh__stream_settle(stream);
        if (mesh__stream_want(stream, true) < 0 ||
            (until_ns != MESH__NEVER &&
             mesh__loop_set_timer(link->loop, &stream->timer, until_ns) < 0))
            keep = false; /* no place to wait: the shelf has one */
    }
    if (!keep)
        mesh__stream_detach(stream);
}

/* Hand a usable stream on, or keep it. Detached before a waiter may have it. */
static void pass_on(struct mesh_pool *pool, struct mesh_stream *stream)
{
    uint64_t until_ns;
    bool wanted;

    stream->idle_since_ns = mesh__loop_now(stream->link->loop);
    lock(pool);
    wanted = !mesh__list_empty(&pool->waiting);
    until_ns = stays_until_ns(pool, stream);
    unlock(pool);
    if (wanted)
        mesh__stream_detach(stream);
    else
        shelve(stream, until_ns);
    lock(pool);
    if (!stream->link && grant(pool, stream)) {
        stream = NULL;
    } else {
        mesh__list_push_front(&pool->idle, &stream->node);
        pool->idle_count++;
    }
    tell_connects(pool);
    unlock(pool);
}

static void discard(struct mesh_pool *pool, struct mesh_stream *stream,
                    bool reset)
{
    lock(pool);
    connection_gone(pool);
    tell_connects(pool);
    unlock(pool);
    mesh__stream_close(stream, pool->pools->port, reset);
    mesh__pool_unref(pool);
}

/* An idle stream on a loop has something to say: it can only be an end. */
static void on_idle(struct mesh_stream *stream)
{
    struct mesh_pool *pool = stream->pool;

    if (stream->state == MESH__STREAM_READY && stream->drained)
        return;
    lock(pool);
    mesh__list_remove(&stream->node);
    pool->idle_count--;
    unlock(pool);
    discard(pool, stream, false);
}

static void on_connect(struct mesh_stream *stream)
{
    struct mesh_pool *pool = stream->pool;
    bool good = stream->state == MESH__STREAM_READY;

    mesh__list_remove(&stream->node);
    if (good)
        keep_session(pool, stream);
    lock(pool);
    connection_decided(pool);
    if (good) {
        good = usable(pool, stream, mesh__loop_now(stream->link->loop));
    } else {
        fail_waiters(pool, stream->code, stream->line);
    }
    unlock(pool);
    if (good)
        pass_on(pool, stream);
    else
        discard(pool, stream, true);
}

static void connect_failed(struct mesh_pool *pool, int code, const char *line)
{
    lock(pool);
    connection_decided(pool);
    connection_gone(pool);
    fail_waiters(pool, code, line);
    unlock(pool);
}

/* --- connections whose loop is left --- */

static void pass_under_way(struct mesh_pool *pool, struct mesh_stream *stream)
{
    bool passed;

    lock(pool);
    passed = bequeath(pool, stream);
    if (!passed)
        connection_decided(pool);
    unlock(pool);
    if (!passed)
        discard(pool, stream, true);
}

static void go_on(struct mesh_stream *stream, struct mesh_link *link)
{
    mesh__list_push_back(&link->connecting, &stream->node);
    if (mesh__stream_resume(stream, link, on_connect, NULL) < 0)
        on_connect(stream);
    mesh__error_clear();
}

void mesh__pools_hand_over(struct mesh_link *link)
{
    struct mesh_node *node;

    while ((node = mesh__list_pop(&link->connecting))) {
        struct mesh_stream *stream = MESH__OF(node, struct mesh_stream, node);

        mesh__stream_suspend(stream);
        pass_under_way(stream->pool, stream);
    }
}

void mesh__pools_forget(struct mesh_pools *pools, struct mesh_link *link)
{
    struct mesh_node *node;

    while ((node = mesh__list_pop(&link->connecting))) {
        struct mesh_stream *stream = MESH__OF(node, struct mesh_stream, node);
        struct mesh_pool *pool = stream->pool;

        mesh__stream_forked(stream, pools->port);
        mesh__pool_unref(pool);
    }
}

/* What a connection begins with, copied out of the lock. */
struct start {
    struct mesh_tls_config *config;
    struct mesh_buffer session;
    uint64_t serial;
};

static void start_of(struct mesh_pool *pool, struct start *start)
{
    mesh__buffer_init(&start->session, MESH__TLS_SESSION_MAX);
    lock(pool);
    start->serial = pool->serial;
    start->config =
        pool->config ? pool->engine->config_ref(pool->config) : NULL;
    if (mesh__buffer_append(&start->session, mesh__buffer_data(&pool->session),
                            pool->session.len) < 0)
        mesh__error_clear(); /* a full handshake, then */
    unlock(pool);
}

static void start_done(struct start *start)
{
    if (start->config)
        start->config->engine->config_unref(start->config);
    if (start->session.memory)
        mesh__wipe(start->session.memory, start->session.capacity);
    mesh__buffer_fini(&start->session);
}

void mesh__pool_connect(struct mesh_pool *pool, struct mesh_link *link,
                        const struct mesh_dial *dial)
{
    struct mesh_stream *stream;
    struct start start;
    int rc;

    start_of(pool, &start);
    rc = mesh__stream_open(link, &pool->address, dial, start.config,
                           mesh__buffer_slice(&start.session), on_connect, NULL,
                           &stream);
    if (rc < 0) {
        connect_failed(pool, rc, mesh__error_line());
        mesh__error_clear();
    } else {
        stream->pool = mesh__pool_ref(pool);
        stream->serial = start.serial;
        mesh__list_push_back(&link->connecting, &stream->node);
    }
    start_done(&start);
}

void mesh__pool_release(struct mesh_stream *stream, bool reusable, bool reset)
{
    struct mesh_pool *pool = stream->pool;
    uint64_t now_ns = mesh__loop_now(stream->link->loop);
    bool session;

    lock(pool);
    reusable = reusable && usable(pool, stream, now_ns);
    if (stream->state == MESH__STREAM_FAILED || stream->read_ended)
        pool->doubt_ns = now_ns;
    session = pool->session.len == 0;
    unlock(pool);
    if (!reusable) {
        discard(pool, stream, reset);
        return;
    }
    if (session)
        keep_session(pool, stream); /* TLS 1.3: tickets come late */
    pass_on(pool, stream);
}

/* --- all of them --- */

/* Take idle streams out: shelved ones that are spent, or any when forget. */
static void collect(struct mesh_pool *pool, uint64_t now_ns, bool forget,
                    struct mesh_node *victims)
{
    struct mesh_node *node = pool->idle.next;

    while (node != &pool->idle) {
        struct mesh_stream *stream = MESH__OF(node, struct mesh_stream, node);

        node = node->next;
        if (stream->link)
            continue;
        if (!forget && usable(pool, stream, now_ns) &&
            !overdue(pool, stream, now_ns) &&
            mesh__stream_fresh(stream, pool->pools->port))
            continue;
        mesh__list_remove(&stream->node);
        pool->idle_count--;
        connection_gone(pool);
        mesh__list_push_back(victims, &stream->node);
    }
}

void mesh__pool_close(struct mesh_pool *pool)
{
    struct mesh_node victims;

    mesh__list_init(&victims);
    lock(pool);
    pool->closed = true;
    collect(pool, 0, true, &victims);
    fail_waiters(pool, MESH_ERR_NO_ENDPOINT, "the endpoint is gone");
    /* The quotas may go with the endpoint: nothing is counted from here on. */
    while (pool->permits.connections && pool->open) {
        mesh__quota_lower(pool->permits.connections);
        pool->open--;
    }
    pool->permits.connections = NULL;
    pool->permits.pending = NULL;
    pool->open = (size_t)1 << 32; /* still counted down by its last streams */
    unlock(pool);
    close_all(pool, &victims);
    if (atomic_load(&pool->next))
        mesh__pool_close(atomic_load(&pool->next));
}

void mesh__pools_sweep(struct mesh_pools *pools, uint64_t now_ns, bool forget)
{
    struct mesh_node victims;
    struct mesh_node *node;

    mesh__list_init(&victims);
    (void)pthread_mutex_lock(&pools->lock);
    for (node = pools->all.next; node != &pools->all; node = node->next) {
        struct mesh_pool *pool = MESH__OF(node, struct mesh_pool, node);

        lock(pool);
        collect(pool, now_ns, forget, &victims);
        tell_connects(pool);
        unlock(pool);
    }
    (void)pthread_mutex_unlock(&pools->lock);
    while ((node = mesh__list_pop(&victims))) {
        struct mesh_stream *stream = MESH__OF(node, struct mesh_stream, node);
        struct mesh_pool *pool = stream->pool;

        mesh__stream_close(stream, pools->port, false);
        mesh__pool_unref(pool);
    }
}

void mesh__pools_leave(struct mesh_pools *pools, struct mesh_link *link)
{
    mesh__pools_hand_over(link);
    (void)pthread_mutex_lock(&pools->lock);
    for (struct mesh_node *at = pools->all.next; at != &pools->all;
         at = at->next) {
        struct mesh_pool *pool = MESH__OF(at, struct mesh_pool, node);

        lock(pool);
        for (struct mesh_node *node = pool->idle.next; node != &pool->idle;
             node = node->next) {
            struct mesh_stream *stream =
                MESH__OF(node, struct mesh_stream, node);

            if (stream->link == link)
                mesh__stream_detach(stream);
        }
        unlock(pool);
    }
    (void)pthread_mutex_unlock(&pools->lock);
}

void mesh__pools_counts(struct mesh_pools *pools, size_t *open, size_t *idle)
{
    *open = *idle = 0;
    (void)pthread_mutex_lock(&pools->lock);
    for (struct mesh_node *at = pools->all.next; at != &pools->all;
         at = at->next) {
        struct mesh_pool *pool = MESH__OF(at, struct mesh_pool, node);

        lock(pool);
        *open += pool->closed ? 0 : pool->open;
        *idle += pool->idle_count;
        unlock(pool);
    }
    (void)pthread_mutex_unlock(&pools->lock);
}

void mesh__pools_forked(struct mesh_pools *pools)
{
    (void)pthread_mutex_init(&pools->lock, NULL);
    for (struct mesh_node *at = pools->all.next; at != &pools->all;
         at = at->next) {
        struct mesh_pool *pool = MESH__OF(at, struct mesh_pool, node);
        struct mesh_node *node;

        (void)pthread_mutex_init(&pool->lock, NULL);
        while ((node = mesh__list_pop(&pool->idle)))
            mesh__stream_forked(MESH__OF(node, struct mesh_stream, node),
                                pools->port);
        while ((node = mesh__list_pop(&pool->waiting))) {
            struct mesh_waiter *waiter =
                MESH__OF(node, struct mesh_waiter, node);

            if (waiter->heir)
                mesh__stream_forked(waiter->heir, pools->port);
            waiter->heir = NULL;
        }
        while (pool->permits.connections && pool->open) {
            mesh__quota_lower(pool->permits.connections);
            pool->open--;
        }
        while (pool->permits.pending && pool->waiters) {
            mesh__quota_lower(pool->permits.pending);
            pool->waiters--;
        }
        pool->open = pool->waiters = pool->connecting = pool->idle_count = 0;
        pool->shaking = false;
        mesh__buffer_clear(&pool->session);
    }
}

void mesh__pools_set_port(struct mesh_pools *pools, struct mesh_port *port)
{
    pools->port = port;
}
