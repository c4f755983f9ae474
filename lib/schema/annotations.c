/*
 * annotations.c - Istio's annotations on resources of Kubernetes.
 *
 * Which there are, on which kinds they mean something, and what they may say.
 * (Istio: analyzers/annotations, pkg/kube/inject/validate.go, and the table of
 * istio.io/api/annotation.)
 */
#include "schema/annotations.h"

#include "value/address.h"

/* --- what a value may be --- */

static bool is_mode(struct mesh_slice text)
{
    return mesh__slice_is(text, "REDIRECT") || mesh__slice_is(text, "TPROXY") ||
           mesh__slice_is(text, "NONE");
}

static bool is_number(struct mesh_slice text)
{
    unsigned long long number;

    return mesh__slice_number(text, UINT32_MAX, &number);
}

static bool is_port(struct mesh_slice text)
{
    unsigned long long number;

    return mesh__slice_number(mesh__slice_trim(text), UINT16_MAX, &number);
}

static bool is_range(struct mesh_slice text)
{
    struct mesh_cidr cidr;

    return text.len && memchr(text.at, '/', text.len) &&
           mesh__cidr_parse(text, &cidr);
}

/* Pieces between commas; nothing at all is none of them. */
static bool is_list(struct mesh_slice text, bool (*is_item)(struct mesh_slice))
{
    bool more = text.len > 0;

    while (more) {
        const char *comma = text.len ? memchr(text.at, ',', text.len) : NULL;
        size_t len = comma ? (size_t)(comma - text.at) : text.len;

        if (!is_item(mesh__slice(text.at, len)))
            return false;
        more = comma != NULL;
        if (more)
            text = mesh__slice(comma + 1, text.len - len - 1);
    }
    return true;
}

static bool is_ports(struct mesh_slice text)
{
    return is_list(mesh__slice_trim(text), is_port);
}

static bool is_ports_or_all(struct mesh_slice text)
{
    return mesh__slice_is(text, "*") || is_ports(text);
}

static bool is_ranges(struct mesh_slice text)
{
    return is_list(text, is_range);
}

static bool is_ranges_or_all(struct mesh_slice text)
{
    return mesh__slice_is(text, "*") || is_ranges(text);
}

static bool is_bool(struct mesh_slice text)
{
    static const char *const words[] = { "1",    "t",     "T",     "TRUE",
                                         "true", "True",  "0",     "f",
                                         "F",    "FALSE", "false", "False" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (mesh__slice_is(text, words[i]))
            return true;
    return false;
}

/* --- the annotations --- */

static const struct annotation {
    const char *name;
    const char *kinds; /* "Pod", "Service ServiceEntry"; NULL: any */
    bool deprecated;
    bool (*is_valid)(struct mesh_slice text); /* NULL: not looked at */
} annotations[] = {
#define ON(kinds, name)                                                        \
    {                                                                          \
        (name), (kinds), false, NULL                                           \
    }
#define OLD(kinds, name)                                                       \
    {                                                                          \
        (name), (kinds), true, NULL                                            \
    }
    OLD("Service", "alpha.istio.io/canonical-serviceaccounts"),
    OLD("Service", "alpha.istio.io/kubernetes-serviceaccounts"),
    ON("Pod", "ambient.istio.io/bypass-inbound-capture"),
    ON("Pod", "ambient.istio.io/dns-capture"),
    ON("Pod", "ambient.istio.io/redirection"),
    ON("GatewayClass Gateway", "ambient.istio.io/waypoint-inbound-binding"),
    ON(NULL, "galley.istio.io/analyze-suppress"),
    ON("Gateway", "gateway.istio.io/name-override"),
    ON("Gateway", "gateway.istio.io/service-account"),
    ON("Pod", "inject.istio.io/templates"),
    ON("WorkloadEntry", "istio.io/autoRegistrationGroup"),
    ON("WorkloadEntry", "istio.io/connectedAt"),
    ON("WorkloadEntry", "istio.io/disconnectedAt"),
    ON("AuthorizationPolicy", "istio.io/dry-run"),
    ON("Pod", "istio.io/reroute-virtual-interfaces"),
    ON("Service ServiceEntry Namespace", "istio.io/use-waypoint-canary-weight"),
    ON("WorkloadEntry", "istio.io/workloadController"),
    ON("Ingress", "kubernetes.io/ingress.class"),
    ON("Service", "networking.istio.io/exportTo"),
    ON("Gateway", "networking.istio.io/service-type"),
    ON("Namespace Service ServiceEntry",
       "networking.istio.io/traffic-distribution"),
    { "prometheus.istio.io/merge-metrics", "Pod", false, is_bool },
    ON("Pod", "proxy.istio.io/config"),
    ON("Pod", "proxy.istio.io/overrides"),
    ON("Pod", "readiness.status.sidecar.istio.io/applicationPorts"),
    { "readiness.status.sidecar.istio.io/failureThreshold", "Pod", false,
      is_number },
    { "readiness.status.sidecar.istio.io/initialDelaySeconds", "Pod", false,
      is_number },
    { "readiness.status.sidecar.istio.io/periodSeconds", "Pod", false,
      is_number },
    ON("Pod", "sidecar.istio.io/agentLogLevel"),
    ON("Pod", "sidecar.istio.io/bootstrapOverride"),
    ON("Pod", "sidecar.istio.io/componentLogLevel"),
    OLD("Pod", "sidecar.istio.io/discoveryAddress"),
    OLD("Pod", "sidecar.istio.io/extraStatTags"),
    OLD("Pod", "sidecar.istio.io/inject"),
    { "sidecar.istio.io/interceptionMode", "Pod", false, is_mode },
    ON("Pod", "sidecar.istio.io/logLevel"),
    ON("Pod", "sidecar.istio.io/nativeSidecar"),
    ON("Pod", "sidecar.istio.io/proxyCPU"),
    ON("Pod", "sidecar.istio.io/proxyCPULimit"),
    ON("Pod", "sidecar.istio.io/proxyImage"),
    ON("Pod", "sidecar.istio.io/proxyImageType"),
    ON("Pod", "sidecar.istio.io/proxyMemory"),
    ON("Pod", "sidecar.istio.io/proxyMemoryLimit"),
    ON("Pod", "sidecar.istio.io/rewriteAppHTTPProbers"),
    OLD("Pod", "sidecar.istio.io/statsCompression"),
    ON("Pod", "sidecar.istio.io/statsEvictionInterval"),
    ON("Pod", "sidecar.istio.io/statsFlushInterval"),
    ON("Pod", "sidecar.istio.io/statsHistogramBins"),
    ON("Pod", "sidecar.istio.io/statsHistogramBuckets"),
    OLD("Pod", "sidecar.istio.io/statsInclusionPrefixes"),
    OLD("Pod", "sidecar.istio.io/statsInclusionRegexps"),
    OLD("Pod", "sidecar.istio.io/statsInclusionSuffixes"),
    ON("Pod", "sidecar.istio.io/userVolume"),
    ON("Pod", "sidecar.istio.io/userVolumeMount"),
    { "status.sidecar.istio.io/port", "Pod", false, is_port },
    ON("Namespace", "topology.istio.io/controlPlaneClusters"),
    ON("Service", "traffic.istio.io/nodeSelector"),
    { "traffic.sidecar.istio.io/excludeInboundPorts", "Pod", false, is_ports },
    ON("Pod", "traffic.sidecar.istio.io/excludeInterfaces"),
    { "traffic.sidecar.istio.io/excludeOutboundIPRanges", "Pod", false,
      is_ranges },
    { "traffic.sidecar.istio.io/excludeOutboundPorts", "Pod", false, is_ports },
    { "traffic.sidecar.istio.io/includeInboundPorts", "Pod", false,
      is_ports_or_all },
    { "traffic.sidecar.istio.io/includeOutboundIPRanges", "Pod", false,
      is_ranges_or_all },
    ON("Pod", "traffic.sidecar.istio.io/includeOutboundPorts"),
    OLD("Pod", "traffic.sidecar.istio.io/kubevirtInterfaces"),
#undef ON
#undef OLD
};

/* Written by Istio itself, wherever it likes. */
static const char *const its_own[] = { "sidecar.istio.io/status",
                                       "gateway.istio.io/controller-version",
                                       "istio.io/rev" };

static const struct annotation *find(struct mesh_slice name)
{
    for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++)
        if (mesh__slice_is(name, annotations[i].name))
            return &annotations[i];
    return NULL;
}

/* "x.istio.io/y", and one of Kubernetes' that Istio reads. */
static bool is_istios(struct mesh_slice name)
{
    const char *slash = name.len ? memchr(name.at, '/', name.len) : NULL;
    size_t len = slash ? (size_t)(slash - name.at) : name.len;

    if (mesh__slice_is(name, "kubernetes.io/ingress.class"))
        return true;
    for (size_t i = 0; i < sizeof(its_own) / sizeof(its_own[0]); i++)
        if (mesh__slice_is(name, its_own[i]))
            return false;
    return mesh__slice_ends(mesh__slice(name.at, len), MESH__SLICE("istio.io"));
}

/* Is word one of those in words? */
static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    while (words && *words) {
        size_t here = strcspn(words, " ");

        if (here == len && memcmp(words, word, len) == 0)
            return true;
        words += here;
        words += strspn(words, " ");
    }
    return false;
}

/* --- one of them --- */

static void judge_known(struct mesh_reader *reader,
                        const struct mesh_spot *spot,
                        const struct mesh_yaml_pair *pair,
                        const struct annotation *known, const char *kind,
                        bool labelled)
{
    bool inject = mesh__slice_is(pair->key, "sidecar.istio.io/inject");

    if (known->deprecated && !(inject && labelled))
        mesh__report(reader, spot, pair->mark, MESH__INFO,
                     MESH__CODE_OLD_ANNOTATION, NULL, "on its way out%s",
                     inject ? ": it is a label now" : "");
    if (!known->kinds)
        return;
    if (!has_word(known->kinds, kind))
        mesh__report(reader, spot, pair->mark, MESH__WARNING,
                     MESH__CODE_MISPLACED_ANNOTATION, NULL,
                     "it means nothing on a %s, but on: %s", kind,
                     known->kinds);
    else if (known->is_valid && pair->value->kind == MESH__YAML_SCALAR &&
             !known->is_valid(pair->value->text))
        mesh__report(reader, spot, pair->mark, MESH__WARNING,
                     MESH__CODE_BAD_ANNOTATION, NULL,
                     "\"%.60s\" is no value for it", pair->value->text.at);
}

/* Not the cluster's own, which are nobody's to mend. */
static bool is_looked_at(const struct mesh_kind_info *info,
                         const struct mesh_yaml_node *metadata)
{
    static const char *const ignored[] = { "kube-system", "kube-public",
                                           "kube-node-lease",
                                           "local-path-storage" };
    struct mesh_slice where =
        mesh__get_text(metadata, info->cluster_wide ? "name" : "namespace");

    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        if (mesh__slice_is(where, ignored[i]))
            return false;
    return info->kind == MESH__KIND_NAMESPACE ||
           info->kind == MESH__KIND_SERVICE || info->kind == MESH__KIND_POD ||
           info->kind == MESH__KIND_DEPLOYMENT;
}

void mesh__judge_annotations(struct mesh_reader *reader,
                             const struct mesh_kind_info *info,
                             const struct mesh_yaml_node *metadata)
{
    const struct mesh_yaml_node *given = mesh__get(metadata, "annotations");
    const struct mesh_spot root = { .name = "metadata" };
    const struct mesh_spot up = { .up = &root, .name = "annotations" };
    bool labelled =
        mesh__has(mesh__get(metadata, "labels"), "sidecar.istio.io/inject");

    if (!given || given->kind != MESH__YAML_MAPPING ||
        !is_looked_at(info, metadata))
        return;
    for (size_t i = 0; i < given->count; i++) {
        const struct mesh_yaml_pair *pair = &given->pairs[i];
        struct mesh_spot spot = { .up = &up, .key = pair->key };
        const struct annotation *known = find(pair->key);

        if (!is_istios(pair->key))
            continue;
        if (known)
            judge_known(reader, &spot, pair, known, info->name, labelled);
        else
            mesh__report(reader, &spot, pair->mark, MESH__WARNING,
                         MESH__CODE_UNKNOWN_ANNOTATION, NULL,
                         "Istio knows no such annotation");
    }
}
