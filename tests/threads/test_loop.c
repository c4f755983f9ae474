/*
 * test_loop.c - one loop, many who wait: somebody drives, the others follow.
 *
 * A token goes round: whoever has it gives it to the next by a note to the
 * loop. One wake-up lost, and the round stands still.
 */
#include "net/loop.h"
#include "net/port_kernel.h"
#include "value/duration.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RUNNERS = 8, ROUNDS = 2000 };

struct runner {
    pthread_t thread;
    struct mesh_note note;
    struct runner *next;
    bool has_token; /* entered */
    int rounds;
    int failures;
};

static struct mesh_loop *loop;
static struct runner runners[RUNNERS];

static void open_loop(void)
{
    struct mesh_port *port = NULL;

    assert_int_equal(mesh__port_kernel_new(MESH__PORT_EPOLL, &port), 0);
    assert_int_equal(mesh__loop_new(port, &loop), 0);
}

static void take_token(struct mesh_note *note)
{
    MESH__OF(note, struct runner, note)->has_token = true;
}

static bool has_token(void *user)
{
    const struct runner *self = user;

    return self->has_token;
}

static bool never(void *user)
{
    (void)user;
    return false;
}

static void *run(void *user)
{
    struct runner *self = user;

    while (self->rounds < ROUNDS) {
        if (mesh__loop_await(loop, MESH__NEVER, has_token, self) != 1)
            self->failures++;
        mesh__loop_enter(loop);
        if (self->has_token) {
            self->has_token = false;
            self->rounds++;
            mesh__loop_post(loop, &self->next->note);
        }
        mesh__loop_leave(loop);
    }
    return NULL;
}

static void a_token_goes_round(void **state)
{
    (void)state;
    open_loop();
    for (int i = 0; i < RUNNERS; i++)
        runners[i] = (struct runner){ .note = { .run = take_token },
                                      .next = &runners[(i + 1) % RUNNERS] };
    mesh__loop_post(loop, &runners[0].note);
    for (int i = 0; i < RUNNERS; i++)
        assert_int_equal(
            pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
    for (int i = 0; i < RUNNERS; i++)
        assert_int_equal(pthread_join(runners[i].thread, NULL), 0);
    for (int i = 0; i < RUNNERS; i++) {
        assert_int_equal(runners[i].rounds, ROUNDS);
        assert_int_equal(runners[i].failures, 0);
    }
    mesh__loop_free(loop);
}

/* --- what ends a wait besides --- */

static void *wait_for_token(void *user)
{
    struct runner *self = user;
    bool has = false;

    while (!has) {
        (void)mesh__loop_await(loop, MESH__NEVER, has_token, self);
        mesh__loop_enter(loop);
        has = self->has_token;
        mesh__loop_leave(loop);
    }
    return NULL;
}

static void a_followers_time_is_its_own(void **state)
{
    struct runner driver = { .note = { .run = take_token } };

    (void)state;
    open_loop();
    assert_int_equal(
        pthread_create(&driver.thread, NULL, wait_for_token, &driver), 0);
    assert_int_equal(mesh__loop_await(loop, MESH__MS, never, NULL), 0);
    mesh__loop_post(loop, &driver.note);
    (void)wait_for_token(&driver); /* whichever of the two drives now */
    assert_int_equal(pthread_join(driver.thread, NULL), 0);
    mesh__loop_free(loop);
}

/* What a thread does that is inside, and drives nothing, calls them as well. */
static void a_visitor_calls_who_waited_for_it(void **state)
{
    struct runner waiting[2] = { { .has_token = false } };

    (void)state;
    open_loop();
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&waiting[i].thread, NULL,
                                        wait_for_token, &waiting[i]),
                         0);
    for (int i = 0; i < 2; i++) {
        mesh__loop_enter(loop);
        waiting[i].has_token = true;
        mesh__loop_leave(loop);
        mesh__loop_wake(loop); /* the driver looks at its own */
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(waiting[i].thread, NULL), 0);
    mesh__loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_goes_round),
        cmocka_unit_test(a_followers_time_is_its_own),
        cmocka_unit_test(a_visitor_calls_who_waited_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
