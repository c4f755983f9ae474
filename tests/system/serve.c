/*
 * serve.c - the part of a server: `actor serve ADDRESS THREADS`.
 *
 * Says who asked and what; takes and gives bodies of any size; and notes
 * whether two processes ever spoke on one connection. Commands are lines on
 * standard input, each answered with a line of JSON:
 *
 *     stats           the numbers
 *     state           policy and events: see act_say_state()
 *     fork ADDRESS N  a forked child serves N requests there, and ends
 *
 * Its end is that of standard input.
 */
#include "actor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PEERS_MOST = 4096, THREADS_MOST = 64, NAME_MOST = 64 };

/* Who speaks on which connection: the first says, the others must agree. */
static struct {
    char peer[NAME_MOST];
    char from[NAME_MOST];
    unsigned long inode; /* of our socket: a port may be used again */
} peers[PEERS_MOST];
static size_t peer_count;
static int64_t mixed;
static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;

/* Our open socket to this peer ("127.0.0.1:40000"); 0 when it is gone. */
static unsigned long inode_of(const char *peer)
{
    FILE *file = fopen("/proc/self/net/tcp", "re");
    const char *colon = strrchr(peer, ':');
    unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;
    unsigned long found = 0;
    char line[512];

    while (file && !found && fgets(line, sizeof(line), file)) {
        unsigned long inode;
        unsigned remote;
        unsigned state;

        if (sscanf(line, "%*s %*s %*x:%x %x %*s %*s %*s %*s %*s %lu", &remote,
                   &state, &inode) == 3 &&
            remote == port && inode)
            found = inode;
    }
    if (file)
        fclose(file);
    return found;
}

static void remember(size_t i, const char *peer, const char *from)
{
    (void)snprintf(peers[i].peer, NAME_MOST, "%s", peer);
    (void)snprintf(peers[i].from, NAME_MOST, "%s", from);
    peers[i].inode = inode_of(peer);
}

static void note_peer(const char *peer, const char *from)
{
    size_t i = 0;

    pthread_mutex_lock(&peers_lock);
    while (i < peer_count && strcmp(peers[i].peer, peer) != 0)
        i++;
    if (i == peer_count && i < PEERS_MOST) {
        remember(peer_count++, peer, from);
    } else if (i == PEERS_MOST || (strcmp(peers[i].from, from) != 0 &&
                                   peers[i].inode == inode_of(peer))) {
        fprintf(stderr, "actor: %s is %s and %s\n", peer,
                i < PEERS_MOST ? peers[i].from : "one too many", from);
        mixed++;
    } else if (strcmp(peers[i].from, from) != 0) {
        remember(i, peer, from);
    }
    pthread_mutex_unlock(&peers_lock);
}

/* --- what is asked for --- */

static int echo(mesh_exchange *exchange, mesh_error *error)
{
    const char *from = mesh_exchange_header(exchange, "x-from");
    const char *number = mesh_exchange_header(exchange, "x-number");
    char body[128];

    note_peer(mesh_exchange_text(exchange, MESH_EXCHANGE_PEER),
              from ? from : "nobody");
    (void)snprintf(body, sizeof(body), "%s %s\n", from ? from : "nobody",
                   number ? number : "-");
    return mesh_exchange_respond(exchange, 200, body, strlen(body), error);
}

/* Every byte is taken; the answer is their number and sum. */
static int take(mesh_exchange *exchange, mesh_error *error)
{
    unsigned char data[PIECE];
    uint64_t sum = 0;
    int64_t bytes = 0;
    size_t got = 1;
    char body[64];
    int rc = 0;

    while (rc == 0 && got) {
        rc = mesh_exchange_read(exchange, data, sizeof(data), PATIENCE_MS, &got,
                                error);
        for (size_t i = 0; rc == 0 && i < got; i++)
            sum += data[i];
        bytes += rc == 0 ? (int64_t)got : 0;
    }
    if (rc < 0)
        return rc;
    (void)snprintf(body, sizeof(body), "%lld %llu\n", (long long)bytes,
                   (unsigned long long)sum);
    return mesh_exchange_respond(exchange, 200, body, strlen(body), error);
}

static int give(mesh_exchange *exchange, int64_t bytes, mesh_error *error)
{
    unsigned char data[PIECE];
    int rc = mesh_exchange_start(exchange, 200, bytes, error);

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)i;
    while (rc == 0 && bytes > 0) {
        size_t written = 0;
        size_t next = bytes < PIECE ? (size_t)bytes : PIECE;

        rc = mesh_exchange_write(exchange, data, next, PATIENCE_MS, &written,
                                 error);
        bytes -= (int64_t)written;
    }
    return rc < 0 ? rc : mesh_exchange_end(exchange, error);
}

static int wait_and_echo(mesh_exchange *exchange, int64_t ms, mesh_error *error)
{
    const struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

    (void)nanosleep(&time, NULL);
    return echo(exchange, error);
}

static int answer(mesh_exchange *exchange, mesh_error *error)
{
    const char *path = mesh_exchange_text(exchange, MESH_EXCHANGE_PATH);
    const char *query = strchr(path, '?');
    int64_t number = query ? strtoll(query + 1, NULL, 10) : 0;

    if (strncmp(path, "/up", 3) == 0)
        return take(exchange, error);
    if (strncmp(path, "/down", 5) == 0)
        return give(exchange, number, error);
    if (strncmp(path, "/slow", 5) == 0)
        return wait_and_echo(exchange, number, error);
    return echo(exchange, error);
}

/* --- serving --- */

struct service {
    struct actor *actor;
    mesh_server *server;
    atomic_llong unanswered;
};

static void *serve(void *argument)
{
    struct service *service = argument;
    mesh_error *error = mesh_error_new();
    mesh_exchange *exchange;

    while (mesh_server_next(service->server, -1, &exchange, error) == 0) {
        if (answer(exchange, error) < 0) {
            fprintf(stderr, "actor: not answered: %s\n",
                    mesh_error_message(error));
            atomic_fetch_add(&service->unanswered, 1);
        }
        mesh_exchange_free(exchange);
    }
    mesh_error_free(error);
    return NULL;
}

static void say_stats(struct service *service)
{
    static const char *const names[] = {
        "connections_accepted", "connections_closed", "handshakes_full",
        "handshakes_resumed",   "handshakes_failed",  "exchanges"
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        printf("%s\"%s\": %lld", i ? ", " : "{", names[i],
               (long long)act_statistic(service->actor->workload, names[i]));
    printf(", \"unanswered\": %lld, \"mixed\": %lld, \"tasks\": %lld}\n",
           (long long)atomic_load(&service->unanswered), (long long)mixed,
           (long long)act_status("Threads:"));
    fflush(stdout);
}

/* --- a child --- */

/* What the child must be told before it says mesh_workload_after_fork(). */
static int is_refused(struct service *service)
{
    mesh_error *error = service->actor->error;
    mesh_exchange *exchange = NULL;
    mesh_server *server = NULL;

    return mesh_server_next(service->server, 0, &exchange, error) ==
               MESH_ERR_FORKED &&
           mesh_server_new(service->actor->workload, NULL, "127.0.0.1:0", 0,
                           &server, error) == MESH_ERR_FORKED &&
           mesh_workload_ready(service->actor->workload, 0, error) ==
               MESH_ERR_FORKED;
}

static int serve_some(mesh_server *server, long count, mesh_error *error)
{
    mesh_exchange *exchange;
    int rc = 0;

    for (long i = 0; rc == 0 && i < count; i++) {
        rc = mesh_server_next(server, PATIENCE_MS, &exchange, error);
        if (rc == 0) {
            rc = answer(exchange, error);
            mesh_exchange_free(exchange);
        }
    }
    return rc;
}

/* A new server in the child; its last answers leave before it ends. */
static int child_serves(struct service *service, const char *at, long count)
{
    struct actor *actor = service->actor;
    mesh_server *server = NULL;
    int refused = is_refused(service);
    int rc = mesh_workload_after_fork(actor->workload, actor->error);

    mesh_server_free(service->server);
    if (rc == 0)
        rc = mesh_server_new(actor->workload, NULL, at, 0, &server,
                             actor->error);
    printf("{\"child\": %lld, \"refused\": %d, \"listens\": %d}\n",
           (long long)getpid(), refused, rc == 0);
    fflush(stdout);
    if (rc == 0)
        rc = serve_some(server, count, actor->error);
    if (rc < 0)
        (void)act_failed(actor, "child");
    (void)mesh_workload_close(actor->workload, PATIENCE_MS, NULL);
    mesh_server_free(server);
    return rc < 0 || !refused;
}

static void make_child(struct service *service, const char *line)
{
    char at[NAME_MOST];
    long count = 0;

    if (sscanf(line, "fork %63s %ld", at, &count) != 2)
        return;
    fflush(stdout);
    if (fork() == 0)
        _exit(child_serves(service, at, count));
}

/* --- the act --- */

static void obey(struct service *service)
{
    char line[256];

    while (fgets(line, sizeof(line), stdin)) {
        if (strcmp(line, "stats\n") == 0)
            say_stats(service);
        else if (strcmp(line, "state\n") == 0)
            act_say_state(service->actor->workload);
        else
            make_child(service, line);
    }
}

int act_serve(struct actor *actor, char **argv)
{
    struct service service = { .actor = actor };
    pthread_t threads[THREADS_MOST];
    long count = strtol(argv[1], NULL, 10);
    long started = 0;

    if (count < 1 || count > THREADS_MOST)
        return -1;
    if (mesh_server_new(actor->workload, NULL, argv[0], 0, &service.server,
                        actor->error) < 0)
        return act_failed(actor, argv[0]);
    while (started < count &&
           pthread_create(&threads[started], NULL, serve, &service) == 0)
        started++;
    printf("{\"listening\": \"%s\"}\n", mesh_server_address(service.server));
    fflush(stdout);
    obey(&service);
    (void)mesh_workload_close(actor->workload, 1000, NULL);
    mesh_server_close(service.server);
    for (long i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    mesh_server_free(service.server);
    return 0;
}
