/*
 * outside.c - the files of a DestinationRule's tls, and the system's roots.
 *
 * Knows where systems keep their roots, and when files changed. Declines to
 * know who is judged by them.
 */
#include "source/outside.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "net/port_kernel.h"
#include "source/files.h"
#include "value/duration.h"

#include <sys/stat.h>

/* In the order of Istio's agent (pkg/security). */
static const char *const system_roots[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

static const char *roots_of(const struct mesh_outside_files *files)
{
    struct stat about;

    if (files->roots[0])
        return files->roots;
    for (size_t i = 0; i < sizeof(system_roots) / sizeof(*system_roots); i++)
        if (stat(system_roots[i], &about) == 0)
            return system_roots[i];
    return system_roots[0]; /* its absence is told by its name */
}

/* --- when they changed --- */

static uint64_t look_at(uint64_t print, const char *path)
{
    struct stat about;
    int64_t seen[4] = { 0 };

    if (path[0] && stat(path, &about) == 0) {
        seen[0] = (int64_t)about.st_ino;
        seen[1] = (int64_t)about.st_size;
        seen[2] = (int64_t)about.st_mtim.tv_sec;
        seen[3] = (int64_t)about.st_mtim.tv_nsec;
    }
    return mesh__hash(print, seen, sizeof(seen));
}

static uint64_t print_of(const struct mesh_outside_files *files,
                         const char *roots)
{
    uint64_t print = look_at(0, roots);

    print = look_at(print, files->chain);
    print = look_at(print, files->key);
    return print ? print : 1;
}

/* --- read --- */

static int read_roots(const char *path, struct mesh_chain **out)
{
    char *data;
    size_t size;
    int rc = mesh__file_read(path, MESH__PEM_MAX, &data, &size);

    if (rc < 0)
        return rc;
    rc = mesh__chain_parse_pem(path, mesh__slice(data, size), MESH__ROOTS_MAX,
                               out);
    mesh__free_secret(data, size);
    return rc;
}

static int read_credential(const struct mesh_outside_files *files,
                           struct mesh_credential **out)
{
    char *chain;
    char *key;
    size_t chain_size;
    size_t key_size;
    int rc = mesh__file_read(files->chain, MESH__PEM_MAX, &chain, &chain_size);

    if (rc < 0)
        return rc;
    rc = mesh__file_read(files->key, MESH__PEM_MAX, &key, &key_size);
    if (rc == 0) {
        rc = mesh__outside_credential(
            files->chain, mesh__slice(chain, chain_size), files->key,
            mesh__slice(key, key_size),
            mesh__kernel_wall_ns() / (int64_t)MESH__S, out);
        mesh__free_secret(key, key_size);
    }
    mesh__free_secret(chain, chain_size);
    return rc;
}

int mesh__outside_read(void *user, const struct mesh_outside_files *files,
                       uint64_t *print, struct mesh_outside **out)
{
    const char *path = files->blind ? "" : roots_of(files);
    struct mesh_credential *credential = NULL;
    struct mesh_chain *roots = NULL;
    uint64_t now = print_of(files, path);
    int rc = 0;

    (void)user;
    *out = NULL;
    if (now == *print)
        return 1;
    if (!files->blind)
        rc = read_roots(path, &roots);
    if (rc == 0 && files->chain[0])
        rc = read_credential(files, &credential);
    if (rc == 0)
        rc = mesh__outside_new(roots, credential, files->blind, out);
    if (rc == 0)
        *print = now;
    mesh__chain_unref(roots);
    mesh__credential_unref(credential);
    return rc;
}
