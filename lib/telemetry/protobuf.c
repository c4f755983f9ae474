/*
 * protobuf.c - the wire format of protocol buffers, the writing half.
 *
 * Knows varints, fixed numbers and lengths; declines to know any schema.
 */
#include "telemetry/protobuf.h"

#include <string.h>

/* protobuf.dev/programming-guides/encoding */
enum wire { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

enum { VARINT_MAX = 10, MORE = 0x80 };

void mesh__proto_init(struct mesh_proto *proto, struct mesh_buffer *out)
{
    *proto = (struct mesh_proto){ .out = out };
}

static void raw(struct mesh_proto *proto, const void *data, size_t len)
{
    if (proto->rc == 0)
        proto->rc = mesh__buffer_append(proto->out, data, len);
}

static size_t pack(uint64_t value, uint8_t out[VARINT_MAX])
{
    size_t len = 0;

    while (value >= MORE) {
        out[len++] = (uint8_t)(value | MORE);
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

static void number(struct mesh_proto *proto, uint64_t value)
{
    uint8_t bytes[VARINT_MAX];

    raw(proto, bytes, pack(value, bytes));
}

static void tag(struct mesh_proto *proto, unsigned field, enum wire wire)
{
    number(proto, (uint64_t)field << 3 | wire);
}

static void little_endian(struct mesh_proto *proto, uint64_t value, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    raw(proto, bytes, len);
}

void mesh__proto_varint(struct mesh_proto *proto, unsigned field,
                        uint64_t value)
{
    tag(proto, field, VARINT);
    number(proto, value);
}

void mesh__proto_fixed64(struct mesh_proto *proto, unsigned field,
                         uint64_t value)
{
    tag(proto, field, FIXED64);
    little_endian(proto, value, 8);
}

void mesh__proto_fixed32(struct mesh_proto *proto, unsigned field,
                         uint32_t value)
{
    tag(proto, field, FIXED32);
    little_endian(proto, value, 4);
}

void mesh__proto_bytes(struct mesh_proto *proto, unsigned field,
                       struct mesh_slice value)
{
    tag(proto, field, LENGTH);
    number(proto, value.len);
    raw(proto, value.at, value.len);
}

void mesh__proto_text(struct mesh_proto *proto, unsigned field,
                      const char *value)
{
    struct mesh_slice text = mesh__slice_of(value);
    char *at;

    mesh__proto_bytes(proto, field, text);
    if (proto->rc < 0 || text.len == 0)
        return;
    at = mesh__buffer_data(proto->out) + proto->out->len - text.len;
    for (size_t i = 0; i < text.len; i++)
        if (at[i] < 0x20 || at[i] > 0x7e)
            at[i] = '?';
}

/* One byte stands for the length until it is known. */
size_t mesh__proto_open(struct mesh_proto *proto, unsigned field)
{
    tag(proto, field, LENGTH);
    raw(proto, "", 1);
    return proto->out->len;
}

void mesh__proto_close(struct mesh_proto *proto, size_t mark)
{
    uint8_t bytes[VARINT_MAX];
    size_t inside;
    size_t len;
    char *at;

    if (proto->rc < 0)
        return;
    inside = proto->out->len - mark;
    len = pack(inside, bytes);
    raw(proto, bytes, len - 1); /* room behind, for the shift */
    if (proto->rc < 0)
        return;
    at = mesh__buffer_data(proto->out) + mark - 1;
    memmove(at + len, at + 1, inside);
    memcpy(at, bytes, len);
}
