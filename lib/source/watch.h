/*
 * watch.h - when did a directory or a file change?
 *
 * inotify on the directory (for a file: on the one it lies in), because
 * editors and kubelet replace names, never contents; any event counts, and the
 * caller compares contents. Where inotify is not to be had the caller's slow
 * check of the contents still finds every change.
 */
#ifndef MESH_SOURCE_WATCH_H
#define MESH_SOURCE_WATCH_H

#include "net/loop.h"

#include <stdbool.h>

struct mesh_file_watch {
    struct mesh_watch watch;
    struct mesh_loop *loop;
    const char *path; /* borrowed                                  */
    int directory;    /* inotify's number for it; -1: not watched  */
    void (*on_change)(struct mesh_file_watch *watch);
    void *user;
};

/*
 * True when changes will be told; false: only the slow check remains, until
 * mesh__file_watch_renew says otherwise. path must outlive the watch.
 */
bool mesh__file_watch_start(struct mesh_file_watch *watch,
                            struct mesh_loop *loop, const char *path,
                            void (*on_change)(struct mesh_file_watch *),
                            void *user);

/*
 * Watch what the path is now: a directory that came, that was made again, or
 * that a link leads to by now. Costs a system call or two; as start.
 */
bool mesh__file_watch_renew(struct mesh_file_watch *watch);
void mesh__file_watch_stop(struct mesh_file_watch *watch);

#endif
