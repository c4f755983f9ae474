/*
 * test_loop.c - the loop keeps its header's word, on a port that the test is.
 *
 * The port's wait runs a script in the driver's place: whatever another thread
 * could do while the driver sleeps is done there, at exactly that moment.
 */
#include "net/loop.h"

#include "base/alloc.h"
#include "torture.h"
#include "value/duration.h"

#include <mesh/base.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* --- a port made of arguments --- */

struct fake_port {
    struct mesh_port port;
    uint64_t now_ns;
    int waits;
    int wakes;
    int watches;       /* calls of watch */
    int watch_rc;      /* what watch answers */
    unsigned armed[8]; /* by descriptor */
    void *tags[8];     /* by descriptor, the last one told */
    uint64_t last_timeout_ns;
    int wait_rc; /* what wait answers, once, if not 0 */
    struct mesh_ready ready[8];
    int ready_count;      /* given by the next wait */
    void (*asleep)(void); /* run inside the next wait */
    bool freed;
};

static struct fake_port fake;
static struct mesh_loop *loop;
static char story[256];
static size_t story_len;

static void tell(char c)
{
    assert_true(story_len + 1 < sizeof(story));
    story[story_len++] = c;
    story[story_len] = '\0';
}

static void fake_free(struct mesh_port *port)
{
    (void)port;
    fake.freed = true;
}

static uint64_t fake_now(struct mesh_port *port)
{
    (void)port;
    return fake.now_ns;
}

static int64_t fake_wall(struct mesh_port *port)
{
    (void)port;
    return 1234;
}

static uint64_t fake_random(struct mesh_port *port)
{
    (void)port;
    return 4; /* by fair dice roll */
}

static int fake_watch(struct mesh_port *port, int fd, unsigned events,
                      void *tag)
{
    (void)port;
    fake.watches++;
    if (fake.watch_rc && events)
        return fake.watch_rc;
    fake.armed[fd] = events;
    if (events)
        fake.tags[fd] = tag;
    return 0;
}

static int fake_wait(struct mesh_port *port, uint64_t timeout_ns,
                     struct mesh_ready *ready, int size)
{
    void (*asleep)(void) = fake.asleep;
    int count = fake.ready_count;
    int wakes = fake.wakes;
    int rc = fake.wait_rc;

    (void)port;
    fake.waits++;
    fake.last_timeout_ns = timeout_ns;
    fake.asleep = NULL;
    fake.wait_rc = 0;
    fake.ready_count = 0;
    assert_false(mesh__loop_entered(loop));
    assert_true(count <= size);
    for (int i = 0; i < count; i++)
        ready[i] = fake.ready[i];
    if (asleep)
        asleep();
    if (rc)
        return rc;
    if (count == 0 && fake.wakes == wakes && timeout_ns != MESH__NEVER)
        fake.now_ns += timeout_ns;
    return count;
}

static void fake_wake(struct mesh_port *port)
{
    (void)port;
    fake.wakes++;
}

static void fake_forked(struct mesh_port *port)
{
    (void)port;
    tell('F');
}

static const struct mesh_port_ops fake_ops = {
    .free = fake_free,
    .now_ns = fake_now,
    .wall_ns = fake_wall,
    .random = fake_random,
    .watch = fake_watch,
    .wait = fake_wait,
    .wake = fake_wake,
    .forked = fake_forked,
};

/* The next wait finds fd ready. */
static void make_ready(int fd, unsigned events)
{
    fake.ready[fake.ready_count++] =
        (struct mesh_ready){ fake.tags[fd], events };
}

static int set_up(void **state)
{
    (void)state;
    fake = (struct fake_port){ .port.ops = &fake_ops, .now_ns = 1000 };
    story_len = 0;
    story[0] = '\0';
    return mesh__loop_new(&fake.port, &loop);
}

static int tear_down(void **state)
{
    (void)state;
    mesh__loop_free(loop);
    loop = NULL;
    return fake.freed ? 0 : -1;
}

static int step(uint64_t timeout_ns)
{
    return mesh__loop_step(loop, timeout_ns, NULL, NULL);
}

/* --- things that run --- */

struct lettered_timer {
    struct mesh_timer timer;
    char letter;
};

static void timer_tells(struct mesh_timer *timer)
{
    assert_true(mesh__loop_entered(loop));
    tell(MESH__OF(timer, struct lettered_timer, timer)->letter);
}

static void set_timer(struct mesh_timer *timer, uint64_t due_ns)
{
    mesh__loop_enter(loop);
    assert_int_equal(mesh__loop_set_timer(loop, timer, due_ns), 0);
    mesh__loop_leave(loop);
}

static void task_tells(struct mesh_task *task)
{
    (void)task;
    tell('t');
}

static void note_tells(struct mesh_note *note)
{
    (void)note;
    assert_true(mesh__loop_entered(loop));
    tell('n');
}

static void watch_tells(struct mesh_watch *watch, unsigned events)
{
    tell((char)('a' + watch->fd));
    tell((char)('0' + events));
}

static void watch_for(struct mesh_watch *watch, unsigned wanted)
{
    mesh__loop_enter(loop);
    assert_int_equal(mesh__loop_watch(loop, watch, wanted), 0);
    mesh__loop_leave(loop);
}

static void unwatch(struct mesh_watch *watch)
{
    mesh__loop_enter(loop);
    mesh__loop_unwatch(loop, watch);
    mesh__loop_leave(loop);
}

/* --- timers --- */

static void timers_run_in_their_order(void **state)
{
    struct lettered_timer timers[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        mesh__timer_init(&timers[i].timer, timer_tells);
        timers[i].letter = (char)('a' + i);
    }
    set_timer(&timers[0].timer, 5000);
    set_timer(&timers[1].timer, 3000);
    set_timer(&timers[2].timer, 4000);
    set_timer(&timers[3].timer, 2000);
    set_timer(&timers[3].timer, 6000); /* moved */
    set_timer(&timers[2].timer, MESH__NEVER);
    assert_int_equal(step(MESH__NEVER), 1);
    assert_string_equal(story, "b");
    assert_int_equal(fake.last_timeout_ns, 2000);
    assert_int_equal(step(MESH__NEVER), 1);
    assert_int_equal(step(MESH__NEVER), 1);
    assert_string_equal(story, "bad");
    assert_int_equal(fake.now_ns, 6000);
    assert_int_equal(mesh__loop_wanted_ns(loop), MESH__NEVER);
}

/* Timers, until the table is full and no memory is to be had for more. */
static size_t fill_table(struct lettered_timer *timers, size_t most)
{
    size_t count = 0;
    int rc = 0;

    fake_alloc_fail_from(0);
    while (rc == 0 && count < most) {
        mesh__timer_init(&timers[count].timer, timer_tells);
        timers[count].letter = 'x';
        rc = mesh__loop_set_timer(loop, &timers[count].timer, 9000);
        count += rc == 0;
    }
    assert_int_equal(rc, MESH_ERR_NOMEM);
    return count;
}

static void a_timer_whose_place_is_kept_needs_no_memory(void **state)
{
    enum { MANY = 4096 };
    static struct lettered_timer others[MANY];
    struct lettered_timer kept = { .letter = 'k' };
    size_t count;

    (void)state;
    mesh__timer_init(&kept.timer, timer_tells);
    mesh__loop_enter(loop);
    assert_int_equal(mesh__loop_keep_timer(loop, &kept.timer), 0);
    mesh__loop_leave(loop);
    assert_int_equal(mesh__loop_wanted_ns(loop), MESH__NEVER);
    mesh__loop_enter(loop);
    count = fill_table(others, MANY);
    assert_int_equal(mesh__loop_set_timer(loop, &kept.timer, 3000), 0);
    mesh__loop_leave(loop);
    assert_int_equal(step(MESH__NEVER), 1);
    assert_string_equal(story, "k");
    fake_alloc_off();
    mesh__loop_enter(loop);
    for (size_t i = 0; i < count; i++)
        mesh__loop_cancel_timer(loop, &others[i].timer);
    mesh__loop_leave(loop);
}

static void a_thousand_timers_keep_the_heap(void **state)
{
    enum { MANY = 1000 };
    static struct lettered_timer timers[MANY];
    uint64_t dice = 1;
    uint64_t last_ns = 0;
    size_t left = 0;

    (void)state;
    mesh__loop_enter(loop);
    for (size_t i = 0; i < MANY; i++)
        mesh__timer_init(&timers[i].timer, timer_tells);
    for (size_t i = 0; i < 10 * MANY; i++) {
        struct mesh_timer *timer = &timers[(dice >> 33) % MANY].timer;
        uint64_t due_ns = 2000 + (dice >> 40) % 5000;

        dice = dice * 6364136223846793005u + 1442695040888963407u;
        if (i % 3 == 0)
            mesh__loop_cancel_timer(loop, timer);
        else
            assert_int_equal(mesh__loop_set_timer(loop, timer, due_ns), 0);
    }
    for (size_t i = 0; i < MANY; i++)
        left += timers[i].timer.place != 0;
    mesh__loop_leave(loop);
    assert_true(left > MANY / 4);
    for (size_t i = 0; left; i++) {
        struct mesh_timer *first = NULL;

        for (size_t j = 0; j < MANY; j++)
            if (timers[j].timer.place &&
                (!first || timers[j].timer.due_ns < first->due_ns))
                first = &timers[j].timer;
        assert_non_null(first);
        assert_int_equal(mesh__loop_wanted_ns(loop), first->due_ns - 1000);
        assert_true(first->due_ns >= last_ns);
        last_ns = first->due_ns;
        mesh__loop_enter(loop);
        mesh__loop_cancel_timer(loop, first);
        mesh__loop_leave(loop);
        left--;
    }
}

static struct lettered_timer other_timer;

static void timer_cancels_the_other(struct mesh_timer *timer)
{
    (void)timer;
    tell('c');
    mesh__loop_cancel_timer(loop, &other_timer.timer);
}

static void a_cancelled_timer_of_the_same_moment_is_silent(void **state)
{
    struct lettered_timer first;

    (void)state;
    mesh__timer_init(&first.timer, timer_cancels_the_other);
    mesh__timer_init(&other_timer.timer, timer_tells);
    set_timer(&first.timer, 2000);
    set_timer(&other_timer.timer, 2000);
    assert_int_equal(step(MESH__NEVER), 1);
    assert_string_equal(story, "c");
}

static void a_timeout_is_0_and_takes_its_time(void **state)
{
    (void)state;
    assert_int_equal(step(500), 0);
    assert_int_equal(fake.now_ns, 1500);
    assert_int_equal(step(0), 0);
    assert_int_equal(fake.now_ns, 1500);
}

static void an_interrupted_wait_goes_on_for_the_rest(void **state)
{
    (void)state;
    fake.wait_rc = -EINTR;
    assert_int_equal(step(500), 0);
    assert_int_equal(fake.waits, 2);
    assert_int_equal(fake.now_ns, 1500);
}

static void a_wait_that_fails_is_told(void **state)
{
    (void)state;
    fake.wait_rc = -EBADF;
    assert_int_equal(step(500), MESH_ERR_SYSTEM);
}

/* --- tasks, notes, until --- */

static struct mesh_task again;

static void task_runs_again(struct mesh_task *task)
{
    mesh__loop_defer(loop, task);
}

static void endless_work_does_not_starve_descriptors(void **state)
{
    struct mesh_watch watch;

    (void)state;
    mesh__watch_init(&watch, 1, watch_tells);
    watch_for(&watch, MESH__READABLE);
    mesh__task_init(&again, task_runs_again);
    mesh__loop_enter(loop);
    mesh__loop_defer(loop, &again);
    mesh__loop_leave(loop);
    make_ready(1, MESH__READABLE);
    assert_int_equal(step(0), 1);
    assert_int_equal(fake.waits, 0);
    assert_int_equal(step(0), 1);
    assert_int_equal(fake.waits, 1);
    assert_string_equal(story, "b1");
    mesh__loop_enter(loop);
    mesh__loop_drop(loop, &again);
    mesh__loop_leave(loop);
    unwatch(&watch);
}

static void work_that_is_there_costs_no_look_at_the_port(void **state)
{
    struct mesh_task task;

    (void)state;
    mesh__task_init(&task, task_tells);
    mesh__loop_enter(loop);
    mesh__loop_defer(loop, &task);
    mesh__loop_defer(loop, &task); /* once is enough */
    mesh__loop_leave(loop);
    assert_int_equal(step(MESH__NEVER), 1);
    assert_int_equal(fake.waits, 0);
    assert_string_equal(story, "t");
}

static void a_dropped_task_does_not_run(void **state)
{
    struct mesh_task task;

    (void)state;
    mesh__task_init(&task, task_tells);
    mesh__loop_enter(loop);
    mesh__loop_drop(loop, &task); /* not queued: harmless */
    mesh__loop_defer(loop, &task);
    mesh__loop_drop(loop, &task);
    mesh__loop_leave(loop);
    assert_int_equal(step(100), 0);
    assert_string_equal(story, "");
}

static bool when_told_twice(void *user)
{
    (void)user;
    return story_len >= 2;
}

static void until_ends_the_turn_and_leaves_the_rest(void **state)
{
    struct mesh_task tasks[3];

    (void)state;
    mesh__loop_enter(loop);
    for (int i = 0; i < 3; i++) {
        mesh__task_init(&tasks[i], task_tells);
        mesh__loop_defer(loop, &tasks[i]);
    }
    mesh__loop_leave(loop);
    assert_int_equal(mesh__loop_step(loop, 0, when_told_twice, NULL), 1);
    assert_string_equal(story, "tt");
    assert_int_equal(mesh__loop_step(loop, MESH__NEVER, when_told_twice, NULL),
                     1);
    assert_string_equal(story, "tt");
    assert_int_equal(fake.waits, 0);
    assert_int_equal(step(0), 1);
    assert_string_equal(story, "ttt");
}

static void notes_run_once_each(void **state)
{
    struct mesh_note notes[2] = { { .run = note_tells },
                                  { .run = note_tells } };

    (void)state;
    mesh__loop_post(loop, &notes[0]);
    mesh__loop_enter(loop);
    mesh__loop_post(loop, &notes[1]); /* entered or not */
    mesh__loop_leave(loop);
    assert_int_equal(fake.wakes, 0);
    assert_int_equal(step(MESH__NEVER), 1);
    assert_string_equal(story, "nn");
    assert_int_equal(step(0), 0);
}

static struct mesh_task last_task;

static void note_defers(struct mesh_note *note)
{
    (void)note;
    tell('N');
    mesh__task_init(&last_task, task_tells);
    mesh__loop_defer(loop, &last_task);
}

static void a_freed_loop_delivers_its_notes(void **state)
{
    struct mesh_note notes[2] = { { .run = note_defers },
                                  { .run = note_tells } };

    (void)state;
    assert_int_equal(set_up(NULL), 0);
    mesh__loop_post(loop, &notes[0]);
    mesh__loop_post(loop, &notes[1]);
    mesh__loop_free(loop);
    assert_string_equal(story, "Nnt");
    assert_true(fake.freed);
    mesh__loop_free(NULL);
}

static void count_turn(struct mesh_loop *which)
{
    assert_ptr_equal(which, loop);
    assert_true(mesh__loop_entered(loop));
    tell('T');
}

static void a_turn_begins_with_the_owners_function(void **state)
{
    int owner;

    (void)state;
    mesh__loop_set_owner(loop, &owner);
    assert_ptr_equal(mesh__loop_owner(loop), &owner);
    assert_ptr_equal(mesh__loop_port(loop), &fake.port);
    mesh__loop_set_turn(loop, count_turn);
    mesh__loop_enter(loop);
    mesh__loop_leave(loop);
    assert_string_equal(story, "T");
    assert_int_equal(step(0), 0);
    assert_string_equal(story, "TT");
    assert_int_equal(step(10), 0);
    assert_string_equal(story, "TTTT"); /* anew after the wait */
    mesh__loop_set_turn(loop, NULL);
}

static void the_time_stands_still_while_inside(void **state)
{
    (void)state;
    mesh__loop_enter(loop);
    assert_int_equal(mesh__loop_now(loop), 1000);
    fake.now_ns = 2000;
    assert_int_equal(mesh__loop_now(loop), 1000);
    mesh__loop_leave(loop);
    mesh__loop_enter(loop);
    assert_int_equal(mesh__loop_now(loop), 2000);
    assert_int_equal(mesh__loop_wall(loop), 1234);
    assert_int_equal(mesh__loop_random(loop), 4);
    mesh__loop_leave(loop);
}

/* --- who sleeps is woken, and only for a reason --- */

static struct mesh_task sleepers_task;
static struct mesh_note sleepers_note;
static struct lettered_timer sleepers_timer;

static void does_nothing(void)
{
    mesh__loop_enter(loop);
    mesh__loop_leave(loop);
}

static void defers(void)
{
    mesh__loop_enter(loop);
    mesh__loop_defer(loop, &sleepers_task);
    assert_int_equal(fake.wakes, 0);
    mesh__loop_leave(loop);
    does_nothing(); /* once is enough */
}

static void posts(void)
{
    mesh__loop_post(loop, &sleepers_note);
}

static void sets_an_earlier_timer(void)
{
    set_timer(&sleepers_timer.timer, 1100);
}

static void sets_a_later_timer(void)
{
    set_timer(&sleepers_timer.timer, 9000);
}

static void wakes(void)
{
    mesh__loop_wake(loop);
    mesh__loop_wake(loop);
}

static void drives_too(void)
{
    assert_int_equal(step(0), MESH_ERR_STATE);
}

static void others_act_while_the_driver_sleeps(void **state)
{
    static const struct {
        const char *claim;
        void (*act)(void);
        int wakes;
        int rc;
        const char *story;
        uint64_t end_ns;
    } rows[] = {
        { "coming and going wakes nobody", does_nothing, 0, 0, "", 2000 },
        { "a task wakes, once", defers, 1, 1, "t", 1000 },
        { "a note wakes", posts, 1, 1, "n", 1000 },
        { "an earlier timer makes the wait shorter", sets_an_earlier_timer, 1,
          1, "s", 1100 },
        { "a later timer wakes nobody", sets_a_later_timer, 0, 0, "", 2000 },
        { "a wake ends the step, once", wakes, 1, 1, "", 1000 },
        { "a second driver is refused", drives_too, 0, 0, "", 2000 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("%s\n", rows[i].claim);
        assert_int_equal(set_up(NULL), 0);
        mesh__task_init(&sleepers_task, task_tells);
        mesh__timer_init(&sleepers_timer.timer, timer_tells);
        sleepers_timer.letter = 's';
        sleepers_note.run = note_tells;
        fake.asleep = rows[i].act;
        assert_int_equal(step(1000), rows[i].rc);
        assert_int_equal(fake.wakes, rows[i].wakes);
        assert_string_equal(story, rows[i].story);
        assert_int_equal(fake.now_ns, rows[i].end_ns);
        mesh__loop_enter(loop);
        mesh__loop_cancel_timer(loop, &sleepers_timer.timer);
        mesh__loop_leave(loop);
        mesh__loop_free(loop);
    }
}

static void a_wake_before_the_step_is_not_lost(void **state)
{
    (void)state;
    mesh__loop_wake(loop);
    assert_int_equal(fake.wakes, 0); /* nobody sleeps */
    assert_int_equal(step(MESH__NEVER), 1);
    assert_int_equal(fake.last_timeout_ns, 0);
    assert_int_equal(step(100), 0);
}

static void a_host_is_woken_from_the_moment_it_asked(void **state)
{
    struct mesh_task task;

    (void)state;
    mesh__task_init(&task, task_tells);
    assert_int_equal(mesh__loop_wanted_ns(loop), MESH__NEVER);
    mesh__loop_enter(loop);
    mesh__loop_defer(loop, &task);
    mesh__loop_leave(loop);
    assert_int_equal(fake.wakes, 1);
    assert_int_equal(mesh__loop_wanted_ns(loop), 0);
    assert_int_equal(step(0), 1);
    mesh__loop_enter(loop); /* it steps again before it sleeps: no wake */
    mesh__loop_defer(loop, &task);
    mesh__loop_leave(loop);
    assert_int_equal(fake.wakes, 1);
    assert_int_equal(step(0), 1);
    assert_int_equal(mesh__loop_wanted_ns(loop), MESH__NEVER);
    posts();
    assert_int_equal(fake.wakes, 2);
    assert_int_equal(step(0), 1);
}

/* --- descriptors --- */

static void readiness_is_what_was_wanted(void **state)
{
    static const struct {
        const char *claim;
        unsigned wanted;
        unsigned ready;
        const char *story;
        unsigned armed; /* after it */
    } rows[] = {
        { "readable, wanted", 1, 1, "b1", 1 },
        { "writable came too, unasked", 1, 3, "b1", 1 },
        { "both", 3, 3, "b3", 3 },
        { "a hang-up is always told", 2, 4, "b4", 3 },
        { "nothing wanted: no event, and the port learns", 0, 5, "", 0 },
        { "only writable wanted: the port learns", 2, 1, "", 2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mesh_watch watch;

        print_message("%s\n", rows[i].claim);
        story_len = 0;
        story[0] = '\0';
        mesh__watch_init(&watch, 1, watch_tells);
        watch_for(&watch, rows[i].wanted | MESH__READABLE);
        watch_for(&watch, rows[i].wanted);
        assert_int_equal(fake.armed[1], rows[i].wanted | MESH__READABLE);
        make_ready(1, rows[i].ready);
        assert_int_equal(step(0), rows[i].story[0] != '\0');
        assert_string_equal(story, rows[i].story);
        assert_int_equal(fake.armed[1], rows[i].armed);
        unwatch(&watch);
        assert_int_equal(fake.armed[1], 0);
    }
}

static void the_port_is_told_no_more_than_it_must(void **state)
{
    struct mesh_watch watch;

    (void)state;
    mesh__watch_init(&watch, 1, watch_tells);
    watch_for(&watch, MESH__READABLE);
    assert_int_equal(fake.watches, 1);
    watch_for(&watch, 0);
    watch_for(&watch, MESH__READABLE);
    assert_int_equal(fake.watches, 1);
    watch_for(&watch, MESH__READABLE | MESH__WRITABLE);
    assert_int_equal(fake.watches, 2);
    watch_for(&watch, MESH__WRITABLE);
    assert_int_equal(fake.watches, 2);
    watch_for(&watch, MESH__READABLE); /* writing no more is said at once */
    assert_int_equal(fake.watches, 3);
    unwatch(&watch);
    unwatch(&watch);
    assert_int_equal(fake.watches, 4);
}

static struct mesh_watch *victim;

static void watch_ends_the_other(struct mesh_watch *watch, unsigned events)
{
    (void)watch;
    (void)events;
    tell('x');
    mesh__loop_unwatch(loop, victim);
    mesh__free(victim);
}

static void an_event_of_the_same_batch_does_not_find_the_dead(void **state)
{
    struct mesh_watch killer;

    (void)state;
    victim = mesh__malloc(sizeof(*victim));
    assert_non_null(victim);
    mesh__watch_init(&killer, 1, watch_ends_the_other);
    mesh__watch_init(victim, 2, watch_tells);
    watch_for(&killer, MESH__READABLE);
    watch_for(victim, MESH__READABLE);
    make_ready(1, MESH__READABLE);
    make_ready(2, MESH__READABLE);
    assert_int_equal(step(0), 1);
    assert_string_equal(story, "x");
    unwatch(&killer);
}

static struct mesh_watch newcomer;

static void replaces_the_victim(void)
{
    unwatch(victim);
    mesh__free(victim);
    mesh__watch_init(&newcomer, 3, watch_tells);
    watch_for(&newcomer, MESH__READABLE);
}

static void an_event_of_an_earlier_wait_does_not_find_the_new(void **state)
{
    (void)state;
    victim = mesh__malloc(sizeof(*victim));
    assert_non_null(victim);
    mesh__watch_init(victim, 2, watch_tells);
    watch_for(victim, MESH__READABLE);
    make_ready(2, MESH__READABLE);
    fake.asleep = replaces_the_victim;
    assert_int_equal(step(0), 0);
    assert_string_equal(story, "");
    make_ready(3, MESH__READABLE);
    assert_int_equal(step(0), 1);
    assert_string_equal(story, "d1");
    unwatch(&newcomer);
    watch_for(&newcomer, MESH__READABLE); /* the slots go round */
    unwatch(&newcomer);
}

static void a_watch_that_failed_changed_nothing(void **state)
{
    struct mesh_watch watch;

    (void)state;
    mesh__watch_init(&watch, 1, watch_tells);
    mesh__loop_enter(loop);
    fake.watch_rc = -EPERM;
    assert_int_equal(mesh__loop_watch(loop, &watch, MESH__READABLE),
                     MESH_ERR_SYSTEM);
    assert_int_equal(watch.slot, 0);
    fake.watch_rc = 0;
    assert_int_equal(mesh__loop_watch(loop, &watch, MESH__READABLE), 0);
    fake.watch_rc = -ENOMEM;
    assert_int_equal(
        mesh__loop_watch(loop, &watch, MESH__READABLE | MESH__WRITABLE),
        MESH_ERR_NOMEM);
    assert_int_equal(watch.wanted, MESH__READABLE);
    assert_int_equal(watch.armed, MESH__READABLE);
    assert_int_equal(mesh__loop_watch(loop, &watch, 0), 0);
    mesh__loop_unwatch(loop, &watch);
    mesh__loop_leave(loop);
}

/* --- fork, memory --- */

static void a_forked_loop_only_lets_go(void **state)
{
    struct mesh_watch watch;
    struct lettered_timer timer;
    struct mesh_task task;

    (void)state;
    mesh__watch_init(&watch, 1, watch_tells);
    mesh__timer_init(&timer.timer, timer_tells);
    mesh__task_init(&task, task_tells);
    watch_for(&watch, MESH__READABLE);
    set_timer(&timer.timer, 1500);
    mesh__loop_enter(loop);
    mesh__loop_defer(loop, &task);
    mesh__loop_leave(loop);
    mesh__loop_forked(loop);
    assert_string_equal(story, "F");
    assert_int_equal(step(MESH__NEVER), MESH_ERR_FORKED);
    assert_int_equal(mesh__loop_wanted_ns(loop), MESH__NEVER);
    mesh__loop_enter(loop);
    mesh__loop_cancel_timer(loop, &timer.timer);
    mesh__loop_drop(loop, &task);
    mesh__loop_unwatch(loop, &watch);
    assert_int_equal(mesh__loop_watch(loop, &watch, MESH__READABLE),
                     MESH_ERR_FORKED);
    assert_int_equal(mesh__loop_set_timer(loop, &timer.timer, 2000),
                     MESH_ERR_FORKED);
    mesh__loop_defer(loop, &task);
    assert_false(task.queued);
    mesh__loop_leave(loop);
    assert_int_equal(fake.watches, 1); /* the port heard nothing of it */
}

static void losing_any_allocation_is_survived(void **state)
{
    struct mesh_watch watch;
    struct lettered_timer timer;
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        fake = (struct fake_port){ .port.ops = &fake_ops };
        fake_alloc_fail_at(n);
        rc = mesh__loop_new(&fake.port, &loop);
        if (rc == 0) {
            mesh__watch_init(&watch, 1, watch_tells);
            mesh__timer_init(&timer.timer, timer_tells);
            mesh__loop_enter(loop);
            rc = mesh__loop_watch(loop, &watch, MESH__READABLE);
            if (rc == 0)
                rc = mesh__loop_set_timer(loop, &timer.timer, 5);
            mesh__loop_unwatch(loop, &watch);
            mesh__loop_cancel_timer(loop, &timer.timer);
            mesh__loop_leave(loop);
            mesh__loop_free(loop);
        } else {
            assert_null(loop);
        }
        assert_true(fake.freed); /* the port is taken either way */
        assert_int_equal(fake_alloc_live(), 0);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
    }
    assert_int_equal(rc, 0);
    fake_alloc_off();
}

#define ON_A_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_LOOP(timers_run_in_their_order),
        ON_A_LOOP(a_timer_whose_place_is_kept_needs_no_memory),
        ON_A_LOOP(a_thousand_timers_keep_the_heap),
        ON_A_LOOP(a_cancelled_timer_of_the_same_moment_is_silent),
        ON_A_LOOP(a_timeout_is_0_and_takes_its_time),
        ON_A_LOOP(an_interrupted_wait_goes_on_for_the_rest),
        ON_A_LOOP(a_wait_that_fails_is_told),
        ON_A_LOOP(endless_work_does_not_starve_descriptors),
        ON_A_LOOP(work_that_is_there_costs_no_look_at_the_port),
        ON_A_LOOP(a_dropped_task_does_not_run),
        ON_A_LOOP(until_ends_the_turn_and_leaves_the_rest),
        ON_A_LOOP(notes_run_once_each),
        cmocka_unit_test(a_freed_loop_delivers_its_notes),
        ON_A_LOOP(a_turn_begins_with_the_owners_function),
        ON_A_LOOP(the_time_stands_still_while_inside),
        cmocka_unit_test(others_act_while_the_driver_sleeps),
        ON_A_LOOP(a_wake_before_the_step_is_not_lost),
        ON_A_LOOP(a_host_is_woken_from_the_moment_it_asked),
        ON_A_LOOP(readiness_is_what_was_wanted),
        ON_A_LOOP(the_port_is_told_no_more_than_it_must),
        ON_A_LOOP(an_event_of_the_same_batch_does_not_find_the_dead),
        ON_A_LOOP(an_event_of_an_earlier_wait_does_not_find_the_new),
        ON_A_LOOP(a_watch_that_failed_changed_nothing),
        ON_A_LOOP(a_forked_loop_only_lets_go),
        cmocka_unit_test(losing_any_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
