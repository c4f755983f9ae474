/*
 * conn.c - mesh_conn and mesh_listener: plain streams in the mesh.
 *
 * Each stream lives on a lane; waiting is stepping that lane.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "client/plain.h"
#include "value/duration.h"

#include <fcntl.h>
#include <unistd.h>

/* A listener's streams share its lane; each may be read by another thread. */
struct mesh_listener {
    atomic_int refs;
    struct mesh_lane *lane;
    struct mesh_seat seat;
    struct mesh_stream_server *inner;
    char address[MESH__ADDRESS_TEXT];
};

struct mesh_conn {
    struct mesh_lane *lane;         /* counted */
    struct mesh_plain plain;        /* a connected one                       */
    struct mesh_listener *listener; /* of an accepted one; counted           */
    struct mesh_arrival *arrival;   /* likewise                              */
    struct mesh_stream *stream;     /* in any case                           */
    struct mesh_tls_config *config; /* of a wrapped one                      */
    bool settled;                   /* ready or failed                       */
    bool ended;                     /* we said so                            */
    char peer[512];
    char address[MESH__ADDRESS_TEXT];
};

static int null_argument(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
}

static int check_lane(const struct mesh_lane *lane)
{
    int rc = mesh__workload_check(lane->workload);

    if (rc == 0 && lane->epoch != lane->workload->epoch)
        rc = mesh__fail(MESH_ERR_FORKED, "this was made before the fork");
    return rc;
}

static int take_lane(struct mesh_workload *workload, struct mesh_loop *loop,
                     struct mesh_lane **out)
{
    if (!loop)
        return mesh__lane_new(workload, MESH__LANE_SERVER, out);
    *out = mesh__lane_ref(mesh__lane_of(loop));
    return 0;
}

static struct mesh_conn *conn_new(struct mesh_lane *lane)
{
    struct mesh_conn *conn = mesh__calloc(1, sizeof(*conn));

    if (!conn) {
        (void)mesh__fail(MESH_ERR_NOMEM, "a stream");
        return NULL;
    }
    conn->lane = mesh__lane_ref(lane);
    return conn;
}

static void note_ends(struct mesh_conn *conn)
{
    const struct mesh_peer *peer = mesh__stream_peer(conn->stream);
    struct mesh_text text;

    mesh__text_init(&text, conn->peer, sizeof(conn->peer));
    if (peer)
        mesh__text_puts(&text, peer->id);
    mesh__address_print(&conn->stream->peer_address, conn->address);
}

static void on_news(struct mesh_stream *stream)
{
    (void)stream; /* whoever waits looks by itself */
}

/* --- connecting --- */

static void on_plain(struct mesh_plain *plain)
{
    struct mesh_conn *conn = plain->owner;

    conn->settled = true;
}

static bool is_settled(void *user)
{
    const struct mesh_conn *conn = user;

    return conn->settled;
}

/* Not entered: until it is ready or failed. */
static int wait_settled(struct mesh_conn *conn, int64_t timeout_ms)
{
    int64_t deadline_ns = mesh__deadline_of(timeout_ms);
    int rc = 0;

    while (rc >= 0 && !conn->settled) {
        uint64_t left_ns = mesh__left_ns(deadline_ns);
        bool awaits;

        if (left_ns == 0)
            return mesh__fail(MESH_ERR_TIMEOUT, "no stream within %lld ms",
                              (long long)timeout_ms);
        mesh__loop_visit(conn->lane->loop);
        awaits = conn->plain.awaits_names;
        mesh__loop_leave(conn->lane->loop);
        if (awaits)
            left_ns = mesh__help_keeper(conn->lane, left_ns);
        rc = mesh__loop_await(conn->lane->loop, left_ns, is_settled, conn);
    }
    return rc < 0 ? rc : 0;
}

static int connect_to(struct mesh_conn *conn, struct mesh_slice service,
                      uint16_t port, int64_t timeout_ms)
{
    int rc;

    mesh__loop_enter(conn->lane->loop);
    rc = mesh__plain_connect(&conn->plain, &conn->lane->client, service, port,
                             on_plain, conn);
    mesh__loop_leave(conn->lane->loop);
    if (rc == 0)
        rc = wait_settled(conn, timeout_ms);
    if (rc == 0 && conn->plain.code)
        rc = mesh__fail(conn->plain.code, "%s", conn->plain.line);
    if (rc == 0) {
        conn->stream = conn->plain.stream;
        note_ends(conn);
    }
    return rc;
}

int mesh_connect(mesh_workload *workload, mesh_loop *loop, const char *to,
                 int64_t timeout_ms, mesh_conn **out, mesh_error *error)
{
    struct mesh_slice service;
    struct mesh_lane *lane;
    struct mesh_conn *conn;
    uint16_t port = 0;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !to || !out)
        return null_argument(error);
    rc = mesh__workload_check_open(workload);
    if (rc == 0 &&
        (!mesh__authority_split(mesh__slice_of(to), &service, &port) ||
         port == 0))
        rc = mesh__fail(MESH_ERR_INVALID, "\"%s\" is no SERVICE:PORT", to);
    if (rc == 0)
        rc = take_lane(workload, loop, &lane);
    if (rc < 0)
        return mesh__error_out(error, rc);
    conn = conn_new(lane);
    mesh__lane_unref(lane);
    rc = conn ? connect_to(conn, service, port, timeout_ms) : MESH_ERR_NOMEM;
    if (rc == 0) {
        *out = conn;
    } else {
        struct mesh_error kept = { .code = 0 };

        (void)mesh__error_out(&kept, rc);
        mesh_conn_free(conn);
        (void)mesh__fail(rc, "%s", kept.line);
    }
    return mesh__error_out(error, rc);
}

/* --- wrapping --- */

static int wrap_config(struct mesh_conn *conn, int role, const char *peer_id)
{
    static const char *const alpn[] = { "istio-peer-exchange", "istio" };
    struct mesh_workload *workload = conn->lane->workload;
    const struct mesh_snapshot *snapshot = conn->lane->hold->snapshot;
    struct mesh_tls_profile profile = {
        .role = role == MESH_ROLE_CLIENT ? MESH__TLS_CLIENT : MESH__TLS_SERVER,
        .alpn = alpn,
        .alpn_count = 2,
        .expected = { .ids = &peer_id,
                      .count = peer_id ? 1 : 0,
                      .trust_domains = snapshot->trust_domains,
                      .trust_domain_count = snapshot->trust_domain_count },
    };
    int rc;

    profile.generation = mesh__identity_get(
        &workload->identity, &profile.credential, &profile.bundle);
    rc = workload->engine->config_new(workload->engine, &profile, workload->rng,
                                      &conn->config);
    mesh__credential_unref(profile.credential);
    mesh__bundle_unref(profile.bundle);
    return rc;
}

static void on_wrapped(struct mesh_stream *stream)
{
    struct mesh_conn *conn = stream->owner;

    conn->settled = true;
}

/* AuthorizationPolicy for a stream that was accepted elsewhere. */
static int authorize(struct mesh_conn *conn, int policy_port)
{
    const struct mesh_peer *peer = mesh__stream_peer(conn->stream);
    struct mesh_tls_info info;
    struct mesh_authz_verdict verdict;
    char why[256];
    struct mesh_authz_request request = {
        .principal_known = peer ? MESH__PRESENT : MESH__ABSENT,
        .principal = mesh__slice_of(peer ? peer->id : ""),
        .source_ip_known = MESH__PRESENT,
        .source_ip = conn->stream->peer_address,
        .remote_ip_known = MESH__PRESENT,
        .remote_ip = conn->stream->peer_address,
        .destination_ip_known = MESH__PRESENT,
        .destination_ip = conn->stream->local_address,
        .port_known = policy_port ? MESH__PRESENT : MESH__UNKNOWN,
        .port = (uint16_t)policy_port,
    };

    mesh__stream_info(conn->stream, &info);
    request.sni_known = info.sni[0] ? MESH__PRESENT : MESH__ABSENT;
    request.sni = mesh__slice_of(info.sni);
    mesh__authz_check(conn->lane->hold->snapshot, &request, &verdict, NULL);
    if (verdict.allowed)
        return 0;
    mesh__authz_print(conn->lane->hold->snapshot, &request, &verdict, why,
                      sizeof(why));
    return mesh__fail(MESH_ERR_DENIED, "%s", why);
}

static int wrap(struct mesh_conn *conn, int fd, int role, const char *peer_id)
{
    struct mesh_port *port = mesh__loop_port(conn->lane->loop);
    struct mesh_workload *workload = conn->lane->workload;
    const struct mesh_slice none = { NULL, 0 };
    struct mesh_address peer = { 0 };
    int rc;

    (void)port->ops->address(port, fd, true, &peer);
    rc = mesh__stream_accepted(&conn->lane->link, fd, &peer, on_wrapped, conn,
                               &conn->stream);
    if (rc < 0)
        return rc;
    rc = wrap_config(conn, role, peer_id);
    if (rc == 0)
        rc = mesh__stream_shake(
            conn->stream, conn->config, none,
            mesh__config_ns(&workload->settings, MESH_LIMIT_HANDSHAKE_MS));
    conn->settled = conn->stream->state == MESH__STREAM_READY;
    return rc;
}

int mesh_wrap_fd(mesh_workload *workload, mesh_loop *loop, int fd, int role,
                 const char *peer_id, int policy_port, int64_t timeout_ms,
                 mesh_conn **out, mesh_error *error)
{
    struct mesh_lane *lane = NULL;
    struct mesh_conn *conn = NULL;
    struct mesh_error kept = { .code = 0 };
    int flags;
    int rc = 0;

    if (out)
        *out = NULL;
    if (!workload || !out || fd < 0 || policy_port < 0 || policy_port > 65535 ||
        (role != MESH_ROLE_CLIENT && role != MESH_ROLE_SERVER))
        rc = mesh__fail(MESH_ERR_INVALID, "an argument is not valid");
    if (rc == 0)
        rc = mesh__workload_check_open(workload);
    if (rc == 0) {
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
            rc = mesh__fail(MESH_ERR_INVALID, "%d is no usable descriptor", fd);
    }
    if (rc == 0)
        rc = take_lane(workload, loop, &lane);
    if (rc == 0) {
        conn = conn_new(lane);
        rc = conn ? 0 : MESH_ERR_NOMEM;
    }
    mesh__lane_unref(lane);
    if (rc < 0) {
        if (fd >= 0)
            (void)close(fd);
        mesh_conn_free(conn);
        return mesh__error_out(error, rc);
    }
    mesh__loop_enter(conn->lane->loop);
    rc = wrap(conn, fd, role, peer_id);
    mesh__loop_leave(conn->lane->loop);
    if (rc == 0)
        rc = wait_settled(conn, timeout_ms);
    if (rc == 0 && conn->stream->state != MESH__STREAM_READY)
        rc = mesh__fail(conn->stream->code, "%s", conn->stream->line);
    if (rc == 0 && role == MESH_ROLE_SERVER)
        rc = authorize(conn, policy_port);
    if (rc == 0) {
        note_ends(conn);
        conn->stream->on_ready = on_news;
        *out = conn;
        return mesh__error_out(error, 0);
    }
    (void)mesh__error_out(&kept, rc);
    mesh_conn_free(conn);
    (void)mesh__fail(rc, "%s", kept.line);
    return mesh__error_out(error, rc);
}

/* --- listening --- */

/* The listener itself, and each stream that it handed out. Not entered. */
static void listener_unref(struct mesh_listener *listener)
{
    if (atomic_fetch_sub_explicit(&listener->refs, 1, memory_order_acq_rel) !=
        1)
        return;
    if (listener->inner) {
        mesh__loop_enter(listener->lane->loop);
        mesh__lane_unseat(listener->lane, &listener->seat);
        mesh__stream_server_free(listener->inner);
        mesh__loop_leave(listener->lane->loop);
    }
    mesh__lane_unref(listener->lane);
    mesh__free(listener);
}

static struct mesh_listener *listener_of(struct mesh_seat *seat)
{
    return MESH__OF(seat, struct mesh_listener, seat);
}

static void on_changed(struct mesh_seat *seat)
{
    mesh__stream_server_changed(listener_of(seat)->inner);
}

static void on_close(struct mesh_seat *seat)
{
    mesh__stream_server_close(listener_of(seat)->inner);
}

static void on_forked(struct mesh_seat *seat)
{
    mesh__stream_server_forked(listener_of(seat)->inner);
}

static void on_stream(struct mesh_stream_server *inner)
{
    (void)inner; /* whoever drives looks at the queue */
}

static int take_seat(struct mesh_listener *listener,
                     const struct mesh_address *at, uint16_t policy_port)
{
    struct mesh_loop *loop = listener->lane->loop;
    int rc;

    mesh__loop_enter(loop);
    mesh__seat_init(&listener->seat, listener->lane);
    rc = mesh__stream_server_new(&listener->seat.env, at, policy_port,
                                 on_stream, listener, &listener->inner);
    if (rc == 0) {
        listener->seat.on_changed = on_changed;
        listener->seat.on_close = on_close;
        listener->seat.on_forked = on_forked;
        mesh__lane_seat(listener->lane, &listener->seat);
        mesh__address_print(mesh__stream_server_address(listener->inner),
                            listener->address);
    }
    mesh__loop_leave(loop);
    return rc;
}

int mesh_listen(mesh_workload *workload, mesh_loop *loop, const char *at,
                int policy_port, mesh_listener **out, mesh_error *error)
{
    struct mesh_listener *listener;
    struct mesh_address address;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !at || !out || policy_port < 0 || policy_port > 65535)
        return null_argument(error);
    rc = mesh__workload_check_open(workload);
    if (rc == 0 && !mesh__address_parse(mesh__slice_of(at), &address))
        rc = mesh__fail(MESH_ERR_INVALID,
                        "\"%s\" is no ADDRESS:PORT to listen on", at);
    if (rc < 0)
        return mesh__error_out(error, rc);
    listener = mesh__calloc(1, sizeof(*listener));
    if (!listener)
        return mesh__error_out(error, mesh__fail(MESH_ERR_NOMEM, "a listener"));
    atomic_init(&listener->refs, 1);
    rc = take_lane(workload, loop, &listener->lane);
    if (rc == 0)
        rc = take_seat(listener, &address, (uint16_t)policy_port);
    if (rc < 0)
        listener_unref(listener);
    else
        *out = listener;
    return mesh__error_out(error, rc);
}

const char *mesh_listener_address(const mesh_listener *listener)
{
    return listener ? listener->address : "";
}

static bool has_stream(void *user)
{
    const struct mesh_listener *listener = user;

    return mesh__stream_server_waiting(listener->inner) ||
           mesh__stream_server_closed_empty(listener->inner);
}

/* Entered: 0 with *out, 1 when there is none. */
static int take(struct mesh_listener *listener, mesh_conn **out)
{
    struct mesh_arrival *arrival = mesh__stream_server_take(listener->inner);
    struct mesh_conn *conn;

    if (!arrival)
        return mesh__stream_server_closed_empty(listener->inner)
                   ? mesh__fail(MESH_ERR_CLOSED, "the listener is closed")
                   : 1;
    conn = conn_new(listener->lane);
    if (!conn) {
        mesh__arrival_close(arrival, true);
        return MESH_ERR_NOMEM;
    }
    atomic_fetch_add_explicit(&listener->refs, 1, memory_order_relaxed);
    conn->listener = listener;
    conn->arrival = arrival;
    conn->stream = mesh__arrival_stream(arrival);
    conn->settled = true;
    conn->stream->on_ready = on_news;
    conn->stream->owner = conn;
    note_ends(conn);
    *out = conn;
    return 0;
}

int mesh_accept(mesh_listener *listener, int64_t timeout_ms, mesh_conn **out,
                mesh_error *error)
{
    int64_t deadline_ns = mesh__deadline_of(timeout_ms);
    int rc;

    if (out)
        *out = NULL;
    if (!listener || !out)
        return null_argument(error);
    rc = check_lane(listener->lane);
    while (rc == 0) {
        uint64_t left_ns = mesh__left_ns(deadline_ns);

        mesh__loop_enter(listener->lane->loop);
        rc = take(listener, out);
        mesh__loop_leave(listener->lane->loop);
        if (rc <= 0)
            break;
        if (left_ns == 0) {
            rc = mesh__fail(MESH_ERR_TIMEOUT, "no stream in %lld ms",
                            (long long)timeout_ms);
            break;
        }
        rc = mesh__loop_await(listener->lane->loop, left_ns, has_stream,
                              listener);
        rc = rc < 0 ? rc : 0;
    }
    return mesh__error_out(error, rc);
}

void mesh_listener_free(mesh_listener *listener)
{
    if (!listener)
        return;
    if (check_lane(listener->lane) == 0) {
        mesh__loop_enter(listener->lane->loop);
        mesh__stream_server_shut(listener->inner);
        mesh__loop_leave(listener->lane->loop);
        listener_unref(listener);
    }
    mesh__error_clear();
}

/* --- bytes --- */

static int check_conn(const struct mesh_conn *conn, mesh_error *error)
{
    return conn ? mesh__error_out(error, check_lane(conn->lane))
                : null_argument(error);
}

/* Entered: what ended it may have been ours to do. */
static int check_stream(struct mesh_stream *stream)
{
    mesh__bounds_look(stream);
    return stream->state == MESH__STREAM_FAILED
               ? mesh__fail(stream->code, "%s", stream->line)
               : 0;
}

/* What came before a bound was over is still there to be taken. */
static bool has_rest(const struct mesh_stream *stream)
{
    return stream->plain.len && stream->bounds && stream->bounds->over;
}

/* Entered: what lies there, else one reading. */
static int read_now(struct mesh_conn *conn, void *data, size_t size,
                    size_t *got)
{
    struct mesh_stream *stream = conn->stream;
    int rc;

    if (stream->plain.len == 0) {
        rc = mesh__stream_fill(stream);
        if (rc == MESH_ERR_CLOSED) {
            mesh__error_clear();
            return 0;
        }
        if (rc < 0)
            return rc;
        if (stream->plain.len == 0)
            return MESH_ERR_WOULD_BLOCK;
    }
    *got = stream->plain.len < size ? stream->plain.len : size;
    stream->taken += *got;
    memcpy(data, mesh__buffer_data(&stream->plain), *got);
    mesh__buffer_consume(&stream->plain, *got);
    mesh__stream_settle(stream);
    return 0;
}

static bool may_read(void *user)
{
    const struct mesh_conn *conn = user;

    return conn->stream->plain.len || !conn->stream->drained ||
           conn->stream->state != MESH__STREAM_READY;
}

static bool may_write(void *user)
{
    const struct mesh_conn *conn = user;

    return mesh__stream_backlog(conn->stream) < MESH__STREAM_BACKLOG ||
           conn->stream->state != MESH__STREAM_READY;
}

/* Not entered: false when the time is over. */
static bool wait_for(struct mesh_conn *conn, int64_t deadline_ns,
                     bool (*until)(void *user))
{
    uint64_t left_ns = mesh__left_ns(deadline_ns);

    if (left_ns == 0)
        return false;
    (void)mesh__loop_await(conn->lane->loop, left_ns, until, conn);
    mesh__error_clear();
    return true;
}

int mesh_conn_read(mesh_conn *conn, void *data, size_t size, int64_t timeout_ms,
                   size_t *got, mesh_error *error)
{
    int64_t deadline_ns = mesh__deadline_of(timeout_ms);
    int rc = check_conn(conn, error);

    if (got)
        *got = 0;
    if (rc == 0 && (!data || !size || !got))
        return null_argument(error);
    if (rc < 0)
        return rc;
    do {
        mesh__loop_enter(conn->lane->loop);
        rc = check_stream(conn->stream);
        if (rc == 0)
            rc = mesh__stream_want(conn->stream, true);
        if (rc == 0 || has_rest(conn->stream))
            rc = read_now(conn, data, size, got);
        if (rc == 0)
            (void)mesh__stream_want(conn->stream, false);
        mesh__loop_leave(conn->lane->loop);
    } while (rc == MESH_ERR_WOULD_BLOCK &&
             wait_for(conn, deadline_ns, may_read));
    if (rc == MESH_ERR_WOULD_BLOCK)
        rc = mesh__fail(MESH_ERR_TIMEOUT, "nothing to read in %lld ms",
                        (long long)timeout_ms);
    return mesh__error_out(error, rc);
}

/* Entered: one piece as the backlog allows. */
static int write_now(struct mesh_conn *conn, const char *data, size_t size,
                     size_t *taken)
{
    struct mesh_slice slice;
    int rc;

    rc = check_stream(conn->stream);
    if (rc < 0)
        return rc;
    if (mesh__stream_backlog(conn->stream) >= MESH__STREAM_BACKLOG)
        return MESH_ERR_WOULD_BLOCK;
    slice = mesh__slice(
        data, size < MESH__STREAM_BACKLOG ? size : MESH__STREAM_BACKLOG);
    rc = mesh__stream_send(conn->stream, &slice, 1);
    *taken = rc == 0 ? slice.len : 0;
    conn->stream->given += *taken;
    return rc;
}

int mesh_conn_write(mesh_conn *conn, const void *data, size_t size,
                    int64_t timeout_ms, size_t *written, mesh_error *error)
{
    int64_t deadline_ns = mesh__deadline_of(timeout_ms);
    int rc = check_conn(conn, error);

    if (written)
        *written = 0;
    if (rc == 0 && ((!data && size) || !written))
        return null_argument(error);
    if (rc == 0 && conn->ended)
        rc = mesh__error_out(
            error, mesh__fail(MESH_ERR_STATE, "mesh_conn_end was called"));
    if (rc < 0)
        return rc;
    while (*written < size) {
        size_t taken = 0;

        mesh__loop_enter(conn->lane->loop);
        rc = write_now(conn, (const char *)data + *written, size - *written,
                       &taken);
        mesh__loop_leave(conn->lane->loop);
        *written += taken;
        if (rc == 0)
            continue;
        if (rc != MESH_ERR_WOULD_BLOCK)
            break;
        if (!wait_for(conn, deadline_ns, may_write)) {
            rc = mesh__fail(MESH_ERR_TIMEOUT,
                            "the peer took no more within %lld ms",
                            (long long)timeout_ms);
            break;
        }
        rc = 0;
    }
    return mesh__error_out(error, rc);
}

int mesh_conn_end(mesh_conn *conn, mesh_error *error)
{
    int64_t deadline_ns = mesh__deadline_of(5000);
    int rc = check_conn(conn, error);

    if (rc < 0)
        return rc;
    /* What was taken goes out first. */
    while (mesh__stream_backlog(conn->stream) &&
           conn->stream->state == MESH__STREAM_READY &&
           wait_for(conn, deadline_ns, may_write))
        continue;
    mesh__loop_enter(conn->lane->loop);
    if (conn->stream->state != MESH__STREAM_READY)
        rc = mesh__fail(MESH_ERR_RESET, "%s", conn->stream->line);
    else
        mesh__stream_end(conn->stream);
    conn->ended = true;
    mesh__loop_leave(conn->lane->loop);
    return mesh__error_out(error, rc);
}

int mesh_conn_want(const mesh_conn *conn)
{
    if (!conn)
        return 0;
    return MESH_WANT_READ |
           (mesh__stream_backlog(conn->stream) ? MESH_WANT_WRITE : 0);
}

int mesh_conn_fd(const mesh_conn *conn)
{
    return conn ? conn->stream->fd : -1;
}

const char *mesh_conn_peer(const mesh_conn *conn)
{
    return conn ? conn->peer : "";
}

const char *mesh_conn_address(const mesh_conn *conn)
{
    return conn ? conn->address : "";
}

void mesh_conn_free(mesh_conn *conn)
{
    if (!conn)
        return;
    if (check_lane(conn->lane) == 0) {
        mesh__loop_enter(conn->lane->loop);
        if (conn->plain.env)
            mesh__plain_close(&conn->plain, !conn->plain.ready);
        else if (conn->arrival)
            mesh__arrival_close(conn->arrival, false);
        else if (conn->stream)
            mesh__stream_close(conn->stream, NULL, !conn->settled);
        mesh__loop_leave(conn->lane->loop);
        if (conn->listener)
            listener_unref(conn->listener);
        if (conn->config)
            conn->config->engine->config_unref(conn->config);
        mesh__lane_unref(conn->lane);
    }
    mesh__error_clear();
    mesh__free(conn);
}
