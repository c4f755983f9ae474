/*
 * config.c - mesh_config: checks arguments, calls workload/settings.
 */
#include "api/inside.h"

#include "base/alloc.h"

mesh_config *mesh_config_new(void)
{
    struct mesh_config *config = mesh__calloc(1, sizeof(*config));

    if (config)
        mesh__config_init(config);
    return config;
}

void mesh_config_free(mesh_config *config)
{
    if (!config)
        return;
    mesh__config_fini(config);
    mesh__free(config);
}

static int set(mesh_config *config, enum mesh_setting setting, const char *text,
               bool empty_allowed)
{
    int rc;

    if (!config || (text && !text[0] && !empty_allowed))
        return MESH_ERR_INVALID;
    rc = mesh__config_set(config, setting, text);
    mesh__error_clear();
    return rc;
}

int mesh_config_set_policy(mesh_config *config, const char *path)
{
    return set(config, MESH__SET_POLICY, path, false);
}

int mesh_config_set_identity(mesh_config *config, const char *directory)
{
    return set(config, MESH__SET_IDENTITY, directory, false);
}

int mesh_config_set_namespace(mesh_config *config, const char *text)
{
    return set(config, MESH__SET_NAMESPACE, text, false);
}

int mesh_config_set_service_account(mesh_config *config, const char *text)
{
    return set(config, MESH__SET_SERVICE_ACCOUNT, text, false);
}

int mesh_config_set_labels(mesh_config *config, const char *text)
{
    return set(config, MESH__SET_LABELS, text, true);
}

int mesh_config_set_trust_domain(mesh_config *config, const char *text)
{
    return set(config, MESH__SET_TRUST_DOMAIN, text, false);
}

int mesh_config_set_address(mesh_config *config, const char *ip)
{
    struct mesh_address address;

    if (ip && !mesh__address_parse_ip(mesh__slice_of(ip), &address))
        return MESH_ERR_INVALID;
    return set(config, MESH__SET_ADDRESS, ip, false);
}

int mesh_config_set_locality(mesh_config *config, const char *text)
{
    return set(config, MESH__SET_LOCALITY, text, false);
}

int mesh_config_set_nameservers(mesh_config *config, const char *text)
{
    if (text && !mesh__config_nameservers_fit(text))
        return MESH_ERR_INVALID;
    return set(config, MESH__SET_NAMESERVERS, text, false);
}

int mesh_config_set_access_log(mesh_config *config, const char *text)
{
    return set(config, MESH__SET_ACCESS_LOG, text, false);
}

int mesh_config_set_otlp_endpoint(mesh_config *config, const char *url)
{
    return set(config, MESH__SET_OTLP_ENDPOINT, url, false);
}

static int flag(mesh_config *config, bool *place, int on)
{
    if (!config || (on != 0 && on != 1))
        return MESH_ERR_INVALID;
    *place = on == 1;
    return 0;
}

int mesh_config_set_environment(mesh_config *config, int on)
{
    return flag(config, config ? &config->environment : NULL, on);
}

int mesh_config_set_helper(mesh_config *config, int on)
{
    return flag(config, config ? &config->helper : NULL, on);
}

int mesh_config_set_allow_no_policy(mesh_config *config, int on)
{
    return flag(config, config ? &config->allow_no_policy : NULL, on);
}

int mesh_config_set_keep_good(mesh_config *config, int on)
{
    return flag(config, config ? &config->keep_good : NULL, on);
}

int mesh_config_set_offline(mesh_config *config, int on)
{
    return flag(config, config ? &config->offline : NULL, on);
}

int mesh_config_set_limit(mesh_config *config, int limit, int64_t value)
{
    int rc;

    if (!config)
        return MESH_ERR_INVALID;
    rc = mesh__config_limit(config, limit, value);
    mesh__error_clear();
    return rc;
}
