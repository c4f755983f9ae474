/*
 * test_session.c - the seam of tls/tls.h, kept by both engines: every test runs
 * over mbedTLS and over fake_tls, whole and one byte at a time.
 */
#include "tls/tls.h"

#include "base/error.h"
#include "certs.h"
#include "fake_tls.h"
#include "tls_pair.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WEB "spiffe://td/ns/default/sa/web"
#define PAY "spiffe://td/ns/default/sa/pay"

/* What an engine needs to show identities. */
struct kind {
    const char *name;
    const struct mesh_tls_engine *engine;
    struct mesh_bundle *bundle;       /* td                  */
    struct mesh_bundle *both;         /* td and other        */
    struct mesh_credential *web;      /* a client's          */
    struct mesh_credential *pay;      /* a server's          */
    struct mesh_credential *stranger; /* of domain other     */
    struct mesh_credential *late;     /* ends in ten seconds */
};

static struct fake_tls fake;
static struct mesh_rng *rng;
static struct kind kinds[2];
static const size_t chunks[] = { 0, 1 };

/* --- the world --------------------------------------------------------------
 */

static struct mesh_credential *credential(const struct cert_made *root,
                                          const char *id, int64_t to_s)
{
    struct cert_wish wish = cert_wish(id);
    struct cert_made made;
    struct mesh_credential *out;

    wish.to_s = to_s;
    cert_make(&wish, root, rng, &made);
    assert_int_equal(mesh__credential_parse(
                         "cert-chain.pem", mesh__slice_of(made.cert), "key.pem",
                         mesh__slice_of(made.key), CERT_NOW, &out),
                     0);
    return out;
}

static void make_real(struct kind *kind)
{
    struct cert_wish wish = cert_wish_root("root");
    struct cert_made root;
    struct cert_made other;
    struct mesh_chain *chain;

    cert_make(&wish, NULL, rng, &root);
    wish.name = "other root";
    cert_make(&wish, NULL, rng, &other);
    kind->name = "mbedTLS";
    kind->engine = mesh__tls_mbedtls();
    assert_int_equal(mesh__bundle_parse("root-cert.pem",
                                        mesh__slice_of(root.cert), "td",
                                        &kind->bundle),
                     0);
    assert_int_equal(
        mesh__chain_parse_pem("other", mesh__slice_of(other.cert), 1, &chain),
        0);
    assert_int_equal(
        mesh__bundle_with(kind->bundle, "other", chain, &kind->both), 0);
    mesh__chain_unref(chain);
    kind->web = credential(&root, WEB, CERT_NOW + CERT_DAY);
    kind->pay = credential(&root, PAY, CERT_NOW + CERT_DAY);
    kind->late = credential(&root, WEB, CERT_NOW + 10);
    kind->stranger =
        credential(&other, "spiffe://other/a", CERT_NOW + CERT_DAY);
}

static void make_fake(struct kind *kind)
{
    fake_tls_init(&fake);
    kind->name = "fake";
    kind->engine = &fake.engine;
    kind->bundle = fake_bundle("td");
    kind->both = mesh__bundle_ref(kinds[0].both);
    kind->web = fake_credential(WEB, CERT_NOW + CERT_DAY);
    kind->pay = fake_credential(PAY, CERT_NOW + CERT_DAY);
    kind->late = fake_credential(WEB, CERT_NOW + 10);
    kind->stranger = fake_credential("spiffe://other/a", CERT_NOW + CERT_DAY);
}

static int make_world(void **state)
{
    (void)state;
    assert_int_equal(mesh__rng_new(&rng), 0);
    make_real(&kinds[0]);
    make_fake(&kinds[1]);
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        mesh__bundle_unref(kinds[i].bundle);
        mesh__bundle_unref(kinds[i].both);
        mesh__credential_unref(kinds[i].web);
        mesh__credential_unref(kinds[i].pay);
        mesh__credential_unref(kinds[i].late);
        mesh__credential_unref(kinds[i].stranger);
    }
    mesh__rng_free(rng);
    return 0;
}

/* --- profiles and pairs -----------------------------------------------------
 */

static const char *const client_alpn[] = { "istio-http/1.1", "istio",
                                           "http/1.1" };
static const char *const server_alpn[] = { "h2", "http/1.1" };
static const char *const pay_only[] = { PAY };

static struct mesh_tls_profile client_of(const struct kind *kind)
{
    return (struct mesh_tls_profile){
        .role = MESH__TLS_CLIENT,
        .sni = "outbound_.80_._.pay.default.svc.cluster.local",
        .alpn = client_alpn,
        .alpn_count = 3,
        .expected = { .ids = pay_only, .count = 1 },
        .credential = kind->web,
        .bundle = kind->bundle,
        .generation = 1,
    };
}

static struct mesh_tls_profile server_of(const struct kind *kind)
{
    return (struct mesh_tls_profile){
        .role = MESH__TLS_SERVER,
        .alpn = server_alpn,
        .alpn_count = 2,
        .credential = kind->pay,
        .bundle = kind->bundle,
        .generation = 1,
    };
}

static struct mesh_tls_config *config(const struct kind *kind,
                                      const struct mesh_tls_profile *profile)
{
    struct mesh_tls_config *out;

    assert_int_equal(kind->engine->config_new(kind->engine, profile, rng, &out),
                     0);
    return out;
}

/* A pair of the profiles; the configurations live in it alone. */
static void pair_up(const struct kind *kind, struct tls_pair *pair,
                    const struct mesh_tls_profile *client,
                    const struct mesh_tls_profile *server, size_t chunk)
{
    struct mesh_tls_config *c = config(kind, client);
    struct mesh_tls_config *s = config(kind, server);

    *pair = (struct tls_pair){ .chunk = chunk };
    assert_int_equal(tls_pair_init(pair, c, s, CERT_NOW), 0);
    kind->engine->config_unref(c);
    kind->engine->config_unref(s);
}

static void shake(const struct kind *kind, struct tls_pair *pair)
{
    if (tls_pair_shake(pair))
        return;
    fail_msg("%s: client %d %d \"%s\", server %d %d \"%s\"", kind->name,
             (int)pair->end[0].step, pair->end[0].code, pair->end[0].line,
             (int)pair->end[1].step, pair->end[1].code, pair->end[1].line);
}

/* --- the handshake ----------------------------------------------------------
 */

static void check_mutual(const struct kind *kind, size_t chunk)
{
    struct mesh_tls_profile client = client_of(kind);
    struct mesh_tls_profile server = server_of(kind);
    struct tls_pair pair;
    struct mesh_tls_info info[2];

    pair_up(kind, &pair, &client, &server, chunk);
    assert_null(kind->engine->peer(pair.end[PAIR_CLIENT].tls));
    assert_null(kind->engine->peer(pair.end[PAIR_SERVER].tls));
    shake(kind, &pair);
    assert_string_equal(kind->engine->peer(pair.end[PAIR_CLIENT].tls)->id, PAY);
    assert_string_equal(kind->engine->peer(pair.end[PAIR_SERVER].tls)->id, WEB);
    assert_memory_equal(kind->engine->peer(pair.end[PAIR_SERVER].tls)->digest,
                        kind->web->digest, MESH__DIGEST);
    for (int i = 0; i < 2; i++) {
        kind->engine->info(pair.end[i].tls, &info[i]);
        assert_string_equal(info[i].alpn, "http/1.1");
        assert_string_equal(info[i].sni, client.sni);
        assert_false(info[i].resumed);
        assert_true(kind->engine->memory(pair.end[i].tls) > 0);
    }
    assert_string_equal(info[0].protocol, info[1].protocol);
    assert_string_equal(info[0].cipher, info[1].cipher);
    tls_pair_fini(&pair);
}

static void test_mutual(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        check_mutual(&kinds[i / 2], chunks[i % 2]);
}

static void test_work_is_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_tls_profile client = client_of(&kinds[i]);
        struct mesh_tls_profile server = server_of(&kinds[i]);
        struct tls_pair pair;

        fake.cpu = true;
        pair_up(&kinds[i], &pair, &client, &server, 0);
        shake(&kinds[i], &pair);
        assert_true(pair.end[PAIR_CLIENT].cpu > 0);
        assert_true(pair.end[PAIR_SERVER].cpu > 0);
        tls_pair_fini(&pair);
        fake.cpu = false;
    }
}

static void test_fake_replays(void **state)
{
    struct mesh_tls_profile client = client_of(&kinds[1]);
    struct mesh_tls_profile server = server_of(&kinds[1]);
    struct tls_pair pair[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        pair_up(&kinds[1], &pair[i], &client, &server, chunks[i]);
        shake(&kinds[1], &pair[i]);
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pair[0].end[i].sent, pair[1].end[i].sent);
    tls_pair_fini(&pair[0]);
    tls_pair_fini(&pair[1]);
}

static void test_versions(void **state)
{
    struct mesh_tls_profile client = client_of(&kinds[0]);
    struct mesh_tls_profile server = server_of(&kinds[0]);
    struct mesh_tls_config *none;
    struct tls_pair pair;
    struct mesh_tls_info info;
    const struct mesh_tls_engine *engine = kinds[0].engine;

    (void)state;
    client.max_version = MESH__TLS_1_2;
    pair_up(&kinds[0], &pair, &client, &server, 0);
    shake(&kinds[0], &pair);
    engine->info(pair.end[0].tls, &info);
    assert_string_equal(info.protocol, "TLSv1.2");
    assert_string_equal(info.cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
    tls_pair_fini(&pair);

    client.min_version = client.max_version = MESH__TLS_1_3;
    if (strstr(mesh__crypto_version(), " 2.")) {
        assert_int_equal(engine->config_new(engine, &client, rng, &none),
                         MESH_ERR_TLS);
        assert_null(none);
        return;
    }
    pair_up(&kinds[0], &pair, &client, &server, 0);
    shake(&kinds[0], &pair);
    engine->info(pair.end[0].tls, &info);
    assert_string_equal(info.protocol, "TLSv1.3");
    assert_string_equal(info.cipher, "TLS_AES_128_GCM_SHA256");
    tls_pair_fini(&pair);

    server.max_version = MESH__TLS_1_2;
    pair_up(&kinds[0], &pair, &client, &server, 0);
    assert_false(tls_pair_shake(&pair));
    assert_int_equal(pair.end[PAIR_SERVER].step, MESH__TLS_FAILED);
    tls_pair_fini(&pair);
}

static void test_bad_profiles(void **state)
{
    static const char *const empty[] = { "" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct mesh_tls_engine *engine = kinds[i].engine;
        struct mesh_tls_profile profile = server_of(&kinds[i]);
        struct mesh_tls_config *out;

        profile.credential = NULL;
        assert_int_equal(engine->config_new(engine, &profile, rng, &out),
                         MESH_ERR_INVALID);
        profile = client_of(&kinds[i]);
        profile.bundle = NULL;
        assert_int_equal(engine->config_new(engine, &profile, rng, &out),
                         MESH_ERR_INVALID);
        profile = client_of(&kinds[i]);
        profile.alpn = empty;
        profile.alpn_count = 1;
        assert_int_equal(engine->config_new(engine, &profile, rng, &out),
                         MESH_ERR_INVALID);
        assert_null(out);
    }
}

/* --- protocols --------------------------------------------------------------
 */

static const struct {
    const char *claim;
    const char *offered[4];
    const char *taken[4];
    const char *chosen;
} protocols[] = {
    { "the server's order decides",
      { "http/1.1", "h2" },
      { "h2", "http/1.1" },
      "h2" },
    { "a client that offers nothing", { NULL }, { "http/1.1" }, "" },
    { "a server that takes nothing", { "http/1.1" }, { NULL }, "" },
    { "only what the server does not know",
      { "foo", "bar" },
      { "http/1.1" },
      "" },
    { "Istio's marker alone", { "istio" }, { "h2", "http/1.1" }, "" },
    { "markers beside the protocol",
      { "istio-http/1.1", "istio", "http/1.1" },
      { "http/1.1" },
      "http/1.1" },
    { "a stream between meshes",
      { "istio-peer-exchange", "istio" },
      { "istio-peer-exchange", "h2", "http/1.1" },
      "istio-peer-exchange" },
    { "a prefix is not the name", { "http/1" }, { "http/1.1" }, "" },
};

static size_t count_of(const char *const *texts)
{
    size_t count = 0;

    while (texts[count])
        count++;
    return count;
}

static void check_protocol(const struct kind *kind, size_t i)
{
    struct mesh_tls_profile client = client_of(kind);
    struct mesh_tls_profile server = server_of(kind);
    struct tls_pair pair;
    struct mesh_tls_info info;

    client.alpn = protocols[i].offered;
    client.alpn_count = count_of(protocols[i].offered);
    server.alpn = protocols[i].taken;
    server.alpn_count = count_of(protocols[i].taken);
    pair_up(kind, &pair, &client, &server, 0);
    shake(kind, &pair);
    for (int end = 0; end < 2; end++) {
        kind->engine->info(pair.end[end].tls, &info);
        if (strcmp(info.alpn, protocols[i].chosen) != 0)
            fail_msg("%s, %s: \"%s\"", kind->name, protocols[i].claim,
                     info.alpn);
    }
    tls_pair_fini(&pair);
}

static void test_protocols(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
        for (size_t k = 0; k < 2; k++)
            check_protocol(&kinds[k], i);
}

/* --- refusals ---------------------------------------------------------------
 */

/* One end refuses with this line; the other never believes anybody. */
static void check_refusal(const struct kind *kind,
                          const struct mesh_tls_profile *client,
                          const struct mesh_tls_profile *server, int who,
                          int64_t now_s, const char *says)
{
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair pair;
        struct tls_end *end = &pair.end[who];

        pair_up(kind, &pair, client, server, chunks[i]);
        pair.now_s = now_s;
        assert_false(tls_pair_shake(&pair));
        if (end->step != MESH__TLS_FAILED ||
            end->code != MESH_ERR_PEER_IDENTITY || !strstr(end->line, says))
            fail_msg("%s: expected \"%s\", got %d \"%s\"", kind->name, says,
                     end->code, end->line);
        assert_null(kind->engine->peer(end->tls));
        tls_pair_settle(&pair); /* TLS 1.3: the client hears of it here */
        end = &pair.end[!who];
        /* mbedTLS 3.6 says it in the clear where 1.3 wants it sealed. */
        if (end->code != MESH_ERR_TLS ||
            (!strstr(end->line, "the peer refused: alert") &&
             !strstr(end->line, "message MAC failed")))
            fail_msg("%s: \"%s\", the other end: %d %d \"%s\"", kind->name,
                     says, (int)end->step, end->code, end->line);
        tls_pair_fini(&pair);
    }
}

static void test_refusals(void **state)
{
    static const char *const other_only[] = { "spiffe://td/other" };
    static const char *const domains[] = { "elsewhere" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct kind *kind = &kinds[i];
        struct mesh_tls_profile client = client_of(kind);
        struct mesh_tls_profile server = server_of(kind);

        client.expected.ids = other_only;
        check_refusal(kind, &client, &server, PAIR_CLIENT, CERT_NOW,
                      "expected spiffe://td/other, peer is " PAY);
        client = client_of(kind);
        server.credential = kind->stranger;
        client.expected.count = 0;
        check_refusal(kind, &client, &server, PAIR_CLIENT, CERT_NOW,
                      "nobody vouches for the trust domain of spiffe://other");
        server = server_of(kind);
        client = client_of(kind);
        client.credential = kind->stranger;
        check_refusal(kind, &client, &server, PAIR_SERVER, CERT_NOW,
                      "nobody vouches for the trust domain of spiffe://other");
        client = client_of(kind);
        server.expected.trust_domains = domains;
        server.expected.trust_domain_count = 1;
        check_refusal(kind, &client, &server, PAIR_SERVER, CERT_NOW,
                      "expected trust domain elsewhere, peer is " WEB);
        server = server_of(kind);
        client.credential = kind->late;
        check_refusal(kind, &client, &server, PAIR_SERVER, CERT_NOW + 11,
                      "expired since");
        client.credential = NULL;
        check_refusal(kind, &client, &server, PAIR_SERVER, CERT_NOW,
                      "the peer has no certificate");
    }
}

static void test_fake_lies(void **state)
{
    struct mesh_tls_profile client = client_of(&kinds[1]);
    struct mesh_tls_profile server = server_of(&kinds[1]);
    struct tls_pair pair;

    (void)state;
    fake.claim = "spiffe://td/liar";
    check_refusal(&kinds[1], &client, &server, PAIR_CLIENT, CERT_NOW,
                  "expected " PAY ", peer is spiffe://td/liar");
    fake.claim = NULL;
    fake.fail_at_step = 2;
    pair_up(&kinds[1], &pair, &client, &server, 0);
    assert_false(tls_pair_shake(&pair));
    assert_string_equal(pair.end[PAIR_CLIENT].line, "told to fail");
    tls_pair_fini(&pair);
    fake.fail_at_step = 0;
}

/* What is no ClientHello ends in an error that names the protocol. */
static void test_strangers(void **state)
{
    static const struct mesh_slice words[] = {
        { "GET / HTTP/1.1\r\n\r\n", 18 },
        { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24 },
        { "\x16\x03\x01\x00\x00\x01", 6 },
        { "\x17\x03\x03\x00\x05hello", 10 },
        { "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00", 10 },
    };

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            struct mesh_tls_profile client = client_of(&kinds[k]);
            struct mesh_tls_profile server = server_of(&kinds[k]);
            struct tls_pair pair;
            struct tls_end *end = &pair.end[PAIR_SERVER];

            pair_up(&kinds[k], &pair, &client, &server, 0);
            assert_int_equal(
                mesh__buffer_append(&end->in, words[i].at, words[i].len), 0);
            pair.end[PAIR_CLIENT].step = MESH__TLS_FAILED; /* silent */
            assert_false(tls_pair_shake(&pair));
            if (k == 0 ? end->step != MESH__TLS_FAILED
                       : end->step == MESH__TLS_DONE)
                fail_msg("%s, stranger %zu: %d %d \"%s\"", kinds[k].name, i,
                         (int)end->step, end->code, end->line);
            tls_pair_fini(&pair);
        }
    }
}

/* TLS 1.0 and 1.1, which 2.28 has compiled in, end in protocol_version. */
static void test_old_versions(void **state)
{
    /* record, hello of 41 bytes, version */
    static const char head[] = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03";
    static const char suites[] = "\x00\x00\x02\xc0\x0a\x01";
    static const char random[32];
    static const uint8_t alert[] = { 21, 3, 0, 0, 2, 2, 70 }; /* fatal */

    (void)state;
    for (char minor = 0; minor <= 2; minor++) {
        struct mesh_tls_profile client = client_of(&kinds[0]);
        struct mesh_tls_profile server = server_of(&kinds[0]);
        struct tls_pair pair;
        struct tls_end *end = &pair.end[PAIR_SERVER];
        const char *out;

        pair_up(&kinds[0], &pair, &client, &server, 0);
        (void)mesh__buffer_append(&end->in, head, sizeof(head) - 1);
        (void)mesh__buffer_append(&end->in, &minor, 1);
        (void)mesh__buffer_append(&end->in, random, sizeof(random));
        (void)mesh__buffer_append(&end->in, suites, sizeof(suites));
        end->step = kinds[0].engine->step(end->tls, &end->in, &end->out,
                                          CERT_NOW, &end->code);
        if (end->step == MESH__TLS_WRITE)
            end->step = kinds[0].engine->step(end->tls, &end->in, &end->out,
                                              CERT_NOW, &end->code);
        assert_int_equal(end->step, MESH__TLS_FAILED);
        assert_int_equal(end->code, MESH_ERR_TLS);
        out = mesh__buffer_data(&end->out);
        assert_int_equal(end->out.len, sizeof(alert));
        assert_int_equal(out[0], alert[0]);
        assert_int_equal(out[6], alert[6]);
        tls_pair_fini(&pair);
    }
}

/* --- records ----------------------------------------------------------------
 */

static char pattern(size_t i)
{
    return (char)(i * 7 + i / 251);
}

/* Seal one length in three slices and see it come out whole. */
static void check_length(const struct kind *kind, struct tls_pair *pair,
                         int from, size_t len)
{
    static char text[200 * 1024];
    struct mesh_slice slices[4] = { { text, len / 3 },
                                    { NULL, 0 },
                                    { text + len / 3, len / 3 },
                                    { text + 2 * (len / 3),
                                      len - 2 * (len / 3) } };
    struct tls_end *end = &pair->end[from];
    struct tls_end *other = &pair->end[!from];
    size_t before = end->out.len;

    for (size_t i = 0; i < len; i++)
        text[i] = pattern(i);
    assert_int_equal(kind->engine->seal(end->tls, slices, 4, &end->out), 0);
    assert_true(end->out.len - before <= kind->engine->sealed_size(len));
    mesh__buffer_clear(&other->plain);
    tls_pair_settle(pair);
    if (other->code != 0 || other->plain.len != len ||
        (len && memcmp(mesh__buffer_data(&other->plain), text, len) != 0))
        fail_msg("%s: %zu bytes came as %zu, %d \"%s\"", kind->name, len,
                 other->plain.len, other->code, other->line);
    assert_false(kind->engine->pending(other->tls));
}

static void test_lengths(void **state)
{
    static const size_t lengths[] = { 0,     1,     2,      3,     100,
                                      8191,  16367, 16368,  16383, 16384,
                                      16385, 32768, 100000, 200000 };

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct mesh_tls_profile client = client_of(&kinds[k]);
        struct mesh_tls_profile server = server_of(&kinds[k]);
        struct tls_pair pair;

        pair_up(&kinds[k], &pair, &client, &server, 0);
        shake(&kinds[k], &pair);
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
            for (int from = 0; from < 2; from++)
                check_length(&kinds[k], &pair, from, lengths[i]);
        pair.chunk = 1;
        for (size_t i = 0; i < 9; i++)
            for (int from = 0; from < 2; from++)
                check_length(&kinds[k], &pair, from, lengths[i]);
        tls_pair_fini(&pair);
    }
}

static void test_head_and_body_are_one_record(void **state)
{
    struct mesh_slice parts[] = { MESH__SLICE("HTTP/1.1 200 OK\r\n\r\n"),
                                  MESH__SLICE("a body") };
    struct mesh_slice whole = MESH__SLICE("HTTP/1.1 200 OK\r\n\r\na body");

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct mesh_tls_profile client = client_of(&kinds[k]);
        struct mesh_tls_profile server = server_of(&kinds[k]);
        struct tls_pair pair;
        struct tls_end *end = &pair.end[PAIR_SERVER];
        size_t before;
        size_t one;

        pair_up(&kinds[k], &pair, &client, &server, 0);
        shake(&kinds[k], &pair);
        before = end->out.len;
        assert_int_equal(kinds[k].engine->seal(end->tls, &whole, 1, &end->out),
                         0);
        one = end->out.len - before;
        assert_int_equal(kinds[k].engine->seal(end->tls, parts, 2, &end->out),
                         0);
        assert_int_equal(end->out.len - before, 2 * one);
        tls_pair_fini(&pair);
    }
}

static void test_small_places(void **state)
{
    char text[5000];
    struct mesh_slice slice = { text, sizeof(text) };

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t k = 0; k < 2; k++) {
        const struct mesh_tls_engine *engine = kinds[k].engine;
        struct mesh_tls_profile client = client_of(&kinds[k]);
        struct mesh_tls_profile server = server_of(&kinds[k]);
        struct tls_pair pair;
        struct tls_end *from = &pair.end[PAIR_CLIENT];
        struct tls_end *to = &pair.end[PAIR_SERVER];
        struct mesh_buffer small;
        size_t got = 0;

        pair_up(&kinds[k], &pair, &client, &server, 0);
        shake(&kinds[k], &pair);
        mesh__buffer_init(&small, 4999);
        assert_int_equal(engine->seal(from->tls, &slice, 1, &small),
                         MESH_ERR_TOO_LARGE);
        assert_int_equal(small.len, 0);
        mesh__buffer_fini(&small);
        assert_int_equal(engine->seal(from->tls, &slice, 1, &from->out), 0);
        mesh__buffer_init(&small, 700);
        assert_int_equal(mesh__buffer_append(&to->in,
                                             mesh__buffer_data(&from->out),
                                             from->out.len),
                         0);
        while (got < sizeof(text)) {
            assert_int_equal(engine->open(to->tls, &to->in, &small, &to->out),
                             MESH__TLS_OPENED);
            assert_true(small.len > 0);
            got += small.len;
            mesh__buffer_clear(&small);
            assert_int_equal(engine->pending(to->tls), got < sizeof(text));
        }
        assert_int_equal(got, sizeof(text));
        mesh__buffer_fini(&small);
        tls_pair_fini(&pair);
    }
}

static void test_close_notify(void **state)
{
    struct mesh_slice last = MESH__SLICE("goodbye");

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        const struct kind *kind = &kinds[k / 2];
        struct mesh_tls_profile client = client_of(kind);
        struct mesh_tls_profile server = server_of(kind);
        struct tls_pair pair;
        struct tls_end *from = &pair.end[PAIR_SERVER];
        struct tls_end *to = &pair.end[PAIR_CLIENT];

        pair_up(kind, &pair, &client, &server, chunks[k % 2]);
        shake(kind, &pair);
        assert_int_equal(kind->engine->seal(from->tls, &last, 1, &from->out),
                         0);
        assert_int_equal(kind->engine->close_notify(from->tls, &from->out), 0);
        tls_pair_settle(&pair);
        assert_int_equal(to->code, MESH__TLS_CLOSED);
        assert_true(mesh__slice_is(mesh__buffer_slice(&to->plain), "goodbye"));
        assert_int_equal(
            kind->engine->open(to->tls, &to->in, &to->plain, &to->out),
            MESH__TLS_CLOSED);
        tls_pair_fini(&pair);
    }
}

/* After a first message of each size, none costs an allocation. */
static void test_no_allocation(void **state)
{
    char text[3000];
    struct mesh_slice slices[] = { { text, 200 }, { text + 200, 2800 } };

    (void)state;
    memset(text, 'y', sizeof(text));
    for (size_t k = 0; k < 2; k++) {
        const struct mesh_tls_engine *engine = kinds[k].engine;
        struct mesh_tls_profile client = client_of(&kinds[k]);
        struct mesh_tls_profile server = server_of(&kinds[k]);
        struct tls_pair pair;

        pair_up(&kinds[k], &pair, &client, &server, 0);
        shake(&kinds[k], &pair);
        for (int round = 0; round < 3; round++) {
            if (round == 1)
                fake_alloc_reset();
            for (int i = 0; i < 2; i++) {
                assert_int_equal(
                    engine->seal(pair.end[i].tls, slices, 2, &pair.end[i].out),
                    0);
                tls_pair_settle(&pair);
                mesh__buffer_clear(&pair.end[!i].plain);
            }
        }
        assert_int_equal(fake_alloc_count(), 0);
        fake_alloc_off();
        tls_pair_fini(&pair);
    }
}

/* --- changed on the way -----------------------------------------------------
 */

/* A bit flipped somewhere: never data that was not sent, nor a wrong peer. */
static void check_flip(const struct kind *kind, size_t who, size_t at)
{
    struct mesh_slice word = MESH__SLICE("word");
    struct mesh_tls_profile client = client_of(kind);
    struct mesh_tls_profile server = server_of(kind);
    struct tls_pair pair;

    pair_up(kind, &pair, &client, &server, 0);
    pair.flip_end = who;
    pair.flip_at = at;
    if (tls_pair_shake(&pair)) {
        assert_string_equal(kind->engine->peer(pair.end[0].tls)->id, PAY);
        assert_string_equal(kind->engine->peer(pair.end[1].tls)->id, WEB);
        for (int i = 0; i < 2; i++)
            (void)kind->engine->seal(pair.end[i].tls, &word, 1,
                                     &pair.end[i].out);
        tls_pair_settle(&pair);
        for (int i = 0; i < 2; i++)
            assert_true(
                pair.end[i].plain.len == 0 ||
                mesh__slice_is(mesh__buffer_slice(&pair.end[i].plain), "word"));
    }
    tls_pair_fini(&pair);
}

static void test_flips(void **state)
{
    (void)state;
    for (size_t who = 0; who < 2; who++) {
        for (size_t at = 1; at < 400; at++)
            check_flip(&kinds[1], who, at);
        for (size_t at = 1; at < 2400; at += 61)
            check_flip(&kinds[0], who, at);
    }
}

static void test_flipped_record(void **state)
{
    struct mesh_slice word = MESH__SLICE("word");

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct mesh_tls_engine *engine = kinds[k].engine;
        struct mesh_tls_profile client = client_of(&kinds[k]);
        struct mesh_tls_profile server = server_of(&kinds[k]);
        struct tls_pair pair;
        struct tls_end *from = &pair.end[PAIR_CLIENT];
        struct tls_end *to = &pair.end[PAIR_SERVER];

        pair_up(&kinds[k], &pair, &client, &server, 0);
        shake(&kinds[k], &pair);
        assert_int_equal(engine->seal(from->tls, &word, 1, &from->out), 0);
        mesh__buffer_data(&from->out)[from->out.len - 1] ^= 1;
        tls_pair_settle(&pair);
        assert_true(to->code < 0);
        assert_string_not_equal(to->line, "");
        assert_int_equal(to->plain.len, 0);
        assert_int_equal(engine->open(to->tls, &to->in, &to->plain, &to->out),
                         to->code);
        tls_pair_fini(&pair);
    }
}

/* --- resumed ----------------------------------------------------------------
 */

/* Handshake and a word each way; the client's session goes into out. */
static void first_meeting(const struct kind *kind, struct mesh_tls_config *c,
                          struct mesh_tls_config *s, struct mesh_buffer *out)
{
    struct tls_pair pair = { 0 };

    assert_int_equal(tls_pair_init(&pair, c, s, CERT_NOW), 0);
    assert_int_equal(kind->engine->session_export(pair.end[0].tls, out),
                     MESH_ERR_STATE);
    shake(kind, &pair);
    check_length(kind, &pair, PAIR_SERVER, 10);
    assert_int_equal(kind->engine->session_export(pair.end[1].tls, out),
                     MESH_ERR_STATE);
    assert_int_equal(kind->engine->session_export(pair.end[0].tls, out), 0);
    assert_true(out->len <= MESH__TLS_SESSION_MAX);
    tls_pair_fini(&pair);
}

/* Meet with this session; whether it was resumed. */
static bool meet_again(const struct kind *kind, struct mesh_tls_config *c,
                       struct mesh_tls_config *s, struct mesh_slice session,
                       int64_t now_s, size_t chunk)
{
    struct tls_pair pair = { .chunk = chunk };
    struct mesh_tls_info info[2];

    assert_int_equal(tls_pair_init(&pair, c, s, now_s), 0);
    assert_int_equal(
        kind->engine->session_import(pair.end[0].tls, session, now_s), 0);
    shake(kind, &pair);
    for (int i = 0; i < 2; i++)
        kind->engine->info(pair.end[i].tls, &info[i]);
    assert_int_equal(info[0].resumed, info[1].resumed);
    assert_string_equal(kind->engine->peer(pair.end[0].tls)->id, PAY);
    assert_string_equal(kind->engine->peer(pair.end[1].tls)->id, WEB);
    assert_true(kind->engine->peer(pair.end[1].tls)->not_after_s ==
                kind->web->not_after_s);
    assert_string_equal(info[1].alpn, "http/1.1");
    check_length(kind, &pair, PAIR_CLIENT, 100);
    check_length(kind, &pair, PAIR_SERVER, 100);
    tls_pair_fini(&pair);
    return info[0].resumed;
}

static void check_resume(const struct kind *kind, int max_version)
{
    struct mesh_tls_profile client = client_of(kind);
    struct mesh_tls_profile server = server_of(kind);
    struct mesh_tls_config *c;
    struct mesh_tls_config *s;
    struct mesh_tls_config *fresh;
    struct mesh_buffer session;

    client.max_version = max_version;
    c = config(kind, &client);
    s = config(kind, &server);
    mesh__buffer_init(&session, MESH__TLS_SESSION_MAX);
    first_meeting(kind, c, s, &session);
    assert_true(
        meet_again(kind, c, s, mesh__buffer_slice(&session), CERT_NOW, 0));
    assert_true(
        meet_again(kind, c, s, mesh__buffer_slice(&session), CERT_NOW, 1));
    server.generation++;
    fresh = config(kind, &server);
    assert_false(
        meet_again(kind, c, fresh, mesh__buffer_slice(&session), CERT_NOW, 0));
    kind->engine->config_unref(fresh);
    mesh__buffer_fini(&session);
    kind->engine->config_unref(c);
    kind->engine->config_unref(s);
}

static void test_resume(void **state)
{
    (void)state;
    check_resume(&kinds[1], 0);
    check_resume(&kinds[0], MESH__TLS_1_2);
    check_resume(&kinds[0], 0);
}

/* What a session may not be used for. */
static void check_import(const struct kind *kind,
                         const struct mesh_tls_profile *profile,
                         struct mesh_slice session, int64_t now_s,
                         const char *says)
{
    struct mesh_tls_config *c = config(kind, profile);
    struct mesh_tls *tls;

    assert_int_equal(kind->engine->session_new(c, &tls), 0);
    assert_int_equal(kind->engine->session_import(tls, session, now_s),
                     MESH_ERR_STATE);
    if (!strstr(mesh__error_line(), says))
        fail_msg("%s: expected \"%s\", got \"%s\"", kind->name, says,
                 mesh__error_line());
    kind->engine->session_free(tls);
    kind->engine->config_unref(c);
}

static void test_not_resumed(void **state)
{
    static const char *const other[] = { "spiffe://td/other" };

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct kind *kind = &kinds[k];
        struct mesh_tls_profile client = client_of(kind);
        struct mesh_tls_profile server = server_of(kind);
        struct mesh_tls_config *c = config(kind, &client);
        struct mesh_tls_config *s = config(kind, &server);
        struct mesh_buffer session;
        struct mesh_slice kept;

        mesh__buffer_init(&session, MESH__TLS_SESSION_MAX);
        first_meeting(kind, c, s, &session);
        kept = mesh__buffer_slice(&session);
        check_import(kind, &client, kept, CERT_NOW + 7200, "expired");
        check_import(kind, &client, mesh__slice(kept.at, kept.len - 1),
                     CERT_NOW, "no session of ours");
        check_import(kind, &client, mesh__slice(NULL, 0), CERT_NOW,
                     "no session of ours");
        check_import(kind, &server, kept, CERT_NOW, "too late to resume");
        client.generation = 2;
        check_import(kind, &client, kept, CERT_NOW, "another profile");
        client = client_of(kind);
        client.expected.ids = other;
        check_import(kind, &client, kept, CERT_NOW, "another profile");
        client = client_of(kind);
        client.bundle = kind->both;
        check_import(kind, &client, kept, CERT_NOW, "another profile");
        mesh__buffer_fini(&session);
        kind->engine->config_unref(c);
        kind->engine->config_unref(s);
    }
}

/* A ticket that outlived its span, or its peer's certificate. */
static void test_tickets_end(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct kind *kind = &kinds[k];
        struct mesh_tls_profile client = client_of(kind);
        struct mesh_tls_profile server = server_of(kind);
        struct mesh_tls_config *c;
        struct mesh_tls_config *s = config(kind, &server);
        struct mesh_buffer session;
        struct tls_pair pair = { 0 };

        client.credential = kind->late;
        c = config(kind, &client);
        mesh__buffer_init(&session, MESH__TLS_SESSION_MAX);
        first_meeting(kind, c, s, &session);
        assert_int_equal(tls_pair_init(&pair, c, s, CERT_NOW + 11), 0);
        /* The client's own clock is behind. */
        assert_int_equal(
            kind->engine->session_import(
                pair.end[0].tls, mesh__buffer_slice(&session), CERT_NOW),
            0);
        assert_false(tls_pair_shake(&pair));
        assert_int_equal(pair.end[PAIR_SERVER].code, MESH_ERR_PEER_IDENTITY);
        tls_pair_fini(&pair);
        mesh__buffer_fini(&session);
        kind->engine->config_unref(c);
        kind->engine->config_unref(s);
    }
}

static void test_fake_without_tickets(void **state)
{
    struct mesh_tls_profile client = client_of(&kinds[1]);
    struct mesh_tls_profile server = server_of(&kinds[1]);
    struct mesh_buffer session;
    struct tls_pair pair;

    (void)state;
    fake.no_tickets = true;
    mesh__buffer_init(&session, MESH__TLS_SESSION_MAX);
    pair_up(&kinds[1], &pair, &client, &server, 0);
    shake(&kinds[1], &pair);
    assert_int_equal(fake.engine.session_export(pair.end[0].tls, &session),
                     MESH_ERR_STATE);
    tls_pair_fini(&pair);
    mesh__buffer_fini(&session);
    fake.no_tickets = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutual),
        cmocka_unit_test(test_work_is_asked_for),
        cmocka_unit_test(test_fake_replays),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_bad_profiles),
        cmocka_unit_test(test_protocols),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_fake_lies),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_old_versions),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_head_and_body_are_one_record),
        cmocka_unit_test(test_small_places),
        cmocka_unit_test(test_close_notify),
        cmocka_unit_test(test_no_allocation),
        cmocka_unit_test(test_flips),
        cmocka_unit_test(test_flipped_record),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_not_resumed),
        cmocka_unit_test(test_tickets_end),
        cmocka_unit_test(test_fake_without_tickets),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
