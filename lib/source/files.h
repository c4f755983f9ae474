/*
 * files.h - reading policy and identity from files, whole or not at all.
 *
 * Only regular files are read, with a bound; a FIFO, a device or a directory
 * in their place is an error, never a wait. What is read belongs to one
 * generation: when names, inodes, sizes or times moved meanwhile, it is read
 * again.
 */
#ifndef MESH_SOURCE_FILES_H
#define MESH_SOURCE_FILES_H

#include "crypto/x509.h"
#include "identity/bundle.h"
#include "identity/credential.h"
#include "schema/schema.h"

#include <stdint.h>

enum {
    MESH__SOURCE_FILES = 10000, /* policy files in a directory             */
    MESH__SOURCE_TRIES = 5      /* readings until the directory stood still */
};

/*
 * The contents of one file; *out is NUL-terminated besides and given back with
 * mesh__free_secret(*out, *size). 0, MESH_ERR_NOMEM, MESH_ERR_FILES,
 * MESH_ERR_TOO_LARGE (more than max bytes) or MESH_ERR_IO, with the name.
 */
int mesh__file_read(const char *path, size_t max, char **out, size_t *size);

/* What a set of files was when looked at: equal digests, equal contents. */
struct mesh_fingerprint {
    uint8_t digest[MESH__DIGEST];
};

/*
 * All policy files at path (a directory: every .yaml, .yml and .json in it,
 * hidden ones left out, in order of name; or one file) into a new collection,
 * every finding into diagnostics. previous (may be NULL) lends what did not
 * change. *print says what was read. Returns 0 whatever the findings are, or
 * MESH_ERR_NO_POLICY (nothing there), MESH_ERR_IO, MESH_ERR_FILES,
 * MESH_ERR_NOMEM.
 */
int mesh__policy_read(const char *path, const struct mesh_policy_limits *limits,
                      struct mesh_collection *previous,
                      struct mesh_collection **out,
                      struct mesh_diagnostics *diagnostics,
                      struct mesh_fingerprint *print);

/* For each file, without keeping anything: coverage. */
int mesh__policy_each(const char *path, const struct mesh_policy_limits *limits,
                      int (*each)(void *user, const char *name,
                                  struct mesh_slice text),
                      void *user);

/* The fingerprint alone: contents are read and thrown away. */
int mesh__policy_fingerprint(const char *path,
                             const struct mesh_policy_limits *limits,
                             struct mesh_fingerprint *print);

/*
 * cert-chain.pem, key.pem and root-cert.pem of a directory. 0,
 * MESH_ERR_CERTIFICATE, MESH_ERR_IO, MESH_ERR_FILES, MESH_ERR_NOMEM; nothing
 * is set on failure. *print as above.
 */
int mesh__identity_read(const char *directory, int64_t now_s,
                        struct mesh_credential **credential,
                        struct mesh_bundle **bundle,
                        struct mesh_fingerprint *print);
int mesh__identity_fingerprint(const char *directory,
                               struct mesh_fingerprint *print);

/*
 * Write a file that appears whole or not at all (temporary name, fsync,
 * rename). 0 or MESH_ERR_IO.
 */
int mesh__file_write(const char *path, const void *data, size_t size,
                     unsigned mode);

#endif
