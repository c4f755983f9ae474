/*
 * test_outside.c - servers outside the mesh: who is believed, by which name,
 * and what happens when files change.
 */
#include "identity/outside.h"

#include "base/error.h"
#include "certs.h"
#include "identity/outsides.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct world {
    struct mesh_rng *rng;
    struct cert_made root;
    struct cert_made other_root;
    struct mesh_outside *outside; /* by root          */
    struct mesh_outside *blind;   /* by nobody        */
} world;

static struct mesh_chain *chain_of(const struct cert_made *made)
{
    struct mesh_chain *chain;

    assert_int_equal(mesh__chain_parse_pem("chain", mesh__slice_of(made->cert),
                                           MESH__CHAIN_MAX, &chain),
                     0);
    return chain;
}

static struct mesh_outside *outside_of(const struct cert_made *root)
{
    struct mesh_chain *roots = chain_of(root);
    struct mesh_outside *outside;

    assert_int_equal(mesh__outside_new(roots, NULL, false, &outside), 0);
    mesh__chain_unref(roots);
    return outside;
}

static int make_world(void **state)
{
    struct cert_wish wish = cert_wish_root("root");

    (void)state;
    assert_int_equal(mesh__rng_new(&world.rng), 0);
    cert_make(&wish, NULL, world.rng, &world.root);
    wish = cert_wish_root("other root");
    cert_make(&wish, NULL, world.rng, &world.other_root);
    world.outside = outside_of(&world.root);
    return mesh__outside_new(NULL, NULL, true, &world.blind);
}

static int end_world(void **state)
{
    (void)state;
    mesh__outside_unref(world.outside);
    mesh__outside_unref(world.blind);
    mesh__rng_free(world.rng);
    return 0;
}

/* A server's: no id, these names, one day around CERT_NOW. */
static struct cert_wish server_wish(const char *dns)
{
    return (struct cert_wish){ .name = "api.example",
                               .dns = dns,
                               .usage = CERT_SIGN_DATA,
                               .extended = "s",
                               .from_s = CERT_NOW - CERT_DAY,
                               .to_s = CERT_NOW + CERT_DAY };
}

static int judge(const struct cert_wish *wish, const struct cert_made *signer,
                 struct mesh_outside *outside, const char *name,
                 struct mesh_peer *peer)
{
    const struct mesh_expected expected = { .ids = &name,
                                            .count = name ? 1 : 0,
                                            .outside = outside };
    struct cert_made made;
    struct mesh_chain *chain;
    int rc;

    cert_make(wish, signer, world.rng, &made);
    chain = chain_of(&made);
    /* Asked as a handshake asks: there is one judge. */
    rc = mesh__peer_judge(chain, MESH__PEER_SERVER, NULL, &expected, CERT_NOW,
                          peer);
    mesh__chain_unref(chain);
    return rc;
}

/* --- names --- */

static const struct {
    const char *claim;
    const char *dns;
    const char *name;
    bool fits;
} names[] = {
    { "the same", "api.example", "api.example", true },
    { "in another case", "API.example", "api.EXAMPLE", true },
    { "another", "api.example", "b.example", false },
    { "one that begins alike", "api.example", "api.example.org", false },
    { "one that ends alike", "example", "api.example", false },
    { "a star is one label", "*.example", "api.example", true },
    { "not two", "*.example", "a.api.example", false },
    { "not none", "*.example", "example", false },
    { "not an empty one", "*.example", ".example", false },
    { "not a part of one", "a*.example", "api.example", false },
    { "a star alone is nobody", "*", "api", false },
    { "a star and a dot neither", "*.", "api.", false },
    { "nor one further on", "api.*", "api.example", false },
    { "an address is no DNS name", "192.0.2.1", "192.0.2.1", true },
    { "without names there is none", NULL, "api.example", false },
    { "nobody asks for one", "api.example", NULL, true },
};

static void names_are_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct cert_wish wish = server_wish(names[i].dns);
        struct mesh_peer peer;
        int rc = judge(&wish, &world.root, world.outside, names[i].name, &peer);

        if ((rc == 0) != names[i].fits)
            fail_msg("%s: %d %s", names[i].claim, rc, mesh__error_line());
        if (rc < 0)
            assert_int_equal(rc, MESH_ERR_PEER_IDENTITY);
        assert_string_equal(peer.id, ""); /* never a principal */
        mesh__error_clear();
    }
}

static void other_kinds_of_names_count(void **state)
{
    static const char four[] = { (char)192, 0, 2, 1 };
    static const char zero[] = "api.example\0.evil";
    struct cert_wish wish = server_wish(NULL);
    struct mesh_peer peer;

    (void)state;
    wish.ip = mesh__slice(four, 4);
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "192.0.2.1", &peer), 0);
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "192.0.2.2", &peer),
        MESH_ERR_PEER_IDENTITY);
    wish.ip = mesh__slice(NULL, 0);
    wish.uris[0] = mesh__slice_of("spiffe://td/x");
    wish.uri_count = 1;
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "spiffe://td/x", &peer), 0);
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "SPIFFE://td/x", &peer),
        MESH_ERR_PEER_IDENTITY);
    wish.uris[0] = mesh__slice(zero, sizeof(zero) - 1);
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "api.example", &peer),
        MESH_ERR_PEER_IDENTITY);
    mesh__error_clear();
}

/* --- chains --- */

static void a_chain_must_be_good(void **state)
{
    struct cert_wish wish = server_wish("api.example");
    struct mesh_peer peer;

    (void)state;
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "api.example", &peer), 0);
    assert_int_equal(peer.not_after_s, CERT_NOW + CERT_DAY);
    assert_int_equal(
        judge(&wish, &world.other_root, world.outside, "api.example", &peer),
        MESH_ERR_PEER_IDENTITY);
    assert_int_equal(peer.not_after_s, 0); /* nobody */
    assert_int_equal(judge(&wish, NULL, world.outside, "api.example", &peer),
                     MESH_ERR_PEER_IDENTITY);
    wish.extended = "c";
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "api.example", &peer),
        MESH_ERR_PEER_IDENTITY);
    wish.extended = NULL; /* says nothing of it */
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "api.example", &peer), 0);
    wish.to_s = CERT_NOW - 1;
    assert_int_equal(
        judge(&wish, &world.root, world.outside, "api.example", &peer),
        MESH_ERR_PEER_IDENTITY);
    assert_non_null(strstr(mesh__error_line(), "expired"));
    mesh__error_clear();
}

static void the_blind_take_anybody(void **state)
{
    struct cert_wish wish = server_wish(NULL);
    struct mesh_peer peer;

    (void)state;
    wish.to_s = CERT_NOW - 1;
    wish.extended = "c";
    assert_int_equal(judge(&wish, NULL, world.blind, "api.example", &peer), 0);
}

static void somebody_must_vouch(void **state)
{
    struct mesh_outside *outside;

    (void)state;
    assert_int_equal(mesh__outside_new(NULL, NULL, false, &outside),
                     MESH_ERR_INVALID);
    assert_null(outside);
    mesh__error_clear();
}

static void time_goes_on_for_a_peer(void **state)
{
    const struct mesh_expected expected = { .outside = world.outside };
    const struct mesh_expected blind = { .outside = world.blind };
    struct mesh_peer peer = { .not_after_s = CERT_NOW };

    (void)state;
    assert_int_equal(mesh__peer_rejudge(&peer, NULL, &expected, CERT_NOW), 0);
    assert_int_equal(mesh__peer_rejudge(&peer, NULL, &expected, CERT_NOW + 1),
                     MESH_ERR_PEER_IDENTITY);
    assert_int_equal(mesh__peer_rejudge(&peer, NULL, &blind, CERT_NOW + 1), 0);
    mesh__error_clear();
}

/* --- what we show --- */

static int credential(const char *chain, const char *key,
                      struct mesh_credential **out)
{
    return mesh__outside_credential("c.pem", mesh__slice_of(chain), "k.pem",
                                    mesh__slice_of(key), CERT_NOW, out);
}

static void a_certificate_needs_no_id(void **state)
{
    struct cert_wish wish = server_wish("client.example");
    struct mesh_credential *found;
    struct cert_made other;
    struct cert_made made;

    (void)state;
    cert_make(&wish, &world.root, world.rng, &made);
    cert_make(&wish, &world.root, world.rng, &other);
    assert_int_equal(credential(made.cert, made.key, &found), 0);
    assert_string_equal(found->id_text, "");
    mesh__credential_unref(found);
    assert_int_equal(credential(made.cert, other.key, &found),
                     MESH_ERR_CERTIFICATE);
    assert_null(found);
    assert_non_null(strstr(mesh__error_line(), "k.pem"));
    wish.to_s = CERT_NOW - 1;
    cert_make(&wish, &world.root, world.rng, &made);
    assert_int_equal(credential(made.cert, made.key, &found),
                     MESH_ERR_CERTIFICATE);
    assert_non_null(strstr(mesh__error_line(), "c.pem: expired since"));
    assert_int_equal(credential("", made.key, &found), MESH_ERR_CERTIFICATE);
    mesh__error_clear();
}

/* --- the store --- */

/* What a reading comes to: 0 and this, or an error. */
static struct script {
    struct mesh_outside *outside;
    int rc;
    unsigned reads;
} script;

static int told_rc;
static unsigned told_times;

static int read_script(void *user, const struct mesh_outside_files *files,
                       uint64_t *print, struct mesh_outside **out)
{
    assert_ptr_equal(user, &script);
    assert_string_equal(files->roots, "/r");
    script.reads++;
    if (script.rc < 0)
        return mesh__fail(script.rc, "/r: cannot be read");
    if (*print == 1 + (uint64_t)(script.outside == world.blind))
        return 1;
    *print = 1 + (uint64_t)(script.outside == world.blind);
    *out = mesh__outside_ref(script.outside);
    return 0;
}

static void on_told(void *user, int rc, const char *name)
{
    (void)user;
    assert_string_equal(name, "/r");
    told_rc = rc;
    told_times++;
}

static const struct mesh_outside_files files = { .roots = "/r" };

static struct mesh_outside *get(struct mesh_outsides *outsides, int expect)
{
    struct mesh_outside *outside;

    assert_int_equal(mesh__outsides_get(outsides, &files, &outside), expect);
    assert_true((expect == 0) == (outside != NULL));
    mesh__outside_unref(outside); /* the store, and this test, hold it */
    return outside;
}

static void files_are_read_and_looked_at(void **state)
{
    struct mesh_outsides outsides;
    uint64_t generation;

    (void)state;
    script = (struct script){ .rc = MESH_ERR_IO };
    told_times = 0;
    mesh__outsides_init(&outsides, read_script, &script);
    (void)get(&outsides, MESH_ERR_IO); /* nobody is trusted */
    (void)get(&outsides, MESH_ERR_IO);
    assert_int_equal(script.reads, 2);
    script = (struct script){ .outside = world.outside };
    assert_ptr_equal(get(&outsides, 0), world.outside);
    assert_ptr_equal(get(&outsides, 0), world.outside);
    assert_int_equal(script.reads, 1);
    generation = mesh__outsides_generation(&outsides);

    mesh__outsides_refresh(&outsides, on_told);
    assert_int_equal(mesh__outsides_generation(&outsides), generation);
    assert_int_equal(told_times, 0);
    script.rc = MESH_ERR_CERTIFICATE;
    mesh__outsides_refresh(&outsides, on_told);
    mesh__outsides_refresh(&outsides, on_told); /* told once */
    assert_int_equal(told_times, 1);
    assert_int_equal(told_rc, MESH_ERR_CERTIFICATE);
    assert_ptr_equal(get(&outsides, 0), world.outside); /* stays */
    script = (struct script){ .outside = world.blind };
    mesh__outsides_refresh(&outsides, on_told);
    assert_int_equal(told_times, 2);
    assert_int_equal(told_rc, 0);
    assert_int_equal(mesh__outsides_generation(&outsides), generation + 1);
    assert_ptr_equal(get(&outsides, 0), world.blind);
    mesh__outsides_fini(&outsides);
    mesh__error_clear();
}

static void losing_any_allocation_is_survived(void **state)
{
    struct mesh_outsides outsides;
    struct mesh_outside *outside;
    int rc;

    (void)state;
    script = (struct script){ .outside = world.outside };
    for (size_t n = 0;; n++) {
        mesh__outsides_init(&outsides, read_script, &script);
        fake_alloc_fail_at(n);
        rc = mesh__outsides_get(&outsides, &files, &outside);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(outside);
        mesh__outsides_fini(&outsides);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    assert_int_equal(rc, 0);
    mesh__outside_unref(outside);
    mesh__outsides_fini(&outsides);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_compared),
        cmocka_unit_test(other_kinds_of_names_count),
        cmocka_unit_test(a_chain_must_be_good),
        cmocka_unit_test(the_blind_take_anybody),
        cmocka_unit_test(somebody_must_vouch),
        cmocka_unit_test(time_goes_on_for_a_peer),
        cmocka_unit_test(a_certificate_needs_no_id),
        cmocka_unit_test(files_are_read_and_looked_at),
        cmocka_unit_test(losing_any_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
