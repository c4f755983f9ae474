/*
 * issue.c - make keys and sign certificates.
 *
 * Writes what it is told into X.509; declines to know what a name means and
 * where the result is kept.
 */
#include "crypto/issue.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "crypto/mbed.h"

#include <mbedtls/asn1write.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>

enum {
    PEM_ROOM = 8 * 1024, /* bytes of one certificate or key as PEM     */
    URI_MAX = 2048,      /* bytes of a name: SPIFFE's own limit        */
    SUBJECT_MAX = 512,   /* bytes of a subject as text                 */
    SERIAL = 16          /* bytes                                      */
};

/* What a certificate is made of while it is being made. */
struct desk {
    mbedtls_pk_context key;        /* the new one                    */
    mbedtls_pk_context issuer_key; /* the CA's; empty: key signs     */
    mbedtls_x509_crt issuer;
    mbedtls_x509write_cert cert;
    struct mesh_rng *rng;
};

static void desk_init(struct desk *desk, struct mesh_rng *rng)
{
    mbedtls_pk_init(&desk->key);
    mbedtls_pk_init(&desk->issuer_key);
    mbedtls_x509_crt_init(&desk->issuer);
    mbedtls_x509write_crt_init(&desk->cert);
    desk->rng = rng;
}

static void desk_fini(struct desk *desk)
{
    mbedtls_x509write_crt_free(&desk->cert);
    mbedtls_x509_crt_free(&desk->issuer);
    mbedtls_pk_free(&desk->issuer_key);
    mbedtls_pk_free(&desk->key);
}

/* Functions below give mbedTLS's code back. */

static int make_key(struct desk *desk)
{
    int rc = mbedtls_pk_setup(&desk->key,
                              mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

    if (rc != 0)
        return rc;
    return mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
                               mbedtls_pk_ec(desk->key), mesh__mbed_draw,
                               desk->rng);
}

static int set_serial(struct desk *desk)
{
    unsigned char serial[SERIAL];
    int rc = mesh__mbed_draw(desk->rng, serial, sizeof(serial));

    if (rc != 0)
        return rc;
    serial[0] = (serial[0] & 0x7F) | 0x40; /* positive, of full length */
#if MBEDTLS_VERSION_NUMBER < 0x03040000
    {
        mbedtls_mpi number;

        mbedtls_mpi_init(&number);
        rc = mbedtls_mpi_read_binary(&number, serial, sizeof(serial));
        if (rc == 0)
            rc = mbedtls_x509write_crt_set_serial(&desk->cert, &number);
        mbedtls_mpi_free(&number);
        return rc;
    }
#else
    return mbedtls_x509write_crt_set_serial_raw(&desk->cert, serial,
                                                sizeof(serial));
#endif
}

/* "20261123050607" */
static void date_text(int64_t seconds, char out[15])
{
    char iso[32];
    size_t len = 0;

    mesh__time_print(seconds, iso);
    for (const char *at = iso; *at && len < 14; at++)
        if (*at >= '0' && *at <= '9')
            out[len++] = *at;
    out[len] = '\0';
}

static int set_dates(struct desk *desk, const struct mesh_issue *issue)
{
    char from[15];
    char to[15];

    date_text(issue->not_before_s, from);
    date_text(issue->not_after_s, to);
    return mbedtls_x509write_crt_set_validity(&desk->cert, from, to);
}

/* No name is an empty one; 3.x does not take it as text. */
static int set_name(struct desk *desk, const char *name,
                    int (*set)(mbedtls_x509write_cert *cert, const char *name))
{
    return *name ? set(&desk->cert, name) : 0;
}

static int set_names(struct desk *desk, const struct mesh_issue *issue)
{
    char subject[SUBJECT_MAX] = "";
    char issuer[SUBJECT_MAX];
    struct mesh_text text;
    int rc;

    mesh__text_init(&text, subject, sizeof(subject));
    if (issue->common_name)
        mesh__text_format(&text, "CN=%s", issue->common_name);
    if (text.cut)
        return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    rc = set_name(desk, subject, mbedtls_x509write_crt_set_subject_name);
    if (rc != 0)
        return rc;
    if (!issue->ca_cert_pem)
        return set_name(desk, subject, mbedtls_x509write_crt_set_issuer_name);
    rc = mbedtls_x509_dn_gets(issuer, sizeof(issuer), &desk->issuer.subject);
    if (rc < 0)
        return rc;
    return set_name(desk, issuer, mbedtls_x509write_crt_set_issuer_name);
}

/* SubjectAltName with one URI; critical when there is no subject beside it. */
static int set_uri(struct desk *desk, const struct mesh_issue *issue)
{
    unsigned char der[URI_MAX + 16] = { 0 };
    unsigned char *at = der + sizeof(der);
    size_t uri_len = issue->uri ? strlen(issue->uri) : 0;
    size_t len = 0;
    int rc;

    if (uri_len == 0)
        return 0;
    if (uri_len > URI_MAX)
        return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    rc = mbedtls_asn1_write_tagged_string(
        &at, der, MBEDTLS_ASN1_CONTEXT_SPECIFIC | 6, issue->uri, uri_len);
    if (rc < 0)
        return rc;
    len = (size_t)rc;
    rc = mbedtls_asn1_write_len(&at, der, len);
    if (rc < 0)
        return rc;
    len += (size_t)rc;
    rc = mbedtls_asn1_write_tag(
        &at, der, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
    if (rc < 0)
        return rc;
    len += (size_t)rc;
    return mbedtls_x509write_crt_set_extension(
        &desk->cert, MBEDTLS_OID_SUBJECT_ALT_NAME,
        MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME),
        issue->common_name == NULL, at, len);
}

/* serverAuth and clientAuth: 1.3.6.1.5.5.7.3.1 and .2 */
static int set_extended_usage(struct desk *desk)
{
    static const unsigned char both[] = {
        0x30, 0x14, 0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03,
        0x01, 0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02,
    };

    return mbedtls_x509write_crt_set_extension(
        &desk->cert, MBEDTLS_OID_EXTENDED_KEY_USAGE,
        MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0, both,
        sizeof(both));
}

static int set_uses(struct desk *desk, const struct mesh_issue *issue)
{
    unsigned int usage =
        issue->is_ca ? MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN
                     : MBEDTLS_X509_KU_DIGITAL_SIGNATURE;
    int rc = mbedtls_x509write_crt_set_basic_constraints(&desk->cert,
                                                         issue->is_ca, -1);

    if (rc == 0)
        rc = mbedtls_x509write_crt_set_key_usage(&desk->cert, usage);
    if (rc == 0 && !issue->is_ca)
        rc = set_extended_usage(desk);
    return rc;
}

static int set_identifiers(struct desk *desk)
{
    int rc = mbedtls_x509write_crt_set_subject_key_identifier(&desk->cert);

    if (rc == 0)
        rc = mbedtls_x509write_crt_set_authority_key_identifier(&desk->cert);
    return rc;
}

static int fill(struct desk *desk, const struct mesh_issue *issue)
{
    static int (*const with_issue[])(
        struct desk *, const struct mesh_issue *) = { set_dates, set_names,
                                                      set_uri, set_uses };
    int rc = make_key(desk);

    mbedtls_x509write_crt_set_version(&desk->cert, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&desk->cert, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&desk->cert, &desk->key);
    mbedtls_x509write_crt_set_issuer_key(
        &desk->cert, issue->ca_cert_pem ? &desk->issuer_key : &desk->key);
    if (rc == 0)
        rc = set_serial(desk);
    for (size_t i = 0; rc == 0 && i < sizeof(with_issue) / sizeof(*with_issue);
         i++)
        rc = with_issue[i](desk, issue);
    return rc == 0 ? set_identifiers(desk) : rc;
}

/* The CA's key and certificate, both from text. */
static int load_issuer(struct desk *desk, const struct mesh_issue *issue)
{
    const unsigned char *cert = (const unsigned char *)issue->ca_cert_pem;
    const unsigned char *key = (const unsigned char *)issue->ca_key_pem;
    int rc;

    if (!issue->ca_cert_pem)
        return 0;
    rc = mbedtls_x509_crt_parse(&desk->issuer, cert,
                                strlen(issue->ca_cert_pem) + 1);
    if (rc != 0)
        return rc > 0 ? MBEDTLS_ERR_X509_INVALID_FORMAT : rc;
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    return mbedtls_pk_parse_key(&desk->issuer_key, key,
                                strlen(issue->ca_key_pem) + 1, NULL, 0);
#else
    return mbedtls_pk_parse_key(&desk->issuer_key, key,
                                strlen(issue->ca_key_pem) + 1, NULL, 0,
                                mesh__mbed_draw, desk->rng);
#endif
}

/* Functions below give ours back. */

static int write_pem(struct desk *desk, struct mesh_buffer *cert_pem,
                     struct mesh_buffer *key_pem)
{
    unsigned char *room = mesh__calloc(1, PEM_ROOM);
    int rc;

    if (!room)
        return mesh__fail(MESH_ERR_NOMEM, "certificate");
    rc = mbedtls_x509write_crt_pem(&desk->cert, room, PEM_ROOM, mesh__mbed_draw,
                                   desk->rng);
    if (rc != 0)
        rc = mesh__mbed_fail(MESH_ERR_CERTIFICATE, rc, "signing");
    else
        rc = mesh__buffer_append(cert_pem, room, strlen((char *)room));
    if (rc < 0)
        goto done;
    rc = mbedtls_pk_write_key_pem(&desk->key, room, PEM_ROOM);
    if (rc != 0)
        rc = mesh__mbed_fail(MESH_ERR_CERTIFICATE, rc, "writing the key");
    else
        rc = mesh__buffer_append(key_pem, room, strlen((char *)room));
done:
    mesh__free_secret(room, PEM_ROOM);
    return rc;
}

static int check(const struct mesh_issue *issue)
{
    if (issue->not_after_s <= issue->not_before_s || issue->not_before_s < 0)
        return mesh__fail(MESH_ERR_INVALID, "a certificate that ends before "
                                            "it begins");
    if ((issue->ca_cert_pem == NULL) != (issue->ca_key_pem == NULL))
        return mesh__fail(MESH_ERR_INVALID,
                          "a CA's certificate and key come together");
    return 0;
}

/* What was signed must lead to the CA that was named. */
static int prove(const struct mesh_issue *issue, struct mesh_slice cert_pem)
{
    struct mesh_chain *chain;
    struct mesh_chain *roots = NULL;
    int rc = mesh__chain_parse_pem("new certificate", cert_pem, 1, &chain);

    if (rc < 0 || !issue->ca_cert_pem)
        goto done;
    rc = mesh__chain_parse_pem("CA certificate",
                               mesh__slice_of(issue->ca_cert_pem),
                               MESH__ROOTS_MAX, &roots);
    if (rc < 0)
        goto done;
    rc = mesh__chain_verify(chain, roots, issue->not_before_s);
    if (rc == MESH_ERR_PEER_IDENTITY)
        rc = mesh__fail(MESH_ERR_CERTIFICATE,
                        "the CA's key and certificate do not fit, or the CA "
                        "may not sign this");
done:
    mesh__chain_unref(roots);
    mesh__chain_unref(chain);
    return rc;
}

int mesh__issue(const struct mesh_issue *issue, struct mesh_rng *rng,
                struct mesh_buffer *cert_pem, struct mesh_buffer *key_pem)
{
    size_t cert_before = cert_pem->len;
    size_t key_before = key_pem->len;
    struct desk desk;
    int rc = check(issue);

    if (rc < 0)
        return rc;
    desk_init(&desk, rng);
    rc = load_issuer(&desk, issue);
    if (rc == 0)
        rc = fill(&desk, issue);
    if (rc != 0)
        rc = mesh__mbed_fail(MESH_ERR_CERTIFICATE, rc, "certificate");
    if (rc == 0)
        rc = write_pem(&desk, cert_pem, key_pem);
    if (rc == 0)
        rc = prove(issue, mesh__slice(mesh__buffer_data(cert_pem) + cert_before,
                                      cert_pem->len - cert_before));
    if (rc < 0) {
        cert_pem->len = cert_before;
        key_pem->len = key_before;
    }
    desk_fini(&desk);
    return rc;
}
