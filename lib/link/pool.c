/*
 * pool.c - the shelf of one endpoint: streams are taken, opened and given back.
 *
 * Knows what must not be used again. Declines to know why an endpoint was
 * picked and what is sent on a stream.
 */
#include "link/shelf.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

/* --- life --- */

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

void mesh__pool_connection_begins(struct mesh_pool *pool)
{
    pool->open++;
    pool->connecting++;
    pool->shaking = pool->shaking || (pool->config && !pool->session.len);
    if (pool->permits.connections)
        mesh__quota_raise(pool->permits.connections);
}

void mesh__pool_connection_gone(struct mesh_pool *pool)
{
    pool->open--;
    if (pool->permits.connections)
        mesh__quota_lower(pool->permits.connections);
}

void mesh__pool_connection_decided(struct mesh_pool *pool)
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
bool mesh__pool_may_connect(const struct mesh_pool *pool)
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

bool mesh__pool_usable(const struct mesh_pool *pool,
                       const struct mesh_stream *stream, uint64_t now_ns)
{
    const struct mesh_permits *permits = &pool->permits;

    return !pool->closed && stream->state == MESH__STREAM_READY &&
           !stream->read_ended && stream->serial == pool->serial &&
           (permits->max_requests_per_connection == 0 ||
            stream->used < permits->max_requests_per_connection) &&
           now_ns < grown_old_ns(pool, stream);
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
bool mesh__pool_overdue(const struct mesh_pool *pool,
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
        if (mesh__pool_usable(pool, stream, now_ns) &&
            !mesh__pool_overdue(pool, stream, now_ns) &&
            (trusted(pool, stream, now_ns) ||
             mesh__stream_fresh(stream, mesh__loop_port(link->loop))))
            return stream;
        mesh__pool_connection_gone(pool);
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
    mesh__pool_enqueue(pool, link, waiter);
    if (!mesh__pool_may_connect(pool))
        return MESH__POOL_WAIT;
    mesh__pool_connection_begins(pool);
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
    mesh__pool_lock(pool);
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
    mesh__pool_unlock(pool);
    mesh__pool_close_all(pool, &victims);
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
    mesh__pool_lock(pool);
    same = has_profile(pool, digest, key);
    mesh__pool_unlock(pool);
    if (same)
        return 0;
    if (profile)
        rc = engine->config_new(engine, profile, rng, &config);
    if (rc < 0)
        return rc;
    mesh__pool_lock(pool);
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
    mesh__pool_unlock(pool);
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
    mesh__pool_lock(pool);
    old = session;
    if (stream->serial == pool->serial) {
        old = pool->session;
        pool->session = session;
    }
    mesh__pool_unlock(pool);
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
    mesh__pool_lock(pool);
    wanted = !mesh__list_empty(&pool->waiting);
    until_ns = stays_until_ns(pool, stream);
    mesh__pool_unlock(pool);
    if (wanted)
        mesh__stream_detach(stream);
    else
        shelve(stream, until_ns);
    mesh__pool_lock(pool);
    if (!stream->link && mesh__pool_grant(pool, stream)) {
        stream = NULL;
    } else {
        mesh__list_push_front(&pool->idle, &stream->node);
        pool->idle_count++;
    }
    mesh__pool_tell_connects(pool);
    mesh__pool_unlock(pool);
}

static void discard(struct mesh_pool *pool, struct mesh_stream *stream,
                    bool reset)
{
    mesh__pool_lock(pool);
    mesh__pool_connection_gone(pool);
    mesh__pool_tell_connects(pool);
    mesh__pool_unlock(pool);
    mesh__stream_close(stream, pool->pools->port, reset);
    mesh__pool_unref(pool);
}

/* An idle stream on a loop has something to say: it can only be an end. */
static void on_idle(struct mesh_stream *stream)
{
    struct mesh_pool *pool = stream->pool;

    if (stream->state == MESH__STREAM_READY && stream->drained)
        return;
    mesh__pool_lock(pool);
    mesh__list_remove(&stream->node);
    pool->idle_count--;
    mesh__pool_unlock(pool);
    discard(pool, stream, false);
}

static void on_connect(struct mesh_stream *stream)
{
    struct mesh_pool *pool = stream->pool;
    bool good = stream->state == MESH__STREAM_READY;

    mesh__list_remove(&stream->node);
    if (good)
        keep_session(pool, stream);
    mesh__pool_lock(pool);
    mesh__pool_connection_decided(pool);
    if (good) {
        good =
            mesh__pool_usable(pool, stream, mesh__loop_now(stream->link->loop));
    } else {
        mesh__pool_fail_waiters(pool, stream->code, stream->line);
    }
    mesh__pool_unlock(pool);
    if (good)
        pass_on(pool, stream);
    else
        discard(pool, stream, true);
}

static void connect_failed(struct mesh_pool *pool, int code, const char *line)
{
    mesh__pool_lock(pool);
    mesh__pool_connection_decided(pool);
    mesh__pool_connection_gone(pool);
    mesh__pool_fail_waiters(pool, code, line);
    mesh__pool_unlock(pool);
}

/* --- connections whose loop is left --- */

void mesh__pool_pass_under_way(struct mesh_pool *pool,
                               struct mesh_stream *stream)
{
    bool passed;

    mesh__pool_lock(pool);
    passed = mesh__pool_bequeath(pool, stream);
    if (!passed)
        mesh__pool_connection_decided(pool);
    mesh__pool_unlock(pool);
    if (!passed)
        discard(pool, stream, true);
}

void mesh__pool_go_on(struct mesh_stream *stream, struct mesh_link *link)
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
        mesh__pool_pass_under_way(stream->pool, stream);
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
    mesh__pool_lock(pool);
    start->serial = pool->serial;
    start->config =
        pool->config ? pool->engine->config_ref(pool->config) : NULL;
    if (mesh__buffer_append(&start->session, mesh__buffer_data(&pool->session),
                            pool->session.len) < 0)
        mesh__error_clear(); /* a full handshake, then */
    mesh__pool_unlock(pool);
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

    mesh__pool_lock(pool);
    reusable = reusable && mesh__pool_usable(pool, stream, now_ns);
    if (stream->state == MESH__STREAM_FAILED || stream->read_ended)
        pool->doubt_ns = now_ns;
    session = pool->session.len == 0;
    mesh__pool_unlock(pool);
    if (!reusable) {
        discard(pool, stream, reset);
        return;
    }
    if (session)
        keep_session(pool, stream); /* TLS 1.3: tickets come late */
    pass_on(pool, stream);
}
