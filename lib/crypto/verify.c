/*
 * verify.c - does a chain lead to a root, at a time that is given?
 *
 * mbedTLS builds the path and checks signatures and algorithms; what its own
 * clock says is thrown away and every date judged again here.
 */
#include "crypto/x509.h"

#include "base/error.h"
#include "crypto/mbed.h"

struct inquiry {
    const mbedtls_x509_crt *roots;
    int64_t now_s;
    int64_t expired_s; /* the first found to be over, 0: none    */
    int64_t early_s;   /* the first not begun yet, 0: none       */
};

static bool is_root(const struct inquiry *inquiry, const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_crt *root = inquiry->roots;

    for (; root; root = root->next)
        if (root == crt)
            return true;
    return false;
}

static uint32_t judge_dates(struct inquiry *inquiry,
                            const mbedtls_x509_crt *crt)
{
    int64_t from_s = mesh__mbed_seconds(&crt->valid_from);
    int64_t to_s = mesh__mbed_seconds(&crt->valid_to);

    if (inquiry->now_s > to_s) {
        inquiry->expired_s = to_s;
        return MBEDTLS_X509_BADCERT_EXPIRED;
    }
    if (inquiry->now_s < from_s) {
        inquiry->early_s = from_s;
        return MBEDTLS_X509_BADCERT_FUTURE;
    }
    return 0;
}

/*
 * An intermediate has to say that it may sign: mbedTLS takes one without key
 * usage, and versions before 3.6.7 can be talked into a CA bit.
 */
static bool may_sign(const struct inquiry *inquiry, const mbedtls_x509_crt *crt)
{
    struct mesh_cert cert;

    if (is_root(inquiry, crt))
        return true;
    return mesh__mbed_cert(crt, &cert) == 0 && cert.is_ca && cert.cert_sign;
}

/* Called by mbedTLS for each certificate of the path, the leaf (0) last. */
static int look(void *user, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct inquiry *inquiry = user;

    *flags &=
        ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    *flags |= judge_dates(inquiry, crt);
    if (depth > 0 && !may_sign(inquiry, crt))
        *flags |= MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    return 0;
}

static int refuse_date(const char *what, int64_t seconds)
{
    char date[32];

    mesh__time_print(seconds, date);
    return mesh__fail(MESH_ERR_PEER_IDENTITY, "%s %s", what, date);
}

static int refuse(const struct inquiry *inquiry, uint32_t flags)
{
    if (flags & (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
                 MBEDTLS_X509_BADCERT_BAD_KEY))
        return mesh__fail(MESH_ERR_PEER_IDENTITY,
                          "signed with an algorithm or key that is too weak");
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
        return mesh__fail(MESH_ERR_PEER_IDENTITY, "not signed by a known root");
    if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
        return refuse_date("expired since", inquiry->expired_s);
    if (flags & MBEDTLS_X509_BADCERT_FUTURE)
        return refuse_date("not valid before", inquiry->early_s);
    return mesh__fail(MESH_ERR_PEER_IDENTITY,
                      "the chain is not valid (flags 0x%x)", (unsigned)flags);
}

int mesh__chain_verify(const struct mesh_chain *chain,
                       const struct mesh_chain *roots, int64_t now_s)
{
    struct inquiry inquiry = { .roots = mesh__mbed_chain(roots),
                               .now_s = now_s };
    uint32_t flags = 0;
    int rc = mbedtls_x509_crt_verify_with_profile(
        mesh__mbed_chain(chain), mesh__mbed_chain(roots), NULL,
        mesh__mbed_profile(), NULL, &flags, look, &inquiry);

    if (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
        return refuse(&inquiry, flags);
    if (rc != 0)
        return mesh__mbed_fail(MESH_ERR_PEER_IDENTITY, rc,
                               "the chain cannot be judged");
    return 0;
}
