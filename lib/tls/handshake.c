/*
 * handshake.c - the handshake, driven to its end, with the judge inside.
 *
 * Knows which steps cost and who the peer proved to be; declines to know what
 * is said afterwards. No session is DONE unless identity/ has said yes to a
 * chain in this handshake, or again to the peer of a session that it resumes.
 */
#include "tls/engine.h"

#include "tls/hello.h"

#if MBEDTLS_VERSION_NUMBER < 0x021C0A00
#include <mbedtls/ssl_internal.h>
#endif

/* --- the judge --------------------------------------------------------------
 */

void mesh__tls_mbed_keep(struct mesh_tls_mbed *tls, int code)
{
    if (tls->failure.code == 0)
        (void)mesh__error_out(&tls->failure, code);
    else
        mesh__error_clear(); /* the first reason is the one */
}

static int judge(struct mesh_tls_mbed *tls, const mbedtls_x509_crt *leaf)
{
    const struct mesh_tls_profile *p = &tls->config->kept.profile;
    struct mesh_slice ders[MESH__CHAIN_MAX];
    struct mesh_chain *chain;
    size_t count = 0;
    int rc;

    for (; leaf; leaf = leaf->next) {
        if (count == MESH__CHAIN_MAX)
            return mesh__fail(MESH_ERR_PEER_IDENTITY,
                              "a chain of more than %d certificates",
                              MESH__CHAIN_MAX);
        ders[count++] = mesh__slice((const char *)leaf->raw.p, leaf->raw.len);
    }
    rc = mesh__chain_parse_der(ders, count, &chain);
    if (rc < 0)
        return rc == MESH_ERR_NOMEM ? rc : MESH_ERR_PEER_IDENTITY;
    rc = mesh__peer_judge(chain,
                          p->role == MESH__TLS_CLIENT ? MESH__PEER_SERVER
                                                      : MESH__PEER_CLIENT,
                          p->bundle, &p->expected, tls->now_s, &tls->peer);
    mesh__chain_unref(chain);
    return rc;
}

/*
 * Called by mbedTLS for each certificate of the path it made, the leaf (depth
 * 0) last; the leaf is the head of the chain as it was presented. What mbedTLS
 * thinks of it is overruled. A refusal is an error and not a flag, so that the
 * alert is the same whatever the reason.
 */
int mesh__tls_mbed_verify(void *user, mbedtls_x509_crt *crt, int depth,
                          uint32_t *flags)
{
    struct mesh_tls_mbed *tls = user;
    int rc;

    *flags = 0;
    if (depth > 0)
        return 0;
    tls->proof = MESH__TLS_NOBODY;
    rc = judge(tls, crt);
    if (rc < 0) {
        mesh__tls_mbed_keep(tls, rc);
        return MBEDTLS_ERR_X509_FATAL_ERROR;
    }
    tls->proof = MESH__TLS_CHAIN;
    return 0;
}

/* --- why it failed ----------------------------------------------------------
 */

static int explain_alert(const struct mesh_tls_mbed *tls)
{
    static const struct {
        unsigned char code;
        const char *name;
    } names[] = {
        { 40, "handshake_failure" },
        { 42, "bad_certificate" },
        { 43, "unsupported_certificate" },
        { 44, "certificate_revoked" },
        { 45, "certificate_expired" },
        { 46, "certificate_unknown" },
        { 47, "illegal_parameter" },
        { 48, "unknown_ca" },
        { 49, "access_denied" },
        { 50, "decode_error" },
        { 51, "decrypt_error" },
        { 70, "protocol_version" },
        { 71, "insufficient_security" },
        { 80, "internal_error" },
        { 112, "unrecognized_name" },
        { 116, "certificate_required" },
        { 120, "no_application_protocol" },
    };
    unsigned char code = tls->ssl.MBEDTLS_PRIVATE(in_msg)[1];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].code == code)
            return mesh__fail(MESH_ERR_TLS, "the peer refused: alert %s",
                              names[i].name);
    return mesh__fail(MESH_ERR_TLS, "the peer refused: alert %d", code);
}

int mesh__tls_mbed_explain(struct mesh_tls_mbed *tls, int rc)
{
    if (tls->failure.code)
        return mesh__fail(tls->failure.code, "%s", tls->failure.line);
    switch (rc) {
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        return explain_alert(tls);
    case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
        return mesh__fail(MESH_ERR_PEER_IDENTITY,
                          "the peer has no certificate");
    case MBEDTLS_ERR_SSL_INVALID_RECORD:
        return mesh__fail(MESH_ERR_PROTOCOL, "the peer does not speak TLS, or "
                                             "broke a record");
    case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE:
        return mesh__mbed_fail(MESH_ERR_PROTOCOL, rc, "TLS");
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return mesh__fail(MESH_ERR_TLS, "the peer closed in the handshake");
    default:
        return mesh__mbed_fail(MESH_ERR_TLS, rc, "TLS");
    }
}

/* --- Finished, on 2.28.3 ----------------------------------------------------
 */

#if MBEDTLS_VERSION_NUMBER < 0x021C0A00
/*
 * CVE-2025-27810: before 2.28.10, when memory runs out while the Finished
 * message is computed, what is left of the stack stands in for it. Random
 * bytes stand there instead: nobody can guess them, and the handshake fails.
 *
 * The mended function answers an int, the broken one nothing, and a
 * distribution may mend without a new number. So ours answers what it was
 * answered: who expects nothing does not look.
 */
static int calc_finished(mbedtls_ssl_context *ssl, unsigned char *out, int from)
{
    enum { FINISHED = 12 }; /* bytes, RFC 5246 section 7.4.9 */
    struct mesh_tls_mbed *tls = ssl->p_bio;
    int rc = mesh__mbed_draw(tls->config->rng, out, FINISHED);

    if (rc == 0)
        return tls->calc_finished(ssl, out, from);
    mesh__tls_mbed_keep(tls, mesh__fail(MESH_ERR_SYSTEM, "no random bytes"));
    return rc;
}

static void guard_finished(struct mesh_tls_mbed *tls)
{
    typedef void finished(mbedtls_ssl_context *, unsigned char *, int);
    mbedtls_ssl_handshake_params *handshake = tls->ssl.handshake;
    finished *ours = (finished *)(void (*)(void))calc_finished;

    if (!handshake || !handshake->calc_finished ||
        handshake->calc_finished == ours)
        return;
    tls->calc_finished =
        (mesh__tls_finished *)(void (*)(void))handshake->calc_finished;
    handshake->calc_finished = ours;
}
#else
static void guard_finished(struct mesh_tls_mbed *tls)
{
    (void)tls; /* an error there is an error since 2.28.10 and 3.6.3 */
}
#endif

/* --- what a step costs ------------------------------------------------------
 */

enum cost {
    CHEAP,
    READS, /* a signature, a chain or a key exchange, once the bytes are here */
    WRITES /* the same, without waiting for anything                          */
};

static bool is_13(const struct mesh_tls_mbed *tls)
{
#if MBEDTLS_VERSION_NUMBER < 0x03000000
    (void)tls;
    return false;
#else
    return tls->ssl.MBEDTLS_PRIVATE(tls_version) == MBEDTLS_SSL_VERSION_TLS1_3;
#endif
}

static enum cost cost_of_client(int state, bool is13)
{
    switch (state) {
    case MBEDTLS_SSL_CLIENT_HELLO:
        return is13 ? WRITES : CHEAP;
    case MBEDTLS_SSL_SERVER_HELLO:
        return is13 ? READS : CHEAP;
    case MBEDTLS_SSL_SERVER_CERTIFICATE:
    case MBEDTLS_SSL_SERVER_KEY_EXCHANGE:
        return READS;
    case MBEDTLS_SSL_CLIENT_KEY_EXCHANGE:
        return WRITES;
    case MBEDTLS_SSL_CERTIFICATE_VERIFY:
        return is13 ? READS : WRITES;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    case MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY:
        return WRITES;
#endif
    default:
        return CHEAP;
    }
}

static enum cost cost_of_server(int state, bool is13)
{
    switch (state) {
    case MBEDTLS_SSL_SERVER_HELLO:
        return is13 ? WRITES : CHEAP;
    case MBEDTLS_SSL_SERVER_KEY_EXCHANGE:
        return WRITES;
    case MBEDTLS_SSL_CLIENT_CERTIFICATE:
    case MBEDTLS_SSL_CLIENT_KEY_EXCHANGE:
        return READS;
    case MBEDTLS_SSL_CERTIFICATE_VERIFY:
        return is13 ? WRITES : READS;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    case MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY:
        return READS;
#endif
    default:
        return CHEAP;
    }
}

static bool is_costly(const struct mesh_tls_mbed *tls)
{
    int state = tls->ssl.MBEDTLS_PRIVATE(state);
    enum cost cost = tls->config->kept.profile.role == MESH__TLS_CLIENT
                         ? cost_of_client(state, is_13(tls))
                         : cost_of_server(state, is_13(tls));

    return cost == WRITES || (cost == READS && mesh__tls_mbed_whole(tls));
}

/* --- driven -----------------------------------------------------------------
 */

static bool is_over(const struct mesh_tls_mbed *tls)
{
    return tls->ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_HANDSHAKE_OVER;
}

/*
 * BoringSSL goes on without ALPN when it knows none of the client's names,
 * mbedTLS refuses the client: so the list is only set when one will be found.
 * Returns READ, or DONE to go on.
 */
static enum mesh_tls_step greet(struct mesh_tls_mbed *tls)
{
    const struct mesh_tls_kept *kept = &tls->config->kept;
    struct mesh_slice bytes = mesh__buffer_slice(&tls->stash);
    struct mesh_hello hello;

    switch (mesh__hello_parse(bytes, &hello)) {
    case MESH__HELLO_MORE:
        return MESH__TLS_READ;
    case MESH__HELLO_NOT_TLS:
    case MESH__HELLO_BROKEN: /* mbedTLS says what is wrong */
        break;
    case MESH__HELLO_TLS:
        if (mesh__hello_offers(bytes, kept->profile.alpn,
                               kept->profile.alpn_count))
            (void)mbedtls_ssl_conf_alpn_protocols(&tls->conf,
                                                  (const char **)kept->alpn);
        break;
    }
    tls->greeted = true;
    return MESH__TLS_DONE;
}

/* mbedTLS says nothing to a client without certificate in TLS 1.2. */
static void answer_failure(struct mesh_tls_mbed *tls, int rc, bool silent)
{
    if (rc == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE && silent)
        (void)mbedtls_ssl_send_alert_message(
            &tls->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
            MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
}

/* 0 to go on, 1 to wait for bytes, or our code with the reason kept. */
static int advance(struct mesh_tls_mbed *tls)
{
    size_t before = tls->stash.len;
    size_t said = tls->flight.len;
    int rc;

    guard_finished(tls);
    rc = mbedtls_ssl_handshake_step(&tls->ssl);
    if (rc == MBEDTLS_ERR_SSL_WANT_READ) /* or an alert was passed over */
        return tls->stash.len < before ? 0 : 1;
    if (rc == 0 && tls->failure.code == 0)
        return 0;
    if (rc == 0)
        rc = MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    answer_failure(tls, rc, tls->flight.len == said);
    rc = mesh__tls_mbed_explain(tls, rc);
    mesh__tls_mbed_keep(tls, rc);
    return rc;
}

void mesh__tls_mbed_work(struct mesh_tls *session)
{
    struct mesh_tls_mbed *tls = mesh__tls_mbed(session);

    if (tls->failure.code || is_over(tls))
        return;
    do {
        if (advance(tls) != 0)
            return;
    } while (!is_over(tls) && is_costly(tls));
}

/*
 * A peer may ask for small records (RFC 6066 section 4, RFC 8449). sealed_size
 * could not be kept then, and nobody in a mesh does.
 */
static int check_records(const struct mesh_tls_mbed *tls)
{
    int max = mbedtls_ssl_get_max_out_record_payload(&tls->ssl);

    if (max >= MESH__TLS_MBED_PIECE)
        return 0;
    return mesh__fail(MESH_ERR_TLS, "the peer wants records of %d bytes", max);
}

/* The end: somebody must have been proven. */
static int conclude(struct mesh_tls_mbed *tls)
{
    const struct mesh_tls_profile *p = &tls->config->kept.profile;
    int rc = 0;

    if (tls->proof == MESH__TLS_NOBODY)
        rc = mesh__fail(MESH_ERR_INTERNAL, "a handshake that proved nobody");
    if (tls->proof == MESH__TLS_TICKET)
        rc =
            mesh__peer_rejudge(&tls->peer, p->bundle, &p->expected, tls->now_s);
    if (rc == 0)
        rc = check_records(tls);
    if (rc < 0) {
        mesh__tls_mbed_keep(tls, rc);
        return rc;
    }
    tls->resumed = tls->proof == MESH__TLS_TICKET;
    tls->done = true;
    return 0;
}

/* What was made without the caller's buffer at hand; what fits of it. */
static bool flush(struct mesh_tls_mbed *tls, struct mesh_buffer *out)
{
    size_t room = out->ceiling - out->len;
    size_t len = tls->flight.len < room ? tls->flight.len : room;

    if (len == 0)
        return tls->flight.len > 0;
    if (mesh__buffer_append(out, mesh__buffer_data(&tls->flight), len) < 0) {
        mesh__error_clear();
        mesh__tls_mbed_keep(tls, mesh__fail(MESH_ERR_NOMEM, "TLS flight"));
        return false;
    }
    mesh__buffer_consume(&tls->flight, len);
    return true;
}

static int take_in(struct mesh_tls_mbed *tls, struct mesh_buffer *in)
{
    size_t room = tls->stash.ceiling - tls->stash.len;
    size_t len = in->len < room ? in->len : room;
    int rc = mesh__buffer_append(&tls->stash, mesh__buffer_data(in), len);

    if (rc < 0) {
        mesh__tls_mbed_keep(tls, rc);
        return rc;
    }
    mesh__buffer_consume(in, len);
    return 0;
}

static enum mesh_tls_step run(struct mesh_tls_mbed *tls, struct mesh_buffer *in)
{
    bool server = tls->config->kept.profile.role == MESH__TLS_SERVER;
    int rc = 0;

    while (rc == 0 && !is_over(tls)) {
        rc = take_in(tls, in);
        if (rc == 0 && server && !tls->greeted && greet(tls) == MESH__TLS_READ)
            return MESH__TLS_READ;
        if (rc == 0 && is_costly(tls))
            return MESH__TLS_CPU;
        if (rc == 0)
            rc = advance(tls);
    }
    if (rc == 1)
        return MESH__TLS_READ;
    if (rc == 0)
        rc = conclude(tls);
    return rc < 0 ? MESH__TLS_FAILED : MESH__TLS_DONE;
}

enum mesh_tls_step mesh__tls_mbed_step(struct mesh_tls *session,
                                       struct mesh_buffer *in,
                                       struct mesh_buffer *out, int64_t now_s,
                                       int *code)
{
    struct mesh_tls_mbed *tls = mesh__tls_mbed(session);
    enum mesh_tls_step step = MESH__TLS_DONE;

    *code = 0;
    tls->now_s = now_s;
    if (!tls->failure.code && !tls->done)
        step = run(tls, in);
    if (step == MESH__TLS_CPU)
        return step;
    if (flush(tls, out) && !tls->failure.code)
        return MESH__TLS_WRITE;
    if (tls->failure.code) {
        *code = mesh__tls_mbed_explain(tls, 0);
        return MESH__TLS_FAILED;
    }
    return step;
}
