/*
 * ca.c - the development CA.
 *
 * Knows names and validity; declines to know files, and how a certificate is
 * written (crypto/issue.h).
 */
#include "identity/ca.h"

#include "base/error.h"
#include "base/text.h"
#include "crypto/issue.h"
#include "crypto/x509.h"
#include "value/spiffe.h"

enum {
    SKEW_S = 60,
    ROOT_PAST_S = 24 * 3600, /* so that leaves for tests may have expired */
    YEAR_S = 365 * 24 * 3600
};

int mesh__ca_make_root(const char *trust_domain, int64_t now_s,
                       struct mesh_rng *rng, struct mesh_buffer *cert_pem,
                       struct mesh_buffer *key_pem)
{
    char uri[MESH__TRUST_DOMAIN_MAX + sizeof("spiffe://")];
    struct mesh_text text;
    struct mesh_issue issue = {
        .uri = uri,
        .common_name = "libmesh development CA",
        .not_before_s = now_s - ROOT_PAST_S,
        .not_after_s = now_s + (int64_t)MESH__CA_YEARS * YEAR_S,
        .is_ca = true,
    };

    if (!mesh__trust_domain_valid(mesh__slice_of(trust_domain)))
        return mesh__fail(MESH_ERR_INVALID, "\"%s\" is no trust domain",
                          trust_domain);
    mesh__text_init(&text, uri, sizeof(uri));
    mesh__text_format(&text, "spiffe://%s", trust_domain);
    return mesh__issue(&issue, rng, cert_pem, key_pem);
}

static int check_root(const struct mesh_cert *root, int64_t now_s,
                      struct mesh_spiffe *id)
{
    char date[32];
    const char *reason = "not exactly one URI name";

    if (root->uri_count != 1 ||
        !mesh__spiffe_parse(root->uris[0], false, id, &reason))
        return mesh__fail(MESH_ERR_CERTIFICATE,
                          "the root says no trust domain: %s", reason);
    if (now_s > root->not_after_s) {
        mesh__time_print(root->not_after_s, date);
        return mesh__fail(MESH_ERR_CERTIFICATE, "the root is expired since %s",
                          date);
    }
    return 0;
}

/* "spiffe://TD/ns/NS/sa/SA", which must read as that again. */
static int write_id(struct mesh_slice trust_domain, const char *namespace_,
                    const char *service_account, char *out, size_t size)
{
    struct mesh_text text;
    struct mesh_spiffe id;
    const char *reason = "a part of it does not fit";

    mesh__text_init(&text, out, size);
    mesh__text_puts(&text, "spiffe://");
    mesh__text_add(&text, trust_domain);
    mesh__text_format(&text, "/ns/%s/sa/%s", namespace_, service_account);
    if (text.cut ||
        !mesh__spiffe_parse(mesh__slice(out, text.len), true, &id, &reason) ||
        !mesh__slice_is(id.namespace_, namespace_) ||
        !mesh__slice_is(id.service_account, service_account))
        return mesh__fail(MESH_ERR_INVALID,
                          "namespace \"%s\" and service account \"%s\" make "
                          "no SPIFFE id: %s",
                          namespace_, service_account, reason);
    return 0;
}

static int issue_under(const struct mesh_cert *root, const char *namespace_,
                       const char *service_account, struct mesh_issue *issue,
                       struct mesh_rng *rng, struct mesh_buffer *cert_pem,
                       struct mesh_buffer *key_pem)
{
    char uri[512]; /* a peer takes no longer one: struct mesh_peer */
    struct mesh_spiffe td;
    int rc = check_root(root, issue->not_before_s + SKEW_S, &td);

    if (rc < 0)
        return rc;
    if (issue->not_after_s > root->not_after_s)
        issue->not_after_s = root->not_after_s;
    /* One that has expired already, for tests, may end before the root began.
     */
    if (issue->not_before_s < root->not_before_s &&
        root->not_before_s < issue->not_after_s)
        issue->not_before_s = root->not_before_s;
    rc = write_id(td.trust_domain, namespace_, service_account, uri,
                  sizeof(uri));
    if (rc < 0)
        return rc;
    issue->uri = uri;
    return mesh__issue(issue, rng, cert_pem, key_pem);
}

int mesh__ca_issue(const char *root_cert_pem, const char *root_key_pem,
                   const char *namespace_, const char *service_account,
                   int64_t now_s, int64_t ttl_s, struct mesh_rng *rng,
                   struct mesh_buffer *cert_pem, struct mesh_buffer *key_pem)
{
    struct mesh_chain *chain;
    struct mesh_cert root;
    struct mesh_issue issue = {
        .ca_cert_pem = root_cert_pem,
        .ca_key_pem = root_key_pem,
        .not_before_s = now_s - SKEW_S,
        .not_after_s = now_s + ttl_s,
    };
    int rc;

    if (ttl_s <= 0 || ttl_s > MESH__CA_TTL_MAX)
        return mesh__fail(MESH_ERR_INVALID, "%lld seconds, 1 to %d are taken",
                          (long long)ttl_s, MESH__CA_TTL_MAX);
    rc = mesh__chain_parse_pem("root-cert.pem", mesh__slice_of(root_cert_pem),
                               1, &chain);
    if (rc < 0)
        return rc;
    rc = mesh__chain_cert(chain, 0, &root);
    if (rc == 0)
        rc = issue_under(&root, namespace_, service_account, &issue, rng,
                         cert_pem, key_pem);
    mesh__chain_unref(chain);
    return rc;
}
