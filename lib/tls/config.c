/*
 * config.c - profiles turned into configurations of mbedTLS.
 *
 * Knows versions, suites and groups; declines to know any peer.
 */
#include "tls/engine.h"

#include "base/alloc.h"

enum {
    STASH_MAX = 20 * 1024,  /* a record of 2^14 + 2048 bytes and its head */
    FLIGHT_MAX = 64 * 1024, /* what one side says without being answered  */
    HIGHEST =
        MBEDTLS_VERSION_NUMBER < 0x03000000 ? MESH__TLS_1_2 : MESH__TLS_1_3
};

/* --- what is offered and taken ----------------------------------------------
 */

/* Istio's six for TLS 1.2, in its order; 1.3's are nobody's to choose. */
static const int suites[] = {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256,
    0,
};

/*
 * P-256 first: 2.28 would take P-521, which costs 2 to 3 ms a side. The last
 * two are there for certificates: TLS 1.2 takes none of a group not listed.
 */
#if MBEDTLS_VERSION_NUMBER < 0x03000000
static const mbedtls_ecp_group_id groups[] = {
    MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_CURVE25519,
    MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_SECP521R1,
    MBEDTLS_ECP_DP_NONE,
};

static const int hashes[] = { MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384,
                              MBEDTLS_MD_SHA512, MBEDTLS_MD_NONE };
#else
static const uint16_t groups[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

static const uint16_t signatures[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP521R1_SHA512,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
    MBEDTLS_TLS1_3_SIG_NONE,
};
#endif

#if MBEDTLS_VERSION_NUMBER < 0x03000000
static void set_protocol(mbedtls_ssl_config *conf,
                         const struct mesh_tls_profile *profile)
{
    (void)profile; /* 1.2 is all there is; checked in config_new */
    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_curves(conf, groups);
    mbedtls_ssl_conf_sig_hashes(conf, hashes);
}
#else
static void set_protocol(mbedtls_ssl_config *conf,
                         const struct mesh_tls_profile *profile)
{
    mbedtls_ssl_conf_min_tls_version(conf, profile->min_version == MESH__TLS_1_3
                                               ? MBEDTLS_SSL_VERSION_TLS1_3
                                               : MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(conf, profile->max_version == MESH__TLS_1_2
                                               ? MBEDTLS_SSL_VERSION_TLS1_2
                                               : MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_groups(conf, groups);
    mbedtls_ssl_conf_sig_algs(conf, signatures);
    mbedtls_ssl_conf_tls13_key_exchange_modes(
        conf, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ALL);
}
#endif

/* --- configurations ---------------------------------------------------------
 */

static struct mesh_tls_mbed_config *config_of(struct mesh_tls_config *c)
{
    return (struct mesh_tls_mbed_config *)c;
}

static int check_versions(const struct mesh_tls_profile *profile)
{
    int max = profile->max_version ? profile->max_version : HIGHEST;
    int min = profile->min_version ? profile->min_version : MESH__TLS_1_2;

    if (min < MESH__TLS_1_2 || max > MESH__TLS_1_3 || min > max)
        return mesh__fail(MESH_ERR_INVALID, "TLS from 0x%04x to 0x%04x",
                          (unsigned)min, (unsigned)max);
    if (min > HIGHEST)
        return mesh__fail(MESH_ERR_TLS, "%s has no TLS 1.3",
                          mesh__crypto_version());
    return 0;
}

int mesh__tls_mbed_config_new(const struct mesh_tls_engine *engine,
                              const struct mesh_tls_profile *profile,
                              struct mesh_rng *rng,
                              struct mesh_tls_config **out)
{
    struct mesh_tls_mbed_config *config;
    int rc = check_versions(profile);

    *out = NULL;
    if (rc == 0)
        rc = mesh__crypto_init();
    if (rc < 0)
        return rc;
    config = mesh__calloc(1, sizeof(*config));
    if (!config)
        return mesh__fail(MESH_ERR_NOMEM, "TLS configuration");
    config->base.engine = engine;
    config->rng = rng;
    atomic_init(&config->refs, 1);
    rc = pthread_mutex_init(&config->lock, NULL);
    if (rc != 0) {
        mesh__free(config);
        return mesh__fail_errno(MESH_ERR_SYSTEM, rc, "lock of ticket keys");
    }
    mbedtls_x509_crt_init(&config->nobody);
    rc = mesh__tls_keep(profile, &config->kept);
    if (rc < 0) {
        mesh__tls_mbed_config_unref(&config->base);
        return rc;
    }
    *out = &config->base;
    return 0;
}

struct mesh_tls_config *mesh__tls_mbed_config_ref(struct mesh_tls_config *c)
{
    atomic_fetch_add_explicit(&config_of(c)->refs, 1, memory_order_relaxed);
    return c;
}

void mesh__tls_mbed_config_unref(struct mesh_tls_config *c)
{
    struct mesh_tls_mbed_config *config = config_of(c);

    if (!config ||
        atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) != 1)
        return;
    mesh__tls_kept_fini(&config->kept);
    mbedtls_x509_crt_free(&config->nobody);
    (void)pthread_mutex_destroy(&config->lock);
    mesh__free_secret(config, sizeof(*config)); /* ticket keys */
}

/* --- sessions ---------------------------------------------------------------
 */

/* f_sni: keeps the name; which certificate is shown does not depend on it. */
static int keep_sni(void *user, mbedtls_ssl_context *ssl,
                    const unsigned char *name, size_t len)
{
    struct mesh_tls_mbed *tls = user;

    (void)ssl;
    if (len < sizeof(tls->sni) && !memchr(name, '\0', len)) {
        memcpy(tls->sni, name, len);
        tls->sni[len] = '\0';
    }
    return 0;
}

static void set_tickets(struct mesh_tls_mbed *tls, bool server)
{
    bool resume = mesh__tls_mbed_may_resume();

    if (server && resume) {
        mbedtls_ssl_conf_session_tickets_cb(&tls->conf,
                                            mesh__tls_mbed_ticket_write,
                                            mesh__tls_mbed_ticket_parse, tls);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
        mbedtls_ssl_conf_new_session_tickets(&tls->conf, 1);
#endif
    }
    if (server)
        return;
    mbedtls_ssl_conf_session_tickets(
        &tls->conf, resume ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                           : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#if MBEDTLS_VERSION_NUMBER >= 0x03060300
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        &tls->conf,
        resume ? MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED
               : MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_DISABLED);
#endif
}

static int set_own(struct mesh_tls_mbed *tls,
                   const struct mesh_credential *credential)
{
    if (!credential)
        return 0; /* a client that shows nothing */
    return mbedtls_ssl_conf_own_cert(&tls->conf,
                                     mesh__mbed_chain(credential->chain),
                                     mesh__mbed_key(credential->key));
}

/*
 * Clients say what they offer; a server's list is set when it has seen whether
 * the client offers any of it (handshake.c).
 */
static int set_alpn(struct mesh_tls_mbed *tls)
{
    const struct mesh_tls_kept *kept = &tls->config->kept;

    if (kept->profile.role == MESH__TLS_SERVER || !kept->profile.alpn_count)
        return 0;
    return mbedtls_ssl_conf_alpn_protocols(&tls->conf,
                                           (const char **)kept->alpn);
}

static int configure(struct mesh_tls_mbed *tls)
{
    struct mesh_tls_mbed_config *config = tls->config;
    const struct mesh_tls_profile *profile = &config->kept.profile;
    bool server = profile->role == MESH__TLS_SERVER;
    mbedtls_ssl_config *conf = &tls->conf;
    int rc = mbedtls_ssl_config_defaults(
        conf, server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

    if (rc != 0)
        return rc;
    set_protocol(conf, profile);
    mbedtls_ssl_conf_ciphersuites(conf, suites);
    mbedtls_ssl_conf_renegotiation(conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_rng(conf, mesh__mbed_draw, config->rng);
    mbedtls_ssl_conf_cert_profile(conf, mesh__mbed_profile());
    mbedtls_ssl_conf_authmode(conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(conf, &config->nobody, NULL);
    mbedtls_ssl_conf_verify(conf, mesh__tls_mbed_verify, tls);
    set_tickets(tls, server);
    if (server) {
        mbedtls_ssl_conf_cert_req_ca_list(
            conf, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
        mbedtls_ssl_conf_sni(conf, keep_sni, tls);
    }
    rc = set_alpn(tls);
    return rc != 0 ? rc : set_own(tls, profile->credential);
}

static int set_up(struct mesh_tls_mbed *tls)
{
    const struct mesh_tls_profile *profile = &tls->config->kept.profile;
    int rc = configure(tls);

    if (rc == 0)
        rc = mbedtls_ssl_setup(&tls->ssl, &tls->conf);
    /* NULL too: a client that never says is refused from 2.28.10, 3.6.3 on.
     * The name goes into SNI only; identity/ judges who answers. */
    if (rc == 0 && profile->role == MESH__TLS_CLIENT)
        rc = mbedtls_ssl_set_hostname(&tls->ssl, profile->sni);
    if (rc != 0)
        return mesh__mbed_fail(MESH_ERR_TLS, rc, "TLS session");
    mbedtls_ssl_set_bio(&tls->ssl, tls, mesh__tls_mbed_send,
                        mesh__tls_mbed_recv, NULL);
    return 0;
}

int mesh__tls_mbed_session_new(struct mesh_tls_config *c, struct mesh_tls **out)
{
    struct mesh_tls_mbed *tls = mesh__calloc(1, sizeof(*tls));
    int rc;

    *out = NULL;
    if (!tls)
        return mesh__fail(MESH_ERR_NOMEM, "TLS session");
    tls->base.engine = c->engine;
    tls->config = config_of(mesh__tls_mbed_config_ref(c));
    mbedtls_ssl_config_init(&tls->conf);
    mbedtls_ssl_init(&tls->ssl);
    mesh__buffer_init(&tls->stash, STASH_MAX);
    mesh__buffer_init(&tls->flight, FLIGHT_MAX);
    rc = set_up(tls);
    if (rc < 0) {
        mesh__tls_mbed_session_free(&tls->base);
        return rc;
    }
    *out = &tls->base;
    return 0;
}

void mesh__tls_mbed_session_free(struct mesh_tls *session)
{
    struct mesh_tls_mbed *tls = mesh__tls_mbed(session);

    if (!tls)
        return;
    mbedtls_ssl_free(&tls->ssl);
    mbedtls_ssl_config_free(&tls->conf);
    mesh__buffer_fini(&tls->stash);
    mesh__buffer_fini(&tls->flight);
    mesh__tls_mbed_config_unref(&tls->config->base);
    mesh__free(tls);
}
