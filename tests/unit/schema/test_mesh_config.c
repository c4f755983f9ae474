/*
 * test_mesh_config.c - MeshConfig: what istiod takes, what it rejects, and
 * where we say so.
 */
#include "say.h"

static const struct say_row as_protobuf_reads_it[] = {
    { "names in snake_case",
      "trust_domain: a.b\n"
      "mesh_mTLS: {min_protocol_version: TLSV1_2}\n",
      "" },
    { "numbers in quotes",
      "proxyListenPort: \"15001\"\n"
      "proxyHttpPort: \" 5 \"\n",
      "" },
    { "numbers that are none",
      "proxyListenPort: \"0x5\"\n"
      "proxyHttpPort: \"+5\"\n"
      "proxyInboundListenPort: \"\"\n",
      "1:18 error proxyListenPort: wanted a whole number in range, found the "
      "string \"0x5\" [IST0106]\n"
      "2:16 error proxyHttpPort: wanted a whole number in range, found the "
      "string \"+5\" [IST0106]\n"
      "3:25 error proxyInboundListenPort: wanted a whole number in range, "
      "found the string \"\" [IST0106]\n" },
    { "numbers that do not fit",
      "proxyHttpPort: 2147483648\n"
      "defaultTrafficPolicy: {outlierDetection: {consecutive5xxErrors: -1}}\n",
      "1:16 error proxyHttpPort: wanted a whole number in range, found the "
      "number 2147483648 [IST0106]\n"
      "2:65 error defaultTrafficPolicy.outlierDetection.consecutive5xxErrors: "
      "wanted a whole number in range, found the number -1 [IST0106]\n" },
    { "bools are bools", "enableTracing: \"true\"\n",
      "1:16 error enableTracing: wanted true or false, found the string "
      "\"true\" [IST0106] (leave the quotes away)\n" },
    { "text is text", "trustDomain: 5\n",
      "1:14 error trustDomain: wanted a string, found the number 5 [IST0106] "
      "(quote it: \"5\")\n" },
    { "enums by number",
      "accessLogEncoding: 1\n"
      "pathNormalization: {normalization: 4}\n",
      "" },
    { "numbers that no name has", "accessLogEncoding: 7\n", "" },
    { "names that none has", "accessLogEncoding: XML\n",
      "1:20 error accessLogEncoding: wanted one of TEXT, JSON, found \"XML\" "
      "[IST0106]\n" },
    { "durations",
      "connectTimeout: 1h\n"
      "dnsRefreshRate: -5s\n",
      "" },
    { "durations that are none",
      "dnsRefreshRate: 5\n"
      "hboneIdleTimeout: 1d\n",
      "1:17 error dnsRefreshRate: wanted a duration such as \"5s\", found the "
      "number 5 [IST0106] (say the unit: \"5s\")\n"
      "2:19 error hboneIdleTimeout: wanted a duration such as \"5s\" or "
      "\"250ms\", found \"1d\" [IST0106]\n" },
    { "null is nothing",
      "trustDomain: null\n"
      "defaultConfig: null\n"
      "extensionProviders: [null]\n",
      "" },
    { "two of a oneof",
      "extensionProviders: [{name: a, prometheus: {}, zipkin: {}}]\n", "" },
    { "unknown fields are taken",
      "trustDomain: a\n"
      "foo: 1\n"
      "enableTracin: true\n",
      "" },
    { "both spellings",
      "trustDomain: a\n"
      "trust_domain: b\n",
      "" },
    { "lists are lists",
      "trustDomainAliases: a\n"
      "caCertificates: {}\n",
      "1:21 error trustDomainAliases: wanted a list, found the string \"a\" "
      "[IST0106]\n"
      "2:17 error caCertificates: wanted a list, found a mapping [IST0106]\n" },
    { "mappings are mappings",
      "ca: a\n"
      "defaultConfig: []\n",
      "1:5 error ca: wanted a mapping, found the string \"a\" [IST0106]\n"
      "2:16 error defaultConfig: wanted a mapping, found a list [IST0106]\n" },
    { "labels of a log are a mapping",
      "extensionProviders: [{name: a, envoyFileAccessLog: {logFormat: {labels: "
      "a}}}]\n",
      "1:73 error extensionProviders[0].envoyFileAccessLog.logFormat.labels: "
      "wanted a mapping, found the string \"a\" [IST0106]\n" },
    { "providers are judged when they are used",
      "extensionProviders: [{name: a, zipkin: {port: 0}}]\n", "" },
};

static const struct say_row the_whole[] = {
    { "a trust domain", "trustDomain: Cluster.local.\n", "" },
    { "a trust domain has labels", "trustDomain: a_b\n",
      "1:14 error trustDomain: wanted a trust domain such as "
      "\"cluster.local\", found \"a_b\" [IST0106]\n" },
    { "a trust domain is not empty", "trustDomain: \"\"\n",
      "1:14 error trustDomain: wanted a trust domain such as "
      "\"cluster.local\", found \"\" [IST0106]\n" },
    { "aliases too", "trustDomainAliases: [a.b, \"a b\", null]\n",
      "1:27 error trustDomainAliases[1]: wanted a trust domain such as "
      "\"cluster.local\", found \"a b\" [IST0106]\n"
      "1:34 error trustDomainAliases[2]: wanted a trust domain such as "
      "\"cluster.local\", found \"\" [IST0106]\n" },
    { "a connect timeout in bounds", "connectTimeout: 0s\n",
      "1:17 error connectTimeout: wanted a duration of 1ms or more, an hour at "
      "most, found \"0s\" [IST0106]\n" },
    { "an hour at most", "connectTimeout: 61m\n",
      "1:17 error connectTimeout: wanted a duration of 1ms or more, an hour at "
      "most, found \"61m\" [IST0106]\n" },
    { "whole milliseconds", "connectTimeout: 1.5ms\n",
      "1:17 error connectTimeout: wanted whole milliseconds, found \"1.5ms\" "
      "[IST0106]\n" },
    { "detection may take no time", "protocolDetectionTimeout: 0s\n", "" },
    { "detection in milliseconds", "protocolDetectionTimeout: 1us\n",
      "1:27 error protocolDetectionTimeout: wanted whole milliseconds "
      "[IST0106]\n" },
    { "a port to listen on", "proxyListenPort: 0\n",
      "1:18 error proxyListenPort: wanted 1 to 65535, found 0 [IST0106]\n" },
    { "hosts of services", "serviceSettings: [{hosts: [\"*.a\", b, \"5\"]}]\n",
      "" },
    { "hosts that are none", "serviceSettings: [{hosts: [a_b, \"a.*\"]}]\n",
      "1:28 error serviceSettings[0].hosts[0]: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"a_b\" "
      "[IST0106]\n"
      "1:33 error serviceSettings[0].hosts[1]: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"a.*\" "
      "[IST0106]\n" },
    { "curves are not chosen", "meshMTLS: {ecdhCurves: [P-256]}\n",
      "1:24 error meshMTLS: curves cannot be chosen for the mesh's own TLS "
      "[IST0106]\n" },
    { "an empty list chooses none", "meshMTLS: {ecdhCurves: []}\n", "" },
    { "shares add up",
      "localityLbSetting: {distribute: [{from: a, to: {b: 50, c: \"50\"}}]}\n",
      "" },
    { "shares that do not",
      "localityLbSetting: {distribute: [{from: a, to: {b: 50}}]}\n",
      "1:49 error localityLbSetting.distribute[0].to: the shares must add up "
      "to 100, not 50 [IST0106]\n" },
    { "failover goes elsewhere",
      "localityLbSetting: {failover: [{from: a, to: a}]}\n",
      "1:39 error localityLbSetting.failover[0]: from and to must differ "
      "[IST0106]\n"
      "1:46 error localityLbSetting.failover[0]: from and to must differ "
      "[IST0106]\n" },
    { "either shares or failover",
      "localityLbSetting: {distribute: [{from: a, to: {b: 100}}], failover: "
      "[{from: a, to: b}]}\n",
      "1:21 error localityLbSetting.distribute: \"distribute\" and "
      "\"failover\" exclude each other [IST0106]\n"
      "1:60 error localityLbSetting.failover: \"distribute\" and \"failover\" "
      "exclude each other [IST0106]\n" },
    { "zones are near by themselves",
      "zoneAwareLbSetting: {failoverPriority: [topology.kubernetes.io/zone]}\n",
      "1:41 error zoneAwareLbSetting.failoverPriority[0]: "
      "topology.kubernetes.io/zone is what the regions of failover order "
      "already [IST0106]\n" },
    { "a pool needs a part", "defaultTrafficPolicy: {connectionPool: {}}\n",
      "1:40 error defaultTrafficPolicy.connectionPool: http or tcp is required "
      "[IST0106]\n" },
    { "pools have no negatives",
      "defaultTrafficPolicy: {connectionPool: {http: {maxRetries: -1}, tcp: "
      "{connectTimeout: 0s, idleTimeout: 0s}}}\n",
      "1:60 error defaultTrafficPolicy.connectionPool.http.maxRetries: wanted "
      "at least 0, found -1 [IST0106]\n"
      "1:87 error defaultTrafficPolicy.connectionPool.tcp.connectTimeout: "
      "wanted a duration of 1ms or more, found \"0s\" [IST0106]\n" },
    { "upgrades, or the protocol of the client",
      "defaultTrafficPolicy: {connectionPool: {http: {h2UpgradePolicy: "
      "UPGRADE, useClientProtocol: true}}}\n",
      "1:65 error defaultTrafficPolicy.connectionPool.http: UPGRADE and "
      "useClientProtocol exclude each other [IST0106]\n" },
    { "failures of this side need to be told apart",
      "defaultTrafficPolicy: {outlierDetection: "
      "{consecutiveLocalOriginFailures: 1}}\n",
      "1:42 error defaultTrafficPolicy.outlierDetection: "
      "consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: "
      "true [IST0106]\n"
      "1:43 error defaultTrafficPolicy.outlierDetection."
      "consecutiveLocalOriginFailures: consecutiveLocalOriginFailures needs "
      "splitExternalLocalOriginErrors: true [IST0106]\n" },
    { "shares are shares",
      "defaultTrafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}\n",
      "1:63 error defaultTrafficPolicy.outlierDetection.maxEjectionPercent: "
      "wanted 0 to 100, found 101 [IST0106]\n" },
};

static const struct say_row the_proxy[] = {
    { "paths are not empty",
      "defaultConfig: {configPath: \"\", binaryPath: \"\", serviceCluster: "
      "\"\"}\n",
      "1:29 error defaultConfig.configPath: may not be empty [IST0106]\n"
      "1:45 error defaultConfig.binaryPath: may not be empty [IST0106]\n"
      "1:65 error defaultConfig.serviceCluster: may not be empty [IST0106]\n" },
    { "a control plane somewhere",
      "defaultConfig: {discoveryAddress: \"a:1\"}\n", "" },
    { "a control plane nowhere",
      "defaultConfig: {discoveryAddress: \"\", statsdUdpAddress: \"\"}\n",
      "1:35 error defaultConfig.discoveryAddress: wanted \"host:port\", found "
      "\"\" [IST0106]\n" },
    { "addresses have ports",
      "defaultConfig: {statsdUdpAddress: a, envoyMetricsService: {address: "
      "\"a:0\"}, envoyAccessLogService: {address: \"a b:1\"}}\n",
      "1:35 error defaultConfig.statsdUdpAddress: wanted \"host:port\", found "
      "\"a\" [IST0106]\n"
      "1:69 error defaultConfig.envoyMetricsService.address: wanted "
      "\"host:port\", found \"a:0\" [IST0106]\n"
      "1:110 error defaultConfig.envoyAccessLogService.address: wanted "
      "\"host:port\", found \"a b:1\" [IST0106]\n" },
    { "drained in seconds", "defaultConfig: {drainDuration: 1500ms}\n",
      "1:32 error defaultConfig.drainDuration: wanted whole seconds, one at "
      "least [IST0106]\n" },
    { "ports are ports",
      "defaultConfig: {proxyAdminPort: 0, statusPort: 65536}\n",
      "1:33 error defaultConfig.proxyAdminPort: wanted 1 to 65535, found 0 "
      "[IST0106]\n"
      "1:48 error defaultConfig.statusPort: wanted 1 to 65535, found 65536 "
      "[IST0106]\n" },
    { "policies are two", "defaultConfig: {controlPlaneAuthPolicy: INHERIT}\n",
      "1:41 error defaultConfig.controlPlaneAuthPolicy: wanted NONE or "
      "MUTUAL_TLS [IST0106]\n" },
    { "and no more", "defaultConfig: {controlPlaneAuthPolicy: 2}\n",
      "1:41 error defaultConfig.controlPlaneAuthPolicy: wanted NONE or "
      "MUTUAL_TLS [IST0106]\n" },
    { "keys from somewhere", "defaultConfig: {privateKeyProvider: {}}\n",
      "1:37 error defaultConfig.privateKeyProvider: cryptomb or qat is "
      "required [IST0106]\n" },
    { "asked for now and then",
      "defaultConfig: {privateKeyProvider: {cryptomb: {}}}\n",
      "1:48 error defaultConfig.privateKeyProvider.cryptomb: a pollDelay above "
      "0s is required [IST0106]\n" },
    { "not all the time",
      "defaultConfig: {privateKeyProvider: {qat: {pollDelay: 0s}}}\n",
      "1:55 error defaultConfig.privateKeyProvider.qat: a pollDelay above 0s "
      "is required [IST0106]\n" },
    { "a tracer has an address", "defaultConfig: {tracing: {zipkin: {}}}\n",
      "1:35 error defaultConfig.tracing.zipkin.address: wanted \"host:port\" "
      "[IST0106]\n" },
    { "the host itself",
      "defaultConfig: {tracing: {datadog: {address: \"$(HOST_IP):8126\"}}}\n",
      "" },
    { "a token for lightstep",
      "defaultConfig: {tracing: {lightstep: {address: \"a:1\"}}}\n",
      "1:38 error defaultConfig.tracing.lightstep.accessToken: a token is "
      "required [IST0106]\n" },
    { "MUTUAL needs files",
      "defaultConfig: {tracing: {tlsSettings: {mode: MUTUAL}}}\n",
      "1:40 error defaultConfig.tracing.tlsSettings: MUTUAL needs "
      "clientCertificate and privateKey [IST0106]\n" },
    { "blind, and looking",
      "defaultConfig: {tracing: {tlsSettings: {mode: SIMPLE, "
      "insecureSkipVerify: true, caCertificates: a}}}\n",
      "1:40 error defaultConfig.tracing.tlsSettings: insecureSkipVerify, and "
      "something to verify with [IST0106]\n" },
    { "a name, or files",
      "defaultConfig: {tracing: {tlsSettings: {mode: SIMPLE, credentialName: "
      "a, caCrl: b}}}\n",
      "1:40 error defaultConfig.tracing.tlsSettings: credentialName, and files "
      "[IST0106]\n" },
    { "no ConfigMap",
      "defaultConfig: {tracing: {tlsSettings: {credentialName: "
      "\"configmap://a\"}}}\n",
      "1:40 error defaultConfig.tracing.tlsSettings: a mesh config has no "
      "ConfigMap beside it [IST0106]\n" },
    { "connections in bounds",
      "defaultConfig: {connectionSettings: {httpIdleTimeout: -1s, "
      "httpMaxConcurrentStreams: 0, http2InitialStreamWindowSize: 65534, "
      "listenerPerConnectionBufferLimitBytes: -1}}\n",
      "1:55 error defaultConfig.connectionSettings.httpIdleTimeout: may not be "
      "negative [IST0106]\n"
      "1:86 error defaultConfig.connectionSettings.httpMaxConcurrentStreams: "
      "wanted at least 1, found 0 [IST0106]\n"
      "1:119 error "
      "defaultConfig.connectionSettings.http2InitialStreamWindowSize: wanted "
      "65535 to 2147483647, found 65534 [IST0106]\n"
      "1:165 error "
      "defaultConfig.connectionSettings.listenerPerConnectionBufferLimitBytes: "
      "wanted at least 0, found -1 [IST0106]\n" },
    { "the other spelling is not looked for",
      "default_config: {concurrency: 2}\n", "" },
};

static void judges_as_protobuf_reads_it(void **state)
{
    (void)state;
    SAY_ERRORS(as_protobuf_reads_it);
}

static void judges_the_whole(void **state)
{
    (void)state;
    SAY_ERRORS(the_whole);
}

static void judges_the_proxy(void **state)
{
    (void)state;
    SAY_ERRORS(the_proxy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_as_protobuf_reads_it),
        cmocka_unit_test(judges_the_whole),
        cmocka_unit_test(judges_the_proxy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
