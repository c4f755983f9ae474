/*
 * files.c - reading policy and identity from files, whole or not at all.
 *
 * Knows directories, names and when they stood still. Declines to know what
 * the resources mean.
 */
#include "source/files.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"

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

static int read_file(const char *path, size_t max, char **out, size_t *size,
                     struct stat *info)
{
    struct reading reading = { 0 };
    int fd = open_regular(path, info);
    int rc;

    *out = NULL;
    *size = 0;
    if (fd < 0)
        return fd;
    if (info->st_size > 0 && (uintmax_t)info->st_size < max)
        reading.likely = (size_t)info->st_size;
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

int mesh__file_read(const char *path, size_t max, char **out, size_t *size)
{
    struct stat info;

    return read_file(path, max, out, size, &info);
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

/* What changes when a file is replaced, without reading it. */
static uint64_t glance(uint64_t hash, const char *name, const struct stat *info)
{
    const uint64_t words[] = {
        (uint64_t)info->st_dev,          (uint64_t)info->st_ino,
        (uint64_t)info->st_size,         (uint64_t)info->st_mtim.tv_sec,
        (uint64_t)info->st_mtim.tv_nsec, (uint64_t)info->st_ctim.tv_sec,
        (uint64_t)info->st_ctim.tv_nsec,
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + i;
    return mesh__hash(hash, name, strlen(name));
}

/* The same of all that the names lead to now. */
static uint64_t look(const struct names *names)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < names->count; i++) {
        struct stat info;

        if (stat(names->items[i], &info) < 0)
            info = (struct stat){ 0 };
        hash = glance(hash, names->items[i], &info);
    }
    return hash;
}

/*
 * What was read, chained: names and contents. Not against somebody who can
 * write policies: he need not forge any.
 */
static struct mesh_digest fold_policy(struct mesh_digest all, const char *name,
                                      struct mesh_digest contents)
{
    all = mesh__digest_fold(all, mesh__digest(name, strlen(name)));
    return mesh__digest_fold(all, contents);
}

static struct mesh_fingerprint print_of(struct mesh_digest all)
{
    struct mesh_fingerprint print = { { 0 } };

    memcpy(print.digest, &all, sizeof(all));
    return print;
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
    struct mesh_digest all; /* where nobody else looks at the texts */
    uint64_t seen;          /* of what was really opened            */
};

static int walk_file(struct walk *walk, const char *path, size_t *left)
{
    size_t max =
        walk->limits->file_bytes < *left ? walk->limits->file_bytes : *left;
    struct mesh_slice text;
    struct stat info;
    char *data;
    int rc = read_file(path, max, &data, &text.len, &info);

    if (rc < 0)
        return rc;
    walk->seen = glance(walk->seen, path, &info);
    text.at = data;
    *left -= text.len;
    if (walk->each)
        rc = walk->each(walk->user, path, text);
    else
        walk->all =
            fold_policy(walk->all, path, mesh__digest(text.at, text.len));
    mesh__free(data); /* no secrets */
    return rc;
}

static int walk_names(struct walk *walk, const struct names *names)
{
    size_t left = walk->limits->total_bytes;
    int rc = 0;

    walk->all = (struct mesh_digest){ { 0 } };
    walk->seen = 0;
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        rc = walk_file(walk, names->items[i], &left);
    return rc;
}

/*
 * List and look, read, list and look again; *still says whether nothing moved
 * and what was opened is what was looked at both times.
 */
static int walk_once(struct walk *walk, const char *path, bool *still)
{
    struct names names = { 0 };
    struct names again = { 0 };
    uint64_t before = 0;
    int rc = list_names(path, &names);

    if (rc == 0) {
        before = look(&names);
        rc = walk_names(walk, &names);
    }
    if (rc == 0)
        rc = list_names(path, &again);
    *still = rc == 0 && walk->seen == before && look(&again) == before;
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

static struct mesh_fingerprint print_of_files(
    const struct mesh_collection *collection)
{
    struct mesh_digest all = { { 0 } };

    for (size_t i = 0; i < collection->file_count; i++)
        all = fold_policy(all, collection->files[i].name,
                          collection->files[i].digest);
    return print_of(all);
}

static int gather_once(const char *path,
                       const struct mesh_policy_limits *limits,
                       struct gather *gather, struct mesh_fingerprint *print,
                       bool *still)
{
    struct walk walk = { .limits = limits,
                         .each = gather_file,
                         .user = gather };
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
    *print = print_of_files(gather->collection);
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
    struct walk walk = { .limits = limits, .each = each, .user = user };
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
    struct walk walk = { .limits = limits };
    bool still;
    int rc = walk_once(&walk, path, &still);

    *print = print_of(walk.all);
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
