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
      "row.yaml:2:1: warning: spec.hosts: prod/b defines the host "
      "web.prod.svc.cluster.local for the mesh too; they are not merged, the "
      "older one is used [IST0109]\n"
      "row.yaml:7:1: warning: spec.hosts: prod/a defines the host "
      "web.prod.svc.cluster.local for the mesh too; they are not merged, the "
      "older one is used [IST0109]" },
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
      "http[0] has no match and takes them all [IST0130]" },
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
      "earlier routes take all that its matches could [IST0130]" },
    { "an entry that asks for less covers one that asks for more", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {prefix: /a}}, {uri: {exact: "
         "/ab}, method: {exact: GET}, headers: {x: {}}}], " TO_WEB "}]}"),
      "row.yaml:5:59: info: spec.http[0].match[1]: this match is not used: a "
      "match of http[0] takes all that it could [IST0131]" },
    { "the same path with another method is not covered", NULL,
      VS("prod", "a",
         "{hosts: [web], http: [{match: [{uri: {prefix: /a}, method: {exact: "
         "GET}}], " TO_WEB "}, {match: [{uri: {prefix: /ab}}], " TO_WEB "}]}"),
      "![IST0131]" },
    { "a subset of nobody", NULL,
      RULE("{host: web, subsets: [{name: v3, labels: {v: '3'}}]}"),
      "row.yaml:5:29: warning: spec.subsets[0].labels: subset v3 selects none "
      "of the 2 endpoints of \"web.prod.svc.cluster.local\" [IST0173]" },
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
      "row.yaml:1:1: warning: spec.selector.matchLabels: the selector covers "
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
      "of these files [IST0127]" },
    { "a PeerAuthentication that is ignored", NULL,
      "apiVersion: security.istio.io/v1\n"
      "kind: PeerAuthentication\n"
      "metadata: {name: a, namespace: istio-system}\n"
      "spec: {selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}\n",
      "row.yaml:1:1: warning: spec.selector.matchLabels: a "
      "PeerAuthentication with a selector in the root namespace is ignored "
      "[LM0104]" },
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
