/*
 * certs.c - certificates for tests, over mbedTLS's own writer: crypto/issue
 * would refuse to make most of them.
 */
#include "certs.h"

#include "base/text.h"
#include "crypto/mbed.h"
#include "crypto/x509.h"

#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/version.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct cert_wish cert_wish(const char *id)
{
    return (struct cert_wish){ .uris = { mesh__slice_of(id) },
                               .uri_count = 1,
                               .usage = CERT_SIGN_DATA,
                               .extended = "sc",
                               .from_s = CERT_NOW - CERT_DAY,
                               .to_s = CERT_NOW + CERT_DAY };
}

struct cert_wish cert_wish_root(const char *name)
{
    return (struct cert_wish){ .name = name,
                               .is_ca = true,
                               .usage = CERT_SIGN_CERTS | CERT_SIGN_CRLS,
                               .from_s = CERT_NOW - 365 * CERT_DAY,
                               .to_s = CERT_NOW + 365 * CERT_DAY };
}

static void make_key(mbedtls_pk_context *key, enum cert_curve curve,
                     struct mesh_rng *rng)
{
    static const mbedtls_ecp_group_id ids[] = {
        [CERT_P256] = MBEDTLS_ECP_DP_SECP256R1,
        [CERT_P384] = MBEDTLS_ECP_DP_SECP384R1,
        [CERT_P192] = MBEDTLS_ECP_DP_SECP192R1,
    };

    assert_int_equal(
        mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(mbedtls_ecp_gen_key(ids[curve], mbedtls_pk_ec(*key),
                                         mesh__mbed_draw, rng),
                     0);
}

static void read_signer(const struct cert_made *signer, struct mesh_rng *rng,
                        mbedtls_x509_crt *crt, mbedtls_pk_context *key)
{
    const unsigned char *cert = (const unsigned char *)signer->cert;
    const unsigned char *pem = (const unsigned char *)signer->key;

    assert_int_equal(
        mbedtls_x509_crt_parse(crt, cert, strlen(signer->cert) + 1), 0);
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    (void)rng;
    assert_int_equal(
        mbedtls_pk_parse_key(key, pem, strlen(signer->key) + 1, NULL, 0), 0);
#else
    assert_int_equal(mbedtls_pk_parse_key(key, pem, strlen(signer->key) + 1,
                                          NULL, 0, mesh__mbed_draw, rng),
                     0);
#endif
}

/* One name of a SubjectAltName in front of what is there already. */
static size_t add_name(unsigned char **at, unsigned char *start, int tag,
                       struct mesh_slice name)
{
    int len = mbedtls_asn1_write_tagged_string(
        at, start, MBEDTLS_ASN1_CONTEXT_SPECIFIC | tag, name.at, name.len);

    assert_true(len > 0);
    return (size_t)len;
}

static void set_names(mbedtls_x509write_cert *cert,
                      const struct cert_wish *wish)
{
    unsigned char der[4096] = { 0 };
    unsigned char *at = der + sizeof(der);
    size_t len = 0;
    size_t i = wish->uri_count;

    if (!wish->uri_count && !wish->dns && !wish->ip.len)
        return;
    if (wish->ip.len)
        len += add_name(&at, der, 7, wish->ip);
    if (wish->dns)
        len += add_name(&at, der, 2, mesh__slice_of(wish->dns));
    while (i-- > 0)
        len += add_name(&at, der, 6, wish->uris[i]);
    len += (size_t)mbedtls_asn1_write_len(&at, der, len);
    len += (size_t)mbedtls_asn1_write_tag(
        &at, der, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
    assert_int_equal(mbedtls_x509write_crt_set_extension(
                         cert, MBEDTLS_OID_SUBJECT_ALT_NAME,
                         MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME),
                         wish->name == NULL, at, len),
                     0);
}

/* 1.3.6.1.5.5.7.3.x */
static void set_extended(mbedtls_x509write_cert *cert, const char *wish)
{
    unsigned char der[64] = { 0x30, 0 };
    size_t len = 2;

    if (!wish)
        return;
    for (; *wish; wish++) {
        static const unsigned char arc[] = { 0x06, 0x08, 0x2B, 0x06, 0x01,
                                             0x05, 0x05, 0x07, 0x03 };

        memcpy(der + len, arc, sizeof(arc));
        len += sizeof(arc);
        der[len++] = *wish == 's' ? 1 : *wish == 'c' ? 2 : 3;
    }
    der[1] = (unsigned char)(len - 2);
    assert_int_equal(mbedtls_x509write_crt_set_extension(
                         cert, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                         MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0,
                         der, len),
                     0);
}

static void set_dates(mbedtls_x509write_cert *cert,
                      const struct cert_wish *wish)
{
    char text[2][15];
    int64_t seconds[2] = { wish->from_s, wish->to_s };

    for (int i = 0; i < 2; i++) {
        char iso[32];
        size_t len = 0;

        mesh__time_print(seconds[i], iso);
        for (const char *at = iso; *at && len < 14; at++)
            if (*at >= '0' && *at <= '9')
                text[i][len++] = *at;
        text[i][len] = '\0';
    }
    assert_int_equal(mbedtls_x509write_crt_set_validity(cert, text[0], text[1]),
                     0);
}

static void set_serial(mbedtls_x509write_cert *cert)
{
#if MBEDTLS_VERSION_NUMBER < 0x03040000
    mbedtls_mpi number;

    mbedtls_mpi_init(&number);
    assert_int_equal(mbedtls_mpi_lset(&number, 7), 0);
    assert_int_equal(mbedtls_x509write_crt_set_serial(cert, &number), 0);
    mbedtls_mpi_free(&number);
#else
    unsigned char seven = 7;

    assert_int_equal(mbedtls_x509write_crt_set_serial_raw(cert, &seven, 1), 0);
#endif
}

static void set_subjects(mbedtls_x509write_cert *cert,
                         const struct cert_wish *wish,
                         const mbedtls_x509_crt *signer)
{
    char subject[128] = "";
    char issuer[256];
    struct mesh_text text;

    mesh__text_init(&text, subject, sizeof(subject));
    if (wish->name) {
        mesh__text_format(&text, "CN=%s", wish->name);
        assert_int_equal(mbedtls_x509write_crt_set_subject_name(cert, subject),
                         0);
    }
    if (signer->version == 0)
        memcpy(issuer, subject, sizeof(subject));
    else
        assert_true(mbedtls_x509_dn_gets(issuer, sizeof(issuer),
                                         &signer->subject) >= 0);
    if (*issuer)
        assert_int_equal(mbedtls_x509write_crt_set_issuer_name(cert, issuer),
                         0);
}

void cert_make(const struct cert_wish *wish, const struct cert_made *signer,
               struct mesh_rng *rng, struct cert_made *out)
{
    mbedtls_x509write_cert cert;
    mbedtls_x509_crt signer_crt;
    mbedtls_pk_context signer_key;
    mbedtls_pk_context key;

    mbedtls_x509write_crt_init(&cert);
    mbedtls_x509_crt_init(&signer_crt);
    mbedtls_pk_init(&signer_key);
    mbedtls_pk_init(&key);
    make_key(&key, wish->curve, rng);
    if (signer)
        read_signer(signer, rng, &signer_crt, &signer_key);
    mbedtls_x509write_crt_set_version(&cert, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&cert, wish->sha1 ? MBEDTLS_MD_SHA1
                                                       : MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&cert, &key);
    mbedtls_x509write_crt_set_issuer_key(&cert, signer ? &signer_key : &key);
    set_serial(&cert);
    set_dates(&cert, wish);
    set_subjects(&cert, wish, &signer_crt);
    set_names(&cert, wish);
    set_extended(&cert, wish->extended);
    assert_int_equal(
        mbedtls_x509write_crt_set_basic_constraints(&cert, wish->is_ca, -1), 0);
    if (wish->usage != CERT_NO_USAGE)
        assert_int_equal(mbedtls_x509write_crt_set_key_usage(
                             &cert, (unsigned int)wish->usage),
                         0);
    assert_int_equal(
        mbedtls_x509write_crt_pem(&cert, (unsigned char *)out->cert,
                                  sizeof(out->cert), mesh__mbed_draw, rng),
        0);
    assert_int_equal(mbedtls_pk_write_key_pem(&key, (unsigned char *)out->key,
                                              sizeof(out->key)),
                     0);
    mbedtls_pk_free(&key);
    mbedtls_pk_free(&signer_key);
    mbedtls_x509_crt_free(&signer_crt);
    mbedtls_x509write_crt_free(&cert);
}
