/*
 * plain_connect.c - a plain connect(2) client that lets the mesh decide where
 * it connects.
 *
 *   MESH_POLICY=db ./plain_connect HOST PORT <lines
 *
 * libmesh decides and opens no socket: which endpoint, within which time, and
 * what is learned from a connection that was refused. The bytes are the
 * program's own, and nothing protects them: where the policy wants TLS
 * (MESH_DECISION_TLS), a program like this one must speak it itself, with
 * MESH_DECISION_SNI in its ClientHello, and hold the server's certificate to
 * MESH_DECISION_PRINCIPAL. This one cannot, and so it does not connect.
 * mesh_connect() does all of that: examples/echo.c.
 *
 * Sends each line of standard input over a connection of its own, and prints
 * the line that comes back and who sent it. TCP routes, weights, subsets,
 * connection limits and outlier detection apply as in a sidecar.
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

#define TRIES       3    /* connections that are tried for one line */
#define PATIENCE_MS 5000 /* for an answer: a stream has no timeout  */

/* "127.0.0.1:6001", "[::1]:6001"; its size, 0 when it is none. */
static socklen_t to_sockaddr(const char *text, struct sockaddr_storage *out)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
    const char *colon = strrchr(text, ':');
    size_t skip = text[0] == '[';
    char host[INET6_ADDRSTRLEN] = "";
    uint16_t port;

    memset(out, 0, sizeof(*out));
    if (!colon || (size_t)(colon - text) - 2 * skip >= sizeof(host))
        return 0;
    memcpy(host, text + skip, (size_t)(colon - text) - 2 * skip);
    port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    four->sin_family = skip ? AF_INET6 : AF_INET;
    if (skip) {
        six->sin6_port = port;
        return inet_pton(AF_INET6, host, &six->sin6_addr) == 1 ? sizeof(*six)
                                                               : 0;
    }
    four->sin_port = port;
    return inet_pton(AF_INET, host, &four->sin_addr) == 1 ? sizeof(*four) : 0;
}

/* A connected socket, or -1 with errno; ETIMEDOUT after timeout_ms. */
static int dial(const char *endpoint, int64_t timeout_ms)
{
    struct sockaddr_storage to;
    socklen_t size = to_sockaddr(endpoint, &to);
    struct pollfd wait = { .events = POLLOUT };
    socklen_t length = sizeof(errno);
    int cause = 0;

    errno = EINVAL;
    wait.fd = size ? socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (wait.fd < 0)
        return -1;
    (void)fcntl(wait.fd, F_SETFL, O_NONBLOCK);
    if (connect(wait.fd, (struct sockaddr *)&to, size) < 0) {
        cause = errno;
        if (cause == EINPROGRESS)
            cause = poll(&wait, 1, (int)timeout_ms) == 0 ? ETIMEDOUT : 0;
        if (!cause)
            (void)getsockopt(wait.fd, SOL_SOCKET, SO_ERROR, &cause, &length);
    }
    (void)fcntl(wait.fd, F_SETFL, 0);
    if (!cause)
        return wait.fd;
    close(wait.fd);
    errno = cause;
    return -1;
}

/* One attempt: pick, connect, report. The socket, or -1; *again: there may be
 * another endpoint. */
static int attempt(mesh_decision *decision, int *again, mesh_error *error)
{
    const char *endpoint;
    int result = MESH_RESULT_CONNECTED;
    int fd;

    *again = 0;
    if (mesh_pick(decision, error) < 0) {
        fprintf(stderr, "plain_connect: %s\n", mesh_error_message(error));
        return -1;
    }
    endpoint = mesh_decision_value(decision, MESH_DECISION_ENDPOINT);
    if (strcmp(mesh_decision_value(decision, MESH_DECISION_TLS), "disable")) {
        fprintf(stderr, "plain_connect: %s wants TLS (%s)\n", endpoint,
                mesh_decision_value(decision, MESH_DECISION_TLS));
        return -1; /* nothing is known of the endpoint: no report */
    }
    fd = dial(endpoint, mesh_decision_bound(decision, MESH_BOUND_CONNECT_MS));
    if (fd < 0) {
        printf("%s: %s\n", endpoint, strerror(errno));
        result = errno == ETIMEDOUT ? MESH_RESULT_TIMEOUT
                                    : MESH_RESULT_CONNECT_FAILED;
        *again = 1;
    }
    (void)mesh_report(decision, result, 0, NULL, NULL);
    return fd;
}

/* No policy retries a stream: to try again is this program's decision. */
static int connect_somewhere(mesh_decision *decision, mesh_error *error)
{
    int again = 1;
    int fd = -1;

    for (int i = 0; i < TRIES && again && fd < 0; i++)
        fd = attempt(decision, &again, error);
    return fd;
}

/* Says the line (with its end), and prints the one that comes back. */
static int talk(int fd, const char *endpoint, const char *line)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    char answer[512];
    size_t got = 0;

    if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
        return -1;
    while (got + 1 < sizeof(answer) && !memchr(answer, '\n', got)) {
        ssize_t more = -1;

        if (poll(&wait, 1, PATIENCE_MS) > 0)
            more = read(fd, answer + got, sizeof(answer) - 1 - got);
        if (more <= 0)
            return -1;
        got += (size_t)more;
    }
    answer[got] = '\0';
    answer[strcspn(answer, "\r\n")] = '\0';
    printf("%s: %s\n", endpoint, answer);
    return 0;
}

/* What happened by itself, such as an endpoint that was ejected. */
static void tell_events(mesh_workload *workload)
{
    char text[512];

    while (mesh_workload_next_event(workload, text, sizeof(text)) > 0)
        printf("event: %s\n", text);
    fflush(stdout);
}

/* The decision is kept as long as the connection: it counts in the policy's
 * maxConnections until then. */
static int ask(mesh_workload *workload, const mesh_attributes *where,
               const char *line, mesh_error *error)
{
    mesh_decision *decision = NULL;
    int fd = -1;
    int rc = mesh_route_attributes(workload, where, &decision, error);

    if (rc < 0)
        fprintf(stderr, "plain_connect: %s\n", mesh_error_message(error));
    else
        fd = connect_somewhere(decision, error);
    rc = -1;
    if (fd >= 0) {
        rc = talk(fd, mesh_decision_value(decision, MESH_DECISION_ENDPOINT),
                  line);
        close(fd);
    }
    mesh_decision_free(decision);
    tell_events(workload);
    return rc;
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

/* Whether every line was answered. */
static int ask_all(mesh_workload *workload, const mesh_attributes *where,
                   mesh_error *error)
{
    char line[512];
    int failed = 0;

    while (fgets(line, sizeof(line), stdin))
        failed |= ask(workload, where, line, error) < 0;
    return failed;
}

int main(int argc, char **argv)
{
    mesh_workload *workload = NULL;
    mesh_attributes *where;
    mesh_error *error;
    int failed = 1;
    int rc;

    if (argc != 3) {
        fprintf(stderr, "usage: plain_connect HOST PORT\n");
        return 2;
    }
    error = mesh_error_new();
    where = mesh_attributes_new();
    rc = start(&workload, error);
    if (rc == 0)
        rc = mesh_attributes_set(where, "destination.host", argv[1], error);
    if (rc == 0)
        rc = mesh_attributes_set(where, "destination.port", argv[2], error);
    if (rc < 0)
        fprintf(stderr, "plain_connect: %s\n", mesh_error_message(error));
    else
        failed = ask_all(workload, where, error);
    mesh_workload_free(workload);
    mesh_attributes_free(where);
    mesh_error_free(error);
    return failed;
}
