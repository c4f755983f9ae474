/*
 * test_routing.c - a program with a client of its own asks where to go, and
 * tells what became of it.
 */
#include <mesh/mesh.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static mesh_workload *workload;

static int set_up(void **state)
{
    const char *top = getenv("top_srcdir");
    mesh_config *config = mesh_config_new();
    char path[4096];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/examples/canary/policy",
                   top ? top : ".");
    mesh_config_set_environment(config, 0);
    mesh_config_set_policy(config, path);
    mesh_config_set_offline(config, 1);
    mesh_config_set_namespace(config, "production");
    mesh_config_set_labels(config, "");
    if (mesh_workload_new(config, &workload, NULL) < 0)
        return -1;
    mesh_config_free(config);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mesh_workload_free(workload);
    return 0;
}

static int route(const char *url, const char *canary, mesh_decision **out)
{
    mesh_request *request;
    int rc = mesh_request_new("POST", url, &request, NULL);

    assert_int_equal(rc, 0);
    if (canary)
        mesh_request_add_header(request, "x-canary", canary, NULL);
    rc = mesh_route(workload, request, out, NULL);
    mesh_request_free(request);
    return rc;
}

static void a_route_has_a_destination_and_bounds(void **state)
{
    mesh_decision *decision;

    (void)state;
    assert_int_equal(route("http://payment-service/x", NULL, &decision), 0);
    assert_string_equal(
        mesh_decision_value(decision, MESH_DECISION_DESTINATION),
        "outbound|80||payment-service.production.svc.cluster.local");
    assert_string_equal(mesh_decision_value(decision, MESH_DECISION_ENDPOINT),
                        "");
    assert_int_equal(mesh_decision_timeout_ms(decision), 5000);
    assert_int_equal(mesh_decision_per_try_ms(decision), 2000);
    assert_null(mesh_decision_value(decision, 0));
    assert_null(mesh_decision_value(decision, MESH_DECISION_TLS + 1));
    mesh_decision_free(decision);
}

static void the_canary_goes_to_v2(void **state)
{
    mesh_decision *decision;

    (void)state;
    assert_int_equal(route("http://api-gateway/", "true", &decision), 0);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(mesh_decision_value(decision, MESH_DECISION_SUBSET),
                        "v2");
    assert_string_equal(mesh_decision_value(decision, MESH_DECISION_ENDPOINT),
                        "127.0.1.2:18080");
    assert_string_equal(mesh_decision_value(decision, MESH_DECISION_WORKLOAD),
                        "api-gateway-v2");
    assert_string_equal(mesh_decision_value(decision, MESH_DECISION_PRINCIPAL),
                        "spiffe://cluster.local/ns/production/sa/api-gateway");
    assert_string_equal(
        mesh_decision_value(decision, MESH_DECISION_SNI),
        "outbound_.80_.v2_.api-gateway.production.svc.cluster.local");
    mesh_decision_free(decision);
}

/* gateway-error is retried three times, 500 never. */
static void the_policy_says_whether_to_try_again(void **state)
{
    mesh_decision *decision;
    int64_t again_ms;

    (void)state;
    assert_int_equal(route("http://payment-service/x", NULL, &decision), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(mesh_pick(decision, NULL), 0);
        assert_int_equal(
            mesh_report(decision, MESH_RESULT_STATUS, 503, &again_ms, NULL), 0);
        if (i < 3)
            assert_in_range(again_ms, 0, 250);
        else
            assert_int_equal(again_ms, -1);
    }
    mesh_decision_free(decision);
    assert_int_equal(route("http://payment-service/x", NULL, &decision), 0);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_int_equal(
        mesh_report(decision, MESH_RESULT_STATUS, 500, &again_ms, NULL), 0);
    assert_int_equal(again_ms, -1);
    mesh_decision_free(decision);
}

static void five_failures_eject_one_of_two(void **state)
{
    mesh_decision *decision;
    char bad[64] = "";
    int others = 0;

    (void)state;
    for (int i = 0; i < 400; i++) {
        const char *endpoint;

        assert_int_equal(route("http://api-gateway/", NULL, &decision), 0);
        assert_int_equal(mesh_pick(decision, NULL), 0);
        endpoint = mesh_decision_value(decision, MESH_DECISION_ENDPOINT);
        if (!bad[0] &&
            !strcmp(mesh_decision_value(decision, MESH_DECISION_SUBSET), "v1"))
            (void)snprintf(bad, sizeof(bad), "%s", endpoint);
        if (i >= 200) {
            assert_string_not_equal(endpoint, bad);
            others++;
        }
        assert_int_equal(mesh_report(decision, MESH_RESULT_STATUS,
                                     strcmp(endpoint, bad) ? 200 : 503, NULL,
                                     NULL),
                         0);
        mesh_decision_free(decision);
    }
    assert_int_equal(others, 200);
}

static const char *value(const mesh_decision *decision, int what)
{
    return mesh_decision_value(decision, what);
}

static void unknown_hosts_go_where_the_caller_says(void **state)
{
    mesh_decision *decision;
    mesh_request *request;

    (void)state;
    assert_int_equal(route("http://nobody.example/", NULL, &decision), 0);
    assert_string_equal(value(decision, MESH_DECISION_DESTINATION),
                        "PassthroughCluster");
    assert_string_equal(value(decision, MESH_DECISION_ROUTE), "allow_any");
    assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_RESOLVE);
    assert_string_equal(value(decision, MESH_DECISION_ENDPOINT), "");
    mesh_decision_free(decision);

    assert_int_equal(route("http://192.0.2.7:8080/", NULL, &decision), 0);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_ENDPOINT),
                        "192.0.2.7:8080");
    assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_STATE);
    assert_int_equal(mesh_report(decision, MESH_RESULT_STATUS, 503, NULL, NULL),
                     0);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    mesh_decision_free(decision); /* not reported */

    assert_int_equal(
        mesh_request_new("GET", "http://nobody.example/", &request, NULL), 0);
    assert_int_equal(mesh_request_set_address(request, "192.0.2.8:99", NULL),
                     0);
    assert_int_equal(mesh_request_set_address(request, "nobody", NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_request_set_address(NULL, "192.0.2.8", NULL),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_route(workload, request, &decision, NULL), 0);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_string_equal(value(decision, MESH_DECISION_ENDPOINT),
                        "192.0.2.8:99");
    mesh_decision_free(decision);
    assert_int_equal(mesh_request_set_address(request, NULL, NULL), 0);
    assert_int_equal(mesh_route(workload, request, &decision, NULL), 0);
    assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_RESOLVE);
    mesh_decision_free(decision);
    mesh_request_free(request);
}

static void the_order_of_calls_is_kept(void **state)
{
    mesh_decision *decision;

    (void)state;
    assert_int_equal(route("http://payment-service/", NULL, &decision), 0);
    assert_int_equal(mesh_report(decision, MESH_RESULT_RESET, 0, NULL, NULL),
                     MESH_ERR_STATE);
    assert_int_equal(mesh_pick(decision, NULL), 0);
    assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_STATE);
    assert_int_equal(mesh_report(decision, 0, 0, NULL, NULL), MESH_ERR_INVALID);
    assert_int_equal(mesh_report(decision, MESH_RESULT_STATUS, 99, NULL, NULL),
                     MESH_ERR_INVALID);
    mesh_decision_free(decision); /* not reported: it no longer counts */

    assert_int_equal(route("http://payment-service/%00", NULL, &decision),
                     MESH_ERR_INVALID);
    assert_int_equal(mesh_pick(decision, NULL), MESH_ERR_STATE);
    assert_string_equal(
        mesh_decision_value(decision, MESH_DECISION_DESTINATION), "");
    assert_int_equal(mesh_decision_timeout_ms(decision), -1);
    mesh_decision_free(decision);
    assert_int_equal(mesh_pick(NULL, NULL), MESH_ERR_INVALID);
    assert_int_equal(mesh_route(NULL, NULL, &decision, NULL), MESH_ERR_INVALID);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_has_a_destination_and_bounds),
        cmocka_unit_test(the_canary_goes_to_v2),
        cmocka_unit_test(the_policy_says_whether_to_try_again),
        cmocka_unit_test(five_failures_eject_one_of_two),
        cmocka_unit_test(unknown_hosts_go_where_the_caller_says),
        cmocka_unit_test(the_order_of_calls_is_kept),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
