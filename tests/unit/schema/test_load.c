/*
 * test_load.c - what a document is, its envelope, its limits; many documents,
 * many files.
 */
#include "say.h"
#include "torture.h"

#include <mesh/base.h>

#define VS(version)                                                            \
    "apiVersion: " version "\nkind: VirtualService\nmetadata: {name: a}\n"     \
    "spec: {hosts: [a], http: [{route: [{destination: {host: a}}]}]}\n"

#define NAMESPACE(name)                                                        \
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: " name "}\n"

static const struct say_row documents[] = {
    { "a good one says nothing", VS("networking.istio.io/v1"), "" },
    { "older versions are the same", VS("networking.istio.io/v1alpha3"), "" },
    { "blank documents are none", "---\n---\n# x\n---\n", "" },
    { "a version that never was", VS("networking.istio.io/v2"),
      "1:13 error apiVersion of VirtualService: wanted networking.istio.io/v1 "
      "or networking.istio.io/v1beta1 or networking.istio.io/v1alpha3, found "
      "\"networking.istio.io/v2\" [LM0005]\n" },
    { "a group of Istio's that is another's", VS("security.istio.io/v1"),
      "1:13 error apiVersion of VirtualService: wanted networking.istio.io/v1 "
      "or networking.istio.io/v1beta1 or networking.istio.io/v1alpha3, found "
      "\"security.istio.io/v1\" [LM0005]\n" },
    { "a misspelt group", VS("networking.istio.oi/v1"),
      "1:13 error unknown kind \"VirtualService\" of \"networking.istio.oi\" "
      "[LM0005] (did you mean \"networking.istio.io\"?)\n" },
    { "a misspelt kind",
      "apiVersion: networking.istio.io/v1\nkind: VirtualServce\n",
      "2:7 error unknown kind \"VirtualServce\" of \"networking.istio.io\" "
      "[LM0005] (did you mean \"VirtualService\"?)\n" },
    { "a kind that Istio never had",
      "apiVersion: config.istio.io/v1\nkind: Rule\n",
      "1:13 error unknown kind \"Rule\" of \"config.istio.io\" [LM0005]\n" },
    { "a misspelt kind of Kubernetes", "apiVersion: v1\nkind: Servce\n",
      "2:7 error unknown kind \"Servce\" of \"\" [LM0005] (did you mean "
      "\"Service\"?)\n" },
    { "somebody else's kind", "apiVersion: apps/v1\nkind: StatefulSet\n",
      "2:7 info noted: StatefulSet is not a mesh policy [LM0003]\n" },
    { "the same name in another group",
      "apiVersion: policy.linkerd.io/v1alpha1\nkind: AuthorizationPolicy\n",
      "2:7 info noted: AuthorizationPolicy is not a mesh policy [LM0003]\n" },
    { "another of the core", "apiVersion: v1\nkind: Secret\n",
      "2:7 info noted: Secret is not a mesh policy [LM0003]\n" },
    { "what configures Envoy is noted by name",
      "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\n"
      "metadata: {name: a}\nspec: {whatever: 1}\n",
      "2:7 info noted: EnvoyFilter: it configures Envoy, and there is none "
      "between this program and its peers [LM0003]\n" },
    { "kind is missing", "apiVersion: v1\nmetadata: {name: x}\n",
      "1:1 error \"kind\" is missing [LM0005]\n" },
    { "both are missing", "metadata: {name: x}\n",
      "1:1 error \"apiVersion\" is missing [LM0005]\n"
      "1:1 error \"kind\" is missing [LM0005]\n" },
    { "kind is no text", "apiVersion: v1\nkind: [a]\n",
      "2:7 error \"kind\" is missing [LM0005]\n" },
    { "no resource at all", "- a\n- b\n",
      "1:1 error wanted a resource, with apiVersion and kind [LM0005]\n" },
    { "a bare mesh config", "trustDomain: a.b\nenableAutoMtls: true\n", "" },
    { "not quite a mesh config", "trustDomain: a.b\nspec: {}\n",
      "1:1 error \"apiVersion\" is missing [LM0005]\n"
      "1:1 error \"kind\" is missing [LM0005]\n" },
    { "one bad document does not stop the next",
      "apiVersion: v1\nkind: Servce\n---\n"
      "apiVersion: v1\nkind: Namespace\nmetadata: {}\n",
      "2:7 error unknown kind \"Servce\" of \"\" [LM0005] (did you mean "
      "\"Service\"?)\n"
      "6:11 error metadata: \"name\" is required [IST0106]\n" },
    { "what stands before a broken text is judged",
      "apiVersion: v1\nkind: Namespace\nmetadata: {}\n---\na: b: c\n",
      "3:11 error metadata: \"name\" is required [IST0106]\n"
      "5:5 error mapping values are not allowed in this context [LM0001]\n" },
    { "a key twice", NAMESPACE("a") "kind: Namespace\n",
      "4:1 error key \"kind\" is written twice [LM0001]\n" },
};

static const struct say_row envelopes[] = {
    { "an unknown field at the top", NAMESPACE("a") "sepc: {}\n",
      "4:1 error unknown field \"sepc\" [LM0002] (did you mean \"spec\"?)\n" },
    { "metadata must be there", "apiVersion: v1\nkind: Namespace\n",
      "1:1 error \"metadata\" is required [IST0106]\n" },
    { "an unknown field of metadata",
      "apiVersion: v1\nkind: Namespace\n"
      "metadata: {name: a, lables: {a: b}}\n",
      "3:21 error metadata: unknown field \"lables\" [LM0002] (did you mean "
      "\"labels\"?)\n" },
    { "a name that is none", NAMESPACE("A_b"),
      "3:18 error metadata.name: wanted DNS labels (a-z, 0-9, \"-\") with dots "
      "between, found \"A_b\" [IST0106]\n" },
    { "labels are text",
      "apiVersion: v1\nkind: Namespace\n"
      "metadata: {name: a, labels: {on: true, b: 1}}\n",
      "3:34 error metadata.labels[true]: wanted a string, found the bool true "
      "[IST0106] (quote it: \"true\")\n"
      "3:43 error metadata.labels[b]: wanted a string, found the number 1 "
      "[IST0106] (quote it: \"1\")\n" },
    { "labels have a grammar",
      "apiVersion: v1\nkind: Namespace\n"
      "metadata: {name: a, labels: {a.b/c: -, /x: why}}\n",
      "3:37 error metadata.labels[a.b/c]: \"-\" is no label value [IST0106]\n"
      "3:40 error metadata.labels[/x]: \"/x\" is no label name [IST0106]\n" },
    { "a time",
      "apiVersion: v1\nkind: Namespace\n"
      "metadata: {name: a, creationTimestamp: yesterday}\n",
      "3:40 error metadata.creationTimestamp: wanted a time such as "
      "\"2024-01-31T12:00:00Z\", found \"yesterday\" [IST0106]\n" },
    { "what the control plane wrote is noted",
      VS("networking.istio.io/v1") "status: {conditions: [], any: 1}\n",
      "5:9 info status: noted: written by the control plane, not by people "
      "[LM0003]\n" },
    { "a dry run is for some only",
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
      "metadata: {name: a, annotations: {istio.io/dry-run: \"maybe\"}}\n"
      "spec: {hosts: [a], http: [{route: [{destination: {host: a}}]}]}\n",
      "3:53 error metadata.annotations[istio.io/dry-run]: for policies with "
      "the "
      "action ALLOW or DENY only [IST0106]\n" },
};

static const struct say_row lists[] = {
    { "a List is what it lists",
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n"
      "  kind: Namespace\n  metadata: {}\n",
      "6:13 error metadata: \"name\" is required [IST0106]\n" },
    { "Lists in Lists",
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n"
      "  items: [x]\n",
      "6:11 error wanted a resource, with apiVersion and kind [LM0005]\n" },
    { "items are a list", "apiVersion: v1\nkind: List\nitems: x\n",
      "3:8 error items: wanted a list [IST0106]\n" },
    { "an empty List", "apiVersion: v1\nkind: List\n", "" },
};

static void knows_what_a_document_is(void **state)
{
    (void)state;
    SAY_CHECK(documents);
}

static void reads_the_envelope(void **state)
{
    (void)state;
    SAY_CHECK(envelopes);
}

static void expands_lists(void **state)
{
    (void)state;
    SAY_CHECK(lists);
}

static void keeps_what_is_valid(void **state)
{
    char found[SAY_BYTES];
    struct mesh_collection *collection =
        say_load("apiVersion: v1\nkind: Namespace\n"
                 "metadata: {name: one, labels: {b: why, a: x},\n"
                 "  annotations: {q: \"r s\"},\n"
                 "  creationTimestamp: \"2001-02-03T04:05:06.5+01:00\"}\n"
                 "---\napiVersion: v1\nkind: Namespace\nmetadata: {}\n"
                 "---\n" VS("networking.istio.io/v1"),
                 found);
    const struct mesh_resource *resource;

    (void)state;
    assert_int_equal(collection->count, 2);
    assert_int_equal(collection->file_count, 1);
    assert_string_equal(collection->files[0].name, "test.yaml");
    resource = &collection->resources[0];
    assert_int_equal(resource->kind, MESH__KIND_NAMESPACE);
    assert_string_equal(resource->name.at, "one");
    assert_int_equal(resource->namespace_.len, 0);
    assert_int_equal(resource->labels.count, 2);
    assert_string_equal(resource->labels.items[0].key.at, "a");
    assert_string_equal(resource->annotations.items[0].value.at, "r s");
    assert_int_equal(resource->created_s, 981169506);
    assert_null(resource->spec);
    resource = &collection->resources[1];
    assert_int_equal(resource->kind, MESH__KIND_VIRTUAL_SERVICE);
    assert_string_equal(resource->namespace_.at, "default");
    assert_ptr_equal(mesh__collection_at(collection, resource->mark.place),
                     resource);
    assert_int_equal(collection->aside_count, 1); /* it has no name */
    assert_int_equal(mesh__line_of(resource, resource->mark), 11);
    mesh__collection_unref(mesh__collection_ref(collection));
    mesh__collection_unref(collection);
}

static void the_later_one_counts(void **state)
{
    char found[SAY_BYTES];
    struct mesh_collection *collection =
        say_load(NAMESPACE("a") "---\n" NAMESPACE(
                     "b") "---\n"
                          "apiVersion: v1\nkind: Namespace\n"
                          "metadata: {name: a, labels: {x: why}}\n",
                 found);
    const struct mesh_resource *resource;

    (void)state;
    assert_string_equal(found,
                        "9:1 warning replaces the one of the same name in "
                        "test.yaml, line 1 [LM0007]\n");
    assert_int_equal(collection->count, 2);
    assert_int_equal(collection->resources[0].labels.count, 1);
    resource = &collection->resources[0];
    assert_int_equal(mesh__line_of(resource, resource->mark), 9);
    assert_ptr_equal(mesh__collection_at(collection, resource->mark.place),
                     resource);
    mesh__collection_unref(collection);
}

/* --- mesh config inside other things
 * ------------------------------------------ */

static const struct say_row wrapped[] = {
    { "the lines of a block are the file's",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\n"
      "data:\n  mesh: |\n    trustDomain: a\n    enableTracin: true\n",
      "7:5 refused data[mesh]: unknown field \"enableTracin\" [LM0002] (did "
      "you "
      "mean \"enableTracing\"?)\n" },
    { "a text in quotes has one place",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-canary}\n"
      "data:\n  mesh: \"trustDomain: a\\nfoo: true\\n\"\n",
      "5:9 refused data[mesh]: unknown field \"foo\" [LM0002]\n" },
    { "its syntax counts too",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\n"
      "data:\n  mesh: |\n    a: [\n",
      "7:5 error data[mesh]: while parsing a flow node did not find expected "
      "node content [LM0001]\n" },
    { "an empty one is fine",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\n"
      "data: {mesh: \"\"}\n",
      "" },
    { "other ConfigMaps are noted",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
      "data: {mesh: \"a: 1\"}\n",
      "1:1 info noted: this ConfigMap is not the mesh config [LM0003]\n" },
    { "an operator's values are noted once",
      "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"
      "metadata: {name: a}\nspec:\n  profile: default\n"
      "  values: {a: {b: {c: 1}}}\n",
      "5:3 info spec.profile: noted: it says how a control plane is installed, "
      "and there is none [LM0003]\n"
      "6:3 info spec.values: noted: it says how a control plane is installed, "
      "and there is none [LM0003]\n" },
    { "its meshConfig is judged",
      "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"
      "metadata: {name: a}\nspec: {meshConfig: {trustDomian: x}}\n",
      "4:21 refused spec.meshConfig: unknown field \"trustDomian\" [LM0002] "
      "(did "
      "you mean \"trustDomain\"?)\n" },
};

static void finds_the_mesh_config(void **state)
{
    (void)state;
    SAY_CHECK(wrapped);
}

static void reads_it_from_every_wrapping(void **state)
{
    static const char *const texts[] = {
        "trustDomain: x.y\ndefaultConfig: {tracing: {sampling: 12.5}}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\n"
        "data:\n  mesh: |-\n    trustDomain: x.y\n"
        "    defaultConfig: {tracing: {sampling: \"12.5\"}}\n",
        "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"
        "metadata: {name: a}\nspec:\n  meshConfig:\n    trustDomain: x.y\n"
        "    defaultConfig: {tracing: {sampling: 12.5}}\n",
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct mesh_collection *collection;
        const struct mesh_mesh_config *config = say_spec(texts[i], &collection);

        assert_string_equal(config->trust_domain.at, "x.y");
        assert_true(config->has_sampling);
        assert_true(config->sampling > 12.4 && config->sampling < 12.6);
        mesh__collection_unref(collection);
    }
}

/* --- limits
 * --------------------------------------------------------------------- */

static void limits_count_down_over_files(void **state)
{
    static const char text[] = NAMESPACE("a");
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;
    char found[SAY_BYTES];

    (void)state;
    limits.total_bytes = 2 * (sizeof(text) - 1) + 5;
    limits.documents = 2;
    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new(&collection), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(mesh__collection_add(collection, i ? "b" : "a",
                                              MESH__SLICE(NAMESPACE("a")),
                                              &limits, &diagnostics),
                         0);
    assert_int_equal(limits.documents, 0);
    say_findings(&diagnostics, found);
    assert_non_null(strstr(found, "0:0 error the policy is too large: 5 bytes "
                                  "of it are left, this file has"));
    assert_non_null(strstr(found, "[LM0006]"));
    mesh__diagnostics_fini(&diagnostics);
    mesh__collection_unref(collection);
}

static void names_the_limit(void **state)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;
    char found[SAY_BYTES];

    (void)state;
    limits.depth = 3;
    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new(&collection), 0);
    assert_int_equal(mesh__collection_add(collection, "a",
                                          MESH__SLICE("a: [[[[]]]]\n"), &limits,
                                          &diagnostics),
                     0);
    say_findings(&diagnostics, found);
    assert_string_equal(found,
                        "1:6 error more than 3 levels of nesting [LM0006]\n");
    mesh__diagnostics_fini(&diagnostics);
    mesh__collection_unref(collection);
}

/* Lists whose items are compared with each other have a ceiling of their own.
 */
static void long_lists_are_not_compared(void **state)
{
    static char text[16384];
    char found[SAY_BYTES];
    struct mesh_text out;

    (void)state;
    mesh__text_init(&out, text, sizeof(text));
    mesh__text_puts(&out, "apiVersion: networking.istio.io/v1\n"
                          "kind: DestinationRule\nmetadata: {name: a}\n"
                          "spec:\n  host: a\n  exportTo:\n");
    for (int i = 0; i < 1025; i++)
        mesh__text_format(&out, "  - n%d\n", i);
    assert_false(out.cut);
    mesh__collection_unref(say_load(text, found));
    assert_string_equal(
        found, "7:3 refused spec.exportTo: more than 1024 items [LM0006]\n");
}

/* A thousand findings have hints, the rest goes without. */
static void much_that_is_wrong_is_told_briefly(void **state)
{
    static char text[65536];
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;
    struct mesh_text out;
    size_t hints = 0;

    (void)state;
    mesh__text_init(&out, text, sizeof(text));
    mesh__text_puts(&out, NAMESPACE("a"));
    for (int i = 1000; i < 2500; i++)
        mesh__text_format(&out, "kind%d: x\n", i);
    mesh__diagnostics_init(&diagnostics);
    assert_int_equal(mesh__collection_new(&collection), 0);
    assert_int_equal(mesh__collection_add(collection, "a", mesh__slice_of(text),
                                          &limits, &diagnostics),
                     0);
    assert_int_equal(diagnostics.count, 1500);
    for (size_t i = 0; i < diagnostics.count; i++)
        hints += *diagnostics.findings[i].hint != '\0';
    assert_true(hints <= 1000);
    mesh__diagnostics_fini(&diagnostics);
    mesh__collection_unref(collection);
}

/* --- coverage
 * ------------------------------------------------------------------- */

static void note_use(void *user, const struct mesh_field_use *use)
{
    mesh__text_format(user, "%u %s %s %s%s%s\n", use->line, use->resource,
                      use->path, mesh__field_status_name(use->status),
                      *use->reason ? ": " : "", use->reason);
}

static void covers_every_field(void **state)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    char found[SAY_BYTES];
    struct mesh_text text;

    (void)state;
    mesh__text_init(&text, found, sizeof(found));
    assert_int_equal(
        mesh__coverage(
            "x",
            MESH__SLICE(
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
                "metadata: {name: a}\nspec:\n  host: a\n  trafficPolicy:\n"
                "    connectionPool: {http: {maxConcurrentStreams: 1}}\n    "
                "tls:\n"
                "      caCrl: /l\n"),
            &limits, note_use, &text),
        0);
    assert_string_equal(
        found,
        "3 DestinationRule/default/a metadata.name enforced\n"
        "5 DestinationRule/default/a spec.host enforced\n"
        "6 DestinationRule/default/a spec.trafficPolicy enforced\n"
        "7 DestinationRule/default/a spec.trafficPolicy.connectionPool "
        "enforced\n"
        "7 DestinationRule/default/a spec.trafficPolicy.connectionPool.http "
        "enforced\n"
        "7 DestinationRule/default/a spec.trafficPolicy.connectionPool.http."
        "maxConcurrentStreams noted: HTTP/1.1 is spoken for now\n"
        "8 DestinationRule/default/a spec.trafficPolicy.tls enforced\n"
        "9 DestinationRule/default/a spec.trafficPolicy.tls.caCrl refused: "
        "revocation lists are not read, so a revoked certificate would be "
        "taken\n");
}

static void note_row(void *user, const struct mesh_field_row *row)
{
    size_t *counts = user;

    counts[row->status]++;
    assert_true(*row->kind && *row->type);
    if (row->status == MESH__FIELD_ENFORCED)
        assert_string_equal(row->reason, "");
    else if (*row->reason == '\0')
        fail_msg("%s %s: %s, but why?", row->kind, row->path,
                 mesh__field_status_name(row->status));
}

static void every_row_has_its_reason(void **state)
{
    size_t counts[3] = { 0 };

    (void)state;
    mesh__schema_rows(note_row, counts);
    /* Which is how many changes with what this version does. */
    assert_true(counts[MESH__FIELD_ENFORCED] && counts[MESH__FIELD_NOTED] &&
                counts[MESH__FIELD_REFUSED]);
    assert_true(counts[MESH__FIELD_ENFORCED] + counts[MESH__FIELD_NOTED] +
                    counts[MESH__FIELD_REFUSED] >
                1050);
}

static void names_kinds(void **state)
{
    (void)state;
    assert_string_equal(mesh__kind_name(MESH__KIND_NONE), "");
    assert_string_equal(mesh__kind_name(MESH__KIND_MESH_CONFIG), "MeshConfig");
    for (int kind = 1; kind < MESH__KIND_COUNT; kind++)
        assert_string_not_equal(mesh__kind_name((enum mesh_kind)kind), "");
}

/* Findings do not count here: one that is lost is told by the handle. */
static void survives_any_lost_allocation(void **state)
{
    static const char text[] =
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\n"
        "metadata: {name: a}\nspec:\n  jwtRules:\n  - issuer: a\n"
        "    jwks: '{\"keys\": [{\"kty\": \"RSA\", \"e\": \"AQAB\", \"n\": "
        "\"xAE7\"}, {\"kty\": \"oct\", \"k\": \"AA\"}]}'\n---\n"
        "default_http_retry_policy: {attempts: \"1\"}\n"
        "defaultConfig: {tracing: {zipkin: {address: \"$(HOST_IP):1\"}}}\n";

    (void)state;
    for (size_t n = 0;; n++) {
        struct mesh_policy_limits limits = mesh__policy_limits;
        struct mesh_diagnostics diagnostics;
        struct mesh_collection *collection = NULL;
        bool tripped;
        int rc;

        mesh__diagnostics_init(&diagnostics);
        fake_alloc_fail_at(n);
        rc = mesh__collection_new(&collection);
        if (rc == 0)
            rc = mesh__collection_add(collection, "a", MESH__SLICE(text),
                                      &limits, &diagnostics);
        tripped = fake_alloc_tripped();
        if (!tripped)
            assert_int_equal(diagnostics.by_severity[MESH__ERROR], 0);
        else if (rc != MESH_ERR_NOMEM)
            assert_int_equal(diagnostics.rc, MESH_ERR_NOMEM);
        mesh__diagnostics_fini(&diagnostics);
        mesh__collection_unref(collection);
        assert_int_equal(fake_alloc_live(), 0);
        if (!tripped)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_a_document_is),
        cmocka_unit_test(reads_the_envelope),
        cmocka_unit_test(expands_lists),
        cmocka_unit_test(keeps_what_is_valid),
        cmocka_unit_test(the_later_one_counts),
        cmocka_unit_test(finds_the_mesh_config),
        cmocka_unit_test(reads_it_from_every_wrapping),
        cmocka_unit_test(limits_count_down_over_files),
        cmocka_unit_test(names_the_limit),
        cmocka_unit_test(long_lists_are_not_compared),
        cmocka_unit_test(much_that_is_wrong_is_told_briefly),
        cmocka_unit_test(covers_every_field),
        cmocka_unit_test(every_row_has_its_reason),
        cmocka_unit_test(names_kinds),
        cmocka_unit_test(survives_any_lost_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
