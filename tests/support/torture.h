/*
 * torture.h - a malloc that fails when it is told to.
 *
 * In a plain build it stands in for malloc itself (malloc, calloc, realloc,
 * free, posix_memalign, aligned_alloc, memalign, and whatever libc builds on
 * them, like strdup), so that allocations inside mbedTLS, libyaml, libcurl
 * and libc have their turn too. Under ASan, TSan or MSan, which need malloc
 * for themselves, it stands behind mesh_set_memory() instead and only
 * libmesh's own allocations count; fake_alloc_total() tells which it is.
 *
 * It comes with $(TEST_LIBS) and does nothing until the first call below.
 * The loop it is made for:
 *
 *     for (size_t n = 0;; n++) {
 *         fake_alloc_fail_at(n);
 *         rc = mesh__pool_new(&limits, &pool);
 *         if (!fake_alloc_tripped())
 *             break;
 *         assert_int_equal(rc, MESH_ERR_NOMEM);
 *         assert_null(pool);
 *         assert_int_equal(fake_alloc_live(), 0);
 *     }
 *     assert_int_equal(rc, 0);
 *     mesh__pool_free(pool);
 *
 * What a library makes once and keeps (a table on first use, the buffer of
 * stdout) looks like a leak: do it once before the loop.
 *
 * Threads: any; there is one fake for the process.
 */
#ifndef MESH_TORTURE_H
#define MESH_TORTURE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Start counting anew; the allocation after the next n fails (0: the next
 * one), and only that one. A realloc counts as an allocation.
 */
void fake_alloc_fail_at(size_t n);

/* The same, and everything after it fails too, until the fake is disarmed. */
void fake_alloc_fail_from(size_t n);

/* Start counting anew; nothing fails. */
void fake_alloc_reset(void);

/* Whether an allocation was made to fail. Disarms: nothing fails after. */
bool fake_alloc_tripped(void);

/*
 * Blocks born since counting began and not freed yet. Blocks from before do
 * not count, neither when they are freed nor when they are resized.
 */
long fake_alloc_live(void);

/* Allocations asked for since counting began, the failed ones included. */
size_t fake_alloc_count(void);

/* Stop counting; nothing fails. */
void fake_alloc_off(void);

/* Whether malloc itself is faked: libraries' allocations count too. */
bool fake_alloc_total(void);

#endif
