/*
 * test_streams.c - one behaviour for each deciding call in the shorter
 * tables of steps: streams of a protocol of their own.
 *
 * With an argument, the test of that name alone is run.
 */
#include "client/plain.h"
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"

#include <stdio.h>

/* --- the shorter tables: streams of a protocol of their own --- */

static struct mesh_stream_server *streams;
static struct mesh_server_env streams_env;
static size_t streams_taken;
static struct mesh_plain plains[3];
static char streams_logged[256]; /* the last record of each side */
static char streams_served[256];

/* "FLAGS CLUSTER ATTEMPTS TAKEN/GIVEN TERMINATION", then the server name */
static void print_stream(const struct mesh_facts *facts, char out[256])
{
    char flags[MESH__FLAGS_TEXT];

    mesh__flags_print(&facts->flags, flags);
    (void)snprintf(out, 256, "%s %s %u %llu/%llu %s%.*s", flags,
                   facts->upstream_cluster, facts->attempts,
                   (unsigned long long)facts->bytes_received,
                   (unsigned long long)facts->bytes_sent, facts->termination,
                   facts->inbound ? 0 : (int)facts->sni.len, facts->sni.at);
    assert_int_equal(facts->status, 0);
    assert_true(facts->start_wall_ns > 0);
    assert_true(facts->end_ns >= facts->start_ns);
}

static void on_stream_called(void *user, const struct mesh_facts *facts)
{
    (void)user;
    assert_false(facts->inbound);
    assert_int_equal(strlen(streams_logged), 0);
    print_stream(facts, streams_logged);
}

static void on_stream_served(void *user, const struct mesh_facts *facts)
{
    (void)user;
    assert_true(facts->inbound);
    assert_string_equal(facts->peer, "spiffe://cluster.local/ns/demo/sa/front");
    print_stream(facts, streams_served);
}

static void on_streams(struct mesh_stream_server *server)
{
    streams_taken += mesh__stream_server_waiting(server);
}

/* Nobody reads: what comes is not waited for. */
static void on_plain(struct mesh_plain *plain)
{
    (void)mesh__stream_want(plain->stream, false);
}

static void begin_streams(const char *policy)
{
    struct mesh_address at;

    begin(policy, 1);
    at = sim->servers[0].address;
    at.port = SIM_PLAIN_PORT;
    streams_env = sim->servers[0].env;
    streams_env.record = on_stream_served;
    sim->env.record = on_stream_called;
    streams_taken = 0;
    streams_logged[0] = streams_served[0] = '\0';
    mesh__loop_enter(sim->servers[0].loop);
    assert_int_equal(mesh__stream_server_new(&streams_env, &at, 0, on_streams,
                                             NULL, &streams),
                     0);
    mesh__loop_leave(sim->servers[0].loop);
}

static int connect_plain(struct mesh_plain *plain, const char *service)
{
    int rc;

    streams_logged[0] = '\0';
    mesh__loop_enter(sim->loops[0]);
    rc = mesh__plain_connect(plain, &sim->env, mesh__slice_of(service), 90,
                             on_plain, NULL);
    mesh__loop_leave(sim->loops[0]);
    mesh__error_clear();
    sim_pass(sim, MESH__S);
    return rc;
}

static void close_plain(struct mesh_plain *plain)
{
    mesh__loop_enter(sim->loops[0]);
    mesh__plain_close(plain, false);
    mesh__loop_leave(sim->loops[0]);
}

static void end_streams(void)
{
    mesh__loop_enter(sim->servers[0].loop);
    mesh__stream_server_free(streams);
    mesh__loop_leave(sim->servers[0].loop);
    sim_fini(sim);
}

static void a_stream_goes_where_it_was_meant_to(void **state)
{
    (void)state;
    begin_streams(PEERS("STRICT") "outboundTrafficPolicy: {mode: "
                                  "REGISTRY_ONLY}\n");
    assert_int_equal(connect_plain(&plains[0], "nobody"), MESH_ERR_NO_ROUTE);
    assert_string_equal(streams_logged, "UH BlackHoleCluster 0 0/0 ");
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_true(plains[0].ready);
    assert_int_equal(streams_taken, 1);
    plains[0].stream->given = 7; /* as its program would count */
    plains[0].stream->taken = 11;
    assert_string_equal(streams_logged, "");
    close_plain(&plains[0]);
    assert_string_equal(streams_logged,
                        "- outbound|90||web.demo.svc.cluster.local 1 7/11 ");
    assert_string_equal(streams_served, "");
    end_streams();
    assert_string_equal(streams_served, "- inbound|9090|| 1 0/0 ");
}

#define STREAMS(rest)                                                          \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: streams, namespace: demo}\n"                             \
    "spec:\n  hosts: [web]\n  tcp:\n" rest "---\n"

/* The same endpoints behind another name: a stream's destination tells. */
static void a_route_leads_a_stream_elsewhere(void **state)
{
    (void)state;
    begin_streams(STREAMS("  - route: [{destination: {host: web, subset: v1}}]"
                          "\n") RULE(SUBSETS));
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_true(plains[0].ready);
    assert_string_equal(plains[0].destination->subset, "v1");
    assert_int_equal(streams_taken, 1);
    close_plain(&plains[0]);
    assert_string_equal(streams_logged,
                        "- outbound|90|v1|web.demo.svc.cluster.local 1 0/0 ");
    end_streams();
}

static void a_streams_route_may_lead_nowhere(void **state)
{
    (void)state;
    begin_streams(STREAMS("  - match: [{destinationSubnets: [10.0.0.0/8]}]\n"
                          "    route: [{destination: {host: gone}}]\n"
                          "  - route: [{destination: {host: web, subset: v9}}]"
                          "\n"));
    assert_int_equal(connect_plain(&plains[0], "web"), MESH_ERR_NO_ROUTE);
    assert_string_equal(streams_logged, "NC  0 0/0 ");
    assert_int_equal(streams_taken, 0);
    end_streams();
}

/* Nobody looks at the bytes: the name that was asked for is the one in them. */
static void a_stream_of_tls_tells_its_server_name(void **state)
{
    (void)state;
    begin_streams(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
        "metadata: {name: tls, namespace: demo}\n"
        "spec: {hosts: [tls.example], resolution: STATIC,\n"
        "  ports: [{number: 90, name: tls, protocol: TLS, targetPort: 9090}],\n"
        "  endpoints: [{address: 10.0.0.1}]}\n");
    assert_int_equal(connect_plain(&plains[0], "tls.example"), 0);
    assert_true(plains[0].ready);
    close_plain(&plains[0]);
    assert_string_equal(streams_logged,
                        "- outbound|90||tls.example 1 0/0 tls.example");
    end_streams();
}

static void streams_have_a_ceiling(void **state)
{
    (void)state;
    begin_streams(POOL("maxConnections: 1", ""));
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_int_equal(connect_plain(&plains[1], "web"), MESH_ERR_OVERFLOW);
    assert_string_equal(streams_logged,
                        "UO outbound|90||web.demo.svc.cluster.local 0 0/0 ");
    streams_logged[0] = '\0';
    close_plain(&plains[0]);
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    close_plain(&plains[0]);
    end_streams();
}

#define TCP(bounds)   "connectionPool: {tcp: {" bounds "}}"
#define BOUND(bounds) RULE("  trafficPolicy: {" TCP(bounds) "}\n")

static const struct {
    const char *claim;
    const char *policy;
    unsigned over_s; /* 0: never */
    const char *line;
} stream_rows[] = {
    { "an hour where nothing is said", "", 3600,
      "idle for 3600000 ms: idleTimeout" },
    { "what the host says", BOUND("idleTimeout: 60s"), 60,
      "idle for 60000 ms: idleTimeout" },
    { "0s is never", BOUND("idleTimeout: 0s"), 0, NULL },
    { "less than a millisecond, too", BOUND("idleTimeout: 0.5ms"), 0, NULL },
    { "open for so long",
      BOUND("idleTimeout: 0s, maxConnectionDuration: 1000s"), 1000,
      "open for 1000000 ms: maxConnectionDuration" },
    { "whichever comes first",
      BOUND("idleTimeout: 60s, maxConnectionDuration: 50s"), 50,
      "open for 50000 ms: maxConnectionDuration" },
    { "http says nothing about streams",
      RULE("  trafficPolicy: {connectionPool: {tcp: {idleTimeout: 60s}, "
           "http: {idleTimeout: 30s}}}\n"),
      60, "idle for 60000 ms: idleTimeout" },
    { "a port says nothing",
      RULE("  trafficPolicy: {portLevelSettings: [{port: {number: 90}, " TCP(
          "idleTimeout: 60s, maxConnectionDuration: 50s") "}]}\n"),
      3600, "idle for 3600000 ms: idleTimeout" },
    { "a port hides nothing",
      RULE("  trafficPolicy: {" TCP(
          "idleTimeout: 60s") ", portLevelSettings: "
                              "[{port: {number: 90}, " TCP(
                                  "maxConnections: 9") "}]}\n"),
      60, "idle for 60000 ms: idleTimeout" },
    { "a subset says nothing",
      STREAMS("  - route: [{destination: {host: web, subset: v1}}]\n")
          RULE("  trafficPolicy: {" TCP(
              "idleTimeout: 60s") "}\n"
                                  "  subsets: [{name: v1, labels: {version: "
                                  "v1}, "
                                  "trafficPolicy: {" TCP(
                                      "idleTimeout: 30s, "
                                      "maxConnectionDuration: 20s") "}}]\n"),
      60, "idle for 60000 ms: idleTimeout" },
    { "nor do the mesh's defaults",
      "defaultTrafficPolicy: {" TCP("idleTimeout: 60s, "
                                    "maxConnectionDuration: 50s") "}\n",
      3600, "idle for 3600000 ms: idleTimeout" },
};

static void a_stream_stays_no_longer_than_it_may(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stream_rows) / sizeof(stream_rows[0]); i++) {
        uint64_t over_ns = stream_rows[i].over_s * MESH__S;
        struct mesh_stream *stream;

        begin_streams(stream_rows[i].policy);
        assert_int_equal(connect_plain(&plains[0], "web"), 0);
        assert_true(plains[0].ready);
        stream = plains[0].stream;
        sim_pass(sim, over_ns ? over_ns - 2 * MESH__S : 100000 * MESH__S);
        if (stream->state != MESH__STREAM_READY)
            fail_msg("%s: %s", stream_rows[i].claim, stream->line);
        sim_pass(sim, 2 * MESH__S);
        if (over_ns && stream->state != MESH__STREAM_FAILED)
            fail_msg("%s: still there", stream_rows[i].claim);
        if (over_ns) {
            assert_int_equal(stream->code, MESH_ERR_CLOSED);
            assert_string_equal(stream->line, stream_rows[i].line);
        }
        close_plain(&plains[0]);
        assert_int_equal(strncmp(streams_logged, "DT outbound|90|", 15) == 0,
                         over_ns &&
                             strncmp(stream_rows[i].line, "open", 4) == 0);
        end_streams();
    }
}

/* What the stream's own bound has ended says nothing about the endpoint. */
static void a_stream_that_is_over_blames_nobody(void **state)
{
    struct mesh_address at;

    (void)state;
    begin_streams(
        RULE("  trafficPolicy:\n"
             "    connectionPool: {tcp: {maxConnectionDuration: 500ms}}\n"
             "    outlierDetection: {consecutive5xxErrors: 1,\n"
             "      baseEjectionTime: 30s, maxEjectionPercent: 100}\n"));
    at = sim->servers[0].address;
    at.port = SIM_PLAIN_PORT;
    mesh__world_set_refused(sim->world, &at, true, true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(connect_plain(&plains[0], "web"), 0);
        assert_false(plains[0].ready);
        assert_int_equal(plains[0].code, MESH_ERR_CLOSED);
        close_plain(&plains[0]);
        assert_memory_equal(streams_logged, "DT outbound|90|", 15);
    }
    end_streams();
}

static void a_taken_stream_is_not_idle_for_ever(void **state)
{
    struct mesh_arrival *arrival;

    (void)state;
    begin_streams(BOUND("idleTimeout: 0s"));
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    mesh__loop_enter(sim->servers[0].loop);
    arrival = mesh__stream_server_take(streams);
    assert_non_null(arrival);
    mesh__loop_leave(sim->servers[0].loop);
    sim_pass(sim, 3598 * MESH__S);
    assert_int_equal(mesh__arrival_stream(arrival)->state, MESH__STREAM_READY);
    sim_pass(sim, 2 * MESH__S);
    assert_int_equal(mesh__arrival_stream(arrival)->state, MESH__STREAM_FAILED);
    assert_int_equal(mesh__arrival_stream(arrival)->code, MESH_ERR_CLOSED);
    mesh__loop_enter(sim->servers[0].loop);
    mesh__arrival_close(arrival, false);
    mesh__loop_leave(sim->servers[0].loop);
    close_plain(&plains[0]);
    end_streams();
}

static void a_streams_peer_must_be_who_was_meant(void **state)
{
    (void)state;
    begin_streams(PEERS("STRICT"));
    sim_wear(sim, 0, "spiffe://cluster.local/ns/demo/sa/other");
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_false(plains[0].ready);
    assert_int_equal(plains[0].code, MESH_ERR_PEER_IDENTITY);
    close_plain(&plains[0]);
    end_streams();
}

static void a_streams_outcome_is_reported(void **state)
{
    struct mesh_address at;

    (void)state;
    begin_streams(RULE("  trafficPolicy:\n"
                       "    outlierDetection: {consecutive5xxErrors: 2,\n"
                       "      baseEjectionTime: 30s,\n"
                       "      maxEjectionPercent: 100}\n"));
    at = sim->servers[0].address;
    at.port = SIM_PLAIN_PORT;
    mesh__world_set_refused(sim->world, &at, true, false);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(connect_plain(&plains[0], "web"), 0);
        assert_int_equal(plains[0].code, MESH_ERR_CONNECT);
        close_plain(&plains[0]);
        assert_string_equal(
            streams_logged,
            "UF,URX outbound|90||web.demo.svc.cluster.local 1 0/0 ");
    }
    sim_pass(sim, 2 * MESH__S);
    assert_int_equal(connect_plain(&plains[0], "web"), MESH_ERR_NO_ENDPOINT);
    assert_string_equal(streams_logged,
                        "UH outbound|90||web.demo.svc.cluster.local 0 0/0 ");
    end_streams();
}

/* How the last connection was to be kept alive. */
static void expect_alive(uint32_t idle_s, uint32_t interval_s, uint32_t probes)
{
    const struct mesh_keepalive *alive = mesh__world_keepalive(sim->world);

    assert_true(alive->on);
    assert_int_equal(alive->idle_s, idle_s);
    assert_int_equal(alive->interval_s, interval_s);
    assert_int_equal(alive->probes, probes);
}

#define ALIVE                                                                  \
    "tcpKeepalive: {interval: 7s}\n---\n" POOL(                                \
        "tcpKeepalive: {time: 100s, probes: 4}", "")

static void streams_and_requests_are_kept_alive(void **state)
{
    struct sim_call call;

    (void)state;
    begin("", 1);
    call = ask(&get);
    expect(&call, 200, "-");
    assert_false(mesh__world_keepalive(sim->world)->on);
    sim_fini(sim);
    begin(ALIVE, 1);
    call = ask(&get);
    expect(&call, 200, "-");
    expect_alive(100, 7, 4);
    sim_fini(sim);
    begin_streams(ALIVE);
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    expect_alive(100, 7, 4);
    close_plain(&plains[0]);
    end_streams();
}

static void policy_is_asked_about_streams(void **state)
{
    (void)state;
    begin_streams(GUARD("ALLOW", "  - from: [{source: {principals:\n"
                                 "      [cluster.local/ns/demo/sa/x]}}]\n"));
    assert_int_equal(connect_plain(&plains[0], "web"), 0);
    assert_int_equal(streams_taken, 0);
    assert_int_equal(atomic_load(&streams_env.stats.denied), 1);
    assert_string_equal(
        streams_served,
        "- inbound|9090|| 1 0/0 rbac_access_denied_matched_policy[none]");
    close_plain(&plains[0]);
    end_streams();
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_goes_where_it_was_meant_to),
        cmocka_unit_test(a_route_leads_a_stream_elsewhere),
        cmocka_unit_test(a_streams_route_may_lead_nowhere),
        cmocka_unit_test(a_stream_of_tls_tells_its_server_name),
        cmocka_unit_test(streams_have_a_ceiling),
        cmocka_unit_test(a_stream_stays_no_longer_than_it_may),
        cmocka_unit_test(a_stream_that_is_over_blames_nobody),
        cmocka_unit_test(a_taken_stream_is_not_idle_for_ever),
        cmocka_unit_test(a_streams_peer_must_be_who_was_meant),
        cmocka_unit_test(a_streams_outcome_is_reported),
        cmocka_unit_test(streams_and_requests_are_kept_alive),
        cmocka_unit_test(policy_is_asked_about_streams),
    };

    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, words_set_up, words_tear_down);
}
