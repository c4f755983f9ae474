/*
 * test_bundle.c - whom we believe, what is in force, and who issues it.
 */
#include "identity/bundle.h"

#include "base/error.h"
#include "certs.h"
#include "fake_tls.h"
#include "identity/ca.h"
#include "identity/store.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct mesh_rng *rng;
static struct cert_made root;
static struct cert_made second;
static struct cert_made leaf;

static int make_world(void **state)
{
    struct cert_wish wish = cert_wish_root("root");

    (void)state;
    assert_int_equal(mesh__rng_new(&rng), 0);
    cert_make(&wish, NULL, rng, &root);
    cert_make(&wish, NULL, rng, &second);
    wish = cert_wish("spiffe://td/a");
    cert_make(&wish, &root, rng, &leaf);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    mesh__rng_free(rng);
    return 0;
}

static struct mesh_slice domain(const char *text)
{
    return mesh__slice_of(text);
}

/* --- bundles ----------------------------------------------------------------
 */

static void test_parse(void **state)
{
    struct mesh_bundle *bundle;
    char both[sizeof(root.cert) * 2];

    (void)state;
    assert_int_equal(mesh__bundle_parse("root-cert.pem",
                                        mesh__slice_of(root.cert), "td",
                                        &bundle),
                     0);
    assert_non_null(mesh__bundle_roots(bundle, domain("td")));
    assert_true(mesh__bundle_knows(bundle, domain("td")));
    assert_null(mesh__bundle_roots(bundle, domain("td.evil")));
    assert_null(mesh__bundle_roots(bundle, domain("t")));
    assert_null(mesh__bundle_roots(bundle, domain("TD")));
    assert_null(mesh__bundle_roots(bundle, domain("")));
    assert_null(mesh__bundle_roots(bundle, mesh__slice("td\0x", 4)));
    mesh__bundle_unref(bundle);

    assert_int_equal(mesh__bundle_parse("root-cert.pem",
                                        mesh__slice_of(leaf.cert), "td",
                                        &bundle),
                     MESH_ERR_CERTIFICATE);
    assert_string_equal(mesh__error_line(),
                        "root-cert.pem: certificate 1 is no CA");
    assert_null(bundle);
    assert_int_equal(
        mesh__bundle_parse("root-cert.pem", mesh__slice_of(""), "td", &bundle),
        MESH_ERR_CERTIFICATE);
    assert_string_equal(mesh__error_line(),
                        "root-cert.pem: no certificate in it");
    assert_int_equal(mesh__bundle_parse("root-cert.pem",
                                        mesh__slice_of(root.cert), "T D",
                                        &bundle),
                     MESH_ERR_CERTIFICATE);
    memcpy(both, root.cert, strlen(root.cert));
    memcpy(both + strlen(root.cert), leaf.cert, strlen(leaf.cert) + 1);
    assert_int_equal(mesh__bundle_parse("root-cert.pem", mesh__slice_of(both),
                                        "td", &bundle),
                     MESH_ERR_CERTIFICATE);
    assert_string_equal(mesh__error_line(),
                        "root-cert.pem: certificate 2 is no CA");
}

static void test_with(void **state)
{
    struct mesh_bundle *one;
    struct mesh_bundle *two;
    struct mesh_bundle *same;
    struct mesh_bundle *changed;
    struct mesh_chain *roots;

    (void)state;
    assert_int_equal(
        mesh__chain_parse_pem("second", mesh__slice_of(second.cert), 1, &roots),
        0);
    assert_int_equal(
        mesh__bundle_parse("one", mesh__slice_of(root.cert), "td", &one), 0);
    assert_int_equal(
        mesh__bundle_parse("same", mesh__slice_of(root.cert), "td", &same), 0);
    assert_memory_equal(one->digest, same->digest, MESH__DIGEST);
    assert_int_equal(mesh__bundle_with(one, "other", roots, &two), 0);
    assert_int_equal(two->count, 2);
    assert_ptr_equal(mesh__bundle_roots(two, domain("other")), roots);
    assert_ptr_equal(mesh__bundle_roots(two, domain("td")),
                     mesh__bundle_roots(one, domain("td")));
    assert_memory_not_equal(one->digest, two->digest, MESH__DIGEST);
    assert_int_equal(mesh__bundle_with(one, "td", roots, &changed), 0);
    assert_int_equal(changed->count, 1);
    assert_ptr_equal(mesh__bundle_roots(changed, domain("td")), roots);
    assert_memory_not_equal(one->digest, changed->digest, MESH__DIGEST);
    mesh__chain_unref(roots);
    mesh__bundle_unref(one);
    mesh__bundle_unref(two);
    mesh__bundle_unref(same);
    mesh__bundle_unref(changed);
}

static void test_survives(void **state)
{
    struct mesh_bundle *bundle;
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__bundle_parse("root", mesh__slice_of(root.cert), "td",
                                &bundle);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(bundle);
        assert_int_equal(fake_alloc_live(), 0);
        n += fake_alloc_count() / 50; /* the tables of a key take many */
    }
    assert_int_equal(rc, 0);
    mesh__bundle_unref(bundle);
    assert_int_equal(fake_alloc_live(), 0);
    fake_alloc_off();
}

/* --- the store --------------------------------------------------------------
 */

static void test_store(void **state)
{
    struct mesh_identity identity;
    struct mesh_credential *a = fake_credential("spiffe://td/a", CERT_NOW);
    struct mesh_credential *b = fake_credential("spiffe://td/b", CERT_NOW);
    struct mesh_bundle *bundle = fake_bundle("td");
    struct mesh_credential *got;
    struct mesh_bundle *got_bundle;

    (void)state;
    assert_int_equal(mesh__identity_init(&identity), 0);
    assert_int_equal(mesh__identity_get(&identity, &got, &got_bundle), 0);
    assert_null(got);
    assert_null(got_bundle);
    mesh__identity_set(&identity, a, bundle);
    mesh__credential_unref(a); /* the store holds its own */
    assert_int_equal(mesh__identity_get(&identity, &got, &got_bundle), 1);
    assert_ptr_equal(got, a);
    assert_ptr_equal(got_bundle, bundle);
    mesh__identity_set(&identity, b, bundle);
    assert_int_equal(mesh__identity_generation(&identity), 2);
    assert_string_equal(got->id_text, "spiffe://td/a"); /* still ours */
    mesh__credential_unref(got);
    mesh__bundle_unref(got_bundle);
    mesh__credential_unref(b);
    mesh__bundle_unref(bundle);
    mesh__identity_fini(&identity);
}

/* --- the development CA -----------------------------------------------------
 */

struct made {
    struct mesh_buffer cert;
    struct mesh_buffer key;
};

static void made_init(struct made *made)
{
    mesh__buffer_init(&made->cert, 16384);
    mesh__buffer_init(&made->key, 16384);
}

static void made_fini(struct made *made)
{
    mesh__buffer_fini(&made->cert);
    mesh__buffer_fini(&made->key);
}

static void make_root(struct made *ca)
{
    made_init(ca);
    assert_int_equal(
        mesh__ca_make_root("td", CERT_NOW, rng, &ca->cert, &ca->key), 0);
    assert_int_equal(mesh__buffer_append(&ca->cert, "", 1), 0);
    assert_int_equal(mesh__buffer_append(&ca->key, "", 1), 0);
}

static int issue(const struct made *ca, const char *namespace_,
                 const char *service_account, int64_t now_s, int64_t ttl_s,
                 struct made *out)
{
    return mesh__ca_issue(
        mesh__buffer_data(&ca->cert), mesh__buffer_data(&ca->key), namespace_,
        service_account, now_s, ttl_s, rng, &out->cert, &out->key);
}

static void test_ca(void **state)
{
    struct made ca;
    struct made out;
    struct mesh_credential *c;
    struct mesh_bundle *bundle;

    (void)state;
    make_root(&ca);
    made_init(&out);
    assert_int_equal(
        mesh__bundle_parse("root", mesh__slice_of(mesh__buffer_data(&ca.cert)),
                           "td", &bundle),
        0);
    assert_int_equal(issue(&ca, "default", "web", CERT_NOW, 3600, &out), 0);
    assert_int_equal(mesh__credential_parse("c", mesh__buffer_slice(&out.cert),
                                            "k", mesh__buffer_slice(&out.key),
                                            CERT_NOW, &c),
                     0);
    assert_string_equal(c->id_text, "spiffe://td/ns/default/sa/web");
    assert_true(c->not_before_s == CERT_NOW - 60);
    assert_true(c->not_after_s == CERT_NOW + 3600);
    assert_int_equal(
        mesh__chain_verify(c->chain, bundle->domains[0].roots, CERT_NOW), 0);
    mesh__credential_unref(c);
    mesh__bundle_unref(bundle);
    made_fini(&out);
    made_fini(&ca);
}

static const struct {
    const char *claim;
    const char *namespace_;
    const char *service_account;
    int64_t later_s; /* than the root was made */
    int64_t ttl_s;
    int code;
} refused[] = {
    { "a slash in the namespace", "a/sa/b", "c", 0, 60, MESH_ERR_INVALID },
    { "a slash in the account", "a", "b/c", 0, 60, MESH_ERR_INVALID },
    { "no namespace", "", "b", 0, 60, MESH_ERR_INVALID },
    { "no account", "a", "", 0, 60, MESH_ERR_INVALID },
    { "dots for an account", "a", "..", 0, 60, MESH_ERR_INVALID },
    { "a blank", "a", "b c", 0, 60, MESH_ERR_INVALID },
    { "no time to live", "a", "b", 0, 0, MESH_ERR_INVALID },
    { "less than none", "a", "b", 0, -1, MESH_ERR_INVALID },
    { "two years", "a", "b", 0, 2 * 365 * 24 * 3600, MESH_ERR_INVALID },
    { "a root that ended", "a", "b", 11LL * 365 * 24 * 3600, 60,
      MESH_ERR_CERTIFICATE },
};

static void test_ca_refuses(void **state)
{
    struct made ca;

    (void)state;
    make_root(&ca);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct made out;
        int rc;

        made_init(&out);
        rc = issue(&ca, refused[i].namespace_, refused[i].service_account,
                   CERT_NOW + refused[i].later_s, refused[i].ttl_s, &out);
        if (rc != refused[i].code || out.cert.len || out.key.len)
            fail_msg("%s: %d \"%s\"", refused[i].claim, rc, mesh__error_line());
        made_fini(&out);
    }
    made_fini(&ca);
    made_init(&ca);
    assert_int_equal(
        mesh__ca_make_root("T D", CERT_NOW, rng, &ca.cert, &ca.key),
        MESH_ERR_INVALID);
    made_fini(&ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),    cmocka_unit_test(test_with),
        cmocka_unit_test(test_survives), cmocka_unit_test(test_store),
        cmocka_unit_test(test_ca),       cmocka_unit_test(test_ca_refuses),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
