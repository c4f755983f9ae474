/*
 * test_scope.c - does a workload see what its Sidecar lets it see, on the ports
 * that each listener speaks for?
 */
#include "../../golden/yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec: {selector: {app: web}, ports: [{name: http, port: 80}, "
    "{name: http-b, port: 8080}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: other, namespace: demo}\n"
    "spec: {ports: [{name: http, port: 80}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: api, namespace: prod}\n"
    "spec: {ports: [{name: http, port: 80}, {name: grpc, port: 7000}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: hidden, namespace: prod, annotations: "
    "{networking.istio.io/exportTo: '.'}}\n"
    "spec: {ports: [{name: http, port: 80}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: ServiceEntry\n"
    "metadata: {name: ext, namespace: prod}\n"
    "spec: {hosts: [ext.example], resolution: STATIC, ports: [{number: 80, "
    "name: http, protocol: HTTP}], endpoints: [{address: 10.3.0.1}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec: {hosts: [web], http: [{route: [{destination: {host: "
    "api.prod.svc.cluster.local, port: {number: 7000}}}]}]}\n";

#define WEB    "web.demo.svc.cluster.local"
#define OTHER  "other.demo.svc.cluster.local"
#define API    "api.prod.svc.cluster.local"
#define HIDDEN "hidden.prod.svc.cluster.local"
#define SIDECAR(namespace, name, spec)                                         \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: Sidecar\n"                                                          \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
#define FRONT    "ns=demo labels=app=front"
#define OWN      "{egress: [{hosts: ['./*']}]}"
#define PROD     "{egress: [{hosts: ['prod/*']}]}"
#define IS_FRONT "workloadSelector: {labels: {app: front}}, "

/* The place of a host, as the dump has it. */
#define SEES_WEB   "host " WEB ":80 @ VirtualService demo/web (base.yaml:26)\n"
#define SEES_OTHER "host " OTHER ":80 @ Service demo/other (base.yaml:6)\n"
#define SEES_API   "host " API ":80 @ Service prod/api (base.yaml:11)\n"
#define SEES_EXT   "host ext.example:80 @ ServiceEntry prod/ext (base.yaml:21)\n"

static const struct yard_row choice[] = {
    { "without one, everything that is exported is seen", FRONT, NULL,
      SEES_WEB SEES_OTHER SEES_API SEES_EXT
      "!host " HIDDEN ":80 @ Service prod/hidden (base.yaml:16)\n"
      "unknown hosts: let through" },
    { "that of the namespace counts", FRONT, SIDECAR("demo", "s", OWN),
      "sidecar @ Sidecar demo/s (row.yaml:2)\n" SEES_WEB SEES_OTHER "!" SEES_API
      "!" SEES_EXT "unknown hosts: let through" },
    { "one whose labels fit comes before one without labels", FRONT,
      SIDECAR("demo", "a", PROD)
          SIDECAR("demo", "z", "{" IS_FRONT "egress: [{hosts: ['./*']}]}"),
      "sidecar @ Sidecar demo/z (row.yaml:7)\n" SEES_OTHER "!" SEES_EXT
      "unknown hosts: let through" },
    { "one whose labels do not fit is not there", "ns=demo labels=app=back",
      SIDECAR("demo", "a", PROD)
          SIDECAR("demo", "z", "{" IS_FRONT "egress: [{hosts: ['./*']}]}"),
      "sidecar @ Sidecar demo/a (row.yaml:2)\n" SEES_EXT "!" SEES_OTHER
      "unknown hosts: let through" },
    { "of several the first by name, since none is older", FRONT,
      SIDECAR("demo", "b", OWN) SIDECAR("demo", "a", PROD),
      "sidecar @ Sidecar demo/a (row.yaml:7)" },
    { "the root namespace's stands in, and its dot is the client's own", FRONT,
      SIDECAR("istio-system", "r", OWN),
      "sidecar @ Sidecar istio-system/r (row.yaml:2)\n" SEES_OTHER "!" SEES_EXT
      "unknown hosts: let through" },
    { "but not one with labels", FRONT,
      SIDECAR("istio-system", "r", "{" IS_FRONT "egress: [{hosts: ['./*']}]}"),
      SEES_OTHER SEES_EXT "unknown hosts: let through" },
    { "another namespace's is nothing to us", FRONT, SIDECAR("prod", "s", OWN),
      SEES_OTHER SEES_API "unknown hosts: let "
                          "through" },
    { "labels that nobody told are asked for", "ns=demo",
      SIDECAR("demo", "s", "{" IS_FRONT "egress: [{hosts: ['./*']}]}"),
      "refused: Sidecar demo/s (row.yaml:2) selects by labels" },
};

static const struct yard_row hidden[] = {
    { "what hides from all is found by a route of its namespace", "ns=demo",
      "apiVersion: networking.istio.io/v1\n"
      "kind: ServiceEntry\n"
      "metadata: {name: h, namespace: demo}\n"
      "spec: {hosts: [h.example], exportTo: ['~'], resolution: STATIC, ports: "
      "[{number: 80, name: http, protocol: HTTP}], endpoints: [{address: "
      "10.3.0.2}]}\n"
      "---\n"
      "apiVersion: networking.istio.io/v1\n"
      "kind: VirtualService\n"
      "metadata: {name: v, namespace: demo}\n"
      "spec: {hosts: [other], http: [{route: [{destination: {host: "
      "h.example}}]}]}\n",
      "rule " OTHER ":80 0 '': any -> outbound|80||h.example*1 timeout=0ms "
      "retry on=22b0 attempts=2 per-try=0ms picks=5 @ VirtualService demo/v "
      "(row.yaml:9)\n"
      "!host h.example:80 @ ServiceEntry demo/h (row.yaml:1)" },
    { "and by nobody else", "ns=demo",
      "apiVersion: networking.istio.io/v1\n"
      "kind: ServiceEntry\n"
      "metadata: {name: h, namespace: demo}\n"
      "spec: {hosts: [h.example], exportTo: ['~'], resolution: STATIC, ports: "
      "[{number: 80, name: http, protocol: HTTP}], endpoints: [{address: "
      "10.3.0.2}]}\n",
      "!destination outbound|80||h.example demo/h.example http least-request @ "
      "ServiceEntry demo/h (row.yaml:1)\n"
      "unknown hosts: let through" },
};

static const struct yard_row hosts[] = {
    { "a namespace's", FRONT, SIDECAR("demo", "s", PROD),
      SEES_API SEES_EXT "!" SEES_OTHER "unknown hosts: let through" },
    { "one host of any namespace", FRONT,
      SIDECAR("demo", "s", "{egress: [{hosts: ['*/ext.example']}]}"),
      SEES_EXT "!" SEES_API "unknown hosts: let through" },
    { "by the end of its name", FRONT,
      SIDECAR("demo", "s", "{egress: [{hosts: ['*/*.example']}]}"),
      SEES_EXT "!" SEES_API "unknown hosts: let through" },
    { "the right host of the wrong namespace", FRONT,
      SIDECAR("demo", "s", "{egress: [{hosts: ['demo/ext.example']}]}"),
      "!" SEES_EXT "unknown hosts: let through" },
    { "what is not exported stays so", FRONT,
      SIDECAR("demo", "s", "{egress: [{hosts: ['prod/" HIDDEN "']}]}"),
      "!host " HIDDEN ":80 @ Service prod/hidden (base.yaml:16)\n"
      "unknown hosts: let through" },
    { "all but one namespace", FRONT,
      SIDECAR("demo", "s", "{egress: [{hosts: ['*/*', '~prod/*']}]}"),
      SEES_OTHER "!" SEES_API "!" SEES_EXT "unknown hosts: let through" },
    { "all but one host", FRONT,
      SIDECAR("demo", "s", "{egress: [{hosts: ['*/*', '~prod/" API "']}]}"),
      SEES_OTHER SEES_EXT "!" SEES_API "unknown hosts: let through" },
    { "nothing", FRONT, SIDECAR("demo", "s", "{egress: [{hosts: ['~/*']}]}"),
      "!" SEES_WEB "!" SEES_OTHER "!" SEES_EXT "unknown hosts: let through" },
    { "where a route leads is a destination, and no host", FRONT,
      SIDECAR("demo", "s", "{egress: [{hosts: ['./" WEB "']}]}"),
      "destination outbound|7000||" API
      " prod/api http2 least-request @ Service prod/api (base.yaml:11)\n"
      "!destination outbound|80||" API
      " prod/api http least-request @ Service prod/api (base.yaml:11)\n"
      "!" SEES_API SEES_WEB "rule " WEB ":80 0 '': any -> outbound|7000||" API
      "*1 timeout=0ms retry on=22b0 attempts=2 per-try=0ms picks=5 @ "
      "VirtualService demo/web (base.yaml:29)" },
    { "a VirtualService that is not imported does not count", FRONT,
      SIDECAR("demo", "s", "{egress: [{hosts: ['demo/" OTHER "']}]}"),
      SEES_OTHER "!" SEES_WEB "!destination outbound|7000||" API
                 " prod/api http2 least-request @ Service prod/api "
                 "(base.yaml:11)" },
};

#define PORT(number, protocol)                                                 \
    "port: {number: " number ", name: p, protocol: " protocol "}, "

static const struct yard_row ports[] = {
    { "each listener speaks for its port", FRONT,
      SIDECAR("demo", "s",
              "{egress: [{" PORT("80", "HTTP") "hosts: ['./*']}, {hosts: "
                                               "['prod/*']}]}"),
      SEES_WEB SEES_OTHER "!" SEES_API "host " API
                          ":7000 @ Service prod/api (base.yaml:11)\n"
                          "!host " WEB ":8080 @ VirtualService demo/web "
                          "(base.yaml:26)" },
    { "without one for the rest, there is no rest", FRONT,
      SIDECAR("demo", "s",
              "{egress: [{" PORT("8080", "HTTP") "hosts: ['./*']}]}"),
      "host " WEB ":8080 @ VirtualService demo/web (base.yaml:26)\n"
      "destination outbound|8080||" WEB
      " demo/web http least-request @ Service demo/web (base.yaml:1)\n"
      "!destination outbound|80||" WEB
      " demo/web http least-request @ Service demo/web (base.yaml:1)\n"
      "!" SEES_OTHER "!" SEES_WEB "unknown hosts: let through" },
    { "a listener for bytes makes the port one for bytes", FRONT,
      SIDECAR("demo", "s",
              "{egress: [{" PORT("8080", "TCP") "hosts: ['./*']}, {hosts: "
                                                "['*/*']}]}"),
      "destination outbound|8080||" WEB
      " demo/web tcp least-request @ Service demo/web (base.yaml:1)\n"
      "host " WEB ":8080 @ Service demo/web (base.yaml:1)\n" SEES_WEB
      "unknown hosts: let through" },
};

static const struct yard_row outbound[] = {
    { "an empty block is the registry only", FRONT,
      SIDECAR("demo", "s", "{outboundTrafficPolicy: {}}"),
      "unknown hosts: refused\n"
      "outbound @ Sidecar demo/s (row.yaml:5)\n" SEES_OTHER SEES_EXT },
    { "it replaces the mesh's as a whole", FRONT,
      "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n" SIDECAR(
          "demo", "s", "{outboundTrafficPolicy: {mode: ALLOW_ANY}}"),
      "unknown hosts: let through\n"
      "outbound @ Sidecar demo/s (row.yaml:6)" },
    { "without a word the mesh's counts", FRONT,
      "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n" SIDECAR("demo", "s",
                                                               OWN),
      "unknown hosts: refused\n"
      "outbound @ MeshConfig (row.yaml:1)" },
};

#define WEB_1                                                                  \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: WorkloadEntry\n"                                                    \
    "metadata: {name: web-1, namespace: demo}\n"                               \
    "spec: {address: 10.0.0.1, labels: {app: web}, ports: {http: 8000}}\n"
#define IS_WEB "ns=demo address=10.0.0.1"

static const struct yard_row ingress[] = {
    { "without listeners the services' ports are served", IS_WEB,
      WEB_1 SIDECAR("demo", "s", OWN),
      "inbound 8000 http permissive " WEB ":80 @ -\n"
      "inbound 8080 http permissive " WEB ":8080 @ -" },
    { "with some, only theirs, as they say", IS_WEB,
      WEB_1 SIDECAR("demo", "s",
                    "{ingress: [{port: {number: 8000, protocol: TCP, name: "
                    "t}, defaultEndpoint: '127.0.0.1:1'}, {port: {number: "
                    "9000, protocol: HTTP2, name: u}, defaultEndpoint: "
                    "'127.0.0.1:2'}]}"),
      "inbound 8000 tcp permissive " WEB ":80 @ -\n"
      "inbound 9000 http2 permissive :0 @ -\n"
      "!inbound 8080 http permissive " WEB ":8080 @ -" },
};

#define SERVICES(value) "defaultServiceExportTo: [" value "]\n"
#define VIRTUALS(value) "defaultVirtualServiceExportTo: [" value "]\n"

static const struct yard_row defaults[] = {
    { "services for their own namespace", FRONT, SERVICES("'.'"),
      SEES_OTHER "!" SEES_API "!" SEES_EXT "unknown hosts: let through" },
    { "services for the client's", FRONT, SERVICES("demo"),
      SEES_OTHER SEES_API SEES_EXT "!host " HIDDEN
                                   ":80 @ Service prod/hidden (base.yaml:16)" },
    { "VirtualServices for their own namespace", "ns=prod", VIRTUALS("'.'"),
      "host " WEB ":80 @ Service demo/web (base.yaml:1)" },
    { "VirtualServices for another", "ns=prod", VIRTUALS("prod"), SEES_WEB },
    { "and not for their own", FRONT, VIRTUALS("prod"),
      "host " WEB ":80 @ Service demo/web (base.yaml:1)" },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void which_sidecar_counts(void **state)
{
    (void)state;
    CHECK(choice);
}

static void which_hosts_are_imported(void **state)
{
    (void)state;
    CHECK(hosts);
    CHECK(hidden);
}

static void which_ports_are_spoken_for(void **state)
{
    (void)state;
    CHECK(ports);
}

static void what_becomes_of_unknown_hosts(void **state)
{
    (void)state;
    CHECK(outbound);
}

static void what_is_served(void **state)
{
    (void)state;
    CHECK(ingress);
}

static void how_far_things_are_exported(void **state)
{
    (void)state;
    CHECK(defaults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_sidecar_counts),
        cmocka_unit_test(which_hosts_are_imported),
        cmocka_unit_test(which_ports_are_spoken_for),
        cmocka_unit_test(what_becomes_of_unknown_hosts),
        cmocka_unit_test(what_is_served),
        cmocka_unit_test(how_far_things_are_exported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
