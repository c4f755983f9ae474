/*
 * protobuf.h - fields of protocol buffers, one after the other into a buffer.
 *
 * The first failure sticks in rc and silences the rest; look once at the end.
 * A field's number is the schema's. Nested messages are opened and closed in
 * order; lengths are written the short way.
 */
#ifndef MESH_TELEMETRY_PROTOBUF_H
#define MESH_TELEMETRY_PROTOBUF_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct mesh_proto {
    struct mesh_buffer *out; /* borrowed                    */
    int rc;                  /* 0, or the first failure     */
};

void mesh__proto_init(struct mesh_proto *proto, struct mesh_buffer *out);

void mesh__proto_varint(struct mesh_proto *proto, unsigned field,
                        uint64_t value);
void mesh__proto_fixed64(struct mesh_proto *proto, unsigned field,
                         uint64_t value);
void mesh__proto_fixed32(struct mesh_proto *proto, unsigned field,
                         uint32_t value);
void mesh__proto_bytes(struct mesh_proto *proto, unsigned field,
                       struct mesh_slice value);

/*
 * A string that any reader takes as UTF-8: what is not printable ASCII
 * becomes '?'. NULL counts as "".
 */
void mesh__proto_text(struct mesh_proto *proto, unsigned field,
                      const char *value);

/* A nested message: close gets what open gave back. */
size_t mesh__proto_open(struct mesh_proto *proto, unsigned field);
void mesh__proto_close(struct mesh_proto *proto, size_t mark);

#endif
