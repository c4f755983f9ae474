/*
 * test_settings.c - who speaks first: setter, environment, certificate; and
 * what a start and a reload refuse.
 */
#include "../source/ground.h"
#include "base/error.h"
#include "workload/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char service[] = "apiVersion: v1\nkind: Service\n"
                              "metadata: {name: web, namespace: demo}\n"
                              "spec: {ports: [{name: http, port: 80}]}\n";
static const char more[] = "apiVersion: v1\nkind: Service\n"
                           "metadata: {name: more, namespace: demo}\n"
                           "spec: {ports: [{name: http, port: 80}]}\n";

static void the_environment_speaks_where_no_setter_did(void **state)
{
    struct mesh_config config;
    struct mesh_config out;

    (void)state;
    mesh__config_init(&config);
    assert_int_equal(setenv("MESH_NAMESPACE", "from-outside", 1), 0);
    assert_int_equal(setenv("MESH_LOCALITY", "from-outside", 1), 0);
    assert_int_equal(mesh__config_set(&config, MESH__SET_NAMESPACE, "set"), 0);
    assert_int_equal(mesh__config_resolve(&config, &out), 0);
    assert_string_equal(out.text[MESH__SET_NAMESPACE], "set");
    assert_string_equal(out.text[MESH__SET_LOCALITY], "from-outside");
    mesh__config_fini(&out);
    config.environment = false;
    assert_int_equal(mesh__config_resolve(&config, &out), 0);
    assert_string_equal(out.text[MESH__SET_NAMESPACE], "set");
    assert_null(out.text[MESH__SET_LOCALITY]);
    mesh__config_fini(&out);
    mesh__config_fini(&config);
    assert_int_equal(unsetenv("MESH_NAMESPACE"), 0);
    assert_int_equal(unsetenv("MESH_LOCALITY"), 0);
}

static void what_cannot_be_read_is_refused_by_name(void **state)
{
    struct mesh_config config;
    struct mesh_config out;

    (void)state;
    mesh__config_init(&config);
    assert_int_equal(setenv("MESH_ADDRESS", "here", 1), 0);
    assert_int_equal(mesh__config_resolve(&config, &out), MESH_ERR_INVALID);
    assert_non_null(strstr(mesh__error_line(), "MESH_ADDRESS"));
    assert_int_equal(unsetenv("MESH_ADDRESS"), 0);
    assert_int_equal(setenv("MESH_NAMESERVERS", "dns.example", 1), 0);
    assert_int_equal(mesh__config_resolve(&config, &out), MESH_ERR_INVALID);
    assert_non_null(strstr(mesh__error_line(), "MESH_NAMESERVERS"));
    assert_int_equal(unsetenv("MESH_NAMESERVERS"), 0);
    assert_int_equal(mesh__config_set(&config, MESH__SET_LABELS, "a=b,=c"), 0);
    assert_int_equal(mesh__config_resolve(&config, &out), MESH_ERR_INVALID);
    mesh__config_fini(&config);
    mesh__error_clear();
}

/* --- starts --- */

static int start(mesh_config *config, mesh_workload **out)
{
    int rc = mesh_workload_new(config, out, NULL);

    assert_true((rc == 0) == (*out != NULL));
    mesh_config_free(config);
    return rc;
}

static void a_start_without_policy_must_be_asked_for(void **state)
{
    mesh_workload *workload;
    mesh_config *config;

    (void)state;
    ground_directory("none");
    assert_int_equal(start(ground_config("none", NULL), &workload),
                     MESH_ERR_NO_POLICY);
    assert_int_equal(start(ground_config(NULL, NULL), &workload),
                     MESH_ERR_NO_POLICY);
    config = ground_config("none", NULL);
    assert_int_equal(mesh_config_set_allow_no_policy(config, 1), 0);
    assert_int_equal(start(config, &workload), 0);
    mesh_workload_free(workload);
    ground_write("none/a.yaml", "kind: [");
    config = ground_config("none", NULL);
    assert_int_equal(mesh_config_set_allow_no_policy(config, 1), 0);
    assert_int_equal(start(config, &workload), MESH_ERR_POLICY);
}

static void a_setting_must_not_contradict_the_certificate(void **state)
{
    static int (*const setters[])(mesh_config *, const char *) = {
        mesh_config_set_namespace,
        mesh_config_set_service_account,
        mesh_config_set_trust_domain,
    };
    mesh_workload *workload;

    (void)state;
    ground_directory("policy");
    ground_write("policy/a.yaml", service);
    ground_issue("web", "web");
    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        mesh_config *config = ground_config("policy", "web");

        assert_int_equal(setters[i](config, "other"), 0);
        assert_int_equal(start(config, &workload), MESH_ERR_IDENTITY_MISMATCH);
    }
    assert_int_equal(start(ground_config("policy", "missing"), &workload),
                     MESH_ERR_IO);
    assert_int_equal(start(ground_config("policy", "web"), &workload), 0);
    assert_string_equal(mesh_workload_spiffe_id(workload),
                        "spiffe://cluster.local/ns/demo/sa/web");
    mesh_workload_free(workload);
}

/* --- reloads --- */

static size_t events(mesh_workload *workload, int kind)
{
    char text[512];
    size_t count = 0;
    int found;

    while ((found = mesh_workload_next_event(workload, text, sizeof(text))) > 0)
        count += found == kind;
    return count;
}

static void a_broken_policy_leaves_the_last_good_one(void **state)
{
    mesh_diagnostics *findings;
    mesh_workload *workload;

    (void)state;
    ground_directory("policy");
    ground_write("policy/a.yaml", service);
    assert_int_equal(start(ground_config("policy", NULL), &workload), 0);
    assert_int_equal(mesh_workload_reload(workload, NULL, NULL), 0);
    assert_int_equal(mesh_workload_generation(workload), 1); /* unchanged */
    ground_write("policy/b.yaml", "kind: [");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mesh_workload_reload(workload, &findings, NULL),
                         MESH_ERR_POLICY);
        assert_true(mesh_diagnostics_count(findings, MESH_SEVERITY_ERROR) > 0);
        mesh_diagnostics_free(findings);
    }
    assert_int_equal(mesh_workload_generation(workload), 1);
    assert_int_equal(events(workload, MESH_EVENT_POLICY_REFUSED), 1);
    ground_write("policy/b.yaml", more);
    assert_int_equal(mesh_workload_reload(workload, NULL, NULL), 0);
    assert_int_equal(mesh_workload_generation(workload), 2);
    assert_int_equal(events(workload, MESH_EVENT_POLICY_LOADED), 1);
    mesh_workload_free(workload);
}

static void a_rotation_keeps_the_name(void **state)
{
    mesh_workload *workload;

    (void)state;
    ground_directory("policy");
    ground_write("policy/a.yaml", service);
    ground_issue("web", "web");
    assert_int_equal(start(ground_config("policy", "web"), &workload), 0);
    ground_issue("web", "web");
    assert_int_equal(mesh_workload_reload(workload, NULL, NULL), 0);
    assert_int_equal(events(workload, MESH_EVENT_IDENTITY_ROTATED), 1);
    ground_issue("other", "web");
    for (int i = 0; i < 2; i++)
        assert_int_equal(mesh_workload_reload(workload, NULL, NULL),
                         MESH_ERR_IDENTITY_MISMATCH);
    assert_int_equal(events(workload, MESH_EVENT_IDENTITY_REFUSED), 1);
    assert_string_equal(mesh_workload_spiffe_id(workload),
                        "spiffe://cluster.local/ns/demo/sa/web");
    mesh_workload_free(workload);
}

#define ON_GROUND(test)                                                        \
    cmocka_unit_test_setup_teardown(test, ground_open, ground_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_speaks_where_no_setter_did),
        cmocka_unit_test(what_cannot_be_read_is_refused_by_name),
        ON_GROUND(a_start_without_policy_must_be_asked_for),
        ON_GROUND(a_setting_must_not_contradict_the_certificate),
        ON_GROUND(a_broken_policy_leaves_the_last_good_one),
        ON_GROUND(a_rotation_keeps_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
