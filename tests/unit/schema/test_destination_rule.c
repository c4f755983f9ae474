/*
 * test_destination_rule.c - what a DestinationRule becomes, and what is said
 * of one that is wrong or wants more than this version does.
 */
#include "say.h"

/* From line 5 on. */
#define DR(text)                                                               \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: a, namespace: ns}\nspec:\n" text
#define POLICY(text) DR("  host: a\n  trafficPolicy:\n" text)

static const struct say_row rules[] = {
    { "the least there is", DR("  host: a\n"), "" },
    { "a host is needed", DR("  subsets: []\n"),
      "5:3 error spec: \"host\" is required [IST0106]\n" },
    { "that is one", DR("  host: a_b\n"),
      "5:9 error spec.host: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"a_b\" "
      "[IST0106]\n" },
    { "an empty policy says nothing", DR("  host: a\n  trafficPolicy: {}\n"),
      "6:18 error spec.trafficPolicy: may not be empty [IST0106]\n" },
    { "subsets have names of their own",
      DR("  host: a\n  subsets: [{name: v1}, {name: v1}, {name: V_}, {}]\n"),
      "6:20 error spec.subsets[0].name: name comes twice here: \"v1\" "
      "[IST0106]\n"
      "6:32 error spec.subsets[1].name: name comes twice here: \"v1\" "
      "[IST0106]\n"
      "6:44 error spec.subsets[2].name: wanted letters, digits and \"-\", at "
      "most 63, found \"V_\" [IST0106]\n"
      "6:49 error spec.subsets[3]: \"name\" is required [IST0106]\n" },
    { "a selector keeps it at home",
      DR("  host: a\n  workloadSelector: {matchLabels: {a: b}}\n"
         "  exportTo: [\".\", \"else\"]\n"),
      "6:3 error spec: with a workloadSelector, exportTo may only be \".\" "
      "[IST0106]\n"
      "7:19 error spec: with a workloadSelector, exportTo may only be \".\" "
      "[IST0106]\n" },
    { "a selector without labels", DR("  host: a\n  workloadSelector: {}\n"),
      "6:21 warning spec.workloadSelector: a selector without labels selects "
      "everything [LM0008]\n" },
    { "selectors take no stars",
      DR("  host: a\n  workloadSelector: {matchLabels: {a: \"b*\"}}\n"),
      "6:36 error spec.workloadSelector[a]: a selector takes whole names and "
      "values: no \"*\", no empty name [IST0106]\n" },

    { "a misspelt field",
      POLICY("    outlierDetection:\n"
             "      consecutive5xError: 5\n"),
      "8:7 error spec.trafficPolicy.outlierDetection: unknown field "
      "\"consecutive5xError\" [LM0002] (did you mean "
      "\"consecutive5xxErrors\"?)\n" },
    { "percents are at most 100",
      POLICY("    outlierDetection: {maxEjectionPercent: 101}\n"),
      "7:44 error spec.trafficPolicy.outlierDetection.maxEjectionPercent: "
      "wanted 0 to 100, found 101 [IST0106]\n" },
    { "whole numbers are whole",
      POLICY("    outlierDetection: {maxEjectionPercent: 1.5,"
             " consecutive5xxErrors: \"5\"}\n"),
      "7:44 error spec.trafficPolicy.outlierDetection.maxEjectionPercent: "
      "wanted a whole number, found the number 1.5 [IST0106]\n"
      "7:71 error spec.trafficPolicy.outlierDetection.consecutive5xxErrors: "
      "wanted a whole number, found the string \"5\" [IST0106] (leave the "
      "quotes away)\n" },
    { "numbers have a size",
      POLICY("    connectionPool: {tcp: {maxConnections: 3000000000}}\n"),
      "7:44 error spec.trafficPolicy.connectionPool.tcp.maxConnections: out of "
      "range: 3000000000 [IST0106]\n" },
    { "keep-alive has seconds, and not too many",
      POLICY("    connectionPool: {tcp: {tcpKeepalive: {time: 500ms,\n"
             "      interval: 32768s, probes: 128}}}\n"),
      "7:49 warning spec.trafficPolicy.connectionPool.tcp.tcpKeepalive: less "
      "than a second turns keep-alive off [LM0008]\n"
      "8:17 warning spec.trafficPolicy.connectionPool.tcp.tcpKeepalive: Linux "
      "takes no more than 32767s: every connection fails [LM0008]\n"
      "8:33 warning spec.trafficPolicy.connectionPool.tcp.tcpKeepalive: Linux "
      "takes no more than 127: every connection fails [LM0008]\n" },
    { "what Linux just takes",
      POLICY("    connectionPool: {tcp: {tcpKeepalive: {time: 1s,\n"
             "      interval: 32767s, probes: 127}}}\n"),
      "" },
    { "local failures are counted apart or not at all",
      POLICY("    outlierDetection: {consecutiveLocalOriginFailures: 1}\n"),
      "7:23 error spec.trafficPolicy.outlierDetection: "
      "consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: "
      "true [IST0106]\n"
      "7:24 error "
      "spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures: "
      "consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: "
      "true [IST0106]\n" },
    { "a pool is of something", POLICY("    connectionPool: {}\n"),
      "7:21 error spec.trafficPolicy.connectionPool: tcp or http is required "
      "[IST0106]\n" },
    { "ports of a policy",
      POLICY("    portLevelSettings: [{port: {number: 1}}, "
             "{tls: {mode: DISABLE}}]\n"),
      "7:25 error spec.trafficPolicy.portLevelSettings[0]: may not be empty "
      "[IST0106]\n"
      "7:46 error spec.trafficPolicy.portLevelSettings[1]: \"port\" is "
      "required [IST0106]\n" },
    { "one way to balance",
      POLICY("    loadBalancer: {simple: RANDOM, consistentHash: "
             "{useSourceIp: true}}\n"),
      "7:20 error spec.trafficPolicy.loadBalancer.simple: \"consistentHash\" "
      "and \"simple\" exclude each other [IST0106]\n"
      "7:36 error spec.trafficPolicy.loadBalancer.consistentHash: "
      "\"consistentHash\" and \"simple\" exclude each other [IST0106]\n" },
    { "a misspelt way", POLICY("    loadBalancer: {simple: ROUND_ROBBIN}\n"),
      "7:28 error spec.trafficPolicy.loadBalancer.simple: wanted one of "
      "UNSPECIFIED, LEAST_CONN, RANDOM, PASSTHROUGH, ROUND_ROBIN, "
      "LEAST_REQUEST, found \"ROUND_ROBBIN\" [IST0106] (did you mean "
      "\"ROUND_ROBIN\"?)\n" },
    { "MUTUAL needs its files", POLICY("    tls: {mode: MUTUAL}\n"),
      "7:10 error spec.trafficPolicy.tls: MUTUAL needs clientCertificate and "
      "privateKey [IST0106]\n"
      "7:11 error spec.trafficPolicy.tls.mode: MUTUAL needs clientCertificate "
      "and privateKey [IST0106]\n" },
    { "and has them",
      POLICY("    tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k,"
             " caCertificates: /r}\n"),
      "" },
    { "TLS to the outside", POLICY("    tls: {mode: SIMPLE}\n"), "" },
    { "of whom nothing is asked",
      POLICY("    tls: {mode: SIMPLE, insecureSkipVerify: true}\n"), "" },
    { "a list of what is revoked is refused",
      POLICY("    tls: {mode: SIMPLE, caCrl: /l}\n"),
      "7:25 refused spec.trafficPolicy.tls.caCrl: revocation lists are not "
      "read, so a revoked certificate would be taken [LM0004]\n" },
    { "so is a secret by name",
      POLICY("    tls: {mode: SIMPLE, credentialName: s}\n"),
      "7:25 refused spec.trafficPolicy.tls.credentialName: there is no store "
      "of secrets by name, so the certificate asked for would not be shown "
      "[LM0004]\n" },
    { "the caller's own address",
      POLICY("    loadBalancer: {simple: PASSTHROUGH}\n"), "" },
    { "HTTP/2 is noted",
      POLICY("    connectionPool: {http: {h2UpgradePolicy: UPGRADE}}\n"),
      "7:29 info spec.trafficPolicy.connectionPool.http.h2UpgradePolicy: "
      "noted: "
      "HTTP/1.1 is spoken for now [LM0003]\n" },
    { "the sum of shares is all of it",
      POLICY("    loadBalancer: {localityLbSetting: {distribute: "
             "[{from: a, to: {b: 50}}]}}\n"),
      "7:68 error "
      "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the "
      "shares must add up to 100, not 50 [IST0106]\n" },
    { "tables of maglev are prime",
      POLICY("    loadBalancer: {consistentHash: {useSourceIp: true, maglev: "
             "{tableSize: 12}}}\n"),
      "7:76 error spec.trafficPolicy.loadBalancer.consistentHash.maglev: "
      "tableSize must be a prime number [IST0106]\n" },
};

static void holds_the_rules(void **state)
{
    (void)state;
    SAY_CHECK(rules);
}

static const char whole[] =
    DR("  host: h\n"
       "  exportTo: [\"*\"]\n"
       "  trafficPolicy:\n"
       "    loadBalancer: {simple: RANDOM}\n"
       "    connectionPool:\n"
       "      tcp: {maxConnections: 1, connectTimeout: 2s, idleTimeout: 3s,"
       " maxConnectionDuration: 4s}\n"
       "      http: {http1MaxPendingRequests: 5, http2MaxRequests: 6,"
       " maxRequestsPerConnection: 7, maxRetries: 8, idleTimeout: 9s,"
       " h2UpgradePolicy: DEFAULT}\n"
       "    outlierDetection: {consecutive5xxErrors: 0,"
       " consecutiveGatewayErrors: 2, interval: 1s, baseEjectionTime: 2s,"
       " maxEjectionPercent: 50, minHealthPercent: 30,"
       " splitExternalLocalOriginErrors: true,"
       " consecutiveLocalOriginFailures: 4}\n"
       "    tls: {mode: ISTIO_MUTUAL, sni: s, subjectAltNames: [x, z]}\n"
       "    portLevelSettings:\n"
       "    - port: {number: 80}\n"
       "      connectionPool: {tcp: {maxConnections: 9}}\n"
       "  subsets:\n"
       "  - {name: v1, labels: {version: v1}}\n"
       "  - name: v2\n"
       "    labels: {version: v2}\n"
       "    trafficPolicy: {tls: {mode: DISABLE}}\n"
       "  workloadSelector: {matchLabels: {app: w}}\n");

static void check_pool(const struct mesh_connection_pool *pool)
{
    assert_true(pool->set);
    assert_int_equal(pool->mark.line, 10);
    assert_int_equal(pool->max_connections, 1);
    assert_int_equal(pool->connect_timeout_ns, 2000000000);
    assert_int_equal(pool->tcp_idle_timeout_ns, 3000000000);
    assert_int_equal(pool->max_connection_duration_ns, 4000000000);
    assert_int_equal(pool->http1_max_pending_requests, 5);
    assert_int_equal(pool->http2_max_requests, 6);
    assert_int_equal(pool->max_requests_per_connection, 7);
    assert_int_equal(pool->max_retries, 8);
    assert_int_equal(pool->http_idle_timeout_ns, 9000000000);
    assert_string_equal(pool->h2_upgrade_policy.at, "DEFAULT");
}

static void check_outlier(const struct mesh_outlier_detection *outlier)
{
    assert_true(outlier->set);
    assert_true(outlier->has_consecutive_5xx);
    assert_int_equal(outlier->consecutive_5xx, 0);
    assert_int_equal(outlier->consecutive_gateway, 2);
    assert_true(outlier->split_local_origin);
    assert_int_equal(outlier->consecutive_local_origin, 4);
    assert_int_equal(outlier->interval_ns, 1000000000);
    assert_int_equal(outlier->base_ejection_ns, 2000000000);
    assert_int_equal(outlier->max_ejection_percent, 50);
    assert_int_equal(outlier->min_health_percent, 30);
}

static void becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    char found[SAY_BYTES];
    const struct mesh_destination_rule *rule;

    (void)state;
    collection = say_load(whole, found);
    assert_string_equal(found, "6:14 error spec: with a workloadSelector, "
                               "exportTo may only be \".\" [IST0106]\n"
                               "22:3 error spec: with a workloadSelector, "
                               "exportTo may only be \".\" [IST0106]\n");
    mesh__collection_unref(collection);
    {
        static char text[sizeof(whole)];

        memcpy(text, whole, sizeof(whole));
        *strchr(text, '*') = '.';
        rule = say_spec(text, &collection);
    }
    assert_string_equal(rule->host.at, "h");
    assert_int_equal(rule->host_mark.line, 5);
    assert_int_equal(rule->host_mark.column, 9);
    assert_true(rule->policy.set);
    assert_string_equal(rule->policy.load_balancer.simple.at, "RANDOM");
    check_pool(&rule->policy.connection_pool);
    check_outlier(&rule->policy.outlier_detection);
    assert_string_equal(rule->policy.tls.mode.at, "ISTIO_MUTUAL");
    assert_int_equal(rule->policy.tls.subject_alt_names.count, 2);
    assert_int_equal(rule->policy.port_count, 1);
    assert_int_equal(rule->policy.ports[0].port, 80);
    assert_true(rule->policy.ports[0].policy.set);
    assert_int_equal(
        rule->policy.ports[0].policy.connection_pool.max_connections, 9);
    assert_int_equal(rule->subset_count, 2);
    assert_false(rule->subsets[0].policy.set);
    assert_string_equal(rule->subsets[1].policy.tls.mode.at, "DISABLE");
    assert_string_equal(rule->subsets[1].labels.items[0].value.at, "v2");
    assert_true(rule->has_selector);
    assert_string_equal(rule->selector.items[0].key.at, "app");
    mesh__collection_unref(collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_the_rules),
        cmocka_unit_test(becomes_a_structure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
