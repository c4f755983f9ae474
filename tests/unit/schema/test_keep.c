/*
 * test_keep.c - when one is bad: what stays as it was, what is left out, and
 * what may never be missing.
 */
#include "say.h"

#include "base/error.h"

#include <mesh/base.h>

#include <stdint.h>
#include <stdio.h>

enum { FILES = 2 };

#define AND "---\n"
#define SERVICE(name, port)                                                    \
    "apiVersion: v1\nkind: Service\nmetadata: {name: " name                    \
    ", namespace: ns}\nspec: {ports: [{port: " port "}]}\n"
#define POLICY(name, action)                                                   \
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"            \
    "metadata: {name: " name ", namespace: ns}\nspec: {action: " action        \
    ", rules: [{}]}\n"
#define PEER(mode)                                                             \
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"             \
    "metadata: {name: p, namespace: ns}\nspec: {mtls: {mode: " mode "}}\n"
#define RULE(name, traffic)                                                    \
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"              \
    "metadata: {name: " name ", namespace: ns}\n"                              \
    "spec: {host: h, trafficPolicy: {" traffic "}}\n"
#define ROUTES(name, more)                                                     \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: " name ", namespace: ns}\n"                              \
    "spec: {hosts: [h], http: [{route: [{destination: {host: h}}]" more        \
    "}]}\n"
#define BAD_SERVICE(name) SERVICE(name, "many")

/* What is in force is what before became; NULL: it is the start. */
static const struct {
    const char *claim;
    const char *before[FILES];
    const char *after[FILES];
    const char *expect; /* each resource and its port; or why not */
} rows[] = {
    { "a new one that says who is there is left out",
      { NULL },
      { BAD_SERVICE("a") AND SERVICE("b", "80") },
      "Service/ns/b a.yaml:6\n0 held, 1 left out\n" },
    { "one that was there before stays as it was",
      { SERVICE("a", "80") AND SERVICE("b", "80") },
      { BAD_SERVICE("a") AND SERVICE("b", "81") },
      "Service/ns/b a.yaml:6\nService/ns/a a.yaml (earlier):1\n"
      "1 held, 0 left out\n" },
    { "in whichever file it was",
      { SERVICE("a", "80"), SERVICE("b", "80") },
      { NULL, SERVICE("b", "80") AND BAD_SERVICE("a") },
      "Service/ns/b b.yaml:1\nService/ns/a a.yaml (earlier):1\n"
      "1 held, 0 left out\n" },
    { "one that is gone is gone",
      { SERVICE("a", "80") AND SERVICE("b", "80") },
      { SERVICE("b", "80") AND BAD_SERVICE("c") },
      "Service/ns/b a.yaml:1\n0 held, 1 left out\n" },

    { "a good one of its name stands for it",
      { SERVICE("a", "80") },
      { SERVICE("a", "80") AND BAD_SERVICE("a") },
      "Service/ns/a a.yaml:1\n0 held, 1 left out\n" },
    { "changed or not",
      { SERVICE("a", "80") },
      { BAD_SERVICE("a") AND SERVICE("a", "81") },
      "Service/ns/a a.yaml:6\n0 held, 1 left out\n" },
    { "two bad ones have one earlier version",
      { SERVICE("a", "80") },
      { BAD_SERVICE("a") AND BAD_SERVICE("a") },
      "Service/ns/a a.yaml (earlier):1\n1 held, 0 left out\n" },
    { "which of two policies was meant to deny is not known",
      { POLICY("d", "DENY") },
      { POLICY("d", "DENY") AND POLICY("d", "NEVER") },
      "AuthorizationPolicy/ns/d (a.yaml:6) may not be left out, and another of "
      "its name is no earlier version of it" },
    { "two bad policies have one earlier version",
      { POLICY("d", "DENY") },
      { POLICY("d", "NEVER") AND POLICY("d", "EVER") },
      "AuthorizationPolicy/ns/d a.yaml (earlier):1\n1 held, 0 left out\n" },

    { "a new policy that denies may not be missing",
      { NULL },
      { SERVICE("a", "80") AND POLICY("d", "NEVER") },
      "AuthorizationPolicy/ns/d (a.yaml:6) may not be left out, and there is "
      "no earlier version of it" },
    { "not later either",
      { SERVICE("a", "80") },
      { SERVICE("a", "80") AND POLICY("d", "NEVER") },
      "AuthorizationPolicy/ns/d (a.yaml:6) may not be left out, and there is "
      "no earlier version of it" },
    { "it may stay as it was",
      { POLICY("d", "DENY") },
      { POLICY("d", "NEVER") },
      "AuthorizationPolicy/ns/d a.yaml (earlier):1\n1 held, 0 left out\n" },
    { "under another name it is another",
      { POLICY("d", "DENY") },
      { POLICY("e", "NEVER") },
      "AuthorizationPolicy/ns/e (a.yaml:1) may not be left out, and there is "
      "no earlier version of it" },
    { "who asks for mTLS may not be missing",
      { NULL },
      { PEER("STRCT") },
      "PeerAuthentication/ns/p (a.yaml:1) may not be left out, and there is no "
      "earlier version of it" },
    { "it may stay, too",
      { PEER("STRICT") },
      { PEER("STRCT") },
      "PeerAuthentication/ns/p a.yaml (earlier):1\n1 held, 0 left out\n" },
    { "a rule without TLS may be missing",
      { NULL },
      { RULE("r", "outlierDetection: {interval: soon}") },
      "0 held, 1 left out\n" },
    { "one that says how to prove who it is may not",
      { NULL },
      { RULE("r", "portLevelSettings: [{port: {number: 80}, tls: {mode: "
                  "MUTAL}}]") },
      "DestinationRule/ns/r (a.yaml:1) may not be left out, and there is no "
      "earlier version of it" },
    { "routes that are wrong may be missing",
      { NULL },
      { ROUTES("v", ", timout: 1s") },
      "0 held, 1 left out\n" },
    { "the settings of the mesh may not",
      { NULL },
      { "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: "
        "ns}\ndata:\n  mesh: |\n    outboundTrafficPolicy: {mode: NOBODY}\n" },
      "ConfigMap/ns/istio (a.yaml:1) may not be left out, and there is no "
      "earlier version of it" },

    { "what cannot be read may not be left out of a new file",
      { SERVICE("a", "80") },
      { SERVICE("a", "80"), "kind: [\n" },
      "b.yaml: what cannot be read may not be left out, and there is no "
      "earlier version of the file" },
    { "all that the file had and is nowhere now stays",
      { SERVICE("a", "80") AND POLICY("d", "DENY") AND SERVICE("c", "80"),
        SERVICE("b", "80") },
      { SERVICE("a", "81") AND "kind: [\n" AND SERVICE("c", "80"),
        SERVICE("b", "80") },
      "Service/ns/a a.yaml:1\nService/ns/c a.yaml:8\nService/ns/b b.yaml:1\n"
      "AuthorizationPolicy/ns/d a.yaml (earlier):6\n1 held, 0 left out\n" },
    { "what moved to another file does not",
      { SERVICE("a", "80") AND POLICY("d", "DENY") },
      { "kind: [\n" AND SERVICE("a", "80"), POLICY("d", "DENY") },
      "Service/ns/a a.yaml:3\nAuthorizationPolicy/ns/d b.yaml:1\n"
      "0 held, 0 left out\n" },
    { "a kind that nobody knows is one that cannot be read",
      { NULL },
      { "apiVersion: security.istio.io/v1\nkind: AuthorisationPolicy\n"
        "metadata: {name: a}\n" },
      "a.yaml: what cannot be read may not be left out, and there is no "
      "earlier version of the file" },
};

static struct mesh_collection *load(const char *const files[FILES],
                                    struct mesh_collection *previous,
                                    struct mesh_diagnostics *diagnostics)
{
    static const char *const names[FILES] = { "a.yaml", "b.yaml" };
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct mesh_collection *collection;

    assert_int_equal(mesh__collection_new_after(previous, &collection), 0);
    for (size_t i = 0; i < FILES; i++)
        if (files[i])
            assert_int_equal(mesh__collection_add(collection, names[i],
                                                  mesh__slice_of(files[i]),
                                                  &limits, diagnostics),
                             0);
    assert_int_equal(mesh__collection_seal(collection), 0);
    return collection;
}

static void say(const struct mesh_collection *collection,
                const struct mesh_kept *kept, char out[SAY_BYTES])
{
    struct mesh_text text;

    mesh__text_init(&text, out, SAY_BYTES);
    for (size_t i = 0; i < collection->count; i++) {
        const struct mesh_resource *resource = &collection->resources[i];

        assert_false(resource->bad);
        assert_ptr_equal(mesh__collection_at(collection, resource->mark.place),
                         resource);
        mesh__text_format(&text, "%s %s:%u\n", resource->full_name,
                          collection->files[resource->file].name,
                          mesh__line_of(resource, resource->mark));
    }
    mesh__text_format(&text, "%zu held, %zu left out\n", kept->held,
                      kept->left_out);
}

static void check_row(size_t row)
{
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *before = NULL;
    struct mesh_collection *after;
    struct mesh_kept kept;
    char out[SAY_BYTES];
    int rc;

    mesh__diagnostics_init(&diagnostics);
    if (rows[row].before[0] || rows[row].before[1])
        before = load(rows[row].before, NULL, &diagnostics);
    assert_int_equal(diagnostics.by_severity[MESH__ERROR], 0);
    after = load(rows[row].after, before, &diagnostics);
    assert_true(diagnostics.by_severity[MESH__ERROR] > 0);
    rc = mesh__collection_keep_good(after, before, &diagnostics, &kept);
    assert_true(rc == 0 || rc == MESH_ERR_POLICY);
    mesh__collection_unref(before); /* what is held lives on */
    if (rc == 0)
        say(after, &kept, out);
    else
        (void)snprintf(out, sizeof(out), "%s", mesh__error_line());
    if (strcmp(out, rows[row].expect) != 0)
        fail_msg("%s:\n%s", rows[row].claim, out);
    mesh__error_clear();
    mesh__collection_unref(after);
    mesh__diagnostics_fini(&diagnostics);
}

static void the_good_stay_and_the_bad_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(i);
}

/* A refusal is not a mistake: the resource may forbid what is not enforced. */
static void what_is_refused_is_never_left_out(void **state)
{
    static const char *const files[FILES] = { RULE(
        "r", "tls: {mode: SIMPLE, caCrl: /l}") };
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *after;
    struct mesh_kept kept;

    (void)state;
    mesh__diagnostics_init(&diagnostics);
    after = load(files, NULL, &diagnostics);
    assert_int_equal(diagnostics.by_severity[MESH__ERROR], 0);
    assert_int_equal(diagnostics.by_severity[MESH__REFUSED], 1);
    assert_int_equal(
        mesh__collection_keep_good(after, NULL, &diagnostics, &kept),
        MESH_ERR_POLICY);
    mesh__error_clear();
    mesh__collection_unref(after);
    mesh__diagnostics_fini(&diagnostics);
}

/* Held once, held again, and good again: it is there all the time. */
static void what_is_held_may_be_held_again(void **state)
{
    static const char *const good[FILES] = { POLICY("d", "DENY"),
                                             SERVICE("a", "80") };
    static const char *const bad[FILES] = { POLICY("d", "NEVER"),
                                            SERVICE("a", "80") };
    static const char *const worse[FILES] = { "kind: [\n", SERVICE("a", "80") };
    const char *const *const steps[] = { bad, bad, worse, bad, worse, good };
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *now;

    (void)state;
    mesh__diagnostics_init(&diagnostics);
    now = load(good, NULL, &diagnostics);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct mesh_collection *next = load(steps[i], now, &diagnostics);
        struct mesh_kept kept;

        assert_int_equal(
            mesh__collection_keep_good(next, now, &diagnostics, &kept), 0);
        assert_int_equal(kept.held, steps[i] == good ? 0 : 1);
        assert_int_equal(kept.left_out, 0);
        assert_int_equal(next->count, 2);
        mesh__collection_unref(now);
        now = next;
    }
    assert_string_equal(now->files[now->resources[0].file].name, "a.yaml");
    mesh__collection_unref(now);
    mesh__diagnostics_fini(&diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_good_stay_and_the_bad_are_known),
        cmocka_unit_test(what_is_refused_is_never_left_out),
        cmocka_unit_test(what_is_held_may_be_held_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
