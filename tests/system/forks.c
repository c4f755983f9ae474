/*
 * forks.c - fork in the middle of traffic: `actor forks URL THREADS FORKS`.
 *
 * Threads call without a pause, and a call of a host's loop is under way
 * whenever the process forks. Each child asks what it must not, becomes whole
 * with mesh_workload_after_fork(), frees what was its parent's, and calls.
 */
#include "actor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS_MOST = 64, CHILD_CALLS = 20, CHILD_THREADS = 4 };

struct traffic {
    mesh_workload *workload;
    const char *url;
    char from[32];
    long calls; /* of each thread; 0: until it is stopped */
    atomic_int stopping;
    atomic_llong numbers;
    atomic_llong good;
    atomic_llong bad;
    pthread_t threads[THREADS_MOST];
    long count;
};

static void *ask_all(void *argument)
{
    struct traffic *traffic = argument;
    mesh_error *error = mesh_error_new();

    for (long i = 0;
         traffic->calls ? i < traffic->calls : !atomic_load(&traffic->stopping);
         i++) {
        int good = act_get(traffic->workload, traffic->url, traffic->from,
                           atomic_fetch_add(&traffic->numbers, 1), error);

        atomic_fetch_add(good ? &traffic->good : &traffic->bad, 1);
    }
    mesh_error_free(error);
    return NULL;
}

static void begin(struct traffic *traffic, mesh_workload *workload,
                  const char *url, long threads, long calls)
{
    traffic->workload = workload;
    traffic->url = url;
    traffic->calls = calls;
    (void)snprintf(traffic->from, sizeof(traffic->from), "pid-%lld",
                   (long long)getpid());
    while (traffic->count < threads && traffic->count < THREADS_MOST &&
           pthread_create(&traffic->threads[traffic->count], NULL, ask_all,
                          traffic) == 0)
        traffic->count++;
}

static void end(struct traffic *traffic)
{
    atomic_store(&traffic->stopping, 1);
    for (long i = 0; i < traffic->count; i++)
        pthread_join(traffic->threads[i], NULL);
}

/* --- a call under way --- */

struct under_way {
    mesh_loop *loop;
    mesh_call *call;
};

/* Far enough that the connection is held and the request is out. */
static int set_out(struct actor *actor, const char *url, struct under_way *way)
{
    mesh_request *request = NULL;
    char from[32];
    int rc = mesh_loop_new(actor->workload, &way->loop, actor->error);

    (void)snprintf(from, sizeof(from), "pid-%lld", (long long)getpid());
    if (rc == 0)
        rc = act_question(url, from, 7, &request, actor->error);
    if (rc == 0)
        rc = mesh_call_new(actor->workload, way->loop, request, &way->call,
                           actor->error);
    if (rc == 0)
        rc = mesh_call_start(way->call, actor->error);
    while (rc >= 0 && mesh_call_sent(way->call) == MESH_SENT_NEVER)
        rc = mesh_loop_step(way->loop, PATIENCE_MS, actor->error);
    mesh_request_free(request);
    return rc;
}

static int arrive(struct actor *actor, struct under_way *way)
{
    char body[256] = "";
    size_t got;
    int news;

    while ((news = mesh_call_wait(way->call, PATIENCE_MS, actor->error)) >= 0 &&
           news != MESH_CALL_DONE)
        if (news == MESH_CALL_BODY)
            (void)mesh_call_read(way->call, body, sizeof(body), &got, NULL);
    return mesh_call_code(way->call);
}

static void let_go(struct under_way *way)
{
    mesh_call_free(way->call);
    mesh_loop_free(way->loop);
    *way = (struct under_way){ 0 };
}

/* --- the child --- */

static int is_refused(struct actor *actor, const struct under_way *way,
                      const char *url)
{
    mesh_response *response = NULL;
    mesh_request *request = NULL;
    mesh_call *call = NULL;
    int rc = act_question(url, "nobody", 0, &request, actor->error);
    int good = rc == 0 &&
               mesh_send(actor->workload, request, &response, actor->error) ==
                   MESH_ERR_FORKED &&
               mesh_call_new(actor->workload, NULL, request, &call,
                             actor->error) == MESH_ERR_FORKED &&
               mesh_workload_ready(actor->workload, 0, actor->error) ==
                   MESH_ERR_FORKED &&
               mesh_loop_step(way->loop, 0, actor->error) == MESH_ERR_FORKED &&
               mesh_call_next(way->call, actor->error) == MESH_ERR_FORKED;

    mesh_request_free(request);
    return good;
}

static int child(struct actor *actor, struct under_way *way, const char *url)
{
    struct traffic traffic = { .count = 0 };
    int refused = is_refused(actor, way, url);

    if (!refused)
        (void)act_failed(actor, "a child that was not refused");
    if (mesh_workload_after_fork(actor->workload, actor->error) < 0)
        return act_failed(actor, "after_fork");
    let_go(way);
    begin(&traffic, actor->workload, url, CHILD_THREADS, CHILD_CALLS);
    end(&traffic);
    if (mesh_workload_close(actor->workload, PATIENCE_MS, actor->error) < 0)
        return act_failed(actor, "close");
    mesh_workload_free(actor->workload);
    return !refused ||
           atomic_load(&traffic.good) != CHILD_THREADS * CHILD_CALLS;
}

/* --- the act --- */

/* 1 when the child did well and the parent's call was not disturbed. */
static int fork_once(struct actor *actor, const char *url, const char *slow)
{
    struct under_way way = { 0 };
    int status = -1;
    pid_t pid;
    int rc = set_out(actor, slow, &way);

    if (rc < 0) {
        (void)act_failed(actor, "a call under way");
        return 0;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(child(actor, &way, url));
    rc = arrive(actor, &way);
    if (rc < 0)
        fprintf(stderr, "actor: the call under way: %s\n",
                mesh_call_message(way.call));
    let_go(&way);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "actor: child: status %#x\n", (unsigned)status);
        return 0;
    }
    return rc == 0;
}

int act_forks(struct actor *actor, char **argv)
{
    struct traffic traffic = { .count = 0 };
    long forks = strtol(argv[2], NULL, 10);
    long well = 0;
    char slow[512];

    (void)snprintf(slow, sizeof(slow), "%sslow?50", argv[0]);
    begin(&traffic, actor->workload, argv[0], strtol(argv[1], NULL, 10), 0);
    for (long i = 0; i < forks; i++)
        well += fork_once(actor, argv[0], slow);
    end(&traffic);
    printf("{\"forks\": %ld, \"well\": %ld, \"good\": %lld, \"bad\": %lld}\n",
           forks, well, (long long)atomic_load(&traffic.good),
           (long long)atomic_load(&traffic.bad));
    return 0;
}
