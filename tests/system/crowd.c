/*
 * crowd.c - many calls at once: by threads that block (`crowd`), and by one
 * thread on its own poll(2) loop (`loop`).
 */
#include "actor.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { THREADS_MOST = 256, AT_ONCE = 64 };

static void say(struct actor *actor, int64_t good, int64_t tasks)
{
    static const char *const names[] = { "calls",
                                         "attempts",
                                         "retries",
                                         "calls_failed",
                                         "connections_opened",
                                         "handshakes_full",
                                         "handshakes_resumed",
                                         "handshakes_failed" };

    printf("{\"good\": %lld, \"tasks\": %lld", (long long)good,
           (long long)tasks);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        printf(", \"%s\": %lld", names[i],
               (long long)act_statistic(actor->workload, names[i]));
    printf("}\n");
}

/* --- threads --- */

struct crowd {
    struct actor *actor;
    const char *url;
    long calls; /* of each thread */
    atomic_llong numbers;
    atomic_llong good;
};

static void *ask_all(void *argument)
{
    struct crowd *crowd = argument;
    mesh_error *error = mesh_error_new();

    for (long i = 0; i < crowd->calls; i++) {
        int64_t number = atomic_fetch_add(&crowd->numbers, 1);

        if (act_get(crowd->actor->workload, crowd->url, "crowd", number, error))
            atomic_fetch_add(&crowd->good, 1);
    }
    mesh_error_free(error);
    return NULL;
}

int act_crowd(struct actor *actor, char **argv)
{
    struct crowd crowd = { .actor = actor,
                           .url = argv[0],
                           .calls = strtol(argv[2], NULL, 10) };
    pthread_t threads[THREADS_MOST];
    long count = strtol(argv[1], NULL, 10);
    long started = 0;

    while (started < count && started < THREADS_MOST &&
           pthread_create(&threads[started], NULL, ask_all, &crowd) == 0)
        started++;
    for (long i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    say(actor, atomic_load(&crowd.good), act_status("Threads:"));
    return 0;
}

/* --- one loop --- */

struct poller {
    struct actor *actor;
    mesh_loop *loop;
    const char *url;
    int64_t begun;
    int64_t ended;
    int64_t good;
    int64_t tasks; /* the most that were seen */
};

static int begin(struct poller *poller)
{
    mesh_request *request = NULL;
    mesh_call *call = NULL;
    mesh_error *error = poller->actor->error;
    int rc = act_question(poller->url, "loop", poller->begun, &request, error);

    if (rc == 0) {
        mesh_request_set_tag(request, poller->begun);
        rc = mesh_call_new(poller->actor->workload, poller->loop, request,
                           &call, error);
    }
    if (rc == 0)
        rc = mesh_call_start(call, error);
    mesh_request_free(request);
    if (rc < 0)
        mesh_call_free(call);
    else
        poller->begun++;
    return rc;
}

static void finish(struct poller *poller, mesh_call *call, const char *body)
{
    if (mesh_call_code(call) == 0 &&
        mesh_response_status(mesh_call_response(call)) == 200 &&
        act_answers(body, "loop", mesh_call_tag(call)))
        poller->good++;
    else
        fprintf(stderr, "actor: call %lld: %s '%s'\n",
                (long long)mesh_call_tag(call), mesh_call_message(call), body);
    poller->ended++;
    mesh_call_free(call);
}

/* The answers are short: each comes in one piece. */
static void hear(struct poller *poller, mesh_call *call)
{
    char body[256] = "";
    size_t got = 0;

    for (;;) {
        switch (mesh_call_next(call, NULL)) {
        case MESH_CALL_HEAD:
            break;
        case MESH_CALL_BODY:
            if (mesh_call_read(call, body, sizeof(body) - 1, &got, NULL) < 0)
                return;
            if (got)
                body[got] = '\0';
            break;
        case MESH_CALL_DONE:
            finish(poller, call, body);
            return;
        default:
            return;
        }
    }
}

static int turn(struct poller *poller)
{
    mesh_loop *keeper = mesh_workload_keeper(poller->actor->workload);
    struct pollfd fds[2] = {
        { .fd = mesh_loop_fd(poller->loop), .events = POLLIN },
        { .fd = mesh_loop_fd(keeper), .events = POLLIN },
    };
    int64_t wait_ms = mesh_loop_timeout_ms(poller->loop);
    int64_t keeper_ms = mesh_loop_timeout_ms(keeper);
    int rc;

    if (wait_ms < 0 || (keeper_ms >= 0 && keeper_ms < wait_ms))
        wait_ms = keeper_ms;
    (void)poll(fds, 2, (int)wait_ms);
    rc = mesh_loop_step(keeper, 0, poller->actor->error);
    return rc < 0 ? rc : mesh_loop_step(poller->loop, 0, poller->actor->error);
}

static int run(struct poller *poller, int64_t calls)
{
    int rc = 0;

    while (rc >= 0 && poller->ended < calls) {
        mesh_call *call;

        while (rc >= 0 && poller->begun < calls &&
               poller->begun - poller->ended < AT_ONCE)
            rc = begin(poller);
        if (rc >= 0)
            rc = turn(poller);
        while ((call = mesh_loop_next_call(poller->loop)))
            hear(poller, call);
        if (poller->ended % 64 == 0) {
            int64_t tasks = act_status("Threads:");

            poller->tasks = tasks > poller->tasks ? tasks : poller->tasks;
        }
    }
    return rc;
}

int act_loop(struct actor *actor, char **argv)
{
    struct poller poller = { .actor = actor, .url = argv[0] };
    int rc = mesh_loop_new(actor->workload, &poller.loop, actor->error);

    if (rc == 0)
        rc = run(&poller, strtoll(argv[1], NULL, 10));
    mesh_loop_free(poller.loop);
    if (rc < 0)
        return act_failed(actor, "loop");
    say(actor, poller.good, poller.tasks);
    return 0;
}
