/*
 * loop.h - timers, readiness, deferred work, an inbox from other threads.
 *
 * A loop is owned by whoever is inside it: enter and leave are a lock that is
 * never held across a wait, so any thread may step in, act on what belongs to
 * the loop (answer an exchange, cancel a call) and leave while the driver
 * sleeps. One thread at a time drives (step). Lock order: a loop's lock first,
 * leaf locks (pools, logs) below it; never two loops' locks at once: what one
 * loop has to tell another goes through the inbox (post).
 *
 * Everything registered here lives inside its owner's structure; the loop
 * allocates nothing per event. Handlers run with the loop entered, on the
 * driver's thread, and may add and remove anything, themselves included.
 */
#ifndef MESH_NET_LOOP_H
#define MESH_NET_LOOP_H

#include "base/list.h"
#include "net/port.h"

#include <stdbool.h>
#include <stdint.h>

struct mesh_loop; /* the public mesh_loop */

/* A descriptor that is waited for. */
struct mesh_watch {
    void (*on_ready)(struct mesh_watch *watch, unsigned events);
    int fd;          /* -1: none                                  */
    unsigned wanted; /* set by mesh__loop_watch                   */
    unsigned armed;  /* what the port knows                       */
    size_t slot;     /* 0: none; else 1 + index in the loop's table */
};

/* A moment; heap position kept by the loop. */
struct mesh_timer {
    void (*on_due)(struct mesh_timer *timer);
    uint64_t due_ns;
    size_t place; /* 0: not set; else 1 + index in the heap */
};

/* Work for later in this turn or the next: the ready list. */
struct mesh_task {
    struct mesh_node node; /* init with mesh__task_init */
    void (*run)(struct mesh_task *task);
    bool queued;
};

/*
 * A note from another thread. The sender gives it away with post; run is
 * called once on the receiving loop (entered). Also delivered, with the loop
 * entered by the freeing thread, when the loop is freed.
 */
struct mesh_note {
    struct mesh_node node;
    void (*run)(struct mesh_note *note);
};

enum {
    MESH__LOOP_BATCH = 64,       /* readiness events taken in one turn     */
    MESH__LOOP_TASKS = 1024,     /* pieces run before the port has its turn */
    MESH__LOOP_TIMERS = 1 << 20, /* timers at most                         */
    MESH__LOOP_WATCHES = 1 << 20 /* descriptors waited for at most         */
};

/* The port is taken (freed with the loop, or now on failure). 0 or NOMEM. */
int mesh__loop_new(struct mesh_port *port, struct mesh_loop **out);
/*
 * Nothing may be registered any more; notes not yet run are run (not in a
 * forked child). Nobody may be inside or come; NULL is accepted.
 */
void mesh__loop_free(struct mesh_loop *loop);

struct mesh_port *mesh__loop_port(const struct mesh_loop *loop);

/* What the loop's owner hangs on it (workload's per-loop state). */
void mesh__loop_set_owner(struct mesh_loop *loop, void *owner);
void *mesh__loop_owner(const struct mesh_loop *loop);

/*
 * A function run at the start of every turn and at every enter (snapshot
 * renewal); may be NULL.
 */
void mesh__loop_set_turn(struct mesh_loop *loop,
                         void (*on_turn)(struct mesh_loop *loop));

/* Not from inside: the lock is not recursive, handlers are inside already. */
void mesh__loop_enter(struct mesh_loop *loop);
/* The same, to look only: the clock is not read and no turn begins. */
void mesh__loop_visit(struct mesh_loop *loop);
/* Wakes the driver if a timer became earlier or work was queued meanwhile. */
void mesh__loop_leave(struct mesh_loop *loop);
/* Is the calling thread inside? For assertions. */
bool mesh__loop_entered(const struct mesh_loop *loop);

/* The time of this turn; refreshed at enter and after each wait. Entered. */
uint64_t mesh__loop_now(const struct mesh_loop *loop);
/* Asked of the port each time. Any thread. */
int64_t mesh__loop_wall(const struct mesh_loop *loop);
uint64_t mesh__loop_random(struct mesh_loop *loop);

/*
 * Drive one turn: wait at most timeout_ns for something, then run what is
 * ready, due and posted. until (may be NULL) is asked, entered, before the
 * wait and after each piece of work; true ends the turn at once, and what it
 * had not come to stays for the next. The caller has not entered.
 *
 * Returns 1 if anything ran, if until said true or after mesh__loop_wake; 0 on
 * timeout (a memory port may give up earlier, when another port of its world
 * is first); or MESH_ERR_STATE when another thread is driving, MESH_ERR_FORKED
 * after mesh__loop_forked, MESH_ERR_SYSTEM.
 */
int mesh__loop_step(struct mesh_loop *loop, uint64_t timeout_ns,
                    bool (*until)(void *user), void *user);

/*
 * Not back before until is true: drive, or sleep while another thread drives.
 * A sleeper is called when what is done on the loop makes its until true, and
 * the first of them goes on driving where the driver has stopped. Any number of
 * threads; until is asked entered, by any of them, and changes nothing. The
 * caller has not entered.
 *
 * Returns 1 once until is true, or after mesh__loop_wake while it drove; 0 on
 * timeout; MESH_ERR_FORKED or MESH_ERR_SYSTEM.
 */
int mesh__loop_await(struct mesh_loop *loop, uint64_t timeout_ns,
                     bool (*until)(void *user), void *user);

/*
 * Nanoseconds until the loop wants to be stepped: 0 now, MESH__NEVER idle. Not
 * entered. A host asks before each sleep on the port's descriptor: from the
 * question to the next step, work queued, a note or an earlier timer makes the
 * descriptor readable. Nobody pays for that who does not ask.
 */
uint64_t mesh__loop_wanted_ns(struct mesh_loop *loop);

/* --- inside the loop (entered) --- */

void mesh__watch_init(struct mesh_watch *watch, int fd,
                      void (*on_ready)(struct mesh_watch *, unsigned));
/*
 * Bits of readiness; 0, or MESH_ERR_NOMEM, _TOO_LARGE or _SYSTEM and nothing
 * changed. wanted 0 is stop and never fails. The port is told lazily that
 * reading is no longer wanted: when it fires.
 */
int mesh__loop_watch(struct mesh_loop *loop, struct mesh_watch *watch,
                     unsigned wanted);
/* Stop for good, before fd is closed or handed to another loop. */
void mesh__loop_unwatch(struct mesh_loop *loop, struct mesh_watch *watch);

void mesh__timer_init(struct mesh_timer *timer,
                      void (*on_due)(struct mesh_timer *));
/*
 * Set or move; 0, or MESH_ERR_NOMEM or _TOO_LARGE (a move never fails).
 * MESH__NEVER cancels.
 */
int mesh__loop_set_timer(struct mesh_loop *loop, struct mesh_timer *timer,
                         uint64_t due_ns);
void mesh__loop_cancel_timer(struct mesh_loop *loop, struct mesh_timer *timer);
/*
 * Keep a place for a timer that is not set, so that setting it cannot fail: for
 * what must be tried again when memory is out. The place is kept until the
 * timer is due or cancelled; in on_due it can be kept again without fail. 0, or
 * as mesh__loop_set_timer.
 */
int mesh__loop_keep_timer(struct mesh_loop *loop, struct mesh_timer *timer);

void mesh__task_init(struct mesh_task *task, void (*run)(struct mesh_task *));
void mesh__loop_defer(struct mesh_loop *loop, struct mesh_task *task);
void mesh__loop_drop(struct mesh_loop *loop, struct mesh_task *task);

/* --- from any thread, entered or not --- */

void mesh__loop_post(struct mesh_loop *loop, struct mesh_note *note);
/* The step under way, or the next one, does not wait. */
void mesh__loop_wake(struct mesh_loop *loop);

/*
 * In a forked child: the lock may have been held by a thread that is no more.
 * Makes it anew, forgets what is registered and closes the port's own
 * descriptors. What remains possible is to take things down: unwatch, cancel,
 * drop, close and free; all else gives MESH_ERR_FORKED or does nothing.
 */
void mesh__loop_forked(struct mesh_loop *loop);

#endif
