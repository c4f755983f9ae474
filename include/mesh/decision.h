/*
 * mesh/decision.h - decide without moving: explain and authorize.
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
 * "weight"}, "endpoints" [{"address", "port", "labels"}], "timeout_ms",
 * "retries" {"attempts", "per_try_timeout_ms", "retry_on"}, "tls" {"mode",
 * "sni", "principals"}, "headers", "fault", "mirror", "redirect",
 * "direct_response", "rules" [{"name", "matched", "reason", "file", "line"}],
 * "verdict".
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
