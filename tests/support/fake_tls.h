/*
 * fake_tls.h - a TLS engine for tests: deterministic, carries an identity, can
 * lie.
 *
 * Everything that the seam of tls/tls.h promises and not a bit of secrecy. The
 * first bytes are a ClientHello that mesh__hello_parse reads; each record ends
 * in a check over its place in the stream, so that a flipped, lost or repeated
 * record is found. No dice are thrown: the same calls give the same bytes.
 *
 * Names are shown, not proven: a fake credential has neither chain nor key, a
 * fake bundle no roots. Judged are expiry, trust domain and expected names.
 */
#ifndef MESH_FAKE_TLS_H
#define MESH_FAKE_TLS_H

#include "tls/tls.h"

/* Set the wishes before sessions are made; one fake may serve many. */
struct fake_tls {
    struct mesh_tls_engine engine; /* first: hand out &fake->engine       */
    const char *claim;   /* the id to show; NULL: the credential's        */
    size_t fail_at_step; /* this call of step fails, from 1; 0: none      */
    bool cpu;            /* answer CPU once in each handshake             */
    bool no_tickets;     /* none are given or taken                       */
};

void fake_tls_init(struct fake_tls *fake);

/* A credential of this id that ends then. NULL when memory is out. */
struct mesh_credential *fake_credential(const char *id, int64_t not_after_s);

/* A bundle that vouches for this trust domain. NULL when memory is out. */
struct mesh_bundle *fake_bundle(const char *trust_domain);

#endif
