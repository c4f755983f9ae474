/*
 * test_issue.c - what is issued reads as it was asked for; dice and versions.
 */
#include "crypto/issue.h"

#include "base/error.h"
#include "crypto/x509.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1800000000, YEAR = 365 * 24 * 3600 };

static struct mesh_rng *rng;
static struct mesh_buffer ca_cert; /* each with a NUL behind */
static struct mesh_buffer ca_key;

static const struct mesh_issue ca_wish = {
    .uri = "spiffe://td",
    .common_name = "a CA",
    .not_before_s = NOW,
    .not_after_s = NOW + 30LL * YEAR, /* beyond 2049: GeneralizedTime */
    .is_ca = true,
};

static int make_world(void **state)
{
    (void)state;
    assert_int_equal(mesh__rng_new(&rng), 0);
    mesh__buffer_init(&ca_cert, 16384);
    mesh__buffer_init(&ca_key, 16384);
    assert_int_equal(mesh__issue(&ca_wish, rng, &ca_cert, &ca_key), 0);
    assert_int_equal(mesh__buffer_append(&ca_cert, "", 1), 0);
    assert_int_equal(mesh__buffer_append(&ca_key, "", 1), 0);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    mesh__buffer_fini(&ca_cert);
    mesh__buffer_fini(&ca_key);
    mesh__rng_free(rng);
    return 0;
}

static struct mesh_issue leaf_wish(void)
{
    return (struct mesh_issue){
        .uri = "spiffe://td/ns/a/sa/b",
        .ca_cert_pem = mesh__buffer_data(&ca_cert),
        .ca_key_pem = mesh__buffer_data(&ca_key),
        .not_before_s = NOW,
        .not_after_s = NOW + 3600,
    };
}

static struct mesh_chain *read_chain(const char *pem)
{
    struct mesh_chain *chain;

    assert_int_equal(
        mesh__chain_parse_pem("issued", mesh__slice_of(pem), 1, &chain), 0);
    return chain;
}

static void test_ca(void **state)
{
    struct mesh_chain *chain = read_chain(mesh__buffer_data(&ca_cert));
    struct mesh_cert cert;
    char subject[64];

    (void)state;
    assert_int_equal(mesh__chain_cert(chain, 0, &cert), 0);
    assert_true(cert.is_ca && cert.cert_sign && cert.crl_sign);
    assert_true(cert.not_after_s == ca_wish.not_after_s);
    assert_true(mesh__slice_is(cert.uris[0], "spiffe://td"));
    mesh__chain_subject(chain, 0, subject, sizeof(subject));
    assert_string_equal(subject, "CN=a CA");
    mesh__chain_unref(chain);
}

static void test_leaf(void **state)
{
    struct mesh_issue wish = leaf_wish();
    struct mesh_chain *roots = read_chain(mesh__buffer_data(&ca_cert));
    struct mesh_chain *chain;
    struct mesh_buffer cert_pem;
    struct mesh_buffer key_pem;
    struct mesh_cert cert;
    struct mesh_key *key;
    char subject[64];

    (void)state;
    mesh__buffer_init(&cert_pem, 16384);
    mesh__buffer_init(&key_pem, 16384);
    assert_int_equal(mesh__issue(&wish, rng, &cert_pem, &key_pem), 0);
    assert_int_equal(
        mesh__key_parse_pem("key", mesh__buffer_slice(&key_pem), &key), 0);
    assert_int_equal(mesh__chain_parse_pem(
                         "issued", mesh__buffer_slice(&cert_pem), 1, &chain),
                     0);
    assert_int_equal(mesh__chain_verify(chain, roots, NOW), 0);
    assert_int_equal(mesh__key_matches(key, chain), 0);
    assert_int_equal(mesh__chain_cert(chain, 0, &cert), 0);
    assert_int_equal(cert.uri_count, 1);
    assert_true(mesh__slice_is(cert.uris[0], wish.uri));
    assert_true(cert.has_key_usage && cert.digital_signature);
    assert_true(cert.server_auth && cert.client_auth);
    assert_false(cert.is_ca || cert.cert_sign);
    mesh__chain_subject(chain, 0, subject, sizeof(subject));
    assert_string_equal(subject, "");
    mesh__chain_unref(chain);
    mesh__chain_unref(roots);
    mesh__key_unref(key);
    mesh__buffer_fini(&cert_pem);
    mesh__buffer_fini(&key_pem);
}

static void refuse(const struct mesh_issue *wish, int code)
{
    struct mesh_buffer cert_pem;
    struct mesh_buffer key_pem;

    mesh__buffer_init(&cert_pem, 16384);
    mesh__buffer_init(&key_pem, 16384);
    assert_int_equal(mesh__buffer_append(&cert_pem, "before", 6), 0);
    assert_int_equal(mesh__issue(wish, rng, &cert_pem, &key_pem), code);
    assert_int_equal(cert_pem.len, 6);
    assert_int_equal(key_pem.len, 0);
    mesh__buffer_fini(&cert_pem);
    mesh__buffer_fini(&key_pem);
}

static void test_refusals(void **state)
{
    struct mesh_issue wish = leaf_wish();
    struct mesh_buffer other_cert;
    struct mesh_buffer other_key;
    char uri[3000];

    (void)state;
    wish.not_after_s = wish.not_before_s;
    refuse(&wish, MESH_ERR_INVALID);
    wish = leaf_wish();
    wish.ca_key_pem = NULL;
    refuse(&wish, MESH_ERR_INVALID);
    wish = leaf_wish();
    wish.ca_cert_pem = "no certificate";
    refuse(&wish, MESH_ERR_CERTIFICATE);
    wish = leaf_wish();
    memset(uri, 'a', sizeof(uri));
    uri[sizeof(uri) - 1] = '\0';
    wish.uri = uri;
    refuse(&wish, MESH_ERR_CERTIFICATE);
    /* the key of another CA */
    mesh__buffer_init(&other_cert, 16384);
    mesh__buffer_init(&other_key, 16384);
    assert_int_equal(mesh__issue(&ca_wish, rng, &other_cert, &other_key), 0);
    assert_int_equal(mesh__buffer_append(&other_key, "", 1), 0);
    wish = leaf_wish();
    wish.ca_key_pem = mesh__buffer_data(&other_key);
    refuse(&wish, MESH_ERR_CERTIFICATE);
    mesh__buffer_fini(&other_cert);
    mesh__buffer_fini(&other_key);
}

static void test_survives(void **state)
{
    struct mesh_issue wish = leaf_wish();
    struct mesh_buffer cert_pem;
    struct mesh_buffer key_pem;
    size_t count;

    (void)state;
    mesh__buffer_init(&cert_pem, 16384);
    mesh__buffer_init(&key_pem, 16384);
    fake_alloc_reset();
    assert_int_equal(mesh__issue(&wish, rng, &cert_pem, &key_pem), 0);
    count = fake_alloc_count();
    for (size_t n = 0; n < count; n += 1 + count / 60) {
        int rc;

        mesh__buffer_fini(&cert_pem);
        mesh__buffer_fini(&key_pem);
        fake_alloc_fail_at(n);
        rc = mesh__issue(&wish, rng, &cert_pem, &key_pem);
        if (!fake_alloc_tripped())
            continue; /* the dice ask for more or less at times */
        if (rc == 0)
            assert_true(cert_pem.len > 0 && key_pem.len > 0);
        else
            assert_true(cert_pem.len == 0 && key_pem.len == 0);
        mesh__buffer_fini(&cert_pem);
        mesh__buffer_fini(&key_pem);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    mesh__buffer_fini(&cert_pem);
    mesh__buffer_fini(&key_pem);
}

/* --- dice and versions ------------------------------------------------------
 */

static void test_dice(void **state)
{
    static char a[5000];
    static char b[5000];

    (void)state;
    assert_int_equal(mesh__rng_draw(rng, a, sizeof(a)), 0);
    assert_int_equal(mesh__rng_draw(rng, b, sizeof(b)), 0);
    for (size_t at = 0; at + 32 <= sizeof(a); at += 32)
        assert_memory_not_equal(a + at, b + at, 32);
    assert_int_equal(mesh__rng_reseed(rng), 0);
    assert_int_equal(mesh__rng_draw(rng, b, sizeof(b)), 0);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_version(void **state)
{
    (void)state;
    assert_memory_equal(mesh__crypto_version(), "mbedTLS ", 8);
    assert_true(strlen(mesh__crypto_version()) >= 13);
    assert_int_equal(mesh__crypto_init(), 0);
}

static void test_sha256(void **state)
{
    static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01,
                                   0xcf, 0xea, 0x41, 0x41, 0x40, 0xde };
    uint8_t digest[MESH__DIGEST];

    (void)state;
    assert_int_equal(mesh__sha256("abc", 3, digest), 0);
    assert_memory_equal(digest, abc, sizeof(abc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ca),       cmocka_unit_test(test_leaf),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_survives),
        cmocka_unit_test(test_dice),     cmocka_unit_test(test_version),
        cmocka_unit_test(test_sha256),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
