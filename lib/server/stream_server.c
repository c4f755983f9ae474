/*
 * stream_server.c - the shorter table: accept, shake, name, allow, hand out.
 *
 * For programs with a protocol of their own. Declines to know a byte of it.
 */
#include "server/inside.h"

#include "base/alloc.h"
#include "base/error.h"
#include "link/bounds.h"
#include "value/duration.h"

#include <assert.h>
#include <stdio.h>

enum { IDLE_S = 3600 }; /* Envoy's, which istiod leaves as it is */

struct mesh_stream_server {
    struct mesh_door door;
    void (*on_news)(struct mesh_stream_server *server);
    void *owner;
    struct mesh_node arrivals; /* not admitted yet                     */
    struct mesh_node queue;    /* admitted, to be taken                */
    struct mesh_node taken;    /* in a program's hands                 */
};

struct mesh_arrival {
    struct mesh_node node;
    struct mesh_stream_server *server;
    struct mesh_greeting greeting;
    struct mesh_timer last_call; /* when a doomed one ends */
    struct mesh_bounds bounds;   /* once it is handed out  */
    int64_t start_wall_ns;       /* since 1970             */
    uint64_t start_ns;
    bool admitted;
    const struct mesh_peer *peer; /* the stream's, also once it has failed */
};

/* --- record --- */

static void record(const struct mesh_arrival *arrival, const char *termination)
{
    const struct mesh_stream *stream = arrival->greeting.stream;
    const struct mesh_peer *peer = arrival->peer;
    const struct mesh_door *door = &arrival->server->door;
    const struct mesh_inbound *inbound = mesh__door_inbound(door);
    struct mesh_tls_info info;
    char cluster[24];
    struct mesh_facts facts = {
        .inbound = true,
        .start_wall_ns = arrival->start_wall_ns,
        .start_ns = arrival->start_ns,
        .end_ns = mesh__loop_now(door->env->link->loop),
        .protocol = "",
        .details = "",
        .termination = termination,
        .transport_failure = "",
        .bytes_received = stream->taken,
        .bytes_sent = stream->given,
        .attempts = 1,
        .upstream_host = "",
        .upstream_cluster = cluster,
        .downstream_local = stream->local_address,
        .downstream_remote = stream->peer_address,
        .route_name = "",
        .peer = peer ? peer->id : "",
        .destination = inbound->service,
        .destination_port = inbound->service_port,
    };

    if (!door->env->record)
        return;
    (void)snprintf(cluster, sizeof(cluster), "inbound|%u||",
                   (unsigned)door->policy_port);
    mesh__stream_info(stream, &info);
    facts.sni = mesh__slice_of(info.sni);
    door->env->record(door->env->user, &facts);
}

/* --- its end --- */

void mesh__arrival_close(struct mesh_arrival *arrival, bool reset)
{
    mesh__loop_cancel_timer(arrival->server->door.env->link->loop,
                            &arrival->last_call);
    mesh__bounds_end(&arrival->bounds, arrival->server->door.env->link->loop);
    mesh__list_remove(&arrival->node);
    if (arrival->admitted)
        record(arrival, "");
    mesh__greeting_fini(&arrival->greeting, reset);
    mesh__free(arrival);
}

static void arrival_free(struct mesh_arrival *arrival)
{
    mesh__arrival_close(arrival, false);
}

/* In the queue nobody reads; whoever takes it finds out what became of it. */
static void on_queued(struct mesh_stream *stream)
{
    (void)mesh__stream_want(stream, false);
}

/* --- allow --- */

static bool allow(struct mesh_greeting *greeting,
                  struct mesh_authz_verdict *verdict)
{
    const struct mesh_stream *stream = greeting->stream;
    const struct mesh_peer *peer = mesh__stream_peer(stream);
    struct mesh_door *door = greeting->door;
    struct mesh_server_env *env = door->env;
    struct mesh_tls_info info;
    struct mesh_authz_request request = {
        .principal_known = peer ? MESH__PRESENT : MESH__ABSENT,
        .principal = mesh__slice_of(peer ? peer->id : ""),
        .source_ip_known = MESH__PRESENT,
        .source_ip = stream->peer_address,
        .remote_ip_known = MESH__PRESENT,
        .remote_ip = stream->peer_address,
        .destination_ip_known = MESH__PRESENT,
        .destination_ip = stream->local_address,
        .port_known = MESH__PRESENT,
        .port = door->policy_port,
    };
    char address[MESH__ADDRESS_TEXT];
    char reason[448];

    mesh__stream_info(stream, &info);
    request.sni = mesh__slice_of(info.sni);
    request.sni_known = request.sni.len ? MESH__PRESENT : MESH__ABSENT;
    mesh__authz_check(env->hold->snapshot, &request, verdict, NULL);
    if (verdict->allowed)
        return true;
    mesh__count(&env->stats.denied);
    if (!mesh__rate_passes(&door->denied, mesh__loop_now(env->link->loop)))
        return false;
    mesh__address_print(&stream->peer_address, address);
    mesh__authz_print(env->hold->snapshot, &request, verdict, reason,
                      sizeof(reason));
    mesh__log_write(env->log, env->denied_event, "%s (%s) denied: %s", address,
                    peer ? peer->id : "plaintext", reason);
    return false;
}

/* --- judged again --- */

static void on_last_call(struct mesh_timer *timer)
{
    struct mesh_arrival *arrival =
        MESH__OF(timer, struct mesh_arrival, last_call);
    struct mesh_stream *stream = arrival->greeting.stream;

    mesh__stream_end(stream);
    (void)mesh__fail(MESH_ERR_DENIED,
                     "the peer would not be admitted any more");
    (void)mesh__stream_fail(stream, MESH_ERR_DENIED);
    mesh__error_clear();
    stream->on_ready(stream);
}

static bool still_admitted(struct mesh_arrival *arrival)
{
    struct mesh_authz_verdict verdict;

    return mesh__greeting_holds(&arrival->greeting) &&
           allow(&arrival->greeting, &verdict);
}

/* Who is in again before the last call stays. */
static void judge_taken(struct mesh_arrival *arrival)
{
    struct mesh_server_env *env = arrival->server->door.env;
    struct mesh_loop *loop = env->link->loop;

    if (arrival->greeting.stream->state != MESH__STREAM_READY)
        return;
    if (still_admitted(arrival))
        mesh__loop_cancel_timer(loop, &arrival->last_call);
    else if (!arrival->last_call.place &&
             mesh__loop_set_timer(
                 loop, &arrival->last_call,
                 mesh__time_add(mesh__loop_now(loop), env->drain_ns)) < 0)
        on_last_call(&arrival->last_call);
}

/* --- accept, shake, hand out --- */

static void hand_out(struct mesh_arrival *arrival)
{
    struct mesh_stream_server *server = arrival->server;

    if (mesh__bounds_begin(&arrival->bounds, arrival->greeting.stream,
                           IDLE_S * MESH__S, 0) < 0) {
        mesh__error_clear();
        arrival_free(arrival);
        return;
    }
    mesh__count(&server->door.env->stats.exchanges);
    arrival->admitted = true;
    arrival->greeting.stream->on_ready = on_queued;
    (void)mesh__stream_want(arrival->greeting.stream, false);
    mesh__list_remove(&arrival->node);
    mesh__list_push_back(&server->queue, &arrival->node);
    server->on_news(server);
}

static void on_arrival(struct mesh_stream *stream)
{
    struct mesh_arrival *arrival = stream->owner;
    struct mesh_authz_verdict verdict;

    switch (mesh__greet(&arrival->greeting)) {
    case MESH__WAIT:
        break;
    case MESH__NEXT:
        arrival->peer = mesh__stream_peer(stream);
        if (allow(&arrival->greeting, &verdict)) {
            hand_out(arrival);
            break;
        }
        record(arrival, verdict.detail);
        arrival_free(arrival);
        break;
    default:
        arrival_free(arrival);
        break;
    }
}

static void on_guest(struct mesh_door *door, int fd,
                     const struct mesh_address *peer)
{
    struct mesh_stream_server *server =
        MESH__OF(door, struct mesh_stream_server, door);
    struct mesh_port *port = mesh__loop_port(door->env->link->loop);
    struct mesh_arrival *arrival = mesh__calloc(1, sizeof(*arrival));

    if (!arrival) {
        port->ops->close(port, fd, true);
        return;
    }
    arrival->server = server;
    arrival->start_wall_ns = mesh__loop_wall(door->env->link->loop);
    arrival->start_ns = mesh__loop_now(door->env->link->loop);
    mesh__timer_init(&arrival->last_call, on_last_call);
    mesh__list_push_back(&server->arrivals, &arrival->node);
    if (mesh__greeting_init(&arrival->greeting, door, fd, peer, on_arrival,
                            arrival) < 0) {
        mesh__error_clear();
        arrival_free(arrival);
        return;
    }
    on_arrival(arrival->greeting.stream);
}

/* --- life --- */

int mesh__stream_server_new(struct mesh_server_env *env,
                            const struct mesh_address *at, uint16_t policy_port,
                            void (*on_news)(struct mesh_stream_server *),
                            void *owner, struct mesh_stream_server **out)
{
    struct mesh_stream_server *server = mesh__calloc(1, sizeof(*server));
    int rc;

    *out = NULL;
    if (!server)
        return mesh__fail(MESH_ERR_NOMEM, "a listener");
    server->on_news = on_news;
    server->owner = owner;
    server->door.on_guest = on_guest;
    mesh__list_init(&server->arrivals);
    mesh__list_init(&server->queue);
    mesh__list_init(&server->taken);
    rc = mesh__door_open(&server->door, env, at, policy_port);
    if (rc < 0) {
        mesh__door_fini(&server->door);
        mesh__free(server);
        return rc;
    }
    *out = server;
    return 0;
}

void *mesh__stream_server_owner(const struct mesh_stream_server *server)
{
    return server->owner;
}

const struct mesh_address *mesh__stream_server_address(
    const struct mesh_stream_server *server)
{
    return &server->door.address;
}

bool mesh__stream_server_waiting(const struct mesh_stream_server *server)
{
    return !mesh__list_empty(&server->queue);
}

struct mesh_arrival *mesh__stream_server_take(struct mesh_stream_server *server)
{
    struct mesh_node *node = mesh__list_pop(&server->queue);

    if (!node)
        return NULL;
    mesh__list_push_back(&server->taken, node);
    return MESH__OF(node, struct mesh_arrival, node);
}

struct mesh_stream *mesh__arrival_stream(const struct mesh_arrival *arrival)
{
    return arrival->greeting.stream;
}

static void free_all(struct mesh_node *arrivals)
{
    while (!mesh__list_empty(arrivals))
        arrival_free(MESH__OF(arrivals->next, struct mesh_arrival, node));
}

void mesh__stream_server_close(struct mesh_stream_server *server)
{
    if (server->door.fd < 0)
        return;
    mesh__door_shut(&server->door);
    free_all(&server->arrivals);
    server->on_news(server);
}

void mesh__stream_server_shut(struct mesh_stream_server *server)
{
    mesh__door_shut(&server->door);
    free_all(&server->arrivals);
    free_all(&server->queue);
}

bool mesh__stream_server_closed_empty(const struct mesh_stream_server *server)
{
    return server->door.fd < 0 && mesh__list_empty(&server->queue);
}

void mesh__stream_server_changed(struct mesh_stream_server *server)
{
    struct mesh_node *node = server->queue.next;

    while (node != &server->queue) {
        struct mesh_arrival *arrival =
            MESH__OF(node, struct mesh_arrival, node);

        node = node->next;
        if (!still_admitted(arrival))
            arrival_free(arrival);
    }
    for (node = server->taken.next; node != &server->taken; node = node->next)
        judge_taken(MESH__OF(node, struct mesh_arrival, node));
    mesh__error_clear();
}

static void forget_all(const struct mesh_node *arrivals, struct mesh_port *port)
{
    for (const struct mesh_node *node = arrivals->next; node != arrivals;
         node = node->next)
        port->ops->close(
            port,
            MESH__OF(node, struct mesh_arrival, node)->greeting.stream->fd,
            false);
}

void mesh__stream_server_forked(struct mesh_stream_server *server)
{
    struct mesh_port *port = mesh__loop_port(server->door.env->link->loop);

    mesh__door_forked(&server->door);
    forget_all(&server->arrivals, port);
    forget_all(&server->queue, port);
    forget_all(&server->taken, port);
}

void mesh__stream_server_free(struct mesh_stream_server *server)
{
    if (!server)
        return;
    assert(mesh__list_empty(&server->taken));
    mesh__stream_server_shut(server);
    mesh__door_fini(&server->door);
    mesh__free(server);
}
