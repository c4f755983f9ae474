/*
 * api-gateway.c - the front of the canary: a server whose handler calls
 * payment-service.
 *
 *   MESH_POLICY=... MESH_IDENTITY=... ./api-gateway ADDRESS:PORT NAME
 *
 * GET /          says which workload answered
 * GET /checkout  charges through payment-service, and says what came of it
 *
 * Nothing here knows of TLS, routes, retries, timeouts, or tracing; all of that
 * is in the policy. Naming the exchange on whose behalf a request is made
 * carries the trace on. SIGTERM and SIGINT end it in order.
 */
#include <mesh/mesh.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HANDLERS 8

/* How often signals and events are looked for. */
#define TICK_MS 100

/* How long exchanges may last after a signal to end. */
#define DRAIN_MS 2000

struct gateway {
    const char *name;
    mesh_workload *workload;
    mesh_server *server;
};

static void respond(mesh_exchange *exchange, int status, const char *text,
                    size_t size)
{
    mesh_exchange_add_header(exchange, "content-type", "text/plain", NULL);
    mesh_exchange_respond(exchange, status, text, size, NULL);
}

/* POST /api/v1/charge, as part of this exchange's trace. */
static int charge(struct gateway *gateway, mesh_exchange *exchange,
                  mesh_response **out)
{
    static const char order[] = "{\"amount\": 42}";
    mesh_request *request = NULL;
    int rc = mesh_request_new("POST", "http://payment-service/api/v1/charge",
                              &request, NULL);

    *out = NULL;
    if (rc == 0)
        rc = mesh_request_set_parent(request, exchange, NULL);
    if (rc == 0)
        rc = mesh_request_set_body(request, order, sizeof(order) - 1, NULL);
    if (rc == 0)
        rc = mesh_send(gateway->workload, request, out, NULL);
    mesh_request_free(request);
    return rc;
}

/* The payment's own answer, and who gave it. */
static void checkout(struct gateway *gateway, mesh_exchange *exchange)
{
    mesh_response *response = NULL;
    char attempts[16];
    const char *body;
    size_t size = 0;
    int rc = charge(gateway, exchange, &response);

    if (!response) {
        const char *why = mesh_error_name(rc);

        respond(exchange, 502, why, strlen(why));
        return;
    }
    snprintf(attempts, sizeof(attempts), "%d",
             mesh_response_attempts(response));
    mesh_exchange_add_header(
        exchange, "x-payment-workload",
        mesh_response_text(response, MESH_RESPONSE_WORKLOAD), NULL);
    mesh_exchange_add_header(exchange, "x-payment-attempts", attempts, NULL);
    body = mesh_response_body(response, &size);
    respond(exchange, mesh_response_status(response), body, size);
    mesh_response_free(response);
}

static void front_page(struct gateway *gateway, mesh_exchange *exchange)
{
    char text[1024];
    int length =
        snprintf(text, sizeof(text), "%s greets %s\n", gateway->name,
                 mesh_exchange_text(exchange, MESH_EXCHANGE_PRINCIPAL));

    respond(exchange, 200, text,
            (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

static void handle(struct gateway *gateway, mesh_exchange *exchange)
{
    const char *path = mesh_exchange_text(exchange, MESH_EXCHANGE_PATH);

    if (!strcmp(path, "/checkout"))
        checkout(gateway, exchange);
    else
        front_page(gateway, exchange);
    mesh_exchange_free(exchange);
}

static void *handler(void *user)
{
    struct gateway *gateway = user;
    mesh_exchange *exchange;

    while (mesh_server_next(gateway->server, -1, &exchange, NULL) == 0)
        handle(gateway, exchange);
    return NULL;
}

/* Events become lines, until a signal says that it is over. */
static void watch(struct gateway *gateway, const sigset_t *signals)
{
    const struct timespec tick = { .tv_nsec = TICK_MS * 1000000 };
    char line[1024];

    while (sigtimedwait(signals, NULL, &tick) < 0)
        while (mesh_workload_next_event(gateway->workload, line, sizeof(line)) >
               0)
            fprintf(stderr, "%s\n", line);
}

static void serve(struct gateway *gateway, const sigset_t *signals)
{
    pthread_t threads[HANDLERS];
    int made = 0;

    while (made < HANDLERS &&
           !pthread_create(&threads[made], NULL, handler, gateway))
        made++;
    printf("listening on %s as %s\n", mesh_server_address(gateway->server),
           mesh_workload_spiffe_id(gateway->workload));
    fflush(stdout);
    watch(gateway, signals);
    mesh_server_close(gateway->server);
    while (made > 0)
        pthread_join(threads[--made], NULL);
    mesh_workload_close(gateway->workload, DRAIN_MS, NULL);
}

/* ADDRESS is also the one our WorkloadEntry has. */
static int start(struct gateway *gateway, const char *at, mesh_error *error)
{
    mesh_config *config = mesh_config_new();
    char *address = strndup(at, strcspn(at, ":"));
    int rc;

    mesh_config_set_helper(config, 1);
    rc = mesh_config_set_address(config, address);
    if (rc == 0)
        rc = mesh_workload_new(config, &gateway->workload, error);
    if (rc == 0)
        rc = mesh_server_new(gateway->workload, NULL, at, 0, &gateway->server,
                             error);
    free(address);
    mesh_config_free(config);
    return rc;
}

int main(int argc, char **argv)
{
    mesh_error *error = mesh_error_new();
    struct gateway gateway = { .name = argc > 2 ? argv[2] : "api-gateway" };
    sigset_t signals;
    int rc;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before the first thread */
    rc = start(&gateway, argc > 1 ? argv[1] : "", error);
    if (rc == 0)
        serve(&gateway, &signals);
    else
        fprintf(stderr, "api-gateway: %s: %s\n", mesh_error_name(rc),
                mesh_error_message(error));
    mesh_server_free(gateway.server);
    mesh_workload_free(gateway.workload);
    mesh_error_free(error);
    return rc < 0;
}
