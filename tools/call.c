/*
 * call.c - `lmesh call`: real requests through the mesh, from N threads.
 */
#include "call.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define CALLS_MOST   10000000
#define THREADS_MOST 1024

/* How often a run with -v looks for events. */
#define EVENTS_MS 200

static const char usage[] =
    "usage: lmesh call [--policy PATH] [--identity DIR] [-n N] [-c N]\n"
    "                  [-X METHOD] [-H 'name: value']... [-d DATA|@FILE]\n"
    "                  [--deadline MS] [--interval MS] [--idempotent]\n"
    "                  [-v] [-o json] URL\n"
    "\n"
    "Sends requests through the mesh and tells what came of them: one answer "
    "in\n"
    "full, several as a summary by destination with latencies and failures.\n"
    "\n"
    "  -n N            so many requests (1)\n"
    "  -c N            from so many threads (1)\n"
    "  --interval MS   each thread waits so long between two of its requests\n"
    "  --deadline MS   our own bound on each request\n"
    "  --idempotent    each may be executed twice\n"
    "  -v              events (policy loaded, endpoint ejected, ...) on\n"
    "                  standard error\n"
    "  --namespace NS, --service-account SA, --labels k=v,..., --trust-domain\n"
    "  TD, --address IP, --locality R/Z/S, --access-log off|policy|FILE,\n"
    "  --otlp URL      settings of the workload; what is not given comes from\n"
    "                  the environment (MESH_POLICY, ...) or the certificate\n"
    "\n"
    "Ends with 0 when every answer was below 400, with 3 when something was "
    "not\n"
    "reached, with 1 otherwise.\n";

enum { DEADLINE = LMESH_OWN, INTERVAL, IDEMPOTENT };

static const struct option longs[] = {
    LMESH_SETTINGS,
    { "deadline", required_argument, NULL, DEADLINE },
    { "interval", required_argument, NULL, INTERVAL },
    { "idempotent", no_argument, NULL, IDEMPOTENT },
    LMESH_OPTIONS_END,
};

/* What the options said. */
struct plan {
    struct lmesh_wish wish;
    int64_t count;
    int64_t threads;
    int64_t interval_ms;
    int64_t deadline_ms;
    int idempotent;
    int verbose;
};

/* One run: shared by its threads. */
struct run {
    const struct plan *plan;
    mesh_workload *workload;
    const mesh_request *request;
    struct tally tally;
    atomic_llong next;   /* number of the next request     */
    atomic_int finished; /* the calling threads are done   */
    int64_t start_us;
};

static void pause_ms(int64_t ms)
{
    struct timespec time = { .tv_sec = ms / 1000,
                             .tv_nsec = (ms % 1000) * 1000000 };

    nanosleep(&time, NULL);
}

/* --- one answer, in full --- */

/* One of the texts, "-" where there is none. */
static const char *text_of(const mesh_response *response, int what)
{
    const char *text = mesh_response_text(response, what);

    return *text ? text : "-";
}

static void print_answer(const mesh_response *response, int code,
                         const mesh_error *error, int64_t us)
{
    size_t size = 0;
    const char *body = mesh_response_body(response, &size);

    fprintf(stderr, "status %d in %.1f ms, attempts %d, flags %s\n",
            mesh_response_status(response), (double)us / 1000.0,
            mesh_response_attempts(response),
            text_of(response, MESH_RESPONSE_FLAGS));
    fprintf(stderr, "destination %s, endpoint %s, workload %s\n",
            text_of(response, MESH_RESPONSE_DESTINATION),
            text_of(response, MESH_RESPONSE_ENDPOINT),
            text_of(response, MESH_RESPONSE_WORKLOAD));
    fprintf(stderr, "peer %s, %s, %s\n",
            text_of(response, MESH_RESPONSE_PRINCIPAL),
            text_of(response, MESH_RESPONSE_PROTOCOL),
            text_of(response, MESH_RESPONSE_CIPHER));
    if (code != MESH_OK)
        fprintf(stderr, "%s: %s\n", mesh_error_name(code),
                mesh_error_message(error));
    fwrite(body, 1, size, stdout);
    if (size && body[size - 1] != '\n')
        fputc('\n', stdout);
}

/* --- a run --- */

static void send_one(struct run *run, mesh_error *error)
{
    mesh_response *response = NULL;
    int64_t start_us = lmesh_now_us();
    int rc = mesh_send(run->workload, run->request, &response, error);
    int64_t us = lmesh_now_us() - start_us;

    tally_take(&run->tally, response, rc, error, start_us - run->start_us, us);
    if (run->plan->count == 1 && !run->tally.json) {
        if (response)
            print_answer(response, rc, error, us);
        else
            lmesh_failed("call", rc, error);
    }
    mesh_response_free(response);
}

static void *call_thread(void *user)
{
    struct run *run = user;
    mesh_error *error = mesh_error_new();

    while (atomic_fetch_add(&run->next, 1) < run->plan->count) {
        send_one(run, error);
        if (run->plan->interval_ms)
            pause_ms(run->plan->interval_ms);
    }
    mesh_error_free(error);
    return NULL;
}

static void *event_thread(void *user)
{
    struct run *run = user;

    while (!atomic_load(&run->finished)) {
        lmesh_tell_events(run->workload);
        pause_ms(EVENTS_MS);
    }
    return NULL;
}

/* 0, or -1 when not a single thread could be made. */
static int drive(struct run *run)
{
    pthread_t threads[THREADS_MOST];
    pthread_t events;
    int watched =
        run->plan->verbose && !pthread_create(&events, NULL, event_thread, run);
    int64_t made = 0;

    while (made < run->plan->threads &&
           !pthread_create(&threads[made], NULL, call_thread, run))
        made++;
    for (int64_t i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&run->finished, 1);
    if (watched)
        pthread_join(events, NULL);
    return made ? 0 : -1;
}

static int judge(const struct tally *tally)
{
    if (tally->unreached)
        return LMESH_UNREACHED;
    return tally->failed ? LMESH_FINDINGS : LMESH_FINE;
}

static int call(const struct plan *plan, mesh_workload *workload,
                const mesh_request *request, int json)
{
    struct run run = { .plan = plan,
                       .workload = workload,
                       .request = request,
                       .start_us = lmesh_now_us() };
    int status = LMESH_UNREACHED;

    if (tally_init(&run.tally, plan->count, json) || drive(&run)) {
        perror("lmesh call");
    } else {
        /* what is to be counted at the end includes what close flushes */
        int64_t elapsed_us = lmesh_now_us() - run.start_us;

        mesh_workload_close(workload, 2000, NULL);
        if (json || plan->count > 1)
            tally_tell(&run.tally, workload, elapsed_us);
        status = judge(&run.tally);
    }
    if (plan->verbose)
        lmesh_tell_events(workload);
    tally_fini(&run.tally);
    return status;
}

/* --- from options to a run --- */

static int take_option(struct plan *plan, int option)
{
    switch (option) {
    case 'n':
        return lmesh_number(optarg, 1, CALLS_MOST, &plan->count);
    case 'c':
        return lmesh_number(optarg, 1, THREADS_MOST, &plan->threads);
    case INTERVAL:
        return lmesh_number(optarg, 0, 3600000, &plan->interval_ms);
    case DEADLINE:
        return lmesh_number(optarg, 1, 86400000, &plan->deadline_ms);
    case IDEMPOTENT:
        plan->idempotent = 1;
        return 0;
    case 'v':
        plan->verbose = 1;
        return 0;
    default:
        return lmesh_wish_take(&plan->wish, option, optarg) < 0 ? -1 : 0;
    }
}

static int parse(struct lmesh_options *options, struct plan *plan)
{
    int option;

    while ((option = lmesh_option_next(options)) >= 0)
        if (take_option(plan, option))
            return lmesh_misuse("call", "\"%s\" is out of range", optarg);
    if (!options->failed && optind + 1 != options->argc)
        return lmesh_misuse("call", "one URL is needed");
    return options->failed;
}

static int prepare(const struct plan *plan, const char *url, mesh_request **out)
{
    int status = lmesh_wish_request(&plan->wish, "call", url, out);

    if (status)
        return status;
    if (plan->deadline_ms)
        mesh_request_set_deadline_ms(*out, plan->deadline_ms, NULL);
    if (plan->idempotent)
        mesh_request_set_idempotent(*out, 1, NULL);
    return 0;
}

static int open_workload(mesh_config *config, mesh_workload **out)
{
    mesh_error *error = mesh_error_new();
    int rc = mesh_config_set_helper(config, 1);
    int status;

    if (rc == 0)
        rc = mesh_workload_new(config, out, error);
    status = rc < 0 ? lmesh_failed("call", rc, error) : 0;
    mesh_error_free(error);
    return status;
}

static int run(int argc, char **argv)
{
    mesh_config *config = mesh_config_new();
    struct lmesh_options options = { .argc = argc,
                                     .argv = argv,
                                     .shorts = "o:X:H:d:n:c:v",
                                     .longs = longs,
                                     .config = config };
    struct plan plan = { .count = 1, .threads = 1 };
    mesh_workload *workload = NULL;
    mesh_request *request = NULL;
    int status = parse(&options, &plan);

    if (!status)
        status = lmesh_client_labels(&options);
    if (!status)
        status = prepare(&plan, argv[optind], &request);
    if (!status)
        status = open_workload(config, &workload);
    if (!status)
        status = call(&plan, workload, request, options.json);
    mesh_request_free(request);
    mesh_workload_free(workload);
    mesh_config_free(config);
    return status;
}

const struct lmesh_verb lmesh_call = { "call",
                                       "send real requests through the mesh",
                                       usage, run };
