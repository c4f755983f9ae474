/*
 * test_port_memory.c - a world in memory behaves as TCP does, and repeats.
 */
#include "net/port_memory.h"

#include "base/alloc.h"
#include "net/loop.h"
#include "torture.h"
#include "value/duration.h"

#include <mesh/base.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct mesh_address client_ip = { 4, 0, { 10, 0, 0, 1 } };
static const struct mesh_address server_ip = { 4, 0, { 10, 0, 0, 2 } };
static const struct mesh_address server_at = { 4, 80, { 10, 0, 0, 2 } };

/* A world, two ports and perhaps a connection. */
struct scene {
    struct mesh_world *world;
    struct mesh_port *client;
    struct mesh_port *server;
    int listener;
    int fds[2]; /* of client and server */
};

static void open_scene(struct scene *scene)
{
    assert_int_equal(mesh__world_new(7, &scene->world), 0);
    assert_int_equal(
        mesh__port_memory_new(scene->world, &client_ip, &scene->client), 0);
    assert_int_equal(
        mesh__port_memory_new(scene->world, &server_ip, &scene->server), 0);
    scene->listener = scene->server->ops->listen(scene->server, &server_at, 8);
    assert_true(scene->listener >= 0);
}

static void join(struct scene *scene)
{
    struct mesh_address peer;

    scene->fds[0] =
        scene->client->ops->connect(scene->client, &server_at, NULL);
    assert_true(scene->fds[0] >= 0);
    while (!mesh__world_idle(scene->world) &&
           mesh__world_next_ns(scene->world) != MESH__NEVER)
        mesh__world_advance(scene->world, mesh__world_next_ns(scene->world) -
                                              mesh__world_now_ns(scene->world));
    assert_int_equal(
        scene->client->ops->connected(scene->client, scene->fds[0]), 0);
    scene->fds[1] =
        scene->server->ops->accept(scene->server, scene->listener, &peer);
    assert_true(scene->fds[1] >= 0);
    assert_memory_equal(peer.ip, client_ip.ip, 4);
}

static void close_scene(struct scene *scene)
{
    scene->server->ops->close(scene->server, scene->listener, false);
    assert_int_equal(mesh__world_open(scene->world), 0);
    scene->client->ops->free(scene->client);
    scene->server->ops->free(scene->server);
    mesh__world_free(scene->world);
}

/* --- the same script on every fault --- */

enum { SENT = 10 };

/*
 * The server sends ten digits and ends; the client reads until something is
 * final: '.' the end, '!' a reset, '~' nothing more to come. '|' stands
 * between two receives.
 */
static void read_story(struct scene *scene, char *out)
{
    const struct mesh_port_ops *ops = scene->client->ops;
    size_t len = 0;

    for (;;) {
        char data[SENT];
        int64_t got =
            ops->recv(scene->client, scene->fds[0], data, sizeof(data));
        uint64_t next_ns = mesh__world_next_ns(scene->world);

        if (got > 0) {
            if (len)
                out[len++] = '|';
            memcpy(out + len, data, (size_t)got);
            len += (size_t)got;
            continue;
        }
        if (got == -EAGAIN && next_ns != MESH__NEVER) {
            mesh__world_advance(scene->world,
                                next_ns - mesh__world_now_ns(scene->world));
            continue;
        }
        out[len++] = got == 0 ? '.' : got == -ECONNRESET ? '!' : '~';
        out[len] = '\0';
        return;
    }
}

static void each_fault_does_its_own(void **state)
{
    static const struct {
        const char *claim;
        enum mesh_fault_kind kind;
        bool to_server;
        uint64_t at;
        size_t segment;
        const char *expect;
    } rows[] = {
        { "no fault", MESH__FAULT_NONE, false, 0, 0, "0123456789." },
        { "segments", MESH__FAULT_NONE, false, 0, 4, "0123|4567|89." },
        { "a split", MESH__FAULT_SPLIT, false, 3, 0, "012|3456789." },
        { "a split at the beginning", MESH__FAULT_SPLIT, false, 0, 0,
          "0123456789." },
        { "a reset", MESH__FAULT_RESET, false, 3, 0, "012!" },
        { "a reset before all", MESH__FAULT_RESET, false, 0, 0, "!" },
        { "a reset behind all does not come", MESH__FAULT_RESET, false, 10, 0,
          "0123456789." },
        { "an early end", MESH__FAULT_END, false, 7, 0, "0123456." },
        { "a stall", MESH__FAULT_STALL, false, 7, 0, "0123456~" },
        { "a stall eats the end too", MESH__FAULT_STALL, false, 10, 0,
          "0123456789~" },
        { "a bit", MESH__FAULT_FLIP, false, 4, 0, "0123556789." },
        { "the other direction's fault", MESH__FAULT_END, true, 4, 0,
          "0123456789." },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scene scene;
        const struct mesh_slice digits = MESH__SLICE("0123456789");
        struct mesh_slice rest = digits;
        char story[64];

        print_message("%s\n", rows[i].claim);
        open_scene(&scene);
        mesh__world_set_delay(scene.world, 5, 500);
        mesh__world_set_segment(scene.world, rows[i].segment);
        mesh__world_set_fault(scene.world, rows[i].kind, 0, rows[i].to_server,
                              rows[i].at);
        join(&scene);
        while (rest.len) {
            int64_t sent =
                scene.server->ops->send(scene.server, scene.fds[1], &rest, 1);
            assert_true(sent > 0);
            rest = mesh__slice(rest.at + sent, rest.len - (size_t)sent);
        }
        assert_int_equal(
            scene.server->ops->shutdown(scene.server, scene.fds[1]), 0);
        read_story(&scene, story);
        assert_string_equal(story, rows[i].expect);
        assert_int_equal(mesh__world_moved(scene.world, false), SENT);
        scene.client->ops->close(scene.client, scene.fds[0], false);
        scene.server->ops->close(scene.server, scene.fds[1], false);
        assert_int_equal(mesh__world_moved(scene.world, false), SENT);
        close_scene(&scene);
    }
}

/* --- connecting --- */

static void connecting_takes_two_ways(void **state)
{
    struct scene scene;
    struct mesh_address peer;
    int fd;

    (void)state;
    open_scene(&scene);
    mesh__world_set_delay(scene.world, 100, 100);
    fd = scene.client->ops->connect(scene.client, &server_at, NULL);
    assert_int_equal(scene.client->ops->connected(scene.client, fd),
                     -EINPROGRESS);
    assert_int_equal(
        scene.server->ops->accept(scene.server, scene.listener, &peer),
        -EAGAIN);
    assert_false(mesh__world_idle(scene.world));
    mesh__world_advance(scene.world, 100);
    scene.fds[1] =
        scene.server->ops->accept(scene.server, scene.listener, &peer);
    assert_true(scene.fds[1] >= 0);
    assert_int_equal(scene.client->ops->connected(scene.client, fd),
                     -EINPROGRESS);
    mesh__world_advance(scene.world, 100);
    assert_int_equal(scene.client->ops->connected(scene.client, fd), 0);
    assert_int_equal(scene.client->ops->address(scene.client, fd, true, &peer),
                     0);
    assert_true(mesh__address_equal(&peer, &server_at));
    assert_int_equal(mesh__world_connections(scene.world), 1);
    assert_int_equal(mesh__world_open(scene.world), 3);
    scene.client->ops->close(scene.client, fd, false);
    scene.server->ops->close(scene.server, scene.fds[1], false);
    close_scene(&scene);
}

static void refusals_are_as_the_kernels(void **state)
{
    const struct mesh_address other = { 4, 81, { 10, 0, 0, 2 } };
    const struct mesh_address foreign = { 4, 80, { 10, 0, 0, 9 } };
    const struct mesh_address any = { .family = 4, .port = 82 };
    struct scene scene;
    const struct mesh_port_ops *ops;
    int fd;

    (void)state;
    open_scene(&scene);
    ops = scene.client->ops;
    fd = ops->connect(scene.client, &other, NULL);
    assert_int_equal(ops->connected(scene.client, fd), -ECONNREFUSED);
    ops->close(scene.client, fd, false);
    mesh__world_set_refused(scene.world, &server_at, true, false);
    fd = ops->connect(scene.client, &server_at, NULL);
    assert_int_equal(ops->connected(scene.client, fd), -ECONNREFUSED);
    ops->close(scene.client, fd, false);
    mesh__world_set_refused(scene.world, &server_at, true, true);
    fd = ops->connect(scene.client, &server_at, NULL);
    mesh__world_advance(scene.world, 3600 * MESH__S);
    assert_int_equal(ops->connected(scene.client, fd), -EINPROGRESS);
    ops->close(scene.client, fd, false);
    mesh__world_set_refused(scene.world, &server_at, false, false);
    assert_int_equal(mesh__world_connections(scene.world), 0);
    assert_int_equal(ops->listen(scene.server, &server_at, 1), -EADDRINUSE);
    assert_int_equal(ops->listen(scene.server, &foreign, 1), -EADDRNOTAVAIL);
    fd = ops->listen(scene.server, &any, 1);
    assert_true(fd >= 0);
    ops->close(scene.server, fd, false);
    close_scene(&scene);
}

/* --- going away --- */

static void closing_tells_the_peer(void **state)
{
    static const struct {
        const char *claim;
        bool reset;
        bool unread; /* the one who closes has not read everything   */
        bool send;   /* the peer sends after the close               */
        int64_t recv;
    } rows[] = {
        { "the end", false, false, false, 0 },
        { "a reset when asked for", true, false, false, -ECONNRESET },
        { "a reset over unread bytes", false, true, false, -ECONNRESET },
        { "a reset to who sends on", false, false, true, -ECONNRESET },
    };
    const struct mesh_slice byte = MESH__SLICE("x");

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scene scene;
        char data[8];

        print_message("%s\n", rows[i].claim);
        open_scene(&scene);
        join(&scene);
        if (rows[i].unread)
            assert_int_equal(
                scene.client->ops->send(scene.client, scene.fds[0], &byte, 1),
                1);
        assert_int_equal(scene.client->ops->peek(scene.client, scene.fds[0]),
                         0);
        scene.server->ops->close(scene.server, scene.fds[1], rows[i].reset);
        if (rows[i].send)
            assert_int_equal(
                scene.client->ops->send(scene.client, scene.fds[0], &byte, 1),
                1);
        assert_int_equal(scene.client->ops->peek(scene.client, scene.fds[0]),
                         rows[i].recv ? rows[i].recv : 1);
        assert_int_equal(scene.client->ops->recv(scene.client, scene.fds[0],
                                                 data, sizeof(data)),
                         rows[i].recv);
        scene.client->ops->close(scene.client, scene.fds[0], false);
        close_scene(&scene);
    }
}

static void a_window_fills_and_opens(void **state)
{
    static char much[100000];
    const struct mesh_slice slices[2] = { { much, sizeof(much) },
                                          { much, sizeof(much) } };
    struct mesh_ready ready;
    struct scene scene;
    int64_t sent;
    int tag;

    (void)state;
    open_scene(&scene);
    join(&scene);
    sent = scene.client->ops->send(scene.client, scene.fds[0], slices, 2);
    assert_true(sent > 0 && (size_t)sent < sizeof(much));
    assert_int_equal(
        scene.client->ops->send(scene.client, scene.fds[0], slices, 2),
        -EAGAIN);
    assert_int_equal(scene.client->ops->watch(scene.client, scene.fds[0],
                                              MESH__WRITABLE, &tag),
                     0);
    assert_int_equal(scene.client->ops->wait(scene.client, 0, &ready, 1), 0);
    assert_int_equal(
        scene.server->ops->recv(scene.server, scene.fds[1], much, 5), 5);
    assert_int_equal(scene.client->ops->wait(scene.client, 0, &ready, 1), 1);
    assert_ptr_equal(ready.tag, &tag);
    assert_int_equal(ready.events, MESH__WRITABLE);
    scene.client->ops->close(scene.client, scene.fds[0], false);
    scene.server->ops->close(scene.server, scene.fds[1], false);
    close_scene(&scene);
}

/* --- waiting --- */

static void a_wait_gives_way_to_an_earlier_port(void **state)
{
    const struct mesh_slice byte = MESH__SLICE("x");
    struct mesh_ready ready;
    struct scene scene;
    uint64_t now_ns;

    (void)state;
    open_scene(&scene);
    join(&scene);
    mesh__world_set_delay(scene.world, 100, 100);
    now_ns = mesh__world_now_ns(scene.world);
    assert_int_equal(
        scene.client->ops->send(scene.client, scene.fds[0], &byte, 1), 1);
    assert_int_equal(scene.server->ops->watch(scene.server, scene.fds[1],
                                              MESH__READABLE, &scene),
                     0);
    assert_int_equal(scene.client->ops->wait(scene.client, 50, &ready, 1), 0);
    assert_int_equal(mesh__world_now_ns(scene.world), now_ns + 50);
    assert_int_equal(scene.client->ops->wait(scene.client, 500, &ready, 1), 0);
    assert_int_equal(mesh__world_now_ns(scene.world), now_ns + 50);
    assert_int_equal(scene.server->ops->wait(scene.server, 500, &ready, 1), 1);
    assert_int_equal(mesh__world_now_ns(scene.world), now_ns + 100);
    assert_int_equal(scene.client->ops->wait(scene.client, 500, &ready, 1), 0);
    assert_int_equal(mesh__world_now_ns(scene.world), now_ns + 100);
    scene.server->ops->close(scene.server, scene.fds[1], false);
    assert_int_equal(
        scene.client->ops->wait(scene.client, MESH__NEVER, &ready, 1), 0);
    scene.client->ops->wake(scene.client);
    assert_int_equal(scene.client->ops->wait(scene.client, 500, &ready, 1), 0);
    assert_int_equal(mesh__world_now_ns(scene.world), now_ns + 100);
    scene.client->ops->close(scene.client, scene.fds[0], false);
    close_scene(&scene);
}

static void the_wall_is_what_it_is_told(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene);
    mesh__world_set_wall(scene.world, 5);
    assert_int_equal(scene.client->ops->wall_ns(scene.client), 5);
    mesh__world_advance(scene.world, 10);
    assert_int_equal(scene.client->ops->wall_ns(scene.client), 15);
    close_scene(&scene);
}

/* --- two loops echo --- */

struct party {
    struct mesh_loop *loop;
    struct mesh_port *port;
    struct mesh_watch watch;
    struct mesh_timer timer;
    unsigned left; /* bytes the client still has to send and get back */
    bool done;
};

static struct party parties[2];

static void send_byte(struct party *party)
{
    const struct mesh_slice byte = MESH__SLICE("x");

    assert_int_equal(
        party->port->ops->send(party->port, party->watch.fd, &byte, 1), 1);
}

static void client_ready(struct mesh_watch *watch, unsigned events)
{
    struct party *party = MESH__OF(watch, struct party, watch);
    char byte;

    assert_true(events & MESH__READABLE);
    assert_int_equal(party->port->ops->recv(party->port, watch->fd, &byte, 1),
                     1);
    party->done = --party->left == 0;
    if (!party->done)
        assert_int_equal(
            mesh__loop_set_timer(party->loop, &party->timer,
                                 mesh__loop_now(party->loop) + MESH__MS),
            0);
}

static void client_due(struct mesh_timer *timer)
{
    send_byte(MESH__OF(timer, struct party, timer));
}

static void server_ready(struct mesh_watch *watch, unsigned events)
{
    struct party *party = MESH__OF(watch, struct party, watch);
    char byte;

    (void)events;
    assert_int_equal(party->port->ops->recv(party->port, watch->fd, &byte, 1),
                     1);
    send_byte(party);
}

static bool client_done(void *user)
{
    (void)user;
    return parties[0].done;
}

/* A hundred bytes there and back; the moment it was done. */
static uint64_t echo(uint64_t seed)
{
    struct scene scene;
    struct mesh_loop *loops[2];
    uint64_t end_ns;

    open_scene(&scene);
    for (uint64_t i = 0; i < seed; i++)
        (void)scene.client->ops->random(scene.client);
    join(&scene);
    mesh__world_set_delay(scene.world, 10, 100000);
    for (int i = 0; i < 2; i++) {
        struct party *party = &parties[i];

        *party = (struct party){ .left = 100 };
        party->port = i ? scene.server : scene.client;
        assert_int_equal(mesh__loop_new(party->port, &party->loop), 0);
        mesh__watch_init(&party->watch, scene.fds[i],
                         i ? server_ready : client_ready);
        mesh__timer_init(&party->timer, client_due);
        mesh__loop_enter(party->loop);
        assert_int_equal(
            mesh__loop_watch(party->loop, &party->watch, MESH__READABLE), 0);
        assert_int_equal(mesh__loop_set_timer(party->loop, &party->timer,
                                              i ? MESH__NEVER : 1),
                         0);
        mesh__loop_leave(party->loop);
        loops[i] = party->loop;
    }
    assert_int_equal(
        mesh__world_run(scene.world, loops, 2, MESH__NEVER, client_done, NULL),
        1);
    end_ns = mesh__world_now_ns(scene.world);
    assert_true(mesh__world_idle(scene.world));
    assert_int_equal(
        mesh__world_run(scene.world, loops, 2, end_ns + 5, NULL, NULL), 0);
    for (int i = 0; i < 2; i++) {
        mesh__loop_enter(loops[i]);
        mesh__loop_unwatch(loops[i], &parties[i].watch);
        mesh__loop_leave(loops[i]);
        parties[i].port->ops->close(parties[i].port, scene.fds[i], false);
    }
    scene.server->ops->close(scene.server, scene.listener, false);
    assert_int_equal(mesh__world_open(scene.world), 0);
    mesh__loop_free(loops[0]);
    mesh__loop_free(loops[1]);
    mesh__world_free(scene.world);
    return end_ns;
}

static void the_same_dice_tell_the_same_story(void **state)
{
    (void)state;
    assert_int_equal(echo(1), echo(1));
    assert_int_not_equal(echo(1), echo(2));
}

/* --- memory --- */

static int try_scene(struct scene *scene)
{
    int rc;

    *scene = (struct scene){ .listener = -ENOMEM };
    scene->fds[0] = -ENOMEM;
    rc = mesh__world_new(1, &scene->world);
    if (rc == 0)
        rc = mesh__port_memory_new(scene->world, &server_ip, &scene->server);
    if (rc == 0)
        scene->listener =
            scene->server->ops->listen(scene->server, &server_at, 1);
    if (rc == 0 && scene->listener >= 0)
        scene->fds[0] =
            scene->server->ops->connect(scene->server, &server_at, NULL);
    return rc < 0 || scene->fds[0] >= 0 ? rc : MESH_ERR_NOMEM;
}

static void losing_any_allocation_is_survived(void **state)
{
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        struct scene scene;

        fake_alloc_fail_at(n);
        rc = try_scene(&scene);
        if (scene.fds[0] >= 0)
            scene.server->ops->close(scene.server, scene.fds[0], false);
        if (scene.listener >= 0)
            scene.server->ops->close(scene.server, scene.listener, false);
        if (scene.server)
            scene.server->ops->free(scene.server);
        mesh__world_free(scene.world);
        assert_int_equal(fake_alloc_live(), 0);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
    }
    assert_int_equal(rc, 0);
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_does_its_own),
        cmocka_unit_test(connecting_takes_two_ways),
        cmocka_unit_test(refusals_are_as_the_kernels),
        cmocka_unit_test(closing_tells_the_peer),
        cmocka_unit_test(a_window_fills_and_opens),
        cmocka_unit_test(a_wait_gives_way_to_an_earlier_port),
        cmocka_unit_test(the_wall_is_what_it_is_told),
        cmocka_unit_test(the_same_dice_tell_the_same_story),
        cmocka_unit_test(losing_any_allocation_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
