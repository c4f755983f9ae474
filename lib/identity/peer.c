/*
 * peer.c - who the other end proved to be.
 *
 * The one judge of identities: a handshake ends with its verdict or not at
 * all. Declines to know what carried the chain.
 */
#include "identity/peer.h"

#include "base/error.h"
#include "identity/outside.h"
#include "identity/svid.h"

static int refuse_role(enum mesh_peer_role role)
{
    return mesh__fail(MESH_ERR_PEER_IDENTITY,
                      "extended key usage does not allow a %s",
                      role == MESH__PEER_SERVER ? "server" : "client");
}

static bool may_be(const struct mesh_cert *leaf, enum mesh_peer_role role)
{
    if (!leaf->has_extended_usage)
        return true;
    return role == MESH__PEER_SERVER ? leaf->server_auth : leaf->client_auth;
}

static bool among(const char *const *texts, size_t count,
                  struct mesh_slice text)
{
    for (size_t i = 0; i < count; i++)
        if (mesh__slice_is(text, texts[i]))
            return true;
    return false;
}

/* The id as text: parsed, so it holds nothing that could harm a log. */
static int check_expected(const struct mesh_spiffe *id,
                          const struct mesh_expected *expected)
{
    int len = (int)id->text.len;

    if (expected->trust_domain_count &&
        !among(expected->trust_domains, expected->trust_domain_count,
               id->trust_domain))
        return mesh__fail(MESH_ERR_PEER_IDENTITY,
                          "expected trust domain %s, peer is %.*s",
                          expected->trust_domains[0], len, id->text.at);
    if (!expected->count || among(expected->ids, expected->count, id->text))
        return 0;
    if (expected->count == 1)
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "expected %s, peer is %.*s",
                          expected->ids[0], len, id->text.at);
    return mesh__fail(MESH_ERR_PEER_IDENTITY,
                      "expected %s or one of %zu others, peer is %.*s",
                      expected->ids[0], expected->count - 1, len, id->text.at);
}

static int check_known(const struct mesh_spiffe *id,
                       const struct mesh_bundle *bundle)
{
    if (bundle && mesh__bundle_knows(bundle, id->trust_domain))
        return 0;
    return mesh__fail(MESH_ERR_PEER_IDENTITY,
                      "nobody vouches for the trust domain of %.*s",
                      (int)id->text.len, id->text.at);
}

/* Why a chain of this id failed, with the id before the reason. */
static int name_it(const struct mesh_spiffe *id, int rc)
{
    char line[MESH_ERROR_LINE];

    if (rc != MESH_ERR_PEER_IDENTITY)
        return rc;
    memcpy(line, mesh__error_line(), sizeof(line));
    line[sizeof(line) - 1] = '\0';
    return mesh__fail(rc, "%.*s: %s", (int)id->text.len, id->text.at, line);
}

static int check_chain(const struct mesh_chain *chain,
                       const struct mesh_spiffe *id,
                       const struct mesh_bundle *bundle, int64_t now_s)
{
    const struct mesh_chain *roots;
    int rc = check_known(id, bundle);

    if (rc < 0)
        return rc;
    roots = mesh__bundle_roots(bundle, id->trust_domain);
    if (!roots)
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "%.*s: no root to check by",
                          (int)id->text.len, id->text.at);
    return name_it(id, mesh__chain_verify(chain, roots, now_s));
}

static int fill(const struct mesh_chain *chain, const struct mesh_cert *leaf,
                const struct mesh_spiffe *id, struct mesh_peer *out)
{
    int64_t not_before_s;

    memset(out, 0, sizeof(*out));
    if (id->text.len >= sizeof(out->id))
        return mesh__fail(MESH_ERR_PEER_IDENTITY,
                          "a SPIFFE id of %zu bytes, at most %zu are taken",
                          id->text.len, sizeof(out->id) - 1);
    memcpy(out->id, id->text.at, id->text.len);
    mesh__chain_subject(chain, 0, out->subject, sizeof(out->subject));
    if (mesh__svid_validity(chain, &not_before_s, &out->not_after_s) < 0)
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "a broken chain");
    return mesh__sha256(leaf->der.at, leaf->der.len, out->digest);
}

static int judge(const struct mesh_chain *chain, enum mesh_peer_role role,
                 const struct mesh_bundle *bundle,
                 const struct mesh_expected *expected, int64_t now_s,
                 struct mesh_peer *out)
{
    struct mesh_cert leaf;
    struct mesh_spiffe id;
    int rc;

    if (mesh__chain_cert(chain, 0, &leaf) < 0)
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "a broken certificate");
    rc = mesh__svid_read(&leaf, MESH_ERR_PEER_IDENTITY, &id);
    if (rc < 0)
        return rc;
    if (!may_be(&leaf, role))
        return refuse_role(role);
    rc = check_chain(chain, &id, bundle, now_s);
    if (rc == 0)
        rc = check_expected(&id, expected);
    if (rc == 0)
        rc = fill(chain, &leaf, &id, out);
    return rc;
}

int mesh__peer_judge(const struct mesh_chain *chain, enum mesh_peer_role role,
                     const struct mesh_bundle *bundle,
                     const struct mesh_expected *expected, int64_t now_s,
                     struct mesh_peer *out)
{
    int rc;

    if (expected->outside)
        return mesh__outside_judge(chain, expected, now_s, out);
    rc = judge(chain, role, bundle, expected, now_s, out);
    if (rc < 0)
        memset(out, 0, sizeof(*out)); /* nobody */
    return rc;
}

int mesh__peer_rejudge(const struct mesh_peer *peer,
                       const struct mesh_bundle *bundle,
                       const struct mesh_expected *expected, int64_t now_s)
{
    struct mesh_spiffe id;
    const char *reason;
    char date[32];
    int rc;

    if (expected->outside)
        return mesh__outside_rejudge(peer, expected, now_s);
    if (!mesh__spiffe_parse(mesh__slice_of(peer->id), true, &id, &reason))
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "no SPIFFE id: %s", reason);
    if (now_s > peer->not_after_s) {
        mesh__time_print(peer->not_after_s, date);
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "%s: expired since %s",
                          peer->id, date);
    }
    rc = check_known(&id, bundle);
    return rc < 0 ? rc : check_expected(&id, expected);
}
