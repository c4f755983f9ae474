/*
 * outside.c - libmesh's way to addresses outside the mesh, by hand: a program
 * for the tests that have a real server or a real collector at the other end.
 *
 *     outside fetch      reads lines "METHOD URL TIMEOUT_MS BODY_BYTES",
 *                        makes each call on one session, prints
 *                        "CODE STATUS BODY_BYTES REASON"; the line "fork"
 *                        makes the rest a child's
 *     outside spans URL  sends the four spans of a request over two hops
 *                        there and prints its trace id
 *
 * The module is looked for in $MESH_MODULES.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "export/spans.h"
#include "fetch/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 1024, BODY_MAX = 4 << 20 };

static struct mesh_fetch *open_module(void)
{
    struct mesh_fetch *fetch;

    if (mesh__fetch_open(getenv("MESH_MODULES"), &fetch) == 0)
        return fetch;
    fprintf(stderr, "outside: %s\n", mesh__error_line());
    exit(3);
}

/* --- fetch ---------------------------------------------------------------- */

static void call(struct mesh_fetch *fetch, const char *method, const char *url,
                 unsigned timeout_ms, size_t body_bytes)
{
    static char body[BODY_MAX];
    static const char *const headers[] = { "content-type: text/plain",
                                           "x-case: outside", NULL };
    const struct mesh_fetch_request request = { .method = method,
                                                .url = url,
                                                .headers = headers,
                                                .body = body,
                                                .body_bytes = body_bytes,
                                                .timeout_ms = timeout_ms };
    struct mesh_fetch_response response;
    int rc = mesh__fetch_perform(fetch, &request, &response);

    printf("%s %ld %zu %s\n", mesh_error_name(rc), response.status,
           response.body_bytes, rc < 0 ? mesh__error_line() : "");
    fflush(stdout);
    mesh__free(response.body);
}

/* The parent waits for the child and ends as it ended. */
static void become_child(struct mesh_fetch *fetch)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (mesh__fetch_forked(fetch) < 0)
            exit(1);
        return;
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        exit(1);
    mesh__fetch_close(fetch);
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static int fetch_lines(void)
{
    struct mesh_fetch *fetch = open_module();
    char line[LINE];

    while (fgets(line, sizeof(line), stdin)) {
        unsigned timeout_ms;
        size_t body_bytes;
        char method[16];
        char url[512];

        if (strcmp(line, "fork\n") == 0) {
            become_child(fetch);
        } else if (sscanf(line, "%15s %511s %u %zu", method, url, &timeout_ms,
                          &body_bytes) == 4 &&
                   body_bytes <= BODY_MAX) {
            call(fetch, method, url, timeout_ms, body_bytes);
        } else {
            fprintf(stderr, "outside: what is %s", line);
            return 2;
        }
    }
    mesh__fetch_close(fetch);
    return 0;
}

/* --- spans ---------------------------------------------------------------- */

static uint64_t draw(void)
{
    static uint64_t state;
    struct timespec now;

    if (state == 0) {
        clock_gettime(CLOCK_REALTIME, &now);
        state = (uint64_t)now.tv_nsec * 2654435761u + (uint64_t)getpid();
    }
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state ^ state >> 29;
}

/* One hop: as its caller tells it, and as its server does. */
struct hop {
    const char *caller;
    const char *server;
    const char *path;
    unsigned status;
};

static const struct hop hops[] = {
    { "front", "api-gateway", "/", 200 },
    { "api-gateway", "payment-service", "/api/v1/charge", 503 },
};

static struct mesh_facts facts_of(const struct hop *hop, bool inbound,
                                  const struct mesh_trace *trace,
                                  const uint8_t parent[8], int64_t now_ns)
{
    struct mesh_facts facts = { .inbound = inbound,
                                .start_wall_ns = now_ns,
                                .end_ns = 2000000,
                                .method = MESH__SLICE("GET"),
                                .scheme = MESH__SLICE("http"),
                                .path = mesh__slice_of(hop->path),
                                .authority = mesh__slice_of(hop->server),
                                .user_agent = MESH__SLICE("\xff outside"),
                                .protocol = "HTTP/1.1",
                                .status = hop->status,
                                .details = "via_upstream",
                                .attempts = 1,
                                .upstream_host = "127.0.0.1:1",
                                .upstream_cluster = "outbound|80||x",
                                .destination = hop->server,
                                .destination_port = 80,
                                .trace = *trace,
                                .traced = true };

    memcpy(facts.parent_span, parent, sizeof(facts.parent_span));
    return facts;
}

static int send_one(struct mesh_fetch *fetch, const char *endpoint,
                    const char *service, const struct mesh_facts *facts)
{
    const struct mesh_span_resource resource = { .service_name = service,
                                                 .namespace_ = "production",
                                                 .workload = service,
                                                 .version = "test" };
    struct mesh_spans *spans;
    struct mesh_span span;
    int rc = mesh__spans_new(endpoint, &resource, fetch, NULL, &spans);

    if (rc < 0)
        return rc;
    mesh__span_of(facts, &span);
    mesh__spans_put(spans, &span);
    rc = mesh__spans_export(spans, 5000);
    mesh__spans_free(spans);
    return rc;
}

static int send_hops(struct mesh_fetch *fetch, const char *endpoint,
                     struct mesh_trace *trace)
{
    struct timespec now;
    int64_t now_ns;
    int rc = 1;

    clock_gettime(CLOCK_REALTIME, &now);
    now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    for (unsigned i = 0; i < 4 && rc == 1; i++) {
        const uint64_t draws[4] = { draw(), draw(), draw(), 0 };
        const struct hop *hop = &hops[i / 2];
        struct mesh_facts facts;
        uint8_t parent[8];

        mesh__trace_begin(i ? trace : NULL, 10000, draws, trace, parent);
        facts = facts_of(hop, i % 2, trace, parent, now_ns + i * 100000);
        rc = send_one(fetch, endpoint, i % 2 ? hop->server : hop->caller,
                      &facts);
    }
    return rc;
}

static int spans_to(const char *endpoint)
{
    struct mesh_fetch *fetch = open_module();
    struct mesh_trace trace = { 0 };
    char id[33];
    int rc = send_hops(fetch, endpoint, &trace);

    mesh__hex(trace.trace_id, sizeof(trace.trace_id), id);
    if (rc == 1)
        printf("%s\n", id);
    else
        fprintf(stderr, "outside: %s\n", mesh__error_line());
    mesh__fetch_close(fetch);
    return rc == 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "fetch") == 0)
        return fetch_lines();
    if (argc == 3 && strcmp(argv[1], "spans") == 0)
        return spans_to(argv[2]);
    fprintf(stderr, "usage: outside fetch | outside spans URL\n");
    return 2;
}
