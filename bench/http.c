/*
 * http.c - what a request costs: libmesh beside a bare epoll loop on the same
 * mbedTLS, the same loop with the header lines that a mesh adds (sealing them
 * is not free), the same loop in plaintext, and libcurl's multi interface.
 *
 * Each rival is two processes, the client on one core and the server on
 * another. All are started first and connect; then they take turns, round
 * after round, while the others sleep. CPU is what the kernel counted for each
 * process; a row of the table is made of medians.
 *
 *   MESH_BENCH_SECONDS   how long each rival is measured (5)
 *   http --only NAME     one rival alone, for a profiler: "libmesh", ...
 */
#include "http.h"

#include <errno.h>
#include <mesh/mesh.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 11, CERTIFICATE_S = 3600 };

enum { LIBMESH, BARE, HEADS, PLAIN, CURL, RIVALS };

struct round {
    double client_us; /* a request */
    double server_us;
    double both_us;
    double per_second;
    double per_core; /* requests a second of the busier side's CPU */
};

struct rival {
    const char *name;
    bench_server *serve;
    bench_client *ask;
    pid_t server;
    pid_t client;
    int line; /* to the client */
    struct round rounds[ROUNDS];
};

static struct rival rivals[RIVALS] = {
    [LIBMESH] = { .name = "libmesh",
                  .serve = bench_mesh_server,
                  .ask = bench_mesh_client },
    [BARE] = { .name = "bare",
               .serve = bench_bare_server,
               .ask = bench_bare_client },
    [HEADS] = { .name = "bare+heads",
                .serve = bench_heads_server,
                .ask = bench_heads_client },
    [PLAIN] = { .name = "plaintext",
                .serve = bench_plain_server,
                .ask = bench_plain_client },
    [CURL] = { .name = "libcurl",
               .serve = bench_bare_server,
               .ask = bench_curl_client },
};

/* --- for all -----------------------------------------------------------------
 */

_Noreturn void bench_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "http: %s: %s\n", what, why);
    exit(1);
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now))
        bench_fail("clock", strerror(errno));
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const char *bench_path(const char *directory, const char *name)
{
    static char path[600];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void put(int fd, const void *data, size_t size)
{
    if (write(fd, data, size) != (ssize_t)size)
        bench_fail("a rival went away", "write");
}

static bool get(int fd, void *data, size_t size)
{
    ssize_t n;

    do
        n = read(fd, data, size);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)size;
}

/* --- a client's orders -------------------------------------------------------
 */

bool bench_next(struct bench_orders *orders)
{
    int64_t duration_ns;

    if (!get(orders->fd, &duration_ns, sizeof(duration_ns)))
        return false;
    orders->start_ns = now_ns(CLOCK_MONOTONIC);
    orders->end_ns = orders->start_ns + duration_ns;
    return true;
}

bool bench_goes_on(const struct bench_orders *orders)
{
    return now_ns(CLOCK_MONOTONIC) < orders->end_ns;
}

void bench_report(const struct bench_orders *orders, int64_t requests)
{
    int64_t report[2] = { requests,
                          now_ns(CLOCK_MONOTONIC) - orders->start_ns };

    put(orders->fd, report, sizeof(report));
}

void bench_tell_port(int tell, int port)
{
    put(tell, &port, sizeof(port));
}

/* --- the processes -----------------------------------------------------------
 */

/* A machine with one core has them share it. */
static void pin(int core)
{
    cpu_set_t allowed;
    cpu_set_t one;
    int seen = 0;

    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return;
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &allowed) || seen++ != core)
            continue;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        (void)sched_setaffinity(0, sizeof(one), &one);
        return;
    }
}

static pid_t split(int core)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        bench_fail("fork", strerror(errno));
    if (pid > 0)
        return pid;
    /* None outlives whoever measures. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    pin(core);
    return 0;
}

static int start_server(struct rival *rival, const struct bench_plan *plan)
{
    int line[2];
    int port;

    if (pipe(line))
        bench_fail("pipe", strerror(errno));
    rival->server = split(1);
    if (rival->server == 0) {
        close(line[0]);
        rival->serve(plan, line[1]);
        _exit(1);
    }
    close(line[1]);
    if (!get(line[0], &port, sizeof(port)))
        bench_fail(rival->name, "its server did not start");
    close(line[0]);
    return port;
}

static void start_client(struct rival *rival, const struct bench_plan *plan,
                         int port)
{
    int line[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line))
        bench_fail("socketpair", strerror(errno));
    rival->client = split(0);
    if (rival->client == 0) {
        struct bench_orders orders = { .fd = line[1] };

        close(line[0]);
        rival->ask(plan, port, &orders);
        _exit(0);
    }
    close(line[1]);
    rival->line = line[0];
}

static void stop(struct rival *rival)
{
    close(rival->line);
    (void)kill(rival->client, SIGKILL);
    (void)kill(rival->server, SIGKILL);
    (void)waitpid(rival->client, NULL, 0);
    (void)waitpid(rival->server, NULL, 0);
}

/* --- measuring ---------------------------------------------------------------
 */

static int64_t cpu_ns(pid_t pid)
{
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock))
        bench_fail("a rival went away", "no clock");
    return now_ns(clock);
}

static struct round measure(const struct rival *rival, int64_t duration_ns)
{
    int64_t client_ns = cpu_ns(rival->client);
    int64_t server_ns = cpu_ns(rival->server);
    int64_t report[2];
    double client;
    double server;
    double requests;

    put(rival->line, &duration_ns, sizeof(duration_ns));
    if (!get(rival->line, report, sizeof(report)) || report[0] <= 0)
        bench_fail(rival->name, "its client went away");
    requests = (double)report[0];
    client = (double)(cpu_ns(rival->client) - client_ns) / requests / 1e3;
    server = (double)(cpu_ns(rival->server) - server_ns) / requests / 1e3;
    return (struct round){
        .client_us = client,
        .server_us = server,
        .both_us = client + server,
        .per_second = requests / (double)report[1] * 1e9,
        .per_core = 1e6 / (client > server ? client : server),
    };
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of the field at offset. */
static double median(const struct rival *rival, size_t offset)
{
    double values[ROUNDS];

    for (int i = 0; i < ROUNDS; i++)
        values[i] = *(const double *)((const char *)&rival->rounds[i] + offset);
    qsort(values, ROUNDS, sizeof(*values), compare);
    return values[ROUNDS / 2];
}

#define MEDIAN(rival, field)                                                   \
    median(&rivals[rival], offsetof(struct round, field))

/* --- telling -----------------------------------------------------------------
 */

static void print_table(void)
{
    printf("%-12s %12s %12s %11s %11s %11s\n", "128 B, 64", "requests/s",
           "per core/s", "client us", "server us", "both us");
    for (int i = 0; i < RIVALS; i++)
        printf("%-12s %12.0f %12.0f %11.2f %11.2f %11.2f\n", rivals[i].name,
               MEDIAN(i, per_second), MEDIAN(i, per_core), MEDIAN(i, client_us),
               MEDIAN(i, server_us), MEDIAN(i, both_us));
}

static void print_goal(const char *what, double ratio, double goal)
{
    printf("%-48s %5.2f  (goal: at most %.2f)  %s\n", what, ratio, goal,
           ratio <= goal ? "reached" : "not reached");
}

static void print_goals(void)
{
    printf("\n");
    print_goal("CPU of both sides, libmesh / bare loop",
               MEDIAN(LIBMESH, both_us) / MEDIAN(BARE, both_us), 1.10);
    print_goal("CPU of the client, libmesh / libcurl",
               MEDIAN(LIBMESH, client_us) / MEDIAN(CURL, client_us), 0.33);
    printf("%-48s %5.2f\n", "CPU of both sides, libmesh / bare loop + heads",
           MEDIAN(LIBMESH, both_us) / MEDIAN(HEADS, both_us));
    printf("%-48s %5.2f\n", "CPU of the client, libmesh / bare loop",
           MEDIAN(LIBMESH, client_us) / MEDIAN(BARE, client_us));
    printf("%-48s %5.2f\n", "CPU of the server, libmesh / bare loop",
           MEDIAN(LIBMESH, server_us) / MEDIAN(BARE, server_us));
    printf("%-48s %5.2f\n", "requests per second, libmesh / bare loop",
           MEDIAN(LIBMESH, per_second) / MEDIAN(BARE, per_second));
}

/* --- the run -----------------------------------------------------------------
 */

static int64_t round_ns(void)
{
    const char *text = getenv("MESH_BENCH_SECONDS");
    double seconds = text ? strtod(text, NULL) : 5;

    if (!(seconds > 0 && seconds < 1e4))
        bench_fail("MESH_BENCH_SECONDS", "is no number of seconds");
    return (int64_t)(seconds * 1e9 / ROUNDS);
}

static void issue(const struct bench_plan *plan, const char *account,
                  const char *out, mesh_error *error)
{
    if (mesh_ca_issue(plan->directory, "demo", account, CERTIFICATE_S, out,
                      error) < 0)
        bench_fail(account, mesh_error_message(error));
}

static void prepare(struct bench_plan *plan)
{
    const char *parent = getenv("TMPDIR");
    mesh_error *error = mesh_error_new();

    (void)snprintf(plan->directory, sizeof(plan->directory), "%.200s/%s",
                   parent ? parent : "/tmp", "mesh-bench-XXXXXX");
    if (!mkdtemp(plan->directory))
        bench_fail(plan->directory, strerror(errno));
    (void)snprintf(plan->client, sizeof(plan->client), "%s/client",
                   plan->directory);
    (void)snprintf(plan->server, sizeof(plan->server), "%s/server",
                   plan->directory);
    memset(plan->body, 'x', BENCH_BODY);
    if (mesh_ca_init(plan->directory, "cluster.local", error) < 0)
        bench_fail("CA", mesh_error_message(error));
    issue(plan, "client", plan->client, error);
    issue(plan, "server", plan->server, error);
    mesh_error_free(error);
}

static void clean_up(const struct bench_plan *plan)
{
    static const char *const files[] = {
        "client/cert-chain.pem", "client/key.pem", "client/root-cert.pem",
        "server/cert-chain.pem", "server/key.pem", "server/root-cert.pem",
        "root-cert.pem",         "ca-key.pem",     "client.yaml",
        "server.yaml",
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        (void)unlink(bench_path(plan->directory, files[i]));
    (void)rmdir(plan->client);
    (void)rmdir(plan->server);
    if (rmdir(plan->directory))
        bench_fail(plan->directory, strerror(errno));
}

static bool takes_part(const struct rival *rival, const char *only)
{
    return !only || !strcmp(rival->name, only);
}

int main(int argc, char **argv)
{
    const char *only = argc == 3 && !strcmp(argv[1], "--only") ? argv[2] : NULL;
    int64_t duration_ns = round_ns();
    struct bench_plan plan = { 0 };

    if (argc != (only ? 3 : 1))
        bench_fail("usage",
                   "http [--only libmesh|bare|bare+heads|plaintext|libcurl]");
    prepare(&plan);
    for (int i = 0; i < RIVALS; i++)
        if (takes_part(&rivals[i], only))
            start_client(&rivals[i], &plan, start_server(&rivals[i], &plan));
    for (int round = -1; round < ROUNDS; round++) /* -1 connects and warms up */
        for (int i = 0; i < RIVALS; i++)
            if (takes_part(&rivals[i], only))
                rivals[i].rounds[round < 0 ? 0 : round] =
                    measure(&rivals[i], duration_ns);
    for (int i = 0; i < RIVALS; i++)
        if (takes_part(&rivals[i], only))
            stop(&rivals[i]);
    print_table();
    if (!only)
        print_goals();
    clean_up(&plan);
    return 0;
}
