/*
 * test_streams.c - do tcp and tls routes become the filter chains that istiod
 * makes of them?
 */
#include "../../golden/yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: raw, namespace: demo}\n"
    "spec: {clusterIP: 10.9.0.1, ports: [{name: tcp, port: 9000}, {name: tls, "
    "port: 9443}, {name: auto, port: 9001}, {name: http, port: 80}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: one, namespace: demo}\n"
    "spec: {ports: [{name: tcp, port: 9100}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: two, namespace: prod}\n"
    "spec: {ports: [{name: tcp, port: 9000}, {name: tcp-b, port: 9001}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: ServiceEntry\n"
    "metadata: {name: wild, namespace: demo}\n"
    "spec: {hosts: ['*.wild.example'], resolution: STATIC, ports: [{number: "
    "443, name: tls, protocol: TLS}], endpoints: [{address: 10.3.0.1}]}\n";

#define RAW       "raw.demo.svc.cluster.local"
#define ONE       "outbound|9100||one.demo.svc.cluster.local*1"
#define TWO(port) "outbound|" port "||two.prod.svc.cluster.local*1"
#define VS(namespace, name, spec)                                              \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
#define A(spec)                   VS("demo", "a", "{hosts: [raw], " spec "}")
#define TO_ONE                    "route: [{destination: {host: one}}]"
#define TO_TWO                    "route: [{destination: {host: two.prod.svc.cluster.local}}]"
#define MATCH(entries)            "match: [" entries "], "
#define AT_A                      " @ VirtualService demo/a (row.yaml:5)"
#define AT_B                      " @ VirtualService demo/b (row.yaml:10)"
#define STREAM(port, index, rule) "stream " RAW ":" port " " index " " rule "\n"
/* Its only rule is its own: the dump says nothing of it. */
#define PLAIN(port)                                                            \
    "!" STREAM(port, "0",                                                      \
               "'tcp[0]': -> " ONE AT_A) "host " RAW ":" port                  \
                                         " @ Service demo/raw (base.yaml:1)\n"
#define OWN(port)                                                              \
    "'default': -> outbound|" port "||" RAW                                    \
    "*1 @ Service demo/raw (base.yaml:1)"

static const struct yard_row tcp[] = {
    { "without a match it takes every port for bytes, and those detected",
      "ns=demo", A("tcp: [{" TO_ONE "}]"),
      STREAM("9000", "0", "'tcp[0]': -> " ONE AT_A)
          STREAM("9001", "0", "'tcp[0]': -> " ONE AT_A) PLAIN("9443") },
    { "one port", "ns=demo", A("tcp: [{" MATCH("{port: 9001}") TO_ONE "}]"),
      STREAM("9001", "0", "'tcp[0]': -> " ONE AT_A) PLAIN("9000") },
    { "the first that asks for no subnet ends the list", "ns=demo",
      A("tcp: [{" MATCH("{port: 9000}") TO_ONE "}, {" TO_TWO "}]"),
      STREAM("9000", "0", "'tcp[0]': -> " ONE AT_A)
          STREAM("9001", "0", "'tcp[1]': -> " TWO("9001") AT_A) "!" STREAM(
              "9000", "1", "'tcp[1]': -> " TWO("9000") AT_A) },
    { "subnets of its entries together, and the service behind them", "ns=demo",
      A("tcp: [{" MATCH("{port: 9000, destinationSubnets: [10.1.0.0/16]}, "
                        "{port: 9001}, {destinationSubnets: [10.2.0.1]}") TO_ONE
        "}]"),
      STREAM("9000", "0", "'tcp[0]': 10.1.0.0/16 10.2.0.1/32 -> " ONE AT_A)
          STREAM("9000", "1", OWN("9000"))
              STREAM("9001", "0", "'tcp[0]': -> " ONE AT_A) },
    { "the addressed port, where the destination has several", "ns=demo",
      A("tcp: [{" TO_TWO "}]"),
      STREAM("9000", "0", "'tcp[0]': -> " TWO("9000") AT_A)
          STREAM("9001", "0", "'tcp[0]': -> " TWO("9001") AT_A) },
    { "weights; unset is never chosen", "ns=demo",
      A("tcp: [{route: [{destination: {host: one}, weight: 3}, {destination: "
        "{host: raw, port: {number: 80}}, weight: 1}, {destination: {host: "
        "gone}}]}]"),
      STREAM("9000", "0",
             "'tcp[0]': -> outbound|9100||one.demo.svc.cluster.local*3 "
             "outbound|80||" RAW
             "*1 gone.demo.svc.cluster.local port 9000*0" AT_A) },
    { "where it is not known", "ns=demo",
      A("tcp: [{route: [{destination: {host: one, subset: v1}, weight: 9}]}]"),
      STREAM("9000", "0",
             "'tcp[0]': -> one.demo.svc.cluster.local subset v1 port "
             "9100*1" AT_A) },
};

static const struct yard_row sources[] = {
    { "labels must fit", "ns=demo labels=app=x",
      A("tcp: [{" MATCH("{sourceLabels: {app: z}}") TO_ONE "}]"),
      PLAIN("9000") },
    { "and may", "ns=demo labels=app=x",
      A("tcp: [{" MATCH("{sourceLabels: {app: x}}") TO_ONE "}]"),
      STREAM("9000", "0", "'tcp[0]': -> " ONE AT_A) },
    { "labels that nobody told are asked for", "ns=demo",
      A("tcp: [{" MATCH("{sourceLabels: {app: x}}") TO_ONE "}]"),
      "refused: VirtualService demo/a (row.yaml:2) selects by labels" },
    { "so must the namespace", "ns=demo",
      A("tcp: [{" MATCH("{sourceNamespace: prod}") TO_ONE "}]"),
      PLAIN("9000") },
    { "a gateway's is not ours", "ns=demo",
      A("gateways: [mesh, g], tcp: [{" MATCH("{gateways: [g]}") TO_ONE "}]"),
      PLAIN("9000") },
    { "a gateway in the list does not outweigh the rest, as it does in HTTP",
      "ns=demo labels=app=x",
      A("gateways: [mesh, g], tcp: [{" MATCH(
          "{gateways: [mesh], sourceLabels: {app: z}}") TO_ONE "}]"),
      PLAIN("9000") },
};

#define B_TWO VS("demo", "b", "{hosts: [raw], tcp: [{" TO_TWO "}]}")

static const struct yard_row order[] = {
    { "of two the first by name has the last word", "ns=demo",
      A("tcp: [{" MATCH("{port: 9000}") TO_ONE "}]") B_TWO,
      STREAM("9000", "0", "'tcp[0]': -> " ONE AT_A)
          STREAM("9001", "0", "'tcp[0]': -> " TWO("9001") AT_B) },
    { "where it has subnets, the next stands behind it", "ns=demo",
      A("tcp: [{" MATCH("{destinationSubnets: [10.0.0.0/8]}") TO_ONE "}]")
          B_TWO,
      STREAM("9000", "0", "'tcp[0]': 10.0.0.0/8 -> " ONE AT_A)
          STREAM("9000", "1", "'tcp[0]': -> " TWO("9000") AT_B) },
    { "a wildcard counts as much as the very host", "ns=demo",
      VS("demo", "a", "{hosts: ['*.svc.cluster.local'], tcp: [{" TO_ONE "}]}")
          B_TWO,
      STREAM("9000", "0", "'tcp[0]': -> " ONE AT_A) },
    { "a private one of one's own comes before", "ns=demo",
      A("tcp: [{" TO_ONE "}]") VS(
          "demo", "b", "{hosts: [raw], exportTo: ['.'], tcp: [{" TO_TWO "}]}"),
      STREAM("9000", "0", "'tcp[0]': -> " TWO("9000") AT_B) },
    { "a host under a wildcard service routes all of that", "ns=demo",
      VS("demo", "a",
         "{hosts: [A.wild.example], tls: [{" MATCH(
             "{sniHosts: [A.wild.example]}") TO_ONE "}]}"),
      "stream *.wild.example:443 0 'tls[0]': a.wild.example -> " ONE AT_A },
};

static const struct yard_row tls[] = {
    { "by server name, and nothing besides", "ns=demo",
      A("tls: [{" MATCH("{sniHosts: [raw]}") TO_ONE "}]"),
      STREAM("9443", "0", "'tls[0]': raw -> " ONE AT_A) "!" STREAM(
          "9443", "1", OWN("9443")) PLAIN("9000") },
    { "what asks for another port leaves the service alone", "ns=demo",
      A("tls: [{" MATCH("{sniHosts: [raw], port: 1}") TO_ONE "}]"),
      PLAIN("9443") },
    { "an entry without subnets has those before it, as in istiod", "ns=demo",
      A("tls: [{" MATCH("{sniHosts: [raw], destinationSubnets: [10.1.0.0/16]}, "
                        "{sniHosts: [raw]}") TO_ONE "}]"),
      STREAM("9443", "0", "'tls[0]': 10.1.0.0/16 raw -> " ONE AT_A)
          STREAM("9443", "1", "'tls[0]': 10.1.0.0/16 raw -> " ONE AT_A) },
};

#define SIDECAR(spec)                                                          \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: Sidecar\n"                                                          \
    "metadata: {name: s, namespace: demo}\n"                                   \
    "spec: " spec "\n"

static const struct yard_row scope[] = {
    { "where routes lead is known, though it is not imported", "ns=demo",
      A("tcp: [{" TO_TWO "}]") SIDECAR("{egress: [{hosts: ['./" RAW "']}]}"),
      STREAM(
          "9000", "0",
          "'tcp[0]': -> " TWO("9000")
              AT_A) "!host two.prod.svc.cluster.local:9000 @ Service prod/two "
                    "(base.yaml:11)" },
    { "the listener for the rest opens ports for bytes that another listener "
      "has",
      "ns=demo",
      SIDECAR("{egress: [{port: {number: 9000, name: t, protocol: TCP}, hosts: "
              "['./*']}, {hosts: ['prod/*']}]}"),
      "host two.prod.svc.cluster.local:9000 @ Service prod/two "
      "(base.yaml:11)\n"
      "host " RAW ":9000 @ Service demo/raw (base.yaml:1)" },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void bytes_go_by_port_and_subnet(void **state)
{
    (void)state;
    CHECK(tcp);
}

static void everything_asked_of_a_source_holds(void **state)
{
    (void)state;
    CHECK(sources);
}

static void all_that_name_a_host_are_asked(void **state)
{
    (void)state;
    CHECK(order);
}

static void tls_goes_by_server_name(void **state)
{
    (void)state;
    CHECK(tls);
}

static void a_sidecar_bounds_them(void **state)
{
    (void)state;
    CHECK(scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_by_port_and_subnet),
        cmocka_unit_test(everything_asked_of_a_source_holds),
        cmocka_unit_test(all_that_name_a_host_are_asked),
        cmocka_unit_test(tls_goes_by_server_name),
        cmocka_unit_test(a_sidecar_bounds_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
