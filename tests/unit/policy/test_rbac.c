/*
 * test_rbac.c - do AuthorizationPolicies become the conditions that Istio
 * makes of them, for the workload that they are meant for?
 */
#include "../../golden/yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char base[] = "accessLogFile: /dev/stdout\n";

#define ME "ns=prod labels=app=web"
#define POLICY(namespace, name, spec)                                          \
    "---\n"                                                                    \
    "apiVersion: security.istio.io/v1\n"                                       \
    "kind: AuthorizationPolicy\n"                                              \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
#define FROM(source)                                                           \
    POLICY("prod", "a", "{rules: [{from: [{source: " source "}]}]}")
#define TO(operation)                                                          \
    POLICY("prod", "a", "{rules: [{to: [{operation: " operation "}]}]}")
#define WHEN(when) POLICY("prod", "a", "{rules: [{when: [" when "]}]}")
#define SOURCE     "rules[0].from[0].source."
#define OPERATION  "rules[0].to[0].operation."

static const struct yard_row scopes[] = {
    { "one's own namespace", ME, POLICY("prod", "a", "{}"),
      "authz allow prod/a rules=0 @ AuthorizationPolicy prod/a (row.yaml:2)" },
    { "not another", ME, POLICY("dev", "a", "{}"),
      "!authz allow dev/a rules=0 @ AuthorizationPolicy dev/a (row.yaml:2)" },
    { "the root's is for all", ME,
      POLICY("istio-system", "a", "{action: DENY, rules: [{}]}"),
      "authz deny istio-system/a rules=1 @ AuthorizationPolicy istio-system/a "
      "(row.yaml:2)" },
    { "whom it selects", ME,
      POLICY("prod", "a", "{selector: {matchLabels: {app: web}}}"),
      "authz allow prod/a rules=0 @ AuthorizationPolicy prod/a (row.yaml:2)" },
    { "and nobody else", ME,
      POLICY("prod", "a", "{selector: {matchLabels: {app: db}}}"),
      "!authz allow prod/a rules=0 @ AuthorizationPolicy prod/a "
      "(row.yaml:2)" },
    { "the root's selector reaches every namespace", ME,
      POLICY("istio-system", "a", "{selector: {matchLabels: {app: web}}}"),
      "authz allow istio-system/a rules=0 @ AuthorizationPolicy "
      "istio-system/a (row.yaml:2)" },
    { "a dry run is marked", ME,
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, namespace: prod, annotations: "
      "{istio.io/dry-run: 'true'}}\n"
      "spec: {rules: [{}]}\n",
      "authz allow prod/a rules=1 dry-run @ AuthorizationPolicy prod/a "
      "(row.yaml:1)" },
};

static const struct yard_row sources[] = {
    { "a principal as it is", ME, FROM("{principals: [x.org/ns/a/sa/b]}"),
      SOURCE "principals: is exact:x.org/ns/a/sa/b" },
    { "anybody with a certificate", ME, FROM("{principals: ['*']}"),
      SOURCE "principals: is not empty" },
    { "a prefix and a suffix", ME,
      FROM("{principals: ['cluster.local/ns/a/*', '*/sa/b']}"),
      SOURCE "principals: is prefix:cluster.local/ns/a/ | suffix:/sa/b" },
    { "cluster.local is the mesh, whatever it is called", ME,
      "trustDomain: td1\ntrustDomainAliases: [td2]\n" FROM(
          "{principals: [cluster.local/ns/a/sa/b]}"),
      SOURCE "principals: is exact:td1/ns/a/sa/b | exact:td2/ns/a/sa/b" },
    { "an alias is all of them", ME,
      "trustDomain: td1\ntrustDomainAliases: [td2]\n" FROM(
          "{notPrincipals: [td2/ns/a/sa/b]}"),
      SOURCE "principals: not exact:td1/ns/a/sa/b | exact:td2/ns/a/sa/b" },
    { "a foreign one is itself", ME,
      "trustDomain: td1\ntrustDomainAliases: [td2]\n" FROM(
          "{principals: [td3/ns/a/sa/b]}"),
      SOURCE "principals: is exact:td3/ns/a/sa/b" },
    { "any trust domain", ME, FROM("{principals: ['*/ns/a/sa/b']}"),
      SOURCE "principals: is suffix:/ns/a/sa/b" },
    { "a namespace, with a star anywhere", ME,
      FROM("{namespaces: [a, 'b-*-c', '*']}"),
      SOURCE "namespaces: is exact:a | regex:b\\-.*\\-c | not empty" },
    { "a service account, of the policy's namespace or another", ME,
      FROM("{serviceAccounts: [a, dev/b]}"),
      SOURCE "serviceAccounts: is exact:prod/a | exact:dev/b" },
    { "addresses", ME,
      FROM("{ipBlocks: [10.0.0.0/8], notIpBlocks: [10.0.0.1]}"),
      SOURCE "ipBlocks: is bits:8 not bits:32" },
    { "the caller behind a proxy", ME, FROM("{remoteIpBlocks: ['::1']}"),
      SOURCE "remoteIpBlocks: is bits:128" },
};

static const struct yard_row operations[] = {
    { "hosts in any case, HTTP only", ME, TO("{hosts: [A.com, '*.b']}"),
      OPERATION "hosts http: is exact:A.com (any case) | suffix:.b (any "
                "case)" },
    { "methods", ME, TO("{methods: [GET], notMethods: [P*]}"),
      OPERATION "methods http: is exact:GET not prefix:P" },
    { "paths and templates", ME, TO("{paths: [/a, /b/*, '/u/{*}/x']}"),
      OPERATION "paths http: is exact:/a | prefix:/b/ | "
                "template:/u/{*}/x" },
    { "ports mean something on TCP, too", ME, TO("{ports: ['80', '443']}"),
      OPERATION "ports: is 80 | 443" },
};

static const struct yard_row conditions[] = {
    { "a header, in lower case", ME,
      WHEN("{key: 'request.headers[X-Token]', values: [a, '*']}"),
      "rules[0].when[0].values x-token http: is exact:a | present" },
    { "none of these", ME, WHEN("{key: source.namespace, notValues: [dev]}"),
      "rules[0].when[0].notValues: not exact:dev" },
    { "the port and address that were reached", ME,
      WHEN("{key: destination.port, values: ['80']}, {key: destination.ip, "
           "values: [10.0.0.0/24]}"),
      "rules[0].when[0].values: is 80\n"
      "rules[0].when[1].values: is bits:24" },
    { "the server name", ME, WHEN("{key: connection.sni, values: [a.b]}"),
      "rules[0].when[0].values: is exact:a.b" },
    { "principals are expanded here as well", ME,
      "trustDomain: td1\n" WHEN(
          "{key: source.principal, values: [cluster.local/ns/a/sa/b]}"),
      "rules[0].when[0].values: is exact:td1/ns/a/sa/b" },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void whom_a_policy_is_for(void **state)
{
    (void)state;
    CHECK(scopes);
}

static void who_may(void **state)
{
    (void)state;
    CHECK(sources);
}

static void what_may_be_done(void **state)
{
    (void)state;
    CHECK(operations);
}

static void and_when(void **state)
{
    (void)state;
    CHECK(conditions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whom_a_policy_is_for),
        cmocka_unit_test(who_may),
        cmocka_unit_test(what_may_be_done),
        cmocka_unit_test(and_when),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
