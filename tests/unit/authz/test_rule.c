/*
 * test_rule.c - which requests a rule holds for; most rows were seen on a
 * real Envoy.
 */
#include "authz/rule.h"

#include "speak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* 'y' yes, 'n' no, '?' depends on what nobody said */
static const struct {
    const char *claim;
    const char *rule;
    const char *request;
    char holds;
} rows[] = {
    { "asks for nothing", "", "GET /", 'y' },

    { "header", "when header:x-key One", "GET /|x-key: One", 'y' },
    { "header's case", "when header:x-key One", "GET /|x-key: one", 'n' },
    { "header prefix", "when header:x-key On*", "GET /|x-key: One", 'y' },
    { "header suffix", "when header:x-key *ne", "GET /|x-key: One", 'y' },
    { "any header", "when header:x-key *", "GET /|x-key: One", 'y' },
    { "empty is any", "when header:x-key *", "GET /|x-key:", 'y' },
    { "absent is not", "when header:x-key *", "GET /", 'n' },
    { "not, absent", "when header:x-key !One", "GET /", 'y' },
    { "not, other", "when header:x-key !One", "GET /|x-key: Two", 'y' },
    { "not, same", "when header:x-key !One", "GET /|x-key: One", 'n' },
    { "not any, absent", "when header:x-key !*", "GET /", 'y' },
    { "not any, empty", "when header:x-key !*", "GET /|x-key:", 'n' },
    { "each line on its own", "when header:x-l b", "GET /|x-l: a|x-l: b", 'y' },
    { "none of two lines", "when header:x-l a,b", "GET /|x-l: c|x-l: d", 'n' },
    { "any line fails a not", "when header:x-l !b", "GET /|x-l: a|x-l: b",
      'n' },
    { "a line by prefix", "when header:x-l b*", "GET /|x-l: a|x-l: b", 'y' },
    { "cookie crumbs", "when header:cookie b=2",
      "GET /|cookie: a=1|cookie: b=2", 'y' },
    { "a pseudo-header", "when header::method GET", "GET /", 'y' },
    { "host as a header", "when header:host other", "GET /", 'n' },

    { "block", "when ip 127.0.10.0/24", "ip 127.0.10.1 GET /", 'y' },
    { "another block", "when ip 127.0.10.0/24", "ip 127.0.11.1 GET /", 'n' },
    { "one address", "from ip 127.0.10.1", "ip 127.0.10.1 GET /", 'y' },
    { "v4 in v6", "from ip 127.0.10.1", "ip ::ffff:127.0.10.1 GET /", 'y' },
    { "remote is another", "from remote 9.9.9.0/24",
      "ip 127.0.0.1 xff 9.9.9.9 GET /", 'y' },
    { "remote, not peer", "from ip 9.9.9.0/24",
      "ip 127.0.0.1 xff 9.9.9.9 GET /", 'n' },
    { "not in a block", "from ip !10.0.0.0/8", "ip 10.1.2.3 GET /", 'n' },
    { "port", "to port 8080", "port 8080 GET /", 'y' },
    { "service port", "to port 80", "port 8080 GET /", 'n' },
    { "destination", "when dip 127.0.12.1", "dip 127.0.12.1 GET /", 'y' },
    { "server name", "when sni outbound_.80_._.web",
      "sni outbound_.80_._.web "
      "GET /",
      'y' },
    { "no server name", "when sni outbound_.80_._.web", "sni - GET /", 'n' },

    { "namespace", "from ns demo", "as front GET /", 'y' },
    { "namespace of nobody", "from ns demo", "as - GET /", 'n' },
    { "not a namespace, nobody", "from ns !demo", "as - GET /", 'y' },
    { "namespace prefix", "from ns de*", "as front GET /", 'y' },
    { "namespace regex", "from ns ~d.*o", "as front GET /", 'y' },
    { "account", "from sa demo/front", "as front GET /", 'y' },
    { "account elsewhere", "from sa prod/front", "as front GET /", 'n' },
    { "longer account", "from sa demo/fron", "as front GET /", 'n' },
    { "no account", "from sa demofront", "as front GET /", 'n' },
    { "principal", "from principal cluster.local/ns/demo/sa/front",
      "as front GET /", 'y' },
    { "principal suffix", "from principal */sa/front", "as front GET /", 'y' },
    { "principal prefix", "from principal cluster.local/*", "as front GET /",
      'y' },
    { "another principal", "from principal cluster.local/ns/demo/sa/front",
      "as frontend GET /", 'n' },
    { "anybody proven", "from principal *", "as front GET /", 'y' },
    { "nobody is not anybody", "from principal *", "as - GET /", 'n' },
    { "not anybody, nobody", "from principal !*", "as - GET /", 'y' },
    { "not anybody, somebody", "from principal !*", "as front GET /", 'n' },

    { "host", "to host other.demo", "to other.demo GET /", 'y' },
    { "host's case", "to host other.demo", "to OTHER.demo GET /", 'y' },
    { "host with a port", "to host other.demo", "to other.demo:80 GET /", 'n' },
    { "host suffix", "to host *.demo", "to other.demo GET /", 'y' },
    { "host suffix's case", "to host *.demo", "to OTHER.DEMO GET /", 'y' },
    { "host suffix, short", "to host *.demo", "to emo GET /", 'n' },
    { "host, any port", "to host other:*", "to Other:80 GET /", 'y' },
    { "any host", "to host *", "to x GET /", 'y' },

    { "template", "to path /t/{*}/end", "GET /t/a/end", 'y' },
    { "template, two segments", "to path /t/{*}/end", "GET /t/a/b/end", 'n' },
    { "template, none", "to path /t/{*}/end", "GET /t//end", 'n' },
    { "template, query", "to path /t/{*}/end", "GET /t/a/end?x=y", 'y' },
    { "rest", "to path /u/{**}", "GET /u/a/b/c", 'y' },
    { "empty rest", "to path /u/{**}", "GET /u/", 'y' },
    { "no rest", "to path /u/{**}", "GET /u", 'n' },
    { "path prefix", "to path /star/*", "GET /star/", 'y' },
    { "too short", "to path /star/*", "GET /star", 'n' },
    { "path's case", "to path /a", "GET /A", 'n' },
    { "path, not query", "to path */secret", "GET /x?y=/secret", 'n' },
    { "method prefix", "to method G*", "GET /", 'y' },
    { "method's case", "to method GET", "get /", 'n' },
    { "values are alternatives", "to method PUT,GET", "GET /", 'y' },
    { "both lists", "to path /a*,!/ab", "GET /ab", 'n' },
    { "both lists, let through", "to path /a*,!/ab", "GET /ac", 'y' },

    { "all conditions", "to method GET; path /a", "GET /b", 'n' },
    { "some source", "from ns x & or-from ns demo", "as front GET /", 'y' },
    { "no source", "from ns x & or-from ns y", "as front GET /", 'n' },
    { "source and target", "from ns demo & to path /b", "as front GET /a",
      'n' },
    { "some target", "to path /a & or-to path /b", "GET /b", 'y' },
    { "every when", "when ns demo; header:a 1", "as front GET /|a: 2", 'n' },

    { "nobody said who", "from principal *", "GET /", '?' },
    { "nor who not", "from principal !*", "GET /", '?' },
    { "no is no", "from principal * & to path /b", "GET /a", 'n' },
    { "yes is not enough", "from principal * & to path /a", "GET /a", '?' },
    { "another source will do", "from principal * & or-from ip 1.2.3.4",
      "ip 1.2.3.4 GET /", 'y' },
    { "a regex that gives up", "when header:x ~(a+)+b?c?",
      "GET /|x: aaaaaaaaaaaaaaaaaaaaaaaad", '?' },
    { "and is not settled by not", "when header:x !~(a+)+b?c?",
      "GET /|x: aaaaaaaaaaaaaaaaaaaaaaaad", '?' },
    { "a pseudo-header nobody knows", "when header::scheme http", "GET /",
      '?' },
};

static void holds_as_seen(void **state)
{
    struct mesh_authz_subject subject;
    struct mesh_authz_request request;
    struct speak speak;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_authz_rule rule = { 0 };
        char holds;

        speak_init(&speak);
        speak_rule(&speak, &rule, rows[i].rule);
        speak_request(&speak, &request, rows[i].request);
        mesh__authz_subject_init(&subject, &request);
        holds = "n?y"[mesh__authz_rule(&subject, &rule).result];
        if (holds != rows[i].holds)
            fail_msg("%s: %s for %s gave %c", rows[i].claim, rows[i].rule,
                     rows[i].request, holds);
        subject.deny = true; /* for HTTP the action changes nothing */
        assert_int_equal("n?y"[mesh__authz_rule(&subject, &rule).result],
                         holds);
        speak_fini(&speak);
    }
}

static const struct {
    const char *claim;
    const char *rule;
    const char *request;
    char allow, deny;
} streams[] = {
    { "a method drops an ALLOW rule and widens a DENY rule", "to method GET",
      "as front", 'n', 'y' },
    { "what remains is asked", "to method GET; port 9", "port 8", 'n', 'n' },
    { "and holds", "to method GET; port 9", "port 9", 'n', 'y' },
    { "in any group", "from ns demo & to port 9 & or-to path /a",
      "as front port 9", 'n', 'y' },
    { "in a when", "when header:x 1", "as front", 'n', 'y' },
    { "without them it is a rule", "from ns demo & to port 9",
      "as front port 9", 'y', 'y' },
};

static void plain_streams_have_no_methods(void **state)
{
    struct mesh_authz_subject subject;
    struct mesh_authz_request request;
    struct speak speak;

    (void)state;
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        struct mesh_authz_rule rule = { 0 };
        char allow, deny;

        speak_init(&speak);
        speak_rule(&speak, &rule, streams[i].rule);
        speak_request(&speak, &request, streams[i].request);
        mesh__authz_subject_init(&subject, &request);
        allow = "n?y"[mesh__authz_rule(&subject, &rule).result];
        subject.deny = true;
        deny = "n?y"[mesh__authz_rule(&subject, &rule).result];
        if (allow != streams[i].allow || deny != streams[i].deny)
            fail_msg("%s: gave %c and %c", streams[i].claim, allow, deny);
        speak_fini(&speak);
    }
}

static const struct {
    const char *rule;
    const char *request;
    unsigned stage, held;
    const char *reason;
} steps[] = {
    { "to method POST,PUT", "GET /", 1, 0,
      "method GET is not one of POST, PUT" },
    { "from ns demo; principal */sa/x & to path /a", "as front GET /", 0, 1,
      "principal cluster.local/ns/demo/sa/front is not one of */sa/x" },
    { "from sa prod/x", "as front GET /", 0, 0,
      "service account demo/front is not one of prod/x" },
    { "from ns prod", "as - GET /", 0, 0,
      "namespace (none) is not one of prod" },
    { "from principal *", "GET /", 0, 0, "principal is not known" },
    { "from ip 10.0.0.0/8", "ip 9.9.9.9 GET /", 0, 0,
      "source address 9.9.9.9 is not one of 10.0.0.0/8" },
    { "to path !/a", "GET /a?b", 1, 0, "path /a is one of those excluded: /a" },
    { "to path /*,!/a", "GET /a", 1, 0,
      "path /a is one of those excluded: /a" },
    { "from ns demo & to method GET; port 1 & or-to method PUT",
      "as front port 80 GET /", 1, 2, "port 80 is not one of 1" },
    { "when header:x-key 1", "GET /", 2, 0,
      "header x-key (none) is not one of 1" },
    { "when header:x-key 1", "GET /|x-key: 2", 2, 0,
      "header x-key 2 is not one of 1" },
    { "when sni a", "sni - GET /", 2, 0, "server name (none) is not one of a" },
    { "to host x", "to y GET /", 1, 0, "host y is not one of x" },
    { "when remote 1.1.1.1; dip 1.1.1.1", "xff 1.1.1.1 dip ::1 GET /", 2, 1,
      "destination address ::1 is not one of 1.1.1.1" },
    { "to method GET", "as front", 0, 0,
      "method means nothing on a plain stream" },
};

static void says_how_far_it_got(void **state)
{
    struct mesh_authz_progress progress;
    struct mesh_authz_subject subject;
    struct mesh_authz_request request;
    struct speak speak;
    char reason[256];

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct mesh_authz_rule rule = { 0 };

        speak_init(&speak);
        speak_rule(&speak, &rule, steps[i].rule);
        speak_request(&speak, &request, steps[i].request);
        mesh__authz_subject_init(&subject, &request);
        progress = mesh__authz_rule(&subject, &rule);
        assert_non_null(progress.failed);
        mesh__authz_condition_print(&subject, progress.failed, reason,
                                    sizeof(reason));
        assert_string_equal(reason, steps[i].reason);
        assert_int_equal(progress.stage, steps[i].stage);
        assert_int_equal(progress.held, steps[i].held);
        speak_fini(&speak);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_as_seen),
        cmocka_unit_test(plain_streams_have_no_methods),
        cmocka_unit_test(says_how_far_it_got),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
