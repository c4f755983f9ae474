/*
 * outside.h - the files of a DestinationRule's tls, and the system's roots.
 */
#ifndef MESH_SOURCE_OUTSIDE_H
#define MESH_SOURCE_OUTSIDE_H

#include "identity/outsides.h"

/*
 * A mesh_outside_read. 0, 1, MESH_ERR_NOMEM, MESH_ERR_IO, _FILES or _TOO_LARGE
 * with the file's name, MESH_ERR_CERTIFICATE.
 */
int mesh__outside_read(void *user, const struct mesh_outside_files *files,
                       uint64_t *print, struct mesh_outside **out);

#endif
