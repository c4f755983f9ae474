/*
 * test_routes.c - the rules of a VirtualService, each kept and each broken.
 * Each row was put before Istio's own code, which says the same.
 */
#include "say.h"

/* From line 5 on. */
#define VS(text)                                                               \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: a, namespace: ns}\nspec:\n" text

static const struct say_row virtual_service_rows[] = {
    { "a gateway has a name, and perhaps a namespace before it",
      VS("  gateways: [x/y, g.ns]\n"
         "  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "" },
    { "a gateway has a name, and perhaps a namespace before it, and not so",
      VS("  gateways: [x/y, x/y_z]\n"
         "  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "5:19 error spec.gateways[1]: wanted \"mesh\", a gateway or "
      "\"namespace/gateway\", found \"x/y_z\" [IST0106]\n" },
    { "behind a gateway without a namespace nobody looks",
      VS("  gateways: [mesh, x/y_z]\n"
         "  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "" },
    { "behind a gateway without a namespace nobody looks, and not so",
      VS("  gateways: [x/y_z, mesh]\n"
         "  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "5:14 error spec.gateways[0]: wanted \"mesh\", a gateway or "
      "\"namespace/gateway\", found \"x/y_z\" [IST0106]\n" },
    { "every host is for gateways",
      VS("  gateways: [x/y]\n"
         "  hosts: [\"*\"]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "" },
    { "every host is for gateways, and not so",
      VS("  gateways: [x/y, mesh]\n"
         "  hosts: [\"*\"]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "5:19 error spec.gateways[1]: \"*\" is for gateways, not for the mesh "
      "[IST0106]\n"
      "6:11 error spec.hosts[0]: \"*\" is for gateways, not for the mesh "
      "[IST0106]\n" },
    { "a sidecar's own names are for TLS at gateways",
      VS("  gateways: [x/y]\n"
         "  hosts: [\"outbound_.80_._.a.b\"]\n"
         "  tls:\n"
         "  - {match: [{sniHosts: [\"outbound_.80_._.a.b\"]}], route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "a sidecar's own names are for TLS at gateways, and not so",
      VS("  gateways: [x/y]\n"
         "  hosts: [\"outbound_.80_._.a.b\"]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "6:11 error spec.hosts[0]: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found "
      "\"outbound_.80_._.a.b\" [IST0106]\n" },
    { "a number may be a host, when it stands alone",
      VS("  hosts: [\"123\"]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "" },
    { "a number may be a host, when it stands alone, and not so",
      VS("  hosts: [\"a.123\"]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "5:11 error spec.hosts[0]: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"a.123\" "
      "[IST0106]\n" },
    { "an address is a host",
      VS("  hosts: [\"fe80::1%eth0\"]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "" },
    { "an address is a host, and not so",
      VS("  hosts: [\"fe80::1%\"]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "5:11 error spec.hosts[0]: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"fe80::1%\" "
      "[IST0106]\n" },
    { "claims are for gateways",
      VS("  gateways: [x/y]\n"
         "  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{headers: {\"@request.auth.claims.a\": {exact: b}}}], "
         "route: [{destination: {host: a}}]}\n"),
      "" },
    { "claims are for gateways, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{withoutHeaders: {\"@request.auth.claims[a]\": {exact: "
         "b}}}], route: [{destination: {host: a}}]}\n"),
      "5:3 error spec: claims of a token are for gateways only [IST0106]\n"
      "7:32 error "
      "spec.http[0].match[0].withoutHeaders[@request.auth.claims[a]]: claims "
      "of a token are for gateways only [IST0106]\n" },
    { "pseudo-headers are five",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{headers: {\":path\": {exact: b}}}], route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "pseudo-headers are five, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{headers: {\":host\": {exact: b}}}], route: "
         "[{destination: {host: a}}]}\n"),
      "7:25 error spec.http[0].match[0].headers[:host]: \":host\" is no header "
      "name [IST0106]\n" },
    { "a header's name is a token",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{headers: {\"x,y\": {exact: b}}}], route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "a header's name is a token, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{headers: {\"x y\": {exact: b}}}], route: "
         "[{destination: {host: a}}]}\n"),
      "7:25 error spec.http[0].match[0].headers[x y]: \"x y\" is no header "
      "name [IST0106]\n" },
    { "any port is 0",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{port: 0}], route: [{destination: {host: a}}]}\n"),
      "" },
    { "any port is 0, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{port: 65536}], route: [{destination: {host: a}}]}\n"),
      "7:21 error spec.http[0].match[0].port: wanted 0 to 65535, found 65536 "
      "[IST0106]\n" },
    { "labels have Istio's grammar",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{sourceLabels: {A.b/c: d_e}}], route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "labels have Istio's grammar, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{sourceLabels: {a: \"b c\"}}], route: [{destination: "
         "{host: a}}]}\n"),
      "7:33 error spec.http[0].match[0].sourceLabels[a]: \"b c\" is no label "
      "value [IST0106]\n" },
    { "a namespace takes capitals",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{sourceNamespace: Shop}], route: [{destination: {host: "
         "a}}]}\n"),
      "" },
    { "a namespace takes capitals, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{sourceNamespace: a.b}], route: [{destination: {host: "
         "a}}]}\n"),
      "7:32 error spec.http[0].match[0].sourceNamespace: wanted letters, "
      "digits and \"-\", at most 63, found \"a.b\" [IST0106]\n" },
    { "Host may be set in requests",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {set: {Host: b}}}, route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "Host may be set in requests, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {response: {set: {Host: b}}}, route: [{destination: "
         "{host: a}}]}\n"),
      "7:33 error spec.http[0].headers.response.set[Host]: \"Host\" may not be "
      "changed here [IST0106]\n" },
    { "no header is without a name",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {add: {\"a b\": c}}}, route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "no header is without a name, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {add: {\"\": c}}}, route: [{destination: "
         "{host: a}}]}\n"),
      "7:32 error spec.http[0].headers.request.add[]: a header without a name "
      "[IST0106]\n" },
    { "pseudo-headers stay",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {add: {\":authority\": c}}}, route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "pseudo-headers stay, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {add: {\":path\": c}}}, route: "
         "[{destination: {host: a}}]}\n"),
      "7:32 error spec.http[0].headers.request.add[:path]: \":path\" may not "
      "be changed here [IST0106]\n" },
    { "what is removed has a name too",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {remove: [a]}}, route: [{destination: {host: "
         "a}}]}\n"),
      "" },
    { "what is removed has a name too, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {remove: [host]}}, route: [{destination: "
         "{host: a}}]}\n"),
      "7:35 error spec.http[0].headers.request.remove[0]: \"host\" may not be "
      "changed here [IST0106]\n" },
    { "commands stand between percents",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {set: {a: \"100%% %REQ(x)%\"}}}, route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "commands stand between percents, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {set: {a: \"100%\"}}}, route: [{destination: "
         "{host: a}}]}\n"),
      "7:35 error spec.http[0].headers.request.set[a]: wanted printable text, "
      "each \"%\" doubled or around a command such as %REQ(x-a)%, found "
      "\"100%\" [IST0106]\n" },
    { "commands have arguments in brackets",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {set: {a: '%DYNAMIC_METADATA([\"a\", "
         "\"b\"])%'}}}, route: [{destination: {host: a}}]}\n"),
      "" },
    { "commands have arguments in brackets, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {set: {a: '%DYNAMIC_METADATA([\"a\" "
         "\"b\"])%'}}}, route: [{destination: {host: a}}]}\n"),
      "7:35 error spec.http[0].headers.request.set[a]: wanted printable text, "
      "each \"%\" doubled or around a command such as %REQ(x-a)%, found "
      "\"%DYNAMIC_METADATA([\"a\" \"b\"])%\" [IST0106]\n" },
    { "values are printable",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {set: {a: \"b\\tc\"}}}, route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "values are printable, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {headers: {request: {set: {a: \"b\\nc\"}}}, route: "
         "[{destination: {host: a}}]}\n"),
      "7:35 error spec.http[0].headers.request.set[a]: wanted printable text, "
      "each \"%\" doubled or around a command such as %REQ(x-a)%, found "
      "\"b?c\" [IST0106]\n" },
    { "the headers of a destination are judged as well",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}, headers: {request: {set: {a: "
         "b}}}}]}\n"),
      "" },
    { "the headers of a destination are judged as well, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}, headers: {request: {set: {a: "
         "\"%\"}}}}]}\n"),
      "7:68 error spec.http[0].route[0].headers.request.set[a]: wanted "
      "printable text, each \"%\" doubled or around a command such as "
      "%REQ(x-a)%, found \"%\" [IST0106]\n" },
    { "the authority is changed once",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uri: /b}, headers: {request: {set: {host: b}}}, "
         "route: [{destination: {host: a}}]}\n"),
      "" },
    { "the authority is changed once, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {authority: c}, headers: {request: {set: {host: b}}}, "
         "route: [{destination: {host: a}}]}\n"),
      "7:27 error spec.http[0]: the authority is changed twice [IST0106]\n"
      "7:57 error spec.http[0]: the authority is changed twice [IST0106]\n" },
    { "a rewrite rewrites",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uri: \"\", authority: b}, route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "a rewrite rewrites, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uri: \"\", authority: \"\"}, route: [{destination: "
         "{host: a}}]}\n"),
      "7:15 error spec.http[0].rewrite: rewrites nothing [IST0106]\n" },
    { "one rewrite of the path",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uriRegexRewrite: {match: a, rewrite: b}}, route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "one rewrite of the path, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uri: c, uriRegexRewrite: {match: a, rewrite: b}}, "
         "route: [{destination: {host: a}}]}\n"),
      "7:16 error spec.http[0].rewrite.uri: \"uri\" and \"uriRegexRewrite\" "
      "exclude each other [IST0106]\n"
      "7:24 error spec.http[0].rewrite.uriRegexRewrite: \"uri\" and "
      "\"uriRegexRewrite\" exclude each other [IST0106]\n" },
    { "a regex rewrite has both halves",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uriRegexRewrite: {match: a, rewrite: b}}, route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "a regex rewrite has both halves, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uriRegexRewrite: {match: a}}, route: [{destination: "
         "{host: a}}]}\n"),
      "7:33 error spec.http[0].rewrite.uriRegexRewrite: \"rewrite\" is "
      "required [IST0106]\n" },
    { "a regex rewrite has a regex",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uriRegexRewrite: {match: \"(a)\", rewrite: b}}, "
         "route: [{destination: {host: a}}]}\n"),
      "" },
    { "a regex rewrite has a regex, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {rewrite: {uriRegexRewrite: {match: \"(a\", rewrite: b}}, route: "
         "[{destination: {host: a}}]}\n"),
      "7:41 error spec.http[0].rewrite.uriRegexRewrite.match: regular "
      "expression, byte 2: a ( without its ) [IST0106]\n" },
    { "methods of CORS are HTTP's",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {corsPolicy: {allowMethods: [GET, \"*\"]}, route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "methods of CORS are HTTP's, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {corsPolicy: {allowMethods: [get]}, route: [{destination: {host: "
         "a}}]}\n"),
      "7:34 error spec.http[0].corsPolicy.allowMethods[0]: wanted a method of "
      "HTTP or \"*\", found \"get\" [IST0106] (did you mean \"GET\"?)\n" },
    { "headers of CORS have names",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {corsPolicy: {allowHeaders: [\"*\", x-a], exposeHeaders: [x-b]}, "
         "route: [{destination: {host: a}}]}\n"),
      "" },
    { "headers of CORS have names, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {corsPolicy: {allowHeaders: [\"\"], exposeHeaders: [x b]}, "
         "route: [{destination: {host: a}}]}\n"),
      "7:34 error spec.http[0].corsPolicy.allowHeaders[0]: \"\" is no header "
      "name [IST0106]\n"
      "7:55 error spec.http[0].corsPolicy.exposeHeaders[0]: \"x b\" is no "
      "header name [IST0106]\n" },
    { "origins are not empty",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {corsPolicy: {allowOrigins: [{exact: a}]}, route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "origins are not empty, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {corsPolicy: {allowOrigins: [{}, {exact: \"\"}]}, route: "
         "[{destination: {host: a}}]}\n"),
      "7:34 error spec.http[0].corsPolicy.allowOrigins[0]: an origin may not "
      "be empty [IST0106]\n"
      "7:46 error spec.http[0].corsPolicy.allowOrigins[1]: an origin may not "
      "be empty [IST0106]\n" },
    { "the age of CORS is in seconds",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {corsPolicy: {maxAge: 60s}, route: [{destination: {host: "
         "a}}]}\n"),
      "" },
    { "the age of CORS is in seconds, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {corsPolicy: {maxAge: 1500ms}, route: [{destination: {host: "
         "a}}]}\n"),
      "7:27 error spec.http[0].corsPolicy.maxAge: wanted whole seconds, found "
      "\"1500ms\" [IST0106]\n" },
    { "a fault is at least a millionth",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {fault: {delay: {fixedDelay: 1s, percentage: {value: 0.0001}}}, "
         "route: [{destination: {host: a}}]}\n"),
      "" },
    { "a fault is at least a millionth, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {fault: {delay: {fixedDelay: 1s, percentage: {value: 0.00001}}}, "
         "route: [{destination: {host: a}}]}\n"),
      "7:58 error spec.http[0].fault.delay: wanted 0 or at least 0.0001, found "
      "0.00001 [IST0106]\n" },
    { "two faults were never made",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {fault: {abort: {httpStatus: 503}}, route: [{destination: {host: "
         "a}}]}\n"),
      "" },
    { "two faults were never made, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {fault: {abort: {http2Error: A}, delay: {exponentialDelay: 1s}}, "
         "route: [{destination: {host: a}}]}\n"),
      "7:34 error spec.http[0].fault.abort.http2Error: never made: Istio "
      "rejects it too [IST0106]\n"
      "7:64 error spec.http[0].fault.delay.exponentialDelay: never made: Istio "
      "rejects it too [IST0106]\n" },
    { "gRPC has names for its failures",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {fault: {abort: {grpcStatus: NOT_FOUND}}, route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "gRPC has names for its failures, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {fault: {abort: {grpcStatus: NOTFOUND}}, route: [{destination: "
         "{host: a}}]}\n"),
      "7:34 error spec.http[0].fault.abort.grpcStatus: wanted a status of gRPC "
      "such as NOT_FOUND, found \"NOTFOUND\" [IST0106] (did you mean "
      "\"NOT_FOUND\"?)\n" },
    { "a fault is one",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {fault: {abort: {}}, route: [{destination: {host: a}}]}\n"),
      "" },
    { "a fault is one, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {fault: {}, route: [{destination: {host: a}}]}\n"),
      "7:13 error spec.http[0].fault: abort or delay is required [IST0106]\n" },
    { "a redirect leads somewhere",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {redirect: {port: 0}}\n"),
      "" },
    { "a redirect leads somewhere, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {redirect: {uri: \"\", redirectCode: 302}}\n"),
      "7:16 error spec.http[0].redirect: redirects to nowhere else "
      "[IST0106]\n" },
    { "a redirect has a code of its own",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {redirect: {uri: /a, redirectCode: 0}}\n"),
      "" },
    { "a redirect has a code of its own, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {redirect: {uri: /a, redirectCode: 400}}\n"),
      "7:40 error spec.http[0].redirect.redirectCode: wanted a code from 300 "
      "to 399, found 400 [IST0106]\n" },
    { "a redirect is for HTTP",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {redirect: {scheme: https}}\n"),
      "" },
    { "a redirect is for HTTP, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {redirect: {scheme: ftp}}\n"),
      "7:25 error spec.http[0].redirect.scheme: wanted http or https, found "
      "\"ftp\" [IST0106]\n" },
    { "a redirect replaces one thing",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {redirect: {uri: \"\", prefixRewrite: /a}}\n"),
      "" },
    { "a redirect replaces one thing, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {redirect: {uri: /b, prefixRewrite: /a}}\n"),
      "7:17 error spec.http[0].redirect.uri: \"uri\" and \"prefixRewrite\" "
      "exclude each other [IST0106]\n"
      "7:26 error spec.http[0].redirect.prefixRewrite: \"uri\" and "
      "\"prefixRewrite\" exclude each other [IST0106]\n" },
    { "a prefix is rewritten where one is matched",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{uri: {prefix: /b}}, {port: 1}], redirect: "
         "{prefixRewrite: /a}}\n"),
      "" },
    { "a prefix is rewritten where one is matched, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {match: [{uri: {exact: /b}}], redirect: {prefixRewrite: /a}}\n"),
      "7:20 error spec.http[0]: a uri must be matched by prefix for "
      "prefixRewrite [IST0106]\n"
      "7:61 error spec.http[0]: prefixRewrite needs a uri that is matched by "
      "prefix [IST0106]\n" },
    { "a reply has a status",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {directResponse: {status: 600}}\n"),
      "" },
    { "a reply has a status, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {directResponse: {status: 601}}\n"),
      "7:31 error spec.http[0].directResponse.status: wanted 200 to 600, found "
      "601 [IST0106]\n" },
    { "bytes are base64, padding and all",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {directResponse: {status: 200, body: {bytes: aGk=}}}\n"),
      "" },
    { "bytes are base64, padding and all, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {directResponse: {status: 200, body: {bytes: aGk}}}\n"),
      "7:50 error spec.http[0].directResponse.body.bytes: wanted base64 with "
      "its padding, found \"aGk\" [IST0106]\n" },
    { "bytes are not in the alphabet of URLs",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {directResponse: {status: 200, body: {bytes: /+8=}}}\n"),
      "" },
    { "bytes are not in the alphabet of URLs, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {directResponse: {status: 200, body: {bytes: _-8=}}}\n"),
      "7:50 error spec.http[0].directResponse.body.bytes: wanted base64 with "
      "its padding, found \"_-8=\" [IST0106]\n" },
    { "a delegate goes with replies of its own",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {delegate: {name: b}, directResponse: {status: 200}}\n"),
      "" },
    { "a delegate goes with replies of its own, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {delegate: {name: b}, redirect: {uri: /a}}\n"),
      "7:6 error spec.http[0].delegate: \"delegate\" and \"redirect\" exclude "
      "each other [IST0106]\n"
      "7:27 error spec.http[0].redirect: \"delegate\" and \"redirect\" exclude "
      "each other [IST0106]\n" },
    { "a delegate has no route",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {delegate: {name: b}}\n"),
      "" },
    { "a delegate has no route, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {delegate: {name: b}, route: [{destination: {host: a}}]}\n"),
      "7:6 error spec.http[0].delegate: \"delegate\" and \"route\" exclude "
      "each other [IST0106]\n"
      "7:27 error spec.http[0].route: \"delegate\" and \"route\" exclude each "
      "other [IST0106]\n" },
    { "a delegate does not delegate",
      VS("  http:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "" },
    { "a delegate does not delegate, and not so",
      VS("  http:\n"
         "  - {delegate: {name: b}}\n"),
      "5:3 error spec: a delegate, which has no hosts, does not delegate "
      "[IST0106]\n"
      "6:16 error spec.http[0]: a delegate, which has no hosts, does not "
      "delegate [IST0106]\n" },
    { "a rule does one thing",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {directResponse: {status: 200}, route: []}\n"),
      "" },
    { "a rule does one thing, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {directResponse: {status: 200}, route: [{destination: {host: "
         "a}}]}\n"),
      "7:6 error spec.http[0].directResponse: \"route\" and \"directResponse\" "
      "exclude each other [IST0106]\n"
      "7:37 error spec.http[0].route: \"route\" and \"directResponse\" exclude "
      "each other [IST0106]\n" },
    { "one kind of mirrors",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {mirror: {host: b}, mirrors: [], route: [{destination: {host: "
         "a}}]}\n"),
      "" },
    { "one kind of mirrors, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {mirror: {host: b}, mirrors: [{destination: {host: c}}], route: "
         "[{destination: {host: a}}]}\n"),
      "7:6 error spec.http[0].mirror: \"mirror\" and \"mirrors\" exclude each "
      "other [IST0106]\n"
      "7:25 error spec.http[0].mirrors: \"mirror\" and \"mirrors\" exclude "
      "each other [IST0106]\n" },
    { "weights add up",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}, {destination: {host: b}, "
         "weight: 1}]}\n"),
      "" },
    { "weights add up, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a}}, {destination: {host: b}}]}\n"),
      "7:14 error spec.http[0].route[0]: the weights add up to 0 [IST0106]\n"
      "7:40 error spec.http[0].route[1]: the weights add up to 0 [IST0106]\n" },
    { "a destination's port is one",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a, port: {number: 65535}}}]}\n"),
      "" },
    { "a destination's port is one, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {route: [{destination: {host: a, port: {}}}]}\n"),
      "7:44 error spec.http[0].route[0].destination.port: \"number\" is "
      "required [IST0106]\n" },
    { "codes to retry on are those of HTTP",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {retries: {attempts: 1, retryOn: \"+503,reset\"}, route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "codes to retry on are those of HTTP, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {retries: {attempts: 1, retryOn: \"503, 599\"}, route: "
         "[{destination: {host: a}}]}\n"),
      "7:38 error spec.http[0].retries.retryOn: \" 599\" is no condition to "
      "retry on, nor an HTTP status [IST0106]\n" },
    { "no retries, no conditions",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {retries: {attempts: 1, retryOn: \"503\"}, route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "no retries, no conditions, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {retries: {retryOn: \"503\"}, route: [{destination: {host: "
         "a}}]}\n"),
      "7:15 error spec.http[0].retries: perTryTimeout, retryOn and "
      "retryRemoteLocalities have no meaning with 0 attempts [IST0106]\n"
      "7:16 error spec.http[0].retries.retryOn: perTryTimeout, retryOn and "
      "retryRemoteLocalities have no meaning with 0 attempts [IST0106]\n" },
    { "null says nothing where it may",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {retries: {retryRemoteLocalities: null}, route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "null says nothing where it may, and not so",
      VS("  hosts: [a]\n"
         "  http:\n"
         "  - {retries: {attempts: null}, route: [{destination: {host: "
         "a}}]}\n"),
      "7:16 error spec.http[0].retries.attempts: may not be null [IST0106] "
      "(leave the field away)\n" },
    { "TCP has a route",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {route: [{destination: {host: a}}]}\n"),
      "" },
    { "TCP has a route, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {match: [{port: 1}]}\n"),
      "7:5 error spec.tcp[0]: \"route\" is required [IST0106]\n" },
    { "subnets are addresses",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {match: [{destinationSubnets: [\"10.0.0.0/8\", \"::1\"], port: "
         "0}], route: [{destination: {host: a}}]}\n"),
      "" },
    { "subnets are addresses, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {match: [{destinationSubnets: [\"10.0.0.0/33\"]}], route: "
         "[{destination: {host: a}}]}\n"),
      "7:36 error spec.tcp[0].match[0].destinationSubnets[0]: wanted an IP "
      "address or a block such as 10.0.0.0/8, found \"10.0.0.0/33\" "
      "[IST0106]\n" },
    { "sources of TCP have labels",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {match: [{sourceLabels: {a: b}, sourceNamespace: \"?\"}], route: "
         "[{destination: {host: a}}]}\n"),
      "" },
    { "sources of TCP have labels, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {match: [{sourceLabels: {a: \"*\"}}], route: [{destination: "
         "{host: a}}]}\n"),
      "7:33 error spec.tcp[0].match[0].sourceLabels[a]: \"*\" is no label "
      "value [IST0106]\n" },
    { "gateways of TCP have names",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {match: [{gateways: [x/y]}], route: [{destination: {host: "
         "a}}]}\n"),
      "" },
    { "gateways of TCP have names, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {match: [{gateways: [\"x/*\"]}], route: [{destination: {host: "
         "a}}]}\n"),
      "7:26 error spec.tcp[0].match[0].gateways[0]: wanted \"mesh\", a gateway "
      "or \"namespace/gateway\", found \"x/*\" [IST0106]\n" },
    { "weights of TCP add up",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {route: [{destination: {host: a}, weight: 1}, {destination: "
         "{host: b}}]}\n"),
      "" },
    { "weights of TCP add up, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tcp:\n"
         "  - {route: [{destination: {host: a}, weight: 0}, {destination: "
         "{host: b}}]}\n"),
      "7:47 error spec.tcp[0].route[0]: the weights add up to 0 [IST0106]\n"
      "7:51 error spec.tcp[0].route[1]: the weights add up to 0 [IST0106]\n" },
    { "TLS asks for hosts that are there",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tls:\n"
         "  - {match: [{sniHosts: [a, c.b, \"*.d.b\"]}], route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "TLS asks for hosts that are there, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tls:\n"
         "  - {match: [{sniHosts: [c]}], route: [{destination: {host: a}}]}\n"),
      "5:3 error spec.hosts: these hosts have no \"c\", which TLS is to ask "
      "for [IST0106]\n"
      "5:11 error spec.hosts[0]: this is not \"c\", which TLS is to ask for "
      "[IST0106]\n"
      "5:14 error spec.hosts[1]: this is not \"c\", which TLS is to ask for "
      "[IST0106]\n"
      "7:26 error spec.tls[0].match[0].sniHosts[0]: \"c\" is none of the hosts "
      "of this VirtualService [IST0106]\n" },
    { "TLS asks for something",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tls:\n"
         "  - {match: [{sniHosts: [a]}], route: [{destination: {host: a}}]}\n"),
      "" },
    { "TLS asks for something, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tls:\n"
         "  - {match: [{sniHosts: []}], route: [{destination: {host: a}}]}\n"),
      "7:25 error spec.tls[0].match[0].sniHosts: wanted at least 1 items "
      "[IST0106]\n" },
    { "TLS asks for names",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tls:\n"
         "  - {match: [{sniHosts: [\"1.2.3.4\"]}], route: [{destination: "
         "{host: a}}]}\n"),
      "" },
    { "TLS asks for names, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tls:\n"
         "  - {match: [{sniHosts: [\"a_b\"]}], route: [{destination: {host: "
         "a}}]}\n"),
      "7:26 error spec.tls[0].match[0].sniHosts[0]: wanted a host such as "
      "\"web\", \"web.ns.svc.cluster.local\" or \"*.example.com\", found "
      "\"a_b\" [IST0106]\n" },
    { "TLS has matches and a route",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tls:\n"
         "  - {match: [{sniHosts: [a]}], route: [{destination: {host: a}}]}\n"),
      "" },
    { "TLS has matches and a route, and not so",
      VS("  hosts: [a, \"*.b\"]\n"
         "  tls:\n"
         "  - {match: []}\n"),
      "7:5 error spec.tls[0]: \"route\" is required [IST0106]\n"
      "7:13 error spec.tls[0].match: wanted at least 1 items [IST0106]\n" },
};

static void judges_virtual_service(void **state)
{
    (void)state;
    SAY_ERRORS(virtual_service_rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_virtual_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
