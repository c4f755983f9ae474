/*
 * test_peer.c - who is believed, and each way of not being.
 */
#include "identity/peer.h"

#include "base/buffer.h"
#include "base/error.h"
#include "certs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "spiffe://td/ns/default/sa/web"

/* Made once: a root for td, one for other, an intermediate under each sort. */
static struct world {
    struct mesh_rng *rng;
    struct cert_made root;
    struct cert_made other_root;
    struct cert_made middle;      /* a CA under root                       */
    struct cert_made meek_middle; /* a CA under root that may not sign     */
    struct cert_made leafy;       /* a leaf under root that signs anyway   */
    struct cert_made late_middle; /* a CA under root that ended            */
    struct mesh_bundle *bundle;   /* td by root, other by other_root       */
} world;

static struct mesh_slice text_of(const char *text)
{
    return mesh__slice_of(text);
}

static int make_world(void **state)
{
    struct cert_wish wish;
    struct mesh_bundle *td;
    struct mesh_chain *other;

    (void)state;
    assert_int_equal(mesh__rng_new(&world.rng), 0);
    wish = cert_wish_root("root");
    cert_make(&wish, NULL, world.rng, &world.root);
    wish = cert_wish_root("other root");
    cert_make(&wish, NULL, world.rng, &world.other_root);
    wish = cert_wish_root("middle");
    cert_make(&wish, &world.root, world.rng, &world.middle);
    wish.name = "late middle";
    wish.to_s = CERT_NOW - 5;
    cert_make(&wish, &world.root, world.rng, &world.late_middle);
    wish = cert_wish_root("meek middle");
    wish.usage = CERT_NO_USAGE;
    cert_make(&wish, &world.root, world.rng, &world.meek_middle);
    wish = cert_wish(ID);
    wish.name = "leafy";
    cert_make(&wish, &world.root, world.rng, &world.leafy);
    assert_int_equal(mesh__bundle_parse("root-cert.pem",
                                        text_of(world.root.cert), "td", &td),
                     0);
    assert_int_equal(mesh__chain_parse_pem(
                         "other", text_of(world.other_root.cert), 1, &other),
                     0);
    assert_int_equal(mesh__bundle_with(td, "other", other, &world.bundle), 0);
    mesh__bundle_unref(td);
    mesh__chain_unref(other);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    mesh__bundle_unref(world.bundle);
    mesh__rng_free(world.rng);
    return 0;
}

/* A chain of up to three certificates, as a peer would present it. */
static struct mesh_chain *chain_of(const char *a, const char *b, const char *c)
{
    const char *texts[] = { a, b, c };
    struct mesh_buffer pem;
    struct mesh_chain *chain;

    mesh__buffer_init(&pem, 64 * 1024);
    for (size_t i = 0; i < 3; i++)
        if (texts[i])
            assert_int_equal(
                mesh__buffer_append(&pem, texts[i], strlen(texts[i])), 0);
    assert_int_equal(mesh__chain_parse_pem("chain", mesh__buffer_slice(&pem),
                                           MESH__CHAIN_MAX, &chain),
                     0);
    mesh__buffer_fini(&pem);
    return chain;
}

static int judge(struct mesh_chain *chain, enum mesh_peer_role role,
                 struct mesh_peer *peer)
{
    struct mesh_expected anybody = { 0 };

    return mesh__peer_judge(chain, role, world.bundle, &anybody, CERT_NOW,
                            peer);
}

/* --- names, one at a time ---------------------------------------------------
 */

#define NAME(text)                                                             \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

static const struct {
    const char *claim;
    struct mesh_slice uris[3];
    const char *dns;
    const char *says; /* NULL: believed */
} names[] = {
    { "a workload's id", { NAME(ID) }, NULL, NULL },
    { "a DNS name beside it is not looked at", { NAME(ID) }, "web", NULL },
    { "a path that is not Istio's",
      { NAME("spiffe://td/any/where") },
      NULL,
      NULL },
    { "no name at all", { { 0 } }, NULL, "no URI name" },
    { "a DNS name only",
      { { 0 } },
      "spiffe://td/ns/default/sa/web",
      "no URI name" },
    { "two ids",
      { NAME(ID), NAME("spiffe://td/ns/default/sa/b") },
      NULL,
      "two URI names" },
    { "the same id twice", { NAME(ID), NAME(ID) }, NULL, "two URI names" },
    { "an id and a web address",
      { NAME(ID), NAME("https://td/") },
      NULL,
      "two URI names" },
    { "three names",
      { NAME(ID), NAME(ID), NAME(ID) },
      NULL,
      "several URI names" },
    { "a trust domain without path",
      { NAME("spiffe://td") },
      NULL,
      "no SPIFFE id" },
    { "a trust domain and a slash",
      { NAME("spiffe://td/") },
      NULL,
      "no SPIFFE id" },
    { "a NUL behind an id", { NAME(ID "\0.evil") }, NULL, "no SPIFFE id" },
    { "a NUL at the end", { NAME(ID "\0") }, NULL, "no SPIFFE id" },
    { "a NUL in the trust domain",
      { NAME("spiffe://td\0.evil/a") },
      NULL,
      "no SPIFFE id" },
    { "another scheme",
      { NAME("https://td/ns/default/sa/web") },
      NULL,
      "no SPIFFE id" },
    { "a scheme in capitals", { NAME("SPIFFE://td/a") }, NULL, "no SPIFFE id" },
    { "a trust domain in capitals",
      { NAME("spiffe://TD/a") },
      NULL,
      "no SPIFFE id" },
    { "a port", { NAME("spiffe://td:80/a") }, NULL, "no SPIFFE id" },
    { "a user", { NAME("spiffe://me@td/a") }, NULL, "no SPIFFE id" },
    { "a query", { NAME(ID "?a=b") }, NULL, "no SPIFFE id" },
    { "a fragment", { NAME(ID "#a") }, NULL, "no SPIFFE id" },
    { "a percent sign",
      { NAME("spiffe://td/ns/default/sa/%77eb") },
      NULL,
      "no SPIFFE id" },
    { "an empty segment",
      { NAME("spiffe://td/ns//sa/web") },
      NULL,
      "no SPIFFE id" },
    { "a dot segment",
      { NAME("spiffe://td/ns/default/../sa/web") },
      NULL,
      "no SPIFFE id" },
    { "a slash at the end", { NAME(ID "/") }, NULL, "no SPIFFE id" },
    { "a blank at the end", { NAME(ID " ") }, NULL, "no SPIFFE id" },
    { "a line break", { NAME(ID "\n") }, NULL, "no SPIFFE id" },
    { "a star", { NAME("spiffe://td/ns/default/sa/*") }, NULL, "no SPIFFE id" },
    { "no trust domain",
      { NAME("spiffe:///ns/default/sa/web") },
      NULL,
      "no SPIFFE id" },
    { "nothing in the name", { NAME("") }, NULL, "no SPIFFE id" },
    { "a trust domain that begins like ours",
      { NAME("spiffe://td.evil/a") },
      NULL,
      "nobody vouches" },
    { "a trust domain that ends like ours",
      { NAME("spiffe://eviltd/a") },
      NULL,
      "nobody vouches" },
    { "a domain of the bundle, by another's root",
      { NAME("spiffe://other/ns/default/sa/web") },
      NULL,
      "not signed by a known root" },
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct cert_wish wish = cert_wish(ID);
        struct cert_made made;
        struct mesh_peer peer;
        struct mesh_chain *chain;
        int rc;

        wish.uri_count = 0;
        for (size_t n = 0; n < 3 && names[i].uris[n].at; n++)
            wish.uris[wish.uri_count++] = names[i].uris[n];
        wish.dns = names[i].dns;
        cert_make(&wish, &world.root, world.rng, &made);
        chain = chain_of(made.cert, NULL, NULL);
        rc = judge(chain, MESH__PEER_SERVER, &peer);
        if (names[i].says
                ? rc != MESH_ERR_PEER_IDENTITY ||
                      !strstr(mesh__error_line(), names[i].says) || peer.id[0]
                : rc != 0)
            fail_msg("%s: %d \"%s\"", names[i].claim, rc, mesh__error_line());
        mesh__chain_unref(chain);
        mesh__error_clear();
    }
}

/* --- uses, dates and signers ------------------------------------------------
 */

static const struct {
    const char *claim;
    const char *says;      /* NULL: believed */
    struct cert_wish wish; /* zero fields are cert_wish's */
    int usage;
    const struct cert_made *signer; /* NULL: the root */
    const struct cert_made *beside; /* presented too  */
    enum mesh_peer_role role;
    bool no_extended;
} rows[] = {
    { .claim = "no extended usage fits both roles", .no_extended = true },
    { .claim = "server's usage as a server", .wish = { .extended = "s" } },
    { .claim = "client's usage as a client",
      .wish = { .extended = "c" },
      .role = MESH__PEER_CLIENT },
    { .claim = "client's usage as a server",
      .wish = { .extended = "c" },
      .says = "does not allow a server" },
    { .claim = "server's usage as a client",
      .wish = { .extended = "s" },
      .role = MESH__PEER_CLIENT,
      .says = "does not allow a client" },
    { .claim = "code signing only",
      .wish = { .extended = "x" },
      .says = "does not allow a server" },
    { .claim = "a leaf that is a CA",
      .wish = { .is_ca = true },
      .says = "a CA certificate" },
    { .claim = "a leaf that may sign certificates",
      .usage = CERT_SIGN_DATA | CERT_SIGN_CERTS,
      .says = "signing of certificates" },
    { .claim = "a leaf that may sign revocation lists",
      .usage = CERT_SIGN_DATA | CERT_SIGN_CRLS,
      .says = "signing of revocation lists" },
    { .claim = "a leaf without key usage",
      .usage = CERT_NO_USAGE,
      .says = "no key usage" },
    { .claim = "a leaf that may only encipher",
      .usage = CERT_ENCIPHER,
      .says = "lacks digitalSignature" },
    { .claim = "encipherment beside the signature",
      .usage = CERT_SIGN_DATA | CERT_ENCIPHER },
    { .claim = "ended a second ago",
      .wish = { .to_s = CERT_NOW - 1 },
      .says = "expired since 2027-01-15T07:59:59Z" },
    { .claim = "ends this second", .wish = { .to_s = CERT_NOW } },
    { .claim = "begins this second", .wish = { .from_s = CERT_NOW } },
    { .claim = "begins in a second",
      .wish = { .from_s = CERT_NOW + 1 },
      .says = "not valid before 2027-01-15T08:00:01Z" },
    { .claim = "signed by a root of another domain",
      .signer = &world.other_root,
      .says = "not signed by a known root" },
    { .claim = "under an intermediate that is presented",
      .signer = &world.middle,
      .beside = &world.middle },
    { .claim = "under an intermediate that is not",
      .signer = &world.middle,
      .says = "not signed by a known root" },
    { .claim = "under an intermediate that ended",
      .signer = &world.late_middle,
      .beside = &world.late_middle,
      .says = "expired since" },
    { .claim = "under an intermediate without key usage",
      .signer = &world.meek_middle,
      .beside = &world.meek_middle,
      .says = "not signed by a known root" },
    { .claim = "under a workload's certificate",
      .signer = &world.leafy,
      .beside = &world.leafy,
      .says = "not signed by a known root" },
    { .claim = "a key of 384 bits", .wish = { .curve = CERT_P384 } },
    { .claim = "a key of 192 bits",
      .wish = { .curve = CERT_P192 },
      .says = "too weak" },
    { .claim = "signed with SHA-1",
      .wish = { .sha1 = true },
      .says = "too weak" },
};

static struct cert_wish wish_of(size_t i)
{
    struct cert_wish wish = cert_wish(ID);

    if (rows[i].wish.extended)
        wish.extended = rows[i].wish.extended;
    if (rows[i].no_extended)
        wish.extended = NULL;
    if (rows[i].wish.from_s)
        wish.from_s = rows[i].wish.from_s;
    if (rows[i].wish.to_s)
        wish.to_s = rows[i].wish.to_s;
    if (rows[i].usage)
        wish.usage = rows[i].usage;
    wish.is_ca = rows[i].wish.is_ca;
    wish.curve = rows[i].wish.curve;
    wish.sha1 = rows[i].wish.sha1;
    return wish;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cert_wish wish = wish_of(i);
        struct cert_made made;
        struct mesh_peer peer;
        struct mesh_chain *chain;
        int rc;

        cert_make(&wish, rows[i].signer ? rows[i].signer : &world.root,
                  world.rng, &made);
        chain = chain_of(made.cert,
                         rows[i].beside ? rows[i].beside->cert : NULL, NULL);
        rc = judge(chain, rows[i].role, &peer);
        if (rows[i].says ? rc != MESH_ERR_PEER_IDENTITY ||
                               !strstr(mesh__error_line(), rows[i].says)
                         : rc != 0)
            fail_msg("%s: %d \"%s\"", rows[i].claim, rc, mesh__error_line());
        mesh__chain_unref(chain);
        mesh__error_clear();
    }
}

static void test_first_is_the_leaf(void **state)
{
    struct cert_wish wish = cert_wish(ID);
    struct cert_made made;
    struct mesh_peer peer;
    struct mesh_chain *chain;

    (void)state;
    cert_make(&wish, &world.middle, world.rng, &made);
    chain = chain_of(world.middle.cert, made.cert, NULL);
    assert_int_equal(judge(chain, MESH__PEER_SERVER, &peer),
                     MESH_ERR_PEER_IDENTITY);
    mesh__chain_unref(chain);
    chain = chain_of(world.root.cert, NULL, NULL);
    assert_int_equal(judge(chain, MESH__PEER_SERVER, &peer),
                     MESH_ERR_PEER_IDENTITY);
    mesh__chain_unref(chain);
}

/* --- what is kept of the believed -------------------------------------------
 */

static void test_filled(void **state)
{
    struct cert_wish wish = cert_wish(ID);
    struct cert_made made;
    struct mesh_peer peer;
    struct mesh_chain *chain;
    struct mesh_cert leaf;
    uint8_t digest[MESH__DIGEST];

    (void)state;
    wish.name = "a, b";
    cert_make(&wish, &world.root, world.rng, &made);
    chain = chain_of(made.cert, NULL, NULL);
    assert_int_equal(judge(chain, MESH__PEER_CLIENT, &peer), 0);
    assert_string_equal(peer.id, ID);
    assert_true(peer.not_after_s == CERT_NOW + CERT_DAY);
    assert_int_equal(mesh__chain_cert(chain, 0, &leaf), 0);
    assert_int_equal(mesh__sha256(leaf.der.at, leaf.der.len, digest), 0);
    assert_memory_equal(peer.digest, digest, sizeof(digest));
    assert_non_null(strstr(peer.subject, "CN="));
    mesh__chain_unref(chain);
}

static void test_long_id(void **state)
{
    char id[600];
    struct cert_wish wish;
    struct cert_made made;
    struct mesh_peer peer;
    struct mesh_chain *chain;

    (void)state;
    memset(id, 'a', sizeof(id));
    memcpy(id, "spiffe://td/", 12);
    for (size_t len = 511; len <= 512; len++) {
        wish = cert_wish(ID);
        wish.uris[0] = mesh__slice(id, len);
        cert_make(&wish, &world.root, world.rng, &made);
        chain = chain_of(made.cert, NULL, NULL);
        assert_int_equal(judge(chain, MESH__PEER_SERVER, &peer),
                         len < 512 ? 0 : MESH_ERR_PEER_IDENTITY);
        mesh__chain_unref(chain);
    }
}

/* --- who was expected -------------------------------------------------------
 */

static const struct {
    const char *claim;
    const char *ids[2];
    const char *domain;
    const char *says; /* NULL: believed */
} wanted[] = {
    { "the one that is there", { ID }, NULL, NULL },
    { "one of two", { "spiffe://td/x", ID }, NULL, NULL },
    { "somebody else",
      { "spiffe://td/ns/default/sa/we" },
      NULL,
      "expected spiffe://td/ns/default/sa/we, peer is " ID },
    { "one of two others",
      { "spiffe://td/x", "spiffe://td/y" },
      NULL,
      "expected spiffe://td/x or one of 1 others, peer is " ID },
    { "nobody in particular", { NULL }, NULL, NULL },
    { "its trust domain", { NULL }, "td", NULL },
    { "another trust domain",
      { NULL },
      "other",
      "expected trust domain other, peer is " ID },
    { "its name, in another trust domain",
      { ID },
      "other",
      "expected trust domain other, peer is " ID },
};

static struct mesh_expected expected_of(size_t i)
{
    return (struct mesh_expected){
        .ids = wanted[i].ids,
        .count = (size_t)(wanted[i].ids[0] != NULL) +
                 (size_t)(wanted[i].ids[1] != NULL),
        .trust_domains = &wanted[i].domain,
        .trust_domain_count = wanted[i].domain != NULL,
    };
}

static void test_expected(void **state)
{
    struct cert_wish wish = cert_wish(ID);
    struct cert_made made;
    struct mesh_chain *chain;

    (void)state;
    cert_make(&wish, &world.root, world.rng, &made);
    chain = chain_of(made.cert, NULL, NULL);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        struct mesh_expected expected = expected_of(i);
        struct mesh_expected anybody = { 0 };
        struct mesh_peer peer;
        int rc = mesh__peer_judge(chain, MESH__PEER_SERVER, world.bundle,
                                  &expected, CERT_NOW, &peer);
        int again;

        if (wanted[i].says ? rc != MESH_ERR_PEER_IDENTITY ||
                                 strcmp(mesh__error_line(), wanted[i].says) != 0
                           : rc != 0)
            fail_msg("%s: %d \"%s\"", wanted[i].claim, rc, mesh__error_line());
        assert_int_equal(mesh__peer_judge(chain, MESH__PEER_SERVER,
                                          world.bundle, &anybody, CERT_NOW,
                                          &peer),
                         0);
        again = mesh__peer_rejudge(&peer, world.bundle, &expected, CERT_NOW);
        assert_int_equal(again, rc);
    }
    mesh__chain_unref(chain);
}

static void test_rejudge(void **state)
{
    struct mesh_peer peer = { .id = ID, .not_after_s = CERT_NOW };
    struct mesh_expected anybody = { 0 };
    struct mesh_peer stranger = { .id = "spiffe://gone/a",
                                  .not_after_s = CERT_NOW };

    (void)state;
    assert_int_equal(
        mesh__peer_rejudge(&peer, world.bundle, &anybody, CERT_NOW), 0);
    assert_int_equal(
        mesh__peer_rejudge(&peer, world.bundle, &anybody, CERT_NOW + 1),
        MESH_ERR_PEER_IDENTITY);
    assert_non_null(strstr(mesh__error_line(), "expired since"));
    assert_int_equal(
        mesh__peer_rejudge(&stranger, world.bundle, &anybody, CERT_NOW),
        MESH_ERR_PEER_IDENTITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_first_is_the_leaf),
        cmocka_unit_test(test_filled),
        cmocka_unit_test(test_long_id),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_rejudge),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
