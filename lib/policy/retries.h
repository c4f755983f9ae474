/*
 * retries.h - VirtualService retries as istiod hands them to Envoy; for
 * policy/ alone (semantics 4.4; Istio: core/route/retry/retry.go).
 */
#ifndef MESH_POLICY_RETRIES_H
#define MESH_POLICY_RETRIES_H

#include "policy/snapshot.h"

/* What a route without retries has. */
void mesh__retries_default(struct mesh_retry_policy *out);

/* 0, or MESH_ERR_POLICY for more status codes than there is room for. */
int mesh__retries_compile(const struct mesh_http_retry *given,
                          struct mesh_retry_policy *out);

#endif
