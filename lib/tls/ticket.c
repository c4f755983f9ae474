/*
 * ticket.c - sessions that are resumed: tickets a server gives out, and what a
 * client keeps.
 *
 * A ticket is a memo with mbedTLS's session inside, sealed with AES-256-GCM
 * under a key that lives for two spans of MESH__TLS_RESUME_S. Its peer is
 * judged again before it counts. Declines to know what a handshake is.
 */
#include "tls/engine.h"

#include "base/alloc.h"

#include <mbedtls/gcm.h>

enum { EPOCH = 8, NONCE = 12, TAG = 16, HEAD = EPOCH + NONCE + TAG };

/*
 * mbedTLS 3 before 3.6.6, with 1.2 and 1.3 both on: who is in the middle can
 * turn a ticket and a HelloRetryRequest into a TLS 1.2 resumption with a
 * master secret of zeros, and be taken for the client (advisory of March 2026).
 */
bool mesh__tls_mbed_may_resume(void)
{
    unsigned int version = mbedtls_version_get_number();

    return version < 0x03000000 || version >= 0x03060600;
}

/* --- keys -------------------------------------------------------------------
 */

static uint64_t epoch_of(int64_t now_s)
{
    return now_s < 0 ? 1 : (uint64_t)now_s / MESH__TLS_RESUME_S + 1;
}

/* Forget what is two spans old. With the lock held. */
static void expire_keys(struct mesh_tls_mbed_config *config, uint64_t epoch)
{
    struct mesh_tls_ticket_key *keys = config->keys;

    if (epoch <= keys[0].epoch)
        return;
    if (epoch == keys[0].epoch + 1)
        keys[1] = keys[0];
    else
        mesh__wipe(&keys[1], sizeof(keys[1]));
    mesh__wipe(&keys[0], sizeof(keys[0]));
}

/* The key to seal with now, made when there is none. 0 or mbedTLS's code. */
static int sealing_key(struct mesh_tls_mbed_config *config, int64_t now_s,
                       struct mesh_tls_ticket_key *out)
{
    uint64_t epoch = epoch_of(now_s);
    int rc = 0;

    pthread_mutex_lock(&config->lock);
    expire_keys(config, epoch);
    if (config->keys[0].epoch == 0) {
        rc = mesh__mbed_draw(config->rng, config->keys[0].key,
                             sizeof(config->keys[0].key));
        if (rc == 0)
            config->keys[0].epoch = epoch;
    }
    *out = config->keys[0];
    pthread_mutex_unlock(&config->lock);
    return rc;
}

static bool opening_key(struct mesh_tls_mbed_config *config, int64_t now_s,
                        uint64_t epoch, struct mesh_tls_ticket_key *out)
{
    bool found = false;

    pthread_mutex_lock(&config->lock);
    expire_keys(config, epoch_of(now_s));
    for (size_t i = 0; i < 2 && !found; i++) {
        found = epoch != 0 && config->keys[i].epoch == epoch;
        if (found)
            *out = config->keys[i];
    }
    pthread_mutex_unlock(&config->lock);
    return found;
}

/* --- sealed -----------------------------------------------------------------
 */

static void put_epoch(unsigned char *to, uint64_t epoch)
{
    for (int i = 0; i < EPOCH; i++)
        to[i] = (unsigned char)(epoch >> (56 - 8 * i));
}

static uint64_t get_epoch(const unsigned char *from)
{
    uint64_t epoch = 0;

    for (int i = 0; i < EPOCH; i++)
        epoch = epoch << 8 | from[i];
    return epoch;
}

/* epoch, nonce, tag, ciphertext. 0 or mbedTLS's code. */
static int seal(struct mesh_tls_mbed *tls,
                const struct mesh_tls_ticket_key *key, struct mesh_slice plain,
                unsigned char *to)
{
    mbedtls_gcm_context gcm;
    int rc = mesh__mbed_draw(tls->config->rng, to + EPOCH, NONCE);

    if (rc != 0)
        return rc;
    put_epoch(to, key->epoch);
    mbedtls_gcm_init(&gcm);
    rc = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key->key, 256);
    if (rc == 0)
        rc = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, plain.len,
                                       to + EPOCH, NONCE, to, EPOCH,
                                       (const unsigned char *)plain.at,
                                       to + HEAD, TAG, to + EPOCH + NONCE);
    mbedtls_gcm_free(&gcm);
    return rc;
}

/* In place: the plaintext stands behind the head. */
static int unseal(const struct mesh_tls_ticket_key *key, unsigned char *bytes,
                  size_t len)
{
    mbedtls_gcm_context gcm;
    int rc;

    mbedtls_gcm_init(&gcm);
    rc = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key->key, 256);
    if (rc == 0)
        rc = mbedtls_gcm_auth_decrypt(&gcm, len - HEAD, bytes + EPOCH, NONCE,
                                      bytes, EPOCH, bytes + EPOCH + NONCE, TAG,
                                      bytes + HEAD, bytes + HEAD);
    mbedtls_gcm_free(&gcm);
    return rc;
}

/* --- a memo with a session in it --------------------------------------------
 */

static int save_session(const mbedtls_ssl_session *session, unsigned char **out,
                        size_t *len)
{
    int rc;

    *out = NULL;
    *len = 0;
    rc = mbedtls_ssl_session_save(session, NULL, 0, len);
    if (rc != MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL || *len > MESH__TLS_SESSION_MAX)
        return mesh__mbed_fail(MESH_ERR_STATE, rc, "no session to save");
    *out = mesh__malloc(*len);
    if (!*out)
        return mesh__fail(MESH_ERR_NOMEM, "TLS session");
    rc = mbedtls_ssl_session_save(session, *out, *len, len);
    if (rc == 0)
        return 0;
    mesh__free_secret(*out, *len);
    *out = NULL;
    return mesh__mbed_fail(MESH_ERR_STATE, rc, "no session to save");
}

/* Append a memo of this session and its peer. 0 or our code. */
static int write_memo(struct mesh_tls_mbed *tls,
                      const mbedtls_ssl_session *session,
                      struct mesh_buffer *out)
{
    struct mesh_tls_memo memo;
    unsigned char *bytes;
    size_t len;
    int rc;

    if (tls->proof == MESH__TLS_NOBODY)
        return mesh__fail(MESH_ERR_STATE, "nobody was proven");
    rc = save_session(session, &bytes, &len);
    if (rc < 0)
        return rc;
    mesh__tls_memo_make(&tls->config->kept, &tls->peer, tls->now_s, &memo);
    memo.rest = mesh__slice((const char *)bytes, len);
    rc = mesh__tls_memo_write(&memo, out);
    mesh__free_secret(bytes, len);
    return rc;
}

static void fini_secret(struct mesh_buffer *buffer)
{
    mesh__wipe(buffer->memory, buffer->capacity);
    mesh__buffer_fini(buffer);
}

/* --- the server's side ------------------------------------------------------
 */

int mesh__tls_mbed_ticket_write(void *user, const mbedtls_ssl_session *session,
                                unsigned char *start, const unsigned char *end,
                                size_t *len, uint32_t *lifetime_s)
{
    struct mesh_tls_mbed *tls = user;
    struct mesh_tls_ticket_key key;
    struct mesh_buffer memo;
    int rc;

    *len = 0; /* 2.28 reads both after a failure */
    *lifetime_s = 0;
    mesh__buffer_init(&memo, MESH__TLS_SESSION_MAX);
    rc = mesh__buffer_reserve(&memo, MESH__TLS_SESSION_MAX / 4, &(char *){ 0 });
    if (rc == 0)
        rc = write_memo(tls, session, &memo);
    if (rc == 0 && memo.len + HEAD > (size_t)(end - start))
        rc = MESH_ERR_TOO_LARGE;
    if (rc < 0)
        mesh__error_clear();
    if (rc == 0)
        rc = sealing_key(tls->config, tls->now_s, &key);
    if (rc == 0) {
        rc = seal(tls, &key, mesh__buffer_slice(&memo), start);
        mesh__wipe(&key, sizeof(key));
    }
    if (rc == 0) {
        *len = memo.len + HEAD;
        *lifetime_s = MESH__TLS_RESUME_S;
    }
    fini_secret(&memo);
    return rc == 0 ? 0 : MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

/* A TLS 1.3 session must not come back as one of 1.2, nor the reverse. */
static bool same_version(const struct mesh_tls_mbed *tls,
                         const mbedtls_ssl_session *session)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    (void)tls;
    (void)session;
    return true;
#else
    return session->MBEDTLS_PRIVATE(tls_version) ==
           tls->ssl.MBEDTLS_PRIVATE(tls_version);
#endif
}

/* The memo counts: its peer is who resumes. mbedTLS's code. */
static int accept_memo(struct mesh_tls_mbed *tls, struct mesh_slice bytes,
                       mbedtls_ssl_session *session)
{
    struct mesh_tls_memo memo;
    int rc;

    if (mesh__tls_memo_read(bytes, &memo) < 0 ||
        mesh__tls_memo_judge(&memo, &tls->config->kept, tls->now_s) < 0) {
        mesh__error_clear(); /* a full handshake will tell */
        return MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
    }
    rc = mbedtls_ssl_session_load(session, (const unsigned char *)memo.rest.at,
                                  memo.rest.len);
    if (rc == 0 && !same_version(tls, session))
        rc = MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
    if (rc != 0) {
        mbedtls_ssl_session_free(session);
        return rc;
    }
    tls->peer = memo.peer;
    tls->proof = MESH__TLS_TICKET;
    return 0;
}

int mesh__tls_mbed_ticket_parse(void *user, mbedtls_ssl_session *session,
                                unsigned char *bytes, size_t len)
{
    struct mesh_tls_mbed *tls = user;
    struct mesh_tls_ticket_key key;
    int rc;

    if (len <= HEAD || len > MESH__TLS_SESSION_MAX ||
        !opening_key(tls->config, tls->now_s, get_epoch(bytes), &key))
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    rc = unseal(&key, bytes, len);
    mesh__wipe(&key, sizeof(key));
    if (rc != 0)
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    return accept_memo(tls, mesh__slice((const char *)bytes + HEAD, len - HEAD),
                       session);
}

/* --- the client's side ------------------------------------------------------
 */

/* Did the server give a ticket? Without one there is nothing to resume by. */
static bool has_ticket(const struct mesh_tls_mbed *tls)
{
    const mbedtls_ssl_session *session = tls->ssl.MBEDTLS_PRIVATE(session);

    return session && session->MBEDTLS_PRIVATE(ticket_len) > 0;
}

int mesh__tls_mbed_export(struct mesh_tls *base, struct mesh_buffer *out)
{
    struct mesh_tls_mbed *tls = mesh__tls_mbed(base);
    mbedtls_ssl_session session;
    size_t before = out->len;
    int rc;

    if (!tls->done || tls->failure.code || !mesh__tls_mbed_may_resume() ||
        tls->config->kept.profile.role != MESH__TLS_CLIENT || !has_ticket(tls))
        return mesh__fail(MESH_ERR_STATE, "no session to resume later");
    mbedtls_ssl_session_init(&session);
    /* Each ticket is handed out once by 3.6: then there is none until the
     * next comes. */
    rc = mbedtls_ssl_get_session(&tls->ssl, &session);
    if (rc == 0)
        rc = write_memo(tls, &session, out);
    else
        rc = mesh__mbed_fail(MESH_ERR_STATE, rc, "no session to resume later");
    mbedtls_ssl_session_free(&session);
    if (rc < 0)
        out->len = before;
    return rc;
}

static int set_session(struct mesh_tls_mbed *tls,
                       const struct mesh_tls_memo *memo)
{
    mbedtls_ssl_session session;
    int rc;

    mbedtls_ssl_session_init(&session);
    rc = mbedtls_ssl_session_load(
        &session, (const unsigned char *)memo->rest.at, memo->rest.len);
    if (rc == 0)
        rc = mbedtls_ssl_set_session(&tls->ssl, &session);
    mbedtls_ssl_session_free(&session);
    if (rc != 0)
        return mesh__mbed_fail(MESH_ERR_STATE, rc, "no session of ours");
    return 0;
}

int mesh__tls_mbed_import(struct mesh_tls *base, struct mesh_slice session,
                          int64_t now_s)
{
    struct mesh_tls_mbed *tls = mesh__tls_mbed(base);
    struct mesh_tls_memo memo;
    int rc;

    if (tls->done || tls->failure.code || !mesh__tls_mbed_may_resume() ||
        tls->config->kept.profile.role != MESH__TLS_CLIENT ||
        tls->ssl.MBEDTLS_PRIVATE(state) != MBEDTLS_SSL_HELLO_REQUEST)
        return mesh__fail(MESH_ERR_STATE, "too late to resume");
    rc = mesh__tls_memo_read(session, &memo);
    if (rc == 0)
        rc = mesh__tls_memo_judge(&memo, &tls->config->kept, now_s);
    if (rc == 0)
        rc = set_session(tls, &memo);
    if (rc < 0)
        return rc;
    tls->peer = memo.peer;
    tls->proof = MESH__TLS_TICKET;
    return 0;
}
