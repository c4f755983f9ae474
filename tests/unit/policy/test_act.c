/*
 * test_act.c - does a route keep what istiod would tell Envoy to do beside
 * sending (pilot/pkg/networking/core/route/route.go)?
 */
#include "../../golden/yard.h"

#include "base/error.h"
#include "policy/edits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {ports: [{name: http, port: 80}, {name: http-b, port: 81}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: api, namespace: prod}\n"
    "spec: {ports: [{name: http, port: 8000}]}\n";

#define WEB "web.prod.svc.cluster.local"
#define API "api.prod.svc.cluster.local"
#define HTTP(routes)                                                           \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: a, namespace: prod}\n"                                   \
    "spec: {hosts: [web], http: [" routes "]}\n"
#define ROUTE(rest) HTTP("{" rest "route: [{destination: {host: api}}]}")
#define LEAF(rest)                                                             \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: leaf, namespace: prod}\n"                                \
    "spec: {http: [{" rest "route: [{destination: {host: api}}]}]}\n"

static const struct yard_row edits[] = {
    { "removals, then sets, then adds, each by name", "ns=prod",
      ROUTE("headers: {request: {add: {X-b: '2', x-a: '1'}, set: {x-d: '4', "
            "x-c: '3'}, remove: [X-Gone]}}, "),
      "request " WEB ":80 0: remove x-gone\n"
      "request " WEB ":80 0: set x-c [3]\n"
      "request " WEB ":80 0: set x-d [4]\n"
      "request " WEB ":80 0: add x-b [2]\n"
      "request " WEB ":80 0: add x-a [1]" },
    { "of one destination they are the route's", "ns=prod",
      HTTP("{headers: {response: {set: {x-a: route}}}, route: [{destination: "
           "{host: api}, headers: {response: {set: {x-a: own}, remove: "
           "[x-b]}}}]}"),
      "response " WEB ":80 0: remove x-b\n"
      "response " WEB ":80 0: set x-a [route]\n"
      "response " WEB ":80 0: set x-a [own]" },
    { "of several they stay their own", "ns=prod",
      HTTP("{headers: {response: {set: {x-a: route}}}, route: [{destination: "
           "{host: api}, weight: 1, headers: {request: {set: {host: own.h, "
           "x-a: own}}}}, {destination: {host: web}, weight: 1}]}"),
      "request " WEB ":80 0/0: set x-a [own]\n"
      "authority " WEB ":80 0/0: own.h\n"
      "response " WEB ":80 0: set x-a [route]" },
    { "the host is rewritten, not edited", "ns=prod",
      ROUTE("headers: {request: {set: {Host: new.h}, remove: [x-a]}}, "),
      "authority " WEB ":80 0: new.h\n"
      "request " WEB ":80 0: remove x-a" },
    { "rewrite.authority wins over what a delegate adds", "ns=prod",
      HTTP("{rewrite: {authority: rewritten.h}, delegate: {name: leaf}}")
          LEAF("headers: {request: {add: {':authority': added.h}}}, "),
      "authority " WEB ":80 0: rewritten.h" },
    { "operators become pieces", "ns=prod",
      ROUTE("headers: {request: {set: {x-a: '<%REQ(X-B?:path)%>', x-c: "
            "'100%%', x-d: '%PROTOCOL%%ROUTE_NAME%'}}, response: {set: {x-e: "
            "'%RESP(x-f)%', x-g: "
            "'%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', x-h: "
            "'%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%', x-i: "
            "'%UPSTREAM_CLUSTER_RAW%'}}}, "),
      "request " WEB ":80 0: set x-a [<] [REQ x-b or :path] [>]\n"
      "request " WEB ":80 0: set x-c [100] [%]\n"
      "request " WEB ":80 0: set x-d [PROTOCOL] [ROUTE]\n"
      "response " WEB ":80 0: set x-e [RESP x-f]\n"
      "response " WEB ":80 0: set x-g [REMOTE]\n"
      "response " WEB ":80 0: set x-h [DIRECT]\n"
      "response " WEB ":80 0: set x-i [CLUSTER]" },
    { "an empty value has no piece", "ns=prod",
      ROUTE("headers: {request: {set: {x-a: ''}}}, "),
      "request " WEB ":80 0: set x-a" },
    { "pseudo-headers are skipped", "ns=prod",
      ROUTE(
          "headers: {request: {add: {':authority': new.h}, remove: [x-a]}}, "),
      "request " WEB ":80 0: remove x-a\n"
      "!request " WEB ":80 0: add :authority [new.h]\n"
      "authority " WEB ":80 0: new.h" },
    { "an operator that we do not know", "ns=prod",
      ROUTE("headers: {request: {set: {x-a: '%START_TIME%'}}}, "),
      "refused: operator %START_TIME%" },
    { "an operator that wants a name", "ns=prod",
      ROUTE("headers: {request: {set: {x-a: '%REQ%'}}}, "),
      "refused: operator %REQ%" },
    { "half an operator, behind a bracket that Envoy takes for a name's",
      "ns=prod", ROUTE("headers: {request: {set: {x-a: '%REQ(a\\)%)%'}}}, "),
      "refused: wants another" },
    { "framing is the codec's", "ns=prod",
      ROUTE("headers: {request: {add: {Content-Length: '5'}}}, "),
      "refused: content-length" },
    { "of an answer as well", "ns=prod",
      ROUTE("headers: {response: {set: {transfer-encoding: chunked}}}, "),
      "refused: transfer-encoding" },
    { "a name with a blank", "ns=prod",
      ROUTE("headers: {request: {add: {'x a': '5'}}}, "),
      "refused: \"x a\" is no header name" },
    { "a host that cannot be one", "ns=prod",
      ROUTE("rewrite: {authority: 'a b'}, "), "refused: cannot be a host" },
};

static const struct yard_row paths[] = {
    { "what a prefix took is replaced", "ns=prod",
      ROUTE("match: [{uri: {prefix: /old/}}], rewrite: {uri: /new/}, "),
      "rewrite " WEB ":80 0: prefix 5 to /new/" },
    { "after an exact match it is all of the path", "ns=prod",
      ROUTE("match: [{uri: {exact: /old}}], rewrite: {uri: /new}, "),
      "rewrite " WEB ":80 0: whole 1 to /new" },
    { "after a regex, too", "ns=prod",
      ROUTE("match: [{uri: {regex: /o.*}}], rewrite: {uri: /new}, "),
      "rewrite " WEB ":80 0: whole 1 to /new" },
    { "without a match of the path it is the first slash", "ns=prod",
      ROUTE("rewrite: {uri: /any}, "),
      "rewrite " WEB ":80 0: prefix 1 to /any" },
    { "each entry has its own", "ns=prod",
      ROUTE("match: [{uri: {prefix: /a}}, {uri: {exact: /b}}], rewrite: "
            "{uri: /c}, "),
      "rewrite " WEB ":80 0: prefix 2 to /c\n"
      "rewrite " WEB ":80 1: whole 1 to /c" },
    { "a regex of its own", "ns=prod",
      ROUTE("rewrite: {uriRegexRewrite: {match: a, rewrite: b}}, "),
      "rewrite " WEB ":80 0: regex" },
    { "which RE2 must take", "ns=prod",
      ROUTE("rewrite: {uriRegexRewrite: {match: a, rewrite: '\\n'}}, "),
      "refused: backslash" },
};

static const struct yard_row answers[] = {
    { "a redirect is 301 unless it says", "ns=prod",
      HTTP("{redirect: {uri: /new, authority: h}}"),
      "redirect " WEB ":80 0: 301 scheme= authority=h port=0 path=/new" },
    { "a prefix of a redirect", "ns=prod",
      HTTP("{match: [{uri: {prefix: /pre}}], redirect: {prefixRewrite: /post, "
           "redirectCode: 308}}"),
      "redirect " WEB ":80 0: 308 scheme= authority= port=0 path=\n"
      "rewrite " WEB ":80 0: prefix 4 to /post" },
    { "the port that was asked on, unless it is the scheme's own", "ns=prod",
      HTTP("{redirect: {derivePort: FROM_REQUEST_PORT}}"),
      "redirect " WEB ":80 0: 301 scheme= authority= port=0 path=\n"
      "redirect " WEB ":81 0: 301 scheme= authority= port=81 path=" },
    { "443 is https's own", "ns=prod",
      HTTP("{redirect: {scheme: https, port: 443}}, {redirect: {uri: /x}}"),
      "redirect " WEB ":80 0: 301 scheme=https authority= port=0 path=" },
    { "and 80 is not", "ns=prod", HTTP("{redirect: {scheme: https, port: 80}}"),
      "redirect " WEB ":80 0: 301 scheme=https authority= port=80 path=" },
    { "a code that istiod cannot translate", "ns=prod",
      HTTP("{redirect: {uri: /x, redirectCode: 305}}"),
      "refused: redirectCode 305" },
    { "a direct response", "ns=prod",
      HTTP("{directResponse: {status: 418, body: {string: hi}}}"),
      "direct " WEB ":80 0: 418 'hi'" },
    { "its last status", "ns=prod", HTTP("{directResponse: {status: 599}}"),
      "direct " WEB ":80 0: 599 ''" },
    { "the one behind, that no Envoy takes", "ns=prod",
      HTTP("{directResponse: {status: 600}}"),
      "refused: directResponse.status 600" },
    { "its body as bytes", "ns=prod",
      HTTP("{directResponse: {status: 200, body: {bytes: aGVsbG8=}}}"),
      "direct " WEB ":80 0: 200 'hello'" },
    { "its body in the alphabet's last digits", "ns=prod",
      HTTP("{directResponse: {status: 200, body: {bytes: /+8=}}}"),
      "direct " WEB ":80 0: 200 '\xff\xef'" },
    { "no body", "ns=prod", HTTP("{directResponse: {status: 503}}"),
      "direct " WEB ":80 0: 503 ''" },
    { "it knows no CORS (seen: Envoy 1.40)", "ns=prod",
      HTTP("{corsPolicy: {allowOrigins: [{exact: a}]}, directResponse: "
           "{status: 200}}"),
      "direct " WEB ":80 0: 200 ''\n"
      "!origin " WEB ":80 0: exact:a" },
};

static const struct yard_row beside[] = {
    { "shares are millionths, cut", "ns=prod",
      ROUTE("fault: {delay: {fixedDelay: 1.5s, percentage: {value: 0.00019}}, "
            "abort: {httpStatus: 503, percentage: {value: 12.5}}}, "),
      "fault " WEB ":80 0: delay 1 of 1500ms, abort 125000 of 503 grpc=" },
    { "without a percentage nothing happens", "ns=prod",
      ROUTE("fault: {delay: {fixedDelay: 1s}, abort: {httpStatus: 503}}, "),
      "fault " WEB ":80 0: delay 0 of 1000ms, abort 0 of 503 grpc=" },
    { "a gRPC status by name", "ns=prod",
      ROUTE("fault: {abort: {grpcStatus: NOT_FOUND, percentage: {value: "
            "100}}}, "),
      "fault " WEB ":80 0: delay 0 of 0ms, abort 1000000 of 0 grpc=5" },
    { "a status that no Envoy takes", "ns=prod",
      ROUTE("fault: {abort: {httpStatus: 600, percentage: {value: 0}}}, "),
      "refused: fault.abort.httpStatus 600" },
    { "an abort of no kind is none", "ns=prod",
      ROUTE("fault: {abort: {percentage: {value: 100}}}, "),
      "fault " WEB ":80 0: delay 0 of 0ms, abort 0 of 0 grpc=" },
    { "lists of CORS become one value", "ns=prod",
      ROUTE("corsPolicy: {allowOrigins: [{exact: 'https://a'}, {prefix: "
            "'https://b'}], allowMethods: [GET, POST], allowHeaders: [x-a, "
            "x-b], exposeHeaders: [x-c], maxAge: 24h, allowCredentials: true, "
            "unmatchedPreflights: IGNORE}, "),
      "cors " WEB ":80 0: methods=GET,POST headers=x-a,x-b expose=x-c "
      "age=86400 credentials ignore\n"
      "origin " WEB ":80 0: exact:https://a\n"
      "origin " WEB ":80 0: prefix:https://b" },
    { "allowOrigin is the older spelling", "ns=prod",
      ROUTE("corsPolicy: {allowOrigin: ['*', a]}, "),
      "origin " WEB ":80 0: exact:*\n"
      "origin " WEB ":80 0: exact:a\n"
      "cors " WEB ":80 0: methods= headers= expose= age=" },
    { "and counts only alone", "ns=prod",
      ROUTE("corsPolicy: {allowOrigin: [b], allowOrigins: [{exact: a}]}, "),
      "origin " WEB ":80 0: exact:a\n"
      "!origin " WEB ":80 0: exact:b" },
    { "a mirror is of all, unless it says", "ns=prod",
      ROUTE("mirror: {host: api, port: {number: 8000}}, "),
      "mirror " WEB ":80 0: 1000000 to outbound|8000||" API "\n"
      "refers " WEB " -> " API },
    { "mirrorPercentage before mirrorPercent", "ns=prod",
      ROUTE("mirror: {host: api, port: {number: 8000}}, mirrorPercent: 10, "
            "mirrorPercentage: {value: "
            "0.5}, "),
      "mirror " WEB ":80 0: 5000 to outbound|8000||" API },
    { "mirrorPercent alone", "ns=prod",
      ROUTE("mirror: {host: api, port: {number: 8000}}, mirrorPercent: 10, "),
      "mirror " WEB ":80 0: 100000 to outbound|8000||" API },
    { "none of it is none", "ns=prod",
      ROUTE("mirror: {host: api, port: {number: 8000}}, mirrorPercentage: "
            "{value: 0}, "),
      "!mirror " WEB ":80 0: 0 to outbound|8000||" API },
    { "several, each with its share", "ns=prod",
      ROUTE("mirrors: [{destination: {host: api, port: {number: 8000}}, "
            "percentage: {value: 50}}, "
            "{destination: {host: web, subset: v9}}], "),
      "mirror " WEB ":80 0: 500000 to outbound|8000||" API "\n"
      "mirror " WEB ":80 0: 1000000 to " WEB " subset v9 port 80" },
};

static void edits_are_lists(void **state)
{
    (void)state;
    yard_check(base, edits, sizeof(edits) / sizeof(edits[0]));
}

/* Admission has an eye on these; nothing gets on the wire if it slips. */
static const struct {
    const char *claim;
    const char *name;
    const char *value;   /* NULL: the name is removed */
    const char *refusal; /* NULL: skipped             */
} unadmitted[] = {
    { "a line end in a value", "x-a", "5\r\nx-b: 6",
      "x-a: the value has characters" },
    { "half an operator", "x-a", "100%", "wants another" },
    { "an operator with an empty name", "x-a", "%REQ()%", "operator %REQ()%" },
    { "a pseudo-header that is removed", ":path", NULL, NULL },
    { "and one that is set", ":path", "/x", NULL },
};

static void compile_one(const char *name, const char *value, int expect,
                        struct mesh_arena *arena, struct mesh_edits *out)
{
    struct mesh_slice key = mesh__slice_of(name);
    struct mesh_label line = { key, mesh__slice_of(value ? value : "") };
    struct mesh_edits_spec spec = { 0 };
    const struct mesh_edits_spec *place = &spec;

    spec.set = (struct mesh_labels){ &line, value != NULL };
    spec.remove = (struct mesh_texts){ &key, value == NULL, NULL };
    assert_int_equal(mesh__edits_compile(arena, &place, 1, out), expect);
}

static void edits_that_no_policy_brings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(unadmitted) / sizeof(unadmitted[0]); i++) {
        const char *refusal = unadmitted[i].refusal;
        struct mesh_arena arena;
        struct mesh_edits found;

        print_message("  %s\n", unadmitted[i].claim);
        mesh__arena_init(&arena, 4096);
        compile_one(unadmitted[i].name, unadmitted[i].value,
                    refusal ? MESH_ERR_INVALID : 0, &arena, &found);
        if (refusal)
            assert_non_null(strstr(mesh__error_line(), refusal));
        else
            assert_int_equal(found.count, 0);
        mesh__arena_fini(&arena);
        mesh__error_clear();
    }
}

static void paths_are_rewritten_by_their_match(void **state)
{
    (void)state;
    yard_check(base, paths, sizeof(paths) / sizeof(paths[0]));
}

static void routes_may_answer(void **state)
{
    (void)state;
    yard_check(base, answers, sizeof(answers) / sizeof(answers[0]));
}

static void faults_cors_and_mirrors(void **state)
{
    (void)state;
    yard_check(base, beside, sizeof(beside) / sizeof(beside[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_lists),
        cmocka_unit_test(edits_that_no_policy_brings),
        cmocka_unit_test(paths_are_rewritten_by_their_match),
        cmocka_unit_test(routes_may_answer),
        cmocka_unit_test(faults_cors_and_mirrors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
