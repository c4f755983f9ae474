/*
 * test_credential.c - what we show is checked as a peer would check it.
 */
#include "identity/credential.h"

#include "base/error.h"
#include "certs.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "spiffe://td/ns/a/sa/b"

static struct mesh_rng *rng;
static struct cert_made root;

static int make_world(void **state)
{
    struct cert_wish wish = cert_wish_root("root");

    (void)state;
    assert_int_equal(mesh__rng_new(&rng), 0);
    cert_make(&wish, NULL, rng, &root);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    mesh__rng_free(rng);
    return 0;
}

static const struct {
    const char *claim;
    struct cert_wish wish; /* zero fields are cert_wish's */
    int usage;
    const char *says; /* the whole line; NULL: taken */
} rows[] = {
    { .claim = "a workload's" },
    { .claim = "for servers only", .wish = { .extended = "s" } },
    { .claim = "for clients only", .wish = { .extended = "c" } },
    { .claim = "for neither",
      .wish = { .extended = "x" },
      .says = "cert-chain.pem: extended key usage allows neither server nor "
              "client" },
    { .claim = "expired",
      .wish = { .to_s = CERT_NOW - 1 },
      .says = "cert-chain.pem: expired since 2027-01-15T07:59:59Z" },
    { .claim = "not yet valid",
      .wish = { .from_s = CERT_NOW + 1 },
      .says = "cert-chain.pem: not valid before 2027-01-15T08:00:01Z" },
    { .claim = "without name",
      .wish = { .uri_count = 9 },
      .says = "cert-chain.pem: no SPIFFE id (no URI name)" },
    { .claim = "with two",
      .wish = { .uri_count = 2 },
      .says = "cert-chain.pem: two URI names, a SPIFFE id stands alone" },
    { .claim = "a CA",
      .wish = { .is_ca = true },
      .says = "cert-chain.pem: a CA certificate, expected a workload's" },
    { .claim = "without key usage",
      .usage = CERT_NO_USAGE,
      .says = "cert-chain.pem: no key usage" },
};

static struct cert_wish wish_of(size_t i)
{
    struct cert_wish wish = cert_wish(ID);

    if (rows[i].wish.extended)
        wish.extended = rows[i].wish.extended;
    if (rows[i].wish.to_s)
        wish.to_s = rows[i].wish.to_s;
    if (rows[i].wish.from_s)
        wish.from_s = rows[i].wish.from_s;
    if (rows[i].usage)
        wish.usage = rows[i].usage;
    if (rows[i].wish.uri_count)
        wish.uri_count = rows[i].wish.uri_count % 9;
    wish.uris[1] = wish.uris[0];
    wish.is_ca = rows[i].wish.is_ca;
    return wish;
}

static int parse(const char *chain, const char *key,
                 struct mesh_credential **out)
{
    return mesh__credential_parse("cert-chain.pem", mesh__slice_of(chain),
                                  "key.pem", mesh__slice_of(key), CERT_NOW,
                                  out);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cert_wish wish = wish_of(i);
        struct cert_made made;
        struct mesh_credential *c;
        int rc;

        cert_make(&wish, &root, rng, &made);
        rc = parse(made.cert, made.key, &c);
        if (rows[i].says ? rc != MESH_ERR_CERTIFICATE || c ||
                               strcmp(mesh__error_line(), rows[i].says) != 0
                         : rc != 0)
            fail_msg("%s: %d \"%s\"", rows[i].claim, rc, mesh__error_line());
        mesh__credential_unref(c);
    }
}

static void test_contents(void **state)
{
    struct cert_wish wish = cert_wish(ID);
    struct cert_made made;
    struct cert_made other;
    struct mesh_credential *c;
    char both[2 * sizeof(made.cert)];

    (void)state;
    cert_make(&wish, &root, rng, &made);
    cert_make(&wish, &root, rng, &other);
    memcpy(both, made.cert, strlen(made.cert));
    memcpy(both + strlen(made.cert), root.cert, strlen(root.cert) + 1);
    assert_int_equal(parse(both, made.key, &c), 0);
    assert_string_equal(c->id_text, ID);
    assert_true(mesh__slice_is(c->id.trust_domain, "td"));
    assert_true(mesh__slice_is(c->id.namespace_, "a"));
    assert_true(mesh__slice_is(c->id.service_account, "b"));
    assert_int_equal(mesh__chain_count(c->chain), 2);
    assert_true(c->not_before_s == CERT_NOW - CERT_DAY);
    assert_true(c->not_after_s == CERT_NOW + CERT_DAY);
    assert_ptr_equal(mesh__credential_ref(c), c);
    mesh__credential_unref(c);
    mesh__credential_unref(c);

    assert_int_equal(parse(made.cert, other.key, &c), MESH_ERR_CERTIFICATE);
    assert_string_equal(mesh__error_line(), "key.pem: key does not match");
    assert_int_equal(parse(made.key, made.key, &c), MESH_ERR_CERTIFICATE);
    assert_non_null(strstr(mesh__error_line(), "cert-chain.pem: block 1"));
    assert_int_equal(parse(made.cert, made.cert, &c), MESH_ERR_CERTIFICATE);
    assert_non_null(strstr(mesh__error_line(), "key.pem: block 1"));
}

static void test_survives(void **state)
{
    struct cert_wish wish = cert_wish(ID);
    struct cert_made made;
    struct mesh_credential *c;
    size_t count;

    (void)state;
    cert_make(&wish, &root, rng, &made);
    fake_alloc_reset();
    assert_int_equal(parse(made.cert, made.key, &c), 0);
    count = fake_alloc_count();
    mesh__credential_unref(c);
    assert_int_equal(fake_alloc_live(), 0);
    for (size_t n = 0; n < count; n += 1 + count / 150) {
        fake_alloc_fail_at(n);
        if (parse(made.cert, made.key, &c) < 0)
            assert_null(c);
        else
            assert_string_equal(c->id_text, ID); /* 3.6 did without it */
        (void)fake_alloc_tripped();
        mesh__credential_unref(c);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_survives),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
