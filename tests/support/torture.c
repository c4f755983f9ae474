/*
 * torture.c - a malloc that fails when it is told to.
 *
 * Counts, fails and remembers which blocks were born since counting began.
 * Declines to know what the blocks are for. Depends on glibc's names for its
 * own malloc, as the program's malloc takes the place of libc's.
 */
#include "torture.h"

#include <mesh/base.h>

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

enum { SLOTS = 1 << 18, NEVER = 0, ONCE = 1, ONWARD = 2 };

/* A slot belongs to the count that wrote it; older ones are free. */
static struct {
    void *block; /* NULL: taken out again, the search goes on behind it */
    uint64_t epoch;
} slots[SLOTS];

/* All under the lock; epoch is also read without it, see fake_active. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t epoch;
static int active;
static int mode;
static size_t until; /* allocations before the one that fails */
static size_t asked;
static bool tripped;
static long live;

/* Off costs one load; who turns it on does so before the calls he counts. */
static bool fake_active(void)
{
    return __atomic_load_n(&active, __ATOMIC_ACQUIRE) != 0;
}

static size_t slot_of(const void *block)
{
    uint64_t bits = (uint64_t)(uintptr_t)block >> 4;

    return (size_t)((bits * UINT64_C(0x9E3779B97F4A7C15)) >> 46) % SLOTS;
}

static void full(void)
{
    static const char text[] = "torture: too many blocks to remember\n";

    if (write(2, text, sizeof(text) - 1) < 0)
        _exit(98);
    _exit(99);
}

static void remember(void *block)
{
    size_t at = slot_of(block);

    for (size_t i = 0; i < SLOTS; i++, at = (at + 1) % SLOTS) {
        if (slots[at].epoch == epoch && slots[at].block)
            continue;
        slots[at].block = block;
        slots[at].epoch = epoch;
        live++;
        return;
    }
    full();
}

/* Whether it was one of ours. */
static bool forget(const void *block)
{
    size_t at = slot_of(block);

    for (size_t i = 0; i < SLOTS; i++, at = (at + 1) % SLOTS) {
        if (slots[at].epoch != epoch)
            return false;
        if (slots[at].block != block)
            continue;
        slots[at].block = NULL;
        live--;
        return true;
    }
    return false;
}

/* Whether this allocation is to fail. */
static bool judge(void)
{
    bool fail;

    asked++;
    if (mode == NEVER)
        return false;
    fail = until == 0;
    if (until > 0)
        until--;
    if (!fail)
        return false;
    tripped = true;
    if (mode == ONCE)
        mode = NEVER;
    errno = ENOMEM;
    return true;
}

/* --- the real ones, under whatever name ------------------------------------
 */

#ifdef SANITIZED
static void *real_malloc(size_t size)
{
    return malloc(size);
}

static void *real_realloc(void *block, size_t size)
{
    return realloc(block, size);
}

static void real_free(void *block)
{
    free(block);
}
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *block);
#define real_malloc  __libc_malloc
#define real_realloc __libc_realloc
#define real_free    __libc_free
#endif

/* --- the fake ones ----------------------------------------------------------
 */

/* Take a block with the lock held, so that no other thread's free of the same
 * address comes between. */
static void *fake_take(void *(*take)(size_t a, size_t b), size_t a, size_t b)
{
    void *block;

    if (!fake_active())
        return take(a, b);
    pthread_mutex_lock(&lock);
    block = judge() ? NULL : take(a, b);
    if (block)
        remember(block);
    pthread_mutex_unlock(&lock);
    return block;
}

static void *take_plain(size_t size, size_t ignored)
{
    (void)ignored;
    return real_malloc(size);
}

static void *fake_malloc(size_t size)
{
    return fake_take(take_plain, size, 0);
}

static void fake_free(void *block)
{
    if (block && fake_active()) {
        pthread_mutex_lock(&lock);
        (void)forget(block);
        pthread_mutex_unlock(&lock);
    }
    real_free(block);
}

static void *fake_realloc(void *block, size_t size)
{
    void *moved;
    bool ours;

    if (!block)
        return fake_malloc(size);
    if (size == 0) {
        fake_free(block);
        return NULL;
    }
    if (!fake_active())
        return real_realloc(block, size);
    pthread_mutex_lock(&lock);
    moved = NULL;
    if (!judge()) {
        ours = forget(block);
        moved = real_realloc(block, size);
        if (ours)
            remember(moved ? moved : block);
    }
    pthread_mutex_unlock(&lock);
    return moved;
}

#ifdef SANITIZED
__attribute__((constructor)) static void stand_behind_the_library(void)
{
    (void)mesh_set_memory(fake_malloc, fake_realloc, fake_free);
}
#else
#define IN_LIBC_S_PLACE __attribute__((visibility("default")))

IN_LIBC_S_PLACE void *malloc(size_t size)
{
    return fake_malloc(size);
}

IN_LIBC_S_PLACE void *calloc(size_t count, size_t size)
{
    return fake_take(__libc_calloc, count, size);
}

IN_LIBC_S_PLACE void *realloc(void *block, size_t size)
{
    return fake_realloc(block, size);
}

IN_LIBC_S_PLACE void free(void *block)
{
    int saved = errno;

    fake_free(block);
    errno = saved;
}

IN_LIBC_S_PLACE void *memalign(size_t align, size_t size)
{
    return fake_take(__libc_memalign, align, size);
}

IN_LIBC_S_PLACE void *aligned_alloc(size_t align, size_t size)
{
    return memalign(align, size);
}

IN_LIBC_S_PLACE int posix_memalign(void **out, size_t align, size_t size)
{
    void *block = memalign(align, size);

    if (!block)
        return ENOMEM;
    *out = block;
    return 0;
}
#endif

/* --- what tests call --------------------------------------------------------
 */

static void begin(int how, size_t n)
{
    pthread_mutex_lock(&lock);
    epoch++;
    mode = how;
    until = n;
    asked = 0;
    live = 0;
    tripped = false;
    __atomic_store_n(&active, 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
}

void fake_alloc_fail_at(size_t n)
{
    begin(ONCE, n);
}

void fake_alloc_fail_from(size_t n)
{
    begin(ONWARD, n);
}

void fake_alloc_reset(void)
{
    begin(NEVER, 0);
}

bool fake_alloc_tripped(void)
{
    bool answer;

    pthread_mutex_lock(&lock);
    mode = NEVER;
    answer = tripped;
    pthread_mutex_unlock(&lock);
    return answer;
}

long fake_alloc_live(void)
{
    long answer;

    pthread_mutex_lock(&lock);
    answer = live;
    pthread_mutex_unlock(&lock);
    return answer;
}

size_t fake_alloc_count(void)
{
    size_t answer;

    pthread_mutex_lock(&lock);
    answer = asked;
    pthread_mutex_unlock(&lock);
    return answer;
}

void fake_alloc_off(void)
{
    pthread_mutex_lock(&lock);
    mode = NEVER;
    __atomic_store_n(&active, 0, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
}

bool fake_alloc_total(void)
{
#ifdef SANITIZED
    return false;
#else
    return true;
#endif
}
