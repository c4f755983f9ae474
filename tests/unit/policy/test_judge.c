/*
 * test_judge.c - is what resources do to each other told, with the place, and
 * is nothing told where all is well?
 */
#include "../../golden/yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: web-1, namespace: prod}\n"
    "spec: {address: 10.0.0.1, labels: {app: web, v: '1'}, serviceAccount: "
    "web}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: web-2, namespace: prod}\n"
    "spec: {address: 10.0.0.2, labels: {app: web, v: '2'}, serviceAccount: "
    "web}\n";

#define VS(namespace, name, spec)                                              \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
#define RULE(spec)                                                             \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: DestinationRule\n"                                                  \
    "metadata: {name: r, namespace: prod}\n"                                   \
    "spec: " spec "\n"
#define AUTHZ(action, rules)                                                   \
    "apiVersion: security.istio.io/v1\n"                                       \
    "kind: AuthorizationPolicy\n"                                              \
    "metadata: {name: a, namespace: prod}\n"                                   \
    "spec: {action: " action ", rules: " rules "}\n"
#define TO_WEB "route: [{destination: {host: web}}]"

static const struct yard_row rows[] = {
    { "all is well", NULL,
      VS("prod", "a", "{hosts: [web], http: [{" TO_WEB "}]}"),
      "![IST0109]\n![IST0101]\n![IST0130]\n![LM0101]" },
    { "a host that is not there", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{route: [{destination: {host: gone}}]}]}"),
      "row.yaml:5:52: warning: spec.http[0].route[0].destination: host not "
      "found: \"gone.prod.svc.cluster.local\" [IST0101]" },
    { "a port that is not there", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{route: [{destination: {host: web, port: "
         "{number: 8}}}]}]}"),
      "row.yaml:5:52: warning: spec.http[0].route[0].destination: host:port "
      "not found: \"web.prod.svc.cluster.local:8\" [IST0101]" },
    { "a subset that is not there", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{route: [{destination: {host: web, subset: "
         "v1}}]}]}"),
      "row.yaml:5:52: warning: spec.http[0].route[0].destination: "
      "host+subset not found in a DestinationRule: "
      "\"web.prod.svc.cluster.local+v1\" [IST0101]" },
    { "a subset that is", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{route: [{destination: {host: web, subset: "
         "v1}}]}]}") RULE("{host: web, subsets: [{name: v1, labels: {v: "
                          "'1'}}]}"),
      "![IST0101]" },
    { "one host twice", NULL,
      VS("prod", "a", "{hosts: [web], http: [{" TO_WEB "}]}")
          VS("prod", "b", "{hosts: [web], http: [{" TO_WEB "}]}"),
      "row.yaml:5:16: warning: spec.hosts[0]: prod/b defines the host "
      "web.prod.svc.cluster.local for the mesh too; they are not merged "
      "[IST0109]\n"
      "row.yaml:10:16: warning: spec.hosts[0]: prod/a defines the host "
      "web.prod.svc.cluster.local for the mesh too; they are not merged "
      "[IST0109]\n"
      "row.yaml:10:16: warning: spec.hosts[0]: requests for "
      "web.prod.svc.cluster.local take the routes of prod/a, not these: its "
      "name comes first, and neither is older [LM0126]\n"
      "!prod/b, not these" },
    { "one host twice, but nobody sees both", NULL,
      VS("prod", "a", "{hosts: [x.com], exportTo: ['.'], http: [{" TO_WEB "}]}")
          VS("dev", "b",
             "{hosts: [x.com], exportTo: ['.'], http: [{route: [{destination: "
             "{host: web.prod.svc.cluster.local}}]}]}"),
      "![IST0109]" },
    { "one host twice, one of them for a gateway", NULL,
      VS("prod", "a", "{hosts: [web], http: [{" TO_WEB "}]}") VS(
          "prod", "b", "{hosts: [web], gateways: [g], http: [{" TO_WEB "}]}"),
      "![IST0109]" },
    { "behind a route without a match", NULL,
      VS("prod", "a", "{hosts: [web], http: [{" TO_WEB "}, {" TO_WEB "}]}"),
      "row.yaml:5:68: warning: spec.http[1]: no request reaches this route: "
      "one before it has no match and takes them all [IST0130]" },
    { "a match that an earlier prefix covers", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {prefix: /a}}], " TO_WEB
         "}, {match: [{uri: {prefix: /ab}}, {uri: {prefix: /b}}], " TO_WEB
         "}]}"),
      "row.yaml:5:107: info: spec.http[1].match[0]: this match is not used: a "
      "match of http[0] takes all that it could [IST0131]" },
    { "all of a route's matches are covered", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {exact: /a}}], " TO_WEB
         "}, {match: [{uri: {exact: /a}, name: x}], " TO_WEB "}]}"),
      "row.yaml:5:97: warning: spec.http[1]: no request reaches this route: "
      "earlier routes have all of its matches [IST0130]\n"
      "row.yaml:5:106: info: spec.http[1].match[0]: this match is not used: a "
      "match of http[0] is the same [IST0131]" },
    { "an entry that asks for less covers one that asks for more", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {prefix: /a}}, {uri: {exact: "
         "/ab}, method: {exact: GET}, headers: {x: {}}}], " TO_WEB "}]}"),
      "row.yaml:5:59: info: spec.http[0].match[1]: this match is not used: a "
      "match of http[0] takes all that it could [LM0121]\n![IST0131]" },
    { "what Istio's count takes for covered is said to be Istio's word", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {prefix: /a}, method: {exact: "
         "GET}}], " TO_WEB "}, {match: [{uri: {prefix: /ab}}], " TO_WEB "}]}"),
      "row.yaml:5:129: info: spec.http[1].match[0]: this match is not used: a "
      "match of http[0] has a shorter prefix, so Istio takes it for covered, "
      "though not all of its requests are [IST0131]\n![LM0122]" },
    { "the same path with another method is not covered", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {prefix: /a}, method: {exact: "
         "GET}}], " TO_WEB
         "}, {match: [{uri: {prefix: /ab}, method: {exact: POST}}], " TO_WEB
         "}]}"),
      "![IST0131]\n![LM0121]\n![LM0122]" },
    { "a route that an exact path of a prefix before it takes", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {prefix: /a}}], " TO_WEB
         "}, {match: [{uri: {exact: /ab}}], " TO_WEB "}]}"),
      "row.yaml:5:98: warning: spec.http[1]: no request reaches this route: "
      "earlier routes take all that its matches could [LM0122]" },
    { "a subset of nobody", NULL,
      RULE("{host: web, subsets: [{name: v3, labels: {v: '3'}}]}"),
      "row.yaml:5:29: warning: spec.subsets[0].labels: subset v3 selects no "
      "workload [IST0173]" },
    { "a rule for nobody", NULL, RULE("{host: gone}"),
      "row.yaml:5:14: warning: spec.host: no service has the host "
      "\"gone.prod.svc.cluster.local\" [IST0174]" },
    { "too few to eject", NULL,
      RULE("{host: web, trafficPolicy: {outlierDetection: "
           "{maxEjectionPercent: 50}}, subsets: [{name: v1, labels: {v: "
           "'1'}}]}"),
      "row.yaml:5:53: info: outlierDetection never ejects from subset v1: 1 "
      "of 1 endpoints is over maxEjectionPercent 50 [LM0101]\n"
      "!the whole of" },
    { "by default ten are needed", NULL,
      RULE("{host: web, trafficPolicy: {outlierDetection: {}}}"),
      "row.yaml:5:53: info: outlierDetection never ejects from the whole of "
      "web.prod.svc.cluster.local: 1 of 2 endpoints is over "
      "maxEjectionPercent 10 [LM0101]" },
    { "a policy for nobody", NULL,
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, namespace: prod}\n"
      "spec: {selector: {matchLabels: {app: db}}}\n",
      "row.yaml:4:18: warning: spec.selector.matchLabels: the selector covers "
      "no workload of these files [IST0127]" },
    { "the root's is for every namespace", NULL,
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, namespace: istio-system}\n"
      "spec: {selector: {matchLabels: {app: web}}}\n",
      "![IST0127]" },
    { "a service for nobody", NULL,
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {name: a, namespace: prod}\n"
      "spec: {selector: {app: db}, ports: [{port: 80}]}\n",
      "row.yaml:1:1: warning: spec.selector: the selector covers no workload "
      "of these files [LM0125]" },
    { "a PeerAuthentication that is ignored", NULL,
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a, namespace: istio-system}\n"
      "spec: {selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}\n",
      "row.yaml:4:18: warning: spec.selector.matchLabels: a "
      "PeerAuthentication with a selector in the root namespace is ignored "
      "[LM0104]" },
    { "a path that is none", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {exact: a}}, {uri: {exact: "
         "'*'}}], " TO_WEB "}]}"),
      "row.yaml:5:38: warning: spec.http[0].match[0]: no request can meet "
      "this: a path begins with \"/\" [LM0123]\n!match[1]: no request" },
    { "a method that is none", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{method: {exact: get}}], " TO_WEB
         "}]}"),
      "row.yaml:5:38: warning: spec.http[0].match[0]: no request can meet "
      "this: methods are written in capitals [LM0123]" },
    { "a header that must be there and must not", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{headers: {x: {exact: a}}, "
         "withoutHeaders: {x: {}}}, {headers: {x: {exact: a}}, "
         "withoutHeaders: {x: {exact: b}}}], " TO_WEB "}]}"),
      "row.yaml:5:38: warning: spec.http[0].match[0]: no request can meet "
      "this: a header must be there and must not [LM0123]\n!match[1]: no "
      "request" },
    { "a match for a gateway that this is not for", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{gateways: [g]}, {gateways: "
         "[mesh]}], " TO_WEB "}]}"),
      "row.yaml:5:38: warning: spec.http[0].match[0]: no request can meet "
      "this: its gateways are none of this VirtualService's "
      "[LM0123]\n!match[1]: no request" },
    { "a subset of somebody else's workloads", NULL,
      "apiVersion: networking.istio.io/v1\n"
      "kind: WorkloadEntry\n"
      "metadata: {name: db-1, namespace: dev}\n"
      "spec: {address: 10.0.0.9, labels: {app: db, v: '3'}}\n" RULE(
          "{host: web, subsets: [{name: v3, labels: {v: '3'}}]}"),
      "row.yaml:9:29: warning: spec.subsets[0].labels: subset v3 selects none "
      "of the 2 endpoints of \"web.prod.svc.cluster.local\" [LM0124]\n"
      "![IST0173]" },
    { "a PeerAuthentication for nobody", NULL,
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a, namespace: prod}\n"
      "spec: {selector: {matchLabels: {app: db}}, mtls: {mode: STRICT}}\n",
      "row.yaml:4:18: warning: spec.selector.matchLabels: the selector covers "
      "no workload of these files [LM0125]\n![IST0127]" },
    { "the older of two for a host has it", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{" TO_WEB
         "}]}") "---\n"
                "apiVersion: networking.istio.io/v1\n"
                "kind: VirtualService\n"
                "metadata: {name: b, namespace: prod, creationTimestamp: "
                "'1970-01-01T00:00:00Z'}\n"
                "spec: {hosts: [web], http: [{" TO_WEB "}]}\n"
                "---\n"
                "apiVersion: networking.istio.io/v1\n"
                "kind: VirtualService\n"
                "metadata: {name: c, namespace: prod, creationTimestamp: "
                "'2020-01-01T00:00:00Z'}\n"
                "spec: {hosts: [web], http: [{" TO_WEB "}]}\n",
      "row.yaml:15:16: warning: spec.hosts[0]: requests for "
      "web.prod.svc.cluster.local take the routes of prod/a, not these: it is "
      "older [LM0126]" },
    { "a rule of the root behind the service's own", NULL,
      RULE("{host: web}") "---\n"
                          "apiVersion: networking.istio.io/v1\n"
                          "kind: DestinationRule\n"
                          "metadata: {name: all, namespace: istio-system}\n"
                          "spec: {host: web.prod.svc.cluster.local}\n",
      "row.yaml:10:14: warning: spec.host: no client takes anything from "
      "here: prod/r of the service's own namespace comes first [LM0127]\n"
      "!row.yaml:5:14" },
    { "a rule of the service's behind a client's own", NULL,
      RULE("{host: web}") "---\n"
                          "apiVersion: networking.istio.io/v1\n"
                          "kind: DestinationRule\n"
                          "metadata: {name: mine, namespace: dev}\n"
                          "spec: {host: web.prod.svc.cluster.local}\n",
      "row.yaml:5:14: info: spec.host: clients of 1 other namespace take "
      "nothing from here: they have its own, as dev/mine [LM0127]\n"
      "!row.yaml:10:14" },
    { "a rule that is not for everybody hides nobody's", NULL,
      RULE(
          "{host: web, exportTo: ['.']}") "---\n"
                                          "apiVersion: networking.istio.io/v1\n"
                                          "kind: DestinationRule\n"
                                          "metadata: {name: all, namespace: "
                                          "istio-system}\n"
                                          "spec: {host: "
                                          "web.prod.svc.cluster.local}\n",
      "![LM0127]" },
    { "two rules that are merged", NULL,
      RULE(
          "{host: web, trafficPolicy: {loadBalancer: {simple: RANDOM}}, "
          "subsets: [{name: v1, labels: {v: '1'}}]}") "---\n"
                                                      "apiVersion: "
                                                      "networking.istio.io/v1\n"
                                                      "kind: DestinationRule\n"
                                                      "metadata: {name: s, "
                                                      "namespace: prod}\n"
                                                      "spec: {host: web, "
                                                      "trafficPolicy: "
                                                      "{loadBalancer: {simple: "
                                                      "ROUND_ROBIN}}, subsets: "
                                                      "[{name: v1, labels: {v: "
                                                      "'2'}}, {name: v2, "
                                                      "labels: {v: '2'}}]}\n",
      "row.yaml:10:34: warning: spec.trafficPolicy: not used: the "
      "trafficPolicy of prod/r, which came first, is the host's "
      "[LM0128]\nrow.yaml:10:83: warning: spec.subsets[0]: not used: prod/r, "
      "which came first, has a subset v1 too [LM0128]\n!spec.subsets[1]: not "
      "used" },
    { "a source that contradicts itself", NULL,
      AUTHZ("ALLOW", "[{from: [{source: {namespaces: [a, b], notNamespaces: "
                     "['*']}}]}]"),
      "row.yaml:4:48: warning: spec.rules[0].from[0].source: no request can "
      "match this, so nothing is allowed by it: see its namespaces and "
      "notNamespaces [LM0129]" },
    { "a source that lives elsewhere", NULL,
      AUTHZ("DENY", "[{from: [{source: {namespaces: [a], principals: "
                    "[cluster.local/ns/b/sa/x]}}]}]"),
      "row.yaml:4:47: warning: spec.rules[0].from[0].source: no request can "
      "match this, so nothing is denied by it: see its principals and "
      "namespaces [LM0129]" },
    { "operations that nobody can ask for", NULL,
      AUTHZ("ALLOW", "[{to: [{operation: {methods: [get]}}, {operation: "
                     "{paths: [a]}}, {operation: {ports: ['80'], notPorts: "
                     "['80']}}]}]"),
      "row.yaml:4:49: warning: spec.rules[0].to[0].operation: no request can "
      "match this, so nothing is allowed by it: see its methods, which are "
      "written in capitals [LM0129]\nrow.yaml:4:80: warning: "
      "spec.rules[0].to[1].operation: no request can match this, so nothing is "
      "allowed by it: see its paths, which begin with \"/\" "
      "[LM0129]\nrow.yaml:4:107: warning: spec.rules[0].to[2].operation: no "
      "request can match this, so nothing is allowed by it: see its ports and "
      "notPorts [LM0129]" },
    { "rules that some request can match", NULL,
      AUTHZ("ALLOW", "[{from: [{source: {namespaces: [a, b], notNamespaces: "
                     "[b], principals: ['*/ns/a/sa/x']}}], to: [{operation: "
                     "{methods: [GET, get], paths: ['/a*'], notPaths: "
                     "['/ab*'], hosts: [x.com]}}]}]"),
      "![LM0129]\n![LM0130]" },
    { "a host that is denied in one spelling", NULL,
      AUTHZ("DENY", "[{to: [{operation: {hosts: [x.com]}}]}]"),
      "row.yaml:4:57: warning: spec.rules[0].to[0].operation.hosts[0]: a "
      "request gets by with the host written \"x.com:80\", or with a dot at "
      "its end [LM0130]" },
    { "a host that is denied with every port", NULL,
      AUTHZ("DENY", "[{to: [{operation: {hosts: [x.com, 'X.com:*']}}]}]"),
      "row.yaml:4:57: warning: spec.rules[0].to[0].operation.hosts[0]: a "
      "request gets by with the host written \"x.com.\" [LM0130]\n!x.com:80" },
    { "a host that is denied however it is written", NULL,
      AUTHZ("DENY", "[{to: [{operation: {hosts: [x.com, 'x.com*']}}]}]"),
      "![LM0130]" },
    { "a host that is left out of what is allowed", NULL,
      AUTHZ("ALLOW", "[{to: [{operation: {notHosts: [x.com]}}]}]"),
      "row.yaml:4:61: warning: spec.rules[0].to[0].operation.notHosts[0]: a "
      "request gets by with the host written \"x.com:80\", or with a dot at "
      "its end [LM0130]" },
    { "settings twice", NULL,
      "enableTracing: true\n"
      "---\n"
      "apiVersion: install.istio.io/v1alpha1\n"
      "kind: IstioOperator\n"
      "metadata: {name: mesh, namespace: istio-system}\n"
      "spec: {meshConfig: {trustDomain: x}}\n",
      "row.yaml:3:1: warning: a MeshConfig came before, in row.yaml:1; the "
      "fields of this one replace that one's [LM0102]" },
    { "an address that is a name", NULL,
      "apiVersion: networking.istio.io/v1\n"
      "kind: WorkloadEntry\n"
      "metadata: {name: web-3, namespace: prod}\n"
      "spec: {address: web.example.com, labels: {app: web}}\n",
      "row.yaml:4:7: warning: spec.address: \"web.example.com\" is no IP "
      "address: nothing is sent there [LM0103]" },
};

/* Without a service or workload, nothing is said about missing ones. */
static const struct yard_row alone[] = {
    { "a route", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{route: [{destination: {host: gone}}]}]}"),
      "![IST0101]" },
    { "a rule", NULL, RULE("{host: gone}"), "![IST0174]" },
    { "a policy", NULL,
      "apiVersion: security.istio.io/v1\n"
      "kind: AuthorizationPolicy\n"
      "metadata: {name: a, namespace: prod}\n"
      "spec: {selector: {matchLabels: {app: db}}}\n",
      "![IST0127]" },
};

static void what_is_written_elsewhere_is_not_missed(void **state)
{
    (void)state;
    yard_check_findings("", alone, sizeof(alone) / sizeof(*alone));
}

static void findings_are_told(void **state)
{
    (void)state;
    yard_check_findings(base, rows, sizeof(rows) / sizeof(*rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_told),
        cmocka_unit_test(what_is_written_elsewhere_is_not_missed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
