/*
 * otlp.c - spans as OpenTelemetry's ExportTraceServiceRequest.
 *
 * Knows opentelemetry-proto 1.x (trace/v1/trace.proto, common/v1/common.proto)
 * and Envoy's tags; declines to know connections.
 */
#include "telemetry/telemetry.h"

#include "base/text.h"
#include "telemetry/protobuf.h"

#include <inttypes.h>

/* Field numbers, by message. */
enum { REQUEST_RESOURCE_SPANS = 1 };
enum { GROUP_RESOURCE = 1, GROUP_SCOPE_SPANS = 2 };
enum { RESOURCE_ATTRIBUTE = 1 };
enum { SCOPE_SPANS_SCOPE = 1, SCOPE_SPANS_SPAN = 2 };
enum { SCOPE_NAME = 1, SCOPE_VERSION = 2 };
enum {
    SPAN_TRACE_ID = 1,
    SPAN_ID = 2,
    SPAN_PARENT_ID = 4,
    SPAN_NAME = 5,
    SPAN_KIND = 6,
    SPAN_START = 7,
    SPAN_END = 8,
    SPAN_ATTRIBUTE = 9,
    SPAN_STATUS = 15,
    SPAN_FLAGS = 16
};
enum { STATUS_CODE = 3 };
enum { PAIR_KEY = 1, PAIR_VALUE = 2, VALUE_STRING = 1 };

enum { KIND_SERVER = 2, KIND_CLIENT = 3 };
enum { STATUS_ERROR = 2, SAMPLED = 1 };

static struct mesh_slice bytes(const uint8_t *at, size_t len)
{
    return mesh__slice((const char *)at, len);
}

static void attribute(struct mesh_proto *proto, unsigned field, const char *key,
                      const char *value)
{
    size_t pair = mesh__proto_open(proto, field);
    size_t any;

    mesh__proto_text(proto, PAIR_KEY, key);
    any = mesh__proto_open(proto, PAIR_VALUE);
    mesh__proto_text(proto, VALUE_STRING, value);
    mesh__proto_close(proto, any);
    mesh__proto_close(proto, pair);
}

static void tag(struct mesh_proto *proto, const char *key, const char *value)
{
    attribute(proto, SPAN_ATTRIBUTE, key, value);
}

/* Left out when there is nothing to say. */
static void tag_if(struct mesh_proto *proto, const char *key, const char *value)
{
    if (value && value[0])
        tag(proto, key, value);
}

static void tag_number(struct mesh_proto *proto, const char *key,
                       uint64_t value)
{
    char digits[24];
    struct mesh_text text;

    mesh__text_init(&text, digits, sizeof(digits));
    mesh__text_format(&text, "%" PRIu64, value);
    tag(proto, key, digits);
}

/* Envoy's http_tracer_impl.cc; a client takes 4xx for a failure as well. */
static bool failed(const struct mesh_span *span)
{
    return span->status == 0 || span->status >= (span->server ? 500u : 400u);
}

static void tags(struct mesh_proto *proto, const struct mesh_span *span,
                 const struct mesh_span_resource *resource)
{
    tag_if(proto, "guid:x-request-id", span->request_id);
    tag(proto, "http.url", span->url);
    tag(proto, "http.method", span->method);
    tag(proto, "user_agent", span->user_agent[0] ? span->user_agent : "-");
    tag(proto, "downstream_cluster", "-");
    tag_if(proto, "peer.address", span->peer_address);
    tag_if(proto, "http.protocol", span->protocol);
    tag_number(proto, "request_size", span->request_size);
    tag_number(proto, "response_size", span->response_size);
    tag(proto, "component", "proxy");
    tag_if(proto, "upstream_cluster", span->upstream_cluster);
    tag_if(proto, "upstream_cluster.name", span->upstream_cluster);
    tag_number(proto, "http.status_code", span->status);
    tag(proto, "response_flags", span->flags[0] ? span->flags : "-");
    tag_if(proto, "response_code_details", span->details);
    if (span->attempts > 1)
        tag_number(proto, "retry.count", span->attempts - 1);
    if (span->status == 0 || span->status >= 500)
        tag(proto, "error", "true");
    tag_if(proto, "istio.canonical_service", resource->workload);
    tag(proto, "istio.canonical_revision",
        resource->revision ? resource->revision : "latest");
    tag_if(proto, "istio.namespace", resource->namespace_);
}

static void put_status(struct mesh_proto *proto, const struct mesh_span *span)
{
    size_t status;

    if (!failed(span))
        return; /* unset, as Envoy leaves it */
    status = mesh__proto_open(proto, SPAN_STATUS);
    mesh__proto_varint(proto, STATUS_CODE, STATUS_ERROR);
    mesh__proto_close(proto, status);
}

static void put_span(struct mesh_proto *proto, const struct mesh_span *span,
                     const struct mesh_span_resource *resource)
{
    static const uint8_t no_parent[sizeof(span->parent_span)];
    size_t open = mesh__proto_open(proto, SCOPE_SPANS_SPAN);

    mesh__proto_bytes(
        proto, SPAN_TRACE_ID,
        bytes(span->trace.trace_id, sizeof(span->trace.trace_id)));
    mesh__proto_bytes(proto, SPAN_ID,
                      bytes(span->trace.span_id, sizeof(span->trace.span_id)));
    if (memcmp(span->parent_span, no_parent, sizeof(no_parent)) != 0)
        mesh__proto_bytes(proto, SPAN_PARENT_ID,
                          bytes(span->parent_span, sizeof(span->parent_span)));
    mesh__proto_text(proto, SPAN_NAME, span->name);
    mesh__proto_varint(proto, SPAN_KIND,
                       span->server ? KIND_SERVER : KIND_CLIENT);
    mesh__proto_fixed64(proto, SPAN_START, (uint64_t)span->start_wall_ns);
    mesh__proto_fixed64(proto, SPAN_END, (uint64_t)span->end_wall_ns);
    tags(proto, span, resource);
    put_status(proto, span);
    mesh__proto_fixed32(proto, SPAN_FLAGS, span->trace.sampled ? SAMPLED : 0);
    mesh__proto_close(proto, open);
}

static void put_resource(struct mesh_proto *proto,
                         const struct mesh_span_resource *resource)
{
    const struct {
        const char *key;
        const char *value;
    } rows[] = {
        { "service.name", resource->service_name },
        { "k8s.namespace.name", resource->namespace_ },
        { "telemetry.sdk.name", "libmesh" },
        { "telemetry.sdk.language", "c" },
        { "telemetry.sdk.version", resource->version },
    };
    size_t open = mesh__proto_open(proto, GROUP_RESOURCE);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].value && rows[i].value[0])
            attribute(proto, RESOURCE_ATTRIBUTE, rows[i].key, rows[i].value);
    mesh__proto_close(proto, open);
}

static void put_scope(struct mesh_proto *proto, const char *version)
{
    size_t open = mesh__proto_open(proto, SCOPE_SPANS_SCOPE);

    mesh__proto_text(proto, SCOPE_NAME, "libmesh");
    if (version)
        mesh__proto_text(proto, SCOPE_VERSION, version);
    mesh__proto_close(proto, open);
}

int mesh__otlp_encode(const struct mesh_span *spans, size_t count,
                      const struct mesh_span_resource *resource,
                      struct mesh_buffer *out)
{
    size_t before = out->len;
    struct mesh_proto proto;
    size_t group;
    size_t scope;

    mesh__proto_init(&proto, out);
    group = mesh__proto_open(&proto, REQUEST_RESOURCE_SPANS);
    put_resource(&proto, resource);
    scope = mesh__proto_open(&proto, GROUP_SCOPE_SPANS);
    put_scope(&proto, resource->version);
    for (size_t i = 0; i < count; i++)
        put_span(&proto, &spans[i], resource);
    mesh__proto_close(&proto, scope);
    mesh__proto_close(&proto, group);
    if (proto.rc < 0)
        out->len = before; /* half a message is none */
    return proto.rc;
}
