/*
 * test_compile.c - names, settings of the mesh, and life: does one snapshot
 * outlive the other, and does no lost allocation leave anything behind?
 */
#include "../../golden/yard.h"

#include "torture.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char base[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {clusterIP: 10.9.0.1, ports: [{name: http, port: 80}]}\n";

#define WEB "web.prod.svc.cluster.local"

static const struct yard_row names[] = {
    { "a service has many names", "ns=prod", NULL,
      "domain " WEB " -> " WEB "\n"
      "domain " WEB ". -> " WEB "\n"
      "domain web.prod.svc -> " WEB "\n"
      "domain web.prod -> " WEB "\n"
      "domain web -> " WEB "\n"
      "domain 10.9.0.1 -> " WEB },
    { "the shortest is for its own namespace", "ns=dev", NULL,
      "domain web.prod -> " WEB "\n!domain web -> " WEB },
    { "a ServiceEntry has those that it names", "ns=prod",
      "apiVersion: networking.istio.io/v1\n"
      "kind: ServiceEntry\n"
      "metadata: {name: e, namespace: prod}\n"
      "spec: {hosts: [A.example.com, '*.wild.com'], addresses: [10.8.0.1], "
      "resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], "
      "endpoints: [{address: 10.1.1.1}]}\n",
      "domain a.example.com -> A.example.com\n"
      "domain a.example.com. -> A.example.com\n"
      "domain 10.8.0.1 -> A.example.com\n"
      "domain *.wild.com -> *.wild.com\n"
      "!domain *.wild.com. -> *.wild.com" },
    { "a host of one's own comes before somebody's short name", "ns=prod",
      "apiVersion: networking.istio.io/v1\n"
      "kind: VirtualService\n"
      "metadata: {name: a, namespace: prod}\n"
      "spec: {hosts: [web.prod], http: [{route: [{destination: {host: "
      "web}}]}]}\n",
      "domain web.prod -> web.prod\ndomain web -> " WEB },
    { "one's own namespace's ServiceEntry comes before a Service", "ns=dev",
      "apiVersion: networking.istio.io/v1\n"
      "kind: ServiceEntry\n"
      "metadata: {name: e, namespace: dev}\n"
      "spec: {hosts: [" WEB "], resolution: STATIC, location: MESH_INTERNAL, "
      "ports: [{number: 80, name: http, protocol: HTTP}], endpoints: "
      "[{address: 10.1.1.1}]}\n",
      "destination outbound|80||" WEB " dev/" WEB
      " http least-request @ ServiceEntry dev/e (row.yaml:1)" },
};

static const struct yard_row settings[] = {
    { "nothing said", "ns=prod", NULL,
      "trust cluster.local\n"
      "unknown hosts: let through\n"
      "paths: base\n"
      "tracing: on, 100 in 10000\n"
      "access log: off '' text default" },
    { "all of it", "ns=prod",
      "trustDomain: td\n"
      "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"
      "pathNormalization: {normalization: MERGE_SLASHES}\n"
      "enableTracing: false\n"
      "defaultConfig: {tracing: {sampling: 12.34}}\n"
      "accessLogFile: /dev/stdout\n"
      "accessLogEncoding: JSON\n"
      "connectTimeout: 3s\n",
      "trust td\n"
      "unknown hosts: refused\n"
      "paths: merge-slashes\n"
      "tracing: off, 1234 in 10000\n"
      "access log: on '/dev/stdout' json default\n"
      "pool outbound|80||" WEB ": connections=- pending=- requests=- "
      "retries=- per-connection=0 connect=3000ms idle=3600000ms age=0ms "
      "@ -" },
    { "an object without a mode means the registry only", "ns=prod",
      "outboundTrafficPolicy: {}\n", "unknown hosts: refused" },
    { "in an IstioOperator", "ns=prod",
      "apiVersion: install.istio.io/v1alpha1\n"
      "kind: IstioOperator\n"
      "metadata: {name: mesh, namespace: istio-system}\n"
      "spec: {meshConfig: {trustDomain: op}}\n",
      "trust op" },
    { "a later one's fields replace, the others stay", "ns=prod",
      "trustDomain: two\n"
      "---\n"
      "apiVersion: install.istio.io/v1alpha1\n"
      "kind: IstioOperator\n"
      "metadata: {name: mesh, namespace: istio-system}\n"
      "spec: {meshConfig: {accessLogFile: /dev/stdout}}\n",
      "trust two\naccess log: on '/dev/stdout' text default" },
};

#define CHECK(table) yard_check(base, table, sizeof(table) / sizeof(*(table)))

static void what_hosts_are_called(void **state)
{
    (void)state;
    CHECK(names);
}

static void what_the_mesh_is_set_to(void **state)
{
    (void)state;
    CHECK(settings);
}

/* --- life --- */

/* Two hosts that route to each other, with a regex each. */
static const char ring[] =
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: api, namespace: prod}\n"
    "spec: {selector: {app: api}, ports: [{name: http, port: 80}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: api-1, namespace: prod}\n"
    "spec: {address: 10.0.0.1, labels: {app: api}, serviceAccount: api}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: DestinationRule\n"
    "metadata: {name: api, namespace: prod}\n"
    "spec: {host: api, subsets: [{name: all, labels: {app: api}}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: a, namespace: prod}\n"
    "spec: {hosts: [web, '*.x.com'], http: [{match: [{uri: {regex: 'a+'}, "
    "headers: {x: {exact: y}}}], route: [{destination: {host: api, subset: "
    "all}}, {destination: {host: gone}, weight: 3}]}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: b, namespace: prod}\n"
    "spec: {hosts: [api], http: [{match: [{uri: {regex: 'b+'}}], route: "
    "[{destination: {host: web}}]}]}\n"
    "---\n"
    "apiVersion: security.istio.io/v1\n"
    "kind: AuthorizationPolicy\n"
    "metadata: {name: a, namespace: prod}\n"
    "spec: {selector: {matchLabels: {app: api}}, rules: [{from: [{source: "
    "{namespaces: ['a*b'], principals: [cluster.local/ns/a/sa/b]}}], to: "
    "[{operation: {paths: [/x]}}], when: [{key: 'request.headers[a]', values: "
    "[b]}]}]}\n"
    "---\n"
    "apiVersion: security.istio.io/v1\n"
    "kind: PeerAuthentication\n"
    "metadata: {name: a, namespace: prod}\n"
    "spec: {mtls: {mode: STRICT}}\n";

static void lost_allocations_leave_nothing(void **state)
{
    struct mesh_snapshot *snapshot;
    struct mesh_whoami whoami;
    struct yard yard;
    int rc;

    (void)state;
    yard_init(&yard);
    yard_add(&yard, "a.yaml", mesh__slice_of(base));
    yard_add(&yard, "b.yaml", mesh__slice_of(ring));
    whoami = yard_whoami(&yard, "ns=prod sa=api address=10.0.0.1");
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = mesh__policy_compile(yard.all, &whoami, NULL, 7, &snapshot);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(snapshot);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    assert_int_equal(rc, 0);
    assert_int_equal(snapshot->generation, 7);
    mesh__snapshot_unref(snapshot);
    yard_fini(&yard);
}

/* One generation of a policy in three files; the last is given. */
static struct mesh_snapshot *generation(const struct mesh_snapshot *previous,
                                        uint64_t number, const char *last)
{
    struct mesh_snapshot *snapshot;
    struct mesh_whoami whoami;
    struct yard yard;

    yard_init(&yard);
    yard_add(&yard, "a.yaml", mesh__slice_of(base));
    yard_add(&yard, "b.yaml", mesh__slice_of(ring));
    yard_add(&yard, "c.yaml", mesh__slice_of(last));
    whoami = yard_whoami(&yard, "ns=prod sa=api address=10.0.0.1");
    assert_int_equal(
        mesh__policy_compile(yard.all, &whoami, previous, number, &snapshot),
        0);
    yard_fini(&yard);
    return snapshot;
}

static const struct mesh_part *part_of(const struct mesh_snapshot *snapshot,
                                       const char *host)
{
    return mesh__map_find(&snapshot->exact, mesh__slice_of(host));
}

#define OTHER(more)                                                            \
    "apiVersion: v1\n"                                                         \
    "kind: Service\n"                                                          \
    "metadata: {name: other, namespace: prod}\n"                               \
    "spec: {ports: [{name: http, port: 80" more "}]}\n"
#define PEER(namespace, mode)                                                  \
    "---\n"                                                                    \
    "apiVersion: security.istio.io/v1\n"                                       \
    "kind: PeerAuthentication\n"                                               \
    "metadata: {name: z, namespace: " namespace "}\n"                          \
                                                "spec: {mtls: {mode: " mode    \
                                                "}}\n"
#define RULE                                                                   \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: DestinationRule\n"                                                  \
    "metadata: {name: web, namespace: prod}\n"                                 \
    "spec: {host: web, subsets: [{name: v1}]}\n"

static const struct {
    const char *claim;
    const char *before;
    const char *after;
    bool web; /* web and api, which route to each other, serve again */
    bool other;
} changes[] = {
    { "nothing changes", OTHER(""), OTHER(""), true, true },
    { "another service changes", OTHER(""), OTHER(", targetPort: 81"), true,
      false },
    { "a rule comes, and its service's routes and those to it go", OTHER(""),
      OTHER("") RULE, false, true },
    { "mTLS changes for their namespace", OTHER(""),
      OTHER("") PEER("prod", "STRICT"), false, false },
    { "mTLS changes for another namespace", OTHER(""),
      OTHER("") PEER("dev", "STRICT"), true, true },
    { "mTLS is asked for in the whole mesh", OTHER(""),
      OTHER("") PEER("istio-system", "STRICT"), true, true },
    { "the mesh is without mTLS", OTHER(""),
      OTHER("") PEER("istio-system", "DISABLE"), false, false },
    { "what all look at changes", OTHER(""),
      OTHER("") "---\nconnectTimeout: 3s\n", false, false },
};

static void unchanged_parts_serve_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        struct mesh_snapshot *before = generation(NULL, 1, changes[i].before);
        struct mesh_snapshot *after = generation(before, 2, changes[i].after);
        struct mesh_snapshot *anew = generation(NULL, 2, changes[i].after);
        struct mesh_buffer expected;
        struct mesh_buffer got;

        if ((part_of(before, "web") == part_of(after, "web")) !=
                changes[i].web ||
            (part_of(before, "api") == part_of(after, "api")) !=
                changes[i].web ||
            (part_of(before, "other") == part_of(after, "other")) !=
                changes[i].other)
            fail_msg("%s", changes[i].claim);
        mesh__snapshot_unref(before);
        yard_dump(anew, &expected);
        yard_dump(after, &got);
        assert_string_equal(mesh__buffer_data(&expected),
                            mesh__buffer_data(&got));
        mesh__buffer_fini(&expected);
        mesh__buffer_fini(&got);
        mesh__snapshot_unref(after);
        mesh__snapshot_unref(anew);
    }
}

static void a_snapshot_outlives_its_makers(void **state)
{
    struct mesh_snapshot *snapshot;
    struct mesh_whoami whoami;
    struct mesh_buffer before;
    struct mesh_buffer after;
    struct yard yard;

    (void)state;
    yard_init(&yard);
    yard_add(&yard, "a.yaml", mesh__slice_of(base));
    yard_add(&yard, "b.yaml", mesh__slice_of(ring));
    whoami = yard_whoami(&yard, "ns=prod sa=api address=10.0.0.1");
    assert_int_equal(
        mesh__policy_compile(yard.all, &whoami, NULL, 1, &snapshot), 0);
    yard_dump(snapshot, &before);
    yard_fini(&yard);
    yard_dump(snapshot, &after);
    assert_string_equal(mesh__buffer_data(&before), mesh__buffer_data(&after));
    mesh__buffer_fini(&before);
    mesh__buffer_fini(&after);
    mesh__snapshot_unref(mesh__snapshot_ref(snapshot));
    mesh__snapshot_unref(snapshot);
}

static void destinations_are_found_by_their_parts(void **state)
{
    const struct mesh_destination *destination;
    struct mesh_snapshot *snapshot;
    struct mesh_whoami whoami;
    struct yard yard;

    (void)state;
    yard_init(&yard);
    yard_add(&yard, "a.yaml", mesh__slice_of(base));
    yard_add(&yard, "b.yaml", mesh__slice_of(ring));
    whoami = yard_whoami(&yard, "ns=prod sa=api address=10.0.0.1");
    assert_int_equal(
        mesh__policy_compile(yard.all, &whoami, NULL, 1, &snapshot), 0);
    destination = mesh__snapshot_destination(
        snapshot, MESH__SLICE("api.prod.svc.cluster.local"), 80,
        MESH__SLICE("all"));
    assert_non_null(destination);
    assert_string_equal(destination->name,
                        "outbound|80|all|api.prod.svc.cluster.local");
    assert_ptr_equal(mesh__snapshot_destination(
                         snapshot, MESH__SLICE("API.prod.svc.cluster.local"),
                         80, MESH__SLICE("all")),
                     destination);
    assert_null(mesh__snapshot_destination(
        snapshot, MESH__SLICE("api.prod.svc.cluster.local"), 80,
        MESH__SLICE("none")));
    assert_null(mesh__snapshot_destination(
        snapshot, MESH__SLICE("api.prod.svc.cluster.local"), 81,
        MESH__SLICE("all")));
    assert_null(mesh__snapshot_destination(snapshot, MESH__SLICE("api"), 80,
                                           MESH__SLICE("all")));
    mesh__snapshot_unref(snapshot);
    yard_fini(&yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_hosts_are_called),
        cmocka_unit_test(what_the_mesh_is_set_to),
        cmocka_unit_test(destinations_are_found_by_their_parts),
        cmocka_unit_test(unchanged_parts_serve_again),
        cmocka_unit_test(a_snapshot_outlives_its_makers),
        cmocka_unit_test(lost_allocations_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
