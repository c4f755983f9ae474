/*
 * kinds.c - which kinds there are, under which apiVersions, and what becomes
 * of each as a whole.
 *
 * What is not listed belongs to somebody else and is noted by name; what
 * looks like a slip of the pen is an error (see load.c).
 */
#include "base/text.h"
#include "schema/table.h"

#define ISTIO_NETWORKING "networking.istio.io"
#define ISTIO_SECURITY   "security.istio.io"
#define ISTIO_EXTENSIONS "extensions.istio.io"

#define ANOTHER_PROGRAM                                                        \
    "it configures Envoy, and there is none between this program and its "     \
    "peers"

const struct mesh_kind_info mesh__kinds[] = {
    { .kind = MESH__KIND_VIRTUAL_SERVICE,
      .name = "VirtualService",
      .group = ISTIO_NETWORKING,
      .versions = { "v1", "v1beta1", "v1alpha3" },
      .spec = &mesh__virtual_service_message,
      .spec_bounds =
          "validation: at least one of http, tcp, tls; hosts unless delegate",
      .size = sizeof(struct mesh_virtual_service) },
    { .kind = MESH__KIND_DESTINATION_RULE,
      .name = "DestinationRule",
      .group = ISTIO_NETWORKING,
      .versions = { "v1", "v1beta1", "v1alpha3" },
      .spec = &mesh__destination_rule_message,
      .size = sizeof(struct mesh_destination_rule) },
    { .kind = MESH__KIND_GATEWAY,
      .name = "Gateway",
      .group = ISTIO_NETWORKING,
      .versions = { "v1", "v1beta1", "v1alpha3" },
      .status = MESH__FIELD_NOTED,
      .reason = "a gateway is a program of its own",
      .spec = &mesh__gateway_message,
      .spec_bounds = "validation: at least one server",
      .size = sizeof(struct mesh_gateway) },
    { .kind = MESH__KIND_SERVICE_ENTRY,
      .name = "ServiceEntry",
      .group = ISTIO_NETWORKING,
      .versions = { "v1", "v1beta1", "v1alpha3" },
      .spec = &mesh__service_entry_message,
      .spec_required = true,
      .spec_bounds = "endpoints excludes workloadSelector; CIDR addresses only "
                     "with NONE or STATIC; no endpoints with NONE; at most one "
                     "endpoint with DNS_ROUND_ROBIN; validation: hosts; ports",
      .size = sizeof(struct mesh_service_entry) },
    { .kind = MESH__KIND_WORKLOAD_ENTRY,
      .name = "WorkloadEntry",
      .group = ISTIO_NETWORKING,
      .versions = { "v1", "v1beta1", "v1alpha3" },
      .spec = &mesh__workload_entry_message,
      .spec_required = true,
      .spec_bounds =
          "address or network must be set; no ports with a unix:// address",
      .size = sizeof(struct mesh_workload_entry) },
    { .kind = MESH__KIND_WORKLOAD_GROUP,
      .name = "WorkloadGroup",
      .group = ISTIO_NETWORKING,
      .versions = { "v1", "v1beta1", "v1alpha3" },
      .status = MESH__FIELD_NOTED,
      .reason = "a template: nothing registers itself here, write a "
                "WorkloadEntry",
      .spec = &mesh__workload_group_message,
      .spec_required = true },
    { .kind = MESH__KIND_SIDECAR,
      .name = "Sidecar",
      .group = ISTIO_NETWORKING,
      .versions = { "v1", "v1beta1", "v1alpha3" },
      .spec = &mesh__sidecar_message,
      .spec_bounds = "at least one of ingress, egress, outboundTrafficPolicy, "
                     "inboundConnectionPool",
      .size = sizeof(struct mesh_sidecar) },
    { .kind = MESH__KIND_PROXY_CONFIG,
      .name = "ProxyConfig",
      .group = ISTIO_NETWORKING,
      .versions = { "v1beta1" },
      .status = MESH__FIELD_NOTED,
      .reason = "it configures the proxy process, and there is none",
      .spec = &mesh__proxy_config_message },
    { .name = "EnvoyFilter",
      .group = ISTIO_NETWORKING,
      .versions = { "v1alpha3" },
      .status = MESH__FIELD_NOTED,
      .reason = ANOTHER_PROGRAM },

    { .kind = MESH__KIND_AUTHORIZATION_POLICY,
      .name = "AuthorizationPolicy",
      .group = ISTIO_SECURITY,
      .versions = { "v1", "v1beta1" },
      .spec = &mesh__authorization_policy_message,
      .spec_default = "empty spec = ALLOW with no rules = deny everything",
      .spec_bounds = "at most one of selector, targetRef, targetRefs; provider "
                     "only with CUSTOM",
      .size = sizeof(struct mesh_authorization_policy) },
    { .kind = MESH__KIND_PEER_AUTHENTICATION,
      .name = "PeerAuthentication",
      .group = ISTIO_SECURITY,
      .versions = { "v1", "v1beta1" },
      .spec = &mesh__peer_authentication_message,
      .spec_bounds = "portLevelMtls only with a non-empty selector",
      .size = sizeof(struct mesh_peer_authentication) },
    { .kind = MESH__KIND_REQUEST_AUTHENTICATION,
      .name = "RequestAuthentication",
      .group = ISTIO_SECURITY,
      .versions = { "v1", "v1beta1" },
      .status = MESH__FIELD_REFUSED,
      .reason = "tokens are not yet checked, so a bad one would pass",
      .spec = &mesh__request_authentication_message,
      .spec_bounds = "at most one of selector, targetRef, targetRefs",
      .size = sizeof(struct mesh_request_authentication) },

    { .kind = MESH__KIND_TELEMETRY,
      .name = "Telemetry",
      .group = "telemetry.istio.io",
      .versions = { "v1", "v1alpha1" },
      .status = MESH__FIELD_NOTED,
      .reason = "tracing and logs follow the mesh config for now",
      .spec = &mesh__telemetry_message,
      .spec_bounds = "at most one of selector, targetRef, targetRefs",
      .size = sizeof(struct mesh_telemetry) },

    { .name = "WasmPlugin",
      .group = ISTIO_EXTENSIONS,
      .versions = { "v1alpha1" },
      .status = MESH__FIELD_NOTED,
      .reason = ANOTHER_PROGRAM },
    { .name = "TrafficExtension",
      .group = ISTIO_EXTENSIONS,
      .versions = { "v1alpha1" },
      .status = MESH__FIELD_NOTED,
      .reason = ANOTHER_PROGRAM },

    { .kind = MESH__KIND_ISTIO_OPERATOR,
      .name = "IstioOperator",
      .group = "install.istio.io",
      .versions = { "v1alpha1" },
      .spec = &mesh__istio_operator_message,
      .size = sizeof(struct mesh_mesh_config) },

    { .kind = MESH__KIND_CONFIG_MAP,
      .name = "ConfigMap",
      .group = "",
      .versions = { "v1" },
      .top = &mesh__config_map_message,
      .size = sizeof(struct mesh_mesh_config) },
    { .kind = MESH__KIND_SERVICE,
      .name = "Service",
      .group = "",
      .versions = { "v1" },
      .spec = &mesh__service_message,
      .size = sizeof(struct mesh_service) },
    { .kind = MESH__KIND_ENDPOINTS,
      .name = "Endpoints",
      .group = "",
      .versions = { "v1" },
      .status = MESH__FIELD_NOTED,
      .reason = "the older form: write an EndpointSlice",
      .top = &mesh__endpoints_message },
    { .kind = MESH__KIND_ENDPOINT_SLICE,
      .name = "EndpointSlice",
      .group = "discovery.k8s.io",
      .versions = { "v1", "v1beta1" },
      .top = &mesh__endpoint_slice_message,
      .size = sizeof(struct mesh_endpoint_slice) },
    { .kind = MESH__KIND_POD,
      .name = "Pod",
      .group = "",
      .versions = { "v1" },
      .status = MESH__FIELD_NOTED,
      .reason = "looked at when policies are judged; a workload is written as "
                "a WorkloadEntry or an EndpointSlice",
      .top = &mesh__pod_message,
      .size = sizeof(struct mesh_pod) },
    { .kind = MESH__KIND_DEPLOYMENT,
      .name = "Deployment",
      .group = "apps",
      .versions = { "v1" },
      .status = MESH__FIELD_NOTED,
      .reason = "looked at when policies are judged; a workload is written as "
                "a WorkloadEntry or an EndpointSlice",
      .top = &mesh__deployment_message,
      .size = sizeof(struct mesh_deployment) },
    { .kind = MESH__KIND_NAMESPACE,
      .name = "Namespace",
      .group = "",
      .versions = { "v1" },
      .cluster_wide = true },
    { 0 },
};

const char *mesh__kind_name(enum mesh_kind kind)
{
    if (kind == MESH__KIND_MESH_CONFIG)
        return "MeshConfig";
    for (const struct mesh_kind_info *i = mesh__kinds; kind && i->name; i++)
        if (i->kind == kind)
            return i->name;
    return "";
}

/* --- looked up ------------------------------------------------------------ */

struct mesh_version mesh__split_version(struct mesh_slice text)
{
    const char *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    size_t at = slash ? (size_t)(slash - text.at) : 0;

    if (!slash)
        return (struct mesh_version){ MESH__SLICE(""), text };
    return (struct mesh_version){ mesh__slice(text.at, at),
                                  mesh__slice(slash + 1, text.len - at - 1) };
}

const struct mesh_kind_info *mesh__find_kind(struct mesh_slice name,
                                             const struct mesh_slice *group)
{
    for (const struct mesh_kind_info *i = mesh__kinds; i->name; i++)
        if (mesh__slice_is(name, i->name) &&
            (!group || mesh__slice_is(*group, i->group)))
            return i;
    return NULL;
}

bool mesh__kind_has(const struct mesh_kind_info *info,
                    struct mesh_slice version)
{
    for (size_t i = 0; i < 4 && info->versions[i]; i++)
        if (mesh__slice_is(version, info->versions[i]))
            return true;
    return false;
}

size_t mesh__kind_names(const struct mesh_slice *group, const char **names)
{
    size_t count = 0;

    for (const struct mesh_kind_info *i = mesh__kinds; i->name; i++)
        if (count < MESH__KINDS_MAX &&
            (!group || mesh__slice_is(*group, i->group)))
            names[count++] = i->name;
    return count;
}

bool mesh__group_known(struct mesh_slice group)
{
    for (const struct mesh_kind_info *i = mesh__kinds; i->name; i++)
        if (mesh__slice_is(group, i->group))
            return true;
    return false;
}

bool mesh__is_istio(struct mesh_slice group)
{
    return mesh__slice_ends(group, MESH__SLICE(".istio.io"));
}

void mesh__list_versions(const struct mesh_kind_info *info, char *out,
                         size_t size)
{
    struct mesh_text text;

    mesh__text_init(&text, out, size);
    for (size_t i = 0; i < 4 && info->versions[i]; i++)
        mesh__text_format(&text, "%s%s%s%s", i ? " or " : "", info->group,
                          *info->group ? "/" : "", info->versions[i]);
}
