/*
 * mesh/identity.h - reading SPIFFE ids and trace contexts, and an embedded
 * development CA, so that nothing else is needed to start.
 */
#ifndef MESH_IDENTITY_H
#define MESH_IDENTITY_H

#include <mesh/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * mesh_spiffe_json - how an id is read.
 *
 * {"valid", "trust_domain", "path", "namespace", "service_account", "reason"}
 *
 * Ownership: id is borrowed. *out is the caller's, for mesh_text_free().
 * Threads:   any.
 * Returns:   0 for a valid id; MESH_ERR_PEER_IDENTITY for another (*out is set
 *            in both cases); MESH_ERR_INVALID, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_spiffe_json(const char *id, char **out, mesh_error *error);

/**
 * mesh_trace_json - how a traceparent and tracestate are read (W3C Trace
 * Context section 3).
 *
 * {"decision" (continue, restart, none), "trace_id", "parent_id", "sampled",
 * "tracestate", "reason"}
 *
 * Ownership: both texts are borrowed and may be NULL. *out is the caller's.
 * Threads:   any.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_trace_json(const char *traceparent,
                                const char *tracestate, char **out,
                                mesh_error *error);

/**
 * mesh_ca_init - make a development CA in a directory.
 *
 * Writes root-cert.pem and ca-key.pem (mode 0600), atomically; valid for ten
 * years. An existing CA is left alone.
 *
 * Ownership: both texts are borrowed.
 * Threads:   any.
 * Returns:   0, or MESH_ERR_INVALID (no trust domain), MESH_ERR_STATE (there
 *            is one already), MESH_ERR_IO, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_ca_init(const char *directory, const char *trust_domain,
                             mesh_error *error);

/**
 * mesh_ca_issue - issue a workload certificate.
 *
 * Writes cert-chain.pem, key.pem (mode 0600) and root-cert.pem into out (made
 * if missing) atomically, for spiffe://TD/ns/NAMESPACE/sa/ACCOUNT, valid from
 * now on for ttl_s seconds (negative: expired since then, at most half a day,
 * for tests).
 *
 * Ownership: all texts are borrowed.
 * Threads:   any.
 * Returns:   0, or MESH_ERR_INVALID, MESH_ERR_IO (no CA in directory),
 *            MESH_ERR_CERTIFICATE, MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_ca_issue(const char *directory, const char *namespace_,
                              const char *service_account, int64_t ttl_s,
                              const char *out, mesh_error *error);

#ifdef __cplusplus
}
#endif
#endif
