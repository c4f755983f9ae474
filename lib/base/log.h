/*
 * log.h - what the library has to say to its host, kept until the host asks.
 *
 * A bounded queue of one-line events. Nothing is printed. When the queue is
 * full the oldest line goes and the loss is counted.
 */
#ifndef MESH_BASE_LOG_H
#define MESH_BASE_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESH__LOG_LINE = 1024, /* bytes of one line, NUL included; longer is cut */
    MESH__LOG_LINES = 256  /* lines kept                                     */
};

struct mesh_log_line {
    int kind; /* a MESH_EVENT value of <mesh/workload.h>           */
    char text[MESH__LOG_LINE];
};

/* Any thread may write and read: the lock is a leaf, held for a copy. */
struct mesh_log {
    pthread_mutex_t lock;
    struct mesh_log_line *lines; /* MESH__LOG_LINES, owned                   */
    size_t first;
    size_t count;
    uint64_t lost; /* lines dropped because nobody read        */
};

/* 0 or MESH_ERR_NOMEM. */
int mesh__log_init(struct mesh_log *log);
void mesh__log_fini(struct mesh_log *log);

/* log may be NULL: then nothing happens. */
void mesh__log_write(struct mesh_log *log, int kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The oldest line, taken out; false when there is none. */
bool mesh__log_read(struct mesh_log *log, struct mesh_log_line *out);

#endif
