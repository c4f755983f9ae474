/*
 * tls.h - the engine seam: bytes in, bytes out, no socket, no clock, no HTTP.
 *
 * A profile says what a handshake must prove; an engine turns it into a
 * counted configuration; sessions are made from that. Ciphertext lies in the
 * caller's buffers. Certificates are judged by identity/ inside the handshake,
 * with the time given to step, never by the library's clock.
 *
 * Two engines: mbedTLS (tls/mbedtls.c; 2.28 and 3.6) and tests/support/fake_tls
 * (deterministic, carries an identity, can lie).
 */
#ifndef MESH_TLS_TLS_H
#define MESH_TLS_TLS_H

#include "base/buffer.h"
#include "crypto/rng.h"
#include "identity/bundle.h"
#include "identity/credential.h"
#include "identity/peer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__TLS_RECORD = 16384,      /* plaintext bytes of a record at most  */
    MESH__TLS_BUFFER = 256 * 1024, /* ceiling of a ciphertext buffer       */
    MESH__TLS_SESSION_MAX = 16 * 1024, /* bytes of an exported session       */
    MESH__TLS_ALPN_MAX = 8
};

enum { MESH__TLS_1_2 = 0x0303, MESH__TLS_1_3 = 0x0304 };

enum mesh_tls_role { MESH__TLS_CLIENT, MESH__TLS_SERVER };

/* What a handshake must prove. Borrowed by config_new, copied there. */
struct mesh_tls_profile {
    enum mesh_tls_role role;
    const char *sni;         /* clients; NULL sends none                 */
    const char *const *alpn; /* offered, or acceptable in our order      */
    size_t alpn_count;
    struct mesh_expected expected;
    struct mesh_credential *credential; /* counted up by the configuration  */
    struct mesh_bundle *bundle;
    uint64_t generation; /* of the identity; part of the digest      */
    int min_version;     /* MESH__TLS_1_2, MESH__TLS_1_3; 0: 1.2     */
    int max_version;     /* 0: the highest the engine can            */
};

/* The key of shelves: SHA-256 over every field above. */
int mesh__tls_profile_digest(const struct mesh_tls_profile *profile,
                             uint8_t out[MESH__DIGEST]);

enum mesh_tls_step {
    MESH__TLS_DONE,  /* the handshake is complete and the peer is judged   */
    MESH__TLS_READ,  /* give more ciphertext                               */
    MESH__TLS_WRITE, /* send what is in out, then step again               */
    MESH__TLS_CPU,   /* call work, on any thread that owns the session     */
    MESH__TLS_FAILED /* code and line say why; out may hold an alert       */
};

enum { /* what open answers besides a negative error code */
       MESH__TLS_OPENED = 0, /* plain grew, or more ciphertext is needed     */
       MESH__TLS_CLOSED = 1  /* close_notify: the peer will send no more     */
};

struct mesh_tls_config; /* counted, immutable, any thread */
struct mesh_tls;        /* one connection, one owner      */

struct mesh_tls_info {
    const char *protocol; /* "TLSv1.2", "TLSv1.3"         */
    const char *cipher;   /* "ECDHE-ECDSA-AES256-GCM-SHA384" style */
    const char *alpn;     /* "" when none was negotiated  */
    const char *sni;      /* what the client asked for, "" when none */
    bool resumed;
};

struct mesh_tls_engine {
    const char *name;

    /* 0, MESH_ERR_NOMEM, MESH_ERR_TLS. rng is borrowed and must outlive it. */
    int (*config_new)(const struct mesh_tls_engine *engine,
                      const struct mesh_tls_profile *profile,
                      struct mesh_rng *rng, struct mesh_tls_config **out);
    struct mesh_tls_config *(*config_ref)(struct mesh_tls_config *config);
    void (*config_unref)(struct mesh_tls_config *config);

    /* Holds a reference to config. */
    int (*session_new)(struct mesh_tls_config *config, struct mesh_tls **out);
    void (*session_free)(struct mesh_tls *tls);

    /*
     * Go on with the handshake: takes from in, adds to out. Both are the
     * caller's. After FAILED *code and this thread's line hold the reason
     * (MESH_ERR_PEER_IDENTITY, MESH_ERR_TLS, MESH_ERR_NOMEM,
     * MESH_ERR_PROTOCOL); what is in out is sent, then the stream closed.
     */
    enum mesh_tls_step (*step)(struct mesh_tls *tls, struct mesh_buffer *in,
                               struct mesh_buffer *out, int64_t now_s,
                               int *code);
    /* After CPU; then step again. */
    void (*work)(struct mesh_tls *tls);

    /*
     * Decrypt what is whole in in, appending to plain up to its ceiling; what
     * does not fit stays for later. MESH__TLS_OPENED, MESH__TLS_CLOSED, or an
     * error code. May append to out (an alert, a ticket's answer).
     */
    int (*open)(struct mesh_tls *tls, struct mesh_buffer *in,
                struct mesh_buffer *plain, struct mesh_buffer *out);
    /*
     * Encrypt the slices in order into as few records as they fit in, head and
     * body of a message in one. All or nothing: MESH_ERR_TOO_LARGE when out
     * has no room (nothing is sealed), MESH_ERR_NOMEM, MESH_ERR_TLS.
     */
    int (*seal)(struct mesh_tls *tls, const struct mesh_slice *slices,
                size_t count, struct mesh_buffer *out);
    /* Ciphertext bytes at most for this many plaintext bytes. */
    size_t (*sealed_size)(size_t plain_bytes);
    /* Say that we shall send no more. */
    int (*close_notify)(struct mesh_tls *tls, struct mesh_buffer *out);

    /* After DONE; NULL where the peer proved nothing. */
    const struct mesh_peer *(*peer)(const struct mesh_tls *tls);
    void (*info)(const struct mesh_tls *tls, struct mesh_tls_info *out);

    /*
     * A session to resume: opaque bytes with our own data inside (peer, expiry,
     * profile digest). MESH_ERR_STATE when there is none (yet). import before
     * the first step; what does not fit the configuration's profile, or has
     * expired at now_s, is refused with MESH_ERR_STATE and a full handshake
     * follows.
     */
    int (*session_export)(struct mesh_tls *tls, struct mesh_buffer *out);
    int (*session_import)(struct mesh_tls *tls, struct mesh_slice session,
                          int64_t now_s);
    /* Bytes of plaintext waiting inside the engine (never left behind). */
    bool (*pending)(const struct mesh_tls *tls);
    /* Heap bytes this session holds, as far as the engine can tell. */
    size_t (*memory)(const struct mesh_tls *tls);
};

/* The production engine. */
const struct mesh_tls_engine *mesh__tls_mbedtls(void);

/* The head of every engine's session and configuration structures. */
struct mesh_tls {
    const struct mesh_tls_engine *engine;
};
struct mesh_tls_config {
    const struct mesh_tls_engine *engine;
};

#endif
