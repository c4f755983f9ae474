/*
 * pools.c - all pools of a workload: closed, swept, counted, left by a loop or
 * by a forked child.
 */
#include "link/shelf.h"

#include "base/alloc.h"
#include "base/error.h"

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

void mesh__pool_close_all(struct mesh_pool *pool, struct mesh_node *victims)
{
    struct mesh_node *node;

    while ((node = mesh__list_pop(victims))) {
        struct mesh_stream *stream = MESH__OF(node, struct mesh_stream, node);

        mesh__stream_close(stream, pool->pools->port, false);
        mesh__pool_unref(pool);
    }
}

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
        if (!forget && mesh__pool_usable(pool, stream, now_ns) &&
            !mesh__pool_overdue(pool, stream, now_ns) &&
            mesh__stream_fresh(stream, pool->pools->port))
            continue;
        mesh__list_remove(&stream->node);
        pool->idle_count--;
        mesh__pool_connection_gone(pool);
        mesh__list_push_back(victims, &stream->node);
    }
}

void mesh__pool_close(struct mesh_pool *pool)
{
    struct mesh_node victims;

    mesh__list_init(&victims);
    mesh__pool_lock(pool);
    pool->closed = true;
    collect(pool, 0, true, &victims);
    mesh__pool_fail_waiters(pool, MESH_ERR_NO_ENDPOINT, "the endpoint is gone");
    /* The quotas may go with the endpoint: nothing is counted from here on. */
    while (pool->permits.connections && pool->open) {
        mesh__quota_lower(pool->permits.connections);
        pool->open--;
    }
    pool->permits.connections = NULL;
    pool->permits.pending = NULL;
    pool->open = (size_t)1 << 32; /* still counted down by its last streams */
    mesh__pool_unlock(pool);
    mesh__pool_close_all(pool, &victims);
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

        mesh__pool_lock(pool);
        collect(pool, now_ns, forget, &victims);
        mesh__pool_tell_connects(pool);
        mesh__pool_unlock(pool);
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

        mesh__pool_lock(pool);
        for (struct mesh_node *node = pool->idle.next; node != &pool->idle;
             node = node->next) {
            struct mesh_stream *stream =
                MESH__OF(node, struct mesh_stream, node);

            if (stream->link == link)
                mesh__stream_detach(stream);
        }
        mesh__pool_unlock(pool);
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

        mesh__pool_lock(pool);
        *open += pool->closed ? 0 : pool->open;
        *idle += pool->idle_count;
        mesh__pool_unlock(pool);
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
