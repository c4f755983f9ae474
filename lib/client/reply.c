/*
 * reply.c - what we say in a server's place, and the facts of the end.
 *
 * Knows Envoy's local replies (semantics: router.cc, utility.cc). Declines to
 * decide when they are due.
 */
#include "client/inside.h"

#include "base/error.h"
#include "value/date.h"
#include "value/duration.h"
#include "value/grpc.h"

#include <stdio.h>

enum { LOCAL_HEADERS = 8 };

/* One row for each failure that ends a call. */
static const struct {
    unsigned status; /* 0: nothing that HTTP could say */
    enum mesh_flag flag;
    int code;           /* 0: the attempt's own           */
    const char *reason; /* Envoy's reset reason, or NULL  */
    const char *body;   /* instead of a reset reason      */
    const char *details;
} failures[] = {
    [MESH__FAILURE_CONNECT] = { 503, MESH__FLAG_UF, 0,
                                "remote connection failure", NULL,
                                "upstream_reset_before_response_started{remote_"
                                "connection_failure}" },
    [MESH__FAILURE_CONNECT_TIMEOUT] = { 503, MESH__FLAG_UF, MESH_ERR_CONNECT,
                                        "connection timeout", NULL,
                                        "upstream_reset_before_response_"
                                        "started{connection_timeout}" },
    [MESH__FAILURE_RESET] = { 503, MESH__FLAG_UC, MESH_ERR_RESET,
                              "connection termination", NULL,
                              "upstream_reset_before_response_started{"
                              "connection_termination}" },
    [MESH__FAILURE_PROTOCOL] = { 502, MESH__FLAG_UPE, MESH_ERR_PROTOCOL,
                                 "protocol error", NULL,
                                 "upstream_reset_before_response_started{"
                                 "protocol_error}" },
    [MESH__FAILURE_PER_TRY_TIMEOUT] = { 504, MESH__FLAG_UT, MESH_ERR_TIMEOUT,
                                        NULL, "upstream request timeout",
                                        "upstream_per_try_timeout" },
    [MESH__FAILURE_TIMEOUT] = { 504, MESH__FLAG_UT, MESH_ERR_TIMEOUT, NULL,
                                "upstream request timeout",
                                "response_timeout" },
    [MESH__FAILURE_OVERFLOW] = { 503, MESH__FLAG_UO, MESH_ERR_OVERFLOW,
                                 "overflow", NULL,
                                 "upstream_reset_before_response_started{"
                                 "overflow}" },
    [MESH__FAILURE_NO_ENDPOINT] = { 503, MESH__FLAG_UH, MESH_ERR_NO_ENDPOINT,
                                    NULL, "no healthy upstream",
                                    "no_healthy_upstream" },
    [MESH__FAILURE_NAME] = { 503, MESH__FLAG_DF, MESH_ERR_RESOLVE, NULL,
                             "DNS resolution failure",
                             "dns_resolution_failure" },
    [MESH__FAILURE_LOCAL] = { 0, MESH__FLAG_NONE, 0, NULL, NULL, "" },
};

enum mesh_answer mesh__attempt_failed(struct mesh_client *client,
                                      enum mesh_failure failure, int code)
{
    client->failure = failure;
    client->failure_code = code;
    (void)snprintf(client->outcome.line, sizeof(client->outcome.line), "%.*s",
                   (int)sizeof(client->outcome.line) - 1, mesh__error_line());
    mesh__error_clear();
    return MESH__JUDGE;
}

void mesh__outcome_only(struct mesh_client *client, int code, const char *line)
{
    client->outcome.code = code;
    if (line != client->outcome.line)
        (void)snprintf(client->outcome.line, sizeof(client->outcome.line),
                       "%.*s", (int)sizeof(client->outcome.line) - 1, line);
    mesh__error_clear();
}

static int set(struct mesh_client *client, enum mesh_header_id id,
               const char *value)
{
    if (!value)
        return MESH_ERR_NOMEM;
    return mesh__head_edit(&client->outcome.response, &client->arena,
                           MESH__EDIT_SET, mesh__header_name(id),
                           mesh__slice_of(value));
}

/* As a sidecar's codec frames it towards its application. */
static int describe_length(struct mesh_client *client, size_t length)
{
    unsigned status = client->outcome.status;

    if (length)
        return set(client, MESH__H_CONTENT_LENGTH,
                   mesh__arena_format(&client->arena, "%zu", length));
    if (status == 204 || status == 304)
        return 0;
    return mesh__slice_is(client->request->head.method, "HEAD")
               ? set(client, MESH__H_TRANSFER_ENCODING, "chunked")
               : set(client, MESH__H_CONTENT_LENGTH, "0");
}

static int describe_grpc(struct mesh_client *client,
                         const struct mesh_local *local)
{
    int rc = describe_length(client, 0);

    if (rc == 0)
        rc = set(client, MESH__H_CONTENT_TYPE, "application/grpc");
    if (rc == 0)
        rc = set(client, MESH__H_GRPC_STATUS,
                 local->grpc ? local->grpc : mesh__grpc_status(local->status));
    if (rc == 0 && local->body.len)
        rc = set(client, MESH__H_GRPC_MESSAGE,
                 mesh__grpc_message(&client->arena, local->body));
    return rc;
}

/* A text, of the type that the policy gave it, if it did. */
static int describe_text(struct mesh_client *client, struct mesh_slice body)
{
    struct mesh_head *head = &client->outcome.response;
    struct mesh_slice type;
    int rc = describe_length(client, body.len);

    if (rc < 0)
        return rc;
    if (body.len == 0)
        return mesh__head_edit(head, &client->arena, MESH__EDIT_REMOVE,
                               mesh__header_name(MESH__H_CONTENT_TYPE),
                               (struct mesh_slice){ 0 });
    return mesh__head_get(head, MESH__H_CONTENT_TYPE, &type)
               ? 0
               : set(client, MESH__H_CONTENT_TYPE, "text/plain");
}

/* A preflight's answer comes before the router, and is its own. */
static int edit_local(struct mesh_client *client,
                      const struct mesh_local *local)
{
    struct mesh_head *head = &client->outcome.response;
    int rc = 0;

    if (local->cors)
        return mesh__cors_answer(local->cors, &client->cors, &client->head,
                                 &client->arena, head);
    if (client->failure == MESH__FAILURE_OVERFLOW)
        rc = set(client, MESH__H_X_ENVOY_OVERLOADED, "true");
    if (rc == 0 && local->location.len)
        rc = mesh__head_edit(head, &client->arena, MESH__EDIT_SET,
                             mesh__header_name(MESH__H_LOCATION),
                             local->location);
    return rc == 0 && client->route.rule ? mesh__edit_response(client, head)
                                         : rc;
}

int mesh__reply_date(struct mesh_client *client)
{
    char date[MESH__DATE + 1];
    struct mesh_slice there;

    if (mesh__head_get(&client->outcome.response, MESH__H_DATE, &there))
        return 0;
    mesh__date_print(
        mesh__loop_wall(client->env->link->loop) / (int64_t)MESH__S, date);
    return set(client, MESH__H_DATE, mesh__arena_strdup(&client->arena, date));
}

static int local_head(struct mesh_client *client,
                      const struct mesh_local *local, bool grpc)
{
    int rc = mesh__head_init(&client->outcome.response, &client->arena,
                             LOCAL_HEADERS);

    client->outcome.status = client->outcome.response.status =
        grpc ? 200 : local->status;
    if (rc == 0)
        rc = edit_local(client, local);
    if (rc == 0)
        rc = grpc ? describe_grpc(client, local)
                  : describe_text(client, local->body);
    return rc < 0 ? rc : mesh__reply_date(client);
}

/* HEAD is answered by a head, content-length included; so are statuses that
 * have no body. */
static bool shows_body(const struct mesh_client *client,
                       const struct mesh_local *local)
{
    return !mesh__slice_is(client->request->head.method, "HEAD") &&
           local->status != 204 && local->status != 304;
}

void mesh__reply_locally(struct mesh_client *client,
                         const struct mesh_local *local)
{
    struct mesh_slice type = { 0 };
    bool grpc =
        !local->cors &&
        mesh__head_get(&client->request->head, MESH__H_CONTENT_TYPE, &type) &&
        mesh__grpc_is(type);

    if (client->outcome.line[0] == '\0')
        mesh__outcome_only(client, local->code, mesh__error_line());
    client->outcome.code = local->code;
    client->outcome.details = local->details;
    client->outcome.local = true;
    if (local_head(client, local, grpc) < 0) {
        client->outcome.status = 0;
        mesh__outcome_only(client, MESH_ERR_NOMEM, "the local answer");
        return;
    }
    if (!grpc && shows_body(client, local))
        client->outcome.body = local->body;
    client->head_ready = true;
}

void mesh__reply_failure(struct mesh_client *client)
{
    enum mesh_failure failure = client->failure;
    struct mesh_local local = {
        .code = failures[failure].code ? failures[failure].code
                                       : client->failure_code,
        .status = failures[failure].status,
        .details = failures[failure].details,
    };
    const char *body = failures[failure].body;

    if (failures[failure].status == 0) {
        client->outcome.status = 0;
        mesh__outcome_only(client, local.code, client->outcome.line);
        return;
    }
    mesh__flags_set(&client->outcome.flags, failures[failure].flag);
    if (!body)
        body = mesh__arena_format(
            &client->arena,
            "upstream connect error or disconnect/reset before headers. "
            "%sreset reason: %s",
            client->outcome.attempts > 1 ? "retried and the latest " : "",
            failures[failure].reason);
    local.body = mesh__slice_of(body ? body : "");
    mesh__reply_locally(client, &local);
}

/* --- record --- */

/* In logs, Envoy counts an attempt from the moment that it has a route, also
 * one that finds no endpoint. */
static unsigned attempts_of(const struct mesh_client *client)
{
    unsigned attempts = client->outcome.attempts;
    bool nobody =
        client->failure == MESH__FAILURE_NO_ENDPOINT && !client->pick.endpoint;

    return client->picked && (attempts == 0 || nobody) ? attempts + 1
                                                       : attempts;
}

static struct mesh_facts facts_of(struct mesh_client *client)
{
    const struct mesh_head *head = &client->request->head;
    const struct mesh_client_outcome *outcome = &client->outcome;
    struct mesh_facts facts = {
        .start_wall_ns = client->start_wall_ns,
        .start_ns = client->start_ns,
        .end_ns = mesh__loop_now(client->env->link->loop),
        .method = head->method,
        .scheme = head->scheme,
        .path = client->route.path.len ? client->route.path : head->path,
        .target = client->route.rewritten ? client->route.target
                                          : (struct mesh_slice){ 0 },
        .authority = client->sent ? client->sent->authority : head->authority,
        .request_id = client->request->request_id.len
                          ? client->request->request_id
                          : mesh__slice_of(client->request_id),
        .protocol = "HTTP/1.1",
        .status = outcome->status,
        .flags = outcome->flags,
        .details = outcome->details,
        .termination = "",
        .transport_failure = mesh__flags_has(&outcome->flags, MESH__FLAG_UF)
                                 ? outcome->line
                                 : "",
        .bytes_received = client->request->streamed
                              ? client->given_total
                              : client->request->body_bytes,
        .bytes_sent = client->received + outcome->body.len,
        .attempts = attempts_of(client),
        .upstream_host = outcome->endpoint,
        .upstream_cluster = outcome->destination,
        .upstream_local = client->upstream_local,
        .downstream_local = client->pick.endpoint
                                ? client->pick.endpoint->address
                                : (struct mesh_address){ 0 },
        .downstream_remote = mesh__client_remote(client),
        .route_name = outcome->route,
        .peer = outcome->principal,
        .trace = client->trace,
        .traced = client->traced,
    };

    if (client->route.destination) {
        facts.destination = client->route.destination->host;
        facts.destination_port = client->route.destination->port;
    }
    if (client->head_ns && client->complete_ns && !outcome->local) {
        facts.upstream_ms = (client->head_ns - client->complete_ns) / MESH__MS;
        facts.has_upstream_ms = true;
    }
    if (!client->route.rewritten)
        (void)mesh__head_get(head, MESH__H_X_ENVOY_ORIGINAL_PATH, &facts.path);
    if (client->request->request_id.len == 0) /* the caller's own is kept */
        (void)mesh__head_get(head, MESH__H_X_REQUEST_ID, &facts.request_id);
    (void)mesh__head_get(head, MESH__H_USER_AGENT, &facts.user_agent);
    (void)mesh__head_get(head, MESH__H_X_FORWARDED_FOR, &facts.forwarded_for);
    memcpy(facts.parent_span, client->parent_span, sizeof(facts.parent_span));
    return facts;
}

enum mesh_answer mesh__step_record(struct mesh_client *client)
{
    struct mesh_loop *loop = client->env->link->loop;
    struct mesh_facts facts;

    mesh__attempt_end(client, false);
    mesh__origin_drop(&client->origin);
    mesh__loop_cancel_timer(loop, &client->deadline);
    mesh__loop_cancel_timer(loop, &client->timeout);
    mesh__loop_cancel_timer(loop, &client->backoff);
    if (client->route.destination)
        mesh__retry_end(client->route.destination, &client->retry);
    if (client->request->is_copy)
        return MESH__NEXT; /* nobody asked for it */
    if (client->outcome.code != MESH_OK)
        mesh__count(&client->env->stats.failed);
    if (client->env->record) {
        facts = facts_of(client);
        client->env->record(client->env->user, &facts);
    }
    if (client->route.destination)
        mesh__original_done(client->route.destination, &client->pick,
                            mesh__loop_now(loop));
    return MESH__NEXT;
}
