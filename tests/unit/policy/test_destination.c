/*
 * test_destination.c - does a DestinationRule mean what Istio makes of it?
 *
 * Registry, levels, merging, blocks, TLS and endpoints, as lines of the
 * compiled snapshot (semantics 5, 9; oracle cases dr-levels, dr-tls, outlier).
 */
#include "../../golden/yard.h"

#include "policy/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* One service of two ports, three workloads, seen from its own namespace. */
static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec:\n"
    "  selector: {app: web}\n"
    "  ports:\n"
    "  - {name: http, port: 80, targetPort: 8080}\n"
    "  - {name: tcp-raw, port: 9000}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: web-1, namespace: prod}\n"
    "spec:\n"
    "  address: 10.0.0.1\n"
    "  labels: {app: web, version: v1}\n"
    "  serviceAccount: web\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: web-2, namespace: prod, labels: {version: v2}}\n"
    "spec:\n"
    "  address: 10.0.0.2\n"
    "  ports: {http: 18080}\n"
    "  labels: {app: web, version: v1}\n"
    "  serviceAccount: web-two\n"
    "  weight: 3\n"
    "  locality: eu/a/1\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: other, namespace: dev}\n"
    "spec:\n"
    "  address: 10.0.0.3\n"
    "  labels: {app: web}\n"
    "  serviceAccount: web\n";

#define WEB "web.prod.svc.cluster.local"
#define ALL "outbound|80||" WEB
#define V1  "outbound|80|v1|" WEB
#define RULE(namespace, name, spec)                                            \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: DestinationRule\n"                                                  \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
#define POOL(n) "connectionPool: {tcp: {maxConnections: " n "}}"
#define POOL_LINE(destination, n, where)                                       \
    "pool " destination ": connections=" n                                     \
    " pending=- requests=- retries=- per-connection=0 connect=10000ms "        \
    "idle=3600000ms age=0ms @ " where
#define FREE(destination) POOL_LINE(destination, "-", "-")

#define ENTRY(name, ports, endpoints)                                          \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: ServiceEntry\n"                                                     \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {hosts: [t.example], resolution: STATIC, ports: [{" ports           \
    "}], endpoints: [" endpoints "]}\n"

#define SAME(name, namespace, how, port, address)                              \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: ServiceEntry\n"                                                     \
    "metadata: {name: " name                                                   \
    ", namespace: " namespace "}\n"                                            \
                              "spec: {hosts: [" WEB "], resolution: " how      \
                              ", ports: [{number: 80, name: " port             \
                              ", protocol: HTTP}, {number: 81, name: more, "   \
                              "protocol: HTTP}], "                             \
                              "endpoints: [{address: " address "}]}\n"

static const struct yard_row registry[] = {
    { "a service has a destination for each port", "ns=prod", NULL,
      "destination " ALL " prod/web http least-request @ Service prod/web "
      "(base.yaml:1)\n"
      "destination outbound|9000||" WEB " prod/web tcp least-request @ Service "
      "prod/web (base.yaml:1)" },
    { "its endpoints are the workloads of its namespace that it selects",
      "ns=prod", NULL,
      "endpoint " ALL ": 10.0.0.1:8080 prod/web-1 mtls weight=1 "
      "id=spiffe://cluster.local/ns/prod/sa/web locality= app=web,version=v1\n"
      "endpoint outbound|9000||" WEB ": 10.0.0.1:9000 prod/web-1 mtls weight=1 "
      "id=spiffe://cluster.local/ns/prod/sa/web locality= app=web,version=v1" },
    { "a workload's own port counts more than targetPort; metadata's labels "
      "more than the spec's",
      "ns=prod", NULL,
      "endpoint " ALL ": 10.0.0.2:18080 prod/web-2 mtls weight=3 "
      "id=spiffe://cluster.local/ns/prod/sa/web-two locality=eu/a/1 "
      "app=web,version=v2" },
    { "weights are added up", "ns=prod", NULL, "weight " ALL ": 4" },
    { "without a rule the breakers are wide open", "ns=prod", NULL, FREE(ALL) },
    { "a named targetPort is looked up at the workload", "ns=prod",
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {name: named, namespace: prod}\n"
      "spec: {selector: {app: web}, ports: [{name: x, port: 81, targetPort: "
      "http}]}\n",
      "endpoint outbound|81||named.prod.svc.cluster.local: 10.0.0.2:18080 "
      "prod/web-2 mtls weight=3 id=spiffe://cluster.local/ns/prod/sa/web-two "
      "locality=eu/a/1 app=web,version=v2" },
    { "a service without a selector has the endpoints of its slices", "ns=prod",
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {name: bare, namespace: prod}\n"
      "spec: {ports: [{name: http, port: 80}]}\n"
      "---\n"
      "apiVersion: discovery.k8s.io/v1\n"
      "kind: EndpointSlice\n"
      "metadata:\n"
      "  name: bare-1\n"
      "  namespace: prod\n"
      "  labels: {kubernetes.io/service-name: bare}\n"
      "addressType: IPv4\n"
      "endpoints:\n"
      "- {addresses: [10.1.0.1], conditions: {ready: true}}\n"
      "- {addresses: [10.1.0.2], conditions: {ready: false}}\n"
      "ports: [{name: http, port: 7070}]\n",
      "endpoint outbound|80||bare.prod.svc.cluster.local: 10.1.0.1:7070 prod/ "
      "plain weight=1 id=? locality= \n"
      "weight outbound|80||bare.prod.svc.cluster.local: 1 equal" },
    { "a ServiceEntry's endpoints; outside the mesh there is no mTLS",
      "ns=prod",
      "apiVersion: networking.istio.io/v1\n"
      "kind: ServiceEntry\n"
      "metadata: {name: ext, namespace: dev}\n"
      "spec:\n"
      "  hosts: [ext.example.com]\n"
      "  resolution: STATIC\n"
      "  ports: [{number: 443, name: tls, protocol: TLS}]\n"
      "  endpoints: [{address: 10.2.0.1, ports: {tls: 8443}}]\n",
      "destination outbound|443||ext.example.com dev/ext.example.com tcp "
      "least-request @ ServiceEntry dev/ext (row.yaml:1)\n"
      "endpoint outbound|443||ext.example.com: 10.2.0.1:8443 dev/ext plain "
      "weight=1 id=? locality= \n"
      "tls outbound|443||ext.example.com: off "
      "sni=outbound_.443_._.ext.example.com" },
    { "one in the mesh selects workloads and has mTLS", "ns=prod",
      "apiVersion: networking.istio.io/v1\n"
      "kind: ServiceEntry\n"
      "metadata: {name: in, namespace: prod}\n"
      "spec:\n"
      "  hosts: [in.example.com]\n"
      "  location: MESH_INTERNAL\n"
      "  resolution: STATIC\n"
      "  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8088}]\n"
      "  workloadSelector: {labels: {version: v1}}\n",
      "endpoint outbound|80||in.example.com: 10.0.0.1:8088 prod/web-1 mtls "
      "weight=1 id=spiffe://cluster.local/ns/prod/sa/web locality= "
      "app=web,version=v1\n"
      "weight outbound|80||in.example.com: 1 equal\n"
      "tls outbound|80||in.example.com: auto "
      "sni=outbound_.80_._.in.example.com" },
    { "what is exported to nobody else is not there for others", "ns=dev",
      "apiVersion: networking.istio.io/v1\n"
      "kind: ServiceEntry\n"
      "metadata: {name: in, namespace: prod}\n"
      "spec:\n"
      "  hosts: [in.example.com]\n"
      "  exportTo: [\".\"]\n"
      "  location: MESH_INTERNAL\n"
      "  resolution: STATIC\n"
      "  ports: [{number: 80, name: http, protocol: HTTP}]\n"
      "  endpoints: [{address: 10.2.0.1}]\n",
      "!domain in.example.com -> in.example.com\n"
      "domain " WEB " -> " WEB },
    { "two ServiceEntries of a host and namespace are one service; endpoints "
      "serve the ports of their own",
      "ns=prod",
      ENTRY("a", "number: 80, name: http, protocol: HTTP",
            "{address: 10.4.0.1}")
          ENTRY("b",
                "number: 80, name: http, protocol: HTTP, targetPort: 8080}, "
                "{number: 81, name: more, protocol: HTTP",
                "{address: 10.4.0.2}"),
      "destination outbound|81||t.example prod/t.example http least-request @ "
      "ServiceEntry prod/a (row.yaml:2)\n"
      "endpoint outbound|80||t.example: 10.4.0.1:80 prod/a plain weight=1 id=? "
      "locality= \n"
      "endpoint outbound|80||t.example: 10.4.0.2:8080 prod/b plain weight=1 "
      "id=? locality= \n"
      "endpoint outbound|81||t.example: 10.4.0.2:81 prod/b plain weight=1 id=? "
      "locality= \n"
      "!endpoint outbound|81||t.example: 10.4.0.1:81 prod/a plain weight=1 "
      "id=? locality= " },
    { "a ServiceEntry of a Service's host has its endpoints beside it, on "
      "ports "
      "of the same name",
      "ns=prod",
      "---\napiVersion: v1\nkind: Service\n"
      "metadata: {name: twin, namespace: prod}\n"
      "spec: {selector: {app: none}, ports: [{name: http, port: 80}]}\n"
      "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
      "metadata: {name: twin, namespace: prod}\n"
      "spec: {hosts: [twin.prod.svc.cluster.local], resolution: STATIC, ports: "
      "[{number: 80, name: http, protocol: HTTP, targetPort: 8080}, {number: "
      "81, name: more, protocol: HTTP}], endpoints: [{address: 10.4.0.7}]}\n",
      "destination outbound|80||twin.prod.svc.cluster.local prod/twin http "
      "least-request @ Service prod/twin (row.yaml:2)\n"
      "endpoint outbound|80||twin.prod.svc.cluster.local: 10.4.0.7:8080 "
      "prod/twin plain weight=1 id=? locality= \n"
      "!destination outbound|81||twin.prod.svc.cluster.local prod/twin http "
      "least-request @ ServiceEntry prod/twin (row.yaml:7)" },
    { "ports of another name have endpoints of their own", "ns=prod",
      ENTRY("a", "number: 80, name: http, protocol: HTTP",
            "{address: 10.4.0.1}")
          ENTRY("b", "number: 80, name: web, protocol: HTTP",
                "{address: 10.4.0.2}"),
      "endpoint outbound|80||t.example: 10.4.0.1:80 prod/a plain weight=1 id=? "
      "locality= \n"
      "!endpoint outbound|80||t.example: 10.4.0.2:80 prod/b plain weight=1 "
      "id=? locality= " },
    { "who may not see the older of two ServiceEntries of a host sees the "
      "younger, and the endpoints of both",
      "ns=other",
      "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
      "metadata: {name: a, namespace: prod}\n"
      "spec: {hosts: [t.example], exportTo: [prod], resolution: STATIC, ports: "
      "[{number: 80, name: http, protocol: HTTP}], endpoints: [{address: "
      "10.4.0.1}]}\n" ENTRY("b", "number: 80, name: http, protocol: HTTP",
                            "{address: 10.4.0.2}"),
      "destination outbound|80||t.example prod/t.example http least-request @ "
      "ServiceEntry prod/b (row.yaml:7)\n"
      "endpoint outbound|80||t.example: 10.4.0.1:80 prod/a plain weight=1 id=? "
      "locality= \n"
      "endpoint outbound|80||t.example: 10.4.0.2:80 prod/b plain weight=1 id=? "
      "locality= " },
    { "a Service has the endpoints of ServiceEntries of its host and "
      "namespace, port by port",
      "ns=dev",
      SAME("a", "prod", "STATIC", "http", "10.4.0.1")
          SAME("b", "prod", "STATIC", "other", "10.4.0.2")
              SAME("c", "third", "STATIC", "http", "10.4.0.3")
                  SAME("d", "prod", "DNS", "http", "10.4.0.4"),
      "endpoint " ALL ": 10.0.0.1:8080 prod/web-1 mtls weight=1 "
      "id=spiffe://cluster.local/ns/prod/sa/web locality= app=web,version=v1\n"
      "endpoint " ALL ": 10.4.0.1:80 prod/a plain weight=1 id=? locality= \n"
      "!endpoint " ALL ": 10.4.0.2:80 prod/b plain weight=1 id=? locality= \n"
      "!endpoint " ALL ": 10.4.0.3:80 third/c plain weight=1 id=? locality= \n"
      "!endpoint " ALL ": 10.4.0.4:80 prod/d plain weight=1 id=? locality= \n"
      "!endpoint outbound|81||" WEB
      ": 10.4.0.1:81 prod/a plain weight=1 id=? locality= " },
    { "a label tells the place where the field does not", "ns=prod",
      ENTRY("a", "number: 80, name: http, protocol: HTTP",
            "{address: 10.4.0.1, labels: {istio-locality: eu.a.1}}, {address: "
            "10.4.0.2, locality: us/b, labels: {istio-locality: eu.a.1}}, "
            "{address: 10.4.0.3, labels: {istio-locality: x.y, "
            "topology.istio.io/locality: z}}"),
      "endpoint outbound|80||t.example: 10.4.0.1:80 prod/a plain weight=1 id=? "
      "locality=eu/a/1 istio-locality=eu.a.1\n"
      "endpoint outbound|80||t.example: 10.4.0.2:80 prod/a plain weight=1 id=? "
      "locality=us/b istio-locality=eu.a.1\n"
      "endpoint outbound|80||t.example: 10.4.0.3:80 prod/a plain weight=1 id=? "
      "locality=z istio-locality=x.y,topology.istio.io/locality=z" },
    { "of one host in several namespaces the oldest", "ns=dev",
      ENTRY("b", "number: 80, name: http, protocol: HTTP",
            "{address: 10.4.0.1}") "---\n"
                                   "apiVersion: networking.istio.io/v1\n"
                                   "kind: ServiceEntry\n"
                                   "metadata: {name: a, namespace: other}\n"
                                   "spec: {hosts: [t.example], resolution: "
                                   "STATIC, ports: [{number: 82, "
                                   "name: http, protocol: HTTP}], endpoints: "
                                   "[{address: 10.4.0.3}]}\n",
      "destination outbound|82||t.example other/t.example http least-request @ "
      "ServiceEntry other/a (row.yaml:7)\n"
      "!destination outbound|80||t.example prod/t.example http least-request @ "
      "ServiceEntry prod/b (row.yaml:2)" },
    { "unless one is for the client's namespace by name", "ns=dev",
      ENTRY("a", "number: 80, name: http, protocol: HTTP",
            "{address: 10.4.0.1}") "---\n"
                                   "apiVersion: networking.istio.io/v1\n"
                                   "kind: ServiceEntry\n"
                                   "metadata: {name: z, namespace: other}\n"
                                   "spec: {hosts: [t.example], exportTo: "
                                   "[dev], resolution: STATIC, ports: "
                                   "[{number: 82, name: http, protocol: "
                                   "HTTP}], endpoints: [{address: "
                                   "10.4.0.3}]}\n",
      "destination outbound|82||t.example other/t.example http least-request @ "
      "ServiceEntry other/z (row.yaml:7)" },
};

static const struct yard_row levels[] = {
    { "the client's namespace first", "ns=dev",
      RULE("dev", "r", "{host: " WEB ", trafficPolicy: {" POOL("1") "}}")
          RULE("prod", "r", "{host: web, trafficPolicy: {" POOL("2") "}}"),
      POOL_LINE(ALL, "1", "DestinationRule dev/r (row.yaml:5)") },
    { "then the service's", "ns=dev",
      RULE("istio-system", "r",
           "{host: " WEB ", trafficPolicy: {" POOL("1") "}}")
          RULE("prod", "r", "{host: web, trafficPolicy: {" POOL("2") "}}"),
      POOL_LINE(ALL, "2", "DestinationRule prod/r (row.yaml:10)") },
    { "then the root's", "ns=dev",
      RULE("istio-system", "r",
           "{host: '*.local', trafficPolicy: {" POOL("1") "}}"),
      POOL_LINE(ALL, "1", "DestinationRule istio-system/r (row.yaml:5)") },
    { "the service's rule is not for those that it is not exported to",
      "ns=dev",
      RULE("prod", "r",
           "{host: web, exportTo: ['.'], trafficPolicy: {" POOL("2") "}}"),
      FREE(ALL) },
    { "a third namespace has no say", "ns=dev",
      RULE("third", "r", "{host: " WEB ", trafficPolicy: {" POOL("1") "}}"),
      FREE(ALL) },
    { "levels never merge", "ns=dev",
      RULE("dev", "r", "{host: " WEB ", subsets: [{name: v1}]}")
          RULE("prod", "r", "{host: web, trafficPolicy: {" POOL("2") "}}"),
      FREE(ALL) },
    { "inside a level the most specific host", "ns=prod",
      RULE("prod", "a", "{host: '*.local', trafficPolicy: {" POOL("1") "}}")
          RULE("prod", "b",
               "{host: '*.prod.svc.cluster.local', trafficPolicy: {" POOL(
                   "2") "}}"),
      POOL_LINE(ALL, "2", "DestinationRule prod/b (row.yaml:10)") },
    { "a dot keeps a host as it is written", "ns=prod",
      RULE("prod", "a", "{host: web.prod, trafficPolicy: {" POOL("1") "}}"),
      FREE(ALL) },
    { "two for one host: subsets united, the policy of the first that has one",
      "ns=prod",
      RULE("prod", "a",
           "{host: web, subsets: [{name: v1, labels: {version: "
           "v1}}]}")
          RULE("prod", "b",
               "{host: web, trafficPolicy: {" POOL(
                   "2") "}, subsets: [{name: v2, labels: {version: v2}}]}")
              RULE("prod", "c", "{host: web, trafficPolicy: {" POOL("3") "}}"),
      POOL_LINE(ALL, "2", "DestinationRule prod/b (row.yaml:10)") "\n" POOL_LINE(
          V1, "2",
          "DestinationRule prod/b (row.yaml:10)") "\n" POOL_LINE("outbound|80|"
                                                                 "v2|" WEB,
                                                                 "2",
                                                                 "DestinationRu"
                                                                 "le prod/b "
                                                                 "(row.yaml:"
                                                                 "10)") },
    { "exported differently they stay apart, and the last wins", "ns=prod",
      RULE("prod", "a", "{host: web, trafficPolicy: {" POOL("1") "}}")
          RULE("prod", "b",
               "{host: web, exportTo: ['.'], trafficPolicy: {" POOL("2") "}}"),
      POOL_LINE(ALL, "2", "DestinationRule prod/b (row.yaml:10)") },
    { "one with a selector is for those that it selects",
      "ns=prod labels=app=a",
      RULE("prod", "a",
           "{host: web, workloadSelector: {matchLabels: {app: a}}, "
           "trafficPolicy: {" POOL("1") "}}")
          RULE("prod", "b", "{host: web, trafficPolicy: {" POOL("2") "}}"),
      POOL_LINE(ALL, "1", "DestinationRule prod/a (row.yaml:5)") },
    { "and for nobody else", "ns=prod labels=app=b",
      RULE("prod", "a",
           "{host: web, workloadSelector: {matchLabels: {app: a}}, "
           "trafficPolicy: {" POOL("1") "}}")
          RULE("prod", "b", "{host: web, trafficPolicy: {" POOL("2") "}}"),
      POOL_LINE(ALL, "2", "DestinationRule prod/b (row.yaml:10)") },
};

#define HOST_LEVEL                                                             \
    "connectionPool: {tcp: {maxConnections: 5}}, outlierDetection: "           \
    "{consecutive5xxErrors: 7}, loadBalancer: {simple: RANDOM}"

static const struct yard_row blocks[] = {
    { "the host level is for every port and subset", "ns=prod",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {" HOST_LEVEL
           "}, subsets: [{name: v1, labels: {version: v1}}]}"),
      POOL_LINE(
          V1, "5",
          "DestinationRule prod/r (row.yaml:5)") "\n"
                                                 "outlier " V1
                                                 ": 5xx=7 gateway=0 local=0 "
                                                 "interval=10000ms "
                                                 "base=30000ms "
                                                 "most=300000ms percent=10 "
                                                 "health=0 @ DestinationRule "
                                                 "prod/r "
                                                 "(row.yaml:5)\n"
                                                 "destination " V1
                                                 " prod/web http random @ "
                                                 "Service prod/web "
                                                 "(base.yaml:1)" },
    { "a port's settings replace all of it", "ns=prod",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {" HOST_LEVEL
           ", portLevelSettings: [{port: {number: 80}, "
           "loadBalancer: {simple: ROUND_ROBIN}}]}}"),
      FREE(ALL) "\n"
                "destination " ALL
                " prod/web http round-robin @ Service prod/web "
                "(base.yaml:1)\n" POOL_LINE(
                    "outbound|9000||" WEB, "5",
                    "DestinationRule prod/r (row.yaml:5)") },
    { "a subset replaces block by block", "ns=prod",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {" HOST_LEVEL
           "}, subsets: [{name: v1, labels: {version: v1}, trafficPolicy: "
           "{connectionPool: {http: {http1MaxPendingRequests: 2}}}}]}"),
      "pool " V1 ": connections=- pending=2 requests=- retries=- "
      "per-connection=0 connect=10000ms idle=3600000ms age=0ms @ "
      "DestinationRule prod/r (row.yaml:5)\n"
      "destination " V1 " prod/web http random @ Service prod/web "
      "(base.yaml:1)\n" POOL_LINE(ALL, "5",
                                  "DestinationRule prod/r (row.yaml:5)") },
    { "a subset's port replaces everything", "ns=prod",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {" HOST_LEVEL
           "}, subsets: [{name: v1, labels: {version: v1}, trafficPolicy: "
           "{portLevelSettings: [{port: {number: 80}, "
           "loadBalancer: {simple: ROUND_ROBIN}}]}}]}"),
      FREE(V1) "\n"
               "destination " V1
               " prod/web http round-robin @ Service prod/web (base.yaml:1)" },
    { "http idle time beats tcp's; the other times", "ns=prod",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {connectionPool: {tcp: "
           "{connectTimeout: 250ms, idleTimeout: 5s, maxConnectionDuration: "
           "60s}, http: {idleTimeout: 7s, http2MaxRequests: 9, maxRetries: 3, "
           "maxRequestsPerConnection: 1}}}}"),
      "pool " ALL ": connections=- pending=- requests=9 retries=3 "
      "per-connection=1 connect=250ms idle=7000ms age=60000ms @ "
      "DestinationRule prod/r (row.yaml:5)" },
    { "an empty outlierDetection has the defaults", "ns=prod",
      RULE("prod", "r", "{host: web, trafficPolicy: {outlierDetection: {}}}"),
      "outlier " ALL ": 5xx=5 gateway=0 local=0 interval=10000ms base=30000ms "
      "most=300000ms percent=10 health=0 @ DestinationRule prod/r "
      "(row.yaml:5)" },
    { "0 turns a counter off; split has its own; a long base stretches the "
      "longest",
      "ns=prod",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {outlierDetection: "
           "{consecutive5xxErrors: 0, consecutiveGatewayErrors: 3, "
           "splitExternalLocalOriginErrors: true, baseEjectionTime: 600s, "
           "interval: 1s, maxEjectionPercent: 50, minHealthPercent: 40}}}"),
      "outlier " ALL ": 5xx=0 gateway=3 local=5 split interval=1000ms "
      "base=600000ms most=600000ms percent=50 health=40 @ DestinationRule "
      "prod/r (row.yaml:5)" },
};

#define TLS_RULE(tls)                                                          \
    RULE("prod", "r", "{host: web, trafficPolicy: {tls: " tls "}}")
#define PEER(namespace, name, spec)                                            \
    "---\n"                                                                    \
    "apiVersion: security.istio.io/v1\n"                                       \
    "kind: PeerAuthentication\n"                                               \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
#define ENDPOINT_1(how)                                                        \
    "endpoint " ALL ": 10.0.0.1:8080 prod/web-1 " how                          \
    " weight=1 id=spiffe://cluster.local/ns/prod/sa/web locality= "            \
    "app=web,version=v1"

static const struct yard_row tls[] = {
    { "automatic, with the identities behind the service", "ns=prod", NULL,
      "tls " ALL ": auto sni=outbound_.80_._." WEB "\n"
      "name " ALL ": spiffe://cluster.local/ns/prod/sa/web\n"
      "name " ALL ": spiffe://cluster.local/ns/prod/sa/web-two" },
    { "a subset's server name, and the identities of the whole service",
      "ns=prod",
      RULE("prod", "r",
           "{host: web, subsets: [{name: v1, labels: {version: "
           "v1}}]}"),
      "tls " V1 ": auto sni=outbound_.80_.v1_." WEB "\n"
      "name " V1 ": spiffe://cluster.local/ns/prod/sa/web-two\n"
      "weight " V1 ": 1 equal" },
    { "DISABLE is plaintext", "ns=prod", TLS_RULE("{mode: DISABLE}"),
      "tls " ALL ": off sni=outbound_.80_._." WEB },
    { "an empty block is plaintext too", "ns=prod", TLS_RULE("{}"),
      "tls " ALL ": off sni=outbound_.80_._." WEB },
    { "ISTIO_MUTUAL is TLS whatever the endpoint says; names may be given",
      "ns=prod",
      TLS_RULE("{mode: ISTIO_MUTUAL, sni: x.y, subjectAltNames: "
               "['spiffe://cluster.local/ns/prod/sa/z']}"),
      "tls " ALL ": mesh sni=x.y\n"
      "name " ALL ": spiffe://cluster.local/ns/prod/sa/z\n"
      "!name " ALL ": spiffe://cluster.local/ns/prod/sa/web" },
    { "automatic mTLS can be turned off", "ns=prod",
      "---\nenableAutoMtls: false\n",
      "tls " ALL ": off sni=outbound_.80_._." WEB },
    { "an alias widens the names", "ns=prod",
      "---\ntrustDomain: old\ntrustDomainAliases: [new]\n",
      "name " ALL ": spiffe://old/ns/prod/sa/web\n"
      "name " ALL ": spiffe://new/ns/prod/sa/web\n"
      "trust old new" },
    { "an endpoint that asks for mTLS gets it", "ns=prod",
      PEER("istio-system", "p", "{mtls: {mode: STRICT}}"), ENDPOINT_1("mtls") },
    { "an endpoint whose mTLS is off gets plaintext", "ns=prod",
      PEER("prod", "p", "{mtls: {mode: DISABLE}}"), ENDPOINT_1("plain") },
    { "off for one workload and port only", "ns=prod labels=",
      PEER("prod", "p",
           "{selector: {matchLabels: {version: v1}}, portLevelMtls: {8080: "
           "{mode: DISABLE}}}"),
      ENDPOINT_1("plain") "\n"
                          "endpoint outbound|9000||" WEB
                          ": 10.0.0.1:9000 prod/web-1 mtls weight=1 "
                          "id=spiffe://cluster.local/ns/prod/sa/web locality= "
                          "app=web,version=v1" },
    { "DISABLE is still heard where the port's settings do not speak of tls",
      "ns=prod",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {tls: {mode: DISABLE}, "
           "portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: "
           "RANDOM}}]}}"),
      "tls " ALL ": auto sni=outbound_.80_._." WEB "\n" ENDPOINT_1("plain") },
    { "so is ISTIO_MUTUAL, whatever the endpoint's own policy says",
      "ns=prod labels=",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: x.y}, "
           "portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: "
           "RANDOM}}]}}")
          PEER("prod", "p",
               "{selector: {matchLabels: {version: v1}}, mtls: {mode: "
               "DISABLE}}"),
      "tls " ALL ": auto sni=outbound_.80_._." WEB "\n" ENDPOINT_1("mtls") },
    { "a subset's is heard before the rule's", "ns=prod",
      RULE("prod", "r",
           "{host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: "
           "[{name: v1, labels: {version: v1}, trafficPolicy: {tls: {mode: "
           "DISABLE}, portLevelSettings: [{port: {number: 80}, loadBalancer: "
           "{simple: RANDOM}}]}}]}"),
      "tls " V1 ": auto sni=outbound_.80_.v1_." WEB "\n"
      "endpoint " V1 ": 10.0.0.1:8080 prod/web-1 plain weight=1 "
      "id=spiffe://cluster.local/ns/prod/sa/web locality= "
      "app=web,version=v1" },
    { "a label says that it speaks no mTLS", "ns=prod",
      "---\n"
      "apiVersion: networking.istio.io/v1\n"
      "kind: WorkloadEntry\n"
      "metadata: {name: web-1, namespace: prod}\n"
      "spec:\n"
      "  address: 10.0.0.1\n"
      "  labels: {app: web, security.istio.io/tlsMode: disabled}\n"
      "  serviceAccount: web\n",
      "endpoint " ALL ": 10.0.0.1:8080 prod/web-1 plain weight=1 "
      "id=spiffe://cluster.local/ns/prod/sa/web locality= "
      "app=web,security.istio.io/tlsMode=disabled" },
    { "nor is it where the service's namespace puts it off", "ns=prod",
      PEER("prod", "p", "{mtls: {mode: DISABLE}}"),
      "tls " ALL ": off sni=outbound_.80_._." WEB "\n"
      "endpoint " ALL ": 10.0.0.1:8080 prod/web-1 plain weight=1 "
      "id=spiffe://cluster.local/ns/prod/sa/web locality= app=web,version=v1" },
    { "or the mesh", "ns=prod",
      PEER("istio-system", "p", "{mtls: {mode: DISABLE}}"),
      "tls " ALL ": off sni=outbound_.80_._." WEB },
    { "unless its own takes it up again", "ns=prod",
      PEER("istio-system", "p", "{mtls: {mode: DISABLE}}")
          PEER("prod", "p", "{mtls: {mode: PERMISSIVE}}"),
      "tls " ALL ": auto sni=outbound_.80_._." WEB "\n" },
    { "a workload that puts it off is spoken to in plain text, others not",
      "ns=prod labels=",
      PEER("prod", "p",
           "{selector: {matchLabels: {version: v2}}, mtls: {mode: "
           "DISABLE}}"),
      "tls " ALL ": auto sni=outbound_.80_._." WEB "\n"
      "endpoint " ALL ": 10.0.0.1:8080 prod/web-1 mtls weight=1 "
      "id=spiffe://cluster.local/ns/prod/sa/web locality= app=web,version=v1\n"
      "endpoint " ALL ": 10.0.0.2:18080 prod/web-2 plain weight=3 "
      "id=spiffe://cluster.local/ns/prod/sa/web-two locality=eu/a/1 "
      "app=web,version=v2" },
    { "on one of its ports", "ns=prod labels=",
      PEER("prod", "p",
           "{selector: {matchLabels: {app: web}}, portLevelMtls: "
           "{9000: {mode: DISABLE}}}"),
      "endpoint " ALL ": 10.0.0.1:8080 prod/web-1 mtls weight=1 "
      "id=spiffe://cluster.local/ns/prod/sa/web locality= app=web,version=v1\n"
      "endpoint outbound|9000||" WEB ": 10.0.0.1:9000 prod/web-1 plain "
      "weight=1 id=spiffe://cluster.local/ns/prod/sa/web locality= "
      "app=web,version=v1" },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void services_and_their_endpoints(void **state)
{
    (void)state;
    CHECK(registry);
}

static void whose_rule_it_is(void **state)
{
    (void)state;
    CHECK(levels);
}

static void what_the_rule_says(void **state)
{
    (void)state;
    CHECK(blocks);
}

static void how_tls_is_spoken(void **state)
{
    (void)state;
    CHECK(tls);
}

static const struct {
    const char *app;
    const char *name;
    uint32_t port;
    enum mesh_protocol protocol;
} protocols[] = {
    { "", "http", 80, MESH__PROTO_HTTP },
    { "", "HTTP-web", 80, MESH__PROTO_HTTP },
    { "", "http2", 80, MESH__PROTO_HTTP2 },
    { "", "grpc-x", 80, MESH__PROTO_HTTP2 },
    { "", "grpc-web", 80, MESH__PROTO_HTTP },
    { "", "grpc-web-x", 80, MESH__PROTO_HTTP },
    { "", "https", 443, MESH__PROTO_TCP },
    { "", "tcp-x", 80, MESH__PROTO_TCP },
    { "", "mysql", 3307, MESH__PROTO_TCP },
    { "", "web", 80, MESH__PROTO_AUTO },
    { "", "", 80, MESH__PROTO_AUTO },
    { "", "web", 3306, MESH__PROTO_TCP },
    { "", "httpx", 80, MESH__PROTO_AUTO },
    { "kubernetes.io/h2c", "tcp", 80, MESH__PROTO_HTTP2 },
    { "kubernetes.io/ws", "tcp", 80, MESH__PROTO_HTTP },
    { "kubernetes.io/wss", "http", 80, MESH__PROTO_TCP },
    { "HTTP", "tcp", 80, MESH__PROTO_HTTP },
    { "unheard-of", "http", 80, MESH__PROTO_AUTO },
};

static void protocols_are_read_from_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
        if (mesh__protocol_of(mesh__slice_of(protocols[i].app),
                              mesh__slice_of(protocols[i].name),
                              protocols[i].port) != protocols[i].protocol)
            fail_msg("%s / %s", protocols[i].app, protocols[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_and_their_endpoints),
        cmocka_unit_test(whose_rule_it_is),
        cmocka_unit_test(what_the_rule_says),
        cmocka_unit_test(how_tls_is_spoken),
        cmocka_unit_test(protocols_are_read_from_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
