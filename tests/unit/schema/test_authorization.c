/*
 * test_authorization.c - AuthorizationPolicy: what Istio rejects, and where we
 * say so.
 */
#include "say.h"

#define AP(text)                                                               \
    "apiVersion: security.istio.io/v1\n"                                       \
    "kind: AuthorizationPolicy\n"                                              \
    "metadata: {name: a}\n"                                                    \
    "spec:\n" text

static const struct say_row actions[] = {
    { "nothing means nobody", AP("  {}\n"), "" },
    { "actions are known", AP("  action: ALOW\n"),
      "5:11 error spec.action: wanted one of ALLOW, DENY, AUDIT, CUSTOM, found "
      "\"ALOW\" [IST0106] (did you mean \"ALLOW\"?)\n" },
    { "DENY needs rules", AP("  action: DENY\n"),
      "5:3 error spec: DENY and CUSTOM have no effect without rules [IST0106]\n"
      "5:3 error spec.action: DENY and CUSTOM have no effect without rules "
      "[IST0106]\n" },
    { "an empty list has none",
      AP("  action: DENY\n"
         "  rules: []\n"),
      "5:3 error spec.action: DENY and CUSTOM have no effect without rules "
      "[IST0106]\n"
      "6:3 error spec.rules: DENY and CUSTOM have no effect without rules "
      "[IST0106]\n" },
    { "one empty rule denies all",
      AP("  action: DENY\n"
         "  rules: [{}]\n"),
      "" },
    { "CUSTOM needs rules",
      AP("  action: CUSTOM\n"
         "  provider: {name: x}\n"),
      "5:3 error spec: DENY and CUSTOM have no effect without rules [IST0106]\n"
      "5:3 error spec.action: DENY and CUSTOM have no effect without rules "
      "[IST0106]\n" },
    { "CUSTOM needs a provider",
      AP("  action: CUSTOM\n"
         "  rules: [{}]\n"),
      "5:3 error spec: CUSTOM needs a provider [IST0106]\n"
      "5:3 error spec.action: CUSTOM needs a provider [IST0106]\n" },
    { "a provider has a name",
      AP("  action: CUSTOM\n"
         "  provider: {}\n"
         "  rules: [{}]\n"),
      "5:3 error spec.action: CUSTOM needs a provider [IST0106]\n"
      "6:3 error spec.provider: CUSTOM needs a provider [IST0106]\n"
      "6:13 error spec: CUSTOM needs a provider [IST0106]\n" },
    { "a provider is for CUSTOM", AP("  provider: {name: x}\n"),
      "5:3 error spec: provider is for CUSTOM only [IST0106]\n"
      "5:3 error spec.provider: provider is for CUSTOM only [IST0106]\n" },
    { "CUSTOM asks by address, path and header",
      AP("  action: CUSTOM\n"
         "  provider: {name: x}\n"
         "  rules: [{from: [{source: {ipBlocks: [1.2.3.4]}}], to: [{operation: "
         "{paths: [/a]}}], when: [{key: \"request.headers[a]\", values: "
         "[b]}]}]\n"),
      "" },
    { "CUSTOM does not ask who",
      AP("  action: CUSTOM\n"
         "  provider: {name: x}\n"
         "  rules: [{from: [{source: {principals: [a], notNamespaces: [b], "
         "requestPrincipals: [c]}}]}]\n"),
      "7:41 error spec.rules[0].from[0].source: principals is not for CUSTOM "
      "policies [IST0106]\n"
      "7:61 error spec.rules[0].from[0].source: notNamespaces is not for "
      "CUSTOM policies [IST0106]\n"
      "7:85 error spec.rules[0].from[0].source: requestPrincipals is not for "
      "CUSTOM policies [IST0106]\n" },
    { "nor by conditions",
      AP("  action: CUSTOM\n"
         "  provider: {name: x}\n"
         "  rules: [{when: [{key: source.principal, values: [b]}, {key: "
         "\"request.auth.claims[a]\", values: [b]}]}]\n"),
      "7:25 error spec.rules[0].when[0]: source.principal is not for CUSTOM "
      "policies [IST0106]\n"
      "7:63 error spec.rules[0].when[1]: request.auth.claims[a] is not for "
      "CUSTOM policies [IST0106]\n" },
    { "one scope only",
      AP("  selector: {}\n"
         "  targetRefs: [{kind: Service, name: a}]\n"),
      "5:3 error spec.selector: \"targetRefs\" and \"selector\" exclude each "
      "other [IST0106]\n"
      "6:3 error spec.targetRefs: \"targetRefs\" and \"selector\" exclude each "
      "other [IST0106]\n" },
    { "targets of four kinds",
      AP("  targetRefs: [{kind: Service, group: core, name: a}, {kind: "
         "ServiceEntry, group: networking.istio.io, name: a}, {kind: Gateway, "
         "group: gateway.networking.k8s.io, name: a}, {kind: GatewayClass, "
         "group: gateway.networking.k8s.io, name: a}]\n"),
      "" },
    { "a target of another", AP("  targetRef: {kind: Pod, name: a}\n"),
      "5:14 error spec.targetRef: wanted a Service, ServiceEntry, Gateway or "
      "GatewayClass of its own group, found \"Pod\" of \"\" [IST0106]\n"
      "5:15 error spec.targetRef.kind: wanted a Service, ServiceEntry, Gateway "
      "or GatewayClass of its own group, found \"Pod\" of \"\" [IST0106]\n" },
    { "a target has a name", AP("  targetRef: {kind: Service}\n"),
      "5:14 error spec.targetRef: \"name\" is required [IST0106]\n" },
    { "a target is near",
      AP("  targetRef: {kind: Service, name: a, namespace: b}\n"),
      "5:50 error spec.targetRef.namespace: must be empty [IST0106]\n" },
    { "a selector takes whole names",
      AP("  selector: {matchLabels: {\"a*\": b, c: \"d*\"}}\n"),
      "5:28 error spec.selector[a*]: a selector takes whole names and values: "
      "no \"*\", no empty name [IST0106]\n"
      "5:37 error spec.selector[c]: a selector takes whole names and values: "
      "no \"*\", no empty name [IST0106]\n" },
};

static const struct say_row sources[] = {
    { "anybody by an empty list", AP("  rules: [{from: []}]\n"), "" },
    { "a source is required", AP("  rules: [{from: [{}]}]\n"),
      "5:19 error spec.rules[0].from[0]: \"source\" is required [IST0106]\n" },
    { "a source says something", AP("  rules: [{from: [{source: {}}]}]\n"),
      "5:28 error spec.rules[0].from[0].source: an empty source: leave "
      "\"from\" away to mean anybody [IST0106]\n" },
    { "an empty list says nothing",
      AP("  rules: [{from: [{source: {principals: []}}]}]\n"),
      "5:28 error spec.rules[0].from[0].source: an empty source: leave "
      "\"from\" away to mean anybody [IST0106]\n" },
    { "each list",
      AP("  rules: [{from: [{source: {principals: [a], notPrincipals: [a], "
         "requestPrincipals: [a], notRequestPrincipals: [a], namespaces: [a], "
         "notNamespaces: [a], trustDomains: [a], notTrustDomains: [a], "
         "ipBlocks: [1.2.3.4], notIpBlocks: [\"::/0\"], remoteIpBlocks: "
         "[1.2.3.0/24], notRemoteIpBlocks: [1.2.3.4]}}]}]\n"),
      "" },
    { "values are not empty",
      AP("  rules: [{from: [{source: {principals: [\"\"], namespaces: [\"\"], "
         "ipBlocks: [\"\"]}}]}]\n"),
      "5:42 error spec.rules[0].from[0].source.principals[0]: may not be empty "
      "[IST0106]\n"
      "5:60 error spec.rules[0].from[0].source.namespaces[0]: may not be empty "
      "[IST0106]\n"
      "5:76 error spec.rules[0].from[0].source.ipBlocks[0]: may not be empty "
      "[IST0106]\n" },
    { "blocks are addresses",
      AP("  rules: [{from: [{source: {ipBlocks: [1.2.3.4/33, 01.2.3.4, "
         "\"::1%a/64\", a]}}]}]\n"),
      "5:40 error spec.rules[0].from[0].source.ipBlocks[0]: wanted an IP "
      "address or a block such as 10.0.0.0/8, found \"1.2.3.4/33\" [IST0106]\n"
      "5:52 error spec.rules[0].from[0].source.ipBlocks[1]: wanted an IP "
      "address or a block such as 10.0.0.0/8, found \"01.2.3.4\" [IST0106]\n"
      "5:62 error spec.rules[0].from[0].source.ipBlocks[2]: wanted an IP "
      "address or a block such as 10.0.0.0/8, found \"::1%a/64\" [IST0106]\n"
      "5:74 error spec.rules[0].from[0].source.ipBlocks[3]: wanted an IP "
      "address or a block such as 10.0.0.0/8, found \"a\" [IST0106]\n" },
    { "zones are addresses",
      AP("  rules: [{from: [{source: {ipBlocks: [\"fe80::1%eth0\"]}}]}]\n"),
      "" },
    { "accounts",
      AP("  rules: [{from: [{source: {serviceAccounts: [a, b/c]}}]}]\n"), "" },
    { "accounts are whole",
      AP("  rules: [{from: [{source: {serviceAccounts: [a/, /a, a/b/c, "
         "\"a*\"]}}]}]\n"),
      "5:47 error spec.rules[0].from[0].source.serviceAccounts[0]: wanted a "
      "service account or \"namespace/account\", found \"a/\" [IST0106]\n"
      "5:51 error spec.rules[0].from[0].source.serviceAccounts[1]: wanted a "
      "service account or \"namespace/account\", found \"/a\" [IST0106]\n"
      "5:55 error spec.rules[0].from[0].source.serviceAccounts[2]: wanted a "
      "service account or \"namespace/account\", found \"a/b/c\" [IST0106]\n"
      "5:62 error spec.rules[0].from[0].source.serviceAccounts[3]: wanted a "
      "service account or \"namespace/account\", found \"a*\" [IST0106]\n" },
    { "sixteen accounts at most",
      AP("  rules: [{from: [{source: {serviceAccounts: [a0, a1, a2, a3, a4, "
         "a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16]}}]}]\n"),
      "5:46 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 accounts, found 17 [IST0106]\n"
      "5:46 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:47 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:51 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:55 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:59 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:63 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:67 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:71 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:75 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:79 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:83 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:87 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:92 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:97 error spec.rules[0].from[0].source.serviceAccounts: wanted at most "
      "16 items, found 17 [IST0106]\n"
      "5:102 error spec.rules[0].from[0].source.serviceAccounts: wanted at "
      "most 16 items, found 17 [IST0106]\n"
      "5:107 error spec.rules[0].from[0].source.serviceAccounts: wanted at "
      "most 16 items, found 17 [IST0106]\n"
      "5:112 error spec.rules[0].from[0].source.serviceAccounts: wanted at "
      "most 16 items, found 17 [IST0106]\n"
      "5:117 error spec.rules[0].from[0].source.serviceAccounts: wanted at "
      "most 16 items, found 17 [IST0106]\n" },
    { "accounts or principals",
      AP("  rules: [{from: [{source: {serviceAccounts: [a], principals: "
         "[b]}}]}]\n"),
      "5:29 error spec.rules[0].from[0].source.serviceAccounts: "
      "\"serviceAccounts\" and \"principals\" exclude each other [IST0106]\n"
      "5:51 error spec.rules[0].from[0].source.principals: \"serviceAccounts\" "
      "and \"principals\" exclude each other [IST0106]\n" },
    { "empty or not",
      AP("  rules: [{from: [{source: {serviceAccounts: [a], namespaces: "
         "[]}}]}]\n"),
      "5:29 error spec.rules[0].from[0].source.serviceAccounts: "
      "\"serviceAccounts\" and \"namespaces\" exclude each other [IST0106]\n"
      "5:51 error spec.rules[0].from[0].source.namespaces: \"serviceAccounts\" "
      "and \"namespaces\" exclude each other [IST0106]\n" },
    { "trust domains",
      AP("  rules: [{from: [{source: {trustDomains: [\"a*\", \"*a\", "
         "\"*\"]}}]}]\n"),
      "" },
    { "one star at an end",
      AP("  rules: [{from: [{source: {trustDomains: [\"a*b\", \"*a*\", "
         "a/b]}}]}]\n"),
      "5:44 error spec.rules[0].from[0].source.trustDomains[0]: wanted a trust "
      "domain, \"*\" at its start or end only, found \"a*b\" [IST0106]\n"
      "5:51 error spec.rules[0].from[0].source.trustDomains[1]: wanted a trust "
      "domain, \"*\" at its start or end only, found \"*a*\" [IST0106]\n"
      "5:58 error spec.rules[0].from[0].source.trustDomains[2]: wanted a trust "
      "domain, \"*\" at its start or end only, found \"a/b\" [IST0106]\n" },
};

static const struct say_row operations[] = {
    { "anything by an empty list", AP("  rules: [{to: []}]\n"), "" },
    { "an operation is required", AP("  rules: [{to: [{}]}]\n"),
      "5:17 error spec.rules[0].to[0]: \"operation\" is required [IST0106]\n" },
    { "an operation says something", AP("  rules: [{to: [{operation: {}}]}]\n"),
      "5:29 error spec.rules[0].to[0].operation: an empty operation: leave "
      "\"to\" away to mean anything [IST0106]\n" },
    { "each list",
      AP("  rules: [{to: [{operation: {hosts: [a], notHosts: [a], methods: "
         "[GET], notMethods: [PUT], paths: [/a], notPaths: [\"*/b\"], ports: "
         "[\"80\"], notPorts: [\"0\", \"080\"]}}]}]\n"),
      "" },
    { "values are not empty",
      AP("  rules: [{to: [{operation: {hosts: [\"\"], methods: [\"\"], paths: "
         "[\"\"], ports: [\"\"]}}]}]\n"),
      "5:38 error spec.rules[0].to[0].operation.hosts[0]: may not be empty "
      "[IST0106]\n"
      "5:53 error spec.rules[0].to[0].operation.methods[0]: may not be empty "
      "[IST0106]\n"
      "5:66 error spec.rules[0].to[0].operation.paths[0]: may not be empty "
      "[IST0106]\n"
      "5:79 error spec.rules[0].to[0].operation.ports[0]: may not be empty "
      "[IST0106]\n" },
    { "ports are decimal",
      AP("  rules: [{to: [{operation: {ports: [\"65536\", \"+1\", \"1_0\", "
         "http]}}]}]\n"),
      "5:38 error spec.rules[0].to[0].operation.ports[0]: wanted a port, 65535 "
      "at most, found \"65536\" [IST0106]\n"
      "5:47 error spec.rules[0].to[0].operation.ports[1]: wanted a port, 65535 "
      "at most, found \"+1\" [IST0106]\n"
      "5:53 error spec.rules[0].to[0].operation.ports[2]: wanted a port, 65535 "
      "at most, found \"1_0\" [IST0106]\n"
      "5:60 error spec.rules[0].to[0].operation.ports[3]: wanted a port, 65535 "
      "at most, found \"http\" [IST0106]\n" },
    { "ports are text", AP("  rules: [{to: [{operation: {ports: [80]}}]}]\n"),
      "5:38 error spec.rules[0].to[0].operation.ports[0]: wanted a string, "
      "found the number 80 [IST0106] (quote it: \"80\")\n" },
    { "templates are whole segments",
      AP("  rules: [{to: [{operation: {paths: [\"/a/{*}/b/{**}\", \"/{**}/a\", "
         "\"//{*}//\"]}}]}]\n"),
      "" },
    { "templates that are not",
      AP("  rules: [{to: [{operation: {paths: [\"/a{*}\", \"/{**}/{*}\", "
         "\"/{*}//a\", \"/{*}/a b\", \"/{*}/*\"]}}]}]\n"),
      "5:38 error spec.rules[0].to[0].operation.paths[0]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/a{*}\" [IST0106]\n"
      "5:47 error spec.rules[0].to[0].operation.paths[1]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/{**}/{*}\" [IST0106]\n"
      "5:60 error spec.rules[0].to[0].operation.paths[2]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/{*}//a\" [IST0106]\n"
      "5:71 error spec.rules[0].to[0].operation.paths[3]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/{*}/a b\" [IST0106]\n"
      "5:83 error spec.rules[0].to[0].operation.paths[4]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/{*}/*\" [IST0106]\n" },
    { "braces are for templates",
      AP("  rules: [{to: [{operation: {paths: [\"/a{b\", \"/{}\"]}}]}]\n"),
      "5:38 error spec.rules[0].to[0].operation.paths[0]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/a{b\" [IST0106]\n"
      "5:46 error spec.rules[0].to[0].operation.paths[1]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/{}\" [IST0106]\n" },
};

static const struct say_row conditions[] = {
    { "each key",
      AP("  rules: [{when: [{key: \"source.ip\", values: [1.2.3.4]}, {key: "
         "\"remote.ip\", values: [1.2.3.4]}, {key: \"destination.ip\", values: "
         "[1.2.3.4]}, {key: \"destination.port\", values: [\"80\"]}, {key: "
         "\"source.namespace\", values: [a]}, {key: \"source.principal\", "
         "values: [a]}, {key: \"source.serviceAccount\", values: [a]}, {key: "
         "\"source.trustDomain\", values: [a]}, {key: \"connection.sni\", "
         "values: [a]}, {key: \"request.headers[a]\", values: [a]}, {key: "
         "\"request.auth.principal\", values: [a]}, {key: "
         "\"request.auth.audiences\", values: [a]}, {key: "
         "\"request.auth.presenter\", values: [a]}, {key: "
         "\"request.auth.claims[a][b]\", values: [a]}, {key: "
         "\"experimental.envoy.filters.a[b]\", values: [a]}]}]\n"),
      "" },
    { "a key is required", AP("  rules: [{when: [{values: [a]}]}]\n"),
      "5:19 error spec.rules[0].when[0]: \"key\" is required [IST0106]\n" },
    { "a key is not empty",
      AP("  rules: [{when: [{key: \"\", values: [a]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: unknown attribute \"\" [IST0106]\n" },
    { "keys are known",
      AP("  rules: [{when: [{key: source.nam, values: [a]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: unknown attribute \"source.nam\" "
      "[IST0106] (did you mean \"source.ip\"?)\n" },
    { "keys that Istio gave up",
      AP("  rules: [{when: [{key: destination.namespace, values: [a]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: unknown attribute "
      "\"destination.namespace\" [IST0106]\n" },
    { "a header has a name",
      AP("  rules: [{when: [{key: \"request.headers[]\", values: [a]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: unknown attribute "
      "\"request.headers[]\" [IST0106]\n" },
    { "a header is in brackets",
      AP("  rules: [{when: [{key: request.headers, values: [a]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: unknown attribute \"request.headers\" "
      "[IST0106]\n" },
    { "values or notValues", AP("  rules: [{when: [{key: source.ip}]}]\n"),
      "5:19 error spec.rules[0].when[0]: values or notValues is required "
      "[IST0106]\n" },
    { "values are not empty",
      AP("  rules: [{when: [{key: source.namespace, values: [\"\"]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: the values below are not what "
      "source.namespace has [IST0106]\n"
      "5:52 error spec.rules[0].when[0].values[0]: may not be empty "
      "[IST0106]\n" },
    { "values fit", AP("  rules: [{when: [{key: source.ip, values: [a]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: the values below are not what "
      "source.ip has [IST0106]\n"
      "5:45 error spec.rules[0].when[0].values[0]: wanted an IP address or a "
      "block such as 10.0.0.0/8, found \"a\" [IST0106]\n" },
    { "notValues too",
      AP("  rules: [{when: [{key: destination.port, notValues: "
         "[\"65536\"]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: the values below are not what "
      "destination.port has [IST0106]\n"
      "5:55 error spec.rules[0].when[0].notValues[0]: wanted a port, 65535 at "
      "most, found \"65536\" [IST0106]\n" },
    { "trust domains have one star",
      AP("  rules: [{when: [{key: source.trustDomain, values: [\"a*b\", "
         "a/b]}]}]\n"),
      "5:25 error spec.rules[0].when[0]: the values below are not what "
      "source.trustDomain has [IST0106]\n"
      "5:54 error spec.rules[0].when[0].values[0]: wanted one \"*\" at most, "
      "at the start or end, found \"a*b\" [IST0106]\n" },
};

static void judges_actions(void **state)
{
    (void)state;
    SAY_ERRORS(actions);
}

static void judges_sources(void **state)
{
    (void)state;
    SAY_ERRORS(sources);
}

static void judges_operations(void **state)
{
    (void)state;
    SAY_ERRORS(operations);
}

static void judges_conditions(void **state)
{
    (void)state;
    SAY_ERRORS(conditions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_actions),
        cmocka_unit_test(judges_sources),
        cmocka_unit_test(judges_operations),
        cmocka_unit_test(judges_conditions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
