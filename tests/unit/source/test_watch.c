/*
 * test_watch.c - real directories and real inotify: whatever way a file
 * changes, it is told at once, and the slow check finds it without being told.
 *
 * The kernel queues an event before the call that caused it returns, so that
 * nobody waits for anything.
 */
#include "ground.h"

#include "base/error.h"
#include "net/loop.h"
#include "net/port_kernel.h"
#include "source/files.h"
#include "source/watch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVICE(name)                                                          \
    "apiVersion: v1\nkind: Service\nmetadata: {name: " name                    \
    ", namespace: demo}\nspec: {ports: [{name: http, port: 80}]}\n"

static struct {
    struct mesh_port *port;
    struct mesh_loop *loop;
    struct mesh_file_watch watch;
    size_t told;
} stage;

static void on_change(struct mesh_file_watch *watch)
{
    (void)watch;
    stage.told++;
}

static void open_stage(const char *path)
{
    assert_int_equal(mesh__port_kernel_new(MESH__PORT_EPOLL, &stage.port), 0);
    assert_int_equal(mesh__loop_new(stage.port, &stage.loop), 0);
    mesh__loop_enter(stage.loop);
    (void)mesh__file_watch_start(&stage.watch, stage.loop, path, on_change,
                                 NULL);
    mesh__loop_leave(stage.loop);
    stage.told = 0;
}

static void close_stage(void)
{
    mesh__loop_enter(stage.loop);
    mesh__file_watch_stop(&stage.watch);
    mesh__loop_leave(stage.loop);
    mesh__loop_free(stage.loop);
}

/* Was anything told of since the last time? */
static bool was_told(void)
{
    size_t before = stage.told;

    while (mesh__loop_step(stage.loop, 0, NULL, NULL) == 1)
        continue;
    return stage.told > before;
}

static bool renew(void)
{
    bool watched;

    mesh__loop_enter(stage.loop);
    watched = mesh__file_watch_renew(&stage.watch);
    mesh__loop_leave(stage.loop);
    return watched;
}

static struct mesh_fingerprint print_of(const char *path)
{
    struct mesh_fingerprint print = { { 0 } };

    (void)mesh__policy_fingerprint(path, &mesh__policy_limits, &print);
    mesh__error_clear();
    return print;
}

/* --- ways to change --- */

static void write_over(void)
{
    ground_write("p/a.yaml", SERVICE("other"));
}

static void rename_over(void)
{
    ground_write("p/.a.yaml.new", SERVICE("renamed"));
    ground_move("p/.a.yaml.new", "p/a.yaml");
}

static void truncate_and_write(void)
{
    char path[GROUND_PATH];
    int fd = open(ground_path(path, "p/a.yaml"), O_WRONLY | O_TRUNC);

    assert_true(fd >= 0);
    assert_true(write(fd, SERVICE("cut"), sizeof(SERVICE("cut")) - 1) > 0);
    assert_int_equal(close(fd), 0);
}

/* As many bytes, and the time put back. */
static void write_in_secret(void)
{
    char path[GROUND_PATH];
    struct stat info;
    int fd = open(ground_path(path, "p/a.yaml"), O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    assert_true(pwrite(fd, "# iVersion", 10, 0) == 10);
    assert_int_equal(
        futimens(fd, (struct timespec[]){ info.st_atim, info.st_mtim }), 0);
    assert_int_equal(close(fd), 0);
}

static void add_one(void)
{
    ground_write("p/b.yaml", SERVICE("b"));
}

static void link_one(void)
{
    ground_write("elsewhere.yaml", SERVICE("elsewhere"));
    ground_link("../elsewhere.yaml", "p/c.yaml");
}

static void delete_one(void)
{
    ground_remove("p/z.yaml");
}

static void move_away(void)
{
    ground_move("p/z.yaml", "z.yaml");
}

static void move_in(void)
{
    ground_write("y.yaml", SERVICE("y"));
    ground_move("y.yaml", "p/y.yaml");
}

static void rename_inside(void)
{
    ground_move("p/a.yaml", "p/d.yaml");
}

static const struct {
    const char *claim;
    void (*change)(void);
    bool of_the_file; /* p/a.yaml, not only of the directory */
} rows[] = {
    { "written over", write_over, true },
    { "renamed over", rename_over, true },
    { "cut short and written", truncate_and_write, true },
    { "written in secret", write_in_secret, true },
    { "one comes", add_one, false },
    { "a link comes", link_one, false },
    { "one is deleted", delete_one, false },
    { "one moves away", move_away, false },
    { "one moves in", move_in, false },
    { "one gets another name", rename_inside, true },
};

static void lay_out(void)
{
    ground_directory("p");
    ground_write("p/a.yaml", SERVICE("a"));
    ground_write("p/z.yaml", SERVICE("z"));
}

static void check_row(size_t row, const char *name, bool changes)
{
    struct mesh_fingerprint before;
    struct mesh_fingerprint after;
    char path[GROUND_PATH];

    open_stage(ground_path(path, name));
    before = print_of(path);
    assert_false(was_told());
    rows[row].change();
    if (changes && !was_told())
        fail_msg("%s, in %s: not told", rows[row].claim, name);
    after = print_of(path);
    if (changes == !memcmp(&before, &after, sizeof(before)))
        fail_msg("%s, in %s: not seen", rows[row].claim, name);
    close_stage();
}

static void every_change_is_told_and_seen(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int of_file = 0; of_file < 2; of_file++) {
            assert_int_equal(ground_open(state), 0);
            lay_out();
            check_row(i, of_file ? "p/a.yaml" : "p",
                      !of_file || rows[i].of_the_file);
            assert_int_equal(ground_close(state), 0);
        }
}

/* --- kubelet --- */

static void swap(const char *version, const char *text)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "p/%s", version);
    ground_directory(name);
    (void)snprintf(name, sizeof(name), "p/%s/a.yaml", version);
    ground_write(name, text);
    ground_link(version, "p/..data_tmp");
    ground_move("p/..data_tmp", "p/..data");
}

static void kubelet_swaps_are_told(void **state)
{
    char path[GROUND_PATH];

    for (int of_file = 0; of_file < 2; of_file++) {
        struct mesh_fingerprint first;
        struct mesh_fingerprint second;

        assert_int_equal(ground_open(state), 0);
        ground_directory("p");
        swap("..2026_01", SERVICE("a"));
        ground_link("..data/a.yaml", "p/a.yaml");
        open_stage(ground_path(path, of_file ? "p/a.yaml" : "p"));
        first = print_of(path);
        assert_false(was_told());
        for (int i = 0; i < 3; i++) { /* the watch is not used up */
            char version[32];

            (void)snprintf(version, sizeof(version), "..2026_1%d", i);
            swap(version, i % 2 ? SERVICE("a") : SERVICE("b"));
            assert_true(was_told());
            second = print_of(path);
            assert_int_equal(!memcmp(&first, &second, sizeof(first)), i % 2);
        }
        close_stage();
        assert_int_equal(ground_close(state), 0);
    }
}

/* --- what becomes of the directory itself --- */

static void a_directory_may_come_later(void **state)
{
    char path[GROUND_PATH];

    assert_int_equal(ground_open(state), 0);
    open_stage(ground_path(path, "p/q"));
    assert_false(renew()); /* not even the one it would lie in */
    ground_directory("p");
    assert_true(renew());
    ground_directory("p/q");
    assert_true(was_told());
    assert_true(renew());
    ground_write("p/q/a.yaml", SERVICE("a"));
    assert_true(was_told());
    close_stage();
    assert_int_equal(ground_close(state), 0);
}

static void a_directory_may_be_made_again(void **state)
{
    char path[GROUND_PATH];

    assert_int_equal(ground_open(state), 0);
    lay_out();
    open_stage(ground_path(path, "p"));
    ground_move("p", "gone");
    assert_true(was_told());
    lay_out();
    assert_true(renew());
    (void)was_told();
    write_over();
    assert_true(was_told());
    ground_write("gone/a.yaml", SERVICE("nobody")); /* watched no more */
    assert_false(was_told());
    close_stage();
    assert_int_equal(ground_close(state), 0);
}

static void a_link_may_lead_elsewhere(void **state)
{
    char path[GROUND_PATH];

    assert_int_equal(ground_open(state), 0);
    lay_out();
    ground_directory("q");
    ground_link("p", "now");
    open_stage(ground_path(path, "now"));
    ground_link("q", "next");
    ground_move("next", "now"); /* in a directory that nobody watches */
    assert_false(was_told());
    assert_true(renew());
    (void)was_told();
    ground_write("q/a.yaml", SERVICE("q"));
    assert_true(was_told());
    close_stage();
    assert_int_equal(ground_close(state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_is_told_and_seen),
        cmocka_unit_test(kubelet_swaps_are_told),
        cmocka_unit_test(a_directory_may_come_later),
        cmocka_unit_test(a_directory_may_be_made_again),
        cmocka_unit_test(a_link_may_lead_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
