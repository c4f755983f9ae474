/*
 * test_bounds.c - how long a plain stream may be idle, and open: two ends in
 * plaintext on the memory port, of which ours is bound.
 */
#include "link/bounds.h"

#include "base/error.h"
#include "net/port_memory.h"
#include "torture.h"
#include "value/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct mesh_address client_ip = { 4, 0, { 10, 0, 0, 1 } };
static const struct mesh_address server_ip = { 4, 0, { 10, 0, 0, 2 } };
static const struct mesh_address server_at = { 4, 80, { 10, 0, 0, 2 } };
static const struct mesh_h1_limits limits = { 4096, 16 };
static const struct mesh_dial dial = { .timeout_ns = 60 * MESH__S };

struct scene {
    struct mesh_world *world;
    struct mesh_port *peer;
    struct mesh_loop *loop;
    struct mesh_link link;
    struct mesh_stream *stream;
    struct mesh_bounds bounds;
    int listener;
    int fd; /* the peer's end */
    unsigned told;
};

static struct scene scene;

static void on_stream(struct mesh_stream *stream)
{
    scene.told++;
    if (stream->state == MESH__STREAM_READY)
        (void)mesh__stream_want(stream, false);
}

static void pass(uint64_t ns)
{
    struct mesh_loop *const loops[] = { scene.loop };
    uint64_t until_ns = mesh__world_now_ns(scene.world) + ns;

    assert_true(mesh__world_run(scene.world, loops, 1, until_ns, NULL, NULL) >=
                0);
    if (mesh__world_now_ns(scene.world) < until_ns)
        mesh__world_advance(scene.world,
                            until_ns - mesh__world_now_ns(scene.world));
}

static int set_up(void **state)
{
    struct mesh_port *port;

    (void)state;
    memset(&scene, 0, sizeof(scene));
    scene.fd = -1;
    assert_int_equal(mesh__world_new(3, &scene.world), 0);
    assert_int_equal(mesh__port_memory_new(scene.world, &client_ip, &port), 0);
    assert_int_equal(
        mesh__port_memory_new(scene.world, &server_ip, &scene.peer), 0);
    scene.listener = scene.peer->ops->listen(scene.peer, &server_at, 4);
    assert_true(scene.listener >= 0);
    assert_int_equal(mesh__loop_new(port, &scene.loop), 0);
    mesh__link_init(&scene.link, scene.loop, NULL, &limits, false);
    return 0;
}

static int dial_out(uint64_t idle_ns, uint64_t open_ns)
{
    int rc;

    mesh__loop_enter(scene.loop);
    rc = mesh__stream_open(&scene.link, &server_at, &dial, NULL,
                           (struct mesh_slice){ 0 }, on_stream, NULL,
                           &scene.stream);
    if (rc == 0)
        rc = mesh__bounds_begin(&scene.bounds, scene.stream, idle_ns, open_ns);
    mesh__loop_leave(scene.loop);
    return rc;
}

static void open_with(uint64_t idle_ns, uint64_t open_ns)
{
    struct mesh_address from;

    assert_int_equal(dial_out(idle_ns, open_ns), 0);
    pass(0);
    scene.fd = scene.peer->ops->accept(scene.peer, scene.listener, &from);
    assert_true(scene.fd >= 0);
    assert_int_equal(scene.stream->state, MESH__STREAM_READY);
    scene.told = 0;
}

static void hang_up(void)
{
    mesh__loop_enter(scene.loop);
    mesh__bounds_end(&scene.bounds, scene.loop);
    if (scene.stream)
        mesh__stream_close(scene.stream, NULL, false);
    scene.stream = NULL;
    mesh__loop_leave(scene.loop);
    if (scene.fd >= 0)
        scene.peer->ops->close(scene.peer, scene.fd, false);
    scene.fd = -1;
    mesh__error_clear();
}

static int tear_down(void **state)
{
    (void)state;
    hang_up();
    mesh__link_fini(&scene.link);
    mesh__loop_free(scene.loop);
    scene.peer->ops->close(scene.peer, scene.listener, false);
    scene.peer->ops->free(scene.peer);
    assert_int_equal(mesh__world_open(scene.world), 0);
    mesh__world_free(scene.world);
    return 0;
}

/* --- stories --- */

static const struct mesh_slice word = MESH__SLICE("x");

static void peer_says(void)
{
    assert_int_equal(scene.peer->ops->send(scene.peer, scene.fd, &word, 1), 1);
    pass(0);
}

static void peer_takes(void)
{
    char byte;

    pass(0);
    assert_int_equal(scene.peer->ops->recv(scene.peer, scene.fd, &byte, 1), 1);
}

static void we_take(void)
{
    mesh__loop_enter(scene.loop);
    scene.stream->drained = false;
    assert_int_equal(mesh__stream_fill(scene.stream), 0);
    mesh__buffer_clear(&scene.stream->plain);
    mesh__stream_settle(scene.stream);
    mesh__loop_leave(scene.loop);
}

static void we_say(void)
{
    mesh__loop_enter(scene.loop);
    assert_int_equal(mesh__stream_send(scene.stream, &word, 1), 0);
    mesh__loop_leave(scene.loop);
}

static void act(char what)
{
    switch (what) {
    case '<':
        peer_says();
        we_take();
        break;
    case '>':
        we_say();
        peer_takes();
        break;
    case 'u':
        peer_says();
        break;
    case 't':
        we_take();
        break;
    default:
        pass(MESH__S);
    }
}

static char state_now(void)
{
    static const char ends[] = { '-', 'I', 'O' };

    if (scene.stream->state == MESH__STREAM_READY) {
        assert_int_equal(scene.bounds.over, MESH__BOUND_NONE);
        return ends[0];
    }
    assert_int_equal(scene.stream->code, MESH_ERR_CLOSED);
    assert_int_equal(scene.told, 1); /* once, and only of this */
    return ends[scene.bounds.over];
}

static const struct {
    const char *claim;
    unsigned idle_s;
    unsigned open_s;
    const char *script; /* '<' peer to us, '>' us to peer, 'u' the same as '<'
                           and not taken, 't' taken, '.' a second passes */
    const char *expect; /* after each: '-' there, 'I' idle, 'O' open too long */
} rows[] = {
    { "no bound, no end", 0, 0, "..........", "----------" },
    { "idle on both sides", 3, 0, "....", "--II" },
    { "what comes keeps it", 3, 0, "..<..<....", "--------II" },
    { "what leaves keeps it", 3, 0, "..>..>....", "--------II" },
    { "what nobody takes keeps it, once", 3, 0, "..u.....", "------II" },
    { "and taken, more may come", 3, 0, "u...t..u...", "-----------" },
    { "open for so long, however busy", 3, 5, ".<>.<>.<>.<>..",
      "------------OO" },
    { "open for so long, idle or not", 0, 2, "..", "-O" },
    { "whichever comes first: idle", 2, 9, "...", "-II" },
    { "whichever comes first: the other", 9, 2, "...", "-OO" },
    { "both at once: the other", 2, 2, "..", "-O" },
};

static void streams_end_in_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].script);
        char got[32] = "";

        open_with(rows[i].idle_s * MESH__S, rows[i].open_s * MESH__S);
        for (size_t j = 0; j < len; j++) {
            if (scene.stream->state == MESH__STREAM_READY)
                act(rows[i].script[j]);
            got[j] = state_now();
        }
        if (strcmp(got, rows[i].expect) != 0)
            fail_msg("%s\n  %s: %s\n  wanted: %s", rows[i].claim,
                     rows[i].script, got, rows[i].expect);
        hang_up();
    }
}

static void the_peer_sees_an_end_in_order(void **state)
{
    char byte;

    (void)state;
    open_with(MESH__S, 0);
    pass(MESH__S);
    assert_string_equal(scene.stream->line, "idle for 1000 ms: idleTimeout");
    pass(MESH__MS);
    assert_int_equal(scene.peer->ops->recv(scene.peer, scene.fd, &byte, 1), 0);
    hang_up();
    open_with(0, 2 * MESH__S);
    pass(2 * MESH__S);
    assert_string_equal(scene.stream->line,
                        "open for 2000 ms: maxConnectionDuration");
    pass(MESH__MS);
    assert_int_equal(scene.peer->ops->recv(scene.peer, scene.fd, &byte, 1), 0);
}

/* Nobody waits for those who do not read. */
static void what_has_not_left_yet_is_dropped(void **state)
{
    static char much[MESH__STREAM_BACKLOG];
    const struct mesh_slice piece = { much, sizeof(much) };
    int64_t got;
    int64_t all = 0;

    (void)state;
    open_with(0, MESH__S);
    mesh__world_set_segment(scene.world, 100);
    mesh__loop_enter(scene.loop);
    assert_int_equal(mesh__stream_send(scene.stream, &piece, 1), 0);
    assert_int_equal(mesh__stream_backlog(scene.stream), sizeof(much) - 100);
    mesh__world_advance(scene.world, MESH__S);
    mesh__loop_leave(scene.loop);
    mesh__loop_enter(scene.loop);
    mesh__bounds_look(scene.stream);
    mesh__loop_leave(scene.loop);
    assert_int_equal(scene.stream->state, MESH__STREAM_FAILED);
    assert_int_equal(mesh__stream_backlog(scene.stream), 0);
    assert_int_equal(scene.told, 0); /* who looks knows */
    pass(MESH__S);
    assert_int_equal(scene.told, 0);
    mesh__world_set_segment(scene.world, 0);
    while ((got = scene.peer->ops->recv(scene.peer, scene.fd, much,
                                        sizeof(much))) > 0)
        all += got;
    assert_int_equal(got, 0);
    assert_int_equal(all, 100);
}

static void who_looks_before_the_loop_does_finds_out(void **state)
{
    (void)state;
    open_with(MESH__S, 0);
    mesh__world_advance(scene.world, MESH__S - 1);
    mesh__loop_enter(scene.loop);
    mesh__bounds_look(scene.stream);
    mesh__loop_leave(scene.loop);
    assert_int_equal(scene.stream->state, MESH__STREAM_READY);
    mesh__world_advance(scene.world, 1);
    mesh__loop_enter(scene.loop);
    mesh__bounds_look(scene.stream);
    mesh__bounds_look(scene.stream);
    mesh__loop_leave(scene.loop);
    assert_int_equal(scene.stream->state, MESH__STREAM_FAILED);
    assert_int_equal(scene.bounds.over, MESH__BOUND_IDLE);
}

/* What connects is not idle, and has no longer than it may be open. */
static void connecting_is_bound_too(void **state)
{
    (void)state;
    mesh__world_set_refused(scene.world, &server_at, true, true);
    assert_int_equal(dial_out(MESH__S, 0), 0);
    pass(30 * MESH__S);
    assert_int_equal(scene.stream->state, MESH__STREAM_CONNECTING);
    pass(30 * MESH__S);
    assert_int_equal(scene.stream->code, MESH_ERR_TIMEOUT);
    assert_int_equal(scene.bounds.over, MESH__BOUND_NONE);
    pass(10 * MESH__S);
    assert_int_equal(scene.stream->code, MESH_ERR_TIMEOUT);
    hang_up();
    assert_int_equal(dial_out(MESH__S, 5 * MESH__S), 0);
    pass(6 * MESH__S);
    assert_int_equal(scene.stream->code, MESH_ERR_CLOSED);
    assert_int_equal(scene.bounds.over, MESH__BOUND_OPEN);
}

static void without_memory_there_is_no_stream(void **state)
{
    int rc;

    (void)state;
    for (size_t n = 0;; n++) {
        fake_alloc_fail_at(n);
        rc = dial_out(MESH__S, MESH__S);
        if (!fake_alloc_tripped())
            break;
        assert_int_equal(rc, MESH_ERR_NOMEM);
        hang_up();
    }
    fake_alloc_reset();
    assert_int_equal(rc, 0);
    pass(MESH__S);
    assert_int_equal(scene.bounds.over, MESH__BOUND_OPEN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(streams_end_in_time),
        TEST(the_peer_sees_an_end_in_order),
        TEST(what_has_not_left_yet_is_dropped),
        TEST(who_looks_before_the_loop_does_finds_out),
        TEST(connecting_is_bound_too),
        TEST(without_memory_there_is_no_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
