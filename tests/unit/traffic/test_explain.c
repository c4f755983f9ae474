/*
 * test_explain.c - does every rule that was tried or left out say why, and
 * where it was written?
 */
#include "../../golden/yard.h"

#include "traffic/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char policy[] =
    "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec: {ports: [{name: http, port: 80}, {name: http-b, port: 81}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: far, namespace: prod}\n"
    "spec: {ports: [{name: http, port: 80}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: none, namespace: demo}\n"
    "spec:\n"
    "  hosts: [web]\n"
    "  http:\n"
    "  - {name: back, match: [{sourceLabels: {app: back}}], route: "
    "[{destination: {host: web}}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: some, namespace: demo}\n"
    "spec:\n"
    "  hosts: [web]\n"
    "  gateways: [mesh, gw]\n"
    "  http:\n"
    "  - name: first\n"
    "    match:\n"
    "    - {port: 81}\n"
    "    - {sourceNamespace: prod}\n"
    "    - {gateways: [gw]}\n"
    "    - {uri: {exact: /a}}\n"
    "    route: [{destination: {host: web}}]\n"
    "  - {name: root, delegate: {name: leaf, namespace: prod}}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: too, namespace: demo}\n"
    "spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: Sidecar\n"
    "metadata: {name: front, namespace: demo}\n"
    "spec:\n"
    "  egress: [{hosts: ['./*']}]\n";

static const char leaf[] =
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: leaf, namespace: prod}\n"
    "spec:\n"
    "  http:\n"
    "  - {name: leaf, match: [{uri: {prefix: /b}}], route: [{destination: "
    "{host: web.demo.svc.cluster.local}}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: DestinationRule\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec: {host: web, subsets: [{name: v1}]}\n";

#define HOST                                                                   \
    "+ host web.demo.svc.cluster.local:80: serves authority web on port 80 "   \
    "[VirtualService demo/some (policy.yaml:21)]\n"                            \
    "- host too: another VirtualService for the host comes first "             \
    "[VirtualService demo/too (policy.yaml:37)]\n"                             \
    "- route back: it is for clients with other labels [VirtualService "       \
    "demo/none (policy.yaml:19)]\n"                                            \
    "- route first: it is for another port [VirtualService demo/some "         \
    "(policy.yaml:30)]\n"                                                      \
    "- route first: it is for clients of another namespace [VirtualService "   \
    "demo/some (policy.yaml:31)]\n"                                            \
    "- route first: it is for gateways [VirtualService demo/some "             \
    "(policy.yaml:32)]\n"

static const struct {
    const char *authority;
    const char *path;
    const char *said;
} rows[] = {
    { "web", "/a",
      HOST "+ route first: everything it asks for holds [VirtualService "
           "demo/some (policy.yaml:28)]\n"
           "+ destination outbound|80||web.demo.svc.cluster.local: the only "
           "one of its rule [VirtualService demo/some (policy.yaml:34)]\n"
           "+ rule: says how the destination is reached [DestinationRule "
           "demo/web (leaf.yaml:8)]\n" },
    { "web", "/b/c",
      HOST
      "- route first: path is \"/b/c\", wanted exact \"/a\" [VirtualService "
      "demo/some (policy.yaml:28)]\n"
      "+ route root-leaf: everything it asks for holds [VirtualService "
      "prod/leaf (leaf.yaml:6)]\n"
      "+ destination outbound|80||web.demo.svc.cluster.local: the only "
      "one of its rule [VirtualService prod/leaf (leaf.yaml:6)]\n"
      "+ rule: says how the destination is reached [DestinationRule "
      "demo/web (leaf.yaml:8)]\n" },
    { "far.prod", "/",
      "- host: no service has authority far.prod on port 80 []\n"
      "- sidecar: nothing that it imports is called so [Sidecar demo/front "
      "(policy.yaml:42)]\n"
      "- outbound REGISTRY_ONLY: hosts that are not known are refused "
      "[MeshConfig (policy.yaml:1)]\n" },
};

static void say(const struct mesh_snapshot *snapshot,
                const struct mesh__why *why, char *out, size_t size)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < why->count; i++) {
        const struct mesh__why_step *step = &why->steps[i];
        char mark[256];

        mesh__mark_print(snapshot, step->mark, mark, sizeof(mark));
        at += (size_t)snprintf(out + at, size - at, "%s %s%s%s: %s [%s]\n",
                               step->matched ? "+" : "-", step->what,
                               *step->name ? " " : "", step->name, step->reason,
                               mark);
    }
}

static void everything_tried_says_why(void **state)
{
    struct mesh_snapshot *snapshot;
    struct mesh_whoami whoami;
    struct yard yard;
    size_t failed = 0;

    (void)state;
    yard_init(&yard);
    yard_add(&yard, "policy.yaml", mesh__slice_of(policy));
    yard_add(&yard, "leaf.yaml", mesh__slice_of(leaf));
    whoami = yard_whoami(&yard, "ns=demo labels=app=front");
    assert_int_equal(
        mesh__policy_compile(yard.all, &whoami, NULL, 1, &snapshot), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct mesh_head head = { .method = MESH__SLICE("GET"),
                                  .scheme = MESH__SLICE("http"),
                                  .authority =
                                      mesh__slice_of(rows[i].authority),
                                  .path = mesh__slice_of(rows[i].path) };
        struct mesh_route route;
        struct mesh_arena arena;
        struct mesh__why why;
        char said[4096];

        mesh__arena_init(&arena, 1 << 16);
        mesh__why_init(&why);
        mesh__route_find(snapshot, &head, 80, 0, &arena, &route, &why);
        say(snapshot, &why, said, sizeof(said));
        if (strcmp(said, rows[i].said) != 0) {
            print_error("%s%s:\n-- found\n%s-- wanted\n%s", rows[i].authority,
                        rows[i].path, said, rows[i].said);
            failed++;
        }
        mesh__why_fini(&why);
        mesh__arena_fini(&arena);
    }
    assert_int_equal(failed, 0);
    mesh__snapshot_unref(snapshot);
    yard_fini(&yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_tried_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
