/*
 * svid.c - what makes a certificate an X.509-SVID of a workload.
 *
 * Looks at one leaf; declines to know who signed it and what time it is. DNS
 * names and the subject are never looked at.
 */
#include "identity/svid.h"

#include "base/error.h"

static const char *fault_of(const struct mesh_cert *leaf)
{
    const struct {
        bool found;
        const char *reason;
    } faults[] = {
        { leaf->uri_count == 0, "no SPIFFE id (no URI name)" },
        { leaf->uri_count == 2, "two URI names, a SPIFFE id stands alone" },
        { leaf->uri_count > 2, "several URI names, a SPIFFE id stands alone" },
        { leaf->is_ca, "a CA certificate, expected a workload's" },
        { !leaf->has_key_usage, "no key usage" },
        { leaf->cert_sign, "key usage allows signing of certificates" },
        { leaf->crl_sign, "key usage allows signing of revocation lists" },
        { !leaf->digital_signature, "key usage lacks digitalSignature" },
    };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].found)
            return faults[i].reason;
    return NULL;
}

int mesh__svid_read(const struct mesh_cert *leaf, int code,
                    struct mesh_spiffe *id)
{
    const char *reason = fault_of(leaf);

    if (reason)
        return mesh__fail(code, "%s", reason);
    if (!mesh__spiffe_parse(leaf->uris[0], true, id, &reason))
        return mesh__fail(code, "no SPIFFE id: %s", reason);
    return 0;
}

int mesh__svid_validity(const struct mesh_chain *chain, int64_t *not_before_s,
                        int64_t *not_after_s)
{
    struct mesh_cert cert;

    *not_before_s = INT64_MIN;
    *not_after_s = INT64_MAX;
    for (size_t i = 0; i < mesh__chain_count(chain); i++) {
        int rc = mesh__chain_cert(chain, i, &cert);

        if (rc < 0)
            return rc;
        if (cert.not_before_s > *not_before_s)
            *not_before_s = cert.not_before_s;
        if (cert.not_after_s < *not_after_s)
            *not_after_s = cert.not_after_s;
    }
    return 0;
}
