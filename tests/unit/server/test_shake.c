/*
 * Shake: who gets as far as a request, by PeerAuthentication and first bytes.
 */
#include "stage.h"

#include "base/error.h"
#include "server/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define GET "GET / HTTP/1.1\r\nhost: a\r\n\r\n"

static const struct {
    const char *claim;
    enum mesh_mtls_mode mode;
    const char *alpn; /* NULL: plaintext; "": TLS that offers none */
    char expect;      /* '2' 200, 'x' closed without a byte */
    const char *logged;
} rows[] = {
    { "STRICT closes plaintext", MESH__MTLS_STRICT, NULL, 'x',
      "plaintext where mutual TLS is required" },
    { "STRICT takes mesh TLS", MESH__MTLS_STRICT, "istio-http/1.1", '2', "" },
    { "STRICT takes TLS with a mesh certificate and no ALPN", MESH__MTLS_STRICT,
      "", '2', "" },
    { "STRICT does not ask for Istio's ALPN", MESH__MTLS_STRICT, "http/1.1",
      '2', "" },
    { "PERMISSIVE takes plaintext", MESH__MTLS_PERMISSIVE, NULL, '2', "" },
    { "PERMISSIVE takes mesh TLS", MESH__MTLS_PERMISSIVE, "istio", '2', "" },
    { "PERMISSIVE takes TLS that exchanges peers", MESH__MTLS_PERMISSIVE,
      "istio-peer-exchange", '2', "" },
    { "PERMISSIVE has no place for other TLS", MESH__MTLS_PERMISSIVE,
      "http/1.1", 'x', "TLS that is not the mesh's" },
    { "PERMISSIVE has no place for TLS without ALPN", MESH__MTLS_PERMISSIVE, "",
      'x', "TLS that is not the mesh's" },
    { "DISABLE takes plaintext", MESH__MTLS_DISABLE, NULL, '2', "" },
};

static char outcome(struct stage *stage)
{
    const char *heard = stage_ask(stage, GET);

    if (strncmp(heard, "HTTP/1.1 200 ", 13) == 0)
        return '2';
    return stage->ended != '.' && stage->heard_bytes == 0 ? 'x' : '?';
}

static void who_is_admitted(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t refused = atomic_load(&stage->env.stats.refused);
        const char *logged;
        char got;

        stage_mode(stage, rows[i].mode);
        stage_speak(stage, rows[i].alpn ? "front" : "",
                    rows[i].alpn ? rows[i].alpn : "");
        got = outcome(stage);
        if (got != rows[i].expect)
            fail_msg("%s: %c", rows[i].claim, got);
        logged = stage_logged(stage, 9);
        if (!strstr(logged, rows[i].logged) ||
            (logged[0] != '\0') != (rows[i].logged[0] != '\0'))
            fail_msg("%s: %s", rows[i].claim, logged);
        assert_int_equal(atomic_load(&stage->env.stats.refused) - refused,
                         rows[i].expect == 'x');
    }
}

static void without_mutual_tls_it_is_read_as_http(void **state)
{
    static const char hello[] = "\x16\x03\x01 \r\n";
    struct stage *stage = *state;

    stage_mode(stage, MESH__MTLS_DISABLE);
    assert_memory_equal(stage_ask(stage, hello), "HTTP/1.1 400 ", 13);
    assert_string_equal(stage_last(stage), "400 DPE http1.codec_error");
}

/* Raw bytes of the refused: not one goes back, not even an alert. */
static void a_refused_peer_hears_nothing(void **state)
{
    struct stage *stage = *state;

    stage_mode(stage, MESH__MTLS_STRICT);
    (void)stage_ask(stage, GET);
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(mesh__world_moved(stage->world, false), 0);
    assert_int_equal(stage->record_count, 0);
}

/* --- identities --- */

static void expect_refused(struct stage *stage, const char *why)
{
    stage_connect(stage);
    if (stage->peer->state == MESH__STREAM_READY)
        stage_say(stage, GET);
    (void)stage_hear(stage);
    assert_int_equal(stage->record_count, 0);
    assert_int_not_equal(stage->ended, '.');
    assert_int_equal(stage->heard_bytes, 0);
    assert_non_null(strstr(stage_logged(stage, 9), why));
}

static void who_cannot_prove_it(void **state)
{
    struct stage *stage = *state;

    stage_mode(stage, MESH__MTLS_STRICT);
    stage_identify(stage, "front", "istio-http/1.1");
    stage->fake.claim = "spiffe://elsewhere.org/ns/demo/sa/front";
    expect_refused(stage, "refused");
    stage->fake.claim = NULL;
    stage->fake.fail_at_step = 2;
    expect_refused(stage, "refused");
    assert_int_equal(atomic_load(&stage->env.stats.refused), 2);
}

static void without_a_certificate_of_our_own(void **state)
{
    struct stage *stage = *state;

    mesh__identity_set(&stage->identity, NULL, NULL);
    stage_identify(stage, "front", "istio-http/1.1");
    expect_refused(stage, "we have no certificate");
}

/* --- first bytes --- */

static void first_bytes_are_waited_for_and_not_for_ever(void **state)
{
    static const char hello[] = { 22, 3, 1, 2 };
    struct stage *stage = *state;

    stage_connect(stage);
    stage_pass(stage, 14 * MESH__S);
    assert_int_equal(stage->ended, '.');
    stage_pass(stage, MESH__S);
    assert_int_equal(stage->ended, 'F');
    assert_non_null(strstr(stage_logged(stage, 9), "no first bytes in time"));

    /* A hello that never becomes whole is no better. */
    stage_connect(stage);
    for (size_t i = 0; i < sizeof(hello); i++) {
        stage_say_n(stage, &hello[i], 1);
        stage_pass(stage, 3 * MESH__S);
        assert_int_equal(stage->ended, '.');
    }
    stage_pass(stage, 4 * MESH__S);
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(stage->record_count, 0);
}

static void a_plain_server_waits_as_long(void **state)
{
    struct stage *stage = *state;

    stage_mode(stage, MESH__MTLS_DISABLE);
    stage_connect(stage);
    stage_pass(stage, 14 * MESH__S);
    assert_int_equal(stage->ended, '.');
    stage_pass(stage, MESH__S);
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(atomic_load(&stage->env.stats.refused), 1);
}

static void the_first_bytes_may_be_cut_anywhere(void **state)
{
    struct stage *stage = *state;

    mesh__world_set_segment(stage->world, 1);
    assert_memory_equal(stage_ask(stage, GET), "HTTP/1.1 200 ", 13);
    stage_identify(stage, "front", "istio-http/1.1");
    stage->fake.cpu = true;
    assert_memory_equal(stage_ask(stage, GET), "HTTP/1.1 200 ", 13);
    stage_mode(stage, MESH__MTLS_STRICT);
    assert_memory_equal(stage_ask(stage, GET), "HTTP/1.1 200 ", 13);
}

static void what_begins_as_tls_and_is_none(void **state)
{
    struct stage *stage = *state;
    char bytes[600] = { 22, 3, 1, 0x7f, 0x7f };

    stage_connect(stage);
    stage_say_n(stage, bytes, sizeof(bytes));
    (void)stage_hear(stage);
    assert_int_equal(stage->ended, 'F');
    assert_int_equal(stage->heard_bytes, 0);
    assert_non_null(strstr(stage_logged(stage, 9), "no ClientHello"));
}

/* --- the configuration --- */

static void a_rotation_makes_the_next_handshake_new(void **state)
{
    struct stage *stage = *state;
    struct mesh_credential *credential;
    struct mesh_bundle *bundle = fake_bundle("cluster.local");

    stage_identify(stage, "front", "istio-http/1.1");
    assert_non_null(strstr(stage_ask(stage, GET), "By=spiffe://cluster.local/"
                                                  "ns/demo/sa/server;"));
    credential = fake_credential("spiffe://cluster.local/ns/demo/sa/rotated",
                                 INT64_C(784200000));
    mesh__identity_set(&stage->identity, credential, bundle);
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
    assert_non_null(strstr(stage_ask(stage, GET), "By=spiffe://cluster.local/"
                                                  "ns/demo/sa/rotated;"));
}

/* Trust moves on while hands are shaken: the old proof is worth nothing. */
static void what_changes_during_a_handshake(void **state)
{
    struct stage *stage = *state;
    struct mesh_credential *credential =
        fake_credential("spiffe://elsewhere.org/ns/a/sa/b", INT64_C(800000000));
    struct mesh_bundle *bundle = fake_bundle("elsewhere.org");
    const struct mesh_node *connections = &stage->server->connections;

    mesh__world_set_delay(stage->world, 10 * MESH__MS, 10 * MESH__MS);
    stage_identify(stage, "front", "istio");
    stage_connect(stage);
    while (mesh__list_empty(connections) ||
           mesh__serve_stream(
               MESH__OF(connections->next, struct mesh_connection, node))
                   ->state != MESH__STREAM_SHAKING) {
        stage_pass(stage, MESH__MS);
        assert_int_equal(stage->ended, '.');
        assert_int_not_equal(stage->peer->state, MESH__STREAM_READY);
    }
    mesh__identity_set(&stage->identity, credential, bundle);
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
    stage_pass(stage, MESH__S);
    assert_int_not_equal(stage->ended, '.');
    assert_int_equal(atomic_load(&stage->env.stats.refused), 1);
    assert_int_equal(stage->record_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_is_admitted, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(without_mutual_tls_it_is_read_as_http,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(a_refused_peer_hears_nothing,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(who_cannot_prove_it, stage_setup,
                                        stage_teardown),
        cmocka_unit_test_setup_teardown(without_a_certificate_of_our_own,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(
            first_bytes_are_waited_for_and_not_for_ever, stage_setup,
            stage_teardown),
        cmocka_unit_test_setup_teardown(a_plain_server_waits_as_long,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(the_first_bytes_may_be_cut_anywhere,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(what_begins_as_tls_and_is_none,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(what_changes_during_a_handshake,
                                        stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(a_rotation_makes_the_next_handshake_new,
                                        stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
