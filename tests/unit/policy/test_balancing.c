/*
 * test_balancing.c - does loadBalancer mean what istiod makes of it for Envoy?
 *
 * Hash keys, rings, warm-up, localities, priorities and retry budgets, as lines
 * of the compiled snapshot (semantics 5.2, 5.3; Istio: loadbalancer.go,
 * route.go, cluster_traffic_policy.go).
 */
#include "../../golden/yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Six workloads in two regions, each with a locality of its own but two. */
static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n"
#define PEER(name, ip, locality, labels, more)                                 \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: WorkloadEntry\n"                                                    \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {address: " ip ", locality: \"" locality                            \
    "\", labels: {app: web" labels "}" more "}\n"
    PEER("far", "10.0.2.1", "us/a/1", ", version: v2",
         "") PEER("zone", "10.0.1.3", "eu/b/1", ", version: v1", "")
        PEER("near", "10.0.1.1", "eu/a/1", ", version: v1", "")
            PEER("also", "10.0.1.2", "eu/a/1", ", version: v2", ", weight: 3")
                PEER("sub", "10.0.1.4", "eu/a/2", ", version: v1", "")
                    PEER("lost", "10.0.3.1", "", ", version: v2", "");

#define ME  "ns=prod locality=eu/a/1 labels=version=v1"
#define WEB "outbound|80||web.prod.svc.cluster.local"
#define V1  "outbound|80|v1|web.prod.svc.cluster.local"
#define RULE(policy)                                                           \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: DestinationRule\n"                                                  \
    "metadata: {name: web, namespace: prod}\n"                                 \
    "spec: {host: web, trafficPolicy: {" policy "}, subsets: [{name: v1, "     \
    "labels: {version: v1}}]}\n"
#define LB(block)     RULE("loadBalancer: {" block "}")
#define DETECT        ", outlierDetection: {interval: 1s}"
#define LB_OUT(block) RULE("loadBalancer: {" block "}" DETECT)
#define HASH(key)     LB("consistentHash: {" key "}")
#define MESH(text)    "---\n" text "\n"

static const struct yard_row balancers[] = {
    { "a key and nothing else is a ring", ME, HASH("httpHeaderName: X-User"),
      "hash " WEB ": header:x-user\n"
      "hash-port " WEB ": header:x-user\n"
      "places " WEB " 0: 1024" },
    { "a ring has whole places for the lightest", ME,
      HASH("useSourceIp: true, ringHash: {minimumRingSize: 10}"),
      "hash " WEB ": source:\n"
      "places " WEB " 0: 16" },
    { "the old name of its size", ME,
      HASH("useSourceIp: true, minimumRingSize: 30"), "places " WEB " 0: 32" },
    { "no size is a thousand and twenty-four", ME,
      HASH("useSourceIp: true, ringHash: {}"), "places " V1 " 0: 1026" },
    { "a Maglev table has the size that is written", ME,
      HASH("httpQueryParameterName: u, maglev: {tableSize: 251}"),
      "hash " WEB ": query:u\n"
      "places " WEB " 0: 251" },
    { "a cookie without ttl is never made", ME,
      HASH("httpCookie: {name: user}"),
      "hash " WEB ": cookie:user\n!; HttpOnly" },
    { "a cookie with ttl, path and attributes (seen: consistent-hash-other)",
      ME,
      HASH("httpCookie: {name: user, ttl: 60s, path: /p, attributes: [{name: "
           "SameSite, value: Strict}, {name: Secure}]}"),
      "hash " WEB ": cookie:user; Max-Age=60; Path=/p; SameSite=Strict; "
      "Secure; HttpOnly" },
    { "ttl 0 is a session's cookie", ME,
      HASH("httpCookie: {name: user, ttl: 0s}"),
      "hash " WEB ": cookie:user; HttpOnly" },
    { "a source address that is not wanted is no key", ME,
      HASH("useSourceIp: false"), "hash " WEB ": nothing:" },
    { "a subset without a block of its own has the host's", ME,
      HASH("httpHeaderName: x"), "hash " V1 ": header:x" },
    { "a port's key counts where a route names the port", ME,
      RULE("loadBalancer: {simple: RANDOM}, portLevelSettings: [{port: "
           "{number: 80}, loadBalancer: {consistentHash: {httpHeaderName: "
           "x}}}]"),
      "!  hash " WEB ":\n"
      "hash-port " WEB ": header:x\n"
      "rule web.prod.svc.cluster.local:80 0 'default': any -> " WEB
      "*1 timeout=0ms retry on=22b0 attempts=2 per-try=0ms picks=5 hash "
      "header:x @ Service prod/web (base.yaml:1)" },
    { "warm-up by its old name", ME,
      LB("simple: ROUND_ROBIN, warmupDurationSecs: 5s"),
      "warmup " WEB ": 5000ms exponent=1.000 least=0.100" },
    { "warm-up in full", ME,
      LB("warmup: {duration: 2s, aggression: 2, minimumPercent: 30}"),
      "warmup " WEB ": 2000ms exponent=0.500 least=0.300" },
    { "random knows no weights, so nothing warms up", ME,
      LB("simple: RANDOM, warmup: {duration: 2s}"), "!  warmup" },
    { "a budget has defaults", ME, RULE("retryBudget: {}"),
      "budget " WEB ": 20.0% at least 3\n"
      "budget " V1 ": 20.0% at least 3" },
    { "a budget in full; a port's settings have none", ME,
      RULE("retryBudget: {percent: 12.5, minRetryConcurrency: 1}"),
      "budget " WEB ": 12.5% at least 1" },
    { "a budget of the requests of a while, in whole milliseconds", ME,
      RULE("retryBudget: {budgetInterval: 1.0025s}"),
      "budget " WEB ": 20.0% at least 3 in 1002ms" },
    { "a while shorter than a millisecond is none", ME,
      RULE("retryBudget: {budgetInterval: 0.0009s}"),
      "budget " WEB ": 20.0% at least 3\n" },
    { "portLevelSettings drop the budget of the host", ME,
      RULE("retryBudget: {}, portLevelSettings: [{port: {number: 80}, "
           "loadBalancer: {simple: RANDOM}}]"),
      "!  budget" },
};

/* Istio: core/cluster.go; what none of a second does was seen on Envoy. */
#define ALIVE(block) RULE("connectionPool: {tcp: {tcpKeepalive: {" block "}}}")
static const struct yard_row keepalives[] = {
    { "nobody is kept alive unasked", ME,
      RULE("connectionPool: {tcp: {maxConnections: 1}}"), "!  keepalive" },
    { "an empty block is the system's own", ME, ALIVE(""),
      "keepalive " WEB ": idle=0 interval=0 probes=0\n"
      "keepalive " V1 ": idle=0 interval=0 probes=0" },
    { "in full, in whole seconds", ME,
      ALIVE("time: 100.9s, interval: 7s, probes: 4"),
      "keepalive " WEB ": idle=100 interval=7 probes=4" },
    { "less than a second is off", ME, ALIVE("time: 900ms, probes: 4"),
      "!  keepalive" },
    { "between two as well", ME, ALIVE("interval: 900ms"), "!  keepalive" },
    { "the mesh may ask for it", ME, MESH("tcpKeepalive: {time: 60s}"),
      "keepalive " WEB ": idle=60 interval=0 probes=0" },
    { "a rule says more, field by field", ME,
      MESH("tcpKeepalive: {time: 60s, probes: 2}")
          ALIVE("interval: 7s, probes: 4"),
      "keepalive " WEB ": idle=60 interval=7 probes=4" },
    { "and nothing less: no probes are the mesh's", ME,
      MESH("tcpKeepalive: {probes: 2}") ALIVE("time: 60s, probes: 0"),
      "keepalive " WEB ": idle=60 interval=0 probes=2" },
    { "it can turn it on again", ME,
      MESH("tcpKeepalive: {time: 0.5s}") ALIVE("time: 5s"),
      "keepalive " WEB ": idle=5 interval=0 probes=0" },
    { "the mesh's default pool is a pool", ME,
      MESH("defaultTrafficPolicy: {connectionPool: {tcp: {tcpKeepalive: "
           "{probes: 3}}}}"),
      "keepalive " WEB ": idle=0 interval=0 probes=3" },
    { "a port's block is the whole pool, over the mesh's", ME,
      MESH("tcpKeepalive: {time: 60s}")
          RULE("connectionPool: {tcp: {tcpKeepalive: {probes: 4}}}, "
               "portLevelSettings: [{port: {number: 80}, connectionPool: "
               "{tcp: {maxConnections: 1}}}]"),
      "keepalive " WEB ": idle=60 interval=0 probes=0" },
};

static void connections_are_kept_alive_as_istiod_says(void **state)
{
    (void)state;
    yard_check(base, keepalives, sizeof(keepalives) / sizeof(keepalives[0]));
}

static void blocks_mean_what_istiod_means(void **state)
{
    (void)state;
    yard_check(base, balancers, sizeof(balancers) / sizeof(balancers[0]));
}

static const struct yard_row localities[] = {
    { "without detection nobody fails over: one priority", ME, "",
      "!  priority" },
    { "with it, nearer comes first (seen: locality-failover)", ME,
      RULE("outlierDetection: {interval: 1s}"),
      "priority " WEB " 0: near also\n"
      "priority " WEB " 1: sub\n"
      "priority " WEB " 2: zone\n"
      "priority " WEB " 3: lost far\n"
      "!  priority " WEB " 4:" },
    { "a client that is nowhere finds those that are nowhere near",
      "ns=prod labels=", RULE("outlierDetection: {interval: 1s}"),
      "priority " WEB " 0: lost\n"
      "priority " WEB " 1: near also sub zone far" },
    { "the rule can turn it off", ME,
      LB_OUT("localityLbSetting: {enabled: false}"), "!  priority" },
    { "the mesh can turn it off", ME,
      RULE("outlierDetection: {interval: 1s}")
          MESH("localityLbSetting: {enabled: false}"),
      "!  priority" },
    { "the rule's word counts more than the mesh's", ME,
      LB_OUT("localityLbSetting: {enabled: true}")
          MESH("localityLbSetting: {enabled: false}"),
      "priority " WEB " 0: near also" },
    { "a failover names the next region, the rest comes last; localities have "
      "shares then",
      ME, LB_OUT("localityLbSetting: {failover: [{from: eu, to: us}]}"),
      "priority " WEB " 0: eu/a/1*4 near also\n"
      "priority " WEB " 3: us/a/1*1 far\n"
      "priority " WEB " 4: *1 lost" },
    { "a failover from elsewhere does not matter", ME,
      LB_OUT("localityLbSetting: {failover: [{from: us, to: eu}]}"),
      "priority " WEB " 3: *1 lost us/a/1*1 far" },
    { "distribute gives shares, and nothing to who is not listed (seen: "
      "locality-distribute)",
      ME,
      LB("localityLbSetting: {distribute: [{from: eu/*, to: {eu/a/*: 80, "
         "us/*: 20}}]}"),
      "priority " WEB " 0: eu/a/1*64 near also eu/a/2*16 sub us/a/1*20 far\n"
      "weight " WEB ": 6" },
    { "a star at the end of from is anywhere below", ME,
      LB("localityLbSetting: {distribute: [{from: us/*, to: {us/*: 100}}, "
         "{from: eu/a/*, to: {eu/b/*: 100}}]}"),
      "priority " WEB " 0: eu/b/1*100 zone" },
    { "where no from fits, localities weigh what their endpoints do", ME,
      LB("localityLbSetting: {distribute: [{from: us/*, to: {us/*: 100}}]}"),
      "priority " WEB
      " 0: eu/a/1*4 near also *1 lost eu/a/2*1 sub eu/b/1*1 zone us/a/1*1 "
      "far" },
    { "failoverPriority compares labels with the client's", ME,
      LB_OUT("localityLbSetting: {failoverPriority: [version, "
             "topology.kubernetes.io/region]}"),
      "priority " WEB " 0: eu/a/1*1 near eu/a/2*1 sub eu/b/1*1 zone\n"
      "priority " WEB " 1: eu/a/1*3 also *1 lost us/a/1*1 far\n"
      "!  priority " WEB " 2:" },
    { "or with a word", ME,
      LB_OUT("localityLbSetting: {failoverPriority: [version=v2, "
             "topology.kubernetes.io/zone]}"),
      "priority " WEB " 0: eu/a/1*3 also us/a/1*1 far\n"
      "priority " WEB " 1: *1 lost\n"
      "priority " WEB " 2: eu/a/1*1 near eu/a/2*1 sub eu/b/1*1 zone" },
    { "both: labels first, then regions", ME,
      LB_OUT("localityLbSetting: {failoverPriority: [version], failover: "
             "[{from: eu, to: us}]}"),
      "priority " WEB " 0: eu/a/1*1 near\n"
      "priority " WEB " 1: eu/a/2*1 sub\n"
      "priority " WEB " 2: eu/b/1*1 zone\n"
      "priority " WEB " 3: eu/a/1*3 also\n"
      "priority " WEB " 4: us/a/1*1 far\n"
      "priority " WEB " 5: *1 lost" },
    { "zone aware keeps regions apart, without detection too", ME,
      LB("zoneAwareLbSetting: {failover: [{from: eu, to: us}]}"),
      "priority " WEB " 0: near also sub zone\n"
      "priority " WEB " 1: far\n"
      "priority " WEB " 2: lost" },
    { "zone aware can be off, and the mesh has no say then", ME,
      LB_OUT("zoneAwareLbSetting: {enabled: false}"), "!  priority" },
    { "the mesh's zone aware comes before its localities", ME,
      RULE("outlierDetection: {interval: 1s}")
          MESH("zoneAwareLbSetting: {enabled: true}"),
      "priority " WEB " 0: near also sub zone\n"
      "priority " WEB " 1: lost far" },
    { "a ring has a place for each priority's own", ME,
      RULE("loadBalancer: {consistentHash: {httpHeaderName: x, ringHash: "
           "{minimumRingSize: 4}}}" DETECT),
      "places " WEB " 0: 4\n"
      "places " WEB " 3: 4" },
};

static void nearer_endpoints_come_first(void **state)
{
    (void)state;
    yard_check(base, localities, sizeof(localities) / sizeof(localities[0]));
}

static const struct yard_row services[] = {
    { "a Service that prefers close ones needs no detection",
      "ns=prod locality=eu/a/1 labels=",
      "---\n"
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {name: close, namespace: prod}\n"
      "spec: {selector: {app: web}, trafficDistribution: PreferClose, ports: "
      "[{name: http, port: 80}]}\n",
      "priority outbound|80||close.prod.svc.cluster.local 0: eu/a/1*4 near "
      "also eu/a/2*1 sub\n"
      "priority outbound|80||close.prod.svc.cluster.local 1: eu/b/1*1 zone\n"
      "priority outbound|80||close.prod.svc.cluster.local 2: *1 lost "
      "us/a/1*1 far" },
    { "an annotation says the same", "ns=prod locality=eu/a/1 labels=",
      "---\n"
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {name: close, namespace: prod, annotations: "
      "{networking.istio.io/traffic-distribution: preferclose}}\n"
      "spec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n",
      "priority outbound|80||close.prod.svc.cluster.local 1: eu/b/1*1 zone" },
};

static void services_have_a_say(void **state)
{
    (void)state;
    yard_check(base, services, sizeof(services) / sizeof(services[0]));
}

#define ROUTE(retries, arms)                                                   \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: web, namespace: prod}\n"                                 \
    "spec: {hosts: [web], http: [{name: r, " retries "route: [" arms "]}]}\n"
#define TO_WEB   "{destination: {host: web}}"
#define TO_PORT  "{destination: {host: web, port: {number: 80}}}"
#define ON       " timeout=0ms retry on="
#define THE_RULE "rule web.prod.svc.cluster.local:80 0 'r': any ->"
#define WRITTEN  " @ VirtualService prod/web (more.yaml:12)"

static const struct yard_row routes[] = {
    { "hashing keeps retries at the endpoint (seen: retry.go, hashPolicy)", ME,
      HASH("httpHeaderName: x") ROUTE("", TO_WEB), " picks=0 hash header:x" },
    { "unless they are told to look for another", ME,
      HASH("httpHeaderName: x") ROUTE(
          "retries: {attempts: 1, retryIgnorePreviousHosts: true}, ", TO_WEB),
      " picks=5 hash header:x" },
    { "without hashing they look for another, unless told not to", ME,
      ROUTE("retries: {attempts: 1, retryIgnorePreviousHosts: false}, ",
            TO_WEB),
      " picks=0 @" },
    { "of several arms all keys count, and retries look further", ME,
      HASH("httpHeaderName: x")
          ROUTE("", "{destination: {host: web}, weight: 1}, {destination: "
                    "{host: web, subset: v1}, weight: 1}, {destination: {host: "
                    "web, subset: v1}, weight: 0}"),
      " picks=5 hash header:x hash header:x @" },
    { "back-off grows to ten times what is written", ME,
      ROUTE("retries: {attempts: 1, backoff: 2s}, ", TO_WEB),
      " base=2000ms most=20000ms" },
    { "retries may leave localities", ME,
      ROUTE("retries: {attempts: 1, retryRemoteLocalities: true}, ", TO_WEB),
      " leaves" },
};

static bool is_in(const char *text, const char *piece)
{
    return strstr(text, piece) != NULL;
}

/* Pieces of the rule's line: yard_check wants whole lines. */
static void routes_know_what_is_hashed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        struct mesh_snapshot *snapshot;
        struct mesh_whoami whoami;
        struct mesh_buffer out;
        struct yard yard;

        yard_init(&yard);
        yard_add(&yard, "base.yaml", mesh__slice_of(base));
        yard_add(&yard, "more.yaml", mesh__slice_of(routes[i].yaml));
        whoami = yard_whoami(&yard, routes[i].who);
        assert_int_equal(
            mesh__policy_compile(yard.all, &whoami, NULL, 1, &snapshot), 0);
        yard_dump(snapshot, &out);
        assert_int_equal(mesh__buffer_append(&out, "", 1), 0);
        if (!is_in((const char *)mesh__buffer_data(&out), routes[i].lines))
            fail_msg("%s: no \"%s\" in\n%s", routes[i].claim, routes[i].lines,
                     (const char *)mesh__buffer_data(&out));
        mesh__buffer_fini(&out);
        mesh__snapshot_unref(snapshot);
        yard_fini(&yard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_mean_what_istiod_means),
        cmocka_unit_test(connections_are_kept_alive_as_istiod_says),
        cmocka_unit_test(nearer_endpoints_come_first),
        cmocka_unit_test(services_have_a_say),
        cmocka_unit_test(routes_know_what_is_hashed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
