/*
 * mbed.c - the small things that every file over mbedTLS needs.
 *
 * Knows mbedTLS's codes and its lazy tables; declines to know what is signed,
 * or by whom.
 */
#include "crypto/mbed.h"

#include "base/error.h"
#include "base/text.h"

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/cipher.h>
#include <mbedtls/ecp.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/pem.h>
#include <mbedtls/ssl.h>

#include <stdarg.h>
#include <stdio.h>

/* A code is the sum of a high part (-0x7F80..) and a low one (-0x7F..). */
static const int nomem_high[] = {
    MBEDTLS_ERR_CIPHER_ALLOC_FAILED, MBEDTLS_ERR_ECP_ALLOC_FAILED,
    MBEDTLS_ERR_MD_ALLOC_FAILED,     MBEDTLS_ERR_PEM_ALLOC_FAILED,
    MBEDTLS_ERR_PK_ALLOC_FAILED,     MBEDTLS_ERR_SSL_ALLOC_FAILED,
    MBEDTLS_ERR_X509_ALLOC_FAILED,
};

bool mesh__mbed_nomem(int rc)
{
    int high = -(-rc & 0x7F80);
    int low = -(-rc & 0x7F);

    if (rc >= 0)
        return false;
    if (low == MBEDTLS_ERR_ASN1_ALLOC_FAILED ||
        low == MBEDTLS_ERR_MPI_ALLOC_FAILED)
        return true;
    for (size_t i = 0; i < sizeof(nomem_high) / sizeof(nomem_high[0]); i++)
        if (high == nomem_high[i])
            return true;
    return false;
}

int mesh__mbed_fail(int code, int rc, const char *format, ...)
{
    char line[MESH_ERROR_LINE];
    char words[128];
    va_list args;

    va_start(args, format);
    if (vsnprintf(line, sizeof(line), format, args) < 0)
        line[0] = '\0';
    va_end(args);
    mbedtls_strerror(rc, words, sizeof(words));
    return mesh__fail(mesh__mbed_nomem(rc) ? MESH_ERR_NOMEM : code,
                      "%s: %s (-0x%04x)", line, words, (unsigned)-rc);
}

const mbedtls_x509_crt_profile *mesh__mbed_profile(void)
{
    static const mbedtls_x509_crt_profile profile = {
        MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
            MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
            MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
        0xFFFFFFF, /* any algorithm that fits a key below */
        MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
            MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
            MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
        2048,
    };

    return &profile;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t era;
    int64_t of_era;
    int64_t of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = year - era * 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

int64_t mesh__mbed_seconds(const mbedtls_x509_time *time)
{
    return days_of(time->year, time->mon, time->day) * 86400 +
           time->hour * 3600 + time->min * 60 + time->sec;
}

#if MBEDTLS_VERSION_NUMBER < 0x03000000
int mesh__mbed_warm(mbedtls_pk_context *pk)
{
    mbedtls_ecp_keypair *pair;
    mbedtls_ecp_point twice;
    mbedtls_mpi two;
    int rc;

    if (!mbedtls_pk_can_do(pk, MBEDTLS_PK_ECKEY))
        return 0;
    pair = mbedtls_pk_ec(*pk);
    mbedtls_ecp_point_init(&twice);
    mbedtls_mpi_init(&two);
    rc = mbedtls_mpi_lset(&two, 2);
    if (rc == 0)
        rc =
            mbedtls_ecp_mul(&pair->grp, &twice, &two, &pair->grp.G, NULL, NULL);
    mbedtls_mpi_free(&two);
    mbedtls_ecp_point_free(&twice);
    return rc;
}
#else
int mesh__mbed_warm(mbedtls_pk_context *pk)
{
    (void)pk; /* the tables of the curves that we take are constants there */
    return 0;
}
#endif
