/*
 * test_pool.c - the shelf of an endpoint: who comes first, who may connect, and
 * what is not used again. Plaintext on the memory port.
 */
#include "link/pool.h"

#include "base/error.h"
#include "net/port_memory.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WAITERS = 6 };

static const struct mesh_address client_ip = { 4, 0, { 10, 0, 0, 1 } };
static const struct mesh_address server_ip = { 4, 0, { 10, 0, 0, 2 } };
static const struct mesh_address server_at = { 4, 80, { 10, 0, 0, 2 } };
static const struct mesh_h1_limits limits = { 4096, 16 };

/* One loop, one pool, a listener that nobody has to accept on. */
struct scene {
    struct mesh_world *world;
    struct mesh_port *server;
    struct mesh_loop *loop;
    struct mesh_link link;
    struct mesh_pools *pools;
    struct mesh_pool *pool;
    struct mesh_quota connections;
    struct mesh_quota pending;
    struct mesh_permits permits;
    struct mesh_waiter waiters[WAITERS];
    struct mesh_stream *streams[WAITERS];
    char told[64]; /* "c0" connect, "g1" granted, "f2" failed, by waiter */
    int listener;
};

static struct scene scene;

static size_t index_of(const struct mesh_waiter *waiter)
{
    return (size_t)(waiter - scene.waiters);
}

static void note(char what, size_t who)
{
    size_t len = strlen(scene.told);

    assert_true(len + 3 < sizeof(scene.told));
    scene.told[len] = what;
    scene.told[len + 1] = (char)('0' + who);
    scene.told[len + 2] = '\0';
}

static const struct mesh_dial dial = { .timeout_ns = MESH__S };

static void on_stream(struct mesh_stream *stream)
{
    (void)stream;
}

static void on_turn(struct mesh_waiter *waiter, enum mesh_turn turn)
{
    size_t who = index_of(waiter);

    switch (turn) {
    case MESH__TURN_CONNECT:
        note('c', who);
        mesh__pool_connect(scene.pool, &scene.link, &dial);
        break;
    case MESH__TURN_GRANTED:
        note('g', who);
        scene.streams[who] = waiter->stream;
        assert_int_equal(
            mesh__stream_attach(waiter->stream, &scene.link, on_stream, NULL),
            0);
        break;
    case MESH__TURN_FAILED:
        note('f', who);
        break;
    }
}

static int set_up(void **state)
{
    static const uint64_t key[2] = { 1, 1 };
    struct mesh_port *port;

    (void)state;
    memset(&scene, 0, sizeof(scene));
    assert_int_equal(mesh__world_new(3, &scene.world), 0);
    assert_int_equal(mesh__port_memory_new(scene.world, &client_ip, &port), 0);
    assert_int_equal(
        mesh__port_memory_new(scene.world, &server_ip, &scene.server), 0);
    scene.listener = scene.server->ops->listen(scene.server, &server_at, 64);
    assert_true(scene.listener >= 0);
    assert_int_equal(mesh__loop_new(port, &scene.loop), 0);
    mesh__link_init(&scene.link, scene.loop, NULL, &limits, true);
    assert_int_equal(mesh__pools_new(scene.server, &scene.pools), 0);
    assert_int_equal(mesh__pool_new(scene.pools, &server_at, &scene.pool), 0);
    assert_int_equal(mesh__pool_configure(scene.pool, NULL, NULL, NULL, key),
                     0);
    scene.permits = (struct mesh_permits){ .connections = &scene.connections,
                                           .pending = &scene.pending,
                                           .max_connections = 2,
                                           .max_pending = 4,
                                           .key = { 1, 1 } };
    for (size_t i = 0; i < WAITERS; i++)
        mesh__waiter_init(&scene.waiters[i], on_turn);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mesh__loop_enter(scene.loop);
    mesh__pools_leave(scene.pools, &scene.link);
    mesh__loop_leave(scene.loop);
    mesh__pool_close(scene.pool);
    assert_int_equal(mesh__quota_used(&scene.connections), 0);
    assert_int_equal(mesh__quota_used(&scene.pending), 0);
    mesh__pool_unref(scene.pool);
    mesh__pools_free(scene.pools);
    mesh__link_fini(&scene.link);
    mesh__loop_free(scene.loop);
    scene.server->ops->close(scene.server, scene.listener, false);
    scene.server->ops->free(scene.server);
    mesh__world_free(scene.world);
    return 0;
}

/* Ask for waiter who; what was answered. */
static enum mesh_pool_answer ask(size_t who)
{
    enum mesh_pool_answer answer;

    mesh__loop_enter(scene.loop);
    answer = mesh__pool_take(scene.pool, &scene.link, &scene.waiters[who],
                             &scene.permits, mesh__loop_now(scene.loop),
                             on_stream, NULL, &scene.streams[who]);
    if (answer == MESH__POOL_CONNECT)
        mesh__pool_connect(scene.pool, &scene.link, &dial);
    mesh__loop_leave(scene.loop);
    return answer;
}

static void give_back(size_t who, bool reusable)
{
    mesh__loop_enter(scene.loop);
    scene.streams[who]->used++;
    mesh__pool_release(scene.streams[who], reusable, false);
    mesh__loop_leave(scene.loop);
    scene.streams[who] = NULL;
}

static void run(void)
{
    struct mesh_loop *const loops[] = { scene.loop };

    (void)mesh__world_run(scene.world, loops, 1,
                          mesh__world_now_ns(scene.world) + 2 * MESH__S, NULL,
                          NULL);
    mesh__error_clear();
}

static void waiters_are_served_in_order(void **state)
{
    (void)state;
    assert_int_equal(ask(0), MESH__POOL_CONNECT);
    assert_int_equal(ask(1), MESH__POOL_CONNECT);
    assert_int_equal(ask(2), MESH__POOL_WAIT);
    assert_int_equal(ask(3), MESH__POOL_WAIT);
    run();
    assert_string_equal(scene.told, "g0g1");
    assert_int_equal(mesh__quota_used(&scene.connections), 2);
    give_back(1, true);
    run();
    assert_string_equal(scene.told, "g0g1g2");
    give_back(0, true);
    run();
    assert_string_equal(scene.told, "g0g1g2g3");
    give_back(2, true);
    give_back(3, true);
    assert_int_equal(mesh__world_connections(scene.world), 2);
}

static void too_many_waiters_are_an_overflow(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(ask(i) != MESH__POOL_OVERFLOW);
    assert_int_equal(ask(4), MESH__POOL_OVERFLOW);
    run();
    assert_int_equal(ask(4), MESH__POOL_WAIT); /* two are served by now */
    assert_true(mesh__pool_cancel(&scene.waiters[4]));
    assert_true(mesh__pool_cancel(&scene.waiters[2]));
    assert_true(mesh__pool_cancel(&scene.waiters[3]));
    give_back(0, true);
    give_back(1, true);
}

static void the_last_one_used_is_used_first(void **state)
{
    struct mesh_stream *last;

    (void)state;
    (void)ask(0);
    (void)ask(1);
    run();
    last = scene.streams[0];
    give_back(1, true);
    give_back(0, true);
    assert_int_equal(ask(2), MESH__POOL_STREAM);
    assert_ptr_equal(scene.streams[2], last);
    give_back(2, true);
}

static void a_refused_connection_fails_all_who_wait(void **state)
{
    (void)state;
    mesh__world_set_refused(scene.world, &server_at, true, false);
    (void)ask(0);
    (void)ask(1);
    (void)ask(2);
    run();
    assert_non_null(strstr(scene.told, "f0"));
    assert_non_null(strstr(scene.told, "f1"));
    assert_non_null(strstr(scene.told, "f2"));
    assert_int_equal(scene.waiters[0].code, MESH_ERR_CONNECT);
    assert_int_equal(mesh__quota_used(&scene.connections), 0);
    assert_int_equal(mesh__quota_used(&scene.pending), 0);
}

static void nobody_answers_in_time(void **state)
{
    (void)state;
    mesh__world_set_refused(scene.world, &server_at, true, true);
    (void)ask(0);
    run();
    assert_string_equal(scene.told, "f0");
    assert_int_equal(scene.waiters[0].code, MESH_ERR_TIMEOUT);
}

static void what_served_enough_is_closed(void **state)
{
    (void)state;
    scene.permits.max_requests_per_connection = 2;
    for (int i = 0; i < 4; i++) {
        if (ask(0) != MESH__POOL_STREAM)
            run();
        give_back(0, true);
    }
    assert_int_equal(mesh__world_connections(scene.world), 2);
}

static void what_is_not_reusable_makes_room(void **state)
{
    (void)state;
    scene.permits.max_connections = 1;
    (void)ask(0);
    assert_int_equal(ask(1), MESH__POOL_WAIT);
    run();
    give_back(0, false);
    run();
    assert_string_equal(scene.told, "g0c1g1");
    give_back(1, true);
}

static void a_new_profile_is_not_served_by_old_streams(void **state)
{
    static const uint64_t key[2] = { 2, 1 };

    (void)state;
    (void)ask(0);
    run();
    give_back(0, true);
    scene.permits.key[0] = 2;
    assert_int_equal(ask(1), MESH__POOL_CONFIGURE);
    assert_int_equal(mesh__pool_configure(scene.pool, NULL, NULL, NULL, key),
                     0);
    /* The digest did not change: the stream is as good as before. */
    assert_int_equal(ask(1), MESH__POOL_STREAM);
    give_back(1, true);
}

static void idle_for_too_long_is_closed(void **state)
{
    (void)state;
    scene.permits.idle_timeout_ns = MESH__S;
    (void)ask(0);
    run();
    give_back(0, true);
    run();
    assert_int_equal(ask(0), MESH__POOL_CONNECT);
    run();
    give_back(0, true);
    assert_int_equal(mesh__world_connections(scene.world), 2);
}

/* maxConnectionDuration: at once where it is idle, else behind its answer. */
static void too_old_is_closed(void **state)
{
    (void)state;
    scene.permits.max_connection_ns = MESH__S;
    (void)ask(0);
    (void)ask(1);
    run(); /* two seconds, in which one is used and one would be idle */
    assert_int_equal(mesh__quota_used(&scene.connections), 2);
    give_back(0, true); /* its age is over: it does not go on the shelf */
    assert_int_equal(mesh__quota_used(&scene.connections), 1);
    give_back(1, true);
    assert_int_equal(ask(0), MESH__POOL_CONNECT);
    run();
    give_back(0, false);
    assert_int_equal(mesh__world_connections(scene.world), 3);
}

static void an_idle_one_grows_old_too(void **state)
{
    (void)state;
    scene.permits.max_connection_ns = 3 * MESH__S;
    scene.permits.idle_timeout_ns = 60 * MESH__S;
    (void)ask(0);
    run();
    give_back(0, true);
    assert_int_equal(mesh__quota_used(&scene.connections), 1);
    run(); /* nobody asks for it */
    assert_int_equal(mesh__quota_used(&scene.connections), 0);
    scene.permits.max_connection_ns = 60 * MESH__S;
    scene.permits.idle_timeout_ns = MESH__S;
    (void)ask(0);
    run();
    give_back(0, true);
    run(); /* idle for too long is earlier */
    assert_int_equal(mesh__quota_used(&scene.connections), 0);
}

static void a_closed_pool_gives_nothing(void **state)
{
    (void)state;
    scene.permits.max_connections = 1;
    (void)ask(0);
    run();
    assert_int_equal(ask(1), MESH__POOL_WAIT);
    mesh__pool_close(scene.pool);
    run();
    assert_string_equal(scene.told, "g0f1");
    assert_int_equal(ask(2), MESH__POOL_CLOSED);
    give_back(0, true);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(waiters_are_served_in_order),
        CASE(too_many_waiters_are_an_overflow),
        CASE(the_last_one_used_is_used_first),
        CASE(a_refused_connection_fails_all_who_wait),
        CASE(nobody_answers_in_time),
        CASE(what_served_enough_is_closed),
        CASE(what_is_not_reusable_makes_room),
        CASE(a_new_profile_is_not_served_by_old_streams),
        CASE(idle_for_too_long_is_closed),
        CASE(too_old_is_closed),
        CASE(an_idle_one_grows_old_too),
        CASE(a_closed_pool_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
