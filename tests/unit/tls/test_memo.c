/*
 * test_memo.c - what travels inside a session comes back as it went, or not.
 */
#include "tls/memo.h"

#include "base/error.h"
#include "fake_tls.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NOW = 1800000000 };

static struct mesh_peer peer = { .id = "spiffe://td/ns/default/sa/web",
                                 .digest = { 1, 2, 3 },
                                 .not_after_s = NOW + 100000,
                                 .subject = "CN=web" };

static struct mesh_tls_kept keep(int64_t own_end_s, uint64_t generation)
{
    struct mesh_tls_profile profile = {
        .role = MESH__TLS_SERVER,
        .credential = fake_credential("spiffe://td/a", own_end_s),
        .bundle = fake_bundle("td"),
        .generation = generation,
    };
    struct mesh_tls_kept kept;

    assert_int_equal(mesh__tls_keep(&profile, &kept), 0);
    mesh__credential_unref(profile.credential);
    mesh__bundle_unref(profile.bundle);
    return kept;
}

static void test_there_and_back(void **state)
{
    struct mesh_tls_kept kept = keep(NOW + 100000, 1);
    struct mesh_tls_memo memo;
    struct mesh_tls_memo back;
    struct mesh_buffer bytes;

    (void)state;
    mesh__tls_memo_make(&kept, &peer, NOW, &memo);
    memo.rest = MESH__SLICE("the engine's\0own");
    mesh__buffer_init(&bytes, MESH__TLS_SESSION_MAX);
    assert_int_equal(mesh__tls_memo_write(&memo, &bytes), 0);
    assert_int_equal(mesh__tls_memo_read(mesh__buffer_slice(&bytes), &back), 0);
    assert_true(back.expires_s == NOW + MESH__TLS_RESUME_S);
    assert_true(back.peer.not_after_s == peer.not_after_s);
    assert_string_equal(back.peer.id, peer.id);
    assert_string_equal(back.peer.subject, peer.subject);
    assert_memory_equal(back.peer.digest, peer.digest, MESH__DIGEST);
    assert_true(mesh__slice_equal(back.rest, memo.rest));
    assert_int_equal(mesh__tls_memo_judge(&back, &kept, NOW), 0);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(
            mesh__tls_memo_read(mesh__slice(mesh__buffer_data(&bytes), len),
                                &back),
            MESH_ERR_STATE);
    mesh__buffer_data(&bytes)[0] ^= 1; /* another format */
    assert_int_equal(mesh__tls_memo_read(mesh__buffer_slice(&bytes), &back),
                     MESH_ERR_STATE);
    mesh__buffer_fini(&bytes);
    mesh__tls_kept_fini(&kept);
}

static const struct {
    const char *claim;
    int64_t peer_ends; /* after NOW */
    int64_t own_ends;
    int64_t expires;
} ends[] = {
    { "two hours", 100000, 100000, 7200 },
    { "not longer than the peer's certificate", 50, 100000, 50 },
    { "not longer than our own", 100000, 60, 60 },
};

static void test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct mesh_tls_kept kept = keep(NOW + ends[i].own_ends, 1);
        struct mesh_tls_memo memo;
        struct mesh_peer of = peer;

        of.not_after_s = NOW + ends[i].peer_ends;
        mesh__tls_memo_make(&kept, &of, NOW, &memo);
        if (memo.expires_s != NOW + ends[i].expires)
            fail_msg("%s", ends[i].claim);
        assert_int_equal(
            mesh__tls_memo_judge(&memo, &kept, NOW + ends[i].expires - 1), 0);
        assert_int_equal(
            mesh__tls_memo_judge(&memo, &kept, NOW + ends[i].expires),
            MESH_ERR_STATE);
        mesh__tls_kept_fini(&kept);
    }
}

static void test_other_generation(void **state)
{
    struct mesh_tls_kept kept = keep(NOW + 100000, 1);
    struct mesh_tls_kept later = keep(NOW + 100000, 2);
    struct mesh_tls_memo memo;

    (void)state;
    mesh__tls_memo_make(&kept, &peer, NOW, &memo);
    assert_int_equal(mesh__tls_memo_judge(&memo, &later, NOW), MESH_ERR_STATE);
    mesh__tls_kept_fini(&kept);
    mesh__tls_kept_fini(&later);
}

/* --- profiles ---------------------------------------------------------------
 */

static const char *const two[] = { "a", "b" };
static const char *const joined[] = { "ab" };

static const struct {
    const char *claim;
    struct mesh_tls_profile profile;
} profiles[] = {
    { "the plain one", { .role = MESH__TLS_CLIENT } },
    { "the other role", { .role = MESH__TLS_SERVER } },
    { "a name", { .sni = "a" } },
    { "an empty name", { .sni = "" } },
    { "protocols", { .alpn = two, .alpn_count = 2 } },
    { "one of two", { .alpn = two, .alpn_count = 1 } },
    { "two in one", { .alpn = joined, .alpn_count = 1 } },
    { "ids", { .expected = { .ids = two, .count = 2 } } },
    { "domains",
      { .expected = { .trust_domains = two, .trust_domain_count = 2 } } },
    { "a generation", { .generation = 1 } },
    { "at least 1.3", { .min_version = MESH__TLS_1_3 } },
    { "at most 1.2", { .max_version = MESH__TLS_1_2 } },
};

enum { PROFILES = sizeof(profiles) / sizeof(profiles[0]) };

static void test_digests_differ(void **state)
{
    uint8_t digest[PROFILES][MESH__DIGEST];
    uint8_t again[MESH__DIGEST];

    (void)state;
    for (size_t i = 0; i < PROFILES; i++) {
        assert_int_equal(
            mesh__tls_profile_digest(&profiles[i].profile, digest[i]), 0);
        assert_int_equal(mesh__tls_profile_digest(&profiles[i].profile, again),
                         0);
        assert_memory_equal(again, digest[i], MESH__DIGEST);
        for (size_t j = 0; j < i; j++)
            if (memcmp(digest[i], digest[j], MESH__DIGEST) == 0)
                fail_msg("%s is like %s", profiles[i].claim, profiles[j].claim);
    }
}

static void test_keep_survives(void **state)
{
    struct mesh_tls_profile profile = {
        .role = MESH__TLS_CLIENT,
        .sni = "name",
        .alpn = two,
        .alpn_count = 2,
        .expected = { .ids = two,
                      .count = 2,
                      .trust_domains = joined,
                      .trust_domain_count = 1 },
        .credential = fake_credential("spiffe://td/a", NOW),
        .bundle = fake_bundle("td"),
    };
    struct mesh_tls_kept kept;
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__tls_keep(&profile, &kept);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_int_equal(fake_alloc_live(), 0);
        assert_null(kept.profile.bundle);
    }
    assert_int_equal(rc, 0);
    assert_string_equal(kept.profile.sni, "name");
    assert_string_equal(kept.profile.expected.ids[1], "b");
    mesh__tls_kept_fini(&kept);
    assert_int_equal(fake_alloc_live(), 0);
    fake_alloc_off();
    mesh__credential_unref(profile.credential);
    mesh__bundle_unref(profile.bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_other_generation),
        cmocka_unit_test(test_digests_differ),
        cmocka_unit_test(test_keep_survives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
