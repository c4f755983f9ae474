/*
 * access.c - one line about one exchange, as Istio's sidecar writes it.
 *
 * Chooses the format; declines to know where lines go and whether anybody
 * wants them.
 */
#include "telemetry/access.h"

#include "base/error.h"
#include "telemetry/telemetry.h"

/* model/telemetry_logging.go: EnvoyTextLogFormat. */
static const char istio_text[] =
    "[%START_TIME%] "
    "\"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
    "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% "
    "%CONNECTION_TERMINATION_DETAILS% "
    "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" "
    "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
    "\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
    "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" "
    "%UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% "
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% "
    "%REQUESTED_SERVER_NAME% %ROUTE_NAME%";

/* As in Istio, a format that is no JSON object counts as none. */
static int json_line(const struct mesh_facts *facts, const char *format,
                     struct mesh_buffer *out)
{
    size_t before = out->len;
    int rc = format ? mesh__access_json_by(facts, format, out) : 1;

    if (rc <= 0)
        return rc;
    out->len = before;
    return mesh__access_json(facts, out);
}

int mesh__access_line(const struct mesh_facts *facts,
                      const struct mesh_telemetry_policy *policy,
                      struct mesh_buffer *out)
{
    const char *format = policy->access_log_format;
    size_t before = out->len;
    int rc;

    if (format && !format[0])
        format = NULL;
    if (policy->access_log_json)
        rc = json_line(facts, format, out);
    else
        rc = mesh__access_text(facts, format ? format : istio_text, out);
    if (rc == 0 &&
        (out->len == before || mesh__buffer_data(out)[out->len - 1] != '\n'))
        rc = mesh__buffer_append(out, "\n", 1);
    if (rc < 0)
        out->len = before; /* half a line is none */
    return rc;
}
