/*
 * test_policy.c - a policy loaded, judged and compiled with every allocation
 * lost in its turn: the loss is told, and nothing is left behind.
 */
#include "base/error.h"
#include "policy/policy.h"
#include "schema/schema.h"
#include "torture.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* A little of everything. */
static const char policy[] =
    "trustDomain: a.org\n"
    "trustDomainAliases: [b.org]\n"
    "accessLogFile: /dev/stdout\n"
    "---\n"
    "apiVersion: v1\n"
    "kind: Service\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {clusterIP: 10.9.0.1, selector: {app: web}, ports: [{name: http, "
    "port: 80}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: WorkloadEntry\n"
    "metadata: {name: web-1, namespace: prod, labels: {v: '1'}}\n"
    "spec: {address: 10.0.0.1, labels: {app: web}, serviceAccount: web}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: ServiceEntry\n"
    "metadata: {name: e, namespace: prod}\n"
    "spec: {hosts: [e.com, '*.f.com'], resolution: STATIC, ports: [{number: "
    "80, name: http, protocol: HTTP}], endpoints: [{address: 10.1.1.1}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: DestinationRule\n"
    "metadata: {name: web, namespace: prod}\n"
    "spec: {host: web, trafficPolicy: {outlierDetection: {}}, subsets: [{name: "
    "v1, labels: {v: '1'}}, {name: v2, labels: {v: '2'}}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: a, namespace: prod}\n"
    "spec: {hosts: [web, x.com], http: [{match: [{name: m, uri: {regex: 'a+'}, "
    "headers: {x: {exact: y}}}], route: [{destination: {host: web, subset: "
    "v1}}, {destination: {host: gone, port: {number: 9}}, weight: 3}]}]}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\n"
    "kind: VirtualService\n"
    "metadata: {name: b, namespace: prod}\n"
    "spec: {hosts: [web], http: [{route: [{destination: {host: e.com}}]}]}\n"
    "---\n"
    "apiVersion: security.istio.io/v1\n"
    "kind: AuthorizationPolicy\n"
    "metadata: {name: a, namespace: prod}\n"
    "spec: {selector: {matchLabels: {app: web}}, rules: [{from: [{source: "
    "{namespaces: ['a*b'], principals: [cluster.local/ns/a/sa/b]}}], when: "
    "[{key: 'request.headers[a]', values: [b]}]}]}\n"
    "---\n"
    "apiVersion: security.istio.io/v1\n"
    "kind: PeerAuthentication\n"
    "metadata: {name: a, namespace: prod}\n"
    "spec: {selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}, "
    "portLevelMtls: {80: {mode: DISABLE}}}\n";

/* One generation of it: what is in force, and what it was made of. */
struct generation {
    struct mesh_collection *all;
    struct mesh_snapshot *snapshot;
};

static void drop(struct generation *generation)
{
    mesh__snapshot_unref(generation->snapshot);
    mesh__collection_unref(generation->all);
}

static int compile(struct mesh_collection *all,
                   const struct mesh_snapshot *previous,
                   struct mesh_snapshot **out)
{
    const struct mesh_whoami whoami = {
        .namespace_ = MESH__SLICE("prod"),
        .service_account = MESH__SLICE("web"),
        .address = MESH__SLICE("10.0.0.1"),
    };

    return mesh__policy_compile(all, &whoami, previous, 1, out);
}

/* Files that are as they were, one that is not, and maybe a bad one. */
static int load(const struct generation *before, const char *more,
                struct mesh_diagnostics *diagnostics,
                struct mesh_collection **out)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_kept kept;
    int rc = mesh__collection_new_after(before->all, out);

    if (rc == 0)
        rc = mesh__collection_add(*out, "a.yaml", mesh__slice_of(policy),
                                  &limits, diagnostics);
    if (rc == 0 && more)
        rc = mesh__collection_add(*out, "b.yaml", mesh__slice_of(more), &limits,
                                  diagnostics);
    if (rc == 0)
        rc = mesh__collection_seal(*out);
    if (rc == 0 && diagnostics->by_severity[MESH__ERROR])
        rc = mesh__collection_keep_good(*out, before->all, diagnostics, &kept);
    return rc;
}

/* Load, judge, compile, as what comes after before. */
static int follow(const struct generation *before, const char *more,
                  struct generation *out)
{
    struct mesh_diagnostics diagnostics;
    int rc;

    *out = (struct generation){ 0 };
    mesh__diagnostics_init(&diagnostics);
    rc = load(before, more, &diagnostics, &out->all);
    if (rc == 0)
        rc = mesh__policy_judge(out->all, &diagnostics);
    if (rc == 0)
        rc = compile(out->all, before->snapshot, &out->snapshot);
    mesh__diagnostics_fini(&diagnostics);
    return rc;
}

#define MORE(mode)                                                             \
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"             \
    "metadata: {name: more, namespace: prod}\nspec: {mtls: {mode: " mode       \
    "}}\n---\napiVersion: v1\nkind: Service\n"                                 \
    "metadata: {name: more, namespace: prod}\n"                                \
    "spec: {ports: [{name: http, port: 80}]}\n"

/* A start and three reloads; nothing of them outlives the call. */
static int walk(void)
{
    static const char *const steps[] = { NULL, MORE("STRICT"), MORE("STRCT"),
                                         MORE("PERMISSIVE") };
    struct generation now = { 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(*steps); i++) {
        struct generation next;

        rc = follow(&now, steps[i], &next);
        drop(&now);
        now = next;
    }
    drop(&now);
    return rc;
}

static void every_loss_is_told_and_survived(void **state)
{
    int rc;

    (void)state;
    assert_int_equal(walk(), 0); /* what libraries make once and keep */
    for (size_t n = 0;; n++) {
        bool tripped;

        fake_alloc_fail_at(n);
        rc = walk();
        tripped = fake_alloc_tripped();
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped)
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
    }
    fake_alloc_off();
    assert_int_equal(rc, 0);
    mesh__error_clear();
}

/* From some allocation on there is no memory at all. */
static void all_memory_may_go(void **state)
{
    int rc;

    (void)state;
    for (size_t n = 0;; n += 7) {
        bool tripped;

        fake_alloc_fail_from(n);
        rc = walk();
        tripped = fake_alloc_tripped();
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped)
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
    }
    fake_alloc_off();
    assert_int_equal(rc, 0);
    mesh__error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss_is_told_and_survived),
        cmocka_unit_test(all_memory_may_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
