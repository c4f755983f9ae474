/*
 * mbedtls.c - the production engine: its table, and what a session is like.
 */
#include "tls/engine.h"

/* --- what it is like --------------------------------------------------------
 */

static const struct {
    int id;
    const char *name; /* OpenSSL's, as Envoy logs it */
} names[] = {
    { MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
      "ECDHE-ECDSA-AES256-GCM-SHA384" },
    { MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
      "ECDHE-RSA-AES256-GCM-SHA384" },
    { MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
      "ECDHE-ECDSA-AES128-GCM-SHA256" },
    { MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
      "ECDHE-RSA-AES128-GCM-SHA256" },
    { MBEDTLS_TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384" },
    { MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256" },
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    { MBEDTLS_TLS1_3_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256" },
    { MBEDTLS_TLS1_3_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384" },
    { MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256" },
#endif
};

static const char *cipher_of(const mbedtls_ssl_context *ssl)
{
    const char *own = mbedtls_ssl_get_ciphersuite(ssl);
    int id = own ? mbedtls_ssl_get_ciphersuite_id(own) : 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].id == id)
            return names[i].name;
    return own ? own : "";
}

static void info(const struct mesh_tls *session, struct mesh_tls_info *out)
{
    const struct mesh_tls_mbed *tls = (const struct mesh_tls_mbed *)session;
    const struct mesh_tls_profile *p = &tls->config->kept.profile;
    const char *alpn = mbedtls_ssl_get_alpn_protocol(&tls->ssl);

    *out = (struct mesh_tls_info){
        .protocol = mbedtls_ssl_get_version(&tls->ssl),
        .cipher = cipher_of(&tls->ssl),
        .alpn = alpn ? alpn : "",
        .sni = p->role == MESH__TLS_SERVER ? tls->sni
               : p->sni                    ? p->sni
                                           : "",
        .resumed = tls->resumed,
    };
}

static const struct mesh_peer *peer(const struct mesh_tls *session)
{
    const struct mesh_tls_mbed *tls = (const struct mesh_tls_mbed *)session;

    return tls->done ? &tls->peer : NULL;
}

/* mbedTLS keeps two buffers of a record each, whatever is negotiated. */
static size_t memory(const struct mesh_tls *session)
{
    const struct mesh_tls_mbed *tls = (const struct mesh_tls_mbed *)session;

    return sizeof(*tls) + 2 * (MESH__TLS_RECORD + 333) + tls->stash.capacity +
           tls->flight.capacity;
}

/* --- the table --------------------------------------------------------------
 */

const struct mesh_tls_engine *mesh__tls_mbedtls(void)
{
    static const struct mesh_tls_engine engine = {
        .name = "mbedTLS",
        .config_new = mesh__tls_mbed_config_new,
        .config_ref = mesh__tls_mbed_config_ref,
        .config_unref = mesh__tls_mbed_config_unref,
        .session_new = mesh__tls_mbed_session_new,
        .session_free = mesh__tls_mbed_session_free,
        .step = mesh__tls_mbed_step,
        .work = mesh__tls_mbed_work,
        .open = mesh__tls_mbed_open,
        .seal = mesh__tls_mbed_seal,
        .sealed_size = mesh__tls_mbed_sealed_size,
        .close_notify = mesh__tls_mbed_close_notify,
        .peer = peer,
        .info = info,
        .session_export = mesh__tls_mbed_export,
        .session_import = mesh__tls_mbed_import,
        .pending = mesh__tls_mbed_pending,
        .memory = memory,
    };

    return &engine;
}
