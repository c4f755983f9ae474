/*
 * life.c - a workload's beginning, fork and end, and its numbers.
 *
 * Knows what must be made and unmade in which order.
 */
#include "workload/workload.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- fork --- */

/* A page that reads 1 here and 0 in a child; where it cannot be had, the pid.
 */
static void make_fork_page(struct mesh_workload *workload)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    workload->pid = getpid();
    workload->fork_page = NULL;
    if (page == MAP_FAILED)
        return;
    if (madvise(page, size, MADV_WIPEONFORK) < 0) {
        (void)munmap(page, size);
        return;
    }
    page[0] = 1;
    workload->fork_page = page;
}

static bool forked(const struct mesh_workload *workload)
{
    return workload->fork_page ? workload->fork_page[0] == 0
                               : workload->pid != getpid();
}

int mesh__workload_check(const struct mesh_workload *workload)
{
    if (forked(workload))
        return mesh__fail(MESH_ERR_FORKED,
                          "this is a forked child: mesh_workload_after_fork "
                          "first");
    return 0;
}

int mesh__workload_check_open(const struct mesh_workload *workload)
{
    int rc = mesh__workload_check(workload);

    if (rc < 0)
        return rc;
    if (workload->settings.offline)
        return mesh__fail(MESH_ERR_STATE, "the workload is offline");
    if (atomic_load(&workload->closing))
        return mesh__fail(MESH_ERR_STATE, "the workload is closed");
    return 0;
}

/* --- birth --- */

static void init_locks(struct mesh_workload *workload)
{
    (void)pthread_mutex_init(&workload->lock, NULL);
    (void)pthread_mutex_init(&workload->reload_lock, NULL);
    (void)pthread_mutex_init(&workload->access_lock, NULL);
    for (size_t i = 0; i < MESH__LANE_STRIPES; i++)
        (void)pthread_mutex_init(&workload->stripe_locks[i], NULL);
    mesh__holders_init(workload);
}

static void fini_locks(struct mesh_workload *workload)
{
    (void)pthread_mutex_destroy(&workload->lock);
    (void)pthread_mutex_destroy(&workload->reload_lock);
    (void)pthread_mutex_destroy(&workload->access_lock);
    for (size_t i = 0; i < MESH__LANE_STRIPES; i++)
        (void)pthread_mutex_destroy(&workload->stripe_locks[i]);
}

/* What stands in an endpoint's shelf is a pool: its end is the pool's. */
static void free_shelf(void *shelf)
{
    mesh__pool_close(shelf);
    mesh__pool_unref(shelf);
}

static int load(struct mesh_workload *workload)
{
    int rc = 0;

    if (!workload->settings.offline)
        rc = mesh__workload_load_identity(workload, true);
    if (rc == 0)
        rc = mesh__workload_load_policy(workload, MESH__LOAD_FIRST, NULL);
    if (rc == 0 && !workload->settings.offline)
        rc = mesh__record_open(workload);
    return rc;
}

/* Everything that load and lanes rest on. */
static int make_ground(struct mesh_workload *workload)
{
    int rc = mesh__crypto_init();

    if (rc == 0)
        rc = mesh__log_init(&workload->log);
    if (rc == 0)
        rc = mesh__identity_init(&workload->identity);
    if (rc == 0)
        rc = mesh__rng_new(&workload->rng);
    if (rc == 0)
        rc = mesh__live_registry_new(free_shelf, &workload->live);
    if (rc == 0)
        rc = mesh__port_kernel_new(MESH__PORT_POLL, &workload->port);
    if (rc == 0)
        rc = mesh__pools_new(workload->port, &workload->pools);
    if (rc == 0)
        rc = mesh__lane_new(workload, MESH__LANE_KEEPER, &workload->keeper);
    return rc;
}

int mesh__workload_new(struct mesh_config *config, struct mesh_workload **out)
{
    struct mesh_workload *workload = mesh__calloc(1, sizeof(*workload));
    int rc;

    *out = NULL;
    if (!workload) {
        mesh__config_fini(config);
        return mesh__fail(MESH_ERR_NOMEM, "a workload");
    }
    atomic_init(&workload->refs, 1);
    workload->settings = *config;
    workload->engine = mesh__tls_mbedtls();
    workload->access_fd = -1;
    mesh__buffer_init(&workload->access, MESH__ACCESS_BUFFER);
    mesh__list_init(&workload->lanes);
    mesh__names_init(&workload->names);
    mesh__outsides_init(&workload->outsides, mesh__outside_read, workload);
    for (size_t i = 0; i < MESH__LANE_STRIPES; i++)
        mesh__list_init(&workload->stripes[i]);
    init_locks(workload);
    make_fork_page(workload);
    rc = make_ground(workload);
    if (rc == 0)
        rc = load(workload);
    if (rc == 0) {
        workload->keeper->client.tracing = workload->spans != NULL;
        rc = mesh__keeper_start(workload);
    }
    if (rc < 0)
        mesh__workload_unref(workload);
    else
        *out = workload;
    return rc;
}

struct mesh_workload *mesh__workload_ref(struct mesh_workload *workload)
{
    atomic_fetch_add_explicit(&workload->refs, 1, memory_order_relaxed);
    return workload;
}

/* --- death --- */

static void free_idle_lanes(struct mesh_workload *workload)
{
    for (size_t i = 0; i < MESH__LANE_STRIPES; i++) {
        struct mesh_node *node;

        for (;;) {
            (void)pthread_mutex_lock(&workload->stripe_locks[i]);
            node = mesh__list_pop(&workload->stripes[i]);
            (void)pthread_mutex_unlock(&workload->stripe_locks[i]);
            if (!node)
                break;
            (void)mesh__workload_ref(workload);
            mesh__lane_unref(MESH__OF(node, struct mesh_lane, stripe));
        }
    }
}

static void destroy(struct mesh_workload *workload)
{
    mesh__record_close(workload);
    mesh__holders_fini(workload);
    mesh__snapshot_unref(workload->snapshot);
    mesh__lane_unref(workload->keeper);
    mesh__names_fini(&workload->names);
    mesh__outsides_fini(&workload->outsides);
    if (workload->pools)
        mesh__pools_sweep(workload->pools, 0, true);
    mesh__live_registry_free(workload->live);
    mesh__pools_free(workload->pools);
    if (workload->port)
        workload->port->ops->free(workload->port);
    mesh__identity_fini(&workload->identity);
    mesh__rng_free(workload->rng);
    mesh__log_fini(&workload->log);
    mesh__config_fini(&workload->settings);
    if (workload->fork_page)
        (void)munmap(workload->fork_page, (size_t)sysconf(_SC_PAGESIZE));
    fini_locks(workload);
    mesh__free(workload);
}

void mesh__workload_unref(struct mesh_workload *workload)
{
    if (!workload || atomic_fetch_sub_explicit(&workload->refs, 1,
                                               memory_order_acq_rel) != 1)
        return;
    if (workload->has_helper)
        mesh__helper_stop(workload);
    if (workload->keeper && workload->keeper->loop)
        mesh__keeper_stop(workload);
    /* Held up once more, so that lanes given up here do not come back here. */
    atomic_store(&workload->refs, 1);
    free_idle_lanes(workload);
    destroy(workload);
}

/* --- closing --- */

static void close_servers(struct mesh_lane *lane)
{
    struct mesh_node *node = lane->servers.next;

    while (node != &lane->servers) {
        struct mesh_seat *seat = MESH__OF(node, struct mesh_seat, node);

        node = node->next;
        seat->on_close(seat);
    }
}

static void cancel_calls(struct mesh_lane *lane)
{
    struct mesh_node *node = lane->client.exchanges.next;

    while (node != &lane->client.exchanges) {
        struct mesh_client *client = MESH__OF(node, struct mesh_client, node);

        node = node->next;
        mesh__client_cancel(client, MESH_ERR_CANCELLED,
                            "the workload was closed");
    }
}

/* A reference to a lane that is not ending already. */
static bool try_ref(struct mesh_lane *lane)
{
    int refs = atomic_load(&lane->refs);

    while (refs > 0)
        if (atomic_compare_exchange_weak(&lane->refs, &refs, refs + 1))
            return true;
    return false;
}

/*
 * The lane after one that is held (NULL: the first), held in its turn. No
 * memory is asked for: a close must find every lane when there is none.
 */
static struct mesh_lane *next_lane(struct mesh_workload *workload,
                                   struct mesh_lane *lane)
{
    struct mesh_node *node;
    struct mesh_lane *next = NULL;

    (void)pthread_mutex_lock(&workload->lock);
    node = lane ? lane->node.next : workload->lanes.next;
    for (; !next && node != &workload->lanes; node = node->next)
        if (try_ref(MESH__OF(node, struct mesh_lane, node)))
            next = MESH__OF(node, struct mesh_lane, node);
    (void)pthread_mutex_unlock(&workload->lock);
    mesh__lane_unref(lane);
    return next;
}

/* Copies are nobody's: a close does not wait for them. */
static bool is_waited_for(const struct mesh_client *client)
{
    return !client->ended && !client->request->is_copy;
}

static size_t each_lane(struct mesh_workload *workload,
                        void (*act)(struct mesh_lane *lane))
{
    struct mesh_lane *lane = NULL;
    size_t active = 0;

    while ((lane = next_lane(workload, lane))) {
        mesh__loop_enter(lane->loop);
        if (act)
            act(lane);
        for (struct mesh_node *node = lane->client.exchanges.next;
             node != &lane->client.exchanges; node = node->next)
            active += is_waited_for(MESH__OF(node, struct mesh_client, node));
        mesh__loop_leave(lane->loop);
    }
    return active;
}

/* Wait in short steps of the keeper: whoever drives the others goes on. */
static size_t wait_for_calls(struct mesh_workload *workload, uint64_t until_ns)
{
    size_t active = each_lane(workload, close_servers);

    while (active && mesh__kernel_now_ns() < until_ns) {
        (void)mesh__loop_step(workload->keeper->loop, 5 * MESH__MS, NULL, NULL);
        active = each_lane(workload, NULL);
    }
    mesh__error_clear();
    return active;
}

int mesh__workload_close(struct mesh_workload *workload, int64_t deadline_ms)
{
    uint64_t now_ns = mesh__kernel_now_ns();
    uint64_t until_ns =
        mesh__time_add(now_ns, (uint64_t)deadline_ms < UINT64_MAX / MESH__MS
                                   ? (uint64_t)deadline_ms * MESH__MS
                                   : UINT64_MAX);
    size_t active;

    if (atomic_exchange(&workload->closing, true))
        return 0;
    mesh__helper_stop(workload);
    active = wait_for_calls(workload, until_ns);
    if (active)
        (void)each_lane(workload, cancel_calls);
    mesh__keeper_stop(workload);
    do {
        now_ns = mesh__kernel_now_ns();
        mesh__record_flush(workload,
                           until_ns > now_ns
                               ? (uint32_t)((until_ns - now_ns) / MESH__MS) + 1
                               : 1);
    } while (workload->spans && mesh__spans_waiting(workload->spans) &&
             mesh__kernel_now_ns() < until_ns);
    free_idle_lanes(workload);
    mesh__pools_sweep(workload->pools, mesh__kernel_now_ns(), true);
    atomic_store(&workload->closed, true);
    return active ? mesh__fail(MESH_ERR_TIMEOUT,
                               "%zu calls were under way and are cancelled",
                               active)
                  : 0;
}

/* --- after a fork --- */

/* In the child: what hangs on the parent's loops ends without a byte. */
static void bury(struct mesh_lane *lane)
{
    for (struct mesh_node *node = lane->client.exchanges.next;
         node != &lane->client.exchanges; node = node->next)
        mesh__client_forked(MESH__OF(node, struct mesh_client, node));
    for (struct mesh_node *node = lane->servers.next; node != &lane->servers;
         node = node->next) {
        struct mesh_seat *seat = MESH__OF(node, struct mesh_seat, node);

        seat->on_forked(seat);
    }
    mesh__pools_forget(lane->workload->pools, &lane->link);
    mesh__loop_forked(lane->loop);
    mesh__loop_visit(lane->loop);
    mesh__names_free(lane->link.names);
    lane->link.names = NULL;
    mesh__loop_leave(lane->loop);
}

int mesh__workload_after_fork(struct mesh_workload *workload)
{
    bool helper = workload->settings.helper;
    int rc;

    if (!forked(workload))
        return mesh__fail(MESH_ERR_STATE, "this is no forked child");
    init_locks(workload);
    (void)pthread_mutex_init(&workload->log.lock, NULL);
    (void)pthread_mutex_init(&workload->identity.lock, NULL);
    workload->has_helper = false; /* its thread did not come along */
    for (struct mesh_node *node = workload->lanes.next;
         node != &workload->lanes; node = node->next)
        bury(MESH__OF(node, struct mesh_lane, node));
    mesh__names_forked(&workload->names);
    (void)pthread_mutex_init(&workload->outsides.lock, NULL);
    mesh__pools_forked(workload->pools);
    mesh__live_forked(workload->live);
    if (workload->spans)
        mesh__spans_forked(workload->spans);
    mesh__buffer_clear(&workload->access);
    atomic_store(&workload->mirrors, 0);
    atomic_store(&workload->mirror_bytes, 0);
    atomic_store(&workload->mirrors_end, false);
    for (size_t i = 0; i < MESH__LANE_STRIPES; i++)
        mesh__list_init(&workload->stripes[i]);
    mesh__list_init(&workload->lanes);
    workload->lane_count = 0;
    workload->policy_watch.loop = workload->identity_watch.loop = NULL;
    workload->epoch++;
    rc = mesh__rng_reseed(workload->rng);
    if (rc == 0)
        rc = mesh__port_kernel_new(MESH__PORT_POLL, &workload->port);
    if (rc < 0)
        return rc;
    mesh__pools_set_port(workload->pools, workload->port);
    rc = mesh__lane_new(workload, MESH__LANE_KEEPER, &workload->keeper);
    if (rc < 0)
        return rc;
    workload->pid = getpid();
    if (workload->fork_page)
        workload->fork_page[0] = 1;
    workload->settings.helper = helper;
    return mesh__keeper_start(workload);
}

/* --- numbers --- */

struct sums {
    uint64_t opened, accepted, closed, full, resumed, failed_shakes;
    uint64_t calls, failed, attempts, retries, mirrors;
    uint64_t exchanges, denied, refused;
};

static void sum(struct sums *sums, const struct mesh_link_stats *link,
                const struct mesh_client_stats *client,
                const struct mesh_server_stats *server)
{
    if (link) {
        sums->opened += atomic_load(&link->opened);
        sums->accepted += atomic_load(&link->accepted);
        sums->closed += atomic_load(&link->closed);
        sums->full += atomic_load(&link->handshakes_full);
        sums->resumed += atomic_load(&link->handshakes_resumed);
        sums->failed_shakes += atomic_load(&link->handshakes_failed);
    }
    if (client) {
        sums->calls += atomic_load(&client->calls);
        sums->failed += atomic_load(&client->failed);
        sums->attempts += atomic_load(&client->attempts);
        sums->retries += atomic_load(&client->retries);
        sums->mirrors += atomic_load(&client->mirrors);
    }
    if (server) {
        sums->exchanges += atomic_load(&server->exchanges);
        sums->denied += atomic_load(&server->denied);
        sums->refused += atomic_load(&server->refused);
    }
}

static void sum_all(struct mesh_workload *workload, struct sums *sums)
{
    struct mesh_lane *lane = NULL;

    sum(sums, &workload->link_stats, &workload->client_stats,
        &workload->server_stats);
    while ((lane = next_lane(workload, lane))) {
        mesh__loop_enter(lane->loop);
        sum(sums, &lane->link.stats, &lane->client.stats, NULL);
        for (struct mesh_node *node = lane->servers.next;
             node != &lane->servers; node = node->next)
            sum(sums, NULL, NULL,
                &MESH__OF(node, struct mesh_seat, node)->env.stats);
        mesh__loop_leave(lane->loop);
    }
}

static uint64_t policy_age_ms(struct mesh_workload *workload)
{
    uint64_t loaded_ns;

    (void)pthread_mutex_lock(&workload->lock);
    loaded_ns = workload->loaded_ns;
    (void)pthread_mutex_unlock(&workload->lock);
    return (mesh__kernel_now_ns() - loaded_ns) / MESH__MS;
}

/* What the files say and is not in force, or not as they say it. */
struct behind {
    uint64_t stale_ms;
    uint64_t held;
    uint64_t left_out;
};

static struct behind behind(struct mesh_workload *workload)
{
    struct behind out;

    (void)pthread_mutex_lock(&workload->lock);
    out.stale_ms =
        workload->stale_since_ns
            ? (mesh__kernel_now_ns() - workload->stale_since_ns) / MESH__MS + 1
            : 0;
    out.held = workload->policy_held;
    out.left_out = workload->policy_left_out;
    (void)pthread_mutex_unlock(&workload->lock);
    return out;
}

int mesh__workload_statistic(struct mesh_workload *workload, const char *name,
                             int64_t *out)
{
    struct mesh_live_totals live;
    uint64_t exported = 0;
    uint64_t dropped = 0;
    struct behind late = behind(workload);
    struct sums sums = { 0 };

    sum_all(workload, &sums);
    mesh__live_totals(workload->live, &live);
    if (workload->spans)
        mesh__spans_counts(workload->spans, &exported, &dropped);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        { "calls", sums.calls },
        { "attempts", sums.attempts },
        { "retries", sums.retries },
        { "calls_failed", sums.failed },
        { "mirrors", sums.mirrors },
        { "mirrors_dropped", atomic_load(&workload->mirrors_dropped) },
        { "exchanges", sums.exchanges },
        { "denied", sums.denied },
        { "connections_refused", sums.refused },
        { "connections_opened", sums.opened },
        { "connections_accepted", sums.accepted },
        { "connections_closed", sums.closed },
        { "handshakes_full", sums.full },
        { "handshakes_resumed", sums.resumed },
        { "handshakes_failed", sums.failed_shakes },
        { "reloads", atomic_load(&workload->reloads) },
        { "reloads_refused", atomic_load(&workload->reloads_refused) },
        { "rotations", atomic_load(&workload->rotations) },
        { "policy_age_ms", policy_age_ms(workload) },
        { "policy_stale_ms", late.stale_ms },
        { "policy_held", late.held },
        { "policy_left_out", late.left_out },
        { "ejections", live.ejections },
        { "ejections_refused", live.ejections_refused },
        { "ejected", live.ejected_now },
        { "spans_exported", exported },
        { "spans_dropped", dropped },
        { "events_lost", workload->log.lost },
        { "access_lines_lost", workload->access_lost },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) != 0)
            continue;
        *out = (int64_t)rows[i].value;
        return 0;
    }
    return mesh__fail(MESH_ERR_INVALID, "\"%s\" is no statistic", name);
}
