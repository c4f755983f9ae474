/*
 * x509.c - chains: parsed, counted, looked at.
 *
 * Knows what a certificate says; declines to judge it (verify.c) or to give a
 * name a meaning (identity/).
 */
#include "crypto/x509.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "crypto/mbed.h"
#include "crypto/pem.h"

#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>

#include <stdatomic.h>

struct mesh_chain {
    atomic_int refs;
    size_t count;
    mbedtls_x509_crt first; /* the others hang on it */
};

/* --- made and counted ------------------------------------------------------
 */

static int chain_new(struct mesh_chain **out)
{
    *out = mesh__calloc(1, sizeof(**out));
    if (!*out)
        return mesh__fail(MESH_ERR_NOMEM, "certificate chain");
    atomic_init(&(*out)->refs, 1);
    mbedtls_x509_crt_init(&(*out)->first);
    return 0;
}

struct mesh_chain *mesh__chain_ref(struct mesh_chain *chain)
{
    if (chain)
        atomic_fetch_add_explicit(&chain->refs, 1, memory_order_relaxed);
    return chain;
}

void mesh__chain_unref(struct mesh_chain *chain)
{
    if (!chain ||
        atomic_fetch_sub_explicit(&chain->refs, 1, memory_order_acq_rel) != 1)
        return;
    mbedtls_x509_crt_free(&chain->first);
    mesh__free(chain);
}

size_t mesh__chain_count(const struct mesh_chain *chain)
{
    return chain->count;
}

mbedtls_x509_crt *mesh__mbed_chain(const struct mesh_chain *chain)
{
    return (mbedtls_x509_crt *)(uintptr_t)&chain->first;
}

static mbedtls_x509_crt *last_of(struct mesh_chain *chain)
{
    mbedtls_x509_crt *crt = &chain->first;

    while (crt->next)
        crt = crt->next;
    return crt;
}

/* One certificate more; 0 or mbedTLS's code. Bytes behind it are an error. */
static int add_der(struct mesh_chain *chain, const uint8_t *der, size_t len)
{
    mbedtls_x509_crt *last;
    int rc = mbedtls_x509_crt_parse_der(&chain->first, der, len);

    if (rc != 0)
        return rc;
    chain->count++;
    last = last_of(chain);
    if (last->raw.len != len)
        return MBEDTLS_ERR_X509_INVALID_FORMAT;
    return mesh__mbed_warm(&last->pk);
}

static int add_block(struct mesh_chain *chain, const struct mesh_pem *pem)
{
    uint8_t *der;
    size_t len;
    int rc;

    if (!mesh__slice_is(pem->label, "CERTIFICATE"))
        return mesh__fail(MESH_ERR_CERTIFICATE,
                          "%s: block %zu is \"%.*s\", not a certificate",
                          pem->name, pem->number,
                          (int)(pem->label.len < 40 ? pem->label.len : 40),
                          pem->label.at);
    rc = mesh__pem_decode(pem, &der, &len);
    if (rc < 0)
        return rc;
    rc = add_der(chain, der, len);
    mesh__free(der);
    if (rc != 0)
        return mesh__mbed_fail(MESH_ERR_CERTIFICATE, rc, "%s: block %zu",
                               pem->name, pem->number);
    return 0;
}

static int add_pem(struct mesh_chain *chain, const char *name,
                   struct mesh_slice text, size_t max)
{
    struct mesh_pem pem;
    int rc = mesh__pem_init(&pem, name, text);

    if (rc < 0)
        return rc;
    while ((rc = mesh__pem_next(&pem)) > 0) {
        if (chain->count == max)
            return mesh__fail(MESH_ERR_CERTIFICATE,
                              "%s: more than %zu certificates", name, max);
        rc = add_block(chain, &pem);
        if (rc < 0)
            return rc;
    }
    if (rc == 0 && chain->count == 0)
        return mesh__fail(MESH_ERR_CERTIFICATE, "%s: no certificate in it",
                          name);
    return rc;
}

int mesh__chain_parse_pem(const char *name, struct mesh_slice pem, size_t max,
                          struct mesh_chain **out)
{
    int rc = chain_new(out);

    if (rc < 0)
        return rc;
    rc = add_pem(*out, name, pem, max);
    if (rc < 0) {
        mesh__chain_unref(*out);
        *out = NULL;
    }
    return rc;
}

static int add_ders(struct mesh_chain *chain,
                    const struct mesh_slice *certificates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int rc = add_der(chain, (const uint8_t *)certificates[i].at,
                         certificates[i].len);

        if (rc != 0)
            return mesh__mbed_fail(MESH_ERR_CERTIFICATE, rc, "certificate %zu",
                                   i + 1);
    }
    return 0;
}

int mesh__chain_parse_der(const struct mesh_slice *certificates, size_t count,
                          struct mesh_chain **out)
{
    int rc;

    *out = NULL;
    if (count == 0 || count > MESH__CHAIN_MAX)
        return mesh__fail(MESH_ERR_CERTIFICATE,
                          "a chain of %zu certificates, 1 to %d are taken",
                          count, MESH__CHAIN_MAX);
    rc = chain_new(out);
    if (rc < 0)
        return rc;
    rc = add_ders(*out, certificates, count);
    if (rc < 0) {
        mesh__chain_unref(*out);
        *out = NULL;
    }
    return rc;
}

/* --- what a certificate says ------------------------------------------------
 */

static struct mesh_slice slice_of(const mbedtls_x509_buf *buf)
{
    return mesh__slice((const char *)buf->p, buf->len);
}

/* URI names are [6] in the raw list, which is all that 2.28 keeps of them. */
static void read_uris(const mbedtls_x509_crt *crt, struct mesh_cert *out)
{
    const mbedtls_asn1_sequence *name = &crt->subject_alt_names;

    for (; name; name = name->next) {
        if (!name->buf.p ||
            name->buf.tag != (MBEDTLS_ASN1_CONTEXT_SPECIFIC | 6))
            continue;
        if (out->uri_count < MESH__URIS_MAX)
            out->uris[out->uri_count] = slice_of(&name->buf);
        out->uri_count++;
    }
}

static bool has_extension(const mbedtls_x509_crt *crt, int extension)
{
    return (crt->MBEDTLS_PRIVATE(ext_types) & extension) != 0;
}

static bool has_usage(const mbedtls_x509_crt *crt, unsigned int bit)
{
    return has_extension(crt, MBEDTLS_X509_EXT_KEY_USAGE) &&
           mbedtls_x509_crt_check_key_usage(crt, bit) == 0;
}

/* True too for a certificate that names anyExtendedKeyUsage. */
static bool has_extended(const mbedtls_x509_crt *crt, const char *oid,
                         size_t len)
{
    return has_extension(crt, MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) &&
           mbedtls_x509_crt_check_extended_key_usage(crt, oid, len) == 0;
}

int mesh__mbed_cert(const mbedtls_x509_crt *crt, struct mesh_cert *out)
{
    *out = (struct mesh_cert){
        .der = slice_of(&crt->raw),
        .not_before_s = mesh__mbed_seconds(&crt->valid_from),
        .not_after_s = mesh__mbed_seconds(&crt->valid_to),
        .is_ca = crt->MBEDTLS_PRIVATE(ca_istrue) != 0,
        .has_key_usage = has_extension(crt, MBEDTLS_X509_EXT_KEY_USAGE),
        .digital_signature = has_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE),
        .cert_sign = has_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN),
        .crl_sign = has_usage(crt, MBEDTLS_X509_KU_CRL_SIGN),
        .has_extended_usage =
            has_extension(crt, MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE),
        .server_auth = has_extended(crt, MBEDTLS_OID_SERVER_AUTH,
                                    MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)),
        .client_auth = has_extended(crt, MBEDTLS_OID_CLIENT_AUTH,
                                    MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH)),
    };
    read_uris(crt, out);
    if (has_extension(crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME) &&
        !crt->subject_alt_names.buf.p)
        return mesh__fail(MESH_ERR_CERTIFICATE, "an empty list of names");
    return 0;
}

static const mbedtls_x509_crt *cert_at(const struct mesh_chain *chain,
                                       size_t index)
{
    const mbedtls_x509_crt *crt = &chain->first;

    while (index-- > 0)
        crt = crt->next;
    return crt;
}

int mesh__chain_cert(const struct mesh_chain *chain, size_t index,
                     struct mesh_cert *out)
{
    return mesh__mbed_cert(cert_at(chain, index), out);
}

/* --- subject ----------------------------------------------------------------
 */

/* RFC 2253 section 2.4, and escapes for all that is not printable ASCII. */
static void add_value(struct mesh_text *text, struct mesh_slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        bool edge = i == 0 || i == value.len - 1;

        if (c < 0x20 || c > 0x7E)
            mesh__text_format(text, "\\%02X", c);
        else if (strchr(",+\"\\<>;", c) || (edge && c == ' ') ||
                 (i == 0 && c == '#'))
            mesh__text_format(text, "\\%c", c);
        else
            mesh__text_format(text, "%c", c);
    }
}

static void add_part(struct mesh_text *text, const mbedtls_x509_name *part)
{
    const char *key = NULL;
    char number[64];

    if (mbedtls_oid_get_attr_short_name(&part->oid, &key) != 0 || !key)
        key = mbedtls_oid_get_numeric_string(number, sizeof(number),
                                             &part->oid) > 0
                  ? number
                  : "?";
    if (strcmp(key, "emailAddress") == 0)
        key = "E";
    mesh__text_format(text, "%s%s=", text->len ? "," : "", key);
    add_value(text, slice_of(&part->val));
}

void mesh__chain_subject(const struct mesh_chain *chain, size_t index,
                         char *out, size_t size)
{
    enum { PARTS = 16 }; /* of a name; the most general ones are left out */
    const mbedtls_x509_name *parts[PARTS];
    const mbedtls_x509_name *part = &cert_at(chain, index)->subject;
    struct mesh_text text;
    size_t count = 0;

    mesh__text_init(&text, out, size);
    for (; part && part->oid.p; part = part->next) {
        if (count == PARTS) {
            memmove(parts, parts + 1, (PARTS - 1) * sizeof(parts[0]));
            count--;
        }
        parts[count++] = part;
    }
    while (count > 0) /* the last comes first */
        add_part(&text, parts[--count]);
}

/* --- digest and time --------------------------------------------------------
 */

int mesh__sha256(const void *data, size_t len, uint8_t out[MESH__DIGEST])
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    int rc = mbedtls_sha256_ret(data, len, out, 0);
#else
    int rc = mbedtls_sha256(data, len, out, 0);
#endif

    if (rc != 0)
        return mesh__mbed_fail(MESH_ERR_INTERNAL, rc, "SHA-256");
    return 0;
}

/* Civil date of a day number: the reverse of mesh__mbed_seconds. */
static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t of_year_era =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year =
        of_era - (365 * of_year_era + of_year_era / 4 - of_year_era / 100);
    int64_t turned = (5 * of_year + 2) / 153; /* months since March */

    *day = of_year - (153 * turned + 2) / 5 + 1;
    *month = turned < 10 ? turned + 3 : turned - 9;
    *year = of_year_era + era * 400 + (*month <= 2);
}

void mesh__time_print(int64_t seconds, char out[32])
{
    static const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
    struct mesh_text text;
    int64_t year;
    int64_t month;
    int64_t day;
    int64_t of_day;

    mesh__text_init(&text, out, 32);
    if (seconds < 0)
        seconds = 0;
    if (seconds > last)
        seconds = last;
    of_day = seconds % 86400;
    date_of(seconds / 86400, &year, &month, &day);
    mesh__text_format(&text, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year,
                      (int)month, (int)day, (int)(of_day / 3600),
                      (int)(of_day / 60 % 60), (int)(of_day % 60));
}
