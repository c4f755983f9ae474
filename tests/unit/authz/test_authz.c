/*
 * test_authz.c - the verdict over several policies; rows of the first table
 * were seen on a real Envoy.
 */
#include "authz/authz.h"

#include "speak.h"
#include "torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define DENIED_BY(policy, rule)                                                \
    "rbac_access_denied_matched_policy[ns[demo]-policy[" policy "]-rule[" rule \
    "]]"
#define DENIED "rbac_access_denied_matched_policy[none]"

static struct speak speak;
static struct mesh_snapshot snapshot;
static struct mesh_authz_policy deny[3], allow[3];

static int set_up(void **state)
{
    (void)state;
    speak_init(&speak);
    snapshot =
        (struct mesh_snapshot){ .authz = { .deny = deny, .allow = allow } };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    speak_fini(&speak);
    return 0;
}

static struct mesh_authz_policy *add_deny(const char *name, const char *rules)
{
    struct mesh_authz_policy *policy = &deny[snapshot.authz.deny_count++];

    speak_policy(&speak, policy, name, rules);
    return policy;
}

static struct mesh_authz_policy *add_allow(const char *name, const char *rules)
{
    struct mesh_authz_policy *policy = &allow[snapshot.authz.allow_count++];

    speak_policy(&speak, policy, name, rules);
    return policy;
}

static struct mesh_authz_verdict ask(const char *text)
{
    struct mesh_authz_verdict verdict;
    struct mesh_authz_request request;

    speak_request(&speak, &request, text);
    mesh__authz_check(&snapshot, &request, &verdict, NULL);
    return verdict;
}

static void expect(const char *text, bool allowed, const char *detail)
{
    struct mesh_authz_verdict verdict = ask(text);

    if (verdict.allowed != allowed || strcmp(verdict.detail, detail) != 0)
        fail_msg("%s: %s %s", text, verdict.allowed ? "allowed" : "denied",
                 verdict.detail);
}

static void no_policy_allows(void **state)
{
    (void)state;
    expect("as - GET /", true, "");
    assert_null(ask("as - GET /").policy);
}

static void deny_before_allow(void **state)
{
    (void)state;
    add_allow("allow", "to method GET; path /get* & or-to method POST\n"
                       "from principal cluster.local/ns/demo/sa/web\n"
                       "from ns demo; principal !*/sa/front & to path /ns");
    add_deny("deny", "to path */secret\n"
                     "to method PUT; path !/put\n"
                     "from principal !* & to path /mtls-only");
    expect("as front GET /get/1", true, "");
    expect("as front POST /x", true, "");
    expect("as front GET /x", false, DENIED);
    expect("as front GET /get/secret", false, DENIED_BY("deny", "0"));
    expect("as web GET /x", true, "");
    expect("as web GET /x/secret", false, DENIED_BY("deny", "0"));
    expect("as web PUT /x", false, DENIED_BY("deny", "1"));
    expect("as web PUT /put", true, "");
    expect("as front GET /ns", false, DENIED);
    expect("as other GET /ns", true, "");
    expect("as - POST /mtls-only", false, DENIED_BY("deny", "2"));
    expect("as front POST /mtls-only", true, "");
}

static void an_empty_allow_denies_all(void **state)
{
    (void)state;
    add_allow("nothing", "");
    expect("as front GET /", false, DENIED);
    add_allow("everything", "when ns demo");
    expect("as front GET /", true, "");
    expect("as - GET /", false, DENIED);
}

static void what_nobody_said_closes(void **state)
{
    (void)state;
    add_deny("deny", "from principal */sa/bad");
    expect("as good GET /", true, "");
    expect("as - GET /", true, "");
    expect("GET /", false, DENIED_BY("deny", "0")); /* unknown matches */
    snapshot.authz.deny_count = 0;
    add_deny("not", "from principal !*/sa/good");
    expect("GET /", false, DENIED_BY("not", "0")); /* through NOT as well */
    snapshot.authz.deny_count = 0;
    add_allow("allow", "from principal */sa/good");
    expect("GET /", false, DENIED); /* unknown does not match */
    snapshot.authz.allow_count = 0;
    add_allow("not", "from principal !*/sa/bad");
    expect("GET /", false, DENIED);
    expect("as - GET /", true, "");
}

static void a_regex_that_gives_up_closes(void **state)
{
    const char *request = "GET /|x: aaaaaaaaaaaaaaaaaaaaaaaad";

    (void)state;
    add_allow("allow", "when header:x !~(a+)+b?c?");
    expect(request, false, DENIED);
    snapshot.authz.allow_count = 0;
    add_deny("deny", "when header:x ~(a+)+b?c?");
    expect(request, false, DENIED_BY("deny", "0"));
}

static void streams(void **state)
{
    (void)state;
    add_allow("allow", "from ns demo & to port 9000");
    expect("as front port 9000", true, "");
    add_deny("deny", "to method GET");
    expect("as front port 9000", false, DENIED_BY("deny", "0"));
    snapshot.authz.deny_count = 0;
    snapshot.authz.allow_count = 0;
    add_allow("http", "to method GET");
    expect("as front port 9000", false, DENIED);
}

static void dry_runs_are_told_and_not_enforced(void **state)
{
    struct mesh_authz_policy *dry;
    struct mesh_authz_verdict verdict;

    (void)state;
    dry = add_deny("dry", "to path /a");
    dry->dry_run = true;
    verdict = ask("as front GET /a");
    assert_true(verdict.allowed);
    assert_true(verdict.shadow_denied);
    assert_ptr_equal(verdict.shadow_policy, dry);
    assert_false(ask("as front GET /b").shadow_denied);
}

static void a_dry_run_allow_implies_nothing(void **state)
{
    struct mesh_authz_verdict verdict;

    (void)state;
    add_allow("dry", "to path /a")->dry_run = true;
    verdict = ask("as front GET /b");
    assert_true(verdict.allowed);
    assert_true(verdict.shadow_denied);
    assert_null(verdict.shadow_policy);
    assert_false(ask("as front GET /a").shadow_denied);

    add_allow("real", "to path /c"); /* one of both is enough */
    assert_false(ask("as front GET /c").shadow_denied);
    verdict = ask("as front GET /a");
    assert_false(verdict.allowed);
    assert_false(verdict.shadow_denied); /* it would let this in */
    assert_true(ask("as front GET /b").shadow_denied);
    add_deny("deny", "to path /a");
    assert_true(ask("as front GET /a").shadow_denied);
}

static const struct {
    const char *request;
    const char *text;
} logs[] = {
    { "as front POST /pay", "allowed by demo/pay rule 1" },
    { "as front GET /pay", "no ALLOW policy matched; nearest: demo/pay rule 1: "
                           "method GET is not one of POST" },
    { "as front POST /x", "no ALLOW policy matched; nearest: demo/pay rule 1: "
                          "path /x is not one of /pay, /refund" },
    { "as bad POST /pay",
      "no ALLOW policy matched; nearest: demo/pay rule 0: principal "
      "cluster.local/ns/demo/sa/bad is not one of */sa/admin" },
    { "as front GET /no", "denied by demo/no rule 0" },
};

static void the_log_names_the_nearest_rule(void **state)
{
    struct mesh_authz_verdict verdict;
    struct mesh_authz_request request;
    char text[256];

    (void)state;
    add_deny("no", "to path /no");
    add_allow("empty", "");
    add_allow("pay", "from principal */sa/admin & to path /admin\n"
                     "from principal */sa/front,*/sa/order & "
                     "to method POST; path /pay,/refund");
    for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
        speak_request(&speak, &request, logs[i].request);
        mesh__authz_check(&snapshot, &request, &verdict, NULL);
        mesh__authz_print(&snapshot, &request, &verdict, text, sizeof(text));
        assert_string_equal(text, logs[i].text);
    }
    snapshot.authz.deny_count = 0;
    snapshot.authz.allow_count = 1;
    mesh__authz_check(&snapshot, &request, &verdict, NULL);
    mesh__authz_print(&snapshot, &request, &verdict, text, sizeof(text));
    assert_string_equal(text, "no ALLOW policy matched; nearest: demo/empty, "
                              "which has no rule");
    snapshot.authz.allow_count = 0;
    mesh__authz_check(&snapshot, &request, &verdict, NULL);
    mesh__authz_print(&snapshot, &request, &verdict, text, sizeof(text));
    assert_string_equal(text, "no policy applies");
}

static void every_rule_says_why(void **state)
{
    struct mesh_authz_verdict verdict;
    struct mesh_authz_request request;
    struct mesh__why why;

    (void)state;
    add_deny("no", "to path /no");
    add_allow("yes", "to path /a\nto path /b");
    mesh__why_init(&why);
    speak_request(&speak, &request, "GET /b");
    mesh__authz_check(&snapshot, &request, &verdict, &why);
    assert_int_equal(why.count, 3);
    assert_string_equal(why.steps[0].name, "demo/no rule 0");
    assert_string_equal(why.steps[0].reason, "DENY: path /b is not one of /no");
    assert_string_equal(why.steps[1].reason, "ALLOW: path /b is not one of /a");
    assert_true(why.steps[2].matched);
    assert_string_equal(why.steps[2].reason,
                        "ALLOW: everything it asks for holds");
    mesh__why_fini(&why);
}

static void judging_takes_no_memory(void **state)
{
    struct mesh_authz_verdict verdict;
    struct mesh_authz_request request;
    char text[64];

    (void)state;
    add_deny("no", "to path /no");
    add_allow("yes", "from sa demo/a & to path /{*} & when header:x ~a+b");
    speak_request(&speak, &request, "as front GET /b|x: aab");
    fake_alloc_fail_from(0);
    mesh__authz_check(&snapshot, &request, &verdict, NULL);
    mesh__authz_print(&snapshot, &request, &verdict, text, sizeof(text));
    assert_false(fake_alloc_tripped());
    fake_alloc_off();
    assert_false(verdict.allowed);
    assert_int_equal(strlen(text), sizeof(text) - 1); /* cut */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(no_policy_allows),
        CASE(deny_before_allow),
        CASE(an_empty_allow_denies_all),
        CASE(what_nobody_said_closes),
        CASE(a_regex_that_gives_up_closes),
        CASE(streams),
        CASE(dry_runs_are_told_and_not_enforced),
        CASE(a_dry_run_allow_implies_nothing),
        CASE(the_log_names_the_nearest_rule),
        CASE(every_rule_says_why),
        CASE(judging_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
