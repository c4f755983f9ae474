/*
 * test_decide.c - several threads decide, about messages and streams, while
 * 300 policies come: each decision is made by one of them, whole, and none is
 * kept longer than it is held.
 */
#include "../unit/source/ground.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 4, RELOADS = 300, HELD = 8 };

/* The route's name and the destination change together. */
static const char policy[] =
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: to, namespace: demo}\n"
    "spec: {selector: {app: to}, ports: [{name: http, port: 80}, {name: tcp, "
    "port: 90}, {name: tcp-b, port: 91}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\n"
    "metadata: {name: to-1, namespace: demo}\n"
    "spec: {address: 10.0.0.1, labels: {app: to, v: v%d}}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
    "metadata: {name: to, namespace: demo}\n"
    "spec: {host: to, subsets: [{name: v%d, labels: {v: v%d}}]}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
    "metadata: {name: to, namespace: demo}\n"
    "spec: {hosts: [to], http: [{name: v%d, route: [{destination: {host: to, "
    "subset: v%d}}]}], tcp: [{match: [{port: 90}], route: [{destination: "
    "{host: to, subset: v%d}}]}]}\n";

static mesh_workload *workload;
static atomic_int stopping;
static atomic_int wrong;
static atomic_long decided;

static void write_policy(int n)
{
    char text[4096];
    int v = n % 7;

    (void)snprintf(text, sizeof(text), policy, v, v, v, v, v, v);
    ground_write("policy/a.yaml", text);
}

static int decide(mesh_attributes *bag, int is_stream, mesh_decision **out)
{
    const char *route;
    const char *subset;

    mesh_attributes_clear(bag);
    if (mesh_attributes_set(bag, "destination.host", "to", NULL) < 0 ||
        mesh_attributes_set(bag, "destination.port", is_stream ? "90" : "80",
                            NULL) < 0 ||
        (!is_stream &&
         mesh_attributes_set(bag, "request.method", "GET", NULL) < 0))
        return -1;
    if (mesh_route_attributes(workload, bag, out, NULL) < 0 ||
        mesh_pick(*out, NULL) < 0 ||
        mesh_report(*out, MESH_RESULT_CONNECTED, 0, NULL, NULL) < 0)
        return -1;
    route = mesh_decision_value(*out, MESH_DECISION_ROUTE);
    subset = mesh_decision_value(*out, MESH_DECISION_SUBSET);
    return is_stream ? -(subset[0] != 'v') : -(strcmp(route, subset) != 0);
}

/* Some decisions are held while newer policies come. */
static void *run(void *user)
{
    mesh_decision *held[HELD] = { NULL };
    mesh_attributes *bag = mesh_attributes_new();

    (void)user;
    for (size_t i = 0; !atomic_load(&stopping); i++) {
        mesh_decision **place = &held[i % HELD];

        mesh_decision_free(*place);
        *place = NULL;
        if (decide(bag, (int)(i & 1), place) < 0)
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(&decided, 1);
    }
    for (size_t i = 0; i < HELD; i++)
        mesh_decision_free(held[i]);
    mesh_attributes_free(bag);
    return NULL;
}

static void decisions_and_reloads_do_not_meet(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, NULL), 0);
    for (int i = 1; i <= RELOADS; i++) {
        write_policy(i);
        assert_int_equal(mesh_workload_reload(workload, NULL, NULL), 0);
    }
    atomic_store(&stopping, 1);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_true(atomic_load(&decided) > THREADS);
}

static int set_up(void **state)
{
    mesh_config *config;
    int rc = ground_open(state);

    if (rc < 0)
        return rc;
    ground_directory("policy");
    write_policy(0);
    config = ground_config("policy", NULL);
    rc = mesh_config_set_namespace(config, "demo");
    if (rc == 0)
        rc = mesh_config_set_labels(config, "");
    if (rc == 0)
        rc = mesh_workload_new(config, &workload, NULL);
    mesh_config_free(config);
    return rc;
}

static int tear_down(void **state)
{
    mesh_workload_free(workload);
    return ground_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_and_reloads_do_not_meet),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
