/*
 * test_workloads.c - the rules of a ServiceEntry, a WorkloadEntry and a
 * WorkloadGroup, each kept and each broken. Each row was
 * put before Istio's own code, which says the same.
 */
#include "say.h"

/* From line 5 on. */
#define SE(text)                                                               \
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"                 \
    "metadata: {name: a, namespace: ns}\nspec:\n" text

static const struct say_row service_entry_rows[] = {
    { "a host is one", SE("  hosts: [\"*.a\"]\n"), "" },
    { "a host is one, and not so", SE("  hosts: [\"*\"]\n"),
      "5:11 error spec.hosts[0]: \"*\" alone is no host [IST0106]\n" },
    { "there is a host", SE("  hosts: [a]\n"), "" },
    { "there is a host, and not so", SE("  hosts: []\n"),
      "5:10 error spec.hosts: wanted at least 1 items [IST0106]\n" },
    { "addresses are addresses",
      SE("  hosts: [a]\n"
         "  addresses: [\"10.0.0.0/8\", \"::1\"]\n"),
      "" },
    { "addresses are addresses, and not so",
      SE("  hosts: [a]\n"
         "  addresses: [\"10.0.0.256\"]\n"),
      "6:15 error spec.addresses[0]: wanted an IP address or a block such as "
      "10.0.0.0/8, found \"10.0.0.256\" [IST0106]\n" },
    { "blocks are not looked up",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  addresses: [\"10.0.0.0/8\"]\n"),
      "" },
    { "blocks are not looked up, and not so",
      SE("  hosts: [a]\n"
         "  resolution: DNS\n"
         "  addresses: [\"10.0.0.0/8\"]\n"),
      "6:3 error spec.resolution: blocks are for resolution NONE and STATIC "
      "[IST0106]\n"
      "7:15 error spec.addresses[0]: blocks are for resolution NONE and STATIC "
      "[IST0106]\n" },
    { "ports have names",
      SE("  hosts: [a]\n"
         "  ports: [{name: P, number: 80}]\n"),
      "" },
    { "ports have names, and not so",
      SE("  hosts: [a]\n"
         "  ports: [{name: p_, number: 80}]\n"),
      "6:18 error spec.ports[0].name: wanted letters, digits and \"-\", at "
      "most 63, found \"p_\" [IST0106]\n" },
    { "ports are told apart by name",
      SE("  hosts: [a]\n"
         "  ports: [{name: p, number: 80}, {name: q, number: 81}]\n"),
      "" },
    { "ports are told apart by name, and not so",
      SE("  hosts: [a]\n"
         "  ports: [{name: p, number: 80}, {name: p, number: 81}]\n"),
      "6:18 error spec.ports[0].name: name comes twice here: \"p\" [IST0106]\n"
      "6:41 error spec.ports[1].name: name comes twice here: \"p\" "
      "[IST0106]\n" },
    { "ports are told apart by number",
      SE("  hosts: [a]\n"
         "  ports: [{name: p, number: 80}, {name: q, number: 81}]\n"),
      "" },
    { "ports are told apart by number, and not so",
      SE("  hosts: [a]\n"
         "  ports: [{name: p, number: 80}, {name: q, number: 80.0}]\n"),
      "6:29 error spec.ports[0].number: number comes twice here: \"80\" "
      "[IST0106]\n"
      "6:52 error spec.ports[1].number: number comes twice here: \"80.0\" "
      "[IST0106]\n" },
    { "protocols are known, in any case",
      SE("  hosts: [a]\n"
         "  ports: [{name: p, number: 80, protocol: gRPC-Web}]\n"),
      "" },
    { "protocols are known, in any case, and not so",
      SE("  hosts: [a]\n"
         "  ports: [{name: p, number: 80, protocol: SMTP}]\n"),
      "6:43 error spec.ports[0].protocol: unknown protocol \"SMTP\" "
      "[IST0106]\n" },
    { "NONE has no endpoints, not even none", SE("  hosts: [a]\n"), "" },
    { "NONE has no endpoints, not even none, and not so",
      SE("  hosts: [a]\n"
         "  endpoints: []\n"),
      "5:3 error spec: resolution NONE has no endpoints [IST0106]\n"
      "6:3 error spec.endpoints: resolution NONE has no endpoints "
      "[IST0106]\n" },
    { "endpoints or a selector",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  workloadSelector: {labels: {a: b}}\n"),
      "" },
    { "endpoints or a selector, and not so",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  endpoints: []\n"
         "  workloadSelector: {labels: {a: b}}\n"),
      "7:3 error spec.endpoints: \"endpoints\" and \"workloadSelector\" "
      "exclude each other [IST0106]\n"
      "8:3 error spec.workloadSelector: \"endpoints\" and \"workloadSelector\" "
      "exclude each other [IST0106]\n" },
    { "a selector takes whole values",
      SE("  hosts: [a]\n"
         "  workloadSelector: {labels: {\"a b\": \"c d\"}}\n"),
      "" },
    { "a selector takes whole values, and not so",
      SE("  hosts: [a]\n"
         "  workloadSelector: {labels: {a: \"b*\"}}\n"),
      "6:31 error spec.workloadSelector.labels[a]: a selector takes whole "
      "names and values: no \"*\", no empty name [IST0106]\n" },
    { "STATIC knows addresses",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: 10.0.0.1}]\n"),
      "" },
    { "STATIC knows addresses, and not so",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: b.c}]\n"),
      "6:3 error spec.resolution: STATIC needs an IP address [IST0106]\n"
      "8:25 error spec.endpoints[0]: STATIC needs an IP address [IST0106]\n" },
    { "an endpoint has an address or a network",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{network: net}]\n"),
      "" },
    { "an endpoint has an address or a network, and not so",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{labels: {a: b}}]\n"),
      "8:15 error spec.endpoints[0]: address or network is required "
      "[IST0106]\n" },
    { "a socket has one port to serve",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: \"unix:///a\"}]\n"),
      "" },
    { "a socket has one port to serve, and not so",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  endpoints: [{address: \"unix:///a\"}]\n"),
      "5:3 error spec: a unix socket is for a service of one port [IST0106]\n"
      "6:3 error spec.resolution: a unix socket is for a service of one port "
      "[IST0106]\n"
      "7:25 error spec.endpoints[0]: a unix socket is for a service of one "
      "port [IST0106]\n" },
    { "a socket has no ports of its own",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: \"unix://@a\"}]\n"),
      "" },
    { "a socket has no ports of its own, and not so",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: \"unix://@a\", ports: {}}]\n"),
      "8:16 error spec.endpoints[0].address: a unix socket has no ports "
      "[IST0106]\n"
      "8:38 error spec.endpoints[0].ports: a unix socket has no ports "
      "[IST0106]\n" },
    { "an endpoint has the service's ports",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: 10.0.0.1, ports: {p: 1}}]\n"),
      "" },
    { "an endpoint has the service's ports, and not so",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: 10.0.0.1, ports: {q: 1}}]\n"),
      "7:3 error spec.ports: an endpoint has a port \"q\", which is none of "
      "these [IST0106]\n"
      "7:18 error spec.ports: an endpoint has a port \"q\" instead [IST0106]\n"
      "8:43 error spec.endpoints[0]: the service has no port \"q\" "
      "[IST0106]\n" },
    { "endpoints have labels",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: 10.0.0.1, labels: {a: b}}]\n"),
      "" },
    { "endpoints have labels, and not so",
      SE("  hosts: [a]\n"
         "  resolution: STATIC\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: 10.0.0.1, labels: {\"a b\": c}}]\n"),
      "8:44 error spec.endpoints[0].labels[a b]: \"a b\" is no label name "
      "[IST0106]\n" },
    { "what is looked up is whole",
      SE("  hosts: [a.b]\n"
         "  resolution: DNS\n"),
      "" },
    { "what is looked up is whole, and not so",
      SE("  hosts: [\"*.b\"]\n"
         "  resolution: DNS\n"),
      "5:11 error spec.hosts[0]: without endpoints, a host that is resolved "
      "must be a whole name [IST0106]\n"
      "6:3 error spec.resolution: without endpoints, a host that is resolved "
      "must be a whole name [IST0106]\n" },
    { "what is looked up has a name",
      SE("  hosts: [\"*.b\"]\n"
         "  resolution: DNS\n"
         "  endpoints: [{address: a.b}]\n"),
      "" },
    { "what is looked up has a name, and not so",
      SE("  hosts: [\"*.b\"]\n"
         "  resolution: DNS\n"
         "  endpoints: [{network: net}]\n"),
      "6:3 error spec.resolution: what is resolved needs a name or an IP "
      "address [IST0106]\n"
      "7:15 error spec.endpoints[0]: what is resolved needs a name or an IP "
      "address [IST0106]\n" },
    { "round robin is over one",
      SE("  hosts: [a]\n"
         "  resolution: DNS_ROUND_ROBIN\n"
         "  endpoints: [{address: a.b}]\n"),
      "" },
    { "round robin is over one, and not so",
      SE("  hosts: [a]\n"
         "  resolution: DNS_ROUND_ROBIN\n"
         "  endpoints: [{address: a.b}, {address: c.d}]\n"),
      "6:3 error spec.resolution: DNS_ROUND_ROBIN takes one endpoint at most "
      "[IST0106]\n"
      "7:3 error spec.endpoints: DNS_ROUND_ROBIN takes one endpoint at most "
      "[IST0106]\n"
      "7:15 error spec: DNS_ROUND_ROBIN takes one endpoint at most [IST0106]\n"
      "7:31 error spec: DNS_ROUND_ROBIN takes one endpoint at most "
      "[IST0106]\n" },
    { "dynamic names have a star",
      SE("  hosts: [\"*.b\"]\n"
         "  resolution: DYNAMIC_DNS\n"),
      "" },
    { "dynamic names have a star, and not so",
      SE("  hosts: [a.b]\n"
         "  resolution: DYNAMIC_DNS\n"),
      "5:11 error spec.hosts[0]: DYNAMIC_DNS is for hosts with a \"*\" "
      "[IST0106]\n"
      "6:3 error spec.resolution: DYNAMIC_DNS is for hosts with a \"*\" "
      "[IST0106]\n" },
    { "dynamic names are of HTTP and TLS",
      SE("  hosts: [\"*.b\"]\n"
         "  resolution: DYNAMIC_DNS\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"),
      "" },
    { "dynamic names are of HTTP and TLS, and not so",
      SE("  hosts: [\"*.b\"]\n"
         "  resolution: DYNAMIC_DNS\n"
         "  ports: [{name: p, number: 80, protocol: HTTPS}]\n"),
      "6:3 error spec: DYNAMIC_DNS is for HTTP, HTTP2, GRPC and TLS [IST0106]\n"
      "7:43 error spec.ports[0]: DYNAMIC_DNS is for HTTP, HTTP2, GRPC and TLS "
      "[IST0106]\n" },
    { "dynamic names have no addresses",
      SE("  hosts: [\"*.b\"]\n"
         "  resolution: DYNAMIC_DNS\n"
         "  addresses: []\n"),
      "" },
    { "dynamic names have no addresses, and not so",
      SE("  hosts: [\"*.b\"]\n"
         "  resolution: DYNAMIC_DNS\n"
         "  addresses: [\"10.0.0.1\"]\n"),
      "6:3 error spec.resolution: DYNAMIC_DNS has no addresses and endpoints "
      "[IST0106]\n"
      "7:3 error spec.addresses: DYNAMIC_DNS has no addresses and endpoints "
      "[IST0106]\n" },
    { "several hosts are told apart",
      SE("  hosts: [a, b]\n"
         "  resolution: DNS\n"
         "  ports: [{name: p, number: 80, protocol: HTTP}]\n"),
      "" },
    { "several hosts are told apart, and not so",
      SE("  hosts: [a, b]\n"
         "  resolution: DNS\n"
         "  ports: [{name: p, number: 80, protocol: TCP}]\n"),
      "5:11 error spec: several hosts are for HTTP and TLS only [IST0106]\n"
      "5:14 error spec: several hosts are for HTTP and TLS only [IST0106]\n"
      "6:3 error spec: several hosts are for HTTP and TLS only [IST0106]\n"
      "7:43 error spec.ports[0]: several hosts are for HTTP and TLS only "
      "[IST0106]\n" },
    { "nobody stands alone",
      SE("  hosts: [a]\n"
         "  exportTo: [\"~\"]\n"),
      "" },
    { "nobody stands alone, and not so",
      SE("  hosts: [a]\n"
         "  exportTo: [\"~\", x]\n"),
      "6:14 error spec.exportTo[0]: \"~\" must stand alone [IST0106]\n"
      "6:19 error spec.exportTo[1]: \"~\" must stand alone [IST0106]\n" },
};

static void judges_service_entry(void **state)
{
    (void)state;
    SAY_ERRORS(service_entry_rows);
}

/* From line 5 on. */
#define WE(text)                                                               \
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"                \
    "metadata: {name: a, namespace: ns}\nspec:\n" text

static const struct say_row workload_entry_rows[] = {
    { "an address is an address or a name", WE("  address: \"fe80::1%eth0\"\n"),
      "" },
    { "an address is an address or a name, and not so",
      WE("  address: 10.0.0.256\n"),
      "5:12 error spec.address: wanted an IP address, a name or unix://, found "
      "\"10.0.0.256\" [IST0106]\n" },
    { "a socket has a path", WE("  address: \"unix:///a/b\"\n"), "" },
    { "a socket has a path, and not so", WE("  address: \"unix:///a/\"\n"),
      "5:12 error spec.address: a socket's path does not end in \"/\" "
      "[IST0106]\n" },
    { "a socket's path begins at the root", WE("  address: \"unix://@a\"\n"),
      "" },
    { "a socket's path begins at the root, and not so",
      WE("  address: \"unix://a\"\n"),
      "5:12 error spec.address: wanted unix:///path or unix://@name, found "
      "\"unix://a\" [IST0106]\n" },
    { "somewhere it is", WE("  network: net\n"), "" },
    { "somewhere it is, and not so", WE("  address: \"\"\n"),
      "5:3 error spec: address or network is required [IST0106]\n"
      "5:3 error spec.address: address or network is required [IST0106]\n" },
    { "a workload's ports have names",
      WE("  address: a\n"
         "  ports: {A-1: 65535}\n"),
      "" },
    { "a workload's ports have names, and not so",
      WE("  address: a\n"
         "  ports: {-a: 1}\n"),
      "6:11 error spec: \"-a\" is no port name [IST0106]\n" },
    { "ports have numbers",
      WE("  address: a\n"
         "  ports: {a: 1}\n"),
      "" },
    { "ports have numbers, and not so",
      WE("  address: a\n"
         "  ports: {a: 0}\n"),
      "6:14 error spec.ports[a]: wanted 1 to 65535, found 0 [IST0106]\n" },
    { "labels have no bound on their values",
      WE("  address: a\n"
         "  labels: {a: "
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}\n"),
      "" },
    { "labels have no bound on their values, and not so",
      WE("  address: a\n"
         "  labels: {a: b_}\n"),
      "6:15 error spec.labels[a]: \"b_\" is no label value [IST0106]\n" },
    { "nothing is too long",
      WE("  address: a\n"
         "  serviceAccount: "
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"),
      "" },
    { "nothing is too long, and not so",
      WE("  address: a\n"
         "  serviceAccount: "
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"),
      "6:19 error spec.serviceAccount: wanted at most 253 characters, found "
      "254 [IST0106]\n" },
};

static void judges_workload_entry(void **state)
{
    (void)state;
    SAY_ERRORS(workload_entry_rows);
}

/* From line 5 on. */
#define WG(text)                                                               \
    "apiVersion: networking.istio.io/v1\nkind: WorkloadGroup\n"                \
    "metadata: {name: a, namespace: ns}\nspec:\n" text

static const struct say_row workload_group_rows[] = {
    { "there is a template", WG("  template: {}\n"), "" },
    { "there is a template, and not so",
      WG("  probe: {exec: {command: [a]}}\n"),
      "5:3 error spec: \"template\" is required [IST0106]\n" },
    { "a template's address is not known",
      WG("  template: {address: \"?\", labels: {\"?\": \"?\"}}\n"), "" },
    { "a template's address is not known, and not so",
      WG("  template: {address: \"unix://a\"}\n"),
      "5:23 error spec.template.address: wanted unix:///path or unix://@name, "
      "found \"unix://a\" [IST0106]\n" },
    { "a template's socket has no ports",
      WG("  template: {address: \"unix:///a\"}\n"), "" },
    { "a template's socket has no ports, and not so",
      WG("  template: {address: \"unix:///a\", ports: {a: 1}}\n"),
      "5:14 error spec.template.address: a unix socket has no ports [IST0106]\n"
      "5:36 error spec.template.ports: a unix socket has no ports "
      "[IST0106]\n" },
    { "a template's ports have names", WG("  template: {ports: {a: 1}}\n"),
      "" },
    { "a template's ports have names, and not so",
      WG("  template: {ports: {a_: 1}}\n"),
      "5:22 error spec.template: \"a_\" is no port name [IST0106]\n" },
    { "labels of what it makes are labels",
      WG("  template: {}\n"
         "  metadata: {labels: {a: b}, annotations: {\"?\": \"?\"}}\n"),
      "" },
    { "labels of what it makes are labels, and not so",
      WG("  template: {}\n"
         "  metadata: {labels: {a: \"?\"}}\n"),
      "6:26 error spec.metadata.labels[a]: \"?\" is no label value "
      "[IST0106]\n" },
    { "a probe probes in one way",
      WG("  template: {}\n"
         "  probe: {tcpSocket: {port: 1}}\n"),
      "" },
    { "a probe probes in one way, and not so",
      WG("  template: {}\n"
         "  probe: {tcpSocket: {port: 1}, exec: {command: [a]}}\n"),
      "6:11 error spec.probe.tcpSocket: \"exec\" and \"tcpSocket\" exclude "
      "each other [IST0106]\n"
      "6:33 error spec.probe.exec: \"exec\" and \"tcpSocket\" exclude each "
      "other [IST0106]\n" },
    { "a probe probes",
      WG("  template: {}\n"
         "  probe: {tcpSocket: {port: 1}}\n"),
      "" },
    { "a probe probes, and not so",
      WG("  template: {}\n"
         "  probe: {periodSeconds: 1}\n"),
      "6:10 error spec.probe: one of httpGet, tcpSocket and exec is required "
      "[IST0106]\n" },
    { "nobody probes gRPC",
      WG("  template: {}\n"
         "  probe: {exec: {command: [a]}}\n"),
      "" },
    { "nobody probes gRPC, and not so",
      WG("  template: {}\n"
         "  probe: {grpc: {port: 1}}\n"),
      "6:11 error spec.probe: never made: Istio rejects it too [IST0106]\n" },
    { "a command has words",
      WG("  template: {}\n"
         "  probe: {exec: {command: [a]}}\n"),
      "" },
    { "a command has words, and not so",
      WG("  template: {}\n"
         "  probe: {exec: {command: []}}\n"),
      "6:27 error spec.probe.exec.command: wanted at least 1 items "
      "[IST0106]\n" },
    { "words are not empty",
      WG("  template: {}\n"
         "  probe: {exec: {command: [a, b]}}\n"),
      "" },
    { "words are not empty, and not so",
      WG("  template: {}\n"
         "  probe: {exec: {command: [a, \"\"]}}\n"),
      "6:31 error spec.probe.exec.command[1]: may not be empty [IST0106]\n" },
    { "a probe goes to a port",
      WG("  template: {}\n"
         "  probe: {httpGet: {port: 65535}}\n"),
      "" },
    { "a probe goes to a port, and not so",
      WG("  template: {}\n"
         "  probe: {httpGet: {port: 65536}}\n"),
      "6:27 error spec.probe.httpGet.port: wanted 1 to 65535, found 65536 "
      "[IST0106]\n" },
    { "a probe speaks HTTP",
      WG("  template: {}\n"
         "  probe: {httpGet: {port: 1, scheme: \"\"}}\n"),
      "" },
    { "a probe speaks HTTP, and not so",
      WG("  template: {}\n"
         "  probe: {httpGet: {port: 1, scheme: http}}\n"),
      "6:38 error spec.probe.httpGet.scheme: wanted HTTP or HTTPS, found "
      "\"http\" [IST0106]\n" },
    { "a probe's headers have names",
      WG("  template: {}\n"
         "  probe: {httpGet: {port: 1, httpHeaders: [{name: a-b}]}}\n"),
      "" },
    { "a probe's headers have names, and not so",
      WG("  template: {}\n"
         "  probe: {httpGet: {port: 1, httpHeaders: [{name: a_b}, {value: "
         "c}]}}\n"),
      "6:51 error spec.probe.httpGet.httpHeaders[0]: a header's name has "
      "letters, digits and \"-\" [IST0106]\n"
      "6:57 error spec.probe.httpGet.httpHeaders[1]: a header's name has "
      "letters, digits and \"-\" [IST0106]\n" },
    { "times are not negative",
      WG("  template: {}\n"
         "  probe: {periodSeconds: 0, exec: {command: [a]}}\n"),
      "" },
    { "times are not negative, and not so",
      WG("  template: {}\n"
         "  probe: {periodSeconds: -1, exec: {command: [a]}}\n"),
      "6:26 error spec.probe.periodSeconds: wanted at least 0, found -1 "
      "[IST0106]\n" },
};

static void judges_workload_group(void **state)
{
    (void)state;
    SAY_ERRORS(workload_group_rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_service_entry),
        cmocka_unit_test(judges_workload_entry),
        cmocka_unit_test(judges_workload_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
