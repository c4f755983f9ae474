/*
 * server.c - mesh_server: pulled, and driven by whoever pulls.
 *
 * One thread at a time drives the loop, the others follow: see
 * mesh__loop_await.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "value/duration.h"

#include <stdio.h>

static void server_unref(struct mesh_server *server)
{
    if (atomic_fetch_sub_explicit(&server->refs, 1, memory_order_acq_rel) != 1)
        return;
    mesh__lane_unref(server->lane);
    mesh__free(server);
}

static int check(const struct mesh_server *server)
{
    const struct mesh_workload *workload = server->lane->workload;
    int rc = mesh__workload_check(workload);

    if (rc == 0 && server->lane->epoch != workload->epoch)
        rc = mesh__fail(MESH_ERR_FORKED, "the server was made before the fork");
    return rc;
}

/* --- what the workload tells its servers --- */

static struct mesh_server *server_of(struct mesh_seat *seat)
{
    return MESH__OF(seat, struct mesh_server, seat);
}

static void on_changed(struct mesh_seat *seat)
{
    mesh__http_server_changed(server_of(seat)->http);
}

static void on_close(struct mesh_seat *seat)
{
    mesh__http_server_close(server_of(seat)->http);
}

static void on_forked(struct mesh_seat *seat)
{
    mesh__http_server_forked(server_of(seat)->http);
}

static void on_news(struct mesh_http_server *http)
{
    (void)http; /* whoever drives looks at the queue */
}

/* --- birth --- */

static int parse_at(const char *at, struct mesh_address *out)
{
    if (!mesh__address_parse(mesh__slice_of(at), out))
        return mesh__fail(MESH_ERR_INVALID,
                          "\"%s\" is no ADDRESS:PORT to listen on", at);
    return 0;
}

void mesh__seat_init(struct mesh_seat *seat, struct mesh_lane *lane)
{
    struct mesh_workload *workload = lane->workload;
    const struct mesh_config *set = &workload->settings;

    *seat = (struct mesh_seat){ 0 };
    mesh__list_init(&seat->node);
    seat->env = (struct mesh_server_env){
        .link = &lane->link,
        .identity = &workload->identity,
        .rng = workload->rng,
        .log = &workload->log,
        .denied_event = MESH_EVENT_DENIED,
        .refused_event = MESH_EVENT_CONNECTION_REFUSED,
        .files_event = MESH_EVENT_OUT_OF_FILES,
        .hold = lane->hold,
        .tracing = workload->spans != NULL,
        .handshake_ns = mesh__config_ns(set, MESH_LIMIT_HANDSHAKE_MS),
        .first_bytes_ns = mesh__config_ns(set, MESH_LIMIT_FIRST_BYTES_MS),
        .head_ns = mesh__config_ns(set, MESH_LIMIT_HEAD_MS),
        .body_idle_ns = mesh__config_ns(set, MESH_LIMIT_BODY_IDLE_MS),
        .keep_alive_ns = mesh__config_ns(set, MESH_LIMIT_KEEP_ALIVE_MS),
        .drain_ns = mesh__config_ns(set, MESH_LIMIT_DRAIN_MS),
        .record = mesh__workload_record,
        .user = lane,
    };
}

static struct mesh_server *server_new(void)
{
    struct mesh_server *server = mesh__calloc(1, sizeof(*server));

    if (!server) {
        (void)mesh__fail(MESH_ERR_NOMEM, "a server");
        return NULL;
    }
    atomic_init(&server->refs, 1);
    return server;
}

static int take_seat(struct mesh_server *server, const struct mesh_address *at,
                     uint16_t policy_port)
{
    struct mesh_loop *loop = server->lane->loop;
    int rc;

    mesh__loop_enter(loop);
    mesh__seat_init(&server->seat, server->lane);
    rc = mesh__http_server_new(&server->seat.env, at, policy_port, on_news,
                               server, &server->http);
    if (rc == 0) {
        server->seat.on_changed = on_changed;
        server->seat.on_close = on_close;
        server->seat.on_forked = on_forked;
        mesh__lane_seat(server->lane, &server->seat);
        mesh__address_print(mesh__http_server_address(server->http),
                            server->address);
    }
    mesh__loop_leave(loop);
    return rc;
}

int mesh_server_new(mesh_workload *workload, mesh_loop *loop, const char *at,
                    int policy_port, mesh_server **out, mesh_error *error)
{
    struct mesh_server *server = NULL;
    struct mesh_address address;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !at || !out || policy_port < 0 || policy_port > 65535 ||
        (loop && mesh__lane_of(loop)->workload != workload))
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "a workload, a loop of it or none, an address "
                              "and a port of 0 to 65535 are wanted"));
    rc = mesh__workload_check_open(workload);
    if (rc == 0)
        rc = parse_at(at, &address);
    if (rc < 0)
        return mesh__error_out(error, rc);
    server = server_new();
    if (!server)
        return mesh__error_out(error, MESH_ERR_NOMEM);
    if (loop)
        server->lane = mesh__lane_ref(mesh__lane_of(loop));
    else
        rc = mesh__lane_new(workload, MESH__LANE_SERVER, &server->lane);
    if (rc == 0)
        rc = take_seat(server, &address, (uint16_t)policy_port);
    if (rc < 0)
        server_unref(server);
    else
        *out = server;
    return mesh__error_out(error, rc);
}

const char *mesh_server_address(const mesh_server *server)
{
    return server ? server->address : "";
}

/* --- pulling --- */

static bool has_exchange(void *user)
{
    struct mesh_server *server = user;

    return mesh__http_server_waiting(server->http) ||
           mesh__http_server_closed_empty(server->http);
}

static struct mesh_exchange *exchange_new(struct mesh_server *server,
                                          struct mesh_inbound_exchange *inner)
{
    struct mesh_exchange *exchange =
        mesh__arena_alloc(&inner->arena, sizeof(*exchange));

    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->inner = inner;
    mesh__arena_init(&exchange->arena, MESH__RESPONSE_ARENA);
    atomic_fetch_add_explicit(&server->refs, 1, memory_order_relaxed);
    return exchange;
}

/* 0 with *out, 1 when there is none, or an error. */
static int take(struct mesh_server *server, mesh_exchange **out)
{
    struct mesh_inbound_exchange *inner;
    bool ended;

    mesh__loop_enter(server->lane->loop);
    inner = mesh__http_server_take(server->http);
    ended = !inner && mesh__http_server_closed_empty(server->http);
    if (inner) {
        *out = exchange_new(server, inner);
        if (!*out)
            mesh__exchange_release(inner);
    }
    mesh__loop_leave(server->lane->loop);
    if (ended)
        return mesh__fail(MESH_ERR_CLOSED, "the server is closed");
    if (inner && !*out)
        return mesh__fail(MESH_ERR_NOMEM, "an exchange");
    return inner ? 0 : 1;
}

int mesh_server_next(mesh_server *server, int64_t timeout_ms,
                     mesh_exchange **out, mesh_error *error)
{
    int64_t deadline_ns = mesh__deadline_of(timeout_ms);
    int rc;

    if (out)
        *out = NULL;
    if (!server || !out)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
    rc = check(server);
    while (rc == 0) {
        uint64_t left_ns;

        rc = take(server, out);
        if (rc <= 0)
            break;
        left_ns = mesh__left_ns(deadline_ns);
        rc =
            mesh__loop_await(server->lane->loop, left_ns, has_exchange, server);
        if (rc < 0)
            break;
        rc = 0;
        if (left_ns == 0) {
            rc = take(server, out);
            if (rc > 0)
                rc = mesh__fail(MESH_ERR_TIMEOUT, "no exchange in %lld ms",
                                (long long)timeout_ms);
            break;
        }
    }
    return mesh__error_out(error, rc);
}

void mesh_server_close(mesh_server *server)
{
    if (!server || check(server) < 0) {
        mesh__error_clear();
        return;
    }
    mesh__loop_enter(server->lane->loop);
    mesh__http_server_close(server->http);
    mesh__loop_leave(server->lane->loop);
    mesh__loop_wake(server->lane->loop);
}

void mesh_server_free(mesh_server *server)
{
    if (!server)
        return;
    if (check(server) == 0) {
        mesh__loop_enter(server->lane->loop);
        mesh__lane_unseat(server->lane, &server->seat);
        mesh__http_server_free(server->http);
        mesh__loop_leave(server->lane->loop);
        server_unref(server);
    }
    mesh__error_clear();
}

/* --- exchanges --- */

static int check_exchange(const struct mesh_exchange *exchange,
                          mesh_error *error)
{
    if (!exchange)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID, "exchange is NULL"));
    return mesh__error_out(error, check(exchange->server));
}

static const char *keep(struct mesh_exchange *exchange, struct mesh_slice text)
{
    const char *copy = mesh__arena_strndup(&exchange->arena, text.at, text.len);

    mesh__error_clear();
    return copy ? copy : "";
}

static const char *make_text(struct mesh_exchange *exchange, int what)
{
    const struct mesh_inbound_exchange *inner = exchange->inner;
    char trace[33] = "";

    switch (what) {
    case MESH_EXCHANGE_METHOD:
        return keep(exchange, inner->head.method);
    case MESH_EXCHANGE_PATH:
        return keep(exchange, inner->path);
    case MESH_EXCHANGE_AUTHORITY:
        return keep(exchange, inner->head.authority);
    case MESH_EXCHANGE_PRINCIPAL:
        return inner->principal;
    case MESH_EXCHANGE_PEER:
        return inner->peer;
    case MESH_EXCHANGE_TRACE_ID:
        if (inner->traced)
            mesh__hex(inner->trace.trace_id, sizeof(inner->trace.trace_id),
                      trace);
        return keep(exchange, mesh__slice_of(trace));
    case MESH_EXCHANGE_PROTOCOL:
        return inner->protocol;
    case MESH_EXCHANGE_CIPHER:
        return inner->cipher;
    case MESH_EXCHANGE_REQUEST_ID:
        return keep(exchange, inner->request_id);
    default:
        return inner->sni;
    }
}

const char *mesh_exchange_text(const mesh_exchange *exchange, int what)
{
    struct mesh_exchange *self = (struct mesh_exchange *)exchange;

    if (!exchange || what < MESH_EXCHANGE_METHOD || what > MESH_EXCHANGE_SNI)
        return NULL;
    if (!self->texts[what]) {
        const char *text = make_text(self, what);

        self->texts[what] = text ? text : "";
    }
    return self->texts[what];
}

/* NUL-terminated lines, made at the first look; NULL when memory is out. */
static struct mesh_line *lines_of(struct mesh_exchange *exchange)
{
    const struct mesh_head *head = &exchange->inner->head;

    if (exchange->headers)
        return exchange->headers;
    exchange->headers = mesh__arena_array(&exchange->arena, head->count + 1,
                                          sizeof(*exchange->headers));
    for (size_t i = 0; exchange->headers && i < head->count; i++) {
        exchange->headers[i].name = keep(exchange, head->headers[i].name);
        exchange->headers[i].value = keep(exchange, head->headers[i].value);
    }
    mesh__error_clear();
    return exchange->headers;
}

const char *mesh_exchange_header(const mesh_exchange *exchange,
                                 const char *name)
{
    struct mesh_exchange *self = (struct mesh_exchange *)exchange;
    struct mesh_line *lines;

    if (!exchange || !name)
        return NULL;
    lines = lines_of(self);
    for (size_t i = 0; lines && i < self->inner->head.count; i++)
        if (mesh__slice_equal_nocase(mesh__slice_of(lines[i].name),
                                     mesh__slice_of(name)))
            return lines[i].value;
    return NULL;
}

size_t mesh_exchange_header_count(const mesh_exchange *exchange)
{
    return exchange ? exchange->inner->head.count : 0;
}

const char *mesh_exchange_header_name(const mesh_exchange *exchange,
                                      size_t index)
{
    struct mesh_line *lines;

    if (!exchange || index >= exchange->inner->head.count)
        return NULL;
    lines = lines_of((struct mesh_exchange *)exchange);
    return lines ? lines[index].name : NULL;
}

const char *mesh_exchange_header_value(const mesh_exchange *exchange,
                                       size_t index)
{
    struct mesh_line *lines;

    if (!exchange || index >= exchange->inner->head.count)
        return NULL;
    lines = lines_of((struct mesh_exchange *)exchange);
    return lines ? lines[index].value : NULL;
}

/* Wait for the loop to bring something; false when the time is over. */
static bool wait_a_little(struct mesh_exchange *exchange, int64_t deadline_ns,
                          bool (*until)(void *user))
{
    uint64_t left_ns = mesh__left_ns(deadline_ns);

    if (left_ns == 0)
        return false;
    (void)mesh__loop_await(exchange->server->lane->loop, left_ns, until,
                           exchange);
    mesh__error_clear();
    return true;
}

static bool readable(void *user)
{
    struct mesh_exchange *exchange = user;

    return mesh__exchange_readable(exchange->inner);
}

static bool writable(void *user)
{
    struct mesh_exchange *exchange = user;

    return mesh__exchange_room(exchange->inner) > 0 ||
           exchange->inner->code != 0;
}

int mesh_exchange_read(mesh_exchange *exchange, void *data, size_t size,
                       int64_t timeout_ms, size_t *got, mesh_error *error)
{
    int64_t deadline_ns = 0;
    int rc = check_exchange(exchange, error);

    if (got)
        *got = 0;
    if (rc == 0 && (!data || !size || !got))
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID, "there is no place to read"));
    if (rc < 0)
        return rc;
    do {
        mesh__loop_enter(exchange->server->lane->loop);
        rc = mesh__exchange_read(exchange->inner, data, size, got);
        mesh__loop_leave(exchange->server->lane->loop);
        if (rc == MESH_ERR_WOULD_BLOCK && !deadline_ns)
            deadline_ns = mesh__deadline_of(timeout_ms);
    } while (rc == MESH_ERR_WOULD_BLOCK &&
             wait_a_little(exchange, deadline_ns, readable));
    if (rc == MESH_ERR_WOULD_BLOCK)
        rc = mesh__fail(MESH_ERR_TIMEOUT, "no more of the body in %lld ms",
                        (long long)timeout_ms);
    return mesh__error_out(error, rc);
}

int mesh_exchange_add_header(mesh_exchange *exchange, const char *name,
                             const char *value, mesh_error *error)
{
    int rc = check_exchange(exchange, error);

    if (rc == 0 && (!name || !value))
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
    if (rc < 0)
        return rc;
    mesh__loop_enter(exchange->server->lane->loop);
    rc = mesh__exchange_add(exchange->inner, mesh__slice_of(name),
                            mesh__slice_of(value));
    mesh__loop_leave(exchange->server->lane->loop);
    return mesh__error_out(error, rc);
}

static int check_status(int status)
{
    return status >= 200 && status <= 599
               ? 0
               : mesh__fail(MESH_ERR_INVALID,
                            "a status of 200 to 599 is wanted, not %d", status);
}

int mesh_exchange_respond(mesh_exchange *exchange, int status, const void *body,
                          size_t size, mesh_error *error)
{
    int rc = check_exchange(exchange, error);

    if (rc < 0)
        return rc;
    rc = !body && size ? mesh__fail(MESH_ERR_INVALID, "the body is NULL")
                       : check_status(status);
    if (rc == 0) {
        mesh__loop_enter(exchange->server->lane->loop);
        rc = mesh__exchange_respond(exchange->inner, (unsigned)status,
                                    mesh__slice(body, size));
        mesh__loop_leave(exchange->server->lane->loop);
    }
    return mesh__error_out(error, rc);
}

int mesh_exchange_start(mesh_exchange *exchange, int status, int64_t body_bytes,
                        mesh_error *error)
{
    int rc = check_exchange(exchange, error);

    if (rc < 0)
        return rc;
    rc = body_bytes < -1
             ? mesh__fail(MESH_ERR_INVALID, "a length of at least -1 is wanted")
             : check_status(status);
    if (rc == 0) {
        mesh__loop_enter(exchange->server->lane->loop);
        rc =
            mesh__exchange_begin(exchange->inner, (unsigned)status, body_bytes);
        mesh__loop_leave(exchange->server->lane->loop);
    }
    return mesh__error_out(error, rc);
}

int mesh_exchange_write(mesh_exchange *exchange, const void *data, size_t size,
                        int64_t timeout_ms, size_t *written, mesh_error *error)
{
    int64_t deadline_ns = mesh__deadline_of(timeout_ms);
    const char *bytes = data;
    int rc = check_exchange(exchange, error);

    if (written)
        *written = 0;
    if (rc == 0 && ((!data && size) || !written))
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
    if (rc < 0)
        return rc;
    do {
        size_t taken = 0;

        mesh__loop_enter(exchange->server->lane->loop);
        rc = mesh__exchange_write(exchange->inner, bytes + *written,
                                  size - *written, &taken);
        mesh__loop_leave(exchange->server->lane->loop);
        *written += taken;
        if (rc == 0 && *written == size)
            break;
    } while ((rc == 0 || rc == MESH_ERR_WOULD_BLOCK) &&
             (rc == 0 || wait_a_little(exchange, deadline_ns, writable)));
    if (rc == MESH_ERR_WOULD_BLOCK)
        rc =
            mesh__fail(MESH_ERR_TIMEOUT, "the peer took no more within %lld ms",
                       (long long)timeout_ms);
    return mesh__error_out(error, rc);
}

int mesh_exchange_end(mesh_exchange *exchange, mesh_error *error)
{
    int rc = check_exchange(exchange, error);

    if (rc < 0)
        return rc;
    mesh__loop_enter(exchange->server->lane->loop);
    rc = mesh__exchange_finish(exchange->inner);
    mesh__loop_leave(exchange->server->lane->loop);
    return mesh__error_out(error, rc);
}

void mesh_exchange_free(mesh_exchange *exchange)
{
    struct mesh_server *server;

    if (!exchange)
        return;
    server = exchange->server;
    mesh__arena_fini(&exchange->arena);
    if (check(server) == 0) {
        mesh__loop_enter(server->lane->loop);
        mesh__exchange_release(exchange->inner); /* and this with it */
        mesh__loop_leave(server->lane->loop);
        server_unref(server);
    }
    mesh__error_clear();
}
