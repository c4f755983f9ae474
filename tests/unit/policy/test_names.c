/*
 * test_names.c - do answers to names become endpoints, and nothing else
 * another part?
 */
#include "../../golden/yard.h"

#include "torture.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ENTRY(name, spec)                                                      \
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"                 \
    "metadata: {name: " name ", namespace: prod}\n"                            \
    "spec: {hosts: [" name ".example], ports: [{number: 80, name: http, "      \
    "protocol: HTTP, targetPort: 8080}], " spec "}\n---\n"

static const char policy[] = ENTRY("all", "resolution: DNS") ENTRY(
    "one", "resolution: DNS_ROUND_ROBIN, endpoints: [{address: all.example}]")
    ENTRY("mixed",
          "resolution: DNS, endpoints: [{address: 192.0.2.9}, {address: "
          "far.example, ports: {http: 99}, weight: 3}]")
        ENTRY("picked",
              "resolution: DNS, workloadSelector: {labels: {app: "
              "far}}") ENTRY("fixed",
                             "resolution: STATIC, workloadSelector: {labels: "
                             "{app: far}}") ENTRY("none", "resolution: NONE")
            ENTRY("lone",
                  "resolution: DNS_ROUND_ROBIN") "apiVersion: "
                                                 "networking.istio.io/v1\n"
                                                 "kind: WorkloadEntry\n"
                                                 "metadata: {name: far, "
                                                 "namespace: prod}\n"
                                                 "spec: {address: far.example, "
                                                 "labels: {app: far}}\n";

static const struct mesh_address addresses[] = {
    { 4, 0, { 192, 0, 2, 1 } },
    { 4, 0, { 192, 0, 2, 2 } },
};

static struct yard yard;

static int set_up(void **state)
{
    (void)state;
    yard_init(&yard);
    yard_add(&yard, "names.yaml", mesh__slice_of(policy));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yard_fini(&yard);
    return 0;
}

static int compile(const struct mesh_known_names *names,
                   const struct mesh_snapshot *previous, uint64_t generation,
                   struct mesh_snapshot **out)
{
    struct mesh_whoami me = yard_whoami(&yard, "ns=prod labels=");

    me.names = names;
    return mesh__policy_compile(yard.all, &me, previous, generation, out);
}

static const struct mesh_destination *find(const struct mesh_snapshot *snapshot,
                                           const char *host)
{
    const struct mesh_destination *found = mesh__snapshot_destination(
        snapshot, mesh__slice_of(host), 80, MESH__SLICE(""));

    assert_non_null(found);
    return found;
}

static void endpoints_are(const struct mesh_snapshot *snapshot,
                          const char *host, const char *expect)
{
    const struct mesh_endpoint_set *set = find(snapshot, host)->endpoints;
    char found[256] = "";

    for (size_t i = 0; i < set->count; i++)
        (void)snprintf(found + strlen(found), sizeof(found) - strlen(found),
                       "%s%s", i ? " " : "", set->endpoints[i].text);
    assert_string_equal(found, expect);
}

static void what_is_wanted_is_said(void **state)
{
    struct mesh_snapshot *snapshot;
    bool all = false;
    bool lone = false;
    bool far = false;

    (void)state;
    assert_int_equal(compile(NULL, NULL, 1, &snapshot), 0);
    for (size_t i = 0; i < snapshot->name_count; i++) {
        const struct mesh_wanted_name *wanted = &snapshot->names[i];

        if (strcmp(wanted->name, "all.example") == 0) {
            assert_false(wanted->sticky); /* DNS wants it, too */
            all = true;
        } else if (strcmp(wanted->name, "lone.example") == 0) {
            assert_true(wanted->sticky);
            lone = true;
        } else {
            assert_string_equal(wanted->name, "far.example");
            far = true;
        }
    }
    assert_int_equal(snapshot->name_count, 3); /* each once */
    assert_true(all && lone && far);
    assert_int_equal(snapshot->dns_refresh_ns, UINT64_C(60000000000));
    mesh__snapshot_unref(snapshot);
}

static void who_has_no_answer_waits(void **state)
{
    const struct mesh_known_name nothing = { MESH__SLICE("all.example"), NULL,
                                             0 };
    const struct mesh_known_names names = { &nothing, 1 };
    struct mesh_snapshot *snapshot;

    (void)state;
    assert_int_equal(compile(&names, NULL, 1, &snapshot), 0);
    endpoints_are(snapshot, "all.example", "");
    assert_false(find(snapshot, "all.example")->unresolved);
    assert_true(find(snapshot, "lone.example")->unresolved);
    assert_true(find(snapshot, "picked.example")->unresolved);
    endpoints_are(snapshot, "mixed.example", "192.0.2.9:8080");
    assert_false(find(snapshot, "mixed.example")->unresolved);
    mesh__snapshot_unref(snapshot);
}

static void answers_become_endpoints(void **state)
{
    const struct mesh_known_name known[] = {
        { MESH__SLICE("all.example"), addresses, 2 },
        { MESH__SLICE("far.example"), addresses + 1, 1 },
    };
    const struct mesh_known_names names = { known, 2 };
    const struct mesh_destination *none;
    struct mesh_snapshot *snapshot;

    (void)state;
    assert_int_equal(compile(&names, NULL, 1, &snapshot), 0);
    endpoints_are(snapshot, "all.example", "192.0.2.1:8080 192.0.2.2:8080");
    endpoints_are(snapshot, "one.example", "192.0.2.1:8080");
    endpoints_are(snapshot, "mixed.example", "192.0.2.9:8080 192.0.2.2:99");
    endpoints_are(snapshot, "picked.example", "192.0.2.2:8080");
    endpoints_are(snapshot, "fixed.example", ""); /* a name is no address */
    assert_false(find(snapshot, "fixed.example")->unresolved);
    assert_int_equal(
        find(snapshot, "mixed.example")->endpoints->endpoints[1].weight, 3);
    none = find(snapshot, "none.example");
    assert_true(none->original);
    assert_int_equal(none->original_port, 8080);
    assert_int_equal(none->endpoints->count, 0);
    mesh__snapshot_unref(snapshot);
}

static const struct mesh_part *part_of(const struct mesh_snapshot *snapshot,
                                       const char *host)
{
    for (size_t i = 0; i < snapshot->part_count; i++)
        if (strcmp(snapshot->parts[i]->host, host) == 0)
            return snapshot->parts[i];
    fail_msg("no part for %s", host);
    return NULL;
}

static void other_parts_serve_again(void **state)
{
    const struct mesh_known_name one[] = {
        { MESH__SLICE("all.example"), addresses, 1 },
        { MESH__SLICE("far.example"), addresses + 1, 1 },
    };
    const struct mesh_known_name two[] = {
        { MESH__SLICE("all.example"), addresses, 2 },
        { MESH__SLICE("far.example"), addresses + 1, 1 },
    };
    const struct mesh_known_names before = { one, 2 };
    const struct mesh_known_names after = { two, 2 };
    struct mesh_snapshot *old;
    struct mesh_snapshot *same;
    struct mesh_snapshot *new;

    (void)state;
    assert_int_equal(compile(&before, NULL, 1, &old), 0);
    assert_int_equal(compile(&before, old, 2, &same), 0);
    assert_int_equal(compile(&after, old, 3, &new), 0);
    assert_ptr_equal(part_of(old, "all.example"), part_of(same, "all.example"));
    assert_ptr_not_equal(part_of(old, "all.example"),
                         part_of(new, "all.example"));
    assert_ptr_equal(part_of(old, "mixed.example"),
                     part_of(new, "mixed.example"));
    assert_ptr_equal(part_of(old, "none.example"),
                     part_of(new, "none.example"));
    mesh__snapshot_unref(old);
    mesh__snapshot_unref(same);
    mesh__snapshot_unref(new);
}

static void a_name_is_found_or_not(void **state)
{
    const struct mesh_known_name known[] = { { MESH__SLICE("a"), NULL, 0 },
                                             { MESH__SLICE("ab"), NULL, 0 },
                                             { MESH__SLICE("b"), NULL, 0 } };
    const struct mesh_known_names names = { known, 3 };

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(mesh__known_name(&names, known[i].name), &known[i]);
    assert_null(mesh__known_name(&names, MESH__SLICE("")));
    assert_null(mesh__known_name(&names, MESH__SLICE("aa")));
    assert_null(mesh__known_name(&names, MESH__SLICE("c")));
    assert_null(mesh__known_name(NULL, MESH__SLICE("a")));
}

static void losing_any_allocation_is_survived(void **state)
{
    const struct mesh_known_name known = { MESH__SLICE("all.example"),
                                           addresses, 2 };
    const struct mesh_known_names names = { &known, 1 };
    struct mesh_snapshot *snapshot;
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_whoami me = yard_whoami(&yard, "ns=prod labels=");

        me.names = &names;
        fake_alloc_fail_at(n);
        rc = mesh__policy_compile(yard.all, &me, NULL, 1, &snapshot);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_null(snapshot);
        assert_int_equal(fake_alloc_live(), 0);
    }
    fake_alloc_off();
    assert_int_equal(rc, 0);
    mesh__snapshot_unref(snapshot);
}

/* --- who goes to the caller's own address --- */

static const char base[] =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: prod}\n"
    "spec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {address: 10.0.0.1, labels: {app: web, version: v1}, "
    "serviceAccount: web}\n";
static const char bare[] =
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
    "metadata: {name: bare, namespace: prod}\n"
    "spec: {address: 10.0.0.2, labels: {app: web}}\n";

#define THROUGH "loadBalancer: {simple: PASSTHROUGH}"
#define RANDOM  "loadBalancer: {simple: RANDOM}"
#define WHOLE(policy)                                                          \
    "trafficPolicy: {" policy "}, subsets: [{name: v1, labels: {version: "     \
    "v1}}]"
#define PART(policy)                                                           \
    "subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {" policy "}}" \
    "]"
#define AT_80(policy) "portLevelSettings: [{port: {number: 80}, " policy "}]"

/* How the subset, or else the whole, is reached; also beside an endpoint that
 * speaks no mesh TLS, when nobody is asked for it by the rule's own words. */
static const struct {
    const char *claim;
    const char *spec;
    const char *subset;
    bool original;
    enum mesh_tls_mode tls, beside_bare;
} through[] = {
    { "the rule", WHOLE(THROUGH), "", true, MESH__TLS_MESH, MESH__TLS_OFF },
    { "its subset, which has no such words of its own", WHOLE(THROUGH), "v1",
      true, MESH__TLS_MESH, MESH__TLS_MESH },
    { "the rule's port", WHOLE(AT_80(THROUGH)), "", true, MESH__TLS_MESH,
      MESH__TLS_MESH },
    { "a port's settings hide the rule's", WHOLE(THROUGH ", " AT_80(RANDOM)),
      "", false, MESH__TLS_AUTO, MESH__TLS_AUTO },
    { "a subset", PART(THROUGH), "v1", true, MESH__TLS_MESH, MESH__TLS_OFF },
    { "and nobody beside it", PART(THROUGH), "", false, MESH__TLS_AUTO,
      MESH__TLS_AUTO },
    { "a subset's port", PART(AT_80(THROUGH)), "v1", true, MESH__TLS_MESH,
      MESH__TLS_MESH },
    { "a subset in spite of its port", PART(THROUGH ", " AT_80(RANDOM)), "v1",
      true, MESH__TLS_MESH, MESH__TLS_OFF },
    { "a subset that chooses, of a host that does not",
      "trafficPolicy: {" THROUGH "}, " PART(RANDOM), "v1", true, MESH__TLS_MESH,
      MESH__TLS_MESH },
    { "what the rule says of TLS is done",
      WHOLE(THROUGH ", tls: {mode: ISTIO_MUTUAL}"), "", true, MESH__TLS_MESH,
      MESH__TLS_MESH },
};

static void goes_through(size_t row, bool beside)
{
    const struct mesh_destination *web;
    struct mesh_snapshot *snapshot;
    struct mesh_whoami me;
    struct yard own;
    char rule[512];

    snprintf(rule, sizeof(rule),
             "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
             "metadata: {name: web, namespace: prod}\nspec: {host: web, %s}\n",
             through[row].spec);
    yard_init(&own);
    yard_add(&own, "web.yaml", mesh__slice_of(base));
    yard_add(&own, "rule.yaml", mesh__slice_of(rule));
    if (beside)
        yard_add(&own, "bare.yaml", mesh__slice_of(bare));
    me = yard_whoami(&own, "ns=prod labels=");
    assert_int_equal(mesh__policy_compile(own.all, &me, NULL, 1, &snapshot), 0);
    web = mesh__snapshot_destination(snapshot,
                                     MESH__SLICE("web.prod.svc.cluster.local"),
                                     80, mesh__slice_of(through[row].subset));
    assert_non_null(web);
    if (web->original != through[row].original || web->original_port != 0 ||
        web->tls.mode != (beside ? through[row].beside_bare : through[row].tls))
        fail_msg("%s: original=%d port=%d tls=%d", through[row].claim,
                 web->original, web->original_port, (int)web->tls.mode);
    mesh__snapshot_unref(snapshot);
    yard_fini(&own);
}

static void passthrough_is_the_callers_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(through) / sizeof(*through); i++) {
        goes_through(i, false);
        goes_through(i, true);
    }
}

/* Its ports are the caller's as well: nobody maps them. */
static void headless_is_the_callers_address(void **state)
{
    static const char service[] =
        "apiVersion: v1\nkind: Service\n"
        "metadata: {name: web, namespace: prod}\n"
        "spec: {clusterIP: None, selector: {app: web}, "
        "ports: [{name: http, port: 80, targetPort: 8080}]}\n";

    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct mesh_destination *web;
        struct mesh_snapshot *snapshot;
        struct mesh_whoami me;
        struct yard own;

        yard_init(&own);
        yard_add(&own, "base.yaml", mesh__slice_of(base));
        yard_add(&own, "web.yaml", mesh__slice_of(service));
        if (i)
            yard_add(&own, "bare.yaml", mesh__slice_of(bare));
        me = yard_whoami(&own, "ns=prod labels=");
        assert_int_equal(mesh__policy_compile(own.all, &me, NULL, 1, &snapshot),
                         0);
        web = find(snapshot, "web.prod.svc.cluster.local");
        assert_true(web->original);
        assert_int_equal(web->original_port, 0);
        assert_int_equal(web->tls.mode, i ? MESH__TLS_OFF : MESH__TLS_MESH);
        mesh__snapshot_unref(snapshot);
        yard_fini(&own);
    }
}

static void unknown_hosts_go_out_unless_they_may_not(void **state)
{
    static const char *const modes[] = {
        "outboundTrafficPolicy: {mode: ALLOW_ANY}\n",
        "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_snapshot *snapshot;
        struct mesh_whoami me;
        struct yard own;

        yard_init(&own);
        yard_add(&own, "mesh.yaml", mesh__slice_of(modes[i]));
        me = yard_whoami(&own, "ns=prod labels=");
        assert_int_equal(mesh__policy_compile(own.all, &me, NULL, 1, &snapshot),
                         0);
        assert_int_equal(snapshot->registry_only, i);
        assert_true((snapshot->outside == NULL) == (i == 1));
        if (i == 0) {
            const struct mesh_destination *outside =
                snapshot->allow_any->arms[0].destination;

            assert_string_equal(snapshot->allow_any->name, "allow_any");
            assert_string_equal(outside->name, "PassthroughCluster");
            assert_true(outside->original);
            assert_int_equal(outside->tls.mode, MESH__TLS_OFF);
            assert_int_equal(snapshot->allow_any->retry.on, 0);
        }
        mesh__snapshot_unref(snapshot);
        yard_fini(&own);
    }
}

/* But for what would be an option of the protocol. */
static void the_meshs_pool_bounds_unknown_hosts(void **state)
{
    const struct mesh_breaker_policy *breakers;
    struct mesh_snapshot *snapshot;
    struct mesh_whoami me;
    struct yard own;

    (void)state;
    yard_init(&own);
    yard_add(&own, "mesh.yaml",
             MESH__SLICE("connectTimeout: 7s\ndefaultTrafficPolicy: "
                         "{connectionPool: {tcp: {maxConnections: 1, "
                         "idleTimeout: 2s, maxConnectionDuration: 3s}, http: "
                         "{http1MaxPendingRequests: 2, http2MaxRequests: 3, "
                         "maxRetries: 4, maxRequestsPerConnection: 5, "
                         "idleTimeout: 6s}}}\n"));
    me = yard_whoami(&own, "ns=prod labels=");
    assert_int_equal(mesh__policy_compile(own.all, &me, NULL, 1, &snapshot), 0);
    breakers = &snapshot->allow_any->arms[0].destination->breakers;
    assert_int_equal(breakers->max_connections, 1);
    assert_int_equal(breakers->max_pending, 2);
    assert_int_equal(breakers->max_requests, 3);
    assert_int_equal(breakers->max_retries, 4);
    assert_int_equal(breakers->connect_timeout_ns, UINT64_C(7000000000));
    assert_int_equal(breakers->max_requests_per_connection, 0);
    assert_int_equal(breakers->max_connection_ns, 0);
    assert_int_equal(breakers->idle_timeout_ns, UINT64_C(3600000000000));
    mesh__snapshot_unref(snapshot);
    yard_fini(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_is_said),
        cmocka_unit_test(who_has_no_answer_waits),
        cmocka_unit_test(answers_become_endpoints),
        cmocka_unit_test(other_parts_serve_again),
        cmocka_unit_test(a_name_is_found_or_not),
        cmocka_unit_test(losing_any_allocation_is_survived),
        cmocka_unit_test(passthrough_is_the_callers_address),
        cmocka_unit_test(headless_is_the_callers_address),
        cmocka_unit_test(unknown_hosts_go_out_unless_they_may_not),
        cmocka_unit_test(the_meshs_pool_bounds_unknown_hosts),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
