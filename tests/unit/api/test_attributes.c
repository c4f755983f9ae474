/*
 * test_attributes.c - a program with a protocol of its own asks where to go:
 * streams and messages, said as a bag of attributes.
 */
#include "../source/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char policy[] =
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: db, namespace: demo}\n"
    "spec: {clusterIP: 10.1.0.1, selector: {app: db}, ports: [{name: tcp, "
    "port: 6000}, {name: tcp-admin, port: 6001}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
    "metadata: {name: db-1, namespace: demo}\n"
    "spec: {address: 10.0.0.1, labels: {app: db, v: a}, serviceAccount: "
    "db}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
    "metadata: {name: db-2, namespace: demo}\n"
    "spec: {address: 10.0.0.2, labels: {app: db, v: a}, serviceAccount: "
    "db}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
    "metadata: {name: db-3, namespace: demo}\n"
    "spec: {address: 10.0.0.3, labels: {app: db, v: b}, serviceAccount: "
    "db}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    "metadata: {name: db, namespace: demo}\n"
    "spec:\n"
    "  host: db\n"
    "  trafficPolicy:\n"
    "    tls: {mode: DISABLE}\n"
    "    connectionPool: {tcp: {maxConnections: 2, connectTimeout: 250ms, "
    "idleTimeout: 60s, maxConnectionDuration: 300s}, http: {idleTimeout: "
    "5s}}\n"
    "    outlierDetection: {consecutive5xxErrors: 2, baseEjectionTime: 300s, "
    "maxEjectionPercent: 100}\n"
    "  subsets: [{name: a, labels: {v: a}}, {name: b, labels: {v: b}}]\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    "metadata: {name: db, namespace: demo}\n"
    "spec:\n"
    "  hosts: [db]\n"
    "  tcp:\n"
    "  - match: [{port: 6000, destinationSubnets: [10.2.0.0/16]}]\n"
    "    route: [{destination: {host: db, subset: b}}]\n"
    "  - match: [{port: 6000, sourceLabels: {app: front}}]\n"
    "    route: [{destination: {host: db, subset: a}, weight: 90}, "
    "{destination: {host: db, subset: b}, weight: 10}]\n"
    "  - match: [{port: 6001}]\n"
    "    route: [{destination: {host: nobody}}]\n---\n"
    /* One that a key balances, over the mesh's own TLS. */
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: ring, namespace: demo}\n"
    "spec: {selector: {app: db}, ports: [{name: tcp, port: 6000}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    "metadata: {name: ring, namespace: demo}\n"
    "spec: {host: ring, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, "
    "loadBalancer: {consistentHash: {useSourceIp: true}}}}\n---\n"
    /* Servers whose names are in the first bytes. */
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
    "metadata: {name: far, namespace: demo}\n"
    "spec: {hosts: ['*.far.example'], resolution: STATIC, ports: [{number: "
    "443, name: tls, protocol: TLS}], endpoints: [{address: 10.3.0.1}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    "metadata: {name: far, namespace: demo}\n"
    "spec:\n"
    "  hosts: ['*.far.example']\n"
    "  tls:\n"
    "  - match: [{sniHosts: [x.far.example]}]\n"
    "    route: [{destination: {host: db, port: {number: 6000}}}]\n---\n"
    /* A protocol that is shaped like HTTP. */
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: kv, namespace: demo}\n"
    "spec: {selector: {app: db}, ports: [{name: http, port: 7000}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    "metadata: {name: kv, namespace: demo}\n"
    "spec:\n"
    "  host: kv\n"
    "  trafficPolicy:\n"
    "    loadBalancer: {consistentHash: {httpHeaderName: x-key}}\n"
    "    connectionPool: {http: {http2MaxRequests: 2, idleTimeout: 30s, "
    "maxRequestsPerConnection: 9}}\n"
    "  subsets: [{name: a, labels: {v: a}}, {name: b, labels: {v: b}}]\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    "metadata: {name: kv, namespace: demo}\n"
    "spec:\n"
    "  hosts: [kv]\n"
    "  http:\n"
    "  - name: gone\n"
    "    match: [{uri: {exact: /gone}}]\n"
    "    redirect: {uri: /}\n"
    "  - name: method\n"
    "    match: [{method: {regex: '.*'}, uri: {prefix: /m}}]\n"
    "    route: [{destination: {host: kv, subset: b}}]\n"
    "  - name: read\n"
    "    match: [{headers: {x-class: {exact: read}}}]\n"
    "    timeout: 2s\n"
    "    retries: {attempts: 2, perTryTimeout: 500ms, retryOn: "
    "connect-failure}\n"
    "    route: [{destination: {host: kv, subset: b}}]\n"
    "  - name: plain\n"
    "    match: [{withoutHeaders: {x-class: {}}}]\n"
    "    route: [{destination: {host: kv, subset: a}}]\n"
    "  - name: all\n"
    "    match: [{uri: {prefix: /}}]\n"
    "    route: [{destination: {host: kv}}]\n";

static const char registry_only[] =
    "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n";

static mesh_workload *workload;
static mesh_workload *strict; /* nobody else is let through */

static mesh_workload *start(const char *directory)
{
    mesh_config *config = ground_config(directory, NULL);
    mesh_workload *out = NULL;

    if (mesh_config_set_namespace(config, "demo") == 0 &&
        mesh_config_set_labels(config, "app=front") == 0 &&
        mesh_config_set_address(config, "10.9.9.9") == 0)
        (void)mesh_workload_new(config, &out, NULL);
    mesh_config_free(config);
    return out;
}

/* "name=value name=value name!": values without blanks; '!' says absent. */
static mesh_attributes *bag_of(const char *said)
{
    mesh_attributes *bag = mesh_attributes_new();
    char copy[512];
    char *save = NULL;

    assert_non_null(bag);
    (void)snprintf(copy, sizeof(copy), "%s", said);
    for (char *word = strtok_r(copy, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        size_t end = strcspn(word, "=!");
        const char *value = word[end] == '=' ? word + end + 1 : NULL;

        word[end] = '\0';
        assert_int_equal(mesh_attributes_set(bag, word, value, NULL), 0);
    }
    return bag;
}

static int route_by(mesh_workload *by, const char *said, mesh_decision **out)
{
    mesh_attributes *bag = bag_of(said);
    int rc = mesh_route_attributes(by, bag, out, NULL);

    mesh_attributes_free(bag); /* the decision does not need it */
    return rc;
}

static mesh_decision *route(const char *said)
{
    mesh_decision *decision;

    assert_int_equal(route_by(workload, said, &decision), 0);
    return decision;
}

static const char *value(const mesh_decision *decision, int what)
{
    return mesh_decision_value(decision, what);
}

#define DB       "destination.host=db destination.port=6000"
#define RING     "destination.host=ring destination.port=6000"
#define KV       "destination.host=kv destination.port=7000"
#define FULL(x)  x ".demo.svc.cluster.local"
#define IN_KV(s) "outbound|7000|" s "|" FULL("kv")
#define IN_DB(s) "outbound|6000|" s "|" FULL("db")
#define OUTSIDE  "PassthroughCluster"

/* --- where to --- */

static const struct {
    const char *claim;
    const char *said;
    int code;
    const char *rule;        /* NULL: nothing was decided */
    const char *destination; /* up to what is drawn: "*" stands for more */
} rows[] = {
    { "a stream is routed by weight", DB, 0, "tcp[1]", "outbound|6000|*" },
    { "by any name of its service",
      "destination.host=db.demo.svc destination.port=6000", 0, "tcp[1]",
      "outbound|6000|*" },
    { "by its service's address",
      "destination.ip=10.1.0.1 "
      "destination.port=6000",
      0, "tcp[1]", "outbound|6000|*" },
    { "by the address as a host",
      "destination.host=10.1.0.1 destination.port=6000", 0, "tcp[1]",
      "outbound|6000|*" },
    { "the address that was dialled decides subnets",
      DB " destination.ip=10.2.0.1", 0, "tcp[0]", IN_DB("b") },
    { "a rule is for its port, and its destination may be missing",
      "destination.host=db destination.port=6001", MESH_ERR_NO_DESTINATION,
      "tcp[2]", "" },
    { "the name is the server name",
      "destination.host=x.far.example destination.port=443", 0, "tls[0]",
      IN_DB("") },
    { "what the bytes say is the server name",
      "destination.host=y.far.example destination.port=443 "
      "connection.sni=x.far.example",
      0, "tls[0]", IN_DB("") },
    { "bytes without a name fit no rule that asks for one",
      "destination.host=x.far.example destination.port=443 connection.sni!",
      MESH_ERR_NO_ROUTE, "", "" },
    { "nor does another name",
      "destination.host=y.far.example destination.port=443", MESH_ERR_NO_ROUTE,
      "", "" },
    { "an unknown host is let through",
      "destination.host=nobody.example destination.port=9", 0, "allow_any",
      OUTSIDE },
    { "what only authorization asks is no part of it",
      DB " source.principal=spiffe://a/ns/b/sa/c remote.ip=1.2.3.4", 0,
      "tcp[1]", "outbound|6000|*" },

    { "one request attribute makes it a message",
      KV " request.headers[x-class]=read", 0, "read", IN_KV("b") },
    { "a header's name has no case", KV " request.headers[X-Class]=read", 0,
      "read", IN_KV("b") },
    { "a header that was never set is absent", KV " request.method=GET", 0,
      "plain", IN_KV("a") },
    { "as one that is said to be", KV " request.headers[x-class]!", 0, "plain",
      IN_KV("a") },
    { "which takes its lines away",
      KV " request.headers[x-class]=read request.headers[X-CLASS]!", 0, "plain",
      IN_KV("a") },
    { "a rule for every path takes a message without one",
      KV " request.headers[x-class]=write", 0, "all", IN_KV("") },
    { "a method that was never set fits no rule that asks for one",
      KV " request.path=/m request.headers[x-class]=write", 0, "all",
      IN_KV("") },
    { "a method that was set may", KV " request.path=/m request.method=SET", 0,
      "method", IN_KV("b") },
    { "a rule that answers by itself leads nowhere", KV " request.path=/gone",
      MESH_ERR_LOCAL_RESPONSE, "gone", "" },
    { "the request's host is the host, its port the port",
      "request.host=kv:7000 request.method=GET", 0, "plain", IN_KV("a") },
    { "the request's host comes first",
      "destination.host=db request.host=kv destination.port=7000", 0, "plain",
      IN_KV("a") },
    { "without a port it is 80", "request.host=kv", 0, "allow_any", OUTSIDE },
    { "an address may be all there is",
      "destination.ip=::1 destination.port=7000 request.method=GET", 0,
      "allow_any", OUTSIDE },
    { "or a host of that form",
      "destination.host=::1 destination.port=7000 request.method=GET", 0,
      "allow_any", OUTSIDE },
    { "a path that cannot be normalized", KV " request.path=/%00",
      MESH_ERR_INVALID, "", "" },

    { "a stream to nowhere", "destination.port=6000", MESH_ERR_INVALID, NULL,
      NULL },
    { "a stream to a host that is said to be absent",
      "destination.host! destination.port=6000", MESH_ERR_INVALID, NULL, NULL },
    { "a stream without a port", "destination.host=db", MESH_ERR_INVALID, NULL,
      NULL },
    { "a message to nowhere", "request.method=GET destination.port=7000",
      MESH_ERR_INVALID, NULL, NULL },
    { "a message to what is no host", "request.host=a@b", MESH_ERR_INVALID,
      NULL, NULL },
    { "nothing at all", "", MESH_ERR_INVALID, NULL, NULL },
};

static bool is_like(const char *found, const char *wanted)
{
    size_t len = strcspn(wanted, "*");

    return wanted[len] ? !strncmp(found, wanted, len) : !strcmp(found, wanted);
}

static void a_bag_is_routed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        mesh_decision *decision;
        int rc = route_by(workload, rows[i].said, &decision);
        const char *rule = decision ? value(decision, MESH_DECISION_ROUTE) : "";
        const char *to =
            decision ? value(decision, MESH_DECISION_DESTINATION) : "";

        if (rc != rows[i].code || !decision != !rows[i].rule ||
            (decision && (strcmp(rule, rows[i].rule) != 0 ||
                          !is_like(to, rows[i].destination))))
            fail_msg("%s: %d, %s, %s", rows[i].claim, rc, rule, to);
        if (rc < 0 && decision)
            assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_STATE);
        mesh_decision_free(decision);
    }
}

static void only_the_registry_is_reached_where_the_policy_says_so(void **state)
{
    mesh_decision *decision;

    (void)state;
    assert_int_equal(
        route_by(strict, "destination.host=gone destination.port=9", &decision),
        MESH_ERR_NO_DESTINATION);
    assert_string_equal(value(decision, MESH_DECISION_DESTINATION), "");
    assert_string_equal(value(decision, MESH_DECISION_ROUTE), "");
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_CONNECT_MS), -1);
    assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_STATE);
    mesh_decision_free(decision);
    assert_int_equal(route_by(strict, DB, &decision), 0);
    mesh_decision_free(decision);
}

/* --- streams --- */

static void a_weight_is_a_share(void **state)
{
    int canary = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        mesh_decision *decision = route(DB);

        canary += !strcmp(value(decision, MESH_DECISION_SUBSET), "b");
        mesh_decision_free(decision);
    }
    assert_in_range(canary, 50, 160);
}

static void a_stream_has_bounds_and_no_timeout(void **state)
{
    mesh_decision *decision = route(DB);

    (void)state;
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_CONNECT_MS), 250);
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_IDLE_MS), 60000);
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_DURATION_MS),
                     300000);
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_CONNECTIONS), 2);
    assert_int_equal(
        mesh_decision_bound(decision, MESH_BOUND_REQUESTS_PER_CONNECTION), -1);
    assert_int_equal(mesh_decision_bound(decision, 0), -1);
    assert_int_equal(mesh_decision_bound(decision, 6), -1);
    assert_int_equal(mesh_decision_bound(NULL, MESH_BOUND_CONNECT_MS), -1);
    assert_int_equal(mesh_decision_timeout_ms(decision), -1);
    assert_int_equal(mesh_decision_per_try_ms(decision), -1);
    mesh_decision_free(decision);
    decision = route(RING);
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_CONNECT_MS),
                     10000);
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_IDLE_MS),
                     3600000);
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_DURATION_MS), -1);
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_CONNECTIONS), -1);
    mesh_decision_free(decision);
}

static void what_is_to_be_spoken_is_said(void **state)
{
    mesh_decision *decision = route(DB);

    (void)state;
    assert_string_equal(value(decision, MESH_DECISION_TLS), "");
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_TLS), "disable");
    mesh_decision_free(decision);
    decision = route(RING);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_TLS), "istio_mutual");
    assert_string_equal(value(decision, MESH_DECISION_PRINCIPAL),
                        "spiffe://cluster.local/ns/demo/sa/db");
    assert_string_equal(value(decision, MESH_DECISION_SNI),
                        "outbound_.6000_._." FULL("ring"));
    mesh_decision_free(decision);
    decision = route("destination.host=192.0.2.7 destination.port=9");
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_TLS), "disable");
    assert_string_equal(value(decision, MESH_DECISION_ENDPOINT), "192.0.2.7:9");
    mesh_decision_free(decision);
}

static void unknown_hosts_go_to_the_address_that_was_dialled(void **state)
{
    mesh_decision *decision =
        route("destination.host=nobody.example destination.port=9");

    (void)state;
    assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_RESOLVE);
    mesh_decision_free(decision);
    decision = route("destination.host=nobody.example destination.port=9 "
                     "destination.ip=192.0.2.8");
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_ENDPOINT), "192.0.2.8:9");
    mesh_decision_free(decision);
    decision = route("request.host=nobody.example:99 destination.ip=192.0.2.8");
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_ENDPOINT),
                        "192.0.2.8:99");
    mesh_decision_free(decision);
}

/* As long as a connection is open it counts, and no longer. */
static void connections_have_a_ceiling(void **state)
{
    mesh_decision *open[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        open[i] = route(DB " destination.ip=10.2.0.1");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mesh_pick(open[i], NULL), 0);
        assert_int_equal(
            mesh_report(open[i], MESH_RESULT_CONNECTED, 0, NULL, NULL), 0);
    }
    assert_int_equal(mesh_pick(open[2], NULL), MESH_ERR_OVERFLOW);
    assert_int_equal(mesh_report(open[2], MESH_RESULT_CONNECTED, 0, NULL, NULL),
                     MESH_ERR_STATE);
    mesh_decision_free(open[0]); /* closed */
    assert_int_equal(mesh_pick(open[2], NULL), 0);
    assert_int_equal(mesh_pick(open[1], NULL), 0); /* over, and anew */
    assert_int_equal(mesh_report(open[1], MESH_RESULT_TIMEOUT, 0, NULL, NULL),
                     0);
    open[0] = route(DB " destination.ip=10.2.0.1");
    assert_int_equal(mesh_pick(open[0], NULL), 0); /* in its place */
    for (int i = 0; i < 3; i++)
        mesh_decision_free(open[i]); /* two of them not reported */
    open[0] = route(DB " destination.ip=10.2.0.1");
    assert_int_equal(mesh_pick(open[0], NULL), 0);
    mesh_decision_free(open[0]);
}

static void a_stream_is_reported_once_and_never_retried(void **state)
{
    mesh_decision *decision = route(RING);
    int64_t again_ms = 7;

    (void)state;
    assert_int_equal(
        mesh_report(decision, MESH_RESULT_CONNECTED, 0, NULL, NULL),
        MESH_ERR_STATE);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_STATE);
    assert_int_equal(
        mesh_report(decision, MESH_RESULT_STATUS, 200, &again_ms, NULL),
        MESH_ERR_INVALID);
    assert_int_equal(
        mesh_report(decision, MESH_RESULT_CONNECT_FAILED, 0, &again_ms, NULL),
        0);
    assert_int_equal(again_ms, -1);
    assert_int_equal(mesh_pick(decision, NULL), 0); /* its own affair */
    assert_int_equal(
        mesh_report(decision, MESH_RESULT_CONNECTED, 0, &again_ms, NULL), 0);
    assert_int_equal(again_ms, -1);
    assert_int_equal(
        mesh_report(decision, MESH_RESULT_RESET, 0, &again_ms, NULL),
        MESH_ERR_STATE);
    mesh_decision_free(decision);
}

/* Two failures in a row and 10.0.0.3, the only one of subset b, is out. */
static void who_cannot_be_reached_is_ejected(void **state)
{
    mesh_workload *fresh = start("policy");
    mesh_decision *decision;
    bool ejected = false;
    char line[512];

    (void)state;
    assert_int_equal(route_by(fresh, DB " destination.ip=10.2.0.1", &decision),
                     0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mesh_pick(decision, NULL), 0);
        assert_string_equal(value(decision, MESH_DECISION_ENDPOINT),
                            "10.0.0.3:6000");
        assert_int_equal(
            mesh_report(decision, MESH_RESULT_CONNECT_FAILED, 0, NULL, NULL),
            0);
    }
    mesh_decision_free(decision);
    for (size_t i = 0; !ejected && i < 16; i++)
        ejected = mesh_workload_next_event(fresh, line, sizeof(line)) ==
                  MESH_EVENT_EJECTED;
    assert_true(ejected);
    assert_non_null(strstr(line, IN_DB("b") ": 10.0.0.3:6000 ejected"));
    mesh_workload_free(fresh);
}

/* --- keys --- */

static void endpoint_of(const char *said, char out[64])
{
    mesh_decision *decision = route(said);

    assert_int_equal(mesh_pick(decision, NULL), 0);
    (void)snprintf(out, 64, "%s", value(decision, MESH_DECISION_ENDPOINT));
    mesh_decision_free(decision);
}

/* How many endpoints a bag was sent to in so many decisions. */
static int spread(const char *said)
{
    char seen[3][64] = { "", "", "" };
    int count = 0;

    for (int i = 0; i < 100; i++) {
        char endpoint[64];
        int j = 0;

        endpoint_of(said, endpoint);
        while (j < count && strcmp(seen[j], endpoint) != 0)
            j++;
        if (j == count)
            (void)snprintf(seen[count++], 64, "%s", endpoint);
    }
    return count;
}

static void a_key_has_its_endpoint(void **state)
{
    char endpoints[2][64];
    char said[128];
    int moved = 0;

    (void)state;
    assert_int_equal(spread(RING " source.ip=192.0.2.1"), 1);
    assert_int_equal(spread(RING), 1);               /* this workload's own */
    assert_int_equal(spread(RING " source.ip!"), 3); /* nobody's          */
    endpoint_of(RING, endpoints[0]);
    endpoint_of(RING " source.ip=10.9.9.9", endpoints[1]);
    assert_string_equal(endpoints[0], endpoints[1]); /* it has this address */
    for (int i = 0; i < 20; i++) {
        (void)snprintf(said, sizeof(said), RING " source.ip=192.0.2.%d", i);
        endpoint_of(said, endpoints[1]);
        moved += strcmp(endpoints[0], endpoints[1]) != 0;
    }
    assert_true(moved > 0);
    assert_int_equal(spread(KV " request.headers[x-class]=write "
                               "request.headers[x-key]=k"),
                     1);
    assert_int_equal(spread(KV " request.headers[x-class]=write"), 3);
}

/* --- messages --- */

static void a_message_has_the_bounds_of_its_rule(void **state)
{
    mesh_decision *decision = route(KV " request.headers[x-class]=read");

    (void)state;
    assert_int_equal(mesh_decision_timeout_ms(decision), 2000);
    assert_int_equal(mesh_decision_per_try_ms(decision), 500);
    assert_int_equal(mesh_decision_bound(decision, MESH_BOUND_IDLE_MS), 30000);
    assert_int_equal(
        mesh_decision_bound(decision, MESH_BOUND_REQUESTS_PER_CONNECTION), 9);
    mesh_decision_free(decision);
    decision = route(KV " request.headers[content-type]=application/grpc "
                        "request.headers[grpc-timeout]=100m");
    assert_int_equal(mesh_decision_timeout_ms(decision), 100);
    mesh_decision_free(decision);
}

static void a_message_is_retried_as_its_rule_says(void **state)
{
    mesh_decision *decision = route(KV " request.headers[x-class]=read");
    int64_t again_ms;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mesh_pick(decision, NULL), 0);
        assert_int_equal(mesh_report(decision, MESH_RESULT_CONNECT_FAILED, 0,
                                     &again_ms, NULL),
                         0);
        if (i < 2)
            assert_in_range(again_ms, 0, 250);
        else
            assert_int_equal(again_ms, -1);
    }
    mesh_decision_free(decision);
    decision = route(KV " request.headers[x-class]=read");
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_int_equal(
        mesh_report(decision, MESH_RESULT_STATUS, 503, &again_ms, NULL), 0);
    assert_int_equal(again_ms, -1);
    mesh_decision_free(decision);
}

static void requests_have_a_ceiling(void **state)
{
    mesh_decision *busy[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        busy[i] = route(KV " request.method=GET");
    assert_int_equal(mesh_pick(busy[0], NULL), 0);
    assert_int_equal(mesh_pick(busy[1], NULL), 0);
    assert_int_equal(mesh_pick(busy[2], NULL), MESH_ERR_OVERFLOW);
    assert_int_equal(mesh_report(busy[0], MESH_RESULT_STATUS, 200, NULL, NULL),
                     0);
    assert_int_equal(mesh_pick(busy[2], NULL), 0);
    assert_string_not_equal(value(busy[0], MESH_DECISION_ENDPOINT), "");
    assert_int_equal(mesh_pick(busy[0], NULL), MESH_ERR_OVERFLOW);
    assert_string_equal(value(busy[0], MESH_DECISION_ENDPOINT), "");
    for (int i = 0; i < 3; i++)
        mesh_decision_free(busy[i]);
}

/* --- explained --- */

static void has(const char *text, const char *piece)
{
    if (!text || !strstr(text, piece))
        print_error("no %s in %s\n", piece, text ? text : "(nothing)");
    assert_non_null(text);
    assert_non_null(strstr(text, piece));
}

static mesh_decision *explain(const char *said)
{
    mesh_attributes *bag = bag_of(said);
    mesh_decision *decision;

    assert_int_equal(mesh_explain_attributes(workload, bag, 1, &decision, NULL),
                     0);
    mesh_attributes_free(bag);
    return decision;
}

static const struct {
    const char *claim;
    const char *said;
    const char *json; /* a piece of it */
    const char *text;
} told[] = {
    { "a stream's host", DB, "\"host\": \"" FULL("db") ":6000\"",
      "host         " FULL("db") ":6000\n" },
    { "its rule", DB, "\"rule\": \"tcp[1]\"", "rule         tcp[1]  Virtual" },
    { "where that is written", DB, "\"resource\": \"VirtualService demo/db (",
      "policy.yaml:" },
    { "its weights", DB, "\"weight\": 90", "  weight 10  " IN_DB("b") "\n" },
    { "whither", DB, "\"verdict\": \"route\"", "verdict      route\n" },
    { "rules that were not taken, and why", DB,
      "\"name\": \"tcp[0]\", \"matched\": false, \"reason\": \"no subnet of it "
      "has 10.1.0.1\"",
      "- stream tcp[0]: no subnet of it has 10.1.0.1" },
    { "rules that are for others, and why",
      "destination.host=db destination.port=6001",
      "\"name\": \"tcp[0]\", \"matched\": false, \"reason\": \"it is for "
      "another port\"",
      "- stream tcp[1]: it is for another port" },
    { "rules that cannot be reached, and why", DB,
      "\"name\": \"tcp[2]\", \"matched\": false, \"reason\": \"a rule "
      "before it takes every stream\"",
      "- stream tcp[2]: a rule before it takes every stream" },
    { "the rest of what a stream has not", DB, "\"retries\": null",
      "outliers" },
    { "how it is reached", DB, "\"connect_timeout_ms\": 250", "250 ms" },
    { "how long it may be idle", DB, "\"idle_timeout_ms\": 60000",
      "idle for   60000 ms" },
    { "what decides the endpoint", RING, "\"what\": \"hash\"",
      "source address decides the endpoint" },
    { "an unknown host", "destination.host=gone destination.port=9",
      "\"verdict\": \"passthrough\"", "ALLOW_ANY" },
    { "a name that no rule has",
      "destination.host=y.far.example destination.port=443",
      "\"verdict\": \"no_route\"", "no server name of it is y.far.example" },
    { "a destination that is missing",
      "destination.host=db destination.port=6001",
      "\"verdict\": \"no_destination\"", "there is no such destination" },
    { "a message as a request", KV " request.headers[x-class]=read",
      "\"per_try_timeout_ms\": 500", "timeout      2000 ms\n" },
    { "and its rules", KV " request.headers[x-class]=read",
      "\"rule\": \"read\"", "- route gone: " },
};

static void a_bag_is_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
        mesh_decision *decision = explain(told[i].said);

        has(mesh_decision_json(decision), told[i].json);
        has(mesh_decision_text(decision), told[i].text);
        mesh_decision_free(decision);
    }
}

/* The same seed, the same dice; and the keys are those of a request. */
static void explaining_is_the_same_for_both(void **state)
{
    static const char *const keys[] = {
        "\"verdict\"", "\"resource\"",        "\"host\"",
        "\"rule\"",    "\"destination\"",     "\"endpoints\"",
        "\"tls\"",     "\"timeout_ms\"",      "\"retries\"",
        "\"fault\"",   "\"connection_pool\"", "\"outlier_detection\"",
        "\"headers\"", "\"rewrite\"",         "\"cors\"",
        "\"mirror\"",  "\"redirect\"",        "\"direct_response\"",
        "\"rules\"",
    };
    mesh_decision *one = explain(DB);
    mesh_decision *two = explain(DB);

    (void)state;
    assert_string_equal(mesh_decision_json(one), mesh_decision_json(two));
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        has(mesh_decision_json(one), keys[i]);
    assert_int_equal(mesh_pick(one, NULL), MESH_ERR_STATE);
    mesh_decision_free(one);
    mesh_decision_free(two);
}

/* --- bags --- */

static void a_bag_is_filled_anew(void **state)
{
    mesh_attributes *bag = bag_of(KV " request.headers[x-class]=read");
    mesh_decision *decision;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        mesh_attributes_clear(bag);
        assert_int_equal(mesh_attributes_set(bag, "request.headers[x-key]",
                                             "0123456789abcdef0123456789abcdef",
                                             NULL),
                         0); /* more than a bag may hold, all in all */
    }
    assert_int_equal(mesh_route_attributes(workload, bag, &decision, NULL),
                     MESH_ERR_INVALID); /* the host is forgotten, too */
    assert_null(decision);
    mesh_attributes_clear(bag);
    mesh_attributes_set(bag, "destination.host", "db", NULL);
    mesh_attributes_set(bag, "destination.port", "6000", NULL);
    assert_int_equal(mesh_route_attributes(workload, bag, &decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_HOST), FULL("db"));
    mesh_decision_free(decision);
    mesh_attributes_free(bag);
    mesh_attributes_clear(NULL);
}

static void what_is_no_host_is_refused(void **state)
{
    static const char *const bad[] = { "", "a b", "a:80", "a@b", "[::1]:80" };
    static const char *const good[] = { "a", "a.b.", "10.0.0.1", "::1",
                                        "[::1]" };
    mesh_attributes *bag = mesh_attributes_new();

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(
            mesh_attributes_set(bag, "destination.host", bad[i], NULL),
            MESH_ERR_INVALID);
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_int_equal(
            mesh_attributes_set(bag, "destination.host", good[i], NULL), 0);
    mesh_attributes_free(bag);
}

/* What was refused leaves what was said before. */
static void a_refusal_changes_nothing(void **state)
{
    static const char *const bad[][2] = {
        { "destination.host", "a b" },   { "destination.ip", "fe80" },
        { "destination.port", "65536" }, { "destination.port", "0" },
        { "request.headers[]", "x" },    { "request.nothing", "x" },
        { "destination.hosts", "a" },    { "", "a" },
    };
    mesh_attributes *bag = bag_of("destination.host=gone destination.port=9 "
                                  "destination.ip=192.0.2.8");
    mesh_decision *decision;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(mesh_attributes_set(bag, bad[i][0], bad[i][1], NULL),
                         MESH_ERR_INVALID);
    assert_int_equal(mesh_route_attributes(workload, bag, &decision, NULL), 0);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_ENDPOINT), "192.0.2.8:9");
    mesh_decision_free(decision);
    mesh_attributes_free(bag);
}

static void null_is_refused(void **state)
{
    mesh_attributes *bag = bag_of(DB);
    mesh_decision *decision = (mesh_decision *)bag;

    (void)state;
    assert_int_equal(mesh_route_attributes(NULL, bag, &decision, NULL),
                     MESH_ERR_INVALID);
    assert_null(decision);
    assert_int_equal(mesh_route_attributes(workload, NULL, &decision, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_route_attributes(workload, bag, NULL, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_explain_attributes(NULL, bag, 0, &decision, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(
        mesh_explain_attributes(workload, NULL, 0, &decision, NULL),
        MESH_ERR_INVALID);
    assert_int_equal(mesh_explain_attributes(workload, bag, 0, NULL, NULL),
                     MESH_ERR_INVALID);
    mesh_attributes_clear(bag);
    assert_int_equal(mesh_explain_attributes(workload, bag, 0, &decision, NULL),
                     MESH_ERR_INVALID);
    assert_null(decision);
    mesh_attributes_free(bag);
}

static void a_decision_keeps_its_policy_and_the_next_is_newer(void **state)
{
    mesh_workload *fresh;
    mesh_decision *before;
    mesh_decision *after;

    (void)state;
    ground_directory("change");
    ground_write("change/policy.yaml", policy);
    fresh = start("change");
    assert_int_equal(route_by(fresh, KV " request.method=GET", &before), 0);
    ground_write("change/policy.yaml", registry_only);
    assert_int_equal(mesh_workload_reload(fresh, NULL, NULL), 0);
    assert_int_equal(route_by(fresh, KV " request.method=GET", &after),
                     MESH_ERR_NO_DESTINATION);
    assert_string_equal(value(before, MESH_DECISION_ROUTE), "plain");
    assert_int_equal(mesh_pick(before, NULL), 0);
    mesh_workload_free(fresh); /* before what it decided */
    mesh_decision_free(after);
    assert_int_equal(mesh_report(before, MESH_RESULT_STATUS, 200, NULL, NULL),
                     0);
    mesh_decision_free(before);
}

static int set_up(void **state)
{
    if (ground_open(state) < 0)
        return -1;
    ground_directory("policy");
    ground_write("policy/policy.yaml", policy);
    ground_directory("strict");
    ground_write("strict/policy.yaml", policy);
    ground_write("strict/mesh.yaml", registry_only);
    workload = start("policy");
    strict = start("strict");
    return workload && strict ? 0 : -1;
}

static int tear_down(void **state)
{
    mesh_workload_free(workload);
    mesh_workload_free(strict);
    return ground_close(state);
}

/* By the name of one of them, or all: scripts/mutate. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bag_is_routed),
        cmocka_unit_test(only_the_registry_is_reached_where_the_policy_says_so),
        cmocka_unit_test(a_weight_is_a_share),
        cmocka_unit_test(a_stream_has_bounds_and_no_timeout),
        cmocka_unit_test(what_is_to_be_spoken_is_said),
        cmocka_unit_test(unknown_hosts_go_to_the_address_that_was_dialled),
        cmocka_unit_test(connections_have_a_ceiling),
        cmocka_unit_test(a_stream_is_reported_once_and_never_retried),
        cmocka_unit_test(a_key_has_its_endpoint),
        cmocka_unit_test(a_message_has_the_bounds_of_its_rule),
        cmocka_unit_test(a_message_is_retried_as_its_rule_says),
        cmocka_unit_test(requests_have_a_ceiling),
        cmocka_unit_test(a_bag_is_explained),
        cmocka_unit_test(explaining_is_the_same_for_both),
        cmocka_unit_test(a_bag_is_filled_anew),
        cmocka_unit_test(what_is_no_host_is_refused),
        cmocka_unit_test(a_refusal_changes_nothing),
        cmocka_unit_test(null_is_refused),
        cmocka_unit_test(a_decision_keeps_its_policy_and_the_next_is_newer),
        cmocka_unit_test(who_cannot_be_reached_is_ejected),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
