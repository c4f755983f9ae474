/*
 * log.c - what the library has to say, kept until the host asks.
 */
#include "base/log.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int mesh__log_init(struct mesh_log *log)
{
    *log = (struct mesh_log){ 0 };
    log->lines = mesh__calloc(MESH__LOG_LINES, sizeof(*log->lines));
    if (!log->lines)
        return mesh__fail(MESH_ERR_NOMEM, "the event queue");
    (void)pthread_mutex_init(&log->lock, NULL);
    return 0;
}

void mesh__log_fini(struct mesh_log *log)
{
    if (log->lines)
        (void)pthread_mutex_destroy(&log->lock);
    mesh__free(log->lines);
    *log = (struct mesh_log){ 0 };
}

/* Where the next line goes; the oldest makes room when all are taken. */
static struct mesh_log_line *next_line(struct mesh_log *log)
{
    if (log->count == MESH__LOG_LINES) {
        log->first = (log->first + 1) % MESH__LOG_LINES;
        log->count--;
        log->lost++;
    }
    return &log->lines[(log->first + log->count++) % MESH__LOG_LINES];
}

void mesh__log_write(struct mesh_log *log, int kind, const char *format, ...)
{
    struct mesh_log_line *place;
    va_list list;

    if (!log || !log->lines)
        return;
    (void)pthread_mutex_lock(&log->lock);
    place = next_line(log);
    place->kind = kind;
    va_start(list, format);
    (void)vsnprintf(place->text, sizeof(place->text), format, list);
    va_end(list);
    (void)pthread_mutex_unlock(&log->lock);
}

bool mesh__log_read(struct mesh_log *log, struct mesh_log_line *out)
{
    bool found;

    (void)pthread_mutex_lock(&log->lock);
    found = log->count > 0;
    if (found) {
        *out = log->lines[log->first];
        log->first = (log->first + 1) % MESH__LOG_LINES;
        log->count--;
    }
    (void)pthread_mutex_unlock(&log->lock);
    return found;
}
