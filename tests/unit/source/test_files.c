/*
 * test_files.c - files are read whole or not at all, and what is no file is an
 * error, never a wait.
 */
#include "base/error.h"
#include "ground.h"
#include "source/files.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char one[] = "apiVersion: v1\nkind: Service\n"
                          "metadata: {name: one, namespace: demo}\n"
                          "spec: {ports: [{name: http, port: 80}]}\n";
static const char two[] = "apiVersion: v1\nkind: Service\n"
                          "metadata: {name: two, namespace: demo}\n"
                          "spec: {ports: [{name: http, port: 80}]}\n";

/* --- one file --- */

static int read_at(const char *path, size_t max)
{
    char *data = (char *)"never";
    size_t size = 1;
    int rc = mesh__file_read(path, max, &data, &size);

    if (rc < 0) {
        assert_null(data);
        assert_int_equal(size, 0);
        assert_true(mesh__error_line()[0] != '\0');
    } else {
        assert_int_equal(data[size], '\0');
        mesh__free_secret(data, size);
    }
    mesh__error_clear();
    return rc;
}

static int read_in(const char *name, size_t max)
{
    char path[GROUND_PATH];

    return read_at(ground_path(path, name), max);
}

static void what_is_no_file_is_an_error(void **state)
{
    char path[GROUND_PATH];

    (void)state;
    ground_directory("d");
    assert_int_equal(mkfifo(ground_path(path, "fifo"), 0600), 0);
    ground_link("nowhere", "dangling");
    ground_link("loop", "loop");
    assert_int_equal(read_in("missing", 10), MESH_ERR_IO);
    assert_int_equal(read_in("d", 10), MESH_ERR_IO);
    assert_int_equal(read_in("fifo", 10), MESH_ERR_IO);
    assert_int_equal(read_in("dangling", 10), MESH_ERR_IO);
    assert_int_equal(read_in("loop", 10), MESH_ERR_IO);
    assert_int_equal(read_at("/dev/zero", 10), MESH_ERR_IO);
    assert_int_equal(read_at("/dev/null", 10), MESH_ERR_IO);
    assert_int_equal(read_at("", 10), MESH_ERR_IO);
}

static void a_file_may_be_as_large_as_allowed(void **state)
{
    (void)state;
    ground_write("ten", "0123456789");
    ground_write("none", "");
    assert_int_equal(read_in("ten", 10), 0);
    assert_int_equal(read_in("ten", 11), 0);
    assert_int_equal(read_in("ten", 9), MESH_ERR_TOO_LARGE);
    assert_int_equal(read_in("ten", 0), MESH_ERR_TOO_LARGE);
    assert_int_equal(read_in("none", 0), 0);
}

static void a_file_that_may_not_be_read_is_an_error(void **state)
{
    char path[GROUND_PATH];

    (void)state;
    ground_write("shut", "x");
    assert_int_equal(chmod(ground_path(path, "shut"), 0), 0);
    if (geteuid() == 0)
        skip(); /* nothing is shut to root */
    assert_int_equal(read_in("shut", 10), MESH_ERR_IO);
}

static void what_is_written_appears_whole(void **state)
{
    char path[GROUND_PATH];
    char *data;
    size_t size;

    (void)state;
    ground_directory("w");
    ground_path(path, "w/key");
    assert_int_equal(mesh__file_write(path, "first", 5, 0600), 0);
    assert_int_equal(mesh__file_write(path, "a\0b", 3, 0640), 0);
    assert_int_equal(ground_mode("w/key"), 0640);
    assert_int_equal(ground_entries("w"), 1); /* nothing temporary stays */
    assert_int_equal(mesh__file_read(path, 10, &data, &size), 0);
    assert_int_equal(size, 3);
    assert_memory_equal(data, "a\0b", 3);
    mesh__free_secret(data, size);
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    char path[GROUND_PATH];
    char long_path[5000];

    (void)state;
    ground_directory("in-the-way");
    assert_int_equal(
        mesh__file_write(ground_path(path, "in-the-way"), "x", 1, 0600),
        MESH_ERR_IO);
    assert_int_equal(
        mesh__file_write(ground_path(path, "missing/file"), "x", 1, 0600),
        MESH_ERR_IO);
    memset(long_path, 'a', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    assert_int_equal(mesh__file_write(long_path, "x", 1, 0600), MESH_ERR_IO);
    assert_int_equal(ground_entries("."), 1);
    mesh__error_clear();
}

/* --- policy --- */

struct seen {
    size_t documents;
    size_t errors;
    struct mesh_fingerprint print;
};

static int read_policy(const char *name,
                       const struct mesh_policy_limits *limits,
                       struct seen *seen)
{
    struct mesh_diagnostics diagnostics;
    struct mesh_collection *collection;
    char path[GROUND_PATH];
    int rc;

    mesh__diagnostics_init(&diagnostics);
    rc = mesh__policy_read(ground_path(path, name), limits, NULL, &collection,
                           &diagnostics, &seen->print);
    assert_true((rc == 0) == (collection != NULL));
    seen->documents = diagnostics.documents;
    seen->errors = diagnostics.by_severity[MESH__ERROR];
    mesh__collection_unref(collection);
    mesh__diagnostics_fini(&diagnostics);
    mesh__error_clear();
    return rc;
}

static size_t documents(const char *name)
{
    struct seen seen;

    assert_int_equal(read_policy(name, &mesh__policy_limits, &seen), 0);
    return seen.documents;
}

static int refused(const char *name)
{
    struct seen seen;

    return read_policy(name, &mesh__policy_limits, &seen);
}

static void a_directory_is_its_visible_yaml_and_json(void **state)
{
    (void)state;
    ground_directory("p");
    ground_directory("p/below.yaml");
    ground_write("p/below.yaml/c.yaml", two);
    ground_write("p/a.yaml", one);
    ground_write("p/.b.yaml", two);
    ground_write("p/a.yaml~", two);
    ground_write("p/README", "neither");
    assert_int_equal(documents("p"), 1);
    ground_write("p/b.yml", two);
    assert_int_equal(documents("p"), 2);
    ground_write("p/c.json", "{\"apiVersion\": \"v1\", \"kind\": \"Service\", "
                             "\"metadata\": {\"name\": \"c\", \"namespace\": "
                             "\"demo\"}, \"spec\": {\"ports\": [{\"port\": "
                             "80}]}}");
    assert_int_equal(documents("p"), 3);
    assert_int_equal(documents("p/a.yaml"), 1);
    assert_int_equal(documents("p/README"), 1); /* a file is what it is */
}

static void nothing_there_is_no_policy(void **state)
{
    (void)state;
    ground_directory("empty");
    assert_int_equal(refused("empty"), MESH_ERR_NO_POLICY);
    assert_int_equal(refused("missing"), MESH_ERR_NO_POLICY);
    ground_write("empty/.hidden.yaml", one);
    assert_int_equal(refused("empty"), MESH_ERR_NO_POLICY);
}

static void what_is_no_file_among_them_fails_all(void **state)
{
    char path[GROUND_PATH];

    (void)state;
    ground_directory("p");
    ground_write("p/a.yaml", one);
    assert_int_equal(mkfifo(ground_path(path, "p/b.yaml"), 0600), 0);
    assert_int_equal(refused("p"), MESH_ERR_IO);
    ground_remove("p/b.yaml");
    ground_link("nowhere", "p/b.yaml");
    assert_int_equal(refused("p"), MESH_ERR_IO);
    ground_remove("p/b.yaml");
    assert_int_equal(documents("p"), 1);
    assert_int_equal(refused("p/a.yaml/x"), MESH_ERR_IO);
}

static void one_file_and_all_of_them_have_ceilings(void **state)
{
    struct mesh_policy_limits limits = mesh__policy_limits;
    struct seen seen;

    (void)state;
    ground_directory("p");
    ground_write("p/a.yaml", one);
    ground_write("p/b.yaml", two);
    limits.file_bytes = sizeof(one) - 1;
    assert_int_equal(read_policy("p", &limits, &seen), 0);
    limits.file_bytes--;
    assert_int_equal(read_policy("p", &limits, &seen), MESH_ERR_TOO_LARGE);
    limits = mesh__policy_limits;
    limits.total_bytes = 2 * sizeof(one) - 2;
    assert_int_equal(read_policy("p", &limits, &seen), 0);
    limits.total_bytes--;
    assert_int_equal(read_policy("p", &limits, &seen), MESH_ERR_TOO_LARGE);
}

static void a_truncated_file_is_a_finding(void **state)
{
    struct seen seen;

    (void)state;
    ground_write("cut.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name:");
    assert_int_equal(read_policy("cut.yaml", &mesh__policy_limits, &seen), 0);
    assert_true(seen.errors > 0);
}

static bool same(const struct mesh_fingerprint *a,
                 const struct mesh_fingerprint *b)
{
    return !memcmp(a, b, sizeof(*a));
}

static struct mesh_fingerprint print_of(const char *name)
{
    struct mesh_fingerprint print;
    char path[GROUND_PATH];

    assert_int_equal(mesh__policy_fingerprint(ground_path(path, name),
                                              &mesh__policy_limits, &print),
                     0);
    return print;
}

static void a_fingerprint_is_of_names_and_contents(void **state)
{
    struct mesh_fingerprint first;
    struct mesh_fingerprint now;
    struct seen seen;

    (void)state;
    ground_directory("p");
    ground_write("p/a.yaml", one);
    first = print_of("p");
    assert_int_equal(read_policy("p", &mesh__policy_limits, &seen), 0);
    assert_true(same(&first, &seen.print));
    ground_write("p/a.yaml", one); /* rewritten with the same */
    ground_write("p/.swp", one);
    now = print_of("p");
    assert_true(same(&first, &now));
    ground_write("p/a.yaml", two);
    now = print_of("p");
    assert_false(same(&first, &now));
    ground_write("p/a.yaml", one);
    ground_move("p/a.yaml", "p/b.yaml");
    now = print_of("p");
    assert_false(same(&first, &now));
    ground_move("p/b.yaml", "p/a.yaml");
    ground_write("p/b.yaml", "");
    now = print_of("p");
    assert_false(same(&first, &now));
}

/*
 * As kubelet lays a ConfigMap out, and how it swaps one: names that point
 * through ..data, which is replaced in one rename.
 */
static void a_kubelet_swap_is_seen_when_it_is_done(void **state)
{
    struct mesh_fingerprint first;
    struct mesh_fingerprint now;

    (void)state;
    ground_directory("p");
    ground_directory("p/..2026_01");
    ground_write("p/..2026_01/a.yaml", one);
    ground_link("..2026_01", "p/..data");
    ground_link("..data/a.yaml", "p/a.yaml");
    assert_int_equal(documents("p"), 1);
    first = print_of("p");

    ground_directory("p/..2026_02"); /* the new version, beside the old */
    ground_write("p/..2026_02/a.yaml", two);
    ground_write("p/..2026_02/b.yaml", one);
    now = print_of("p");
    assert_true(same(&first, &now));
    ground_link("..2026_02", "p/..data_tmp");
    now = print_of("p");
    assert_true(same(&first, &now));
    ground_move("p/..data_tmp", "p/..data"); /* the swap */
    now = print_of("p");
    assert_false(same(&first, &now));
    assert_int_equal(documents("p"), 1);
    ground_link("..data/b.yaml", "p/b.yaml"); /* then the new names */
    assert_int_equal(documents("p"), 2);
    ground_remove("p/..2026_01/a.yaml"); /* then the old version goes */
    ground_remove("p/..2026_01");
    assert_int_equal(documents("p"), 2);
}

static int count_name(void *user, const char *name, struct mesh_slice text)
{
    size_t *left = user;

    assert_true(name[0] != '\0' && text.len > 0);
    return --*left ? 0 : MESH_ERR_CANCELLED;
}

static void each_file_is_handed_out_until_one_fails(void **state)
{
    char path[GROUND_PATH];
    size_t left = 5;

    (void)state;
    ground_directory("p");
    ground_write("p/a.yaml", one);
    ground_write("p/b.yaml", two);
    assert_int_equal(mesh__policy_each(ground_path(path, "p"),
                                       &mesh__policy_limits, count_name, &left),
                     0);
    assert_int_equal(left, 3);
    left = 1;
    assert_int_equal(
        mesh__policy_each(path, &mesh__policy_limits, count_name, &left),
        MESH_ERR_CANCELLED);
}

/* --- identity --- */

enum { MUCH_LATER_S = 2000000000 };

static int read_identity(const char *name, struct mesh_fingerprint *print)
{
    struct mesh_credential *credential;
    struct mesh_bundle *bundle;
    char path[GROUND_PATH];
    int rc = mesh__identity_read(ground_path(path, name), MUCH_LATER_S,
                                 &credential, &bundle, print);

    assert_true((rc == 0) == (credential != NULL));
    assert_true((rc == 0) == (bundle != NULL));
    mesh__credential_unref(credential);
    mesh__bundle_unref(bundle);
    mesh__error_clear();
    return rc;
}

/* Time does not matter but to what is told: an expired one is CERTIFICATE. */
static void an_identity_is_three_files_that_belong_together(void **state)
{
    struct mesh_fingerprint first;
    struct mesh_fingerprint now;
    char path[GROUND_PATH];

    (void)state;
    ground_issue("a", "a");
    ground_issue("b", "b");
    assert_int_equal(mesh__identity_fingerprint(ground_path(path, "a"), &first),
                     0);
    assert_int_equal(mesh__identity_fingerprint(ground_path(path, "b"), &now),
                     0);
    assert_false(same(&first, &now));
    ground_move("b/key.pem", "a/key.pem");
    assert_int_equal(read_identity("a", &now), MESH_ERR_CERTIFICATE);
    assert_false(same(&first, &now));
    assert_int_equal(read_identity("b", &now), MESH_ERR_IO);
    ground_write("b/key.pem", "");
    assert_int_equal(read_identity("b", &now), MESH_ERR_CERTIFICATE);
    ground_write("b/root-cert.pem", "nothing");
    assert_int_equal(read_identity("b", &now), MESH_ERR_CERTIFICATE);
    assert_int_equal(read_identity("missing", &now), MESH_ERR_IO);
}

#define ON_GROUND(test)                                                        \
    cmocka_unit_test_setup_teardown(test, ground_open, ground_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_GROUND(what_is_no_file_is_an_error),
        ON_GROUND(a_file_may_be_as_large_as_allowed),
        ON_GROUND(a_file_that_may_not_be_read_is_an_error),
        ON_GROUND(what_is_written_appears_whole),
        ON_GROUND(what_cannot_be_written_leaves_nothing),
        ON_GROUND(a_directory_is_its_visible_yaml_and_json),
        ON_GROUND(nothing_there_is_no_policy),
        ON_GROUND(what_is_no_file_among_them_fails_all),
        ON_GROUND(one_file_and_all_of_them_have_ceilings),
        ON_GROUND(a_truncated_file_is_a_finding),
        ON_GROUND(a_fingerprint_is_of_names_and_contents),
        ON_GROUND(a_kubelet_swap_is_seen_when_it_is_done),
        ON_GROUND(each_file_is_handed_out_until_one_fails),
        ON_GROUND(an_identity_is_three_files_that_belong_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
