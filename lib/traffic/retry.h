/*
 * retry.h - again, or not (Envoy: retry_state_impl.cc).
 */
#ifndef MESH_TRAFFIC_RETRY_H
#define MESH_TRAFFIC_RETRY_H

#include "policy/snapshot.h"
#include "policy/why.h"
#include "traffic/live.h"
#include "value/head.h"

#include <stdbool.h>
#include <stdint.h>

enum mesh_failure { /* how an attempt ended without a usable response head */
                    MESH__FAILURE_NONE,
                    MESH__FAILURE_CONNECT, /* refused, unreachable, handshake
                                              (UF)   */
                    MESH__FAILURE_CONNECT_TIMEOUT, /* UF */
                    MESH__FAILURE_RESET, /* closed or reset by the peer (UC) */
                    MESH__FAILURE_PROTOCOL,        /* UPE        */
                    MESH__FAILURE_PER_TRY_TIMEOUT, /* UT */
                    MESH__FAILURE_TIMEOUT,  /* the whole; never retried (UT)  */
                    MESH__FAILURE_OVERFLOW, /* a breaker; never retried (UO) */
                    MESH__FAILURE_NO_ENDPOINT, /* UH; never retried */
                    MESH__FAILURE_NAME, /* no address for it; never retried */
                    MESH__FAILURE_LOCAL /* memory, descriptors: never retried */
};

struct mesh_attempt_end {
    enum mesh_failure failure;
    const struct mesh_head *response; /* when failure is NONE */
    bool sent;                        /* a byte of it left the process */
    bool reused;                      /* on a stream from the shelf */
};

/* One exchange's retry state; zeroed at its beginning. */
struct mesh_retry {
    uint32_t used;       /* retries made                       */
    uint64_t backoff_ns; /* the next bound; 0: base            */
    bool holds_slot;     /* of the retries quota               */
    bool sent;           /* by any attempt so far              */
    bool replayed;       /* on a stale stream, once            */
};

enum mesh_retry_answer {
    MESH__RETRY_NO,
    MESH__RETRY_YES,
    MESH__RETRY_LIMIT,   /* would have, but attempts are used up: URX */
    MESH__RETRY_OVERFLOW /* would have, but the breaker is full: UO   */
};

/*
 * Decide after an attempt. idempotent: 1 and 0 as the caller marked it, -1 not
 * marked: a call marked not idempotent is never sent again once a byte left,
 * by whichever attempt; one marked idempotent is sent again at once, and once,
 * where the policy would not, if a stream from the shelf was reset under it.
 * now_ns is what a budget with an interval looks back from. On YES *wait_ns is
 * the jittered back-off (draw uniform over uint64_t) and a slot of the retries
 * quota is held until the next decision or retry_end.
 */
enum mesh_retry_answer mesh__retry_decide(
    const struct mesh_retry_policy *policy,
    const struct mesh_destination *destination, struct mesh_retry *retry,
    const struct mesh_attempt_end *end, int idempotent, uint64_t now_ns,
    uint64_t draw, uint64_t *wait_ns, struct mesh__why *why);

/* Give the slot back; once at the exchange's end, harmless twice. */
void mesh__retry_end(const struct mesh_destination *destination,
                     struct mesh_retry *retry);

/* Would this attempt be retried at all (before limits)? */
bool mesh__retry_wanted(const struct mesh_retry_policy *policy,
                        const struct mesh_attempt_end *end);

/* "gateway-error,connect-failure" for people; cut at size. */
void mesh__retry_print(const struct mesh_retry_policy *policy, char *out,
                       size_t size);

#endif
