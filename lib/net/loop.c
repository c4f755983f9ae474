/*
 * loop.c - one turn after the other: ready, due, posted, deferred.
 *
 * Knows when something is to run and who may be inside. Declines to know what
 * the bytes mean, what a handler does, and which port lies beneath.
 *
 * Two locks. `lock` is the loop itself, given up during a wait. `bell` is a
 * leaf below it: the inbox, and whether somebody sleeps who must be woken.
 * Waking happens under the bell, so that whoever frees the loop after a note
 * of ours ran cannot free it under our feet.
 */
#include "net/slots.h"
#include "net/timers.h"

#include "base/alloc.h"
#include "base/error.h"
#include "value/duration.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

struct mesh_loop {
    struct mesh_port *port; /* owned */
    void *owner;
    void (*on_turn)(struct mesh_loop *loop);

    /* Against starvation: whoever waits for lock stands in gate, and the
     * driver, who returns most often, never enters but through the gate. */
    pthread_mutex_t gate;
    pthread_mutex_t lock;
    _Atomic(pthread_t) inside; /* valid while somebody_inside */
    atomic_bool somebody_inside;

    /* Under lock. */
    uint64_t now_ns;
    uint64_t planned_ns; /* when the sleeper wakes by itself; 0: none sleeps */
    bool driving;
    bool owed; /* the last turn ran work without looking at the port */
    bool dead; /* forked */
    struct mesh_node followers; /* who waits while another drives */
    struct mesh_slots slots;
    struct mesh_timers timers;
    struct mesh_node tasks;
    struct mesh_node notes; /* taken from the inbox, not yet run */
    struct mesh_ready ready[MESH__LOOP_BATCH]; /* of the last wait */
    int ready_count;
    int ready_next; /* the first that was not delivered */

    /* Under bell. */
    pthread_mutex_t bell;
    struct mesh_node inbox;
    bool asleep; /* a driver waits, or a host asked when to come back */
    bool nudged; /* mesh__loop_wake */
};

/* --- who is inside --- */

bool mesh__loop_entered(const struct mesh_loop *loop)
{
    return atomic_load_explicit(&loop->somebody_inside, memory_order_relaxed) &&
           pthread_equal(
               atomic_load_explicit(&loop->inside, memory_order_relaxed),
               pthread_self());
}

static void mark_inside(struct mesh_loop *loop)
{
    atomic_store_explicit(&loop->inside, pthread_self(), memory_order_relaxed);
    atomic_store_explicit(&loop->somebody_inside, true, memory_order_relaxed);
}

static void go_out(struct mesh_loop *loop)
{
    atomic_store_explicit(&loop->somebody_inside, false, memory_order_relaxed);
    (void)pthread_mutex_unlock(&loop->lock);
}

static void go_in_by_gate(struct mesh_loop *loop)
{
    assert(!mesh__loop_entered(loop));
    (void)pthread_mutex_lock(&loop->gate);
    (void)pthread_mutex_lock(&loop->lock);
    (void)pthread_mutex_unlock(&loop->gate);
    mark_inside(loop);
}

static void go_in(struct mesh_loop *loop)
{
    assert(!mesh__loop_entered(loop));
    if (pthread_mutex_trylock(&loop->lock) == 0)
        mark_inside(loop);
    else
        go_in_by_gate(loop);
}

/* --- a life --- */

static void make_locks(struct mesh_loop *loop)
{
    (void)pthread_mutex_init(&loop->gate, NULL);
    (void)pthread_mutex_init(&loop->lock, NULL);
    (void)pthread_mutex_init(&loop->bell, NULL);
}

static void make_lists(struct mesh_loop *loop)
{
    mesh__list_init(&loop->tasks);
    mesh__list_init(&loop->notes);
    mesh__list_init(&loop->inbox);
    mesh__list_init(&loop->followers);
}

int mesh__loop_new(struct mesh_port *port, struct mesh_loop **out)
{
    struct mesh_loop *loop;

    *out = NULL;
    loop = mesh__calloc(1, sizeof(*loop));
    if (!loop) {
        port->ops->free(port);
        return mesh__fail(MESH_ERR_NOMEM, "a loop");
    }
    loop->port = port;
    make_locks(loop);
    make_lists(loop);
    loop->now_ns = port->ops->now_ns(port);
    *out = loop;
    return 0;
}

/* Put what other threads posted where the turn finds it; was it a nudge? */
static bool gather(struct mesh_loop *loop, bool *rung)
{
    bool nudged;

    (void)pthread_mutex_lock(&loop->bell);
    if (rung)
        *rung = !loop->asleep;
    loop->asleep = false;
    nudged = loop->nudged;
    loop->nudged = false;
    mesh__list_splice(&loop->notes, &loop->inbox);
    (void)pthread_mutex_unlock(&loop->bell);
    return nudged;
}

static bool run_note(struct mesh_loop *loop)
{
    struct mesh_node *node = mesh__list_pop(&loop->notes);
    struct mesh_note *note;

    if (!node)
        return false;
    note = MESH__OF(node, struct mesh_note, node);
    note->run(note);
    return true;
}

static bool run_task(struct mesh_loop *loop)
{
    struct mesh_node *node = mesh__list_pop(&loop->tasks);
    struct mesh_task *task;

    if (!node)
        return false;
    task = MESH__OF(node, struct mesh_task, node);
    task->queued = false;
    task->run(task);
    return true;
}

/* The last words: every note is delivered, and what it deferred runs too. */
static void drain(struct mesh_loop *loop)
{
    go_in(loop);
    do
        (void)gather(loop, NULL);
    while (run_note(loop) || run_task(loop));
    go_out(loop);
}

void mesh__loop_free(struct mesh_loop *loop)
{
    if (!loop)
        return;
    if (!loop->dead)
        drain(loop);
    loop->port->ops->free(loop->port);
    (void)pthread_mutex_destroy(&loop->gate);
    (void)pthread_mutex_destroy(&loop->lock);
    (void)pthread_mutex_destroy(&loop->bell);
    mesh__slots_fini(&loop->slots);
    mesh__timers_fini(&loop->timers);
    mesh__free(loop);
}

void mesh__loop_forked(struct mesh_loop *loop)
{
    make_locks(loop);
    make_lists(loop);
    atomic_store(&loop->somebody_inside, false);
    loop->dead = true;
    loop->driving = false;
    loop->asleep = false;
    loop->planned_ns = 0;
    loop->timers.count = 0;
    loop->slots.count = 0;
    loop->ready_count = 0;
    if (loop->port->ops->forked)
        loop->port->ops->forked(loop->port);
}

struct mesh_port *mesh__loop_port(const struct mesh_loop *loop)
{
    return loop->port;
}

void mesh__loop_set_owner(struct mesh_loop *loop, void *owner)
{
    loop->owner = owner;
}

void *mesh__loop_owner(const struct mesh_loop *loop)
{
    return loop->owner;
}

void mesh__loop_set_turn(struct mesh_loop *loop,
                         void (*on_turn)(struct mesh_loop *loop))
{
    loop->on_turn = on_turn;
}

static void refresh(struct mesh_loop *loop)
{
    loop->now_ns = loop->port->ops->now_ns(loop->port);
    if (loop->on_turn && !loop->dead)
        loop->on_turn(loop);
}

void mesh__loop_enter(struct mesh_loop *loop)
{
    go_in(loop);
    refresh(loop);
}

void mesh__loop_visit(struct mesh_loop *loop)
{
    go_in(loop);
}

/* Under the bell: end the sleep of whoever sleeps. */
static void ring(struct mesh_loop *loop)
{
    if (!loop->asleep)
        return;
    loop->asleep = false;
    loop->port->ops->wake(loop->port);
}

/* Something to run at this very moment? */
static bool has_work(const struct mesh_loop *loop)
{
    return !mesh__list_empty(&loop->tasks) || !mesh__list_empty(&loop->notes);
}

/* When the loop wants to run again; 0 at once. */
static uint64_t next_ns(const struct mesh_loop *loop)
{
    if (has_work(loop))
        return 0;
    return mesh__timers_next_ns(&loop->timers);
}

/* --- followers --- */

/* A thread asleep in mesh__loop_await; on its stack. */
struct follower {
    struct mesh_node node;
    pthread_cond_t cond;
    bool (*until)(void *user);
    void *user;
};

/* Those who have what they wait for are woken, each once. */
static void call_followers(struct mesh_loop *loop)
{
    struct mesh_node *node = loop->followers.next;

    while (node != &loop->followers) {
        struct follower *follower = MESH__OF(node, struct follower, node);

        node = node->next;
        if (!follower->until(follower->user))
            continue;
        mesh__list_remove(&follower->node);
        (void)pthread_cond_signal(&follower->cond);
    }
}

/* Nobody drives any more: the first of those that still wait will. */
static void hand_over(struct mesh_loop *loop)
{
    if (!mesh__list_empty(&loop->followers) && !loop->driving)
        (void)pthread_cond_signal(
            &MESH__OF(loop->followers.next, struct follower, node)->cond);
}

static void sleep_until(struct mesh_loop *loop, struct follower *follower,
                        uint64_t deadline_ns)
{
    struct timespec when = { .tv_sec = (time_t)(deadline_ns / MESH__S),
                             .tv_nsec = (long)(deadline_ns % MESH__S) };

    atomic_store_explicit(&loop->somebody_inside, false, memory_order_relaxed);
    if (deadline_ns == MESH__NEVER)
        (void)pthread_cond_wait(&follower->cond, &loop->lock);
    else
        (void)pthread_cond_timedwait(&follower->cond, &loop->lock, &when);
    mark_inside(loop);
}

/* Entered: until it is so, or late, or there is nobody to wait for. */
static void follow(struct mesh_loop *loop, uint64_t deadline_ns,
                   bool (*until)(void *user), void *user)
{
    struct follower follower = { .until = until, .user = user };
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&follower.cond, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    mesh__list_init(&follower.node);
    while (loop->driving && !until(user) && loop->now_ns < deadline_ns) {
        if (mesh__list_empty(&follower.node))
            mesh__list_push_back(&loop->followers, &follower.node);
        sleep_until(loop, &follower, deadline_ns);
        loop->now_ns = loop->port->ops->now_ns(loop->port);
    }
    mesh__list_remove(&follower.node);
    (void)pthread_cond_destroy(&follower.cond);
}

void mesh__loop_leave(struct mesh_loop *loop)
{
    call_followers(loop);
    if (next_ns(loop) < loop->planned_ns) {
        loop->planned_ns = 0;
        (void)pthread_mutex_lock(&loop->bell);
        ring(loop);
        (void)pthread_mutex_unlock(&loop->bell);
    }
    go_out(loop);
}

void mesh__loop_post(struct mesh_loop *loop, struct mesh_note *note)
{
    (void)pthread_mutex_lock(&loop->bell);
    mesh__list_push_back(&loop->inbox, &note->node);
    ring(loop);
    (void)pthread_mutex_unlock(&loop->bell);
}

void mesh__loop_wake(struct mesh_loop *loop)
{
    (void)pthread_mutex_lock(&loop->bell);
    loop->nudged = true;
    ring(loop);
    (void)pthread_mutex_unlock(&loop->bell);
}

uint64_t mesh__loop_now(const struct mesh_loop *loop)
{
    return loop->now_ns;
}

int64_t mesh__loop_wall(const struct mesh_loop *loop)
{
    return loop->port->ops->wall_ns(loop->port);
}

uint64_t mesh__loop_random(struct mesh_loop *loop)
{
    return loop->port->ops->random(loop->port);
}

/* --- descriptors --- */

void mesh__watch_init(struct mesh_watch *watch, int fd,
                      void (*on_ready)(struct mesh_watch *, unsigned))
{
    *watch = (struct mesh_watch){ .on_ready = on_ready, .fd = fd };
}

static int arm(struct mesh_loop *loop, struct mesh_watch *watch,
               unsigned events)
{
    void *tag = (void *)(uintptr_t)watch->slot;
    int rc = loop->port->ops->watch(loop->port, watch->fd, events, tag);

    if (rc == -ENOMEM)
        return mesh__fail(MESH_ERR_NOMEM, "waiting for descriptor %d",
                          watch->fd);
    if (rc < 0)
        return mesh__fail_errno(MESH_ERR_SYSTEM, -rc,
                                "waiting for descriptor %d", watch->fd);
    watch->armed = events;
    return 0;
}

int mesh__loop_watch(struct mesh_loop *loop, struct mesh_watch *watch,
                     unsigned wanted)
{
    unsigned surplus = watch->armed & ~wanted;
    int rc = 0;

    assert(mesh__loop_entered(loop));
    if (loop->dead && wanted)
        return mesh__fail(MESH_ERR_FORKED, "a loop of the parent process");
    if ((wanted & ~watch->armed) || (wanted && (surplus & ~MESH__READABLE))) {
        if (!watch->slot)
            rc = mesh__slots_take(&loop->slots, watch);
        if (rc == 0)
            rc = arm(loop, watch, wanted);
        if (rc < 0 && watch->slot && !watch->armed)
            mesh__slots_give(&loop->slots, watch);
    } else if (!wanted && (surplus & ~MESH__READABLE)) {
        (void)arm(loop, watch, 0);
    }
    if (rc == 0)
        watch->wanted = wanted;
    return rc;
}

void mesh__loop_unwatch(struct mesh_loop *loop, struct mesh_watch *watch)
{
    assert(mesh__loop_entered(loop));
    if (watch->slot && !loop->dead) {
        if (watch->armed)
            (void)arm(loop, watch, 0);
        mesh__slots_give(&loop->slots, watch);
    }
    watch->slot = 0;
    watch->wanted = 0;
    watch->armed = 0;
}

/* Did a handler run? */
static bool deliver(struct mesh_loop *loop, const struct mesh_ready *ready)
{
    struct mesh_watch *watch =
        mesh__slots_watch(&loop->slots, (size_t)(uintptr_t)ready->tag);
    unsigned events;

    if (!watch)
        return false; /* unwatched since the port saw this */
    events = watch->wanted ? ready->events & (watch->wanted | MESH__HANGUP) : 0;
    if (!events) {
        if (watch->armed != watch->wanted)
            (void)arm(loop, watch, watch->wanted);
        return false;
    }
    watch->on_ready(watch, events);
    return true;
}

/* --- timers --- */

static int place_timer(struct mesh_loop *loop, struct mesh_timer *timer,
                       uint64_t due_ns)
{
    assert(mesh__loop_entered(loop));
    if (loop->dead)
        return mesh__fail(MESH_ERR_FORKED, "a loop of the parent process");
    return mesh__timers_put(&loop->timers, timer, due_ns);
}

int mesh__loop_set_timer(struct mesh_loop *loop, struct mesh_timer *timer,
                         uint64_t due_ns)
{
    if (due_ns != MESH__NEVER)
        return place_timer(loop, timer, due_ns);
    mesh__loop_cancel_timer(loop, timer);
    return 0;
}

int mesh__loop_keep_timer(struct mesh_loop *loop, struct mesh_timer *timer)
{
    return place_timer(loop, timer, MESH__NEVER);
}

void mesh__loop_cancel_timer(struct mesh_loop *loop, struct mesh_timer *timer)
{
    assert(mesh__loop_entered(loop));
    if (loop->dead)
        timer->place = 0;
    mesh__timers_remove(&loop->timers, timer);
}

static bool run_timer(struct mesh_loop *loop)
{
    struct mesh_timer *timer;

    if (mesh__timers_next_ns(&loop->timers) > loop->now_ns)
        return false;
    timer = loop->timers.heap[0];
    mesh__loop_cancel_timer(loop, timer);
    timer->on_due(timer);
    return true;
}

/* --- work for later --- */

void mesh__task_init(struct mesh_task *task, void (*run)(struct mesh_task *))
{
    *task = (struct mesh_task){ .run = run };
    mesh__list_init(&task->node);
}

void mesh__loop_defer(struct mesh_loop *loop, struct mesh_task *task)
{
    assert(mesh__loop_entered(loop));
    if (task->queued || loop->dead)
        return;
    task->queued = true;
    mesh__list_push_back(&loop->tasks, &task->node);
}

void mesh__loop_drop(struct mesh_loop *loop, struct mesh_task *task)
{
    assert(mesh__loop_entered(loop));
    if (loop->dead)
        mesh__list_init(&task->node); /* its neighbours may be half-linked */
    else
        mesh__list_remove(&task->node);
    task->queued = false;
}

/* --- a turn --- */

struct turn {
    uint64_t deadline_ns;
    bool (*until)(void *user);
    void *user;
    unsigned budget; /* pieces of work before the port is looked at again */
    bool ran;
    bool nudged; /* mesh__loop_wake: look, but do not wait */
    bool over;   /* until said so */
};

static bool is_over(struct turn *turn)
{
    if (!turn->over && turn->until)
        turn->over = turn->until(turn->user);
    return turn->over;
}

/* One piece ran: may another? */
static bool go_on(struct turn *turn)
{
    turn->ran = true;
    if (turn->budget)
        turn->budget--;
    return !is_over(turn) && turn->budget;
}

/* What a turn that ended early leaves is the next one's: no wait between. */
static bool has_ready(const struct mesh_loop *loop)
{
    return loop->ready_next < loop->ready_count;
}

static void run_ready(struct mesh_loop *loop, struct turn *turn)
{
    while (has_ready(loop))
        if (deliver(loop, &loop->ready[loop->ready_next++]) && !go_on(turn))
            return;
}

/* Due, posted, deferred. */
static void run_work(struct mesh_loop *loop, struct turn *turn)
{
    if (turn->over)
        return;
    while (run_timer(loop) || run_note(loop) || run_task(loop))
        if (!go_on(turn))
            return;
}

/* How long this wait may be; from here on others must ring to end it. */
static uint64_t fall_asleep(struct mesh_loop *loop, uint64_t deadline_ns)
{
    uint64_t wake_ns = next_ns(loop);
    bool empty;

    if (wake_ns > deadline_ns)
        wake_ns = deadline_ns;
    if (wake_ns <= loop->now_ns)
        return 0;
    (void)pthread_mutex_lock(&loop->bell);
    empty = mesh__list_empty(&loop->inbox) && !loop->nudged;
    loop->asleep = empty;
    (void)pthread_mutex_unlock(&loop->bell);
    if (!empty)
        return 0;
    loop->planned_ns = wake_ns;
    return wake_ns == MESH__NEVER ? MESH__NEVER : wake_ns - loop->now_ns;
}

/*
 * Give up the lock, wait, take it again. The number ready, 0 when the port has
 * nothing more to say, or -errno; -EINTR: look at everything again.
 */
static int look(struct mesh_loop *loop, struct turn *turn)
{
    uint64_t timeout_ns =
        turn->nudged ? 0 : fall_asleep(loop, turn->deadline_ns);
    bool rung;
    int count;

    mesh__slots_wake(&loop->slots);
    go_out(loop);
    count = loop->port->ops->wait(loop->port, timeout_ns, loop->ready,
                                  MESH__LOOP_BATCH);
    go_in_by_gate(loop);
    loop->ready_next = 0;
    loop->ready_count = count > 0 ? count : 0;
    loop->planned_ns = 0;
    turn->nudged |= gather(loop, &rung);
    if (timeout_ns)
        refresh(loop);
    return count == 0 && timeout_ns && rung ? -EINTR : count;
}

/* Work that is there already goes first, but the port is never forgotten. */
static bool work_first(struct mesh_loop *loop)
{
    loop->owed = !loop->owed && next_ns(loop) <= loop->now_ns;
    return loop->owed;
}

/* Nothing ran: is it worth to look again? Not when time stands still. */
static bool is_in_vain(const struct mesh_loop *loop, const struct turn *turn,
                       int count, uint64_t before_ns)
{
    return count != -EINTR &&
           (loop->now_ns >= turn->deadline_ns || loop->now_ns == before_ns);
}

static int take_turn(struct mesh_loop *loop, struct turn *turn)
{
    if (gather(loop, NULL))
        turn->nudged = true;
    while (!is_over(turn)) {
        uint64_t before_ns = loop->now_ns;
        bool first = work_first(loop);
        int count = 0;

        if (!first)
            count = has_ready(loop) ? -EINTR : look(loop, turn);
        if (count < 0 && count != -EINTR)
            return mesh__fail_errno(MESH_ERR_SYSTEM, -count, "wait");
        if (!first)
            run_ready(loop, turn);
        run_work(loop, turn);
        call_followers(loop);
        if (turn->ran || turn->nudged)
            return 1;
        if (is_in_vain(loop, turn, count, before_ns))
            return 0;
    }
    return 1;
}

static int cannot_drive(const struct mesh_loop *loop)
{
    return mesh__fail(loop->dead ? MESH_ERR_FORKED : MESH_ERR_STATE,
                      "a loop that another %s drives",
                      loop->dead ? "process" : "thread");
}

static void take_wheel(struct mesh_loop *loop)
{
    loop->driving = true;
    loop->planned_ns = 0;
    refresh(loop);
}

static void leave_wheel(struct mesh_loop *loop)
{
    loop->driving = false;
    hand_over(loop);
}

int mesh__loop_step(struct mesh_loop *loop, uint64_t timeout_ns,
                    bool (*until)(void *user), void *user)
{
    struct turn turn = { .until = until,
                         .user = user,
                         .budget = MESH__LOOP_TASKS };
    int rc;

    go_in_by_gate(loop);
    if (loop->dead || loop->driving) {
        rc = cannot_drive(loop);
    } else {
        take_wheel(loop);
        turn.deadline_ns = mesh__time_add(loop->now_ns, timeout_ns);
        rc = take_turn(loop, &turn);
        leave_wheel(loop);
    }
    go_out(loop);
    return rc;
}

/* Turn after turn, in one hand. */
static int drive(struct mesh_loop *loop, uint64_t deadline_ns,
                 bool (*until)(void *user), void *user)
{
    struct turn turn;
    int rc;

    take_wheel(loop);
    do {
        turn = (struct turn){ .deadline_ns = deadline_ns,
                              .until = until,
                              .user = user,
                              .budget = MESH__LOOP_TASKS };
        rc = take_turn(loop, &turn);
    } while (rc == 1 && !is_over(&turn) && !turn.nudged);
    leave_wheel(loop);
    return rc;
}

int mesh__loop_await(struct mesh_loop *loop, uint64_t timeout_ns,
                     bool (*until)(void *user), void *user)
{
    uint64_t deadline_ns;
    int rc = 0;

    go_in_by_gate(loop);
    refresh(loop);
    deadline_ns = mesh__time_add(loop->now_ns, timeout_ns);
    while (loop->driving && !loop->dead && !until(user) &&
           loop->now_ns < deadline_ns)
        follow(loop, deadline_ns, until, user);
    if (loop->dead)
        rc = cannot_drive(loop);
    else if (loop->driving)
        rc = until(user);
    else
        rc = drive(loop, deadline_ns, until, user);
    go_out(loop);
    return rc;
}

uint64_t mesh__loop_wanted_ns(struct mesh_loop *loop)
{
    uint64_t wanted_ns;

    mesh__loop_enter(loop);
    if (loop->dead)
        wanted_ns = MESH__NEVER;
    else
        wanted_ns = has_ready(loop) ? 0 : fall_asleep(loop, MESH__NEVER);
    go_out(loop);
    return wanted_ns;
}
