/*
 * life.c - the table of steps, and how servers, connections and exchanges
 * begin and end.
 *
 * Knows the order of the steps. Declines to know what they decide and move.
 */
#include "server/inside.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"
#include "value/grpc.h"

#include <stdio.h>

static enum mesh_answer serve_shake(struct mesh_connection *connection);

/* accept comes before: it makes the connection (accept.c, on_guest). */
static const struct {
    const char *name;
    enum mesh_answer (*run)(struct mesh_connection *connection);
} steps[] = {
    [MESH__SERVE_SHAKE] = { "shake", serve_shake },
    [MESH__SERVE_DECODE] = { "decode", mesh__serve_decode },
    [MESH__SERVE_NAME] = { "name", mesh__serve_name },
    [MESH__SERVE_ALLOW] = { "allow", mesh__serve_allow },
    [MESH__SERVE_HANDLE] = { "handle", mesh__serve_handle },
    [MESH__SERVE_ENCODE] = { "encode", mesh__serve_encode },
    [MESH__SERVE_RECORD] = { "record", mesh__serve_record },
    [MESH__SERVE_LEAVE] = { "leave", mesh__serve_leave },
};

static void connection_free(struct mesh_connection *connection);

/* Tell the owners what came of it, once, when all is in order again. */
static void tell(struct mesh_http_server *server,
                 struct mesh_inbound_exchange *exchange)
{
    bool empty = server->closing && !server->closed_told &&
                 mesh__http_server_closed_empty(server);
    bool news = server->news || empty;

    server->news = false;
    server->closed_told = server->closed_told || empty;
    if (exchange && exchange->on_news && !exchange->inside)
        exchange->on_news(exchange);
    if (news && !server->freed)
        server->on_news(server);
}

void mesh__serve_run(struct mesh_connection *connection)
{
    struct mesh_http_server *server = connection->server;
    struct mesh_inbound_exchange *exchange = NULL;
    enum mesh_answer answer = MESH__NEXT;

    if (connection->running)
        return;
    connection->running = true;
    while (connection->step != MESH__SERVE_END && answer != MESH__WAIT) {
        answer = steps[connection->step].run(connection);
        switch (answer) {
        case MESH__NEXT:
            connection->step++;
            break;
        case MESH__DONE:
            connection->step = MESH__SERVE_RECORD;
            break;
        case MESH__AGAIN:
            connection->step = MESH__SERVE_DECODE;
            answer = MESH__WAIT;
            break;
        case MESH__CLOSE:
            connection->step = MESH__SERVE_END;
            break;
        case MESH__WAIT:
            break;
        }
    }
    connection->running = false;
    if (connection->step == MESH__SERVE_END)
        connection_free(connection);
    else if (connection->news)
        exchange = connection->exchange;
    if (exchange)
        connection->news = false;
    tell(server, exchange);
}

static void on_stream(struct mesh_stream *stream)
{
    mesh__serve_run(stream->owner);
}

static void on_task(struct mesh_task *task)
{
    mesh__serve_run(MESH__OF(task, struct mesh_connection, task));
}

static enum mesh_answer serve_shake(struct mesh_connection *connection)
{
    enum mesh_answer answer = mesh__greet(&connection->greeting);
    const struct mesh_stream *stream = connection->greeting.stream;

    if (answer != MESH__NEXT)
        return answer;
    mesh__address_print(&stream->peer_address, connection->peer);
    mesh__address_print(&stream->local_address, connection->local);
    if (!mesh__stream_peer(stream))
        return answer;
    connection->client_cert = mesh__client_cert(&connection->greeting);
    return connection->client_cert ? MESH__NEXT : MESH__CLOSE;
}

/* --- timers --- */

int mesh__serve_await_anew(struct mesh_connection *connection,
                           enum mesh_serve_wait what, uint64_t ns)
{
    struct mesh_loop *loop = mesh__serve_loop(connection);
    uint64_t due_ns = what == MESH__AWAITS_NOTHING
                          ? MESH__NEVER
                          : mesh__time_add(mesh__loop_now(loop), ns);
    int rc = mesh__loop_set_timer(loop, &connection->timer, due_ns);

    if (rc == 0)
        connection->awaits = what;
    return rc;
}

int mesh__serve_await(struct mesh_connection *connection,
                      enum mesh_serve_wait what, uint64_t ns)
{
    return connection->awaits == what
               ? 0
               : mesh__serve_await_anew(connection, what, ns);
}

/* What did not come in time, and what follows from that. */
static enum mesh_answer overdue(struct mesh_connection *connection)
{
    switch (connection->awaits) {
    case MESH__AWAITS_HEAD:
        return mesh__serve_reply(connection, 408, "request_header_timeout",
                                 "request header timeout");
    case MESH__AWAITS_BODY:
        if (!connection->exchange)
            return MESH__CLOSE; /* the rest of one that was answered */
        mesh__flags_set(&connection->exchange->flags, MESH__FLAG_SI);
        connection->exchange->code = MESH_ERR_TIMEOUT;
        if (!connection->exchange->begun)
            return mesh__serve_reply(connection, 408, "stream_idle_timeout",
                                     "stream timeout");
        return mesh__serve_break(connection, MESH_ERR_TIMEOUT, MESH__FLAG_NONE,
                                 "stream_idle_timeout");
    case MESH__AWAITS_ROOM:
        if (!connection->exchange)
            return MESH__CLOSE;
        return mesh__serve_break(connection, MESH_ERR_TIMEOUT, MESH__FLAG_SI,
                                 "stream_idle_timeout");
    case MESH__AWAITS_FIRST:
        mesh__count(&connection->server->env->stats.refused);
        return MESH__CLOSE;
    default:
        return MESH__CLOSE;
    }
}

static void on_due(struct mesh_timer *timer)
{
    struct mesh_connection *connection =
        MESH__OF(timer, struct mesh_connection, timer);
    enum mesh_answer answer;

    connection->last = true;
    answer = overdue(connection);
    connection->awaits = MESH__AWAITS_NOTHING;
    connection->step =
        answer == MESH__CLOSE ? MESH__SERVE_END : MESH__SERVE_RECORD;
    mesh__error_clear();
    mesh__serve_run(connection);
}

/* It took longer than the caller wanted to wait. */
static void on_patience(struct mesh_timer *timer)
{
    struct mesh_connection *connection =
        MESH__OF(timer, struct mesh_connection, patience);
    struct mesh_inbound_exchange *exchange = connection->exchange;
    enum mesh_answer answer;

    exchange->code = MESH_ERR_TIMEOUT;
    exchange->grpc = mesh__grpc_number(MESH__SLICE("DEADLINE_EXCEEDED"));
    if (exchange->begun)
        answer = mesh__serve_break(connection, MESH_ERR_TIMEOUT,
                                   MESH__FLAG_NONE, "max_duration_timeout");
    else
        answer = mesh__serve_reply(connection, 504, "max_duration_timeout",
                                   "downstream duration timeout");
    connection->step =
        answer == MESH__CLOSE ? MESH__SERVE_END : MESH__SERVE_RECORD;
    mesh__error_clear();
    mesh__serve_run(connection);
}

int mesh__serve_bound(struct mesh_connection *connection)
{
    const struct mesh_inbound_exchange *exchange = connection->exchange;
    struct mesh_slice value;
    uint64_t ms;

    if (!mesh__head_get(&exchange->head, MESH__H_GRPC_TIMEOUT, &value) ||
        !mesh__grpc_timeout(value, &ms) || ms == 0)
        return 0;
    return mesh__loop_set_timer(
        mesh__serve_loop(connection), &connection->patience,
        mesh__time_add(exchange->start_ns, ms * MESH__MS));
}

/* Now, whatever is under way on it. */
static void cut(struct mesh_connection *connection)
{
    connection->step = MESH__SERVE_END;
    if (connection->exchange) {
        (void)mesh__serve_break(connection, MESH_ERR_RESET, MESH__FLAG_DC,
                                "downstream_remote_disconnect");
        connection->step = MESH__SERVE_RECORD;
    }
    mesh__serve_run(connection);
}

static void on_last_call(struct mesh_timer *timer)
{
    cut(MESH__OF(timer, struct mesh_connection, last_call));
}

/* --- connections --- */

static void on_guest(struct mesh_door *door, int fd,
                     const struct mesh_address *peer)
{
    struct mesh_http_server *server =
        MESH__OF(door, struct mesh_http_server, door);
    struct mesh_port *port = mesh__loop_port(server->env->link->loop);
    struct mesh_connection *connection = mesh__calloc(1, sizeof(*connection));

    if (!connection) {
        port->ops->close(port, fd, true);
        return;
    }
    connection->server = server;
    mesh__timer_init(&connection->timer, on_due);
    mesh__timer_init(&connection->last_call, on_last_call);
    mesh__timer_init(&connection->patience, on_patience);
    mesh__task_init(&connection->task, on_task);
    mesh__list_push_back(&server->connections, &connection->node);
    if (mesh__greeting_init(&connection->greeting, door, fd, peer, on_stream,
                            connection) < 0) {
        mesh__error_clear();
        connection_free(connection);
        return;
    }
    mesh__serve_run(connection);
}

static void connection_free(struct mesh_connection *connection)
{
    struct mesh_loop *loop = mesh__serve_loop(connection);

    mesh__list_remove(&connection->node);
    mesh__loop_cancel_timer(loop, &connection->timer);
    mesh__loop_cancel_timer(loop, &connection->last_call);
    mesh__loop_drop(loop, &connection->task);
    /* One that was not recorded never had a request of its own. */
    if (connection->exchange)
        mesh__exchange_part(connection);
    mesh__greeting_fini(&connection->greeting, connection->broken);
    mesh__buffer_fini(&connection->unsent);
    mesh__free(connection->client_cert);
    mesh__free(connection);
}

/* It takes no other exchange and ends within drain_ns. */
static void doom(struct mesh_connection *connection)
{
    struct mesh_http_server *server = connection->server;
    struct mesh_loop *loop = mesh__serve_loop(connection);
    uint64_t due_ns =
        mesh__time_add(mesh__loop_now(loop), server->env->drain_ns);

    if (connection->doomed)
        return;
    connection->doomed = connection->last = true;
    if (mesh__loop_set_timer(loop, &connection->last_call, due_ns) < 0)
        mesh__error_clear(); /* it ends with its exchange, then */
}

/* --- exchanges --- */

struct mesh_inbound_exchange *mesh__exchange_new(
    struct mesh_connection *connection)
{
    struct mesh_http_server *server = connection->server;
    struct mesh_loop *loop = mesh__serve_loop(connection);
    struct mesh_node *node = mesh__list_pop(&server->spare);
    struct mesh_inbound_exchange *exchange;

    if (node) {
        struct mesh_arena arena;

        server->spare_count--;
        exchange = MESH__OF(node, struct mesh_inbound_exchange, node);
        arena = exchange->arena;
        memset(exchange, 0, sizeof(*exchange));
        exchange->arena = arena;
    } else {
        exchange = mesh__calloc(1, sizeof(*exchange));
        if (!exchange)
            return NULL;
        mesh__arena_init(&exchange->arena, MESH__SERVER_ARENA);
    }
    mesh__list_init(&exchange->node);
    exchange->server = server;
    exchange->connection = connection;
    exchange->principal = exchange->peer = exchange->protocol = "";
    exchange->cipher = exchange->sni = exchange->details = "";
    exchange->start_ns = mesh__loop_now(loop);
    exchange->start_wall_ns = mesh__loop_wall(loop);
    exchange->from = connection->greeting.stream->peer_address;
    exchange->to = connection->greeting.stream->local_address;
    exchange->remote = exchange->from;
    connection->exchange = exchange;
    return exchange;
}

void mesh__exchange_discard(struct mesh_inbound_exchange *exchange)
{
    struct mesh_http_server *server = exchange->server;

    mesh__list_remove(&exchange->node);
    mesh__hold_done(exchange->hold);
    if (server->freed || server->spare_count >= MESH__SERVER_SPARE) {
        mesh__arena_fini(&exchange->arena);
        mesh__free(exchange);
        return;
    }
    mesh__arena_reset(&exchange->arena);
    mesh__list_push_front(&server->spare, &exchange->node);
    server->spare_count++;
}

void mesh__exchange_part(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;

    mesh__loop_cancel_timer(mesh__serve_loop(connection),
                            &connection->patience);
    connection->exchange = NULL;
    exchange->connection = NULL;
    exchange->piece = (struct mesh_slice){ 0 };
    if (!exchange->out)
        mesh__exchange_discard(exchange);
    else if (exchange->code != MESH_OK && exchange->on_news &&
             !exchange->inside)
        exchange->on_news(exchange);
}

struct mesh_inbound_exchange *mesh__http_server_take(
    struct mesh_http_server *server)
{
    struct mesh_node *node = mesh__list_pop(&server->queue);
    struct mesh_inbound_exchange *exchange;

    if (!node)
        return NULL;
    exchange = MESH__OF(node, struct mesh_inbound_exchange, node);
    exchange->out = true;
    server->out++;
    return exchange;
}

/* --- servers --- */

static void server_destroy(struct mesh_http_server *server)
{
    struct mesh_node *node;

    while ((node = mesh__list_pop(&server->spare))) {
        struct mesh_inbound_exchange *exchange =
            MESH__OF(node, struct mesh_inbound_exchange, node);

        mesh__arena_fini(&exchange->arena);
        mesh__free(exchange);
    }
    mesh__buffer_fini(&server->head);
    mesh__free(server);
}

void mesh__http_server_settle(struct mesh_http_server *server)
{
    if (server->freed && server->out == 0)
        server_destroy(server);
}

int mesh__http_server_new(struct mesh_server_env *env,
                          const struct mesh_address *at, uint16_t policy_port,
                          void (*on_news)(struct mesh_http_server *server),
                          void *owner, struct mesh_http_server **out)
{
    struct mesh_http_server *server = mesh__calloc(1, sizeof(*server));
    int rc;

    *out = NULL;
    if (!server)
        return mesh__fail(MESH_ERR_NOMEM, "a server");
    server->env = env;
    server->on_news = on_news;
    server->owner = owner;
    server->date_s = -1;
    mesh__list_init(&server->connections);
    mesh__list_init(&server->queue);
    mesh__list_init(&server->spare);
    mesh__buffer_init(&server->head,
                      MESH__SERVER_ARENA + env->link->limits.head_bytes);
    server->door.http = true;
    server->door.on_guest = on_guest;
    rc = mesh__door_open(&server->door, env, at, policy_port);
    if (rc < 0) {
        mesh__door_fini(&server->door);
        server_destroy(server);
        return rc;
    }
    (void)snprintf(server->cluster, sizeof(server->cluster), "inbound|%u||",
                   (unsigned)server->door.policy_port);
    *out = server;
    return 0;
}

void *mesh__http_server_owner(const struct mesh_http_server *server)
{
    return server->owner;
}

const struct mesh_address *mesh__http_server_address(
    const struct mesh_http_server *server)
{
    return &server->door.address;
}

bool mesh__http_server_waiting(const struct mesh_http_server *server)
{
    return !mesh__list_empty(&server->queue);
}

size_t mesh__http_server_out(const struct mesh_http_server *server)
{
    return server->out;
}

bool mesh__http_server_closed_empty(const struct mesh_http_server *server)
{
    const struct mesh_node *head = &server->connections;

    if (!server->closing || !mesh__list_empty(&server->queue))
        return false;
    for (const struct mesh_node *node = head->next; node != head;
         node = node->next)
        if (MESH__OF(node, struct mesh_connection, node)->step <
            MESH__SERVE_HANDLE)
            return false;
    return true;
}

/* Between two exchanges, or before the first: nobody would miss it. */
static bool is_idle(const struct mesh_connection *connection)
{
    return connection->step == MESH__SERVE_SHAKE ||
           (connection->step == MESH__SERVE_DECODE && !connection->exchange);
}

void mesh__http_server_close(struct mesh_http_server *server)
{
    struct mesh_node *node = server->connections.next;

    if (server->closing)
        return;
    server->closing = true;
    mesh__door_shut(&server->door);
    while (node != &server->connections) {
        struct mesh_connection *connection =
            MESH__OF(node, struct mesh_connection, node);

        node = node->next;
        doom(connection);
        if (is_idle(connection))
            connection_free(connection);
    }
    tell(server, NULL);
}

/* Those that still shake hands are judged when they are done. */
static bool is_welcome(const struct mesh_connection *connection)
{
    bool welcome = connection->step == MESH__SERVE_SHAKE ||
                   connection->step >= MESH__SERVE_LEAVE ||
                   mesh__greeting_holds(&connection->greeting);

    mesh__error_clear();
    return welcome;
}

void mesh__http_server_changed(struct mesh_http_server *server)
{
    struct mesh_node *node = server->connections.next;

    while (node != &server->connections) {
        struct mesh_connection *connection =
            MESH__OF(node, struct mesh_connection, node);

        node = node->next;
        if (connection->running || is_welcome(connection))
            continue;
        doom(connection);
        if (connection->step == MESH__SERVE_DECODE)
            cut(connection);
    }
}

void mesh__http_server_free(struct mesh_http_server *server)
{
    struct mesh_node *node;

    if (!server)
        return;
    server->freed = true;
    mesh__door_fini(&server->door);
    server->out++; /* owners may release the last one while we are here */
    while ((node = server->connections.next) != &server->connections)
        cut(MESH__OF(node, struct mesh_connection, node));
    server->out--;
    mesh__http_server_settle(server);
}

void mesh__http_server_forked(struct mesh_http_server *server)
{
    struct mesh_port *port = mesh__loop_port(server->env->link->loop);
    const struct mesh_node *head = &server->connections;

    mesh__door_forked(&server->door);
    for (const struct mesh_node *node = head->next; node != head;
         node = node->next) {
        const struct mesh_connection *connection =
            MESH__OF(node, struct mesh_connection, node);

        if (connection->greeting.stream)
            port->ops->close(port, connection->greeting.stream->fd, false);
    }
}
