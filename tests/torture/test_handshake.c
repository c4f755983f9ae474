/*
 * test_handshake.c - a handshake that loses any one allocation, on either
 * side: it fails, or both know whom they met and nobody else could have been
 * met. CVE-2025-27810 is what happens otherwise.
 */
#include "certs.h"
#include "fake_tls.h"
#include "tls_pair.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WEB "spiffe://td/ns/default/sa/web"
#define PAY "spiffe://td/ns/default/sa/pay"

enum { SAMPLES = 400 }; /* of the allocations of the real engine */

static struct fake_tls fake;
static struct mesh_rng *rng;

/* Two configurations of one engine. */
struct world {
    const struct mesh_tls_engine *engine;
    struct mesh_tls_config *client;
    struct mesh_tls_config *server;
};

static void make_configs(struct world *world, struct mesh_credential *web,
                         struct mesh_credential *pay,
                         struct mesh_bundle *bundle)
{
    static const char *const ids[] = { PAY };
    static const char *const alpn[] = { "http/1.1" };
    struct mesh_tls_profile client = { .role = MESH__TLS_CLIENT,
                                       .sni = "pay",
                                       .alpn = alpn,
                                       .alpn_count = 1,
                                       .expected = { .ids = ids, .count = 1 },
                                       .credential = web,
                                       .bundle = bundle };
    struct mesh_tls_profile server = { .role = MESH__TLS_SERVER,
                                       .alpn = alpn,
                                       .alpn_count = 1,
                                       .credential = pay,
                                       .bundle = bundle };

    assert_int_equal(
        world->engine->config_new(world->engine, &client, rng, &world->client),
        0);
    assert_int_equal(
        world->engine->config_new(world->engine, &server, rng, &world->server),
        0);
    mesh__credential_unref(web);
    mesh__credential_unref(pay);
    mesh__bundle_unref(bundle);
}

static struct mesh_credential *credential(const struct cert_made *root,
                                          const char *id)
{
    struct cert_wish wish = cert_wish(id);
    struct cert_made made;
    struct mesh_credential *out;

    cert_make(&wish, root, rng, &made);
    assert_int_equal(mesh__credential_parse("chain", mesh__slice_of(made.cert),
                                            "key", mesh__slice_of(made.key),
                                            CERT_NOW, &out),
                     0);
    return out;
}

static void make_real(struct world *world)
{
    struct cert_wish wish = cert_wish_root("root");
    struct cert_made root;
    struct mesh_bundle *bundle;

    world->engine = mesh__tls_mbedtls();
    cert_make(&wish, NULL, rng, &root);
    assert_int_equal(
        mesh__bundle_parse("root", mesh__slice_of(root.cert), "td", &bundle),
        0);
    make_configs(world, credential(&root, WEB), credential(&root, PAY), bundle);
}

static void make_fake(struct world *world)
{
    fake_tls_init(&fake);
    world->engine = &fake.engine;
    make_configs(world, fake_credential(WEB, CERT_NOW + 1),
                 fake_credential(PAY, CERT_NOW + 1), fake_bundle("td"));
}

static void end_world(struct world *world)
{
    world->engine->config_unref(world->client);
    world->engine->config_unref(world->server);
}

/* Meet, say a word each way, part; session (may be NULL) is resumed. */
static void meet(const struct world *world, const struct mesh_buffer *session)
{
    struct mesh_slice word = MESH__SLICE("word");
    struct tls_pair pair = { 0 };

    if (tls_pair_init(&pair, world->client, world->server, CERT_NOW) == 0) {
        if (session && session->len)
            (void)world->engine->session_import(
                pair.end[0].tls, mesh__buffer_slice(session), CERT_NOW);
        if (tls_pair_shake(&pair)) {
            const struct mesh_peer *peer[2];

            for (int i = 0; i < 2; i++)
                peer[i] = world->engine->peer(pair.end[i].tls);
            assert_string_equal(peer[0]->id, PAY);
            assert_string_equal(peer[1]->id, WEB);
            for (int i = 0; i < 2; i++)
                (void)world->engine->seal(pair.end[i].tls, &word, 1,
                                          &pair.end[i].out);
            tls_pair_settle(&pair);
            for (int i = 0; i < 2; i++)
                assert_true(
                    pair.end[i].plain.len == 0 ||
                    mesh__slice_is(mesh__buffer_slice(&pair.end[i].plain),
                                   "word"));
        }
    }
    tls_pair_fini(&pair);
    mesh__error_clear();
}

/*
 * mbedTLS 3.6 forgets a cipher context, or a few, when memory runs out while it
 * derives keys of TLS 1.3 (mbedtls_ssl_tls13_compute_handshake_transform).
 */
static void check_live(const struct world *world)
{
    bool forgets = world->engine == mesh__tls_mbedtls() &&
                   !strstr(mesh__crypto_version(), " 2.");

    assert_in_range(fake_alloc_live(), 0, forgets ? 8 : 0);
}

static void torture(const struct world *world,
                    const struct mesh_buffer *session, size_t samples)
{
    size_t count;

    meet(world, session); /* what libraries make once and keep */
    fake_alloc_reset();
    meet(world, session);
    assert_int_equal(fake_alloc_live(), 0);
    count = fake_alloc_count();
    for (size_t n = 0; n < count; n += 1 + count / samples) {
        fake_alloc_fail_at(n);
        meet(world, session);
        (void)fake_alloc_tripped();
        check_live(world);
    }
    for (size_t n = 0; n < count; n += 1 + count / (samples / 8)) {
        fake_alloc_fail_from(n);
        meet(world, session);
        (void)fake_alloc_tripped();
        check_live(world);
    }
    fake_alloc_off();
}

/* A session to resume; empty where the library gives none. */
static void first_meeting(const struct world *world, struct mesh_buffer *out)
{
    struct mesh_slice word = MESH__SLICE("word");
    struct tls_pair pair = { 0 };

    assert_int_equal(
        tls_pair_init(&pair, world->client, world->server, CERT_NOW), 0);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(world->engine->seal(pair.end[PAIR_SERVER].tls, &word, 1,
                                         &pair.end[PAIR_SERVER].out),
                     0);
    tls_pair_settle(&pair);
    assert_int_equal(
        world->engine->session_export(pair.end[PAIR_CLIENT].tls, out), 0);
    tls_pair_fini(&pair);
}

static void torture_both(const struct world *world, size_t samples)
{
    struct mesh_buffer session;

    torture(world, NULL, samples);
    mesh__buffer_init(&session, MESH__TLS_SESSION_MAX);
    first_meeting(world, &session);
    torture(world, &session, samples);
    mesh__buffer_fini(&session);
}

static void test_fake(void **state)
{
    struct world world;

    (void)state;
    make_fake(&world);
    torture_both(&world, 100000);
    end_world(&world);
}

static void test_real(void **state)
{
    struct world world;

    (void)state;
    make_real(&world);
    torture_both(&world, SAMPLES);
    end_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fake),
        cmocka_unit_test(test_real),
    };
    int rc;

    if (mesh__rng_new(&rng) < 0)
        return 1;
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    mesh__rng_free(rng);
    return rc;
}
