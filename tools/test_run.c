/*
 * test_run.c - asks the engine what a case asks, and has the answer judged.
 *
 * A workload is made for each place that cases name, once: a policy is compiled
 * for its namespace and labels. Nothing that lives changes by asking.
 */
#include "test.h"

#include <string.h>

/* As many compiled policies are kept beside each other. */
#define WORKLOADS_MOST 16

static int decide_outbound(const struct test_case *test, int64_t seed,
                           mesh_decision **out, mesh_error *error)
{
    return mesh_explain(test->place->workload, test->request, seed, out, error);
}

static int decide_stream(const struct test_case *test, int64_t seed,
                         mesh_decision **out, mesh_error *error)
{
    return mesh_explain_attributes(test->place->workload, test->attributes,
                                   seed, out, error);
}

static int decide_inbound(const struct test_case *test, int64_t seed,
                          mesh_decision **out, mesh_error *error)
{
    int rc =
        mesh_authorize(test->place->workload, test->attributes, out, error);

    (void)seed; /* nothing is drawn on the way in */
    return rc == MESH_ERR_DENIED ? 0 : rc;
}

const struct test_sort test_sorts[] = {
    { "request", "from", 0, 1, &test_outbound_key, test_read_request,
      decide_outbound },
    { "connect", "from", 0, 1, &test_outbound_key, test_read_connect,
      decide_stream },
    { "inbound", "to", 1, 0, &test_inbound_key, test_read_inbound,
      decide_inbound },
    { .name = NULL },
};

int test_fault(struct test_file *file, struct test_case *test, int code,
               const mesh_error *error)
{
    const char *message = mesh_error_message(error);

    test->status = TEST_ERROR;
    test->ends = lmesh_status(code);
    test->message = test_format(&file->arena, "%s [%s]",
                                *message ? message : mesh_strerror(code),
                                mesh_error_name(code));
    if (!test->message)
        test->message = "memory is out";
    return -1;
}

/* The oldest goes when there are too many. */
static void make_room(struct test_file *file)
{
    size_t count = 0;

    for (size_t i = file->place_count; i > 0; i--) {
        struct test_place *place = file->places[i - 1];

        if (!place->workload || ++count < WORKLOADS_MOST)
            continue;
        mesh_workload_free(place->workload);
        place->workload = NULL;
    }
}

/* Its workload is there: 0, or -1 and the case is an error. */
static int settle(struct test_file *file, struct test_case *test,
                  mesh_error *error)
{
    struct test_place *place = test->place;
    int rc;

    if (place->workload)
        return 0;
    if (place->message) {
        test->status = TEST_ERROR;
        test->ends = place->status;
        test->message = place->message;
        return -1;
    }
    make_room(file);
    rc = mesh_workload_new(place->config, &place->workload, error);
    if (rc == 0)
        return 0;
    test_fault(file, test, rc, error);
    place->status = test->ends;
    place->message = test->message;
    return -1;
}

static int keep_text(struct test_file *file, struct test_case *test,
                     const mesh_decision *decision)
{
    const char *text = mesh_decision_text(decision);

    test->answer = test_copy(&file->arena, text, strlen(text));
    return test->answer ? 0 : -1;
}

/* Asks once, and compares: 0, or -1 (an error already, or memory is out). */
static int ask(struct test_file *file, struct test_case *test, int verbose,
               mesh_error *error)
{
    struct test_arena arena = { NULL };
    mesh_decision *decision = NULL;
    const struct test_node *answer;
    int rc = test->sort->decide(test, test->seed, &decision, error);

    if (rc < 0)
        return test_fault(file, test, rc, error);
    answer = test_json(&arena, mesh_decision_json(decision));
    rc = answer ? 0 : -1;
    if (rc == 0)
        rc = test_reach_take(file, answer);
    if (rc == 0 && test->expect)
        rc = test_judge(file, test, answer);
    if (rc == 0 && verbose)
        rc = keep_text(file, test, decision);
    test_arena_fini(&arena);
    mesh_decision_free(decision);
    return rc;
}

static void run_case(struct test_file *file, struct test_case *test,
                     int verbose)
{
    mesh_error *error = mesh_error_new();
    int64_t start_us = lmesh_now_us();
    int rc = settle(file, test, error);

    if (rc == 0)
        rc = ask(file, test, verbose, error);
    if (rc == 0 && test->distribution)
        rc = test_draw(file, test);
    if (rc < 0 && test->status != TEST_ERROR)
        test_fault(file, test, MESH_ERR_NOMEM, NULL);
    test->us = lmesh_now_us() - start_us;
    mesh_error_free(error);
}

void test_file_run(struct test_file *file, int verbose)
{
    for (size_t i = 0; i < file->case_count; i++)
        if (!file->cases[i].skipped)
            run_case(file, &file->cases[i], verbose);
}
