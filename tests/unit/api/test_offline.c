/*
 * test_offline.c - what is answered without a socket: decisions, findings,
 * ids, certificates, and what a workload that only decides refuses.
 */
#include "../source/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char policy[] =
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: gw, namespace: demo}\n"
    "spec: {selector: {app: gw}, ports: [{name: http, port: 80}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
    "metadata: {name: gw-1, namespace: demo}\n"
    "spec: {address: 10.0.0.1, labels: {app: gw, v: a}}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
    "metadata: {name: gw-2, namespace: demo}\n"
    "spec: {address: 10.0.0.2, labels: {app: gw, v: b}}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    "metadata: {name: gw, namespace: demo}\n"
    "spec: {host: gw, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, "
    "warmup: {duration: 10s}}}, subsets: [{name: a, labels: {v: a}}, "
    "{name: b, labels: {v: b}}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    "metadata: {name: gw, namespace: demo}\n"
    "spec: {hosts: [gw], http: [{match: [{uri: {prefix: /gone}}], redirect: "
    "{uri: /here, redirectCode: 302}}, {match: [{uri: {prefix: /tea}}], "
    "directResponse: {status: 418, body: {string: pot}}}, {match: [{uri: "
    "{prefix: /act}}], rewrite: {uri: /new, authority: h.example}, headers: "
    "{request: {set: {x-a: 'b%REQ(x-c)%'}, remove: [x-d]}, response: {add: "
    "{x-e: f}}}, fault: {delay: {fixedDelay: 2s, percentage: {value: 0.5}}}, "
    "mirror: {host: gw, subset: b}, corsPolicy: {allowOrigins: [{exact: o}], "
    "allowMethods: [GET]}, route: [{destination: {host: gw, subset: a}}]}, "
    "{match: [{uri: {prefix: /fail}}], fault: {abort: {httpStatus: 503, "
    "percentage: {value: 100}}}, route: [{destination: {host: gw}}]}, "
    "{match: [{headers: {x-canary: {exact: 'true'"
    "}}}], route: [{destination: {host: gw, subset: b}}]}, {timeout: 3s, "
    "route: [{destination: {host: gw, subset: a}}]}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
    "metadata: {name: far, namespace: demo}\n"
    "spec: {hosts: [far.example], ports: [{number: 80, name: http, protocol: "
    "HTTP}], location: MESH_EXTERNAL, resolution: STATIC, endpoints: "
    "[{address: 10.0.0.3, locality: eu/a, weight: 2}, {address: 10.0.0.4, "
    "locality: us/b}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    "metadata: {name: far, namespace: demo}\n"
    "spec: {host: far.example, trafficPolicy: {connectionPool: {tcp: "
    "{maxConnections: 10, connectTimeout: 1s, maxConnectionDuration: 60s, "
    "tcpKeepalive: {time: 100s, "
    "interval: 7s, probes: 4}}, "
    "http: {http1MaxPendingRequests: 5, maxRequestsPerConnection: 7, "
    "h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 9, http2KeepAlive: "
    "{interval: 40s, timeout: 3s}, idleTimeout: 30s}}, loadBalancer: "
    "{consistentHash: {httpHeaderName: "
    "x-user, ringHash: {minimumRingSize: 512}}}, "
    "outlierDetection: {consecutive5xxErrors: 3, consecutiveGatewayErrors: 2, "
    "interval: 5s, baseEjectionTime: 10s, maxEjectionPercent: 50, "
    "minHealthPercent: 20}, retryBudget: {percent: 25, minRetryConcurrency: "
    "4, budgetInterval: 10s}, tls: {mode: SIMPLE, sni: sni.example, "
    "caCertificates: /roots, "
    "subjectAltNames: [san.example]}}}\n---\n"
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
    "metadata: {name: allow, namespace: demo}\n"
    "spec: {selector: {matchLabels: {app: gw}}, rules: [{from: [{source: "
    "{principals: [cluster.local/ns/demo/sa/web]}}], to: [{operation: "
    "{methods: [POST]}}]}]}\n---\n"
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
    "metadata: {name: deny, namespace: demo}\n"
    "spec: {action: DENY, selector: {matchLabels: {app: gw}}, rules: [{to: "
    "[{operation: {paths: ['/admin*']}}]}]}\n";

static mesh_workload *workload;

static void has(const char *text, const char *piece)
{
    if (!text || !strstr(text, piece))
        print_error("no %s in %s\n", piece, text ? text : "(nothing)");
    assert_non_null(text);
    assert_non_null(strstr(text, piece));
}

/* --- explain --- */

static void explain(const char *url, const char *canary, const char *piece)
{
    mesh_decision *decision;
    mesh_request *request;

    assert_int_equal(mesh_request_new("GET", url, &request, NULL), 0);
    if (canary)
        assert_int_equal(
            mesh_request_add_header(request, "x-canary", canary, NULL), 0);
    assert_int_equal(mesh_explain(workload, request, 1, &decision, NULL), 0);
    has(mesh_decision_json(decision), piece);
    assert_true(strlen(mesh_decision_text(decision)) > 0);
    mesh_decision_free(decision);
    mesh_request_free(request);
}

static void a_route_is_explained(void **state)
{
    (void)state;
    explain("http://gw/", NULL, "\"subset\": \"a\"");
    explain("http://gw/", NULL, "\"timeout_ms\": 3000");
    explain("http://gw/", NULL, "\"10.0.0.1\"");
    explain("http://gw/", "true", "\"subset\": \"b\"");
    explain("http://gw/", "false", "\"subset\": \"a\"");
    explain("http://gw/", NULL, "\"verdict\": \"route\"");
    explain("http://elsewhere/", NULL, "\"verdict\": \"passthrough\"");
}

static void what_a_rule_does_is_explained(void **state)
{
    (void)state;
    explain("http://gw/gone", NULL, "\"verdict\": \"redirect\"");
    explain("http://gw/gone", NULL,
            "\"redirect\": {\"status\": 302, \"location\": "
            "\"http://gw/here\"}");
    explain("http://gw/tea", NULL, "\"verdict\": \"direct_response\"");
    explain("http://gw/tea", NULL,
            "\"direct_response\": {\"status\": 418, \"body\": \"pot\"}");
    explain("http://gw/act/x", NULL,
            "\"headers\": {\"request\": [{\"edit\": \"remove\", \"name\": "
            "\"x-d\"}, {\"edit\": \"set\", \"name\": \"x-a\", \"value\": "
            "\"b%REQ(x-c)%\"}], \"response\": [{\"edit\": \"add\", \"name\": "
            "\"x-e\", \"value\": \"f\"}]}");
    explain("http://gw/act/x", NULL,
            "\"rewrite\": {\"path\": \"/new/x\", \"authority\": "
            "\"h.example\"}");
    explain("http://gw/act", NULL,
            "\"delay_ms\": 2000, \"delay_percent\": 0.5");
    explain("http://gw/act", NULL, "\"destination\": \"outbound|80|b|gw.demo");
    explain("http://gw/act", NULL, "\"percent\": 100, \"drawn\": true");
    explain("http://gw/act", NULL, "\"allow_methods\": \"GET\"");
    explain("http://gw/act", NULL, "\"verdict\": \"route\"");
    explain("http://gw/fail", NULL, "\"verdict\": \"fault_abort\"");
    explain("http://gw/fail", NULL, "\"abort_status\": 503");
    explain("http://gw/", NULL,
            "\"headers\": {\"request\": [], \"response\": []}, \"rewrite\": "
            "null, \"fault\": null, \"cors\": null, \"mirror\": [], "
            "\"redirect\": null, \"direct_response\": null");
}

static void how_it_is_reached_is_explained(void **state)
{
    (void)state;
    explain(
        "http://far.example/", NULL,
        "\"balancer\": \"ring_hash\", \"ring_size\": 512, \"warmup\": null");
    explain("http://far.example/", NULL,
            "\"locality\": \"eu/a\", \"weight\": 2, \"priority\": 0");
    explain("http://far.example/", NULL,
            "\"tls\": {\"mode\": \"simple\", \"sni\": \"sni.example\", "
            "\"names\": [\"san.example\"], \"roots\": \"/roots\", "
            "\"chain\": null, \"key\": null, \"verified\": true, \"file\": ");
    explain("http://far.example/", NULL,
            "\"connection_pool\": {\"max_connections\": 10, "
            "\"max_pending_requests\": 5, ");
    explain(
        "http://far.example/", NULL,
        "\"retry_budget\": \"25 %, at least 4, of the requests of 10000 ms\", "
        "\"max_requests_per_connection\": 7, \"connect_timeout_ms\": "
        "1000, \"idle_timeout_ms\": 30000, "
        "\"max_connection_duration_ms\": 60000, \"tcp_keepalive\": "
        "{\"time_ms\": 100000, \"interval_ms\": 7000, \"probes\": 4}, "
        "\"protocol\": \"HTTP/2\", \"max_concurrent_streams\": 9, "
        "\"http2_keepalive\": {\"interval_ms\": 40000, "
        "\"timeout_ms\": 3000}, \"scope\": ");
    explain("http://far.example/", NULL,
            "\"outlier_detection\": \"outlierDetection ejects after 3 5xx or "
            "2 gateway errors in a row, for 10000 ms at first and 300000 ms "
            "at most, at most 50 % of 2 endpoints, and looks every 5000 ms; "
            "when less than 20 % are left, all are taken\"");
    explain(
        "http://gw/", NULL,
        "\"balancer\": \"round_robin\", \"ring_size\": null, \"warmup\": "
        "{\"duration_ms\": 10000, \"minimum_percent\": 10, \"aggression\": 1}");
    explain("http://gw/", NULL,
            "\"max_requests_per_connection\": null, \"connect_timeout_ms\": "
            "10000, \"idle_timeout_ms\": 3600000, "
            "\"max_connection_duration_ms\": null, \"tcp_keepalive\": null, "
            "\"protocol\": \"HTTP/1.1\", \"max_concurrent_streams\": null, "
            "\"http2_keepalive\": null");
    explain("http://gw/", NULL,
            "\"back_off_ms\": 25, \"back_off_max_ms\": 250, \"other_hosts\": "
            "true, \"other_localities\": false, \"retry_on\": [");
    explain("http://gw/gone", NULL,
            "\"tls\": null, \"connection_pool\": null, "
            "\"outlier_detection\": null");
}

static void tell(const char *url, const char *const *lines, size_t count)
{
    mesh_decision *decision;
    mesh_request *request;

    assert_int_equal(mesh_request_new("GET", url, &request, NULL), 0);
    assert_int_equal(mesh_explain(workload, request, 1, &decision, NULL), 0);
    for (size_t i = 0; i < count; i++)
        has(mesh_decision_text(decision), lines[i]);
    mesh_decision_free(decision);
    mesh_request_free(request);
}

/* For people the same, a line each. */
static void and_told_to_people(void **state)
{
    static const char *const far[] = {
        "  endpoint 10.0.0.3:80 far in eu/a, weight 2",
        "balancer     ring_hash of at least 512 entries  [DestinationRule ",
        "tls          simple, server name sni.example  [DestinationRule ",
        "  name       san.example\n",
        "  roots      /roots\n",
        "pool         connects in 1000 ms  [DestinationRule demo/far (",
        "  at most    10 connections\n",
        "  at most    5 requests that wait for one\n",
        "  at most    7 requests a connection\n",
        "  idle for   30000 ms\n",
        "  open for   60000 ms\n",
        "  budget     25 % retries, at least 4, of the requests of 10000 ms\n",
        "  keep-alive after 100 s, every 7 s, at most 4 times\n",
        "  protocol   HTTP/2, but HTTP/1.1 is spoken\n",
        "  at most    9 streams a connection of HTTP/2\n",
        "outliers     outlierDetection ejects after 3 5xx or 2 gateway ",
    };
    static const char *const lines[] = {
        "header       request  remove x-d\n",
        "balancer     round_robin  [DestinationRule demo/gw (",
        "  back-off   drawn, below 25 ms at first and 250 ms later; another",
        "warm-up      10000 ms, from 10 % on, aggression 1\n",
        "header       request  set x-a: b%REQ(x-c)%\n",
        "header       response add x-e: f\n",
        "path         /new\n",
        "authority    h.example\n",
        "fault        0.5 % wait for 2000 ms",
        "mirror       100 % to outbound|80|b|gw.demo",
    };

    (void)state;
    tell("http://gw/act", lines, sizeof(lines) / sizeof(lines[0]));
    tell("http://far.example/", far, sizeof(far) / sizeof(far[0]));
}

/* --- authorize --- */

#define WEB "spiffe://cluster.local/ns/demo/sa/web"
#define EVE "spiffe://cluster.local/ns/demo/sa/eve"

enum { SAID = 3 };

/* ABSENT says NULL; what is not listed is unknown. */
#define ABSENT "(absent)"

static const struct {
    const char *claim;
    const char *said[SAID][2];
    int code;
} verdicts[] = {
    { "the one that may",
      { { "source.principal", WEB },
        { "request.method", "POST" },
        { "request.path", "/" } },
      0 },
    { "another one",
      { { "source.principal", EVE },
        { "request.method", "POST" },
        { "request.path", "/" } },
      MESH_ERR_DENIED },
    { "nobody",
      { { "source.principal", ABSENT },
        { "request.method", "POST" },
        { "request.path", "/" } },
      MESH_ERR_DENIED },
    { "an unknown principal matches no ALLOW",
      { { "request.method", "POST" }, { "request.path", "/" } },
      MESH_ERR_DENIED },
    { "another method",
      { { "source.principal", WEB },
        { "request.method", "GET" },
        { "request.path", "/" } },
      MESH_ERR_DENIED },
    { "a denied path",
      { { "source.principal", WEB },
        { "request.method", "POST" },
        { "request.path", "/admin/x" } },
      MESH_ERR_DENIED },
    { "a denied path in disguise",
      { { "source.principal", WEB },
        { "request.method", "POST" },
        { "request.path", "/a/../admin" } },
      MESH_ERR_DENIED },
    { "an unknown path matches DENY",
      { { "source.principal", WEB }, { "request.method", "POST" } },
      MESH_ERR_DENIED },
};

static void an_unknown_is_held_against_the_caller(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        mesh_attributes *bag = mesh_attributes_new();
        mesh_decision *decision;
        int rc;

        for (size_t j = 0; j < SAID && verdicts[i].said[j][0]; j++) {
            const char *value = verdicts[i].said[j][1];

            assert_int_equal(
                mesh_attributes_set(bag, verdicts[i].said[j][0],
                                    strcmp(value, ABSENT) ? value : NULL, NULL),
                0);
        }
        rc = mesh_authorize(workload, bag, &decision, NULL);
        if (rc != verdicts[i].code)
            print_error("%s: %s\n", verdicts[i].claim,
                        mesh_decision_json(decision));
        assert_int_equal(rc, verdicts[i].code);
        has(mesh_decision_json(decision),
            rc == 0 ? "\"verdict\": \"allow\"" : "\"verdict\": \"deny\"");
        mesh_decision_free(decision);
        mesh_attributes_free(bag);
    }
}

static void what_is_no_attribute_is_refused(void **state)
{
    static const char *const bad[][2] = {
        { "source", "x" },
        { "request.body", "x" },
        { "request.headers[]", "x" },
        { "request.headers[a", "x" },
        { "source.ip", "here" },
        { "destination.port", "0" },
        { "destination.port", "65536" },
        { "destination.port", "80x" },
    };
    mesh_attributes *bag = mesh_attributes_new();
    mesh_decision *decision;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(mesh_attributes_set(bag, bad[i][0], bad[i][1], NULL),
                         MESH_ERR_INVALID);
    assert_int_equal(mesh_attributes_set(bag, NULL, "x", NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_attributes_set(NULL, "source.ip", NULL, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_authorize(NULL, bag, &decision, NULL),
                     MESH_ERR_INVALID);
    assert_null(decision);
    assert_int_equal(mesh_authorize(workload, NULL, &decision, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_authorize(workload, bag, NULL, NULL),
                     MESH_ERR_INVALID);
    mesh_attributes_free(bag);
    assert_null(mesh_decision_json(NULL));
    assert_null(mesh_decision_text(NULL));
}

/* --- findings --- */

static void findings_have_a_place_and_a_hint(void **state)
{
    mesh_diagnostics *found;
    char path[GROUND_PATH];
    char *json;

    (void)state;
    ground_directory("bad");
    ground_write("bad/a.yaml",
                 "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
                 "metadata: {name: a, namespace: demo}\n"
                 "spec:\n  host: a\n  trafficPolicy:\n"
                 "    outlierDetection: {consecutive5xxError: 3}\n");
    assert_int_equal(mesh_analyze(ground_path(path, "bad"), &found, NULL), 0);
    assert_int_equal(mesh_diagnostics_documents(found), 1);
    assert_true(mesh_diagnostics_count(found, MESH_SEVERITY_ERROR) >= 1);
    assert_int_equal(mesh_diagnostics_count(found, -1), 0);
    assert_int_equal(mesh_diagnostics_count(found, 5), 0);
    assert_int_equal(mesh_diagnostics_severity(found, 0), MESH_SEVERITY_ERROR);
    assert_int_equal(mesh_diagnostics_line(found, 0), 7);
    assert_true(mesh_diagnostics_column(found, 0) > 0);
    has(mesh_diagnostics_text(found, 0, MESH_FINDING_FILE), "a.yaml");
    has(mesh_diagnostics_text(found, 0, MESH_FINDING_MESSAGE),
        "consecutive5xxError");
    has(mesh_diagnostics_text(found, 0, MESH_FINDING_WHOLE), "a.yaml:7:");
    assert_null(mesh_diagnostics_text(found, 0, 0));
    assert_null(mesh_diagnostics_text(found, 1000, MESH_FINDING_FILE));
    assert_int_equal(mesh_diagnostics_severity(found, 1000), 0);
    assert_int_equal(mesh_diagnostics_json(found, &json, NULL), 0);
    has(json, "\"documents\": 1");
    has(json, "\"line\": 7");
    has(json, "\"rule\": \"The kind has no such field.\"");
    mesh_text_free(json);
    has(mesh_diagnostics_text(found, 0, MESH_FINDING_RULE), "no such field");
    assert_string_equal(mesh_diagnostics_text(found, 0, MESH_FINDING_SOURCE),
                        ""); /* the rule is ours */
    assert_int_equal(mesh_diagnostics_sarif(found, &json, NULL), 0);
    has(json, "\"version\": \"2.1.0\"");
    has(json, "{\"startLine\": 7, \"startColumn\": ");
    mesh_text_free(json);
    assert_int_equal(mesh_diagnostics_sarif(NULL, &json, NULL),
                     MESH_ERR_INVALID);
    assert_null(json);
    assert_int_equal(mesh_diagnostics_sarif(found, NULL, NULL),
                     MESH_ERR_INVALID);
    mesh_diagnostics_free(found);
}

static size_t count_code(mesh_diagnostics *found, const char *code)
{
    size_t count = 0;

    for (size_t i = 0; i < mesh_diagnostics_count(found, 0); i++)
        count +=
            !strcmp(mesh_diagnostics_text(found, i, MESH_FINDING_CODE), code);
    return count;
}

static void several_paths_are_one_policy(void **state)
{
    mesh_diagnostics *found;
    char paths[4 * GROUND_PATH];
    char one[GROUND_PATH];
    char two[GROUND_PATH];

    (void)state;
    ground_directory("routes");
    ground_directory("rules");
    ground_write("routes/a.yaml",
                 "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
                 "metadata: {name: a, namespace: demo}\n"
                 "spec: {hosts: [a], http: [{route: [{destination: {host: a, "
                 "subset: v1}}]}]}\n");
    ground_write("rules/b.yaml",
                 "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
                 "metadata: {name: a, namespace: demo}\n"
                 "spec: {host: a, subsets: [{name: v1, labels: {v: '1'}}]}\n");
    ground_path(one, "routes");
    ground_path(two, "rules/b.yaml");
    assert_int_equal(mesh_analyze_all(one, &found, NULL), 0);
    assert_int_equal(count_code(found, "IST0101"), 1);
    mesh_diagnostics_free(found);

    (void)snprintf(paths, sizeof(paths), "\n%s\n\n%s\n", one, two);
    assert_int_equal(mesh_analyze_all(paths, &found, NULL), 0);
    assert_int_equal(mesh_diagnostics_documents(found), 2);
    assert_int_equal(count_code(found, "IST0101"), 0);
    mesh_diagnostics_free(found);

    (void)snprintf(paths, sizeof(paths), "%s\n%s/missing", one, two);
    assert_int_equal(mesh_analyze_all(paths, &found, NULL), MESH_ERR_IO);
    assert_null(found);
    (void)snprintf(paths, sizeof(paths), "%s\n%s/missing", two, one);
    assert_int_equal(mesh_analyze_all(paths, &found, NULL), MESH_ERR_NO_POLICY);
    assert_null(found);
    assert_int_equal(mesh_analyze_all("\n\n", &found, NULL), MESH_ERR_INVALID);
    assert_int_equal(mesh_analyze_all("", &found, NULL), MESH_ERR_INVALID);
    assert_int_equal(mesh_analyze_all(NULL, &found, NULL), MESH_ERR_INVALID);
    assert_int_equal(mesh_analyze_all(one, NULL, NULL), MESH_ERR_INVALID);
}

static void coverage_is_of_every_field(void **state)
{
    char path[GROUND_PATH];
    char *json;

    (void)state;
    assert_int_equal(
        mesh_coverage_json(ground_path(path, "policy"), &json, NULL), 0);
    has(json, "\"status\": \"enforced\"");
    has(json, "\"spec.http[5].timeout\"");
    mesh_text_free(json);
    assert_int_equal(
        mesh_coverage_json(ground_path(path, "missing"), &json, NULL),
        MESH_ERR_NO_POLICY);
    assert_null(json);
    assert_int_equal(mesh_coverage_json(NULL, &json, NULL), MESH_ERR_INVALID);
    mesh_text_free(NULL);
}

/* --- ids and certificates --- */

static void ids_and_contexts_are_read(void **state)
{
    static const char *const bad[] = { "", "http://a/b", "spiffe://",
                                       "spiffe://A.org/x", "spiffe://a/../b" };
    char *json;

    (void)state;
    assert_int_equal(mesh_spiffe_json(WEB, &json, NULL), 0);
    has(json, "\"valid\": true");
    has(json, "\"service_account\": \"web\"");
    mesh_text_free(json);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(mesh_spiffe_json(bad[i], &json, NULL),
                         MESH_ERR_PEER_IDENTITY);
        has(json, "\"valid\": false");
        mesh_text_free(json);
    }
    assert_int_equal(
        mesh_trace_json(
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b",
            &json, NULL),
        0);
    has(json, "\"decision\": \"continue\"");
    has(json, "\"sampled\": true");
    mesh_text_free(json);
    assert_int_equal(mesh_trace_json("00-zz", NULL, &json, NULL), 0);
    has(json, "\"decision\": \"restart\"");
    mesh_text_free(json);
    assert_int_equal(mesh_trace_json(NULL, NULL, &json, NULL), 0);
    has(json, "\"decision\": \"none\"");
    mesh_text_free(json);
    assert_int_equal(mesh_trace_json(NULL, NULL, NULL, NULL), MESH_ERR_INVALID);
}

static void a_ca_keeps_its_keys_to_itself(void **state)
{
    char ca[GROUND_PATH];
    char out[GROUND_PATH];

    (void)state;
    assert_int_equal(mesh_ca_issue(ground_path(ca, "none"), "n", "a", 60,
                                   ground_path(out, "nobody"), NULL),
                     MESH_ERR_IO);
    assert_int_equal(mesh_ca_init(ground_path(ca, "own"), "", NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_ca_init(ca, "a.org", NULL), 0);
    assert_int_equal(mesh_ca_init(ca, "b.org", NULL), MESH_ERR_STATE);
    assert_int_equal(ground_mode("own/ca-key.pem"), 0600);
    assert_int_equal(mesh_ca_issue(ca, "n", "a", -20, out, NULL), 0);
    assert_int_equal(ground_mode("nobody/key.pem"), 0600);
    assert_int_equal(ground_entries("nobody"), 3);
    assert_int_equal(ground_entries("own"), 2);
    assert_int_equal(mesh_ca_issue(ca, "", "a", 60, out, NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_ca_issue(ca, "n", NULL, 60, out, NULL),
                     MESH_ERR_INVALID);
}

/* --- a workload that only decides --- */

static void it_neither_calls_nor_listens(void **state)
{
    mesh_response *response;
    mesh_request *request;
    mesh_conn *conn;
    mesh_loop *loop;
    int64_t number;

    (void)state;
    assert_int_equal(mesh_request_new("GET", "http://gw/", &request, NULL), 0);
    assert_int_equal(mesh_send(workload, request, &response, NULL),
                     MESH_ERR_STATE);
    assert_null(response);
    assert_int_equal(mesh_loop_new(workload, &loop, NULL), MESH_ERR_STATE);
    assert_null(loop);
    assert_int_equal(mesh_connect(workload, NULL, "gw:80", 0, &conn, NULL),
                     MESH_ERR_STATE);
    assert_null(conn);
    mesh_request_free(request);
    assert_string_equal(mesh_workload_spiffe_id(workload), "");
    assert_int_equal(mesh_workload_generation(workload), 1);
    assert_int_equal(mesh_workload_ready(workload, 0, NULL), 0);
    assert_int_equal(mesh_workload_statistic(workload, "calls", &number, NULL),
                     0);
    assert_int_equal(number, 0);
    assert_int_equal(mesh_workload_statistic(workload, "dreams", &number, NULL),
                     MESH_ERR_INVALID);
}

static int set_up(void **state)
{
    mesh_config *config;
    int rc = ground_open(state);

    if (rc < 0)
        return rc;
    ground_directory("policy");
    ground_write("policy/a.yaml", policy);
    config = ground_config("policy", NULL);
    if (mesh_config_set_namespace(config, "demo") < 0 ||
        mesh_config_set_labels(config, "app=gw") < 0)
        return -1;
    rc = mesh_workload_new(config, &workload, NULL);
    mesh_config_free(config);
    return rc;
}

static int tear_down(void **state)
{
    mesh_workload_free(workload);
    return ground_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_is_explained),
        cmocka_unit_test(what_a_rule_does_is_explained),
        cmocka_unit_test(how_it_is_reached_is_explained),
        cmocka_unit_test(and_told_to_people),
        cmocka_unit_test(an_unknown_is_held_against_the_caller),
        cmocka_unit_test(what_is_no_attribute_is_refused),
        cmocka_unit_test(findings_have_a_place_and_a_hint),
        cmocka_unit_test(several_paths_are_one_policy),
        cmocka_unit_test(coverage_is_of_every_field),
        cmocka_unit_test(ids_and_contexts_are_read),
        cmocka_unit_test(a_ca_keeps_its_keys_to_itself),
        cmocka_unit_test(it_neither_calls_nor_listens),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
