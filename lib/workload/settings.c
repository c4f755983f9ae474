/*
 * settings.c - what the host set, completed from the environment.
 *
 * Knows names, variables and bounds. Declines to know what they are used for.
 */
#include "workload/settings.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/labels.h"

#include <stdlib.h>
#include <string.h>

/* The variable that speaks where no setter did. */
static const char *const variables[MESH__SETTINGS] = {
    [MESH__SET_POLICY] = "MESH_POLICY",
    [MESH__SET_IDENTITY] = "MESH_IDENTITY",
    [MESH__SET_NAMESPACE] = "MESH_NAMESPACE",
    [MESH__SET_SERVICE_ACCOUNT] = "MESH_SERVICE_ACCOUNT",
    [MESH__SET_LABELS] = "MESH_LABELS",
    [MESH__SET_TRUST_DOMAIN] = "MESH_TRUST_DOMAIN",
    [MESH__SET_ADDRESS] = "MESH_ADDRESS",
    [MESH__SET_LOCALITY] = "MESH_LOCALITY",
    [MESH__SET_NAMESERVERS] = "MESH_NAMESERVERS",
    [MESH__SET_ACCESS_LOG] = "MESH_ACCESS_LOG",
    [MESH__SET_OTLP_ENDPOINT] = "OTEL_EXPORTER_OTLP_ENDPOINT",
    [MESH__SET_MODULES] = "MESH_MODULES",
};

enum { DAY_MS = 86400000 };

static const int64_t any = INT64_C(1) << 40;

static const struct {
    int64_t fallback;
    int64_t least;
    int64_t most;
} limits[MESH__LIMITS] = {
    [MESH_LIMIT_HANDSHAKE_MS] = { 10000, 1, DAY_MS },
    [MESH_LIMIT_FIRST_BYTES_MS] = { 15000, 1, DAY_MS },
    [MESH_LIMIT_HEAD_MS] = { 30000, 1, DAY_MS },
    [MESH_LIMIT_BODY_IDLE_MS] = { 300000, 1, DAY_MS },
    [MESH_LIMIT_KEEP_ALIVE_MS] = { 3600000, 1, DAY_MS },
    [MESH_LIMIT_DRAIN_MS] = { 5000, 1, DAY_MS },
    [MESH_LIMIT_ABSENT_MS] = { 300000, 1, DAY_MS },
    [MESH_LIMIT_HEAD_BYTES] = { 61440, 256, 1048576 },
    [MESH_LIMIT_HEAD_COUNT] = { 100, 8, 1000 },
    [MESH_LIMIT_RESPONSE_BYTES] = { 16777216, 1, INT64_C(1) << 40 },
    [MESH_LIMIT_POLICY_BYTES] = { 67108864, 1, INT64_C(1) << 40 },
    [MESH_LIMIT_POLICY_FILE_BYTES] = { 16777216, 1, INT64_C(1) << 40 },
    [MESH_LIMIT_POLICY_DOCUMENTS] = { 100000, 1, INT64_C(1) << 40 },
    [MESH_LIMIT_POLICY_NODES] = { 4000000, 1, INT64_C(1) << 40 },
    [MESH_LIMIT_POLICY_DEPTH] = { 64, 1, INT64_C(1) << 40 },
    [MESH_LIMIT_POLICY_ALIASES] = { 1000, 1, INT64_C(1) << 40 },
};

void mesh__config_init(struct mesh_config *config)
{
    *config = (struct mesh_config){ .environment = true };
    for (int i = 0; i < MESH__LIMITS; i++)
        config->limits[i] = limits[i].fallback;
}

void mesh__config_fini(struct mesh_config *config)
{
    for (int i = 0; i < MESH__SETTINGS; i++) {
        mesh__free(config->text[i]);
        config->text[i] = NULL;
    }
}

int mesh__config_set(struct mesh_config *config, enum mesh_setting setting,
                     const char *text)
{
    char *copy = NULL;

    if (text) {
        copy = mesh__strdup(text);
        if (!copy)
            return mesh__fail(MESH_ERR_NOMEM, "a setting");
    }
    mesh__free(config->text[setting]);
    config->text[setting] = copy;
    return 0;
}

int mesh__config_limit(struct mesh_config *config, int limit, int64_t value)
{
    if (limit < 1 || limit >= MESH__LIMITS)
        return mesh__fail(MESH_ERR_INVALID, "%d is no limit", limit);
    if (value < limits[limit].least || value > limits[limit].most)
        return mesh__fail(MESH_ERR_INVALID,
                          "limit %d: %lld is not in %lld to %lld", limit,
                          (long long)value, (long long)limits[limit].least,
                          (long long)limits[limit].most);
    config->limits[limit] = value;
    return 0;
}

bool mesh__config_nameservers_fit(const char *text)
{
    struct mesh_address address;

    for (;;) {
        size_t len = strcspn(text, ",");
        struct mesh_slice one = mesh__slice(text, len);

        if (!mesh__address_parse_ip(one, &address) &&
            !mesh__address_parse(one, &address))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

static int check(const struct mesh_config *config)
{
    const char *address = config->text[MESH__SET_ADDRESS];
    const char *servers = config->text[MESH__SET_NAMESERVERS];
    const char *text = config->text[MESH__SET_LABELS];
    struct mesh_labels labels = { 0 };
    struct mesh_address parsed;
    struct mesh_arena arena;
    int rc = 0;

    if (address && !mesh__address_parse_ip(mesh__slice_of(address), &parsed))
        return mesh__fail(MESH_ERR_INVALID,
                          "address (MESH_ADDRESS): \"%s\" is no IP address",
                          address);
    if (servers && !mesh__config_nameservers_fit(servers))
        return mesh__fail(MESH_ERR_INVALID,
                          "name servers (MESH_NAMESERVERS): \"%s\" is no list "
                          "of IP addresses",
                          servers);
    if (!text)
        return 0;
    mesh__arena_init(&arena, (size_t)any);
    rc = mesh__labels_parse(&labels, &arena, mesh__slice_of(text));
    mesh__arena_fini(&arena);
    return rc;
}

int mesh__config_resolve(const struct mesh_config *config,
                         struct mesh_config *out)
{
    int rc = 0;

    *out = *config;
    for (int i = 0; i < MESH__SETTINGS; i++)
        out->text[i] = NULL;
    for (int i = 0; rc == 0 && i < MESH__SETTINGS; i++) {
        const char *text = config->text[i];

        if (!text && config->environment)
            text = secure_getenv(variables[i]);
        if (text)
            rc = mesh__config_set(out, (enum mesh_setting)i, text);
    }
    if (rc == 0)
        rc = check(out);
    if (rc < 0)
        mesh__config_fini(out);
    return rc;
}

struct mesh_policy_limits mesh__config_policy_limits(
    const struct mesh_config *config)
{
    const int64_t *set = config->limits;

    return (struct mesh_policy_limits){
        .total_bytes = (size_t)set[MESH_LIMIT_POLICY_BYTES],
        .file_bytes = (size_t)set[MESH_LIMIT_POLICY_FILE_BYTES],
        .documents = (size_t)set[MESH_LIMIT_POLICY_DOCUMENTS],
        .nodes = (size_t)set[MESH_LIMIT_POLICY_NODES],
        .aliases = (size_t)set[MESH_LIMIT_POLICY_ALIASES],
        .depth = (unsigned)set[MESH_LIMIT_POLICY_DEPTH],
    };
}
