/*
 * span.c - facts to a finished span, named and cut as Envoy does.
 *
 * Declines to know encodings, queues and whether the span is wanted.
 */
#include "telemetry/telemetry.h"

#include "base/text.h"

/* Into a place of fixed size; what does not fit is cut. */
#define COPY(place, slice) copy((place), sizeof(place), (slice))

static void copy(char *place, size_t size, struct mesh_slice text)
{
    struct mesh_text out;

    mesh__text_init(&out, place, size);
    mesh__text_add(&out, text);
}

/* The service, its port and "/" + "*"; Envoy's default where there is none. */
static void name_span(const struct mesh_facts *facts, struct mesh_span *out)
{
    struct mesh_text name;

    mesh__text_init(&name, out->name, sizeof(out->name));
    if (facts->destination && facts->destination[0]) {
        mesh__text_format(&name, "%s:%u/*", facts->destination,
                          (unsigned)facts->destination_port);
    } else if (facts->inbound) {
        mesh__text_puts(&name, "ingress");
    } else {
        mesh__text_puts(&name, "egress ");
        mesh__text_add(&name, facts->authority);
    }
}

static void name_url(const struct mesh_facts *facts, struct mesh_span *out)
{
    struct mesh_text url;

    mesh__text_init(&url, out->url, sizeof(out->url));
    mesh__text_add(&url, facts->scheme);
    mesh__text_puts(&url, facts->scheme.len ? "://" : "");
    mesh__text_add(&url, facts->authority);
    mesh__text_add(&url, facts->path);
}

/* The other end: who called us by IP, or whom we called by address. */
static void name_peer(const struct mesh_facts *facts, struct mesh_span *out)
{
    if (facts->inbound)
        mesh__address_print_ip(&facts->downstream_remote, out->peer_address);
    else
        COPY(out->peer_address, mesh__slice_of(facts->upstream_host));
}

void mesh__span_of(const struct mesh_facts *facts, struct mesh_span *out)
{
    uint64_t took_ns =
        facts->end_ns > facts->start_ns ? facts->end_ns - facts->start_ns : 0;

    *out = (struct mesh_span){ .trace = facts->trace,
                               .server = facts->inbound,
                               .start_wall_ns = facts->start_wall_ns,
                               .end_wall_ns =
                                   facts->start_wall_ns + (int64_t)took_ns,
                               .status = facts->status,
                               .attempts = facts->attempts,
                               .request_size = facts->bytes_received,
                               .response_size = facts->bytes_sent };
    memcpy(out->parent_span, facts->parent_span, sizeof(out->parent_span));
    name_span(facts, out);
    name_url(facts, out);
    name_peer(facts, out);
    COPY(out->method, facts->method);
    COPY(out->protocol, mesh__slice_of(facts->protocol));
    COPY(out->user_agent, facts->user_agent);
    COPY(out->request_id, facts->request_id);
    COPY(out->upstream_cluster, mesh__slice_of(facts->upstream_cluster));
    COPY(out->details, mesh__slice_of(facts->details));
    mesh__flags_print(&facts->flags, out->flags);
}
