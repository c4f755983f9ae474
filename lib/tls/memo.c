/*
 * memo.c - what travels inside a session to be resumed.
 *
 * Knows how to write and read it, and when it counts no more; declines to know
 * how an engine keeps its own part secret.
 */
#include "tls/memo.h"

#include "base/error.h"

enum { FORMAT = 1 }; /* first byte; another one is not read */

void mesh__tls_memo_make(const struct mesh_tls_kept *kept,
                         const struct mesh_peer *peer, int64_t now_s,
                         struct mesh_tls_memo *out)
{
    const struct mesh_credential *own = kept->profile.credential;
    int64_t end_s = now_s + MESH__TLS_RESUME_S;

    if (peer->not_after_s < end_s)
        end_s = peer->not_after_s;
    if (own && own->not_after_s < end_s)
        end_s = own->not_after_s;
    *out = (struct mesh_tls_memo){ .expires_s = end_s, .peer = *peer };
    memcpy(out->digest, kept->digest, sizeof(out->digest));
}

/* --- written ----------------------------------------------------------------
 */

static int put_number(struct mesh_buffer *out, uint64_t value, int bytes)
{
    uint8_t digits[8];

    for (int i = 0; i < bytes; i++)
        digits[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return mesh__buffer_append(out, digits, (size_t)bytes);
}

static int put_slice(struct mesh_buffer *out, struct mesh_slice slice)
{
    int rc = put_number(out, slice.len, 4);

    return rc < 0 ? rc : mesh__buffer_append(out, slice.at, slice.len);
}

int mesh__tls_memo_write(const struct mesh_tls_memo *memo,
                         struct mesh_buffer *out)
{
    const struct mesh_peer *peer = &memo->peer;
    int rc = put_number(out, FORMAT, 1);

    if (rc == 0)
        rc = mesh__buffer_append(out, memo->digest, MESH__DIGEST);
    if (rc == 0)
        rc = put_number(out, (uint64_t)memo->expires_s, 8);
    if (rc == 0)
        rc = put_number(out, (uint64_t)peer->not_after_s, 8);
    if (rc == 0)
        rc = mesh__buffer_append(out, peer->digest, MESH__DIGEST);
    if (rc == 0)
        rc = put_slice(out, mesh__slice_of(peer->id));
    if (rc == 0)
        rc = put_slice(out, mesh__slice_of(peer->subject));
    return rc < 0 ? rc : put_slice(out, memo->rest);
}

/* --- read -------------------------------------------------------------------
 */

static bool get_bytes(struct mesh_slice *from, void *out, size_t len)
{
    if (from->len < len)
        return false;
    memcpy(out, from->at, len);
    *from = mesh__slice(from->at + len, from->len - len);
    return true;
}

static bool get_number(struct mesh_slice *from, int bytes, uint64_t *out)
{
    uint8_t digits[8];

    if (!get_bytes(from, digits, (size_t)bytes))
        return false;
    *out = 0;
    for (int i = 0; i < bytes; i++)
        *out = *out << 8 | digits[i];
    return true;
}

static bool get_slice(struct mesh_slice *from, struct mesh_slice *out)
{
    uint64_t len;

    if (!get_number(from, 4, &len) || len > from->len)
        return false;
    *out = mesh__slice(from->at, (size_t)len);
    *from = mesh__slice(from->at + len, from->len - (size_t)len);
    return true;
}

/* A text without NUL that leaves room for one. */
static bool get_text(struct mesh_slice *from, char *out, size_t size)
{
    struct mesh_slice text;

    if (!get_slice(from, &text) || text.len >= size ||
        (text.len && memchr(text.at, '\0', text.len)))
        return false;
    if (text.len)
        memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return true;
}

static bool get_memo(struct mesh_slice from, struct mesh_tls_memo *out)
{
    uint64_t format = 0;
    uint64_t expires = 0;
    uint64_t not_after = 0;
    bool fine = get_number(&from, 1, &format) && format == FORMAT &&
                get_bytes(&from, out->digest, MESH__DIGEST) &&
                get_number(&from, 8, &expires) &&
                get_number(&from, 8, &not_after) &&
                get_bytes(&from, out->peer.digest, MESH__DIGEST) &&
                get_text(&from, out->peer.id, sizeof(out->peer.id)) &&
                get_text(&from, out->peer.subject, sizeof(out->peer.subject)) &&
                get_slice(&from, &out->rest) && from.len == 0;

    out->expires_s = (int64_t)expires;
    out->peer.not_after_s = (int64_t)not_after;
    return fine;
}

int mesh__tls_memo_read(struct mesh_slice bytes, struct mesh_tls_memo *out)
{
    *out = (struct mesh_tls_memo){ .expires_s = 0 };
    if (!get_memo(bytes, out)) {
        *out = (struct mesh_tls_memo){ .expires_s = 0 };
        return mesh__fail(MESH_ERR_STATE, "no session of ours");
    }
    return 0;
}

int mesh__tls_memo_judge(const struct mesh_tls_memo *memo,
                         const struct mesh_tls_kept *kept, int64_t now_s)
{
    const struct mesh_tls_profile *p = &kept->profile;

    if (memcmp(memo->digest, kept->digest, MESH__DIGEST) != 0)
        return mesh__fail(MESH_ERR_STATE,
                          "a session made under another profile or identity");
    if (now_s >= memo->expires_s)
        return mesh__fail(MESH_ERR_STATE, "an expired session");
    if (mesh__peer_rejudge(&memo->peer, p->bundle, &p->expected, now_s) < 0)
        return MESH_ERR_STATE; /* with its reason */
    return 0;
}
