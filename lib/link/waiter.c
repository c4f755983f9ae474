/*
 * waiter.c - who waits for a stream of an endpoint, and what each is told.
 *
 * First come, first served. Knows who may open a connection for the pool.
 * Declines to open it.
 */
#include "link/shelf.h"

#include "base/error.h"

#include <stdio.h>

static void run_turn(struct mesh_note *note);

void mesh__waiter_init(struct mesh_waiter *waiter,
                       void (*on_turn)(struct mesh_waiter *, enum mesh_turn))
{
    *waiter = (struct mesh_waiter){ .on_turn = on_turn };
    mesh__list_init(&waiter->node);
    mesh__list_init(&waiter->note.node);
    waiter->note.run = run_turn;
}

void mesh__pool_enqueue(struct mesh_pool *pool, struct mesh_link *link,
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
         node != &pool->waiting && mesh__pool_may_connect(pool);
         node = node->next) {
        struct mesh_waiter *waiter = MESH__OF(node, struct mesh_waiter, node);

        if (waiter->told != again || waiter->connect_due)
            continue;
        mesh__pool_connection_begins(pool);
        waiter->told = true;
        waiter->connect_due = true;
        post(waiter);
    }
}

/*
 * Whose connection went to somebody else connects again, if nobody is left who
 * did not yet: one waits for each that may begin.
 */
void mesh__pool_tell_connects(struct mesh_pool *pool)
{
    tell_some(pool, false);
    tell_some(pool, true);
}

bool mesh__pool_grant(struct mesh_pool *pool, struct mesh_stream *stream)
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

void mesh__pool_fail_waiters(struct mesh_pool *pool, int code, const char *line)
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

bool mesh__pool_bequeath(struct mesh_pool *pool, struct mesh_stream *stream)
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
    mesh__pool_connection_decided(pool);
    mesh__pool_connection_gone(pool);
    mesh__pool_tell_connects(pool);
}

static void run_turn(struct mesh_note *note)
{
    struct mesh_waiter *waiter = MESH__OF(note, struct mesh_waiter, note);
    struct mesh_pool *pool = waiter->pool;
    struct mesh_stream *heir;
    bool connect;
    bool ended;

    mesh__pool_lock(pool);
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
    mesh__pool_unlock(pool);
    if (heir && ended)
        mesh__pool_pass_under_way(pool, heir);
    else if (heir)
        mesh__pool_go_on(heir, waiter->link);
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
    mesh__pool_lock(pool);
    if (waiter->queued)
        dequeue(pool, waiter);
    done = !waiter->posted;
    mesh__pool_unlock(pool);
    if (done) {
        waiter->pool = NULL;
        mesh__pool_unref(pool);
    }
    return done;
}
