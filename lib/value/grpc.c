/*
 * grpc.c - an HTTP answer's status and text in gRPC's words.
 *
 * Knows two tables of Envoy's (source/common/grpc/). Declines to know who
 * answers.
 */
#include "value/grpc.h"

enum { TIMEOUT_MAX = 99999999 }; /* eight digits */

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

/* gRPC's statuscodes.md. */
static const struct {
    const char *name;
    const char *number;
} codes[] = {
    { "OK", "0" },
    { "CANCELLED", "1" },
    { "UNKNOWN", "2" },
    { "INVALID_ARGUMENT", "3" },
    { "DEADLINE_EXCEEDED", "4" },
    { "NOT_FOUND", "5" },
    { "ALREADY_EXISTS", "6" },
    { "PERMISSION_DENIED", "7" },
    { "RESOURCE_EXHAUSTED", "8" },
    { "FAILED_PRECONDITION", "9" },
    { "ABORTED", "10" },
    { "OUT_OF_RANGE", "11" },
    { "UNIMPLEMENTED", "12" },
    { "INTERNAL", "13" },
    { "UNAVAILABLE", "14" },
    { "DATA_LOSS", "15" },
    { "UNAUTHENTICATED", "16" },
};

const char *mesh__grpc_number(struct mesh_slice name)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (mesh__slice_is(name, codes[i].name))
            return codes[i].number;
    return NULL;
}

bool mesh__grpc_timeout(struct mesh_slice value, uint64_t *ms)
{
    unsigned long long number;

    if (value.len < 2 ||
        !mesh__slice_number(mesh__slice(value.at, value.len - 1), TIMEOUT_MAX,
                            &number))
        return false;
    switch (value.at[value.len - 1]) {
    case 'H':
        *ms = number * 3600000;
        return true;
    case 'M':
        *ms = number * 60000;
        return true;
    case 'S':
        *ms = number * 1000;
        return true;
    case 'm':
        *ms = number;
        return true;
    case 'u':
        *ms = (number + 999) / 1000;
        return true;
    case 'n':
        *ms = (number + 999999) / 1000000;
        return true;
    default:
        return false;
    }
}

char *mesh__grpc_timeout_print(struct mesh_arena *arena, uint64_t ms)
{
    static const struct {
        char unit;
        unsigned next; /* of these are one of the next */
    } units[] = { { 'm', 1000 }, { 'S', 60 }, { 'M', 60 }, { 'H', 0 } };
    size_t i = 0;

    while (ms > TIMEOUT_MAX && units[i].next)
        ms /= units[i++].next;
    if (ms > TIMEOUT_MAX)
        ms = TIMEOUT_MAX;
    return mesh__arena_format(arena, "%llu%c", (unsigned long long)ms,
                              units[i].unit);
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
