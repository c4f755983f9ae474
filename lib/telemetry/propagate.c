/*
 * propagate.c - the names an exchange travels under: request id and trace.
 *
 * Makes them from draws it is given; declines to know headers and dice.
 */
#include "telemetry/telemetry.h"

#include "base/text.h"

enum { PER_10K = 10000 };

static void store(uint8_t *out, uint64_t draw)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(draw >> (56 - 8 * i));
}

/* An id of zeros would be none (W3C section 3.2.2.3). */
static void never_zero(uint8_t *id, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (id[i])
            return;
    id[len - 1] = 1;
}

void mesh__request_id(uint64_t a, uint64_t b, char out[MESH__REQUEST_ID + 1])
{
    static const size_t dashes[] = { 8, 13, 18, 23 };
    uint8_t bytes[16];
    char hex[33];
    size_t from = 0;
    size_t to = 0;

    store(bytes, a);
    store(bytes + 8, b);
    bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0f)); /* RFC 4122 4.4 */
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));
    mesh__hex(bytes, sizeof(bytes), hex);
    for (size_t i = 0; i < sizeof(dashes) / sizeof(dashes[0]); i++) {
        while (to < dashes[i])
            out[to++] = hex[from++];
        out[to++] = '-';
    }
    while (to < MESH__REQUEST_ID)
        out[to++] = hex[from++];
    out[to] = '\0';
}

void mesh__trace_begin(const struct mesh_trace *parent,
                       uint32_t sampling_per_10k, const uint64_t draws[4],
                       struct mesh_trace *out, uint8_t parent_span[8])
{
    struct mesh_trace trace = { 0 };

    memset(parent_span, 0, sizeof(trace.span_id));
    if (parent) {
        trace = *parent;
        memcpy(parent_span, parent->span_id, sizeof(parent->span_id));
    } else {
        store(trace.trace_id, draws[0]);
        store(trace.trace_id + 8, draws[1]);
        never_zero(trace.trace_id, sizeof(trace.trace_id));
        trace.sampled = draws[3] % PER_10K < sampling_per_10k;
    }
    store(trace.span_id, draws[2]);
    never_zero(trace.span_id, sizeof(trace.span_id));
    *out = trace;
}
