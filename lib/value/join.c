/*
 * join.c - names whose lines Envoy keeps as one.
 *
 * Envoy joins the values of some names while it reads them, so that a match
 * and the application see one line; other names stay apart. Which ones is a
 * fact of its header maps and follows no rule (recorded with Envoy 1.40:
 * tests/differential/cases/headers-joined*).
 */
#include "value/head.h"

#include "base/error.h"

static const char *const of_requests[] = {
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-type",
    "expect",
    "grpc-accept-encoding",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "origin",
    "pragma",
    "proxy-status",
    "referer",
    "user-agent",
    "via",
    "x-client-trace-id",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-external-address",
    "x-envoy-original-path",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
};

static const char *const of_responses[] = {
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "cache-control",
    "content-encoding",
    "content-type",
    "date",
    "etag",
    "expires",
    "grpc-message",
    "grpc-status",
    "last-modified",
    "location",
    "proxy-status",
    "vary",
    "via",
    "x-envoy-attempt-count",
    "x-envoy-degraded",
    "x-envoy-immediate-health-check-fail",
    "x-envoy-ratelimited",
    "x-envoy-upstream-canary",
    "x-envoy-upstream-healthchecked-cluster",
    "x-request-id",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_kept_once(struct mesh_slice name, bool response)
{
    const char *const *list = response ? of_responses : of_requests;
    size_t count = response ? COUNT(of_responses) : COUNT(of_requests);

    for (size_t i = 0; i < count; i++)
        if (mesh__slice_is(name, list[i]))
            return true;
    return false;
}

/* Bytes that the lines of this one's name need; 0: no other has it. */
static size_t joined_bytes(const struct mesh_head *head, size_t first)
{
    struct mesh_slice name = head->headers[first].name;
    size_t bytes = head->headers[first].value.len + 1;
    size_t lines = 1;

    for (size_t i = first + 1; i < head->count; i++) {
        if (!mesh__slice_equal(head->headers[i].name, name))
            continue;
        bytes += head->headers[i].value.len + 1;
        lines++;
    }
    return lines > 1 ? bytes : 0;
}

static void append(char *text, size_t *used, struct mesh_slice value)
{
    if (value.len == 0)
        return;
    if (*used)
        text[(*used)++] = ',';
    memcpy(text + *used, value.at, value.len);
    *used += value.len;
}

/* text has joined_bytes(). */
static void join(struct mesh_head *head, size_t first, char *text)
{
    struct mesh_slice name = head->headers[first].name;
    size_t kept = first;
    size_t used = 0;

    for (size_t i = first; i < head->count; i++) {
        struct mesh_header line = head->headers[i];
        bool same = mesh__slice_equal(line.name, name);

        if (same)
            append(text, &used, line.value);
        if (!same || i == first)
            head->headers[kept++] = line;
    }
    head->headers[first].value = mesh__slice(text, used);
    head->count = kept;
}

int mesh__head_join(struct mesh_head *head, struct mesh_arena *arena,
                    bool response)
{
    for (size_t i = 0; i < head->count; i++) {
        size_t bytes = joined_bytes(head, i);
        char *text;

        if (bytes == 0 || !is_kept_once(head->headers[i].name, response))
            continue;
        text = mesh__arena_alloc(arena, bytes);
        if (!text)
            return MESH_ERR_NOMEM;
        join(head, i, text);
    }
    return 0;
}
