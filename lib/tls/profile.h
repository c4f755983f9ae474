/*
 * profile.h - a profile of an engine's own, for as long as its configuration.
 */
#ifndef MESH_TLS_PROFILE_H
#define MESH_TLS_PROFILE_H

#include "tls/tls.h"

/* A deep copy; credential and bundle are counted up. */
struct mesh_tls_kept {
    struct mesh_tls_profile profile; /* its pointers lead into what follows */
    char *sni;                       /* owned                               */
    char **alpn;                     /* owned, with a NULL behind           */
    char **ids;                      /* owned                               */
    char **trust_domains;            /* owned                               */
    uint8_t digest[MESH__DIGEST];    /* of the profile                      */
};

/*
 * 0, MESH_ERR_NOMEM, or MESH_ERR_INVALID: a server without credential, no
 * bundle, an ALPN name that is empty or longer than 255, too many of them.
 * After an error nothing is held.
 */
int mesh__tls_keep(const struct mesh_tls_profile *profile,
                   struct mesh_tls_kept *out);
void mesh__tls_kept_fini(struct mesh_tls_kept *kept);

#endif
