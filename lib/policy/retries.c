/*
 * retries.c - when a VirtualService has a request tried again.
 */
#include "policy/retries.h"

#include "base/error.h"

enum {
    DEFAULT_ATTEMPTS = 2,
    HOST_PICKS = 5,
    MAX_OVER_BASE = 10,
    TOP_CODE = 999
};

static const uint64_t base_ns = 25u * 1000000u;

const struct mesh_retry_token mesh__retry_tokens[MESH__RETRY_TOKENS] = {
    { "5xx", MESH__RETRY_5XX },
    { "gateway-error", MESH__RETRY_GATEWAY_ERROR },
    { "reset", MESH__RETRY_RESET },
    { "reset-before-request", MESH__RETRY_RESET_BEFORE_REQUEST },
    { "connect-failure", MESH__RETRY_CONNECT_FAILURE },
    { "refused-stream", MESH__RETRY_REFUSED_STREAM },
    { "retriable-4xx", MESH__RETRY_4XX },
    { "retriable-status-codes", MESH__RETRY_STATUS_CODES },
    { "envoy-ratelimited", MESH__RETRY_RATELIMITED },
    { "cancelled", MESH__RETRY_GRPC_CANCELLED },
    { "deadline-exceeded", MESH__RETRY_GRPC_DEADLINE },
    { "internal", MESH__RETRY_GRPC_INTERNAL },
    { "resource-exhausted", MESH__RETRY_GRPC_EXHAUSTED },
    { "unavailable", MESH__RETRY_GRPC_UNAVAILABLE },
};

static uint32_t bit_of(struct mesh_slice token)
{
    for (size_t i = 0; i < MESH__RETRY_TOKENS; i++)
        if (mesh__slice_is(token, mesh__retry_tokens[i].name))
            return mesh__retry_tokens[i].bit;
    return 0; /* without effect in HTTP/1.1 and HTTP/2, too */
}

static int read_token(struct mesh_slice token, struct mesh_retry_policy *out)
{
    unsigned long long code;

    if (!mesh__slice_number(token, TOP_CODE, &code)) {
        out->on |= bit_of(token);
        return 0;
    }
    if (out->code_count == MESH__RETRY_CODES)
        return mesh__fail(MESH_ERR_POLICY,
                          "retryOn names more than %d status codes",
                          MESH__RETRY_CODES);
    out->codes[out->code_count++] = (uint16_t)code;
    out->on |= MESH__RETRY_STATUS_CODES;
    return 0;
}

static int read_tokens(struct mesh_slice list, struct mesh_retry_policy *out)
{
    while (list.len) {
        const char *comma = memchr(list.at, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.at) : list.len;
        int rc = read_token(mesh__slice_trim(mesh__slice(list.at, len)), out);

        if (rc < 0)
            return rc;
        len += comma != NULL;
        list = mesh__slice(list.at + len, list.len - len);
    }
    return 0;
}

void mesh__retries_default(struct mesh_retry_policy *out)
{
    *out = (struct mesh_retry_policy){
        .on = MESH__RETRY_CONNECT_FAILURE | MESH__RETRY_REFUSED_STREAM |
              MESH__RETRY_GRPC_UNAVAILABLE | MESH__RETRY_GRPC_CANCELLED |
              MESH__RETRY_STATUS_CODES,
        .attempts = DEFAULT_ATTEMPTS,
        .base_ns = base_ns,
        .max_ns = MAX_OVER_BASE * base_ns,
        .host_picks = HOST_PICKS,
    };
}

int mesh__retries_compile(const struct mesh_http_retry *given,
                          struct mesh_retry_policy *out)
{
    mesh__retries_default(out);
    if (!given->set)
        return 0;
    out->mark = given->mark;
    if (given->attempts <= 0) {
        *out = (struct mesh_retry_policy){ .mark = given->mark };
        return 0;
    }
    out->attempts = (uint32_t)given->attempts;
    if (given->has_per_try_timeout && given->per_try_timeout_ns > 0)
        out->per_try_ns = (uint64_t)given->per_try_timeout_ns;
    if (given->backoff_ns > 0) {
        out->base_ns = (uint64_t)given->backoff_ns;
        out->max_ns = MAX_OVER_BASE * out->base_ns;
    }
    if (given->has_ignore_previous)
        out->host_picks = given->ignore_previous ? HOST_PICKS : 0;
    out->leave_priorities = given->remote_localities;
    if (!given->has_retry_on || given->retry_on.len == 0)
        return 0;
    out->on = 0;
    return read_tokens(given->retry_on, out);
}
