/*
 * test_services.c - ServiceEntry, WorkloadEntry, Service, EndpointSlice and
 * MeshConfig: what they become, and what is said of them.
 */
#include "say.h"

#define SE(text)                                                               \
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"                 \
    "metadata: {name: a, namespace: ns}\nspec:\n" text
#define WE(text)                                                               \
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"                \
    "metadata: {name: a}\nspec: " text "\n"
#define SVC(text)                                                              \
    "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: " text "\n"

static const struct say_row entries[] = {
    { "the least there is", SE("  hosts: [a.b]\n  resolution: STATIC\n"), "" },
    { "names are resolved", SE("  hosts: [a.b]\n  resolution: DNS\n"), "" },
    { "or one of them", SE("  hosts: [a.b]\n  resolution: DNS_ROUND_ROBIN\n"),
      "" },
    { "but not as requests tell them",
      SE("  hosts: [\"*.b\"]\n  resolution: DYNAMIC_DNS\n"),
      "6:3 refused spec.resolution: names that only a request tells are not "
      "resolved by this version [LM0004]\n" },
    { "nothing said means NONE", SE("  hosts: [a.b]\n"), "" },
    { "hosts are names", SE("  hosts: [\"*\", a_b]\n  resolution: STATIC\n"),
      "5:11 error spec.hosts[0]: \"*\" alone is no host [IST0106]\n"
      "5:16 error spec.hosts[1]: wanted a host such as \"web\", "
      "\"web.ns.svc.cluster.local\" or \"*.example.com\", found \"a_b\" "
      "[IST0106]\n" },
    { "one way to endpoints",
      SE("  hosts: [a.b]\n  resolution: STATIC\n"
         "  workloadSelector: {labels: {a: b}}\n"
         "  endpoints: [{address: 10.0.0.1}]\n"),
      "7:3 error spec.workloadSelector: \"endpoints\" and \"workloadSelector\" "
      "exclude each other [IST0106]\n"
      "8:3 error spec.endpoints: \"endpoints\" and \"workloadSelector\" "
      "exclude each other [IST0106]\n" },
    { "STATIC takes addresses, and known ports",
      SE("  hosts: [a.b]\n  resolution: STATIC\n"
         "  ports: [{name: http, number: 80, protocol: HTTP}]\n"
         "  endpoints: [{address: a.b, ports: {https: 1}}]\n"),
      "6:3 error spec.resolution: STATIC needs an IP address [IST0106]\n"
      "7:3 error spec.ports: an endpoint has a port \"https\", which is none "
      "of these [IST0106]\n"
      "7:18 error spec.ports: an endpoint has a port \"https\" instead "
      "[IST0106]\n"
      "8:25 error spec.endpoints[0]: STATIC needs an IP address [IST0106]\n"
      "8:38 error spec.endpoints[0]: the service has no port \"https\" "
      "[IST0106]\n" },
    { "ports are told apart",
      SE("  hosts: [a.b]\n  resolution: STATIC\n"
         "  ports: [{name: x, number: 80}, {name: x, number: 80},\n"
         "    {name: z, number: 81, protocol: FTP}]\n"),
      "7:18 error spec.ports[0].name: name comes twice here: \"x\" [IST0106]\n"
      "7:29 error spec.ports[0].number: number comes twice here: \"80\" "
      "[IST0106]\n"
      "7:41 error spec.ports[1].name: name comes twice here: \"x\" [IST0106]\n"
      "7:52 error spec.ports[1].number: number comes twice here: \"80\" "
      "[IST0106]\n"
      "8:37 error spec.ports[2].protocol: unknown protocol \"FTP\" "
      "[IST0106]\n" },
    { "addresses are addresses",
      SE("  hosts: [a.b]\n  resolution: STATIC\n"
         "  addresses: [10.0.0.0/8, x]\n"),
      "7:27 error spec.addresses[1]: wanted an IP address or a block such as "
      "10.0.0.0/8, found \"x\" [IST0106]\n" },

    { "a workload has an address", WE("{weight: 1}"),
      "4:7 error spec: address or network is required [IST0106]\n" },
    { "that is one", WE("{address: a_b}"),
      "4:17 error spec.address: wanted an IP address, a name or unix://, found "
      "\"a_b\" [IST0106]\n" },
    { "sockets have paths and no ports",
      WE("{address: \"unix://x\", ports: {http: 1}}"),
      "4:8 error spec.address: a unix socket has no ports [IST0106]\n"
      "4:17 error spec.address: wanted unix:///path or unix://@name, found "
      "\"unix://x\" [IST0106]\n"
      "4:29 error spec.ports: a unix socket has no ports [IST0106]\n" },
    { "ports have names and numbers",
      WE("{address: 10.0.0.1, ports: {h_p: 1, http: 0}}"),
      "4:35 error spec: \"h_p\" is no port name [IST0106]\n"
      "4:49 error spec.ports[http]: wanted 1 to 65535, found 0 [IST0106]\n" },

    { "several ports have names", SVC("{ports: [{port: 1}, {port: 2}]}"),
      "4:16 error spec: several ports must have names [IST0106]\n"
      "4:27 error spec: several ports must have names [IST0106]\n" },
    { "what the cluster reads is noted, defaults are not",
      SVC("{sessionAffinity: None, externalTrafficPolicy: Local}"),
      "4:31 info spec.externalTrafficPolicy: noted: of the cluster's own "
      "machinery [LM0003]\n" },
    { "names elsewhere are refused", SVC("{type: ExternalName}"),
      "4:8 refused spec.type: names are not yet resolved [LM0004]\n" },
    { "a slice belongs to a service",
      "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
      "metadata: {name: a}\naddressType: IPv4\n",
      "1:1 info noted: without the label kubernetes.io/service-name it belongs "
      "to no Service [LM0003]\n" },
};

static const struct say_row configs[] = {
    { "proto's spelling and numbers in quotes",
      "trust_domain: a.b\ndefault_config: {tracing: {sampling: \"5\"}}\n",
      "2:1 refused defaultConfig: Istio reads \"defaultConfig\" under this "
      "name only [LM0004]\n" },
    { "an hour is the longest to connect", "connectTimeout: 61m\n",
      "1:17 error connectTimeout: wanted a duration of 1ms or more, an hour at "
      "most, found \"61m\" [IST0106]\n" },
    { "trust domains are names", "trustDomain: a_b\n",
      "1:14 error trustDomain: wanted a trust domain such as "
      "\"cluster.local\", found \"a_b\" [IST0106]\n" },
    { "how far resources are visible may be said",
      "defaultServiceExportTo: [\".\"]\ndefaultVirtualServiceExportTo: "
      "[\"*\"]\n",
      "" },
    { "what would be encrypted too weakly is refused",
      "meshMTLS: {minProtocolVersion: TLSV1_3, cipherSuites: [a]}\n",
      "1:12 refused meshMTLS.minProtocolVersion: TLS 1.2 would be accepted all "
      "the same [LM0004]\n"
      "1:41 refused meshMTLS.cipherSuites: other cipher suites would be "
      "accepted all the same [LM0004]\n" },
    { "the proxy's own settings are noted", "defaultConfig: {concurrency: 2}\n",
      "1:17 info defaultConfig.concurrency: noted: of the proxy process, and "
      "there is none [LM0003]\n" },
};

static void judges_services(void **state)
{
    (void)state;
    SAY_CHECK(entries);
}

static void judges_mesh_config(void **state)
{
    (void)state;
    SAY_CHECK(configs);
}

static void an_entry_becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    const struct mesh_service_entry *entry =
        say_spec(SE("  hosts: [a.b]\n  addresses: [10.1.0.0/16]\n"
                    "  ports: [{name: http, number: 80, protocol: HTTP, "
                    "targetPort: 8080}]\n"
                    "  location: MESH_INTERNAL\n  resolution: STATIC\n"
                    "  endpoints: [{address: 10.0.0.1, ports: {http: 18080}, "
                    "labels: {v: w}, weight: 3, locality: r/z, "
                    "serviceAccount: s}]\n"
                    "  exportTo: [\"~\"]\n  subjectAltNames: [spiffe://x]\n"),
                 &collection);
    const struct mesh_workload_entry *endpoint = entry->endpoints;

    (void)state;
    assert_string_equal(entry->hosts.items[0].at, "a.b");
    assert_string_equal(entry->addresses.items[0].at, "10.1.0.0/16");
    assert_int_equal(entry->port_count, 1);
    assert_string_equal(entry->ports[0].name.at, "http");
    assert_int_equal(entry->ports[0].port, 80);
    assert_string_equal(entry->ports[0].app_protocol.at, "HTTP");
    assert_string_equal(entry->ports[0].target_port.at, "8080");
    assert_string_equal(entry->location.at, "MESH_INTERNAL");
    assert_string_equal(entry->resolution.at, "STATIC");
    assert_int_equal(entry->endpoint_count, 1);
    assert_string_equal(endpoint->address.at, "10.0.0.1");
    assert_int_equal(endpoint->port_count, 1);
    assert_string_equal(endpoint->ports[0].name.at, "http");
    assert_int_equal(endpoint->ports[0].number, 18080);
    assert_string_equal(endpoint->labels.items[0].value.at, "w");
    assert_int_equal(endpoint->weight, 3);
    assert_string_equal(endpoint->locality.at, "r/z");
    assert_string_equal(endpoint->service_account.at, "s");
    assert_string_equal(entry->export_to.items[0].at, "~");
    assert_string_equal(entry->subject_alt_names.items[0].at, "spiffe://x");
    mesh__collection_unref(collection);
}

static void a_service_becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    const struct mesh_service *service = say_spec(
        SVC("{selector: {a: b}, clusterIP: 10.2.0.1, ports: [{name: x, port: "
            "80, targetPort: web, appProtocol: http}, {name: z, port: 81, "
            "targetPort: 8081}]}"),
        &collection);

    (void)state;
    assert_true(service->has_selector);
    assert_string_equal(service->selector.items[0].key.at, "a");
    assert_string_equal(service->cluster_ip.at, "10.2.0.1");
    assert_int_equal(service->port_count, 2);
    assert_string_equal(service->ports[0].target_port.at, "web");
    assert_string_equal(service->ports[0].app_protocol.at, "http");
    assert_string_equal(service->ports[1].target_port.at, "8081");
    mesh__collection_unref(collection);
}

static void a_slice_becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    const struct mesh_endpoint_slice *slice = say_spec(
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
        "metadata: {name: a, labels: {kubernetes.io/service-name: web}}\n"
        "addressType: IPv4\n"
        "endpoints:\n- addresses: [10.0.0.1]\n"
        "- addresses: [10.0.0.2]\n  conditions: {ready: false}\n"
        "- addresses: [10.0.0.3]\n  conditions: {serving: true}\n"
        "ports: [{name: http, port: 8080}]\n",
        &collection);

    (void)state;
    assert_string_equal(slice->service.at, "web");
    assert_int_equal(slice->endpoint_count, 3);
    assert_string_equal(slice->endpoints[0].addresses.items[0].at, "10.0.0.1");
    assert_true(slice->endpoints[0].ready);
    assert_false(slice->endpoints[1].ready);
    assert_true(slice->endpoints[2].ready);
    assert_int_equal(slice->endpoints[1].mark.line, 7);
    assert_int_equal(slice->ports[0].port, 8080);
    mesh__collection_unref(collection);
}

static void a_mesh_config_becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    const struct mesh_mesh_config *config =
        say_spec("accessLogFile: /dev/stdout\naccessLogFormat: f\n"
                 "accessLogEncoding: JSON\nenableTracing: false\n"
                 "enableAutoMtls: false\ntrustDomain: a.b\n"
                 "trustDomainAliases: [c, d]\nrootNamespace: root\n"
                 "outboundTrafficPolicy: {}\nconnectTimeout: 3s\n"
                 "pathNormalization: {normalization: MERGE_SLASHES}\n"
                 "defaultConfig: {tracing: {sampling: 0}}\n"
                 "defaultServiceExportTo: ['.', a]\n"
                 "defaultVirtualServiceExportTo: [b]\n"
                 "defaultDestinationRuleExportTo: ['.']\n",
                 &collection);

    (void)state;
    assert_int_equal(config->default_service_export_to.count, 2);
    assert_string_equal(config->default_virtual_service_export_to.items[0].at,
                        "b");
    assert_int_equal(config->default_destination_rule_export_to.count, 1);
    assert_int_equal(config->outbound_policy_mark.line, 9);
    assert_true(config->has_access_log_file);
    assert_string_equal(config->access_log_file.at, "/dev/stdout");
    assert_string_equal(config->access_log_format.at, "f");
    assert_string_equal(config->access_log_encoding.at, "JSON");
    assert_true(config->has_enable_tracing && !config->enable_tracing);
    assert_true(config->has_enable_auto_mtls && !config->enable_auto_mtls);
    assert_int_equal(config->trust_domain_aliases.count, 2);
    assert_string_equal(config->root_namespace.at, "root");
    assert_true(config->has_outbound_policy);
    assert_int_equal(config->outbound_policy_mode.len, 0);
    assert_int_equal(config->connect_timeout_ns, 3000000000);
    assert_string_equal(config->path_normalization.at, "MERGE_SLASHES");
    assert_true(config->has_sampling);
    assert_int_equal(collection->resources[0].kind, MESH__KIND_MESH_CONFIG);
    mesh__collection_unref(collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_services),
        cmocka_unit_test(judges_mesh_config),
        cmocka_unit_test(an_entry_becomes_a_structure),
        cmocka_unit_test(a_service_becomes_a_structure),
        cmocka_unit_test(a_slice_becomes_a_structure),
        cmocka_unit_test(a_mesh_config_becomes_a_structure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
