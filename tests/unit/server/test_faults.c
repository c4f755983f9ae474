/*
 * Faults: a reset, a cut, a stall, an end and a flipped bit at every byte, and
 * a thousand seeds. Whatever happens to the wire, every exchange is recorded
 * once, nothing is left, and no answer is given to another question.
 */
#include "stage.h"

#include "server/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Two requests in one go; the second asks for the end. */
#define QUESTION                                                               \
    "POST /first HTTP/1.1\r\nhost: a\r\nx-request-id: 1\r\n"                   \
    "content-length: 3\r\n\r\nabc"                                             \
    "POST /second HTTP/1.1\r\nhost: a\r\nx-request-id: 2\r\n"                  \
    "connection: close\r\ntransfer-encoding: chunked\r\n\r\n"                  \
    "2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"

/* What a faultless wire brings, in plaintext and over TLS. */
static char wholes[2][STAGE_TEXT];

static void ask(struct stage *stage, uint64_t patience_ns)
{
    stage->record_count = 0;
    atomic_store(&stage->env.stats.exchanges, 0);
    if (stage_connect(stage) && stage->peer->state == MESH__STREAM_READY)
        stage_say(stage, QUESTION);
    stage_pass(stage, patience_ns);
}

/* Nobody waits, nothing is held, each exchange was told of once. */
static void check_order(struct stage *stage, const char *claim, uint64_t at)
{
    uint64_t exchanges = atomic_load(&stage->env.stats.exchanges);

    if (!mesh__list_empty(&stage->server->connections) ||
        !mesh__list_empty(&stage->server->queue) || stage->server->out ||
        stage->hold.uses)
        fail_msg("%s at %llu: something is stuck", claim,
                 (unsigned long long)at);
    /* A head that never became whole is told of as well. */
    if (stage->record_count < exchanges ||
        stage->record_count > exchanges + 1 || stage->record_count > 2)
        fail_msg("%s at %llu: %zu told of %llu", claim, (unsigned long long)at,
                 stage->record_count, (unsigned long long)exchanges);
}

static void check_heard(struct stage *stage, const char *claim, uint64_t at,
                        bool all)
{
    const char *whole = wholes[stage->peer_config != NULL];
    size_t len = stage->heard_len;

    if (memcmp(stage->heard, whole, len) != 0 || (all && len != strlen(whole)))
        fail_msg("%s at %llu: heard \"%s\"", claim, (unsigned long long)at,
                 stage->heard);
}

static const struct {
    const char *claim;
    enum mesh_fault_kind kind;
    bool whole; /* everything arrives nevertheless  */
    bool plain; /* also without TLS                 */
} faults[] = {
    { "a cut", MESH__FAULT_SPLIT, true, true },
    { "a reset", MESH__FAULT_RESET, false, true },
    { "an end", MESH__FAULT_END, false, true },
    { "a stall", MESH__FAULT_STALL, false, false },
    { "a flipped bit", MESH__FAULT_FLIP, false, false },
};

static void at_every_byte(struct stage *stage, size_t fault, bool to_server,
                          uint64_t bytes)
{
    const char *claim = faults[fault].claim;

    for (uint64_t at = 0; at < bytes; at++) {
        mesh__world_set_fault(stage->world, faults[fault].kind, 0, to_server,
                              at);
        ask(stage, 20 * MESH__MS);
        if (!faults[fault].whole)
            stage_hang_up(stage, false);
        stage_pass(stage, faults[fault].kind == MESH__FAULT_STALL
                              ? 400 * MESH__S
                              : 2 * MESH__S);
        check_order(stage, claim, at);
        check_heard(stage, claim, at, faults[fault].whole);
        stage_hang_up(stage, false);
    }
    mesh__world_set_fault(stage->world, MESH__FAULT_NONE, 0, false, 0);
}

static void play(struct stage *stage, bool tls)
{
    uint64_t moved[2];

    stage->env.keep_alive_ns = 10 * MESH__S;
    stage->snapshot.trust_domain_count = 1;
    ask(stage, MESH__S);
    check_order(stage, "nothing", 0);
    assert_int_equal(stage->record_count, 2);
    assert_int_equal(stage->ended, 'F');
    (void)snprintf(wholes[tls], sizeof(wholes[tls]), "%s", stage->heard);
    moved[0] = mesh__world_moved(stage->world, false);
    moved[1] = mesh__world_moved(stage->world, true);
    assert_true(moved[0] >= strlen(wholes[tls]));
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (tls || faults[i].plain) {
            at_every_byte(stage, i, false, moved[0]);
            at_every_byte(stage, i, true, moved[1]);
        }
}

/* Dates move with the clock: a handler of its own says none. */
static void on_news(struct mesh_http_server *server)
{
    struct mesh_inbound_exchange *exchange;

    while ((exchange = mesh__http_server_take(server))) {
        (void)mesh__exchange_add(exchange, MESH__SLICE("date"),
                                 MESH__SLICE("never"));
        stage_echo(exchange);
    }
}

static void plaintext(void **state)
{
    struct stage *stage = *state;

    stage->server->on_news = on_news;
    play(stage, false);
}

static void mutual_tls(void **state)
{
    struct stage *stage = *state;

    stage->server->on_news = on_news;
    stage_mode(stage, MESH__MTLS_STRICT);
    stage->peer_ends_s = INT64_C(3000000000);
    stage_identify(stage, "front", "istio-http/1.1");
    play(stage, true);
}

/* --- seeds --- */

enum { SEEDS = 1000 };

/* Segments, delays and one fault somewhere: all by the dice of the seed. */
static void one_seed(uint64_t seed)
{
    struct stage *stage;
    void *state;
    uint64_t draw;

    (void)stage_setup_seed(&state, seed);
    stage = state;
    stage->server->on_news = on_news;
    mesh__loop_enter(stage->loops[1]);
    draw = mesh__loop_random(stage->loops[1]);
    mesh__loop_leave(stage->loops[1]);
    stage_speak(stage, draw & 1 ? "front" : "", "istio");
    mesh__world_set_segment(stage->world, 1 + (draw >> 8) % 64);
    mesh__world_set_delay(stage->world, 0, (draw >> 16) % (5 * MESH__MS));
    mesh__world_set_fault(stage->world,
                          (enum mesh_fault_kind)((draw >> 40) % 5), 0, draw & 2,
                          (draw >> 48) % 1200);
    ask(stage, 100 * MESH__MS);
    stage_pass(stage, 10 * MESH__S);
    check_heard(stage, "seed", seed, false);
    stage_hang_up(stage, draw & 4);
    stage_pass(stage, 4000 * MESH__S);
    check_order(stage, "seed", seed);
    (void)stage_teardown(&state);
}

static void a_thousand_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        one_seed(seed);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plaintext),
        TEST(mutual_tls),
        cmocka_unit_test(a_thousand_seeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
