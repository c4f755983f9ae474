/*
 * routing.c - mesh_route, mesh_pick, mesh_report: decide for a program that
 * moves the bytes itself.
 */
#include "api/inside.h"

#include "base/alloc.h"
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

/* The attempt under way, if there is one, no longer counts. */
static void put_back(struct mesh_routing *routing)
{
    if (routing->picked)
        mesh__quota_lower(&routing->pick.live->active);
    routing->picked = false;
}

void mesh__routing_free(struct mesh_routing *routing)
{
    if (!routing)
        return;
    put_back(routing);
    if (routing->route.destination) {
        mesh__original_done(routing->route.destination, &routing->pick,
                            mesh__kernel_now_ns());
        mesh__retry_end(routing->route.destination, &routing->retry);
    }
    mesh__request_unref(routing->request);
    mesh__arena_fini(&routing->arena);
    mesh__snapshot_unref(routing->snapshot);
    mesh__workload_unref(routing->workload);
    mesh__free(routing);
}

/* The address that the caller would dial, as far as it is known here. */
static int pick_original(struct mesh_routing *routing)
{
    const struct mesh_client_request *request = routing->request;
    struct mesh_address address = request->address;
    int rc;

    if (!address.family && !mesh__address_parse_ip(request->host, &address))
        return mesh__fail(MESH_ERR_RESOLVE,
                          "%s: goes to an address that was not set, and no "
                          "name is asked for here",
                          routing->route.destination->name);
    if (!address.port)
        address.port = request->port;
    mesh__original_done(routing->route.destination, &routing->pick,
                        mesh__kernel_now_ns());
    rc = mesh__original_pick(routing->route.destination, &address,
                             mesh__kernel_now_ns(), &routing->arena,
                             &routing->pick);
    if (rc < 0)
        return rc;
    mesh__quota_raise(&routing->pick.live->active);
    routing->picked = true;
    return 0;
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

/* The key, while the request is here to be looked at. */
static void hash(struct mesh_routing *routing)
{
    const struct mesh_draws draws = { draw, routing->workload };
    const struct mesh_route_rule *rule = routing->route.rule;

    if (routing->route.outcome == MESH__ROUTE_OK &&
        mesh__key_balances(routing->route.destination))
        mesh__key_find(rule->hashes, rule->hash_count, &routing->head,
                       &routing->snapshot->self, &draws, &routing->key, NULL);
}

static struct mesh_decision *routing_new(
    struct mesh_workload *workload, const struct mesh_client_request *request)
{
    struct mesh_decision *decision = mesh__decision_new();
    struct mesh_routing *routing;

    if (!decision)
        return NULL;
    routing = mesh__calloc(1, sizeof(*routing));
    if (!routing) {
        (void)mesh__fail(MESH_ERR_NOMEM, "a decision");
        mesh_decision_free(decision);
        return NULL;
    }
    decision->routing = routing;
    routing->workload = mesh__workload_ref(workload);
    routing->snapshot = mesh__workload_snapshot(workload);
    routing->request = mesh__request_ref(request);
    mesh__arena_init(&routing->arena, MESH__CLIENT_ARENA);
    if (mesh__request_head(request, MESH__SLICE("-"), &routing->arena,
                           &routing->head) < 0)
        routing->route.outcome = MESH__ROUTE_NOMEM;
    else
        mesh__route_find(routing->snapshot, &routing->head, request->port,
                         draw(workload), &routing->arena, &routing->route,
                         NULL);
    hash(routing);
    return decision;
}

int mesh_route(mesh_workload *workload, const mesh_request *request,
               mesh_decision **out, mesh_error *error)
{
    struct mesh_decision *decision;
    int rc;

    if (out)
        *out = NULL;
    if (!workload || !request || !out)
        return null_argument(error);
    rc = mesh__workload_check(workload);
    if (rc < 0)
        return mesh__error_out(error, rc);
    decision = routing_new(workload, request->request);
    if (!decision)
        return mesh__error_out(error, MESH_ERR_NOMEM);
    rc = code_of(decision->routing->route.outcome);
    if (rc == MESH_ERR_NOMEM)
        mesh_decision_free(decision);
    else
        *out = decision;
    return mesh__error_out(error, rc);
}

static void pick(struct mesh_routing *routing)
{
    const struct mesh_draws draws = { draw, routing->workload };
    const struct mesh_retry_policy *retry = &routing->route.rule->retry;
    const struct mesh_pick_ask ask = {
        .now_ns = mesh__kernel_now_ns(),
        .draws = &draws,
        .tried = routing->tried,
        .tried_count = routing->tried_count,
        .re_picks = retry->host_picks,
        .leave_priorities = retry->leave_priorities,
        .has_key = routing->key.known,
        .key = routing->key.hash,
    };

    mesh__pick(routing->route.destination, &ask, &routing->pick, NULL);
}

int mesh_pick(mesh_decision *decision, mesh_error *error)
{
    struct mesh_routing *routing = decision ? decision->routing : NULL;

    if (!decision)
        return null_argument(error);
    if (!routing || routing->route.outcome != MESH__ROUTE_OK)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_STATE, "there is no route to pick for"));
    if (routing->picked)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_STATE, "the last pick has no report"));
    if (routing->route.destination->original)
        return mesh__error_out(error, pick_original(routing));
    pick(routing);
    if (!routing->pick.endpoint)
        return mesh__error_out(error,
                               mesh__fail(MESH_ERR_NO_ENDPOINT,
                                          "%s has no endpoint that may be used",
                                          routing->route.destination->name));
    if (routing->tried_count < MESH__TRIED_MAX)
        routing->tried[routing->tried_count++] = routing->pick.index;
    mesh__quota_raise(&routing->pick.live->active);
    routing->picked = true;
    return mesh__error_out(error, 0);
}

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

    if (result == MESH_RESULT_CONNECTED ||
        mesh__retry_decide(&routing->route.rule->retry,
                           routing->route.destination, &routing->retry, &end,
                           -1, draw(routing->workload), &wait_ns,
                           NULL) != MESH__RETRY_YES)
        return -1;
    return (int64_t)(wait_ns / MESH__MS);
}

int mesh_report(mesh_decision *decision, int result, int status,
                int64_t *again_ms, mesh_error *error)
{
    struct mesh_routing *routing = decision ? decision->routing : NULL;
    int64_t wait_ms;

    if (again_ms)
        *again_ms = -1;
    if (!decision)
        return null_argument(error);
    if (result < MESH_RESULT_STATUS || result > MESH_RESULT_TIMEOUT ||
        (result == MESH_RESULT_STATUS && (status < 100 || status > 599)))
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_INVALID,
                              "a result, and with a response a status of 100 "
                              "to 599, are wanted"));
    if (!routing || !routing->picked)
        return mesh__error_out(
            error, mesh__fail(MESH_ERR_STATE, "nothing was picked"));
    report(routing, result,
           result == MESH_RESULT_STATUS ? (unsigned)status : 0);
    put_back(routing);
    wait_ms = again(routing, result, (unsigned)status);
    if (again_ms)
        *again_ms = wait_ms;
    return mesh__error_out(error, 0);
}

const char *mesh_decision_value(const mesh_decision *decision, int what)
{
    const struct mesh_routing *routing = decision ? decision->routing : NULL;
    const struct mesh_destination *destination =
        routing ? routing->route.destination : NULL;
    const struct mesh_endpoint *endpoint =
        routing ? routing->pick.endpoint : NULL;
    const char *text = NULL;

    if (!decision || what < MESH_DECISION_DESTINATION ||
        what > MESH_DECISION_SNI)
        return NULL;
    if (what == MESH_DECISION_ROUTE && routing && routing->route.rule)
        text = routing->route.rule->name;
    else if (what == MESH_DECISION_DESTINATION && destination)
        text = destination->name;
    else if (what == MESH_DECISION_HOST && destination)
        text = destination->host;
    else if (what == MESH_DECISION_SUBSET && destination)
        text = destination->subset;
    else if (what == MESH_DECISION_SNI && destination)
        text = destination->tls.sni;
    else if (what == MESH_DECISION_ENDPOINT && endpoint)
        text = endpoint->text;
    else if (what == MESH_DECISION_WORKLOAD && endpoint)
        text = endpoint->workload;
    else if (what == MESH_DECISION_PRINCIPAL && endpoint)
        text = endpoint->spiffe;
    return text ? text : "";
}

int64_t mesh_decision_timeout_ms(const mesh_decision *decision)
{
    const struct mesh_routing *routing = decision ? decision->routing : NULL;

    return routing && routing->route.timeout_ns
               ? (int64_t)(routing->route.timeout_ns / MESH__MS)
               : -1;
}

int64_t mesh_decision_per_try_ms(const mesh_decision *decision)
{
    const struct mesh_routing *routing = decision ? decision->routing : NULL;

    return routing && routing->route.rule &&
                   routing->route.rule->retry.per_try_ns
               ? (int64_t)(routing->route.rule->retry.per_try_ns / MESH__MS)
               : -1;
}
