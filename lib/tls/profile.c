/*
 * profile.c - what a handshake must prove, kept and digested.
 *
 * Knows the fields of a profile; declines to know any engine.
 */
#include "tls/profile.h"

#include "base/alloc.h"
#include "base/error.h"
#include "identity/outside.h"

enum { SNI_MAX = 255, DIGEST_INPUT_MAX = 4 * 1024 * 1024 };

/* --- digest -----------------------------------------------------------------
 */

/* Each piece with its length before it: no two profiles give the same bytes. */
static int add_number(struct mesh_buffer *out, uint64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    return mesh__buffer_append(out, bytes, sizeof(bytes));
}

static int add_bytes(struct mesh_buffer *out, const void *data, size_t len)
{
    int rc = add_number(out, len);

    return rc < 0 ? rc : mesh__buffer_append(out, data, len);
}

/* NULL is not "". */
static int add_text(struct mesh_buffer *out, const char *text)
{
    if (!text)
        return add_number(out, UINT64_MAX);
    return add_bytes(out, text, strlen(text));
}

static int add_texts(struct mesh_buffer *out, const char *const *texts,
                     size_t count)
{
    int rc = add_number(out, count);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_text(out, texts[i]);
    return rc;
}

static int add_profile(struct mesh_buffer *out,
                       const struct mesh_tls_profile *p)
{
    const struct mesh_expected *expected = &p->expected;
    int rc = add_number(out, (uint64_t)p->role);

    if (rc == 0)
        rc = add_text(out, p->sni);
    if (rc == 0)
        rc = add_texts(out, p->alpn, p->alpn_count);
    if (rc == 0)
        rc = add_texts(out, expected->ids, expected->count);
    if (rc == 0)
        rc = add_texts(out, expected->trust_domains,
                       expected->trust_domain_count);
    if (rc == 0)
        rc =
            add_bytes(out, expected->outside ? expected->outside->digest : NULL,
                      expected->outside ? MESH__DIGEST : 0);
    if (rc == 0)
        rc = add_bytes(out, p->credential ? p->credential->digest : NULL,
                       p->credential ? MESH__DIGEST : 0);
    if (rc == 0)
        rc = add_bytes(out, p->bundle ? p->bundle->digest : NULL,
                       p->bundle ? MESH__DIGEST : 0);
    if (rc == 0)
        rc = add_number(out, p->generation);
    if (rc == 0)
        rc = add_number(out, (uint64_t)p->min_version);
    return rc < 0 ? rc : add_number(out, (uint64_t)p->max_version);
}

int mesh__tls_profile_digest(const struct mesh_tls_profile *profile,
                             uint8_t out[MESH__DIGEST])
{
    struct mesh_buffer bytes;
    int rc;

    mesh__buffer_init(&bytes, DIGEST_INPUT_MAX);
    rc = add_profile(&bytes, profile);
    if (rc == 0)
        rc = mesh__sha256(mesh__buffer_data(&bytes), bytes.len, out);
    mesh__buffer_fini(&bytes);
    return rc;
}

/* --- kept -------------------------------------------------------------------
 */

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; texts && i < count; i++)
        mesh__free(texts[i]);
    mesh__free(texts);
}

static int copy_texts(const char *const *texts, size_t count, char ***out)
{
    char **copy = mesh__calloc(count + 1, sizeof(*copy));

    *out = copy;
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = mesh__strdup(texts[i]);
        if (!copy[i]) {
            free_texts(copy, i);
            *out = copy = NULL;
        }
    }
    return copy ? 0 : mesh__fail(MESH_ERR_NOMEM, "TLS profile");
}

void mesh__tls_kept_fini(struct mesh_tls_kept *kept)
{
    struct mesh_tls_profile *p = &kept->profile;

    mesh__free(kept->sni);
    free_texts(kept->alpn, p->alpn_count);
    free_texts(kept->ids, p->expected.count);
    free_texts(kept->trust_domains, p->expected.trust_domain_count);
    mesh__credential_unref(p->credential);
    mesh__bundle_unref(p->bundle);
    mesh__outside_unref(p->expected.outside);
    *kept = (struct mesh_tls_kept){ .sni = NULL };
}

static int check(const struct mesh_tls_profile *p)
{
    if (!p->bundle && !p->expected.outside)
        return mesh__fail(MESH_ERR_INVALID, "a TLS profile without roots");
    if (p->expected.outside && p->role == MESH__TLS_SERVER)
        return mesh__fail(MESH_ERR_INVALID, "a TLS server asks for SPIFFE ids");
    if (!p->credential && p->role == MESH__TLS_SERVER)
        return mesh__fail(MESH_ERR_INVALID, "a TLS server without credential");
    if (p->sni && strlen(p->sni) > SNI_MAX)
        return mesh__fail(MESH_ERR_INVALID, "an SNI of more than %d bytes",
                          SNI_MAX);
    if (p->alpn_count > MESH__TLS_ALPN_MAX)
        return mesh__fail(MESH_ERR_INVALID, "more than %d ALPN names",
                          MESH__TLS_ALPN_MAX);
    for (size_t i = 0; i < p->alpn_count; i++)
        if (!p->alpn[i][0] || strlen(p->alpn[i]) > 255)
            return mesh__fail(MESH_ERR_INVALID,
                              "an ALPN name has 1 to 255 bytes");
    return 0;
}

static int copy(const struct mesh_tls_profile *p, struct mesh_tls_kept *out)
{
    int rc;

    if (p->sni) {
        out->sni = mesh__strdup(p->sni);
        if (!out->sni)
            return mesh__fail(MESH_ERR_NOMEM, "TLS profile");
    }
    rc = copy_texts(p->alpn, p->alpn_count, &out->alpn);
    if (rc == 0)
        rc = copy_texts(p->expected.ids, p->expected.count, &out->ids);
    if (rc == 0)
        rc = copy_texts(p->expected.trust_domains,
                        p->expected.trust_domain_count, &out->trust_domains);
    return rc < 0 ? rc : mesh__tls_profile_digest(p, out->digest);
}

int mesh__tls_keep(const struct mesh_tls_profile *profile,
                   struct mesh_tls_kept *out)
{
    struct mesh_tls_profile *p = &out->profile;
    int rc = check(profile);

    *out = (struct mesh_tls_kept){ .sni = NULL };
    if (rc < 0)
        return rc;
    *p = *profile;
    mesh__credential_ref(p->credential);
    mesh__bundle_ref(p->bundle);
    mesh__outside_ref(p->expected.outside);
    rc = copy(profile, out);
    if (rc < 0) {
        mesh__tls_kept_fini(out);
        return rc;
    }
    p->sni = out->sni;
    p->alpn = (const char *const *)out->alpn;
    p->expected.ids = (const char *const *)out->ids;
    p->expected.trust_domains = (const char *const *)out->trust_domains;
    return 0;
}
