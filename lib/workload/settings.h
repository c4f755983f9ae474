/*
 * settings.h - what the host set, and what environment, certificate and
 * defaults make of it. The public mesh_config.
 */
#ifndef MESH_WORKLOAD_SETTINGS_H
#define MESH_WORKLOAD_SETTINGS_H

#include <mesh/config.h>

#include "base/arena.h"
#include "schema/schema.h"
#include "value/address.h"

#include <stdbool.h>
#include <stdint.h>

enum { MESH__LIMITS = MESH_LIMIT_POLICY_ALIASES + 1 };

/* One text setting; a table row each, see settings.c. */
enum mesh_setting {
    MESH__SET_POLICY,
    MESH__SET_IDENTITY,
    MESH__SET_NAMESPACE,
    MESH__SET_SERVICE_ACCOUNT,
    MESH__SET_LABELS,
    MESH__SET_TRUST_DOMAIN,
    MESH__SET_ADDRESS,
    MESH__SET_LOCALITY,
    MESH__SET_NAMESERVERS,
    MESH__SET_ACCESS_LOG,
    MESH__SET_OTLP_ENDPOINT,
    MESH__SET_MODULES, /* MESH_MODULES; environment only */
    MESH__SETTINGS
};

struct mesh_config {
    char *text[MESH__SETTINGS]; /* owned; NULL: unset */
    bool environment;
    bool helper;
    bool allow_no_policy;
    bool keep_good;
    bool offline;
    int64_t limits[MESH__LIMITS]; /* by MESH_LIMIT value */
};

void mesh__config_init(struct mesh_config *config);
void mesh__config_fini(struct mesh_config *config);
/* 0 or MESH_ERR_NOMEM; text NULL unsets. */
int mesh__config_set(struct mesh_config *config, enum mesh_setting setting,
                     const char *text);
/* "192.0.2.53,[2001:db8::53]:5353" */
bool mesh__config_nameservers_fit(const char *text);
/* As mesh_config_set_limit. */
int mesh__config_limit(struct mesh_config *config, int limit, int64_t value);

/*
 * A copy with everything the environment adds (secure_getenv). Checks what can
 * be checked without files: address, name servers, labels. 0, MESH_ERR_INVALID
 * with the setting's name, MESH_ERR_NOMEM.
 */
int mesh__config_resolve(const struct mesh_config *config,
                         struct mesh_config *out);

struct mesh_policy_limits mesh__config_policy_limits(
    const struct mesh_config *config);

static inline uint64_t mesh__config_ns(const struct mesh_config *config,
                                       int limit)
{
    return (uint64_t)config->limits[limit] * UINT64_C(1000000);
}

#endif
