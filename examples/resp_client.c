/*
 * resp_client.c - a client of Redis's protocol (RESP) that lets the mesh route,
 * balance and retry each of its commands.
 *
 *   MESH_POLICY=cache ./resp_client HOST PORT <commands
 *
 * SET KEY VALUE and GET KEY, one a line. A command is described to libmesh as a
 * message of attributes, which are this program's to choose: its verb is the
 * method, its key the header x-key, by which the DestinationRule hashes, so
 * that one key always goes to one server; and x-class, by which the
 * VirtualService sends reads to the replicas. Nothing of that is sent.
 * Connections and bytes are the program's own, and so would their protection
 * be: see plain_connect.c.
 */
#include <mesh/mesh.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVERS_MOST 16 /* connections that are kept, one for each server */
#define PATIENCE_MS  5000
#define LINE_MOST    512

struct server {
    char endpoint[64];
    int fd; /* -1: none */
};

struct client {
    mesh_workload *workload;
    mesh_attributes *bag; /* filled anew for each command */
    mesh_error *error;
    const char *host;
    const char *port;
    struct server servers[SERVERS_MOST];
    size_t server_count;
};

struct command {
    char line[LINE_MOST];
    char verb[16];
    char key[128];
};

/* --- connections --- */

/* A connected socket of "127.0.0.1:6001", or -1. */
static int dial(const char *endpoint, int64_t timeout_ms)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    const char *colon = strrchr(endpoint, ':');
    char host[INET_ADDRSTRLEN] = "";
    struct pollfd wait = { .events = POLLOUT };
    int cause = 0;
    socklen_t size = sizeof(cause);

    if (!colon || (size_t)(colon - endpoint) >= sizeof(host))
        return -1;
    memcpy(host, endpoint, (size_t)(colon - endpoint));
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
        return -1;
    to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    wait.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (wait.fd < 0)
        return -1;
    if (connect(wait.fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return wait.fd;
    if (errno == EINPROGRESS && poll(&wait, 1, (int)timeout_ms) == 1 &&
        getsockopt(wait.fd, SOL_SOCKET, SO_ERROR, &cause, &size) == 0 &&
        cause == 0)
        return wait.fd;
    close(wait.fd);
    return -1;
}

/* The place of a server's connection; whoever comes first has the last one's
 * where there are too many. */
static struct server *place_of(struct client *client, const char *endpoint)
{
    struct server *server;

    for (size_t i = 0; i < client->server_count; i++)
        if (!strcmp(client->servers[i].endpoint, endpoint))
            return &client->servers[i];
    server = &client->servers[client->server_count];
    if (client->server_count < SERVERS_MOST - 1)
        client->server_count++;
    else if (server->fd >= 0)
        close(server->fd);
    snprintf(server->endpoint, sizeof(server->endpoint), "%s", endpoint);
    server->fd = -1;
    return server;
}

static void hang_up(struct server *server)
{
    if (server->fd >= 0)
        close(server->fd);
    server->fd = -1;
}

/* --- one attempt --- */

/* A whole answer of RESP: "+OK", "-ERR ...", "$3" and three bytes. Its result
 * for mesh_report(); text is what it says. */
static int read_answer(int fd, int64_t timeout_ms, char text[LINE_MOST])
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    char data[LINE_MOST];
    size_t got = 0;
    size_t lines;

    for (;;) {
        ssize_t more;

        data[got] = '\0';
        lines = data[0] == '$' && data[1] != '-' ? 2 : 1;
        for (const char *at = data; lines && (at = strstr(at, "\r\n")); at += 2)
            lines--;
        if (got && !lines)
            break;
        if (poll(&wait, 1, (int)timeout_ms) == 0)
            return MESH_RESULT_TIMEOUT;
        more = read(fd, data + got, sizeof(data) - 1 - got);
        if (more <= 0)
            return MESH_RESULT_RESET;
        got += (size_t)more;
    }
    data[got - 2] = '\0'; /* the end of its last line */
    if (data[0] == '$')
        snprintf(text, LINE_MOST, "%s",
                 data[1] == '-' ? "(nothing)" : strstr(data, "\r\n") + 2);
    else
        snprintf(text, LINE_MOST, "%s", data + 1);
    return data[0] == '-' ? -1 : MESH_RESULT_STATUS;
}

/*
 * What the policy understands of it: HTTP's words for what happened. An answer
 * is 200, one that another server might do better 503, and one that is the
 * caller's own fault 400.
 */
static int exchange(struct server *server, const mesh_decision *decision,
                    const struct command *command, int *status,
                    char text[LINE_MOST])
{
    int64_t bound_ms = mesh_decision_per_try_ms(decision);
    int result;

    if (server->fd < 0)
        server->fd = dial(server->endpoint,
                          mesh_decision_bound(decision, MESH_BOUND_CONNECT_MS));
    if (server->fd < 0)
        return MESH_RESULT_CONNECT_FAILED;
    if (send(server->fd, command->line, strlen(command->line), MSG_NOSIGNAL) <
        0)
        result = MESH_RESULT_RESET;
    else
        result = read_answer(server->fd, bound_ms < 0 ? PATIENCE_MS : bound_ms,
                             text);
    *status = 200;
    if (result < 0)
        *status = strncmp(text, "ERR", 3) ? 503 : 400;
    else if (result != MESH_RESULT_STATUS)
        hang_up(server); /* what comes now would be another's answer */
    return result < 0 ? MESH_RESULT_STATUS : result;
}

/* 1 when there is an answer, 0 to try again, -1 when that was all. */
static int attempt(struct client *client, mesh_decision *decision,
                   const struct command *command)
{
    static const char *const words[] = {
        [MESH_RESULT_CONNECT_FAILED] = "no connection",
        [MESH_RESULT_RESET] = "the connection broke",
        [MESH_RESULT_TIMEOUT] = "no answer in time",
    };
    char text[LINE_MOST] = "";
    struct server *server;
    int64_t again_ms;
    int status = 0;
    int result;

    if (mesh_pick(decision, client->error) < 0) {
        printf("%s %s: %s\n", command->verb, command->key,
               mesh_error_message(client->error));
        return -1;
    }
    if (strcmp(mesh_decision_value(decision, MESH_DECISION_TLS), "disable")) {
        printf("%s %s: the policy wants TLS\n", command->verb, command->key);
        return -1;
    }
    server =
        place_of(client, mesh_decision_value(decision, MESH_DECISION_ENDPOINT));
    result = exchange(server, decision, command, &status, text);
    mesh_report(decision, result, status, &again_ms, NULL);
    printf("%s %s: %s: %s\n", command->verb, command->key,
           mesh_decision_value(decision, MESH_DECISION_WORKLOAD),
           result == MESH_RESULT_STATUS ? text : words[result]);
    if (again_ms < 0)
        return result == MESH_RESULT_STATUS ? 1 : -1;
    poll(NULL, 0, (int)again_ms); /* the policy's back-off */
    return 0;
}

/* --- one command --- */

static int describe(struct client *client, const struct command *command)
{
    int reads = !strcmp(command->verb, "GET");
    const char *const said[][2] = {
        { "destination.host", client->host },
        { "destination.port", client->port },
        { "request.method", command->verb },
        { "request.headers[x-key]", command->key },
        { "request.headers[x-class]", reads ? "read" : "write" },
    };
    int rc = 0;

    mesh_attributes_clear(client->bag);
    for (size_t i = 0; rc == 0 && i < sizeof(said) / sizeof(said[0]); i++)
        rc = mesh_attributes_set(client->bag, said[i][0], said[i][1],
                                 client->error);
    return rc;
}

static int obey(struct client *client, const struct command *command)
{
    mesh_decision *decision = NULL;
    int answered = 0;
    int rc = describe(client, command);

    if (rc == 0)
        rc = mesh_route_attributes(client->workload, client->bag, &decision,
                                   client->error);
    if (rc < 0)
        printf("%s %s: %s\n", command->verb, command->key,
               mesh_error_message(client->error));
    while (rc == 0 && answered == 0)
        answered = attempt(client, decision, command);
    mesh_decision_free(decision);
    return answered > 0;
}

/* Whether every command was answered. */
static int obey_all(struct client *client)
{
    struct command command;
    char event[512];
    int good = 1;

    while (fgets(command.line, sizeof(command.line), stdin)) {
        if (sscanf(command.line, "%15s %127s", command.verb, command.key) != 2)
            continue;
        good &= obey(client, &command);
        while (mesh_workload_next_event(client->workload, event,
                                        sizeof(event)) > 0)
            printf("event: %s\n", event);
        fflush(stdout);
    }
    for (size_t i = 0; i < client->server_count; i++)
        hang_up(&client->servers[i]);
    return good;
}

/* A workload that only decides: it needs no identity and opens no socket. */
static int start(mesh_workload **workload, mesh_error *error)
{
    mesh_config *config = mesh_config_new();
    int rc = config ? mesh_config_set_offline(config, 1) : MESH_ERR_NOMEM;

    if (rc == 0)
        rc = mesh_config_set_namespace(config, "shop");
    if (rc == 0)
        rc = mesh_workload_new(config, workload, error);
    mesh_config_free(config);
    return rc;
}

int main(int argc, char **argv)
{
    struct client client = { 0 };
    int good = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: resp_client HOST PORT\n");
        return 2;
    }
    client.host = argv[1];
    client.port = argv[2];
    client.error = mesh_error_new();
    client.bag = mesh_attributes_new();
    for (size_t i = 0; i < SERVERS_MOST; i++)
        client.servers[i].fd = -1;
    if (start(&client.workload, client.error) < 0)
        fprintf(stderr, "resp_client: %s\n", mesh_error_message(client.error));
    else
        good = obey_all(&client);
    mesh_workload_free(client.workload);
    mesh_attributes_free(client.bag);
    mesh_error_free(client.error);
    return !good;
}
