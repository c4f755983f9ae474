/*
 * mesh/config.h - settings of a workload.
 *
 * What is set here wins over the environment, which wins over the identity
 * certificate, which wins over the defaults. A config is copied when used.
 */
#ifndef MESH_CONFIG_H
#define MESH_CONFIG_H

#include <mesh/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mesh_config mesh_config;

/**
 * mesh_config_new - make settings: all of them unset.
 *
 * Ownership: the result is the caller's, for mesh_config_free().
 * Threads:   any; one handle belongs to one thread at a time.
 * Returns:   the handle, or NULL when memory is out.
 */
MESH_EXTERN mesh_config *mesh_config_new(void);

/**
 * mesh_config_free - return settings.
 *
 * Ownership: config is taken; NULL is accepted.
 * Threads:   any.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_config_free(mesh_config *config);

/**
 * mesh_config_set_policy - where the Istio resources are (MESH_POLICY).
 *
 * A directory (every .yaml, .yml and .json in it, not below it) or one file.
 * It is watched: see mesh_workload_reload().
 *
 * Ownership: path is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID (config is NULL, or path is ""), or
 *            MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_policy(mesh_config *config, const char *path);

/**
 * mesh_config_set_identity - the directory of our certificate (MESH_IDENTITY).
 *
 * It holds cert-chain.pem, key.pem and root-cert.pem, as istio-agent and
 * `lmesh ca issue` write them. It is watched; a rotation takes effect for new
 * connections.
 *
 * Ownership: directory is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_identity(mesh_config *config,
                                         const char *directory);

/**
 * mesh_config_set_namespace - our Kubernetes namespace (MESH_NAMESPACE).
 *
 * Default: the one in the certificate's SPIFFE id.
 *
 * Ownership: text is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_namespace(mesh_config *config,
                                          const char *text);

/**
 * mesh_config_set_service_account - our service account
 * (MESH_SERVICE_ACCOUNT).
 *
 * Default: the one in the certificate's SPIFFE id.
 *
 * Ownership: text is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_service_account(mesh_config *config,
                                                const char *text);

/**
 * mesh_config_set_labels - our labels, "k=v,k2=v2" (MESH_LABELS).
 *
 * "" is the empty set and counts as set. Default: those of the WorkloadEntry
 * with our address and service account.
 *
 * Ownership: text is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID (and the offending piece in no message: see
 *            mesh_workload_new()) or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_labels(mesh_config *config, const char *text);

/**
 * mesh_config_set_trust_domain - our trust domain (MESH_TRUST_DOMAIN).
 *
 * Default: the certificate's, else MeshConfig trustDomain.
 *
 * Ownership: text is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_trust_domain(mesh_config *config,
                                             const char *text);

/**
 * mesh_config_set_address - the IP address others know us by (MESH_ADDRESS).
 *
 * Finds our WorkloadEntry, and connections leave from it.
 *
 * Ownership: ip is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID (no IP address) or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_address(mesh_config *config, const char *ip);

/**
 * mesh_config_set_locality - where we are, "region/zone/subzone"
 * (MESH_LOCALITY).
 *
 * Ownership: text is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_locality(mesh_config *config, const char *text);

/**
 * mesh_config_set_nameservers - whom to ask for names (MESH_NAMESERVERS).
 *
 * IP addresses with or without a port, "192.0.2.53,[2001:db8::53]:5353": asked
 * instead of those that the machine's settings name. The hosts file is read
 * either way.
 *
 * Ownership: text is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID (not such a list) or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_nameservers(mesh_config *config,
                                            const char *text);

/**
 * mesh_config_set_access_log - one line per exchange (MESH_ACCESS_LOG).
 *
 * "off" (the default), "policy" (as MeshConfig accessLogFile says, standard
 * output included), or the path of a file that is appended to. A stream of
 * mesh_connect() or mesh_accept() has its line when it is closed.
 *
 * Ownership: text is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_access_log(mesh_config *config,
                                           const char *text);

/**
 * mesh_config_set_otlp_endpoint - where spans go
 * (OTEL_EXPORTER_OTLP_ENDPOINT).
 *
 * The base URL of an OTLP/HTTP collector, e.g. "http://127.0.0.1:4318";
 * "/v1/traces" is appended. Needs libmesh-fetch.so.
 *
 * Ownership: url is copied; NULL unsets.
 * Threads:   the config's.
 * Returns:   0, MESH_ERR_INVALID or MESH_ERR_NOMEM.
 */
MESH_EXTERN int mesh_config_set_otlp_endpoint(mesh_config *config,
                                              const char *url);

/**
 * mesh_config_set_environment - read the MESH_ variables or not.
 *
 * 1 (the default) reads what no setter set, with secure_getenv(3).
 *
 * Ownership: config is borrowed.
 * Threads:   the config's.
 * Returns:   0, or MESH_ERR_INVALID for anything but 0 and 1.
 */
MESH_EXTERN int mesh_config_set_environment(mesh_config *config, int on);

/**
 * mesh_config_set_helper - give the keeper a thread of its own.
 *
 * 0 (the default): the host steps mesh_workload_keeper(). 1: one thread, made
 * in mesh_workload_new(), ended in mesh_workload_close(), all signals blocked.
 *
 * Ownership: config is borrowed.
 * Threads:   the config's.
 * Returns:   0, or MESH_ERR_INVALID for anything but 0 and 1.
 */
MESH_EXTERN int mesh_config_set_helper(mesh_config *config, int on);

/**
 * mesh_config_set_allow_no_policy - start although no policy file is found.
 *
 * 0 (the default) makes that MESH_ERR_NO_POLICY: an empty directory must never
 * mean 'allow all' by accident.
 *
 * Ownership: config is borrowed.
 * Threads:   the config's.
 * Returns:   0, or MESH_ERR_INVALID for anything but 0 and 1.
 */
MESH_EXTERN int mesh_config_set_allow_no_policy(mesh_config *config, int on);

/**
 * mesh_config_set_keep_good - let a bad resource not take the others down.
 *
 * 0 (the default): a policy in which anything is bad is refused as a whole; at
 * the start that is an error, later the last good policy stays in force. 1:
 * the good resources are in force. Of a bad one the version before stays; one
 * that is new is left out, and every one is told of
 * (MESH_EVENT_POLICY_PARTLY, mesh_workload_reload()).
 *
 * Never left out is what may guard something: an AuthorizationPolicy, a
 * PeerAuthentication, a RequestAuthentication, a Sidecar, a MeshConfig, a
 * DestinationRule with tls, anything that is refused and not wrong, and what
 * cannot be read at all. Without an earlier version to stay, the policy is
 * refused as a whole, as with 0.
 *
 * Ownership: config is borrowed.
 * Threads:   the config's.
 * Returns:   0, or MESH_ERR_INVALID for anything but 0 and 1.
 */
MESH_EXTERN int mesh_config_set_keep_good(mesh_config *config, int on);

/**
 * mesh_config_set_offline - decide only: no identity, no socket, no watching.
 *
 * For mesh_explain() and mesh_authorize() on a policy directory, and for
 * programs that mesh_route() and connect by themselves: balancing, limits and
 * outlier detection work; names are not asked for, and a changed policy waits
 * for mesh_workload_reload(). Namespace and labels come from the setters;
 * calls, servers and streams are MESH_ERR_STATE.
 *
 * Ownership: config is borrowed.
 * Threads:   the config's.
 * Returns:   0, or MESH_ERR_INVALID for anything but 0 and 1.
 */
MESH_EXTERN int mesh_config_set_offline(mesh_config *config, int on);

/* What mesh_config_set_limit() sets. */
enum {
    MESH_LIMIT_HANDSHAKE_MS = 1, /* TLS handshake, both sides: 10,000        */
    MESH_LIMIT_FIRST_BYTES_MS = 2, /* accepted until the first byte: 15,000 */
    MESH_LIMIT_HEAD_MS = 3,       /* first byte until the head's end: 30,000  */
    MESH_LIMIT_BODY_IDLE_MS = 4,  /* between two pieces of a body: 300,000    */
    MESH_LIMIT_KEEP_ALIVE_MS = 5, /* an idle connection: 3,600,000            */
    MESH_LIMIT_DRAIN_MS = 6,      /* old connections after a change: 5,000    */
    MESH_LIMIT_ABSENT_MS = 7,     /* state of an endpoint that left: 300,000  */
    MESH_LIMIT_HEAD_BYTES = 8,    /* of a message head: 61,440                */
    MESH_LIMIT_HEAD_COUNT = 9,    /* header lines: 100                        */
    MESH_LIMIT_RESPONSE_BYTES = 10, /* body kept by mesh_send(): 16 MiB */
    MESH_LIMIT_POLICY_BYTES = 11, /* all policy files: 64 MiB                 */
    MESH_LIMIT_POLICY_FILE_BYTES = 12, /* one policy file: 16 MiB */
    MESH_LIMIT_POLICY_DOCUMENTS = 13, /* 100,000                              */
    MESH_LIMIT_POLICY_NODES = 14,     /* YAML nodes: 4,000,000                */
    MESH_LIMIT_POLICY_DEPTH = 15,     /* 64                                   */
    MESH_LIMIT_POLICY_ALIASES = 16    /* YAML aliases: 1,000                  */
};

/**
 * mesh_config_set_limit - raise or lower one of the bounds.
 *
 * limit is a MESH_LIMIT constant; value is in the unit of its name, at least 1.
 *
 * Ownership: config is borrowed.
 * Threads:   the config's.
 * Returns:   0, or MESH_ERR_INVALID for an unknown limit or a value out of
 *            range (times: 1 to 86,400,000; head bytes: 256 to 1 MiB; head
 *            count: 8 to 1,000; others: 1 to 2^40).
 */
MESH_EXTERN int mesh_config_set_limit(mesh_config *config, int limit,
                                      int64_t value);

#ifdef __cplusplus
}
#endif
#endif
