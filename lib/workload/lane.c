/*
 * lane.c - loops and what hangs on them; lending them to blocking calls.
 *
 * Knows when a lane must take a newer snapshot. Declines to know what a
 * request is.
 */
#include "workload/workload.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

/* --- taking what is newest --- */

/* The snapshot and its number as one; the caller gets a reference. */
static struct mesh_snapshot *newest(struct mesh_workload *workload,
                                    uint64_t *generation)
{
    struct mesh_snapshot *snapshot = NULL;

    (void)pthread_mutex_lock(&workload->lock);
    if (workload->snapshot)
        snapshot = mesh__snapshot_ref(workload->snapshot);
    *generation = snapshot ? snapshot->generation : 0;
    (void)pthread_mutex_unlock(&workload->lock);
    return snapshot;
}

static void hand_down(struct mesh_lane *lane)
{
    lane->client.hold = lane->hold;
    for (struct mesh_node *node = lane->servers.next; node != &lane->servers;
         node = node->next)
        MESH__OF(node, struct mesh_seat, node)->env.hold = lane->hold;
}

static void tell_changed(struct mesh_lane *lane)
{
    struct mesh_node *node = lane->servers.next;

    while (node != &lane->servers) {
        struct mesh_seat *seat = MESH__OF(node, struct mesh_seat, node);

        node = node->next;
        seat->on_changed(seat);
    }
}

static bool renew(struct mesh_lane *lane)
{
    struct mesh_hold *old = lane->hold;
    struct mesh_snapshot *snapshot;
    struct mesh_hold *hold;
    uint64_t generation;

    snapshot = newest(lane->workload, &generation);
    if (!snapshot)
        return false;
    hold = mesh__hold_new(snapshot);
    if (!hold) {
        mesh__snapshot_unref(snapshot);
        return false; /* the old one serves; the next turn tries again */
    }
    lane->hold = hold;
    lane->generation = generation;
    hand_down(lane);
    mesh__client_env_renewed(&lane->client);
    if (lane->kind == MESH__LANE_KEEPER && !lane->workload->settings.offline)
        mesh__names_follow(lane->workload, snapshot);
    mesh__hold_retire(old);
    return true;
}

/* At the start of every turn and enter: two loads when nothing is new. */
static void on_turn(struct mesh_loop *loop)
{
    struct mesh_lane *lane = mesh__lane_of(loop);
    struct mesh_workload *workload = lane->workload;
    bool changed = false;

    if (atomic_load_explicit(&workload->generation, memory_order_acquire) !=
        lane->generation)
        changed = renew(lane);
    if (mesh__identity_generation(&workload->identity) !=
        lane->identity_generation) {
        lane->identity_generation =
            mesh__identity_generation(&workload->identity);
        changed = true;
    }
    if (changed)
        tell_changed(lane);
}

void mesh__lane_seat(struct mesh_lane *lane, struct mesh_seat *seat)
{
    seat->env.hold = lane->hold;
    mesh__list_push_back(&lane->servers, &seat->node);
}

void mesh__lane_unseat(struct mesh_lane *lane, struct mesh_seat *seat)
{
    struct mesh_server_stats *sum = &lane->workload->server_stats;

    mesh__list_remove(&seat->node);
    atomic_fetch_add(&sum->exchanges, atomic_load(&seat->env.stats.exchanges));
    atomic_fetch_add(&sum->denied, atomic_load(&seat->env.stats.denied));
    atomic_fetch_add(&sum->refused, atomic_load(&seat->env.stats.refused));
}

/* --- birth and death --- */

static void fill_client_env(struct mesh_lane *lane)
{
    struct mesh_workload *workload = lane->workload;
    struct mesh_client_env *env = &lane->client;
    const char *address = workload->settings.text[MESH__SET_ADDRESS];

    mesh__client_env_init(env, &lane->link);
    env->pools = workload->pools;
    env->identity = &workload->identity;
    env->outsides = &workload->outsides;
    env->rng = workload->rng;
    env->log = &workload->log;
    env->tracing = workload->spans != NULL;
    env->body_idle_ns =
        mesh__config_ns(&workload->settings, MESH_LIMIT_BODY_IDLE_MS);
    env->handshake_ns =
        mesh__config_ns(&workload->settings, MESH_LIMIT_HANDSHAKE_MS);
    env->ejected_event = MESH_EVENT_EJECTED;
    env->record = mesh__workload_record;
    env->mirror = mesh__workload_mirror;
    env->user = lane;
    if (address)
        (void)mesh__address_parse_ip(mesh__slice_of(address), &env->from);
}

/* The port is taken, also on failure. */
static int open_loop(struct mesh_workload *workload, struct mesh_port *port,
                     struct mesh_lane *lane)
{
    int rc = mesh__port_kernel_set_nameservers(
        port, workload->settings.text[MESH__SET_NAMESERVERS]);

    if (rc < 0) {
        port->ops->free(port);
        return rc;
    }
    return mesh__loop_new(port, &lane->loop);
}

int mesh__lane_new(struct mesh_workload *workload, enum mesh_lane_kind kind,
                   struct mesh_lane **out)
{
    const struct mesh_h1_limits limits = {
        .head_bytes = (size_t)workload->settings.limits[MESH_LIMIT_HEAD_BYTES],
        .headers = (size_t)workload->settings.limits[MESH_LIMIT_HEAD_COUNT],
    };
    struct mesh_lane *lane = mesh__calloc(1, sizeof(*lane));
    struct mesh_port *port;
    int rc;

    *out = NULL;
    if (!lane)
        return mesh__fail(MESH_ERR_NOMEM, "a loop");
    rc = mesh__port_kernel_new(kind == MESH__LANE_BORROWED ? MESH__PORT_POLL
                                                           : MESH__PORT_EPOLL,
                               &port);
    if (rc == 0)
        rc = open_loop(workload, port, lane);
    if (rc < 0) {
        mesh__free(lane);
        return rc;
    }
    atomic_init(&lane->refs, 1);
    lane->kind = kind;
    lane->epoch = workload->epoch;
    lane->workload =
        kind == MESH__LANE_KEEPER ? workload : mesh__workload_ref(workload);
    mesh__list_init(&lane->stripe);
    mesh__list_init(&lane->servers);
    mesh__list_init(&lane->news);
    mesh__link_init(&lane->link, lane->loop, workload->engine, &limits,
                    kind != MESH__LANE_BORROWED);
    mesh__loop_set_owner(lane->loop, lane);
    fill_client_env(lane);
    mesh__loop_set_turn(lane->loop, on_turn);
    (void)pthread_mutex_lock(&workload->lock);
    mesh__list_push_back(&workload->lanes, &lane->node);
    workload->lane_count++;
    (void)pthread_mutex_unlock(&workload->lock);
    *out = lane;
    return 0;
}

struct mesh_lane *mesh__lane_ref(struct mesh_lane *lane)
{
    atomic_fetch_add_explicit(&lane->refs, 1, memory_order_relaxed);
    return lane;
}

/* What it counted is added to the workload's own numbers. */
static void keep_numbers(struct mesh_lane *lane)
{
    struct mesh_link_stats *link = &lane->workload->link_stats;
    struct mesh_client_stats *client = &lane->workload->client_stats;
    struct mesh_link_stats *from = &lane->link.stats;
    struct mesh_client_stats *calls = &lane->client.stats;

    atomic_fetch_add(&link->opened, atomic_load(&from->opened));
    atomic_fetch_add(&link->accepted, atomic_load(&from->accepted));
    atomic_fetch_add(&link->closed, atomic_load(&from->closed));
    atomic_fetch_add(&link->handshakes_full,
                     atomic_load(&from->handshakes_full));
    atomic_fetch_add(&link->handshakes_resumed,
                     atomic_load(&from->handshakes_resumed));
    atomic_fetch_add(&link->handshakes_failed,
                     atomic_load(&from->handshakes_failed));
    atomic_fetch_add(&client->calls, atomic_load(&calls->calls));
    atomic_fetch_add(&client->failed, atomic_load(&calls->failed));
    atomic_fetch_add(&client->attempts, atomic_load(&calls->attempts));
    atomic_fetch_add(&client->retries, atomic_load(&calls->retries));
    atomic_fetch_add(&client->mirrors, atomic_load(&calls->mirrors));
}

void mesh__lane_unref(struct mesh_lane *lane)
{
    struct mesh_workload *workload;
    enum mesh_lane_kind kind;

    if (!lane ||
        atomic_fetch_sub_explicit(&lane->refs, 1, memory_order_acq_rel) != 1)
        return;
    workload = lane->workload;
    kind = lane->kind;
    if (workload->pools) {
        mesh__loop_enter(lane->loop);
        mesh__pools_leave(workload->pools, &lane->link);
        mesh__loop_leave(lane->loop);
    }
    (void)pthread_mutex_lock(&workload->lock);
    mesh__list_remove(&lane->node);
    workload->lane_count--;
    keep_numbers(lane);
    (void)pthread_mutex_unlock(&workload->lock);
    mesh__client_env_fini(&lane->client);
    mesh__hold_retire(lane->hold);
    mesh__loop_free(lane->loop);
    mesh__link_fini(&lane->link);
    mesh__free(lane);
    if (kind != MESH__LANE_KEEPER)
        mesh__workload_unref(workload);
}

/* --- lending --- */

size_t mesh__stripe_of_thread(void)
{
    uintptr_t self = (uintptr_t)pthread_self();

    return (size_t)((self >> 12) * 2654435761u >> 8) % MESH__LANE_STRIPES;
}

int mesh__lane_borrow(struct mesh_workload *workload, struct mesh_lane **out)
{
    size_t stripe = mesh__stripe_of_thread();
    struct mesh_node *node;

    (void)pthread_mutex_lock(&workload->stripe_locks[stripe]);
    node = mesh__list_pop(&workload->stripes[stripe]);
    (void)pthread_mutex_unlock(&workload->stripe_locks[stripe]);
    if (!node)
        return mesh__lane_new(workload, MESH__LANE_BORROWED, out);
    *out = MESH__OF(node, struct mesh_lane, stripe);
    (void)mesh__workload_ref(workload); /* given up when it was given back */
    return 0;
}

/*
 * A lane that waits to be borrowed holds no reference to the workload, which
 * frees it at its own end.
 */
void mesh__lane_give_back(struct mesh_lane *lane)
{
    struct mesh_workload *workload = lane->workload;
    size_t stripe = mesh__stripe_of_thread();

    if (!mesh__list_empty(&lane->link.connecting)) {
        mesh__loop_enter(lane->loop);
        mesh__pools_hand_over(&lane->link);
        mesh__loop_leave(lane->loop);
    }
    if (atomic_load(&workload->closing)) {
        mesh__lane_unref(lane);
        return;
    }
    (void)pthread_mutex_lock(&workload->stripe_locks[stripe]);
    mesh__list_push_front(&workload->stripes[stripe], &lane->stripe);
    (void)pthread_mutex_unlock(&workload->stripe_locks[stripe]);
    mesh__workload_unref(workload);
}

void mesh__lanes_wake(struct mesh_workload *workload)
{
    (void)pthread_mutex_lock(&workload->lock);
    for (struct mesh_node *node = workload->lanes.next;
         node != &workload->lanes; node = node->next)
        mesh__loop_wake(MESH__OF(node, struct mesh_lane, node)->loop);
    (void)pthread_mutex_unlock(&workload->lock);
}
