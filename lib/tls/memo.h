/*
 * memo.h - what travels inside a session to be resumed, beside the engine's
 * own bytes: who the peer proved to be, under which profile, until when.
 *
 * A server's memo comes back in a ticket (encrypted by the engine), a client's
 * stays with the client. Bytes are the same on every machine.
 */
#ifndef MESH_TLS_MEMO_H
#define MESH_TLS_MEMO_H

#include "tls/profile.h"

enum {
    MESH__TLS_RESUME_S = 7200
}; /* a session is resumed for two hours,
      as Envoy's (BoringSSL's default)    */

struct mesh_tls_memo {
    uint8_t digest[MESH__DIGEST]; /* of the profile it was made under: mode,
                                     names, credential, bundle, generation */
    int64_t expires_s;
    struct mesh_peer peer;
    struct mesh_slice rest; /* the engine's bytes; borrowed          */
};

/* What a session made now under kept, with this peer, would say. */
void mesh__tls_memo_make(const struct mesh_tls_kept *kept,
                         const struct mesh_peer *peer, int64_t now_s,
                         struct mesh_tls_memo *out);

/* Append; errors as mesh__buffer_append. */
int mesh__tls_memo_write(const struct mesh_tls_memo *memo,
                         struct mesh_buffer *out);

/* 0, or MESH_ERR_STATE for bytes that are no memo. rest points into bytes. */
int mesh__tls_memo_read(struct mesh_slice bytes, struct mesh_tls_memo *out);

/*
 * May it be resumed under this profile now? The same digest, not expired, and
 * the peer passes mesh__peer_rejudge. 0 or MESH_ERR_STATE with the reason.
 */
int mesh__tls_memo_judge(const struct mesh_tls_memo *memo,
                         const struct mesh_tls_kept *kept, int64_t now_s);

#endif
