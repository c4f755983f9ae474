/*
 * mesh/decision.h - decide without moving: route, pick and report; explain and
 * authorize.
 *
 * The same functions that production uses, with the reasons written down. What
 * is decided about is a request, or, in whatever protocol, a bag of attributes.
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
 * mesh_explain_attributes - the same of what a bag of attributes describes.
 *
 * Attributes are read as mesh_route_attributes() reads them. Of a stream the
 * rules are those of tcp and tls in VirtualServices, and what only requests
 * have (timeout, retries, headers ...) is null or empty.
 *
 * Ownership: workload and attributes are borrowed and unchanged. *out is the
 *            caller's, for mesh_decision_free().
 * Threads:   any.
 * Returns:   0 whatever the decision is, or MESH_ERR_INVALID (NULL, or
 *            attributes that do not say where to, as
 *            mesh_route_attributes()), MESH_ERR_FORKED, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_explain_attributes(mesh_workload *workload,
                                        const mesh_attributes *attributes,
                                        int64_t seed, mesh_decision **out,
                                        mesh_error *error);

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
MESH_EXTERN int mesh_route(mesh_workload *workload, const mesh_request *request,
                           mesh_decision **out, mesh_error *error);

/**
 * mesh_route_attributes - the same of what a bag of attributes describes.
 *
 * For programs with a protocol of their own. A bag without any request
 * attribute is a stream: the tcp and tls routes of VirtualServices apply, as
 * for mesh_connect(), and one decision stands for one connection. A bag with
 * one is a message of a protocol that is shaped like HTTP: http routes apply,
 * if the service's port may speak HTTP (it is not called tcp, tls, redis ...;
 * a name that tells no protocol will do), and each message has a decision of
 * its own.
 *
 * What each attribute is for (names: mesh_attributes_set()):
 *
 * "destination.host": the service, as clients write its name. Of a stream it
 * is what sniHosts are compared with unless "connection.sni" is set; of a
 * request it stands in for "request.host".
 * "destination.port": the service's port, not the endpoint's. A stream needs
 * it; a request without one goes to the port of "request.host", else to 80.
 * "destination.ip": the address that the program would dial. It finds a
 * service that no host names, is what destinationSubnets are compared with
 * (default: "destination.host" if it is an address, else the service's own),
 * and is where unknown hosts go under ALLOW_ANY.
 * "connection.sni": the server name of the stream's own TLS; NULL says that it
 * has none, and no rule with sniHosts but "*" takes it then. Of a request it
 * has no meaning.
 * "source.ip": for whom, where a DestinationRule hashes useSourceIp (default:
 * the address of this workload; NULL: nobody, and the dice decide).
 * "request.method", "request.path", "request.host", "request.headers[name]":
 * what http routes match, what consistentHash hashes (httpHeaderName,
 * httpCookie, httpQueryParameterName) and, in "grpc-timeout", what bounds it.
 *
 * The program writes the message, so it knows all of it: here, unlike in
 * mesh_authorize(), what was never set is absent, as what was set to NULL. A
 * rule that asks for an absent method or header does not match, one that asks
 * for its absence (withoutHeaders) does, and a hash of it is the dice's
 * affair. A path that is absent is "/", so that a rule for every path takes
 * the message; its scheme is "http". Other attributes have no meaning here.
 *
 * The decision does not refer to the bag, which may be changed or returned on
 * the next line.
 *
 * Ownership: workload and attributes are borrowed and unchanged. *out is the
 *            caller's, for mesh_decision_free(), set whatever the route is
 *            unless the bag did not say where to.
 * Threads:   any; a decision belongs to one thread at a time. No lock is
 *            shared by all who ask.
 * Returns:   as mesh_route(), and for a stream MESH_ERR_NO_ROUTE (no rule of
 *            the service takes it) or MESH_ERR_NO_DESTINATION (no service, and
 *            REGISTRY_ONLY; or the rule leads to what is not known), with
 *            *out. MESH_ERR_INVALID with *out NULL: an argument is NULL, no
 *            host and no address is set, a stream has no port, or
 *            "request.host" is none.
 */
MESH_EXTERN int mesh_route_attributes(mesh_workload *workload,
                                      const mesh_attributes *attributes,
                                      mesh_decision **out, mesh_error *error);

/**
 * mesh_pick - the endpoint for one attempt.
 *
 * The destination's balancer over the endpoints that are admitted; earlier
 * picks of this decision are avoided as retries do. No name is waited for: an
 * endpoint that DNS will tell is there in a later decision.
 *
 * A request counts as under way (http2MaxRequests, retryBudget, LEAST_REQUEST)
 * until mesh_report() or mesh_decision_free(). A stream counts as one of its
 * destination's connections (tcp.maxConnections) until a report says that it
 * was not made; one that was made, until mesh_decision_free() or the next
 * mesh_pick(), which says that it is over: keep the decision as long as the
 * connection. No policy retries a stream; whoever picks again gets another
 * endpoint, if five more picks find one.
 *
 * The program connects by itself, within mesh_decision_bound()
 * MESH_BOUND_CONNECT_MS, to MESH_DECISION_ENDPOINT; and if MESH_DECISION_TLS is
 * not "disable", it must speak TLS there and hold the peer to the names, or not
 * speak at all: no byte of it is protected by libmesh.
 *
 * Ownership: decision is borrowed.
 * Threads:   the decision's.
 * Returns:   0, or MESH_ERR_NO_ENDPOINT, MESH_ERR_OVERFLOW (maxConnections of
 *            a stream's destination or http2MaxRequests of a request's is
 *            reached), MESH_ERR_STATE (no route, or the last pick was not
 *            reported), MESH_ERR_RESOLVE (it goes to the caller's own address,
 *            and neither mesh_request_set_address() nor "destination.ip" said
 *            which), MESH_ERR_INVALID, MESH_ERR_NOMEM.
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
 * Outlier detection learns of it. *again_ms (may be NULL) is how many
 * milliseconds to wait before the next mesh_pick() if the policy retries this
 * outcome, else -1; of a stream always -1. Once for each pick: what happens in
 * a stream after MESH_RESULT_CONNECTED is nobody's business, as in a sidecar.
 *
 * Ownership: decision is borrowed.
 * Threads:   the decision's.
 * Returns:   0, or MESH_ERR_STATE (nothing was picked, or it was reported),
 *            MESH_ERR_INVALID (an unknown result, a status outside 100 to 599
 *            with MESH_RESULT_STATUS, or a status of a stream).
 */
MESH_EXTERN int mesh_report(mesh_decision *decision, int result, int status,
                            int64_t *again_ms, mesh_error *error);

/* What mesh_decision_value() answers. */
enum {
    MESH_DECISION_DESTINATION = 1, /* "outbound|80|v1|a.b.svc.cluster.local" */
    MESH_DECISION_HOST = 2,        /* "a.b.svc.cluster.local"                 */
    MESH_DECISION_SUBSET = 3,
    MESH_DECISION_ROUTE = 4,    /* the route's name                        */
    MESH_DECISION_ENDPOINT = 5, /* "127.0.1.1:18080", after mesh_pick()    */
    MESH_DECISION_WORKLOAD = 6,
    MESH_DECISION_PRINCIPAL = 7, /* the SPIFFE id it must prove             */
    MESH_DECISION_SNI = 8,       /* what a ClientHello is to name           */
    MESH_DECISION_TLS = 9        /* what is spoken to this endpoint         */
};

/**
 * mesh_decision_value - one of the texts of a decision made by mesh_route() or
 * mesh_route_attributes().
 *
 * MESH_DECISION_ENDPOINT, WORKLOAD, PRINCIPAL and TLS are of the last
 * mesh_pick(), "" before. TLS is "istio_mutual" (both sides prove SPIFFE ids:
 * PRINCIPAL is whom the peer must prove to be, one of several where a rule's
 * subjectAltNames list them; "" any of the trust domain), "simple" or "mutual"
 * (as the DestinationRule says: mesh_explain()), or "disable" (plaintext).
 *
 * Ownership: the text lives as long as decision; those of a pick until the
 *            next one, also one that finds none.
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

/* What mesh_decision_bound() answers: DestinationRule trafficPolicy. */
enum {
    MESH_BOUND_CONNECT_MS = 1,  /* tcp.connectTimeout, TLS included; 10 s     */
    MESH_BOUND_IDLE_MS = 2,     /* tcp.idleTimeout; of a request http's; 1 h  */
    MESH_BOUND_DURATION_MS = 3, /* tcp.maxConnectionDuration                  */
    MESH_BOUND_CONNECTIONS = 4, /* tcp.maxConnections, of all endpoints       */
    MESH_BOUND_REQUESTS_PER_CONNECTION = 5 /* http.maxRequestsPerConnection   */
};

/**
 * mesh_decision_bound - a bound that the program has to keep by itself.
 *
 * Known once there is a route. A request's connections are the program's own:
 * it keeps MESH_BOUND_CONNECTIONS, which mesh_pick() keeps for streams.
 *
 * Ownership: decision is borrowed.
 * Threads:   the decision's.
 * Returns:   milliseconds (above 0) or a count (above 0); -1 when the policy
 *            has no such bound, for an unknown what, a decision without a
 *            destination, and NULL.
 */
MESH_EXTERN int64_t mesh_decision_bound(const mesh_decision *decision,
                                        int what);

/**
 * mesh_attributes_new - a bag of attributes of a request or connection, inbound
 * or outbound.
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
 * mesh_attributes_clear - forget all that was set, and keep the memory.
 *
 * For a bag that is filled anew for each message.
 *
 * Ownership: attributes is borrowed; NULL is accepted.
 * Threads:   the bag's.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_attributes_clear(mesh_attributes *attributes);

/**
 * mesh_attributes_set - say what an attribute is, or that there is none.
 *
 * Names: "source.principal" (a full SPIFFE id), "source.ip", "remote.ip",
 * "destination.host" (a name or an address, without port), "destination.ip",
 * "destination.port" (1 to 65535), "connection.sni", "request.method",
 * "request.host", "request.path", "request.headers[name]" (any case;
 * repeatable: each adds a line). A value of NULL says: known to be absent; of a
 * header it takes away the lines of that name. With none of the request
 * attributes set, the bag is a plain connection.
 *
 * mesh_authorize() asks about an inbound one: what is never set is unknown,
 * which DENY rules count as matched and ALLOW rules as unmatched;
 * "destination.port" is the workload's own, and "destination.host" has no
 * meaning. mesh_route_attributes() asks about an outbound one and tells there
 * what each is for.
 *
 * Ownership: all are borrowed; the texts are copied.
 * Threads:   the bag's.
 * Returns:   0, or MESH_ERR_INVALID (unknown name, value that is no address,
 *            host or port), MESH_ERR_TOO_LARGE (more than 1,000 headers),
 *            MESH_ERR_NOMEM (or the texts pass 1 MiB).
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
 * "probes"}, "protocol" (what a sidecar would speak),
 * "max_concurrent_streams", "http2_keepalive" {"interval_ms", "timeout_ms"}},
 * "outlier_detection", "headers" {"request", "response"}, "rewrite" {"path",
 * "authority"}, "fault", "cors", "mirror" [{"destination", "percent",
 * "drawn"}], "redirect" {"status", "location"}, "direct_response" {"status",
 * "body"}, "rules" [{"name", "matched", "reason", "file", "line"}], "verdict".
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
