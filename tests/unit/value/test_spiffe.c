/*
 * test_spiffe.c - names of workloads are read strictly.
 */
#include "value/spiffe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void reads_names(void **state)
{
    static const struct {
        const char *text;
        const char *trust_domain;
        const char *path;
        const char *namespace_;
        const char *service_account;
    } rows[] = {
        { "spiffe://cluster.local/ns/demo/sa/web", "cluster.local",
          "/ns/demo/sa/web", "demo", "web" },
        { "spiffe://a/b", "a", "/b", "", "" },
        { "spiffe://a_b-c.d/ns/x/sa/y/z", "a_b-c.d", "/ns/x/sa/y/z", "", "" },
        { "spiffe://a/ns/x/sa", "a", "/ns/x/sa", "", "" },
        { "spiffe://a/ns/x/SA/y", "a", "/ns/x/SA/y", "", "" },
        { "spiffe://a/x/ns/n/sa/s", "a", "/x/ns/n/sa/s", "", "" },
        { "spiffe://a/ns/x.y/sa/A_b-c.d", "a", "/ns/x.y/sa/A_b-c.d", "x.y",
          "A_b-c.d" },
        { "spiffe://a/...", "a", "/...", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_spiffe id;
        const char *reason = "";

        if (!mesh__spiffe_parse(mesh__slice_of(rows[i].text), true, &id,
                                &reason))
            fail_msg("%s: %s", rows[i].text, reason);
        assert_null(reason);
        assert_true(mesh__slice_is(id.text, rows[i].text));
        assert_true(mesh__slice_is(id.trust_domain, rows[i].trust_domain));
        assert_true(mesh__slice_is(id.path, rows[i].path));
        assert_true(mesh__slice_is(id.namespace_, rows[i].namespace_));
        assert_true(
            mesh__slice_is(id.service_account, rows[i].service_account));
    }
}

static void refuses_with_a_reason(void **state)
{
    static const struct {
        const char *text;
        const char *reason; /* a part of it */
    } rows[] = {
        { "", "begin" },
        { "http://a/b", "begin" },
        { "SPIFFE://a/b", "begin" },
        { "spiffe:/a/b", "begin" },
        { "spiffe://", "empty" },
        { "spiffe:///b", "empty" },
        { "spiffe://a", "not a workload" },
        { "spiffe://a/", "slash" },
        { "spiffe://a/b/", "slash" },
        { "spiffe://a//b", "empty segment" },
        { "spiffe://a/./b", "dot segment" },
        { "spiffe://a/b/..", "dot segment" },
        { "spiffe://A/b", "trust domain" },
        { "spiffe://a:80/b", "trust domain" },
        { "spiffe://u@a/b", "trust domain" },
        { "spiffe://a%41/b", "trust domain" },
        { "spiffe://a?b", "trust domain" },
        { "spiffe://a#b", "trust domain" },
        { "spiffe://\xc3\xa9/b", "trust domain" },
        { "spiffe://a/b?c", "path" },
        { "spiffe://a/b#c", "path" },
        { "spiffe://a/b%2Fc", "path" },
        { "spiffe://a/b c", "path" },
        { "spiffe://a/b\\c", "path" },
        { "spiffe://a/\xc3\xa9", "path" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_spiffe id;
        const char *reason = NULL;

        if (mesh__spiffe_parse(mesh__slice_of(rows[i].text), true, &id,
                               &reason))
            fail_msg("%s was taken", rows[i].text);
        if (!reason || !strstr(reason, rows[i].reason))
            fail_msg("%s: %s", rows[i].text, reason ? reason : "no reason");
        assert_int_equal(id.text.len, 0);
        assert_false(
            mesh__spiffe_parse(mesh__slice_of(rows[i].text), true, &id, NULL));
    }
}

/* A NUL cuts no comparison short. */
static void compares_by_length(void **state)
{
    struct mesh_spiffe id;

    (void)state;
    assert_false(mesh__spiffe_parse(mesh__slice("spiffe://a\0b/c", 14), true,
                                    &id, NULL));
    assert_false(
        mesh__spiffe_parse(mesh__slice("spiffe://a/b\0", 13), true, &id, NULL));
}

static void takes_a_trust_domain_where_asked(void **state)
{
    struct mesh_spiffe id;

    (void)state;
    assert_true(
        mesh__spiffe_parse(MESH__SLICE("spiffe://td"), false, &id, NULL));
    assert_true(mesh__slice_is(id.trust_domain, "td"));
    assert_int_equal(id.path.len, 0);
    assert_false(
        mesh__spiffe_parse(MESH__SLICE("spiffe://td/"), false, &id, NULL));
}

static void knows_how_long_a_name_may_be(void **state)
{
    char text[MESH__SPIFFE_MAX + 1];
    struct mesh_spiffe id;

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "spiffe://", 9);
    text[9 + MESH__TRUST_DOMAIN_MAX] = '/';
    assert_true(mesh__spiffe_parse(mesh__slice(text, MESH__SPIFFE_MAX), true,
                                   &id, NULL));
    assert_false(
        mesh__spiffe_parse(mesh__slice(text, sizeof(text)), true, &id, NULL));
    text[9 + MESH__TRUST_DOMAIN_MAX] = 'a';
    text[9 + MESH__TRUST_DOMAIN_MAX + 1] = '/';
    assert_false(mesh__spiffe_parse(mesh__slice(text, MESH__SPIFFE_MAX), true,
                                    &id, NULL));
    assert_true(mesh__trust_domain_valid(MESH__SLICE("cluster.local")));
    assert_false(mesh__trust_domain_valid(MESH__SLICE("")));
    assert_false(mesh__trust_domain_valid(MESH__SLICE("a/b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(compares_by_length),
        cmocka_unit_test(takes_a_trust_domain_where_asked),
        cmocka_unit_test(knows_how_long_a_name_may_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
