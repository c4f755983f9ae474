/*
 * serve.c - `lmesh serve`: an echo service, which can be told to fail.
 *
 * What is answered is echo.c's; who may ask is the library's.
 */
#include "echo.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MOST 256

/* How often signals and events are looked for. */
#define TICK_MS 100

/* How long exchanges may last after a signal to end. */
#define DRAIN_MS 2000

static const char usage[] =
    "usage: lmesh serve [--policy PATH] [--identity DIR] [--labels k=v,...]\n"
    "                   --listen ADDR:PORT [--policy-port N] [--name NAME]\n"
    "                   [--fail PERCENT:STATUS] [--delay MS] [--threads N]\n"
    "\n"
    "An echo service: answers with what it saw as JSON. Port 0 takes a free\n"
    "one; the address is printed at the start. What the policy denies, and\n"
    "other events, are lines on standard error.\n"
    "\n"
    "  --policy-port N  the port the policy knows (default: the one listened "
    "on)\n"
    "  --name NAME      \"workload\" of the echo (default: our SPIFFE id)\n"
    "  --fail P:STATUS  of a hundred requests, P are answered with STATUS\n"
    "  --delay MS       each answer waits so long\n"
    "  --threads N      so many requests at once (4)\n"
    "  --namespace NS, --service-account SA, --trust-domain TD, --address IP\n"
    "  (default: that of --listen), --locality R/Z/S, --access-log\n"
    "  off|policy|FILE, --otlp URL: settings of the workload\n"
    "\n"
    "SIGUSR1 turns --fail and --delay off, and on again. SIGTERM and SIGINT\n"
    "end it in order.\n";

enum { LISTEN = LMESH_OWN, POLICY_PORT, NAME, FAIL, DELAY, THREADS };

static const struct option longs[] = {
    LMESH_SETTINGS,
    { "listen", required_argument, NULL, LISTEN },
    { "policy-port", required_argument, NULL, POLICY_PORT },
    { "name", required_argument, NULL, NAME },
    { "fail", required_argument, NULL, FAIL },
    { "delay", required_argument, NULL, DELAY },
    { "threads", required_argument, NULL, THREADS },
    LMESH_OPTIONS_END,
};

/* What the options said. */
struct plan {
    const char *listen;
    const char *name;
    int64_t policy_port;
    int64_t fail_percent;
    int64_t fail_status;
    int64_t delay_ms;
    int64_t threads;
};

/* The service: shared by its threads. */
struct service {
    const struct plan *plan;
    mesh_workload *workload;
    mesh_server *server;
    atomic_int well;      /* SIGUSR1: neither fail nor delay */
    atomic_int stopping;  /* no more delays                  */
    atomic_llong counter; /* of requests that might fail     */
};

/* --- handlers --- */

/* Exactly so many of a hundred, evenly. */
static int is_to_fail(struct service *service)
{
    int64_t percent = service->plan->fail_percent;
    int64_t number;

    if (!percent || atomic_load(&service->well))
        return 0;
    number = atomic_fetch_add(&service->counter, 1);
    return (number + 1) * percent / 100 > number * percent / 100;
}

/* In pieces, so that the end is not held up. */
static void delay(struct service *service)
{
    int64_t end_us = lmesh_now_us() + service->plan->delay_ms * 1000;
    struct timespec piece = { .tv_nsec = 10000000 };

    while (service->plan->delay_ms && !atomic_load(&service->well) &&
           !atomic_load(&service->stopping) && lmesh_now_us() < end_us)
        nanosleep(&piece, NULL);
}

static void handle(struct service *service, mesh_exchange *exchange)
{
    const struct plan *plan = service->plan;

    delay(service);
    echo_answer(exchange, plan->name,
                is_to_fail(service) ? (int)plan->fail_status : 200);
    mesh_exchange_free(exchange);
}

static void *serve_thread(void *user)
{
    struct service *service = user;
    mesh_error *error = mesh_error_new();
    int rc = 0;

    while (rc == 0 || rc == MESH_ERR_TIMEOUT) {
        mesh_exchange *exchange = NULL;

        rc = mesh_server_next(service->server, -1, &exchange, error);
        if (rc == 0)
            handle(service, exchange);
    }
    if (rc != MESH_ERR_CLOSED)
        lmesh_failed("serve", rc, error);
    mesh_error_free(error);
    return NULL;
}

/* --- signals --- */

static void watched_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGUSR1);
}

/* Until SIGTERM or SIGINT. */
static void watch(struct service *service)
{
    const struct timespec tick = { .tv_nsec = TICK_MS * 1000000 };
    sigset_t set;
    int got;

    watched_signals(&set);
    do {
        got = sigtimedwait(&set, NULL, &tick);
        if (got == SIGUSR1) {
            int well = !atomic_load(&service->well);

            atomic_store(&service->well, well);
            fprintf(stderr, "SIGUSR1: %s\n",
                    well ? "answers well now" : "fails and delays again");
        }
        lmesh_tell_events(service->workload);
    } while (got != SIGTERM && got != SIGINT);
}

/* --- the life of the service --- */

static void serve(struct service *service)
{
    pthread_t threads[THREADS_MOST];
    int64_t made = 0;

    while (made < service->plan->threads &&
           !pthread_create(&threads[made], NULL, serve_thread, service))
        made++;
    printf("listening on %s as %s\n", mesh_server_address(service->server),
           mesh_workload_spiffe_id(service->workload));
    fflush(stdout);
    watch(service);
    atomic_store(&service->stopping, 1);
    mesh_server_close(service->server);
    for (int64_t i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    mesh_workload_close(service->workload, DRAIN_MS, NULL);
    lmesh_tell_events(service->workload);
}

static int start(struct service *service, const mesh_config *config)
{
    const struct plan *plan = service->plan;
    mesh_error *error = mesh_error_new();
    int rc = mesh_workload_new(config, &service->workload, error);
    int status;

    if (rc == 0)
        rc = mesh_server_new(service->workload, NULL, plan->listen,
                             (int)plan->policy_port, &service->server, error);
    status = rc < 0 ? lmesh_failed("serve", rc, error) : 0;
    mesh_error_free(error);
    return status;
}

/* --- options --- */

static int parse_fail(const char *text, struct plan *plan)
{
    const char *colon = strchr(text, ':');
    char percent[4];

    if (!colon || colon == text || (size_t)(colon - text) >= sizeof(percent))
        return -1;
    memcpy(percent, text, (size_t)(colon - text));
    percent[colon - text] = '\0';
    if (lmesh_number(percent, 0, 100, &plan->fail_percent))
        return -1;
    return lmesh_number(colon + 1, 200, 599, &plan->fail_status);
}

static int take_option(struct plan *plan, int option)
{
    switch (option) {
    case LISTEN:
        plan->listen = optarg;
        return 0;
    case NAME:
        plan->name = optarg;
        return 0;
    case POLICY_PORT:
        return lmesh_number(optarg, 0, 65535, &plan->policy_port);
    case FAIL:
        return parse_fail(optarg, plan);
    case DELAY:
        return lmesh_number(optarg, 0, 3600000, &plan->delay_ms);
    default:
        return lmesh_number(optarg, 1, THREADS_MOST, &plan->threads);
    }
}

/* The workload's address is the one listened on, if that is one of ours. */
static void default_address(mesh_config *config, const char *listen)
{
    const char *colon = strrchr(listen, ':');
    char *host = colon ? strndup(listen, (size_t)(colon - listen)) : NULL;

    if (host && strcmp(host, "0.0.0.0") && *host != '[')
        mesh_config_set_address(config, host);
    free(host);
}

static int parse(struct lmesh_options *options, struct plan *plan)
{
    int option;

    while ((option = lmesh_option_next(options)) >= 0) {
        if (take_option(plan, option))
            return lmesh_misuse("serve", "\"%s\" cannot be used here", optarg);
        if (option == LISTEN)
            default_address(options->config, optarg);
    }
    if (!options->failed && (!plan->listen || optind != options->argc))
        return lmesh_misuse("serve", "--listen is needed, and nothing more");
    return options->failed;
}

static int run(int argc, char **argv)
{
    mesh_config *config = mesh_config_new();
    struct lmesh_options options = { .argc = argc,
                                     .argv = argv,
                                     .shorts = "",
                                     .longs = longs,
                                     .config = config };
    struct plan plan = { .threads = 4 };
    struct service service = { .plan = &plan };
    sigset_t set;
    int status = parse(&options, &plan);

    watched_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before the first thread */
    if (!status)
        mesh_config_set_helper(config, 1);
    if (!status)
        status = start(&service, config);
    if (!status) {
        if (!plan.name)
            plan.name = mesh_workload_spiffe_id(service.workload);
        serve(&service);
    }
    mesh_server_free(service.server);
    mesh_workload_free(service.workload);
    mesh_config_free(config);
    return status;
}

const struct lmesh_verb lmesh_serve = { "serve", "an echo service in the mesh",
                                        usage, run };
