/*
 * test_rules.c - which DestinationRules speak for a host, which of them become
 * one, and what the mesh says where none does (seen with istiod).
 */
#include "../../golden/yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char base[] = "apiVersion: v1\n"
                           "kind: Service\n"
                           "metadata: {name: api, namespace: prod}\n"
                           "spec: {ports: [{name: http, port: 80}]}\n";

#define API "api.prod.svc.cluster.local"
#define RULE(namespace, name, spec)                                            \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: DestinationRule\n"                                                  \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
#define POOL(n)                                                                \
    "trafficPolicy: {connectionPool: {tcp: {maxConnections: " n "}}}"
#define SUBSETS(names) "subsets: [" names "]"
#define S(name)        "{name: " name "}"
/* A pool of so many at a destination; @ where is not looked at. */
#define HAS(subset, n, where)                                                  \
    "pool outbound|80|" subset "|" API ": connections=" n                      \
    " pending=- requests=- retries=- per-connection=0 connect=10000ms "        \
    "idle=3600000ms age=0ms @ " where "\n"
#define NONE            HAS("", "-", "-")
#define NO_SUBSET(name) "!" HAS(name, "-", "-")
#define A               "DestinationRule prod/a (row.yaml:5)"
#define B               "DestinationRule prod/b (row.yaml:10)"

/* The client is in demo, the service in prod. */
static const struct yard_row levels[] = {
    { "the client's namespace comes first", "ns=demo",
      RULE("demo", "a", "{host: " API ", " POOL("1") "}")
          RULE("prod", "b", "{host: api, " POOL("2") "}"),
      HAS("", "1", "DestinationRule demo/a (row.yaml:5)") },
    { "then the service's", "ns=demo",
      RULE("prod", "a", "{host: api, " POOL("2") "}")
          RULE("istio-system", "b", "{host: '*.local', " POOL("3") "}"),
      HAS("", "2", A) },
    { "then the root's", "ns=demo",
      RULE("istio-system", "b", "{host: '*.local', " POOL("3") "}"),
      HAS("", "3", "DestinationRule istio-system/b (row.yaml:5)") },
    { "what is kept at home is not seen", "ns=demo",
      RULE("prod", "a", "{host: api, exportTo: ['.'], " POOL("2") "}")
          RULE("istio-system", "b", "{host: '*.local', " POOL("3") "}"),
      HAS("", "3", "DestinationRule istio-system/b (row.yaml:10)") },
    { "what is for somebody else hides what is less specific", "ns=demo",
      RULE("prod", "a", "{host: api, exportTo: [dev, prod], " POOL("2") "}")
          RULE("prod", "b", "{host: '*.local', " POOL("4") "}"),
      NONE },
    { "and lets the root speak", "ns=demo",
      RULE("prod", "a", "{host: api, exportTo: [dev, prod], " POOL("2") "}")
          RULE("istio-system", "b", "{host: '*.local', " POOL("3") "}"),
      HAS("", "3", "DestinationRule istio-system/b (row.yaml:10)") },
    { "levels never merge", "ns=demo",
      RULE("demo", "a", "{host: " API ", " SUBSETS(S("x")) "}")
          RULE("prod", "b", "{host: api, " POOL("2") "}"),
      HAS("", "-", "-") HAS("x", "-", "-") },
    { "inside one the most specific host", "ns=prod",
      RULE("prod", "a", "{host: '*.local', " POOL("1") "}")
          RULE("prod", "b", "{host: '*.cluster.local', " POOL("2") "}"),
      HAS("", "2", B) },
    { "in the root's namespace what is kept there comes before the service's",
      "ns=istio-system",
      RULE("istio-system", "a",
           "{host: '*.local', exportTo: ['.'], " POOL("1") "}")
          RULE("prod", "b", "{host: api, " POOL("2") "}"),
      HAS("", "1", "DestinationRule istio-system/a (row.yaml:5)") },
    { "and what is exported from there after it", "ns=istio-system",
      RULE("istio-system", "a", "{host: '*.local', " POOL("1") "}")
          RULE("prod", "b", "{host: api, " POOL("2") "}"),
      HAS("", "2", B) },
    { "the mesh may keep at home those that say nothing", "ns=demo",
      "defaultDestinationRuleExportTo: ['.']\n" RULE(
          "prod", "a", "{host: api, " POOL("2") "}"),
      NONE },
    { "but not those that do", "ns=demo",
      "defaultDestinationRuleExportTo: ['.']\n" RULE(
          "prod", "a", "{host: api, exportTo: ['*'], " POOL("2") "}"),
      HAS("", "2", "DestinationRule prod/a (row.yaml:6)") },
};

static const struct yard_row merging[] = {
    { "subsets are united, the first policy counts", "ns=prod",
      RULE("prod", "a", "{host: api, " SUBSETS(S("x")) "}") RULE(
          "prod", "b", "{host: api, " POOL("7") ", " SUBSETS(S("z")) "}")
          RULE("prod", "c", "{host: api, " POOL("8") ", " SUBSETS(S("w")) "}"),
      HAS("", "7", B) HAS("x", "7", B) HAS("z", "7", B) HAS("w", "7", B) },
    { "of two subsets of one name the first", "ns=prod",
      RULE("prod", "a", "{host: api, subsets: [{name: x, " POOL("1") "}]}")
          RULE("prod", "b", "{host: api, subsets: [{name: x, " POOL("2") "}]}"),
      HAS("x", "1", A) },
    { "saying \"everybody\" is not the same as saying nothing: the last counts",
      "ns=prod",
      RULE("prod", "a", "{host: api, exportTo: ['*'], " SUBSETS(S("x")) "}")
          RULE("prod", "b", "{host: api, " POOL("7") ", " SUBSETS(S("z")) "}"),
      HAS("", "7", B) HAS("z", "7", B) NO_SUBSET("x") },
    { "one that reaches farther goes into the older one", "ns=prod",
      RULE("prod", "a", "{host: api, exportTo: ['.'], " SUBSETS(S("x")) "}")
          RULE("prod", "b",
               "{host: api, exportTo: ['.', demo], " POOL("7") ", " SUBSETS(
                   S("z")) "}"),
      HAS("", "7", B) HAS("x", "7", B) HAS("z", "7", B) },
    { "and stands alone where the older one is not seen", "ns=demo",
      RULE("prod", "a", "{host: api, exportTo: ['.'], " SUBSETS(S("x")) "}")
          RULE("prod", "b",
               "{host: api, exportTo: ['.', demo], " POOL("7") ", " SUBSETS(
                   S("z")) "}"),
      HAS("", "7", B) HAS("z", "7", B) NO_SUBSET("x") },
    { "one that reaches less far does not", "ns=prod",
      RULE("prod", "a",
           "{host: api, exportTo: ['.', demo], " SUBSETS(S("x")) "}")
          RULE("prod", "b",
               "{host: api, exportTo: ['.'], " POOL("7") ", " SUBSETS(
                   S("z")) "}"),
      HAS("", "7", B) HAS("z", "7", B) NO_SUBSET("x") },
};

#define FOR(app) "workloadSelector: {matchLabels: {app: " app "}}, "

static const struct yard_row selectors[] = {
    { "one with labels that fit comes first", "ns=prod labels=app=web",
      RULE("prod", "a", "{host: api, " POOL("1") "}")
          RULE("prod", "b", "{host: api, " FOR("web") POOL("2") "}"),
      HAS("", "2", B) },
    { "one whose labels do not fit is passed over", "ns=prod labels=app=x",
      RULE("prod", "a", "{host: api, " POOL("1") "}")
          RULE("prod", "b", "{host: api, " FOR("web") POOL("2") "}"),
      HAS("", "1", A) },
    { "it is for its own namespace only", "ns=demo labels=app=web",
      RULE("prod", "a", "{host: api, " FOR("web") POOL("1") "}"), NONE },
    { "the same labels merge", "ns=prod labels=app=web",
      RULE("prod", "a", "{host: api, " FOR("web") SUBSETS(S("x")) "}")
          RULE("prod", "b", "{host: api, " FOR("web") POOL("2") "}"),
      HAS("x", "2", B) },
    { "where all have labels and none fit, no level below is asked",
      "ns=prod labels=app=x",
      RULE("prod", "a", "{host: api, " FOR("web") POOL("1") "}")
          RULE("prod", "b", "{host: '*.local', " POOL("2") "}"),
      NONE },
    { "one without labels that is kept at home goes into one with labels, and "
      "is gone for others: so istiod has it",
      "ns=prod labels=app=x",
      RULE("prod", "a", "{host: api, exportTo: ['.'], " POOL("1") "}")
          RULE("prod", "b", "{host: api, " FOR("web") SUBSETS(S("x")) "}"),
      NONE },
    { "there it fills what is missing", "ns=prod labels=app=web",
      RULE("prod", "a", "{host: api, exportTo: ['.'], " POOL("1") "}")
          RULE("prod", "b", "{host: api, " FOR("web") SUBSETS(S("x")) "}"),
      HAS("", "1", A) HAS("x", "1", A) },
};

#define MESH                                                                   \
    "defaultTrafficPolicy: {connectionPool: {tcp: {maxConnections: 77}}, "     \
    "outlierDetection: {consecutive5xxErrors: 6}}\n"
#define EJECTS(subset, n, where)                                               \
    "outlier outbound|80|" subset "|" API ": 5xx=" n                           \
    " gateway=0 local=0 interval=10000ms base=30000ms most=300000ms "          \
    "percent=10 health=0 @ " where "\n"

static const struct yard_row mesh[] = {
    { "the mesh's blocks count where there is no rule", "ns=prod", MESH,
      HAS("", "77", "MeshConfig (row.yaml:1)")
          EJECTS("", "6", "MeshConfig (row.yaml:1)") },
    { "and where a rule leaves a block unset", "ns=prod",
      MESH RULE("prod", "a", "{host: api, " POOL("1") "}"),
      HAS("", "1", "DestinationRule prod/a (row.yaml:6)")
          EJECTS("", "6", "MeshConfig (row.yaml:1)") },
    { "a port's settings leave them unset, too", "ns=prod",
      MESH RULE("prod", "a",
                "{host: api, trafficPolicy: {portLevelSettings: [{port: "
                "{number: 80}, loadBalancer: {simple: RANDOM}}]}}"),
      HAS("", "77", "MeshConfig (row.yaml:1)") },
    { "but a subset's own for a port clear even those", "ns=prod",
      MESH RULE("prod", "a",
                "{host: api, subsets: [{name: x, trafficPolicy: "
                "{portLevelSettings: [{port: {number: 80}, loadBalancer: "
                "{simple: RANDOM}}]}}]}"),
      HAS("x", "-", "-") "!" EJECTS("x", "6", "MeshConfig (row.yaml:1)") },
};

#define DEFAULT_ROUTE(retry, where)                                            \
    "rule " API ":80 0 'default': any -> outbound|80||" API "*1 timeout=0ms "  \
    "retry " retry " @ " where

static const struct yard_row retries[] = {
    { "the mesh's retries replace the built-in ones", "ns=prod",
      "defaultHttpRetryPolicy: {attempts: 5, retryOn: 5xx, perTryTimeout: "
      "3s}\n",
      DEFAULT_ROUTE("on=1 attempts=5 per-try=3000ms picks=5",
                    "Service prod/api (base.yaml:1)") },
    { "an empty block means none", "ns=prod", "defaultHttpRetryPolicy: {}\n",
      DEFAULT_ROUTE("on=0 attempts=0 per-try=0ms picks=0",
                    "Service prod/api (base.yaml:1)") },
    { "a route's own replace them as a whole", "ns=prod",
      "defaultHttpRetryPolicy: {attempts: 5, retryOn: 5xx}\n"
      "---\n"
      "apiVersion: networking.istio.io/v1\n"
      "kind: VirtualService\n"
      "metadata: {name: v, namespace: prod}\n"
      "spec: {hosts: [api], http: [{match: [{uri: {exact: /a}}], retries: "
      "{attempts: 1}, route: [{destination: {host: api}}]}, {route: "
      "[{destination: {host: api}}]}]}\n",
      "rule " API ":80 0 '': uri exact:/a; -> outbound|80||" API
      "*1 timeout=0ms retry on=22b0 attempts=1 per-try=0ms picks=5 @ "
      "VirtualService prod/v (row.yaml:6)\n"
      "rule " API ":80 1 '': any -> outbound|80||" API
      "*1 timeout=0ms retry on=1 attempts=5 per-try=0ms picks=5 @ "
      "VirtualService prod/v (row.yaml:6)" },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void whose_rule_counts(void **state)
{
    (void)state;
    CHECK(levels);
}

static void which_become_one(void **state)
{
    (void)state;
    CHECK(merging);
}

static void which_clients_they_are_for(void **state)
{
    (void)state;
    CHECK(selectors);
}

static void what_the_mesh_adds(void **state)
{
    (void)state;
    CHECK(mesh);
}

static void how_the_mesh_tries_again(void **state)
{
    (void)state;
    CHECK(retries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_rule_counts),
        cmocka_unit_test(which_become_one),
        cmocka_unit_test(which_clients_they_are_for),
        cmocka_unit_test(what_the_mesh_adds),
        cmocka_unit_test(how_the_mesh_tries_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
