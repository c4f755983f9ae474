/*
 * grpc.c - an HTTP answer's status and text in gRPC's words.
 *
 * Knows two tables of Envoy's (source/common/grpc/). Declines to know who
 * answers.
 */
#include "value/grpc.h"

bool mesh__grpc_is(struct mesh_slice content_type)
{
    static const struct mesh_slice type = { "application/grpc", 16 };

    if (!mesh__slice_starts(content_type, type))
        return false;
    return content_type.len == type.len || content_type.at[type.len] == '+';
}

const char *mesh__grpc_status(unsigned status)
{
    switch (status) {
    case 400:
        return "13"; /* INTERNAL */
    case 401:
        return "16"; /* UNAUTHENTICATED */
    case 403:
        return "7"; /* PERMISSION_DENIED */
    case 404:
        return "12"; /* UNIMPLEMENTED */
    case 429:
    case 502:
    case 503:
    case 504:
        return "14"; /* UNAVAILABLE */
    default:
        return "2"; /* UNKNOWN */
    }
}

unsigned mesh__grpc_http_status(struct mesh_slice grpc_status)
{
    static const unsigned statuses[] = {
        200, 499, 500, 400, 504, 404, 409, 403, 429, /* OK to EXHAUSTED   */
        400, 409, 400, 501, 500, 503, 500, 401       /* to UNAUTHENTICATED */
    };
    enum { COUNT = sizeof(statuses) / sizeof(statuses[0]) };
    unsigned long long code;

    if (!mesh__slice_number(grpc_status, UINT32_MAX, &code))
        return 0;
    return code < COUNT ? statuses[code] : 500;
}

char *mesh__grpc_message(struct mesh_arena *arena, struct mesh_slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = mesh__arena_alloc(arena, 3 * text.len + 1);
    char *to = out;

    for (size_t i = 0; out && i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c >= ' ' && c <= '~' && c != '%') {
            *to++ = (char)c;
            continue;
        }
        *to++ = '%';
        *to++ = digits[c >> 4];
        *to++ = digits[c & 15];
    }
    return out;
}
