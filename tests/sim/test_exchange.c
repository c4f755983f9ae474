/*
 * test_exchange.c - one whole exchange, whatever the wire does to it: it ends,
 * it is told of once, and what is reported as good is the answer, whole.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>

enum { SEEDS = 1000, SAMPLES = 40, SMALL = 150, LARGE = 40000, TOGETHER = 8 };

#define MTLS(mode)                                                             \
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"             \
    "metadata: {name: default, namespace: demo}\n"                             \
    "spec: {mtls: {mode: " mode "}}\n---\n"

/* Paths that begin with /again are tried again. */
#define ROUTES                                                                 \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec:\n"                                                                  \
    "  hosts: [web]\n"                                                         \
    "  http:\n"                                                                \
    "  - match: [{headers: {x-again: {exact: 'yes'}}}]\n"                      \
    "    route: [{destination: {host: web}}]\n"                                \
    "    timeout: 9s\n"                                                        \
    "    retries: {attempts: 2, perTryTimeout: 2s,\n"                          \
    "              retryOn: 'connect-failure,reset,5xx'}\n"                    \
    "  - route: [{destination: {host: web}}]\n"                                \
    "    timeout: 5s\n"                                                        \
    "    retries: {attempts: 0}\n"

static const char *const policies[] = { MTLS("STRICT") ROUTES,
                                        MTLS("DISABLE") ROUTES };

static char body[LARGE];
static struct sim *sim;

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (char)('a' + (i * 7 + i / 251) % 26);
    sim = mesh__malloc(sizeof(*sim));
    return sim ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mesh__free(sim);
    return 0;
}

/* --- what is asked --- */

static const struct sim_ask asks[] = {
    { .path = "/echo", .body = body, .body_len = SMALL },
    { .path = "/pieces", .body = body, .body_len = SMALL, .chunked = true },
    { .path = "/pieces",
      .body = body,
      .body_len = SMALL,
      .streamed = true,
      .header = "x-again",
      .value = "yes" },
    { .path = "/echo", /* not twice, whatever the policy says */
      .body = body,
      .body_len = SMALL,
      .header = "x-again",
      .value = "yes",
      .idempotent = 2 },
};

enum { ASKS = sizeof(asks) / sizeof(asks[0]) };

/* --- a fault at every byte --- */

struct fault {
    const char *claim;
    enum mesh_fault_kind kind;
    bool harmless;  /* the call is to succeed all the same            */
    bool in_secret; /* only where TLS would notice                    */
};

static const struct fault faults[] = {
    { "split", MESH__FAULT_SPLIT, true, false },
    { "reset", MESH__FAULT_RESET, false, false },
    { "end", MESH__FAULT_END, false, false },
    { "stall", MESH__FAULT_STALL, false, false },
    { "flip", MESH__FAULT_FLIP, false, true },
};

/* One call over a new connection that this happens to. */
static void tell_story(const struct sim_ask *ask, const struct fault *fault,
                       bool to_server, uint64_t at)
{
    struct sim_call call;

    mesh__world_set_fault(sim->world, fault->kind, 0, to_server, at);
    assert_true(sim_begin(sim, ask, &call));
    if (!sim_await(sim, &call, 1, 30 * MESH__S))
        fail_msg("%s at %u %s: stuck", fault->claim, (unsigned)at,
                 to_server ? "to the server" : "back");
    if (fault->harmless && (call.code != MESH_OK || call.status != 200))
        fail_msg("%s at %u %s: %u %s", fault->claim, (unsigned)at,
                 to_server ? "to the server" : "back", call.status, call.line);
    if (call.code == MESH_OK)
        assert_int_equal(call.status, 200);
    sim_end(sim, &call);
    sim_hang_up(sim);
    sim->calls = 0;
    memset(sim->records, 0, sizeof(sim->records));
}

/* How many bytes go each way when nothing happens. */
static void measure(const struct sim_ask *ask, uint64_t moved[2])
{
    struct sim_call call;

    mesh__world_set_fault(sim->world, MESH__FAULT_NONE, 0, false, 0);
    sim_ask(sim, ask, &call);
    assert_int_equal(call.code, MESH_OK);
    assert_int_equal(call.status, 200);
    assert_int_equal(call.got_len, call.body_len);
    sim_hang_up(sim);
    for (int to_server = 0; to_server < 2; to_server++)
        moved[to_server] = mesh__world_moved(sim->world, to_server);
}

/* At every byte, or at as many as samples says. */
static void play(const struct sim_ask *ask, const struct fault *fault,
                 uint64_t samples)
{
    uint64_t moved[2];

    measure(ask, moved);
    for (unsigned to_server = 0; to_server < 2; to_server++)
        for (uint64_t at = 0; at <= moved[to_server];
             at += samples ? 1 + moved[to_server] / samples : 1)
            tell_story(ask, fault, to_server, at);
}

static void at_every_byte(const struct fault *fault)
{
    for (size_t policy = 0; policy < 2; policy++)
        for (size_t i = 0; i < ASKS; i++) {
            struct sim_wish wish = { .policy = policies[policy],
                                     .keeps_idle = i % 2 };

            if (fault->in_secret && policy != 0)
                continue;
            sim_init(sim, &wish);
            sim->fake.no_tickets = true; /* each connection the same bytes */
            play(&asks[i], fault, 0);
            sim_fini(sim);
        }
}

static void a_split(void **state)
{
    (void)state;
    at_every_byte(&faults[0]);
}

static void a_reset(void **state)
{
    (void)state;
    at_every_byte(&faults[1]);
}

static void an_end(void **state)
{
    (void)state;
    at_every_byte(&faults[2]);
}

static void a_stall(void **state)
{
    (void)state;
    at_every_byte(&faults[3]);
}

static void a_flip(void **state)
{
    (void)state;
    at_every_byte(&faults[4]);
}

/* The same on the real engine, where each story costs a handshake. */
static void on_mbedtls(void **state)
{
    struct sim_wish wish = { .policy = policies[0] };
    struct mesh_rng *rng;

    (void)state;
    assert_int_equal(mesh__rng_new(&rng), 0);
    sim_prove(&wish, rng);
    sim_init(sim, &wish);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        play(&asks[1], &faults[i], SAMPLES);
    sim_fini(sim);
    sim_prove_no_more(&wish);
    mesh__rng_free(rng);
}

/* --- what both sides tell --- */

static void one_request_id(void **state)
{
    static const struct sim_ask named = { .header = "x-request-id",
                                          .value = "mine" };
    static const struct sim_ask nameless = { .path = "/echo" };
    struct sim_wish wish = { .policy = policies[0] };
    struct sim_call call;

    (void)state;
    sim_init(sim, &wish);
    sim_ask(sim, &named, &call);
    assert_string_equal(sim->last_id, "mine");
    assert_string_equal(sim->servers[0].last_id, "mine");
    sim_ask(sim, &nameless, &call);
    assert_int_equal(strlen(sim->last_id), MESH__REQUEST_ID);
    assert_string_equal(sim->servers[0].last_id, sim->last_id);
    sim_fini(sim);
}

/* --- a thousand seeds --- */

static uint64_t draw_from(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *state >> 33;
}

/* Some at once, of any shape and size, over a wire of any temper. */
static void play_seed(uint64_t seed)
{
    uint64_t dice = seed * 2 + 1;
    struct sim_wish wish = { .policy = policies[draw_from(&dice) % 4 == 0],
                             .servers = 1 + draw_from(&dice) % SIM_SERVERS,
                             .seed = seed,
                             .keeps_idle = draw_from(&dice) % 2 };
    struct sim_call calls[TOGETHER];
    bool faulty = draw_from(&dice) % 4 == 0;

    sim_init(sim, &wish);
    sim->fake.cpu = draw_from(&dice) % 2;
    mesh__world_set_delay(sim->world, 0, draw_from(&dice) % (20 * MESH__MS));
    mesh__world_set_segment(
        sim->world, draw_from(&dice) % 3 ? 1 + draw_from(&dice) % 4000 : 0);
    for (size_t round = 0; round < 2; round++) {
        if (faulty)
            mesh__world_set_fault(sim->world,
                                  (enum mesh_fault_kind)(
                                      1 + draw_from(&dice) % MESH__FAULT_STALL),
                                  (unsigned)(draw_from(&dice) % 4),
                                  draw_from(&dice) % 2,
                                  draw_from(&dice) % 3000);
        for (size_t i = 0; i < TOGETHER; i++) {
            struct sim_ask ask = asks[draw_from(&dice) % ASKS];

            ask.body_len =
                draw_from(&dice) % (draw_from(&dice) % 4 ? SMALL : LARGE);
            ask.body_len++;
            assert_true(sim_begin(sim, &ask, &calls[i]));
        }
        if (!sim_await(sim, calls, TOGETHER, 60 * MESH__S))
            fail_msg("seed %u: stuck", (unsigned)seed);
        for (size_t i = 0; i < TOGETHER; i++) {
            if (!faulty && calls[i].code != MESH_OK)
                fail_msg("seed %u: %s", (unsigned)seed, calls[i].line);
            sim_end(sim, &calls[i]);
        }
    }
    sim_fini(sim);
}

static void a_thousand_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        play_seed(seed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_split),    cmocka_unit_test(a_reset),
        cmocka_unit_test(an_end),     cmocka_unit_test(a_stall),
        cmocka_unit_test(a_flip),     cmocka_unit_test(one_request_id),
        cmocka_unit_test(on_mbedtls), cmocka_unit_test(a_thousand_seeds),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
