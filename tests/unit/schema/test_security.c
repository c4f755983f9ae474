/*
 * test_security.c - AuthorizationPolicy, PeerAuthentication and
 * RequestAuthentication: what they become, and what is said of them.
 */
#include "say.h"

#define AP(text)                                                               \
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"            \
    "metadata: {name: a}\nspec:\n" text
#define RULE(text) AP("  rules:\n  - " text "\n")
#define PA(text)                                                               \
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"             \
    "metadata: {name: a}\nspec:\n" text

static const struct say_row policies[] = {
    { "nothing means nobody", AP("  {}\n"), "" },
    { "actions that are", AP("  action: PERMIT\n"),
      "5:11 error spec.action: wanted one of ALLOW, DENY, AUDIT, CUSTOM, found "
      "\"PERMIT\" [IST0106]\n" },
    { "DENY needs rules", AP("  action: DENY\n"),
      "5:3 error spec: DENY and CUSTOM have no effect without rules [IST0106]\n"
      "5:3 error spec.action: DENY and CUSTOM have no effect without rules "
      "[IST0106]\n" },
    { "CUSTOM is refused",
      AP("  action: CUSTOM\n  provider: {name: x}\n  rules: [{}]\n"),
      "5:3 refused spec.action: nobody would be asked, so everything "
      "would pass [LM0004]\n"
      "6:3 refused spec.provider: external authorizers are not yet "
      "asked [LM0004]\n" },
    { "AUDIT is noted", AP("  action: AUDIT\n  rules: [{}]\n"),
      "5:3 info spec.action: noted: nothing is written to an audit log yet "
      "[LM0003]\n" },
    { "a provider is for CUSTOM", AP("  provider: {name: x}\n"),
      "5:3 error spec: provider is for CUSTOM only [IST0106]\n"
      "5:3 error spec.provider: provider is for CUSTOM only [IST0106]\n"
      "5:3 refused spec.provider: external authorizers are not yet "
      "asked [LM0004]\n" },
    { "targets are refused", AP("  targetRefs: [{kind: Service, name: x}]\n"),
      "5:3 refused spec.targetRefs: it attaches to gateways and "
      "waypoints, which this version does not know [LM0004]\n" },
    { "one scope only",
      AP("  selector: {matchLabels: {a: b}}\n"
         "  targetRef: {kind: Pod, name: x}\n"),
      "5:3 error spec.selector: \"selector\" and \"targetRef\" exclude each "
      "other "
      "[IST0106]\n"
      "6:3 error spec.targetRef: \"selector\" and \"targetRef\" exclude each "
      "other "
      "[IST0106]\n"
      "6:3 refused spec.targetRef: it attaches to gateways and "
      "waypoints, which this version does not know [LM0004]\n"
      "6:14 error spec.targetRef: wanted a Service, ServiceEntry, Gateway or "
      "GatewayClass of its own group, found \"Pod\" of \"\" [IST0106]\n"
      "6:15 error spec.targetRef.kind: wanted a Service, ServiceEntry, Gateway "
      "or "
      "GatewayClass of its own group, found \"Pod\" of \"\" [IST0106]\n" },
    { "an empty from is none", RULE("from: []"), "" },
    { "a from without source", RULE("from: [{}]"),
      "6:12 error spec.rules[0].from[0]: \"source\" is required [IST0106]\n" },
    { "an empty source", RULE("from: [{source: {}}]"),
      "6:21 error spec.rules[0].from[0].source: an empty source: leave "
      "\"from\" "
      "away to mean anybody [IST0106]\n" },
    { "an empty operation", RULE("to: [{operation: {}}]"),
      "6:22 error spec.rules[0].to[0].operation: an empty operation: leave "
      "\"to\" away to mean anything [IST0106]\n" },
    { "values are not empty", RULE("from: [{source: {principals: [\"\"]}}]"),
      "6:35 error spec.rules[0].from[0].source.principals[0]: may not be empty "
      "[IST0106]\n" },
    { "blocks are addresses",
      RULE("from: [{source: {ipBlocks: [10.0.0.0/8, 10.0.0.0/33, x]}}]"),
      "6:45 error spec.rules[0].from[0].source.ipBlocks[1]: wanted an IP "
      "address or a block such as 10.0.0.0/8, found \"10.0.0.0/33\" [IST0106]\n"
      "6:58 error spec.rules[0].from[0].source.ipBlocks[2]: wanted an IP "
      "address or a block such as 10.0.0.0/8, found \"x\" [IST0106]\n" },
    { "ports are text here",
      RULE("to: [{operation: {ports: [80, \"65536\"]}}]"),
      "6:31 error spec.rules[0].to[0].operation.ports[0]: wanted a string, "
      "found the number 80 [IST0106] (quote it: \"80\")\n"
      "6:35 error spec.rules[0].to[0].operation.ports[1]: wanted a port, 65535 "
      "at most, found \"65536\" [IST0106]\n" },
    { "templates are whole segments",
      RULE("to: [{operation: {paths: [\"/a/{*}/{**}\", \"/a{*}\", "
           "\"/{**}/{*}\", \"/{*}/x*\"]}}]"),
      "6:46 error spec.rules[0].to[0].operation.paths[1]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/a{*}\" [IST0106]\n"
      "6:55 error spec.rules[0].to[0].operation.paths[2]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/{**}/{*}\" [IST0106]\n"
      "6:68 error spec.rules[0].to[0].operation.paths[3]: wanted {*} and {**} "
      "as whole segments, the latter last, no other \"*\" or brace beside "
      "them, found \"/{*}/x*\" [IST0106]\n" },
    { "accounts or principals",
      RULE("from: [{source: {serviceAccounts: [a/b, \"x*\"], "
           "principals: [p]}}]"),
      "6:22 error spec.rules[0].from[0].source.serviceAccounts: "
      "\"serviceAccounts\" and \"principals\" exclude each other [IST0106]\n"
      "6:45 error spec.rules[0].from[0].source.serviceAccounts[1]: wanted a "
      "service account or \"namespace/account\", found \"x*\" [IST0106]\n"
      "6:52 error spec.rules[0].from[0].source.principals: \"serviceAccounts\" "
      "and \"principals\" exclude each other [IST0106]\n" },
    { "a condition has values", RULE("when: [{key: source.ip}]"),
      "6:12 error spec.rules[0].when[0]: values or notValues is required "
      "[IST0106]\n" },
    { "a misspelt attribute",
      RULE("when: [{key: source.namespce, values: [a]}]"),
      "6:18 error spec.rules[0].when[0]: unknown attribute \"source.namespce\" "
      "[IST0106] (did you mean \"source.namespace\"?)\n" },
    { "headers have brackets",
      RULE("when: [{key: \"request.headers[x]\", values: [a]}, "
           "{key: \"request.headers[x\", values: [a]}]"),
      "6:60 error spec.rules[0].when[1]: unknown attribute "
      "\"request.headers[x\" [IST0106]\n" },
    { "claims are refused",
      RULE("when: [{key: \"request.auth.claims[a]\", values: [a]}]"),
      "6:18 refused spec.rules[0].when[0]: request.auth.claims[a]: "
      "tokens are not yet checked [LM0004]\n" },
    { "principals of tokens are refused",
      RULE("from: [{source: {requestPrincipals: [\"*\"]}}]"),
      "6:22 refused spec.rules[0].from[0].source.requestPrincipals: "
      "tokens are not yet checked, so nobody knows the principal [LM0004]\n" },
    { "conditions have values that fit",
      RULE("when: [{key: destination.port, values: [http]}]"),
      "6:18 error spec.rules[0].when[0]: the values below are not what "
      "destination.port has [IST0106]\n"
      "6:45 error spec.rules[0].when[0].values[0]: wanted a port, 65535 at "
      "most, found \"http\" [IST0106]\n" },
};

static const struct say_row others[] = {
    { "ports need a selector", PA("  portLevelMtls: {8080: {mode: STRICT}}\n"),
      "5:3 error spec: portLevelMtls needs a selector with labels [IST0106]\n"
      "5:3 error spec.portLevelMtls: portLevelMtls needs a selector with "
      "labels [IST0106]\n" },
    { "ports are ports",
      PA("  selector: {matchLabels: {a: b}}\n"
         "  portLevelMtls: {0: {mode: STRICT}, http: {mode: STRICTLY}}\n"),
      "6:19 error spec.portLevelMtls[0]: wanted a port from 1 to 65535, found "
      "\"0\" [IST0106]\n"
      "6:38 error spec.portLevelMtls[http]: wanted a port from 1 to 65535, "
      "found \"http\" [IST0106]\n"
      "6:51 error spec.portLevelMtls[http].mode: wanted one of UNSET, DISABLE, "
      "PERMISSIVE, STRICT, found \"STRICTLY\" [IST0106] (did you mean "
      "\"STRICT\"?)\n" },
    { "tokens are refused as a whole",
      "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\n"
      "metadata: {name: a}\n"
      "spec: {jwtRules: [{issuer: a, jwksUri: \"ftp://x\"}]}\n",
      "2:7 refused RequestAuthentication: tokens are not yet checked, so a bad "
      "one would pass [LM0004]\n"
      "4:40 error spec.jwtRules[0].jwksUri: wanted an http or https URL, found "
      "\"ftp://x\" [IST0106]\n" },
};

static void judges_policies(void **state)
{
    (void)state;
    SAY_CHECK(policies);
}

static void judges_the_others(void **state)
{
    (void)state;
    SAY_CHECK(others);
}

static void a_policy_becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    const struct mesh_authorization_policy *policy = say_spec(
        AP("  action: DENY\n  selector: {matchLabels: {app: x}}\n"
           "  rules:\n"
           "  - from: [{source: {principals: [a, b], notNamespaces: [c]}},"
           " {source: {ipBlocks: [10.0.0.1]}}]\n"
           "    to: [{operation: {methods: [GET], notPaths: [/x]}}]\n"
           "    when: [{key: source.ip, values: [1.2.3.4]}]\n"
           "  - {}\n"),
        &collection);
    const struct mesh_authz_rule_spec *rule = policy->rules;

    (void)state;
    assert_string_equal(policy->action.at, "DENY");
    assert_true(policy->has_selector);
    assert_int_equal(policy->rule_count, 2);
    assert_int_equal(rule->mark.line, 8);
    assert_int_equal(rule->from_count, 2);
    assert_string_equal(rule->from[0].principals.items[1].at, "b");
    assert_string_equal(rule->from[0].not_namespaces.items[0].at, "c");
    assert_string_equal(rule->from[1].ip_blocks.items[0].at, "10.0.0.1");
    assert_int_equal(rule->to_count, 1);
    assert_string_equal(rule->to[0].methods.items[0].at, "GET");
    assert_string_equal(rule->to[0].not_paths.items[0].at, "/x");
    assert_string_equal(rule->when[0].key.at, "source.ip");
    assert_int_equal(policy->rules[1].from_count, 0);
    mesh__collection_unref(collection);
}

static void an_audit_policy_stays_one(void **state)
{
    char found[SAY_BYTES];
    struct mesh_collection *collection =
        say_load(AP("  action: AUDIT\n  rules: [{}]\n"), found);
    const struct mesh_authorization_policy *policy;

    (void)state;
    assert_int_equal(collection->count, 1);
    policy = collection->resources[0].spec;
    assert_string_equal(policy->action.at, "AUDIT");
    mesh__collection_unref(collection);
}

static void a_mode_becomes_a_structure(void **state)
{
    struct mesh_collection *collection;
    const struct mesh_peer_authentication *peer =
        say_spec(PA("  selector: {matchLabels: {app: x}}\n"
                    "  mtls: {mode: STRICT}\n"
                    "  portLevelMtls: {8080: {mode: DISABLE}, \"9090\": {}}\n"),
                 &collection);

    (void)state;
    assert_true(peer->has_selector && peer->has_mode);
    assert_string_equal(peer->mode.at, "STRICT");
    assert_int_equal(peer->mode_mark.line, 6);
    assert_int_equal(peer->port_count, 2);
    assert_int_equal(peer->ports[0].port, 8080);
    assert_string_equal(peer->ports[0].mode.at, "DISABLE");
    assert_int_equal(peer->ports[0].mark.line, 7);
    assert_int_equal(peer->ports[1].port, 9090);
    assert_int_equal(peer->ports[1].mode.len, 0);
    mesh__collection_unref(collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_policies),
        cmocka_unit_test(judges_the_others),
        cmocka_unit_test(a_policy_becomes_a_structure),
        cmocka_unit_test(an_audit_policy_stays_one),
        cmocka_unit_test(a_mode_becomes_a_structure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
