/*
 * meshed.c - libmesh as a program would use it: a server that pulls exchanges
 * in one thread, and a client with many calls on one host loop.
 *
 * Routing, a split, balancing, limits, outlier detection, timeouts, retries,
 * identity on both ends and authorization are on, as the policy says.
 */
#include "http.h"

#include <mesh/mesh.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000

static const char policy[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: bench, namespace: demo}\n"
    "spec: {selector: {app: bench}, ports: [{name: http, port: 80, "
    "targetPort: 8080}]}\n---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: bench-1, namespace: demo}\n"
    "spec: {address: 127.0.0.1, ports: {http: %d}, labels: {app: bench, "
    "version: v1}, serviceAccount: server}\n---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: DestinationRule\n"
    "metadata: {name: bench, namespace: demo}\n"
    "spec:\n"
    "  host: bench\n"
    "  trafficPolicy:\n"
    "    connectionPool: {tcp: {maxConnections: 100}, http: "
    "{http1MaxPendingRequests: 100, http2MaxRequests: 1000}}\n"
    "    outlierDetection: {consecutive5xxErrors: 5, interval: 10s, "
    "baseEjectionTime: 30s, maxEjectionPercent: 50}\n"
    "  subsets: [{name: v1, labels: {version: v1}}]\n---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: bench, namespace: demo}\n"
    "spec:\n"
    "  hosts: [bench]\n"
    "  http:\n"
    "  - match: [{headers: {x-canary: {exact: \"true\"}}}]\n"
    "    route: [{destination: {host: bench}}]\n"
    "  - route:\n"
    "    - {destination: {host: bench, subset: v1}, weight: 90}\n"
    "    - {destination: {host: bench}, weight: 0}\n"
    "    timeout: 5s\n"
    "    retries: {attempts: 3, perTryTimeout: 2s, retryOn: "
    "\"gateway-error,connect-failure,refused-stream\"}\n---\n"
    "apiVersion: security.istio.io/v1\n"
    "kind: PeerAuthentication\n"
    "metadata: {name: default, namespace: istio-system}\n"
    "spec: {mtls: {mode: STRICT}}\n---\n"
    "apiVersion: security.istio.io/v1\n"
    "kind: AuthorizationPolicy\n"
    "metadata: {name: bench, namespace: demo}\n"
    "spec:\n"
    "  selector: {matchLabels: {app: bench}}\n"
    "  rules:\n"
    "  - from: [{source: {principals: [cluster.local/ns/demo/sa/client]}}]\n"
    "    to: [{operation: {methods: [POST], paths: [/api/v1/charge, "
    "/api/v1/refund]}}]\n";

static _Noreturn void give_up(const char *what, const mesh_error *error)
{
    bench_fail(what, mesh_error_message(error));
}

static const char *write_policy(const struct bench_plan *plan, const char *name,
                                int port)
{
    const char *path = bench_path(plan->directory, name);
    FILE *file = fopen(path, "w");

    if (!file || fprintf(file, policy, port) < 0 || fclose(file))
        bench_fail("cannot write", path);
    return path;
}

static mesh_workload *workload_new(const char *path, const char *identity,
                                   const char *labels, mesh_error *error)
{
    mesh_config *config = mesh_config_new();
    mesh_workload *workload = NULL;

    if (mesh_config_set_environment(config, 0) < 0 ||
        mesh_config_set_policy(config, path) < 0 ||
        mesh_config_set_identity(config, identity) < 0 ||
        mesh_config_set_labels(config, labels) < 0 ||
        mesh_config_set_helper(config, 1) < 0)
        bench_fail("configuration", "a setting was not taken");
    if (mesh_workload_new(config, &workload, error) < 0)
        give_up("workload", error);
    mesh_config_free(config);
    return workload;
}

/* --- the server --------------------------------------------------------------
 */

static void answer(mesh_exchange *exchange, const char *body, mesh_error *error)
{
    char data[BENCH_BODY * 2];
    size_t got = 1;

    while (got > 0)
        if (mesh_exchange_read(exchange, data, sizeof(data), PATIENCE_MS, &got,
                               error) < 0)
            give_up("read", error);
    if (mesh_exchange_respond(exchange, 200, body, BENCH_BODY, error) < 0)
        give_up("respond", error);
    mesh_exchange_free(exchange);
}

void bench_mesh_server(const struct bench_plan *plan, int tell)
{
    mesh_error *error = mesh_error_new();
    mesh_workload *workload =
        workload_new(write_policy(plan, "server.yaml", 1), plan->server,
                     "app=bench,version=v1", error);
    mesh_server *server = NULL;
    mesh_exchange *exchange = NULL;

    if (mesh_server_new(workload, NULL, "127.0.0.1:0", 8080, &server, error) <
        0)
        give_up("server", error);
    bench_tell_port(
        tell,
        (int)strtol(strrchr(mesh_server_address(server), ':') + 1, NULL, 10));
    while (mesh_server_next(server, -1, &exchange, error) == 0)
        answer(exchange, plan->body, error);
    give_up("next exchange", error);
}

/* --- the client --------------------------------------------------------------
 */

static void begin(mesh_workload *workload, mesh_loop *loop,
                  const mesh_request *request, mesh_error *error)
{
    mesh_call *call = NULL;

    if (mesh_call_new(workload, loop, request, &call, error) < 0 ||
        mesh_call_start(call, error) < 0)
        give_up("call", error);
}

/* True when that was all of it, and good. */
static bool is_over(mesh_call *call, mesh_error *error)
{
    char data[BENCH_BODY * 2];
    size_t got;
    int what;

    while ((what = mesh_call_next(call, error)) > 0 && what != MESH_CALL_DONE)
        if (what == MESH_CALL_BODY &&
            mesh_call_read(call, data, sizeof(data), &got, error) < 0)
            give_up("body", error);
    if (what < 0)
        give_up("call", error);
    if (what == MESH_CALL_DONE &&
        (mesh_call_code(call) != 0 ||
         mesh_response_status(mesh_call_response(call)) != 200))
        bench_fail("call", mesh_call_message(call));
    return what == MESH_CALL_DONE;
}

static int64_t ask_all(mesh_workload *workload, mesh_loop *loop,
                       const mesh_request *request,
                       const struct bench_orders *orders, mesh_error *error)
{
    int flying = BENCH_CONNECTIONS;
    int64_t done = 0;

    for (int i = 0; i < BENCH_CONNECTIONS; i++)
        begin(workload, loop, request, error);
    while (flying > 0) {
        mesh_call *call;
        bool more;

        if (mesh_loop_step(loop, -1, error) < 0)
            give_up("loop", error);
        more = bench_goes_on(orders);
        while ((call = mesh_loop_next_call(loop))) {
            if (!is_over(call, error))
                continue;
            mesh_call_free(call);
            done++;
            if (more)
                begin(workload, loop, request, error);
            else
                flying--;
        }
    }
    return done;
}

void bench_mesh_client(const struct bench_plan *plan, int port,
                       struct bench_orders *orders)
{
    mesh_error *error = mesh_error_new();
    mesh_workload *workload =
        workload_new(write_policy(plan, "client.yaml", port), plan->client,
                     "app=client", error);
    mesh_loop *loop = NULL;
    mesh_request *request = NULL;

    if (mesh_loop_new(workload, &loop, error) < 0 ||
        mesh_request_new("POST", "http://bench/api/v1/charge", &request,
                         error) < 0 ||
        mesh_request_set_body(request, plan->body, BENCH_BODY, error) < 0)
        give_up("request", error);
    while (bench_next(orders))
        bench_report(orders, ask_all(workload, loop, request, orders, error));
    mesh_request_free(request);
    mesh_loop_free(loop);
    mesh_workload_free(workload);
    mesh_error_free(error);
}
