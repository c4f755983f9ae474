/*
 * facts.h - one exchange that the tests of telemetry tell about.
 */
#ifndef MESH_TEST_FACTS_H
#define MESH_TEST_FACTS_H

#include "telemetry/facts.h"

/* A call that went well, with every member set. */
static inline struct mesh_facts good_facts(void)
{
    struct mesh_facts facts = {
        .start_wall_ns = 1460751420310999999, /* 2016-04-15T20:17:00.310Z */
        .start_ns = 5000000,
        .end_ns = 17999999,
        .upstream_ms = 9,
        .has_upstream_ms = true,
        .method = MESH__SLICE("POST"),
        .scheme = MESH__SLICE("http"),
        .path = MESH__SLICE("/api/v1/charge"),
        .authority = MESH__SLICE("payment-service"),
        .user_agent = MESH__SLICE("a test/1"),
        .request_id = MESH__SLICE("0b5d0b5d-1111-4222-8333-444455556666"),
        .forwarded_for = MESH__SLICE("10.0.0.1, 10.0.0.2"),
        .protocol = "HTTP/1.1",
        .status = 200,
        .details = "via_upstream",
        .termination = "",
        .bytes_received = 7,
        .bytes_sent = 1234567890123,
        .attempts = 1,
        .upstream_host = "127.0.1.1:18080",
        .upstream_cluster = "outbound|80||pay.production.svc.cluster.local",
        .route_name = "default",
        .destination = "pay.production.svc.cluster.local",
        .destination_port = 80,
        .trace = { .trace_id = { 1, 2, 3 }, .span_id = { 9 }, .sampled = true },
        .parent_span = { 8 },
        .traced = true
    };

    (void)mesh__address_parse(MESH__SLICE("127.0.1.9:40000"),
                              &facts.upstream_local);
    (void)mesh__address_parse(MESH__SLICE("[::1]:80"), &facts.downstream_local);
    (void)mesh__address_parse(MESH__SLICE("127.0.1.8:50000"),
                              &facts.downstream_remote);
    return facts;
}

#endif
