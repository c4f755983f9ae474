/*
 * outlier.h - passive health: what each attempt reports, and when that means
 * not to send to an endpoint for a while (Envoy: outlier_detection_impl.cc).
 */
#ifndef MESH_TRAFFIC_OUTLIER_H
#define MESH_TRAFFIC_OUTLIER_H

#include "traffic/live.h"

#include <stdbool.h>
#include <stdint.h>

enum mesh_result {
    MESH__RESULT_STATUS,         /* a response head with a status           */
    MESH__RESULT_CONNECTED,      /* a connection was made                   */
    MESH__RESULT_CONNECT_FAILED, /* none could be made, or a reset: 503     */
    MESH__RESULT_TIMEOUT,        /* per-try or whole timeout: 504           */
    MESH__RESULT_CONNECTED_TCP   /* plain streams: success, resets counters */
};

/* What a report changed, for the event queue. */
struct mesh_ejection {
    bool ejected;       /* by this report */
    bool refused;       /* would have been, but for maxEjectionPercent */
    uint32_t for_count; /* the counter's value */
    const char *cause;  /* "consecutive_5xx" ... */
};

/* index as in mesh_pick. status only with MESH__RESULT_STATUS. */
void mesh__outlier_report(const struct mesh_destination *destination,
                          size_t index, enum mesh_result result,
                          unsigned status, uint64_t now_ns,
                          struct mesh_ejection *out);

/* Is the endpoint admitted now (ejections seen at most once a second)? */
bool mesh__outlier_admits(const struct mesh_destination *destination,
                          size_t index, uint64_t now_ns);

/*
 * Could outlier detection ever eject one of count endpoints? For explain:
 * "1 of 1 is over maxEjectionPercent 50".
 */
bool mesh__outlier_can_eject(const struct mesh_outlier_policy *policy,
                             size_t count);

/* When something will change by itself (the next sweep), MESH__NEVER if not. */
uint64_t mesh__outlier_next_ns(const struct mesh_destination *destination);

#endif
