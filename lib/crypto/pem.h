/*
 * pem.h - the blocks of a PEM file, read strictly (RFC 7468).
 *
 * mbedTLS takes a file whose second block is cut off and says that all is
 * well; here one broken line refuses the file.
 */
#ifndef MESH_CRYPTO_PEM_H
#define MESH_CRYPTO_PEM_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct mesh_pem {
    const char *name;        /* the file's, for messages             */
    struct mesh_slice rest;  /* what was not read yet                */
    size_t number;           /* of the block read last, from 1       */
    struct mesh_slice label; /* "CERTIFICATE"                        */
    struct mesh_slice body;  /* lines of base64 between the markers  */
};

/* 0, or MESH_ERR_CERTIFICATE for a file beyond MESH__PEM_MAX or with a NUL. */
int mesh__pem_init(struct mesh_pem *pem, const char *name,
                   struct mesh_slice text);

/*
 * The next block. 1 with label and body filled, 0 at the end of the file, or
 * MESH_ERR_CERTIFICATE. Text between blocks is passed over.
 */
int mesh__pem_next(struct mesh_pem *pem);

/*
 * The bytes of the body. *out is the caller's, to be returned with
 * mesh__free_secret(). 0, MESH_ERR_NOMEM or MESH_ERR_CERTIFICATE.
 */
int mesh__pem_decode(const struct mesh_pem *pem, uint8_t **out, size_t *len);

#endif
