/*
 * mesh/workload.h - this program's place in the mesh.
 */
#ifndef MESH_WORKLOAD_H
#define MESH_WORKLOAD_H

#include <mesh/base.h>
#include <mesh/config.h>
#include <mesh/diagnostics.h>
#include <mesh/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * mesh_workload_new - load identity and policy, and be ready to talk.
 *
 * Settings are completed from the environment, the certificate and defaults.
 * A start without policy files, with a broken policy, or with settings that
 * contradict the certificate fails.
 *
 * Ownership: config is copied; NULL means all defaults. *out is the caller's,
 *            for mesh_workload_free().
 * Threads:   any.
 * Returns:   0, or
 *            MESH_ERR_INVALID            a setting cannot be read
 *            MESH_ERR_NO_POLICY          no policy file was found
 *            MESH_ERR_POLICY             it has errors or refusals; the message
 *                                        has the first and their number
 *            MESH_ERR_CERTIFICATE        names the file and what is wrong
 *            MESH_ERR_IDENTITY_MISMATCH  a setting contradicts the certificate
 *            MESH_ERR_IO, MESH_ERR_FILES, MESH_ERR_SYSTEM, MESH_ERR_MODULE
 *            MESH_ERR_NOMEM              *out is NULL, as in all of these
 */
MESH_EXTERN int mesh_workload_new(const mesh_config *config,
                                  mesh_workload **out, mesh_error *error);

/**
 * mesh_workload_free - let go of a workload.
 *
 * Calls mesh_workload_close(workload, 0) if nobody did. Legal before its last
 * response, exchange or loop is freed: memory goes with the last of them.
 *
 * Ownership: workload is taken; NULL is accepted.
 * Threads:   any; no call on it may be under way.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_workload_free(mesh_workload *workload);

/**
 * mesh_workload_ready - wait until the workload can serve and call.
 *
 * After mesh_workload_new() succeeded it is; this asks again: a policy in
 * force, an identity that is valid now.
 *
 * Ownership: workload is borrowed.
 * Threads:   any. Blocks for at most timeout_ms (0 only looks).
 * Returns:   0, or MESH_ERR_TIMEOUT with what is missing, MESH_ERR_INVALID,
 *            MESH_ERR_FORKED.
 */
MESH_EXTERN int mesh_workload_ready(mesh_workload *workload,
                                    int64_t timeout_ms, mesh_error *error);

/**
 * mesh_workload_reload - read policy and identity again, now.
 *
 * What the keeper does by itself when files change. A broken policy changes
 * nothing: the last good one stays in force, and an event says so (see also
 * mesh_config_set_keep_good()). What did not change is neither read nor
 * compiled again.
 *
 * Ownership: workload is borrowed. *findings (may be NULL) is the caller's,
 *            for mesh_diagnostics_free(), set on success and on
 *            MESH_ERR_POLICY.
 * Threads:   any. Blocks while it compiles.
 * Returns:   0, or what mesh_workload_new() returns for policy and identity.
 */
MESH_EXTERN int mesh_workload_reload(mesh_workload *workload,
                                     mesh_diagnostics **findings,
                                     mesh_error *error);

/**
 * mesh_workload_close - stop: drain, flush, end the helper.
 *
 * New calls and accepts fail with MESH_ERR_STATE; exchanges under way may
 * finish until deadline_ms is over, the rest is cancelled; spans and log lines
 * are flushed within the same bound.
 *
 * Ownership: workload is borrowed; free it afterwards.
 * Threads:   any, once. Blocks for at most deadline_ms and a little.
 * Returns:   0, MESH_ERR_TIMEOUT (something was cancelled), MESH_ERR_INVALID,
 *            MESH_ERR_FORKED.
 */
MESH_EXTERN int mesh_workload_close(mesh_workload *workload,
                                    int64_t deadline_ms, mesh_error *error);

/**
 * mesh_workload_after_fork - make a forked child's copy usable.
 *
 * Closes inherited connections without a byte, makes new loops, draws new
 * random seeds; snapshot and identity stay. The parent's calls, servers,
 * streams and host loops are dead in the child: free them, nothing else. Until
 * this call everything answers MESH_ERR_FORKED. The helper, if one was asked
 * for, is started anew.
 *
 * Ownership: workload is borrowed.
 * Threads:   the child's only one.
 * Returns:   0, or MESH_ERR_STATE (no child; or an mbedTLS below 3.6.6 whose
 *            random generator cannot be made anew), MESH_ERR_NOMEM,
 *            MESH_ERR_FILES, MESH_ERR_SYSTEM.
 */
MESH_EXTERN int mesh_workload_after_fork(mesh_workload *workload,
                                         mesh_error *error);

/**
 * mesh_workload_keeper - the loop for what outlives a call.
 *
 * Reload, rotation, export, sweeping of idle connections. Step it, or ask for
 * a helper (mesh_config_set_helper()).
 *
 * Ownership: workload is borrowed; the loop is the workload's.
 * Threads:   any.
 * Returns:   the loop, or NULL for NULL.
 */
MESH_EXTERN mesh_loop *mesh_workload_keeper(mesh_workload *workload);

/**
 * mesh_workload_overdue_ms - how late the keeper is.
 *
 * Ownership: workload is borrowed.
 * Threads:   any.
 * Returns:   milliseconds since it should have been stepped, 0 when in time,
 *            -1 for NULL.
 */
MESH_EXTERN int64_t mesh_workload_overdue_ms(mesh_workload *workload);

/**
 * mesh_workload_spiffe_id - who we are.
 *
 * Ownership: the text lives until the workload is freed, also after a
 *            rotation.
 * Threads:   any.
 * Returns:   "spiffe://...", or "" when offline or NULL.
 */
MESH_EXTERN const char *mesh_workload_spiffe_id(const mesh_workload *workload);

/**
 * mesh_workload_generation - the number of the policy in force.
 *
 * Ownership: workload is borrowed.
 * Threads:   any.
 * Returns:   1 for the first, one more with each reload that changed
 *            something; 0 for NULL.
 */
MESH_EXTERN int64_t mesh_workload_generation(const mesh_workload *workload);

/**
 * mesh_workload_statistic - one number by name.
 *
 * Names: "calls", "attempts", "retries", "calls_failed", "mirrors" (copies
 * that a policy asked for and that were begun), "mirrors_dropped" (those that
 * were not: too many at once, or nobody drives the keeper), "exchanges",
 * "denied", "connections_refused", "connections_opened",
 * "connections_accepted", "connections_closed", "handshakes_full",
 * "handshakes_resumed", "handshakes_failed", "reloads", "reloads_refused",
 * "rotations", "policy_age_ms", "policy_stale_ms", "policy_held",
 * "policy_left_out", "ejections", "ejections_refused", "ejected",
 * "spans_exported", "spans_dropped", "events_lost", "access_lines_lost".
 *
 * "policy_stale_ms" is how long the files have said something else than what
 * is in force, because all of it or a part is bad; 0: they say the same.
 * "policy_held" and "policy_left_out" count the bad resources of the policy in
 * force that stay as they were, and that are missing
 * (mesh_config_set_keep_good()).
 *
 * Ownership: workload, name and out are borrowed.
 * Threads:   any.
 * Returns:   0, or MESH_ERR_INVALID for an unknown name.
 */
MESH_EXTERN int mesh_workload_statistic(mesh_workload *workload,
                                        const char *name, int64_t *out,
                                        mesh_error *error);

/* What an event is about. */
enum {
    MESH_EVENT_POLICY_LOADED = 1,
    MESH_EVENT_POLICY_REFUSED = 2,  /* the last good one stays in force      */
    MESH_EVENT_IDENTITY_ROTATED = 3,
    MESH_EVENT_IDENTITY_REFUSED = 4, /* the last good one stays              */
    MESH_EVENT_IDENTITY_EXPIRING = 5,
    MESH_EVENT_EJECTED = 6,         /* an endpoint, by outlier detection     */
    MESH_EVENT_ADMITTED = 7,        /* one that was ejected is back          */
    MESH_EVENT_DENIED = 8,          /* policy, rule and failing condition    */
    MESH_EVENT_CONNECTION_REFUSED = 9, /* a peer was closed before a request */
    MESH_EVENT_EXPORT_FAILED = 10,
    MESH_EVENT_OUT_OF_FILES = 11,
    MESH_EVENT_POLICY_JUDGED = 12,  /* warnings about how resources fit      */
    MESH_EVENT_POLICY_PARTLY = 13,  /* in force, but without what is bad     */
    MESH_EVENT_UNRESOLVED = 14      /* a name; its last addresses stay       */
};

/**
 * mesh_workload_next_event - the oldest line of what happened by itself.
 *
 * A bounded queue: 256 lines; older ones are lost and counted.
 *
 * Ownership: workload is borrowed. text gets at most size bytes, NUL included.
 * Threads:   any.
 * Returns:   a MESH_EVENT value, 0 when there is none, or MESH_ERR_INVALID.
 */
MESH_EXTERN int mesh_workload_next_event(mesh_workload *workload, char *text,
                                         size_t size);

#ifdef __cplusplus
}
#endif
#endif
