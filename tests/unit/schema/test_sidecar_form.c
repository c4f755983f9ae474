/*
 * test_sidecar_form.c - what a Sidecar becomes, and what is said of one that wants a
 * listener which nobody could reach.
 */
#include "say.h"

/* From line 5 on. */
#define SIDECAR(text)                                                          \
    "apiVersion: networking.istio.io/v1\nkind: Sidecar\n"                      \
    "metadata: {name: a, namespace: ns}\nspec:\n" text

static const struct say_row refusals[] = {
    { "sockets are for other processes",
      SIDECAR("  egress:\n  - bind: unix:///x\n    hosts: ['./*']\n"),
      "6:5 refused spec.egress[0]: nobody listens on a socket for callers in "
      "the process [LM0004]\n"
      "6:5 info spec.egress[0].bind: noted: nothing is bound: callers name the "
      "service, not an address [LM0003]\n" },
    { "so is an HTTP proxy",
      SIDECAR("  egress:\n  - port: {number: 80, protocol: http_proxy, name: "
              "p}\n    hosts: ['./*']\n"),
      "6:11 refused spec.egress[0]: nobody listens as an HTTP proxy for "
      "callers in the process [LM0004]\n" },
    { "unknown hosts would miss their proxy",
      SIDECAR("  outboundTrafficPolicy:\n    mode: ALLOW_ANY\n    egressProxy: "
              "{host: p.example.com, port: {number: 80}}\n"),
      "7:5 refused spec.outboundTrafficPolicy.egressProxy: requests to unknown "
      "hosts would not go through the proxy that this names [LM0004]\n" },
    { "and callers their TLS",
      SIDECAR("  ingress:\n  - port: {number: 80, protocol: HTTPS, name: p}\n"
              "    tls: {mode: SIMPLE, serverCertificate: a, privateKey: b}\n"),
      "7:5 refused spec.ingress[0].tls: the listener would serve without the "
      "TLS that this asks for [LM0004]\n" },
    { "limits of a server are told to have no effect",
      SIDECAR("  inboundConnectionPool: {tcp: {maxConnections: 1}}\n"),
      "5:3 info spec.inboundConnectionPool: noted: a server in process does "
      "not limit itself: there is no hop to protect [LM0003]\n" },
};

static void refuses_what_nobody_could_reach(void **state)
{
    (void)state;
    SAY_CHECK(refusals);
}

static void becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    const struct mesh_sidecar *sidecar = say_spec(
        SIDECAR("  workloadSelector: {labels: {app: front}}\n"
                "  outboundTrafficPolicy: {}\n"
                "  egress:\n"
                "  - port: {number: 8080, protocol: HTTP, name: h}\n"
                "    hosts: ['./*', 'prod/api.prod.svc.cluster.local']\n"
                "  - hosts: ['~/*']\n"
                "  ingress:\n"
                "  - port: {number: 9000, protocol: GRPC, name: g}\n"),
        &collection);

    (void)state;
    assert_true(sidecar->has_selector);
    assert_string_equal(sidecar->selector.items[0].value.at, "front");
    assert_true(sidecar->has_outbound_policy);
    assert_int_equal(sidecar->outbound_policy_mode.len, 0);
    assert_int_equal(sidecar->outbound_policy_mark.line, 6);
    assert_true(sidecar->has_egress);
    assert_int_equal(sidecar->egress_count, 2);
    assert_int_equal(sidecar->egress[0].port.number, 8080);
    assert_string_equal(sidecar->egress[0].port.protocol.at, "HTTP");
    assert_int_equal(sidecar->egress[0].hosts.count, 2);
    assert_int_equal(sidecar->egress[1].port.number, 0);
    assert_string_equal(sidecar->egress[1].hosts.items[0].at, "~/*");
    assert_int_equal(sidecar->egress[1].mark.line, 10);
    assert_int_equal(sidecar->ingress_count, 1);
    assert_int_equal(sidecar->ingress[0].port.number, 9000);
    assert_string_equal(sidecar->ingress[0].port.protocol.at, "GRPC");
    mesh__collection_unref(collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_nobody_could_reach),
        cmocka_unit_test(becomes_a_structure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
