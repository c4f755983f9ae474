/*
 * trace.h - W3C trace context (traceparent, tracestate) as a value.
 */
#ifndef MESH_VALUE_TRACE_H
#define MESH_VALUE_TRACE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MESH__TRACEPARENT_LEN = 55,
    MESH__TRACESTATE_MAX = 512 /* bytes carried on; more is dropped whole */
};

struct mesh_trace {
    uint8_t trace_id[16]; /* all zero: none */
    uint8_t span_id[8];
    bool sampled;
};

enum mesh_trace_decision {
    MESH__TRACE_NONE, /* no header                                     */
    MESH__TRACE_CONTINUE,
    MESH__TRACE_RESTART /* malformed: a new trace (W3C section 3.2.2.5)  */
};

/*
 * Read a traceparent by W3C Trace Context section 3.2: version 00 is exactly
 * 55 characters of lower-case hex; ff is malformed; a higher version is read
 * by its first 55 if a dash or nothing follows. Ids of zeros are malformed.
 * reason (may be NULL) gets a static text.
 */
enum mesh_trace_decision mesh__trace_parse(struct mesh_slice traceparent,
                                           struct mesh_trace *out,
                                           const char **reason);

/* "00-...-...-0x" and NUL. */
void mesh__trace_print(const struct mesh_trace *trace,
                       char out[MESH__TRACEPARENT_LEN + 1]);

/* W3C section 3.3: at most 32 well-formed members; else it is not carried. */
bool mesh__tracestate_valid(struct mesh_slice tracestate);

#endif
