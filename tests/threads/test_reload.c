/*
 * test_reload.c - 1,000 policies and 100 certificates come while several
 * threads call and serve: nothing is lost.
 *
 * A caller and a service in one process, over real sockets, so that a
 * sanitizer sees both. Their keepers have helpers, which reload as well, when
 * they see the files change: whoever comes first.
 *
 * MESH_TEST_RELOADS and MESH_TEST_ROTATIONS set other numbers.
 */
#include <mesh/mesh.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CALLERS = 4, SERVERS = 3, PATH_MOST = 512 };

/* Two versions of what both follow: every part of it differs. */
static const char policy[] =
    "apiVersion: security.istio.io/v1\n"
    "kind: PeerAuthentication\n"
    "metadata: {name: default, namespace: istio-system}\n"
    "spec: {mtls: {mode: STRICT}}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: back, namespace: demo}\n"
    "spec:\n"
    "  selector: {app: back}\n"
    "  ports: [{name: http, port: 80, targetPort: 8080}]\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: back, namespace: demo}\n"
    "spec:\n"
    "  address: 127.0.0.1\n"
    "  ports: {http: %d}\n"
    "  labels: {app: back, version: v1}\n"
    "  serviceAccount: back\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: back, namespace: demo}\n"
    "spec:\n"
    "  hosts: [back]\n"
    "  http:\n"
    "  - match: [{headers: {x-version: {exact: \"%d\"}}}]\n"
    "    route: [{destination: {host: back, subset: v1}}]\n"
    "  - timeout: 6%ds\n"
    "    route: [{destination: {host: back}}]\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: DestinationRule\n"
    "metadata: {name: back, namespace: demo}\n"
    "spec:\n"
    "  host: back\n"
    "  trafficPolicy:\n"
    "    connectionPool: {tcp: {maxConnections: %d}}\n"
    "    outlierDetection: {consecutive5xxErrors: %d}\n"
    "  subsets: [{name: v1, labels: {version: v1}}]\n"
    "---\n"
    "apiVersion: security.istio.io/v1\n"
    "kind: AuthorizationPolicy\n"
    "metadata: {name: back, namespace: demo}\n"
    "spec:\n"
    "  selector: {matchLabels: {app: back}}\n"
    "  rules:\n"
    "  - from: [{source: {principals: [cluster.local/ns/demo/sa/caller,\n"
    "            cluster.local/ns/demo/sa/nobody-%d]}}]\n";

static struct {
    char folder[PATH_MOST];
    int port;
    mesh_workload *caller;
    mesh_workload *back;
    mesh_server *server;
    atomic_int stopping;
    atomic_llong numbers;
    atomic_llong good;
    atomic_llong unanswered;
} stage;

static int checks;
static int failed;

static void check(int good, const char *claim, long long found)
{
    checks++;
    failed += !good;
    printf("%s: %s (%lld)\n", good ? "ok" : "FAILED", claim, found);
    fflush(stdout);
}

static void give_up(const char *what, const mesh_error *error)
{
    printf("%s: %s\n1 checks, 1 failed\n", what, mesh_error_message(error));
    exit(1);
}

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);

    return text ? strtol(text, NULL, 10) : otherwise;
}

/* --- files --- */

static const char *at(char path[PATH_MOST], const char *name)
{
    if (snprintf(path, PATH_MOST, "%.200s/%s", stage.folder, name) >= PATH_MOST)
        exit(1);
    return path;
}

static void write_policy(long version)
{
    int odd = (int)(version % 2);
    char path[PATH_MOST];
    char next[PATH_MOST];
    FILE *file = fopen(at(next, "next"), "we");

    if (!file)
        exit(1);
    fprintf(file, policy, stage.port, odd, odd, 4 + odd, 5 + odd, odd);
    fclose(file);
    if (rename(next, at(path, "policy/all.yaml")) < 0)
        exit(1);
}

static void issue(const char *account, mesh_error *error)
{
    char ca[PATH_MOST];
    char out[PATH_MOST];

    if (mesh_ca_issue(at(ca, "ca"), "demo", account, 3600, at(out, account),
                      error) < 0)
        give_up("issue", error);
}

static void make_folders(mesh_error *error)
{
    const char *top = getenv("TMPDIR");
    char path[PATH_MOST];

    (void)snprintf(stage.folder, sizeof(stage.folder), "%.100s/mesh-XXXXXX",
                   top ? top : "/tmp");
    if (!mkdtemp(stage.folder) || mkdir(at(path, "policy"), 0700) < 0)
        give_up("a folder", error);
    if (mesh_ca_init(at(path, "ca"), "cluster.local", error) < 0)
        give_up("the CA", error);
    issue("caller", error);
    issue("back", error);
}

static void remove_folders(void)
{
    static const char *const names[] = { "caller/cert-chain.pem",
                                         "caller/key.pem",
                                         "caller/root-cert.pem",
                                         "back/cert-chain.pem",
                                         "back/key.pem",
                                         "back/root-cert.pem",
                                         "ca/root-cert.pem",
                                         "ca/ca-key.pem",
                                         "policy/all.yaml",
                                         "caller",
                                         "back",
                                         "ca",
                                         "policy" };
    char path[PATH_MOST];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)remove(at(path, names[i]));
    (void)rmdir(stage.folder);
}

/* --- the two of them --- */

static mesh_workload *workload_of(const char *account, mesh_error *error)
{
    mesh_config *config = mesh_config_new();
    mesh_workload *workload = NULL;
    char policies[PATH_MOST];
    char identity[PATH_MOST];
    char labels[64];

    (void)snprintf(labels, sizeof(labels), "app=%s", account);
    if (!config || mesh_config_set_environment(config, 0) < 0 ||
        mesh_config_set_policy(config, at(policies, "policy")) < 0 ||
        mesh_config_set_identity(config, at(identity, account)) < 0 ||
        mesh_config_set_labels(config, labels) < 0 ||
        mesh_config_set_helper(config, 1) < 0 ||
        mesh_workload_new(config, &workload, error) < 0)
        give_up(account, error);
    mesh_config_free(config);
    return workload;
}

/* A port that nobody has, as the policy must name it before it is taken. */
static int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        exit(1);
    close(fd);
    return ntohs(address.sin_port);
}

static void open_server(mesh_error *error)
{
    char listen_at[64];

    (void)snprintf(listen_at, sizeof(listen_at), "127.0.0.1:%d", stage.port);
    if (mesh_server_new(stage.back, NULL, listen_at, 0, &stage.server, error) <
        0)
        give_up(listen_at, error);
}

static void *serve(void *unused)
{
    mesh_error *error = mesh_error_new();
    mesh_exchange *exchange;

    (void)unused;
    while (mesh_server_next(stage.server, -1, &exchange, error) == 0) {
        const char *number = mesh_exchange_header(exchange, "x-number");

        if (!number || mesh_exchange_respond(exchange, 200, number,
                                             strlen(number), error) < 0)
            atomic_fetch_add(&stage.unanswered, 1);
        mesh_exchange_free(exchange);
    }
    mesh_error_free(error);
    return NULL;
}

static int ask(long long number, mesh_error *error)
{
    mesh_request *request = NULL;
    mesh_response *response = NULL;
    char text[32];
    int good = 0;
    int rc = mesh_request_new("GET", "http://back/", &request, error);

    (void)snprintf(text, sizeof(text), "%lld", number);
    if (rc == 0)
        rc = mesh_request_add_header(request, "x-number", text, error);
    if (rc == 0)
        rc = mesh_request_add_header(request, "x-version",
                                     number % 2 ? "1" : "0", error);
    if (rc == 0)
        rc = mesh_send(stage.caller, request, &response, error);
    if (rc == 0 && mesh_response_status(response) == 200)
        good = strcmp(mesh_response_body(response, NULL), text) == 0;
    if (!good)
        printf("call %lld: %s %d %s %s %d attempts: %s\n", number,
               mesh_error_name(rc), mesh_response_status(response),
               response ? mesh_response_text(response, MESH_RESPONSE_FLAGS)
                        : "",
               response ? mesh_response_body(response, NULL) : "",
               mesh_response_attempts(response), mesh_error_message(error));
    mesh_response_free(response);
    mesh_request_free(request);
    return good;
}

static void *call(void *unused)
{
    mesh_error *error = mesh_error_new();

    (void)unused;
    while (!atomic_load(&stage.stopping))
        if (ask(atomic_fetch_add(&stage.numbers, 1), error))
            atomic_fetch_add(&stage.good, 1);
    mesh_error_free(error);
    return NULL;
}

/* --- what changes --- */

static int reload_both(mesh_error *error)
{
    int rc = mesh_workload_reload(stage.caller, NULL, error);

    if (rc == 0)
        rc = mesh_workload_reload(stage.back, NULL, error);
    if (rc < 0)
        printf("reload: %s: %s\n", mesh_error_name(rc),
               mesh_error_message(error));
    return rc == 0;
}

/* Rotations are spread evenly among the reloads. */
static long change(long reloads, long rotations, mesh_error *error)
{
    long rotated = 0;
    long good = 0;

    for (long i = 0; i < reloads; i++) {
        write_policy(i + 1);
        if (rotated < rotations && rotated * reloads <= i * rotations)
            issue(rotated++ % 2 ? "caller" : "back", error);
        good += reload_both(error);
    }
    return good;
}

static long long statistic(mesh_workload *workload, const char *name)
{
    int64_t value = -1;

    (void)mesh_workload_statistic(workload, name, &value, NULL);
    return value;
}

static void judge(long reloads, long rotations, long good)
{
    long long numbers = atomic_load(&stage.numbers);
    long long rotated = statistic(stage.caller, "rotations") +
                        statistic(stage.back, "rotations");

    check(good == reloads, "every policy is taken by both", good);
    check(statistic(stage.caller, "reloads") == reloads, "once by the caller",
          statistic(stage.caller, "reloads"));
    check(statistic(stage.back, "reloads") == reloads, "once by the service",
          statistic(stage.back, "reloads"));
    check(rotated == rotations, "every certificate is taken once", rotated);
    check(numbers > 0 && atomic_load(&stage.good) == numbers,
          "every call is answered, with what it asked for", numbers);
    check(atomic_load(&stage.unanswered) == 0, "every request too",
          atomic_load(&stage.unanswered));
    check(statistic(stage.back, "denied") == 0, "nobody is denied",
          statistic(stage.back, "denied"));
    check(statistic(stage.caller, "handshakes_full") >= 1,
          "full handshakes of the caller",
          statistic(stage.caller, "handshakes_full"));
    check(statistic(stage.caller, "retries") == 0, "nothing is tried again",
          statistic(stage.caller, "retries"));
}

static void start(pthread_t *threads, long count, void *(*body)(void *))
{
    for (long i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, body, NULL) != 0)
            exit(1);
}

static void join(pthread_t *threads, long count)
{
    for (long i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    long reloads = number_of("MESH_TEST_RELOADS", 1000);
    long rotations = number_of("MESH_TEST_ROTATIONS", 100);
    mesh_error *error = mesh_error_new();
    pthread_t servers[SERVERS];
    pthread_t callers[CALLERS];
    long good;

    make_folders(error);
    stage.port = free_port();
    write_policy(0);
    stage.back = workload_of("back", error);
    stage.caller = workload_of("caller", error);
    open_server(error);
    start(servers, SERVERS, serve);
    start(callers, CALLERS, call);
    good = change(reloads, rotations, error);
    atomic_store(&stage.stopping, 1);
    join(callers, CALLERS);
    judge(reloads, rotations, good);
    mesh_server_close(stage.server);
    join(servers, SERVERS);
    mesh_server_free(stage.server);
    mesh_workload_free(stage.caller);
    mesh_workload_free(stage.back);
    mesh_error_free(error);
    remove_folders();
    printf("%d checks, %d failed\n", checks, failed);
    return failed != 0;
}
