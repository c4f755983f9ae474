/*
 * codes.h - the codes of findings that need more than one resource.
 *
 * Istio's own where the meaning is the same. Its analyzers call some of these
 * errors, but istiod takes such a policy and so does this library: `error` is
 * kept for what is not loaded.
 */
#ifndef MESH_POLICY_CODES_H
#define MESH_POLICY_CODES_H

/* A destination's host, port or subset is not there. */
#define MESH__CODE_NOT_FOUND "IST0101"
/* One host in several VirtualServices: only one of them is used. */
#define MESH__CODE_SAME_HOST "IST0109"
/* A selector that covers no workload. */
#define MESH__CODE_NO_WORKLOAD "IST0127"
/* A route that no request reaches. */
#define MESH__CODE_UNREACHABLE "IST0130"
/* A match entry that an earlier one covers. */
#define MESH__CODE_COVERED "IST0131"
/* A subset whose labels select no endpoint. */
#define MESH__CODE_EMPTY_SUBSET "IST0173"
/* A DestinationRule for a host that is no service. */
#define MESH__CODE_UNKNOWN_HOST "IST0174"

/* Too few endpoints for maxEjectionPercent ever to allow an ejection. */
#define MESH__CODE_NEVER_EJECTS "LM0101"
/* More than one MeshConfig: the later one's fields replace the earlier's. */
#define MESH__CODE_SEVERAL_CONFIGS "LM0102"
/* An endpoint whose address is a name or a socket: nothing is sent there. */
#define MESH__CODE_UNUSABLE_ADDRESS "LM0103"
/* A PeerAuthentication that Istio ignores: a selector in the root namespace. */
#define MESH__CODE_IGNORED "LM0104"
/* More in a list than this version has room for. */
#define MESH__CODE_TOO_MANY "LM0105"
/* An action of a route that cannot be done as it is written. */
#define MESH__CODE_CANNOT "LM0110"

#endif
