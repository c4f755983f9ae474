/*
 * test_names.c - names are asked on a loop and answered there, by a script.
 */
#include "net/names.h"

#include "net/port_memory.h"
#include "torture.h"
#include "value/duration.h"

#include <mesh/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct mesh_address here = { 4, 0, { 10, 0, 0, 1 } };
static const struct mesh_address four = { 4, 0, { 192, 0, 2, 1 } };
static const struct mesh_address five = { 4, 0, { 192, 0, 2, 5 } };
static const struct mesh_address six = { 6, 0, { 0x20, 1, 0xd, 0xb8 } };

struct scene {
    struct mesh_world *world;
    struct mesh_loop *loop;
    struct mesh_names *names;
    struct mesh_lookup lookup;
    int answers;
};

static struct scene *now_playing;

static void on_answer(struct mesh_lookup *lookup)
{
    assert_null(lookup->names);
    now_playing->answers++;
}

static void open_scene(struct scene *scene)
{
    struct mesh_port *port;

    *scene = (struct scene){ 0 };
    assert_int_equal(mesh__world_new(7, &scene->world), 0);
    assert_int_equal(mesh__port_memory_new(scene->world, &here, &port), 0);
    assert_int_equal(mesh__loop_new(port, &scene->loop), 0);
    assert_int_equal(port->ops->names(port, scene->loop, &scene->names), 0);
    mesh__lookup_init(&scene->lookup, on_answer);
    now_playing = scene;
}

static void close_scene(struct scene *scene)
{
    mesh__loop_enter(scene->loop);
    mesh__lookup_cancel(&scene->lookup);
    mesh__names_free(scene->names);
    mesh__loop_leave(scene->loop);
    mesh__loop_free(scene->loop);
    mesh__world_free(scene->world);
}

static void say(struct scene *scene, const struct mesh_scripted_name *said)
{
    assert_int_equal(
        mesh__name_script_say(mesh__world_names(scene->world), said), 0);
}

static void ask(struct scene *scene, const char *name)
{
    mesh__loop_enter(scene->loop);
    assert_int_equal(
        mesh__names_ask(scene->names, &scene->lookup, mesh__slice_of(name)), 0);
    assert_int_equal(scene->answers, 0); /* never from inside */
    mesh__loop_leave(scene->loop);
}

static int run(struct scene *scene, uint64_t for_ns)
{
    return mesh__world_run(
        scene->world, &scene->loop, 1,
        mesh__time_add(mesh__world_now_ns(scene->world), for_ns), NULL, NULL);
}

static void an_answer_comes_in_its_time(void **state)
{
    const struct mesh_address two[] = { six, five, four, five };
    struct scene scene;

    (void)state;
    open_scene(&scene);
    say(&scene, &(struct mesh_scripted_name){ .name = "a.example",
                                              .addresses = two,
                                              .count = 4,
                                              .ttl_s = 30,
                                              .delay_ns = 20 * MESH__MS });
    ask(&scene, "a.example");
    assert_int_equal(run(&scene, 19 * MESH__MS), 0);
    assert_int_equal(scene.answers, 0);
    assert_int_equal(run(&scene, MESH__MS), 0);
    assert_int_equal(scene.answers, 1);
    assert_int_equal(scene.lookup.code, 0);
    assert_int_equal(scene.lookup.ttl_s, 30);
    /* IPv4 first, each once, else in the order of the answer */
    assert_int_equal(scene.lookup.count, 3);
    assert_true(mesh__address_equal(&scene.lookup.addresses[0], &five));
    assert_true(mesh__address_equal(&scene.lookup.addresses[1], &four));
    assert_true(mesh__address_equal(&scene.lookup.addresses[2], &six));
    assert_int_equal(
        mesh__name_script_asked(mesh__world_names(scene.world), "a.example"),
        1);
    close_scene(&scene);
}

static void a_name_without_address_says_so(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene);
    ask(&scene, "nobody.example");
    assert_int_equal(run(&scene, 0), 0);
    assert_int_equal(scene.answers, 1);
    assert_int_equal(scene.lookup.code, MESH_ERR_RESOLVE);
    assert_int_equal(scene.lookup.count, 0);
    assert_non_null(strstr(scene.lookup.line, "nobody.example"));
    close_scene(&scene);
}

static void a_cancelled_question_is_never_answered(void **state)
{
    struct scene scene;

    (void)state;
    open_scene(&scene);
    say(&scene, &(struct mesh_scripted_name){ .name = "a.example",
                                              .addresses = &four,
                                              .count = 1,
                                              .delay_ns = MESH__MS });
    ask(&scene, "a.example");
    mesh__loop_enter(scene.loop);
    mesh__lookup_cancel(&scene.lookup);
    mesh__lookup_cancel(&scene.lookup);
    mesh__loop_leave(scene.loop);
    assert_int_equal(run(&scene, MESH__S), 0);
    assert_int_equal(scene.answers, 0);
    ask(&scene, "a.example"); /* and may be asked again */
    assert_int_equal(run(&scene, MESH__S), 0);
    assert_int_equal(scene.answers, 1);
    close_scene(&scene);
}

static void names_have_a_length(void **state)
{
    char name[MESH__NAME_MAX + 2];
    struct scene scene;

    (void)state;
    open_scene(&scene);
    memset(name, 'a', sizeof(name));
    mesh__loop_enter(scene.loop);
    assert_int_equal(mesh__names_ask(scene.names, &scene.lookup,
                                     mesh__slice(name, MESH__NAME_MAX + 1)),
                     MESH_ERR_RESOLVE);
    assert_int_equal(
        mesh__names_ask(scene.names, &scene.lookup, mesh__slice("", 0)),
        MESH_ERR_RESOLVE);
    assert_null(scene.lookup.names);
    assert_int_equal(mesh__names_ask(scene.names, &scene.lookup,
                                     mesh__slice(name, MESH__NAME_MAX)),
                     0);
    mesh__loop_leave(scene.loop);
    close_scene(&scene);
}

static void only_so_many_addresses_are_kept(void **state)
{
    struct mesh_lookup lookup;
    struct mesh_address address = { 6, 0, { 0xfd } };

    (void)state;
    mesh__lookup_init(&lookup, on_answer);
    for (unsigned i = 0; i < MESH__NAME_ADDRESSES + 9; i++) {
        address.ip[15] = (uint8_t)i;
        mesh__lookup_add(&lookup, &address);
    }
    assert_int_equal(lookup.count, MESH__NAME_ADDRESSES);
    mesh__lookup_add(&lookup, &four); /* it came too late to be first */
    assert_int_equal(lookup.count, MESH__NAME_ADDRESSES);
    assert_int_equal(lookup.addresses[0].family, 6);
}

/* --- c-ares: made and unmade; tests/interop asks a server --- */

static int make_ares(const char *nameservers, struct mesh_names **out)
{
    struct mesh_port *port;
    struct mesh_world *world;
    struct mesh_loop *loop;
    int rc;

    assert_int_equal(mesh__world_new(7, &world), 0);
    assert_int_equal(mesh__port_memory_new(world, &here, &port), 0);
    assert_int_equal(mesh__loop_new(port, &loop), 0);
    mesh__loop_enter(loop);
    rc = mesh__names_ares_new(loop, nameservers, out);
    mesh__names_free(*out);
    mesh__loop_leave(loop);
    mesh__loop_free(loop);
    mesh__world_free(world);
    return rc;
}

static void a_channel_survives_lost_memory(void **state)
{
    struct mesh_names *names;
    int rc;

    (void)state;
    assert_int_equal(make_ares("192.0.2.53,[::1]:5353", &names), 0);
    for (size_t n = 0;; n++) {
        struct mesh_port *port;
        struct mesh_world *world;
        struct mesh_loop *loop;

        assert_int_equal(mesh__world_new(7, &world), 0);
        assert_int_equal(mesh__port_memory_new(world, &here, &port), 0);
        assert_int_equal(mesh__loop_new(port, &loop), 0);
        mesh__loop_enter(loop);
        fake_alloc_fail_at(n);
        rc = mesh__names_ares_new(loop, "192.0.2.53", &names);
        if (!fake_alloc_tripped()) {
            mesh__names_free(names);
            mesh__loop_leave(loop);
            mesh__loop_free(loop);
            mesh__world_free(world);
            break;
        }
        /* c-ares goes without some of what it reads from files */
        assert_true(rc == 0 || rc == MESH_ERR_NOMEM);
        assert_true((rc == 0) == (names != NULL));
        mesh__names_free(names);
        mesh__loop_leave(loop);
        mesh__loop_free(loop);
        mesh__world_free(world);
    }
    assert_int_equal(rc, 0);
    fake_alloc_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_in_its_time),
        cmocka_unit_test(a_name_without_address_says_so),
        cmocka_unit_test(a_cancelled_question_is_never_answered),
        cmocka_unit_test(names_have_a_length),
        cmocka_unit_test(only_so_many_addresses_are_kept),
        cmocka_unit_test(a_channel_survives_lost_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
