/*
 * mesh/decision.h - decide without moving: route, pick and report; explain and
 * authorize.
 *
 * The same functions that production uses, with the reasons written down.
 */
#ifndef MESH_DECISION_H
#define MESH_DECISION_H

#include <mesh/base.h>
#include <mesh/call.h>
#include <mesh/workload.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mesh_decision mesh_decision;
typedef struct mesh_attributes mesh_attributes;

/**
 * mesh_explain - what would happen to this request, and why.
 *
 * seed settles the dice: the same seed, the same decision. Nothing is sent and
 * nothing that lives changes.
 *
 * Ownership: workload and request are borrowed. *out is the caller's, for
 *            mesh_decision_free().
 * Threads:   any.
 * Returns:   0 whatever the decision is, or MESH_ERR_INVALID, MESH_ERR_FORKED,
 *            MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_explain(mesh_workload *workload,
                             const mesh_request *request, int64_t seed,
                             mesh_decision **out, mesh_error *error);

/**
 * mesh_route - decide for real: which destination gets this request.
 *
 * For programs with a client of their own. The dice are drawn, nothing is
 * sent; mesh_pick() then names an endpoint and mesh_report() says what became
 * of it. The decision keeps the policy that it was made with. What the rule
 * does to the message itself (edits, rewrites, faults, CORS, mirrors) is not
 * done here: mesh_explain() tells it, mesh_call does it.
 *
 * Ownership: workload and request are borrowed. *out is the caller's, for
 *            mesh_decision_free(), set whatever the route is.
 * Threads:   any; a decision belongs to one thread at a time.
 * Returns:   0, or MESH_ERR_NO_ROUTE, MESH_ERR_NO_DESTINATION (unknown host,
 *            port or subset), MESH_ERR_LOCAL_RESPONSE (the rule redirects or
 *            answers by itself, or a regular expression met its bound),
 *            MESH_ERR_INVALID, MESH_ERR_FORKED, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_route(mesh_workload *workload,
                           const mesh_request *request, mesh_decision **out,
                           mesh_error *error);

/**
 * mesh_pick - the endpoint for one attempt.
 *
 * The destination's balancer over the endpoints that are admitted; earlier
 * picks of this decision are avoided as retries do. It counts as under way
 * until mesh_report() or mesh_decision_free().
 *
 * Ownership: decision is borrowed.
 * Threads:   the decision's.
 * Returns:   0, or MESH_ERR_NO_ENDPOINT, MESH_ERR_STATE (no route, or the last
 *            pick was not reported), MESH_ERR_RESOLVE (it goes to the caller's
 *            own address, and mesh_request_set_address() did not say which),
 *            MESH_ERR_INVALID.
 */
MESH_EXTERN int mesh_pick(mesh_decision *decision, mesh_error *error);

/* What became of an attempt: mesh_report(). */
enum {
    MESH_RESULT_STATUS = 1,         /* a response; status says which          */
    MESH_RESULT_CONNECTED = 2,      /* a connection was made, no HTTP follows */
    MESH_RESULT_CONNECT_FAILED = 3, /* none could be made                     */
    MESH_RESULT_RESET = 4,          /* it ended before an answer              */
    MESH_RESULT_TIMEOUT = 5         /* no answer in time                      */
};

/**
 * mesh_report - feed an attempt's outcome back, and ask whether to try again.
 *
 * Outlier detection learns of it. *again_ms (may be NULL) is how long to wait
 * before the next mesh_pick() if the policy retries this outcome, else -1.
 *
 * Ownership: decision is borrowed.
 * Threads:   the decision's.
 * Returns:   0, or MESH_ERR_STATE (nothing was picked), MESH_ERR_INVALID (an
 *            unknown result, or a status outside 100 to 599 with
 *            MESH_RESULT_STATUS).
 */
MESH_EXTERN int mesh_report(mesh_decision *decision, int result, int status,
                            int64_t *again_ms, mesh_error *error);

/* What mesh_decision_value() answers. */
enum {
    MESH_DECISION_DESTINATION = 1, /* "outbound|80|v1|a.b.svc.cluster.local" */
    MESH_DECISION_HOST = 2,        /* "a.b.svc.cluster.local"                 */
    MESH_DECISION_SUBSET = 3,
    MESH_DECISION_ROUTE = 4,       /* the route's name                        */
    MESH_DECISION_ENDPOINT = 5,    /* "127.0.1.1:18080", after mesh_pick()    */
    MESH_DECISION_WORKLOAD = 6,
    MESH_DECISION_PRINCIPAL = 7,   /* the SPIFFE id it must prove             */
    MESH_DECISION_SNI = 8
};

/**
 * mesh_decision_value - one of the texts of a decision made by mesh_route().
 *
 * Ownership: the text lives as long as decision.
 * Threads:   the decision's.
 * Returns:   the text, "" where there is none, NULL for an unknown what or
 *            NULL.
 */
MESH_EXTERN const char *mesh_decision_value(const mesh_decision *decision,
                                            int what);

/**
 * mesh_decision_timeout_ms - the bound on the whole, retries included.
 *
 * Ownership: decision is borrowed.
 * Threads:   the decision's.
 * Returns:   milliseconds, or -1 when the policy has none.
 */
MESH_EXTERN int64_t mesh_decision_timeout_ms(const mesh_decision *decision);

/**
 * mesh_decision_per_try_ms - the bound on one attempt.
 *
 * Ownership: decision is borrowed.
 * Threads:   the decision's.
 * Returns:   milliseconds, or -1 when the policy has none.
 */
MESH_EXTERN int64_t mesh_decision_per_try_ms(const mesh_decision *decision);

/**
 * mesh_attributes_new - a bag of attributes of an inbound request or
 * connection.
 *
 * Ownership: the result is the caller's, for mesh_attributes_free().
 * Threads:   any; one handle belongs to one thread at a time.
 * Returns:   the handle, or NULL when memory is out.
 */
MESH_EXTERN mesh_attributes *mesh_attributes_new(void);

/**
 * mesh_attributes_free - return a bag.
 *
 * Ownership: attributes is taken; NULL is accepted.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_attributes_free(mesh_attributes *attributes);

/**
 * mesh_attributes_set - say what an attribute is, or that there is none.
 *
 * Names: "source.principal" (a full SPIFFE id), "source.ip", "remote.ip",
 * "destination.ip", "destination.port", "connection.sni", "request.method",
 * "request.host", "request.path", "request.headers[name]" (repeatable). A
 * value of NULL says: known to be absent. What is never set is unknown, which
 * DENY rules count as matched and ALLOW rules as unmatched. With none of the
 * request attributes set, the bag is a plain connection.
 *
 * Ownership: all are borrowed; the texts are copied.
 * Threads:   the bag's.
 * Returns:   0, or MESH_ERR_INVALID (unknown name, value that is no address or
 *            port), MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_attributes_set(mesh_attributes *attributes,
                                    const char *name, const char *value,
                                    mesh_error *error);

/**
 * mesh_authorize - may this request come in?
 *
 * PeerAuthentication of the port, then AuthorizationPolicy, as
 * mesh_server_next() applies them.
 *
 * Ownership: workload and attributes are borrowed. *out is the caller's.
 * Threads:   any.
 * Returns:   0 when it is allowed; MESH_ERR_DENIED when not (*out is set in
 *            both cases); MESH_ERR_INVALID, MESH_ERR_FORKED, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_authorize(mesh_workload *workload,
                               const mesh_attributes *attributes,
                               mesh_decision **out, mesh_error *error);

/**
 * mesh_decision_free - return a decision.
 *
 * Ownership: decision is taken; NULL is accepted.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_decision_free(mesh_decision *decision);

/**
 * mesh_decision_json - the decision and its reasons as JSON.
 *
 * explain: "resource", "rule", "destination" {"host", "subset", "port",
 * "weight", "balancer", "ring_size", "warmup"}, "endpoints" [{"address",
 * "port", "labels", "locality", "weight", "priority", "picked"}],
 * "timeout_ms", "retries" {"attempts", "per_try_timeout_ms", "back_off_ms",
 * "back_off_max_ms", "other_hosts", "other_localities", "retry_on"},
 * "tls" {"mode", "sni", "principals"; outside the mesh "names", "roots",
 * "chain", "key", "verified"}, "connection_pool" {"max_connections",
 * "max_pending_requests", "max_requests", "max_retries", "retry_budget",
 * "max_requests_per_connection", "connect_timeout_ms", "idle_timeout_ms",
 * "max_connection_duration_ms", "tcp_keepalive" {"time_ms", "interval_ms",
 * "probes"}}, "outlier_detection", "headers" {"request", "response"},
 * "rewrite" {"path", "authority"}, "fault", "cors", "mirror"
 * [{"destination", "percent", "drawn"}], "redirect" {"status", "location"},
 * "direct_response" {"status", "body"}, "rules" [{"name", "matched",
 * "reason", "file", "line"}], "verdict".
 * authorize: "verdict" (allow, deny, reject), "action", "policy", "rule",
 * "reason", "normalized_path", "dry_run".
 *
 * Ownership: the text lives as long as decision.
 * Threads:   the decision's.
 * Returns:   the text; NULL for NULL.
 */
MESH_EXTERN const char *mesh_decision_json(const mesh_decision *decision);

/**
 * mesh_decision_text - the same for people, several lines.
 *
 * Ownership: the text lives as long as decision.
 * Threads:   the decision's.
 * Returns:   the text; NULL for NULL.
 */
MESH_EXTERN const char *mesh_decision_text(const mesh_decision *decision);

#ifdef __cplusplus
}
#endif
#endif
