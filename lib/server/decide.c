/*
 * decide.c - the deciding steps of an exchange: name and allow.
 *
 * Gives the request its one canonical path, its principal and the headers that
 * a sidecar adds, then asks authz/. Declines to move a byte.
 */
#include "server/inside.h"

#include "base/error.h"
#include "base/text.h"
#include "value/duration.h"

/* --- name: texts --- */

static const char *keep(struct mesh_inbound_exchange *exchange,
                        const char *text)
{
    return text[0] ? mesh__arena_strdup(&exchange->arena, text) : "";
}

static int name_peer(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    const struct mesh_stream *stream = mesh__serve_stream(connection);
    const struct mesh_peer *peer = mesh__stream_peer(stream);
    struct mesh_tls_info info;

    mesh__stream_info(stream, &info);
    exchange->principal = keep(exchange, peer ? peer->id : "");
    exchange->peer = keep(exchange, connection->peer);
    exchange->protocol = info.protocol;
    exchange->cipher = keep(exchange, info.cipher);
    exchange->sni = keep(exchange, info.sni);
    return exchange->principal && exchange->peer && exchange->cipher &&
                   exchange->sni
               ? 0
               : MESH_ERR_NOMEM;
}

/*
 * Who sent it, as sidecars believe: the last one that x-forwarded-for names
 * (use_remote_address is off and no proxy is trusted).
 */
static void name_remote(struct mesh_inbound_exchange *exchange)
{
    struct mesh_address address;

    if (mesh__address_parse_ip(
            mesh__head_last(&exchange->head, MESH__H_X_FORWARDED_FOR),
            &address))
        exchange->remote = address;
}

/* --- name: headers --- */

/* A hop's own business: nothing a peer sends here has any effect. */
static void strip(struct mesh_head *head)
{
    size_t kept = 0;

    for (size_t i = 0; i < head->count; i++)
        if (!mesh__header_is_hops(head->headers[i].name) &&
            head->headers[i].id != MESH__H_X_ENVOY_DECORATOR_OPERATION)
            head->headers[kept++] = head->headers[i];
    head->count = kept;
}

static int add(struct mesh_inbound_exchange *exchange, enum mesh_header_id id,
               struct mesh_slice value)
{
    return mesh__head_add(&exchange->head, &exchange->arena, SIZE_MAX,
                          mesh__header_name(id), value);
}

static int add_copy(struct mesh_inbound_exchange *exchange,
                    enum mesh_header_id id, const char *text)
{
    char *copy = mesh__arena_strdup(&exchange->arena, text);

    return copy ? add(exchange, id, mesh__slice_of(copy)) : MESH_ERR_NOMEM;
}

/* x-forwarded-proto is believed; without it the transport says. */
static int name_scheme(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    bool tls = mesh__serve_stream(connection)->tls != NULL;
    struct mesh_slice proto;

    exchange->head.scheme = tls ? MESH__SLICE("https") : MESH__SLICE("http");
    if (!mesh__head_get(&exchange->head, MESH__H_X_FORWARDED_PROTO, &proto))
        return add(exchange, MESH__H_X_FORWARDED_PROTO, exchange->head.scheme);
    exchange->head.scheme = mesh__head_scheme(&exchange->head);
    return 0;
}

static int name_request(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    struct mesh_loop *loop = mesh__serve_loop(connection);
    char id[MESH__REQUEST_ID + 1];
    int rc;

    if (mesh__head_get(&exchange->head, MESH__H_X_REQUEST_ID,
                       &exchange->request_id))
        return 0;
    mesh__request_id(mesh__loop_random(loop), mesh__loop_random(loop), id);
    rc = add_copy(exchange, MESH__H_X_REQUEST_ID, id);
    if (rc == 0)
        (void)mesh__head_get(&exchange->head, MESH__H_X_REQUEST_ID,
                             &exchange->request_id);
    return rc;
}

/* The context goes on under our span, with a tracestate even if empty. */
static int put_trace(struct mesh_inbound_exchange *exchange)
{
    struct mesh_head *head = &exchange->head;
    char text[MESH__TRACEPARENT_LEN + 1];
    struct mesh_slice none = { 0 };
    int rc;

    (void)mesh__head_edit(head, &exchange->arena, MESH__EDIT_REMOVE,
                          mesh__header_name(MESH__H_TRACEPARENT), none);
    (void)mesh__head_edit(head, &exchange->arena, MESH__EDIT_REMOVE,
                          mesh__header_name(MESH__H_TRACESTATE), none);
    mesh__trace_print(&exchange->trace, text);
    rc = add_copy(exchange, MESH__H_TRACEPARENT, text);
    if (rc < 0)
        return rc;
    return add(exchange, MESH__H_TRACESTATE, exchange->tracestate);
}

/* Continue the caller's trace, or begin one; a malformed one is none. */
static int name_trace(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    const struct mesh_telemetry_policy *policy =
        &exchange->hold->snapshot->telemetry;
    struct mesh_slice header;
    struct mesh_trace parent;
    bool continued;
    uint64_t draws[4];

    if (!connection->server->env->tracing || !policy->tracing)
        return 0;
    continued =
        mesh__head_get(&exchange->head, MESH__H_TRACEPARENT, &header) &&
        mesh__trace_parse(header, &parent, NULL) == MESH__TRACE_CONTINUE;
    if (continued &&
        mesh__head_get(&exchange->head, MESH__H_TRACESTATE, &header) &&
        mesh__tracestate_valid(header))
        exchange->tracestate = header;
    for (size_t i = 0; i < sizeof(draws) / sizeof(draws[0]); i++)
        draws[i] = mesh__loop_random(mesh__serve_loop(connection));
    mesh__trace_begin(continued ? &parent : NULL, policy->sampling_per_10k,
                      draws, &exchange->trace, exchange->parent_span);
    exchange->traced = true;
    return put_trace(exchange);
}

/*
 * The codec keeps the length to itself; an application sees it where a sidecar
 * leaves it: behind the caller's own lines, or at the end when the caller's
 * sidecar had to say 0.
 */
static int show_length(struct mesh_inbound_exchange *exchange)
{
    struct mesh_head *head = &exchange->head;
    size_t at = 0;
    const char *text;
    int rc;

    if (head->body != MESH__BODY_LENGTH)
        return 0;
    text = mesh__arena_number(&exchange->arena, head->body_bytes);
    rc = text ? add(exchange, MESH__H_CONTENT_LENGTH, mesh__slice_of(text))
              : MESH_ERR_NOMEM;
    if (rc < 0 || head->body_bytes == 0)
        return rc;
    while (head->headers[at].id != MESH__H_X_FORWARDED_PROTO &&
           at < head->count - 1)
        at++;
    for (size_t i = head->count - 1; i > at; i--) {
        struct mesh_header line = head->headers[i];

        head->headers[i] = head->headers[i - 1];
        head->headers[i - 1] = line;
    }
    return 0;
}

/* What a sidecar's own codec would write towards its application. */
static int show_framing(struct mesh_inbound_exchange *exchange)
{
    static const char *const without[] = { "GET", "HEAD", "DELETE", "TRACE" };
    const struct mesh_head *head = &exchange->head;

    if (head->body == MESH__BODY_CHUNKED)
        return add(exchange, MESH__H_TRANSFER_ENCODING, MESH__SLICE("chunked"));
    if (head->body != MESH__BODY_NONE)
        return 0;
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
        if (mesh__slice_is(head->method, without[i]))
            return 0;
    return add(exchange, MESH__H_CONTENT_LENGTH, MESH__SLICE("0"));
}

static int name_headers(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    int rc;

    strip(&exchange->head);
    rc = show_length(exchange);
    if (rc == 0)
        rc = name_scheme(connection);
    if (rc == 0)
        rc = name_request(connection);
    if (rc == 0 && connection->client_cert)
        rc = add_copy(exchange, MESH__H_X_FORWARDED_CLIENT_CERT,
                      connection->client_cert);
    return rc < 0 ? rc : name_trace(connection);
}

/* --- name: what no handler gets to see --- */

/* A refusal that closes, as Envoy's of a request that is no good (400). */
static enum mesh_answer refuse(struct mesh_connection *connection,
                               unsigned status, const char *details)
{
    connection->last = true;
    return mesh__serve_reply(connection, status, details, "");
}

static enum mesh_answer check_method(struct mesh_connection *connection)
{
    const struct mesh_head *head = &connection->exchange->head;
    struct mesh_slice type;

    if (mesh__slice_is(head->method, "CONNECT")) {
        mesh__flags_set(&connection->exchange->flags, MESH__FLAG_NR);
        return refuse(connection, 404, "route_not_found");
    }
    if (mesh__slice_is(head->method, "QUERY") &&
        !mesh__head_get(head, MESH__H_CONTENT_TYPE, &type))
        return refuse(connection, 400, "query_missing_content_type");
    return MESH__NEXT;
}

static enum mesh_answer check_path(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;

    switch (mesh__path_normalize(exchange->hold->snapshot->path_mode,
                                 exchange->head.path, &exchange->arena,
                                 &exchange->path)) {
    case MESH__PATH_OK:
        exchange->head.path = exchange->path;
        return MESH__NEXT;
    case MESH__PATH_BAD:
        return refuse(connection, 400, "path_normalization_failed");
    case MESH__PATH_NOT_FOUND:
        return mesh__serve_reply(connection, 404,
                                 exchange->head.path.len
                                     ? "absolute_path_rejected"
                                     : "missing_path_rejected",
                                 "");
    case MESH__PATH_NOMEM:
        break;
    }
    return mesh__serve_failed(connection, MESH_ERR_NOMEM);
}

enum mesh_answer mesh__serve_name(struct mesh_connection *connection)
{
    enum mesh_answer answer;
    int rc = name_peer(connection);

    if (rc < 0)
        return mesh__serve_failed(connection, rc);
    name_remote(connection->exchange);
    answer = check_method(connection);
    if (answer == MESH__NEXT)
        answer = check_path(connection);
    if (answer != MESH__NEXT)
        return answer;
    rc = name_headers(connection);
    return rc < 0 ? mesh__serve_failed(connection, rc) : MESH__NEXT;
}

/* --- allow --- */

static struct mesh_authz_request question(
    const struct mesh_connection *connection)
{
    const struct mesh_inbound_exchange *exchange = connection->exchange;
    const struct mesh_head *head = &exchange->head;

    return (struct mesh_authz_request){
        .http = true,
        .principal_known =
            exchange->principal[0] ? MESH__PRESENT : MESH__ABSENT,
        .principal = mesh__slice_of(exchange->principal),
        .source_ip_known = MESH__PRESENT,
        .source_ip = exchange->from,
        .remote_ip_known = MESH__PRESENT,
        .remote_ip = exchange->remote,
        .destination_ip_known = MESH__PRESENT,
        .destination_ip = exchange->to,
        .port_known = MESH__PRESENT,
        .port = connection->server->door.policy_port,
        .sni_known = exchange->sni[0] ? MESH__PRESENT : MESH__ABSENT,
        .sni = mesh__slice_of(exchange->sni),
        .method_known = MESH__PRESENT,
        .method = head->method,
        .path_known = MESH__PRESENT,
        .path = exchange->path,
        .host_known = MESH__PRESENT,
        .host = head->authority,
        .headers_known = MESH__PRESENT,
        .headers = head,
    };
}

/* The reason is for our log, never for the peer. */
static void log_denial(struct mesh_connection *connection,
                       const struct mesh_authz_request *request,
                       const struct mesh_authz_verdict *verdict)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    struct mesh_server_env *env = connection->server->env;
    uint64_t now_ns = mesh__loop_now(mesh__serve_loop(connection));
    char reason[448];

    mesh__count(&env->stats.denied);
    if (!mesh__rate_passes(&connection->server->door.denied, now_ns))
        return;
    mesh__authz_print(exchange->hold->snapshot, request, verdict, reason,
                      sizeof(reason));
    mesh__log_write(env->log, env->denied_event, "%s (%s) %.*s %.*s denied: %s",
                    exchange->peer,
                    exchange->principal[0] ? exchange->principal : "plaintext",
                    (int)request->method.len, request->method.at,
                    (int)(request->path.len > 128 ? 128 : request->path.len),
                    request->path.at, reason);
}

enum mesh_answer mesh__serve_allow(struct mesh_connection *connection)
{
    struct mesh_inbound_exchange *exchange = connection->exchange;
    struct mesh_authz_request request = question(connection);
    struct mesh_authz_verdict verdict;
    const char *detail;

    exchange->routed = true;
    mesh__authz_check(exchange->hold->snapshot, &request, &verdict, NULL);
    if (verdict.allowed && show_framing(exchange) < 0)
        return mesh__serve_failed(connection, MESH_ERR_NOMEM);
    if (verdict.allowed)
        return MESH__NEXT;
    log_denial(connection, &request, &verdict);
    detail = keep(exchange, verdict.detail);
    return mesh__serve_reply(connection, 403, detail ? detail : "",
                             "RBAC: access denied");
}
