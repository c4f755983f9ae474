/*
 * test_port_kernel.c - the port over Linux, on descriptors that reach nobody.
 *
 * Sockets come in pairs from socketpair(2): no address, no port, no waiting
 * for time to pass.
 */
#include "net/port_kernel.h"

#include "net/loop.h"
#include "torture.h"
#include "value/duration.h"

#include <mesh/base.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const int kinds[] = { MESH__PORT_EPOLL, MESH__PORT_POLL };

static struct mesh_port *open_port(int kind)
{
    struct mesh_port *port;

    assert_int_equal(mesh__port_kernel_new(kind, &port), 0);
    return port;
}

static void open_pair(int pair[2])
{
    assert_int_equal(socketpair(AF_UNIX,
                                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                                pair),
                     0);
}

static void bytes_go_through(void **state)
{
    const struct mesh_slice slices[] = { MESH__SLICE("head "),
                                         MESH__SLICE("body") };
    struct mesh_port *port = open_port(MESH__PORT_POLL);
    const struct mesh_port_ops *ops = port->ops;
    struct mesh_address address;
    char data[16];
    int pair[2];

    (void)state;
    open_pair(pair);
    assert_int_equal(ops->peek(port, pair[1]), 0);
    assert_int_equal(ops->recv(port, pair[1], data, sizeof(data)), -EAGAIN);
    assert_int_equal(ops->send(port, pair[0], slices, 2), 9);
    assert_int_equal(ops->peek(port, pair[1]), 1);
    assert_int_equal(ops->recv(port, pair[1], data, sizeof(data)), 9);
    assert_memory_equal(data, "head body", 9);
    assert_int_equal(ops->address(port, pair[0], true, &address), 0);
    assert_int_equal(address.family, 0);
    assert_int_equal(ops->connected(port, pair[0]), 0);
    assert_int_equal(ops->shutdown(port, pair[0]), 0);
    assert_int_equal(ops->peek(port, pair[1]), 1);
    assert_int_equal(ops->recv(port, pair[1], data, sizeof(data)), 0);
    ops->close(port, pair[1], false);
    assert_int_equal(ops->send(port, pair[0], slices, 2), -EPIPE);
    ops->close(port, pair[0], true);
    assert_int_equal(ops->recv(port, pair[0], data, 1), -EBADF);
    ops->free(port);
}

static void refusals_keep_their_reason(void **state)
{
    const struct mesh_address none = { 0 };
    const struct mesh_address foreign = { 4, 0, { 192, 0, 2, 1 } };
    struct mesh_port *port = open_port(MESH__PORT_EPOLL);
    struct mesh_address peer;
    int pair[2];

    (void)state;
    open_pair(pair);
    assert_int_equal(port->ops->connect(port, &none, NULL), -EAFNOSUPPORT);
    assert_int_equal(port->ops->listen(port, &none, 1), -EAFNOSUPPORT);
    assert_int_equal(port->ops->listen(port, &foreign, 1), -EADDRNOTAVAIL);
    assert_int_equal(port->ops->accept(port, pair[0], &peer), -EINVAL);
    assert_int_equal(port->ops->watch(port, -1, MESH__READABLE, NULL), -EBADF);
    port->ops->close(port, pair[0], false);
    port->ops->close(port, pair[1], false);
    port->ops->free(port);
}

static void readiness_follows_the_level(void **state)
{
    const struct mesh_slice byte = MESH__SLICE("x");
    struct mesh_ready ready[4];
    char data;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_port *port = open_port(kinds[i]);
        const struct mesh_port_ops *ops = port->ops;
        int pair[2];

        open_pair(pair);
        assert_int_equal(ops->watch(port, pair[0], MESH__READABLE, &pair), 0);
        assert_int_equal(ops->wait(port, 0, ready, 4), 0);
        assert_int_equal(ops->send(port, pair[1], &byte, 1), 1);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(ops->wait(port, MESH__NEVER, ready, 4), 1);
            assert_ptr_equal(ready[0].tag, &pair);
            assert_int_equal(ready[0].events, MESH__READABLE);
        }
        assert_int_equal(ops->recv(port, pair[0], &data, 1), 1);
        assert_int_equal(ops->wait(port, 0, ready, 4), 0);
        assert_int_equal(
            ops->watch(port, pair[0], MESH__READABLE | MESH__WRITABLE, &data),
            0);
        assert_int_equal(ops->wait(port, MESH__NEVER, ready, 4), 1);
        assert_ptr_equal(ready[0].tag, &data);
        assert_int_equal(ready[0].events, MESH__WRITABLE);
        ops->close(port, pair[1], false);
        assert_int_equal(ops->wait(port, MESH__NEVER, ready, 4), 1);
        assert_int_equal(ready[0].events,
                         MESH__READABLE | MESH__WRITABLE | MESH__HANGUP);
        assert_int_equal(ops->watch(port, pair[0], 0, NULL), 0);
        assert_int_equal(ops->watch(port, pair[0], 0, NULL), 0);
        assert_int_equal(ops->wait(port, 0, ready, 4), 0);
        ops->close(port, pair[0], false);
        ops->free(port);
    }
}

/* A number the kernel gave twice: closed without a word, opened anew. */
static void a_reused_descriptor_is_waited_for(void **state)
{
    struct mesh_ready ready;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_port *port = open_port(kinds[i]);
        int pair[2];

        for (int round = 0; round < 2; round++) {
            open_pair(pair);
            assert_int_equal(
                port->ops->watch(port, pair[0], MESH__WRITABLE, &ready), 0);
            assert_int_equal(port->ops->wait(port, MESH__NEVER, &ready, 1), 1);
            port->ops->close(port, pair[0], false);
            port->ops->close(port, pair[1], false);
        }
        port->ops->free(port);
    }
}

static void few_places_are_shared_fairly(void **state)
{
    enum { MANY = 5 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_port *port = open_port(kinds[i]);
        unsigned seen = 0;
        int pairs[MANY][2];

        for (int j = 0; j < MANY; j++) {
            open_pair(pairs[j]);
            assert_int_equal(
                port->ops->watch(port, pairs[j][0], MESH__WRITABLE, pairs[j]),
                0);
        }
        for (int j = 0; j < MANY; j++) {
            struct mesh_ready ready;

            assert_int_equal(port->ops->wait(port, MESH__NEVER, &ready, 1), 1);
            for (int k = 0; k < MANY; k++)
                if (ready.tag == pairs[k])
                    seen |= 1u << k;
        }
        assert_int_equal(seen, (1u << MANY) - 1);
        for (int j = 0; j < MANY; j++) {
            port->ops->close(port, pairs[j][0], false);
            port->ops->close(port, pairs[j][1], false);
        }
        port->ops->free(port);
    }
}

static void a_wake_ends_one_wait(void **state)
{
    struct mesh_ready ready;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_port *port = open_port(kinds[i]);

        for (int round = 0; round < 2; round++) {
            int rc;

            port->ops->wake(port);
            port->ops->wake(port);
            rc = port->ops->wait(port, MESH__NEVER, &ready, 1);
            assert_true(rc == 0 || rc == -EINTR);
            assert_int_equal(port->ops->wait(port, 0, &ready, 1), 0);
        }
        port->ops->free(port);
    }
}

static void the_one_descriptor_tells_of_a_wake(void **state)
{
    struct mesh_port *port = open_port(MESH__PORT_EPOLL);
    struct pollfd host = { .fd = port->ops->fd(port), .events = POLLIN };
    struct mesh_ready ready;

    (void)state;
    assert_int_equal(poll(&host, 1, 0), 0);
    port->ops->wake(port);
    assert_int_equal(poll(&host, 1, 0), 1);
    assert_int_equal(port->ops->wait(port, 0, &ready, 1), 0);
    assert_int_equal(poll(&host, 1, 0), 0);
    port->ops->free(port);
}

static void clocks_go_forward_and_dice_differ(void **state)
{
    struct mesh_port *a = open_port(MESH__PORT_POLL);
    struct mesh_port *b = open_port(MESH__PORT_POLL);
    uint64_t before_ns = mesh__kernel_now_ns();
    uint64_t seen = 0;
    unsigned char key[300] = { 0 };

    (void)state;
    assert_true(a->ops->now_ns(a) >= before_ns);
    assert_true(a->ops->wall_ns(a) > 1600000000 * (int64_t)MESH__S);
    for (int i = 0; i < 64; i++)
        seen |= a->ops->random(a) ^ b->ops->random(b);
    assert_true(seen == UINT64_MAX);
    assert_int_equal(mesh__kernel_random(key, sizeof(key)), 0);
    seen = 0;
    for (size_t i = 290; i < sizeof(key); i++)
        seen |= key[i];
    assert_true(seen != 0);
    a->ops->free(a);
    b->ops->free(b);
}

/* --- threads: no wake is lost --- */

enum { THREADS = 3, ROUNDS = 300 };

struct visitor {
    struct mesh_loop *loop;
    pthread_t thread;
    struct mesh_task task;
    struct mesh_note notes[ROUNDS];
    atomic_uint ran; /* tasks and notes, by the driver */
};

static struct visitor visitors[THREADS];

static void visitor_task_runs(struct mesh_task *task)
{
    MESH__OF(task, struct visitor, task)->ran++;
}

static atomic_uint notes_run;

static void visitor_note_runs(struct mesh_note *note)
{
    (void)note;
    notes_run++;
}

static void *visit(void *argument)
{
    struct visitor *self = argument;

    for (int i = 0; i < ROUNDS; i++) {
        mesh__loop_enter(self->loop);
        mesh__loop_defer(self->loop, &self->task);
        mesh__loop_leave(self->loop);
        self->notes[i].run = visitor_note_runs;
        mesh__loop_post(self->loop, &self->notes[i]);
        while (self->ran < (unsigned)i + 1)
            sched_yield();
    }
    return NULL;
}

static bool all_ran(void *user)
{
    (void)user;
    for (int i = 0; i < THREADS; i++)
        if (visitors[i].ran < ROUNDS)
            return false;
    return notes_run == THREADS * ROUNDS;
}

static void no_wake_is_lost(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mesh_loop *loop;
        int rc;

        assert_int_equal(mesh__loop_new(open_port(kinds[i]), &loop), 0);
        notes_run = 0;
        for (int j = 0; j < THREADS; j++) {
            visitors[j].loop = loop;
            visitors[j].ran = 0;
            mesh__task_init(&visitors[j].task, visitor_task_runs);
            assert_int_equal(
                pthread_create(&visitors[j].thread, NULL, visit, &visitors[j]),
                0);
        }
        while (!all_ran(NULL)) {
            rc = mesh__loop_step(loop, 30 * MESH__S, all_ran, NULL);
            assert_int_equal(rc, 1); /* 0: it slept through */
        }
        for (int j = 0; j < THREADS; j++)
            assert_int_equal(pthread_join(visitors[j].thread, NULL), 0);
        mesh__loop_free(loop);
    }
}

/* A watch that another thread adds while the driver sleeps is seen. */
struct late_watch {
    struct mesh_loop *loop;
    struct mesh_watch watch;
    bool seen;
};

static void late_watch_ready(struct mesh_watch *watch, unsigned events)
{
    struct late_watch *late = MESH__OF(watch, struct late_watch, watch);

    late->seen = (events & MESH__WRITABLE) != 0;
    mesh__loop_unwatch(late->loop, watch);
}

static void *add_watch(void *argument)
{
    struct late_watch *late = argument;

    mesh__loop_enter(late->loop);
    assert_int_equal(mesh__loop_watch(late->loop, &late->watch, MESH__WRITABLE),
                     0);
    mesh__loop_leave(late->loop);
    return NULL;
}

static void a_sleeper_sees_a_new_watch(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct late_watch late = { .seen = false };
        pthread_t thread;
        int pair[2];

        open_pair(pair);
        mesh__watch_init(&late.watch, pair[0], late_watch_ready);
        assert_int_equal(mesh__loop_new(open_port(kinds[i]), &late.loop), 0);
        assert_int_equal(pthread_create(&thread, NULL, add_watch, &late), 0);
        assert_int_equal(mesh__loop_step(late.loop, 30 * MESH__S, NULL, NULL),
                         1);
        assert_true(late.seen);
        assert_int_equal(pthread_join(thread, NULL), 0);
        mesh__loop_free(late.loop);
        close(pair[0]);
        close(pair[1]);
    }
}

/* --- fork --- */

/* In the child: let go of everything; 0 when it went as it should. */
static int let_go(struct mesh_loop *loop, struct mesh_watch *watch)
{
    struct mesh_port *port = mesh__loop_port(loop);
    char byte;

    mesh__loop_forked(loop);
    if (port->ops->recv(port, watch->fd, &byte, 1) != -EBADF)
        return 1;
    mesh__loop_enter(loop);
    mesh__loop_unwatch(loop, watch);
    mesh__loop_leave(loop);
    port->ops->close(port, watch->fd, true);
    mesh__loop_free(loop);
    return 0;
}

static void a_child_leaves_the_parents_descriptors_alone(void **state)
{
    const struct mesh_slice byte = MESH__SLICE("x");

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct late_watch late = { .seen = false };
        struct mesh_port *port = open_port(kinds[i]);
        int pair[2];
        int status;
        pid_t child;

        open_pair(pair);
        mesh__watch_init(&late.watch, pair[0], late_watch_ready);
        assert_int_equal(mesh__loop_new(port, &late.loop), 0);
        mesh__loop_enter(late.loop);
        assert_int_equal(
            mesh__loop_watch(late.loop, &late.watch, MESH__READABLE), 0);
        mesh__loop_leave(late.loop);
        child = fork();
        if (child == 0)
            _exit(let_go(late.loop, &late.watch));
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(port->ops->send(port, pair[1], &byte, 1), 1);
        assert_int_equal(mesh__loop_step(late.loop, 30 * MESH__S, NULL, NULL),
                         1);
        mesh__loop_free(late.loop);
        close(pair[0]);
        close(pair[1]);
    }
}

/* --- memory --- */

static int try_port(int kind, int fd)
{
    struct mesh_port *port;
    struct mesh_ready ready;
    int rc = mesh__port_kernel_new(kind, &port);

    if (rc < 0) {
        assert_null(port);
        return rc;
    }
    rc = port->ops->watch(port, fd, MESH__WRITABLE, &ready);
    if (rc == 0)
        rc = port->ops->wait(port, 0, &ready, 1) == 1 ? 0 : -ENOMEM;
    port->ops->free(port);
    return rc;
}

static void losing_any_allocation_is_survived(void **state)
{
    int pair[2];

    (void)state;
    open_pair(pair);
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = 0;; n++) {
            int rc;

            fake_alloc_fail_at(n);
            rc = try_port(kinds[i], pair[0]);
            assert_int_equal(fake_alloc_live(), 0);
            if (!fake_alloc_tripped()) {
                assert_int_equal(rc, 0);
                break;
            }
            /* what epoll remembers about descriptors is only a hint */
            if (n == 0 || kinds[i] == MESH__PORT_POLL)
                assert_true(rc == MESH_ERR_NOMEM || rc == -ENOMEM);
            else
                assert_int_equal(rc, 0);
        }
    }
    fake_alloc_off();
    close(pair[0]);
    close(pair[1]);
}

static int option(int fd, int level, int name)
{
    socklen_t len = sizeof(int);
    int value = -1;

    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

/* A socket that is nowhere bound and connects to nobody. */
static void keep_alive_is_what_was_asked_for(void **state)
{
    static const struct mesh_keepalive off = { .idle_s = 7 };
    static const struct mesh_keepalive bare = { .on = true };
    static const struct mesh_keepalive full = { true, 100, 7, 4 };
    struct mesh_port *port = open_port(MESH__PORT_EPOLL);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int idle, interval, probes;

    (void)state;
    assert_true(fd >= 0);
    idle = option(fd, IPPROTO_TCP, TCP_KEEPIDLE);
    interval = option(fd, IPPROTO_TCP, TCP_KEEPINTVL);
    probes = option(fd, IPPROTO_TCP, TCP_KEEPCNT);
    assert_int_equal(port->ops->keepalive(port, fd, &off), 0);
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), idle);
    assert_int_equal(port->ops->keepalive(port, fd, &bare), 0);
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), idle);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), interval);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), probes);
    assert_int_equal(port->ops->keepalive(port, fd, &full), 0);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 100);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
    port->ops->close(port, fd, false);
    port->ops->free(port);
}

static void keep_alive_has_the_systems_bounds(void **state)
{
    static const struct mesh_keepalive wrong[] = {
        { .on = true, .idle_s = 32768 },
        { .on = true, .interval_s = UINT32_MAX },
        { .on = true, .probes = 128 },
    };
    struct mesh_port *port = open_port(MESH__PORT_POLL);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(port->ops->keepalive(port, fd, &wrong[i]), -EINVAL);
    port->ops->close(port, fd, false);
    assert_int_equal(port->ops->keepalive(port, fd, &wrong[0]), -EBADF);
    port->ops->free(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_through),
        cmocka_unit_test(refusals_keep_their_reason),
        cmocka_unit_test(readiness_follows_the_level),
        cmocka_unit_test(a_reused_descriptor_is_waited_for),
        cmocka_unit_test(few_places_are_shared_fairly),
        cmocka_unit_test(a_wake_ends_one_wait),
        cmocka_unit_test(the_one_descriptor_tells_of_a_wake),
        cmocka_unit_test(clocks_go_forward_and_dice_differ),
        cmocka_unit_test(no_wake_is_lost),
        cmocka_unit_test(a_sleeper_sees_a_new_watch),
        cmocka_unit_test(a_child_leaves_the_parents_descriptors_alone),
        cmocka_unit_test(keep_alive_is_what_was_asked_for),
        cmocka_unit_test(keep_alive_has_the_systems_bounds),
        cmocka_unit_test(losing_any_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
