/*
 * test_schema.c - policy files read with every allocation lost in its turn,
 * those inside libyaml and PCRE2 included: the loss is told, and nothing is
 * left behind.
 */
#include "schema/schema.h"
#include "torture.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A little of everything, the wrong included. */
static const char policy[] =
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    "metadata: {name: a, labels: {a: b}}\nspec:\n  hosts: [a, b]\n  http:\n"
    "  - match: [{headers: {x: {regex: a+b}}, sourceLabels: {c: d}}]\n"
    "    route: [{destination: {host: h, subset: s}, weight: 1}]\n"
    "    timeuot: 1s\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    "metadata: {name: a}\nspec:\n  host: h\n  subsets:\n"
    "  - {name: s, labels: {v: w}, trafficPolicy: {tls: {mode: SIMPLE, "
    "caCrl: /l}}}\n"
    "---\n"
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
    "metadata: {name: a}\nspec: {hosts: [a.b], resolution: STATIC,\n"
    "  ports: [{name: p, number: 1, targetPort: 2}],\n"
    "  endpoints: [{address: 10.0.0.1, ports: {p: 3}}]}\n"
    "---\n"
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\n"
    "data:\n  mesh: |\n    trustDomain: a.b\n    trustDomainAliases: [c]\n"
    "---\n"
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n"
    "---\n"
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n";

static void note_use(void *user, const struct mesh_field_use *use)
{
    size_t *count = user;

    (void)use;
    (*count)++;
}

static void a_lost_load_is_told(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_policy_limits limits = mesh__policy_limits;
        struct mesh_collection *collection = NULL;
        struct mesh_diagnostics diagnostics;
        bool tripped;
        int rc;

        mesh__diagnostics_init(&diagnostics);
        fake_alloc_fail_at(n);
        rc = mesh__collection_new(&collection);
        if (rc == 0)
            rc = mesh__collection_add(collection, "a.yaml",
                                      mesh__slice(policy, sizeof(policy) - 1),
                                      &limits, &diagnostics);
        tripped = fake_alloc_tripped();
        if (rc == 0)
            rc = diagnostics.rc;
        if (rc == 0)
            assert_int_equal(collection->count, 3);
        mesh__collection_unref(collection);
        mesh__diagnostics_fini(&diagnostics);
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
    }
}

static void so_is_a_lost_coverage(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_policy_limits limits = mesh__policy_limits;
        size_t count = 0;
        int rc;

        fake_alloc_fail_at(n);
        rc = mesh__coverage("a.yaml", mesh__slice(policy, sizeof(policy) - 1),
                            &limits, note_use, &count);
        if (!fake_alloc_tripped()) {
            assert_int_equal(rc, 0);
            assert_true(count > 30);
            break;
        }
        assert_int_equal(rc, MESH_ERR_NOMEM);
        assert_int_equal(fake_alloc_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_load_is_told),
        cmocka_unit_test(so_is_a_lost_coverage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
