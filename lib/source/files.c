/*
 * files.c - reading policy and identity from files, whole or not at all.
 *
 * Knows directories, names and when they stood still. Declines to know what
 * the resources mean.
 */
#include "source/files.h"

#include "base/alloc.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, FIRST_READ = 4 * 1024 };

/* --- one file --- */

static int open_error(int errnum, const char *path)
{
    int code = errnum == EMFILE || errnum == ENFILE ? MESH_ERR_FILES
               : errnum == ENOMEM                   ? MESH_ERR_NOMEM
                                                    : MESH_ERR_IO;

    return mesh__fail_errno(code, errnum, "%s", path);
}

static int open_regular(const char *path, struct stat *info)
{
    /* O_NONBLOCK: opening a FIFO must not wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return open_error(errno, path);
    if (fstat(fd, info) < 0) {
        int errnum = errno;

        (void)close(fd);
        return open_error(errnum, path);
    }
    if (!S_ISREG(info->st_mode)) {
        (void)close(fd);
        return mesh__fail(MESH_ERR_IO, "%s: a regular file was expected", path);
    }
    return fd;
}

struct reading {
    char *data;
    size_t len;
    size_t capacity;
    size_t likely; /* its size when it was opened; it may lie */
};

/* A larger place, the old one wiped: keys pass through here. */
static int grow(struct reading *reading, size_t max)
{
    size_t capacity = reading->capacity ? reading->capacity * 2
                                        : reading->likely + FIRST_READ;
    char *data;

    if (capacity > max + 1)
        capacity = max + 1;
    data = mesh__malloc(capacity + 1);
    if (!data)
        return mesh__fail(MESH_ERR_NOMEM, "a file of %zu bytes", capacity);
    if (reading->len)
        memcpy(data, reading->data, reading->len);
    mesh__free_secret(reading->data, reading->capacity);
    reading->data = data;
    reading->capacity = capacity;
    return 0;
}

static int read_all(int fd, const char *path, size_t max,
                    struct reading *reading)
{
    for (;;) {
        ssize_t got;
        int rc = 0;

        if (reading->len > max)
            return mesh__fail(MESH_ERR_TOO_LARGE, "%s: larger than %zu bytes",
                              path, max);
        if (reading->len == reading->capacity)
            rc = grow(reading, max);
        if (rc < 0)
            return rc;
        got = read(fd, reading->data + reading->len,
                   reading->capacity - reading->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return open_error(errno, path);
        if (got == 0)
            return 0;
        reading->len += (size_t)got;
    }
}

int mesh__file_read(const char *path, size_t max, char **out, size_t *size)
{
    struct reading reading = { 0 };
    struct stat info;
    int fd = open_regular(path, &info);
    int rc;

    *out = NULL;
    *size = 0;
    if (fd < 0)
        return fd;
    if (info.st_size > 0 && (uintmax_t)info.st_size < max)
        reading.likely = (size_t)info.st_size;
    rc = read_all(fd, path, max, &reading);
    (void)close(fd);
    if (rc < 0) {
        mesh__free_secret(reading.data, reading.capacity);
        return rc;
    }
    reading.data[reading.len] = '\0';
    *out = reading.data;
    *size = reading.len;
    return 0;
}

int mesh__file_write(const char *path, const void *data, size_t size,
                     unsigned mode)
{
    char temporary[PATH_BYTES];
    const char *bytes = data;
    int errnum = 0;
    int fd;

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
        sizeof(temporary))
        return mesh__fail(MESH_ERR_IO, "%s: the name is too long", path);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return open_error(errno, path);
    while (size && !errnum) {
        ssize_t put = write(fd, bytes, size);

        if (put < 0 && errno != EINTR)
            errnum = errno;
        else if (put > 0) {
            bytes += put;
            size -= (size_t)put;
        }
    }
    if (!errnum && (fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0))
        errnum = errno;
    if (close(fd) < 0 && !errnum)
        errnum = errno;
    if (!errnum && rename(temporary, path) < 0)
        errnum = errno;
    if (!errnum)
        return 0;
    (void)unlink(temporary);
    return open_error(errnum, path);
}

/* --- the names in a directory --- */

struct names {
    char **items; /* full paths, sorted, owned */
    size_t count;
    size_t capacity;
};

static void names_fini(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mesh__free(names->items[i]);
    mesh__free(names->items);
    *names = (struct names){ 0 };
}

static int add_name(struct names *names, const char *path)
{
    int rc = mesh__grow(&names->items, &names->capacity, names->count,
                        MESH__SOURCE_FILES, sizeof(*names->items));

    if (rc < 0)
        return rc;
    names->items[names->count] = mesh__strdup(path);
    if (!names->items[names->count])
        return mesh__fail(MESH_ERR_NOMEM, "a file name");
    names->count++;
    return 0;
}

static bool is_policy_name(const char *name)
{
    static const char *const ends[] = { ".yaml", ".yml", ".json" };
    struct mesh_slice text = mesh__slice_of(name);

    if (name[0] == '.')
        return false;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (mesh__slice_ends(text, mesh__slice_of(ends[i])))
            return true;
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_directory(DIR *directory, const char *path, struct names *names)
{
    char full[PATH_BYTES];
    struct dirent *entry;
    struct stat info;
    int rc;

    while ((errno = 0, entry = readdir(directory))) {
        if (!is_policy_name(entry->d_name))
            continue;
        if ((size_t)snprintf(full, sizeof(full), "%s/%s", path,
                             entry->d_name) >= sizeof(full))
            return mesh__fail(MESH_ERR_IO, "%s: the name is too long", path);
        if (stat(full, &info) == 0 && S_ISDIR(info.st_mode))
            continue;
        rc = add_name(names, full);
        if (rc < 0)
            return rc;
    }
    return errno ? open_error(errno, path) : 0;
}

/* The policy files at path, in order of name. */
static int list_names(const char *path, struct names *names)
{
    struct stat info;
    DIR *directory;
    int rc;

    if (stat(path, &info) < 0)
        return errno == ENOENT
                   ? mesh__fail_errno(MESH_ERR_NO_POLICY, errno, "%s", path)
                   : open_error(errno, path);
    if (!S_ISDIR(info.st_mode))
        return add_name(names, path);
    directory = opendir(path);
    if (!directory)
        return open_error(errno, path);
    rc = list_directory(directory, path, names);
    (void)closedir(directory);
    if (rc == 0 && names->count == 0)
        rc = mesh__fail(MESH_ERR_NO_POLICY,
                        "%s: no .yaml, .yml or .json file in it", path);
    if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), compare_names);
    return rc;
}

/* --- did it stand still while it was read? --- */

/* What changes when any of the files is replaced, without reading them. */
static int look(const struct names *names, uint8_t out[MESH__DIGEST])
{
    uint64_t hash = 0;
    uint64_t words[5];

    for (size_t i = 0; i < names->count; i++) {
        struct stat info;

        if (stat(names->items[i], &info) < 0)
            info = (struct stat){ 0 };
        words[0] = (uint64_t)info.st_ino;
        words[1] = (uint64_t)info.st_size;
        words[2] = (uint64_t)info.st_mtim.tv_sec;
        words[3] = (uint64_t)info.st_mtim.tv_nsec;
        words[4] = (uint64_t)info.st_ctim.tv_nsec;
        for (size_t j = 0; j < 5; j++)
            hash = (hash ^ words[j]) * UINT64_C(0x9e3779b97f4a7c15) + j;
        for (const char *c = names->items[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    }
    return mesh__sha256(&hash, sizeof(hash), out);
}

/*
 * What was read, chained: names and contents. Not against somebody who can
 * write policies: he need not forge any.
 */
static void fold_policy(struct mesh_digest *all, const char *name,
                        struct mesh_slice text)
{
    *all = mesh__digest_fold(*all, mesh__digest(name, strlen(name)));
    *all = mesh__digest_fold(*all, mesh__digest(text.at, text.len));
}

/* Chained digests: of what came before, a name, and a content. */
static int fold(struct mesh_fingerprint *print, const char *name,
                struct mesh_slice text)
{
    uint8_t parts[3 * MESH__DIGEST];
    int rc = mesh__sha256(name, strlen(name), parts + MESH__DIGEST);

    memcpy(parts, print->digest, MESH__DIGEST);
    if (rc == 0)
        rc = mesh__sha256(text.at, text.len, parts + 2 * MESH__DIGEST);
    if (rc == 0)
        rc = mesh__sha256(parts, sizeof(parts), print->digest);
    return rc;
}

/* --- walking the files --- */

struct walk {
    const struct mesh_policy_limits *limits;
    int (*each)(void *user, const char *name, struct mesh_slice text);
    void *user;
    struct mesh_digest all;
};

static struct mesh_fingerprint print_of(const struct walk *walk)
{
    struct mesh_fingerprint print = { { 0 } };

    memcpy(print.digest, &walk->all, sizeof(walk->all));
    return print;
}

static int walk_file(struct walk *walk, const char *path, size_t *left)
{
    size_t max =
        walk->limits->file_bytes < *left ? walk->limits->file_bytes : *left;
    struct mesh_slice text;
    char *data;
    int rc = mesh__file_read(path, max, &data, &text.len);

    if (rc < 0)
        return rc;
    text.at = data;
    *left -= text.len;
    fold_policy(&walk->all, path, text);
    if (walk->each)
        rc = walk->each(walk->user, path, text);
    mesh__free(data); /* no secrets */
    return rc;
}

static int walk_names(struct walk *walk, const struct names *names)
{
    size_t left = walk->limits->total_bytes;
    int rc = 0;

    walk->all = (struct mesh_digest){ { 0 } };
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        rc = walk_file(walk, names->items[i], &left);
    return rc;
}

/* List, read, list and look again; *still says whether nothing moved. */
static int walk_once(struct walk *walk, const char *path, bool *still)
{
    uint8_t before[MESH__DIGEST];
    uint8_t after[MESH__DIGEST];
    struct names names = { 0 };
    struct names again = { 0 };
    int rc = list_names(path, &names);

    if (rc == 0)
        rc = look(&names, before);
    if (rc == 0)
        rc = walk_names(walk, &names);
    if (rc == 0)
        rc = list_names(path, &again);
    if (rc == 0)
        rc = look(&again, after);
    *still = rc == 0 && !memcmp(before, after, sizeof(before));
    names_fini(&names);
    names_fini(&again);
    return rc;
}

/* --- policy --- */

struct gather {
    struct mesh_collection *previous;
    struct mesh_collection *collection;
    struct mesh_diagnostics *diagnostics;
    struct mesh_policy_limits left;
};

static int gather_file(void *user, const char *name, struct mesh_slice text)
{
    struct gather *gather = user;

    return mesh__collection_add(gather->collection, name, text, &gather->left,
                                gather->diagnostics);
}

static int gather_once(const char *path,
                       const struct mesh_policy_limits *limits,
                       struct gather *gather, struct mesh_fingerprint *print,
                       bool *still)
{
    struct walk walk = { limits, gather_file, gather, { { 0 } } };
    int rc = mesh__collection_new_after(gather->previous, &gather->collection);

    *still = false;
    if (rc < 0)
        return rc;
    gather->left = *limits;
    rc = walk_once(&walk, path, still);
    if (rc == 0)
        rc = mesh__collection_seal(gather->collection);
    if (rc < 0) {
        mesh__collection_unref(gather->collection);
        gather->collection = NULL;
        return rc;
    }
    *print = print_of(&walk);
    return 0;
}

int mesh__policy_read(const char *path, const struct mesh_policy_limits *limits,
                      struct mesh_collection *previous,
                      struct mesh_collection **out,
                      struct mesh_diagnostics *diagnostics,
                      struct mesh_fingerprint *print)
{
    struct gather gather = { .previous = previous, .diagnostics = diagnostics };
    bool still = false;
    int rc = 0;

    *out = NULL;
    for (int tries = 0; rc == 0 && !still && tries < MESH__SOURCE_TRIES;
         tries++) {
        mesh__collection_unref(gather.collection);
        mesh__diagnostics_fini(diagnostics);
        mesh__diagnostics_init(diagnostics);
        rc = gather_once(path, limits, &gather, print, &still);
    }
    if (rc < 0)
        return rc;
    if (!still) {
        mesh__collection_unref(gather.collection);
        return mesh__fail(MESH_ERR_IO, "%s: changed again and again while read",
                          path);
    }
    *out = gather.collection;
    return 0;
}

int mesh__policy_each(const char *path, const struct mesh_policy_limits *limits,
                      int (*each)(void *user, const char *name,
                                  struct mesh_slice text),
                      void *user)
{
    struct walk walk = { limits, each, user, { { 0 } } };
    struct names names = { 0 };
    int rc = list_names(path, &names);

    if (rc == 0)
        rc = walk_names(&walk, &names);
    names_fini(&names);
    return rc;
}

int mesh__policy_fingerprint(const char *path,
                             const struct mesh_policy_limits *limits,
                             struct mesh_fingerprint *print)
{
    struct walk walk = { limits, NULL, NULL, { { 0 } } };
    bool still;
    int rc = walk_once(&walk, path, &still);

    *print = print_of(&walk);
    return rc;
}

/* --- identity --- */

enum { CHAIN, KEY, ROOTS, IDENTITY_FILES };

static const char *const identity_names[IDENTITY_FILES] = { "cert-chain.pem",
                                                            "key.pem",
                                                            "root-cert.pem" };

struct identity_files {
    char path[IDENTITY_FILES][PATH_BYTES];
    char *data[IDENTITY_FILES];
    size_t size[IDENTITY_FILES];
};

static void identity_fini(struct identity_files *files)
{
    for (size_t i = 0; i < IDENTITY_FILES; i++)
        mesh__free_secret(files->data[i], files->size[i]);
}

static int identity_load_once(const char *directory,
                              struct identity_files *files,
                              struct mesh_fingerprint *print)
{
    int rc = 0;

    *print = (struct mesh_fingerprint){ 0 };
    for (size_t i = 0; rc == 0 && i < IDENTITY_FILES; i++) {
        if ((size_t)snprintf(files->path[i], PATH_BYTES, "%s/%s", directory,
                             identity_names[i]) >= PATH_BYTES)
            return mesh__fail(MESH_ERR_IO, "%s: the name is too long",
                              directory);
        rc = mesh__file_read(files->path[i], MESH__PEM_MAX, &files->data[i],
                             &files->size[i]);
        if (rc == 0)
            rc = fold(print, identity_names[i],
                      mesh__slice(files->data[i], files->size[i]));
    }
    return rc;
}

/* Read until two readings agree: the files of a rotation come one by one. */
static int identity_load(const char *directory, struct identity_files *files,
                         struct mesh_fingerprint *print)
{
    struct mesh_fingerprint before;
    int rc = identity_load_once(directory, files, &before);

    for (int tries = 0; rc == 0 && tries < MESH__SOURCE_TRIES; tries++) {
        identity_fini(files);
        *files = (struct identity_files){ 0 };
        rc = identity_load_once(directory, files, print);
        if (rc < 0 || !memcmp(&before, print, sizeof(before)))
            return rc;
        before = *print;
    }
    return rc < 0 ? rc
                  : mesh__fail(MESH_ERR_IO,
                               "%s: changed again and again while read",
                               directory);
}

static int identity_parse(const struct identity_files *files, int64_t now_s,
                          struct mesh_credential **credential,
                          struct mesh_bundle **bundle)
{
    char domain[MESH__TRUST_DOMAIN_MAX + 1];
    int rc = mesh__credential_parse(
        files->path[CHAIN], mesh__slice(files->data[CHAIN], files->size[CHAIN]),
        files->path[KEY], mesh__slice(files->data[KEY], files->size[KEY]),
        now_s, credential);

    if (rc < 0)
        return rc;
    (void)snprintf(domain, sizeof(domain), "%.*s",
                   (int)(*credential)->id.trust_domain.len,
                   (*credential)->id.trust_domain.at);
    rc = mesh__bundle_parse(files->path[ROOTS],
                            mesh__slice(files->data[ROOTS], files->size[ROOTS]),
                            domain, bundle);
    if (rc < 0) {
        mesh__credential_unref(*credential);
        *credential = NULL;
    }
    return rc;
}

int mesh__identity_read(const char *directory, int64_t now_s,
                        struct mesh_credential **credential,
                        struct mesh_bundle **bundle,
                        struct mesh_fingerprint *print)
{
    struct identity_files *files = mesh__calloc(1, sizeof(*files));
    int rc;

    *credential = NULL;
    *bundle = NULL;
    if (!files)
        return mesh__fail(MESH_ERR_NOMEM, "the identity's files");
    rc = identity_load(directory, files, print);
    if (rc == 0)
        rc = identity_parse(files, now_s, credential, bundle);
    identity_fini(files);
    mesh__free(files);
    return rc;
}

int mesh__identity_fingerprint(const char *directory,
                               struct mesh_fingerprint *print)
{
    struct identity_files *files = mesh__calloc(1, sizeof(*files));
    int rc;

    if (!files)
        return mesh__fail(MESH_ERR_NOMEM, "the identity's files");
    rc = identity_load(directory, files, print);
    identity_fini(files);
    mesh__free(files);
    return rc;
}
