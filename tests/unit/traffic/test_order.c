/*
 * test_order.c - the order of routes is total, documented and stable (istio
 * 10464, 39188, 53550, 57404, 58453; analyze's gap, 37500).
 *
 * Random VirtualServices for one host: of several the oldest counts, then the
 * first name; in it the first route that matches, as written, whatever stands
 * behind it. Neither the order of documents nor the files they are in changes
 * anything, and what an earlier route swallows is told.
 */
#include "../../golden/yard.h"
#include "words.h"

#include "base/text.h"
#include "traffic/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    LIVES = 300,
    SERVICES = 3, /* virtual ones, for one host */
    ROUTES = 5,
    MATCHES = 2,
    EXTRAS = 2, /* DestinationRules */
    DOCUMENTS = SERVICES + EXTRAS,
    DOCUMENT = 4096
};

static const char *const paths[] = { "/",    "/a", "/ab", "/a/b",
                                     "/abc", "/b", "/c" };
static const char *const values[] = { "", "1", "2" };
static const char *const methods[] = { "GET", "POST" };

enum {
    PATHS = 7,
    VALUES = 3,
    METHODS = 2,
    REQUESTS = PATHS * VALUES * METHODS
};

/* What a match asks for; 0 of each is nothing. */
struct ask {
    unsigned path; /* paths[path - 1] */
    bool prefix;
    unsigned value;
    unsigned method; /* methods[method - 1] */
};

struct written {
    unsigned matches; /* none: takes everything */
    struct ask asks[MATCHES];
};

struct service {
    char name;
    unsigned born; /* in 2000 + born */
    unsigned routes;
    struct written written[ROUTES];
};

static struct service services[SERVICES];
static size_t service_count;
static char documents[DOCUMENTS][DOCUMENT];
static size_t document_count;
static uint64_t dice;

static unsigned roll(unsigned sides)
{
    dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)((dice >> 33) % sides);
}

/* --- policies --- */

static void write_match(struct mesh_text *text, const struct ask *ask)
{
    const char *comma = "";

    mesh__text_puts(text, "{");
    if (ask->path) {
        mesh__text_format(text, "uri: {%s: %s}",
                          ask->prefix ? "prefix" : "exact",
                          paths[ask->path - 1]);
        comma = ", ";
    }
    if (ask->value) {
        mesh__text_format(text, "%sheaders: {x-v: {exact: '%s'}}", comma,
                          values[ask->value]);
        comma = ", ";
    }
    if (ask->method)
        mesh__text_format(text, "%smethod: {exact: %s}", comma,
                          methods[ask->method - 1]);
    mesh__text_puts(text, "}");
}

/* A match that asks for nothing is none that Istio would take. */
static void any_ask(struct ask *ask)
{
    *ask = (struct ask){ .path = roll(PATHS + 1),
                         .prefix = roll(2),
                         .value = roll(VALUES),
                         .method = roll(METHODS + 1) };
    if (!ask->value && !ask->method && !ask->path)
        ask->path = 1 + roll(PATHS);
}

static void any_service(struct service *service, char name)
{
    struct mesh_text text;

    *service = (struct service){ .name = name,
                                 .born = roll(2),
                                 .routes = 1 + roll(ROUTES) };
    mesh__text_init(&text, documents[document_count++], DOCUMENT);
    mesh__text_format(&text,
                      "apiVersion: networking.istio.io/v1\n"
                      "kind: VirtualService\n"
                      "metadata: {name: %c, namespace: demo, "
                      "creationTimestamp: \"%u-01-01T00:00:00Z\"}\n"
                      "spec:\n  hosts: [web]\n  http:\n",
                      service->name, 2000 + service->born);
    for (unsigned r = 0; r < service->routes; r++) {
        struct written *written = &service->written[r];

        written->matches = roll(MATCHES + 1);
        mesh__text_format(&text, "  - name: %c%u\n", service->name, r);
        for (unsigned m = 0; m < written->matches; m++) {
            any_ask(&written->asks[m]);
            mesh__text_puts(&text, m ? "    - " : "    match:\n    - ");
            write_match(&text, &written->asks[m]);
            mesh__text_puts(&text, "\n");
        }
        mesh__text_puts(&text, "    route: [{destination: {host: web}}]\n");
    }
    assert_false(text.cut);
}

static void any_policy(uint64_t life)
{
    unsigned first;

    dice = life * 2 + 1;
    document_count = 0;
    service_count = 1 + roll(SERVICES);
    first = roll(SERVICES); /* names begin anywhere */
    for (size_t i = 0; i < service_count; i++)
        any_service(&services[i], (char)('a' + (first + i) % SERVICES));
    for (unsigned i = 0; i < EXTRAS; i++)
        (void)snprintf(
            documents[document_count++], DOCUMENT,
            "apiVersion: networking.istio.io/v1\n"
            "kind: DestinationRule\n"
            "metadata: {name: d%u, namespace: demo}\n"
            "spec: {host: web, trafficPolicy: {connectionPool: "
            "{tcp: {maxConnections: %u}}}, subsets: [{name: s%u}]}\n",
            i, i + 1, i);
}

/* --- by hand --- */

struct request {
    const char *path;
    unsigned value;
    unsigned method;
};

static struct request request_of(unsigned n)
{
    return (struct request){ paths[n % PATHS], n / PATHS % VALUES,
                             n / PATHS / VALUES };
}

static bool holds(const struct ask *ask, const struct request *request)
{
    const char *path = ask->path ? paths[ask->path - 1] : "";

    if (ask->path && ask->prefix &&
        strncmp(request->path, path, strlen(path)) != 0)
        return false;
    if (ask->path && !ask->prefix && strcmp(request->path, path) != 0)
        return false;
    return (!ask->value || ask->value == request->value) &&
           (!ask->method || ask->method - 1 == request->method);
}

static const struct service *oldest(void)
{
    const struct service *first = &services[0];

    for (size_t i = 1; i < service_count; i++)
        if (services[i].born < first->born ||
            (services[i].born == first->born && services[i].name < first->name))
            first = &services[i];
    return first;
}

/* The route that is to be taken, -1 for none. */
static int wanted(const struct service *service, const struct request *request)
{
    for (unsigned r = 0; r < service->routes; r++) {
        const struct written *written = &service->written[r];

        if (written->matches == 0)
            return (int)r;
        for (unsigned m = 0; m < written->matches; m++)
            if (holds(&written->asks[m], request))
                return (int)r;
    }
    return -1;
}

/* --- and by the library --- */

static const char base[] =
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n";

struct made {
    struct yard yard;
    struct mesh_snapshot *snapshot;
};

/* The documents in this order, in files of one or of several. */
static void make(struct made *made, const size_t *order)
{
    static char file[DOCUMENTS * DOCUMENT];
    struct mesh_whoami me;
    struct mesh_text text;

    yard_init(&made->yard);
    yard_add(&made->yard, "m.yaml", mesh__slice_of(base));
    mesh__text_init(&text, file, sizeof(file));
    for (size_t i = 0; i < document_count; i++) {
        char name[32];

        if (text.len)
            mesh__text_puts(&text, "---\n");
        mesh__text_puts(&text, documents[order[i]]);
        if (i + 1 < document_count && roll(2))
            continue;
        (void)snprintf(name, sizeof(name), "%c%zu.yaml", 'a' + roll(26), i);
        yard_add(&made->yard, name, mesh__slice(text.at, text.len));
        mesh__text_init(&text, file, sizeof(file));
    }
    me = yard_whoami(&made->yard, "ns=demo labels=");
    assert_int_equal(
        mesh__policy_compile(made->yard.all, &me, NULL, 1, &made->snapshot), 0);
}

static void unmake(struct made *made)
{
    mesh__snapshot_unref(made->snapshot);
    yard_fini(&made->yard);
}

/* The name of the route taken; "" for none. */
static const char *taken(const struct made *made, struct words *words,
                         unsigned n)
{
    struct request request = request_of(n);
    struct mesh_route route;
    char text[64];

    (void)snprintf(text, sizeof(text), "%s web %s%s%s", methods[request.method],
                   request.path, request.value ? "|x-v: " : "",
                   values[request.value]);
    mesh__route_find(
        made->snapshot,
        words_request(words,
                      mesh__arena_strndup(&words->arena, text, strlen(text))),
        80, n, &words->arena, &route, NULL);
    return route.outcome == MESH__ROUTE_OK ? route.rule->name : "";
}

static void shuffle(size_t *order)
{
    for (size_t i = 0; i < document_count; i++)
        order[i] = i;
    for (size_t i = document_count; i > 1; i--) {
        size_t other = roll((unsigned)i);
        size_t kept = order[i - 1];

        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static void check_order(const struct made *made)
{
    const struct service *first = oldest();
    struct words words;

    words_init(&words);
    for (unsigned n = 0; n < REQUESTS; n++) {
        struct request request = request_of(n);
        int route = wanted(first, &request);
        const char *name = taken(made, &words, n);
        char expect[16] = "";

        if (route >= 0)
            (void)snprintf(expect, sizeof(expect), "%c%d", first->name, route);
        if (strcmp(name, expect) != 0)
            fail_msg("%s of %s took \"%s\", not \"%s\"",
                     methods[request.method], request.path, name, expect);
    }
    words_fini(&words);
}

/* The first of two rules that are equally old says how many. */
static void check_rule(const struct made *made)
{
    const struct mesh_destination *web = mesh__snapshot_destination(
        made->snapshot, MESH__SLICE("web.demo.svc.cluster.local"), 80,
        MESH__SLICE(""));

    assert_non_null(web);
    assert_int_equal(web->breakers.max_connections, 1);
}

static void the_oldest_and_then_the_first_counts(void **state)
{
    size_t order[DOCUMENTS];
    size_t shadowed = 0;

    (void)state;
    for (uint64_t life = 0; life < LIVES; life++) {
        any_policy(life);
        for (int again = 0; again < 3; again++) {
            struct made made;

            shuffle(order);
            make(&made, order);
            check_order(&made);
            check_rule(&made);
            unmake(&made);
        }
        shadowed += service_count > 1;
    }
    assert_true(shadowed > LIVES / 3);
}

/* --- what is told --- */

static bool is_told(const struct made *made, const char *code,
                    const char *resource, const char *path)
{
    const struct mesh_diagnostics *all = &made->yard.diagnostics;

    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->findings[i].code, code) == 0 &&
            strcmp(all->findings[i].resource, resource) == 0 &&
            strcmp(all->findings[i].path, path) == 0)
            return true;
    return false;
}

static bool is_ever_wanted(const struct service *service, unsigned route)
{
    for (unsigned n = 0; n < REQUESTS; n++) {
        struct request request = request_of(n);

        if (wanted(service, &request) == (int)route)
            return true;
    }
    return false;
}

/*
 * Everything behind a route without a match is told to be out of reach, and
 * nothing is that a request could reach.
 */
static size_t check_routes(const struct made *made,
                           const struct service *service)
{
    bool swallowed = false;
    size_t told = 0;

    for (unsigned r = 0; r < service->routes; r++) {
        char resource[40], path[32];
        bool said;

        (void)snprintf(resource, sizeof(resource), "VirtualService/demo/%c",
                       service->name);
        (void)snprintf(path, sizeof(path), "spec.http[%u]", r);
        said = is_told(made, "IST0130", resource, path);
        if (swallowed)
            assert_true(said);
        if (said)
            assert_false(is_ever_wanted(service, r));
        swallowed = swallowed || service->written[r].matches == 0;
        told += said;
    }
    return told;
}

static void what_is_swallowed_is_told(void **state)
{
    size_t order[DOCUMENTS];
    size_t told = 0;

    (void)state;
    for (uint64_t life = 0; life < LIVES; life++) {
        struct made made;

        any_policy(life);
        shuffle(order);
        make(&made, order);
        assert_int_equal(
            mesh__policy_judge(made.yard.all, &made.yard.diagnostics), 0);
        for (size_t i = 0; i < service_count; i++) {
            const struct service *service = &services[i];
            char resource[40];

            (void)snprintf(resource, sizeof(resource), "VirtualService/demo/%c",
                           service->name);
            /* Two for one host meet, and all but one are never asked. */
            assert_int_equal(
                is_told(&made, "IST0109", resource, "spec.hosts[0]"),
                service_count > 1);
            assert_int_equal(
                is_told(&made, "LM0126", resource, "spec.hosts[0]"),
                service != oldest());
            told += check_routes(&made, service);
        }
        unmake(&made);
    }
    assert_true(told > LIVES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_and_then_the_first_counts),
        cmocka_unit_test(what_is_swallowed_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
