/*
 * decide.c - what one decision costs: nanoseconds, allocations, and, through
 * bench/decide-instructions, instructions.
 *
 *   decide                          tables over routes, hosts and endpoints
 *   decide --loop WHAT N [SHAPE]    N decisions of one kind and nothing
 *                                   printed, for callgrind
 *
 * SHAPE is "HOSTS ROUTES ENDPOINTS BALANCER", four words. Policies are YAML,
 * compiled as a workload does: of a host's routes the last matches, it is a
 * 90/10 split with outlier detection and retries; the peer meets ten
 * authorization rules, of which the last matches.
 */
#include <mesh/mesh.h>

#include "authz/authz.h"
#include "policy/policy.h"
#include "schema/schema.h"
#include "traffic/key.h"
#include "traffic/outlier.h"
#include "traffic/pick.h"
#include "traffic/retry.h"
#include "traffic/route.h"
#include "value/duration.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif
#endif
#ifndef CALLGRIND_START_INSTRUMENTATION /* callgrind counts from the start */
#define CALLGRIND_START_INSTRUMENTATION ((void)0)
#define CALLGRIND_STOP_INSTRUMENTATION  ((void)0)
#endif

enum { RUNS = 15, ROUNDS = 10000, RULES = 10, LINES = 16 };

/* What a policy is like. */
struct shape {
    unsigned hosts;
    unsigned routes; /* of each host */
    unsigned endpoints;
    const char *balancer;
};

static const struct {
    const char *name;
    const char *yaml;
} balancers[] = {
    { "least-request", "simple: LEAST_REQUEST" },
    { "round-robin", "simple: ROUND_ROBIN" },
    { "random", "simple: RANDOM" },
    { "weighted", "simple: ROUND_ROBIN" }, /* half of them weigh 2 */
    { "warm-up", "warmup: {duration: 3600s}" },
    { "ring", "consistentHash: {httpHeaderName: x-request-id}" },
    { "maglev", "consistentHash: {httpHeaderName: x-request-id, maglev: "
                "{tableSize: 65537}}" },
    { "localities", "localityLbSetting: {distribute: [{from: \"*\", to: "
                    "{r1/*: 80, r2/*: 20}}]}" },
};
enum { BALANCERS = sizeof(balancers) / sizeof(balancers[0]) };

static unsigned long allocations;

static void *count_alloc(size_t size)
{
    allocations++;
    return malloc(size);
}

static void *count_resize(void *memory, size_t size)
{
    allocations++;
    return realloc(memory, size);
}

static void give_up(const char *what)
{
    (void)fprintf(stderr, "decide: %s\n", what);
    exit(1);
}

/* --- the policy --- */

static const char *balancer_yaml(const char *name)
{
    for (size_t i = 0; i < BALANCERS; i++)
        if (strcmp(balancers[i].name, name) == 0)
            return balancers[i].yaml;
    give_up("no such balancer");
    return NULL;
}

static void routes_yaml(FILE *out, unsigned host, unsigned routes)
{
    (void)fprintf(out,
                  "apiVersion: networking.istio.io/v1\n"
                  "kind: VirtualService\n"
                  "metadata: {name: svc-%u, namespace: demo}\n"
                  "spec:\n  hosts: [svc-%u]\n  http:\n",
                  host, host);
    for (unsigned i = 1; i < routes; i++)
        (void)fprintf(
            out,
            "  - match: [{uri: {prefix: /api/v%u/}, headers: "
            "{x-canary: {exact: \"%u\"}}}]\n"
            "    route: [{destination: {host: svc-%u, subset: v1}}]\n",
            i, i, host);
    (void)fprintf(out,
                  "  - route:\n"
                  "    - {destination: {host: svc-%u, subset: v1}, weight: "
                  "90}\n"
                  "    - {destination: {host: svc-%u, subset: v2}, weight: "
                  "10}\n"
                  "    timeout: 5s\n"
                  "    retries: {attempts: 3, perTryTimeout: 2s, retryOn: "
                  "\"gateway-error,connect-failure,refused-stream\"}\n---\n",
                  host, host);
}

static void host_yaml(FILE *out, unsigned host, const struct shape *shape)
{
    bool weighted = strcmp(shape->balancer, "weighted") == 0;

    (void)fprintf(out,
                  "apiVersion: v1\n"
                  "kind: Service\n"
                  "metadata: {name: svc-%u, namespace: demo}\n"
                  "spec: {selector: {app: svc-%u}, ports: [{name: http, "
                  "port: 80, targetPort: 8080}]}\n---\n"
                  "apiVersion: networking.istio.io/v1\n"
                  "kind: DestinationRule\n"
                  "metadata: {name: svc-%u, namespace: demo}\n"
                  "spec:\n"
                  "  host: svc-%u\n"
                  "  trafficPolicy: {loadBalancer: {%s}, outlierDetection: "
                  "{consecutive5xxErrors: 5, interval: 10s, "
                  "baseEjectionTime: 30s, maxEjectionPercent: 50}}\n"
                  "  subsets: [{name: v1, labels: {version: v1}}, {name: v2, "
                  "labels: {version: v2}}]\n---\n",
                  host, host, host, host, balancer_yaml(shape->balancer));
    routes_yaml(out, host, shape->routes);
    for (unsigned i = 0; i < shape->endpoints; i++)
        (void)fprintf(out,
                      "apiVersion: networking.istio.io/v1\n"
                      "kind: WorkloadEntry\n"
                      "metadata: {name: svc-%u-%u, namespace: demo}\n"
                      "spec: {address: 10.%u.%u.%u, labels: {app: svc-%u, "
                      "version: v%u}, locality: r%u/z/s, weight: %u, "
                      "serviceAccount: svc}\n---\n",
                      host, i, host % 256, i / 256, i % 256, host,
                      1 + (i % 3 == 2), 1 + i % 2,
                      weighted ? 1 + i / 2 % 2 : 1);
}

static void authz_yaml(FILE *out)
{
    (void)fputs("apiVersion: security.istio.io/v1\n"
                "kind: AuthorizationPolicy\n"
                "metadata: {name: bench, namespace: demo}\n"
                "spec:\n  rules:\n",
                out);
    for (unsigned i = 1; i <= RULES; i++)
        (void)fprintf(out,
                      "  - from: [{source: {principals: "
                      "[\"cluster.local/ns/demo/sa/svc-%u\"]}}]\n"
                      "    to: [{operation: {methods: [POST], paths: "
                      "[/api/v1/charge, /api/v1/refund]}}]\n",
                      i);
}

static char *policy_yaml(const struct shape *shape, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    if (!out)
        give_up("no memory for the policy");
    for (unsigned i = 0; i < shape->hosts; i++)
        host_yaml(out, i, shape);
    authz_yaml(out);
    if (fclose(out) != 0)
        give_up("no memory for the policy");
    return text;
}

static struct mesh_collection *load(const struct shape *shape)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;
    char line[256];
    size_t size = 0;
    char *text = policy_yaml(shape, &size);

    mesh__diagnostics_init(&diagnostics);
    if (mesh__collection_new(&collection) < 0 ||
        mesh__collection_add(collection, "bench.yaml", mesh__slice(text, size),
                             &limits, &diagnostics) < 0)
        give_up("the policy does not load");
    for (size_t i = 0; i < diagnostics.count; i++) {
        if (diagnostics.findings[i].severity > MESH__REFUSED)
            continue;
        mesh__finding_print(&diagnostics.findings[i], line, sizeof(line));
        give_up(line);
    }
    mesh__diagnostics_fini(&diagnostics);
    free(text);
    return collection;
}

/* --- what is decided over and over --- */

struct bench {
    struct mesh_collection *collection;
    struct mesh_snapshot *snapshot;
    struct mesh_live_registry *registry;
    struct mesh_arena arena;
    struct mesh_head request;
    struct mesh_head answer;
    struct mesh_authz_request peer;
    struct mesh_draws draws;
    uint64_t seed;
    uint64_t now_ns;
    struct mesh_route route;
    struct mesh_pick pick;
    unsigned long good; /* decisions that came out as they should */
    char authority[32];
};

static uint64_t next_random(void *user)
{
    uint64_t *state = user;

    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static void add_header(struct bench *bench, const char *name, const char *value)
{
    if (mesh__head_add(&bench->request, &bench->arena, LINES,
                       mesh__slice_of(name), mesh__slice_of(value)) < 0)
        give_up("no memory for the request");
}

static void make_request(struct bench *bench, unsigned hosts)
{
    (void)snprintf(bench->authority, sizeof(bench->authority), "svc-%u",
                   hosts - 1);
    if (mesh__head_init(&bench->request, &bench->arena, LINES) < 0 ||
        mesh__head_init(&bench->answer, &bench->arena, LINES) < 0)
        give_up("no memory for the request");
    bench->request.method = MESH__SLICE("POST");
    bench->request.scheme = MESH__SLICE("http");
    bench->request.authority = mesh__slice_of(bench->authority);
    bench->request.path = MESH__SLICE("/api/v1/refund?id=42");
    add_header(bench, "user-agent", "bench/1");
    add_header(bench, "accept", "*/*");
    add_header(bench, "x-request-id", "8a7c1bbe-5a0f-4a6c-b1f6-1c0e9f0a1b2c");
    bench->answer.status = 200;
    bench->peer = (struct mesh_authz_request){
        .http = true,
        .principal_known = MESH__PRESENT,
        .principal = MESH__SLICE("spiffe://cluster.local/ns/demo/sa/svc-10"),
        .method_known = MESH__PRESENT,
        .method = bench->request.method,
        .path_known = MESH__PRESENT,
        .path = bench->request.path,
        .host_known = MESH__PRESENT,
        .host = bench->request.authority,
        .headers_known = MESH__PRESENT,
        .headers = &bench->request,
    };
}

static void start(struct bench *bench, const struct shape *shape)
{
    struct mesh_whoami whoami = {
        .namespace_ = MESH__SLICE("demo"),
        .service_account = MESH__SLICE("bench"),
        .trust_domain = MESH__SLICE("cluster.local"),
        .locality = MESH__SLICE("r1/z/s"),
        .labels_set = true,
    };

    *bench = (struct bench){ .seed = 42, .now_ns = MESH__S };
    mesh__arena_init(&bench->arena, 1 << 20);
    bench->draws = (struct mesh_draws){ next_random, &bench->seed };
    bench->collection = load(shape);
    if (mesh__policy_compile(bench->collection, &whoami, NULL, 1,
                             &bench->snapshot) < 0 ||
        mesh__live_registry_new(NULL, &bench->registry) < 0 ||
        mesh__live_bind(bench->registry, bench->snapshot, bench->now_ns, 0) < 0)
        give_up("the policy does not compile");
    make_request(bench, shape->hosts);
}

static void stop(struct bench *bench)
{
    mesh__snapshot_unref(bench->snapshot);
    mesh__live_registry_free(bench->registry);
    mesh__collection_unref(bench->collection);
    mesh__arena_fini(&bench->arena);
}

static void decide_route(struct bench *bench)
{
    mesh__route_find(bench->snapshot, &bench->request, 80,
                     bench->draws.next(bench->draws.user), &bench->arena,
                     &bench->route, NULL);
    bench->good += bench->route.outcome == MESH__ROUTE_OK;
}

static void decide_pick(struct bench *bench)
{
    const struct mesh_destination *destination = bench->route.destination;
    const struct mesh_route_rule *rule = bench->route.rule;
    struct mesh_pick_ask ask = { .now_ns = bench->now_ns,
                                 .draws = &bench->draws,
                                 .re_picks = 5 };
    struct mesh_key key = { 0 };

    if (mesh__key_balances(destination)) {
        mesh__key_find(rule->hashes, rule->hash_count, &bench->request,
                       &bench->snapshot->self, &bench->draws, &key, NULL);
        ask.has_key = key.known;
        ask.key = key.hash;
    }
    mesh__pick(destination, &ask, &bench->pick, NULL);
    bench->good += bench->pick.endpoint != NULL;
}

static void decide_report(struct bench *bench)
{
    struct mesh_ejection ejection;

    mesh__outlier_report(bench->route.destination, bench->pick.index,
                         MESH__RESULT_STATUS, 200, bench->now_ns, &ejection);
    bench->good += !ejection.ejected;
}

static void decide_retry(struct bench *bench)
{
    const struct mesh_attempt_end end = { .response = &bench->answer,
                                          .sent = true };
    struct mesh_retry retry = { 0 };
    uint64_t wait_ns;

    bench->good +=
        mesh__retry_decide(&bench->route.rule->retry, bench->route.destination,
                           &retry, &end, -1, 1, 0, &wait_ns,
                           NULL) == MESH__RETRY_NO;
}

static void decide_authz(struct bench *bench)
{
    struct mesh_authz_verdict verdict;

    mesh__authz_check(bench->snapshot, &bench->peer, &verdict, NULL);
    bench->good += verdict.allowed;
}

static void decide_outbound(struct bench *bench)
{
    unsigned long good = bench->good;

    bench->now_ns += 1000;
    decide_route(bench);
    decide_pick(bench);
    decide_report(bench);
    decide_retry(bench);
    bench->good = good + (bench->good == good + 4);
}

static const struct {
    const char *name;
    void (*decide)(struct bench *bench);
} kinds[] = {
    { "route", decide_route },   { "pick", decide_pick },
    { "report", decide_report }, { "retry", decide_retry },
    { "authz", decide_authz },   { "outbound", decide_outbound },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void loop(struct bench *bench, size_t kind, unsigned long count)
{
    bench->good = 0;
    for (unsigned long i = 0; i < count; i++)
        kinds[kind].decide(bench);
    if (bench->good != count)
        give_up("a decision came out wrong");
}

/* --- measuring --- */

static double nanoseconds(struct bench *bench, size_t kind)
{
    struct timespec from, to;

    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    loop(bench, kind, ROUNDS);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 +
            (double)(to.tv_nsec - from.tv_nsec)) /
           ROUNDS;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, RUNS, sizeof(*values), by_value);
    return values[RUNS / 2];
}

/* Kinds interleaved: a disturbance of the machine meets them all. */
static void print_row(const struct shape *shape)
{
    static double times[KINDS][RUNS];
    struct bench bench;
    unsigned long before;

    start(&bench, shape);
    decide_outbound(&bench);
    before = allocations;
    for (size_t run = 0; run < RUNS; run++) {
        for (size_t kind = 0; kind < KINDS; kind++)
            times[kind][run] = nanoseconds(&bench, kind);
    }
    (void)printf("%6u %6u %9u %13s", shape->hosts, shape->routes,
                 shape->endpoints, shape->balancer);
    for (size_t kind = 0; kind < KINDS; kind++)
        (void)printf(" %8.0f", median(times[kind]));
    (void)printf(" %11.3f\n", (double)(allocations - before) /
                                  ((double)RUNS * ROUNDS * KINDS));
    (void)fflush(stdout);
    stop(&bench);
}

static void print_tables(void)
{
    static const unsigned routes[] = { 1, 10, 100, 1000 };
    static const unsigned hosts[] = { 1, 10, 100, 1000, 10000 };
    static const unsigned endpoints[] = { 3, 10, 100, 1000 };
    struct shape shape = { 1, RULES, 3, "least-request" };

    (void)printf(" hosts routes endpoints      balancer");
    for (size_t kind = 0; kind < KINDS; kind++)
        (void)printf(" %8s", kinds[kind].name);
    (void)printf(" allocations\n");
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        shape.routes = routes[i];
        print_row(&shape);
    }
    shape.routes = 1;
    for (size_t i = 1; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        shape.hosts = hosts[i];
        print_row(&shape);
    }
    shape = (struct shape){ 1, RULES, 3, "" };
    for (size_t b = 0; b < BALANCERS; b++)
        for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
            shape.balancer = balancers[b].name;
            shape.endpoints = endpoints[i];
            print_row(&shape);
        }
    (void)printf("nanoseconds per decision, medians of %d runs of %d; "
                 "outbound is the first four\n",
                 RUNS, ROUNDS);
}

static void run_loop(const char *name, const char *count,
                     const struct shape *shape)
{
    struct bench bench;
    size_t kind = 0;

    while (kind < KINDS && strcmp(kinds[kind].name, name) != 0)
        kind++;
    if (kind == KINDS)
        give_up("no such decision");
    start(&bench, shape);
    decide_outbound(&bench);
    CALLGRIND_START_INSTRUMENTATION;
    loop(&bench, kind, strtoul(count, NULL, 10));
    CALLGRIND_STOP_INSTRUMENTATION;
    stop(&bench);
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    struct shape shape = { 1, RULES, 4, "least-request" };

    if (mesh_set_memory(count_alloc, count_resize, free) < 0)
        give_up("memory cannot be counted");
    if (argc == 8)
        shape = (struct shape){ number(argv[4]), number(argv[5]),
                                number(argv[6]), argv[7] };
    if ((argc == 4 || argc == 8) && strcmp(argv[1], "--loop") == 0)
        run_loop(argv[2], argv[3], &shape);
    else if (argc == 1)
        print_tables();
    else
        give_up("usage: decide [--loop WHAT N [HOSTS ROUTES ENDPOINTS "
                "BALANCER]]");
    return 0;
}
