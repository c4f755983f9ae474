/*
 * retry.c - again, or not, and after which pause.
 *
 * Reads the policy's conditions against how one attempt ended, then asks the
 * limits. Knows nothing of how an attempt is made, nor whether something has
 * gone back to the caller already: then nobody asks here.
 */
#include "traffic/retry.h"

#include "base/text.h"
#include "traffic/budget.h"
#include "value/duration.h"

enum {
    ON_NO_RESPONSE =
        MESH__RETRY_5XX | MESH__RETRY_GATEWAY_ERROR | MESH__RETRY_RESET,
    ON_NO_CONNECTION = ON_NO_RESPONSE | MESH__RETRY_CONNECT_FAILURE
};

/* One row for each failure: the conditions that retry it. */
static const struct {
    const char *name;
    uint32_t on;
    bool is_reset; /* also reset-before-request, if nothing was sent */
} failures[] = {
    [MESH__FAILURE_NONE] = { "a response", 0, false },
    [MESH__FAILURE_CONNECT] = { "a failed connection", ON_NO_CONNECTION, true },
    [MESH__FAILURE_CONNECT_TIMEOUT] = { "a connection that took too long",
                                        ON_NO_CONNECTION, true },
    [MESH__FAILURE_RESET] = { "a reset", ON_NO_RESPONSE, true },
    [MESH__FAILURE_PROTOCOL] = { "a protocol error", ON_NO_RESPONSE, true },
    [MESH__FAILURE_PER_TRY_TIMEOUT] = { "the timeout per try", ON_NO_RESPONSE,
                                        true },
    [MESH__FAILURE_TIMEOUT] = { "the timeout of the whole", 0, false },
    [MESH__FAILURE_OVERFLOW] = { "a full breaker", 0, false },
    [MESH__FAILURE_NO_ENDPOINT] = { "no endpoint", 0, false },
    [MESH__FAILURE_NAME] = { "a name without address", 0, false },
    [MESH__FAILURE_LOCAL] = { "a local failure", 0, false },
};

/* --- would this be retried at all --- */

/* The condition that a grpc-status in the response head answers to. */
static uint32_t grpc_bit(struct mesh_slice status)
{
    static const struct {
        const char *code;
        uint32_t bit;
    } rows[] = {
        { "1", MESH__RETRY_GRPC_CANCELLED },
        { "4", MESH__RETRY_GRPC_DEADLINE },
        { "8", MESH__RETRY_GRPC_EXHAUSTED },
        { "13", MESH__RETRY_GRPC_INTERNAL },
        { "14", MESH__RETRY_GRPC_UNAVAILABLE },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (mesh__slice_is(status, rows[i].code))
            return rows[i].bit;
    }
    return 0;
}

static bool code_listed(const struct mesh_retry_policy *policy, unsigned status)
{
    for (size_t i = 0; i < policy->code_count; i++) {
        if (policy->codes[i] == status)
            return true;
    }
    return false;
}

/* Every condition that this response answers to. */
static uint32_t response_bits(const struct mesh_retry_policy *policy,
                              const struct mesh_head *response)
{
    unsigned status = response->status;
    struct mesh_slice value;
    uint32_t bits = 0;

    if (mesh__head_get(response, MESH__H_X_ENVOY_RATELIMITED, &value))
        return MESH__RETRY_RATELIMITED;
    if (status >= 500 && status <= 599)
        bits |= MESH__RETRY_5XX;
    if (status >= 502 && status <= 504)
        bits |= MESH__RETRY_GATEWAY_ERROR;
    if (status == 409)
        bits |= MESH__RETRY_4XX;
    if (code_listed(policy, status))
        bits |= MESH__RETRY_STATUS_CODES;
    if (mesh__head_get(response, MESH__H_GRPC_STATUS, &value))
        bits |= grpc_bit(value);
    return bits;
}

bool mesh__retry_wanted(const struct mesh_retry_policy *policy,
                        const struct mesh_attempt_end *end)
{
    uint32_t bits;

    if (end->failure == MESH__FAILURE_NONE)
        return (policy->on & response_bits(policy, end->response)) != 0;
    bits = failures[end->failure].on;
    if (failures[end->failure].is_reset && !end->sent)
        bits |= MESH__RETRY_RESET_BEFORE_REQUEST;
    return (policy->on & bits) != 0;
}

/* --- limits and pauses --- */

static struct mesh_quota *slots(const struct mesh_destination *destination)
{
    struct mesh_live *live = mesh__live(destination);

    return live ? &live->quotas->retries : NULL;
}

void mesh__retry_end(const struct mesh_destination *destination,
                     struct mesh_retry *retry)
{
    struct mesh_quota *quota = slots(destination);

    if (retry->holds_slot && quota)
        mesh__quota_lower(quota);
    retry->holds_slot = false;
}

static bool take_slot(const struct mesh_destination *destination,
                      struct mesh_retry *retry, uint64_t now_ns)
{
    struct mesh_quota *quota = slots(destination);

    if (!quota)
        return true;
    if (!mesh__quota_has_room(quota, mesh__budget_most(destination, now_ns)))
        return false;
    mesh__quota_raise(quota);
    retry->holds_slot = true;
    return true;
}

/* Envoy's fully jittered exponential back-off, in whole milliseconds. */
static uint64_t next_wait(const struct mesh_retry_policy *policy,
                          struct mesh_retry *retry, uint64_t draw)
{
    uint64_t bound_ns = retry->backoff_ns ? retry->backoff_ns : policy->base_ns;
    uint64_t bound_ms = bound_ns / MESH__MS;

    retry->backoff_ns =
        bound_ns < policy->max_ns / 2 ? bound_ns * 2 : policy->max_ns;
    return bound_ms ? draw % bound_ms * MESH__MS : 0;
}

/* Once per exchange: a stream that died on the shelf is nobody's answer. */
static bool replay(struct mesh_retry *retry, const struct mesh_attempt_end *end,
                   int idempotent)
{
    if (idempotent != 1 || !end->reused || retry->replayed ||
        end->failure != MESH__FAILURE_RESET)
        return false;
    retry->replayed = true;
    return true;
}

static enum mesh_retry_answer decide(const struct mesh_retry_policy *policy,
                                     const struct mesh_destination *destination,
                                     struct mesh_retry *retry,
                                     const struct mesh_attempt_end *end,
                                     int idempotent, uint64_t now_ns,
                                     uint64_t draw, uint64_t *wait_ns,
                                     const char **reason)
{
    if (!mesh__retry_wanted(policy, end)) {
        *reason = "replayed: its stream had died on the shelf";
        if (replay(retry, end, idempotent))
            return MESH__RETRY_YES;
        *reason = "no condition of the policy asks for it";
        return MESH__RETRY_NO;
    }
    *reason = "marked not idempotent, and sent";
    if (idempotent == 0 && end->sent)
        return MESH__RETRY_NO;
    *reason = "all attempts are used up";
    if (retry->used >= policy->attempts)
        return MESH__RETRY_LIMIT;
    retry->used++;
    *reason = destination->breakers.retry_budget
                  ? "the budget of retries is used up"
                  : "the breaker of retries is full";
    if (!take_slot(destination, retry, now_ns))
        return MESH__RETRY_OVERFLOW;
    *reason = "the policy asks for it";
    *wait_ns = next_wait(policy, retry, draw);
    return MESH__RETRY_YES;
}

enum mesh_retry_answer mesh__retry_decide(
    const struct mesh_retry_policy *policy,
    const struct mesh_destination *destination, struct mesh_retry *retry,
    const struct mesh_attempt_end *end, int idempotent, uint64_t now_ns,
    uint64_t draw, uint64_t *wait_ns, struct mesh__why *why)
{
    struct mesh_attempt_end whole = *end;
    enum mesh_retry_answer answer;
    const char *reason;

    /* What an earlier attempt sent was sent; a response answers a request. */
    retry->sent =
        retry->sent || end->sent || end->failure == MESH__FAILURE_NONE;
    whole.sent = retry->sent;
    *wait_ns = 0;
    mesh__retry_end(destination, retry);
    answer = decide(policy, destination, retry, &whole, idempotent, now_ns,
                    draw, wait_ns, &reason);
    if (why)
        mesh__why_add(why, "retry", failures[end->failure].name,
                      answer == MESH__RETRY_YES, policy->mark, "%s", reason);
    return answer;
}

void mesh__retry_print(const struct mesh_retry_policy *policy, char *out,
                       size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    for (size_t i = 0; i < MESH__RETRY_TOKENS; i++) {
        if (policy->on & mesh__retry_tokens[i].bit)
            mesh__text_format(&text, "%s%s", text.len ? "," : "",
                              mesh__retry_tokens[i].name);
    }
    for (size_t i = 0; i < policy->code_count; i++)
        mesh__text_format(&text, "%s%u", text.len ? "," : "",
                          (unsigned)policy->codes[i]);
}
