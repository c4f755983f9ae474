/*
 * outside.c - servers outside the mesh: the judge of their chains.
 *
 * peer.c asks here where a profile expects one, and nobody else does. Declines
 * to know where roots come from.
 */
#include "identity/outside.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/error.h"
#include "identity/svid.h"

/* --- made and counted --- */

struct mesh_outside *mesh__outside_ref(struct mesh_outside *outside)
{
    if (outside)
        atomic_fetch_add_explicit(&outside->refs, 1, memory_order_relaxed);
    return outside;
}

void mesh__outside_unref(struct mesh_outside *outside)
{
    if (!outside ||
        atomic_fetch_sub_explicit(&outside->refs, 1, memory_order_acq_rel) != 1)
        return;
    mesh__chain_unref(outside->roots);
    mesh__credential_unref(outside->credential);
    mesh__free(outside);
}

static int add_root(const struct mesh_chain *roots, size_t i,
                    struct mesh_buffer *all)
{
    uint8_t digest[MESH__DIGEST];
    struct mesh_cert root;
    int rc = mesh__chain_cert(roots, i, &root);

    if (rc == 0)
        rc = mesh__sha256(root.der.at, root.der.len, digest);
    return rc < 0 ? rc : mesh__buffer_append(all, digest, sizeof(digest));
}

static int digest_all(struct mesh_outside *outside)
{
    size_t count = outside->roots ? mesh__chain_count(outside->roots) : 0;
    struct mesh_buffer all;
    int rc;

    mesh__buffer_init(&all, (MESH__ROOTS_MAX + 2) * MESH__DIGEST);
    rc = mesh__buffer_append(&all, outside->blind ? "b" : "-", 1);
    if (rc == 0 && outside->credential)
        rc = mesh__buffer_append(&all, outside->credential->digest,
                                 MESH__DIGEST);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_root(outside->roots, i, &all);
    if (rc == 0)
        rc = mesh__sha256(mesh__buffer_data(&all), all.len, outside->digest);
    mesh__buffer_fini(&all);
    return rc;
}

int mesh__outside_new(struct mesh_chain *roots,
                      struct mesh_credential *credential, bool blind,
                      struct mesh_outside **out)
{
    struct mesh_outside *outside;
    int rc;

    *out = NULL;
    if (!roots && !blind)
        return mesh__fail(MESH_ERR_INVALID, "nobody vouches for anyone");
    outside = mesh__calloc(1, sizeof(*outside));
    if (!outside)
        return mesh__fail(MESH_ERR_NOMEM, "trust in servers outside");
    atomic_init(&outside->refs, 1);
    outside->roots = roots ? mesh__chain_ref(roots) : NULL;
    outside->credential = mesh__credential_ref(credential);
    outside->blind = blind;
    rc = digest_all(outside);
    if (rc < 0)
        mesh__outside_unref(outside);
    else
        *out = outside;
    return rc;
}

/* --- what we show --- */

static int check_time(const char *name, const struct mesh_credential *c,
                      int64_t now_s)
{
    char date[32];

    if (now_s >= c->not_before_s && now_s <= c->not_after_s)
        return 0;
    mesh__time_print(now_s > c->not_after_s ? c->not_after_s : c->not_before_s,
                     date);
    return mesh__fail(
        MESH_ERR_CERTIFICATE, "%s: %s %s", name,
        now_s > c->not_after_s ? "expired since" : "not valid before", date);
}

static int fill(struct mesh_credential *c, const char *chain_name,
                struct mesh_slice chain_pem, const char *key_name,
                struct mesh_slice key_pem, int64_t now_s)
{
    struct mesh_cert leaf;
    int rc = mesh__chain_parse_pem(chain_name, chain_pem, MESH__CHAIN_MAX,
                                   &c->chain);

    if (rc == 0)
        rc = mesh__chain_cert(c->chain, 0, &leaf);
    if (rc == 0)
        rc = mesh__svid_validity(c->chain, &c->not_before_s, &c->not_after_s);
    if (rc == 0)
        rc = check_time(chain_name, c, now_s);
    if (rc == 0)
        rc = mesh__sha256(leaf.der.at, leaf.der.len, c->digest);
    if (rc == 0)
        rc = mesh__key_parse_pem(key_name, key_pem, &c->key);
    if (rc == 0 && mesh__key_matches(c->key, c->chain) < 0)
        rc = mesh__fail(MESH_ERR_CERTIFICATE, "%s: does not match %s", key_name,
                        chain_name);
    if (rc == 0) {
        c->id_text = mesh__strdup("");
        if (!c->id_text)
            rc = mesh__fail(MESH_ERR_NOMEM, "credential");
    }
    return rc;
}

int mesh__outside_credential(const char *chain_name,
                             struct mesh_slice chain_pem, const char *key_name,
                             struct mesh_slice key_pem, int64_t now_s,
                             struct mesh_credential **out)
{
    struct mesh_credential *c = mesh__calloc(1, sizeof(*c));
    int rc;

    *out = NULL;
    if (!c)
        return mesh__fail(MESH_ERR_NOMEM, "credential");
    atomic_init(&c->refs, 1);
    rc = fill(c, chain_name, chain_pem, key_name, key_pem, now_s);
    if (rc < 0)
        mesh__credential_unref(c);
    else
        *out = c;
    return rc;
}

/* --- the judge --- */

static int check_names(const struct mesh_chain *chain,
                       const struct mesh_expected *expected)
{
    for (size_t i = 0; i < expected->count; i++)
        if (mesh__chain_is_named(chain, mesh__slice_of(expected->ids[i])))
            return 0;
    if (expected->count == 0)
        return 0;
    return mesh__fail(MESH_ERR_PEER_IDENTITY,
                      "expected %s, which is none of the certificate's names",
                      expected->ids[0]);
}

static int judge(const struct mesh_chain *chain,
                 const struct mesh_expected *expected, int64_t now_s,
                 struct mesh_peer *out)
{
    const struct mesh_outside *outside = expected->outside;
    int64_t not_before_s;
    struct mesh_cert leaf;
    int rc;

    if (mesh__chain_cert(chain, 0, &leaf) < 0 ||
        mesh__svid_validity(chain, &not_before_s, &out->not_after_s) < 0)
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "a broken certificate");
    if (!outside->blind) {
        if (leaf.has_extended_usage && !leaf.server_auth)
            return mesh__fail(MESH_ERR_PEER_IDENTITY,
                              "extended key usage does not allow a server");
        rc = mesh__chain_verify(chain, outside->roots, now_s);
        if (rc == 0)
            rc = check_names(chain, expected);
        if (rc < 0)
            return rc;
    }
    mesh__chain_subject(chain, 0, out->subject, sizeof(out->subject));
    return mesh__sha256(leaf.der.at, leaf.der.len, out->digest);
}

int mesh__outside_judge(const struct mesh_chain *chain,
                        const struct mesh_expected *expected, int64_t now_s,
                        struct mesh_peer *out)
{
    int rc;

    memset(out, 0, sizeof(*out));
    rc = judge(chain, expected, now_s, out);
    if (rc < 0)
        memset(out, 0, sizeof(*out)); /* nobody */
    return rc;
}

/* Roots and names are in the digest of the profile it was judged under. */
int mesh__outside_rejudge(const struct mesh_peer *peer,
                          const struct mesh_expected *expected, int64_t now_s)
{
    char date[32];

    if (expected->outside->blind || now_s <= peer->not_after_s)
        return 0;
    mesh__time_print(peer->not_after_s, date);
    return mesh__fail(MESH_ERR_PEER_IDENTITY, "expired since %s", date);
}
