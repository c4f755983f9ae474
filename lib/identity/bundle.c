/*
 * bundle.c - whom we believe: roots per trust domain.
 *
 * Knows which roots speak for which domain; declines to judge a chain.
 */
#include "identity/bundle.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/error.h"
#include "value/spiffe.h"

/* --- made and counted ------------------------------------------------------
 */

struct mesh_bundle *mesh__bundle_ref(struct mesh_bundle *bundle)
{
    if (bundle)
        atomic_fetch_add_explicit(&bundle->refs, 1, memory_order_relaxed);
    return bundle;
}

void mesh__bundle_unref(struct mesh_bundle *bundle)
{
    if (!bundle ||
        atomic_fetch_sub_explicit(&bundle->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < bundle->count; i++) {
        mesh__free(bundle->domains[i].trust_domain);
        mesh__chain_unref(bundle->domains[i].roots);
    }
    mesh__free(bundle);
}

/* --- digest -----------------------------------------------------------------
 */

/* Names with their NUL, so that no two lists give the same bytes. */
static int gather(const struct mesh_bundle_domain *domain,
                  struct mesh_buffer *all)
{
    struct mesh_cert root;
    uint8_t digest[MESH__DIGEST];
    int rc = mesh__buffer_append(all, domain->trust_domain,
                                 strlen(domain->trust_domain) + 1);

    for (size_t i = 0; rc == 0 && i < mesh__chain_count(domain->roots); i++) {
        rc = mesh__chain_cert(domain->roots, i, &root);
        if (rc == 0)
            rc = mesh__sha256(root.der.at, root.der.len, digest);
        if (rc == 0)
            rc = mesh__buffer_append(all, digest, sizeof(digest));
    }
    return rc;
}

static int digest_all(struct mesh_bundle *bundle)
{
    struct mesh_buffer all;
    int rc = 0;

    mesh__buffer_init(&all,
                      MESH__BUNDLE_DOMAINS * (MESH__TRUST_DOMAIN_MAX + 1 +
                                              MESH__ROOTS_MAX * MESH__DIGEST));
    for (size_t i = 0; rc == 0 && i < bundle->count; i++)
        rc = gather(&bundle->domains[i], &all);
    if (rc == 0)
        rc = mesh__sha256(mesh__buffer_data(&all), all.len, bundle->digest);
    mesh__buffer_fini(&all);
    return rc;
}

/* --- built -------------------------------------------------------------------
 */

static struct mesh_bundle_domain *domain_of(const struct mesh_bundle *bundle,
                                            struct mesh_slice trust_domain)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (mesh__slice_is(trust_domain, bundle->domains[i].trust_domain))
            return (struct mesh_bundle_domain *)&bundle->domains[i];
    return NULL;
}

static int add_domain(struct mesh_bundle *bundle, const char *trust_domain,
                      struct mesh_chain *roots)
{
    struct mesh_bundle_domain *domain;

    if (bundle->count == MESH__BUNDLE_DOMAINS)
        return mesh__fail(MESH_ERR_CERTIFICATE, "more than %d trust domains",
                          MESH__BUNDLE_DOMAINS);
    domain = &bundle->domains[bundle->count];
    domain->trust_domain = mesh__strdup(trust_domain);
    if (!domain->trust_domain)
        return mesh__fail(MESH_ERR_NOMEM, "trust domain %s", trust_domain);
    domain->roots = mesh__chain_ref(roots);
    bundle->count++;
    return 0;
}

/* Replaced where it stands, so that the order stays. */
static int copy_with(const struct mesh_bundle *base, const char *trust_domain,
                     struct mesh_chain *roots, struct mesh_bundle *bundle)
{
    struct mesh_slice name = mesh__slice_of(trust_domain);
    struct mesh_bundle_domain *found;
    int rc = 0;

    for (size_t i = 0; base && rc == 0 && i < base->count; i++)
        rc = add_domain(bundle, base->domains[i].trust_domain,
                        base->domains[i].roots);
    if (rc < 0)
        return rc;
    found = domain_of(bundle, name);
    if (!found)
        return add_domain(bundle, trust_domain, roots);
    mesh__chain_unref(found->roots);
    found->roots = mesh__chain_ref(roots);
    return 0;
}

int mesh__bundle_with(const struct mesh_bundle *base, const char *trust_domain,
                      struct mesh_chain *roots, struct mesh_bundle **out)
{
    struct mesh_bundle *bundle;
    int rc;

    *out = NULL;
    if (!mesh__trust_domain_valid(mesh__slice_of(trust_domain)))
        return mesh__fail(MESH_ERR_CERTIFICATE, "\"%s\" is no trust domain",
                          trust_domain);
    bundle = mesh__calloc(1, sizeof(*bundle));
    if (!bundle)
        return mesh__fail(MESH_ERR_NOMEM, "trust bundle");
    atomic_init(&bundle->refs, 1);
    rc = copy_with(base, trust_domain, roots, bundle);
    if (rc == 0)
        rc = digest_all(bundle);
    if (rc < 0) {
        mesh__bundle_unref(bundle);
        return rc;
    }
    *out = bundle;
    return 0;
}

static int check_roots(const char *name, const struct mesh_chain *roots)
{
    struct mesh_cert root;

    for (size_t i = 0; i < mesh__chain_count(roots); i++) {
        if (mesh__chain_cert(roots, i, &root) < 0 || !root.is_ca)
            return mesh__fail(MESH_ERR_CERTIFICATE,
                              "%s: certificate %zu is no CA", name, i + 1);
        if (root.has_key_usage && !root.cert_sign)
            return mesh__fail(MESH_ERR_CERTIFICATE,
                              "%s: certificate %zu may not sign", name, i + 1);
    }
    return 0;
}

int mesh__bundle_parse(const char *name, struct mesh_slice pem,
                       const char *trust_domain, struct mesh_bundle **out)
{
    struct mesh_chain *roots;
    int rc;

    *out = NULL;
    rc = mesh__chain_parse_pem(name, pem, MESH__ROOTS_MAX, &roots);
    if (rc < 0)
        return rc;
    rc = check_roots(name, roots);
    if (rc == 0)
        rc = mesh__bundle_with(NULL, trust_domain, roots, out);
    mesh__chain_unref(roots);
    return rc;
}

/* --- asked -------------------------------------------------------------------
 */

const struct mesh_chain *mesh__bundle_roots(const struct mesh_bundle *bundle,
                                            struct mesh_slice trust_domain)
{
    const struct mesh_bundle_domain *domain = domain_of(bundle, trust_domain);

    return domain ? domain->roots : NULL;
}

bool mesh__bundle_knows(const struct mesh_bundle *bundle,
                        struct mesh_slice trust_domain)
{
    return domain_of(bundle, trust_domain) != NULL;
}
