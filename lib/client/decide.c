/*
 * decide.c - the deciding steps of a call: route, pick and judge.
 *
 * Asks traffic/ and writes down the answer. Declines to move a byte.
 */
#include "client/inside.h"

#include "base/error.h"
#include "value/duration.h"
#include "value/grpc.h"

#include <stdio.h>

static struct mesh_loop *loop_of(const struct mesh_client *client)
{
    return client->env->link->loop;
}

static uint64_t draw(void *user)
{
    struct mesh_client *client = user;

    return mesh__loop_random(loop_of(client));
}

/* --- route --- */

/* What each routing outcome but OK is answered with, as the sidecar does. */
static const struct {
    int code;
    unsigned status;
    enum mesh_flag flag;
    const char *details;
    const char *text;
} refusals[] = {
    [MESH__ROUTE_NO_HOST] = { MESH_ERR_NO_DESTINATION, 502, MESH__FLAG_NONE,
                              "direct_response",
                              "no service of the policy has this name" },
    [MESH__ROUTE_NO_RULE] = { MESH_ERR_NO_ROUTE, 404, MESH__FLAG_NR,
                              "route_not_found",
                              "no rule matches this request" },
    [MESH__ROUTE_NO_DESTINATION] = { MESH_ERR_NO_DESTINATION, 503,
                                     MESH__FLAG_NC, "cluster_not_found",
                                     "the route's destination is not known" },
    [MESH__ROUTE_BAD_PATH] = { MESH_ERR_INVALID, 400, MESH__FLAG_NONE,
                               "path_normalization_failed",
                               "the path cannot be normalized" },
    [MESH__ROUTE_NO_PATH] = { MESH_ERR_INVALID, 404, MESH__FLAG_NONE,
                              "missing_path_rejected",
                              "the path does not begin with a slash" },
    [MESH__ROUTE_LIMIT] = { MESH_ERR_LOCAL_RESPONSE, 500, MESH__FLAG_NONE,
                            "regex_limit",
                            "a regular expression met its step limit" },
    [MESH__ROUTE_BAD_TARGET] = { MESH_ERR_INVALID, 400, MESH__FLAG_NONE,
                                 "path_rewrite_failed",
                                 "the rule makes a path of it that cannot be "
                                 "sent" },
    [MESH__ROUTE_NOMEM] = { MESH_ERR_NOMEM, 0, MESH__FLAG_NONE, "",
                            "out of memory" },
};

enum mesh_answer mesh__client_refuse(struct mesh_client *client)
{
    enum mesh_route_outcome outcome = client->route.outcome;
    const struct mesh_head *head = &client->request->head;
    const struct mesh_arm *arm = client->route.arm;
    const struct mesh_local local = { .code = refusals[outcome].code,
                                      .status = refusals[outcome].status,
                                      .details = refusals[outcome].details };

    (void)mesh__fail(
        refusals[outcome].code, "%.*s%.*s: %s%s%s", (int)head->authority.len,
        head->authority.at, (int)(head->path.len > 64 ? 64 : head->path.len),
        head->path.at, refusals[outcome].text, arm && arm->missing ? ": " : "",
        arm && arm->missing ? arm->missing : "");
    if (refusals[outcome].status == 0) {
        mesh__outcome_only(client, refusals[outcome].code, mesh__error_line());
        return MESH__DONE;
    }
    if (refusals[outcome].flag)
        mesh__flags_set(&client->outcome.flags, refusals[outcome].flag);
    if (outcome == MESH__ROUTE_NO_HOST)
        client->outcome.route = "block_all";
    mesh__reply_locally(client, &local);
    return MESH__DONE;
}

/* This hop's span and request id; a parent's are continued. */
static void begin_trace(struct mesh_client *client)
{
    const struct mesh_client_request *request = client->request;
    const struct mesh_telemetry_policy *policy =
        &client->hold->snapshot->telemetry;
    static const uint8_t none[16];
    struct mesh_trace parent;
    const char *reason;
    bool continued = false;
    uint64_t draws[4];
    struct mesh_slice header;

    if (request->request_id.len == 0)
        mesh__request_id(draw(client), draw(client), client->request_id);
    if (!client->env->tracing || !policy->tracing)
        return;
    if (request->has_parent &&
        memcmp(request->parent.trace_id, none, sizeof(none)) != 0) {
        parent = request->parent;
        continued = true;
    } else if (mesh__head_get(&request->head, MESH__H_TRACEPARENT, &header)) {
        continued =
            mesh__trace_parse(header, &parent, &reason) == MESH__TRACE_CONTINUE;
    }
    for (size_t i = 0; i < 4; i++)
        draws[i] = draw(client);
    mesh__trace_begin(continued ? &parent : NULL, policy->sampling_per_10k,
                      draws, &client->trace, client->parent_span);
    client->traced = true;
    client->outcome.trace = client->trace;
    client->outcome.traced = true;
}

/* A copy goes where its original's rule said, and nowhere else. */
static void route_copy(struct mesh_client *client)
{
    static const struct mesh_route_rule rule = { .name = "" };
    const struct mesh_client_request *request = client->request;
    struct mesh_route *route = &client->route;

    client->head = request->head;
    route->rule = &rule;
    route->path = route->target = request->head.path;
    route->timeout_ns = request->timeout_ns;
    route->destination = mesh__snapshot_destination(
        client->hold->snapshot, mesh__slice_of(request->to_host),
        request->to_port, mesh__slice_of(request->to_subset));
    route->outcome =
        route->destination ? MESH__ROUTE_OK : MESH__ROUTE_NO_DESTINATION;
}

/* By the policy; asked again once awaited names are there. */
static void route_call(struct mesh_client *client)
{
    const struct mesh_client_request *request = client->request;

    if (!client->awaits_names) {
        begin_trace(client);
        if (mesh__request_head(request, mesh__slice_of(client->request_id),
                               &client->arena, &client->head) < 0) {
            client->route.outcome = MESH__ROUTE_NOMEM;
            return;
        }
    }
    client->draw = draw(client);
    mesh__route_find(client->hold->snapshot, &client->head, request->port,
                     client->draw, &client->arena, &client->route, NULL);
}

enum mesh_answer mesh__step_route(struct mesh_client *client)
{
    if (client->request->is_copy)
        route_copy(client);
    else
        route_call(client);
    if (!client->route.rule)
        return mesh__client_refuse(client);
    client->outcome.route = client->route.rule->name;
    if (!client->route.destination)
        return MESH__NEXT;
    if (mesh__await_names(client))
        return MESH__WAIT;
    client->outcome.destination = client->route.destination->name;
    client->outcome.subset = client->route.destination->subset;
    return MESH__NEXT;
}

/* --- pick --- */

/* Of the destination's endpoints; outcome is settled when there is none. */
static enum mesh_answer pick_endpoint(struct mesh_client *client)
{
    const struct mesh_draws draws = { draw, client };
    const struct mesh_route_rule *rule = client->route.rule;
    struct mesh_pick_ask ask = {
        .now_ns = mesh__loop_now(loop_of(client)),
        .draws = &draws,
        .tried = client->tried,
        .tried_count = client->tried_count,
        .re_picks = rule->retry.host_picks,
        .leave_priorities = rule->retry.leave_priorities,
    };

    if (mesh__key_balances(client->route.destination)) {
        mesh__key_find(rule->hashes, rule->hash_count, &client->head,
                       &client->hold->snapshot->self, &draws, &client->key,
                       NULL);
        ask.has_key = client->key.known;
        ask.key = client->key.hash;
    }
    mesh__pick(client->route.destination, &ask, &client->pick, NULL);
    if (!client->pick.endpoint) {
        (void)mesh__fail(MESH_ERR_NO_ENDPOINT,
                         "%s has no endpoint that may be used",
                         client->route.destination->name);
        return mesh__attempt_failed(client, MESH__FAILURE_NO_ENDPOINT,
                                    MESH_ERR_NO_ENDPOINT);
    }
    if (client->tried_count < MESH__TRIED_MAX)
        client->tried[client->tried_count++] = client->pick.index;
    return MESH__NEXT;
}

enum mesh_answer mesh__step_pick(struct mesh_client *client)
{
    bool original = client->route.destination->original;
    enum mesh_answer answer;

    if (client->backoff.place && !client->awaited_ns)
        return MESH__WAIT;
    client->picked = true;
    answer = original ? mesh__pick_original(client) : pick_endpoint(client);
    if (answer != MESH__NEXT)
        return answer;
    client->outcome.endpoint = client->pick.endpoint->text;
    client->outcome.workload = client->pick.endpoint->workload;
    client->outcome.attempts++;
    client->attempt_ns = mesh__loop_now(client->env->link->loop);
    if (!client->request->is_copy)
        mesh__count(&client->env->stats.attempts);
    if (client->outcome.attempts > 1)
        mesh__count(&client->env->stats.retries);
    return MESH__NEXT;
}

/* --- judge --- */

/* What the answer counts as: for a gRPC caller its grpc-status, if its head
 * has one. */
static unsigned status_of(const struct mesh_client *client)
{
    const struct mesh_head *response = &client->outcome.response;
    struct mesh_slice value;
    unsigned status = 0;

    if (mesh__head_get(&client->request->head, MESH__H_CONTENT_TYPE, &value) &&
        mesh__grpc_is(value) &&
        mesh__head_get(response, MESH__H_GRPC_STATUS, &value))
        status = mesh__grpc_http_status(value);
    return status ? status : response->status;
}

static void report(struct mesh_client *client)
{
    struct mesh_ejection ejection = { 0 };
    enum mesh_result result;

    switch (client->failure) {
    case MESH__FAILURE_NONE:
        result = MESH__RESULT_STATUS;
        break;
    case MESH__FAILURE_CONNECT:
    case MESH__FAILURE_CONNECT_TIMEOUT:
    case MESH__FAILURE_RESET:
    case MESH__FAILURE_PROTOCOL:
        result = MESH__RESULT_CONNECT_FAILED;
        break;
    case MESH__FAILURE_PER_TRY_TIMEOUT:
    case MESH__FAILURE_TIMEOUT:
        result = MESH__RESULT_TIMEOUT;
        break;
    default:
        return; /* nothing that the endpoint did */
    }
    if (!client->pick.endpoint)
        return;
    mesh__outlier_report(client->route.destination, client->pick.index, result,
                         status_of(client), mesh__loop_now(loop_of(client)),
                         &ejection);
    if (ejection.ejected)
        mesh__log_write(client->env->log, client->env->ejected_event,
                        "%s: %s ejected: %s %u",
                        client->route.destination->name,
                        client->pick.endpoint->text, ejection.cause,
                        (unsigned)ejection.for_count);
}

static bool wait_for(struct mesh_client *client, uint64_t wait_ns)
{
    return wait_ns == 0 ||
           mesh__loop_set_timer(
               loop_of(client), &client->backoff,
               mesh__time_add(mesh__loop_now(loop_of(client)), wait_ns)) == 0;
}

static bool again(struct mesh_client *client)
{
    const struct mesh_attempt_end end = {
        .failure = client->failure,
        .response = &client->outcome.response,
        .sent = client->outcome.sent != MESH__SENT_NEVER,
        .reused = client->reused,
    };
    uint64_t now_ns = mesh__loop_now(loop_of(client));
    uint64_t wait_ns = 0;

    if (!client->replayable)
        return false;
    switch (mesh__retry_decide(&client->route.rule->retry,
                               client->route.destination, &client->retry, &end,
                               client->request->idempotent, now_ns,
                               draw(client), &wait_ns, NULL)) {
    case MESH__RETRY_YES:
        return wait_for(client, wait_ns);
    case MESH__RETRY_LIMIT:
        mesh__flags_set(&client->outcome.flags, MESH__FLAG_URX);
        return false;
    case MESH__RETRY_OVERFLOW:
        mesh__flags_set(&client->outcome.flags, MESH__FLAG_UO);
        return false;
    case MESH__RETRY_NO:
        break;
    }
    return false;
}

/* Of each destination of the route that wants one. */
static int add_cookies(struct mesh_client *client)
{
    const struct mesh_route_rule *rule = client->route.rule;
    struct mesh_head *head = &client->outcome.response;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < rule->hash_count; i++) {
        const char *cookie;

        if (!mesh__key_made(&client->key, i))
            continue;
        cookie =
            mesh__key_cookie(&client->key, rule->hashes[i], &client->arena);
        rc = !cookie ? MESH_ERR_NOMEM
                     : mesh__head_add(head, &client->arena, head->count + 1,
                                      MESH__SLICE("set-cookie"),
                                      mesh__slice_of(cookie));
    }
    return rc;
}

/* The cookies that are to bring the caller back to this endpoint, once for
 * each attempt (seen: Envoy 1.40). */
static int set_cookies(struct mesh_client *client)
{
    int rc = 0;

    if (!client->key.made)
        return 0;
    for (unsigned i = 0; rc == 0 && i < client->outcome.attempts; i++)
        rc = add_cookies(client);
    return rc;
}

/* The head that the caller sees is settled: nothing is tried again. */
static int finish_head(struct mesh_client *client)
{
    int rc = mesh__edit_response(client, &client->outcome.response);

    if (rc == 0)
        rc = mesh__reply_date(client);
    return rc < 0 ? rc : set_cookies(client);
}

enum mesh_answer mesh__step_judge(struct mesh_client *client)
{
    mesh__note_sent(client);
    report(client);
    if (again(client)) {
        mesh__attempt_end(client, false);
        client->failure = MESH__FAILURE_NONE;
        client->outcome.status = 0;
        return MESH__BACK;
    }
    if (client->failure == MESH__FAILURE_NONE && finish_head(client) < 0)
        (void)mesh__attempt_failed(client, MESH__FAILURE_LOCAL, MESH_ERR_NOMEM);
    if (client->failure != MESH__FAILURE_NONE) {
        mesh__attempt_end(client, false);
        mesh__reply_failure(client);
        return MESH__DONE;
    }
    client->outcome.details = "via_upstream";
    client->head_ready = true;
    return MESH__NEXT;
}
