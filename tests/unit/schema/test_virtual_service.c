/*
 * test_virtual_service.c - what a VirtualService becomes, and what is said of
 * one that is wrong or wants more than this version does.
 */
#include "say.h"

#define HEAD                                                                   \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: a, namespace: ns}\nspec:\n"
#define ROUTE "  - route: [{destination: {host: a}}]\n"
/* From line 5 on. */
#define HTTP(text) HEAD "  hosts: [a]\n  http:\n" text

static const struct say_row rules[] = {
    { "the least there is", HTTP(ROUTE), "" },
    { "something must be routed", HEAD "  hosts: [a]\n",
      "5:3 error spec: one of http, tcp and tls must have a route "
      "[IST0106]\n" },
    { "a spec must be there",
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
      "metadata: {name: a}\n",
      "1:1 error spec: one of http, tcp and tls must have a route "
      "[IST0106]\n" },
    { "hosts are hosts", HEAD "  hosts: [a_b, 10.0.0.1]\n  http:\n" ROUTE,
      "5:11 error spec.hosts[0]: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"a_b\" "
      "[IST0106]\n" },
    { "hosts do not overlap",
      HEAD "  hosts: [a.b.c, \"*.b.c\"]\n  http:\n" ROUTE,
      "5:11 error spec.hosts[0]: \"a.b.c\" overlaps \"*.b.c\" [IST0106]\n"
      "5:18 error spec.hosts[1]: \"*.b.c\" overlaps \"a.b.c\" [IST0106]\n" },
    { "not the whole mesh", HEAD "  hosts: [\"*\"]\n  http:\n" ROUTE,
      "5:3 error spec: \"*\" is for gateways, not for the mesh [IST0106]\n"
      "5:11 error spec.hosts[0]: \"*\" is for gateways, not for the mesh "
      "[IST0106]\n" },
    { "a gateway may have the whole",
      HEAD "  hosts: [\"*\"]\n  gateways: [x/y]\n  http:\n" ROUTE, "" },
    { "gateways have names",
      HEAD "  hosts: [a]\n  gateways: [x/y/z, mesh, ./g]\n  http:\n" ROUTE,
      "6:14 error spec.gateways[0]: wanted \"mesh\", a gateway or "
      "\"namespace/gateway\", found \"x/y/z\" [IST0106]\n"
      "6:27 warning spec.gateways[2]: wanted \"mesh\", a gateway or "
      "\"namespace/gateway\", found \"./g\" [LM0008]\n" },
    { "exportTo: once, and all alone",
      HEAD "  hosts: [a]\n  exportTo: [\".\", ns, \"*\", \"~\", X]\n"
           "  http:\n" ROUTE,
      "6:14 error spec.exportTo[0]: \"*\" must stand alone [IST0106]\n"
      "6:14 error spec.exportTo[0]: \"ns\" comes twice [IST0106]\n"
      "6:19 error spec.exportTo[1]: \"*\" must stand alone [IST0106]\n"
      "6:19 error spec.exportTo[1]: \"ns\" comes twice [IST0106]\n"
      "6:23 error spec.exportTo[2]: \"*\" must stand alone [IST0106]\n"
      "6:28 error spec.exportTo[3]: \"*\" must stand alone [IST0106]\n"
      "6:28 error spec.exportTo[3]: \"~\" (nobody) is for ServiceEntries only "
      "[IST0106]\n"
      "6:33 error spec.exportTo[4]: \"*\" must stand alone [IST0106]\n" },
    { "a delegate has no gateways", HEAD "  gateways: [g]\n  http:\n" ROUTE,
      "5:3 error spec: without hosts it is a delegate, and those have no "
      "gateways, tls and tcp [IST0106]\n"
      "5:3 error spec.gateways: without hosts it is a delegate, and those have "
      "no gateways, tls and tcp [IST0106]\n" },

    { "a route does something", HTTP("  - name: x\n"),
      "7:5 error spec.http[0]: one of route, redirect and directResponse is "
      "required [IST0106]\n" },
    { "weights are not all 0",
      HTTP("  - route:\n    - {destination: {host: a}, weight: 0}\n"
           "    - {destination: {host: b}}\n"),
      "8:40 error spec.http[0].route[0]: the weights add up to 0 [IST0106]\n"
      "9:7 error spec.http[0].route[1]: the weights add up to 0 [IST0106]\n" },
    { "one destination needs no weight",
      HTTP("  - route: [{destination: {host: a}, weight: 0}]\n"), "" },
    { "weights are not negative",
      HTTP("  - route: [{destination: {host: a}, weight: -1}]\n"),
      "7:46 error spec.http[0].route[0].weight: wanted at least 0, found -1 "
      "[IST0106]\n" },
    { "a destination is one host",
      HTTP("  - route: [{destination: {host: \"*\"}}]\n"),
      "7:34 error spec.http[0].route[0].destination.host: \"*\" is no "
      "destination [IST0106]\n" },
    { "a destination has a host",
      HTTP("  - route: [{destination: {subset: V_1, port: {}}}]\n"),
      "7:27 error spec.http[0].route[0].destination: \"host\" is required "
      "[IST0106]\n"
      "7:36 error spec.http[0].route[0].destination.subset: wanted letters, "
      "digits and \"-\", at most 63, found \"V_1\" [IST0106]\n"
      "7:47 error spec.http[0].route[0].destination.port: \"number\" is "
      "required [IST0106]\n" },
    { "ports are ports",
      HTTP("  - route: [{destination: {host: a, port: {number: 70000}}}]\n"),
      "7:52 error spec.http[0].route[0].destination.port.number: wanted 1 to "
      "65535, found 70000 [IST0106]\n" },

    { "a timeout of nothing", HTTP(ROUTE "    timeout: 0s\n"),
      "8:14 error spec.http[0].timeout: wanted a duration of 1ms or more, "
      "found \"0s\" [IST0106]\n" },
    { "a timeout without a unit", HTTP(ROUTE "    timeout: 5\n"),
      "8:14 error spec.http[0].timeout: wanted a duration such as \"5s\", "
      "found the number 5 [IST0106] (say the unit: \"5s\")\n" },
    { "a timeout that is none", HTTP(ROUTE "    timeout: soon\n"),
      "8:14 error spec.http[0].timeout: wanted a duration such as \"5s\" or "
      "\"250ms\", found \"soon\" [IST0106]\n" },
    { "a timeout finer than a millisecond", HTTP(ROUTE "    timeout: 1.5ms\n"),
      "8:14 error spec.http[0].timeout: wanted whole milliseconds, found "
      "\"1.5ms\" [IST0106]\n" },
    { "a misspelt field", HTTP(ROUTE "    timeuot: 1s\n"),
      "8:5 error spec.http[0]: unknown field \"timeuot\" [LM0002] (did you "
      "mean \"timeout\"?)\n" },
    { "snake_case is for protos",
      HTTP(ROUTE "    retries: {attempts: 1, per_try_timeout: 1s}\n"),
      "8:28 error spec.http[0].retries: unknown field \"per_try_timeout\" "
      "[LM0002] (did you mean \"perTryTimeout\"?)\n" },
    { "retries without attempts",
      HTTP(ROUTE "    retries: {perTryTimeout: 1s, retryOn: 5xx}\n"),
      "8:14 error spec.http[0].retries: perTryTimeout, retryOn and "
      "retryRemoteLocalities have no meaning with 0 attempts [IST0106]\n"
      "8:15 error spec.http[0].retries.perTryTimeout: perTryTimeout, retryOn "
      "and retryRemoteLocalities have no meaning with 0 attempts [IST0106]\n"
      "8:34 error spec.http[0].retries.retryOn: perTryTimeout, retryOn and "
      "retryRemoteLocalities have no meaning with 0 attempts [IST0106]\n" },
    { "retryOn takes known words",
      HTTP(ROUTE "    retries: {attempts: 1, retryOn: \"5xx,gatway-error, "
                 "reset,503,799\"}\n"),
      "8:37 error spec.http[0].retries.retryOn: \" reset\" is no condition to "
      "retry on, nor an HTTP status [IST0106] (did you mean \"reset\"?)\n"
      "8:37 error spec.http[0].retries.retryOn: \"799\" is no condition to "
      "retry on, nor an HTTP status [IST0106]\n"
      "8:37 error spec.http[0].retries.retryOn: \"gatway-error\" is no "
      "condition to retry on, nor an HTTP status [IST0106] (did you mean "
      "\"gateway-error\"?)\n" },
};

#define MATCH(text)                                                            \
    HTTP("  - match: [" text "]\n    route: [{destination: {host: a}}]\n")

static const struct say_row matches[] = {
    { "a bool where text is meant",
      MATCH("{headers: {x-canary: {exact: true}}}"),
      "7:42 error spec.http[0].match[0].headers[x-canary].exact: wanted a "
      "string, found the bool true [IST0106] (quote it: \"true\")\n" },
    { "only one way to compare", MATCH("{uri: {exact: /a, prefix: /b}}"),
      "7:20 error spec.http[0].match[0].uri.exact: \"exact\" and \"prefix\" "
      "exclude each other [IST0106]\n"
      "7:31 error spec.http[0].match[0].uri.prefix: \"exact\" and \"prefix\" "
      "exclude each other [IST0106]\n" },
    { "an empty prefix is for paths",
      MATCH("{uri: {prefix: \"\"}, method: {prefix: \"\"}}"),
      "7:50 error spec.http[0].match[0].method: prefix may not be empty "
      "[IST0106]\n" },
    { "RE2 knows no look-ahead", MATCH("{uri: {regex: \"a(?=b)\"}}"), NULL },
    { "an empty regex", MATCH("{uri: {regex: \"\"}}"),
      "7:27 error spec.http[0].match[0].uri: may not be empty [IST0106]\n" },
    { "\"*\" means absent, where absence is asked for",
      MATCH("{withoutHeaders: {a: {regex: \"*\"}}}"), "" },
    { "headers have names", MATCH("{headers: {\"a b\": {}}}"),
      "7:24 error spec.http[0].match[0].headers[a b]: \"a b\" is no header "
      "name [IST0106]\n" },
    { "claims are for gateways",
      MATCH("{headers: {\"@request.auth.claims.x\": {exact: b}}}"),
      "5:3 error spec: claims of a token are for gateways only [IST0106]\n"
      "7:24 error spec.http[0].match[0].headers[@request.auth.claims.x]: "
      "claims of a token are for gateways only [IST0106]\n" },
    { "null is no match", MATCH("{headers: {a: null}}"),
      "7:24 error spec.http[0].match[0].headers[a]: may not be null "
      "[IST0106]\n" },
    { "nor an item", MATCH("null"),
      "7:13 error spec.http[0].match[0]: may not be null [IST0106]\n" },
    { "a null is no field either", MATCH("{uri: null, port: ~}"),
      "7:14 error spec.http[0].match[0].uri: may not be null [IST0106] (leave "
      "the field away)\n"
      "7:25 error spec.http[0].match[0].port: may not be null [IST0106] (leave "
      "the field away)\n" },
    { "names of statistics are noted", MATCH("{statPrefix: x}"),
      "7:14 info spec.http[0].match[0].statPrefix: noted: it names statistics "
      "of Envoy's, and there are none [LM0003]\n" },
};

#define REFUSES(field, value, why)                                             \
    {                                                                          \
        field " is refused", HTTP(ROUTE "    " field ": " value "\n"),         \
            "8:5 refused spec.http[0]." field ": " why " [LM0004]\n"           \
    }

static const struct say_row refused[] = {
    REFUSES("rewrite", "{uri: /x}",
            "services would see a path or host other than the policy says: "
            "not yet enforced by this version"),
    REFUSES("fault", "{abort: {httpStatus: 500}}",
            "requests would be answered otherwise than the policy says: not "
            "yet enforced by this version"),
    REFUSES("mirror", "{host: b}",
            "copies would not be sent: not yet enforced by this version"),
    REFUSES("corsPolicy", "{allowOrigins: [{exact: x}]}",
            "requests would be answered otherwise than the policy says: not "
            "yet enforced by this version"),
    REFUSES("headers", "{request: {set: {a: b}}}",
            "services would see headers other than the policy says: not yet "
            "enforced by this version"),
    { "a list of nothing asks for nothing", HTTP(ROUTE "    mirrors: []\n"),
      "" },
    { "a default that is written out asks for nothing",
      HTTP(ROUTE "    retries: {attempts: 1, retryRemoteLocalities: false, "
                 "retryIgnorePreviousHosts: true}\n"),
      "" },
    { "another value is noted",
      HTTP(ROUTE "    retries: {attempts: 1, retryRemoteLocalities: true}\n"),
      "8:28 info spec.http[0].retries.retryRemoteLocalities: noted: there are "
      "no localities yet [LM0003]\n" },
    { "tcp routes are refused, and judged all the same",
      HEAD "  hosts: [a]\n  tcp:\n"
           "  - route: [{destination: {host: a}, wieght: 1}]\n",
      "6:3 refused spec.tcp: traffic would go elsewhere than the "
      "policy says: not yet enforced by this version [LM0004]\n"
      "7:38 error spec.tcp[0].route[0]: unknown field \"wieght\" [LM0002] (did "
      "you mean \"weight\"?)\n" },
    { "actions exclude each other",
      HTTP("  - redirect: {uri: /x}\n    rewrite: {uri: /b}\n"),
      "7:5 error spec.http[0].redirect: \"redirect\" and \"rewrite\" exclude "
      "each other [IST0106]\n"
      "7:5 refused spec.http[0].redirect: requests would be answered otherwise "
      "than the policy says: not yet enforced by this version [LM0004]\n"
      "8:5 error spec.http[0].rewrite: \"redirect\" and \"rewrite\" exclude "
      "each other [IST0106]\n"
      "8:5 refused spec.http[0].rewrite: services would see a path or host "
      "other than the policy says: not yet enforced by this version "
      "[LM0004]\n" },
};

static void holds_the_rules(void **state)
{
    (void)state;
    SAY_CHECK(rules);
}

static void judges_matches(void **state)
{
    char found[SAY_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        if (matches[i].expect) {
            say_check(&matches[i], 1, MESH__INFO);
            continue;
        }
        mesh__collection_unref(say_load(matches[i].text, found));
        assert_non_null(
            strstr(found, "7:27 error spec.http[0].match[0].uri: "));
    }
}

static void refuses_what_it_cannot_do(void **state)
{
    (void)state;
    SAY_CHECK(refused);
}

static const char whole[] =
    HEAD "  hosts: [a, \"*.b\"]\n  gateways: [mesh]\n  exportTo: [\".\"]\n"
         "  http:\n"
         "  - name: one\n    timeout: 1.5s\n"
         "    match:\n"
         "    - name: m\n      uri: {prefix: /x}\n      port: 80\n"
         "      ignoreUriCase: true\n"
         "      headers: {x-a: {exact: \"1\"}, x-b: {}}\n"
         "      withoutHeaders: {x-c: {regex: a+}}\n"
         "      queryParams: {q: {exact: r}}\n"
         "      sourceLabels: {app: w}\n      sourceNamespace: s\n"
         "      gateways: [g]\n"
         "    route:\n"
         "    - {destination: {host: h, subset: v1, port: {number: 8}},"
         " weight: 3}\n"
         "    - {destination: {host: i}}\n"
         "    retries: {attempts: 2, perTryTimeout: 250ms, retryOn: 5xx}\n";

static void becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    const struct mesh_virtual_service *vs = say_spec(whole, &collection);
    const struct mesh_http_route *route = vs->http;
    const struct mesh_http_match *match = route->match;

    (void)state;
    assert_int_equal(vs->hosts.count, 2);
    assert_string_equal(vs->hosts.items[1].at, "*.b");
    assert_string_equal(vs->gateways.items[0].at, "mesh");
    assert_string_equal(vs->export_to.items[0].at, ".");
    assert_int_equal(vs->http_count, 1);
    assert_string_equal(route->name.at, "one");
    assert_true(route->has_timeout);
    assert_int_equal(route->timeout_ns, 1500000000);
    assert_int_equal(route->mark.line, 9);
    assert_int_equal(route->mark.place, 0);
    assert_int_equal(route->match_count, 1);
    assert_true(match->uri.set);
    assert_int_equal(match->uri.which, 'p');
    assert_string_equal(match->uri.text.at, "/x");
    assert_false(match->method.set);
    assert_int_equal(match->port, 80);
    assert_true(match->ignore_uri_case);
    assert_int_equal(match->header_count, 2);
    assert_string_equal(match->headers[0].name.at, "x-a");
    assert_int_equal(match->headers[0].match.which, 'e');
    assert_true(match->headers[1].match.set);
    assert_int_equal(match->headers[1].match.which, 0);
    assert_int_equal(match->without_headers[0].match.which, 'r');
    assert_string_equal(match->query_params[0].name.at, "q");
    assert_string_equal(match->source_labels.items[0].value.at, "w");
    assert_string_equal(match->source_namespace.at, "s");
    assert_string_equal(match->gateways.items[0].at, "g");
    assert_int_equal(route->route_count, 2);
    assert_true(route->route[0].has_weight);
    assert_int_equal(route->route[0].weight, 3);
    assert_string_equal(route->route[0].destination.subset.at, "v1");
    assert_int_equal(route->route[0].destination.port, 8);
    assert_int_equal(route->route[0].destination.mark.line, 23);
    assert_false(route->route[1].has_weight);
    assert_true(route->retries.set);
    assert_int_equal(route->retries.attempts, 2);
    assert_int_equal(route->retries.per_try_timeout_ns, 250000000);
    assert_string_equal(route->retries.retry_on.at, "5xx");
    mesh__collection_unref(collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_the_rules),
        cmocka_unit_test(judges_matches),
        cmocka_unit_test(refuses_what_it_cannot_do),
        cmocka_unit_test(becomes_a_structure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
