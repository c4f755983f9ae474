/*
 * grpc.h - what a failure looks like to a gRPC caller: HTTP 200, and its reason
 * in grpc-status and grpc-message (gRPC over HTTP/2, "Responses").
 */
#ifndef MESH_VALUE_GRPC_H
#define MESH_VALUE_GRPC_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* application/grpc, or application/grpc+something; as Envoy, letter by letter.
 */
bool mesh__grpc_is(struct mesh_slice content_type);

/* The grpc-status for an HTTP status, as Envoy maps them: "7" for 403. */
const char *mesh__grpc_status(unsigned status);

/* "14" for UNAVAILABLE; NULL for what is no status's name. */
const char *mesh__grpc_number(struct mesh_slice name);

/*
 * A grpc-timeout, "300m": whole milliseconds, rounded up. False for what is
 * none (gRPC over HTTP/2, "Requests": at most eight digits and a unit).
 */
bool mesh__grpc_timeout(struct mesh_slice value, uint64_t *ms);
/* In the finest unit that has room for it; NULL: no memory. */
char *mesh__grpc_timeout_print(struct mesh_arena *arena, uint64_t ms);

/* text with all but printable ASCII and '%' escaped; NULL: no memory. */
char *mesh__grpc_message(struct mesh_arena *arena, struct mesh_slice text);

#endif
