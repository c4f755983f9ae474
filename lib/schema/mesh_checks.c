/*
 * mesh_checks.c - what istiod asks of the settings of a proxy in a mesh config:
 * addresses, durations, the tracer, where a private key comes from.
 *
 * Stands beside the tables of mesh_proxy.c and mesh_config.c. What is told with
 * mesh__report() here holds whether the row above is firm or not.
 */
#include "schema/proto.h"
#include "value/duration.h"
#include "value/host.h"

#include <mesh/base.h>

enum { PORT_MAX = 65535, NS_IN_MS = 1000000, NS_IN_S = 1000000000 };

/* An error, wherever it is. */
static void refuse(struct mesh_reader *reader, const struct mesh_spot *spot,
                   const struct mesh_yaml_node *node, const char *why)
{
    mesh__report(reader, spot, node->mark, MESH__ERROR, MESH__CODE_INVALID,
                 NULL, "%s", why);
}

/* Of a field that is missing, empty or null: where it is, or should be. */
static void refuse_field(struct mesh_reader *reader, const struct mesh_spot *up,
                         const struct mesh_yaml_node *node, const char *name,
                         const char *why)
{
    const struct mesh_spot spot = { .up = up, .name = name };
    const struct mesh_yaml_pair *pair = mesh__yaml_find(node, name);

    mesh__report(reader, &spot, pair ? pair->mark : node->mark, MESH__ERROR,
                 MESH__CODE_INVALID, NULL, "%s", why);
}

/* --- addresses -------------------------------------------------------------
 */

static bool is_address(struct mesh_slice text)
{
    struct mesh_slice host;
    int64_t port;

    return mesh__split_address(text, &host, &port) && port >= 1 &&
           port <= PORT_MAX &&
           (mesh__host_valid(host, false) || mesh__is_ip(host));
}

void mesh__check_address(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    if (is_address(node->text))
        return;
    mesh__report(reader, spot, node->mark, MESH__ERROR, MESH__CODE_INVALID,
                 NULL, "wanted \"host:port\", found \"%.80s\"", node->text.at);
}

void mesh__check_some_address(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node)
{
    if (node->text.len)
        mesh__check_address(reader, spot, node);
}

/* --- durations -------------------------------------------------------------
 */

static int64_t nanoseconds(const struct mesh_yaml_node *node)
{
    int64_t ns = 0;

    return mesh__duration_parse(node->text, &ns) ? ns : 0;
}

void mesh__check_whole_ms(struct mesh_reader *reader,
                          const struct mesh_spot *spot,
                          const struct mesh_yaml_node *node)
{
    if (nanoseconds(node) % NS_IN_MS != 0)
        refuse(reader, spot, node, "wanted whole milliseconds");
}

void mesh__check_whole_seconds(struct mesh_reader *reader,
                               const struct mesh_spot *spot,
                               const struct mesh_yaml_node *node)
{
    int64_t ns = nanoseconds(node);

    if (ns < NS_IN_S || ns % NS_IN_S != 0)
        refuse(reader, spot, node, "wanted whole seconds, one at least");
}

void mesh__check_not_negative(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node)
{
    if (nanoseconds(node) < 0)
        refuse(reader, spot, node, "may not be negative");
}

/* --- the private key -------------------------------------------------------
 */

void mesh__check_key_provider(struct mesh_reader *reader,
                              const struct mesh_spot *spot,
                              const struct mesh_yaml_node *node, void *into)
{
    const char *name = mesh__has(node, "qat") ? "qat" : "cryptomb";
    const struct mesh_yaml_node *provider = mesh__get(node, name);
    const struct mesh_yaml_node *delay = mesh__get(provider, "pollDelay");
    struct mesh_spot field = { .up = spot, .name = name };

    (void)into;
    if (!provider)
        refuse(reader, spot, node, "cryptomb or qat is required");
    else if (!delay || delay->kind != MESH__YAML_SCALAR ||
             nanoseconds(delay) == 0)
        refuse(reader, &field, delay ? delay : provider,
               "a pollDelay above 0s is required");
}

/* --- the tracer ------------------------------------------------------------
 */

/* The agent's host may be written as $(HOST_IP). */
static void check_collector(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *tracer)
{
    static const char host_ip[] = "$(HOST_IP)";
    struct mesh_slice text = mesh__get_text(tracer, "address");
    const char *found = text.len ? strstr(text.at, host_ip) : NULL;
    char *address;

    if (!found) {
        if (!is_address(text))
            refuse_field(reader, spot, tracer, "address",
                         "wanted \"host:port\"");
        return;
    }
    address = mesh__arena_format(reader->arena, "%.*s127.0.0.1%s",
                                 (int)(found - text.at), text.at,
                                 found + sizeof(host_ip) - 1);
    if (!address)
        reader->rc = MESH_ERR_NOMEM;
    else if (!is_address(mesh__slice_of(address)))
        refuse_field(reader, spot, tracer, "address", "wanted \"host:port\"");
}

static void check_lightstep(struct mesh_reader *reader,
                            const struct mesh_spot *spot,
                            const struct mesh_yaml_node *tracer)
{
    if (!is_address(mesh__get_text(tracer, "address")))
        refuse_field(reader, spot, tracer, "address", "wanted \"host:port\"");
    if (mesh__get_text(tracer, "accessToken").len == 0)
        refuse_field(reader, spot, tracer, "accessToken",
                     "a token is required");
}

/* Of several tracers protobuf takes the last, in the order of their numbers. */
static void check_tracer(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node)
{
    static const struct {
        const char *name;
        void (*check)(struct mesh_reader *reader, const struct mesh_spot *spot,
                      const struct mesh_yaml_node *tracer);
    } tracers[] = {
        { "openCensusAgent", NULL },    { "stackdriver", NULL },
        { "datadog", check_collector }, { "lightstep", check_lightstep },
        { "zipkin", check_collector },
    };

    for (size_t i = 0; i < sizeof(tracers) / sizeof(tracers[0]); i++) {
        struct mesh_spot field = { .up = spot, .name = tracers[i].name };
        const struct mesh_yaml_node *tracer = mesh__get(node, tracers[i].name);

        if (!tracer)
            continue;
        if (tracers[i].check && tracer->kind == MESH__YAML_MAPPING)
            tracers[i].check(reader, &field, tracer);
        return;
    }
}

static bool mode_is(const struct mesh_yaml_node *tls, const char *name,
                    int64_t number)
{
    const struct mesh_yaml_node *mode = mesh__get(tls, "mode");
    int64_t value;

    if (!mode || mode->kind != MESH__YAML_SCALAR)
        return false;
    return mesh__slice_is(mode->text, name) ||
           (mesh__yaml_type(mode) != MESH__YAML_STRING &&
            mesh__proto_whole(mode, MESH__T_INT32, &value) && value == number);
}

static bool has(const struct mesh_yaml_node *tls, const char *name)
{
    const struct mesh_yaml_node *field = mesh__get(tls, name);

    return field && (field->kind == MESH__YAML_SCALAR ? field->text.len
                                                      : field->count) > 0;
}

static bool is_blind(const struct mesh_yaml_node *tls)
{
    const struct mesh_yaml_node *skip = mesh__get(tls, "insecureSkipVerify");
    bool truth;

    return skip && mesh__yaml_bool(skip, &truth) && truth;
}

static void check_tracer_tls(struct mesh_reader *reader,
                             const struct mesh_spot *spot,
                             const struct mesh_yaml_node *tls)
{
    bool simple = mode_is(tls, "SIMPLE", 1);
    bool mutual = mode_is(tls, "MUTUAL", 2);
    bool named = has(tls, "credentialName");

    if (mesh__slice_starts(mesh__get_text(tls, "credentialName"),
                           MESH__SLICE("configmap://")))
        refuse(reader, spot, tls, "a mesh config has no ConfigMap beside it");
    if (is_blind(tls) &&
        (((simple || mutual) &&
          (has(tls, "caCertificates") || has(tls, "subjectAltNames"))) ||
         (simple && named)))
        refuse(reader, spot, tls,
               "insecureSkipVerify, and something to verify with");
    if ((simple || mutual) && named) {
        if (has(tls, "clientCertificate") || has(tls, "caCertificates") ||
            has(tls, "privateKey") || has(tls, "caCrl"))
            refuse(reader, spot, tls, "credentialName, and files");
        return;
    }
    if (mutual && (!has(tls, "clientCertificate") || !has(tls, "privateKey")))
        refuse(reader, spot, tls,
               "MUTUAL needs clientCertificate and privateKey");
}

void mesh__check_tracing(struct mesh_reader *reader,
                         const struct mesh_spot *spot,
                         const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *tls = mesh__get(node, "tlsSettings");
    struct mesh_spot field = { .up = spot, .name = "tlsSettings" };

    (void)into;
    check_tracer(reader, spot, node);
    if (tls && tls->kind == MESH__YAML_MAPPING)
        check_tracer_tls(reader, &field, tls);
}

/* --- the whole -------------------------------------------------------------
 */

void mesh__check_default_config(struct mesh_reader *reader,
                                const struct mesh_spot *spot,
                                const struct mesh_yaml_node *node, void *into)
{
    const struct mesh_yaml_node *policy =
        mesh__get(node, "controlPlaneAuthPolicy");
    struct mesh_spot field = { .up = spot, .name = "controlPlaneAuthPolicy" };
    int64_t number;

    (void)into;
    if (!policy || policy->kind != MESH__YAML_SCALAR)
        return;
    if (mesh__slice_is(policy->text, "INHERIT") ||
        (mesh__yaml_type(policy) != MESH__YAML_STRING &&
         mesh__proto_whole(policy, MESH__T_INT32, &number) && number != 0 &&
         number != 1))
        refuse(reader, &field, policy, "wanted NONE or MUTUAL_TLS");
}
