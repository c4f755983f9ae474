/*
 * hop.c - what only one sidecar says to another.
 *
 * A request's lines of these names are dropped where it comes in, on both
 * sides, before anything is matched: nobody else may say them (recorded with
 * Envoy 1.40: tests/differential/cases/vs-client-headers).
 */
#include "value/head.h"

bool mesh__header_is_hops(struct mesh_slice name)
{
    static const char *const names[] = {
        "x-envoy-expected-rq-timeout-ms",
        "x-envoy-force-trace",
        "x-envoy-hedge-on-per-try-timeout",
        "x-envoy-internal",
        "x-envoy-ip-tags",
        "x-envoy-max-retries",
        "x-envoy-original-url",
        "x-envoy-retriable-header-names",
        "x-envoy-retriable-status-codes",
        "x-envoy-retry-grpc-on",
        "x-envoy-retry-on",
        "x-envoy-upstream-alt-stat-name",
        "x-envoy-upstream-rq-per-try-timeout-ms",
        "x-envoy-upstream-rq-timeout-alt-response",
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-upstream-stream-duration-ms",
        "x-forwarded-client-cert",
    };

    if (name.len < 2 || name.at[0] != 'x' || name.at[1] != '-')
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (mesh__slice_is(name, names[i]))
            return true;
    return false;
}
