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
      "domain *.wild.com. -> *.wild.com" },
    { "a host of one's own comes before somebody's short name", "ns=prod",
      "apiVersion: networking.istio.io/v1\n"
      "kind: VirtualService\n"
      "metadata: {name: a, namespace: prod}\n"
      "spec: {hosts: [web.prod], http: [{route: [{destination: {host: "
      "web}}]}]}\n",
      "domain web.prod -> web.prod\ndomain web -> " WEB },
    { "but not where an older VirtualService speaks for that one", "ns=prod",
      "apiVersion: networking.istio.io/v1\n"
      "kind: VirtualService\n"
      "metadata: {name: b, namespace: prod, creationTimestamp: "
      "'2026-01-02T00:00:00Z'}\n"
      "spec: {hosts: [web.prod], http: [{route: [{destination: {host: "
      "web}}]}]}\n"
      "---\napiVersion: networking.istio.io/v1\n"
      "kind: VirtualService\n"
      "metadata: {name: c, namespace: prod, creationTimestamp: "
      "'2026-01-01T00:00:00Z'}\n"
      "spec: {hosts: ['*.svc.cluster.local'], http: [{route: [{destination: "
      "{host: web}}]}]}\n",
      "domain web.prod -> " WEB },
    { "one's own namespace's ServiceEntry comes before a Service", "ns=dev",
      "apiVersion: networking.istio.io/v1\n"
      "kind: ServiceEntry\n"
      "metadata: {name: e, namespace: dev}\n"
      "spec: {hosts: [" WEB "], resolution: STATIC, location: MESH_INTERNAL, "
      "ports: [{number: 80, name: http, protocol: HTTP}], endpoints: "
      "[{address: 10.1.1.1}]}\n",
      "destination outbound|80||" WEB " dev/" WEB
      " http least-request @ ServiceEntry dev/e (row.yaml:1)\n"
      "domain web.prod -> " WEB },
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

/* More that compiling allocates for. */
static const char more[] =
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: root, namespace: prod}\n"
    "spec: {hosts: [web.prod, y.com], http: [{name: r, match: [{sourceLabels: "
    "{app: api}, headers: {a: {exact: b}}}], delegate: {name: leaf}}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: leaf, namespace: prod}\n"
    "spec: {http: [{name: l, match: [{name: m, sourceLabels: {app: api}, "
    "headers: {c: {exact: d}}}], route: [{destination: {host: web}}]}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: bytes, namespace: prod}\n"
    "spec: {hosts: [db, '*.db.com'], tcp: [{match: [{destinationSubnets: "
    "[10.0.0.0/8]}], route: [{destination: {host: db}}, {destination: {host: "
    "gone}, weight: 1}]}], tls: [{match: [{sniHosts: [a.db.com]}], route: "
    "[{destination: {host: db}}]}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: db, namespace: prod}\n"
    "spec: {ports: [{name: tcp, port: 5432}, {name: tls, port: 5433}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: Sidecar\n"
    "metadata: {name: s, namespace: prod}\n"
    "spec: {egress: [{port: {number: 80, protocol: HTTP, name: h}, hosts: "
    "['*/*', '~dev/*']}, {hosts: ['./*']}], ingress: [{port: {number: 70, "
    "name: i}, defaultEndpoint: '127.0.0.1:7'}]}\n";

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
    yard_add(&yard, "c.yaml", mesh__slice_of(more));
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

/* One generation of a policy in three files; the last two are given. */
static struct mesh_snapshot *generation(const struct mesh_snapshot *previous,
                                        uint64_t number, const char *middle,
                                        const char *last)
{
    struct mesh_snapshot *snapshot;
    struct mesh_whoami whoami;
    struct yard yard;

    yard_init(&yard);
    yard_add(&yard, "a.yaml", mesh__slice_of(base));
    yard_add(&yard, "b.yaml", mesh__slice_of(middle));
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

#define SIDECAR(hosts)                                                         \
    "---\n"                                                                    \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: Sidecar\n"                                                          \
    "metadata: {name: s, namespace: prod}\n"                                   \
    "spec: {egress: [{hosts: [" hosts "]}]}\n"

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
    { "a Sidecar comes that hides nothing", OTHER(""),
      OTHER("") SIDECAR("'*/*'"), true, true },
    { "one that hides some of it", OTHER(""),
      OTHER("") SIDECAR("'./api.prod.svc.cluster.local'"), false, false },
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
        struct mesh_snapshot *before =
            generation(NULL, 1, ring, changes[i].before);
        struct mesh_snapshot *after =
            generation(before, 2, ring, changes[i].after);
        struct mesh_snapshot *anew =
            generation(NULL, 2, ring, changes[i].after);
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

/* Web's routes are its delegate's, in a file of their own; api has none. */
static const char root[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: api, namespace: prod}\n"
    "spec: {ports: [{name: http, port: 80}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: a, namespace: prod}\n"
    "spec: {hosts: [web], http: [{delegate: {name: leaf}}]}\n";

#define LEAF(path)                                                             \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: leaf, namespace: prod}\n"                                \
    "spec: {http: [{match: [{uri: {prefix: " path                              \
    "}}], route: [{destination: {host: web}}]}]}\n"
#define NOBODYS                                                                \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: other, namespace: prod}\n"                               \
    "spec: {http: [{route: [{destination: {host: web}}]}]}\n"

static const struct {
    const char *claim;
    const char *before;
    const char *after;
    bool web; /* serves again */
} delegations[] = {
    { "the delegate stays", LEAF("/a"), LEAF("/a"), true },
    { "it changes", LEAF("/a"), LEAF("/b"), false },
    { "it goes", LEAF("/a"), NOBODYS, false },
    { "it comes", NOBODYS, LEAF("/a"), false },
    { "what nobody delegates to changes", NOBODYS, NOBODYS "# more\n", true },
};

static void delegates_are_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(delegations) / sizeof(*delegations); i++) {
        struct mesh_snapshot *before =
            generation(NULL, 1, root, delegations[i].before);
        struct mesh_snapshot *after =
            generation(before, 2, root, delegations[i].after);

        if ((part_of(before, "web") == part_of(after, "web")) !=
            delegations[i].web)
            fail_msg("%s", delegations[i].claim);
        assert_ptr_equal(part_of(before, "api"), part_of(after, "api"));
        mesh__snapshot_unref(before);
        mesh__snapshot_unref(after);
    }
}

/* A port for bytes beside one for HTTP; and routes for the former, alone. */
static const char bytes[] = "apiVersion: v1\n"
                            "kind: Service\n"
                            "metadata: {name: db, namespace: prod}\n"
                            "spec: {ports: [{name: tcp, port: 5432}]}\n"
                            "---\n"
                            "apiVersion: v1\n"
                            "kind: Service\n"
                            "metadata: {name: api, namespace: prod}\n"
                            "spec: {ports: [{name: http, port: 80}]}\n";

#define STREAMS(hosts, to)                                                     \
    "apiVersion: networking.istio.io/v1\n"                                     \
    "kind: VirtualService\n"                                                   \
    "metadata: {name: s, namespace: prod}\n"                                   \
    "spec: {hosts: [" hosts "], tcp: [{route: [{destination: {host: " to       \
    "}}]}]}\n"

static const struct {
    const char *claim;
    const char *before;
    const char *after;
    bool db; /* serves again */
} streams[] = {
    { "its routes stay", STREAMS("db", "db"), STREAMS("db", "db"), true },
    { "they change", STREAMS("db", "db"), STREAMS("db", "api"), false },
    { "a wildcard's reach it, too", STREAMS("x.com", "db"),
      STREAMS("'*.local'", "db"), false },
    { "others come and go", STREAMS("x.com", "db"), STREAMS("y.com", "db"),
      true },
};

static void streams_are_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
        struct mesh_snapshot *before =
            generation(NULL, 1, bytes, streams[i].before);
        struct mesh_snapshot *after =
            generation(before, 2, bytes, streams[i].after);

        if ((part_of(before, "db") == part_of(after, "db")) != streams[i].db)
            fail_msg("%s", streams[i].claim);
        if (streams[i].db)
            assert_ptr_equal(part_of(before, "api"), part_of(after, "api"));
        mesh__snapshot_unref(before);
        mesh__snapshot_unref(after);
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

/* A VirtualService for "web.prod" as written, beside the service's name. */
static const char literal[] =
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {ports: [{name: http, port: 80}, {name: http-b, port: 81}]}\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: late, namespace: prod}\n"
    "spec: {ports: [{name: http, port: 82}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: a, namespace: prod}\n"
    "spec: {hosts: [web.prod, late], http: [{match: [{port: 80}], route: "
    "[{destination: {host: web}}]}]}\n";

static const struct {
    const char *authority;
    uint16_t port;
    const char *host; /* NULL: none */
} shared[] = {
    { "web.prod", 80, "web.prod:80" },
    { "WEB.prod:80", 80, "web.prod:80" },
    { "web.prod", 81, WEB ":81" },
    { "web.prod.svc", 80, WEB ":80" },
    { "web.prod", 83, NULL },
    { "late.prod.svc.cluster.local", 80, "late.prod.svc.cluster.local:80" },
    { "late.prod.svc.cluster.local", 82, "late.prod.svc.cluster.local:82" },
    { "late", 82, "late.prod.svc.cluster.local:82" },
    { "late", 80, NULL },
};

static void a_name_leads_elsewhere_on_another_port(void **state)
{
    struct mesh_snapshot *snapshot;
    struct mesh_whoami whoami;
    struct yard yard;

    (void)state;
    yard_init(&yard);
    yard_add(&yard, "a.yaml", mesh__slice_of(literal));
    whoami = yard_whoami(&yard, "ns=prod");
    assert_int_equal(
        mesh__policy_compile(yard.all, &whoami, NULL, 1, &snapshot), 0);
    for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
        const struct mesh_virtual_host *host = mesh__snapshot_host(
            snapshot, mesh__slice_of(shared[i].authority), shared[i].port);

        if (!host != !shared[i].host)
            fail_msg("%s on %u", shared[i].authority, shared[i].port);
        if (host)
            assert_string_equal(host->name, shared[i].host);
    }
    mesh__snapshot_unref(snapshot);
    yard_fini(&yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_hosts_are_called),
        cmocka_unit_test(what_the_mesh_is_set_to),
        cmocka_unit_test(a_name_leads_elsewhere_on_another_port),
        cmocka_unit_test(destinations_are_found_by_their_parts),
        cmocka_unit_test(unchanged_parts_serve_again),
        cmocka_unit_test(delegates_are_looked_at),
        cmocka_unit_test(streams_are_looked_at),
        cmocka_unit_test(a_snapshot_outlives_its_makers),
        cmocka_unit_test(lost_allocations_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
