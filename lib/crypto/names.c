/*
 * names.c - is this certificate somebody's? The names of servers outside the
 * mesh: RFC 6125 sections 6.4 and 6.5, as Envoy compares them.
 *
 * Only alternative names count; the subject never does.
 */
#include "crypto/mbed.h"
#include "value/address.h"

enum { EMAIL = 1, DNS = 2, URI = 6, IP = 7 }; /* RFC 5280 section 4.2.1.6 */

/* "*.b.c" covers "a.b.c" and no other depth; case does not count. */
static bool covers(struct mesh_slice pattern, struct mesh_slice name)
{
    const char *dot;

    if (mesh__slice_equal_nocase(pattern, name))
        return true;
    if (!mesh__slice_starts(pattern, MESH__SLICE("*.")) || pattern.len < 3)
        return false;
    dot = name.len ? memchr(name.at, '.', name.len) : NULL;
    return dot && dot > name.at &&
           mesh__slice_equal_nocase(
               mesh__slice(pattern.at + 1, pattern.len - 1),
               mesh__slice(dot, name.len - (size_t)(dot - name.at)));
}

static bool is_ip(struct mesh_slice bytes, struct mesh_slice name)
{
    struct mesh_address ip;

    return mesh__address_parse_ip(name, &ip) &&
           bytes.len == (ip.family == 4 ? 4u : 16u) &&
           memcmp(bytes.at, ip.ip, bytes.len) == 0;
}

static bool fits(int kind, struct mesh_slice found, struct mesh_slice name)
{
    if (found.len && memchr(found.at, '\0', found.len) && kind != IP)
        return false;
    switch (kind) {
    case DNS:
        return covers(found, name);
    case URI:
    case EMAIL:
        return mesh__slice_equal(found, name);
    case IP:
        return is_ip(found, name);
    default:
        return false;
    }
}

bool mesh__chain_is_named(const struct mesh_chain *chain,
                          struct mesh_slice name)
{
    const mbedtls_asn1_sequence *one =
        &mesh__mbed_chain(chain)->subject_alt_names;

    for (; one; one = one->next) {
        int kind = one->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;

        if (!one->buf.p || (one->buf.tag & MBEDTLS_ASN1_TAG_CLASS_MASK) !=
                               MBEDTLS_ASN1_CONTEXT_SPECIFIC)
            continue;
        if (fits(kind, mesh__slice((const char *)one->buf.p, one->buf.len),
                 name))
            return true;
    }
    return false;
}
