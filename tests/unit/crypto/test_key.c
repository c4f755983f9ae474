/*
 * test_key.c - private keys that are read, and those that are not.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "certs.h"
#include "crypto/x509.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct mesh_rng *rng;
static struct cert_made one;
static struct cert_made two;
static struct cert_made weak;

static int make_world(void **state)
{
    struct cert_wish wish = cert_wish_root("own");

    (void)state;
    assert_int_equal(mesh__rng_new(&rng), 0);
    cert_make(&wish, NULL, rng, &one);
    cert_make(&wish, NULL, rng, &two);
    wish.curve = CERT_P192;
    cert_make(&wish, NULL, rng, &weak);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    mesh__rng_free(rng);
    return 0;
}

#define PARAMETERS                                                             \
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"                        \
    "-----END EC PARAMETERS-----\n"
#define ENCRYPTED                                                              \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"                            \
    "-----END ENCRYPTED PRIVATE KEY-----\n"
#define OLD_ENCRYPTED                                                          \
    "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n"         \
    "-----END EC PRIVATE KEY-----\n"

static const struct {
    const char *claim;
    const char *parts[3];
    const char *says; /* NULL: read */
} rows[] = {
    { "a key", { one.key }, NULL },
    { "parameters before it", { PARAMETERS, one.key }, NULL },
    { "nothing", { "" }, "no private key in it" },
    { "parameters only", { PARAMETERS }, "no private key in it" },
    { "two keys", { one.key, two.key }, "two private keys" },
    { "a certificate", { one.cert }, "block 1 is not a private key" },
    { "a certificate behind it",
      { one.key, one.cert },
      "block 2 is not a private key" },
    { "an encrypted one", { ENCRYPTED }, "the key is encrypted" },
    { "one encrypted the old way", { OLD_ENCRYPTED }, "the key is encrypted" },
    { "192 bits", { weak.key }, "expected P-256" },
    { "no key inside",
      { "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
      "block 1" },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_buffer pem;
        struct mesh_key *key;
        int rc;

        mesh__buffer_init(&pem, 64 * 1024);
        for (size_t p = 0; p < 3 && rows[i].parts[p]; p++)
            assert_int_equal(mesh__buffer_append(&pem, rows[i].parts[p],
                                                 strlen(rows[i].parts[p])),
                             0);
        rc = mesh__key_parse_pem("key.pem", mesh__buffer_slice(&pem), &key);
        if (rows[i].says ? rc != MESH_ERR_CERTIFICATE || key ||
                               strncmp(mesh__error_line(), "key.pem: ", 9) ||
                               !strstr(mesh__error_line(), rows[i].says)
                         : rc != 0)
            fail_msg("%s: %d \"%s\"", rows[i].claim, rc, mesh__error_line());
        mesh__key_unref(key);
        mesh__buffer_fini(&pem);
    }
}

static void test_every_cut(void **state)
{
    size_t len = strlen(one.key);
    struct mesh_key *key;

    (void)state;
    for (size_t cut = 0; cut + 1 < len; cut++) {
        assert_int_equal(
            mesh__key_parse_pem("cut", mesh__slice(one.key, cut), &key),
            MESH_ERR_CERTIFICATE);
        assert_null(key);
    }
}

static void test_matches(void **state)
{
    const struct cert_made *made[] = { &one, &two };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct mesh_key *key;
        struct mesh_chain *chain;

        assert_int_equal(
            mesh__key_parse_pem("key", mesh__slice_of(made[i / 2]->key), &key),
            0);
        assert_int_equal(
            mesh__chain_parse_pem("chain", mesh__slice_of(made[i % 2]->cert), 1,
                                  &chain),
            0);
        assert_int_equal(mesh__key_matches(key, chain),
                         i / 2 == i % 2 ? 0 : MESH_ERR_CERTIFICATE);
        mesh__key_unref(key);
        mesh__chain_unref(chain);
    }
    assert_string_equal(mesh__error_line(), "key does not match");
}

static void test_survives(void **state)
{
    struct mesh_key *key;
    size_t count;
    int rc;

    (void)state;
    fake_alloc_reset();
    rc = mesh__key_parse_pem("key", mesh__slice_of(one.key), &key);
    count = fake_alloc_count();
    mesh__key_unref(key);
    for (size_t n = 0; n < count; n += 1 + count / 100) {
        fake_alloc_fail_at(n);
        rc = mesh__key_parse_pem("key", mesh__slice_of(one.key), &key);
        (void)fake_alloc_tripped();
        /* 3.6 takes a key that it could read the second way. */
        assert_int_equal(rc == 0, key != NULL);
        mesh__key_unref(key);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_survives),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
