/*
 * routing.c - mesh_route, mesh_pick, mesh_report: decide for a program that
 * moves the bytes itself.
 */
#include "api/inside.h"

#include "base/alloc.h"
#include "traffic/budget.h"
#include "traffic/original.h"
#include "value/duration.h"

static int null_argument(mesh_error *error)
{
    return mesh__error_out(error,
                           mesh__fail(MESH_ERR_INVALID, "an argument is NULL"));
}

static uint64_t draw(void *user)
{
    const struct mesh_workload *workload = user;

    return workload->port->ops->random(workload->port);
}

/* Where the destination counts it: its connections, or its requests. */
static struct mesh_quota *quota_of(const struct mesh_routing *routing)
{
    struct mesh_live_quotas *quotas =
        mesh__live(routing->route.destination)->quotas;

    return routing->is_stream ? &quotas->connections : &quotas->requests;
}

/* From here on it counts as under way. */
static void count(struct mesh_routing *routing)
{
    mesh__quota_raise(quota_of(routing));
    mesh__quota_raise(&routing->pick.live->active);
    routing->picked = true;
}

/* What is under way, if there is anything, no longer counts. */
static void put_back(struct mesh_routing *routing)
{
    if (routing->picked) {
        mesh__quota_lower(quota_of(routing));
        mesh__quota_lower(&routing->pick.live->active);
    }
    routing->picked = routing->connected = false;
}

/* There is no endpoint any more. */
static void forget(struct mesh_routing *routing)
{
    if (routing->route.destination->original)
        mesh__original_done(routing->route.destination, &routing->pick,
                            mesh__kernel_now_ns());
    routing->pick = (struct mesh_pick){ .endpoint = NULL };
}

void mesh__routing_fini(struct mesh_routing *routing)
{
    if (!routing->workload)
        return;
    put_back(routing);
    if (routing->route.destination) {
        forget(routing);
        mesh__retry_end(routing->route.destination, &routing->retry);
    }
    mesh__arena_fini(&routing->arena);
    mesh__held_done(&routing->held);
    mesh__workload_unref(routing->workload);
    routing->workload = NULL;
}

static int code_of(enum mesh_route_outcome outcome)
{
    switch (outcome) {
    case MESH__ROUTE_OK:
        return MESH_OK;
    case MESH__ROUTE_NO_RULE:
        return mesh__fail(MESH_ERR_NO_ROUTE, "no rule matches this request");
    case MESH__ROUTE_NO_HOST:
    case MESH__ROUTE_NO_DESTINATION:
        return mesh__fail(MESH_ERR_NO_DESTINATION,
                          "the policy knows no such destination");
    case MESH__ROUTE_LIMIT:
        return mesh__fail(MESH_ERR_LOCAL_RESPONSE,
                          "a regular expression met its step limit");
    case MESH__ROUTE_NOMEM:
        return MESH_ERR_NOMEM;
    case MESH__ROUTE_REDIRECT:
    case MESH__ROUTE_DIRECT:
        return mesh__fail(MESH_ERR_LOCAL_RESPONSE,
                          "the rule answers by itself");
    case MESH__ROUTE_BAD_TARGET:
        return mesh__fail(MESH_ERR_INVALID, "the rule makes a path of it that "
                                            "cannot be sent");
    case MESH__ROUTE_BAD_PATH:
    case MESH__ROUTE_NO_PATH:
        break;
    }
    return mesh__fail(MESH_ERR_INVALID, "the path cannot be normalized");
}

/* --- route --- */

/* Where the caller would dial, as far as it is known here. */
static void note_dialled(struct mesh_routing *routing,
                         const struct mesh_asked *asked)
{
    routing->dialled =
        mesh__original_given(routing->route.destination, &asked->to.address,
                             asked->to.name, draw(routing->workload));
    if (!routing->dialled.port)
        routing->dialled.port = asked->to.port;
}

static const char *name_of(const struct mesh_routing *routing,
                           const struct mesh_stream_choice *stream)
{
    if (routing->route.rule)
        return routing->route.rule->name;
    if (stream->rule)
        return stream->rule->name;
    return routing->is_stream && routing->route.destination
               ? routing->held.hold->snapshot->allow_any->name
               : NULL;
}

/* All that is needed of what was asked, while it is here to be looked at. */
static void find(struct mesh_routing *routing, struct mesh_asked *asked)
{
    const struct mesh_snapshot *snapshot = routing->held.hold->snapshot;
    const struct mesh_draws draws = { draw, routing->workload };
    struct mesh_stream_choice stream;

    mesh__asked_route(asked, snapshot, draw(routing->workload), &routing->arena,
                      &routing->route, &stream, NULL);
    routing->is_stream = asked->is_stream;
    routing->secure = asked->secure;
    routing->name = name_of(routing, &stream);
    routing->route.path = routing->route.target = mesh__slice("", 0);
    routing->route.authority = routing->route.path;
    if (routing->route.outcome != MESH__ROUTE_OK)
        return;
    if (routing->route.destination->original)
        note_dialled(routing, asked);
    else
        mesh__asked_key(asked, snapshot, &routing->route, &draws, &routing->key,
                        NULL);
}

static int route(struct mesh_workload *workload, struct mesh_asked *asked,
                 mesh_decision **out)
{
    struct mesh_decision *decision = mesh__decision_new();
    struct mesh_held held;
    int rc = decision ? mesh__held_take(workload, &held) : MESH_ERR_NOMEM;

    if (rc == 0) {
        decision->routing.held = held;
        decision->routing.workload = mesh__workload_ref(workload);
        mesh__arena_init(&decision->routing.arena, MESH__CLIENT_ARENA);
        find(&decision->routing, asked);
        rc = code_of(decision->routing.route.outcome);
    }
    if (rc == MESH_ERR_NOMEM)
        mesh_decision_free(decision);
    else
        *out = decision;
    return rc;
}

int mesh_route(mesh_workload *workload, const mesh_request *request,
               mesh_decision **out, mesh_error *error)
{
    struct mesh_asked asked;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !request || !out)
        return null_argument(error);
    rc = mesh__workload_check(workload);
    if (rc < 0)
        return mesh__error_out(error, rc);
    mesh__asked_of_request(request->request, &asked);
    return mesh__error_out(error, route(workload, &asked, out));
}

int mesh_route_attributes(mesh_workload *workload,
                          const mesh_attributes *attributes,
                          mesh_decision **out, mesh_error *error)
{
    struct mesh_asked asked;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !attributes || !out)
        return null_argument(error);
    rc = mesh__workload_check(workload);
    if (rc == 0)
        rc = mesh__asked_of_attributes(attributes, &asked);
    if (rc == 0)
        rc = route(workload, &asked, out);
    return mesh__error_out(error, rc);
}

/* --- pick --- */

static int pick_original(struct mesh_routing *routing)
{
    const struct mesh_destination *destination = routing->route.destination;

    if (!routing->dialled.family)
        return mesh__fail(MESH_ERR_RESOLVE,
                          "%s: goes to an address that was not set, and no "
                          "name is asked for here",
                          destination->name);
    return mesh__original_pick(destination, &routing->dialled,
                               mesh__kernel_now_ns(), &routing->arena,
                               &routing->pick);
}

/* No policy retries streams: one that is tried again avoids as much as what
 * istiod writes for requests. */
enum { STREAM_PICKS = 5 };

static int pick_endpoint(struct mesh_routing *routing)
{
    const struct mesh_draws draws = { draw, routing->workload };
    const struct mesh_route_rule *rule = routing->route.rule;
    const struct mesh_pick_ask ask = {
        .now_ns = mesh__kernel_now_ns(),
        .draws = &draws,
        .tried = routing->tried,
        .tried_count = routing->tried_count,
        .re_picks = rule ? rule->retry.host_picks : STREAM_PICKS,
        .leave_priorities = rule && rule->retry.leave_priorities,
        .has_key = routing->key.known,
        .key = routing->key.hash,
    };

    mesh__pick(routing->route.destination, &ask, &routing->pick, NULL);
    if (!routing->pick.endpoint)
        return mesh__fail(MESH_ERR_NO_ENDPOINT,
                          "%s has no endpoint that may be used",
                          routing->route.destination->name);
    if (routing->tried_count < MESH__TRIED_MAX)
        routing->tried[routing->tried_count++] = routing->pick.index;
    return 0;
}

static int pick(struct mesh_routing *routing)
{
    const struct mesh_destination *destination = routing->route.destination;
    const struct mesh_breaker_policy *breakers = &destination->breakers;
    int rc;

    if (!mesh__quota_has_room(quota_of(routing), routing->is_stream
                                                     ? breakers->max_connections
                                                     : breakers->max_requests))
        return mesh__fail(
            MESH_ERR_OVERFLOW, "%s: %s is reached", destination->name,
            routing->is_stream ? "maxConnections" : "http2MaxRequests");
    rc =
        destination->original ? pick_original(routing) : pick_endpoint(routing);
    if (rc < 0)
        return rc;
    count(routing);
    if (!routing->is_stream)
        mesh__budget_note(destination, mesh__kernel_now_ns());
    return 0;
}

int mesh_pick(mesh_decision *decision, mesh_error *error)
{
    struct mesh_routing *routing;

    if (!decision)
        return null_argument(error);
    routing = &decision->routing;
    if (!routing->workload || routing->route.outcome != MESH__ROUTE_OK)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_STATE, "there is no route to pick for"));
    if (routing->picked && !routing->connected)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_STATE, "the last pick has no report"));
    put_back(routing); /* a connection that is over */
    forget(routing);
    return mesh__error_out(error, pick(routing));
}

/* --- report --- */

/* What each public result is to the outlier detection and to the retries. */
static const struct {
    enum mesh_result result;
    enum mesh_failure failure;
} results[] = {
    [MESH_RESULT_STATUS] = { MESH__RESULT_STATUS, MESH__FAILURE_NONE },
    [MESH_RESULT_CONNECTED] = { MESH__RESULT_CONNECTED_TCP,
                                MESH__FAILURE_NONE },
    [MESH_RESULT_CONNECT_FAILED] = { MESH__RESULT_CONNECT_FAILED,
                                     MESH__FAILURE_CONNECT },
    [MESH_RESULT_RESET] = { MESH__RESULT_CONNECT_FAILED, MESH__FAILURE_RESET },
    [MESH_RESULT_TIMEOUT] = { MESH__RESULT_TIMEOUT,
                              MESH__FAILURE_PER_TRY_TIMEOUT },
};

static void report(struct mesh_routing *routing, int result, unsigned status)
{
    const struct mesh_destination *destination = routing->route.destination;
    struct mesh_ejection ejection = { 0 };

    mesh__outlier_report(destination, routing->pick.index,
                         results[result].result, status, mesh__kernel_now_ns(),
                         &ejection);
    if (ejection.ejected)
        mesh__log_write(&routing->workload->log, MESH_EVENT_EJECTED,
                        "%s: %s ejected: %s %u", destination->name,
                        routing->pick.endpoint->text, ejection.cause,
                        (unsigned)ejection.for_count);
}

/* Milliseconds until the next attempt, -1 for none. */
static int64_t again(struct mesh_routing *routing, int result, unsigned status)
{
    const struct mesh_head response = { .status = status };
    const struct mesh_attempt_end end = {
        .failure = results[result].failure,
        .response = result == MESH_RESULT_STATUS ? &response : NULL,
        .sent = result != MESH_RESULT_CONNECT_FAILED,
    };
    uint64_t wait_ns = 0;

    if (routing->is_stream || result == MESH_RESULT_CONNECTED ||
        mesh__retry_decide(&routing->route.rule->retry,
                           routing->route.destination, &routing->retry, &end,
                           -1, mesh__kernel_now_ns(), draw(routing->workload),
                           &wait_ns, NULL) != MESH__RETRY_YES)
        return -1;
    return (int64_t)(wait_ns / MESH__MS);
}

static int check_result(const struct mesh_routing *routing, int result,
                        int status)
{
    if (result < MESH_RESULT_STATUS || result > MESH_RESULT_TIMEOUT ||
        (result == MESH_RESULT_STATUS && (status < 100 || status > 599)))
        return mesh__fail(MESH_ERR_INVALID,
                          "a result, and with a response a status of 100 to "
                          "599, are wanted");
    if (!routing->picked || routing->connected)
        return mesh__fail(MESH_ERR_STATE, "nothing was picked");
    if (routing->is_stream && result == MESH_RESULT_STATUS)
        return mesh__fail(MESH_ERR_INVALID, "a stream has no status");
    return 0;
}

int mesh_report(mesh_decision *decision, int result, int status,
                int64_t *again_ms, mesh_error *error)
{
    struct mesh_routing *routing;
    int64_t wait_ms;
    int rc;

    if (again_ms)
        *again_ms = -1;
    if (!decision)
        return null_argument(error);
    routing = &decision->routing;
    rc = check_result(routing, result, status);
    if (rc < 0)
        return mesh__error_out(error, rc);
    report(routing, result,
           result == MESH_RESULT_STATUS ? (unsigned)status : 0);
    if (routing->is_stream && result == MESH_RESULT_CONNECTED)
        routing->connected = true; /* it counts until it is over */
    else
        put_back(routing);
    wait_ms = again(routing, result, (unsigned)status);
    if (again_ms)
        *again_ms = wait_ms;
    return mesh__error_out(error, 0);
}

/* --- what was decided --- */

/* Where the rule's names do not have the endpoint's own, it has to prove one of
 * those. */
static const char *principal(const struct mesh_destination *destination,
                             const struct mesh_endpoint *endpoint)
{
    const struct mesh_destination_tls *tls = &destination->tls;

    if (tls->mode == MESH__TLS_SIMPLE || tls->mode == MESH__TLS_MUTUAL)
        return NULL;
    for (size_t i = 0; endpoint->spiffe && i < tls->name_count; i++)
        if (!strcmp(tls->names[i], endpoint->spiffe))
            return endpoint->spiffe;
    return tls->name_count ? tls->names[0] : endpoint->spiffe;
}

static const char *tls_mode(const struct mesh_routing *routing)
{
    const struct mesh_destination *destination = routing->route.destination;
    const struct mesh_endpoint *endpoint = routing->pick.endpoint;

    if (destination->tls.mode == MESH__TLS_MUTUAL)
        return "mutual";
    if (mesh__secure_wanted(destination, endpoint, routing->secure))
        return "simple";
    return mesh__mesh_tls_wanted(destination, endpoint) ? "istio_mutual"
                                                        : "disable";
}

static const char *value_of_endpoint(const struct mesh_routing *routing,
                                     int what)
{
    const struct mesh_endpoint *endpoint = routing->pick.endpoint;

    if (!endpoint)
        return NULL;
    switch (what) {
    case MESH_DECISION_ENDPOINT:
        return endpoint->text;
    case MESH_DECISION_WORKLOAD:
        return endpoint->workload;
    case MESH_DECISION_PRINCIPAL:
        return principal(routing->route.destination, endpoint);
    case MESH_DECISION_TLS:
        return tls_mode(routing);
    }
    return NULL;
}

static const char *value_of(const struct mesh_routing *routing, int what)
{
    const struct mesh_destination *destination = routing->route.destination;

    if (what == MESH_DECISION_ROUTE)
        return routing->name;
    if (!destination)
        return NULL;
    switch (what) {
    case MESH_DECISION_DESTINATION:
        return destination->name;
    case MESH_DECISION_HOST:
        return destination->host;
    case MESH_DECISION_SUBSET:
        return destination->subset;
    case MESH_DECISION_SNI:
        return destination->tls.sni;
    }
    return value_of_endpoint(routing, what);
}

const char *mesh_decision_value(const mesh_decision *decision, int what)
{
    const char *text;

    if (!decision || what < MESH_DECISION_DESTINATION ||
        what > MESH_DECISION_TLS)
        return NULL;
    text = value_of(&decision->routing, what);
    return text ? text : "";
}

/* --- bounds --- */

static int64_t ms_or_none(uint64_t ns)
{
    return ns ? (int64_t)(ns / MESH__MS) : -1;
}

int64_t mesh_decision_timeout_ms(const mesh_decision *decision)
{
    return decision ? ms_or_none(decision->routing.route.timeout_ns) : -1;
}

int64_t mesh_decision_per_try_ms(const mesh_decision *decision)
{
    const struct mesh_route_rule *rule =
        decision ? decision->routing.route.rule : NULL;

    return rule ? ms_or_none(rule->retry.per_try_ns) : -1;
}

int64_t mesh_decision_bound(const mesh_decision *decision, int what)
{
    const struct mesh_destination *destination =
        decision ? decision->routing.route.destination : NULL;
    const struct mesh_breaker_policy *bounds;

    if (!destination)
        return -1;
    bounds = &destination->breakers;
    switch (what) {
    case MESH_BOUND_CONNECT_MS:
        return ms_or_none(bounds->connect_timeout_ns);
    case MESH_BOUND_IDLE_MS:
        return ms_or_none(decision->routing.is_stream
                              ? bounds->stream_idle_ns
                              : bounds->idle_timeout_ns);
    case MESH_BOUND_DURATION_MS:
        return ms_or_none(decision->routing.is_stream
                              ? bounds->stream_most_ns
                              : bounds->max_connection_ns);
    case MESH_BOUND_CONNECTIONS:
        return bounds->max_connections == MESH__UNLIMITED
                   ? -1
                   : (int64_t)bounds->max_connections;
    case MESH_BOUND_REQUESTS_PER_CONNECTION:
        return bounds->max_requests_per_connection
                   ? (int64_t)bounds->max_requests_per_connection
                   : -1;
    }
    return -1;
}
