/*
 * test_exchange.c - whole exchanges, both sides, that lose any one allocation:
 * they end, nothing is left over, and what policy denies stays denied.
 */
#include "../sim/world.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"

enum { SAMPLES = 400, BODY = 3000 };

static const char policy[] =
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"
    "metadata: {name: default, namespace: demo}\n"
    "spec: {mtls: {mode: STRICT}}\n---\n"
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec:\n"
    "  selector: {matchLabels: {app: web}}\n"
    "  action: ALLOW\n"
    "  rules:\n"
    "  - from: [{source: {principals:"
    " [cluster.local/ns/demo/sa/front]}}]\n"
    "    to: [{operation: {methods: [POST], notPaths: ['/secret*']}}]\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec:\n"
    "  hosts: [web]\n"
    "  http:\n"
    "  - route: [{destination: {host: web}}]\n"
    "    timeout: 5s\n"
    "    retries: {attempts: 1, perTryTimeout: 2s,\n"
    "              retryOn: 'connect-failure,reset,5xx'}\n";

/* All that a rule does beside; what it keeps out stays out. */
static const char acting[] =
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec:\n"
    "  hosts: [web]\n"
    "  http:\n"
    "  - match: [{uri: {prefix: /secret}}]\n"
    "    directResponse: {status: 403, body: {string: gone}}\n"
    "    headers: {response: {set: {x-set: a}}}\n"
    "  - match: [{method: {exact: GET}}]\n"
    "    route: [{destination: {host: web}}]\n"
    "    fault: {delay: {fixedDelay: 1s, percentage: {value: 100}},\n"
    "      abort: {httpStatus: 403, percentage: {value: 100}}}\n"
    "  - route: [{destination: {host: web}}]\n"
    "    mirror: {host: web}\n"
    "    rewrite: {authority: h, uriRegexRewrite: {match: e, rewrite: e}}\n"
    "    corsPolicy: {allowOrigins: [{exact: '*'}]}\n"
    "    headers: {request: {set: {x-set: '%REQ(x-id)%'}, add: {x-add: a}},\n"
    "      response: {set: {x-back: '%REQ(:path)%'}}}\n"
    "    timeout: 5s\n";

static char body[BODY];
static struct sim *sim;
static struct mesh_rng *rng;

static int set_up(void **state)
{
    (void)state;
    memset(body, 'b', sizeof(body));
    sim = mesh__malloc(sizeof(*sim));
    return sim && mesh__rng_new(&rng) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mesh__rng_free(rng);
    mesh__free(sim);
    return 0;
}

/* --- one story --- */

static const struct {
    struct sim_ask ask;
    bool allowed;
} asks[] = {
    { { .path = "/echo", .body = body, .body_len = BODY }, true },
    { { .path = "/secret", .body = body, .body_len = 3 }, false },
    { { .path = "/pieces", .body = body, .body_len = BODY, .chunked = true },
      true },
    { { .path = "/echo" }, false },
};

/* How many of the calls came out as policy wants. */
static size_t tell(bool welcome)
{
    size_t good = 0;

    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        size_t before = sim->servers[0].taken;
        bool allowed = welcome && asks[i].allowed;
        struct sim_call call;

        if (!sim_begin(sim, &asks[i].ask, &call))
            continue;
        assert_true(sim_await(sim, &call, 1, 30 * MESH__S));
        if (sim->copies) /* they count as taken, too */
            sim_pass(sim, MESH__S);
        if (call.status == 200 && !allowed)
            fail_msg("%s was let through", asks[i].ask.path);
        assert_true(allowed || sim->servers[0].taken == before);
        good += call.status == (allowed ? 200u : welcome ? 403u : 503u);
        sim_end(sim, &call);
    }
    return good;
}

/*
 * mbedTLS 3.6 forgets a cipher context, or a few, when memory runs out while it
 * derives keys of TLS 1.3; no other version and no other engine may.
 */
static uintmax_t forgotten(const struct sim_wish *wish)
{
    return wish->engine == mesh__tls_mbedtls() &&
                   !strstr(mesh__crypto_version(), " 2.")
               ? 8
               : 0;
}

/*
 * The allocation after n others fails. How many were asked for, and how many
 * are left over.
 */
static size_t lose(const struct sim_wish *wish, const char *id, size_t n,
                   long *left)
{
    bool tripped;
    size_t count;
    size_t good;

    sim_init(sim, wish);
    sim->tolerant = true;
    if (id)
        sim_dress(sim, id, SIM_WALL_S + 1000);
    fake_alloc_fail_at(n);
    good = tell(id == NULL);
    count = fake_alloc_count();
    tripped = fake_alloc_tripped();
    sim_fini(sim);
    *left = fake_alloc_live();
    fake_alloc_off();
    assert_true(tripped || good == sizeof(asks) / sizeof(asks[0]));
    return count;
}

/* Every one, or a sample of very many. */
static void lose_each(const struct sim_wish *wish, const char *id)
{
    size_t count;
    long left;

    (void)lose(wish, id, SIZE_MAX, &left); /* what is made once and kept */
    count = lose(wish, id, SIZE_MAX, &left);
    assert_int_equal(left, 0);
    for (size_t n = 0; n < count; n += 1 + count / SAMPLES) {
        (void)lose(wish, id, n, &left);
        assert_in_range(left, 0, forgotten(wish));
    }
}

/* --- stories --- */

static void on_the_test_engine(void **state)
{
    const struct sim_wish wish = { .policy = policy };

    (void)state;
    lose_each(&wish, NULL);
}

static void with_all_that_a_rule_does(void **state)
{
    const struct sim_wish wish = { .policy = acting };

    (void)state;
    lose_each(&wish, NULL);
}

static void by_a_stranger(void **state)
{
    const struct sim_wish wish = { .policy = policy };

    (void)state;
    lose_each(&wish, "spiffe://nowhere/ns/demo/sa/front");
}

static void on_mbedtls(void **state)
{
    struct sim_wish wish = { .policy = policy };

    (void)state;
    sim_prove(&wish, rng);
    lose_each(&wish, NULL);
    sim_prove_no_more(&wish);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_the_test_engine),
        cmocka_unit_test(with_all_that_a_rule_does),
        cmocka_unit_test(by_a_stranger),
        cmocka_unit_test(on_mbedtls),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
