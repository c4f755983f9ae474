/*
 * test_sidecar.c - Sidecar: what Istio rejects, and where we say so.
 */
#include "say.h"

#define S(text)                                                                \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: Sidecar\n"                                                          \
    "metadata: {name: a}\n"                                                    \
    "spec:\n" text
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct say_row whole[] = {
    { "one part is enough",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"),
      "" },
    { "an empty one says nothing", S("  {}\n"),
      "5:3 error spec: ingress, egress, outboundTrafficPolicy or "
      "inboundConnectionPool is required [IST0106]\n" },
    { "empty lists say nothing either",
      S("  ingress: []\n"
        "  egress: []\n"),
      "5:3 error spec: ingress, egress, outboundTrafficPolicy or "
      "inboundConnectionPool is required [IST0106]\n" },
    { "a policy alone", S("  outboundTrafficPolicy: {}\n"), "" },
    { "a pool alone",
      S("  inboundConnectionPool: {tcp: {maxConnections: 1}}\n"), "" },
    { "a pool needs a part", S("  inboundConnectionPool: {}\n"),
      "5:26 error spec.inboundConnectionPool: tcp or http is required "
      "[IST0106]\n" },
    { "a selector",
      S("  workloadSelector: {labels: {app: web}}\n"
        "  egress:\n"
        "  - hosts: [\"./*\"]\n"),
      "" },
    { "a selector takes whole names",
      S("  workloadSelector: {labels: {\"a*\": b, c: \"*\"}}\n"
        "  egress:\n"
        "  - hosts: [\"./*\"]\n"),
      "5:31 error spec.workloadSelector.labels[a*]: a selector takes whole "
      "names and values: no \"*\", no empty name [IST0106]\n"
      "5:40 error spec.workloadSelector.labels[c]: a selector takes whole "
      "names and values: no \"*\", no empty name [IST0106]\n" },
    { "labels have names",
      S("  workloadSelector: {labels: {\"\": b}}\n"
        "  egress:\n"
        "  - hosts: [\"./*\"]\n"),
      "5:31 error spec.workloadSelector.labels[]: a selector takes whole names "
      "and values: no \"*\", no empty name [IST0106]\n" },
    { "labels are short",
      S("  workloadSelector: {labels: {a: " X64 "}}\n"
        "  egress:\n"
        "  - hosts: [\"./*\"]\n"),
      "5:34 error spec.workloadSelector.labels[a]: wanted at most 63 "
      "characters, found 64 [IST0106]\n" },
    { "REGISTRY_ONLY takes no proxy",
      S("  outboundTrafficPolicy: {egressProxy: {host: a.b, port: {number: "
        "80}}}\n"),
      "5:26 error spec.outboundTrafficPolicy: egressProxy is for ALLOW_ANY "
      "only [IST0106]\n"
      "5:27 error spec.outboundTrafficPolicy.egressProxy: egressProxy is for "
      "ALLOW_ANY only [IST0106]\n" },
    { "ALLOW_ANY with a proxy",
      S("  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.b, "
        "subset: v1, port: {number: 80}}}\n"),
      "" },
    { "a proxy needs a port",
      S("  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: "
        "a.b}}\n"),
      "5:57 error spec.outboundTrafficPolicy.egressProxy.port: a port is "
      "required [IST0106]\n" },
    { "a proxy needs its number",
      S("  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.b, "
        "port: {}}}\n"),
      "5:75 error spec.outboundTrafficPolicy.egressProxy.port: a port is "
      "required [IST0106]\n" },
    { "a proxy has a host",
      S("  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: "
        "\"*.b\", port: {number: 80}}}\n"),
      "5:64 error spec.outboundTrafficPolicy.egressProxy.host: wanted a host "
      "such as \"proxy.ns.svc.cluster.local\", found \"*.b\" [IST0106]\n" },
    { "a proxy has a good subset",
      S("  outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.b, "
        "subset: \"v.1\", port: {number: 80}}}\n"),
      "5:77 error spec.outboundTrafficPolicy.egressProxy.subset: wanted "
      "letters, digits and \"-\", at most 63, found \"v.1\" [IST0106]\n" },
    { "dynamic names are for the mesh",
      S("  outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}\n"),
      "5:33 error spec.outboundTrafficPolicy.mode: wanted one of "
      "REGISTRY_ONLY, ALLOW_ANY, found \"ALLOW_ANY_DYNAMIC_DNS\" [IST0106]\n" },
};

static const struct say_row ingress[] = {
    { "a port is enough",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"),
      "" },
    { "a port is required", S("  ingress: [{bind: 10.0.0.1}]\n"),
      "5:13 error spec.ingress[0]: \"port\" is required [IST0106]\n" },
    { "a port has a number",
      S("  ingress:\n"
        "  - port: {protocol: HTTP}\n"),
      "6:11 error spec.ingress[0].port.number: wanted a port from 1 to 65535 "
      "[IST0106]\n" },
    { "65536 is none",
      S("  ingress:\n"
        "  - port: {number: 65536}\n"),
      "6:20 error spec.ingress[0].port.number: wanted 0 to 65535, found 65536 "
      "[IST0106]\n" },
    { "no protocol is found out",
      S("  ingress:\n"
        "  - port: {number: 80}\n"),
      "" },
    { "protocols are known",
      S("  ingress:\n"
        "  - port: {number: 80, protocol: FTP}\n"),
      "6:34 error spec.ingress[0].port.protocol: wanted a protocol such as "
      "HTTP, GRPC, TLS or TCP, found \"FTP\" [IST0106]\n" },
    { "names are labels",
      S("  ingress:\n"
        "  - port: {number: 80, name: a.b}\n"),
      "6:30 error spec.ingress[0].port.name: wanted letters, digits and \"-\", "
      "at most 63, found \"a.b\" [IST0106]\n" },
    { "target ports have no place",
      S("  ingress:\n"
        "  - port: {number: 80, targetPort: 81}\n"),
      "6:36 error spec.ingress[0].port.targetPort: listeners have no target "
      "port: leave it away, found \"81\" [IST0106]\n" },
    { "binds are addresses",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    bind: unix:///a\n"),
      "6:20 error number: a unix socket has port 0, found \"9080\" [IST0106]\n"
      "7:11 error spec.ingress[0].bind: wanted an IP address, found "
      "\"unix:///a\" [IST0106]\n" },
    { "ports are unique",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "  - port: {number: 9080}\n"),
      "6:5 error spec.ingress[1]: two listeners on one port [IST0106]\n"
      "6:20 error spec.ingress[1]: two listeners on one port [IST0106]\n"
      "7:5 error spec.ingress[1]: two listeners on one port [IST0106]\n"
      "7:20 error spec.ingress[1]: two listeners on one port [IST0106]\n" },
    { "an endpoint here",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    defaultEndpoint: 127.0.0.1:8080\n"),
      "" },
    { "an endpoint by port alone",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    defaultEndpoint: \":8080\"\n"),
      "" },
    { "an endpoint of IPv6",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    defaultEndpoint: \"[::1]:8080\"\n"),
      "" },
    { "an endpoint in a file",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    defaultEndpoint: unix:///a\n"),
      "" },
    { "an endpoint elsewhere",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    defaultEndpoint: 10.0.0.1:80\n"),
      "7:22 error spec.ingress[0].defaultEndpoint: wanted 127.0.0.1:PORT, "
      "[::1]:PORT, 0.0.0.0:PORT, [::]:PORT, :PORT or unix:///PATH, found "
      "\"10.0.0.1:80\" [IST0106]\n" },
    { "an endpoint without port",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    defaultEndpoint: 127.0.0.1\n"),
      "7:22 error spec.ingress[0].defaultEndpoint: wanted 127.0.0.1:PORT, "
      "[::1]:PORT, 0.0.0.0:PORT, [::]:PORT, :PORT or unix:///PATH, found "
      "\"127.0.0.1\" [IST0106]\n" },
    { "an endpoint with port 0",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    defaultEndpoint: 127.0.0.1:0\n"),
      "7:22 error spec.ingress[0].defaultEndpoint: wanted 127.0.0.1:PORT, "
      "[::1]:PORT, 0.0.0.0:PORT, [::]:PORT, :PORT or unix:///PATH, found "
      "\"127.0.0.1:0\" [IST0106]\n" },
    { "an endpoint in no file",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    defaultEndpoint: unix://a\n"),
      "7:22 error spec.ingress[0].defaultEndpoint: wanted 127.0.0.1:PORT, "
      "[::1]:PORT, 0.0.0.0:PORT, [::]:PORT, :PORT or unix:///PATH, found "
      "\"unix://a\" [IST0106]\n" },
    { "TLS with files",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: TLS}\n"
        "    tls: {mode: SIMPLE, serverCertificate: a, privateKey: b}\n"),
      "" },
    { "TLS on a port of HTTP",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    tls: {mode: SIMPLE, serverCertificate: a, privateKey: b}\n"),
      "6:5 error spec.ingress[0]: only HTTPS and TLS ports have TLS [IST0106]\n"
      "6:11 error spec.ingress[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "6:36 error spec.ingress[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "7:5 error spec.ingress[0].tls: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "7:10 error spec.ingress[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "7:17 error spec.ingress[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "7:44 error spec.ingress[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "7:59 error spec.ingress[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n" },
    { "TLS without files",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: HTTPS}\n"
        "    tls: {mode: MUTUAL}\n"),
      "7:10 error spec.ingress[0].tls: MUTUAL needs caCertificates [IST0106]\n"
      "7:10 error spec.ingress[0].tls: serverCertificate and privateKey are "
      "required [IST0106]\n"
      "7:11 error spec.ingress[0].tls.mode: MUTUAL needs caCertificates "
      "[IST0106]\n"
      "7:11 error spec.ingress[0].tls.mode: serverCertificate and privateKey "
      "are required [IST0106]\n" },
    { "TLS of the mesh is not chosen here",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: HTTPS}\n"
        "    tls: {mode: ISTIO_MUTUAL}\n"),
      "7:17 error spec.ingress[0].tls.mode: wanted PASSTHROUGH, SIMPLE, MUTUAL "
      "or OPTIONAL_MUTUAL, found \"ISTIO_MUTUAL\" [IST0106]\n" },
    { "nothing passes through by itself",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: HTTPS}\n"
        "    tls: {mode: AUTO_PASSTHROUGH}\n"),
      "7:17 error spec.ingress[0].tls.mode: wanted PASSTHROUGH, SIMPLE, MUTUAL "
      "or OPTIONAL_MUTUAL, found \"AUTO_PASSTHROUGH\" [IST0106]\n" },
    { "no names of clients",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: HTTPS}\n"
        "    tls: {subjectAltNames: [a]}\n"),
      "7:28 error spec.ingress[0].tls.subjectAltNames: not in a Sidecar "
      "[IST0106]\n" },
    { "no redirects",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: HTTPS}\n"
        "    tls: {httpsRedirect: true}\n"),
      "7:26 error spec.ingress[0].tls.httpsRedirect: not in a Sidecar, found "
      "\"true\" [IST0106]\n" },
    { "no credentials",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: HTTPS}\n"
        "    tls: {credentialName: a}\n"),
      "7:27 error spec.ingress[0].tls.credentialName: not in a Sidecar, found "
      "\"a\" [IST0106]\n" },
    { "nor several",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: HTTPS}\n"
        "    tls: {credentialNames: [a]}\n"),
      "7:28 error spec.ingress[0].tls.credentialNames: not in a Sidecar "
      "[IST0106]\n" },
    { "nor lists of files",
      S("  ingress:\n"
        "  - port: {number: 443, protocol: HTTPS}\n"
        "    tls: {tlsCertificates: [{serverCertificate: a, privateKey: "
        "b}]}\n"),
      "7:28 error spec.ingress[0].tls.tlsCertificates: not in a Sidecar "
      "[IST0106]\n" },
    { "a pool of its own",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    connectionPool: {http: {maxRetries: 1}}\n"),
      "" },
    { "a pool needs a part",
      S("  ingress:\n"
        "  - port: {number: 9080, protocol: HTTP}\n"
        "    connectionPool: {}\n"),
      "7:21 error spec.ingress[0].connectionPool: tcp or http is required "
      "[IST0106]\n" },
};

static const struct say_row egress[] = {
    { "hosts are required", S("  egress: [{bind: 10.0.0.1}]\n"),
      "5:12 error spec.egress[0]: \"hosts\" is required [IST0106]\n" },
    { "at least one host",
      S("  egress:\n"
        "  - hosts: []\n"),
      "6:12 error spec.egress[0].hosts: at least one host is required "
      "[IST0106]\n" },
    { "hosts have namespaces",
      S("  egress:\n"
        "  - hosts: [\"*/*\", ./a.b, ns/*.a.b, ~/*, ~ns/*]\n"),
      "" },
    { "a host without one",
      S("  egress:\n"
        "  - hosts: [a.b]\n"),
      "6:13 error spec.egress[0].hosts[0]: wanted \"namespace/host\", such as "
      "\"./*\"; found \"a.b\" [IST0106]\n" },
    { "short names stand for nothing",
      S("  egress:\n"
        "  - hosts: [./web]\n"),
      "6:13 error spec.egress[0].hosts[0]: wanted a whole name, with a dot; "
      "found \"./web\" [IST0106]\n" },
    { "addresses are no hosts here",
      S("  egress:\n"
        "  - hosts: [./10.0.0.1]\n"),
      "6:13 error spec.egress[0].hosts[0]: wanted a host such as "
      "\"web.example.com\" or \"*.example.com\"; found \"./10.0.0.1\" "
      "[IST0106]\n" },
    { "stars stand for whole labels",
      S("  egress:\n"
        "  - hosts: [./*a.b]\n"),
      "6:13 error spec.egress[0].hosts[0]: \"*\" stands for whole labels only; "
      "found \"./*a.b\" [IST0106]\n" },
    { "namespaces are labels",
      S("  egress:\n"
        "  - hosts: [a.b/*, /*, ./]\n"),
      "6:13 error spec.egress[0].hosts[0]: wanted a namespace, \".\" or \"*\" "
      "before \"/\"; found \"a.b/*\" [IST0106]\n"
      "6:20 error spec.egress[0].hosts[1]: wanted a namespace before \"/\" and "
      "a host behind it; found \"/*\" [IST0106]\n"
      "6:24 error spec.egress[0].hosts[2]: wanted a namespace before \"/\" and "
      "a host behind it; found \"./\" [IST0106]\n" },
    { "a port",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80, protocol: HTTP, name: http}\n"),
      "" },
    { "a port with a bad name",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80, name: a.b}\n"),
      "7:30 error spec.egress[0].port.name: wanted letters, digits and \"-\", "
      "at most 63, found \"a.b\" [IST0106]\n" },
    { "a port with a bad protocol",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80, protocol: FTP}\n"),
      "7:34 error spec.egress[0].port.protocol: wanted a protocol such as "
      "HTTP, GRPC, TLS or TCP, found \"FTP\" [IST0106]\n" },
    { "a port beyond range",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 65536}\n"),
      "7:20 error spec.egress[0].port.number: wanted 0 to 65535, found 65536 "
      "[IST0106]\n" },
    { "a target port",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80, targetPort: 80}\n"),
      "7:36 error spec.egress[0].port.targetPort: listeners have no target "
      "port: leave it away, found \"80\" [IST0106]\n" },
    { "a bind that is none",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80}\n"
        "    bind: localhost\n"),
      "8:11 error spec.egress[0].bind: wanted an IP address, found "
      "\"localhost\" [IST0106]\n" },
    { "a socket has port 0",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 0}\n"
        "    bind: unix:///a\n"),
      "" },
    { "no port is port 0",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {protocol: HTTP}\n"
        "    bind: unix://@a\n"),
      "" },
    { "port 0 needs a socket",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 0}\n"
        "    bind: 10.0.0.1\n"),
      "6:5 error spec.egress[0]: a port has a number or a unix socket "
      "[IST0106]\n"
      "7:5 error spec.egress[0].port: a port has a number or a unix socket "
      "[IST0106]\n"
      "7:20 error spec.egress[0].port.number: wanted a port from 1 to 65535, "
      "or a unix socket to bind, found \"0\" [IST0106]\n"
      "8:11 error spec.egress[0].bind: a port 0 listens on a unix socket: "
      "wanted unix:///PATH, found \"10.0.0.1\" [IST0106]\n" },
    { "a socket is a file",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 0}\n"
        "    bind: unix:///a/\n"),
      "8:11 error spec.egress[0].bind: wanted unix:// and the absolute path of "
      "a file, found \"unix:///a/\" [IST0106]\n" },
    { "a socket is not captured",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 0}\n"
        "    bind: unix:///a\n"
        "    captureMode: IPTABLES\n"),
      "9:18 error spec.egress[0].captureMode: a unix socket is not captured: "
      "wanted DEFAULT or NONE, found \"IPTABLES\" [IST0106]\n" },
    { "ports are unique",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80}\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80}\n"),
      "6:5 error spec.egress[1]: two listeners on one port [IST0106]\n"
      "7:20 error spec.egress[1]: two listeners on one port [IST0106]\n"
      "8:5 error spec.egress[1]: two listeners on one port [IST0106]\n"
      "9:20 error spec.egress[1]: two listeners on one port [IST0106]\n" },
    { "sockets are unique",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 0}\n"
        "    bind: unix:///a\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {}\n"
        "    bind: unix:///a\n"),
      "6:5 error spec.egress[1]: two listeners on one port [IST0106]\n"
      "7:20 error spec.egress[1]: two listeners on one port [IST0106]\n"
      "8:11 error spec.egress[1]: two listeners on one port [IST0106]\n"
      "9:5 error spec.egress[1]: two listeners on one port [IST0106]\n"
      "11:11 error spec.egress[1]: two listeners on one port [IST0106]\n" },
    { "a port and what is left",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80}\n"
        "  - hosts: [\"./*\"]\n"),
      "" },
    { "what is left comes last",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "  - hosts: [\"./*\"]\n"
        "    port: {number: 80}\n"),
      "6:5 error spec.egress[0]: without a port it stands for all that are "
      "left: only the last may [IST0106]\n"
      "7:5 error spec.egress[0]: without a port it stands for all that are "
      "left: only the last may [IST0106]\n" },
    { "and once",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "  - hosts: [\"./*\"]\n"),
      "6:5 error spec.egress[0]: without a port it stands for all that are "
      "left: only the last may [IST0106]\n"
      "7:5 error spec.egress[0]: without a port it stands for all that are "
      "left: only the last may [IST0106]\n" },
    { "modes are known",
      S("  egress:\n"
        "  - hosts: [\"./*\"]\n"
        "    captureMode: NOTHING\n"),
      "7:18 error spec.egress[0].captureMode: wanted one of DEFAULT, IPTABLES, "
      "NONE, found \"NOTHING\" [IST0106]\n" },
};

static void judges_whole(void **state)
{
    (void)state;
    SAY_ERRORS(whole);
}

static void judges_ingress(void **state)
{
    (void)state;
    SAY_ERRORS(ingress);
}

static void judges_egress(void **state)
{
    (void)state;
    SAY_ERRORS(egress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_whole),
        cmocka_unit_test(judges_ingress),
        cmocka_unit_test(judges_egress),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
