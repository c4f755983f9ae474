/*
 * estate.c - a mesh of any size, as files.
 */
#include "estate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of one namespace. */
enum {
    SERVICES = 15, /* the first SLICED with EndpointSlices, the others select */
    SLICED = 10,
    ENTRIES = 5,
    WORKLOADS = 15,
    POLICIES = 10,
    PEERS = 5,
    ROUTES = 25,
    SLICE_ENDPOINTS = 80,
    ENTRY_ENDPOINTS = 40,
    PATH = 512
};

static const char *const kind_names[ESTATE_KINDS] = {
    "nothing",       "VirtualService",      "DestinationRule",
    "Service",       "ServiceEntry",        "EndpointSlice",
    "WorkloadEntry", "AuthorizationPolicy", "PeerAuthentication",
    "MeshConfig",
};

const char *estate_kind_name(enum estate_kind kind)
{
    return kind_names[kind];
}

/* A number that an edit of this resource raises. */
static unsigned turn(const struct estate *estate, enum estate_kind kind,
                     unsigned namespace_, unsigned index)
{
    return estate->edited == kind && namespace_ == estate->namespaces / 2 &&
                   index == 0
               ? estate->edition
               : 0;
}

/* The short name of a host of a namespace, or the whole one of an entry. */
static const char *host_name(unsigned namespace_, unsigned index, char *out,
                             size_t size)
{
    if (index < SERVICES)
        (void)snprintf(out, size, "svc-%u", index);
    else
        (void)snprintf(out, size, "entry-%u.ns-%u.example", index - SERVICES,
                       namespace_);
    return out;
}

/* --- services and what stands behind them --- */

static void write_service(FILE *out, const struct estate *estate, unsigned ns,
                          unsigned index)
{
    (void)fprintf(out,
                  "apiVersion: v1\nkind: Service\n"
                  "metadata: {name: svc-%u, namespace: ns-%u}\nspec:\n",
                  index, ns);
    if (index >= SLICED)
        (void)fprintf(out, "  selector: {app: svc-%u}\n", index);
    (void)fprintf(out,
                  "  ports:\n"
                  "  - {name: http, port: 80, targetPort: %u}\n---\n",
                  8080 + turn(estate, ESTATE_SERVICE, ns, index));
}

static void write_slice(FILE *out, const struct estate *estate, unsigned ns,
                        unsigned index)
{
    (void)fprintf(out,
                  "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                  "metadata:\n  name: svc-%u-slice\n  namespace: ns-%u\n"
                  "  labels: {kubernetes.io/service-name: svc-%u}\n"
                  "addressType: IPv4\nports:\n- {name: http, port: 8080}\n"
                  "endpoints:\n",
                  index, ns, index);
    for (unsigned i = 0; i < SLICE_ENDPOINTS; i++)
        (void)fprintf(out,
                      "- addresses: [10.%u.%u.%u]\n"
                      "  conditions: {ready: true}\n",
                      ns % 256,
                      100 * (i == 0) + index +
                          turn(estate, ESTATE_ENDPOINT_SLICE, ns, index),
                      i);
    (void)fputs("---\n", out);
}

static void write_workload(FILE *out, const struct estate *estate, unsigned ns,
                           unsigned index)
{
    unsigned service = SLICED + index % (SERVICES - SLICED);

    (void)fprintf(out,
                  "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
                  "metadata: {name: workload-%u, namespace: ns-%u}\n"
                  "spec:\n  address: 10.%u.200.%u\n"
                  "  labels: {app: svc-%u, version: v%u}\n"
                  "  serviceAccount: svc-%u\n---\n",
                  index, ns, ns % 256,
                  index + 100 * turn(estate, ESTATE_WORKLOAD_ENTRY, ns, index) %
                              200,
                  service, 1 + index / (SERVICES - SLICED) % 2, service);
}

static void write_entry(FILE *out, const struct estate *estate, unsigned ns,
                        unsigned index)
{
    char host[64];

    (void)fprintf(out,
                  "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
                  "metadata: {name: entry-%u, namespace: ns-%u}\nspec:\n"
                  "  hosts: [%s]\n  location: MESH_INTERNAL\n"
                  "  resolution: STATIC\n"
                  "  ports: [{number: 80, name: http, protocol: HTTP}]\n"
                  "  endpoints:\n",
                  index, ns,
                  host_name(ns, SERVICES + index, host, sizeof(host)));
    for (unsigned i = 0; i < ENTRY_ENDPOINTS; i++)
        (void)fprintf(
            out,
            "  - {address: 172.%u.%u.%u, labels: {version: v%u}, "
            "serviceAccount: entry-%u}\n",
            16 + ns % 16,
            index + 50 * turn(estate, ESTATE_SERVICE_ENTRY, ns, index) % 200, i,
            1 + i % 2, index);
    (void)fputs("---\n", out);
}

/* --- traffic --- */

static void write_rule(FILE *out, const struct estate *estate, unsigned ns,
                       unsigned index)
{
    char host[64];

    (void)fprintf(
        out,
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
        "metadata: {name: rule-%u, namespace: ns-%u}\nspec:\n  host: %s\n"
        "  trafficPolicy:\n    outlierDetection: {consecutive5xxErrors: %u, "
        "interval: 10s, baseEjectionTime: 30s, maxEjectionPercent: 50}\n",
        index, ns, host_name(ns, index, host, sizeof(host)),
        5 + turn(estate, ESTATE_DESTINATION_RULE, ns, index));
    if (index >= SLICED)
        (void)fputs("  subsets:\n"
                    "  - {name: v1, labels: {version: v1}}\n"
                    "  - {name: v2, labels: {version: v2}}\n",
                    out);
    (void)fputs("---\n", out);
}

static void write_route(FILE *out, const char *host, unsigned index, bool split)
{
    if (index + 1 < ROUTES)
        (void)fprintf(out,
                      "  - match:\n"
                      "    - uri: {prefix: /api/v%u/}\n"
                      "      headers: {x-canary: {exact: \"%u\"}}\n",
                      index, index);
    (void)fprintf(out, "%s route:\n", index + 1 < ROUTES ? "   " : "  -");
    if (split)
        (void)fprintf(out,
                      "    - {destination: {host: %s, subset: v1}, weight: "
                      "90}\n"
                      "    - {destination: {host: %s, subset: v2}, weight: "
                      "10}\n",
                      host, host);
    else
        (void)fprintf(out, "    - {destination: {host: %s}}\n", host);
}

static void write_virtual(FILE *out, const struct estate *estate, unsigned ns,
                          unsigned index)
{
    char host[64];

    (void)host_name(ns, index, host, sizeof(host));
    (void)fprintf(out,
                  "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
                  "metadata: {name: routes-%u, namespace: ns-%u}\nspec:\n"
                  "  hosts: [%s]\n  http:\n",
                  index, ns, host);
    for (unsigned i = 0; i < ROUTES; i++)
        write_route(out, host, i, index >= SLICED);
    (void)fprintf(out,
                  "    timeout: %us\n"
                  "    retries: {attempts: 3, perTryTimeout: 2s, retryOn: "
                  "\"gateway-error,connect-failure\"}\n---\n",
                  5 + turn(estate, ESTATE_VIRTUAL_SERVICE, ns, index));
}

/* --- security --- */

static void write_policy(FILE *out, const struct estate *estate, unsigned ns,
                         unsigned index)
{
    (void)fprintf(out,
                  "apiVersion: security.istio.io/v1\n"
                  "kind: AuthorizationPolicy\n"
                  "metadata: {name: allow-%u, namespace: ns-%u}\nspec:\n"
                  "  selector: {matchLabels: {app: svc-%u}}\n  rules:\n"
                  "  - from:\n    - source: {principals: "
                  "[\"cluster.local/ns/ns-%u/sa/svc-%u\"]}\n"
                  "    to:\n    - operation: {methods: [GET, POST], paths: "
                  "[/api/v%u/*]}\n---\n",
                  index, ns, SLICED + index % (SERVICES - SLICED), ns, index,
                  turn(estate, ESTATE_AUTHORIZATION_POLICY, ns, index));
}

static void write_peer(FILE *out, const struct estate *estate, unsigned ns,
                       unsigned index)
{
    (void)fprintf(out,
                  "apiVersion: security.istio.io/v1\n"
                  "kind: PeerAuthentication\n"
                  "metadata: {name: mtls-%u, namespace: ns-%u}\nspec:\n"
                  "  selector: {matchLabels: {app: svc-%u}}\n"
                  "  mtls: {mode: %s}\n---\n",
                  index, ns, SLICED + index,
                  turn(estate, ESTATE_PEER_AUTHENTICATION, ns, index) % 2
                      ? "PERMISSIVE"
                      : "STRICT");
}

/* --- files --- */

static void write_namespace(FILE *out, const struct estate *estate, unsigned ns)
{
    static const struct {
        void (*write)(FILE *out, const struct estate *estate, unsigned ns,
                      unsigned index);
        unsigned count;
    } parts[] = {
        { write_service, SERVICES },   { write_slice, SLICED },
        { write_workload, WORKLOADS }, { write_entry, ENTRIES },
        { write_rule, ESTATE_HOSTS },  { write_virtual, ESTATE_HOSTS },
        { write_policy, POLICIES },    { write_peer, PEERS },
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (unsigned j = 0; j < parts[i].count; j++)
            parts[i].write(out, estate, ns, j);
}

static void write_config(FILE *out, const struct estate *estate)
{
    (void)fprintf(
        out,
        "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"
        "connectTimeout: %us\n---\n",
        10 + (estate->edited == ESTATE_MESH_CONFIG ? estate->edition : 0));
}

/* As an operator should: beside it, then renamed over it. */
static bool write_file(const struct estate *estate, const char *name,
                       unsigned first, unsigned last, bool config)
{
    char path[PATH];
    char beside[PATH];
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/%s", estate->directory, name);
    (void)snprintf(beside, sizeof(beside), "%s/.new", estate->directory);
    out = fopen(beside, "we");
    if (!out)
        return false;
    if (config)
        write_config(out, estate);
    for (unsigned i = first; i < last; i++)
        write_namespace(out, estate, i);
    return fclose(out) == 0 && rename(beside, path) == 0;
}

static const char *namespace_file(unsigned ns, char *out, size_t size)
{
    (void)snprintf(out, size, "ns-%03u.yaml", ns);
    return out;
}

bool estate_write(const struct estate *estate)
{
    char name[32];

    if (estate->one_file)
        return write_file(estate, "mesh.yaml", 0, estate->namespaces, true);
    for (unsigned i = 0; i < estate->namespaces; i++)
        if (!write_file(estate, namespace_file(i, name, sizeof(name)), i, i + 1,
                        false))
            return false;
    return write_file(estate, "config.yaml", 0, 0, true);
}

bool estate_edit(const struct estate *estate)
{
    unsigned ns = estate->namespaces / 2;
    char name[32];

    if (estate->one_file)
        return write_file(estate, "mesh.yaml", 0, estate->namespaces, true);
    if (estate->edited == ESTATE_MESH_CONFIG)
        return write_file(estate, "config.yaml", 0, 0, true);
    return write_file(estate, namespace_file(ns, name, sizeof(name)), ns,
                      ns + 1, false);
}

static void remove_file(const struct estate *estate, const char *name)
{
    char path[PATH];

    (void)snprintf(path, sizeof(path), "%s/%s", estate->directory, name);
    (void)unlink(path);
}

void estate_remove(const struct estate *estate)
{
    char name[32];

    for (unsigned i = 0; i < estate->namespaces; i++)
        remove_file(estate, namespace_file(i, name, sizeof(name)));
    remove_file(estate, "config.yaml");
    remove_file(estate, "mesh.yaml");
    (void)rmdir(estate->directory);
}

/* --- other shapes --- */

static void write_host(FILE *out, const struct estate_shape *shape,
                       unsigned host)
{
    (void)fprintf(out,
                  "apiVersion: v1\nkind: Service\n"
                  "metadata: {name: svc-%u, namespace: demo}\n"
                  "spec: {ports: [{name: http, port: 80}]}\n---\n"
                  "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
                  "metadata: {name: svc-%u, namespace: demo, labels: "
                  "{kubernetes.io/service-name: svc-%u}}\n"
                  "addressType: IPv4\nports: [{name: http, port: 8080}]\n"
                  "endpoints:\n",
                  host, host, host);
    for (unsigned i = 0; i < shape->endpoints; i++)
        (void)fprintf(out, "- addresses: [10.%u.%u.%u]\n", i, host / 256 % 256,
                      host % 256);
    (void)fprintf(out,
                  "---\napiVersion: networking.istio.io/v1\n"
                  "kind: VirtualService\n"
                  "metadata: {name: svc-%u, namespace: demo}\nspec:\n"
                  "  hosts: [svc-%u]\n  http:\n",
                  host, host);
    for (unsigned i = 1; i < shape->routes; i++)
        (void)fprintf(out,
                      "  - match: [{uri: {prefix: /api/v%u/}}]\n"
                      "    route: [{destination: {host: svc-%u}}]\n",
                      i, host);
    (void)fprintf(out, "  - route: [{destination: {host: svc-%u}}]\n---\n",
                  host);
}

char *estate_text(const struct estate_shape *shape, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    if (!out)
        return NULL;
    for (unsigned i = 0; i < shape->hosts; i++)
        write_host(out, shape, i);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
