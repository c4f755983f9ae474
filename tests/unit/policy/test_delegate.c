/*
 * test_delegate.c - do a root's routes and its delegates' become the list that
 * istiod makes of them?
 */
#include "../../golden/yard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char base[] = "apiVersion: v1\n"
                           "kind: Service\n"
                           "metadata: {name: web, namespace: demo}\n"
                           "spec: {ports: [{name: http, port: 80}]}\n"
                           "---\n"
                           "apiVersion: v1\n"
                           "kind: Service\n"
                           "metadata: {name: web, namespace: prod}\n"
                           "spec: {ports: [{name: http, port: 80}]}\n";

#define WEB "web.demo.svc.cluster.local"
#define VS(namespace, name, spec)                                              \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: " name ", namespace: " namespace "}\n"                   \
                                                       "spec: " spec "\n"
/* The root, whose one route has this; and the leaf's one route. */
#define PAIR(root, leaf)                                                       \
    VS("demo", "root",                                                         \
       "{hosts: [web], http: [{" root "delegate: {name: leaf}}]}")             \
    VS("demo", "leaf",                                                         \
       "{http: [{" leaf "route: [{destination: {host: web}}]}]}")
#define MATCH(entries) "match: [" entries "], "
#define TO             " -> outbound|80||" WEB "*1"
#define DEFAULT        " timeout=0ms retry on=22b0 attempts=2 per-try=0ms picks=5"
#define AT_LEAF        " @ VirtualService demo/leaf (row.yaml:10)"
/* Nothing of the root is left: the service's own route counts. */
#define NOTHING                                                                \
    "rule " WEB ":80 0 'default': any" TO DEFAULT                              \
    " @ Service demo/web (base.yaml:1)"
#define RULE(name, entry)                                                      \
    "rule " WEB ":80 0 '" name "':" entry TO DEFAULT AT_LEAF

static const struct yard_row entries[] = {
    { "neither asks for anything", "ns=demo", PAIR("", ""), RULE("", " any") },
    { "the root's hold where the leaf has none", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a}}"), ""), RULE("", " uri prefix:/a;") },
    { "the leaf's hold where the root has none", "ns=demo",
      PAIR("", MATCH("{uri: {prefix: /a}}")), RULE("", " uri prefix:/a;") },
    { "a longer prefix is the leaf's right", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a}}"), MATCH("{uri: {prefix: /a/b}}")),
      RULE("", " uri prefix:/a/b;") },
    { "so is an exact path below it", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a}}"), MATCH("{uri: {exact: /a/b}}")),
      RULE("", " uri exact:/a/b;") },
    { "another prefix is not", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a}}"), MATCH("{uri: {prefix: /b}}")),
      NOTHING },
    { "nor a shorter one", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a/b}}"), MATCH("{uri: {prefix: /a}}")),
      NOTHING },
    { "nor a prefix below an exact path", "ns=demo",
      PAIR(MATCH("{uri: {exact: /a}}"), MATCH("{uri: {prefix: /a}}")),
      NOTHING },
    { "the same exact path is", "ns=demo",
      PAIR(MATCH("{uri: {exact: /a}}"), MATCH("{uri: {exact: /a}}")),
      RULE("", " uri exact:/a;") },
    { "another is not", "ns=demo",
      PAIR(MATCH("{uri: {exact: /a}}"), MATCH("{uri: {exact: /b}}")), NOTHING },
    { "a regex excludes whatever else there is", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a}}"), MATCH("{uri: {regex: '/a.*'}}")),
      NOTHING },
    { "on either side", "ns=demo",
      PAIR(MATCH("{uri: {regex: '/a.*'}}"), MATCH("{uri: {exact: /a}}")),
      NOTHING },
    { "but not what speaks of something else", "ns=demo",
      PAIR(MATCH("{uri: {regex: '/a.*'}}"), MATCH("{method: {exact: GET}}")),
      RULE("", " uri regex:/a.*; method exact:GET;") },
    { "headers of both hold", "ns=demo",
      PAIR(MATCH("{headers: {a: {exact: x}}}"),
           MATCH("{headers: {b: {exact: z}}}")),
      RULE("", " header b exact:z; header a exact:x;") },
    { "unless they want one to be two things", "ns=demo",
      PAIR(MATCH("{headers: {a: {exact: x}}}"),
           MATCH("{headers: {a: {exact: z}}}")),
      NOTHING },
    { "presence meets nothing, not even itself", "ns=demo",
      PAIR(MATCH("{headers: {a: {}}}"), MATCH("{headers: {a: {}}}")), NOTHING },
    { "headers that must be absent add up, too", "ns=demo",
      PAIR(MATCH("{withoutHeaders: {a: {}}}"),
           MATCH("{withoutHeaders: {b: {}}}")),
      RULE("", " not header b present; not header a present;") },
    { "so do parameters of the query", "ns=demo",
      PAIR(MATCH("{queryParams: {a: {exact: x}}}"),
           MATCH("{queryParams: {b: {exact: z}}}")),
      RULE("", " query b exact:z; query a exact:x;") },
    { "their case must be minded alike", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a}, ignoreUriCase: true}"),
           MATCH("{uri: {prefix: /a/b}}")),
      NOTHING },
    { "two ports are one too many", "ns=demo",
      PAIR(MATCH("{port: 80}"), MATCH("{port: 81}")), NOTHING },
    { "one is enough", "ns=demo",
      PAIR(MATCH("{port: 80}"), MATCH("{uri: {exact: /x}}")),
      RULE("", " uri exact:/x;") },
    { "the root's namespace must be the leaf's, word for word", "ns=demo",
      PAIR(MATCH("{sourceNamespace: demo}"), MATCH("{uri: {exact: /x}}")),
      NOTHING },
    { "a leaf may ask for one where the root does not", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /x}}"), MATCH("{sourceNamespace: demo}")),
      RULE("", " uri prefix:/x;") },
    { "labels of both must fit", "ns=demo labels=a=x",
      PAIR(MATCH("{sourceLabels: {a: x}}"), MATCH("{sourceLabels: {b: z}}")),
      NOTHING },
    { "and do", "ns=demo labels=a=x,b=z",
      PAIR(MATCH("{sourceLabels: {a: x}, uri: {prefix: /x}}"),
           MATCH("{sourceLabels: {b: z}}")),
      RULE("", " uri prefix:/x;") },
    { "unless they are of two minds", "ns=demo labels=a=x",
      PAIR(MATCH("{sourceLabels: {a: x}}"), MATCH("{sourceLabels: {a: w}}")),
      NOTHING },
    { "a leaf's gateways are among the root's", "ns=demo",
      PAIR(MATCH("{gateways: [mesh, g]}"),
           MATCH("{gateways: [mesh], uri: {prefix: /x}}")),
      RULE("", " uri prefix:/x;") },
    { "others exclude", "ns=demo",
      PAIR(MATCH("{gateways: [g]}"), MATCH("{gateways: [mesh]}")), NOTHING },
    { "every entry meets every entry", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a}}, {method: {exact: GET}}"),
           MATCH("{headers: {x: {exact: z}}}")),
      RULE("",
           " uri prefix:/a; header x exact:z;") "\n"
                                                "rule " WEB
                                                ":80 1 '': method exact:GET; "
                                                "header x exact:z;" TO DEFAULT
                                                    AT_LEAF },
    { "one that meets none takes its route along", "ns=demo",
      PAIR(MATCH("{uri: {prefix: /a}}"),
           MATCH("{uri: {prefix: /a/b}}, {uri: {prefix: /z}}")),
      NOTHING },
};

static const struct yard_row names[] = {
    { "both", "ns=demo",
      PAIR("name: r, " MATCH("{name: rm, uri: {prefix: /}, method: {exact: "
                             "GET}}"),
           "name: l, " MATCH("{name: lm, uri: {prefix: /a}}")),
      RULE("r-l.rm-lm", " uri prefix:/a; method exact:GET;") },
    { "the root's", "ns=demo", PAIR("name: r, ", ""), RULE("r", " any") },
    { "the leaf's", "ns=demo", PAIR("", "name: l, "), RULE("l", " any") },
};

static const struct yard_row values[] = {
    { "the root settles what the leaf leaves open", "ns=demo",
      PAIR("timeout: 5s, retries: {attempts: 1, retryOn: 5xx}, ", ""),
      "rule " WEB ":80 0 '': any" TO
      " timeout=5000ms retry on=1 attempts=1 per-try=0ms picks=5" AT_LEAF },
    { "and nothing else", "ns=demo",
      PAIR("timeout: 5s, retries: {attempts: 1, retryOn: 5xx}, ",
           "timeout: 2s, retries: {}, "),
      "rule " WEB ":80 0 '': any" TO
      " timeout=2000ms retry on=0 attempts=0 per-try=0ms picks=0" AT_LEAF },
};

#define ROOT(more)                                                             \
    VS("demo", "root",                                                         \
       "{hosts: [web], http: [{match: [{uri: {prefix: /a}}], delegate: "       \
       "{name: leaf" more "}}, {name: mine, route: [{destination: {host: "     \
       "web}}]}]}")
#define MINE(index)                                                            \
    "rule " WEB ":80 " index " 'mine': any" TO DEFAULT                         \
    " @ VirtualService demo/root (row.yaml:5)"
#define LEAF(more)                                                             \
    "{" more "http: [{name: l, route: [{destination: {host: web}}]}]}"

#define ROOTS                                                                  \
    "rewrite: {uri: /root}, headers: {request: {set: {x-a: root}}}, "          \
    "fault: {abort: {httpStatus: 500, percentage: {value: 100}}}, "            \
    "corsPolicy: {allowOrigins: [{exact: root}]}, mirror: {host: web}, "       \
    "mirrorPercentage: {value: 50}, "

static const struct yard_row actions[] = {
    { "what the leaf does not do, the root does", "ns=demo", PAIR(ROOTS, ""),
      "rewrite " WEB ":80 0: prefix 1 to /root\n"
      "request " WEB ":80 0: set x-a [root]\n"
      "fault " WEB ":80 0: delay 0 of 0ms, abort 1000000 of 500 grpc=\n"
      "origin " WEB ":80 0: exact:root\n"
      "mirror " WEB ":80 0: 500000 to outbound|80||" WEB },
    { "what it does, it does alone", "ns=demo",
      PAIR(ROOTS,
           "rewrite: {uri: /leaf}, headers: {request: {add: {x-b: leaf}}}, "
           "fault: {delay: {fixedDelay: 1s}}, corsPolicy: {allowOrigins: "
           "[{exact: leaf}]}, mirrorPercentage: {value: 0.5}, "),
      "rewrite " WEB ":80 0: prefix 1 to /leaf\n"
      "request " WEB ":80 0: add x-b [leaf]\n"
      "!request " WEB ":80 0: set x-a [root]\n"
      "!origin " WEB ":80 0: exact:root" },
    { "the share of a mirror is a matter of its own", "ns=demo",
      PAIR(ROOTS, "mirrorPercentage: {value: 0.5}, "),
      "mirror " WEB ":80 0: 5000 to outbound|80||" WEB },
};

static const struct yard_row who[] = {
    { "a missing one takes only its own route along", "ns=demo", ROOT(""),
      MINE("0") },
    { "one of another namespace leads to that one's services", "ns=demo",
      ROOT(", namespace: prod") VS("prod", "leaf", LEAF("")),
      "rule " WEB ":80 0 'l': uri prefix:/a; -> outbound|80||"
      "web.prod.svc.cluster.local*1" DEFAULT
      " @ VirtualService prod/leaf (row.yaml:10)\n" MINE("1") },
    { "if it may be seen from the root's", "ns=demo",
      ROOT(", namespace: prod") VS("prod", "leaf", LEAF("exportTo: ['.'], ")),
      MINE("0") },
    { "by name, too", "ns=demo",
      ROOT(", namespace: prod") VS("prod", "leaf", LEAF("exportTo: [demo], ")),
      MINE("1") },
    { "the mesh's default counts for it", "ns=demo",
      "defaultVirtualServiceExportTo: ['.']\n" ROOT(", namespace: prod")
          VS("prod", "leaf", LEAF("")),
      "rule " WEB ":80 0 'mine': any" TO DEFAULT
      " @ VirtualService demo/root (row.yaml:6)" },
    { "one with hosts is nobody's delegate", "ns=demo",
      ROOT("") VS("demo", "leaf", LEAF("hosts: [x.example], ")), MINE("0") },
    { "alone it routes nothing", "ns=demo", VS("demo", "leaf", LEAF("")),
      NOTHING },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void entries_are_intersected(void **state)
{
    (void)state;
    CHECK(entries);
}

static void names_are_joined(void **state)
{
    (void)state;
    CHECK(names);
}

static void values_are_filled(void **state)
{
    (void)state;
    CHECK(values);
    CHECK(actions);
}

static void delegates_are_found(void **state)
{
    (void)state;
    CHECK(who);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_intersected),
        cmocka_unit_test(names_are_joined),
        cmocka_unit_test(values_are_filled),
        cmocka_unit_test(delegates_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
