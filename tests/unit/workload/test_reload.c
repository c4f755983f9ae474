/*
 * test_reload.c - files change under a workload: what is in force, what is
 * told, and how long it has been otherwise.
 *
 * The keeper is stepped by hand, and its timers are made due by hand: nothing
 * waits.
 */
#include "../source/ground.h"
#include "base/error.h"
#include "by_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define AND "---\n"
#define SERVICE(name, port)                                                    \
    "apiVersion: v1\nkind: Service\nmetadata: {name: " name                    \
    ", namespace: demo}\nspec: {ports: [{name: http, port: " port "}]}\n"
#define DENY(paths)                                                            \
    "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"            \
    "metadata: {name: deny, namespace: demo}\n"                                \
    "spec: {action: DENY, rules: [{to: [{operation: {paths: " paths "}}]}]}\n"
#define ROUTES(to)                                                             \
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"               \
    "metadata: {name: web, namespace: demo}\n"                                 \
    "spec: {hosts: [web], http: [{route: [{destination: {host: " to "}}]}]}\n"
#define GOOD   SERVICE("web", "80") AND DENY("[/admin]")
#define BROKEN SERVICE("web", "many")

static mesh_workload *workload;

static void start(bool keep_good)
{
    mesh_config *config = ground_config("policy", "web");

    assert_int_equal(mesh_config_set_labels(config, "app=web"), 0);
    assert_int_equal(mesh_config_set_keep_good(config, keep_good), 0);
    assert_int_equal(mesh_workload_new(config, &workload, NULL), 0);
    mesh_config_free(config);
}

/* A directory "policy" with one file. */
static void begin(const char *text, bool keep_good)
{
    assert_int_equal(ground_open(NULL), 0);
    ground_issue("web", "web");
    ground_directory("policy");
    ground_write("policy/a.yaml", text);
    start(keep_good);
}

static void end(void)
{
    mesh_workload_free(workload);
    assert_int_equal(ground_close(NULL), 0);
}

/* --- what is seen of it --- */

/* What a change brings about: told by inotify, read when it has settled. */
static bool settle(void)
{
    by_hand_step(workload);
    return by_hand_run(workload, &workload->settle_timer);
}

static int64_t number(const char *name)
{
    int64_t value;

    assert_int_equal(mesh_workload_statistic(workload, name, &value, NULL), 0);
    return value;
}

static long generation(void)
{
    return (long)mesh_workload_generation(workload);
}

/* How many events of a kind there are; the last one's line in out. */
static size_t events(int kind, char out[512])
{
    char line[512];
    size_t count = 0;
    int event;

    out[0] = '\0';
    while ((event = mesh_workload_next_event(workload, line, sizeof(line))) > 0)
        if (event == kind) {
            count++;
            (void)snprintf(out, 512, "%s", line);
        }
    return count;
}

static bool has_host(const char *name)
{
    struct mesh_snapshot *snapshot = mesh__workload_snapshot(workload);
    bool found =
        mesh__snapshot_host(snapshot, mesh__slice_of(name), 80) != NULL;

    mesh__snapshot_unref(snapshot);
    return found;
}

static size_t denials(void)
{
    struct mesh_snapshot *snapshot = mesh__workload_snapshot(workload);
    size_t count = snapshot->authz.deny_count;

    mesh__snapshot_unref(snapshot);
    return count;
}

/* --- changes --- */

static void a_change_is_in_force_when_it_has_settled(void **state)
{
    char line[512];

    (void)state;
    begin(GOOD, false);
    assert_int_equal(generation(), 1);
    assert_false(settle()); /* nothing has changed */
    ground_write("policy/b.yaml", SERVICE("more", "80"));
    assert_false(has_host("more"));
    assert_true(settle());
    assert_true(has_host("more"));
    assert_int_equal(generation(), 2);
    assert_int_equal(number("reloads"), 1);
    assert_int_equal(events(MESH_EVENT_POLICY_LOADED, line), 2);
    assert_non_null(strstr(line, "generation 2 is in force: 3 documents"));
    end();
}

static void many_changes_settle_together(void **state)
{
    char name[32];

    (void)state;
    begin(GOOD, false);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof(name), "policy/n%d.yaml", i);
        ground_write(name, i == 19 ? SERVICE("last", "80")
                                   : "apiVersion: v1\nkind: Namespace\n"
                                     "metadata: {name: a}\n");
        by_hand_step(workload); /* told each time */
        assert_int_equal(generation(), 1);
    }
    assert_true(settle());
    assert_int_equal(generation(), 2);
    assert_true(has_host("last"));
    assert_false(settle());
    end();
}

static void the_same_again_is_no_change(void **state)
{
    (void)state;
    begin(GOOD, false);
    ground_write("policy/a.yaml", GOOD);
    assert_true(settle());
    assert_int_equal(generation(), 1);
    assert_int_equal(number("reloads"), 0);
    end();
}

/* Nobody tells: the file system has no inotify, or events are lost. */
static void a_change_that_is_not_told_is_found(void **state)
{
    (void)state;
    begin(GOOD, false);
    mesh__loop_enter(workload->keeper->loop);
    mesh__file_watch_stop(&workload->policy_watch);
    mesh__loop_leave(workload->keeper->loop);
    ground_write("policy/b.yaml", SERVICE("more", "80"));
    assert_false(settle());
    assert_false(has_host("more"));
    assert_true(by_hand_run(workload, &workload->look_timer));
    assert_true(has_host("more"));
    assert_true(by_hand_is_set(workload,
                               &workload->look_timer)); /* and so it goes on */
    end();
}

static void only_what_changed_is_read_and_compiled(void **state)
{
    struct mesh_snapshot *before;
    struct mesh_snapshot *after;

    (void)state;
    begin(GOOD AND SERVICE("other", "80"), false);
    before = mesh__workload_snapshot(workload);
    ground_write("policy/b.yaml", SERVICE("more", "80"));
    assert_true(settle());
    after = mesh__workload_snapshot(workload);
    assert_int_equal(after->collection->sheets_read, 1);
    assert_int_equal(before->part_count, 2);
    for (size_t i = 0; i < before->part_count; i++) {
        size_t j = 0;

        while (j < after->part_count && after->parts[j] != before->parts[i])
            j++;
        assert_true(j < after->part_count); /* it serves again */
        assert_ptr_equal(after->parts[j]->destinations[0]->live,
                         before->parts[i]->destinations[0]->live);
    }
    mesh__snapshot_unref(before);
    mesh__snapshot_unref(after);
    end();
}

/* --- kubelet, step by step --- */

static void a_kubelet_swap_is_taken_as_a_whole(void **state)
{
    (void)state;
    assert_int_equal(ground_open(NULL), 0);
    ground_issue("web", "web");
    ground_directory("policy");
    ground_directory("policy/..1");
    ground_write("policy/..1/a.yaml", GOOD);
    ground_write("policy/..1/b.yaml", SERVICE("old", "80"));
    ground_link("..1", "policy/..data");
    ground_link("..data/a.yaml", "policy/a.yaml");
    ground_link("..data/b.yaml", "policy/b.yaml");
    start(false);

    ground_directory("policy/..2");
    ground_write("policy/..2/a.yaml", GOOD AND ROUTES("new"));
    assert_true(settle());
    assert_int_equal(generation(), 1); /* nothing leads there yet */
    ground_write("policy/..2/b.yaml", SERVICE("new", "80"));
    (void)settle();
    ground_link("..2", "policy/..data_tmp");
    assert_true(settle());
    assert_int_equal(generation(), 1);
    ground_move("policy/..data_tmp", "policy/..data");
    assert_true(settle());
    assert_int_equal(generation(), 2); /* both files at once */
    assert_true(has_host("new"));
    assert_false(has_host("old"));
    ground_remove("policy/..1/a.yaml");
    ground_remove("policy/..1/b.yaml");
    ground_remove("policy/..1");
    assert_true(settle());
    assert_int_equal(generation(), 2);
    end();
}

/* --- broken ones --- */

static void a_broken_one_changes_nothing_and_is_told_once(void **state)
{
    char line[512];

    (void)state;
    begin(GOOD, false);
    assert_int_equal(number("policy_stale_ms"), 0);
    (void)events(0, line);
    ground_write("policy/a.yaml", BROKEN);
    assert_true(settle());
    assert_int_equal(generation(), 1);
    assert_true(has_host("web"));
    assert_int_equal(denials(), 1);
    assert_true(number("policy_stale_ms") > 0);
    assert_int_equal(number("reloads_refused"), 1);
    assert_int_equal(events(MESH_EVENT_POLICY_REFUSED, line), 1);
    assert_non_null(strstr(line, "generation 1 stays in force: 1 errors"));
    assert_non_null(strstr(line, "a.yaml:4:"));

    assert_true(
        by_hand_run(workload, &workload->look_timer)); /* nothing new to tell */
    assert_int_equal(events(MESH_EVENT_POLICY_REFUSED, line), 0);
    assert_true(number("policy_stale_ms") > 0);

    ground_write("policy/a.yaml", "kind: [\n"); /* another version: told */
    assert_true(settle());
    assert_int_equal(events(MESH_EVENT_POLICY_REFUSED, line), 1);

    ground_write("policy/a.yaml", GOOD);
    assert_true(settle());
    assert_int_equal(number("policy_stale_ms"), 0);
    assert_int_equal(generation(), 2);
    end();
}

static void a_directory_without_policy_changes_nothing(void **state)
{
    (void)state;
    begin(GOOD, false);
    ground_remove("policy/a.yaml");
    assert_true(settle());
    assert_int_equal(generation(), 1);
    assert_int_equal(denials(), 1);
    assert_true(number("policy_stale_ms") > 0);
    ground_write("policy/a.yaml", SERVICE("web", "80"));
    assert_true(settle());
    assert_int_equal(denials(), 0); /* that was asked for */
    end();
}

/* --- keeping the good --- */

static void the_good_ones_are_in_force(void **state)
{
    char line[512];

    (void)state;
    begin(GOOD, true);
    (void)events(0, line);
    ground_write("policy/a.yaml",
                 GOOD AND SERVICE("bad", "many") AND SERVICE("more", "80"));
    assert_true(settle());
    assert_int_equal(generation(), 2);
    assert_true(has_host("more"));
    assert_false(has_host("bad"));
    assert_int_equal(number("policy_left_out"), 1);
    assert_int_equal(number("policy_held"), 0);
    assert_true(number("policy_stale_ms") > 0);
    assert_int_equal(events(MESH_EVENT_POLICY_PARTLY, line), 1);
    assert_non_null(strstr(line, "1 are left out; first: "));
    assert_non_null(strstr(line, "a.yaml:14:"));
    assert_true(by_hand_run(workload, &workload->look_timer));
    assert_int_equal(events(MESH_EVENT_POLICY_PARTLY, line), 0);

    ground_write("policy/a.yaml", GOOD AND SERVICE("bad", "80"));
    assert_true(settle());
    assert_true(has_host("bad"));
    assert_int_equal(number("policy_left_out"), 0);
    assert_int_equal(number("policy_stale_ms"), 0);
    end();
}

static void what_denies_goes_on_denying(void **state)
{
    char line[512];

    (void)state;
    begin(GOOD, true);
    ground_write("policy/a.yaml",
                 SERVICE("web", "80") AND DENY("/admin") /* no list */
                 AND SERVICE("more", "80"));
    assert_true(settle());
    assert_true(has_host("more"));
    assert_int_equal(denials(), 1);
    assert_int_equal(number("policy_held"), 1);

    ground_write("policy/b.yaml", "kind: AuthorizationPolicy\n"); /* new */
    (void)events(0, line);
    assert_true(settle());
    assert_int_equal(events(MESH_EVENT_POLICY_REFUSED, line), 1);
    assert_non_null(strstr(line, "may not be left out"));
    assert_int_equal(generation(), 2);
    assert_int_equal(denials(), 1);

    ground_remove("policy/b.yaml");
    ground_write("policy/a.yaml", SERVICE("web", "80")); /* it is gone */
    assert_true(settle());
    assert_int_equal(denials(), 0);
    assert_int_equal(number("policy_held"), 0);
    end();
}

static void a_start_without_what_guards_fails(void **state)
{
    mesh_config *config;
    mesh_error *error = mesh_error_new();

    (void)state;
    assert_int_equal(ground_open(NULL), 0);
    ground_directory("policy");
    ground_write("policy/a.yaml", SERVICE("web", "80") AND DENY("/admin"));
    config = ground_config("policy", NULL);
    assert_int_equal(mesh_config_set_keep_good(config, 1), 0);
    assert_int_equal(mesh_workload_new(config, &workload, error),
                     MESH_ERR_POLICY);
    assert_non_null(
        strstr(mesh_error_message(error), "AuthorizationPolicy/demo/deny"));
    ground_write("policy/a.yaml", SERVICE("web", "80") AND BROKEN);
    assert_int_equal(mesh_workload_new(config, &workload, error), 0);
    assert_int_equal(number("policy_left_out"), 1);
    mesh_config_free(config);
    mesh_error_free(error);
    end();
}

/* --- judging --- */

static void warnings_are_told_after_the_swap(void **state)
{
    char line[512];

    (void)state;
    begin(GOOD, false);
    (void)events(0, line);
    ground_write("policy/a.yaml", GOOD AND ROUTES("nobody"));
    by_hand_step(workload);
    mesh__loop_enter(workload->keeper->loop);
    workload->judge_not_before_ns = UINT64_MAX / 2; /* it has judged a lot */
    mesh__loop_leave(workload->keeper->loop);
    assert_true(by_hand_run(workload, &workload->settle_timer));
    assert_int_equal(generation(), 2);
    assert_int_equal(events(MESH_EVENT_POLICY_JUDGED, line), 0);
    assert_true(by_hand_run(workload, &workload->judge_timer));
    assert_int_equal(events(MESH_EVENT_POLICY_JUDGED, line), 1);
    assert_non_null(strstr(line, "generation 2: 1 warnings"));
    assert_non_null(strstr(line, "nobody"));
    assert_false(mesh__workload_judge(workload)); /* once */
    end();
}

static void who_asks_is_told_everything(void **state)
{
    mesh_diagnostics *found;
    char line[512];

    (void)state;
    begin(GOOD, false);
    ground_write("policy/a.yaml", GOOD AND ROUTES("nobody"));
    assert_int_equal(mesh_workload_reload(workload, &found, NULL), 0);
    assert_int_equal(mesh_diagnostics_count(found, MESH_SEVERITY_WARNING), 1);
    mesh_diagnostics_free(found);
    assert_int_equal(mesh_workload_reload(workload, &found, NULL), 0);
    assert_int_equal(mesh_diagnostics_count(found, MESH_SEVERITY_WARNING), 1);
    mesh_diagnostics_free(found);
    assert_int_equal(generation(), 2); /* the second time nothing changed */
    ground_write("policy/a.yaml", GOOD AND BROKEN);
    assert_int_equal(mesh_workload_reload(workload, &found, NULL),
                     MESH_ERR_POLICY);
    assert_int_equal(mesh_diagnostics_count(found, MESH_SEVERITY_ERROR), 1);
    mesh_diagnostics_free(found);
    assert_int_equal(events(MESH_EVENT_POLICY_JUDGED, line), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_in_force_when_it_has_settled),
        cmocka_unit_test(many_changes_settle_together),
        cmocka_unit_test(the_same_again_is_no_change),
        cmocka_unit_test(a_change_that_is_not_told_is_found),
        cmocka_unit_test(only_what_changed_is_read_and_compiled),
        cmocka_unit_test(a_kubelet_swap_is_taken_as_a_whole),
        cmocka_unit_test(a_broken_one_changes_nothing_and_is_told_once),
        cmocka_unit_test(a_directory_without_policy_changes_nothing),
        cmocka_unit_test(the_good_ones_are_in_force),
        cmocka_unit_test(what_denies_goes_on_denying),
        cmocka_unit_test(a_start_without_what_guards_fails),
        cmocka_unit_test(warnings_are_told_after_the_swap),
        cmocka_unit_test(who_asks_is_told_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
