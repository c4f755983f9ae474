/*
 * facts.h - what one exchange, on either side, leaves behind.
 *
 * Gathered by the steps of client/ and server/, told once by their step
 * "record". Telemetry turns facts into a line, a span, numbers: text or
 * protobuf out, no I/O.
 */
#ifndef MESH_TELEMETRY_FACTS_H
#define MESH_TELEMETRY_FACTS_H

#include "base/buffer.h"
#include "base/slice.h"
#include "policy/snapshot.h"
#include "value/address.h"
#include "value/trace.h"

#include <stdbool.h>
#include <stdint.h>

enum mesh_flag { /* Envoy's response flags, in its short names */
                 MESH__FLAG_NONE = 0,
                 MESH__FLAG_UH,
                 MESH__FLAG_UF,
                 MESH__FLAG_UO,
                 MESH__FLAG_NR,
                 MESH__FLAG_NC,
                 MESH__FLAG_URX,
                 MESH__FLAG_UT,
                 MESH__FLAG_UC,
                 MESH__FLAG_UR,
                 MESH__FLAG_LR,
                 MESH__FLAG_UPE,
                 MESH__FLAG_DC,
                 MESH__FLAG_DPE,
                 MESH__FLAG_SI,
                 MESH__FLAG_DI,
                 MESH__FLAG_FI,
                 MESH__FLAG_DF,
                 MESH__FLAG_DT,
                 MESH__FLAG_COUNT
};

enum { MESH__FLAGS_MAX = 6, MESH__FLAGS_TEXT = 32 };

/* In the order they were set, each once. */
struct mesh_flags {
    uint8_t list[MESH__FLAGS_MAX];
    uint8_t count;
};
void mesh__flags_set(struct mesh_flags *flags, enum mesh_flag flag);
bool mesh__flags_has(const struct mesh_flags *flags, enum mesh_flag flag);
/* "URX,UF" or "-". */
void mesh__flags_print(const struct mesh_flags *flags,
                       char out[MESH__FLAGS_TEXT]);

/* Slices live until the record step returns. Empty: "-" in the line. */
struct mesh_facts {
    bool inbound;
    int64_t start_wall_ns; /* when the exchange began, since 1970       */
    uint64_t start_ns;     /* loop's clock                              */
    uint64_t end_ns;
    uint64_t upstream_ms; /* request complete to response head         */
    bool has_upstream_ms;
    struct mesh_slice method;
    struct mesh_slice scheme;
    struct mesh_slice path;   /* canonical, before a policy rewrote it */
    struct mesh_slice target; /* and after; "": it did not */
    struct mesh_slice authority;
    struct mesh_slice user_agent;
    struct mesh_slice request_id;
    struct mesh_slice forwarded_for;
    const char *protocol; /* "HTTP/1.1" */
    unsigned status;      /* 0: none was sent */
    struct mesh_flags flags;
    const char *details;     /* "via_upstream"; "" */
    const char *termination; /* connection termination details */
    const char *transport_failure;
    uint64_t bytes_received; /* body bytes, from the caller's view of the proxy:
                                request body */
    uint64_t bytes_sent;     /* response body */
    unsigned attempts;
    const char *upstream_host;    /* "127.0.1.1:18080" */
    const char *upstream_cluster; /* "outbound|80|v1|...", "inbound|18080||" */
    struct mesh_address upstream_local;
    struct mesh_address downstream_local;
    struct mesh_address downstream_remote;
    struct mesh_slice sni;
    const char *route_name;
    const char *peer;        /* principal of the other end, "" */
    const char *destination; /* service host, for the span's name */
    uint16_t destination_port;
    struct mesh_trace trace; /* trace id, own span id, sampled             */
    uint8_t parent_span[8];  /* zeros: a root */
    bool traced;
};

#endif
