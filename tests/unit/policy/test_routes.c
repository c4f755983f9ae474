/*
 * test_routes.c - does a VirtualService become the rules that Istio makes of
 * it, for the client that asks?
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
    "spec: {ports: [{name: http, port: 80}, {name: http-b, port: 81}, "
    "{name: tcp, port: 90}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: api, namespace: prod}\n"
    "spec: {ports: [{name: http, port: 8000}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: DestinationRule\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {host: web, subsets: [{name: v1, labels: {version: v1}}, "
    "{name: v2, labels: {version: v2}}]}\n";

#define WEB "web.prod.svc.cluster.local"
#define API "api.prod.svc.cluster.local"
#define VS(namespace, name, spec)                                              \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
/* Routes lead to the port that was addressed, unless they say another. */
#define API_8000 "host: api, port: {number: 8000}"
/* A route to destination, with more in front: "name: x, ". */
#define TO(more, destination)                                                  \
    "{" more "route: [{destination: {" destination "}}]}"
#define RETRY " retry on=22b0 attempts=2 per-try=0ms picks=5"
#define PLAIN " timeout=0ms" RETRY " @ VirtualService prod/a (row.yaml:5)"
#define ONE(match, rule)                                                       \
    VS("prod", "a",                                                            \
       "{hosts: [web], http: [" TO("match: [" match "], ", API_8000) "]}"),    \
        "rule " WEB ":80 0 '': " rule " -> outbound|8000||" API "*1" PLAIN

static const struct yard_row choice[] = {
    { "without one, everything goes to the service", "ns=prod", NULL,
      "rule " WEB ":80 0 'default': any -> outbound|80||" WEB
      "*1 timeout=0ms" RETRY " @ Service prod/web (base.yaml:1)" },
    { "a TCP port has no retries", "ns=prod", NULL,
      "rule " WEB ":90 0 'default': any -> outbound|90||" WEB "*1 timeout=0ms "
      "retry on=0 attempts=0 per-try=0ms picks=0 @ Service prod/web "
      "(base.yaml:1)" },
    { "nor is it routed by HTTP routes", "ns=prod",
      VS("prod", "a", "{hosts: [web], http: [" TO("", API_8000) "]}"),
      "rule " WEB ":80 0 '': any -> outbound|8000||" API "*1" PLAIN "\n"
      "rule " WEB ":81 0 '': any -> outbound|8000||" API "*1" PLAIN "\n"
      "rule " WEB ":90 0 'default': any -> outbound|90||" WEB "*1 timeout=0ms "
      "retry on=0 attempts=0 per-try=0ms picks=0 @ Service prod/web "
      "(base.yaml:1)\n"
      "refers " WEB " -> " API },
    { "of two the one first by name", "ns=prod",
      VS("prod", "b", "{hosts: [web], http: [" TO("name: b, ", API_8000) "]}")
          VS("prod", "a",
             "{hosts: [web], http: [" TO("name: a, ", API_8000) "]}"),
      "host " WEB ":80 @ VirtualService prod/a (row.yaml:7)" },
    { "the older one, if they say how old they are", "ns=prod",
      "apiVersion: networking.istio.io/v1\n"
      "kind: VirtualService\n"
      "metadata: {name: b, namespace: prod, creationTimestamp: "
      "'2020-01-01T00:00:00Z'}\n"
      "spec: {hosts: [web], http: [" TO(
          "name: b, ", API_8000) "]}\n"
                                 "---\n"
                                 "apiVersion: networking.istio.io/v1\n"
                                 "kind: VirtualService\n"
                                 "metadata: {name: a, namespace: prod, "
                                 "creationTimestamp: "
                                 "'2021-01-01T00:00:00Z'}\n"
                                 "spec: {hosts: [web], http: [" TO(
                                     "name: a, ", API_8000) "]}\n",
      "host " WEB ":80 @ VirtualService prod/b (row.yaml:1)" },
    { "a private one of one's own comes before", "ns=prod",
      VS("prod", "a", "{hosts: [web], http: [" TO("", API_8000) "]}")
          VS("prod", "b",
             "{hosts: [web], exportTo: ['.'], http: [" TO("", API_8000) "]}"),
      "host " WEB ":80 @ VirtualService prod/b (row.yaml:7)" },
    { "one that is not exported is not seen", "ns=dev",
      VS("prod", "a",
         "{hosts: [web], exportTo: ['.'], http: [" TO("", API_8000) "]}"),
      "host " WEB ":80 @ Service prod/web (base.yaml:1)" },
    { "one for a gateway is not for the mesh", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], gateways: [gw], http: [" TO("", API_8000) "]}"),
      "host " WEB ":80 @ Service prod/web (base.yaml:1)" },
    { "a wildcard covers a service that nobody names", "ns=prod",
      VS("prod", "a",
         "{hosts: ['*.svc.cluster.local'], http: [" TO("", API_8000) "]}")
          VS("prod", "b",
             "{hosts: ['*.prod.svc.cluster.local'], http: [" TO("",
                                                                API_8000) "]}")
              VS("prod", "c",
                 "{hosts: [api], http: [" TO("", "host: web") "]}"),
      "host " WEB ":80 @ VirtualService prod/b (row.yaml:7)\n"
      "host " API ":8000 @ VirtualService prod/c (row.yaml:12)\n"
      "host " API ":80 by this name @ VirtualService prod/c (row.yaml:12)\n"
      "!host *.svc.cluster.local:80 @ VirtualService prod/a (row.yaml:2)" },
    { "but where a more specific one has no routes left, neither counts",
      "ns=prod",
      VS("prod", "a",
         "{hosts: ['*.svc.cluster.local'], http: [" TO("", API_8000) "]}")
          VS("prod", "b",
             "{hosts: ['*.prod.svc.cluster.local'], http: [" TO(
                 "match: [{port: 9}], ", API_8000) "]}"),
      "host " WEB ":80 @ Service prod/web (base.yaml:1)" },
    { "of two for one host the first with routes left", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [" TO("match: [{port: 80}], ", API_8000) "]}")
          VS("prod", "b", "{hosts: [web], http: [" TO("", API_8000) "]}"),
      "host " WEB ":80 @ VirtualService prod/a (row.yaml:2)\n"
      "host " WEB ":81 @ VirtualService prod/b (row.yaml:7)" },
    { "a host that no registry knows works on port 80", "ns=prod",
      VS("prod", "a", "{hosts: [x.example.com], http: [" TO("", API_8000) "]}"),
      "rule x.example.com:80 0 '': any -> outbound|8000||" API "*1" PLAIN "\n"
      "domain x.example.com -> x.example.com" },
    { "beside a service, on that one's ports, too", "ns=prod",
      VS("prod", "a",
         "{hosts: [x.example.com, web], http: [" TO("", "host: web") "]}"),
      "host x.example.com:80 @ VirtualService prod/a (row.yaml:2)\n"
      "host x.example.com:81 @ VirtualService prod/a (row.yaml:2)\n"
      "!host x.example.com:90 @ VirtualService prod/a (row.yaml:2)\n"
      "!host x.example.com:8000 @ VirtualService prod/a (row.yaml:2)" },
    { "in whatever case", "ns=prod",
      VS("prod", "a", "{hosts: [Web], http: [" TO("", API_8000) "]}"),
      "host " WEB ":80 @ VirtualService prod/a (row.yaml:2)" },
    { "where nobody speaks HTTP on port 80, nowhere", "ns=prod",
      "outboundTrafficPolicy: {mode: ALLOW_ANY}\n"
      "---\n"
      "apiVersion: networking.istio.io/v1\n"
      "kind: Sidecar\n"
      "metadata: {name: s, namespace: prod}\n"
      "spec: {egress: [{hosts: ['./" API "', './x.example.com']}]}\n" VS(
          "prod", "a",
          "{hosts: [x.example.com], http: [" TO("", API_8000) "]}"),
      "host " API ":8000 @ Service prod/api (base.yaml:6)\n"
      "!host x.example.com:80 @ VirtualService prod/a (row.yaml:8)" },
    { "when no route survives, the service's own counts", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [" TO("match: [{sourceNamespace: dev}], ",
                                     API_8000) "]}"),
      "host " WEB ":80 @ Service prod/web (base.yaml:1)\n"
      "rule " WEB ":80 0 'default': any -> outbound|80||" WEB
      "*1 timeout=0ms" RETRY " @ Service prod/web (base.yaml:1)" },
};

static const struct yard_row matches[] = {
    { "an exact path", "ns=prod", ONE("{uri: {exact: /a}}", "uri exact:/a;") },
    { "a prefix in any case", "ns=prod",
      ONE("{uri: {prefix: /a}, ignoreUriCase: true}",
          "uri prefix:/a (any case);") },
    { "a regex", "ns=prod", ONE("{uri: {regex: '/a+'}}", "uri regex:/a+;") },
    { "method, scheme and authority", "ns=prod",
      ONE("{method: {exact: GET}, scheme: {exact: http}, authority: {prefix: "
          "w}}",
          "scheme exact:http; method exact:GET; authority prefix:w;") },
    { "a header's name in lower case, its value as it is", "ns=prod",
      ONE("{headers: {X-Canary: {exact: 'True'}}}",
          "header x-canary exact:True;") },
    { "a header that is there", "ns=prod",
      ONE("{headers: {x: {}}}", "header x present;") },
    { "a header that is not; an absent one counts as empty", "ns=prod",
      ONE("{withoutHeaders: {x: {exact: a}}}",
          "not header (or empty) x exact:a;") },
    { "a header that must be absent", "ns=prod",
      ONE("{withoutHeaders: {x: {}}}", "not header x present;") },
    { "a query parameter", "ns=prod",
      ONE("{queryParams: {q: {exact: '1'}}}", "query q exact:1;") },
    { "of this port only", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [" TO("name: x, match: [{port: 81}], ",
                                     API_8000) "]}"),
      "rule " WEB ":81 0 'x': -> outbound|8000||" API "*1" PLAIN "\n"
      "rule " WEB ":80 0 'default': any -> outbound|80||" WEB
      "*1 timeout=0ms" RETRY " @ Service prod/web (base.yaml:1)" },
    { "from these labels only", "ns=prod labels=app=b",
      VS("prod", "a",
         "{hosts: [web], http: [" TO(
             "name: x, match: [{sourceLabels: {app: a}}], ",
             API_8000) ", " TO("name: z, match: [{sourceLabels: {app: "
                               "b}}], ",
                               API_8000) "]}"),
      "rule " WEB ":80 0 'z': -> outbound|8000||" API "*1" PLAIN },
    { "where gateways are listed, labels and namespace do not count",
      "ns=prod labels=app=b",
      VS("prod", "a",
         "{hosts: [web], gateways: [mesh, g], http: [" TO(
             "match: [{sourceLabels: {app: a}, sourceNamespace: dev, "
             "gateways: [mesh]}], ",
             API_8000) "]}"),
      "rule " WEB ":80 0 '': -> outbound|8000||" API "*1" PLAIN },
    { "an entry for a gateway is not for us", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], gateways: [mesh, g], http: [" TO(
             "match: [{gateways: [g]}, {name: m, uri: {exact: /x}}], name: r, ",
             API_8000) "]}"),
      "rule " WEB ":80 0 'r.m': uri exact:/x; -> outbound|8000||" API
      "*1" PLAIN },
    { "each entry is a rule; a catch-all ends the list", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [" TO(
             "name: r, match: [{uri: {prefix: /a}}, {uri: {prefix: /}}], ",
             API_8000) ", " TO("name: never, ", API_8000) "]}"),
      "rule " WEB ":80 0 'r': uri prefix:/a; -> outbound|8000||" API "*1" PLAIN
      "\n"
      "rule " WEB ":80 1 'r': uri prefix:/; -> outbound|8000||" API "*1" PLAIN
      "\n"
      "!rule " WEB ":80 2 'never': any -> outbound|8000||" API "*1" PLAIN },
    { "with a header it is none", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [" TO(
             "name: r, match: [{uri: {prefix: /}, headers: {x: {}}}], ",
             API_8000) ", " TO("name: next, ", API_8000) "]}"),
      "rule " WEB ":80 1 'next': any -> outbound|8000||" API "*1" PLAIN },
};

static const struct yard_row arms[] = {
    { "weights as written; unset is never chosen", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [{route: ["
         "{destination: {host: web, subset: v1}, weight: 90}, "
         "{destination: {host: web, subset: v2}, weight: 10}, "
         "{destination: {host: web}}]}]}"),
      "rule " WEB ":80 0 '': any -> outbound|80|v1|" WEB
      "*90 outbound|80|v2|" WEB "*10 outbound|80||" WEB "*0" PLAIN "\n"
      "!refers " WEB " -> " WEB },
    { "the weight of a single one does not count", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [{route: [{destination: {host: web, subset: "
         "v1}, weight: 7}]}]}"),
      "rule " WEB ":80 0 '': any -> outbound|80|v1|" WEB "*1" PLAIN },
    { "the port addressed, where the service has several", "ns=prod",
      VS("prod", "a", "{hosts: [web], http: [" TO("", "host: web") "]}"),
      "rule " WEB ":81 0 '': any -> outbound|81||" WEB "*1" PLAIN },
    { "the port given", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [" TO("", "host: web, port: {number: 81}") "]}"),
      "rule " WEB ":80 0 '': any -> outbound|81||" WEB "*1" PLAIN },
    { "a host that is not there", "ns=prod",
      VS("prod", "a", "{hosts: [web], http: [" TO("", "host: gone") "]}"),
      "rule " WEB
      ":80 0 '': any -> gone.prod.svc.cluster.local port 80*1" PLAIN },
    { "a subset that is not there", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [" TO("", "host: web, subset: v9") "]}"),
      "rule " WEB ":80 0 '': any -> " WEB " subset v9 port 80*1" PLAIN },
    { "a port that is not there", "ns=prod",
      VS("prod", "a",
         "{hosts: [web], http: [" TO("", "host: web, port: {number: 1}") "]}"),
      "rule " WEB ":80 0 '': any -> " WEB " port 1*1" PLAIN },
    { "two hosts may point at each other", "ns=prod",
      VS("prod", "a", "{hosts: [web], http: [" TO("", API_8000) "]}")
          VS("prod", "b",
             "{hosts: [api], http: [" TO("", "host: web, subset: v1") "]}"),
      "refers " WEB " -> " API "\n"
      "refers " API " -> " WEB },
};

#define RETRIES(text)                                                          \
    VS("prod", "a", "{hosts: [web], http: [" TO(text ", ", "host: web") "]}")
#define RETRY_LINE(text)                                                       \
    "rule " WEB ":80 0 '': any -> outbound|80||" WEB "*1 " text                \
    " @ VirtualService prod/a (row.yaml:5)"

static const struct yard_row retries[] = {
    { "timeout, attempts and what for", "ns=prod",
      RETRIES("timeout: 5s, retries: {attempts: 3, perTryTimeout: 2s, retryOn: "
              "'gateway-error,connect-failure,refused-stream'}"),
      RETRY_LINE("timeout=5000ms retry on=32 attempts=3 per-try=2000ms "
                 "picks=5") },
    { "an empty block means none", "ns=prod", RETRIES("retries: {}"),
      RETRY_LINE("timeout=0ms retry on=0 attempts=0 per-try=0ms picks=0") },
    { "without a list the built-in one", "ns=prod",
      RETRIES("retries: {attempts: 7}"),
      RETRY_LINE("timeout=0ms retry on=22b0 attempts=7 per-try=0ms picks=5") },
    { "status codes bring their token", "ns=prod",
      RETRIES("retries: {attempts: 1, retryOn: '5xx,503,429'}"),
      RETRY_LINE("timeout=0ms retry on=81 attempts=1 per-try=0ms picks=5 "
                 "codes=503,429") },
    { "every token has its bit", "ns=prod",
      RETRIES("retries: {attempts: 1, retryOn: "
              "'reset,reset-before-request,retriable-4xx,envoy-ratelimited,"
              "deadline-exceeded,internal,resource-exhausted'}"),
      RETRY_LINE("timeout=0ms retry on=1d4c attempts=1 per-try=0ms "
                 "picks=5") },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void whose_routes_they_are(void **state)
{
    (void)state;
    CHECK(choice);
}

static void what_they_match(void **state)
{
    (void)state;
    CHECK(matches);
}

static void where_they_lead(void **state)
{
    (void)state;
    CHECK(arms);
}

static void how_they_try_again(void **state)
{
    (void)state;
    CHECK(retries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_routes_they_are),
        cmocka_unit_test(what_they_match),
        cmocka_unit_test(where_they_lead),
        cmocka_unit_test(how_they_try_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
