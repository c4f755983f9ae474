/*
 * test_gateway.c - Gateway: what Istio rejects, and where we say so.
 */
#include "say.h"

#define G(text)                                                                \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: Gateway\n"                                                          \
    "metadata: {name: a}\n"                                                    \
    "spec:\n" text

static const struct say_row servers[] = {
    { "a server with host and port",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"),
      "" },
    { "at least one server", G("  {}\n"),
      "5:3 error spec: at least one server is required [IST0106]\n" },
    { "an empty list is none", G("  servers: []\n"),
      "5:3 error spec: at least one server is required [IST0106]\n"
      "5:3 error spec.servers: at least one server is required [IST0106]\n" },
    { "at least one host",
      G("  servers:\n"
        "  - hosts: []\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"),
      "6:12 error spec.servers[0].hosts: at least one host is required "
      "[IST0106]\n" },
    { "hosts are required",
      G("  servers: [{port: {number: 80, name: x, protocol: HTTP}}]\n"),
      "5:13 error spec.servers[0]: \"hosts\" is required [IST0106]\n" },
    { "a port is required", G("  servers: [{hosts: [\"*\"]}]\n"),
      "5:13 error spec.servers[0]: \"port\" is required [IST0106]\n" },
    { "all of a port is required",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {}\n"),
      "7:11 error spec.servers[0].port: \"name\" is required [IST0106]\n"
      "7:11 error spec.servers[0].port: \"number\" is required [IST0106]\n"
      "7:11 error spec.servers[0].port: \"protocol\" is required [IST0106]\n" },
    { "hosts with a namespace, a star, an address",
      G("  servers:\n"
        "  - hosts: [\"*\", \"*.example.com\", ns/a.b, ./a.b, \"*/a.b\", "
        "10.0.0.1]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"),
      "" },
    { "short names stand for nothing here",
      G("  servers:\n"
        "  - hosts: [web, ns/web, \"::1\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"),
      "6:13 error spec.servers[0].hosts[0]: wanted a whole name, with a dot; "
      "found \"web\" [IST0106]\n"
      "6:18 error spec.servers[0].hosts[1]: wanted a whole name, with a dot; "
      "found \"ns/web\" [IST0106]\n"
      "6:26 error spec.servers[0].hosts[2]: wanted a whole name, with a dot; "
      "found \"::1\" [IST0106]\n" },
    { "stars stand for whole labels",
      G("  servers:\n"
        "  - hosts: [\"*a.example.com\", \"a.*.com\", \"**.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"),
      "6:13 error spec.servers[0].hosts[0]: \"*\" stands for whole labels "
      "only; found \"*a.example.com\" [IST0106]\n"
      "6:31 error spec.servers[0].hosts[1]: wanted a host such as "
      "\"web.example.com\" or \"*.example.com\"; found \"a.*.com\" [IST0106]\n"
      "6:42 error spec.servers[0].hosts[2]: wanted a host such as "
      "\"web.example.com\" or \"*.example.com\"; found \"**.com\" "
      "[IST0106]\n" },
    { "namespaces are labels",
      G("  servers:\n"
        "  - hosts: [-a/b.c, /b.c, a/, \"~/a.b\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"),
      "6:13 error spec.servers[0].hosts[0]: wanted a namespace, \".\" or \"*\" "
      "before \"/\"; found \"-a/b.c\" [IST0106]\n"
      "6:21 error spec.servers[0].hosts[1]: wanted a namespace before \"/\" "
      "and a host behind it; found \"/b.c\" [IST0106]\n"
      "6:27 error spec.servers[0].hosts[2]: wanted a namespace before \"/\" "
      "and a host behind it; found \"a/\" [IST0106]\n"
      "6:31 error spec.servers[0].hosts[3]: wanted a namespace, \".\" or \"*\" "
      "before \"/\"; found \"~/a.b\" [IST0106]\n" },
    { "hosts are names",
      G("  servers:\n"
        "  - hosts: [a_b.c, \"a..b\", a.b.]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"),
      "6:13 error spec.servers[0].hosts[0]: wanted a host such as "
      "\"web.example.com\" or \"*.example.com\"; found \"a_b.c\" [IST0106]\n"
      "6:20 error spec.servers[0].hosts[1]: wanted a host such as "
      "\"web.example.com\" or \"*.example.com\"; found \"a..b\" [IST0106]\n" },
    { "ports have known protocols, in any case",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: grpc-web}\n"),
      "" },
    { "unknown protocols",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: FTP}\n"),
      "7:43 error spec.servers[0].port.protocol: wanted HTTP, HTTPS, HTTP2, "
      "GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS or MYSQL, found \"FTP\" "
      "[IST0106]\n" },
    { "no protocol at all",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: \"\"}\n"),
      "7:43 error spec.servers[0].port.protocol: wanted HTTP, HTTPS, HTTP2, "
      "GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS or MYSQL, found \"\" "
      "[IST0106]\n" },
    { "ports have numbers in range",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 0, name: x, protocol: HTTP}\n"),
      "6:5 error spec.servers[0].bind: only a unix socket has port 0 "
      "[IST0106]\n"
      "7:20 error spec.servers[0].port.number: wanted a port from 1 to 65535, "
      "found \"0\" [IST0106]\n" },
    { "65536 is none",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 65536, name: x, protocol: HTTP}\n"),
      "7:20 error spec.servers[0].port.number: wanted 0 to 65535, found 65536 "
      "[IST0106]\n" },
    { "port names may not be empty",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: \"\", protocol: HTTP}\n"),
      "7:30 error spec.servers[0].port.name: may not be empty, found \"\" "
      "[IST0106]\n" },
    { "target ports have no place here",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP, targetPort: 81}\n"),
      "7:61 error spec.servers[0].port.targetPort: listeners have no target "
      "port: leave it away, found \"81\" [IST0106]\n" },
    { "a target port of 0 is none",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP, targetPort: 0}\n"),
      "" },
    { "port names are unique",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "  - hosts: [\"*\"]\n"
        "    port: {number: 81, name: x, protocol: HTTP}\n"),
      "7:30 error spec: two ports have this name [IST0106]\n"
      "9:30 error spec: two ports have this name [IST0106]\n" },
    { "binds are addresses",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    bind: 10.0.0.1\n"),
      "" },
    { "a zone belongs to an address",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    bind: \"fe80::1%eth0\"\n"),
      "" },
    { "a bind that is none",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    bind: localhost\n"),
      "8:11 error spec.servers[0].bind: wanted an IP address, found "
      "\"localhost\" [IST0106]\n" },
    { "a unix socket has no port",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 0, name: x, protocol: HTTP}\n"
        "    bind: unix:///a/b\n"),
      "" },
    { "a unix socket with one",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    bind: unix:///a/b\n"),
      "7:20 error spec.servers[0].port.number: a unix socket has no port: "
      "wanted 0, found \"80\" [IST0106]\n"
      "8:11 error spec.servers[0].bind: a unix socket has no port, found "
      "\"unix:///a/b\" [IST0106]\n" },
    { "a unix socket of the abstract space",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 0, name: x, protocol: HTTP}\n"
        "    bind: unix://@a\n"),
      "" },
    { "a unix socket is a file",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 0, name: x, protocol: HTTP}\n"
        "    bind: unix:///a/\n"),
      "8:11 error spec.servers[0].bind: wanted unix:// and the absolute path "
      "of a file, found \"unix:///a/\" [IST0106]\n" },
    { "numbers are no text",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: \"80\", name: 5, protocol: HTTP}\n"),
      "7:20 error spec.servers[0].port.number: wanted a whole number, found "
      "the string \"80\" [IST0106] (leave the quotes away)\n"
      "7:32 error spec.servers[0].port.name: wanted a string, found the number "
      "5 [IST0106] (quote it: \"5\")\n" },
    { "fields are spelt",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    tsl: {}\n"),
      "8:5 error spec.servers[0]: unknown field \"tsl\" [LM0002] (did you mean "
      "\"tls\"?)\n" },
    { "null is no value",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    bind: null\n"),
      "8:5 error spec.servers[0].bind: may not be null [IST0106] (leave the "
      "field away)\n" },
};

static const struct say_row tls[] = {
    { "HTTPS with a credential",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, credentialName: a}\n"),
      "" },
    { "HTTPS needs tls",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"),
      "6:5 error spec.servers[0]: \"tls\" is required with HTTPS and TLS "
      "[IST0106]\n"
      "7:44 error spec.servers[0]: \"tls\" is required with HTTPS and TLS "
      "[IST0106]\n" },
    { "TLS needs tls",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: TLS}\n"),
      "6:5 error spec.servers[0]: \"tls\" is required with HTTPS and TLS "
      "[IST0106]\n"
      "7:44 error spec.servers[0]: \"tls\" is required with HTTPS and TLS "
      "[IST0106]\n" },
    { "passing through needs no certificate",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {}\n"),
      "" },
    { "HTTP may redirect",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    tls: {httpsRedirect: true}\n"),
      "" },
    { "HTTP has no certificates",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    tls: {mode: SIMPLE, credentialName: a}\n"),
      "6:5 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n"
      "7:11 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n"
      "7:43 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n"
      "8:5 error spec.servers[0].tls: a port of plain HTTP can only redirect "
      "to HTTPS [IST0106]\n"
      "8:10 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n"
      "8:17 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n" },
    { "HTTP has no files either",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: HTTP}\n"
        "    tls: {privateKey: a}\n"),
      "6:5 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n"
      "7:11 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n"
      "7:43 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n"
      "8:5 error spec.servers[0].tls: a port of plain HTTP can only redirect "
      "to HTTPS [IST0106]\n"
      "8:10 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n"
      "8:23 error spec.servers[0]: a port of plain HTTP can only redirect to "
      "HTTPS [IST0106]\n" },
    { "TCP has no tls at all",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 80, name: x, protocol: TCP}\n"
        "    tls: {}\n"),
      "6:5 error spec.servers[0]: only HTTPS and TLS ports have TLS [IST0106]\n"
      "7:11 error spec.servers[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "7:43 error spec.servers[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "8:5 error spec.servers[0].tls: only HTTPS and TLS ports have TLS "
      "[IST0106]\n"
      "8:10 error spec.servers[0]: only HTTPS and TLS ports have TLS "
      "[IST0106]\n" },
    { "SIMPLE with files",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, serverCertificate: a, privateKey: b}\n"),
      "" },
    { "SIMPLE needs both files",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE}\n"),
      "8:10 error spec.servers[0].tls: serverCertificate and privateKey are "
      "required [IST0106]\n"
      "8:11 error spec.servers[0].tls.mode: serverCertificate and privateKey "
      "are required [IST0106]\n" },
    { "SIMPLE needs the key",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, serverCertificate: a}\n"),
      "8:10 error spec.servers[0].tls: serverCertificate and privateKey are "
      "required [IST0106]\n"
      "8:11 error spec.servers[0].tls.mode: serverCertificate and privateKey "
      "are required [IST0106]\n" },
    { "MUTUAL needs a CA",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: MUTUAL, serverCertificate: a, privateKey: b}\n"),
      "8:10 error spec.servers[0].tls: MUTUAL needs caCertificates [IST0106]\n"
      "8:11 error spec.servers[0].tls.mode: MUTUAL needs caCertificates "
      "[IST0106]\n" },
    { "OPTIONAL_MUTUAL as well",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: OPTIONAL_MUTUAL, serverCertificate: a, privateKey: "
        "b}\n"),
      "8:10 error spec.servers[0].tls: MUTUAL needs caCertificates [IST0106]\n"
      "8:11 error spec.servers[0].tls.mode: MUTUAL needs caCertificates "
      "[IST0106]\n" },
    { "MUTUAL with all of them",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: MUTUAL, serverCertificate: a, privateKey: b, "
        "caCertificates: c, caCrl: d}\n"),
      "" },
    { "each certificate needs its files",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, tlsCertificates: [{serverCertificate: a, "
        "privateKey: b}, {privateKey: b}]}\n"),
      "8:82 error spec.servers[0].tls.tlsCertificates[1]: serverCertificate "
      "and privateKey are required [IST0106]\n" },
    { "two certificates at most",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, tlsCertificates: [{serverCertificate: a, "
        "privateKey: b}, {serverCertificate: a, privateKey: b}, "
        "{serverCertificate: a, privateKey: b}]}\n"),
      "8:42 error spec.servers[0].tls.tlsCertificates: wanted at most 2 items, "
      "found 3 [IST0106]\n"
      "8:43 error spec.servers[0].tls.tlsCertificates: wanted at most 2 items, "
      "found 3 [IST0106]\n"
      "8:82 error spec.servers[0].tls.tlsCertificates: wanted at most 2 items, "
      "found 3 [IST0106]\n"
      "8:121 error spec.servers[0].tls.tlsCertificates: wanted at most 2 "
      "items, found 3 [IST0106]\n" },
    { "credentialNames has a name",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, credentialNames: []}\n"),
      "8:10 error spec.servers[0].tls: serverCertificate and privateKey are "
      "required [IST0106]\n"
      "8:11 error spec.servers[0].tls.mode: serverCertificate and privateKey "
      "are required [IST0106]\n"
      "8:42 error spec.servers[0].tls.credentialNames: wanted at least 1 items "
      "[IST0106]\n" },
    { "one source of certificates: name and names",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, credentialName: a, credentialNames: [b]}\n"),
      "8:10 error spec.servers[0].tls: wanted one source of certificates: "
      "credentialName, credentialNames, tlsCertificates, or serverCertificate "
      "with privateKey [IST0106]\n"
      "8:25 error spec.servers[0].tls.credentialName: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n"
      "8:44 error spec.servers[0].tls.credentialNames: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n" },
    { "one source: names and list",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, credentialNames: [a], tlsCertificates: "
        "[{serverCertificate: a, privateKey: b}]}\n"),
      "8:10 error spec.servers[0].tls: wanted one source of certificates: "
      "credentialName, credentialNames, tlsCertificates, or serverCertificate "
      "with privateKey [IST0106]\n"
      "8:25 error spec.servers[0].tls.credentialNames: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n"
      "8:47 error spec.servers[0].tls.tlsCertificates: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n" },
    { "one source: name and files",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, credentialName: a, serverCertificate: b, "
        "privateKey: c}\n"),
      "8:10 error spec.servers[0].tls: wanted one source of certificates: "
      "credentialName, credentialNames, tlsCertificates, or serverCertificate "
      "with privateKey [IST0106]\n"
      "8:25 error spec.servers[0].tls.credentialName: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n"
      "8:44 error spec.servers[0].tls.serverCertificate: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n"
      "8:66 error spec.servers[0].tls.privateKey: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n" },
    { "one source: list and name",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, credentialName: a, tlsCertificates: "
        "[{serverCertificate: a, privateKey: b}]}\n"),
      "8:10 error spec.servers[0].tls: wanted one source of certificates: "
      "credentialName, credentialNames, tlsCertificates, or serverCertificate "
      "with privateKey [IST0106]\n"
      "8:25 error spec.servers[0].tls.credentialName: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n"
      "8:44 error spec.servers[0].tls.tlsCertificates: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n" },
    { "an empty name beside names counts",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, credentialName: \"\", credentialNames: "
        "[b]}\n"),
      "8:10 error spec.servers[0].tls: wanted one source of certificates: "
      "credentialName, credentialNames, tlsCertificates, or serverCertificate "
      "with privateKey [IST0106]\n"
      "8:25 error spec.servers[0].tls.credentialName: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n"
      "8:45 error spec.servers[0].tls.credentialNames: wanted one source of "
      "certificates: credentialName, credentialNames, tlsCertificates, or "
      "serverCertificate with privateKey [IST0106]\n" },
    { "ISTIO_MUTUAL has its own",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: ISTIO_MUTUAL}\n"),
      "" },
    { "ISTIO_MUTUAL takes no other",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: ISTIO_MUTUAL, credentialName: a, caCertificates: "
        "b}\n"),
      "8:11 error spec.servers[0].tls.mode: ISTIO_MUTUAL has the mesh's own "
      "certificate: leave it away [IST0106]\n"
      "8:31 error spec.servers[0].tls.credentialName: ISTIO_MUTUAL has the "
      "mesh's own certificate: leave it away [IST0106]\n"
      "8:50 error spec.servers[0].tls.caCertificates: ISTIO_MUTUAL has the "
      "mesh's own certificate: leave it away [IST0106]\n" },
    { "revocation lists come with a client certificate",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMPLE, serverCertificate: a, privateKey: b, caCrl: "
        "c}\n"),
      "8:11 error spec.servers[0].tls.mode: SIMPLE asks for no certificate, so "
      "caCrl is idle [IST0106]\n"
      "8:62 error spec.servers[0].tls.caCrl: SIMPLE asks for no certificate, "
      "so caCrl is idle [IST0106]\n" },
    { "a credential holds its own revocation list",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: MUTUAL, credentialName: a, caCrl: c}\n"),
      "" },
    { "passing through ignores them",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: PASSTHROUGH, caCrl: c, credentialName: a}\n"),
      "8:30 error spec.servers[0].tls.caCrl: with credentialName the "
      "credential holds caCrl [IST0106]\n"
      "8:40 error spec.servers[0].tls.credentialName: with credentialName the "
      "credential holds caCrl [IST0106]\n" },
    { "modes are known",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {mode: SIMLPE}\n"),
      "8:17 error spec.servers[0].tls.mode: wanted one of PASSTHROUGH, SIMPLE, "
      "MUTUAL, AUTO_PASSTHROUGH, ISTIO_MUTUAL, OPTIONAL_MUTUAL, found "
      "\"SIMLPE\" [IST0106] (did you mean \"SIMPLE\"?)\n" },
    { "versions are known",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {minProtocolVersion: TLSV1_4}\n"),
      "8:31 error spec.servers[0].tls.minProtocolVersion: wanted one of "
      "TLS_AUTO, TLSV1_0, TLSV1_1, TLSV1_2, TLSV1_3, found \"TLSV1_4\" "
      "[IST0106] (did you mean \"TLSV1_0\"?)\n" },
    { "odd ciphers only warn",
      G("  servers:\n"
        "  - hosts: [\"a.example.com\"]\n"
        "    port: {number: 443, name: x, protocol: HTTPS}\n"
        "    tls: {cipherSuites: [foo, foo]}\n"),
      "" },
};

static const struct say_row names[] = {
    { "a name of one label",
      "apiVersion: networking.istio.io/v1\n"
      "kind: Gateway\n"
      "metadata: {name: a-1}\n"
      "spec:\n"
      "  servers:\n"
      "  - hosts: [\"a.example.com\"]\n"
      "    port: {number: 80, name: x, protocol: HTTP}\n",
      "" },
    { "a name with a dot",
      "apiVersion: networking.istio.io/v1\n"
      "kind: Gateway\n"
      "metadata: {name: a.b}\n"
      "spec:\n"
      "  servers:\n"
      "  - hosts: [\"a.example.com\"]\n"
      "    port: {number: 80, name: x, protocol: HTTP}\n",
      "3:18 error metadata.name: wanted letters, digits and \"-\", at most 63, "
      "found \"a.b\" [IST0106]\n" },
    { "no name",
      "apiVersion: networking.istio.io/v1\n"
      "kind: Gateway\n"
      "metadata: {}\n"
      "spec:\n"
      "  servers:\n"
      "  - hosts: [\"a.example.com\"]\n"
      "    port: {number: 80, name: x, protocol: HTTP}\n",
      "1:1 error a Gateway needs a name [IST0106]\n"
      "3:1 error metadata: a Gateway needs a name [IST0106]\n"
      "3:11 error metadata.name: a Gateway needs a name [IST0106]\n" },
    { "a name that is a list",
      "apiVersion: networking.istio.io/v1\n"
      "kind: Gateway\n"
      "metadata: {name: [a]}\n"
      "spec:\n"
      "  servers:\n"
      "  - hosts: [\"a.example.com\"]\n"
      "    port: {number: 80, name: x, protocol: HTTP}\n",
      "1:1 error a Gateway needs a name [IST0106]\n"
      "3:1 error metadata: a Gateway needs a name [IST0106]\n"
      "3:18 error metadata.name: a Gateway needs a name [IST0106]\n"
      "3:18 error metadata.name: wanted a string, found a list [IST0106]\n" },
    { "a number is a name",
      "apiVersion: networking.istio.io/v1\n"
      "kind: Gateway\n"
      "metadata: {name: 5}\n"
      "spec:\n"
      "  servers:\n"
      "  - hosts: [\"a.example.com\"]\n"
      "    port: {number: 80, name: x, protocol: HTTP}\n",
      "" },
};

static void judges_servers(void **state)
{
    (void)state;
    SAY_ERRORS(servers);
}

static void judges_tls(void **state)
{
    (void)state;
    SAY_ERRORS(tls);
}

static void judges_names(void **state)
{
    (void)state;
    SAY_ERRORS(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_servers),
        cmocka_unit_test(judges_tls),
        cmocka_unit_test(judges_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
