/*
 * engine.h - what the files of the mbedTLS engine share: config.c makes
 * configurations, handshake.c proves the peer, records.c carries bytes,
 * ticket.c resumes, mbedtls.c is the table.
 */
#ifndef MESH_TLS_ENGINE_H
#define MESH_TLS_ENGINE_H

#include "base/error.h"
#include "crypto/mbed.h"
#include "tls/memo.h"
#include "tls/profile.h"
#include "tls/tls.h"

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>

#include <pthread.h>
#include <stdatomic.h>

enum {
    MESH__TLS_MBED_PIECE = 16383
}; /* plaintext of a full record: 16383 in
      1.3 of 3.6, one more in 1.2 */

/* The key that tickets are sealed with in one span of time. */
struct mesh_tls_ticket_key {
    uint64_t epoch; /* seconds / MESH__TLS_RESUME_S; 0: no key yet */
    uint8_t key[32];
};

struct mesh_tls_mbed_config {
    struct mesh_tls_config base;
    atomic_int refs;
    struct mesh_tls_kept kept;
    struct mesh_rng *rng; /* borrowed */
    /*
     * mbedTLS wants a list of roots before it verifies anything. This one is
     * empty: its own verdict is thrown away, and identity/ judges the chain
     * with the roots of the peer's trust domain and of no other.
     */
    mbedtls_x509_crt nobody;
    pthread_mutex_t lock;               /* a leaf: guards the keys below */
    struct mesh_tls_ticket_key keys[2]; /* the current one, the one before */
};

typedef int mesh__tls_finished(mbedtls_ssl_context *ssl, unsigned char *out,
                               int from);

/* Where peer comes from. Nothing but DONE after one of the last two. */
enum mesh_tls_proof {
    MESH__TLS_NOBODY,
    MESH__TLS_TICKET, /* from a session that is about to be resumed */
    MESH__TLS_CHAIN   /* judged in this handshake                   */
};

/*
 * One connection. It has an mbedtls_ssl_config of its own, because callbacks
 * of mbedTLS know their configuration and nothing else.
 */
struct mesh_tls_mbed {
    struct mesh_tls base;
    struct mesh_tls_mbed_config *config; /* counted */
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;

    struct mesh_buffer stash;  /* ciphertext taken in for work(), at most a
                                  record and its head                     */
    size_t record_left;        /* bytes of the record being handed over   */
    struct mesh_buffer flight; /* ciphertext made without out at hand     */
    struct mesh_buffer *in;    /* the caller's, while it calls; else NULL */
    struct mesh_buffer *out;

    int64_t now_s; /* as of the last step                     */
    enum mesh_tls_proof proof;
    struct mesh_peer peer;
    char sni[256]; /* server: what the client asked for       */
    bool greeted;  /* server: the hello was looked at         */
    bool done;
    bool resumed;
    bool closed;               /* the peer said close_notify              */
    bool ticket_came;          /* TLS 1.3 client: there is one to export  */
    struct mesh_error failure; /* code 0: none. Kept here because work()
                                  may run on another thread than step()   */
    mesh__tls_finished *calc_finished; /* 2.28's own; see handshake.c     */
};

static inline struct mesh_tls_mbed *mesh__tls_mbed(struct mesh_tls *tls)
{
    return (struct mesh_tls_mbed *)tls;
}

/* config.c */
int mesh__tls_mbed_config_new(const struct mesh_tls_engine *engine,
                              const struct mesh_tls_profile *profile,
                              struct mesh_rng *rng,
                              struct mesh_tls_config **out);
struct mesh_tls_config *mesh__tls_mbed_config_ref(struct mesh_tls_config *c);
void mesh__tls_mbed_config_unref(struct mesh_tls_config *c);
int mesh__tls_mbed_session_new(struct mesh_tls_config *c,
                               struct mesh_tls **out);
void mesh__tls_mbed_session_free(struct mesh_tls *tls);

/* handshake.c */
enum mesh_tls_step mesh__tls_mbed_step(struct mesh_tls *tls,
                                       struct mesh_buffer *in,
                                       struct mesh_buffer *out, int64_t now_s,
                                       int *code);
void mesh__tls_mbed_work(struct mesh_tls *tls);
/* f_vrfy: the judge. */
int mesh__tls_mbed_verify(void *tls, mbedtls_x509_crt *crt, int depth,
                          uint32_t *flags);
/* Turn mbedTLS's code (or one that the judge left) into code and line. */
int mesh__tls_mbed_explain(struct mesh_tls_mbed *tls, int rc);
/* The session has failed with code and this thread's line, which is cleared;
 * the first reason stays. */
void mesh__tls_mbed_keep(struct mesh_tls_mbed *tls, int code);

/* records.c */
int mesh__tls_mbed_recv(void *tls, unsigned char *out, size_t len);
int mesh__tls_mbed_send(void *tls, const unsigned char *data, size_t len);
int mesh__tls_mbed_open(struct mesh_tls *tls, struct mesh_buffer *in,
                        struct mesh_buffer *plain, struct mesh_buffer *out);
int mesh__tls_mbed_seal(struct mesh_tls *tls, const struct mesh_slice *slices,
                        size_t count, struct mesh_buffer *out);
size_t mesh__tls_mbed_sealed_size(size_t plain_bytes);
int mesh__tls_mbed_close_notify(struct mesh_tls *tls, struct mesh_buffer *out);
bool mesh__tls_mbed_pending(const struct mesh_tls *tls);
/* Is there a whole record, or a message of one that was begun? */
bool mesh__tls_mbed_whole(const struct mesh_tls_mbed *tls);

/* ticket.c */
bool mesh__tls_mbed_may_resume(void);
int mesh__tls_mbed_ticket_write(void *tls, const mbedtls_ssl_session *session,
                                unsigned char *start, const unsigned char *end,
                                size_t *len, uint32_t *lifetime_s);
int mesh__tls_mbed_ticket_parse(void *tls, mbedtls_ssl_session *session,
                                unsigned char *bytes, size_t len);
int mesh__tls_mbed_export(struct mesh_tls *tls, struct mesh_buffer *out);
int mesh__tls_mbed_import(struct mesh_tls *tls, struct mesh_slice session,
                          int64_t now_s);

#endif
