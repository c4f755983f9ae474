/*
 * test_x509.c - what is read from certificates, and what is refused.
 */
#include "crypto/x509.h"

#include "base/buffer.h"
#include "base/error.h"
#include "certs.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct mesh_rng *rng;
static struct cert_made root;
static struct cert_made leaf;

static int make_world(void **state)
{
    struct cert_wish wish = cert_wish_root("root");

    (void)state;
    assert_int_equal(mesh__rng_new(&rng), 0);
    cert_make(&wish, NULL, rng, &root);
    wish = cert_wish("spiffe://td/ns/a/sa/b");
    wish.name = "b";
    cert_make(&wish, &root, rng, &leaf);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    mesh__rng_free(rng);
    return 0;
}

/* --- PEM --------------------------------------------------------------------
 */

/* %: the leaf's PEM; ~: the same without its last line; $: its base64 only. */
static const struct {
    const char *claim;
    const char *file;
    const char *says; /* NULL: read */
    size_t count;
} files[] = {
    { "one", "%", NULL, 1 },
    { "three", "%%%", NULL, 3 },
    { "words around them", "# the leaf\n%and the root:\n%\nend\n", NULL, 2 },
    { "blank lines", "\n\n%\n\n%\n", NULL, 2 },
    { "nothing", "", "no certificate in it", 0 },
    { "only words", "a certificate\n", "no certificate in it", 0 },
    { "the end is cut off", "~", "block 1 is cut off", 0 },
    { "the second's end is cut off", "%~", "block 2 is cut off", 0 },
    { "the first's end is cut off", "~%", "block 1 is cut off", 0 },
    { "a begin without more", "-----BEGIN CERTIFICATE-----\n",
      "block 1 is cut off", 0 },
    { "half a begin", "%-----BEGIN CERTI", "block 2 does not begin", 0 },
    { "no line end between two", "%x-----BEGIN CERTIFICATE-----\n",
      "block 2 does not begin", 0 },
    { "an end without begin", "-----END CERTIFICATE-----\n",
      "block 1 does not begin", 0 },
    { "another end",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "ends as something else", 0 },
    { "a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "block 1 is \"PRIVATE KEY\"", 0 },
    { "a key behind a certificate",
      "%-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      "block 2 is \"PRIVATE KEY\"", 0 },
    { "no base64",
      "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
      "block 1 is no base64", 0 },
    { "an empty block",
      "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
      "block 1 is no base64", 0 },
    { "base64 of something else",
      "%-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      "block 2", 0 },
    { "more than are taken", "%%%%", "more than 3 certificates", 0 },
};

static void expand(const char *file, struct mesh_buffer *out)
{
    const char *end = strstr(leaf.cert, "-----END");

    mesh__buffer_init(out, 1024 * 1024);
    for (; *file; file++) {
        size_t len = *file == '%'   ? strlen(leaf.cert)
                     : *file == '~' ? (size_t)(end - leaf.cert)
                                    : 1;
        const char *from = *file == '%' || *file == '~' ? leaf.cert : file;

        assert_int_equal(mesh__buffer_append(out, from, len), 0);
    }
}

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct mesh_buffer pem;
        struct mesh_chain *chain;
        int rc;

        expand(files[i].file, &pem);
        rc = mesh__chain_parse_pem("it.pem", mesh__buffer_slice(&pem), 3,
                                   &chain);
        if (files[i].says
                ? rc != MESH_ERR_CERTIFICATE || chain ||
                      strncmp(mesh__error_line(), "it.pem: ", 8) ||
                      !strstr(mesh__error_line(), files[i].says)
                : rc != 0 || mesh__chain_count(chain) != files[i].count)
            fail_msg("%s: %d \"%s\"", files[i].claim, rc, mesh__error_line());
        mesh__chain_unref(chain);
        mesh__buffer_fini(&pem);
    }
}

static void test_line_ends(void **state)
{
    struct mesh_buffer pem;
    struct mesh_chain *chain;

    (void)state;
    mesh__buffer_init(&pem, 64 * 1024);
    for (const char *at = leaf.cert; *at; at++) {
        if (*at == '\n')
            assert_int_equal(mesh__buffer_append(&pem, "\r", 1), 0);
        assert_int_equal(mesh__buffer_append(&pem, at, 1), 0);
    }
    assert_int_equal(
        mesh__chain_parse_pem("crlf", mesh__buffer_slice(&pem), 1, &chain), 0);
    mesh__chain_unref(chain);
    assert_int_equal(mesh__buffer_append(&pem, "", 1), 0);
    assert_int_equal(
        mesh__chain_parse_pem("nul", mesh__buffer_slice(&pem), 1, &chain),
        MESH_ERR_CERTIFICATE);
    assert_string_equal(mesh__error_line(), "nul: a NUL byte, this is no PEM");
    mesh__buffer_fini(&pem);
}

/* Cut anywhere, a file is read as what is whole in it or refused. */
static void test_every_cut(void **state)
{
    size_t len = strlen(leaf.cert);
    struct mesh_chain *chain;

    (void)state;
    for (size_t cut = 1; cut + 1 < len; cut++) {
        int rc = mesh__chain_parse_pem("cut", mesh__slice(leaf.cert, cut), 1,
                                       &chain);

        assert_int_equal(rc, MESH_ERR_CERTIFICATE);
        assert_null(chain);
    }
}

/* --- DER --------------------------------------------------------------------
 */

static struct mesh_chain *read_chain(const struct cert_made *made)
{
    struct mesh_chain *chain;

    assert_int_equal(
        mesh__chain_parse_pem("made", mesh__slice_of(made->cert), 1, &chain),
        0);
    return chain;
}

static void test_der(void **state)
{
    struct mesh_chain *chain = read_chain(&leaf);
    struct mesh_chain *again;
    struct mesh_cert cert;
    char longer[4096];
    struct mesh_slice ders[10];

    (void)state;
    assert_int_equal(mesh__chain_cert(chain, 0, &cert), 0);
    for (size_t i = 0; i < 10; i++)
        ders[i] = cert.der;
    assert_int_equal(mesh__chain_parse_der(ders, 9, &again), 0);
    assert_int_equal(mesh__chain_count(again), 9);
    mesh__chain_unref(again);
    assert_int_equal(mesh__chain_parse_der(ders, 10, &again),
                     MESH_ERR_CERTIFICATE);
    assert_int_equal(mesh__chain_parse_der(ders, 0, &again),
                     MESH_ERR_CERTIFICATE);
    memcpy(longer, cert.der.at, cert.der.len);
    longer[cert.der.len] = 0;
    ders[0] = mesh__slice(longer, cert.der.len + 1);
    assert_int_equal(mesh__chain_parse_der(ders, 1, &again),
                     MESH_ERR_CERTIFICATE);
    for (size_t cut = 0; cut < cert.der.len; cut += 3) {
        ders[0] = mesh__slice(longer, cut);
        assert_int_equal(mesh__chain_parse_der(ders, 1, &again),
                         MESH_ERR_CERTIFICATE);
    }
    mesh__chain_unref(chain);
}

static void test_cert(void **state)
{
    struct mesh_chain *chain = read_chain(&leaf);
    struct mesh_cert cert;
    char subject[64];

    (void)state;
    assert_int_equal(mesh__chain_cert(chain, 0, &cert), 0);
    assert_int_equal(cert.uri_count, 1);
    assert_true(mesh__slice_is(cert.uris[0], "spiffe://td/ns/a/sa/b"));
    assert_true(cert.not_before_s == CERT_NOW - CERT_DAY);
    assert_true(cert.not_after_s == CERT_NOW + CERT_DAY);
    assert_true(cert.has_key_usage && cert.digital_signature);
    assert_false(cert.is_ca || cert.cert_sign || cert.crl_sign);
    assert_true(cert.has_extended_usage && cert.server_auth &&
                cert.client_auth);
    mesh__chain_subject(chain, 0, subject, sizeof(subject));
    assert_string_equal(subject, "CN=b");
    mesh__chain_subject(chain, 0, subject, 3);
    assert_string_equal(subject, "CN");
    mesh__chain_unref(chain);
    chain = read_chain(&root);
    assert_int_equal(mesh__chain_cert(chain, 0, &cert), 0);
    assert_int_equal(cert.uri_count, 0);
    assert_true(cert.is_ca && cert.cert_sign && cert.crl_sign);
    assert_false(cert.digital_signature || cert.has_extended_usage);
    mesh__chain_unref(chain);
}

static const struct {
    const char *name; /* as it is in mbedTLS's notation */
    const char *subject;
} subjects[] = {
    { NULL, "" },
    { "web", "CN=web" },
    { "web,O=mesh,C=DE", "C=DE,O=mesh,CN=web" },
    { "a+b", "CN=a\\+b" },
    { "say \"x\"", "CN=say \\\"x\\\"" },
    { "#1", "CN=\\#1" },
};

static void test_subjects(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        struct cert_wish wish = cert_wish("spiffe://td/a");
        struct cert_made made;
        struct mesh_chain *chain;
        char subject[64];

        if (i == 5 && !strstr(mesh__crypto_version(), " 2."))
            continue; /* 3.x reads # as hexadecimal there */
        wish.name = subjects[i].name;
        cert_make(&wish, &root, rng, &made);
        chain = read_chain(&made);
        mesh__chain_subject(chain, 0, subject, sizeof(subject));
        /* mbedTLS writes in its own order: compare as sets of parts */
        if (strchr(subjects[i].subject, ','))
            assert_int_equal(strlen(subject), strlen(subjects[i].subject));
        else
            assert_string_equal(subject, subjects[i].subject);
        mesh__chain_unref(chain);
    }
}

/* --- verified at a time -----------------------------------------------------
 */

static const struct {
    const char *claim;
    int64_t now_s;
    const char *says; /* NULL: yes */
} times[] = {
    { "now", CERT_NOW, NULL },
    { "its first second", CERT_NOW - CERT_DAY, NULL },
    { "its last second", CERT_NOW + CERT_DAY, NULL },
    { "a second early", CERT_NOW - CERT_DAY - 1,
      "not valid before 2027-01-14T08:00:00Z" },
    { "a second late", CERT_NOW + CERT_DAY + 1,
      "expired since 2027-01-16T08:00:00Z" },
    { "1970", 0, "not valid before" },
    { "in ten years", CERT_NOW + 3650LL * CERT_DAY, "expired since" },
};

static void test_times(void **state)
{
    struct mesh_chain *chain = read_chain(&leaf);
    struct mesh_chain *roots = read_chain(&root);

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        int rc = mesh__chain_verify(chain, roots, times[i].now_s);

        if (times[i].says ? rc != MESH_ERR_PEER_IDENTITY ||
                                !strstr(mesh__error_line(), times[i].says)
                          : rc != 0)
            fail_msg("%s: %d \"%s\"", times[i].claim, rc, mesh__error_line());
    }
    assert_int_equal(mesh__chain_verify(roots, chain, CERT_NOW),
                     MESH_ERR_PEER_IDENTITY);
    assert_string_equal(mesh__error_line(), "not signed by a known root");
    mesh__chain_unref(chain);
    mesh__chain_unref(roots);
}

static void test_time_print(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } dates[] = {
        { 0, "1970-01-01T00:00:00Z" },
        { -5, "1970-01-01T00:00:00Z" },
        { 951782399, "2000-02-28T23:59:59Z" },
        { 951782400, "2000-02-29T00:00:00Z" },
        { 1795410367, "2026-11-23T05:06:07Z" },
        { 4107542399, "2100-02-28T23:59:59Z" },
        { 4107542400, "2100-03-01T00:00:00Z" },
        { INT64_MAX, "9999-12-31T23:59:59Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        char text[32];

        mesh__time_print(dates[i].seconds, text);
        assert_string_equal(text, dates[i].text);
    }
}

/* --- without memory ---------------------------------------------------------
 */

static void test_parse_survives(void **state)
{
    struct mesh_chain *chain;
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__chain_parse_pem("it", mesh__slice_of(leaf.cert), 1, &chain);
        if (!fake_alloc_tripped())
            break;
        if (rc != MESH_ERR_NOMEM)
            fail_msg("allocation %zu: %d \"%s\"", n, rc, mesh__error_line());
        assert_null(chain);
        assert_int_equal(fake_alloc_live(), 0);
    }
    assert_int_equal(rc, 0);
    mesh__chain_unref(chain);
    assert_int_equal(fake_alloc_live(), 0);
    fake_alloc_off();
}

/* A verdict without memory is never yes. */
static void test_verify_survives(void **state)
{
    struct mesh_chain *chain = read_chain(&leaf);
    struct mesh_chain *roots = read_chain(&root);
    size_t count;

    (void)state;
    fake_alloc_reset();
    assert_int_equal(mesh__chain_verify(chain, roots, CERT_NOW), 0);
    count = fake_alloc_count();
    for (size_t n = 0; n < count; n += 1 + count / 200) {
        int rc;

        fake_alloc_fail_at(n);
        rc = mesh__chain_verify(chain, roots, CERT_NOW);
        assert_true(fake_alloc_tripped());
        assert_true(rc < 0);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    mesh__chain_unref(chain);
    mesh__chain_unref(roots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_der),
        cmocka_unit_test(test_cert),
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_time_print),
        cmocka_unit_test(test_parse_survives),
        cmocka_unit_test(test_verify_survives),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
