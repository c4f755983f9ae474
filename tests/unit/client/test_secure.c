/*
 * test_secure.c - whom a server outside the mesh is asked for, and proved by.
 */
#include "client/secure.h"

#include "base/error.h"
#include "client/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Files are not what is asked here: whoever answers will do. */
static int read_blindly(void *user, const struct mesh_outside_files *files,
                        uint64_t *print, struct mesh_outside **out)
{
    (void)user;
    (void)files;
    *print = 1;
    return mesh__outside_new(NULL, NULL, true, out);
}

static const char *const own_names[] = { "own.example" };

static const struct {
    const char *claim;
    enum mesh_tls_mode mode;
    const char *sni; /* of the rule */
    size_t names;    /* of the rule */
    bool blind;
    const char *host;
    const char *asked;  /* "-": no name is asked for */
    const char *proved; /* "-": any name will do */
} rows[] = {
    { "the host is asked for and proved", MESH__TLS_SIMPLE, "", 0, false,
      "web.example", "web.example", "web.example" },
    { "in small letters", MESH__TLS_SIMPLE, "", 0, false, "WEB.Example",
      "web.example", "web.example" },
    { "an address is proved, but not asked for", MESH__TLS_MUTUAL, "", 0, false,
      "10.1.2.3", "-", "10.1.2.3" },
    { "the rule's name is asked for, then any is proved", MESH__TLS_SIMPLE,
      "sni.example", 0, false, "web.example", "sni.example", "-" },
    { "the rule's names are proved", MESH__TLS_SIMPLE, "", 1, false,
      "web.example", "web.example", "own.example" },
    { "whoever is blind proves none", MESH__TLS_SIMPLE, "", 0, true,
      "web.example", "web.example", "-" },
    { "what the rule says of mesh TLS is not for others", MESH__TLS_AUTO,
      "outbound_.80_._.web", 1, false, "web.example", "web.example",
      "web.example" },
};

static bool is(const char *wanted, const char *found)
{
    return strcmp(wanted, found ? found : "-") == 0;
}

static void names_of_the_server(void **state)
{
    struct mesh_outsides outsides;

    (void)state;
    mesh__outsides_init(&outsides, read_blindly, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct mesh_destination web = { .tls = {
                                                  .mode = rows[i].mode,
                                                  .sni = rows[i].sni,
                                                  .names = own_names,
                                                  .name_count = rows[i].names,
                                                  .roots = "",
                                                  .chain = "",
                                                  .key = "",
                                                  .blind = rows[i].blind } };
        struct mesh_tls_profile profile;
        struct mesh_secure secure;
        const struct mesh_expected *expected = &profile.expected;

        assert_int_equal(mesh__secure_profile(&web,
                                              mesh__slice_of(rows[i].host),
                                              &outsides, &secure, &profile),
                         0);
        if (!is(rows[i].asked, profile.sni) ||
            !is(rows[i].proved, expected->count ? expected->ids[0] : NULL))
            fail_msg("%s: asked %s", rows[i].claim,
                     profile.sni ? profile.sni : "-");
        assert_non_null(expected->outside);
        mesh__outside_unref(expected->outside);
    }
    mesh__outsides_fini(&outsides);
}

static void a_host_has_its_most(void **state)
{
    const struct mesh_destination web = { .tls = { .mode = MESH__TLS_SIMPLE } };
    char host[sizeof(((struct mesh_secure *)0)->host)];
    struct mesh_tls_profile profile;
    struct mesh_outsides outsides;
    struct mesh_secure secure;

    (void)state;
    memset(host, 'a', sizeof(host));
    mesh__outsides_init(&outsides, read_blindly, NULL);
    assert_int_equal(mesh__secure_profile(&web, mesh__slice(host, sizeof(host)),
                                          &outsides, &secure, &profile),
                     MESH_ERR_INVALID);
    mesh__outsides_fini(&outsides);
}

static void nobody_is_trusted_without_roots(void **state)
{
    const struct mesh_destination web = { .name = "web" };
    struct mesh_tls_profile profile;
    struct mesh_secure secure;

    (void)state;
    assert_int_equal(mesh__secure_profile(&web, MESH__SLICE("web.example"),
                                          NULL, &secure, &profile),
                     MESH_ERR_CERTIFICATE);
}

/* --- the host that is sent --- */

static void the_policys_host_is_the_servers(void **state)
{
    struct mesh_head_edits of_arm = { .authority = MESH__SLICE("arm") };
    struct mesh_actions of_rule = { .edits.authority = MESH__SLICE("rule") };
    struct mesh_client_request request = { .head.authority =
                                               MESH__SLICE("web") };
    struct mesh_arm arm = { .edits = NULL };
    struct mesh_route_rule rule = { .arms = &arm, .arm_count = 1 };
    struct mesh_client client = { .request = &request };

    (void)state;
    client.route.rule = &rule;
    client.route.arm = &arm;
    assert_true(mesh__slice_is(mesh__client_authority(&client), "web"));
    arm.edits = &of_arm;
    assert_true(mesh__slice_is(mesh__client_authority(&client), "arm"));
    rule.actions = &of_rule;
    assert_true(mesh__slice_is(mesh__client_authority(&client), "rule"));
    of_rule.edits.authority = MESH__SLICE("");
    of_arm.authority = MESH__SLICE("");
    assert_true(mesh__slice_is(mesh__client_authority(&client), "web"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_the_server),
        cmocka_unit_test(a_host_has_its_most),
        cmocka_unit_test(nobody_is_trusted_without_roots),
        cmocka_unit_test(the_policys_host_is_the_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
