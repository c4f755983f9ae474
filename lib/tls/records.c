/*
 * records.c - plaintext to records and back.
 *
 * Ciphertext lies in the caller's buffers; mbedTLS is handed whole records
 * only. Declines to know who the peer is.
 */
#include "tls/engine.h"

enum {
    HEAD = 5,                      /* of a record                          */
    CIPHERTEXT_MAX = 16384 + 2048, /* bytes behind it, RFC 5246 6.2.3      */
    OVERHEAD = 64                  /* head, nonce, padding and tag at most */
};

/* --- bytes for mbedTLS ------------------------------------------------------
 */

/*
 * Bytes of the record at the front, 0 when its head is not whole. Of what is no
 * record, or too long, the head alone: mbedTLS then says what is wrong.
 */
static size_t record_size(struct mesh_slice bytes)
{
    const unsigned char *head = (const unsigned char *)bytes.at;
    size_t len;

    if (bytes.len < HEAD)
        return 0;
    len = (size_t)head[3] << 8 | head[4];
    if (head[0] < 20 || head[0] > 24 || head[1] != 3 || len > CIPHERTEXT_MAX)
        return HEAD;
    return HEAD + len;
}

static bool is_whole(struct mesh_slice bytes)
{
    size_t size = record_size(bytes);

    return size > 0 && bytes.len >= size;
}

bool mesh__tls_mbed_whole(const struct mesh_tls_mbed *tls)
{
    const struct mesh_buffer *from =
        tls->stash.len || !tls->in ? &tls->stash : tls->in;

    return tls->record_left > 0 || mbedtls_ssl_check_pending(&tls->ssl) ||
           is_whole(mesh__buffer_slice(from));
}

/* What is left in the stash becomes a whole record. 0 or our code. */
static int complete(struct mesh_tls_mbed *tls)
{
    struct mesh_buffer *stash = &tls->stash;

    while (stash->len && tls->in && tls->in->len &&
           !is_whole(mesh__buffer_slice(stash))) {
        size_t size = record_size(mesh__buffer_slice(stash));
        size_t need = (size ? size : HEAD) - stash->len;
        size_t len = need < tls->in->len ? need : tls->in->len;
        int rc = mesh__buffer_append(stash, mesh__buffer_data(tls->in), len);

        if (rc < 0)
            return rc;
        mesh__buffer_consume(tls->in, len);
    }
    return 0;
}

/* f_recv: of one whole record at a time, and nothing of half a one. */
int mesh__tls_mbed_recv(void *user, unsigned char *out, size_t len)
{
    struct mesh_tls_mbed *tls = user;
    struct mesh_buffer *from = tls->stash.len ? &tls->stash : tls->in;

    if (!from)
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (tls->record_left == 0) {
        if (from == &tls->stash && complete(tls) < 0)
            return MBEDTLS_ERR_SSL_ALLOC_FAILED;
        if (!is_whole(mesh__buffer_slice(from)))
            return MBEDTLS_ERR_SSL_WANT_READ;
        tls->record_left = record_size(mesh__buffer_slice(from));
    }
    if (len > tls->record_left)
        len = tls->record_left;
    memcpy(out, mesh__buffer_data(from), len);
    mesh__buffer_consume(from, len);
    tls->record_left -= len;
    return (int)len;
}

/* f_send: all or nothing. */
int mesh__tls_mbed_send(void *user, const unsigned char *data, size_t len)
{
    struct mesh_tls_mbed *tls = user;
    struct mesh_buffer *out = tls->out ? tls->out : &tls->flight;

    if (mesh__buffer_append(out, data, len) < 0) {
        mesh__error_clear();
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    return (int)len;
}

/* --- open -------------------------------------------------------------------
 */

/* Bytes that the next read can give at most, and that plain can take. */
static size_t room_for(const struct mesh_tls_mbed *tls,
                       const struct mesh_buffer *plain)
{
    size_t most = mbedtls_ssl_get_bytes_avail(&tls->ssl);
    size_t room = plain->ceiling - plain->len;

    if (most == 0)
        most = tls->stash.len + tls->in->len;
    if (most > MESH__TLS_RECORD)
        most = MESH__TLS_RECORD;
    if (most == 0)
        most = 1; /* a message that was begun: never data */
    return most < room ? most : room;
}

/* One read: *n is what mbedTLS says. 0 or our code. */
static int read_some(struct mesh_tls_mbed *tls, struct mesh_buffer *plain,
                     int *n)
{
    size_t room = room_for(tls, plain);
    char *to;
    int rc = mesh__buffer_reserve(plain, room, &to);

    if (rc < 0)
        return rc;
    *n = mbedtls_ssl_read(&tls->ssl, (unsigned char *)to, room);
    if (*n > 0)
        mesh__buffer_commit(plain, (size_t)*n);
    return 0;
}

/*
 * Has nothing ended? 0 is an empty record and no end (recv never answers 0);
 * WANT_READ also means an ignored alert, or a ticket that is looked at in the
 * next call.
 */
static bool goes_on(struct mesh_tls_mbed *tls, int n)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    if (n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        tls->ticket_came = true;
        return true;
    }
#endif
    if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        tls->closed = true;
        return true;
    }
    return n >= 0 || n == MBEDTLS_ERR_SSL_WANT_READ;
}

static int read_all(struct mesh_tls_mbed *tls, struct mesh_buffer *plain)
{
    size_t ahead = SIZE_MAX; /* before the read before */

    for (;;) {
        size_t now_ahead = tls->stash.len + tls->in->len;
        int rc = complete(tls);
        int n;

        if (rc < 0)
            return rc;
        if (tls->closed)
            return MESH__TLS_CLOSED;
        if (plain->len == plain->ceiling || !mesh__tls_mbed_whole(tls))
            return MESH__TLS_OPENED;
        rc = read_some(tls, plain, &n);
        if (rc < 0)
            return rc;
        if (!goes_on(tls, n))
            return mesh__tls_mbed_explain(tls, n);
        if (n == MBEDTLS_ERR_SSL_WANT_READ && now_ahead == ahead)
            return MESH__TLS_OPENED; /* neither bytes nor progress */
        ahead = now_ahead;
    }
}

int mesh__tls_mbed_open(struct mesh_tls *session, struct mesh_buffer *in,
                        struct mesh_buffer *plain, struct mesh_buffer *out)
{
    struct mesh_tls_mbed *tls = mesh__tls_mbed(session);
    int rc;

    if (!tls->done)
        return mesh__fail(MESH_ERR_STATE, "the TLS handshake is not over");
    if (tls->failure.code)
        return mesh__tls_mbed_explain(tls, 0);
    tls->in = in;
    tls->out = out;
    rc = read_all(tls, plain);
    tls->in = NULL;
    tls->out = NULL;
    if (tls->stash.len == 0)
        mesh__buffer_fini(&tls->stash); /* not needed again */
    if (rc >= 0)
        return rc;
    mesh__tls_mbed_keep(tls, rc);
    return mesh__tls_mbed_explain(tls, 0);
}

bool mesh__tls_mbed_pending(const struct mesh_tls *session)
{
    const struct mesh_tls_mbed *tls = (const struct mesh_tls_mbed *)session;

    return mbedtls_ssl_get_bytes_avail(&tls->ssl) > 0 || tls->stash.len > 0;
}

/* --- seal -------------------------------------------------------------------
 */

size_t mesh__tls_mbed_sealed_size(size_t plain_bytes)
{
    return plain_bytes + (plain_bytes / MESH__TLS_MBED_PIECE + 1) * OVERHEAD;
}

/* Where we are in the slices. */
struct cursor {
    const struct mesh_slice *slice;
    size_t offset;
    size_t left; /* of all slices */
};

static void skip(struct cursor *cursor, size_t len)
{
    cursor->left -= len;
    cursor->offset += len;
    while (cursor->left && cursor->offset >= cursor->slice->len) {
        cursor->offset -= cursor->slice->len;
        cursor->slice++;
    }
}

/*
 * The next len bytes in one piece: where they lie, or gathered at to, which is
 * the far end of the room that their own record will be written to.
 */
static const char *piece_of(const struct cursor *cursor, size_t len, char *to)
{
    struct cursor at = *cursor;
    char *end = to;

    if (at.slice->len - at.offset >= len)
        return at.slice->at + at.offset;
    while (len > 0) {
        size_t part = at.slice->len - at.offset;

        if (part > len)
            part = len;
        memcpy(end, at.slice->at + at.offset, part);
        end += part;
        len -= part;
        skip(&at, part);
    }
    return to;
}

/* The end of the room that is reserved is scratch until it is reached. */
static int write_all(struct mesh_tls_mbed *tls, struct cursor *cursor,
                     char *end)
{
    int max = mbedtls_ssl_get_max_out_record_payload(&tls->ssl);

    if (max <= 0)
        return max < 0 ? max : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    while (cursor->left > 0) {
        size_t len = cursor->left < (size_t)max ? cursor->left : (size_t)max;
        const char *piece = piece_of(cursor, len, end - len);
        int n = mbedtls_ssl_write(&tls->ssl, (const unsigned char *)piece, len);

        if (n <= 0)
            return n < 0 ? n : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
        skip(cursor, (size_t)n);
    }
    return 0;
}

static int seal(struct mesh_tls_mbed *tls, struct cursor *cursor,
                struct mesh_buffer *out)
{
    size_t size = mesh__tls_mbed_sealed_size(cursor->left);
    size_t before = out->len;
    char *room;
    int rc = mesh__buffer_reserve(out, size, &room);

    if (rc < 0)
        return rc;
    tls->out = out;
    rc = write_all(tls, cursor, room + size);
    tls->out = NULL;
    if (rc == 0)
        return 0;
    out->len = before;
    mesh__tls_mbed_keep(tls, mesh__tls_mbed_explain(tls, rc));
    return mesh__tls_mbed_explain(tls, 0);
}

int mesh__tls_mbed_seal(struct mesh_tls *session,
                        const struct mesh_slice *slices, size_t count,
                        struct mesh_buffer *out)
{
    struct mesh_tls_mbed *tls = mesh__tls_mbed(session);
    struct cursor cursor = { .slice = slices };

    if (!tls->done)
        return mesh__fail(MESH_ERR_STATE, "the TLS handshake is not over");
    if (tls->failure.code)
        return mesh__tls_mbed_explain(tls, 0);
    for (size_t i = 0; i < count; i++) {
        if (slices[i].len > MESH__TLS_BUFFER - cursor.left)
            return mesh__fail(MESH_ERR_TOO_LARGE, "more than %d bytes at once",
                              MESH__TLS_BUFFER);
        cursor.left += slices[i].len;
    }
    if (cursor.left == 0)
        return 0;
    skip(&cursor, 0); /* to the first that is not empty */
    return seal(tls, &cursor, out);
}

int mesh__tls_mbed_close_notify(struct mesh_tls *session,
                                struct mesh_buffer *out)
{
    struct mesh_tls_mbed *tls = mesh__tls_mbed(session);
    int rc;

    if (!tls->done || tls->failure.code)
        return mesh__fail(MESH_ERR_STATE, "no TLS session to close");
    tls->out = out;
    rc = mbedtls_ssl_close_notify(&tls->ssl);
    tls->out = NULL;
    return rc == 0 ? 0 : mesh__mbed_fail(MESH_ERR_TLS, rc, "close_notify");
}
