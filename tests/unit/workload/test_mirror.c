/*
 * test_mirror.c - copies wait for the keeper in bounded number and size, and
 * cost nobody anything when there is no room or no keeper.
 */
#include "../source/ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "workload/workload.h"

static const char policy[] =
    "apiVersion: v1\nkind: Service\n"
    "metadata: {name: web, namespace: demo}\n"
    "spec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n";

static char body[1024 * 1024];
static mesh_workload *workload;

static int set_up(void **state)
{
    mesh_config *config;
    int rc = ground_open(state);

    if (rc < 0)
        return rc;
    ground_directory("policy");
    ground_write("policy/mesh.yaml", policy);
    config = ground_config("policy", NULL);
    if (!config || mesh_config_set_namespace(config, "demo") < 0)
        return -1;
    rc = mesh_workload_new(config, &workload, NULL);
    mesh_config_free(config);
    return rc;
}

static int tear_down(void **state)
{
    mesh_workload_free(workload);
    return ground_close(state);
}

/* A copy for a service that the policy does not know: it ends at once. */
static void mirror(size_t size)
{
    const struct mesh_head head = { .method = MESH__SLICE("GET"),
                                    .scheme = MESH__SLICE("http"),
                                    .authority = MESH__SLICE("gone"),
                                    .has_authority = true,
                                    .path = MESH__SLICE("/") };
    struct mesh_client_request *copy;

    assert_int_equal(mesh__request_copy(&head, mesh__slice(body, size), &copy),
                     0);
    copy->is_copy = true;
    copy->to_host = "gone.example";
    copy->to_subset = "";
    copy->to_port = 80;
    mesh__workload_mirror(workload->keeper, copy);
}

static int64_t statistic(const char *name)
{
    int64_t value = -1;

    assert_int_equal(mesh_workload_statistic(workload, name, &value, NULL), 0);
    return value;
}

static void drive(void)
{
    while (atomic_load(&workload->mirrors))
        assert_true(mesh_loop_step(mesh_workload_keeper(workload), 0, NULL) >=
                    0);
}

static void more_than_there_is_room_for_are_dropped(void **state)
{
    (void)state;
    for (int i = 0; i < MESH__MIRRORS + 44; i++)
        mirror(0);
    assert_int_equal(atomic_load(&workload->mirrors), MESH__MIRRORS);
    assert_int_equal(statistic("mirrors_dropped"), 44);
    assert_int_equal(statistic("mirrors"), 0); /* nobody drives the keeper */
    drive();
    assert_int_equal(statistic("mirrors"), MESH__MIRRORS);
    assert_int_equal(atomic_load(&workload->mirror_bytes), 0);
    mirror(0); /* and there is room again */
    drive();
    assert_int_equal(statistic("mirrors"), MESH__MIRRORS + 1);
    assert_int_equal(statistic("mirrors_dropped"), 44);
}

static void larger_than_there_is_room_for_are_dropped(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        mirror(sizeof(body));
    assert_in_range(statistic("mirrors_dropped"), 5, 6);
    assert_true(atomic_load(&workload->mirror_bytes) <= MESH__MIRROR_BYTES);
    mirror(0); /* a small one finds its place */
    assert_in_range(statistic("mirrors_dropped"), 5, 6);
    drive();
    assert_int_equal(atomic_load(&workload->mirror_bytes), 0);
}

static void nobody_counts_them_as_calls(void **state)
{
    (void)state;
    mirror(3);
    drive();
    assert_int_equal(statistic("calls"), 0);
    assert_int_equal(statistic("calls_failed"), 0);
    assert_int_equal(statistic("attempts"), 0);
}

/* Those that wait end with the workload (tear_down; sanitizers look). */
static void a_workload_may_end_before_its_copies(void **state)
{
    (void)state;
    mirror(10);
    mirror(0);
    assert_int_equal(atomic_load(&workload->mirrors), 2);
}

static void a_closed_workload_sends_none(void **state)
{
    (void)state;
    mirror(0);
    assert_int_equal(mesh_workload_close(workload, 0, NULL), 0);
    mirror(0);
    assert_int_equal(statistic("mirrors"), 0);
    assert_in_range(statistic("mirrors_dropped"), 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_than_there_is_room_for_are_dropped,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            larger_than_there_is_room_for_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_counts_them_as_calls, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_workload_may_end_before_its_copies,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_closed_workload_sends_none, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
