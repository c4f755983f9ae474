/*
 * hello.h - is this a ClientHello, and what does it ask for? (No engine.)
 *
 * PERMISSIVE decides from the first bytes: TLS with one of Istio's ALPN values
 * is mesh TLS; other TLS has no place on an HTTP port; the rest is plaintext.
 */
#ifndef MESH_TLS_HELLO_H
#define MESH_TLS_HELLO_H

#include "base/slice.h"

#include <stdbool.h>

enum { MESH__HELLO_MAX = 16 * 1024 }; /* a longer one is refused, as Envoy */

enum mesh_hello_verdict {
    MESH__HELLO_MORE,    /* undecided: too few bytes              */
    MESH__HELLO_NOT_TLS, /* the first bytes are no handshake record */
    MESH__HELLO_TLS,     /* a whole ClientHello: *out is filled   */
    MESH__HELLO_BROKEN   /* begins as TLS and cannot be one, or too long */
};

struct mesh_hello {
    struct mesh_slice sni; /* empty when absent; borrowed or in scratch */
    bool istio_alpn;       /* offers istio, istio-peer-exchange,
                              istio-http/1.0, istio-http/1.1 or istio-h2 */
    bool istio_http_alpn;  /* offers one of the istio-http ones          */
    char scratch[255];     /* do not copy: sni may point here            */
};

/*
 * Look at the first bytes of a connection, handshake records possibly cut in
 * many. Any prefix of a hello gives MORE, never NOT_TLS.
 */
enum mesh_hello_verdict mesh__hello_parse(struct mesh_slice bytes,
                                          struct mesh_hello *out);

/* Is this a whole ClientHello that offers one of these protocols? */
bool mesh__hello_offers(struct mesh_slice bytes, const char *const *alpn,
                        size_t count);

#endif
