/*
 * fuzz_trace.c - trace context as peers send it.
 *
 * What is continued prints to a traceparent that reads the same; what is not
 * leaves no id. The same bytes are tried as a tracestate.
 */
#include "value/trace.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_round(const struct mesh_trace *trace, struct mesh_slice raw)
{
    char out[MESH__TRACEPARENT_LEN + 1];
    struct mesh_trace again;

    mesh__trace_print(trace, out);
    must(strlen(out) == MESH__TRACEPARENT_LEN);
    must(memcmp(out + 2, raw.at + 2, MESH__TRACEPARENT_LEN - 4) == 0);
    must(mesh__trace_parse(mesh__slice_of(out), &again, NULL) ==
         MESH__TRACE_CONTINUE);
    must(memcmp(again.trace_id, trace->trace_id, 16) == 0 &&
         memcmp(again.span_id, trace->span_id, 8) == 0 &&
         again.sampled == trace->sampled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[16];
    struct mesh_slice raw = mesh__slice((const char *)data, size);
    struct mesh_trace trace;
    const char *reason;

    switch (mesh__trace_parse(raw, &trace, &reason)) {
    case MESH__TRACE_NONE:
        must(size == 0 && !reason);
        break;
    case MESH__TRACE_CONTINUE:
        must(!reason);
        check_round(&trace, raw);
        break;
    case MESH__TRACE_RESTART:
        must(reason && !trace.sampled);
        must(memcmp(trace.trace_id, zeros, 16) == 0);
        break;
    }
    if (mesh__tracestate_valid(raw))
        must(size <= MESH__TRACESTATE_MAX);
    return 0;
}
