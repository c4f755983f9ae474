/*
 * test_swap.c - a directory is swapped, again and again, while it is read: no
 * reading has some files of one version and some of the other.
 *
 * MESH_TEST_READINGS sets another number.
 */
#include "base/error.h"
#include "source/files.h"

#include <mesh/mesh.h>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 6, PATH_MOST = 512 };

static char folder[PATH_MOST / 2];
static atomic_int stopping;
static int checks;
static int failed;

static void check(int good, const char *claim, long long found)
{
    checks++;
    failed += !good;
    printf("%s: %s (%lld)\n", good ? "ok" : "FAILED", claim, found);
}

static void must(int good, const char *what)
{
    if (good)
        return;
    printf("%s\n1 checks, 1 failed\n", what);
    exit(1);
}

static const char *at(char path[PATH_MOST], const char *format, int a, int b)
{
    char name[64];

    (void)snprintf(name, sizeof(name), format, a, b);
    must(snprintf(path, PATH_MOST, "%s/%s", folder, name) < PATH_MOST, "path");
    return path;
}

/* Every resource of a version says which one it is of. */
static void lay_out(void)
{
    char path[PATH_MOST];
    char target[PATH_MOST];

    for (int version = 1; version <= 2; version++) {
        must(mkdir(at(path, "..v%d", version, 0), 0700) == 0, "mkdir");
        for (int i = 0; i < FILES; i++) {
            FILE *file = fopen(at(path, "..v%d/f%d.yaml", version, i), "we");

            must(file != NULL, "fopen");
            fprintf(file,
                    "apiVersion: v1\nkind: Namespace\n"
                    "metadata: {name: n%d, labels: {version: v%d}}\n",
                    i, version);
            must(fclose(file) == 0, "fclose");
        }
    }
    must(symlink("..v1", at(path, "..data", 0, 0)) == 0, "symlink");
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(target, sizeof(target), "..data/f%d.yaml", i);
        must(symlink(target, at(path, "f%d.yaml", i, 0)) == 0, "symlink");
    }
}

/*
 * Nothing comes back as it was: whoever swaps directories fills a new one each
 * time. Here the two take turns, and their files get a date of their own.
 */
static void renew(int version, long count)
{
    const struct timespec dates[2] = { { count, 0 }, { count, 0 } };
    char path[PATH_MOST];

    for (int i = 0; i < FILES; i++)
        must(utimensat(AT_FDCWD, at(path, "..v%d/f%d.yaml", version, i), dates,
                       0) == 0,
             "utimensat");
}

static void *swap(void *user)
{
    char link_path[PATH_MOST];
    char next[PATH_MOST];
    int version = 1;
    long count = 0;

    (void)user;
    at(link_path, "..data", 0, 0);
    at(next, "..data_tmp", 0, 0);
    while (!atomic_load(&stopping)) {
        version = 3 - version;
        renew(version, ++count);
        must(symlink(version == 1 ? "..v1" : "..v2", next) == 0, "symlink");
        must(rename(next, link_path) == 0, "rename");
        sched_yield();
    }
    return NULL;
}

static struct mesh_slice version_of(const struct mesh_resource *resource)
{
    const struct mesh_slice *version =
        mesh__labels_get(&resource->labels, MESH__SLICE("version"));

    return version ? *version : MESH__SLICE("");
}

struct tally {
    long read;
    long given_up; /* it never stood still */
    long mixed;
    long of_second;
};

static void take(struct tally *tally, const struct mesh_collection *collection)
{
    struct mesh_slice first = version_of(&collection->resources[0]);

    tally->read++;
    tally->of_second += mesh__slice_is(first, "v2");
    for (size_t i = 0; i < collection->count; i++)
        if (collection->count != FILES ||
            !mesh__slice_equal(version_of(&collection->resources[i]), first)) {
            tally->mixed++;
            return;
        }
}

/* As a keeper does it, each after the last. */
static void read_all(long readings, struct tally *tally)
{
    struct mesh_collection *last = NULL;

    for (long i = 0; i < readings; i++) {
        struct mesh_collection *collection;
        struct mesh_diagnostics diagnostics;
        struct mesh_fingerprint print;
        int rc;

        mesh__diagnostics_init(&diagnostics);
        rc = mesh__policy_read(folder, &mesh__policy_limits, last, &collection,
                               &diagnostics, &print);
        mesh__diagnostics_fini(&diagnostics);
        mesh__error_clear();
        if (rc < 0) {
            tally->given_up++;
            continue;
        }
        take(tally, collection);
        mesh__collection_unref(last);
        last = collection;
    }
    mesh__collection_unref(last);
}

static void remove_all(void)
{
    char path[PATH_MOST];

    for (int i = 0; i < FILES; i++) {
        (void)unlink(at(path, "f%d.yaml", i, 0));
        for (int version = 1; version <= 2; version++)
            (void)unlink(at(path, "..v%d/f%d.yaml", version, i));
    }
    (void)unlink(at(path, "..data", 0, 0));
    (void)unlink(at(path, "..data_tmp", 0, 0));
    (void)rmdir(at(path, "..v%d", 1, 0));
    (void)rmdir(at(path, "..v%d", 2, 0));
    (void)rmdir(folder);
}

int main(void)
{
    const char *top = getenv("TMPDIR");
    const char *set = getenv("MESH_TEST_READINGS");
    struct tally tally = { 0 };
    pthread_t thread;

    (void)snprintf(folder, sizeof(folder), "%.200s/mesh-swap-XXXXXX",
                   top ? top : "/tmp");
    must(mkdtemp(folder) != NULL, "mkdtemp");
    lay_out();
    must(pthread_create(&thread, NULL, swap, NULL) == 0, "thread");
    read_all(set ? strtol(set, NULL, 10) : 5000, &tally);
    atomic_store(&stopping, 1);
    (void)pthread_join(thread, NULL);
    remove_all();
    check(tally.mixed == 0, "no reading mixes two versions", tally.mixed);
    check(tally.read > 0, "some readings found it still", tally.read);
    printf("%ld gave up, %ld were of the second version\n", tally.given_up,
           tally.of_second);
    printf("%d checks, %d failed\n", checks, failed);
    return failed > 0;
}
