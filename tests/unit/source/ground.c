/*
 * ground.c - a directory of a test's own, and what lies in it.
 */
#include "ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[GROUND_PATH / 2];

int ground_open(void **state)
{
    const char *where = getenv("TMPDIR");

    (void)state;
    (void)snprintf(top, sizeof(top), "%.200s/mesh-XXXXXX",
                   where ? where : "/tmp");
    return mkdtemp(top) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int type,
                      struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

int ground_close(void **state)
{
    (void)state;
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *ground_path(char out[GROUND_PATH], const char *name)
{
    assert_true(snprintf(out, GROUND_PATH, "%s/%s", top, name) < GROUND_PATH);
    return out;
}

void ground_directory(const char *name)
{
    char path[GROUND_PATH];

    assert_int_equal(mkdir(ground_path(path, name), 0700), 0);
}

void ground_write(const char *name, const char *text)
{
    char path[GROUND_PATH];
    FILE *file = fopen(ground_path(path, name), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void ground_link(const char *target, const char *name)
{
    char path[GROUND_PATH];

    assert_int_equal(symlink(target, ground_path(path, name)), 0);
}

void ground_move(const char *from, const char *to)
{
    char old[GROUND_PATH];
    char new[GROUND_PATH];

    assert_int_equal(rename(ground_path(old, from), ground_path(new, to)), 0);
}

void ground_remove(const char *name)
{
    char path[GROUND_PATH];

    assert_int_equal(remove(ground_path(path, name)), 0);
}

unsigned ground_mode(const char *name)
{
    char path[GROUND_PATH];
    struct stat info;

    assert_int_equal(stat(ground_path(path, name), &info), 0);
    return (unsigned)info.st_mode & 07777U;
}

size_t ground_entries(const char *name)
{
    char path[GROUND_PATH];
    DIR *directory = opendir(ground_path(path, name));
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)))
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    (void)closedir(directory);
    return count;
}

void ground_issue(const char *account, const char *out)
{
    char ca[GROUND_PATH];
    char path[GROUND_PATH];
    int rc = mesh_ca_init(ground_path(ca, "ca"), "cluster.local", NULL);

    assert_true(rc == 0 || rc == MESH_ERR_STATE);
    assert_int_equal(
        mesh_ca_issue(ca, "demo", account, 3600, ground_path(path, out), NULL),
        0);
}

mesh_config *ground_config(const char *policy, const char *identity)
{
    mesh_config *config = mesh_config_new();
    char path[GROUND_PATH];
    int rc = config ? 0 : MESH_ERR_NOMEM;

    if (rc == 0)
        rc = mesh_config_set_environment(config, 0);
    if (rc == 0 && policy)
        rc = mesh_config_set_policy(config, ground_path(path, policy));
    if (rc == 0 && identity)
        rc = mesh_config_set_identity(config, ground_path(path, identity));
    if (rc == 0 && !identity)
        rc = mesh_config_set_offline(config, 1);
    if (rc == 0)
        return config;
    mesh_config_free(config);
    return NULL;
}
