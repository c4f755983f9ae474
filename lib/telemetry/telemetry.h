/*
 * telemetry.h - facts to spans and log lines; propagation and sampling.
 */
#ifndef MESH_TELEMETRY_TELEMETRY_H
#define MESH_TELEMETRY_TELEMETRY_H

#include "telemetry/facts.h"
#include "value/head.h"

/* --- propagation --- */

enum { MESH__REQUEST_ID = 36 };

/* A lower-case UUIDv4 from two draws; out gets a NUL behind it. */
void mesh__request_id(uint64_t a, uint64_t b, char out[MESH__REQUEST_ID + 1]);

/*
 * Begin this exchange's span. parent is the context that came with the request
 * (an inbound traceparent, or the parent exchange's span), NULL when none; its
 * sampled flag holds. Without one a new trace begins, sampled when
 * draw % 10,000 < sampling_per_10k. Draws are uniform over uint64_t.
 */
void mesh__trace_begin(const struct mesh_trace *parent,
                       uint32_t sampling_per_10k, const uint64_t draws[4],
                       struct mesh_trace *out, uint8_t parent_span[8]);

/* --- access log --- */

/*
 * One line, newline included: Istio's default text or JSON, or a format of the
 * policy's own (for JSON an object, else it counts as none), in which what is
 * no operator of Istio's default stands as it is written. In text, controls,
 * quotes, backslashes and bytes beyond ASCII become \xNN, so that a peer cannot
 * forge a field; JSON is escaped as JSON and its numbers are numbers. 0,
 * MESH_ERR_NOMEM or MESH_ERR_TOO_LARGE; out is then as it was.
 */
int mesh__access_line(const struct mesh_facts *facts,
                      const struct mesh_telemetry_policy *policy,
                      struct mesh_buffer *out);

/* --- spans --- */

enum { MESH__SPAN_TEXT = 256, MESH__SPAN_NAME = 128 };

/*
 * A finished span; plain memory so that a queue may copy it. Texts are cut,
 * and kept as the peer sent them: the encoder makes them fit for protobuf.
 */
struct mesh_span {
    struct mesh_trace trace;
    uint8_t parent_span[8];
    bool server;
    int64_t start_wall_ns;
    int64_t end_wall_ns;
    char name[MESH__SPAN_NAME];
    char method[16];
    char url[MESH__SPAN_TEXT];
    char protocol[16];
    char user_agent[64];
    char request_id[64];
    char peer_address[MESH__ADDRESS_TEXT];
    char upstream_cluster[MESH__SPAN_TEXT];
    char flags[MESH__FLAGS_TEXT];
    char details[64];
    unsigned status;
    unsigned attempts;
    uint64_t request_size;
    uint64_t response_size;
};
void mesh__span_of(const struct mesh_facts *facts, struct mesh_span *out);

/* Who speaks: resource attributes (service.name, k8s.namespace.name ...). */
struct mesh_span_resource {
    const char *service_name; /* "api-gateway.production" */
    const char *namespace_;
    const char *workload; /* istio.canonical_service               */
    const char *revision; /* istio.canonical_revision; NULL: latest */
    const char *version;  /* libmesh's                              */
};

/*
 * ExportTraceServiceRequest (opentelemetry-proto 1.x) as protobuf, appended to
 * out. Attributes are Envoy's tags, texts all of them as there; a byte that is
 * not printable ASCII becomes '?', because one bad string would cost the whole
 * batch. NULL texts of the resource are left out. 0, MESH_ERR_NOMEM or
 * MESH_ERR_TOO_LARGE; out is then as it was.
 */
int mesh__otlp_encode(const struct mesh_span *spans, size_t count,
                      const struct mesh_span_resource *resource,
                      struct mesh_buffer *out);

#endif
