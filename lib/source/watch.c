/*
 * watch.c - when did a directory or a file change?
 */
#include "source/watch.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EVENTS = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
             IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
             IN_ONLYDIR,
    PATH_BYTES = 4096
};

/* Only that something happened counts: the contents are compared anyway. */
static void on_ready(struct mesh_watch *watch, unsigned events)
{
    struct mesh_file_watch *file =
        MESH__OF(watch, struct mesh_file_watch, watch);
    char bytes[4096];

    (void)events;
    while (read(watch->fd, bytes, sizeof(bytes)) > 0)
        continue;
    file->on_change(file);
}

/* The directory to watch for path: itself, or the one it lies in. */
static bool directory_of(const char *path, char out[PATH_BYTES])
{
    struct stat info;
    char *slash;

    if ((size_t)snprintf(out, PATH_BYTES, "%s", path) >= PATH_BYTES)
        return false;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return true;
    slash = strrchr(out, '/');
    if (!slash)
        (void)snprintf(out, PATH_BYTES, ".");
    else if (slash == out)
        slash[1] = '\0';
    else
        *slash = '\0';
    return true;
}

bool mesh__file_watch_renew(struct mesh_file_watch *watch)
{
    char directory[PATH_BYTES];
    int before = watch->directory;

    if (!watch->loop || !directory_of(watch->path, directory))
        return false;
    /* The number is the same for as long as the directory is. */
    watch->directory = inotify_add_watch(watch->watch.fd, directory, EVENTS);
    if (before >= 0 && before != watch->directory)
        (void)inotify_rm_watch(watch->watch.fd, before);
    return watch->directory >= 0;
}

bool mesh__file_watch_start(struct mesh_file_watch *watch,
                            struct mesh_loop *loop, const char *path,
                            void (*on_change)(struct mesh_file_watch *),
                            void *user)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    *watch = (struct mesh_file_watch){
        .path = path, .directory = -1, .on_change = on_change, .user = user
    };
    mesh__watch_init(&watch->watch, fd, on_ready);
    if (fd < 0)
        return false;
    if (mesh__loop_watch(loop, &watch->watch, MESH__READABLE) < 0) {
        mesh__error_clear();
        (void)close(fd);
        watch->watch.fd = -1;
        return false;
    }
    watch->loop = loop;
    return mesh__file_watch_renew(watch);
}

void mesh__file_watch_stop(struct mesh_file_watch *watch)
{
    if (!watch->loop)
        return;
    mesh__loop_unwatch(watch->loop, &watch->watch);
    (void)close(watch->watch.fd);
    watch->loop = NULL;
}
