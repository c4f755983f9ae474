/*
 * test_names.c - calls that wait for names: their destination's, and that of
 * the address they would have been sent to without a mesh.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/names.h"

/* URLs name "web"; who is asked for is the Host. */
#define POLICY                                                                 \
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"             \
    "metadata: {name: default, namespace: demo}\n"                             \
    "spec: {mtls: {mode: DISABLE}}\n---\n"                                     \
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"                 \
    "metadata: {name: away, namespace: demo}\n"                                \
    "spec: {hosts: [away.example], resolution: DNS, ports: [{number: 80, "     \
    "name: http, protocol: HTTP, targetPort: 8080}]}\n---\n"                   \
    "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"                 \
    "metadata: {name: none, namespace: demo}\n"                                \
    "spec: {hosts: [none.example], resolution: NONE, ports: [{number: 80, "    \
    "name: http, protocol: HTTP, targetPort: 8080}]}\n---\n"                   \
    "connectTimeout: 3s\n"

static struct sim *sim;
static struct mesh_hold *newer;

static int set_up(void **state)
{
    (void)state;
    sim = mesh__malloc(sizeof(*sim));
    return sim ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mesh__free(sim);
    return 0;
}

static const struct mesh_address server_ip = { 4, 0, { 10, 0, 0, 1 } };

static void begin(const char *host, struct sim_call *call)
{
    const struct sim_ask ask = { .header = "host", .value = host };

    assert_true(sim_begin(sim, &ask, call));
}

static void say(const char *name, int code, uint64_t delay_ns)
{
    const struct mesh_scripted_name said = { .name = name,
                                             .code = code,
                                             .addresses = &server_ip,
                                             .count = code ? 0 : 1,
                                             .delay_ns = delay_ns };

    assert_int_equal(
        mesh__name_script_say(mesh__world_names(sim->world), &said), 0);
}

/* As the keeper does once away.example is answered. */
static void renew(size_t count)
{
    const struct mesh_known_name known = { MESH__SLICE("away.example"),
                                           &server_ip, count };
    const struct mesh_known_names names = { &known, 1 };
    struct mesh_whoami me = { .namespace_ = MESH__SLICE("demo"),
                              .service_account = MESH__SLICE("front"),
                              .trust_domain = MESH__SLICE("cluster.local"),
                              .labels_set = true,
                              .names = &names };
    struct mesh_snapshot *old = sim->hold.snapshot;
    struct mesh_snapshot *snapshot;

    assert_int_equal(
        mesh__policy_compile(old->collection, &me, old, 2, &snapshot), 0);
    assert_int_equal(mesh__live_bind(sim->live, snapshot, 0, MESH__S), 0);
    newer = mesh__hold_new(snapshot);
    assert_non_null(newer);
    mesh__loop_enter(sim->loops[0]);
    sim->env.hold = newer;
    mesh__client_env_renewed(&sim->env);
    mesh__loop_leave(sim->loops[0]);
}

static void end(void)
{
    sim->env.hold = &sim->hold;
    mesh__hold_retire(newer);
    newer = NULL;
    sim_fini(sim);
}

static void start(void)
{
    const struct sim_wish wish = { .policy = POLICY, .seed = 11 };

    newer = NULL;
    sim_init(sim, &wish);
}

static void a_call_waits_for_the_first_answer(void **state)
{
    struct sim_call call;

    (void)state;
    start();
    begin("away.example", &call);
    assert_false(sim_await(sim, &call, 1, MESH__S));
    renew(1);
    assert_true(sim_await(sim, &call, 1, MESH__S));
    assert_int_equal(call.code, 0);
    assert_int_equal(call.status, 200);
    assert_string_equal(call.endpoint, "10.0.0.1:8080");
    assert_int_equal(call.attempts, 1);
    sim_end(sim, &call);
    end();
}

static void an_answer_without_address_is_one(void **state)
{
    struct sim_call call;

    (void)state;
    start();
    begin("away.example", &call);
    assert_false(sim_await(sim, &call, 1, MESH__S));
    renew(0);
    assert_true(sim_await(sim, &call, 1, 0));
    assert_int_equal(call.code, MESH_ERR_NO_ENDPOINT);
    assert_int_equal(call.status, 503);
    assert_string_equal(call.flags, "UH");
    sim_end(sim, &call);
    end();
}

static void it_does_not_wait_for_ever(void **state)
{
    struct sim_call calls[2];

    (void)state;
    start();
    begin("away.example", &calls[0]);
    begin("away.example", &calls[1]);
    mesh__loop_enter(sim->loops[0]);
    mesh__client_cancel(calls[1].client, MESH_ERR_CANCELLED, "enough");
    mesh__loop_leave(sim->loops[0]);
    assert_true(sim_await(sim, &calls[1], 1, 0));
    assert_int_equal(calls[1].code, MESH_ERR_CANCELLED);
    assert_false(sim_await(sim, calls, 1, 3 * MESH__S - 1));
    assert_true(sim_await(sim, calls, 1, MESH__MS));
    assert_int_equal(calls[0].status, 503);
    assert_string_equal(calls[0].flags, "UH");
    sim_end(sim, &calls[0]);
    sim_end(sim, &calls[1]);
    end();
}

static void the_original_destination_is_found_by_name(void **state)
{
    struct sim_call call;

    (void)state;
    start();
    say("web", 0, 50 * MESH__MS);
    begin("none.example", &call);
    assert_false(sim_await(sim, &call, 1, 49 * MESH__MS));
    assert_true(sim_await(sim, &call, 1, MESH__S));
    assert_int_equal(call.status, 200);
    assert_string_equal(call.endpoint, "10.0.0.1:8080"); /* targetPort */
    sim_end(sim, &call);
    end();
}

static void unknown_hosts_are_let_through(void **state)
{
    struct sim_call call;

    (void)state;
    start();
    say("web", 0, 0);
    begin("nobody.example", &call);
    assert_true(sim_await(sim, &call, 1, 10 * MESH__S));
    assert_int_equal(call.status, 503); /* nobody listens at the URL's port */
    assert_string_equal(call.flags, "UF");
    assert_string_equal(call.endpoint, "10.0.0.1:80");
    assert_int_equal(call.attempts, 1); /* never tried again */
    sim_end(sim, &call);
    end();
}

static void a_name_without_address_ends_the_call(void **state)
{
    static const struct {
        int code;
        uint64_t delay_ns;
        uint64_t took_ns;
    } rows[] = { { MESH_ERR_RESOLVE, MESH__MS, MESH__MS },
                 { MESH_ERR_TIMEOUT, MESH__S, MESH__S },
                 { 0, MESH__NEVER, 3 * MESH__S },
                 { 0, 4 * MESH__S, 3 * MESH__S } };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sim_call call;

        start();
        say("web", rows[i].code, rows[i].delay_ns);
        begin("none.example", &call);
        assert_true(sim_await(sim, &call, 1, 10 * MESH__S));
        assert_int_equal(call.code, MESH_ERR_RESOLVE);
        assert_int_equal(call.status, 503);
        assert_string_equal(call.flags, "DF");
        assert_int_equal(call.took_ns, rows[i].took_ns);
        assert_int_equal(call.attempts, 0);
        sim_end(sim, &call);
        end();
    }
}

static void a_caller_may_give_up_meanwhile(void **state)
{
    struct sim_call call;

    (void)state;
    start();
    say("web", 0, MESH__S);
    begin("none.example", &call);
    assert_false(sim_await(sim, &call, 1, MESH__MS));
    sim_end(sim, &call); /* cancels; the answer finds nobody */
    sim_pass(sim, 2 * MESH__S);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_waits_for_the_first_answer),
        cmocka_unit_test(an_answer_without_address_is_one),
        cmocka_unit_test(it_does_not_wait_for_ever),
        cmocka_unit_test(the_original_destination_is_found_by_name),
        cmocka_unit_test(unknown_hosts_are_let_through),
        cmocka_unit_test(a_name_without_address_ends_the_call),
        cmocka_unit_test(a_caller_may_give_up_meanwhile),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
