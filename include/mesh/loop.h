/*
 * mesh/loop.h - driving libmesh from the host's own event loop.
 *
 * One pollable descriptor and a timeout are enough: poll mesh_loop_fd() for
 * reading, at most mesh_loop_timeout_ms(), then mesh_loop_step(loop, 0).
 */
#ifndef MESH_LOOP_H
#define MESH_LOOP_H

#include <mesh/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mesh_workload mesh_workload;
typedef struct mesh_loop mesh_loop;
typedef struct mesh_call mesh_call;

/**
 * mesh_loop_new - a loop for calls, servers and streams of one workload.
 *
 * Ownership: workload is borrowed and kept alive by the loop. *out is the
 *            caller's, for mesh_loop_free().
 * Threads:   any.
 * Returns:   0, or MESH_ERR_INVALID, MESH_ERR_FORKED, MESH_ERR_FILES,
 *            MESH_ERR_SYSTEM or MESH_ERR_NOMEM (*out is NULL).
 */
MESH_EXTERN int mesh_loop_new(mesh_workload *workload, mesh_loop **out,
                              mesh_error *error);

/**
 * mesh_loop_free - return a loop.
 *
 * What still lives on it (calls, servers, streams) keeps it alive, undriven;
 * they may be freed later.
 *
 * Ownership: loop is taken; NULL is accepted. The keeper is not freed so.
 * Threads:   any; nobody may be stepping it.
 * Returns:   nothing.
 */
MESH_EXTERN void mesh_loop_free(mesh_loop *loop);

/**
 * mesh_loop_fd - the descriptor that turns readable when there is work.
 *
 * Ownership: loop is borrowed; the descriptor stays ours: poll it, nothing
 *            else.
 * Threads:   any.
 * Returns:   a descriptor, or -1 for NULL.
 */
MESH_EXTERN int mesh_loop_fd(const mesh_loop *loop);

/**
 * mesh_loop_timeout_ms - how long a poll may last before a step is due.
 *
 * Ownership: loop is borrowed.
 * Threads:   any.
 * Returns:   milliseconds, rounded up; 0 now; -1 when nothing is due.
 */
MESH_EXTERN int64_t mesh_loop_timeout_ms(mesh_loop *loop);

/**
 * mesh_loop_step - wait at most timeout_ms, then do what there is to do.
 *
 * Ownership: loop is borrowed.
 * Threads:   one at a time; another one gets MESH_ERR_STATE.
 * Returns:   1 when something was done, 0 when the time went by, or
 *            MESH_ERR_INVALID, MESH_ERR_STATE, MESH_ERR_FORKED or
 *            MESH_ERR_SYSTEM.
 */
MESH_EXTERN int mesh_loop_step(mesh_loop *loop, int64_t timeout_ms,
                               mesh_error *error);

/**
 * mesh_loop_next_call - the next call on this loop that has news.
 *
 * A call has news when mesh_call_next() would answer something new. Each is
 * handed out once per news; no callback is needed.
 *
 * Ownership: loop is borrowed; the call stays whose it is.
 * Threads:   the loop's.
 * Returns:   a call, or NULL when none has news.
 */
MESH_EXTERN mesh_call *mesh_loop_next_call(mesh_loop *loop);

#ifdef __cplusplus
}
#endif
#endif
